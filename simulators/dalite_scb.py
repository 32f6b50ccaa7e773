"""A Da-Lite SCB-100 with its screens: frames without an end, each whole within 50 ms or not at all.

Source: Da-Lite SCB-100 manual p.4. What the letters in its answer mean is not said: here, what was last commanded, or
(`letters = "motion"`) whether the screen runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, SimulatorError, StreamSimulator, Timer, hand
from simulators.motor import Motor

FRAME = re.compile(r"@(?:([1-9])([UDS])|P)")


@dataclass(kw_only=True, eq=False)
class DaliteScb(StreamSimulator):
    """The board and its screens."""

    name: ClassVar[str] = "dalite_scb"
    title: ClassVar[str] = "Da-Lite SCB-100"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 4001}

    count: int = 2
    seconds_up: float = 20.0
    seconds_down: float = 18.0
    frame_seconds: float = 0.05
    letters: Literal["command", "motion"] = "command"
    last: dict[str, str] = field(default_factory=dict)
    screens: dict[str, Motor] = field(default_factory=dict, init=False)
    dropped: int = 0  # frames that were not whole in time

    def __post_init__(self) -> None:
        for number in range(1, self.count + 1):
            self.screens[str(number)] = Motor(self, self.seconds_up, self.seconds_down)
            self.last[str(number)] = "S"

    def restart(self) -> None:
        """Motors stand still and commands are forgotten."""
        self.reset("last")
        for motor in self.screens.values():
            motor.stop()

    def opened(self, session: Session) -> None:
        session.memory.update(held="", clock=None)

    def received(self, session: Session, data: bytes) -> None:
        clock: Timer | None = session.memory["clock"]
        if clock is not None:
            clock.cancel()
        held = session.memory["held"] + data.decode("latin-1")
        while match := FRAME.search(held):
            held = held[match.end() :]
            self._obey(session, match)
        held = held[held.rfind("@") :] if "@" in held else ""
        session.memory["held"] = held[-3:]
        session.memory["clock"] = self.after(self.frame_seconds, lambda: self._too_late(session)) if held else None

    def _too_late(self, session: Session) -> None:
        session.memory.update(held="", clock=None)
        self.dropped += 1

    def _obey(self, session: Session, frame: re.Match[str]) -> None:
        if frame[1] is None:
            session.send(("@" + "".join(f"{one}{self._letter(one)}" for one in self.screens)).encode())
        elif frame[1] in self.screens:
            self._press(frame[1], frame[2])

    def _letter(self, screen: str) -> str:
        if self.letters == "command":
            return self.last[screen]
        return {"up": "U", "down": "D", None: "S"}[self.screens[screen].moving]

    def _press(self, screen: str, letter: str) -> None:
        self.last[screen] = letter
        motor = self.screens[screen]
        if letter == "S":
            motor.stop()
        else:
            motor.run("up" if letter == "U" else "down")

    @hand
    def wall_switch(self, direction: str = "down", screen: int = 1) -> None:
        """The switch on the board: up, down or stop."""
        letter = {"up": "U", "down": "D", "stop": "S"}.get(direction)
        if str(screen) not in self.screens or letter is None:
            raise SimulatorError(f"there is no screen {screen}, or no {direction!r}")
        self._press(str(screen), letter)
