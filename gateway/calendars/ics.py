"""Calendars that are published as an ICS feed: fetched whole, read again only when they have changed. They are never
written.

Kind `ics`. Its address may hold the only secret there is, so it stands in no error and no log. What may not live here:
what an iCalendar text means (`ical.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from gateway.calendars import ical
from gateway.calendars.calendar import Account, AuthLost, Calendar, CalendarTrouble, NotAllowed, Place
from gateway.calendars.meeting import Meeting, Window
from gateway.calendars.web import Web, within
from gateway.driver import Settings, setting

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("roomgate.calendars")

PLACE = "{mailbox}"
WHOLE = 900.0  # seconds after which a feed is fetched whatever its server says of changes


@dataclass(frozen=True)
class IcsSettings(Settings):
    """Where the feeds are."""

    url: str = setting("", "the feed's address; {mailbox} in it stands for the room's mailbox", secret=True)
    username: str = setting("", "for feeds that ask for a name and a password (HTTP basic)")
    password: str = setting("", "the password", secret=True)
    ca_file: str = setting("", "certificates (PEM) of a private authority that is trusted here instead of the public")


class IcsAccount(Account):
    """Feeds at one place; or each room's own address in its `mailbox`."""

    kind = "ics"
    Settings = IcsSettings
    every = 120.0
    mailbox_is = "what stands for {mailbox} in the account's url, or the feed's whole address"

    def __init__(self, name: str, settings: Any, place: Place) -> None:
        super().__init__(name, settings, place)
        self.web = Web("the feed", place.clock, ca_file=settings.ca_file)

    def calendar(self, mailbox: str) -> IcsCalendar:
        """A room's feed. Raises ValueError."""
        mailbox = mailbox.strip()
        if "://" in mailbox:
            url, room = mailbox, ""
            if self.settings.password and self.settings.url and _origin(url) != _origin(self.settings.url):
                raise ValueError("the mailbox is an address at another host than the account's url: no password for it")
        elif not self.settings.url:
            raise ValueError("the account has no url, so a room's mailbox is its feed's whole address (https://...)")
        else:
            url, room = self.settings.url.replace(PLACE, quote(mailbox, safe="@")), mailbox if "@" in mailbox else ""
        if url.startswith(("webcal://", "webcals://")):  # what calendar programs write for http(s)
            url = "https://" + url.partition("://")[2]
        try:
            parts = urlsplit(url)
            whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if not whole:
            raise ValueError("the feed's address is no http:// or https:// URL")
        return IcsCalendar(self, url, room)

    def auth(self) -> httpx.Auth | None:
        """The name and password, where there are any."""
        import httpx

        return httpx.BasicAuth(self.settings.username, self.settings.password) if self.settings.username else None

    async def close(self) -> None:
        """Let go of the connections."""
        await self.web.close()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


class IcsCalendar(Calendar):
    """One feed. What was read of it is kept until its bytes change or another day is asked for."""

    def __init__(self, account: IcsAccount, url: str, room: str) -> None:
        self.account = account
        self.room = room
        self.parsed = 0  # how often the text was read, for those who watch
        self._url = url
        self._etag = ""
        self._data = b""
        self._hash = b""
        self._fetched = 0.0
        self._known: tuple[bytes, Window, ical.Read] | None = None

    def __repr__(self) -> str:
        return f"IcsCalendar({self.account.name!r})"  # the address may be a secret

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        """Every meeting in the window. Raises CalendarTrouble."""
        async with within(self.account.patience, "the feed"):
            await self._fetch()
            known = self._known
            if known is None or known[0] != self._hash or not covers(known[1], window):
                whole = days(window)
                read = await asyncio.to_thread(self._parse, whole)
                self.parsed += 1
                if read.unread:
                    log.warning("calendars.%s: %d events of a feed cannot be read", self.account.name, read.unread)
                known = self._known = (self._hash, whole, read)
        return tuple(one for one in known[2].meetings if window.holds(one.start, one.end))

    async def _fetch(self) -> None:
        """The feed's bytes as they are now. A server may say that they have not changed (304), and is believed for
        WHOLE seconds; that they have changed is seen by their hash alone."""
        now = self.account.place.clock.now()
        headers = {"Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1"}
        if self._etag and self._data and now - self._fetched < WHOLE:
            headers["If-None-Match"] = self._etag
        answer = await self.account.web.ask("GET", self._url, headers=headers, auth=self.account.auth())
        if answer.status == 304 and self._data:
            return
        if answer.status in (401, 403):
            raise AuthLost(f"the feed does not let us in ({answer.status}): its address or password has been changed")
        if answer.status in (404, 410):
            raise NotAllowed(f"there is no feed at this address ({answer.status}): copy it anew where it is published")
        if answer.status != 200:
            raise CalendarTrouble(f"the feed answers with {answer.status}")
        if b"BEGIN:VCALENDAR" not in answer.body[:4096]:
            raise CalendarTrouble("what is at the feed's address is no calendar; is it the address of a web page?")
        self._data, self._etag, self._fetched = answer.body, answer.headers.get("etag", ""), now
        self._hash = hashlib.sha256(answer.body).digest()

    def _parse(self, window: Window) -> ical.Read:
        return ical.read(self._data, window, self.account.place.zone, self.room)


def days(window: Window) -> Window:
    """A window with a day around it, so that the next questions of the day need no new reading."""
    return Window(window.start - timedelta(days=1), window.end + timedelta(days=1))


def covers(known: Window, asked: Window) -> bool:
    """Whether what is known holds all of what is asked for."""
    return known.start <= asked.start and asked.end <= known.end
