"""All calendars of a site at work: its accounts, and for each room that has one a keeper and a desk.

Whatever is wrong with a calendar is said in its room's description; nothing here stops the gateway from starting, or a
room from working. What may not live here: what one room shows (`desk.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import zoneinfo
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path

from gateway.calendars.calendar import Account, Calendar, Place, own_folder
from gateway.calendars.codecbook import EVERY, CodecCalendar
from gateway.calendars.desk import Desk
from gateway.calendars.keeper import Keeper
from gateway.calendars.store import Store
from gateway.clock import Clock
from gateway.profile.meetings import CODEC, CalendarSpec, MeetingsSpec
from gateway.room import Room
from gateway.spec import SiteSpec

log = logging.getLogger("roomgate.calendars")

APART = 0.2  # seconds between the first looks of an account's rooms, up to one round of all


class Office:
    """`desks` by room. Made by the event loop's side; `run` it, then `close` it."""

    def __init__(self, spec: SiteSpec, rooms: Mapping[str, Room], folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.folder = folder
        self.zone = zone_of(spec.time_zone)
        self.accounts: dict[str, Account] = {}
        self.desks: dict[str, Desk] = {}
        self.store: Store | None = None
        self._specs = spec.calendars
        with_meetings = {room.id: room for room in rooms.values() if room.spec.meetings is not None}
        if not with_meetings:
            return
        self.store = Store(folder / "meetings.sqlite")
        many = Counter(room.spec.meetings.calendar for room in with_meetings.values() if room.spec.meetings)
        for room in with_meetings.values():
            assert room.spec.meetings is not None
            self.desks[room.id] = self._desk(room, room.spec.meetings, spec, many[room.spec.meetings.calendar])

    def _desk(self, room: Room, wish: MeetingsSpec, spec: SiteSpec, many: int) -> Desk:
        desk = Desk(room, wish, spec.join, self.zone)
        calendar, words = self._calendar(room, wish)
        if words:
            log.warning("the calendar of %s cannot be used: %s", room.id, words)
        account = self.accounts.get(wish.calendar)
        every = EVERY if account is None else account.every
        assert self.store is not None
        desk.keeper = Keeper(
            f"{room.id} {wish.calendar} {wish.mailbox}".strip(),
            calendar,
            self.store,
            self.clock,
            self.zone,
            desk.changed,
            every=every,
            spread=min(every, APART * (many - 1)),
            words=words,
        )
        return desk

    def _calendar(self, room: Room, wish: MeetingsSpec) -> tuple[Calendar | None, str]:
        """A room's calendar, or why there is none. A plug-in's fault is a reason, too."""
        if wish.calendar == CODEC:
            return CodecCalendar(room, self.zone), ""
        spec = self._specs.get(wish.calendar)
        if spec is None:
            return None, f"the calendar {wish.calendar!r} has a mistake in site.toml"
        if spec.words:
            return None, spec.words
        try:
            return self._account(spec).calendar(wish.mailbox), ""
        except ValueError as error:
            return None, str(error)
        except Exception as error:
            log.exception("the calendar %s met a fault", spec.name)
            return None, f"the calendar {spec.name!r} met a fault ({type(error).__name__})"

    def _account(self, spec: CalendarSpec) -> Account:
        if spec.name not in self.accounts:
            place = Place(own_folder(self.folder, spec.name), self.clock, self.zone)
            account: Account = spec.account_class(spec.name, spec.settings, place)
            self.accounts[spec.name] = account
        return self.accounts[spec.name]

    async def run(self) -> None:
        """Read and show, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for room, desk in self.desks.items():
                group.create_task(desk.keeper.run(), name=f"calendar {room}")
                group.create_task(desk.run(), name=f"meetings {room}")

    async def close(self) -> None:
        """Let go of everything."""
        await asyncio.gather(*(desk.close() for desk in self.desks.values()))
        for account in self.accounts.values():
            try:
                await account.close()
            except Exception:
                log.exception("the calendar %s met a fault as it was closed", account.name)
        if self.store is not None:
            await self.store.close()


def zone_of(name: str) -> tzinfo:
    """The site's time zone; without one this machine's, and UTC where that has no name."""
    if name:
        return zoneinfo.ZoneInfo(name)
    local = os.environ.get("TZ", "").lstrip(":")
    if not local:
        local = os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    try:
        return zoneinfo.ZoneInfo(local)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return UTC
