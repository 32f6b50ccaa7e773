"""The hands on a deck, wherever it is plugged in: fingers on its keys, dials and touch strip.

No door lives here: whoever has these hands says how a report travels (`_say`). Keys and dials are counted from 0, from
the top left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulators._deck import Family, Glass, dials_report, keys_report, touch_report
from simulators.device import hand
from simulators.values import SimulatorError


@dataclass(kw_only=True, eq=False)
class DeckHands:
    """What of a deck is pressed, and how it is pressed."""

    down: set[int] = field(default_factory=set)
    dials_down: set[int] = field(default_factory=set)
    glass: Glass = field(init=False, repr=False)

    @property
    def family(self) -> Family:
        """What it is."""
        raise NotImplementedError

    def _say(self, report: bytes) -> None:
        raise NotImplementedError

    def seen(self, key: int) -> Any:
        """A key's picture as a person sees it; None where it shows none."""
        return self.glass.seen(key)

    @hand
    def press(self, key: int) -> None:
        """A finger on a key (or a touch key behind the keys)."""
        self._finger(key, True)

    @hand
    def release(self, key: int) -> None:
        """And off it."""
        self._finger(key, False)

    @hand
    def turn(self, dial: int, steps: int = 1) -> None:
        """Turn a dial, clockwise above 0."""
        self._say(dials_report(self.family, 1, [steps if at == dial else 0 for at in range(self._dials(dial))]))

    @hand
    def push(self, dial: int) -> None:
        """Press a dial."""
        self._dials(dial)
        self.dials_down.add(dial)
        self._say(dials_report(self.family, 0, [int(at in self.dials_down) for at in range(self.family.dials)]))

    @hand
    def pop(self, dial: int) -> None:
        """Let it go."""
        self.dials_down.discard(dial)
        self._say(dials_report(self.family, 0, [int(at in self.dials_down) for at in range(self.family.dials)]))

    @hand
    def tap(self, x: int, y: int = 50, long: bool = False) -> None:
        """Touch the strip."""
        self._say(touch_report(2 if long else 1, x, y))

    @hand
    def drag(self, x: int, x2: int, y: int = 50, y2: int = 50) -> None:
        """Draw a finger over the strip."""
        self._say(touch_report(3, x, y, x2, y2))

    def say(self, report: bytes) -> None:
        """Say a report of one's own."""
        self._say(report)

    def _finger(self, key: int, down: bool) -> None:
        if not 0 <= key < self.family.keys + self.family.touch_keys:
            raise SimulatorError(f"this deck has keys 0 to {self.family.keys + self.family.touch_keys - 1}")
        (self.down.add if down else self.down.discard)(key)
        self._say(keys_report(self.family, self.down))

    def _dials(self, dial: int) -> int:
        if not 0 <= dial < self.family.dials:
            raise SimulatorError(f"this deck has {self.family.dials} dials")
        return self.family.dials
