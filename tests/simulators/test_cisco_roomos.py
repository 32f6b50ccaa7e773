"""The simulated codec against Cisco's own client (xows), an SSH client, and the exchanges that are on record."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import pytest
import xows
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from simulators import find
from simulators.cisco_roomos import CiscoRoomOS
from simulators.cisco_roomos.table import COMMANDS, Int, Many, Needed, ParameterError
from simulators.cisco_roomos.tree import Text, as_lines, changes, select, steps_of
from simulators.device import SimulatorError

pytestmark = [
    # xows 1.0.5 calls aiohttp in a way that aiohttp means to end.
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]

PASSWORD = "pa/ss+1"
PANEL = (
    "<Extensions><Version>1.11</Version>\n <Panel><Order>1</Order><PanelId>learn</PanelId><Origin>local</Origin>"
    "<Location>ControlPanel</Location>\n  <Icon>Lightbulb</Icon><Color>#1170CF</Color><Name>Lights</Name>"
    "<ActivityType>Custom</ActivityType>\n  <Page><Name>Lights</Name><Row><Name>Row</Name><Widget>"
    "<WidgetId>sw1</WidgetId><Type>ToggleButton</Type><Options>size=1</Options></Widget></Row></Page>\n"
    " </Panel></Extensions>"
)


def codec(**settings: Any) -> CiscoRoomOS:
    """Fast, but nobody gives up a ringing call before a busy machine has got to it."""
    return CiscoRoomOS.configured({"password": PASSWORD, "speed": 50, "no_answer_seconds": 3000} | settings)


@contextlib.asynccontextmanager
async def xows_client(address: str, password: str = PASSWORD) -> AsyncIterator[Any]:
    client = xows.XoWSClient(address, "admin", password)
    await client.connect()
    try:
        yield client
    finally:
        await client.disconnect()
        await client.wait_until_closed()


class Ws:
    """JSON-RPC by hand, for what the library does not send."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: deque[Any] = deque()  # what was said while an answer was awaited

    async def heard(self) -> Any:
        return self.told.popleft() if self.told else await self.next()

    async def next(self) -> Any:
        return json.loads(await asyncio.wait_for(self.connection.recv(), 5))

    async def ask(self, method: str, identity: Any = "1", **params: Any) -> Any:
        request = {"jsonrpc": "2.0", "method": method, "id": identity} | ({"params": params} if params else {})
        await self.connection.send(json.dumps(request))
        while "method" in (message := await self.next()):
            self.told.append(message)
        return message


@contextlib.asynccontextmanager
async def ws(address: str, password: str = PASSWORD) -> AsyncIterator[Ws]:
    async with connect(address, subprotocols=[protocol(password)], proxy=None) as connection:
        yield Ws(connection)


def protocol(password: str) -> Subprotocol:
    token = base64.urlsafe_b64encode(f"admin:{password}".encode()).decode().rstrip("=")
    return Subprotocol(f"auth-{token}")


class Shell:
    """The far end of an SSH shell."""

    def __init__(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self.process, self.buffer = process, b""

    def send(self, text: str) -> None:
        self.process.stdin.write(text.encode())

    async def until(self, end: str) -> str:
        """Everything up to and with `end`."""
        while end.encode() not in self.buffer:
            data = await asyncio.wait_for(self.process.stdout.read(4096), 5)
            assert data, f"the shell ended before {end!r}: {self.buffer!r}"
            self.buffer += data
        text, found, self.buffer = self.buffer.partition(end.encode())
        return (text + found).decode()

    async def object(self) -> Any:
        """The next JSON object, however many lines it takes."""
        while True:
            with contextlib.suppress(ValueError):
                text = self.buffer.decode().lstrip()
                found, end = json.JSONDecoder().raw_decode(text)
                self.buffer = text[end:].encode()
                return found
            data = await asyncio.wait_for(self.process.stdout.read(4096), 5)
            assert data
            self.buffer += data

    async def ask(self, command: str) -> Any:
        self.send(f"{command}\n")
        return await self.object()


@contextlib.asynccontextmanager
async def ssh(address: str, *, terminal: str | None = None, **options: Any) -> AsyncIterator[Shell]:
    where = urlsplit(address)
    options = {"password": PASSWORD} | options
    async with asyncssh.connect(
        where.hostname or "",
        where.port or 0,
        username="admin",
        known_hosts=None,
        config=None,
        client_keys=None,
        **options,
    ) as connection:
        async with connection.create_process(term_type=terminal, encoding=None) as process:
            yield Shell(process)
            process.close()
        connection.close()
        await connection.wait_closed()


@contextlib.asynccontextmanager
async def quiet_shell(address: str, mode: str = "terminal") -> AsyncIterator[Shell]:
    """A shell past its banner and `echo off`."""
    async with ssh(address) as shell:
        await shell.until("*r Login successful\n\nOK\n\n")
        shell.send("echo off\n")
        await shell.until("\nOK\n")
        if mode == "json":
            shell.send("xpreferences outputmode json\n")
        yield shell


# WebSocket


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


# Calls


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


# Shell


async def test_without_a_terminal_lines_end_with_lf_and_nothing_is_echoed() -> None:
    async with codec(system_name="sx20").serving("ssh") as address, ssh(address) as shell:
        assert await shell.until("OK\n\n") == (
            "Welcome to sx20\nCisco Codec Release RoomOS 26.4.1.0\n"
            "SW Release Date: 2026-04-01, matchbox\n*r Login successful\n\nOK\n\n"
        )
        shell.send("echo off\n")
        assert await shell.until("OK\n") == "\nOK\n"
        shell.send("xStatus Audio Volume\n")
        assert await shell.until("OK\n") == "*s Audio Volume: 50\n** end\n\nOK\n"


async def test_with_a_terminal_lines_end_with_crlf_and_are_echoed_until_echo_off() -> None:
    async with codec().serving("ssh") as address, ssh(address, terminal="vt100") as shell:
        await shell.until("*r Login successful\r\n\r\nOK\r\n\r\n")
        shell.send("xStatus Audio Volume\r")
        assert await shell.until("OK\r\n") == "xStatus Audio Volume\r\n*s Audio Volume: 50\r\n** end\r\n\r\nOK\r\n"
        shell.send("Echo off\n")
        assert await shell.until("OK\r\n") == "Echo off\r\n\r\nOK\r\n"
        shell.send("xStatus Audio Volume\r\n")
        assert await shell.until("OK\r\n") == "*s Audio Volume: 50\r\n** end\r\n\r\nOK\r\n"


async def test_the_last_login_is_told_after_the_ok() -> None:
    async with codec().serving("ssh") as address:
        async with ssh(address) as shell:
            await shell.until("OK\n\n")
        async with ssh(address) as shell:
            await shell.until("OK\n\n")
            assert (await shell.until("\n")).startswith("Last login from 127.0.0.1 at ")


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
async def test_both_ssh_logins(method: str) -> None:
    sim = codec()
    async with sim.serving("ssh") as address:
        async with ssh(address, preferred_auth=method) as shell:
            await shell.until("*r Login successful")
        with pytest.raises(asyncssh.PermissionDenied):
            async with ssh(address, preferred_auth=method, password="wrong"):
                pass
        sim.faults.refuse_login = True
        with pytest.raises(asyncssh.PermissionDenied):
            async with ssh(address, preferred_auth=method):
                pass


# What is sent, and the lines of the answer without the empty ones. D15427.02 and Cisco's xAPI guide; the errors
# are of our own form (no record is known).
TERMINAL: list[tuple[str, list[str]]] = [
    (
        "xStatus SystemUnit State",
        [
            "*s SystemUnit State NumberOfActiveCalls: 0",
            "*s SystemUnit State NumberOfInProgressCalls: 0",
            "** end",
            "OK",
        ],
    ),
    (
        'xCommand Dial Number: "alice@example.com" Protocol: H320',
        ["OK", "*r DialResult (status=OK):", "*r DialResult CallId: 1", "*r DialResult ConferenceId: 1", "** end"],
    ),
    ('xConfiguration SystemUnit Name: "my-device"', ["** end", "OK"]),
    ("xConfiguration SystemUnit Name", ['*c xConfiguration SystemUnit Name: "room"', "** end", "OK"]),
    ("xFeedback Register Status/Video/Selfview", ["** end", "OK"]),
    ("XSTATUS audio VOLUME", ["*s Audio Volume: 50", "** end", "OK"]),
    ('xStatus Audio Volume | resultId="my tag"', ["*s Audio Volume: 50", '** resultId: "my tag"', "** end", "OK"]),
    ("xConfig Audio DefaultVolume", ["*c xConfiguration Audio DefaultVolume: 50", "** end", "OK"]),
    ("xStatus Call", ["** end", "OK"]),
    ("xPref outputmode terminal", ["OK"]),
    ("Not a real command", ["Command not recognized."]),
    ("xCommand Dial", ["ERROR", "*r DialResult (status=ParameterError):", "** end"]),
    (
        "xCommand Dila",
        [
            "ERROR",
            "*r Result (status=Error):",
            '*r Result Reason: "Unknown command"',
            '*r Result XPath: "/Dila"',
            "** end",
        ],
    ),
]


@pytest.mark.parametrize(("sent", "lines"), TERMINAL)
async def test_terminal_mode(sent: str, lines: list[str]) -> None:
    sim = codec(system_name="room", isdn_link=True)
    async with sim.serving("ssh") as address, quiet_shell(address) as shell:
        shell.send(f"{sent}\nbye\n")
        answer = (shell.buffer + await asyncio.wait_for(shell.process.stdout.read(), 5)).decode()
        assert [line.rstrip() for line in answer.split("\n") if line] == lines


def result(name: str, **more: Any) -> dict[str, Any]:
    return {"CommandResponse": {name: more}}


# Recorded in jsxapi (test/backend/tsh.spec.ts) and PlaceOS (collaboration_endpoint_spec.cr).
JSON_MODE: list[tuple[str, dict[str, Any]]] = [
    ("xStatus Audio Volume", {"Status": {"Audio": {"Volume": {"Value": "50"}}}}),
    (
        'xCommand Dial Number: "user@example.com"',
        result("DialResult", status="OK", CallId={"Value": "1"}, ConferenceId={"Value": "1"}),
    ),
    ("xCommand Audio Volume Increase", result("VolumeIncreaseResult", status="OK")),
    ("xConfiguration SystemUnit Name: x", {}),
    ("xFeedback register /Status/Audio/Volume", {}),
    ("xCommand Dial", result("DialResult", status="ParameterError")),
    (
        "xCommand Dila",
        result("Result", status="Error", Reason={"Value": "Unknown command"}, XPath={"Value": "/Dila"}),
    ),
    (
        "xStatus Wrong",
        result(
            "Status",
            status="Error",
            Reason={"Value": "No match on address expression."},
            XPath={"Value": "Status/Wrong"},
        ),
    ),
    (
        'xConfiguration Video Input Connector 1 Foo: "Bar"',
        result(
            "Configuration",
            status="Error",
            Reason={"Value": "No match on address expression."},
            XPath={"Value": "Configuration/Video/Input/Connector[1]/Foo"},
        ),
    ),
    (
        'xConfiguration Audio DefaultVolume: "asdf"',
        {"Configuration": {"Audio": {"DefaultVolume": {"error": "True", "Value": "Illegal value"}}}},
    ),
    (
        "xCommand Video Input SetMainVideoSource ConnectorId: 1 SourceId: 1",
        result(
            "InputSetMainVideoSourceResult",
            status="Error",
            Reason={"Value": "Must supply either SourceId or ConnectorId (but not both.)"},
        ),
    ),
]


@pytest.mark.parametrize(("sent", "answer"), JSON_MODE)
@pytest.mark.parametrize("indent", [0, 2])
async def test_json_mode(sent: str, answer: dict[str, Any], indent: int) -> None:
    async with codec(json_indent=indent).serving("ssh") as address, quiet_shell(address, "json") as shell:
        assert await shell.ask(f'{sent} | resultId="7"') == answer | {"ResultId": "7"}


async def test_the_other_places_of_error_words() -> None:
    sim = codec(xpath_beside=True)
    async with sim.serving("ssh") as address, quiet_shell(address, "json") as shell:
        answer = await shell.ask("xCommand Not A Real Command")
        assert answer["CommandResponse"]["XPath"] == {"Value": "/Not/A/Real/Command"}
        answer = await shell.ask("xCommand Dial Number: 1 Protocol: H320")
        assert answer["CommandResponse"]["DialResult"]["Error"] == {"Value": "Not paired with isdn link"}


async def test_bodies_of_both_kinds() -> None:
    sim = codec()
    async with sim.serving("ssh") as address, quiet_shell(address, "json") as shell:
        command = 'xCommand UserInterface Extensions Panel Save PanelId: "lights"'
        shell.send(f'{command} | resultId="1"\n{PANEL}\n.\n')
        assert await shell.object() == result("PanelSaveResult", status="OK") | {"ResultId": "1"}
        counted = f'{command.replace("lights", "fläche")} | resultId="2"\n{PANEL}\n'
        shell.send(f"{{{len(counted.encode())}}} \n{counted}")
        assert await shell.object() == result("PanelSaveResult", status="OK") | {"ResultId": "2"}
        assert set(sim.panels) == {"lights", "fläche"}
        listed = await shell.ask("xCommand UserInterface Extensions List")
        (first, _) = listed["CommandResponse"]["ExtensionsListResult"]["Extensions"]["Panel"]
        assert first["PanelId"] == {"Value": "lights"}
        assert first["Page"][0]["Row"][0]["Widget"][0]["WidgetId"] == {"Value": "sw1"}


async def test_requests_that_come_byte_by_byte() -> None:
    sim = codec()
    async with sim.serving("ssh") as address, quiet_shell(address, "json") as shell:
        counted = f"xCommand UserInterface Extensions Panel Save PanelId: lights\n{PANEL}\n"
        for byte in f"xStatus Audio Volume\r\n{{{len(counted)}}} \r\n{counted}":
            shell.send(byte)
            await asyncio.wait_for(shell.process.stdin.drain(), 5)
        assert (await shell.object())["Status"]["Audio"]["Volume"] == {"Value": "50"}
        assert await shell.object() == result("PanelSaveResult", status="OK")


async def test_feedback_in_the_terminal() -> None:
    sim = codec()
    async with sim.serving("ssh") as address, quiet_shell(address) as shell:
        for expression in ("/Status/Audio", "Status/Call[*]", "/Event/UserInterface/Extensions"):
            shell.send(f"xFeedback Register {expression}\n")
            assert await shell.until("OK\n") == "** end\n\nOK\n"
        sim.touch_volume(level=41)
        assert await shell.until("** end\n") == "*s Audio Volume: 41\n** end\n"
        sim.incoming_call(number="alice@example.com", name='say "hi"')
        rang = await shell.until("** end\n")
        assert "*s Call 1 Status: Ringing\n" in rang
        assert '*s Call 1 DisplayName: "say \\"hi\\""\n' in rang
        sim.far_end_hangs_up()
        assert await shell.until("** end\n") == "*s Call 1 Status: Disconnecting\n** end\n"
        assert await shell.until("** end\n") == "*s Call 1 (ghost=True):\n** end\n"
        sim.panels["lights"] = PANEL
        sim.widget_action("sw1", "changed", "on")
        assert await shell.until("** end\n") == (
            '*e UserInterface Extensions Widget Action Type: "changed"\n'
            '*e UserInterface Extensions Widget Action Value: "on"\n'
            '*e UserInterface Extensions Widget Action WidgetId: "sw1"\n** end\n'
        )
        shell.send("xFeedback list\n")
        assert (await shell.until("OK\n")).startswith("/status/audio\n")
        shell.send("xFeedback deregister /Status/Audio\n")
        await shell.until("OK\n")
        sim.touch_volume(level=42)
        shell.send("xFeedback deregisterall\nxFeedback list\n")
        assert await shell.until("OK\n") == await shell.until("OK\n") == "** end\n\nOK\n"


async def test_feedback_in_json_mode_has_no_result_id_and_ghosts() -> None:
    sim = codec()
    async with sim.serving("ssh") as address, quiet_shell(address, "json") as shell:
        await shell.ask('xFeedback register /Status/Call | resultId="1"')
        sim.incoming_call()
        assert (await shell.object())["Status"]["Call"][0]["id"] == "1"
        sim.far_end_hangs_up()
        await shell.object()
        assert await shell.object() == {"Status": {"Call": [{"id": "1", "ghost": "True"}]}}


# Commands


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


async def command(client: Ws, path: str, **params: Any) -> Any:
    answer = await client.ask(f"xCommand/{path.replace(' ', '/')}", **params)
    return answer.get("result", answer)


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
        sim.touch_standby()
        assert sim.standby == "Off"
        sim.touch_standby()
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
        sim.answer_far_end(call["CallId"])
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


# The whole device


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


# Trees

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
