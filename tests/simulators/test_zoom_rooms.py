"""The simulated Zoom Room over SSH, as a client sees it: its greeting, its JSON, its controller, its one session."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import pytest

from simulators.device import SimulatorError
from simulators.zoom_rooms import ZoomRooms


class Client:
    """A terminal that reads lines and JSON objects."""

    def __init__(self, process: asyncssh.SSHClientProcess[str]) -> None:
        self.process = process

    def say(self, line: str) -> None:
        self.process.stdin.write(f"{line}\r\n")

    async def line(self) -> str:
        async with asyncio.timeout(5):
            return (await self.process.stdout.readline()).strip()

    async def json(self) -> Any:
        held = ""
        while True:
            held += await self.line()
            with contextlib.suppress(ValueError):
                return json.loads(held)

    async def ask(self, line: str) -> Any:
        self.say(line)
        while not (answer := await self.json())["Sync"]:
            pass
        return answer


@contextlib.asynccontextmanager
async def client(address: str, password: str = "x") -> AsyncIterator[Client]:
    parts = urlsplit(address)
    async with (
        asyncssh.connect(
            parts.hostname or "",
            parts.port or 0,
            username="zoom",
            password=password,
            known_hosts=None,
            client_keys=None,
        ) as link,
        link.create_process() as process,
    ):
        yield Client(process)


@contextlib.asynccontextmanager
async def room(**more: Any) -> AsyncIterator[tuple[ZoomRooms, Client]]:
    sim = ZoomRooms(password="x", speed=50, **more)
    async with sim.serving() as address, client(address) as one:
        while await one.line() != "OK":
            pass
        one.say("echo off")
        assert await one.line() == "echo off"
        one.say("format json")
        await one.ask("zStatus SystemUnit")
        yield sim, one


async def test_status_volume_and_mutes() -> None:
    async with room() as (sim, one):
        answer = await one.ask("zStatus Call Status")
        assert answer["type"] == "zStatus" and answer["topKey"] == "Call"
        assert answer["Call"] == {"Status": "NOT_IN_MEETING"} and answer["Status"]["state"] == "OK"
        answer = await one.ask("zConfiguration Audio Output volume: 70")
        assert answer["Audio"]["Output"]["volume"] == 70 == sim.volume
        assert (await one.ask("zConfiguration Call Microphone Mute: on"))["Call"]["Microphone"]["Mute"] is True
        assert sim.mic_muted
        one.say("zStatus Weather")
        assert await one.line() == "Unsupported Command"


async def test_join_progress_and_the_far_ends_end() -> None:
    async with room(json_indent=0) as (sim, one):
        await one.ask("zCommand Dial Join meetingNumber: 93412345678")
        assert (await one.json())["Call"] == {"Status": "CONNECTING_MEETING"}
        await sim.until(lambda: sim.status == "IN_MEETING")
        assert len((await one.ask("zCommand Call ListParticipants"))["ListParticipantsResult"]) == 2
        sim.far_end_hangs_up()
        assert sim.status == "NOT_IN_MEETING"
        assert (await one.ask("zCommand Call ListParticipants"))["Status"]["state"] == "Error"


async def test_a_wrong_passcode_and_a_meeting_that_turns_away() -> None:
    async with room(passcode="123", far_end="rejects") as (sim, one):
        await one.ask("zCommand Dial Join meetingNumber: 93412345678 password: 9")
        assert (await one.json())["MeetingNeedsPassword"] == {"needsPassword": True, "wrongAndRetry": True}
        await one.ask("zCommand Dial Join meetingNumber: 93412345678 password: 123")
        assert (await one.json())["Call"]["Status"] == "CONNECTING_MEETING"
        assert "error_message" in (await one.json())["CallConnectError"]
        await sim.until(lambda: sim.status == "NOT_IN_MEETING")


async def test_incoming_calls_ring_and_ring_out() -> None:
    async with room() as (sim, one):
        sim.incoming_call(number="a@xmpp.zoom.us", name="Alice")
        told = (await one.json())["IncomingCallIndication"]
        assert told["callerJID"] == "a@xmpp.zoom.us" and told["callerName"] == "Alice"
        await sim.until(lambda: not sim.ringing)
        assert (await one.json())["TreatedIncomingCallIndication"]["accepted"] is False


async def test_a_controller_takes_the_room() -> None:
    async with room() as (sim, one):
        sim.controller_logs_in()
        assert [await one.line(), await one.line()] == ["*e Pipe OtherControllerLogin", "** end"]
        one.say("zConfiguration Audio Output volume: 70")
        assert [await one.line(), await one.line()] == ["*e Pipe Reconnecting", "** end"]
        assert sim.volume == 50
        await sim.until(lambda: sim.pipe == "ours")
        await one.ask("zConfiguration Audio Output volume: 70")
        assert sim.volume == 70 and sim.not_done == 1


async def test_one_session_at_a_time_and_the_password() -> None:
    sim = ZoomRooms(password="x")
    async with sim.serving() as address, client(address) as first:
        assert await first.line() == "ZAAPI control system API"
        async with client(address) as second:
            assert await second.line() == "*e Connection rejected"
        with pytest.raises(asyncssh.PermissionDenied):
            async with client(address, "wrong"):
                pass


def test_a_hand_refuses_nonsense() -> None:
    with pytest.raises(SimulatorError, match="0 to 100"):
        ZoomRooms().touch_volume(101)


async def test_a_telephone_is_called_listed_and_hung_up() -> None:
    async with room() as (sim, one):
        await one.ask("zCommand Dial PhoneCallOut Number: +15551234567")
        said = [(await one.json())["PhoneCallStatus"] for _ in range(3)]
        assert [told["Status"].rpartition("_")[2] for told in said] == ["Init", "Ringing", "InCall"]
        call = said[0]["CallId"]
        assert {told["CallId"] for told in said} == {call} and said[0]["PeerNumber"] == "+15551234567"
        (listed,) = (await one.ask("zCommand PhoneCall List"))["PhoneCallListResult"]
        assert listed == said[-1]
        assert (await one.ask(f"zCommand SendSipDTMF CallId: {call} Key: 5"))["Status"]["state"] == "OK"
        assert sim.tones == "5"
        await one.ask(f"zCommand Dial PhoneHangUp CallId: {call}")
        ended = (await one.json())["PhoneCallTerminated"]
        assert ended["CallId"] == call and ended["Reason"] == "PhoneCallTerminateReason_ByLocal"
        assert (await one.ask("zCommand PhoneCall List"))["PhoneCallListResult"] == []
        assert (await one.ask(f"zCommand Dial PhoneHangUp CallId: {call}"))["Status"]["state"] == "Error"


async def test_a_room_that_keeps_its_telephone_to_itself() -> None:
    async with room(phone_events=False, phone_list=False) as (sim, one):
        await one.ask("zCommand Dial PhoneCallOut Number: +15551234567")
        await sim.until(lambda: [call["Status"] for call in sim.phones.values()] == ["PhoneCallStatus_InCall"])
        one.say("zCommand PhoneCall List")
        assert await one.line() == "Unsupported Command"  # and nothing of the call before it


async def test_events_that_stop_and_events_in_between() -> None:
    async with room() as (sim, one):
        sim.events = False
        sim.touch_volume(12)
        sim.chatter = True
        one.say("zStatus Call Status")
        between, answer = await one.json(), await one.json()
        assert between["topKey"] == "Audio" and between["Sync"] is False
        assert answer["topKey"] == "Call" and answer["Sync"] is True
