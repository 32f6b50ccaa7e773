"""The journal on sick disks: nothing is felt by a room, all is said once, and what can be kept is kept."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import Journal
from tests.journals import (
    ROOM,
    HandClock,
    a_story,
    beside,
    entry,
    locked,
    mode_and_size,
    numbers,
    on_disk,
    opened,
    remove,
    until,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def trouble_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "roomgate.journal" and r.levelno >= logging.WARNING]


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
