"""Serves a Zoom Room's command line over SSH: password log-in, with and without a terminal, one client at a time.

What may not live here: the commands. The host key is made at the first start and kept while the room lives.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import asyncssh

from simulators.relay import FaultRelay

if TYPE_CHECKING:
    from simulators.device import Where
    from simulators.zoom_rooms import ZoomRooms


class Door(asyncssh.SSHServer):
    """One SSH connection: who may come in."""

    def __init__(self, room: ZoomRooms, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._room, self._connections = room, connections

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
        room = self._room
        given, wanted = f"{username}:{password}", f"{room.username}:{room.password}"
        return hmac.compare_digest(given.encode(), wanted.encode()) and not room.faults.refuse_login

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return Terminal(self._room)


class Terminal(asyncssh.SSHServerSession[bytes]):
    """One session: lines in, bytes out."""

    def __init__(self, room: ZoomRooms) -> None:
        self._room = room
        self._held = b""
        self.echo, self.json = True, False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        if self._room.terminal is not None:  # "It supports a single SSH connection at a time"
            self.say("*e Connection rejected")
            self._chan.exit(1)
            return
        self._room.terminal = self
        self.say("ZAAPI control system API")
        self.say("*r Login successful")
        self.say("OK")
        self._room.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        *lines, self._held = (self._held + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if self.echo:
                self.say(line.decode("utf-8", "replace"))
            if line.strip():
                self._room.obey(self, line.decode("utf-8", "replace").strip())
                self._room.touched()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._room.terminal is self:
            self._room.terminal = None
        self._room.touched()

    def say(self, line: str) -> None:
        """A line, or lines, to the client."""
        if not self._chan.is_closing():
            self._chan.write(line.replace("\n", "\r\n").encode() + b"\r\n")


async def serve_ssh(room: ZoomRooms, where: Where) -> str:
    """Open the door; the address for clients."""
    key = room.host_key
    connections: set[asyncssh.SSHServerConnection] = set()
    server = await asyncssh.create_server(
        lambda: Door(room, connections),
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

    room.on_stop(close)
    door = FaultRelay(room.faults, server.get_port())
    port = door.bind(where.host, where.port)
    room.doors.append(door)
    return f"ssh://{where.host}:{port}"
