"""ICS feeds over real sockets: what is fetched, what is read again, troubles told apart, and no secret in any."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.calendars import calendar as contract
from gateway.calendars.ics import IcsAccount, IcsCalendar, IcsSettings
from gateway.calendars.meeting import Window
from tests.calendars.test_ical import MOVED, SERIES, calendar
from tests.calendars.webserver import Page, WebServer, webserver
from tests.clock import ManualClock

WEEK = Window(datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC))
TOKEN = "private-3f9a7c51"


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with webserver() as server:
        yield server


class Bench:
    """An account on a server, closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.place = contract.Place(folder, self.clock, UTC)
        self.accounts: list[IcsAccount] = []

    def account(self, **settings: str) -> IcsAccount:
        self.accounts.append(IcsAccount("feed", IcsSettings(**settings), self.place))
        return self.accounts[-1]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    held = Bench(tmp_path)
    yield held
    for account in held.accounts:
        await account.close()


async def test_a_feed_is_read_and_read_again_only_when_it_has_changed(web: WebServer, bench: Bench) -> None:
    path = f"/{TOKEN}/board@example.com.ics"
    web.pages[path] = Page(calendar(SERIES))
    feed = bench.account(url=f"{web.url}/{TOKEN}/{{mailbox}}.ics").calendar("board@example.com")
    assert isinstance(feed, IcsCalendar)
    first = await feed.read(WEEK)
    assert len(first) == 7 and first[0].subject == "Stand-up"
    for minutes in range(3):
        moved = Window(WEEK.start + timedelta(minutes=minutes), WEEK.end + timedelta(minutes=minutes))
        assert await feed.read(moved) == first
    assert feed.parsed == 1 and len(web.asked) == 4
    web.pages[path] = Page(calendar(SERIES, MOVED))
    assert (await feed.read(WEEK))[2].subject == "Stand-up, later"
    assert feed.parsed == 2
    later = Window(WEEK.start + timedelta(days=3), WEEK.end + timedelta(days=3))
    assert len(await feed.read(later)) == 5 and feed.parsed == 3  # another day


async def test_an_etag_is_used_and_not_trusted_for_ever(web: WebServer, bench: Bench) -> None:
    web.pages["/a.ics"] = Page(calendar(SERIES), etag='"1"')
    feed = bench.account(url=f"{web.url}/a.ics").calendar("")
    await feed.read(WEEK)
    await feed.read(WEEK)
    assert web.answered == [200, 304]
    web.pages["/a.ics"] = Page(calendar(SERIES, MOVED), etag='"1"')  # a server whose tag is wrong
    assert (await feed.read(WEEK))[2].subject == "Stand-up"
    bench.clock.advance(901)
    assert (await feed.read(WEEK))[2].subject == "Stand-up, later"
    assert web.answered == [200, 304, 304, 200]


async def test_a_server_that_ignores_the_tag(web: WebServer, bench: Bench) -> None:
    """As radicale does (facts, 5.3): the hash tells."""
    web.pages["/a.ics"] = Page(calendar(SERIES), headers={"ETag": '"new each time"'})
    feed = bench.account(url=f"{web.url}/a.ics").calendar("")
    assert isinstance(feed, IcsCalendar)
    await feed.read(WEEK)
    await feed.read(WEEK)
    assert web.answered == [200, 200] and feed.parsed == 1


@pytest.mark.parametrize(
    ("page", "trouble"),
    [
        (Page(b"", 401), contract.AuthLost),
        (Page(b"", 403), contract.AuthLost),
        (Page(b"", 404), contract.NotAllowed),
        (Page(b"", 500), contract.NetworkLost),
        (Page(b"", 503), contract.NetworkLost),
        (Page(b"", 429, {"Retry-After": "17"}), contract.Throttled),
        (Page(b"<html>Please sign in</html>"), contract.CalendarTrouble),
        (Page(b"", 302, {"Location": "/round"}), contract.CalendarTrouble),
        (None, contract.NetworkLost),
    ],
)
async def test_troubles_told_apart_without_the_secret(
    web: WebServer, bench: Bench, page: Page | None, trouble: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web.pages[f"/{TOKEN}.ics"] = web.pages["/round"] = page
    feed = bench.account(url=f"{web.url}/{TOKEN}.ics", username="room", password="s3cret").calendar("")
    with pytest.raises(trouble) as raised:
        await feed.read(WEEK)
    assert type(raised.value) is trouble
    if isinstance(raised.value, contract.Throttled):
        assert raised.value.seconds == 17
    for text in (str(raised.value), repr(raised.value), repr(feed), repr(feed.account.settings), caplog.text):  # type: ignore[attr-defined]
        assert TOKEN not in text and "s3cret" not in text and web.url not in text


async def test_nobody_there_and_then_somebody(web: WebServer, bench: Bench) -> None:
    feed = bench.account(url="http://127.0.0.1:1/x.ics").calendar("")
    with pytest.raises(contract.NetworkLost, match="connection refused"):
        await feed.read(WEEK)
    web.pages["/a.ics"] = None
    feed = bench.account(url=f"{web.url}/a.ics").calendar("")
    with pytest.raises(contract.NetworkLost):
        await feed.read(WEEK)
    web.pages["/a.ics"] = Page(calendar(SERIES))
    assert len(await feed.read(WEEK)) == 7


async def test_a_name_and_a_password_stay_with_their_host(web: WebServer, bench: Bench) -> None:
    async with webserver() as other:
        web.pages["/a.ics"] = Page(b"", 302, {"Location": f"{other.url}/b.ics"})
        web.pages["/c.ics"] = Page(b"", 301, {"Location": "/d.ics"})
        other.pages["/b.ics"] = web.pages["/d.ics"] = Page(calendar(SERIES))
        account = bench.account(url=f"{web.url}/{{mailbox}}.ics", username="room", password="s3cret")
        assert len(await account.calendar("a").read(WEEK)) == 7
        assert "authorization" in web.asked[0][1] and "authorization" not in other.asked[0][1]
        assert len(await account.calendar("c").read(WEEK)) == 7
        assert all("authorization" in headers for _, headers in web.asked)
        with pytest.raises(ValueError, match="another host"):
            account.calendar(f"{other.url}/b.ics")


async def test_a_feed_too_long_to_be_one(web: WebServer, bench: Bench) -> None:
    web.pages["/a.ics"] = Page(b"BEGIN:VCALENDAR\n" + b"X" * (17 << 20))
    with pytest.raises(contract.CalendarTrouble, match="more than 16 MiB"):
        await bench.account(url=f"{web.url}/a.ics").calendar("").read(WEEK)


@pytest.mark.parametrize(
    ("url", "mailbox", "good"),
    [
        ("", "https://cal.example.com/x.ics", True),
        ("", "webcal://cal.example.com/x.ics", True),
        ("https://cal.example.com/{mailbox}.ics", "board", True),
        ("", "board@example.com", False),
        ("ftp://cal.example.com/x.ics", "", False),
        ("https://", "", False),
        ("https://cal.example.com:99999/", "", False),
    ],
)
async def test_what_can_be_an_address(bench: Bench, url: str, mailbox: str, good: bool) -> None:
    account = bench.account(url=url)
    if good:
        assert not account.calendar(mailbox).writes
    else:
        with pytest.raises(ValueError):
            account.calendar(mailbox)


async def test_it_cannot_be_written(bench: Bench) -> None:
    feed = bench.account(url="http://127.0.0.1:1/x.ics").calendar("")
    with pytest.raises(contract.NotAllowed):
        await feed.book(WEEK.start, WEEK.end, "Now")


async def test_a_ca_file_that_is_not_there(bench: Bench, tmp_path: Path) -> None:
    feed = bench.account(url="https://127.0.0.1:1/x.ics", ca_file=str(tmp_path / "none.pem")).calendar("")
    with pytest.raises(contract.CalendarTrouble, match=r"none\.pem"):
        await feed.read(WEEK)
