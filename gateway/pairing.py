"""Panels that nobody has let in yet: each shows a code of six characters, and an administrator says which room it is.

A panel asks for a code and keeps the secret that comes with it; the code is read off its screen and approved, and the
panel then fetches, once, a token for that room alone. Codes live for ten minutes, in memory only. What may not live
here: HTTP, what a token may do (`auth.py`), decks and keypads (`surfaces/adoption.py`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.auth import Tokens
from gateway.clock import Clock

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 and O, 1, I and L, U and V: read from a wall, typed by hand
LENGTH = 6
LIFE = 600.0  # seconds
MOST = 64  # panels that wait at a time
MOST_FROM_ONE = 4  # from one address; the oldest makes way


class PairingError(LookupError):
    """No such code, or no room for another; the words say which."""


@dataclass
class Waiting:
    """One panel that waits. `token` is there from its approval until it is fetched."""

    code: str
    digest: str  # SHA-256 of its secret
    address: str
    agent: str  # what the browser calls itself, shortened
    since: float  # wall clock
    until: float  # monotonic
    room: str = ""
    token: str = field(default="", repr=False)


class Pairings:
    """Those who wait, in the order in which they came."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self.tokens = tokens
        self.clock = clock
        self._waiting: dict[str, Waiting] = {}  # by code

    def begin(self, address: str, agent: str = "") -> tuple[Waiting, str]:
        """A code for a panel at this address, and the secret it fetches its token with. Raises PairingError."""
        now = self.clock.now()
        self._forget(now)
        mine = [code for code, held in self._waiting.items() if held.address == address and not held.room]
        for code in mine[: max(0, len(mine) - MOST_FROM_ONE + 1)]:
            del self._waiting[code]
        if len(self._waiting) >= MOST:
            raise PairingError("too many panels wait already; approve or reject some, or wait ten minutes")
        secret = secrets.token_urlsafe(32)
        code = next(code for code in _codes() if code not in self._waiting)
        shown = " ".join("".join(c for c in agent if c.isprintable()).split())[:120]
        waiting = Waiting(code, _digest(secret), address, shown, self.clock.wall(), now + LIFE)
        self._waiting[code] = waiting
        return waiting, secret

    def waiting(self) -> list[Waiting]:
        """Those that are not approved yet."""
        self._forget(self.clock.now())
        return [held for held in self._waiting.values() if not held.room]

    def find(self, code: str) -> Waiting | None:
        """Who shows this code and is not approved yet; spaces, dashes and small letters are forgiven."""
        self._forget(self.clock.now())
        held = self._waiting.get(tidy(code))
        return held if held is not None and not held.room else None

    def let_in(self, held: Waiting, room: str, name: str = "") -> str:
        """Let a panel that waits into one room; returns its token's name. Writes a file: not for the event loop. Raises
        ValueError for a name that cannot be."""
        name = name or f"panel-{room[:40]}-{held.code.lower()}"
        held.token = self.tokens.create(name, "panel", [room])
        held.room = room
        return name

    def reject(self, code: str) -> None:
        """Forget a panel that waits. Raises PairingError."""
        held = self.find(code)
        if held is None:
            raise PairingError(f"no panel waits with the code {tidy(code)!r}; codes live for ten minutes")
        del self._waiting[held.code]

    def collect(self, secret: str) -> Waiting | None:
        """The panel with this secret; one that is approved is handed its token, and forgotten. None: there is none."""
        self._forget(self.clock.now())
        digest = _digest(secret)
        held = next((held for held in self._waiting.values() if secrets.compare_digest(held.digest, digest)), None)
        if held is not None and held.token:
            del self._waiting[held.code]
        return held

    def _forget(self, now: float) -> None:
        for code in [code for code, held in self._waiting.items() if held.until <= now]:
            del self._waiting[code]


def tidy(code: str) -> str:
    """A code as it was shown: what people type otherwise is forgiven."""
    return "".join(c for c in code.upper() if c.isalnum())[:LENGTH]


def _codes() -> Iterator[str]:
    while True:
        yield "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
