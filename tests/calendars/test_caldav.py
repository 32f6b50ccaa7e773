"""CalDAV against the real Radicale: a series with exceptions, changes and deletions seen, booked, moved, cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.calendars import calendar as contract
from gateway.calendars import davxml
from gateway.calendars.caldav import CaldavAccount, CaldavCalendar, CaldavSettings
from gateway.calendars.meeting import Meeting, Window
from tests.calendars.radicale import PASSWORD, USER, Radicale, radicale
from tests.calendars.test_ical import CANCELLED, MOVED, SERIES, calendar, starts
from tests.calendars.webserver import Page, webserver
from tests.clock import ManualClock

WEEK = Window(datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC))
LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with radicale(tmp_path_factory.mktemp("radicale")) as running:
        yield running


class Bench:
    """A room's calendar on a server with nothing in it yet."""

    def __init__(self, server: Radicale, folder: Path) -> None:
        self.server = server
        self.clock = ManualClock(wall=datetime(2026, 3, 25, 8, tzinfo=UTC).timestamp())
        self.place = contract.Place(folder, self.clock, LONDON)
        self.accounts: list[CaldavAccount] = []

    def room(self, **settings: object) -> CaldavCalendar:
        given = {"url": f"{self.server.url}/{{mailbox}}/room/", "username": USER, "password": PASSWORD, **settings}
        self.accounts.append(CaldavAccount("dav", CaldavSettings(**given), self.place))  # type: ignore[arg-type]
        return self.accounts[-1].calendar(USER)


@pytest.fixture
async def bench(server: Radicale, tmp_path: Path) -> AsyncIterator[Bench]:
    server.make()
    held = Bench(server, tmp_path)
    yield held
    for account in held.accounts:
        await account.close()


def event(uid: str, day: int, hour: int, *lines: str) -> bytes:
    times = (f"DTSTART:202603{day}T{hour:02}0000Z", f"DTEND:202603{day}T{hour + 1:02}0000Z")
    return calendar("\n".join((f"UID:{uid}", "DTSTAMP:20260101T000000Z", *times, *lines)))


# As Exchange writes it: by its Windows name, the rules of one year.
ZONE = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def stamped(*events: str) -> bytes:
    return calendar(*(f"{one.strip()}\nDTSTAMP:20260101T000000Z" for one in events), head=ZONE)


async def find(room: CaldavCalendar, identity: str) -> Meeting:
    return next(one for one in await room.read(WEEK) if one.id == identity)


async def test_a_series_with_exceptions(bench: Bench) -> None:
    bench.server.put("series", stamped(SERIES, MOVED, CANCELLED))
    bench.server.put("far", event("far", 10, 9))
    room = bench.room()
    held = await room.read(WEEK)
    assert starts(list(held)) == ["24 08:00", "25 08:00", "27 13:00", "28 08:00", "29 07:00", "30 07:00", "31 07:00"]
    assert [one.status for one in held][5] == "cancelled" and held[2].subject == "Stand-up, later"
    assert all(one.etag for one in held) and not room.writes


async def test_changes_and_deletions_are_seen_and_nothing_is_fetched_where_there_are_none(bench: Bench) -> None:
    room = bench.room()
    assert await room.read(WEEK) == ()
    bench.server.put("a", event("a", 25, 10, "SUMMARY:First"))
    assert [one.subject for one in await room.read(WEEK)] == ["First"]
    assert room.reports == 2
    for minutes in range(5):
        await room.read(Window(WEEK.start + timedelta(minutes=minutes), WEEK.end + timedelta(minutes=minutes)))
    assert room.reports == 2
    bench.server.put("a", event("a", 25, 11, "SUMMARY:Second"))
    assert starts(list(await room.read(WEEK))) == ["25 11:00"]
    bench.server.delete("a")
    assert await room.read(WEEK) == () and room.reports == 4
    bench.clock.advance(901)  # the mark is not believed for ever
    await room.read(WEEK)
    assert room.reports == 5


async def test_another_day_is_asked_for(bench: Bench) -> None:
    bench.server.put("a", event("a", 10, 10))
    room = bench.room()
    assert await room.read(WEEK) == ()
    past = Window(WEEK.start - timedelta(days=15), WEEK.end - timedelta(days=15))
    assert len(await room.read(past)) == 1


async def test_book_extend_end_early_and_cancel(bench: Bench) -> None:
    room = bench.room(write=True)
    now = datetime(2026, 3, 25, 9, 7, tzinfo=UTC)
    made = await room.book(now, now + timedelta(minutes=30), "Ad hoc; now, here")
    assert made.own and made.subject == "Ad hoc; now, here" and made.etag and made.answer == "accepted"
    (name,) = bench.server.names()
    assert "SUMMARY:Ad hoc\\; now\\, here\n" in bench.server.get(name)
    assert await room.read(WEEK) == (made,)
    longer = await room.move_end(made, made.end + timedelta(minutes=15))
    assert longer.id == made.id and longer.end == made.end + timedelta(minutes=15) and longer.etag != made.etag
    assert "DTEND:20260325T095200Z\n" in bench.server.get(name)
    with pytest.raises(contract.Conflict):
        await room.move_end(made, now)  # by its old mark
    with pytest.raises(contract.Conflict):
        await room.cancel(made)
    await room.cancel(longer)
    assert bench.server.names() == [] and await room.read(WEEK) == ()
    with pytest.raises(contract.Conflict):
        await room.cancel(longer)


async def test_somebody_else_changes_it_between_our_look_and_our_writing(bench: Bench) -> None:
    """The server itself refuses by If-Match; here the change comes after we have looked again."""
    bench.server.put("a", event("a", 25, 10))
    room = bench.room(write=True)
    held = await find(room, "a")
    ask = room._ask

    async def late(method: str, *rest: object, **named: object) -> object:
        if method == "PUT":
            bench.server.put("a", event("a", 25, 10, "SUMMARY:Theirs"))
        return await ask(method, *rest, **named)  # type: ignore[arg-type]

    room._ask = late  # type: ignore[method-assign, assignment]
    with pytest.raises(contract.Conflict):
        await room.move_end(held, held.end + timedelta(minutes=5))
    assert "SUMMARY:Theirs" in bench.server.get("a")


async def test_one_occurrence_of_a_series_ends_early_and_another_is_cancelled(bench: Bench) -> None:
    bench.server.put("series", stamped(SERIES, MOVED))
    room = bench.room(write=True)
    one = await find(room, "series@example.com/20260328T080000Z")
    early = await room.move_end(one, one.start + timedelta(minutes=10))
    assert early.id == one.id and early.end - early.start == timedelta(minutes=10)
    text = bench.server.get("series")
    assert "RECURRENCE-ID;TZID=W. Europe Standard Time:20260328T090000\n" in text
    await room.cancel(await find(room, "series@example.com/20260329T070000Z"))
    await room.cancel(await find(room, "series@example.com/20260327T080000Z"))  # the moved one
    assert "EXDATE;TZID=W. Europe Standard Time:20260329T090000\n" in bench.server.get("series")
    held = await room.read(WEEK)
    assert starts(list(held)) == ["24 08:00", "25 08:00", "28 08:00", "30 07:00", "31 07:00"]
    assert held[2].end - held[2].start == timedelta(minutes=10)


async def test_another_persons_meeting_is_declined_and_not_removed(bench: Bench) -> None:
    people = (
        "ORGANIZER;CN=Alice:mailto:alice@example.com",
        f"ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:{USER}",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com",
    )
    bench.server.put("a", event("a", 25, 10, *people))
    bench.server.put("b", event("b", 25, 12, people[0]))
    room = bench.room(write=True)
    held = await find(room, "a")
    assert not held.own and held.answer == "accepted" and held.organizer == "Alice"
    await room.cancel(held)
    assert (await find(room, "a")).answer == "declined"
    assert bench.server.get("a").count("PARTSTAT=ACCEPTED") == 1
    with pytest.raises(contract.NotAllowed, match="not among those"):
        await room.cancel(await find(room, "b"))


async def test_an_all_day_meeting_cannot_be_shortened(bench: Bench) -> None:
    bench.server.put("a", stamped("UID:a\nDTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330"))
    room = bench.room(write=True)
    held = await find(room, "a")
    assert held.all_day and held.start == datetime(2026, 3, 29, tzinfo=LONDON)
    with pytest.raises(contract.NotAllowed):
        await room.move_end(held, held.start + timedelta(hours=12))


async def test_without_the_setting_nothing_is_written(bench: Bench) -> None:
    room = bench.room()
    with pytest.raises(contract.NotAllowed, match="write = true"):
        await room.book(WEEK.start, WEEK.end, "Now")
    assert bench.server.names() == []


async def test_a_user_who_may_only_read(tmp_path: Path) -> None:
    rights = tmp_path / "rights"
    rights.write_text("[all]\nuser: .+\ncollection: .*\npermissions: Rr\n", encoding="utf-8")
    with radicale(tmp_path) as server:
        server.make()
    with radicale(tmp_path, rights=str(rights)) as server:
        bench = Bench(server, tmp_path)
        room = bench.room(write=True)
        assert room.writes  # as far as is known without asking
        with pytest.raises(contract.NotAllowed):
            await room.book(WEEK.start, WEEK.end, "Now")
        assert await room.read(WEEK) == () and not room.writes
        await bench.accounts[0].close()


async def test_who_is_not_let_in_and_what_is_not_there(bench: Bench) -> None:
    with pytest.raises(contract.AuthLost):
        await bench.room(password="wrong").read(WEEK)
    with pytest.raises(contract.NotAllowed, match="no calendar"):
        await bench.room(url=f"{bench.server.url}/{{mailbox}}/other/").read(WEEK)
    with pytest.raises(contract.NotAllowed, match="folder of calendars"):
        await bench.room(url=f"{bench.server.url}/{{mailbox}}/").read(WEEK)
    with pytest.raises(contract.NetworkLost):
        await bench.room(url="http://127.0.0.1:1/{mailbox}/").read(WEEK)


async def test_what_is_no_calendar_server(bench: Bench) -> None:
    async with webserver() as web:
        for body in (b"<html>hello", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a/>"):
            web.pages["/board@example.com/"] = Page(body, 207)
            with pytest.raises(contract.CalendarTrouble, match="no calendar server"):
                await bench.room(url=f"{web.url}/{{mailbox}}/").read(WEEK)
        web.pages["/board@example.com/"] = Page(b"", 301, {"Location": "/board@example.com/"})
        with pytest.raises(contract.CalendarTrouble, match="one address to the next"):
            await bench.room(url=f"{web.url}/{{mailbox}}/").read(WEEK)


def test_an_object_at_another_server_is_never_written() -> None:
    answer = b"""<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>
    <d:href>/a.ics</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag><c:calendar-data>BEGIN</c:calendar-data></d:prop>
    <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response><d:response><d:href>/gone.ics</d:href>
    <d:status>HTTP/1.1 404 Not Found</d:status></d:response></d:multistatus>"""
    assert davxml.objects(answer) == [davxml.Held("/a.ics", '"1"', b"BEGIN")]


@pytest.mark.parametrize(
    ("url", "mailbox", "where"),
    [
        ("https://dav.example.com/c/{mailbox}/room", "a@example.com", "https://dav.example.com/c/a@example.com/room/"),
        ("https://dav.example.com/c/", "rooms/board room", "https://dav.example.com/c/rooms/board%20room/"),
        ("https://dav.example.com/c", "https://dav.example.com/x/", "https://dav.example.com/x/"),
        ("https://dav.example.com/c", "https://dav.example.com.evil.example/x/", ""),
        ("https://dav.example.com/c/{mailbox}", "", ""),
        ("dav.example.com", "a", ""),
    ],
)
async def test_where_a_rooms_calendar_is(bench: Bench, url: str, mailbox: str, where: str) -> None:
    account = CaldavAccount("dav", CaldavSettings(url=url), bench.place)
    if where:
        assert account.calendar(mailbox).url == where
    else:
        with pytest.raises(ValueError):
            account.calendar(mailbox)
