"""The simulated codec's far end, its bad days and its software versions."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.cisco_roomos import CiscoRoomOS
from simulators.cisco_roomos.listener import Listener
from simulators.cisco_roomos.table import CommandError, ParameterError, UnknownCommand
from simulators.device import SimulatorError


class Ear(Listener):
    """A connection that only listens."""

    def __init__(self, sim: CiscoRoomOS) -> None:
        super().__init__(sim)
        self.told: list[Any] = []

    def notify(self, change: dict[str, Any]) -> None:
        self.told += self.matching(change).values()


def codec(**settings: Any) -> CiscoRoomOS:
    return CiscoRoomOS.configured({"speed": 50, "no_answer_seconds": 3000} | settings)


@pytest.mark.parametrize(
    ("far_end", "cause"), [("busy", "RemoteBusy"), ("rejects", "RemoteRejected"), ("no answer", "RemoteNoAnswer")]
)
async def test_what_happens_to_outgoing_calls(far_end: str, cause: str) -> None:
    sim = codec(far_end=far_end, no_answer_seconds=5)
    async with sim.serving("ws"):
        ear = Ear(sim)
        ear.register("ends", ["Event", "CallDisconnect"])
        sim.listeners.append(ear)
        sim.execute("Dial", {"Number": "bob@example.com"})
        await sim.until(lambda: not sim.calls)
        assert [told["Event"]["CallDisconnect"]["CauseType"] for told in ear.told] == [cause]


def test_a_behaviour_that_no_far_end_has() -> None:
    with pytest.raises(SimulatorError, match="far_end"):
        codec(far_end="asleep")


async def test_the_caller_gives_up_and_the_far_end_answers() -> None:
    sim = codec(answer_seconds=3000)
    async with sim.serving("ws"):
        sim.incoming_call()
        sim.caller_gives_up()
        await sim.until(lambda: not sim.calls)
        with pytest.raises(SimulatorError, match="no such call"):
            sim.caller_gives_up()
        sim.execute("Dial", {"Number": "bob@example.com"})
        sim.far_end_answers()
        assert sim.calls[0].status == "Connected"
        sim.execute("Call UnattendedTransfer", {"CallId": sim.calls[0].id, "Number": "carol@example.com"})
        assert sim.transferred == ["bob@example.com to carol@example.com"]
        await sim.until(lambda: not sim.calls)


async def test_nobody_is_disturbed() -> None:
    sim = codec()
    async with sim.serving("ws"):
        sim.execute("Conference DoNotDisturb Activate", {"Timeout": 60})
        assert sim.documents()["Status"]["Conference"]["DoNotDisturb"] == "Active"
        assert sim.incoming_call() == 0
        assert sim.calls == []
        sim.execute("Conference DoNotDisturb Deactivate", {})
        assert sim.incoming_call() > 0


async def test_the_panel_sleeps_wakes_and_mutes() -> None:
    sim = codec()
    async with sim.serving("ws"):
        sim.sleep_now()
        await sim.until(lambda: sim.standby == "Standby")
        sim.wake_up()
        assert sim.standby == "Off"
        sim.touch_mic_mute(True)
        sim.touch_mic_mute(True)
        assert sim.mics_muted
        sim.touch_mic_mute(False)
        assert not sim.mics_muted


@pytest.mark.parametrize(
    ("version", "has", "has_not"),
    [
        ("ce9.14.7.1", [], ["Webex Join", "Zoom Join", "WebRTC Join", "MicrosoftTeams Join", "Video Layout SetLayout"]),
        ("ce9.15.17.4", ["Webex Join"], ["Zoom Join", "WebRTC Join", "MicrosoftTeams Join"]),
        ("RoomOS 26.4.1.0", ["Webex Join", "Zoom Join"], []),
    ],
)
async def test_each_version_has_its_own_commands(version: str, has: list[str], has_not: list[str]) -> None:
    sim = codec(software_version=version)
    async with sim.serving("ws"):
        for path in has:
            sim.execute(path, {"Number" if path == "Webex Join" else "MeetingID": "123"})
        assert len(sim.calls) == len(has)
        for path in has_not:
            with pytest.raises(UnknownCommand):
                sim.execute(path, {})
        layout = sim.documents()["Status"]["Video"]["Layout"]
        assert ("LayoutFamily" in layout) is ("ce9" in version)
        assert ("CurrentLayouts" in layout) is ("9.14" not in version)


async def test_passcodes_are_taken_and_not_shown() -> None:
    sim = codec()
    async with sim.serving("ws"):
        sim.execute("Zoom Join", {"MeetingID": "1", "MeetingPasscode": "p4ss"})
        assert sim.passcodes == ["p4ss"]
        assert "p4ss" not in str(sim.memory())
        with pytest.raises(CommandError, match="Teams Rooms"):
            sim.execute("MicrosoftTeams Join", {"MeetingNumber": "1", "Passcode": "p4ss"})
        with pytest.raises(ParameterError):  # "Valid parameter combinations: MeetingNumber AND passcode, URL, ..."
            sim.execute("MicrosoftTeams Join", {"MeetingNumber": "1"})
        with pytest.raises(CommandError, match="No meeting"):  # MeetingNumber is "exclusively for Google Meet"
            sim.execute("WebRTC Join", {"Type": "MSTeams", "MeetingNumber": "1"})
        sim.software_version = "ce9.15.17.4"
        with pytest.raises(ParameterError):
            sim.execute("Webex Join", {"Number": "1", "Pin": "2"})


async def test_the_far_ends_camera_needs_a_call() -> None:
    sim = codec()
    async with sim.serving("ws"):
        with pytest.raises(CommandError):
            sim.execute("Call FarEndControl Camera Move", {"Value": "Left"})
        sim.incoming_call()
        sim.touch_answer()
        await sim.until(lambda: sim.calls[0].status == "Connected")
        sim.execute("Call FarEndControl Camera Move", {"Value": "Left"})
        assert sim.far_camera == "Left"
        sim.execute("Call FarEndControl Camera Stop", {})
        assert sim.far_camera == ""


async def test_a_long_directory() -> None:
    sim = codec()
    async with sim.serving("ws"):
        sim.fill_directory(10_000)
        _, page = sim.execute("Phonebook Search", {"PhonebookType": "Corporate", "Offset": 9990, "Limit": 50})
        assert page["ResultInfo"]["TotalRows"] == 10_000
        assert [row["Name"] for row in page["Contact"]][-1] == "Person 09999"
