"""A Denkovi smartDEN IP-16R: sixteen relays in one SNMP table, and the web page where people press them.

It takes one OID in a request and speaks SNMP version 1 (user manual, 13 Apr 2021, p.41). Source: that manual and the
MIB (enterprise 42505; RoomGate facts: room devices 3.3). What it says to more than one OID is not known: here tooBig.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from simulators._agent import SnmpDevice
from simulators._snmp import INTEGER, Leaf, Oid
from simulators.device import SimulatorError, hand

TABLE: Oid = (1, 3, 6, 1, 4, 1, 42505, 6, 2, 3, 1)


@dataclass(kw_only=True, eq=False)
class Denkovi(SnmpDevice):
    """The module's relays."""

    name: ClassVar[str] = "denkovi"
    title: ClassVar[str] = "Denkovi smartDEN IP-16R"
    links: ClassVar[dict[str, int]] = {"snmp": 161}

    max_varbinds: int = 1
    number_of_relays: int = 16
    relays: dict[str, bool] = field(default_factory=dict)

    description = "smartDEN IP-16R"
    kind: Oid = (1, 3, 6, 1, 4, 1, 42505, 6)

    def __post_init__(self) -> None:
        for number in range(1, self.number_of_relays + 1):
            self.relays.setdefault(str(number), False)

    def restart(self) -> None:
        """Relays open."""
        super().restart()
        for number in self.relays:
            self.relays[number] = False

    def leaves(self) -> Iterator[tuple[Oid, Leaf]]:
        for number in self.relays:
            yield (*TABLE, 3, int(number) - 1), self._leaf(number)

    def _leaf(self, number: str) -> Leaf:
        def write(value: int) -> None:
            self.relays[number] = value == 1

        return Leaf(INTEGER, lambda: int(self.relays[number]), write, lambda value: value in (0, 1))

    @hand
    def press_relay(self, number: int = 1) -> None:
        """Somebody turns a relay over on the module's web page."""
        if str(number) not in self.relays:
            raise SimulatorError(f"there is no relay {number}")
        self.relays[str(number)] = not self.relays[str(number)]
