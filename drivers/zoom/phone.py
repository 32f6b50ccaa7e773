"""Telephone calls of a Zoom Room, from what its events tell, and the tones that go into them.

What may not live here: meetings (`calls.py`) and the wire (`words.py`). The events and their fields are in no document
of Zoom at hand; sources: PepperDash Essentials ZoomRoom (PhoneCallStatus) and ICD Connect Conferencing Zoom
(PhoneCallStatus, PhoneCallTerminated and its reasons).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from drivers.zoom import words
from gateway.commands import Dial, SendDtmf
from gateway.driver import Action, Done, Later, Refused, Request, Taken
from gateway.model import Call, CallState

PREFIX = "phone-"  # of a call's id; the rest is the room's own CallId
STATES: dict[str, CallState] = {
    "init": "dialling",
    "ringing": "ringing",
    "incoming": "ringing",
    "accepted": "connecting",
    "incall": "connected",
}
OVER = ("terminated", "notfound", "calloutfailed")
WHY = {
    "bylocal": "ended in the room",
    "byremote": "the far end hung up",
    "byinitaudiodevicefailed": "this Zoom Room is not set up for telephone calls",
    "calloutfailed": "the telephone call failed",
}
PAUSE = 2.0  # seconds of a comma among tones
NUMBER = re.compile(r"(?:tel:)?(\+?[0-9*#]{2,32})")


@dataclass(frozen=True, slots=True)
class Tone:
    """One key of a command's tones; a comma is a pause."""

    request: Request
    call: str
    key: str


class Phones:
    """The telephone calls, the command that waits for its own, and the tones that wait for their turn."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.dialled: Request | None = None
        self.tones: deque[Tone] = deque()

    def connected(self) -> bool:
        """Whether somebody is on the telephone."""
        return any(call.state == "connected" for call in self.calls.values())

    def call_out(self, request: Request, command: Dial) -> Iterator[Action]:
        """Call a telephone; the room's event confirms it."""
        number = number_of(command.address)
        if not number:
            yield Refused(request, "that is no telephone number")
        elif self.dialled is not None:
            yield Refused(request, "another telephone number is being dialled")
        else:
            self.dialled = request
            yield words.Ask(words.call_out(number), request).send()

    def send_tones(self, request: Request, command: SendDtmf) -> Iterator[Action]:
        """One key after the other, each when the room has taken the one before."""
        there = [call.id for call in self.calls.values() if call.state == "connected"]
        chosen = [one for one in there if command.call in ("", one)]
        if not chosen:
            yield Refused(request, "only a telephone call takes tones, and none is connected")
            return
        free = not self.tones
        self.tones.extend(Tone(request, chosen[0], key) for key in command.digits.upper())
        if free:
            yield from self._next()

    def tone_sent(self, request: Request | None = None) -> Iterator[Action]:
        """The oldest tone, of this command, was taken; without one: a pause is over."""
        head = self.tones[0] if self.tones else None
        if head is not None and (head.key == "," if request is None else head.request == request):
            self.tones.popleft()
            if not any(tone.request == head.request for tone in self.tones):
                yield Taken(head.request)
        yield from self._next()

    def _next(self) -> Iterator[Action]:
        if self.tones and self.tones[0].key == ",":
            yield Later(PAUSE, "tones")
        elif self.tones:
            tone = self.tones[0]
            line = words.tone(room_id(tone.call), tone.key)
            yield words.Ask(line, tone.request, hide=(f"Key: {tone.key}",)).send()

    def forget(self, request: Request) -> Iterator[Action]:
        """It was refused."""
        if self.dialled == request:
            self.dialled = None
        if any(tone.request == request for tone in self.tones):
            self.tones = deque(tone for tone in self.tones if tone.request != request)
            yield from self._next()

    def told(self, event: Any) -> Iterator[Action]:
        """`PhoneCallStatus` or `PhoneCallTerminated`, or a row of the list of telephone calls."""
        number = words.text(words.at(event, "CallId"))
        if not number:
            return
        identity = PREFIX + number
        word = _word(words.at(event, "Status"))
        reason = _word(words.at(event, "Reason"))
        if reason or word in OVER:
            there = self.calls.pop(identity, None)
            for request in dict.fromkeys(tone.request for tone in self.tones if tone.call == identity):
                yield Refused(request, "the telephone call ended")
            self.tones = deque(tone for tone in self.tones if tone.call != identity)
            if there is None:
                yield from self.refuse(WHY.get(reason or word, "the telephone call ended"))
        elif word in STATES:
            incoming = words.truth(words.at(event, "IsIncomingCall")) is True
            held = self.calls.get(identity) or Call(identity, "in" if incoming else "out", "unknown")
            state = STATES[word]
            self.calls[identity] = replace(
                held,
                state=state,
                name=words.text(words.at(event, "PeerDisplayName")) or held.name,
                address=words.text(words.at(event, "PeerNumber")) or held.address,
                protocol="pstn",
                kind="audio",
                answered=held.direction == "out" or state != "ringing",
            )
            if not incoming and self.dialled is not None:
                dialled, self.dialled = self.dialled, None
                yield Done(dialled)

    def refuse(self, why: str) -> Iterator[Action]:
        """The call that was asked for will not come."""
        if self.dialled is not None:
            dialled, self.dialled = self.dialled, None
            yield Refused(dialled, why)

    def listed(self, rows: Any) -> Iterator[Action]:
        """The room lists its telephone calls: others are over."""
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            there = {PREFIX + words.text(words.at(row, "CallId")) for row in rows}
            self.calls = {one: call for one, call in self.calls.items() if one in there}
            for row in rows:
                yield from self.told(row)

    def lost(self) -> None:
        """The room has another controller and tells us nothing."""
        self.calls.clear()
        self.tones.clear()


def meant(command: Dial) -> bool:
    """Bare digits may be a meeting's: a telephone's begin with + or tel:, or the call is said to be audio."""
    return command.kind == "audio" or command.address.strip().startswith(("+", "tel:"))


def number_of(address: str) -> str:
    """The telephone number in an address as people write it (spaces, brackets, dots); nothing where there is none."""
    plain = NUMBER.fullmatch(re.sub(r"[ ()./\-]", "", address))
    return plain[1] if plain else ""


def room_id(call: str) -> str:
    """The room's own id of a telephone call."""
    return call.removeprefix(PREFIX)


def _word(value: Any) -> str:
    """`PhoneCallStatus_InCall` -> `incall`."""
    return words.text(value).rpartition("_")[2].lower()
