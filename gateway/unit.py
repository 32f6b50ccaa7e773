"""What is known of one unit of a device, and which commands that proves; who plays a part, and who listens to it.

What may not live here: queues, links, drivers: a Unit is told, and answers from what it was told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.commands import Command
from gateway.driver import Feedback
from gateway.model import POINTS, UNKNOWN, Call, Event, Outcome, Reading, Reason, Result
from gateway.ticket import Ticket

SAME_START = 5.0  # seconds by which a codec's duration may differ from ours: it counts in whole seconds, and late
BLAMED = 4  # commands that are remembered for a point: more are not on their way at a time


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
    """One unit's points, what it offers, and the commands under way for it."""

    name: str
    points: dict[str, Reading] = field(default_factory=dict)
    offers: frozenset[type[Command]] | None = None  # None: not told yet
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gone: bool = False  # it was there, and its driver said that it is not any more
    flight: dict[str, Ticket] = field(default_factory=dict)  # commands that have no outcome yet
    # Points that a command on the wire may be changing right now -> until when its news may still be on its way.
    disturbed: dict[str, float] = field(default_factory=dict)
    blame: dict[str, list[tuple[Ticket, float]]] = field(default_factory=dict)  # point -> commands that may change it

    # ---- what it is told -------------------------------------------------------------------------------------

    def hear(self, told: Feedback, wall: float, now: float, by: Ticket | None = None) -> dict[str, Reading]:
        """Note what the device told (`by`: the command that its driver is putting into words, and may believe
        something of); returns what has changed. Raises ValueError for a point or value that is none."""
        for name, value in told.points.items():
            point = POINTS.get(name)
            complaint = f"undeclared point {name!r}" if point is None else point.complaint(value)
            if complaint:
                raise ValueError(complaint)
        changes: dict[str, Reading] = {}
        for name, value in told.points.items():
            if name == "calls" and value:
                value = dated(value, self.points.get(name, UNKNOWN).value or (), wall)
            self.disturbed.pop(name, None)
            held = self.points.get(name, UNKNOWN)
            confirmed = not told.assumed and value is not None
            if held.value == value and held.confirmed == confirmed and not held.stale and name in self.points:
                continue
            if held.value == value and value is not None:  # the same, but more or less surely, or seen again
                changes[name] = Reading(value, held.since, confirmed, False, held.cause)
            else:
                changes[name] = Reading(value, wall, confirmed, False, self._cause(name, value, now, by))
        self.points.update(changes)
        self._settle_blame(told.points)
        return changes

    def _settle_blame(self, points: Mapping[str, Any]) -> None:
        """A lasting command that is done and has had its effect is the cause of nothing from now on: a screen that
        stands again, and then moves, is moved by somebody else."""
        for name, held in list(self.blame.items()):
            spent = [at for at, (ticket, _) in enumerate(held) if _done(ticket) and ticket.command.over(name, points)]
            if spent:
                del held[: spent[-1] + 1]
            if not held:
                del self.blame[name]

    def fade(self) -> dict[str, Reading]:
        """The device is away: all that is known is from before. Returns what has changed by that."""
        self.disturbed.clear()
        self.blame.clear()
        stale = {name: dataclasses.replace(held, stale=True) for name, held in self.points.items() if not held.stale}
        self.points.update(stale)
        return stale

    def left(self, ticket: Ticket, now: float, until: float, *, shown: bool) -> None:
        """The first bytes of a command have left; `shown`: the points show it already."""
        command = ticket.command
        for name in command.touches:
            self.blame[name] = [*self.blame.get(name, ())[-BLAMED + 1 :], (ticket, until)]
        if not shown:
            self.disturbed.update(dict.fromkeys(command.touches.union(command.shown()), until))

    def ended(self, ticket: Ticket, outcome: Outcome) -> None:
        """A command has its outcome. One that had its effect, or can have none, is the cause of nothing from now on."""
        self.flight.pop(ticket.id, None)
        if outcome.good and ticket.command.lasting:
            return
        for name in [name for name, held in self.blame.items() if any(blamed is ticket for blamed, _ in held)]:
            at = next(index for index, (blamed, _) in enumerate(self.blame[name]) if blamed is ticket)
            if outcome.good:
                del self.blame[name][: at + 1]  # what was sent before it had its effect, too
            elif outcome.result is Result.REFUSED:
                del self.blame[name][at]
            if not self.blame[name]:
                del self.blame[name]

    # ---- what it can say -------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """The points that hold now."""
        return {name: held.value for name, held in self.points.items() if not held.stale}

    def steady(self, command: Command, now: float) -> bool:
        """Whether no news of the points that `command` is about can still be on its way."""
        return all(self.disturbed.get(name, now) <= now for name in command.shown())

    def proved(self, command: Command) -> Outcome:
        """The outcome of a command that the points show: one that only an assumption shows is only assumed."""
        names = command.shown() or command.touches
        held = [self.points[name] for name in names if name in self.points]
        sure = all(reading.confirmed for reading in held) if command.shown() else _any_confirmed(held)
        return Outcome(Result.CONFIRMED if sure else Result.ASSUMED)

    def _cause(self, name: str, value: Any, now: float, by: Ticket | None) -> str:
        """The command that brought a value about: the newest that wanted it, else the newest that may have."""
        if by is not None and by.request.unit == self.name and name in by.command.touches:
            return by.id
        before = self.points.get(name, UNKNOWN).value
        blamed = [
            ticket
            for ticket, until in self.blame.get(name, ())
            if until >= now and not (_done(ticket) and not ticket.command.brings(name, before, value))
        ]
        for ticket in reversed(blamed):
            wanted = ticket.command.shown().get(name)
            if wanted is not None and (value in wanted if isinstance(wanted, frozenset) else value == wanted):
                return ticket.id
        return blamed[-1].id if blamed else ""


def _done(ticket: Ticket) -> bool:
    return ticket.outcome is not None and ticket.outcome.good


def dated(calls: tuple[Call, ...], before: tuple[Call, ...], wall: float) -> tuple[Call, ...]:
    """The calls with their starts: as known before, unless the codec's own duration says otherwise."""
    starts = {call.id: call.start for call in before}
    return tuple(dataclasses.replace(call, start=_start(call, starts.get(call.id), wall)) for call in calls)


def _start(call: Call, held: float | None, wall: float) -> float | None:
    if call.state in ("dialling", "ringing"):
        return None  # an id that was used before
    if call.state not in ("connected", "on hold"):
        return held
    told = None if call.duration is None else wall - call.duration
    if held is not None and (told is None or abs(told - held) < SAME_START):
        return held
    return round(wall if told is None else told, 1)


def _any_confirmed(held: list[Reading]) -> bool:
    """A driver's own proof stands unless all that it touches is only assumed."""
    return not held or any(reading.confirmed for reading in held)
