"""What a deck is told to show: a command as HID reports, and what makes it blank. Its settings stand here, too.

What may not live here: how reports travel (`usb.py`, `net.py`), their bytes (`reports.py`).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Literal

from drivers.decks import reports
from drivers.decks.models import MODELS, STUDIO, Model
from gateway.commands import Command, DrawKey, Rest, ShowKey
from gateway.driver import HidReport, Settings, setting

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")  # of a deck: its serial number


@dataclass(frozen=True)
class DeckSettings(Settings):
    """How bright, and what is not certain of two models."""

    brightness: int = setting(80, "Percent, while the room is on.")
    asleep: int = setting(10, "Percent, while the room is off; 0 is dark, and pressed blindly.")
    studio_keys: Literal["80x120", "144x112"] = setting(
        "80x120", "Pixels of a Studio's keys; open sources disagree, none was tried."
    )
    products: tuple[str, ...] = setting((), "Unknown product ids, and whose they are like: 00d1=0080.")

    def __post_init__(self) -> None:
        for name in ("brightness", "asleep"):
            if not 0 <= getattr(self, name) <= 100:
                raise ValueError(f"{name} is from 0 to 100, not {getattr(self, name)}")
        if self.studio_keys not in ("80x120", "144x112"):
            raise ValueError(f"studio_keys is 80x120 or 144x112, not {self.studio_keys!r}")
        known = [f"{held:04x}" for held in MODELS]
        for entry in self.products:
            product, _, like = str(entry).partition("=")
            if not re.fullmatch("[0-9a-f]{4}", product):
                raise ValueError(f"products holds pairs such as 00d1=0080, in small letters, not {entry!r}")
            if like not in known:
                raise ValueError(f"products says that {product} is like {like!r}; known are {', '.join(known)}")

    def model(self, product: int) -> Model | None:
        """The model of a product id, as the settings have it; None for one that nobody knows."""
        like = dict(pair.split("=") for pair in self.products).get(f"{product:04x}")
        model = MODELS.get(int(like, 16) if like else product)
        if model is MODELS[STUDIO]:
            wide, _, high = self.studio_keys.partition("x")
            model = replace(model, width=int(wide), height=int(high))
        return model


def offered(model: Model) -> frozenset[type[Command]]:
    """What a deck of this model takes."""
    shows: set[type[Command]] = {DrawKey, Rest} if model.width else set()
    return frozenset(shows | ({ShowKey} if model.touch_keys or model.rings else set()))


def blank(model: Model, *, filled: bool = True) -> list[HidReport]:
    """What makes all keys black. `filled`: it knows the report that fills the whole of it."""
    if not model.width:
        return []
    if model.speech == "main" and filled:
        return [HidReport("feature", reports.fill("#000000"))]
    if model.speech == "main":
        return [HidReport("feature", reports.fill_key(key, "#000000")) for key in range(model.keys)]
    black = reports.black(model)
    return [HidReport("output", page) for key in range(model.keys) for page in reports.picture(model, key, black)]


def shown(model: Model, command: Command, settings: DeckSettings) -> list[HidReport]:
    """The reports of a picture, of a light, or of how bright it is. Raises ValueError, in words, for what cannot be."""
    if isinstance(command, Rest):
        percent = settings.asleep if command.asleep else settings.brightness
        return [HidReport("feature", reports.brightness(model, percent))]
    assert isinstance(command, DrawKey | ShowKey)
    place = int(command.key) if command.key.isascii() and command.key.isdecimal() and len(command.key) < 4 else 0
    if not 0 < place <= model.places:
        raise ValueError(f"this deck has {model.places} places")
    if isinstance(command, DrawKey):
        pages = _drawn(model, place, command.image)
        if not pages:
            raise ValueError("there is no picture to show there")
        return [HidReport("output", page) for page in pages]
    if model.keys < place <= model.keys + model.touch_keys:
        return [HidReport("feature", reports.fill_key(place - 1, command.background))]
    dial = place - model.dial(0)
    if model.rings and 0 <= dial < model.dials:
        level = 100 if command.level is None else command.level
        lit = command.background if command.level is None else command.foreground
        return [
            HidReport("output", reports.ring(dial, level, lit)),
            HidReport("output", reports.knob(dial, command.background)),
        ]
    raise ValueError("only touch keys and a Studio's dials have a colour alone")


def _drawn(model: Model, place: int, image: str) -> list[bytes]:
    try:
        file = base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError):
        return []
    key = model.key(place)
    if not file:
        return []
    if place <= model.keys and key is not None:
        return list(reports.picture(model, key, file))
    if model.strip[0] and place >= model.dial(0):
        return list(reports.window(model, place - model.dial(0), file))
    if model.screen[0] and place == model.places:
        return list(reports.screen(file))
    return []
