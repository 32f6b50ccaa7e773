"""One way to ask Microsoft Graph about mailboxes: signed in, bounded, four requests at once for a mailbox at most.

What an answer's status means is said once, here. What may not live here: how one signs in, what an event is.

Sources: Microsoft Graph v1.0, "Microsoft Graph error responses and resource types", "Microsoft Graph throttling
guidance", "service-specific throttling limits" (Outlook: 4 at once for an app and a mailbox).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from gateway.calendars.calendar import (
    AuthLost,
    CalendarTrouble,
    Conflict,
    NetworkLost,
    NotAllowed,
    Place,
    Throttled,
)
from gateway.calendars.retryafter import retry_after

if TYPE_CHECKING:
    import httpx

    from gateway.calendars.msal_signin import SignIn

log = logging.getLogger("roomgate.calendars")
AT_ONCE = 4
LARGEST = 32_000_000  # bytes of one page
IN_THREAD = 262_144  # bytes from which JSON is read in a thread: parsing them takes longer than a press may wait
PATIENCE = 12.0  # seconds for one request
STALE = frozenset({"syncstatenotfound", "resyncrequired", "syncstateinvalid", "fullsyncrequired"})


class Stale(CalendarTrouble):
    """The delta token is worth nothing any more: read everything again."""


class Unsupported(CalendarTrouble):
    """Graph does not know this request here."""


class Graph:
    """Graph for one account."""

    def __init__(self, base: str, ca_file: str, sign_in: SignIn, place: Place) -> None:
        self.base = base.rstrip("/")
        self.ca_file = ca_file
        self.sign_in = sign_in
        self.place = place
        self._client: httpx.AsyncClient | None = None
        self._making: asyncio.Lock | None = None
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()

    async def ask(
        self,
        mailbox: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask about a mailbox; `path` follows `/users/MAILBOX/`, or is a link that Graph gave. {} for an empty answer.

        Raises CalendarTrouble of every kind, Stale and Unsupported too.
        """
        url = self._url(mailbox, path)
        turns = self._turns.setdefault(mailbox.lower(), asyncio.Semaphore(AT_ONCE))
        async with turns:
            token = await self.sign_in.token()
            reply, content = await self._send(method, url, query, body, headers, token)
            if reply.status_code == 401:
                token = await self.sign_in.token(instead_of=token)
                reply, content = await self._send(method, url, query, body, headers, token)
        if reply.status_code == 401:
            raise self.sign_in.remember(AuthLost(f"{self.sign_in.name}: Graph refuses a token that was just given"))
        if not 200 <= reply.status_code < 300:
            raise self._trouble(mailbox, reply, content)
        if not content.strip():
            return {}
        return await self._read(content)

    def _url(self, mailbox: str, path: str) -> str:
        if "://" not in path:
            return f"{self.base}/users/{quote(mailbox, safe='@')}/{path}"
        there, ours = urlsplit(path), urlsplit(self.base)
        if (there.scheme, there.netloc.lower()) != (ours.scheme, ours.netloc.lower()):
            raise CalendarTrouble("Graph's answer points to another host; the token stays here")
        return path

    async def _send(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        body: Any,
        headers: Mapping[str, str] | None,
        token: str,
    ) -> tuple[httpx.Response, bytes]:
        import httpx

        client = await self._ready()
        pieces: list[bytes] = []
        size = 0
        said = {"Authorization": f"Bearer {token}", **(headers or {})}
        try:
            async with client.stream(method, url, params=query, json=body, headers=said) as reply:
                async for piece in reply.aiter_bytes():
                    pieces.append(piece)
                    size += len(piece)
                    if size > LARGEST:
                        raise CalendarTrouble("Graph's answer is too long to be one")
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            host = urlsplit(self.base).netloc
            log.debug("%s: %s", host, type(broken).__name__)
            raise NetworkLost(f"{host} does not answer") from None
        return reply, b"".join(pieces)

    async def _ready(self) -> httpx.AsyncClient:
        if self._client is None:
            self._making = self._making or asyncio.Lock()
            async with self._making:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._make)
        return self._client

    def _make(self) -> httpx.AsyncClient:
        import httpx

        from gateway.calendars.msal_signin import context

        limits = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=75.0)
        return httpx.AsyncClient(verify=context(self.ca_file, self.place), timeout=PATIENCE, limits=limits)

    async def _read(self, content: bytes) -> dict[str, Any]:
        try:
            told = await asyncio.to_thread(json.loads, content) if len(content) > IN_THREAD else json.loads(content)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise CalendarTrouble("Graph's answer cannot be read; is a portal or a proxy between?")
        return told

    def _trouble(self, mailbox: str, reply: httpx.Response, content: bytes) -> CalendarTrouble:
        status, code = reply.status_code, error_code(content)
        said = f"{status} {code}".strip()
        if status == 410 or code.lower() in STALE:
            return Stale(f"{mailbox}: the state of the synchronisation is not known any more ({said})")
        waits = reply.headers.get("Retry-After", "")
        if status == 429 or (status in (503, 504) and waits):
            seconds = retry_after(waits, self.place.clock.wall())
            return Throttled(f"{mailbox}: Graph asks us to wait ({said})", seconds)
        if status >= 500:
            return NetworkLost(f"Graph is out of order ({said})")
        if status == 403:
            return NotAllowed(f"signed in, but not allowed at {mailbox} ({said})")
        if status == 404 and code in ("ErrorItemNotFound", "ErrorCalendarNotFound"):
            return Conflict(f"{mailbox}: the meeting is not there any more ({said})")
        if status == 404:
            return NotAllowed(f"there is no mailbox {mailbox}, or none that Graph reaches ({said})")
        if status in (409, 412):
            return Conflict(f"{mailbox}: the meeting is no longer as it was ({said})")
        if status in (400, 405, 501):
            return Unsupported(f"{mailbox}: Graph does not take this request ({said})")
        return CalendarTrouble(f"{mailbox}: Graph answers {said}")


def error_code(content: bytes) -> str:
    """`error.code` of Graph's answer, "" where it is none: a plain word, never a sentence of the service."""
    try:
        told = json.loads(content[:65536])
        code = told["error"]["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return code if isinstance(code, str) and code.isascii() and code.isidentifier() and len(code) <= 80 else ""
