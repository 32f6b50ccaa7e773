"""How a SIS unit's stream is cut, lines and the question for the password, which has no end; its errors in words.

What may not live here: what the other lines mean (`sis.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gateway.cutters import Frames

ERRORS = {
    "01": "no such input",
    "06": "it cannot switch the input now: it does so by itself",
    "10": "it does not know this command",
    "11": "no such preset",
    "12": "no such output",
    "13": "a value is out of range",
    "14": "this configuration does not allow it",
    "17": "too late or not valid for it",
    "22": "busy",
    "24": "the log-in may not do that",
    "25": "there is no such device",
    "26": "more connections than it takes",
}

ASKS = re.compile(rb"Password:", re.IGNORECASE)
_ANSWER = re.compile(
    rb"(Out|In|Inf|[VA]mt|Grpm|Rly|Cpn|Vrb|Ver|Sig|E\d\d|V\d+X\d+|[+-]?\d+[\d*, .]*\s*$)", re.IGNORECASE
)  # what can end a turn; banners, dates and what happens at the front panel besides cannot


def measure(held: bytes) -> int:
    """A line, or the question for the password."""
    if blank := re.match(rb"[\s\x00]+", held):
        return -blank.end()
    if asks := ASKS.match(held):
        return asks.end()
    end = re.search(rb"[\r\n]", held)
    return end.end() if end else 0


@dataclass(frozen=True)
class Sis(Frames):
    """Lines, and what of them can end a turn."""

    def answers(self, message: Any) -> bool:
        return _ANSWER.match(message) is not None
