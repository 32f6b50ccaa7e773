"""Keeps one device alive: connects, starts afresh when it ends, for ever; holds what is known of it meanwhile.

The only supervisor there is. What may not live here: what goes over the wire (`connection.py`), rooms and parts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway import link as links
from gateway.clock import Clock
from gateway.commands import Command
from gateway.connection import Connection, Ending
from gateway.driver import Driver, Feedback, Offers, Request, Settings, Timing, secrets_of
from gateway.link import Address, Trust
from gateway.model import POINTS, UNKNOWN, Event, Outcome, Reading, Reason, Result
from gateway.tape import Tape
from gateway.ticket import Ticket, new_id

log = logging.getLogger("roomgate.device")

FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0


class Player(Protocol):
    """Who can play a part: a device, or a composite part over other devices."""

    name: str
    listeners: list[Listener]

    @property
    def online(self) -> bool: ...
    @property
    def reason(self) -> Reason | None: ...
    @property
    def words(self) -> str: ...
    def unit(self, name: str) -> Unit: ...
    def submit(
        self, command: Command, unit: str = "", *, cause: str = "", identity: str = "", urgent: bool = False
    ) -> Ticket: ...


class Listener(Protocol):
    """Who wants to know of a player: a room, a composite part, the administrator's page."""

    def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None: ...
    def availability(self, player: Any) -> None: ...
    def offered(self, player: Any, unit: str) -> None: ...
    def happened(self, player: Any, event: Event) -> None: ...


@dataclass
class Unit:
    """What is known of one unit of a device, and what is under way for it."""

    name: str
    points: dict[str, Reading] = field(default_factory=dict)
    offers: frozenset[type[Command]] | None = None  # None: not told yet
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flight: dict[str, Ticket] = field(default_factory=dict)
    disturbed: set[str] = field(default_factory=set)
    blame: dict[str, tuple[Ticket, float]] = field(default_factory=dict)


class Device:
    """One device of the site. `submit()` never waits; whoever cares awaits the ticket."""

    def __init__(
        self,
        name: str,
        driver: type[Driver],
        address: Address,
        settings: Settings,
        *,
        clock: Clock,
        trust: Trust | None = None,
        tape: Tape | None = None,
        timing: Mapping[str, float] | None = None,
        disabled: bool = False,
    ) -> None:
        self.name = name
        self.driver = driver
        self.address = address
        self.settings = settings
        self.clock = clock
        self.trust = trust or Trust()
        self.tape = tape or Tape(secrets=secrets_of(settings))
        self.timing: Timing = dataclasses.replace(driver.timing, **(timing or {}))  # type: ignore[arg-type]
        self.disabled = disabled
        self.online: bool = False
        self.reason: Reason | None = Reason.DISABLED if disabled else None  # None and not online: connecting
        self.words = ""
        self.since = clock.wall()
        self.units: dict[str, Unit] = {}
        self.waiting: deque[Ticket] = deque()
        self.urgent: deque[Ticket] = deque()
        self.listeners: list[Listener] = []
        self.connection: Connection | None = None
        self.listening = address.scheme in links.LISTENING
        self.connections: set[Connection] = set()
        self._tickets: dict[str, Ticket] = {}
        self._closing = False
        self._kick = asyncio.Event()

    @property
    def warning(self) -> str:
        """What people are warned of wherever the device is shown; "" where there is nothing."""
        if self.trust.any and self.address.scheme in ("https", "wss", "ssh", "tcp"):
            return "its certificate or host key is not checked (trust = any): anybody on the network could pose as it"
        return ""

    # ---- keeping it alive ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, live, back off, again; ends only by `close()` or cancellation."""
        delay = FIRST_RETRY
        while not self._closing and not self.disabled:
            ending = await self._live()
            if self._closing:
                return
            delay = FIRST_RETRY if ending.was_ready else delay
            if ending.reason in (Reason.LOGIN_REFUSED, Reason.CERTIFICATE_UNTRUSTED):
                delay = LONGEST_RETRY  # a wrong password must never lock the account
            self._went(ending.reason, ending.words)
            await self._pause(delay * random.uniform(0.8, 1.2))
            delay = min(LONGEST_RETRY, delay * 2)

    async def _live(self) -> Ending:
        driver = self.driver(self.settings, host=self.address.host, scheme=self.address.scheme)
        driver.timing = self.timing
        self.connection = Connection(self, driver)
        try:
            return await self.connection.run()
        finally:
            connection, self.connection = self.connection, None
            if connection is not None and connection.ready:
                for unit in list(connection.units):
                    self.gone(connection, unit)

    async def _pause(self, seconds: float) -> None:
        self._kick.clear()
        timer = self.clock.at(self.clock.now() + seconds, self._kick.set)
        try:
            await self._kick.wait()
        finally:
            timer.cancel()

    def restart(self) -> None:
        """Drop the connection and try again at once: the administrator's hand."""
        if self.connection is not None:
            self.connection.finish(Reason.LINK_LOST, "restarted by an administrator")
        self._kick.set()

    async def close(self) -> None:
        """Leave politely; the device stays known, and disabled."""
        self._closing = True
        if self.connection is not None:
            await self.connection.close()
        self._kick.set()

    def came_online(self, connection: Connection) -> None:
        """Told by the connection when the driver is `Ready`."""
        if self.reason is not None:
            log.info("%s is back: it was away because of: %s", self.name, self.reason)
        else:
            log.info("%s is online", self.name)
        self.online, self.reason, self.words, self.since = True, None, "", self.clock.wall()
        for listener in self.listeners:
            listener.availability(self)

    def _went(self, reason: Reason, words: str) -> None:
        again = not self.online and self.reason == reason
        self.online, self.reason, self.words = False, reason, words
        if not again:
            self.since = self.clock.wall()
            log.warning("%s is offline: %s%s", self.name, reason, f" ({words})" if words else "")
        outcome = Outcome(Result.OFFLINE, f"{reason}: {words}" if words else reason.value)
        for ticket in list(self._tickets.values()):
            self._end(ticket, outcome)
        for unit in self.units.values():
            unit.disturbed.clear()
            unit.blame.clear()
            stale = {
                name: dataclasses.replace(held, stale=True) for name, held in unit.points.items() if not held.stale
            }
            unit.points.update(stale)
            if stale:
                self._tell(unit, stale)
        if not again:
            for listener in self.listeners:
                listener.availability(self)

    # ---- commands --------------------------------------------------------------------------------------------

    def unit(self, name: str) -> Unit:
        """What is known of a unit; made when first spoken of."""
        unit = self.units.get(name)
        if unit is None:
            unit = self.units[name] = Unit(name)
        return unit

    def ticket(self, identity: str) -> Ticket | None:
        """A command under way, by its id."""
        return self._tickets.get(identity)

    def submit(
        self, command: Command, unit: str = "", *, cause: str = "", identity: str = "", urgent: bool = False
    ) -> Ticket:
        """Ask for `command`; returns at once. It has one outcome, sooner or later. `urgent` waits for no turn."""
        now = self.clock.now()
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, now, urgent or command.urgent)
        held = self.unit(unit)
        if held.offers is not None and type(command) not in held.offers:
            ticket.settle(Outcome(Result.REFUSED, f"{self.name} does not offer {command.verb}"), now)
            return ticket
        if not self.online and self.reason is not None:
            words = f"{self.reason}: {self.words}" if self.words else self.reason.value
            ticket.settle(Outcome(Result.OFFLINE, words), now)
            return ticket
        if command.slot:
            self._supersede(held, command)
        self._tickets[ticket.id] = ticket
        held.flight[ticket.id] = ticket
        ticket.timer = self.clock.at(now + command.patience, lambda: self._overdue(ticket))
        if ticket.urgent:
            self.urgent.append(ticket)
        else:
            self.waiting.append(ticket)
        if self.connection is not None:
            self.connection.pump()
        return ticket

    def next_ticket(self, connection: Connection, *, urgent: bool = False) -> Ticket | None:
        """The next command for this connection to put into words, taken off its queue."""
        queue = self.urgent if urgent else self.waiting
        if not self.listening:
            return queue.popleft() if queue else None
        for ticket in queue:
            if ticket.request.unit in connection.units:
                queue.remove(ticket)
                return ticket
        return None

    def has_work(self, connection: Connection) -> bool:
        """Whether a command waits for this connection."""
        if not self.listening:
            return bool(self.waiting)
        return any(ticket.request.unit in connection.units for ticket in self.waiting)

    async def read(self, command: Command, unit: str = "", *, cause: str = "") -> AsyncIterator[Any]:
        """The rows of a long answer, page by page as they are asked for. Raises LookupError in the device's words."""
        ticket = self.submit(command, unit, cause=cause)
        try:
            while True:
                while ticket.rows:
                    yield ticket.rows.popleft()
                if ticket.outcome is not None:
                    if not ticket.outcome.good:
                        raise LookupError(f"{ticket.outcome.result}: {ticket.outcome.words}")
                    return
                if ticket.more:
                    self._next_page(ticket)
                else:
                    await ticket.news()
        finally:
            self._end(ticket, Outcome(Result.SUPERSEDED, "nobody reads on"))

    def _next_page(self, ticket: Ticket) -> None:
        ticket.more = False
        ticket.request = dataclasses.replace(ticket.request, page=ticket.request.page + 1)
        now = self.clock.now()
        ticket.timer = self.clock.at(now + ticket.command.patience, lambda: self._overdue(ticket))
        self.waiting.append(ticket)
        if self.connection is not None:
            self.connection.pump()

    def _supersede(self, unit: Unit, command: Command) -> None:
        for older in [t for t in unit.flight.values() if t.command.slot == command.slot]:
            self._end(older, Outcome(Result.SUPERSEDED, "a newer command took its place"))

    def _overdue(self, ticket: Ticket) -> None:
        if ticket.sent_at is None:
            words = "it could not be sent in time: the device was busy" if self.online else "the device was not ready"
        elif ticket.taken:
            words = "the device acknowledged, but has not shown it"
        else:
            words = "sent, and no answer came"
        self._end(ticket, Outcome(Result.UNCONFIRMED, words))

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket.outcome is not None:
            return
        self._tickets.pop(ticket.id, None)
        unit = self.unit(ticket.request.unit)
        unit.flight.pop(ticket.id, None)
        for queue in (self.waiting, self.urgent):
            if ticket in queue:
                queue.remove(ticket)
        if outcome.result is Result.SUPERSEDED and self.connection is not None:
            self.connection.forget(ticket)
        if not (outcome.good and ticket.command.lasting):
            for name in [n for n, (blamed, _) in unit.blame.items() if blamed is ticket]:
                del unit.blame[name]
        ticket.settle(outcome, self.clock.now())

    # ---- what the connection tells ---------------------------------------------------------------------------

    def sent(self, ticket: Ticket) -> None:
        """The first bytes of a command left: proof is awaited from now on."""
        if ticket.sent_at is not None or ticket.outcome is not None:
            return
        now = self.clock.now()
        command = ticket.command
        ticket.sent_at = now
        ticket.sent_wall = self.clock.wall()
        patience = self._patience(command)
        if ticket.timer:
            ticket.timer.cancel()
        ticket.timer = self.clock.at(now + patience, lambda: self._overdue(ticket))
        unit = self.unit(ticket.request.unit)
        for name in command.touches:
            unit.blame[name] = (ticket, now + patience)
        if command.proof == "points" and not self._shown(unit, command):
            unit.disturbed.update(command.shown())

    def _patience(self, command: Command) -> float:
        return self.connection.driver.patience(command) if self.connection is not None else command.patience

    def _shown(self, unit: Unit, command: Command) -> bool:
        held = {name: reading.value for name, reading in unit.points.items() if not reading.stale}
        return self.connection is not None and self.connection.driver.shows(command, held)

    def taken(self, request: Request) -> None:
        """The device acknowledged. Where a device that tells of every change had shown it before, and nothing older
        is on its way, it is done; a polled one must show it afresh, for somebody may have been at it since."""
        ticket = self._tickets.get(request.id)
        if ticket is None:
            return
        ticket.taken = True
        command = ticket.command
        if command.proof == "nothing":
            self._end(ticket, Outcome(Result.ASSUMED, "acknowledged; nothing could show it"))
        elif command.proof == "points" and self.driver.pushes:
            unit = self.unit(request.unit)
            if not unit.disturbed.intersection(command.shown()) and self._shown(unit, command):
                self._end(ticket, self._proved(unit, command))

    @staticmethod
    def _proved(unit: Unit, command: Command) -> Outcome:
        sure = all(unit.points[name].confirmed for name in command.shown() if name in unit.points)
        return Outcome(Result.CONFIRMED if sure else Result.ASSUMED)

    def settle(self, identity: str, outcome: Outcome) -> None:
        """The driver said how a command ended."""
        ticket = self._tickets.get(identity)
        if ticket is not None:
            if outcome.result is Result.CONFIRMED and ticket.command.proof != "points":
                unit = self.unit(ticket.request.unit)
                touched = [unit.points[name] for name in ticket.command.touches if name in unit.points]
                if touched and not any(reading.confirmed for reading in touched):
                    outcome = Outcome(Result.ASSUMED, outcome.words)
            self._end(ticket, outcome)

    def feedback(self, told: Feedback) -> None:
        """The device told of a unit: note what changed, tell the listeners, and see which commands that proves."""
        unit = self.unit(told.unit)
        wall, now = self.clock.wall(), self.clock.now()
        changes: dict[str, Reading] = {}
        for name, value in told.points.items():
            point = POINTS.get(name)
            if point is None:
                raise ValueError(f"undeclared point {name!r}")
            complaint = point.complaint(value)
            if complaint:
                raise ValueError(complaint)
            unit.disturbed.discard(name)
            held = unit.points.get(name, UNKNOWN)
            confirmed = not told.assumed and value is not None
            if held.value == value and held.confirmed == confirmed and not held.stale and name in unit.points:
                continue
            same = held.value == value and value is not None
            reading = Reading(
                value,
                held.since if same else wall,
                confirmed,
                False,
                held.cause if same else self._cause(unit, name, now),
            )
            unit.points[name] = reading
            changes[name] = reading
        if changes:
            self._tell(unit, changes)
        for ticket in [t for t in unit.flight.values() if t.sent_at is not None]:
            command = ticket.command
            wanted = command.shown()
            if command.proof == "points" and wanted.keys() & told.points.keys() and self._shown(unit, command):
                self._end(ticket, self._proved(unit, command))

    @staticmethod
    def _cause(unit: Unit, name: str, now: float) -> str:
        blamed = unit.blame.get(name)
        if blamed is None or blamed[1] < now:
            return ""
        return blamed[0].id

    def _tell(self, unit: Unit, changes: Mapping[str, Reading]) -> None:
        for listener in self.listeners:
            listener.changed(self, unit.name, changes)

    def offer(self, offers: Offers) -> None:
        """The device can do this now."""
        unit = self.unit(offers.unit)
        if (unit.offers, unit.choices) != (offers.commands, offers.choices):
            unit.offers, unit.choices = offers.commands, offers.choices
            for listener in self.listeners:
                listener.offered(self, unit.name)

    def event(self, event: Event) -> None:
        """Something happened at the device."""
        for listener in self.listeners:
            listener.happened(self, event)

    def row(self, identity: str, value: Any) -> None:
        """One row of a long answer came."""
        ticket = self._tickets.get(identity)
        if ticket is not None:
            ticket.rows.append(value)
            ticket.wake()

    def page_ended(self, identity: str) -> None:
        """A page ended; the next is asked for when the reader wants it, so no clock runs meanwhile."""
        ticket = self._tickets.get(identity)
        if ticket is not None:
            ticket.more = True
            if ticket.timer:
                ticket.timer.cancel()
                ticket.timer = None
            ticket.wake()

    def appeared(self, connection: Connection, unit: str, facts: Mapping[str, Any]) -> None:
        """A unit is there now."""
        self.unit(unit)
        self.event(Event("appeared", {"unit": unit, **facts}))

    def gone(self, connection: Connection, unit: str) -> None:
        """A unit is not there any more; its points are stale and its commands have nobody to do them."""
        held = self.units.get(unit)
        if held is None:
            return
        for ticket in list(held.flight.values()):
            self._end(ticket, Outcome(Result.OFFLINE, "it is not there any more"))
        stale = {name: dataclasses.replace(r, stale=True) for name, r in held.points.items() if not r.stale}
        held.points.update(stale)
        if stale:
            self._tell(held, stale)
        self.event(Event("gone", {"unit": unit}))
