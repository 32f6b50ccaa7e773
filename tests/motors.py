"""A motor, its contacts and the box they are in, as a physicist would write them; and what runs a Motor over them.

Written from the definition of each wiring, not from the module under test. `Plant` is the iron, `Box` the relay box
on a wire that takes time, loses answers and goes away, `Rig` the part of the house that carries out what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.commands import Command, Move, SetRelay, Stop
from gateway.driver import Feedback, Later, Request
from gateway.model import Outcome, Result
from gateway.motion import Ask, Ended, MotionSpec, Motor
from tests.clock import ManualClock, ManualTimer

GOOD = Outcome(Result.CONFIRMED)
PATIENCE = 5.0
RIVAL = {"up": "down", "down": "up"}


class Plant:
    """The motor and its contacts. `wrongs` are what must never be seen; `by_hand` says who closed a contact."""

    def __init__(self, spec: MotionSpec, position: float = 0.0, at: float = 0.0) -> None:
        self.spec = spec
        self.contacts = dict.fromkeys(("up", "down", "stop", "input"), False)
        self.by_hand: dict[str, float] = {}  # contact -> when a hand closed it
        self.place, self.since = position, at
        self.running: str | None = None
        self.pushed = False  # its last run was a hand's; nobody may have known of it
        self.next = spec.first
        self.stood: tuple[float, str] = (float("-inf"), "")  # when it last came to stand, and from which direction
        self.starts: list[tuple[float, str]] = []
        self.wrongs: list[str] = []
        self.collided: float | None = None

    def _arrival(self) -> float:
        assert self.running
        left = self.place if self.running == "up" else 100 - self.place
        return self.since + left / 100 * (self.spec.seconds_up if self.running == "up" else self.spec.seconds_down)

    def move(self, now: float) -> None:
        """Let time pass until `now`."""
        if self.running and self._arrival() <= now:
            self._stand(self._arrival())
        elif self.running:
            self.place, self.since = self.position(now), now

    def position(self, now: float) -> float:
        if not self.running:
            return self.place
        way = 100 * (now - self.since) / (self.spec.seconds_up if self.running == "up" else self.spec.seconds_down)
        return max(0.0, self.place - way) if self.running == "up" else min(100.0, self.place + way)

    def switch(self, role: str, closed: bool, now: float, *, hand: bool = False, asked: float = 0.0) -> None:
        """A contact goes to `closed`; `asked`: when we asked for it."""
        self.move(now)
        if self.contacts[role] == closed:
            return
        self.contacts[role] = closed
        rival = RIVAL.get(role, "")
        if closed and hand:
            self.by_hand[role] = now
        elif not closed:
            self.by_hand.pop(role, None)
        if closed and not hand and self.contacts.get(rival) and self.by_hand.get(rival, -1.0) < asked - 0.1:
            self.wrongs.append(f"{now:.3f}: {role} was closed on a closed {rival}")
        both = self.contacts["up"] and self.contacts["down"]
        self.collided = (self.collided or now) if both else None
        if self.spec.wiring == "hold":
            lone = None if both else "up" if self.contacts["up"] else "down" if self.contacts["down"] else None
            self._run(lone, now, hand or lone in self.by_hand)
        elif closed:
            self._run(self._toggled(role), now, hand)

    def _toggled(self, role: str) -> str | None:
        """What it does after this contact has closed."""
        if role == "input":
            if self.running:
                return None
            goes, self.next = self.next, "down" if self.next == "up" else "up"
            return goes
        if role == "stop":
            return None
        stops = {"same": role, "opposite": RIVAL[role]}.get(self.spec.stop_with if self.spec.wiring == "pulse" else "")
        return None if self.running and self.running == stops else role

    def _run(self, direction: str | None, now: float, hand: bool) -> None:
        if direction == self.running:
            return
        if self.running and direction and not (hand or self.pushed):
            self.wrongs.append(f"{now:.3f}: reversed to {direction} without standing")
        if self.running:
            self._stand(now)
        pause, turned = now - self.stood[0], direction is not None and self.stood[1] == RIVAL[direction]
        if turned and not hand and not self.pushed and pause < self.spec.dead_time - 1e-6:
            self.wrongs.append(f"{now:.3f}: {direction} {pause:.3f} s after the other way")
        if direction:
            self.running, self.since, self.pushed = direction, now, hand
            self.starts.append((now, direction))
            self.move(now)

    def _stand(self, at: float) -> None:
        assert self.running
        self.place, self.since = self.position(at), at
        self.stood, self.running = (at, self.running), None


@dataclass
class Sent:
    """An ask in the box's hands."""

    ask: Ask
    asked: float
    sent: float | None = None
    ended: bool = False
    timers: list[ManualTimer] = field(default_factory=list)


class Box:
    """Relays (or a controller) behind one wire: what is sent takes effect in order. `way`, `back`, `queue`: seconds
    to the relay, back, and before a send that is not urgent; `fate` of the next ones: good, refused, or lost."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.queue, self.way, self.back = 0.0, 0.005, 0.005
        self.fate = "good"
        self.away = False
        self.told: dict[str, bool] = {}
        self.open: list[Sent] = []
        self.busy = 0.0  # nothing takes effect before

    def submit(self, ask: Ask) -> None:
        clock = self.rig.clock
        one = Sent(ask, clock.now())
        if self.away:
            self.rig.settle(one, Outcome(Result.OFFLINE, "away"))
            return
        for older in [o for o in self.open if o.ask.role == ask.role]:
            self.end(older, Outcome(Result.SUPERSEDED))
        self.open.append(one)
        one.timers.append(clock.at(clock.now() + PATIENCE, lambda: self.end(one, Outcome(Result.UNCONFIRMED))))
        if ask.urgent or not self.queue:
            self._send(one)
        else:
            one.timers.append(clock.at(clock.now() + self.queue, lambda: self._send(one)))

    def _send(self, one: Sent) -> None:
        now = one.sent = self.rig.clock.now()
        fate = self.fate
        self.busy = max(self.busy, now + self.way)
        # What is on the wire arrives, whatever anybody thinks of it by then; unless the box went away.
        clock = self.rig.clock
        one.timers = [clock.at(self.busy, lambda: self._arrive(one, fate)), *one.timers[:1]]

    def _arrive(self, one: Sent, fate: str) -> None:
        now = self.rig.clock.now()
        if fate == "refused":
            self._answer(one, Outcome(Result.REFUSED, "no"))
            return
        self.rig.effect(one)
        if fate == "good":
            one.timers.append(self.rig.clock.at(now + self.back, lambda: self._answer(one, GOOD)))

    def _answer(self, one: Sent, outcome: Outcome) -> None:
        if self.away:
            return
        if outcome.good and isinstance(one.ask.command, SetRelay):
            self.tell(one.ask.role)
            if self.rig.plant.contacts[one.ask.role] != one.ask.command.closed:
                return  # a hand was faster, so nothing proves it: in the end it is unconfirmed
        self.end(one, outcome)

    def end(self, one: Sent, outcome: Outcome) -> None:
        if one.ended or one not in self.open:
            return
        one.ended = True
        self.open.remove(one)
        if one.sent is None:
            for timer in one.timers:
                timer.cancel()
        self.rig.settle(one, outcome)

    def tell(self, role: str) -> None:
        closed = self.rig.plant.contacts[role]
        self.rig.by_hand.discard(role)
        if self.told.get(role) != closed:
            self.told[role] = closed
            self.rig.ask(self.rig.motor.told(role, closed))

    def poll(self) -> None:
        """Tell what has changed meanwhile."""
        for role in self.rig.motor.contacts if not self.away else ():
            self.tell(role)

    def leave(self, *, restarted: bool = False, arrives: bool = True) -> None:
        """Off the network; its contacts stay as they are, or open with a restart. What was on its way may arrive."""
        self.away = True
        for one in list(self.open):
            for timer in one.timers if restarted or not arrives else ():
                timer.cancel()
            self.end(one, Outcome(Result.OFFLINE, "link lost"))
        for role in self.rig.motor.contacts:
            if restarted:
                self.rig.plant.switch(role, False, self.rig.clock.now())
            if self.told.pop(role, None) is not None:
                self.rig.ask(self.rig.motor.told(role, None))

    def come_back(self) -> None:
        self.away = False
        self.poll()


class Rig:
    """Runs a Motor over a plant, and notes what it asks, tells and how requests end."""

    def __init__(self, spec: MotionSpec, position: float = 0.0, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.began = self.clock.now()
        self.plant = Plant(spec, position, self.clock.now())
        self.motor = Motor(spec)
        self.box = Box(self)
        self.log: list[tuple[float, str]] = []
        self.readings: list[tuple[float, Any, Any]] = []
        self.outcomes: dict[str, Outcome] = {}
        self.by_hand: set[str] = set()  # contacts that a hand has switched, and the box has not told of it yet
        self.unheard = False  # a hand did something, and it was undone before the box could tell
        self._timers: dict[str, ManualTimer] = {}
        self._questions: list[Iterable[Any]] = []
        self._asking = False
        self._numbers = 0
        self.box.poll()
        self.advance(10.0)  # the first news may be of a relay that somebody has opened just now
        self.began = self.clock.now()

    @property
    def now(self) -> float:
        return round(self.clock.now() - self.began, 3)

    def do(self, command: Command) -> str:
        """A person asks; the request's id."""
        self._numbers += 1
        identity = f"c{self._numbers}"
        self.ask(self.motor.command(Request(identity, command)))
        return identity

    def ask(self, question: Iterable[Any]) -> None:
        self._questions.append(question)
        if self._asking:
            return
        self._asking = True
        while self._questions:
            self.motor.now = self.clock.now()
            self.motor.unsent = {one.ask.tag for one in self.box.open if one.sent is None}
            for action in self._questions.pop(0):
                self._perform(action)
        self._asking = False

    def _perform(self, action: Any) -> None:
        match action:
            case Ask(role, command):
                word = {SetRelay(True): "close", SetRelay(False): "open", Stop(): "stop"}.get(command) or "move"
                what = f"{word} {command.direction}" if isinstance(command, Move) else f"{word} {role}"
                self.log.append((self.now, what + ("!" if action.urgent else "")))
                self.box.submit(action)
            case Later(seconds, name):
                if name in self._timers:
                    self._timers.pop(name).cancel()
                if seconds > 0:
                    due = self.clock.now() + seconds
                    self._timers[name] = self.clock.at(due, lambda: self.ask(self.motor.due(name)))
            case Feedback():
                self.readings.append((self.now, action.points["position"], action.points["moving"]))
            case Ended(request, outcome):
                assert request.id not in self.outcomes, "a request ends once"
                self.outcomes[request.id] = outcome

    def effect(self, one: Sent) -> None:
        """An ask takes effect."""
        now, command = self.clock.now(), one.ask.command
        if isinstance(command, SetRelay):
            self.unheard |= one.ask.role in self.by_hand
            self.plant.switch(one.ask.role, command.closed, now, asked=one.asked)
        else:
            self.plant.move(now)
            self.plant._run(command.direction if isinstance(command, Move) else None, now, False)

    def hand(self, role: str, closed: bool) -> None:
        """Somebody switches a contact; the box tells of it with its next word."""
        self.unheard |= role in self.by_hand
        self.by_hand.add(role)
        self.plant.switch(role, closed, self.clock.now(), hand=True)

    def settle(self, one: Sent, outcome: Outcome) -> None:
        self.ask(self.motor.settled(one.ask.tag, outcome, one.sent))

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.plant.move(self.clock.now())

    def asks(self, since: float = 0.0) -> list[str]:
        """What was asked since then, without the times."""
        return [what for at, what in self.log if at >= since]
