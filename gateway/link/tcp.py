"""The `tcp` link: raw bytes, nothing negotiated. What the bytes mean may not live here.

Also the ground of whatever else runs on one TCP connection: how to reach a host, and why it could not be reached.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import Any, cast

from gateway.driver import Opening
from gateway.link import Address, Ears, LinkError, Trust, tls
from gateway.model import Reason

CONNECT = 5.0  # seconds to find and reach the host
FLUSH = 1.5  # seconds that close() leaves to what is still to be sent
ABORT = 0.3  # seconds for the loop to close a socket
BACKLOG = 1_048_576  # bytes that the far end may leave untaken before it counts as lost
# A cable that is pulled shows within half a minute, without a byte of ours that a device might misread.
KEEPALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000))


async def connect(host: str, port: int) -> socket.socket:
    """A connected socket, each of the host's addresses tried in turn. Raises OSError or LinkError."""
    loop = asyncio.get_running_loop()
    failed: OSError | None = None
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, sockaddr in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            tune(sock)
            async with asyncio.timeout(CONNECT / len(found)):
                await loop.sock_connect(sock, sockaddr)
        except OSError as error:
            sock.close()
            if failed is None or error.errno == errno.ECONNREFUSED:  # a refusal says the most: somebody is there
                failed = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed or LinkError(Reason.UNREACHABLE, f"{host} has no address")


def tune(sock: socket.socket) -> None:
    """No waiting for full packets, and notice when the far end is gone."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def explain(error: BaseException, where: str) -> LinkError:
    """The reason and the words for an error of connecting to `where` ("host:port")."""
    if isinstance(error, LinkError):
        return error
    if isinstance(error, ssl.SSLError):
        return tls.broken(error)
    if isinstance(error, ConnectionRefusedError):
        return LinkError(Reason.CONNECTION_REFUSED, f"nothing accepts connections at {where}")
    if isinstance(error, TimeoutError):
        return LinkError(Reason.UNREACHABLE, f"no answer from {where} within {CONNECT:g} s")
    if isinstance(error, socket.gaierror):
        return LinkError(Reason.UNREACHABLE, f"the name in {where} cannot be found")
    if isinstance(error, UnicodeError):
        return LinkError(Reason.UNREACHABLE, f"the name in {where} is not a host name")
    if isinstance(error, ConnectionError):
        return LinkError(Reason.LINK_LOST, f"{where} ended the connection while it was being opened")
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN):
        return LinkError(Reason.UNREACHABLE, f"no route to {where}")
    words = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else type(error).__name__
    return LinkError(Reason.UNREACHABLE, f"{where}: {words}")


class Tcp(asyncio.Protocol):
    """One TCP connection. Dialled by `open()`; or accepted by a listener, then `open()` only begins to hear."""

    def __init__(self, address: Address, trust: Trust, ears: Ears | None, *, secure: bool = False) -> None:
        self.address = address
        self.trust = trust
        self.ears = ears  # None once nobody may be called any more
        self.secure = secure
        self.transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()
        self._opened = False
        self._upgrading = False

    @property
    def where(self) -> str:
        """The far end, as shown to people."""
        return f"{self.address.host}:{self.address.port}"

    async def open(self) -> None:
        """Connect; raises LinkError."""
        if self.transport is None:
            await self._dial()
        self._opened = True
        asyncio.get_running_loop().call_soon(self._begin)  # not before our caller has had its turn

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        context = tls.context(self.trust) if self.secure else None
        name = self.address.host if self.secure else None
        try:
            async with asyncio.timeout(CONNECT):
                sock = await connect(self.address.host, self.address.port)
                await loop.create_connection(lambda: self, sock=sock, ssl=context, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            raise await tls.distrust(error, self.address.host, self.address.port) from None
        except (OSError, UnicodeError, LinkError) as error:
            raise explain(error, self.where) from None

    def _begin(self) -> None:
        if self.transport is not None and self.ears is not None:
            self.transport.resume_reading()

    def send(self, data: Any, tag: object = None) -> None:
        """Bytes to the wire."""
        if self.transport is not None and self.ears is not None:
            self.transport.write(data)

    async def start_tls(self) -> None:
        """Upgrade to TLS; raises LinkError."""
        if self.transport is None or self.ears is None:
            raise LinkError(Reason.LINK_LOST, "the connection is not there any more")
        loop = asyncio.get_running_loop()
        host = self.address.host
        upgraded: asyncio.Transport | None = None
        self._upgrading = True  # what goes wrong from here on is raised, not told
        try:
            upgraded = await loop.start_tls(
                self.transport,
                self,
                tls.context(self.trust),
                server_hostname=host,
                ssl_handshake_timeout=tls.HANDSHAKE,
            )
        except ssl.SSLCertVerificationError as error:
            raise await tls.distrust(error, host) from None
        except ConnectionError as error:  # asyncio tells an overdue handshake so, too
            raise LinkError(Reason.PROTOCOL_ERROR, f"{self.where} did not complete the TLS handshake") from error
        except OSError as error:
            raise explain(error, self.where) from None
        finally:
            self._upgrading = False
            if upgraded is None:
                self.abort()
        if self.ears is None or upgraded is None:
            if upgraded is not None:
                upgraded.abort()
            raise LinkError(Reason.LINK_LOST, "closed while the connection was being upgraded")
        upgraded.set_write_buffer_limits(high=BACKLOG)
        self.transport = upgraded

    async def close(self) -> None:
        """Send what is still to be sent, 1.5 s at most, and close."""
        self.ears = None
        transport = self.transport
        if transport is None:
            return
        try:
            if not transport.is_closing():
                self._farewell(transport)
            if not await self._is_gone(FLUSH):
                transport.abort()
                await self._is_gone(ABORT)
        finally:
            self.abort()

    async def _is_gone(self, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                await self._gone.wait()
        except TimeoutError:
            return False
        return True

    def _farewell(self, transport: asyncio.Transport) -> None:
        transport.close()

    def abort(self) -> None:
        transport, self.transport = self.transport, None
        self.ears = None
        if transport is not None:
            transport.abort()

    def _lose(self, reason: Reason, words: str) -> None:
        ears, self.ears = self.ears, None
        if self.transport is not None:
            self.transport.abort()
        if ears is not None and self._opened and not self._upgrading:
            ears.lost(reason, words)

    # ---- what asyncio calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=BACKLOG)
        self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        if self.ears is not None:
            self.ears.heard(data, None)

    def pause_writing(self) -> None:
        self._lose(Reason.LINK_LOST, f"{self.where} does not take what is sent to it")

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        if exc is None:
            self._lose(Reason.LINK_LOST, f"{self.where} closed the connection")
        elif isinstance(exc, TimeoutError):
            self._lose(Reason.LINK_LOST, f"no sign of life from {self.where}")
        elif isinstance(exc, ssl.SSLError):
            self._lose(Reason.LINK_LOST, f"the encrypted connection to {self.where} broke")
        else:
            self._lose(Reason.LINK_LOST, f"{self.where} reset the connection")


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Tcp:
    """The link for `tcp://`."""
    return Tcp(address, trust, ears)
