"""One connection of one device: its driver, its link, its turns and its timers, from open to end.

The only place where a driver's actions become deeds. What may not live here: trying again, what outlives a
connection, rooms (`device.py`, `room.py`). All of it runs in the event loop, without a lock and without waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway import link as links
from gateway.clock import Clock, Timer
from gateway.cutters import Overflow
from gateway.driver import (
    Action,
    Answered,
    Appeared,
    Done,
    Driver,
    Drop,
    Feedback,
    Gone,
    Item,
    Later,
    More,
    Offers,
    Press,
    Ready,
    Refused,
    Request,
    Send,
    StartTls,
    Taken,
)
from gateway.link import Address, Ears, Link, LinkError, Trust
from gateway.model import Event, Outcome, Reason, Result
from gateway.tape import Tape

if TYPE_CHECKING:
    from gateway.device import Device
    from gateway.ticket import Ticket

log = logging.getLogger("roomgate.device")

CLOSING = 2.0  # seconds for a driver's last words
FAIRNESS = 8  # commands in a row before a waiting poll gets its turn
SIDE_RETRY = 15.0  # seconds before a broken side link is opened again


@dataclass(slots=True)
class Exchange:
    """One Send on its way: waiting, or in flight until answered or overdue."""

    send: Send
    ticket: Ticket | None
    urgent: bool
    number: int
    said: float
    overdue: Timer | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection is over, and whether the device had really been online."""

    reason: Reason
    words: str
    was_ready: bool


class Connection:
    """A driver and its link, alive. `end` resolves when it is over, for whatever reason."""

    def __init__(self, device: Device, driver: Driver) -> None:
        self.device = device
        self.driver = driver
        self.address: Address = device.address
        self.clock: Clock = device.clock
        self.tape: Tape = device.tape
        self.timing = driver.timing
        self.cutter = driver.cutter
        self.feed = self.cutter.start()
        self.ready = False
        self.ended = False
        self.end: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.trust: Trust = device.trust
        self.link: Link | None = None
        self.sides: dict[str, Link] = {}
        self._side_tasks: set[asyncio.Task[None]] = set()
        self._side_waiting: dict[str, deque[Send]] = {}
        self.units: set[str] = set()
        self._born: float = self.clock.now()
        self._people: deque[Exchange] = deque()
        self._background: deque[Exchange] = deque()
        self._urgent: deque[Exchange] = deque()
        self._flight: deque[Exchange] = deque()
        self._timers: dict[str, Timer] = {}
        self._last_sent = float("-inf")
        self._gap_timer: Timer | None = None
        self._numbers = 0
        self._asking = False
        self._pumping = False
        self._paused = False
        self._row = 0
        self._during: Ticket | None = None
        self._deadline: Timer | None = None
        self._quiet: asyncio.Event | None = None  # set when leaving and the last words are out

    # ---- life ------------------------------------------------------------------------------------------------

    async def run(self, link: Link | None = None) -> Ending:
        """Open the link (or take over one that a listener accepted), live, and close; returns how it ended."""
        try:
            if link is None:
                link = links.make(self.address, self.driver.opening(), self.trust, self.ears("main"))
                self.link = link
                await link.open()
            else:
                self.link = link
            self.begin()
            return await self.end
        except LinkError as error:
            self.finish(error.reason, error.words)
            return Ending(error.reason, error.words, False)
        except Exception as error:  # a link that breaks in a new way is one device's trouble, not the house's
            log.exception("%s: the link %s failed", self.device.name, self.address.scheme)
            self.finish(Reason.DRIVER_ERROR, f"{type(error).__name__} in the link; the log has it")
            return Ending(Reason.DRIVER_ERROR, f"{type(error).__name__} in the link; the log has it", False)
        finally:
            await self._tidy()

    def begin(self) -> None:
        """The link is up."""
        self._born = self.clock.now()
        self._deadline = self.clock.at(self._born + self.timing.ready, self._not_ready)
        for name, url in self.driver.side_links().items():
            task = asyncio.get_running_loop().create_task(self._keep_side(name, Address.parse(url)))
            self._side_tasks.add(task)
        self.ask("opened", self.driver.opened)

    def finish(self, reason: Reason, words: str) -> None:
        """End this connection; only the first reason counts."""
        if self.ended:
            return
        self.ended = True
        self.tape.note(self._elapsed(), "out", "ended", reason.value, words)
        for timer in (self._deadline, self._gap_timer, *self._timers.values()):
            if timer:
                timer.cancel()
        for exchange in self._flight:
            if exchange.overdue:
                exchange.overdue.cancel()
        self._timers.clear()
        if not self.end.done():
            self.end.set_result(Ending(reason, words, self.ready))

    async def close(self) -> None:
        """Leave politely: the driver's last words, two seconds at most, then the end."""
        if self.ended or self.link is None:
            self.finish(Reason.DISABLED, "closed")
            return
        self._people.clear()
        self._background.clear()
        self.ask("closing", self.driver.closing)
        self._quiet = asyncio.Event()
        self.pump()
        try:
            async with asyncio.timeout(CLOSING):
                await self._quiet.wait()
        except TimeoutError:
            pass
        self.finish(Reason.DISABLED, "closed")

    async def _tidy(self) -> None:
        self.finish(Reason.LINK_LOST, "stopped")
        for task in self._side_tasks:
            task.cancel()
        await asyncio.gather(*self._side_tasks, return_exceptions=True)
        for link in (*self.sides.values(), *((self.link,) if self.link else ())):
            await link.close()

    def _not_ready(self) -> None:
        if not self.ready:
            self.finish(Reason.NO_RESPONSE, f"connected, but not usable within {self.timing.ready:g} s")

    async def _keep_side(self, name: str, address: Address) -> None:
        """Open a side link and keep it open; it never decides whether the device is online."""
        said = False
        while not self.ended:
            lost: asyncio.Event = asyncio.Event()
            ears = Ears(
                heard=lambda data, tag: self._heard(name, data, tag),
                broke=lambda tag, words: None,
                lost=lambda reason, words, lost=lost: lost.set(),  # type: ignore[misc]
            )
            link = links.make(address, self.driver.opening(), self.trust, ears)
            try:
                await link.open()
                self.sides[name] = link
                for send in self._side_waiting.pop(name, ()):
                    self._queue(send)
                await lost.wait()
            except LinkError as error:
                if not said:
                    log.info("%s: side link %s is not there: %s", self.device.name, name, error)
                    said = True
            finally:
                self.sides.pop(name, None)
                await link.close()
            await asyncio.sleep(SIDE_RETRY)

    # ---- what the link tells ---------------------------------------------------------------------------------

    def ears(self, name: str) -> Ears:
        """The callbacks for a link of this connection."""
        return Ears(heard=lambda data, tag: self._heard(name, data, tag), broke=self._broke, lost=self.finish)

    def _heard(self, name: str, data: Any, tag: Hashable) -> None:
        if self.ended:
            return
        if name != "main":
            self.ask("received", self.driver.received, data, None, name)
            return
        if self.address.scheme in links.PAIRED:
            exchange = self._landed(tag)
            if exchange is not None:
                self._receive(data, exchange)
            self.pump()
            return
        try:
            messages = self.feed(data)
        except Overflow as error:
            self.finish(Reason.PROTOCOL_ERROR, str(error))
            return
        for message in messages:
            if self.ended:
                return
            exchange = None
            if self._flight and self.cutter.answers(message):
                exchange = self._flight.popleft()
            self._receive(message, exchange)
        self.pump()

    def _receive(self, message: Any, exchange: Exchange | None) -> None:
        if exchange is not None:
            exchange.settled = True
            if exchange.overdue:
                exchange.overdue.cancel()
        number = exchange.number if exchange else 0
        tag = exchange.send.tag if exchange else None
        self.ask("received", self.driver.received, message, tag, "main", number=number)

    def _broke(self, tag: Hashable, words: str) -> None:
        exchange = self._landed(tag)
        if exchange is not None and not self.ended:
            self.ask("failed", self.driver.failed, tag, words, number=exchange.number)
            self.pump()

    def _landed(self, tag: Hashable) -> Exchange | None:
        for exchange in self._flight:
            if exchange.send.tag == tag:
                self._flight.remove(exchange)
                exchange.settled = True
                if exchange.overdue:
                    exchange.overdue.cancel()
                return exchange
        return None

    # ---- asking the driver -----------------------------------------------------------------------------------

    def ask(self, what: str, question: Callable[..., Iterable[Action]], *args: Any, number: int = 0) -> None:
        """Put one question to the driver and do what it answers. A driver that raises is a device that crashed."""
        if self.ended:
            return
        outermost = not self._asking
        self._asking = True
        try:
            now = self.clock.now()
            self.driver.now = now
            self._note(now, what, args, number)
            for action in question(*args):
                self._perform(action)
                if self.ended:
                    return
        except Exception as error:
            log.exception("%s: the driver %s failed", self.device.name, self.driver.name)
            self.finish(Reason.DRIVER_ERROR, f"{type(error).__name__} in the driver; the log has it")
        finally:
            if outermost:
                self._asking = False
        if outermost:
            self.pump()

    def _note(self, now: float, what: str, args: tuple[Any, ...], number: int) -> None:
        at = now - self._born
        if what == "received":
            self.tape.note(at, "in", what, args[0], number, args[2])
        elif what == "failed":
            self.tape.note(at, "in", what, number, args[1])
        else:
            self.tape.note(at, "in", what, *args)

    def _elapsed(self) -> float:
        return self.clock.now() - self._born

    def _perform(self, action: Action) -> None:
        match action:
            case Send():
                if action.hide:
                    self.tape.hide(action.hide)
                self._queue(action)
                return
            case Feedback():
                self.tape.note(self._elapsed(), "out", "feedback", action)
                self.device.feedback(action)
                return
        self.tape.note(self._elapsed(), "out", "action", action)
        match action:
            case Answered(tag):
                self._landed(tag)
            case Taken(request):
                self.device.taken(request)
            case Done(request):
                self.device.settle(request.id, Outcome(Result.CONFIRMED))
            case Refused(request, words):
                self.device.settle(request.id, Outcome(Result.REFUSED, words))
            case Later(seconds, name):
                self._later(seconds, name)
            case Ready():
                self._become_ready()
            case Drop(reason, words):
                self.finish(reason, words)
            case StartTls():
                self._paused = True
                task = asyncio.get_running_loop().create_task(self._upgrade())
                self._side_tasks.add(task)
            case Offers():
                self.device.offer(action)
            case Press():
                self.device.event(
                    Event("press", {"unit": action.unit, "key": action.key, "edge": action.edge, "value": action.value})
                )
            case Item(request, value):
                self.device.row(request.id, value)
            case More(request):
                self.device.page_ended(request.id)
            case Appeared(unit, facts):
                self.units.add(unit)
                self.device.appeared(self, unit, facts)
            case Gone(unit):
                self.units.discard(unit)
                self.device.gone(self, unit)

    def _become_ready(self) -> None:
        if not self.ready:
            self.ready = True
            if self._deadline:
                self._deadline.cancel()
            self.device.came_online(self)

    def _later(self, seconds: float, name: str) -> None:
        held = self._timers.pop(name, None)
        if held:
            held.cancel()
        if seconds > 0:
            self._timers[name] = self.clock.at(self.clock.now() + seconds, lambda: self._due(name))

    def _due(self, name: str) -> None:
        self._timers.pop(name, None)
        self.ask("due", self.driver.due, name)

    async def _upgrade(self) -> None:
        assert self.link is not None
        try:
            await self.link.start_tls()
        except LinkError as error:
            self.finish(error.reason, error.words)
            return
        self._paused = False
        self.pump()

    # ---- turns -----------------------------------------------------------------------------------------------

    def command(self, ticket: Ticket) -> None:
        """Have the driver put a ticket's command into words."""
        during, self._during = self._during, ticket
        try:
            self.ask("command", self.driver.command, ticket.request)
        finally:
            self._during = during

    def forget(self, ticket: Ticket) -> None:
        """Drop what a superseded ticket still has waiting; what is on the wire stays there."""
        for queue in (self._people, self._urgent):
            for exchange in [e for e in queue if e.ticket is ticket]:
                queue.remove(exchange)

    def _queue(self, send: Send) -> None:
        if send.link != "main":
            self.tape.note(self._elapsed(), "out", "send", send.data, 0, send.link)
            side = self.sides.get(send.link)
            if side is not None:
                side.send(send.data, send.tag)
            else:  # said before the side link was open: kept, the newest few
                self._side_waiting.setdefault(send.link, deque(maxlen=8)).append(send)
            return
        ticket = self._during
        if ticket is None and isinstance(send.tag, Request):
            ticket = self.device.ticket(send.tag.id)
        urgent = self._during is not None and self._during.urgent
        self._numbers += 1
        now = self.clock.now()
        self.tape.note(now - self._born, "out", "send", send.data, self._numbers, "main")
        exchange = Exchange(send, ticket, urgent, self._numbers, now)
        if urgent:
            self._urgent.append(exchange)
        elif ticket is not None:
            self._people.append(exchange)
        else:
            self._background.append(exchange)

    def pump(self) -> None:
        """Put on the wire all that may go now: urgent first, then people's, then polls."""
        if self._pumping or self._asking:
            return
        self._pumping = True
        try:
            self._pump()
        finally:
            self._pumping = False
        if self._quiet is not None and (self.ended or not (self._people or self._background or self._flight)):
            self._quiet.set()

    def _pump(self) -> None:
        while not (self.ended or self._paused) and self.link is not None:
            while self.ready and (ticket := self.device.next_ticket(self, urgent=True)):
                self.command(ticket)
            if not (self._urgent or self._people or self._background) and not self._may_ask():
                return
            if self.timing.gap:
                wait = self._last_sent + self.timing.gap - self.clock.now()
                if wait > 0:
                    if self._gap_timer is None:
                        self._gap_timer = self.clock.at(self.clock.now() + wait, self._gap_over)
                    return
            if self._urgent:
                self._transmit(self._urgent.popleft())
                continue
            if len(self._flight) >= self.timing.window:
                return
            if self._people and not (self._background and self._row >= FAIRNESS):
                self._row += 1
                self._transmit(self._people.popleft())
            elif self._may_ask() and not (self._background and self._row >= FAIRNESS):
                ticket = self.device.next_ticket(self)
                if ticket is None:
                    return
                self._row += 1
                self.command(ticket)
            elif self._background:
                self._row = 0
                self._transmit(self._background.popleft())
            else:
                return

    def _may_ask(self) -> bool:
        return self.ready and self.device.has_work(self)

    def _gap_over(self) -> None:
        self._gap_timer = None
        self.pump()

    def _transmit(self, exchange: Exchange) -> None:
        send = exchange.send
        assert self.link is not None
        now = self.clock.now()
        self._last_sent = now
        if now > exchange.said + 0.001:
            self.tape.note(now - self._born, "out", "sent", exchange.number)
        if send.reply:
            self._flight.append(exchange)
            exchange.overdue = self.clock.at(now + self.timing.reply, lambda: self._overdue(exchange))
        self.link.send(send.data, send.tag)
        if exchange.ticket is not None:
            self.device.sent(exchange.ticket)

    def _overdue(self, exchange: Exchange) -> None:
        if exchange.settled or self.ended:
            return
        exchange.settled = True
        self._flight.remove(exchange)
        self.ask("failed", self.driver.failed, exchange.send.tag, "no response", number=exchange.number)
        self.pump()
