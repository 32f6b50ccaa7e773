"""A Samsung display that speaks MDC: over TCP, over a serial cable, and under TLS with a PIN.

Written from Samsung's MDC manuals: AA, command, id, length, data, sum; answers are FF with 'A' or 'N'. Only MDC lives
here. A display in standby knows its power and nothing else; it takes some seconds to come on, during which it refuses.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators._tls import upgrade
from simulators.device import Session, StreamSimulator, Timer, hand
from simulators.doors import TcpSession
from simulators.values import SimulatorError

SOURCES = {"pc": 0x14, "dvi": 0x18, "magicinfo": 0x20, "hdmi1": 0x21, "hdmi2": 0x23, "displayport1": 0x25}
ALL = 0xFE
WRONG_PIN, BLOCKED = 1, 2
TRIES = 3  # wrong PINs until log-in is blocked


class RefusedError(Exception):
    """A NAK with its code."""


@dataclass(kw_only=True, eq=False)
class Display:
    """One panel: what it holds."""

    power: Literal["on", "standby"] = "standby"
    waking: bool = False
    volume: int = 20
    muted: bool = False
    input: str = "hdmi1"
    panel_off: bool = False


@dataclass(kw_only=True, eq=False)
class SamsungMdc(StreamSimulator):
    """One display, or a chain of them on one line."""

    name: ClassVar[str] = "samsung_mdc"
    title: ClassVar[str] = "Samsung display (MDC)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 1515, "serial": 0}

    ids: str = "1"
    pin: str = ""  # over TCP: TLS and this PIN; empty = plain MDC
    wake_seconds: float = 6.0
    sound: bool = True
    signal: bool = True
    temperature: int = 38
    panel_hours: int = 5461
    broken: str = ""  # lamp, temperature or fan
    serial_number: str = "0ABCHTHK123456"
    software: str = "T-HKMLAKUC-1234.5"
    model: str = "QM55B"
    wrong_pins: int = 0
    display: dict[str, Display] = field(default_factory=dict, init=False)

    _waking: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        self.display = {part.strip(): Display() for part in self.ids.split(",")}

    @property
    def one(self) -> Display:
        """The first display."""
        return next(iter(self.display.values()))

    def restart(self) -> None:
        for held in self.display.values():
            held.power, held.waking, held.panel_off = "standby", False, False

    # TCP and TLS.

    def opened(self, session: Session) -> None:
        session.memory["heard"] = bytearray()
        if self.pin and isinstance(session, TcpSession):
            session.memory["shut"] = session.memory["shaking"] = True
            session.send(b"MDCSTART<<TLS>>")
            task = asyncio.get_running_loop().create_task(self._secure(session))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            if len(self._tasks) == 1:
                self.on_stop(self._settle_tasks)

    async def _secure(self, session: Session) -> None:
        if await upgrade(session):
            session.memory["shaking"] = False
            self.received(session, b"")  # the PIN may have come along with the end of the handshake

    async def _settle_tasks(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _admit(self, session: Session) -> None:
        heard: bytearray = session.memory["heard"]
        if len(heard) < len(self.pin):
            return
        given = bytes(heard[: len(self.pin)])
        del heard[: len(self.pin)]
        if given == self.pin.encode() and not self.faults.refuse_login and self.wrong_pins < TRIES:
            self.wrong_pins = 0
            session.memory["shut"] = False
            session.send(b"MDCAUTH<<PASS>>")
            return
        self.wrong_pins += 1
        session.send(b"MDCAUTH<<FAIL:0x%02X>>" % (BLOCKED if self.wrong_pins > TRIES else WRONG_PIN))
        session.close()

    def received(self, session: Session, data: bytes) -> None:
        heard: bytearray = session.memory["heard"]
        heard += data
        if session.memory.get("shaking"):
            return
        if session.memory.get("shut"):
            self._admit(session)
        while heard and not session.memory.get("shut"):
            start = heard.find(b"\xaa")
            del heard[: start if start >= 0 else len(heard)]
            if len(heard) < 4:
                return
            _, command, address, length = struct.unpack_from("4B", heard)
            if len(heard) < 5 + length:
                return
            body, check = bytes(heard[1 : 4 + length]), heard[4 + length]
            del heard[: 5 + length]
            if sum(body) & 0xFF == check:  # a frame with a wrong sum is not answered
                self._frame(session, command, address, body[3:])

    def _frame(self, session: Session, command: int, address: int, data: bytes) -> None:
        if address == ALL:  # everybody obeys, nobody answers
            for held in self.display.values():
                try:
                    self._do(held, command, data)
                except RefusedError:
                    pass
            return
        display = self.display.get(str(address))
        if display is None:
            return
        try:
            kind, told = b"A", self._do(display, command, data)
        except RefusedError:
            kind, told = b"N", b"\x01"
        answer = bytes((0xFF, address, len(told) + 2)) + kind + bytes((command,)) + told
        session.send(b"\xaa" + answer + bytes((sum(answer) & 0xFF,)))

    # What a display does.

    def _do(self, display: Display, command: int, data: bytes) -> bytes:
        if command == 0x11:
            if data:
                self._power(display, data[0])
            return data or bytes((display.power == "on",))
        if display.power != "on" or display.waking:
            raise RefusedError
        if data and command in (0x12, 0x13, 0x14, 0xF9):
            self._set(display, command, data[0])
            return data
        source = SOURCES[display.input]
        volume, mute = (display.volume, int(display.muted)) if self.sound else (0xFF, 0xFF)
        errors = [int(self.broken == part) for part in ("lamp", "temperature")]
        told: dict[int, bytes] = {
            0x00: bytes((1, volume, mute, source, 0x10, 0, 0)),
            0x0B: self.serial_number.encode().ljust(18, b"\0"),
            0x0D: bytes((*errors, 0, int(not self.signal), self.temperature, int(self.broken == "fan"))),
            0x0E: self.software.encode(),
            0x12: bytes((volume,)),
            0x13: bytes((mute,)),
            0x14: bytes((source,)),
            0x83: (6 * self.panel_hours).to_bytes(2 if self.panel_hours < 10923 else 4, "big"),  # ten minutes each
            0x8A: self.model.encode(),
            0xF9: bytes((display.panel_off,)),
        }
        if command not in told or data:
            raise RefusedError
        return told[command]

    def _power(self, display: Display, value: int) -> None:
        if value not in (0, 1):
            raise RefusedError
        key = next(key for key, held in self.display.items() if held is display)
        if value == 0:
            if key in self._waking:
                self._waking.pop(key).cancel()
            display.power, display.waking = "standby", False
        elif display.power == "standby" and not display.waking:
            display.waking = True
            self._waking[key] = self.after(self.wake_seconds, lambda: self._awake(key))

    def _awake(self, key: str) -> None:
        self._waking.pop(key, None)
        held = self.display[key]
        held.power, held.waking, held.panel_off = "on", False, False

    def _set(self, display: Display, command: int, value: int) -> None:
        if command == 0x14:
            named = [name for name, code in SOURCES.items() if code == value]
            if not named:
                raise RefusedError
            display.input = named[0]
        elif command == 0x12:
            if value > 100 or not self.sound:
                raise RefusedError
            display.volume = value
        elif value > 1:
            raise RefusedError
        elif command == 0x13:
            display.muted = bool(value)
        else:
            display.panel_off = bool(value)

    # Hands.

    @hand
    def press_power(self, display: str = "1") -> None:
        """The power key of the remote control."""
        held = self._found(display)
        self._power(held, 0 if held.power == "on" or held.waking else 1)

    @hand
    def select_input(self, name: str = "hdmi2", display: str = "1") -> None:
        """The source key."""
        if name not in SOURCES:
            raise SimulatorError(f"there is no input {name!r}; there are: {', '.join(SOURCES)}")
        self._found(display).input = name

    @hand
    def turn_volume(self, level: int = 30, display: str = "1") -> None:
        """The volume keys."""
        self._found(display).volume = max(0, min(100, level))

    @hand
    def unplug_source(self) -> None:
        self.signal = False

    @hand
    def break_part(self, part: str = "fan") -> None:
        """The lamp, the fan or the temperature goes wrong; "" mends it."""
        self.broken = part

    def _found(self, display: str) -> Display:
        if display not in self.display:
            raise SimulatorError(f"there is no display {display!r}; there are: {', '.join(self.display)}")
        return self.display[display]
