"""A room as one flat JSON object, for clients that can do no more: plain names, plain values, whole each time.

`GET /api/v1/rooms/{room}/flat` is a WebSocket. It sends the whole object first and again whenever anything changes, and
takes the commands of the other socket. What may not live here: deciding anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.websockets import WebSocket

from gateway.api.commands import parse, submit
from gateway.api.guest import News, accept, gone_quietly, greet, heard
from gateway.api.problem import Problem
from gateway.api.rights import Rights
from gateway.api.socket import DOABLE
from gateway.auth import Token
from gateway.house import House
from gateway.mailbox import Mailbox
from gateway.model import Reading
from gateway.profile.layout import OF_CALLS
from gateway.room import Room
from gateway.surfaces.roomview import RoomState
from gateway.surfaces.surface import look
from gateway.ticket import Ticket


class Flat:
    """Serves `/api/v1/rooms/{room}/flat`."""

    def __init__(self, house: House, rights: Rights) -> None:
        self.house = house
        self.rights = rights

    def add_to(self, app: FastAPI) -> None:
        """Put the route on the application."""
        app.router.add_websocket_route("/api/v1/rooms/{room}/flat", self.socket)

    async def socket(self, websocket: WebSocket) -> None:
        """One client, from its greeting to its going."""
        try:
            room, token = await greet(websocket, self.house, self.rights)
        except Problem as problem:
            await websocket.send_denial_response(problem.response())
            return
        await accept(websocket)
        client = _Client(websocket, room, self.rights, token)
        room.mailboxes.add(client)
        try:
            with gone_quietly():
                client.news.wake()
                async with asyncio.TaskGroup() as group:
                    writer = group.create_task(client.news.tell(client.unread))
                    try:
                        await client.read_all()
                    finally:
                        writer.cancel()
        finally:
            room.mailboxes.discard(client)


class _Client(Mailbox):
    """One client: whatever is new in the room, it is told all of it."""

    def __init__(self, websocket: WebSocket, room: Room, rights: Rights, token: Token) -> None:
        super().__init__()
        self.websocket = websocket
        self.room = room
        self.rights = rights
        self.token = token
        self.news = News(websocket, rights, token)
        self.last: dict[str, Any] = {"last.number": 0, "last.result": "", "last.words": ""}
        self.heard = 0  # commands of this client, the wrong ones too
        self.told: Mapping[str, Any] = {}

    def changed(self, part: str, point: str, reading: Reading) -> None:
        """A point has a new reading."""
        self.news.wake()

    def part(self, part: str, described: Mapping[str, Any]) -> None:
        """A part came or went."""
        self.news.wake()

    def device(self, name: str, described: Mapping[str, Any]) -> None:
        """Its parts say so, too."""

    def put(self, event: Mapping[str, Any]) -> None:
        """What happened shows in the values."""

    def nudge(self) -> None:
        """Look again at whether it may still listen."""
        self.news.wake()

    def close(self) -> None:
        """The gateway is going down."""
        self.news.closed = True
        self.news.wake()

    def unread(self) -> list[dict[str, Any]]:
        """The whole object, where anything in it is different."""
        now = {**flat(self.room), **self.last}
        if now == self.told:
            return []
        self.told = now
        return [now]

    async def read_all(self) -> None:
        """Every command that it gives, until it goes."""
        while True:
            self.heard += 1
            try:
                asked = await heard(self.websocket)
                if asked is None:
                    return
                self._do(asked, self.heard)
            except Problem as problem:
                self._said(self.heard, "problem", problem.detail)

    def _said(self, number: int, result: str, words: str) -> None:
        self.last = {"last.number": number, "last.result": result, "last.words": words}
        self.news.wake()

    def _do(self, asked: dict[str, Any], number: int) -> None:
        if not self.rights.tokens.holds(self.token):
            raise Problem(401, self.rights.farewell(self.token))
        self.rights.allow(self.token, "command", self.room.id)
        verb, part = asked.pop("do", None), asked.pop("part", "")
        if not isinstance(verb, str) or verb not in DOABLE:
            raise Problem(422, f"do: {verb!r} is no verb")
        if not isinstance(part, str):
            raise Problem(422, "part is a text such as 'screen.left'")
        self.rights.allow_command(self.token, self.room, verb, part)
        ticket = submit(self.room, parse(verb, json.dumps(asked).encode()), part, f"token:{self.token.name}")

        def ended(ticket: Ticket) -> None:
            assert ticket.outcome is not None
            self._said(number, ticket.outcome.result.value, ticket.outcome.words)

        if ticket.outcome is None:
            self._said(number, "pending", "")
        ticket.then(ended)


def flat(room: Room) -> dict[str, Any]:
    """Every point of the room as `part.point`: numbers, texts, true, false; null where it is not known.

    A list of calls comes to `calls.state`, `calls.with` and `calls.count`; `PART.online`: whether its device is there.
    """
    state = RoomState(room)
    told: dict[str, Any] = {f"room.{point}": reading.value for point, reading in room.readings("room").items()}
    for part in room.parts.values():
        told[f"{part.id}.online"] = part.player.online
        for point, reading in room.readings(part.id).items():
            if point == "calls":
                told.update({f"{part.id}.{name}": look(state, part.id, name).value for name in OF_CALLS})
            elif reading.value is None or isinstance(reading.value, str | int | float | bool):
                told[f"{part.id}.{point}"] = reading.value
            else:
                told[f"{part.id}.{point}"] = ", ".join(str(item) for item in reading.value)
    return told
