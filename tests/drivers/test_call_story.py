"""The call stories: what happens in a call gives the same room-level events, in the same order, on every codec.

A family joins by one row of FAMILIES (`call_families.py`). What it cannot do stands in CANNOT, with the reason, and the
docs print it (docs/codecs/differences.md): a story that needs it must end in a clear refusal instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

import simulators
from gateway.clock import LoopClock
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Hold,
    Reject,
    Resume,
    SendDtmf,
    SetMicMute,
    SetMute,
    SetVolume,
    Share,
    StopShare,
)
from gateway.house import House
from gateway.journal import Journal
from gateway.link import Address, Trust
from gateway.mailbox import Mailbox
from gateway.model import KINDS, Reading
from gateway.plugins import load_drivers
from gateway.room import NothingPlays, Room
from gateway.spec import DeviceSpec, PartSpec, RoomSpec, SiteSpec, Target
from tests.drivers.call_families import CANNOT, DOC, FAMILIES, LASTED, POLLED, PROGRESS, Family, differences
from tests.drivers.contract import Watcher

CALLING = ("dialling", "ringing", "connecting")
every = pytest.mark.parametrize(
    "family", FAMILIES, ids=lambda family: "-".join(filter(None, (family.driver, family.link, family.dialect)))
)


class Teller(Mailbox):
    """A listener that writes down what people in the room would see of calls, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.progress: list[str] = []  # the states of a call that is dialled, until it is connected
        self.outcomes: list[str] = []  # of the calls that ended
        self._states: dict[str, str] = {}

    def changed(self, part: str, point: str, reading: Reading) -> None:
        if point == "calls" and not reading.stale and reading.value is not None:
            for call in reading.value:
                if call.direction == "out" and call.state in CALLING and self.progress[-1:] != [call.state]:
                    self.progress.append(call.state)
                state = "calling" if call.direction == "out" and call.state in CALLING else call.state
                if call.direction == "in" and state in CALLING:
                    state = "ringing"
                if state not in ("disconnecting", "ended", "unknown") and self._states.get(call.id) != state:
                    self._states[call.id] = state
                    self.told.append(state)
        super().changed(part, point, reading)

    def put(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "event" and event["event"] in ("incoming call", "call ended"):
            self.told.append(event["event"])
            self.outcomes += [event["outcome"]] if "outcome" in event else []
        super().put(event)


@dataclass
class Stage:
    """One room with one codec, simulated."""

    family: Family
    room: Room
    sim: Any
    teller: Teller
    watcher: Watcher

    def can(self, what: str) -> bool:
        return (self.family.driver, what) not in CANNOT

    async def do(self, command: Command, result: str = "confirmed") -> None:
        """A person asks the room, and it ends so."""
        if not self.can(command.verb):
            with pytest.raises(NothingPlays):
                self.room.submit(command)
            return
        outcome = await self.room.submit(command, cause="person").ended(20)
        assert outcome is not None and outcome.result == result, f"{type(command).__name__}: {outcome}"

    async def hand(self, what: str, /, *args: Any, **more: Any) -> None:
        done = getattr(self.sim, what)(*args, **more)
        if inspect.isawaitable(done):
            await done

    async def until(self, fact: Callable[[], bool], within: float = 15.0) -> None:
        await self.watcher.until(fact, within)

    async def tells(self, *wanted: str) -> None:
        """Exactly these milestones, in this order, since the last time it was asked."""
        await self.until(lambda: len(self.teller.told) >= len(wanted))
        assert self.teller.told == list(wanted)
        self.teller.told.clear()

    async def asked_by(self, command: str) -> list[str]:
        """Who asked for a command, as the journal has it."""
        entries = await self.room.journal.history("story", kinds=("command",))
        return [entry.cause for entry in entries if entry.id == command]

    def calls(self) -> list[Any]:
        reading = self.room.readings("calls")["calls"]
        return [] if reading.stale else [call for call in reading.value or () if call.state != "ended"]


@contextlib.asynccontextmanager
async def stage(
    family: Family, before: Callable[[Any], Awaitable[None]] | None = None, **simulator: Any
) -> AsyncIterator[Stage]:
    """The room, with the codec online; `before`: what happened at the codec before the gateway was there."""
    driver = load_drivers()[family.driver]
    sim = simulators.find(family.driver)(**{"speed": 20.0, **family.simulator, **simulator})
    kinds = [name for name in ("volume", "mics", "camera", "calls", "share", "codec") if name in driver.plays]
    async with sim.serving(family.link) as link:
        if before is not None:
            await before(sim)
        device = DeviceSpec(
            "codec", driver, Address.parse(link, driver.links), driver.Settings(**family.settings), Trust(any=True)
        )
        parts = {name: PartSpec(KINDS[name], target=Target("codec")) for name in kinds}
        room_spec = RoomSpec("story", "Story", {}, parts)
        clock = LoopClock()
        journal = Journal(None, clock=clock)
        journal.open()
        house = House(SiteSpec({"story": room_spec}, {"codec": device}), journal, clock)
        room = house.rooms["story"]
        teller = Teller()
        room.mailboxes.add(teller)
        watcher = Watcher(house.devices["codec"])
        running = asyncio.create_task(house.run())
        try:
            await watcher.until(lambda: house.devices["codec"].online, 20)
            yield Stage(family, room, sim, teller, watcher)
        finally:
            await house.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await journal.close()


@every
async def test_dial_connect_hang_up(family: Family) -> None:
    async with stage(family) as story:
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        shown = story.teller.progress
        wanted = PROGRESS.get(f"{family.driver} ({family.dialect})", PROGRESS[family.driver])
        assert tuple(shown) == wanted or (family.driver in POLLED and shown == [s for s in wanted if s in shown])
        (call,) = story.calls()
        assert call.start is not None and abs(time.time() - call.start) < 30
        assert call.direction == "out" and family.address.partition("@")[0] in call.address
        await story.do(HangUp())
        await story.until(lambda: not story.calls())
        await story.tells("call ended")
        assert story.teller.outcomes == ["completed"]
        (written,) = await story.room.journal.history("story", kinds=("call",))
        told = written.data
        assert told["outcome"] == "completed" and told["call"]["id"] == call.id and told["seconds"] >= 0
        assert await story.asked_by(told["begun"]) == await story.asked_by(told["ended_by"]) == ["person"]


@every
async def test_in_the_call_mute_volume_tones_and_share(family: Family) -> None:
    async with stage(family) as story:
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.do(SetMicMute(True))
        await story.do(SetMicMute(False))
        await story.do(SetVolume(40))
        await story.do(SetMute(True))
        await story.do(SetMute(False))
        await story.do(SendDtmf("12,,3#"), "assumed")
        if "share" in story.room.parts:
            await story.do(Share())
            await story.do(StopShare())
        assert story.teller.told == ["calling", "connected"]  # none of this is news of the call


@every
async def test_hold_and_resume(family: Family) -> None:
    async with stage(family) as story:
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        await story.do(Hold())
        if story.can("hold"):
            await story.tells("on hold")
            await story.do(Resume())
            await story.tells("connected")


@every
async def test_a_call_that_was_up_before_the_gateway_has_its_start(family: Family) -> None:
    async def two_minutes(sim: Any) -> None:
        if family.driver == "zoom_rooms":
            sim.touch_join()
            sim.far_end_answers()
        else:
            sim.incoming_call(number="alice@example.com", name="Alice")
            sim.touch_answer()
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sim.after(120.0, lambda: gone.set_result(None))
        await gone

    begun = time.time()
    async with stage(family, two_minutes, speed=400.0) as story:
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        (call,) = story.calls()
        told = LASTED[family.driver].startswith("the codec")
        assert call.start is not None and (call.start < begun - 60 if told else call.start >= begun - 1)


@every
async def test_the_far_end_hangs_up(family: Family) -> None:
    async with stage(family) as story:
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        await story.hand("far_end_hangs_up")
        await story.tells("call ended")
        assert story.teller.outcomes == ["completed"]


@every
async def test_a_hang_up_right_behind_a_dial_leaves_no_call(family: Family) -> None:
    async with stage(family) as story:
        dialled = story.room.submit(Dial(family.address), cause="person")
        ended = await story.room.submit(HangUp(), cause="person").ended(20)
        assert ended is not None and ended.result == "confirmed"
        assert await dialled.ended(20) is not None
        await story.do(SetMicMute(True))  # what still waited would have gone before this
        await story.until(lambda: not story.calls())
        await story.do(SetMicMute(False))
        assert not story.calls() and "connected" not in story.teller.told[-1:]


@every
async def test_a_hang_up_ends_a_call_that_the_codec_has_not_shown_yet(family: Family) -> None:
    if not family.late:
        return  # its dial is answered with the call
    async with stage(family, **family.late) as story:
        sim = story.sim
        dialled = story.room.submit(Dial(family.address), cause="person")
        await sim.until(lambda: sim.calls or getattr(sim, "opening", 0))
        assert story.calls() == []
        await story.do(HangUp())
        await dialled.ended(20)
        await story.until(lambda: not story.calls())
        await sim.until(lambda: not (sim.calls or getattr(sim, "opening", 0)))
        await story.do(SetMicMute(True))
        assert not sim.calls and "connected" not in story.teller.told
        assert story.teller.outcomes in ([], ["cancelled"])


@every
async def test_hanging_up_where_nobody_is_is_done(family: Family) -> None:
    async with stage(family) as story:
        await story.do(HangUp())
        assert story.teller.told == []


@every
async def test_an_incoming_call_is_answered(family: Family) -> None:
    if (family.driver, "incoming") in CANNOT:
        return
    async with stage(family) as story:
        await story.hand("incoming_call", number="alice@example.com", name="Alice")
        await story.tells("ringing", "incoming call")
        (call,) = story.calls()
        assert call.direction == "in" and not call.answered
        await story.do(Answer())
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("connected")
        await story.do(HangUp())
        await story.tells("call ended")
        assert story.teller.outcomes == ["completed"]


@every
async def test_an_incoming_call_is_turned_away(family: Family) -> None:
    if (family.driver, "incoming") in CANNOT:
        return
    async with stage(family) as story:
        await story.hand("incoming_call", number="alice@example.com", name="Alice")
        await story.tells("ringing", "incoming call")
        await story.do(Reject())
        if story.can("reject"):
            await story.tells("call ended")
            assert story.teller.outcomes == ["rejected"]


@every
async def test_an_incoming_call_is_given_up(family: Family) -> None:
    if (family.driver, "incoming") in CANNOT:
        return
    async with stage(family) as story:
        await story.hand("incoming_call", number="alice@example.com", name="Alice")
        await story.tells("ringing", "incoming call")
        await story.hand("caller_gives_up")
        await story.tells("call ended")
        assert story.teller.outcomes == ["missed"]


@every
@pytest.mark.parametrize("far_end", ["busy", "rejects", "no answer"])
async def test_nobody_takes_the_call(family: Family, far_end: str) -> None:
    if (family.driver, far_end) in CANNOT:
        return
    async with stage(family, far_end=far_end) as story:
        await story.room.submit(Dial(family.address), cause="person").ended(20)
        await story.tells("calling", "call ended")
        assert story.calls() == []
        assert story.teller.outcomes == ["failed"]


@every
async def test_a_second_call_beside_the_first(family: Family) -> None:
    if (family.driver, "second call") in CANNOT:
        return
    async with stage(family) as story:
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        await story.hand("incoming_call", number="carol@example.com", name="Carol")
        await story.until(lambda: "incoming call" in story.teller.told)
        assert len(story.calls()) == 2
        await story.do(HangUp())
        await story.until(lambda: not story.calls())
        assert story.teller.told.count("call ended") == 2


@every
async def test_a_reboot_in_the_call_comes_back_to_the_truth(family: Family) -> None:
    async with stage(family) as story:
        device = story.watcher.device
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        await story.hand("reboot")
        device.restart()
        await story.until(lambda: device.online and story.room.readings("calls")["calls"].value == (), 20)
        await story.tells("call ended")
        assert story.teller.outcomes == ["lost"]


@every
async def test_the_network_is_lost_in_the_call(family: Family) -> None:
    async with stage(family) as story:
        device = story.watcher.device
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        story.sim.faults.unreachable = True
        await story.until(lambda: not device.online, 20)
        assert story.room.readings("calls")["calls"].stale  # nobody claims to know
        story.sim.faults.unreachable = False
        device.restart()
        await story.until(lambda: device.online and not story.room.readings("calls")["calls"].stale, 20)
        if (family.driver, "outlives the link") not in CANNOT:
            assert len(story.calls()) == 1  # the call itself went on
            assert story.teller.told == []


@every
async def test_a_call_that_ends_behind_a_lost_network_is_lost(family: Family) -> None:
    async with stage(family) as story:
        device = story.watcher.device
        await story.do(Dial(family.address))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.tells("calling", "connected")
        story.sim.faults.unreachable = True
        await story.until(lambda: not device.online, 20)
        await story.hand("far_end_hangs_up")
        await story.sim.until(lambda: not getattr(story.sim, "calls", ()))  # all over, before anybody looks again
        assert story.teller.told == []  # nobody knows
        story.sim.faults.unreachable = False
        device.restart()
        await story.until(lambda: device.online and story.room.readings("calls")["calls"].value == (), 20)
        await story.tells("call ended")
        (written,) = await story.room.journal.history("story", kinds=("call",))
        told = written.data
        assert (told["outcome"], told["at_least"], told["ended_by"]) == ("lost", True, "")


def test_the_differences_are_in_the_docs() -> None:
    """docs/codecs/differences.md prints CANNOT; write it with `python -m tests.drivers.test_call_story`."""
    assert DOC.read_text(encoding="utf-8") == differences()


if __name__ == "__main__":
    DOC.parent.mkdir(parents=True, exist_ok=True)
    DOC.write_text(differences(), encoding="utf-8")
