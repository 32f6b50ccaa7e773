"""A panel is unlocked by its room's administrator's PIN, and locked again.

What may not live here: how guessing is slowed (`unlocking.py`), what is locked (`rights.py`).
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from gateway.api.body import json_object
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.auth import Token
from gateway.house import House
from gateway.room import Room
from gateway.unlocking import UnlockError


class Unlock:
    """Serves `/api/v1/rooms/{room}/unlock` of one house."""

    def __init__(self, house: House, rights: Rights) -> None:
        self.house = house
        self.rights = rights

    def add_to(self, app: FastAPI) -> None:
        """Put every route on the application."""
        path = "/api/v1/rooms/{room}/unlock"
        app.router.add_route(path, self.unlock, methods=["POST"], include_in_schema=False)
        app.router.add_route(path, self.lock, methods=["DELETE"], include_in_schema=False)

    def _panel(self, request: Request) -> tuple[Room, Token]:
        token = self.rights.of_headers(request.scope["headers"], address_of(request.scope.get("client")))
        room_id = request.path_params["room"]
        self.rights.allow(token, "command", room_id)
        room = self.house.rooms.get(room_id)
        if room is None:
            raise Problem(404, f"there is no room {room_id!r}", "GET /api/v1/rooms lists them.")
        if token.digest in self.rights.tokens.lent:  # whoever walks in with a telephone does not guess at this PIN
            raise Problem(403, "a phone is not unlocked", "Do it at the room's panel.", {"why": "phone"})
        return room, token

    async def unlock(self, request: Request) -> Response:
        """For `{"pin": "..."}`: the seconds that it lasts, and the devices that may be restarted."""
        room, token = self._panel(request)
        text = (await json_object(request)).get("pin")
        if not isinstance(text, str):
            raise Problem(422, "a PIN is needed, as a text", 'Send {"pin": "..."}.')
        if room.spec.admin_pin is None:
            raise Problem(409, f"room {room.id!r} has no administrator's PIN", "[admin] in its profile sets one.")
        try:
            seconds = await self.rights.unlocking.unlock(token, room, text, address_of(request.scope.get("client")))
        except UnlockError as error:
            if not error.seconds:
                raise Problem(403, "this is not the administrator's PIN", "", {"why": "pin"}) from None
            headers = {"retry-after": str(int(error.seconds) + 1)}
            raise Problem(
                429, "there were too many wrong tries", "Wait, and try again.", {"why": "slow"}, headers
            ) from None
        devices = {device.id: device.name for device in room.spec.devices.values()}
        told = {"room": room.id, "seconds": seconds, "devices": devices}
        return JSONResponse(told, headers={"cache-control": "no-store"})

    async def lock(self, request: Request) -> Response:
        """At once."""
        room, token = self._panel(request)
        self.rights.unlocking.lock(token, room)
        return JSONResponse({"room": room.id, "seconds": 0})
