"""What the fuzz tests share: examples of a strategy as a list, rogues on real sockets, and what must hold after them.

Hypothesis makes the examples, the same ones in each run; they are sent one after another over real sockets to one
running gateway, so that what one leaves behind meets the next. What may not live here: what any door understands.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from gateway.auth import Guard
from tests.api.support import Rig

KEYPAD_TOKEN = "a-token-for-the-wall-0123"
PROFILE = """
[devices.decks]
driver = "stream_deck_satellite"
link = "listen+tcp://127.0.0.1"
allow = ["127.0.0.0/8"]

[devices.plugins]
driver = "stream_deck_satellite"
link = "listen+ws://127.0.0.1"
allow = ["127.0.0.0/8"]

[keypads.wall]
token = { env = "WALL_TOKEN" }
allow = ["127.0.0.0/8"]
[keypads.wall.actions]
volume = { do = "volume", level = 44 }
"""
_hosts = itertools.count(1)


def examples(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """So many examples, the same in each run."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def take(one: Any) -> None:
        found.append(one)

    take()
    return found


def elsewhere() -> str:
    """An address of this machine that nobody has come from yet."""
    number = next(_hosts)
    return f"127.7.{number // 250}.{number % 250 + 1}"


@dataclass
class Rogue:
    """A connection of somebody who means no good, and what was answered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: bytes = b""

    async def says(self, data: bytes) -> None:
        """Say it; being hung up on is no matter."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def hears(self, wanted: bytes, within: float = 5.0) -> bool:
        """Whether this is answered before we are hung up on."""
        async with asyncio.timeout(within):
            while wanted not in self.heard:
                try:
                    data = await self.reader.read(65536)
                except ConnectionError:
                    return False
                if not data:
                    return False
                self.heard = self.heard[-1000:] + data
        return True


@contextlib.asynccontextmanager
async def rogue(port: int, address: str = "") -> AsyncIterator[Rogue]:
    """Somebody from another address of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address or elsewhere(), 0))
    try:
        yield Rogue(reader, writer)
    finally:
        writer.transport.abort()


class Peace:
    """What must be as it was once the rogues have gone: no command was given, no device changed, nothing broke."""

    def __init__(self, house: Rig, caplog: pytest.LogCaptureFixture) -> None:
        self.house = house
        self.caplog = caplog
        caplog.set_level(logging.WARNING)  # as `roomgate serve` does
        self.before = self.look()

    def look(self) -> Any:
        devices = {name: self.house.sims[name].memory() for name in ("codec", "projector", "relays")}
        del devices["codec"]["peripherals"]  # the gateway tells the codec of itself, in its own time
        return list(self.house.room.commands), list(self.house.running.house.lobby.hosts), devices

    def holds(self) -> None:
        """Say what is broken."""
        now = self.look()
        assert now == self.before, [(was, is_) for was, is_ in zip(self.before, now, strict=True) if was != is_]
        self.nothing_broke()

    def nothing_broke(self) -> None:
        """No fault was logged, and nobody could fill the log."""
        broken = [record for record in self.caplog.records if record.exc_info or record.levelno >= logging.ERROR]
        assert not broken, "\n".join(record.getMessage() for record in broken)
        said = Counter(record.getMessage() for record in self.caplog.records)
        assert all(times <= Guard.TRIES + 1 for times in said.values()), f"rogues fill the log: {said.most_common(3)}"


@contextlib.contextmanager
def memory(most: int) -> Iterator[None]:
    """No more than `most` bytes are held after the block that were not held before it."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < most, f"{grown} bytes more are held"
