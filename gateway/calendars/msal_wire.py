"""The HTTP client that msal is given: httpx underneath, bounded answers, and what the last one said of waiting.

It runs in a thread, for msal waits. What may not live here: anything about tokens.

Source: msal's documentation of `http_client` (get and post; status_code, text, headers, raise_for_status).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx
from requests.exceptions import ConnectionError as RequestsConnectionError

LARGEST = 1_000_000  # bytes; a discovery document has 2,000, a token 4,000
PATIENCE = 10.0


class Answer:
    """A reply as msal reads it."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.text = text
        self.headers = headers

    def raise_for_status(self) -> None:
        """Raise for an error. msal wraps it in one of its own, which holds nothing of the request."""
        if self.status_code >= 400:
            raise RequestsConnectionError(f"HTTP {self.status_code}")


class Wire:
    """msal's way to the sign-in host; `status` and `retry_after` are those of the last answer, 0 where none came."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._client = httpx.Client(verify=context, timeout=PATIENCE)
        self.status = 0
        self.retry_after = ""

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Answer:
        """As msal calls it."""
        return self._ask("GET", url, params=params, headers=headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Answer:
        """As msal calls it."""
        # msal gives a signed assertion as bytes, which requests sends as they are and httpx as "b'...'".
        form = {name: _text(value) for name, value in data.items()} if isinstance(data, Mapping) else data
        return self._ask("POST", url, params=params, data=form, headers=headers)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _ask(self, method: str, url: str, **more: Any) -> Answer:
        self.status, self.retry_after = 0, ""
        held = b""
        try:
            with self._client.stream(method, url, **more) as reply:
                for piece in reply.iter_bytes():
                    held += piece
                    if len(held) > LARGEST:
                        raise RequestsConnectionError("the answer is too long")
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            # msal goes on with an ageing token only where the library of its own choice failed.
            raise RequestsConnectionError(type(broken).__name__) from None
        self.status, self.retry_after = reply.status_code, reply.headers.get("Retry-After", "")
        return Answer(reply.status_code, held.decode("utf-8", "replace"), reply.headers)


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
