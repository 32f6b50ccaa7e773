"""One connection of one device: its driver, its link and its timers, from open to end.

The only place where a driver's actions become deeds. What may not live here: trying again, what outlives a
connection (`device.py`), who may send next (`turns.py`), rooms. All of it runs in the event loop, without a lock; from
a command to its bytes on the link there is no await and no task.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import math
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

from gateway import link as links
from gateway import news
from gateway.clock import Clock, Timer
from gateway.cutters import Overflow
from gateway.driver import Action, Answered, Driver, Drop, Feedback, Later, Reach, Ready, Request, Send, StartTls
from gateway.ending import Ending
from gateway.link import Address, Ears, Link, LinkError
from gateway.model import Reason
from gateway.sides import Sides
from gateway.turns import Exchange, Turns

if TYPE_CHECKING:
    from gateway.device import Device
    from gateway.ticket import Ticket

log = logging.getLogger("roomgate.device")

CLOSING = 2.0  # seconds for a driver's last words
WAITING = 1000  # polls that may wait for their turn; a driver that piles up more asks faster than its device answers


class Connection:
    """A driver and its link, alive. `end` resolves when it is over, for whatever reason."""

    def __init__(self, device: Device, driver: Driver, *, line: int = 0) -> None:
        self.device = device
        self.driver = driver
        self.line = line  # which connection of a listening device this is; 0 where there is one at a time
        self.clock: Clock = device.clock
        self.tape = device.tape
        self.cutter = driver.cutter
        self.feed = self.cutter.start()
        self.ears = Ears(heard=self._heard, broke=self._broke, lost=self.finish)
        self.link: Link | None = None
        self.units: set[str] = set()  # units that appeared on it
        self.begun = self.ready = self.ended = False
        self.end: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.turns = Turns(driver.timing, self.clock, freed=self.pump, overdue=self._overdue)
        self.sides: Sides | None = None
        self._paired = device.address.scheme in links.PAIRED
        self._began = self._online = self.clock.now()
        self._numbers = 0  # of sends
        self._timers: dict[str, Timer] = {}
        self._deadline: Timer | None = None
        self._opening: asyncio.Timeout | None = None
        self._upgrading: asyncio.Task[None] | None = None
        self._busy = False  # the driver is being asked, or the queues are being emptied
        self._paused = False  # nothing may be sent: the link is being upgraded
        self._hushed = self._pinged = False  # a quiet message is being answered; there was one before
        self._deaf = False  # nothing may be heard: what comes now was said before the upgrade, by who knows whom
        self.saying: Ticket | None = None  # the command that the driver is putting into words
        self._quiet: asyncio.Event | None = None  # set once we are leaving and the last words are out
        self._over = asyncio.Event()

    # ---- life ------------------------------------------------------------------------------------------------

    async def run(self) -> Ending:
        """Open the link (or take over the one that a listener accepted), live, and close; returns how it ended."""
        try:
            await self._open()
            self.begin()
            await self.end
        except LinkError as error:
            self.finish(error.reason, error.words)
        except Exception as error:  # a link that breaks in a new way is one device's trouble, not the house's
            self._crash(error, f"the link {self.device.address.scheme}")
        finally:
            await self._tidy()
        return self.end.result()

    async def _open(self) -> None:
        if self.ended:
            return
        address, trust = self.device.address, self.device.trust
        try:
            async with asyncio.timeout(None) as self._opening:  # `finish` ends it, where somebody does not want to wait
                if self.link is None:
                    await links.load(address.scheme)
                    self.link = links.make(address, self.driver.opening(), trust, self.ears)
                await self.link.open()
        except TimeoutError:
            if not self.ended:
                raise
        finally:
            self._opening = None

    def begin(self) -> None:
        """The link is up."""
        if self.ended:
            return
        self.begun = True
        self._began = self.clock.now()
        self._deadline = self.clock.at(self._began + self.turns.timing.ready, self._not_ready)
        if side_links := self.driver.side_links():
            self.sides = Sides(self, {name: Address.parse(url) for name, url in side_links.items()})
        self.ask("opened", self.driver.opened)

    def finish(self, reason: Reason, words: str) -> None:
        """End this connection; only the first reason counts."""
        if self.ended:
            return
        self.ended = True
        self._hushed = False
        now = self.clock.now()
        if self.begun:
            self._note(now - self._began, "out", "ended", reason.value, words)
        for timer in (self._deadline, *self._timers.values()):
            if timer:
                timer.cancel()
        self._timers.clear()
        self.turns.stop()
        if self._opening is not None:
            self._opening.reschedule(asyncio.get_running_loop().time())
        if self._quiet is not None:
            self._quiet.set()
        if not self.end.done():
            self.end.set_result(Ending(reason, words, now - self._online if self.ready else 0.0))

    async def close(self) -> None:
        """Leave politely: the driver's last words, two seconds at most, then the end; returns when all is closed."""
        if self.begun and not self.ended:
            self._quiet = asyncio.Event()
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()
            self.turns.clear()
            before = self._numbers
            self.ask("closing", self.driver.closing)
            if self._numbers > before:
                overdue = self.clock.at(self.clock.now() + CLOSING, self._quiet.set)
                await self._quiet.wait()
                overdue.cancel()
        self.finish(Reason.DISABLED, "closed")
        await self._over.wait()

    async def _tidy(self) -> None:
        self.finish(Reason.LINK_LOST, "stopped")
        try:
            if self._upgrading is not None:
                self._upgrading.cancel()
                await asyncio.gather(self._upgrading, return_exceptions=True)
            if self.sides is not None:
                await self.sides.close()
            if self.link is not None:
                await self.link.close()
        finally:
            self._over.set()

    def _not_ready(self) -> None:
        self.finish(Reason.NO_RESPONSE, f"connected, but not usable within {self.turns.timing.ready:g} s")

    def _crash(self, error: Exception, what: str) -> None:
        """The driver (or the link) raised: the device crashed. Told with its traceback once, until it is back."""
        level = logging.DEBUG if self.device.reason is Reason.DRIVER_ERROR else logging.ERROR
        log.log(level, "%s: %s failed", self.device.name, what, exc_info=error)
        self.finish(Reason.DRIVER_ERROR, f"{type(error).__name__} in {what}; the log has it")

    # ---- what the link tells ---------------------------------------------------------------------------------

    def _heard(self, data: Any, number: Hashable) -> None:
        if self.ended or self._deaf:
            return
        outermost, self._busy = not self._busy, True  # what came before a send cannot answer it: send after all of it
        try:
            if self._paired and number is not None:
                exchange = self.turns.numbered(number)
                if exchange is not None:
                    self._receive(data, exchange)
            else:
                for message in self.feed(data):
                    if self.ended or self._deaf:
                        break
                    self._receive(message, self._answered(message))
        except Overflow as error:
            self.finish(Reason.PROTOCOL_ERROR, str(error))
        except Exception as error:
            self._crash(error, f"the driver {self.driver.name}")
        finally:
            if outermost:
                self._busy = False
        if outermost:
            self.pump()

    def _answered(self, message: Any) -> Exchange | None:
        """The oldest turn, which ends where this message answers it."""
        waiting = self.turns.waiting
        if waiting is None or not self.cutter.answers(message) or not self.driver.answers(message, waiting.send.tag):
            return None
        return self.turns.oldest()

    def _receive(self, message: Any, exchange: Exchange | None) -> None:
        if exchange is None:
            return self._hear(message)
        self.ask("received", self.driver.received, message, exchange.send.tag, "main", number=exchange.number)
        self._over_with(exchange)

    def _hear(self, message: Any) -> None:
        quiet = self.driver.quiet(message)
        before, self._hushed = self._numbers, quiet and self._pinged
        self.ask("received", self.driver.received, message, None, "main")
        if self._hushed:
            self.tape.count(self.driver.now, message, self._numbers - before, self.line)
        self._hushed, self._pinged = False, self._pinged or quiet

    def _broke(self, number: Hashable, words: str) -> None:
        exchange = None if self.ended else self.turns.numbered(number)
        if exchange is not None:
            self.ask("failed", self.driver.failed, exchange.send.tag, words, number=exchange.number)
            self._over_with(exchange)

    def _overdue(self, exchange: Exchange) -> None:
        self.ask("failed", self.driver.failed, exchange.send.tag, "no response", number=exchange.number)
        self._over_with(exchange)

    def _over_with(self, exchange: Exchange) -> None:
        if exchange.send.hide:
            self.tape.passed(exchange.send.hide)

    # ---- asking the driver -----------------------------------------------------------------------------------

    def ask(
        self, what: str, question: Callable[..., Iterable[Action]], *args: Any, number: int = 0, due: float = 0.0
    ) -> None:
        """Put one question to the driver and do what it answers. A driver that raises is a device that crashed."""
        if self.ended:
            return
        outermost, self._busy = not self._busy, True
        try:
            # The driver's clock is the tape's, so that replay is exact: never backward, and never before what is due.
            at = max(self.driver.now, due, round(self.clock.now() - self._began, 6))
            self.driver.now = at
            match what:
                case "received":
                    self._note(at, "in", what, args[0], number, args[2])
                case "failed":
                    self._note(at, "in", what, number, args[1])
                case _:
                    self._note(at, "in", what, *args)
            for action in question(*args):
                self._perform(action, at)
                if self.ended:
                    break
        except Exception as error:
            self._crash(error, f"the driver {self.driver.name}")
        finally:
            if outermost:
                self._busy = False
        if outermost:
            self.pump()

    def _note(self, at: float, way: str, what: str, *details: Any) -> None:
        if not self._hushed:
            self.tape.note(at, way, what, *details, line=self.line)

    def _perform(self, action: Action, at: float) -> None:
        if self._hushed and not (isinstance(action, Later) or (isinstance(action, Send) and not action.reply)):
            raise TypeError(f"a quiet message was answered by {type(action).__name__}")
        if isinstance(action, Send):
            self._say(action, at)
            return
        self._note(at, "out", "feedback" if isinstance(action, Feedback) else "action", action)
        match action:
            case Answered(tag):
                exchange = self.turns.tagged(tag)
                if exchange is not None:
                    self._over_with(exchange)
            case Later(seconds, name):
                self._later(seconds, name)
            case Ready():
                self._become_ready()
            case Drop(reason, words):
                self.finish(reason, words)
            case StartTls():
                self._paused = self._deaf = True
                self._upgrading = asyncio.get_running_loop().create_task(self._upgrade())
            case Reach():
                self.sides = self.sides or Sides(self, {})
                self.sides.reach(action)
            case _:
                news.tell(self.device, self, action)

    def _become_ready(self) -> None:
        if not self.ready:
            self.ready = True
            self._online = self.clock.now()
            if self._deadline:
                self._deadline.cancel()
            self.device.usable(self)

    def _later(self, seconds: float, name: str) -> None:
        held = self._timers.pop(name, None)
        if held:
            held.cancel()
        if seconds > 0:
            due = functools.partial(self._due, name, self.driver.now + seconds)
            self._timers[name] = self.clock.at(self.clock.now() + seconds, due)

    def _due(self, name: str, when: float) -> None:
        self._timers.pop(name, None)
        self.ask("due", self.driver.due, name, due=when)

    async def _upgrade(self) -> None:
        assert self.link is not None
        # What was held of the plain text is forgotten: nobody vouches for it. From here on, what comes is encrypted.
        self.feed, self._deaf = self.cutter.start(), False
        try:
            await self.link.start_tls()
        except LinkError as error:
            self.finish(error.reason, error.words)
            return
        except Exception as error:
            self._crash(error, f"the link {self.device.address.scheme}")
            return
        self._paused = False
        self.pump()

    # ---- sending ---------------------------------------------------------------------------------------------

    def command(self, ticket: Ticket) -> None:
        """Have the driver put a command into words."""
        before, self.saying = self.saying, ticket
        try:
            self.ask("command", self.driver.command, ticket.request)
            if not self.ended and ticket.sent_at is None and ticket.outcome is None:  # it is the driver's to wait now
                self.device.await_proof(ticket, self.clock.now() + self.driver.patience(ticket.command))
        finally:
            self.saying = before
        if ticket.held is not None and not self.turns.holds(ticket):  # there was nothing to send
            self.device.end(ticket, ticket.held)

    def has_yet_to_send(self, ticket: Ticket) -> bool:
        """Whether words of this command wait for the wire, or are just being found."""
        return ticket is self.saying or self.turns.holds(ticket)

    def _say(self, send: Send, at: float) -> None:
        ticket = self.saying
        if ticket is None and isinstance(send.tag, Request):
            ticket = self.device.ticket(send.tag.id)
        self._numbers += 1
        if send.hide:
            self.tape.hide(send.hide)
        self._note(at, "out", "send", send.data, self._numbers, send.link)
        if send.link == "main":
            urgent = self._quiet is not None or (ticket is not None and ticket.urgent)  # last words wait for no turn
            said = math.inf if self._hushed else self.clock.now()  # when a quiet answer leaves is nobody's business
            self.turns.add(Exchange(send, ticket, self._numbers, said), urgent=urgent)
            if len(self.turns.polls) > WAITING:
                if not self.line:
                    raise RuntimeError(f"more than {WAITING} questions wait for their turn")
                self.finish(Reason.PROTOCOL_ERROR, f"it said more than {WAITING} things at once")  # it is the caller
        elif self.sides is None or send.link not in self.sides.links:
            raise ValueError(f"there is no link {send.link!r}")
        else:
            self.sides.send(send, self._numbers)
            if ticket is not None:
                self.device.sent(self, ticket, blind=not send.reply)

    def pump(self) -> None:
        """Put on the wire all that may go now."""
        if self._busy:
            return
        self._busy = True
        try:
            self._pump()
        except Exception as error:  # what the link cannot carry is the driver's mistake
            self._crash(error, f"the driver {self.driver.name}")
        finally:
            self._busy = False
        if self._quiet is not None and self.turns.idle:
            self._quiet.set()

    def _pump(self) -> None:
        device = self.device
        while not (self.ended or self._paused):
            serving = self.ready and self._quiet is None
            while serving and (ticket := device.next_ticket(self, urgent=True)):
                self.command(ticket)
            turn = self.turns.next(serving and device.has_work(self))
            if turn is None:
                return
            if turn == "command":
                if ticket := device.next_ticket(self):
                    self.command(ticket)
            else:
                self._transmit(turn)

    def _transmit(self, exchange: Exchange) -> None:
        assert self.link is not None
        now = self.clock.now()
        if now > exchange.said + 0.001:
            self._note(round(now - self._began, 6), "out", "sent", exchange.number)
        self.turns.went(exchange)
        self.link.send(exchange.send.data, exchange.number)
        if exchange.ticket is not None and not self.ended:
            self.device.sent(self, exchange.ticket, blind=not exchange.send.reply)
