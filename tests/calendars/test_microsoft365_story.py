"""One day of a room at the simulated Microsoft cloud, in both sign-in modes: its list is right at every step.

Only our clock and the cloud's move; msal lives by the wall clock, so tokens end by the cloud's hands.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from gateway.calendars.calendar import AuthLost, NetworkLost, Throttled
from gateway.calendars.meeting import Window
from tests.calendars.office import DAY, HOUR, ROOM, ZONE, Office, office, signed_in

SATURDAY = datetime.datetime(2026, 3, 28, 6, 0, tzinfo=datetime.UTC)  # the clocks go forward in Berlin tonight
TEAMS = {"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"}


def furnish(house: Office) -> dict[str, str]:
    """Twenty meetings of every kind; their keys by subject."""
    cloud, keys = house.cloud, {}
    kinds: list[dict[str, object]] = [
        {"onlineMeeting": TEAMS},
        {"location": {"displayName": "https://example.zoom.us/j/123456789"}},
        {"body": {"contentType": "text", "content": "Video 688432@rp1.vc"}},
        {"sensitivity": "private"},
        {"showAs": "tentative"},
        {"responseStatus": {"response": "declined"}},
        {"showAs": "free"},
        {"isOrganizer": True},
    ]
    for number in range(16):
        start = SATURDAY + number * HOUR / 2
        subject = f"Meeting {number:02}"
        keys[subject] = cloud.put(ROOM, start, start + HOUR / 2, subject=subject, **kinds[number % len(kinds)])
    keys["Fair"] = cloud.put(ROOM, SATURDAY - 6 * HOUR, SATURDAY + 18 * HOUR, subject="Fair", isAllDay=True)
    master, *days = cloud.put_series(ROOM, SATURDAY + 9 * HOUR, SATURDAY + 10 * HOUR, 3, subject="Evening")
    keys |= {"master": master, **{f"Evening {number}": key for number, key in enumerate(days)}}
    return keys


@pytest.mark.parametrize("mode", ["app", "user"])
async def test_a_day(tmp_path: Path, mode: str) -> None:
    async with office(tmp_path) as house:
        cloud, clock = house.cloud, house.clock
        keys = furnish(house)
        if mode == "user":
            await signed_in(house)

        def window() -> Window:
            now = datetime.datetime.fromtimestamp(clock.wall(), datetime.UTC)
            return Window(now - DAY, now + 7 * DAY)

        def expected() -> list[tuple[str, datetime.datetime]]:
            """What the cloud holds, by its own memory."""
            held = window()
            rows = [
                row
                for row in cloud.mailboxes[ROOM].rows.values()
                if row["type"] != "seriesMaster" and held.holds(row["start"], row["end"])
            ]
            told = [(row["subject"], row["start"] - HOUR if row["isAllDay"] else row["start"]) for row in rows]
            return sorted(told, key=lambda held: (held[1], held[0]))

        async with house.opened(sign_in=mode) as account:
            room = account.calendar(ROOM)

            async def shown() -> list[tuple[str, datetime.datetime]]:
                found = await room.read(window())
                return sorted(((held.subject, held.start) for held in found), key=lambda held: (held[1], held[0]))

            clock.advance(SATURDAY.timestamp() - clock.wall())
            cloud.mailboxes[ROOM].rows[keys["Fair"]]["start"] = datetime.datetime(2026, 3, 28, tzinfo=datetime.UTC)
            cloud.mailboxes[ROOM].rows[keys["Fair"]]["end"] = datetime.datetime(2026, 3, 29, tzinfo=datetime.UTC)
            assert await shown() == expected() and len(expected()) == 20

            cloud.rename(ROOM, keys["Meeting 00"], "Budget")
            cloud.move(ROOM, keys["Meeting 01"], 15)
            clock.advance(60)
            assert await shown() == expected()

            cloud.cancel(ROOM, keys["Meeting 02"])
            cloud.cancel(ROOM, keys["Meeting 03"], removed=True)
            clock.advance(60)
            assert await shown() == expected() and len(expected()) == 19
            assert [held.subject for held in await room.read(window()) if held.status == "cancelled"] == [
                "Canceled: Meeting 02"
            ]

            cloud.rename(ROOM, keys["master"], "Late")
            cloud.move(ROOM, keys["Evening 1"], 30)
            cloud.expire()  # and the access token ends as well
            clock.advance(60)
            assert await shown() == expected()

            cloud.throttle("graph", seconds=120)
            with pytest.raises(Throttled):
                await shown()
            clock.advance(120)
            cloud.forget_sync()
            assert await shown() == expected()

            kept = expected()
            cloud.faults.unreachable = True
            for _ in range(4):
                clock.advance(1800)
                with pytest.raises(NetworkLost):
                    await shown()
        async with house.opened(sign_in=mode) as account:  # restarted in the outage
            room = account.calendar(ROOM)
            with pytest.raises(NetworkLost):
                await shown()
            cloud.move(ROOM, keys["Meeting 15"], -30)
            cloud.meet(ROOM, "Meanwhile", (SATURDAY + 3 * HOUR).isoformat())
            cloud.faults.unreachable = False
            clock.advance(60)
            assert await shown() == expected() != kept

            cloud.revoke()
            cloud.faults.refuse_login = True
            clock.advance(60)
            with pytest.raises(AuthLost):
                await shown()
            cloud.faults.refuse_login = False
            if mode == "user":
                await signed_in(house)
            clock.advance(61)
            assert await shown() == expected()

            clock.advance(24 * 3600)  # over the night in which an hour is missing
            assert await shown() == expected() and "Budget" not in dict(expected())
            late = [held.start.astimezone(ZONE) for held in await room.read(window()) if held.subject == "Late"]
            assert [(held.day, held.hour) for held in late] == [
                (28, 16),
                (29, 17),
                (30, 17),
            ]  # 15:00, 15:30 and 15:00 UTC
