"""Motors that share a fuse: at most so many start within so many seconds. A Stop never waits here.

The count is of commands as they leave the room. What may not live here: the dead time between a motor's directions
(`motion.py`, or the motor's own controller).
"""

from __future__ import annotations

from collections import deque

from gateway.clock import Clock, Timer
from gateway.commands import Command, Move, RecallPreset, SetPosition
from gateway.device import Player
from gateway.driver import Request
from gateway.model import Outcome, Result
from gateway.part import Part
from gateway.spec import StartsSpec
from gateway.ticket import Ticket, new_id

STARTS = (Move, SetPosition, RecallPreset)


class Starts:
    """Hands commands to motors, and holds back those that would start too many of them at once."""

    def __init__(self, spec: StartsSpec, clock: Clock) -> None:
        self.spec = spec
        self.clock = clock
        self._latest: deque[float] = deque(maxlen=spec.together or 1)
        self._waiting: dict[tuple[int, str], tuple[Ticket, Player]] = {}
        self._timer: Timer | None = None

    def submit(self, part: Part, command: Command, cause: str, identity: str) -> Ticket:
        """Ask a screen or shade, now or when it is its turn. A newer command takes the place of one that waits."""
        player, unit, now = part.player, part.unit, self.clock.now()
        older = self._waiting.pop((id(player), unit), None) if command.slot != "tilt" else None
        if older is not None:
            older[0].settle(Outcome(Result.SUPERSEDED, "a newer command took its place"), now)
        if not (self.spec.together and isinstance(command, STARTS)):
            return player.submit(command, unit, cause=cause, identity=identity)
        if not self._waiting and self._free(now):
            self._latest.append(now)
            return player.submit(command, unit, cause=cause, identity=identity)
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, now)
        self._waiting[id(player), unit] = (ticket, player)
        self._arm()
        return ticket

    def close(self) -> None:
        """Nothing starts any more."""
        if self._timer is not None:
            self._timer.cancel()
        waiting, self._waiting = self._waiting, {}
        for ticket, _ in waiting.values():
            ticket.settle(Outcome(Result.SUPERSEDED, "the gateway goes down"), self.clock.now())

    def _free(self, now: float) -> bool:
        return len(self._latest) < self.spec.together or self._latest[0] + self.spec.apart <= now + 1e-6

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = self.clock.at(self._latest[0] + self.spec.apart, self._due)

    def _due(self) -> None:
        self._timer = None
        now = self.clock.now()
        while self._waiting and self._free(now):
            key = next(iter(self._waiting))
            ticket, player = self._waiting.pop(key)
            self._latest.append(now)
            sent = player.submit(ticket.command, ticket.request.unit, cause=ticket.cause, identity=ticket.id)
            sent.then(lambda ended, held=ticket: held.settle(ended.outcome, self.clock.now()))  # type: ignore[misc]
        self._arm()
