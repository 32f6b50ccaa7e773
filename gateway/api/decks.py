"""Surfaces over HTTP and WebSocket: their keys' pictures, live, and the presses of those that are only in browsers.

What may not live here: what a key shows or does (`surface.py`, `surfacehost.py`), how it is drawn (`drawing.py`).
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from gateway.api.guest import News, accept, gone_quietly, greet, heard
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.auth import Token
from gateway.house import House
from gateway.mailbox import Mailbox
from gateway.surfaces.drawing import LARGEST, SMALLEST, USUAL, Gallery, tag
from gateway.surfaces.surface import Face
from gateway.surfaces.surfacehost import SurfaceHost

EDGES = ("down", "up", "turn", "set")
MOST = 1_000_000  # of a value that is worth writing down


class Decks:
    """Serves the surfaces of a house."""

    def __init__(self, house: House, rights: Rights) -> None:
        self.house = house
        self.rights = rights
        self.gallery = Gallery()

    def add_to(self, app: FastAPI) -> None:
        """Put every route on the application."""
        base = "/api/v1/rooms/{room}/surfaces"
        routes: dict[str, Callable[..., Any]] = {
            base: self.surfaces,
            f"{base}/{{surface}}": self.surface,
            f"{base}/{{surface}}/keys/{{key}}.png": self.picture,
        }
        for path, endpoint in routes.items():
            app.router.add_route(path, endpoint, methods=["GET"], include_in_schema=False)
        app.router.add_websocket_route(f"{base}/{{surface}}/ws", self.socket)

    # ---- reading ---------------------------------------------------------------------------------------------

    async def surfaces(self, request: Request) -> Response:
        """The room's surfaces."""
        return JSONResponse({"surfaces": [_brief(host) for host in self._hosts(request).values()]})

    async def surface(self, request: Request) -> Response:
        """A surface: its pages, and every key's face."""
        return JSONResponse(describe(self._host(request)))

    async def picture(self, request: Request) -> Response:
        """A key as it looks now, as a PNG; 304 where the client has that picture already."""
        host = self._host(request)
        key = request.path_params["key"]
        face = host.faces.get(key)
        if face is None:
            raise Problem(404, f"surface {host.spec.name!r} has no key {key!r}", f"Its keys: {', '.join(host.faces)}.")
        given = request.query_params.get("size", str(USUAL))
        size = int(given) if given.isdecimal() and len(given) < 5 else 0
        if not SMALLEST <= size <= LARGEST:
            raise Problem(422, f"size is from {SMALLEST} to {LARGEST}, not {given!r}")
        etag = f'"{tag(face, size)}"'
        headers = {"etag": etag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(await self.gallery.png(face, size), media_type="image/png", headers=headers)

    def _hosts(self, request: Request) -> Mapping[str, SurfaceHost]:
        room = request.path_params["room"]
        token = self.rights.of_headers(request.scope["headers"], address_of(request.scope.get("client")))
        self.rights.allow(token, "read", room)
        if room not in self.house.rooms:
            raise Problem(404, f"there is no room {room!r}", "GET /api/v1/rooms lists them.")
        return self.house.surfaces[room]

    def _host(self, request: Request) -> SurfaceHost:
        return _found(self._hosts(request), request.path_params["surface"])

    # ---- pressing --------------------------------------------------------------------------------------------

    async def socket(self, websocket: WebSocket) -> None:
        """One browser: every face first, then what changes; and what is pressed there."""
        try:
            room, token = await greet(websocket, self.house, self.rights)
            host = _found(self.house.surfaces[room.id], websocket.path_params["surface"])
        except Problem as problem:
            await websocket.send_denial_response(problem.response())
            return
        await accept(websocket)
        client = _Client(websocket, self.rights, token, host)
        room.mailboxes.add(client.end)
        host.watchers.append(client.seen)
        host.turned.append(client.turned)
        try:
            with gone_quietly():
                await websocket.send_json({"type": "surface", **describe(host)})
                async with asyncio.TaskGroup() as group:
                    writer = group.create_task(client.news.tell(client.unread))
                    try:
                        await client.read()
                    finally:
                        writer.cancel()
        finally:
            host.watchers.remove(client.seen)
            host.turned.remove(client.turned)
            room.mailboxes.discard(client.end)
            for key in client.held:
                host.drop(key)


class _End(Mailbox):
    """Hears that the gateway is going down, and nothing else."""

    read = False

    def __init__(self, news: News) -> None:
        super().__init__()
        self.news = news

    def close(self) -> None:
        self.news.closed = True
        self.news.wake()

    def put(self, event: Mapping[str, Any]) -> None:
        pass

    def nudge(self) -> None:
        self.news.wake()


class _Client:
    """One browser at one surface; a slow one gets the newest face of each key."""

    def __init__(self, websocket: WebSocket, rights: Rights, token: Token, host: SurfaceHost) -> None:
        self.websocket = websocket
        self.rights = rights
        self.token = token
        self.host = host
        self.news = News(websocket, rights, token)
        self.end = _End(self.news)
        self.held: set[str] = set()
        self.faces: dict[str, Face] = {}
        self.page = ""
        self.answers: list[dict[str, Any]] = []

    def seen(self, news: Mapping[str, Face]) -> None:
        """Keys look different."""
        self.faces.update(news)
        self.news.wake()

    def turned(self, page: str) -> None:
        """Another page is shown."""
        self.page = page
        self.news.wake()

    def unread(self) -> list[dict[str, Any]]:
        """What it has not been told."""
        faces, self.faces = self.faces, {}
        page, self.page = self.page, ""
        answers, self.answers = self.answers, []
        told: list[dict[str, Any]] = [{"type": "page", "page": page}] if page else []
        told += [{"type": "faces", "faces": {key: _told(face) for key, face in faces.items()}}] if faces else []
        return told + answers

    async def read(self) -> None:
        """Everything that it says, until it goes."""
        while True:
            try:
                asked = await heard(self.websocket)
                if asked is None:
                    return
                if asked.get("type") == "ping":
                    self._answer({"type": "pong"})
                else:
                    self._press(asked)
            except Problem as problem:
                self._answer({"type": "problem", "status": problem.status, "detail": problem.detail})

    def _answer(self, message: dict[str, Any]) -> None:
        if len(self.answers) < 64:
            self.answers.append(message)
        self.news.wake()

    def _press(self, asked: dict[str, Any]) -> None:
        if not self.rights.tokens.holds(self.token):
            raise Problem(401, "the token was revoked")
        self.rights.allow(self.token, "command", self.host.room.id)
        key, edge, value = asked.get("press"), asked.get("edge", "down"), asked.get("value")
        if not isinstance(key, str) or self.host.spec.key(key) is None:
            raise Problem(422, f"press: there is no key {key!r}")
        if edge not in EDGES:
            raise Problem(422, f"edge is one of {', '.join(EDGES)}, not {edge!r}")
        told = {"device": "", "unit": "", "key": key, "edge": edge, "value": value if _plain(value) else None}
        self.host.room.event("press", {**told, "surface": self.host.spec.name}, f"token:{self.token.name}")
        if edge == "down":
            self.held.add(key)
        elif edge == "up":
            self.held.discard(key)
        self.host.press(key, edge, value)


def _plain(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and -MOST <= value <= MOST)


def _found(hosts: Mapping[str, SurfaceHost], name: str) -> SurfaceHost:
    host = hosts.get(name)
    if host is None:
        raise Problem(404, f"there is no surface {name!r}", f"The room's surfaces: {', '.join(hosts) or 'none'}.")
    return host


def _brief(host: SurfaceHost) -> dict[str, Any]:
    online = host.device.online if host.device is not None else None
    spec = host.spec
    return {"surface": spec.name, "label": spec.label, "unit": host.unit, "online": online, "problem": host.problem}


def describe(host: SurfaceHost) -> dict[str, Any]:
    """A surface as a browser wants it: pages of keys in their places, which page is shown, every face."""
    pages = [
        {
            "page": page.id,
            "label": page.label,
            "keys": [{"key": key.id, "kind": key.kind, "label": key.label or key.id} for key in page.keys],
        }
        for page in host.spec.pages
    ]
    faces = {key: _told(face) for key, face in host.faces.items()}
    return {**_brief(host), "room": host.room.id, "shown": host.page, "pages": pages, "faces": faces}


def _told(face: Face) -> dict[str, Any]:
    """A face, and what its picture is known by."""
    return {**dataclasses.asdict(face), "tag": tag(face, 0)}
