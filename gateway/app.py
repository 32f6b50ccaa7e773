"""Builds the web application over a house: commands straight in, everything else through FastAPI.

What may not live here: routes' contents (`api/`), starting and stopping (`serve.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
import logging
import mimetypes
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from gateway import __version__
from gateway.api import openapi
from gateway.api.adopting import Adopting
from gateway.api.asks import Asks
from gateway.api.commands import PREFIX, Commands
from gateway.api.decks import Decks
from gateway.api.flat import Flat
from gateway.api.keydoor import KeyDoor
from gateway.api.overview import Overview
from gateway.api.phones import Phones
from gateway.api.problem import Problem, fault
from gateway.api.rights import Rights
from gateway.api.socket import Sockets
from gateway.api.themes import Themes
from gateway.api.unlock import Unlock
from gateway.auth import Guard, Tokens, journaled
from gateway.driver import Driver
from gateway.guests import Guests
from gateway.house import House
from gateway.ticket import new_id
from gateway.unlocking import Unlocking

log = logging.getLogger("roomgate.api")

PANEL = Path(__file__).parent / "panel"
HEADERS = {
    "content-security-policy": "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
SCRIPT = b"<script "  # what stands before a page's first script is painted with
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Door:
    """The whole application. Commands skip the framework; the rest of the API, the panel and the docs do not."""

    def __init__(self, house: House, tokens: Tokens, drivers: Mapping[str, type[Driver]]) -> None:
        guard = Guard(house.clock, journaled(house.journal, house.clock))
        rights = Rights(tokens, guard, Unlocking(house.journal, house.clock))
        self.commands = Commands(house, rights)
        self.pages = Pages(PANEL)
        self.guests = Guests(house, tokens)
        # POSTs below the rooms that are no commands; a set, for a press must not wait for them.
        unlocks = (f"{PREFIX}{room}/unlock" for room in house.rooms)
        self.open = frozenset((*(f"{PREFIX}{room}/phones" for room in self.guests.rooms), *unlocks))
        self.app = _application(house, rights, drivers, self.commands, self.pages, self.guests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one WebSocket. A fault of our own is a line in the log and a problem without its inside."""
        try:
            path = scope["path"]
            if scope["type"] != "http" or scope["method"] != "POST" or not path.startswith(PREFIX) or path in self.open:
                await self.app(scope, receive, send)
            else:
                await self.commands(scope, receive, send)
        except Exception:
            log.exception("%s %s met a fault", scope.get("method", scope["type"]), scope["path"])
            if scope["type"] != "http":
                raise
            with contextlib.suppress(Exception):  # too late where the answer had begun
                await fault().response()(scope, receive, send)


def _application(
    house: House,
    rights: Rights,
    drivers: Mapping[str, type[Driver]],
    commands: Commands,
    pages: Pages,
    guests: Guests,
) -> FastAPI:
    app = FastAPI(title="RoomGate", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.add_websocket_route("/api/v1/rooms/{room}/ws", Sockets(house, rights, epoch=new_id()).__call__)
    document = b""
    describing = asyncio.Lock()
    themes = Themes(house.spec.theme, {room.id: room.theme for room in house.spec.rooms.values()})

    async def openapi_json(request: Request) -> Response:
        nonlocal document  # a tenth of a second of work, and 3 MB: for those who ask
        async with describing:
            if not document:
                document = await asyncio.to_thread(lambda: json.dumps(openapi.describe(house.spec.rooms)).encode())
        return Response(document, media_type="application/json")

    async def panel(request: Request) -> Response:
        return pages.answer(request, "index.html", themes.of(request.path_params.get("room", "")))

    async def asset(request: Request) -> Response:
        return pages.answer(request, request.path_params["name"])

    async def deck(request: Request) -> Response:
        return pages.answer(request, "deck.html", themes.of(request.path_params.get("room", "")))

    async def contacts(request: Request) -> Response:
        return pages.answer(request, "contacts.html", themes.of(request.path_params.get("room", "")))

    async def theme(request: Request) -> Response:
        return themes.answer(request)

    async def phones(request: Request) -> Response:
        return pages.answer(request, "phones.html", themes.of(request.path_params.get("room", "")))

    async def service(request: Request) -> Response:
        return pages.answer(request, "service.html", themes.of(request.path_params.get("room", "")))

    async def docs(request: Request) -> Response:
        return pages.answer(request, "docs.html")

    async def admin(request: Request) -> Response:
        return pages.answer(request, "admin.html")

    async def home(request: Request) -> Response:
        first = next(iter(house.rooms), "")
        return RedirectResponse(f"/panel/{first}" if first else "/docs")

    for path, endpoint in {
        "/openapi.json": openapi_json,
        "/panel/static/{name}": asset,
        "/panel/theme/{name}": theme,
        "/panel": panel,  # a screen that is in no room yet shows a code
        "/panel/{room}": panel,
        "/deck/{room}/{surface}": deck,
        "/contacts/{room}": contacts,
        "/phones/{room}": phones,
        "/service/{room}": service,
        "/admin": admin,
        "/docs": docs,
        "/": home,
    }.items():
        app.router.add_route(path, endpoint, methods=["GET"], include_in_schema=False)
    Decks(house, rights).add_to(app)
    Flat(house, rights).add_to(app)
    KeyDoor(house).add_to(app)
    adopting = Adopting(house, rights, guests)
    adopting.add_to(app)
    Phones(house, rights, guests).add_to(app)
    Unlock(house, rights).add_to(app)
    Overview(house, rights, adopting).add_to(app)
    Asks(house, rights, drivers, commands).add_to(app)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _fault)
    return app


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem.response()


async def _fault(request: Request, error: Exception) -> Response:
    return fault().response()  # and the error goes on to the Door, which logs it


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    advice = "GET /docs describes everything there is." if error.status_code in (404, 405) else ""
    return Problem(error.status_code, str(error.detail), advice, headers=error.headers or {}).response()


class Pages:
    """The panel's and the documentation's files, read once."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, tuple[bytes, bytes, str, str]] = {}
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if file.is_file() and not file.name.startswith("."):
                content = file.read_bytes()
                media = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                if media.startswith("text/") or media.endswith("javascript"):
                    media += "; charset=utf-8"
                tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
                self.files[file.name] = (content, gzip.compress(content, mtime=0), media, tag)

    def answer(self, request: Request, name: str, head: bytes = b"") -> Response:
        """A file, or 304 where the client has it already. `head`: what a page's head has beside its own."""
        held = self.files.get(name)
        if held is None:
            raise Problem(404, f"there is no page {name!r}")
        content, small, media, tag = held
        if head:
            content = content.replace(SCRIPT, head + SCRIPT, 1)
            small, tag = gzip.compress(content, mtime=0), f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {**HEADERS, "etag": tag, "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["content-encoding"] = small, "gzip"
        return Response(content, media_type=media, headers=headers)
