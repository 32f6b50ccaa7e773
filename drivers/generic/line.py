"""Any device that takes lines of text, with its words in the profile: serial, TCP or Telnet.

What may not live here: the words (`words.py`). Source: the device's own manual, which whoever writes the profile reads.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.generic.words import PLAYS, Language, WordSettings
from gateway.commands import Command
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
    Answered,
    Driver,
    Drop,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
    shows,
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


class GenericLine(Driver):
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
    plays = PLAYS
    units = 'one of `units`, "" where there are none'
    Settings: ClassVar[type[Settings]] = LineSettings
    settings: LineSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.words = Language(self.settings)
        self.refusal = re.compile(self.settings.refused) if self.settings.refused else None
        self.begun = False

    def opening(self) -> Opening:
        """The serial line's settings."""
        return Opening(baud=self.settings.baud, framing=self.settings.framing)

    def valid_unit(self, unit: str) -> bool:
        return unit in self.words.units

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A device with fewer steps than a hundred comes as near as it can."""
        near = self.words.same(command, points)
        return shows(command, points) if near is None else near

    def opened(self) -> Actions:
        """Greet, and ask; usable when the first question is answered, or at once where there is none."""
        for line in self.settings.hello:
            yield self._send(self.words.ask(line, ""), "hello", (self.settings.password,))
        if self.settings.ask and self.settings.answers:
            yield from self._look()
        else:
            yield from self._begin()
            yield from self._look()

    def _begin(self) -> Actions:
        if not self.begun:
            self.begun = True
            for unit in self.words.units:
                yield Offers(unit, self.words.offers(unit), self.words.choices)
            yield Ready()

    def _look(self) -> Actions:
        for words in self.settings.ask:
            for unit in self.words.named(words):
                yield self._send(self.words.ask(words, unit), "look", (self.settings.password,))
        if self.settings.ask and self.settings.poll:
            yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to look again."""
        yield from self._look()

    def command(self, request: Request) -> Actions:
        """Say it in the device's words."""
        said = self.words.say(request.command, request.unit)
        if said is None:
            yield Refused(request, "the profile has no words for that")
            return
        line, secret = said
        if "\r" in line or "\n" in line:
            yield Refused(request, "a line holds no line end")
            return
        yield self._send(line, request, secret)
        if not self.settings.answers:
            yield from self._taken(request)

    def _send(self, line: str, tag: Hashable, hide: tuple[str, ...]) -> Send:
        data = (line + ENDS[self.settings.end]).encode("utf-8", "replace")
        return Send(data, tag=tag, reply=self.settings.answers, hide=tuple(filter(None, hide)))

    def _taken(self, request: Request, told: bool = False) -> Actions:
        """Taken; `told`: the answer itself told something of it."""
        yield Taken(request)
        yield from self.words.believe(request)
        if self.settings.ask and not told and self.words.tells_of(request.command):
            yield from self._look()

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
            yield from self._begin()
        if isinstance(tag, Request):
            yield from self._taken(tag, any(not tag.command.touches.isdisjoint(news.points) for news in heard))

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A silent device is dropped, as any: its next answer could be to anything."""
        yield Answered(tag)
        yield from super().failed(tag, reason)
