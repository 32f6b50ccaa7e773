"""What an installer tries in a room before handing it over: for each part a few commands, and what must come of them.

Pure: made from what the room knows and offers now. What may not live here: carrying them out, paper (`sheet.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.commands import (
    Command,
    Dial,
    HangUp,
    Move,
    Route,
    SelectInput,
    SelectSource,
    SetIndicator,
    SetLevel,
    SetMicMute,
    SetMute,
    SetPower,
    SetRelay,
    SetTilt,
    SetVideoMute,
    SetVolume,
    Share,
    Stop,
    StopShare,
)

if TYPE_CHECKING:
    from gateway.room import Part, Room

STEP = 10  # by how much the volume is moved
HALF_WAY = 2.0  # seconds that a motor runs before it is stopped


@dataclass(frozen=True)
class Step:
    """One command; `hold` seconds to look at it before the next."""

    command: Command
    hold: float = 0.0


@dataclass(frozen=True)
class Trial:
    """One thing to try. `part` "" = the room itself. `looks`: what a person should see or hear; `undo`: how to leave
    it when it is broken off; `careful`: never without a person's word (an outlet may feed anything)."""

    id: str
    part: str
    title: str
    looks: str
    steps: tuple[Step, ...]
    undo: tuple[Command, ...] = field(default=())
    careful: bool = False


def trials(room: Room, dial: str = "") -> list[Trial]:
    """Everything to try in a room, in the order of a walk: pictures, sound, motors, light, power, calls."""
    found: list[Trial] = []
    order = list(MAKERS)
    parts = sorted(room.parts.values(), key=lambda part: order.index(part.kind.name) if part.kind.name in order else 99)
    for part in parts:
        make = MAKERS.get(part.kind.name)
        if make is not None:
            found += [trial for trial in make(room, part) if _offered(part, trial)]
        if part.kind.name == "display" and part is [one for one in parts if one.kind.name == "display"][-1]:
            found += _sources(room)
    if dial and any(part.kind.name == "calls" for part in parts):
        found.append(_call(next(part for part in parts if part.kind.name == "calls"), dial))
    return found


def _offered(part: Part, trial: Trial) -> bool:
    return all(part.offers(step.command.verb) for step in trial.steps)


def _trial(part: Part, what: str, title: str, looks: str, *steps: Step | Command, **more: Any) -> Trial:
    made = tuple(step if isinstance(step, Step) else Step(step) for step in steps)
    return Trial(f"{part.id}/{what}", part.id, f"{part.label}: {title}", looks, made, **more)


def _known(part: Part, point: str, otherwise: Any) -> Any:
    value = part.reading(point).value
    return otherwise if value is None else value


def _switch(part: Part, what: str, make: Callable[[bool], Command], point: str, title: str, looks: str) -> Trial:
    """Over, and back to what it was."""
    before = bool(_known(part, point, False))
    return _trial(part, what, title, looks, Step(make(not before), 1.0), Step(make(before)), undo=(make(before),))


def _volume(room: Room, part: Part) -> Iterator[Trial]:
    most = room.spec.maximum_volume
    before = min(_known(part, "volume", most // 3), most)
    other = before + STEP if before + STEP <= most else max(0, before - STEP)
    looks = "The sound becomes louder or softer, and then as before."
    back = SetVolume(before)
    yield _trial(part, "volume", f"volume {other} and back", looks, Step(SetVolume(other), 1.0), back, undo=(back,))
    yield _switch(part, "mute", SetMute, "muted", "mute and back", "The sound goes off, and comes back.")


def _mics(room: Room, part: Part) -> Iterator[Trial]:
    looks = "The microphones show that they are muted, and not any more."
    yield _switch(part, "mic-mute", SetMicMute, "mic_muted", "mute and back", looks)
    if part.offers("indicator"):
        yield _switch(part, "indicator", SetIndicator, "indicator", "lamp", "The microphone's lamp changes, and back.")


def _camera(room: Room, part: Part) -> Iterator[Trial]:
    looks = "The picture to the far end goes off, and comes back."
    yield _switch(part, "video-mute", SetVideoMute, "video_muted", "picture off and back", looks)


def _display(room: Room, part: Part) -> Iterator[Trial]:
    yield _trial(part, "on", "on", "It comes on.", SetPower(True))
    inputs = [source.inputs[part.id] for source in room.spec.sources.values() if part.id in source.inputs]
    for name in dict.fromkeys(filter(None, (*inputs, part.default_input))):
        steps = (*([SetPower(True)] if part.offers("power") else []), SelectInput(name))
        yield _trial(part, f"input {name}", f"input {name}", f"It shows input {name}.", *steps)


def _sources(room: Room) -> Iterator[Trial]:
    for source in room.spec.sources.values():
        looks = f"{source.label} is to be seen where it should be."
        yield Trial(
            f"room/source {source.name}", "", f"Source {source.label}", looks, (Step(SelectSource(source.name)),)
        )


def _motor(room: Room, part: Part) -> Iterator[Trial]:
    looks = "It moves down (or closes), stops on the way, and goes up (or opens)."
    steps = (Step(Move("down"), HALF_WAY), Step(Stop(), 1.0), Step(Move("up")))
    yield _trial(part, "motion", "down, stop, up", looks, *steps, undo=(Stop(),))
    if part.offers("tilt"):
        before = SetTilt(_known(part, "tilt", 0))
        yield _trial(part, "tilt", "slats", "The slats turn, and back.", Step(SetTilt(50), 1.0), before, undo=(before,))


def _output(room: Room, part: Part) -> Iterator[Trial]:
    there = part.reading("input").value
    if there:
        yield _trial(part, "route", f"input {there}", f"It takes input {there}.", Route(there))


def _light(room: Room, part: Part) -> Iterator[Trial]:
    before = SetLevel(_known(part, "level", 100))
    steps = (Step(SetLevel(100), 1.0), Step(SetLevel(0), 1.0), before)
    yield _trial(
        part, "level", "bright, dark, as before", "It becomes bright, dark, and as before.", *steps, undo=(before,)
    )


def _share(room: Room, part: Part) -> Iterator[Trial]:
    looks = "The content is to be seen in the room, and not any more."
    yield _trial(part, "share", "share and end", looks, Step(Share(), 2.0), StopShare(), undo=(StopShare(),))


def _codec(room: Room, part: Part) -> Iterator[Trial]:
    yield _trial(part, "wake", "wake", "The codec is awake.", SetPower(True))


def _relay(room: Room, part: Part) -> Iterator[Trial]:
    before = bool(_known(part, "closed", False))
    steps = (Step(SetRelay(not before), 1.0), SetRelay(before))
    yield _trial(
        part, "relay", "over and back", "What hangs on it changes, and back.", *steps, undo=(steps[1],), careful=True
    )


def _outlet(room: Room, part: Part) -> Iterator[Trial]:
    before = _known(part, "power", "on") == "on"
    steps = (Step(SetPower(not before), 2.0), SetPower(before))
    looks = "What hangs on it loses its power, and gets it back."
    yield _trial(part, "power", "over and back", looks, *steps, undo=(steps[1],), careful=True)


def _call(part: Part, address: str) -> Trial:
    looks = "The far end is called, and the call ends."
    return _trial(
        part, "call", f"call {address}", looks, Step(Dial(address), 5.0), HangUp(), undo=(HangUp(),), careful=True
    )


MAKERS: dict[str, Callable[[Room, Part], Iterator[Trial]]] = {
    "codec": _codec,
    "display": _display,
    "output": _output,
    "volume": _volume,
    "mics": _mics,
    "microphone": _mics,
    "camera": _camera,
    "share": _share,
    "screen": _motor,
    "shade": _motor,
    "light": _light,
    "relay": _relay,
    "outlet": _outlet,
}
