"""The codec's own bookings as a calendar: read from the codecs' simulators, and when they are not asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.calendars.calendar import NetworkLost, NotAllowed
from gateway.calendars.codec import CodecCalendar
from gateway.calendars.meeting import Window
from gateway.joinlink import find
from tests.api.support import ROOM, rig

DAY = Window(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
ZOOM = """
name = "Zoom room"

[devices.codec]
driver = "zoom_rooms"
link = "ssh://127.0.0.1"
username = "zoom"
password = { env = "TEST_CODEC_PASSWORD" }
trust = "any"

[parts]
calls = "codec"
"""


def around_now() -> Window:
    now = datetime.now(UTC)
    return Window(now - timedelta(hours=1), now + timedelta(days=2))


async def test_the_bookings_of_a_cisco_codec(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM, codec={"speed": 20}) as house:
        await house.online()
        calendar = CodecCalendar(house.room, UTC)
        held = await calendar.read(around_now())
        assert [one.subject for one in held] == ["Weekly planning", "Design review", "Supplier call"]
        assert held[0].start.tzinfo is not None and not calendar.writes
        best = find(held[0].invitation).options[0]
        assert (best.kind, best.sip) == ("sip", "weekly@meet.example.com")
        assert not find(held[2].invitation).options
        soon = Window(around_now().start, datetime.now(UTC) + timedelta(hours=3))
        assert [one.subject for one in await calendar.read(soon)] == ["Weekly planning", "Design review"]
        with pytest.raises(NotAllowed):
            await calendar.book(soon.start, soon.end, "Now")


async def test_a_codec_that_sleeps_or_is_away_is_not_asked(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM, codec={"speed": 20}) as house:
        await house.online()
        calendar, codec = CodecCalendar(house.room, UTC), house.sims["codec"]
        codec.sleep_now()
        await house.until(lambda: house.room.parts["codec"].reading("power").value == "standby")
        with pytest.raises(NetworkLost, match="asleep"):
            await calendar.read(around_now())
        codec.faults.unreachable = True
        await house.until(lambda: not house.room.parts["codec"].player.online)
        with pytest.raises(NetworkLost, match="not there"):
            await calendar.read(around_now())


async def test_the_bookings_of_a_zoom_room(tmp_path: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)

    def booking(title: str, minutes: int, **more: Any) -> dict[str, Any]:
        begun = start + timedelta(minutes=minutes)
        times = {"startTime": begun.isoformat(), "endTime": (begun + timedelta(minutes=30)).isoformat()}
        return {"meetingName": title, "meetingNumber": "81234567890", "calendarID": "personal", **times, **more}

    held = {"bookings": [booking("First", 0), booking("Again", 60)], "password": "codec-secret", "speed": 20}
    async with rig(tmp_path, ZOOM, codec=held) as house:
        await house.online()
        first, again = await CodecCalendar(house.room, UTC).read(around_now())
        assert (first.subject, again.subject) == ("First", "Again") and first.id != again.id
        best = find(first.invitation).options[0]
        assert (best.kind, best.meeting_id) == ("zoom", "81234567890")


async def test_a_room_without_a_codec(tmp_path: Path) -> None:
    without = ROOM.replace('calls = "codec"\n', "")
    async with rig(tmp_path, without) as house:
        with pytest.raises(NotAllowed, match="part of calls"):
            await CodecCalendar(house.room).read(DAY)


def row(identity: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    return {"id": identity, "title": "Plans", "start": start, "end": end, **more}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (row("1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"), "1 10:00"),
        (row("1", "2026-03-02T10:00:00", "2026-03-02T11:00:00"), "1 09:00"),  # the room's own time
        (row("1", "2026-03-02T10:00:00Z", ""), ""),  # a Poly tells no end
        (row("1", "soon", "later"), ""),
        (row("1", "2026-03-02T11:00:00Z", "2026-03-02T10:00:00Z"), ""),
        (row("1", "2026-05-02T10:00:00Z", "2026-05-02T11:00:00Z"), ""),
        (row("", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"), "Plans/20260302T100000Z 10:00"),
        ("no row", ""),
    ],
)
def test_rows_as_codecs_write_them(given: Any, told: str) -> None:
    held = CodecCalendar.meetings(Rows(), [given], DAY)
    assert [f"{one.id} {one.start.astimezone(UTC):%H:%M}" for one in held] == ([told] if told else [])


class Rows(CodecCalendar):
    """A calendar of no room, for its rows alone."""

    def __init__(self) -> None:
        self.zone = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("address", "protocol", "kind"),
    [
        ("a@example.com", "sip", "sip"),
        ("sip:a@example.com", "", "sip"),
        ("a@example.com", "spark", "sip"),
        ("192.0.2.9##4711", "h323", "h323"),
        ("81234567890", "zoom", "zoom"),
        ("", "sip", ""),
    ],
)
def test_how_a_booking_is_joined(address: str, protocol: str, kind: str) -> None:
    given = row("1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", address=address, protocol=protocol, private=True)
    (one,) = Rows().meetings([given], DAY)
    assert one.private and [option.kind for option in find(one.invitation).options] == ([kind] if kind else [])
