"""Denkovi smartDEN IP-16R relays over SNMP: one table of relays, read and written alike, one object in a request.

The manual wants `snmpget and snmpset only to one OID` (section 10.1), so a look at sixteen relays is sixteen requests.
SNMP v1 and v2c answer a wrong community with silence. What may not live here: pulses (the room makes them). Source:
Denkovi smartDEN IP-16R manual and MIB (enterprise 42505); RoomGate facts: room devices 3.3.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.agent import SILENCE, UNHEARD, WritableAgentSettings
from gateway.commands import SetRelay
from gateway.driver import (
    Actions,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    SnmpGet,
    SnmpReply,
    SnmpSet,
    Taken,
    Timing,
    setting,
)
from gateway.model import Reason

STATE = "1.3.6.1.4.1.42505.6.2.3.1.3"  # relay i stands below .<i - 1>
ABOUT = "1.3.6.1.2.1.1.1.0"  # sysDescr


@dataclass(frozen=True)
class DenkoviSettings(WritableAgentSettings):
    """Settings of a smartDEN."""

    version: Literal["1", "2c", "3"] = setting("1", "SNMP version; the IP-16R speaks version 1")
    relays: int = setting(16, "relays of the module, at most 16")
    table: str = setting(STATE, "OID of the table of states, for other smartDEN modules")
    poll: float = setting(2.0, "seconds between looks: these modules tell nothing by themselves")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.relays <= 16:
            raise ValueError("relays is 1 to 16")
        if self.poll < 0.1:
            raise ValueError("poll is at least 0.1 seconds")
        if not all(arc.isdecimal() for arc in self.table.split(".")):
            raise ValueError("table is an OID in numbers, with dots between and none before")


class Denkovi(Driver):
    """One module; its units are its relays."""

    name = "denkovi"
    title = "Denkovi smartDEN relays"
    models = "smartDEN IP-16R; other smartDEN modules by the setting `table`"
    links: ClassVar[Mapping[str, int]] = {"snmp": 161}
    plays = frozenset({"relay"})
    takes = frozenset({SetRelay})
    timing = Timing(window=1, reply=5.0, ready=15.0)  # the link asks twice, 2 s each
    sources = (
        "Denkovi smartDEN IP-16R-XX user manual, 13 Apr 2021, p.41 and 42 (SNMP)",
        "RoomGate facts: room devices 3.3",
    )
    offered = ("relays on and off", "states of relays", "SNMP v1; v2c and v3 where a module has them")
    not_offered: ClassVar[Mapping[str, str]] = {
        "pulse columns (.4, .5)": "the room times its pulses itself, alike on every relay",
        "all relays in one number (RelaysState)": "the manual does not say which bit is which relay",
        "current_state.xml with the password in the URL": "a password does not belong into a URL; SNMP does the same",
        "digital and analogue inputs": "`snmp_monitor` reads them by their OIDs",
    }
    units = "a relay: 1 to `relays`"
    Settings = DenkoviSettings
    settings: DenkoviSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.ready = False
        self.asked: set[str] = set()  # units of the look under way
        self.there: set[str] = set()  # units that were seen

    @classmethod
    def lines(cls) -> Iterator[str]:
        """What is read and written, for the first relay."""
        yield from (f"get {ABOUT}", f"get {STATE}.0", f"set {STATE}.0 = 1", f"set {STATE}.0 = 0")

    def opening(self) -> Opening:
        return self.settings.opening()

    def valid_unit(self, unit: str) -> bool:
        return unit.isdecimal() and str(int(unit)) == unit and 1 <= int(unit) <= self.settings.relays

    def _oid(self, unit: str) -> str:
        return f"{self.settings.table}.{int(unit) - 1}"

    def opened(self) -> Actions:
        """How do its relays stand?"""
        yield from self.due("poll")

    def due(self, name: str) -> Actions:
        """Time to look."""
        units = [str(number) for number in range(1, self.settings.relays + 1)]
        self.asked = set(units)
        for unit in units:
            yield Send(SnmpGet((self._oid(unit),)), tag=("state", unit))

    def command(self, request: Request) -> Actions:
        """Write 1 or 0, and read it back."""
        match request.command:
            case SetRelay(closed):
                yield Send(SnmpSet(((self._oid(request.unit), int(closed)),)), tag=request)
            case _:
                yield Refused(request, "only relays are switched")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The agent's answer."""
        if not isinstance(data, SnmpReply):
            return
        match tag:
            case Request() if data.error:
                yield Refused(tag, data.error)
            case Request():
                yield Taken(tag)
                yield Send(SnmpGet((self._oid(tag.unit),)), tag="look")
            case ("check", Request() as request):
                yield from self._told(data)
                yield Refused(request, UNHEARD)
            case "about" if about := data.values.get(ABOUT):
                yield Feedback("", model=str(about))
            case ("state", _) if data.error:
                yield Drop(Reason.PROTOCOL_ERROR, f"it shows no such relays ({data.error}): is `relays` right?")
            case ("state", str(unit)):
                yield from self._told(data)
                self.asked.discard(unit)
                if not self.asked:
                    yield from self._looked()
            case "look":
                yield from self._told(data)

    def _told(self, reply: SnmpReply) -> Actions:
        for oid, value in reply.values.items():
            table, _, index = oid.rpartition(".")
            if table == self.settings.table and value in (0, 1):
                unit = str(int(index) + 1)
                self.there.add(unit)
                yield Feedback(unit, closed=value == 1)

    def _looked(self) -> Actions:
        if not self.ready:
            if not self.there:
                yield Drop(Reason.PROTOCOL_ERROR, "it shows no relays")
                return
            self.ready = True
            for unit in sorted(self.there, key=int):
                yield Offers(unit, frozenset({SetRelay}))
            yield Ready()
            yield Send(SnmpGet((ABOUT,)), tag="about")
        yield Later(self.settings.poll, "poll")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """An unanswered order says nothing of the rest: SNMP pairs answers with questions."""
        if isinstance(tag, Request):
            yield Send(SnmpGet((self._oid(tag.unit),)), tag=("check", tag))  # is it there at all?
        elif tag != "about":  # the manual does not speak of sysDescr
            yield Drop(Reason.NO_RESPONSE, SILENCE if reason == "no response" else reason)
