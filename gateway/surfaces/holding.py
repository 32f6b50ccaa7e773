"""A key that is held: repeats what it does, faster and faster, until it is let go, whatever else happens.

What may not live here: what is repeated (`surfacehost.py`). Times: control-surface practice (auto-repeat after 400 ms,
then every 150 ms: DMX Core 100).
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.clock import Clock, Timer

FIRST, THEN = 0.4, 0.15  # seconds until the first repetition, and between those after
LONG = 0.6  # seconds that make a press a long one
LONGEST = 20.0  # seconds after which nobody is believed to be holding a key still


class Holding:
    """One held key. `tick(n)` is called for each repetition; `long()` once, where there is a long press."""

    def __init__(
        self, clock: Clock, *, tick: Callable[[int], None] | None = None, long: Callable[[], None] | None = None
    ) -> None:
        self.clock = clock
        self.began = clock.now()
        self.ticks = 0
        self.was_long = False
        self._tick = tick
        self._long = long
        self._timer: Timer | None = None
        if tick is not None:
            self._timer = clock.at(self.began + FIRST, self._again)
        elif long is not None:
            self._timer = clock.at(self.began + LONG, self.lengthen)

    def lengthen(self) -> None:
        """It has been held long enough: now, or because the surface says so."""
        if self._long is not None and not self.was_long:
            self.was_long = True
            self._long()

    def end(self) -> None:
        """Let go: nothing is repeated any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _again(self) -> None:
        assert self._tick is not None
        self.ticks += 1
        now = self.clock.now()
        self._timer = self.clock.at(now + THEN, self._again) if now < self.began + LONGEST else None
        self._tick(self.ticks)
