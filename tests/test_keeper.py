"""When a room's calendar is read, what is held in an outage, what is kept on the disk; on a clock moved by hand."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import random
import stat
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.calendars.calendar import AuthLost, CalendarTrouble, NetworkLost, NotAllowed, NotNow, Throttled
from gateway.calendars.keeper import Keeper
from gateway.calendars.meeting import Meeting, Window
from gateway.calendars.store import Kept, Store
from gateway.joinlink import Invitation
from tests.clock import ManualClock, ManualTimer
from tests.scripted import ScriptCalendar

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=BERLIN)


def meeting(hours: float = 1, identity: str = "a") -> Meeting:
    start = (NOON + timedelta(hours=hours)).astimezone(UTC)
    invitation = Invitation(
        "Subject", "here", "<p>Text</p>", "html", {"joinUrl": "https://x"}, (("X-GOOGLE-CONFERENCE", "https://y"),)
    )
    return Meeting(identity, start, start + timedelta(hours=1), invitation, "Alice", private=True, etag="7")


class WatchedClock(ManualClock):
    """Tells when somebody has set a timer."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.set = asyncio.Event()

    def at(self, when: float, then: Callable[[], None]) -> ManualTimer:
        timer = super().at(when, then)
        self.set.set()
        return timer


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@contextlib.asynccontextmanager
async def keeping(folder: Path, **more: Any) -> AsyncIterator[tuple[Keeper, ScriptCalendar, ManualClock, Store]]:
    clock = more.pop("clock", None) or ManualClock(wall=NOON.timestamp())
    calendar = ScriptCalendar([meeting()])
    store = Store(folder / "meetings.sqlite")
    keeper = Keeper(
        "room", calendar, store, clock, BERLIN, more.pop("then", lambda: None), chance=random.Random(7), **more
    )
    try:
        yield keeper, calendar, clock, store
    finally:
        await store.close()


async def test_it_reads_from_the_rooms_midnight_on(tmp_path: Path) -> None:
    async with keeping(tmp_path) as (keeper, _, _, _):
        start = datetime(2026, 3, 2, tzinfo=BERLIN)
        assert keeper.window() == Window(start, start + timedelta(days=3))


@pytest.mark.parametrize(
    ("trouble", "state", "least", "most"),
    [
        (NetworkLost("gone"), "network lost", 8, 12),
        (Throttled("too many", 77.0), "network lost", 77, 90),
        (AuthLost("sign in again"), "auth lost", 250, 350),
        (NotAllowed("not this room"), "not allowed", 250, 350),
        (NotNow("asleep"), "asleep", 8, 12),
        (CalendarTrouble("odd"), "trouble", 8, 12),
        (ZeroDivisionError("a fault"), "trouble", 8, 12),
    ],
)
async def test_what_goes_wrong_is_told_apart(
    tmp_path: Path, trouble: Exception, state: str, least: float, most: float
) -> None:
    async with keeping(tmp_path) as (keeper, calendar, clock, _):
        assert 51 <= await keeper.look() <= 69
        assert keeper.health.state == "ok" and keeper.health.read_at == clock.wall()
        calendar.trouble = trouble
        read_at = clock.wall()
        clock.advance(60)
        assert least <= await keeper.look() <= most
        assert keeper.health.state == state and keeper.health.read_at == read_at
        assert keeper.meetings == (meeting(),)  # what is known stays
        calendar.trouble = None
        await keeper.look()
        assert keeper.health.state == "ok" and keeper.health.words == ""


async def test_it_backs_off_up_to_five_minutes(tmp_path: Path) -> None:
    async with keeping(tmp_path) as (keeper, calendar, _, _):
        calendar.trouble = NetworkLost("gone")
        waits = [await keeper.look() for _ in range(12)]
        assert waits[0] < 12 and waits[3] > 60 and all(255 <= wait <= 345 for wait in waits[6:])


async def test_what_is_shown_grows_old(tmp_path: Path) -> None:
    async with keeping(tmp_path) as (keeper, calendar, clock, _):
        assert keeper.stale
        await keeper.look()
        assert not keeper.stale
        calendar.trouble = NetworkLost("gone")
        clock.advance(181)
        assert keeper.stale


async def test_a_restart_in_an_outage_shows_the_kept_day_with_its_age(tmp_path: Path) -> None:
    async with keeping(tmp_path) as (keeper, _, clock, _):
        await keeper.look()
        at = clock.wall()
    clock.advance(7200)
    told: list[str] = []
    async with keeping(tmp_path, clock=clock, then=lambda: told.append("told")) as (again, calendar, _, _):
        calendar.trouble = NetworkLost("gone")
        await again.recall()
        assert again.meetings == (meeting(),) and again.health.read_at == at and again.stale and told == ["told"]
        await again.look()
        assert again.health.state == "network lost" and again.health.read_at == at and again.meetings == (meeting(),)


async def test_what_was_read_is_never_pushed_aside_by_what_was_kept(tmp_path: Path) -> None:
    async with keeping(tmp_path) as (keeper, calendar, _, store):
        await store.save("room", Kept((meeting(5, "old"),), 1.0))
        await keeper.look()
        await keeper.recall()
        assert keeper.meetings == tuple(calendar.meetings)


async def test_the_whole_loop_on_a_moved_clock(tmp_path: Path) -> None:
    clock = WatchedClock(wall=NOON.timestamp())
    async with keeping(tmp_path, spread=50.0, clock=clock) as (keeper, calendar, _, _):
        running = asyncio.create_task(keeper.run())
        looks: list[float] = []
        try:
            await clock.set.wait()
            while len(looks) < 20:
                clock.set.clear()
                assert clock.next is not None
                clock.advance(clock.next - clock.now())
                looks.append(clock.now())
                await clock.set.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        gaps = [after - before for before, after in itertools.pairwise(looks)]
        assert 1000 <= looks[0] <= 1050 and all(51 <= gap <= 69 for gap in gaps) and len(set(gaps)) > 10
        assert calendar.log == ["read"] * 20


async def test_after_a_write_it_looks_again_quickly(tmp_path: Path) -> None:
    async with keeping(tmp_path) as (keeper, calendar, clock, _):

        async def act(there: Any, meetings: Any) -> str:
            assert meetings == (meeting(),)
            await there.book(NOON, NOON + timedelta(minutes=30), "Booked")
            return "done"

        assert await keeper.write(act) == "done"
        assert calendar.log == ["read", "book", "read"] and len(keeper.meetings) == 2
        assert clock.next == clock.now() + 5


async def test_the_file_is_its_users_alone_and_a_damaged_one_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "meetings.sqlite"
    store = Store(path)
    await store.save("room", Kept((meeting(),), 5.0))
    await store.still("room", 6.0)
    assert modes(tmp_path) == {0o600}
    assert await store.load("room") == Kept((meeting(),), 6.0) and await store.load("other") is None
    await store.close()
    path.write_bytes(b"this was a database once" * 100)
    anew = Store(path)
    assert await anew.load("room") is None
    await anew.save("room", Kept((dataclasses.replace(meeting(), all_day=True),), 7.0))
    kept = await anew.load("room")
    assert kept is not None and kept.meetings[0].all_day
    await anew.close()


async def test_a_disk_that_cannot_be_used_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "meetings.sqlite").mkdir()
    async with keeping(tmp_path) as (keeper, _, _, store):
        await keeper.recall()
        await keeper.look()
        assert keeper.meetings == (meeting(),) and keeper.health.state == "ok" and store.trouble
    assert caplog.text.count("meetings are not kept") == 1
