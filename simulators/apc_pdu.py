"""APC switched rack PDU over SNMP: the outlet tables of the AP79xx (rPDU) and of the AP8xxx (rPDU2).

Nothing of SNMP itself may live here (see `_snmp.py`), nor energy metering and alarms, which no room needs.

Sources: PowerNet-MIB 4.x, whose object names are used below, and the walk of an AP7900 in NUT's apc-pdu-mib.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators._snmp import GAUGE, INTEGER, OBJECT_ID, OCTETS, TICKS, Access, Agent, Leaf, Oid
from simulators.device import Simulator, SimulatorError, Timer, Where, hand
from simulators.doors import Address, UdpDoor

SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
APC: Oid = (1, 3, 6, 1, 4, 1, 318)
RPDU: Oid = (*APC, 1, 1, 12)
RPDU2: Oid = (*APC, 1, 1, 26)

# rPDUOutletControlOutletCommand and rPDU2OutletSwitchedControlCommand. In the second, 4 is outletUnknown, which can be
# read and never written, and every later number is one higher than in the first.
COMMANDS = {
    "rPDU": ("", "on", "off", "reboot", "delayed on", "delayed off", "delayed reboot", "cancel"),
    "rPDU2": ("", "on", "off", "reboot", "", "delayed on", "delayed off", "delayed reboot", "cancel"),
}
CARDS = {
    "rPDU": "APC Web/SNMP Management Card (MB:v3.9.2 PF:v3.7.3 PN:apc_hw02_aos_373.bin AF1:v3.7.3 "
    "AN1:apc_hw02_rpdu_373.bin MN:AP7900 HR:B2 SN: 5A0000E00000 MD:08/13/2012)",
    "rPDU2": "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.7.2 PN:apc_hw05_aos_672.bin AF1:v6.7.2 "
    "AN1:apc_hw05_rpdu2g_672.bin MN:AP8932 HR:02 SN: 5A0000E00000 MD:01/23/2019)",
}


@dataclass(kw_only=True)
class Outlet:
    """One outlet; the delays are in seconds, and -1 means never."""

    name: str
    on: bool = True
    tenths: int = 6  # of an ampere, at 230 V
    pending: str = ""  # the order that waits
    power_on_delay: int
    power_off_delay: int
    reboot_duration: int


@dataclass(kw_only=True, eq=False)
class ApcPdu(Simulator):
    """A rack PDU whose outlets are switched over SNMP; `community` may write, `read_community` may only read."""

    name: ClassVar[str] = "apc_pdu"
    title: ClassVar[str] = "APC switched rack PDU (rPDU and rPDU2)"
    links: ClassVar[dict[str, int]] = {"snmp": 161}

    family: Literal["rPDU", "rPDU2"] = "rPDU2"
    outlets: int = 8
    community: str = "private"
    read_community: str = "public"
    system_name: str = "RackPDU"
    power_on_delay: int = 0  # these three are what each outlet begins with, here as an AP7900 has them
    power_off_delay: int = 0
    reboot_duration: int = 5
    relay_seconds: float = 0.0  # from the order to the click of the relay; not documented
    max_varbinds: int = 16  # more of them in one GET are answered tooBig
    metered: bool = True  # by outlet, as an AP86xx; an AP89xx only switches
    amps: float = 2.0
    near_amps: float = 8.0
    max_amps: float = 12.0
    outlet: dict[int, Outlet] = field(init=False)

    _since: float = field(default=0.0, init=False, repr=False)
    _steps: dict[int, Timer] = field(default_factory=dict, init=False, repr=False)
    _door: UdpDoor = field(init=False, repr=False)
    _peer: Address | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.outlet = {
            n: Outlet(
                name=f"Outlet {n}",
                power_on_delay=self.power_on_delay,
                power_off_delay=self.power_off_delay,
                reboot_duration=self.reboot_duration,
            )
            for n in range(1, self.outlets + 1)
        }
        self._agent = Agent([*self._unit(), *self._outlets()], self.max_varbinds)

    async def listen(self, where: Where) -> str:
        self._door = UdpDoor(self.faults, self._received)
        port = await self._door.bind(where.host, where.port)
        self.on_stop(self._door.close)
        self.restart()
        return f"snmp://{where.host}:{port}"

    def restart(self) -> None:
        """The management card starts anew: orders that waited are lost, the outlets stay as they are."""
        self._since = self.clock()
        self._steps.clear()
        for outlet in self.outlet.values():
            outlet.pending = ""

    @hand
    def press_outlet(self, n: int = 1) -> None:
        """Toggle an outlet from the unit's own menu."""
        if n not in self.outlet:
            raise SimulatorError(f"there is no outlet {n}, only 1 to {self.outlets}")
        self._switch(n, "off" if self.outlet[n].on else "on")

    @hand
    def overload(self, amps: float = 15.0) -> None:
        """Plug in what draws so much: from `max_amps` on the unit reports an overload, and goes on."""
        self.amps = amps

    def _received(self, data: bytes, peer: Address) -> None:
        self._peer = peer
        reply = self._agent.reply(data, self._access)
        if reply is not None:
            self._door.send(reply, peer)
        self.touched()

    def _access(self, community: bytes) -> Access:
        if self.faults.refuse_login:
            return ""
        if community == self.community.encode():
            return "write"
        return "read" if community == self.read_community.encode() else ""

    def _inject(self, data: bytes) -> None:
        if self._peer is not None:
            self._door.send(data, self._peer)

    def _switch(self, n: int, order: str) -> None:
        """Carry an order out; a new one ends what was pending."""
        if n in self._steps:
            self._steps.pop(n).cancel()
        outlet = self.outlet[n]
        off, on = (outlet.power_off_delay, False), (outlet.power_on_delay, True)
        steps = {
            "on": [(0, True)],
            "off": [(0, False)],
            "reboot": [(0, False), (outlet.reboot_duration, True)],
            "delayed on": [on],
            "delayed off": [off],
            "delayed reboot": [off, (outlet.reboot_duration, False), on],
            "cancel": [],
        }[order]
        self._go(n, order, steps)

    def _go(self, n: int, order: str, steps: list[tuple[int, bool]]) -> None:
        """Take the first of these steps (seconds to wait, on or off) and then the others."""
        outlet = self.outlet[n]
        if not steps or steps[0][0] < 0:
            outlet.pending = ""
            return

        def click() -> None:
            self._steps.pop(n, None)
            outlet.on = steps[0][1]
            self._go(n, order, steps[1:])

        outlet.pending = order
        wait = steps[0][0] + self.relay_seconds
        if wait > 0:
            self._steps[n] = self.after(wait, click)
        else:
            click()

    def _unit(self) -> Iterator[tuple[Oid, Leaf]]:
        """What concerns the unit as a whole."""
        newer = self.family == "rPDU2"
        model = "AP8932" if newer else "AP7900"
        yield (*SYSTEM, 1, 0), Leaf(OCTETS, lambda: CARDS[self.family])
        # masterSwitchrPDU2 (as an AP8932 and an AP8888 answer) and masterSwitchrPDU.
        yield (*SYSTEM, 2, 0), Leaf(OBJECT_ID, lambda: (*APC, 1, 3, 4, 6 if newer else 5))
        yield (*SYSTEM, 3, 0), Leaf(TICKS, lambda: int((self.clock() - self._since) * 100) % 2**32)
        yield (*SYSTEM, 5, 0), text(self, "system_name")
        current = Leaf(GAUGE, lambda: round(self.amps * 10))  # tenths of an ampere
        if newer:
            yield (*RPDU2, 2, 1, 3, 1), text(self, "system_name")  # rPDU2IdentName
            yield (*RPDU2, 2, 1, 8, 1), Leaf(OCTETS, lambda: model)  # rPDU2IdentModelNumber
            yield (*RPDU2, 4, 2, 1, 4, 1), number(self.outlets)  # rPDU2DevicePropertiesNumOutlets
            yield (*RPDU2, 4, 3, 1, 4, 1), Leaf(INTEGER, lambda: (2, 3, 4)[self._load])  # ...StatusLoadState
            yield (*RPDU2, 6, 3, 1, 5, 1), current  # rPDU2PhaseStatusCurrent
        else:
            yield (*RPDU, 1, 1, 0), text(self, "system_name")  # rPDUIdentName
            yield (*RPDU, 1, 5, 0), Leaf(OCTETS, lambda: model)  # rPDUIdentModelNumber
            yield (*RPDU, 1, 8, 0), number(self.outlets)  # rPDUIdentDeviceNumOutlets
            yield (*RPDU, 2, 3, 1, 1, 2, 1), current  # rPDULoadStatusLoad
            yield (*RPDU, 2, 3, 1, 1, 3, 1), Leaf(INTEGER, lambda: (1, 3, 4)[self._load])  # ...LoadState

    @property
    def _load(self) -> int:
        """0 normal, 1 near overload, 2 overload."""
        return (self.amps >= self.near_amps) + (self.amps >= self.max_amps)

    def _outlets(self) -> Iterator[tuple[Oid, Leaf]]:
        columns = self._rpdu2_columns if self.family == "rPDU2" else self._rpdu_columns
        for n, outlet in self.outlet.items():
            for (*table, column), leaf in columns(n, outlet).items():
                yield (*table, column, n), leaf

    def _rpdu_columns(self, n: int, outlet: Outlet) -> dict[Oid, Leaf]:
        control, config, status = (*RPDU, 3, 3, 1, 1), (*RPDU, 3, 4, 1, 1), (*RPDU, 3, 5, 1, 1)
        columns: dict[Oid, Leaf] = {}
        for table, bank in ((control, 5), (config, 7), (status, 6)):  # the bank is the last column
            columns |= {(*table, 1): number(n), (*table, 3): number(1), (*table, bank): number(0)}
        return columns | {
            (*control, 2): Leaf(OCTETS, lambda: outlet.name),
            (*control, 4): self._control(n, outlet),
            (*config, 2): text(outlet, "name"),
            (*config, 4): seconds(outlet, "power_on_delay", -1, 7200),
            (*config, 5): seconds(outlet, "power_off_delay", -1, 7200),
            (*config, 6): seconds(outlet, "reboot_duration", 5, 60),
            (*status, 2): Leaf(OCTETS, lambda: outlet.name),
            (*status, 4): Leaf(INTEGER, lambda: 1 if outlet.on else 2),
            (*status, 5): Leaf(INTEGER, lambda: 1 if outlet.pending else 2),
        }

    def _rpdu2_columns(self, n: int, outlet: Outlet) -> dict[Oid, Leaf]:
        config, status, control = (*RPDU2, 9, 2, 1, 1), (*RPDU2, 9, 2, 3, 1), (*RPDU2, 9, 2, 4, 1)
        columns: dict[Oid, Leaf] = {}
        for table in (config, status, control):  # index, module, name, number
            columns |= {(*table, 1): number(n), (*table, 2): number(1), (*table, 4): number(n)}
            columns |= {(*table, 3): Leaf(OCTETS, lambda: outlet.name)}
        return (
            columns
            | {
                (*config, 3): text(outlet, "name"),
                (*config, 5): seconds(outlet, "power_on_delay", -1, 7200),
                (*config, 6): seconds(outlet, "power_off_delay", -1, 7200),
                (*config, 7): seconds(outlet, "reboot_duration", 5, 60),
                # rPDU2OutletSwitchedStatusState is off(1), on(2): the other way round than the control column.
                (*status, 5): Leaf(INTEGER, lambda: 2 if outlet.on else 1),
                (*status, 6): Leaf(INTEGER, lambda: 1 if outlet.pending else 2),
                (*control, 5): self._control(n, outlet),
            }
            | (self._meters(outlet) if self.metered else {})
        )

    @staticmethod
    def _meters(outlet: Outlet) -> dict[Oid, Leaf]:
        """rPDU2OutletMeteredStatusCurrent (0.1 A) and ...Power (W), on models that meter by outlet."""
        table = (*RPDU2, 9, 4, 3, 1)
        return {
            (*table, 6): Leaf(GAUGE, lambda: outlet.tenths if outlet.on else 0),
            (*table, 7): Leaf(GAUGE, lambda: outlet.tenths * 23 if outlet.on else 0),
        }

    def _control(self, n: int, outlet: Outlet) -> Leaf:
        """The column that takes orders; read, it is on(1) or off(2) in both families."""
        orders = COMMANDS[self.family]
        return Leaf(
            INTEGER,
            read=lambda: 1 if outlet.on else 2,
            write=lambda value: self._switch(n, orders[value]),
            takes=lambda value: 0 < value < len(orders) and bool(orders[value]),
        )


def number(value: int) -> Leaf:
    return Leaf(INTEGER, lambda: value)


def text(owner: object, name: str) -> Leaf:
    return Leaf(OCTETS, lambda: getattr(owner, name), lambda value: setattr(owner, name, value))


def seconds(owner: object, name: str, low: int, high: int) -> Leaf:
    return Leaf(
        INTEGER,
        read=lambda: getattr(owner, name),
        write=lambda value: setattr(owner, name, value),
        takes=lambda value: low <= value <= high,
    )
