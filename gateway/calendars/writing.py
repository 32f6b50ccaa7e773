"""Writing in a room's calendar: book it now, extend, end early, give up a meeting that nobody came to.

Everything is decided by what is read at that moment, with nobody else of this gateway between. What may not live here:
who may (`desk.py`), how a calendar is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from gateway.calendars.calendar import Calendar, Conflict
from gateway.calendars.meeting import Meeting
from gateway.calendars.showing import busy


class Writer:
    """Acts for one moment: `now`, in the room's `zone`. Every method raises Conflict in words, and CalendarTrouble."""

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self.now = now
        self.zone = zone

    async def book(self, calendar: Calendar, meetings: Iterable[Meeting], minutes: int, subject: str) -> Meeting:
        """From this minute on."""
        start = self.now.replace(second=0, microsecond=0)
        end = start + timedelta(minutes=minutes)
        self._free(meetings, self.now, end)
        return await calendar.book(start, end, subject or "Booked in the room")

    async def extend(self, calendar: Calendar, meetings: Iterable[Meeting], identity: str, minutes: int) -> Meeting:
        """A meeting that is on ends later."""
        meeting = self._on(meetings, identity)
        end = meeting.end + timedelta(minutes=minutes)
        self._free((one for one in meetings if one.id != identity and one.end > self.now), meeting.end, end)
        return await calendar.move_end(meeting, end)

    async def end(self, calendar: Calendar, meetings: Iterable[Meeting], identity: str) -> Meeting:
        """A meeting that is on ends now."""
        meeting = self._on(meetings, identity)
        return await calendar.move_end(meeting, max(meeting.start, self.now.replace(microsecond=0)))

    async def release(self, calendar: Calendar, meetings: Iterable[Meeting], seen: Meeting) -> Meeting:
        """A meeting that nobody came to is given up, unless it is another by now."""
        meeting = self._on(meetings, seen.id)
        if meeting.start != seen.start:
            raise Conflict("the meeting was moved")
        await calendar.cancel(meeting)
        return meeting

    def _on(self, meetings: Iterable[Meeting], identity: str) -> Meeting:
        meeting = next((one for one in meetings if one.id == identity and busy(one)), None)
        if meeting is None:
            raise Conflict("the meeting is no longer in the calendar")
        if not meeting.start <= self.now < meeting.end:
            start = f"{meeting.start.astimezone(self.zone):%H:%M}"
            over = meeting.end <= self.now
            raise Conflict("the meeting is over" if over else f"the meeting begins at {start}")
        return meeting

    def _free(self, meetings: Iterable[Meeting], start: datetime, end: datetime) -> None:
        for one in sorted(meetings, key=lambda meeting: meeting.start):
            if busy(one) and one.start < end and one.end > start:
                if one.start <= start:
                    raise Conflict(f"the room is taken until {one.end.astimezone(self.zone):%H:%M}")
                raise Conflict(f"the room is taken from {one.start.astimezone(self.zone):%H:%M}")
