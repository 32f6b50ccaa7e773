"""Outcomes: what ends a command as confirmed, assumed, refused, unconfirmed or superseded, and what does not."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pytest

from gateway.commands import (
    Command,
    Dial,
    HangUp,
    Move,
    SendDtmf,
    SetMute,
    SetPower,
    SetRelay,
    SetVolume,
    StepVolume,
    Stop,
)
from gateway.cutters import Lines
from gateway.driver import Actions, Done, Feedback, Later, Offers, Ready, Request, Send, Taken
from gateway.model import UNKNOWN, Outcome, Result
from gateway.ticket import Ticket
from tests.clock import ManualClock
from tests.line import Talker, caught_up, line_device, running

CONFIRMED = Outcome(Result.CONFIRMED)
ASSUMED = Outcome(Result.ASSUMED)


async def ended(ticket: Ticket) -> Outcome:
    outcome = await ticket.ended(5)
    assert outcome is not None
    return outcome


async def test_an_acknowledgement_is_no_proof_but_feedback_is() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        ticket = device.submit(SetVolume(40), cause="test")
        await far.hears("volume 40")
        far.say("! - volume 39")
        await caught_up(far, device, watcher)
        assert ticket.taken and ticket.outcome is None
        far.say("! - volume 40")
        assert await ended(ticket) == CONFIRMED
        assert device.unit("").points["volume"].cause == ticket.id


async def test_what_a_device_that_tells_of_every_change_has_shown_already_is_done_when_acknowledged() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        far.say("! - volume 40")
        await watcher.until(lambda: bool(device.unit("").points))
        assert await ended(device.submit(SetVolume(40))) == CONFIRMED


class Polled(Talker):
    """Tells nothing by itself."""

    pushes = False


async def test_a_polled_device_must_show_it_afresh() -> None:
    async with line_device() as far, running(Polled, far.link) as (device, watcher):
        far.say("! - volume 40")
        await watcher.until(lambda: bool(device.unit("").points))
        ticket = device.submit(SetVolume(40))
        await caught_up(far, device, watcher, "volume 40")
        assert ticket.taken and ticket.outcome is None
        far.say("! - volume 40")  # no change, but news
        assert await ended(ticket) == CONFIRMED


async def test_an_older_commands_news_on_its_way_confirms_nothing() -> None:
    """The volume is 40; it is set to 50 and, before that shows, back to 40."""
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        far.say("! - volume 40")
        await watcher.until(lambda: bool(device.unit("").points))
        older, newer = device.submit(SetVolume(50)), device.submit(SetVolume(40))
        assert older.outcome is not None and older.outcome.result is Result.SUPERSEDED
        await caught_up(far, device, watcher, "volume 50", "volume 40")
        assert newer.taken and newer.outcome is None  # 40 is what it told last, but 50 may be on its way
        far.say("! - volume 50")
        await watcher.until(lambda: device.unit("").points["volume"].value == 50)
        assert newer.outcome is None and device.unit("").points["volume"].cause == older.id
        far.say("! - volume 40")
        assert await ended(newer) == CONFIRMED
        assert device.unit("").points["volume"].cause == newer.id


async def test_once_its_news_has_come_a_change_disturbs_no_more() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        first = device.submit(SetVolume(50))
        await far.hears("volume 50")
        far.say("! - volume 50")
        assert await ended(first) == CONFIRMED
        assert await ended(device.submit(SetVolume(50))) == CONFIRMED  # acknowledged, and shown already


async def test_a_step_on_its_way_disturbs_like_a_set() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        far.say("! - volume 40")
        await watcher.until(lambda: bool(device.unit("").points))
        device.submit(StepVolume(5))
        newer = device.submit(SetVolume(40))
        await caught_up(far, device, watcher, "step 5", "volume 40")
        assert newer.taken and newer.outcome is None
        far.say("! - volume 45", "! - volume 40")
        assert await ended(newer) == CONFIRMED


async def test_a_device_that_swallowed_a_change_is_trusted_again_after_a_while() -> None:
    """50 and 40 came so quickly that it told of neither: it was 40 before and is 40 now."""
    clock = ManualClock()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, watcher):
        far.say("! - volume 40")
        await watcher.until(lambda: bool(device.unit("").points))
        device.submit(SetVolume(50))
        newer = device.submit(SetVolume(40))
        await caught_up(far, device, watcher, "volume 50", "volume 40")
        clock.advance(5)
        assert newer.outcome == Outcome(Result.UNCONFIRMED, "the device acknowledged, but has not shown it")
        assert await ended(device.submit(SetVolume(40))) == CONFIRMED


async def test_units_do_not_disturb_each_other() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        one, two = device.submit(SetRelay(True), "1"), device.submit(SetRelay(True), "2")
        await far.hears("relay 1 True", "relay 2 True")
        far.say("! 2 closed True")
        assert await ended(two) == CONFIRMED and one.outcome is None
        assert "closed" not in device.unit("1").points
        far.say("! 1 closed True")
        assert await ended(one) == CONFIRMED


async def test_a_newer_command_replaces_an_older_one_of_its_kind_and_unit_only() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        flying = device.submit(SetVolume(10))
        waiting = device.submit(SetVolume(20))
        other = device.submit(SetMute(True))
        unit = device.submit(SetVolume(30), "zone 2")
        last = device.submit(SetVolume(40))
        for ticket in (flying, waiting):
            assert ticket.outcome == Outcome(Result.SUPERSEDED, "a newer command took its place")
        assert (other.outcome, unit.outcome, last.outcome) == (None, None, None)
        far.firmware = lambda line: "ok"
        far.say("ok")
        await far.hears("hello", "volume 10", "mute True", "volume 30", "volume 40")


async def test_refused_in_the_devices_words() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        far.firmware = lambda line: "no such luck"
        assert await ended(device.submit(SetVolume(40))) == Outcome(Result.REFUSED, "such luck")
        assert await ended(device.submit(SetPower(True))) == Outcome(Result.REFUSED, "talker does not offer power")
        assert far.heard == ["hello", "volume 40"]
        far.say("! - volume 40")  # by somebody at the device: the refused command is not the cause
        await caught_up(far, device, watcher)
        assert device.unit("").points["volume"].cause == ""


async def test_unconfirmed_says_how_far_it_came() -> None:
    clock = ManualClock()
    async with (
        line_device() as far,
        running(Talker, far.link, clock=clock, timing={"reply": 60.0}) as (device, watcher),
    ):
        ticket = device.submit(SetVolume(40))
        await caught_up(far, device, watcher, "volume 40")
        clock.advance(5)
        assert ticket.outcome == Outcome(Result.UNCONFIRMED, "the device acknowledged, but has not shown it")
        far.mute()
        silent, queued = device.submit(SetVolume(40)), device.submit(SetMute(True))
        clock.advance(5)
        assert silent.outcome == Outcome(Result.UNCONFIRMED, "sent, and no answer came")
        assert queued.outcome is not None and "could not be sent in time" in queued.outcome.words
        far.say("ok", "! - volume 40")
        await watcher.until(lambda: "volume" in device.unit("").points)
        assert not device.unit("").flight


class Fussy(Talker):
    """Hears what others do in the very form of its answers, and tells them apart itself."""

    cutter = Lines((b"\n",))

    def answers(self, data: Any, tag: Hashable) -> bool:
        return bool(tag == "hello" or not data.startswith(b"!"))


async def test_what_the_driver_says_is_no_answer_ends_no_turn() -> None:
    async with line_device() as far, running(Fussy, far.link) as (device, watcher):
        far.mute()
        first, second = device.submit(SetVolume(40)), device.submit(SetMute(True))
        await far.hears("volume 40")
        far.say("! - volume 30")  # by somebody else
        await watcher.until(lambda: "volume" in device.unit("").points)
        assert not first.taken and far.heard[-1] == "volume 40"  # it still has its turn
        far.say("no such volume")
        assert await ended(first) == Outcome(Result.REFUSED, "such volume")
        await far.hears("mute True")
        assert second.outcome is None


class Warming(Talker):
    """Keeps what it is asked until the device says that it is warm: sends nothing of it before."""

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.kept: list[Request] = []

    def patience(self, command: Command) -> float:
        return 60.0 if self.kept else 5.0

    def command(self, request: Request) -> Actions:
        self.kept.append(request)
        return ()

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if data == b"!warm":
            for request in self.kept:
                yield from super().command(request)
            self.kept.clear()
        else:
            yield from super().received(data, tag, link)


async def test_a_command_that_its_driver_keeps_has_the_drivers_patience() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Warming, far.link, clock=clock) as (device, watcher):
        ticket = device.submit(SetVolume(40))
        clock.advance(59)
        assert ticket.outcome is None
        far.say("!warm")
        await far.hears("volume 40")
        await caught_up(far, device, watcher)
        clock.advance(4)  # proof is awaited from the wire on
        assert ticket.outcome is None
        far.say("! - volume 40")
        assert await ended(ticket) == CONFIRMED
        late = device.submit(SetVolume(50))
        clock.advance(60)
        assert late.outcome is not None and "could not be sent in time" in late.outcome.words


async def test_the_driver_says_how_long_proof_may_take() -> None:
    class Slow(Talker):
        def patience(self, command: Command) -> float:
            return 30.0

    clock = ManualClock()
    async with line_device() as far, running(Slow, far.link, clock=clock) as (device, watcher):
        ticket = device.submit(SetVolume(40))
        await caught_up(far, device, watcher, "volume 40")
        clock.advance(29)
        far.say("! - volume 40")
        assert await ended(ticket) == CONFIRMED


class Rounding(Talker):
    """Has 16 steps for 100 %."""

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        return isinstance(command, SetVolume) and abs(points.get("volume", -100) - command.level) <= 3


async def test_the_driver_may_say_what_shows_a_command() -> None:
    async with line_device() as far, running(Rounding, far.link) as (device, _):
        ticket = device.submit(SetVolume(40))
        await far.hears("volume 40")
        far.say("! - volume 38")
        assert await ended(ticket) == CONFIRMED


class OneWay(Talker):
    """Cannot tell anything: the driver believes what it sent."""

    def opened(self) -> Actions:
        yield Offers("", frozenset({SetVolume, StepVolume, SendDtmf, SetMute, Move, Stop}))
        yield Ready()

    def command(self, request: Request) -> Actions:
        yield Send(request.command.verb.encode() + b"\n", reply=False)
        match request.command:
            case SetVolume(level=level):
                yield Feedback(volume=level, assumed=True)
            case StepVolume():
                yield Feedback(volume=55, assumed=True)
                yield Done(request)
            case SetMute():  # says done of what nothing shows
                yield Feedback(muted=True, assumed=True)
                yield Done(request)


async def test_a_one_way_device_is_never_more_than_assumed() -> None:
    async with line_device() as far, running(OneWay, far.link) as (device, _):
        for command in (SetVolume(40), SetVolume(40), StepVolume(15), SetMute(True), SendDtmf("1#")):
            outcome = await ended(device.submit(command))
            assert outcome.result is Result.ASSUMED, command
        assert not device.unit("").points["volume"].confirmed
        assert device.unit("").points["volume"].status == "assumed"


async def test_a_one_way_send_that_waits_is_not_assumed_before_it_left() -> None:
    clock = ManualClock()
    async with line_device() as far, running(OneWay, far.link, clock=clock, timing={"gap": 1.0}) as (device, _):
        first, second = device.submit(SetVolume(40)), device.submit(SetMute(True))
        third = device.submit(SetVolume(50))
        assert first.outcome is not None and first.outcome.result is Result.ASSUMED
        assert second.outcome is None and third.outcome is None
        clock.advance(2.0)
        assert second.outcome is not None and third.outcome == ASSUMED
        assert second.ended_at == second.sent_at  # its driver had said that it is done


class OneWayMotor(OneWay):
    """Believes of a motor what it is about to say to it; knows the end of a command before it has left."""

    def command(self, request: Request) -> Actions:
        command = request.command
        if isinstance(command, SendDtmf):
            yield Taken(request)  # in whatever order
            yield Send(b"tone\n", tag=request, reply=False)
            return
        moving = command.direction if isinstance(command, Move) else "stopped"
        if moving != "up":
            yield Send(f"{moving}\n".encode(), tag=request, reply=False)
        yield Feedback(request.unit, assumed=True, moving=moving)
        yield Done(request)


async def test_nothing_is_done_before_it_left_whatever_its_driver_says() -> None:
    clock = ManualClock()
    async with line_device() as far, running(OneWayMotor, far.link, clock=clock, timing={"gap": 1.0}) as (device, _):
        device.unit("").offers = None
        down, stop = device.submit(Move("down")), device.submit(Stop())
        assert down.outcome == ASSUMED and down.sent_at is not None
        assert stop.outcome is None and stop.sent_at is None  # urgent: in words, and waits for the gap alone
        tone, up = device.submit(SendDtmf("1"), urgent=True), device.submit(Move("up"), "2", urgent=True)
        assert tone.outcome is None and up.outcome == ASSUMED  # up: there was nothing to send
        moving = device.unit("").points["moving"]
        assert (moving.value, moving.cause) == ("stopped", stop.id)
        clock.advance(1.0)
        assert stop.outcome == ASSUMED and stop.ended_at == stop.sent_at == clock.now()
        clock.advance(1.0)
        assert tone.outcome is not None and tone.outcome.result is Result.ASSUMED and tone.sent_at == clock.now()
        await far.hears("down", "stopped", "tone")


async def test_what_nothing_can_show_is_assumed_when_acknowledged() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        assert (await ended(device.submit(SendDtmf("12#")))).result is Result.ASSUMED


class Mover(Talker):
    """Assumes the position of one motor, knows that of another."""

    def opened(self) -> Actions:
        yield Offers("1", frozenset({Move, Stop}))
        yield Ready()

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if isinstance(tag, Request):
            yield Taken(tag)
            yield Feedback(tag.unit, assumed=tag.unit == "guess", moving="down")
            yield Done(tag)
        else:
            yield from super().received(data, tag, link)


@pytest.mark.parametrize(("unit", "result"), [("guess", Result.ASSUMED), ("known", Result.CONFIRMED)])
async def test_done_is_only_as_sure_as_what_it_rests_on(unit: str, result: Result) -> None:
    async with line_device() as far, running(Mover, far.link) as (device, watcher):
        ticket = device.submit(Move("down"), unit)
        assert (await ended(ticket)).result is result
        far.say(f"! {unit} position 30")  # it goes on travelling, and is still the cause
        await watcher.until(lambda: "position" in device.unit(unit).points)
        assert device.unit(unit).points["position"].cause == ticket.id


async def test_a_screen_that_stands_again_or_turns_round_is_moved_by_somebody_else() -> None:
    async with line_device() as far, running(Mover, far.link) as (device, watcher):

        async def cause(unit: str, point: str, value: str) -> str:
            far.say(f"! {unit} {point} {value}")
            await watcher.until(lambda: str(device.unit(unit).points.get(point, UNKNOWN).value) == value)
            return device.unit(unit).points[point].cause

        ticket = device.submit(Move("down"), "known")
        assert (await ended(ticket)).result is Result.CONFIRMED
        assert await cause("known", "position", "30") == ticket.id
        assert await cause("known", "position", "29") == ticket.id  # it wavers
        assert await cause("known", "position", "20") == ""  # the wall switch has turned it round
        assert await cause("known", "moving", "up") == ""
        ticket = device.submit(Move("down"), "known")
        assert (await ended(ticket)).result is Result.CONFIRMED
        assert await cause("known", "moving", "stopped") == ticket.id
        assert await cause("known", "moving", "down") == ""  # it had stood


async def test_a_change_by_hand_has_no_cause() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        ticket = device.submit(SetVolume(40))
        await far.hears("volume 40")
        far.say("! - volume 40")
        assert await ended(ticket) == CONFIRMED
        far.say("! - volume 60")
        await watcher.until(lambda: device.unit("").points["volume"].value == 60)
        assert device.unit("").points["volume"].cause == ""


# ---- a driver's own proof, and its timers ------------------------------------------------------------------------


class Caller(Talker):
    """A call is proved by the driver, a while after it was acknowledged."""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield from super().received(data, tag, link)
        if tag == "hello":
            yield Offers("", frozenset({Dial, HangUp}))
        elif isinstance(tag, Request):
            self.request = tag
            yield Later(2, "connected")
            if isinstance(tag.command, HangUp):
                yield Later(0, "connected")

    def due(self, name: str) -> Actions:
        yield Done(self.request)


async def test_a_timer_comes_and_can_be_replaced_and_cancelled() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Caller, far.link, clock=clock) as (device, watcher):
        first = device.submit(Dial("a"))
        await caught_up(far, device, watcher, "dial")
        clock.advance(1.5)
        second = device.submit(Dial("b"))
        await caught_up(far, device, watcher, "dial", "dial")
        clock.advance(1.5)
        assert first.outcome is None and second.outcome is None  # the same name replaces
        clock.advance(0.5)
        assert second.outcome == CONFIRMED and first.outcome is None
        hang_up = device.submit(HangUp())
        await caught_up(far, device, watcher, "hangup")
        clock.advance(4)
        assert hang_up.outcome is None  # cancelled: nothing came
