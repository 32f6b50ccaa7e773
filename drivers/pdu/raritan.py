"""Raritan PX2, PX3 and later rack PDUs, and what Server Technology and Legrand build on the same firmware (PDU2-MIB).

Written from the PDU2-MIB as NUT's raritan-px2-mib.c shows it with a walk, and Raritan's SNMP MIB User Guide. The index
of an outlet is the PDU in a chain and the outlet in it; outlets of the first PDU are called by their number alone. What
may not live here: inlets, sensors and alarms, which `snmp_monitor` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from drivers.pdu.outlets import Family, Meter, Outlets
from gateway.commands import CyclePower, SetPower

ROOT = "1.3.6.1.4.1.13742.6"  # Raritan, pdu2
SENSOR, DIGITS = f"{ROOT}.5.4.3.1.4", f"{ROOT}.3.5.4.1.7"  # measurementsOutletSensorValue, outletSensorDecimalDigits
OFF, ON, CYCLE = 0, 1, 2  # switchingOperation

PDU2 = Family(
    names=f"{ROOT}.3.5.3.1.3",  # outletName
    state=f"{ROOT}.4.1.2.1.3",  # outletSwitchingState
    states={7: "on", 8: "off"},  # SensorStateEnumeration; unavailable(-1) where the PDU does not switch
    control=f"{ROOT}.4.1.2.1.2",  # switchingOperation
    identity={
        "name": f"{ROOT}.3.2.2.1.13.1",  # pduName
        "model": f"{ROOT}.3.2.1.1.3.1",  # pduModel
        "serial": f"{ROOT}.3.2.1.1.4.1",  # pduSerialNumber
        "firmware": f"{ROOT}.3.2.3.1.6.1.1.1",  # boardFirmwareVersion
    },
    # SensorTypeEnumeration: rmsCurrent(1), activePower(5)
    meters=(Meter("load", SENSOR, tail=".1", digits=DIGITS), Meter("watts", SENSOR, tail=".5", digits=DIGITS)),
    home="1.",
)


class RaritanPdu(Outlets):
    """One rack PDU, or a chain of them behind one address."""

    name = "raritan_pdu"
    title = "Raritan rack PDU"
    models = "PX2, PX3, PX4 and others with the PDU2-MIB (Server Technology PRO3X, PRO4X; Legrand)"
    evidence = "cross-checked"  # against Debian's snmpd
    sources = (
        "Raritan PDU2-MIB",
        "Raritan SNMP MIB User Guide, March 2019",
        "NUT drivers/raritan-px2-mib.c",
        "RoomGate facts: room devices 3.3",
    )
    units = "an outlet's number, such as 3; in a chain the PDU's number before it, such as 2.3"
    offered = (
        "outlet on, off (SetPower)",
        "outlet power cycle (CyclePower)",
        "outlet status, names",
        "current and active power of each outlet, where the model measures them",
        "identity: name, model, serial number, firmware",
        "chains of linked PDUs",
        "SNMP v1, v2c and v3",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "inlets, phases, breakers, temperature and humidity": "`snmp_monitor` reads them by their OIDs",
        "outlet groups, sequences and delays": "delays are the room's to keep; the PDU's own would hide what happens",
        "the older PDU-MIB (Dominion PX, 13742.4)": "another tree; not looked at",
        "traps": "polling shows the same; `snmp_monitor` receives them",
    }
    maker = "Raritan"

    def families(self) -> Mapping[str, Family]:
        return {"PDU2": PDU2}

    def order(self, command: SetPower | CyclePower, index: str) -> tuple[str, int]:
        value = CYCLE if isinstance(command, CyclePower) else ON if command.on else OFF
        return f"{PDU2.control}.{index}", value
