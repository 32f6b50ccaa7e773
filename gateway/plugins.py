"""Finds drivers: the built-in ones and those of other distributions, through one pluggy hook.

Other distributions bring theirs by the entry-point group `roomgate`; built-in drivers come in by the same hook. What
may not live here: any driver.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import traceback

import pluggy

from gateway.driver import Driver, Hooks

log = logging.getLogger("roomgate")

OURS = "roomgate"
BUILT_IN = "drivers"
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
    manager.register(importlib.import_module("drivers"), BUILT_IN)
    for entry in importlib.metadata.entry_points(group=OURS):
        try:
            manager.register(entry.load(), entry.name)
        except (Exception, SystemExit) as error:
            _left_out(entry.name, error)
    found: dict[str, type[Driver]] = {}

    def register(driver: type[Driver]) -> None:
        if not driver.name:
            raise ValueError(f"{driver.__qualname__} has no name")
        if driver.name in found:
            raise ValueError(f"two drivers are named {driver.name!r}: {found[driver.name]} and {driver}")
        found[driver.name] = driver

    plugins = manager.get_plugins()
    for name, plugin in manager.list_name_plugin():
        try:  # each alone, so that one that fails keeps no other from being there
            manager.subset_hook_caller("register_drivers", plugins - {plugin})(register=register)
        except Exception as error:
            if name == BUILT_IN:
                raise
            _left_out(name, error)
    return dict(sorted(found.items()))


def _left_out(plugin: str, error: BaseException) -> None:
    """One clear line with the place of the fault; its whole way for those who ask."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    words = f"{type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
    log.error("The plug-in %s cannot be used, its drivers are not there: %s", plugin, words)
    log.debug("How it came to that", exc_info=error)
