"""The half of a profile that says who plays what: parts, sources, and what power means. Read by `profile.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.complaint import Table, did_you_mean
from gateway.model import KINDS, Kind
from gateway.motion import MotionSpec
from gateway.spec import DeviceSpec, PartSpec, PowerSpec, SourceSpec, Target
from gateway.wiring import CONTACTS

# wiring -> the roles that units play in it: the contacts, or the motor's own controller
ROLES: Mapping[str, tuple[str, ...]] = {**{str(name): held for name, held in CONTACTS.items()}, "motor": ("motor",)}


def read_parts(table: Table, devices: Mapping[str, DeviceSpec], asked: set[str]) -> dict[str, PartSpec]:
    """All parts of a room. `asked`: device names that the profile has but that could not be read."""
    parts: dict[str, PartSpec] = {}
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
    return parts


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
    part: PartSpec | None = None
    if "wiring" in own.data:
        if kind.name not in ("screen", "shade"):
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


def read_sources(top: Table, parts: Mapping[str, PartSpec]) -> dict[str, SourceSpec]:
    """The room's sources: `input` where there is one display, else `inputs.DISPLAY`."""
    displays = {part.name: part.id for part in parts.values() if part.kind.name == "display"}
    asked = _named_displays(top)  # also those that could not be read, which were complained of where they stand
    sources: dict[str, SourceSpec] = {}
    for name, table in top.tables("sources").items():
        label = table.take("label", str, name.replace("-", " ").title())
        inputs: dict[str, str] = {}
        if "input" in table.data:
            one = table.take("input", str)
            if len(asked) != 1:
                table.complain("input", f"this room has {len(asked)} displays", "expected inputs.DISPLAY for each")
            elif displays and one:
                inputs[next(iter(displays.values()))] = one
        given = table.take("inputs", dict, {})
        for display, chosen in given.items():
            if display not in asked:
                table.complain(f"inputs.{display}", "no such display", did_you_mean(display, asked))
            elif not isinstance(chosen, str):
                table.complain(f"inputs.{display}", f"found {chosen!r}", "expected a text, the display's name for it")
            elif display in displays:
                inputs[displays[display]] = chosen
        if not inputs and "input" not in table.data and not given:
            table.complain("input", "missing", "expected the display's name for the input")
        table.finish()
        sources[name] = SourceSpec(name, label, inputs)
    return sources


def _named_displays(top: Table) -> set[str]:
    parts = top.data.get("parts")
    displays = parts.get("display") if isinstance(parts, Mapping) else None
    return set(displays) if isinstance(displays, Mapping) else set()


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
