"""The links' own values: what a driver sends on a link that does not carry bare bytes, and how a link is opened.

Drivers import these from `gateway.driver`. What may not live here: any link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP exchange; `path` with its query, relative to the link's address; `body` as sent."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The answer to an HttpRequest; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SnmpGet:
    """Ask for these OIDs (dotted text, no leading dot), at most 16 in one exchange."""

    oids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SnmpWalk:
    """Ask for everything below one OID, in order."""

    oid: str


@dataclass(frozen=True, slots=True)
class SnmpSet:
    """Write INTEGERs (int) or OCTET STRINGs (str)."""

    values: tuple[tuple[str, int | str], ...]


@dataclass(frozen=True, slots=True)
class SnmpReply:
    """OID -> value (int, str, None where the agent has no such object); `error` is the agent's own word or ""."""

    values: Mapping[str, int | str | None]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram. `to` ("host", port), () = the link's own far end; when received: the sender."""

    data: bytes
    peer: tuple[str, int] | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class HidDevice:
    """Which device a `hid` link leads to: the first thing it tells. `serial` as the device says it over USB, or ""."""

    vendor: int
    product: int
    serial: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class HidReport:
    """One HID report, its id in the first byte.

    kind *output*: written to the device. *feature*: set there; what a *get* brings back has this kind, too. *get*: ask
    for a feature report, `data` is its id and as many zeros as the answer may have bytes beside it. *input*: what the
    device says by itself. With `reply` each but *input* is answered by its own tag when it is done: *output* and
    *feature* by `HidReport("done", b"")`. A feature report that the device does not take `broke`; an output report
    that it does not take is the end of the link.
    """

    kind: Literal["output", "feature", "get", "input", "done"]
    data: bytes


@dataclass(frozen=True, slots=True)
class Reached:
    """A side link that the driver asked for with `Reach` is open; or it is no more, and `words` say why."""

    open: bool
    words: str = ""


@dataclass(frozen=True)
class Opening:
    """How the main link is to be opened; every link reads only its own fields. Secrets never leave the link."""

    username: str = ""
    password: str = field(default="", repr=False)
    path: str = ""  # ws, http
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # ws, http
    subprotocols: tuple[str, ...] = field(default=(), repr=False)  # ws
    pty: bool = False  # ssh
    baud: int = 9600  # serial
    framing: str = "8N1"  # serial: data bits, parity N E O, stop bits
    flow: Literal["", "xonxoff", "rtscts"] = ""  # serial
    community: str = field(default="public", repr=False)  # snmp v1, v2c: for reading
    write_community: str = field(default="private", repr=False)
    version: Literal["1", "2c", "3"] = "2c"  # snmp
    auth: str = "none"  # snmp v3: none md5 sha sha256; key = password
    privacy: str = "none"  # snmp v3: none des aes; key = privacy_password
    privacy_password: str = field(default="", repr=False)
