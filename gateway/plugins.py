"""Finds drivers and kinds of calendars: the built-in ones and those of other distributions, through one pluggy hook.

Other distributions bring theirs by the entry-point group `roomgate`; built-in ones come in by the same hook. What
may not live here: any of them.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pluggy

from gateway.driver import Driver, Hooks

log = logging.getLogger("roomgate")

OURS = "roomgate"
BUILT_IN = "drivers"
CALENDARS = "gateway.calendars"
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
    found: dict[str, type[Driver]] = {}

    def register(driver: type[Driver]) -> None:
        _take(found, "driver", driver.name, driver)

    _ask("register_drivers", BUILT_IN, register)
    return dict(sorted(found.items()))


def load_calendars() -> dict[str, type[Any]]:
    """Every kind of calendar there is (Account classes), by its kind. Called where a site has calendars."""
    found: dict[str, type[Any]] = {}

    def register(account: type[Any]) -> None:
        _take(found, "calendar", account.kind, account)

    _ask("register_calendars", CALENDARS, register)
    return dict(sorted(found.items()))


def _take(found: dict[str, type[Any]], what: str, name: str, brought: type[Any]) -> None:
    if not name:
        raise ValueError(f"{brought.__qualname__} has no name")
    if name in found:
        raise ValueError(f"two {what}s are named {name!r}: {found[name]} and {brought}")
    found[name] = brought


def _ask(hook: str, built_in: str, register: Callable[[type[Any]], None]) -> None:
    """Let every plug-in register what it brings, each alone, so that one that fails keeps no other from being there."""
    manager = pluggy.PluginManager(OURS)
    manager.add_hookspecs(Hooks)
    manager.register(importlib.import_module(built_in), built_in)
    for entry in importlib.metadata.entry_points(group=OURS):
        try:
            manager.register(entry.load(), entry.name)
        except (Exception, SystemExit) as error:
            _left_out(entry.name, error)
    plugins = manager.get_plugins()
    for name, plugin in manager.list_name_plugin():
        try:
            manager.subset_hook_caller(hook, plugins - {plugin})(register=register)
        except Exception as error:
            if name == built_in:
                raise
            _left_out(name, error)


def _left_out(plugin: str, error: BaseException) -> None:
    """One clear line with the place of the fault; its whole way for those who ask."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    words = f"{type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
    log.error("The plug-in %s cannot be used, what it brings is not there: %s", plugin, words)
    log.debug("How it came to that", exc_info=error)
