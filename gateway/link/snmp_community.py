"""SNMP versions 1 and 2c: who knows the community may read, who knows the other may write (RFC 1157, RFC 1901).

What may not live here: walks, tags. Stands on pysnmp's message codec and a UDP socket of our own: a fifth of the memory
of pysnmp's engine; and the socket is connected, so that only the agent is heard, and its machine's refusal too.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import api, rfc1902

from gateway.driver import Opening
from gateway.link import Address, LinkError
from gateway.link.snmp import Answer, Kind, Pair, Value, numbers
from gateway.link.tcp import CONNECT, explain
from gateway.link.udp import find
from gateway.model import Reason

TIMEOUT = 2.0  # seconds until an unanswered request is sent again, and until it is given up
RETRIES = 1
BULK = 25  # rows asked for at a time


def typed(value: Value) -> Any:
    """A value as it is written to an agent."""
    if isinstance(value, int):
        return rfc1902.Integer32(value)
    return rfc1902.OctetString(value.encode("latin-1")) if isinstance(value, str) else univ.Null("")


def plain(value: Any) -> Value:
    """An agent's value as int, str (bytes as Latin-1) or None where there is no such object."""
    if isinstance(value, univ.Null):  # noSuchObject, noSuchInstance and endOfMibView are kinds of it
        return None
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, univ.ObjectIdentifier):
        return ".".join(map(str, tuple(value)))
    if isinstance(value, rfc1902.IpAddress):
        return ".".join(map(str, bytes(value)))
    return bytes(value).decode("latin-1")


def answered(status: Any, index: Any, binds: Any) -> Answer:
    """pysnmp's three parts of an answer, in our words."""
    pairs: list[Pair] = []
    for name, value in binds:
        if isinstance(value, univ.Null) and value.isSameTypeWith(END):
            return Answer("", 0, pairs, ended=True)
        pairs.append((".".join(map(str, tuple(name))), plain(value)))
    return Answer(status.prettyPrint() if int(status) else "", int(index), pairs)


END: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C].EndOfMibView("")
REQUESTS = {"get": "GetRequestPDU", "next": "GetNextRequestPDU", "bulk": "GetBulkRequestPDU", "set": "SetRequestPDU"}


@dataclass(slots=True)
class Asked:
    """A request on its way."""

    future: asyncio.Future[Answer]
    data: bytes
    timer: asyncio.TimerHandle
    retries: int = RETRIES


class Communities(asyncio.DatagramProtocol):
    """One agent, asked by community."""

    def __init__(self, address: Address, opening: Opening) -> None:
        self.address = address
        self._codec: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_1 if opening.version == "1" else api.SNMP_VERSION_2C]
        self._community = {"set": opening.write_community}
        self._reading = opening.community
        self._asked: dict[int, Asked] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._gone = asyncio.Event()

    async def open(self) -> None:
        """Take a socket that hears this agent only; raises LinkError."""
        where = f"{self.address.host}:{self.address.port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT):
                family, far = (await find(self.address.host, self.address.port))[0]
                await loop.create_datagram_endpoint(lambda: self, remote_addr=far[:2], family=family)
        except (OSError, UnicodeError) as error:
            raise explain(error, where) from None

    def ask(self, kind: Kind, pairs: Sequence[Pair]) -> asyncio.Future[Answer]:
        """One request to the wire; sent once more when 2 s pass without an answer."""
        number = secrets.randbelow(2**31 - 1) + 1
        data = self._encode(number, kind, pairs)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._asked[number] = Asked(future, data, loop.call_later(TIMEOUT, self._overdue, number))
        future.add_done_callback(lambda done: self._forget(number, done))
        if self._transport is not None:
            self._transport.sendto(data)
        return future

    def _encode(self, number: int, kind: Kind, pairs: Sequence[Pair]) -> bytes:
        codec = self._codec
        request = getattr(codec, REQUESTS[kind])()
        if kind == "bulk":
            codec.apiBulkPDU.set_defaults(request)
            codec.apiBulkPDU.set_non_repeaters(request, 0)
            codec.apiBulkPDU.set_max_repetitions(request, BULK)
        else:
            codec.apiPDU.set_defaults(request)
        codec.apiPDU.set_request_id(request, number)
        codec.apiPDU.set_varbinds(request, [(numbers(oid), typed(value)) for oid, value in pairs])
        message = codec.Message()
        codec.apiMessage.set_defaults(message)
        codec.apiMessage.set_community(message, self._community.get(kind, self._reading))
        codec.apiMessage.set_pdu(message, request)
        return bytes(encoder.encode(message))

    def _overdue(self, number: int) -> None:
        asked = self._asked[number]
        if asked.retries and self._transport is not None:
            asked.retries -= 1
            asked.timer = asyncio.get_running_loop().call_later(TIMEOUT, self._overdue, number)
            self._transport.sendto(asked.data)
        elif not asked.future.done():
            asked.future.set_exception(TimeoutError())

    def _forget(self, number: int, done: asyncio.Future[Answer]) -> None:
        asked = self._asked.pop(number, None)
        if asked is not None:
            asked.timer.cancel()
        if not done.cancelled():
            done.exception()  # looked at, also where nobody waits for it any more

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            number, answer = self._decode(data)
        except Exception:  # pyasn1 raises whatever it runs into; what is no answer leaves the question open
            return
        asked = self._asked.get(number)
        if asked is not None and not asked.future.done():
            asked.future.set_result(answer)

    def _decode(self, data: bytes) -> tuple[int, Answer]:
        codec = self._codec
        message, _ = decoder.decode(data, asn1Spec=codec.Message())
        reply = codec.apiMessage.get_pdu(message)
        if not reply.isSameTypeWith(codec.GetResponsePDU()):
            raise ValueError("not a response")
        status = codec.apiPDU.get_error_status(reply)
        index = codec.apiPDU.get_error_index(reply, muteErrors=True)
        return int(codec.apiPDU.get_request_id(reply)), answered(status, index, codec.apiPDU.get_varbinds(reply))

    def error_received(self, exc: Exception) -> None:
        error = explain(exc, f"{self.address.host}:{self.address.port}")
        if isinstance(exc, ConnectionRefusedError):
            error = LinkError(Reason.CONNECTION_REFUSED, f"no SNMP agent at {self.address.host}:{self.address.port}")
        for asked in list(self._asked.values()):
            if not asked.future.done():
                asked.future.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()

    async def close(self) -> None:
        """Forget every request and let go of the socket."""
        for asked in list(self._asked.values()):
            asked.timer.cancel()
            asked.future.cancel()
        self._asked.clear()
        if self._transport is not None:
            self._transport.abort()
            await self._gone.wait()
