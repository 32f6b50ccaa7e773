"""A clock that tests move by hand: nothing waits, and every timer rings in order at its own time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class ManualTimer:
    """A call to come, at `when`."""

    when: float
    number: int
    then: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """A `gateway.clock.Clock`; `wall()` is `now()` after the day it was set to."""

    def __init__(self, now: float = 1000.0, wall: float = 1_700_000_000.0) -> None:
        self._now = now
        self._offset = wall - now
        self._numbers = itertools.count()
        self._timers: list[ManualTimer] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + self._offset

    def at(self, when: float, then: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer(when, next(self._numbers), then)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def next(self) -> float | None:
        """When the next timer rings; None where none will."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].when if self._timers else None

    def advance(self, seconds: float) -> None:
        """Move on, ringing each timer at its own time, also those that are set meanwhile."""
        until = self._now + seconds
        while (when := self.next) is not None and when <= until:
            timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            timer.then()
        self._now = until
