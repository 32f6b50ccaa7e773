"""Time as an argument: the one thing a device, a motor or a room may ask for the hour. Imports nothing of ours.

Tests bring a clock of their own and move it by hand; nothing above the ground reads `time` itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call to come; `cancel()` is harmless after it came."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """`now()` in monotonic seconds, `wall()` in seconds since 1970, `at()` calls back when `now()` has reached it."""

    def now(self) -> float: ...
    def wall(self) -> float: ...
    def at(self, when: float, then: Callable[[], None]) -> Timer: ...


class LoopClock:
    """The event loop's own time."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return time.time()

    def at(self, when: float, then: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_at(when, then)
