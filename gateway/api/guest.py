"""A WebSocket's greeting, the same for all of them: who is it, may they, which room; and its news, as it comes.

What may not live here: what any of them says.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.api.commands import LONGEST_BODY
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.auth import Token
from gateway.house import House
from gateway.room import Room

BEARER = "bearer."
PROTOCOL = "roomgate.v1"


def token_text(websocket: WebSocket) -> str:
    """The token, from where this client can put one: a header, a sub-protocol (browsers), or the query."""
    header = websocket.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    for protocol in websocket.scope.get("subprotocols", ()):
        if protocol.startswith(BEARER):
            return str(protocol[len(BEARER) :])
    return websocket.query_params.get("token", "")


async def greet(websocket: WebSocket, house: House, rights: Rights) -> tuple[Room, Token]:
    """The room that it is about and its token, accepted. Raises Problem, which is for `denied`."""
    room_id = websocket.path_params["room"]
    token = rights.token(token_text(websocket), address_of(websocket.client))
    rights.allow(token, "read", room_id)
    room = house.rooms.get(room_id)
    if room is None:
        raise Problem(404, f"there is no room {room_id!r}", "GET /api/v1/rooms lists them.")
    return room, token


async def accept(websocket: WebSocket) -> None:
    """Let it in."""
    offered = websocket.scope.get("subprotocols", ())
    await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)


async def heard(websocket: WebSocket) -> dict[str, Any] | None:
    """The next message; None where it has gone. Raises Problem for what is no JSON object."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    text = message.get("text")
    if text is None:
        text = (message.get("bytes") or b"").decode("utf-8", "replace")
    if len(text) > LONGEST_BODY:
        raise Problem(413, f"a message is at most {LONGEST_BODY} bytes")
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(422, f"not JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Problem(422, "not a JSON object")
    return asked


class News:
    """What one client has not been told yet: `add` puts it there, `tell` sends it as soon as it can."""

    def __init__(self, websocket: WebSocket, rights: Rights, token: Token) -> None:
        self.websocket = websocket
        self.rights = rights
        self.token = token
        self.closed = False
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is something to tell."""
        self._wake.set()

    async def tell(self, messages: Callable[[], list[dict[str, Any]]]) -> None:
        """Send what `messages` takes out, each time there is news, until the token or the gateway goes."""
        while not self.closed:
            await self._wake.wait()
            self._wake.clear()
            if not self.rights.tokens.holds(self.token):
                await self.websocket.close(4401, self.rights.farewell(self.token))
                return
            for message in messages():
                await self.websocket.send_text(json.dumps(message))
        await self.websocket.close(1012, "the gateway is going down")


@contextlib.contextmanager
def gone_quietly() -> Iterator[None]:
    """A client that has gone is no fault of ours."""
    try:
        yield
    except* (WebSocketDisconnect, RuntimeError):
        pass
