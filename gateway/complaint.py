"""Reading a table of a profile with care: every mistake is collected, none stops the reading.

A complaint names file, table and key, what was found and what was expected. What may not live here: what a profile's
keys mean (`profile.py`).
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MISSING = object()


@dataclass(frozen=True)
class Complaint:
    """One mistake. `grave` ones keep the room from running; the others are warnings."""

    file: str
    table: str
    key: str
    found: str
    expected: str
    grave: bool = True

    def __str__(self) -> str:
        where = f"[{self.table}] " if self.table else ""
        what = f"{where}{self.key}: " if self.key else where
        return f"{self.file}: {what}{'' if self.grave else 'warning: '}{self.found}; {self.expected}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else the list of them."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"expected one of: {', '.join(known)}" if known else "nothing is expected here"


def shown(value: Any) -> str:
    """A found value as a person wrote it, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Table:
    """One TOML table being read: `take` each key once, then `finish` complains of the ones nobody took."""

    def __init__(self, file: str, path: str, data: Mapping[str, Any], complaints: list[Complaint]) -> None:
        self.file = file
        self.path = path
        self.data = data
        self.complaints = complaints
        self.taken: set[str] = set()

    def complain(self, key: str, found: str, expected: str, *, grave: bool = True) -> None:
        """Note one mistake in this table."""
        self.complaints.append(Complaint(self.file, self.path, key, found, expected, grave))

    def take(self, key: str, kind: type, default: Any = MISSING, *, choices: Iterable[str] = ()) -> Any:
        """The value of `key`, of type `kind`; the default, with a complaint, where it is not."""
        self.taken.add(key)
        if key not in self.data:
            if default is MISSING:
                self.complain(key, "missing", f"expected {_words(kind)}")
                return None
            return default
        value = self.data[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain(key, f"found {shown(value)}", f"expected {_words(kind)}")
            return None if default is MISSING else default
        choices = tuple(choices)
        if choices and value not in choices:
            self.complain(key, f"found {shown(value)}", did_you_mean(str(value), choices))
            return None if default is MISSING else default
        return value

    def number(
        self, key: str, default: float | None, lowest: float = 0.0, highest: float = 3600.0, *, whole: bool = False
    ) -> Any:
        """A number within limits; with default None it must be there."""
        value = self.take(key, int if whole else float, MISSING if default is None else default)
        if value is not None and not lowest <= value <= highest:
            self.complain(key, f"found {value:g}", f"expected a number from {lowest:g} to {highest:g}")
            return default
        return value

    def table(self, key: str) -> Table:
        """A table below this one; empty where it is missing."""
        data = self.take(key, dict, {})
        return Table(self.file, f"{self.path}.{key}" if self.path else key, data, self.complaints)

    def tables(self, key: str) -> dict[str, Table]:
        """All tables below `key`, by name; what is no table is complained of."""
        outer = self.table(key)
        return {name: outer.table(name) for name in outer.data}

    def finish(self) -> None:
        """Complain of keys that mean nothing here."""
        for key in self.data:
            if key not in self.taken:
                self.complain(key, "unknown key", did_you_mean(key, self.taken - {key}))


def _words(kind: type) -> str:
    return {
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        dict: "a table",
        list: "a list",
    }.get(kind, kind.__name__)


def secret(table: Table, key: str) -> tuple[str | None, str]:
    """A secret's value and, where it is not to be had, why: it is named in the profile, never written there."""
    table.taken.add(key)
    value = table.data.get(key)
    if value in (None, ""):
        return "", ""
    if not isinstance(value, Mapping):
        table.complain(
            key, "found the secret itself", 'expected { env = "NAME" } or { file = "PATH" }, never the secret'
        )
        return "", ""
    inner = Table(table.file, f"{table.path}.{key}", value, table.complaints)
    name, file = inner.take("env", str, ""), inner.take("file", str, "")
    inner.finish()
    if bool(name) == bool(file):
        table.complain(key, "found neither or both of env and file", 'expected { env = "NAME" } or { file = "PATH" }')
        return "", ""
    if name:
        if name not in os.environ:
            return None, f"the environment has no {name}"
        return os.environ[name], ""
    if not Path(file).is_absolute():  # "relative" would depend on where the gateway was started
        inner.complain("file", f"found {shown(file)}", "expected an absolute path")
        return "", ""
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n"), ""
    except (OSError, UnicodeDecodeError) as error:
        return None, f"the secret file {file} cannot be read: {getattr(error, 'strerror', None) or 'not text'}"
