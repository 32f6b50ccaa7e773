"""The simulated Microsoft cloud with three hundred busy rooms, in a process of its own.

Says where it is as one JSON line; takes words on standard input: `mark` begins to count, `tell` says what was counted;
ends with it. Every two seconds some room's calendar changes, every other time a series. What may not live here:
measuring.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import os
import random
import sys
import time
from collections import Counter
from typing import Any

from simulators._http import Request
from simulators.microsoft_cloud import MicrosoftCloud

MEETINGS = 6  # a day and room, each with an invitation's usual text
DAYS = 9
CHANGE = 2.0  # seconds between two changes
BODY = "<html><body>" + "<div><p>Agenda, and what was said about it the last time.</p></div>" * 250 + "</body></html>"
TEAMS = {"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"}


class BusyCloud(MicrosoftCloud):
    """Counts its requests by the second, and what it refused."""

    seconds: Counter[int] = Counter()

    def requested(self, request: Request) -> None:
        self.seconds[int(time.monotonic())] += 1
        super().requested(request)


def rooms(count: int) -> list[str]:
    """The rooms' addresses."""
    return [f"room{number}@contoso.example" for number in range(count)]


def furnish(cloud: MicrosoftCloud, count: int) -> None:
    """Every room with its meetings: single ones, and a daily series."""
    day = datetime.datetime.now(datetime.UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    first = day - datetime.timedelta(days=1)
    hour = datetime.timedelta(hours=1)
    given: dict[str, Any] = {"body": {"contentType": "html", "content": BODY}, "onlineMeeting": TEAMS}
    for room in rooms(count):
        cloud.add_room(room)
        cloud.put_series(room, first, first + hour / 2, DAYS, subject="Stand-up", **given)
        for number in range(DAYS):
            for later in range(1, MEETINGS):
                start = first + datetime.timedelta(days=number, hours=later)
                own = {"contentType": "html", "content": f"{BODY}<!-- {number}-{later} -->"}
                cloud.put(room, start, start + hour, subject="Meeting", **{**given, "body": own})


def change(cloud: MicrosoftCloud, dice: random.Random, turn: int) -> None:
    """Somebody renames a meeting, or a whole series."""
    room = dice.choice(sorted(cloud.mailboxes))
    kind = "seriesMaster" if turn % 2 else "singleInstance"
    keys = [key for key, row in cloud.mailboxes[room].rows.items() if row["type"] == kind]
    cloud.rename(room, dice.choice(keys), f"Renamed {turn}")


async def serve(count: int, ca: str) -> None:
    """Serve until standard input ends."""
    cloud = BusyCloud(ca_file=ca)
    furnish(cloud, count)
    dice = random.Random(1)

    async def stir() -> None:
        turn = 0
        while True:
            await asyncio.sleep(CHANGE)
            turn += 1
            change(cloud, dice, turn)

    async with cloud.serving() as address:
        stirring = asyncio.create_task(stir())
        print(json.dumps({"address": address, "tenant": cloud.tenant, "client": cloud.client_id}), flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := (await lines.readline()).decode().strip():
            if line == "mark":
                cloud.seconds.clear()
                for held in cloud.mailboxes.values():
                    held.peak = held.requests = 0
            told = {
                "seconds": [cloud.seconds[at] for at in sorted(cloud.seconds)],
                "most": max(held.requests for held in cloud.mailboxes.values()),
                "peak": max(held.peak for held in cloud.mailboxes.values()),
                "asked": sum(held.requests > 0 for held in cloud.mailboxes.values()),
            }
            print(json.dumps(told), flush=True)
        stirring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stirring


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[3]))
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
