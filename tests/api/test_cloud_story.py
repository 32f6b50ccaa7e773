"""A day of twenty meetings from the simulated Microsoft cloud to the panel, over the whole way: TLS, msal, the account,
the keeper, the gateway's API and its WebSocket. What the panel is told is right at every step, in both sign-in modes.

Our clock alone is moved. msal lives by the wall clock, so that tokens end by the cloud's short `expires_in` and hands.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from gateway.calendars.calendar import own_folder
from simulators.microsoft_cloud import MicrosoftCloud
from tests.api.support import Ears, Rig, rig
from tests.calendars.office import ROOM, Office, office, signed_in
from tests.clock import LeapingClock

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 10, 25, tzinfo=BERLIN)  # at 03:00 the clocks go back to 02:00: the day has 25 hours
SIP = "Video: 76110735@sip.example.com"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%7d"
ZOOM = "https://example.zoom.us/j/93412345678?pwd=abc\nPasscode: 918273"
CODED = "Audio: +1 678 653 7090,223344#"
PROFILE = """
name = "Board room"

[devices.codec]
driver = "cisco_roomos"
link = "ws://127.0.0.1"
username = "roomgate"
password = {{ env = "TEST_CODEC_PASSWORD" }}

[parts]
calls = "codec"
codec = "codec"

[meetings]
calendar = "work"
mailbox = "{mailbox}"
"""


def at(hour: int, minute: int = 0, days: int = 0, fold: int = 0) -> datetime:
    """A time of the day as the clock on the wall shows it."""
    return (DAY + timedelta(days=days)).replace(hour=hour, minute=minute, fold=fold).astimezone(UTC)


def text(body: str) -> dict[str, Any]:
    return {"body": {"contentType": "text", "content": body}}


def furnish(cloud: MicrosoftCloud) -> dict[str, str]:
    """Twenty meetings of every kind in the room's mailbox; their keys by name."""
    keys: dict[str, str] = {}

    def held(name: str, start: datetime, minutes: int = 30, body: str = SIP, **more: Any) -> None:
        more = {"subject": name, **text(body), **more}
        keys[name] = cloud.put(ROOM, start, start + timedelta(minutes=minutes), **more)

    whole_day = datetime(2026, 10, 25, tzinfo=UTC)  # Graph tells all-day events as midnights of UTC
    teams = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness", "onlineMeeting": {"joinUrl": TEAMS}}
    bob = {"emailAddress": {"name": "Bob Example", "address": "bob@example.com"}}
    held("night", at(23, 30, -1), 60)
    held("first two", at(2, 15), 20)
    held("second two", at(2, 15, fold=1), 20)
    held("fair", whole_day, 24 * 60, isAllDay=True)
    held("colour", whole_day, 24 * 60, isAllDay=True, showAs="free")
    held("early", at(8))
    held("teams", at(9), 30, "", **teams)
    held("zoom", at(9, 30), 30, ZOOM)
    held("overlap", at(9, 45), 30)
    held("secret", at(10, 30), subject="Salaries", sensitivity="private")
    held("maybe", at(11), showAs="tentative")
    held("perhaps", at(11, 30), responseStatus={"response": "tentativelyAccepted"})
    held("no", at(12), responseStatus={"response": "declined"})
    held("off", at(12), isCancelled=True, showAs="free")
    held("Bob Example", at(13), 30, "", organizer=bob)
    held("cake", at(14), 30, "bring cake")
    held("call", at(16), 30, CODED)
    held("late", at(23), 120)
    held("tomorrow", at(9, 0, 1))
    keys["master"], keys["series"], _ = cloud.put_series(
        ROOM, at(15), at(15) + timedelta(minutes=30), 2, subject="series", **text(SIP)
    )
    return keys


class Panel:
    """What a panel of the room is told, by its WebSocket and by GET, while the clock goes on."""

    STATES: ClassVar[dict[str, bool]] = {"ok": False, "network lost": True, "auth lost": True}

    def __init__(self, house: Rig, ears: Ears, clock: LeapingClock, told: dict[str, Any]) -> None:
        self.house, self.ears, self.clock, self.told = house, ears, clock, told

    async def shows(
        self, moment: datetime, listed: list[str], buttons: list[str], state: str = "ok"
    ) -> dict[str, dict[str, Any]]:
        """Go on to `moment`: the panel comes to show just this (a look or two later, where the calendar was away); its
        rows by subject."""
        until = moment.timestamp()
        self.clock.leap(max(0.0, until - self.clock.wall()))

        def fits(told: dict[str, Any]) -> bool:
            calendar, rows = told["calendar"], told["listed"]
            fresh = state != "ok" or (calendar["read_at"] or 0) >= until
            now = [row["subject"] for row in rows if row["join"] and not row["all_day"]]
            subjects = [row["subject"] for row in rows]
            return bool(fresh and calendar["state"] == state and subjects == listed and now == buttons)

        for _ in range(10):
            with contextlib.suppress(TimeoutError):
                if not fits(self.told):
                    news = await self.ears.hear(lambda told: self._hears(told) and fits(self.told), within=0.5)
                    assert news["type"] == "meetings"
                break
            self.clock.leap(45)
        assert fits(self.told), self.told
        asked = (await self.house.client.get("/api/v1/rooms/demo/meetings")).json()
        assert fits(asked), asked
        assert all(word not in str([self.told, asked]) for word in ("Salaries", "918273", "223344"))
        return {row["subject"]: row for row in asked["listed"]}

    def _hears(self, told: dict[str, Any]) -> bool:
        if told["type"] == "meetings":
            self.told = told["meetings"]
        return bool(told["type"] == "meetings")

    @property
    def on(self) -> str:
        return self._subject("on")

    @property
    def next(self) -> str:
        return self._subject("next")

    def _subject(self, which: str) -> str:
        return next((row["subject"] for row in self.told["listed"] if row["id"] == self.told[which]), "")

    async def joins(self) -> None:
        """One press joins; then the call is hung up. A codec that was asked something while hours leapt by was given up
        as silent: it is back first."""
        await self.house.online()
        joined = (await self.house.do("join-meeting?wait=30")).json()
        assert joined["result"] == "confirmed", joined
        assert (await self.house.do("calls/hangup?wait=30")).json()["result"] == "confirmed"


@contextlib.asynccontextmanager
async def panel(folder: Path, moment: datetime, number: int = 1) -> AsyncIterator[Panel]:
    """The gateway starts at this moment, and a panel of its room connects."""
    clock = LeapingClock(moment.timestamp())
    profile = PROFILE.format(mailbox=ROOM)
    async with (
        rig(folder, profile, clock=clock, tester=f"tester-{number}", codec={"speed": 20}) as house,
        house.socket() as ears,
    ):
        greeting = await ears.kind("state")
        await house.online()
        yield Panel(house, ears, clock, greeting["state"]["meetings"])


@contextlib.asynccontextmanager
async def cloud_and_site(folder: Path, mode: str) -> AsyncIterator[Office]:
    """The cloud with the room's day, and a site that has an account there."""
    (folder / "data").mkdir(mode=0o700)
    (folder / "site").mkdir()
    async with office(own_folder(folder / "data", "work"), expires_in=1) as place:
        cloud = place.cloud
        secret = 'secret = { env = "TEST_CLOUD_SECRET" }\n' if mode == "app" else ""
        (folder / "site" / "site.toml").write_text(
            f'time_zone = "Europe/Berlin"\n\n[calendars.work]\nkind = "microsoft365"\nsign_in = "{mode}"\n{secret}'
            f'tenant = "{cloud.tenant}"\nclient_id = "{cloud.client_id}"\nca_file = "ca.pem"\n'
            f'authority = "{cloud.address}"\ngraph = "{cloud.address}/v1.0"\n'
        )
        if mode == "user":
            await signed_in(place)
        yield place


WHOLE = [
    *("night", "fair", "first two", "second two", "early", "teams", "zoom", "overlap", "Private meeting", "maybe"),
    *("perhaps", "Bob Example", "cake", "series", "call", "late"),
]
LATER = ["night", "fair", "first two", "second two", "early", "teams", "series", "zoom", "overlap", "Private meeting"]
LATER += ["perhaps", "Bob Example", "Phone", "new", "late"]


@pytest.mark.parametrize("mode", ["app", "user"])
async def test_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    async with cloud_and_site(tmp_path, mode) as place:
        cloud = place.cloud
        monkeypatch.setenv("TEST_CLOUD_SECRET", cloud.secret)
        keys = furnish(cloud)
        async with panel(tmp_path, at(0, 5)) as seen:
            await before_noon(seen, cloud, keys)
            # Two hours without the network: the list goes on by what is known, with its age, and joining is there.
            cloud.faults.unreachable = True
            read_at = seen.told["calendar"]["read_at"]
            cloud.meet(ROOM, "unseen", at(11).isoformat(), 30, body=SIP)
            await seen.shows(at(10, 27), LATER, ["Private meeting"], "network lost")
            assert seen.told["calendar"]["stale"] and seen.told["calendar"]["read_at"] == read_at
            stopped = datetime.fromtimestamp(seen.clock.wall(), UTC)
        async with panel(tmp_path, stopped, 2) as seen:  # a restart in the outage
            await seen.shows(stopped, LATER, ["Private meeting"], "network lost")
            assert seen.told["calendar"]["stale"] and seen.told["calendar"]["read_at"] == read_at
            await seen.joins()
            await seen.shows(at(11, 35), LATER, ["perhaps"], "network lost")
            assert seen.told["calendar"]["read_at"] == read_at
            cloud.faults.unreachable = False
            await afternoon(seen, place, mode)


async def before_noon(seen: Panel, cloud: MicrosoftCloud, keys: dict[str, str]) -> None:
    """The night in which an hour is there twice; changes of every kind; tokens that end."""
    await seen.shows(at(0, 10), WHOLE, ["night"])
    assert seen.on == "night"
    await seen.shows(at(2, 20), WHOLE, ["first two"])
    assert (seen.on, seen.next) == ("first two", "second two")
    await seen.shows(at(2, 20, fold=1), WHOLE, ["second two"])
    assert (seen.on, seen.next) == ("second two", "early")
    await seen.shows(at(8, 55), WHOLE, ["teams"])

    # The occurrence of a series is moved, one is cancelled, one thrown away, one is new, one has another name.
    cloud.change(ROOM, keys["series"], start=at(9, 5), end=at(9, 35))
    cloud.cancel(ROOM, keys["cake"], removed=True)
    cloud.cancel(ROOM, keys["maybe"])
    cloud.rename(ROOM, keys["call"], "Phone")
    cloud.meet(ROOM, "new", at(17).isoformat(), 30, body=SIP)
    logins = len([line for line in cloud.asked if "/token" in line])
    cloud.expire()  # and Graph takes no token that was given until now
    rows = await seen.shows(at(9, 1), LATER, ["teams", "series"])
    assert len([line for line in cloud.asked if "/token" in line]) > logins
    assert rows["series"]["start"] == at(9, 5).timestamp() and rows["Phone"]["why"]["code"] == "too early"
    cloud.change(ROOM, keys["teams"], end=at(10, 0))  # it goes on
    cloud.forget_sync()
    await seen.shows(at(9, 50), LATER, ["teams", "zoom", "overlap"])
    assert seen.on == "overlap"


async def afternoon(seen: Panel, place: Office, mode: str) -> None:
    """The network is back; a throttled look; the sign-in is revoked and comes back; midnight."""
    cloud = place.cloud
    after = [*LATER[:10], "unseen", *LATER[10:]]
    await seen.shows(at(12), after, [])
    assert not seen.told["calendar"]["stale"]
    rows = await seen.shows(at(13, 5), after, [])
    codes = {subject: row["why"]["code"] for subject, row in rows.items() if "why" in row}
    assert (codes["Bob Example"], codes["night"], codes["late"]) == ("body removed", "over", "too early")

    cloud.throttle("graph", seconds=120)
    await seen.shows(at(14), after, [], "network lost")
    await seen.shows(at(14, 5), after, [])

    cloud.revoke()
    cloud.faults.refuse_login = True
    await seen.shows(at(15, 57), after, ["Phone"], "auth lost")
    await seen.joins()
    cloud.faults.refuse_login = False
    if mode == "user":
        await signed_in(place)
    await seen.shows(at(16, 10), after, ["Phone"])

    await seen.shows(at(23, 30), after, ["late"])
    await seen.shows(at(0, 30, 1), ["late", "tomorrow", "series"], ["late"])  # midnight, and what goes on over it
    assert (seen.on, seen.next) == ("late", "tomorrow")
