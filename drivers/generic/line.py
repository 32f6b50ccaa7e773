"""Any device that takes lines of text, with its words in the profile: serial, TCP or Telnet.

What may not live here: the words (`words.py`). Source: the device's own manual, which whoever writes the profile reads.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.generic.worded import Worded
from drivers.generic.words import WordSettings
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
    Answered,
    Drop,
    Opening,
    Refused,
    Request,
    Send,
    Settings,
    Timing,
    setting,
)
from gateway.model import Reason

ENDS = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "none": ""}


@dataclass(frozen=True)
class LineSettings(WordSettings):
    """Settings of `generic_line`."""

    end: str = setting("cr", "the end of each line that is sent: cr, lf, crlf or none")
    hello: tuple[str, ...] = setting((), "lines to send first, such as a log-in")
    answers: bool = setting(True, "the device answers every line; false: it is silent, or answers when it likes")
    baud: int = setting(9600, "serial speed")
    framing: str = setting("8N1", "serial: data bits, parity (N, E, O), stop bits")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.end not in ENDS:
            raise ValueError(f"end is one of {', '.join(ENDS)}")
        if not re.fullmatch(r"[78][NEO][12]", self.framing):
            raise ValueError("framing is such as 8N1 or 7E1")
        for words in (*self.send.values(), *self.ask, *self.hello):
            if "\r" in words or "\n" in words:
                raise ValueError(f"{words!r}: one line each; `end` says how it ends")


class GenericLine(Worded):
    """A device whose lines stand in the profile."""

    name = "generic_line"
    title = "Any device that takes lines of text"
    models = "whatever speaks lines over serial, TCP or Telnet and has no driver of its own"
    links: ClassVar[Mapping[str, int]] = {"tcp": 0, "telnet": 23, "serial": 0}
    cutter = Lines((b"\r", b"\n"))
    timing = Timing(window=1, gap=0.05, reply=2.0)
    sources = ("the profile, and the manual of the device that it describes",)
    offered = (
        "any command of a part as a line, with its arguments",
        "points from the device's lines by pattern, asked for or not",
        "values and ranges translated",
        "several units",
        "an answer that is a no",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "binary protocols, check sums": "write a driver: docs/write-a-driver.md",
        "conditions, loops, memory": "write a driver: docs/write-a-driver.md",
    }
    Settings: ClassVar[type[Settings]] = LineSettings
    settings: LineSettings

    def opening(self) -> Opening:
        """The serial line's settings."""
        return Opening(baud=self.settings.baud, framing=self.settings.framing)

    def opened(self) -> Actions:
        """Greet, and ask; usable when the first question is answered, or at once where there is none."""
        for line in self.settings.hello:
            yield self.put(self.words.ask(line, ""), "hello", (self.settings.password,))
        if not (self.settings.ask and self.settings.answers):
            yield from self.begin()
        yield from self.look()

    def put(self, words: str, tag: Hashable, hide: tuple[str, ...]) -> Send:
        """A line and its end."""
        if "\r" in words or "\n" in words:
            raise ValueError("a line holds no line end")
        data = (words + ENDS[self.settings.end]).encode("utf-8", "replace")
        return Send(data, tag=tag, reply=self.settings.answers, hide=tuple(filter(None, hide)))

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A line: an answer, or news."""
        text = bytes(data).decode("utf-8", "replace")
        if tag is not None and self.refusal and self.refusal.search(text):
            if isinstance(tag, Request):
                yield Refused(tag, text.strip()[:200])
            elif tag == "hello":
                yield Drop(Reason.LOGIN_REFUSED, "the device refused the greeting")
            return
        heard = list(self.words.hear(text))
        yield from heard
        if tag not in (None, "hello"):
            yield from self.begin()
        if isinstance(tag, Request):
            yield from self.taken(tag, heard)

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A silent device is dropped, as any: its next answer could be to anything."""
        yield Answered(tag)
        yield from super().failed(tag, reason)
