"""The Yealink driver on its simulator's bad days: acknowledgements, echo, one line for all, feedback that stops."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

import simulators
from drivers.polycom.yealink import YealinkVc
from gateway.commands import Dial, HangUp, SetMicMute, SetVolume
from tests.drivers.contract import Watcher, run_device, value


@contextlib.asynccontextmanager
async def talking(verify: float = 20.0, **simulator: Any) -> AsyncIterator[tuple[Any, Any, Watcher]]:
    """A simulated codec and a device that is online."""
    sim = simulators.find("yealink_vc")(**{"speed": 20.0, **simulator})
    async with (
        sim.serving("tcp") as address,
        run_device(YealinkVc, address, {"gap": 0.005, "verify": verify}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        yield sim, device, watcher


async def confirmed(device: Any, command: Any) -> None:
    outcome = await device.submit(command).ended(10)
    assert outcome is not None and outcome.result == "confirmed", outcome


def calls(device: Any) -> list[Any]:
    return [call for call in value(device, "calls") or () if call.state != "ended"]


@pytest.mark.parametrize("bad_day", [{"echo": True}, {"acknowledges": False}, {"one_line": True}], ids=str)
@pytest.mark.parametrize("far_end", ["answers", "busy"])
async def test_two_calls_on_a_bad_day(bad_day: dict[str, Any], far_end: str) -> None:
    async with talking(far_end=far_end, verify=0.2, **bad_day) as (sim, device, watcher):
        sim.incoming_call("carol", "Carol")
        sim.touch_answer()
        await watcher.until(lambda: [call.state for call in calls(device)] == ["connected"])
        await confirmed(device, Dial("bob"))
        left = 2 if far_end == "answers" else 1
        await watcher.until(lambda: [call.state for call in calls(device)] == ["connected"] * left)
        await confirmed(device, SetVolume(70))
        await confirmed(device, SetMicMute(True))
        await confirmed(device, HangUp())
        assert calls(device) == [] and sim.mic_muted and sim.volume == 7


async def test_feedback_that_stops_silently_is_made_good_by_looking() -> None:
    async with talking(verify=0.1) as (sim, device, watcher):
        sim.feedback_stops()
        sim.incoming_call("alice", "Alice")
        await watcher.until(lambda: [call.state for call in calls(device)] == ["ringing"])
        sim.touch_answer()
        await watcher.until(lambda: [call.state for call in calls(device)] == ["connected"])
        sim.touch_hang_up()
        sim.touch_mic_mute()
        await watcher.until(lambda: calls(device) == [] and value(device, "mic_muted") is True)
