"""The whole site on one page, for administrators: every room with what is wrong in it, those in trouble first.

One answer for all rooms, however many there are: read from memory, and nothing is sent where nothing has changed. What
may not live here: a room's own state (`asks.py`), who waits to be adopted (`adopting.py` knows, this counts).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from gateway.api.adopting import Adopting
from gateway.api.problem import Problem
from gateway.api.rights import Rights, address_of
from gateway.calendars.desk import Desk
from gateway.device import Device
from gateway.house import House
from gateway.model import Reason, plain
from gateway.report import tell
from gateway.room import Room

TROUBLES = ("offline", "calendar", "warning", "")  # worst first; "" = nothing is wrong


class Overview:
    """Serves `/api/v1/overview`."""

    def __init__(self, house: House, rights: Rights, adopting: Adopting) -> None:
        self.house = house
        self.rights = rights
        self.adopting = adopting

    def add_to(self, app: FastAPI) -> None:
        """Put the route on the application."""
        app.router.add_route("/api/v1/overview", self.overview, methods=["GET"], include_in_schema=False)

    async def overview(self, request: Request) -> Response:
        """Everything at a glance; 304 where it is as the asker has it."""
        token = self.rights.of_headers(request.scope["headers"], address_of(request.scope.get("client")))
        self.rights.allow(token, "admin")
        body = json.dumps({"token": token.name, **self.told()}, separators=(",", ":")).encode()
        headers = {"etag": f'"{hashlib.sha256(body).hexdigest()[:20]}"', "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def told(self) -> dict[str, Any]:
        """The site. Rooms are in the order of their trouble: kind, how many devices are away, name."""
        house = self.house
        rooms = sorted((self._room(room) for room in house.rooms.values()), key=_order)
        online = sum(device.online for device in house.devices.values())
        return {
            "devices": {"online": online, "offline": len(house.devices) - online},
            "journal": house.journal.trouble or "ok",
            "waiting": len(house.lobby.strangers) + len(self.adopting.pairings.waiting()),
            "shared": self._equipment(devices_of(house)),
            "rooms": rooms,
        }

    def _room(self, room: Room) -> dict[str, Any]:
        calendar = _calendar(room)
        told = self._equipment(devices_of(self.house, room.id))
        if told["trouble"] != "offline" and calendar is not None and calendar["trouble"]:
            told["trouble"] = "calendar"
        return {
            "room": room.id,
            "name": room.spec.name,
            "power": tell(room.own("power")),
            **told,
            "calendar": calendar,
            "surfaces": list(room.spec.surfaces),
        }

    def _equipment(self, identities: Iterable[str]) -> dict[str, Any]:
        """Some devices: how many, which are away and why, and what else is to be known of them."""
        devices = [(identity, self.house.devices[identity]) for identity in identities]
        away = [_away(identity, device) for identity, device in devices if not device.online]
        warnings = [{"device": identity, "warning": device.warning} for identity, device in devices if device.warning]
        broken = [one for one in away if one["reason"] not in (None, Reason.DISABLED.value)]
        trouble = "offline" if broken else "warning" if away or warnings else ""
        return {"trouble": trouble, "devices": len(devices), "away": away, "warnings": warnings}


def devices_of(house: House, room: str = "") -> list[str]:
    """The ids of a room's devices, those that it shares with others included; no room: all that are shared. Raises
    Problem 404."""
    if not room:
        return [device.id for device in house.spec.devices.values()]
    spec = house.spec.rooms.get(room)
    if spec is None:
        raise Problem(404, f"there is no room {room!r}", "GET /api/v1/rooms lists them.")
    own = [device.id for device in spec.devices.values()]
    return [*own, *sorted(identity for identity in spec.uses() if identity in house.devices and identity not in own)]


def _away(identity: str, device: Device) -> dict[str, Any]:
    """Why a device is away. reason null: it is being connected for the first time."""
    return {
        "device": identity,
        "driver": device.driver.name,
        "reason": plain(device.reason),
        "words": device.words,
        "since": device.since or None,
    }


def _calendar(room: Room) -> dict[str, Any] | None:
    """How a room's calendar is; None where it has none. A codec that sleeps, or a first look, is no trouble."""
    if not isinstance(room.desk, Desk):
        return None
    health, stale = room.desk.keeper.health, room.desk.keeper.stale
    return {
        "trouble": stale or health.state not in ("ok", "starting", "asleep"),
        "calendar": room.desk.spec.calendar,
        "state": health.state,
        "words": health.words,
        "read_at": health.read_at,
        "stale": stale,
    }


def _order(told: dict[str, Any]) -> tuple[int, int, str]:
    return TROUBLES.index(told["trouble"]), -len(told["away"]), told["name"].casefold()
