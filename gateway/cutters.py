"""Cutters make whole messages out of a stream that arrives in any pieces.

A driver names one as a class attribute; each connection gets its own `feed`. What may not live here: what a message
means. Every cutter is bounded: a device that floods without an end loses its link, not our memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

WINDOW = (
    256  # bytes of what is held that a frame is measured by at first: else a flood of short frames costs its square
)


class Overflow(ValueError):
    """The device sent more than the cutter's limit without ending a message, or something that cannot begin one."""


class Feed(Protocol):
    """One connection's cutting: raw data in, whole messages out."""

    def __call__(self, data: Any) -> list[Any]: ...


class Cutter(Protocol):
    """How a driver's stream is cut, and whether a message ends the turn that waits for it."""

    def start(self) -> Feed:
        """A fresh feed for a new connection."""
        ...

    def answers(self, message: Any) -> bool:
        """Whether this message answers the oldest exchange in flight (positional protocols)."""
        ...


@dataclass(frozen=True)
class Whole:
    """For links that keep messages whole (WebSocket, HTTP, SNMP, UDP), and for drivers that answer by tag."""

    def start(self) -> Feed:
        return lambda data: [data]

    def answers(self, message: Any) -> bool:
        return False


@dataclass(frozen=True)
class Lines:
    """Cut at any of `ends`; empty lines are dropped. Lines that match `unasked` never end a turn."""

    ends: tuple[bytes, ...] = (b"\r",)
    unasked: str = ""
    turns: bool = True
    limit: int = 65_536
    _unasked: re.Pattern[bytes] | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        if any(a != b and b.startswith(a) for a in self.ends for b in self.ends):  # CR, LF and CR LF: name CR and LF
            raise ValueError(f"one of {self.ends} is the beginning of another: packets would decide which it is")
        if self.unasked:
            object.__setattr__(self, "_unasked", re.compile(self.unasked.encode("latin-1")))

    def start(self) -> Feed:
        held = bytearray()
        split = re.compile(b"|".join(re.escape(end) for end in self.ends))
        longest = max(map(len, self.ends))

        def feed(data: Any) -> list[Any]:
            seen = max(0, len(held) - longest + 1)  # no end begins before that
            held.extend(data)
            if not split.search(held, seen):
                lines: list[bytes] = []
            else:
                *lines, rest = split.split(bytes(held))
                held[:] = rest
            if len(held) > self.limit or any(len(line) > self.limit for line in lines):
                raise Overflow(f"no end of line within {self.limit} bytes")
            return [line for line in lines if line]

        return feed

    def answers(self, message: Any) -> bool:
        return self.turns and not (self._unasked and self._unasked.match(message))


@dataclass(frozen=True)
class Frames:
    """Cut binary frames. `measure(held)` gives the length of the frame that `held` begins with, 0 = not known yet,
    negative = so many bytes are no frame and are skipped. It is shown a beginning, and more while that gives 0."""

    measure: Callable[[bytes], int]
    turns: bool = True
    limit: int = 65_536

    def start(self) -> Feed:
        held = bytearray()

        def feed(data: Any) -> list[Any]:
            held.extend(data)
            frames: list[Any] = []
            while held:
                length = shown = 0
                while length == 0 and shown < len(held):
                    shown = 4 * shown or WINDOW
                    length = self.measure(bytes(held[:shown]))
                if length < 0:
                    del held[:-length]
                elif length == 0 or self.limit >= length > len(held):
                    break
                elif length > self.limit:
                    raise Overflow(f"a frame of {length} bytes; {self.limit} is the most")
                else:
                    frames.append(bytes(held[:length]))
                    del held[:length]
            if len(held) > self.limit:
                raise Overflow(f"no whole frame within {self.limit} bytes")
            return frames

        return feed

    def answers(self, message: Any) -> bool:
        return self.turns


@dataclass(frozen=True)
class JsonOrLines:
    """Cut whole JSON objects, on one line or many, out of a stream that also holds plain lines (a shell's).

    An object begins with `{` at the start of a line and ends with its own closing brace; everything else is lines
    without their ends. Never ends a turn: JSON replies carry tags.
    """

    limit: int = 4_194_304

    def start(self) -> Feed:
        return _JsonFeed(self.limit)

    def answers(self, message: Any) -> bool:
        return False


class _JsonFeed:
    _INTERESTING = re.compile(rb'["\\{}]')

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = bytearray()
        self.scanned = 0
        self.depth = 0
        self.quoted = False

    def __call__(self, data: Any) -> list[Any]:
        self.held.extend(data)
        messages: list[Any] = []
        while self._cut(messages):
            pass
        if len(self.held) > self.limit:
            raise Overflow(f"no end of message within {self.limit} bytes")
        return messages

    def _cut(self, messages: list[Any]) -> bool:
        held = self.held
        if self.depth == 0:
            start = 0
            while start < len(held) and held[start] in b" \t\r\n":
                start += 1
            del held[:start]
            if not held:
                return False
            if held[0] != 0x7B:
                end = held.find(b"\n")
                if end < 0:
                    return False
                messages.append(bytes(held[:end]).rstrip(b"\r"))
                del held[: end + 1]
                return True
            self.depth, self.scanned, self.quoted = 1, 1, False
        while match := self._INTERESTING.search(held, self.scanned):
            at, what = match.start(), match.group()
            if self.quoted and what == b"\\":
                if at + 1 >= len(held):
                    self.scanned = at
                    return False
                self.scanned = at + 2
                continue
            self.scanned = at + 1
            if what == b'"':
                self.quoted = not self.quoted
            elif not self.quoted and what != b"\\":
                self.depth += 1 if what == b"{" else -1
                if self.depth == 0:
                    messages.append(bytes(held[: self.scanned]))
                    del held[: self.scanned]
                    return True
        self.scanned = len(held)
        return False
