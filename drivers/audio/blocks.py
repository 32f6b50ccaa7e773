"""What a unit of a sound processor is in a profile: its level, its mutes, and what its decibels are from 0 to 100.

A room's mute silences what the room hears (`muted`); a microphone's mute keeps the room from being heard
(`mic_muted`). Which one a control is, only the profile can say. What may not live here: any protocol.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.commands import Command, SetMicMute, SetMute, SetVolume

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
CONTROLS: Mapping[str, type[Command]] = {"volume": SetVolume, "mute": SetMute, "mic_mute": SetMicMute}
POINTS = {"volume": "volume", "mute": "muted", "mic_mute": "mic_muted"}
CURVES = ("linear", "taper")


@dataclass(frozen=True)
class Scale:
    """Decibels from `minimum` to `maximum` as 0 to 100: `linear` in dB, or `taper`, which is finer near the top.

    taper: the way from the bottom goes with the square root of the level, so 25 is half of the decibels.
    """

    minimum: float = -60.0
    maximum: float = 0.0
    curve: str = "linear"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum) and self.minimum + 1 <= self.maximum):
            raise ValueError("minimum and maximum are decibels, the maximum at least 1 above the minimum")
        if self.curve not in CURVES:
            raise ValueError("curve is linear or taper")

    def decibels(self, level: int) -> float:
        """The decibels of a level."""
        part = level / 100
        return self.minimum + (self.maximum - self.minimum) * (math.sqrt(part) if self.curve == "taper" else part)

    def level(self, decibels: float) -> int:
        """The level nearest to these decibels; what lies outside is 0 or 100."""
        part = min(1.0, max(0.0, (decibels - self.minimum) / (self.maximum - self.minimum)))
        return round(100 * (part * part if self.curve == "taper" else part))


@dataclass(frozen=True)
class Block:
    """One unit: the device's own words for its controls (volume, mute, mic_mute), and what else the profile says."""

    controls: Mapping[str, str]
    scale: Scale
    more: Mapping[str, str]

    def offers(self) -> frozenset[type[Command]]:
        """What can be asked of it."""
        return frozenset(CONTROLS[name] for name in self.controls)

    def order(self, command: Command) -> tuple[str, float | bool] | None:
        """Which control a command sets, and to what (decibels, or on); None where this unit has none for it."""
        match command:
            case SetVolume(level) if "volume" in self.controls:
                return "volume", round(self.scale.decibels(level), 2)
            case SetMute(on) if "mute" in self.controls:
                return "mute", on
            case SetMicMute(on) if "mic_mute" in self.controls:
                return "mic_mute", on
        return None

    def points(self, control: str, value: object) -> dict[str, Any]:
        """The point that shows a control's value: a number of decibels, or whether it is on. Nonsense is unknown."""
        point = POINTS[control]
        if not isinstance(value, bool | int | float) or not math.isfinite(value):
            return {point: None}
        return {point: self.scale.level(value) if control == "volume" else bool(value)}


def blocks(table: Mapping[str, Any], more: Iterable[str] = ()) -> dict[str, Block]:
    """Read a profile's units; raises ValueError with the name of the one that is wrong."""
    return {name: block(name, held, frozenset(more)) for name, held in table.items()}


def block(name: str, table: object, more: frozenset[str]) -> Block:
    """Read one unit."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a unit: small letters, digits, - and _")
    if not isinstance(table, Mapping):
        raise ValueError(f'{name} is a table, such as {{ volume = "...", mute = "..." }}')
    known = {*CONTROLS, "minimum", "maximum", "curve", *more}
    if odd := sorted(set(table) - known):
        raise ValueError(f"{name}.{odd[0]} is unknown; there are {', '.join(sorted(known))}")
    texts = {key: held for key, held in table.items() if key in CONTROLS or key in more}
    for key, held in texts.items():
        if not isinstance(held, str) or not held or any(ord(letter) < 32 or letter == '"' for letter in held):
            raise ValueError(f"{name}.{key} is a text without quotes or control characters")
    controls = {key: held for key, held in texts.items() if key in CONTROLS}
    if not controls:
        raise ValueError(f"{name} has none of volume, mute, mic_mute")
    try:
        scale = Scale(
            **{key: float(table[key]) for key in ("minimum", "maximum") if key in table},
            curve=str(table.get("curve", "linear")),
        )
    except (TypeError, ValueError) as wrong:
        raise ValueError(f"{name}: {wrong}") from None
    return Block(controls, scale, {key: held for key, held in texts.items() if key in more})
