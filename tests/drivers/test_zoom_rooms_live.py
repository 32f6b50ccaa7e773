"""The Zoom Rooms driver under its supervisor, against the simulator: one call, and a controller that interferes."""

from __future__ import annotations

from typing import Literal

import pytest

from drivers.zoom.rooms import ZoomRooms
from gateway.commands import Answer, HangUp, SetVolume
from simulators.zoom_rooms import ZoomRooms as Simulated
from tests.drivers.contract import run_device, value

SETTINGS = {"password": "right", "poll": 0.3, "reconnect": 0.1}


async def test_answer_and_hang_up_against_the_simulator() -> None:
    sim = Simulated(speed=20, password="right")
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.incoming_call()
        await watcher.until(lambda: bool(value(device, "calls")))
        outcome = await device.submit(Answer()).ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        await watcher.until(lambda: [call.state for call in value(device, "calls")] == ["connected"])
        outcome = await device.submit(HangUp()).ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        assert sim.status == "NOT_IN_MEETING" and value(device, "calls") == ()


@pytest.mark.parametrize("pipe_as", ["line", "json"])
async def test_a_controller_takes_the_room_and_a_command_takes_it_back(pipe_as: Literal["line", "json"]) -> None:
    sim = Simulated(speed=20, password="right", pipe_as=pipe_as)
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online and value(device, "volume") == 50)
        sim.controller_logs_in()
        await watcher.until(lambda: value(device, "volume") is None)
        outcome = await device.submit(SetVolume(33)).ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        assert sim.volume == 33 and sim.not_done >= 1
        await watcher.until(lambda: value(device, "calls") == ())
