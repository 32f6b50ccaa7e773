"""Meetings over the API, with a real gateway and simulated codecs: the list, joining, why, booking, giving up."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.calendars.calendar import AuthLost, NetworkLost
from gateway.calendars.desk import Desk
from gateway.calendars.meeting import Meeting
from gateway.calendars.showing import short
from gateway.joinlink import Invitation
from gateway.lines import LineDoor
from gateway.profile.linespec import LinesSpec
from gateway.profile.meetings import MeetingsSpec
from tests.api.support import ROOM, Rig, rig
from tests.api.test_decks import deck
from tests.clock import LeapingClock
from tests.scripted import ScriptCalendar

SPEC = MeetingsSpec("codec", book=True)
SIP = "Video: 76110735@example.com"
CODED = "Audio: +1 678 653 7090,223344#"


def meeting(minutes: float, body: str = SIP, identity: str = "", length: float = 60, **more: Any) -> Meeting:
    """One that begins so many minutes from now."""
    start = datetime.now(UTC) + timedelta(minutes=minutes)
    subject = more.pop("subject", f"In {minutes:g}")
    return Meeting(
        identity or f"id {minutes:g}", start, start + timedelta(minutes=length), Invitation(subject, "", body), **more
    )


@contextlib.asynccontextmanager
async def desk(
    folder: Path, *meetings: Meeting, spec: MeetingsSpec = SPEC, writes: bool = True, more: str = "", **codec: Any
) -> AsyncIterator[tuple[Rig, Desk, ScriptCalendar]]:
    """The test room, its codec's calendar replaced by a scripted one."""
    profile = ROOM + '\n[meetings]\ncalendar = "codec"\n' + more
    clock = LeapingClock(datetime.now(UTC).timestamp())
    async with rig(folder, profile, clock=clock, codec={"speed": 20, **codec}) as house:
        await house.online()
        office = house.running.house.office
        assert office is not None
        held = office.desks["demo"]
        calendar = ScriptCalendar(list(meetings), writes=writes)
        held.spec = spec
        held.keeper.calendar = calendar
        held.keeper.meetings, held.keeper.every = (), 60.0
        await held.keeper.look()
        await house.until(lambda: len(held._found) == len(meetings))
        yield house, held, calendar


async def do(house: Rig, verb: str, **fields: Any) -> dict[str, Any]:
    answer = await house.do(f"{verb}?wait=30", fields)
    told: dict[str, Any] = answer.json()
    return told


async def test_the_list_over_http_and_the_socket(tmp_path: Path) -> None:
    secret = meeting(120, private=True, subject="Salaries", organizer="Alice Example")
    async with desk(tmp_path, meeting(5), secret) as (house, held, calendar):
        await house.until(lambda: len(held.showing.listed) >= 1)
        told = (await house.client.get("/api/v1/rooms/demo/meetings")).json()
        assert told["calendar"]["state"] == "ok" and told["calendar"]["book"] is True
        first = told["listed"][0]
        assert (
            first["subject"] == "In 5"
            and first["join"] is True
            and first["way"] == "Call the meeting at its video address"
        )
        assert "Salaries" not in json.dumps(told) and "Alice" not in json.dumps(told)
        async with house.socket() as ears:
            greeting = await ears.kind("state")
            assert greeting["state"]["meetings"] == {key: value for key, value in told.items() if key != "room"}
            calendar.drop("id 5")
            await held.keeper.look()
            news = await ears.kind("meetings")
            assert [one["id"] for one in news["meetings"]["listed"]] != [first["id"]]
        assert "Salaries" not in (await house.client.get("/api/v1/rooms/demo/history?limit=1000")).text


async def test_one_press_joins(tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(-5)) as (house, held, _):
        told = await do(house, "join-meeting")
        assert told["result"] == "confirmed" and told["words"] == "Call the meeting at its video address"
        (call,) = held.joiner.open_calls()
        assert call.state == "connected" and "76110735@example.com" in call.address
        again = await do(house, "join-meeting")
        assert again["result"] == "refused" and "hang up first" in again["words"]


async def test_the_ready_made_join_key_on_deck_and_touch_panel(tmp_path: Path) -> None:
    touch = '\n[surfaces.touch]\nunit = "codec/panel"\nlayout = "conferencing"\n'
    async with desk(tmp_path, meeting(30), more=touch) as (house, held, calendar):
        await house.until(lambda: house.room.own("joinable").value is False)
        async with deck(house) as ears:
            await ears.say(press="join", edge="down")
            await ears.say(press="join", edge="up")
            calendar.put(meeting(-5))
            await held.keeper.look()
            await house.until(lambda: house.room.own("joinable").value is True)
            assert not held.joiner.open_calls()  # the key was dead until now
            await ears.say(press="join", edge="down")
            await ears.say(press="join", edge="up")
            await house.until(lambda: [one.state for one in held.joiner.open_calls()] == ["connected"], 20)
        (call,) = held.joiner.open_calls()
        assert "76110735@example.com" in call.address
        await house.do("calls/hangup?wait=30", {})
        await house.until(lambda: not held.joiner.open_calls())
        await house.sims["codec"].until(lambda: "roomgate-key-join" in str(house.sims["codec"].widgets), timeout=6)
        house.sims["codec"].widget_action("roomgate-key-join", "pressed")
        house.sims["codec"].widget_action("roomgate-key-join", "released")
        await house.until(lambda: [one.state for one in held.joiner.open_calls()] == ["connected"], 20)


async def test_a_string_a_url_and_a_key_named_in_a_string_join_the_meeting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALL_TOKEN", "a-token-for-the-wall-0123")
    keypad = """
[keypads.wall]
token = { env = "WALL_TOKEN" }
allow = ["127.0.0.0/8"]
[keypads.wall.actions]
join = { do = "join-meeting" }
"""
    async with desk(tmp_path, meeting(-5), more=keypad) as (house, held, calendar):

        async def line(said: str) -> str:
            async with LineDoor(house.running.house, LinesSpec(0, allow=("127.0.0.1/32",))).open() as door:
                reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
                writer.write(said.encode() + b"\r")
                told = (await asyncio.wait_for(reader.readline(), 10)).decode().strip()
                writer.close()
                await writer.wait_closed()
                return told

        async def in_the_meeting() -> None:
            await house.until(lambda: [one.state for one in held.joiner.open_calls()] == ["connected"], 20)
            assert "76110735@example.com" in held.joiner.open_calls()[0].address
            await house.do("calls/hangup?wait=30", {})
            await house.until(lambda: not held.joiner.open_calls())

        await house.until(lambda: house.room.own("joinable").value is True)
        assert await line("demo join-meeting") == "OK confirmed Call the meeting at its video address"
        await in_the_meeting()
        answer = await house.client.get("/k/a-token-for-the-wall-0123/join", headers={"authorization": ""})
        assert (answer.status_code, answer.text) == (200, "OK confirmed Call the meeting at its video address\r\n")
        await in_the_meeting()
        assert await line("demo key deck join") == "OK"
        await in_the_meeting()
        causes = {ticket.cause for _, ticket in house.room.commands.values() if ticket.command.verb == "join-meeting"}
        assert causes == {"line:127.0.0.1", "keypad:wall/join", "key:deck/join"}
        calendar.drop("id -5")
        await held.keeper.look()
        await house.until(lambda: house.room.own("joinable").value is not True)
        assert (await line("demo.join-meeting")).startswith("ERROR refused ")
        answer = await house.client.get("/k/a-token-for-the-wall-0123/join")
        assert answer.text.startswith("ERROR refused ")


async def test_why_there_is_no_button_words_for_all_and_detail_for_the_administrator(tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(-5, "bring cake")) as (house, _, _):
        path = f"/api/v1/rooms/demo/meetings/{short('id -5')}/why"
        admin = (await house.client.get(path)).json()
        assert admin["code"] == "no link" and "[[join.rules]]" in admin["detail"]
        panel = (await house.client.get(path, headers=house.as_("panel", "demo"))).json()
        assert panel["words"] == admin["words"] and "detail" not in panel
        refused = await do(house, "join-meeting")
        assert refused["result"] == "refused" and refused["words"] == admin["words"]
        assert (await house.client.get("/api/v1/rooms/demo/meetings/none/why")).status_code == 404


async def test_a_meeting_that_was_moved_while_its_button_was_on_the_panel(tmp_path: Path) -> None:
    held_one = meeting(-5, identity="m")
    async with desk(tmp_path, held_one) as (house, held, calendar):
        pressed = {"meeting": short("m"), "start": held_one.start.timestamp()}
        calendar.put(meeting(180, identity="m"))
        await held.keeper.look()
        told = await do(house, "join-meeting", **pressed)
        assert told["result"] == "refused" and "was moved to" in told["words"] and "can be joined from" in told["words"]
        calendar.put(meeting(5, identity="m"))
        await held.keeper.look()
        assert (await do(house, "join-meeting", **pressed))["result"] == "confirmed"


async def test_the_next_way_where_the_first_is_refused_and_the_code_only_when_connected(tmp_path: Path) -> None:
    body = f"Video: busy@example.com\n{CODED}"
    async with desk(tmp_path, meeting(-5, body)) as (house, held, _):
        plan = held.showing.listed[0].plan
        assert [way.how for way in plan.ways] == ["sip", "phone"]
        told = await do(house, "join-meeting")
        assert told["result"] == "confirmed" and told["words"].startswith("Call +16786537090")
        events = [event for event in house.room.events if event["event"] == "joining"]
        assert len(events) == 1 and "Now: Call +16786537090" in events[0]["words"]
        await house.until(lambda: [call.dtmf for call in house.sims["codec"].calls] == ["223344#"])
        journal = (await house.client.get("/api/v1/rooms/demo/history?limit=1000")).text
        assert "223344" not in journal and "***" in journal


async def test_hang_up_ends_joining(tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(-5, f"{SIP}\n{CODED}"), far_end="no answer") as (house, held, _):
        asked = (await house.do("join-meeting?wait=0", {})).json()
        await house.until(lambda: bool(held.joiner.open_calls()))
        await house.do("calls/hangup", {})
        await house.until(lambda: not held.joiner.busy)
        told = (await house.client.get(f"/api/v1/commands/{asked['id']}")).json()
        assert told["result"] == "superseded" and not held.joiner.open_calls()


async def test_a_sleeping_codec_is_woken_first(tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(-5)) as (house, _, _):
        house.sims["codec"].sleep_now()
        await house.until(lambda: house.room.parts["codec"].reading("power").value == "standby")
        told = await do(house, "join-meeting")
        assert told["result"] == "confirmed" and [one["verb"] for one in told["parts"]] == ["power", "dial"]


async def test_booking_extending_and_ending(tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(120)) as (house, held, calendar):
        taken = await do(house, "book", minutes=180)
        assert taken["result"] == "refused" and "the room is taken from" in taken["words"]
        assert (await do(house, "book", minutes=30))["result"] == "confirmed"
        await house.until(lambda: bool(held.showing.on))
        assert held.showing.find(held.showing.on).meeting.own  # type: ignore[union-attr]
        assert (await do(house, "book"))["words"].startswith("the room is taken until")
        assert (await do(house, "extend-meeting", minutes=15))["result"] == "confirmed"
        assert "taken from" in (await do(house, "extend-meeting", minutes=240))["words"]
        assert (await do(house, "end-meeting"))["result"] == "confirmed"
        assert (await do(house, "end-meeting"))["words"] in ("no meeting is on", "the meeting is over")
        assert calendar.log.count("book") == 1 and calendar.log.count("move_end") == 2


async def test_who_comes_between_is_seen_by_reading_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as (house, _, calendar):
        calendar.put(meeting(10))  # the gateway does not know of it yet
        told = await do(house, "book", minutes=30)
        assert told["result"] == "refused" and "taken from" in told["words"] and "book" not in calendar.log


@pytest.mark.parametrize(
    ("spec", "writes", "words"),
    [(dataclasses.replace(SPEC, book=False), True, "[meetings] book"), (SPEC, False, "can only be read")],
)
async def test_where_nothing_may_be_written(tmp_path: Path, spec: MeetingsSpec, writes: bool, words: str) -> None:
    async with desk(tmp_path, spec=spec, writes=writes) as (house, held, _):
        assert held.told()["calendar"]["book"] is False
        told = await do(house, "book", minutes=30)
        assert told["result"] == "refused" and words in told["words"]


async def later(house: Rig, held: Desk, minutes: float) -> None:
    """Move the gateway's clock on, and wait until it has looked twice after that."""
    for seconds in (60 * minutes, 120):
        moment = held.clock.wall() + seconds
        held.clock.leap(seconds)  # type: ignore[attr-defined]
        held.keeper.wake()  # it may have been writing down its last look as the clock leapt
        await house.until(lambda moment=moment: (held.keeper.health.read_at or 0) >= moment)  # type: ignore[misc]


async def test_a_meeting_that_nobody_came_to_is_given_up_once(tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, release_after=10)
    async with desk(tmp_path, meeting(12), spec=spec) as (house, held, calendar):
        await later(house, held, 18)
        assert "cancel" not in calendar.log  # somebody may still come
        await later(house, held, 3)
        await house.until(lambda: any(event["event"] == "released" for event in house.room.events))
        await later(house, held, 3)
        assert calendar.log.count("cancel") == 1


async def test_a_meeting_that_was_on_when_the_gateway_began_is_not_given_up(tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, release_after=10)
    async with desk(tmp_path, meeting(-5), spec=spec) as (house, held, calendar):
        await later(house, held, 15)  # it has not watched since the meeting began
        assert "cancel" not in calendar.log


@pytest.mark.parametrize("came", ["touch", "call", "trouble", "off"])
async def test_a_meeting_that_somebody_came_to_is_not(tmp_path: Path, came: str) -> None:
    spec = dataclasses.replace(SPEC, release_after=0 if came == "off" else 10)
    async with desk(tmp_path, meeting(12), spec=spec) as (house, held, calendar):
        if came == "touch":
            await later(house, held, 6)  # within the ten minutes in which Join shows
            await house.do("volume", {"level": 20})
        elif came == "call":  # begun long before, so that the touch itself does not count
            await house.do("calls/dial", {"address": "far@example.com"})
            await house.until(lambda: bool(held.joiner.open_calls()))
        elif came == "trouble":
            calendar.trouble = NetworkLost("gone")
            held.clock.leap(30 * 60)  # type: ignore[attr-defined]
            held.keeper.wake()
            await house.until(lambda: held.keeper.health.state == "network lost" and bool(held.showing.on))
        if came != "trouble":
            await later(house, held, 26)
            assert held.showing.on
        assert "cancel" not in calendar.log


async def test_an_outage_keeps_the_list_and_joins(tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(-5)) as (house, held, calendar):
        calendar.trouble = AuthLost("the sign-in has ended; an administrator must sign in again")
        await held.keeper.look()
        told = (await house.client.get("/api/v1/rooms/demo/meetings")).json()
        assert told["calendar"]["state"] == "auth lost" and "sign in again" in told["calendar"]["words"]
        assert told["calendar"]["read_at"] and len(told["listed"]) == 1
        assert (await do(house, "join-meeting"))["result"] == "confirmed"


async def test_a_room_without_a_calendar(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM) as house:
        told = await do(house, "join-meeting")
        assert "this room has no calendar" in json.dumps(told)
