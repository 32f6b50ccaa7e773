"""An Epson projector: ESC/VP21 over a cable, or behind the ESC/VP.net handshake on TCP.

Written from Epson's ESC/VP21 Command User's Guide. Only these live here; its PJLink and its web pages do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, StreamSimulator, Timer, Where, hand
from simulators.values import SimulatorError

STATES = {"standby": "04", "on": "01", "warming": "02", "cooling": "03", "abnormal": "05"}
SOURCES = ("30", "A0", "80", "53", "11")
GOOD, NO_PASSWORD, WRONG_PASSWORD, BUSY = 0x20, 0x41, 0x43, 0x53


@dataclass(kw_only=True, eq=False)
class EpsonVp(StreamSimulator):
    """The projector's memory and its answers."""

    name: ClassVar[str] = "epson_vp"
    title: ClassVar[str] = "Epson projector (ESC/VP21)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 3629, "serial": 0}

    control_secret: str = ""  # the password of network control; empty = none
    busy: bool = False  # another controller has it
    warm_seconds: float = 30.0
    cool_seconds: float = 40.0
    late_prompt: bool = False  # the prompt of PWR ON comes when the lamp burns, and nothing is answered before
    events: bool = False  # it tells changes of power with an IMEVENT of its own
    power: Literal["standby", "on", "warming", "cooling", "abnormal"] = "standby"
    source: str = "30"
    muted: bool = False
    lamp_hours: int = 812
    error: str = "00"
    serial_number: str = "X5ZB7600123"

    _scheme: str = field(default="tcp", init=False, repr=False)
    _lamp: Timer | None = field(default=None, init=False, repr=False)
    _owed: list[Session] = field(default_factory=list, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        self._scheme = where.scheme
        return await super().listen(where)

    def restart(self) -> None:
        if self._lamp:
            self._lamp.cancel()
        self.power, self.muted = "standby", False
        self._owed.clear()

    def opened(self, session: Session) -> None:
        session.memory.update(line=b"", met=self._scheme == "serial")

    def closed(self, session: Session) -> None:
        if session in self._owed:
            self._owed.remove(session)

    def received(self, session: Session, data: bytes) -> None:
        line = session.memory["line"] + data
        if not session.memory["met"]:
            if len(line) < 16 or len(line) < 16 + 18 * line[15]:
                session.memory["line"] = line
                return
            self._meet(session, line[: 16 + 18 * line[15]])
            line = line[16 + 18 * line[15] :]
        while b"\r" in line and session.memory["met"]:
            command, _, line = line.partition(b"\r")
            self._command(session, command.strip(b"\n").decode("latin-1"))
        session.memory["line"] = line[-128:]

    def _meet(self, session: Session, hello: bytes) -> None:
        if hello[:10] != b"ESC/VP.net" or hello[11] != 3:
            session.close()
            return
        given = hello[18:34].rstrip(b"\0").decode("latin-1") if hello[15] else None
        status = GOOD
        if self.busy:
            status = BUSY
        elif self.control_secret and given is None:
            status = NO_PASSWORD
        elif self.control_secret and (given != self.control_secret or hello[16] != 1):
            status = WRONG_PASSWORD
        session.send(b"ESC/VP.net\x10\x03\x00\x00" + bytes((status, 0)))
        session.memory["met"] = status == GOOD
        if status != GOOD:
            session.close()

    def _command(self, session: Session, line: str) -> None:
        if self.late_prompt and self.power == "warming":
            return
        if not line:
            session.send(b":")
            return
        told = self._ask(line[:-1]) if line.endswith("?") else self._set(*line.upper().partition(" ")[::2])
        if told == "" and line.upper() == "PWR ON" and self.late_prompt and self.power == "warming":
            self._owed.append(session)
            return
        session.send(b":" if told == "" else f"{'ERR' if told is None else told}\r:".encode())

    def _ask(self, word: str) -> str | None:
        word = word.upper()
        told: dict[str, str] = {"PWR": STATES[self.power], "ERR": self.error, "SNO": self.serial_number}
        told["LAMP"] = str(self.lamp_hours)
        if self.power == "on":
            told |= {"SOURCE": self.source, "MUTE": "ON" if self.muted else "OFF"}
        return f"{word}={told[word]}" if word in told else None

    def _set(self, word: str, value: str) -> str | None:
        """ "" = taken, None = an error."""
        if word == "PWR" and value in ("ON", "OFF"):
            return self._switch(value == "ON")
        if self.power != "on":
            return None
        if word == "SOURCE" and value in SOURCES:
            self.source = value
        elif word == "MUTE" and value in ("ON", "OFF"):
            self.muted = value == "ON"
        else:
            return None
        return ""

    def _switch(self, on: bool) -> str | None:
        if self.power in ("cooling" if on else "warming", "abnormal"):
            return None
        if on and self.power == "standby":
            self._become("warming", 2)
            self._lamp = self.after(self.warm_seconds, self._lit)
        elif not on and self.power == "on":
            self.muted = False
            self._become("cooling", 4)
            self._lamp = self.after(self.cool_seconds, lambda: self._become("standby", 1))
        return ""

    def _lit(self) -> None:
        self._become("on", 3)
        waiting, self._owed = self._owed, []
        for session in waiting:
            session.send(b":")

    def _become(self, power: Literal["standby", "on", "warming", "cooling"], event: int) -> None:
        self.power = power
        if self.events:
            self.broadcast(f"IMEVENT=0001 {event:02} 00000002 00000000 T1 F1\r:".encode())

    @hand
    def press_power(self) -> None:
        """The power key of the remote control; nothing happens while the lamp is busy."""
        self._switch(self.power != "on")

    @hand
    def select_source(self, code: str = "A0") -> None:
        """The source key."""
        if code not in SOURCES:
            raise SimulatorError(f"there is no source {code!r}; there are: {', '.join(SOURCES)}")
        self.source = code

    @hand
    def press_mute(self) -> None:
        """The A/V mute key."""
        self.muted = not self.muted

    @hand
    def open_cover(self) -> None:
        """The lamp's cover is opened."""
        self.error = "07"
