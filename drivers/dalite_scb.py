"""Da-Lite SCB-100: a controller for up to two projection screens, RS-232 at 9600 8N1, without an end of line.

Every frame must be complete within 50 ms, so each leaves in one piece. What may not live here: travel times. Source:
Da-Lite SCB-100 manual p.4; RoomGate facts: room devices 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Move, Stop
from gateway.cutters import Frames
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

POLL = b"@P"
LETTERS = {"U": "up", "D": "down", "S": "stopped"}


@dataclass(frozen=True)
class DaliteSettings(Settings):
    """Settings of an SCB-100."""

    screens: int = setting(2, "screens that the answer to @P tells of")
    poll: float = setting(5.0, "seconds between looks")
    letters: Literal["command", "motion"] = setting(
        "command", "what U and D in the answer mean: what was last commanded, or that the screen runs"
    )

    def __post_init__(self) -> None:
        if not 1 <= self.screens <= 9:
            raise ValueError("screens is 1 to 9")
        if self.poll < 0.1:
            raise ValueError("poll is at least 0.1 seconds")


class DaliteScb(Driver):
    """One controller; its units are its screens."""

    name = "dalite_scb"
    title = "Da-Lite SCB-100"
    models = "Da-Lite SCB-100 serial control board"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 0}
    plays = frozenset({"screen", "shade"})
    takes = frozenset({Move, Stop})
    timing = Timing(window=1, gap=0.1, reply=1.0)
    sources = ("Da-Lite SCB-100 manual, p.4", "RoomGate facts: room devices 2.2")
    offered = ("up, down, stop", "U, D or S of each screen (@P)")
    not_offered: ClassVar[Mapping[str, str]] = {
        "position": "the SCB-100 does not know it; the room counts the travel (wiring = motor)",
        "SCB-200, NET-200": "their command words stand in an appendix that is not at hand",
    }
    units = "a screen: 1 or 2"
    Settings: ClassVar[type[Settings]] = DaliteSettings
    settings: DaliteSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        whole = re.compile(rb"@(?:[1-9][UDS]){%d}" % self.settings.screens)
        size = 1 + 2 * self.settings.screens

        def measure(held: bytes) -> int:
            if len(held) >= size:
                return size if whole.match(held) else -1
            return 0 if re.fullmatch(rb"@(?:[1-9][UDS])*[1-9]?", held) else -1

        self.cutter = Frames(measure)
        self.wishes: dict[str, Request] = {}
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every frame, for the first screen."""
        yield from ("@1U", "@1D", "@1S", "@P")

    def valid_unit(self, unit: str) -> bool:
        return re.fullmatch(r"[1-9]", unit) is not None and int(unit) <= self.settings.screens

    def opened(self) -> Actions:
        """Ask for the state; its answer proves the board usable."""
        yield Send(POLL, tag="state")

    def command(self, request: Request) -> Actions:
        """One frame that nobody answers, and the question whether it was heard."""
        if not self.valid_unit(request.unit):
            yield Refused(request, f"there is no screen {request.unit}")
            return
        match request.command:
            case Move(direction):
                letter = "U" if direction == "up" else "D"
            case Stop():
                letter = "S"
            case _:
                yield Refused(request, "this screen only goes up, down, and stops")
                return
        self.wishes[request.unit] = request
        yield Send(f"@{request.unit}{letter}".encode(), tag=request, reply=False)
        yield Send(POLL, tag="state")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """`@1D2S`: a letter for each screen."""
        for unit, letter in re.findall(r"([1-9])([UDS])", data.decode("ascii", "replace")):
            if not self.valid_unit(unit):
                continue
            moving = LETTERS[letter]
            believed = letter != "S" and self.settings.letters == "command"
            yield Feedback(unit, assumed=believed, moving=moving)
            wish = self.wishes.get(unit)
            if wish is not None and letter == _letter(wish):
                del self.wishes[unit]
                yield Taken(wish)
                if isinstance(wish.command, Move):
                    yield Done(wish)
        if not self.ready:
            self.ready = True
            for number in range(1, self.settings.screens + 1):
                yield Offers(str(number), frozenset({Move, Stop}))
            yield Ready()
        yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to look."""
        yield Send(POLL, tag="state")


def _letter(request: Request) -> str:
    return "S" if isinstance(request.command, Stop) else "U" if request.command == Move("up") else "D"
