"""The codec's web server: queries, cookies and bare JSON values, on top of `simulators/_http.py`.

What may not live here: any resource of the codec.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from simulators._http import HttpSimulator, Request
from simulators.device import Session


class Word(str):
    """A word that goes out as it is, without quotes, as some firmware does."""


@dataclass
class Asked:
    """A request with what this codec reads of it."""

    request: Request
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    body: Any  # parsed; None where there is none or it is no JSON
    valid: bool

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers


@dataclass(kw_only=True, eq=False)
class WebSimulator(HttpSimulator):
    """A codec that answers `Asked`."""

    def asked(self, asked: Asked) -> None:
        """Answer one request, now or later, by `reply`."""
        raise NotImplementedError

    def received(self, session: Session, data: bytes) -> None:
        """Keep the target with its query, which the plumbing cuts off."""
        if not session.memory.get("asked"):
            first = (session.memory.get("heard", b"") + data).partition(b"\r\n")[0].split(b" ")
            session.memory["target"] = first[1].decode("latin-1") if len(first) == 3 else ""
        super().received(session, data)

    def requested(self, request: Request) -> None:
        pairs = (part.partition("=") for part in request.headers.get("cookie", "").split(";"))
        cookies = {name.strip(): value for name, _, value in pairs}
        query = dict(parse_qsl(request.session.memory.get("target", "").partition("?")[2]))
        path = tuple(unquote(part) for part in request.path.split("/") if part)
        try:
            body, valid = (json.loads(request.body) if request.body else None), True
        except ValueError:
            body, valid = None, False
        self.asked(Asked(request, request.method, path, query, cookies, body, valid))

    def reply(self, asked: Asked, status: int, body: Any = None, cookies: tuple[str, ...] = ()) -> None:
        """Answer with a JSON value, which may be null or bare, and cookies."""
        request = asked.request
        data = body.encode() if isinstance(body, Word) else json.dumps(body, separators=(",", ":")).encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        head += "".join(f"Set-Cookie: {cookie}; Path=/; Secure; HttpOnly\r\n" for cookie in cookies)
        request.session.send(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        if request.headers.get("connection", "").lower() == "close":
            request.session.close()
            return
        request.session.memory["asked"] = None
        self.received(request.session, b"")
