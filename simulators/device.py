"""What every simulated device shares: memory, hands, device time, faults, and the doors it is reached through.

No protocol may live here, and nothing that a driver also uses: the simulator is a second reading of the manual.
A simulator is a dataclass; its public fields are the device's memory, its methods marked `@hand` the hands in the room.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import dataclasses
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    TypeVar,
    cast,
    get_origin,
    get_type_hints,
)
from urllib.parse import urlsplit

from simulators.doors import Door, PtyDoor, Session, TcpDoor
from simulators.faults import Faults
from simulators.values import PARSE, SimulatorError, did_you_mean, parsed, plain

__all__ = ["Faults", "Session", "Simulator", "SimulatorError", "StreamSimulator", "Timer", "Where", "hand"]

SECRETS = frozenset({"password", "passphrase", "token", "community", "secret"})
Method = TypeVar("Method", bound=Callable[..., Any])


def hand(method: Method) -> Method:
    """Mark a method as a hand in the room: it can be called over HTTP, and whoever waits on the memory looks again."""
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def reach(self: Simulator, *given: Any, **named: Any) -> Any:
            try:
                return await method(self, *given, **named)
            finally:
                self.touched()
    else:

        @functools.wraps(method)
        def reach(self: Simulator, *given: Any, **named: Any) -> Any:
            try:
                return method(self, *given, **named)
            finally:
                self.touched()

    reach.is_hand = True  # type: ignore[attr-defined]
    return cast(Method, reach)


class Timer:
    """Something the device will do in its own time."""

    def __init__(self, device: Simulator, seconds: float, then: Callable[[], None]) -> None:
        self._device, self._then = device, then
        self._due = device.clock() + seconds
        self._handle = asyncio.get_running_loop().call_later(max(seconds, 0.0) / device.speed, self._ring)
        self.running = True

    @property
    def left(self) -> float:
        """Device seconds until it rings."""
        return max(0.0, self._due - self._device.clock()) if self.running else 0.0

    def cancel(self) -> None:
        self.running = False
        self._handle.cancel()
        self._device.timers.discard(self)

    def _ring(self) -> None:
        self.running = False
        self._device.timers.discard(self)
        self._then()
        self._device.touched()


class Where(NamedTuple):
    """An address to serve on: port 0 and an empty path mean a free one."""

    scheme: str
    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""


@dataclass(kw_only=True, eq=False)
class Simulator:
    """Base of every simulated device. Subclasses say how they `listen` and what `restart` forgets."""

    name: ClassVar[str]
    title: ClassVar[str]
    links: ClassVar[Mapping[str, int]]  # scheme -> the protocol's usual port

    speed: float = 1.0  # 10 = ten times faster than the device
    boot_seconds: float = 5.0
    faults: Faults = field(default_factory=Faults)

    doors: list[Door] = field(default_factory=list, init=False, repr=False)
    timers: set[Timer] = field(default_factory=set, init=False, repr=False)
    _closers: list[Callable[[], Awaitable[object]]] = field(default_factory=list, init=False, repr=False)
    _waiting: set[asyncio.Future[None]] = field(default_factory=set, init=False, repr=False)
    _first: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _linked: bool = field(default=False, init=False, repr=False)

    PLUMBING: ClassVar[frozenset[str]] = frozenset({"faults", "doors", "timers"})

    # What a device adds.

    async def listen(self, where: Where) -> str:
        """Open the doors on that address and return the address that a client can use."""
        raise NotImplementedError

    def restart(self) -> None:
        """Forget what the device forgets when its power fails; see `reset`."""

    def linked(self) -> None:
        """The device has come (or come back) to its network or cable; clients may follow."""

    # What everybody may call.

    @classmethod
    def configured(cls, settings: Mapping[str, object]) -> Self:
        """Make one with these settings; texts are understood (`on`, `2.5`), as they come from a command line."""
        hints = get_type_hints(cls)
        known = {
            item.name: hints[item.name]
            for item in dataclasses.fields(cls)
            if item.init and not item.name.startswith("_") and item.name not in cls.PLUMBING
        }
        settable = {name: kind for name, kind in known.items() if kind in PARSE or get_origin(kind) is Literal}
        for name in settings:
            if name not in settable:
                raise SimulatorError(f"{cls.name} has no setting {name!r}{did_you_mean(name, settable)}")
        device = cls(**{name: parsed(name, value, settable[name]) for name, value in settings.items()})
        if device.speed <= 0:
            raise SimulatorError(f"speed is {device.speed:g}, expected a number above 0")
        return device

    @classmethod
    def hands(cls) -> dict[str, Callable[..., Any]]:
        """Every hand of this device, by its name."""
        members = inspect.getmembers(cls, inspect.isfunction)
        return {name: member for name, member in members if getattr(member, "is_hand", False)}

    async def start(self, link: str | None = None) -> str:
        """Serve on a link ("tcp", "tcp://127.0.0.1:0"; the first of `links` by default); the address for clients."""
        where = self._where(link)
        if not self._first:
            self._first = {
                item.name: copy.deepcopy(getattr(self, item.name))
                for item in dataclasses.fields(self)
                if not item.name.startswith("_") and item.name not in self.PLUMBING
            }
        self.faults.attach(self._settle, self._drop, self._inject)
        try:
            address = await self.listen(where)
        except OSError as broken:
            await self.stop()
            raise SimulatorError(f"{self.name} cannot serve on {link or where.scheme}: {broken}") from broken
        except BaseException:
            await self.stop()
            raise
        self._settle()
        return address

    async def stop(self) -> None:
        """Close everything; may be called twice."""
        for timer in list(self.timers):
            timer.cancel()
        self.faults.forget()
        self.faults.booting = self._linked = False
        self.touched()
        doors, self.doors = self.doors, []
        for door in doors:
            await door.close()
        while self._closers:
            await self._closers.pop()()

    @contextlib.asynccontextmanager
    async def serving(self, link: str | None = None) -> AsyncIterator[str]:
        """Start now, stop at the end of the block."""
        address = await self.start(link)
        try:
            yield address
        finally:
            await self.stop()

    def on_stop(self, closer: Callable[[], Awaitable[object]]) -> None:
        """Have something awaited when the device stops, the latest first, after the doors have closed."""
        self._closers.append(closer)

    def clock(self) -> float:
        """Seconds as the device counts them."""
        return asyncio.get_running_loop().time() * self.speed

    def after(self, seconds: float, then: Callable[[], None]) -> Timer:
        """Do something later in device time."""
        timer = Timer(self, seconds, then)
        self.timers.add(timer)
        return timer

    def touched(self) -> None:
        """Say that the memory may have changed."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, fact: Callable[[], object], timeout: float = 5.0) -> None:
        """Wait until a fact holds; it is looked at again whenever the memory may have changed."""
        try:
            async with asyncio.timeout(timeout):
                while not fact():
                    waiter = asyncio.get_running_loop().create_future()
                    self._waiting.add(waiter)
                    try:
                        await waiter
                    finally:
                        self._waiting.discard(waiter)
        except TimeoutError:
            raise TimeoutError(f"{self.name}: not so within {timeout} s; its memory: {self.memory()}") from None

    def memory(self) -> dict[str, Any]:
        """What the device holds, ready for JSON, without secrets."""
        return {
            item.name: plain(getattr(self, item.name))
            for item in dataclasses.fields(self)
            if not item.name.startswith("_")
            and item.name not in self.PLUMBING
            and item.name.rsplit("_", 1)[-1] not in SECRETS
        }

    def reset(self, *names: str) -> None:
        """Put these parts of the memory back to what they were when the device first started."""
        for name in names:
            setattr(self, name, copy.deepcopy(self._first[name]))

    @hand
    async def reboot(self) -> None:
        """Cut the power for a moment: connections break, volatile memory is lost; returns when the device is back."""
        for timer in list(self.timers):
            timer.cancel()
        self.faults.booting = True
        self._settle()
        self.restart()
        self.after(self.boot_seconds, self._booted)
        await self.until(lambda: not self.faults.booting, timeout=self.boot_seconds / self.speed + 5)

    def _booted(self) -> None:
        self.faults.booting = False
        self._settle()

    def _settle(self) -> None:
        for door in self.doors:
            if self.faults.reachable:
                door.reopen()
            else:
                door.shut()
        came, self._linked = self.faults.reachable and not self._linked, self.faults.reachable
        if came:
            self.linked()
        self.touched()

    def _drop(self) -> None:
        for door in self.doors:
            door.drop()

    def _inject(self, data: bytes) -> None:
        for door in self.doors:
            door.inject(data)

    @classmethod
    def _where(cls, link: str | None) -> Where:
        text = link or next(iter(cls.links))
        parts = urlsplit(text if ":" in text else f"{text}:")
        if parts.scheme not in cls.links:
            raise SimulatorError(f"{cls.name} is not reached over {text!r}{did_you_mean(parts.scheme, cls.links)}")
        try:
            return Where(parts.scheme, parts.hostname or "127.0.0.1", parts.port or 0, parts.path)
        except ValueError as broken:
            raise SimulatorError(f"{text!r} is no address: {broken}") from None


@dataclass(kw_only=True, eq=False)
class StreamSimulator(Simulator):
    """A device that speaks over a byte stream, alike over TCP and over a serial cable."""

    def opened(self, session: Session) -> None:
        """A client has come (or the cable was plugged in): greet it."""

    def received(self, session: Session, data: bytes) -> None:
        """Bytes as they come; where a command ends is for the device to say."""

    def closed(self, session: Session) -> None:
        """A client has gone."""

    @property
    def sessions(self) -> list[Session]:
        """Every open connection."""
        return [session for door in self.doors for session in door.sessions]

    def broadcast(self, data: bytes) -> None:
        """Say something to every client."""
        for session in self.sessions:
            session.send(data)

    async def listen(self, where: Where) -> str:
        """Serve on a TCP port or behind the path of a pseudo-terminal."""
        if where.scheme == "serial":
            line = PtyDoor(self.faults, self._hear_open, self._hear, self._hear_close)
            path = line.plug(where.path)
            self.doors.append(line)
            return f"serial://{path}"
        door = TcpDoor(self.faults, self._hear_open, self._hear, self._hear_close)
        port = door.bind(where.host, where.port)
        self.doors.append(door)
        return f"{where.scheme}://{where.host}:{port}"

    def _hear_open(self, session: Session) -> None:
        self.opened(session)
        self.touched()

    def _hear(self, session: Session, data: bytes) -> None:
        self.received(session, data)
        self.touched()

    def _hear_close(self, session: Session) -> None:
        self.closed(session)
        self.touched()
