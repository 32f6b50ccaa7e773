"""Turns on one connection: what waits for the wire, what is in flight on it, and what may go next.

Pure but for its timers. What may not live here: what an exchange says and means, links, drivers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gateway.clock import Clock, Timer
from gateway.driver import Send, Timing

if TYPE_CHECKING:
    from gateway.ticket import Ticket

FAIRNESS = 8  # sends for people in a row before a waiting poll has its turn


@dataclass(slots=True, eq=False)
class Exchange:
    """One Send: waiting, or in flight until it is answered or overdue."""

    send: Send
    ticket: Ticket | None  # whose command it is part of; None: a poll, a log-in
    number: int
    said: float  # when the driver said it
    deadline: Timer | None = None


class Turns:
    """Urgent sends wait for the gap only; the others for a turn, people's before polls, but never all of them."""

    def __init__(
        self, timing: Timing, clock: Clock, *, freed: Callable[[], None], overdue: Callable[[Exchange], None]
    ) -> None:
        self.timing = timing
        self.clock = clock
        self.urgent: deque[Exchange] = deque()
        self.people: deque[Exchange] = deque()
        self.polls: deque[Exchange] = deque()
        self.flight: deque[Exchange] = deque()
        self._freed = freed
        self._overdue = overdue
        self._row = 0
        self._last = float("-inf")
        self._gap: Timer | None = None

    def add(self, exchange: Exchange, *, urgent: bool) -> None:
        """Have it wait its turn."""
        queue = self.urgent if urgent else self.polls if exchange.ticket is None else self.people
        queue.append(exchange)

    def next(self, commands: bool) -> Exchange | Literal["command"] | None:
        """What may go now; "command" where it is the turn of a command that has no words yet (`commands`: there are
        such); None where all must wait, or nothing does."""
        if not (self.urgent or self.people or self.polls or commands) or self._in_gap():
            return None
        if self.urgent:
            return self.urgent.popleft()
        if len(self.flight) >= self.timing.window:
            return None
        if not (self.polls and self._row >= FAIRNESS):
            if self.people:
                self._row = self._row + 1 if self.polls else 0
                return self.people.popleft()
            if commands:
                return "command"
        if self.polls:
            self._row = 0
            return self.polls.popleft()
        return None

    def went(self, exchange: Exchange) -> None:
        """It is about to go on the wire."""
        now = self.clock.now()
        self._last = now
        if exchange.send.reply:
            self.flight.append(exchange)
            exchange.deadline = self.clock.at(now + self.timing.reply, lambda: self._late(exchange))

    @property
    def waiting(self) -> Exchange | None:
        """Whose turn it is that a positional reply would end."""
        return self.flight[0] if self.flight else None

    def oldest(self) -> Exchange | None:
        """End the oldest turn: a positional reply has come."""
        return self._over(self.flight[0]) if self.flight else None

    def tagged(self, tag: Hashable) -> Exchange | None:
        """End the oldest turn that was sent with `tag`."""
        return next((self._over(held) for held in self.flight if held.send.tag == tag), None)

    def numbered(self, number: Hashable) -> Exchange | None:
        """End the turn of one exchange."""
        return next((self._over(held) for held in self.flight if held.number == number), None)

    def forget(self, ticket: Ticket) -> None:
        """Drop what a command still has waiting; what is on the wire stays there."""
        for queue in (self.people, self.urgent):
            for exchange in [held for held in queue if held.ticket is ticket]:
                queue.remove(exchange)

    def holds(self, ticket: Ticket) -> bool:
        """Whether anything of a command still waits for the wire."""
        return any(held.ticket is ticket for queue in (self.urgent, self.people) for held in queue)

    def clear(self) -> None:
        """Drop all that waits for a turn."""
        self.people.clear()
        self.polls.clear()

    def stop(self) -> None:
        """The connection is over: no timer of ours comes any more."""
        if self._gap:
            self._gap.cancel()
        for exchange in self.flight:
            if exchange.deadline:
                exchange.deadline.cancel()

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is in flight."""
        return not (self.urgent or self.people or self.polls or self.flight)

    def _in_gap(self) -> bool:
        if not self.timing.gap:
            return False
        until = self._last + self.timing.gap
        if self.clock.now() >= until:
            return False
        if self._gap is None:
            self._gap = self.clock.at(until, self._gap_over)
        return True

    def _gap_over(self) -> None:
        self._gap = None
        self._freed()

    def _over(self, exchange: Exchange) -> Exchange:
        self.flight.remove(exchange)
        if exchange.deadline:
            exchange.deadline.cancel()
        return exchange

    def _late(self, exchange: Exchange) -> None:
        if exchange in self.flight:
            self.flight.remove(exchange)
            self._overdue(exchange)
