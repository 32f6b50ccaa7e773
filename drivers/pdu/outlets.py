"""What all rack PDUs over SNMP share: outlets found by their names, looked at in rounds, switched and seen to switch.

SNMP v1 and v2c cannot refuse a log-in: a wrong read community is silence ("no response"), a wrong write community is
silence to commands only. Version 3 does refuse one. What may not live here: any maker's object.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from gateway.agent import MOST, SILENCE, UNHEARD, WritableAgentSettings
from gateway.commands import Command, CyclePower, SetPower
from gateway.driver import (
    Actions,
    Done,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    SnmpGet,
    SnmpReply,
    SnmpSet,
    SnmpWalk,
    Taken,
    Timing,
    setting,
)
from gateway.model import Reason

COMMANDS = frozenset({SetPower, CyclePower})


@dataclass(frozen=True)
class Meter:
    """A column that measures outlets: the point it feeds, what one step is worth, and what follows the outlet's index.

    `digits`: a column that says by how many powers of ten the value is too large, where the maker has one.
    """

    point: Literal["load", "watts"]
    column: str
    scale: float = 1.0
    tail: str = ""
    digits: str = ""

    def oid(self, index: str) -> str:
        return f"{self.column}.{index}{self.tail}"

    def digits_oid(self, index: str) -> str:
        return f"{self.digits}.{index}{self.tail}"


@dataclass(frozen=True)
class Family:
    """Where one family of PDUs keeps its outlets; a column's OID is followed by the outlet's index.

    home: the beginning of the index that is left out of a unit's name (the first unit of a chain).
    switchable: a column that is 1 where the outlet can be switched; "" where there is none.
    """

    names: str
    state: str
    states: Mapping[int, str]
    control: str
    identity: Mapping[str, str]  # point -> OID
    meters: tuple[Meter, ...] = ()
    home: str = ""
    switchable: str = ""
    control_of: Mapping[str, str] = field(default_factory=dict)  # on, off, cycle -> column, where each has its own

    def index(self, unit: str) -> str:
        return unit if "." in unit else f"{self.home}{unit}"

    def unit(self, index: str) -> str:
        return index.removeprefix(self.home) if index.count(".") == self.home.count(".") else index


@dataclass(frozen=True)
class PduSettings(WritableAgentSettings):
    """What a profile may say of a rack PDU."""

    poll: float = setting(5.0, "seconds between two looks at all outlets")
    quick: float = setting(1.0, "seconds between two looks at an outlet that was just switched")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.quick <= self.poll:
            raise ValueError("quick is more than 0 and no more than poll")


class Outlets(Driver):
    """One rack PDU, or a chain of them behind one address; its units are the outlets."""

    links: ClassVar[Mapping[str, int]] = {"snmp": 161}
    timing = Timing(window=1, reply=5.0, ready=30.0)  # the link asks twice, 2 s each
    plays = frozenset({"outlet"})
    takes = COMMANDS
    Settings = PduSettings
    settings: PduSettings
    maker: ClassVar[str] = ""  # as in "it shows no outlets of ..."

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.waiting = list(self.families())  # the trees that were not looked for yet
        self.family = self.families()[self.waiting[0]]
        self.outlets: dict[str, str | None] = {}  # unit -> power
        self.fixed: set[str] = set()  # units that cannot be switched
        self.meters: dict[str, tuple[str, Meter]] = {}  # OID -> unit, meter
        self.digits: dict[str, int] = {}  # OID of a meter -> decimal digits
        self.asked: set[Hashable] = set()  # the round of looks under way; the first one ends with Ready
        self.ready = False
        self.switched: dict[str, float] = {}  # unit -> until when it is looked at quickly
        self.cycles: dict[str, tuple[Request, bool]] = {}  # unit -> its reboot, and whether it was seen off

    # ---- what a maker says ---------------------------------------------------------------------------------------

    def families(self) -> Mapping[str, Family]:
        """The trees to look for, in the order of asking."""
        raise NotImplementedError

    def order(self, command: SetPower | CyclePower, index: str) -> tuple[str, int]:
        """What is written where."""
        raise NotImplementedError

    # ---- the contract --------------------------------------------------------------------------------------------

    def opening(self) -> Opening:
        return self.settings.opening()

    def patience(self, command: Command) -> float:
        """The relay clicks at once; a reboot waits between off and on, usually 5 to 60 s."""
        return 90.0 if isinstance(command, CyclePower) else 15.0

    def valid_unit(self, unit: str) -> bool:
        arcs = unit.split(".")
        return not unit or (len(arcs) <= 1 + self.family.home.count(".") and all(_number(arc) for arc in arcs))

    def opened(self) -> Actions:
        yield from self._try()

    def due(self, name: str) -> Actions:
        if name == "poll":
            yield from self._look()
        elif name == "quick":
            self.switched = {unit: until for unit, until in self.switched.items() if until > self.now}
            for some in _slices([self._state(unit) for unit in self.switched]):
                yield Send(SnmpGet(tuple(some)), tag="quick")

    def command(self, request: Request) -> Actions:
        self.cycles.pop(request.unit, None)
        command = request.command
        if request.unit not in self.outlets:
            yield Refused(request, "the PDU has no such outlet")
        elif not isinstance(command, SetPower | CyclePower):
            yield Refused(request, "an outlet cannot do that")
        elif request.unit in self.fixed:
            yield Refused(request, "this outlet cannot be switched")
        else:
            yield Send(SnmpSet((self.order(command, self.family.index(request.unit)),)), tag=request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if not isinstance(data, SnmpReply):
            return
        match tag:
            case Request():
                yield from self._ordered(tag, data)
            case ("names", str(family)):
                yield from self._named(family, data)
            case ("identity", *_):
                yield from self._identified(data)
            case ("check", Request() as request):
                yield from self._told(data)
                yield from self._checked(request)
            case "quick":
                yield from self._told(data)
                if self.switched:
                    yield Later(self.settings.quick, "quick")
            case ("state", *_):
                yield from self._told(data)
            case ("abilities", *_):
                self._able(data)
            case ("meters", *oids):
                yield from self._measured(data, oids)
        if tag in self.asked:
            self.asked.discard(tag)
            if not self.asked:
                yield from self._looked()

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """SNMP pairs answers with questions, so that an unanswered order says nothing of the rest: look whether the
        PDU is there at all. An unanswered question is a PDU that is away."""
        if isinstance(tag, Request):
            yield Send(SnmpGet((self._state(tag.unit),)), tag=("check", tag))
        else:
            yield Drop(Reason.NO_RESPONSE, SILENCE if reason == "no response" else reason)

    # ---- reading -------------------------------------------------------------------------------------------------

    def _try(self) -> Actions:
        """The outlets' names show which tree there is, and how many outlets (a chain of PDUs counts on)."""
        family = self.waiting.pop(0)
        self.family = self.families()[family]
        yield Send(SnmpWalk(self.family.names), tag=("names", family))

    def _named(self, family: str, reply: SnmpReply) -> Actions:
        named = {unit: name for unit, name in self._below(self.family.names, reply) if name is not None}
        if not named and self.waiting:
            yield from self._try()
            return
        if not named:
            words = f" ({reply.error})" if reply.error else ""
            yield Drop(Reason.PROTOCOL_ERROR, f"it shows no switched outlets of {self.maker}'s{words}")
            return
        for unit, name in named.items():
            self.outlets[unit] = None
            yield Feedback(unit, outlet_name=str(name) or unit)
        yield self._ask("identity", *self.family.identity.values())
        yield from self._abilities()
        yield from self._look()

    def _abilities(self) -> Actions:
        """What is asked once: which outlets can be switched, and how the meters count."""
        wanted = [f"{self.family.switchable}.{self.family.index(unit)}" for unit in self.outlets]
        wanted = wanted if self.family.switchable else []
        for meter in self.family.meters:
            for unit in self.outlets:
                index = self.family.index(unit)
                self.meters[meter.oid(index)] = unit, meter
                wanted += [meter.digits_oid(index)] if meter.digits else []
        for some in _slices(wanted):
            yield self._ask("abilities", *some)

    def _able(self, reply: SnmpReply) -> None:
        for oid, value in reply.values.items():
            if self.family.switchable and oid.startswith(f"{self.family.switchable}."):
                if value not in (1, None):
                    self.fixed.add(self.family.unit(oid.removeprefix(f"{self.family.switchable}.")))
                continue
            for meter in self.family.meters:
                if meter.digits and oid.startswith(f"{meter.digits}.") and isinstance(value, int) and 0 <= value <= 9:
                    self.digits[oid.replace(meter.digits, meter.column, 1)] = value

    def _ask(self, what: str, *oids: str) -> Send:
        self.asked.add((what, *oids))
        return Send(SnmpGet(oids), tag=(what, *oids))

    def _look(self) -> Actions:
        for some in _slices([self._state(unit) for unit in self.outlets]):
            yield self._ask("state", *some)
        for some in _slices(list(self.meters)):
            yield self._ask("meters", *some)

    def _state(self, unit: str) -> str:
        return f"{self.family.state}.{self.family.index(unit)}"

    def _looked(self) -> Actions:
        if not self.ready:
            self.ready = True
            for unit, power in self.outlets.items():
                if power is None:
                    self.fixed.add(unit)
                yield Offers(unit, frozenset() if unit in self.fixed else COMMANDS)
            yield Ready()
        yield Later(self.settings.poll, "poll")

    def _identified(self, reply: SnmpReply) -> Actions:
        found = {point: reply.values.get(oid) for point, oid in self.family.identity.items()}
        told: dict[str, Any] = {point: str(text) for point, text in found.items() if text}
        if told:
            yield Feedback("", **told)

    def _measured(self, reply: SnmpReply, oids: list[Any]) -> Actions:
        """What an outlet draws. A meter that is not there is not asked for again."""
        for oid in [oid for oid in dict.fromkeys(oids) if oid in self.meters]:
            unit, meter = self.meters[oid]
            value = reply.values.get(oid)
            if not isinstance(value, int) or (meter.digits and oid not in self.digits):
                del self.meters[oid]
                continue
            shown = value * meter.scale / 10 ** self.digits.get(oid, 0)
            if shown >= 0:
                yield Feedback(unit, **{meter.point: round(shown, 3)})

    def _told(self, reply: SnmpReply) -> Actions:
        if reply.error:
            yield Drop(Reason.PROTOCOL_ERROR, f"the PDU answered {reply.error} about its outlets")
            return
        for unit, value in self._below(self.family.state, reply):
            if unit not in self.outlets:
                continue
            power = self.family.states.get(value) if isinstance(value, int) else None
            self.outlets[unit] = power
            yield Feedback(unit, power=power)
            if unit in self.cycles:
                request, was_off = self.cycles[unit]
                if was_off and power == "on":
                    del self.cycles[unit]
                    self.switched.pop(unit, None)
                    yield Done(request)
                elif power == "off":
                    self.cycles[unit] = request, True

    # ---- switching -----------------------------------------------------------------------------------------------

    def _ordered(self, request: Request, reply: SnmpReply) -> Actions:
        if reply.error:
            yield Refused(request, f"the PDU refused: {reply.error}")
            return
        yield Taken(request)
        if isinstance(request.command, CyclePower):
            self.cycles[request.unit] = request, False
        self.switched[request.unit] = self.now + self.patience(request.command)
        yield Send(SnmpGet((self._state(request.unit),)), tag="quick")

    def _checked(self, request: Request) -> Actions:
        """The PDU answers, but it did not answer this order: was it carried out all the same?"""
        power = self.outlets.get(request.unit)
        if isinstance(request.command, CyclePower) and power == "off":
            yield from self._ordered(request, SnmpReply({}))
        elif not self.shows(request.command, {"power": power}):
            yield Refused(request, UNHEARD)

    def _below(self, column: str, reply: SnmpReply) -> Iterator[tuple[str, int | str | None]]:
        """The rows of one column in a reply: unit, value; None where the agent has no such object."""
        for oid, value in reply.values.items():
            index = oid.removeprefix(f"{column}.")
            if index != oid and all(arc.isdecimal() for arc in index.split(".")):
                yield self.family.unit(index), value


def _number(arc: str) -> bool:
    return arc.isdecimal() and arc.isascii() and arc[0] != "0" and len(arc) < 5


def _slices(oids: list[str]) -> Iterator[list[str]]:
    return (oids[start : start + MOST] for start in range(0, len(oids), MOST))
