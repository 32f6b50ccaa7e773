"""iCalendar text: series, exceptions, zones, all-day, private, answers, and texts that mean harm."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.calendars.ical import NoCalendar, read
from gateway.calendars.meeting import Meeting, Window
from gateway.joinlink import find

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Window(datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC))


def calendar(*events: str, head: str = "") -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n{head}{body}END:VCALENDAR\r\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def meetings(*events: str, head: str = "", room: str = "", writable: bool = False) -> list[Meeting]:
    told = read(calendar(*events, head=head), WEEK, BERLIN, room, writable=writable)
    assert told.unread == 0
    return list(told.meetings)


def starts(held: list[Meeting]) -> list[str]:
    return [f"{one.start.astimezone(UTC):%d %H:%M}" for one in held]


SERIES = """
UID:series@example.com
DTSTART;TZID=W. Europe Standard Time:20260324T090000
DTEND;TZID=W. Europe Standard Time:20260324T093000
RRULE:FREQ=DAILY;UNTIL=20260331T070000Z
EXDATE;TZID=W. Europe Standard Time:20260326T090000
SUMMARY:Stand-up
"""
MOVED = """
UID:series@example.com
RECURRENCE-ID;TZID=W. Europe Standard Time:20260327T090000
DTSTART;TZID=W. Europe Standard Time:20260327T140000
DTEND;TZID=W. Europe Standard Time:20260327T150000
SUMMARY:Stand-up\\, later
"""
CANCELLED = """
UID:series@example.com
RECURRENCE-ID:20260330T070000Z
DTSTART:20260330T070000Z
DTEND:20260330T073000Z
STATUS:CANCELLED
SUMMARY:Stand-up
"""


def test_a_series_over_the_change_of_clocks_with_exceptions() -> None:
    """09:00 in Berlin is 08:00 UTC until 28 March 2026 and 07:00 from the 29th; Windows' name of the zone."""
    held = meetings(SERIES, MOVED, CANCELLED)
    assert starts(held) == ["24 08:00", "25 08:00", "27 13:00", "28 08:00", "29 07:00", "30 07:00", "31 07:00"]
    assert held[2].subject == "Stand-up, later" and held[2].end - held[2].start == timedelta(hours=1)
    assert [one.status for one in held] == ["confirmed"] * 5 + ["cancelled", "confirmed"]
    assert {one.series for one in held} == {"series@example.com"}
    assert len({one.id for one in held}) == 7


def test_an_occurrence_keeps_its_id_when_it_is_moved() -> None:
    before = {one.id: one.start for one in meetings(SERIES)}
    after = {one.id: one.start for one in meetings(SERIES, MOVED)}
    assert before.keys() == after.keys()
    assert [key for key in before if before[key] != after[key]] == ["series@example.com/20260327T080000Z"]


def test_a_changed_series_from_here_on() -> None:
    later = MOVED.replace("RECURRENCE-ID;TZID", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID")
    assert {one.id for one in meetings(SERIES, later)} == {one.id for one in meetings(SERIES)}
    assert starts(meetings(SERIES, later)) == ["24 08:00", "25 08:00", "27 13:00", "28 13:00", "29 12:00", "30 12:00", "31 12:00"]  # fmt: skip  # noqa: E501


def test_extra_dates_and_an_exception_whose_series_is_over() -> None:
    extra = "UID:r\nDTSTART:20260301T100000Z\nDTEND:20260301T110000Z\nRDATE:20260325T120000Z\nSUMMARY:Extra"
    assert starts(meetings(extra)) == ["25 12:00"]
    old = "UID:o\nDTSTART:20200101T100000Z\nDTEND:20200101T110000Z\nRRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:o\nRECURRENCE-ID:20200102T100000Z\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z"
    assert starts(meetings(old, moved)) == ["25 10:00"]


def test_zones_that_only_the_file_explains() -> None:
    zone = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0530
TZOFFSETTO:+0530
END:STANDARD
END:VTIMEZONE
"""
    event = "UID:z\nDTSTART;TZID=Customized Time Zone:20260325T100000\nDTEND;TZID=Customized Time Zone:20260325T110000"
    assert starts(meetings(event, head=zone)) == ["25 04:30"]


@pytest.mark.parametrize(
    ("head", "utc"),
    [("", "25 09:00"), ("X-WR-TIMEZONE:America/New_York\r\n", "25 14:00"), ("X-WR-TIMEZONE:Nowhere\r\n", "25 09:00")],
)
def test_times_without_a_zone_are_the_calendars_own(head: str, utc: str) -> None:
    held = meetings("UID:f\nDTSTART:20260325T100000\nDTEND:20260325T110000", head=head)
    assert starts(held) == [utc]


def test_all_day_and_several_days() -> None:
    held = meetings("UID:d\nDTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330\nSUMMARY:Fair\nTRANSP:TRANSPARENT")
    assert held[0].all_day and held[0].show_as_free
    assert held[0].start == datetime(2026, 3, 28, tzinfo=BERLIN) and held[0].end == datetime(2026, 3, 30, tzinfo=BERLIN)
    assert held[0].end.astimezone(UTC) - held[0].start.astimezone(UTC) == timedelta(hours=47)  # the clocks change
    alone = meetings("UID:d\nDTSTART;VALUE=DATE:20260328")
    assert alone[0].all_day and alone[0].end == datetime(2026, 3, 29, tzinfo=BERLIN)


def test_length_by_duration_and_no_length() -> None:
    held = meetings(
        "UID:a\nDTSTART:20260325T100000Z\nDURATION:PT45M", "UID:b\nDTSTART:20260325T120000Z\nSUMMARY:A moment"
    )
    assert [one.end - one.start for one in held] == [timedelta(minutes=45), timedelta()]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("CLASS:PRIVATE", "private"),
        ("CLASS:CONFIDENTIAL", "private"),
        ("CLASS:PUBLIC", ""),
        ("STATUS:TENTATIVE", "tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "tentative"),
        ("STATUS:CANCELLED", "cancelled"),
        ("TRANSP:TRANSPARENT", "free"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", "free"),
        ("TRANSP:OPAQUE", ""),
    ],
)
def test_what_is_said_of_a_meeting(line: str, shown: str) -> None:
    (one,) = meetings(f"UID:a\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z\n{line}")
    told = "private" if one.private else "free" if one.show_as_free else "" if one.status == "confirmed" else one.status
    assert told == shown


@pytest.mark.parametrize(
    ("attendees", "answer"),
    [
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:Board@Example.com", "declined"),
        (
            "ATTENDEE;PARTSTAT=TENTATIVE:mailto:board@example.com\nATTENDEE;CUTYPE=ROOM:mailto:x@example.com",
            "tentative",
        ),
        ("ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:other@example.com", "accepted"),
        (
            "ATTENDEE;CUTYPE=ROOM;PARTSTAT=DECLINED:mailto:a@x\nATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:b@x",
            "none",
        ),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:board@example.com", "none"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:alice@example.com", "none"),
    ],
)
def test_the_rooms_answer(attendees: str, answer: str) -> None:
    event = f"UID:a\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z\n{attendees}"
    assert meetings(event, room="board@example.com")[0].answer == answer


def test_whose_meeting_it_is() -> None:
    event = "UID:a\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z\n"
    theirs = f'{event}ORGANIZER;CN="Example, Alice":mailto:alice@example.com'
    ours = f"{event}ORGANIZER:mailto:board@example.com"
    for text, own in ((event, True), (theirs, False), (ours, True)):
        assert meetings(text, room="board@example.com", writable=True)[0].own is own
        assert not meetings(text, room="board@example.com")[0].own
    assert meetings(theirs)[0].organizer == "Example, Alice"
    assert meetings(ours)[0].organizer == "board@example.com"


def test_the_invitation_as_join_links_are_found_in_it() -> None:
    event = """UID:a
DTSTART:20260325T100000Z
DTEND:20260325T110000Z
SUMMARY:Plans\\, and more
LOCATION:Room 1\\; first floor
DESCRIPTION:Join here:\\n https://example.zoom.us/j/81234567890?pwd=abc\\n\\nA lo
 ng line
CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://meet.google.com/abc-defg-hij
X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0?context=a\\,b
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:not this
TRIGGER:-PT5M
END:VALARM"""
    (one,) = meetings(event)
    held = one.invitation
    assert held.subject == "Plans, and more" and held.location == "Room 1; first floor"
    assert "A long line" in held.body and "not this" not in held.body and held.body_type == "text"
    assert ("CONFERENCE", "https://meet.google.com/abc-defg-hij") in held.properties
    assert dict(held.properties)["X-MICROSOFT-SKYPETEAMSMEETINGURL"].endswith("context=a,b")
    assert {option.kind for option in find(held).options} == {"teams", "meet", "zoom"}


def test_html_is_taken_where_it_is_the_whole_text() -> None:
    html = 'X-ALT-DESC;FMTTYPE=text/html:<p>Join <a href="https://meet.jit.si/Plans">here</a>\\, please</p>'
    (one,) = meetings(f"UID:a\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z\nDESCRIPTION:Join here\n{html}")
    assert one.invitation.body_type == "html" and "here</a>, please" in one.invitation.body
    assert find(one.invitation).options[0].kind == "jitsi"


def test_one_event_that_cannot_be_read_costs_no_other() -> None:
    good = "UID:good\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z"
    bad = "UID:bad\nDTSTART:20260399T100000Z\nDTEND:soon\nRRULE:FREQ=SOMETIMES"
    told = read(calendar(bad, good, "UID:worse\nDTSTART;TZID=Berlin?:gestern"), WEEK, BERLIN)
    assert [one.id for one in told.meetings] == ["good"] and told.unread == 2


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7,8,9",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=8",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=365;BYMONTH=12",
    ],
)
def test_a_rule_that_would_run_for_ever(rule: str) -> None:
    began = time.process_time()
    good = "UID:good\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z"
    bad = f"UID:bad\nDTSTART:20000101T100000Z\nDTEND:20000101T110000Z\nRRULE:{rule}"
    told = read(calendar(bad, good), WEEK, BERLIN)
    assert "good" in [one.id for one in told.meetings]
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    "text",
    [
        b"BEGIN:VEVENT\n" * 200_000,
        b"BEGIN:VEVENT\nUID:a\n" + b"BEGIN:VALARM\n" * 200_000 + b"END:VEVENT\n",
        b"BEGIN:VTIMEZONE\n" * 200_000,
        b"BEGIN:VEVENT\nUID:a\nRRULE:" + b" " * 2_000_000 + b"x\nEND:VEVENT\n",
        b"BEGIN:VEVENT\nUID:a\nDTSTART:20260325T100000Z\nSUMMARY:" + b"\\," * 1_000_000 + b"\nEND:VEVENT\n",
        b"BEGIN:VEVENT\nUID:a\nDTSTART:20260325T100000Z\n" + b"X" * 900_000 + b"\nEND:VEVENT\n",
        b"BEGIN:VEVENT\nUID:a\nDTSTART:20260325T100000Z\n" + b'X-A;B="' * 100_000 + b"\nEND:VEVENT\n",
    ],
    ids=["begins", "alarms", "zones", "blanks", "long", "a line", "quotes"],
)
def test_a_text_that_means_harm_takes_no_longer(text: bytes) -> None:
    began = time.process_time()
    read(b"BEGIN:VCALENDAR\n" + text + b"END:VCALENDAR\n", WEEK, BERLIN)
    assert time.process_time() - began < 4


def test_years_of_history_cost_little() -> None:
    """Ten years of meetings, twenty a day: only those around the window are parsed."""
    day = datetime(2017, 1, 1, 8, tzinfo=UTC)
    events = [
        f"UID:{n}\nDTSTART:{at:%Y%m%dT%H%M%SZ}\nDTEND:{at + timedelta(minutes=20):%Y%m%dT%H%M%SZ}\nSUMMARY:One of many"
        for n in range(70_000)
        for at in (day + timedelta(days=n // 20, minutes=n % 20 * 30),)
    ]
    data = calendar(*events)
    began = time.process_time()
    held = read(data, WEEK, BERLIN).meetings
    took = time.process_time() - began
    assert len(held) == 11 * 20
    assert took < 8, f"{took:.1f} s"


@given(some.text(max_size=400), some.text(alphabet="RULE=FQ;DAILY:09T\nBEGINVNTD-", max_size=300))
def test_whatever_stands_in_an_event_nothing_breaks(value: str, lines: str) -> None:
    event = f"UID:x\nDTSTART:20260325T100000Z\nDTEND:20260325T110000Z\nSUMMARY:{value}\n{lines}"
    read(calendar(event), WEEK, BERLIN)


def test_what_is_no_calendar() -> None:
    with pytest.raises(NoCalendar):
        read(b"<html>Sign in</html>", WEEK, BERLIN)
