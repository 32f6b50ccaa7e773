"""A small UPS with an SNMP agent: some of the UPS-MIB and a probe, and traps when it has a bad day.

Nothing of SNMP's questions may live here (`_snmp.py`). Sources: RFC 1628 (UPS-MIB), RFC 3416 (the trap's form).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from simulators._agent import SnmpDevice
from simulators._snmp import (
    GAUGE,
    INTEGER,
    OBJECT_ID,
    OCTETS,
    SEQUENCE,
    TICKS,
    V2C,
    Leaf,
    Oid,
    object_id,
    put_bind,
    tlv,
    whole_number,
)
from simulators.device import hand

UPS: Oid = (1, 3, 6, 1, 2, 1, 33)
PROBE: Oid = (1, 3, 6, 1, 4, 1, 99999, 1)
UP_TIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
TRAP_OID: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
TRAP_V2 = 0xA7
ON_BATTERY: Oid = (*UPS, 2, 1)  # upsTrapOnBattery
ALARM_ENTRY: Oid = (*UPS, 2, 3)  # upsTrapAlarmEntryAdded


@dataclass(kw_only=True, eq=False)
class SnmpMonitor(SnmpDevice):
    """What the UPS measures; `trap_port` is where on this machine it sends its traps."""

    name: ClassVar[str] = "snmp_monitor"
    title: ClassVar[str] = "UPS and probe with an SNMP agent"
    links: ClassVar[dict[str, int]] = {"snmp": 161}

    system_name: str = "rack-ups"
    trap_port: int = 0
    on_battery: bool = False
    charge: int = 100  # percent
    minutes: int = 42
    degrees: int = 24
    volts: int = 2301  # tenths
    probe: str = "23.5 C"
    traps_sent: int = 0

    description = "ACME UPS 1500, firmware 2.1"
    kind: Oid = UPS

    def leaves(self) -> Iterator[tuple[Oid, Leaf]]:
        yield (*UPS, 1, 1, 2, 0), Leaf(OCTETS, lambda: "UPS 1500")
        yield (*UPS, 1, 1, 3, 0), Leaf(OCTETS, lambda: "2.1")
        yield (*UPS, 1, 2, 3, 0), Leaf(INTEGER, lambda: self.minutes)
        yield (*UPS, 1, 2, 4, 0), Leaf(INTEGER, lambda: self.charge)
        yield (*UPS, 1, 2, 7, 0), Leaf(INTEGER, lambda: self.degrees)
        yield (*UPS, 1, 4, 1, 0), Leaf(INTEGER, lambda: 5 if self.on_battery else 3)  # upsOutputSource
        yield (*UPS, 1, 4, 4, 1, 2, 1), Leaf(GAUGE, lambda: self.volts)
        yield (*PROBE, 1, 0), Leaf(OCTETS, lambda: self.probe)

    @hand
    def pull_the_plug(self) -> None:
        """The mains fail."""
        self.on_battery = True
        self._report(ON_BATTERY, ((*UPS, 1, 2, 3, 0), INTEGER, whole_number(self.minutes)))

    @hand
    def put_the_plug_in(self) -> None:
        """The mains are back; no trap says so."""
        self.on_battery = False

    @hand
    def heat(self, degrees: int = 45) -> None:
        """The rack's door stays shut in summer."""
        self.degrees = degrees
        self._report(ALARM_ENTRY, ((*UPS, 1, 2, 7, 0), INTEGER, whole_number(degrees)))

    def _report(self, what: Oid, *more: tuple[Oid, int, bytes]) -> None:
        """An SNMPv2-Trap to the port of whoever was told to listen."""
        if not self.trap_port:
            return
        self.traps_sent += 1
        binds = [(UP_TIME, TICKS, whole_number(self.uptime)), (TRAP_OID, OBJECT_ID, object_id(what)), *more]
        numbers = b"".join(tlv(INTEGER, whole_number(n)) for n in (self.traps_sent, 0, 0))
        pdu = tlv(TRAP_V2, numbers + tlv(SEQUENCE, b"".join(map(put_bind, binds))))
        community = tlv(OCTETS, self.read_community.encode())
        message = tlv(SEQUENCE, tlv(INTEGER, whole_number(V2C)) + community + pdu)
        self._door.send(message, ("127.0.0.1", self.trap_port))
