"""Everything that can be asked of a room's equipment beside calls and the plain verbs: routing, tilt, light, surfaces.

One frozen dataclass a verb, as in `commands.py`, which names them all. What may not live here: how any device does it.
Ground floor.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
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


@verb
@dataclass(frozen=True)
class RunScene(Command):
    """Run one of the room's scenes, by its name in the profile. A room-level command: one outcome for each step."""

    scene: str
    verb = "scene"
    doc = "Run one of the room's scenes, by its name in the profile."
    slot = "scene"
    patience = 120.0
    proof = "driver"
    example = {"scene": "film"}

    def __post_init__(self) -> None:
        text("scene", self.scene, 64)


@verb
@dataclass(frozen=True)
class CallForHelp(Command):
    """Somebody in the room calls for help: an `alert` that is journaled and shown to every listener."""

    text: str = ""
    verb = "help"
    doc = "Call for help: an alert, with words or without, is shown to everybody who listens to the room."
    proof = "nothing"
    example = {"text": "No sound from the far end"}

    def __post_init__(self) -> None:
        if self.text:
            text("text", self.text, 500)


FLAGS = ("", "pending", "stale", "unavailable", "failed")
COLOUR = re.compile(r"#[0-9a-f]{6}\Z")


@verb
@dataclass(frozen=True)
class ShowKey(Command):
    """Draw one key of a surface (the unit). `level` in percent, None = none; `on`: what the key stands for holds.

    Colours are #rrggbb. `flag` says why a key is not simply true: it was pressed and nothing is proven yet, what it
    shows is from before, it can do nothing now, or what was pressed has failed (`text` says how). `key` is the key's
    id where the surface was laid out (`LayOut`), else its place on the page, counted from 1.
    """

    key: str
    text: str = ""
    icon: str = ""
    foreground: str = "#ffffff"
    background: str = "#000000"
    level: int | None = None
    on: bool = False
    flag: Literal["", "pending", "stale", "unavailable", "failed"] = ""
    verb = "show-key"
    doc = "Draw a key of a surface. The gateway says this to surfaces; nobody else can."
    slot = "show-key"
    lowly = True
    public = False
    proof = "nothing"
    example = {"key": "mute", "text": "Muted", "icon": "microphone-off", "on": True}

    def __post_init__(self) -> None:
        text("key", self.key, 128)
        for name in ("foreground", "background"):
            if not COLOUR.match(getattr(self, name)):
                raise ValueError(f"{name} is #rrggbb in small letters, not {getattr(self, name)!r}")
        if self.level is not None:
            within("level", self.level, 0, 100)
        if self.flag not in FLAGS:
            raise ValueError(f"flag is one of {', '.join(FLAGS[1:])}, not {self.flag!r}")

    def replaces(self, older: Command) -> bool:
        """Only the same key's."""
        return isinstance(older, ShowKey) and older.key == self.key


@verb
@dataclass(frozen=True)
class DrawKey(Command):
    """Put a picture on one key of a surface (the unit) that knows no texts: a deck. `key`: its place, from 1.

    `image` is the picture in the form that the unit asked for when it appeared (`surfaces/painting.py`), in base64, so
    that a tape can hold the command as it is.
    """

    key: str
    image: str = dataclasses.field(repr=False)
    verb = "draw-key"
    doc = "Put a picture on a key of a deck. The gateway says this to decks; nobody else can."
    slot = "draw-key"
    lowly = True
    public = False
    proof = "nothing"
    example = {"key": "1", "image": "iVBORw0KGgo="}

    def __post_init__(self) -> None:
        text("key", self.key, 128)

    def replaces(self, older: Command) -> bool:
        """Only the same key's."""
        return isinstance(older, DrawKey) and older.key == self.key


@verb
@dataclass(frozen=True)
class Rest(Command):
    """Dim a surface (the unit) while its room is off, or wake it. How dark that is, the device's settings say."""

    asleep: bool
    verb = "rest"
    doc = "Dim a surface while its room is off. The gateway says this to surfaces; nobody else can."
    slot = "rest"
    lowly = True
    public = False
    proof = "nothing"
    example = {"asleep": True}


@dataclass(frozen=True)
class PlannedKey:
    """A key as a surface must know it to make room for it. kind: a button, a level that can be set, or only a text.

    `label_on`: what a button says instead of its label while it is on; "" where it always says the same.
    """

    id: str
    label: str
    icon: str = ""
    kind: Literal["button", "level", "text"] = "button"
    label_on: str = ""


@dataclass(frozen=True)
class PlannedPage:
    """A page of keys, in their order."""

    id: str
    label: str
    icon: str = ""
    keys: tuple[PlannedKey, ...] = ()


@verb
@dataclass(frozen=True)
class LayOut(Command):
    """Make room for these pages of keys, for a surface that draws its own (a codec's touch panel).

    `plan` is their JSON text, so that a tape and a log can hold the command as it is; `of` makes it, `pages` reads it.
    """

    plan: str
    verb = "lay-out"
    doc = "Lay out a surface's pages. The gateway says this to surfaces; nobody else can."
    slot = "lay-out"
    lowly = True
    public = False
    patience = 20.0
    proof = "driver"
    example = {"plan": "[]"}

    @classmethod
    def of(cls, pages: Iterable[PlannedPage]) -> LayOut:
        """The command for these pages."""
        return cls(json.dumps([dataclasses.asdict(page) for page in pages], ensure_ascii=False))

    def pages(self) -> tuple[PlannedPage, ...]:
        """The pages. Raises ValueError for a plan that is none."""
        try:
            return tuple(
                PlannedPage(**{**page, "keys": tuple(PlannedKey(**key) for key in page["keys"])})
                for page in json.loads(self.plan)
            )
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a plan: {error}") from None
