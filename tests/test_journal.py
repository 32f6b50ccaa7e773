"""The journal: what it answers, and that no disk, however sick, is ever felt by a room."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import Timer
from gateway.journal import Entry, EntryKind, Journal

ROOM = "boardroom"


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.due: list[tuple[float, Callable[[], None], asyncio.Handle]] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000.0 + self.time

    def at(self, when: float, then: Callable[[], None]) -> Timer:
        loop = asyncio.get_running_loop()
        if when <= self.time:
            return loop.call_soon(then)
        handle = asyncio.Handle(then, (), loop)
        self.due.append((when, then, handle))
        return handle

    def move(self, seconds: float) -> None:
        self.time += seconds
        ripe, self.due = ([i for i in self.due if (i[0] <= self.time) == past] for past in (True, False))
        for _, then, handle in ripe:
            if not handle.cancelled():
                then()

    def awaited(self, seconds: float) -> bool:
        """True where somebody waits for just so long from now."""
        return any(abs(when - self.time - seconds) < 1e-6 and not h.cancelled() for when, _, h in self.due)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@asynccontextmanager
async def opened(path: Path | None, clock: HandClock, **settings: Any) -> AsyncIterator[Journal]:
    journal = Journal(path, clock=clock, **settings)
    journal.open()
    try:
        yield journal
    finally:
        await journal.close()


def entry(number: int = 0, kind: EntryKind = "change", subject: str = "volume.volume", **more: Any) -> Entry:
    return Entry(1_700_000_000.0 + number, kind, more.pop("room", ROOM), subject, data={"value": number}, **more)


def numbers(entries: list[Entry]) -> list[int]:
    return [each.data["value"] for each in entries]


def on_disk(path: Path) -> list[int]:
    """What another program reads in the file."""
    with closing(sqlite3.connect(path)) as db:
        return [json.loads(data)["value"] for (data,) in db.execute("SELECT data FROM entry ORDER BY seq")]


def mode_and_size(path: Path) -> tuple[int, int]:
    return path.stat().st_mode & 0o777, path.stat().st_size


def beside(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def remove(path: Path) -> None:
    path.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else's hand on the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not fact():
            await asyncio.to_thread(lambda: None)  # gives the loop and the journal's thread their turns


def trouble_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "roomgate.journal" and r.levelno >= logging.WARNING]


# ---- What it answers -----------------------------------------------------------------------------------------------


def a_story(journal: Journal) -> None:
    """Power off for the whole room, by a key: the room's command, the part's command, its outcome, the change."""
    at = 1_700_000_000.0
    journal.write(Entry(at, "command", ROOM, "", id="c0", cause="token:old", data={"verb": "volume"}))
    journal.write(Entry(at, "change", ROOM, "volume.volume", cause="c0", data={"value": 10}))
    journal.write(Entry(at, "command", ROOM, "", id="c1", cause="key:deck/3", data={"verb": "power"}))
    journal.write(Entry(at, "command", ROOM, "volume", id="c2", cause="c1", data={"verb": "volume"}))
    journal.write(Entry(at, "change", ROOM, "volume.volume", cause="c2", data={"value": 20}))
    journal.write(Entry(at, "change", ROOM, "volume.muted", data={"value": True}))
    journal.write(Entry(at, "change", "huddle", "volume.volume", data={"value": 99}))
    journal.write(Entry(at, "outcome", ROOM, "volume", id="c2", data={"result": "confirmed"}))
    journal.write(Entry(at, "outcome", ROOM, "", id="c1", data={"result": "confirmed"}))


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


# ---- Sick disks ----------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_said_once_and_caught_up_when_there_is_room(
    path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path, clock, max_pages=40) as journal:
        sent = 0
        while not journal.trouble:
            for _ in range(100):
                journal.write(entry(sent))
                sent += 1
            await journal.flushed()
        stored = len(on_disk(path))
        assert 0 < stored < sent
        assert journal.trouble == f"the disk is full: {sent - stored} entries are kept in memory"
        journal.write(entry(sent))
        clock.move(3.0)
        await journal.flushed()
        assert numbers(await journal.history(ROOM, limit=sent + 9)) == list(range(sent, -1, -1)), "disk and memory"
        assert numbers(await journal.why(ROOM, "volume.volume")) == [sent]
        assert len(trouble_lines(caplog)) == 1

        with closing(sqlite3.connect(path)) as somebody:  # makes room
            somebody.execute(f"DELETE FROM entry WHERE seq <= {stored - 10}")
            somebody.commit()
        await until(lambda: clock.awaited(3.0))
        clock.move(3.0)
        await until(lambda: journal.trouble == "")
        assert on_disk(path) == list(range(stored - 10, sent + 1))
        begun, ended = trouble_lines(caplog)
        assert "cannot be written: the disk is full." in begun
        assert ended == "The journal is written again after 6 s of trouble; 0 entries lost."


async def test_a_file_locked_by_somebody_else_can_be_read_and_is_caught_up(
    path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path, clock) as journal:
        journal.write(entry(1))
        await journal.flushed()
        with locked(path):
            journal.write(entry(2))
            await journal.flushed()
            assert journal.trouble == "another program holds it locked: 1 entries are kept in memory"
            assert numbers(await journal.history(ROOM)) == [2, 1]
        await until(lambda: clock.awaited(3.0))
        clock.move(3.0)
        await until(lambda: journal.trouble == "")
        assert on_disk(path) == [1, 2]
        assert len(trouble_lines(caplog)) == 2


async def test_a_file_locked_from_the_start_keeps_the_order_of_things(path: Path, clock: HandClock) -> None:
    async with opened(path, clock) as journal:
        for number in range(5):
            journal.write(entry(number))
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        somebody.execute("PRAGMA locking_mode = EXCLUSIVE")
        somebody.execute("BEGIN EXCLUSIVE")
        journal = Journal(path, clock=clock)
        journal.open()
        journal.write(entry(5))
        await journal.flushed()
        assert "locked" in journal.trouble
        assert numbers(await journal.history(ROOM)) == [5], "what can be read"
        somebody.execute("ROLLBACK")
    await journal.flushed()
    assert journal.trouble == ""
    assert numbers(await journal.history(ROOM)) == [5, 4, 3, 2, 1, 0]
    await journal.close()


async def test_memory_is_bounded_and_what_falls_out_is_counted(
    path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path, clock) as journal:
        await journal.flushed()
        journal.write(entry(0))
        await journal.flushed()
        with locked(path):
            for number in range(1, 20_124):
                journal.write(entry(number))
            await journal.flushed()
            assert journal.trouble == (
                "another program holds it locked: 20000 entries are kept in memory, 123 are lost"
            )
        await journal.flushed()
        assert journal.trouble == ""
        assert on_disk(path) == [0, *range(124, 20_124)]
        assert trouble_lines(caplog)[-1].endswith("123 entries lost.")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "not a database": lambda path: path.write_bytes(b"\x00this was a journal once\n" * 400),
    "garbage in the middle": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 40_000),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:6000]),
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_file_is_moved_aside_and_a_fresh_one_begun(
    path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    async with opened(path, clock) as journal:
        for number in range(600):
            journal.write(entry(number))
    DAMAGE[damage](path)
    damaged = mode_and_size(path)[1]
    async with opened(path, clock) as journal:
        journal.write(entry(1000))
        await journal.flushed()
        assert numbers(await journal.history(ROOM, limit=1)) == [1000]
        await journal.history(ROOM, limit=1000)  # whatever part is damaged, this comes upon it
        journal.write(entry(1001))
        await journal.flushed()
        assert journal.trouble == ""
        assert on_disk(path)[-1] == 1001
    (name,) = (name for name in beside(path) if name.startswith("journal.sqlite.corrupt-20231114T") and name[-1] == "Z")
    assert mode_and_size(path.with_name(name))[1] >= damaged // 4096 * 4096
    (line,) = trouble_lines(caplog)
    assert "The journal was damaged" in line
    assert name in line


async def test_no_more_than_three_damaged_files_are_kept(path: Path, clock: HandClock) -> None:
    for _ in range(5):
        DAMAGE["not a database"](path)
        async with opened(path, clock):
            pass
        clock.move(10)
    assert sum(".corrupt-" in name for name in beside(path)) == 3


def _occupied(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file" / "journal.sqlite"


UNWRITABLE: dict[str, Callable[[Path], Path]] = {
    "no such folder": lambda tmp_path: tmp_path / "missing" / "journal.sqlite",
    "a folder that lets nobody write": lambda _: Path("/proc/journal.sqlite"),
    "a file for a folder": _occupied,
    "a folder for a file": lambda tmp_path: tmp_path,
    "a device": lambda _: Path("/dev/full"),
}


@pytest.mark.parametrize("where", UNWRITABLE)
async def test_a_path_that_cannot_be_written_is_said_once_and_kept_in_memory(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    async with opened(UNWRITABLE[where](tmp_path), clock) as journal:
        a_story(journal)
        for _ in range(3):
            journal.write(entry(7))
            await journal.flushed()
            clock.move(3.0)
        assert journal.trouble.endswith(": 12 entries are kept in memory")
        assert [e.kind for e in await journal.why(ROOM, "volume.muted")] == ["change"]
        assert len(await journal.history(ROOM)) == 11
        assert sum("cannot be written" in line for line in trouble_lines(caplog)) == 1
    assert trouble_lines(caplog)[-1].startswith("12 entries could not be written")


async def test_a_folder_that_appears_later_is_used(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "late" / "journal.sqlite"
    async with opened(path, clock) as journal:
        journal.write(entry(1))
        await journal.flushed()
        assert journal.trouble
        path.parent.mkdir()
        await until(lambda: clock.awaited(3.0))
        clock.move(3.0)
        await until(lambda: journal.trouble == "")
        assert on_disk(path) == [1]


async def test_a_file_removed_while_in_use_is_begun_anew(
    path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path, clock) as journal:
        journal.write(entry(1))
        await journal.flushed()
        remove(path)
        journal.write(entry(2))
        await journal.flushed()
        assert on_disk(path) == [2]
        assert [e.seq for e in await journal.history(ROOM)] == [2]
    assert len(trouble_lines(caplog)) == 1


async def test_a_journal_of_a_later_version_is_left_alone(path: Path, clock: HandClock) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 9")
    async with opened(path, clock) as journal:
        journal.write(entry(1))
        await journal.flushed()
        assert journal.trouble.startswith("it is of version 9; this RoomGate writes version 1: 1 entries")
    assert beside(path) == ["journal.sqlite"]


async def test_a_disk_that_does_not_answer_is_trouble_and_holds_up_nobody(path: Path, clock: HandClock) -> None:
    async with opened(path, clock) as journal:
        await journal.flushed()
        assert journal._thread
        answer = threading.Event()
        hung = asyncio.create_task(journal._thread.do(lambda: answer.wait(10)))
        journal.write(entry(1))
        flushed = asyncio.create_task(journal.flushed())
        await until(lambda: clock.awaited(10))
        clock.move(10)
        assert journal.trouble == "the disk does not answer: 1 entries are kept in memory"
        answer.set()
        await asyncio.gather(hung, flushed)
        assert journal.trouble == ""
        assert on_disk(path) == [1]


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
