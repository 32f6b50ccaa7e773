"""A Kramer switcher with Protocol 3000: the newer one that knows ROUTE, or the older one with VID and AUD.

Written from the Protocol 3000 tables of the VP-8x8AK (p.43) and KIT-400 (p.85) manuals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, StreamSimulator, hand
from simulators.values import SimulatorError

SYNTAX, UNKNOWN, RANGE, UNAUTHORIZED = 1, 2, 3, 4


class ProtocolError(Exception):
    """A result code."""


@dataclass(kw_only=True, eq=False)
class KramerP3000(StreamSimulator):
    """Routes, mutes and levels; `secured` wants a log-in."""

    name: ClassVar[str] = "kramer_p3000"
    title: ClassVar[str] = "Kramer Protocol 3000 switcher"
    links: ClassVar[Mapping[str, int]] = {"tcp": 5000, "serial": 0}

    style: Literal["route", "vid"] = "route"
    machine: int = 1
    inputs: int = 4
    outputs: int = 2
    breakaway: bool = True
    sized: bool = True  # knows INFO-IO
    audio: bool = True  # knows AUD-LVL and MUTE
    lowest: int = 0
    highest: int = 100
    secured: bool = False
    password: str = ""
    picture: dict[int, int] = field(default_factory=dict)
    sound: dict[int, int] = field(default_factory=dict)
    shown: dict[int, bool] = field(default_factory=dict)
    silent: dict[int, bool] = field(default_factory=dict)
    level: dict[int, int] = field(default_factory=dict)
    live: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        outs = range(1, self.outputs + 1)
        self.picture, self.sound = dict.fromkeys(outs, 1), dict.fromkeys(outs, 1)
        self.shown, self.silent = dict.fromkeys(outs, True), dict.fromkeys(outs, False)
        self.level = dict.fromkeys(outs, self.lowest)
        self.live = {n: n == 1 for n in range(1, self.inputs + 1)}

    def opened(self, session: Session) -> None:
        session.memory.update(line="", trusted=not self.secured)

    def received(self, session: Session, data: bytes) -> None:
        *lines, rest = (session.memory["line"] + data.decode("latin-1")).split("\r")
        session.memory["line"] = rest[-200:]
        for line in lines:
            self._line(session, line.strip("\n"))

    def _line(self, session: Session, line: str) -> None:
        if not line.startswith("#"):
            return
        address, at, words = line[1:].partition("@")
        if not at:
            words = line[1:]
        elif not address.isdigit() or int(address) != self.machine:
            return  # somebody else's on the line
        for command in words.split("|"):
            try:
                self._answer(session, self._obey(session, command.strip()))
            except ProtocolError as error:
                self._answer(session, f"ERR {error.args[0]:03d}")

    def _answer(self, session: Session, text: str) -> None:
        session.send(f"~{self.machine:02d}@{text}\r\n".encode())

    def _tell(self, text: str, but: Session | None = None) -> None:
        for session in self.sessions:
            if session is not but:
                self._answer(session, text)

    def _obey(self, session: Session, command: str) -> str:
        if not command:
            return " OK"
        word, _, rest = command.partition(" ")
        values = [value.strip() for value in rest.split(",")] if rest else []
        word = word.upper()
        if word == "LOGIN":
            if len(values) != 2 or values[1] != self.password or self.faults.refuse_login:
                raise ProtocolError(UNAUTHORIZED)
            session.memory["trusted"] = True
            return f"LOGIN {values[0]},{values[1]} OK"
        if not session.memory["trusted"]:
            raise ProtocolError(UNAUTHORIZED)
        told = {"MODEL?": "MODEL VS-42H2", "VERSION?": "VERSION 1.20.0103", "SN?": "SN 01234567890123"}
        if word in told:
            return told[word]
        if word == "INFO-IO?" and self.sized:
            return f"INFO-IO IN {self.inputs},OUT {self.outputs}"
        known = {"route": self._route, "vid": self._vid}[self.style]
        for attempt in (known, self._mutes, self._levels, self._signal):
            if (said := attempt(session, word, values)) is not None:
                return said
        raise ProtocolError(UNKNOWN)

    @staticmethod
    def _number(text: str, table: Mapping[int, object]) -> int:
        if not text.isdigit():
            raise ProtocolError(SYNTAX)
        if int(text) not in table:
            raise ProtocolError(RANGE)
        return int(text)

    def _source(self, text: str) -> int:
        return 0 if text == "0" else self._number(text, self.live)

    def _route(self, session: Session, word: str, values: list[str]) -> str | None:
        if word not in ("ROUTE", "ROUTE?"):
            return None
        if len(values) != (3 if word == "ROUTE" else 2):
            raise ProtocolError(SYNTAX)
        layers = {"1": self.picture} | ({"2": self.sound} if self.breakaway else {})
        if values[0] not in layers:
            raise ProtocolError(RANGE)
        table = layers[values[0]]
        output = self._number(values[1], table)
        if word == "ROUTE":
            table[output] = self._source(values[2])
            self._tell(f"ROUTE {values[0]},{output},{table[output]}", session)
        return f"ROUTE {values[0]},{output},{table[output]}"

    def _vid(self, session: Session, word: str, values: list[str]) -> str | None:
        table = {"VID": self.picture, "AUD": self.sound}.get(word.rstrip("?"))
        if table is None or (table is self.sound and not self.breakaway):
            return None
        name = word.rstrip("?")
        if word.endswith("?"):
            wanted = list(table) if values == ["*"] else [self._number(values[0] if values else "", table)]
            return f"{name} " + ",".join(f"{table[output]}>{output}" for output in wanted)
        said = []
        for value in values:
            source, arrow, output = value.partition(">")
            if not arrow:
                raise ProtocolError(SYNTAX)
            table[self._number(output, table)] = self._source(source)
            said.append(f"{source}>{output}")
        self._tell(f"{name} {','.join(said)}", session)
        return f"{name} {','.join(said)} OK"

    def _mutes(self, session: Session, word: str, values: list[str]) -> str | None:
        table = {"VMUTE": self.shown, "MUTE": self.silent}.get(word.rstrip("?"))
        if table is None or (table is self.silent and not self.audio):
            return None
        output = self._number(values[0] if values else "", table)
        if not word.endswith("?"):
            if len(values) != 2 or values[1] not in ("0", "1"):
                raise ProtocolError(SYNTAX)
            table[output] = values[1] == "1"
        return f"{word.rstrip('?')} {output},{int(table[output])}"

    def _levels(self, session: Session, word: str, values: list[str]) -> str | None:
        if word not in ("AUD-LVL", "AUD-LVL?") or not self.audio:
            return None
        if len(values) < 2 or values[0] != "1":
            raise ProtocolError(SYNTAX)
        output = self._number(values[1], self.level)
        if word == "AUD-LVL":
            try:
                wanted = int(values[2])
            except (IndexError, ValueError):
                raise ProtocolError(SYNTAX) from None
            if not self.lowest <= wanted <= self.highest:
                raise ProtocolError(RANGE)
            self.level[output] = wanted
        return f"AUD-LVL 1,{output},{self.level[output]}"

    def _signal(self, session: Session, word: str, values: list[str]) -> str | None:
        if word != "SIGNAL?":
            return None
        source = self._number(values[0] if values else "", self.live)
        return f"SIGNAL {source},{int(self.live[source])}"

    # Hands.

    @hand
    def press_front(self, output: int = 1, source: int = 3) -> None:
        """Somebody routes an input to an output at the front panel."""
        if output not in self.picture or source not in self.live:
            raise SimulatorError(f"there is no output {output} or no input {source}")
        self.picture[output] = self.sound[output] = source
        if self.style == "route":
            self._tell(f"ROUTE 1,{output},{source}")
        else:
            self._tell(f"VID {source}>{output}")

    @hand
    def plug(self, source: int = 2, there: bool = True) -> None:
        """A source is plugged in, or out."""
        if source not in self.live:
            raise SimulatorError(f"there is no input {source}")
        self.live[source] = there
