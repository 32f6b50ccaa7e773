"""The next meeting, from the codec's own calendar, where a room's profile says so: `[meetings] from = "codec"`.

It asks only while the codec is awake and tells of its calls: a question must not wake it, nor take a Zoom Room away
from the person who holds its controller. What may not live here: other calendars, joining.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from gateway.clock import Clock
from gateway.commands import ListBookings
from gateway.model import Reading
from gateway.room import Room

log = logging.getLogger("roomgate.agenda")

EVERY = 300.0  # seconds between looks
AGAIN = 10.0  # seconds until the next try where the codec could not be asked
MOST = 100  # rows that are read
LENGTH = 120  # characters of a title that are kept
NONE = "No meeting"


class Agenda:
    """One room's next meeting, as its point `next_meeting`."""

    def __init__(self, room: Room, clock: Clock, zone: tzinfo | None) -> None:
        self.room = room
        self.clock = clock
        self.zone = zone
        self.rows: list[Any] | None = None

    async def run(self) -> None:
        """Look, and say what comes next, until cancelled."""
        while True:
            asked = await self.look()
            await asyncio.sleep(self.tell() if asked else AGAIN)

    async def look(self) -> bool:
        """Read the codec's list; False where it cannot be asked now, or does not answer."""
        part = self.room.parts.get("calls")
        if part is None or not part.player.online or not part.offers(ListBookings.verb):
            return False
        calls, power = part.reading("calls"), part.player.unit(part.unit).points.get("power")
        if calls.value is None or calls.stale or (power is not None and power.value != "on"):
            return False
        read = getattr(part.player, "read", None)
        if read is None:
            return False
        rows: list[Any] = []
        try:
            async for row in read(ListBookings(1), part.unit, cause="agenda"):
                rows = [*rows, row][:MOST]
        except LookupError as error:
            log.debug("%s: the codec's calendar: %s", self.room.id, error)
            return False
        self.rows = rows
        return True

    def tell(self) -> float:
        """Say what comes next; returns the seconds until that may be something else."""
        now = datetime.fromtimestamp(self.clock.wall(), self.zone).astimezone(self.zone)
        words, until = next_meeting(self.rows or (), now)
        self.room.learn("next_meeting", Reading(words, self.clock.wall(), confirmed=True))
        return min(EVERY, max(1.0, (until - now).total_seconds())) if until else EVERY


def next_meeting(rows: Iterable[Any], now: datetime) -> tuple[str, datetime | None]:
    """What is on, else what comes next, in words; and when that changes. `now` says the time zone."""
    found: list[tuple[datetime, datetime, str]] = []
    for row in rows:
        if isinstance(row, Mapping):
            start, end = _moment(row.get("start"), now), _moment(row.get("end"), now)
            title = " ".join(str(row.get("title") or "Meeting").split())[:LENGTH]
            if start is not None and end is not None and now < end and start < end:
                found.append((start, end, title))
    if not found:
        return NONE, None
    start, end, title = min(found)
    if start <= now:
        return f"Until {end:%H:%M}: {title}", end
    day = "" if start.date() == now.date() else "Tomorrow " if start.date() == now.date() + timedelta(days=1) else None
    when = f"{start:%d.%m. %H:%M}" if day is None else f"{day}{start:%H:%M}"
    return f"{when}: {title}", start


def _moment(text: Any, now: datetime) -> datetime | None:
    """A time as codecs write it; one without a zone is the room's own."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).astimezone(now.tzinfo)
