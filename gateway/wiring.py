"""What is known of a motor that cannot tell its position: its contacts, where it must be, what a closure does to it.

Nothing is decided here and nothing is sent; `motion.py` does that. What may not live here: sockets, clocks, rooms.
Position is *assumed* or unknown, never more.

Wirings, after the common ways to wire a motor to contact closures:
hold        the motor runs as long as the contact is closed
pulse       a short closure starts it; a second one (of the contact that `stop_with` names) stops it
start-stop  a short closure of up or down starts it, a short closure of stop stops it
cycle       one contact: each closure is the next of up, stop, down, stop; at its end it stands, and the next reverses
motor       a controller that takes Move and Stop but tells no position
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.commands import Command, Move, SetRelay, Stop

Direction = Literal["up", "down"]
Wiring = Literal["hold", "pulse", "start-stop", "cycle", "motor"]
MARGIN = 10.0  # percent of a travel: how far a run to an end goes on past it, and the error from which on it is lost
NEAR = 2.0  # percent: so near to its end, a motor that a stop closure could turn round is left to arrive by itself
RELEASE = 0.2  # seconds that a contact is open between two pulses, so that a controller sees two
NEVER = float("-inf")

CONTACTS: Mapping[Wiring, tuple[str, ...]] = {
    "hold": ("up", "down"),
    "pulse": ("up", "down"),
    "start-stop": ("up", "down", "stop"),
    "cycle": ("input",),
    "motor": (),
}
OTHER: Mapping[str, Direction] = {"up": "down", "down": "up"}
END: Mapping[str, int] = {"up": 0, "down": 100}


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


class Travel:
    """Where a motor must be by the clock. `position` 0.0 = up, 100.0 = down, None = not known; `blur`: how many
    percent it may be wrong by, because nobody knows the moment between send and answer when a relay switched."""

    def __init__(self, seconds_up: float, seconds_down: float) -> None:
        self.seconds = {"up": seconds_up, "down": seconds_down}
        self.position: float | None = None
        self.direction: Direction | None = None
        self.since = 0.0
        self.blur = 0.0

    def _left(self, direction: Direction, now: float) -> float:
        """Percent still to run until the end of `direction` is surely reached, from wherever it is."""
        way = 100.0 if self.position is None else abs(END[direction] - self.position)
        return way + MARGIN + self.blur - self._share(now)

    def _share(self, now: float) -> float:
        return max(0.0, now - self.since) * 100.0 / self.seconds[self.direction] if self.direction else 0.0

    def arrived(self, now: float) -> bool:
        """Whether it runs and has surely reached its end."""
        return self.direction is not None and self._left(self.direction, now) < 1e-6

    def at(self, now: float) -> float | None:
        """The position at `now`; None until an end was surely reached once."""
        if self.direction is None:
            return self.position
        if self.arrived(now):
            return float(END[self.direction])
        if self.position is None:
            return None
        way = self._share(now) if self.direction == "down" else -self._share(now)
        return min(100.0, max(0.0, self.position + way))

    def turn(self, direction: Direction | None, earliest: float, latest: float) -> None:
        """From some moment between these two it runs in `direction`, or stands."""
        when, running = (earliest + latest) / 2, direction or self.direction
        arrived = self.arrived(when)
        self.position = self.at(when)
        if arrived:
            self.blur = 0.0
        if running is not None and not (arrived and direction is None):
            self.blur += 50.0 * (latest - earliest) / self.seconds[running]
        if self.blur > MARGIN:
            self.position = None
        self.direction, self.since = direction, when

    def needs(self, direction: Direction, target: int, now: float) -> float:
        """Seconds of running in `direction` from now to `target`; an end, or any from nowhere known, is overrun."""
        held = self.at(now)
        if held is None or target in (0, 100):
            left = self._left(direction, now)
        else:
            left = target - held if direction == "down" else held - target
        return max(0.0, left) * self.seconds[direction] / 100.0


@dataclass(frozen=True, slots=True)
class Asked:
    """An ask under way: of which plan (0: its failure fails none), when, and what its contact was before."""

    ask: Ask
    plan: int
    at: float
    before: bool | None


class Wired:
    """One motor as far as is known; `now` is set before it is asked anything."""

    def __init__(self, spec: MotionSpec) -> None:
        self.spec = spec
        self.travel = Travel(spec.seconds_up, spec.seconds_down)
        self.now = 0.0
        # What each contact is, as far as is known: one that is being closed is not known to be open any more.
        self.contacts: dict[str, bool | None] = dict.fromkeys(CONTACTS[spec.wiring])
        self.owed: set[str] = set()  # contacts that we closed and have not yet seen open again
        self.opened: dict[str, float] = {}  # when each was last opened by us
        self.closed: dict[str, float] = {}
        self.asks: dict[str, Asked] = {}  # under way, by tag
        self.overtaken: dict[str, float] = {}  # role -> when asks left that newer ones have overtaken
        self.plans = 0
        self.still = NEVER  # when it last came to stand, or was told to
        self.unsure = NEVER  # until then nobody knows whether it runs
        self._numbers = 0
        self.next: Direction = spec.first  # cycle: where the next closure from standstill goes
        self.phase_known = True  # cycle: False once a closure may or may not have come
        # A stop closure would start it the other way, did it already stand at its end.
        self.fickle = spec.wiring == "cycle" or (spec.wiring == "pulse" and spec.stop_with == "opposite")

    def ask(self, role: str, command: Command, *, urgent: bool = False, fatal: bool = True) -> Ask:
        """An ask, noted as under way; a *fatal* one's failure fails the plan that asked."""
        self._numbers += 1
        ask = Ask(role, command, f"ask {self._numbers}", urgent)
        self.asks[ask.tag] = Asked(ask, self.plans if fatal else 0, self.now, self.contacts.get(role))
        if command == SetRelay(True):
            self.owed.add(role)
            self.contacts[role] = None
        return ask

    def open(self, role: str, *, fatal: bool = True) -> Ask:
        """Opening is always urgent: it is what makes things safe, and it ends a run at its place."""
        return self.ask(role, SetRelay(False), urgent=True, fatal=fatal)

    @property
    def position(self) -> float | None:
        """Where it is assumed to be now; None = not known."""
        return self.travel.at(self.now) if self.phase_known else None

    @property
    def running(self) -> Direction | None:
        """Which way it runs, or still may be running towards its end."""
        running = self.travel.direction
        if self.spec.wiring == "hold":
            return running if running and self.contacts[running] and self.contacts[OTHER[running]] is False else None
        return None if self.travel.arrived(self.now) else running

    def not_open(self) -> list[str]:
        """The contacts that are closed, or may be."""
        return [role for role, closed in self.contacts.items() if closed is not False]

    def stopper(self, running: Direction) -> str:
        """The contact whose closure stops it; "" where there is none."""
        if self.spec.wiring == "pulse":
            return {"same": running, "opposite": OTHER[running], "none": ""}[self.spec.stop_with]
        return "input" if self.spec.wiring == "cycle" else "stop"

    def may_stand(self, running: Direction) -> bool:
        """Whether it may stand at its end already, or will before a closure, which would then turn it round."""
        near = NEAR + 100.0 * RELEASE / self.travel.seconds[running]
        return self.fickle and (self.position is None or self._near_end(running, near, self.now))

    def _near_end(self, running: Direction, near: float, when: float) -> bool:
        held = self.travel.at(when)
        return held is not None and abs(held - END[running]) <= near + self.travel.blur

    def matters(self, command: Command, before: bool | None) -> bool:
        """Whether, if it is not known whether `command` came, it is not known either what the motor does."""
        return command != SetRelay(False) or (self.spec.wiring == "hold" and before is not False)

    def switched(self, role: str, closed: bool, before: bool | None, good: bool, sent: bool) -> None:
        """What an ask's end says of its contact."""
        if good and closed:
            self.contacts[role], self.closed[role] = True, self.now
        elif good:
            if self.contacts[role] is not False:
                self.opened[role] = self.now
            self.is_open(role)
        elif sent:
            self.contacts[role] = None if closed or not self.contacts[role] else True
        elif closed:
            self.contacts[role] = before
            if before is False:
                self.owed.discard(role)

    def is_open(self, role: str) -> None:
        """A contact is surely open; with both, a held motor surely stands."""
        if self.spec.wiring == "hold" and self.contacts[role] is not False:
            self.still = self.now
        self.contacts[role] = False
        self.owed.discard(role)
        if self.spec.wiring == "hold" and not self.not_open():
            self.unsure = NEVER

    def effect(self, role: str, command: Command, earliest: float, latest: float) -> None:
        """What the motor does when a contact closes or opens, or its controller is told something: the wirings."""
        running = None if self.travel.arrived(earliest) else self.travel.direction
        match self.spec.wiring, command:
            case "motor", Move(direction):
                self.started(direction, earliest, latest)
            case ("motor", Stop()) | ("start-stop", SetRelay(True)) if role in ("motor", "stop"):
                self.halted(earliest, latest)
                self.unsure = NEVER
            case "hold", SetRelay(closed):
                if closed:
                    self.started(role, earliest, latest)
                elif self.travel.direction == role:
                    self.halted(earliest, latest)
            case _, SetRelay(True):
                if self.unsure > earliest:
                    self.lose()
                elif running is None:
                    self.started(self.next if role == "input" else role, earliest, latest)
                elif self.spec.wiring != "start-stop" and role == self.stopper(running):
                    if self.fickle and self._near_end(running, 0.5, latest):
                        self.lose()  # so late that it may have found the motor at its end, and turned it round
                    else:
                        self.halted(earliest, latest)
                elif role != running:
                    self.lose()

    def started(self, direction: str, earliest: float, latest: float) -> None:
        """It has begun to run, at some moment between these two."""
        way: Direction = "up" if direction == "up" else "down"
        self.travel.turn(way, earliest, latest)
        self.next = "down" if way == "up" else "up"

    def halted(self, earliest: float, latest: float) -> None:
        """It has come to stand, at some moment between these two."""
        self.still = latest
        self.travel.turn(None, earliest, latest)

    def lose(self) -> None:
        """Nobody can say where it is, nor whether it runs, until it must have run into an end."""
        self.travel.position, self.travel.direction, self.travel.blur = None, None, 0.0
        self.unsure = self.now + max(self.travel.seconds.values()) * (1 + MARGIN / 100)
        self.phase_known = self.phase_known and self.spec.wiring != "cycle"
