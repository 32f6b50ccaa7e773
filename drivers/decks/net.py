"""Elgato's decks on the network: those behind a Network Dock, and the Studio, which has a network port itself.

The dock tells of the deck that is plugged into it, and on which port of its own it is spoken to: a second connection,
which comes and goes with the deck. Not tried on hardware. What may not live here: frames (`frames.py`), reports
(`reports.py`), what a deck is told to show (`glass.py`).

Source: control-surfaces facts, chapters 6 and 7.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from drivers.decks import frames, reports
from drivers.decks.fingers import Fingers
from drivers.decks.frames import Child, Frame, Stream, wrapped
from drivers.decks.glass import NAME, DeckSettings, blank, offered, shown
from drivers.decks.models import Model
from gateway.commands import DrawKey, Rest, ShowKey
from gateway.cutters import Cutter, Feed
from gateway.driver import (
    Actions,
    Alert,
    Appeared,
    Driver,
    Drop,
    Feedback,
    Gone,
    HidReport,
    Later,
    Offers,
    Reach,
    Reached,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Timing,
)
from gateway.model import Reason

DOCK = 0xFFFF  # what a dock says its product is
IDENTIFY, FIRMWARE, SERIAL, MAC, CHILD = 0x80, 0x83, 0x84, 0x85, 0x1C
LOOKS = 5  # looks in a row without a byte: the device speaks every second, and is given up after five
PATIENCE = 2.0  # seconds until what does not say its version or address is taken without
FIRST_MISS, LONGEST_MISS = 2.0, 30.0  # seconds until a deck that speaks nonsense is tried again
MAIN, DECK = "main", "deck"


class StreamDeckNetSettings(DeckSettings):
    """As of every deck."""


@dataclass
class Line:
    """One connection: to the box, or to the deck behind it. cora: how it is framed, None before its first keepalive."""

    link: str
    feed: Feed | None = None  # the box's stream is cut before it comes
    cora: bool | None = None
    quiet: int = 0  # looks without a byte
    model: Model | None = None
    unit: str = ""
    version: str = ""
    told: dict[int, bytes] = field(default_factory=dict)  # what it answered, by what it was asked
    fingers: Fingers | None = None  # once it has been told of

    def say(self, data: bytes, tag: Hashable = None) -> Send:
        """Nothing that is sent is answered in a way that every unit is known to know: no turn waits for it."""
        return Send(data, tag, self.link, reply=False)

    def tell(self, report: HidReport, tag: Hashable = None) -> Send:
        """A report to the deck."""
        return self.say(wrapped(bool(self.cora), report), tag)


class StreamDeckNet(Driver):
    """One box: a dock with whatever deck is in it, or a Studio."""

    name = "stream_deck_net"
    title = "Elgato Network Dock and Stream Deck Studio"
    models = "Network Dock with any Stream Deck, Stream Deck Studio; not tried on hardware"
    links: ClassVar = {"tcp": 5343}
    timing = Timing(reply=5.0)  # five seconds without a byte are the end
    cutter: Cutter = Stream()
    surfaces = "each deck by its serial number, once it is adopted"
    takes = frozenset({DrawKey, Rest, ShowKey})
    units = "a deck's serial number, such as AL12K1A00234"
    adopted = True
    pushes = True
    evidence = "manual"
    sources = ("control-surfaces facts, chapters 6 and 7", "Elgato's published HID pages", "the open Node client 7.6")
    offered = (
        "keys with pictures",
        "dials and touch strip (+, + XL)",
        "dials with their rings of lights (Studio)",
        "touch keys and info screen (Neo)",
        "pedals",
        "hot-plug behind the dock",
        "brightness, dimmed while the room is off",
        "liveness",
        "finding docks on the network (`roomgate surfaces find`)",
    )
    not_offered: ClassVar = {
        "one picture over all keys": "keys are what a layout has",
        "NFC (Studio)": "a room has no use for it",
        "following a dock whose address changes": "give it a fixed address, or a name that the network resolves",
    }
    Settings: ClassVar[type[Settings]] = StreamDeckNetSettings
    settings: StreamDeckNetSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.box = Line(MAIN)
        self.deck: Line | None = None  # behind the box, while its link is open
        self.child: Child | None = None  # what the box says is plugged into it
        self.known = False  # what the box is
        self.serial = ""
        self.misses = 0  # times that the deck behind it spoke nonsense, or nothing, in a row

    def valid_unit(self, unit: str) -> bool:
        """A deck plays no part."""
        return False

    def is_surface(self, unit: str) -> bool:
        """A deck may also be named in a profile: that adopts it, too."""
        return bool(NAME.match(unit))

    # ---- what comes ------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """The device speaks first."""
        yield Later(self.timing.reply / LOOKS, "look")

    def received(self, data: Any, tag: Hashable = None, link: str = MAIN) -> Actions:
        """A frame of the box's, a piece of the deck's stream, or what became of the deck's link."""
        if isinstance(data, Reached):
            yield from self._reached(data)
        elif link == MAIN:
            self.box.quiet = 0
            yield from self._heard(self.box, frames.read(data))
        elif (line := self.deck) is not None and line.feed is not None:
            line.quiet = 0
            try:
                cut = line.feed(data)
            except ValueError as nonsense:
                yield from self._astray(str(nonsense))
                return
            for one in cut:
                if self.deck is line:
                    yield from self._heard(line, frames.read(one))

    def _heard(self, line: Line, frame: Frame) -> Actions:
        payload = frame.payload
        if frame.alive:
            yield line.say(frames.here(frame))
            if line.cora is None:
                line.cora = frame.cora
                yield from self._ask(line)
        elif payload[:2] == b"\x01\x0b":
            if line is self.box:
                yield from self._plugged(payload)
        elif payload[:1] == b"\x01":
            if line.fingers is not None:
                yield from line.fingers.presses(payload)
        elif line is not self.box:
            if frame.verbatim or not frame.cora:
                yield from self._deck_said(line, payload)
        elif payload[:1] == b"\x03" and len(payload) > 1 and not frame.verbatim:
            yield from self._box_said(payload)

    def due(self, name: str) -> Actions:
        """Look who is silent; go on without what was not answered; try the deck again."""
        match name:
            case "look":
                yield Later(self.timing.reply / LOOKS, "look")
                self.box.quiet += 1
                if self.box.quiet > LOOKS:
                    yield Drop(Reason.NO_RESPONSE, f"not a byte for {self.timing.reply:g} s")
                elif self.deck is not None:
                    self.deck.quiet += 1
                    if self.deck.quiet > LOOKS:
                        yield from self._astray(f"not a byte for {self.timing.reply:g} s")
            case "box":
                yield from self._meet()
            case "deck":
                yield from self._meet_deck()
            case "again":
                if self.child is not None:
                    yield self._reach(self.child)

    # ---- the box ---------------------------------------------------------------------------------------------

    def _ask(self, line: Line) -> Actions:
        if line is self.box:
            for what in (IDENTIFY, SERIAL, FIRMWARE, MAC):
                yield line.say(frames.ask(bool(line.cora), what))
            yield Later(PATIENCE, "box")
        elif line.model is not None:
            yield line.tell(HidReport("get", reports.ask_serial(line.model)))
            yield line.tell(HidReport("get", reports.ask_firmware(line.model)))

    def _box_said(self, payload: bytes) -> Actions:
        self.box.told[payload[1]] = payload
        if not self.known and {IDENTIFY, SERIAL, FIRMWARE, MAC} <= self.box.told.keys():
            yield from self._meet()

    def _meet(self) -> Actions:
        """Which box it is: that and its serial number must be known, the rest may be."""
        if self.known:
            return
        box, told = self.box, self.box.told
        product = frames.product(told.get(IDENTIFY, b""))
        self.serial = frames.serial(told.get(SERIAL, b""))
        if product is None:
            yield Drop(Reason.NO_RESPONSE, "it does not say what it is")
            return
        model = None if product == DOCK else self.settings.model(product)
        if product != DOCK and model is None:
            yield Drop(Reason.PROTOCOL_ERROR, f"it is no dock, and no deck that is known: product {product:04x}")
            return
        if model is not None and not NAME.match(self.serial):
            yield Drop(Reason.PROTOCOL_ERROR, "it has no serial number to be known by")
            return
        self.known = True
        yield Later(0, "box")
        box.version = frames.firmware(told.get(FIRMWARE, b""))
        title = "Elgato Network Dock" if model is None else f"Elgato {model.title}"
        yield Feedback(model=title, serial=self.serial or None, firmware=box.version or None)
        yield Ready()
        if model is not None:
            box.model, box.unit = model, self.serial
            yield from self._begin(box)
        yield box.say(frames.ask(bool(box.cora), CHILD))

    # ---- the deck behind it ----------------------------------------------------------------------------------

    def _plugged(self, payload: bytes) -> Actions:
        """The box tells which deck is there, because it was asked or because that has changed."""
        try:
            child = frames.child(payload)
        except ValueError as half:
            yield Drop(Reason.PROTOCOL_ERROR, str(half))
            return
        if child is not None and child == self.child:
            return  # it is being reached already
        self.child, self.misses = child, 0
        yield from self._leave()
        yield Later(0, "again")
        if child is None:
            return
        model = self.settings.model(child.product)
        if model is None or (model.speech == "original" and not self.box.cora):
            yield Alert("", f"the deck behind it is of a kind that is not known here: product {child.product:04x}")
            self.child = None
            return
        yield self._reach(child)

    def _reach(self, child: Child) -> Reach:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return Reach(DECK, f"tcp://{host}:{child.port}")

    def _reached(self, news: Reached) -> Actions:
        if news.open and self.child is not None:
            self.deck = Line(DECK, Stream().start(), model=self.settings.model(self.child.product))
            yield Later(self.timing.ready / 2, "deck")
        else:
            yield from self._gone()
            yield self.box.say(frames.ask(bool(self.box.cora), CHILD))  # it may be on another port by now, or nowhere

    def _gone(self) -> Actions:
        """The deck's link is over: nobody holds its keys any more."""
        line, self.deck = self.deck, None
        yield Later(0, "deck")
        if line is not None and line.fingers is not None:
            yield Gone(line.unit)

    def _leave(self) -> Actions:
        yield from self._gone()
        yield Reach(DECK, "")

    def _astray(self, words: str) -> Actions:
        """The deck speaks nonsense, or nothing: begin anew with it, later each time. The dock itself is well."""
        self.misses += 1
        yield from self._leave()
        if self.misses == 1:
            yield Alert("", f"the deck behind it was given up: {words}")
        yield Later(min(LONGEST_MISS, FIRST_MISS * 2 ** min(self.misses - 1, 10)), "again")

    def _deck_said(self, line: Line, payload: bytes) -> Actions:
        if payload and line.fingers is None:
            line.told[payload[0]] = payload
            if line.model is not None and self._wanted(line.model) <= line.told.keys():
                yield from self._meet_deck()

    def _wanted(self, model: Model) -> set[int]:
        return {reports.ask_serial(model)[0], reports.ask_firmware(model)[0]}

    def _meet_deck(self) -> Actions:
        """Its own serial number, as on USB; else the one that the box told."""
        line, child = self.deck, self.child
        if line is None or line.fingers is not None or line.model is None or child is None:
            return
        serial, version = (report(line.model)[0] for report in (reports.ask_serial, reports.ask_firmware))
        found = reports.serial(line.model, line.told.get(serial, b""))
        line.unit = found if NAME.match(found) else child.serial
        line.version = reports.firmware(line.model, line.told.get(version, b""))
        if line.cora is None or not NAME.match(line.unit):
            yield from self._astray("it does not say who it is")
            return
        self.misses = 0
        yield Later(0, "deck")
        yield line.tell(HidReport("output", reports.forget(line.model)))
        yield from self._begin(line)

    def _begin(self, line: Line) -> Actions:
        """Make it blank, and tell of it only then. Over the network a Studio is not known to take one fill for all."""
        model = line.model
        assert model is not None
        for report in blank(model, filled=line is not self.box):
            yield line.tell(report)
        if model.width:
            yield line.tell(HidReport("feature", reports.brightness(model, self.settings.brightness)))
        line.fingers = Fingers(model, line.unit)
        yield Offers(line.unit, offered(model))
        about = {"firmware": line.version, "dock": self.serial} if line is not self.box else {"firmware": line.version}
        yield Appeared(line.unit, model.facts() | about | {"mac": frames.mac(self.box.told.get(MAC, b""))})

    # ---- what it shows ---------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """A picture, a light, or how bright it is. Nothing answers: that it was sent is all that is known."""
        line = next((one for one in (self.box, self.deck) if one and one.fingers and one.unit == request.unit), None)
        if line is None or line.model is None:
            yield Refused(request, "that deck is not there")
            return
        try:
            told = shown(line.model, request.command, self.settings)
        except ValueError as no:
            yield Refused(request, str(no))
            return
        for report in told:
            yield line.tell(report, request)

    def closing(self) -> Actions:
        """What shows no room any more shows the maker's logo; a Studio, which is not known to have one, nothing."""
        for line in (self.box, self.deck):
            if line is None or line.fingers is None or line.model is None or not line.model.width:
                continue
            last = blank(line.model, filled=False) if line is self.box else []
            for report in last or [HidReport("feature", reports.reset(line.model))]:
                yield line.tell(report)
