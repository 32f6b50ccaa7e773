"""Screens with the motor controller of XY Screens (Elite, iVisions, KIMEX, Monoprice): RS-485 or RS-232, 2400 8N1.

Five bytes go out and nothing ever comes back, so all that is known of a screen is what it was told. How far it has gone
is for the room to count (`wiring = "motor"`). What may not live here: travel times. Sources: Monoprice 30448 manual
p.13; an open driver; a capture of an independent sender (RoomGate facts: room devices 2.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Move, Stop
from gateway.driver import (
    Actions,
    Done,
    Driver,
    Feedback,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
)

UP, DOWN, STOP = 0xDD, 0xEE, 0xCC  # the fifth byte
ADDRESS = re.compile(r"[0-9A-Fa-f]{2} [0-9A-Fa-f]{2} [0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class XyScreensSettings(Settings):
    """Settings of one line of screens."""

    addresses: tuple[str, ...] = setting(("AA EE EE",), "address bytes of unit 1, 2, ...; Monoprice prints EE EE EE")
    swapped: bool = setting(False, "the motor is wired the other way round: its up is down")
    baud: int = setting(2400, "serial speed")

    def __post_init__(self) -> None:
        if not 1 <= len(self.addresses) <= 99:
            raise ValueError("addresses are 1 to 99")
        for address in self.addresses:
            if not isinstance(address, str) or not ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is no address: three bytes such as AA EE EE")


class XyScreens(Driver):
    """One line; its units are 1, 2, ... in the order of `addresses`."""

    name = "xy_screens"
    title = "XY Screens motors (Elite, iVisions, KIMEX, Monoprice)"
    models = "motorized screens with this maker's RS-485/RS-232 controller"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 0}
    plays = frozenset({"screen", "shade"})
    takes = frozenset({Move, Stop})
    timing = Timing(gap=0.1)
    evidence = "cross-checked"  # against the open library xyscreens
    sources = ("Monoprice 30448 manual, p.13", "RoomGate facts: room devices 2.5")
    offered = ("up", "down", "stop", "several screens by address")
    not_offered: ClassVar[Mapping[str, str]] = {
        "position": "nothing ever comes back; the room counts the travel (wiring = motor)",
        "programming (AA)": "set-up, done once with the remote control",
        "micro steps (C9, E9)": "no part of a room asks for them",
    }
    units = "a screen: 1, 2, ... in the order of `addresses`"
    Settings: ClassVar[type[Settings]] = XyScreensSettings
    settings: XyScreensSettings

    def opening(self) -> Opening:
        """2400 8N1 (manual p.13)."""
        return Opening(baud=self.settings.baud)

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every frame, for the usual address."""
        yield from (f"FF AA EE EE {last:02X}" for last in (UP, DOWN, STOP))

    def valid_unit(self, unit: str) -> bool:
        return unit.isdecimal() and str(int(unit)) == unit and 1 <= int(unit) <= len(self.settings.addresses)

    def opened(self) -> Actions:
        """Nothing can be asked: an open line is all there is to know."""
        for number in range(1, len(self.settings.addresses) + 1):
            yield Offers(str(number), frozenset({Move, Stop}))
        yield Ready()

    def command(self, request: Request) -> Actions:
        """One frame, and the belief that it was heard."""
        if not self.valid_unit(request.unit):
            yield Refused(request, f"there is no screen {request.unit}")
            return
        match request.command:
            case Move(direction):
                up = (direction == "up") != self.settings.swapped
                yield self._send(request, UP if up else DOWN)
                yield Feedback(request.unit, assumed=True, moving=direction, position=None)
            case Stop():
                yield self._send(request, STOP)
                yield Feedback(request.unit, assumed=True, moving="stopped", position=None)
            case _:
                yield Refused(request, "this device only goes up, down, and stops")
                return
        yield Taken(request)
        yield Done(request)

    def _send(self, request: Request, last: int) -> Send:
        address = bytes.fromhex(self.settings.addresses[int(request.unit) - 1])
        return Send(b"\xff" + address + bytes([last]), tag=request, reply=False)

    def received(self, data: Any, tag: Any = None, link: str = "main") -> Actions:
        """Nothing is ever said to us; what is on the line is somebody else's."""
        return ()
