"""The one session with the codec: logging in and out, the XSRF token, and what waits while there is none.

A unit that holds a session for long was seen to lock up, and sessions pile up on it, so there is never more than one
and it is logged out when it is old (PolyVideoOSRestAPI). What may not live here: what is asked, and what answers mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.driver import Action, HttpReply, HttpRequest, Request, Send

LOG_IN, LOG_OUT, LEFT_BEHIND = "log in", "log out", "left behind"
# Both are in use; the other is tried where the first is not there (POST /rest/session, guide 3.1).
PATHS = ("/rest/session", "/rest/current/session")
# A reply's cookies may stand in one header with commas between them; a token holds neither comma nor semicolon.
COOKIE = re.compile(r"(?:^|[,;]\s*)(session_id|XSRF-TOKEN)=([^;,\s]*)")
STALE = (401, 403)  # 403 is what was seen on a stale session; 401 would say the same


@dataclass
class Exchange:
    """One request, without its cookies: they are put on as it leaves."""

    method: str
    path: str
    body: bytes
    tag: Hashable
    hide: tuple[str, ...] = ()
    again: bool = False  # it has been sent a second time
    number: int = 0  # of the session it went out with
    rounds: int = 0  # of looks that have been answered since it was said


class Session:
    """What is known of our session. Requests leave with it, or wait for it."""

    def __init__(self, username: str, password: str) -> None:
        self._user = {"user": username, "password": password}
        self.state: Literal["none", "logging in", "in", "logging out"] = "none"
        self.id = ""
        self.token = ""
        self.born = 0.0
        self.number = 0
        self.proved = False  # it has had an answer that was not STALE
        self.path = PATHS[0]
        self.before: Mapping[str, str] | None = None  # the headers of a session that may not have been stale at all
        self.out: dict[Hashable, Exchange] = {}
        self.waiting: list[Exchange] = []

    @property
    def busy(self) -> bool:
        """Something is under way or waits."""
        return bool(self.out or self.waiting)

    def ask(self, exchange: Exchange) -> Iterator[Action]:
        """Send it now, or as soon as we are logged in."""
        if self.state == "in":
            exchange.number = self.number
            self.out[exchange.tag] = exchange
            yield self._send(exchange.method, exchange.path, exchange.body, exchange.tag, self.headers(), exchange.hide)
            return
        self.waiting.append(exchange)
        if self.state == "none":
            yield self.log_in()

    def take_back(self, verbs: frozenset[str]) -> list[Request]:
        """Commands of these verbs that wait for a session never leave: the house has ended them already."""
        waits = [one for one in self.waiting if isinstance(one.tag, Request) and one.tag.command.verb in verbs]
        self.waiting = [one for one in self.waiting if one not in waits]
        return [one.tag for one in waits if isinstance(one.tag, Request)]

    def log_in(self) -> Send:
        """Ask for a session; everybody waits meanwhile."""
        self.state, self.token = "logging in", ""
        body = json.dumps(self._user, separators=(",", ":")).encode()
        return self._send("POST", self.path, body, LOG_IN, {})

    def logged_in(self, reply: HttpReply, body: Any, now: float) -> str:
        """Take the session from the reply; words where there is none in it."""
        told = body if isinstance(body, dict) else {}
        held = told.get("session")
        found = held.get("sessionId") if isinstance(held, dict) else None
        cookies = dict(COOKIE.findall(reply.headers.get("set-cookie", "")))
        identity = found if isinstance(found, str) and found else cookies.get("session_id", "")
        if not 200 <= reply.status < 300 or told.get("success") is False or not _sendable(identity):
            self.state = "none"
            reason = told.get("reason")
            return reason if isinstance(reason, str) and reason else f"HTTP {reply.status}, no session"
        self.state, self.id, self.born, self.proved = "in", identity, now, False
        self.number += 1
        self._learn(cookies)
        return ""

    def go_on(self) -> Iterator[Action]:
        """Everything that waited goes out."""
        waiting, self.waiting = self.waiting, []
        for exchange in waiting:
            yield from self.ask(exchange)

    def learn(self, reply: HttpReply, exchange: Exchange) -> None:
        """Take a new XSRF token from any Set-Cookie (firmware 4.6.2 and later); not from one of an older session."""
        if exchange.number == self.number and self.state == "in":
            self.proved = self.proved or reply.status not in STALE
            self._learn(dict(COOKIE.findall(reply.headers.get("set-cookie", ""))))

    def _learn(self, cookies: Mapping[str, str]) -> None:
        if _sendable(cookies.get("XSRF-TOKEN", "")):
            self.token = cookies["XSRF-TOKEN"]

    def may_be_stale(self, exchange: Exchange) -> bool:
        """A session that was never of use is not stale: the user may not do this."""
        return not exchange.again and (self.proved or exchange.number != self.number)

    def stale(self, exchange: Exchange) -> Iterator[Action]:
        """The codec does not know our session any more: the first to hear it logs in again, each is repeated once."""
        exchange.again = True
        if self.state == "in" and exchange.number == self.number:
            self.before = self.headers()
            self.state = "none"
        yield from self.ask(exchange)

    def tidy(self) -> list[Exchange]:
        """A round of looks is over: take out what is never answered, since the house forgot it for a newer command."""
        for exchange in self.out.values():
            exchange.rounds += 1
        lost = [exchange for exchange in self.out.values() if exchange.rounds > 2]
        for exchange in lost:
            del self.out[exchange.tag]
        return lost

    def log_out(self) -> Send:
        """End our session."""
        self.state = "logging out"
        return self._send("DELETE", self.path, b"", LOG_OUT, self.headers())

    def logged_out(self) -> Iterator[Action]:
        """It is over; who asked something meanwhile brings about the next."""
        self.state, self.id, self.token = "none", "", ""
        if self.waiting:
            yield self.log_in()

    def bury(self) -> Iterator[Action]:
        """Forbidden in a new session, too: so the one before was not stale, and must not be left behind."""
        headers, self.before = self.before, None
        if headers is not None:
            yield self._send("DELETE", self.path, b"", LEFT_BEHIND, headers)

    def headers(self) -> dict[str, str]:
        """The session's cookies and token."""
        if not self.token:
            return {"Cookie": f"session_id={self.id}"}
        return {"Cookie": f"session_id={self.id}; XSRF-TOKEN={self.token}", "x-xsrf-token": self.token}

    @staticmethod
    def _send(
        method: str, path: str, body: bytes, tag: Hashable, headers: Mapping[str, str], hide: tuple[str, ...] = ()
    ) -> Send:
        kind = {"Content-Type": "application/json"} if body else {}
        return Send(HttpRequest(method, path, {**kind, **headers}, body), tag=tag, hide=hide)


def _sendable(text: str) -> bool:
    """Whether a value may stand in a header as it is."""
    return bool(text) and text.isascii() and text.isprintable() and not set(text) & set(" ;,")
