"""What the simulated codec does in the room, as a whole device, and with its documents."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import asyncssh
import pytest

from simulators import find
from simulators.cisco_roomos import CiscoRoomOS
from simulators.cisco_roomos.table import COMMANDS, Int, Many, Needed, ParameterError
from simulators.cisco_roomos.tree import Text, as_lines, changes, select, steps_of
from simulators.device import SimulatorError
from tests.simulators.cisco_clients import PANEL, codec, command, quiet_shell, ssh, ws


def space_of(kind: Any) -> Any:
    return kind.space if isinstance(kind, Needed | Many) else kind


@pytest.mark.parametrize("row", COMMANDS.values(), ids=lambda row: row.path)
def test_every_row_refuses_what_is_not_in_it(row: Any) -> None:
    with pytest.raises(ParameterError):
        row.read({"NoSuchParameter": "1"})
    for name, kind in row.parameters.items():
        space = space_of(kind)
        wrong = [space.lowest - 1, space.highest + 1, "x"] if isinstance(space, Int) else [[], {}]
        for value in wrong:
            with pytest.raises(ParameterError):
                row.read({name: value})
        if isinstance(kind, Needed):
            with pytest.raises(ParameterError):
                row.read({})


async def test_standby_is_entered_slowly_and_left_at_once() -> None:
    sim = codec(speed=1, standby_seconds=0.05)
    seen: list[str] = []
    async with sim.serving("ws") as address, ws(address) as client:
        await client.ask("xFeedback/Subscribe", Query=["Status", "Standby", "State"])
        await client.connection.send('{"jsonrpc":"2.0","method":"xCommand/Standby/Activate"}')
        while len(seen) < 2:
            seen.append((await client.heard())["params"]["Status"]["Standby"]["State"])
        assert seen == ["EnteringStandby", "Standby"]
        await command(client, "Standby Halfwake")
        assert sim.standby == "Halfwake"
        sim.wake_up()
        assert sim.standby == "Off"
        sim.sleep_now()
        await command(client, "Standby Deactivate")
        assert sim.standby == "Off"


async def test_sound_picture_and_sharing() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await command(client, "Audio Volume Set", Level=98)
        await command(client, "Audio Volume Increase")
        assert sim.volume == 100
        await command(client, "Audio Volume Decrease", Steps=10)
        assert sim.volume == 90
        await command(client, "Audio Volume Mute")
        await command(client, "Audio Microphones ToggleMute")
        await command(client, "Video Input MainVideo Mute")
        assert (sim.volume_muted, sim.mics_muted, sim.video_muted) == (True, True, True)
        muted = await client.ask("xGet", Path=["Status", "Video", "Input", "MainVideoMute"])
        assert muted["result"] == "On"
        await command(client, "Video Input SetMainVideoSource", SourceId=2)
        assert sim.main_video_source == 2
        await command(client, "Presentation Start", PresentationSource=2)
        assert sim.presentation == "Off"  # a preview: nobody is in a call
        await command(client, "Presentation Stop")
        call = await command(client, "Dial", Number="noanswer@example.com")
        sim.far_end_answers(call["CallId"])
        await command(client, "Presentation Start", ConnectorId=2)
        shown = await client.ask("xGet", Path=["Status", "Conference", "Presentation", "Mode"])
        assert shown["result"] == "Sending"
        await command(client, "Presentation Stop")
        assert sim.presentation == "Off"
        sim.unplug_mic(connector=2)
        plugged = ["Status", "Audio", "Input", "Connectors", "Microphone", 2, "ConnectionStatus"]
        assert (await client.ask("xGet", Path=plugged))["result"] == "NotConnected"


async def test_cameras_move_and_remember() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await command(client, "Camera Ramp", CameraId=1, Pan="Left", PanSpeed=24, Tilt="Up")
        start = sim.clock()
        await sim.until(lambda: sim.clock() > start)
        await command(client, "Camera Ramp", CameraId=1, Pan="Stop", Tilt="Stop")
        pan, tilt = sim.cameras[1].pan, sim.cameras[1].tilt
        assert pan < 0 < tilt
        stored = await command(client, "Camera Preset Store", CameraId=1, Name="Lectern")
        assert stored == {"PresetId": 1}
        sim.cameras[1].pan = 5000
        await command(client, "Camera Preset Activate", PresetId=1)
        assert sim.cameras[1].pan == pan
        listed = await command(client, "Camera Preset List", CameraId=1)
        assert listed["Preset"] == [{"id": 1, "PresetId": 1, "Name": "Lectern", "CameraId": 1}]
        assert (await command(client, "Camera Preset Activate", PresetId=2))["error"]["code"] == 1
        assert (await command(client, "Camera Ramp", CameraId=7, Pan="Left"))["error"]["code"] == 1


async def test_a_control_system_is_shown_until_its_heart_stops() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await command(client, "Peripherals Connect", ID="uuid", Name="RoomGate", Type="ControlSystem")
        await command(client, "Peripherals HeartBeat", ID="uuid", Timeout=35)
        ours = sim.peripheral("uuid")
        assert ours is not None
        assert ours.status == "Connected"
        await sim.until(lambda: ours.status == "ResponseTimedOut")
        assert (await command(client, "Peripherals HeartBeat", ID="other", Timeout=35))["error"]["code"] == 1


async def test_panels_keep_what_was_set_and_nothing_else() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        saved = await command(client, "UserInterface Extensions Panel Save", body=PANEL, PanelId="x")
        assert saved == {"status": "OK"}
        await client.ask("xFeedback/Subscribe", Query=["Event", "UserInterface", "Extensions"])
        sim.widget_action("sw1", "changed", "on")
        event = (await client.heard())["params"]["Event"]["UserInterface"]["Extensions"]["Widget"]["Action"]
        assert event == {"Type": "changed", "Value": "on", "WidgetId": "sw1"}
        assert sim.widgets == {}
        await command(client, "UserInterface Extensions Widget SetValue", WidgetId="sw1", Value="on")
        assert sim.widgets == {"sw1": "on"}
        await command(client, "UserInterface Extensions Widget UnsetValue", WidgetId="sw1")
        assert sim.widgets == {"sw1": ""}
        sim.panel_clicked("x")
        clicked = (await client.heard())["params"]["Event"]["UserInterface"]["Extensions"]["Panel"]["Clicked"]
        assert clicked == {"PanelId": "x"}
        await command(client, "UserInterface Extensions Panel Update", PanelId="x", Name="Blinds")
        await command(client, "UserInterface Extensions Panel Remove", PanelId="x")
        assert (sim.panels, sim.widgets) == ({}, {})
        broken = await client.ask("xCommand/UserInterface/Extensions/Panel/Save", body="<Ext", PanelId="x")
        assert broken["error"]["code"] == 1
        with pytest.raises(SimulatorError, match="no saved panel"):
            sim.widget_action("sw1")


async def test_the_phonebook_is_read_in_pages() -> None:
    async with codec().serving("ws") as address, ws(address) as client:
        seen: list[str] = []
        asked = {"PhonebookType": "Corporate", "ContactType": "Contact", "Limit": 25}
        for offset in (0, 25, 50):
            page = await command(client, "Phonebook Search", Offset=offset, **asked)
            assert page["ResultInfo"] == {"Limit": 25, "Offset": offset, "TotalRows": 60}
            seen += [contact["Name"] for contact in page["Contact"]]
        assert len(set(seen)) == 60
        found = await command(client, "Phonebook Search", PhonebookType="Corporate", SearchString="lund boardroom")
        (contact,) = found["Contact"]
        assert contact["ContactMethod"][0]["Number"] == "lund.boardroom@example.com"
        folder = await command(client, "Phonebook Search", PhonebookType="Corporate", FolderId="f_Lund")
        assert folder["ResultInfo"]["TotalRows"] == 5
        none = await command(client, "Phonebook Search", SearchString="nobody")
        assert "Contact" not in none


async def test_bookings_are_listed() -> None:
    async with codec().serving("ws") as address, ws(address) as client:
        listed = await command(client, "Bookings List", Limit=2)
        assert listed["ResultInfo"] == {"TotalRows": 3}
        assert [one["Title"] for one in listed["Booking"]] == ["Weekly planning", "Design review"]
        assert listed["Booking"][0]["DialInfo"]["Calls"]["Call"][0]["Number"] == "weekly@meet.example.com"
        current = await client.ask("xGet", Path=["Status", "Bookings", "Current", "Id"])
        assert current["result"] == "1"


async def test_both_transports_are_one_codec() -> None:
    sim = codec()
    async with sim.serving("ws") as over_ws:
        over_ssh = await sim.start("ssh")
        async with ws(over_ws) as client, quiet_shell(over_ssh, "json") as shell:
            await client.ask("xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
            await shell.ask("xCommand Audio Volume Set Level: 7")
            assert (await client.heard())["params"]["Status"] == {"Audio": {"Volume": 7}}


@pytest.mark.parametrize("by", ["hand", "command"])
async def test_a_reboot_drops_everybody_forgets_and_comes_back(by: str) -> None:
    sim = codec()
    async with sim.serving("ws") as address:
        async with ws(address) as client:
            sim.incoming_call()
            sim.touch_volume(level=9)
            await client.ask("xCommand/UserInterface/Extensions/Panel/Save", body=PANEL, PanelId="x")
            await client.ask("xSet", Path=["Configuration", "SystemUnit", "Name"], Value="kept")
            await client.ask("xFeedback/Subscribe", Query=["Status", "Audio"])
            if by == "hand":
                await sim.reboot()
            else:
                await client.ask("xCommand/SystemUnit/Boot", Action="Restart")
                await sim.until(lambda: sim.faults.booting)
                await sim.until(lambda: not sim.faults.booting)
            await asyncio.wait_for(client.connection.wait_closed(), 5)
        async with ws(address) as client:
            assert (await client.ask("xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50
            assert (await client.ask("xGet", Path=["Status", "Call"]))["result"] == []
            assert (await client.ask("xGet", Path=["Configuration", "SystemUnit", "Name"]))["result"] == "kept"
            assert set(sim.panels) == {"x"}
            assert sum(len(listener.registered) for listener in sim.listeners) == 0


async def test_a_shut_down_codec_stays_away() -> None:
    sim = codec()
    async with sim.serving("ws") as address:
        async with ws(address) as client:
            await client.ask("xCommand/SystemUnit/Boot", Action="Shutdown")
            await asyncio.wait_for(client.connection.wait_closed(), 5)
        with pytest.raises(ConnectionRefusedError):
            async with ws(address):
                pass


@pytest.mark.parametrize("link", ["ws", "ssh"])
async def test_single_bytes_change_nothing(link: str) -> None:
    sim = codec()
    sim.faults.chop = True
    async with sim.serving(link) as address:
        if link == "ws":
            async with ws(address) as client:
                assert (await client.ask("xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50
        else:
            async with quiet_shell(address, "json") as shell:
                assert (await shell.ask("xStatus Audio Volume"))["Status"]["Audio"]["Volume"] == {"Value": "50"}


def garbage(sim: CiscoRoomOS) -> None:
    """Bytes that are wrong at once; those of the fault are random and may look like the start of a long frame."""
    for door in sim.doors:
        door.inject(b"\xff" * 64)


@pytest.mark.parametrize("fault", [lambda sim: sim.faults.drop(), garbage, lambda sim: sim.faults.apply("unreachable")])
@pytest.mark.parametrize("link", ["ws", "ssh"])
async def test_a_broken_connection_ends_and_a_new_one_works(link: str, fault: Callable[[CiscoRoomOS], None]) -> None:
    sim = codec()
    async with sim.serving(link) as address:
        with contextlib.suppress(asyncssh.Error, OSError):
            if link == "ws":
                async with ws(address) as client:
                    fault(sim)
                    await asyncio.wait_for(client.connection.wait_closed(), 5)
            else:
                async with ssh(address) as shell:
                    await shell.until("OK\n")
                    fault(sim)
                    await asyncio.wait_for(shell.process.stdout.read(), 5)
        await sim.until(lambda: not sim.listeners)
        sim.faults.clear()
        if link == "ws":
            async with ws(address) as client:
                assert (await client.ask("xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50
        else:
            async with quiet_shell(address, "json") as shell:
                assert (await shell.ask("xStatus Audio Volume"))["Status"]["Audio"]["Volume"] == {"Value": "50"}


@pytest.mark.parametrize("link", ["ws", "ssh"])
async def test_it_can_be_stopped_with_clients_inside(link: str) -> None:
    sim = codec()
    address = await sim.start(link)
    if link == "ws":
        async with ws(address):
            await sim.stop()
    else:
        with contextlib.suppress(asyncssh.ConnectionLost):
            async with ssh(address) as shell:
                await shell.until("OK\n")
                await sim.stop()
    await sim.stop()
    assert sim.listeners == []


async def test_its_memory_is_json_without_secrets() -> None:
    sim = find("cisco_roomos").configured({"password": "secret", "volume": "30", "role": "User"})
    async with sim.serving("ssh"):
        memory = sim.memory()
    assert json.loads(json.dumps(memory)) == memory
    assert memory["volume"] == 30
    assert memory["fingerprint"].startswith("SHA256:")
    assert "secret" not in json.dumps(memory)


DOCUMENT = {"Status": {"Call": [{"id": 3, "Status": "Ringing"}], "Audio": {"Volume": 50, "VolumeMute": "Off"}}}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("/Status/Audio/Volume", {"Status": {"Audio": {"Volume": 50}}}),
        ("status audio volume", {"Status": {"Audio": {"Volume": 50}}}),
        ("Status/Call", {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}}),
        ("Status/Call/Status", {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}}),
        ("/Status/Call[3]", {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}}),
        ("/Status/Call[@item='3']/Status", {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}}),
        ("/Status/Call[*]", {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}}),
        ("Status Call 3 Status", {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}}),
        ("/Status/Call[4]", None),
        ("/Status/*/Volume", {"Status": {"Audio": {"Volume": 50}}}),
        ("/Status/Audio/Volume/More", None),
    ],
)
def test_addresses(expression: str, found: Any) -> None:
    assert select(DOCUMENT, steps_of(expression)) == found


@pytest.mark.parametrize(
    ("new", "differs"),
    [
        ({"a": 1, "l": [{"id": 1, "x": "y"}]}, None),
        ({"a": 2, "l": [{"id": 1, "x": "y"}]}, {"a": 2}),
        ({"a": 1, "l": [{"id": 1, "x": "z"}]}, {"l": [{"id": 1, "x": "z"}]}),
        ({"a": 1, "l": []}, {"l": [{"id": 1, "ghost": "True"}]}),
        ({"a": 1, "l": [{"id": 1, "x": "y", "Duration": 5}]}, None),
    ],
)
def test_changes(new: Any, differs: Any) -> None:
    assert changes({"a": 1, "l": [{"id": 1, "x": "y"}]}, new) == differs


def test_free_text_is_quoted_and_words_are_not() -> None:
    call = {"Call": [{"id": 27, "Status": "Connected", "DisplayName": Text("Alice"), "Duration": 9}]}
    lines: Callable[[Any], list[str]] = lambda node: list(as_lines(node, "*s"))  # noqa: E731
    assert lines(call) == ["*s Call 27 Status: Connected", '*s Call 27 DisplayName: "Alice"', "*s Call 27 Duration: 9"]
