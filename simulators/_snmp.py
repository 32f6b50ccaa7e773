"""An SNMP agent for simulated devices: v1 and v2c, communities, GET, GETNEXT, GETBULK and SET on a table of leaves.

It reads and writes BER itself: pysnmp needs 0.3 s to start an agent, and a simulator must not share a codec with the
driver that it tests. No device and no socket may live here; SNMPv3 and traps do not.

Sources: RFC 1157 (SNMPv1), RFC 3416 (v2c), RFC 3584 section 4.4 (how v2 errors are said in v1), X.690 (BER).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Oid = tuple[int, ...]
Bind = tuple[Oid, int, bytes]  # one varbind: name, tag and body of the value
Access = Literal["", "read", "write"]

INTEGER, OCTETS, OBJECT_ID, SEQUENCE, GAUGE, TICKS = 0x02, 0x04, 0x06, 0x30, 0x42, 0x43
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82  # RFC 3416 section 3
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
V1, V2C = 0, 1
KNOWN = {(V1, GET), (V1, GET_NEXT), (V1, SET), (V2C, GET), (V2C, GET_NEXT), (V2C, SET), (V2C, GET_BULK)}
ROOM = 1400  # bytes of varbinds in one GETBULK answer, to stay below an Ethernet frame

TOO_BIG, NO_SUCH_NAME, BAD_VALUE = 1, 2, 3
NO_ACCESS, WRONG_TYPE, WRONG_VALUE, NO_CREATION, NOT_WRITABLE = 6, 7, 10, 11, 17
AS_V1 = {NO_ACCESS: NO_SUCH_NAME, NO_CREATION: NO_SUCH_NAME, NOT_WRITABLE: NO_SUCH_NAME}
AS_V1 |= {WRONG_TYPE: BAD_VALUE, WRONG_VALUE: BAD_VALUE}


class RefusedError(Exception):
    """The agent says no: an RFC 3416 error status and the number of the varbind it is about."""

    def __init__(self, status: int, index: int) -> None:
        super().__init__(status, index)
        self.status, self.index = status, index


@dataclass(frozen=True)
class Leaf:
    """One object of the MIB: how to read it and, where it is read-write, how to write it and what it takes."""

    tag: int
    read: Callable[[], Any]
    write: Callable[[Any], None] | None = None
    takes: Callable[[Any], bool] = lambda value: True

    def body(self) -> bytes:
        value = self.read()
        if self.tag == OBJECT_ID:
            return object_id(value)
        return value.encode() if self.tag == OCTETS else whole_number(value)


class Agent:
    """Answers requests from the leaves it was given; bytes in, bytes out."""

    def __init__(self, leaves: Iterable[tuple[Oid, Leaf]], max_varbinds: int) -> None:
        self._tree = dict(sorted(leaves, key=lambda entry: entry[0]))
        self._order = list(self._tree)
        self._columns = {oid[:-1]: leaf.write is not None for oid, leaf in self._tree.items()}  # -> writable
        self._max_varbinds = max_varbinds

    def reply(self, data: bytes, access: Callable[[bytes], Access]) -> bytes | None:
        """The answer to a datagram, or None where an agent keeps silent; `access` knows the communities."""
        try:
            version, community, kind, (request, first, second), binds = take_message(data)
        except (ValueError, IndexError):
            return None  # RFC 1157 section 4.1: what cannot be parsed is discarded
        allowed = access(community)
        if not allowed or (version, kind) not in KNOWN:
            return None  # an unknown community is not answered (RFC 1157 section 4.1)
        status, index, answer = 0, 0, binds
        try:
            if kind == SET:
                self._set(binds, allowed == "write")
            elif kind == GET_BULK:
                answer = list(self._bulk(binds, max(first, 0), max(second, 0)))
            elif len(binds) > self._max_varbinds:
                raise RefusedError(TOO_BIG, 0)
            else:
                look = self._get if kind == GET else self._next
                answer = [look(version, n, oid) for n, (oid, _, _) in enumerate(binds, 1)]
        except RefusedError as no:
            status, index = no.status if version == V2C else AS_V1.get(no.status, no.status), no.index
            if (version, status) == (V2C, TOO_BIG):
                answer = []  # RFC 3416 section 4.2.1
        body = b"".join(tlv(INTEGER, whole_number(number)) for number in (request, status, index))
        body += tlv(SEQUENCE, b"".join(map(put_bind, answer)))
        said = tlv(INTEGER, whole_number(version)) + tlv(OCTETS, community) + tlv(RESPONSE, body)
        return tlv(SEQUENCE, said)

    def _get(self, version: int, index: int, oid: Oid) -> Bind:
        if oid in self._tree:
            return oid, self._tree[oid].tag, self._tree[oid].body()
        if version == V1:
            raise RefusedError(NO_SUCH_NAME, index)
        return oid, NO_INSTANCE if oid[:-1] in self._columns else NO_OBJECT, b""

    def _next(self, version: int, index: int, oid: Oid) -> Bind:
        at = bisect_right(self._order, oid)
        if at < len(self._order):
            return self._get(version, index, self._order[at])
        if version == V1:
            raise RefusedError(NO_SUCH_NAME, index)
        return oid, END_OF_VIEW, b""

    def _bulk(self, binds: list[Bind], once: int, times: int) -> Iterator[Bind]:
        room = ROOM
        oids = [oid for oid, _, _ in binds]
        for lap in range(times + 1):
            found = [self._next(V2C, 0, oid) for oid in (oids[once:] if lap else oids[:once])]
            for bind in found:
                room -= len(put_bind(bind))
                if room < 0:
                    return
                yield bind
            if lap:
                oids[once:] = [oid for oid, _, _ in found]
                if all(tag == END_OF_VIEW for _, tag, _ in found):
                    return

    def _set(self, binds: list[Bind], writer: bool) -> None:
        """All or nothing; what is tested, and in which order, is RFC 3416 section 4.2.5."""
        writes: list[tuple[Callable[[Any], None], Any]] = []
        for index, (oid, tag, body) in enumerate(binds, 1):
            leaf = self._tree.get(oid)
            if not writer:
                raise RefusedError(NO_ACCESS, index)
            if leaf is None:
                raise RefusedError(NO_CREATION if self._columns.get(oid[:-1]) else NOT_WRITABLE, index)
            if leaf.write is None:
                raise RefusedError(NOT_WRITABLE, index)
            if tag != leaf.tag:
                raise RefusedError(WRONG_TYPE, index)
            value = body.decode(errors="replace") if tag == OCTETS else int.from_bytes(body, "big", signed=True)
            if not leaf.takes(value):
                raise RefusedError(WRONG_VALUE, index)
            writes.append((leaf.write, value))
        for write, value in writes:
            write(value)


# BER, as much of it as SNMP needs (X.690 sections 8.1, 8.3 and 8.19).


def tlv(tag: int, body: bytes) -> bytes:
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def whole_number(value: int) -> bytes:
    return value.to_bytes(((value + (value < 0)).bit_length() + 8) // 8, "big", signed=True)


def object_id(oid: Oid) -> bytes:
    body = bytearray()
    for arc in (oid[0] * 40 + oid[1], *oid[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        body += bytes(reversed(groups))
    return bytes(body)


def put_bind(bind: Bind) -> bytes:
    oid, tag, body = bind
    return tlv(SEQUENCE, tlv(OBJECT_ID, object_id(oid)) + tlv(tag, body))


def take(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Tag, body and where the next one begins; ValueError or IndexError for what is no BER or is cut short."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size >= 0x80:
        count = size - 0x80
        if not count:
            raise ValueError("the indefinite length is not allowed in SNMP")
        size, at = int.from_bytes(data[at : at + count], "big"), at + count
    if at + size > len(data):
        raise ValueError("cut short")
    return tag, data[at : at + size], at + size


def take_message(data: bytes) -> tuple[int, bytes, int, tuple[int, int, int], list[Bind]]:
    """Version, community, kind, the three numbers of a PDU (request id and two more) and its varbinds."""
    _, message, _ = take(data)
    version, at = take_number(message, 0)
    _, community, at = take(message, at)
    kind, pdu, _ = take(message, at)
    request, at = take_number(pdu, 0)
    first, at = take_number(pdu, at)
    second, at = take_number(pdu, at)
    return version, community, kind, (request, first, second), list(take_binds(take(pdu, at)[1]))


def take_number(data: bytes, at: int) -> tuple[int, int]:
    tag, body, at = take(data, at)
    if tag != INTEGER:
        raise ValueError("not an INTEGER")
    return int.from_bytes(body, "big", signed=True), at


def take_binds(data: bytes) -> Iterator[Bind]:
    at = 0
    while at < len(data):
        _, pair, at = take(data, at)
        _, name, then = take(pair)
        tag, value, _ = take(pair, then)
        yield take_oid(name), tag, value


def take_oid(body: bytes) -> Oid:
    arcs, arc = [], 0
    for byte in body:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return first, arcs[0] - first * 40, *arcs[1:]
