"""What a room-level command means for the room's parts, and what the parts mean for the room. Pure.

What may not live here: sending anything. Adding or removing equipment changes the expansion, never the command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from gateway.commands import (
    Command,
    HangUp,
    Move,
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


def expand(room: Room, command: Command) -> Chains:
    """The parts' commands for SetPower or SelectSource on a room."""
    if isinstance(command, SetPower):
        return power(room, room.spec.power_on if command.on else room.spec.power_off)
    if isinstance(command, SelectSource):
        return source(room, command.source)
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
            case "screen" if spec.screens is not None:
                add(part, Move(spec.screens))
            case "shade" if spec.shades is not None:
                add(part, Move(spec.shades))
            case "codec" if spec.codec is not None:
                add(part, SetPower(spec.codec))
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


def source(room: Room, name: str) -> Chains:
    """Show a source: wake its displays, and when they are on, select its input."""
    chains: list[tuple[Part, list[Command]]] = []
    for part_id, wanted in room.spec.sources[name].inputs.items():
        part = room.parts[part_id]
        commands: list[Command] = []
        power_reading = part.reading("power")
        if part.offers("power") and (power_reading.value != "on" or power_reading.stale):
            commands.append(SetPower(True))
        commands.append(SelectInput(wanted))
        chains.append((part, commands))
    return chains


def derive(room: Room, points: Mapping[str, Reading]) -> Iterator[tuple[str, Reading]]:
    """The room's own points that follow from a change of `points` somewhere in it."""
    if "power" in points:
        yield "power", _power(room, points["power"])
    if "power" in points or "input" in points:
        yield "source", _source(room, points.get("input") or points["power"])


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


def _source(room: Room, news: Reading) -> Reading:
    """The source all of whose displays are on and show it."""
    for spec in room.spec.sources.values():
        parts = [room.parts[part_id] for part_id in spec.inputs]
        shown = [part.reading("input") for part in parts]
        if all(
            reading.value == spec.inputs[part.id] and (not part.offers("power") or part.reading("power").value == "on")
            for part, reading in zip(parts, shown, strict=True)
        ):
            return _from(spec.name, shown, news)
    return _from(None, [], news)


def _from(value: str | None, readings: Sequence[Reading], news: Reading) -> Reading:
    return Reading(
        value,
        news.since,
        confirmed=all(reading.confirmed for reading in readings) and bool(readings),
        stale=any(reading.stale for reading in readings),
        cause=news.cause,
    )
