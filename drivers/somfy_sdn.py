"""Somfy Digital Network: motors on an RS-485 bus that tell where they are, alone or behind a TCP-to-serial bridge.

A frame is MSG, LEN, node types, source, destination, data and a sum; all but the sum goes out inverted. What may not
live here: travel times. Sources: Somfy SDN integration guide; two open code bases that agree on the frame (RoomGate
facts: room devices 4.3); ccutrer/somfy_sdn, doc/protocol.md (numbers of messages).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

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
    Opening,
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

STOP, MOVE_TO, GET_POSITION, POSITION, GET_STATUS, STATUS = 0x02, 0x03, 0x0C, 0x0D, 0x0E, 0x0F
GET_NODE, NODE, NACK, ACK = 0x40, 0x60, 0x6F, 0x7F
TO_DOWN, TO_UP, TO_PRESET, TO_PERCENT = 0x00, 0x01, 0x02, 0x04
BUSY = 0xFF
WORDS = {
    0x01: "it does not accept the data",
    0x10: "it does not know this message",
    0x20: "it is locked",
    0x21: "wrong position",
    0x22: "its limits are not set",
    0x23: "this intermediate position is not set",
    0x24: "out of range",
    BUSY: "it is busy",
}
SHORTEST, LONGEST = 11, 32
EVERYBODY, NOBODY = "FFFFFF", "000000"
QUIET = 0.01  # seconds of silence that a master leaves after an answer
LISTEN = 1.0  # seconds in which motors answer a broadcast, each in its own time
TRIES = 3
ADDRESS = re.compile(r"[0-9A-F]{6}")


class Frame(NamedTuple):
    """One message. Addresses as people write them, most significant byte first, though they travel the other way."""

    message: int
    source: str
    destination: str
    data: bytes = b""
    wants_ack: bool = False
    types: int = 0  # source's node type << 4 | destination's


def encode(frame: Frame) -> bytes:
    """The bytes on the wire."""
    length = SHORTEST + len(frame.data)
    ends = bytes.fromhex(frame.source)[::-1] + bytes.fromhex(frame.destination)[::-1]
    plain = bytes((frame.message, length | 0x80 * frame.wants_ack, frame.types)) + ends + frame.data
    inverted = bytes(0xFF - byte for byte in plain)
    return inverted + sum(inverted).to_bytes(2, "big")


def decode(wire: bytes) -> Frame | None:
    """The message in exactly these bytes; None where they are none."""
    if measure(wire) != len(wire) or not wire:
        return None
    plain = bytes(0xFF - byte for byte in wire[:-2])
    source, destination = (plain[at : at + 3][::-1].hex().upper() for at in (3, 6))
    return Frame(plain[0], source, destination, plain[9:], bool(plain[1] & 0x80), plain[2])


def measure(held: bytes) -> int:
    """A frame's length once all of it is there and its sum is right; a byte that can begin none is skipped."""
    if len(held) < 2:
        return 0
    length = (0xFF - held[1]) & 0x7F
    if not SHORTEST <= length <= LONGEST:
        return -1
    if len(held) < length:
        return 0
    return length if sum(held[: length - 2]) == int.from_bytes(held[length - 2 : length], "big") else -1


@dataclass(frozen=True)
class SomfySdnSettings(Settings):
    """Settings of one bus."""

    motors: tuple[str, ...] = setting((), "node addresses as printed on the motors, such as 06D2D2")
    groups: tuple[str, ...] = setting((), "group addresses, 010100 to 0101FF")
    discover: bool = setting(True, "ask at the start who is on the bus; motors that answer are units, too")
    address: str = setting("7F7F7F", "our own address on the bus")
    ilt2: bool = setting(False, "ILT2 motors refuse every command and do it all the same: a refusal is an answer")
    poll: float = setting(10.0, "seconds between looks at motors at rest")
    quick: float = setting(1.0, "seconds between looks while a motor runs")
    travel: float = setting(90.0, "seconds that a motor may take from end to end: so long groups are looked at quickly")
    tolerance: int = setting(1, "percent by which a motor may miss a position and still be there")

    def __post_init__(self) -> None:
        for one in (*self.motors, *self.groups, self.address):
            if not isinstance(one, str) or not ADDRESS.fullmatch(one):
                raise ValueError(f"{one!r} is no address: six hexadecimal digits in capitals")
        if any(not group.startswith("0101") for group in self.groups):
            raise ValueError("groups are 010100 to 0101FF")
        if not 0 < self.quick <= self.poll or not 0 <= self.tolerance <= 10 or self.travel <= 0:
            raise ValueError("quick is more than 0 and no more than poll, tolerance 0 to 10, travel more than 0")
        if not self.motors and not self.discover:
            raise ValueError("name motors, or let discover find them")


@dataclass
class Motor:
    """What is known of one motor."""

    position: int | None = None
    moving: str | None = None
    missed: int = 0  # questions in a row without an answer
    known: bool = False
    move: Request | None = None  # waits to be seen
    doing: Request | None = None  # waits for ACK or NACK
    tries: int = 0
    fault: str = ""


class SomfySdn(Driver):
    """One bus; its units are its motors and groups."""

    name = "somfy_sdn"
    title = "Somfy Digital Network (SDN) motors"
    models = "Somfy RS-485 motors: Sonesse ST30, ST40, ST50, LT50, Glydea; ILT2 generation with the setting ilt2"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 0}
    # 13 characters of 11 bits at 4800 baud are 30 ms, and a master leaves 10 ms quiet; a motor answers within 255 ms.
    timing = Timing(window=1, gap=0.04, reply=0.45, ready=20.0)
    cutter = Frames(measure, turns=False, limit=512)
    plays = frozenset({"shade", "screen"})
    takes = frozenset({Move, RecallPreset, SetPosition, Stop})
    sources = (
        "Somfy SDN integration guide (frame, messages, timing)",
        "ccutrer/somfy_sdn, doc/protocol.md",
        "RoomGate facts: room devices 4.3 (vectors on which two open code bases agree)",
    )
    offered = (
        "MOVETO: up, down, percent, intermediate position (preset)",
        "STOP",
        "position, intermediate position and status, polled",
        "ACK and NACK with the reason; a busy motor is asked again",
        "groups (assumed: a group answers nothing)",
        "discovery of motors",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "tilt": "its data differ between motor generations, and no two sources agree",
        "limits, speeds, addresses, groups, locks": "set up once, with Somfy's own tool",
        "keypads and sensors on the bus": "they speak to the motors themselves; what they do is seen in the polls",
    }
    units = "a motor's address such as 06D2D2, or a group such as group/010105"
    Settings: ClassVar[type[Settings]] = SomfySdnSettings
    settings: SomfySdnSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.motors = {address: Motor() for address in self.settings.motors}
        self.over: list[Hashable] = []  # exchanges that are over once the bus has been quiet
        self.ready = False
        self.until = 0.0  # a group was sent off: all motors are looked at quickly until then

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every message, as it would go to motor 06D2D2."""
        for message, data in ((MOVE_TO, b"\0\0\0\0"), (STOP, b"\0"), (GET_POSITION, b""), (GET_STATUS, b"")):
            yield encode(Frame(message, "7F7F7F", "06D2D2", data)).hex(" ").upper()

    def opening(self) -> Opening:
        """4800 8O1."""
        return Opening(baud=4800, framing="8O1")

    def valid_unit(self, unit: str) -> bool:
        if unit.startswith("group/"):
            return unit[6:] in self.settings.groups
        if not self.settings.discover:
            return not unit or unit in self.settings.motors
        return not unit or ADDRESS.fullmatch(unit) is not None

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A motor stops within a percent of where it was sent."""
        held = points.get("position")
        if isinstance(command, SetPosition) and held is not None:
            return bool(abs(held - command.percent) <= self.settings.tolerance)
        return shows(command, points)

    # ---- asking ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """Who is there; then how they are."""
        if self.settings.discover:
            yield Send(self._frame(GET_NODE, EVERYBODY), reply=False)
            yield Later(LISTEN, "poll")
        else:
            yield from self._look(list(self.motors))

    def _frame(self, message: int, to: str, data: bytes = b"", wants_ack: bool = False) -> bytes:
        if to.startswith("group/"):  # a group is named as the source, and nobody as the destination
            return encode(Frame(message, to[6:], NOBODY, data))
        return encode(Frame(message, self.settings.address, to, data, wants_ack))

    def _look(self, motors: list[str]) -> Actions:
        for unit in motors:
            yield Send(self._frame(GET_POSITION, unit), tag=(POSITION, unit))
            yield Send(self._frame(GET_STATUS, unit), tag=(STATUS, unit))
        busy = any(motor.moving in ("up", "down") or motor.move for motor in self.motors.values())
        yield Later(self.settings.quick if busy or self.now < self.until else self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """The bus has been quiet, it is time to look, or a busy motor may listen now."""
        if name == "quiet":
            over, self.over = self.over, []
            for tag in over:
                yield Answered(tag)
        elif name == "poll":
            yield from self._look(list(self.motors))
        else:
            yield from self._again(name.removeprefix("again "))

    # ---- doing -----------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """A motor acknowledges and is asked how it is; a group is believed."""
        unit = request.unit
        found = self._data(request.command)
        if found is None or (unit not in self.motors and not unit.startswith("group/")):
            yield Refused(request, "there is no such motor" if found else "a motor only moves and stops")
            return
        message, data = found
        if unit.startswith("group/"):
            yield Send(self._frame(message, unit, data), tag=request, reply=False)
            yield from self._believe(request)
            return
        motor = self.motors[unit]
        motor.doing, motor.move, motor.tries = request, None, 0
        yield Later(0, f"again {unit}")
        yield Send(self._frame(message, unit, data, wants_ack=True), tag=request)

    @staticmethod
    def _data(command: Command) -> tuple[int, bytes] | None:
        match command:
            case Move(direction):
                return MOVE_TO, bytes((TO_UP if direction == "up" else TO_DOWN, 0, 0, 0))
            case SetPosition(percent):
                return MOVE_TO, bytes((TO_PERCENT, percent, 0, 0))
            case RecallPreset(preset) if 1 <= preset <= 16:
                return MOVE_TO, bytes((TO_PRESET, preset, 0, 0))
            case Stop():
                return STOP, b"\0"
        return None

    def _believe(self, request: Request) -> Actions:
        command = request.command
        match command:
            case Stop():
                yield Feedback(request.unit, assumed=True, moving="stopped", position=None)
            case Move(direction):
                yield Feedback(request.unit, assumed=True, moving=direction, position=None)
            case SetPosition(percent):
                yield Feedback(request.unit, assumed=True, moving=None, position=percent)
        yield Taken(request)
        if isinstance(command, Move):
            yield Done(request)
        self.until = self.now + self.settings.travel
        yield Later(self.settings.quick, "poll")

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A frame whose sum is right; what others say to each other on the bus is not for us."""
        frame = decode(data)
        if frame is None or frame.destination not in (self.settings.address, EVERYBODY):
            return
        unit, data = frame.source, frame.data
        if frame.message == NODE and self.settings.discover and unit not in self.motors:
            self.motors[unit] = Motor()
            yield Appeared(unit, {"node type": frame.types >> 4})
        motor = self.motors.get(unit)
        if motor is None:
            return
        if frame.message == POSITION and len(data) >= 5:
            yield from self._over((POSITION, unit))
            motor.position = data[2] if data[2] <= 100 else None
            yield Feedback(unit, position=motor.position, preset=str(data[4]) if 1 <= data[4] <= 16 else "")
        elif frame.message == STATUS and len(data) >= 2:
            yield from self._over((STATUS, unit))
            motor.moving = {0: "down", 1: "up"}.get(data[1]) if data[0] == 1 else "stopped"
            yield Feedback(unit, moving=motor.moving)
            yield from self._fault(unit, {2: "it is blocked", 3: "it is locked"}.get(data[0], ""))
            yield from self._known(unit, motor)
        elif frame.message in (ACK, NACK):
            yield from self._acknowledged(unit, data[0] if frame.message == NACK and data else None)
        if motor.move is not None:
            yield from self._under_way(motor, motor.move)

    def _over(self, tag: Hashable) -> Actions:
        self.over.append(tag)
        yield Later(QUIET, "quiet")

    def _known(self, unit: str, motor: Motor) -> Actions:
        motor.missed = 0
        if not motor.known:
            motor.known = True
            yield Offers(unit, frozenset({Move, Stop, SetPosition, RecallPreset}))
        if not self.ready and all(held.known or held.missed for held in self.motors.values()):
            self.ready = True
            for group in self.settings.groups:
                yield Offers(f"group/{group}", frozenset({Move, Stop, SetPosition, RecallPreset}))
            yield Ready()
        if motor.moving in ("up", "down"):
            yield Later(self.settings.quick, "poll")

    def _under_way(self, motor: Motor, request: Request) -> Actions:
        assert isinstance(request.command, Move)
        direction = request.command.direction
        if motor.moving == direction or motor.position == (100 if direction == "down" else 0):
            motor.move = None
            yield Done(request)

    def _acknowledged(self, unit: str, reason: int | None) -> Actions:
        motor = self.motors[unit]
        request = motor.doing
        if request is None:
            return
        yield from self._over(request)
        motor.tries += 1
        if reason == BUSY and motor.tries < TRIES:
            yield Later(0.3, f"again {unit}")
            return
        if reason is not None and not self.settings.ilt2:
            motor.doing = None
            yield Refused(request, WORDS.get(reason, f"refused with {reason:02X}"))
            return
        motor.doing = None
        motor.move = request if isinstance(request.command, Move) else None
        yield Taken(request)
        yield from self._look([unit])
        yield Later(self.settings.quick, "poll")

    def _again(self, unit: str) -> Actions:
        """Say it once more: the motor was busy, or its answer was lost where two spoke at once."""
        motor = self.motors.get(unit)
        found = self._data(motor.doing.command) if motor and motor.doing else None
        if motor and found:
            yield Send(self._frame(found[0], unit, found[1], wants_ack=True), tag=motor.doing)

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """Motors fail one by one: the bus is given up once none of them has answered twice in a row."""
        if isinstance(tag, Request):
            unit = tag.unit
            motor = self.motors[unit]
            motor.tries += 1
            if motor.doing == tag and motor.tries < TRIES:
                yield from self._again(unit)
        elif isinstance(tag, tuple):
            unit = tag[1]
            motor = self.motors[unit]
            motor.missed += 1
            motor.position = motor.moving = None
            if all(held.missed > 1 for held in self.motors.values()):
                yield Drop(Reason.NO_RESPONSE, "no motor on the bus answers")
                return
            if motor.missed > 1:
                yield Feedback(unit, position=None, moving=None)
                yield from self._fault(unit, "it does not answer")

    def _fault(self, unit: str, words: str) -> Actions:
        if self.motors[unit].fault != words:
            self.motors[unit].fault = words
            yield Feedback("", faults=tuple(f"{one}: {held.fault}" for one, held in self.motors.items() if held.fault))
