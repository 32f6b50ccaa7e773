"""Telephone calls of a Zoom Room, from what its events and its list tell.

What may not live here: meetings (`calls.py`), tones (`tones.py`) and the wire (`words.py`). The events and their fields
are in no document of Zoom at hand; sources: PepperDash Essentials ZoomRoom (PhoneCallStatus) and ICD Connect
Conferencing Zoom (PhoneCallStatus, PhoneCallTerminated and its reasons).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from drivers.zoom import words
from drivers.zoom.tones import Tones
from gateway.commands import Dial, SendDtmf
from gateway.driver import Action, Done, Later, Refused, Request
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
NO_REASON = ("", "0", "none")  # ICD's table has None, 0, for a call that goes on
ENDED = "the telephone call ended"
WHY = {
    "bylocal": "ended in the room",
    "byremote": "the far end hung up",
    "byinitaudiodevicefailed": "this Zoom Room is not set up for telephone calls",
    "calloutfailed": "the telephone call failed",
}
NUMBER = re.compile(r"(?:[Tt][Ee][Ll]:)?(\+?[0-9*#]{2,32})")
RINGS = 60.0  # seconds that a telephone rings where the room says no more of it
RUNG = "phone rung "  # a timer's name; the call's id follows
JUST = 5.0  # seconds in which a room may tell of one end twice
REMEMBERED = 60.0  # seconds an end counts as a proof


@dataclass(frozen=True, slots=True)
class Dialled:
    """A number that was asked for, and what telephone calls there were then: none of them can be its call."""

    request: Request
    made: float
    known: frozenset[str]


class Phones:
    """The telephone calls, and the command that waits for its own.

    sure: all of them are known; False from the moment a controller takes the room until the room has listed them.
    lists: the room knows the question for its list, as far as it has told.
    """

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.gone: list[Call] = []  # they ended, and have not been shown so yet
        self.ended: dict[str, float] = {}  # id -> when the room told of its end
        self.dialled: Dialled | None = None
        self.tones = Tones()
        self.sure = self.lists = True

    def connected(self) -> bool:
        """Whether somebody is on the telephone."""
        return any(call.state == "connected" for call in self.calls.values())

    def in_doubt(self) -> bool:
        """Whether the list of telephone calls can tell something that no event need have told."""
        return self.lists and (bool(self.calls) or self.dialled is not None or not self.sure)

    def over(self, call: str) -> bool:
        """Whether this call is proved to be over: the room told of its end, or lists its calls without it."""
        return call not in self.calls and (self.sure or call in self.ended)

    # ---- what people want ------------------------------------------------------------------------------------

    def call_out(self, request: Request, command: Dial, now: float) -> Iterator[Action]:
        """Call a telephone; the room's event confirms it. One that it never spoke of is forgotten in the end."""
        number = number_of(command.address)
        if self.dialled is not None and self.dialled.made <= now - command.patience:
            self.dialled = None
        if not number:
            yield Refused(request, "that is no telephone number")
        elif self.dialled is not None:
            yield Refused(request, "another telephone number is being dialled")
        else:
            just = (one for one in self.ended if self._just_ended(one, now))
            self.dialled = Dialled(request, now, frozenset((*self.calls, *just)))
            yield words.Ask(words.call_out(number), request).send()

    def send_tones(self, request: Request, command: SendDtmf) -> Iterator[Action]:
        """Keys into the call that is named, or into the first that is connected."""
        there = [call.id for call in self.calls.values() if call.state == "connected"]
        chosen = [one for one in there if command.call in ("", one)]
        if not chosen:
            yield Refused(request, "only a telephone call takes tones, and none is connected")
        elif not words.sendable(room_id(chosen[0])):
            yield Refused(request, words.UNSENDABLE)
        else:
            yield from self.tones.play(request, room_id(chosen[0]), command.digits)

    def forget(self, request: Request) -> Iterator[Action]:
        """It was refused."""
        if self.dialled is not None and self.dialled.request == request:
            self.dialled = None
        yield from self.tones.forget(request)

    def waits(self, request: Request) -> bool:
        """Whether it still makes sense to say again what the room has not heard."""
        match request.command:
            case SendDtmf():
                return self.tones.wait(request)
            case Dial() as command if meant(command):
                return self.dialled is not None and self.dialled.request == request
            case _:
                return True

    # ---- what the room tells ---------------------------------------------------------------------------------

    def told(self, event: Any, now: float, *, terminated: bool = False) -> Iterator[Action]:
        """`PhoneCallStatus` or `PhoneCallTerminated`, or a row of the list of telephone calls."""
        number = words.text(words.at(event, "CallId"))
        if not number:
            return
        identity = PREFIX + number
        word = _word(words.at(event, "Status"))
        reason = _word(words.at(event, "Reason"))
        incoming = words.truth(words.at(event, "IsIncomingCall"))
        if terminated or word in OVER or (reason not in NO_REASON and word not in STATES):
            yield from self._end(identity, WHY.get(reason) or WHY.get(word) or ENDED, incoming is True, now)
        elif word in STATES:
            call = self.calls.get(identity) or Call(identity, "out", "unknown")
            direction = "in" if incoming or word == "incoming" else call.direction
            call = self.calls[identity] = replace(
                call,
                direction=direction,
                state=STATES[word],
                name=words.text(words.at(event, "PeerDisplayName")) or call.name,
                address=words.text(words.at(event, "PeerNumber")) or call.address,
                protocol="pstn",
                kind="audio",
                answered=direction == "out" or STATES[word] != "ringing",
            )
            if not call.answered:
                yield Later(RINGS, RUNG + identity)
            if call.direction == "out" and self.dialled is not None and self._new(identity, now):
                dialled, self.dialled = self.dialled, None
                yield Done(dialled.request)
            self.ended.pop(identity, None)

    def listed(self, rows: Any, now: float) -> Iterator[Action]:
        """The room lists its telephone calls: others are over. A list in another form says nothing."""
        if not isinstance(rows, list):
            return
        there = {words.text(words.at(row, "CallId")) for row in rows}
        if "" in there:
            return
        for identity in [one for one in self.calls if room_id(one) not in there]:
            del self.calls[identity]
            yield from self.tones.silence(ENDED, room_id(identity))
        for row in rows:
            yield from self.told(row, now)
        self.sure = True

    def rung_out(self, identity: str) -> None:
        """It has rung for long and nobody said more of it: believe that it is over."""
        held = self.calls.get(identity)
        if held is not None and not held.answered:
            del self.calls[identity]

    def lost(self, why: str) -> Iterator[Action]:
        """The room has another controller and tells us nothing."""
        self.sure = False
        self.calls.clear()
        yield from self.refuse(why)
        yield from self.tones.silence(why)

    def refuse(self, why: str) -> Iterator[Action]:
        """The call that was asked for will not come."""
        if self.dialled is not None:
            dialled, self.dialled = self.dialled, None
            yield Refused(dialled.request, why)

    def _end(self, identity: str, why: str, incoming: bool, now: float) -> Iterator[Action]:
        there = self.calls.pop(identity, None)
        if there is not None:
            self.gone.append(replace(there, state="ended", reason=why))
            yield from self.tones.silence(ENDED, room_id(identity))
        elif self._new(identity, now) and not incoming:
            yield from self.refuse(why)
        self.ended = {one: when for one, when in self.ended.items() if when > now - REMEMBERED} | {identity: now}

    def _new(self, identity: str, now: float) -> bool:
        """Whether this can be the call that was dialled: not one from before it, nor a last word of one that ended."""
        known = self.dialled.known if self.dialled is not None else frozenset()
        return identity not in known and not self._just_ended(identity, now)

    def _just_ended(self, identity: str, now: float) -> bool:
        return self.ended.get(identity, now - JUST) > now - JUST


def meant(command: Dial) -> bool:
    """Bare digits may be a meeting's: a telephone's begin with + or tel:, or the call is said to be audio."""
    return command.kind == "audio" or command.address.strip().lower().startswith(("+", "tel:"))


def number_of(address: str) -> str:
    """The telephone number in an address as people write it (spaces, brackets, dots); nothing where there is none."""
    plain = NUMBER.fullmatch(re.sub(r"[ ()./\-]", "", address))
    return plain[1] if plain else ""


def is_phone(call: str) -> bool:
    """Whether a call with this id is a telephone call."""
    return call.startswith(PREFIX)


def room_id(call: str) -> str:
    """The room's own id of a telephone call."""
    return call.removeprefix(PREFIX)


def _word(value: Any) -> str:
    """`PhoneCallStatus_InCall` -> `incall`."""
    return words.text(value).rpartition("_")[2].lower()
