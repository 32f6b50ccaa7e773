"""The bad day of a simulated device: what goes wrong between it and its clients, whatever it speaks.

Only switches live here; the doors and the devices act on them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from simulators.values import SimulatorError, did_you_mean


class Faults:
    """The bad day: what goes wrong between the device and its clients, switchable while the device runs."""

    SWITCHES = ("silent", "chop", "refuse_login", "unreachable")
    ONCE = ("garbage", "drop")

    def __init__(self) -> None:
        self.silent = False  # accepts and reads, never answers
        self.slow = 0.0  # milliseconds before each answer
        self.chop = False  # every byte in a segment of its own
        self.refuse_login = False  # the right password is answered as a wrong one
        self._unreachable = self.booting = False
        self._settle: Callable[[], None] = lambda: None
        self._drop: Callable[[], None] = lambda: None
        self._inject: Callable[[bytes], None] = lambda data: None
        self._pending: set[asyncio.TimerHandle] = set()

    @property
    def unreachable(self) -> bool:
        """The device is off the network: connections break and none are accepted, until this is False again."""
        return self._unreachable

    @unreachable.setter
    def unreachable(self, wanted: bool) -> None:
        self._unreachable = wanted
        self._settle()

    @property
    def reachable(self) -> bool:
        return not (self._unreachable or self.booting)

    def drop(self) -> None:
        """Close every connection now, once."""
        self._drop()

    def garbage(self) -> None:
        """Send random bytes to every open connection, once; a line end follows, so that a line reader sees them now."""
        self._inject(os.urandom(64) + b"\r\n")

    def clear(self) -> None:
        """End every fault that lasts."""
        self.silent = self.chop = self.refuse_login = self.unreachable = False
        self.slow = 0.0

    @classmethod
    def names(cls) -> list[str]:
        return sorted((*cls.SWITCHES, *cls.ONCE, "slow", "clear"))

    def apply(self, name: str, *, on: bool = True, ms: float = 500.0) -> None:
        """Switch a fault by its name."""
        if name in self.SWITCHES:
            setattr(self, name, on)
        elif name == "slow":
            self.slow = ms if on else 0.0
        elif name in self.ONCE or name == "clear":
            getattr(self, name)()
        else:
            raise SimulatorError(f"no fault is named {name!r}{did_you_mean(name, self.names())}")

    def outgoing(self, send: Callable[..., None], *what: Any) -> None:
        """Let one datagram out in the manner of the faults: `send(*what)` now, late, or never."""
        if self.silent or not self.reachable:
            return
        if not self.slow:
            send(*what)
            return

        def late() -> None:
            self._pending.discard(handle)
            send(*what)

        handle = asyncio.get_running_loop().call_later(self.slow / 1000, late)
        self._pending.add(handle)

    def as_dict(self) -> dict[str, Any]:
        return {"slow": self.slow} | {name: getattr(self, name) for name in self.SWITCHES}

    def attach(self, settle: Callable[[], None], drop: Callable[[], None], inject: Callable[[bytes], None]) -> None:
        """Give the faults the doors they act on."""
        self._settle, self._drop, self._inject = settle, drop, inject

    def forget(self) -> None:
        """Send nothing more that was held back."""
        for handle in self._pending:
            handle.cancel()
        self._pending.clear()
