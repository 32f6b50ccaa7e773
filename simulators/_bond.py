"""What a Bond Bridge holds: its shades and groups, and its JSON with the hashes that it carries.

The bridge itself may not live here. Source: as in `bond.py`, by chapter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

from simulators.device import Timer

OPEN, CLOSED = 0, 100  # chapter Position
ACTIONS = ("Open", "Close", "ToggleOpen", "Hold", "Stop", "Preset")
POSITION_ACTIONS = ("SetPosition", "IncreasePosition", "DecreasePosition")
POWER_ACTIONS = {"TurnOn": 1, "TurnOff": 0}  # chapter Features: Power
TILT_ACTIONS = ("TiltOpen", "TiltClose")


class ProblemError(Exception):
    """What the bridge refuses, as an HTTP status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(status, words)
        self.status, self.words = status, words


@dataclass(kw_only=True)
class Shade:
    """One motor: what the bridge believes of it, and the truth."""

    name: str
    has_position: bool
    has_slats: bool = False
    open: int = 1
    position: int = OPEN
    actual: float = OPEN
    moving: Literal["", "up", "down"] = ""

    @property
    def actions(self) -> tuple[str, ...]:
        more = POSITION_ACTIONS if self.has_position else ()
        return ACTIONS + more + (TILT_ACTIONS if self.has_slats else ())

    @property
    def state(self) -> dict[str, Any]:
        return hashed({"open": self.open} | ({"position": self.position} if self.has_position else {}))


@dataclass(kw_only=True)
class Switch:
    """A device of type GX (generic) that is turned on and off."""

    name: str
    power: int = 0

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(POWER_ACTIONS)

    @property
    def state(self) -> dict[str, Any]:
        return hashed({"power": self.power})


@dataclass(kw_only=True)
class Travel:
    """A shade on its way; `belief` is what the bridge holds once it is there, None when it knows nothing of it."""

    start: float
    target: int
    began: float
    belief: int | None
    arrival: Timer


@dataclass(kw_only=True)
class Group:
    """Chapter Groups: shades of one bridge under one name; what they have in common is the group's."""

    name: str
    members: dict[str, Shade]

    @property
    def actions(self) -> list[str]:
        first, *others = self.members.values()
        return [action for action in first.actions if all(action in other.actions for other in others)]

    @property
    def state(self) -> dict[str, Any]:
        states = [dict(shade.state) for shade in self.members.values()]
        common = [key for key in states[0] if key != "_" and all(key in other for other in states)]
        return hashed({key: agreed([state[key] for state in states]) for key in common})


def agreed(values: list[Any]) -> Any:
    """The value on which all agree, else null."""
    return values[0] if all(value == values[0] for value in values) else None


def is_id(text: str) -> bool:
    return 0 < len(text) <= 16 and set(text.lower()) <= set("0123456789abcdef")


def hashed(body: dict[str, Any]) -> dict[str, Any]:
    """Chapter Hash Tree: `_` changes whenever something below it does."""
    return body | {"_": f"{crc32(json.dumps(body).encode()):08x}"}


def problem(status: int, words: str) -> dict[str, Any]:
    return {"error_id": status, "error_msg": words}


def line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"
