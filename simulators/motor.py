"""A screen or shade motor in a simulated room: travels in device time and stops at its limits.

It knows no protocol; position 0 is up, 100 is down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from simulators.device import Simulator, Timer

Direction = Literal["up", "down"]


class Motor:
    """One motor. Its position follows the device's clock, so it is exact at any moment it is looked at."""

    def __init__(self, device: Simulator, seconds_up: float, seconds_down: float, position: float = 0.0) -> None:
        self._device = device
        self._seconds = {"up": seconds_up, "down": seconds_down}
        self._from, self._since = position, 0.0
        self._limit: Timer | None = None
        self.moving: Direction | None = None
        self.runs = 0  # how often it was started: a witness for who sends too much

    @property
    def position(self) -> float:
        if self.moving is None:
            return self._from
        way = (self._device.clock() - self._since) * 100 / self._seconds[self.moving]
        return max(0.0, self._from - way) if self.moving == "up" else min(100.0, self._from + way)

    def run(self, direction: Direction) -> None:
        """Run to the limit of that direction, unless stopped."""
        if direction == self.moving:
            return
        self.stop()
        left = self._from if direction == "up" else 100.0 - self._from
        if left <= 0:
            return
        self.moving, self._since = direction, self._device.clock()
        self.runs += 1
        self._limit = self._device.after(left * self._seconds[direction] / 100, self._arrive)

    def stop(self) -> None:
        """Stand still here."""
        self._from, self.moving = self.position, None
        if self._limit:
            self._limit.cancel()

    def _arrive(self) -> None:
        self._from, self.moving = (0.0 if self.moving == "up" else 100.0), None

    def memory(self) -> dict[str, Any]:
        return {"position": round(self.position, 1), "moving": self.moving, "runs": self.runs}
