"""What the tests of the journal share: a clock moved by hand, a journal that is open, and eyes on its file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

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
