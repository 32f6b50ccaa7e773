"""A calendar that a test writes its script for: what is there, what goes wrong, who asked. Over the same contract."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from gateway.calendars.calendar import Account, Calendar, Conflict, NotAllowed
from gateway.calendars.meeting import Meeting, Window
from gateway.driver import Settings
from gateway.joinlink import Invitation


class ScriptCalendar(Calendar):
    """`meetings` is what the service holds, `trouble` what it answers with instead; `log` what it was asked."""

    def __init__(self, meetings: list[Meeting] | None = None, *, writes: bool = True) -> None:
        self.meetings = meetings or []
        self.trouble: Exception | None = None
        self.writes = writes
        self.log: list[str] = []

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        self.log.append("read")
        if self.trouble is not None:
            raise self.trouble
        return tuple(one for one in self.meetings if window.holds(one.start, one.end))

    def _may(self, verb: str) -> None:
        self.log.append(verb)
        if self.trouble is not None:
            raise self.trouble
        if not self.writes:
            raise NotAllowed("this calendar can only be read")

    async def book(self, start: datetime, end: datetime, subject: str) -> Meeting:
        self._may("book")
        made = Meeting(f"own {len(self.log)}", start, end, Invitation(subject), own=True)
        self.meetings.append(made)
        return made

    async def move_end(self, meeting: Meeting, end: datetime) -> Meeting:
        self._may("move_end")
        return self._changed(meeting, end=end)

    async def cancel(self, meeting: Meeting) -> None:
        self._may("cancel")
        self._changed(meeting, answer="declined")

    def _changed(self, meeting: Meeting, **more: Any) -> Meeting:
        for number, one in enumerate(self.meetings):
            if one.id == meeting.id:
                if (one.start, one.end) != (meeting.start, meeting.end):
                    raise Conflict("the meeting is no longer as it was")
                self.meetings[number] = dataclasses.replace(one, **more)
                return self.meetings[number]
        raise Conflict("the meeting is gone")

    def put(self, meeting: Meeting) -> None:
        """Add a meeting, or change the one of its id."""
        self.drop(meeting.id)
        self.meetings.append(meeting)

    def drop(self, identity: str) -> None:
        """Take a meeting out."""
        self.meetings = [one for one in self.meetings if one.id != identity]


class ScriptAccount(Account):
    """Gives every mailbox a calendar of its own; the tests hold them by mailbox."""

    kind = "script"
    Settings = Settings
    every = 60.0
    held: dict[str, ScriptCalendar]

    def calendar(self, mailbox: str) -> ScriptCalendar:
        if mailbox == "nobody":
            raise ValueError("nobody is no mailbox")
        return self.held.setdefault(mailbox, ScriptCalendar())
