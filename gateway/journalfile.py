"""The journal's file: entries in SQLite, stored in batches, found again, forgotten when old, rescued when damaged.

Everything here blocks and belongs to the journal's one thread. What may not live here: the event loop, waiting,
retrying, or words in the log about trouble that the journal itself tells.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from gateway.clock import Clock
from gateway.model import plain

log = logging.getLogger("roomgate.journal")

T = TypeVar("T")
EntryKind = Literal["command", "outcome", "change", "press", "connection", "event", "who"]

PRUNED = 1_000  # rows removed in one step
BUSY = 0.25  # seconds that SQLite itself waits for somebody else's lock
ASIDE = 3  # damaged files that are kept

# Result codes of SQLite (sqlite.org/rescode.html) in words for the person who has to mend it.
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program holds it locked",
    sqlite3.SQLITE_LOCKED: "another program holds it locked",
    sqlite3.SQLITE_READONLY: "it may only be read, not written",
    sqlite3.SQLITE_PERM: "this user may not write it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write",
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_VERSION = 1
# Every index of SQLite ends with the row's own number, here `seq`: (room) is (room, seq), the order history asks for.
_SCHEMA = f"""
BEGIN;
CREATE TABLE entry
    (seq INTEGER PRIMARY KEY, at REAL, kind TEXT, room TEXT, subject TEXT, id TEXT, cause TEXT, data TEXT);
CREATE INDEX entry_point ON entry (room, subject);
CREATE INDEX entry_room ON entry (room);
CREATE INDEX entry_id ON entry (id) WHERE id <> '';
PRAGMA user_version = {_VERSION};
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `id` is a command's own, `cause` the id of what brought it about, or a name of it
    ("token:NAME", "key:...", "rule:..."). `data` is JSON-able, with its secrets already masked, and changes no more.
    """

    at: float  # seconds of the wall clock
    kind: EntryKind
    room: str
    subject: str  # "volume.volume" (part.point), "screen.left", a device's name
    id: str = ""
    cause: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0  # given by the journal; larger is later


Recent: TypeAlias = Sequence[tuple[int, Entry]]  # not yet on the disk, oldest first, each with its count in this run


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question, asked alike of memory and of the disk."""

    room: str | None = None
    subject: str = ""
    id: str = ""
    kinds: Collection[str] = ()
    before: int | None = None

    def met_by(self, seq: int, entry: Entry) -> bool:
        """True where an entry in memory is among the answers."""
        return (
            (self.room is None or entry.room == self.room)
            and (not self.subject or entry.subject == self.subject)
            and (not self.id or entry.id == self.id)
            and (not self.kinds or entry.kind in self.kinds)
            and (self.before is None or seq < self.before)
        )

    def sql(self) -> tuple[str, list[Any]]:
        """The same as a condition on rows, with its values."""
        terms: list[tuple[str, list[Any]]] = [("1", [])]
        if self.room is not None:
            terms.append(("room = ?", [self.room]))
        if self.subject:
            terms.append(("subject = ?", [self.subject]))
        if self.id:  # the partial index serves only a query that says so itself (sqlite.org/partialindex.html, 3)
            terms.append(("id <> '' AND id = ?", [self.id]))
        if self.kinds:
            terms.append((f"kind IN ({', '.join('?' * len(self.kinds))})", [*self.kinds]))
        if self.before is not None:
            terms.append(("seq < ?", [self.before]))
        return " AND ".join(term for term, _ in terms), [value for _, values in terms for value in values]


def in_memory(recent: Recent, base: int, wanted: Wanted, limit: int) -> list[Entry]:
    """The newest entries in memory that match, newest first."""
    found = (replace(e, seq=base + n) for n, e in reversed(recent) if wanted.met_by(base + n, e))
    return list(islice(found, max(0, limit)))


def words(problem: sqlite3.Error | OSError) -> str:
    """What is wrong, for people."""
    if isinstance(problem, OSError):
        return _WORDS[sqlite3.SQLITE_FULL] if problem.errno == errno.ENOSPC else problem.strerror or str(problem)
    return _WORDS.get(_code(problem)) or str(problem)


class File:
    """Opened when first needed, closed at any error, opened anew at the next attempt."""

    def __init__(self, path: Path, clock: Clock, keep_bytes: int, max_pages: int) -> None:
        self.path = path
        self.base = 0  # the last seq of earlier runs: an entry's seq is base + its count in this run
        self._known = False
        self._clock = clock
        self._keep_bytes = keep_bytes
        self._max_pages = max_pages
        self._db: sqlite3.Connection | None = None
        self._inode = (0, 0)
        self._unreadable = False

    def store(self, batch: Recent) -> None:
        """Put a batch on the disk: all of it or, with an exception, nothing. An empty one only opens the file."""
        self._attempt(partial(_insert, self, batch))

    def prune(self, before: float) -> bool:
        """Forget the oldest in one small step; True where there may be more to forget."""
        return self._attempt(partial(_forget, before, self._keep_bytes))

    def find(self, recent: Recent, wanted: Wanted, limit: int) -> list[Entry]:
        """The newest that match, newest first: from memory, and as much from the disk as can be read."""
        stored: list[Entry] = []
        try:
            stored = self._attempt(partial(_select, wanted, limit))
            self._unreadable = False
        except (sqlite3.Error, OSError) as problem:
            if not self._unreadable:
                log.warning("The journal %s cannot be read: %s.", self.path, words(problem))
            self._unreadable = True
        entries = {entry.seq: entry for entry in (*stored, *in_memory(recent, self.base, wanted, limit))}
        return [entries[seq] for seq in sorted(entries, reverse=True)][: max(0, limit)]

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        if self._db is not None:
            db, self._db = self._db, None
            db.close()

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._database())
        except (sqlite3.Error, OSError) as problem:
            self.close()
            if _code(problem) not in _DAMAGE:
                raise
            self._set_aside(problem)
        try:
            return work(self._database())
        except (sqlite3.Error, OSError):
            self.close()
            raise

    def _database(self) -> sqlite3.Connection:
        if self._db is not None and self._inode != _inode(self.path):
            # SQLite would go on writing into the deleted file, which nobody would ever read.
            log.warning("The journal %s was removed or replaced while in use; it is opened anew.", self.path)
            self.close()
        if self._db is None:
            self._db = self._connect()
            self._inode = _inode(self.path)
        return self._db

    def _connect(self) -> sqlite3.Connection:
        try:  # made here so that others can never read it; -wal and -shm take their mode from it
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise OSError(errno.EINVAL, "it is not an ordinary file", str(self.path)) from None
        db = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            if _pragma(db, "page_count") == 0:  # for a new file only; in an old one it would wait for a lock
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA journal_size_limit = 16000000")
            if self._max_pages:
                db.execute(f"PRAGMA max_page_count = {self._max_pages:d}")
            version = _pragma(db, "user_version")
            if version == 0:
                db.executescript(_SCHEMA)
            elif version != _VERSION:
                raise sqlite3.DatabaseError(f"it is of version {version}; this RoomGate writes version {_VERSION}")
            if not self._known:
                self.base = db.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()[0]
                self._known = True
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self, problem: BaseException) -> None:
        """Keep a damaged file for whoever wants to rescue it, out of the way of a fresh one."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.wall()))
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        for tail in ("", "-wal", "-shm"):
            if (part := _tailed(self.path, tail)).exists():
                part.replace(_tailed(aside, tail))
        for old in sorted(self.path.parent.glob(f"{self.path.name}.corrupt-*Z"))[:-ASIDE]:
            for tail in ("", "-wal", "-shm"):
                _tailed(old, tail).unlink(missing_ok=True)
        log.error("The journal was damaged (%s): it was moved aside as %s and a fresh one begins.", problem, aside)


def _insert(file: File, batch: Recent, db: sqlite3.Connection) -> None:
    if not batch:
        return
    # OR REPLACE: after an error in COMMIT the same entries may be there already. Rows are made one by one: SQLite lets
    # go of the interpreter at each, so that the event loop never waits for a whole batch.
    rows = (_row(file.base + count, entry) for count, entry in batch)
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _row(seq: int, entry: Entry) -> tuple[Any, ...]:
    """An entry as SQLite takes it. One that cannot be told must not keep all the others from the disk."""
    try:
        data = json.dumps(entry.data, default=plain, allow_nan=False, separators=(",", ":"))
    except Exception as problem:
        data = json.dumps({"unwritable": str(problem)})
    told = (entry.kind, entry.room, entry.subject, entry.id, entry.cause)
    if not "".join(told).isascii():  # a lone surrogate has no UTF-8
        return seq, entry.at, *(word.encode("utf-8", "replace").decode() for word in told), data
    return seq, entry.at, *told, data


def _select(wanted: Wanted, limit: int, db: sqlite3.Connection) -> list[Entry]:
    where, values = wanted.sql()
    rows = db.execute(
        f"SELECT at, kind, room, subject, id, cause, data, seq FROM entry WHERE {where} ORDER BY seq DESC LIMIT ?",
        (*values, max(0, limit)),
    )
    return [
        Entry(at, kind, room, subject, id, cause, json.loads(data), seq)
        for at, kind, room, subject, id, cause, data, seq in rows
    ]


def _forget(before: float, keep_bytes: int, db: sqlite3.Connection) -> bool:
    oldest = "SELECT seq, at FROM entry ORDER BY seq LIMIT ?"
    with db:
        db.execute("BEGIN IMMEDIATE")
        some = f"DELETE FROM entry WHERE seq IN (SELECT seq FROM ({oldest}) WHERE at < ?)"
        gone = db.execute(some, (PRUNED, before)).rowcount
        used = (_pragma(db, "page_count") - _pragma(db, "freelist_count")) * _pragma(db, "page_size")
        if not gone and used > keep_bytes:
            gone = db.execute(f"DELETE FROM entry WHERE seq IN (SELECT seq FROM ({oldest}))", (PRUNED,)).rowcount
    db.executescript("PRAGMA incremental_vacuum(1000)")  # one page a step; execute() takes only the first step
    return gone > 0


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _tailed(path: Path, tail: str) -> Path:
    return path.with_name(path.name + tail)


def _inode(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_dev, status.st_ino


def _code(problem: BaseException) -> int:
    return int(getattr(problem, "sqlite_errorcode", None) or 0) & 0xFF  # without its extended part
