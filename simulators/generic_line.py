"""A small audio and relay box that takes lines: what docs/equipment/generic_line.md describes as an example.

No maker's manual stands behind it: its words are on that page, and only there. What may not live here: other words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, hand

SOURCES = ("TABLE", "PC", "CAM")


@dataclass(kw_only=True, eq=False)
class GenericLine(StreamSimulator):
    """The box's memory and its answers."""

    name: ClassVar[str] = "generic_line"
    title: ClassVar[str] = "A box that takes lines of text (example)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 4000, "telnet": 23, "serial": 0}

    pin: str = ""  # PIN first, where there is one
    talks: bool = True  # tells of changes by itself
    mute_box: bool = False  # a box that hears and never says a word
    power: bool = False
    volume: int = 20  # 0 to 50
    muted: bool = False
    source: str = "TABLE"
    relays: dict[str, bool] = field(default_factory=lambda: {"1": False, "2": False})
    heard: list[str] = field(default_factory=list)

    def restart(self) -> None:
        """Relays open; the rest is kept."""
        self.reset("relays")

    def opened(self, session: Session) -> None:
        session.memory.update(held="", welcome=not self.pin)

    def received(self, session: Session, data: bytes) -> None:
        text = session.memory["held"] + data.decode("utf-8", "replace").replace("\n", "\r")
        *lines, session.memory["held"] = text.split("\r")
        session.memory["held"] = session.memory["held"][:200]
        for line in filter(None, lines):
            self.heard.append(line)
            self._say(session, self._answer(session, line))

    def _say(self, session: Session, line: str) -> None:
        if not self.mute_box:
            session.send(f"{line}\r\n".encode())

    def _answer(self, session: Session, line: str) -> str:
        word, _, rest = line.partition(" ")
        if word == "PIN":
            session.memory["welcome"] = rest == self.pin
            return "HELLO" if session.memory["welcome"] else "ERR PIN"
        if not session.memory["welcome"]:
            return "ERR PIN"
        if word == "RLY":
            port, _, rest = rest.partition(" ")
            if port not in self.relays:
                return "ERR NO RELAY"
            if rest in ("ON", "OFF"):
                self.relays[port] = rest == "ON"
            return self._relay(port) if rest in ("ON", "OFF", "?") else "ERR WORD"
        return self._plain(word, rest)

    def _plain(self, word: str, rest: str) -> str:
        if word == "PWR" and rest in ("ON", "OFF"):
            self.power = rest == "ON"
        elif word == "VOL" and rest.isdigit() and int(rest) <= 50:
            self.volume = int(rest)
        elif word == "MUT" and rest in ("0", "1"):
            self.muted = rest == "1"
        elif word == "SRC" and rest in SOURCES:
            self.source = rest
        elif word not in ("PWR", "VOL", "MUT", "SRC") or rest != "?":
            return "ERR WORD"
        return self._state(word)

    def _state(self, word: str) -> str:
        told = {
            "PWR": "ON" if self.power else "OFF",
            "VOL": str(self.volume),
            "MUT": str(int(self.muted)),
            "SRC": self.source,
        }
        return f"{word}={told[word]}"

    def _relay(self, port: str) -> str:
        return f"RLY{port}={'ON' if self.relays[port] else 'OFF'}"

    def _told(self, line: str) -> None:
        if self.talks:
            for session in self.sessions:
                self._say(session, line)

    # Hands.

    @hand
    def turn_knob(self, volume: int = 30) -> None:
        """Somebody turns the box's knob, 0 to 50."""
        if not 0 <= volume <= 50:
            raise SimulatorError(f"the knob goes from 0 to 50, not to {volume}")
        self.volume = volume
        self._told(self._state("VOL"))

    @hand
    def press_mute(self) -> None:
        """Somebody presses the box's mute key."""
        self.muted = not self.muted
        self._told(self._state("MUT"))

    @hand
    def press_relay(self, port: str = "1") -> None:
        """Somebody turns a relay over."""
        if port not in self.relays:
            raise SimulatorError(f"there is no relay {port}; there are {', '.join(self.relays)}")
        self.relays[port] = not self.relays[port]
        self._told(self._relay(port))
