"""What hands have left on keys: which wait for proof, and which failed, for as long as that stays readable.

What may not live here: what a key shows of it (`surface.py`), pressing (`surfacehost.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.clock import Clock, Timer
from gateway.surfaces.surface import Touched

SHOWN = 3.0  # seconds that a failure stays readable


class Marks:
    """The marks on one surface's keys, by key; `redraw` is called for each key whose marks have changed."""

    def __init__(self, clock: Clock, redraw: Callable[[str], None]) -> None:
        self.clock = clock
        self.redraw = redraw
        self._pending: dict[str, int] = {}
        self._failed: dict[str, str] = {}
        self._fading: dict[str, Timer] = {}
        self.touched = Touched(self._pending, self._failed)  # the same, as faces want to see it

    def wait(self, key: str) -> None:
        """One more command of this key waits for proof; what failed before is forgotten. The caller draws."""
        self._pending[key] = self._pending.get(key, 0) + 1
        self._forget(key)

    def settle(self, key: str, word: str = "") -> None:
        """One of them has ended: well, or with the word for why not."""
        self._pending[key] -= 1
        if word:
            self.fail(key, word)
        else:
            self.redraw(key)

    def fail(self, key: str, word: str) -> None:
        """Say a failure on this key, for a moment."""
        self._forget(key)
        self._failed[key] = word
        self._fading[key] = self.clock.at(self.clock.now() + SHOWN, lambda: self._faded(key))
        self.redraw(key)

    def close(self) -> None:
        """Nothing fades any more."""
        for timer in self._fading.values():
            timer.cancel()
        self._fading.clear()

    def _forget(self, key: str) -> None:
        self._failed.pop(key, None)
        timer = self._fading.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _faded(self, key: str) -> None:
        self._forget(key)
        self.redraw(key)
