"""Lutron Integration Protocol: shades, shade groups, lights, area scenes and occupancy over telnet.

Three dialects: HomeWorks QS (Quantum speaks it too), RadioRA 2, and QS Standalone (QSE-CI-NWK-E). A prompt or an echo
ends nothing here: an exchange is over when what was asked for has come. What may not live here: travel times.
Source: Lutron Integration Protocol 040249 ("LIP" below; pages of the copies named in `sources`).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Command, Move, RecallPreset, SetLevel, SetPosition, Stop
from gateway.cutters import Frames
from gateway.driver import (
    Actions,
    Answered,
    Done,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Timing,
    setting,
)
from gateway.model import Reason

PROMPT = re.compile(rb"[\s\0]*(?:login: ?|password: ?|(?:GNET|QNET|QSE)> ?)", re.IGNORECASE)
LINE = re.compile(rb"[^\r\n]*[\r\n]+")
LOGINS = {"homeworks": ("lutron", "integration"), "radiora2": ("lutron", "integration"), "qse": ("nwk", "")}
OFFERED: Mapping[str, frozenset[type[Command]]] = {
    "shade": frozenset({Move, Stop, SetPosition}),
    "group": frozenset({Move, Stop, SetPosition, RecallPreset}),
    "light": frozenset({SetLevel}),
    "area": frozenset({RecallPreset}),
    "keypad": frozenset({RecallPreset}),
}
ERRORS = {"1": "parameter count mismatch", "2": "object does not exist", "3": "invalid action number"} | {
    "4": "parameter data out of range",
    "5": "parameter data malformed",
    "6": "unsupported command",
}
LEVEL, PRESS, RELEASE, SCENE, OCCUPANCY, DEVICE_LEVEL = "1", "3", "4", "6", "8", "14"
PLAIN, DEVICE = ("2", "3", "4"), ("18", "19", "20")  # start raising, start lowering, stop
AGAIN = 0.5  # seconds
ID = r"[A-Za-z0-9_.-]{1,32}"


@dataclass(frozen=True)
class Lip(Frames):
    """Only a refusal is positional; every answer names what it answers."""

    def answers(self, message: Any) -> bool:
        return b"~ERROR," in message


def measure(held: bytes) -> int:
    """A log-in question or a prompt is whole without an end of line; all else is a line."""
    if found := PROMPT.match(held):
        return found.end()
    found = LINE.match(held)
    return found.end() if found else 0


@dataclass(frozen=True)
class LutronLipSettings(Settings):
    """Settings of one processor, repeater or network interface."""

    dialect: Literal["homeworks", "radiora2", "qse"] = setting("homeworks", "homeworks (also Quantum), radiora2 or qse")
    username: str = setting("", 'log-in name; "" = the factory\'s: lutron, or nwk for qse')
    password: str = setting("", 'log-in password; "" = the factory\'s: integration, or none for qse', secret=True)
    shades: tuple[str, ...] = setting((), "integration ids of shades; qse: ids or serial numbers")
    groups: tuple[str, ...] = setting((), "integration ids of shade groups (homeworks)")
    lights: tuple[str, ...] = setting((), "integration ids of lights; qse: id/component")
    areas: tuple[str, ...] = setting((), "areas with scenes and occupancy; radiora2: occupancy groups")
    keypads: tuple[str, ...] = setting((), "keypads whose buttons may be pressed: preset = the button's component")
    motor_actions: Literal["auto", "2/3/4", "18/19/20"] = setting(
        "auto", "numbers for raise, lower, stop; auto = 18/19/20 for DEVICE (qse), else 2/3/4"
    )
    poll: float = setting(60.0, "seconds between looks at everything")
    quick: float = setting(1.0, "seconds between looks at a shade that was sent off")
    travel: float = setting(90.0, "seconds that a shade may take from end to end: so long it is looked at quickly")

    def __post_init__(self) -> None:
        if self.dialect not in LOGINS or self.motor_actions not in ("auto", "2/3/4", "18/19/20"):
            raise ValueError("dialect is homeworks, radiora2 or qse; motor_actions is auto, 2/3/4 or 18/19/20")
        if not 0 < self.quick <= self.poll or self.travel <= 0:
            raise ValueError("quick is more than 0 and no more than poll; travel is more than 0")
        if self.groups and self.dialect != "homeworks":
            raise ValueError("groups are HomeWorks QS and Quantum only (SHADEGRP)")
        if self.areas and self.dialect == "qse":
            raise ValueError("areas are not known to a QSE-CI-NWK-E")
        for kind in ("shades", "groups", "lights", "areas", "keypads"):
            for one in getattr(self, kind):
                wanted = f"{ID}/[0-9]+" if kind == "lights" and self.dialect == "qse" else ID
                if not isinstance(one, str) or not re.fullmatch(wanted, one):
                    raise ValueError(f"{one!r} in {kind} is no integration id")

    def units(self) -> tuple[str, ...]:
        """Every unit, such as shade/5."""
        return tuple(f"{kind}/{one}" for kind in OFFERED for one in getattr(self, f"{kind}s"))


class LutronLip(Driver):
    """One processor, repeater or network interface."""

    name = "lutron_lip"
    title = "Lutron HomeWorks QS, Quantum, RadioRA 2 and QS Standalone (LIP)"
    models = "HomeWorks QS and Quantum processors, RadioRA 2 main repeaters, QSE-CI-NWK-E"
    links: ClassVar[Mapping[str, int]] = {"telnet": 23}
    timing = Timing(reply=4.0, ready=30.0)
    cutter = Lip(measure, limit=4096)
    plays = frozenset({"shade", "light", "occupancy"})
    pushes = True
    evidence = "cross-checked"  # pylutron 0.4 drives the simulator (tests/drivers/test_lutron_lip.py)
    sources = (
        "Lutron Integration Protocol 040249 (DEVICE, OUTPUT, SHADEGRP, AREA, MONITORING, ERROR)",
        "PlaceOS drivers, lutron/lighting_spec (transcript)",
        "pylutron_qse and lutron-integration (QS Standalone)",
        "RoomGate facts: room devices 4.1",
    )
    offered = (
        "OUTPUT: shades (level, raise, lower, stop) and lights (level with fade)",
        "SHADEGRP: level, raise, lower, stop, presets 0 to 30",
        "DEVICE on QS Standalone: level of component 0 (action 14), raise, lower, stop (18, 19, 20)",
        "AREA: scenes and occupancy; GROUP occupancy of RadioRA 2",
        "keypad buttons: press and release (DEVICE 3, 4)",
        "MONITORING of levels, occupancy and scenes; ERROR as a refusal; DETAILS on QS Standalone",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "direction of travel": "LIP tells levels; only motor modules tell a remaining time, and no direction",
        "tilt": "LIP sets lift and tilt of venetian blinds on phantom buttons only (DEVICE 23 to 25)",
        "keypad presses and LEDs towards RoomGate": "scenes and levels that they change are told anyway",
        "motor jog (OUTPUT 18 to 21), flash, pulse": "no part of a room asks for them",
        "LEAP (TLS 8081)": "another protocol, with certificates that are made by pairing",
    }
    units = "shade/5, group/2, light/12 (qse: light/ID/COMPONENT), area/3 or keypad/7, as listed in the settings"
    Settings: ClassVar[type[Settings]] = LutronLipSettings
    settings: LutronLipSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.names = dict.fromkeys(self.settings.units())  # in order
        self.named: dict[str, str] = {}  # qse: serial number or integration id -> the other, as DETAILS tells
        self.logged_in = self.asked_name = self.ready = False
        self.waiting: set[str] = set()  # units whose first answer is still to come
        self.doing: dict[str, Request] = {}  # unit -> the command whose proof was asked for
        self.twice = 0.0  # until then a second refusal belongs to the same command: to its question
        self.missing: dict[str, str] = {}  # units that the device does not know, and its word for that
        self.level: dict[str, int] = {}
        self.sent: dict[str, tuple[Request | None, int | None, float]] = {}  # unit -> Move, where it began, until when

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every line, for example ids."""
        yield from ("#MONITORING,12,2", "#MONITORING,5,1", "#MONITORING,6,1", "#MONITORING,8,1", "?MONITORING,5")
        yield from ("?OUTPUT,5,1", "#OUTPUT,5,1,50,2", "#OUTPUT,5,2", "#OUTPUT,5,3", "#OUTPUT,5,4", "#SHADEGRP,2,1,70")
        yield from ("#SHADEGRP,2,3", "#SHADEGRP,2,6,2", "?SHADEGRP,2,6", "?AREA,2,8", "?AREA,2,6", "#AREA,2,6,2")
        yield from ("#DEVICE,7,2,3", "#DEVICE,7,2,4", "?DEVICE,5,0,14", "#DEVICE,5,0,18", "?GROUP,3,3")

    def valid_unit(self, unit: str) -> bool:
        return not unit or unit in self.names

    def may_take(self, unit: str) -> frozenset[type[Command]]:
        """By the kind of unit; the scenes of an area are HomeWorks' own."""
        kind = unit.partition("/")[0]
        none = kind == "area" and self.settings.dialect != "homeworks"
        return frozenset() if none or kind not in OFFERED else OFFERED[kind]

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A question of the log-in, a prompt, or a line."""
        text = data.decode("latin-1").strip(" \r\n\0")
        if self.logged_in:
            yield from self._line(re.sub(r"^(?:(?:GNET|QNET|QSE)> ?)+", "", text), tag)
        elif text.lower() == "login:":
            if self.asked_name:
                yield Drop(Reason.LOGIN_REFUSED, "it asks for the log-in again: the name or password is wrong")
                return
            self.asked_name = True
            yield Send(f"{self.settings.username or LOGINS[self.settings.dialect][0]}\r\n".encode(), reply=False)
        elif text.lower() == "password:" and self.asked_name:
            word = self.settings.password or LOGINS[self.settings.dialect][1]
            yield Send(f"{word}\r\n".encode(), reply=False, hide=(word,) if word else ())
        elif re.search("incorrect|bad login|denied", text.lower()):
            yield Drop(Reason.LOGIN_REFUSED, "the name or password is wrong")
        elif text.endswith(">") or text.lower() == "connection established":
            self.logged_in = True
            yield from self._begin()

    def _begin(self) -> Actions:
        """No prompts; levels, occupancy, scenes and presets told as they change (LIP, MONITORING)."""
        for kind, state in (("12", "2"), ("5", "1"), ("6", "1"), ("8", "1")):
            yield Send(f"#MONITORING,{kind},{state}\r\n".encode(), reply=False)
        if self.settings.dialect == "qse" and self.names:
            yield Send(b"?DETAILS,ALL_DEVICES\r\n", reply=False)
        self.waiting = {"", *(unit for unit in self.names if not unit.startswith("keypad/"))}
        yield from self._look()

    def _look(self) -> Actions:
        yield Send(b"?MONITORING,5\r\n", tag=("MONITORING,5", ""))
        for unit in self.names:
            yield from self._ask(unit)
        yield Later(self.settings.poll, "poll")

    def _questions(self, unit: str) -> tuple[str, ...]:
        kind, _, name = unit.partition("/")
        match kind, self.settings.dialect:
            case ("shade", "qse"):
                return (f"DEVICE,{name},0,{DEVICE_LEVEL}",)
            case ("light", "qse"):
                return (f"DEVICE,{name.replace('/', ',')},{DEVICE_LEVEL}",)
            case ("shade" | "light", _):
                return (f"OUTPUT,{name},{LEVEL}",)
            case ("group", _):
                return (f"SHADEGRP,{name},{SCENE}",)  # LIP names no question for a group's level
            case ("area", "homeworks"):
                return (f"AREA,{name},{OCCUPANCY}", f"AREA,{name},{SCENE}")
            case ("area", _):
                return (f"GROUP,{name},{PRESS}",)
        return ()

    def _ask(self, unit: str, request: Request | None = None) -> Actions:
        if request is not None:
            self.doing[unit] = request
        for question in self._questions(unit):
            yield Send(f"?{question}\r\n".encode(), tag=(question, unit))

    # ---- doing -----------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """Say it, then ask how it is now: what is told then is the proof."""
        unit, command = request.unit, request.command
        kind, _, name = unit.partition("/")
        if unit not in self.names or type(command) not in OFFERED.get(kind, ()) or not self._can(kind, command):
            yield Refused(request, "this unit cannot do that")
            return
        self.sent.pop(unit, None)
        if isinstance(command, RecallPreset):
            yield from self._preset(request, kind, name, command.preset)
            return
        yield Send(self._line_for(kind, name, command), tag=request, reply=False)
        if isinstance(command, Stop):
            yield Feedback(unit, assumed=True, moving="stopped")
        elif isinstance(command, Move | SetPosition):
            yield Feedback(unit, moving=None)
            if kind == "group":  # its level cannot be asked for: believed, until it tells
                percent = command.percent if isinstance(command, SetPosition) else 100 * (command.direction == "down")
                yield Feedback(unit, assumed=True, position=percent, preset=None)
                if isinstance(command, Move):
                    yield Done(request)
            else:
                move = request if isinstance(command, Move) else None
                self.sent[unit] = (move, self.level.get(unit), self.now + self.settings.travel)
                yield Later(self.settings.quick, "quick")
        if kind != "group":
            yield from self._ask(unit, request)

    def _can(self, kind: str, command: Command) -> bool:
        if kind == "area" and self.settings.dialect != "homeworks":
            return False  # an occupancy group of RadioRA 2 has no scenes
        return not isinstance(command, RecallPreset) or kind != "group" or command.preset <= 30

    def _preset(self, request: Request, kind: str, name: str, preset: int) -> Actions:
        if kind == "keypad":
            for action in (PRESS, RELEASE):
                yield Send(f"#DEVICE,{name},{preset},{action}\r\n".encode(), tag=request, reply=False)
            return
        word = "SHADEGRP" if kind == "group" else "AREA"
        yield Send(f"#{word},{name},{SCENE},{preset}\r\n".encode(), tag=request, reply=False)
        yield from self._ask(request.unit, request)

    def _line_for(self, kind: str, name: str, command: Command) -> bytes:
        device = self.settings.dialect == "qse"
        head = "SHADEGRP" if kind == "group" else ("DEVICE" if device else "OUTPUT")
        where = f"{name},0" if device and kind == "shade" else name.replace("/", ",")
        auto = DEVICE if device else PLAIN
        numbers = {"2/3/4": PLAIN, "18/19/20": DEVICE}.get(self.settings.motor_actions, auto)
        match command:
            case Move(direction):
                what = numbers[0 if direction == "up" else 1]
            case Stop():
                what = numbers[2]
            case SetPosition(percent):  # 100 % is fully open (LIP, SHADEGRP note 1)
                what = f"{DEVICE_LEVEL if device else LEVEL},{100 - percent}"
            case SetLevel(level, fade):
                what = f"{DEVICE_LEVEL if device else LEVEL},{level},{_seconds(fade)}"
            case _:
                raise AssertionError(command)
        return f"#{head},{where},{what}\r\n".encode()

    def _line(self, text: str, tag: Hashable) -> Actions:
        fields = text.removeprefix("~").split(",")
        if not text.startswith("~"):
            return
        if fields[0] == "ERROR":
            yield from self._error(fields[1] if len(fields) > 1 else "", tag)
        elif fields[0] == "DETAILS":
            about = dict(field.partition(":")[::2] for field in fields[1:])
            serial, integration = about.get("SN", ""), about.get("INTEGRATIONID", "")
            if serial and integration and not integration.startswith("("):
                self.named.update({serial: integration, integration: serial})
        elif fields[0] == "MONITORING":
            if fields[1:2] == ["5"]:
                yield from self._answered("MONITORING,5", "")
        elif len(fields) > 3:
            for name in {fields[1], self.named.get(fields[1], fields[1])}:
                yield from self._told(fields[0], name, fields[2:])

    def _error(self, number: str, tag: Hashable) -> Actions:
        """It refuses the oldest exchange: a command and its question may both be refused, one after the other."""
        words = ERRORS.get(number, f"error {number}")
        if not isinstance(tag, tuple) or self.now < self.twice:
            return
        unit = tag[1]
        if request := self.doing.pop(unit, None):
            self.twice = self.now + AGAIN
            self.sent.pop(unit, None)
            yield Refused(request, words)
        else:
            self.missing[unit] = words
            yield Feedback("", faults=tuple(f"{one}: {said}" for one, said in self.missing.items()))
            yield from self._usable(unit)

    def _told(self, word: str, name: str, rest: list[str]) -> Actions:
        match word, rest:
            case ("OUTPUT", ["1", level, *_]) | ("DEVICE", ["0", "14", level, *_]):
                yield from self._level(f"shade/{name}", level)
                if word == "OUTPUT":
                    yield from self._level(f"light/{name}", level)
            case ("DEVICE", [component, "14", level, *_]):
                yield from self._level(f"light/{name}/{component}", level)
            case ("SHADEGRP", ["1", level, *_]):
                yield from self._level(f"group/{name}", level)
            case ("SHADEGRP", ["6", preset, *_]):
                yield from self._point(f"group/{name}", preset=preset)
            case ("AREA", ["6", scene, *_]):
                yield from self._point(f"area/{name}", preset=scene)
            case ("AREA", ["8", state, *_]) | ("GROUP", ["3", state, *_]):
                yield from self._point(f"area/{name}", occupied={"3": True, "4": False}.get(state))
        question = ",".join((word, name, *rest[: 2 if word == "DEVICE" else 1]))
        for unit in self.names:
            if question in self._questions(unit):
                yield from self._answered(question, unit)

    def _point(self, unit: str, **points: Any) -> Actions:
        if unit in self.names:
            yield Feedback(unit, **points)

    def _level(self, unit: str, text: str) -> Actions:
        if unit not in self.names or not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,4})?", text) or float(text) > 100:
            return
        level = int(float(text) + 0.5)
        if unit.startswith("light/"):
            yield Feedback(unit, level=level)
            return
        position = self.level[unit] = 100 - level
        yield Feedback(unit, position=position)
        request, began, until = self.sent.get(unit, (None, None, 0.0))
        if request is None or not isinstance(request.command, Move):
            return
        end = 100 if request.command.direction == "down" else 0
        if position == end or (began is not None and (position > began) == (end == 100) and position != began):
            self.sent[unit] = (None, began, 0.0 if position == end else until)
            yield Done(request)

    def _answered(self, question: str, unit: str) -> Actions:
        """The exchange that asked this is over, whoever it was for."""
        yield Answered((question, unit))
        self.doing.pop(unit, None)
        if self.missing.pop(unit, ""):
            yield Feedback("", faults=tuple(f"{one}: {said}" for one, said in self.missing.items()))
        yield from self._usable(unit)

    def _usable(self, unit: str) -> Actions:
        self.waiting.discard(unit)
        if not self.waiting and not self.ready:
            self.ready = True
            for name in self.names:
                yield Offers(name, self.may_take(name))
            yield Ready()

    def due(self, name: str) -> Actions:
        """Time to look: at all, or at what was sent off."""
        if name == "poll":
            yield from self._look()
            return
        self.sent = {unit: held for unit, held in self.sent.items() if held[2] > self.now}
        for unit in self.sent:
            yield from self._ask(unit)
        if self.sent:
            yield Later(self.settings.quick, "quick")


def _seconds(fade: float) -> str:
    """Seconds as LIP writes them: SS.ss, or MM:SS from a minute on."""
    return f"{fade:g}" if fade < 60 else f"{int(fade) // 60:02}:{int(fade) % 60:02}"
