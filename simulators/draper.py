"""A serial motor controller of the Draper family: MC1 / LVC-IV, Vutec SIK232, Elecsolutions R2D7.

Written from Draper's SerialComm-RS232 sheet, its MC1 V3 manual (p.5-6: taps and the buffer) and Vutec's SIK232 manual,
appendix B. 9600 8N1, over a cable or through a transparent serial server. Only this ASCII protocol lives here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, StreamSimulator, Timer, Where, hand
from simulators.motor import Direction, Motor
from simulators.values import SimulatorError

# * system command channel time; the channel may be left out for stop and quit. Letters in either case.
COMMAND = re.compile(r"\*(\d{1,2})([ocswpaqr])(?:(\d\d)(\d{3})?)?", re.IGNORECASE)
BUFFER = 120
ALL = 0
PULSE, SHORT_PULSE = 2.0, 0.25  # seconds of signal when none are given; the short one for stop and program
TERMINATOR = re.compile(rb"[;\r]")
XON, XOFF = b"\x11", b"\x13"


@dataclass(kw_only=True, eq=False)
class Draper(StreamSimulator):
    """The controller's memory, its motors and its answers."""

    name: ClassVar[str] = "draper"
    title: ClassVar[str] = "Draper MC1 / LVC-IV, Vutec SIK232, R2D7 motor controller"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 4001}

    dialect: Literal["draper", "vutec"] = "draper"
    version: str = "2.0"
    system: int = 1
    motors: int = 2
    travel_seconds: float = 20.0
    open_is_down: bool = True  # the sheets contradict each other; it depends on how the motor was set up
    reference: Literal["bottom", "top"] = "bottom"  # where it says 0 %, as it was set up
    latching: bool = True  # the motor runs to its limit on a pulse; otherwise only as long as the signal lasts
    taps_stop: bool = True  # `o` and `c` are taps on a button: either one stops a motor that runs (MC1 V3, p.6)
    calibrated: bool = True  # knows its limits, so can say a position
    command_seconds: float = 0.0  # how long one command keeps it busy, while the next ones wait in its buffer

    motor: dict[str, Motor] = field(default_factory=dict, init=False)  # by channel, "01", "02", ...

    _signals: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        if not 1 <= self.motors <= 60:
            raise SimulatorError(f"motors is {self.motors}, expected 1 to 60")
        if not self.motor:
            seconds = self.travel_seconds
            self.motor = {f"{n:02}": Motor(self, seconds, seconds) for n in range(1, self.motors + 1)}
        return await super().listen(where)

    def restart(self) -> None:
        """The motors stand still where they are; the limits are kept."""
        self._signals.clear()
        for motor in self.motor.values():
            motor.stop()

    def linked(self) -> None:
        if self.dialect == "vutec":  # power-up: version, then XON
            self.broadcast(f"{self.version};".encode() + XON)

    def opened(self, session: Session) -> None:
        session.memory.update(line=b"", held=False, busy=False)

    def received(self, session: Session, data: bytes) -> None:
        session.memory["line"] += data
        self._work(session)

    def _work(self, session: Session) -> None:
        """Take what is whole out of the buffer; X-off when it is half full, X-on when it is empty again."""
        memory = session.memory
        while not memory["busy"] and (end := TERMINATOR.search(memory["line"])):
            command, memory["line"] = memory["line"][: end.start()], memory["line"][end.end() :]
            if text := command.replace(b"\n", b"").decode("ascii", "replace"):  # a line feed is ignored
                self._command(session, text)
                if self.command_seconds:
                    memory["busy"] = True
                    self.after(self.command_seconds, lambda: self._rested(session))
        if len(memory["line"]) > BUFFER:  # MC1 V3, p.6: all is thrown away
            memory.update(line=b"", held=False)
            session.send(b"O" + XON)
        elif len(memory["line"]) * 2 >= BUFFER and not memory["held"]:
            memory["held"] = True
            session.send(XOFF)
        elif memory["held"] and not memory["line"]:
            memory["held"] = False
            session.send(XON)

    def _rested(self, session: Session) -> None:
        session.memory["busy"] = False
        self._work(session)

    def _command(self, session: Session, text: str) -> None:
        if text.upper() == "*V":
            session.send(f"{self.version};".encode())
            return
        parts = COMMAND.fullmatch(text)
        letter = parts[2].lower() if parts else ""
        channel = parts[3] if parts else None
        position_wanted = letter == "r"
        needs_channel = letter in {"o", "c", "r"}
        no_position = position_wanted and (self.dialect == "vutec" or channel == "00")
        if parts is None or (needs_channel and channel is None) or no_position or int(channel or 0) > 60:
            session.send(b"U" if self.dialect == "vutec" else b"U;")
            return
        if position_wanted:
            assert channel is not None
            session.send(f"*{channel}R{self._position(channel)};".encode())
            return
        ours = self._addressed(int(parts[1]), channel)
        if letter in {"o", "c"} and ours and not self.calibrated:
            session.send(b"U" if self.dialect == "vutec" else b"X;")
            return
        for one in ours:
            self._signal(one, letter, None if parts[4] is None else int(parts[4]) / 20)
        if self.dialect == "vutec":
            session.send(b"\n")
            self.after(SHORT_PULSE, lambda: session.send(b"\r"))  # CR: relayed to the motors
        else:
            session.send(b"G;")

    def _addressed(self, system: int, channel: str | None) -> list[str]:
        """Our channels that a command means; a good command for somebody else on the bus is good all the same."""
        if system not in {ALL, self.system}:
            return []
        if channel in {None, "00"}:
            return list(self.motor)
        return [channel] if channel in self.motor else []

    def _position(self, channel: str) -> str:
        """Percent of the way from its reference, two digits; N = not calibrated, U = unknown."""
        motor = self.motor.get(channel)
        if motor is None:
            return "U"
        if not self.calibrated:
            return "N"
        away = motor.position if self.reference == "top" else 100 - motor.position
        return f"{min(99, round(away)):02}"

    def _signal(self, channel: str, letter: str, seconds: float | None) -> None:
        """Put a command on a motor's line for a while; 0 seconds = until `q`."""
        motor = self.motor[channel]
        if letter in {"o", "c", "s", "q"} and (earlier := self._signals.pop(channel, None)):
            earlier.cancel()
        if letter == "s" or (letter == "q" and not self.latching):
            motor.stop()
        elif letter in {"o", "c"}:
            if self.taps_stop and self.latching and motor.moving and seconds != 0:
                motor.stop()
                return
            motor.run(self._way(letter))
            length = PULSE if seconds is None else seconds
            if length and not self.latching:
                self._signals[channel] = self.after(length, motor.stop)

    def _way(self, letter: str) -> Direction:
        return "down" if (letter == "o") == self.open_is_down else "up"

    # Hands.

    @hand
    def wall_switch(self, motor: int = 1, direction: Literal["up", "down", "stop"] = "down") -> None:
        """The switch on the wall, wired to the motor itself."""
        one = self.motor.get(f"{motor:02}")
        if one is None:
            raise SimulatorError(f"there is no motor {motor}; there are {self.motors}")
        if direction == "stop":
            one.stop()
        else:
            one.run(direction)

    @hand
    def forget_limits(self) -> None:
        """The calibration is lost."""
        self.calibrated = False

    @hand
    def set_limits(self) -> None:
        """Somebody calibrates the motors again."""
        self.calibrated = True
