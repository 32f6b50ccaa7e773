"""Elgato's decks on a USB port of the gateway: pictures, keys, dials and the touch strip.

Each deck that is plugged in has a connection of its own and is a unit, named by its serial number. It does nothing
until an administrator has adopted it, or a profile names it. Whatever it showed is lost when it is pulled out: it is
blank when it comes back, and is drawn anew. What may not live here: reports (`reports.py`), models (`models.py`).

Source: control-surfaces facts, chapter 6.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from drivers.decks import reports
from drivers.decks.fingers import Fingers
from drivers.decks.glass import NAME, DeckSettings, blank, offered, shown
from drivers.decks.models import Model
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
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
)
from gateway.model import Reason

ALIVE = 5.0  # seconds between two questions: a deck that hangs does not go away by itself


class StreamDeckSettings(DeckSettings):
    """As of every deck."""


class StreamDeck(Driver):
    """One deck, from the moment that it is plugged in."""

    name = "stream_deck"
    title = "Elgato Stream Decks on USB"
    models = "Mini, original (2017), V2, MK.2, XL, Neo, +, + XL, Studio, Pedal, modules 6, 15 and 32"
    links: ClassVar = {"hid": 0}
    timing = Timing(reply=6.0)  # the kernel itself gives a USB request five seconds
    surfaces = "each deck by its serial number, once it is adopted"
    takes = frozenset({DrawKey, Rest, ShowKey})
    units = "a deck's serial number, such as AL12K1A00234"
    adopted = True
    pushes = True
    evidence = "cross-checked"
    sources = ("control-surfaces facts, chapter 6", "Elgato's published HID pages", "PyPI streamdeck 0.10.0")
    offered = (
        "keys with pictures",
        "dials and touch strip (+, + XL)",
        "dials with their rings of lights (Studio)",
        "touch keys and info screen (Neo)",
        "pedals",
        "hot-plug",
        "brightness, dimmed while the room is off",
        "liveness",
    )
    not_offered: ClassVar = {
        "one picture over all keys": "keys are what a layout has",
        "NFC (Studio)": "a room has no use for it",
        "stored backgrounds, the deck's own sleep": "they outlive us in the deck",
    }
    Settings: ClassVar[type[Settings]] = StreamDeckSettings
    settings: StreamDeckSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.model: Model | None = None
        self.unit = ""
        self.firmware = ""
        self.fingers: Fingers | None = None  # once it has been told of

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
            yield from self.fingers.presses(data.data) if self.fingers is not None else ()
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
        model = self.settings.model(device.product)
        if model is None:  # a microphone, or a deck of tomorrow: left alone
            yield Ready()
            return
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
        for report in blank(model):
            yield Send(report, tag="fill", reply=report.kind == "feature")
        yield self._bright(model, self.settings.brightness)

    def _appear(self, model: Model) -> Actions:
        yield Ready()
        yield Offers(self.unit, offered(model))
        self.fingers = Fingers(model, self.unit)
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
        if self.fingers is not None and self.model is not None and self.model.width:
            yield Send(HidReport("feature", reports.reset(self.model)), tag="reset")

    # ---- what it shows ---------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """A picture, a light, or how bright it is. Done is what the kernel says that it took."""
        assert self.model is not None
        try:
            told = shown(self.model, request.command, self.settings)
        except ValueError as no:
            yield Refused(request, str(no))
            return
        for report in told[:-1]:
            yield Send(report, reply=False)
        yield Send(told[-1], tag=request)
