"""A bench for drivers of displays: turns and nothing else, so that a test reads as what was said and what was told."""

from __future__ import annotations

from collections import deque
from typing import Any

from gateway.commands import Command
from gateway.driver import Actions, Driver, Feedback, Request, Send


class Wire:
    """What a driver sends waits for the answer to what it sent before, as on a positional link."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.feed = driver, driver.cutter.start()
        self.queue: deque[Send] = deque()
        self.flight: Send | None = None
        self.sent: list[Any] = []
        self.log: list[Any] = []
        self.do(driver.opened())

    def do(self, actions: Actions) -> list[Any]:
        told = list(actions)
        self.log += told
        self.queue.extend(action for action in told if isinstance(action, Send))
        self._next()
        return told

    def _next(self) -> None:
        while self.queue and self.flight is None:
            send = self.queue.popleft()
            self.sent.append(send.data)
            self.flight = send if send.reply else None

    def hear(self, data: bytes) -> list[Any]:
        told: list[Any] = []
        for message in self.feed(data):
            tag = None
            if self.flight and self.driver.cutter.answers(message):
                tag, self.flight = self.flight.tag, None
            told += self.do(self.driver.received(message, tag))
            self._next()
        return told

    def silence(self) -> list[Any]:
        """What is in flight is never answered."""
        assert self.flight is not None
        tag, self.flight = self.flight.tag, None
        told = self.do(self.driver.failed(tag, "no response"))
        self._next()
        return told

    def ask(self, command: Command, unit: str = "") -> Request:
        request = Request(f"c{len(self.log)}", command, unit)
        self.do(self.driver.command(request))
        return request

    def told(self, *kinds: type) -> list[Any]:
        return [action for action in self.log if isinstance(action, kinds)]

    def points(self, unit: str = "") -> dict[str, Any]:
        """Everything that was fed back of a unit, the newest of each."""
        found: dict[str, Any] = {}
        for action in self.log:
            if isinstance(action, Feedback) and action.unit == unit:
                found |= action.points
        return found
