"""ControlByWeb relays and inputs over HTTP: X-series, WebRelay-Quad, WebRelay-10, and the old one-relay WebRelay.

Every answer holds the state of all relays and inputs, so each command is confirmed by its own answer. What may not live
here: pulses (the room makes them). Source: ControlByWeb user manuals, chapters on XML and JSON (`/state.xml`,
`/state.json`); RoomGate facts: room devices 3.2.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

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

UNIT = re.compile(r"(?:in/)?[1-9][0-9]?")
# `<relay1>` and `"relay1":` (X-series), `<relay1state>` (Quad, 10), `<relaystate>` (WebRelay); inputs alike.
STATE = re.compile(r'[<"](relay|digitalInput|input)([0-9]{0,2})(?:state)?(?:>|"\s*:\s*"?)\s*([01])\b', re.I)
SERIAL = re.compile(r'[<"]serialNumber(?:>|"\s*:\s*")\s*([0-9A-Fa-f:]{4,20})')


@dataclass(frozen=True)
class ControlByWebSettings(Settings):
    """Settings of a ControlByWeb unit."""

    style: Literal["numbered", "single"] = setting("numbered", "numbered: relay1=1; single: relayState=1 (WebRelay)")
    form: Literal["xml", "json"] = setting("xml", "which state is asked for: state.xml, or state.json (X-series)")
    username: str = setting("", "user of the log-in; older units take any")
    password: str = setting("", "the control password, where one is set", secret=True)
    poll: float = setting(2.0, "seconds between looks: these units tell nothing by themselves")

    def __post_init__(self) -> None:
        if self.poll < 0.1:
            raise ValueError("poll is at least 0.1 seconds")


class ControlByWeb(Driver):
    """One unit; its units are its relays (`1`) and its inputs (`in/1`)."""

    name = "controlbyweb"
    title = "ControlByWeb relays"
    models = "X-series (X-301, X-410, X-WR-1R12 and others), WebRelay-Quad, WebRelay-10, WebRelay"
    links: ClassVar[Mapping[str, int]] = {"http": 80, "https": 443}
    plays = frozenset({"relay", "sensor"})
    takes = frozenset({SetRelay})
    timing = Timing(window=1, reply=4.0)
    sources = ("ControlByWeb user manuals: XML and JSON state", "RoomGate facts: room devices 3.2")
    offered = ("relays on and off", "states of relays and digital inputs", "basic log-in", "serial number")
    not_offered: ClassVar[Mapping[str, str]] = {
        "pulse (value 2, pulseTime)": "the room times its pulses itself, alike on every relay",
        "counters, sensors, registers": "use snmp_monitor or generic_http for what is measured",
        "state reports from the unit": "it would need a listener of its own; it is asked every `poll` seconds",
    }
    units = "a relay such as 1, or an input such as in/1"
    Settings: ClassVar[type[Settings]] = ControlByWebSettings
    settings: ControlByWebSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.ready = False
        self.relays: list[str] = []

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every request."""
        yield from ("GET /state.xml", "GET /state.json", "GET /state.xml?relay1=1", "GET /state.xml?relayState=0")

    def valid_unit(self, unit: str) -> bool:
        return UNIT.fullmatch(unit) is not None

    def opened(self) -> Actions:
        """Ask for the whole state."""
        yield self._get("", "state")

    def _get(self, query: str, tag: Hashable) -> Send:
        headers: dict[str, str] = {}
        hide: tuple[str, ...] = ()
        if self.settings.password:
            pair = base64.b64encode(f"{self.settings.username}:{self.settings.password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
            hide = (pair, self.settings.password)
        return Send(HttpRequest("GET", f"/state.{self.settings.form}{query}", headers), tag=tag, hide=hide)

    def command(self, request: Request) -> Actions:
        """A relay is switched by asking for the state with its new value."""
        match request.command:
            case SetRelay() if self.ready and request.unit.isdecimal() and request.unit not in self.relays:
                yield Refused(request, f"there is no relay {request.unit}")
            case SetRelay(closed) if request.unit.isdecimal():
                name = "relayState" if self.settings.style == "single" else f"relay{request.unit}"
                yield self._get(f"?{name}={int(closed)}", request)
            case _:
                yield Refused(request, "only relays are switched")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The state of everything."""
        if not isinstance(data, HttpReply):
            return
        if data.status == 401:
            yield Drop(Reason.LOGIN_REFUSED, "the unit refused the password")
        elif data.status != 200:
            if isinstance(tag, Request):
                yield Refused(tag, f"HTTP {data.status}")
            else:
                yield Drop(Reason.PROTOCOL_ERROR, f"the unit does not tell its state: HTTP {data.status}")
        else:
            if isinstance(tag, Request):
                yield Taken(tag)
            yield from self._told(data.body.decode("utf-8", "replace"))

    def _told(self, text: str) -> Actions:
        relays: list[str] = []
        for kind, number, value in STATE.findall(text):
            unit = str(int(number or "1"))
            if unit == "0":
                continue
            if kind.lower() == "relay":
                relays.append(unit)
                yield Feedback(unit, closed=value == "1")
            else:
                yield Feedback(f"in/{unit}", reading="on" if value == "1" else "off")
        if serial := SERIAL.search(text):
            yield Feedback("", serial=serial[1], model="ControlByWeb")
        if not self.ready and relays:
            self.ready, self.relays = True, relays
            for unit in dict.fromkeys(relays):
                yield Offers(unit, frozenset({SetRelay}))
            yield Ready()
        yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to look."""
        yield self._get("", "state")
