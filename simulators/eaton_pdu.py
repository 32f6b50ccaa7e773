"""An Eaton ePDU G3 over SNMP: orders are delays, and what waits shows as pending.

Nothing of SNMP may live here (`_snmp.py`). Sources: EATON-EPDU-MIB; NUT's eaton-pdu-marlin-mib.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from simulators._agent import SnmpDevice
from simulators._snmp import INTEGER, OCTETS, Leaf, Oid
from simulators.device import SimulatorError, Timer, hand

EPDU: Oid = (1, 3, 6, 1, 4, 1, 534, 6, 6, 7)
OUTLET: Oid = (*EPDU, 6, 1, 1)
CONTROL: Oid = (*EPDU, 6, 6, 1)
IDLE = -1  # an order column that waits for nothing


@dataclass(kw_only=True)
class Receptacle:
    """One outlet: its contact and the order that waits."""

    name: str
    on: bool = True
    switchable: bool = True
    milliamps: int = 300
    watts: int = 65
    waiting: str = ""  # off, on or reboot


@dataclass(kw_only=True, eq=False)
class EatonPdu(SnmpDevice):
    """An ePDU and those chained to it (units 0, 1, ...)."""

    name: ClassVar[str] = "eaton_pdu"
    title: ClassVar[str] = "Eaton ePDU G3 rack PDU"
    links: ClassVar[dict[str, int]] = {"snmp": 161}

    outlets: int = 8
    units: int = 1
    fixed: int = 0  # the number of an outlet that cannot be switched
    reboot_off_time: float = 10.0
    system_name: str = "ePDU"
    receptacle: dict[str, Receptacle] = field(init=False)  # "0.3" = unit 0, outlet 3
    _timers: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    description = "Eaton ePDU MA 1P IN:C20 16A OUT:20XC13, 4XC19"
    kind: Oid = EPDU

    def __post_init__(self) -> None:
        self.receptacle = {
            f"{unit}.{n}": Receptacle(name=f"Outlet A{n}", switchable=n != self.fixed)
            for unit in range(self.units)
            for n in range(1, self.outlets + 1)
        }

    def restart(self) -> None:
        """Orders that waited are lost; the contacts stay as they are."""
        super().restart()
        self._timers.clear()
        for outlet in self.receptacle.values():
            outlet.waiting = ""

    @hand
    def press_outlet(self, n: int = 1, unit: int = 0) -> None:
        """Turn an outlet over from the unit's own screen."""
        outlet = self.receptacle.get(f"{unit}.{n}")
        if outlet is None:
            raise SimulatorError(f"unit {unit} has no outlet {n}")
        outlet.on = not outlet.on

    def _wait(self, key: str, order: str, seconds: int) -> None:
        """A delay was written into one of the order columns; -1 takes the order back."""
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        self.receptacle[key].waiting = "" if seconds < 0 else order
        if seconds > 0:
            self._timers[key] = self.after(seconds, partial(self._act, key, order))
        elif seconds == 0:
            self._act(key, order)

    def _act(self, key: str, order: str) -> None:
        self._timers.pop(key, None)
        outlet = self.receptacle[key]
        outlet.on = order == "on"
        outlet.waiting = ""
        if order == "reboot":
            outlet.waiting = "on"
            self._timers[key] = self.after(self.reboot_off_time, partial(self._act, key, "on"))

    @staticmethod
    def _status(outlet: Receptacle) -> int:
        """off(0), on(1), pendingOff(2), pendingOn(3)."""
        if outlet.waiting in ("off", "reboot") and outlet.on:
            return 2
        return 3 if outlet.waiting == "on" and not outlet.on else int(outlet.on)

    def leaves(self) -> Iterator[tuple[Oid, Leaf]]:
        for unit in range(self.units):
            texts = {2: "EPDU MA 1P", 3: "EMAB22", 4: f"WA12345{unit}", 5: "02.00.0051", 6: self.system_name}
            for column, text in texts.items():
                yield (*EPDU, 1, 2, 1, column, unit), Leaf(OCTETS, lambda text=text: text)  # type: ignore[misc]
        for key, outlet in self.receptacle.items():
            index = tuple(map(int, key.split(".")))
            yield (*OUTLET, 3, *index), Leaf(OCTETS, lambda o=outlet: o.name)  # type: ignore[misc]
            yield (*EPDU, 6, 4, 1, 3, *index), Leaf(INTEGER, lambda o=outlet: o.milliamps if o.on else 0)  # type: ignore[misc]
            yield (*EPDU, 6, 5, 1, 3, *index), Leaf(INTEGER, lambda o=outlet: o.watts if o.on else 0)  # type: ignore[misc]
            yield (*CONTROL, 2, *index), Leaf(INTEGER, partial(self._status, outlet))
            for column, order in ((3, "off"), (4, "on"), (5, "reboot")):
                yield (*CONTROL, column, *index), self._order(key, outlet, order)
            yield (*CONTROL, 8, *index), Leaf(INTEGER, lambda: int(self.reboot_off_time))
            yield (*CONTROL, 9, *index), Leaf(INTEGER, lambda o=outlet: 1 if o.switchable else 2)  # type: ignore[misc]

    def _order(self, key: str, outlet: Receptacle, order: str) -> Leaf:
        def left() -> int:
            timer = self._timers.get(key)
            return int(timer.left) if timer is not None and outlet.waiting == order else IDLE

        def fits(seconds: int) -> bool:
            return outlet.switchable and -1 <= seconds <= 99999

        return Leaf(INTEGER, left, partial(self._wait, key, order), fits)
