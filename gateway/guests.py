"""Phones that are a room's panel for a while: let in by a code that the panel shows, or by the room's PIN.

A guest's token is a panel's, for one room, in memory alone: a restart of the gateway ends it. So do its time, the
room's power going off, and an administrator. Codes change every half minute and are good for one more; each lets a
phone in once, and a few phones in all. What may not live here: HTTP, drawing, what a token may do (`auth.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.auth import Guard, Token, Tokens, journaled
from gateway.clock import Timer
from gateway.commands import SetPower, Toggle
from gateway.house import House
from gateway.mailbox import Mailbox
from gateway.model import Reading
from gateway.profile.phones import PhonesSpec
from gateway.room import Room
from gateway.ticket import RoomTicket, Ticket

PERIOD = 30.0  # seconds until another code is shown; the last one is good for as long again
PHONES = 8  # that one code lets in
MOST = 32  # phones in a room at a time
REMEMBERED = 1000  # tokens that are over, so that their phones can be told why
QUEUE = 16  # guesses at PINs that wait for their turn
OFF, TIME, REVOKED = "off", "time", "revoked"
SHUT_OUT: Mapping[str, str] = {
    OFF: "the room was turned off, and this phone's token ended with it",
    TIME: "this phone's time in the room is over",
    REVOKED: "an administrator has taken this phone out of the room",
}


class GuestError(Exception):
    """A phone is not let in. `why`: *unknown*, *used*, *full*, *pin* or *slow*; `seconds`: to wait, where it helps."""

    def __init__(self, why: str, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds


@dataclass(slots=True)
class Code:
    """One code that a panel shows: when another takes its place, when it is worth nothing, who came by it."""

    text: str = field(repr=False)
    next: float
    until: float
    used: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Guest:
    """One phone."""

    token: Token
    until: float  # monotonic
    timer: Timer


class Guests:
    """The phones of all rooms of a house."""

    def __init__(self, house: House, tokens: Tokens) -> None:
        self.clock = house.clock
        self.tokens = tokens
        self.rooms: dict[str, _Watched] = {}
        for room in house.rooms.values():
            if room.spec.phones is not None:
                self.rooms[room.id] = _Watched(self, room, room.spec.phones)
        self.guard = Guard(house.clock, journaled(house.journal, house.clock))
        self._numbers = itertools.count(1)
        self._turn = asyncio.Lock()
        self._queue = 0

    # ---- who is in -------------------------------------------------------------------------------------------

    def everybody(self) -> list[Guest]:
        """Every phone that is in, the room's in the order in which they came."""
        return [guest for watched in self.rooms.values() for guest in watched.guests.values()]

    def left(self, guest: Guest) -> int:
        """Seconds until a phone's time is over."""
        return max(0, round(guest.until - self.clock.now()))

    def revoke(self, name: str) -> bool:
        """Throw one phone out; False where none is named so."""
        for watched in self.rooms.values():
            if name in watched.guests:
                watched.end(name, REVOKED)
                return True
        return False

    # ---- codes -----------------------------------------------------------------------------------------------

    def code(self, room: str) -> tuple[str, float]:
        """The code to show now, and the seconds after which to ask again. KeyError for a room that shows none."""
        watched = self.rooms[room]
        if not watched.spec.qr:
            raise KeyError(room)
        now = self.clock.now()
        watched.forget(now)
        code = watched.codes[-1] if watched.codes else None
        if code is None or code.next <= now or code.used:  # a used one makes way, so that the next phone can come
            code = Code(secrets.token_urlsafe(16), now + PERIOD, now + 2 * PERIOD)
            watched.codes.append(code)
            del watched.codes[:-8]
        return code.text, max(1.0, code.next - now)

    def by_code(self, room: str, text: str, address: str) -> tuple[str, Guest]:
        """Let a phone in by a code; its token's text. Raises GuestError."""
        wait = self.guard.wait(address)
        watched = self.rooms[room]
        watched.forget(self.clock.now())
        code = next((one for one in watched.codes if secrets.compare_digest(_bytes(one.text), _bytes(text))), None)
        if code is None:
            if wait > 0:
                raise GuestError("slow", wait)
            self.guard.failed(address, "phone's code")
            raise GuestError("unknown")
        if address in code.used or len(code.used) >= PHONES:
            raise GuestError("used")
        made = self._let_in(watched, "qr", address)
        code.used.add(address)
        return made

    # ---- PINs ------------------------------------------------------------------------------------------------

    async def by_pin(self, room: str, text: str, address: str) -> tuple[str, Guest]:
        """Let a phone in by the room's PIN; its token's text. Raises GuestError.

        Guesses are looked at one after the other, and while its address or the room has to wait none is looked at, not
        even a right one. A right one forgives its address, never the room: others may be guessing meanwhile.
        """
        watched = self.rooms[room]
        if watched.spec.pin is None:
            raise GuestError("unknown")
        self._hold_back(watched, address)
        if self._queue >= QUEUE:
            raise GuestError("slow", 1.0)
        self._queue += 1
        try:
            async with self._turn:
                self._hold_back(watched, address)
                if not await asyncio.to_thread(watched.spec.pin.is_, text[:64]):
                    self.guard.failed(address, "PIN")
                    watched.guard.failed(room, "PIN")
                    raise GuestError("pin")
        finally:
            self._queue -= 1
        self.guard.worked(address)
        return self._let_in(watched, "pin", address)

    def _hold_back(self, watched: _Watched, address: str) -> None:
        wait = max(self.guard.wait(address), watched.guard.wait(watched.room.id))
        if wait > 0:
            raise GuestError("slow", wait)

    # ---- in and out ------------------------------------------------------------------------------------------

    def _let_in(self, watched: _Watched, by: str, address: str) -> tuple[str, Guest]:
        if len(watched.guests) >= MOST:
            raise GuestError("full")
        room = watched.room
        text = "rp_" + secrets.token_urlsafe(32)
        digest = hashlib.sha256(text.encode()).hexdigest()
        name = f"phone:{room.id}:{next(self._numbers)}"  # a colon: no token of the file can be named so
        created = datetime.fromtimestamp(int(self.clock.wall()), UTC).isoformat()
        until = self.clock.now() + 60.0 * watched.spec.minutes
        token = Token(name, "panel", frozenset({room.id}), created, digest)
        guest = Guest(token, until, self.clock.at(until, lambda: watched.end(name, TIME)))
        self.tokens.lent[digest] = token
        watched.guests[name] = guest
        room.event("phone", {"what": "let in", "name": name, "by": by}, cause=f"address:{address}")
        return text, guest


class _Watched(Mailbox):
    """One room: its phones, its codes, and an eye on its power."""

    read = False

    def __init__(self, guests: Guests, room: Room, spec: PhonesSpec) -> None:
        super().__init__()
        self.owner = guests
        self.room = room
        self.spec = spec
        self.guests: dict[str, Guest] = {}
        self.codes: list[Code] = []
        journal, clock = room.journal, room.clock
        self.guard = Guard(clock, journaled(journal, clock, room.id, "several addresses"))
        self.power: Any = room.own("power").value
        room.mailboxes.add(self)
        room.ended = self.ended

    def forget(self, now: float) -> None:
        """Codes that are too old."""
        self.codes = [code for code in self.codes if code.until > now]

    def end(self, name: str, why: str) -> None:
        """One phone's time is over."""
        guest = self.guests.pop(name)
        guest.timer.cancel()
        tokens = self.owner.tokens
        del tokens.lent[guest.token.digest]
        tokens.over[guest.token.digest] = why
        while len(tokens.over) > REMEMBERED:
            del tokens.over[next(iter(tokens.over))]
        self.room.event("phone", {"what": "shut out", "name": name, "why": why})
        for mailbox in self.room.mailboxes:
            mailbox.nudge()

    def off(self) -> None:
        """The room was turned off: everybody goes, and no code that was shown is good any more."""
        self.codes.clear()
        for name in list(self.guests):
            self.end(name, OFF)

    def ended(self, ticket: Ticket) -> None:
        """A command of the whole room ended. Off is off for phones, also where a display disobeyed or cannot tell."""
        asked = [ticket.command]
        if isinstance(ticket.command, Toggle) and isinstance(ticket, RoomTicket):
            asked = [child.command for _, child in ticket.children]
        if SetPower(False) in asked:
            self.off()

    def changed(self, part: str, point: str, reading: Reading) -> None:
        """The room's power as its equipment shows it, whoever turned it off."""
        if (part, point) == ("room", "power") and reading.value is not None:
            before, self.power = self.power, reading.value
            if reading.value in ("off", "cooling") and before not in (
                "off",
                "cooling",
                None,
            ):  # None: was not known yet
                self.off()

    def part(self, part: str, described: Mapping[str, Any]) -> None:
        """Comes and goes do not matter."""

    def device(self, name: str, described: Mapping[str, Any]) -> None:
        """Nor do these."""

    def meetings(self, told: Mapping[str, Any]) -> None:
        """Nor these."""

    def put(self, event: Mapping[str, Any]) -> None:
        """Nor these."""


def _bytes(text: str) -> bytes:
    return text[:64].encode("utf-8", "replace")
