"""The codec's side of a conversation, written out by hand in both grammars, for the pure tests of the Cisco driver.

It parses what the driver sends on its own and answers from a plain table: neither the driver's nor the simulator's
code is used for that.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

from drivers.cisco import CiscoRoomos
from gateway.commands import Command
from gateway.driver import Action, Feedback, Request, Send
from tests.drivers.cisco_listed import check_sent

STATUS: dict[str, Any] = {
    "Status/Standby": {"State": "Off"},
    "Status/Standby/State": "Off",
    "Status/Audio": {"Microphones": {"Mute": "On"}, "Volume": 50, "VolumeMute": "Off"},
    "Status/Video": {
        "Input": {
            "Connector": [
                {"id": 1, "SourceId": 1, "Type": "Camera"},
                {"id": 2, "SourceId": 2, "Type": "HDMI"},
            ],
            "MainVideoMute": "Off",
            "MainVideoSource": 1,
        },
        "Layout": {
            "CurrentLayouts": {
                "ActiveLayout": "Grid",
                "AvailableLayouts": [{"id": 1, "LayoutName": "Grid"}, {"id": 2, "LayoutName": "Stack"}],
            }
        },
        "Selfview": {"Mode": "Off"},
    },
    "Status/Conference": {"DoNotDisturb": "Inactive", "Presentation": {"Mode": "Off"}},
    "Status/Call": [],
    "Status/SystemUnit": {
        "Hardware": {"Module": {"SerialNumber": "FOC1234"}},
        "ProductId": "Cisco Codec Plus",
        "Software": {"Version": "ce9.15.17.4"},
        "Uptime": 29038,
    },
    "Configuration/Conference/AutoAnswer": {"Delay": 0, "Mode": "Off", "Mute": "Off"},
    "Configuration/SystemUnit/Name": "Boardroom",
    "Configuration/Video/Input/Connector": [
        {"id": 1, "CameraControl": {"CameraId": 3}, "InputSourceType": "camera", "Name": "Wall"},
        {"id": 2, "InputSourceType": "PC", "Name": "Table"},
    ],
}

BANNER = [
    b"Welcome to mmyrseth-sx20",
    b"Cisco Codec Release ce8.1.0 ...",
    b"*r Login successful",
    b"OK",
    b"Last login from 10.228.101.226 at 2017-12-01 13:14:47",
]


def values(node: Any) -> Any:
    """A tree as the shell's JSON mode has it: each leaf a string in `{"Value": ...}`, ids and ghosts bare."""
    if isinstance(node, dict):
        return {key: str(below) if key in ("id", "ghost") else values(below) for key, below in node.items()}
    if isinstance(node, list):
        return [values(below) for below in node]
    return {"Value": str(node)}


class Bench:
    """A driver, and somebody who plays the codec to it."""

    def __init__(self, scheme: str, **settings: Any) -> None:
        self.scheme = scheme
        self.driver = CiscoRoomos(CiscoRoomos.Settings(**settings), host="127.0.0.1", scheme=scheme)
        self.status = copy.deepcopy(STATUS)
        self.open: list[Send] = []
        self.handles = 0
        self.requests = 0

    def do(self, actions: Iterable[Action]) -> list[Action]:
        """Collect what the driver yields; questions wait in `open`. Whatever it sends must be on its list of lines."""
        found = list(actions)
        check_sent(found)
        self.open += [action for action in found if isinstance(action, Send) and action.reply]
        return found

    def up(self) -> list[Action]:
        """From the open link to ready."""
        found = self.do(self.driver.opened())
        if self.scheme == "ssh":
            for line in (*BANNER, b"OK"):
                found += self.do(self.driver.received(line))
            self.open = [send for send in self.open if send.tag != "echo off"]
        return found + self.answer_all()

    def answer_all(self) -> list[Action]:
        """Answer every open question from the table."""
        found: list[Action] = []
        while self.open:
            found += self.answer(self.open[0])
        return found

    def answer(self, send: Send) -> list[Action]:
        """Answer one question from the table."""
        kind, path = question(send)
        if kind == "subscribe":
            self.handles += 1
            return self.result(send, {"Id": self.handles} if self.scheme == "ws" else None)
        if kind == "read" and path in self.status:
            return self.result(send, self.status[path])
        if kind == "read":
            return self.error(send, "No match on address expression.")
        return self.result(send, None)

    def result(self, send: Send, value: Any, *, key: Any = None) -> list[Action]:
        """The answer to one question; `key` is the id as it is written in it."""
        self.open.remove(send)
        kind, path = question(send)
        key = send.tag if key is None else key
        if self.scheme == "ws":
            return self.hear({"jsonrpc": "2.0", "id": key, "result": value})
        if kind == "read":
            for step in reversed(path.split("/")):
                value = {step: value}
            return self.hear({**values(value), "ResultId": key})
        if kind == "command":
            told = {"status": "OK", **values(value or {})}
            return self.hear({"CommandResponse": {"Result": told}, "ResultId": key})
        return self.hear({"ResultId": key})

    def error(self, send: Send, words: str, code: int = 1) -> list[Action]:
        """A refusal."""
        self.open.remove(send)
        if self.scheme == "ws":
            return self.hear({"jsonrpc": "2.0", "id": send.tag, "error": {"code": code, "message": words}})
        told = {"status": "Error", "Reason": {"Value": words}}
        return self.hear({"CommandResponse": {"Result": told}, "ResultId": send.tag})

    def push(self, status: dict[str, Any]) -> list[Action]:
        """Feedback."""
        if self.scheme == "ws":
            event = {"method": "xFeedback/Event", "params": {"Id": 1, "Status": status}}
            return self.hear({"jsonrpc": "2.0", **event})
        return self.hear({"Status": values(status)})

    def happen(self, event: dict[str, Any]) -> list[Action]:
        """An event."""
        if self.scheme == "ws":
            return self.hear({"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": 1, "Event": event}})
        return self.hear({"Event": values(event)})

    def hear(self, message: dict[str, Any]) -> list[Action]:
        """Let the driver hear a message."""
        text = json.dumps(message)
        return self.do(self.driver.received(text if self.scheme == "ws" else text.encode()))

    def ask(self, command: Command) -> tuple[Request, list[Action]]:
        """Ask something of the driver."""
        self.requests += 1
        request = Request(f"c{self.requests}", command)
        return request, self.do(self.driver.command(request))

    def wait(self, seconds: float, name: str) -> list[Action]:
        """Let time pass until a timer comes."""
        self.driver.now += seconds
        return self.do(self.driver.due(name))


def question(send: Send) -> tuple[str, str]:
    """What a question is: read, subscribe, unsubscribe or command, and about what."""
    if isinstance(send.data, str):
        message = json.loads(send.data)
        method, params = message["method"], message.get("params", {})
        if method == "xGet":
            return "read", "/".join(params["Path"])
        if method == "xFeedback/Subscribe":
            return "subscribe", "/".join(params["Query"])
        return ("unsubscribe", "") if method == "xFeedback/Unsubscribe" else ("command", method)
    words, _, _ = send.data.decode().partition(" | ")
    head, *rest = words.split()
    if head in ("xStatus", "xConfiguration") and ": " not in words:
        return "read", "/".join([head[1:], *rest])
    return ("subscribe", rest[-1].strip("/")) if head == "xfeedback" else ("command", words)


def asked(actions: Iterable[Action]) -> list[tuple[str, str]]:
    """The questions among some actions, in order."""
    return [question(action) for action in actions if isinstance(action, Send) and action.reply]


def told(actions: Iterable[Action]) -> dict[str, Any]:
    """All points that some actions feed back, the last word on each."""
    return {name: value for action in actions if isinstance(action, Feedback) for name, value in action.points.items()}


def kinds(actions: Iterable[Action], *wanted: type[Any]) -> list[Action]:
    """Only the actions of these kinds."""
    return [action for action in actions if isinstance(action, wanted)]
