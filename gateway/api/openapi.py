"""The OpenAPI description, made from the commands and the kinds of part: what is not there cannot be described.

What may not live here: any route of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from gateway import __version__
from gateway.commands import COMMANDS, ROOM_VERBS, Command, Rows, RunScene, SelectInput, SelectSource, SetVolume
from gateway.model import KINDS, POINTS
from gateway.spec import RoomSpec

PROBLEM = {"$ref": "#/components/schemas/Problem"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "room": {"description": "The room's id.", "example": "demo"},
    "name": {"description": "The part's name."},
    "id": {"description": "The command's id.", "example": "c69-1"},
    "point": {"description": "A point, such as `volume` or `screen.left.position`.", "example": "volume"},
    "part": {"description": "A part's path, such as `volume` or `screens/left`.", "example": "volume"},
    "surface": {"description": "A surface of the room, by its name in the profile.", "example": "deck"},
    "key": {"description": "A key's name.", "example": "help"},
    "meeting": {"description": "A meeting's id.", "example": "9f86d081884c7d65"},
    "surface_id": {"description": "A panel's code, or a deck's id.", "example": "desk/streamdeck:AL12"},
    "token": {"description": "A token's name.", "example": "panel-demo"},
    "device": {"description": "The device's id, such as `demo/codec`.", "example": "demo/codec"},
}


def describe(rooms: Mapping[str, RoomSpec]) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document, with examples that work on this site."""
    examples = _Examples(rooms)
    paths: dict[str, Any] = {}
    for verb in ROOM_VERBS:
        paths[f"/api/v1/rooms/{{room}}/{verb}"] = {"post": _command(COMMANDS[verb], "room", "", examples)}
    for kind in KINDS.values():
        for verb in kind.verbs:
            path = kind.path(verb, "{name}")
            paths[f"/api/v1/rooms/{{room}}/{path}"] = {"post": _command(COMMANDS[verb], kind.name, kind.doc, examples)}
        if not kind.single:
            path = f"/api/v1/rooms/{{room}}/{kind.plural}/{{name}}"
            paths[path] = {"get": _ask(f"A {kind.name}'s state. {kind.doc}", "state", kind.name)}
            if kind.verbs:
                paths[path]["post"] = _command(COMMANDS[kind.verbs[0]], kind.name, kind.doc, examples, short=True)
        else:
            paths.setdefault(f"/api/v1/rooms/{{room}}/{kind.name}", {})["get"] = _ask(
                f"The part's state. {kind.doc}", "state", kind.name
            )
    for path, (summary, tag) in ASKS.items():
        paths.setdefault(path, {})["get"] = _ask(summary, tag, "")
    paths["/api/v1/devices/{device}/restart"] = {
        "post": {
            **_ask(
                "Drop a device's connection and try again at once (admin, or an unlocked panel of its room).",
                "devices",
                "",
            ),
            "responses": _ok(202),
        }
    }
    for (path, method), (summary, tag) in DEEDS.items():
        paths.setdefault(path, {})[method] = _ask(summary, tag, "")
    adopt = {"room": next(iter(rooms), "demo"), "surface": "", "name": ""}
    text = {"type": "string"}
    schema = {"type": "object", "required": ["room"], "properties": dict.fromkeys(adopt, text)}
    paths["/api/v1/surfaces/{surface_id}/adopt"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": adopt}},
    }
    schema = {"type": "object", "properties": {"code": text, "pin": text}}
    paths["/api/v1/rooms/{room}/phones"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": {"code": "vJxZ0bVqkq3yVwq3yVwq3g"}}},
    }
    schema = {"type": "object", "required": ["pin"], "properties": {"pin": text}}
    paths["/api/v1/rooms/{room}/unlock"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": {"pin": "271828"}}},
    }
    for path, item in paths.items():
        parameters = [_parameter(name, path, examples) for name in PARAMETERS if f"{{{name}}}" in path]
        if parameters:
            item["parameters"] = parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "RoomGate Room Control API",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM_SCHEMA, "Reading": READING_SCHEMA, "Outcome": OUTCOME_SCHEMA},
        },
    }


class _Examples:
    """Values that exist on this site: its first room, that room's parts, devices and sources."""

    def __init__(self, rooms: Mapping[str, RoomSpec]) -> None:
        self.room = next(iter(rooms.values()), None)

    def parameter(self, name: str, kind: str) -> str:
        """A value for a path's parameter; `kind` the part's where the path names one."""
        room = self.room
        if room is not None and name == "room":
            return room.id
        if room is not None and name in ("surface", "key") and room.surfaces:
            surface = next(iter(room.surfaces.values()))
            return surface.name if name == "surface" else next(key.id for page in surface.pages for key in page.keys)
        if room is not None and name == "name":
            return next((part.name for part in room.parts.values() if part.kind.name == kind), "main")
        if room is not None and name == "device" and room.devices:
            return next(iter(room.devices.values())).id
        if room is not None and name in ("part", "point") and room.parts:
            part = next(iter(room.parts.values()))
            where = f"{part.kind.plural}/{part.name}" if part.name else part.kind.name
            return where if name == "part" else f"{where}/{part.kind.points[0]}"
        return str(PARAMETERS[name].get("example", "main"))

    def body(self, command: type[Command]) -> dict[str, Any]:
        """A command's example, with a source or an input that this room has."""
        example = dict(command.example)
        if self.room is not None and self.room.sources:
            source = next(iter(self.room.sources.values()))
            if command is SelectSource:
                example["source"] = source.name
            elif command is SelectInput and source.inputs:
                example["input"] = next(iter(source.inputs.values()))
        if command is RunScene and self.room is not None and self.room.scenes:
            example["scene"] = next(iter(self.room.scenes))
        if command is SetVolume and self.room is not None:
            example["level"] = min(example["level"], self.room.maximum_volume)
        return example


def _command(command: type[Command], tag: str, doc: str, examples: _Examples, *, short: bool = False) -> dict[str, Any]:
    schema = TypeAdapter(command).json_schema()
    schema.pop("title", None)
    summary = command.doc + (" The same as the path below with its verb." if short else "")
    described: dict[str, Any] = {
        "summary": summary,
        "tags": [tag],
        "parameters": [
            {
                "name": "wait",
                "in": "query",
                "description": "Seconds to wait for the outcome, 0 to 120; 0 answers 202 at once.",
                "schema": {"type": "number", "default": 5},
            }
        ],
        "requestBody": {
            "required": bool(schema.get("required")),
            "content": {"application/json": {"schema": schema, "example": examples.body(command)}},
        },
        "responses": {
            "200": _content("The outcome: confirmed or assumed.", {"$ref": "#/components/schemas/Outcome"}),
            "202": _content("Still open; GET /api/v1/commands/{id} tells.", {"$ref": "#/components/schemas/Outcome"}),
            **{
                status: {"description": words, "content": {"application/problem+json": {"schema": PROBLEM}}}
                for status, words in ERRORS.items()
            },
        },
    }
    if doc:
        described["description"] = doc
    if issubclass(command, Rows):
        described["responses"]["200"] = {
            "description": "One row a line, as they come.",
            "content": {"application/x-ndjson": {"schema": {"type": "object"}}},
        }
    return described


def _ask(summary: str, tag: str, kind: str) -> dict[str, Any]:
    return {"summary": summary, "tags": [kind or tag], "responses": {**_ok(200), "401": _error(), "404": _error()}}


def _parameter(name: str, path: str, examples: _Examples) -> dict[str, Any]:
    held = dict(PARAMETERS[name])
    kind = next((kind.name for kind in KINDS.values() if kind.plural and f"/{kind.plural}/" in path), "")
    held["example"] = examples.parameter(name, kind)
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, **held}


def _ok(status: int) -> dict[str, Any]:
    return {str(status): {"description": "As asked.", "content": {"application/json": {"schema": {"type": "object"}}}}}


def _error() -> dict[str, Any]:
    return {"description": "A problem.", "content": {"application/problem+json": {"schema": PROBLEM}}}


def _content(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


ASKS = {
    "/api/v1/rooms": ("The rooms this token may see.", "rooms"),
    "/api/v1/rooms/{room}": ("A room's whole state.", "rooms"),
    "/api/v1/rooms/{room}/{part}": ("One part's state, at the path its commands have.", "rooms"),
    "/api/v1/rooms/{room}/why/{point}": ("Why a point is as it is.", "rooms"),
    "/api/v1/rooms/{room}/history": (
        "What happened, newest first; `limit`, `before` (a seq), `kinds` and `subject` narrow it.",
        "rooms",
    ),
    "/api/v1/rooms/{room}/meetings": ("The room's meetings of today as its panel shows them.", "meetings"),
    "/api/v1/rooms/{room}/meetings/{meeting}/why": ("Why a meeting has no Join button.", "meetings"),
    "/api/v1/rooms/{room}/contacts": (
        "Whom this room can call: what `?q=` finds, or its favourites; `recent`: its latest calls; `limit` 1 to 200.",
        "rooms",
    ),
    "/api/v1/rooms/{room}/ws": (
        'WebSocket: the whole state first, then changes, events and answers; commands as {"do": VERB, ...}.',
        "rooms",
    ),
    "/api/v1/rooms/{room}/surfaces": ("The room's surfaces: decks, keypads, panels.", "surfaces"),
    "/api/v1/rooms/{room}/surfaces/{surface}": ("A surface: its pages, and every key's face.", "surfaces"),
    "/api/v1/rooms/{room}/surfaces/{surface}/keys/{key}.png": (
        "A key as it looks now, as a PNG; `?size=` 24 to 512 pixels. The ETag changes only with the picture.",
        "surfaces",
    ),
    "/api/v1/rooms/{room}/surfaces/{surface}/ws": (
        'WebSocket: every face first, then those that change; presses as {"press": KEY, "edge": "down"}.',
        "surfaces",
    ),
    "/api/v1/rooms/{room}/flat": (
        "WebSocket: the room as one flat JSON object, whole each time; takes the same commands.",
        "rooms",
    ),
    "/api/v1/commands/{id}": ("A recent command and its outcome so far.", "rooms"),
    "/api/v1/drivers": ("Every driver: links, settings, what it offers and what not.", "devices"),
    "/api/v1/devices": ("Every device of the site, or with `?room=` those that a room uses (admin).", "devices"),
    "/api/v1/overview": (
        "Every room with what is wrong in it, those in trouble first; 304 with `If-None-Match` (admin).",
        "rooms",
    ),
    "/api/v1/devices/{device}/tape": (
        "A device's latest frames, one JSON object a line; `?follow=1` goes on (admin).",
        "devices",
    ),
    "/api/v1/pairing": (
        "A panel that showed a code asks whether it was approved: its token, once (`Authorization: Pairing SECRET`).",
        "surfaces",
    ),
    "/api/v1/rooms/{room}/phones": ("Whether phones come in by a PIN here; no token needed.", "phones"),
    "/api/v1/rooms/{room}/phones/qr": (
        "The code that lets phones in now, as an SVG and an address; for the room's panels, not for phones.",
        "phones",
    ),
    "/api/v1/surfaces": ("Who waits to be let in, and which decks have a room (admin).", "surfaces"),
    "/api/v1/tokens": ("Every token: its name, role and rooms; of a phone's the seconds left (admin).", "tokens"),
    "/healthz": ("Alive.", "health"),
    "/readyz": ("Every device's state; 503 until each has been tried.", "health"),
}
DEEDS = {
    ("/api/v1/pairing", "post"): (
        "A code for a panel to show, and the secret it asks with; no token needed.",
        "surfaces",
    ),
    ("/api/v1/surfaces/{surface_id}/adopt", "post"): (
        'Give a panel (by its code) or a deck to a room: {"room": ..., "surface": ...} (admin).',
        "surfaces",
    ),
    ("/api/v1/surfaces/{surface_id}", "delete"): (
        "Take a deck from its room, or turn a panel away (admin).",
        "surfaces",
    ),
    ("/api/v1/rooms/{room}/contacts/favourite", "put"): (
        'Make somebody a favourite of the room, or one no more: {"name": ..., "address": ..., "on": true}.',
        "rooms",
    ),
    ("/api/v1/rooms/{room}/unlock", "post"): (
        "Unlock a panel by the room's administrator's PIN, for five minutes; not for phones.",
        "surfaces",
    ),
    ("/api/v1/rooms/{room}/unlock", "delete"): ("Lock it again.", "surfaces"),
    ("/api/v1/rooms/{room}/phones", "post"): (
        'A token of the room for a while: {"code": ...} from its panel, or {"pin": ...}; no token needed.',
        "phones",
    ),
    ("/api/v1/tokens/{token}", "delete"): ("Make a token worthless, at once (admin).", "tokens"),
}
ERRORS = {
    "401": "No valid token.",
    "403": "This token may not.",
    "404": "No such room or part.",
    "409": "Nothing plays that part, or a newer command took its place.",
    "422": "The body is not understood; `mistakes` names each.",
    "429": "Too many wrong tokens from this address.",
    "502": "The device refused, in its words.",
    "503": "The device is away, with the reason.",
    "504": "Not confirmed in time.",
}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "advice": {"type": "string", "description": "What to do about it."},
    },
}
OUTCOME_SCHEMA = {
    "type": "object",
    "required": ["id", "verb", "result"],
    "properties": {
        "id": {"type": "string"},
        "verb": {"type": "string", "enum": sorted(verb for verb, cls in COMMANDS.items() if cls.public)},
        "part": {"type": ["string", "null"]},
        "result": {
            "type": "string",
            "enum": ["pending", "confirmed", "assumed", "refused", "unconfirmed", "offline", "superseded"],
        },
        "words": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Outcome"}},
        "complete": {"type": "boolean", "description": "On room-level commands: every part did it."},
    },
}
READING_SCHEMA = {
    "type": "object",
    "description": "What is known of one point. Points: " + ", ".join(sorted(POINTS)) + ".",
    "properties": {
        "value": {},
        "status": {"type": "string", "enum": ["confirmed", "assumed", "stale", "unknown"]},
        "since": {"type": ["number", "null"], "description": "Seconds since 1970."},
        "cause": {"type": ["string", "null"], "description": "The id of the command that brought it about."},
    },
}
DESCRIPTION = """Say what the room shall do; the gateway knows which equipment does it. Every command ends in one
outcome: confirmed (the device's own feedback shows it), assumed (the device cannot tell), refused, unconfirmed, offline
or superseded. State is what the devices say, never what was hoped for."""
