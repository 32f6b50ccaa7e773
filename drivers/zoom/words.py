"""The Zoom Rooms command line in words: what is sent, how it is cut, and how an answer is read.

What may not live here: what an answer means for the room, and anything that remembers. Sources: Zoom Rooms Control
System API 1.1 (developers.zoom.us/docs/rooms/cli) and its reference; for JSON mode, devforum.zoom.us/t/3244,
PlaceOS zr_csapi and PepperDash Essentials.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.cutters import Feed, JsonOrLines
from gateway.driver import Request, Send

Tree: TypeAlias = dict[str, Any]

ECHO_OFF, JSON_MODE = "echo off", "format json"
CALL, SHARING, UNIT = "zStatus Call Status", "zStatus Sharing", "zStatus SystemUnit"
MICS, CAMERA = "zConfiguration Call Microphone Mute", "zConfiguration Call Camera Mute"
VOLUME = "zConfiguration Audio Output volume"
PEOPLE, BOOKINGS = "zCommand Call ListParticipants", "zCommand Bookings List"
PHONES = "zCommand PhoneCall List"
SHARE, STOP_SHARE = "zCommand Call Sharing HDMI Start", "zCommand Call Sharing HDMI Stop"
DISCONNECT, LEAVE = "zCommand Call Disconnect", "zCommand Call Leave"

FAILED = re.compile(rb"Unsupported Command|^ERROR\b")
REJECTED = b"*e Connection rejected"
GREETING = b"Login successful"
NUMBER = re.compile(r"[0-9]{9,11}")  # of a meeting
LINK = re.compile(r"/(?:j|wc/join|wc)/([0-9]{9,11})\b")
UNSENDABLE = "the room's own id of this call cannot be sent"


@dataclass(frozen=True)
class Shell(JsonOrLines):
    """Lines end in CR or CR LF, and JSON objects stand between them. What has `Sync` answers the oldest question; so
    does the word that it was not carried out because the room was lost."""

    def start(self) -> Feed:
        feed = super().start()
        return lambda data: feed(bytes(data).replace(b"\r", b"\n"))

    def answers(self, message: Any) -> bool:
        tree = read(message)
        if pipe(message, tree) == "Reconnecting":
            return True
        if tree is None:
            return bool(FAILED.search(message))
        return tree.get("Sync") is True and (bool(tree.get("topKey")) or error(tree) is not None)


@dataclass(frozen=True, slots=True)
class Ask:
    """What was sent, for whom, and whether it is the second time."""

    line: str
    request: Request | None = None
    hide: tuple[str, ...] = ()
    again: bool = False

    def send(self) -> Send:
        """It on its way."""
        return Send(f"{self.line}\r\n".encode(), tag=self, hide=self.hide)


def read(message: Any) -> Tree | None:
    """A JSON object; None for a line, and for what only looks like an object."""
    if not isinstance(message, bytes | bytearray) or not message.startswith(b"{"):
        return None
    try:
        tree = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict) else None


def pipe(message: Any, tree: Tree | None) -> str:
    """`OtherControllerLogin` or `Reconnecting` where this is that event, as a line or as JSON; else nothing."""
    if tree is None:
        said = re.match(rb"\*e Pipe (OtherControllerLogin|Reconnecting)\b", message)
        return said[1].decode() if said else ""
    key = text(tree.get("topKey"))
    if not key.startswith("Pipe"):
        return ""
    words = f"{key} {json.dumps(tree.get(key))}"
    return next((word for word in ("OtherControllerLogin", "Reconnecting") if word in words), "")


def error(tree: Tree) -> str | None:
    """The room's words where its answer is a no; None where it is not."""
    status = tree.get("Status")
    state = text(status.get("state")) if isinstance(status, dict) else "OK"
    if state == "OK" or not isinstance(status, dict):
        return None
    return text(status.get("message")) or f"the room answers {state or 'without a state'}"


def unheard_of(why: str) -> bool:
    """Whether a room refuses a line because it does not know it."""
    return "unsupported command" in why.lower()


def body(tree: Tree) -> tuple[str, Any]:
    """Kind and key of an answer in small letters without spaces (`zstatus/call`), and what stands under the key."""
    key = text(tree.get("topKey"))
    return f"{text(tree.get('type'))}/{key}".lower().replace(" ", ""), tree.get(key)


def at(value: Any, *path: str) -> Any:
    """What stands at the end of a path of keys, whatever their capitals; None where nothing does."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = next((held for key, held in value.items() if key.lower() == step.lower()), None)
    return value


def text(value: Any) -> str:
    """A text or a number as text; everything else is empty."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def truth(value: Any) -> bool | None:
    """`on`, `off` or a JSON truth value; None where it is neither."""
    if isinstance(value, bool):
        return value
    return {"on": True, "off": False}.get(value.lower()) if isinstance(value, str) else None


def percent(value: Any) -> int | None:
    """0 to 100, as a number or as text."""
    word = text(value)
    return int(word) if re.fullmatch(r"[0-9]{1,3}", word) and int(word) <= 100 else None


def sendable(word: str) -> bool:
    """Whether this can stand in a command line as one word: no space in it, no line end, no control character."""
    return bool(word) and word.isprintable() and not any(mark.isspace() for mark in word)


def switch(setting: str, on: bool) -> str:
    """`zConfiguration ...: on`."""
    return f"{setting}: {'on' if on else 'off'}"


def join(number: str, passcode: str = "") -> str:
    """Join a meeting."""
    return f"zCommand Dial Join meetingNumber: {number}" + (f" password: {passcode}" if passcode else "")


def accept(jid: str) -> str:
    """Take an incoming call."""
    return f"zCommand Call Accept callerJID: {jid}"


def reject(jid: str) -> str:
    """Turn an incoming call away."""
    return f"zCommand Call Reject callerJID: {jid}"


def call_out(number: str) -> str:
    """Call a telephone."""
    return f"zCommand Dial PhoneCallOut Number: {number}"


def phone_hang_up(call: str) -> str:
    """End a telephone call, or turn one away."""
    return f"zCommand Dial PhoneHangUp CallId: {call}"


def tone(call: str, key: str) -> str:
    """One key into a telephone call."""
    return f"zCommand SendSipDTMF CallId: {call} Key: {key}"


def contacts(offset: int, limit: int) -> str:
    """A page of the phonebook."""
    return f"zCommand Phonebook List Offset: {offset} Limit: {limit}"


def meeting(address: str) -> str:
    """The meeting number in an address as people write it, or in a link; nothing where there is none."""
    link = LINK.search(address)
    if link:
        return link[1]
    digits = re.sub(r"[ \-]", "", address)
    return digits if NUMBER.fullmatch(digits) else ""


def booking(row: Any) -> dict[str, Any] | None:
    """A row of the bookings list; a private meeting keeps its title to itself."""
    if not isinstance(row, dict):
        return None
    private = truth(at(row, "isPrivate")) is True
    return {
        "id": text(at(row, "calendarID")) or text(at(row, "meetingNumber")),
        "title": "" if private else text(at(row, "meetingName")),
        "organizer": text(at(row, "creatorName")) or text(at(row, "creatorEmail")),
        "start": text(at(row, "startTime")),
        "end": text(at(row, "endTime")),
        "address": text(at(row, "meetingNumber")),
        "protocol": "zoom",
        **({"private": True} if private else {}),
    }


def points(key: str, told: Any) -> dict[str, Any]:
    """The plain points in an answer or event with this key; calls, sharing and participants need a memory."""
    found: dict[str, Any] = {}
    if key == "call":
        for name, where in (("mic_muted", "Microphone"), ("video_muted", "Camera")):
            if (mute := at(told, where, "Mute")) is not None:
                found[name] = truth(mute)
    elif key == "audio" and (volume := at(told, "Output", "volume")) is not None:
        found["volume"] = percent(volume)
    elif key == "systemunit":
        found["name"] = text(at(told, "room_info", "room_name")) or None
        found["firmware"] = text(at(told, "room_version")) or None
        found["model"] = "Zoom Rooms"
    return found


def contact(row: Any) -> dict[str, str] | None:
    """A row of the phonebook."""
    if not isinstance(row, dict):
        return None
    return {
        "name": text(at(row, "screenName")),
        "address": text(at(row, "email")) or text(at(row, "phoneNumber")),
        "protocol": "zoom",
        "id": text(at(row, "jid")),
    }


def samples(questions: tuple[str, ...]) -> Iterator[str]:
    """Every line that the driver can send, with sample values."""
    yield from (ECHO_OFF, JSON_MODE, UNIT, *questions)
    for setting in (MICS, CAMERA):
        yield from (switch(setting, on) for on in (True, False))
    yield f"{VOLUME}: 40"
    yield from (join("93412345678"), join("93412345678", "123456"))
    yield from (accept("caller@xmpp.zoom.us"), reject("caller@xmpp.zoom.us"))
    yield from (DISCONNECT, LEAVE, SHARE, STOP_SHARE, BOOKINGS, contacts(0, 100))
    yield from (PHONES, call_out("+15551234567"), phone_hang_up("1"), tone("1", "5"))
