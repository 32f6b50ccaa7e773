"""Draper MC1 and LVC-IV, Vutec SIK232 and R2D7: screen and shade motors on a serial line (9600 8N1, XON/XOFF).

Written from Draper's "MC1 V3 Installation & Programming" (RS232 Serial Command Protocol, p.5-7), Draper's SerialComm
sheet and Vutec's "SIK232 Interface" (3.2 and appendix B). One ASCII language in two dialects: Draper's controllers
tell a position, Vutec's and R2D7 only acknowledge. An `o` or `c` is a tap on a button, so it *stops* a motor that runs
(MC1 V3, p.6): a running motor is stopped first and tapped when its position stands still. A controller whose feedback
was limited with `*L;` stays silent and cannot be used. What may not live here: travel times and guesses of a position,
which `gateway/motion.py` keeps for all motors that cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

from gateway.commands import Command, Move, Stop
from gateway.cutters import Frames, Lines
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
    Settings,
    Taken,
    Timing,
    setting,
)
from gateway.model import Reason

PULSE = 2.0  # seconds of a command's signal where none are given (SerialComm sheet)
NEAR = 2  # the position is good to 2 % (SerialComm sheet)
STILL = 3  # quick polls without a change that mean standing still
NEVER = float("-inf")
PATIENCE = 15.0  # seconds until a motor must be seen moving

_POSITION = re.compile(r"\*(\d\d)R(\d\d|N|U)")
_VERSION = re.compile(r"(\d{1,2}[.,]\d{1,2});?")  # a comma: for 230 V mains (MC1 V3, p.5)
_NOISE = re.compile(rb"[^\nUO\d]+")
_WORD = re.compile(rb"[\nUO]|\d{1,2}[.,]\d{1,2};")
_BEGUN = re.compile(rb"\d{1,2}([.,]\d{0,2})?")


def _measure(held: bytes) -> int:
    """Vutec's answers are single characters; only a version is longer. CR says "relayed" and is not needed."""
    if noise := _NOISE.match(held):
        return -noise.end()
    if word := _WORD.match(held):
        return word.end()
    return 0 if _BEGUN.fullmatch(held) else -1


# XON and XOFF pass through a transparent serial server; some versions are followed by their mode, R or B.
DRAPER = Lines((b";", b"\r", b"\n", b"\x11", b"\x13"), unasked=r"(?![RB]?([GUX]|\d+[.,]\d+|\*\d\dR(\d\d|N|U))$)")
VUTEC = Frames(_measure)


@dataclass(frozen=True)
class DraperSettings(Settings):
    """What a profile may say of a motor controller."""

    dialect: Literal["draper", "vutec"] = setting("draper", "draper: tells positions; vutec: only acknowledges.")
    system: int = setting(1, "System address: 1-7 on the bus, 1-99 by radio, 0 = all.")
    channels: str = setting("1", "The motors' channels, 1-60: '1', '1,3' or '1-4'.")
    open_is_down: bool = setting(True, "Whether 'open' lets the screen down; it depends on how the motor was set up.")
    reference: Literal["bottom", "top"] = setting("bottom", "Where a motor says that its position is 0 %.")
    poll: float = setting(5.0, "Seconds between polls at rest.")
    quick: float = setting(0.5, "Seconds between polls while a motor runs.")

    def __post_init__(self) -> None:
        if self.dialect not in ("draper", "vutec") or self.reference not in ("bottom", "top"):
            raise ValueError("dialect is 'draper' or 'vutec', and reference 'bottom' or 'top'")
        if not 0 <= self.system <= 99:
            raise ValueError("system is from 0 to 99")
        if not 0 < self.quick <= self.poll:
            raise ValueError("quick is more than 0 and no more than poll")
        self.units()

    def units(self) -> tuple[str, ...]:
        """The channels, one by one."""
        found: list[int] = []
        for part in self.channels.split(","):
            bounds = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", part)
            span = range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1) if bounds else range(0)
            if not span or span[0] < 1 or span[-1] > 60:
                raise ValueError(f"channels are from 1 to 60, such as '1,3' or '1-4', not {part.strip()!r}")
            found.extend(span)
        return tuple(str(channel) for channel in dict.fromkeys(found))


@dataclass
class Motor:
    """What is known of one motor."""

    position: int | None = None
    moving: Literal["up", "down", "stopped"] | None = None
    changed: float = 0.0  # when its position last changed, or may have begun to
    goal: Request | None = None  # the Move that is to be seen
    until: float = 0.0  # when nobody waits for the goal any more
    tap: bool = False  # the goal needs its tap once the motor stands still
    halted: bool = False  # it was told to stop before that tap
    read: float = NEVER  # when its position was last told


class Draper(Driver):
    """One controller with its motors."""

    name = "draper"
    plays = frozenset({"screen", "shade"})
    takes = frozenset({Move, Stop})
    title = "Draper, Vutec and R2D7 motor controllers"
    models = "Draper MC1 and LVC-IV; Vutec SIK232, Elecsolutions R2D7 (dialect vutec)"
    links = {"serial": 0, "tcp": 0}
    # The gap keeps the 120-byte buffer empty, and lets all that answers one command arrive before the next goes out.
    timing = Timing(window=1, gap=0.1, reply=1.0, ready=75.0)
    cutter: Lines | Frames = DRAPER
    evidence = "manual"
    sources = (
        "Draper MC1 V3 Installation & Programming, p.5-7",
        "Draper SerialComm-RS232",
        "Vutec SIK232 Interface Instructions, 3.2 and appendix B",
    )
    offered = ("open, close (o, c)", "stop (s)", "position (r)", "version (V)", "both dialects", "over tcp://")
    not_offered = {
        "go to a position (m)": "only MC1 version 3 documents it; a stop at a position needs a calibrated motor",
        "timed and endless pulses (time, q)": "a tap is enough for a motor with limits; motion parts time the others",
        "all channels at once (00)": "every motor has its own unit, and its own proof",
        "programming and configuration (p, w, a, F, L, B, R)": "set once, by the installer",
    }
    units = 'a channel named by the setting channels, such as "1"'
    Settings = DraperSettings
    settings: DraperSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.tells = self.settings.dialect == "draper"
        self.cutter = DRAPER if self.tells else VUTEC
        self.motors = {unit: Motor() for unit in self.settings.units()}
        self.asked: set[str] = set()  # "V", or the unit whose position is asked for
        self.ready = False

    def opening(self) -> Opening:
        return Opening(baud=9600, framing="8N1", flow="xonxoff")

    def valid_unit(self, unit: str) -> bool:
        return unit in self.motors

    def patience(self, command: Command) -> float:
        return PATIENCE if isinstance(command, Move) else command.patience

    def opened(self) -> Actions:
        yield from self._ask("V", *(self.motors if self.tells else ()))

    # ---- what is asked of it ---------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        motor = self.motors.get(request.unit)
        if motor is None:
            yield Refused(request, f"there is no channel {request.unit!r}; there are {', '.join(self.motors)}")
            return
        motor.goal, motor.tap, motor.halted = None, False, False
        match request.command:
            case Stop():
                yield self._send("s", request.unit, request)
            case Move(direction=direction):
                motor.goal, motor.until = request, self.now + PATIENCE
                fresh = self.now - motor.read < self.settings.quick
                if motor.position is None or (motor.moving == "stopped" and fresh):
                    yield self._send(self._letter(direction), request.unit, request)
                    return
                motor.tap = True
                if motor.moving == "stopped":  # somebody at the wall may have started it since: a tap would stop it
                    yield self._send("r", request.unit, request.unit)
                    return
                if motor.moving != direction:
                    yield self._halt(request.unit, motor)
                yield Later(self.settings.quick, "quick")
            case _:
                yield Refused(request, "the controller can only move and stop a motor")

    def _halt(self, unit: str, motor: Motor) -> Send:
        motor.halted = True
        return self._send("s", unit, f"halt {unit}")

    def _letter(self, direction: str) -> str:
        return "o" if (direction == "down") == self.settings.open_is_down else "c"

    def _send(self, letter: str, unit: str, tag: Hashable) -> Send:
        return Send(f"*{self.settings.system}{letter}{int(unit):02};".encode(), tag=tag)

    def _ask(self, *what: str) -> Actions:
        for tag in what:
            if tag not in self.asked:
                self.asked.add(tag)
                yield Send(b"*V;", tag="V") if tag == "V" else self._send("r", tag, tag)

    # ---- what it says ----------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        text = data.decode("latin-1")
        if self.tells and text[:1] in "RB":
            text = text[1:]
        if version := _VERSION.fullmatch(text):
            yield from self._version(version[1], tag)
        elif position := _POSITION.fullmatch(text):
            yield from self._position(str(int(position[1])), position[2], tag)
        elif text in ("G", "\n"):
            yield from self._good(tag)
        elif text in ("U", "X"):
            yield from self._bad(text, tag)
        elif text == "O":  # MC1 V3, p.6: all data was purged
            yield Drop(Reason.PROTOCOL_ERROR, "its buffer overflowed, and what was in it is lost")

    def _version(self, version: str, tag: Hashable) -> Actions:
        if tag not in (None, "V"):
            yield Drop(Reason.PROTOCOL_ERROR, "it restarted in the middle of an exchange")
            return
        yield Feedback(firmware=version.replace(",", "."))
        if tag == "V":
            yield from self._usable("V")
        elif self.tells:  # it tells its version when it is switched on (MC1 V3, p.5): nothing is known any more
            yield from self._ask(*self.motors)

    def _good(self, tag: Hashable) -> Actions:
        if isinstance(tag, Request):
            yield from self._acknowledged(tag)
        elif tag == "V":
            yield from self._usable("V")
        elif isinstance(tag, str) and tag.startswith("halt "):
            yield from self._ask(tag[5:])
        elif tag in self.motors:
            yield Drop(Reason.PROTOCOL_ERROR, "it acknowledged where a position was asked for")

    def _acknowledged(self, request: Request) -> Actions:
        unit, motor = request.unit, self.motors[request.unit]
        if motor.position is None:
            yield Taken(request)
            yield from self._assume(request)
            return
        motor.moving, motor.changed = None, self.now
        yield Feedback(unit, moving=None)  # what was seen before the command proves nothing
        yield Taken(request)
        yield from self._ask(unit)
        yield Later(self.settings.quick, "quick")

    def _assume(self, request: Request) -> Actions:
        """It cannot tell: believe the acknowledgement for as long as the pulse lasts."""
        unit = request.unit
        if isinstance(request.command, Move):
            yield Feedback(unit, assumed=True, moving=request.command.direction)
            yield Later(PULSE, f"pulse {unit}")
        else:
            yield Feedback(unit, assumed=True, moving="stopped")
            yield Later(0, f"pulse {unit}")
        self.motors[unit].goal = None
        yield Done(request)

    def _bad(self, text: str, tag: Hashable) -> Actions:
        words = "the motor is not calibrated (X)" if text == "X" else "the controller did not understand (U)"
        if isinstance(tag, Request):
            self.motors[tag.unit].goal = None
            yield Refused(tag, words)
        elif tag == "V":  # not a word it knows, but an answer
            yield from self._usable("V")
        elif isinstance(tag, str) and tag in self.motors:
            yield from self._unknown(tag)

    def _position(self, unit: str, value: str, tag: Hashable) -> Actions:
        motor = self.motors.get(unit)
        stopping = isinstance(tag, Request) and isinstance(tag.command, Stop) and tag.unit == unit
        if tag not in (None, unit, f"halt {unit}") and not stopping:
            yield Drop(Reason.PROTOCOL_ERROR, f"it told the position of channel {unit} unasked")
        elif motor is None:
            return
        elif not value.isdigit():  # N: not calibrated, U: unknown since it was last at an end
            yield from self._unknown(unit)
        else:
            if stopping:
                motor.moving, motor.changed = None, self.now
            away = 100 if value == "99" else int(value)  # two digits: 99 is all the way
            yield from self._read(unit, motor, away if self.settings.reference == "top" else 100 - away)
        if stopping and isinstance(tag, Request):  # MC1 V3, p.5: a stop is answered with the position
            yield from self._acknowledged(tag)

    def _unknown(self, unit: str) -> Actions:
        motor = self.motors[unit]
        waiting, motor.position, motor.moving, motor.tap = motor.tap, None, None, False
        yield Feedback(unit, position=None, moving=None)
        if motor.goal is not None and waiting:  # it waited for the motor to stand, and nobody can tell any more
            assert isinstance(motor.goal.command, Move)
            yield self._send(self._letter(motor.goal.command.direction), unit, motor.goal)
        elif motor.goal is not None:
            yield from self._assume(motor.goal)
        yield from self._usable(unit)

    def _read(self, unit: str, motor: Motor, position: int) -> Actions:
        before, motor.position, motor.read = motor.position, position, self.now
        seen: Literal["", "up", "down"] = ""
        if before is None:
            motor.moving, motor.changed = None, self.now
        elif position != before:
            seen = "down" if position > before else "up"
            motor.moving, motor.changed = seen, self.now
        elif self.now - motor.changed >= STILL * self.settings.quick:
            motor.moving = "stopped"
        yield Feedback(unit, position=position, moving=motor.moving)
        if motor.goal is not None:
            yield from self._pursue(unit, motor, motor.goal, seen)
        if motor.moving != "stopped":
            yield Later(self.settings.quick, "quick")
        yield from self._usable(unit)

    def _pursue(self, unit: str, motor: Motor, goal: Request, seen: str) -> Actions:
        """Whether a Move shows: the position changes in its direction, or is already at that end."""
        assert isinstance(goal.command, Move)
        direction = goal.command.direction
        arrived = motor.position is not None and motor.position in (
            range(100 - NEAR, 101) if direction == "down" else range(NEAR + 1)
        )
        if arrived or seen == direction:
            motor.goal = None
            yield Done(goal)
        elif motor.tap and motor.moving == "stopped":
            motor.tap, motor.until = False, self.now + PATIENCE
            yield self._send(self._letter(direction), unit, goal)
        elif seen and motor.tap and not motor.halted:  # somebody had sent it the other way
            yield self._halt(unit, motor)
        elif seen and not motor.tap:  # it ran the other way by somebody's hand, so the tap has only stopped it
            motor.tap = True
        elif self.now >= motor.until:
            motor.goal = None

    def _usable(self, answered: str) -> Actions:
        self.asked.discard(answered)
        if not self.asked and not self.ready:
            self.ready = True
            for unit in self.motors:
                yield Offers(unit, frozenset({Move, Stop}))
            yield Ready()
            yield Later(self.settings.poll, "poll")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A channel that is not there is silent (MC1 V3, p.5), so ask what every controller answers."""
        if tag == "V":
            yield Drop(Reason.NO_RESPONSE, reason)
            return
        yield from self._ask("V")
        if isinstance(tag, str) and tag in self.motors:
            self.motors[tag].goal = None  # silence is no reason to believe that a move took place
            yield from self._unknown(tag)

    def due(self, name: str) -> Actions:
        if name.startswith("pulse "):
            yield Feedback(name[6:], moving=None)
        elif name == "poll":
            yield from self._ask(*(self.motors if self.tells else ("V",)))
            yield Later(self.settings.poll, "poll")
        else:
            running = [
                u for u, motor in self.motors.items() if motor.position is not None and motor.moving != "stopped"
            ]
            yield from self._ask(*running)
            if running:
                yield Later(self.settings.quick, "quick")
