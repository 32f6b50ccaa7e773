"""Any device with an HTTP interface, with its requests in the profile.

What is sent is `METHOD /path` and, after a space, the body. What may not live here: the words (`words.py`). Source: the
device's own manual, which whoever writes the profile reads; basic log-in: RFC 7617.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.generic.worded import Worded
from drivers.generic.words import WordSettings
from gateway.driver import (
    Actions,
    Drop,
    HttpReply,
    HttpRequest,
    Refused,
    Request,
    Send,
    Settings,
    Timing,
    setting,
)
from gateway.model import Reason

ASKED = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)(?: (.+))?", re.DOTALL)


@dataclass(frozen=True)
class HttpSettings(WordSettings):
    """Settings of `generic_http`."""

    username: str = setting("", "user of a basic log-in, with `password`; empty: none")
    headers: Mapping[str, Any] = setting({}, "headers of every request; {password} may stand in them")

    def __post_init__(self) -> None:
        super().__post_init__()
        for words in (*self.send.values(), *self.ask):
            if not ASKED.fullmatch(words):
                raise ValueError(f"{words!r} is no request: METHOD /path, then the body, if any")
        for name, value in self.headers.items():
            if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9-]+", name) or re.search(r"[\r\n]", value):
                raise ValueError(f"headers.{name} is a text")


class GenericHttp(Worded):
    """A device whose requests stand in the profile."""

    name = "generic_http"
    title = "Any device with an HTTP interface"
    models = "whatever takes HTTP requests and has no driver of its own"
    links: ClassVar[Mapping[str, int]] = {"http": 80, "https": 443}
    timing = Timing(window=1, reply=5.0)
    sources = ("the profile, and the manual of the device that it describes",)
    offered = (
        "any command of a part as a request, with its arguments in path or body",
        "points from answers, by path into JSON or by pattern",
        "values and ranges translated",
        "several units",
        "basic log-in, or any header",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "sessions, cookies, digest log-in": "write a driver: docs/write-a-driver.md",
        "events that the device sends by itself": "it is asked every `poll` seconds, and after each command",
        "conditions, loops, memory": "write a driver: docs/write-a-driver.md",
    }
    quoted = True
    Settings: ClassVar[type[Settings]] = HttpSettings
    settings: HttpSettings

    def opened(self) -> Actions:
        """Ask; usable when the first question is answered, or at once where there is none."""
        if not self.settings.ask:
            yield from self.begin()
        yield from self.look()

    def put(self, words: str, tag: Hashable, hide: tuple[str, ...]) -> Send:
        """`METHOD /path` and, after a space, the body."""
        asked = ASKED.fullmatch(words)
        assert asked is not None  # checked with the settings; what fills the holes is quoted
        method, path, body = asked[1], asked[2], (asked[3] or "").encode()
        headers = {name: self.words.ask(value, "") for name, value in self.settings.headers.items()}
        if body[:1] in (b"{", b"["):
            headers = {"Content-Type": "application/json", **headers}
        secret = [word for word in hide if word]
        if self.settings.username:
            pair = base64.b64encode(f"{self.settings.username}:{self.settings.password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
            secret.append(pair)
        if self.settings.password:
            secret.append(self.settings.password)
        return Send(HttpRequest(method, path, headers, body), tag=tag, hide=tuple(dict.fromkeys(secret)))

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """An answer."""
        if not isinstance(data, HttpReply):
            return
        text = data.body.decode("utf-8", "replace")
        no = data.status >= 400 or bool(self.refusal and self.refusal.search(text))
        if data.status == 401:
            yield Drop(Reason.LOGIN_REFUSED, "the device refused the log-in")
        elif isinstance(tag, Request):
            if no:
                yield Refused(tag, text.strip()[:200] or f"HTTP {data.status}")
            else:
                heard = list(self.words.hear(text))
                yield from heard
                yield from self.taken(tag, heard)
        elif no:
            yield Drop(Reason.PROTOCOL_ERROR, f"the device does not tell its state: HTTP {data.status}")
        else:
            yield from self.words.hear(text)
            yield from self.begin()
