"""KMtronic relay boards: one on a serial line, which takes three bytes and says nothing, and one with a web server.

Sources: KMtronic relay board instructions; the web board as it was tried (RoomGate facts: room devices 3.2). Its page
also tells a `relay0`, which is none.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators._http import HttpSimulator, Request
from simulators.device import Session, SimulatorError, Where, hand


@dataclass(kw_only=True, eq=False)
class Kmtronic(HttpSimulator):
    """The board's relays; the link it is served on says which board it is."""

    name: ClassVar[str] = "kmtronic"
    title: ClassVar[str] = "KMtronic relays"
    links: ClassVar[Mapping[str, int]] = {"http": 80, "serial": 0, "tcp": 4001}

    number_of_relays: int = 8
    username: str = "admin"
    password: str = ""
    relays: dict[str, bool] = field(default_factory=dict)
    strange: int = 0  # bytes that were no frame

    _web: bool = field(default=True, init=False, repr=False)

    def __post_init__(self) -> None:
        for number in range(1, self.number_of_relays + 1):
            self.relays.setdefault(str(number), False)

    async def listen(self, where: Where) -> str:
        self._web = where.scheme == "http"
        return await super().listen(where)

    def restart(self) -> None:
        """Relays open."""
        self.reset("relays")

    def received(self, session: Session, data: bytes) -> None:
        if self._web:
            super().received(session, data)
            return
        held = session.memory.get("frame", b"") + data
        while len(held) >= 3:
            number = str(held[1])
            if held[0] == 0xFF and held[2] in (0, 1):
                if number in self.relays:
                    self.relays[number] = held[2] == 1
                held = held[3:]
            else:
                self.strange += 1
                held = held[1:]
        session.memory["frame"] = held

    def requested(self, request: Request) -> None:
        if self.password and not self._welcome(request.headers.get("authorization", "")):
            request.say(401, b"", "text/html")
        elif request.path == "/status.xml":
            rows = "".join(f"<relay{n}>{int(on)}</relay{n}>\n" for n, on in {"0": False, **self.relays}.items())
            request.say(200, f"<response>\n{rows}</response>\n".encode(), "text/xml")
        elif len(request.path) == 7 and request.path.upper().startswith("/FF") and self._switch(request.path[3:]):
            request.say(200, b"<html></html>", "text/html")
        else:
            request.say(404, b"", "text/html")

    def _switch(self, digits: str) -> bool:
        try:
            number, state = bytes.fromhex(digits)
        except ValueError:
            return False
        if str(number) not in self.relays or state not in (0, 1):
            return False
        self.relays[str(number)] = state == 1
        return True

    def _welcome(self, header: str) -> bool:
        wanted = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return hmac.compare_digest(header.encode(), f"Basic {wanted}".encode()) and not self.faults.refuse_login

    @hand
    def press_relay(self, number: int = 1) -> None:
        """Somebody turns a relay over on the board's own page."""
        if str(number) not in self.relays:
            raise SimulatorError(f"there is no relay {number}")
        self.relays[str(number)] = not self.relays[str(number)]
