"""The Polycom command line driver as a driver: coming up, points, commands; and its case for the shared contract suite."""

from __future__ import annotations

from typing import Any

from drivers.polycom.cli import PolyCli
from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetSelfView,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
)
from tests.drivers.contract import Case, Do, Hand


async def in_call(sim: Any) -> None:
    """Somebody called, and the call is up."""
    sim.incoming_call("bob@example.com", "Bob")
    sim.touch_answer()
    await sim.until(lambda: any(call.state == "connected" for call in sim.calls))


CASE = Case(
    driver=PolyCli,
    simulator="poly_cli",
    links=("telnet", "ssh", "serial", "tcp"),
    simulator_settings={"speed": 20, "password": "s3cret"},
    settings={"password": "s3cret", "gap": 0.005, "verify": 5.0},
    commands=[
        Do(SetVolume(40), seen=lambda sim: sim.volume == 20),
        Do(SetVolume(41), seen=lambda sim: sim.volume == 21),
        Do(SetMicMute(True), seen=lambda sim: sim.mic_muted),
        Do(SetMicMute(False), seen=lambda sim: not sim.mic_muted),
        Do(SetVideoMute(True), seen=lambda sim: sim.video_muted),
        Do(SetPower(False), seen=lambda sim: sim.asleep),
        Do(SetPower(True), before=lambda sim: sim.sleep_now(), seen=lambda sim: not sim.asleep),
        Do(Dial("far.end@example.com"), seen=lambda sim: any(c.number == "far.end@example.com" for c in sim.calls)),
        Do(Dial("far.end", "h323", rate=1024), seen=lambda sim: any(c.rate == 1024 for c in sim.calls)),
        Do(HangUp(), before=in_call, seen=lambda sim: not sim.calls),
        Do(HangUp("34"), before=in_call, seen=lambda sim: not sim.calls),
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
        Do(SetAutoAnswer(True), seen=lambda sim: sim.auto_answer == "yes"),
        Do(SetDoNotDisturb(True), seen=lambda sim: sim.auto_answer == "donotdisturb"),
        Do(SetSelfView(True), seen=lambda sim: sim.self_view == "On"),
        Do(Share("1"), before=in_call, seen=lambda sim: sim.content == "1"),
        Do(Share(preview=True), seen=lambda sim: sim.content == "2"),
        Do(StopShare(), before=lambda sim: sim.touch_content(), seen=lambda sim: not sim.content),
        Do(SelectCamera("3"), seen=lambda sim: sim.camera == 3),
        Do(MoveCamera("left"), seen=lambda sim: sim.camera_moves == ["near left"], outcome="assumed"),
        Do(MoveCamera("stop"), seen=lambda sim: sim.camera_moves == ["near stop"], outcome="assumed"),
        Do(RecallPreset(4), seen=lambda sim: sim.recalled == 4, outcome="assumed"),
        Do(StorePreset(7), seen=lambda sim: sim.presets == [7], outcome="assumed"),
        Do(Search("person 00001")),
        Do(ListBookings()),
        Do(Dial("far.end", "spark"), outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(66), shows={"volume": 66}),
        Hand(do=lambda sim: sim.touch_mic_mute(), shows={"mic_muted": True}),
        Hand(do=lambda sim: sim.sleep_now(), shows={"power": "standby"}),
        Hand(do=lambda sim: sim.touch_content("2"), shows={"sharing": "preview"}),
        Hand(do=lambda sim: sim.touch_camera(2), shows={"camera": "2"}),
        Hand(do=lambda sim: sim.incoming_call(), shows={"calls": lambda calls: bool(calls)}),
    ],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong"}},
)
