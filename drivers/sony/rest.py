"""The REST API of BRAVIA displays: JSON-RPC by POST to /sony/SERVICE, with the pre-shared key in a header.

From Sony's "BRAVIA Professional Displays: REST API". What may not live here: Simple IP Control, when to ask.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.driver import HttpReply, HttpRequest

# question -> service and method; all of version 1.0
METHODS = {
    "power": ("system", "getPowerStatus"),
    "sound": ("audio", "getVolumeInformation"),
    "input": ("avContent", "getPlayingContentInfo"),
    "inputs": ("avContent", "getCurrentExternalInputsStatus"),
    "picture": ("system", "getPowerSavingMode"),
    "identity": ("system", "getSystemInformation"),
}
QUESTIONS = ("power", "sound", "input", "picture")
ONCE = ("inputs", "identity")
ILLEGAL_STATE, OFF, UNSUPPORTED = 7, 40005, (12, 15, 501)  # error codes of the API
KINDS = {"hdmi": "hdmi", "composite": "composite", "component": "component", "widi": "mirroring"}

_URI = re.compile(r"extInput:(\w+)\?port=(\d{1,4})")
_NAME = re.compile(r"([a-z]+?)([1-9]\d{0,3})")


def call(service: str, method: str, *params: Mapping[str, Any]) -> HttpRequest:
    """One JSON-RPC call. The connection is not used again: a display closes idle ones, and a POST is not repeated."""
    body = {"method": method, "id": 1, "params": list(params), "version": "1.0"}
    headers = {"Content-Type": "application/json", "Connection": "close"}
    return HttpRequest("POST", f"/sony/{service}", headers, json.dumps(body, separators=(",", ":")).encode())


def asking(what: str) -> HttpRequest:
    """A question."""
    return call(*METHODS[what])


def setting_to(command: Command, top: int) -> tuple[str, HttpRequest | None]:
    """What a command sets, and its call; None for what this language has no word for. `top`: the highest volume."""
    match command:
        case SetPower(on=on):
            return "power", call("system", "setPowerStatus", {"status": on})
        case SetVolume(level=level):
            volume = str(round(level * top / 100))
            return "sound", call("audio", "setAudioVolume", {"target": "speaker", "volume": volume})
        case SetMute(on=on):
            return "sound", call("audio", "setAudioMute", {"status": on})
        case SetVideoMute(on=on):
            return "picture", call("system", "setPowerSavingMode", {"mode": "pictureOff" if on else "off"})
        case SelectInput(input=name):
            cut = _NAME.fullmatch(name)
            kind = next((kind for kind, word in KINDS.items() if cut and word == cut[1]), "")
            uri = f"extInput:{kind}?port={cut[2]}" if cut and kind else ""
            return "input", call("avContent", "setPlayContent", {"uri": uri}) if uri else None
    return "", None


def read(reply: HttpReply) -> tuple[Any, int, str]:
    """The result, or an error's code (-1: this is no answer of the API) and words."""
    try:
        body = json.loads(reply.body)
        error = body.get("error")
        if error is None:
            return body["result"], 0, ""
        return None, int(error[0]), str(error[1]) if len(error) > 1 else ""
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
        return None, -1, f"HTTP {reply.status}"


def points(what: str, result: Any) -> dict[str, Any]:
    """What a result says, as points; nothing where it makes no sense."""
    first = result[0] if isinstance(result, list) and result else None
    if isinstance(first, list) and what == "sound":
        speakers = [one for one in first if isinstance(one, dict) and one.get("target") == "speaker"]
        first = speakers[0] if speakers else None
    if not isinstance(first, dict):
        return {}
    match what:
        case "power" if first.get("status") in ("active", "standby"):
            return {"power": "on" if first["status"] == "active" else "standby"}
        case "sound":
            volume, top, muted = first.get("volume"), top_of(result), first.get("mute")
            known = isinstance(volume, int) and not isinstance(volume, bool) and 0 <= volume <= top
            level = round(volume * 100 / top) if known and isinstance(volume, int) else None
            return {"volume": level, "muted": muted if isinstance(muted, bool) else None}
        case "input":
            return {"input": named(first.get("uri"))}
        case "picture" if isinstance(first.get("mode"), str):
            return {"video_muted": first["mode"] == "pictureOff"}
        case "identity":
            words = {"model": "model", "serial": "serial", "generation": "firmware"}
            told = {point: first[word] for word, point in words.items() if isinstance(first.get(word), str)}
            return told | ({"model": f"Sony {told['model']}"} if "model" in told else {})
    return {}


def top_of(result: Any) -> int:
    """The highest volume of the speaker that a getVolumeInformation names; 100 where it does not."""
    try:
        top = next(one for one in result[0] if one["target"] == "speaker")["maxVolume"]
    except (LookupError, TypeError, StopIteration):
        return 100
    return top if isinstance(top, int) and not isinstance(top, bool) and top > 0 else 100


def inputs(result: Any) -> dict[str, str]:
    """The inputs that there are, with the labels that somebody gave them, else their titles."""
    found: dict[str, str] = {}
    for one in result[0] if isinstance(result, list) and result and isinstance(result[0], list) else ():
        name = named(one.get("uri")) if isinstance(one, dict) else None
        if name:
            found[name] = str(one.get("label") or one.get("title") or name)
    return found


def named(uri: Any) -> str | None:
    """`extInput:hdmi?port=1` -> `hdmi1`; None for what is no input (a tuner, an app)."""
    cut = _URI.match(uri) if isinstance(uri, str) else None
    return f"{KINDS[cut[1]]}{cut[2]}" if cut and cut[1] in KINDS else None
