"""Phones come in: the code that a room's panel shows, and the token that a phone gets for it, or for the room's PIN.

Coming in needs no token; nothing is said of rooms that take no phones. What may not live here: who is let in, for how
long, and how guessing is slowed (`guests.py`).
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from gateway.api.body import json_object
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.guests import GuestError, Guests
from gateway.house import House

HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
REFUSED = {
    "unknown": (
        403,
        "this code is not valid here",
        "A code lives for a minute at most: scan the one on the panel now.",
    ),
    "used": (403, "this code was used already", "Scan the code that is on the room's panel now."),
    "pin": (403, "this is not the room's PIN", ""),
    "full": (409, "there are too many phones in this room", "They leave when the room is turned off."),
    "slow": (429, "there were too many wrong tries", "Wait, and try again."),
}


class Phones:
    """Serves `/api/v1/rooms/{room}/phones` of one house."""

    def __init__(self, house: House, rights: Rights, guests: Guests) -> None:
        self.house = house
        self.rights = rights
        self.guests = guests
        self._drawn: dict[str, tuple[str, str]] = {}  # by room: the address, and its picture

    def add_to(self, app: FastAPI) -> None:
        """Put every route on the application."""
        path = "/api/v1/rooms/{room}/phones"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", path, self.ways),
            ("GET", f"{path}/qr", self.code),
            ("POST", path, self.come),
        ]
        for method, where, endpoint in routes:
            app.router.add_route(where, endpoint, methods=[method], include_in_schema=False)

    async def ways(self, request: Request) -> Response:
        """Whether there is a PIN to type. The same answer for rooms that there are not."""
        watched = self.guests.rooms.get(request.path_params["room"])
        return JSONResponse({"pin": watched is not None and watched.spec.pin is not None})

    async def code(self, request: Request) -> Response:
        """The address to scan, its picture, and the seconds after which there is another."""
        room = request.path_params["room"]
        token = self.rights.of_headers(request.scope["headers"], address_of(request.scope.get("client")))
        self.rights.allow(token, "command", room)
        if token.digest in self.rights.tokens.lent:
            raise Problem(403, "a phone lets no other phone in", "Scan the code on the room's panel.")
        try:
            text, seconds = self.guests.code(room)
        except KeyError:
            raise Problem(404, f"room {room!r} shows no code for phones", "[phones] in its profile says so.") from None
        address = f"{self._origin(request)}/phones/{quote(room)}#code={text}"
        drawn = self._drawn.get(room)
        if drawn is None or drawn[0] != address:
            drawn = self._drawn[room] = address, await asyncio.to_thread(_draw, address)
        told = {"address": address, "svg": drawn[1], "seconds": round(seconds, 1)}
        return JSONResponse(told, headers={"cache-control": "no-store"})

    async def come(self, request: Request) -> Response:
        """A token for a phone that has the code or the PIN, and the seconds that it lasts."""
        room, address = request.path_params["room"], address_of(request.scope.get("client"))
        asked = await json_object(request)
        code, pin = asked.get("code"), asked.get("pin")
        if not isinstance(code if pin is None else pin, str) or (code is not None and pin is not None):
            raise Problem(422, "a code or a PIN is needed, as a text", 'Send {"code": "..."} or {"pin": "..."}.')
        try:
            if isinstance(code, str):
                text, guest = self.guests.by_code(room, code, address)
            else:
                text, guest = await self.guests.by_pin(room, str(pin), address)
        except GuestError as error:
            status, words, advice = REFUSED[error.why]
            headers = {"retry-after": str(int(error.seconds) + 1)} if error.seconds else {}
            raise Problem(status, words, advice, {"why": error.why}, headers) from None
        told = {"room": room, "token": text, "name": guest.token.name, "seconds": self.guests.left(guest)}
        return JSONResponse(told, 201, {"cache-control": "no-store"})

    def _origin(self, request: Request) -> str:
        """How a phone reaches us: as the site says, or as the panel that asks does."""
        if self.house.spec.server.address:
            return self.house.spec.server.address
        host = request.headers.get("host", "")
        if not HOST.fullmatch(host):
            raise Problem(400, "this request does not say what host it is for", "[server] address says it for all.")
        return f"{request.url.scheme}://{host}"


def _draw(address: str) -> str:
    """A QR code as SVG, dark on white, with its quiet zone."""
    import segno

    picture = io.BytesIO()
    drawn = segno.make(address, micro=False, error="m")
    drawn.save(picture, kind="svg", xmldecl=False, omitsize=True, dark="#000", light="#fff", border=4, nl=False)
    return picture.getvalue().decode()
