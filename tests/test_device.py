"""A device's life: it comes, goes and returns, for every reason there is; links beside the main one; leaving."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.commands import SetMute, SetVolume
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
    Appeared,
    Datagram,
    Drop,
    Feedback,
    Gone,
    Later,
    Press,
    Ready,
    Send,
    StartTls,
)
from gateway.link import Trust
from gateway.link.tls import fingerprint_of
from gateway.model import Outcome, Reason, Result
from tests.line import Talker, Watch, caught_up, line_device, running


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[int], list[str]]]:
    """What was logged of devices from a level on, without tracebacks."""
    with caplog.at_level(logging.DEBUG, "roomgate.device"):
        yield lambda level: [record.getMessage() for record in caplog.records if record.levelno >= level]


# ---- going and returning ----------------------------------------------------------------------------------------


async def test_it_goes_once_and_returns_once(logged: Callable[[int], list[str]]) -> None:
    clock = Watch()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, watcher):
        far.say("! - volume 40")
        await caught_up(far, device, watcher)
        under_way = device.submit(SetMute(True))
        far.firmware = lambda line: None
        far.drop()
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.LINK_LOST
        assert under_way.outcome is not None and under_way.outcome.result is Result.OFFLINE
        assert device.unit("").points["volume"].stale and device.unit("").points["volume"].value == 40
        refused = device.submit(SetVolume(50))
        assert refused.outcome is not None and refused.outcome.words.startswith("link lost: ")
        for attempt in range(2, 5):  # connects, but says nothing
            clock.advance(80)
            await far.until(lambda attempt=attempt: far.connections == attempt)  # type: ignore[misc]
            await far.until(lambda attempt=attempt: far.heard.count("hello") == attempt)  # type: ignore[misc]
            clock.advance(2)
            await clock.until(lambda: device.connection is None)
        far.firmware = lambda line: "ok"
        clock.advance(80)
        await watcher.until(lambda: device.online)
        assert len(logged(logging.WARNING)) == 1 and "link lost" in logged(logging.WARNING)[0]
        returned = [line for line in logged(logging.INFO) if "is back" in line]
        assert returned == ["talker is back: it was away because of: no response"]


async def test_each_failed_attempt_waits_longer_up_to_a_minute_with_jitter(dead_link: str) -> None:
    clock = Watch()
    async with running(Talker, dead_link, clock=clock, online=False) as (device, watcher):
        await watcher.until(lambda: device.reason is Reason.CONNECTION_REFUSED)
        waits = []
        for _ in range(9):
            waits.append(await clock.wait())
            clock.advance(waits[-1])
        for wait, full in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True):
            assert 0.8 * full <= wait <= 1.2 * full
        assert len({wait / round(wait) for wait in waits}) > 1  # a site's devices do not come all at once


@pytest.fixture
def dead_link() -> Iterator[str]:
    """A port that refuses."""
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{sock.getsockname()[1]}"


async def test_the_wait_is_short_again_only_after_it_was_really_online() -> None:
    clock = Watch()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, watcher):
        waits = []
        for stays in (1.0, 1.0, 1.0, 6.0):
            await watcher.until(lambda: device.online)
            clock.advance(stays)
            far.drop()
            await watcher.until(lambda: not device.online)
            waits.append(await clock.wait())
            clock.advance(waits[-1])
        for wait, full in zip(waits, (1, 2, 4, 1), strict=True):
            assert 0.8 * full <= wait <= 1.2 * full


class Refused(Talker):
    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield Drop(Reason.LOGIN_REFUSED, "wrong password")


async def test_a_refused_login_waits_longest_at_once() -> None:
    clock = Watch()
    async with line_device() as far, running(Refused, far.link, clock=clock, online=False) as (device, watcher):
        await watcher.until(lambda: device.reason is Reason.LOGIN_REFUSED)
        assert device.words == "wrong password"
        assert 48 <= await clock.wait() <= 72


async def test_an_administrator_restarts_it_at_once() -> None:
    clock = Watch()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, watcher):
        device.restart()
        await watcher.until(lambda: not device.online)
        assert device.words == "restarted by an administrator"
        await watcher.until(lambda: device.online)
        assert far.connections == 2
        far.drop()
        await watcher.until(lambda: not device.online)
        device.restart()  # while it waits for its next attempt
        await watcher.until(lambda: device.online)


async def test_a_restart_does_not_wait_for_a_host_that_does_not_answer(deaf_link: str) -> None:
    async with running(Talker, deaf_link, online=False) as (device, watcher):
        await asyncio.sleep(0)  # it has begun
        assert device.connection is not None and device.connection.link is not None
        began = asyncio.get_running_loop().time()
        device.restart()
        await watcher.until(lambda: device.reason is Reason.LINK_LOST)
        await device.close()
        assert asyncio.get_running_loop().time() - began < 2


@pytest.fixture
def deaf_link() -> Iterator[str]:
    """A port that does not answer: its queue is full, so that the kernel drops what comes."""
    import contextlib
    import socket

    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        yield f"tcp://127.0.0.1:{sock.getsockname()[1]}"


async def test_connected_is_not_online() -> None:
    clock = Watch()
    async with line_device() as far:
        far.mute()
        async with running(Talker, far.link, clock=clock, online=False, timing={"reply": 60}) as (device, watcher):
            waiting = device.submit(SetVolume(40))
            await far.hears("hello")
            assert not device.online and device.reason is None and waiting.outcome is None
            clock.advance(2)
            await watcher.until(lambda: device.reason is Reason.NO_RESPONSE)
            assert device.words == "connected, but not usable within 2 s"
            assert waiting.outcome is not None and waiting.outcome.result is Result.OFFLINE


async def test_what_is_asked_while_it_connects_is_done_once_it_is_there() -> None:
    async with line_device() as far:
        far.mute()
        async with running(Talker, far.link, online=False) as (device, _):
            ticket = device.submit(SetVolume(40))
            await far.hears("hello")
            far.say("ok")
            await far.hears("hello", "volume 40")
            far.say("ok", "! - volume 40")
            assert await ticket.ended(5) == Outcome(Result.CONFIRMED)


async def test_a_disabled_device_is_left_alone() -> None:
    async with line_device() as far, running(Talker, far.link, online=False, disabled=True) as (device, _):
        assert device.reason is Reason.DISABLED
        ticket = device.submit(SetVolume(40))
        assert ticket.outcome == Outcome(Result.OFFLINE, "disabled")
        assert far.connections == 0


# ---- drivers that fail ------------------------------------------------------------------------------------------


class Crashing(Talker):
    """Divides by zero where it is told to."""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if data == b"! crash":
            yield Feedback(volume=1 // 0)
        yield from super().received(data, tag, link)


async def test_a_driver_that_raises_is_a_device_that_crashed(
    logged: Callable[[int], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Watch()
    async with (
        line_device() as far,
        line_device() as other,
        running(Talker, other.link, clock=clock) as (neighbour, _),
        running(Crashing, far.link, clock=clock) as (device, watcher),
    ):
        assert device.connection is not None
        first = device.connection.driver
        far.say("! crash")
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.DRIVER_ERROR and "ZeroDivisionError" in device.words
        (crash,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert crash.exc_info is not None and crash.exc_info[0] is ZeroDivisionError
        far.firmware = lambda line: "! crash"
        for attempt in range(2, 4):  # crashes again and again: told once
            clock.advance(80)
            await far.until(lambda attempt=attempt: far.connections == attempt)  # type: ignore[misc]
            await clock.until(lambda: device.connection is None)
        far.firmware = lambda line: "ok"
        clock.advance(80)
        await watcher.until(lambda: device.online)
        assert device.connection.driver is not first
        assert len(logged(logging.ERROR)) == 1
        assert neighbour.online


Wrong = Callable[[], Any]
MISTAKES: Mapping[str, Wrong] = {
    "undeclared point": lambda: Feedback(tea_temperature=80),
    "value out of range": lambda: Feedback(volume=140),
    "value of another type": lambda: Feedback(volume="40"),
    "no action": lambda: "volume 40",
    "no bytes": lambda: Send("text on a link of bytes"),
    "no such link": lambda: Send(b"hello", link="nowhere"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_driver_that_says_nonsense_is_a_driver_error(mistake: str) -> None:
    class Mistaken(Talker):
        def due(self, name: str) -> Actions:
            yield MISTAKES[mistake]()

        def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
            yield Later(1, "mistake")
            yield from super().received(data, tag, link)

    clock = Watch()
    async with line_device() as far, running(Mistaken, far.link, clock=clock) as (device, watcher):
        clock.advance(1)
        await watcher.until(lambda: device.reason is Reason.DRIVER_ERROR)
        assert not device.unit("").points


async def test_nonsense_in_answer_to_a_command_does_not_reach_who_asked() -> None:
    class Mistaken(Talker):
        def command(self, request: Any) -> Actions:
            yield Send(12345)

    async with line_device() as far, running(Mistaken, far.link) as (device, _):
        ticket = device.submit(SetVolume(40))
        outcome = await ticket.ended(5)
        assert outcome is not None and outcome.result is Result.OFFLINE
        assert device.reason is Reason.DRIVER_ERROR


async def test_a_flood_without_a_line_end_costs_the_link_and_no_memory() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        assert far.transport is not None
        far.transport.write(b"x" * 200_000)
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.PROTOCOL_ERROR and "65536" in device.words
        assert device.tape.bytes < 65_536


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


async def test_a_side_link_never_decides_online(logged: Callable[[int], list[str]]) -> None:
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
            assert len([line for line in logged(logging.INFO) if "side link" in line]) == 1
        assert not device.online
        await events.until(lambda: events.transport is None)


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


# ---- units that come and go, and presses ------------------------------------------------------------------------


class Keypads(Talker):
    """Keypads on a bus: "+ NAME", "- NAME", "KEY EDGE"."""

    cutter = Lines((b"\n",), unasked=r"[!+\-k]")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        match data.decode().split():
            case ["+", name]:
                yield Appeared(name, {"model": "K4"})
            case ["-", name]:
                yield Gone(name)
            case ["k", name, key, "down"]:
                yield Press(key, "down", unit=name)
            case _:
                yield from super().received(data, tag, link)


async def test_units_come_and_go() -> None:
    async with line_device() as far, running(Keypads, far.link) as (device, watcher):
        far.say("+ door", "! door muted True", "k door 3 down")
        await caught_up(far, device, watcher)
        ticket = device.submit(SetMute(False), "door")
        far.say("- door")
        outcome = await ticket.ended(5)
        assert outcome == Outcome(Result.OFFLINE, "it is not there any more")
        assert device.unit("door").points["muted"].stale and device.online
        refused = device.submit(SetMute(False), "door")
        assert refused.outcome is not None and refused.outcome.result is Result.OFFLINE
        far.say("+ door", "! door muted True")
        await caught_up(far, device, watcher)
        assert device.submit(SetMute(False), "door").outcome is None
        far.drop()
        await watcher.until(lambda: not device.online)
        kinds = [(event.kind, event.data["unit"]) for event in watcher.events]
        assert kinds == [(kind, "door") for kind in ("appeared", "press", "gone", "appeared", "gone")]


# ---- leaving ----------------------------------------------------------------------------------------------------


class Polite(Talker):
    def closing(self) -> Actions:
        yield Send(b"remove panel\n", tag="panel")
        yield Send(b"bye\n", reply=False)


async def test_last_words_are_said_and_heard() -> None:
    async with line_device() as far:
        async with running(Polite, far.link) as (device, _):
            far.mute("volume 40")
            ticket = device.submit(SetVolume(40))  # a turn that never ends must not keep us from leaving
            await far.hears("volume 40")
            far.firmware = lambda line: None
            await asyncio.gather(device.close(), _answer(far))
            assert ticket.outcome is None or ticket.outcome.result is Result.OFFLINE
        await far.until(lambda: far.transport is None)
        assert far.heard == ["hello", "volume 40", "remove panel", "bye"]
        assert ticket.outcome is not None and ticket.outcome.result is Result.OFFLINE
        assert device.reason is Reason.DISABLED


async def _answer(far: Any) -> None:
    await far.hears("remove panel", "bye")
    far.say("ok", "ok")


async def test_a_device_that_does_not_listen_to_last_words_is_left_after_two_seconds() -> None:
    clock = Watch()
    async with line_device() as far:
        far.mute("remove panel")
        async with running(Polite, far.link, clock=clock, timing={"reply": 60.0}) as (device, _):
            leaving = asyncio.create_task(device.close())
            await far.hears("remove panel", "bye")
            clock.advance(1.99)
            await asyncio.sleep(0)
            assert not leaving.done()
            clock.advance(0.02)
            async with asyncio.timeout(2):
                await leaving


async def test_who_has_no_last_words_leaves_at_once() -> None:
    clock = Watch()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, _):
        far.mute()
        device.submit(SetVolume(40))
        async with asyncio.timeout(2):
            await device.close()


async def test_commands_of_a_device_that_is_stopped_end_too() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        ticket = device.submit(SetVolume(40))
        await device.close()
        outcome = await ticket.ended(5)
        assert outcome is not None and outcome.result is Result.OFFLINE
        assert device.submit(SetVolume(40)).outcome is not None
