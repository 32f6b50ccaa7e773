"""An Extron DXP matrix that speaks SIS, or an older one that answers the other way round, or an IN16xx switcher.

Written from the DXP DVI Pro/HDMI user guide (SIS, p.54-61) and the CrossPoint 450 Plus manual (p.4-9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators.device import Session, StreamSimulator, Where, hand
from simulators.values import SimulatorError

IDLE = 300.0  # seconds until a network connection is closed
PLAIN = re.compile(r"(\d*)(?:\*(\d+))?([!%$&BZOIQN])|0LS", re.IGNORECASE)  # commands without an end
LAYER = {"!": ("All", "VA"), "%": ("Vid", "V"), "&": ("RGB", "V"), "$": ("Aud", "A")}


@dataclass(kw_only=True, eq=False)
class ExtronSis(StreamSimulator):
    """Ties, mutes, group masters and relays."""

    name: ClassVar[str] = "extron_sis"
    title: ClassVar[str] = "Extron SIS switcher"
    links: ClassVar[Mapping[str, int]] = {"tcp": 23, "telnet": 23, "serial": 0}

    kind: Literal["matrix", "switcher"] = "matrix"
    order: Literal["out in", "in out"] = "out in"
    inputs: int = 8
    outputs: int = 8
    password: str = ""
    guarded: Literal["network", "everything"] = "network"  # a serial line is trusted as delivered
    tags: bool = True  # takes verbose mode 3
    relays: int = 2
    groups: int = 2
    model: str = "DXP 88 HDMI"
    video: dict[int, int] = field(default_factory=dict)
    audio: dict[int, int] = field(default_factory=dict)
    video_muted: dict[int, bool] = field(default_factory=dict)
    audio_muted: dict[int, bool] = field(default_factory=dict)
    present: dict[int, bool] = field(default_factory=dict)
    master: dict[int, int] = field(default_factory=dict)  # tenths of a decibel; the even ones mute
    relay: dict[int, bool] = field(default_factory=dict)

    _serial: bool = field(default=False, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        self._serial = where.scheme == "serial"
        return await super().listen(where)

    def __post_init__(self) -> None:
        outs = range(1, (1 if self.kind == "switcher" else self.outputs) + 1)
        self.video, self.audio = dict.fromkeys(outs, 1), dict.fromkeys(outs, 1)
        self.video_muted, self.audio_muted = dict.fromkeys(outs, False), dict.fromkeys(outs, False)
        self.present = {n: n % 2 == 1 for n in range(1, self.inputs + 1)}
        self.master = {n: -200 if n % 2 else 0 for n in range(1, self.groups + 1)}
        self.relay = dict.fromkeys(range(1, self.relays + 1), False)

    def opened(self, session: Session) -> None:
        serial = self._serial and self.guarded == "network"
        session.memory.update(text="", verbose=1 if serial else 0, trusted=serial or not self.password, idle=None)
        if serial:
            return
        session.send(f"\r\n(c) Copyright 2019, Extron Electronics, {self.model}, V1.05, 60-1234-01\r\n".encode())
        session.send(b"Wed, 13 Nov 2019 13:34:01\r\n")
        if self.password:
            session.send(b"\r\nPassword:")
        self._stir(session)

    def closed(self, session: Session) -> None:
        if timer := session.memory.get("idle"):
            timer.cancel()

    def _stir(self, session: Session) -> None:
        if timer := session.memory["idle"]:
            timer.cancel()
        session.memory["idle"] = self.after(IDLE, session.close)

    def received(self, session: Session, data: bytes) -> None:
        if session.memory["idle"]:
            self._stir(session)
        text = session.memory["text"] + data.decode("latin-1")
        if not session.memory["trusted"]:
            text = self._log_in(session, text)
        while session.memory["trusted"] and text:
            if text[0] in "\r\n":
                text = text[1:]
            elif text[0] in "\x1bW":
                if "\r" not in text:
                    break
                line, _, text = text[1:].partition("\r")
                self._say(session, self._escaped(session, line))
            elif match := PLAIN.match(text):
                text = text[match.end() :]
                self._say(session, self._plain(session, match))
            elif re.fullmatch(r"[\d*]{0,9}(0L)?", text):
                break  # not whole yet
            else:
                text = text[1:]
                self._say(session, "E10")
        session.memory["text"] = text[-100:]

    def _log_in(self, session: Session, text: str) -> str:
        while "\r" in text and not session.memory["trusted"]:
            word, _, text = text.partition("\r")
            if word.strip("\n") == self.password and not self.faults.refuse_login:
                session.memory["trusted"] = True
                session.send(b"\r\nLogin Administrator\r\n")
            else:
                session.send(b"\r\nPassword:")
        return text

    @staticmethod
    def _say(session: Session, line: str) -> None:
        session.send(f"{line}\r\n".encode())

    def _tell(self, line: str, but: Session | None) -> None:
        """A change, to everybody who wants to hear of it."""
        for session in self.sessions:
            if session is not but and session.memory["trusted"] and session.memory["verbose"] in (1, 3):
                self._say(session, line)

    def _escaped(self, session: Session, line: str) -> str:
        if verbose := re.fullmatch(r"([0-3])CV", line, re.IGNORECASE):
            if verbose[1] in "23" and not self.tags:
                return "E13"
            session.memory["verbose"] = int(verbose[1])
            return f"Vrb{verbose[1]}"
        if group := re.fullmatch(r"D(\d+)(?:\*([+-]?\d+))?GRPM", line, re.IGNORECASE):
            number = int(group[1])
            if number not in self.master:
                return "E13"
            if group[2] is None:
                held = f"{self.master[number]:+d}" if number % 2 else str(self.master[number])
                return f"GrpmD{number}*{held}" if session.memory["verbose"] > 1 else held
            if number % 2 and not -1000 <= int(group[2]) <= 120:
                return "E13"
            self.master[number] = int(group[2])
            line = f"GrpmD{number}*{self.master[number]:+d}" if number % 2 else f"GrpmD{number}*{self.master[number]}"
            self._tell(line, session)
            return line
        return "E10"

    def _plain(self, session: Session, match: re.Match[str]) -> str:
        if match[0].upper() == "0LS":
            return "*".join(str(int(there)) for there in self.present.values())
        first, second, sign = match[1], match[2], match[3].upper()
        if sign in LAYER:
            return self._ties(session, first, second, sign)
        if sign in "BZ":
            return self._mutes(session, first, second, sign)
        if sign == "O":
            return self._relays(session, first, second)
        if first or second:
            return "E10"
        size = f"V{self.inputs:02d}X{self.outputs:02d} A{self.inputs:02d}X{self.outputs:02d}"
        return {"I": size, "Q": "1.05", "N": "60-1234-01"}[sign]

    def _ties(self, session: Session, first: str, second: str | None, sign: str) -> str:
        single = self.kind == "switcher"
        word, which = LAYER[sign]
        if single:
            source, output = (first, "1") if first else (None, "1")
        else:
            source, output = (first, second) if second else (None, first)
        if not output or int(output) not in self.video:
            return "E12"
        number = int(output)
        if source is None:
            held = self.audio[number] if which == "A" else self.video[number]
            return self._tied(number, held, word) if session.memory["verbose"] > 1 else f"{held:02d}"
        if int(source) > self.inputs:
            return "E01"
        if "V" in which:
            self.video[number] = int(source)
        if "A" in which:
            self.audio[number] = int(source)
        line = self._tied(number, int(source), word)
        self._tell(line, session)
        return line

    def _tied(self, output: int, source: int, word: str) -> str:
        if self.kind == "switcher":
            return f"In{source:02d} {word}"
        pair = [f"Out{output:02d}", f"In{source:02d}"]
        return " ".join([*(pair if self.order == "out in" else reversed(pair)), word])

    def _mutes(self, session: Session, first: str, second: str | None, sign: str) -> str:
        table, word = (self.video_muted, "Vmt") if sign == "B" else (self.audio_muted, "Amt")
        if self.kind == "switcher":
            output, state = "1", first or None
        else:
            output, state = first, second
        if not output or int(output) not in table:
            return "E12"
        prefix = word if self.kind == "switcher" else f"{word}{int(output):02d}*"
        if state is None:
            held = str(int(table[int(output)]))
            return prefix + held if session.memory["verbose"] > 1 else held
        if state not in ("0", "1"):
            return "E13"
        table[int(output)] = state == "1"
        self._tell(prefix + state, session)
        return prefix + state

    def _relays(self, session: Session, first: str, second: str | None) -> str:
        if not first or int(first) not in self.relay:
            return "E13"
        if second is not None:
            self.relay[int(first)] = second == "1"
        elif session.memory["verbose"] < 2:
            return str(int(self.relay[int(first)]))
        return f"Rly{first}*{int(self.relay[int(first)])}"

    def memory(self) -> dict[str, Any]:
        return super().memory() | {"connections": len(self.sessions)}

    # Hands.

    @hand
    def press_front(self, output: int = 1, source: int = 4) -> None:
        """Somebody ties an input to an output at the front panel."""
        if output not in self.video or source > self.inputs:
            raise SimulatorError(f"there is no output {output} or no input {source}")
        self.video[output] = self.audio[output] = source
        self._tell(self._tied(output, source, "All"), None)

    @hand
    def plug(self, source: int = 2, there: bool = True) -> None:
        """A source is switched on, or off."""
        if source not in self.present:
            raise SimulatorError(f"there is no input {source}")
        self.present[source] = there
