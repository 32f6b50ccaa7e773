"""Several screens or shades as one part: what is known of all of them, and what a command means for each. Pure.

To the room it is a player like a device. What may not live here: sending anything (the room asks the members).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.commands import Command, Move, RecallPreset, SetPosition
from gateway.device import Device, Listener, Player, Unit
from gateway.driver import Request
from gateway.model import Event, Outcome, Reading, Reason, Result
from gateway.spec import PresetSpec
from gateway.ticket import Ticket, new_id

if TYPE_CHECKING:
    from gateway.part import Part

POINTS = ("position", "moving", "tilt")
Member = tuple[Player, str]


class Group:
    """The members' state as one; `members` by part id. A point that they do not agree on is not known."""

    def __init__(self, name: str, members: Mapping[str, Member], presets: Sequence[PresetSpec], *, clock: Any) -> None:
        self.name = name
        self.members = members
        self.presets = presets
        self.clock = clock
        self.listeners: list[Listener] = []
        self.state = Unit("")
        self.devices: list[Device] = []
        for player in {id(player): player for player, _ in members.values()}.values():
            behind = [player] if isinstance(player, Device) else getattr(player, "devices", ())
            self.devices += [device for device in behind if device not in self.devices]
            player.listeners.append(self)
        if presets:
            self.state.choices = {"preset": {str(n): preset.name for n, preset in enumerate(presets, 1)}}
        self._offers()

    @property
    def online(self) -> bool:
        """True while one of its members is: the others are told of by their own outcomes."""
        return any(player.online for player, _ in self.members.values())

    @property
    def reason(self) -> Reason | None:
        """Why none of its members is online: the first one's reason."""
        return None if self.online else next((p.reason for p, _ in self.members.values() if p.reason), None)

    @property
    def words(self) -> str:
        """Who is away."""
        away = [part for part, (player, _) in self.members.items() if player.reason is not None and not player.online]
        return f"away: {', '.join(away)}" if away else ""

    def unit(self, name: str) -> Unit:
        """Its one unit."""
        return self.state

    def submit(
        self, command: Command, unit: str = "", *, cause: str = "", identity: str = "", urgent: bool = False
    ) -> Ticket:
        """Nobody does this: the room asks each member, so that each has an outcome of its own."""
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, self.clock.now())
        ticket.settle(Outcome(Result.REFUSED, f"{self.name} is a group; ask the room"), self.clock.now())
        return ticket

    def chains(self, command: Command, parts: Mapping[str, Part]) -> list[tuple[Part, list[Command]]]:
        """What a command means for each member that can do it."""
        if isinstance(command, RecallPreset) and self.presets:
            if not 1 <= command.preset <= len(self.presets):
                raise ValueError(f"{self.name} has the presets 1 to {len(self.presets)}, not {command.preset}")
            places = self.presets[command.preset - 1].positions
            return [(parts[member], [_to(parts[member], percent)]) for member, percent in places.items()]
        members = [parts[member] for member in self.members]
        return [(part, [command]) for part in members if part.offers(command.verb)]

    # ---- what the members tell ---------------------------------------------------------------------------------

    def changed(self, player: object, unit: str, points: Mapping[str, Reading]) -> None:
        """News of a member."""
        if any(held is player and name == unit for held, name in self.members.values()):
            self._tell(next(iter(points.values())))

    def availability(self, player: object) -> None:
        """A member came or went."""
        for listener in self.listeners:
            listener.availability(self)

    def offered(self, player: object, unit: str) -> None:
        """A member offers other things now."""
        self._offers()
        for listener in self.listeners:
            listener.offered(self, "")

    def happened(self, player: object, event: Event) -> None:
        """Events are its members' own."""

    def _offers(self) -> None:
        told = [player.unit(unit).offers for player, unit in self.members.values()]
        if any(offers is None for offers in told):
            self.state.offers = None
            return
        offers = frozenset().union(*(offers or () for offers in told))
        preset: frozenset[type[Command]] = frozenset({RecallPreset}) if self.presets else frozenset()
        self.state.offers = offers | preset

    def _tell(self, news: Reading) -> None:
        changes: dict[str, Reading] = {}
        for name in (*POINTS, "preset"):
            reading = self._preset(news) if name == "preset" else self._one(name, news)
            held = self.state.points.get(name)
            if reading is None or (held is not None and _same(held, reading)):
                continue
            changes[name] = reading
        self.state.points.update(changes)
        for listener in self.listeners if changes else ():
            listener.changed(self, "", changes)

    def _one(self, name: str, news: Reading) -> Reading | None:
        """What the members agree on; None where none of them tells it."""
        told = [player.unit(unit).points.get(name) for player, unit in self.members.values()]
        readings = [reading for reading in told if reading is not None]
        if not readings:
            return None
        values = {reading.value for reading in readings}
        if name == "moving" and len(values) > 1:
            values -= {"stopped"}  # some move, and some have arrived: the group moves
        agreed = len(values) == 1 and (name == "tilt" or len(readings) == len(self.members))
        return _reading(values.pop() if agreed else None, readings, news)

    def _preset(self, news: Reading) -> Reading | None:
        if not self.presets:
            return None
        readings = {part: player.unit(unit).points.get("position") for part, (player, unit) in self.members.items()}
        known = [reading for reading in readings.values() if reading is not None]
        for preset in self.presets:
            held = [readings[member] for member in preset.positions]
            wanted = preset.positions.values()
            if all(one is not None and one.value == at for one, at in zip(held, wanted, strict=True)):
                return _reading(preset.name, known, news)
        return _reading(None, known, news)


def _to(part: Part, percent: int) -> Command:
    """A position, or where it takes none, the end that is meant."""
    if not part.offers("position") and percent in (0, 100):
        return Move("down" if percent else "up")
    return SetPosition(percent)


def _same(held: Reading, new: Reading) -> bool:
    return (held.value, held.confirmed, held.stale) == (new.value, new.confirmed, new.stale)


def _reading(value: Any, readings: Sequence[Reading], news: Reading) -> Reading:
    return Reading(
        value,
        news.since,
        confirmed=value is not None and all(reading.confirmed for reading in readings),
        stale=any(reading.stale for reading in readings),
        cause=news.cause,
    )
