"""Motors without position feedback: travel, pulse, hold, cycle, interlock and dead time, in one pure place.

A Motor is asked like a driver and answers with actions, but it yields `Ask(role, command)` instead of `Send`: its
"wire" are other units (relays, or a motor controller that cannot tell its position). What may not live here: sockets,
clocks, rooms. Position is always *assumed*. The one law: the up and the down relay are never closed together.

Wirings, after the common ways to wire a motor to contact closures:
hold        the motor runs as long as the contact is closed
pulse       a short closure starts it; a second one (of the relay that `stop_with` names) stops it
start-stop  a short closure of up or down starts it, a short closure of stop stops it
cycle       one contact: each closure is the next of up, stop, down, stop
motor       a controller that takes Move and Stop but tells no position
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.commands import Command, Move, SetPosition, SetRelay, Stop
from gateway.driver import Done, Feedback, Later, Refused, Request, Taken
from gateway.model import Outcome, Result

Direction = Literal["up", "down"]
Wiring = Literal["hold", "pulse", "start-stop", "cycle", "motor"]
OVERRUN = 1.1  # a full run lasts this much longer than the travel time, so that the end is surely reached
TICK = 0.5  # seconds between assumed positions while it travels


@dataclass(frozen=True, slots=True)
class Ask:
    """Have the unit that plays `role` (up, down, stop, input, motor) do `command`; the outcome comes back with
    `tag`. `urgent` asks wait for nothing."""

    role: str
    command: Command
    tag: str
    urgent: bool = False


@dataclass(frozen=True)
class MotionSpec:
    """How a motor is wired and how long it takes. All times in seconds."""

    wiring: Wiring
    seconds_up: float
    seconds_down: float
    pulse: float = 0.5
    dead_time: float = 0.5
    stop_with: Literal["same", "opposite", "none"] = "same"  # pulse wiring
    first: Direction = "up"  # cycle wiring: what the very first closure does


MotorAction: TypeAlias = Ask | Later | Feedback | Taken | Done | Refused


class Travel:
    """Where a motor must be by the clock. `position` 0.0 = up, 100.0 = down, None = not known."""

    def __init__(self, seconds_up: float, seconds_down: float) -> None:
        self.seconds = {"up": seconds_up, "down": seconds_down}
        self.position: float | None = None
        self.direction: Direction | None = None
        self.since = 0.0

    def at(self, now: float) -> float | None:
        """The position at `now`; None until an end was surely reached once."""
        if self.direction is None:
            return self.position
        share = 100.0 * (now - self.since) / self.seconds[self.direction]
        if self.position is None:
            if share < 100.0 * OVERRUN:
                return None
            return 0.0 if self.direction == "up" else 100.0
        if self.direction == "up":
            return max(0.0, self.position - share)
        return min(100.0, self.position + share)

    def start(self, direction: Direction, now: float) -> None:
        """It runs from `now` on."""
        self.position = self.at(now)
        self.direction, self.since = direction, now

    def stop(self, now: float) -> None:
        """It stands from `now` on."""
        self.position = self.at(now)
        self.direction = None

    def lose(self) -> None:
        """Nobody can say where it is."""
        self.position, self.direction = None, None

    def needs(self, direction: Direction, target: int, now: float) -> float:
        """Seconds of running in `direction` until `target`; an end is overrun, and so is a way of unknown length."""
        held = self.at(now)
        if held is None or target in (0, 100):
            left = 100.0 if held is None else abs(target - held)
            return self.seconds[direction] * left / 100.0 + self.seconds[direction] * (OVERRUN - 1.0)
        return self.seconds[direction] * abs(target - held) / 100.0


# What a plan is made of: ask a role and wait until it is done, wait, note what the motor does now.
Step: TypeAlias = tuple[str, "str | float | Direction | None", "Command | None"]


class Motor:
    """One motor behind its wiring. The runner sets `now`, and hands in commands, outcomes, news and timers."""

    offers = frozenset({Move, SetPosition, Stop})

    def __init__(self, spec: MotionSpec) -> None:
        self.spec = spec
        self.travel = Travel(spec.seconds_up, spec.seconds_down)
        self.now = 0.0
        self.closed: dict[str, bool | None] = {}  # role -> what is known of its relay
        self._request: Request | None = None
        self._plan: list[Step] = []
        self._waiting: set[str] = set()  # the tags of the asks, or the timer, that the plan waits for
        self._asked: dict[str, bool] = {}  # role -> what its relay was last asked to be
        self._number = 0
        self._next: Direction = spec.first  # cycle wiring: where the next closure from standstill goes
        self._last_stop = float("-inf")

    # ---- what it is asked ------------------------------------------------------------------------------------

    def command(self, request: Request) -> Iterator[MotorAction]:
        """Move, SetPosition or Stop."""
        self._plan.clear()
        self._waiting.clear()
        self._request = request
        yield Later(0, "plan")
        match request.command:
            case Stop():
                yield from self._stop(request)
                return
            case Move(direction):
                target = 0 if direction == "up" else 100
            case SetPosition(percent):
                target = percent
            case _:
                yield Refused(request, "a screen or shade takes move, position and stop")
                return
        self._plan = self._way(target)
        yield Taken(request)
        yield from self._go_on()

    def settled(self, tag: str, outcome: Outcome) -> Iterator[MotorAction]:
        """An ask has ended."""
        if tag not in self._waiting:
            return
        self._waiting.discard(tag)
        if not outcome.good:
            yield from self._fail(outcome)
        elif not self._waiting:
            yield from self._go_on()

    def told(self, role: str, closed: bool | None) -> Iterator[MotorAction]:
        """A relay's contact is closed, open, or not known any more (its device is away)."""
        before = self.closed.get(role)
        self.closed[role] = closed
        if closed is None and before is not None and self.travel.direction and self.spec.wiring == "hold":
            self.travel.lose()  # it runs on, and nobody can stop it
            yield from self._tell()
        elif self.spec.wiring == "hold" and not self._plan and not self._waiting and closed != before:
            if closed and role in ("up", "down"):  # a hand, or another controller, on the same relay
                self.travel.start("up" if role == "up" else "down", self.now)
                yield Later(TICK, "tick")
                yield from self._tell()
            elif closed is False and self.travel.direction == role:
                self.travel.stop(self.now)
                yield from self._tell()

    def due(self, name: str) -> Iterator[MotorAction]:
        """A timer: the plan's next step, or time to say where it is."""
        if name == "plan" and self._waiting == {"timer"}:
            self._waiting.clear()
            yield from self._go_on()
        elif name == "tick" and self.travel.direction is not None:
            yield from self._tell()
            if self.travel.at(self.now) in (0.0, 100.0) and not self._plan and not self._waiting:
                self.travel.stop(self.now)
                yield from self._tell()
            else:
                yield Later(TICK, "tick")

    # ---- plans -----------------------------------------------------------------------------------------------

    def _way(self, target: int) -> list[Step]:
        """The steps to `target`: from where it is known to be, else over the nearer end."""
        held = self.travel.at(self.now)
        if held is not None and abs(held - target) < 0.5 and 0 < target < 100 and self.travel.direction is None:
            return [("arrive", None, None)]
        if held is None and 0 < target < 100:
            end: Direction = "up" if target <= 50 else "down"
            return [("leg", end, None), ("leg-to", float(target), None), ("arrive", None, None)]
        return [("leg-to", float(target), None), ("arrive", None, None)]

    def _leg(self, direction: Direction, target: int) -> list[Step]:
        """Run in one direction until `target`, from whatever it does now."""
        other: Direction = "down" if direction == "up" else "up"
        reverse = self.travel.direction == other
        steps: list[Step] = []
        match self.spec.wiring:
            case "hold":
                if self._maybe_closed(other):
                    steps.append((other, None, SetRelay(False)))
                if reverse:
                    steps += [("stopped", None, None), ("wait", self.spec.dead_time, None)]
                else:
                    steps.append(("rest", None, None))
                steps += [(direction, None, SetRelay(True)), ("started", direction, None)]
                steps += [("run", float(target), None), (direction, None, SetRelay(False)), ("stopped", None, None)]
            case "pulse" | "start-stop":
                steps += [(role, None, SetRelay(False)) for role in self._roles() if self._maybe_closed(role)]
                if reverse:
                    steps += self._stop_pulse()
                    steps += [("stopped", None, None), ("wait", self.spec.dead_time, None)]
                else:
                    steps.append(("rest", None, None))
                if self.travel.direction != direction:
                    steps += [(direction, None, SetRelay(True)), ("started", direction, None)]
                    steps += [("wait", self.spec.pulse, None), (direction, None, SetRelay(False))]
                steps.append(("run", float(target), None))
                steps += self._stop_pulse() if 0 < target < 100 else []
                steps.append(("stopped", None, None))
            case "cycle":
                if self._maybe_closed("input"):
                    steps.append(("input", None, SetRelay(False)))
                if reverse:
                    steps += [*self._pulse("input"), ("stopped", None, None), ("wait", self.spec.dead_time, None)]
                if self.travel.direction != direction:
                    if not reverse and self._next != direction:  # the wrong way first, and at once stopped
                        steps += [*self._pulse("input"), ("started", self._next, None)]
                        steps += [("wait", self.spec.dead_time, None), *self._pulse("input")]
                        steps += [("stopped", None, None), ("wait", self.spec.dead_time, None)]
                    steps += [*self._pulse("input"), ("started", direction, None)]
                steps.append(("run", float(target), None))
                steps += self._pulse("input") if 0 < target < 100 else []
                steps.append(("stopped", None, None))
            case "motor":
                if reverse:
                    steps += [("motor", None, Stop()), ("stopped", None, None), ("wait", self.spec.dead_time, None)]
                if self.travel.direction != direction:
                    steps += [("motor", None, Move(direction)), ("started", direction, None)]
                steps.append(("run", float(target), None))
                steps += [("motor", None, Stop())] if 0 < target < 100 else []
                steps.append(("stopped", None, None))
        return steps

    def _roles(self) -> tuple[str, ...]:
        return ("up", "down", "stop") if self.spec.wiring == "start-stop" else ("up", "down")

    def _maybe_closed(self, role: str) -> bool:
        """Whether a relay may be closed, by its own word or because it was last asked to."""
        return self.closed.get(role) is not False or self._asked.get(role, False)

    def _pulse(self, role: str) -> list[Step]:
        return [(role, None, SetRelay(True)), ("wait", self.spec.pulse, None), (role, None, SetRelay(False))]

    def _stop_role(self) -> str:
        """The relay whose closure stops a running motor now; "" where this wiring has none."""
        if self.spec.wiring == "start-stop":
            return "stop"
        if self.spec.wiring == "cycle":
            return "input"
        running = self.travel.direction
        if self.spec.stop_with == "none" or running is None:
            return ""
        return running if self.spec.stop_with == "same" else ("down" if running == "up" else "up")

    def _stop_pulse(self) -> list[Step]:
        role = self._stop_role()
        return self._pulse(role) if role else []

    def _stop(self, request: Request) -> Iterator[MotorAction]:
        """At once: what stops the motor leaves now, ahead of everything, and waits for no answer."""
        moving = self.travel.direction
        if self.spec.wiring == "hold":
            for role in ("up", "down"):
                yield self._urgent(role, SetRelay(False), f"stop {role}")
            self._waiting = {"stop up", "stop down"}
            self._plan = [("stopped", None, None), ("arrive", None, None)]
        elif self.spec.wiring == "motor":
            yield self._urgent("motor", Stop(), "stop motor")
            self._waiting = {"stop motor"}
            self._plan = [("stopped", None, None), ("arrive", None, None)]
        elif moving is None and self.spec.wiring != "start-stop":
            # A closure would start it: standing still is what was asked for.
            self._plan = [("arrive", None, None)]
            yield Taken(request)
            yield from self._go_on()
            return
        else:
            role = self._stop_role()
            if not role:
                yield Refused(request, "this wiring cannot stop on the way")
                return
            for closed in [r for r in ("up", "down", "stop", "input") if self.closed.get(r) or self._asked.get(r)]:
                # A starting pulse that is still on: the other way must be open, and the same needs a fresh edge.
                yield self._urgent(closed, SetRelay(False), f"open {closed}")
            yield self._urgent(role, SetRelay(True), "stop pulse")
            self._waiting = {"stop pulse"}
            self._plan = [
                ("stopped", None, None),
                ("wait", self.spec.pulse, None),
                (role, None, SetRelay(False)),
                ("arrive", None, None),
            ]
        self.travel.stop(self.now)
        self._last_stop = self.now
        yield Taken(request)

    def _urgent(self, role: str, command: Command, tag: str) -> Ask:
        if isinstance(command, SetRelay):
            self._asked[role] = command.closed
        return Ask(role, command, tag, urgent=True)

    # ---- carrying a plan out ---------------------------------------------------------------------------------

    def _go_on(self) -> Iterator[MotorAction]:
        while self._plan and not self._waiting:
            what, detail, command = self._plan.pop(0)
            if command is not None:
                self._number += 1
                tag = f"ask {self._number}"
                self._waiting.add(tag)
                if isinstance(command, SetRelay):
                    self._asked[what] = command.closed
                yield Ask(what, command, tag)
            elif what == "wait":
                assert isinstance(detail, float | int)
                yield from self._sleep(float(detail))
            elif what == "rest":  # dead time also after a stop that a person asked for
                left = self._last_stop + self.spec.dead_time - self.now
                if left > 0:
                    yield from self._sleep(left)
            elif what in ("leg", "leg-to"):
                self._plan[:0] = self._resolve(what, detail)
            elif what == "started":
                direction: Direction = "up" if detail == "up" else "down"
                self.travel.start(direction, self.now)
                self._next = "down" if direction == "up" else "up"
                yield Later(TICK, "tick")
                yield from self._tell()
            elif what == "run":
                assert isinstance(detail, float) and self.travel.direction is not None
                yield from self._sleep(self.travel.needs(self.travel.direction, int(detail), self.now))
            elif what == "stopped":
                if self.travel.direction is not None:
                    self.travel.stop(self.now)
                    self._last_stop = self.now
                yield Later(0, "tick")
                yield from self._tell()
            elif what == "arrive":
                yield from self._arrive()

    def _resolve(self, what: str, detail: object) -> list[Step]:
        if what == "leg":
            return self._leg("up", 0) if detail == "up" else self._leg("down", 100)
        assert isinstance(detail, float)
        target = int(detail)
        held = self.travel.at(self.now)
        if target in (0, 100):
            return self._leg("up" if target == 0 else "down", target)
        assert held is not None
        return self._leg("up" if target < held else "down", target)

    def _sleep(self, seconds: float) -> Iterator[MotorAction]:
        self._waiting = {"timer"}
        yield Later(max(seconds, 0.001), "plan")

    def _arrive(self) -> Iterator[MotorAction]:
        request, self._request = self._request, None
        yield from self._tell()
        if request is not None:
            yield Done(request)

    def _fail(self, outcome: Outcome) -> Iterator[MotorAction]:
        """A relay did not do as asked: say so, and do not pretend to know where the motor is."""
        self._plan.clear()
        self._waiting.clear()
        request, self._request = self._request, None
        if self.travel.direction is not None or outcome.result is Result.UNCONFIRMED:
            self.travel.lose()
        yield from self._tell()
        if request is not None:
            yield Refused(
                request, f"the motor's relay: {outcome.result}{': ' + outcome.words if outcome.words else ''}"
            )

    def _tell(self) -> Iterator[MotorAction]:
        held = self.travel.at(self.now)
        yield Feedback(
            assumed=True,
            position=None if held is None else round(held),
            moving=self.travel.direction or "stopped",
        )
