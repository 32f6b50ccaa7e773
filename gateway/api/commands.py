"""Commands over HTTP: from the raw request to the device in one straight line, and its outcome back.

A plain ASGI application for POST below `/api/v1/rooms/`: one hash look-up for the token, one prebuilt adapter for the
body, no dependency tree. What may not live here: anything that reads (`asks.py`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, unquote

from pydantic import TypeAdapter, ValidationError

from gateway.api.problem import ADVICE, STATUS, Problem
from gateway.api.rights import Rights, address_of
from gateway.commands import COMMANDS, ROOM_VERBS, Command, Rows
from gateway.house import House
from gateway.model import KINDS
from gateway.report import outcome_of
from gateway.room import NothingPlays, Room, RowsEnded
from gateway.spec import RoomSpec
from gateway.ticket import RoomTicket, Ticket

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/api/v1/rooms/"
LONGEST_BODY = 64 * 1024
WAIT, LONGEST_WAIT = 5.0, 120.0
ADAPTERS: Mapping[str, TypeAdapter[Command]] = {verb: TypeAdapter(cls) for verb, cls in COMMANDS.items()}


def routes(spec: RoomSpec) -> dict[str, tuple[str, str]]:
    """Every path below a room that takes a command -> (part id, "" = the room itself; verb)."""
    found: dict[str, tuple[str, str]] = {verb: ("", verb) for verb in ROOM_VERBS}
    for part in spec.parts.values():
        for verb in part.kind.verbs:
            found[part.kind.path(verb, part.name)] = (part.id, verb)
        if part.kind.verbs and not part.kind.single:
            found[f"{part.kind.plural}/{part.name}"] = (part.id, part.kind.verbs[0])
    return found


class Commands:
    """Takes commands for the rooms of a house."""

    def __init__(self, house: House, rights: Rights) -> None:
        self.house = house
        self.rights = rights
        self.routes = {room.id: routes(room.spec) for room in house.rooms.values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One POST: the outcome, 202 where it is still open after `?wait=` seconds, or a problem."""
        try:
            room, part_id, command, cause, wait = await self._read(scope, receive)
            if isinstance(command, Rows):
                await self._rows(room, part_id, command, cause, send)
                return
            ticket = submit(room, command, part_id, cause)
            if ticket.outcome is None and wait > 0:
                await ticket.ended(wait)
            await answer(send, *told(part_id, ticket))
        except Problem as problem:
            headers = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
            await answer(send, problem.status, problem.body(), b"application/problem+json", headers)

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Room, str, Command, str, float]:
        token = self.rights.of_headers(scope["headers"], address_of(scope.get("client")))
        room_id, _, rest = scope["path"][len(PREFIX) :].partition("/")
        self.rights.allow(token, "command", room_id)
        room = self.house.rooms.get(room_id)
        if room is None:
            raise Problem(404, f"there is no room {room_id!r}", "GET /api/v1/rooms lists them.")
        found = self.routes[room_id].get(rest)
        if found is None:
            raise no_route(room, unquote(rest))
        part_id, verb = found
        self.rights.allow_command(token, room, verb, part_id)
        command = parse(verb, await _body(receive))
        return room, part_id, command, f"token:{token.name}", _wait(scope.get("query_string", b""))

    async def _rows(self, room: Room, part_id: str, command: Rows, cause: str, send: Send) -> None:
        started = False
        try:
            async with contextlib.aclosing(room.rows(command, part_id, cause=cause)) as rows:
                async for row in rows:
                    if not started:
                        await _start(send, 200, b"application/x-ndjson")
                        started = True
                    line = json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n"
                    await send({"type": "http.response.body", "body": line, "more_body": True})
        except NothingPlays as error:
            raise Problem(409, str(error), "The room's state lists what its parts take.") from None
        except RowsEnded as error:
            if not started:
                raise Problem(STATUS[error.outcome.result], str(error), ADVICE[error.outcome.result]) from None
            line = json.dumps({"error": str(error)}).encode() + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
        if not started:
            await _start(send, 200, b"application/x-ndjson")
        await send({"type": "http.response.body", "body": b""})


def no_route(room: Room, rest: str) -> Problem:
    """404 where there is nothing, 405 where it can only be read, 409 for what a room may have and this one has not."""
    head, _, name = rest.partition("/")
    if not rest or head in ("why", "history", "ws"):
        return Problem(405, "this can only be read", "GET /docs describes everything there is.", {}, {"allow": "GET"})
    kinds = {part.kind.name for part in room.parts.values()}
    for kind in KINDS.values():
        known = head == kind.plural and name if kind.plural else any(rest == kind.path(verb) for verb in kind.verbs)
        if known and kind.name not in kinds:
            return Problem(409, f"nothing in room {room.id!r} plays {kind.name}", "The room's state lists its parts.")
    return Problem(404, f"room {room.id!r} takes no command at {rest!r}", "The room's state lists its parts and verbs.")


def parse(verb: str, body: bytes) -> Command:
    """The command of a verb from a JSON body. Raises Problem 422 naming every mistake."""
    try:
        return ADAPTERS[verb].validate_json(body or b"{}")
    except ValidationError as error:
        raise misunderstood(verb, error) from None


def misunderstood(verb: str, error: ValidationError) -> Problem:
    """422 with each mistake in words, and an example of what would do."""
    mistakes = [
        {"where": ".".join(str(at) for at in item["loc"]) or "body", "what": item["msg"].removeprefix("Value error, ")}
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    detail = "; ".join(f"{mistake['where']}: {mistake['what']}" for mistake in mistakes)
    example = json.dumps(dict(COMMANDS[verb].example))
    return Problem(422, detail, f"{COMMANDS[verb].doc} Example: {example}", {"mistakes": mistakes})


def submit(room: Room, command: Command, part_id: str, cause: str) -> Ticket:
    """Hand a command to the room; its refusals become problems."""
    try:
        return room.submit(command, part_id, cause=cause)
    except NothingPlays as error:
        raise Problem(409, str(error), "The room's state lists what its parts take.") from None
    except ValueError as error:
        raise Problem(422, str(error), COMMANDS[command.verb].doc) from None


def told(part_id: str, ticket: Ticket) -> tuple[int, bytes, bytes]:
    """Status, body and media type for a command's outcome so far."""
    described = outcome_of(part_id, ticket)
    if ticket.outcome is None:
        return 202, json.dumps(described).encode(), b"application/json"
    if ticket.outcome.good or isinstance(ticket, RoomTicket):
        return 200, json.dumps(described).encode(), b"application/json"
    outcome = ticket.outcome
    words = outcome.words or outcome.result.value
    problem = Problem(STATUS[outcome.result], words, ADVICE[outcome.result], described)
    return problem.status, problem.body(), b"application/problem+json"


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= LONGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > LONGEST_BODY:
        raise Problem(413, f"a command is at most {LONGEST_BODY} bytes")
    if message["type"] == "http.disconnect":  # half a command is none
        raise Problem(400, "the request broke off")
    return body


def _wait(query: bytes) -> float:
    if not query:
        return WAIT
    given = parse_qs(query.decode("latin-1")).get("wait")
    if not given:
        return WAIT
    try:
        wait = float(given[0])
    except ValueError:
        wait = -1.0
    if not 0 <= wait <= LONGEST_WAIT:
        raise Problem(422, f"wait is 0 to {LONGEST_WAIT:g} seconds, not {given[0]!r}")
    return wait


async def _start(send: Send, status: int, media: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", media)]})


async def answer(
    send: Send, status: int, body: bytes, media: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """One whole HTTP response."""
    length = str(len(body)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", media), (b"content-length", length), *(headers or ())],
        }
    )
    await send({"type": "http.response.body", "body": body})
