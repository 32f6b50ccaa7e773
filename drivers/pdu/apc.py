"""APC switched rack PDUs over SNMP: the outlets of the AP79xx (rPDU) and of the AP8xxx and later (rPDU2).

Written from APC's PowerNet-MIB, whose object names stand beside the OIDs. What may not live here: alarms, phases and
banks, which `snmp_monitor` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from drivers.pdu.outlets import Family, Meter, Outlets, PduSettings
from gateway.commands import CyclePower, SetPower
from gateway.driver import setting

ROOT = "1.3.6.1.4.1.318.1.1"  # American Power Conversion, products, hardware
ON, OFF, REBOOT = 1, 2, 3  # immediateOn, immediateOff, immediateReboot: the same in both families

# In the order of asking: the newer PDUs also answer for the older tree.
FAMILIES: Mapping[str, Family] = {
    "rPDU2": Family(
        names=f"{ROOT}.26.9.2.3.1.3",  # rPDU2OutletSwitchedStatusName
        state=f"{ROOT}.26.9.2.3.1.5",  # rPDU2OutletSwitchedStatusState: off(1), on(2)
        states={1: "off", 2: "on"},  # the other way round than the command, and than rPDU
        control=f"{ROOT}.26.9.2.4.1.5",  # rPDU2OutletSwitchedControlCommand
        identity={
            "name": f"{ROOT}.26.2.1.3.1",  # rPDU2IdentName
            "firmware": f"{ROOT}.26.2.1.6.1",  # rPDU2IdentFirmwareRev
            "model": f"{ROOT}.26.2.1.8.1",  # rPDU2IdentModelNumber
            "serial": f"{ROOT}.26.2.1.9.1",  # rPDU2IdentSerialNumber
        },
        meters=(
            Meter("load", f"{ROOT}.26.9.4.3.1.6", scale=0.1),  # rPDU2OutletMeteredStatusCurrent, 0.1 A
            Meter("watts", f"{ROOT}.26.9.4.3.1.7"),  # rPDU2OutletMeteredStatusPower
        ),
    ),
    "rPDU": Family(
        names=f"{ROOT}.12.3.5.1.1.2",  # rPDUOutletStatusOutletName
        state=f"{ROOT}.12.3.5.1.1.4",  # rPDUOutletStatusOutletState: outletStatusOn(1), ...Off(2)
        states={1: "on", 2: "off"},
        control=f"{ROOT}.12.3.3.1.1.4",  # rPDUOutletControlOutletCommand
        identity={
            "name": f"{ROOT}.12.1.1.0",  # rPDUIdentName
            "firmware": f"{ROOT}.12.1.3.0",  # rPDUIdentFirmwareRev
            "model": f"{ROOT}.12.1.5.0",  # rPDUIdentModelNumber
            "serial": f"{ROOT}.12.1.6.0",  # rPDUIdentSerialNumber
        },
    ),
}


@dataclass(frozen=True)
class ApcSettings(PduSettings):
    """What a profile may say of a rack PDU."""

    family: Literal["auto", "rPDU", "rPDU2"] = setting("auto", "rPDU (AP79xx), rPDU2 (AP8xxx and later), or find out")


class ApcPdu(Outlets):
    """One rack PDU, or a chain of them behind one address; its units are the outlets."""

    name = "apc_pdu"
    title = "APC switched rack PDU"
    models = "AP79xx (rPDU), AP84xx, AP86xx, AP88xx, AP89xx and later (rPDU2)"
    evidence = "cross-checked"  # against Debian's snmpd
    sources = ("APC PowerNet-MIB", "NUT drivers/apc-pdu-mib.c (walk of an AP7900)", "RoomGate facts: room devices 3.3")
    units = "an outlet's number in the PDU's own table, such as 3"
    offered = (
        "outlet on, off (SetPower)",
        "outlet reboot (CyclePower)",
        "outlet status, of both families",
        "outlet names",
        "current and power of each outlet, on models that meter by outlet (AP84xx, AP86xx)",
        "identity: name, model, serial number, firmware",
        "SNMP v1, v2c and v3",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "delayed on, off and reboot, cancel": "delays are the room's to keep; the PDU's own would hide what happens",
        "load of banks and phases": "no outlet's; `snmp_monitor` reads it by its OID",
        "MasterSwitch, Easy PDU": "other trees; not looked at in this driver yet",
        "traps": "polling shows the same; `snmp_monitor` receives them",
    }
    maker = "APC"
    Settings = ApcSettings
    settings: ApcSettings

    def families(self) -> Mapping[str, Family]:
        wanted = self.settings.family
        return FAMILIES if wanted == "auto" else {wanted: FAMILIES[wanted]}

    def order(self, command: SetPower | CyclePower, index: str) -> tuple[str, int]:
        value = REBOOT if isinstance(command, CyclePower) else ON if command.on else OFF
        return f"{self.family.control}.{index}", value
