"""Joining one meeting: its ways in their order, one call at a time, and the code once somebody has answered.

The next way is taken only where the one before was refused or ended before it was connected. Nobody dials twice at
once; HangUp ends it. Codes never stand in what is said or written down. What may not live here: which ways there are
(`joinplan.py`), how a codec dials.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from gateway.commands import Command, SendDtmf, SetPower
from gateway.joinplan import Way
from gateway.model import Call, Outcome, Result
from gateway.part import Part
from gateway.room import NothingPlays, Room
from gateway.ticket import RoomTicket, Ticket

CONNECTS = 60.0  # seconds that a call may ring
LOBBY = ("connected", "on hold")
OPEN = ("dialling", "ringing", "connecting", "connected", "on hold")


class Joiner:
    """Joins for one room. `busy`: a join is under way."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.hung_up = False
        self.busy = False
        self._own = False

    def open_calls(self) -> list[Call]:
        """The calls that are under way, as the codec tells."""
        part = self.room.parts.get("calls")
        return [call for call in (part.reading("calls").value or () if part else ()) if call.state in OPEN]

    async def join(self, ticket: RoomTicket, ways: Iterable[Way]) -> Outcome:
        """Try them; the outcome, in words for the person who pressed. Never raises for what a codec says."""
        if self.busy:
            return Outcome(Result.REFUSED, "a meeting is being joined already")
        if self.open_calls():
            return Outcome(Result.REFUSED, "the room is in a call; hang up first")
        self.busy, self.hung_up = True, False
        try:
            return await self._join(ticket, list(ways))
        finally:
            self.busy = False

    def stop(self) -> None:
        """Somebody hung up: no further way is tried, and no code is sent."""
        self.hung_up = True
        for mailbox in self.room.mailboxes:
            mailbox.nudge()

    async def _join(self, ticket: RoomTicket, ways: list[Way]) -> Outcome:
        part = self.room.parts.get("calls")
        if part is None:
            return Outcome(Result.REFUSED, "nothing in this room dials")
        asleep = await self._wake(ticket)
        if asleep is not None:
            return asleep
        last = Outcome(Result.REFUSED, "there is no way to join")
        for number, way in enumerate(ways):
            if self.hung_up:
                return Outcome(Result.SUPERSEDED, "hung up")
            last = await self._try(ticket, part, way)
            if last.good or last.result is not Result.REFUSED:
                return last
            if number + 1 < len(ways):
                words = f"{way.words}: {last.words or 'refused'}. Now: {ways[number + 1].words}"
                self.room.event("joining", {"words": words, "how": ways[number + 1].how}, ticket.id)
        return last

    async def _wake(self, ticket: RoomTicket) -> Outcome | None:
        """The room on, where it is off, and the codec awake before it dials; the outcome where it does not wake."""
        if self.room.own("power").value == "off":
            with contextlib.suppress(NothingPlays, ValueError):  # a room whose profile says nothing of power
                self.room.submit(SetPower(True), cause=ticket.id)
        codec = self.room.parts.get("codec")
        if codec is None or not codec.offers("power") or codec.reading("power").value not in ("off", "standby"):
            return None
        outcome = await self._ask(ticket, codec, SetPower(True))
        return None if outcome.good else Outcome(outcome.result, f"the codec did not wake: {outcome.words}")

    async def _try(self, ticket: RoomTicket, part: Part, way: Way) -> Outcome:
        if not part.offers(way.command.verb):
            return Outcome(Result.REFUSED, f"the codec does not take {way.command.verb} now")
        before = {call.id for call in part.reading("calls").value or ()}

        def mine() -> list[Call]:
            return [call for call in part.reading("calls").value or () if call.id not in before]

        outcome = await self._ask(ticket, part, way.command)
        if self.hung_up:
            return Outcome(Result.SUPERSEDED, "hung up")
        if outcome.result is Result.UNCONFIRMED and not any(call.state in OPEN for call in mine()):
            return Outcome(
                Result.UNCONFIRMED, "the codec does not show the call; look at the codec before trying again"
            )
        if not outcome.good and outcome.result is not Result.UNCONFIRMED:
            return outcome
        await self._until(
            lambda: any(call.state in LOBBY for call in mine()) or not any(call.state in OPEN for call in mine()),
            CONNECTS,
        )
        if self.hung_up:
            return Outcome(Result.SUPERSEDED, "hung up")
        if not any(call.state in OPEN for call in mine()):
            ended = mine()
            reason = next((call.reason for call in ended if call.reason), "the far end did not take the call")
            return Outcome(Result.REFUSED, reason)
        connected = next((call for call in mine() if call.state in LOBBY), None)
        if connected is None:
            return Outcome(Result.UNCONFIRMED, f"{way.words}: it rings still")
        if way.tones and not await self._key_in(ticket, part, way, connected):
            return Outcome(Result.CONFIRMED, f"{way.words}: the code could not be sent; key it in by hand")
        return Outcome(Result.CONFIRMED, way.words)

    async def _key_in(self, ticket: RoomTicket, part: Part, way: Way, call: Call) -> bool:
        if not part.offers(SendDtmf.verb):
            return False
        return (await self._ask(ticket, part, SendDtmf(way.tones, call.id))).good

    async def _ask(self, ticket: RoomTicket, part: Part, command: Command) -> Outcome:
        child: Ticket = self.room.ask(part, command, ticket.id)
        ticket.children.append((part.id, child))
        outcome = await child.ended()
        assert outcome is not None
        return outcome

    async def _until(self, holds: Callable[[], bool], within: float) -> None:
        """Wait for something of the room, or until somebody hangs up, or that long."""
        mailbox = self.room.listen()
        mailbox.read = False
        clock = self.room.clock
        over = asyncio.Event()

        def late() -> None:
            over.set()
            mailbox.nudge()

        timer = clock.at(clock.now() + within, late)
        try:
            while not (holds() or self.hung_up or over.is_set() or mailbox.closed):
                await mailbox.wait()
        finally:
            timer.cancel()
            self.room.unlisten(mailbox)
