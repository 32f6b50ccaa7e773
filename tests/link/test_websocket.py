"""The ws and wss links against the server of `websockets`, and against servers that misbehave by hand."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from gateway.driver import Opening
from gateway.link import Address, LinkError, Trust, make
from gateway.link.websocket import WebSocket
from gateway.model import Reason

from .conftest import Identity, Serve, Witness

Start = Callable[..., Awaitable[int]]


@pytest.fixture
async def codec() -> AsyncIterator[Start]:
    """`port = await codec(handler, **options)` starts a server; all is closed after the test."""
    servers: list[Server] = []

    async def start(handler: Callable[[ServerConnection], Awaitable[None]], **options: Any) -> int:
        server = await serve(handler, "127.0.0.1", 0, **options)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close(close_connections=True)
        await server.wait_closed()


def dial(
    port: int, witness: Witness, opening: Opening | None = None, trust: Trust | None = None, scheme: str = "ws"
) -> WebSocket:
    address = Address.parse(f"{scheme}://127.0.0.1:{port}/ws")
    link = make(address, opening or Opening(), trust or Trust(), witness.ears)
    assert isinstance(link, WebSocket)
    return link


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def test_text_and_binary_go_out_and_come_in(codec: Start, witness: Witness) -> None:
    link = dial(await codec(echo), witness)
    await link.open()
    for message in ('{"jsonrpc":"2.0"}', b"\x00\xff", "ü" * 70_000, ""):
        link.send(message, None)
    await witness.until(lambda: len(witness.heard) == 4)
    assert witness.heard == ['{"jsonrpc":"2.0"}', b"\x00\xff", "ü" * 70_000, ""]
    with pytest.raises(TypeError):
        link.send({"jsonrpc": "2.0"}, None)
    await link.close()
    assert witness.lost == []


async def test_fragments_are_one_message_and_a_greeting_waits_for_open(codec: Start, witness: Witness) -> None:
    async def greet(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.send(["one ", "two ", "three"])
        await connection.wait_closed()

    link = dial(await codec(greet), witness)
    await link.open()
    assert witness.heard == []
    await witness.until(lambda: len(witness.heard) == 2)
    assert witness.heard == ["hello", "one two three"]
    await link.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """For servers by hand, which do not answer our closing frame."""
    monkeypatch.setattr("gateway.link.tcp.FLUSH", 0.05)


@pytest.mark.usefixtures("hasty")
async def test_a_greeting_in_the_same_packet_as_the_answer_is_heard(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)

    async def greet() -> None:
        reader, writer = await far.next()
        writer.write(accept(await reader.readuntil(b"\r\n\r\n")) + b"\x81\x02hi")

    greeting = asyncio.create_task(greet())
    await link.open()
    assert witness.heard == []
    await greeting
    await witness.until(lambda: witness.heard == ["hi"])
    await link.close()


def accept(request: bytes) -> bytes:
    """The answer that opens a WebSocket (RFC 6455, 4.2.2), made by hand."""
    from websockets.utils import accept_key

    key = next(line.split()[1] for line in request.splitlines() if line.lower().startswith(b"sec-websocket-key"))
    lines = "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept_key(key.decode())}", "", "")).encode()


@pytest.mark.usefixtures("hasty")
async def test_every_split_of_the_bytes_is_the_same(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    opening = asyncio.create_task(link.open())
    reader, writer = await far.next()
    wire = accept(await reader.readuntil(b"\r\n\r\n"))
    for byte in wire + b"\x01\x02h\xc3\x80\x01\xa9\x81\x03abc":
        writer.write(bytes((byte,)))
        await writer.drain()
    await opening
    await witness.until(lambda: len(witness.heard) == 2)
    assert witness.heard == ["hé", "abc"]
    await link.close()


async def test_the_log_in_goes_as_basic_header_or_as_subprotocol(codec: Start, witness: Witness) -> None:
    seen: list[Request] = []

    def remember(connection: ServerConnection, request: Request) -> None:
        seen.append(request)

    basic = dial(
        await codec(echo, process_request=remember),
        witness,
        Opening(username="admin", password="näh", headers={"X-Room": "1"}),
    )
    await basic.open()
    await basic.close()
    assert seen[0].path == "/ws"
    assert seen[0].headers["Authorization"] == "Basic " + base64.b64encode("admin:näh".encode()).decode()
    assert seen[0].headers["X-Room"] == "1"
    port = await codec(echo, process_request=remember, subprotocols=["auth-eHg"])
    sub = dial(port, witness, Opening(subprotocols=("auth-eHg",)))
    await sub.open()
    assert sub.client.subprotocol == "auth-eHg"
    await sub.close()
    ignored = dial(await codec(echo), witness, Opening(subprotocols=("auth-eHg",)))
    await ignored.open()  # a codec that does not echo the sub-protocol is taken as it is
    await ignored.close()
    assert "Authorization" not in seen[1].headers


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, Reason.LOGIN_REFUSED),
        (403, Reason.LOGIN_REFUSED),
        (301, Reason.CONNECTION_REFUSED),
        (404, Reason.CONNECTION_REFUSED),
        (503, Reason.CONNECTION_REFUSED),
        (200, Reason.CONNECTION_REFUSED),
    ],
)
async def test_a_status_that_opens_nothing(
    codec: Start, witness: Witness, status: int, reason: Reason, caplog: pytest.LogCaptureFixture
) -> None:
    def turn_away(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, "no\n")

    port = await codec(echo, process_request=turn_away, logger=logging.Logger("quiet", logging.CRITICAL))
    caplog.set_level(logging.DEBUG)
    link = dial(port, witness, Opening(username="admin", password="hunter2", subprotocols=("auth-aHVudGVyMg",)))
    with pytest.raises(LinkError, match=str(status)) as caught:
        await link.open()
    assert caught.value.reason == reason
    for secret in ("hunter2", "aHVudGVyMg", base64.b64encode(b"admin:hunter2").decode()):
        assert secret not in str(caught.value) + caplog.text
    await link.close()
    assert witness.lost == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n", Reason.LOGIN_REFUSED),
        (b"SSH-2.0-OpenSSH_9\r\n", Reason.PROTOCOL_ERROR),
        (b"", Reason.LINK_LOST),
    ],
)
async def test_an_answer_that_is_none(serve: Serve, witness: Witness, answer: bytes, reason: Reason) -> None:
    far = await serve()
    link = dial(far.port, witness)
    opening = asyncio.create_task(link.open())
    reader, writer = await far.next()
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer)
    writer.close()
    with pytest.raises(LinkError) as caught:
        await opening
    assert caught.value.reason == reason
    await link.close()


async def test_a_server_that_does_not_answer(serve: Serve, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.link.websocket.CONNECT", 0.05)
    far = await serve()
    link = dial(far.port, witness)
    with pytest.raises(LinkError, match="did not answer") as caught:
        await link.open()
    assert caught.value.reason == Reason.NO_RESPONSE


async def test_refused(witness: Witness, dead_port: int) -> None:
    with pytest.raises(LinkError) as caught:
        await dial(dead_port, witness).open()
    assert caught.value.reason == Reason.CONNECTION_REFUSED


async def test_a_server_that_closes_is_lost_once_with_its_words(codec: Start, witness: Witness) -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1001, "rebooting")

    link = dial(await codec(leave), witness)
    await link.open()
    link.send("bye", None)
    await witness.until(lambda: witness.lost)
    ((reason, words),) = witness.lost
    assert reason == Reason.LINK_LOST
    assert "1001" in words
    assert "rebooting" in words
    link.send("too late", None)
    await link.close()
    assert len(witness.lost) == 1


async def test_we_close_with_the_closing_handshake_and_last_words(codec: Start, witness: Witness) -> None:
    heard: list[str | bytes] = []
    ended: asyncio.Future[ConnectionClosed] = asyncio.get_running_loop().create_future()

    async def listen(connection: ServerConnection) -> None:
        try:
            while True:
                heard.append(await connection.recv())
        except ConnectionClosed as error:
            ended.set_result(error)

    link = dial(await codec(listen), witness)
    await link.open()
    link.send("log out", None)
    await link.close()
    await link.close()
    error = await ended
    assert heard == ["log out"]
    assert error.rcvd is not None
    assert error.rcvd.code == 1000


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"\x81\x01\xff", "not UTF-8"),
        (b"\x83\x00", "does not keep to the WebSocket protocol"),
        (b"\x82\x7f" + (8 * 1024 * 1024 + 1).to_bytes(8, "big"), "longer than"),
    ],
)
async def test_garbage_is_a_protocol_error(serve: Serve, witness: Witness, frame: bytes, words: str) -> None:
    far = await serve()
    link = dial(far.port, witness)
    opening = asyncio.create_task(link.open())
    reader, writer = await far.next()
    writer.write(accept(await reader.readuntil(b"\r\n\r\n")))
    await opening
    writer.write(frame)
    await witness.until(lambda: witness.lost)
    ((reason, said),) = witness.lost
    assert reason == Reason.PROTOCOL_ERROR
    assert words in said
    await link.close()


async def test_a_far_end_without_any_sign_of_life_is_lost(
    serve: Serve, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.websocket.PING", 0.02)
    far = await serve()
    link = dial(far.port, witness)
    opening = asyncio.create_task(link.open())
    reader, writer = await far.next()
    writer.write(accept(await reader.readuntil(b"\r\n\r\n")))
    await opening
    assert (await reader.readexactly(2))[0] == 0x89
    await witness.until(lambda: witness.lost)
    assert witness.lost[0][0] == Reason.NO_RESPONSE
    await link.close()


async def test_pings_are_answered(codec: Start, witness: Witness) -> None:
    ponged: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def ping(connection: ServerConnection) -> None:
        await (await connection.ping())
        ponged.set_result(None)

    link = dial(await codec(ping), witness)
    await link.open()
    async with asyncio.timeout(5):
        await ponged
    await link.close()


async def test_wss_with_a_pin_and_what_is_said_of_a_stranger(
    codec: Start, witness: Witness, identity: Identity
) -> None:
    port = await codec(echo, ssl=identity.context())
    link = dial(port, witness, trust=Trust(fingerprint=identity.fingerprint), scheme="wss")
    await link.open()
    link.send("hello", None)
    await witness.until(lambda: witness.heard == ["hello"])
    await link.close()
    for trust in (Trust(), Trust(fingerprint="sha256:" + "1" * 64)):
        with pytest.raises(LinkError) as caught:
            await dial(port, witness, trust=trust, scheme="wss").open()
        assert caught.value.reason == Reason.CERTIFICATE_UNTRUSTED
        assert identity.fingerprint in caught.value.words


async def test_wss_where_there_is_no_tls(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness, scheme="wss", trust=Trust(any=True))
    opening = asyncio.create_task(link.open())
    _, writer = await far.next()
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(LinkError) as caught:
        await opening
    assert caught.value.reason == Reason.PROTOCOL_ERROR
