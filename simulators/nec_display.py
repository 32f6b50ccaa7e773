"""An NEC display that speaks "External Control" over TCP or a cable.

Written from NEC's External Control manual for LCD monitors. Only this protocol lives here. Packets with a wrong check
byte, or for other monitors, are met with silence, as the manual says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import ClassVar

from simulators.device import Session, StreamSimulator, Timer, hand
from simulators.values import SimulatorError

PLUGS = {"vga": 0x0001, "dvi": 0x0003, "displayport1": 0x000F, "hdmi1": 0x0011, "hdmi2": 0x0012}
ALL = ord("*")


@dataclass(kw_only=True, eq=False)
class NecDisplay(StreamSimulator):
    """The display's memory and its answers."""

    name: ClassVar[str] = "nec_display"
    title: ClassVar[str] = "NEC display (External Control)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 7142, "serial": 0}

    monitor: int = 1
    wake_seconds: float = 5.0
    power: int = 4  # 1 on, 2 standby (power save), 4 off
    input: str = "hdmi1"
    volume: int = 20
    highest: int = 100
    muted: bool = False
    dark: bool = False
    half_degrees: int = 77
    sick: str = ""  # codes of the self-diagnosis, such as "80"; "" = well
    signal: bool = True
    serial_number: str = "71B00123NA"
    model: str = "P404"
    old: bool = False  # an older model without temperature, serial number and model

    _waking: Timer | None = field(default=None, init=False, repr=False)

    def restart(self) -> None:
        self.power, self.dark = 4, False

    def opened(self, session: Session) -> None:
        session.memory["bytes"] = bytearray()

    def received(self, session: Session, data: bytes) -> None:
        held: bytearray = session.memory["bytes"]
        held += data
        while True:
            while held and held[0] != 0x01:
                held.pop(0)
            if len(held) < 7:
                return
            try:
                size = int(bytes(held[5:7]), 16)
            except ValueError:
                held.pop(0)
                continue
            if len(held) < size + 9:
                return
            whole = bytes(held[: size + 9])
            if whole[-1] != 0x0D or reduce(xor, whole[1:-2]) != whole[-2]:
                held.pop(0)
                continue
            del held[: size + 9]
            if whole[2] in (0x40 + self.monitor, ALL):
                self._packet(session, whole[4:5], whole[8:-3].decode("latin-1"), silent=whole[2] == ALL)

    def _packet(self, session: Session, kind: bytes, message: str, *, silent: bool) -> None:
        told = {b"A": self._command, b"C": self._get, b"E": self._set}.get(kind, self._unknown)(message)
        if silent:
            return
        reply = b"B" if told == "BE" else bytes((kind[0] + 1,))
        text = b"\x02" + told.encode("latin-1") + b"\x03"
        answer = b"00" + bytes((0x40 + self.monitor,)) + reply + b"%02X" % len(text) + text
        session.send(b"\x01" + answer + bytes((reduce(xor, answer), 0x0D)))

    def _unknown(self, message: str) -> str:
        return "BE"

    def _command(self, message: str) -> str:
        if message == "01D6":
            return f"0200D600{4:04X}{self.power:04X}"
        if message.startswith("C203D6"):
            wanted = int(message[6:], 16)
            if wanted not in (1, 4):
                return f"01C203D6{wanted:04X}"
            self._switch(wanted == 1)
            return f"00C203D6{wanted:04X}"
        if message == "B1":
            return "A1" + ((self.sick + ("" if self.signal else "B0")) or "00")
        texts = {"C216": self.serial_number, "C217": self.model}
        if message in texts and not self.old:
            return f"C3{message[2:]}" + texts[message].encode().hex().upper()
        return "BE"

    def _values(self) -> dict[str, tuple[int, int]]:
        known = {"0060": (0x12, PLUGS[self.input]), "0062": (self.highest, self.volume)}
        known |= {"008D": (2, 1 if self.muted else 2), "10B6": (2, 1 if self.dark else 2)}
        return known if self.old else known | {"0279": (0xFFFF, self.half_degrees & 0xFFFF)}

    def _get(self, code: str) -> str:
        if self.power != 1 or code not in self._values():
            return f"01{code}00" + "0" * 8
        top, now = self._values()[code]
        return f"00{code}00{top:04X}{now:04X}"

    def _set(self, message: str) -> str:
        code, value = message[:4], int(message[4:], 16)
        good = self.power == 1
        if good and code == "0060" and value in PLUGS.values():
            self.input = next(name for name, number in PLUGS.items() if number == value)
        elif good and code == "0062" and value <= self.highest:
            self.volume = value
        elif good and code == "008D" and value in (0, 1, 2):
            self.muted = value == 1
        elif good and code == "10B6" and value in (1, 2):
            self.dark = value == 1
        else:
            good = False
        top = self._values().get(code, (0, 0))[0]
        return f"{0 if good else 1:02X}{code}00{top:04X}{value:04X}"

    def _switch(self, on: bool) -> None:
        if self._waking:
            self._waking.cancel()
        if not on:
            self.power = 4
        elif self.power != 1:
            self._waking = self.after(self.wake_seconds, self._awake)

    def _awake(self) -> None:
        self.power, self.dark = 1, False

    @hand
    def press_power(self) -> None:
        """The power key of the remote control."""
        self._switch(self.power != 1)

    @hand
    def select_input(self, name: str = "hdmi2") -> None:
        """The input key."""
        if name not in PLUGS:
            raise SimulatorError(f"there is no input {name!r}; there are: {', '.join(PLUGS)}")
        self.input = name

    @hand
    def turn_volume(self, level: int = 30) -> None:
        """The volume keys."""
        self.volume = max(0, min(self.highest, level))

    @hand
    def stop_fan(self) -> None:
        self.sick = "80"

    @hand
    def unplug_source(self) -> None:
        self.signal = False
