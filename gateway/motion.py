"""Motors without position feedback: travel, pulse, hold, cycle, interlock and dead time, in one pure place.

A Motor is asked like a driver and answers with actions, but it yields `Ask(role, command)` instead of `Send`: its
"wire" are other units (relays, or a motor controller that cannot tell its position). The one law: the up and the down
contact are never closed together, so a contact is closed only right after its rival was proven open. What may not live
here: sockets, clocks, rooms, and what a closure means (`wiring.py`, where the wirings stand).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from gateway.commands import Move, SetPosition, SetRelay, Stop
from gateway.driver import Feedback, Later, Request
from gateway.model import Outcome, Result
from gateway.wiring import END, MARGIN, NEAR, NEVER, OTHER, RELEASE, Ask, Direction, MotionSpec, Wired

__all__ = ["Ask", "Ended", "MotionSpec", "Motor", "MotorAction"]

TICK = 0.5  # seconds between assumed positions while it travels
LATE = "its relays answered too late to know where it stopped"


@dataclass(frozen=True, slots=True)
class Ended:
    """The request has its outcome."""

    request: Request
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Wait:
    """A plan's step: go on after so many seconds."""

    seconds: float


class _Settle:
    """A plan's step: go on when every ask has ended."""


SETTLE = _Settle()
MotorAction: TypeAlias = Ask | Later | Feedback | Ended
Plan: TypeAlias = Iterator["Ask | _Wait | _Settle | Outcome"]


class Motor(Wired):
    """One motor behind its wiring. The runner sets `now` and `unsent`, and hands in commands, outcomes, news, timers.

    A command is a *plan*: a generator that yields asks and waits, and is resumed. A newer command drops it wherever it
    stands; so every plan begins from what is known of the contacts and the travel, and never from where an older
    plan was meant to be.
    """

    offers = frozenset({Move, SetPosition, Stop})

    def __init__(self, spec: MotionSpec) -> None:
        super().__init__(spec)
        self.unsent: Collection[str] = ()  # tags of asks that have not left yet
        self._request: Request | None = None
        self._plan: Plan | None = None
        self._asleep = False

    # ---- what it is told -------------------------------------------------------------------------------------

    def command(self, request: Request) -> Iterator[MotorAction]:
        """Move, SetPosition or Stop; the newest one counts."""
        match request.command:
            case Stop():
                self.still = self.now
                plan = self._stop()
            case Move(direction):
                plan = self._way(END[direction])
            case SetPosition(percent):
                plan = self._way(percent)
            case _:
                yield Ended(request, Outcome(Result.REFUSED, "a screen or shade takes move, position and stop"))
                return
        self.plans += 1
        self._request, self._plan = request, plan
        yield Later(0, "plan")
        yield from self._go()

    def settled(self, tag: str, outcome: Outcome, sent: float | None) -> Iterator[MotorAction]:
        """An ask has ended; `sent`: when it left, None = it never did."""
        asked = self.asks.pop(tag)
        role, command = asked.ask.role, asked.ask.command
        sent = None if outcome.result is Result.REFUSED else sent  # what was refused was not done
        # A newer ask of ours took its place: what was sent before that came first on the wire, and nobody answers when.
        overtaken = outcome.result is Result.SUPERSEDED and any(a.ask.role == role for a in self.asks.values())
        if isinstance(command, SetRelay):
            self.switched(role, command.closed, asked.before, outcome.good, sent is not None)
        if sent is not None and overtaken and self.spec.wiring in ("hold", "motor"):
            earliest = self.overtaken.setdefault(role, sent)
            if command not in (SetRelay(False), Stop()):
                self.effect(role, command, earliest, earliest)
        elif outcome.good:
            earliest = min(asked.at if sent is None else sent, self.overtaken.get(role, self.now))
            self.effect(role, command, earliest, self.now)
        elif role in self.overtaken or (sent is not None and self.matters(command, asked.before)):
            self.lose()
        if not overtaken:
            self.overtaken.pop(role, None)
        yield from self._tell()
        if asked.plan == self.plans and not (outcome.good or overtaken):
            yield from self._fail(outcome)
        elif self._plan is not None and not self.asks and not self._asleep:
            yield from self._go()

    def told(self, role: str, closed: bool | None) -> Iterator[MotorAction]:
        """A contact is closed, open, or not known any more (its device is away)."""
        if role not in self.contacts:
            return
        asked = [a.ask.command for a in self.asks.values() if a.ask.role == role]
        if asked:  # the outcome will say; only that somebody closed what we are opening is news
            if closed and SetRelay(True) not in asked:
                if role not in self.owed:
                    yield from self._hand(role, True, self.contacts[role])
                self.contacts[role] = True
            return
        before, self.contacts[role] = self.contacts[role], closed
        if closed is None:
            if self.spec.wiring == "hold" and self.travel.direction == role:
                self.lose()  # it may run on, and nobody can stop it
                yield from self._fail(Outcome(Result.OFFLINE, f"the device of its {role} relay went away"))
        elif closed and role in self.owed and not before:  # left closed when its device went away, or closed late
            yield self.open(role, fatal=False)
        elif closed != before:
            yield from self._hand(role, closed, before)

    def due(self, name: str) -> Iterator[MotorAction]:
        """A timer: the plan's next step, or time to say where it is."""
        if name == "plan" and self._asleep:
            yield from self._go()
        elif name == "tick":
            if self._plan is None and self.travel.arrived(self.now):
                self.halted(self.now, self.now)
            yield from self._tell()

    def leave(self) -> Iterator[MotorAction]:
        """The gateway goes: what it closed it opens, so that nothing runs on with nobody to stop it."""
        self._plan = None
        for role in sorted(self.owed):
            yield self.open(role)

    # ---- plans -----------------------------------------------------------------------------------------------

    def _way(self, target: int) -> Plan:
        """To `target`; from nobody knows where, over the nearer end."""
        spec = self.spec
        if self.fickle and (target <= NEAR or target >= 100 - NEAR):
            target = 0 if target <= NEAR else 100
        middle = 0 < target < 100
        if middle and spec.wiring == "pulse" and spec.stop_with == "none":
            yield Outcome(Result.REFUSED, "this wiring cannot stop on the way")
        if middle and not self.phase_known:
            yield Outcome(Result.REFUSED, "since a relay failed it is not known which way the next closure goes")
        yield from self._steady()
        if middle and self.position is None:
            yield from self._leg("up" if target <= 50 else "down", 0 if target <= 50 else 100)
        held = self.position
        if middle and held is None:
            yield Outcome(Result.UNCONFIRMED, LATE)
        there = held is not None and abs(held - target) < 0.5 and self.running is None
        if there and (middle or spec.wiring == "cycle"):  # at an end a cycle's closure would start it the other way
            return
        yield from self._leg("up" if target == 0 or (held is not None and held > target) else "down", target)
        held = self.position
        if middle and (held is None or abs(held - target) > MARGIN):
            yield Outcome(Result.UNCONFIRMED, LATE)

    def _leg(self, direction: Direction, target: int) -> Plan:
        """Run in one direction until `target`, from whatever it does now."""
        starts = ((direction, SetRelay(True)), ("motor", Move(direction)))
        halts = ((direction, SetRelay(False)), ("motor", Stop()))
        if any((asked.ask.role, asked.ask.command) in (*starts, *halts) for asked in self.asks.values()):
            yield SETTLE  # it is just being started that way, or stopped: then it must be started again
        if self.running != direction:
            yield from self._halt()
            yield from self._start(direction)
        if self.travel.direction != direction:
            yield Outcome(Result.UNCONFIRMED, LATE)
        yield _Wait(self.travel.needs(direction, target, self.now))
        if self.spec.wiring == "hold" or 0 < target < 100:
            yield from self._halt()
        else:
            self.halted(self.now, self.now)  # by the motor's own limit switch

    def _steady(self) -> Plan:
        """Take back a start that has not left yet, finish a pulse that was begun (a controller may or may not have
        seen half of one), and wait until it is known whether the motor runs."""
        if self.spec.wiring in ("hold", "motor"):
            return
        for asked in list(self.asks.values()):
            if asked.ask.tag in self.unsent and not asked.ask.urgent:
                yield self.open(asked.ask.role)
        yield SETTLE
        for role in self.not_open():
            yield _Wait(self.closed.get(role, NEVER) + self.spec.pulse - self.now)
            yield self.open(role)
            yield SETTLE
        if self.unsure > self.now and self.spec.wiring == "start-stop":
            yield from self._pulse("stop", urgent=True)
        elif self.unsure > self.now and self._request and self._request.command != Stop():
            yield _Wait(self.unsure - self.now)

    def _start(self, direction: Direction) -> Plan:
        """Have it run in `direction`, from standstill."""
        match self.spec.wiring:
            case "hold":
                yield from self._close(direction)
            case "motor":
                yield _Wait(self.still + self.spec.dead_time - self.now)
                yield self.ask("motor", Move(direction))
                yield SETTLE
            case "cycle":
                if self.next != direction:  # the wrong way first
                    yield from self._pulse("input")
                    yield from self._halt()
                yield from self._pulse("input")
            case _:
                yield from self._pulse(direction)

    def _halt(self) -> Plan:
        """Have it stand, on the way to somewhere."""
        running = self.running
        if self.spec.wiring == "hold":
            for role in self.not_open():
                yield self.open(role)
            yield SETTLE
        elif self.spec.wiring == "motor":
            if running or self.asks or self.unsure > self.now:
                yield self.ask("motor", Stop(), urgent=True)
                yield SETTLE
        elif running and (self.stopper(running) == "" or self.may_stand(running)):
            yield _Wait(self.travel.needs(running, END[running], self.now))
            self.halted(self.now, self.now)
        elif running:
            yield from self._pulse(self.stopper(running), urgent=True)

    def _stop(self) -> Plan:
        """At once: what stops the motor leaves now, ahead of everything, and waits for no answer."""
        match self.spec.wiring:
            case "hold":
                running = self.travel.direction
                for role in ("up", "down"):  # a box that is away does not matter where the other one has stopped it
                    yield self.open(role, fatal=running is None or role == running)
                yield SETTLE
            case "motor":
                yield self.ask("motor", Stop(), urgent=True)
                yield SETTLE
            case "start-stop":
                for role in self.not_open():
                    if role != "stop":
                        yield self.open(role, fatal=False)
                yield self.ask("stop", SetRelay(True), urgent=True)
                yield SETTLE
                yield _Wait(self.spec.pulse)
                yield self.open("stop")
                yield SETTLE
            case _:
                yield from self._steady()
                yield from self._stop_again()

    def _stop_again(self) -> Plan:
        """Stop with a closure that could as well start a motor: only one that runs."""
        running = self.running
        if self.unsure > self.now:
            yield Outcome(Result.REFUSED, "it is not known whether it runs, and a closure would start it if it stands")
        if running is None:
            return
        if self.stopper(running) == "":
            yield Outcome(Result.REFUSED, "this wiring cannot stop on the way")
        if self.position is None:  # whoever presses Stop sees it run
            yield from self._pulse(self.stopper(running), urgent=True)
        else:
            yield from self._halt()

    def _pulse(self, role: str, *, urgent: bool = False) -> Plan:
        yield from self._close(role, urgent=urgent)
        yield _Wait(self.spec.pulse)
        yield self.open(role)
        yield SETTLE

    def _close(self, role: str, *, urgent: bool = False) -> Plan:
        """Close a contact right after its rival was proven open: the law. A start also waits for the dead time; a
        stop waits for no proof where nothing says that the rival might be closed, but opens it first all the same."""
        rival = OTHER.get(role)
        while True:
            if rival is not None:
                waits = not urgent or self.contacts[rival] is not False
                yield self.open(rival)
                if waits:
                    yield SETTLE
            ready = max(self.opened.get(role, NEVER) + RELEASE, NEVER if urgent else self.still + self.spec.dead_time)
            if ready <= self.now:
                break
            yield _Wait(ready - self.now)
        yield self.ask(role, SetRelay(True), urgent=urgent)
        yield SETTLE

    # ---- carrying a plan out ---------------------------------------------------------------------------------

    def _go(self) -> Iterator[MotorAction]:
        self._asleep = False
        while self._plan is not None:
            match next(self._plan, None):
                case _Wait(seconds):
                    if seconds > 0:
                        self._asleep = True
                        yield Later(seconds, "plan")
                        return
                case _Settle():
                    if self.asks:
                        return
                case Ask() as ask:
                    yield ask
                case Outcome() as outcome:
                    yield from self._end(outcome)
                case None:
                    yield from self._end(Outcome(Result.ASSUMED, "by the travel time; the motor cannot tell"))

    def _end(self, outcome: Outcome) -> Iterator[MotorAction]:
        request, self._request, self._plan, self._asleep = self._request, None, None, False
        yield Later(0, "plan")
        yield from self._tell()
        if request is not None:
            yield Ended(request, outcome)

    def _fail(self, outcome: Outcome) -> Iterator[MotorAction]:
        """A relay did not do as asked, or somebody else switched it: leave nothing closed that we closed."""
        opening = {asked.ask.role for asked in self.asks.values() if asked.ask.command == SetRelay(False)}
        for role in sorted(self.owed - opening):
            yield self.open(role, fatal=False)
        yield from self._end(outcome)

    def _tell(self) -> Iterator[MotorAction]:
        held, running = self.position, self.travel.direction
        unsure = self.unsure - self.now
        moving = running or (None if unsure > 0 else "stopped")
        yield Feedback(assumed=True, position=None if held is None else round(held), moving=moving)
        if moving != "stopped":
            yield Later(TICK if running else unsure, "tick")

    def _hand(self, role: str, closed: bool, before: bool | None) -> Iterator[MotorAction]:
        """Somebody else switched a contact (or it was found so): believe it, and give way."""
        ours = self.travel.direction == role and self.spec.wiring == "hold"
        if not closed:
            self.contacts[role] = before
            self.is_open(role)
            if ours:
                self.travel.position = END[role] if self.travel.arrived(self.now) else None  # it stopped before now
                self.halted(self.now, self.now)
        elif before is None and self.spec.wiring != "hold":
            self.lose()  # who knows since when
        else:
            self.effect(role, SetRelay(True), self.now, self.now)
            self.travel.position = None
        rival = OTHER.get(role, "")
        if closed and (self.contacts.get(rival) or rival in self.owed):
            self.lose()
            yield self.open(role, fatal=False)
            yield self.open(rival, fatal=False)
        if self._plan is not None and (closed or ours):
            yield from self._fail(Outcome(Result.SUPERSEDED, "somebody else switched its relay"))
        yield from self._tell()
