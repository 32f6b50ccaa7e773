"""Serves a Tesira's text protocol over SSH: a password log-in, then the same lines as over telnet.

What may not live here: the lines. The host key is made at the first start.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import asyncssh

from simulators.relay import FaultRelay

if TYPE_CHECKING:
    from simulators.device import Where
    from simulators.tesira_ttp import TesiraTtp


class Gate(asyncssh.SSHServer):
    """One SSH connection: who may come in."""

    def __init__(self, tesira: TesiraTtp, held: set[asyncssh.SSHServerConnection]) -> None:
        self._tesira, self._held = tesira, held

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self._held.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._held.discard(self._conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        tesira = self._tesira
        if tesira.faults.refuse_login:
            return False
        return not tesira.password or hmac.compare_digest(password.encode(), tesira.password.encode())

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return SshSession(self._tesira)


class SshSession(asyncssh.SSHServerSession[bytes]):
    """One shell, to the Tesira a text session like any other."""

    def __init__(self, tesira: TesiraTtp) -> None:
        self._tesira = tesira
        self.memory: dict[str, Any] = {}

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._tesira.begin(self)
        self._tesira.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        self._tesira.text(self, data)
        self._tesira.touched()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tesira.end(self)
        self._tesira.touched()

    def send(self, data: bytes) -> None:
        """Say something to the client."""
        if not self._chan.is_closing():
            self._chan.write(data)


async def serve_ssh(tesira: TesiraTtp, where: Where) -> str:
    """Open the door; the address for clients."""
    held: set[asyncssh.SSHServerConnection] = set()
    server = await asyncssh.create_server(
        lambda: Gate(tesira, held),
        "127.0.0.1",
        0,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
    )

    async def close() -> None:
        server.close()
        await server.wait_closed()
        for one in list(held):
            one.abort()
            await one.wait_closed()

    tesira.on_stop(close)
    door = FaultRelay(tesira.faults, server.get_port())
    port = door.bind(where.host, where.port)
    tesira.doors.append(door)
    return f"ssh://{where.host}:{port}"
