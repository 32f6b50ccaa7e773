"""Who is logged in to the codec: cookie sessions, the XSRF token, the limit, and sessions that go stale.

What may not live here: what a session may read. The reply to a log-in is that of the guide 3.1 (POST /rest/session).
XSRF from 4.6.2 and 403 on a stale session are as seen by the AVI-SPL driver. The words of a refused log-in, and what
a full codec answers, are in no source: they are ours.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.poly_videoos.web import Asked

if TYPE_CHECKING:
    from simulators.poly_videoos.codec import PolyVideoos

LOG_IN = (("rest", "session"), ("rest", "current", "session"))


@dataclass
class Login:
    """One session."""

    id: str
    token: str
    since: float
    used: float


class Sessions:
    """All sessions, ours and other people's."""

    def __init__(self, codec: PolyVideoos) -> None:
        self.codec = codec
        self.open: dict[str, Login] = {}

    def handle(self, asked: Asked) -> None:
        """POST and DELETE on the session's own address."""
        if asked.path not in LOG_IN[: 1 if self.codec.session_path == "session" else 2] or (
            self.codec.session_path == "current" and asked.path == LOG_IN[0]
        ):
            self.codec.reply(asked, 404)
        elif asked.method == "POST":
            self._log_in(asked)
        elif asked.method == "DELETE":
            self.open.pop(asked.cookies.get("session_id", ""), None)
            self.count()
            self.codec.reply(asked, 200, {"success": True})
        else:
            self.codec.reply(asked, 405)

    def _log_in(self, asked: Asked) -> None:
        codec, body = self.codec, asked.body if isinstance(asked.body, dict) else {}
        codec.log_ins += 1
        self.expire()
        right = (body.get("user"), body.get("password")) == (codec.username, codec.password)
        if not right or codec.faults.refuse_login:
            codec.failed_log_ins += 1
            codec.reply(asked, 403, {"success": False, "reason": "Authentication failed"})
            return
        if len(self.open) >= codec.max_sessions:
            codec.reply(asked, 403, {"success": False, "reason": "Maximum number of active sessions reached"})
            return
        login = self.add()
        now = int(codec.clock() * 1000)
        status = {"failedLogins": 0, "isPasswordAgeLimitReached": False, "lastLoginClientType": "WEB"}
        about: dict[str, Any] = {"sessionId": login.id, "userId": codec.username, "role": "ADMIN", "clientType": "WEB"}
        about |= {"creationTime": now, "isAuthenticated": True, "isConnected": False, "isNew": True, "isStale": False}
        answer = {"success": True, "reason": "", "loginStatus": status, "session": about}
        codec.reply(asked, 200, answer, self._cookies(login))

    def _cookies(self, login: Login) -> tuple[str, ...]:
        return (f"session_id={login.id}", *((f"XSRF-TOKEN={login.token}",) if self.codec.checks_xsrf else ()))

    def add(self) -> Login:
        """Somebody is logged in."""
        now = self.codec.clock()
        login = Login(f"PSN0{secrets.token_hex(8)}", secrets.token_hex(8), now, now)
        self.open[login.id] = login
        self.count()
        return login

    def admits(self, asked: Asked) -> bool:
        """Whether this request comes from a session that still is one, with the token where it is asked for."""
        self.expire()
        login = self.open.get(asked.cookies.get("session_id", ""))
        if login is None:
            return False
        if self.codec.checks_xsrf:
            told = (asked.cookies.get("XSRF-TOKEN"), asked.headers.get("x-xsrf-token"))
            if told != (login.token, login.token):
                return False
        login.used = self.codec.clock()
        return True

    def expire(self) -> None:
        """Idle sessions end by themselves; one that is held too long locks the unit up, where that is asked for."""
        now, codec = self.codec.clock(), self.codec
        for login in list(self.open.values()):
            if now - login.used > codec.session_seconds:
                del self.open[login.id]
            elif codec.lock_up_seconds and now - login.since > codec.lock_up_seconds:
                codec.locked_up = True
        self.count()

    def clear(self) -> None:
        """All sessions are gone."""
        self.open.clear()
        self.count()

    def count(self) -> None:
        self.codec.open_sessions = len(self.open)
        self.codec.most_sessions = max(self.codec.most_sessions, len(self.open))
        self.codec.touched()
