"""What the shared contract suite needs to know of a driver and its simulator, and a device to run them with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import LoopClock
from gateway.commands import Command
from gateway.device import Device
from gateway.driver import Driver
from gateway.link import Address, Trust
from gateway.model import Event, Reading, Reason


@dataclass(frozen=True)
class Do:
    """A command, and how the simulator's memory shows it done. `before` puts the simulator where the command makes
    sense (an incoming call to answer), `heard` says by the points when the driver knows of it; `outcome` is what an
    honest driver must end with."""

    command: Command
    unit: str = ""
    seen: Callable[[Any], bool] = lambda sim: True
    before: Callable[[Any], Any] | None = None
    heard: Callable[[Mapping[str, Reading]], object] | None = None
    outcome: str = "confirmed"


@dataclass(frozen=True)
class Hand:
    """Somebody at the device: what they do, and which points must show it; `pushed`: within 100 ms."""

    do: Callable[[Any], Any]
    shows: Mapping[str, Any]
    unit: str = ""
    pushed: bool = True


@dataclass(frozen=True)
class Case:
    """One driver with its simulator, for every link it speaks."""

    driver: type[Driver]
    simulator: str
    links: tuple[str, ...]
    commands: list[Do]
    hands: list[Hand]
    settings: Mapping[str, Any] = field(default_factory=dict)
    simulator_settings: Mapping[str, Any] = field(default_factory=dict)
    refused_login: Mapping[str, Mapping[str, Any]] | None = None
    refused_reason: Reason = Reason.LOGIN_REFUSED
    one_way: frozenset[str] = frozenset()  # links on which the device never says a word: silence is not noticed
    visitor: str = ""  # a device that calls: the unit that it brings. We are online without it, and it is what comes

    def up(self, device: Device) -> bool:
        """Whether it is there: online, and of one that calls, the unit that it brings."""
        if not self.visitor:
            return device.online
        unit = device.unit(self.visitor)
        return device.online and unit.offers is not None and not unit.gone

    def wanted(self, do: Do, link: str) -> str:
        """What a command must end with on this link: nothing can be confirmed by a device that is silent there."""
        return "assumed" if link in self.one_way and do.outcome == "confirmed" else do.outcome


class Watcher:
    """Wakes whoever waits for a fact about a device."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.events: list[Event] = []
        self._news = asyncio.Event()
        device.listeners.append(self)

    def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None:
        self._news.set()

    def availability(self, player: Any) -> None:
        self._news.set()

    def offered(self, player: Any, unit: str) -> None:
        self._news.set()

    def happened(self, player: Any, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, fact: Callable[[], bool], within: float = 10.0) -> None:
        """Wait until `fact()` holds; fails with what the device says of itself."""
        try:
            async with asyncio.timeout(within):
                while not fact():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            device = self.device
            points = {unit: held.points for unit, held in device.units.items()}
            raise AssertionError(
                f"not within {within} s; online={device.online} {device.reason} {device.words!r} {points}"
            ) from None


def value(device: Device, point: str, unit: str = "") -> Any:
    """A point's value as the device knows it now; None where it is stale."""
    reading = device.unit(unit).points.get(point)
    return None if reading is None or reading.stale else reading.value


@contextlib.asynccontextmanager
async def run_device(
    driver: type[Driver], link: str, settings: Mapping[str, Any] | None = None, **more: Any
) -> AsyncIterator[tuple[Device, Watcher]]:
    """A real device under its supervisor, closed at the end."""
    more.setdefault("trust", Trust(any=True))
    device = Device(
        driver.name,
        driver,
        Address.parse(link, driver.links),
        driver.Settings(**(settings or {})),
        clock=LoopClock(),
        **more,
    )
    watcher = Watcher(device)
    task = asyncio.create_task(device.run())
    try:
        yield device, watcher
        asked = driver(device.settings)
        for unit, held in device.units.items():
            declared = asked.may_take(unit) if held.offers is not None else None
            assert declared is None or held.offers <= declared, f"{unit!r} offers what it was said never to take"
    finally:
        await device.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
