"""A room's meetings at work: what is told of them, the next one, joining, booking, and giving up what nobody came to.

What may not live here: reading (`keeper.py`), what is shown (`showing.py`), dialling (`joining.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.calendars.calendar import CalendarTrouble
from gateway.calendars.joining import Joiner
from gateway.calendars.keeper import Keeper
from gateway.calendars.meeting import Meeting
from gateway.calendars.showing import Item, Showing, Told, next_words, short, show
from gateway.calendars.why import Why
from gateway.calendars.writing import Writer
from gateway.commands import BookRoom, EndMeeting, ExtendMeeting, JoinMeeting
from gateway.driver import Driver
from gateway.joinlink import Found, find
from gateway.joinplan import Means, means_of, plan
from gateway.model import Outcome, Reading, Result
from gateway.profile.joinrules import JoinSpec
from gateway.profile.meetings import MeetingsSpec
from gateway.room import Room
from gateway.ticket import RoomTicket

log = logging.getLogger("roomgate.calendars")

HOUR = 3600.0


class Desk:
    """One room's meetings. All methods but `run` are for the event loop and return at once."""

    def __init__(self, room: Room, spec: MeetingsSpec, join: JoinSpec, zone: tzinfo) -> None:
        self.room = room
        self.spec = spec
        self.join_spec = join
        self.zone = zone
        self.clock = room.clock
        self.showing = Showing()
        self.joiner = Joiner(room)
        self.keeper: Keeper  # set by who makes both
        self._found: dict[str, tuple[Meeting, Found]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._last: Mapping[str, Any] = {}
        self._present = self._since = self.clock.wall()
        self._given_up: set[tuple[str, float]] = set()
        room.desk = self

    def now(self) -> datetime:
        """This moment."""
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    # ---- what is told ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Show what is known, and again whenever it may be something else, until cancelled."""
        while True:
            await self._look_up()
            wait = self.refresh()
            self._release()
            timer = self.clock.at(self.clock.now() + wait, self._news.set)
            try:
                await self._news.wait()
            finally:
                timer.cancel()
                self._news.clear()

    def changed(self) -> None:
        """The calendar says something new."""
        self._news.set()

    async def _look_up(self) -> None:
        """How to join what is new: an invitation can be large, so it is read in another thread."""
        known: dict[str, tuple[Meeting, Found]] = {}
        for meeting in self.keeper.meetings:
            held = self._found.get(meeting.id)
            if held is None or held[0].invitation != meeting.invitation:
                found = await asyncio.to_thread(find, meeting.invitation, self.join_spec.rules)
                held = meeting, found
            known[meeting.id] = held
        self._found = known

    def means(self) -> Means | None:
        """What the room's codec can do now; None where it has none."""
        part = self.room.parts.get("calls")
        driver: type[Driver] | None = getattr(part.player, "driver", None) if part is not None else None
        if part is None or driver is None:
            return None
        unit, whole = part.player.unit(part.unit), part.player.unit("")
        software = whole.points.get("firmware")
        offers = frozenset(unit.offers) if unit.offers is not None else None
        return means_of(driver.name, offers, unit.choices, str(software.value or "") if software else "")

    def refresh(self) -> float:
        """Work out what is shown and tell it where it is new; returns the seconds until it may change by itself."""
        means = self.means()

        def told(meeting: Meeting) -> Told:
            held = self._found.get(meeting.id)
            found = held[1] if held is not None else Found()
            return Told(found) if means is None else Told(found, plan(found.options, means, self.join_spec))

        now = self.now()
        self.showing = show(self.keeper.meetings, now, self.zone, self.spec, told)
        if self.keeper.health.read_at is not None:
            words = next_words(self.showing.coming, now, self.zone, self.room.spec.language)
            at, fresh = self.clock.wall(), not self.keeper.stale
            self.room.learn("next_meeting", Reading(words, at, confirmed=fresh))
            self.room.learn("joinable", Reading(self.showing.pressed() is not None, at, confirmed=fresh))
        told_now = self.told()
        if told_now != self._last:
            self._last = told_now
            self.room.meetings()
        until = self.showing.until
        return min(30.0, max(0.05, (until - now).total_seconds())) if until else 30.0

    def told(self) -> Mapping[str, Any]:
        """As panels and the API are told. Times in seconds since 1970."""
        health, calendar = self.keeper.health, self.keeper.calendar
        writes = bool(self.spec.book and calendar is not None and calendar.writes)
        stale = self.keeper.stale
        return {
            "calendar": {
                "state": health.state,
                "words": health.words,
                "read_at": health.read_at,
                "stale": stale,
                "book": writes,
            },
            "on": self.showing.on,
            "next": self.showing.next,
            "listed": [item.as_json() for item in self.showing.listed],
        }

    def why(self, identity: str) -> Why | None:
        """Why a meeting has no button; None where it has one. Raises LookupError where nobody knows it."""
        item = self.showing.find(identity)
        old = f"the calendar was last read {self._age()}" if self.keeper.stale else ""
        if item is None:
            words = f"no meeting {identity!r} in the room's calendar of these days"
            raise LookupError(f"{words}; {old}, so a newer one is not known yet" if old else words)
        if item.why is None:
            return None
        if not old:
            return item.why
        return Why(item.why.code, item.why.words, f"{item.why.detail}; calendar stale: {old}")

    def _age(self) -> str:
        at = self.keeper.health.read_at
        return "never" if at is None else f"{max(0, self.clock.wall() - at) / 60:.0f} minutes ago"

    # ---- what is asked ---------------------------------------------------------------------------------------------

    def asked(self, cause: str) -> None:
        """Somebody asked for something in the room: by the panel's and keys' causes somebody is there."""
        if "touch" in self.spec.presence and not cause.startswith(("rule:", "meetings")):
            self._present = self.clock.wall()

    def hung_up(self) -> None:
        """Somebody ends the calls."""
        if self.joiner.busy:
            self.joiner.stop()

    def submit(self, ticket: RoomTicket) -> None:
        """Carry out one of the meetings' verbs; the ticket ends with its outcome."""
        self._start(self._carry_out(ticket))

    async def _carry_out(self, ticket: RoomTicket) -> None:
        outcome = Outcome(Result.SUPERSEDED, "the gateway is going down")
        try:
            outcome = await self._outcome(ticket)
        except CalendarTrouble as trouble:
            outcome = Outcome(Result.REFUSED, str(trouble))
        except Exception as error:
            log.exception("%s: %s met a fault", self.room.id, ticket.command.verb)
            outcome = Outcome(Result.REFUSED, f"a fault of the gateway ({type(error).__name__}); its log says more")
        finally:
            ticket.settle(outcome, self.clock.now())

    async def _outcome(self, ticket: RoomTicket) -> Outcome:
        command, writer = ticket.command, Writer(self.now(), self.zone)
        if isinstance(command, JoinMeeting):
            self.refresh()
            return await self._join(ticket, command)
        if not self.spec.book:
            return Outcome(Result.REFUSED, "this room's calendar is not written from here ([meetings] book)")
        match command:
            case BookRoom():
                await self.keeper.write(lambda c, m: writer.book(c, m, command.minutes, command.subject))
            case ExtendMeeting():
                identity = self._meant(command.meeting)
                await self.keeper.write(lambda c, m: writer.extend(c, m, identity, command.minutes))
            case EndMeeting():
                identity = self._meant(command.meeting)
                await self.keeper.write(lambda c, m: writer.end(c, m, identity))
        return Outcome(Result.CONFIRMED)

    def _meant(self, identity: str) -> str:
        """The calendar's id of the meeting that is on, or of the one named. Raises CalendarTrouble."""
        self.refresh()
        item = self.showing.find(identity or self.showing.on)
        if item is None:
            raise CalendarTrouble("no meeting is on" if not identity else "this meeting is not in the calendar")
        return item.meeting.id

    async def _join(self, ticket: RoomTicket, command: JoinMeeting) -> Outcome:
        item = self.showing.find(command.meeting) if command.meeting else self._pressed()
        if item is None:
            words = "this meeting is no longer in the calendar" if command.meeting else "no meeting can be joined now"
            return Outcome(Result.REFUSED, words)
        moved = bool(command.start) and abs(command.start - item.meeting.start.timestamp()) >= 1
        at = f"this meeting was moved to {item.meeting.start.astimezone(self.zone):%H:%M}"
        if item.why is not None:
            return Outcome(Result.REFUSED, f"{at}. {item.why.words}" if moved else item.why.words)
        if moved:
            self.room.event("joining", {"words": f"{at[0].upper()}{at[1:]}", "how": item.plan.ways[0].how}, ticket.id)
        return await self.joiner.join(ticket, item.plan.ways)

    def _pressed(self) -> Item | None:
        """What a bare Join means; where nothing can be joined, what is on or next, which says why."""
        return self.showing.pressed() or self.showing.find(self.showing.on or self.showing.next)

    # ---- what nobody came to ---------------------------------------------------------------------------------------

    def _seen(self) -> bool:
        """Whether a call or the sensor shows somebody now."""
        if "call" in self.spec.presence and self.joiner.open_calls():
            return True
        sensor = self.room.parts.get("occupancy") if "occupancy" in self.spec.presence else None
        return sensor is not None and sensor.reading("occupied").value is True

    def _release(self) -> None:
        if not self.spec.release_after or self.keeper.stale or self.keeper.health.state != "ok":
            return
        wall = self.clock.wall()
        if self._seen():
            self._present = wall
        for item in self.showing.listed:
            meeting, start = item.meeting, item.meeting.start.timestamp()
            due = start + 60 * self.spec.release_after
            came = self._present >= start - 60 * self.spec.join_early
            watched = self._since <= start
            if meeting.all_day or item.state not in ("on",) or not item.busy or wall < due or came or not watched:
                continue
            if (meeting.id, start) not in self._given_up:
                self._given_up.add((meeting.id, start))
                self._start(self._give_up(meeting))

    async def _give_up(self, meeting: Meeting) -> None:
        writer = Writer(self.now(), self.zone)
        try:
            await self.keeper.write(lambda c, m: writer.release(c, m, meeting))
        except CalendarTrouble as trouble:
            log.warning("%s: a meeting that nobody came to could not be given up: %s", self.room.id, trouble)
            return
        self.room.event("released", {"meeting": short(meeting.id), "words": "Nobody came: the room is free again"})

    # ---- tasks -----------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"meetings {self.room.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
