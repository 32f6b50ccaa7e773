"""Everything that can be asked of a room's equipment beside calls and the plain verbs: routing, tilt, light, surfaces.

One frozen dataclass a verb, as in `commands.py`, which names them all. What may not live here: how any device does it.
Ground floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.command import Command, text, verb, within


@verb
@dataclass(frozen=True)
class Route(Command):
    """Bring a switcher's input to an output (the unit): all layers, or only picture or sound. `input` "0" = nothing."""

    input: str
    layer: Literal["all", "video", "audio"] = "all"
    verb = "route"
    touches = frozenset({"input", "audio_input"})
    doc = "Bring an input to this output, by the switcher's own name for it: all layers, or only video or audio."
    slot = "route"
    example = {"input": "3"}

    def __post_init__(self) -> None:
        text("input", self.input, 64)
        if self.layer not in ("all", "video", "audio"):
            raise ValueError(f"layer is all, video or audio, not {self.layer!r}")

    def replaces(self, older: Command) -> bool:
        """A new picture does not take the place of a sound that still waits; all layers take the place of both."""
        return isinstance(older, Route) and self.layer in ("all", older.layer)

    def shown(self) -> Mapping[str, Any]:
        """The layers it changes; a driver whose device has one layer overrides `shows` to look at `input` alone."""
        wanted = {} if self.layer == "audio" else {"input": self.input}
        return wanted if self.layer == "video" else {**wanted, "audio_input": self.input}


@verb
@dataclass(frozen=True)
class SetTilt(Command):
    """Turn the slats of a blind to `percent`: 0 = open, 100 = closed."""

    percent: int
    verb = "tilt"
    touches = frozenset({"tilt"})
    doc = "Turn the slats: 0 is open, 100 is closed."
    slot = "tilt"
    patience = 60.0
    example = {"percent": 50}

    def __post_init__(self) -> None:
        within("percent", self.percent, 0, 100)

    def shown(self) -> Mapping[str, Any]:
        return {"tilt": self.percent}


@verb
@dataclass(frozen=True)
class SetLevel(Command):
    """Bring a light to `level` percent within `fade` seconds."""

    level: int
    fade: float = 0.0
    verb = "level"
    touches = frozenset({"level"})
    lasting = True
    doc = "Bring a light to a level in percent, fading for so many seconds."
    slot = "level"
    patience = 10.0
    example = {"level": 60}

    def __post_init__(self) -> None:
        within("level", self.level, 0, 100)
        within("fade", self.fade, 0, 600)

    def shown(self) -> Mapping[str, Any]:
        return {"level": self.level}


@verb
@dataclass(frozen=True)
class SetIndicator(Command):
    """Light the lamp of a microphone, or put it out."""

    on: bool
    verb = "indicator"
    touches = frozenset({"indicator"})
    doc = "Light a microphone's lamp, or put it out."
    slot = "indicator"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"indicator": self.on}
