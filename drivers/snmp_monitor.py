"""Anything with an SNMP agent, watched: OIDs that the profile names become sensors; traps are heard and looked into.

Nothing is written. What a device is (sysDescr, sysName) is RFC 3418's; which OIDs are worth reading stands in its
maker's MIB and goes into the profile as numbers. What may not live here: any maker's MIB, anything of SNMP itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.agent import MOST, SILENCE, AgentSettings
from gateway.driver import (
    Actions,
    Alert,
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
    Timing,
    setting,
)
from gateway.model import Reason

DESCRIPTION, UPTIME, NAME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"  # sysDescr, ...
TRAP = "1.3.6.1.6.3.1.1.4.1.0"  # snmpTrapOID.0
STANDARD_TRAPS = {  # RFC 3418: snmpTraps
    "1.3.6.1.6.3.1.1.5.1": "cold start",
    "1.3.6.1.6.3.1.1.5.2": "warm start",
    "1.3.6.1.6.3.1.1.5.3": "link down",
    "1.3.6.1.6.3.1.1.5.4": "link up",
    "1.3.6.1.6.3.1.1.5.5": "authentication failure",
}
IDENTITY = ("name", "model", "serial", "firmware")
LONGEST = 256  # characters of a reading

_OID = re.compile(r"\d+(\.\d+)+")
_UNIT = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_NUMBER = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Sensor:
    """One OID and how it is shown. A number is value x scale + offset; `words` say what single values mean.

    low, high: beyond them the value is an alert. hysteresis: how far back inside a limit the value must come, in the
    value's own unit, until that is over; None: a twentieth of what lies between the limits, or of the only one.
    """

    oid: str
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    low: float | None = None
    high: float | None = None
    hysteresis: float | None = None
    words: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.oid, str) or not _OID.fullmatch(self.oid):
            raise ValueError(f"oid is numbers with dots between, not {self.oid!r}")
        for name in ("scale", "offset", "low", "high", "hysteresis"):
            number = getattr(self, name)
            if number is None:
                continue
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
                raise ValueError(f"{name} is a number, not {number!r}")
        if not isinstance(self.unit, str) or not isinstance(self.words, Mapping):
            raise ValueError("unit is a text, and words a table")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is no more than high")
        if self.hysteresis is not None and not self._limited:
            raise ValueError("hysteresis is for a sensor with a limit (low or high)")
        if self.hysteresis is not None and not 0 <= self.hysteresis <= self._room:
            most = f"to {self._room:g}" if math.isfinite(self._room) else "up"
            raise ValueError(f"hysteresis is from 0 {most}, not {self.hysteresis:g}")

    def points(self, value: int | str | None, before: str = "ok") -> dict[str, Any]:
        """What the sensor shows of an agent's value; all unknown where there is none. `before`: its last alert."""
        if self.words or (isinstance(value, str) and not (self.unit or self.low is not None or self.high is not None)):
            shown = None if value is None else str(self.words.get(str(value), value))[:LONGEST]
            return {"reading": shown}
        number = value
        if isinstance(value, str):  # many agents tell numbers as text, some with their unit behind
            found = _NUMBER.match(value)
            number = float(found[1]) if found else None  # type: ignore[assignment]
        if number is None:
            return {"value": None, **({"alert": None} if self._limited else {})}
        told: dict[str, Any] = {"value": round(float(number) * self.scale + self.offset, 6)}
        if not math.isfinite(told["value"]):
            told["value"] = None
        if self.unit:
            told["measured_in"] = self.unit
        if self._limited and told["value"] is not None:
            told["alert"] = self._alert(told["value"], before)
        return told

    @property
    def _limited(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def _room(self) -> float:
        """What lies between the limits."""
        return math.inf if self.low is None or self.high is None else self.high - self.low

    @property
    def margin(self) -> float:
        """How far back inside a limit an alert ends."""
        if self.hysteresis is not None:
            return self.hysteresis
        between = self._room if math.isfinite(self._room) else abs(self.low if self.low is not None else self.high or 0)
        return between / 20

    def _alert(self, value: float, before: str) -> str:
        """`low`, `high` or `ok`. One that was beyond a limit is so until it has come back by the margin."""
        low, high = self.low, self.high
        if low is not None and (value < low or (before == "low" and value < low + self.margin)):
            return "low"
        if high is not None and (value > high or (before == "high" and value > high - self.margin)):
            return "high"
        return "ok"


@dataclass(frozen=True)
class MonitorSettings(AgentSettings):
    """What a profile may say of a device that is watched."""

    sensors: Mapping[str, Any] = setting(
        {},
        "unit -> its oid, also unit, scale, offset, low, high, hysteresis, words (a table from values to words)",
    )
    identity: Mapping[str, Any] = setting({}, "name, model, serial, firmware -> the oid that tells it")
    traps: Mapping[str, Any] = setting({}, "a trap's oid -> what it means, in words")
    trap_port: int = setting(0, "the UDP port of ours that it sends traps and informs to, usually 162; 0 = none")
    poll: float = setting(30.0, "seconds between two looks")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.poll <= 0:
            raise ValueError("poll is more than 0 seconds")
        if not 0 <= self.trap_port <= 65535:
            raise ValueError("trap_port is from 0 to 65535")
        for point, oid in self.identity.items():
            if point not in IDENTITY or not isinstance(oid, str) or not _OID.fullmatch(oid):
                raise ValueError(f"identity has {', '.join(IDENTITY)}, each with an OID, not {point!r}")
        for oid in self.traps:
            if not _OID.fullmatch(oid):
                raise ValueError(f"traps are named by their OID, not {oid!r}")
        self.watched()

    def watched(self) -> dict[str, Sensor]:
        """The sensors by their unit. Raises ValueError in words."""
        found: dict[str, Sensor] = {}
        for unit, given in self.sensors.items():
            if not _UNIT.fullmatch(unit) or unit == "trap":
                raise ValueError(f"a sensor's name is small letters, digits, - and _, and not 'trap': {unit!r}")
            if not isinstance(given, Mapping) or "oid" not in given:
                raise ValueError(f"sensors.{unit} is a table with an oid")
            if unknown := given.keys() - Sensor.__dataclass_fields__.keys():
                raise ValueError(f"sensors.{unit} has no {', '.join(sorted(unknown))}")
            try:
                found[unit] = Sensor(**given)
            except ValueError as wrong:
                raise ValueError(f"sensors.{unit}: {wrong}") from None
        return found


class SnmpMonitor(Driver):
    """One agent; its units are the sensors that the profile names, and `trap`, which says what it last reported."""

    name = "snmp_monitor"
    title = "Anything with an SNMP agent, watched"
    models = "UPSs, PDUs, switches, sensors, printers: whatever has an SNMP agent"
    links: ClassVar[Mapping[str, int]] = {"snmp": 161}
    timing = Timing(window=1, reply=5.0, ready=30.0)  # the link asks twice, 2 s each
    evidence = "cross-checked"  # against Debian's snmpd and snmptrap
    sources = ("RFC 3418 (SNMPv2-MIB)", "RFC 3416", "RFC 3414", "RFC 3584", "RoomGate facts: room devices 10")
    plays = frozenset({"sensor"})
    takes = frozenset()
    units = "a sensor named in the profile, or trap"
    offered = (
        "any OIDs as sensors: number with scale and unit, or words",
        "alert limits with hysteresis: an alert when a value goes beyond one, and when it is well back",
        "identity: sysDescr and sysName, or what the profile names",
        "traps of v1, v2c and v3, informs of v2c and v3: an alert, and a look at once, for each",
        "SNMP v1, v2c and v3",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "writing (SET)": "it watches; the PDU drivers switch",
        "MIB files, names instead of numbers": "an OID is the same everywhere, a MIB has to be found first",
        "whole tables": "name the rows that matter",
    }
    Settings = MonitorSettings
    settings: MonitorSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.sensors = self.settings.watched()
        self.identity = {"model": DESCRIPTION, "name": NAME, **self.settings.identity}
        self.most = MOST
        self.asked: set[Hashable] = set()  # the round under way
        self.ready = False
        self.beyond: dict[str, str] = {}  # unit -> how its value was last seen to its limits: low, high
        self.again = False  # a trap came while a round was under way

    def opening(self) -> Opening:
        return self.settings.opening()

    def side_links(self) -> Mapping[str, str]:
        """Traps come to a port of ours; only those of this device are heard."""
        port = self.settings.trap_port
        return {"traps": f"listen+snmp://0.0.0.0:{port}?from={self.host}"} if port and self.host else {}

    def valid_unit(self, unit: str) -> bool:
        return unit in ("", "trap") or unit in self.sensors

    def command(self, request: Request) -> Actions:
        yield Refused(request, "it is only watched")

    def opened(self) -> Actions:
        yield from self._ask("identity", list(self.identity.values()))
        yield from self._look()

    def due(self, name: str) -> Actions:
        yield from self._look()

    def failed(self, tag: Hashable, reason: str) -> Actions:
        yield Drop(Reason.NO_RESPONSE, SILENCE if reason == "no response" else reason)

    def _look(self) -> Actions:
        yield from self._ask("look", list(dict.fromkeys(sensor.oid for sensor in self.sensors.values())) or [UPTIME])

    def _ask(self, what: str, oids: list[str]) -> Actions:
        for start in range(0, len(oids), self.most):
            tag = (what, *oids[start : start + self.most])
            self.asked.add(tag)
            yield Send(SnmpGet(tag[1:]), tag=tag)

    # ---- what it says --------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if not isinstance(data, SnmpReply):
            return
        if link == "traps":
            yield from self._trapped(data)
            return
        match tag:
            case (str(what), *oids) if data.error == "tooBig" and len(oids) > 1:
                self.most = (len(oids) + 1) // 2
                yield from self._ask(what, [str(oid) for oid in oids])
            case ("identity", *_):
                told = {point: _line(data.values.get(oid)) for point, oid in self.identity.items()}
                known: dict[str, Any] = {point: text for point, text in told.items() if text}
                if known:
                    yield Feedback("", **known)
            case ("look", *oids):
                yield from self._told({str(oid): data.values.get(str(oid)) for oid in oids})
        if tag in self.asked:
            self.asked.discard(tag)
            if not self.asked:
                yield from self._looked()

    def _looked(self) -> Actions:
        if not self.ready:
            self.ready = True
            for unit in (*self.sensors, *(("trap",) if self.settings.trap_port else ())):
                yield Offers(unit, frozenset())
            yield Ready()
        if self.again:
            self.again = False
            yield from self._look()
        else:
            yield Later(self.settings.poll, "poll")

    def _told(self, values: Mapping[str, int | str | None]) -> Actions:
        for unit, sensor in self.sensors.items():
            if sensor.oid in values:
                points = sensor.points(values[sensor.oid], self.beyond.get(unit, "ok"))
                yield Feedback(unit, **points)
                if alert := points.get("alert"):
                    yield from self._limits(unit, sensor, alert, points["value"])

    def _limits(self, unit: str, sensor: Sensor, alert: str, value: float) -> Actions:
        """An alert when a value goes beyond a limit, and when it is back."""
        before, self.beyond[unit] = self.beyond.get(unit, "ok"), alert
        if alert == before:
            return
        measured = f"{value:g} {sensor.unit}".strip()
        match alert:
            case "low":
                yield Alert(unit, f"{measured} is below the limit of {sensor.low:g} {sensor.unit}".strip())
            case "high":
                yield Alert(unit, f"{measured} is above the limit of {sensor.high:g} {sensor.unit}".strip())
            case _:
                yield Alert(unit, f"{measured} is within its limits again")

    def _trapped(self, trap: SnmpReply) -> Actions:
        """It reported something: shown with its time by the device's own clock, so that a second one is seen, too."""
        oid = str(trap.values.get(TRAP, ""))
        if not oid:
            return
        words = str(self.settings.traps.get(oid) or STANDARD_TRAPS.get(oid, oid))
        ticks = trap.values.get(UPTIME)
        said = [text for key, value in trap.values.items() if key not in (TRAP, UPTIME) and (text := _line(value))]
        when = f", {ticks / 100:g} s after its start" if isinstance(ticks, int) else ""
        reading = f"{words}{when}{': ' if said else ''}{', '.join(said)}"[:LONGEST]
        yield Feedback("trap", reading=reading)
        yield Alert("trap", reading)
        yield from self._told({key: value for key, value in trap.values.items() if value is not None})
        if self.asked:
            self.again = True
        else:
            yield from self._look()


def _line(value: int | str | None) -> str:
    """A value as one line of text."""
    return "" if value is None else " ".join(str(value).split())[:LONGEST]
