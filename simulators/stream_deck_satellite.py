"""A program with decks that calls its host over the Satellite protocol: the Raspberry Pi's, or the Elgato plug-in.

Written from control-surfaces facts, chapter 5 (Companion's SatelliteApi and its published documentation). The two speak
two dialects: the Pi's quotes its values and says 1 and 0, the plug-in quotes nothing and says true and false. Both ping
ten times a second and give up a host that leaves more than fifteen unanswered and was silent for a second. The shape of
a layout's manifest is from the schema that Companion publishes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators._calling import CallDoor, WsCallDoor
from simulators.device import Session, Simulator, Timer, Where, hand
from simulators.values import SimulatorError

PING_EVERY = 0.1
UNANSWERED = 15
PATIENCE = 1.0
OLDEST = (1, 7, 0)  # of the host's API; older ones are left alone for half a minute
PLUGIN_OLDEST = (1, 10, 0)
WITH_CAPS = (1, 10, 0)
PART = re.compile(r'([A-Za-z_-]+)(?:=("(?:\\.|[^"\\])*"|\S*))?')


@dataclass(kw_only=True, eq=False)
class StreamDeckSatellite(Simulator):
    """One program, its deck, and what the deck shows."""

    name: ClassVar[str] = "stream_deck_satellite"
    title: ClassVar[str] = "Companion Satellite with a Stream Deck"
    links: ClassVar[Mapping[str, int]] = {"listen+tcp": 16622, "listen+ws": 16623}

    program: Literal["pi", "elgato"] = "pi"
    device_id: str = "streamdeck:SIM00000001"
    product: str = "Stream Deck MK.2"
    keys: int = 15
    columns: int = 5
    bitmaps: int = 72  # pixels; 0 = texts and colours only
    manifest: bool = False  # describes its keys by a manifest (API 1.9)
    png: bool = True  # takes PNG where the host offers it (API 1.12)
    page: int = 1  # plug-in: the page that its buttons name

    host: dict[str, str] = field(default_factory=dict)  # what the host said of itself
    plugged: bool = True
    added: bool = False  # the host has taken the deck, or all buttons
    down: set[int] = field(default_factory=set)  # keys under fingers, from 0
    pictures: dict[int, str] = field(default_factory=dict)  # base64, as it came
    texts: dict[int, str] = field(default_factory=dict)
    colours: dict[int, str] = field(default_factory=dict)
    drawn: int = 0  # states that came
    pings: int = 0
    pongs: int = 0
    errors: list[str] = field(default_factory=list)

    _ping: Timer | None = field(default=None, init=False, repr=False)
    _heard: float = field(default=0.0, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        """Call the host at that address."""
        kind = WsCallDoor if where.scheme == "listen+ws" else CallDoor
        door = kind(self.faults, self._opened, self._received, self._closed, again=PATIENCE / self.speed)
        port = door.aim(where.host, where.port)
        self.doors.append(door)
        return f"{where.scheme}://{where.host}:{port}"

    def restart(self) -> None:
        """A program that starts anew knows nothing of its host; fingers stay where they are."""
        self.reset("host", "added", "pictures", "texts", "colours", "drawn", "pings", "pongs", "errors")

    # ---- hands -----------------------------------------------------------------------------------------------

    @hand
    def press(self, key: int) -> None:
        """A finger on a key, from 0."""
        self._finger(key, True)

    @hand
    def release(self, key: int) -> None:
        """And off it."""
        self._finger(key, False)

    @hand
    def rotate(self, key: int, steps: int = 1) -> None:
        """Turn a dial, step by step."""
        for _ in range(abs(steps)):
            self._say(
                "SUB-ROTATE" if self.program == "elgato" else "KEY-ROTATE", **self._which(key), DIRECTION=steps > 0
            )

    @hand
    def unplug(self) -> None:
        """Pull the deck's cable: the program stays."""
        self.plugged = self.added = False
        self.down.clear()
        self._say("REMOVE-DEVICE", DEVICEID=self.device_id)

    @hand
    def plug(self) -> None:
        """Put it back."""
        self.plugged = True
        self._introduce()

    @hand
    def say(self, line: str) -> None:
        """Say a line of one's own."""
        self._write(line)

    def _finger(self, key: int, down: bool) -> None:
        if not 0 <= key < self.keys:
            raise SimulatorError(f"this deck has keys 0 to {self.keys - 1}")
        (self.down.add if down else self.down.discard)(key)
        command = "SUB-PRESS" if self.program == "elgato" else "KEY-PRESS"
        self._say(command, **self._which(key), PRESSED=down)

    def _which(self, key: int) -> dict[str, Any]:
        row, column = divmod(key, self.columns)
        if self.program == "elgato":
            return {"SUBID": f"b{row}-{column}"}
        if self.manifest:
            return {"DEVICEID": self.device_id, "CONTROLID": f"{row}/{column}"}
        return {"DEVICEID": self.device_id, "KEY": f"{row}/{column}"}

    # ---- the protocol ----------------------------------------------------------------------------------------

    def _opened(self, session: Session) -> None:
        session.memory["line"] = b""
        self.host = {}
        self.added = False
        self.pings = self.pongs = 0
        self._heard = self.clock()
        self.touched()

    def _closed(self, session: Session) -> None:
        if self._ping is not None:
            self._ping.cancel()
        self.added = False
        self.touched()

    def _received(self, session: Session, data: bytes) -> None:
        *lines, rest = (session.memory["line"] + data).split(b"\n")
        if session._whole:  # a WebSocket's message is a line, with or without its end
            lines, rest = [*lines, rest], b""
        session.memory["line"] = rest
        self._heard = self.clock()
        for line in lines:
            self._hear(line.decode("utf-8", "replace").strip())
        self.touched()

    def _hear(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        values = {name.upper(): value[1:-1] if value[:1] == '"' else value for name, value in PART.findall(rest)}
        match command:
            case "BEGIN":
                self.host = values
                version = tuple(int(part) for part in values["APIVERSION"].split("."))
                if version < (PLUGIN_OLDEST if self.program == "elgato" else OLDEST):
                    for door in self.doors:
                        door.drop()
                elif version < WITH_CAPS:
                    self._introduce()
            case "CAPS":
                self.host |= values
                self._introduce()
            case "PONG":
                self.pongs += 1
            case "KEY-STATE" | "SUB-STATE":
                self._shown(values)
            case "ADD-DEVICE" | "ADD-SUB":
                self.added = rest.startswith("OK")
            case "KEYS-CLEAR":
                self.pictures.clear()
            case _:
                pass
        if rest.startswith("ERROR") or command == "ERROR":
            self.errors.append(line)
            del self.errors[:-100]

    def _introduce(self) -> None:
        formats = self.host.get("BITMAP_FORMATS", "").split(",")
        as_png = {"BITMAP_FORMAT": "png"} if self.png and "png" in formats else {}
        if self.program == "elgato":
            for key in range(self.keys):
                row, column = divmod(key, self.columns)
                where = f"{self.page}/{row}/{column}"
                self._say("ADD-SUB", **self._which(key), LOCATION=where, BITMAP=self.bitmaps, **as_png)
        elif self.plugged:
            about: dict[str, Any] = {"DEVICEID": self.device_id, "PRODUCT_NAME": self.product}
            if self.manifest:
                about["LAYOUT_MANIFEST"] = base64.b64encode(json.dumps(self._manifest()).encode()).decode()
            else:
                about |= {"KEYS_TOTAL": self.keys, "KEYS_PER_ROW": self.columns, "BITMAPS": self.bitmaps}
                about |= {} if self.bitmaps else {"COLORS": "hex", "TEXT": True}
            self._say("ADD-DEVICE", **about, **as_png)
        if self._ping is None or not self._ping.running:
            self._pinging()

    def _manifest(self) -> dict[str, Any]:
        """The layout as Companion's published schema wants it."""
        style = {"bitmap": {"w": self.bitmaps, "h": self.bitmaps}} if self.bitmaps else {"text": True, "colors": "hex"}
        controls = {}
        for key in range(self.keys):
            row, column = divmod(key, self.columns)
            controls[f"{row}/{column}"] = {"row": row, "column": column}
        return {"stylePresets": {"default": style}, "controls": controls}

    def _shown(self, values: dict[str, str]) -> None:
        if "SUBID" in values:
            row, _, column = values["SUBID"][1:].partition("-")
            key = int(row) * self.columns + int(column)
        elif "CONTROLID" in values:
            row, _, column = values["CONTROLID"].partition("/")
            key = int(row) * self.columns + int(column)
        else:  # the Pi's program reads the number that it begins with: "1/2" would be key 1
            found = re.match(r"\d+", values["KEY"])
            if found is None:
                return
            key = int(found[0])
        self.drawn += 1
        if "BITMAP" in values:
            self.pictures[key] = values["BITMAP"]
        if "TEXT" in values:
            self.texts[key] = base64.b64decode(values["TEXT"]).decode()
            self.colours[key] = values.get("COLOR", "")

    def _pinging(self) -> None:
        self._write("PING")
        self.pings += 1
        if self.pings - self.pongs > UNANSWERED and self.clock() - self._heard > PATIENCE:
            for door in self.doors:
                door.drop()
            return
        self._ping = self.after(PING_EVERY, self._pinging)

    def _say(self, command: str, **values: Any) -> None:
        self._write(" ".join([command, *(f"{name}={self._value(value)}" for name, value in values.items())]))

    def _value(self, value: Any) -> str:
        if isinstance(value, bool):
            value = ("true" if value else "false") if self.program == "elgato" else int(value)
        return str(value) if self.program == "elgato" else f'"{value}"'

    def _write(self, line: str) -> None:
        for door in self.doors:
            for session in door.sessions:
                session.send(line.encode() + b"\n")
