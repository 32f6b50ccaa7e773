"""A command on its way: from the press to its one outcome.

What may not live here: deciding the outcome (`device.py`, `room.py` do).
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from gateway.clock import Timer
from gateway.commands import Command
from gateway.driver import Request
from gateway.model import Outcome, Result

_born = f"{int(time.time()) & 0xFFFFFFFF:x}"
_numbers = itertools.count(1)


def new_id() -> str:
    """An id for a command: unique in this gateway, also over restarts; short enough to be read aloud."""
    return f"c{_born}-{next(_numbers):x}"


class Ticket:
    """One command's state: `outcome` is None until it has ended; `then()` calls back once, at once if it has."""

    __slots__ = (
        "_callbacks",
        "_wake",
        "cause",
        "ended_at",
        "held",
        "more",
        "outcome",
        "request",
        "rows",
        "sent_at",
        "sent_wall",
        "submitted",
        "taken",
        "timer",
        "urgent",
    )

    def __init__(self, request: Request, cause: str, now: float, urgent: bool = False) -> None:
        self.request = request
        self.urgent = urgent
        self.cause = cause
        self.submitted = now
        self.sent_at: float | None = None
        self.sent_wall = 0.0
        self.ended_at: float | None = None
        self.taken = False
        self.outcome: Outcome | None = None
        self.held: Outcome | None = None  # how it ends once it has left: its driver need not be asked again
        self.timer: Timer | None = None
        self.rows: deque[Any] = deque()
        self.more = False  # a page ended and the driver waits to be asked for the next
        self._callbacks: list[Callable[[Ticket], None]] = []
        self._wake: asyncio.Event | None = None

    @property
    def id(self) -> str:
        """The command's id."""
        return self.request.id

    @property
    def command(self) -> Command:
        """What was asked."""
        return self.request.command

    def then(self, callback: Callable[[Ticket], None]) -> None:
        """Call back when it has ended."""
        if self.outcome is not None:
            callback(self)
        else:
            self._callbacks.append(callback)

    def settle(self, outcome: Outcome, now: float) -> bool:
        """End it, once; later outcomes are ignored. True where this was the end."""
        if self.outcome is not None:
            return False
        self.outcome = outcome
        self.ended_at = now
        if self.timer:
            self.timer.cancel()
            self.timer = None
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)
        self.wake()
        return True

    def overdue(self, online: bool) -> Outcome:
        """How far it came, when nobody has said any more of it."""
        if self.sent_at is None:
            words = "it could not be sent in time: the device was busy" if online else "the device was not ready"
        else:
            words = "the device acknowledged, but has not shown it" if self.taken else "sent, and no answer came"
        return Outcome(Result.UNCONFIRMED, words)

    def row(self, value: Any) -> None:
        """One row of a long answer came."""
        self.rows.append(value)
        self.wake()

    def page_ended(self) -> None:
        """A page ended and there is more: no clock runs until the reader wants it."""
        self.more = True
        if self.timer:
            self.timer.cancel()
            self.timer = None
        self.wake()

    def next_page(self) -> None:
        """The reader wants the next page."""
        self.more = False
        self.request = dataclasses.replace(self.request, page=self.request.page + 1)

    def wake(self) -> None:
        """There is news for whoever waits: a row, the end of a page, the outcome."""
        if self._wake is not None:
            self._wake.set()

    async def news(self) -> None:
        """Wait for the next `wake()`."""
        if self._wake is None:
            self._wake = asyncio.Event()
        self._wake.clear()
        await self._wake.wait()

    async def ended(self, within: float | None = None) -> Outcome | None:
        """Wait for the outcome, at most `within` seconds; None where it is still open then."""
        if self.outcome is None and within != 0:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.then(lambda ticket: None if done.done() else done.set_result(None))
            try:
                async with asyncio.timeout(within):
                    await done
            except TimeoutError:
                pass
        return self.outcome


class RoomTicket(Ticket):
    """A room-level command: ends when all its parts' commands have ended."""

    __slots__ = ("children", "open")

    def __init__(self, request: Request, cause: str, now: float) -> None:
        super().__init__(request, cause, now)
        self.children: list[tuple[str, Ticket]] = []
        self.open = 0
