"""`[rules.NAME]` of a profile: the few rules that every room wants, as data; or complaints. No language.

What may not live here: what a rule does and when (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gateway.complaint import Table, did_you_mean
from gateway.spec import PartSpec, RuleSpec

KINDS = ("screens", "shades", "standby", "outlets")


def read_rules(top: Table, parts: Mapping[str, PartSpec], sources: Collection[str]) -> dict[str, RuleSpec]:
    """All rules of a room."""
    rules: dict[str, RuleSpec] = {}
    for name, table in top.tables("rules").items():
        kind = table.take("kind", str, choices=KINDS)
        rule = _read(name, kind, table, parts, sources, _named(top)) if kind else None
        if kind is None:
            table.taken.update(table.data)
        table.finish()
        if rule is not None:
            rules[name] = rule
    return rules


def _read(
    name: str,
    kind: str,
    table: Table,
    parts: Mapping[str, PartSpec],
    sources: Collection[str],
    named: Collection[str],
) -> RuleSpec | None:
    match kind:
        case "screens":
            followed = [p.id for p in parts.values() if p.kind.name == "display" and p.screen]
            displays = _chosen(table, "displays", "display", parts, named, followed)
            for display in displays:
                if not parts[display].screen:
                    table.complain("displays", f"{display} names no screen", 'expected screen = "NAME" on the display')
            screens = tuple(dict.fromkeys(parts[display].screen for display in displays if parts[display].screen))
            if not displays and "displays" not in table.data:
                table.complain("displays", "no display names a screen", 'expected screen = "NAME" on a display')
            return RuleSpec(name, "screens", _members(screens, parts), displays)
        case "shades":
            single = [p.id for p in parts.values() if p.kind.name == "shade" and not p.members]
            shades = _chosen(table, "shades", "shade", parts, named, single)
            wanted = table.take("sources", list)
            for source in wanted or ():
                if source not in sources:
                    table.complain("sources", f"no source {source!r}", did_you_mean(str(source), sources))
            reopen = table.take("reopen", bool, False)
            return RuleSpec(name, "shades", _members(shades, parts), (), tuple(wanted or ()), reopen=reopen)
        case "standby":
            every = [p.id for p in parts.values() if p.kind.name == "display"]
            displays = _chosen(table, "displays", "display", parts, named, every)
            minutes = table.number("minutes", None, 0.1, 1440)
            return RuleSpec(name, "standby", displays, displays, minutes=minutes or 0.1)
        case _:
            outlets = _chosen(table, "outlets", "outlet", parts, named, None)
            return RuleSpec(name, "outlets", outlets)


def _named(top: Table) -> set[str]:
    """Also the parts that could not be read, which were complained of where they stand."""
    held = top.data.get("parts")
    found: set[str] = set()
    for kind, value in held.items() if isinstance(held, Mapping) else ():
        if isinstance(value, Mapping):
            found.update(f"{kind}.{name}" for name in value)
    return found


def _chosen(
    table: Table,
    key: str,
    kind: str,
    parts: Mapping[str, PartSpec],
    named: Collection[str],
    usual: list[str] | None,
) -> tuple[str, ...]:
    """The parts that a rule names (`left` or `screen.left`), else the usual ones; None: it must name them."""
    if key not in table.data and usual is not None:
        table.taken.add(key)
        return tuple(usual)
    chosen: list[str] = []
    for name in table.take(key, list) or ():
        part_id = f"{kind}.{str(name).removeprefix(f'{kind}.')}"
        if part_id in parts:
            chosen.append(part_id)
        elif part_id not in named:
            known = [part.name for part in parts.values() if part.kind.name == kind]
            table.complain(key, f"no {kind} {name!r}", did_you_mean(str(name), known))
    return tuple(chosen)


def _members(chosen: Collection[str], parts: Mapping[str, PartSpec]) -> tuple[str, ...]:
    """Groups as their members: a hand on one of them holds that one alone."""
    return tuple(dict.fromkeys(one for part in chosen for one in (parts[part].members or (part,)) if one))
