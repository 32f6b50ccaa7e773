"""PTZ cameras that speak VISCA: over UDP with Sony's header, raw over TCP, or several on a serial line.

Sources: Sony VISCA over IP and command lists; PTZOptics VISCA Command List. Inquiries labelled as commands are
accepted, as cameras do. A camera in standby executes nothing but its power; it takes its time to come on, and to
reach a preset.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, Timer, Where, hand
from simulators.doors import Address, UdpDoor

Say = Callable[[bytes], None]
SYNTAX, NOT_NOW, NO_SOCKET = b"\x60\x02", b"\x61\x41", b"\x60\x03"


@dataclass(eq=False)
class Camera:
    """What one camera holds. pan, tilt and zoom say how it drives now, -1, 0 or 1 (right, up and in are 1)."""

    on: bool = True
    pan: int = 0
    tilt: int = 0
    zoom: int = 0
    at: int | None = None  # the preset it stands at
    stored: set[int] = field(default_factory=lambda: {0, 1, 2})
    waking: Timer | None = None


@dataclass(kw_only=True, eq=False)
class Visca(StreamSimulator):
    """The cameras behind one address."""

    name: ClassVar[str] = "visca"
    title: ClassVar[str] = "VISCA cameras"
    links: ClassVar[Mapping[str, int]] = {"udp": 52381, "tcp": 5678, "serial": 0}

    count: int = 1
    wake_seconds: float = 8.0
    preset_seconds: float = 2.0
    lose: int = 0  # so many answers are lost on their way (UDP)
    cameras: dict[str, Camera] = field(default_factory=dict, init=False)
    resets: int = 0
    addressed: int = 0  # times that addresses were given
    expected: int | None = None  # the sequence number of the last datagram

    _udp: UdpDoor | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        for number in range(1, self.count + 1):
            self.cameras[str(number)] = Camera()

    def restart(self) -> None:
        """Presets are kept; nothing drives."""
        self.expected = None
        for camera in self.cameras.values():
            camera.pan = camera.tilt = camera.zoom = 0
            camera.waking = None

    async def listen(self, where: Where) -> str:
        if where.scheme != "udp":
            return await super().listen(where)
        self._udp = UdpDoor(self.faults, self._datagram)
        port = await self._udp.bind(where.host, where.port)
        self.on_stop(self._udp.close)
        return f"udp://{where.host}:{port}"

    # ---- doors -----------------------------------------------------------------------------------------------

    def _datagram(self, data: bytes, peer: Address) -> None:
        if len(data) < 9:
            return
        kind, length, number = struct.unpack(">HHI", data[:8])
        body = data[8:]

        def reply(answer: bytes, label: int = 0x0111) -> None:
            if self.lose:
                self.lose -= 1
            elif self._udp is not None:
                self._udp.send(struct.pack(">HHI", label, len(answer), number) + answer, peer)

        if kind == 0x0200 and body == b"\x01":
            self.resets += 1
            self.expected = 0
            reply(b"\x01", 0x0201)
        elif kind in (0x0100, 0x0110) and len(body) == length:
            self.expected = number
            self._packet(body, reply)
        else:
            reply(b"\x0f\x02", 0x0201)
        self.touched()

    def opened(self, session: Session) -> None:
        session.memory["held"] = bytearray()

    def received(self, session: Session, data: bytes) -> None:
        held = session.memory["held"]
        for byte in data:
            held.append(byte)
            if byte == 0xFF:
                self._packet(bytes(held), session.send)
                held.clear()
            elif len(held) > 16:
                held.clear()

    # ---- the language ----------------------------------------------------------------------------------------

    def _packet(self, data: bytes, say: Say) -> None:
        if data == bytes.fromhex("883001ff"):
            self.addressed += 1
            say(bytes((0x88, 0x30, self.count + 1, 0xFF)))
            return
        camera = self.cameras.get(str(data[0] - 0x80))
        if camera is None or not 0x81 <= data[0] <= 0x87:
            return  # nobody has that address
        head = bytes(((data[0] - 0x78) * 16,))  # 0x90 for the first

        def answer(body: bytes) -> None:
            say(head + body + b"\xff")

        body = data[1:-1]
        if body[:1] == b"\x09":
            self._inquiry(camera, body[1:], answer)
        elif body[:1] == b"\x01":
            self._command(camera, body[1:], answer)
        else:
            answer(SYNTAX)

    def _inquiry(self, camera: Camera, what: bytes, answer: Say) -> None:
        if what == b"\x04\x00":
            answer(b"\x50\x02" if camera.on else b"\x50\x03")
        elif what == b"\x00\x02":
            answer(bytes.fromhex("50 0001 051b 0200 02"))
        else:
            answer(SYNTAX)

    def _command(self, camera: Camera, what: bytes, answer: Say) -> None:
        done = 0.05
        if what[:2] == b"\x04\x00" and what[2:] in (b"\x02", b"\x03"):
            self._switch(camera, what[2] == 2)
        elif not camera.on:
            answer(NOT_NOW)
            return
        elif what[:2] == b"\x06\x01" and len(what) == 6 and 1 <= what[2] <= 24 and 1 <= what[3] <= 24:
            sides = {1: -1, 2: 1, 3: 0}
            if what[4] not in sides or what[5] not in sides:
                answer(SYNTAX)
                return
            camera.pan, camera.tilt, camera.at = sides[what[4]], -sides[what[5]], None
        elif what[:2] == b"\x04\x07" and len(what) == 3 and what[2] >> 4 in (0, 2, 3):
            camera.zoom, camera.at = {0: 0, 2: 1, 3: -1}[what[2] >> 4], None
        elif what[:2] == b"\x04\x3f" and len(what) == 4 and what[2] in (1, 2):
            if what[2] == 1:
                camera.stored.add(what[3])
            elif what[3] not in camera.stored:
                answer(NOT_NOW)
                return
            else:
                camera.at, done = what[3], self.preset_seconds
        else:
            answer(SYNTAX)
            return
        answer(b"\x41")
        self.after(done, lambda: answer(b"\x51"))

    def _switch(self, camera: Camera, on: bool) -> None:
        if camera.waking is not None:
            camera.waking.cancel()
            camera.waking = None
        if not on:
            camera.on = False
        elif not camera.on:
            camera.waking = self.after(self.wake_seconds, lambda: setattr(camera, "on", True))

    @hand
    def remote(self, on: bool = False, camera: int = 1) -> None:
        """The infra-red remote switches a camera."""
        if str(camera) not in self.cameras:
            raise SimulatorError(f"there is no camera {camera}")
        self.cameras[str(camera)].on = on
