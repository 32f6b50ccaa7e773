"""The contacts of a site in one SQLite file, with a full-text index: a few letters in any order find a name.

Contacts belong to a scope: the site (""), a group of rooms ("group:NAME") or a room ("room:ID"). A room sees its own,
its group's and the site's, as one list; of the same name and address the nearest scope's is shown. Everything here
blocks: `Directory.search` and its like are for the event loop and hand the work to one thread.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from gateway.directory.contact import Address, Bad, Contact, folded, words

T = TypeVar("T")
LIMIT = 50
STARRED = "favourites"  # the source of those that were made favourites in the room
SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts(
  id INTEGER PRIMARY KEY, scope TEXT NOT NULL, source TEXT NOT NULL, sort TEXT NOT NULL, name TEXT NOT NULL,
  organisation TEXT NOT NULL, email TEXT NOT NULL, favourite INTEGER NOT NULL, addresses TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_source ON contacts(scope, source);
CREATE INDEX IF NOT EXISTS by_favourite ON contacts(favourite, scope) WHERE favourite = 1;
"""
# `place` orders the index by name, so that the first matches are the first names.
INDEX = """
DROP TABLE IF EXISTS found;
CREATE VIRTUAL TABLE found USING fts5(name, rest, contact UNINDEXED, scope UNINDEXED, prefix='1 2 3 4 5 6 7 8',
  tokenize='unicode61 remove_diacritics 2');
"""


class DirectoryError(Exception):
    """The contacts cannot be used; the words say why."""


class Book:
    """The file itself. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        try:
            self.base = sqlite3.connect(path, check_same_thread=False, timeout=10)
            self.base.execute("PRAGMA journal_mode=WAL")
            self.base.executescript(SCHEMA)
            if not self.base.execute("SELECT 1 FROM sqlite_master WHERE name = 'found'").fetchone():
                self.base.executescript(INDEX)
        except sqlite3.Error as error:
            raise DirectoryError(f"the contacts {path} cannot be used: {error}") from None

    def holds(self, scope: str, source: str, rows: Iterable[Contact]) -> bool:
        """Whether a source's contacts are these already."""
        kept = self.base.execute(
            "SELECT scope, source, sort, name, organisation, email, favourite, addresses FROM contacts"
            " WHERE scope = ? AND source = ? ORDER BY id",
            (scope, source),
        ).fetchall()
        return kept == [_stored(scope, source, row) for row in rows]

    def star(self, scope: str, contact: Contact, on: bool) -> None:
        """Make a contact a favourite of this scope, or one no more that was made so here (not by a file)."""
        key = contact.addresses[0].address.lower()
        with self.base:
            self.base.execute("BEGIN IMMEDIATE")
            mine = self.base.execute(
                "SELECT id, addresses FROM contacts WHERE scope = ? AND source = ? AND sort = ?",
                (scope, STARRED, folded(contact.name)),
            ).fetchall()
            for identity in [row[0] for row in mine if json.loads(row[1])[0][0].lower() == key]:
                self.base.execute("DELETE FROM contacts WHERE id = ?", (identity,))
                self.base.execute("DELETE FROM found WHERE contact = ?", (identity,))
            if on:
                row = _stored(scope, STARRED, replace(contact, favourite=True))
                added = self.base.execute(
                    "INSERT INTO contacts(scope, source, sort, name, organisation, email, favourite, addresses)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                self.base.execute(  # behind the others until the next import puts it into its place
                    "INSERT INTO found(name, rest, contact, scope) VALUES (?, ?, ?, ?)",
                    (row[2], _rest(row[4], row[5], row[7]), added.lastrowid, scope),
                )

    def replace(self, scope: str, source: str, rows: Iterable[Contact | Bad]) -> tuple[int, list[Bad]]:
        """Put a file's contacts in the place of what the same source gave before, all at once or not at all."""
        bad: list[Bad] = []
        count = 0
        with self.base:
            self.base.execute("BEGIN IMMEDIATE")
            self.base.execute("DELETE FROM contacts WHERE scope = ? AND source = ?", (scope, source))
            for row in rows:
                if isinstance(row, Bad):
                    bad.append(row)
                    continue
                self.base.execute(
                    "INSERT INTO contacts(scope, source, sort, name, organisation, email, favourite, addresses)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    _stored(scope, source, row),
                )
                count += 1
            self._index()
        return count, bad

    def _index(self) -> None:
        self.base.execute("DELETE FROM found")
        every = self.base.execute(
            "SELECT id, scope, sort, organisation, email, addresses FROM contacts ORDER BY sort, id"
        )
        self.base.executemany(
            "INSERT INTO found(rowid, name, rest, contact, scope) VALUES (?, ?, ?, ?, ?)",
            (
                (place, sort, _rest(organisation, email, addresses), identity, scope)
                for place, (identity, scope, sort, organisation, email, addresses) in enumerate(every.fetchall(), 1)
            ),
        )

    def remove(self, scope: str, source: str) -> int:
        """Forget what a source gave; how many contacts that were."""
        before = self.count()
        self.replace(scope, source, ())
        return before - self.count()

    def count(self) -> int:
        """How many contacts there are in all."""
        return int(self.base.execute("SELECT count(*) FROM contacts").fetchone()[0])

    def sources(self) -> list[tuple[str, str, int]]:
        """(scope, source, contacts) of everything imported."""
        return list(
            self.base.execute("SELECT scope, source, count(*) FROM contacts GROUP BY scope, source ORDER BY 1, 2")
        )

    def search(self, text: str, scopes: Sequence[str], limit: int = LIMIT) -> list[Contact]:
        """Contacts whose words begin with all the words of the text, in any order; names that begin so come first."""
        asked = words(text)
        if not asked:
            return self.favourites(scopes, limit) if not text.strip() else []
        quoted = [f'"{word}"*' for word in asked]
        rows: dict[int, tuple[str, Contact]] = {}
        begins = " AND ".join([f"name : ^{quoted[0]}", *quoted[1:]])
        for match in (begins, " AND ".join(f"name : {one}" for one in quoted), " AND ".join(quoted)):
            if len(rows) < limit:
                rows.update(
                    (identity, held) for identity, held in self._found(match, scopes, limit) if identity not in rows
                )
        return _merged(rows.values(), scopes)[:limit]

    def _found(self, match: str, scopes: Sequence[str], limit: int) -> list[tuple[int, tuple[str, Contact]]]:
        marks = ", ".join("?" * len(scopes))
        rows = self.base.execute(
            f"SELECT contacts.id, contacts.scope, contacts.name, organisation, email, favourite, addresses FROM found"
            f" JOIN contacts ON contacts.id = found.contact WHERE found MATCH ? AND found.scope IN ({marks})"
            " ORDER BY found.rowid LIMIT ?",
            (match, *scopes, limit * 2),
        )
        return [(row[0], (row[1], _contact(row[2:]))) for row in rows]

    def favourites(self, scopes: Sequence[str], limit: int = LIMIT) -> list[Contact]:
        """The favourites of these scopes, by name."""
        marks = ", ".join("?" * len(scopes))
        rows = self.base.execute(
            "SELECT scope, name, organisation, email, favourite, addresses FROM contacts"
            f" WHERE favourite = 1 AND scope IN ({marks}) ORDER BY sort, id LIMIT ?",
            (*scopes, limit * 2),
        )
        return _merged([(row[0], _contact(row[1:])) for row in rows], scopes)[:limit]

    def close(self) -> None:
        """Let go of the file."""
        self.base.close()


def _stored(scope: str, source: str, one: Contact) -> tuple[str, str, str, str, str, str, int, str]:
    addresses = json.dumps([[held.address, held.protocol, held.label] for held in one.addresses], ensure_ascii=False)
    return scope, source, folded(one.name), one.name, one.organisation, one.email, int(one.favourite), addresses


def _rest(organisation: str, email: str, addresses: str) -> str:
    dialled = [held[0] for held in json.loads(addresses)]
    local = [one[-length:] for one in dialled if one.lstrip("+").isdigit() for length in (10, 7) if len(one) > length]
    return folded(" ".join((organisation, email, *dialled, *local)))  # numbers are found without their country, too


def _contact(row: Sequence[str]) -> Contact:
    name, organisation, email, favourite, addresses = row
    return Contact(name, tuple(Address(*held) for held in json.loads(addresses)), organisation, email, bool(favourite))


def _merged(rows: Iterable[tuple[str, Contact]], scopes: Sequence[str]) -> list[Contact]:
    """One entry for the same name and address, the nearest scope's; the order is kept."""
    nearest = {scope: place for place, scope in enumerate(scopes)}
    kept: dict[tuple[str, str], tuple[int, Contact]] = {}
    for scope, contact in rows:
        key = (folded(contact.name), contact.addresses[0].address.lower())
        if key not in kept or nearest[scope] < kept[key][0]:
            kept[key] = (nearest[scope], contact)
    return [contact for _, contact in kept.values()]


class Directory:
    """The contacts for the event loop: every question goes to one thread, so that nothing waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "directory")
        self._writer = ThreadPoolExecutor(1, "directory-writer")
        self._book: Book | None = None

    async def search(self, text: str, scopes: Sequence[str], limit: int = LIMIT) -> list[Contact]:
        """See Book.search. Raises DirectoryError."""
        return await self._ask(lambda book: book.search(text, scopes, limit))

    async def favourites(self, scopes: Sequence[str], limit: int = LIMIT) -> list[Contact]:
        """See Book.favourites. Raises DirectoryError."""
        return await self._ask(lambda book: book.favourites(scopes, limit))

    async def replace(self, scope: str, source: str, rows: Iterable[Contact | Bad]) -> None:
        """Put contacts in the place of what the same source gave before, unless they are the same. It is done by a
        thread of its own, on a connection of its own: whoever types meanwhile does not wait for the index. Raises
        DirectoryError."""
        good = [row for row in rows if isinstance(row, Contact)]

        def put(book: Book) -> None:
            if not book.holds(scope, source, good):
                book.replace(scope, source, good)

        await self._write(put)

    async def star(self, scopes: Sequence[str], name: str, at: Address, on: bool) -> Contact:
        """Make who has this name and address a favourite of the nearest scope, or one no more; the contact, whole where
        it is known. Raises DirectoryError."""
        found = [one for one in await self.search(name, scopes, 200) if one.name == name]
        known = next((one for one in found if at.address in [held.address for held in one.addresses]), None)
        contact = known or Contact(name, (at,))
        await self._write(lambda book: book.star(scopes[0], contact, on))
        return replace(contact, favourite=on)

    async def _write(self, deed: Callable[[Book], None]) -> None:
        def done() -> None:
            try:
                book = Book(self._path)
                try:
                    deed(book)
                finally:
                    book.close()
            except sqlite3.Error as error:
                raise DirectoryError(f"the contacts cannot be written: {error}") from None

        await asyncio.get_running_loop().run_in_executor(self._writer, done)

    async def _ask(self, question: Callable[[Book], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[Book], T]) -> T:
        try:
            self._book = self._book or Book(self._path)
            return question(self._book)
        except sqlite3.Error as error:
            raise DirectoryError(f"the contacts cannot be read: {error}") from None

    def close(self) -> None:
        """Let go of the file and the thread."""
        self._writer.shutdown(wait=True, cancel_futures=True)
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._book is not None:
            self._book.close()


def scopes_of(room: str, group: str = "") -> tuple[str, ...]:
    """The scopes that a room sees, the nearest first."""
    return (f"room:{room}", *((f"group:{group}",) if group else ()), "")
