"""Runs a composite part: carries out what a Motor asks for, on the units that play its roles.

To the room it is a player like a device: it has a unit with points and offers, and takes commands. What may not live
here: how a motor is moved (`motion.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.clock import Clock, Timer
from gateway.commands import Command
from gateway.device import Device, Listener, Unit
from gateway.driver import Done, Feedback, Later, Refused, Request, Taken
from gateway.model import UNKNOWN, Event, Outcome, Reading, Reason, Result
from gateway.motion import Ask, MotionSpec, Motor, MotorAction
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
        self._timers: dict[str, Timer] = {}
        self._ticket: Ticket | None = None
        for device, _ in {id(device): (device, unit) for device, unit in roles.values()}.values():
            device.listeners.append(self)

    @property
    def devices(self) -> list[Device]:
        """The devices behind it, each once."""
        return list({id(device): device for device, _ in self.roles.values()}.values())

    @property
    def online(self) -> bool:
        """True while every device behind it is."""
        return all(device.online for device in self.devices)

    @property
    def reason(self) -> Reason | None:
        """Why it is not online: the first of its devices' reasons."""
        return next((device.reason for device in self.devices if not device.online), None)

    @property
    def words(self) -> str:
        """More about the reason."""
        return next((f"{device.name}: {device.words}" for device in self.devices if not device.online), "")

    def unit(self, name: str) -> Unit:
        """Its one unit."""
        return self.state

    def submit(
        self, command: Command, unit: str = "", *, cause: str = "", identity: str = "", urgent: bool = False
    ) -> Ticket:
        """Ask the motor; a newer command takes an older one's place."""
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, self.clock.now(), True)
        if type(command) not in Motor.offers:
            ticket.settle(Outcome(Result.REFUSED, f"{self.name} does not offer {command.verb}"), self.clock.now())
            return ticket
        if not self.online and self.reason is not None:
            ticket.settle(Outcome(Result.OFFLINE, self.words or self.reason.value), self.clock.now())
            return ticket
        if self._ticket is not None:
            self._ticket.settle(Outcome(Result.SUPERSEDED, "a newer command took its place"), self.clock.now())
        self._ticket = ticket
        ticket.then(self._ended)
        self.state.flight = {ticket.id: ticket}
        self._do(self.motor.command, ticket.request)
        return ticket

    def close(self) -> None:
        """Forget the timers and the devices."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for device in self.devices:
            if self in device.listeners:
                device.listeners.remove(self)

    def _ended(self, ticket: Ticket) -> None:
        if self._ticket is ticket:
            self._ticket = None
            self.state.flight = {}

    # ---- carrying out ----------------------------------------------------------------------------------------

    def _do(self, question: object, *args: object) -> None:
        self.motor.now = self.clock.now()
        actions: Iterable[MotorAction] = question(*args)  # type: ignore[operator]
        for action in actions:
            match action:
                case Ask():
                    self._ask(action)
                case Later(seconds, name):
                    self._later(seconds, name)
                case Feedback():
                    self._feedback(action)
                case Done(request):
                    self._settle(request, Outcome(Result.ASSUMED, "by the travel time; the motor cannot tell"))
                case Refused(request, words):
                    self._settle(request, Outcome(Result.REFUSED, words))
                case Taken():
                    pass

    def _settle(self, request: Request, outcome: Outcome) -> None:
        if self._ticket is not None and self._ticket.id == request.id:
            self._ticket.settle(outcome, self.clock.now())

    def _ask(self, ask: Ask) -> None:
        device, unit = self.roles[ask.role]
        cause = self._ticket.id if self._ticket is not None else ""
        ticket = device.submit(ask.command, unit, cause=cause, urgent=ask.urgent)
        # Through the timer's door, so that a motor is never asked while it is still answering.
        ticket.then(lambda t: self._soon(ask.tag, t.outcome))

    def _soon(self, tag: str, outcome: Outcome | None) -> None:
        assert outcome is not None
        self.clock.at(self.clock.now(), lambda: self._do(self.motor.settled, tag, outcome))

    def _later(self, seconds: float, name: str) -> None:
        held = self._timers.pop(name, None)
        if held:
            held.cancel()
        if seconds > 0:
            self._timers[name] = self.clock.at(self.clock.now() + seconds, lambda: self._due(name))

    def _due(self, name: str) -> None:
        self._timers.pop(name, None)
        self._do(self.motor.due, name)

    def _feedback(self, told: Feedback) -> None:
        changes: dict[str, Reading] = {}
        for name, value in told.points.items():
            held = self.state.points.get(name, UNKNOWN)
            if held.value == value and name in self.state.points:
                continue
            cause = self._ticket.id if self._ticket is not None else held.cause if self._still_moving() else ""
            changes[name] = Reading(value, self.clock.wall(), False, False, cause)
        if changes:
            self.state.points.update(changes)
            for listener in self.listeners:
                listener.changed(self, "", changes)

    def _still_moving(self) -> bool:
        moving = self.state.points.get("moving", UNKNOWN)
        return moving.value not in (None, "stopped")

    # ---- what the devices behind it tell -----------------------------------------------------------------------

    def changed(self, player: object, unit: str, points: Mapping[str, Reading]) -> None:
        """News of a relay."""
        if "closed" not in points:
            return
        reading = points["closed"]
        for role, (held, name) in self.roles.items():
            if held is player and name == unit:
                self._do(self.motor.told, role, None if reading.stale else reading.value)

    def availability(self, player: object) -> None:
        """A device behind it came or went."""
        for listener in self.listeners:
            listener.availability(self)

    def offered(self, player: object, unit: str) -> None:
        """What a relay offers is nothing to the motor."""

    def happened(self, player: object, event: Event) -> None:
        """Nor are its events."""
