"""A small web server on loopback for feeds: what it serves, what it was asked, and how it misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Page:
    """One answer. With `etag`, a request that names it is answered by 304."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""


@dataclass
class WebServer:
    """Pages by their path; None closes the connection without a word."""

    pages: dict[str, Page | None] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = head[0].split(" ")[1]
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])}
                self.asked.append((path, headers))
                page = self.pages.get(path, Page(b"no", 404))
                if page is None:
                    return
                status, body = page.status, page.body
                if page.etag and headers.get("if-none-match") == page.etag:
                    status, body = 304, b""
                told = {"Content-Length": str(len(body)), **page.headers, **({"ETag": page.etag} if page.etag else {})}
                lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
                self.answered.append(status)
                writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def webserver() -> AsyncIterator[WebServer]:
    """Serve until the end of the block."""
    server = WebServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
