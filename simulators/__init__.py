"""Finds the simulated devices: one module (or package) of this folder for each, named like its driver.

No device may live here, and nothing is imported before somebody asks for it by name.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.device import Simulator

PLUMBING = frozenset({"device", "doors", "faults", "hands", "motor", "relay", "serve", "values"})


def names() -> list[str]:
    """Every simulator's name, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if name not in PLUMBING and not name.startswith("_"))


def find(name: str) -> type[Simulator]:
    """The simulator of that name; a SimulatorError that says what there is when there is none."""
    from simulators.device import Simulator
    from simulators.values import SimulatorError, did_you_mean

    if name not in names():
        raise SimulatorError(f"no simulator is named {name!r}{did_you_mean(name, names())}")
    module = import_module(f"simulators.{name}")
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, Simulator) and thing.__dict__.get("name") == name:
            return thing
    raise SimulatorError(f"simulators.{name} holds no Simulator named {name!r}")
