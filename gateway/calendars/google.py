"""Google Calendar over its REST API, with a service account. Kind `google`.

A window is read whole once, and then what has changed, by its sync token; whole again on any doubt. What may not live
here: signing in (`googlesignin.py`), what an event means (`googleevent.py`).
"""

from __future__ import annotations

import dataclasses
import json
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from gateway.calendars import googleevent
from gateway.calendars.calendar import (
    Account,
    AuthLost,
    Calendar,
    CalendarTrouble,
    Conflict,
    NetworkLost,
    NotAllowed,
    Place,
    Throttled,
)
from gateway.calendars.googlesignin import SignIn, key_of
from gateway.calendars.ics import covers, days
from gateway.calendars.meeting import Meeting, Window
from gateway.calendars.web import Answer, Web, within
from gateway.driver import Settings, setting

log = logging.getLogger("roomgate.calendars")

WHAT = "Google Calendar"
API = "https://www.googleapis.com/calendar/v3"
SCOPE = "https://www.googleapis.com/auth/calendar.events"
WHOLE = 1800.0  # seconds after which the window is read whole, whatever the sync token tells
PAGES = 40  # of one answer
PAGE = 250
FIELDS = (
    "timeZone,accessRole,nextPageToken,nextSyncToken,items(id,etag,status,summary,description,location,start,end,"
    "recurringEventId,transparency,visibility,eventType,organizer,attendees(self,responseStatus),hangoutLink,"
    "conferenceData(entryPoints),extendedProperties/private)"
)
# Source: the API's guide to errors. These mean: later; any other 403 means: no.
LATER = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
FIRST, LONGEST = 5.0, 600.0  # seconds of the pause after one refusal, and after many


@dataclass(frozen=True)
class GoogleSettings(Settings):
    """The service account, and what it may do."""

    key: str = setting("", "the JSON file of the service account's key, best as { file = ... }", secret=True)
    subject: str = setting("", "whom the account stands for (domain-wide delegation); empty: for itself")
    write: bool = setting(False, "rooms may book, end, extend and cancel: asks for the writing scope")
    api: str = setting(API, "the API's address; for tests")

    def __post_init__(self) -> None:
        if self.key:
            key_of(self.key)
        if not self.api.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("api is not https")


class Gone(Exception):
    """The sync token does not count any more (410): read all."""


class GoogleAccount(Account):
    """One service account; its pauses are everybody's, since the limits are the project's."""

    kind = "google"
    Settings = GoogleSettings
    mailbox_is = "the calendar's ID, which for a resource looks like an address (settings of the calendar)"

    def __init__(self, name: str, settings: Any, place: Place) -> None:
        super().__init__(name, settings, place)
        self.web = Web(WHAT, place.clock)
        scope = SCOPE if settings.write else f"{SCOPE}.readonly"
        self.sign_in = SignIn(settings.key, settings.subject, scope, self.web, place.clock)
        self._refusals = 0
        self._not_before = 0.0

    def calendar(self, mailbox: str) -> GoogleCalendar:
        """A room's calendar. Raises ValueError."""
        mailbox = mailbox.strip()
        if "@" not in mailbox or any(mark.isspace() for mark in mailbox):
            raise ValueError("a Google calendar's ID looks like a mail address: see the calendar's settings")
        return GoogleCalendar(self, mailbox)

    async def ask(
        self, method: str, path: str, query: Mapping[str, str], body: Any = None, etag: str = ""
    ) -> dict[str, Any]:
        """One question to the API, signed in. Raises CalendarTrouble, Gone."""
        clock = self.place.clock
        if clock.now() < self._not_before:
            raise Throttled("Google asked for a pause", self._not_before - clock.now())
        url = f"{self.settings.api.rstrip('/')}/calendars/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json"} | ({"If-Match": etag} if etag else {})
        data = b"" if body is None else json.dumps(body).encode()
        if data:
            headers["Content-Type"] = "application/json"
        token = await self.sign_in.token()
        try:
            answer = await self.web.ask(method, url, headers=headers | _bearer(token), body=data)
            if answer.status == 401:  # it may have been taken back before its time
                token = await self.sign_in.token(refused=token)
                answer = await self.web.ask(method, url, headers=headers | _bearer(token), body=data)
        except Throttled as pause:
            raise self._paused(pause.seconds) from None
        if answer.status in (200, 204):
            self._refusals = 0
            return _told(answer) if answer.body else {}
        reason, words = _reason(answer)
        if answer.status == 403 and reason in LATER:
            raise self._paused(0.0)
        raise _trouble(answer.status, reason, words, method)

    def _paused(self, seconds: float) -> Throttled:
        """Longer with every refusal, and a little by chance, so that all do not come back at once."""
        seconds = max(seconds, min(LONGEST, FIRST * 2**self._refusals))
        seconds *= 1 + random.random() / 4
        self._refusals = min(self._refusals + 1, 10)
        self._not_before = self.place.clock.now() + seconds
        return Throttled("Google asks for a pause: too many questions", seconds)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.web.close()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _told(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise CalendarTrouble(f"{WHAT}'s answer cannot be read")
    return told


def _reason(answer: Answer) -> tuple[str, str]:
    try:
        error = _told(answer)["error"]
        first = (error.get("errors") or [{}])[0]
        return str(first.get("reason", ""))[:60], str(error.get("message", ""))[:200]
    except (CalendarTrouble, KeyError, TypeError, AttributeError, IndexError):
        return "", ""


def _trouble(status: int, reason: str, words: str, method: str) -> Exception:
    if status == 410 and method == "GET":
        return Gone()
    if status == 400 and reason.startswith("syncToken"):
        return Gone()
    if status == 401:
        return AuthLost("Google takes the token of the service account no more (401)")
    if status == 403 and reason == "accessNotConfigured":
        return NotAllowed("the Google Calendar API is not switched on in the service account's project")
    if status == 403 and reason == "forbiddenForNonOrganizer":
        return NotAllowed("only the meeting's organiser can change it")
    if status == 403:
        return NotAllowed(f"the service account may not do that in the room's calendar: {words or reason}")
    if status == 404 and method in ("GET", "POST"):
        return NotAllowed("there is no such calendar, or it is not shared with the service account (404)")
    if status in (404, 409, 410, 412):
        return Conflict(f"the meeting has been changed meanwhile ({status})")
    return CalendarTrouble(f"{WHAT} answers with {status}: {words or reason or 'no words'}")


class GoogleCalendar(Calendar):
    """One room's calendar."""

    def __init__(self, account: GoogleAccount, mailbox: str) -> None:
        self.account = account
        self.mailbox = mailbox
        self.writes = bool(account.settings.write)
        self.wholes = 0  # how often the window was read whole, for those who watch
        self._path = f"{quote(mailbox, safe='')}/events"
        self._sync = ""
        self._range: Window | None = None
        self._at = 0.0
        self._zone: tzinfo = account.place.zone
        self._kept: dict[str, Meeting] = {}

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        """Every meeting in the window; of cancelled ones those that were there before. Raises CalendarTrouble."""
        async with within(self.account.patience, WHAT):
            now = self.account.place.clock.now()
            known = self._range is not None and covers(self._range, window) and now - self._at < WHOLE
            if not (known and self._sync and await self._changes()):
                await self._whole(days(window), now)
        held = [one for one in self._kept.values() if window.holds(one.start, one.end)]
        return tuple(sorted(held, key=lambda one: (one.start, one.id)))

    async def _whole(self, window: Window, now: float) -> None:
        """Everything of these days."""
        self._sync = ""
        times = {"timeMin": _rfc3339(window.start), "timeMax": _rfc3339(window.end)}
        try:
            items, sync = await self._pages(times)
        except Gone:
            raise CalendarTrouble(f"{WHAT} refuses to tell the whole calendar") from None
        self._kept = {}
        self._take(items)
        self._sync, self._range, self._at = sync, window, now
        self.wholes += 1

    async def _changes(self) -> bool:
        """What has changed since; False where all must be read."""
        try:
            items, sync = await self._pages({"syncToken": self._sync})
        except Gone:
            return False
        self._take(items)
        self._sync = sync
        return bool(sync)

    async def _pages(self, query: dict[str, str]) -> tuple[list[Any], str]:
        """Every page of an answer, and the next sync token, which stands on the last."""
        query = {**query, "singleEvents": "true", "maxResults": str(PAGE), "fields": FIELDS}
        items: list[Any] = []
        for _ in range(PAGES):
            told = await self.account.ask("GET", self._path, query)
            self._learn(told)
            found = told.get("items")
            items += found if isinstance(found, list) else []
            if not told.get("nextPageToken"):
                return items, str(told.get("nextSyncToken") or "")
            query["pageToken"] = str(told["nextPageToken"])
        raise Gone if "syncToken" in query else CalendarTrouble(f"{WHAT} tells of more than {PAGES * PAGE} meetings")

    def _learn(self, told: Mapping[str, Any]) -> None:
        try:
            self._zone = ZoneInfo(str(told["timeZone"]))
        except (KeyError, ValueError, OSError):
            self._zone = self.account.place.zone
        role = told.get("accessRole")
        self.writes = bool(self.account.settings.write) and role in (None, "writer", "owner")

    def _take(self, items: list[Any]) -> None:
        """Put what was told in the place of what was known. Deleted events are told by their id alone."""
        unread = 0
        for item in items:
            identity = str(item.get("id", "")) if isinstance(item, Mapping) else ""
            if not identity:
                unread += 1
                continue
            if item.get("status") == "cancelled":
                for one in [held for held in self._kept.values() if identity in (held.id, held.series)]:
                    self._kept[one.id] = dataclasses.replace(one, status="cancelled")
                continue
            try:
                self._kept[identity] = googleevent.meeting(item, self._zone)
            except (ValueError, KeyError, TypeError, AttributeError):
                unread += 1
        if unread:
            log.warning("calendars.%s: %d events cannot be read", self.account.name, unread)

    async def book(self, start: datetime, end: datetime, subject: str) -> Meeting:
        """Put a meeting into the room's calendar. Raises CalendarTrouble."""
        event = {
            "summary": subject,
            "start": {"dateTime": _rfc3339(start)},
            "end": {"dateTime": _rfc3339(end)},
            "extendedProperties": {"private": googleevent.OWN},
        }
        return await self._write("POST", "", event)

    async def move_end(self, meeting: Meeting, end: datetime) -> Meeting:
        """Let it end earlier or later. Raises CalendarTrouble."""
        if meeting.all_day:
            raise NotAllowed("an all-day meeting has no end that could be moved")
        return await self._write("PATCH", meeting.id, {"end": {"dateTime": _rfc3339(end)}}, meeting.etag)

    async def cancel(self, meeting: Meeting) -> None:
        """Remove the room's own meeting, decline another's. Raises CalendarTrouble."""
        if meeting.own:
            self._may_write()
            async with within(self.account.patience, WHAT):
                await self._ask("DELETE", meeting.id, None, meeting.etag)
            if meeting.id in self._kept:
                self._kept[meeting.id] = dataclasses.replace(meeting, status="cancelled")
            return
        no = {"attendeesOmitted": True, "attendees": [{"email": self.mailbox, "responseStatus": "declined"}]}
        await self._write("PATCH", meeting.id, no, meeting.etag)

    async def _write(self, method: str, identity: str, body: dict[str, Any], etag: str = "") -> Meeting:
        self._may_write()
        async with within(self.account.patience, WHAT):
            told = await self._ask(method, identity, body, etag)
        try:
            made = googleevent.meeting(told, self._zone)
        except (ValueError, KeyError):
            raise NetworkLost(f"{WHAT} took the change and does not show it") from None
        self._kept[made.id] = made
        return made

    async def _ask(self, method: str, identity: str, body: Any, etag: str) -> dict[str, Any]:
        path = f"{self._path}/{quote(identity, safe='')}" if identity else self._path
        try:
            return await self.account.ask(method, path, {"sendUpdates": "all"}, body, etag)
        except Gone:
            raise Conflict("the meeting is no longer there") from None

    def _may_write(self) -> None:
        if not self.account.settings.write:
            raise NotAllowed("this calendar is only read: write = true in its account allows more")
        if not self.writes:
            raise NotAllowed("the room's calendar is shared with the service account for reading only")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
