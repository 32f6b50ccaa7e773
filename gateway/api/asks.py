"""Everything that is read over HTTP: rooms, state, why, history, devices, tapes, drivers, health.

State is read from memory, never by asking a device. What may not live here: commands (`commands.py`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway.api.commands import Commands
from gateway.api.contacts import contacts, favourite
from gateway.api.overview import devices_of
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.auth import Permission, Token
from gateway.calendars.desk import Desk
from gateway.catalogue import describe_driver
from gateway.commands import COMMANDS
from gateway.device import Device
from gateway.driver import Driver
from gateway.house import House
from gateway.model import COLLECTIONS, IDENTITY, KINDS, plain
from gateway.recorder import header
from gateway.report import describe, describe_device, outcome_of, readings, state, tell
from gateway.room import Room
from gateway.tape import Follower, as_json


class Asks:
    """The reading half of the API for one house."""

    def __init__(self, house: House, rights: Rights, drivers: Mapping[str, type[Driver]], commands: Commands) -> None:
        self.house = house
        self.rights = rights
        self.drivers = drivers
        self.commands = commands

    def add_to(self, app: FastAPI) -> None:
        """Put every route on the application."""
        v1 = "/api/v1"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", f"{v1}/rooms", self.rooms),
            ("GET", f"{v1}/rooms/{{room}}", self.room),
            ("GET", f"{v1}/rooms/{{room}}/why/{{point:path}}", self.why),
            ("GET", f"{v1}/rooms/{{room}}/history", self.history),
            ("GET", f"{v1}/rooms/{{room}}/contacts", self.contacts),
            ("PUT", f"{v1}/rooms/{{room}}/contacts/favourite", self.favourite),
            ("GET", f"{v1}/rooms/{{room}}/meetings", self.meetings),
            ("GET", f"{v1}/rooms/{{room}}/meetings/{{id}}/why", self.why_no_button),
            ("GET", f"{v1}/rooms/{{room}}/{{part:path}}", self.part),
            ("GET", f"{v1}/commands/{{id}}", self.command),
            ("GET", f"{v1}/drivers", self.all_drivers),
            ("GET", f"{v1}/devices", self.devices),
            ("GET", f"{v1}/devices/{{device:path}}/tape", self.tape),
            ("POST", f"{v1}/devices/{{device:path}}/restart", self.restart),
            ("GET", "/healthz", self.healthz),
            ("GET", "/readyz", self.readyz),
        ]
        for method, path, endpoint in routes:
            app.router.add_route(path, endpoint, methods=[method], include_in_schema=False)

    # ---- who asks --------------------------------------------------------------------------------------------

    def _token(self, request: Request, permission: Permission, room: str = "") -> Token:
        token = self.rights.of_headers(request.scope["headers"], address_of(request.scope.get("client")))
        self.rights.allow(token, permission, room)
        return token

    def _room(self, request: Request, permission: Permission = "read") -> Room:
        room_id = request.path_params["room"]
        self._token(request, permission, room_id)
        room = self.house.rooms.get(room_id)
        if room is None:
            raise Problem(404, f"there is no room {room_id!r}", "GET /api/v1/rooms lists them.")
        return room

    def _device(self, request: Request, *, unlocked: bool = False) -> tuple[str, Device]:
        """The device that it is about; with `unlocked`, also for a panel of its room that a PIN has unlocked."""
        identity = request.path_params["device"]
        token = self._token(request, "read")
        room, _, _name = identity.rpartition("/")
        if not (unlocked and room and token.may("command", room) and self.rights.unlocking.unlocked(token, room)):
            self.rights.allow(token, "admin")
        device = self.house.devices.get(identity)
        if device is None:
            raise Problem(404, f"there is no device {identity!r}", "GET /api/v1/devices lists them.")
        return identity, device

    # ---- rooms -----------------------------------------------------------------------------------------------

    async def rooms(self, request: Request) -> Response:
        """The rooms this token may see."""
        token = self._token(request, "read")
        seen = [room for room in self.house.rooms.values() if token.may("read", room.id)]
        return JSONResponse({"rooms": [self._brief(room) for room in seen]})

    @staticmethod
    def _brief(room: Room) -> dict[str, Any]:
        away = sorted({part.player.name for part in room.parts.values() if not part.player.online})
        return {"room": room.id, "name": room.spec.name, "power": tell(room.own("power")), "offline": away}

    async def room(self, request: Request) -> Response:
        """A room's whole state."""
        return JSONResponse(state(self._room(request)))

    async def part(self, request: Request) -> Response:
        """One part's state, at the path its commands have."""
        room = self._room(request)
        path = request.path_params["part"]
        found = self.commands.routes[room.id].get(path)
        part_id = found[0] if found else _part_id(path)
        if found and not part_id:
            return JSONResponse({"points": readings(room, "room")})
        part = room.parts.get(part_id)
        if part is None:
            known = ", ".join(_part_path(p) for p in room.parts)
            raise Problem(404, f"room {room.id!r} has no part at {path!r}", f"Its parts: {known}.")
        return JSONResponse({"part": part.id, **describe(part), "points": readings(room, part.id)})

    async def why(self, request: Request) -> Response:
        """Why a point is as it is: its reading now, and the chain of causes from the journal."""
        room = self._room(request, "history")
        part_id, point = _point(room, request.path_params["point"])
        reading = room.readings(part_id)[point]
        chain = await self.house.journal.why(room.id, f"{part_id}.{point}")
        told = [_entry(entry) for entry in chain]
        answer = {"point": f"{part_id}.{point}", "now": tell(reading), "because": told, "words": _words(point, told)}
        return JSONResponse(answer)

    async def history(self, request: Request) -> Response:
        """What happened in the room, newest first."""
        room = self._room(request, "history")
        query = request.query_params
        try:
            limit = min(max(int(query.get("limit", "100")), 1), 1000)
            before = int(query["before"]) if "before" in query else None
        except ValueError:
            raise Problem(422, "limit and before are whole numbers") from None
        kinds = tuple(kind for kind in query.get("kinds", "").split(",") if kind)
        subject = query.get("subject", "")
        entries = await self.house.journal.history(room.id, limit=limit, before=before, kinds=kinds, subject=subject)
        return JSONResponse({"room": room.id, "entries": [_entry(entry) for entry in entries]})

    async def contacts(self, request: Request) -> Response:
        """Whom this room can call: what `?q=` finds, or its favourites, and its recent calls."""
        return JSONResponse(await contacts(self.house, self._room(request), request.query_params))

    async def favourite(self, request: Request) -> Response:
        """Make somebody a favourite of the room, or one no more."""
        room = self._room(request, "command")
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > 4096:
                raise Problem(422, "the body is longer than 4096 bytes")
        return JSONResponse(await favourite(self.house, room, body))

    async def meetings(self, request: Request) -> Response:
        """The room's meetings of today as its panel shows them, and how its calendar is."""
        room = self._room(request)
        told = room.desk.told() if room.desk else {"calendar": None, "on": "", "next": "", "listed": []}
        return JSONResponse({"room": room.id, **told})

    async def why_no_button(self, request: Request) -> Response:
        """Why a meeting has no Join button; the detail is the administrator's."""
        room = self._room(request)
        identity = request.path_params["id"]
        try:
            why = self._desk(room).why(identity)
        except LookupError as error:
            raise Problem(404, str(error), "GET .../meetings lists today's.") from None
        told: dict[str, Any] = {"meeting": identity, "join": why is None}
        if why is not None:
            told |= {"code": why.code, "words": why.words}
            if self._token(request, "read", room.id).may("admin", room.id):
                told["detail"] = why.detail
        return JSONResponse(told)

    @staticmethod
    def _desk(room: Room) -> Desk:
        if not isinstance(room.desk, Desk):
            raise Problem(404, f"room {room.id!r} has no calendar", "[meetings] in its profile gives it one.")
        return room.desk

    async def command(self, request: Request) -> Response:
        """A recent command and its outcome so far."""
        token = self._token(request, "read")
        identity = request.path_params["id"]
        found = self.house.find_command(identity)
        if found is None or not token.may("read", found[0].id):
            raise Problem(404, f"no recent command {identity!r}", "Older ones are in the room's history.")
        room, part_id = found
        return JSONResponse({"room": room.id, **outcome_of(part_id, room.commands[identity][1])})

    # ---- devices and drivers ---------------------------------------------------------------------------------

    async def all_drivers(self, request: Request) -> Response:
        """Every driver, what it offers and what it does not."""
        self._token(request, "read")
        return JSONResponse({"drivers": [describe_driver(driver) for driver in self.drivers.values()]})

    async def devices(self, request: Request) -> Response:
        """Every device of the site, or with `?room=` those that a room uses (empty: that rooms share)."""
        self._token(request, "admin")
        room = request.query_params.get("room")
        wanted = list(self.house.devices) if room is None else devices_of(self.house, room)
        return JSONResponse(
            {"devices": {identity: self._device_told(self.house.devices[identity]) for identity in wanted}}
        )

    @staticmethod
    def _device_told(device: Device) -> dict[str, Any]:
        points = device.units[""].points if "" in device.units else {}
        identity = {name: plain(points[name].value) for name in sorted(IDENTITY) if name in points}
        return {**describe_device(device), "link": str(device.address), "identity": identity, "tape": device.tape.bytes}

    async def tape(self, request: Request) -> Response:
        """A device's latest frames, one JSON object a line; `?follow=1` goes on with each new one."""
        identity, device = self._device(request)
        follow = request.query_params.get("follow") in ("1", "true")
        token = self._token(request, "admin")
        lines = _tape(device, header(device, identity), follow, lambda: self.rights.tokens.holds(token))
        return StreamingResponse(lines, media_type="application/x-ndjson")

    async def restart(self, request: Request) -> Response:
        """Drop a device's connection and try again at once."""
        identity, device = self._device(request, unlocked=True)
        device.restart()
        return JSONResponse({"device": identity, "restarted": True}, 202)

    # ---- health ----------------------------------------------------------------------------------------------

    async def healthz(self, request: Request) -> Response:
        """Alive."""
        return JSONResponse({"alive": True})

    async def readyz(self, request: Request) -> Response:
        """Whether every device has been tried; with a token, each one's state. 503 until then."""
        house = self.house
        ready = house.settled()
        online = sum(device.online for device in house.devices.values())
        told: dict[str, Any] = {"ready": ready, "devices": {"online": online, "offline": len(house.devices) - online}}
        try:
            token: Token | None = self._token(request, "read")
        except Problem as problem:
            if problem.status == 429 or request.headers.get("authorization"):
                raise
            token = None
        if token is not None:
            told["journal"] = house.journal.trouble or "ok"
            told["state"] = {
                identity: describe_device(device)
                for identity, device in house.devices.items()
                if _may_see(house, token, identity)
            }
        return JSONResponse(told, 200 if ready else 503)


def _may_see(house: House, token: Token, device_id: str) -> bool:
    room, _, _name = device_id.rpartition("/")
    return token.may("read", room) if room else not token.rooms


async def _tape(
    device: Device, first: Mapping[str, Any], follow: bool, allowed: Callable[[], bool]
) -> AsyncIterator[bytes]:
    yield json.dumps(first).encode() + b"\n"
    follower = Follower(device.tape) if follow else None
    try:
        for entry in [entry for entry, _ in device.tape.entries]:
            yield json.dumps(as_json(entry)).encode() + b"\n"
        while follower is not None:
            told = await follower.next()
            if not allowed():
                return
            yield json.dumps(as_json(told)).encode() + b"\n"
    finally:
        if follower is not None:
            follower.close()


def _part_id(path: str) -> str:
    """`screens/left` -> `screen.left`; `volume` -> `volume`."""
    collection, _, name = path.partition("/")
    kind = COLLECTIONS.get(collection)
    return f"{kind.name}.{name}" if kind and name else path.replace("/", ".")


def _part_path(part_id: str) -> str:
    kind, _, name = part_id.partition(".")
    return f"{KINDS[kind].plural}/{name}" if name else kind


def _point(room: Room, path: str) -> tuple[str, str]:
    """`screens/left/position`, `screen.left.position`, `volume`, `muted` -> (part id, point)."""
    path = path.strip("/")
    head, _, last = path.replace("/", ".").rpartition(".")
    if head:
        part_id = head if head in room.parts or head == "room" else _part_id(head.replace(".", "/", 1))
        if part_id in (*room.parts, "room") and last in room.readings(part_id):
            return part_id, last
    else:
        if last in room.readings("room"):
            return "room", last
        holders = [part.id for part in room.parts.values() if last in part.kind.points]
        if holders:
            return holders[0], last
    known = ", ".join(f"{part.id}.{point}" for part in room.parts.values() for point in part.kind.points)
    raise Problem(404, f"room {room.id!r} has no point {path!r}", f"Its points: room.power, room.source, {known}.")


def _entry(entry: Any) -> dict[str, Any]:
    told = {"seq": entry.seq, "at": entry.at, "kind": entry.kind, "subject": entry.subject, **plain(entry.data)}
    if entry.id:
        told["id"] = entry.id
    if entry.cause:
        told["cause"] = entry.cause
    return told


def _words(point: str, chain: list[dict[str, Any]]) -> str:
    """The chain in one sentence."""
    if not chain:
        return f"{point} has not changed since the journal began."
    change = chain[0]
    said = f"{point} became {json.dumps(change.get('value'), ensure_ascii=False)} ({change.get('status')})"
    commands = [entry for entry in chain[1:] if entry["kind"] == "command"]
    if not commands:
        return f"{said}; the device changed by itself, or somebody at it did it."
    steps = " because of ".join(f"{_verb(entry)} ({entry.get('id')})" for entry in commands)
    who = commands[-1].get("cause", "")
    return f"{said} because of {steps}" + (f", asked by {who}." if who else ".")


def _verb(entry: Mapping[str, Any]) -> str:
    verb = str(entry.get("verb"))
    fields = COMMANDS[verb].example if verb in COMMANDS else {}
    values = ", ".join(str(entry[name]) for name in fields if name in entry)
    return f"{entry.get('subject') or 'the room'}: {verb}{' ' + values if values else ''}"
