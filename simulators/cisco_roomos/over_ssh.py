"""Serves the codec's text shell over SSH: password and keyboard-interactive log-in, with and without a PTY.

What may not live here: the shell's grammar. The host key is made for each codec at its first start and kept while it
lives, so a reboot does not change it.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import asyncssh

from simulators.cisco_roomos.shell import Shell
from simulators.relay import FaultRelay

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec
    from simulators.device import Where


class Door(asyncssh.SSHServer):
    """One SSH connection: who may come in."""

    def __init__(self, codec: Codec, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._codec, self._connections = codec, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True  # asyncssh then also offers keyboard-interactive, with one question for the password

    def validate_password(self, username: str, password: str) -> bool:
        codec = self._codec
        given, wanted = f"{username}:{password}", f"{codec.username}:{codec.password}"
        return hmac.compare_digest(given.encode(), wanted.encode()) and not codec.faults.refuse_login

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        return len(self._codec.listeners) < self._codec.max_sessions and Channel(self._codec)


class Channel(asyncssh.SSHServerSession[bytes]):
    """One shell."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._shell: Shell | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        terminal = self._chan.get_terminal_type() is not None
        self._shell = Shell(self._codec, self._say, self._leave, terminal=terminal)
        self._codec.listeners.append(self._shell)
        self._shell.greet()
        self._codec.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        if self._shell is not None:
            self._shell.feed(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._shell in self._codec.listeners:
            self._codec.listeners.remove(self._shell)
        self._codec.touched()

    def _say(self, data: bytes) -> None:
        if not self._chan.is_closing():
            self._chan.write(data)

    def _leave(self) -> None:
        self._chan.exit(0)


async def serve_ssh(codec: Codec, where: Where) -> str:
    """Open the door; the address for clients."""
    if codec.ssh_key is None:
        codec.ssh_key = asyncssh.generate_private_key("ssh-ed25519")
        codec.fingerprint = codec.ssh_key.get_fingerprint()
    connections: set[asyncssh.SSHServerConnection] = set()
    server = await asyncssh.create_server(
        lambda: Door(codec, connections),
        "127.0.0.1",
        0,
        server_host_keys=[codec.ssh_key],
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
