"""The verbs of meetings: joining, booking, extending, ending. They are asked of a room as a whole.

They are imported from `commands`, as all verbs are. What may not live here: how a room does them
(`gateway.calendars`). Ground floor.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.command import Command, text, verb, within

LATEST = 253_402_300_800.0  # the end of the year 9999


@verb
@dataclass(frozen=True)
class JoinMeeting(Command):
    """Join a meeting of the room's calendar: the one that is on or next, or the one named.

    meeting: its `id` in the room's meetings. start: when it begins as the person saw it, seconds since 1970, so that a
    meeting that was moved meanwhile is not joined by mistake; 0 = not said.
    """

    meeting: str = ""
    start: float = 0.0
    verb = "join-meeting"
    doc = "Join a meeting of the room's calendar (`meeting`: its id; without: the one that is on, or next)."
    patience = 180.0
    proof = "driver"
    example = {"meeting": "9f86d081884c7d65"}

    def __post_init__(self) -> None:
        if self.meeting:
            text("meeting", self.meeting, 64)
        within("start", self.start, 0, LATEST)


@verb
@dataclass(frozen=True)
class BookRoom(Command):
    """Book the room from now on for so many minutes."""

    minutes: int = 30
    subject: str = ""
    verb = "book"
    doc = "Book the room from now on, where its calendar may be written and it is free."
    patience = 60.0
    proof = "driver"
    example = {"minutes": 30}

    def __post_init__(self) -> None:
        within("minutes", self.minutes, 5, 480)
        if self.subject:
            text("subject", self.subject, 120)


@verb
@dataclass(frozen=True)
class ExtendMeeting(Command):
    """Let the meeting that is on go on for so many minutes more, where the room is free then."""

    minutes: int = 15
    meeting: str = ""
    verb = "extend-meeting"
    doc = "Let the meeting that is on (or the one named) end later, where the room is free."
    patience = 60.0
    proof = "driver"
    example = {"minutes": 15}

    def __post_init__(self) -> None:
        within("minutes", self.minutes, 5, 480)
        if self.meeting:
            text("meeting", self.meeting, 64)


@verb
@dataclass(frozen=True)
class EndMeeting(Command):
    """End the meeting that is on now: the room is free for others."""

    meeting: str = ""
    verb = "end-meeting"
    doc = "End the meeting that is on (or the one named) now, in the calendar; calls go on."
    patience = 60.0
    proof = "driver"

    def __post_init__(self) -> None:
        if self.meeting:
            text("meeting", self.meeting, 64)
