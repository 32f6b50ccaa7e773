"""Samsung displays over MDC: power, input, volume, mute, panel, health (TCP 1515, serial; TLS with a PIN).

Written from Samsung's Multiple Display Control protocol as published in its manuals and in python-samsung-mdc. A frame
is `AA`, command, display id, length, data, and the sum of all but `AA`, modulo 256; an answer is command `FF` with
`A` or `N`, the command it answers, and data. The display tells nothing by itself. Several displays may share one serial
line, each with its id. What may not live here: schedules, video walls and pictures, which installers set once.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.cutters import Frames
from gateway.displays import Displays, DisplaysSettings
from gateway.driver import (
    Actions,
    Drop,
    Later,
    Offers,
    Refused,
    Request,
    Send,
    StartTls,
    Timing,
    setting,
)
from gateway.model import Reason
from gateway.polled import Ask

HEAD, ANSWER, ACK, NAK = 0xAA, 0xFF, 0x41, 0x4E
CODES = {  # questions; those of the second line also set
    **{"status": 0x00, "serial": 0x0B, "health": 0x0D, "firmware": 0x0E, "hours": 0x83, "model": 0x8A},
    **{"power": 0x11, "volume": 0x12, "mute": 0x13, "input": 0x14, "panel": 0xF9},
}
IDENTITY = ("serial", "firmware", "model")
INPUTS = {
    **{0x04: "s-video", 0x08: "component", 0x0C: "av", 0x0D: "av2", 0x0E: "scart", 0x14: "pc", 0x18: "dvi"},
    **{0x1E: "bnc", 0x20: "magicinfo", 0x21: "hdmi1", 0x23: "hdmi2", 0x31: "hdmi3", 0x33: "hdmi4"},
    **{0x25: "displayport1", 0x26: "displayport2", 0x27: "displayport3", 0x30: "tv", 0x40: "dtv", 0x50: "plug-in"},
    **{0x55: "hdbaset", 0x60: "magicinfo-s", 0x61: "screen-mirroring", 0x62: "usb", 0x63: "url", 0x64: "iwb"},
    **{0x65: "browser", 0x66: "remote-workspace"},
}
NAMES = {name: code for code, name in INPUTS.items()}
ALIASES = {0x1F: "dvi", 0x22: "hdmi1", 0x24: "hdmi2", 0x32: "hdmi3", 0x34: "hdmi4"}  # with a PC's timing; told only
NONE = 0xFF  # a volume or mute of a display without sound
HELLO, PASS, FAIL = b"MDCSTART<<TLS>>", b"MDCAUTH<<PASS>>", b"MDCAUTH<<FAIL:"
TENTHS = 6  # of an hour in the answer to 83: it counts ten minutes
LONGEST_WORD = 32  # bytes: no word of the log-in is longer


def measure(held: bytes) -> int:
    """A frame with the right sum, or a word of the log-in; everything else is skipped byte by byte."""
    if held[0] == HEAD:
        if len(held) < 2 or held[1] == ANSWER:
            if len(held) < 4 or len(held) < held[3] + 5:
                return 0
            length = held[3] + 5
            return length if sum(held[1 : length - 1]) % 256 == held[length - 1] else -1
    elif held[:3] == b"MDC"[: len(held)]:
        end = held.find(b">>") + 2
        return end if end > 1 else 0 if len(held) < LONGEST_WORD else -1
    return -1


def frame(code: int, display: int, data: bytes = b"") -> bytes:
    """A question (no data) or a command."""
    body = bytes((code, display, len(data))) + data
    return bytes((HEAD,)) + body + bytes((sum(body) % 256,))


@dataclass(frozen=True)
class SamsungMdcSettings(DisplaysSettings):
    """What a profile may say of a Samsung display."""

    ids: ClassVar[range] = range(254)
    known: ClassVar[Collection[str]] = NAMES

    tls: bool = setting(False, "The display's MDC runs under TLS with a PIN ('secured protocol').")
    pin: str = setting("", "That PIN, with its leading zeros.", secret=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tls and not self.pin:
            raise ValueError("tls needs a pin")


class SamsungMdc(Displays):
    """One display, or all of one serial line."""

    name = "samsung_mdc"
    title = "Samsung displays (MDC)"
    models = "Samsung professional displays and signage with MDC"
    links = {"tcp": 1515, "serial": 0}
    timing = Timing(window=1, reply=3.0, ready=15.0)
    cutter = Frames(measure, limit=4096)
    evidence = "cross-checked"
    sources = (
        "Samsung MDC protocol (RoomGate facts: room devices 5.2)",
        "python-samsung-mdc 1.18.0, its list of commands",
    )
    offered = (
        "power (11)",
        "volume (12) and mute (13)",
        "input (14)",
        "picture off and on (panel, F9)",
        "status (00)",
        "faults and temperature (0D)",
        "hours of the panel (83)",
        "identity (0B, 0E, 8A)",
        "several display ids on one line",
        "TLS with PIN",
    )
    not_offered = {
        "all displays at once (id FE)": "nothing answers it, so nothing proves it",
        "screen mute (FE 51)": "undocumented; panel off and on does the same",
        "schedules, clock, video wall, picture settings": "installers set them once",
        "remote control keys (B0)": "a key press cannot be proved",
        "reboot (11 02)": "the model has no verb for it",
    }
    Settings = SamsungMdcSettings
    settings: SamsungMdcSettings
    optional = frozenset({"serial", "firmware", "model", "health", "hours", "panel"})

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.greeted = self.admitted = False
        self.silent: set[str] = set()  # displays without sound

    # ---- log-in --------------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        if self.settings.tls and self.scheme == "tcp":
            yield Later(self.timing.reply, "hello")  # the PIN must never leave in the clear
        else:
            self.admitted = True
            yield from self.begin("power")

    def _word(self, word: bytes) -> Actions:
        if word == HELLO and not self.settings.tls:
            yield Drop(Reason.LOGIN_REFUSED, "the display wants TLS and a PIN: set tls and pin")
        elif word == HELLO and not self.greeted and not self.admitted:
            self.greeted = True
            yield StartTls()
            yield Send(self.settings.pin.encode(), tag="pin", hide=(self.settings.pin,))
        elif word.startswith(FAIL):
            code = word[len(FAIL) : -2].decode("latin-1")
            why = {"0x01": "the PIN is wrong", "0x02": "log-in is blocked for a while"}.get(code)
            yield Drop(Reason.LOGIN_REFUSED, why or f"the display refused the PIN ({code})")
        elif word == PASS and self.greeted and not self.admitted:
            self.admitted = True
            yield from self.begin("power")

    def due(self, name: str) -> Actions:
        if name != "hello":
            yield from super().due(name)
        elif not self.greeted:
            yield Drop(Reason.PROTOCOL_ERROR, "the display does not offer TLS, and the PIN must not leave in the clear")

    # ---- what it is asked ----------------------------------------------------------------------------------------

    def wanted(self, unit: str) -> Iterable[str]:
        """Asleep, many models answer for their power only."""
        if self.points[unit].get("power") != "on":
            return ("power",)
        return ("status", "panel", "health", "hours", *(what for what in IDENTITY if what not in self.points[unit]))

    def question(self, ask: Ask) -> Send:
        return Send(frame(CODES[ask.what], self.number(ask.unit)), tag=ask)

    def offer(self, unit: str) -> Offers:
        commands: set[type[Command]] = {SetPower, SelectInput}
        if Ask(unit, "panel") not in self.absent:
            commands.add(SetVideoMute)
        if unit not in self.silent:
            commands |= {SetVolume, SetMute}
        return Offers(unit, frozenset(commands), self.inputs())

    def say(self, request: Request) -> Actions:
        what, value = _wire(request.command)
        if not what:
            yield Refused(request, "a display cannot do that")
        elif value < 0:
            yield Refused(request, f"MDC knows no such input; it knows {', '.join(NAMES)}")
        else:
            yield Send(frame(CODES[what], self.number(request.unit), bytes((value,))), tag=request)

    # ---- what it says --------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if data[:3] == b"MDC":
            yield from self._word(data)
            return
        if not isinstance(tag, Ask | Request):
            return
        what = tag.what if isinstance(tag, Ask) else _wire(tag.command)[0]
        kind, code, told = data[4:5], data[5:6], data[6:-1]
        if data[2] != self.number(tag.unit) or code != bytes((CODES[what],)) or kind not in (b"A", b"N"):
            yield Drop(Reason.PROTOCOL_ERROR, f"the display answered {data.hex(' ')} out of step")
        elif isinstance(tag, Request):
            if kind == b"A":
                yield from self.acknowledged(
                    tag, "power" if what == "power" else "panel" if what == "panel" else "status"
                )
            else:
                yield Refused(tag, f"the display refused it (NAK {told.hex() or 'without a code'})")
        elif kind == b"N":
            yield from self.learned(tag, absent=what in (*IDENTITY, "panel", "hours"))
        else:
            yield from self.learned(tag, **self._points(tag.unit, what, told))

    def _points(self, unit: str, what: str, told: bytes) -> dict[str, Any]:
        """What an answer says, as points; nothing where it makes no sense."""
        match what:
            case "power" if told[:1] in (b"\0", b"\1"):
                return {"power": "on" if told[0] else "standby"}
            case "status" if len(told) >= 4:
                if told[1] == NONE:
                    self.silent.add(unit)
                sound = {"volume": told[1] if told[1] <= 100 else None, "muted": {0: False, 1: True}.get(told[2])}
                name = INPUTS.get(told[3]) or ALIASES.get(told[3]) or f"{told[3]:02x}"
                return {**self._points(unit, "power", told), **sound, "input": name}
            case "panel" if told[:1] in (b"\0", b"\1"):
                return {"video_muted": told[0] == 1}
            case "health" if len(told) >= 5:
                wrong = {"lamp": told[0], "temperature": told[1], "brightness sensor": told[2] == 1}
                wrong |= {"fan": len(told) > 5 and told[5] == 1}
                heat = float(told[4]) if told[4] else None
                signal = {0: True, 1: False}.get(told[3])
                faults = tuple(f"{part} error" for part, bad in wrong.items() if bad)
                return {"faults": faults, "temperature": heat, "signal": signal}
            case "hours" if 2 <= len(told) <= 4:  # newer models answer with more than two bytes
                return {"lamp_hours": int.from_bytes(told, "big") // TENTHS}
            case _ if what in IDENTITY:
                text = told.rstrip(b"\0 ").decode("latin-1")
                return {what: f"Samsung {text}" if what == "model" else text}
        return {}


def _wire(command: Command) -> tuple[str, int]:
    """What a command sets, and to what; -1 for an input that MDC does not know."""
    match command:
        case SetPower(on=on):
            return "power", int(on)
        case SetVolume(level=level):
            return "volume", level
        case SetMute(on=on):
            return "mute", int(on)
        case SetVideoMute(on=on):
            return "panel", int(on)
        case SelectInput(input=name):
            return "input", NAMES.get(name, -1)
    return "", -1
