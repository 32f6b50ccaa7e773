"""The xAPI in the text shell (SSH), in JSON mode: one line asks, one JSON object answers.

What may not live here: what an answer means. Sources: jsxapi 6.0.0 (the opening dance, `resultId`, how parameters
are written) and its recorded replies; PlaceOS collaboration_endpoint (`XPath` beside the result, register again).
"""

from __future__ import annotations

import json
import re
from typing import Any

from drivers.cisco.words import Said
from drivers.cisco.xapi import Heard, Parameters, Path, Tree, read_json, roots, text, truth

ECHO_OFF = b"echo off\n"
JSON_MODE = b"xpreferences outputmode json\n"
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def line(words: str, parameters: Parameters) -> str:
    """`xCommand` as a person would type it: parameters by name, texts quoted, numbers bare."""
    given = [parameter(name, value) for name, value in sorted(parameters.items())]
    return " ".join(["xCommand", words, *given])


def parameter(name: str, value: str | int) -> str:
    """`Key: "text"` or `Key: 5`; quotes and control characters escaped, so a line stays one line."""
    return f"{name}: {json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value}"


def command(key: str, words: str, parameters: Parameters) -> bytes:
    """`xCommand` with the id `key`."""
    return _asked(key, line(words, parameters))


def setting(path: Path, value: str) -> str:
    """`xConfiguration` that sets."""
    return "xConfiguration " + " ".join([*path[:-1], parameter(path[-1], value)])


def configure(key: str, path: Path, value: str) -> bytes:
    """`xConfiguration SystemUnit Name: "x"` with the id `key`."""
    return _asked(key, setting(path, value))


def read(key: str, path: Path) -> bytes:
    """`xStatus Audio` or `xConfiguration SystemUnit Name`."""
    return _asked(key, " ".join([f"x{path[0]}", *path[1:]]))


def subscribe(key: str, path: Path) -> bytes:
    """`xfeedback register`; the same expression again replaces itself."""
    return _asked(key, "xfeedback register /" + "/".join(path))


def unsubscribe(key: str, handle: int) -> None:
    """Never needed: a registration has no number."""


def handle(value: Any) -> None:
    """A registration has no number."""


def place(path: Path, value: Any) -> Tree:
    """Answers start at the root already."""
    return value if isinstance(value, dict) else {}


def hear(data: Any) -> Heard | None:
    """What a JSON object of the shell says; plain lines (banner, echo) say nothing."""
    message = read_json(data)
    if message is None:
        return None
    tree = {root: _plain(branch) for root, branch in roots(message).items()}
    if "ResultId" not in message:
        return Heard(None, tree)
    key = text(message["ResultId"])
    # A wrong path is told inside CommandResponse, by some versions in Status itself (PlaceOS collaboration_endpoint).
    results = [*_dicts(message.get("CommandResponse")), *(message[root] for root in tree)]
    for result in results:
        if isinstance(result.get("status"), str) and result["status"] != "OK":
            return Heard(key, None, _words(message, result))
    if isinstance(message.get("CommandResponse"), dict):
        fields = {name: _plain(value) for result in results for name, value in result.items() if name != "status"}
        return Heard(key, fields)
    return Heard(key, tree)


def _asked(key: str, asked: str) -> bytes:
    return f'{asked} | resultId="{key}"\n'.encode("utf-8", "replace")


def _dicts(value: Any) -> list[Tree]:
    return [child for child in value.values() if isinstance(child, dict)] if isinstance(value, dict) else []


def _words(message: Tree, result: Tree) -> str:
    """The codec's reason, in `Reason` or `Error`, and where: `XPath` stands in the result or beside it."""
    response = message.get("CommandResponse")
    beside = response.get("XPath") if isinstance(response, dict) else None
    reason = text(_plain(result.get("Reason"))) or text(_plain(result.get("Error"))) or text(result["status"])
    where = text(_plain(result.get("XPath"))) or text(_plain(beside))
    return f"{reason} ({where})" if where else reason


def _plain(value: Any) -> Any:
    """The tree without the `{"Value": ...}` around each leaf."""
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if not isinstance(value, dict):
        return value
    # A widget's action has a field that is itself called Value: only a bare one makes a leaf.
    if "Value" in value and not isinstance(value["Value"], dict | list) and not truth(value.get("ghost")):
        return value["Value"]
    return {name: _plain(child) for name, child in value.items()}


def say(key: str, said: Said) -> bytes:
    """A command or a setting with the id `key`."""
    if said.value is not None:
        return configure(key, tuple(said.words.split()), said.value)
    asked = command(key, said.words, said.parameters)
    if said.body:  # the body's lines, then a line with a single dot (xAPI guide, multiline commands)
        asked += said.body.encode("utf-8", "replace") + b"\n.\n"
    return asked
