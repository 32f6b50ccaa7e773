"""The Polycom command line driver on its simulator's bad days: set-up, sleep, lost feedback, accents, two calls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

import simulators
from drivers.polycom.cli import PolyCli
from gateway.commands import Dial, HangUp, SetMicMute, SetVolume
from tests.drivers.contract import Watcher, run_device, value


@contextlib.asynccontextmanager
async def talking(
    link: str = "telnet", verify: float = 20.0, **simulator: Any
) -> AsyncIterator[tuple[Any, Any, Watcher]]:
    """A simulated codec and a device that is online."""
    sim = simulators.find("poly_cli")(**{"speed": 20.0, **simulator})
    settings = {"gap": 0.005, "verify": verify, "password": simulator.get("password", "")}
    async with sim.serving("telnet") as address, run_device(PolyCli, address, settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        yield sim, device, watcher


def calls(device: Any) -> list[Any]:
    return [call for call in value(device, "calls") or () if call.state != "ended"]


@pytest.mark.parametrize("model", ["videoos", "group", "hdx"])
async def test_every_dialect_makes_a_call_and_nothing_is_sent_meanwhile(model: str) -> None:
    async with talking(model=model, linestatus="videoos", names_missing=True, interrupts=True) as (
        sim,
        device,
        watcher,
    ):
        dial = await device.submit(Dial("bob@example.com")).ended(10)
        assert dial is not None and dial.result == "confirmed", dial
        muted = device.submit(SetMicMute(True))  # waits for the call to be up
        await watcher.until(lambda: any(call.state == "connected" for call in calls(device)))
        outcome = await muted.ended(10)
        assert outcome is not None and outcome.result == "confirmed", outcome
        assert sim.in_set_up == []


@pytest.mark.parametrize(
    "bad_day",
    [
        {"echo": "on"},
        {"echo": "off"},
        {"model": "hdx", "echo": "off"},
        {"callinfo_rings": True, "names_missing": True, "interrupts": True},
        {"linestatus": "document"},
        {"password": "x", "asks_user": False},
        {"password": "x", "asks_user": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("far_end", ["answers", "busy"])
async def test_a_call_on_a_bad_day(bad_day: dict[str, Any], far_end: str) -> None:
    async with talking(far_end=far_end, **bad_day) as (sim, device, watcher):
        dial = await device.submit(Dial("sip:bob@example.com")).ended(10)
        assert dial is not None and dial.result == "confirmed", dial
        if far_end == "answers":
            await watcher.until(lambda: [call.state for call in calls(device)] == ["connected"])
            assert calls(device)[0].address == "sip:bob@example.com"
            ended = await device.submit(HangUp()).ended(10)
            assert ended is not None and ended.result == "confirmed", ended
        await watcher.until(lambda: calls(device) == [])
        muted = await device.submit(SetMicMute(True)).ended(10)
        assert muted is not None and muted.result == "confirmed" and sim.mic_muted


async def test_registrations_are_sent_once() -> None:
    async with talking(verify=0.05) as (sim, device, _):
        said = len(sim.history)
        await sim.until(lambda: sim.history[said:].count("callinfo all") >= 3)  # it has looked for itself three times
        asked = [line for line in sim.history if line.startswith("notify ") or line.endswith(" register")]
        assert len(asked) == len(set(asked)) == 7 and device.online


async def test_the_far_end_shows_its_content() -> None:
    async with talking() as (sim, device, watcher):
        sim.far_end_shares()
        await watcher.until(lambda: value(device, "sharing") == "receiving")
        sim.far_end_shares(False)
        await watcher.until(lambda: value(device, "sharing") == "off")


async def test_two_calls_at_once_keep_their_ids() -> None:
    async with talking() as (sim, device, watcher):
        sim.incoming_call("sip:alice@example.com", "Alice")
        sim.touch_answer()
        sim.incoming_call("h323:10.0.0.7", "")
        await watcher.until(lambda: [call.state for call in calls(device)] == ["connected", "ringing"])
        assert [(call.id, call.address) for call in calls(device)] == [
            ("34", "sip:alice@example.com"),
            ("35", "h323:10.0.0.7"),
        ]
        outcome = await device.submit(HangUp("34")).ended(10)
        assert outcome is not None and outcome.result == "confirmed"
        assert [call.id for call in calls(device)] == ["35"]


async def test_feedback_that_stops_silently_is_noticed_and_renewed() -> None:
    async with talking(verify=0.2) as (sim, device, watcher):
        sim.forget_registrations()
        sim.touch_volume(80)
        await watcher.until(lambda: value(device, "volume") == 80)
        await sim.until(lambda: "volume" in sim.registrations.get("telnet", []))


async def test_a_sleeping_codec_sleeps_on_while_it_is_looked_at() -> None:
    async with talking(verify=0.1) as (sim, device, watcher):
        sim.sleep_now()
        await watcher.until(lambda: value(device, "power") == "standby")
        said = len(sim.history)
        await sim.until(lambda: len(sim.history) > said + 16)
        assert sim.asleep and sim.woken_by == []


async def test_a_reboot_in_a_call_comes_back_to_the_truth() -> None:
    async with talking(password="x", boot_seconds=1.0) as (sim, device, watcher):
        await device.submit(Dial("bob@example.com")).ended(10)
        await sim.reboot()
        device.restart()
        await watcher.until(lambda: device.online and value(device, "calls") == ())
        outcome = await device.submit(SetVolume(30)).ended(10)
        assert outcome is not None and outcome.result == "confirmed"
