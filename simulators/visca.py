"""VISCA cameras: one behind UDP 52381 or TCP 5678, or a chain of them on a serial line.

Sources: Sony EVI-D70 technical manual (command list, sockets, errors); Sony VISCA over IP manual (header, sequence
numbers, reset); what was tried against software (RoomGate facts: room devices 8): inquiries labelled 0100 are answered,
too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, Where, hand
from simulators.doors import Address, UdpDoor

SYNTAX, FULL, NOT_NOW = 0x02, 0x03, 0x41


@dataclass(kw_only=True)
class Camera:
    """One camera: where it turns, what it has stored. None of its numbers are degrees."""

    on: bool = True
    pan: str = "stop"
    tilt: str = "stop"
    zoom: str = "stop"
    preset: int | None = None
    stored: list[int] = field(default_factory=list)
    busy: int = 0  # sockets in use


@dataclass(kw_only=True, eq=False)
class Visca(StreamSimulator):
    """The cameras' memory and their answers."""

    name: ClassVar[str] = "visca"
    title: ClassVar[str] = "VISCA camera"
    links: ClassVar[Mapping[str, int]] = {"udp": 52381, "tcp": 5678, "serial": 0}

    number_of_cameras: int = 1  # on a serial chain
    knows_reset: bool = True
    acks: bool = True
    recall_seconds: float = 1.5
    lose: int = 0  # so many datagrams are lost on their way to us
    cameras: dict[str, Camera] = field(default_factory=dict)
    heard: int = 0
    resets: int = 0

    _udp: UdpDoor | None = field(default=None, init=False, repr=False)
    _peer: Address | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        for number in range(1, self.number_of_cameras + 1):
            self.cameras.setdefault(str(number), Camera())

    async def listen(self, where: Where) -> str:
        if where.scheme != "udp":
            return await super().listen(where)
        self._udp = UdpDoor(self.faults, self._datagram)
        port = await self._udp.bind(where.host, where.port)
        self.on_stop(self._udp.close)
        return f"udp://{where.host}:{port}"

    def restart(self) -> None:
        """A camera that got its power back is on, and looks nowhere in particular."""
        for camera in self.cameras.values():
            camera.on, camera.preset, camera.busy = True, None, 0
            camera.pan = camera.tilt = camera.zoom = "stop"

    def _inject(self, data: bytes) -> None:
        if self._udp is not None and self._peer is not None:
            self._udp.send(data, self._peer)
        super()._inject(data)

    # The wires.

    def _datagram(self, data: bytes, peer: Address) -> None:
        self._peer = peer
        if self.lose:
            self.lose -= 1
            return
        if len(data) < 9 or self._udp is None:
            return
        door = self._udp
        kind, length, sequence = struct.unpack(">HHI", data[:8])
        payload = data[8:]
        if length != len(payload):
            return
        if kind == 0x0200:
            if payload == b"\x01" and self.knows_reset:
                self.resets += 1
                door.send(struct.pack(">HHI", 0x0201, 1, sequence) + b"\x01", peer)
        elif kind in (0x0100, 0x0110):

            def say(reply: bytes) -> None:
                door.send(struct.pack(">HHI", 0x0111, len(reply), sequence) + reply, peer)

            self._frame(payload, say)
        self.touched()

    def opened(self, session: Session) -> None:
        session.memory["held"] = b""

    def received(self, session: Session, data: bytes) -> None:
        *frames, rest = (session.memory["held"] + data).split(b"\xff")
        session.memory["held"] = rest[-16:]
        for frame in frames:
            self._frame(frame + b"\xff", session.send)

    def _frame(self, frame: bytes, say: Callable[[bytes], Any]) -> None:
        if len(frame) < 3 or frame[-1] != 0xFF or frame[0] & 0x80 == 0:
            return
        self.heard += 1
        if frame[:3] == b"\x88\x30\x01":
            say(bytes((0x88, 0x30, len(self.cameras) + 1, 0xFF)))
        elif frame[0] == 0x88:
            say(frame)  # IF_Clear comes back as it went
        else:
            number = str(frame[0] & 0x07)
            camera = self.cameras.get(number)
            if camera is not None:
                head = 0x80 + (int(number) << 4)
                self._obey(camera, head, frame[1:-1], say)

    # The camera.

    def _obey(self, camera: Camera, head: int, body: bytes, say: Callable[[bytes], Any]) -> None:
        def answer(*rest: int) -> None:
            say(bytes((head, *rest, 0xFF)))

        if body == b"\x09\x04\x00":
            answer(0x50, 0x02 if camera.on else 0x03)
        elif body == b"\x09\x00\x02":
            answer(0x50, 0x00, 0x01, 0x05, 0x11, 0x01, 0x02, 0x02)
        elif body[:1] == b"\x09":
            answer(0x60, SYNTAX)
        else:
            seconds = self._carry_out(camera, body)
            if seconds is None:
                answer(0x60, SYNTAX)
            elif seconds < 0:
                answer(0x61, NOT_NOW)
            elif camera.busy >= 2:
                answer(0x60, FULL)
            else:
                camera.busy += 1
                socket = camera.busy
                if self.acks:
                    answer(0x40 + socket)
                self.after(seconds, lambda: self._done(camera, lambda: answer(0x50 + socket)))

    def _done(self, camera: Camera, tell: Callable[[], None]) -> None:
        camera.busy = max(0, camera.busy - 1)
        tell()

    def _carry_out(self, camera: Camera, body: bytes) -> float | None:
        """Seconds until it is done; negative: not now; None: no such command."""
        match tuple(body):
            case (0x01, 0x04, 0x00, 0x02 | 0x03 as state):
                camera.on = state == 2
                return 0.05
            case (0x01, 0x06, 0x01, pan, tilt, 1 | 2 | 3 as x, 1 | 2 | 3 as y) if 1 <= pan <= 24 and 1 <= tilt <= 23:
                if not camera.on:
                    return -1.0
                camera.pan, camera.tilt = ("left", "right", "stop")[x - 1], ("up", "down", "stop")[y - 1]
                return 0.02
            case (0x01, 0x04, 0x07, zoom) if zoom in (0, 2, 3) or zoom & 0xF8 in (0x20, 0x30):
                camera.zoom = {0: "stop", 2: "in", 3: "out"}.get(zoom if zoom < 4 else zoom >> 4, "stop")
                return 0.02 if camera.on else -1.0
            case (0x01, 0x04, 0x3F, 0x01 | 0x02 as what, number) if number < 128:
                if not camera.on:
                    return -1.0
                if what == 1:
                    camera.stored.append(number)
                    return 0.05
                camera.preset = number
                return self.recall_seconds
        return None

    @hand
    def remote_power(self, on: bool = False, camera: int = 1) -> None:
        """Somebody uses the camera's own remote control."""
        if str(camera) not in self.cameras:
            raise SimulatorError(f"there is no camera {camera}")
        self.cameras[str(camera)].on = on
