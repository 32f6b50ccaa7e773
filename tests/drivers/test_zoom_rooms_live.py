"""The Zoom Rooms driver under its supervisor, against the simulator: calls of both kinds, and who interferes."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import asyncssh
import pytest

from drivers.zoom.rooms import ZoomRooms
from gateway.commands import Answer, Dial, HangUp, Join, ListBookings, SetVolume
from gateway.model import Reason
from simulators.zoom_rooms import ZoomRooms as Simulated
from tests.drivers.contract import Watcher, run_device, value
from tests.drivers.test_call_story import FAMILIES, stage
from tests.drivers.test_zoom_rooms import NUMBER, PHONE, phone

SETTINGS = {"password": "right", "poll": 0.3, "reconnect": 0.1}


def states(watcher: Watcher) -> list[tuple[str, str]]:
    return [(call.id, call.state) for call in value(watcher.device, "calls") or ()]


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


async def test_a_hang_up_with_a_controller_in_the_room_ends_the_telephone_call_too() -> None:
    sim = Simulated(speed=20, password="right")
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        await phone(sim)
        await watcher.until(lambda: states(watcher) == [("phone-1", "connected")])
        sim.controller_logs_in()
        await watcher.until(lambda: value(device, "calls") is None)
        outcome = await device.submit(HangUp()).ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        assert sim.phones == {} and value(device, "calls") == ()


async def test_a_room_that_tells_nothing_of_its_telephone_calls_is_asked() -> None:
    sim = Simulated(speed=20, password="right", phone_events=False)
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Dial(PHONE)).ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        await watcher.until(lambda: states(watcher) == [("phone-1", "connected")])
        sim.phone_hangs_up()
        await watcher.until(lambda: states(watcher) == [])  # no ghost stays


async def test_a_telephone_call_outlives_the_link() -> None:
    sim = Simulated(speed=20, password="right")
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        await phone(sim)
        await watcher.until(lambda: states(watcher) == [("phone-1", "connected")])
        sim.faults.drop()
        await watcher.until(lambda: not device.online)
        device.restart()
        await watcher.until(lambda: device.online and states(watcher) == [("phone-1", "connected")])


async def test_events_that_silently_stop_are_made_up_for() -> None:
    sim = Simulated(speed=20, password="right")
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.events = False
        sim.touch_volume(12)
        sim.touch_join(NUMBER)
        await watcher.until(lambda: value(device, "volume") == 12 and states(watcher) == [("meeting", "connected")])
        await watcher.until(lambda: value(device, "participants") == 2)
        sim.far_end_hangs_up()
        await watcher.until(lambda: states(watcher) == [] and value(device, "participants") == 0)


async def test_events_between_question_and_answer_confuse_nobody() -> None:
    sim = Simulated(speed=20, password="right", chatter=True)
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        for command in (SetVolume(33), Dial(NUMBER), HangUp(), Dial(PHONE), HangUp()):
            outcome = await device.submit(command).ended(10)
            assert outcome is not None and outcome.result == "confirmed", (command, outcome)
        assert [one["title"] async for one in device.read(ListBookings())] == ["Evening Mtg"]


async def test_a_meeting_with_a_passcode_and_a_slow_set_up() -> None:
    sim = Simulated(speed=20, password="right", passcode="4711", answer_seconds=20)
    async with sim.serving("ssh") as address, run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Join("zoom", NUMBER)).ended(10)
        assert outcome is not None and outcome.words == "the meeting wants a passcode"
        outcome = await device.submit(Join("zoom", NUMBER, passcode="1")).ended(10)
        assert outcome is not None and outcome.words == "the passcode is wrong"
        outcome = await device.submit(Join("zoom", NUMBER, passcode="4711")).ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        assert states(watcher) == [("meeting", "connecting")] and sim.status == "CONNECTING_MEETING"
        await watcher.until(lambda: states(watcher) == [("meeting", "connected")])


async def test_another_control_system_has_the_one_session() -> None:
    sim = Simulated(speed=20, password="right")
    async with sim.serving("ssh") as address:
        where = urlsplit(address)
        login = {"username": "zoom", "password": "right", "known_hosts": None, "client_keys": None}
        async with (
            asyncssh.connect(where.hostname or "", where.port or 0, **login) as other,
            other.create_process(),
        ):
            await sim.until(lambda: sim.terminal is not None)
            async with run_device(ZoomRooms, address, SETTINGS) as (device, watcher):
                await watcher.until(lambda: device.reason is Reason.CONNECTION_REFUSED)
                other.close()
                await sim.until(lambda: sim.terminal is None)
                device.restart()
                await watcher.until(lambda: device.online)


async def test_a_telephone_calls_end_is_in_the_history_with_its_reason() -> None:
    (family,) = [family for family in FAMILIES if family.driver == "zoom_rooms"]
    async with stage(family) as story:
        await story.do(Dial(PHONE))
        await story.until(lambda: any(call.state == "connected" for call in story.calls()))
        await story.hand("phone_hangs_up")
        await story.tells("calling", "connected", "call ended")
        (written,) = await story.room.journal.history("story", kinds=("call",))
        assert written.data["outcome"] == "completed"
        assert written.data["call"]["reason"] == "the far end hung up"
