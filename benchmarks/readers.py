"""One account that reads the calendars of many rooms, each on its own beat, in a process of its own.

Says as one JSON line when every room has been read once; goes on until standard input ends. What may not live here:
measuring.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.cloud import rooms
from gateway.calendars.calendar import Place
from gateway.calendars.meeting import Window
from gateway.calendars.microsoft365 import Microsoft365, Microsoft365Settings
from gateway.clock import LoopClock

JITTER = 0.1  # of the beat, either way


def window() -> Window:
    """From yesterday to a week from now."""
    now = datetime.now(UTC)
    return Window(now - timedelta(days=1), now + timedelta(days=7))


async def read(count: int, there: dict[str, Any], folder: Path) -> None:
    """Read until standard input ends."""
    settings = Microsoft365Settings(
        tenant=there["tenant"],
        client_id=there["client"],
        secret="a-client-secret",
        authority=there["address"],
        graph=f"{there['address']}/v1.0",
        ca_file="ca.pem",
    )
    account = Microsoft365("bench", settings, Place(folder, LoopClock(), UTC))
    calendars = [account.calendar(room) for room in rooms(count)]
    dice = random.Random(2)
    began, used = time.monotonic(), time.process_time()
    turns = asyncio.Semaphore(8)

    async def first(number: int) -> int:
        async with turns:
            return len(await calendars[number].read(window()))

    found = await asyncio.gather(*(first(number) for number in range(count)))
    took, used = time.monotonic() - began, time.process_time() - used
    failures = 0

    async def beat(number: int) -> None:
        nonlocal failures
        await asyncio.sleep(dice.uniform(0, account.every))
        while True:
            try:
                await calendars[number].read(window())
            except Exception as broken:
                failures += 1
                print(f"room {number}: {type(broken).__name__}: {broken}", file=sys.stderr)
            await asyncio.sleep(account.every * dice.uniform(1 - JITTER, 1 + JITTER))

    gc.freeze()
    beats = [asyncio.create_task(beat(number)) for number in range(count)]
    print(json.dumps({"first": took, "cpu": used, "meetings": sum(found)}), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        print(json.dumps({"failures": failures}), flush=True)
    for task in beats:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*beats)
    await account.close()


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[4]))
    asyncio.run(read(int(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])))
