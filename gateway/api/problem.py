"""One shape for every error: RFC 9457 problem details, with what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from gateway.model import Result

TITLES = {
    400: "Bad request",
    401: "No valid token",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Nothing here can do that",
    413: "Too large",
    422: "Not understood",
    429: "Too many attempts",
    500: "A fault of the gateway",
    502: "The device refused",
    503: "The device is away",
    504: "Not confirmed in time",
}
STATUS = {
    Result.CONFIRMED: 200,
    Result.ASSUMED: 200,
    Result.REFUSED: 502,
    Result.OFFLINE: 503,
    Result.UNCONFIRMED: 504,
    Result.SUPERSEDED: 409,
}
ADVICE = {
    Result.REFUSED: "Read the device's words; ask again when what they name is mended.",
    Result.OFFLINE: "See /readyz or the room's devices for the reason; the gateway keeps trying by itself.",
    Result.UNCONFIRMED: "The device may still have done it: look at the room's state before asking again.",
    Result.SUPERSEDED: "A newer command took its place; look at that one.",
}


def fault() -> Problem:
    """What a client is told when the gateway itself erred: nothing of its inside; the log has that."""
    return Problem(500, "the gateway met a fault of its own", "Its log says more; report it with the time of day.")


@dataclass
class Problem(Exception):
    """An error on its way to a client. `advice` says what to do."""

    status: int
    detail: str
    advice: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON of application/problem+json."""
        told: dict[str, Any] = {
            "type": f"urn:roomgate:problem:{self.status}",
            "title": TITLES.get(self.status, "Error"),
            "status": self.status,
            "detail": self.detail,
        }
        if self.advice:
            told["advice"] = self.advice
        return json.dumps({**told, **self.more}, separators=(",", ":")).encode()

    def response(self) -> Response:
        """The whole HTTP answer."""
        return Response(self.body(), self.status, dict(self.headers), "application/problem+json")
