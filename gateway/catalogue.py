"""What the drivers say of themselves, as data and as the README's table. Pure."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable
from typing import Any

from gateway.driver import Driver
from gateway.model import plain

BEGIN, END = "<!-- supported devices: begin (made by `roomgate drivers --table`) -->", "<!-- supported devices: end -->"


def describe_driver(driver: type[Driver]) -> dict[str, Any]:
    """Everything a driver declares: links, settings, functions, evidence."""
    hints = typing.get_type_hints(driver.Settings)
    settings = {
        f.name: {
            "doc": f.metadata.get("doc", ""),
            "type": _type(hints[f.name]),
            **({"secret": True} if f.metadata.get("secret") else {"default": plain(_default(f))}),
        }
        for f in dataclasses.fields(driver.Settings)
    }
    return {
        "driver": driver.name,
        "title": driver.title,
        "models": driver.models,
        "links": dict(driver.links),
        "plays": sorted(driver.plays),
        "units": driver.units,
        "offered": list(driver.offered),
        "not_offered": dict(driver.not_offered),
        "evidence": driver.evidence,
        "sources": list(driver.sources),
        "settings": settings,
    }


def _default(f: dataclasses.Field[Any]) -> Any:
    if f.default is not dataclasses.MISSING:
        return f.default
    return f.default_factory() if f.default_factory is not dataclasses.MISSING else None


def _type(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return " | ".join(str(choice) for choice in typing.get_args(hint))
    return getattr(hint, "__name__", str(hint))


def table(drivers: Iterable[type[Driver]]) -> str:
    """The supported-devices table in Markdown, between its marks."""
    lines = [
        BEGIN,
        "",
        "| driver | devices | links | offered | not offered, because | evidence |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for driver in sorted(drivers, key=lambda driver: driver.name):
        links = ", ".join(f"`{scheme}://`" for scheme in driver.links)
        without = "; ".join(f"{name}: {because}" for name, because in driver.not_offered.items())
        cells = (
            f"`{driver.name}`",
            f"{driver.title}: {driver.models}" if driver.models else driver.title,
            links,
            ", ".join(driver.offered),
            without or "nothing",
            driver.evidence,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join([*lines, "", END])
