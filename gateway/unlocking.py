"""Panels that an administrator's PIN has unlocked: for five minutes, in their room alone, in memory alone.

Wrong PINs make their address wait, and the room, and a right one forgives neither. What may not live here: HTTP, what
an unlocked panel may do (`api/rights.py`).
"""

from __future__ import annotations

import asyncio

from gateway.auth import Guard, Token, journaled
from gateway.clock import Clock
from gateway.journal import Journal
from gateway.room import Room

MINUTES = 5
QUEUE = 16  # guesses that wait for their turn
WHAT = "administrator's PIN"


class UnlockError(Exception):
    """The panel stays as it is. `seconds`: to wait, while no PIN is looked at; 0 = this one is wrong."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(f"wait {seconds:.0f} s" if seconds else "wrong")
        self.seconds = seconds


class Unlocking:
    """The unlocked panels of a house."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}  # by token's digest and room, monotonic
        self._addresses = Guard(clock, journaled(journal, clock))  # its own: good tokens clear the other at any time
        self._rooms: dict[str, Guard] = {}
        self._turn = asyncio.Lock()
        self._queue = 0

    def unlocked(self, token: Token, room: str) -> bool:
        """Whether whoever has this token may do an administrator's things in the room now."""
        return self._until.get((token.digest, room), 0.0) > self._clock.now()

    async def unlock(self, token: Token, room: Room, text: str, address: str) -> float:
        """Unlock a panel; for how many seconds. Raises UnlockError.

        Guesses are looked at one after the other, and while the address or the room has to wait none is looked at, not
        even a right one.
        """
        assert room.spec.admin_pin is not None
        guard = self._rooms.get(room.id)
        if guard is None:
            told = journaled(self._journal, self._clock, room.id, "several addresses")
            guard = self._rooms[room.id] = Guard(self._clock, told)
        if self._queue >= QUEUE:
            raise UnlockError(1.0)
        self._queue += 1
        try:
            async with self._turn:
                wait = max(self._addresses.wait(address), guard.wait(room.id))
                if wait > 0:
                    raise UnlockError(wait)
                if not await asyncio.to_thread(room.spec.admin_pin.is_, text[:64]):
                    self._addresses.failed(address, WHAT)
                    guard.failed(room.id, WHAT)
                    raise UnlockError
        finally:
            self._queue -= 1
        now = self._clock.now()
        self._until = {key: until for key, until in self._until.items() if until > now}
        self._until[token.digest, room.id] = now + 60.0 * MINUTES
        room.event("panel", {"what": "unlocked", "name": token.name}, cause=f"token:{token.name}")
        return 60.0 * MINUTES

    def lock(self, token: Token, room: Room) -> None:
        """End it before its time."""
        if self._until.pop((token.digest, room.id), None) is not None:
            room.event("panel", {"what": "locked", "name": token.name}, cause=f"token:{token.name}")
