"""One account whose rooms' calendars are kept as the gateway keeps them, each on its own beat, in a process of its own.

Says as one JSON line when every room has been read once; goes on until standard input ends. What may not live here:
measuring.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from datetime import UTC
from pathlib import Path
from typing import Any

from benchmarks.cloud import rooms
from gateway.calendars.calendar import Place
from gateway.calendars.keeper import Keeper
from gateway.calendars.microsoft365 import Microsoft365, Microsoft365Settings
from gateway.calendars.office import APART
from gateway.calendars.store import Store
from gateway.clock import LoopClock


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
    clock, store = LoopClock(), Store(folder / "meetings.sqlite")
    account = Microsoft365("bench", settings, Place(folder, clock, UTC))
    began, used = time.monotonic(), time.process_time()
    spread = min(account.every, APART * (count - 1))  # as the gateway spreads an account's first looks
    everybody = asyncio.Event()

    def then() -> None:
        if all(keeper.health.state == "ok" for keeper in keepers):
            everybody.set()

    keepers = [
        Keeper(room, account.calendar(room), store, clock, UTC, then, every=account.every, spread=spread)
        for room in rooms(count)
    ]
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
    await everybody.wait()
    took, used = time.monotonic() - began, time.process_time() - used
    gc.freeze()
    found = sum(len(keeper.meetings) for keeper in keepers)
    print(json.dumps({"first": took, "cpu": used, "meetings": found}), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        print(json.dumps({"failures": sum(keeper.health.state != "ok" for keeper in keepers)}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await account.close()
    await store.close()


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[4]))
    asyncio.run(read(int(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])))
