"""Screens on an RS-485 line with the XY Screens controller: frames of five bytes in, nothing out.

Source: Monoprice 30448 manual p.13 and a capture of an independent sender (RoomGate facts: room devices 2.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, hand
from simulators.motor import Motor


@dataclass(kw_only=True, eq=False)
class XyScreens(StreamSimulator):
    """One line with its screens."""

    name: ClassVar[str] = "xy_screens"
    title: ClassVar[str] = "XY Screens motors (Elite, Monoprice, ...) on RS-485"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 4001}

    addresses: str = "aaeeee"  # with commas between several
    seconds_up: float = 20.0
    seconds_down: float = 18.0
    screens: dict[str, Motor] = field(default_factory=dict, init=False)
    frames: int = 0
    strange: int = 0  # bytes that were no frame

    def __post_init__(self) -> None:
        for address in self.addresses.lower().replace(" ", "").split(","):
            self.screens[address] = Motor(self, self.seconds_up, self.seconds_down)

    def restart(self) -> None:
        """A motor without power stands still."""
        for motor in self.screens.values():
            motor.stop()

    def opened(self, session: Session) -> None:
        session.memory["held"] = b""

    def received(self, session: Session, data: bytes) -> None:
        held = session.memory["held"] + data
        while len(held) >= 5:
            motor = self.screens.get(held[1:4].hex())
            if held[0] != 0xFF:
                self.strange += 1
                held = held[1:]
                continue
            if motor is not None:
                self.frames += 1
                if held[4] == 0xDD:
                    motor.run("up")
                elif held[4] == 0xEE:
                    motor.run("down")
                elif held[4] == 0xCC:
                    motor.stop()
            held = held[5:]
        session.memory["held"] = held

    @hand
    def wall_switch(self, direction: str = "down", screen: int = 1) -> None:
        """The screen's own switch, which nobody on the line hears of: up, down or stop."""
        motors = list(self.screens.values())
        if not 1 <= screen <= len(motors) or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no screen {screen}, or no {direction!r}")
        if direction == "stop":
            motors[screen - 1].stop()
        else:
            motors[screen - 1].run("up" if direction == "up" else "down")
