"""Who calls at a device that listens: one connection, with a driver of its own, for each that comes in.

What may not live here: commands and state (`device.py`), the listening socket (`link/listen.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, Protocol

from gateway.connection import Connection
from gateway.ending import Ending
from gateway.link import LinkError
from gateway.model import Outcome, Reason, Result

if TYPE_CHECKING:
    from gateway.device import Device
    from gateway.link import Address
    from gateway.link.listen import Maker, Peer

log = logging.getLogger("roomgate.device")

FROM_ONE = 64  # connections from one address at a time
BAD = frozenset({Reason.PROTOCOL_ERROR, Reason.LOGIN_REFUSED})


class Guarding(Protocol):
    """Slows down who misbehaves: `auth.Guard`."""

    def failed(self, address: str, what: str) -> None: ...
    def wait(self, address: str) -> float: ...


class Visits:
    """The visitors of one device, and which of them serves which unit. Online means: the port is ours."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.connections: set[Connection] = set()
        self.owners: dict[str, Connection] = {}
        self.guard: Guarding | None = None  # nobody is let in from where many were thrown out just now
        self.address: Address | None = None  # where it listens now, with the port that was really taken
        self._end: asyncio.Future[Ending] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines = itertools.count(1)

    async def run(self) -> Ending:
        """Listen until `finish()`, or say why that is not possible."""
        from gateway.link.listen import listen

        device = self.device
        self._end = asyncio.get_running_loop().create_future()
        try:
            listener = await listen(device.address, device.make_driver("").opening(), self._came)
        except LinkError as error:
            return Ending(error.reason, error.words)
        except Exception as error:
            log.exception("%s: it cannot listen", device.name)
            return Ending(Reason.DRIVER_ERROR, f"{type(error).__name__} while it began to listen; the log has it")
        began = device.clock.now()
        try:
            self.address = listener.address
            device.came_online()
            ending = await self._end
            return Ending(ending.reason, ending.words, device.clock.now() - began)
        finally:
            self.address = None
            await listener.close()
            for connection in list(self.connections):
                connection.finish(Reason.LINK_LOST, "no longer listening")
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def finish(self, reason: Reason, words: str) -> None:
        """Listen no more."""
        if self._end is not None and not self._end.done():
            self._end.set_result(Ending(reason, words))

    def own(self, connection: Connection, unit: str) -> None:
        """This connection serves a unit now. Who comes again, after a power failure perhaps, takes over from itself."""
        held = self.owners.get(unit)
        if held is not None and held is not connection:
            held.units.discard(unit)
            for ticket in [t for t in self.device.unit(unit).flight.values() if t.sent_at is not None]:
                self.device.end(ticket, Outcome(Result.OFFLINE, "it left, and came again"))
        self.owners[unit] = connection

    def disown(self, connection: Connection, unit: str) -> bool:
        """This connection serves a unit no more; False where another has taken over."""
        if self.owners.get(unit) is not connection:
            return False
        del self.owners[unit]
        return True

    def _came(self, make: Maker, peer: Peer) -> None:
        if self.guard is not None and self.guard.wait(peer.host) > 0:
            return
        if sum(connection.driver.host == peer.host for connection in self.connections) >= FROM_ONE:
            return
        connection = Connection(self.device, self.device.make_driver(peer.host), line=next(self._lines))
        connection.link = make(connection.ears)
        self.connections.add(connection)
        task = asyncio.get_running_loop().create_task(self._serve(connection, peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection, peer: Peer) -> None:
        try:
            ending = await connection.run()
            log.info("%s: %s has left: %s", self.device.name, peer.host, ending.words or ending.reason)
            if self.guard is not None and ending.reason in BAD:
                self.guard.failed(peer.host, "port for decks")
                if (wait := self.guard.wait(peer.host)) > 0:
                    said = ending.words or ending.reason
                    log.warning("%s: nobody from %s is let in for %d s: %s", self.device.name, peer.host, wait, said)
        finally:
            self.connections.discard(connection)
            for unit in list(connection.units):
                self.device.gone(connection, unit)
