"""The Draper driver against its simulator: turning round where a tap stops a motor; the controller's small buffer."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

import simulators
from drivers.draper import Draper
from gateway.commands import Move
from tests.drivers.contract import run_device, value
from tests.drivers.test_draper import CLOSE, GOOD, OPEN, STOP, WIRE


@pytest.mark.parametrize("link", ["serial", "tcp"])
async def test_a_reversal_ends_at_the_other_end(link: str) -> None:
    sim = simulators.find("draper")(speed=10, travel_seconds=20.0, reference="top")
    given = {"reference": "top", "poll": 0.5, "quick": 0.1}
    async with sim.serving(link) as address, run_device(Draper, address, given) as (device, watcher):
        await watcher.until(lambda: device.online, within=10)
        motor = sim.motor["01"]
        assert (down := await device.submit(Move("down"), "1").ended(5)) and down.result == "confirmed"
        await sim.until(lambda: motor.position > 20)
        assert (up := await device.submit(Move("up"), "1").ended(5)) and up.result == "confirmed"
        await sim.until(lambda: motor.moving is None and motor.position == 0, 8)
        await watcher.until(lambda: value(device, "position", "1") == 0)
        assert motor.runs == 2  # once each way: nothing was tapped twice


@pytest.mark.parametrize(("taps_stop", "moving"), [(True, None), (False, "up")])
async def test_a_second_tap_stops_a_motor_that_runs(taps_stop: bool, moving: str | None) -> None:
    """What the driver must not do; a controller on other motors may turn round."""
    sim = simulators.find("draper")(speed=10, taps_stop=taps_stop)
    async with asyncio.timeout(10), sim.serving("tcp") as address:
        where = urlsplit(address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(OPEN)
        assert await reader.readexactly(2) == GOOD
        while sim.motor["01"].position < 5:
            writer.write(WIRE["where is channel 1"])
            await reader.readexactly(7)
        writer.write(CLOSE)
        assert await reader.readexactly(2) == GOOD
        assert sim.motor["01"].moving == moving and sim.motor["01"].position > 0
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("dialect", ["draper", "vutec"])
async def test_the_buffer_says_when_it_is_half_full_empty_and_lost(dialect: Any) -> None:
    sim = simulators.find("draper")(dialect=dialect, speed=10, command_seconds=0.5)
    lost = WIRE["buffer overflowed and all data was purged, then X-on"]
    async with asyncio.timeout(10), sim.serving("tcp") as address:
        where = urlsplit(address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        good = WIRE["vutec: good"] if dialect == "vutec" else GOOD
        writer.write(STOP * 14)  # 84 bytes, of which one command is taken at once
        told = await reader.readuntil(b"\x13")
        assert told == good + b"\x13"
        rest = await reader.readuntil(b"\x11")
        assert rest.replace(b"\r", b"") == good * 13 + b"\x11"  # nothing is lost where the sender waits
        writer.write(b"x" * 121)
        assert (await reader.readuntil(b"\x11")).replace(b"\r", b"") == lost
        writer.close()
        await writer.wait_closed()


async def test_a_press_after_a_hand_at_the_wall_keeps_the_motor_running() -> None:
    """Less than a poll before; both as they come: 0 % is at the bottom."""
    sim = simulators.find("draper")(speed=10, travel_seconds=40.0)
    async with (
        sim.serving("tcp") as address,
        run_device(Draper, address, {"poll": 60.0, "quick": 0.1}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online and value(device, "moving", "1") == "stopped", within=10)
        assert value(device, "position", "1") == 0
        before = device.unit("1").points["moving"].since
        sim.wall_switch(1, "down")
        await sim.until(lambda: sim.motor["01"].position > 5)
        assert device.unit("1").points["moving"].since == before  # nobody has looked since
        down = await device.submit(Move("down"), "1").ended(5)
        assert down is not None and down.result == "confirmed"
        await sim.until(lambda: sim.motor["01"].moving is None, 8)
        assert sim.motor["01"].position == 100 and sim.motor["01"].runs == 1
