"""A Screen Technics Connect module with its screens: numbers in, numbers out, half a second between them.

Source: Screen Technics IP Connect module manual; the transcript in the specification of an open driver (PlaceOS,
screen_technics/connect_spec). Not documented: the answer to a line that makes no sense (here: none).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, hand
from simulators.motor import Motor

WORDS = {30: "up", 33: "down", 36: "stop"}


@dataclass(kw_only=True, eq=False)
class ScreenTechnics(StreamSimulator):
    """The module's screens."""

    name: ClassVar[str] = "screen_technics"
    title: ClassVar[str] = "Screen Technics Connect"
    links: ClassVar[Mapping[str, int]] = {"tcp": 3001}

    count: int = 1
    seconds_up: float = 16.0
    seconds_down: float = 14.0
    between_seconds: float = 0.4  # a command that comes sooner after another one is not heard
    faults_now: dict[str, int] = field(default_factory=dict)  # screen -> 11 to 15
    screens: dict[str, Motor] = field(default_factory=dict, init=False)
    lost: int = 0  # commands that came too soon

    _heard: float = field(default=-10.0, init=False, repr=False)

    def __post_init__(self) -> None:
        for number in range(1, self.count + 1):
            self.screens[str(number)] = Motor(self, self.seconds_up, self.seconds_down)

    def restart(self) -> None:
        """A motor without power stands still; faults are forgotten."""
        self.faults_now.clear()
        for motor in self.screens.values():
            motor.stop()

    def opened(self, session: Session) -> None:
        session.memory["line"] = ""

    def received(self, session: Session, data: bytes) -> None:
        text = (session.memory["line"] + data.decode("ascii", "replace")).replace("\n", "\r")
        *lines, session.memory["line"] = text.split("\r")
        session.memory["line"] = session.memory["line"][:80]
        for line in filter(str.strip, lines):
            self._line(session, line)

    def _line(self, session: Session, line: str) -> None:
        early = self.clock() - self._heard < self.between_seconds
        self._heard = self.clock()
        fields = [field.strip() for field in line.split(",")]
        if early or not all(field.isdigit() for field in fields) or len(fields) > 10 or len(line) > 80:
            self.lost += early
            return
        numbers = [int(field) for field in fields]
        screen = str(numbers[1] - 16) if len(numbers) > 1 else ""
        if screen not in self.screens:
            return
        if numbers[0] == 1 and numbers[2:] == [32]:
            session.send(f"101, 1, {numbers[1]}, {self._state(screen)}\r\n".encode())
        elif numbers[0] in WORDS and len(numbers) == 2:
            self._move(screen, WORDS[numbers[0]])
            session.send(f"{numbers[0] + 100}, 1, {numbers[1]}\r\n".encode())

    def _move(self, screen: str, word: str) -> None:
        motor = self.screens[screen]
        if word == "stop":
            motor.stop()
        elif (
            motor.moving in (None, word) and screen not in self.faults_now
        ):  # one that runs the other way is stopped first
            motor.run("up" if word == "up" else "down")

    def _state(self, screen: str) -> int:
        motor = self.screens[screen]
        if screen in self.faults_now:
            return self.faults_now[screen]
        if motor.moving:
            return 0 if motor.moving == "up" else 1
        return {0.0: 6, 100.0: 7}.get(motor.position, 10)

    @hand
    def wall_switch(self, direction: str = "down", screen: int = 1) -> None:
        """The screen's own switch: up, down or stop."""
        if str(screen) not in self.screens or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no screen {screen}, or no {direction!r}")
        self.screens[str(screen)].stop()
        self._move(str(screen), direction)

    @hand
    def jam(self, screen: int = 1, fault: int = 14) -> None:
        """The motor is blocked: 11 to 15; 0 = it is well again."""
        if str(screen) not in self.screens or fault not in (0, 11, 12, 13, 14, 15):
            raise SimulatorError(f"there is no screen {screen}, or no fault {fault}")
        self.screens[str(screen)].stop()
        if fault:
            self.faults_now[str(screen)] = fault
        else:
            self.faults_now.pop(str(screen), None)
