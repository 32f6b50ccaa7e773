"""The xAPI's documents as plain trees: select by path or expression, compare, write as JSON or as lines.

A node is a dict; a list holds elements with an `id`; a leaf is an int, a literal word (`str`) or free text
(`Text`, which the terminal puts in quotes). What may not live here: knowledge of any one status or command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

Tree = dict[str, Any]
Step = str | int
Steps = Sequence[Step]


class Text(str):
    """A free string, as opposed to a word of a fixed set: `*s Call 27 DisplayName: "Alice"`."""

    __slots__ = ()


# These run by themselves: the device answers with them but does not push them as they tick.
CLOCKS = frozenset({"Duration", "Uptime", "SystemTime"})


def steps_of(expression: str) -> list[Step]:
    """The steps of an address: `Audio Volume`, `/Status/Call[*]/Status`, `Call[@item='3']`, `Site[1]`."""
    steps: list[Step] = []
    for word in re.split(r"[\s/]+", expression.strip()):
        named = re.fullmatch(r"([^\[\]]*)((?:\[[^\[\]]*\])*)", word)
        if named is None:
            steps.append(word)
            continue
        if named[1]:
            steps.append(int(named[1]) if named[1].isdigit() else named[1])
        for index in re.findall(r"\[(?:@item=)?['\"]?([^\[\]'\"]*)['\"]?\]", named[2]):
            steps.append(int(index) if index.isdigit() else index)
    return steps


def address(steps: Steps) -> str:
    """The steps as the device writes them in its errors: `Status/Video/Input/Connector[1]/Foo`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f"/{step}" for step in steps).lstrip("/")


def select(node: Any, steps: Steps) -> Any:
    """The part of `node` that `steps` address, from the root down; None where nothing matches.

    Names are matched without regard to case; a list may be passed with or without an index; `*` is any one
    level, `**` any number of levels (D15427.02, xQuery).
    """
    if not steps:
        return node
    if isinstance(node, list):
        return _elements(node, steps)
    if not isinstance(node, dict):
        return None
    head, rest = steps[0], steps[1:]
    if head == "**":
        found = join(select(node, rest), None) if rest else node
        for name, child in node.items():
            below = select(child, steps)
            found = found if below in (None, []) else join(found, {name: below})
        return found
    matches = {}
    for name, child in node.items():
        if head == "*" or name.casefold() == str(head).casefold():
            below = select(child, rest)
            if below is not None:
                matches[name] = below
    return matches or None


def _elements(elements: list[Tree], steps: Steps) -> list[Tree] | None:
    head = steps[0]
    indexed = head == "*" or isinstance(head, int) or head in {str(element["id"]) for element in elements}
    found = []
    for element in elements:
        if indexed and head not in ("*", element["id"], str(element["id"])):
            continue
        if "ghost" in element:
            found.append(element)
            continue
        fields = {name: value for name, value in element.items() if name != "id"}
        below = select(fields, steps[1:] if indexed else steps)
        if below is not None:
            found.append({"id": element["id"], **below})
    # An empty list has no fields to compare a name with: nothing is there, which is not a wrong address.
    return found if found or (not elements and not isinstance(head, int)) else None


def join(one: Any, other: Any) -> Any:
    """Two parts of one document together; None is no part at all."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: join(one.get(name), other.get(name)) for name in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        by_id = {element["id"]: element for element in one}
        for element in other:
            by_id[element["id"]] = join(by_id.get(element["id"]), element)
        return list(by_id.values())
    return one


def descend(node: Any, steps: Steps) -> Any:
    """What stands at the end of `steps` in a tree that `select` made: the form of an xGet answer."""
    for step in steps:
        if isinstance(node, list):
            indexed = [element for element in node if str(element["id"]) == str(step)]
            if not indexed:
                return node
            node = {name: value for name, value in indexed[0].items() if name != "id"}
        else:
            node = next(value for name, value in node.items() if name.casefold() == str(step).casefold())
    return node


def plant(tree: Tree, steps: Steps, leaf: Any) -> None:
    """Put a leaf into a tree, with the branches and list elements on the way."""
    name, rest = str(steps[0]), steps[1:]
    if not rest:
        tree[name] = leaf
    elif isinstance(rest[0], int):
        elements = tree.setdefault(name, [])
        found = [element for element in elements if element["id"] == rest[0]]
        if not found:
            found = [{"id": rest[0]}]
            elements += found
        plant(found[0], rest[1:], leaf)
    else:
        plant(tree.setdefault(name, {}), rest, leaf)


def changes(old: Any, new: Any) -> Any:
    """What of `new` differs from `old`, as a tree; None where nothing does.

    An element that is gone is there as `ghost` (Cisco xAPI guide, "Ghost events").
    """
    if isinstance(old, list) and isinstance(new, list):
        before = {element["id"]: element for element in old}
        after = {element["id"]: element for element in new}
        found: list[Tree] = []
        for key, element in after.items():
            differs = changes(before[key], element) if key in before else element
            if differs is not None:
                found.append({"id": key, **differs})
        found += [{"id": key, "ghost": "True"} for key in before if key not in after]
        return found or None
    if isinstance(old, dict) and isinstance(new, dict):
        tree = {}
        for name, value in new.items():
            if name in CLOCKS:
                continue
            differs = changes(old[name], value) if name in old else value
            if differs is not None:
                tree[name] = differs
        return tree or None
    return None if old == new else new


def as_values(node: Any) -> Any:
    """The tree as the shell's JSON mode writes it: every leaf `{"Value": "..."}`, every id a string."""
    if isinstance(node, dict):
        return {
            name: str(value) if name in ("id", "ghost", "status", "error") else as_values(value)
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [as_values(element) for element in node]
    return {"Value": str(node)}


def as_lines(node: Any, prefix: str) -> Iterator[str]:
    """The tree as the terminal writes it: `*s Call 27 Status: Connected`, `*s Call 27 (ghost=True):`."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name != "id":
                yield from as_lines(value, f"{prefix} {name}")
    elif isinstance(node, list):
        for element in node:
            if "ghost" in element:
                yield f"{prefix} {element['id']} (ghost=True):"
            else:
                yield from as_lines(element, f"{prefix} {element['id']}")
    elif isinstance(node, Text):
        quoted = node.replace("\\", "\\\\").replace('"', '\\"')
        yield f'{prefix}: "{quoted}"'
    else:
        yield f"{prefix}: {node}"
