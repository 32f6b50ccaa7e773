"""What the Cisco driver sends, against its own list of lines and against a second reading of the schemas.

The second reading is the simulator's table, written from the schemas apart from the driver. What may not live here:
tests, anything that sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from drivers.cisco import CiscoRoomos
from gateway.driver import Action, Send
from simulators.cisco_roomos.table import Many, Needed, Word, find

PARAMETER = re.compile(r' (\w+): ("(?:[^"\\]|\\.)*"|-?\d+)')
Shape = tuple[str, frozenset[str]]


def shape(line: str) -> Shape:
    """A line without its free values: what it says, the names of its parameters, and the words of fixed sets."""
    path = PARAMETER.sub("", line)
    given_ = dict(PARAMETER.findall(line))
    if path.startswith("xConfiguration") and given_:
        return path, frozenset(f"{name}={value}" for name, value in given_.items())
    if not path.startswith("xCommand "):
        return line, frozenset()
    spaces = {name: bare(kind) for name, kind in find(path.removeprefix("xCommand ")).parameters.items()}
    return path, frozenset(
        f"{name}={value}" if isinstance(spaces.get(name), Word) else name for name, value in given_.items()
    )


def bare(kind: Any) -> Any:
    return kind.space if isinstance(kind, Needed | Many) else kind


LISTED = {shape(line) for line in CiscoRoomos.lines()}


def line_of(data: bytes | str) -> str:
    """What was sent as it goes over SSH; "" for what has no line there."""
    if isinstance(data, bytes):
        return data.decode().split("\n")[0].split(" | ")[0].strip()
    message = json.loads(data)
    method, given_ = message["method"], dict(message.get("params", {}))
    match method.split("/"):
        case ["xGet"]:
            return " ".join([f"x{given_['Path'][0]}", *given_["Path"][1:]])
        case ["xSet"]:
            path = given_["Path"]
            return f'xConfiguration {" ".join(path[1:-1])} {path[-1]}: "{given_["Value"]}"'
        case ["xFeedback", "Subscribe"]:
            return "xfeedback register /" + "/".join(given_["Query"])
        case ["xFeedback", "Unsubscribe"]:
            return ""  # only a WebSocket numbers its subscriptions
    given_.pop("body", None)
    told = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in sorted(given_.items())]
    return " ".join(["xCommand", *method.split("/")[1:], *told])


def check(lines: Iterable[str]) -> None:
    """Each line is listed, and the second reading takes its values."""
    for line in filter(None, lines):
        assert shape(line) in LISTED, line
        path = PARAMETER.sub("", line)
        if path.startswith("xCommand "):
            row = find(path.removeprefix("xCommand "))
            row.read({name: json.loads(value) for name, value in PARAMETER.findall(line)})


def check_sent(actions: Iterable[Action]) -> None:
    """The same for everything that some actions send."""
    check(line_of(action.data) for action in actions if isinstance(action, Send))
