"""What hands do to one deck: which keys and dials are down, and the presses that its reports mean.

What may not live here: reports (`reports.py`), how they arrive (`usb.py`, `net.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from drivers.decks import reports
from drivers.decks.models import Model
from gateway.driver import Press

NOTCH = 20  # pixels of a finger on the strip that are one notch of the dial below


@dataclass
class Fingers:
    """The hands on one deck, from when it is told of until it goes."""

    model: Model
    unit: str
    down: frozenset[int] = frozenset()  # places
    dials: frozenset[int] = frozenset()  # from 0

    def presses(self, report: bytes) -> Iterator[Press]:
        """The presses that an input report means; none for one that says nothing we know. Never raises."""
        model = self.model
        match reports.read(model, report):
            case reports.Keys(down):
                before, self.down = self.down, down
                yield from self._edges([str(place) for place in sorted(before - down)], "up")
                yield from self._edges([str(place) for place in sorted(down - before)], "down")
            case reports.Dials(down):
                before, self.dials = self.dials, down
                yield from self._edges([str(model.dial(dial)) for dial in sorted(before - down)], "up")
                yield from self._edges([str(model.dial(dial)) for dial in sorted(down - before)], "down")
            case reports.Turned(steps):
                for dial, step in enumerate(steps):
                    if step:
                        yield Press(str(model.dial(dial)), "turn", step, self.unit)
            case reports.Touched(x, held, drawn):
                yield from self._touched(x, held, drawn)

    def _edges(self, places: list[str], edge: Literal["down", "up"]) -> Iterator[Press]:
        for place in places:
            yield Press(place, edge, None, self.unit)

    def _touched(self, x: int, held: bool, drawn: int | None) -> Iterator[Press]:
        """A finger on the strip is one on the dial below it: a tap presses it, drawing turns it."""
        model = self.model
        dial = min(x // model.window[0], model.dials - 1)
        place = str(model.dial(dial))
        if drawn is not None:
            steps = int(drawn / NOTCH)
            if steps:
                yield Press(place, "turn", steps, self.unit)
        elif dial not in self.dials:  # a dial that is pressed already cannot be pressed again
            yield Press(place, "down", None, self.unit)
            if held:
                yield Press(place, "hold", None, self.unit)
            yield Press(place, "up", None, self.unit)
