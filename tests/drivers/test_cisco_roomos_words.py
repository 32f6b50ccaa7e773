"""Every command of the Cisco driver as it must stand on either wire, written from the schemas by hand."""

from __future__ import annotations

import re

import pytest

from drivers.cisco import CiscoRoomos
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Hold,
    Join,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Resume,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetLayout,
    SetMicMute,
    SetMute,
    SetPower,
    SetSelfView,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
    Transfer,
)
from gateway.driver import Request, Send
from tests.drivers.cisco_bench import Bench
from tests.drivers.golden import Golden

SCHEMA = "Cisco xAPI schemas 9.15.17.4, 26.4.1 for path and parameters; line form: jsxapi 6.0.0 src/backend/tsh"
RPC_SCHEMA = "Cisco xAPI schemas 9.15.17.4, 26.4.1 for path and parameters; message form: xAPI over WebSocket D15427.02"

# With the id 1. The bench's camera source 1 is CameraId 3.
SAID: list[tuple[Command, Golden, Golden]] = [
    (
        command,
        Golden(b"xCommand " + line + b' | resultId="1"\n', command.verb, SCHEMA),
        Golden(b'{"jsonrpc":"2.0","method":"xCommand/' + message, command.verb, RPC_SCHEMA),
    )
    for command, line, message in [
        (SetPower(True), b"Standby Deactivate", b'Standby/Deactivate","id":"1"}'),
        (SetPower(False), b"Standby Activate", b'Standby/Activate","id":"1"}'),
        (SetVolume(0), b"Audio Volume Set Level: 0", b'Audio/Volume/Set","id":"1","params":{"Level":0}}'),
        (SetMute(True), b"Audio Volume Mute", b'Audio/Volume/Mute","id":"1"}'),
        (SetMute(False), b"Audio Volume Unmute", b'Audio/Volume/Unmute","id":"1"}'),
        (SetMicMute(True), b"Audio Microphones Mute", b'Audio/Microphones/Mute","id":"1"}'),
        (SetMicMute(False), b"Audio Microphones Unmute", b'Audio/Microphones/Unmute","id":"1"}'),
        (SetVideoMute(True), b"Video Input MainVideo Mute", b'Video/Input/MainVideo/Mute","id":"1"}'),
        (SetVideoMute(False), b"Video Input MainVideo Unmute", b'Video/Input/MainVideo/Unmute","id":"1"}'),
        (
            Dial("a@example.com"),
            b'Dial Number: "a@example.com"',
            b'Dial","id":"1","params":{"Number":"a@example.com"}}',
        ),
        (
            Dial("1", "h323", "audio", 64),
            b'Dial CallRate: 64 CallType: "Audio" Number: "1" Protocol: "H323"',
            b'Dial","id":"1","params":{"Number":"1","Protocol":"H323","CallType":"Audio","CallRate":64}}',
        ),
        (Answer(), b"Call Accept", b'Call/Accept","id":"1"}'),
        (Answer("27"), b"Call Accept CallId: 27", b'Call/Accept","id":"1","params":{"CallId":27}}'),
        (HangUp(), b"Call Disconnect", b'Call/Disconnect","id":"1"}'),
        (HangUp("27"), b"Call Disconnect CallId: 27", b'Call/Disconnect","id":"1","params":{"CallId":27}}'),
        (
            SendDtmf("12#", "27"),
            b'Call DTMFSend CallId: 27 DTMFString: "12#"',
            b'Call/DTMFSend","id":"1","params":{"CallId":27,"DTMFString":"12#"}}',
        ),
        (
            Search("Müller"),
            'Phonebook Search Limit: 50 Offset: 0 PhonebookType: "Corporate" SearchString: "Müller"'.encode(),
            b'Phonebook/Search","id":"1","params":'
            b'{"Limit":50,"Offset":0,"PhonebookType":"Corporate","SearchString":"M\\u00fcller"}}',
        ),
        (Reject(), b"Call Reject", b'Call/Reject","id":"1"}'),
        (Reject("27"), b"Call Reject CallId: 27", b'Call/Reject","id":"1","params":{"CallId":27}}'),
        (Hold("27"), b"Call Hold CallId: 27", b'Call/Hold","id":"1","params":{"CallId":27}}'),
        (Resume("27"), b"Call Resume CallId: 27", b'Call/Resume","id":"1","params":{"CallId":27}}'),
        (
            Transfer("b@example.com", "27"),
            b'Call UnattendedTransfer CallId: 27 Number: "b@example.com"',
            b'Call/UnattendedTransfer","id":"1","params":{"CallId":27,"Number":"b@example.com"}}',
        ),
        (SetDoNotDisturb(True), b"Conference DoNotDisturb Activate", b'Conference/DoNotDisturb/Activate","id":"1"}'),
        (
            SetDoNotDisturb(False),
            b"Conference DoNotDisturb Deactivate",
            b'Conference/DoNotDisturb/Deactivate","id":"1"}',
        ),
        (SetSelfView(True), b'Video Selfview Set Mode: "On"', b'Video/Selfview/Set","id":"1","params":{"Mode":"On"}}'),
        (Share(), b"Presentation Start", b'Presentation/Start","id":"1"}'),
        (
            Share("2", True),
            b'Presentation Start PresentationSource: 2 SendingMode: "LocalOnly"',
            b'Presentation/Start","id":"1","params":{"PresentationSource":2,"SendingMode":"LocalOnly"}}',
        ),
        (StopShare(), b"Presentation Stop", b'Presentation/Stop","id":"1"}'),
        (
            SelectCamera("2"),
            b"Video Input SetMainVideoSource SourceId: 2",
            b'Video/Input/SetMainVideoSource","id":"1","params":{"SourceId":2}}',
        ),
        (
            MoveCamera("left"),
            b'Camera Ramp CameraId: 3 Pan: "Left"',
            b'Camera/Ramp","id":"1","params":{"CameraId":3,"Pan":"Left"}}',
        ),
        (
            MoveCamera("up", "2"),
            b'Camera Ramp CameraId: 2 Tilt: "Up"',
            b'Camera/Ramp","id":"1","params":{"CameraId":2,"Tilt":"Up"}}',
        ),
        (
            MoveCamera("stop"),
            b'Camera Ramp CameraId: 3 Pan: "Stop" Tilt: "Stop" Zoom: "Stop"',
            b'Camera/Ramp","id":"1","params":{"CameraId":3,"Pan":"Stop","Tilt":"Stop","Zoom":"Stop"}}',
        ),
        (
            MoveCamera("out", far=True),
            b'Call FarEndControl Camera Move Value: "ZoomOut"',
            b'Call/FarEndControl/Camera/Move","id":"1","params":{"Value":"ZoomOut"}}',
        ),
        (
            MoveCamera("stop", far=True),
            b"Call FarEndControl Camera Stop",
            b'Call/FarEndControl/Camera/Stop","id":"1"}',
        ),
        (
            RecallPreset(5),
            b"Camera Preset Activate PresetId: 5",
            b'Camera/Preset/Activate","id":"1","params":{"PresetId":5}}',
        ),
        (
            StorePreset(5, "Lectern"),
            b'Camera Preset Store CameraId: 3 Name: "Lectern" PresetId: 5',
            b'Camera/Preset/Store","id":"1","params":{"CameraId":3,"Name":"Lectern","PresetId":5}}',
        ),
        (
            SetLayout("Stack"),
            b'Video Layout SetLayout LayoutName: "Stack"',
            b'Video/Layout/SetLayout","id":"1","params":{"LayoutName":"Stack"}}',
        ),
        (
            ListBookings(2),
            b"Bookings List Days: 2 Limit: 50 Offset: 0",
            b'Bookings/List","id":"1","params":{"Days":2,"Limit":50,"Offset":0}}',
        ),
        (
            Join("webex", "123", passcode="9"),
            b'Webex Join Number: "123" Pin: "9"',
            b'Webex/Join","id":"1","params":{"Number":"123","Pin":"9"}}',
        ),
        (
            Join("teams", "123", passcode="9"),
            b'MicrosoftTeams Join MeetingNumber: "123" Passcode: "9"',
            b'MicrosoftTeams/Join","id":"1","params":{"MeetingNumber":"123","Passcode":"9"}}',
        ),
        (
            Join("teams", url="https://t.example.com/x", passcode="9"),
            b'WebRTC Join Type: "MSTeams" Url: "https://t.example.com/x"',
            b'WebRTC/Join","id":"1","params":{"Type":"MSTeams","Url":"https://t.example.com/x"}}',
        ),
        (
            Join("meet", "abc-defg-hij"),
            b'WebRTC Join MeetingNumber: "abc-defg-hij" Type: "GoogleMeet"',
            b'WebRTC/Join","id":"1","params":{"Type":"GoogleMeet","MeetingNumber":"abc-defg-hij"}}',
        ),
        (
            Join("webex", url="https://w.example.com/x"),
            b'Webex Join Number: "https://w.example.com/x"',
            b'Webex/Join","id":"1","params":{"Number":"https://w.example.com/x"}}',
        ),
        (
            Join("meet", url="https://m.example.com/x"),
            b'WebRTC Join Type: "GoogleMeet" Url: "https://m.example.com/x"',
            b'WebRTC/Join","id":"1","params":{"Type":"GoogleMeet","Url":"https://m.example.com/x"}}',
        ),
        (
            Join("zoom", "123", passcode="9"),
            b'Zoom Join MeetingID: "123" MeetingPasscode: "9"',
            b'Zoom/Join","id":"1","params":{"MeetingID":"123","MeetingPasscode":"9"}}',
        ),
    ]
]
SAID.append(
    (
        SetAutoAnswer(True),
        Golden(b'xConfiguration Conference AutoAnswer Mode: "On" | resultId="1"\n', "auto-answer", SCHEMA),
        Golden(
            b'{"jsonrpc":"2.0","method":"xSet","id":"1",'
            b'"params":{"Path":["Configuration","Conference","AutoAnswer","Mode"],"Value":"On"}}',
            "auto-answer",
            RPC_SCHEMA,
        ),
    )
)
GOLDEN = [golden for _, *pair in SAID for golden in pair]


@pytest.mark.parametrize("scheme", ["ssh", "ws"])
@pytest.mark.parametrize(("command", "line", "message"), SAID, ids=lambda each: getattr(each, "verb", ""))
def test_each_command_on_each_wire(command: Command, line: Golden, message: Golden, scheme: str) -> None:
    bench = Bench(scheme)
    bench.status["Status/SystemUnit"]["Software"]["Version"] = "RoomOS 26.4.1.0"
    bench.up()
    bench.driver.numbers = 0
    bench.driver.asked.clear()
    (send,) = bench.driver.command(Request("c1", command))
    assert isinstance(send, Send)
    sent = send.data.encode() if isinstance(send.data, str) else send.data
    assert sent == (line if scheme == "ssh" else message).wire


def test_every_line_is_listed_once_and_with_every_parameter() -> None:
    lines = CiscoRoomos.lines()
    assert len(lines) == len(set(lines))
    listed: dict[str, set[str]] = {}
    for line in lines:
        path, parameters = parsed(line)
        listed.setdefault(path, set()).update(parameters)
    for _, golden, _ in SAID:
        path, parameters = parsed(golden.wire.decode().split(" | ")[0])
        assert parameters <= listed[path], path


def parsed(line: str) -> tuple[str, set[str]]:
    """A line's path, and the names of its parameters."""
    names = set(re.findall(r"(\w+): (?:\"|\d)", line))
    return re.split(r" \w+: ", line)[0], names
