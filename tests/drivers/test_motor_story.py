"""One story of motors, told by every screen and shade driver and by every wiring of relays, over real sockets.

The simulator's motor is the witness: it knows where it truly is. What a family cannot do stands in CANNOT, which
docs/equipment/motors.md prints.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import simulators
from gateway.clock import LoopClock
from gateway.commands import Command, Move, SetRelay, Stop
from gateway.house import House
from gateway.journal import Journal
from gateway.link import Address, Trust
from gateway.model import KINDS, Outcome, Reading, Result
from gateway.plugins import load_drivers
from gateway.room import Room
from gateway.spec import DeviceSpec, PartSpec, RoomSpec, SiteSpec, Target
from gateway.ticket import Ticket
from tests.drivers.contract import Watcher
from tests.drivers.motor_families import CANNOT, FAMILIES, Family, Wires

DOC = Path(__file__).parents[2] / "docs" / "equipment" / "motors.md"
pytestmark = pytest.mark.alone  # positions are checked against the time that a motor took
HONEST = 12.0  # percent by which a position that is told may differ from the truth


PACED = 0.03  # seconds between two commands from which a queue of 100 takes its time
QUICK = [family for family in FAMILIES if load_drivers()[family.driver].timing.gap < PACED]
SLOW = [family for family in FAMILIES if family not in QUICK]


@dataclass
class Stage:
    """A room with one screen or shade, and the motor behind it."""

    family: Family
    room: Room
    house: House
    sim: Any
    watcher: Watcher
    part: str
    asked: list[Ticket]  # all that the box was asked for, by whomever

    @property
    def motor(self) -> Any:
        return self.family.motor(self.sim)

    @property
    def device(self) -> Any:
        return self.house.devices["box"]

    def can(self, what: str) -> bool:
        return not {(self.family.driver, what), (self.family.id, what)} & CANNOT.keys()

    def lawful(self) -> None:
        """Never both contacts, never turned round without standing, never without the dead time."""
        wiring = self.family.wiring
        if self.family.box:
            assert getattr(self.sim, self.family.box).plant.wrongs == []
        elif wiring is not None:  # what the room has said to a controller, as it left
            left = sorted((one for one in self.asked if one.sent_at is not None), key=lambda one: one.sent_at or 0.0)
            for before, after in itertools.pairwise(left):
                if isinstance(after.command, Move) and after.command != before.command:
                    assert isinstance(before.command, Stop), f"{before.command} turned into {after.command}"
                    assert after.sent_at - before.sent_at >= wiring.dead_time

    def press(self, command: Command, cause: str = "panel") -> Ticket:
        return self.room.submit(command, self.part, cause=cause)

    async def ends(self, ticket: Ticket, within: float = 15.0) -> Outcome:
        outcome = await ticket.ended(within)
        assert outcome is not None, f"{ticket.command} never ended"
        return outcome

    async def truly(self, fact: Callable[[Any], object], within: float = 8.0) -> None:
        """Wait until the motor is so."""
        await self.sim.until(lambda: bool(fact(self.motor)), within)

    async def arrives(self, place: float) -> None:
        await self.truly(lambda motor: motor.moving is None and abs(motor.position - place) < 1)

    def told(self, point: str = "position") -> Reading:
        return self.room.readings(self.part)[point]

    def honest(self) -> bool:
        """What is told of the place is unknown, from before, or true."""
        reading = self.told()
        return reading.value is None or reading.stale or abs(reading.value - self.motor.position) <= HONEST

    async def stands_honestly(self) -> None:
        """It stands, and sooner or later nobody says otherwise."""
        await self.truly(lambda motor: motor.moving is None)
        await self.watcher.until(lambda: self.honest() and self.told("moving").value in (None, "stopped"), 6)


def look(sim: Any) -> None:
    """Whoever waits for a place that a motor passes looks again every 20 ms."""
    sim.after(0.02 * sim.speed, lambda: look(sim))


@contextlib.asynccontextmanager
async def stage(family: Family) -> AsyncIterator[Stage]:
    driver = load_drivers()[family.driver]
    sim: Any = simulators.find(family.driver)(**family.simulator)
    async with sim.serving(family.link) as link:
        more = {"bpup_port": sim.bpup_port} if family.driver == "bond" else {}
        settings = driver.Settings(**{**family.settings, **more})
        device = DeviceSpec("box", driver, Address.parse(link, driver.links), settings, Trust(any=True))
        if family.wiring is None:
            part = PartSpec(KINDS[family.kind], "it", "It", Target("box", family.unit))
        else:
            if family.box:
                setattr(sim, family.box, Wires(sim, family, LoopClock()))
            targets = {role: Target("box", unit) for role, unit in family.wires.items()}
            part = PartSpec(KINDS[family.kind], "it", "It", None, family.wiring, targets)
        spec = RoomSpec("story", "Story", {}, {part.id: part})
        asked: list[Ticket] = []
        clock = LoopClock()
        house = House(SiteSpec({"story": spec}, {"box": device}), Journal(None, clock=clock), clock)
        room = house.rooms["story"]
        watcher = Watcher(house.devices["box"])
        player = room.parts[part.id].player
        if player is not house.devices["box"]:
            player.listeners.append(watcher)
        box = house.devices["box"]
        submit = box.submit

        def noted(command: Command, unit: str = "", **more: Any) -> Ticket:
            asked.append(submit(command, unit, **more))
            return asked[-1]

        box.submit = noted  # type: ignore[method-assign]
        running = asyncio.create_task(house.run())
        look(sim)
        try:
            await watcher.until(lambda: house.devices["box"].online and room.parts[part.id].offers("move"), 15)
            yield Stage(family, room, house, sim, watcher, part.id, asked)
        finally:
            await house.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def down_and_stopped_half_way(family: Family) -> None:
    async with stage(family) as story:
        down = story.press(Move("down"))
        await story.truly(lambda motor: motor.position > 30)
        if not story.can("stop"):
            assert (await story.ends(story.press(Stop()))).result is Result.REFUSED
            return
        assert (await story.ends(story.press(Stop()))).good
        await story.truly(lambda motor: motor.moving is None)
        assert 30 < story.motor.position < 95
        await story.stands_honestly()
        assert (await story.ends(down)).result in (Result.SUPERSEDED, Result.ASSUMED, Result.CONFIRMED)


async def turned_round_on_its_way(family: Family) -> None:
    async with stage(family) as story:
        story.press(Move("down"))
        await story.truly(lambda motor: motor.position > 30)
        up = story.press(Move("up"))
        await story.truly(lambda motor: motor.moving == "up")
        await story.arrives(0)
        assert (await story.ends(up)).good
        await story.stands_honestly()
        story.lawful()


async def up_while_already_up(family: Family) -> None:
    async with stage(family) as story:
        await story.ends(story.press(Move("up")))
        await story.arrives(0)
        assert (await story.ends(story.press(Move("up")))).good
        assert story.motor.position == 0
        await story.stands_honestly()


async def the_link_is_lost_while_it_moves(family: Family) -> None:
    async with stage(family) as story:
        story.press(Move("down"))
        await story.truly(lambda motor: motor.position > 30)
        story.sim.faults.unreachable = True
        if story.can("notices a lost link"):
            await story.watcher.until(lambda: not story.device.online, 15)
            assert story.told().status in ("stale", "unknown", "assumed")
            assert story.told("moving").status in ("stale", "unknown", "assumed")
        story.sim.faults.unreachable = False
        story.device.restart()
        await story.watcher.until(lambda: story.device.online, 15)
        await story.truly(lambda motor: motor.moving is None)
        await story.stands_honestly()


async def two_panels_press_opposite_keys_at_once(family: Family, last: Any) -> None:
    async with stage(family) as story:
        story.press(Move("down"))
        await story.truly(lambda motor: motor.position > 30)
        await story.ends(story.press(Stop()))
        await story.truly(lambda motor: motor.moving is None)
        first = story.press(Move("down" if last == "up" else "up"), cause="panel left")
        second = story.press(Move(last), cause="panel right")
        await story.arrives(0 if last == "up" else 100)
        assert (await story.ends(second)).good
        await story.ends(first)
        await story.stands_honestly()
        story.lawful()
        assert not family.box or not any(getattr(story.sim, family.box).values())


async def two_panels_fight_over_it(family: Family) -> None:
    """Six keys in half a second, from here and from there, while it runs and while it stands."""
    async with stage(family) as story:
        story.press(Move("down"))
        await story.truly(lambda motor: motor.position > 20)
        for turn in range(6):
            last = story.press(Move("up" if turn % 2 else "down"), cause=f"panel {turn % 2}")
            await asyncio.wait([asyncio.ensure_future(last.ended(0.08))])
        await story.arrives(0)
        assert (await story.ends(last)).good
        await story.stands_honestly()
        story.lawful()


STORIES: dict[str, Callable[[Family], Awaitable[None]]] = {
    "down and stopped half way": down_and_stopped_half_way,
    "turned round on its way": turned_round_on_its_way,
    "up while already up": up_while_already_up,
    "the link is lost while it moves": the_link_is_lost_while_it_moves,
    "two panels, up last": lambda family: two_panels_press_opposite_keys_at_once(family, "up"),
    "two panels fight over it": two_panels_fight_over_it,
    "two panels, down last": lambda family: two_panels_press_opposite_keys_at_once(family, "down"),
}


@pytest.mark.parametrize("story", STORIES)
async def test_every_family_tells_the_story(story: str) -> None:
    """All families at once: motors take their time, but none of ours."""
    await side_by_side(STORIES[story], FAMILIES)


async def side_by_side(story: Callable[[Family], Awaitable[None]], families: list[Family]) -> None:
    """What went wrong is told with the family's name."""

    async def told(family: Family) -> None:
        try:
            await story(family)
        except Exception as error:
            error.add_note(f"told by {family.id}")
            raise

    ends = await asyncio.gather(*map(told, families), return_exceptions=True)
    wrong = [error for error in ends if isinstance(error, Exception)]
    if wrong:
        raise ExceptionGroup(", ".join(error.__notes__[-1] for error in wrong), wrong)


@pytest.mark.parametrize("family", QUICK, ids=lambda family: family.id)
async def test_a_stop_leaves_at_once_whatever_waits(family: Family) -> None:
    if (family.id, "stop") in CANNOT:
        return
    late: list[float] = []
    while not late or late[-1] > 0:  # a machine that has other things to do is late once, a queue always
        assert len(late) < 3, f"seconds too late: {late}"
        late.append(await stop_under_load(family.crowded))


async def test_a_stop_leaves_at_once_where_commands_are_paced() -> None:
    """Side by side: the hundred commands before the look that proves it take seconds to leave."""
    await side_by_side(test_a_stop_leaves_at_once_whatever_waits, SLOW)


async def stop_under_load(family: Family) -> float:
    """Seconds by which a Stop leaves later than it may, with 100 commands in the box's queue."""
    async with stage(family) as story:
        story.press(Move("down"))
        await story.truly(lambda motor: motor.position > 30)
        device = story.device
        relays = [relay for relay in family.relays if relay not in family.wires.values()] if family.box else []
        others = [unit for unit, held in device.units.items() if unit != family.unit and Move in (held.offers or ())]
        before = len(story.asked)
        for relay in relays:
            device.submit(SetRelay(True), relay)
        for unit in [] if relays else others:
            device.submit(Move("down"), unit)
        while len(device.waiting) < 100:  # where there are fewer motors: for some that are not there, refused in turn
            device.submit(Move("down"), f"no {len(story.asked) - before}")
        pressed = story.house.clock.now()
        ticket = story.press(Stop())
        assert len(device.waiting) >= 100 or family.box  # a wiring's Stop takes back its own
        await story.ends(ticket)
        await story.truly(lambda motor: motor.moving is None)
        assert story.motor.position < 95
        stops = [one for one in story.asked if one.urgent and one.sent_at is not None]
        assert stops and stops[0].sent_at is not None
        return stops[0].sent_at - pressed - 0.05 - device.timing.gap


def test_the_differences_are_in_the_docs() -> None:
    """docs/equipment/motors.md prints FAMILIES and CANNOT; write it with `python -m tests.drivers.test_motor_story`."""
    assert DOC.read_text(encoding="utf-8") == page()


def page() -> str:
    """Which families tell the story, and what they do otherwise."""
    drivers = load_drivers()
    told = "\n".join(
        f"| `{family.driver}` | {family.id.removeprefix(f'{family.driver}-')} | {family.turns} "
        f"| {1000 * (0.05 + drivers[family.driver].timing.gap):.0f} ms |"
        for family in {family.id: family for family in FAMILIES}.values()
    )
    rows = "\n".join(f"| `{name}` | {what} | {because} |" for (name, what), because in sorted(CANNOT.items()))
    return f"""# Motors: what every family is shown to do

Each of these tells the same story against its simulator over real sockets (`tests/drivers/test_motor_story.py`): down,
stopped half way, turned round, up while already up, the link lost while it moves (what is told of the place is unknown,
assumed, from before, or true), two panels pressing opposite keys, at once and six times in half a second (the last one
wins), and a Stop with 100 commands in the queue. It leaves within 50 ms and the pause that the device wants between two
commands: the last column is their sum.

| driver | link or wiring | who has it stand before it turns | Stop leaves within |
| --- | --- | --- | --- |
{told}

A device that tells neither place nor motion (`dalite_scb`, `xy_screens`) is wired as `motor` in the profile, so that
the room models its travel ([motors.md](../motors.md)). As a plain `unit` it would be said to move, assumed, until it is
told to stop.

| family | what it does otherwise | because |
| --- | --- | --- |
{rows}
"""


if __name__ == "__main__":
    DOC.write_text(page(), encoding="utf-8")
