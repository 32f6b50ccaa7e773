"""PTZ cameras over VISCA: VISCA over IP (UDP 52381, numbered), raw VISCA on TCP 5678, and serial with up to 7 cameras.

A command is acknowledged (`90 4y FF`), and later completed; an inquiry is answered at once. On UDP a reply carries the
number of what it answers, so a lost one is asked for again; on a stream replies are positional. What may not live here:
names of presets. Sources: Sony VISCA command lists, PTZOptics VISCA command list, RoomGate facts: room devices 8.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Command, MoveCamera, RecallPreset, SetPower, StorePreset
from gateway.cutters import Frames, Whole
from gateway.driver import (
    Actions,
    Answered,
    Appeared,
    Datagram,
    Driver,
    Drop,
    Feedback,
    Gone,
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

LONGEST = 16  # bytes of a packet, with its address and its FF
COMMAND, INQUIRY, REPLY, CONTROL, CONTROL_REPLY = 0x0100, 0x0110, 0x0111, 0x0200, 0x0201  # payload types
POWER, VERSION = bytes((0x09, 0x04, 0x00)), bytes((0x09, 0x00, 0x02))
ADDRESS_SET = bytes((0x88, 0x30, 0x01, 0xFF))
PAN_TILT = {"left": (1, 3), "right": (2, 3), "up": (3, 1), "down": (3, 2)}
ERRORS = {
    2: "syntax error",
    3: "command buffer full",
    4: "command cancelled",
    5: "no socket",
    0x41: "not executable now",
}
KEPT = 200  # tags and numbers that are remembered
TRIES = 3  # times that something is sent over UDP
WAKING = 40.0  # seconds that a camera may take to come on


def measure(held: bytes) -> int:
    """The length of the packet that `held` begins with: address, up to 14 bytes, FF."""
    if held[0] < 0x80 or held[0] == 0xFF:
        return -1
    end = held.find(0xFF)
    if 0 <= end < LONGEST:
        return end + 1
    return -1 if end >= LONGEST or len(held) >= LONGEST else 0


class Packets(Frames):
    """VISCA packets of a stream. A completion (`90 5y FF`) answers nothing: its acknowledgement did."""

    def answers(self, message: Any) -> bool:
        completion = len(message) == 3 and message[1] >> 4 == 5
        return len(message) >= 3 and not completion and message[1] != 0x38


@dataclass(frozen=True)
class ViscaSettings(Settings):
    """Settings of one camera, or of a serial line with several."""

    cameras: int = setting(1, "cameras on this serial line, 1 to 7; with several, units 1, 2, ...")
    pan_speed: int = setting(8, "1 (slow) to 24")
    tilt_speed: int = setting(8, "1 (slow) to 20")
    zoom_speed: int = setting(3, "0 (slow) to 7")
    raw: bool = setting(False, "UDP without Sony's header, as some cameras have it on port 1259")
    baud: int = setting(9600, "serial speed")
    poll: float = setting(10.0, "seconds between questions for the power")

    def __post_init__(self) -> None:
        if not 1 <= self.cameras <= 7:
            raise ValueError("cameras is 1 to 7")
        if not (1 <= self.pan_speed <= 24 and 1 <= self.tilt_speed <= 20 and 0 <= self.zoom_speed <= 7):
            raise ValueError("pan_speed is 1 to 24, tilt_speed 1 to 20, zoom_speed 0 to 7")
        if self.poll < 0.2:
            raise ValueError("poll is at least 0.2 seconds")


class Visca(Driver):
    """One camera, or the cameras of one serial line."""

    name = "visca"
    title = "VISCA cameras"
    models = "Sony SRG, BRC, EVI; PTZOptics; others that speak VISCA"
    links: ClassVar[Mapping[str, int]] = {"udp": 52381, "tcp": 5678, "serial": 0}
    plays = frozenset({"ptz"})
    takes = frozenset({SetPower, MoveCamera, RecallPreset, StorePreset})
    timing = Timing(window=1, gap=0.02, reply=1.5, ready=20.0)
    sources = (
        "Sony VISCA over IP and VISCA command lists (SRG, BRC)",
        "PTZOptics VISCA Command List, Rev 1.3 10/20",
        "RoomGate facts: room devices 8",
    )
    offered = (
        "power",
        "pan, tilt, zoom, stop",
        "presets: recall and store",
        "acknowledgement, completion, errors",
        "sequence numbers and RESET over UDP",
        "several cameras on a serial line",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "focus, exposure, white balance": "set-up, done once with the camera's own page",
        "absolute positions": "their ranges differ from model to model; presets do it",
        "tally, menus": "no part of a room asks for them",
        "cancelling (8x 2y FF)": "a stop is enough",
    }
    units = "nothing for one camera; 1 to 7 for several on a serial line"
    Settings: ClassVar[type[Settings]] = ViscaSettings
    settings: ViscaSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        several = self.settings.cameras > 1
        self.addresses = {str(n) if several else "": n for n in range(1, self.settings.cameras + 1)}
        self.numbered = scheme == "udp" and not self.settings.raw
        self.packets = scheme == "udp"
        self.cutter = Whole() if self.packets else Packets(measure)
        self.sequence = 0
        self.sent: dict[int, Hashable] = {}  # sequence number -> tag of what is not answered
        self.last: dict[Hashable, tuple[int, bytes]] = {}  # tag -> how often it was sent, and what
        self.goal: dict[str, tuple[str, float]] = {}  # the power a camera was told to have, until when it may take
        self.away: set[str] = set()
        self.unanswered = set(self.addresses)
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every packet that can be sent to camera 1."""
        yield from ("81 09 04 00 FF", "81 09 00 02 FF", "88 30 01 FF", "81 01 04 00 02 FF", "81 01 04 00 03 FF")
        yield from (
            "81 01 06 01 VV WW 01 03 FF",
            "81 01 06 01 VV WW 03 03 FF",
            "81 01 04 07 2p FF",
            "81 01 04 07 00 FF",
        )
        yield from ("81 01 04 3F 02 pp FF", "81 01 04 3F 01 pp FF")

    def opening(self) -> Opening:
        """9600 8N1 (VISCA, RS-232C)."""
        return Opening(baud=self.settings.baud)

    def patience(self, command: Command) -> float:
        """A camera that wakes takes its time."""
        return WAKING if isinstance(command, SetPower) else command.patience

    def valid_unit(self, unit: str) -> bool:
        return unit in self.addresses

    # ---- asking ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """Begin counting anew (UDP), give the cameras their addresses (serial), and ask whether they are on."""
        if self.numbered:
            yield self._put(CONTROL, b"\x01", "reset")
        elif self.scheme == "serial":
            yield self._put(COMMAND, ADDRESS_SET, "address")
        else:
            yield from self._look()

    def _put(self, kind: int, packet: bytes, tag: Hashable) -> Send:
        """One packet, with a header where the link wants it."""
        tries = self.last.get(tag, (0, b""))[0]
        self.last[tag] = (tries + 1, packet)
        kept: tuple[dict[Any, Any], ...] = (self.last, self.sent)
        for held in kept:  # what was replaced while it waited is never answered
            while len(held) > KEPT:
                held.pop(next(iter(held)))
        if not self.packets:
            return Send(packet, tag=tag)
        if not self.numbered:
            self.sent = {0: tag}  # one at a time: a reply says nothing of what it answers
            return Send(Datagram(packet), tag=tag)
        self.sequence = self.sequence % 0xFFFFFFFF + 1
        self.sent[self.sequence] = tag
        head = kind.to_bytes(2, "big") + len(packet).to_bytes(2, "big") + self.sequence.to_bytes(4, "big")
        return Send(Datagram(head + packet), tag=tag)

    def _say(self, unit: str, body: bytes, tag: Hashable) -> Send:
        packet = bytes((0x80 + self.addresses[unit],)) + body + b"\xff"
        return self._put(INQUIRY if body[0] == 0x09 else COMMAND, packet, tag)

    def _look(self) -> Actions:
        for unit in self.addresses:
            yield self._say(unit, POWER, ("power", unit))

    def command(self, request: Request) -> Actions:
        """Say it; what it does is told by its acknowledgement, and the power by a question."""
        held, unit = self.settings, request.unit
        drive = bytes((0x01, 0x06, 0x01, held.pan_speed, held.tilt_speed))
        zoom = bytes((0x01, 0x04, 0x07))
        match request.command:
            case SetPower(on):
                yield self._say(unit, bytes((0x01, 0x04, 0x00, 2 if on else 3)), request)
            case MoveCamera(_, camera, far) if camera or far:
                yield Refused(request, "this is one camera, here in the room")
            case MoveCamera("stop"):
                yield self._say(unit, drive + b"\x03\x03", ("stop", unit))
                yield self._say(unit, zoom + b"\x00", request)
            case MoveCamera("in" | "out" as to):
                yield self._say(unit, zoom + bytes(((0x20 if to == "in" else 0x30) + held.zoom_speed,)), request)
            case MoveCamera(to):
                yield self._say(unit, drive + bytes(PAN_TILT[to]), request)
            case RecallPreset(preset):
                yield self._say(unit, bytes((0x01, 0x04, 0x3F, 0x02, preset)), request)
            case StorePreset(preset):
                yield self._say(unit, bytes((0x01, 0x04, 0x3F, 0x01, preset)), request)
            case _:
                yield Refused(request, "a camera turns, zooms and keeps presets")

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A packet of a stream (`tag`: what it answers), or a datagram."""
        if not self.packets:
            yield from self._heard(data, tag)
            return
        packet, number = data.data, 0
        if self.numbered:
            kind, length, number = (int.from_bytes(packet[a:b], "big") for a, b in ((0, 2), (2, 4), (4, 8)))
            packet = packet[8:]
            if len(packet) != length or kind not in (REPLY, CONTROL_REPLY):
                return
            if kind == CONTROL_REPLY:
                yield from self._controlled(packet, number)
                return
        if not 3 <= len(packet) <= LONGEST or packet[-1] != 0xFF:
            return
        held = self.sent.pop(number, None)
        if held is not None:
            yield from self._heard(packet, held)
            yield Answered(held)

    def _controlled(self, packet: bytes, number: int) -> Actions:
        """The answer to RESET, or the camera's word that our numbers are wrong."""
        if packet == b"\x01" and "reset" in self.sent.values():
            self.sent.clear()
            self.sequence = 0
            self.last.pop("reset", None)
            yield Answered("reset")
            yield from self._look()
        elif packet[:1] == b"\x0f":  # 0F 01: abnormal sequence number, 0F 02: abnormal message
            yield Drop(Reason.PROTOCOL_ERROR, "the camera does not accept our sequence numbers")

    def _heard(self, packet: bytes, tag: Hashable) -> Actions:
        self.last.pop(tag, None)
        kind = packet[1] >> 4
        if packet[1] == 0x38:  # network change: a camera came, addresses must be given anew
            yield Drop(Reason.PROTOCOL_ERROR, "a camera joined the serial line")
        elif tag == "address":
            yield from self._look()
        elif kind == 6:
            yield from self._refused(tag, ERRORS.get(packet[2], f"error {packet[2]:02x}"))
        elif isinstance(tag, Request):
            yield from self._acknowledged(tag)
        elif isinstance(tag, tuple) and kind == 5 and tag[0] == "power" and len(packet) == 4:
            yield from self._power(tag[1], packet[2])
        elif isinstance(tag, tuple) and kind == 5 and tag[0] == "version" and len(packet) == 10:
            vendor, model, firmware = packet[2:4].hex(), packet[4:6].hex(), packet[6:8].hex()
            yield Feedback(tag[1], model=f"VISCA {vendor}:{model}", firmware=firmware)

    def _refused(self, tag: Hashable, words: str) -> Actions:
        if isinstance(tag, Request):
            yield Refused(tag, words)
        elif isinstance(tag, tuple) and tag[0] == "power":
            yield from self._power(tag[1], 0)

    def _acknowledged(self, request: Request) -> Actions:
        unit, command = request.unit, request.command
        if isinstance(command, RecallPreset):
            yield Feedback(unit, assumed=True, preset=str(command.preset))
        elif isinstance(command, MoveCamera) and command.to != "stop":
            yield Feedback(unit, assumed=True, preset=None)
        yield Taken(request)
        if isinstance(command, SetPower):
            self.goal[unit] = ("on" if command.on else "standby", self.now + WAKING)
            yield self._say(unit, POWER, ("power", unit))

    def _power(self, unit: str, state: int) -> Actions:
        """2 = on, 3 = standby; anything else is no state that a room knows."""
        power = {2: "on", 3: "standby"}.get(state)
        if power == self.goal.get(unit, ("", 0.0))[0]:
            del self.goal[unit]
        if unit in self.away:
            self.away.discard(unit)
            yield Appeared(unit)
            yield self._offer(unit)
        yield Feedback(unit, power=power)
        self.unanswered.discard(unit)
        yield from self._usable()
        if self.ready and any(until > self.now for _, until in self.goal.values()):
            yield Later(1.0, "poll")

    @staticmethod
    def _offer(unit: str) -> Offers:
        return Offers(unit, frozenset({SetPower, MoveCamera, RecallPreset, StorePreset}))

    def _usable(self) -> Actions:
        if self.ready or self.unanswered:
            return
        self.ready = True
        there = [unit for unit in self.addresses if unit not in self.away]
        for unit in there:
            yield self._offer(unit)
        yield Ready()
        for unit in there:
            yield self._say(unit, VERSION, ("version", unit))
        yield Later(self.settings.poll, "poll")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A datagram may be lost: say it again. One camera of several may be off the line. Else nobody is there."""
        self.sent = {number: held for number, held in self.sent.items() if held != tag}
        tries, packet = self.last.get(tag, (TRIES, b""))
        if self.packets and tries < TRIES:
            yield self._put(CONTROL if tag == "reset" else INQUIRY if packet[1:2] == b"\x09" else COMMAND, packet, tag)
            return
        self.last.pop(tag, None)
        unit = tag[1] if isinstance(tag, tuple) else tag.unit if isinstance(tag, Request) else ""
        if tag == "reset":  # some cameras know no RESET
            self.sequence = 0
            yield from self._look()
        elif isinstance(tag, tuple) and tag[0] == "version":
            return
        elif len(self.addresses) > 1 and len(self.away | {unit}) < len(self.addresses):
            if unit not in self.away:
                self.away.add(unit)
                yield Gone(unit)
            self.unanswered.discard(unit)
            yield from self._usable()
        else:
            yield Drop(Reason.NO_RESPONSE, reason)

    def due(self, name: str) -> Actions:
        """Time to ask who is on."""
        yield from self._look()
        waking = any(until > self.now for _, until in self.goal.values())
        yield Later(1.0 if waking else self.settings.poll, "poll")
