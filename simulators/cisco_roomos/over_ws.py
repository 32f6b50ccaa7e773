"""Serves the codec's JSON-RPC over WebSocket at /ws, with both log-ins.

What may not live here: the messages. Sources: D15427.02 "Setting up the WebSocket connection"; the HTTP statuses as
Cisco's own Python client reads them (xows 1.0.5).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from simulators.cisco_roomos.rpc import Rpc
from simulators.relay import FaultRelay

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec
    from simulators.device import Where

# A client that goes away in the middle of anything is the device's daily bread, not a line in our log.
QUIET = logging.getLogger("simulators.cisco_roomos.websockets")
QUIET.setLevel(logging.CRITICAL)


def offered(request: Request) -> list[str]:
    """The sub-protocols that the client offers."""
    return [one.strip() for value in request.headers.get_all("Sec-WebSocket-Protocol") for one in value.split(",")]


def login(request: Request) -> str | None:
    """`user:password` as the client gave them, by sub-protocol or by Basic; None where it gave none."""
    for one in offered(request):
        if one.startswith("auth-"):
            return _decoded(one.removeprefix("auth-"), altchars=b"-_")
    kind, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return _decoded(credentials.strip()) if kind.casefold() == "basic" else None


def _decoded(text: str, altchars: bytes = b"+/") -> str | None:
    try:
        padded = text + "=" * (-len(text) % 4)  # the sub-protocol comes without padding
        return base64.b64decode(padded, altchars=altchars, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


async def serve_ws(codec: Codec, where: Where) -> str:
    """Open the door; the address for clients."""

    def admit(connection: ServerConnection, request: Request) -> Response | None:
        given = login(request)
        right = given is not None and hmac.compare_digest(given.encode(), f"{codec.username}:{codec.password}".encode())
        mode = codec.configuration["NetworkServices HTTP Mode"]
        if mode != "HTTP+HTTPS":  # this door is plain HTTP
            return connection.respond(HTTPStatus.UNAUTHORIZED, "HTTP is not enabled\n")
        if request.path.partition("?")[0] != "/ws" or codec.configuration["NetworkServices Websocket"] == "Off":
            return connection.respond(HTTPStatus.NOT_FOUND, "Not found\n")
        if not right or codec.faults.refuse_login:
            return connection.respond(HTTPStatus.FORBIDDEN, "Forbidden\n")
        if len(codec.listeners) >= codec.max_sessions:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many sessions\n")
        return None

    def echoed(connection: ServerConnection, wanted: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((one for one in wanted if one.startswith("auth-")), None)

    async def attend(connection: ServerConnection) -> None:
        outgoing: asyncio.Queue[str] = asyncio.Queue()
        session = Rpc(codec, outgoing.put_nowait)
        codec.listeners.append(session)
        writer = asyncio.create_task(_write(connection, outgoing))
        try:
            async for message in connection:
                session.feed(message)
        except ConnectionClosed:
            pass
        finally:
            if session in codec.listeners:
                codec.listeners.remove(session)
            writer.cancel()
            await asyncio.wait([writer])
            codec.touched()

    server = await serve(
        attend,
        "127.0.0.1",
        0,
        process_request=admit,
        select_subprotocol=echoed,
        compression=None,
        ping_interval=None,
        max_size=2**23,
        close_timeout=1,
        logger=QUIET,
    )

    async def close() -> None:
        server.close()
        await server.wait_closed()

    codec.on_stop(close)
    door = FaultRelay(codec.faults, server.sockets[0].getsockname()[1])
    port = door.bind(where.host, where.port)
    codec.doors.append(door)
    return f"ws://{where.host}:{port}/ws"


async def _write(connection: ServerConnection, outgoing: asyncio.Queue[str]) -> None:
    try:
        while True:
            await connection.send(await outgoing.get())
    except ConnectionClosed:
        pass
