"""Eaton ePDU G3 and G4 (and G2 Marlin): managed and switched rack PDUs over SNMP (EATON-EPDU-MIB).

Written from the EATON-EPDU-MIB and NUT's eaton-pdu-marlin-mib.c. There is a column for each order, and what is written
is not a state but a delay in seconds, after which the order is carried out: 0 is at once, -1 takes it back. An outlet's
index is the unit in a chain (0 = the first) and the outlet in it. What may not live here: inputs, groups, sensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.pdu.outlets import Family, Meter, Outlets, PduSettings
from gateway.commands import Command, CyclePower, SetPower
from gateway.driver import setting

ROOT = "1.3.6.1.4.1.534.6.6.7"  # Eaton, ePDU
CONTROL = f"{ROOT}.6.6.1"  # outletControlEntry

EPDU = Family(
    names=f"{ROOT}.6.1.1.3",  # outletName
    state=f"{CONTROL}.2",  # outletControlStatus: off(0), on(1), pendingOff(2), pendingOn(3)
    states={0: "off", 1: "on", 2: "on", 3: "off"},  # what waits has not happened
    control=f"{CONTROL}.4",
    control_of={"off": f"{CONTROL}.3", "on": f"{CONTROL}.4", "cycle": f"{CONTROL}.5"},  # outletControl...Cmd
    identity={
        "model": f"{ROOT}.1.2.1.2.0",  # productName
        "serial": f"{ROOT}.1.2.1.4.0",  # serialNumber
        "firmware": f"{ROOT}.1.2.1.5.0",  # firmwareVersion
        "name": f"{ROOT}.1.2.1.6.0",  # unitName
    },
    meters=(
        Meter("load", f"{ROOT}.6.4.1.3", scale=0.001),  # outletCurrent, mA
        Meter("watts", f"{ROOT}.6.5.1.3"),  # outletWatts
    ),
    home="0.",
    switchable=f"{CONTROL}.9",  # outletControlSwitchable: switchable(1), notSwitchable(2)
)


@dataclass(frozen=True)
class EatonSettings(PduSettings):
    """What a profile may say of an ePDU."""

    delay: int = setting(0, "seconds after which an order is carried out; 0 = at once")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.delay <= 60:
            raise ValueError("delay is from 0 to 60 seconds")


class EatonPdu(Outlets):
    """One ePDU, or a chain of them behind one address."""

    name = "eaton_pdu"
    title = "Eaton rack PDU"
    models = "ePDU G3, G4 and G2 (Marlin): switched (SW) and managed (MA)"
    evidence = "cross-checked"  # against Debian's snmpd
    sources = ("EATON-EPDU-MIB", "NUT drivers/eaton-pdu-marlin-mib.c", "RoomGate facts: room devices 3.3")
    units = "an outlet's number, such as 3; in a chain the unit's number (1 = the second) before it, such as 1.3"
    offered = (
        "outlet on, off (SetPower)",
        "outlet reboot (CyclePower)",
        "outlet status, names, and which outlets can be switched",
        "current and power of each outlet, where the model measures them",
        "identity: name, model, serial number, firmware",
        "chains of ePDUs",
        "SNMP v1, v2c and v3",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "inputs, groups, breakers, temperature and humidity": "`snmp_monitor` reads them by their OIDs",
        "taking back a delayed order (-1)": "orders are given without a delay",
        "G1 (Aphel, Pulizzi), nLogic and Revelation ePDUs": "other trees; not looked at",
        "traps": "polling shows the same; `snmp_monitor` receives them",
    }
    maker = "Eaton"
    Settings = EatonSettings
    settings: EatonSettings

    def patience(self, command: Command) -> float:
        return super().patience(command) + self.settings.delay

    def families(self) -> Mapping[str, Family]:
        return {"ePDU": EPDU}

    def order(self, command: SetPower | CyclePower, index: str) -> tuple[str, Any]:
        word = "cycle" if isinstance(command, CyclePower) else "on" if command.on else "off"
        return f"{EPDU.control_of[word]}.{index}", self.settings.delay
