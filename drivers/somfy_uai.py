"""Somfy UAI+ and Connect: SDN motors behind a box that speaks JSON lines over telnet, after a log-in.

Each answer carries the id of its question; one that comes late, or with an id that nobody used, ends nothing. What may
not live here: travel times. Sources: a published telnet capture (Me1000/home-assistant-somfy-uai-plus); an open client
(philipflesher/somfy-uai-plus-telnet-py), which speaks the short form; RoomGate facts: room devices 4.4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Command, Move, RecallPreset, SetPosition, Stop
from gateway.cutters import Frames
from gateway.driver import (
    Actions,
    Answered,
    Appeared,
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
    Taken,
    Timing,
    setting,
    shows,
)
from gateway.model import Reason

PROMPT = re.compile(rb"[\s\0]*(?:User|Password):[ \0]*", re.IGNORECASE)
LINE = re.compile(rb"[^\r\n]*[\r\n]+")
UNIT = re.compile(r"[0-9A-F]{6}|group/[0-9A-F]{6}")
LOST = 2000  # ids of orders that were taken back before they left: nobody answers them
STILL = 2  # looks without a change after which a motor stands


def measure(held: bytes) -> int:
    """A log-in question is whole without an end of line; all else is a line."""
    if found := PROMPT.match(held):
        return found.end()
    found = LINE.match(held)
    return found.end() if found else 0


@dataclass(frozen=True)
class SomfyUaiSettings(Settings):
    """Settings of one box."""

    username: str = setting("Telnet 1", "telnet log-in name")
    password: str = setting("Password 1", "telnet password", secret=True)
    form: Literal["sdn", "short"] = setting("sdn", "sdn: sdn.move.to with a list; short: move.to with an object")
    groups: tuple[str, ...] = setting((), "group addresses, such as 010105")
    poll: float = setting(15.0, "seconds between looks at rest")
    quick: float = setting(1.0, "seconds between looks at a motor that was sent off")
    travel: float = setting(90.0, "seconds that a motor may take from end to end: so long it is looked at quickly")
    tolerance: int = setting(1, "percent by which a motor may miss a position and still be there")

    def __post_init__(self) -> None:
        if self.form not in ("sdn", "short"):
            raise ValueError("form is sdn or short")
        if not 0 < self.quick <= self.poll or self.travel <= 0 or not 0 <= self.tolerance <= 10:
            raise ValueError("quick is more than 0 and no more than poll, travel more than 0, tolerance 0 to 10")
        if any(not isinstance(one, str) or not re.fullmatch("[0-9A-F]{6}", one) for one in self.groups):
            raise ValueError("groups are six hexadecimal digits in capitals")


@dataclass
class Motor:
    """What is known of one motor."""

    position: int | None = None
    start: int | None = None  # where it was when it was sent off
    move: Request | None = None
    same: int = 0  # looks in a row that showed the same place
    until: float = 0.0  # looked at quickly until then


class SomfyUai(Driver):
    """One box; its units are the motors it names."""

    name = "somfy_uai"
    title = "Somfy UAI+ and Connect"
    models = "Somfy Universal Automation Interface + (UAI+), Somfy Connect UAI+"
    links: ClassVar[Mapping[str, int]] = {"telnet": 23}
    timing = Timing(window=1, gap=0.04, reply=5.0, ready=60.0)
    cutter = Frames(measure, turns=False, limit=16_384)
    plays = frozenset({"shade", "screen"})
    sources = (
        "Me1000/home-assistant-somfy-uai-plus, telnet-log.txt (capture)",
        "philipflesher/somfy-uai-plus-telnet-py (the short form)",
        "RoomGate facts: room devices 4.4",
    )
    offered = (
        "log-in",
        "ping: which motors there are; their names and types",
        "up, down, stop, to a percentage, intermediate positions (short form)",
        "position, polled, and as the box tells it after a move",
        "groups (short form; assumed)",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "next and previous intermediate position": "relative; presets are not",
        "groups in the long form": "no capture shows how a group is named there",
        "limits, names, membership of groups": "set up once, in the box's own pages",
        "tilt": "no source shows it",
    }
    units = "a motor's address such as 13255B, or a group such as group/010105 (short form)"
    Settings: ClassVar[type[Settings]] = SomfyUaiSettings
    settings: SomfyUaiSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.motors: dict[str, Motor] = {}
        self.asked: dict[int, Hashable] = {}  # id -> what was asked
        self.moves: dict[int, str] = {}  # our number of a move -> its motor
        self.number = 0
        self.silent = 0  # questions in a row without an answer
        self.name_given = self.word_given = self.logged_in = self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every method, in the long form."""
        yield from ("sdn.status.ping", "sdn.status.info", "sdn.status.position")
        yield from ("sdn.move.up", "sdn.move.down", "sdn.move.stop", "sdn.move.to", "move.ip")

    def valid_unit(self, unit: str) -> bool:
        return not unit or UNIT.fullmatch(unit) is not None

    def may_take(self, unit: str) -> frozenset[type[Command]]:
        """Presets have the short form only, and no group has them."""
        presets = self.settings.form == "short" and not unit.startswith("group/")
        return frozenset({Move, Stop, SetPosition, *([RecallPreset] if presets else [])})

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A motor stops within a percent of where it was sent."""
        held = points.get("position")
        if isinstance(command, SetPosition) and held is not None:
            return bool(abs(held - command.percent) <= self.settings.tolerance)
        return shows(command, points)

    # ---- asking ----------------------------------------------------------------------------------------------

    def _ask(self, method: str, unit: str, tag: Hashable, **more: Any) -> Send:
        """One line with an id of its own."""
        self.number += 1
        self.asked[self.number] = tag
        if len(self.asked) > LOST:
            del self.asked[next(iter(self.asked))]
        where = {"groupID": unit[6:]} if unit.startswith("group/") else {"targetID": unit}
        what: dict[str, Any]
        if self.settings.form == "sdn" and isinstance(tag, Request):
            more["seq"] = self.number
            self.moves = {**dict(list(self.moves.items())[-31:]), self.number: unit}
        if self.settings.form == "sdn":
            parts = [where, *({name: value} for name, value in more.items())]
            what = {"method": f"sdn.{method}", "params": parts, "id": self.number}
        else:
            what = {"id": self.number, "method": method, "params": where | more}
        return Send(json.dumps(what, separators=(",", ":")).encode() + b"\r\n", tag=tag)

    def _look(self, units: list[str]) -> Actions:
        for unit in units:
            yield self._ask("status.position", unit, ("position", unit))

    def due(self, name: str) -> Actions:
        """Time to look: at all, or at what was sent off."""
        if name == "poll":
            yield self._ask("status.ping", "*", ("ping", ""))
            return
        running = [unit for unit, motor in self.motors.items() if motor.until > self.now]
        yield from self._look(running)
        if running:
            yield Later(self.settings.quick, "quick")

    # ---- doing -----------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """A true result is only an acknowledgement; the position that is read afterwards is the proof."""
        unit, command = request.unit, request.command
        if unit not in self.motors and unit[6:] not in self.settings.groups:
            yield Refused(request, "the box names no such motor")
            return
        match command:
            case Move(direction):
                yield self._ask(f"move.{direction}", unit, request)
            case Stop():
                yield self._ask("move.stop", unit, request)
            case SetPosition(percent) if self.settings.form == "sdn":
                yield self._ask("move.to", unit, request, position=percent, type="percent")
            case SetPosition(percent):
                yield self._ask("move.to", unit, request, position=percent)
            case RecallPreset(preset) if self.settings.form == "short" and 1 <= preset <= 16:
                yield self._ask("move.ip", unit, request, value=preset)
            case _:
                yield Refused(request, "a motor only moves and stops")

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A question of the log-in, or a line."""
        text = data.decode("utf-8", "replace").strip(" \r\n\0")
        if not self.logged_in:
            yield from self._log_in(text)
            return
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        number = message.get("id")
        if not isinstance(number, int) or number not in self.asked:  # late, for somebody else, or unasked
            told = message.get("params")
            if message.get("method") == "sdn.status.position" and isinstance(told, dict):
                unit = self.moves.get(told["seq"]) if isinstance(told.get("seq"), int) else None
                if unit in self.motors:  # it names no motor, only the number of our move
                    yield from self._position(unit, told.get("position"))
            return
        asked = self.asked.pop(number)
        self.silent = 0
        yield Answered(asked)
        if "result" in message:
            yield from self._told(asked, message["result"])
        else:
            yield from self._wrong(asked, message.get("error"))

    def _log_in(self, text: str) -> Actions:
        match text.lower():
            case "user:" if not self.name_given:
                self.name_given = True
                yield Send(f"{self.settings.username}\r\n".encode(), reply=False)
            case "password:" if not self.word_given:
                self.word_given = True
                word = self.settings.password
                yield Send(f"{word}\r\n".encode(), reply=False, hide=(word,) if word else ())
            case "user:" | "password:":
                yield Drop(Reason.LOGIN_REFUSED, "it asks for the log-in again: the name or password is wrong")
            case "connected:":
                self.logged_in = True
                yield from self.due("poll")

    def _told(self, asked: Hashable, result: Any) -> Actions:
        if isinstance(asked, Request):
            yield from self._taken(asked, result)
            return
        assert isinstance(asked, tuple)
        what, unit = asked
        if what == "ping" and isinstance(result, list):
            found = [one for one in result if isinstance(one, str) and re.fullmatch("[0-9A-F]{6}", one)]
            for one in found:
                if one not in self.motors:
                    self.motors[one] = Motor()
                    yield Appeared(one)
                    yield Offers(one, self.may_take(one))
                    yield self._ask("status.info", one, ("info", one))
            yield from self._look(list(self.motors))
            if not self.motors:
                yield from self._usable()
        elif what == "info" and isinstance(result, dict):
            name, kind = result.get("name"), result.get("type")
            yield Feedback(
                unit, name=name if isinstance(name, str) else None, model=kind if isinstance(kind, str) else None
            )
        elif what == "position":
            yield from self._position(unit, result)
            if unit == next(reversed(self.motors)):
                yield from self._usable()

    def _usable(self) -> Actions:
        if not self.ready:
            self.ready = True
            for group in self.settings.groups if self.settings.form == "short" else ():
                yield Offers(f"group/{group}", self.may_take(f"group/{group}"))
            yield Ready()
        yield Later(self.settings.poll, "poll")

    def _position(self, unit: str, result: Any) -> Actions:
        motor = self.motors[unit]
        known = isinstance(result, int) and not isinstance(result, bool) and 0 <= result <= 100
        place = result if known else None
        before, motor.position = motor.position, place
        motor.same = motor.same + 1 if place == before else 0
        moving = None
        if place is not None and before is not None:
            moving = "stopped" if motor.same >= STILL else None if motor.same else "down" if place > before else "up"
        yield Feedback(unit, position=place, moving=moving)
        if moving == "stopped" and motor.move is None:
            motor.until = 0.0
        if motor.move is not None and place is not None:
            yield from self._under_way(motor, motor.move, place)

    @staticmethod
    def _under_way(motor: Motor, request: Request, place: int) -> Actions:
        assert isinstance(request.command, Move)
        down = request.command.direction == "down"
        begun = motor.start is not None and (place > motor.start if down else place < motor.start)
        if begun or place == (100 if down else 0):
            motor.move = None
            yield Done(request)

    def _taken(self, request: Request, result: Any) -> Actions:
        if result is not True:
            yield Refused(request, f"it says {json.dumps(result)[:80]}")
            return
        unit, command = request.unit, request.command
        if unit.startswith("group/"):
            yield from self._believe(request)
            return
        motor = self.motors[unit]
        motor.move, motor.start, motor.same = (request if isinstance(command, Move) else None), motor.position, 0
        motor.until = self.now + self.settings.travel
        yield Feedback(unit, moving=None)
        yield Taken(request)
        yield from self._look([unit])
        yield Later(self.settings.quick, "quick")

    def _believe(self, request: Request) -> Actions:
        match request.command:
            case Stop():
                yield Feedback(request.unit, assumed=True, moving="stopped", position=None)
            case Move(direction):
                yield Feedback(request.unit, assumed=True, moving=direction, position=None)
            case SetPosition(percent):
                yield Feedback(request.unit, assumed=True, moving=None, position=percent)
        yield Taken(request)
        if isinstance(request.command, Move):
            yield Done(request)
        for motor in self.motors.values():
            motor.until = self.now + self.settings.travel
        yield Later(self.settings.quick, "quick")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """Ids name what an answer is to, so one that is missing spoils no other: a motor may be silent, the box not."""
        self.asked = {number: asked for number, asked in self.asked.items() if asked != tag}
        self.silent += 1
        if tag == ("ping", "") or self.silent > 1:
            yield Drop(Reason.NO_RESPONSE, reason)
        elif isinstance(tag, tuple) and tag[0] == "position":
            yield from self._told(tag, None)

    def _wrong(self, asked: Hashable, error: Any) -> Actions:
        words = error.get("message") if isinstance(error, dict) else error
        if isinstance(asked, Request):
            yield Refused(asked, words if isinstance(words, str) and words else "it refused")
        elif isinstance(asked, tuple) and asked[0] == "position":
            yield from self._told(asked, None)
        elif isinstance(asked, tuple) and asked[0] == "ping":
            yield from self._usable()
