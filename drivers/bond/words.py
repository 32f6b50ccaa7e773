"""What a Bond is told and tells: settings, units and their addresses, actions, and what is known of a device or group.

Source: "Bond API", as in `bridge.py`. What may not live here: anything that is sent or received.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.commands import Command, Move, RecallPreset, SetPosition, SetPower, SetTilt, Stop
from gateway.driver import Request, Settings, setting

# Ids are hexadecimal, "1" on a Smart by Bond device (Bond API, "64-bit Keys"); "_" and "__" are hashes.
ID = re.compile(r"[0-9A-Fa-f]{1,16}")
UNIT = re.compile(rf"(?:group/)?{ID.pattern}")
STATE_TOPIC = re.compile(rf"(devices|groups)/({ID.pattern})/state")
GROUP = "group/"


@dataclass(frozen=True)
class BondSettings(Settings):
    """What a profile may say of a Bond."""

    token: str = setting("", "the local token: Bond Home app, the Bond's settings", secret=True)
    bpup_port: int = setting(30007, "UDP port of the Bond's push; 0 = poll only")
    poll: float = setting(10.0, "seconds between two looks at the lists of devices and groups")
    quick: float = setting(1.0, "seconds between two looks at a moving shade while the push is not heard")
    travel: float = setting(90.0, "seconds that a shade may take from end to end: so long it is looked at quickly")
    two_way: bool = setting(False, "the devices report back (Smart by Bond): what the Bond tells counts as confirmed")

    def __post_init__(self) -> None:
        if not 0 < self.quick <= self.poll or self.travel <= 0:
            raise ValueError("quick is more than 0 and no more than poll, travel more than 0")
        if not 0 <= self.bpup_port <= 65535:
            raise ValueError("bpup_port is a UDP port, or 0")


@dataclass
class Device:
    """What is known of one device or group of the Bond since this connection began."""

    actions: frozenset[str] = frozenset()
    members: tuple[str, ...] = ()  # a group's devices
    hash: Any = None
    position: int | None = None
    still: tuple[Any, ...] | None = None  # held by us, and what it told then; () before the first word after the hold
    move: Request | None = None  # a Move that waits for its proof
    start: int | None = None  # where that began
    goal: int | None = None  # where it should arrive
    until: float = 0.0  # looked at quickly until then


# What a device must be able to do for a command to be offered. Hold stops a motor; the action named Stop only ends a
# transmission (Bond API, "Misc, including dimmers").
NEEDED: Mapping[type[Command], frozenset[str]] = {
    Move: frozenset({"Open", "Close"}),
    Stop: frozenset({"Hold"}),
    SetPosition: frozenset({"SetPosition"}),
    SetPower: frozenset({"TurnOn", "TurnOff"}),
    SetTilt: frozenset({"TiltOpen", "TiltClose"}),
    RecallPreset: frozenset({"Preset"}),
}


def action(command: Command) -> tuple[str, int | None]:
    """The Bond's action for a command, and its argument; "" where there is none."""
    match command:
        case Move(direction):
            return ("Open" if direction == "up" else "Close"), None
        case Stop():
            return "Hold", None
        case SetPosition(percent):
            return "SetPosition", percent
        case SetTilt(0 | 100 as percent):
            return ("TiltClose" if percent else "TiltOpen"), None
        case RecallPreset(1):
            return "Preset", None
        case SetPower(on):
            return ("TurnOn" if on else "TurnOff"), None
    return "", None


def where(unit: str) -> str:
    """Where a device or group stands in the API."""
    return f"/v2/groups/{unit.removeprefix(GROUP)}" if unit.startswith(GROUP) else f"/v2/devices/{unit}"


def texts(value: Any) -> tuple[str, ...]:
    """The texts in a list; none where it is no list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def mapping(data: Any) -> dict[str, Any] | None:
    """The JSON object in these bytes; None where there is none."""
    try:
        found = json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def number(value: Any) -> int | None:
    """A whole number; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
