"""An LG signage display that speaks the RS-232C language of its manual, over TCP or a cable.

Written from LG's manuals: "(Command1)(Command2)( )(Set ID)( )(Data)(Cr)", answered by
"(Command2)( )(Set ID)( )(OK/NG)(Data)(x)". In standby it knows `ka` only. Only this language lives here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, StreamSimulator, Timer, hand
from simulators.values import SimulatorError

TERMINALS = {0x90: "hdmi1", 0x91: "hdmi2", 0xC0: "displayport", 0x60: "rgb"}
LONGEST = 40


@dataclass(kw_only=True, eq=False)
class LgSicp(StreamSimulator):
    """The sets of one line, which differ in their id and are alike in everything else but their state."""

    name: ClassVar[str] = "lg_sicp"
    title: ClassVar[str] = "LG commercial display (SICP)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 9761, "serial": 0}

    set_id: int = 1
    wake_seconds: float = 5.0
    power: bool = False
    waking: bool = False
    input: str = "hdmi1"
    volume: int = 20
    muted: bool = False
    screen_off: bool = False
    temperature: int = 41
    hours: int = 4660
    lamp_broken: bool = False
    fan_broken: bool = False
    fan: bool = True  # this model has one
    signal: bool = True
    serial_number: str = "407KXFG2N123"  # capital letters; a small x would end the answer
    software: str = "020205"

    _waking: Timer | None = field(default=None, init=False, repr=False)

    def restart(self) -> None:
        self.power = self.waking = self.screen_off = False

    def opened(self, session: Session) -> None:
        session.memory["typed"] = b""

    def received(self, session: Session, data: bytes) -> None:
        typed = session.memory["typed"] + data
        while b"\r" in typed:
            line, _, typed = typed.partition(b"\r")
            self._line(session, line.strip(b"\n").decode("latin-1"))
        session.memory["typed"] = typed[-LONGEST:]

    def _line(self, session: Session, line: str) -> None:
        words = line.lower().split(" ")
        if len(words) < 3 or len(words[0]) != 2:
            return
        try:
            address, *data = (int(word, 16) for word in words[1:])
        except ValueError:
            return
        if address not in (0, self.set_id):
            return
        told = self._do(words[0], data)
        if address:  # a broadcast is obeyed and not answered
            verdict = f"NG{words[2]}" if told is None else f"OK{told}"
            session.send(f"{words[0][1]} {address:02x} {verdict}x".encode())

    def _do(self, command: str, data: list[int]) -> str | None:
        """The data of the OK, or None for NG."""
        asked = data[-1] == 0xFF
        if command == "ka":
            if not asked:
                if data[0] not in (0, 1):
                    return None
                self._switch(data[0] == 1)
                return f"{data[0]:02x}"
            return f"{self.power:02x}"
        if not self.power or self.waking:
            return None
        if asked:
            return self._tell(command, data)
        return f"{data[0]:02x}" if self._set(command, data[0]) else None

    def _tell(self, command: str, data: list[int]) -> str | None:
        if command == "sv":
            return f"02{self.signal:02x}" if data[0] == 2 else None
        source = next(code for code, name in TERMINALS.items() if name == self.input)
        numbers = {"xb": source, "kf": self.volume, "ke": int(not self.muted), "kd": int(self.screen_off)}
        numbers |= {"dn": self.temperature, "dp": int(not self.lamp_broken)}
        numbers |= {"dw": int(not self.fan_broken) if self.fan else 2}
        if command in numbers:
            return f"{numbers[command]:02x}"
        return {"dl": f"{self.hours:04x}", "fy": self.serial_number, "fz": self.software}.get(command)

    def _set(self, command: str, value: int) -> bool:
        match command:
            case "xb" if value in TERMINALS:
                self.input = TERMINALS[value]
            case "kf" if value <= 100:
                self.volume = value
            case "ke" if value <= 1:
                self.muted = value == 0
            case "kd" if value <= 1:
                self.screen_off = value == 1
            case _:
                return False
        return True

    def _switch(self, on: bool) -> None:
        if not on:
            if self._waking:
                self._waking.cancel()
            self.power = self.waking = False
        elif not self.power and not self.waking:
            self.waking = True
            self._waking = self.after(self.wake_seconds, self._awake)

    def _awake(self) -> None:
        self.power, self.waking, self.screen_off = True, False, False

    @hand
    def press_power(self) -> None:
        """The power key of the remote control."""
        self._switch(not (self.power or self.waking))

    @hand
    def press_mute(self) -> None:
        self.muted = not self.muted

    @hand
    def select_input(self, name: str = "hdmi2") -> None:
        """The input key."""
        if name not in TERMINALS.values():
            raise SimulatorError(f"there is no input {name!r}; there are: {', '.join(TERMINALS.values())}")
        self.input = name

    @hand
    def stop_fan(self) -> None:
        self.fan_broken = True

    @hand
    def unplug_source(self) -> None:
        self.signal = False
