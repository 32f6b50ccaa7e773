"""A tiny deck on a real socket: lines in, lines out; and the driver that speaks its language.

What may not live here: tests, and anything that a real driver or simulator uses.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from gateway.commands import SetVolume, ShowKey
from gateway.cutters import Cutter, Lines
from gateway.driver import Actions, Driver, Feedback, Offers, Press, Ready, Refused, Request, Send, Taken, Timing


class Deck(Driver):
    """`key N EDGE` is a press; `show N TEXT` draws; `vol N` is somebody else's command on the same wire."""

    name = "deck"
    links = {"tcp": 7001}
    plays = frozenset({"volume"})
    cutter: Cutter = Lines((b"\n",), unasked="key |vol ")
    timing = Timing(window=2, reply=60.0, ready=60.0)
    surfaces = "d1 or d2"
    pushes = True

    def is_surface(self, unit: str) -> bool:
        return unit in ("d1", "d2")

    def valid_unit(self, unit: str) -> bool:
        return unit == ""

    def opened(self) -> Actions:
        yield Send(b"hello\n", tag="hello")

    def command(self, request: Request) -> Actions:
        match request.command:
            case ShowKey(key=key, text=text, flag=flag):
                yield Send(f"show {key} {text.replace(chr(10), '/')} {flag}".strip().encode() + b"\n", tag=request)
            case SetVolume(level=level):
                yield Send(f"volume {level}\n".encode(), tag=request)
            case _:
                yield Refused(request, "no")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        words = data.decode().split(" ")
        if words[0] == "key" and len(words) >= 3:
            value = int(words[3]) if len(words) > 3 else None
            yield Press(words[1], words[2], value, "d1")
        elif words[0] == "vol":
            yield Feedback(volume=int(words[1]), muted=False)
        elif tag == "hello":
            yield Offers("d1", frozenset({ShowKey}))
            yield Offers("", frozenset({SetVolume}))
            yield Feedback(volume=30, muted=False)
            yield Ready()
        elif isinstance(tag, Request):
            yield Taken(tag)
            if isinstance(tag.command, SetVolume):
                yield Feedback(volume=tag.command.level)
