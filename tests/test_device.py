"""A device's life: it comes, goes and returns, for every reason there is; links beside the main one; leaving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import pytest

from gateway.commands import SetMute, SetVolume
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
    Alert,
    Appeared,
    Drop,
    Feedback,
    Gone,
    Later,
    Press,
    Send,
)
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


# ---- units that come and go, and presses ------------------------------------------------------------------------


class Keypads(Talker):
    """Keypads on a bus: "+ NAME", "- NAME", "KEY EDGE", "a NAME WORD"."""

    cutter = Lines((b"\n",), unasked=r"[!+\-ka]")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        match data.decode().split():
            case ["+", name]:
                yield Appeared(name, {"model": "K4"})
            case ["-", name]:
                yield Gone(name)
            case ["k", name, key, "down"]:
                yield Press(key, "down", unit=name)
            case ["a", name, words]:
                yield Alert(name, words)
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


async def test_an_alert_is_an_event_of_its_unit() -> None:
    async with line_device() as far, running(Keypads, far.link) as (device, watcher):
        far.say("a door smoke", "a door smoke", "k door 3 down")
        await caught_up(far, device, watcher)
        told = [(event.kind, event.data) for event in watcher.events]
        alert = ("alert", {"what": "device", "unit": "door", "text": "smoke"})
        assert told[:2] == [alert, alert] and [kind for kind, _ in told] == ["alert", "alert", "press"]
        assert device.unit("door").points == {}  # an event is no state
