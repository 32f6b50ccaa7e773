"""Listeners: connections that come in (`listen+tcp`, `listen+ws`, what is plugged in: `hid`), each a Link of its own.

What may not live here: who a visitor is and what it serves; that is for the driver to find out, one per connection.

    def accept(make: Maker, peer: Peer) -> None:
        link = make(ears)          # synchronously, or the connection is refused and closed
        ...                        # later: await link.open() begins to hear; await link.close() hangs up

    listener = await listen(address, opening, accept)
    ...
    await listener.close()         # takes nobody in any more; open links stay until they are closed
"""

from __future__ import annotations

import asyncio
import errno
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.driver import Opening
from gateway.link import Address, Ears, Link, LinkError, Trust
from gateway.link.tcp import Tcp, tune
from gateway.model import Reason

MOST = 256  # connections at a time; more are closed as they come

Maker = Callable[[Ears], Link]


@dataclass(frozen=True)
class Peer:
    """Who came: its address, and for a WebSocket the path (with its query) that it asked for."""

    host: str
    port: int
    path: str = ""


Accept = Callable[[Maker, Peer], None]


class Listener(Protocol):
    """A listening socket. `address` holds the port that was really taken, also when 0 was asked for."""

    address: Address

    async def close(self) -> None:
        """Take nobody in any more; idempotent. Links that were handed out stay open."""
        ...


async def listen(address: Address, opening: Opening, accept: Accept) -> Listener:
    """Listen at `address` (no host = every interface). Raises LinkError, ValueError for a scheme that cannot listen."""
    if address.scheme == "hid":
        from gateway.link.hid import Bay

        bay = Bay(address, accept)
        bay.open()
        return bay
    if address.scheme not in ("listen+tcp", "listen+ws"):
        raise ValueError(f"{address.scheme}:// cannot listen")
    door = Door(address, opening, accept)
    await door.open()
    return door


class Door:
    """One listening socket and how many it has let in."""

    def __init__(self, address: Address, opening: Opening, accept: Accept) -> None:
        self.address = address
        self.opening = opening
        self._accept = accept
        self._server: asyncio.Server | None = None
        self._inside: set[Tcp] = set()

    async def open(self) -> None:
        """Take the port."""
        loop = asyncio.get_running_loop()
        make: Callable[[], asyncio.Protocol] = functools.partial(Caller, self)
        if self.address.scheme == "listen+ws":
            from gateway.link.visitor import Visitor

            make = functools.partial(Visitor, self)
        where = f"{self.address.host or '*'}:{self.address.port}"
        try:
            self._server = await loop.create_server(make, self.address.host or None, self.address.port)
        except OSError as error:
            words = f"another program is using port {where}" if error.errno == errno.EADDRINUSE else ""
            if error.errno == errno.EACCES:
                words = f"no permission to listen at {where}; ports below 1024 are reserved"
            raise LinkError(Reason.UNREACHABLE, words or f"{where} is no address of this machine") from None
        port = self._server.sockets[0].getsockname()[1]
        self.address = replace(self.address, port=port)

    def came(self, visitor: Tcp) -> bool:
        """Count a connection in; False where the house is full."""
        if self._server is None or len(self._inside) >= MOST:
            return False
        self._inside.add(visitor)
        return True

    def left(self, visitor: Tcp) -> None:
        """A connection is over."""
        self._inside.discard(visitor)

    def offer(self, visitor: Tcp, host: str, port: int, path: str = "") -> bool:
        """Hand a connection out; False where nobody took it."""
        taken = False

        def make(ears: Ears) -> Link:
            nonlocal taken
            taken = True
            visitor.ears = ears
            return visitor

        self._accept(make, Peer(host, port, path))
        return taken

    async def close(self) -> None:
        """Take nobody in any more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for visitor in [inside for inside in self._inside if inside.ears is None]:
                visitor.abort()  # came, but was not handed out yet
            await asyncio.sleep(0)  # the loop forgets the socket


class Caller(Tcp):
    """A TCP connection that came in."""

    def __init__(self, door: Door) -> None:
        super().__init__(door.address, Trust(), None)
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        tune(transport.get_extra_info("socket"))
        host, port, *_ = transport.get_extra_info("peername")
        self.address = Address("tcp", host, port)
        if not (self._door.came(self) and self._door.offer(self, host, port)):
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.left(self)
        super().connection_lost(exc)
