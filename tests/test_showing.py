"""What a room shows of its meetings at a moment: the list, what is on and next, the button, and why none."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.calendars.meeting import Meeting
from gateway.calendars.showing import Item, Showing, Told, midnight, next_words, short, show
from gateway.joinlink import Invitation, find
from gateway.joinplan import means_of, plan
from gateway.profile.meetings import MeetingsSpec

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=BERLIN)
SPEC = MeetingsSpec("office", "room@example.com")
WEBEX = "https://example.webex.com/example/j.php?MTID=m1\nVideo: 2312345678@example.webex.com"
MEANS = means_of("poly_videoos")


def told(meeting: Meeting) -> Told:
    found = find(meeting.invitation)
    return Told(found, plan(found.options, MEANS))


def meeting(start: float, hours: float = 1, identity: str = "", **more: Any) -> Meeting:
    """`start` in hours after the noon of 2 March in Berlin."""
    begin = NOON + timedelta(hours=start)
    subject = more.pop("subject", f"Meeting {start:g}")
    body = more.pop("body", WEBEX)
    invitation = Invitation(subject, more.pop("location", ""), body, online_meeting=more.pop("online", None))
    return Meeting(identity or f"id {start:g}", begin, begin + timedelta(hours=hours), invitation, **more)


def shown(*meetings: Meeting, now: datetime = NOON, spec: MeetingsSpec = SPEC, zone: Any = BERLIN) -> Showing:
    return show(meetings, now, zone, spec, told)


def subjects(showing: Showing) -> list[str]:
    return [item.subject for item in showing.listed]


def one(showing: Showing, identity: str) -> Item:
    found = showing.find(short(identity))
    assert found is not None
    return found


def test_the_day_in_order_with_what_is_on_and_next() -> None:
    showing = shown(meeting(3), meeting(-0.5), meeting(-3), meeting(1), meeting(30))
    assert subjects(showing) == ["Meeting -3", "Meeting -0.5", "Meeting 1", "Meeting 3"]
    assert [item.state for item in showing.listed] == ["over", "on", "next", "later"]
    assert (showing.on, showing.next) == (short("id -0.5"), short("id 1"))
    assert showing.pressed() is one(showing, "id -0.5")
    assert showing.until == NOON + timedelta(minutes=30)  # it ends


@pytest.mark.parametrize(
    ("minutes", "joinable"), [(-11, False), (-10, True), (-1, True), (0, True), (59, True), (60, False), (90, False)]
)
def test_when_join_shows(minutes: int, joinable: bool) -> None:
    item = one(shown(meeting(2), now=NOON + timedelta(hours=2, minutes=minutes)), "id 2")
    assert item.joinable is joinable
    if minutes < -10:
        assert item.why is not None and (item.why.code, item.why.words) == (
            "too early",
            "This meeting can be joined from 13:50.",
        )
    elif minutes >= 60:
        assert item.why is not None and item.why.code == "over"


@pytest.mark.parametrize(("early", "at"), [(0, 120), (5, 115), (30, 90), (240, 0)])
def test_how_early_is_a_setting(early: int, at: int) -> None:
    spec = dataclasses.replace(SPEC, join_early=early)
    moment = NOON + timedelta(minutes=at)
    assert one(shown(meeting(2), now=moment, spec=spec), "id 2").joinable
    assert early == 240 or not one(shown(meeting(2), now=moment - timedelta(seconds=1), spec=spec), "id 2").joinable


def test_back_to_back_both_can_be_joined_and_the_new_one_is_on_when_it_begins() -> None:
    pair = meeting(-1), meeting(0)
    before = shown(*pair, now=NOON - timedelta(minutes=5))
    assert [item.joinable for item in before.listed] == [True, True]
    assert before.on == short("id -1") and before.next == short("id 0")
    after = shown(*pair, now=NOON)
    assert [item.state for item in after.listed] == ["over", "on"] and after.on == short("id 0")
    assert not one(after, "id -1").joinable


def test_overlapping_the_later_start_is_on_and_the_other_can_still_be_joined() -> None:
    showing = shown(meeting(-1, 3), meeting(-0.25, 1), now=NOON)
    assert showing.on == short("id -0.25") and [item.joinable for item in showing.listed] == [True, True]
    pressed = showing.pressed()
    assert pressed is not None and pressed.id == showing.on


def test_extended_and_ended_early() -> None:
    assert one(shown(meeting(-1, 1)), "id -1").state == "over"
    assert one(shown(meeting(-1, 1.5)), "id -1").joinable  # the organiser let it go on
    assert one(shown(meeting(-1, 0.75)), "id -1").state == "over"


def test_moved_it_keeps_its_id() -> None:
    here = one(shown(meeting(0, identity="series/7")), "series/7")
    there = one(shown(meeting(4, identity="series/7")), "series/7")
    assert here.id == there.id and here.joinable and not there.joinable
    assert there.why is not None and there.why.words == "This meeting can be joined from 15:50."


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"answer": "declined"}, "declined"),
        ({"show_as_free": True}, "hidden"),
    ],
)
def test_what_is_not_listed_says_why(more: dict[str, Any], code: str) -> None:
    showing = shown(meeting(0, **more))
    assert not showing.listed and not showing.on and showing.coming is None
    why = one(showing, "id 0").why
    assert why is not None and why.code == code


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"hide": frozenset({"all-day"})}, {"all_day": True}),
        ({"hide": frozenset({"private"})}, {"private": True}),
        ({"tentative": False}, {"status": "tentative"}),
        ({"tentative": False}, {"answer": "tentative"}),
        ({"unjoinable": False}, {"body": "bring cake"}),
    ],
)
def test_what_a_room_does_not_show(change: dict[str, Any], more: dict[str, Any]) -> None:
    assert subjects(shown(meeting(0, **more))) in (["Meeting 0"], ["Private meeting"])
    showing = shown(meeting(0, **more), spec=dataclasses.replace(SPEC, **change))
    assert not showing.listed
    why = one(showing, "id 0").why
    assert why is not None and why.code in ("hidden", "tentative", "no link") and "[meetings]" in why.detail


def test_past_ones_can_be_hidden_and_free_ones_shown() -> None:
    assert subjects(shown(meeting(-3), meeting(1), spec=dataclasses.replace(SPEC, hide=frozenset({"past"})))) == [
        "Meeting 1"
    ]
    spec = dataclasses.replace(SPEC, hide=frozenset())
    assert subjects(shown(meeting(0, show_as_free=True), spec=spec)) == ["Meeting 0"]


def test_all_day_is_listed_and_never_what_is_on() -> None:
    start = midnight(NOON, BERLIN)
    day = Meeting("day", start, start + timedelta(days=1), Invitation("Trade fair", "", WEBEX), all_day=True)
    showing = shown(day, meeting(1))
    assert subjects(showing) == ["Trade fair", "Meeting 1"] and showing.on == "" and showing.next == short("id 1")
    assert one(showing, "day").joinable
    assert next_words(showing.coming, NOON, BERLIN) == "13:00: Meeting 1"


def test_tentative_is_shown_as_such_and_can_be_joined() -> None:
    item = one(shown(meeting(0, status="tentative")), "id 0")
    assert item.joinable and item.as_json()["tentative"] is True


def test_private_nothing_of_it_is_told_and_it_can_be_joined() -> None:
    showing = shown(meeting(0, private=True, subject="Salaries", organizer="Alice Example"))
    item = one(showing, "id 0")
    assert item.joinable and (item.subject, item.organizer) == ("Private meeting", "")
    told_all = repr(showing) + str([one.as_json() for one in showing.listed])
    assert "Salaries" not in told_all and "Alice" not in told_all
    assert next_words(showing.coming, NOON, BERLIN) == "Until 13:00: Private meeting"
    open_door = dataclasses.replace(SPEC, hide_private=False)
    assert one(shown(meeting(0, private=True, subject="Salaries"), spec=open_door), "id 0").subject == "Salaries"


def test_every_subject_replaced() -> None:
    spec = dataclasses.replace(SPEC, subject="Booked")
    item = one(shown(meeting(0, organizer="Alice Example"), spec=spec), "id 0")
    assert (item.subject, item.organizer) == ("Booked", "")


@pytest.mark.parametrize(
    ("more", "code", "words", "detail"),
    [
        (
            {"subject": "Alice Example", "organizer": "Alice Example", "body": ""},
            "body removed",
            "removed this invitation's text",
            "Set-CalendarProcessing room@example.com -AutomateProcessing AutoAccept -DeleteComments $false",
        ),
        ({"private": True, "body": ""}, "private", "private", "view private items"),
        ({"body": "Agenda: none"}, "no link", "no way to join", "[[join.rules]]"),
        ({"body": "", "own": True}, "no link", "booked here", "booked by the room"),
        (
            {"body": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%7d"},
            "codec cannot",
            "This is a Teams meeting without a video address.",
            "teams by",
        ),
    ],
)
def test_why_there_is_no_button(more: dict[str, Any], code: str, words: str, detail: str) -> None:
    why = one(shown(meeting(0, **more)), "id 0").why
    assert why is not None and why.code == code and words in why.words and detail in why.detail
    assert "Set-" not in why.words and "join.rules" not in why.words


def test_a_passcode_is_in_nothing_that_is_told() -> None:
    body = "https://example.zoom.us/j/93412345678?pwd=SECRETPWD\nPasscode: 918273\n93412345678@zoomcrc.com"
    item = one(shown(meeting(0, body=body)), "id 0")
    assert item.joinable
    for text in (str(item.as_json()), repr(item)):
        assert "918273" not in text and "SECRETPWD" not in text


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 29, 12), 23), (datetime(2026, 10, 25, 12), 25), (datetime(2026, 6, 1, 12), 24)],
)
def test_a_day_in_which_the_clocks_change(day: datetime, hours: int) -> None:
    noon = day.replace(tzinfo=BERLIN)
    first, last = midnight(noon, BERLIN), midnight(noon, BERLIN, 1)
    assert (last.astimezone(UTC) - first.astimezone(UTC)) == timedelta(hours=hours)
    late = last.astimezone(UTC) - timedelta(minutes=30)
    held = Meeting("late", late, late + timedelta(minutes=20), Invitation("Late", "", WEBEX))
    after = Meeting("after", last, last + timedelta(hours=1), Invitation("After", "", WEBEX))
    assert subjects(shown(held, after, now=noon)) == ["Late"]


def test_the_hour_that_comes_twice() -> None:
    """25 October in Berlin: 02:30 is there twice. Meetings are moments, so the two are told apart."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    pair = [
        Meeting(name, start, start + timedelta(minutes=30), Invitation(name, "", WEBEX))
        for name, start in (("summer", first), ("winter", second))
    ]
    showing = shown(*pair, now=first + timedelta(minutes=5))
    assert showing.on == short("summer") and showing.next == short("winter")
    assert shown(*pair, now=second + timedelta(minutes=5)).on == short("winter")


def test_times_are_moments_also_where_a_calendar_gives_them_in_a_zone() -> None:
    """Two times of one zone are compared by Python as the clock on the wall shows them: not so here."""
    summer = datetime(2026, 10, 25, 2, 50, tzinfo=BERLIN)  # the first 02:50
    winter = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN)  # twenty minutes after it
    pair = [
        Meeting(name, start, start.astimezone(UTC) + timedelta(minutes=20), Invitation(name, "", WEBEX))
        for name, start in (("winter", winter), ("summer", summer))
    ]
    showing = shown(*pair, now=datetime(2026, 10, 25, 0, 45, tzinfo=UTC))
    assert subjects(showing) == ["summer", "winter"] and showing.next == short("summer")
    early = one(shown(*pair, now=datetime(2026, 10, 25, 0, 45, tzinfo=UTC)), "winter").join_from
    assert early == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_a_meeting_over_midnight_is_listed_on_both_days() -> None:
    night = meeting(11, 3)  # 23:00 to 02:00
    assert subjects(shown(night)) == ["Meeting 11"]
    assert subjects(shown(night, now=NOON + timedelta(hours=13))) == ["Meeting 11"]
    assert not shown(night, now=NOON + timedelta(days=2)).listed


def test_what_comes_on_another_day_is_said_and_not_listed() -> None:
    showing = shown(meeting(22))
    assert not showing.listed and next_words(showing.coming, NOON, BERLIN) == "Tomorrow 10:00: Meeting 22"
    assert next_words(shown(meeting(70)).coming, NOON, BERLIN) == "05.03. 10:00: Meeting 70"
    assert next_words(shown().coming, NOON, BERLIN) == "No meeting"


def test_odd_subjects() -> None:
    assert subjects(shown(meeting(0, subject=" a\n\tb" + "x" * 300))) == ["a b" + "x" * 117]
    assert subjects(shown(meeting(0, subject="  "))) == ["Meeting"]
