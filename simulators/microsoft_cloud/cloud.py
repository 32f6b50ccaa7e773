"""The simulated Microsoft cloud itself: what it holds, the hands of its administrator and of people, its bad days.

    roomgate simulate microsoft_cloud --hands --set ca_file=/tmp/ca.pem

One HTTPS port serves the sign-in host (`/TENANT/...`) and Graph (`/v1.0/...`). What may not live here: the protocols.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl

from simulators._http import HttpSimulator, Request
from simulators.device import Where, hand
from simulators.microsoft_cloud.graph import AT_ONCE, Fault, Graph
from simulators.microsoft_cloud.login import Login
from simulators.microsoft_cloud.mailbox import Mailbox
from simulators.microsoft_cloud.people import People
from simulators.microsoft_cloud.trust import TlsDoor, authority
from simulators.values import SimulatorError

Bad = Literal["", "garbage", "huge", "list", "html", "redirect", "elsewhere"]


@dataclass(kw_only=True, eq=False)
class MicrosoftCloud(HttpSimulator):
    """Sign-in and Graph in one."""

    name: ClassVar[str] = "microsoft_cloud"
    title: ClassVar[str] = "Microsoft 365: sign-in and Graph calendars"
    links: ClassVar[dict[str, int]] = {"https": 443}

    tenant: str = "contoso.example"
    client_id: str = "11111111-2222-3333-4444-555555555555"
    secret: str = "a-client-secret"
    user: str = "roomgate@contoso.example"
    expires_in: int = 3600  # seconds that an access token is good for
    device_interval: int = 5  # seconds that a client of the device code waits between two questions
    page_size: int = 50
    ca_file: str = ""  # where the certificate of its authority is written
    certificates: list[bytes] = field(default_factory=list)  # PEM, registered on the application
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    login: Login = field(default_factory=Login)
    graph: Graph = field(default_factory=Graph)
    people: People = field(default_factory=People)
    asked: deque[str] = field(default_factory=lambda: deque(maxlen=5000))  # "METHOD /path?query" of every request
    moved: float = 0.0  # seconds that the cloud's clock is ahead
    bad: Bad = ""  # how Graph answers instead
    status: int = 0  # with which status everything answers during an outage
    holding: bool = False
    held: list[Callable[[], None]] = field(default_factory=list, init=False, repr=False)
    throttled: dict[str, list[int]] = field(default_factory=dict)  # "graph" or "sign-in" -> status, seconds, how often
    last: dict[str, Any] = field(default_factory=dict)  # headers and body of the last request to Graph
    address: str = field(default="", init=False)

    PLUMBING: ClassVar[frozenset[str]] = HttpSimulator.PLUMBING | {"held", "asked", "certificates", "last"}

    async def listen(self, where: Where) -> str:
        door = TlsDoor(self.faults, self._hear_open, self._hear, self._hear_close)
        port = door.bind(where.host, where.port)
        self.doors.append(door)
        self.address = f"https://localhost:{port}"
        if self.ca_file:
            Path(self.ca_file).write_bytes(authority()[1])  # noqa: ASYNC240  # once, before anybody comes
        return self.address

    @staticmethod
    def authority_pem() -> bytes:
        """The certificate that clients must trust."""
        return authority()[1]

    def now(self) -> float:
        """The cloud's clock, in seconds since 1970."""
        return time.time() + self.moved

    # ---- requests ---------------------------------------------------------------------------------------------

    def requested(self, request: Request) -> None:
        self.asked.append(f"{request.method} {request.path}" + (f"?{request.query}" if request.query else ""))
        side = "graph" if request.path.startswith("/v1.0/") else "sign-in"
        if self.status:
            request.answer(self.status, {"error": {"code": "serviceNotAvailable", "message": "out of order"}})
        elif side in self.throttled:
            self._throttle(side, request)
        elif side == "sign-in":
            form = dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))
            request.answer(*self.login.answer(self, request.path, form))
        else:
            self._graph(request)

    def _throttle(self, side: str, request: Request) -> None:
        status, seconds, often = self.throttled[side]
        if often <= 1:
            del self.throttled[side]
        else:
            self.throttled[side] = [status, seconds, often - 1]
        more = {"Retry-After": str(seconds)} if seconds else {}
        if side == "sign-in":
            request.answer(status, {"error": "temporarily_unavailable", "error_codes": [90055]}, more)
        else:
            request.answer(status, {"error": {"code": "ApplicationThrottled", "message": "Too many requests"}}, more)

    def _graph(self, request: Request) -> None:
        self.last = {"headers": dict(request.headers), "body": request.body}
        if self.bad:
            self._badly(request)
            return
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        token = self.login.tokens.get(text)
        if kind != "Bearer" or token is None or token.until <= self.now():
            words = {
                "code": "InvalidAuthenticationToken",
                "message": "Lifetime validation failed, the token is expired.",
            }
            request.answer(401, {"error": words}, {"WWW-Authenticate": 'Bearer realm=""'})
            return
        steps = request.path.split("/")
        mailbox = self.mailboxes.get(steps[3].replace("%40", "@").lower()) if len(steps) > 3 else None
        if mailbox is not None:
            mailbox.requests += 1
            if mailbox.busy >= AT_ONCE:
                words = {"code": "ApplicationThrottled", "message": "MailboxConcurrency limit"}
                request.answer(429, {"error": words}, {"Retry-After": "10"})
                return
            mailbox.busy += 1
            mailbox.peak = max(mailbox.peak, mailbox.busy)

        def finish() -> None:
            if mailbox is not None:
                mailbox.busy -= 1
            try:
                status, body = self.graph.answer(self, request, token.who, token.write)
            except Fault as fault:
                body = {"error": {"code": fault.code, "message": str(fault)}}
                request.answer(fault.status, body)
                return
            request.answer(status, body)

        if self.holding:
            self.held.append(finish)
        else:
            finish()

    def _badly(self, request: Request) -> None:
        kind = "application/json; charset=utf-8"
        if self.bad == "garbage":
            request.say(200, b'{"value": [{"id": \xff\xfe', kind)
        elif self.bad == "huge":
            request.say(200, b'{"value": ["' + b"x" * 80_000_000 + b'"]}', kind)
        elif self.bad == "list":
            request.say(200, b'[{"value": 7}]', kind)
        elif self.bad == "html":
            request.say(200, b"<html>Please sign in to the guest network</html>", "text/html")
        elif self.bad == "redirect":
            request.say(302, b"", "", {"Location": "http://127.0.0.1:1/"})
        else:
            request.answer(
                200, {"value": [], "@odata.nextLink": "https://graph.evil.example/v1.0/users/x/calendarView"}
            )

    # ---- hands ------------------------------------------------------------------------------------------------

    def _mailbox(self, address: str) -> Mailbox:
        if address.lower() not in self.mailboxes:
            raise SimulatorError(f"there is no mailbox {address!r}; there are: {', '.join(self.mailboxes) or 'none'}")
        return self.mailboxes[address.lower()]

    def _row(self, address: str, key: str) -> dict[str, Any]:
        rows = self._mailbox(address).rows
        if key not in rows:
            raise SimulatorError(f"there is no meeting {key!r}; there are: {', '.join(rows) or 'none'}")
        return rows[key]

    @hand
    def add_room(self, address: str, name: str = "", strips: bool = False) -> None:
        """Make a room mailbox; `strips`: it throws bodies and subjects away, as resource mailboxes do."""
        self.mailboxes[address.lower()] = Mailbox(address.lower(), name, strips=strips)

    @hand
    def share(self, address: str, who: Literal["app", "user"], access: Literal["none", "read", "write"]) -> None:
        """Let the app or the signed-in user into a room's calendar, or keep them out."""
        self._mailbox(address).access[who] = access

    def put(self, address: str, start: datetime.datetime, end: datetime.datetime, **given: Any) -> str:
        """A meeting with any fields of Graph's event; its key."""
        key = self._mailbox(address).put(start, end, given)
        self.touched()
        return key

    @hand
    def meet(
        self,
        address: str,
        subject: str,
        start: str,
        minutes: int = 60,
        location: str = "",
        body: str = "",
        url: str = "",
    ) -> str:
        """Somebody invites the room; `start` is a time with its offset, `url` a Teams meeting's; the key of it."""
        try:
            begins = datetime.datetime.fromisoformat(start)
            ends = begins + datetime.timedelta(minutes=minutes)
        except ValueError:
            raise SimulatorError(f"start is {start!r}, expected such as 2026-03-01T09:00:00+00:00") from None
        given: dict[str, Any] = {
            "subject": subject,
            "location": {"displayName": location},
            "body": {"contentType": "html", "content": body},
        }
        if url:
            given |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
            given["onlineMeeting"] = {"joinUrl": url}
        return self.put(address, begins, ends, **given)

    def put_series(
        self, address: str, start: datetime.datetime, end: datetime.datetime, count: int, **given: Any
    ) -> list[str]:
        """A daily series; the key of its master, then those of its occurrences."""
        mailbox = self._mailbox(address)
        master = mailbox.put(start, end, {**given, "type": "seriesMaster"})
        keys = [master]
        for number in range(count):
            later = datetime.timedelta(days=number)
            keys.append(mailbox.put(start + later, end + later, {**given, "type": "occurrence", "master": master}))
        self.touched()
        return keys

    def change(self, address: str, key: str, **given: Any) -> None:
        """Other fields for a meeting; an occurrence becomes an exception."""
        row = self._row(address, key)
        row |= given
        if row["type"] == "occurrence":
            row["type"] = "exception"
        self._mailbox(address).changed(key)
        self.touched()

    @hand
    def rename(self, address: str, key: str, subject: str) -> None:
        """The organiser gives a meeting another subject; with a series' master, all its occurrences too."""
        mailbox = self._mailbox(address)
        self._row(address, key)
        for row in list(mailbox.rows.values()):
            if row["key"] == key or (row.get("master") == key and row["type"] == "occurrence"):
                row["subject"] = subject
                mailbox.changed(row["key"])

    @hand
    def move(self, address: str, key: str, minutes: int) -> None:
        """The organiser moves a meeting by so many minutes."""
        row, later = self._row(address, key), datetime.timedelta(minutes=minutes)
        self.change(address, key, start=row["start"] + later, end=row["end"] + later)

    @hand
    def cancel(self, address: str, key: str, removed: bool = False) -> None:
        """The organiser cancels; `removed`: the mailbox throws cancelled meetings away."""
        mailbox = self._mailbox(address)
        if removed:
            mailbox.rows.pop(key, None)
            mailbox.log.append(key)
            return
        row = self._row(address, key)
        self.change(address, key, isCancelled=True, showAs="free", subject=f"Canceled: {row['subject']}")

    @hand
    def refile(self, address: str, key: str) -> None:
        """A meeting moves between folders of its mailbox: its ordinary id is another one now."""
        row = self._row(address, key)
        row["generation"] += 1
        self._mailbox(address).changed(key)

    @hand
    def approve(self, code: str = "", declined: bool = False) -> None:
        """The person enters the code shown, or the only one there is, and agrees or not."""
        for held in self.login.codes.values():
            if code in ("", held.code):
                held.answer = "declined" if declined else "approved"
                return
        raise SimulatorError(f"no such code is waiting: {code!r}")

    @hand
    def revoke(self) -> None:
        """The administrator revokes every session: access and refresh tokens are worthless now."""
        self.login.tokens.clear()
        self.login.refresh.clear()

    @hand
    def expire(self) -> None:
        """Every access token ends now; what refreshes them stays."""
        self.login.tokens.clear()

    @hand
    def throttle(
        self, side: Literal["graph", "sign-in"] = "graph", seconds: int = 10, status: int = 429, times: int = 1
    ) -> None:
        """Refuse the next so many requests, with Retry-After (0: without)."""
        self.throttled[side] = [status, seconds, times]

    @hand
    def outage(self, status: int = 503) -> None:
        """Answer everything with this status; 0: all is well again."""
        self.status = status

    @hand
    def forget_sync(self) -> None:
        """Forget every delta token: the next question gets 410 and syncStateNotFound."""
        self.graph.rounds.clear()

    @hand
    def misbehave(self, how: Bad = "") -> None:
        """Have Graph answer nonsense, or sensibly again."""
        self.bad = how

    @hand
    def pass_time(self, seconds: float) -> None:
        """Move the cloud's clock."""
        self.moved += seconds

    @hand
    def hold(self) -> None:
        """Keep Graph's answers back until `release`."""
        self.holding = True

    @hand
    def release(self) -> None:
        """Give the answers that were kept back, and those to come at once."""
        self.holding = False
        held, self.held = self.held, []
        for finish in held:
            with contextlib.suppress(ConnectionError):
                finish()
