"""What the Cisco driver puts on the wire and takes from it, byte by byte, against what others recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.cisco import commands, rpc, shell
from drivers.cisco.xapi import Heard
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Search,
    SendDtmf,
    SetMicMute,
    SetMute,
    SetPower,
    SetVideoMute,
    SetVolume,
)
from gateway.driver import Request, Send
from tests.drivers.cisco_bench import Bench
from tests.drivers.golden import Golden

TSH = "jsxapi 6.0.0, test/backend/tsh.spec.ts"
WS = "Cisco xAPI over WebSocket D15427.02, as exchanged by jsxapi 6.0.0"
PLACE = "PlaceOS drivers, collaboration_endpoint_spec.cr"
SCHEMA = "Cisco xAPI schema 9.15.17.4 for path and parameters; line form: jsxapi 6.0.0 src/backend/tsh"
RPC_SCHEMA = "Cisco xAPI schema 9.15.17.4 for path and parameters; message form: xAPI over WebSocket D15427.02"

SENT = [
    (
        Golden(b'xCommand Standby Deactivate | resultId="request-1"\n', "wake", TSH),
        lambda: shell.command("request-1", "Standby Deactivate", {}),
    ),
    (
        Golden(b'xCommand Dial Number: "user@example.com" | resultId="request-1"\n', "dial", TSH),
        lambda: shell.command("request-1", "Dial", {"Number": "user@example.com"}),
    ),
    (
        Golden(b'xCommand Message Send Text: "foo \\"bar\\" bin" | resultId="request-1"\n', "quotes", TSH),
        lambda: shell.command("request-1", "Message Send", {"Text": 'foo "bar" bin'}),
    ),
    (
        Golden(b'xConfiguration SystemUnit Name | resultId="request-1"\n', "read a setting", TSH),
        lambda: shell.read("request-1", ("Configuration", "SystemUnit", "Name")),
    ),
    (
        Golden(b'xStatus SystemUnit Uptime | resultId="request-1"\n', "read a status", TSH),
        lambda: shell.read("request-1", ("Status", "SystemUnit", "Uptime")),
    ),
    (
        Golden(b'xfeedback register /Status/Audio/Volume | resultId="request-1"\n', "subscribe", TSH),
        lambda: shell.subscribe("request-1", ("Status", "Audio", "Volume")),
    ),
    (
        Golden(b'{"jsonrpc":"2.0","method":"xGet","id":"1","params":{"Path":["Status","Audio","Volume"]}}', "read", WS),
        lambda: rpc.read("1", ("Status", "Audio", "Volume")),
    ),
    (
        Golden(
            b'{"jsonrpc":"2.0","method":"xFeedback/Subscribe","id":"8","params":{"Query":["Status","Audio","Volume"]}}',
            "subscribe",
            WS,
        ),
        lambda: rpc.subscribe("8", ("Status", "Audio", "Volume")),
    ),
    (
        Golden(b'{"jsonrpc":"2.0","method":"xFeedback/Unsubscribe","id":"12","params":{"Id":1}}', "unsubscribe", WS),
        lambda: rpc.unsubscribe("12", 1),
    ),
    (
        Golden(b'{"jsonrpc":"2.0","method":"xCommand/Audio/Volume/Set","id":"10","params":{"Level":41}}', "volume", WS),
        lambda: rpc.command("10", "Audio Volume Set", {"Level": 41}),
    ),
    (
        Golden(b'{"jsonrpc":"2.0","method":"xCommand/Audio/Microphones/Mute","id":"14"}', "mute the microphones", WS),
        lambda: rpc.command("14", "Audio Microphones Mute", {}),
    ),
    (Golden(b"auth-YWRtaW46cGEvc3MrMQ", "log-in by sub-protocol", WS), lambda: rpc.subprotocol("admin", "pa/ss+1")),
]

UNDERSTOOD = [
    (
        shell,
        Golden(
            b'{"Status":{"Audio":{"Volume":{"Value":"50"}}},"ResultId":"1"}', "volume 50", "jsxapi 6.0.0, test/data"
        ),
        Heard("1", {"Status": {"Audio": {"Volume": "50"}}}),
    ),
    (
        shell,
        Golden(
            b'{"CommandResponse":{"DialResult":{"status":"OK","CallId":{"Value":"2"},"ConferenceId":{"Value":"1"}}}'
            b',"ResultId":"request-1"}',
            "the call has id 2",
            TSH,
        ),
        Heard("request-1", {"CallId": "2", "ConferenceId": "1"}),
    ),
    (shell, Golden(b'{"ResultId":"request-1"}', "registered", TSH), Heard("request-1", {})),
    (
        shell,
        Golden(
            b'{"CommandResponse":{"DialResult":{"status":"ParameterError"}},"ResultId":"request-1"}', "refused", TSH
        ),
        Heard("request-1", None, "ParameterError"),
    ),
    (
        shell,
        Golden(
            b'{"CommandResponse":{"Result":{"status":"Error","Reason":{"Value":"Unknown command"},'
            b'"XPath":{"Value":"/Dila"}}},"ResultId":"request-1"}',
            "refused, the XPath in the result",
            TSH,
        ),
        Heard("request-1", None, "Unknown command (/Dila)"),
    ),
    (
        shell,
        Golden(
            b'{"CommandResponse":{"Result":{"status":"Error","Reason":{"Value":"Unknown command"}},'
            b'"XPath":{"Value":"/Not/A/Real/Command"}},"ResultId":"7"}',
            "refused, the XPath beside the result",
            PLACE,
        ),
        Heard("7", None, "Unknown command (/Not/A/Real/Command)"),
    ),
    (
        shell,
        Golden(
            b'{"CommandResponse":{"Status":{"status":"Error","Reason":{"Value":"No match on address expression."},'
            b'"XPath":{"Value":"Status/Wrong"}}},"ResultId":"6"}',
            "nothing has this path",
            PLACE,
        ),
        Heard("6", None, "No match on address expression. (Status/Wrong)"),
    ),
    (
        shell,
        Golden(
            b'{"CommandResponse":{"InputSetMainVideoSourceResult":{"status":"Error","Reason":{"Value":'
            b'"Must supply either SourceId or ConnectorId (but not both.)"}}},"ResultId":"7"}',
            "refused in words",
            PLACE,
        ),
        Heard("7", None, "Must supply either SourceId or ConnectorId (but not both.)"),
    ),
    (
        shell,
        Golden(b'{"Status":{"Audio":{"id":"","Volume":{"Value":"75"}}}}', "feedback: volume 75", TSH),
        Heard(None, {"Status": {"Audio": {"id": "", "Volume": "75"}}}),
    ),
    (
        shell,
        Golden(b'{"Status":{"Call":[{"id":"27","ghost":"True"}]}}', "call 27 is gone", "jsxapi 6.0.0, test/xapi"),
        Heard(None, {"Status": {"Call": [{"id": "27", "ghost": "True"}]}}),
    ),
    (rpc, Golden(b'{"jsonrpc":"2.0","id":"1","result":50}', "volume 50", WS), Heard("1", 50)),
    (rpc, Golden(b'{"jsonrpc":"2.0","id":"8","result":{"Id":1}}', "subscribed", WS), Heard("8", {"Id": 1})),
    (
        rpc,
        Golden(
            b'{"jsonrpc":"2.0","method":"xFeedback/Event","params":{"Id":1,"Status":{"Audio":{"Volume":41}}}}',
            "feedback: volume 41",
            WS,
        ),
        Heard(None, {"Status": {"Audio": {"Volume": 41}}}),
    ),
    (
        rpc,
        Golden(
            b'{"jsonrpc":"2.0","id":111,"error":{"code":1,"message":"Not paired with isdn link","data":{"Cause":21}}}',
            "refused; the id is a number here",
            WS,
        ),
        Heard("111", None, "Not paired with isdn link", 1),
    ),
    (
        rpc,
        Golden(
            b'{"jsonrpc":"2.0","id":114,"error":{"code":-32602,"message":"Unknown subscription Id","data":{"Id":4}}}',
            "no such subscription",
            WS,
        ),
        Heard("114", None, "Unknown subscription Id", -32602),
    ),
]

# Each command as it must stand on either wire with the id 1, written from the schema by hand.
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
    ]
]

GOLDEN = [
    *(golden for golden, _ in SENT),
    *(golden for _, golden, _ in UNDERSTOOD),
    *(golden for _, *pair in SAID for golden in pair),
]


@pytest.mark.parametrize(("golden", "made"), SENT, ids=lambda each: getattr(each, "meaning", ""))
def test_sent(golden: Golden, made: Any) -> None:
    sent = made()
    assert (sent.encode() if isinstance(sent, str) else sent) == golden.wire


@pytest.mark.parametrize(("wire", "golden", "heard"), UNDERSTOOD, ids=lambda each: getattr(each, "meaning", ""))
def test_understood(wire: Any, golden: Golden, heard: Heard) -> None:
    assert wire.hear(golden.wire) == heard
    assert wire.hear(golden.wire.decode()) == heard


@pytest.mark.parametrize(("command", "line", "message"), SAID, ids=lambda each: getattr(each, "verb", ""))
def test_each_command_on_each_wire(command: Command, line: Golden, message: Golden) -> None:
    for scheme, golden in (("ssh", line), ("ws", message)):
        (send,) = Bench(scheme).driver.command(Request("c1", command))
        assert isinstance(send, Send)
        assert (send.data.encode() if isinstance(send.data, str) else send.data) == golden.wire


def test_half_characters_are_sent_as_something_that_can_be_sent() -> None:
    assert b"?" in shell.command("1", "Dial", {"Number": "\ud800"})
    assert json.loads(rpc.command("1", "Dial", {"Number": "\ud800"}))


def test_errors_without_a_message_have_words() -> None:
    assert rpc.hear('{"id":1,"error":{"code":-31999}}') == Heard("1", None, "permission denied", -31999)
    assert rpc.hear('{"id":1,"error":{}}') == Heard("1", None, "error None", None)
    assert rpc.hear('{"id":1,"error":"no"}') == Heard("1", None, "no")


def test_a_field_called_value_is_no_leaf() -> None:
    """A widget's action has one (facts: UI extensions)."""
    told = shell.hear(b'{"Status":{"X":{"Type":{"Value":"changed"},"Value":{"Value":"on"}}}}')
    assert told == Heard(None, {"Status": {"X": {"Type": "changed", "Value": "on"}}})


def test_every_line_is_listed_once() -> None:
    lines = commands()
    assert len(lines) == len(set(lines))
    listed = {words(line) for line in lines}
    assert {words(golden.wire.decode().split(" | ")[0]) for _, golden, _ in SAID} <= listed


def words(line: str) -> str:
    """A line without its parameters."""
    return line.partition(": ")[0].rsplit(" ", 1)[0] if ": " in line else line
