"""The xAPI as JSON-RPC 2.0 over a WebSocket: one text frame asks, one answers.

What may not live here: what an answer means. Source: Cisco "xAPI over WebSocket" D15427.02; exchanges of jsxapi
6.0.0 (ids are strings) and xows 1.0.5 (ids are numbers): the codec sends an id back as it came, either is taken.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from drivers.cisco.words import Said
from drivers.cisco.xapi import Heard, Parameters, Path, Tree, branch, number, read_json, roots, text

# For errors that come without a message.
ERRORS = {
    1: "command error",
    -31997: "not ready",
    -31998: "subscriber count exceeded",
    -31999: "permission denied",
    -32600: "invalid request",
    -32601: "method not found",
    -32602: "invalid parameters",
    -32603: "internal error",
    -32700: "parse error",
}


def subprotocol(username: str, password: str) -> str:
    """The log-in of CE9.8 and later: a sub-protocol that the codec echoes."""
    pair = base64.urlsafe_b64encode(f"{username}:{password}".encode("utf-8", "replace"))
    return "auth-" + pair.decode().rstrip("=")


def basic(username: str, password: str) -> str:
    """The log-in as an Authorization header, which every version with a WebSocket takes."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode("utf-8", "replace")).decode()


def command(key: str, words: str, parameters: Parameters) -> str:
    """`xCommand/Audio/Volume/Set`; no `params` at all where there are none."""
    return _asked(key, "xCommand/" + words.replace(" ", "/"), dict(parameters))


def configure(key: str, path: Path, value: str) -> str:
    """`xSet`."""
    return _asked(key, "xSet", {"Path": ["Configuration", *path], "Value": value})


def read(key: str, path: Path) -> str:
    """`xGet`."""
    return _asked(key, "xGet", {"Path": list(path)})


def subscribe(key: str, path: Path) -> str:
    """`xFeedback/Subscribe`; each one gets a number of its own."""
    return _asked(key, "xFeedback/Subscribe", {"Query": list(path)})


def unsubscribe(key: str, handle: int) -> str:
    """`xFeedback/Unsubscribe`."""
    return _asked(key, "xFeedback/Unsubscribe", {"Id": handle})


def handle(value: Any) -> int | None:
    """The number of a new subscription."""
    return number(value.get("Id")) if isinstance(value, dict) else None


def parameter(name: str, value: str) -> str:
    """`"Key":"text"`."""
    return f"{json.dumps(name)}:{json.dumps(value)}"


def place(path: Path, value: Any) -> Tree:
    """xGet answers relative to the path: put the answer where it belongs."""
    tree = branch(path, value)
    return tree if isinstance(tree, dict) else {}


def hear(data: Any) -> Heard | None:
    """What a frame says: an event, a result or an error."""
    message = read_json(data)
    if message is None:
        return None
    if message.get("method") == "xFeedback/Event":
        told = message.get("params")
        return Heard(None, roots(told) if isinstance(told, dict) else {})
    if message.get("id") is None:
        return None
    key = text(message["id"])
    error = message.get("error")
    if error is not None:
        code = number(error.get("code")) if isinstance(error, dict) else None
        words = text(error.get("message")) if isinstance(error, dict) else text(error)
        return Heard(key, None, words or ERRORS.get(code or 0, f"error {code}"), code)
    return Heard(key, message["result"]) if "result" in message else None


def _asked(key: str, method: str, params: Tree) -> str:
    message: Tree = {"jsonrpc": "2.0", "method": method, "id": key}
    if params:
        message["params"] = params
    return json.dumps(message, separators=(",", ":"))


def say(key: str, said: Said) -> str:
    """A command or a setting with the id `key`."""
    if said.value is not None:
        return configure(key, tuple(said.words.split()), said.value)
    return command(key, said.words, {"body": said.body, **said.parameters} if said.body else said.parameters)
