"""HTTP for calendars: one client for an account, bounded in size and time, whose troubles are said without secrets.

A URL may hold a secret, and so may an answer: neither comes into an error or the log. What may not live here: what an
answer means beyond its status.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.calendars.calendar import CalendarTrouble, NetworkLost, Throttled
from gateway.clock import Clock

if TYPE_CHECKING:
    import httpx

MOST = 16 << 20  # bytes of one answer
HOPS = 5  # redirects that are followed
CONNECT = 10.0  # seconds
READ = 20.0  # seconds of silence
AGAIN = 60.0  # seconds until the next question where a service says "too many" and not for how long
LONGEST_WAIT = 3600.0

for _name in ("httpx", "httpcore"):  # they write down whole URLs, tokens included
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Answer:
    """One answer: headers by small names, the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Web:
    """The connections of one account. `what` names the service in errors, such as "the feed"."""

    def __init__(self, what: str, clock: Clock, *, ca_file: str = "") -> None:
        self.what = what
        self._clock = clock
        self._ca_file = ca_file
        self._client: httpx.AsyncClient | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        auth: httpx.Auth | None = None,
    ) -> Answer:
        """One question and its whole answer; redirects of reading questions are followed, credentials stay with their
        host. Raises CalendarTrouble; a 429 or 503 is Throttled where it says for how long, every other 5xx NetworkLost.
        """
        import httpx

        client = await self._open()
        try:
            answer = await self._exchange(client, method, url, dict(headers or {}), body, auth)
        except httpx.TimeoutException:
            raise NetworkLost(f"{self.what} does not answer in time") from None
        except httpx.ConnectError as error:
            raise NetworkLost(f"{self.what} cannot be reached: {_unreachable(error)}") from None
        except httpx.InvalidURL:
            raise CalendarTrouble(f"the address of {self.what} is no URL") from None
        except httpx.UnsupportedProtocol:
            raise CalendarTrouble(f"the address of {self.what} is neither http:// nor https://") from None
        except (httpx.HTTPError, OSError):
            raise NetworkLost(f"{self.what}: the connection broke before there was a whole answer") from None
        wait = _seconds(answer.headers.get("retry-after", ""), self._clock)
        if answer.status == 429 or (answer.status == 503 and wait is not None):
            raise Throttled(f"{self.what} asks for a pause ({answer.status})", AGAIN if wait is None else wait)
        if answer.status >= 500:
            raise NetworkLost(f"{self.what} is out of order ({answer.status})")
        return answer

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes,
        auth: httpx.Auth | None,
    ) -> Answer:
        for _ in range(HOPS + 1):
            request = client.build_request(method, url, headers=headers, content=body or None)
            reply = await client.send(request, stream=True, auth=auth)
            try:
                if reply.has_redirect_location and method in ("GET", "PROPFIND", "REPORT"):
                    there = request.url.join(reply.headers["location"])
                    if request.url.scheme == "https" and there.scheme != "https":
                        raise CalendarTrouble(f"{self.what} sends us on to an address without TLS")
                    if (there.scheme, there.host, there.port) != (
                        request.url.scheme,
                        request.url.host,
                        request.url.port,
                    ):
                        auth = None
                        headers = {name: held for name, held in headers.items() if name.lower() != "authorization"}
                    url = str(there)
                    continue
                held = bytearray()
                async for piece in reply.aiter_bytes():
                    held += piece
                    if len(held) > MOST:
                        raise CalendarTrouble(f"{self.what} answers with more than {MOST >> 20} MiB")
                small = {name.lower(): value for name, value in reply.headers.items()}
                return Answer(reply.status_code, small, bytes(held))
            finally:
                await reply.aclose()
        raise CalendarTrouble(f"{self.what} sends us from one address to the next")

    async def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            made = await asyncio.to_thread(self._made)  # reading the trusted certificates takes a while
            self._client = self._client or made
        return self._client

    def _made(self) -> httpx.AsyncClient:
        import httpx

        try:
            trust = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else httpx.create_ssl_context()
        except (OSError, ssl.SSLError):
            name = Path(self._ca_file).name
            raise CalendarTrouble(f"ca_file: {name} cannot be read as certificates") from None
        return httpx.AsyncClient(
            verify=trust,
            timeout=httpx.Timeout(READ, connect=CONNECT),
            limits=httpx.Limits(max_connections=4, keepalive_expiry=90.0),
            headers={"User-Agent": "RoomGate"},
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """All that is done here ends in so many seconds, else with NetworkLost."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise NetworkLost(f"{what} does not answer in time") from None


def _unreachable(error: BaseException) -> str:
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({at.verify_message}); a private authority belongs into ca_file"
        if isinstance(at, ssl.SSLError):
            return "TLS failed"
        if isinstance(at, ConnectionRefusedError):
            return "connection refused"
        at = at.__cause__ or at.__context__
    return "no such name or no way there"


def _seconds(text: str, clock: Clock) -> float | None:
    """`Retry-After`: seconds, or a date (RFC 9110 10.2.3)."""
    if not text:
        return None
    try:
        seconds = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - clock.wall()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 1.0), LONGEST_WAIT)
