"""The SSH server half of every simulator that has one: who may come in, a shell for each, a host key that stays.

What may not live here: lines, prompts and sessions of a device. No agent, no files, no `exec`: a shell only.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import asyncssh

from simulators.relay import FaultRelay

if TYPE_CHECKING:
    from simulators.device import Simulator, Where


class Door:
    """One device's SSH. `welcome(username, password)`: may they come in; `session()`: theirs, or None if it has none
    left. The host key is made with the door and kept while the door is: a reboot does not change it."""

    def __init__(self, welcome: Callable[[str, str], bool], session: Callable[[], Shell | None]) -> None:
        self.welcome, self.session = welcome, session
        self.key = asyncssh.generate_private_key("ssh-ed25519")

    @property
    def fingerprint(self) -> str:
        """Of the host key: "SHA256:..."."""
        return self.key.get_fingerprint()

    async def serve(self, device: Simulator, where: Where) -> str:
        """Open the door, behind the device's faults; the address for clients."""
        guests: set[asyncssh.SSHServerConnection] = set()
        server = await asyncssh.create_server(
            lambda: _Guest(self, guests),
            "127.0.0.1",
            0,
            server_host_keys=[self.key],
            encoding=None,
            line_editor=False,
            agent_forwarding=False,
        )

        async def close() -> None:
            server.close()
            await server.wait_closed()
            for guest in list(guests):
                guest.abort()
                await guest.wait_closed()

        device.on_stop(close)
        relay = FaultRelay(device.faults, server.get_port())
        port = relay.bind(where.host, where.port)
        device.doors.append(relay)
        return f"ssh://{where.host}:{port}"


class Shell(asyncssh.SSHServerSession[bytes]):
    """One shell, with a terminal or without. A device adds `session_started`, `data_received`, `connection_lost`."""

    def __init__(self) -> None:
        self.memory: dict[str, Any] = {}  # as the sessions of a StreamSimulator have it
        self._chan: asyncssh.SSHServerChannel[bytes]

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def eof_received(self) -> bool:
        return False

    @property
    def has_terminal(self) -> bool:
        """Whether the client asked for a PTY."""
        return self._chan.get_terminal_type() is not None

    def send(self, data: bytes) -> None:
        """Say something to the client; nothing happens once they are gone."""
        if not self._chan.is_closing():
            self._chan.write(data)

    def close(self, status: int = 0) -> None:
        """Leave, with an exit status."""
        self._chan.exit(status)


class _Guest(asyncssh.SSHServer):
    """One connection: the log-in, then the shell."""

    def __init__(self, door: Door, guests: set[asyncssh.SSHServerConnection]) -> None:
        self._door, self._guests = door, guests

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self._guests.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guests.discard(self._conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True  # asyncssh then also offers keyboard-interactive, with one question for the password

    def validate_password(self, username: str, password: str) -> bool:
        return self._door.welcome(username, password)

    def session_requested(self) -> Shell | bool:
        return self._door.session() or False


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are the same, in the same time wherever they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())
