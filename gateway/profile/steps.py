"""A command as a profile writes it, `{ do = "volume", level = 40 }`: read into the command classes, or complained of.

The words are those of the API: `do` and `part`, and the fields of the command. What may not live here: what a list of
steps is for (scenes below, keys in `layout.py`), running them (`scenes.py`).
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.commands import (
    COMMANDS,
    MEETING_VERBS,
    ROOM_VERBS,
    CallForHelp,
    Command,
    Rows,
    RunScene,
    SelectSource,
    SetVolume,
    StepVolume,
    Toggle,
    answers_for,
    types_of,
)
from gateway.complaint import Table, did_you_mean, secret, shown
from gateway.model import KINDS
from gateway.motion import Motor

if TYPE_CHECKING:
    from gateway.spec import DeviceSpec, PartSpec, Target

# What a scene may not hold: it says what shall be, so that running it twice is as good as once.
NOT_IN_SCENES: Mapping[type[Command], str] = {
    Toggle: "a scene says what shall be, so it turns nothing over",
    StepVolume: "a scene says what shall be, so it takes no step",
    RunScene: "a scene runs no other scene",
    CallForHelp: "help is called for by a person",
    **{COMMANDS[verb]: "meetings are joined and booked by a person" for verb in MEETING_VERBS},
}


@dataclass(frozen=True)
class Step:
    """One command, and the part that it is for; `part` "" = the room itself."""

    command: Command
    part: str = ""


@dataclass(frozen=True)
class SceneSpec:
    """A scene: what shall be in the room, as steps. Steps of one part run in order, different parts at once."""

    name: str
    label: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Known:
    """What a step may speak of. `asked`: parts that stand in the profile but could not be read; `devices`: by id."""

    parts: Mapping[str, PartSpec]
    sources: Collection[str] = ()
    scenes: Collection[str] = ()
    maximum_volume: int = 100
    asked: Collection[str] = field(default=())
    meetings: bool = False  # a calendar tells the next meeting
    devices: Mapping[str, DeviceSpec] = field(default_factory=dict)
    language: str = "en"
    _may: dict[Target, frozenset[type[Command]] | None] = field(default_factory=dict, init=False, compare=False)

    def could(self, part: PartSpec, verb: str) -> bool:
        """Whether the part may ever come to take a verb of its kind, as far as that is known without its device."""
        if part.motion is not None:
            return answers_for(verb, Motor.offers)
        device = self.devices.get(part.target.device) if part.target is not None else None
        if device is None or part.target is None or verb == SelectSource.verb:
            return True
        if part.target not in self._may:
            self._may[part.target] = device.driver(device.settings).may_take(part.target.unit)
        return answers_for(verb, self._may[part.target])

    def taker(self, verb: str) -> PartSpec | None:
        """The part of a kind that a room has one of that takes a verb; of several, one whose device may."""
        takers = [part for part in self.parts.values() if part.kind.single and verb in part.kind.verbs]
        return next((part for part in takers if self.could(part, verb)), takers[0] if takers else None)

    def player(self, part: PartSpec) -> str:
        """Who plays a part, in words."""
        device = self.devices.get(part.target.device) if part.target is not None else None
        return f"{device.driver.name} as {part.id}" if device is not None else part.id


def named_parts(top: Table) -> set[str]:
    """The ids of all parts that a profile names, also of those that could not be read."""
    parts = top.data.get("parts")
    found: set[str] = set()
    for key, value in parts.items() if isinstance(parts, Mapping) else ():
        kind = KINDS.get(key)
        if kind is None or kind.single or not isinstance(value, Mapping):
            found.add(key)
        else:
            found.update(f"{key}.{name}" for name in value)
    return found


def read_scenes(top: Table, known: Known) -> dict[str, SceneSpec]:
    """All `[scenes.NAME]` of a room."""
    scenes: dict[str, SceneSpec] = {}
    for name, table in top.tables("scenes").items():
        label = table.take("label", str, name.replace("-", " ").title())
        listed = table.take("steps", list)
        if listed == []:
            table.complain("steps", "found an empty list", 'expected such as { do = "volume", level = 40 }')
        steps = [read_step(table, f"steps[{n}]", entry, known, scene=True) for n, entry in enumerate(listed or (), 1)]
        table.finish()
        scenes[name] = SceneSpec(name, label, tuple(step for step in steps if step is not None))
    return scenes


def read_step(above: Table, key: str, entry: Any, known: Known, *, scene: bool = False) -> Step | None:
    """One step; None, with a complaint, where it is none. `scene`: only what a scene may hold."""
    if not isinstance(entry, Mapping):
        above.complain(key, f"found {shown(entry)}", 'expected a table such as { do = "volume", level = 40 }')
        return None
    table = Table(above.file, f"{above.path}.{key}", entry, above.complaints)
    verbs = {verb: cls for verb, cls in COMMANDS.items() if cls.public and not issubclass(cls, Rows)}
    verb: str | None = table.take("do", str, choices=verbs)
    if verb is None:
        return None
    barred = NOT_IN_SCENES.get(verbs[verb]) if scene else None
    if barred:
        table.complain("do", f"found {verb!r}", barred)
        return None
    part = _part(table, verb, known)
    command = _command(table, verbs[verb])
    table.finish()
    if part is None or command is None or not _fits(table, command, known):
        return None
    return Step(command, part)


def _part(table: Table, verb: str, known: Known) -> str | None:
    """The part a step is for: the one it names, else the room for the room's own verbs, else the only one there is."""
    named: str = table.take("part", str, "")
    if named:
        part = known.parts.get(named)
        if part is None:
            if named not in known.asked:  # else it was complained of where it stands
                table.complain("part", f"no part {named!r}", did_you_mean(named, {*known.parts, *known.asked}))
            return None
        if verb not in part.kind.verbs:
            takes = ", ".join(part.kind.verbs) or "no command"
            table.complain("do", f"a {part.kind.name} does not take {verb!r}", f"it takes: {takes}")
            return None
        return named if _can(table, "do", verb, part, known) else None
    if verb in ROOM_VERBS:
        return ""
    single = known.taker(verb)
    if single is not None:
        return single.id if _can(table, "do", verb, single, known) else None
    takers = [part for part in known.parts.values() if verb in part.kind.verbs]
    if takers:
        table.complain("part", "missing", f"expected one of: {', '.join(part.id for part in takers)}")
    elif not any(_unread(asked, verb) for asked in known.asked):
        table.complain("do", f"nothing in this room plays {verb!r}", _plays(known))
    return None


def _can(table: Table, key: str, verb: str, part: PartSpec, known: Known) -> bool:
    """Complain of what the device that plays the part can never do."""
    if known.could(part, verb):
        return True
    able = ", ".join(one for one in part.kind.verbs if known.could(part, one)) or "no command"
    table.complain(key, f"{known.player(part)} does not take {verb!r}", f"it takes: {able}")
    return False


def _unread(asked: str, verb: str) -> bool:
    """Whether a part that could not be read is of a kind that takes the verb."""
    kind = KINDS.get(asked.partition(".")[0])
    return kind is not None and verb in kind.verbs


def _plays(known: Known) -> str:
    verbs = sorted({*ROOM_VERBS, *(verb for part in known.parts.values() for verb in part.kind.verbs)})
    return f"it takes: {', '.join(verbs)}"


def _command(table: Table, cls: type[Command]) -> Command | None:
    hints = types_of(cls)
    values: dict[str, Any] = {}
    before = len(table.complaints)
    for f in dataclasses.fields(cls):
        hint, needed = hints[f.name], f.default is dataclasses.MISSING
        if f.name not in table.data and not needed:
            table.taken.add(f.name)
            continue
        if f.metadata.get("secret") and isinstance(table.data.get(f.name), Mapping):
            value, words = secret(table, f.name)
            if value is None:
                table.complain(f.name, words, "expected the secret to be there", grave=False)
                return None
        elif typing.get_origin(hint) is typing.Literal:
            value = table.take(f.name, str, choices=typing.get_args(hint))
        else:
            value = table.take(f.name, hint)
        values[f.name] = value
    if len(table.complaints) > before:
        return None
    try:
        return cls(**values)
    except ValueError as error:
        table.complain("", str(error), cls.doc[:1].lower() + cls.doc[1:].rstrip("."))
        return None


def _fits(table: Table, command: Command, known: Known) -> bool:
    """The room's own limits, as `Room.check` knows them."""
    if isinstance(command, SetVolume) and command.level > known.maximum_volume:
        table.complain("level", f"found {command.level}", f"this room's maximum volume is {known.maximum_volume}")
    elif isinstance(command, SelectSource) and command.source not in known.sources:
        table.complain("source", f"no source {command.source!r}", did_you_mean(command.source, known.sources))
    elif isinstance(command, RunScene) and command.scene not in known.scenes:
        table.complain("scene", f"no scene {command.scene!r}", did_you_mean(command.scene, known.scenes))
    elif isinstance(command, Toggle) and command.what != "power":
        return _turns(table, command.what, known)
    elif command.verb in MEETING_VERBS and not known.meetings:
        table.complain("do", f"found {command.verb!r} in a room without a calendar", "expected [meetings]")
    else:
        return True
    return False


def _turns(table: Table, what: str, known: Known) -> bool:
    """Whether there is a switch in the room that `toggle` turns over."""
    part = known.taker(what)
    if part is not None:
        return _can(table, "what", what, part, known)
    if not any(KINDS[asked].single and _unread(asked, what) for asked in known.asked if asked in KINDS):
        table.complain("what", f"nothing in this room plays {what!r}", _plays(known))
    return False
