"""Screen Technics Connect: projection screens that tell over TCP whether they are up, down, moving, stopped or broken.

Half a second must lie between commands, and a screen that runs is stopped before it is sent the other way. What may not
live here: travel times. Sources: Screen Technics IP Connect module manual; an open driver and its specification
(PlaceOS drivers, screen_technics/connect); RoomGate facts: room devices 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Move, Stop
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
    Done,
    Driver,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
)

STATUS, UP, DOWN, STOP = 1, 30, 33, 36
REPLY = 100  # is added to a command's number in its answer
FIRST = 17  # the number of the first screen
WHAT = 32  # the variable that is asked for: the screen's state
STATES: Mapping[int, dict[str, Any]] = {
    0: {"moving": "up", "position": None},
    1: {"moving": "down", "position": None},
    6: {"moving": "stopped", "position": 0},
    7: {"moving": "stopped", "position": 100},
    10: {"moving": "stopped", "position": None},
}
FAULTS = {11: "fault 11", 12: "fault 12", 13: "the motor timed out", 14: "the motor draws too much", 15: "fault 15"}
NUMBERS = re.compile(rb"\s*([0-9]{1,5})((?:\s*,\s*[0-9]{1,10})*)\s*")


@dataclass(frozen=True)
class ScreenTechnicsSettings(Settings):
    """Settings of a Connect module."""

    screens: int = setting(1, "screens on this module; units 1, 2, ...")
    poll: float = setting(15.0, "seconds between looks at rest")
    quick: float = setting(1.0, "seconds between looks while a screen moves")

    def __post_init__(self) -> None:
        if not 1 <= self.screens <= 8:
            raise ValueError("screens is 1 to 8")
        if not 0 < self.quick <= self.poll:
            raise ValueError("quick is more than 0 and no more than poll")


class ScreenTechnics(Driver):
    """One Connect module; its units are its screens."""

    name = "screen_technics"
    title = "Screen Technics Connect"
    models = "screens with the Screen Technics IP Connect module"
    links: ClassVar[Mapping[str, int]] = {"tcp": 3001}
    plays = frozenset({"screen", "shade"})
    takes = frozenset({Move, Stop})
    cutter = Lines((b"\r", b"\n"))
    timing = Timing(window=1, gap=0.5, reply=3.0)  # 500 ms between commands (vendor manual)
    sources = (
        "Screen Technics IP Connect module manual",
        "PlaceOS drivers, screen_technics/connect and its specification",
    )
    offered = ("up, down, stop", "state: moving, at the top, at the bottom, stopped", "faults", "several screens")
    not_offered: ClassVar[Mapping[str, str]] = {
        "positions between": "the module tells the two ends and nothing between; it takes no percentage",
        "log-in on port 80, infra-red on port 3002": "the TCP port has no log-in and does all that a room needs",
    }
    units = "a screen: 1, 2, ... up to `screens`"
    Settings: ClassVar[type[Settings]] = ScreenTechnicsSettings
    settings: ScreenTechnicsSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.state: dict[str, int] = {}
        self.wishes: dict[str, Request] = {}  # a Move that waits to be shown
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every line, for the first screen."""
        yield f"{STATUS}, {FIRST}, {WHAT}"
        yield from (f"{number}, {FIRST}" for number in (UP, DOWN, STOP))

    def valid_unit(self, unit: str) -> bool:
        return unit.isdecimal() and str(int(unit)) == unit and 1 <= int(unit) <= self.settings.screens

    def opened(self) -> Actions:
        """Ask for every screen."""
        yield from self._look()

    def _look(self) -> Actions:
        for number in range(1, self.settings.screens + 1):
            yield self._ask(str(number))

    @staticmethod
    def _ask(unit: str) -> Send:
        return Send(f"{STATUS}, {FIRST - 1 + int(unit)}, {WHAT}\r\n".encode(), tag=("state", unit))

    def command(self, request: Request) -> Actions:
        """Up, down or stop; a screen that runs the other way is stopped first, as the module wants it."""
        unit, running = request.unit, self.state.get(request.unit)
        if not self.valid_unit(unit):
            yield Refused(request, f"there is no screen {unit}")
            return
        match request.command:
            case Move(direction):
                before, self.wishes[unit] = self.wishes.get(unit), request
                turned = before is not None and before.command != request.command  # it may run, and not have said so
                if turned or running == (1 if direction == "up" else 0):
                    yield Send(self._line(STOP, unit), tag=("stop", unit))
                yield Send(self._line(UP if direction == "up" else DOWN, unit), tag=request)
            case Stop():
                self.wishes.pop(unit, None)
                yield Send(self._line(STOP, unit), tag=request)
            case _:
                yield Refused(request, "this screen only goes up, down, and stops")

    @staticmethod
    def _line(number: int, unit: str) -> bytes:
        return f"{number}, {FIRST - 1 + int(unit)}\r\n".encode()

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """An answer: command + 100, a 1, the screen and, to a question, its state."""
        numbers = [int(number) for number in data.split(b",")] if NUMBERS.fullmatch(data) else []
        if isinstance(tag, Request):
            wanted = STOP if isinstance(tag.command, Stop) else UP if tag.command == Move("up") else DOWN
            if numbers and numbers[0] == wanted + REPLY:
                yield Taken(tag)
                yield self._ask(tag.unit)
            else:
                self.wishes.pop(tag.unit, None)
                yield Refused(tag, data.decode("ascii", "replace").strip() or "an answer that says nothing")
        elif len(numbers) == 4 and numbers[0] == STATUS + REPLY:
            yield from self._told(str(numbers[2] - FIRST + 1), numbers[3])

    def _told(self, unit: str, state: int) -> Actions:
        if not self.valid_unit(unit) or not (state in STATES or state in FAULTS):
            return
        self.state[unit] = state
        broken = state in FAULTS
        yield Feedback(unit, **({"moving": "stopped", "position": None} if broken else STATES[state]))
        yield Feedback(
            "", faults=tuple(f"screen {one}: {FAULTS[held]}" for one, held in self.state.items() if held in FAULTS)
        )
        wish = self.wishes.get(unit)
        if wish is not None and broken:
            yield Refused(self.wishes.pop(unit), FAULTS[state])
        elif wish is not None and state == (6 if wish.command == Move("up") else 7):
            yield Done(self.wishes.pop(unit))
        if not self.ready and len(self.state) == self.settings.screens:
            self.ready = True
            for number in range(1, self.settings.screens + 1):
                yield Offers(str(number), frozenset({Move, Stop}))
            yield Ready()
        if len(self.state) == self.settings.screens:
            moving = any(held in (0, 1) for held in self.state.values())
            yield Later(self.settings.quick if moving or self.wishes else self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to look."""
        yield from self._look()
