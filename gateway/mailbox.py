"""What a slow listener has not taken yet: states coalesce, events queue, nobody else waits.

News of a point replaces older news of the same point, so a slow panel costs one dict. What may not live here: how the
news is sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from gateway.model import Reading

EVENTS = 256  # events a slow listener may have waiting; older ones are dropped, and counted


class Mailbox:
    """One listener's unread news: points, parts whose availability changed, events and answers in order."""

    read = True  # by somebody who can be told of anything

    def __init__(self) -> None:
        self.points: dict[tuple[str, str], Reading] = {}
        self.parts: dict[str, Mapping[str, Any]] = {}
        self.devices: dict[str, Mapping[str, Any]] = {}
        self.told_meetings: Mapping[str, Any] | None = None
        self.events: deque[Mapping[str, Any]] = deque()
        self.missed = 0
        self.closed = False
        self._news = asyncio.Event()

    def changed(self, part: str, point: str, reading: Reading) -> None:
        """A point has a new reading."""
        self.points[part, point] = reading
        self._news.set()

    def part(self, part: str, described: Mapping[str, Any]) -> None:
        """A part came, went, or offers other things now."""
        self.parts[part] = described
        self._news.set()

    def device(self, name: str, described: Mapping[str, Any]) -> None:
        """A device came or went."""
        self.devices[name] = described
        self._news.set()

    def meetings(self, told: Mapping[str, Any]) -> None:
        """The room's meetings are others now, or are told of otherwise."""
        self.told_meetings = told
        self._news.set()

    def put(self, event: Mapping[str, Any]) -> None:
        """An event or an answer: kept in order, bounded."""
        if len(self.events) >= EVENTS:
            self.events.popleft()
            self.missed += 1
        self.events.append(event)
        self._news.set()

    def nudge(self) -> None:
        """Nothing new in the room; whoever waits looks again at whether it may still listen."""
        self._news.set()

    def close(self) -> None:
        """The room has gone; whoever waits is woken."""
        self.closed = True
        self._news.set()

    async def wait(self) -> None:
        """Wait until there is news."""
        await self._news.wait()
        self._news.clear()
