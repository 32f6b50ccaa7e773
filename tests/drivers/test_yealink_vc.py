"""The Yealink VC driver, line by line: status, commands, golden bytes, noise; and its case for the contract suite."""

from __future__ import annotations

from typing import Any

from drivers.polycom.yealink import YealinkVc
from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SendDtmf,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetVolume,
    StorePreset,
)
from tests.drivers.contract import Case, Do, Hand


async def in_call(sim: Any) -> None:
    """Somebody called, and the call is up."""
    sim.incoming_call("bob@example.com", "Bob")
    sim.touch_answer()
    await sim.until(lambda: any(call.state == "connected" for call in sim.calls))


CASE = Case(
    driver=YealinkVc,
    simulator="yealink_vc",
    links=("tcp", "serial"),
    simulator_settings={"speed": 20},
    settings={"gap": 0.005, "verify": 1.0, "power_key": True},
    commands=[
        Do(SetVolume(40), seen=lambda sim: sim.volume == 4),
        Do(SetVolume(46), seen=lambda sim: sim.volume == 5),
        Do(SetMicMute(True), seen=lambda sim: sim.mic_muted),
        Do(SetMicMute(False), seen=lambda sim: not sim.mic_muted),
        Do(SetDoNotDisturb(True), seen=lambda sim: sim.do_not_disturb),
        Do(SetPower(False), seen=lambda sim: sim.asleep),
        Do(SetPower(True), before=lambda sim: sim.sleep_now(), seen=lambda sim: not sim.asleep),
        Do(Dial("far.end@example.com"), seen=lambda sim: any(c.number == "far.end@example.com" for c in sim.calls)),
        Do(Dial("10.2.1.4", "h323"), seen=lambda sim: any(c.protocol == "h323" for c in sim.calls)),
        Do(HangUp(), before=in_call, seen=lambda sim: not sim.calls),
        Do(
            Answer(),
            before=lambda sim: sim.incoming_call(),
            seen=lambda sim: any(call.state == "connected" for call in sim.calls),
        ),
        Do(Reject(), before=lambda sim: sim.incoming_call(), seen=lambda sim: not sim.calls),
        Do(
            SendDtmf("12#"),
            before=in_call,
            seen=lambda sim: any(call.tones.endswith("12#") for call in sim.calls),
            outcome="assumed",
        ),
        Do(MoveCamera("in"), seen=lambda sim: sim.camera_moves == ["zoom+"], outcome="assumed"),
        Do(MoveCamera("stop"), seen=lambda sim: sim.camera_moves == ["stop"], outcome="assumed"),
        Do(RecallPreset(4), seen=lambda sim: sim.recalled == 4, outcome="assumed"),
        Do(StorePreset(7), seen=lambda sim: sim.presets == [7], outcome="assumed"),
        Do(RecallPreset(12), outcome="refused"),
        Do(Search("tom")),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(70), shows={"volume": 70}, pushed=False),
        Hand(do=lambda sim: sim.touch_mic_mute(), shows={"mic_muted": True}),
        Hand(do=lambda sim: sim.sleep_now(), shows={"power": "standby"}),
        Hand(do=lambda sim: sim.incoming_call(), shows={"calls": lambda calls: bool(calls)}),
    ],
)
