"""A day of twenty meetings of every kind on a clock moved by hand: what the panel lists is right at every step.

Updates, cancellations, a two-hour outage, a restart in the outage, a change of the clocks, and a sign-in that is lost.
"""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.calendars.calendar import AuthLost, NetworkLost
from gateway.calendars.keeper import Keeper
from gateway.calendars.meeting import Meeting
from gateway.calendars.showing import Showing, Told, next_words, show
from gateway.calendars.store import Store
from gateway.joinlink import Invitation, find
from gateway.joinplan import means_of, plan
from gateway.profile.meetings import MeetingsSpec
from tests.clock import ManualClock
from tests.scripted import ScriptCalendar

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 10, 25, tzinfo=BERLIN)  # at 03:00 the clocks go back to 02:00: the day has 25 hours
SPEC = MeetingsSpec("office", "room@example.com")
MEANS = means_of("cisco_roomos")
SIP = "Video: 76110735@sip.example.com"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%7d"


def at(hour: int, minute: int = 0, days: int = 0, fold: int = 0) -> datetime:
    """A time of the day as the clock on the wall shows it."""
    return (DAY + timedelta(days=days)).replace(hour=hour, minute=minute, fold=fold).astimezone(UTC)


def held(name: str, start: datetime, minutes: int = 30, body: str = SIP, **more: Any) -> Meeting:
    """One meeting, named as its subject."""
    invitation = Invitation(more.pop("subject", name), "", body, online_meeting=more.pop("online", None))
    return Meeting(name, start, start + timedelta(minutes=minutes), invitation, **more)


def twenty() -> list[Meeting]:
    """Every kind: families, private, tentative, declined, stripped, all day, over midnight, in the hour that is there
    twice, back to back, overlapping, of a series."""
    return [
        held("night", at(23, 30, -1), 60),
        held("first two", at(2, 15), 20),
        held("second two", at(2, 15, fold=1), 20),
        held("fair", at(0), 25 * 60, all_day=True),
        held("colour", at(0), 25 * 60, all_day=True, show_as_free=True),
        held("early", at(8)),
        held("teams", at(9), 30, TEAMS),
        held("zoom", at(9, 30), 30, "https://example.zoom.us/j/93412345678?pwd=abc\nPasscode: 918273"),
        held("overlap", at(9, 45), 30),
        held("secret", at(10, 30), private=True, organizer="Alice Example"),
        held("maybe", at(11), status="tentative"),
        held("perhaps", at(11, 30), answer="tentative"),
        held("no", at(12), answer="declined"),
        held("off", at(12), status="cancelled"),
        held("Bob Example", at(13), 30, "", organizer="Bob Example"),
        held("cake", at(14), 30, "bring cake"),
        held("series", at(15), series="S"),
        held("call", at(16), 30, "Audio: +1 678 653 7090,223344#"),
        held("late", at(23), 120),
        held("tomorrow", at(9, 0, 1)),
    ]


class Day:
    """A room's calendar with its keeper, and what is shown of it now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(wall=at(0, 5).timestamp())
        self.calendar = ScriptCalendar(twenty())
        self.start()

    def start(self) -> None:
        """The gateway starts (again): nothing is known but what is on the disk."""
        self.store = Store(self.folder / "meetings.sqlite")
        self.keeper = Keeper(
            "room", self.calendar, self.store, self.clock, BERLIN, lambda: None, chance=random.Random(1)
        )

    async def look(self, moment: datetime) -> Showing:
        """Move the clock there, reading as often as the keeper wants to, and say what is shown."""
        until = moment.timestamp()
        while True:
            wait = await self.keeper.look()
            if self.clock.wall() + wait > until:
                break
            self.clock.advance(max(wait, 600.0) if until - self.clock.wall() > 1200 else wait)
        self.clock.advance(until - self.clock.wall())
        if self.calendar.trouble is None:
            await self.keeper.look()
        return self.shown()

    def shown(self) -> Showing:
        now = datetime.fromtimestamp(self.clock.wall(), UTC)

        def told(meeting: Meeting) -> Told:
            found = find(meeting.invitation)
            return Told(found, plan(found.options, MEANS))

        self.next = ""
        showing = show(self.keeper.meetings, now, BERLIN, SPEC, told)
        self.next = next_words(showing.coming, now, BERLIN)
        return showing


def names(showing: Showing) -> list[str]:
    return [item.meeting.id for item in showing.listed]


def buttons(showing: Showing) -> list[str]:
    return [item.meeting.id for item in showing.listed if item.joinable and not item.meeting.all_day]


def name_of(showing: Showing, identity: str) -> str:
    item = showing.find(identity)
    return item.meeting.id if item else ""


WHOLE = [
    *("night", "fair", "first two", "second two", "early", "teams", "zoom", "overlap", "secret", "maybe", "perhaps"),
    *("Bob Example", "cake", "series", "call", "late"),
]


async def test_the_day(tmp_path: Path) -> None:
    day = Day(tmp_path)
    seen = await day.look(at(0, 10))
    assert names(seen) == WHOLE and buttons(seen) == ["night"] and day.next == "Until 00:30: night"
    assert [name_of(seen, item.id) for item in seen.unlisted] == ["colour", "no", "off", "tomorrow"]

    # The hour that is there twice.
    seen = await day.look(at(2, 20))
    assert name_of(seen, seen.on) == "first two" and name_of(seen, seen.next) == "second two"
    assert buttons(seen) == ["first two"]
    seen = await day.look(at(2, 20, fold=1))
    assert name_of(seen, seen.on) == "second two" and name_of(seen, seen.next) == "early"
    assert names(seen) == WHOLE  # it is still the same day

    # The series' occurrence is moved while its button is not there yet, one is cancelled, one is new, one is renamed.
    seen = await day.look(at(8, 55))
    assert buttons(seen) == ["teams"] and day.next == "09:00: teams"
    day.calendar.put(held("series", at(9, 5), series="S"))
    day.calendar.drop("cake")
    day.calendar.put(held("maybe", at(11), status="cancelled"))
    day.calendar.put(held("new", at(17)))
    day.calendar.put(held("call", at(16), 30, "Audio: +1 678 653 7090,223344#", subject="Phone"))
    seen = await day.look(at(8, 57))
    whole = ["night", "fair", "first two", "second two", "early", "teams", "series", "zoom", "overlap", "secret"]
    whole += ["perhaps", "Bob Example", "call", "new", "late"]
    assert names(seen) == whole and buttons(seen) == ["teams", "series"]
    assert [item.subject for item in seen.listed if item.meeting.id in ("call", "secret")] == [
        "Private meeting",
        "Phone",
    ]
    teams = next(one for one in twenty() if one.id == "teams")
    day.calendar.put(dataclasses.replace(teams, end=at(9, 55)))  # it goes on
    seen = await day.look(at(9, 50))
    assert buttons(seen) == ["teams", "zoom", "overlap"] and name_of(seen, seen.on) == "overlap"

    # Two hours without the network: the list goes on by what is known, with its age, and joining is there.
    day.calendar.trouble = NetworkLost("the calendar does not answer")
    read_at = day.keeper.health.read_at
    day.calendar.put(held("unseen", at(11)))
    seen = await day.look(at(10, 25))
    assert day.keeper.stale and day.keeper.health.state == "network lost" and day.keeper.health.read_at == read_at
    assert names(seen) == whole and buttons(seen) == ["secret"] and day.next == "10:30: Private meeting"

    # A restart in the outage.
    await day.store.close()
    day.start()
    await day.keeper.recall()
    assert names(day.shown()) == whole and day.keeper.health.read_at == read_at and day.keeper.stale
    seen = await day.look(at(11, 35))
    assert names(seen) == whole and buttons(seen) == ["perhaps"] and day.keeper.health.read_at == read_at

    # The network is back, and so is what was not seen.
    day.calendar.trouble = None
    seen = await day.look(at(12))
    assert names(seen) == sorted([*whole, "unseen"], key=[*whole[:10], "unseen", *whole[10:]].index)
    assert not day.keeper.stale and day.keeper.health.state == "ok"

    # Why there is no button.
    whys = {item.meeting.id: item.why.code for item in (await day.look(at(13, 5))).listed if item.why}
    assert whys["Bob Example"] == "body removed" and whys["night"] == "over" and whys["late"] == "too early"

    # The sign-in is lost: told apart, and the day goes on.
    day.calendar.trouble = AuthLost("sign in again")
    seen = await day.look(at(15, 55))
    assert day.keeper.health.state == "auth lost" and buttons(seen) == ["call"]
    day.calendar.trouble = None
    seen = await day.look(at(23, 30))
    assert buttons(seen) == ["late"] and names(seen)[-1] == "late"

    # Midnight: the next day, and what went on over it.
    seen = await day.look(at(0, 30, 1))
    assert names(seen) == ["late", "tomorrow"] and name_of(seen, seen.on) == "late"
    assert day.next == "Until 01:00: late"
    await day.store.close()
