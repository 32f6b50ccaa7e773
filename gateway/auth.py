"""Who may do what: tokens with a role and rooms, and a guard against guessing.

A token is shown once, when it is made; only its SHA-256 is stored (256 random bits need no slow hash). Checking one is
a look-up in memory. What may not live here: HTTP, and what a request is about beyond a permission and a room.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import hmac
import ipaddress
import json
import logging
import os
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias, cast

from gateway.clock import Clock, LoopClock
from gateway.folder import FolderError, open_private, write_private
from gateway.journal import Entry, Journal

log = logging.getLogger("roomgate.auth")

Permission = Literal["read", "command", "history", "admin"]
Role = Literal["viewer", "panel", "operator", "admin"]

ROLES: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset({"read"}),
    "panel": frozenset({"read", "command"}),
    "operator": frozenset({"read", "command", "history"}),
    "admin": frozenset({"read", "command", "history", "admin"}),
}

_NAME = re.compile(r"[a-z0-9._-]{1,64}", re.IGNORECASE | re.ASCII)
_LONGEST = 128  # characters of a text that may be a token at all


@dataclass(frozen=True, slots=True)
class Token:
    """What a token may do, and the digest it is known by. No rooms = every room."""

    name: str
    role: Role
    rooms: frozenset[str]
    created: str  # ISO 8601, UTC
    digest: str  # SHA-256 of the token's text, in hexadecimal

    def may(self, permission: Permission, room: str | None = None) -> bool:
        """True where the role has the permission and, for what belongs to a room, the room is one of its own."""
        return permission in ROLES[self.role] and (room is None or not self.rooms or room in self.rooms)


TokenList: TypeAlias = list[Token]


class Tokens:
    """The tokens of one gateway, in memory and in a file that other processes may change (`roomgate token create`)."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock: Clock = clock or LoopClock()
        self._by_digest: dict[str, Token] = {}
        self.lent: dict[str, Token] = {}  # by digest: for a while, in memory alone (`guests.py`)
        self.over: dict[str, str] = {}  # by digest: why a lent one is worth nothing any more
        self._stamp: tuple[int, ...] = ()
        self._complaint = ""
        self._load()

    def check(self, text: str) -> Token | None:
        """The token that this is the text of, if it is one. No disk, and no hint of how near a guess came."""
        if len(text) > _LONGEST:
            return None
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        token = self._by_digest.get(digest) or self.lent.get(digest)
        return token if token is not None and hmac.compare_digest(token.digest, digest) else None

    def holds(self, token: Token) -> bool:
        """Whether a token that was good once still is: long connections ask again."""
        return token.digest in self._by_digest or token.digest in self.lent

    def why_over(self, token: Token | str) -> str:
        """Why a lent token (or its text) is over: a reason of `guests.py`; "" for one that never was lent."""
        digest = (
            token.digest
            if isinstance(token, Token)
            else hashlib.sha256(token[:_LONGEST].encode("utf-8", "replace")).hexdigest()
        )
        return self.over.get(digest, "")

    def create(self, name: str, role: str, rooms: Iterable[str] = ()) -> str:
        """Make a token and return its text, the only time that anybody sees it; ValueError says what is wrong."""
        wanted = frozenset([rooms] if isinstance(rooms, str) else rooms)
        if not _NAME.fullmatch(name):
            raise ValueError(f"a token's name is 1 to 64 letters, digits, dots, dashes or underscores, not {name!r}")
        if role not in ROLES:
            raise ValueError(f"a role is one of {', '.join(ROLES)}, not {role!r}")
        if role == "admin" and wanted:
            raise ValueError("an admin may do everything in every room: leave the rooms out, or make an operator")
        if not all(wanted):
            raise ValueError("a room's name must not be empty")
        text = "rg_" + secrets.token_urlsafe(32)
        created = datetime.fromtimestamp(int(self._clock.wall()), UTC).isoformat()
        token = Token(name, cast(Role, role), wanted, created, hashlib.sha256(text.encode()).hexdigest())
        with self._changing():
            if any(each.name.lower() == name.lower() for each in self._by_digest.values()):
                raise ValueError(f"there is a token named {name} already: revoke it first, or choose another name")
            self._save([*self._by_digest.values(), token])
        return text

    def revoke(self, name: str) -> None:
        """Make a token worthless; ValueError where there is none of that name."""
        with self._changing():
            rest = [each for each in self._by_digest.values() if each.name.lower() != name.lower()]
            if len(rest) == len(self._by_digest):
                there = ", ".join(sorted(each.name for each in rest)) or "none at all"
                raise ValueError(f"there is no token named {name}; there are: {there}")
            self._save(rest)

    def list(self) -> TokenList:
        """All tokens, by name."""
        return sorted(self._by_digest.values(), key=lambda token: token.name.lower())

    def reload_if_changed(self) -> bool:
        """Take up what another process changed; whether there was anything. An unreadable file is said once; the tokens
        known so far stay valid."""
        stamp = self._stamp
        try:
            if _stamp(self._path) != stamp:
                self._load()
                self._complaint = ""
                if not self._stamp:
                    log.warning("%s is gone: no token is valid any more.", self._path)
                return True
        except FolderError as problem:
            if str(problem) != self._complaint:
                log.error("%s. The tokens known so far stay valid.", problem)
            self._complaint = str(problem)
        return False

    def _load(self) -> None:
        # The stamp first: a file that changes while it is read is read again.
        self._stamp = _stamp(self._path)
        if not self._stamp:
            self._by_digest = {}
            return
        try:
            if self._path.stat().st_mode & 0o022:
                raise FolderError(f"other users can write {self._path}; look at what is in it, then chmod 600 it")
            self._by_digest = {token.digest: token for token in _parsed(self._path.read_bytes())}
        except (OSError, ValueError) as problem:
            words = f"the tokens in {self._path} cannot be read: {problem}"
            raise FolderError(f"{words}; restore the file, or remove it and make new tokens") from problem

    def _save(self, tokens: TokenList) -> None:
        rows = [{**dataclasses.asdict(token), "rooms": sorted(token.rooms)} for token in tokens]
        try:
            write_private(self._path, json.dumps({"version": 1, "tokens": rows}, indent=2).encode() + b"\n")
        except OSError as problem:
            raise FolderError(f"{self._path} cannot be written: {problem.strerror}") from problem
        self._load()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Read, change and write as one, so that two processes at once lose nothing. Its own file, for tokens.json
        is replaced at each change and a lock on it would be a lock on the old one."""
        path = self._path.with_name(self._path.name + ".lock")
        try:
            handle = open_private(path, os.O_RDWR)
        except OSError as problem:
            raise FolderError(f"{path} cannot be opened: {problem.strerror}") from problem
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._load()
            yield
        finally:
            os.close(handle)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise FolderError(f"the tokens in {path} cannot be read: {problem.strerror}") from problem
    return status.st_mtime_ns, status.st_size, status.st_ino


def _parsed(content: bytes) -> Iterator[Token]:
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("version") != 1 or not isinstance(document.get("tokens"), list):
        raise ValueError("it is not a version 1 list of tokens")
    for number, row in enumerate(document["tokens"], 1):
        if not isinstance(row, dict) or row.keys() != {each.name for each in dataclasses.fields(Token)}:
            raise ValueError(f"token {number} has not the fields of a token")
        rooms = row.pop("rooms")
        if not isinstance(rooms, list) or not all(isinstance(value, str) for value in (*row.values(), *rooms)):
            raise ValueError(f"token {number} is not made of texts")
        if row["role"] not in ROLES or not re.fullmatch("[0-9a-f]{64}", row["digest"]):
            raise ValueError(f"token {number} has an unknown role or no digest")
        role = cast(Role, row["role"])
        yield Token(row["name"], role, frozenset(rooms), row["created"], row["digest"])


# ---- The guard -----------------------------------------------------------------------------------------------------

Blocked: TypeAlias = Callable[[str, float, str], None]  # address, seconds, what was guessed at


def journaled(journal: Journal, clock: Clock, room: str = "", address: str = "") -> Blocked:
    """What a guard tells when somebody has to wait: a line in the log and an entry in the journal; never the guess.

    room: whose journal it is in; address: said instead of the guard's own, for a guard that counts something else.
    """

    def blocked(key: str, seconds: float, what: str) -> None:
        told = {"event": "guessing slowed", "what": what, "address": address or key, "seconds": round(seconds)}
        log.warning("Too many wrong tries at a %s from %s: it waits %.0f s.", what, address or key, seconds)
        journal.write(Entry(clock.wall(), "event", room, "guessing slowed", data=told))

    return blocked


@dataclass(slots=True)
class _Offender:
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=Guard.TRIES))
    until: float = 0.0
    blocks: int = 0


class Guard:
    """Slows guessing down: after 10 bad tokens from one address within 60 s it waits 10 s, 20, 40 ... 15 minutes.

    Only for bad tokens: a good one is accepted from any address at any time, and clears it. `blocked` is told of each
    wait as it begins.
    """

    TRIES = 10
    WITHIN = 60.0
    FIRST = 10.0
    LONGEST = 900.0
    FORGIVEN = 3600.0  # seconds without a bad token after which an address starts from nothing
    REMEMBERED = 10_000  # addresses

    def __init__(self, clock: Clock, blocked: Blocked | None = None) -> None:
        self._clock = clock
        self._blocked = blocked
        self._offenders: OrderedDict[str, _Offender] = OrderedDict()

    def failed(self, address: str, what: str = "token") -> None:
        """A bad token, or other secret, came from there. While it has to wait nothing counts,
        so that an old panel is not shut out."""
        now = self._clock.now()
        key = _network(address)
        offender = self._offenders.setdefault(key, _Offender())
        self._offenders.move_to_end(key)
        if len(self._offenders) > self.REMEMBERED:
            self._offenders.popitem(last=False)
        if now < offender.until:
            return
        last = max(offender.until, offender.failures[-1] if offender.failures else 0.0)
        if now - last > self.FORGIVEN:
            offender.blocks = 0
        offender.failures.append(now)
        many = len(offender.failures) == self.TRIES and now - offender.failures[0] <= self.WITHIN
        if many or offender.blocks:  # once blocked, each further guess costs twice as long
            offender.until = now + min(self.LONGEST, self.FIRST * 2.0 ** min(offender.blocks, 16))
            offender.blocks += 1
            offender.failures.clear()
            if self._blocked is not None:
                self._blocked(address, offender.until - now, what)

    def wait(self, address: str) -> float:
        """Seconds until a bad token from there is looked at again; 0 = now. For Retry-After, rounded up."""
        if not self._offenders:
            return 0.0
        offender = self._offenders.get(_network(address))
        return max(0.0, offender.until - self._clock.now()) if offender else 0.0

    def worked(self, address: str) -> None:
        """A good token came from there: its past is forgotten."""
        if self._offenders:
            self._offenders.pop(_network(address), None)


def _network(address: str) -> str:
    """What counts as one address: an IPv6 neighbour has a whole /64 to guess from (RFC 6177)."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or ipaddress.IPv6Address(int(parsed) >> 64 << 64))
