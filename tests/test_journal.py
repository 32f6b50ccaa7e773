"""The journal: what it answers, what it forgets, what a crash costs, and what a write costs."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.journal import NICE, Entry, Journal
from tests.journals import (
    ROOM,
    HandClock,
    a_story,
    beside,
    entry,
    mode_and_size,
    numbers,
    on_disk,
    opened,
    until,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


# ---- What it answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flush", ["in memory", "on disk", "half of each"])
async def test_why_tells_the_change_its_command_the_outcome_and_so_on_to_the_first_cause(
    path: Path, clock: HandClock, flush: str
) -> None:
    async with opened(None if flush == "in memory" else path, clock) as journal:
        a_story(journal)
        if flush != "in memory":
            await journal.flushed()
        if flush == "half of each":
            journal.write(Entry(1_700_000_001.0, "change", ROOM, "volume.volume", cause="c2", data={"value": 21}))
        chain = await journal.why(ROOM, "volume.volume")
        assert [(e.kind, e.id, e.cause) for e in chain] == [
            ("change", "", "c2"),
            ("command", "c2", "c1"),
            ("outcome", "c2", ""),
            ("command", "c1", "key:deck/3"),
            ("outcome", "c1", ""),
        ]
        assert chain[0].data["value"] == (21 if flush == "half of each" else 20)
        assert [e.kind for e in await journal.why(ROOM, "volume.muted")] == ["change"], "the device's own doing"
        assert await journal.why(ROOM, "screen.position") == []


async def test_causes_that_run_in_a_circle_end(path: Path, clock: HandClock) -> None:
    async with opened(path, clock) as journal:
        journal.write(entry(1, "command", id="a", cause="b"))
        journal.write(entry(2, "command", id="b", cause="a"))
        journal.write(entry(3, cause="a"))
        await journal.flushed()
        assert numbers(await journal.why(ROOM, "volume.volume")) == [3, 1, 2]


@pytest.mark.parametrize("flushed_at", [0, 7, 20])
async def test_history_is_newest_first_and_turns_pages_over_disk_and_memory_alike(
    path: Path, clock: HandClock, flushed_at: int
) -> None:
    async with opened(path, clock) as journal:
        for number in range(20):
            if number == flushed_at:
                await journal.flushed()
            journal.write(entry(number, "press" if number % 5 == 0 else "change", f"part.{number % 2}"))
            journal.write(entry(100, room="elsewhere"))
        page = await journal.history(ROOM, limit=6)
        assert numbers(page) == [19, 18, 17, 16, 15, 14]
        following = await journal.history(ROOM, limit=14, before=page[-1].seq)
        assert numbers(following) == list(range(13, -1, -1))
        assert await journal.history(ROOM, before=following[-1].seq) == []
        assert numbers(await journal.history(ROOM, kinds=("press",))) == [15, 10, 5, 0]
        assert numbers(await journal.history(ROOM, kinds=("press", "change"), subject="part.1", limit=2)) == [19, 17]
        seqs = [e.seq for e in await journal.history(ROOM)]
        assert seqs == sorted(set(seqs), reverse=True)


async def test_the_next_run_goes_on_where_the_last_one_ended(path: Path, clock: HandClock) -> None:
    for number in range(3):
        async with opened(path, clock) as journal:
            journal.write(entry(number))
    assert on_disk(path) == [0, 1, 2]
    assert mode_and_size(path)[0] == 0o600
    assert beside(path) == ["journal.sqlite"], "nothing is left behind"


async def test_entries_reach_the_disk_by_themselves_after_a_moment(path: Path, clock: HandClock) -> None:
    async with opened(path, clock) as journal:
        await until(lambda: journal._idle)
        for number in range(1300):
            journal.write(entry(number))
        await until(lambda: clock.awaited(0.2))
        assert on_disk(path) == []
        clock.move(0.2)
        await until(lambda: len(on_disk(path)) == 1300)


async def test_closing_writes_what_is_left_without_waiting_for_the_moment(path: Path, clock: HandClock) -> None:
    journal = Journal(path, clock=clock)
    journal.write(entry(1))  # before it is open: kept
    journal.open()
    journal.write(entry(2))
    await journal.close()
    await journal.close()
    assert on_disk(path) == [1, 2]


async def test_what_comes_while_the_journal_closes_is_written(path: Path, clock: HandClock) -> None:
    async with opened(path, clock) as journal:
        await until(lambda: journal._idle)
        assert journal._thread
        answer = threading.Event()
        held = asyncio.create_task(journal._thread.do(lambda: answer.wait(10)))
        journal.write(entry(1))
        closed = asyncio.create_task(journal.close())
        await until(lambda: clock.awaited(10))  # the last round has begun
        journal.write(entry(2))
        answer.set()
        await asyncio.gather(held, closed)
    assert on_disk(path) == [1, 2]


async def test_an_entry_that_cannot_be_told_costs_no_other(path: Path, clock: HandClock) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    async with opened(path, clock) as journal:
        journal.write(Entry(2e9, "event", ROOM, "a", data=circle))
        journal.write(Entry(2e9, "event", ROOM, "lone \ud800 surrogate", data={"value": float("nan")}))
        journal.write(Entry(2e9, "event", ROOM, "Besprechungsraum für alle", data={"value": frozenset({1})}))
        await journal.flushed()
        assert journal.trouble == ""
        kept = await journal.history(ROOM)
        assert [e.subject for e in kept] == ["Besprechungsraum für alle", "lone ? surrogate", "a"]
        assert kept[0].data == {"value": [1]}
        assert "unwritable" in kept[1].data
        assert "unwritable" in kept[2].data


# ---- Retention -----------------------------------------------------------------------------------------------------


async def test_the_old_is_forgotten_in_steps_and_the_disk_given_back(path: Path, clock: HandClock) -> None:
    async with opened(path, clock, keep_days=1) as journal:
        for number in range(2500):
            old = {"value": number, "words": "x" * 400}
            journal.write(Entry(clock.wall() - 2 * 86400, "change", ROOM, "old", data=old))
        for number in range(6):
            journal.write(Entry(clock.wall(), "change", ROOM, "new", data={"value": number}))
            await journal.flushed()
        await until(lambda: len(on_disk(path)) <= 6)
        assert on_disk(path) == [0, 1, 2, 3, 4, 5]
    assert mode_and_size(path)[1] < 200_000, "it had been more than 1 MB"


async def test_an_idle_journal_forgets_too(path: Path, clock: HandClock) -> None:
    async with opened(path, clock, keep_days=1) as journal:
        journal.write(entry(1))
        await journal.flushed()
        await until(lambda: clock.awaited(3600))
        clock.move(86400 * 2)
        await until(lambda: clock.awaited(0.2))
        clock.move(0.2)
        await until(lambda: on_disk(path) == [])


async def test_a_file_that_grows_too_large_loses_its_oldest_and_gives_the_disk_back(
    path: Path, clock: HandClock
) -> None:
    async with opened(path, clock, keep_bytes=400_000) as journal:
        for number in range(30_000):
            journal.write(entry(number))
            if number % 1000 == 0:
                await journal.flushed()
        await journal.flushed()
        kept = on_disk(path)
    assert kept[-1] == 29_999
    assert kept == list(range(kept[0], 30_000))
    assert 100_000 < mode_and_size(path)[1] < 2_500_000, "30,000 would take 4 MB"


# ---- Crash and cost ------------------------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from pathlib import Path
from gateway.clock import LoopClock
from gateway.journal import Entry, Journal

async def main():
    clock = LoopClock()
    journal = Journal(Path(sys.argv[1]), clock=clock)
    journal.open()
    for number in range(100_000):
        at = clock.wall()
        journal.write(Entry(at, "change", "boardroom", "volume.volume", data={"value": number}))
        print(number, at, flush=True)
        tick = asyncio.Event()
        clock.at(clock.now() + 0.005, tick.set)
        await tick.wait()

asyncio.run(main())
"""


def test_a_crash_loses_at_most_the_last_second(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = last = 0.0
        for line in process.stdout:
            last = float(line.split()[1])
            first = first or last
            if last > first + 1.3:
                process.kill()
                break
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as db:
        stored = db.execute("SELECT at FROM entry ORDER BY seq").fetchall()
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert stored[0][0] == first
    assert stored[-1][0] > last - 1.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets one thread give way")
async def test_its_thread_gives_way_to_presses_and_nobody_else_does(path: Path, clock: HandClock) -> None:
    async with opened(path, clock) as journal:
        await journal.why(ROOM, "nothing")  # answered by the thread
        others = [one.native_id for one in threading.enumerate() if one.name != "journal"]
        (own,) = (one.native_id for one in threading.enumerate() if one.name == "journal")
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        assert own and os.getpriority(os.PRIO_PROCESS, own) == max(NICE, usual)
        assert all(os.getpriority(os.PRIO_PROCESS, one) == usual for one in others if one)


async def test_writing_costs_next_to_nothing(path: Path, clock: HandClock) -> None:
    """The bound is the mean of the best of many short runs, so that a busy machine does not fail it."""
    one = entry(1)
    async with opened(path, clock) as journal:
        await journal.flushed()
        best = 1.0
        for _ in range(50):
            begun = time.perf_counter()
            for _ in range(100):
                journal.write(one)
            best = min(best, (time.perf_counter() - begun) / 100)
        assert best < 3e-6
