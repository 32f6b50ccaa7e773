"""What the tests of links share: a witness for ears, a scripted TCP server, and a certificate."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.link import Ears
from gateway.link.tls import fingerprint_of
from gateway.model import Reason


class Witness:
    """Ears that remember, and tests that wait for what they remember."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.tags: list[Hashable] = []
        self.broke: list[tuple[Hashable, str]] = []
        self.lost: list[tuple[Reason, str]] = []
        self._news = asyncio.Event()
        self.ears = Ears(self._heard, self._broke, self._lost)

    def _heard(self, data: Any, tag: Hashable) -> None:
        self.heard.append(data)
        self.tags.append(tag)
        self._news.set()

    def _broke(self, tag: Hashable, words: str) -> None:
        self.broke.append((tag, words))
        self._news.set()

    def _lost(self, reason: Reason, words: str) -> None:
        self.lost.append((reason, words))
        self._news.set()

    @property
    def text(self) -> bytes:
        return b"".join(self.heard)

    async def until(self, fact: Callable[[], object], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not fact():
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def witness() -> Witness:
    return Witness()


@dataclass
class Far:
    """A far end: what it read, and its connections as (reader, writer)."""

    port: int = 0
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=asyncio.Queue)

    async def next(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(5):
            return await self.connections.get()


Serve = Callable[..., Awaitable[Far]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(ssl=...)` starts a server on a free loopback port; all is closed after the test."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def start(context: ssl.SSLContext | None = None) -> Far:
        far = Far()

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            await far.connections.put((reader, writer))

        server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        far.port = server.sockets[0].getsockname()[1]
        return far

    yield start
    for server in servers:
        server.close()
    for writer in writers:
        writer.transport.abort()
    for writer in writers:
        try:
            await writer.wait_closed()
        except (OSError, ssl.SSLError):
            pass
    for server in servers:
        await server.wait_closed()


@dataclass(frozen=True)
class Identity:
    """A certificate with its key on disk, its fingerprint, and a server context that shows it."""

    certificate: Path
    key: Path
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A self-signed certificate for localhost and 127.0.0.1."""
    folder = tmp_path_factory.mktemp("identity")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Identity(*paths, fingerprint_of(certificate.public_bytes(serialization.Encoding.DER)))


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that refuses: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that does not answer: its queue of connections is full, so that the kernel drops what comes."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        yield sock.getsockname()[1]
