"""The `ws` and `wss` links: text messages are str, binary ones bytes. What they mean may not live here.

Stands on the protocol state machine of `websockets` (its Sans-I/O interface) and on our TCP link, so that a message is
on the wire when `send` returns and is heard in the same turn of the loop in which its last byte came: no task between.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event, Protocol, State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from gateway.driver import Opening
from gateway.link import Address, Ears, LinkError, Trust
from gateway.link.tcp import CONNECT, Tcp
from gateway.model import Reason

LARGEST = 8 * 1024 * 1024  # bytes of one message
PING = 20.0  # seconds between pings; two of them without any sign of life and the far end is gone
# Never to be heard: at its debug level the library writes down the log-in that stands in the request's headers.
MUTE = logging.Logger("websockets", logging.CRITICAL + 1)


class Conversation(Tcp):
    """What both ends of a WebSocket share: messages, pings, closing. Subclasses greet."""

    protocol: Protocol

    def __init__(self, address: Address, trust: Trust, ears: Ears | None, *, secure: bool = False) -> None:
        super().__init__(address, trust, ears, secure=secure)
        self._greeted = asyncio.Event()
        self._early: list[Event] = []
        self._parts: list[bytes | bytearray | memoryview] = []
        self._text = False
        self._alive = True
        self._timer: asyncio.TimerHandle | None = None

    def send(self, data: Any, tag: object = None) -> None:
        """One message to the wire: str as text, bytes as binary."""
        if not isinstance(data, str | bytes):
            raise TypeError(f"a WebSocket carries str and bytes, not {type(data).__name__}")
        if self.transport is None or self.ears is None:
            return
        if isinstance(data, str):
            self.protocol.send_text(data.encode())
        else:
            self.protocol.send_binary(data)
        self._flush()

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data and self.transport is not None:
                self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._alive = True
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        self._flush()
        if not self._greeted.is_set():
            if not events:
                if self.protocol.handshake_exc is not None:
                    self._greeted.set()
                return
            first, *events = events
            self._greet(first)
        if self._opened:
            self._process(events)
        else:
            self._early += events

    def _greet(self, first: Event) -> None:
        """The far end's side of the opening handshake has come."""
        raise NotImplementedError

    def _begin(self) -> None:
        if self.ears is None:
            return
        early, self._early = self._early, []
        self._process(early)
        if self.ears is not None:
            self._timer = asyncio.get_running_loop().call_later(PING, self._tick)
            super()._begin()

    def _process(self, events: Sequence[Event]) -> None:
        for event in events:
            if not isinstance(event, Frame):
                continue
            if event.opcode is Opcode.CLOSE:
                self._closed()
            elif self.ears is None:
                continue
            elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._part(event)
        problem = self.protocol.parser_exc
        if problem is not None and self.ears is not None:
            long = isinstance(problem, PayloadTooBig)
            what = f"sent a message longer than {LARGEST} bytes" if long else "does not keep to the WebSocket protocol"
            self._lose(Reason.PROTOCOL_ERROR, f"{self.where} {what}")

    def _part(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._text = frame.opcode is Opcode.TEXT
        if not frame.fin:
            self._parts.append(frame.data)
            return
        data = frame.data
        if self._parts:
            data = b"".join((*self._parts, data))
            self._parts.clear()
        try:
            message = str(data, "utf-8") if self._text else bytes(data)
        except UnicodeDecodeError:
            self.protocol.fail(CloseCode.INVALID_DATA)
            self._flush()
            self._lose(Reason.PROTOCOL_ERROR, f"{self.where} sent a text that is not UTF-8")
            return
        if self.ears is not None:
            self.ears.heard(message, None)

    def _closed(self) -> None:
        close = self.protocol.close_rcvd
        if self.transport is not None:
            self.transport.close()
        why = f" ({close})" if close is not None and close.code != CloseCode.NO_STATUS_RCVD else ""
        self._lose(Reason.LINK_LOST, f"{self.where} closed the WebSocket{why}")

    def _tick(self) -> None:
        if not self._alive:
            self._lose(Reason.NO_RESPONSE, f"no sign of life from {self.where}")
            return
        self._alive = False
        self.protocol.send_ping(b"")
        self._flush()
        self._timer = asyncio.get_running_loop().call_later(PING, self._tick)

    def _farewell(self, transport: asyncio.Transport) -> None:
        if self.protocol.state is not State.OPEN:
            transport.close()
            return
        self.protocol.send_close(CloseCode.NORMAL_CLOSURE)
        self._flush()
        transport.resume_reading()

    def _still(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose(self, reason: Reason, words: str) -> None:
        self._still()
        super()._lose(reason, words)

    def abort(self) -> None:
        self._still()
        super().abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._greeted.is_set():
            self.protocol.receive_eof()  # an answer without a length ends here
            self._greeted.set()
        super().connection_lost(exc)


class WebSocket(Conversation):
    """One WebSocket that we open."""

    def __init__(self, address: Address, opening: Opening, trust: Trust, ears: Ears) -> None:
        super().__init__(address, trust, ears, secure=address.scheme == "wss")
        path, _, query = (address.path or opening.path or "/").partition("?")
        self.client = ClientProtocol(
            WebSocketURI(self.secure, address.host, address.port, path, address.query or query),
            subprotocols=[Subprotocol(name) for name in opening.subprotocols] or None,
            max_size=LARGEST,
            logger=MUTE,
        )
        self.protocol = self.client
        self.headers = dict(opening.headers)
        if opening.username and not any(name.lower() == "authorization" for name in self.headers):
            pair = base64.b64encode(f"{opening.username}:{opening.password}".encode()).decode()
            self.headers["Authorization"] = f"Basic {pair}"

    async def _dial(self) -> None:
        await super()._dial()
        try:
            request = self.client.connect()
            request.headers.update(self.headers)
            self.client.send_request(request)
            self._flush()
            if self.transport is not None:
                self.transport.resume_reading()
            async with asyncio.timeout(CONNECT):
                await self._greeted.wait()
            if self.client.state is not State.OPEN or self.transport is None or self.transport.is_closing():
                raise self._turned_away()
        except TimeoutError:
            self.abort()
            words = f"{self.where} did not answer the WebSocket request within {CONNECT:g} s"
            raise LinkError(Reason.NO_RESPONSE, words) from None
        except BaseException:
            self.abort()
            raise

    def _greet(self, first: Event) -> None:
        if self.transport is not None:
            self.transport.pause_reading()
        self._greeted.set()

    def _turned_away(self) -> LinkError:
        problem = self.client.handshake_exc
        if isinstance(problem, InvalidStatus):
            return turned_away(problem.response.status_code, self.where)
        if problem is None or isinstance(problem.__cause__, EOFError):
            return LinkError(Reason.LINK_LOST, f"{self.where} closed the connection instead of opening a WebSocket")
        return LinkError(Reason.PROTOCOL_ERROR, f"what {self.where} answers is no WebSocket")


def turned_away(status: int, where: str) -> LinkError:
    """What an HTTP status says that came instead of a WebSocket."""
    try:
        shown = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        shown = f"HTTP {status}"
    if status in (401, 403):
        return LinkError(Reason.LOGIN_REFUSED, f"{where} does not accept the log-in for its WebSocket ({shown})")
    if status in (429, 502, 503, 504):
        return LinkError(Reason.CONNECTION_REFUSED, f"{where} takes no WebSocket at the moment ({shown})")
    if 300 <= status < 400:
        return LinkError(Reason.CONNECTION_REFUSED, f"{where} has its WebSocket elsewhere, perhaps wss:// ({shown})")
    return LinkError(Reason.CONNECTION_REFUSED, f"{where} has no WebSocket here, or it is switched off ({shown})")


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> WebSocket:
    """The link for `ws://` or `wss://`."""
    return WebSocket(address, opening, trust, ears)
