"""Commands as requests: what goes to the codec for each, one step after the other.

What may not live here: when a step goes and what its answer means (`videoos.py`). Paths and bodies are those of the
REST API reference guide 3.1 unless a line says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from drivers.polycom.videoos_about import VideoosSettings
from gateway.commands import (
    Command,
    Dial,
    MoveCamera,
    RecallPreset,
    SelectCamera,
    SendDtmf,
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
)
from gateway.driver import Request

PAUSE = 2.0  # seconds of a comma among tones
CONFERENCES = "/rest/conferences"

DIRECTIONS = {
    "left": "MOVE_LEFT",
    "right": "MOVE_RIGHT",
    "up": "MOVE_UP",
    "down": "MOVE_DOWN",
    "in": "MOVE_ZOOMIN",
    "out": "MOVE_ZOOMOUT",
}
DIAL_TYPES = {
    ("", ""): "AUTO",
    ("", "video"): "VIDEO",
    ("", "audio"): "VOICE",
    ("sip", ""): "SIP",
    ("sip", "video"): "SIP",
    ("sip", "audio"): "VOICE_SIP",
    ("h323", ""): "H323",
    ("h323", "video"): "H323",
    ("h323", "audio"): "VOICE_H323",
}


@dataclass(frozen=True)
class Step:
    """One request, or a pause before the next (`method` empty)."""

    method: str
    path: str = ""
    body: bytes = b""


@dataclass
class Order:
    """A command under way: the steps that are still to go."""

    request: Request
    steps: list[Step]
    looks: tuple[str, ...] = ()  # what must be looked at afterwards, for it could show the command done


def post(path: str, body: Any) -> Step:
    """A POST with a JSON body."""
    return Step("POST", path, json.dumps(body, separators=(",", ":")).encode())


def order(request: Request, settings: VideoosSettings, shown: str) -> Order | str:
    """The steps of a command; or why it cannot be. `shown`: the source of content that Share or StopShare is about."""
    command = request.command
    match command:
        case SetVolume(level):
            return Order(request, [post("/rest/audio/volume", level)], ("audio",))
        case SetMicMute(on):
            return Order(request, [post("/rest/audio/muted", on)], ("audio",))
        case SetVideoMute(on):
            return Order(request, [post("/rest/video/local/mute", {"mute": on})], ("video",))
        case Dial():
            return _dial(request, command, settings)
        case SendDtmf(digits):
            return Order(request, list(_tones(digits)))
        case MoveCamera() | RecallPreset() | StorePreset() | SelectCamera():
            return _camera(request, command)
        case Share(_, preview):
            if preview:
                return "this codec has no local preview of content"
            if not shown:
                return "the codec shows no source of content"
            return Order(request, [_source(shown, "activate")], ("content", "cameras"))
        case StopShare():
            if not shown:
                return "the codec shows no source of content"
            return Order(request, [_source(shown, settings.stop_share)], ("content", "cameras"))
    return "this device cannot do that"


def _dial(request: Request, command: Dial, settings: VideoosSettings) -> Order | str:
    kind = DIAL_TYPES.get((command.protocol, command.kind))
    if kind is None:
        return f"this codec does not dial {command.protocol}"
    rate = command.rate or settings.rate
    body = {"address": command.address, **({"rate": rate} if rate else {}), "dialType": kind}
    return Order(request, [post(CONFERENCES, body)], ("calls",))


def _camera(request: Request, command: Command) -> Order | str:
    match command:
        case MoveCamera(to, camera, far):
            if far:
                return "the far end's camera cannot be moved over this API"
            body = {"action": "moveStop"} if to == "stop" else {"action": "moveStart", "direction": DIRECTIONS[to]}
            return Order(request, [post(f"/rest/cameras/near/{_step(camera or 'selectedpeople')}", body)])
        case RecallPreset(preset):
            return Order(request, [post(f"/rest/cameras/near/presets/{preset}", {"action": "activate"})])
        case StorePreset(preset):
            return Order(request, [post(f"/rest/cameras/near/presets/{preset}", {"action": "store"})])
        case SelectCamera(camera):
            return Order(request, [_source(camera, "activate")], ("cameras",))
    return "this device cannot do that"


def _tones(digits: str) -> Iterable[Step]:
    for digit in digits.upper():
        yield Step("") if digit == "," else post("/rest/audio", {"action": "playDTMF", "dtmfChar": digit})


def _source(identity: str, action: str) -> Step:
    """A guess: the sources name no request that starts or stops a share."""
    return post(f"/rest/cameras/near/{_step(identity)}", {"action": action})


def hang_up(conference: str, connection: str = "") -> Step:
    """End a connection, or with it none: all of a conference."""
    tail = f"/connections/{_step(connection)}" if connection else ""
    return Step("DELETE", f"{CONFERENCES}/{_step(conference)}{tail}")


def on_connection(conference: str, connection: str, action: str) -> Step:
    """Do something with one connection: its answer. The body is not in our sources."""
    return post(f"{CONFERENCES}/{_step(conference)}/connections/{_step(connection)}", {"action": action})


def _step(part: str) -> str:
    return quote(part, safe="")
