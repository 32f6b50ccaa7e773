"""Cuts what a Polycom or Yealink shell sends into lines, and its log-in prompts, which end without a line end.

Over the network lines end `\\r\\r\\n`, over serial `\\r\\n`, and an HDX ends its echo `\\n\\r` (Integrator's Reference
Manual for Polycom HDX Systems; AVI-SPL Group Series driver): cut at `\\n` and strip the rest. What may not live
here: what a line means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.cutters import Feed, Overflow

PROMPT = re.compile(rb"[\s\0]*((?:user|username|login|password):)[ \t]*", re.IGNORECASE)
BLANK = b" \t\r\n\0"


def text(line: Any) -> str:
    """A line as text; whatever it holds."""
    return bytes(line).strip(BLANK).decode("utf-8", "replace")


def is_prompt(line: str) -> bool:
    """Whether a line asks for a user name or a password."""
    return PROMPT.fullmatch(line.encode()) is not None


@dataclass(eq=False)
class Spoken:
    """Lines and prompts; `ends` says of each whether it ends the exchange that is on the wire."""

    ends: Callable[[str], bool]
    limit: int = 65_536

    def start(self) -> Feed:
        """A fresh feed for a new connection."""
        held = bytearray()

        def feed(data: Any) -> list[Any]:
            held.extend(data)
            found: list[bytes] = []
            while True:
                if prompt := PROMPT.match(held):
                    found.append(bytes(prompt[1]))
                    del held[: prompt.end()]
                    continue
                end = held.find(b"\n")
                if end < 0:
                    break
                line = bytes(held[:end]).strip(BLANK)
                del held[: end + 1]
                if line:
                    found.append(line)
            if len(held) > self.limit:
                raise Overflow(f"no end of line within {self.limit} bytes")
            return found

        return feed

    def answers(self, message: Any) -> bool:
        """Whether this line ends the exchange on the wire."""
        return self.ends(text(message))
