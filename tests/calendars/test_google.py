"""Google Calendar over a real socket: signing in, sync tokens, what is told of a meeting, limits, outages, writing."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from gateway.calendars import calendar as contract
from gateway.calendars.google import GoogleAccount, GoogleCalendar, GoogleSettings
from gateway.calendars.meeting import Meeting, Window
from gateway.joinlink import find
from simulators.google_calendar import GoogleCalendar as Cloud
from tests.clock import ManualClock

ROOM = "c_188board@resource.calendar.google.com"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
WEEK = Window(NOW - timedelta(days=1), NOW + timedelta(days=7))


def event(hours: float = 1, length: float = 1, **more: Any) -> dict[str, Any]:
    start = NOW + timedelta(hours=hours)
    times = {
        "start": {"dateTime": start.isoformat()},
        "end": {"dateTime": (start + timedelta(hours=length)).isoformat()},
    }
    return {"summary": "Plans", **times, **more}


class Bench:
    """A cloud and one room's calendar in it."""

    def __init__(self, cloud: Cloud, url: str, folder: Path) -> None:
        self.cloud, self.url = cloud, url
        self.clock = ManualClock(wall=time.time())
        self.place = contract.Place(folder, self.clock, ZoneInfo("Europe/Berlin"))
        self.accounts: list[GoogleAccount] = []

    def account(self, **settings: Any) -> GoogleAccount:
        given = {"key": self.cloud.key(self.url), "api": f"{self.url}/calendar/v3", **settings}
        self.accounts.append(GoogleAccount("cloud", GoogleSettings(**given), self.place))
        return self.accounts[-1]

    def room(self, **settings: Any) -> GoogleCalendar:
        return self.account(**settings).calendar(ROOM)

    def questions(self) -> list[str]:
        """What was asked since the last look."""
        held = [one for one in self.cloud.asked if not one.endswith("/token")]
        self.cloud.asked.clear()
        return held


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    cloud = Cloud()
    cloud.share(ROOM)
    async with cloud.serving() as url:
        held = Bench(cloud, url, tmp_path)
        yield held
        for account in held.accounts:
            await account.close()


def subjects(held: tuple[Meeting, ...]) -> list[str]:
    return [f"{one.subject}{'' if one.status == 'confirmed' else ' ' + one.status}" for one in held]


async def test_a_window_is_read_and_then_its_changes(bench: Bench) -> None:
    first = bench.cloud.meet(ROOM, event(1, summary="First"))
    bench.cloud.meet(ROOM, event(24 * 30, summary="Next month"))
    room = bench.room()
    assert subjects(await room.read(WEEK)) == ["First"]
    assert "timeMin=" in bench.questions()[0]
    second = bench.cloud.meet(ROOM, event(3, summary="Second"))
    bench.cloud.meet(ROOM, event(24 * 31, summary="Another"))  # told by the token, and outside the window
    assert subjects(await room.read(WEEK)) == ["First", "Second"]
    (asked,) = bench.questions()
    assert "syncToken=" in asked and "timeMin" not in asked and "singleEvents=true" in asked
    bench.cloud.meet(ROOM, {"id": first, **event(5, summary="First, moved")})
    held = await room.read(WEEK)
    assert subjects(held) == ["Second", "First, moved"] and held[1].id == first
    bench.cloud.cancel(ROOM, second)
    assert subjects(await room.read(WEEK)) == ["Second cancelled", "First, moved"]
    assert room.wholes == 1 and bench.cloud.signed_in == 1


async def test_pages(bench: Bench) -> None:
    bench.cloud.page = 3
    for number in range(10):
        bench.cloud.meet(ROOM, event(number, summary=f"Meeting {number}"))
    room = bench.room()
    assert len(await room.read(WEEK)) == 10 and len(bench.questions()) == 4
    for number in range(10, 17):
        bench.cloud.meet(ROOM, event(number, summary=f"Meeting {number}"))
    assert len(await room.read(WEEK)) == 17 and len(bench.questions()) == 3
    assert await room.read(WEEK) and len(bench.questions()) == 1  # the last page's token was kept


async def test_a_lost_sync_token_is_healed_at_once(bench: Bench) -> None:
    gone = bench.cloud.meet(ROOM, event(1, summary="Gone meanwhile"))
    room = bench.room()
    await room.read(WEEK)
    bench.cloud.rooms[ROOM].events.pop(gone)  # so long ago that no token tells of it
    bench.cloud.meet(ROOM, event(2, summary="Stays"))
    bench.cloud.forget_sync()
    assert subjects(await room.read(WEEK)) == ["Stays"] and room.wholes == 2


async def test_another_day_and_half_an_hour_are_reasons_to_read_all(bench: Bench) -> None:
    room = bench.room()
    await room.read(WEEK)
    await room.read(Window(WEEK.start + timedelta(minutes=9), WEEK.end + timedelta(minutes=9)))
    assert room.wholes == 1
    await room.read(Window(WEEK.start + timedelta(days=2), WEEK.end + timedelta(days=2)))
    assert room.wholes == 2
    bench.clock.advance(1801)
    await room.read(Window(WEEK.start + timedelta(days=2), WEEK.end + timedelta(days=2)))
    assert room.wholes == 3


async def test_a_series_one_of_it_moved_and_then_all_gone(bench: Bench) -> None:
    base = bench.cloud.series(ROOM, event(2, summary="Stand-up"), 3)
    room = bench.room()
    held = await room.read(WEEK)
    assert len(held) == 3 and {one.series for one in held} == {base}
    moved = bench.cloud.rooms[ROOM].events[held[1].id] | {"end": event(27, 4)["end"], "start": event(27)["start"]}
    bench.cloud.meet(ROOM, moved)
    again = await room.read(WEEK)
    assert [one.id for one in again] == [one.id for one in held] and again[1].start != held[1].start
    bench.cloud.rooms[ROOM].events[base] = {"id": base}
    bench.cloud.cancel(ROOM, base)
    assert {one.status for one in await room.read(WEEK)} == {"cancelled"}


async def test_what_is_told_of_a_meeting(bench: Bench) -> None:
    day = NOW.date() + timedelta(days=2)
    cloud = bench.cloud
    cloud.share(ROOM, "writer")
    cloud.meet(
        ROOM,
        event(1, summary="Meet", description='Join <a href="https://zoom.us/j/81234567890">here</a>')
        | {
            "hangoutLink": "https://meet.google.com/abc-defg-hij",
            "conferenceData": {
                "entryPoints": [
                    {
                        "entryPointType": "video",
                        "uri": "https://meet.google.com/abc-defg-hij",
                        "meetingCode": "abc-defg-hij",
                    },
                    {"entryPointType": "phone", "uri": "tel:+49-30-300195061", "pin": "123456789"},
                ]
            },
            "attendees": [
                {"email": "alice@example.com", "responseStatus": "accepted"},
                {"email": ROOM, "self": True, "resource": True, "responseStatus": "declined"},
            ],
        },
    )
    cloud.meet(ROOM, event(2, summary="Tentative", status="tentative", transparency="transparent"))
    cloud.meet(ROOM, event(3, summary="Private", visibility="private"))
    cloud.meet(
        ROOM,
        {
            "summary": "Fair",
            "start": {"date": f"{day}"},
            "end": {"date": f"{day + timedelta(days=1)}"},
            "visibility": "confidential",
        },
    )
    meet, tentative, private, fair = await bench.room().read(WEEK)
    assert meet.answer == "declined" and meet.organizer == "Alice Example" and not meet.own and meet.etag
    assert meet.invitation.body_type == "html" and meet.invitation.properties[0][0] == "X-GOOGLE-CONFERENCE"
    best = find(meet.invitation).options[0]
    assert (best.kind, best.phone, best.phone_code) == ("meet", "+4930300195061", "123456789#")
    assert tentative.status == "tentative" and tentative.show_as_free and tentative.answer == "none"
    assert private.private and private.subject == "Private"
    assert fair.all_day and fair.private
    assert fair.start == datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_private_ones_and_those_shared_as_busy_only(bench: Bench) -> None:
    bench.cloud.meet(ROOM, event(1, summary="Secret", visibility="private"))
    (held,) = await bench.room().read(WEEK)
    assert held.private and held.subject == "" and held.organizer == ""
    bench.cloud.rooms.clear()
    bench.cloud.share(ROOM, "freeBusyReader")
    bench.cloud.meet(ROOM, event(1, summary="Anything"))
    (held,) = await bench.room().read(WEEK)
    assert held.private and held.subject == ""


async def test_the_token_is_renewed(bench: Bench) -> None:
    bench.cloud.token_seconds = 600
    room = bench.room()
    await room.read(WEEK)
    await room.read(WEEK)
    assert bench.cloud.signed_in == 1
    bench.clock.advance(490)  # two minutes before its end it is used no more
    bench.cloud.ahead = 490
    await room.read(WEEK)
    assert bench.cloud.signed_in == 2
    bench.cloud.expire()  # before its time
    await room.read(WEEK)
    assert bench.cloud.signed_in == 3


async def test_a_key_that_was_taken_back(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    room = bench.room()
    await room.read(WEEK)
    bench.cloud.revoke()
    with pytest.raises(contract.AuthLost, match="invalid_grant") as raised:
        await room.read(WEEK)
    key = json.loads(bench.cloud.key(bench.url))["private_key"]
    for line in key.splitlines()[1:-1]:
        assert line not in caplog.text and line not in str(raised.value) and line not in repr(room.account.settings)
    assert "ya29." not in caplog.text
    bench.cloud.renew()
    assert await bench.room().read(WEEK) == ()  # with the new key
    with pytest.raises(contract.AuthLost, match="Signature"):
        await room.read(WEEK)  # with the old one


async def test_who_the_account_stands_for(bench: Bench) -> None:
    with pytest.raises(contract.AuthLost, match="unauthorized_client"):
        await bench.room(subject="alice@example.com").read(WEEK)
    bench.cloud.delegates = "alice@example.com"
    assert await bench.room(subject="alice@example.com").read(WEEK) == ()


async def test_a_wrong_clock_is_hinted_at(bench: Bench) -> None:
    bench.clock = ManualClock(wall=time.time() - 90_000)
    bench.place = contract.Place(bench.place.folder, bench.clock, UTC)
    with pytest.raises(contract.AuthLost, match="clock"):
        await bench.room().read(WEEK)


async def test_a_calendar_that_is_not_shared(bench: Bench) -> None:
    room = bench.room()
    bench.cloud.share(ROOM, "none")
    with pytest.raises(contract.NotAllowed, match="not shared"):
        await room.read(WEEK)
    bench.cloud.share(ROOM)
    assert await room.read(WEEK) == ()


@pytest.mark.parametrize(("status", "seconds", "least"), [(403, 0, 5), (429, 30, 30), (403, 30, 5), (429, 0, 5)])
async def test_too_many_questions(bench: Bench, status: int, seconds: int, least: float) -> None:
    account = bench.account()
    room, other = account.calendar(ROOM), account.calendar(ROOM)
    bench.cloud.throttle(1, status, seconds)
    with pytest.raises(contract.Throttled) as raised:
        await room.read(WEEK)
    assert least <= raised.value.seconds <= 100
    bench.questions()
    with pytest.raises(contract.Throttled):
        await other.read(WEEK)  # the limits are the project's
    assert bench.questions() == []
    bench.clock.advance(raised.value.seconds)
    assert await room.read(WEEK) == ()


async def test_pauses_grow_and_end(bench: Bench) -> None:
    room = bench.room()
    bench.cloud.throttle(9)
    pauses = []
    for _ in range(9):
        with pytest.raises(contract.Throttled) as raised:
            await room.read(WEEK)
        pauses.append(raised.value.seconds)
        bench.clock.advance(raised.value.seconds)
    assert pauses[:7] == sorted(pauses[:7]) and pauses[6] > 300 and max(pauses) <= 750
    await room.read(WEEK)
    bench.cloud.throttle(1)
    with pytest.raises(contract.Throttled) as raised:
        await room.read(WEEK)
    assert raised.value.seconds < 10


async def test_outages(bench: Bench) -> None:
    bench.cloud.meet(ROOM, event())
    room = bench.room()
    bench.cloud.faults.unreachable = True
    with pytest.raises(contract.NetworkLost):
        await room.read(WEEK)
    bench.cloud.faults.clear()
    assert len(await room.read(WEEK)) == 1
    bench.cloud.fail(1, 503)
    with pytest.raises(contract.NetworkLost):
        await room.read(WEEK)
    bench.cloud.faults.unreachable = True
    with pytest.raises(contract.NetworkLost):
        await room.read(WEEK)
    bench.cloud.faults.clear()
    assert len(await room.read(WEEK)) == 1 and room.wholes == 1  # the sync token is as good as before


async def test_silence_ends_in_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GoogleAccount, "patience", 0.2)
    room = bench.room()
    bench.cloud.faults.silent = True
    with pytest.raises(contract.NetworkLost, match="in time"):
        await room.read(WEEK)


async def test_book_extend_end_early_and_cancel(bench: Bench) -> None:
    bench.cloud.share(ROOM, "writer")
    room = bench.room(write=True)
    made = await room.book(NOW, NOW + timedelta(minutes=30), "Ad hoc")
    assert made.own and made.answer == "accepted" and await room.read(WEEK) == (made,)
    longer = await room.move_end(made, made.end + timedelta(minutes=15))
    assert longer.id == made.id and longer.end - made.end == timedelta(minutes=15)
    with pytest.raises(contract.Conflict):
        await room.move_end(made, NOW)  # by its old mark
    with pytest.raises(contract.Conflict):
        await room.cancel(made)
    await room.cancel(longer)
    assert subjects(await room.read(WEEK)) == ["Ad hoc cancelled"]
    with pytest.raises(contract.Conflict):
        await room.cancel(longer)
    assert bench.cloud.rooms[ROOM].events[made.id]["status"] == "cancelled"


async def test_anothers_meeting_is_declined(bench: Bench) -> None:
    bench.cloud.share(ROOM, "writer")
    people = [
        {"email": "alice@example.com", "responseStatus": "accepted"},
        {"email": ROOM, "self": True, "responseStatus": "accepted"},
    ]
    identity = bench.cloud.meet(ROOM, event(attendees=people))
    room = bench.room(write=True)
    (held,) = await room.read(WEEK)
    with pytest.raises(contract.NotAllowed, match="organiser"):
        await room.move_end(held, held.end + timedelta(minutes=5))
    await room.cancel(held)
    assert (await room.read(WEEK))[0].answer == "declined"
    told = bench.cloud.rooms[ROOM].events[identity]["attendees"]
    assert [one["responseStatus"] for one in told] == ["accepted", "declined"]


async def test_writing_needs_the_setting_the_scope_and_the_right(bench: Bench) -> None:
    room = bench.room()
    assert not room.writes
    with pytest.raises(contract.NotAllowed, match="write = true"):
        await room.book(NOW, NOW + timedelta(minutes=30), "Now")
    room = bench.room(write=True)
    assert room.writes
    with pytest.raises(contract.NotAllowed, match="writer access"):
        await room.book(NOW, NOW + timedelta(minutes=30), "Now")
    await room.read(WEEK)
    assert not room.writes
    assert not bench.cloud.rooms[ROOM].events


@pytest.mark.parametrize(
    "key",
    ["no", "{}", '{"type": "authorized_user"}', '{"type": "service_account", "client_email": "a", "private_key": "b"}'],
)
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        GoogleSettings(key=key)


async def test_a_key_whose_inside_is_broken(bench: Bench) -> None:
    key = json.loads(bench.cloud.key(bench.url)) | {"private_key": "-----BEGIN, but no more"}
    with pytest.raises(contract.AuthLost, match="cannot be read"):
        await bench.room(key=json.dumps(key)).read(WEEK)
    with pytest.raises(contract.AuthLost):
        await bench.room(key="").read(WEEK)
    with pytest.raises(ValueError, match="looks like"):
        bench.account().calendar("Board room")


async def test_the_simulator_verifies_what_is_signed(bench: Bench) -> None:
    """An assertion of another key, of another service, too long a life, no scope: none gives a token."""
    from google.auth import crypt, jwt

    good = json.loads(bench.cloud.key(bench.url))
    bench.cloud.renew()
    other = json.loads(bench.cloud.key(bench.url))
    now = int(time.time())
    scope = "https://www.googleapis.com/auth/calendar.events.readonly"
    claims = {"iss": good["client_email"], "aud": good["token_uri"], "scope": scope, "iat": now, "exp": now + 3600}
    tries = [
        (good, claims, "invalid_grant"),
        (other, claims | {"aud": "https://oauth2.example.com/token"}, "invalid_grant"),
        (other, claims | {"exp": now + 9000}, "invalid_grant"),
        (other, claims | {"iat": now - 9000, "exp": now - 5400}, "invalid_grant"),
        (other, claims | {"iss": "someone@example.com"}, "invalid_grant"),
        (other, claims | {"scope": ""}, "invalid_scope"),
        (other, claims, ""),
    ]
    async with httpx.AsyncClient(trust_env=False) as client:
        for key, told, error in tries:
            signer = crypt.RSASigner.from_service_account_info(key)
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": jwt.encode(signer, told).decode(),
            }
            answer = await client.post(good["token_uri"], data=form)
            assert answer.json().get("error", "") == error
        form["assertion"] = form["assertion"][:-5] + "AAAAA"
        assert (await client.post(good["token_uri"], data=form)).status_code == 400
