"""The half of a profile that says who plays what: parts, groups, and what power means. Read by `profile.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.complaint import Table, did_you_mean, shown
from gateway.model import KINDS, Kind
from gateway.motion import MotionSpec
from gateway.profile.paths import Reach, connect
from gateway.spec import DeviceSpec, PartSpec, PowerSpec, PresetSpec, SourceSpec, StartsSpec, Target
from gateway.wiring import CONTACTS

# wiring -> the roles that units play in it: the contacts, or the motor's own controller
ROLES: Mapping[str, tuple[str, ...]] = {**{str(name): held for name, held in CONTACTS.items()}, "motor": ("motor",)}
MOTORS = ("screen", "shade")
# What a part says of other parts: it is read when all of them are.
AFTERWARDS: Mapping[str, tuple[str, ...]] = {
    "output": ("feeds",),
    "display": ("screen",),
    **dict.fromkeys(MOTORS, ("members", "presets")),
}


def read_parts(table: Table, devices: Mapping[str, DeviceSpec], asked: set[str]) -> dict[str, PartSpec]:
    """All parts of a room. `asked`: device names that the profile has but that could not be read."""
    parts: dict[str, PartSpec] = {}
    tables: dict[str, Table] = {}
    for key, value in table.data.items():
        table.taken.add(key)
        kind = KINDS.get(key)
        if kind is None:
            table.complain(key, "no such kind of part", did_you_mean(key, KINDS))
            continue
        if kind.single:
            entries = {"": value}
        elif isinstance(value, Mapping):
            entries = dict(value)
        else:
            table.complain(key, "found one without a name", f"expected {key}.NAME, such as {key}.main")
            continue
        for name, entry in entries.items():
            part = _read_part(table, kind, name, entry, devices, asked)
            if part is not None:
                parts[part.id] = part
                tables[part.id] = Table(
                    table.file, f"{table.path}.{part.id}", entry if isinstance(entry, Mapping) else {}, table.complaints
                )
    connect(parts, tables, reach_of(table, parts, devices, asked))
    _screens(table, parts, tables)
    _groups(table, parts, tables)
    return parts


def reach_of(table: Table, parts: Mapping[str, PartSpec], devices: Mapping[str, DeviceSpec], asked: set[str]) -> Reach:
    """What cables may end at in this room; `table` is its `[parts]`."""
    displays = [part.id for part in parts.values() if part.kind.name == "display"]
    named = table.data.get("display")
    asked_displays = {f"display.{name}" for name in named} if isinstance(named, Mapping) else set()
    return Reach(devices, displays, asked, asked_displays)


def _screens(table: Table, parts: dict[str, PartSpec], tables: Mapping[str, Table]) -> None:
    """The screen of each display that names one."""
    screens = {part.name for part in parts.values() if part.kind.name == "screen"}
    named = table.data.get("screen")
    for part_id, part in parts.items():
        if part.kind.name == "display" and (name := tables[part_id].take("screen", str, "")):
            if name in screens:
                parts[part_id] = replace(part, screen=f"screen.{name}")
            elif not (isinstance(named, Mapping) and name in named):  # else it was complained of where it stands
                tables[part_id].complain("screen", f"no screen {name!r}", did_you_mean(name, screens))


def _groups(table: Table, parts: dict[str, PartSpec], tables: Mapping[str, Table]) -> None:
    """The members and presets of each group."""
    for part_id, part in list(parts.items()):
        own = tables[part_id]
        if part.kind.name not in MOTORS or "members" not in own.data:
            if "presets" in own.data:
                own.complain("presets", "found on a part without members", "expected them on a group")
            continue
        named = table.data.get(part.kind.name)
        members: list[str] = []
        for name in own.take("members", list, []):
            member = parts.get(f"{part.kind.name}.{name}")
            if member is not None and "members" in tables[member.id].data:
                own.complain("members", f"{name!r} is a group itself", f"expected single {part.kind.plural}")
            elif member is not None and member.id not in members:
                members.append(member.id)
            elif member is not None:
                own.complain("members", f"{name!r} stands there twice", "expected each once")
            elif not (isinstance(named, Mapping) and name in named):
                known = [one.name for one in parts.values() if one.kind is part.kind and one.id != part_id]
                own.complain("members", f"no {part.kind.name} {name!r}", did_you_mean(str(name), known))
        if not own.data["members"]:
            own.complain("members", "found an empty list", f"expected names of {part.kind.plural}")
        presets = tuple(_presets(own, part.kind, members))
        parts[part_id] = replace(part, members=tuple(members), presets=presets)


def _presets(own: Table, kind: Kind, members: list[str]) -> list[PresetSpec]:
    presets: list[PresetSpec] = []
    for number, entry in enumerate(own.take("presets", list, []), 1):
        if not isinstance(entry, Mapping):
            own.complain("presets", f"found {shown(entry)}", 'expected such as { name = "Film", position = 100 }')
            continue
        table = Table(own.file, f"{own.path}.presets[{number}]", entry, own.complaints)
        name = table.take("name", str) or ""
        everywhere = table.number("position", 0, 0, 100, whole=True) if "position" in entry else None
        positions: dict[str, int] = {}
        for member in members:
            short = member.partition(".")[2]
            at = table.number(short, 0, 0, 100, whole=True) if short in entry else everywhere
            if at is not None:
                positions[member] = at
        if len(members) < len(own.data["members"]):  # what is wrong with them was said already
            table.taken.update(entry)
        elif not positions:
            table.complain("position", "missing", f"expected a position for all, or one by a {kind.name}'s name")
        table.finish()
        presets.append(PresetSpec(name, positions))
    return presets


def read_starts(top: Table) -> StartsSpec:
    """`[motors]`: how many may start together."""
    table = top.table("motors")
    spec = StartsSpec(table.number("together", 0, 0, 100, whole=True), table.number("apart", 1.0, 0.1, 60))
    table.finish()
    return spec


def _read_part(
    table: Table, kind: Kind, name: str, entry: Any, devices: Mapping[str, DeviceSpec], asked: set[str]
) -> PartSpec | None:
    key = f"{kind.name}.{name}" if name else kind.name
    if isinstance(entry, str):
        target = _target(table, key, entry, kind, devices, asked)
        return PartSpec(kind, name, name.replace("-", " ").title() or kind.name.title(), target) if target else None
    if not isinstance(entry, Mapping):
        table.complain(key, f"found {entry!r}", 'expected "DEVICE", "DEVICE/UNIT" or a table')
        return None
    own = Table(table.file, f"{table.path}.{key}", entry, table.complaints)
    label = own.take("label", str, name.replace("-", " ").title() or kind.name.title())
    default_input = own.take("default_input", str, "") if kind.name == "display" else ""
    own.taken.update(AFTERWARDS.get(kind.name, ()))
    part: PartSpec | None = None
    if "members" in own.data and kind.name in MOTORS:
        for key in {"unit", "wiring"} & own.data.keys():
            own.complain(key, "found on a group", "expected either members, or a motor of its own")
            own.taken.add(key)
        part = PartSpec(kind, name, label)
    elif "wiring" in own.data:
        if kind.name not in MOTORS:
            own.complain("wiring", f"found on a {kind.name}", "expected on a screen or shade")
        motion, roles = _read_motion(own, kind, devices, asked)
        if motion is not None:
            part = PartSpec(kind, name, label, None, motion, roles, default_input)
    else:
        text = own.take("unit", str)
        target = _target(own, "unit", text, kind, devices, asked) if text else None
        if target is not None:
            part = PartSpec(kind, name, label, target, None, {}, default_input)
    own.finish()
    return part


def _target(
    table: Table, key: str, text: str, kind: Kind | None, devices: Mapping[str, DeviceSpec], asked: set[str]
) -> Target | None:
    name, _, unit = text.partition("/")
    device = devices.get(name)
    if device is None:
        if name not in asked:  # else it was complained of where it stands
            table.complain(key, f"no device {name!r}", did_you_mean(name, {*devices, *asked}))
        return None
    if device.driver(device.settings).is_surface(unit):
        table.complain(key, f"{text} has keys and plays no part", "expected it in [surfaces.NAME]")
        return None
    if not device.driver(device.settings).valid_unit(unit):
        found = f"{device.driver.name} has no unit {unit!r}" if unit else f"{device.driver.name} needs a unit"
        table.complain(key, found, f'expected "{name}/UNIT" with {device.driver.units or "no unit"}')
        return None
    plays = device.driver.plays
    if kind is not None and plays and kind.name not in plays:
        table.complain(key, f"{device.driver.name} cannot play {kind.name}", f"it plays {', '.join(sorted(plays))}")
        return None
    return Target(device.id, unit)


def _read_motion(
    table: Table, kind: Kind, devices: Mapping[str, DeviceSpec], asked: set[str]
) -> tuple[MotionSpec | None, dict[str, Target]]:
    wiring = table.take("wiring", str, choices=ROLES)
    if wiring is None:
        table.taken.update(table.data)
        return None, {}
    roles: dict[str, Target] = {}
    player = kind if wiring == "motor" else KINDS["relay"]
    for role in ROLES[wiring]:
        text = table.take(role, str)
        target = _target(table, role, text, player, devices, asked) if text else None
        if target is not None:
            if target in roles.values():
                table.complain(role, f"{text} plays two roles", "expected a relay of its own for each")
            roles[role] = target
    motion = MotionSpec(
        wiring=wiring,
        seconds_up=table.number("seconds_up", None, 0.1, 600) or 1.0,
        seconds_down=table.number("seconds_down", None, 0.1, 600) or 1.0,
        pulse=table.number("pulse", 0.5, 0.05, 10),
        dead_time=table.number("dead_time", 0.5, 0.0, 30),
        stop_with=table.take("stop_with", str, "same", choices=("same", "opposite", "none")),
        first=table.take("first", str, "up", choices=("up", "down")),
    )
    return (motion if len(roles) == len(ROLES[wiring]) else None), roles


def read_power(
    top: Table, sources: Mapping[str, SourceSpec], maximum: int, default: int | None
) -> tuple[PowerSpec, PowerSpec]:
    """What off and on mean: sensible without a word, every word changeable."""
    power = top.table("power")
    off = _read_way(
        power.table("off"),
        PowerSpec(displays=False, inputs=True, codec=False, volume=default, mute=False, screens="up", hang_up=True),
        sources,
        maximum,
    )
    on = _read_way(power.table("on"), PowerSpec(displays=True, codec=True), sources, maximum)
    power.finish()
    return off, on


def _read_way(table: Table, usual: PowerSpec, sources: Mapping[str, SourceSpec], maximum: int) -> PowerSpec:
    def switch(key: str, default: bool | None) -> bool | None:
        value = table.data.get(key)
        table.taken.add(key)
        if key not in table.data:
            return default
        if value == "keep":
            return None
        if not isinstance(value, bool):
            table.complain(key, f"found {value!r}", 'expected true, false or "keep"')
            return default
        return value

    def way(key: str, default: Any) -> Any:
        value = table.take(key, str, default or "keep", choices=("up", "down", "keep"))
        return None if value == "keep" else value

    volume: int | None = usual.volume
    if table.data.get("volume") == "keep":
        table.taken.add("volume")
        volume = None
    elif "volume" in table.data:
        volume = table.number("volume", usual.volume, 0, maximum, whole=True)
    source = table.take("source", str, "")
    if source and source not in sources:
        table.complain("source", f"no source {source!r}", did_you_mean(source, sources))
    spec = PowerSpec(
        displays=switch("displays", usual.displays),
        inputs=bool(switch("inputs", usual.inputs)),
        codec=switch("codec", usual.codec),
        volume=volume,
        mute=switch("mute", usual.mute),
        mic_mute=switch("mic_mute", usual.mic_mute),
        video_mute=switch("video_mute", usual.video_mute),
        screens=way("screens", usual.screens),
        shades=way("shades", usual.shades),
        hang_up=bool(switch("hang_up", usual.hang_up)),
        source=source,
    )
    table.finish()
    return spec
