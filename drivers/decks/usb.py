"""Elgato's decks on a USB port of the gateway: pictures, keys, dials and the touch strip.

Each deck that is plugged in has a connection of its own and is a unit, named by its serial number. It does nothing
until an administrator has adopted it, or a profile names it. Whatever it showed is lost when it is pulled out: it is
blank when it comes back, and is drawn anew. What may not live here: reports (`reports.py`), models (`models.py`).

Source: control-surfaces facts, chapter 6.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from drivers.decks import reports
from drivers.decks.models import MODELS, STUDIO, Model
from gateway.commands import DrawKey, Rest, ShowKey
from gateway.driver import (
    Actions,
    Appeared,
    Driver,
    Drop,
    HidDevice,
    HidReport,
    Later,
    Offers,
    Press,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
)
from gateway.model import Reason

ALIVE = 5.0  # seconds between two questions: a deck that hangs does not go away by itself
NOTCH = 20  # pixels of a finger on the strip that are one notch of the dial below
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


@dataclass(frozen=True)
class StreamDeckSettings(Settings):
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


class StreamDeck(Driver):
    """One deck, from the moment that it is plugged in."""

    name = "stream_deck"
    title = "Elgato Stream Decks on USB"
    models = "Mini, original (2017), V2, MK.2, XL, Neo, +, + XL, Studio, Pedal, modules 6, 15 and 32"
    links: ClassVar = {"hid": 0}
    timing = Timing(reply=6.0)  # the kernel itself gives a USB request five seconds
    surfaces = "each deck by its serial number, once it is adopted"
    units = "a deck's serial number, such as AL12K1A00234"
    adopted = True
    pushes = True
    evidence = "cross-checked"
    sources = ("control-surfaces facts, chapter 6", "Elgato's published HID pages", "PyPI streamdeck 0.10.0")
    offered = (
        "keys with pictures",
        "dials and touch strip (+, + XL)",
        "touch keys and info screen (Neo)",
        "pedals",
        "hot-plug",
        "brightness, dimmed while the room is off",
        "liveness",
    )
    not_offered: ClassVar = {
        "one picture over all keys": "keys are what a layout has",
        "NFC, dial lights (Studio)": "a room has no use for them",
        "stored backgrounds, the deck's own sleep": "they outlive us in the deck",
    }
    Settings: ClassVar[type[Settings]] = StreamDeckSettings
    settings: StreamDeckSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.model: Model | None = None
        self.unit = ""
        self.firmware = ""
        self.there = False  # it has been told of
        self.down: frozenset[int] = frozenset()  # places
        self.dials: frozenset[int] = frozenset()

    def valid_unit(self, unit: str) -> bool:
        """A deck plays no part."""
        return False

    def is_surface(self, unit: str) -> bool:
        """A deck may also be named in a profile: that adopts it, too."""
        return bool(NAME.match(unit))

    # ---- coming ----------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """Which device it is; then what it says, and that it has taken what it was sent."""
        if isinstance(data, HidDevice):
            yield from self._met(data)
        elif self.model is None or not isinstance(data, HidReport):
            return
        elif data.kind == "input":
            yield from self._said(self.model, data.data)
        elif isinstance(tag, Request):
            yield Taken(tag)
        elif tag == "serial":
            found = reports.serial(self.model, data.data)
            self.unit = found if NAME.match(found) else self.unit
        elif tag == "firmware":
            self.firmware = reports.firmware(self.model, data.data)
            yield from self._begin(self.model)
        elif tag == "brightness":
            yield from self._appear(self.model)

    def _met(self, device: HidDevice) -> Actions:
        like = dict(pair.split("=") for pair in self.settings.products).get(f"{device.product:04x}")
        model = MODELS.get(int(like, 16) if like else device.product)
        if model is None:  # a microphone, or a deck of tomorrow: left alone
            yield Ready()
            return
        if model is MODELS[STUDIO]:
            wide, _, high = self.settings.studio_keys.partition("x")
            model = replace(model, width=int(wide), height=int(high))
        self.model = model
        self.unit = device.serial if NAME.match(device.serial) else ""
        yield Send(HidReport("get", reports.ask_serial(model)), tag="serial")
        yield Send(HidReport("get", reports.ask_firmware(model)), tag="firmware")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """Silence is the end. What a deck refuses it can do without: its name is known from USB, too."""
        if reason == "no response":
            yield Drop(Reason.NO_RESPONSE, "it does not answer")
        elif isinstance(tag, Request):
            yield Refused(tag, f"the deck does not take it: {reason}")
        elif tag == "firmware" and self.model is not None:
            yield from self._begin(self.model)
        elif tag == "brightness" and self.model is not None:
            yield from self._appear(self.model)

    def _begin(self, model: Model) -> Actions:
        """Make it blank, and tell of it only then: what is drawn goes before what nobody asked for."""
        if not self.unit:
            yield Drop(Reason.PROTOCOL_ERROR, "it has no serial number to be known by")
            return
        if not model.width:
            yield from self._appear(model)
            return
        yield Send(HidReport("output", reports.forget(model)), reply=False)
        if model.speech == "main":
            yield Send(HidReport("feature", reports.fill("#000000")), tag="fill")
        else:
            for key in range(model.keys):
                for page in reports.picture(model, key, reports.black(model)):
                    yield Send(HidReport("output", page), reply=False)
        yield self._bright(model, self.settings.brightness)

    def _appear(self, model: Model) -> Actions:
        yield Ready()
        shows = {DrawKey, Rest} if model.width else set()
        yield Offers(self.unit, frozenset(shows | ({ShowKey} if model.touch_keys else set())))
        self.there = True
        yield Appeared(self.unit, model.facts() | {"firmware": self.firmware})
        yield Later(ALIVE, "alive")

    def _bright(self, model: Model, percent: int, tag: Hashable = "brightness") -> Send:
        return Send(HidReport("feature", reports.brightness(model, percent)), tag=tag)

    def due(self, name: str) -> Actions:
        """Ask it something small."""
        assert self.model is not None
        yield Send(HidReport("get", reports.ask_serial(self.model)), tag="alive")
        yield Later(ALIVE, "alive")

    def closing(self) -> Actions:
        """What shows no room any more shows the maker's logo."""
        if self.there and self.model is not None and self.model.width:
            yield Send(HidReport("feature", reports.reset(self.model)), tag="reset")

    # ---- what it says ----------------------------------------------------------------------------------------

    def _said(self, model: Model, report: bytes) -> Actions:
        match reports.read(model, report):
            case reports.Keys(down):
                before, self.down = self.down, down
                yield from self._edges([str(place) for place in sorted(before - down)], "up")
                yield from self._edges([str(place) for place in sorted(down - before)], "down")
            case reports.Dials(down):
                before, self.dials = self.dials, down
                yield from self._edges([str(model.dial(dial)) for dial in sorted(before - down)], "up")
                yield from self._edges([str(model.dial(dial)) for dial in sorted(down - before)], "down")
            case reports.Turned(steps):
                for dial, step in enumerate(steps):
                    if step and self.there:
                        yield Press(str(model.dial(dial)), "turn", step, self.unit)
            case reports.Touched(x, held, drawn):
                yield from self._touched(model, x, held, drawn)

    def _edges(self, places: list[str], edge: Literal["down", "up"]) -> Actions:
        for place in places if self.there else ():
            yield Press(place, edge, None, self.unit)

    def _touched(self, model: Model, x: int, held: bool, drawn: int | None) -> Actions:
        """A finger on the strip is one on the dial below it: a tap presses it, drawing turns it."""
        dial = min(x // model.window[0], model.dials - 1)
        place = str(model.dial(dial))
        if not self.there:
            return
        if drawn is not None:
            steps = int(drawn / NOTCH)
            if steps:
                yield Press(place, "turn", steps, self.unit)
        elif dial not in self.dials:  # a dial that is pressed already cannot be pressed again
            yield Press(place, "down", None, self.unit)
            if held:
                yield Press(place, "hold", None, self.unit)
            yield Press(place, "up", None, self.unit)

    # ---- what it shows ---------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """A picture, the light of a touch key, or how bright it is. Done is what the kernel says that it took."""
        model, command = self.model, request.command
        assert model is not None
        if isinstance(command, Rest):
            yield self._bright(model, self.settings.asleep if command.asleep else self.settings.brightness, request)
            return
        assert isinstance(command, DrawKey | ShowKey)
        place = int(command.key) if command.key.isascii() and command.key.isdecimal() and len(command.key) < 4 else 0
        if not 0 < place <= model.places:
            yield Refused(request, f"this deck has {model.places} places")
        elif isinstance(command, ShowKey):
            if not model.keys < place <= model.keys + model.touch_keys:
                yield Refused(request, "only touch keys have a colour alone")
                return
            yield Send(HidReport("feature", reports.fill_key(place - 1, command.background)), tag=request)
        else:
            yield from self._draw(model, place, request, command.image)

    def _draw(self, model: Model, place: int, request: Request, image: str) -> Actions:
        try:
            file = base64.b64decode(image, validate=True)
        except (binascii.Error, ValueError):
            file = b""
        pages: list[bytes] = []
        key = model.key(place)
        if not file:
            pass
        elif place <= model.keys and key is not None:
            pages = list(reports.picture(model, key, file))
        elif model.strip[0] and place >= model.dial(0):
            pages = list(reports.window(model, place - model.dial(0), file))
        elif model.screen[0] and place == model.places:
            pages = list(reports.screen(file))
        if not pages:
            yield Refused(request, "there is no picture to show there")
            return
        for page in pages[:-1]:
            yield Send(HidReport("output", page), reply=False)
        yield Send(HidReport("output", pages[-1]), tag=request)
