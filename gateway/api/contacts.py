"""A room's contacts over HTTP: favourites and recent calls first, then what is typed. Read off the event loop.

What may not live here: how names are found (`gateway/directory/`), dialling (the `dial` command).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.api.problem import Problem
from gateway.directory import DirectoryError
from gateway.directory.book import LIMIT, scopes_of
from gateway.directory.contact import address, words
from gateway.house import House
from gateway.room import Room

RECENT = 20


async def contacts(house: House, room: Room, query: Mapping[str, str]) -> dict[str, Any]:
    """`?q=`: the contacts that fit. Without it: the favourites, and whom this room last called or was called by."""
    if house.directory is None:
        raise Problem(503, "this gateway keeps no contacts")
    text = query.get("q", "")
    if len(text) > 256:
        raise Problem(422, "q is at most 256 characters")
    try:
        limit = min(max(int(query.get("limit", str(LIMIT))), 1), 200)
    except ValueError:
        raise Problem(422, "limit is a whole number") from None
    scopes = scopes_of(room.id, room.spec.group)
    try:
        found = await house.directory.search(text, scopes, limit)
    except DirectoryError as error:
        raise Problem(503, str(error)) from None
    told: dict[str, Any] = {"room": room.id, "contacts": [contact.as_json() for contact in found]}
    recent = await _recent(house, room)
    asked = words(text)
    told["recent"] = [call for call in recent if _fits(call, asked)][:RECENT]
    return told


async def favourite(house: House, room: Room, body: bytes) -> dict[str, Any]:
    """`{"name", "address", "protocol", "on"}`: make somebody a favourite of this room, or one no more."""
    if house.directory is None:
        raise Problem(503, "this gateway keeps no contacts")
    try:
        told = json.loads(body)
        name, on = " ".join(told["name"].split()), told.get("on", True)
        at = address(told["address"], told.get("protocol", ""))
        if not name or len(name) > 256 or not isinstance(on, bool) or at.protocol not in ("", "sip", "h323", "phone"):
            raise ValueError("a name of at most 256 characters, and on is true or false")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        words = f": {error}" if isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError) else ""
        advice = 'Send {"name": "Jo", "address": "jo@example.com", "protocol": "sip", "on": true}.'
        raise Problem(422, f"the body is not understood{words}", advice) from None
    try:
        made = await house.directory.star(scopes_of(room.id, room.spec.group), name, at, on)
    except DirectoryError as error:
        raise Problem(503, str(error)) from None
    return {"room": room.id, "contact": made.as_json()}


async def _recent(house: House, room: Room) -> list[dict[str, Any]]:
    """The latest calls, newest first, each far end once."""
    entries = await house.journal.history(room.id, kinds=("call",), limit=100)
    seen: dict[str, dict[str, Any]] = {}
    for entry in entries:
        call = entry.data.get("call") or {}
        address = (call.get("address") or "").removeprefix("sip:").removeprefix("tel:")  # as some codecs tell it
        if address and address not in seen:
            told = {name: call.get(name) for name in ("name", "protocol", "direction") if call.get(name)}
            seen[address] = {"address": address, **told, "at": entry.at, "outcome": entry.data.get("outcome", "")}
    return list(seen.values())


def _fits(call: Mapping[str, Any], asked: list[str]) -> bool:
    held = words(f"{call.get('name', '')} {call['address']}")
    return all(any(word.startswith(one) for word in held) for one in asked)
