"""The doors of a simulated device: a TCP port, a UDP port, a pseudo-terminal.

Only bytes, connections and faults live here: no protocol and no device memory. A door keeps its address for its whole
life, so that a device which was dropped, unplugged or rebooted is found again where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.faults import Faults

Address = tuple[str, int]


class Session:
    """One open connection seen from the device; the faults act on what the device sends."""

    def __init__(self, faults: Faults, *, whole: bool = False) -> None:
        self.faults = faults
        self.memory: dict[str, Any] = {}  # what the device remembers of this connection, a log-in for instance
        self.open = True
        self._whole = whole  # a stream that cannot lose bytes (TLS, SSH, frames) stays dumb once it has been silent
        self._dumb = False
        self._closing = False
        self._queue: deque[tuple[float, memoryview]] = deque()
        self._next: asyncio.Handle | None = None

    def send(self, data: bytes) -> None:
        """Say something to the client, in the manner of the faults that are on."""
        if not self.open or self._closing or not data:
            return
        if self.faults.silent or self._dumb:
            self._dumb = self._dumb or self._whole
            return
        due = asyncio.get_running_loop().time() + self.faults.slow / 1000
        self._queue.append((due, memoryview(bytes(data))))
        if self._next is None:
            self._pump()

    def close(self) -> None:
        """Close after what has been said has left."""
        self._closing = True
        if self._next is None:
            self._shut()

    def abort(self) -> None:
        """Break the connection now; what has not left is lost."""
        self._forget()
        self._break()

    def inject(self, data: bytes) -> None:
        """Put bytes on the wire past every fault."""
        if self.open:
            self._write(data)

    def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        self._next = None
        while self._queue and self.open:
            due, data = self._queue.popleft()
            if due > loop.time():
                self._queue.appendleft((due, data))
                self._next = loop.call_at(due, self._pump)
                return
            if not self.faults.chop:
                self._write(data)
                continue
            # One byte each turn of the loop: the kernel gets one segment for each, since TCP_NODELAY is on.
            self._write(data[:1])
            if len(data) > 1:
                self._queue.appendleft((due, data[1:]))
            self._next = loop.call_soon(self._pump)
            return
        if self._closing:
            self._shut()

    def _forget(self) -> None:
        self.open = False
        self._queue.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _write(self, data: bytes | memoryview) -> None:
        raise NotImplementedError

    def _shut(self) -> None:
        raise NotImplementedError

    def _break(self) -> None:
        raise NotImplementedError


class Door:
    """A place where the device is reached, which can be shut and opened again at the same address."""

    def __init__(
        self,
        faults: Faults,
        opened: Callable[[Session], None],
        received: Callable[[Session, bytes], None],
        closed: Callable[[Session], None],
    ) -> None:
        self.faults = faults
        self.sessions: list[Session] = []
        self.opened, self.received, self.closed = opened, received, closed
        self._empty = asyncio.Event()
        self._empty.set()

    def reopen(self) -> None:
        """Let clients in; nothing happens when they already may come."""
        raise NotImplementedError

    def shut(self) -> None:
        """Break every connection and let nobody in, but keep the address."""
        raise NotImplementedError

    def drop(self) -> None:
        """Break every connection once."""
        for session in list(self.sessions):
            session.abort()

    def inject(self, data: bytes) -> None:
        for session in list(self.sessions):
            session.inject(data)

    async def close(self) -> None:
        """Give the address up; nothing is left behind."""
        raise NotImplementedError

    def enter(self, session: Session) -> None:
        self.sessions.append(session)
        self._empty.clear()
        self.opened(session)

    def leave(self, session: Session) -> None:
        session._forget()
        if session in self.sessions:
            self.sessions.remove(session)
            self.closed(session)
        if not self.sessions:
            self._empty.set()


class TcpSession(Session, asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, door: TcpDoor) -> None:
        super().__init__(door.faults, whole=door.whole)
        self._door = door
        self._transport: asyncio.Transport | None = None

    @property
    def peer(self) -> Address:
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return (str(peer[0]), int(peer[1])) if peer else ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._door.listening:
            self._door.enter(self)
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        self._door.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.leave(self)

    def _write(self, data: bytes | memoryview) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _shut(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _break(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class TcpDoor(Door):
    """A TCP port. Shut, it stays bound without listening: clients are refused and nobody else takes it."""

    whole = False

    def bind(self, host: str, port: int) -> int:
        """Take the port (0 = a free one) and say which; clients are refused until `reopen`."""
        self._host, self.listening = host, False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._socket = self._reserve(host, port)
        self.port = int(self._socket.getsockname()[1])
        return self.port

    def reopen(self) -> None:
        if not self.listening:
            self._socket.listen(100)
            asyncio.get_running_loop().add_reader(self._socket, self._accept)
            self.listening = True

    def shut(self) -> None:
        if self.listening:
            self._release()
            self._socket = self._reserve(self._host, self.port)
        self.drop()

    async def close(self) -> None:
        if self.listening:
            self._release()
        self._socket.close()
        self.drop()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._empty.wait()

    @staticmethod
    def _reserve(host: str, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setblocking(False)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
        return bound

    def _release(self) -> None:
        self.listening = False
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # the client went away before we looked
            return
        connection.setblocking(False)
        self.spawn(self._admit(connection))

    async def _admit(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: TcpSession(self), connection)
        except OSError:
            connection.close()

    def spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class PtySession(Session):
    """The device's end of a serial cable."""

    def __init__(self, door: PtyDoor) -> None:
        super().__init__(door.faults)
        self._door = door
        # Our own hold on the far side keeps the line alive while no client has it open, like a real cable.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def _readable(self) -> None:
        with contextlib.suppress(OSError):
            if data := os.read(self._master, 4096):
                self._door.received(self, data)

    def _write(self, data: bytes | memoryview) -> None:
        # A full line loses what comes after: nobody is reading, and a serial cable does not wait.
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def _shut(self) -> None:
        self.abort()

    def _break(self) -> None:
        if self in self._door.sessions:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self._door.leave(self)
            self._door.replug()


class PtyDoor(Door):
    """A serial port: a stable path that points at a pseudo-terminal, and at a new one after each unplugging."""

    def plug(self, path: str = "") -> str:
        """Choose the path (in a private folder unless one is given); it appears with `reopen`."""
        if path and os.path.lexists(path):
            raise FileExistsError(f"{path} exists already")
        self._folder = "" if path else tempfile.mkdtemp(prefix="roomgate-")
        self.path = Path(path or Path(self._folder, "serial"))
        self._plugged = False
        return str(self.path)

    def reopen(self) -> None:
        if not self._plugged:
            self._plugged = True
            self.replug()

    def replug(self) -> None:
        """Put a fresh pseudo-terminal behind the path, unless the cable is meant to be out."""
        if self._plugged:
            session = PtySession(self)
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(session.device)
            self.enter(session)

    def shut(self) -> None:
        self._plugged = False
        self.path.unlink(missing_ok=True)
        self.drop()

    async def close(self) -> None:
        self.shut()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


class UdpDoor(asyncio.DatagramProtocol):
    """A UDP port. A device that is away answers nothing, so shutting it only means not to hear."""

    def __init__(self, faults: Faults, received: Callable[[bytes, Address], None]) -> None:
        self.faults, self.received = faults, received
        self._lost = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    async def bind(self, host: str, port: int) -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])
        return self.port

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram, unless a fault forbids it."""
        self.faults.outgoing(self._send, data, to)

    def _send(self, data: bytes, to: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if self.faults.reachable:
            self.received(data, (str(addr[0]), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        """A client that has closed its port is no concern of the device."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost.set()

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            await self._lost.wait()
