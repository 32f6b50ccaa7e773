"""The cables of a profile: where each source goes in, what each output feeds, and so the way from one to the other.

Pure. A cable's end is a Jack: `"matrix:3"`, input 3 of that switcher, or `"display.main:31"`. What may not live here:
sending a route (`expand.py`), what a display is told besides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.complaint import Table, did_you_mean, shown
from gateway.spec import DeviceSpec, Jack, PartSpec, SourceSpec, Way


@dataclass(frozen=True)
class Reach:
    """What a cable may end at. `asked`, `asked_displays`: what the profile names but what could not be read."""

    devices: Mapping[str, DeviceSpec]
    displays: Collection[str]
    asked: Collection[str] = ()
    asked_displays: Collection[str] = ()

    @property
    def whole(self) -> bool:
        """Whether everything that the profile names could be read."""
        return set(self.asked) <= self.devices.keys() and set(self.displays) == set(self.asked_displays)

    def jacks(self, table: Table, key: str) -> list[Jack]:
        """One cable's end or a list of them; complaints for those that are none."""
        given: Any = table.data.get(key)
        table.taken.add(key)
        entries = [given] if isinstance(given, str) else given if isinstance(given, list) else [given]
        found = [self._jack(table, key, entry) for entry in entries] if given is not None else []
        return [jack for jack in found if jack is not None]

    def _jack(self, table: Table, key: str, text: Any) -> Jack | None:
        if not isinstance(text, str):
            table.complain(key, f"found {shown(text)}", 'expected "DEVICE:INPUT" or "display.NAME:INPUT"')
            return None
        at, _, name = text.partition(":")
        if at in self.displays:
            return Jack(at, name)
        device = self.devices.get(at)
        if device is None:
            if at not in self.asked and at not in self.asked_displays:
                known = {*self.devices, *self.asked, *self.displays, *self.asked_displays}
                table.complain(key, f"no device or display {at!r}", did_you_mean(at, known))
            return None
        if device.driver.plays and "output" not in device.driver.plays:
            table.complain(key, f"{at} ({device.driver.name}) is no switcher", 'expected "SWITCHER:INPUT" or a display')
            return None
        if not name:
            table.complain(key, f"found {text!r}, a switcher without an input", f'expected such as "{at}:1"')
            return None
        return Jack(device.id, name)


def connect(parts: dict[str, PartSpec], tables: Mapping[str, Table], reach: Reach) -> None:
    """Put into each output what it feeds; complain of two cables in one jack, and of an output that feeds itself."""
    taken: dict[Jack, str] = {}
    for part_id, part in parts.items():
        if part.kind.name != "output" or part.target is None:
            continue
        table = tables[part_id]
        feeds = reach.jacks(table, "feeds")
        for jack in feeds:
            if jack.at == part.target.device:
                table.complain("feeds", "its own switcher: a loop", "expected another switcher, or a display")
            elif jack in taken:
                where = f"{jack.at}:{jack.input}" if jack.input else jack.at
                table.complain("feeds", f"{where} is fed by {taken[jack]} already", "expected one cable for each input")
            taken.setdefault(jack, part_id)
        parts[part_id] = replace(part, feeds=tuple(feeds))


def ways(starts: Iterable[Jack], parts: Mapping[str, PartSpec]) -> dict[str, Way]:
    """The way from these jacks to every display and output that it reaches: the fewest switchers, and of equal ones
    the one whose output stands first in the profile."""
    outputs: dict[str, list[PartSpec]] = {}
    for part in parts.values():
        if part.kind.name == "output" and part.target is not None:
            outputs.setdefault(part.target.device, []).append(part)
    found: dict[str, Way] = {}
    open_ends: deque[tuple[Jack, tuple[tuple[str, str], ...]]] = deque((jack, ()) for jack in starts)
    while open_ends:
        jack, hops = open_ends.popleft()
        if jack.at in parts:
            found.setdefault(jack.at, Way(hops, jack.input))
            continue
        for part in outputs.get(jack.at, ()):
            if part.id not in found:  # else it was reached before: tie lines may go both ways
                there = (*hops, (part.id, jack.input))
                found[part.id] = Way(there)
                open_ends.extend((fed, there) for fed in part.feeds)
    return found


def read_sources(top: Table, parts: Mapping[str, PartSpec], reach: Reach) -> dict[str, SourceSpec]:
    """The room's sources: `into` what its cable goes; `input` and `inputs` are cables straight into displays."""
    sources: dict[str, SourceSpec] = {}
    taken: dict[Jack, str] = {}
    for name, table in top.tables("sources").items():
        label = table.take("label", str, name.replace("-", " ").title())
        before = len(table.complaints)
        starts = _straight(table, parts, reach) + reach.jacks(table, "into")
        for jack in starts:
            if jack in taken:
                where = f"{jack.at}:{jack.input}" if jack.input else jack.at
                table.complain("into", f"{where} is source {taken[jack]} already", "expected one source for each input")
            taken.setdefault(jack, name)
        there = ways(starts, parts)
        shown_on = _displays(table, parts, reach, there, silent=len(table.complaints) > before or not starts)
        signal = _signal(table, parts, starts)
        if not {"input", "inputs", "into"} & table.data.keys():
            table.complain("input", "missing", 'expected the display\'s name for the input, or into = "SWITCHER:INPUT"')
        table.finish()
        inputs = {display: there[display].input for display in shown_on}
        sources[name] = SourceSpec(name, label, inputs, there, signal)
    return sources


def _straight(table: Table, parts: Mapping[str, PartSpec], reach: Reach) -> list[Jack]:
    """Cables that go into displays themselves: `input` where there is one display, else `inputs.DISPLAY`."""
    names = {part.name: part.id for part in parts.values() if part.kind.name == "display"}
    asked = {display.partition(".")[2] for display in reach.asked_displays}
    found: list[Jack] = []
    if "input" in table.data:
        one = table.take("input", str)
        if len(asked) != 1:
            table.complain("input", f"this room has {len(asked)} displays", "expected inputs.DISPLAY for each")
        elif names and one:
            found.append(Jack(next(iter(names.values())), one))
    for display, chosen in table.take("inputs", dict, {}).items():
        if display not in asked:
            table.complain(f"inputs.{display}", "no such display", did_you_mean(display, asked))
        elif not isinstance(chosen, str):
            table.complain(f"inputs.{display}", f"found {chosen!r}", "expected a text, the display's name for it")
        elif display in names:
            found.append(Jack(names[display], chosen))
    return found


def _displays(
    table: Table, parts: Mapping[str, PartSpec], reach: Reach, there: Mapping[str, Way], *, silent: bool
) -> list[str]:
    """Which displays show it: those that `displays` names, else all that it reaches."""
    reached = [part.id for part in parts.values() if part.kind.name == "display" and part.id in there]
    wanted = table.take("displays", list, None)
    unsound = any(one.key == "feeds" and one.file == table.file for one in table.complaints)  # one complaint will do
    sure = reach.whole and not silent and not unsound
    if wanted is None:
        if not reached and sure:
            expected = "expected an output of that switcher that `feeds` a display, or the next switcher"
            table.complain("into", "there is no way from it to any display", expected)
        return reached
    chosen: list[str] = []
    for name in wanted:
        display = name if isinstance(name, str) and name.startswith("display.") else f"display.{name}"
        if display not in reach.asked_displays:
            known = {one.partition(".")[2] for one in reach.asked_displays}
            table.complain("displays", f"no display {name!r}", did_you_mean(str(name), known))
        elif display not in there and sure:
            table.complain("displays", f"there is no way to {name!r}", "expected outputs whose `feeds` lead there")
        elif display in there:
            chosen.append(display)
    return chosen


def _signal(table: Table, parts: Mapping[str, PartSpec], starts: Iterable[Jack]) -> str:
    """What tells whether it sends a picture: the `signal` part that is named, else the one on its switcher's input."""
    signals = {part.name: part for part in parts.values() if part.kind.name == "signal"}
    named = table.take("signal", str, "")
    if named:
        if named.removeprefix("signal.") in signals:
            return f"signal.{named.removeprefix('signal.')}"
        table.complain("signal", f"no signal part {named!r}", did_you_mean(named, signals))
        return ""
    for jack in starts:
        for part in signals.values():
            if part.target and (part.target.device, part.target.unit) == (jack.at, f"in/{jack.input}"):
                return part.id
    return ""
