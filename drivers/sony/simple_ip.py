"""Sony's Simple IP Control: 24-byte messages over TCP 20060, with the display's own news.

`*S`, a type (C sets, E asks, A answers, N tells unasked), four letters, 16 characters, LF. An answer of zeros to a C is
"done", sixteen F are an error, sixteen N "there is no such thing". What may not live here: REST, when to ask.
"""

from __future__ import annotations

from typing import Any

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.cutters import Frames

LENGTH = 24
WORDS = {"power": "POWR", "volume": "VOLU", "mute": "AMUT", "input": "INPT", "picture": "PMUT"}
MEANINGS = {word: what for what, word in WORDS.items()}
KINDS = {1: "hdmi", 3: "composite", 4: "component", 5: "mirroring"}
QUESTIONS = ("power", "volume", "mute", "input", "picture")


def measure(held: bytes) -> int:
    """A message of 24 bytes that begins and ends as it should; else one byte is no message."""
    if not b"*S".startswith(held[:2]):
        return -1
    if len(held) < LENGTH:
        return 0
    return LENGTH if held[LENGTH - 1] == 0x0A else -1


class Messages(Frames):
    """Only answers end a turn: news come when they like."""

    def answers(self, message: Any) -> bool:
        return bool(message[2:3] == b"A")


CUTTER = Messages(measure, limit=4096)


def asking(what: str) -> bytes:
    """A question."""
    return f"*SE{WORDS[what]}{'#' * 16}\n".encode()


def setting_to(command: Command) -> tuple[str, bytes | None]:
    """What a command sets, and its bytes; None for what this language has no word for."""
    match command:
        case SetPower(on=on):
            what, value = "power", f"{on:016d}"
        case SetVolume(level=level):
            what, value = "volume", f"{level:016d}"
        case SetMute(on=on):
            what, value = "mute", f"{on:016d}"
        case SetVideoMute(on=on):
            what, value = "picture", f"{on:016d}"
        case SelectInput(input=name):
            kind = next((number for number, kind in KINDS.items() if name.startswith(kind)), 0)
            index = name.removeprefix(KINDS.get(kind, ""))
            if not kind or not (index.isascii() and index.isdecimal() and 0 < int(index) <= 9999):
                return "input", None
            what, value = "input", f"{kind:08d}{int(index):08d}"
        case _:
            return "", None
    return what, f"*SC{WORDS[what]}{value}\n".encode()


def read(message: bytes) -> tuple[str, str, str]:
    """Type, what it is about ("" where unknown) and the 16 characters of a message."""
    text = message.decode("latin-1")
    return text[2], MEANINGS.get(text[3:7], ""), text[7:23]


def points(what: str, value: str) -> dict[str, Any]:
    """What a value says, as points; nothing where it makes no sense."""
    if not (value.isascii() and value.isdecimal()):
        return {}
    number = int(value)
    match what:
        case "power" if number <= 1:
            return {"power": "on" if number else "standby"}
        case "volume" if number <= 100:
            return {"volume": number}
        case "mute" if number <= 1:
            return {"muted": bool(number)}
        case "picture" if number <= 1:
            return {"video_muted": bool(number)}
        case "input" if int(value[:8]) in KINDS:
            return {"input": f"{KINDS[int(value[:8])]}{int(value[8:])}"}
        case "input":
            return {"input": None}
    return {}
