"""A simulated device behind an SNMP agent: its UDP port, who may read and write, what every agent says of itself.

What may not live here: a device, and SNMP's own grammar (`_snmp.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from simulators._snmp import OBJECT_ID, OCTETS, TICKS, Access, Agent, Leaf, Oid
from simulators.device import Simulator, Where
from simulators.doors import Address, UdpDoor

SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)


@dataclass(kw_only=True, eq=False)
class SnmpDevice(Simulator):
    """Subclasses say their `leaves`, their `description` and the OID of their kind."""

    community: str = "private"
    read_community: str = "public"
    system_name: str = "device"
    max_varbinds: int = 16

    _since: float = field(default=0.0, init=False, repr=False)
    _door: UdpDoor = field(init=False, repr=False)
    _peer: Address | None = field(default=None, init=False, repr=False)
    _agent: Agent = field(init=False, repr=False)

    description = "a device"
    kind: Oid = (1, 3, 6, 1, 4, 1, 0)

    def leaves(self) -> Iterator[tuple[Oid, Leaf]]:
        raise NotImplementedError

    async def listen(self, where: Where) -> str:
        self._agent = Agent([*self._system(), *self.leaves()], self.max_varbinds)
        self._door = UdpDoor(self.faults, self._received)
        port = await self._door.bind(where.host, where.port)
        self.on_stop(self._door.close)
        self.restart()
        return f"snmp://{where.host}:{port}"

    def restart(self) -> None:
        self._since = self.clock()

    @property
    def uptime(self) -> int:
        """Hundredths of a second since the agent began."""
        return int((self.clock() - self._since) * 100) % 2**32

    def _system(self) -> Iterator[tuple[Oid, Leaf]]:
        yield (*SYSTEM, 1, 0), Leaf(OCTETS, lambda: self.description)
        yield (*SYSTEM, 2, 0), Leaf(OBJECT_ID, lambda: self.kind)
        yield (*SYSTEM, 3, 0), Leaf(TICKS, lambda: self.uptime)
        yield (*SYSTEM, 5, 0), Leaf(OCTETS, lambda: self.system_name)

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
