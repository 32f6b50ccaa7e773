"""A device's life as a list: what went in, what came out, and when; kept short in memory, written out on request.

Drivers are pure, so the tape of their inputs is enough to live a life again (`replay.py`). Secrets are masked as
entries are noted, so that no tape ever holds one. What may not live here: files (`replay.py` reads and writes them).
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway import driver as contract
from gateway.commands import COMMANDS, Command, arguments
from gateway.model import plain

MASK = "***"
_MASK = MASK.encode()
LONG = 8  # characters from which a hidden part is taken to be unmistakable
LONG_KEPT = 32
DEVICE_BYTES = 64 * 1024
GATEWAY_BYTES = 16 * 1024 * 1024
_OVERHEAD = 96  # what an entry costs besides its data, about

# What holds no free text, with the bytes it costs, about: neither searched for secrets nor measured each time. (The
# secret fields of a command are masked by `commands.arguments` when its request is written down.)
_PLAIN: Mapping[type, int] = {
    **dict.fromkeys((int, float, bool, type(None)), 32),
    **dict.fromkeys((contract.Answered, contract.Done, contract.Later, contract.More), 96),
    **dict.fromkeys((contract.Ready, contract.Request, contract.StartTls, contract.Taken), 96),
}

# A session's own credentials come from the device, so that no driver can hide them in time: masked by header name.
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "x-xsrf-token", "x-auth-psk"})
_COOKIES = frozenset({"cookie", "set-cookie"})
_COOKIE = re.compile(r"(session\w*|xsrf-token|\w*token\w*|\w*sess\w*|sid)=[^;,\s]+", re.IGNORECASE)

# One entry: (seconds since the connection began, "in" or "out", what, details, which connection: 0 where there is one
# at a time). Kept as it is, made JSON when read.
Entry = tuple[float, str, str, tuple[Any, ...], int]


@dataclass(slots=True)
class Run:
    """Quiet messages of one connection, one after another: how many, answered by how many sends, the last one when."""

    count: int = 0
    sends: int = 0
    until: float = 0.0


class Budget:
    """Shares the gateway's bytes among its tapes: 64 kB each, less where there are more than 256 devices."""

    def __init__(self, total: int = GATEWAY_BYTES, each: int = DEVICE_BYTES) -> None:
        self.total = total
        self.each = each
        self.tapes = 0
        self.allowance = each  # bytes one tape may hold now

    def share(self, by: int) -> None:
        """There is one tape more, or one less."""
        self.tapes += by
        self.allowance = min(self.each, self.total // max(1, self.tapes))


class Tape:
    """The latest entries of one device, bounded by bytes, oldest dropped first; listeners get each new one.

    Secrets of the settings are masked wherever they pass. What a driver hides is masked in its own send and in all
    that passes until that exchange is over, echoes included; long parts, which occur in nothing else, for good.
    Messages that a driver calls quiet are counted in one entry for each run of them, told to listeners at its end.
    """

    def __init__(self, budget: Budget | None = None, secrets: Iterable[str] = ()) -> None:
        self.budget = budget or Budget()
        self.budget.share(1)
        self.entries: deque[tuple[Entry, int]] = deque()
        self.bytes = 0
        self.dropped = 0
        self.listeners: list[Callable[[Entry], None]] = []
        self._runs: dict[int, tuple[Entry, Run]] = {}  # by connection: what is being counted
        self._secrets = frozenset(form for secret in secrets if secret for form in _forms(secret))
        self._long: deque[str] = deque(maxlen=LONG_KEPT)
        self._passing: list[str] = []
        self._texts: tuple[str, ...] = ()
        self._raws: tuple[bytes, ...] = ()
        self._mask()

    def begin(self) -> None:
        """A new life begins: what was hidden in the last one is not said any more."""
        self._long.clear()
        self._passing.clear()
        self._mask()

    def hide(self, parts: Iterable[str]) -> None:
        """Mask these from now on: long ones for good, short ones until `passed`."""
        for part in parts:
            if len(part) < LONG:
                self._passing.append(part)
            elif part not in self._long:
                self._long.append(part)
        self._mask()

    def passed(self, parts: Iterable[str]) -> None:
        """The exchange that hid these is over."""
        for part in parts:
            if part in self._passing:
                self._passing.remove(part)
        self._mask()

    def _mask(self) -> None:
        found = {part for part in (*self._secrets, *self._long, *self._passing) if part}
        self._texts = tuple(sorted(found, key=len, reverse=True))  # the longest first: one may be part of another
        self._raws = tuple(text.encode() for text in self._texts)

    def note(self, at: float, way: str, what: str, *details: Any, line: int = 0) -> None:
        """Put one entry on the tape, masked; cost in proportion to its data."""
        if self._runs:
            self._end_run(line)
        details = tuple([d if type(d) in _PLAIN else self.masked(d) for d in details])
        entry = (at, way, what, details, line)
        self._keep(entry)
        for listener in self.listeners:
            listener(entry)

    def count(self, at: float, message: Any, sends: int, line: int = 0) -> None:
        """One more quiet message, and the `sends` that answered it: in one entry with those before it."""
        if line not in self._runs:
            run = Run()
            entry = (at, "in", "quiet", (self.masked(message), run), line)
            self._runs[line] = entry, run
            self._keep(entry)
        run = self._runs[line][1]
        run.count, run.sends, run.until = run.count + 1, run.sends + sends, at

    def settle(self) -> None:
        """End every run: who begins to follow has what was counted until now, and is told of what comes."""
        for line in list(self._runs):
            self._end_run(line)

    def _end_run(self, line: int) -> None:
        held = self._runs.pop(line, None)
        if held is not None:
            for listener in self.listeners:
                listener(held[0])

    def _keep(self, entry: Entry) -> None:
        size = entry_size(entry)
        allowance = self.budget.allowance
        if size > allowance:  # it would push out all the others, and then itself
            self.dropped += 1
            return
        self.entries.append((entry, size))
        self.bytes += size
        while self.bytes > allowance:
            (old, its_size) = self.entries.popleft()
            self.bytes -= its_size
            self.dropped += 1
            if old[2] == "quiet" and self._runs.get(old[4], (None,))[0] is old:
                self._end_run(old[4])  # what comes is counted where it can be seen

    def masked(self, value: Any) -> Any:
        """The value with every secret replaced, in text, bytes and the links' own values; itself where it has none."""
        if isinstance(value, bytes):
            for raw in self._raws:
                if raw in value:
                    value = value.replace(raw, _MASK)
            return value
        if isinstance(value, str):
            for text in self._texts:
                if text in value:
                    value = value.replace(text, MASK)
            return value
        if type(value) in _PLAIN or isinstance(value, Command | type):
            return value
        if isinstance(value, Mapping):
            return {key: _header(key, self.masked(item)) for key, item in value.items()}
        if isinstance(value, tuple | list):
            return tuple(self.masked(item) for item in value)
        if isinstance(value, contract.Feedback):
            points = {name: self.masked(held) for name, held in value.points.items()}
            return contract.Feedback(value.unit, assumed=value.assumed, **points)
        if dataclasses.is_dataclass(value):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
            masked = {name: self.masked(held) for name, held in fields.items()}
            return value if masked == fields else dataclasses.replace(value, **masked)  # type: ignore[type-var]
        return value

    def close(self) -> None:
        """Give the share of the budget back."""
        self.budget.share(-1)


class Follower:
    """Reads a tape as it goes. What is too much for a slow reader is left out, and counted where it is missing."""

    def __init__(self, tape: Tape, entries: int = 2048, size: int = 1024 * 1024) -> None:
        self.tape = tape
        self.most, self.largest = entries, size
        self.waiting: deque[Entry | int] = deque()  # an int: so many entries are missing here
        self.bytes = 0
        self._news = asyncio.Event()
        tape.settle()
        tape.listeners.append(self._heard)

    def _heard(self, entry: Entry) -> None:
        size = entry_size(entry)
        if len(self.waiting) < self.most and self.bytes + size <= self.largest:
            self.waiting.append(entry)
            self.bytes += size
        elif self.waiting and isinstance(self.waiting[-1], int):
            self.waiting[-1] += 1
        else:
            self.waiting.append(1)
        self._news.set()

    def take(self) -> Entry | int | None:
        """The next entry, or how many are missing before it; None: there is no more yet."""
        if not self.waiting:
            return None
        taken = self.waiting.popleft()
        if not isinstance(taken, int):
            self.bytes -= entry_size(taken)
        return taken

    async def next(self) -> Entry | int:
        """Wait for it."""
        while (taken := self.take()) is None:
            self._news.clear()
            await self._news.wait()
        return taken

    def close(self) -> None:
        """Read no more."""
        self.tape.listeners.remove(self._heard)


def entry_size(entry: Entry) -> int:
    """Bytes of memory that an entry costs, about."""
    return _OVERHEAD + sum(_PLAIN.get(type(detail)) or _size(detail) for detail in entry[3])


def _forms(secret: str) -> set[str]:
    """A secret as it may pass: as it is, in JSON, and in a URL or a form."""
    return {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}


def _header(name: Any, value: Any) -> Any:
    """A header's value with the credentials in it masked; any other value as it is."""
    if not isinstance(name, str) or not isinstance(value, str):
        return value
    lower = name.lower()
    if lower in _CREDENTIALS:
        return MASK
    return _COOKIE.sub(rf"\1={MASK}", value) if lower in _COOKIES else value


def _size(value: Any) -> int:
    """Bytes of memory that a detail costs, about."""
    if isinstance(value, bytes | str):
        return len(value)
    if (plain_size := _PLAIN.get(type(value))) is not None:
        return plain_size
    if isinstance(value, Mapping):
        return 64 + sum(64 + _size(key) + _size(item) for key, item in value.items())
    if isinstance(value, tuple | list | frozenset):
        return 64 + sum(8 + _size(item) for item in value)
    if isinstance(value, contract.Feedback):
        return 64 + _size(value.points)
    if isinstance(value, contract.HttpRequest | contract.HttpReply):
        return 128 + len(value.body) + _size(value.headers)
    if isinstance(value, contract.SnmpReply):
        return 128 + _size(value.values)
    if isinstance(value, contract.Datagram | contract.HidReport):
        return 128 + len(value.data)
    if isinstance(value, contract.Item):
        return 64 + _size(plain(value.value))
    return 128


# ---- entries as JSON ---------------------------------------------------------------------------------------------

_LINK_VALUES = {
    cls.__name__: cls
    for cls in (
        contract.HttpRequest,
        contract.HttpReply,
        contract.SnmpGet,
        contract.SnmpWalk,
        contract.SnmpSet,
        contract.SnmpReply,
        contract.Datagram,
        contract.HidDevice,
        contract.HidReport,
        contract.Reached,
    )
}


def encode(value: Any) -> Any:
    """The JSON form of anything an entry holds: text as it is, bytes and link values as one-key objects."""
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, contract.Request):
        # The command is masked by `arguments`; a secret field replays as its mask.
        return {"request": [value.id, value.unit, value.page, value.command.verb, arguments(value.command)]}
    if type(value).__name__ in _LINK_VALUES:
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {type(value).__name__: fields}
    if isinstance(value, Mapping):
        return {"map": [[key, encode(item)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, contract.Feedback):
        return {"feedback": [value.unit, plain(value.points), value.assumed]}
    if isinstance(value, contract.Offers):
        return {"offers": [value.unit, sorted(c.verb for c in value.commands), plain(value.choices)]}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return {"action": [type(value).__name__, _action(value)]}


def _action(value: Any) -> Any:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return repr(value)
    fields: dict[str, Any] = {}
    for f in dataclasses.fields(value):
        item = getattr(value, f.name)
        fields[f.name] = item.id if isinstance(item, contract.Request) else plain(item)
    return fields


def decode(value: Any) -> Any:
    """The value that `encode` was given, for what goes *into* a driver; raises ValueError for what is none."""
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ValueError(f"not a tape value: {value!r:.80}")
    ((kind, held),) = value.items()
    if kind == "bytes":
        return str(held).encode("latin-1")
    if kind == "map":
        return {key: decode(item) for key, item in held}
    if kind == "request":
        identity, unit, page, verb, fields = held
        if verb not in COMMANDS:
            raise ValueError(f"no command {verb!r}")
        return contract.Request(identity, _command(COMMANDS[verb], fields), unit, page)
    if kind in _LINK_VALUES:
        return _LINK_VALUES[kind](**{name: decode(item) for name, item in held.items()})
    raise ValueError(f"not a tape value: {kind!r}")


def _command(cls: type[Command], fields: Mapping[str, Any]) -> Command:
    command = cls.__new__(cls)
    for f in dataclasses.fields(cls):
        given = fields.get(f.name, "" if f.default is dataclasses.MISSING else f.default)
        object.__setattr__(command, f.name, given)  # masked fields would not pass their own checks
    return command


def as_json(entry: Entry | int) -> dict[str, Any]:
    """One line of a tape file; a number: so many are missing there."""
    if isinstance(entry, int):
        return {"missed": entry}
    at, way, what, details, connection = entry
    if what == "quiet":
        details = (details[0], *dataclasses.astuple(details[1]))
    told = {"t": at, way: what, "with": [encode(detail) for detail in details]}
    return told | {"line": connection} if connection else told
