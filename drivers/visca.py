"""Cameras that speak VISCA: over IP (UDP 52381, with sequence numbers), raw over TCP 5678, and on a serial chain.

An ACK takes a command, its completion ends it. What may not live here: where a camera looks (presets keep that).
Sources: Sony EVI-D70/D100 and SRG/BRC technical manuals (VISCA and VISCA over IP); RoomGate facts: room devices 8.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gateway.commands import Command, MoveCamera, RecallPreset, SetPower, StorePreset
from gateway.cutters import Lines, Whole
from gateway.driver import (
    Actions,
    Answered,
    Datagram,
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

COMMAND, INQUIRY, REPLY, CONTROL, CONTROL_REPLY = 0x0100, 0x0110, 0x0111, 0x0200, 0x0201  # payload types over IP
POWER, VERSION = bytes.fromhex("090400"), bytes.fromhex("090002")  # inquiries, without address and end
STATES = {2: "on", 3: "standby"}
ERRORS = {
    (0x60, 0x01): "the message is too long",
    (0x60, 0x02): "the camera does not know this command",
    (0x60, 0x03): "the camera is busy",
    (0x60, 0x04): "the command was cancelled",
    (0x60, 0x05): "the camera has nothing to cancel",
    (0x60, 0x41): "the camera cannot do that now",
}
PAN = {"left": (1, 3), "right": (2, 3), "up": (3, 1), "down": (3, 2)}
STOP_TURNING, STOP_ZOOM = (3, 3), bytes.fromhex("01040700")
ALL = frozenset({SetPower, MoveCamera, RecallPreset, StorePreset})
TRIES = 2  # a datagram may be lost once


@dataclass(frozen=True)
class Frames(Lines):
    """Frames end in FF. What answers: an ACK, an error, the data that was asked for; where nothing is acknowledged, a
    completion."""

    acks: bool = True

    def answers(self, message: Any) -> bool:
        kind = message[1] & 0xF0 if len(message) > 1 else 0
        return kind in (0x40, 0x60) or (kind == 0x50 and (len(message) > 2 or not self.acks))


@dataclass(frozen=True, slots=True)
class Ask:
    """What was sent to which camera, for whom, and how often."""

    payload: bytes
    unit: str = ""
    request: Request | None = None
    tries: int = 1


@dataclass(frozen=True)
class ViscaSettings(Settings):
    """Settings of one camera, or of a serial chain of them."""

    cameras: int = setting(1, "cameras on a serial chain, 1 to 7; over a network there is one")
    pan_speed: int = setting(10, "1 to 24")
    tilt_speed: int = setting(8, "1 to 20")
    zoom_speed: int = setting(3, "0 to 7")
    poll: float = setting(10.0, "seconds between looks")
    reset: bool = setting(True, "over IP: set the camera's sequence number back when the connection begins")
    typed: bool = setting(True, "over IP: mark inquiries as such (0110); false: as commands, as some cameras want it")
    acks: bool = setting(True, "the camera acknowledges commands; false: it only tells when they are done")
    baud: int = setting(9600, "serial speed")

    def __post_init__(self) -> None:
        limits = (("cameras", 1, 7), ("pan_speed", 1, 24), ("tilt_speed", 1, 20), ("zoom_speed", 0, 7))
        for name, low, high in limits:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {low} to {high}")
        if self.poll < 0.1:
            raise ValueError("poll is at least 0.1 seconds")


class Visca(Driver):
    """One camera (unit ""), or a chain: the first is "", the others 2 to 7."""

    name = "visca"
    title = "VISCA cameras"
    models = "Sony SRG, BRC, EVI and relatives; PTZOptics, AVer, Lumens and others that speak VISCA"
    links: ClassVar[Mapping[str, int]] = {"udp": 52381, "tcp": 5678, "serial": 0}
    plays = frozenset({"ptz", "camera"})
    timing = Timing(window=1, gap=0.02, reply=2.0, ready=10.0)
    sources = (
        "Sony EVI-D70 technical manual, command list",
        "Sony SRG/BRC VISCA over IP manual",
        "RoomGate facts: room devices 8",
    )
    offered = (
        "power and its state",
        "pan, tilt and zoom until stop",
        "presets: recall (confirmed by its completion) and store",
        "several cameras on a serial chain",
        "errors in words; a lost datagram is sent again",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "absolute positions, focus, exposure": "presets keep all of these",
        "tally": "no part of a room has one",
        "the far end's camera": "that is the codec's to move",
    }
    units = '"" (the camera, or the first of a chain), or 2 to 7 on a serial chain'
    Settings: ClassVar[type[Settings]] = ViscaSettings
    settings: ViscaSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.net = scheme == "udp"
        self.cutter = Whole() if self.net else Frames((b"\xff",), acks=self.settings.acks)
        self.units_there = ["", *(str(n) for n in range(2, self.settings.cameras + 1))] if scheme == "serial" else [""]
        self.sequence = 0
        self.flight: dict[int, Ask] = {}  # over IP: sequence -> what it carried
        self.running: dict[tuple[str, int], Ask] = {}  # unit, socket -> what the camera is doing
        self.powers: dict[str, str] = {}
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every frame, to the first camera."""
        yield from ("88 30 01 FF", "88 01 00 01 FF", "81 09 04 00 FF", "81 09 00 02 FF")
        driver = cls()
        wishes: tuple[Command, ...] = (SetPower(True), SetPower(False), RecallPreset(1), StorePreset(1))
        moves = tuple(MoveCamera(to) for to in ("left", "right", "up", "down", "in", "out", "stop"))
        for wish in (*wishes, *moves):
            yield from (f"81 {payload.hex(' ').upper()} FF" for payload in driver.payloads(wish))

    def opening(self) -> Opening:
        """9600 8N1 unless changed on the camera."""
        return Opening(baud=self.settings.baud)

    def valid_unit(self, unit: str) -> bool:
        return unit == "" or (unit.isdecimal() and str(int(unit)) == unit and 2 <= int(unit) <= self.settings.cameras)

    # ---- sending ---------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """Begin afresh: sequence numbers over IP, addresses and buffers on a chain; then ask."""
        if self.net:
            if self.settings.reset:
                yield Send(Datagram(struct.pack(">HHI", CONTROL, 1, 0) + b"\x01"), tag="reset")
                return
        elif self.scheme == "serial":
            yield Send(bytes.fromhex("883001ff"), reply=False)  # AddressSet, broadcast
            yield Send(bytes.fromhex("88010001ff"), reply=False)  # IF_Clear, broadcast
        yield from self._look(POWER)

    def _look(self, *inquiries: bytes) -> Actions:
        for unit in self.units_there:
            for inquiry in inquiries:
                yield self._send(Ask(inquiry, unit))

    def _send(self, ask: Ask) -> Send:
        frame = bytes([0x80 | int(ask.unit or "1")]) + ask.payload + b"\xff"
        if not self.net:
            return Send(frame, tag=ask)
        self.sequence = (self.sequence + 1) & 0xFFFFFFFF
        self.flight[self.sequence] = ask
        for old in [number for number in self.flight if number + 100 < self.sequence]:
            del self.flight[old]
        kind = INQUIRY if ask.payload[0] == 0x09 and self.settings.typed else COMMAND
        return Send(Datagram(struct.pack(">HHI", kind, len(frame), self.sequence) + frame), tag=ask)

    def payloads(self, command: Command) -> list[bytes]:
        """The frames of a command, without address and end; none for what a camera cannot do."""
        s = self.settings
        match command:
            case SetPower(on):
                return [bytes([0x01, 0x04, 0x00, 2 if on else 3])]
            case RecallPreset(preset):
                return [bytes([0x01, 0x04, 0x3F, 0x02, preset])]
            case StorePreset(preset):
                return [bytes([0x01, 0x04, 0x3F, 0x01, preset])]
            case MoveCamera(to) if to in PAN:
                return [bytes([0x01, 0x06, 0x01, s.pan_speed, s.tilt_speed, *PAN[to]])]
            case MoveCamera("in" | "out" as to):
                return [bytes([0x01, 0x04, 0x07, (0x20 if to == "in" else 0x30) | s.zoom_speed])]
            case MoveCamera():
                return [bytes([0x01, 0x06, 0x01, s.pan_speed, s.tilt_speed, *STOP_TURNING]), STOP_ZOOM]
        return []

    def command(self, request: Request) -> Actions:
        """Say it; the camera's ACK takes it."""
        command = request.command
        payloads = self.payloads(command)
        if isinstance(command, MoveCamera) and (command.far or command.camera):
            yield Refused(request, "this camera moves itself only; each camera is a unit of its own")
        elif not payloads:
            yield Refused(request, "a camera cannot do that")
        else:
            *first, last = payloads  # only the last one decides
            for payload in first:
                yield self._send(Ask(payload, request.unit))
            yield self._send(Ask(last, request.unit, request))

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A frame, or a datagram with one in it."""
        if self.net:
            yield from self._datagram(data)
        else:
            yield from self._frame(bytes(data), tag if isinstance(tag, Ask) else None)

    def _datagram(self, data: Any) -> Actions:
        raw = data.data if isinstance(data, Datagram) else b""
        if len(raw) < 9:
            return
        kind, length, sequence = struct.unpack(">HHI", raw[:8])
        body = raw[8 : 8 + length]
        if kind == CONTROL_REPLY:
            yield Answered("reset")
            if not self.ready:
                yield from self._look(POWER)
        elif kind == REPLY and body.endswith(b"\xff"):
            ask = self.flight.get(sequence)
            frame = body[:-1]
            if ask is not None and Frames((b"\xff",), acks=self.settings.acks).answers(frame):
                yield Answered(ask)
            yield from self._frame(frame, ask)

    def _frame(self, frame: bytes, ask: Ask | None) -> Actions:
        if len(frame) < 2 or not 0x90 <= frame[0] <= 0xF0:
            return
        unit = self._unit(frame[0])
        kind, socket = frame[1] & 0xF0, frame[1] & 0x0F
        if kind == 0x40 and ask is not None:
            yield from self._acknowledged(ask, unit, socket)
        elif kind == 0x50 and len(frame) > 2:
            yield from self._told(unit, ask, frame[2:])
        elif kind == 0x50:
            done = self.running.pop((unit, socket), None) or (ask if ask and ask.request else None)
            if done is not None and done.request is not None:
                yield from self._completed(done.request)
        elif kind == 0x60 and len(frame) > 2:
            words = ERRORS.get((0x60, frame[2]), f"the camera answers error {frame[2]:02X}")
            failed = ask or self.running.pop((unit, socket), None)
            if failed is not None and failed.request is not None:
                yield Refused(failed.request, words)
            elif failed is not None and failed.payload == POWER and not self.ready:
                yield Drop(Reason.PROTOCOL_ERROR, words)

    def _unit(self, address: int) -> str:
        number = (address >> 4) - 8
        return "" if number == 1 or self.scheme != "serial" else str(number)

    def _acknowledged(self, ask: Ask, unit: str, socket: int) -> Actions:
        self.running[unit, socket] = ask
        if ask.request is not None and not isinstance(ask.request.command, RecallPreset):
            yield Taken(ask.request)
            if isinstance(ask.request.command, SetPower):
                yield Later(0.2, "look")

    def _completed(self, request: Request) -> Actions:
        match request.command:
            case RecallPreset(preset):
                yield Feedback(request.unit, preset=str(preset))
                yield Done(request)
            case SetPower():
                yield self._send(Ask(POWER, request.unit))
            case MoveCamera():
                yield Taken(request)
                yield Feedback(request.unit, preset=None)
            case _:
                yield Taken(request)

    def _told(self, unit: str, ask: Ask | None, data: bytes) -> Actions:
        if ask is not None and ask.payload == VERSION and len(data) >= 7:
            yield Feedback(unit, model=f"VISCA {data[0:2].hex()}:{data[2:4].hex()}", firmware=data[4:6].hex())
        elif ask is not None and ask.payload == POWER and len(data) == 1:
            self.powers[unit] = STATES.get(data[0], "off")
            yield Feedback(unit, power=self.powers[unit])
            if not self.ready and len(self.powers) == len(self.units_there):
                self.ready = True
                for one in self.units_there:
                    yield Offers(one, ALL)
                yield Ready()
                yield from self._look(VERSION)
                yield Later(self.settings.poll, "poll")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A datagram may be lost: once more. On a wire, silence is silence."""
        if tag == "reset":
            yield from self._look(POWER)  # some cameras know no reset
        elif self.net and isinstance(tag, Ask) and tag.tries < TRIES:
            yield self._send(replace(tag, tries=tag.tries + 1))
        elif isinstance(tag, Ask) and tag.payload == VERSION:
            return  # not every camera tells its version
        else:
            yield Drop(Reason.NO_RESPONSE, reason)

    def due(self, name: str) -> Actions:
        """Time to look."""
        yield from self._look(POWER)
        if name == "poll":
            yield Later(self.settings.poll, "poll")
