"""The codec's own bookings as a room's calendar: their words, when it may be asked, and on the touch panel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

import pytest

from drivers.cisco.rows import bookings
from gateway.calendars.codecbook import meeting_of
from gateway.calendars.showing import Told, next_words, show
from gateway.plugins import load_drivers
from gateway.profile.meetings import MeetingsSpec
from gateway.profile.site import read
from tests.api.support import ROOM, rig

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def row(title: str, start: str, end: str) -> dict[str, str]:
    return {"title": title, "start": start, "end": end}


def next_meeting(rows: list[object], now: datetime, zone: tzinfo = UTC) -> tuple[str, datetime | None]:
    meetings = [meeting for meeting in (meeting_of(one, zone) for one in rows) if meeting is not None]
    showing = show(meetings, now, zone, MeetingsSpec("codec"), lambda meeting: Told())
    return next_words(showing.coming, now, zone), showing.until


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No meeting"),
        ([row("Past", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")], "No meeting"),
        ([row("Now", "2026-03-02T11:30:00Z", "2026-03-02T12:30:00Z")], "Until 12:30: Now"),
        (
            [
                row("Later", "2026-03-02T15:00:00Z", "2026-03-02T16:00:00Z"),
                row("Next", "2026-03-02T14:00:00+01:00", "2026-03-02T15:00:00+01:00"),
            ],
            "13:00: Next",
        ),
        ([row("", "2026-03-03T09:00:00", "2026-03-03T10:00:00")], "Tomorrow 09:00: Meeting"),
        ([row("Far", "2026-03-05T09:00:00Z", "2026-03-05T10:00:00Z")], "05.03. 09:00: Far"),
        ([row("Odd", "soon", "later"), row("Back", "2026-03-02T14:00:00Z", "2026-03-02T13:00:00Z"), 7], "No meeting"),
        ([row("a\nb  c" + "x" * 200, "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z")], "13:00: a b c" + "x" * 115),
    ],
)
def test_words(rows: list[object], words: str) -> None:
    assert next_meeting(rows, NOON)[0] == words


def test_a_private_booking_of_a_codec_stays_private() -> None:
    rows: list[object] = [{**row("Salaries", "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z"), "private": True}]
    assert next_meeting(rows, NOON)[0] == "13:00: Private meeting"
    assert bookings({"Booking": [{"Id": "1", "Privacy": "Private"}]})[0][0]["private"] is True
    assert "private" not in bookings({"Booking": [{"Id": "1", "Privacy": "Public"}]})[0][0]


def test_the_rooms_own_time_and_when_it_changes() -> None:
    rows = [row("Next", "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z")]
    words, until = next_meeting(rows, NOON, timezone(timedelta(hours=2)))
    assert words == "15:00: Next" and until == NOON + timedelta(minutes=50)  # from then on it can be joined


TOUCH = '\n[surfaces.touch]\nunit = "codec/panel"\nlayout = "conferencing"\n[meetings]\nfrom = "codec"\n'


async def test_it_stands_in_the_state_and_on_the_touch_panel(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM + TOUCH, codec={"speed": 20}) as house:
        await house.online()
        room, sim = house.room, house.sims["codec"]
        assert room.desk is not None and house.running.house.office is not None
        keeper = house.running.house.office.desks["demo"].keeper
        keeper.wake()
        await house.until(lambda: room.own("next_meeting").value not in (None, "No meeting"))
        told = (await house.client.get("/api/v1/rooms/demo")).json()["points"]["next_meeting"]
        assert (
            told["status"] == "confirmed" and told["value"].startswith("Until ") and "Weekly planning" in told["value"]
        )
        await sim.until(lambda: "Weekly planning" in str(sim.widgets.get("roomgate-key-next-meeting")), timeout=10)
        sim.bookings.clear()
        assert 200 < await keeper.look() < 400
        await house.until(lambda: room.own("next_meeting").value == "No meeting")
        sim.sleep_now()
        await house.until(lambda: room.parts["codec"].reading("power").value == "standby")
        assert await keeper.look() < 20 and keeper.health.state == "asleep"  # a question must not wake it


async def test_without_the_word_nothing_is_asked(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM) as house:
        await house.online()
        assert "next_meeting" not in (await house.client.get("/api/v1/rooms/demo")).json()["points"]
        assert house.room.own("next_meeting").value is None


def test_a_profile_that_makes_no_sense(tmp_path: Path) -> None:
    (tmp_path / "room.toml").write_text('[meetings]\nfrom = "codex"\nevery = 3\n', encoding="utf-8")
    said = "\n".join(str(one) for one in read(tmp_path, load_drivers()).grave)
    assert "codec" in said and "every" in said
    (tmp_path / "room.toml").write_text('[meetings]\nfrom = "codec"\n', encoding="utf-8")
    assert "no part `calls`" in "\n".join(str(one) for one in read(tmp_path, load_drivers()).grave)
