"""A WebSocket that came in at a listener. Who it is, its driver finds out; that may not live here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.http11 import Request
from websockets.protocol import Event
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from gateway.link import Address, Trust
from gateway.link.tcp import CONNECT, tune
from gateway.link.websocket import LARGEST, MUTE, Conversation

if TYPE_CHECKING:
    from gateway.link.listen import Door


def chosen(server: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first of ours that the visitor offers; one that offers none of them is welcome, too."""
    return next((name for name in server.available_subprotocols or () if name in offered), None)


class Visitor(Conversation):
    """One accepted WebSocket: greeted first, then handed out."""

    def __init__(self, door: Door) -> None:
        super().__init__(door.address, Trust(), None)
        self._door = door
        self._overdue: asyncio.TimerHandle | None = None
        self.server = ServerProtocol(
            subprotocols=[Subprotocol(name) for name in door.opening.subprotocols],
            select_subprotocol=chosen,
            max_size=LARGEST,
            logger=MUTE,
        )
        self.protocol = self.server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        tune(transport.get_extra_info("socket"))
        host, port, *_ = transport.get_extra_info("peername")
        self.address = Address("ws", host, port)
        if not self._door.came(self):
            self.abort()
            return
        self._overdue = asyncio.get_running_loop().call_later(CONNECT, self.abort)
        if self.transport is not None:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.protocol.handshake_exc is not None and self.transport is not None:
            self.transport.close()

    def _greet(self, first: Event) -> None:
        self._still()
        self._greeted.set()
        if not isinstance(first, Request) or self.transport is None:
            return
        path = first.path.partition("?")[0]
        if self._door.address.path not in ("", "/", path):
            response = self.server.reject(HTTPStatus.NOT_FOUND, "Nothing listens at this path.\n")
        else:
            response = self.server.accept(first)
            if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                self.transport.pause_reading()
                if not self._door.offer(self, self.address.host, self.address.port, first.path):
                    response = self.server.reject(HTTPStatus.SERVICE_UNAVAILABLE, "Not now.\n")
        self.server.send_response(response)
        self._flush()
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS and self.transport is not None:
            self.transport.close()

    def _still(self) -> None:
        super()._still()
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._still()
        self._door.left(self)
        super().connection_lost(exc)
