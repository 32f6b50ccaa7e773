"""One meeting as a calendar tells it, and the stretch of time that is looked at. Values: no network, no clock.

What may not live here: what a panel shows of it, how any calendar is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gateway.joinlink import Invitation

Answer = Literal["accepted", "tentative", "declined", "none"]


@dataclass(frozen=True)
class Window:
    """From when until when; both aware. A meeting is in it where it ends after `start` and begins before `end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise ValueError("a window has two aware times, the end after the start")

    def holds(self, start: datetime, end: datetime) -> bool:
        """Whether a meeting of these times is in it; one that ends as it begins counts at its moment."""
        return start < self.end and (end > self.start or start == end == self.start)


@dataclass(frozen=True)
class Meeting:
    """One meeting, or one occurrence of a series.

    id: the calendar's own, the same when it is moved, unique in its calendar. start, end: aware; of an all-day meeting,
    the midnights of the calendar's own zone. status: as the organiser says; answer: what the room has said to it.
    show_as_free: the room is not taken by it. own: booked in the room's own name, so that the room may change it.
    series: the id of the series, "" where it stands alone. etag: the calendar's mark of this version, "" without one.
    """

    id: str
    start: datetime
    end: datetime
    invitation: Invitation = field(default_factory=Invitation, repr=False)
    organizer: str = field(default="", repr=False)  # as people read it: a name, else an address
    all_day: bool = False
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    answer: Answer = "none"
    show_as_free: bool = False
    private: bool = False
    own: bool = False
    series: str = ""
    etag: str = ""

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a meeting's times are aware")
        if self.end < self.start:
            raise ValueError("a meeting does not end before it begins")

    @property
    def subject(self) -> str:
        """The invitation's subject as it came."""
        return self.invitation.subject
