"""Turns, over a real socket: who may speak when, who waits for whom, and who waits for nobody."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Hashable
from typing import Any

from gateway.commands import Dial, HangUp, SetMute, SetRelay, SetVolume, Stop
from gateway.cutters import Lines
from gateway.driver import Actions, Answered, Drop, Later, Offers, Ready, Request, Send, Taken, Timing
from gateway.model import Reason, Result
from tests.clock import ManualClock
from tests.line import OFFERED, LineDevice, Talker, line_device, running


def relay(number: int) -> tuple[SetRelay, str]:
    """A command for a unit of its own, so that none takes another's place."""
    return SetRelay(True), f"r{number}"


async def test_one_exchange_at_a_time() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        for number in range(3):
            device.submit(*relay(number))
        await far.hears("relay r0 True")
        assert len(device.waiting) == 2
        far.say("ok")
        await far.hears("relay r0 True", "relay r1 True")
        far.say("! - volume 3", "! - volume 4")  # what was not asked for ends no turn
        far.say("ok")
        await far.hears("relay r1 True", "relay r2 True")


async def test_as_many_in_flight_as_the_window_is_wide() -> None:
    async with line_device() as far, running(Talker, far.link, timing={"window": 3}) as (device, _):
        far.mute()
        tickets = [device.submit(*relay(number)) for number in range(5)]
        await far.until(lambda: len(far.heard) == 4)
        assert [ticket.sent_at is not None for ticket in tickets] == [True, True, True, False, False]
        far.say("no first", "ok")
        await far.until(lambda: len(far.heard) == 6)
        first = await tickets[0].ended(2)
        assert first is not None and first.words == "first"  # positional: the oldest is answered first
        assert tickets[1].taken and not tickets[2].taken


async def test_a_gap_between_sends() -> None:
    clock, timing = ManualClock(), {"window": 9, "gap": 0.5, "reply": 60.0}
    async with line_device() as far, running(Talker, far.link, clock=clock, timing=timing) as (device, _):
        for number in range(3):
            device.submit(*relay(number))
        # hello was sent just now
        clock.advance(0.49)
        assert len(device.waiting) == 3
        clock.advance(0.01)
        assert len(device.waiting) == 2
        clock.advance(0.5)
        assert len(device.waiting) == 1
        stop = device.submit(Stop())
        assert stop.sent_at is None  # also a stop waits for the gap, but for nothing else
        clock.advance(0.5)
        assert stop.sent_at is not None and len(device.waiting) == 1
        clock.advance(0.5)
        await far.hears("relay r0 True", "relay r1 True", "stop", "relay r2 True")


async def test_silence_ends_the_turn_and_by_default_the_link() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, watcher):
        far.mute()
        ticket = device.submit(SetVolume(40))
        clock.advance(0.99)
        assert device.online
        clock.advance(0.02)
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.NO_RESPONSE
        assert ticket.outcome is not None and ticket.outcome.result is Result.OFFLINE
        assert "no response" in ticket.outcome.words


class Patient(Talker):
    """Knows better than to drop the link."""

    silent: list[Hashable]

    def failed(self, tag: Hashable, reason: str) -> Actions:
        self.silent = [*getattr(self, "silent", ()), tag]
        return ()


async def test_a_driver_may_live_with_silence() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Patient, far.link, clock=clock) as (device, _):
        far.mute("volume 40")
        first, second = device.submit(SetVolume(40)), device.submit(SetMute(True))
        clock.advance(1.01)
        await far.hears("volume 40", "mute True")
        assert device.connection is not None and isinstance(device.connection.driver, Patient)
        assert device.connection.driver.silent == [first.request]
        far.say("! - muted True")
        assert await second.ended(2)
        clock.advance(4)
        outcome = await first.ended(2)
        assert (
            outcome is not None and outcome.result is Result.UNCONFIRMED and outcome.words == "sent, and no answer came"
        )


class Tagged(Talker):
    """Replies carry the number of their question, and may come in any order."""

    cutter = Lines((b"\n",), turns=False)
    timing = Timing(window=2, reply=1.0)
    numbers = 0

    def opened(self) -> Actions:
        yield Offers("", OFFERED)
        yield Ready()

    def command(self, request: Request) -> Actions:
        self.numbers += 1
        self.asked = {**getattr(self, "asked", {}), self.numbers: request}
        yield Send(json.dumps({"id": self.numbers}).encode() + b"\n", tag=self.numbers)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        assert tag is None
        number = json.loads(data)["id"]
        yield Answered(number)
        yield Taken(self.asked[number])


async def test_answered_by_tag_in_any_order() -> None:
    async with line_device() as far, running(Tagged, far.link) as (device, _):
        far.mute()
        tickets = [device.submit(*relay(number)) for number in range(3)]
        await far.hears('{"id": 1}', '{"id": 2}')
        far.say('{"id": 2}')
        await far.hears('{"id": 1}', '{"id": 2}', '{"id": 3}')
        assert [ticket.taken for ticket in tickets] == [False, True, False]
        assert device.connection is not None
        assert [held.send.tag for held in device.connection.turns.flight] == [1, 3]


class Poller(Talker):
    """Asks twelve questions on each poll."""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield from super().received(data, tag, link)
        if tag == "hello":
            yield Later(10, "poll")

    def due(self, name: str) -> Actions:
        for number in range(12):
            yield Send(f"poll {number}\n".encode(), tag=name)


async def test_people_go_before_polls_but_not_for_ever() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Poller, far.link, clock=clock) as (device, _):
        far.mute()
        clock.advance(10)  # the first question goes out, eleven wait
        for number in range(30):
            device.submit(*relay(number))
        far.firmware = lambda line: "ok"
        far.say("ok")
        await far.until(lambda: len(far.heard) == 1 + 12 + 30)
        kinds = "".join("p" if line.startswith("poll") else "r" for line in far.heard[1:])
        assert kinds == "p" + 3 * ("r" * 8 + "p") + "r" * 6 + "p" * 8


async def test_stop_and_hang_up_go_ahead_of_a_hundred_without_an_answer() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        for number in range(100):
            device.submit(*relay(number))
        stop, hang_up = device.submit(Stop()), device.submit(HangUp())
        assert stop.sent_at is not None and hang_up.sent_at is not None
        await far.hears("hello", "relay r0 True", "stop", "hangup")
        far.say("ok", "no moving", "no call")  # in the order in which they were sent
        refused = await stop.ended(2), await hang_up.ended(2)
        assert [outcome and outcome.words for outcome in refused] == ["moving", "call"]
        await far.hears("relay r1 True")


async def test_a_dial_that_still_waits_does_not_leave_after_the_hang_up() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        device.submit(*relay(0))
        dial = device.submit(Dial("far.end@example.com"))
        device.submit(HangUp())
        assert dial.outcome is not None and dial.outcome.result is Result.SUPERSEDED
        await far.hears("hello", "relay r0 True", "hangup")


async def test_any_command_can_be_urgent() -> None:
    """A relay that must open now, because a motor runs on it."""
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        for number in range(100):
            device.submit(*relay(number))
        device.submit(SetRelay(False), "r7", urgent=True)
        await far.hears("relay r0 True", "relay r7 False")
        far.firmware = lambda line: "ok"
        far.say("ok", "ok")
        await far.until(lambda: len(far.heard) == 1 + 100)
        assert "relay r7 True" not in far.heard  # the newer one took its place


async def test_what_came_before_a_send_cannot_answer_it() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        first, second = device.submit(*relay(1)), device.submit(*relay(2))
        await far.hears("relay r1 True")
        far.say("ok", "no business of yours")  # one packet: the second line answers nothing
        await far.hears("relay r2 True")
        assert first.taken and second.outcome is None
        far.say("! r2 closed True")
        outcome = await second.ended(2)
        assert outcome is not None and outcome.result is Result.CONFIRMED


async def test_nothing_is_sent_for_a_command_that_has_ended() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Patient, far.link, clock=clock, timing={"reply": 60.0}) as (device, _):
        far.mute()
        device.submit(*relay(1))
        late = device.submit(SetMute(True))
        clock.advance(5.01)
        assert late.outcome is not None and late.outcome.result is Result.UNCONFIRMED
        assert late.outcome.words == "it could not be sent in time: the device was busy"
        device.submit(SetVolume(40))
        far.say("ok")
        await far.hears("relay r1 True", "volume 40")


class TwoSteps(Talker):
    """Wakes the device before each command."""

    def command(self, request: Request) -> Actions:
        yield Send(b"wake\n", tag="wake")
        yield from super().command(request)


async def test_a_newer_command_takes_the_place_of_what_is_still_to_be_said() -> None:
    async with line_device() as far, running(TwoSteps, far.link) as (device, _):
        far.mute()
        older = device.submit(SetVolume(40))
        await far.hears("wake")
        newer = device.submit(SetVolume(50))
        assert older.outcome is not None and older.outcome.result is Result.SUPERSEDED
        far.firmware = lambda line: "ok"
        far.say("ok", "! - volume 50")
        await newer.ended(2)
        await far.hears("hello", "wake", "wake", "volume 50")


class Blind(Talker):
    """Expects no replies."""

    def command(self, request: Request) -> Actions:
        yield Send(self.words(request.command, request.unit).encode() + b"\n", reply=False)


async def test_sends_without_a_reply_hold_no_turn() -> None:
    async with line_device() as far, running(Blind, far.link) as (device, _):
        far.mute()
        for number in range(5):
            device.submit(*relay(number))
        await far.until(lambda: len(far.heard) == 6)


class Flooder(Talker):
    """Asks far more than is answered."""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield from super().received(data, tag, link)
        for _ in range(2000):
            yield Send(b"poll\n", tag="poll")


async def test_questions_that_pile_up_are_a_driver_error() -> None:
    async with line_device() as far, running(Flooder, far.link, online=False) as (device, watcher):
        await watcher.until(lambda: device.reason is Reason.DRIVER_ERROR)


class Dropper(Talker):
    def command(self, request: Request) -> Actions:
        yield Drop(Reason.PROTOCOL_ERROR, "it talks nonsense")
        yield Send(b"never\n")


async def test_drop_ends_the_connection_with_its_reason() -> None:
    async with line_device() as far, running(Dropper, far.link) as (device, watcher):
        ticket = device.submit(SetVolume(40))
        await watcher.until(lambda: not device.online)
        assert (device.reason, device.words) == (Reason.PROTOCOL_ERROR, "it talks nonsense")
        assert ticket.outcome is not None and ticket.outcome.words == "protocol error: it talks nonsense"
        assert far.heard == ["hello"]


async def test_from_the_press_to_the_wire_nothing_waits() -> None:
    """No await and no task: the bytes are at the device before `submit()` has returned to the event loop."""
    import asyncio

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        link = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        async with running(Talker, link, online=False) as (device, watcher):
            loop = asyncio.get_running_loop()
            far, _ = await loop.sock_accept(server)
            with far:
                far.setblocking(False)
                assert await loop.sock_recv(far, 100) == b"hello\n"
                await loop.sock_sendall(far, b"ok\n")
                await watcher.until(lambda: device.online)
                device.submit(SetVolume(40))
                readable, _, _ = select.select([far], [], [], 2)
                assert readable and far.recv(100) == b"volume 40\n"


def test_the_line_device_is_silent_where_it_is_told_to_be() -> None:
    far = LineDevice()
    far.mute("a")
    assert far.firmware("a") is None and far.firmware("b") == "ok"
