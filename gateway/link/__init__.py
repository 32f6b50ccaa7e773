"""Links carry a device's bytes or messages; each kind is a module of this package, loaded when first used.

What may not live here: what the data means, when to send, whether to try again: that is `device.py`. A link is
opened once, hears until it is lost, and is then thrown away.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from gateway.driver import Opening
from gateway.model import Reason


class LinkError(Exception):
    """Opening or keeping a link failed, with the reason the device is shown with and words that say more."""

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(f"{reason}: {words}")
        self.reason = reason
        self.words = words


HID = re.compile(r"[0-9a-fA-F]{4}(/[0-9a-fA-F]{4}(/[0-9A-Za-z_-]+)?)?/?")  # vendor, product, serial
# Where a protocol is found when neither the URL nor the driver says; schemes that are not here always name a port.
USUAL_PORTS: Mapping[str, int] = {
    "telnet": 23,
    "ssh": 22,
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "snmp": 161,
}


@dataclass(frozen=True)
class Address:
    """Where a link leads: `tcp://host:4352`, `wss://host/ws`, `serial:///dev/ttyUSB0?baud=19200`,
    `hid://0fd9` (a USB vendor)."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    query: str = ""

    @classmethod
    def parse(cls, url: str, ports: Mapping[str, int] | None = None) -> Address:
        """Read a link's URL; a missing port is taken from `ports` (scheme -> port). Raises ValueError in words."""
        if "@" in url:  # said first and without the URL: a complaint must not repeat a password
            raise ValueError("a link holds no user name or password; use the device's own settings for these")
        parts = urlsplit(url)
        listening = parts.scheme.startswith("listen+")
        if not parts.scheme:
            raise ValueError(f"{url!r} has no scheme such as tcp:// or serial://")
        if parts.scheme == "hid" and not HID.fullmatch(parts.netloc + parts.path):
            raise ValueError(f"{url!r} is not hid://VENDOR/PRODUCT/SERIAL, such as hid://0fd9 or hid://0fd9/0084")
        try:
            port = parts.port
        except ValueError:
            raise ValueError(f"{url!r} has a port that is none") from None
        if parts.scheme == "serial":
            if parts.netloc or len(parts.path) < 2:
                raise ValueError(f"{url!r} names no port, such as serial:///dev/ttyUSB0 (three slashes)")
        elif not parts.hostname and not listening:
            raise ValueError(f"{url!r} names no host")
        if port is None:
            port = (ports or {}).get(parts.scheme, 0) or USUAL_PORTS.get(parts.scheme, 0)
        if not port and not listening and parts.scheme not in PORTLESS:
            raise ValueError(f"{url!r} names no port, such as {parts.scheme}://{parts.hostname}:4000")
        return cls(parts.scheme, parts.hostname or "", port, parts.path, parts.query)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{host}{port}{self.path}{'?' + self.query if self.query else ''}"


@dataclass(frozen=True)
class Trust:
    """Whom to believe: by default the system's authorities and known hosts. `fingerprint` pins one certificate or
    host key (`sha256:<64 hex>` of the DER certificate, or `SHA256:<base64>` of an SSH host key); `any` believes all."""

    any: bool = False
    fingerprint: str = ""


@dataclass(frozen=True)
class Ears:
    """What a link tells its device. Called in the event loop, never before `open()` has returned to the one who awaits
    it, never after `lost`, and never after `close()` was called.

    heard(data, tag): bytes or the link's own value; `tag` only where the link pairs answers with questions.
    broke(tag, words): one exchange failed (HTTP, SNMP); the link may be well.
    lost(reason, words): the link is gone; called at most once.
    """

    heard: Callable[[Any, Hashable], None]
    broke: Callable[[Hashable, str], None]
    lost: Callable[[Reason, str], None]


class Link(Protocol):
    """One open connection (or, for HTTP, SNMP and UDP, one far end)."""

    async def open(self) -> None:
        """Connect; raises LinkError. Cancelling it leaves nothing behind."""
        ...

    def send(self, data: Any, tag: Hashable) -> None:
        """Hand `data` to the wire at once; never blocks, never raises for a dead link (that is `lost`). A value that
        this kind of link cannot carry is the driver's mistake: TypeError or ValueError."""
        ...

    async def start_tls(self) -> None:
        """Upgrade to TLS; raises LinkError."""
        ...

    async def close(self) -> None:
        """Close and forget; idempotent, at most two seconds, never raises."""
        ...


class Untouchable:
    """For links that cannot be upgraded: their encryption is in the scheme, or there is none."""

    async def start_tls(self) -> None:
        """Refuse."""
        raise LinkError(Reason.PROTOCOL_ERROR, "this kind of link cannot be upgraded to TLS")


# scheme -> module of this package that has `make(address, opening, trust, ears) -> Link`
SCHEMES: Mapping[str, str] = {
    "tcp": "tcp",
    "telnet": "telnet",
    "serial": "serial",
    "ssh": "ssh",
    "http": "http",
    "https": "http",
    "ws": "websocket",
    "wss": "websocket",
    "udp": "udp",
    "listen+udp": "udp",
    "snmp": "snmp",
    "listen+snmp": "snmp_trap",
}
# Links that wait to be called: one Driver for each connection that comes in.
# `gateway.link.listen.listen` serves them. Devices that are plugged in (`hid`) come in the same way.
LISTENING = frozenset({"listen+tcp", "listen+ws", "hid"})
# Links on which every Send with `reply` is answered by its own tag, so that the turn ends with the answer. What comes
# without one was not asked for.
PAIRED = frozenset({"http", "https", "snmp", "hid"})
# Links that lead to no port of a network.
PORTLESS = frozenset({"serial", "hid"})


async def load(scheme: str) -> None:
    """Import what a scheme needs, in a thread: asyncssh alone takes 0.4 s, for which no press should wait. Not needed
    before `make`, which imports by itself, but kind to everybody else."""
    module = SCHEMES.get(scheme)
    if module is not None and f"gateway.link.{module}" not in sys.modules:
        await asyncio.to_thread(importlib.import_module, f"gateway.link.{module}")


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Link:
    """The link for an address, not yet open; its module is imported now. Raises ValueError, in words, for a scheme or
    a setting that is none."""
    module = SCHEMES.get(address.scheme)
    if address.scheme in LISTENING:
        raise ValueError(f"{address.scheme}:// waits for connections; it cannot be opened like a link")
    if module is None:
        raise ValueError(f"no link speaks {address.scheme}://; there are {', '.join(sorted(SCHEMES))}")
    link: Link = importlib.import_module(f"gateway.link.{module}").make(address, opening, trust, ears)
    return link
