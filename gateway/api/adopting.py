"""Who is let in: panels that show a code, decks that come by themselves, and the tokens that there are.

Asking for a code needs no token and gives nothing; everything that lets somebody in is an administrator's. What may not
live here: what is kept of it (`pairing.py`, `surfaces/adoption.py`, `auth.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from gateway.api.body import json_object
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.auth import Token
from gateway.folder import FolderError
from gateway.guests import Guests
from gateway.house import House
from gateway.journal import Entry
from gateway.model import plain
from gateway.pairing import LIFE, PairingError, Pairings, tidy
from gateway.surfaces.adoption import AdoptionError

SCHEME = "pairing"  # of the Authorization header that a panel asks for its token with


class Adopting:
    """Serves `/api/v1/pairing`, `/api/v1/surfaces` and `/api/v1/tokens` of one house."""

    def __init__(self, house: House, rights: Rights, guests: Guests) -> None:
        self.house = house
        self.guests = guests
        self.rights = rights
        self.pairings = Pairings(rights.tokens, house.clock)
        self._writing = asyncio.Lock()

    def add_to(self, app: FastAPI) -> None:
        """Put every route on the application."""
        v1 = "/api/v1"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", f"{v1}/pairing", self.begin),
            ("GET", f"{v1}/pairing", self.collect),
            ("GET", f"{v1}/surfaces", self.surfaces),
            ("POST", f"{v1}/surfaces/{{id:path}}/adopt", self.adopt),
            ("DELETE", f"{v1}/surfaces/{{id:path}}", self.release),
            ("GET", f"{v1}/tokens", self.tokens),
            ("DELETE", f"{v1}/tokens/{{name}}", self.revoke),
        ]
        for method, path, endpoint in routes:
            app.router.add_route(path, endpoint, methods=[method], include_in_schema=False)

    def _admin(self, request: Request) -> Token:
        token = self.rights.of_headers(request.scope["headers"], address_of(request.scope.get("client")))
        self.rights.allow(token, "admin")
        return token

    def _journal(self, what: str, subject: str, token: Token, room: str = "", **data: Any) -> None:
        entry = {"event": what, **plain(data)}
        self.house.journal.write(
            Entry(self.house.clock.wall(), "event", room, subject, "", f"token:{token.name}", entry)
        )

    # ---- panels ----------------------------------------------------------------------------------------------

    async def begin(self, request: Request) -> Response:
        """A code for a panel to show, and the secret that it asks for its token with."""
        try:
            waiting, secret = self.pairings.begin(
                address_of(request.scope.get("client")), request.headers.get("user-agent", "")
            )
        except PairingError as error:
            raise Problem(429, str(error), "Ask an administrator.", {}, {"retry-after": "60"}) from None
        return JSONResponse({"code": waiting.code, "secret": secret, "seconds": LIFE}, 201)

    async def collect(self, request: Request) -> Response:
        """Whether it was approved; with its token, once. 404 where its code has run out: it asks for a new one."""
        address = address_of(request.scope.get("client"))
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != SCHEME or not secret:
            raise Problem(401, "a pairing's secret is needed", "POST /api/v1/pairing gives one with the code.")
        wait = self.rights.guard.wait(address)
        found = self.pairings.collect(secret.strip()[:128])
        if found is None:
            if wait > 0:
                raise Problem(
                    429, "too many wrong secrets from this address", "", {}, {"retry-after": str(int(wait) + 1)}
                )
            self.rights.guard.failed(address, "pairing code")
            raise Problem(404, "this pairing is over", "POST /api/v1/pairing begins another.")
        if not found.token:
            return JSONResponse({"state": "waiting", "code": found.code})
        return JSONResponse(
            {"state": "adopted", "room": found.room, "token": found.token}, headers={"cache-control": "no-store"}
        )

    # ---- what an administrator sees and does -----------------------------------------------------------------

    async def surfaces(self, request: Request) -> Response:
        """Who waits to be let in, and which decks have a room."""
        self._admin(request)
        lobby = self.house.lobby
        panels = [
            {"id": held.code, "kind": "panel", "address": held.address, "is": held.agent, "since": held.since}
            for held in self.pairings.waiting()
        ]
        decks = [
            {"id": held.id, "kind": "deck", "since": held.since, "facts": dict(held.facts)}
            for held in lobby.strangers.values()
        ]
        adopted = [
            {**plain(held), "kind": "deck", "online": held.id in lobby.hosts} for held in lobby.adoptions.held.values()
        ]
        return JSONResponse({"waiting": panels + decks, "adopted": adopted})

    async def adopt(self, request: Request) -> Response:
        """Give a panel (by its code) or a deck (by its id) to a room: `{"room": ..., "surface": ..., "name": ...}`."""
        token = self._admin(request)
        asked = await json_object(request)
        identity = request.path_params["id"]
        room, surface, name = (_text(asked, key) for key in ("room", "surface", "name"))
        if room not in self.house.rooms:
            raise Problem(422, f"room: there is no room {room!r}", f"Rooms: {', '.join(self.house.rooms)}.")
        async with self._writing:
            try:
                if "/" not in identity:
                    held = self.pairings.find(identity)
                    if held is None:
                        raise PairingError(f"nobody waits with the code {tidy(identity)!r}; codes live for ten minutes")
                    made = await asyncio.to_thread(self.pairings.let_in, held, room, name)
                    self._journal("panel adopted", held.code, token, room, name=made)
                    return JSONResponse({"id": held.code, "kind": "panel", "room": room, "token": made})
                surfaces = self.house.rooms[room].spec.surfaces
                surface = surface or (next(iter(surfaces)) if len(surfaces) == 1 else "")
                adopted = self.house.lobby.adopt(identity, room, surface)
                await asyncio.to_thread(self.house.lobby.adoptions.save)
            except (PairingError, AdoptionError) as error:
                raise Problem(404, str(error), "GET /api/v1/surfaces lists who waits.") from None
            except ValueError as error:
                raise Problem(422, str(error)) from None
            except FolderError as error:
                raise Problem(500, "it could not be written down", str(error)) from None
        self._journal("deck adopted", identity, token, room, surface=adopted.surface)
        return JSONResponse({**plain(adopted), "kind": "deck", "online": identity in self.house.lobby.hosts})

    async def release(self, request: Request) -> Response:
        """Take a deck from its room, or turn away a panel or a deck that waits."""
        token = self._admin(request)
        identity = request.path_params["id"]
        async with self._writing:
            try:
                waited = identity not in self.house.lobby.adoptions.held
                if "/" in identity:
                    self.house.lobby.release(identity)
                    await asyncio.to_thread(self.house.lobby.adoptions.save)
                else:
                    self.pairings.reject(identity)
            except (PairingError, AdoptionError) as error:
                raise Problem(404, str(error), "GET /api/v1/surfaces lists them.") from None
            except FolderError as error:
                raise Problem(500, "it could not be written down", str(error)) from None
        self._journal("turned away" if waited else "released", identity, token)
        return JSONResponse({"id": identity, "released": True, "waited": waited})

    async def tokens(self, request: Request) -> Response:
        """Every token, without what it is known by."""
        self._admin(request)
        phones = self.guests.everybody()
        left = {guest.token.name: {"seconds": self.guests.left(guest)} for guest in phones}
        told = [
            {"name": held.name, "role": held.role, "rooms": sorted(held.rooms), "created": held.created}
            for held in (*self.rights.tokens.list(), *(guest.token for guest in phones))
        ]
        return JSONResponse({"tokens": [{**one, **left.get(str(one["name"]), {})} for one in told]})

    async def revoke(self, request: Request) -> Response:
        """Make a token worthless, at once."""
        token = self._admin(request)
        name = request.path_params["name"]
        if self.guests.revoke(name):
            self._journal("token revoked", name, token)
            return JSONResponse({"name": name, "revoked": True})
        async with self._writing:
            try:
                await asyncio.to_thread(self.rights.tokens.revoke, name)
            except ValueError as error:
                raise Problem(404, str(error)) from None
        for room in self.house.rooms.values():
            for mailbox in room.mailboxes:
                mailbox.nudge()
        self._journal("token revoked", name, token)
        return JSONResponse({"name": name, "revoked": True})


def _text(asked: dict[str, Any], key: str) -> str:
    value = asked.get(key, "")
    if not isinstance(value, str) or len(value) > 128:
        raise Problem(422, f"{key} is a text")
    return value
