"""The key door: `GET` or `POST /k/{token}/{action}`, for keypads that can do no more than fetch a URL.

A keypad's token allows the actions that the room's profile lists for it, from the addresses that it lists, and nothing
else. What may not live here: what an action does (`steps.py`).
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from gateway.api.rights import address_of
from gateway.auth import Guard, journaled
from gateway.house import House
from gateway.profile.keypads import KeypadSpec
from gateway.room import NothingPlays, Room

log = logging.getLogger("roomgate.api")

WAIT = 5.0  # seconds that an answer waits for the outcome


class KeyDoor:
    """Serves `/k/{token}/{action}` for all rooms of a house."""

    def __init__(self, house: House) -> None:
        self.guard = Guard(house.clock, journaled(house.journal, house.clock))
        self.keypads: dict[str, tuple[Room, KeypadSpec]] = {}
        for room in house.rooms.values():
            for keypad in room.spec.keypads.values():
                self.keypads[_digest(keypad.token)] = room, keypad

    def add_to(self, app: FastAPI) -> None:
        """Put the route on the application; without a keypad there is none."""
        if self.keypads:
            app.router.add_route("/k/{token}/{action}", self.press, methods=["GET", "POST"], include_in_schema=False)

    async def press(self, request: Request) -> Response:
        """One key: a line of plain text says what became of it."""
        address = address_of(request.scope.get("client"))
        wait = self.guard.wait(address)
        found = self.keypads.get(_digest(request.path_params["token"][:256]))
        if found is None:
            self.guard.failed(address, "key token")
            if wait > 0:
                return _line("ERROR too many wrong tokens", 429, {"retry-after": str(int(wait) + 1)})
            log.warning("%s came to the key door with a wrong token", address)
            return _line("ERROR there is no such key", 404)
        room, keypad = found
        if not _within(address, keypad.allow):
            self.guard.failed(address, "key token's address")
            if wait > 0:
                return _line("ERROR too many wrong tokens", 429, {"retry-after": str(int(wait) + 1)})
            log.warning("%s came to the key door with the token of keypad %s, from an address that is not its", address,
                        keypad.name)  # fmt: skip
            room.event("alert", {"what": "key door", "text": f"{keypad.name}: {address} is not allowed"})
            return _line("ERROR this address is not allowed", 403)
        self.guard.worked(address)
        action = request.path_params["action"]
        step = keypad.actions.get(action)
        if step is None:
            return _line(f"ERROR no action; there is: {', '.join(keypad.actions)}", 404)
        told = {"device": keypad.name, "unit": "", "key": action, "edge": "tap", "value": None}
        room.event("press", told, f"keypad:{keypad.name}")
        try:
            ticket = room.submit(step.command, step.part, cause=f"keypad:{keypad.name}/{action}")
        except (NothingPlays, ValueError) as error:
            return _line(f"ERROR {error}", 409)
        outcome = await ticket.ended(WAIT)
        if outcome is None:
            return _line(f"OK pending {ticket.id}", 202)
        words = f"{outcome.result.value} {outcome.words}".strip()
        return _line(f"OK {words}", 200) if outcome.good else _line(f"ERROR {words}", 502)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        here = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(here, "ipv4_mapped", None)
    return any((mapped or here) in ipaddress.ip_network(network) for network in networks)


def _line(words: str, status: int, headers: dict[str, str] | None = None) -> Response:
    told = {"cache-control": "no-store", "referrer-policy": "no-referrer", **(headers or {})}
    return PlainTextResponse(" ".join(words.split()) + "\r\n", status, headers=told)
