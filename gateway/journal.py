"""What happened in every room and why: one append-only file, written behind the rooms' backs.

`write()` appends to memory and returns; a fifth of a second later one thread puts all that has come on the disk. A
crash of the gateway loses at most that moment. When the disk is full, locked or broken, the rooms do not notice: the
newest entries stay in memory, the trouble is said once, and they are written when it is over. What may not live here:
any decision, any device state to start from (the device is the truth), any secret (callers mask), SQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from gateway.clock import Clock
from gateway.journalfile import Entry, EntryKind, File, Wanted, in_memory, words

__all__ = ["Entry", "EntryKind", "Journal"]

log = logging.getLogger("roomgate.journal")

T = TypeVar("T")
Find: TypeAlias = Callable[[Wanted, int], list[Entry]]

KEPT = 20_000  # entries in memory while the disk is in trouble
BATCH = 500  # entries in one transaction
PRUNE_EVERY = 3600.0  # seconds; also after so many entries, by which the file may have grown too large:
PRUNE_AFTER = 10_000
SLOW = 10.0  # seconds after which a disk that does not answer is trouble
NICE = 15  # of 19: how much the thread gives way to all others, setpriority(2)
CLOSING = 5.0  # seconds for the last entries on the way out


class Journal:
    """The rooms' side of it: everything here runs in the event loop, and only readers wait for the disk.

    `path` None keeps the newest entries in memory only. `keep_bytes` bounds the file by forgetting the oldest;
    `max_pages` is SQLite's own hard limit, for a partition that must not fill.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        clock: Clock,
        keep_days: float = 90,
        keep_bytes: int = 1_000_000_000,
        max_pages: int = 0,
        linger: float = 0.2,
        retry: float = 3.0,
    ) -> None:
        self._clock = clock
        self._file = None if path is None else File(path, clock, keep_bytes, max_pages)
        self._keep = keep_days * 86400
        self._linger = linger
        self._retry = retry
        self._pending: deque[tuple[int, Entry]] = deque(maxlen=KEPT)
        self._count = 0  # entries written to this object
        self._settled = 0  # the count up to which every entry is on the disk, or lost
        self._lost = 0
        self._problem = ""
        self._problem_since = 0.0
        self._idle = False
        self._hurry = False
        self._closing = False
        self._alarm = asyncio.Event()
        self._begun = self._ended = 0  # rounds
        self._round_over = asyncio.Event()
        self._prune_at = 0.0
        self._grown = 0
        self._thread: _Thread | None = None
        self._keeper: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to write to the disk. Called in the event loop; what goes wrong shows in the log and in `trouble`."""
        if self._file is not None and self._thread is None:
            self._thread = _Thread()
            self._keeper = asyncio.get_running_loop().create_task(self._keeping(), name="journal")

    def write(self, entry: Entry) -> None:
        """Note an entry. Never blocks and never raises: it stands on the way between a press and the wire."""
        self._count += 1
        self._pending.append((self._count, entry))
        if self._idle:
            self._idle = False
            self._alarm.set()

    async def why(self, room: str, subject: str) -> list[Entry]:
        """The newest change of `subject`, then its command and outcome, the parent command, to the first cause."""
        return await self._read(lambda find: _chain(find, room, subject))

    async def history(
        self, room: str, *, limit: int = 100, before: int | None = None, kinds: Collection[str] = (), subject: str = ""
    ) -> list[Entry]:
        """The newest `limit` entries of a room, newest first; `before` a `seq` turns the page."""
        wanted = Wanted(room=room, subject=subject, kinds=tuple(kinds), before=before)
        return await self._read(lambda find: find(wanted, limit))

    async def flushed(self) -> None:
        """Return when everything written so far is on the disk, or a whole attempt at it has just failed."""
        count, attempt = self._count, self._begun + 1
        while self._keeper and not self._keeper.done() and self._settled < count and self._ended < attempt:
            self._hurry = True
            self._alarm.set()
            self._round_over.clear()
            await self._round_over.wait()

    @property
    def trouble(self) -> str:
        """Empty while all is well, otherwise words for a person: what is wrong and what it costs."""
        if not self._problem:
            return ""
        oldest = self._pending[0][0] if self._pending else self._count + 1
        lost = self._lost + oldest - 1 - self._settled  # the last part fell out of a full memory
        return f"{self._problem}: {len(self._pending)} entries are kept in memory" + (f", {lost} are lost" * bool(lost))

    async def close(self) -> None:
        """Write what is left and let go of the file, within a few seconds whatever the disk does."""
        keeper, thread, file = self._keeper, self._thread, self._file
        if keeper is None or thread is None or file is None:
            return
        self._closing = True
        self._alarm.set()
        try:
            async with asyncio.timeout(CLOSING):
                await keeper
                await thread.do(file.close)
        except TimeoutError:
            log.error("The disk of the journal %s does not answer; the gateway ends without it.", file.path)
        finally:
            keeper.cancel()
            thread.end()
            self._keeper = self._thread = None
        if self._pending:
            log.error(
                "%d entries could not be written to the journal %s before the end.", len(self._pending), file.path
            )

    async def _keeping(self) -> None:
        """The one task that hands entries to the thread: a fifth of a second after the first, or when told to."""
        await self._round()  # so that trouble is known before the first press
        while not self._closing:
            if not self._pending and not self._problem:
                self._idle = True
                await self._pause(self._prune_at - self._clock.now())
                self._idle = False
            if not self._hurry and not self._closing:
                await self._pause(self._retry if self._problem else self._linger)
            await self._round()
        if self._pending:
            await self._round()  # what came during the last one

    async def _pause(self, seconds: float) -> None:
        timer = self._clock.at(self._clock.now() + max(0.0, seconds), self._alarm.set)
        try:
            await self._alarm.wait()
        finally:
            timer.cancel()
            self._alarm.clear()

    async def _round(self) -> None:
        """One attempt at everything that waits."""
        self._hurry = False
        self._alarm.clear()
        self._begun += 1
        late = self._clock.at(self._clock.now() + SLOW, partial(self._trouble_begins, "the disk does not answer"))
        try:
            await self._store_all()
        except (sqlite3.Error, OSError) as problem:
            self._trouble_begins(words(problem))
        except Exception as problem:
            if not self._problem:
                log.exception("The journal met a fault of its own.")
            self._trouble_begins(f"it fails ({problem!r})")
        else:
            self._trouble_ends()
        finally:
            late.cancel()
            self._ended = self._begun
            self._round_over.set()

    async def _store_all(self) -> None:
        assert self._file is not None
        assert self._thread is not None
        more = True
        while more:
            batch = list(islice(self._pending, BATCH))
            await self._thread.do(partial(self._file.store, batch))
            if batch:
                last = batch[-1][0]
                self._lost += last - self._settled - len(batch)
                self._settled = last
                self._grown += len(batch)
                while self._pending and self._pending[0][0] <= last:
                    self._pending.popleft()
            more = len(batch) == BATCH
        if self._clock.now() >= self._prune_at or self._grown >= PRUNE_AFTER:
            self._prune_at = self._clock.now()  # where there is more to forget, again with the next round
            if not await self._thread.do(partial(self._file.prune, self._clock.wall() - self._keep)):
                self._prune_at += PRUNE_EVERY
                self._grown = 0

    def _trouble_begins(self, what: str) -> None:
        assert self._file is not None
        if not self._problem:
            self._problem_since = self._clock.now()
            meanwhile = f"The newest {KEPT} entries are kept in memory until then, and the rooms work on."
            log.error("The journal %s cannot be written: %s. %s", self._file.path, what, meanwhile)
        self._problem = what

    def _trouble_ends(self) -> None:
        if self._problem or self._lost:
            seconds = self._clock.now() - self._problem_since if self._problem else 0.0
            log.warning("The journal is written again after %.0f s of trouble; %d entries lost.", seconds, self._lost)
        self._problem, self._lost = "", 0

    async def _read(self, question: Callable[[Find], list[Entry]]) -> list[Entry]:
        recent = list(self._pending)
        if self._file is None or self._thread is None:
            return question(partial(in_memory, recent, self._file.base if self._file else 0))
        return await self._thread.do(partial(question, partial(self._file.find, recent)))


def _chain(find: Find, room: str, subject: str) -> list[Entry]:
    chain = find(Wanted(room=room, subject=subject, kinds=("change",)), 1)
    cause = chain[0].cause if chain else ""
    seen: set[str] = set()
    while cause and cause not in seen:
        seen.add(cause)
        steps = find(Wanted(id=cause, kinds=("command", "outcome")), 16)[::-1]
        chain += steps
        cause = next((step.cause for step in steps if step.kind == "command"), "")
    return chain


class _Thread:
    """One worker, so that the file has one user. A daemon: a disk that hangs must not keep the process alive."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="journal", daemon=True).start()

    async def do(self, work: Callable[[], T]) -> T:
        future: Future[T] = Future()
        self._jobs.put((future, work))
        return await asyncio.wrap_future(future)

    def end(self) -> None:
        self._jobs.put(None)

    def _run(self) -> None:
        if sys.platform == "linux":  # where the number is this thread's alone: presses go first
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while (job := self._jobs.get()) is not None:
            future, work = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as problem:
                    future.set_exception(problem)
            del job, future, work  # keeps nothing alive while it waits
