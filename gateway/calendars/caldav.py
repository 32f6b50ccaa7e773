"""Calendars on a CalDAV server (RFC 4791): Nextcloud, Radicale, Zimbra, SOGo and others. Kind `caldav`.

Read by calendar-query where the collection's mark has changed, and written object by object with If-Match. The
library `caldav` is not used: three questions are all there is to ask, and it brings an HTTP client of its own, which
shadows another package. What may not live here: XML (`davxml.py`), what a text means (`ical.py`), how it is changed
(`booking.py`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urljoin, urlsplit

from gateway.calendars import booking, davxml, ical
from gateway.calendars.calendar import Account, AuthLost, Calendar, CalendarTrouble, Conflict, NotAllowed, Place
from gateway.calendars.ics import PLACE, covers, days
from gateway.calendars.meeting import Meeting, Window
from gateway.calendars.web import Answer, Web, within
from gateway.driver import Settings, setting

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("roomgate.calendars")

WHOLE = 900.0  # seconds after which all is read again, whatever the mark says
WHAT = "the calendar server"


@dataclass(frozen=True)
class CaldavSettings(Settings):
    """The server, and who asks."""

    url: str = setting("", "a calendar collection's address; {mailbox} in it stands for the room's mailbox")
    username: str = setting("", "the user who may read (and, with write, change) the rooms' calendars")
    password: str = setting("", "the user's password, or an app password", secret=True)
    sign_in: Literal["basic", "digest"] = setting("basic", "how the server wants the password")
    write: bool = setting(False, "rooms may book, end, extend and cancel")
    ca_file: str = setting("", "certificates (PEM) of a private authority that is trusted here instead of the public")


class CaldavAccount(Account):
    """One user at a CalDAV server."""

    kind = "caldav"
    Settings = CaldavSettings
    mailbox_is = "what stands for {mailbox} in the account's url; best the room's mail address, else a path"

    def __init__(self, name: str, settings: Any, place: Place) -> None:
        super().__init__(name, settings, place)
        self.web = Web(WHAT, place.clock, ca_file=settings.ca_file)
        self._auth: httpx.Auth | None = None

    def calendar(self, mailbox: str) -> CaldavCalendar:
        """A room's calendar. Raises ValueError."""
        mailbox, base = mailbox.strip(), self.settings.url.strip()
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the account's url is no http:// or https:// address of a calendar server")
        if "://" in mailbox:
            if origin(mailbox) != origin(base):
                raise ValueError("the mailbox is an address at another server than the account's url")
            url = mailbox
        elif PLACE in base:
            if not mailbox:
                raise ValueError(f"the account's url has {PLACE}, and the room has no mailbox to put there")
            url = base.replace(PLACE, quote(mailbox, safe="@/"))
        else:
            url = urljoin(base.rstrip("/") + "/", quote(mailbox.lstrip("/"), safe="@/"))
        return CaldavCalendar(self, url.rstrip("/") + "/", mailbox if "@" in mailbox and "/" not in mailbox else "")

    def auth(self) -> httpx.Auth | None:
        """The user's name and password; a digest remembers the server's last challenge."""
        if self._auth is None and self.settings.username:
            import httpx

            made = httpx.DigestAuth if self.settings.sign_in == "digest" else httpx.BasicAuth
            self._auth = made(self.settings.username, self.settings.password)
        return self._auth

    async def close(self) -> None:
        """Let go of the connections."""
        await self.web.close()


def origin(url: str) -> tuple[str, str]:
    """The scheme and the host with its port."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


@dataclass(frozen=True)
class Known:
    """What was read: from a collection with this mark, of these days, then."""

    mark: str
    window: Window
    at: float
    meetings: tuple[Meeting, ...]


class CaldavCalendar(Calendar):
    """One room's collection."""

    def __init__(self, account: CaldavAccount, url: str, room: str) -> None:
        self.account = account
        self.url = url
        self.room = room
        self.writes = bool(account.settings.write)
        self.reports = 0  # how often the meetings were fetched, for those who watch
        self._known: Known | None = None

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        """Every meeting in the window. Raises CalendarTrouble."""
        async with within(self.account.patience, WHAT):
            state = await self._state()
            now = self.account.place.clock.now()
            known = self._known
            if (
                known is None
                or not state.mark
                or known.mark != state.mark
                or not covers(known.window, window)
                or now - known.at >= WHOLE
            ):
                whole = days(window)
                answer = await self._ask("REPORT", self.url, davxml.in_window(whole), {"Depth": "1"})
                read = await asyncio.to_thread(self._parse, answer.body, whole)
                self.reports += 1
                if read.unread:
                    log.warning("calendars.%s: %d events cannot be read", self.account.name, read.unread)
                known = self._known = Known(state.mark, whole, now, read.meetings)
        return tuple(one for one in known.meetings if window.holds(one.start, one.end))

    async def book(self, start: datetime, end: datetime, subject: str) -> Meeting:
        """Put a meeting into the collection. Raises CalendarTrouble."""
        self._may_write()
        async with within(self.account.patience, WHAT):
            uid, data = booking.made(start, end, subject, self._now())
            await self._put(f"{self.url}{uid}.ics", data, {"If-None-Match": "*"})
            return await self._again(uid, uid, days(Window(start, end)))

    async def move_end(self, meeting: Meeting, end: datetime) -> Meeting:
        """Let it end earlier or later. Raises CalendarTrouble."""
        self._may_write()
        async with within(self.account.patience, WHAT):
            held = await self._held(meeting)
            data = await asyncio.to_thread(booking.ended, held.data, meeting, end, self._now())
            await self._put(held.href, data, {"If-Match": held.etag} if held.etag else {})
            window = days(Window(meeting.start, max(meeting.end, end)))
            return await self._again(meeting.series or meeting.id, meeting.id, window)

    async def cancel(self, meeting: Meeting) -> None:
        """Remove the room's own meeting, decline another's. Raises CalendarTrouble."""
        self._may_write()
        async with within(self.account.patience, WHAT):
            held = await self._held(meeting)
            match = {"If-Match": held.etag} if held.etag else {}
            if not meeting.own:
                data = await asyncio.to_thread(booking.declined, held.data, meeting, self.room, self._now())
                await self._put(held.href, data, match)
                return
            left = await asyncio.to_thread(booking.taken_out, held.data, meeting, self._now())
            if left is not None:
                await self._put(held.href, left, match)
            else:
                await self._ask("DELETE", held.href, b"", match, good=(200, 202, 204))

    def _may_write(self) -> None:
        if not self.account.settings.write:
            raise NotAllowed("this calendar is only read: write = true in its account allows more")
        if not self.writes:
            raise NotAllowed("the server lets this user read the room's calendar, and not change it")
        self._known = None  # what comes now changes it

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.account.place.clock.wall(), UTC)

    async def _state(self) -> davxml.State:
        answer = await self._ask("PROPFIND", self.url, davxml.STATE, {"Depth": "0"})
        try:
            state = davxml.state(answer.body)
        except ValueError:
            raise CalendarTrouble("what answers at the calendar's address is no calendar server") from None
        if not state.calendar:
            raise NotAllowed("there is something else than a calendar at the room's address (a folder of calendars?)")
        self.writes = bool(self.account.settings.write) and state.may_write is not False
        return state

    async def _held(self, meeting: Meeting) -> davxml.Held:
        """The object that the meeting is in, as it is now. Raises Conflict where it is not as the caller knows it."""
        held = await self._by_uid(meeting.series or meeting.id)
        if held is None:
            raise Conflict("the meeting is no longer there")
        if meeting.etag and held.etag != meeting.etag:
            raise Conflict("the meeting has been changed meanwhile")
        return held

    async def _by_uid(self, uid: str) -> davxml.Held | None:
        answer = await self._ask("REPORT", self.url, davxml.by_uid(uid), {"Depth": "1"})
        try:
            found = davxml.objects(answer.body)
        except ValueError:
            raise CalendarTrouble("the calendar server's answer cannot be read") from None
        for held in found:  # text-match finds what contains it (RFC 4791 9.7.5)
            if f"\nUID:{uid}\n" in ical.unfolded(held.data):
                href = urljoin(self.url, held.href)
                if origin(href) != origin(self.url):
                    raise CalendarTrouble("the calendar server names an object at another server")
                return davxml.Held(href, held.etag, held.data)
        return None

    async def _again(self, uid: str, identity: str, window: Window) -> Meeting:
        """A meeting that was just written, as the server has it now."""
        held = await self._by_uid(uid)
        if held is not None:
            read = await asyncio.to_thread(self._one, held, window)
            for meeting in read.meetings:
                if meeting.id == identity:
                    return meeting
        raise Conflict("the calendar server took the change and does not show it")

    def _one(self, held: davxml.Held, window: Window, ends: float = 0.0) -> ical.Read:
        zone, writable = self.account.place.zone, bool(self.account.settings.write)
        return ical.read(held.data, window, zone, self.room, etag=held.etag, writable=writable, ends=ends)

    def _parse(self, answer: bytes, window: Window) -> ical.Read:
        meetings: dict[str, Meeting] = {}
        unread = 0
        ends = time.monotonic() + ical.BUDGET
        try:
            found = davxml.objects(answer)
        except ValueError:
            raise CalendarTrouble("the calendar server's answer cannot be read") from None
        for held in found:
            try:
                read = self._one(held, window, ends)
            except ical.NoCalendar:
                unread += 1
                continue
            unread += read.unread
            meetings.update((one.id, one) for one in read.meetings)
        return ical.Read(tuple(sorted(meetings.values(), key=lambda one: (one.start, one.id))), unread)

    async def _put(self, url: str, data: bytes, headers: dict[str, str]) -> None:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **headers}
        await self._ask("PUT", url, data, headers, good=(200, 201, 204))

    async def _ask(
        self, method: str, url: str, body: bytes, headers: dict[str, str], good: tuple[int, ...] = (207,)
    ) -> Answer:
        if "Content-Type" not in headers and body:
            headers = {"Content-Type": "application/xml; charset=utf-8", **headers}
        answer = await self.account.web.ask(method, url, headers=headers, body=body, auth=self.account.auth())
        if answer.status in good:
            return answer
        if answer.status == 401:
            raise AuthLost("the calendar server does not take the user's name and password (401)")
        if answer.status == 403:
            raise NotAllowed("the user may not do that in the room's calendar (403)")
        if answer.status in (404, 410) and method in ("PROPFIND", "REPORT"):
            raise NotAllowed(f"there is no calendar at the room's address ({answer.status})")
        if answer.status in (404, 409, 410, 412):
            raise Conflict(f"the meeting has been changed meanwhile ({answer.status})")
        raise CalendarTrouble(f"{WHAT} answers a {method} with {answer.status}")
