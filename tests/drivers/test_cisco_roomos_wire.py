"""What the Cisco driver puts on the wire and takes from it, byte by byte, against what others recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.cisco import rpc, shell
from drivers.cisco.xapi import Heard
from tests.drivers.golden import Golden

TSH = "jsxapi 6.0.0, test/backend/tsh.spec.ts"
WS = "Cisco xAPI over WebSocket D15427.02, as exchanged by jsxapi 6.0.0"
PLACE = "PlaceOS drivers, collaboration_endpoint_spec.cr"
GUIDE = "Cisco API reference guide CE9.2 (D15335.08), Event CallDisconnect; JSON form: jsxapi 6.0.0, test/data"

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
        Golden(
            b'xConfiguration SystemUnit Name: "my-device" | resultId="1"\n', "set it", "Cisco D15427.02, terminal mode"
        ),
        lambda: shell.configure("1", ("SystemUnit", "Name"), "my-device"),
    ),
    (
        Golden(
            b'{"jsonrpc":"2.0","method":"xSet","id":"110",'
            b'"params":{"Path":["Configuration","SystemUnit","Name"],"Value":"x"}}',
            "set it",
            WS,
        ),
        lambda: rpc.configure("110", ("SystemUnit", "Name"), "x"),
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
    (
        shell,
        Golden(
            b'{"Event":{"CallDisconnect":{"CauseType":{"Value":"RemoteBusy"},"CallId":{"Value":"3"}}}}',
            "call 3 ends",
            GUIDE,
        ),
        Heard(None, {"Event": {"CallDisconnect": {"CauseType": "RemoteBusy", "CallId": "3"}}}),
    ),
    (rpc, Golden(b'{"jsonrpc":"2.0","id":"1","result":50}', "volume 50", WS), Heard("1", 50)),
    (
        rpc,
        Golden(
            b'{"jsonrpc":"2.0","id":7,"error":{"code":-31998,"message":"Subscriber count exceeded"}}', "no room", WS
        ),
        Heard("7", None, "Subscriber count exceeded", -31998),
    ),
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

GOLDEN = [
    *(golden for golden, _ in SENT),
    *(golden for _, golden, _ in UNDERSTOOD),
]


@pytest.mark.parametrize(("golden", "made"), SENT, ids=lambda each: getattr(each, "meaning", ""))
def test_sent(golden: Golden, made: Any) -> None:
    sent = made()
    assert (sent.encode() if isinstance(sent, str) else sent) == golden.wire


@pytest.mark.parametrize(("wire", "golden", "heard"), UNDERSTOOD, ids=lambda each: getattr(each, "meaning", ""))
def test_understood(wire: Any, golden: Golden, heard: Heard) -> None:
    assert wire.hear(golden.wire) == heard
    assert wire.hear(golden.wire.decode()) == heard


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
