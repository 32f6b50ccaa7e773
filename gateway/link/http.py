"""The `http` and `https` links: each HttpRequest is one exchange, answered by an HttpReply with its tag.

What may not live here: what a status or a body means. There is no connection to open: up to four are kept and used
again; cookies that the device sets last as long as the link. No redirects, no proxies, nothing from the environment.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Hashable, Iterator
from typing import Any

import httpx

from gateway.driver import HttpReply, HttpRequest, Opening
from gateway.link import Address, Ears, LinkError, Trust, Untouchable, tls
from gateway.link.tcp import CONNECT, explain
from gateway.model import Reason

READ = 10.0  # seconds of silence from a device that is to answer
CONNECTIONS = 4
IDLE = 15.0  # seconds that an idle connection is kept
LARGEST = 8 * 1024 * 1024  # bytes of one reply's body

for name in ("httpx", "httpcore"):  # they write down whole URLs and headers, tokens included
    logging.getLogger(name).setLevel(logging.WARNING)


class TooLarge(Exception):
    """A reply's body is longer than any device has reason to send."""


class Http(Untouchable):
    """One HTTP server and the exchanges under way with it."""

    def __init__(self, address: Address, opening: Opening, trust: Trust, ears: Ears) -> None:
        self.address = address
        self.opening = opening
        self.trust = trust
        self.ears: Ears | None = ears
        self._base = (address.path or opening.path).rstrip("/")
        self._client: httpx.AsyncClient | None = None
        self._exchanges: set[asyncio.Task[None]] = set()

    @property
    def where(self) -> str:
        """The far end, as shown to people."""
        return f"{self.address.host}:{self.address.port}"

    async def open(self) -> None:
        """Make the client; nothing is sent yet."""
        opening = self.opening
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        secure = self.address.scheme == "https"
        self._client = httpx.AsyncClient(
            base_url=f"{self.address.scheme}://{host}:{self.address.port}",
            headers={"User-Agent": "RoomGate", "Accept-Encoding": "identity", **opening.headers},
            auth=httpx.BasicAuth(opening.username, opening.password) if opening.username else None,
            verify=tls.context(self.trust, "http/1.1") if secure else False,
            timeout=httpx.Timeout(READ, connect=CONNECT),
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=IDLE),
            follow_redirects=False,
            trust_env=False,
        )

    def send(self, data: Any, tag: Hashable) -> None:
        """Begin one exchange."""
        if not isinstance(data, HttpRequest):
            raise TypeError(f"an HTTP link carries HttpRequest, not {type(data).__name__}")
        if self._client is None or self.ears is None:
            return
        task = asyncio.get_running_loop().create_task(self._exchange(self._client, data, tag))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)

    async def _exchange(self, client: httpx.AsyncClient, request: HttpRequest, tag: Hashable) -> None:
        try:
            try:
                reply = await self._ask(client, request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                if request.method not in ("GET", "HEAD"):
                    raise
                # An idle connection was closed by the device just as we used it again: ask once more.
                reply = await self._ask(client, request)
        except httpx.ConnectTimeout:
            self._lose(explain(TimeoutError(), self.where))
        except httpx.ConnectError as error:
            self._lose(await self._unreachable(error))
        except httpx.TimeoutException:
            self._broke(tag, "no response")
        except TooLarge:
            self._broke(tag, f"a reply longer than {LARGEST} bytes")
        except httpx.DecodingError:
            self._broke(tag, "a reply whose compression is broken")
        except (httpx.HTTPError, httpx.InvalidURL):
            self._broke(tag, "the connection broke before there was a whole reply")
        else:
            if self.ears is not None:
                self.ears.heard(reply, tag)

    async def _ask(self, client: httpx.AsyncClient, request: HttpRequest) -> HttpReply:
        path = request.path if request.path.startswith("/") else f"/{request.path}"
        asked = client.build_request(
            request.method, self._base + path, headers=dict(request.headers), content=request.body or None
        )
        reply = await client.send(asked, stream=True)
        try:
            body = bytearray()
            async for piece in reply.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise TooLarge
        finally:
            await reply.aclose()
        return HttpReply(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, bytes(body))

    async def _unreachable(self, error: httpx.ConnectError) -> LinkError:
        for cause in causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return await tls.distrust(cause, self.address.host, self.address.port)
            if isinstance(cause, OSError) and (cause.errno is not None or isinstance(cause, ConnectionError)):
                return explain(cause, self.where)
        return LinkError(Reason.UNREACHABLE, f"{self.where} cannot be reached")

    def _broke(self, tag: Hashable, words: str) -> None:
        if self.ears is not None:
            self.ears.broke(tag, words)

    def _lose(self, error: LinkError) -> None:
        ears, self.ears = self.ears, None
        if ears is not None:
            ears.lost(error.reason, error.words)

    async def close(self) -> None:
        """Give up what is under way and let go of the connections."""
        self.ears = None
        client, self._client = self._client, None
        if client is None:
            return
        for task in self._exchanges:
            task.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)
        await client.aclose()


def causes(error: BaseException) -> Iterator[BaseException]:
    """What lies behind an error: its causes and contexts, groups opened; a certificate that failed comes first."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        waiting += [one.__cause__, one.__context__]
    yield from sorted(found, key=lambda one: not isinstance(one, ssl.SSLError))


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Http:
    """The link for `http://` or `https://`."""
    return Http(address, opening, trust, ears)
