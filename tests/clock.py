"""Clocks that tests move by hand: one that stands still between, and one that runs and leaps."""

from __future__ import annotations

import asyncio
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


class LeapTimer:
    """A call to come, which the loop holds; a leap of the clock brings it nearer."""

    def __init__(self, clock: LeapingClock, when: float, then: Callable[[], None]) -> None:
        self.clock, self.when, self.then = clock, when, then
        self.set()

    def set(self) -> None:
        """Have the loop ring it by the clock as it is now."""
        self.handle = asyncio.get_running_loop().call_at(self.when - self.clock.ahead, self._ring)
        self.clock.timers.add(self)

    def cancel(self) -> None:
        self.handle.cancel()
        self.clock.timers.discard(self)

    def _ring(self) -> None:
        self.clock.timers.discard(self)
        self.then()


class LeapingClock:
    """A `gateway.clock.Clock` for a whole gateway: it runs with the event loop, and `leap` moves it on at once.

    What was due meanwhile rings once after the leap, as after a machine's sleep, so that a device that answers in real
    time is not given up over and over while hours go by. What was asked and not yet answered at the leap is late after
    it: a device may be away for a moment.
    """

    def __init__(self, wall: float) -> None:
        self.ahead = 0.0
        self._offset = wall - asyncio.get_running_loop().time()
        self.timers: set[LeapTimer] = set()

    def now(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead

    def wall(self) -> float:
        return self.now() + self._offset

    def at(self, when: float, then: Callable[[], None]) -> LeapTimer:
        return LeapTimer(self, when, then)

    def leap(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.ahead += seconds
        for timer in sorted(self.timers, key=lambda one: one.when):
            timer.cancel()
            timer.set()
