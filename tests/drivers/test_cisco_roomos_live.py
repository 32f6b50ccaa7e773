"""The Cisco driver under its real supervisor against the simulated codec: both log-ins, both shells, bad days."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from drivers.cisco import CiscoRoomos
from gateway.commands import Answer, Dial, HangUp, Join, MoveCamera, Search, SetMicMute, SetVolume
from gateway.device import Device
from gateway.model import Call, Reading, Reason, Result
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
    async with codec(every_way) as (sim, device, watcher):
        await watcher.until(lambda: value(device, "name") is not None)
        points = {name: reading.value for name, reading in device.unit("").points.items()}
        assert points == {
            "power": "on",
            "volume": 50,
            "muted": False,
            "mic_muted": False,
            "video_muted": False,
            "camera": "1",
            "self_view": False,
            "layout": "Grid",
            "sharing": "off",
            "share_source": "",
            "do_not_disturb": False,
            "auto_answer": False,
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


async def test_every_connection_registers_anew(way: tuple[str, dict[str, Any]]) -> None:
    """A registration ends with its connection: what is pushed after a lost link was asked for again."""
    async with codec(way) as (sim, device, watcher):
        for level in (12, 34):
            sim.faults.drop()
            await watcher.until(lambda: not device.online)
            device.restart()  # no need to wait for the next try
            await watcher.until(lambda: device.online)
            sim.touch_volume(level)
            await watcher.until(lambda level=level: value(device, "volume") == level)  # type: ignore[misc]


async def test_lost_feedback_is_found_out_by_the_slow_timer(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way) as (sim, device, watcher):
        sim.forget_feedback()
        sim.touch_volume(12)
        link = device.connection
        assert link is not None
        link.ask("due", link.driver.due, "verify")  # as the clock does after `verify` seconds
        await watcher.until(lambda: value(device, "volume") == 12)
        await sim.until(lambda: any(len(listener.registered) >= 7 for listener in sim.listeners))
        sim.touch_volume(34)
        await watcher.until(lambda: value(device, "volume") == 34)


async def test_a_codec_that_is_still_starting_comes_when_it_is_ready() -> None:
    sim = CiscoRoomOS(speed=20, password="x", ready=False)
    async with (
        sim.serving("ws") as address,
        run_device(CiscoRoomos, address, {"password": "x"}, timing={"gap": 0.0}) as (device, watcher),
    ):
        await watcher.until(lambda: device.reason is not None)
        assert (device.reason, device.words) == (Reason.NO_RESPONSE, "the codec is still starting")
        sim.ready = True
        device.restart()
        await watcher.until(lambda: device.online)


async def test_a_slow_call_shows_how_far_it_is(way: tuple[str, dict[str, Any]]) -> None:
    states: list[str] = []

    class Ear(Watcher):
        def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None:
            found = [call.state for call in points["calls"].value or ()] if "calls" in points else []
            states.extend(state for state in found if states[-1:] != [state])
            super().changed(player, unit, points)

    async with codec(way) as (sim, device, _):
        sim.dial_seconds, sim.answer_seconds = 4.0, 4.0
        ear = Ear(device)
        assert (await device.submit(Dial("bob@example.com")).ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        await ear.until(lambda: "connected" in states)
        assert states == ["dialling", "ringing", "connected"]


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


async def test_a_long_directory_delays_nobody_by_more_than_a_page(way: tuple[str, dict[str, Any]]) -> None:
    page = 250
    async with codec(way, page=page) as (sim, device, watcher):
        sim.fill_directory(10_000)
        sim.incoming_call()
        await watcher.until(lambda: bool(value(device, "calls")))
        count, after = 0, []
        tickets = []
        async for row in device.read(Search("")):
            assert row["address"] == f"p{count:05}@example.com"
            count += 1
            if count == 1000:
                asked = device.connection.driver.numbers  # type: ignore[union-attr]
                tickets = [device.submit(SetMicMute(True)), device.submit(HangUp())]
            if count > 1000 and all(ticket.sent_at is not None for ticket in tickets):
                after.append(count)
        assert count == 10_000
        assert after[0] <= 1000 + page  # on the wire within the page that was being read
        assert asked < 1000 // page + 40  # pages come as they are read, not all at once
        for ticket in tickets:
            assert (await ticket.ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        assert sim.mics_muted


async def test_a_codec_without_a_session_left_says_so(way: tuple[str, dict[str, Any]]) -> None:
    sim = CiscoRoomOS(password="x", max_sessions=0)
    async with (
        sim.serving(way[0]) as address,
        run_device(CiscoRoomos, address, {"password": "x"}) as (device, watcher),
    ):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.CONNECTION_REFUSED
        assert ("sessions" if way[0] == "ssh" else "takes no WebSocket at the moment") in device.words


async def test_the_codec_shows_us_as_its_control_system(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way, peripheral="RoomGate", peripheral_id="us") as (sim, _, _watcher):
        await sim.until(lambda: sim.peripheral("us") is not None)
        ours = sim.peripheral("us")
        assert ours is not None
        assert (ours.name, ours.type, ours.status) == ("RoomGate", "ControlSystem", "Connected")


async def test_an_older_codec_offers_what_it_has(way: tuple[str, dict[str, Any]]) -> None:
    sim = CiscoRoomOS(speed=20, password="x", software_version="ce9.14.7.1")
    async with (
        sim.serving(way[0]) as address,
        run_device(CiscoRoomos, address, {"password": "x"}, timing={"gap": 0.0}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert list(device.unit("").choices["service"]) == ["webex"]
        assert "auto" in device.unit("").choices["layout"]
        outcome = await device.submit(Join("webex", "123")).ended(5)
        assert outcome is not None
        assert (outcome.result, outcome.words[:15]) == (
            (Result.REFUSED, "Unknown command") if way[0] == "ssh" else (Result.REFUSED, "Method not foun")
        )
        assert Join not in (device.unit("").offers or ())


async def test_why_a_call_ended_is_told_with_its_end(way: tuple[str, dict[str, Any]]) -> None:
    told: list[tuple[str, str]] = []

    class Ear(Watcher):
        def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None:
            if "calls" in points:
                told.extend((call.state, call.reason) for call in points["calls"].value or ())

    async with codec(way) as (sim, device, watcher):
        Ear(device)
        await sim.until(lambda: any(len(listener.registered) >= 7 for listener in sim.listeners))
        await device.submit(Dial("busy@example.com")).ended(5)
        await watcher.until(lambda: bool(told) and value(device, "calls") == ())
        assert told[-1] == ("ended", "RemoteBusy")


async def test_a_hang_up_jumps_any_queue(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way) as (sim, device, watcher):
        sim.incoming_call()
        await watcher.until(lambda: bool(value(device, "calls")))
        sim.faults.slow = 50
        others = [device.submit(Search(str(number))) for number in range(100)]
        hang_up = device.submit(HangUp())
        assert hang_up.sent_at is not None
        assert sum(ticket.sent_at is None for ticket in others) > 90
        assert (await hang_up.ended(5)).result is Result.CONFIRMED  # type: ignore[union-attr]
        assert any(ticket.outcome is None for ticket in others)


async def test_a_cameras_stop_waits_for_nobody(way: tuple[str, dict[str, Any]]) -> None:
    async with codec(way) as (sim, device, _):
        slow = [device.submit(SetVolume(level)) for level in range(1, 30)]
        await device.submit(MoveCamera("left")).ended(5)
        sim.faults.slow = 50
        others = [device.submit(Search(str(number))) for number in range(12)]
        stop = device.submit(MoveCamera("stop"))
        assert stop.sent_at is not None
        assert any(ticket.sent_at is None for ticket in others)
        assert (await stop.ended(5)).result is Result.ASSUMED  # type: ignore[union-attr]
        assert not any(sim.cameras[1].going.values())
        assert slow[-1].outcome is not None
