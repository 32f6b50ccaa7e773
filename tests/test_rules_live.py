"""The rules of a room over simulated equipment: the hand at the wall switch is a real one, told by polls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import simulators
from gateway.clock import LoopClock
from gateway.commands import SetPower
from gateway.house import House, links_over
from gateway.journal import Journal
from gateway.plugins import load_drivers
from gateway.profile.site import read
from gateway.room import Room
from tests.drivers.contract import Watcher, value

ROOM = """
name = "Room"
[devices.projector]
driver = "pjlink"
link = "tcp://10.9.9.2"
poll = 0.2
quick = 0.1
[devices.screens]
driver = "draper"
link = "tcp://10.9.9.3:4999"
poll = 0.3
quick = 0.1
[devices.side]
driver = "pjlink"
link = "tcp://10.9.9.4"
poll = 0.2
quick = 0.1
[parts.display.side]
unit = "side"
[parts.display.main]
unit = "projector"
screen = "front"
[parts]
screen.front = "screens/1"
[rules.screen]
kind = "screens"
"""


BY_RELAYS = (
    ROOM.replace('driver = "draper"', 'driver = "global_cache"')
    .replace("quick = 0.1\n[devices.side]", "[devices.side]")
    .replace(
        'screen.front = "screens/1"',
        'screen.front = { wiring = "hold", up = "screens/1:1", down = "screens/1:2", '
        "seconds_up = 2, seconds_down = 2 }",
    )
)


@contextlib.asynccontextmanager
async def room_of(folder: Path, profile: str = ROOM, **sims: Any) -> AsyncIterator[tuple[Room, House]]:
    """The room, online, with simulators behind its devices."""
    (folder / "room.toml").write_text(profile, encoding="utf-8")
    site = read(folder / "room.toml", load_drivers()).site
    async with contextlib.AsyncExitStack() as ends:
        links = {f"room/{name}": await ends.enter_async_context(sim.serving("tcp")) for name, sim in sims.items()}
        clock = LoopClock()
        journal = Journal(None, clock=clock)
        journal.open()
        ends.push_async_callback(journal.close)
        house = House(links_over(site, links), journal, clock)
        running = asyncio.create_task(house.run())
        try:
            for name in sims:
                device = house.devices[f"room/{name}"]
                await Watcher(device).until(lambda held=device: held.online, 10)  # type: ignore[misc]
            yield house.rooms["room"], house
        finally:
            await house.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_the_wall_switch_wins_until_the_room_is_off(tmp_path: Path) -> None:
    projector, side = (simulators.find("pjlink")(speed=100, idle_seconds=0) for _ in range(2))
    screens = simulators.find("draper")(speed=20, travel_seconds=20.0)
    async with room_of(tmp_path, projector=projector, side=side, screens=screens) as (room, house):
        watcher = Watcher(house.devices["room/screens"])
        screen = screens.motor["01"]

        async def power(on: bool, part: str) -> None:
            outcome = await room.submit(SetPower(on), part, cause="panel").ended(10)
            assert outcome is not None and outcome.good, outcome

        async def stands(place: float) -> None:
            await screens.until(lambda: screen.moving is None and screen.position == place, 8)
            told = lambda: value(house.devices["room/screens"], "moving", "1") == "stopped"  # noqa: E731
            await watcher.until(told, 8)

        await power(True, "display.side")  # another display keeps the room on
        await power(True, "display.main")
        await stands(100)  # the rule
        screens.wall_switch(1, "up")
        await stands(0)
        runs = screen.runs
        for on in (False, True, False):  # the projector goes off and on: the screen is in somebody's hands
            await power(on, "display.main")
        assert screen.runs == runs and screen.position == 0
        await power(True, "display.main")
        await power(False, "")  # the room goes off: nobody has it in hand any more
        for device in (house.devices["room/projector"], house.devices["room/side"]):
            await Watcher(device).until(lambda held=device: value(held, "power") == "off", 10)  # type: ignore[misc]
        await power(True, "display.main")
        await stands(100)
        assert screen.runs == runs + 1


async def test_a_stop_at_the_wall_is_a_hand(tmp_path: Path) -> None:
    """The rule lowers the screen, somebody stops it half way: there it stays when the projector goes off."""
    projector, side = (simulators.find("pjlink")(speed=100, idle_seconds=0) for _ in range(2))
    screens = simulators.find("draper")(speed=20, travel_seconds=20.0)
    async with room_of(tmp_path, projector=projector, side=side, screens=screens) as (room, house):
        watcher, screen = Watcher(house.devices["room/screens"]), screens.motor["01"]
        for part in ("display.side", "display.main"):
            assert (outcome := await room.submit(SetPower(True), part, cause="panel").ended(10)) and outcome.good
        await screens.until(lambda: screen.moving == "down" and screen.position > 30, 8)
        screens.wall_switch(1, "stop")
        told = lambda: value(house.devices["room/screens"], "moving", "1") == "stopped"  # noqa: E731
        await watcher.until(told, 8)
        runs, stands = screen.runs, screen.position
        assert (outcome := await room.submit(SetPower(False), "display.main", cause="panel").ended(10)) and outcome.good
        gone = Watcher(house.devices["room/projector"])
        await gone.until(lambda: value(house.devices["room/projector"], "power") == "off", 10)
        assert "screen.front" in room.watcher.rules.held  # type: ignore[union-attr]
        assert (screen.runs, screen.position) == (runs, stands)


async def test_a_relay_that_somebody_opens_is_a_hand(tmp_path: Path) -> None:
    """The same with a motor whose travel the room counts: the box tells that its contact is open."""
    projector, side = (simulators.find("pjlink")(speed=100, idle_seconds=0) for _ in range(2))
    screens = simulators.find("global_cache")(relays=3, wiring="hold", up_relay=1, down_relay=2, travel_seconds=2.0)
    async with room_of(tmp_path, BY_RELAYS, projector=projector, side=side, screens=screens) as (room, house):
        rules, box = room.watcher.rules, screens.contacts  # type: ignore[union-attr]
        for part in ("display.side", "display.main"):
            assert (outcome := await room.submit(SetPower(True), part, cause="panel").ended(10)) and outcome.good
        await screens.until(lambda: box["1:2"], 8)
        watcher = Watcher(house.devices["room/screens"])
        await watcher.until(lambda: value(house.devices["room/screens"], "closed", "1:2") is True, 8)
        screens.press_relay(2)
        await watcher.until(lambda: value(house.devices["room/screens"], "closed", "1:2") is False, 8)
        assert (outcome := await room.submit(SetPower(False), "display.main", cause="panel").ended(10)) and outcome.good
        assert "screen.front" in rules.held and not box["1:1"] and not box["1:2"]
