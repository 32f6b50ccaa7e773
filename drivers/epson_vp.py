"""Epson projectors over ESC/VP21: power, source, A/V mute, lamp, faults (ESC/VP.net on TCP 3629, serial 9600 8N1).

Written from Epson's "ESC/VP21 Command User's Guide for Business Projectors". Lines end with CR; the prompt `:` ends
every answer. After `PWR ON` it may take 100 s until the prompt comes (5.2, note 1), and some models answer nothing
meanwhile: that is a warm-up, not silence. A `:` alone only says that a command was taken. Over TCP a 16-byte handshake
comes first, with a password where the projector has one. What may not live here: PJLink, which they speak, too.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.commands import Command, SelectInput, SetPower, SetVideoMute
from gateway.cutters import Frames
from gateway.driver import (
    Actions,
    Answered,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Refused,
    Request,
    Send,
    Timing,
    setting,
)
from gateway.model import Reason
from gateway.polled import Ask, Polled, PolledSettings

NET = b"ESC/VP.net"
HEADER = 18  # bytes of each header after the 16 of the handshake
REFUSED = {  # status of the handshake
    0x41: (Reason.LOGIN_REFUSED, "the projector asks for a password and none is set"),
    0x43: (Reason.LOGIN_REFUSED, "the projector refused the password"),
    0x53: (Reason.CONNECTION_REFUSED, "the projector is busy with another controller"),
    0x55: (Reason.PROTOCOL_ERROR, "the projector speaks another version of ESC/VP.net"),
}
WORDS = {"power": "PWR", "input": "SOURCE", "mute": "MUTE", "hours": "LAMP", "faults": "ERR", "serial": "SNO"}
POWER = {0: "standby", 1: "on", 2: "warming", 3: "cooling", 4: "standby", 5: "standby", 9: "standby"}
ERRORS = {
    **{0x01: "fan error", 0x03: "lamp failure at power on", 0x04: "high internal temperature", 0x06: "lamp error"},
    **{0x07: "lamp cover open", 0x08: "cinema filter error", 0x0A: "auto iris error", 0x0B: "subsystem error"},
    **{0x0C: "low air flow", 0x0D: "air flow sensor error", 0x0E: "power supply (ballast) error"},
}

_ANSWER = re.compile(r"([A-Z]{2,8})=(.*)")


def measure(held: bytes) -> int:
    """The handshake's 16 bytes with their headers; else whatever ends with a prompt."""
    if held[: len(NET)] == NET[: len(held)]:
        length = 16 + HEADER * held[15] if len(held) > 15 else 16
        return length if len(held) >= length else 0
    return held.find(b":") + 1


class Prompts(Frames):
    """A prompt alone may be a late one; news of the projector's own (IMEVENT) answer nothing."""

    def answers(self, message: Any) -> bool:
        text = message.strip(b"\r\n ")
        return text != b":" and not text.startswith(b"IMEVENT")


def choices(text: str) -> dict[str, str]:
    """Sources of a setting such as "30=HDMI 1, A0=HDMI 2". Raises ValueError in words."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        code, _, label = (piece.strip() for piece in part.partition("="))
        if not re.fullmatch("[0-9A-F]{2}", code):
            raise ValueError(f"inputs are codes of two hexadecimal digits, such as '30=HDMI 1', not {part!r}")
        found[code] = label or code
    return found


@dataclass(frozen=True)
class EpsonVpSettings(PolledSettings):
    """What a profile may say of an Epson projector."""

    password: str = setting("", "The projector's network control password (ESC/VP.net).", secret=True)
    inputs: str = setting("30=HDMI 1, A0=HDMI 2, 80=HDBaseT, 53=LAN", "This model's sources: code=label, ...")
    warm_up: float = setting(110.0, "Seconds that a change of power may take, unanswered; commands wait so long.")
    password_header: str = setting("0101", "The two bytes before the password in the handshake, in hexadecimal.")

    def __post_init__(self) -> None:
        super().__post_init__()
        choices(self.inputs)
        if not re.fullmatch("[0-9A-Fa-f]{4}", self.password_header):
            raise ValueError("password_header is four hexadecimal digits")


class EpsonVp(Polled):
    """One projector."""

    name = "epson_vp"
    title = "Epson projectors (ESC/VP21)"
    models = "Epson business and installation projectors with ESC/VP.net or RS-232C"
    links = {"tcp": 3629, "serial": 0}
    timing = Timing(window=1, reply=5.0, ready=20.0)  # 5.2, note 2: a prompt may take 5 s
    cutter = Prompts(measure, limit=4096)
    evidence = "cross-checked"  # over the cable, against epson_projector
    sources = (
        "Epson ESC/VP21 Command User's Guide for Business Projectors, p.7",
        "Epson EB-945H user's guide p.90",
        "RoomGate facts: room devices 5.5",
    )
    offered = (
        "handshake with its statuses, and password",
        "power with warm-up and cool-down (PWR)",
        "source (SOURCE)",
        "picture and sound mute (MUTE)",
        "lamp hours (LAMP)",
        "faults (ERR)",
        "serial number (SNO)",
    )
    not_offered = {
        "volume (VOL)": "its steps differ between models and are not told",
        "freeze, colour, keystone, lens": "the model has no verb for them",
        "news of its own (IMEVENT)": "undocumented; one of them makes us ask",
        "the web interface (HTTP)": "another language",
    }
    plays = frozenset({"display"})
    takes = frozenset({SetPower, SelectInput, SetVideoMute})
    units = '""'
    Settings = EpsonVpSettings
    settings: EpsonVpSettings
    optional = frozenset({"serial", "hours", "faults", "mute"})

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.sets: deque[Request] = deque()  # commands whose prompt has not come yet

    def opening(self) -> Opening:
        return Opening(baud=9600, framing="8N1")

    # ---- handshake -----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        if self.scheme == "serial":
            yield from self.begin("power")
            return
        password = self.settings.password[:16].ljust(16, "\0") if self.settings.password else ""
        hello = NET + bytes((0x10, 3, 0, 0, 0, bool(password)))
        if password:
            hello += bytes.fromhex(self.settings.password_header) + password.encode("latin-1", "replace")
        yield Send(hello, tag="hello", hide=(password,) if password else ())

    def _welcomed(self, reply: bytes) -> Actions:
        status = reply[14]
        if reply[11] != 3 or status != 0x20:
            reason, words = REFUSED.get(status, (Reason.PROTOCOL_ERROR, f"its handshake ended with {status:02x}"))
            yield Drop(reason, words)
        else:
            yield from self.begin("power")

    # ---- what it is asked ----------------------------------------------------------------------------------------

    def wanted(self, unit: str) -> Iterable[str]:
        if self.points[unit].get("power") != "on":
            return ("power",)
        return ("power", "input", "mute", "hours", "faults", *(() if "serial" in self.points[unit] else ("serial",)))

    def question(self, ask: Ask) -> Send:
        return Send(f"{WORDS[ask.what]}?\r".encode(), tag=ask)

    def offer(self, unit: str) -> Offers:
        mute = () if Ask(unit, "mute") in self.absent else (SetVideoMute,)
        return Offers(unit, frozenset({SetPower, SelectInput, *mute}), {"input": choices(self.settings.inputs)})

    def say(self, request: Request) -> Actions:
        what, value = _wire(request.command)
        if not what:
            yield Refused(request, "a projector cannot do that")
        elif not value:
            yield Refused(request, "a source is a code of two hexadecimal digits, such as 30")
        else:
            self.sets.append(request)
            yield Send(f"{WORDS[what]} {value}\r".encode(), tag=request)

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """The prompt of a change of power comes when the lamp burns: until then it is asked for its power."""
        if isinstance(tag, Request) and tag in self.sets:
            self.sets.remove(tag)
            if isinstance(tag.command, SetPower):
                self.goal[""] = (tag.command.on, self.now + self.settings.warm_up)
                yield Later(self.settings.quick, "quick")
                return
        yield from super().failed(tag, reason)

    # ---- what it says --------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if data.startswith(NET):
            if tag == "hello":
                yield from self._welcomed(data)
            return
        text = data.decode("latin-1").strip("\r\n :")
        if not text:
            if self.sets:
                request = self.sets.popleft()
                yield Answered(request)
                yield from self.acknowledged(request, _wire(request.command)[0])
        elif text.startswith("IMEVENT"):
            if self.ready:
                yield from self.ask("", "power")
        elif text == "ERR":
            yield from self._erred(tag)
        elif isinstance(tag, Ask) and (answer := _ANSWER.fullmatch(text)):
            if answer[1] != WORDS[tag.what]:
                yield Drop(Reason.PROTOCOL_ERROR, f"the projector answered {answer[1]} to {WORDS[tag.what]}")
            else:
                yield from self.learned(tag, **_points(tag.what, answer[2].strip()))
        elif tag is not None:
            yield Drop(Reason.PROTOCOL_ERROR, f"the projector answered {text[:40]!r}")

    def _erred(self, tag: Hashable) -> Actions:
        if isinstance(tag, Request):
            if tag in self.sets:
                self.sets.remove(tag)
            yield Refused(tag, "the projector refused it (ERR)")
        elif tag == Ask("", "power"):
            yield Feedback(power=None)
            yield from self.learned(Ask("", "power"))
        elif isinstance(tag, Ask):
            yield from self.learned(tag, absent=tag.what == "serial")


def _wire(command: Command) -> tuple[str, str]:
    match command:
        case SetPower(on=on):
            return "power", "ON" if on else "OFF"
        case SetVideoMute(on=on):
            return "mute", "ON" if on else "OFF"
        case SelectInput(input=code):
            return "input", code if re.fullmatch("[0-9A-F]{2}", code) else ""
    return "", ""


def _points(what: str, value: str) -> dict[str, Any]:
    """What an answer says, as points; nothing where it makes no sense."""
    code = int(value, 16) if re.fullmatch("[0-9A-Fa-f]{2}", value) else -1
    match what:
        case "power" if code in POWER:
            return {"power": POWER[code]} | ({"faults": ("abnormal standby",)} if code == 5 else {})
        case "input" if code >= 0:
            return {"input": value.upper()}
        case "mute" if value in ("ON", "OFF"):
            return {"video_muted": value == "ON"}
        case "hours" if re.fullmatch(r"\d{1,6}( \d{1,6})*", value):
            return {"lamp_hours": int(value.split(" ", maxsplit=1)[0])}
        case "faults" if code >= 0:
            return {"faults": () if code == 0 else (ERRORS.get(code, f"error {code:02X}"),)}
        case "serial" if value:
            return {"serial": value}
    return {}
