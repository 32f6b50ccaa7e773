"""Runs a composite part: carries out what a Motor asks for, on the units that play its roles.

To the room it is a player like a device: it has a unit with points and offers, and takes commands. What may not live
here: how a motor is moved (`motion.py`).
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from gateway.clock import Clock, Timer
from gateway.commands import Command, Stop
from gateway.device import Device, Listener, Unit
from gateway.driver import Feedback, Later, Request
from gateway.model import UNKNOWN, Event, Outcome, Reading, Reason, Result
from gateway.motion import Ask, Ended, MotionSpec, Motor, MotorAction
from gateway.ticket import Ticket, new_id


class Composite:
    """A motor over other devices' units. `roles` says which (device, unit) plays up, down, stop, input or motor."""

    def __init__(self, name: str, spec: MotionSpec, roles: Mapping[str, tuple[Device, str]], *, clock: Clock) -> None:
        self.name = name
        self.motor = Motor(spec)
        self.roles = roles
        self.clock = clock
        self.listeners: list[Listener] = []
        self.state = Unit("", offers=Motor.offers)
        self.units = {"": self.state}
        self.devices: list[Device] = list({id(device): device for device, _ in roles.values()}.values())
        self._asks: dict[str, Ticket] = {}
        self._timers: dict[str, Timer] = {}
        self._ticket: Ticket | None = None
        self._cause = ""  # the command that the next changes are due to
        self._questions: deque[Callable[[], Iterable[MotorAction]]] = deque()
        self._asking = self._closed = False
        for device in self.devices:
            device.listeners.append(self)
            self.availability(device)

    @property
    def online(self) -> bool:
        """True while every device behind it is."""
        return all(device.online for device in self.devices)

    @property
    def reason(self) -> Reason | None:
        """Why it is not online: the first of its devices' reasons."""
        return next((device.reason for device in self.devices if device.reason and not device.online), None)

    @property
    def words(self) -> str:
        """More about the reason."""
        away = [device for device in self.devices if device.reason and not device.online]
        return f"{away[0].name}: {away[0].words or away[0].reason}" if away else ""

    def unit(self, name: str) -> Unit:
        """Its one unit."""
        return self.state

    def submit(
        self, command: Command, unit: str = "", *, cause: str = "", identity: str = "", urgent: bool = False
    ) -> Ticket:
        """Ask the motor; a newer command takes an older one's place."""
        now = self.clock.now()
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, now, urgent or command.hurries())
        if type(command) not in Motor.offers:
            ticket.settle(Outcome(Result.REFUSED, f"{self.name} does not offer {command.verb}"), now)
            return ticket
        # A Stop is tried whatever is away: the relay that runs the motor may well be there.
        if self.reason is not None and not isinstance(command, Stop):
            ticket.settle(Outcome(Result.OFFLINE, self.words), now)
            return ticket
        older, self._ticket, self._cause = self._ticket, ticket, ticket.id
        self.state.flight = {ticket.id: ticket}
        self._do(lambda: self.motor.command(ticket.request))
        if older is not None:
            older.settle(Outcome(Result.SUPERSEDED, "a newer command took its place"), now)
        return ticket

    def close(self) -> None:
        """Open what is closed, and forget the timers and the devices."""
        self._do(self.motor.leave)
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for device in self.devices:
            if self in device.listeners:
                device.listeners.remove(self)

    # ---- carrying out ----------------------------------------------------------------------------------------

    def _do(self, question: Callable[[], Iterable[MotorAction]]) -> None:
        """Put a question to the motor and do what it answers; it is never asked while it is still answering."""
        self._questions.append(question)
        if self._asking:
            return
        self._asking = True
        try:
            while self._questions and not self._closed:
                self.motor.now = self.clock.now()
                self.motor.unsent = {tag for tag, ticket in self._asks.items() if ticket.sent_at is None}
                for action in self._questions.popleft()():
                    self._perform(action)
        finally:
            self._asking = False

    def _perform(self, action: MotorAction) -> None:
        match action:
            case Ask():
                self._ask(action)
            case Later(seconds, name):
                self._later(seconds, name)
            case Feedback():
                self._feedback(action)
            case Ended(request, outcome):
                if self._ticket is not None and self._ticket.id == request.id:
                    ticket, self._ticket, self.state.flight = self._ticket, None, {}
                    ticket.settle(outcome, self.clock.now())

    def _ask(self, ask: Ask) -> None:
        device, unit = self.roles[ask.role]
        ticket = device.submit(ask.command, unit, cause=self._cause, urgent=ask.urgent)
        self._asks[ask.tag] = ticket
        ticket.then(lambda ticket: self._settled(ask.tag, ticket))

    def _settled(self, tag: str, ticket: Ticket) -> None:
        outcome = ticket.outcome
        assert outcome is not None
        self._asks.pop(tag, None)
        self._do(lambda: self.motor.settled(tag, outcome, ticket.sent_at))

    def _later(self, seconds: float, name: str) -> None:
        held = self._timers.pop(name, None)
        if held:
            held.cancel()
        if seconds > 0:
            self._timers[name] = self.clock.at(self.clock.now() + seconds, lambda: self._due(name))

    def _due(self, name: str) -> None:
        self._timers.pop(name, None)
        self._do(lambda: self.motor.due(name))

    def _feedback(self, told: Feedback) -> None:
        changes: dict[str, Reading] = {}
        stale = not self.online
        for name, value in told.points.items():
            held = self.state.points.get(name, UNKNOWN)
            same = held.value == value and name in self.state.points
            if same and held.stale == stale:
                continue
            since, cause = (held.since, held.cause) if same else (self.clock.wall(), self._cause)
            changes[name] = Reading(value, since, False, stale, cause)
        self._publish(changes)

    def _publish(self, changes: Mapping[str, Reading]) -> None:
        self.state.points.update(changes)
        for listener in self.listeners if changes else ():
            listener.changed(self, "", changes)

    # ---- what the devices behind it tell -----------------------------------------------------------------------

    def changed(self, player: object, unit: str, points: Mapping[str, Reading]) -> None:
        """News of a relay."""
        reading = points.get("closed")
        if reading is None:
            return
        if self._ticket is None and reading.cause not in {ticket.id for ticket in self._asks.values()}:
            self._cause = reading.cause  # "" where somebody else switched it
        for role, (device, name) in self.roles.items():
            if device is player and name == unit:
                if not reading.cause and (reading.value, self.motor.contacts.get(role)) in (
                    (True, False),
                    (False, True),
                ):
                    self._cause = ""  # somebody else switched it, in the middle of what we do
                self._told(role, device, reading)

    def _told(self, role: str, device: Device, reading: Reading) -> None:
        # Until a device that comes back takes commands, what it says could not be acted upon.
        closed = reading.value if device.online and not reading.stale else None
        self._do(lambda: self.motor.told(role, closed))

    def availability(self, player: object) -> None:
        """A device behind it came or went."""
        for role, (device, unit) in self.roles.items():
            if device is player:
                self._told(role, device, device.unit(unit).points.get("closed", UNKNOWN))
        stale = not self.online
        held = self.state.points.items()
        self._publish({name: dataclasses.replace(r, stale=stale) for name, r in held if r.stale != stale})
        for listener in self.listeners:
            listener.availability(self)

    def offered(self, player: object, unit: str) -> None:
        """What a relay offers is nothing to the motor."""

    def happened(self, player: object, event: Event) -> None:
        """Nor are its events."""
