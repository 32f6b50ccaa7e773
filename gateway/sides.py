"""The further links of a connection: an event stream, a notifier. They come and go and never decide online.

What may not live here: the main link and its turns (`connection.py`). Sends on a side link hold no turn.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from gateway import link as links
from gateway.driver import Reach, Reached, Send
from gateway.link import Address, Ears, Link, LinkError
from gateway.model import Reason

if TYPE_CHECKING:
    from gateway.connection import Connection

log = logging.getLogger("roomgate.device")

FIRST_RETRY, LONGEST_RETRY = 2.0, 30.0  # seconds before a side link is opened again
KEPT = 8  # what was said while a side link was not open: the newest so many


class Side:
    """One side link: open, or about to be. `told`: the driver asked for it, and is told when it is open and no more."""

    def __init__(self, address: Address, *, told: bool = False) -> None:
        self.address = address
        self.told = told
        self.link: Link | None = None
        self.kept: deque[tuple[Send, int]] = deque(maxlen=KEPT)
        self.asked: dict[Hashable, Hashable] = {}  # number -> tag of what is answered by its own reply

    def send(self, send: Send, number: int) -> None:
        """Hand it to the link, or keep it for when there is one."""
        if self.link is None:
            self.kept.append((send, number))
            return
        if send.reply and self.address.scheme in links.PAIRED:
            self.asked[number] = send.tag
        self.link.send(send.data, number)


class Sides:
    """All side links of one connection, kept open until it ends."""

    def __init__(self, connection: Connection, addresses: Mapping[str, Address]) -> None:
        self.connection = connection
        self.links = {name: Side(address) for name, address in addresses.items()}
        self._tasks: dict[Side, asyncio.Task[None]] = {}
        for name, side in self.links.items():
            self._begin(name, side)

    def _begin(self, name: str, side: Side) -> None:
        task = self._tasks[side] = asyncio.get_running_loop().create_task(self._keep(name, side))
        task.add_done_callback(lambda _: self._tasks.pop(side, None))

    def reach(self, reach: Reach) -> None:
        """Keep a link to where the driver asks for; what was open by that name is closed. Raises ValueError."""
        address = Address.parse(reach.url) if reach.url else None
        before = self.links.pop(reach.link, None)
        if before is not None and before in self._tasks:
            self._tasks[before].cancel()
        if address is not None:
            side = self.links[reach.link] = Side(address, told=True)
            self._begin(reach.link, side)

    def send(self, send: Send, number: int) -> None:
        """Send on the side link that it names."""
        self.links[send.link].send(send, number)

    async def close(self) -> None:
        """Close them all."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, side: Side) -> None:
        device, delay, said = self.connection.device, FIRST_RETRY, False
        while True:
            lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                words = await self._live(name, side, lost)
                delay = FIRST_RETRY
            except LinkError as error:
                words = str(error)
            except Exception as error:  # an address or a value that the link cannot use: the driver's mistake
                log.exception("%s: the side link %s failed", device.name, name)
                self.connection.finish(Reason.DRIVER_ERROR, f"{type(error).__name__} in the side link {name}")
                return
            (log.debug if said else log.info)("%s: the side link %s is not there: %s", device.name, name, words)
            said = True
            again = asyncio.Event()
            timer = device.clock.at(device.clock.now() + delay, again.set)
            try:
                await again.wait()
            finally:
                timer.cancel()
            delay = min(LONGEST_RETRY, 2 * delay)

    async def _live(self, name: str, side: Side, lost: asyncio.Future[str]) -> str:
        """Open it, and stay until it is lost; returns why."""

        def over(reason: Reason, words: str) -> None:
            if not lost.done():
                lost.set_result(f"{reason}: {words}")

        connection = self.connection
        ears = Ears(heard=functools.partial(self._heard, name, side), broke=functools.partial(_broke, side), lost=over)
        await links.load(side.address.scheme)
        link = links.make(side.address, connection.driver.opening(), connection.device.trust, ears)
        try:
            await link.open()
            side.link = link
            while side.kept:
                side.send(*side.kept.popleft())
            self._tell(name, side, Reached(True))
            words = await lost
            side.link = None
            self._tell(name, side, Reached(False, words))
            return words
        finally:
            side.link = None
            side.asked.clear()
            await link.close()

    def _tell(self, name: str, side: Side, news: Reached) -> None:
        if side.told and self.links.get(name) is side:
            self.connection.ask("received", self.connection.driver.received, news, None, name)

    def _heard(self, name: str, side: Side, data: object, number: Hashable) -> None:
        if self.links.get(name) is not side:  # it was given up, and is being closed
            return
        tag = side.asked.pop(number, None)
        known = number if tag is not None and isinstance(number, int) else 0
        self.connection.ask("received", self.connection.driver.received, data, tag, name, number=known)


def _broke(side: Side, number: Hashable, words: str) -> None:
    """A side link's silence is no reason to give the device up; its driver asks again in its own time."""
    side.asked.pop(number, None)
