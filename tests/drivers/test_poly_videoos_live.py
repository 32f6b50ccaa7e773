"""The VideoOS driver under its real supervisor against the simulated codec: sessions and bad days."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.polycom.videoos import PolyVideoos as Driver
from gateway.commands import Answer, Dial, HangUp, ListBookings, Search, SetMicMute, SetVolume
from gateway.device import Device
from gateway.model import Reason, Result
from simulators.poly_videoos import PolyVideoos
from tests.drivers.contract import Watcher, run_device, value

QUICK: dict[str, Any] = {"password": "right", "poll": 0.2, "quick": 0.05, "dialling": 0.02}


@contextlib.asynccontextmanager
async def codec(given: dict[str, Any] | None = None, **sim: Any) -> AsyncIterator[tuple[PolyVideoos, Device, Watcher]]:
    """A simulated codec, and a device that is online with it."""
    simulator = PolyVideoos(**{"speed": 20, "password": "right", "no_answer_seconds": 3000, **sim})
    async with (
        simulator.serving() as address,
        run_device(Driver, address, {**QUICK, **(given or {})}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        yield simulator, device, watcher


async def confirmed(device: Device, command: Any) -> None:
    outcome = await device.submit(command).ended(20)
    assert outcome is not None and outcome.result is Result.CONFIRMED, f"{outcome}"


@pytest.mark.parametrize("version", ["3.12.0", "4.0.0", "4.6.2"])
async def test_every_version(version: str) -> None:
    async with codec(version=version) as (sim, device, _):
        await confirmed(device, SetVolume(70))
        assert (value(device, "firmware"), sim.checks_xsrf) == (version, version == "4.6.2")


async def test_firmware_that_leaves_out_what_it_can() -> None:
    async with codec(lean=True, content_word="bare") as (_, device, _):
        await confirmed(device, SetVolume(70))
        assert (value(device, "model"), value(device, "sharing")) == (None, "off")


@pytest.mark.parametrize("stale_status", [403, 401])
async def test_a_stale_session_is_made_anew_once(stale_status: int) -> None:
    # One look in a minute, so that it is the commands that find the session gone.
    async with codec({"poll": 60.0}, stale_status=stale_status) as (sim, device, _):
        sim.expire_sessions()
        await asyncio.gather(confirmed(device, SetVolume(70)), confirmed(device, SetMicMute(True)))
        assert (sim.log_ins, sim.open_sessions, sim.most_sessions) == (2, 1, 1)


@pytest.mark.parametrize(
    "bad_day",
    [
        {"version": "3.12.0", "xsrf": "on"},
        {"version": "4.6.2", "xsrf": "off"},
        {"session_path": "current"},
        {"session_path": "session"},
        {"lists_ringing": True},
        {"lists_ringing": False},
    ],
    ids=str,
)
async def test_an_incoming_call_on_a_bad_day(bad_day: dict[str, Any]) -> None:
    async with codec(**bad_day) as (sim, device, watcher):
        sim.incoming_call()
        await watcher.until(lambda: [one.state for one in value(device, "calls")] == ["ringing"])
        await confirmed(device, Answer())
        await watcher.until(lambda: [one.state for one in value(device, "calls")] == ["connected"])
        assert [one.direction for one in value(device, "calls")] == ["in"]
        sim.touch_hang_up()
        await watcher.until(lambda: value(device, "calls") == ())
        assert (sim.failed_log_ins, sim.most_sessions) == (0, 1)


async def test_sessions_never_pile_up() -> None:
    """At rest each look has a session of its own here, and not one is left."""
    async with codec({"idle": 0.0}) as (sim, device, _):
        await sim.until(lambda: sim.log_ins >= 4)
        await confirmed(device, SetVolume(70))
        assert sim.most_sessions == 1


async def test_leaving_logs_out() -> None:
    simulator = PolyVideoos(speed=20, password="right")
    async with simulator.serving() as address:
        async with run_device(Driver, address, QUICK) as (device, watcher):
            await watcher.until(lambda: device.online)
            assert simulator.open_sessions == 1
        assert simulator.open_sessions == 0


async def test_too_many_sessions_is_said_in_the_codecs_words() -> None:
    simulator = PolyVideoos(speed=20, password="right", max_sessions=2)
    async with simulator.serving() as address:
        simulator.others_log_in(2)
        async with run_device(Driver, address, QUICK) as (device, watcher):
            await watcher.until(lambda: device.reason is not None)
            assert (device.reason, device.words) == (
                Reason.LOGIN_REFUSED,
                "Maximum number of active sessions reached",
            )


async def test_a_unit_that_locks_up_on_old_sessions_stays_well_and_one_that_has_is_away() -> None:
    async with codec({"idle": 0.0}, lock_up_seconds=30.0) as (sim, device, watcher):
        await sim.until(lambda: sim.log_ins >= 5)
        assert device.online and not sim.locked_up
        sim.locked_up = True
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.PROTOCOL_ERROR
        await sim.reboot()
        device.restart()
        await watcher.until(lambda: device.online)


async def test_a_large_directory_is_read_page_by_page_and_a_mute_comes_between() -> None:
    async with codec({"page": 500, "poll": 60.0}, directory_size=10_000) as (sim, device, _):
        rows = 0
        directory = sim._resources.directory
        async for _ in device.read(Search("")):
            rows += 1
            if rows == 750:
                assert directory.read == 1000  # not a page more than was asked for
                await confirmed(device, SetMicMute(True))
                assert directory.read == 1000
        assert rows == 10_000
        await sim.until(lambda: not directory.queries)


async def test_bookings_from_now_on() -> None:
    async with codec() as (_, device, _):
        rows = [row async for row in device.read(ListBookings(1))]
        assert [row["id"] for row in rows] == ["m0", "m1", "m2", "m3", "m4"]
        assert rows[2]["title"] == "" and rows[0]["title"] == "Meeting 0"


async def test_a_session_that_dies_in_the_middle_of_a_call() -> None:
    async with codec() as (sim, device, watcher):
        await confirmed(device, Dial("bob@example.com"))
        await watcher.until(lambda: [one.state for one in value(device, "calls")] == ["connected"])
        sim.expire_sessions()
        await confirmed(device, HangUp())
        assert value(device, "calls") == () and device.online
