"""Devices that call us: one driver for each connection that comes in, and commands to the one that has the unit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Hashable
from typing import Any

import pytest
from websockets.asyncio.client import connect

from gateway.commands import SetMute, SetRelay, SetVolume, Stop
from gateway.cutters import Whole
from gateway.device import Device
from gateway.driver import Actions, Appeared, Drop, Gone, Offers, Press, Ready, Request, Send, Timing
from gateway.link import Address
from gateway.model import Outcome, Reason, Result
from tests.line import Talker, Watch, running


class Keypad(Talker):
    """One keypad: it says "i NAME", then keys; told "light on" it shows so."""

    links = {"listen+tcp": 0}
    unit = ""

    def opened(self) -> Actions:
        yield Send(b"who\n", tag="who")

    def command(self, request: Request) -> Actions:
        assert request.unit == self.unit
        yield Send(self.words(request.command, request.unit).encode() + b"\n", tag=request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        match data.decode().split():
            case ["i", "stranger"]:
                yield Drop(Reason.LOGIN_REFUSED, "not one of ours")
            case ["i", name]:
                self.unit = name
                yield Appeared(name, {"from": self.host})
                yield Offers(name, frozenset({SetMute, SetVolume, Stop}))
                yield Ready()
            case ["key", key, "down"]:
                yield Press(key, unit=self.unit)
            case ["ping"]:
                yield Send(b"pong\n", reply=False)
            case ["ping!"]:
                yield Press("1", unit=self.unit)
            case ["crash"]:
                raise RuntimeError("crash")
            case _:
                yield from super().received(data, tag, link)

    def quiet(self, data: Any) -> bool:
        return isinstance(data, bytes) and data.startswith(b"ping")


class Caller:
    """A keypad on a real socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\n" for line in lines).encode())

    async def hears(self) -> str:
        """The next line, "" where we were hung up on."""
        async with asyncio.timeout(5):
            return (await self.reader.readline()).decode().strip()


def address(device: Device) -> Address:
    assert device.visits is not None and device.visits.address is not None
    return device.visits.address


@contextlib.asynccontextmanager
async def calling(device: Device, name: str = "") -> AsyncIterator[Caller]:
    caller = Caller(*await asyncio.open_connection("127.0.0.1", address(device).port))
    try:
        assert await caller.hears() == "who"
        if name:
            caller.say(f"i {name}")
        yield caller
    finally:
        caller.writer.close()
        with contextlib.suppress(OSError):
            await caller.writer.wait_closed()


LINK = "listen+tcp://127.0.0.1:0"


def there(device: Device, *names: str) -> bool:
    return device.visits is not None and set(device.visits.owners) == set(names)


async def test_it_is_online_as_soon_as_the_port_is_ours() -> None:
    async with running(Keypad, LINK) as (device, _):
        assert address(device).port > 0
        ticket = device.submit(SetMute(True), "door")
        assert ticket.outcome == Outcome(Result.OFFLINE, "door is not there")
        assert device.submit(SetMute(True)).outcome == Outcome(Result.OFFLINE, "talker is not there")


async def test_each_caller_has_its_own_driver_and_gets_its_own_commands() -> None:
    async with running(Keypad, LINK) as (device, watcher):
        async with calling(device, "door") as door, calling(device, "stage") as stage:
            await watcher.until(lambda: there(device, "door", "stage"))
            one, two = device.submit(SetMute(True), "door"), device.submit(SetMute(False), "stage")
            assert (await door.hears(), await stage.hears()) == ("mute True", "mute False")
            stage.say("ok", "! stage muted False")
            assert await two.ended(5) == Outcome(Result.CONFIRMED)
            assert one.outcome is None
            door.say("ok", "! door muted True", "key 3 down")
            assert await one.ended(5) == Outcome(Result.CONFIRMED)
            await watcher.until(lambda: any(event.kind == "press" for event in watcher.events))
            press = watcher.events[-1]
            assert (press.data["unit"], press.data["key"]) == ("door", "3")
        await watcher.until(lambda: there(device))
        assert device.online
        assert device.unit("door").points["muted"].stale
        assert [event.data["unit"] for event in watcher.events if event.kind == "gone"] in (
            ["door", "stage"],
            ["stage", "door"],
        )


async def test_a_busy_keypad_delays_no_other_and_a_stop_nobody() -> None:
    async with (
        running(Keypad, LINK) as (device, watcher),
        calling(device, "door") as door,
        calling(device, "stage") as stage,
    ):
        await watcher.until(lambda: there(device, "door", "stage"))
        device.submit(SetMute(True), "door")
        waiting = device.submit(SetVolume(40), "door")
        device.submit(SetMute(False), "stage")
        device.submit(Stop(), "door")
        assert await stage.hears() == "mute False"
        assert [await door.hears(), await door.hears()] == ["mute True", "stop"]
        assert waiting.sent_at is None
        door.say("ok", "ok")
        assert await door.hears() == "volume 40"


async def test_who_comes_again_takes_over_from_itself() -> None:
    """A keypad lost its power: its old connection is dead, but nobody knows that yet."""
    async with running(Keypad, LINK) as (device, watcher), calling(device, "door") as old:
        await watcher.until(lambda: there(device, "door"))
        assert device.visits is not None
        over = device.visits.owners["door"]
        lost = device.submit(SetMute(True), "door")
        waiting = device.submit(SetVolume(40), "door")
        assert await old.hears() == "mute True"
        async with calling(device, "door") as new:
            assert await lost.ended(5) == Outcome(Result.OFFLINE, "it left, and came again")
            assert await new.hears() == "volume 40"
            old.writer.close()
            await over.close()  # returns when all is closed
            new.say("ok", "! door volume 40")
            assert await waiting.ended(5) == Outcome(Result.CONFIRMED)
            assert len(device.visits.connections) == 1
            assert there(device, "door") and not device.unit("door").points["volume"].stale
            assert [event.kind for event in watcher.events] == ["appeared", "appeared"]


async def test_a_caller_that_crashes_its_driver_or_is_refused_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with running(Keypad, LINK) as (device, watcher), calling(device, "door") as door:
        await watcher.until(lambda: there(device, "door"))
        async with calling(device, "stage") as stage, calling(device, "stranger") as stranger:
            await watcher.until(lambda: there(device, "door", "stage"))
            stage.say("crash")
            assert await stage.hears() == "" and await stranger.hears() == ""
        await watcher.until(lambda: there(device, "door"))
        assert device.online
        device.submit(SetMute(True), "door")
        assert await door.hears() == "mute True"
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


async def test_a_caller_that_never_says_who_it_is_is_hung_up_on() -> None:
    clock = Watch()
    timing = {"ready": 2.0, "reply": 60.0}
    async with running(Keypad, LINK, clock=clock, timing=timing) as (device, _), calling(device) as nobody:
        clock.advance(2)
        assert await nobody.hears() == ""
        assert device.online


async def test_a_port_in_use_is_said_and_tried_again() -> None:
    clock = Watch()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        link = f"listen+tcp://127.0.0.1:{port}"
        async with running(Keypad, link, clock=clock, online=False) as (device, watcher):
            await watcher.until(lambda: device.reason is not None)
            assert device.reason is Reason.UNREACHABLE
            assert device.words == f"another program is using port 127.0.0.1:{port}"
            await clock.wait()
            other.close()
            clock.advance(1.2)
            await watcher.until(lambda: device.online)
            async with calling(device, "door"):
                await watcher.until(lambda: there(device, "door"))


async def test_a_restart_hangs_up_and_listens_again() -> None:
    async with running(Keypad, LINK) as (device, watcher):
        async with calling(device, "door") as door:
            await watcher.until(lambda: there(device, "door"))
            device.restart()
            assert await door.hears() == ""
        await watcher.until(lambda: device.online)
        async with calling(device, "door"):
            await watcher.until(lambda: there(device, "door"))


class Polite(Keypad):
    def closing(self) -> Actions:
        yield Send(b"bye\n", reply=False)


async def test_every_caller_hears_the_last_words() -> None:
    async with running(Polite, LINK) as (device, watcher):
        async with calling(device, "door") as door, calling(device, "stage") as stage:
            await watcher.until(lambda: there(device, "door", "stage"))
            await device.close()
            assert (await door.hears(), await stage.hears()) == ("bye", "bye")
            assert (await door.hears(), await stage.hears()) == ("", "")
        assert not device.online and device.reason is Reason.DISABLED


async def test_a_unit_that_leaves_by_its_own_word_is_gone_once() -> None:
    class Leaving(Keypad):
        def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
            if data == b"leave":
                yield Gone(self.unit)
            yield from super().received(data, tag, link)

    async with running(Leaving, LINK) as (device, watcher):
        async with calling(device, "door") as door:
            await watcher.until(lambda: there(device, "door"))
            door.say("leave")
            await watcher.until(lambda: there(device))
            ticket = device.submit(SetMute(True), "door")
            assert ticket.outcome is not None and ticket.outcome.result is Result.OFFLINE
        assert [event.kind for event in watcher.events] == ["appeared", "gone"]
        async with calling(device, "door") as old, calling(device) as new:
            await watcher.until(lambda: there(device, "door"))
            assert device.visits is not None
            before = device.visits.owners["door"]
            new.say("i door")
            await watcher.until(lambda: device.visits is not None and device.visits.owners["door"] is not before)
            old.say("leave", "key 3 down")  # who was taken over from cannot take it away
            await watcher.until(lambda: watcher.events[-1].kind == "press")
            assert there(device, "door")


class WebKeypad(Keypad):
    """The same over WebSockets: messages are whole."""

    links = {"listen+ws": 0}
    cutter = Whole()
    timing = Timing(window=4)

    def opened(self) -> Actions:
        yield Send("who", reply=False)

    def command(self, request: Request) -> Actions:
        yield Send(self.words(request.command, request.unit), reply=False)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield from super().received(data.encode(), tag, link)


async def test_websockets_that_come_in() -> None:
    async with running(WebKeypad, "listen+ws://127.0.0.1:0/keypads") as (device, watcher):
        url = f"ws://127.0.0.1:{address(device).port}/keypads"
        async with connect(url, proxy=None) as one, connect(url, proxy=None) as two:
            assert (await one.recv(), await two.recv()) == ("who", "who")
            await one.send("i door")
            await two.send("i stage")
            await watcher.until(lambda: there(device, "door", "stage"))
            ticket = device.submit(SetMute(True), "stage")
            assert await two.recv() == "mute True"
            await two.send("! stage muted True")
            assert await ticket.ended(5) == Outcome(Result.CONFIRMED)
        await watcher.until(lambda: there(device))
        assert device.submit(SetRelay(True), "door").outcome is not None


async def test_a_caller_who_says_too_much_at_once_is_hung_up_on(caplog: pytest.LogCaptureFixture) -> None:
    async with running(Keypad, LINK) as (device, watcher):
        async with calling(device, "door") as door, calling(device, "stage") as stage:
            await watcher.until(lambda: there(device, "door", "stage"))
            door.writer.write(b"ping\n" * 5000)  # one packet
            while await door.hears():
                pass
            stage.say("ping")
            assert await stage.hears() == "pong"
        await watcher.until(lambda: there(device))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_quiet_message_may_only_be_answered(caplog: pytest.LogCaptureFixture) -> None:
    async with running(Keypad, LINK) as (device, watcher), calling(device, "door") as door:
        await watcher.until(lambda: there(device, "door"))
        door.say("ping", "ping")
        assert [await door.hears() for _ in range(2)] == ["pong", "pong"]
        door.say("ping!")
        assert await door.hears() == ""
    assert "a quiet message was answered by Press" in caplog.text
    assert not [event for event in watcher.events if event.kind == "press"]
