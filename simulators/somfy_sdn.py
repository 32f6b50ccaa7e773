"""Somfy motors on one RS-485 bus: they answer in their own time, speak one at a time, and lose what collides.

Written from the Somfy SDN guide as RoomGate facts (room devices 4.3) have it. A byte on the wire is the complement of
what it means; the two last bytes are the plain sum of the others as they stand on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, Timer, hand
from simulators.motor import Motor

NODE_TYPE = 2  # an ST30


@dataclass(kw_only=True, eq=False)
class SomfySdn(StreamSimulator):
    """The bus and its motors."""

    name: ClassVar[str] = "somfy_sdn"
    title: ClassVar[str] = "Somfy SDN motors on RS-485"
    links: ClassVar[Mapping[str, int]] = {"serial": 0, "tcp": 4001}

    addresses: str = "06D2D2,06D2D3"
    group_addresses: str = "010105"  # all motors belong to all groups
    seconds: float = 20.0
    answer_seconds: float = 0.02
    ilt2: bool = False  # refuses what it does
    busy: int = 0  # so many commands are refused with "busy" first
    motors: dict[str, Motor] = field(default_factory=dict, init=False)
    jammed: list[str] = field(default_factory=list, init=False)
    stops: dict[int, float] = field(default_factory=lambda: {1: 30.0, 2: 60.0}, init=False)  # intermediate positions
    strange: int = 0  # bytes that were in no frame
    commands: int = 0
    _ends: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for address in self.addresses.split(","):
            self.motors[address.strip().upper()] = Motor(self, self.seconds, self.seconds)

    def restart(self) -> None:
        """A motor without power stands still."""
        for address in self.motors:
            self._halt(address)

    # ---- the bus ---------------------------------------------------------------------------------------------

    def opened(self, session: Session) -> None:
        session.memory["bus"] = bytearray()

    def received(self, session: Session, data: bytes) -> None:
        bus: bytearray = session.memory["bus"]
        bus += data
        while len(bus) >= 11:
            size = ~bus[1] & 0x7F
            if size < 11 or size > 32:
                del bus[0]
                self.strange += 1
            elif len(bus) < size:
                return
            elif sum(bus[: size - 2]) & 0xFFFF == bus[size - 2] << 8 | bus[size - 1]:
                self._frame(session, bytes(~byte & 0xFF for byte in bus[: size - 2]))
                del bus[:size]
            else:
                del bus[0]
                self.strange += 1

    def _frame(self, session: Session, body: bytes) -> None:
        kind, wants, data = body[0], body[1] > 127, body[9:]
        source, target = body[5:2:-1].hex().upper(), body[8:5:-1].hex().upper()
        if target == "000000":
            if source in self.group_addresses.split(","):
                for address in self.motors:
                    self._do(address, kind, data)
        elif target == "FFFFFF":
            for number, address in enumerate(self.motors, 1):
                if kind == 0x40:
                    self._answer(session, address, source, 0x60, b"", number)
        elif target in self.motors:
            self._for(session, target, source, kind, data, wants)

    def _answer(self, session: Session, motor: str, to: str, kind: int, data: bytes, turn: int = 1) -> None:
        plain = bytes([kind, 11 + len(data), NODE_TYPE << 4])
        plain += bytes(reversed(bytes.fromhex(motor))) + bytes(reversed(bytes.fromhex(to))) + data
        wire = bytearray(255 - byte for byte in plain)
        total = sum(wire)
        wire += bytes([total // 256, total % 256])
        self.after(self.answer_seconds * turn, lambda: session.send(bytes(wire)))

    def _for(self, session: Session, motor: str, who: str, kind: int, data: bytes, wants: bool) -> None:
        run = self.motors[motor]
        place = run.position
        if kind == 0x0C:
            pulses = int(place * 50).to_bytes(2, "little")
            preset = next((number for number, held in self.stops.items() if abs(held - place) < 0.5), 0xFF)
            self._answer(session, motor, who, 0x0D, pulses + bytes([round(place), 0, preset]))
        elif kind == 0x0E:
            state = 2 if motor in self.jammed else 1 if run.moving else 0
            way = {"down": 0, "up": 1}.get(run.moving or "", 0xFF)
            self._answer(session, motor, who, 0x0F, bytes([state, way, 0, 0]))
        elif kind == 0x40:
            self._answer(session, motor, who, 0x60, b"")
        elif self.busy > 0 and kind in (2, 3):
            self.busy -= 1
            if wants:
                self._answer(session, motor, who, 0x6F, b"\xff")
        else:
            trouble = self._do(motor, kind, data)
            if wants and (trouble is not None or self.ilt2):
                self._answer(session, motor, who, 0x6F, bytes([0x10 if trouble is None else trouble]))
            elif wants:
                self._answer(session, motor, who, 0x7F, b"")

    def _do(self, motor: str, kind: int, data: bytes) -> int | None:
        """Obey; the number of what is wrong, else None."""
        if kind == 0x02:
            self.commands += 1
            self._halt(motor)
            return None
        if kind != 0x03 or len(data) != 4:
            return 0x10 if kind != 0x03 else 0x01
        what, value = data[0], int.from_bytes(data[1:3], "little")
        if what == 2 and value not in self.stops:
            return 0x23
        if what not in (0, 1, 2, 4) or (what == 4 and value > 100):
            return 0x24
        self.commands += 1
        if motor not in self.jammed:
            self._go(motor, {0: 100.0, 1: 0.0, 2: self.stops.get(value, 0.0)}.get(what, float(value)))
        return None

    def _go(self, address: str, target: float) -> None:
        self._halt(address)
        motor = self.motors[address]
        way = target - motor.position
        if way:
            motor.run("down" if way > 0 else "up")
            self._ends[address] = self.after(abs(way) * self.seconds / 100, lambda: self._arrive(address, target))

    def _arrive(self, address: str, target: float) -> None:
        self._halt(address)
        self.motors[address]._from = target

    def _halt(self, address: str) -> None:
        self.motors[address].stop()
        if timer := self._ends.pop(address, None):
            timer.cancel()

    @hand
    def keypad(self, direction: str = "down", motor: str = "") -> None:
        """A keypad on the bus: up, down or stop, of the first motor by default."""
        address = motor or next(iter(self.motors))
        if address not in self.motors or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no motor {address!r}, or no {direction!r}")
        if direction == "stop":
            self._halt(address)
        else:
            self._go(address, 0.0 if direction == "up" else 100.0)

    @hand
    def jam(self, motor: str = "", on: bool = True) -> None:
        """Something blocks a motor (or does not any more)."""
        address = motor or next(iter(self.motors))
        self._halt(address)
        self.jammed = [one for one in self.jammed if one != address] + ([address] if on else [])
