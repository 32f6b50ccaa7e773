"""The host's side of the Satellite protocol: decks on Raspberry Pis, and the Elgato app through its Companion plug-in.

We listen; each program that comes has a connection of its own and brings decks (`ADD-DEVICE`) or single buttons
(`ADD-SUB`). Every deck is a unit, named by its DEVICEID; the buttons of an Elgato app are one unit for each page that
they name, `buttons:ADDRESS:PAGE`, with eight in a row as in Companion. The protocol has no log-in and no TLS: only the
addresses that `allow` lists are heard, and a deck does nothing until an administrator has adopted it.
What may not live here: the grammar of a line (`lines.py`), what a key shows.

Source: control-surfaces facts, chapter 5; Companion's published documentation of the protocol.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.decks.deck import MOST_KEYS, USUAL, Deck, grid, manifest, place, steps
from drivers.decks.lines import flag, number, read, text, write
from gateway.commands import DrawKey, ShowKey
from gateway.cutters import Cutter, Lines, Whole
from gateway.driver import (
    Actions,
    Appeared,
    Driver,
    Drop,
    Gone,
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

API = "1.12.0"
LONGEST = 131_072  # bytes of a line: a manifest of 128 keys has 12,000; the 2 MB of facts 5.1 are for pictures
SILENT = 5.0  # seconds without a word after which a program is gone (facts 5.5)
MOST_DECKS = 32  # of one program
MOST_BUTTONS = 256
INTRODUCED, SPAN = 512, 60.0  # decks and buttons that one program may introduce in so many seconds
MOST_PRESSES = 500  # in a second: hands on four dials are slower
IN_A_ROW = 8  # of single buttons, as in Companion's own grid
NAME = re.compile(r"[A-Za-z0-9:._-]{1,100}\Z")
SUBID = re.compile(r"[A-Za-z0-9/-]{1,100}\Z")
RESERVED = ("emulator:", "group:", "buttons:")


@dataclass(frozen=True)
class SatelliteSettings(Settings):
    """Who is heard."""

    allow: tuple[str, ...] = setting((), "Addresses or networks that decks may come from; empty: nobody.")

    def __post_init__(self) -> None:
        for entry in self.allow:
            try:
                ipaddress.ip_network(entry)
            except ValueError:
                raise ValueError(f"allow holds addresses and networks such as 10.0.0.0/24, not {entry!r}") from None


@dataclass
class Button:
    """One single button: which unit it is of, its place there, and how it wants to be shown."""

    unit: str
    place: str
    size: int
    png: bool
    down: bool = False


class StreamDeckSatellite(Driver):
    """One program with decks, as it calls on us."""

    name = "stream_deck_satellite"
    title = "Stream Decks over the Satellite protocol"
    models = "Companion Satellite (Raspberry Pi and desktop), the Companion plug-in of the Elgato app"
    links: ClassVar = {"listen+tcp": 16622, "listen+ws": 16623}
    timing = Timing(window=64)
    surfaces = "each deck by its id, once it is adopted"
    takes = frozenset({DrawKey, ShowKey})
    units = "a deck's id, such as streamdeck:AL12K1A00234; buttons:ADDRESS:PAGE for single buttons of an Elgato app"
    adopted = True
    pushes = True
    evidence = "manual"
    sources = ("control-surfaces facts, chapter 5", "Companion's documentation of the Satellite protocol")
    offered = (
        "decks with pictures (PNG, RGB), texts or colours",
        "dials",
        "single buttons (subscriptions)",
        "layouts by manifest",
        "liveness (PING)",
    )
    not_offered: ClassVar = {
        "variables and configuration fields": "a room has no use for them",
        "PIN locks (PINCODE-KEY)": "what a deck may do is settled when it is adopted",
        "pages of the program's own (CHANGE-PAGE)": "pages are keys of the layout",
        "LEDs (API 1.13)": "we speak API 1.12",
        "firmware news": "not ours to tell",
    }
    Settings: ClassVar[type[Settings]] = SatelliteSettings
    settings: SatelliteSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.cutter: Cutter = Whole() if scheme == "listen+ws" else Lines((b"\n",), turns=False, limit=LONGEST)
        self.decks: dict[str, Deck] = {}
        self.buttons: dict[str, Button] = {}  # by SUBID
        self._span = self._second = 0.0  # when the counting below began
        self._introduced = self._presses = 0

    def valid_unit(self, unit: str) -> bool:
        """A deck plays no part."""
        return False

    def is_surface(self, unit: str) -> bool:
        """A deck may also be named in a profile: that adopts it, too."""
        return bool(NAME.match(unit))

    # ---- coming and going ------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """Greet those who may come (facts 5.2)."""
        if not self._welcome():
            yield Drop(Reason.LOGIN_REFUSED, f"{self.host} is not one of the addresses in `allow`")
            return
        yield self._say("BEGIN", CompanionVersion="4.3.0 (RoomGate)", ApiVersion=API)
        yield self._say("CAPS", SUBSCRIPTIONS=True, NONSQUARE=True, BITMAP_FORMATS="rgb,png", ROTARY_AMOUNT=False)
        yield Ready()
        yield Later(SILENT, "silent")

    def _welcome(self) -> bool:
        try:
            address = ipaddress.ip_address(self.host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in ipaddress.ip_network(entry) for entry in self.settings.allow)

    def quiet(self, data: Any) -> bool:
        """Every program pings ten times a second (facts 5.5)."""
        return len(data) <= 8 and (data.encode() if isinstance(data, str) else data).strip() == b"PING"

    def due(self, name: str) -> Actions:
        """Every program pings ten times a second: one that says nothing is gone."""
        yield Drop(Reason.NO_RESPONSE, "it said nothing for five seconds")

    def _say(self, command: str, status: str = "", **values: str | int | bool) -> Send:
        line = write(command, status, **values)
        return Send(line.decode().rstrip("\n") if self.scheme == "listen+ws" else line, reply=False)

    def _wrong(self, command: str, words: str, **values: str) -> Send:
        return self._say(command, "ERROR", **values, MESSAGE=words)

    # ---- what a program says ---------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """One line; a WebSocket's message may hold several."""
        if len(data) > LONGEST:
            yield Drop(Reason.PROTOCOL_ERROR, f"it sent more than {LONGEST} bytes in one message")
            return
        words = data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")
        yield Later(SILENT, "silent")
        for line in words.split("\n"):
            yield from self._line(line)

    def _introduces(self) -> bool:
        """Whether it may introduce another: else it is after a name that was adopted, or after our memory."""
        if self.now - self._span > SPAN:
            self._span, self._introduced = self.now, 0
        self._introduced += 1
        return self._introduced <= INTRODUCED

    def _presses_too_fast(self) -> bool:
        if self.now - self._second > 1.0:
            self._second, self._presses = self.now, 0
        self._presses += 1
        return self._presses > MOST_PRESSES

    def _line(self, line: str) -> Actions:
        command, values = read(line)
        match command:
            case "" | "PONG":
                pass
            case "PING":
                _, _, rest = line.strip().partition(" ")
                yield self._say(f"PONG {rest[:200]}".rstrip())
            case "QUIT":
                yield Drop(Reason.LINK_LOST, "it said goodbye")
            case "ADD-DEVICE" | "ADD-SUB" if not self._introduces():
                yield Drop(Reason.PROTOCOL_ERROR, f"it introduced more than {INTRODUCED} decks in {SPAN:g} s")
            case "KEY-PRESS" | "KEY-ROTATE" | "SUB-PRESS" | "SUB-ROTATE" if self._presses_too_fast():
                yield Drop(Reason.PROTOCOL_ERROR, f"it pressed more than {MOST_PRESSES} keys in a second")
            case "ADD-DEVICE":
                yield from self._add(values)
            case "REMOVE-DEVICE" | "KEY-PRESS" | "KEY-ROTATE":
                yield from self._of_deck(command, values)
            case "ADD-SUB":
                yield from self._subscribe(values)
            case "REMOVE-SUB" | "SUB-PRESS" | "SUB-ROTATE":
                yield from self._of_button(command, values)
            case "SET-VARIABLE-VALUE" | "FIRMWARE-UPDATE-INFO" | "CHANGE-PAGE" | "PINCODE-KEY":
                deck = text(values, "DEVICEID")
                yield self._wrong(command, "RoomGate has no use for this", **({"DEVICEID": deck} if deck else {}))
            case _:
                yield self._say("ERROR", MESSAGE=f"Unknown command: {command[:64]}")

    def _add(self, values: Mapping[str, str | bool]) -> Actions:
        identity = text(values, "DEVICEID")
        if not identity:
            yield self._wrong("ADD-DEVICE", "Missing DEVICEID")
            return
        product = text(values, "PRODUCT_NAME")
        words = "" if product else "Missing PRODUCT_NAME"
        if identity.startswith(RESERVED) or text(values, "SERIAL").startswith(RESERVED):
            words = "Reserved DEVICEID"
        elif not NAME.match(identity):
            words = "DEVICEID has 1 to 100 letters, digits and :._-"
        elif identity in self.decks:
            words = "Device already added"
        elif len(self.decks) >= MOST_DECKS:
            words = f"No more than {MOST_DECKS} devices"
        deck = None
        if not words:
            try:
                deck = manifest(values) if "LAYOUT_MANIFEST" in values else grid(values)
            except ValueError as error:
                words = str(error)
        if deck is None:
            yield self._wrong("ADD-DEVICE", words, DEVICEID=identity)
            return
        deck.png = "png" in text(values, "BITMAP_FORMAT").lower()
        self.decks[identity] = deck
        yield self._say("ADD-DEVICE", "OK", DEVICEID=identity)
        yield from self._there(identity, product, len(deck.keys), deck.columns, deck.size, deck.png,
                               deck.texts or deck.colours)  # fmt: skip

    def _there(
        self, unit: str, product: str, keys: int, columns: int, size: tuple[int, int] | None, png: bool, words: bool
    ) -> Actions:
        facts: dict[str, Any] = {"product": product[:64], "address": self.host, "keys": keys, "columns": columns}
        if size is not None:
            facts |= {"width": size[0], "height": size[1], "format": "png" if png else "rgb"}
        shows = frozenset({DrawKey}) if size is not None else frozenset({ShowKey}) if words else frozenset()
        yield Offers(unit, shows)
        yield Appeared(unit, facts)

    def _of_deck(self, command: str, values: Mapping[str, str | bool]) -> Actions:
        identity = text(values, "DEVICEID")
        deck = self.decks.get(identity)
        if deck is None:
            yield self._wrong(command, "Device not found" if identity else "Missing DEVICEID", DEVICEID=identity)
            return
        if command == "REMOVE-DEVICE":
            del self.decks[identity]
            yield self._say(command, "OK", DEVICEID=identity)
            yield Gone(identity)
            return
        key = place(deck, values)
        if key is None:
            yield self._wrong(command, "Invalid KEY", DEVICEID=identity)
            return
        yield self._say(command, "OK", DEVICEID=identity)
        if command == "KEY-ROTATE":
            yield Press(key, "turn", steps(values), identity)
        elif flag(values, "PRESSED") != (key in deck.down):
            (deck.down.remove if key in deck.down else deck.down.add)(key)
            yield Press(key, "down" if key in deck.down else "up", None, identity)

    def _subscribe(self, values: Mapping[str, str | bool]) -> Actions:
        sub, where = text(values, "SUBID"), text(values, "LOCATION").split("/")
        size = number(values, "BITMAP")
        words = ""
        if not SUBID.match(sub):
            words = "Invalid SUBID"
        elif sub in self.buttons:
            words = "Subscription already exists"
        elif len(self.buttons) >= MOST_BUTTONS:
            words = f"No more than {MOST_BUTTONS} subscriptions"
        elif len(where) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in where):
            words = "Invalid LOCATION"
        elif int(where[2]) >= IN_A_ROW or int(where[1]) * IN_A_ROW >= MOST_KEYS:
            words = "LOCATION is outside of the grid"
        if words:
            yield self._wrong("ADD-SUB", words, SUBID=sub)
            return
        page, row, column = (int(part) for part in where)
        unit = f"buttons:{self.host}:{page}"
        there = any(held.unit == unit for held in self.buttons.values())
        side = size if size is not None and 24 <= size <= 512 else USUAL
        png = "png" in text(values, "BITMAP_FORMAT").lower()
        self.buttons[sub] = Button(unit, str(row * IN_A_ROW + column + 1), side, png)
        yield self._say("ADD-SUB", "OK", SUBID=sub)
        if not there:
            yield from self._there(unit, "buttons of an Elgato app", MOST_KEYS, IN_A_ROW, (side, side), png, False)
        else:  # it is told what the button shows by being met again
            yield Appeared(unit, self._of_buttons(unit))

    def _of_buttons(self, unit: str) -> dict[str, Any]:
        first = next(held for held in self.buttons.values() if held.unit == unit)
        form = {"width": first.size, "height": first.size, "format": "png" if first.png else "rgb"}
        common = {"product": "buttons of an Elgato app", "address": self.host, "keys": MOST_KEYS, "columns": IN_A_ROW}
        return {**common, **form}

    def _of_button(self, command: str, values: Mapping[str, str | bool]) -> Actions:
        sub = text(values, "SUBID")
        button = self.buttons.get(sub)
        if button is None:
            yield self._wrong(command, "Subscription not found", SUBID=sub)
            return
        yield self._say(command, "OK", SUBID=sub)
        if command == "REMOVE-SUB":
            del self.buttons[sub]
            if button.down:
                yield Press(button.place, "up", None, button.unit)
            if all(held.unit != button.unit for held in self.buttons.values()):
                yield Gone(button.unit)
        elif command == "SUB-ROTATE":
            yield Press(button.place, "turn", steps(values), button.unit)
        elif flag(values, "PRESSED") != button.down:
            button.down = not button.down
            yield Press(button.place, "down" if button.down else "up", None, button.unit)

    # ---- what a key shows ------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """A key's picture, or its text and colours. Said is done: a deck answers nothing."""
        command = request.command
        assert isinstance(command, DrawKey | ShowKey)
        said: list[Send] = []
        deck = self.decks.get(request.unit)
        if deck is not None:
            if not command.key.isdecimal() or not 0 < int(command.key) <= len(deck.keys):
                yield Refused(request, f"this deck has {len(deck.keys)} keys")
                return
            key = deck.keys[int(command.key) - 1]
            which: dict[str, Any] = {"CONTROLID" if deck.named else "KEY": key if deck.named else int(key)}
            said.append(
                self._say(
                    "KEY-STATE", DEVICEID=request.unit, **which, **_shown(command, deck.png, command.key in deck.down)
                )
            )
        else:
            said += [
                self._say("SUB-STATE", SUBID=sub, **_shown(command, held.png, held.down))
                for sub, held in self.buttons.items()
                if (held.unit, held.place) == (request.unit, command.key)
            ]
        yield from said
        yield Taken(request)


def _shown(command: DrawKey | ShowKey, png: bool, down: bool) -> dict[str, Any]:
    """A key's state as both KEY-STATE and SUB-STATE say it (facts 5.4)."""
    told: dict[str, Any] = {"TYPE": "BUTTON", "PRESSED": down}
    if isinstance(command, DrawKey):
        return {**told, "BITMAP": f"data:image/png;base64,{command.image}" if png else command.image}
    words = base64.b64encode(command.text.encode()).decode()
    return {**told, "COLOR": command.background, "TEXTCOLOR": command.foreground, "TEXT": words}
