"""The public port before a server which a library runs (ws, http, ssh), so that the faults act on it too.

Only bytes pass here: no protocol, no device memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulators.doors import Session, TcpDoor

if TYPE_CHECKING:
    from simulators.faults import Faults


class FaultRelay(TcpDoor):
    """The public port before a server which a library runs (ws, http, ssh) on a loopback port of its own."""

    whole = True

    def __init__(self, faults: Faults, inner_port: int, inner_host: str = "127.0.0.1") -> None:
        super().__init__(faults, self._dial, self._forward, self._hang_up)
        self._inner = (inner_host, inner_port)

    def _dial(self, session: Session) -> None:
        session.memory["held"] = []
        self.spawn(self._connect(session))

    async def _connect(self, session: Session) -> None:
        far = _FarEnd(session)
        try:
            await asyncio.get_running_loop().create_connection(lambda: far, *self._inner)
        except OSError:
            session.abort()
            return
        session.memory["far"] = far
        for data in session.memory.pop("held"):
            far.transport.write(data)
        if not session.open:
            far.transport.abort()
        self.spawn(far.lost.wait())

    def _forward(self, session: Session, data: bytes) -> None:
        if "far" in session.memory:
            session.memory["far"].transport.write(data)
        elif "held" in session.memory:
            session.memory["held"].append(data)

    def _hang_up(self, session: Session) -> None:
        if "far" in session.memory:
            session.memory["far"].transport.abort()


class _FarEnd(asyncio.Protocol):
    """The relay's connection to the inner server."""

    transport: asyncio.Transport

    def __init__(self, session: Session) -> None:
        self._session = session
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._session.send(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        self._session.close()
