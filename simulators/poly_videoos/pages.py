"""The codec's directory and calendar: what is in them, and how it is given out in pages.

What may not live here: requests. The shapes of entries, meetings and pages are the guide's field lists; that a query
is answered with its bare id, and a page with a bare list, is in no source: it is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Directory:
    """So many people, and the queries that are open."""

    size: int
    queries: dict[int, list[int]] = field(default_factory=dict)  # those that fit
    last: int = 0
    read: int = 0  # rows given out

    def search(self, text: str) -> int:
        """Open a query."""
        self.last += 1
        self.queries[self.last] = [one for one in range(self.size) if text.casefold() in name(one).casefold()]
        return self.last

    def page(self, query: int, start: int, limit: int) -> list[dict[str, Any]]:
        """So many rows of those that fit."""
        found = self.queries[query][start : start + limit]
        self.read += len(found)
        return [entry(number) for number in found]


def name(number: int) -> str:
    return f"Group {number}" if number % 50 == 49 else f"Room {number:05d}"


def entry(number: int) -> dict[str, Any]:
    about = {"entryId": f"e{number}", "serverId": "local", "displayName": name(number), "favorite": False}
    if number % 50 == 49:
        return about | {"type": "GROUP"}
    device = {"id": "0", "type": "SIP", "address": f"room{number}@example.com"}
    return about | {"type": "SINGLE", "devices": [device]}


def meetings(now: int, amount: int) -> list[dict[str, Any]]:
    """One each hour from now on; every third one is private. `now` in seconds since 1970."""
    return [
        {
            "id": f"m{number}",
            "subject": f"Meeting {number}",
            "organizer": "Alice",
            "location": "Here",
            "startTime": (now + number * 3600) * 1000,
            "duration": 30,
            "canDial": number % 2 == 0,
            "inCall": False,
            "privateMeeting": number % 3 == 2,
        }
        for number in range(amount)
    ]
