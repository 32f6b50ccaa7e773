"""A Raritan PX3 rack PDU over SNMP: the outlets of the PDU2-MIB, of one PDU or of two that are linked.

Nothing of SNMP may live here (`_snmp.py`). Sources: PDU2-MIB; the walk of a PX2 in NUT's raritan-px2-mib.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from simulators._agent import SnmpDevice
from simulators._snmp import GAUGE, INTEGER, OCTETS, Leaf, Oid
from simulators.device import SimulatorError, Timer, hand

PDU2: Oid = (1, 3, 6, 1, 4, 1, 13742, 6)
STATE_ON, STATE_OFF, STATE_UNAVAILABLE = 7, 8, -1  # SensorStateEnumeration
RMS_CURRENT, RMS_VOLTAGE, ACTIVE_POWER = 1, 4, 5  # SensorTypeEnumeration
VOLTS = 230


@dataclass(kw_only=True)
class Socket:
    """One outlet and what hangs on it."""

    name: str
    on: bool = True
    milliamps: int = 450


@dataclass(kw_only=True, eq=False)
class RaritanPdu(SnmpDevice):
    """A PDU's sockets; `pdus` of them are linked behind one address."""

    name: ClassVar[str] = "raritan_pdu"
    title: ClassVar[str] = "Raritan PX3 rack PDU"
    links: ClassVar[dict[str, int]] = {"snmp": 161}

    outlets: int = 8
    pdus: int = 1
    metered: bool = True
    switched: bool = True
    current_digits: int = 3  # a PX2 tells tenths: 1
    cycle_seconds: float = 10.0
    system_name: str = "my PX"
    socket: dict[str, Socket] = field(init=False)  # "1.3" = PDU 1, outlet 3

    description = "PX3 030600"
    kind: Oid = PDU2
    _cycling: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.socket = {
            f"{pdu}.{n}": Socket(name=f"Outlet {n}")
            for pdu in range(1, self.pdus + 1)
            for n in range(1, self.outlets + 1)
        }

    @hand
    def press_outlet(self, n: int = 1, pdu: int = 1) -> None:
        """Turn an outlet over at the PDU's own panel."""
        key = f"{pdu}.{n}"
        if key not in self.socket:
            raise SimulatorError(f"there is no outlet {key}")
        self._operate(key, 0 if self.socket[key].on else 1)

    def _operate(self, key: str, operation: int) -> None:
        """switchingOperation: off(0), on(1), cycle(2)."""
        if (timer := self._cycling.pop(key, None)) is not None:
            timer.cancel()
        self.socket[key].on = operation == 1
        if operation == 2:
            self._cycling[key] = self.after(self.cycle_seconds, lambda: self._operate(key, 1))

    def leaves(self) -> Iterator[tuple[Oid, Leaf]]:
        yield (*PDU2, 3, 2, 1, 1, 2, 1), Leaf(OCTETS, lambda: "Raritan")
        yield (*PDU2, 3, 2, 1, 1, 3, 1), Leaf(OCTETS, lambda: "PX3-5260V")
        yield (*PDU2, 3, 2, 1, 1, 4, 1), Leaf(OCTETS, lambda: "QFG7100123")
        yield (*PDU2, 3, 2, 2, 1, 13, 1), Leaf(OCTETS, lambda: self.system_name)
        yield (*PDU2, 3, 2, 3, 1, 6, 1, 1, 1), Leaf(OCTETS, lambda: "3.6.0.5-46565")
        for key, socket in self.socket.items():
            index = tuple(int(part) for part in key.split("."))
            yield from self._row(key, index, socket)

    def _row(self, key: str, index: Oid, socket: Socket) -> Iterator[tuple[Oid, Leaf]]:
        yield (*PDU2, 3, 5, 3, 1, 2, *index), Leaf(OCTETS, lambda: str(index[1]))
        yield (
            (*PDU2, 3, 5, 3, 1, 3, *index),
            Leaf(OCTETS, lambda: socket.name, lambda text: setattr(socket, "name", text)),
        )

        def state() -> int:
            if not self.switched:
                return STATE_UNAVAILABLE
            return STATE_ON if socket.on else STATE_OFF

        yield (*PDU2, 4, 1, 2, 1, 3, *index), Leaf(INTEGER, state)
        yield (
            (*PDU2, 4, 1, 2, 1, 2, *index),
            Leaf(
                INTEGER,
                lambda: int(socket.on),
                lambda operation: self._operate(key, operation),
                lambda operation: self.switched and operation in (0, 1, 2),
            ),
        )
        if not self.metered:
            return
        readings = {
            RMS_CURRENT: (self.current_digits, lambda: socket.milliamps * socket.on // 10 ** (3 - self.current_digits)),
            RMS_VOLTAGE: (0, lambda: VOLTS),
            ACTIVE_POWER: (0, lambda: socket.milliamps * socket.on * VOLTS // 1000),
        }
        for sensor, (digits, read) in readings.items():
            yield (*PDU2, 3, 5, 4, 1, 7, *index, sensor), Leaf(GAUGE, lambda digits=digits: digits)  # type: ignore[misc]
            yield (*PDU2, 5, 4, 3, 1, 4, *index, sensor), Leaf(GAUGE, read)
