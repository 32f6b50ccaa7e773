"""Keeps one device alive: connects, starts afresh when it ends, for ever; holds what is known of it meanwhile.

The only supervisor there is. What may not live here: what goes over the wire (`connection.py`), what a unit's points
prove (`unit.py`), rooms and parts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from gateway import link as links
from gateway.clock import Clock
from gateway.commands import Command
from gateway.connection import Connection
from gateway.driver import Driver, Feedback, Offers, Request, Settings, Timing, secrets_of
from gateway.ending import Ending
from gateway.link import Address, Trust
from gateway.model import Event, Outcome, Reading, Reason, Result
from gateway.tape import Tape
from gateway.ticket import Ticket, new_id
from gateway.unit import Listener, Player, Unit
from gateway.visits import Visits

__all__ = ["Device", "Listener", "Player", "Unit"]

log = logging.getLogger("roomgate.device")

FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0
STEADY = 5.0  # seconds online after which it counts as having really been online
# A wrong password must never lock the account, and neither of these mends itself.
HOPELESS = frozenset({Reason.LOGIN_REFUSED, Reason.CERTIFICATE_UNTRUSTED})


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
        self.connection: Connection | None = None  # the one that it has, where it does not listen
        self.visits = Visits(self) if address.scheme in links.LISTENING else None
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
        try:
            while not self._closing and not self.disabled:
                self._kick.clear()
                self.tape.begin()
                ending = await (self._dial() if self.visits is None else self.visits.run())
                if self._closing:
                    return
                if ending.reason in HOPELESS:
                    delay = LONGEST_RETRY
                elif ending.lasted >= STEADY:
                    delay = FIRST_RETRY
                self._went(ending.reason, ending.words)
                if await self._pause(delay * random.uniform(0.8, 1.2)):
                    delay = FIRST_RETRY
                else:
                    delay = min(LONGEST_RETRY, delay * 2)
        finally:
            if not self.disabled:
                self._went(Reason.DISABLED, "the gateway has left it")

    async def _dial(self) -> Ending:
        self.connection = connection = Connection(self, self.make_driver(self.address.host))
        try:
            return await connection.run()
        finally:
            self.connection = None
            for unit in list(connection.units):
                self.gone(connection, unit)

    def make_driver(self, host: str) -> Driver:
        """A fresh driver for one connection."""
        driver = self.driver(self.settings, host=host, scheme=self.address.scheme)
        driver.timing = self.timing
        return driver

    async def _pause(self, seconds: float) -> bool:
        """Wait, but not once somebody has kicked: then True."""
        until = self.clock.now() + seconds
        timer = self.clock.at(until, self._kick.set)
        try:
            await self._kick.wait()
        finally:
            timer.cancel()
        return self.clock.now() < until

    def restart(self) -> None:
        """Drop the connection and try again at once: the administrator's hand."""
        for connection in self._connections():
            connection.finish(Reason.LINK_LOST, "restarted by an administrator")
        if self.visits is not None:
            self.visits.finish(Reason.LINK_LOST, "restarted by an administrator")
        self._kick.set()

    async def close(self) -> None:
        """Leave politely; returns when the last words are out and all is closed."""
        self._closing = True
        await asyncio.gather(*(connection.close() for connection in self._connections()))
        if self.visits is not None:
            self.visits.finish(Reason.DISABLED, "closed")
        self._kick.set()

    def _connections(self) -> list[Connection]:
        if self.visits is not None:
            return list(self.visits.connections)
        return [self.connection] if self.connection is not None else []

    def usable(self, connection: Connection) -> None:
        """Told by a connection whose driver is `Ready`. A device that listens is online without any."""
        if self.visits is None:
            self.came_online()

    def came_online(self) -> None:
        """Commands may come."""
        if self.reason is not None:
            log.info("%s is back: it was away because of: %s", self.name, self.reason)
        else:
            log.info("%s is online", self.name)
        self.online, self.reason, self.words, self.since = True, None, "", self.clock.wall()
        for listener in self.listeners:
            listener.availability(self)

    def _went(self, reason: Reason, words: str) -> None:
        news = self.online or self.reason is None  # it went; else it is still away, perhaps for another reason
        changed = news or (self.reason, self.words) != (reason, words)
        other = news or self.reason is not reason
        self.online, self.reason, self.words = False, reason, words
        if other:
            self.since = self.clock.wall()
            level = logging.INFO if reason is Reason.DISABLED or not news else logging.WARNING
            log.log(level, "%s is offline: %s%s", self.name, reason, f" ({words})" if words else "")
        outcome = self._offline()
        for ticket in list(self._tickets.values()):
            self.end(ticket, outcome)
        for unit in self.units.values():
            self._tell(unit, unit.fade())
        if changed:
            for listener in self.listeners:
                listener.availability(self)

    def _offline(self) -> Outcome:
        reason = self.reason or Reason.UNREACHABLE
        return Outcome(Result.OFFLINE, f"{reason}: {self.words}" if self.words else reason.value)

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
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, now, urgent or command.hurries())
        held = self.unit(unit)
        connection = self._serving(unit)
        if not self.online and self.reason is not None:
            ticket.settle(self._offline(), now)
            return ticket
        if held.gone or (self.visits is not None and connection is None):
            ticket.settle(Outcome(Result.OFFLINE, f"{unit or self.name} is not there"), now)
            return ticket
        if held.offers is not None and type(command) not in held.offers:
            ticket.settle(Outcome(Result.REFUSED, f"{self.name} does not offer {command.verb}"), now)
            return ticket
        if command.slot:
            for older in [t for t in held.flight.values() if command.replaces(t.command)]:
                self.end(older, Outcome(Result.SUPERSEDED, "a newer command took its place"))
        for waiting in [t for t in held.flight.values() if t.sent_at is None and t.command.verb in command.cancels]:
            self.end(waiting, Outcome(Result.SUPERSEDED, f"{command.verb} came before it was sent"))
        self._tickets[ticket.id] = held.flight[ticket.id] = ticket
        self.await_proof(ticket, now + command.patience)
        queue, lowly = self.urgent if ticket.urgent else self.waiting, command.lowly
        queue.insert(next((at for at, other in enumerate(queue) if other.command.lowly > lowly), len(queue)), ticket)
        if connection is not None:
            connection.pump()
        return ticket

    def _serving(self, unit: str) -> Connection | None:
        return self.connection if self.visits is None else self.visits.owners.get(unit)

    def next_ticket(self, connection: Connection, *, urgent: bool = False) -> Ticket | None:
        """The next command for this connection to put into words, taken off its queue."""
        queue = self.urgent if urgent else self.waiting
        if self.visits is None:
            return queue.popleft() if queue else None
        for ticket in queue:
            if ticket.request.unit in connection.units:
                queue.remove(ticket)
                return ticket
        return None

    def has_work(self, connection: Connection) -> bool:
        """Whether a command waits for this connection."""
        if self.visits is None:
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
            self.end(ticket, Outcome(Result.SUPERSEDED, "nobody reads on"))

    def _next_page(self, ticket: Ticket) -> None:
        ticket.next_page()
        self.await_proof(ticket, self.clock.now() + ticket.command.patience)
        self.waiting.append(ticket)
        connection = self._serving(ticket.request.unit)
        if connection is not None:
            connection.pump()

    def await_proof(self, ticket: Ticket, until: float) -> None:
        """A command is overdue from `until` on."""
        if ticket.timer:
            ticket.timer.cancel()
        ticket.timer = self.clock.at(until, lambda: self.end(ticket, ticket.overdue(self.online)))

    def end(self, ticket: Ticket, outcome: Outcome) -> None:
        """Give a command its outcome; what it still has waiting is not sent any more unless it succeeded."""
        if ticket.outcome is not None:
            return
        self._tickets.pop(ticket.id, None)
        self.unit(ticket.request.unit).ended(ticket, outcome)
        for queue in (self.waiting, self.urgent):
            if ticket in queue:
                queue.remove(ticket)
        connection = self._serving(ticket.request.unit)
        if connection is not None and not outcome.good:
            connection.turns.forget(ticket)
        ticket.settle(outcome, self.clock.now())

    # ---- what a connection tells -----------------------------------------------------------------------------

    def sent(self, connection: Connection, ticket: Ticket, *, blind: bool) -> None:
        """The first bytes of a command left: proof is awaited from now on; not where nothing answers (`blind`) and
        the driver already tells what it assumes."""
        if ticket.sent_at is not None or ticket.outcome is not None:
            return
        command, unit, now = ticket.command, self.unit(ticket.request.unit), self.clock.now()
        ticket.sent_at, ticket.sent_wall = now, self.clock.wall()
        until = now + connection.driver.patience(command)
        self.await_proof(ticket, until)
        shown = command.proof == "points" and connection.driver.shows(command, unit.values())
        unit.left(ticket, now, until, shown=shown)
        if ticket.held is not None:
            self.end(ticket, ticket.held)
        elif blind and command.proof == "nothing":
            self.end(ticket, Outcome(Result.ASSUMED, "sent; nothing could show it"))
        elif blind and shown and (outcome := unit.proved(command)).result is Result.ASSUMED:
            self.end(ticket, outcome)

    def taken(self, connection: Connection, request: Request) -> None:
        """The device acknowledged. Where a device that tells of every change had shown it before, and no news of it
        is on its way, it is done; a polled one must show it afresh, for somebody may have been at it since."""
        ticket = self._tickets.get(request.id)
        if ticket is None:
            return
        ticket.taken = True
        command, unit, now = ticket.command, self.unit(request.unit), self.clock.now()
        if command.proof == "nothing":
            self._conclude(connection, ticket, Outcome(Result.ASSUMED, "acknowledged; nothing could show it"))
        elif command.proof == "points" and connection.driver.pushes and unit.steady(command, now):
            self._see(ticket, unit, connection)

    def settle(self, connection: Connection, identity: str, outcome: Outcome) -> None:
        """The driver said how a command ended; what only an assumption shows is only assumed."""
        ticket = self._tickets.get(identity)
        if ticket is not None:
            if outcome.result is Result.CONFIRMED:
                outcome = self.unit(ticket.request.unit).proved(ticket.command)
            self._conclude(connection, ticket, outcome)

    def _conclude(self, connection: Connection, ticket: Ticket, outcome: Outcome) -> None:
        """End it now, or once it has left where its driver knows the end beforehand: nothing answers a one-way one."""
        if outcome.good and ticket.sent_at is None and connection.has_yet_to_send(ticket):
            ticket.held = outcome
        else:
            self.end(ticket, outcome)

    def feedback(self, connection: Connection, told: Feedback, by: Ticket | None = None) -> None:
        """The device told of a unit (`by`: a command): note it, tell the listeners, see which commands that proves."""
        unit = self.unit(told.unit)
        self._tell(unit, unit.hear(told, self.clock.wall(), self.clock.now(), by))
        for ticket in [t for t in unit.flight.values() if t.sent_at is not None]:
            command = ticket.command
            if command.proof == "points" and command.shown().keys() & told.points.keys():
                self._see(ticket, unit, connection)

    def _see(self, ticket: Ticket, unit: Unit, connection: Connection) -> None:
        if connection.driver.shows(ticket.command, unit.values()):
            self.end(ticket, unit.proved(ticket.command))

    def _tell(self, unit: Unit, changes: Mapping[str, Reading]) -> None:
        if changes:
            for listener in self.listeners:
                listener.changed(self, unit.name, changes)

    def offer(self, offers: Offers) -> None:
        """The device can do this now."""
        unit = self.unit(offers.unit)
        unit.gone = unit.gone and not offers.commands
        if (unit.offers, unit.choices) != (offers.commands, offers.choices):
            unit.offers, unit.choices = offers.commands, offers.choices
            for listener in self.listeners:
                listener.offered(self, unit.name)

    def event(self, event: Event) -> None:
        """Something happened at the device."""
        for listener in self.listeners:
            listener.happened(self, event)

    def appeared(self, connection: Connection, name: str, facts: Mapping[str, Any]) -> None:
        """A unit is there now, served by this connection."""
        connection.units.add(name)
        if self.visits is not None:
            self.visits.own(connection, name)
        self.unit(name).gone = False
        self.event(Event("appeared", {"unit": name, **facts}))

    def gone(self, connection: Connection, name: str) -> None:
        """A unit is not there any more; its points are stale and its commands have nobody to do them."""
        connection.units.discard(name)
        if self.visits is not None and not self.visits.disown(connection, name):
            return
        unit = self.unit(name)
        unit.gone = True
        for ticket in list(unit.flight.values()):
            self.end(ticket, Outcome(Result.OFFLINE, "it is not there any more"))
        self._tell(unit, unit.fade())
        if self.visits is not None and not unit.points:  # whoever calls may call itself anything, again and again
            del self.units[name]
        self.event(Event("gone", {"unit": name}))
