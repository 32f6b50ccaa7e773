"""What people want of a Zoom Room, put into its command lines; what a command then waits for goes to the calls.

What may not live here: what the room answers (`rooms.py`), and the lines themselves (`words.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.zoom import phone, words
from drivers.zoom.about import ZoomSettings
from drivers.zoom.calls import MEETING, Calls
from drivers.zoom.words import Ask
from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    Join,
    ListBookings,
    Reject,
    Search,
    SendDtmf,
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
)
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

HDMI = "hdmi"


class Orders:
    """The commands of people, by the calls that there are."""

    def __init__(self, calls: Calls, settings: ZoomSettings) -> None:
        self.calls = calls
        self.settings = settings

    def put(self, request: Request, now: float) -> Iterator[Action]:
        """Put a command into the room's words."""
        command = request.command
        match command:
            case SetVolume():
                yield Ask(f"{words.VOLUME}: {command.level}", request).send()
            case SetMicMute():
                yield Ask(words.switch(words.MICS, command.on), request).send()
            case SetVideoMute():
                yield Ask(words.switch(words.CAMERA, command.on), request).send()
            case Share() if command.preview or command.source not in ("", HDMI):
                yield Refused(request, "a Zoom Room shares its HDMI input, and the meeting decides who sees it")
            case Share():
                yield Ask(words.SHARE, request).send()
            case StopShare():
                yield Ask(words.STOP_SHARE, request).send()
            case Dial() if phone.meant(command):
                yield from self.calls.phones.call_out(request, command, now)
            case Dial():
                yield from self._join(request, words.meeting(command.address), "", now)
            case Join() if command.service != "zoom":
                yield Refused(request, f"a Zoom Room joins Zoom meetings, not {command.service}")
            case Join():
                number = words.meeting(command.number or command.url)
                yield from self._join(request, number, command.passcode, now)
            case SendDtmf():
                yield from self.calls.phones.send_tones(request, command)
            case Answer() | Reject():
                yield from self._ringing(request, command, now)
            case HangUp():
                yield from self._hang_up(request, command.call, now)
            case ListBookings():
                yield Ask(words.BOOKINGS, request).send()
            case Search():
                page = self.settings.page
                yield Ask(words.contacts(request.page * page, page), request).send()
            case _:
                yield Refused(request, "this device cannot do that")

    def _join(self, request: Request, number: str, passcode: str, now: float) -> Iterator[Action]:
        if not number:
            yield Refused(request, "a Zoom Room joins meetings by their number of 9 to 11 digits")
        elif passcode and not words.sendable(passcode):
            yield Refused(request, "a passcode has no spaces and no control characters")
        elif self.calls.meeting is not None:
            yield Refused(request, "the room is in a meeting already")
        else:
            self.calls.number = number
            self.calls.wish(request, now)
            hide = (passcode,) if passcode else ()
            yield Ask(words.join(number, passcode), request, hide).send()

    def _ringing(self, request: Request, command: Answer | Reject, now: float) -> Iterator[Action]:
        waiting = [*self.calls.ringing.values(), *self.calls.phones.calls.values()]
        rings = [call for call in waiting if call.direction == "in" and call.state == "ringing"]
        rings = [call for call in rings if command.call in ("", call.id)]
        if not rings:
            yield Refused(request, "no such call rings")
            return
        call, answer = rings[0], isinstance(command, Answer)
        if answer and phone.is_phone(call.id):
            yield Refused(request, "a Zoom Room's telephone call can only be answered at the room")
            return
        line = self._end_of(call)
        if line and answer:
            line = words.accept(call.address)
        if not line:
            yield Refused(request, words.UNSENDABLE)
            return
        self.calls.wish(request, now, frozenset({call.id}), gone=not answer)
        yield Ask(line, request).send()

    def _hang_up(self, request: Request, wanted: str, now: float) -> Iterator[Action]:
        """While a controller has the room nobody knows what is on: the meeting is ended unseen, the telephone calls
        when the room has listed them."""
        shown, phones = self.calls.shown(), self.calls.phones
        chosen = [call for call in shown or () if wanted in ("", call.id)]
        ids = {call.id for call in chosen}
        lines = dict.fromkeys(self._end_of(call) for call in chosen)
        every = not phones.sure and not wanted and (shown is None or phones.lists)
        if shown is None and wanted in ("", MEETING):
            ids.add(MEETING)
            lines[self._leave()] = None
        elif phone.is_phone(wanted) and not phones.over(wanted) and not chosen:
            ids.add(wanted)
            lines[self._end_of(Call(wanted, "out", "unknown"))] = None
        if not lines and not every and not wanted and self.calls.joining():  # its meeting is on its way
            ids.add(MEETING)
            lines[self._leave()] = None
        if not lines and not every:
            yield Refused(request, "there is no such call") if wanted else Done(request)
            return
        sendable = [line for line in lines if line]
        if lines and not sendable:
            yield Refused(request, words.UNSENDABLE)
            return
        self.calls.wish(request, now, frozenset(ids), gone=True, every=every)
        for line in sendable:
            yield Ask(line, request).send()
        if not lines:
            yield Ask(words.PHONES).send()

    def _end_of(self, call: Call) -> str:
        """The line that ends this call; nothing where the room's own id of it cannot stand in one."""
        if phone.is_phone(call.id):
            return self.hang_up_phone(call.id)
        if call.state == "ringing":
            return words.reject(call.address) if words.sendable(call.address) else ""
        return self._leave()

    def hang_up_phone(self, call: str) -> str:
        """The line that ends a telephone call; nothing where its id cannot stand in one."""
        identity = phone.room_id(call)
        return words.phone_hang_up(identity) if words.sendable(identity) else ""

    def _leave(self) -> str:
        return words.LEAVE if self.settings.hang_up == "leave" else words.DISCONNECT
