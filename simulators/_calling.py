"""The doors of devices that call instead of being called: they connect to the gateway, and again whenever they lost it.

Only connections and faults live here: no protocol and no device memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulators.doors import Door, Session, TcpSession

if TYPE_CHECKING:
    from simulators.faults import Faults


class CallDoor(Door):
    """Calls one TCP address until it is taken, and again `again` seconds after each connection's end."""

    whole = False
    listening = False

    def __init__(
        self,
        faults: Faults,
        opened: Callable[[Session], None],
        received: Callable[[Session, bytes], None],
        closed: Callable[[Session], None],
        *,
        again: float,
    ) -> None:
        super().__init__(faults, opened, received, closed)
        self.again = again
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    def aim(self, host: str, port: int) -> int:
        """Whom to call; port 0 chooses one that is free now, for the gateway to take."""
        self._host, self.port = host, port or _free(host)
        return self.port

    def reopen(self) -> None:
        if self._task is None:
            self.listening = True
            self._task = asyncio.get_running_loop().create_task(self._call())

    def shut(self) -> None:
        self.listening = False
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.drop()

    async def close(self) -> None:
        task = self._task
        self.shut()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        await self._empty.wait()

    def leave(self, session: Session) -> None:
        super().leave(session)
        self._over.set()

    async def _call(self) -> None:
        while True:
            self._over.clear()
            with contextlib.suppress(OSError):
                await self._once()
            await asyncio.sleep(self.again)

    async def _once(self) -> None:
        make: Any = lambda: TcpSession(self)  # type: ignore[arg-type]  # noqa: E731
        await asyncio.get_running_loop().create_connection(make, self._host, self.port)
        await self._over.wait()


class WsCallSession(Session):
    """One WebSocket that this device opened; a message a line."""

    def __init__(self, door: WsCallDoor, websocket: Any) -> None:
        super().__init__(door.faults, whole=True)
        self._door = door
        self._websocket = websocket
        self._out: asyncio.Queue[str | None] = asyncio.Queue()
        self._line = b""  # a message is a whole line, however the faults chop what is said

    async def run(self) -> None:
        """Until either side has enough."""
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(self._send())
            with contextlib.suppress(Exception):  # however it ends: it ended
                async for message in self._websocket:
                    self._door.received(self, message.encode() if isinstance(message, str) else message)
            sender.cancel()

    async def _send(self) -> None:
        while (words := await self._out.get()) is not None:
            with contextlib.suppress(Exception):
                await self._websocket.send(words)
        await self._websocket.close()

    def _write(self, data: bytes | memoryview) -> None:
        *lines, self._line = (self._line + bytes(data)).split(b"\n")
        for line in lines:
            self._out.put_nowait(line.decode("utf-8", "replace"))

    def _shut(self) -> None:
        self._out.put_nowait(None)

    def _break(self) -> None:
        self._websocket.transport.abort()


class WsCallDoor(CallDoor):
    """The same, to a WebSocket."""

    whole = True

    async def _once(self) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        with contextlib.suppress(WebSocketException):
            async with connect(f"ws://{self._host}:{self.port}", proxy=None, max_size=None) as websocket:
                session = WsCallSession(self, websocket)
                try:
                    self.enter(session)
                    await session.run()
                finally:
                    self.leave(session)


def _free(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
