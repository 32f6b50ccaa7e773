"""NEC and Sharp/NEC displays: the binary "External Control" protocol (TCP 7142, serial 9600 8N1).

Written from NEC's "External Control, NEC LCD Monitor". A packet is SOH `0` receiver sender type length, a message
between STX and ETX, a check byte (XOR of all after SOH up to ETX) and CR. Numbers are hexadecimal digits in ASCII. The
check byte may itself be a CR, so a packet is cut by its length. Types: A/B command, C/D get, E/F set and their replies.
A packet with a wrong check byte, or for an id that is not there, is not answered. What may not live here: NEC's
projectors.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.cutters import Frames
from gateway.displays import Displays, DisplaysSettings
from gateway.driver import Actions, Drop, Later, Refused, Request, Send, Timing
from gateway.model import Reason
from gateway.polled import Ask

SOH, STX, ETX, CR = 1, 2, 3, 0x0D
HEAD, TAIL = 7, 2  # bytes before the message, and after it
PARAMETERS = {"input": "0060", "volume": "0062", "mute": "008D", "temperature": "0279", "screen": "10B6"}
COMMANDS = {"power": "01D6", "health": "B1", "serial": "C216", "model": "C217"}
POWER = {1: "on", 2: "standby", 3: "standby", 4: "off"}  # 2 and 3: power save
INPUTS = {
    **{0x01: "vga", 0x02: "rgb", 0x03: "dvi", 0x05: "video", 0x07: "s-video", 0x0C: "dvd", 0x0D: "option"},
    **{0x0F: "displayport1", 0x10: "displayport2", 0x11: "hdmi1", 0x12: "hdmi2", 0x82: "hdmi3", 0x83: "hdmi4"},
}
CODES = {name: code for code, name in INPUTS.items()}
FAULTS = {  # External Control, 11.1
    **{"70": "standby power 3.3 V", "71": "standby power 5 V", "72": "panel power 12 V", "78": "power 24 V"},
    **{"80": "cooling fan 1", "81": "cooling fan 2", "82": "cooling fan 3", "90": "inverter", "91": "backlight"},
    **{"A0": "temperature: it shut down", "A1": "temperature: it dimmed", "A2": "temperature: beyond the limit set"},
    # Later ones, from the maker's own SDK (nec_pd_sdk 23.8.22, constants.py).
    **{"83": "compute module fan", "C0": "option board", "D1": "clock", "E0": "system memory"},
}
NO_SIGNAL = "B0"
ON, OFF = 1, 2  # of mute and screen mute


def check(packet: bytes) -> int:
    """The check byte of a packet that ends with its ETX: XOR of everything after SOH."""
    code = 0
    for byte in packet[1:]:
        code ^= byte
    return code


def measure(held: bytes) -> int:
    """A packet by its length, with all its marks and the right check byte; else one byte is none."""
    if held[0] != SOH:
        return -1
    if len(held) < HEAD:
        return 0
    if not re.fullmatch(rb"[0-9A-F]{2}", held[5:7]):
        return -1
    end = HEAD + int(held[5:7], 16)
    if end < HEAD + 2:
        return -1
    if len(held) < end + TAIL:
        return 0
    marks = (held[HEAD], held[end - 1], held[end + 1])
    return end + TAIL if marks == (STX, ETX, CR) and held[end] == check(held[:end]) else -1


def packet(kind: str, display: int, message: str) -> bytes:
    """A packet to a display: `kind` A, C or E."""
    body = b"\x02" + message.encode("ascii") + b"\x03"
    head = b"\x010" + bytes((0x40 + display,)) + f"0{kind}{len(body):02X}".encode("ascii") + body
    return head + bytes((check(head), CR))


@dataclass(frozen=True)
class NecDisplaySettings(DisplaysSettings):
    """What a profile may say of an NEC display."""

    ids: ClassVar[range] = range(1, 101)
    known: ClassVar[Collection[str]] = CODES


class NecDisplay(Displays):
    """One display, or all of one line."""

    name = "nec_display"
    title = "NEC and Sharp/NEC displays"
    models = "NEC MultiSync P, V, X, C, M, UN, ME and E displays with External Control, Sharp/NEC successors"
    links = {"tcp": 7142, "serial": 0}
    timing = Timing(window=1, reply=5.0, ready=25.0)
    cutter = Frames(measure, limit=4096)
    evidence = "cross-checked"  # against the maker's own SDK
    sources = (
        "NEC External Control, NEC LCD Monitor, 4, 5, 11.1, 14.2",
        "nec_pd_sdk 23.8.22, its codes of parameters and of faults",
        "NEC P702 user manual, English-32 (control command diagram)",
        "RoomGate facts: room devices 5.6",
    )
    offered = (
        "power (01D6, C203D6)",
        "input (00 60)",
        "volume (00 62) and mute (00 8D)",
        "screen mute (10 B6)",
        "temperature (02 79) and self-diagnosis (B1)",
        "serial number and model (C216, C217)",
        "several monitor ids on one line",
    )
    not_offered = {
        "all monitors at once (id *)": "nothing answers it, so nothing proves it",
        "NEC projectors (sum checksum)": "the facts have commands without answers; they speak PJLink",
        "pictures, tiles, schedules, saving": "installers set them once",
    }
    Settings = NecDisplaySettings
    settings: NecDisplaySettings
    optional = frozenset({"temperature", "screen", "health", "serial", "model", "mute", "volume"})

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.top = dict.fromkeys(self.points, 100)  # the highest volume, as the display itself says

    def opened(self) -> Actions:
        yield from self.begin("power")

    def wanted(self, unit: str) -> Iterable[str]:
        """Asleep, it is asked for its power only."""
        if self.points[unit].get("power") != "on":
            return ("power",)
        identity = (what for what in ("serial", "model") if what not in self.points[unit])
        return ("power", "input", "volume", "mute", "screen", "temperature", "health", *identity)

    def question(self, ask: Ask) -> Send:
        kind, message = ("C", PARAMETERS[ask.what]) if ask.what in PARAMETERS else ("A", COMMANDS[ask.what])
        return Send(packet(kind, self.number(ask.unit), message), tag=ask)

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A volume is rounded to the display's own steps."""
        if isinstance(command, SetVolume):
            told = points.get("volume")
            return any(told == round(round(command.level * top / 100) * 100 / top) for top in self.top.values())
        return super().shows(command, points)

    def say(self, request: Request) -> Actions:
        what, value = self._wire(request)
        if not what:
            yield Refused(request, "a display cannot do that")
        elif value < 0:
            yield Refused(request, f"there is no such input; there may be {', '.join(CODES)}")
        elif what == "power":
            yield Send(packet("A", self.number(request.unit), f"C203D6{value:04X}"), tag=request)
        else:
            yield Send(packet("E", self.number(request.unit), f"{PARAMETERS[what]}{value:04X}"), tag=request)

    def _wire(self, request: Request) -> tuple[str, int]:
        """What a command sets, and to what; -1 for an input that is none."""
        match request.command:
            case SetPower(on=on):
                return "power", 1 if on else 4
            case SelectInput(input=name):
                return "input", CODES.get(name, -1)
            case SetVolume(level=level):
                return "volume", round(level * self.top[request.unit] / 100)
            case SetMute(on=on):
                return "mute", ON if on else OFF
            case SetVideoMute(on=on):
                return "screen", ON if on else OFF
        return "", -1

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A change of power may be answered late: whether it happens is then asked for."""
        if isinstance(tag, Request) and isinstance(tag.command, SetPower):
            self.goal[tag.unit] = (tag.command.on, self.now + self.settings.warm_up)
            yield Later(self.settings.quick, "quick")
        else:
            yield from super().failed(tag, reason)

    # ---- what it says --------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if not isinstance(tag, Ask | Request):
            return
        kind, message = chr(data[4]), data[HEAD + 1 : -TAIL - 1].decode("latin-1")
        what = tag.what if isinstance(tag, Ask) else self._wire(tag)[0]
        if tag == Ask(tag.unit, "power") and message[2:8] == "C203D6":  # the late answer to a change of power
            yield from self.learned(Ask(tag.unit, "power"))
        elif data[3] != 0x40 + self.number(tag.unit) or not self._fits(kind, message, what, tag):
            yield Drop(Reason.PROTOCOL_ERROR, f"the display answered {message[:40]!r} out of step")
        elif isinstance(tag, Request):
            if message == "BE" or message[:2] != "00":
                yield Refused(tag, "the display does not know this" if message == "BE" else "the display refused it")
            else:
                yield from self.acknowledged(tag, what)
        elif message == "BE" or (kind == "D" and message[:2] != "00"):
            yield from self.learned(tag, absent=what in self.optional)
        else:
            yield from self.learned(tag, **self._points(tag.unit, what, message))

    @staticmethod
    def _fits(kind: str, message: str, what: str, tag: Ask | Request) -> bool:
        """Whether this can be the answer to that."""
        if message == "BE":  # "null message": it does not know this command
            return kind == "B"
        if what in PARAMETERS:
            return kind == ("D" if isinstance(tag, Ask) else "F") and message[2:6] == PARAMETERS[what]
        begins = {"health": "A1", "serial": "C316", "model": "C317"}
        if what in begins:
            return kind == "B" and message.startswith(begins[what])
        return kind == "B" and (message[4:6] == "D6" if isinstance(tag, Ask) else message[2:8] == "C203D6")

    def _points(self, unit: str, what: str, message: str) -> dict[str, Any]:
        """What an answer says, as points; nothing where it makes no sense."""
        number = re.fullmatch("[0-9A-F]{8,10}([0-9A-F]{4})([0-9A-F]{4})", message)
        top, now = (int(part, 16) for part in number.groups()) if number else (0, -1)
        match what:
            case "power" if now in POWER:
                return {"power": POWER[now]}
            case "input" if now >= 0:
                return {"input": INPUTS.get(now, f"{now:04x}")}
            case "volume" if now >= 0:
                self.top[unit] = top or 100
                return {"volume": min(100, round(now * 100 / self.top[unit]))}
            case "mute" if now >= 0:
                return {"muted": now == ON}
            case "screen" if now >= 0:
                return {"video_muted": now == ON}
            case "temperature" if now >= 0:  # in half degrees, two's complement
                return {"temperature": (now - 0x10000 if now > 0x7FFF else now) / 2}
            case "health" if re.fullmatch("A1([0-9A-F]{2})+", message):
                found = [message[at : at + 2] for at in range(2, len(message), 2)]
                faults = tuple(FAULTS.get(code, f"fault {code}") for code in found if code not in ("00", NO_SIGNAL))
                return {"faults": faults, "signal": NO_SIGNAL not in found}
            case "serial" | "model" if re.fullmatch("C31[67]([0-9A-F]{2})+", message):
                text = bytes.fromhex(message[4:]).rstrip(b"\0 ").decode("latin-1")
                return {what: f"NEC {text}" if what == "model" else text}
        return {}
