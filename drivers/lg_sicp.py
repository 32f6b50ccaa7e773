"""LG commercial displays over their RS-232C language, also called SICP (TCP 9761, serial 9600 8N1).

Written from LG's owner's manuals (RS-232C, "Transmission / Receiving Protocol"). A command is two letters, the set id
and data, all numbers in hexadecimal, and CR: `kf 01 1e`. The answer is the second letter, the set id, OK or NG and the
data, and ends with the letter `x` and nothing else: so the answer to a `dx` begins with the letter that also ends it,
and only its form tells where it ends. Data `ff` asks. What may not live here: webOS, which is another language.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.cutters import Frames
from gateway.displays import Displays, DisplaysSettings
from gateway.driver import Actions, Drop, Refused, Request, Send, Timing, setting
from gateway.model import Reason
from gateway.polled import Ask

LETTERS = {  # question -> its two letters; those of the first line also set
    **{"power": "ka", "input": "xb", "volume": "kf", "mute": "ke", "screen": "kd"},
    **{"temperature": "dn", "lamp": "dp", "fan": "dw", "hours": "dl", "signal": "sv"},
    **{"serial": "fy", "firmware": "fz"},
}
IDENTITY = ("serial", "firmware")
EXTRAS = frozenset({"temperature", "lamp", "fan", "hours", "signal", *IDENTITY})  # not every model knows them
INPUTS = {
    **{"20": "av", "40": "component", "60": "rgb", "70": "dvi", "80": "dvi-pc"},
    **{"90": "hdmi1", "91": "hdmi2", "92": "hdmi3", "a0": "hdmi1-pc", "a1": "hdmi2-pc", "a2": "hdmi3-pc"},
    **{"c0": "displayport", "d0": "displayport-pc", "b0": "supersign"},
}
CODES = {name: code for code, name in INPUTS.items()}
LONGEST = 96  # bytes of one answer

# Letter, set id, verdict, data. Data is hexadecimal, or a serial number in capitals: never a small x.
_ANSWER = re.compile(rb"([a-z]) ([0-9A-Fa-f]{2}) (OK|NG)([0-9A-Za-wyz ._-]*)x")
_BEGUN = re.compile(rb"[a-z](?: (?:[0-9A-Fa-f](?:[0-9A-Fa-f](?: (?:[ON](?:(?:K|G)[0-9A-Za-wyz ._-]*)?)?)?)?)?)?")


def measure(held: bytes) -> int:
    """An answer by its form; what cannot become one is skipped byte by byte."""
    if answer := _ANSWER.match(held):
        return answer.end()
    return 0 if len(held) < LONGEST and _BEGUN.fullmatch(held) else -1


@dataclass(frozen=True)
class LgSicpSettings(DisplaysSettings):
    """What a profile may say of an LG display."""

    ids: ClassVar[range] = range(1, 256)
    known: ClassVar[Collection[str]] = CODES

    inputs: str = setting("hdmi1, hdmi2, displayport", "The inputs that this model has, as offered to people.")


class LgSicp(Displays):
    """One display, or all of one serial line."""

    name = "lg_sicp"
    title = "LG commercial displays (SICP)"
    models = "LG digital signage and commercial displays with the RS-232C command set"
    links = {"tcp": 9761, "serial": 0}
    timing = Timing(window=1, gap=0.05, reply=3.0, ready=15.0)
    cutter = Frames(measure, limit=4096)
    evidence = "manual"
    sources = (
        "LG M4210LCBA owner's manual, RS-232C A4, A16, A26 and LG 32SM5KD user manual p.59",
        "LG 55LS55A owner's manual p.72 (signal)",
        "RoomGate facts: room devices 5.3",
    )
    offered = (
        "power (ka)",
        "input (xb)",
        "volume (kf) and mute (ke, where 00 mutes)",
        "screen off and on (kd)",
        "temperature, lamp and fan faults, hours, signal (dn, dp, dw, dl, sv)",
        "serial number and software version (fy, fz)",
        "several set ids on one line",
    )
    not_offered = {
        "all sets at once (set id 00)": "nothing answers it, so nothing proves it",
        "picture, tiles, clock, key locks": "installers set them once",
        "webOS (ports 3000, 3001)": "another language, with a pairing at the set",
    }
    Settings = LgSicpSettings
    settings: LgSicpSettings
    optional = EXTRAS

    def opened(self) -> Actions:
        yield from self.begin("power")

    def wanted(self, unit: str) -> Iterable[str]:
        """Asleep, many models answer for their power only."""
        if self.points[unit].get("power") != "on":
            return ("power",)
        identity = (what for what in IDENTITY if what not in self.points[unit])
        return (
            "power",
            "input",
            "volume",
            "mute",
            "screen",
            "temperature",
            "lamp",
            "fan",
            "hours",
            "signal",
            *identity,
        )

    def question(self, ask: Ask) -> Send:
        return self._send(ask.unit, ask.what, "02 ff" if ask.what == "signal" else "ff", ask)

    def _send(self, unit: str, what: str, data: str, tag: Hashable) -> Send:
        return Send(f"{LETTERS[what]} {self.number(unit):02x} {data}\r".encode(), tag=tag)

    def say(self, request: Request) -> Actions:
        what, data = _wire(request.command)
        if not what:
            yield Refused(request, "a display cannot do that")
        elif not data:
            yield Refused(request, f"SICP knows no such input; it knows {', '.join(CODES)}")
        else:
            yield self._send(request.unit, what, data, request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        answer = _ANSWER.fullmatch(data)
        if answer is None or not isinstance(tag, Ask | Request):
            return
        what = tag.what if isinstance(tag, Ask) else _wire(tag.command)[0]
        letter, number, verdict, value = (part.decode("ascii") for part in answer.groups())
        if letter != LETTERS[what][1] or int(number, 16) != self.number(tag.unit):
            yield Drop(Reason.PROTOCOL_ERROR, f"the display answered {data.decode('ascii')!r} out of step")
        elif isinstance(tag, Request):
            if verdict == "OK":
                yield from self.acknowledged(tag, what)
            else:
                yield Refused(tag, f"the display refused it (NG{value})")
        elif verdict == "NG":
            # It says NG also to what it knows but cannot tell now; what it never tells is not asked for again.
            yield from self.learned(tag, absent=what in EXTRAS)
        else:
            yield from self.learned(tag, **self._points(tag.unit, what, value))

    def _points(self, unit: str, what: str, value: str) -> dict[str, Any]:
        """What an answer says, as points; nothing where it makes no sense."""
        number = int(value, 16) if re.fullmatch("[0-9A-Fa-f]{1,8}", value) else -1
        match what, number:
            case "power", 0 | 1:
                return {"power": "on" if number else "standby"}
            case "input", _ if number >= 0:
                return {"input": INPUTS.get(value.lower(), value.lower())}
            case "volume", _ if 0 <= number <= 100:
                return {"volume": number}
            case "mute", 0 | 1:  # inverted: 00 is mute
                return {"muted": number == 0}
            case "screen", 0 | 1:
                return {"video_muted": number == 1}
            case "temperature", _ if 0 <= number <= 255:
                return {"temperature": float(number)}
            case "hours", _ if number >= 0:
                return {"lamp_hours": number}
            case "lamp" | "fan", 0 | 1 | 2:  # 0 fault, 1 well, 2 not told in this state
                others = tuple(fault for fault in self.points[unit].get("faults", ()) if fault != f"{what} error")
                return {"faults": (*others, f"{what} error") if number == 0 else others}
            case "signal", 0x0200 | 0x0201:
                return {"signal": number == 0x0201}
            case "serial" | "firmware", _ if value:
                return {what: value}
        return {}


def _wire(command: Command) -> tuple[str, str]:
    """What a command sets, and the data; no data for an input that SICP does not know."""
    match command:
        case SetPower(on=on):
            return "power", f"{on:02x}"
        case SelectInput(input=name):
            return "input", CODES.get(name, "")
        case SetVolume(level=level):
            return "volume", f"{level:02x}"
        case SetMute(on=on):
            return "mute", f"{not on:02x}"
        case SetVideoMute(on=on):
            return "screen", f"{on:02x}"
    return "", ""
