"""`[surfaces.NAME]` of a profile: which unit it is, and its layout, ready-made or written out; or complaints.

What may not live here: what a layout's keys mean (`layout.py`), what a ready-made one holds (`readymade.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.complaint import Table, did_you_mean
from gateway.profile import readymade
from gateway.profile.layout import PageSpec, SurfaceSpec, read_pages
from gateway.profile.steps import Known, SceneSpec
from gateway.spec import DeviceSpec, SourceSpec, Target


def read_surfaces(
    top: Table,
    known: Known,
    sources: Mapping[str, SourceSpec],
    scenes: Mapping[str, SceneSpec],
    devices: Mapping[str, DeviceSpec],
    asked: set[str],
) -> dict[str, SurfaceSpec]:
    """All surfaces of a room. `asked`: devices that the profile has but that could not be read."""
    labels = {name: source.label for name, source in sources.items()}, {n: scene.label for n, scene in scenes.items()}
    surfaces: dict[str, SurfaceSpec] = {}
    taken: dict[Target, str] = {}
    for name, table in top.tables("surfaces").items():
        target = _target(table, devices, asked)
        if target is not None and target in taken:
            table.complain(
                "unit", f"{table.data['unit']} is surface {taken[target]!r} already", "expected one of its own"
            )
        elif target is not None:
            taken[target] = name
        most = next((one.driver.keys for one in devices.values() if target is not None and one.id == target.device), 0)
        keys = table.number("keys", most, 0, 128, whole=True)
        if 0 < most < keys:
            table.complain("keys", f"found {keys}", f"{table.data['unit']} has {most}")
            keys = most
        pages = _pages(table, known, labels, keys)
        label = table.take("label", str, name.replace("-", " ").title())
        table.finish()
        surfaces[name] = SurfaceSpec(name, label, target, tuple(pages), keys)
    return surfaces


def _pages(
    table: Table, known: Known, labels: tuple[Mapping[str, str], Mapping[str, str]], keys: int
) -> list[PageSpec]:
    wanted = table.take("layout", str, "", choices=(*readymade.LAYOUTS, ""))
    own = table.take("pages", dict, {})
    if not wanted and not own and "layout" not in table.data:
        table.complain("layout", "missing", f"expected one of: {', '.join(readymade.LAYOUTS)}; or pages")
    made = readymade.make(wanted, known, *labels, keys) if wanted else {}
    pages = read_pages(table, {**made, **own}, known)
    for page in pages if keys else ():
        if len(page.keys) > keys:
            table.complain(f"pages.{page.id}", f"has {len(page.keys)} keys", f"the surface has {keys}")
    return pages


def _target(table: Table, devices: Mapping[str, DeviceSpec], asked: set[str]) -> Target | None:
    text = table.take("unit", str, "")
    if not text:
        return None  # it is only in browsers
    name, _, unit = text.partition("/")
    device = devices.get(name)
    if device is None:
        if name not in asked:
            table.complain("unit", f"no device {name!r}", did_you_mean(name, {*devices, *asked}))
        return None
    if not device.driver(device.settings).is_surface(unit):
        what = f"{device.driver.name} has no surface {unit!r}" if unit else f"{device.driver.name} is no surface itself"
        table.complain("unit", what, device.driver.surfaces or "expected a keypad, a deck or a panel")
        return None
    return Target(device.id, unit)
