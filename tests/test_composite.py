"""A screen wired to a relay box's contacts, over real sockets: the box counts collisions and knows the true place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

import drivers.global_cache
import simulators
from drivers.global_cache import GlobalCache
from gateway.clock import LoopClock
from gateway.commands import Move, SetPosition, SetPower, SetRelay, Stop
from gateway.composite import Composite
from gateway.device import Device
from gateway.model import UNKNOWN, Outcome, Reading, Result
from gateway.motion import MotionSpec
from gateway.ticket import Ticket
from tests.drivers.contract import Watcher, run_device

TRAVEL, DEAD = 0.3, 0.1
ROLES = {"up": "1:1", "down": "1:2", "stop": "1:3"}

pytestmark = pytest.mark.alone  # positions are checked against the time a motor took


@dataclass
class Room:
    """A screen, its box, and what is known of both."""

    screen: Composite
    box: Any
    device: Device
    watcher: Watcher
    heard: list[tuple[str, Reading]]

    def point(self, name: str) -> Reading:
        return self.screen.state.points.get(name, UNKNOWN)

    async def until(self, fact: Callable[[], object], within: float = 5.0) -> None:
        await self.watcher.until(lambda: bool(fact()), within)

    async def runs(self, direction: str | None) -> None:
        await self.box.until(lambda: self.box.screen.moving == direction)

    async def passed(self, percent: float) -> None:
        """Wait until the room believes that the screen has come so far down."""
        await self.until(lambda: (self.point("position").value or 0) >= percent)


class News(Watcher):
    """Hears the composite part, and wakes the same waiters."""

    def __init__(self, screen: Composite, watcher: Watcher, heard: list[tuple[str, Reading]]) -> None:
        self.watcher, self.heard = watcher, heard
        screen.listeners.append(self)

    def changed(self, player: Any, unit: str, points: Any) -> None:
        self.heard.extend(points.items())
        self.watcher.changed(player, unit, points)

    def availability(self, player: Any) -> None:
        self.watcher.availability(player)


@contextlib.asynccontextmanager
async def room(wiring: Any = "hold", *, relays: int = 3, travel: float = TRAVEL) -> AsyncIterator[Room]:
    """One box with a screen on its relays 1 and 2 (and 3, which stops a momentary one)."""
    stop_relay = {"stop_relay": 3} if wiring == "start-stop" else {}
    kind: Any = simulators.find("global_cache")
    box = kind(
        relays=relays,
        wiring="hold" if wiring == "hold" else "momentary",
        up_relay=1,
        down_relay=2,
        travel_seconds=travel,
        **stop_relay,
    )
    spec = MotionSpec(wiring, travel, travel, pulse=0.05, dead_time=DEAD)
    async with box.serving("tcp") as link, run_device(GlobalCache, link, {"poll": 0.1}) as (device, watcher):
        roles = {role: (device, ROLES[role]) for role in (("up", "down", "stop") if stop_relay else ("up", "down"))}
        screen = Composite("screen.left", spec, roles, clock=LoopClock())
        heard: list[tuple[str, Reading]] = []
        News(screen, watcher, heard)
        try:
            await watcher.until(lambda: device.online)
            yield Room(screen, box, device, watcher, heard)
        finally:
            screen.close()
        assert box.collisions == 0


async def outcome(ticket: Ticket) -> Outcome:
    ended = await ticket.ended(5.0)
    assert ended is not None, "it never ended"
    return ended


@pytest.mark.parametrize("wiring", ["hold", "start-stop"])
async def test_down_half_way_and_up_again(wiring: str) -> None:
    async with room(wiring) as here:
        down = here.screen.submit(Move("down"), cause="token:panel")
        assert (await outcome(down)).result is Result.ASSUMED
        assert here.box.screen.position == 100
        position = here.point("position")
        assert (position.value, position.status, position.cause) == (100, "assumed", down.id)
        assert not any(here.box.contacts.values())

        half = here.screen.submit(SetPosition(50))
        assert (await outcome(half)).result is Result.ASSUMED
        assert here.box.screen.position == pytest.approx(50, abs=12)
        assert here.point("position").value == pytest.approx(here.box.screen.position, abs=12)
        assert (await outcome(here.screen.submit(Move("up")))).good
        assert here.box.screen.position == 0 == here.point("position").value


async def test_position_is_told_while_it_travels_and_is_unknown_before() -> None:
    async with room(travel=0.6) as here:  # longer than a tick
        assert here.point("position").status == "unknown"
        await outcome(here.screen.submit(Move("up")))
        here.heard.clear()
        await outcome(here.screen.submit(Move("down")))
        told = [reading.value for name, reading in here.heard if name == "position"]
        assert len(told) >= 2 and told == sorted(told) and told[-1] == 100
        assert [reading.value for name, reading in here.heard if name == "moving"] == ["down", "stopped"]
        assert not any(reading.confirmed for _, reading in here.heard)


@pytest.mark.parametrize("wiring", ["hold", "start-stop"])
async def test_stop_half_way(wiring: str) -> None:
    async with room(wiring, travel=0.8) as here:  # a tick is well within it
        await outcome(here.screen.submit(Move("up")))
        down = here.screen.submit(Move("down"))
        await here.passed(40)
        stop = here.screen.submit(Stop())
        assert (await outcome(stop)).result is Result.ASSUMED
        assert (await outcome(down)).result is Result.SUPERSEDED
        assert here.box.screen.moving is None and 35 < here.box.screen.position < 95
        assert here.point("position").value == pytest.approx(here.box.screen.position, abs=12)
        assert here.point("moving").cause == stop.id


async def test_reversing_keeps_the_dead_time() -> None:
    async with room() as here:
        here.screen.submit(Move("down"))
        await here.runs("down")
        here.screen.submit(Move("up"))
        await here.runs(None)
        stood = asyncio.get_running_loop().time()
        await here.runs("up")
        assert asyncio.get_running_loop().time() - stood >= DEAD - 0.01


async def test_of_two_people_who_press_opposite_keys_the_last_one_wins() -> None:
    async with room() as here:
        presses = [here.screen.submit(Move(way)) for way in ("down", "up", "down", "up", "down")]
        assert (await outcome(presses[-1])).good
        assert [(await outcome(press)).result for press in presses[:-1]] == [Result.SUPERSEDED] * 4
        assert here.box.screen.position == 100 and here.box.screen.runs == 1


async def test_stop_is_on_the_wire_at_once_whatever_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers.global_cache, "LARGEST", 103)
    monkeypatch.setattr(simulators.find("global_cache"), "_ports", lambda self: range(1, 104))
    async with room(relays=99) as here:
        here.box.relays = 103
        here.screen.submit(Move("down"))
        await here.runs("down")
        here.box.faults.slow = 300.0  # milliseconds before each answer: nothing moves on in the queue meanwhile
        queued = [here.device.submit(SetRelay(True), f"1:{relay}") for relay in range(4, 104)]
        pressed = asyncio.get_running_loop().time()
        here.screen.submit(Stop())
        await here.runs(None)
        assert asyncio.get_running_loop().time() - pressed < 0.05
        assert sum(ticket.sent_at is None for ticket in queued) >= 98
        assert here.point("moving").value == "down"  # the box has not said yet that the relay is open
        here.box.faults.slow = 0.0
        await here.until(lambda: here.point("moving").value == "stopped")


async def test_a_box_unplugged_while_it_moves_takes_the_position_with_it() -> None:
    async with room() as here:
        await outcome(here.screen.submit(Move("up")))
        down = here.screen.submit(Move("down"))
        await here.runs("down")
        here.box.faults.unreachable = True
        assert (await outcome(down)).result is Result.OFFLINE
        assert here.point("position").value is None is here.point("moving").value and not here.screen.online
        assert (await outcome(here.screen.submit(Move("up")))).result is Result.OFFLINE
        assert (await outcome(here.screen.submit(Stop()))).result is Result.OFFLINE
        here.box.faults.unreachable = False
        here.device.restart()  # else it waits a second or so before it tries again
        await here.until(lambda: here.screen.online)
        await here.box.until(lambda: not any(here.box.contacts.values()))  # left closed by us, so opened
        assert here.point("position").value is None
        assert (await outcome(here.screen.submit(Move("down")))).good
        assert here.box.screen.position == 100 == here.point("position").value


async def test_a_position_is_stale_while_its_box_is_away() -> None:
    async with room() as here:
        await outcome(here.screen.submit(Move("down")))
        here.box.faults.unreachable = True
        await here.until(lambda: not here.screen.online)
        assert here.point("position").status == "stale" and here.point("position").value == 100
        here.box.faults.unreachable = False
        here.device.restart()
        await here.until(lambda: here.point("position").status == "assumed")


async def test_a_hand_on_the_box_is_seen_and_is_nobodys_command() -> None:
    async with room() as here:
        await outcome(here.screen.submit(Move("up")))
        here.box.press_relay(2)
        await here.until(lambda: here.point("moving").value == "down")
        assert here.point("moving").cause == "" and here.point("position").value is None
        here.box.press_relay(2)
        await here.until(lambda: here.point("moving").value == "stopped")


async def test_a_relay_still_closed_from_before_is_opened_first() -> None:
    async with room() as here:
        here.box.press_relay(1)  # as a gateway that was killed might have left it
        assert (await outcome(here.screen.submit(Move("down")))).good
        assert here.box.screen.position == 100 and not any(here.box.contacts.values())


async def test_a_gateway_that_leaves_opens_what_it_closed() -> None:
    async with room() as here:
        here.screen.submit(Move("down"))
        await here.runs("down")
        here.screen.close()
        await here.runs(None)
        assert not here.box.contacts["1:2"]


async def test_stop_reaches_the_box_that_is_there() -> None:
    kind: Any = simulators.find("global_cache")
    far = kind()
    async with room() as here, far.serving("tcp") as link, run_device(GlobalCache, link) as (other, watcher):
        await watcher.until(lambda: other.online)
        roles = {"up": (other, "1:1"), "down": (here.device, "1:2")}
        screen = Composite("screen.right", MotionSpec("hold", TRAVEL, TRAVEL), roles, clock=LoopClock())
        screen.submit(Move("down"))
        await here.box.until(lambda: here.box.contacts["1:2"])
        far.faults.unreachable = True
        await watcher.until(lambda: not other.online)
        assert (await outcome(screen.submit(Move("up")))).result is Result.OFFLINE
        assert (await outcome(screen.submit(Stop()))).good
        assert not here.box.contacts["1:2"]
        screen.close()


async def test_the_box_is_told_why() -> None:
    async with room() as here:
        down = here.screen.submit(Move("down"))
        await here.box.until(lambda: here.box.contacts["1:2"])
        assert {ticket.cause for ticket in here.device.unit("1:2").flight.values()} == {down.id}
        assert here.screen.unit("").flight == {down.id: down}


async def test_what_it_does_not_offer() -> None:
    async with room() as here:
        refused = here.screen.submit(SetPower(True)).outcome
        assert refused is not None and refused.result is Result.REFUSED
