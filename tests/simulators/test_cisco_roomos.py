"""The simulated codec over WebSocket, against Cisco's own client (xows) and exchanges that are on record; its calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import xows
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from simulators.device import SimulatorError
from tests.simulators.cisco_clients import PASSWORD, Ws, codec, protocol, ws, xows_client

pytestmark = [
    # xows 1.0.5 calls aiohttp in a way that aiohttp means to end.
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


async def test_cisco_s_own_client_reads_commands_and_is_told() -> None:
    sim = codec()
    told: asyncio.Queue[Any] = asyncio.Queue()
    async with sim.serving("ws") as address, xows_client(address) as client:
        assert await client.xGet(["Status", "Audio", "Volume"]) == 50
        await client.subscribe(["Status", "Audio"], lambda data, _: told.put_nowait(data), True)
        current = await asyncio.wait_for(told.get(), 5)
        assert current["Status"]["Audio"]["Volume"] == 50
        await client.xCommand(["Audio", "Volume", "Set"], Level=41)
        assert await asyncio.wait_for(told.get(), 5) == {"Status": {"Audio": {"Volume": 41}}}
        assert sim.volume == 41
        await client.xCommand(["Audio", "Microphones", "Mute"])
        assert await asyncio.wait_for(told.get(), 5) == {"Status": {"Audio": {"Microphones": {"Mute": "On"}}}}
        assert await client.xSet(["Configuration", "SystemUnit", "Name"], "x") is True
        assert await client.xGet(["Configuration", "SystemUnit", "Name"]) == "x"


async def test_cisco_s_own_client_reads_the_errors_as_what_they_are() -> None:
    sim = codec()
    async with sim.serving("ws") as address, xows_client(address) as client:
        with pytest.raises(xows.CommandError, match="Not paired with isdn link"):
            await client.xCommand(["Dial"], Number="1", Protocol="H320")
        with pytest.raises(xows.MethodNotFound):
            await client.xCommand(["Dila"])
        with pytest.raises(xows.InvalidParameter):
            await client.xCommand(["Audio", "Volume", "Set"], Level=101)
        with pytest.raises(xows.InvalidParameter):
            await client.xGet(["Status", "Wrong"])
        with pytest.raises(xows.InvalidParameter):
            await client.xQuery(["**"])
        sim.ready = False
        with pytest.raises(xows.NotReady):
            await client.xGet(["Status", "Audio"])


@pytest.mark.parametrize(
    ("settings", "password", "error"),
    [
        ({}, "wrong", xows.AuthenticationFailure),
        ({"configuration": {"NetworkServices HTTP Mode": "HTTPS"}}, PASSWORD, xows.HTTPNotEnabledError),
        ({"configuration": {"NetworkServices Websocket": "Off"}}, PASSWORD, xows.NotEnabledError),
        ({"max_sessions": 0}, PASSWORD, xows.RateLimitError),
    ],
)
async def test_a_refused_upgrade_has_the_status_that_cisco_s_client_knows(
    settings: dict[str, Any], password: str, error: type[Exception]
) -> None:
    configuration = settings.pop("configuration", {})
    sim = codec(**settings)
    sim.configuration.update(configuration)
    async with sim.serving("ws") as address:
        with pytest.raises(error):
            async with xows_client(address, password):
                pass


async def test_the_subprotocol_login_is_echoed() -> None:
    login = Subprotocol("auth-YWRtaW46cGEvc3MrMQ")
    async with codec().serving("ws") as address, connect(address, subprotocols=[login], proxy=None) as connection:
        assert connection.subprotocol == login


@pytest.mark.parametrize("offered", [[protocol("wrong")], [Subprotocol("auth-***")], []])
async def test_a_wrong_or_missing_subprotocol_login_is_forbidden(offered: list[Subprotocol]) -> None:
    async with codec().serving("ws") as address:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, subprotocols=offered or None, proxy=None):
                pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("identity", ["1", 105, "a b", 0])
async def test_ids_come_back_unchanged(identity: Any) -> None:
    async with codec().serving("ws") as address, ws(address) as client:
        answer = await client.ask("xGet", identity, Path=["Status", "Audio", "Volume"])
        assert answer == {"jsonrpc": "2.0", "id": identity, "result": 50}


# D15427.02, as far as it is on record: what is asked, and the answer.
RPC_ON_RECORD: list[tuple[str, dict[str, Any], Any]] = [
    ("xGet", {"Path": ["Status", "Audio", "Volume"]}, {"result": 50}),
    ("xFeedback/Subscribe", {"Query": ["Status", "Audio", "Volume"]}, {"result": {"Id": 1}}),
    (
        "xCommand/Dial",
        {"Number": "bobby@example.com", "Protocol": "Spark"},
        {"result": {"CallId": 1, "ConferenceId": 1}},
    ),
    ("xSet", {"Path": ["Configuration", "SystemUnit", "Name"], "Value": "x"}, {"result": True}),
    (
        "xCommand/Dial",
        {"Number": "1", "Protocol": "H320"},
        {"error": {"code": 1, "message": "Not paired with isdn link", "data": {"Cause": 21}}},
    ),
    (
        "xFeedback/Unsubscribe",
        {"Id": 4},
        {"error": {"code": -32602, "message": "Unknown subscription Id", "data": {"Id": 4}}},
    ),
    (
        "xQuery",
        {"Query": ["Status", "**", "DisplayName"]},
        {"result": {"Status": {"SystemUnit": {"Software": {"DisplayName": "RoomOS 11.20"}}}}},
    ),
]


@pytest.mark.parametrize(("method", "params", "answer"), RPC_ON_RECORD)
async def test_json_rpc_exchanges_on_record(method: str, params: dict[str, Any], answer: Any) -> None:
    async with codec(software_version="RoomOS 11.20").serving("ws") as address, ws(address) as client:
        assert await client.ask(method, 110, **params) == {"jsonrpc": "2.0", "id": 110} | answer


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", -32700),
        ("[]", -32600),
        ('{"jsonrpc":"1.0","id":1,"method":"xGet"}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":"xGet","params":[1]}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":"xNope"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"xGet"}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"xSet","params":{"Path":["Status","Audio"],"Value":1}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"xFeedback/Subscribe","params":{"Query":["Status","Wrong"]}}', -32602),
    ],
)
async def test_json_rpc_errors_have_their_codes(sent: str, code: int) -> None:
    async with codec().serving("ws") as address, ws(address) as client:
        await client.connection.send(sent)
        assert (await client.heard())["error"]["code"] == code


async def test_a_role_without_the_right_is_refused() -> None:
    async with codec(role="User").serving("ws") as address, ws(address) as client:
        refused = await client.ask("xCommand/UserInterface/Extensions/Panel/Remove", PanelId="x")
        assert refused["error"]["code"] == -31999


async def test_registrations_run_out() -> None:
    async with codec(max_subscriptions=1).serving("ws") as address, ws(address) as client:
        assert (await client.ask("xFeedback/Subscribe", Query=["Status", "Call"]))["result"] == {"Id": 1}
        refused = await client.ask("xFeedback/Subscribe", Query=["Status", "Audio"])
        assert refused["error"]["code"] == -31998


async def test_only_what_was_asked_for_is_told_and_only_what_changed() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await client.ask("xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
        await client.ask("xFeedback/Subscribe", Query=["Status", "Call", 2, "Status"])
        sim.touch_mic_mute()
        sim.touch_volume(level=50)  # as it was: nothing to tell
        sim.incoming_call(number="first@example.com")
        sim.touch_volume(level=12)
        event = {"jsonrpc": "2.0", "method": "xFeedback/Event"}
        assert await client.heard() == event | {"params": {"Id": 1, "Status": {"Audio": {"Volume": 12}}}}
        sim.incoming_call(number="second@example.com")
        assert (await client.heard())["params"] == {"Id": 2, "Status": {"Call": [{"id": 2, "Status": "Ringing"}]}}
        assert (await client.ask("xFeedback/Unsubscribe", Id=1))["result"] is True
        sim.touch_volume(level=13)
        assert (await client.ask("xGet", Path=["Status", "Audio", "Volume"]))["result"] == 13


async def test_a_changed_setting_is_told_too() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await client.ask("xFeedback/Subscribe", Query=["Configuration"])
        sim.set_configuration("Video Input Connector 2 Name", "Laptop")
        changed = {"Configuration": {"Video": {"Input": {"Connector": [{"id": 2, "Name": "Laptop"}]}}}}
        assert (await client.heard())["params"] == {"Id": 1} | changed
        with pytest.raises(SimulatorError, match="Illegal value"):
            sim.set_configuration("Audio DefaultVolume", "loud")


async def test_forgotten_registrations_stay_silent_until_they_are_made_again() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await client.ask("xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
        sim.forget_feedback()
        sim.touch_volume(level=12)
        assert (await client.ask("xFeedback/Subscribe", Query=["Status", "Audio", "Volume"]))["result"] == {"Id": 2}
        sim.touch_volume(level=13)
        assert (await client.heard())["params"] == {"Id": 2, "Status": {"Audio": {"Volume": 13}}}


async def calls_told(client: Ws, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = await client.heard()
        found += message.get("params", {}).get("Status", {}).get("Call", [])
    return found


async def test_a_dialled_call_dials_rings_connects_and_becomes_a_ghost() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        await client.ask("xFeedback/Subscribe", Query=["Status", "Call"])
        assert (await client.ask("xCommand/Dial", Number="alice@example.com"))["result"]["CallId"] == 1
        dialling, ringing, connected = await calls_told(client, 3)
        assert dialling["Status"] == "Dialling"
        assert dialling["Direction"] == "Outgoing"
        assert dialling["CallbackNumber"] == "sip:alice@example.com"
        assert ringing == {"id": 1, "Status": "Ringing"}
        assert connected["Status"] == "Connected"
        assert connected["AnswerState"] == "Answered"
        state = (await client.ask("xGet", Path=["Status", "SystemUnit", "State"]))["result"]
        assert state == {"NumberOfActiveCalls": 1, "NumberOfInProgressCalls": 0}
        await client.ask("xCommand/Call/Disconnect")
        assert await calls_told(client, 2) == [{"id": 1, "Status": "Disconnecting"}, {"id": 1, "ghost": "True"}]
        assert (await client.ask("xGet", Path=["Status", "Call"]))["result"] == []


FIELDS = (
    "AnswerState CallbackNumber CallType DeviceType Direction DisplayName Duration Encryption HoldReason PlacedOnHold "
    "Protocol ReceiveCallRate RemoteNumber Status TransmitCallRate"
)


async def test_a_call_has_every_field_of_the_schema() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        sim.incoming_call(number="alice@example.com", name="Alice")
        (call,) = (await client.ask("xGet", Path=["Status", "Call"]))["result"]
        assert set(call) == {"id", *FIELDS.split()}
        assert call["DisplayName"] == "Alice"
        assert call["Encryption"] == {"Type": "None"}


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        ("busy@example.com", "RemoteBusy"),
        ("reject@example.com", "RemoteRejected"),
        ("noanswer", "RemoteNoAnswer"),
        ("unknown", "UnknownRemoteSite"),
    ],
)
async def test_a_call_that_fails_says_why(number: str, cause: str) -> None:
    sim = codec(no_answer_seconds=2)
    async with sim.serving("ws") as address, ws(address) as client:
        await client.ask("xFeedback/Subscribe", Query=["Event", "CallDisconnect"])
        await client.ask("xCommand/Dial", Number=number)
        event = (await client.heard())["params"]["Event"]["CallDisconnect"]
        assert event["CauseType"] == cause
        await sim.until(lambda: not sim.calls)


async def test_an_incoming_call_is_accepted_held_resumed_and_ended_by_the_far_end() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        sim.standby = "Standby"
        number = sim.incoming_call()
        assert sim.standby == "Off"
        assert sim.calls[0].answer_state == "Unanswered"
        await client.ask("xCommand/Call/Accept", CallId=number)
        await sim.until(lambda: sim.calls[0].status == "Connected")
        await client.ask("xCommand/Call/Hold", CallId=number)
        assert (await client.ask("xGet", Path=["Status", "Call", number, "PlacedOnHold"]))["result"] == "True"
        await client.ask("xCommand/Call/Resume", CallId=number)
        await client.ask("xCommand/Call/DTMFSend", DTMFString="12#", CallId=number)
        assert sim.calls[0].dtmf == "12#"
        sim.far_end_hangs_up()
        await sim.until(lambda: not sim.calls)
        assert (await client.ask("xCommand/Call/Accept"))["error"]["code"] == 1


async def test_an_incoming_call_can_be_rejected_missed_answered_at_the_panel_or_by_itself() -> None:
    sim = codec()
    async with sim.serving("ws") as address, ws(address) as client:
        sim.incoming_call()
        await client.ask("xCommand/Call/Reject")
        await sim.until(lambda: not sim.calls)
        sim.no_answer_seconds = 1
        sim.incoming_call()
        await sim.until(lambda: not sim.calls)
        sim.no_answer_seconds = 3000
        sim.incoming_call()
        sim.touch_answer()
        await sim.until(lambda: sim.calls[0].status == "Connected")
        sim.touch_hang_up()
        await sim.until(lambda: not sim.calls)
        sim.set_configuration("Conference AutoAnswer Mode", "On")
        sim.incoming_call()
        await sim.until(lambda: sim.calls[0].status == "Connected")
        assert sim.calls[0].answer_state == "Autoanswered"
