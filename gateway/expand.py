"""What a room-level command means for the room's parts, and what the parts mean for the room. Pure.

What may not live here: sending anything. Adding or removing equipment changes the expansion, never the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from gateway.commands import (
    Command,
    HangUp,
    Move,
    Route,
    SelectInput,
    SelectSource,
    SetMicMute,
    SetMute,
    SetPower,
    SetVideoMute,
    SetVolume,
)
from gateway.model import Reading
from gateway.spec import PowerSpec

if TYPE_CHECKING:
    from gateway.room import Part, Room

# For each part its commands in order; each waits for the end of the one before, and for its good end after a waking.
Chains: TypeAlias = "Sequence[tuple[Part, Sequence[Command]]]"


def expand(room: Room, command: Command, part_id: str = "") -> Chains:
    """The parts' commands for SetPower or SelectSource on a room, or for SelectSource on one display or output."""
    if isinstance(command, SetPower):
        return power(room, room.spec.power_on if command.on else room.spec.power_off)
    if isinstance(command, SelectSource):
        return source(room, command.source, part_id)
    return []


def power(room: Room, spec: PowerSpec) -> Chains:
    """What turning the room on or off means, by its profile."""
    chains: list[tuple[Part, list[Command]]] = []
    shown = room.spec.sources[spec.source].inputs if spec.source else {}

    def add(part: Part, *commands: Command) -> None:
        wanted = [command for command in commands if part.offers(command.verb)]
        if wanted:
            chains.append((part, wanted))

    for part in room.parts.values():
        match part.kind.name:
            case "calls" if spec.hang_up and any(call.state != "ended" for call in part.reading("calls").value or ()):
                add(part, HangUp())
            case "display":
                add(part, *_display(part, spec, shown.get(part.id, "")))
            case "volume":
                if spec.volume is not None:
                    add(part, SetVolume(min(spec.volume, room.spec.maximum_volume)))
                if spec.mute is not None:
                    add(part, SetMute(spec.mute))
            case "mics" if spec.mic_mute is not None:
                add(part, SetMicMute(spec.mic_mute))
            case "camera" if spec.video_mute is not None:
                add(part, SetVideoMute(spec.video_mute))
            case "screen" if spec.screens is not None and not part.spec.members:
                add(part, Move(spec.screens))
            case "shade" if spec.shades is not None and not part.spec.members:
                add(part, Move(spec.shades))
            case "codec" if spec.codec is not None:
                add(part, SetPower(spec.codec))
    if spec.source:
        chains += _routes(room, spec.source, shown)
        chains += [] if spec.screens else _screens(room, shown)
    return chains


def _display(part: Part, spec: PowerSpec, shown: str) -> list[Command]:
    """A display takes an input only while it is on: first on and then the input, first the input and then off."""
    wanted = shown or (part.default_input if spec.inputs else "")
    lit = part.reading("power").value == "on" or not part.offers("power")
    switch: list[Command] = [] if spec.displays is None else [SetPower(spec.displays)]
    if shown and not lit and not spec.displays:
        switch = [SetPower(True)]  # what is to be shown wakes its display
    turned_on = bool(switch) and switch[0] == SetPower(True)
    choose: list[Command] = []
    if wanted and (turned_on or (lit and part.reading("input").value != wanted)):
        choose = [SelectInput(wanted)]
    return switch + choose if turned_on else choose + switch


def source(room: Room, name: str, only: str = "") -> Chains:
    """Show a source (`only`: on one display or output): wake its displays, bring it there through every switcher, and
    when a display is on select its input; its screen comes down."""
    spec = room.spec.sources[name]
    wanted = (only,) if only else tuple(spec.inputs)
    chains: list[tuple[Part, list[Command]]] = []
    for part_id in wanted:
        part = room.parts[part_id]
        commands: list[Command] = []
        power_reading = part.reading("power")
        if part.kind.name == "display":
            if part.offers("power") and (power_reading.value != "on" or power_reading.stale):
                commands.append(SetPower(True))
            if spec.ways[part_id].input:
                commands.append(SelectInput(spec.ways[part_id].input))
        if commands:
            chains.append((part, commands))
    return [*chains, *_routes(room, name, wanted), *_screens(room, wanted)]


def _routes(room: Room, name: str, wanted: Iterable[str]) -> list[tuple[Part, list[Command]]]:
    """What each output on the way to these displays takes; no output is on two ways with two inputs."""
    ways = room.spec.sources[name].ways
    routes = {output: taken for part_id in wanted for output, taken in ways[part_id].hops}
    return [(room.parts[output], [Route(taken)]) for output, taken in routes.items()]


def _screens(room: Room, displays: Iterable[str]) -> list[tuple[Part, list[Command]]]:
    """The screens of these displays come down; one that is down stays as it is."""
    screens = dict.fromkeys(filter(None, (room.parts[display].spec.screen for display in displays)))
    parts = [room.parts[screen] for screen in screens]
    return [(part, [Move("down")]) for part in parts if not _lowered(part)]


def _lowered(screen: Part) -> bool:
    position = screen.reading("position")
    at_rest = screen.reading("moving").value in ("stopped", None)
    return (position.value == 100 and not position.stale and at_rest) or not screen.offers("move")


def derive(room: Room, points: Mapping[str, Reading]) -> Iterator[tuple[str, str, Reading]]:
    """What follows from a change of `points` somewhere in the room: (part id or "room", point, reading)."""
    if "power" in points:
        yield "room", "power", _power(room, points["power"])
    if room.spec.sources and ("power" in points or "input" in points):
        news = points.get("input") or points["power"]
        shown = {part.id: _shown(room, part, news) for part in room.parts.values() if part.sources}
        for part_id, reading in shown.items():
            yield part_id, "source", reading
        yield "room", "source", _source(room, shown, news)


def _power(room: Room, news: Reading) -> Reading:
    """On as soon as one display (without displays: the codec) is on; off when all are off; unknown while any is."""
    players = [part for part in room.parts.values() if part.kind.name == "display" and part.offers("power")]
    players = players or [part for part in room.parts.values() if part.kind.name == "codec"]
    readings = [part.reading("power") for part in players]
    values = ["off" if reading.value == "standby" else reading.value for reading in readings]
    value = next((state for state in ("on", "warming", "cooling") if state in values), None)
    if value is None and values and all(state == "off" for state in values):
        value = "off"
    return _from(value, readings, news)


def _shown(room: Room, part: Part, news: Reading) -> Reading:
    """The source that a display shows, or that comes out of an output: from its input back through every switcher."""
    for name in part.sources:
        way = room.spec.sources[name].ways[part.id]
        passed = [(room.parts[output].reading("input"), taken) for output, taken in way.hops]
        if part.kind.name == "display":
            if part.offers("power") and part.reading("power").value != "on":
                return _from(None, [], news)
            passed += [(part.reading("input"), way.input)] if way.input else []
        if passed and all(reading.value == wanted for reading, wanted in passed):
            return _from(name, [reading for reading, _ in passed], news)
    return _from(None, [], news)


def _source(room: Room, shown: Mapping[str, Reading], news: Reading) -> Reading:
    """The source all of whose displays show it."""
    for spec in room.spec.sources.values():
        readings = [shown[part_id] for part_id in spec.inputs]
        if readings and all(reading.value == spec.name for reading in readings):
            return _from(spec.name, readings, news)
    return _from(None, [], news)


def _from(value: str | None, readings: Sequence[Reading], news: Reading) -> Reading:
    return Reading(
        value,
        news.since,
        confirmed=all(reading.confirmed for reading in readings) and bool(readings),
        stale=any(reading.stale for reading in readings),
        cause=news.cause,
    )
