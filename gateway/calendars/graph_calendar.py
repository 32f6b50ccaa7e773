"""One room's calendar at Microsoft 365: what changed since the last look, and the whole whenever there is a doubt.

The delta is trusted for what it tells whole. A series' occurrences come thin, some changes only as a hint, and a token
dies when Microsoft likes: then the window is read plainly. A plain look is taken every half hour in any case, and once
a day, when the window rolls on. What may not live here: HTTP, and what an event means (`graph_event.py`).

Sources: Microsoft Graph v1.0, "List calendarView", "event: delta", "Get immutable identifiers for Outlook resources".
"""

from __future__ import annotations

import asyncio
import logging
import uuid
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from gateway.calendars.calendar import Calendar, CalendarTrouble, Conflict, NetworkLost, NotAllowed, Throttled
from gateway.calendars.graph import Stale, Unsupported
from gateway.calendars.graph_event import SELECT, is_whole, meeting
from gateway.calendars.meeting import Meeting, Window

if TYPE_CHECKING:
    from gateway.calendars.microsoft365 import Microsoft365

log = logging.getLogger("roomgate.calendars")
PLAIN_EVERY = 1800.0  # seconds between two plain reads, at most; a room's own number spreads them downwards
PAGE = 50
PAGES = 100  # more is a loop, or no room's calendar
PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="html"'


class GraphCalendar(Calendar):
    """A room mailbox's calendar."""

    def __init__(self, account: Microsoft365, mailbox: str) -> None:
        self.account, self.mailbox = account, mailbox
        self.writes = account.settings.write
        self.delta = True  # whether this calendar tells changes, as far as is known
        self._meetings: dict[str, Meeting] = {}
        self._window: Window | None = None
        self._link = ""
        self._plain_at = 0.0
        self._bodies: dict[str, str] = {}  # each text once, however many occurrences of a series have it
        self._not_before = 0.0
        self._words = ""

    # ---- reading ----------------------------------------------------------------------------------------------

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        async with self._within_patience():
            await self._refresh(window)
        found = (held for held in self._meetings.values() if window.holds(held.start, held.end))
        return tuple(sorted(found, key=lambda held: (held.start, held.end, held.id)))

    async def _refresh(self, window: Window) -> None:
        held, now = self._window, self.account.place.clock.now()
        rolled = held is None or window.start < held.start or window.end > held.end
        if rolled or held is None or (self.delta and not self._link):
            await self._whole(widened(window, self.account.place.zone))
        elif not self.delta or now >= self._plain_at:
            self._take(held, await self._plain(held), self._link)
        else:
            try:
                await self._changes(held)
            except Stale as stale:
                log.info("%s; the whole calendar is read again", stale)
                self._link = ""
                await self._whole(widened(window, self.account.place.zone))

    async def _whole(self, window: Window) -> None:
        """First where the changes begin, then everything: what happens between the two is told twice, never lost."""
        link = ""
        try:
            _, link = await self._round(f"calendarView/delta?{_query(window)}")
            self.delta = True
        except (Unsupported, NotAllowed, Stale) as refused:  # what a delta may not, a plain view may
            self.delta = False
            log.debug("%s: no changes are told here: %s", self.mailbox, refused)
        self._take(window, await self._plain(window), link)

    async def _plain(self, window: Window) -> dict[str, Meeting]:
        rows = await self._pages(f"calendar/calendarView?{_query(window)}&$top={PAGE}&$select={SELECT}")
        found: dict[str, Meeting] = {}
        self._bodies = {}
        for row in rows:
            self._add(found, row)
        return found

    def _take(self, window: Window, found: dict[str, Meeting], link: str) -> None:
        self._window, self._meetings, self._link = window, found, link
        spread = zlib.crc32(self.mailbox.encode()) % 1000 / 1000  # the same room, the same moment; rooms differ
        self._plain_at = self.account.place.clock.now() + PLAIN_EVERY * (1 - spread / 2)
        self.writes = self.account.settings.write

    async def _changes(self, window: Window) -> None:
        rows, link = await self._round(self._link)
        found, doubt = dict(self._meetings), False
        for row in rows:
            id = str(row.get("id"))
            if "@removed" in row:  # also told of what is merely outside the window, and of what we never knew
                found.pop(id, None)
                doubt = doubt or any(held.series == id for held in found.values())
            elif is_whole(row):
                self._add(found, row)
            else:
                doubt = True
        if doubt:
            found = await self._plain(window)
        self._meetings, self._link = found, link

    def _add(self, found: dict[str, Meeting], row: Mapping[str, Any]) -> None:
        try:
            held = meeting(row, self.account.place.zone, self._bodies)
        except ValueError as wrong:
            log.warning("%s: an event cannot be read and is left out: %s", self.mailbox, wrong)
            found.pop(str(row.get("id")), None)
            return
        found[held.id] = held

    async def _round(self, path: str) -> tuple[list[dict[str, Any]], str]:
        """Every row of a delta, and the link of the next."""
        link = ""
        rows: list[dict[str, Any]] = []
        async for page in self._follow(path, f"{PREFER}, odata.maxpagesize={PAGE}"):
            rows += _rows(page)
            link = page.get("@odata.deltaLink", "")
        if not isinstance(link, str) or not link:
            raise Stale(f"{self.mailbox}: the changes end without a link")
        return rows, link

    async def _pages(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        async for page in self._follow(path, PREFER):
            rows += _rows(page)
        return rows

    async def _follow(self, path: str, prefer: str) -> AsyncIterator[dict[str, Any]]:
        for _ in range(PAGES):
            page = await self.account.graph.ask(self.mailbox, "GET", path, headers={"Prefer": prefer})
            yield page
            following = page.get("@odata.nextLink")
            if not isinstance(following, str) or not following:
                return
            path = following
        raise CalendarTrouble(f"{self.mailbox}: Graph's pages do not end")

    # ---- writing ----------------------------------------------------------------------------------------------

    async def book(self, start: datetime, end: datetime, subject: str) -> Meeting:
        self._may_write()
        told = {
            "subject": subject,
            "start": _moment(start),
            "end": _moment(end),
            "showAs": "busy",
            "isReminderOn": False,
            "transactionId": str(uuid.uuid4()),  # Graph books once, even if a proxy sends it twice
        }
        async with self._within_patience():
            return self._written(await self._ask("POST", "calendar/events", body=told))

    async def move_end(self, meeting: Meeting, end: datetime) -> Meeting:
        self._may_write()
        held = {"If-Match": meeting.etag} if meeting.etag else {}
        async with self._within_patience():
            return self._written(await self._ask("PATCH", _event(meeting), body={"end": _moment(end)}, headers=held))

    async def cancel(self, meeting: Meeting) -> None:
        self._may_write()
        async with self._within_patience():
            row = await self._ask("GET", _event(meeting))
            now = self._parsed(row)
            if (now.start, now.end) != (meeting.start, meeting.end):
                raise Conflict(f"{self.mailbox}: the meeting has been moved")
            if now.own:
                await self._ask("DELETE", _event(meeting))
            else:
                await self._ask("POST", f"{_event(meeting)}/decline", body={"sendResponse": True})
            self._meetings.pop(meeting.id, None)

    def _may_write(self) -> None:
        if not self.account.settings.write:
            raise NotAllowed(f"the calendar {self.account.name} is only read; set `write = true` to book in it")

    async def _ask(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            return await self.account.graph.ask(
                self.mailbox, method, path, body=body, headers={"Prefer": PREFER, **(headers or {})}
            )
        except NotAllowed:
            if method != "GET":
                self.writes = False  # until the next plain read
            raise

    def _written(self, row: dict[str, Any]) -> Meeting:
        held = self._parsed(row)
        self._meetings[held.id] = held
        return held

    def _parsed(self, row: dict[str, Any]) -> Meeting:
        try:
            return meeting(row, self.account.place.zone)
        except ValueError:
            raise CalendarTrouble(f"{self.mailbox}: Graph's answer is no meeting") from None

    # ---- both -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _within_patience(self) -> AsyncIterator[None]:
        """Ask nothing while Graph has asked us to wait, and end in time."""
        left = self._not_before - self.account.place.clock.now()
        if left > 0:
            raise Throttled(self._words, left)
        try:
            async with asyncio.timeout(self.account.patience):
                yield
        except TimeoutError:
            raise NetworkLost(f"{self.mailbox}: no answer within {self.account.patience:g} s") from None
        except Throttled as wait:
            self._not_before, self._words = self.account.place.clock.now() + wait.seconds, str(wait)
            raise


def widened(window: Window, zone: tzinfo) -> Window:
    """From midnight to midnight, so that a window which moves on needs a new read once a day."""
    start = datetime.combine(window.start.astimezone(zone).date(), time(0), zone)
    end = datetime.combine(window.end.astimezone(zone).date() + timedelta(days=1), time(0), zone)
    return Window(start, end)


def _query(window: Window) -> str:
    return f"startDateTime={_stamp(window.start)}&endDateTime={_stamp(window.end)}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(at: datetime) -> dict[str, str]:
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def _event(held: Meeting) -> str:
    from urllib.parse import quote

    return f"calendar/events/{quote(held.id, safe='')}"


def _rows(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = page.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CalendarTrouble("Graph's answer cannot be read: its list is missing")
    return rows
