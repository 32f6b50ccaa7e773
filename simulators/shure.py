"""A Shure device that takes command strings: a ceiling array or processor, or a wireless receiver.

Sources: Shure command strings of MXA910, P300 (AUDIO_GAIN_HI_RES 0000-1400, DEVICE_AUDIO_MUTE, DEV_LED_IN_STATE,
PRESET) and of ULX-D (AUDIO_GAIN 000-060, BATT_CHARGE 000-100, 255 without a transmitter), AD4, SLX-D. What was set, and
what changes at the device, is told to every client; whatever it does not understand is an ERR.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, SimulatorError, StreamSimulator, hand

BATTERY = {"ulxd": "BATT_CHARGE", "axient": "TX_BATT_CHARGE_PERCENT", "slxd": "TX_BATT_BARS"}


@dataclass(kw_only=True, eq=False)
class Shure(StreamSimulator):
    """The device and its channels."""

    name: ClassVar[str] = "shure"
    title: ClassVar[str] = "Shure microphone, processor or receiver"
    links: ClassVar[Mapping[str, int]] = {"tcp": 2202}

    kind: Literal["array", "ulxd", "axient", "slxd"] = "array"
    count: int = 4
    device_muted: bool = False
    led: bool = True
    preset: int = 1
    muted: dict[int, bool] = field(default_factory=dict)
    gain: dict[int, int] = field(default_factory=dict)  # in the device's own steps
    battery: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for channel in range(1, self.count + 1):
            self.muted.setdefault(channel, False)
            self.gain.setdefault(channel, 1100 if self.kind == "array" else 18)
            self.battery.setdefault(channel, 5 if self.kind == "slxd" else 87)

    def restart(self) -> None:
        """It comes back with what was set."""

    def opened(self, session: Session) -> None:
        session.memory["said"] = ""

    def received(self, session: Session, data: bytes) -> None:
        said = session.memory["said"] + data.decode("ascii", "replace")
        while ">" in said:
            one, _, said = said.partition(">")
            words = one.partition("<")[2].split()
            if words:
                self._obey(session, words)
        session.memory["said"] = said[-500:]

    def _obey(self, session: Session, words: list[str]) -> None:
        verb, *rest = words
        channel = int(rest.pop(0)) if rest and rest[0].isdigit() else None
        if verb == "GET" and len(rest) == 1 and (told := self._report(channel, rest[0])):
            session.send(told)
        elif verb == "SET" and len(rest) == 2 and self._put(channel, *rest):
            self.broadcast(self._report(channel, rest[0]))
        else:
            session.send(b"< REP ERR >")

    def _report(self, channel: int | None, word: str) -> bytes:
        """The REP of one thing; empty where there is no such thing."""
        value = self._device(word) if channel is None else self._channel(channel, word)
        if not value:
            return b""
        where = "" if channel is None else f"{channel} "
        return f"< REP {where}{word} {value} >".encode()

    def _device(self, word: str) -> str:
        told = {
            "SERIAL_NUM": "{0123456789ABCDEF}",
            "FW_VER": "{4.6.1}",
            "DEVICE_ID": "{Boardroom".ljust(32) + "}",
        }
        if self.kind == "array":
            told |= {
                "MODEL": "{MXA920-S}",
                "DEVICE_AUDIO_MUTE": "ON" if self.device_muted else "OFF",
                "DEV_LED_IN_STATE": "ON" if self.led else "OFF",
                "PRESET": f"{self.preset:02}",
            }
        return told.get(word, "")

    def _channel(self, channel: int, word: str) -> str:
        if channel not in self.muted:
            return ""
        if word == "AUDIO_MUTE" and self.kind != "slxd":
            return "ON" if self.muted[channel] else "OFF"
        if word == ("AUDIO_GAIN_HI_RES" if self.kind == "array" else "AUDIO_GAIN"):
            return f"{self.gain[channel]:04}" if self.kind == "array" else f"{self.gain[channel]:03}"
        if word == BATTERY.get(self.kind):
            return f"{self.battery[channel]:03}"
        return ""

    def _put(self, channel: int | None, word: str, value: str) -> bool:
        on = {"ON": True, "OFF": False}.get(value)
        if not self._report(channel, word):
            return False
        if channel is None:
            if word == "DEVICE_AUDIO_MUTE" and on is not None:
                self.device_muted = on
            elif word == "DEV_LED_IN_STATE" and on is not None:
                self.led = on
            elif word == "PRESET" and value.isdigit() and 1 <= int(value) <= 10:
                self.preset = int(value)
            else:
                return False
        elif word == "AUDIO_MUTE" and on is not None:
            self.muted[channel] = on
        elif word.startswith("AUDIO_GAIN") and value.isdigit() and int(value) <= (1400 if self.kind == "array" else 60):
            self.gain[channel] = int(value)
        else:
            return False
        return True

    @hand
    def touch_mute(self, channel: int = 0, on: bool = True) -> None:
        """Mute at the device: a channel, or 0 for all of it."""
        word = "AUDIO_MUTE" if channel else "DEVICE_AUDIO_MUTE"
        if not self._put(channel or None, word, "ON" if on else "OFF"):
            raise SimulatorError(f"there is no mute of {channel}")
        self.broadcast(self._report(channel or None, word))

    @hand
    def drain(self, channel: int = 1, left: int = 20) -> None:
        """A transmitter's battery runs down; 255: it is switched off."""
        if self.kind not in BATTERY or channel not in self.battery:
            raise SimulatorError("there is no battery")
        self.battery[channel] = left
        self.broadcast(self._report(channel, BATTERY[self.kind]))
