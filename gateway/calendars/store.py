"""Each room's meetings as they were last read, on the disk: an outage or a restart shows them, with their age.

Invitations hold passcodes, so the file is the gateway's user's alone (0600). It is a cache: a damaged one is begun
anew. All work is done in one thread of its own. What may not live here: what is shown, when it is read.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from gateway.calendars.meeting import Meeting
from gateway.joinlink import Invitation

log = logging.getLogger("roomgate.calendars")

T = TypeVar("T")
SCHEMA = """
CREATE TABLE IF NOT EXISTS read (source TEXT PRIMARY KEY, at REAL NOT NULL, meetings TEXT NOT NULL);
"""


@dataclasses.dataclass(frozen=True)
class Kept:
    """What is kept of one calendar: the meetings, and when they were read, in seconds of the wall clock."""

    meetings: tuple[Meeting, ...]
    at: float


class Store:
    """The file. Its coroutines never raise for what is wrong with it: nothing is kept then, the log says so once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""
        self._base: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="meetings")

    async def load(self, source: str) -> Kept | None:
        """What was last read of a calendar."""
        row = await self._do(lambda base: base.execute("SELECT meetings, at FROM read WHERE source = ?", (source,)))
        if row is None:
            return None
        try:
            return await asyncio.to_thread(_kept, *row)
        except (ValueError, TypeError, KeyError) as error:
            log.warning("what was kept of the calendar of %s cannot be read: %s", source, type(error).__name__)
            return None

    async def save(self, source: str, kept: Kept) -> None:
        """Keep what was read."""
        text = await asyncio.to_thread(_text, kept.meetings)
        await self._do(lambda base: base.execute("REPLACE INTO read VALUES (?, ?, ?)", (source, kept.at, text)))

    async def still(self, source: str, at: float) -> None:
        """It was read again, and nothing had changed."""
        await self._do(lambda base: base.execute("UPDATE read SET at = ? WHERE source = ?", (at, source)))

    async def close(self) -> None:
        """Close the file, after what is under way."""
        if self._base is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._base.close)
        self._thread.shutdown(wait=False)

    async def _do(self, ask: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._asked, ask)

    # ---- in the thread ---------------------------------------------------------------------------------------------

    def _asked(self, ask: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> Any:
        try:
            base = self._base = self._base or self._open()
            with base:
                row = ask(base).fetchone()
        except (sqlite3.Error, OSError) as error:
            if not self.trouble:
                log.warning("meetings are not kept: %s cannot be used: %s", self.path.name, error)
            self.trouble = str(error)
            return None
        self.trouble = ""
        return row

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            log.warning("the meetings that were kept are damaged and are read anew: %s", error)
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{self.path}{end}").unlink()
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's own further files take this mode
        self.path.chmod(0o600)
        base = sqlite3.connect(self.path, check_same_thread=False, timeout=10)
        try:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=NORMAL")
            base.executescript(SCHEMA)
        except sqlite3.Error:
            base.close()
            raise
        return base


def _text(meetings: tuple[Meeting, ...]) -> str:
    return json.dumps([dataclasses.asdict(meeting) for meeting in meetings], default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _kept(text: str, at: float) -> Kept:
    return Kept(tuple(_meeting(one) for one in json.loads(text)), at)


def _meeting(told: dict[str, Any]) -> Meeting:
    held = dict(told)
    invitation = dict(held.pop("invitation"))
    invitation["properties"] = tuple((str(name), str(value)) for name, value in invitation["properties"])
    start, end = datetime.fromisoformat(held.pop("start")), datetime.fromisoformat(held.pop("end"))
    return Meeting(start=start, end=end, invitation=Invitation(**invitation), **held)
