"""A room over WebSocket: its whole state first, then every change at once; commands on the same socket.

Messages, both ways, are JSON objects, one a frame; docs/api.md describes them. A client that comes back says
`?since=SEQ&epoch=E` and gets the state and the events it missed. What may not live here: deciding anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.api.commands import LONGEST_BODY, parse, submit
from gateway.api.guest import PROTOCOL, token_text
from gateway.api.problem import Problem, fault
from gateway.api.rights import Rights, address_of
from gateway.auth import Token
from gateway.commands import COMMANDS, MoveCamera, Rows
from gateway.house import House
from gateway.mailbox import Mailbox
from gateway.report import outcome_of, state, tell
from gateway.room import Room
from gateway.ticket import Ticket

log = logging.getLogger("roomgate.api")

DOABLE = frozenset(verb for verb, cls in COMMANDS.items() if cls.public and not issubclass(cls, Rows))


class Sockets:
    """Serves `/api/v1/rooms/{room}/ws`."""

    def __init__(self, house: House, rights: Rights, epoch: str) -> None:
        self.house = house
        self.rights = rights
        self.epoch = epoch

    async def __call__(self, websocket: WebSocket) -> None:
        """One client, from its greeting to its going."""
        room_id = websocket.path_params["room"]
        try:
            token = self.rights.token(token_text(websocket), address_of(websocket.client))
            self.rights.allow(token, "read", room_id)
            room = self.house.rooms.get(room_id)
            if room is None:
                raise Problem(404, f"there is no room {room_id!r}", "GET /api/v1/rooms lists them.")
        except Problem as problem:
            await websocket.send_denial_response(problem.response())
            return
        offered = websocket.scope.get("subprotocols", ())
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        mailbox = room.listen()
        aimed: set[tuple[str, MoveCamera]] = set()  # how to stop the cameras that it has sent off
        try:
            await websocket.send_text(self._greeting(websocket, room))
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(_write(websocket, mailbox, self.rights, token))
                try:
                    await self._read(websocket, room, mailbox, token, aimed)
                finally:
                    writer.cancel()
        except* (WebSocketDisconnect, RuntimeError):
            pass  # the client has gone
        finally:
            room.unlisten(mailbox)
            for part_id, stop in aimed:  # nobody is left to say it
                with contextlib.suppress(Problem):
                    submit(room, stop, part_id, f"token:{token.name}")

    def _greeting(self, websocket: WebSocket, room: Room) -> str:
        query = websocket.query_params
        missed: list[Any] = []
        complete = True
        if query.get("epoch") == self.epoch and query.get("since", "").isdecimal():
            since = int(query["since"])
            missed = [event for event in room.events if event["seq"] > since]
            complete = len(room.events) < (room.events.maxlen or 0) or room.events[0]["seq"] <= since + 1
        told = {"type": "state", "epoch": self.epoch, "seq": room.seq, "at": room.clock.wall()}
        return json.dumps({**told, "state": state(room), "missed": missed, "complete": complete})

    async def _read(
        self, websocket: WebSocket, room: Room, mailbox: Mailbox, token: Token, aimed: set[tuple[str, MoveCamera]]
    ) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode("utf-8", "replace")
            ref: Any = None
            try:
                if len(text) > LONGEST_BODY:
                    raise Problem(413, f"a message is at most {LONGEST_BODY} bytes")
                try:
                    asked = json.loads(text)
                except (ValueError, RecursionError) as error:
                    raise Problem(422, f"not JSON: {error}", 'Send {"do": "volume", "level": 40}.') from None
                if not isinstance(asked, dict):
                    raise Problem(422, "not a JSON object", 'Send {"do": "volume", "level": 40}.')
                ref = asked.pop("ref", None)
                if asked.get("type") == "ping":
                    mailbox.put({"type": "pong", "ref": ref})
                    continue
                self._do(room, mailbox, token, asked, ref, aimed)
            except Problem as problem:
                mailbox.put({**json.loads(problem.body()), "type": "problem", "ref": ref})
            except Exception:
                log.exception("A message on the socket of %s met a fault", room.id)
                mailbox.put({**json.loads(fault().body()), "type": "problem", "ref": ref})

    def _do(
        self,
        room: Room,
        mailbox: Mailbox,
        token: Token,
        asked: dict[str, Any],
        ref: Any,
        aimed: set[tuple[str, MoveCamera]],
    ) -> None:
        if not self.rights.tokens.holds(token):
            raise Problem(401, self.rights.farewell(token))
        self.rights.allow(token, "command", room.id)
        verb, part_id = asked.pop("do", None), asked.pop("part", "")
        if not isinstance(verb, str) or verb not in DOABLE:
            known = ", ".join(sorted(DOABLE))
            raise Problem(422, f"do: {verb!r} is no verb", f"Known verbs: {known}.")
        if not isinstance(part_id, str):
            raise Problem(422, "part is a text such as 'screen.left'")
        self.rights.allow_command(token, room, verb, part_id)
        # As JSON again: from a dict, a strict adapter (`Command.__pydantic_config__`) takes no dataclass.
        command = parse(verb, json.dumps(asked).encode())
        ticket = submit(room, command, part_id, f"token:{token.name}")
        if isinstance(command, MoveCamera):
            stop = replace(command, to="stop")
            (aimed.discard if command.to == "stop" else aimed.add)((part_id, stop))

        def answered(ended: Ticket) -> None:
            mailbox.put({"type": "answer", "ref": ref, **outcome_of(part_id, ended)})

        if ticket.outcome is None:
            mailbox.put({"type": "taken", "ref": ref, "id": ticket.id})
        ticket.then(answered)


async def _write(websocket: WebSocket, mailbox: Mailbox, rights: Rights, token: Token) -> None:
    """Everything that lands in the mailbox, as soon as it lands."""
    while not mailbox.closed:
        await mailbox.wait()
        if not rights.tokens.holds(token):
            await websocket.close(4401, rights.farewell(token))
            return
        for message in unread(mailbox):
            await websocket.send_text(json.dumps(message))
    await websocket.close(1012, "the gateway is going down")


def unread(mailbox: Mailbox) -> list[Mapping[str, Any]]:
    """Take all news out of a mailbox: devices and parts, then points, then what is queued."""
    messages: list[Mapping[str, Any]] = []
    devices, mailbox.devices = mailbox.devices, {}
    parts, mailbox.parts = mailbox.parts, {}
    points, mailbox.points = mailbox.points, {}
    messages += ({"type": "device", "device": name, **told} for name, told in devices.items())
    messages += ({"type": "part", "part": name, **told} for name, told in parts.items())
    if points:
        changes = [{"part": part, "point": point, **tell(reading)} for (part, point), reading in points.items()]
        messages.append({"type": "change", "changes": changes})
    if mailbox.told_meetings is not None:
        messages.append({"type": "meetings", "meetings": mailbox.told_meetings})
        mailbox.told_meetings = None
    if mailbox.missed:
        messages.append({"type": "missed", "events": mailbox.missed})
        mailbox.missed = 0
    while mailbox.events:
        messages.append(mailbox.events.popleft())
    return messages
