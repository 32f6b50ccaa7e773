"""Serves the codec's command line over SSH ("Enable Legacy API Over SSH"): a password log-in, then the same lines.

What may not live here: the lines. The host key is made at the first start and kept while the simulator lives.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import asyncssh

from simulators.relay import FaultRelay

if TYPE_CHECKING:
    from simulators.device import Where
    from simulators.poly_cli.codec import PolyCli


class Door(asyncssh.SSHServer):
    """One SSH connection: who may come in."""

    def __init__(self, codec: PolyCli, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._codec, self._connections = codec, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        codec = self._codec
        given, wanted = f"{username}:{password}", f"{codec.username}:{codec.password}"
        return hmac.compare_digest(given.encode(), wanted.encode()) and not codec.faults.refuse_login

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return Shell(self._codec)


class Shell(asyncssh.SSHServerSession[bytes]):
    """One shell: to the codec a session like any other."""

    def __init__(self, codec: PolyCli) -> None:
        self._codec = codec
        self.memory: dict[str, Any] = {}
        self.open = True

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._codec.shells.append(self)
        self._codec.welcome(self)
        self._codec.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        self._codec.received(self, data)
        self._codec.touched()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self in self._codec.shells:
            self._codec.shells.remove(self)
        self._codec.touched()

    def send(self, data: bytes) -> None:
        """Say something to the client."""
        if self.open and not self._chan.is_closing():
            self._chan.write(data)

    def close(self) -> None:
        """Leave."""
        self._chan.exit(0)


async def serve_ssh(codec: PolyCli, where: Where) -> str:
    """Open the door; the address for clients."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    codec.fingerprint = key.get_fingerprint()
    connections: set[asyncssh.SSHServerConnection] = set()
    server = await asyncssh.create_server(
        lambda: Door(codec, connections),
        "127.0.0.1",
        0,
        server_host_keys=[key],
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
    )

    async def close() -> None:
        server.close()
        await server.wait_closed()
        for connection in list(connections):
            connection.abort()
            await connection.wait_closed()

    codec.on_stop(close)
    door = FaultRelay(codec.faults, server.get_port())
    port = door.bind(where.host, where.port)
    codec.doors.append(door)
    return f"ssh://{where.host}:{port}"
