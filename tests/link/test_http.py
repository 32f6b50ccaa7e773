"""The http and https links against a server made by hand: exchanges, silence, refusal, certificates."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from gateway.driver import HttpReply, HttpRequest, Opening
from gateway.link import Address, Trust, make
from gateway.link.http import Http
from gateway.model import Reason

from .conftest import Identity, Serve, Witness

GET = HttpRequest("GET", "/v2/devices")


@dataclass
class Bridge:
    """An HTTP server by hand: `answer(head, body)` gives the raw answer, None = hang up, b"" = silence."""

    answer: Callable[[str, bytes], bytes | None]
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = [line for line in head.lower().splitlines() if line.startswith("content-length:")]
                body = await reader.readexactly(int(length[0].split()[1]) if length else 0)
                self.heads.append(head)
                self.bodies.append(body)
                answer = self.answer(head, body)
                if answer is None:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


def ok(body: bytes = b"{}", headers: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


Start = Callable[..., Awaitable[int]]


@pytest.fixture
async def start(serve: Serve) -> AsyncIterator[Start]:
    """`port = await start(bridge)` serves until the test ends."""
    tasks: list[asyncio.Task[None]] = []

    async def begin(bridge: Bridge, context: ssl.SSLContext | None = None) -> int:
        far = await serve(context)

        async def take() -> None:
            async with asyncio.TaskGroup() as group:
                while True:
                    group.create_task(bridge.talk(*await far.connections.get()))

        tasks.append(asyncio.create_task(take()))
        return far.port

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def opened(
    port: int,
    witness: Witness,
    opening: Opening | None = None,
    trust: Trust | None = None,
    url: str = "http",
    path: str = "",
) -> Http:
    link = make(Address(url, "127.0.0.1", port, path), opening or Opening(), trust or Trust(), witness.ears)
    assert isinstance(link, Http)
    await link.open()
    return link


async def test_an_exchange_comes_back_with_its_tag(start: Start, witness: Witness) -> None:
    bridge = Bridge(lambda head, body: b"HTTP/1.1 201 Created\r\nX-Thing: 1\r\nContent-Length: 2\r\n\r\nok")
    link = await opened(await start(bridge), witness, Opening(headers={"BOND-Token": "t"}), path="/api/")
    link.send(HttpRequest("PUT", "/v2/x?y=1", {"Content-Type": "application/json"}, b'{"argument":50}'), "move")
    await witness.until(lambda: witness.heard)
    assert witness.tags == ["move"]
    assert witness.heard == [HttpReply(201, {"x-thing": "1", "content-length": "2"}, b"ok")]
    assert bridge.heads[0].startswith("PUT /api/v2/x?y=1 HTTP/1.1\r\n")
    assert "bond-token: t" in bridge.heads[0].lower()
    assert bridge.bodies == [b'{"argument":50}']
    await link.close()
    await link.close()


async def test_connections_are_used_again_and_cookies_are_kept(start: Start, witness: Witness) -> None:
    bridge = Bridge(lambda head, body: ok(headers="Set-Cookie: session=7\r\n"))
    link = await opened(await start(bridge), witness)
    for tag in range(3):
        link.send(GET, tag)
        await witness.until(lambda tag=tag: len(witness.heard) == tag + 1)  # type: ignore[misc]
    assert bridge.connections == 1
    assert "cookie" not in bridge.heads[0].lower()
    assert "cookie: session=7" in bridge.heads[1].lower()
    await link.close()


async def test_at_most_four_connections(start: Start, witness: Witness) -> None:
    bridge = Bridge(lambda head, body: ok())
    link = await opened(await start(bridge), witness)
    for tag in range(20):
        link.send(GET, tag)
    await witness.until(lambda: len(witness.heard) == 20)
    assert sorted(witness.tags, key=str) == sorted(range(20), key=str)
    assert bridge.connections <= 4
    await link.close()


async def test_basic_log_in_and_no_secret_in_the_log(
    start: Start, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bridge = Bridge(lambda head, body: ok())
    link = await opened(await start(bridge), witness, Opening(username="admin", password="hunter2"))
    link.send(HttpRequest("GET", "/login?token=hunter2"), None)
    await witness.until(lambda: witness.heard)
    pair = base64.b64encode(b"admin:hunter2").decode()
    assert f"authorization: basic {pair}".lower() in bridge.heads[0].lower()
    assert "hunter2" not in caplog.text
    assert pair not in caplog.text
    await link.close()


async def test_redirects_are_for_the_driver(start: Start, witness: Witness) -> None:
    bridge = Bridge(
        lambda head, body: b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
    )
    link = await opened(await start(bridge), witness)
    link.send(GET, None)
    await witness.until(lambda: witness.heard)
    assert witness.heard[0].status == 302
    assert witness.heard[0].headers["location"] == "http://192.0.2.1/"
    await link.close()


async def test_a_get_is_asked_once_more_and_a_put_is_not(start: Start, witness: Witness) -> None:
    answers = [None, ok(b"1"), None, ok(b"2")]
    bridge = Bridge(lambda head, body: answers.pop(0))
    link = await opened(await start(bridge), witness)
    link.send(GET, "get")
    await witness.until(lambda: witness.heard)
    link.send(HttpRequest("PUT", "/x", {}, b"1"), "put")
    await witness.until(lambda: witness.broke)
    assert witness.broke == [("put", "the connection broke before there was a whole reply")]
    assert witness.lost == []
    link.send(GET, "again")  # the link is well
    await witness.until(lambda: len(witness.heard) == 2)
    await link.close()


async def test_silence_breaks_the_exchange_only(
    start: Start, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.http.READ", 0.05)
    link = await opened(await start(Bridge(lambda head, body: b"")), witness)
    link.send(GET, "poll")
    await witness.until(lambda: witness.broke)
    assert witness.broke == [("poll", "no response")]
    assert witness.lost == []
    await link.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"garbage\r\n\r\n", "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000, "longer than"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx", "compression"),
    ],
)
async def test_answers_that_are_none(start: Start, witness: Witness, answer: bytes, words: str) -> None:
    link = await opened(await start(Bridge(lambda head, body: answer)), witness)
    link.send(GET, "poll")
    await witness.until(lambda: witness.broke)
    ((tag, said),) = witness.broke
    assert tag == "poll"
    assert words in said
    await link.close()


async def test_refused_is_lost_once(witness: Witness, dead_port: int) -> None:
    link = await opened(dead_port, witness)
    link.send(GET, 1)
    link.send(GET, 2)
    await witness.until(lambda: witness.lost)
    link.send(GET, 3)
    await link.close()
    assert witness.lost == [(Reason.CONNECTION_REFUSED, f"nothing accepts connections at 127.0.0.1:{dead_port}")]
    assert witness.broke == []


async def test_a_host_that_does_not_answer_is_unreachable(
    witness: Witness, deaf_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.http.CONNECT", 0.05)
    link = await opened(deaf_port, witness)
    link.send(GET, 1)
    await witness.until(lambda: witness.lost)
    assert witness.lost[0][0] == Reason.UNREACHABLE
    await link.close()


async def test_https_with_a_pin_and_what_is_said_of_a_stranger(
    start: Start, witness: Witness, identity: Identity
) -> None:
    bridge = Bridge(lambda head, body: ok())
    port = await start(bridge, identity.context())
    for trust in (Trust(fingerprint=identity.fingerprint), Trust(any=True)):
        link = await opened(port, witness, trust=trust, url="https")
        link.send(GET, None)
        await witness.until(lambda: witness.heard)
        await link.close()
        witness.heard.clear()
    asked = len(bridge.heads)
    for trust in (Trust(), Trust(fingerprint="sha256:" + "2" * 64)):
        witness.lost.clear()
        link = await opened(port, witness, trust=trust, url="https")
        link.send(GET, None)
        await witness.until(lambda: witness.lost)
        ((reason, words),) = witness.lost
        assert reason == Reason.CERTIFICATE_UNTRUSTED
        assert identity.fingerprint in words
        await link.close()
    assert len(bridge.heads) == asked


async def test_closing_gives_up_what_is_under_way(start: Start, witness: Witness) -> None:
    asked = asyncio.Event()

    def silence(head: str, body: bytes) -> bytes:
        asked.set()
        return b""

    link = await opened(await start(Bridge(silence)), witness)
    link.send(GET, 1)
    async with asyncio.timeout(5):
        await asked.wait()
    await link.close()
    assert not [task for task in asyncio.all_tasks() if "_exchange" in repr(task.get_coro())]
    assert (witness.heard, witness.broke, witness.lost) == ([], [], [])


async def test_what_is_no_request_is_the_drivers_mistake(witness: Witness) -> None:
    link = await opened(80, witness)
    with pytest.raises(TypeError):
        link.send(b"GET / HTTP/1.0", None)
    await link.close()
