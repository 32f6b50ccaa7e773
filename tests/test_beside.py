"""Links beside the main one, and the main one upgraded to TLS in mid-stream."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.commands import SetMute, SetVolume
from gateway.driver import (
    Actions,
    Datagram,
    Feedback,
    HttpRequest,
    Reach,
    Reached,
    Ready,
    Request,
    Send,
    StartTls,
)
from gateway.link import Trust
from gateway.link.tls import fingerprint_of
from gateway.model import Outcome, Reason, Result
from gateway.recorder import header
from gateway.replay import play
from gateway.tape import as_json
from tests.drivers.contract import value
from tests.line import Talker, Watch, line_device, running

# ---- beside the main link ---------------------------------------------------------------------------------------


class Notified(Talker):
    """Has a UDP notifier, to which it says hello before it is open."""

    port = 0

    def side_links(self) -> Mapping[str, str]:
        return {"notify": f"udp://127.0.0.1:{self.port}"}

    def opened(self) -> Actions:
        yield Send(Datagram(b"subscribe"), link="notify")
        yield from super().opened()

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if link == "notify":
            yield Feedback(volume=int(data.data))
        else:
            yield from super().received(data, tag, link)


class Notifier(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        assert self.transport is not None
        self.transport.sendto(b"33", addr)


async def test_a_side_link_hears_and_keeps_what_was_said_too_early() -> None:
    loop = asyncio.get_running_loop()
    transport, notifier = await loop.create_datagram_endpoint(Notifier, local_addr=("127.0.0.1", 0))
    driver = type("OnPort", (Notified,), {"port": transport.get_extra_info("sockname")[1]})
    async with line_device() as far, running(driver, far.link) as (device, watcher):
        await watcher.until(lambda: "volume" in device.unit("").points)
        assert notifier.heard == [b"subscribe"]
        assert device.unit("").points["volume"].value == 33
    transport.close()


class Streamed(Talker):
    """Has a second TCP link that is not there."""

    other = ""

    def side_links(self) -> Mapping[str, str]:
        return {"events": self.other}

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if link == "events":
            yield Feedback(muted=data == b"muted\n")
        else:
            yield from super().received(data, tag, link)


async def test_a_side_link_never_decides_online(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "roomgate.device")
    clock = Watch()
    async with line_device() as events:
        driver = type("Beside", (Streamed,), {"other": events.link})
        async with line_device() as far, running(driver, far.link, clock=clock) as (device, watcher):
            await events.until(lambda: events.connections == 1)
            for attempt in range(2, 4):
                events.drop()
                await events.until(lambda: events.transport is None)
                assert device.connection is not None and device.connection.sides is not None
                side = device.connection.sides.links["events"]
                await clock.until(lambda: side.link is None and clock.next is not None)  # noqa: B023
                assert device.online
                clock.advance(2)
                await events.until(lambda attempt=attempt: events.connections == attempt)  # type: ignore[misc]
            events.say("muted")
            await watcher.until(lambda: device.unit("").points.get("muted") is not None)
            assert len([line for line in caplog.messages if "side link" in line]) == 1  # told once
        assert not device.online
        await events.until(lambda: events.transport is None)


class Asking(Talker):
    """Asks over HTTP for what its line does not tell."""

    base = ""

    def side_links(self) -> Mapping[str, str]:
        return {"web": self.base}

    def opened(self) -> Actions:
        for tag in ("volume", "muted"):
            yield Send(HttpRequest("GET", f"/{tag}"), tag=tag, link="web")
        yield from super().opened()

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if link == "web":
            yield self.told("", str(tag), data.body.decode())
        else:
            yield from super().received(data, tag, link)


async def test_answers_of_a_side_link_come_with_their_tags_and_replay() -> None:
    answers = {b"/volume": b"33", b"/muted": b"True"}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        body = answers[asked]
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    driver = type("AskingHere", (Asking,), {"base": base})
    async with line_device() as far, running(driver, far.link) as (device, watcher):
        await watcher.until(lambda: len(device.unit("").points) == 2)
        assert value(device, "volume") == 33 and value(device, "muted") is True
    server.close()
    await server.wait_closed()
    lines = [json.loads(json.dumps(as_json(entry))) for entry, _ in device.tape.entries]
    assert play(header(device, "x"), lines, {"talker": driver}).differences == []


class Reaching(Talker):
    """Is told by its device where else to go: `go PORT`, `go 0` for nowhere. Tells what became of it as its volume."""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if isinstance(data, Reached):
            yield Feedback(muted=data.open)
            if data.open:
                yield Send(b"hello there\n", link=link, reply=False)
        elif link == "other":
            yield from [Feedback(volume=int(word)) for word in data.split() if word.isdigit()]
        elif data.startswith(b"go "):
            port = int(data[3:])
            yield Reach("other", f"tcp://127.0.0.1:{port}" if port else "")
            if not port:
                yield Feedback(muted=None)
        else:
            yield from super().received(data, tag, link)

    def command(self, request: Request) -> Actions:
        if request.command == SetMute(True):
            yield Send(b"blind\n", request, "other", reply=False)
            yield Feedback(assumed=True, muted=True)
        else:
            yield from super().command(request)


async def test_a_side_link_is_reached_where_the_device_says_lost_moved_and_given_up() -> None:
    clock = Watch()
    async with line_device() as first, line_device() as second, line_device() as far:
        async with running(Reaching, far.link, clock=clock) as (device, watcher):
            ports = [link.link.rpartition(":")[2] for link in (first, second)]
            far.say(f"go {ports[0]}")
            await first.until(lambda: "hello there" in first.heard)
            first.say("11")
            await watcher.until(lambda: value(device, "volume") == 11)
            assert value(device, "muted") is True
            first.drop()
            await watcher.until(lambda: value(device, "muted") is False)
            assert device.online, "a side link never decides online"
            connection = device.connection
            assert connection is not None and connection.sides is not None
            await clock.until(lambda: clock.next is not None)
            clock.advance(2)
            await first.until(lambda: first.connections == 2)
            await watcher.until(lambda: value(device, "muted") is True)
            far.say(f"go {ports[1]}")
            await second.until(lambda: "hello there" in second.heard)
            await first.until(lambda: first.transport is None)
            ticket = device.submit(SetMute(True))
            outcome = await ticket.ended(5)
            assert outcome is not None and outcome.result is Result.ASSUMED, "sent, and nothing answers there"
            far.say("go 0")
            await second.until(lambda: second.transport is None)
            assert not connection.sides.links
            far.say(f"go {ports[0]}")
            await first.until(lambda: first.connections == 3)
        await first.until(lambda: first.transport is None)
    lines = [json.loads(json.dumps(as_json(entry))) for entry, _ in device.tape.entries]
    assert play(header(device, "x"), lines, {"talker": Reaching}).differences == []


class Astray(Talker):
    """Reaches for what is no address."""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield Reach("other", "nowhere")


async def test_what_is_no_address_is_the_drivers_mistake(caplog: pytest.LogCaptureFixture) -> None:
    async with line_device() as far, running(Astray, far.link, online=False) as (device, watcher):
        await watcher.until(lambda: device.reason is Reason.DRIVER_ERROR)
    assert "has no scheme" in caplog.text


# ---- encryption in mid-stream -----------------------------------------------------------------------------------


class Upgrading(Talker):
    """Asks for TLS, then logs in."""

    def opened(self) -> Actions:
        yield Send(b"starttls\n", tag="tls")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if tag == "tls":
            yield StartTls()
            yield Send(b"hello\n", tag="hello")
        elif data == b"injected":
            yield Ready()
        else:
            yield from super().received(data, tag, link)


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """A server's context and the fingerprint of its certificate."""
    from gateway import certificate
    from gateway.folder import Folder

    folder = Folder.open(Path(tmp_path_factory.mktemp("tls")) / "state")
    made = certificate.ensure(folder, ["127.0.0.1"])
    folder.close()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert_path, made.key_path)
    der = ssl.PEM_cert_to_DER_cert(Path(made.cert_path).read_text(encoding="ascii"))
    return context, fingerprint_of(der)


async def _upgrading_server(context: ssl.SSLContext, extra: bytes = b"") -> tuple[asyncio.Server, list[bytes]]:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.append(await reader.readline())
            writer.write(b"ok\n" + extra)
            await writer.start_tls(context)
            while line := await reader.readline():
                heard.append(line)
                writer.write(b"ok\n! - volume 40\n" if line.startswith(b"volume") else b"ok\n")
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0), heard


async def test_a_link_is_upgraded_and_goes_on(contexts: tuple[ssl.SSLContext, str]) -> None:
    context, fingerprint = contexts
    server, heard = await _upgrading_server(context)
    link = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with running(Upgrading, link, trust=Trust(fingerprint=fingerprint)) as (device, _):
        ticket = device.submit(SetVolume(40))
        assert await ticket.ended(5) == Outcome(Result.CONFIRMED)
        assert heard == [b"starttls\n", b"hello\n", b"volume 40\n"]
    server.close()
    await server.wait_closed()


async def test_what_was_said_in_the_clear_is_not_believed_after_the_upgrade(
    contexts: tuple[ssl.SSLContext, str],
) -> None:
    context, fingerprint = contexts
    server, _ = await _upgrading_server(context, extra=b"! - volume 66\nhalf a li")
    link = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with running(Upgrading, link, trust=Trust(fingerprint=fingerprint)) as (device, _):
        assert "volume" not in device.unit("").points
    server.close()
    await server.wait_closed()


async def test_an_upgrade_to_a_stranger_is_refused(contexts: tuple[ssl.SSLContext, str]) -> None:
    server, heard = await _upgrading_server(contexts[0])
    link = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with running(Upgrading, link, online=False) as (device, watcher):
        await watcher.until(lambda: device.reason is Reason.CERTIFICATE_UNTRUSTED)
        assert heard == [b"starttls\n"]
    server.close()
    await server.wait_closed()
