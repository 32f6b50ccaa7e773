"""KMtronic relays: boards on a serial line, which say nothing, and boards with a web server, which tell their state.

What may not live here: pulses (the room makes them). Sources: KMtronic relay board instructions (serial FF nn 01/00);
KMtronic web relay (`/FF0101`, `/status.xml`), tried against software (RoomGate facts: room devices 3.2).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import SetRelay
from gateway.driver import (
    Actions,
    Driver,
    Drop,
    Feedback,
    HttpReply,
    HttpRequest,
    Later,
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
from gateway.model import Reason

STATE = re.compile(r"<relay([0-9]{1,2})>\s*([01])\s*</relay")
WEB = ("http", "https")


@dataclass(frozen=True)
class KmtronicSettings(Settings):
    """Settings of a KMtronic board."""

    relays: int = setting(8, "serial: how many relays the board has; a web board tells it")
    username: str = setting("admin", "web: user of the log-in")
    password: str = setting("", "web: its password", secret=True)
    poll: float = setting(2.0, "web: seconds between looks")
    baud: int = setting(9600, "serial speed")

    def __post_init__(self) -> None:
        if not 1 <= self.relays <= 64:
            raise ValueError("relays is 1 to 64")
        if self.poll < 0.1:
            raise ValueError("poll is at least 0.1 seconds")


class Kmtronic(Driver):
    """One board; its units are its relays."""

    name = "kmtronic"
    title = "KMtronic relays"
    models = "KMtronic relay boards: USB, RS-232 and RS-485 (serial), and with a web server"
    links: ClassVar[Mapping[str, int]] = {"http": 80, "https": 443, "serial": 0, "tcp": 0}
    plays = frozenset({"relay"})
    takes = frozenset({SetRelay})
    timing = Timing(window=1, gap=0.02, reply=4.0)
    sources = ("KMtronic relay board instructions (serial)", "RoomGate facts: room devices 3.2 (web: tried)")
    offered = ("relays on and off", "web: states of relays", "web: basic log-in")
    not_offered: ClassVar[Mapping[str, str]] = {
        "serial: states": "how the boards answer a question is not in the facts at hand, so all is believed",
        "several RS-485 boards by address": "the form of the address is not documented for all of them",
    }
    units = "a relay: 1, 2, ..."
    Settings: ClassVar[type[Settings]] = KmtronicSettings
    settings: KmtronicSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.web = scheme in WEB
        self.count = 64 if self.web else self.settings.relays
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every request and every frame, for the first relay."""
        yield from ("GET /status.xml", "GET /FF0101", "GET /FF0100", "FF 01 01", "FF 01 00")

    def opening(self) -> Opening:
        return Opening(baud=self.settings.baud)

    def valid_unit(self, unit: str) -> bool:
        return unit.isdecimal() and str(int(unit)) == unit and 1 <= int(unit) <= 64

    def opened(self) -> Actions:
        """A web board is asked; of a serial one an open line is all there is to know."""
        if self.web:
            yield self._get("/status.xml", "state")
        else:
            yield from self._begin([str(number) for number in range(1, self.settings.relays + 1)])

    def _begin(self, units: list[str]) -> Actions:
        self.ready = True
        for unit in units:
            yield Offers(unit, frozenset({SetRelay}))
        yield Ready()

    def _get(self, path: str, tag: Hashable) -> Send:
        headers: dict[str, str] = {}
        hide: tuple[str, ...] = ()
        if self.settings.password:
            pair = base64.b64encode(f"{self.settings.username}:{self.settings.password}".encode()).decode()
            headers, hide = {"Authorization": f"Basic {pair}"}, (pair, self.settings.password)
        return Send(HttpRequest("GET", path, headers), tag=tag, hide=hide)

    def command(self, request: Request) -> Actions:
        """`FF nn 01` or `FF nn 00`, as bytes or as a path."""
        match request.command:
            case SetRelay() if not self.valid_unit(request.unit) or int(request.unit) > self.count:
                yield Refused(request, f"there is no relay {request.unit}")
            case SetRelay(closed) if self.web:
                yield self._get(f"/FF{int(request.unit):02X}{int(closed):02X}", request)
            case SetRelay(closed):
                yield Send(bytes((0xFF, int(request.unit), int(closed))), tag=request, reply=False)
                yield Taken(request)
                yield Feedback(request.unit, assumed=True, closed=closed)
            case _:
                yield Refused(request, "only relays are switched")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A web board's answer; after a command its state is asked for, which confirms it."""
        if not isinstance(data, HttpReply):
            return
        if data.status == 401:
            yield Drop(Reason.LOGIN_REFUSED, "the board refused the log-in")
        elif isinstance(tag, Request):
            if data.status >= 400:
                yield Refused(tag, f"HTTP {data.status}")
            else:
                yield Taken(tag)
                yield self._get("/status.xml", "look")
        elif data.status != 200:
            yield Drop(Reason.PROTOCOL_ERROR, f"the board does not tell its state: HTTP {data.status}")
        else:
            states = {n: value for n, value in STATE.findall(data.body.decode("utf-8", "replace")) if int(n)}
            for number, value in states.items():
                yield Feedback(str(int(number)), closed=value == "1")
            self.count = max(map(int, states), default=self.count)
            if states and not self.ready:
                yield from self._begin([str(int(number)) for number in states])
            if tag == "state":
                yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to look."""
        yield self._get("/status.xml", "state")
