"""HTTP/1.1 as a simulated device speaks it: cuts requests out of the stream, writes replies, knows no device.

It stands on `StreamSimulator` and not on a web framework, so that the faults act on it like on any other stream and a
device starts in a millisecond. TLS, chunked requests and proxies may not live here.

Source: RFC 9112.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from simulators.device import Session, StreamSimulator

LONGEST = 65536  # bytes that are kept of what is not a whole request yet


@dataclass(eq=False)
class Request:
    """One request, to be answered once, now or later; the next one on its connection waits for that."""

    device: HttpSimulator
    session: Session
    method: str
    path: str  # without the query
    headers: Mapping[str, str]  # by lower-case name
    body: bytes
    query: str = ""

    def answer(self, status: int, body: dict[str, Any] | None = None, more: Mapping[str, str] | None = None) -> None:
        """Reply with JSON, or with nothing; `more` are further headers."""
        if body is None:
            self.say(status, b"", "", more)
        else:
            data = json.dumps(body, separators=(",", ":")).encode()
            self.say(status, data, "application/json; charset=utf-8", more)

    def say(self, status: int, data: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        """Reply with anything; `kind` is its media type, `more` are further headers."""
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in (more or {}).items())
        if kind:
            head += f"Content-Type: {kind}\r\n"
        if status != HTTPStatus.NO_CONTENT:
            head += f"Content-Length: {len(data)}\r\n"
        self.session.send(head.encode() + b"\r\n" + data)
        if self.headers.get("connection", "").lower() == "close":
            self.session.close()
            return
        self.session.memory["asked"] = None
        self.device.received(self.session, b"")


@dataclass(kw_only=True, eq=False)
class HttpSimulator(StreamSimulator):
    """A device with a web server of its own."""

    def requested(self, request: Request) -> None:
        """Answer a request."""
        raise NotImplementedError

    def received(self, session: Session, data: bytes) -> None:
        heard = session.memory["heard"] = session.memory.get("heard", b"") + data
        head, end, rest = heard.partition(b"\r\n\r\n")
        if session.memory.get("asked") or not end:
            if len(heard) > LONGEST:
                session.abort()
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
        try:
            method, target, _ = first.split(" ")
            size = int(headers.get("content-length", "0"))
        except ValueError:
            Request(self, session, "", "", {"connection": "close"}, b"").answer(HTTPStatus.BAD_REQUEST, {})
            return
        if len(rest) < size:
            return
        session.memory["heard"] = rest[size:]
        path, _, query = target.partition("?")
        request = Request(self, session, method, path, headers, rest[:size], query)
        session.memory["asked"] = request
        self.requested(request)
