"""What every kind of calendar is to RoomGate: an account at a service, and in it one calendar for each room.

A kind is brought by the pluggy hook `register_calendars(register)`, which takes Account classes; the built-in ones
come in by the same hook. Other distributions bring theirs by the entry-point group `roomgate`, as with drivers.

Nothing here may stop the gateway from starting: `Account` and `calendar()` touch no network; the first `read` does.
All calls are coroutines that never block the event loop, end within `Account.patience` seconds, and raise only what is
declared here. What may not live here: when it is read and what is kept (`keeper.py`), what is shown (`showing.py`).
"""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from gateway.calendars.meeting import Meeting, Window
from gateway.clock import Clock
from gateway.driver import Settings


class CalendarTrouble(Exception):
    """A calendar could not be asked; `str()` is for people, and holds no secret."""


class NetworkLost(CalendarTrouble):
    """The service does not answer, or is out of order: what is kept goes on being shown, with its age."""


class NotNow(CalendarTrouble):
    """It cannot be asked at the moment, and nothing is wrong: a codec sleeps."""


class AuthLost(CalendarTrouble):
    """The service no longer lets us in: an administrator must sign in again, or renew the secret."""


class NotAllowed(CalendarTrouble):
    """We are let in, but not to this room's calendar, or not to write in it."""


class Throttled(NetworkLost):
    """Too many questions; not before `seconds` have passed."""

    def __init__(self, words: str, seconds: float) -> None:
        super().__init__(words)
        self.seconds = seconds


class Conflict(CalendarTrouble):
    """The room is not free then, or the meeting is no longer as it was."""


@dataclass(frozen=True)
class Place:
    """Where an account lives: a folder of its own (0700; tokens go there, 0600), the clock, the site's time zone."""

    folder: Path
    clock: Clock
    zone: tzinfo


def own_folder(data: Path, name: str) -> Path:
    """The folder of the account `name` in the data folder, made where it is missing. Raises OSError."""
    folder = data / "calendars" / name
    for one in (folder.parent, folder):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:  # `sudo roomgate calendar sign-in` must leave a folder that the service can use
            owner = data.stat()
            with contextlib.suppress(OSError):  # a share may forbid it even to root
                os.chown(one, owner.st_uid, owner.st_gid)
    return folder


class Calendar(ABC):
    """One room's calendar. Calls come one at a time."""

    writes: bool = False  # whether book, move_end and cancel are there, as far as is known without asking

    @abstractmethod
    async def read(self, window: Window) -> tuple[Meeting, ...]:
        """Every meeting in the window, cancelled ones too where the service tells them. Raises CalendarTrouble."""

    async def book(self, start: datetime, end: datetime, subject: str) -> Meeting:
        """Put a meeting into the room's own calendar. It does not look for others there: the caller has. Raises
        CalendarTrouble; NotAllowed where this calendar cannot be written."""
        raise NotAllowed("this calendar can only be read")

    async def move_end(self, meeting: Meeting, end: datetime) -> Meeting:
        """Let a meeting end earlier or later. Raises as `book`, and Conflict where it is no longer as it was."""
        raise NotAllowed("this calendar can only be read")

    async def cancel(self, meeting: Meeting) -> None:
        """Give the room free again: remove a meeting of the room's own, decline another's. Raises as `move_end`."""
        raise NotAllowed("this calendar can only be read")


class Account(ABC):
    """One sign-in to a calendar service, used by any number of rooms (`[calendars.NAME]` of site.toml).

    kind: its name in the profile. Settings: a frozen dataclass, read as drivers' settings are, secrets marked so.
    every: seconds between two looks at a room, before jitter. mailbox_is: what a room's `mailbox` is here, in words.
    """

    kind: ClassVar[str] = ""
    Settings: ClassVar[type[Settings]] = Settings
    every: ClassVar[float] = 60.0
    patience: ClassVar[float] = 30.0
    mailbox_is: ClassVar[str] = "the room's address"

    def __init__(self, name: str, settings: Any, place: Place) -> None:
        self.name = name
        self.settings = settings
        self.place = place

    @abstractmethod
    def calendar(self, mailbox: str) -> Calendar:
        """A room's calendar. Raises ValueError in words for a mailbox that cannot be one."""

    async def close(self) -> None:  # noqa: B027  # a kind that keeps nothing open needs none
        """Close what is open."""


Register = Callable[[type[Account]], None]
