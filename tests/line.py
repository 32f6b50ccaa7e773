"""A tiny line device on a real socket whose firmware is the test, and a tiny driver that speaks its language.

What may not live here: tests, and anything that a real driver or simulator uses.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Any

from gateway.clock import Clock
from gateway.commands import Command, Dial, HangUp, Search, SendDtmf, SetMute, SetRelay, SetVolume, StepVolume, Stop
from gateway.cutters import Cutter, Lines
from gateway.device import Device
from gateway.driver import Actions, Driver, Feedback, Offers, Ready, Refused, Request, Send, Taken, Timing
from gateway.link import Address
from tests.clock import ManualClock, ManualTimer
from tests.drivers.contract import Watcher, value

OFFERED = frozenset({SetVolume, StepVolume, SetMute, Stop, Dial, HangUp, Search, SendDtmf, SetRelay})


class LineDevice(asyncio.Protocol):
    """Hears lines; answers each with what `firmware` makes of it: "ok" by default, nothing where it gives None."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.firmware: Callable[[str], str | None] = lambda line: "ok"
        self.connections = 0
        self.transport: asyncio.Transport | None = None
        self.link = ""
        self._held = b""
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connections += 1
        self._held = b""
        self._news.set()

    def data_received(self, data: bytes) -> None:
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            self.heard.append(line.decode())
            answer = self.firmware(line.decode())
            if answer is not None:
                self.say(answer)
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._news.set()

    def say(self, *lines: str) -> None:
        """Say lines, all in one packet."""
        assert self.transport is not None
        self.transport.write("".join(f"{line}\n" for line in lines).encode())

    def drop(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.abort()

    def mute(self, *lines: str) -> None:
        """Do not answer these lines; all where none is named."""
        self.firmware = lambda line: None if not lines or line in lines else "ok"

    async def until(self, fact: Callable[[], object], within: float = 5.0) -> None:
        """Wait for a fact about what was heard."""
        try:
            async with asyncio.timeout(within):
                while not fact():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not within {within} s; heard {self.heard}") from None

    async def hears(self, *lines: str) -> None:
        """Wait until these were the last lines heard."""
        await self.until(lambda: self.heard[-len(lines) :] == list(lines))


class Watch(ManualClock):
    """A clock moved by hand that wakes whoever waits for something to be planned."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def at(self, when: float, then: Callable[[], None]) -> ManualTimer:
        self._news.set()
        return super().at(when, then)

    async def until(self, fact: Callable[[], object]) -> None:
        """Wait until a fact holds; it is looked at again whenever a timer was set."""
        async with asyncio.timeout(5):
            while not fact():
                self._news.clear()
                await self._news.wait()

    async def wait(self) -> float:
        """Wait until something is planned; the seconds until then."""
        await self.until(lambda: self.next is not None)
        assert self.next is not None
        return self.next - self.now()


@contextlib.asynccontextmanager
async def line_device(context: ssl.SSLContext | None = None) -> AsyncIterator[LineDevice]:
    """A line device, listening on a free port."""
    device = LineDevice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: device, "127.0.0.1", 0, ssl=context)
    device.link = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield device
    finally:
        server.close()
        device.drop()
        await server.wait_closed()
        await device.until(lambda: device.transport is None)


class Talker(Driver):
    """Speaks to a LineDevice: "ok" acknowledges, "no WORDS" refuses, "! UNIT POINT VALUE" tells unasked."""

    name = "talker"
    links = {"tcp": 0}
    cutter: Cutter = Lines((b"\n",), unasked="!")
    timing = Timing(window=1, reply=1.0, ready=2.0)
    pushes = True

    def valid_unit(self, unit: str) -> bool:
        return True

    def opened(self) -> Actions:
        yield Send(b"hello\n", tag="hello")

    def command(self, request: Request) -> Actions:
        yield Send(self.words(request.command, request.unit).encode() + b"\n", tag=request)

    def words(self, command: Command, unit: str) -> str:
        match command:
            case SetVolume(level=level):
                return f"volume {level}"
            case StepVolume(by=by):
                return f"step {by}"
            case SetMute(on=on):
                return f"mute {on}"
            case SetRelay(closed=closed):
                return f"relay {unit} {closed}"
        return command.verb

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        match data.decode().split():
            case ["!", unit, point, value]:
                yield self.told(unit.strip("-"), point, value)
            case ["ok"] if tag == "hello":
                yield Offers("", OFFERED)
                yield Ready()
            case ["ok"] if isinstance(tag, Request):
                yield Taken(tag)
            case ["no", *words] if isinstance(tag, Request):
                yield Refused(tag, " ".join(words))

    def told(self, unit: str, point: str, value: str) -> Feedback:
        known: dict[str, Any] = {"True": True, "False": False, "None": None}
        points: dict[str, Any] = {point: int(value) if value.isdigit() else known.get(value, value)}
        return Feedback(unit, **points)


async def caught_up(far: LineDevice, device: Device, watcher: Watcher, *heard: str) -> None:
    """Wait until the device heard these lines, and all that it has said by then was heard by the gateway."""
    if heard:
        await far.hears(*heard)
    held = device.unit("mark").points.get("lamp_hours")
    mark = 1 if held is None else held.value + 1
    far.say(f"! mark lamp_hours {mark}")
    await watcher.until(lambda: value(device, "lamp_hours", "mark") == mark, within=5)


@contextlib.asynccontextmanager
async def running(
    driver: type[Driver], link: str, *, clock: Clock | None = None, online: bool = True, **more: Any
) -> AsyncIterator[tuple[Device, Watcher]]:
    """A device under its supervisor, online unless that is not waited for; closed at the end."""
    from gateway.clock import LoopClock

    device = Device(driver.name, driver, Address.parse(link), driver.Settings(), clock=clock or LoopClock(), **more)
    watcher = Watcher(device)
    task = asyncio.create_task(device.run())
    try:
        if online:
            await watcher.until(lambda: device.online, within=5)
        yield device, watcher
    finally:
        await device.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
