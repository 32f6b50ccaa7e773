"""The Cisco driver under its real supervisor against the simulated codec: both log-ins, both shells, bad days."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.cisco import CiscoRoomos
from gateway.commands import Answer, Dial, HangUp, Search, SetVolume
from gateway.device import Device
from gateway.model import Call, Result
from simulators.cisco_roomos import CiscoRoomOS
from tests.drivers.contract import Watcher, run_device, value

WAYS = [
    ("ws", {"login": "subprotocol"}),
    ("ws", {"login": "basic"}),
    ("ssh", {"pty": False}),
    ("ssh", {"pty": True}),
]


@pytest.fixture(params=["ws", "ssh"])
def way(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, {}


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{next(iter(way[1].values()))}")
def every_way(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    found: tuple[str, dict[str, Any]] = request.param
    return found


@contextlib.asynccontextmanager
async def codec(way: tuple[str, dict[str, Any]], **more: Any) -> AsyncIterator[tuple[CiscoRoomOS, Device, Watcher]]:
    """A simulated codec, and a device that is online with it; without the pause between sends, for the tests' sake."""
    link, settings = way
    settings = {"password": "pa/ss+1", **settings, **more}
    sim = CiscoRoomOS(speed=20, password="pa/ss+1")
    async with (
        sim.serving(link) as address,
        run_device(CiscoRoomos, address, settings, timing={"gap": 0.0}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        yield sim, device, watcher


async def test_the_first_words_are_true(every_way: tuple[str, dict[str, Any]]) -> None:
    async with codec(every_way) as (sim, device, _):
        points = {name: reading.value for name, reading in device.unit("").points.items()}
        assert points == {
            "power": "on",
            "volume": 50,
            "muted": False,
            "mic_muted": False,
            "video_muted": False,
            "calls": (),
            "name": sim.system_name,
            "model": sim.product_id,
            "serial": sim.serial_number,
            "firmware": sim.software_version,
        }


async def test_a_call_from_ringing_to_its_end(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way) as (sim, device, watcher):

        def calls() -> tuple[Call, ...]:
            return value(device, "calls") or ()

        sim.incoming_call("alice@example.com", "Alice")
        await watcher.until(lambda: any(call.state == "ringing" and not call.answered for call in calls()))
        assert (await device.submit(Answer()).ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        await watcher.until(lambda: [(call.name, call.state) for call in calls()] == [("Alice", "connected")])
        assert (await device.submit(Dial("bob@example.com")).ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        assert {call.direction for call in calls()} == {"in", "out"}
        assert (await device.submit(HangUp()).ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        assert calls() == ()
        assert not sim.calls


async def test_feedback_that_was_lost_is_found_out_by_the_next_command(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way) as (sim, device, watcher):
        sim.forget_feedback()
        ticket = device.submit(SetVolume(33))
        assert (await ticket.ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        await sim.until(lambda: any(len(listener.registered) >= 5 for listener in sim.listeners))
        sim.touch_volume(12)
        await watcher.until(lambda: value(device, "volume") == 12)


async def test_calls_come_back_to_the_truth_after_a_reboot(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way) as (sim, device, watcher):
        sim.incoming_call()
        await watcher.until(lambda: bool(value(device, "calls")))
        await sim.reboot()
        await watcher.until(lambda: not device.online)
        device.restart()  # no need to wait for the next try
        await watcher.until(lambda: device.online and value(device, "calls") == ())


async def test_a_directory_is_read_to_its_end(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way, page=25) as (sim, device, _):
        names = [row["name"] async for row in device.read(Search(""))]
        assert len(names) == len(set(names)) == 60
        assert set(names) <= {contact["name"] for contact in sim.contacts}


async def test_a_codec_that_takes_no_more_subscribers_is_read_every_few_seconds() -> None:
    sim = CiscoRoomOS(speed=20, password="x", max_subscriptions=0)
    async with (
        sim.serving("ws") as address,
        run_device(CiscoRoomos, address, {"password": "x", "poll": 1}, timing={"gap": 0.0}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        sim.touch_volume(12)
        await watcher.until(lambda: value(device, "volume") == 12)
