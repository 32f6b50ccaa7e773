"""`[calendars.NAME]` of site.toml and `[meetings]` of a room: what is read, what is complained of, what only warned."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.plugins import load_drivers
from gateway.profile.meetings import MeetingsSpec
from gateway.profile.site import Reading, read

ROOM = """
[devices.codec]
driver = "cisco_roomos"
link = "ws://10.0.0.1"
[parts]
calls = "codec"
"""


def site(folder: Path, calendars: str, meetings: str) -> Reading:
    (folder / "site.toml").write_text(calendars, encoding="utf-8")
    (folder / "room.toml").write_text(ROOM + meetings, encoding="utf-8")
    return read(folder, load_drivers())


def feed(folder: Path) -> str:
    (folder / "url").write_text("https://calendar.example.com/{mailbox}.ics\n", encoding="utf-8")
    return f'[calendars.office]\nkind = "ics"\nurl = {{ file = "{folder / "url"}" }}\n'


def test_a_calendar_and_its_room(tmp_path: Path) -> None:
    meetings = """
[meetings]
calendar = "office"
mailbox = "room@example.com"
join_early = 5
hide = ["all-day", "past"]
show_unjoinable = false
show_tentative = false
hide_private = false
subject = "Booked"
book = true
release_after = 12
presence = ["call"]
"""
    reading = site(tmp_path, feed(tmp_path), meetings)
    assert reading.complaints == []
    calendar = reading.site.calendars["office"]
    assert (calendar.name, calendar.kind, calendar.account_class.kind, calendar.words) == ("office", "ics", "ics", "")
    assert calendar.settings.url == "https://calendar.example.com/{mailbox}.ics"  # type: ignore[attr-defined]
    assert "calendar.example.com" not in repr(calendar)
    assert reading.site.rooms["room"].meetings == MeetingsSpec(
        "office",
        "room@example.com",
        join_early=5,
        hide=frozenset({"all-day", "past"}),
        unjoinable=False,
        tentative=False,
        hide_private=False,
        subject="Booked",
        book=True,
        release_after=12,
        presence=frozenset({"call"}),
    )
    assert reading.site.only("room").calendars == reading.site.calendars


def test_both_ways_to_say_the_codecs_own(tmp_path: Path) -> None:
    for words in ('from = "codec"', 'calendar = "codec"'):
        reading = site(tmp_path, "", f"[meetings]\n{words}\n")
        assert reading.complaints == [] and reading.site.rooms["room"].meetings == MeetingsSpec("codec")


@pytest.mark.parametrize(
    ("meetings", "said"),
    [
        ('calendar = "offise"\nmailbox = "m"', "did you mean 'office'?"),
        ('calendar = "office"', "mailbox: missing"),
        ('mailbox = "m"', "calendar: missing"),
        ('calendar = "codec"\nmailbox = "m"', "the codec's own calendar has none"),
        ('calendar = "codec"\nbook = true', "book: the codec's own calendar can only be read"),
        ('calendar = "codec"\nrelease_after = 5', "release_after: the codec's own calendar can only be read"),
        ('calendar = "office"\nfrom = "codec"', "found both calendar and from"),
        ('calendar = "office"\nmailbox = "m"\nhide = ["fre"]', "did you mean 'free'?"),
        ('calendar = "office"\nmailbox = "m"\nrelease_after = 5\npresence = []', "what shows that somebody came"),
        ('calendar = "office"\nmailbox = "m"\nrelease_after = 5\npresence = ["occupancy"]', "no part `occupancy`"),
        ('calendar = "office"\nmailbox = "m"\njoin_early = 300', "from 0 to 240"),
        (f'calendar = "office"\nmailbox = "m"\nsubject = "{"x" * 121}"', "at most 120"),
        ('calendar = "office"\nmailbox = "m"\nboook = true', "did you mean 'book'?"),
    ],
)
def test_what_makes_no_sense_is_said_in_words(tmp_path: Path, meetings: str, said: str) -> None:
    reading = site(tmp_path, feed(tmp_path), f"[meetings]\n{meetings}\n")
    assert said in "\n".join(str(one) for one in reading.grave)
    assert "room" not in reading.site.rooms


@pytest.mark.parametrize(
    ("calendars", "said"),
    [
        ('[calendars.office]\nkind = "icss"\n', "did you mean 'ics'?"),
        ("[calendars.office]\n", "kind: missing"),
        ('[calendars.office]\nkind = "ics"\nurl = "https://example.com/secret"\n', "never the secret"),
        ('[calendars.office]\nkind = "ics"\nurll = 3\n', "urll: unknown key"),
        ('[calendars.codec]\nkind = "ics"\n', "a calendar named 'codec'"),
    ],
)
def test_a_calendar_with_a_mistake_keeps_no_room_from_running(tmp_path: Path, calendars: str, said: str) -> None:
    reading = site(tmp_path, calendars, '[meetings]\ncalendar = "office"\nmailbox = "m"\n')
    told = "\n".join(str(one) for one in reading.grave)
    assert said in told and "example.com/secret" not in told and not reading.site.calendars
    if "calendars.office" in calendars:
        assert list(reading.site.rooms) == ["room"]


def test_a_secret_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    calendars = '[calendars.office]\nkind = "ics"\nurl = { env = "ROOMGATE_TEST_NOT_THERE" }\n'
    reading = site(tmp_path, calendars, '[meetings]\ncalendar = "office"\nmailbox = "m"\n')
    assert not reading.grave and "has no ROOMGATE_TEST_NOT_THERE" in str(reading.complaints[0])
    assert reading.site.calendars["office"].words == "url: the environment has no ROOMGATE_TEST_NOT_THERE"
    assert list(reading.site.rooms) == ["room"]
