"""Displays and their like, which are asked in rounds: what was asked, what must show, what waits until it can be taken.

The part of a driver that is the same for every device with a power state that tells little by itself. Warm-up and
cool-down are states: a command that would be lost in them is kept and sent when they are over, or refused with the
reason. What may not live here: any protocol, links. Floor 1: drivers build on it.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from gateway.commands import Command, SetPower
from gateway.driver import (
    Action,
    Actions,
    Appeared,
    Driver,
    Drop,
    Feedback,
    Gone,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    setting,
)
from gateway.model import Reason

ASLEEP = frozenset({"off", "standby"})
CHANGING = frozenset({"warming", "cooling"})
KNOCK = 6  # rounds between looks for a unit that is away: each keeps the others waiting for a silent exchange


class Ask(NamedTuple):
    """A question to a unit, and the tag of the Send that asks it."""

    unit: str
    what: str


@dataclass(frozen=True)
class PolledSettings(Settings):
    """What a profile may say of every device that is asked in rounds."""

    poll: float = setting(10.0, "Seconds between rounds of questions at rest.")
    quick: float = setting(0.5, "Seconds between questions after a command, and while it warms up or cools down.")
    warm_up: float = setting(90.0, "Seconds that a change of power may take; commands wait so long for its end.")
    settle: float = setting(0.0, "Seconds after it has come on in which it would lose commands; they wait.")

    def __post_init__(self) -> None:
        if not 0 < self.quick <= self.poll or self.warm_up <= 0 or self.settle < 0:
            raise ValueError("quick is more than 0 and no more than poll; warm_up is more than 0, settle at least 0")


class Polled(Driver):
    """A driver that asks. Subclasses say which units there are (`served`), what a round asks (`wanted`), how a question
    and a command are put (`question`, `say`), and what can be done (`offer`); they hand on what they hear: `learned`
    for an answer, `tell` for points, `acknowledged` for a command."""

    Settings = PolledSettings
    settings: PolledSettings
    power_question: ClassVar[str] = "power"

    optional: ClassVar[frozenset[str]] = frozenset()  # questions that some models leave unanswered

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.points: dict[str, dict[str, Any]] = {unit: {} for unit in self.served()}
        self.asked: set[Ask] = set()  # on their way
        self.absent: set[Ask] = set()  # what this device does not know
        self.unanswered: set[Ask] = set()  # what must be answered before commands may come
        self.away: set[str] = set()  # units of several that do not answer
        self.watched: dict[Ask, tuple[Request, float]] = {}  # what is to show which command, until when
        self.kept: dict[tuple[str, str], tuple[Request, float]] = {}  # commands that wait, until when
        self.goal: dict[str, tuple[bool, float]] = {}  # the power a unit was told to have, until when it may take
        self.settling: dict[str, float] = {}  # units that have just come on, until when commands would be lost
        self.shown_offers: dict[str, Offers] = {}
        self.mute_since: dict[str, float] = {}  # units that are silent while their power changes
        self.rounds = 0
        self.ready = False

    # ---- what a subclass says ------------------------------------------------------------------------------------

    def served(self) -> tuple[str, ...]:
        """The units behind this connection."""
        return ("",)

    def wanted(self, unit: str) -> Iterable[str]:
        """What a round asks of a unit as it is now."""
        raise NotImplementedError

    def first_round(self, unit: str) -> Iterable[str]:
        """What is asked as soon as it is usable: by default, a round."""
        return self.wanted(unit)

    def question(self, ask: Ask) -> Send:
        """A question in the device's words, with the Ask as its tag."""
        raise NotImplementedError

    def say(self, request: Request) -> Actions:
        """A command in the device's words, or Refused."""
        raise NotImplementedError

    def offer(self, unit: str) -> Offers:
        """What a unit can do now."""
        raise NotImplementedError

    def woken(self, unit: str) -> Actions:
        """A unit's power has changed: what else is to be told or asked. By default, a round."""
        if self.ready:
            yield from self.ask(unit, *self.wanted(unit))

    # ---- questions -----------------------------------------------------------------------------------------------

    def valid_unit(self, unit: str) -> bool:
        return unit in self.served()

    def patience(self, command: Command) -> float:
        """A command may have to wait for the end of a warm-up."""
        waiting = any(self.busy(unit) for unit in self.points)
        return max(command.patience, self.settings.warm_up + 10.0) if waiting else command.patience

    def begin(self, *first: str) -> Actions:
        """Ask these of every unit; once they are answered, be it with a no, the device is usable."""
        self.unanswered = {Ask(unit, what) for unit in self.points for what in first}
        for unit in self.points:
            yield from self.ask(unit, *first)

    def ask(self, unit: str, *what: str) -> Actions:
        """Ask what is not being asked already and is not known to be absent."""
        for one in what:
            ask = Ask(unit, one)
            if ask not in self.asked and ask not in self.absent:
                self.asked.add(ask)
                yield self.question(ask)

    def learned(self, ask: Ask, *, absent: bool = False, **points: Any) -> Actions:
        """A question was answered, with these points; `absent`: the device does not know it."""
        self.asked.discard(ask)
        self.mute_since.pop(ask.unit, None)
        if absent:
            self.absent.add(ask)
        if ask.unit in self.away:
            self.away.discard(ask.unit)
            self.shown_offers.pop(ask.unit, None)
            yield Appeared(ask.unit)
        if points:
            yield from self.tell(ask.unit, **points)
        offers = self.offer(ask.unit)
        if self.ready and self.shown_offers.get(ask.unit) != offers:
            self.shown_offers[ask.unit] = offers
            yield offers
        if ask in self.watched and self.shows(self.watched[ask][0].command, self.points[ask.unit]):
            del self.watched[ask]
        self.unanswered.discard(ask)
        yield from self.usable()

    def usable(self) -> Actions:
        """Ready once the first questions are answered."""
        if self.ready or self.unanswered or len(self.away) == len(self.points):
            return
        self.ready = True
        for unit in self.points:
            if unit not in self.away:
                self.shown_offers[unit] = self.offer(unit)
                yield self.shown_offers[unit]
        yield Ready()
        yield Later(self.settings.poll, "poll")
        for unit in (one for one in self.points if one not in self.away):
            yield from self.ask(unit, *self.first_round(unit))

    def tell(self, unit: str, **points: Any) -> Actions:
        """The device told points of a unit, asked or not."""
        held = self.points[unit]
        before = held.get("power")
        held.update(points)
        yield from self._shown(unit, points)
        if "power" not in points:
            return
        power = points["power"]
        goal = self.goal.get(unit)
        if goal is not None and (power in ASLEEP if not goal[0] else power == "on"):
            del self.goal[unit]
        if power == "on" and before not in (None, "on") and self.settings.settle:
            self.settling[unit] = self.now + self.settings.settle
            yield Later(self.settings.settle, "settled")
        if self.busy(unit):
            yield Later(self.settings.quick, "quick")
        elif self.ready:
            yield from self._release(unit)
        if power != before:
            yield from self.woken(unit)

    def _shown(self, unit: str, points: dict[str, Any]) -> Actions:
        """What people are shown of it: a display that took the order to come on and still says that it sleeps warms up,
        as far as anybody can tell; many have no word of their own for that."""
        wanted, until = self.goal.get(unit, (False, 0.0))
        power = points.get("power")
        if until <= self.now or power not in ASLEEP | {"on"} or wanted == (power == "on"):
            yield Feedback(unit, **points)
            return
        if rest := {name: value for name, value in points.items() if name != "power"}:
            yield Feedback(unit, **rest)
        yield Feedback(unit, assumed=True, power="warming" if wanted else "cooling")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """One unit of several that does not answer is away; else the whole device is. While its power
        changes it is asked again, for as long as such a change may take."""
        unit = tag.unit if isinstance(tag, Ask | Request) else ""
        if isinstance(tag, Ask):
            self.asked.discard(tag)
            if tag.what in self.optional:
                self.absent.add(tag)
                return
            if tag.what == self.power_question and unit in self.points and self.busy(unit):
                since = self.mute_since.setdefault(unit, self.now)  # many say nothing while their power changes
                if self.now - since < self.settings.warm_up:
                    yield Later(self.settings.quick, "quick")
                    return
        others = self.points.keys() - self.away - {unit}
        if not others or unit not in self.points:
            yield Drop(Reason.NO_RESPONSE, reason)
            return
        if unit not in self.away:
            self.away.add(unit)
            self.points[unit].clear()
            yield Gone(unit)
        self.unanswered = {ask for ask in self.unanswered if ask.unit != unit}
        yield from self.usable()

    def due(self, name: str) -> Actions:
        if name == "poll":
            self.rounds += 1
            for unit in self.points:
                if unit not in self.away:
                    yield from self.ask(unit, *self.wanted(unit))
                elif self.rounds % KNOCK == 1:
                    yield from self.ask(unit, self.power_question)
            yield Later(self.settings.poll, "poll")
        elif name in ("quick", "settled"):
            again = yield from self._release_what_can_be()
            self.watched = {ask: held for ask, held in self.watched.items() if held[1] > self.now}
            changing = [Ask(unit, self.power_question) for unit in self.points if self.busy(unit)]
            looked = sorted({*self.watched, *changing})
            for ask in looked:
                yield from self.ask(ask.unit, ask.what)
            if looked or again:
                yield Later(self.settings.quick, "quick")

    def _release_what_can_be(self) -> Generator[Action, None, bool]:
        """Commands must not wait for ever where a change of power was given up; whether some wait for an answer yet."""
        again = False
        for unit in dict.fromkeys(key[0] for key in self.kept):
            if Ask(unit, self.power_question) in self.asked:
                again = True  # its answer decides
            elif not self.busy(unit):
                yield from self._release(unit)
        return again

    # ---- commands ------------------------------------------------------------------------------------------------

    def busy(self, unit: str) -> bool:
        """Whether a change of power is under way, as it says itself or as it was told a moment ago."""
        power = self.points[unit].get("power")
        goal = self.goal.get(unit)
        settling = self.settling.get(unit, 0.0) > self.now
        return power in CHANGING or settling or (goal is not None and goal[1] > self.now)

    def command(self, request: Request) -> Actions:
        yield from self._decide(request)

    def _decide(self, request: Request, *, sure: bool = False) -> Actions:
        """Say it, keep it or refuse it; `sure`: the power is known from this very moment."""
        unit = request.unit
        if unit not in self.points:
            yield Refused(request, f"there is no display {unit!r}; there are {', '.join(self.points)}")
            return
        power = self.points[unit].get("power")
        if isinstance(request.command, SetPower):
            on = request.command.on
            if not on:
                yield from self._refuse_kept(unit, "it is being turned off")
            if power == ("cooling" if on else "warming"):
                yield from self._keep(request)
                return
        elif self.busy(unit):
            turned_off = not self.goal[unit][0] if unit in self.goal else power == "cooling"
            waking = (unit, SetPower.slot) in self.kept  # it cools down, and is to come on after that
            if turned_off and not waking:
                yield Refused(request, "it is being turned off")
            else:
                yield from self._keep(request)
            return
        elif power in ASLEEP:
            if sure:
                yield Refused(request, "it is off")
            else:  # somebody at the display may have turned it on since it was last asked
                yield from self._keep(request)
            return
        yield from self.say(request)

    def acknowledged(self, request: Request, what: str) -> Actions:
        """The device took a command; `what` is the question whose answer is to show it."""
        yield Taken(request)
        if isinstance(request.command, SetPower):
            held = self.points[request.unit].get("power")
            if request.command.on != (held == "on"):
                self.goal[request.unit] = (request.command.on, self.now + self.settings.warm_up)
        self.watched[Ask(request.unit, what)] = (request, self.now + max(10.0, self.patience(request.command)))
        yield from self.ask(request.unit, what)
        yield Later(self.settings.quick, "quick")

    def _keep(self, request: Request) -> Actions:
        """Have it wait; what a look at the power tells decides. Where it is thought to be off, that look is a person's
        and goes before the round."""
        key = (request.unit, request.command.slot or request.id)
        self.kept.pop(key, None)
        self.kept[key] = (request, self.now + self.settings.warm_up)
        ask = Ask(request.unit, self.power_question)
        if ask not in self.asked or not self.busy(request.unit):
            self.asked.add(ask)
            yield self.question(ask)
        yield Later(self.settings.quick, "quick")

    def _release(self, unit: str) -> Actions:
        """The change of power is over: send what has waited for it."""
        for key in [key for key in self.kept if key[0] == unit]:
            request, until = self.kept.pop(key)
            if until > self.now:
                yield from self._decide(request, sure=True)
            else:
                yield Refused(request, "it has not come on in time")

    def _refuse_kept(self, unit: str, words: str) -> Actions:
        for key in [key for key in self.kept if key[0] == unit]:
            yield Refused(self.kept.pop(key)[0], words)
