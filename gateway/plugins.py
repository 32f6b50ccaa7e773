"""Finds drivers: the built-in ones and those of other distributions, through one pluggy hook.

Other distributions bring theirs by the entry-point group `roomgate`; built-in drivers come in by the same hook. What
may not live here: any driver.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging

import pluggy

from gateway.driver import Driver, Hooks

log = logging.getLogger("roomgate")

OURS = "roomgate"
PACKAGES = ("gateway", "drivers", "simulators")


class Intruder(RuntimeError):
    """Another installed distribution provides one of our import names."""


def check_names() -> None:
    """Refuse to start where another distribution also provides `gateway`, `drivers` or `simulators`."""
    provided = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        others = sorted({name for name in provided.get(package, ()) if name.lower() != OURS})
        if others:
            raise Intruder(
                f"the distribution {', '.join(others)} also provides the package {package!r}, which RoomGate needs for"
                f" itself; install RoomGate in an environment of its own, or uninstall {others[0]}"
            )


def load_drivers() -> dict[str, type[Driver]]:
    """Every driver there is, by name. A plug-in that cannot be loaded is said and left out."""
    manager = pluggy.PluginManager(OURS)
    manager.add_hookspecs(Hooks)
    manager.register(importlib.import_module("drivers"), "drivers")
    for entry in importlib.metadata.entry_points(group=OURS):
        try:
            manager.register(entry.load(), entry.name)
        except Exception:
            log.exception("The plug-in %s cannot be loaded; its drivers are not there", entry.name)
    found: dict[str, type[Driver]] = {}

    def register(driver: type[Driver]) -> None:
        if not driver.name:
            raise ValueError(f"{driver.__qualname__} has no name")
        if driver.name in found:
            raise ValueError(f"two drivers are named {driver.name!r}: {found[driver.name]} and {driver}")
        found[driver.name] = driver

    manager.hook.register_drivers(register=register)
    return dict(sorted(found.items()))
