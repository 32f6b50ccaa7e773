"""The simulated codec's text shell, against an SSH client and the exchanges that are on record."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncssh
import pytest

from tests.simulators.cisco_clients import PANEL, codec, quiet_shell, ssh


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
