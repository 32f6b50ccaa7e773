"""What the codec's JSON says, in points, calls and rows. Every field of every reply is optional.

Firmware 4.0 answers null or 404 where 3.x gave objects (AVI-SPL driver). What may not live here: asking.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from gateway.driver import HttpReply
from gateway.model import Call, CallState

Tree = Mapping[str, Any]

# The words of a connection's `state` are in none of our sources; these are the words that the Poly command line and
# the REST filters have for the same things. Any other word is shown as unknown.
STATES: Mapping[str, CallState] = {
    "ALLOCATED": "dialling",
    "OPENED": "dialling",
    "DIALING": "dialling",
    "DIALLING": "dialling",
    "CALLING": "dialling",
    "PENDING": "dialling",
    "RINGING": "ringing",
    "ALERTING": "ringing",
    "INCOMING": "ringing",
    "ANSWERABLE": "ringing",
    "CONNECTING": "connecting",
    "ANSWERING": "connecting",
    "CONNECTED": "connected",
    "ACTIVE": "connected",
    "COMPLETE": "connected",
    "HOLD": "on hold",
    "ON_HOLD": "on hold",
    "ONHOLD": "on hold",
    "DISCONNECTING": "disconnecting",
    "DISCONNECTED": "ended",
    "INACTIVE": "ended",
    "CLEARED": "ended",
    "ENDED": "ended",
}


def parsed(reply: HttpReply) -> Any:
    """The JSON of a reply; a bare word (CONTENT_IDLE, seen in a recording) as text; None where there is nothing."""
    text = reply.body.decode("utf-8", "replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text if text and len(text) < 64 and text.replace("_", "").isalnum() else None


def refused(reply: HttpReply) -> str:
    """Why the codec said no, in its words where it has any; "" where it did not."""
    told = parsed(reply)
    good = 200 <= reply.status < 300
    if good and not (isinstance(told, dict) and told.get("success") is False):
        return ""
    return words(told, "reason", "message", "error") or f"HTTP {reply.status}"


def words(held: Any, *names: str) -> str:
    """The first of these fields that is a text."""
    for name in names if isinstance(held, dict) else ():
        value = held.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def key(value: Any) -> str:
    """An id, which may be a number or a text; "" where it is neither, or could not stand in a path."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value)
    return text if text and len(text) <= 128 and text.isascii() and not set(text) - PLAIN else ""


PLAIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~:@=+")


def whole(value: Any, lowest: int = 0, highest: int = 2**53) -> int | None:
    """A whole number within its limits; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if lowest <= value <= highest else None


def truth(value: Any) -> bool | None:
    """A bare true or false, or one in `result` (GET /rest/video/local/mute)."""
    if isinstance(value, dict):
        value = value.get("result")
    return value if isinstance(value, bool) else None


def system(told: Any) -> dict[str, Any]:
    """GET /rest/system: who it is, and whether it sleeps."""
    state = words(told, "state").upper()
    return {
        "power": ("standby" if state == "ASLEEP" else "on") if state else None,
        "name": words(told, "systemName") or None,
        "model": words(told, "model") or None,
        "serial": words(told, "serialNumber") or None,
        "firmware": words(told, "softwareVersion") or None,
    }


def content(told: Any) -> str | None:
    """GET /rest/cameras/contentstatus. Only CONTENT_IDLE was ever recorded; of the others the word is what we have."""
    if isinstance(told, dict):
        told = words(told, "status", "contentStatus", "result")
    word = told.upper() if isinstance(told, str) else ""
    if word == "CONTENT_IDLE":
        return "off"
    if "RECEIV" in word or "FAR" in word:
        return "receiving"
    return "sending" if "SEND" in word or "SENT" in word or "NEAR" in word else None


def sources(told: Any) -> tuple[list[Tree], list[Tree]]:
    """GET /rest/cameras/near/all: the cameras, and the sources of content; those that are not connected left out."""
    found = [one for one in _list(told) if key(one.get("cameraIndex")) and one.get("connected") is not False]
    shows = [one for one in found if "CONTENT" in words(one, "sourceType").upper()]
    return [one for one in found if one not in shows], shows


def selected(found: list[Tree]) -> str | None:
    """The selected one's id."""
    return next((key(one["cameraIndex"]) for one in found if one.get("selected") is True), None)


def choices(found: list[Tree]) -> dict[str, str]:
    """Ids and names."""
    return {key(one["cameraIndex"]): words(one, "name", "model") or key(one["cameraIndex"]) for one in found}


# ---- calls -------------------------------------------------------------------------------------------------------


def conferences(told: Any) -> dict[str, Tree]:
    """GET /rest/conferences by id; null is no conference."""
    return {key(one.get("id")): one for one in _list(told) if key(one.get("id"))}


def connections(told: Any) -> dict[str, Tree]:
    """The connections in an answer, or in a conference, by id."""
    found = told.get("connections") if isinstance(told, dict) else told
    return {key(one.get("id")): one for one in _list(found) if key(one.get("id"))}


def call(identity: str, fields: Tree, conference: Tree, direction: Literal["in", "out"], *, rings: bool) -> Call:
    """One connection as a call. A connection without a word of its state, in an active conference, is connected."""
    word = words(fields, "state").upper()
    state: CallState = STATES.get(word, "unknown")
    if not word and conference.get("isActive") is True:
        state = "connected"
    if state == "connected" and conference.get("isHolding") is True:
        state = "on hold"
    if rings:
        state = "ringing"
    address = words(fields, "address")
    how = words(fields, "callType").upper()
    return Call(
        id=identity,
        direction=direction,
        state=state,
        name=words(fields, "displayName", "name") or _far_name(conference, address),
        address=address,
        protocol="sip" if "SIP" in how else "h323" if "H323" in how.replace(".", "") else "",
        kind="video" if "VIDEO" in how else "audio" if "AUDIO" in how or "VOICE" in how else "unknown",
        held=state == "on hold",
        rate=whole(fields.get("rate"), 1),
        answered=not (direction == "in" and state == "ringing"),
        reason=words(fields, "disconnectReason", "reason") if state == "ended" else "",
    )


def _far_name(conference: Tree, address: str) -> str:
    """A terminal of the conference has the far end's own name."""
    for terminal in _list(conference.get("terminals")):
        if address and terminal.get("address") == address:
            return words(terminal, "systemID")
    return ""


# ---- rows --------------------------------------------------------------------------------------------------------


def query(told: Any) -> str:
    """The id in the answer to POST /rest/directory/queries, whose shape is not in our sources."""
    if isinstance(told, dict):
        held = next((told[name] for name in ("id", "queryId", "queryID") if key(told.get(name))), None)
        return key(held) or key(words(told, "href").rstrip("/").rpartition("/")[2])
    return key(told)


def entries(told: Any) -> list[Tree]:
    """The rows of a page: a list, or the list in an object."""
    if isinstance(told, dict):
        told = next((held for held in told.values() if isinstance(held, list)), None)
    return _list(told)


def entry(one: Tree) -> dict[str, Any]:
    """One row of the directory (guide 3.1, directory entry); a group is a folder."""
    name = (
        words(one, "displayName", "fullName", "name") or f"{words(one, 'firstName')} {words(one, 'lastName')}".strip()
    )
    identity = key(one.get("entryId")) or key(one.get("id"))
    if words(one, "type").upper() == "GROUP":
        return {"folder": name, "id": identity}
    methods = [
        {"address": words(device, "address", "dialString", "number", "uri"), "protocol": _protocol(device)}
        for device in _list(one.get("devices"))
    ]
    methods = [method for method in methods if method["address"]]
    first = methods[0] if methods else {"address": "", "protocol": ""}
    return {"name": name, "id": identity, **first, "methods": methods}


def _protocol(device: Tree) -> str:
    word = words(device, "protocol", "dialType", "type").upper().replace(".", "")
    return "sip" if "SIP" in word else "h323" if "H323" in word else ""


def booking(one: Tree) -> dict[str, Any]:
    """One meeting of the codec's calendar. The unit of `duration` is not in our sources, so no end is made of it."""
    private = one.get("privateMeeting") is True
    start = whole(one.get("startTime"))
    return {
        "id": words(one, "id") or key(one.get("id")),
        "title": "" if private else words(one, "subject"),
        "organizer": words(one, "organizer"),
        "location": words(one, "location"),
        "start": _moment(start) if start else "",
        "end": "",
        "duration": whole(one.get("duration")),
        "address": "",
        "protocol": "",
        "private": private,
        "can_dial": one.get("canDial") is True,
    }


def _moment(epoch: int) -> str:
    """Seconds or milliseconds since 1970: conferences tell milliseconds, calendar queries take seconds."""
    try:
        return datetime.fromtimestamp(epoch / 1000 if epoch > 10**11 else epoch, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _list(value: Any) -> list[Tree]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
