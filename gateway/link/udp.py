"""The `udp` link to one far end, and `listen+udp`: one socket for a port of ours, shared by all devices.

What may not live here: what a datagram means. Datagrams are sorted by the sender's address: a link hears the device it
belongs to and nobody else. `?from=HOST` names that device where the address does not; `?from=any` hears everybody.
A multicast group is joined on the interface that leads to that device: a gateway often has a network for its equipment.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import weakref
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qsl

from gateway.driver import Datagram, Opening
from gateway.link import Address, Ears, LinkError, Trust, Untouchable
from gateway.link.tcp import CONNECT, explain
from gateway.model import Reason

LARGEST = 65_507  # bytes of one datagram (RFC 768 over IPv4)


class Udp(Untouchable):
    """One device's share of a socket."""

    def __init__(self, address: Address, ears: Ears) -> None:
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        self.listening = address.scheme == "listen+udp"
        self.source = query.pop("from", "any" if self.listening else address.host)
        if query:
            raise ValueError(f"a UDP link knows from, not {', '.join(sorted(query))}")
        if not self.source:
            raise ValueError("from names a host, or any")
        self.address = address
        self.ears: Ears | None = ears
        self.senders: frozenset[str] | None = None  # None: everybody
        self._far: tuple[Any, ...] = ()
        self._socket: Socket | None = None

    async def open(self) -> None:
        """Find the far end and take a socket; raises LinkError. Nothing is sent."""
        family: int = socket.AF_INET
        try:
            async with asyncio.timeout(CONNECT):
                if not self.listening:
                    family, self._far = (await find(self.address.host, self.address.port))[0]
                if self.source != "any" and not self._everybody():
                    self.senders = frozenset(plain(far[0]) for _, far in await find(self.source, 0))
        except (OSError, UnicodeError) as error:
            where = self.source if self.listening else f"{self.address.host}:{self.address.port}"
            raise explain(error, where) from None
        if self.listening:
            self._socket = await shared(self.address.host, self.address.port)
            self.address = replace(self.address, port=self._socket.port)
            if is_group(self.address.host):
                await self._join(self._socket)
        else:
            self._socket = await private(family)
        asyncio.get_running_loop().call_soon(self._begin)  # not before our caller has had its turn

    async def _join(self, held: Socket) -> None:
        senders = self.senders or frozenset({""})
        try:
            for sender in senders:
                held.join(self.address.host, towards(sender))
        except OSError as error:
            self._socket = None
            await held.release(self)
            words = f"no interface of this machine takes multicast for {self.address.host}"
            raise LinkError(Reason.UNREACHABLE, f"{words}: {error.strerror}") from None

    def _everybody(self) -> bool:
        """Whether answers may come from anywhere: the far end is a broadcast or multicast address."""
        far = ipaddress.ip_address(plain(self._far[0])) if self._far else None
        return far is not None and (far.is_multicast or str(far) == "255.255.255.255")

    def _begin(self) -> None:
        if self._socket is not None and self.ears is not None:
            self._socket.links.append(self)

    def send(self, data: Any, tag: object = None) -> None:
        """One datagram to the wire: to the link's far end, or to its own `peer`, an address (no name)."""
        datagram = data if isinstance(data, Datagram) else Datagram(data)
        if not isinstance(datagram.data, bytes) or len(datagram.data) > LARGEST:
            raise ValueError(f"a datagram is at most {LARGEST} bytes")
        to = self._far
        if datagram.peer:
            ipaddress.ip_address(datagram.peer[0])  # a name would have to be looked up, and that takes time
            to = datagram.peer
        if not to:
            raise ValueError("a listening UDP link has no far end: the datagram must name its peer")
        if self._socket is not None and self.ears is not None:
            self._socket.send(datagram.data, to, self)

    def said(self, data: bytes, sender: tuple[str, int]) -> None:
        """A datagram came from somebody this link listens to."""
        if self.ears is not None:
            self.ears.heard(Datagram(data, sender), None)

    def lose(self, error: OSError) -> None:
        """The network said that nothing can be sent."""
        ears, self.ears = self.ears, None
        if ears is not None:
            found = explain(error, f"{self.address.host}:{self.address.port}")
            ears.lost(found.reason, found.words)

    async def close(self) -> None:
        """Let go of the socket; the last link of a shared one closes it."""
        self.ears = None
        held, self._socket = self._socket, None
        if held is not None:
            await held.release(self)


class Socket(asyncio.DatagramProtocol):
    """One UDP socket and the links that hear it."""

    def __init__(self) -> None:
        self.links: list[Udp] = []
        self.holders = 1
        self.groups: set[tuple[str, str]] = set()  # multicast groups, and the interfaces on which they are heard
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: Udp | None = None
        self._gone = asyncio.Event()

    @property
    def port(self) -> int:
        """The port of ours that was really taken."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        host = plain(addr[0])
        for link in tuple(self.links):
            if link.senders is None or host in link.senders:
                link.said(data, (host, addr[1]))

    def join(self, group: str, interface: str) -> None:
        """Hear a multicast group on one more interface, given by its address; raises OSError."""
        assert self._transport is not None
        if (group, interface) not in self.groups:
            member = socket.inet_aton(group) + socket.inet_aton(interface)
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            self.groups.add((group, interface))

    def send(self, data: bytes, to: tuple[Any, ...], link: Udp) -> None:
        """Send for `link`, who is told when the network refuses."""
        if self._transport is not None:
            self._sending = link
            self._transport.sendto(data, to)
            self._sending = None

    def error_received(self, exc: Exception) -> None:
        # What was sent before may be reported later, when nobody can tell whose it was: silence will show it.
        if self._sending is not None and isinstance(exc, OSError):
            self._sending.lose(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()

    async def release(self, link: Udp) -> None:
        """One holder less; the last one waits until the port is free."""
        if link in self.links:
            self.links.remove(link)
        self.holders -= 1
        if self.holders == 0 and self._transport is not None:
            self._transport.abort()
            await self._gone.wait()


class Shelf:
    """The shared sockets of one event loop."""

    def __init__(self) -> None:
        self.sockets: list[tuple[str, int, Socket]] = []  # address and port as asked for
        self.lock = asyncio.Lock()


_shelves: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Shelf] = weakref.WeakKeyDictionary()


async def shared(host: str, port: int) -> Socket:
    """The process's one socket for a port of ours."""
    shelf = _shelves.setdefault(asyncio.get_running_loop(), Shelf())
    async with shelf.lock:
        shelf.sockets = [entry for entry in shelf.sockets if entry[2].holders]
        for address, asked, held in shelf.sockets:
            if address == host and port in (asked, held.port):
                held.holders += 1
                return held
        try:
            made = await bind(host, port)
        except OSError as error:
            raise LinkError(Reason.UNREACHABLE, unbound(error, host, port)) from None
        shelf.sockets.append((host, port, made))
        return made


async def private(family: int) -> Socket:
    """A socket of a link's own, on a free port."""
    try:
        return await bind("::" if family == socket.AF_INET6 else "0.0.0.0", 0)
    except OSError as error:
        raise explain(error, "the network") from None


async def bind(host: str, port: int) -> Socket:
    """A UDP socket bound to an address of ours; no host, or a multicast group = every IPv4 address."""
    loop = asyncio.get_running_loop()
    local = ("0.0.0.0" if is_group(host) or not host else host, port)
    return (await loop.create_datagram_endpoint(Socket, local_addr=local, allow_broadcast=True))[1]


def towards(host: str) -> str:
    """Our address on the interface that leads to an IPv4 address; 0.0.0.0, which leaves it to the system, where none
    does. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((str(ipaddress.IPv4Address(host)), 9))
            return str(probe.getsockname()[0])
    except (ValueError, OSError):
        return "0.0.0.0"


def is_group(host: str) -> bool:
    """Whether this is an IPv4 multicast address."""
    try:
        return ipaddress.IPv4Address(host).is_multicast
    except ValueError:
        return False


def unbound(error: OSError, host: str, port: int) -> str:
    """Why a port of ours cannot be had."""
    where = f"{host or '*'}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"another program is using UDP port {where}"
    if error.errno == errno.EACCES:
        return f"no permission to use UDP port {where}; ports below 1024 are reserved"
    return f"{where} is no address of this machine"


async def find(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """The addresses of a host, as (family, socket address)."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    return [(family, address) for family, _, _, _, address in found]


def plain(host: str) -> str:
    """An address in its one form: no scope, and IPv4 as IPv4."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Udp:
    """The link for `udp://` or `listen+udp://`; raises ValueError for a query that is none."""
    return Udp(address, ears)
