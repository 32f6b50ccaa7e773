"""Extron switchers that speak SIS, the Simple Instruction Set: matrices and single-output switchers (TCP 23, 9600 8N1).

Written from the SIS chapters of the DXP DVI Pro/HDMI, CrossPoint 450 Plus and DTP CrossPoint 4K guides. Verbose mode 3
is asked for: then every answer names what it is about (`Out02 In01 All`), and so do the lines that tell of somebody
else's switching. Such a line is what the switcher has done, not an echo; older units say `In01 Out02`, and both are
read. A connection that is idle for five minutes is closed, so it never is. What may not live here: presets, EDID.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drivers.extron.lines import ASKS, ERRORS, Sis, measure
from gateway.commands import Command, Route, SetMute, SetRelay, SetVideoMute, SetVolume
from gateway.driver import (
    Actions,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
    shows,
    speaks_of,
)
from gateway.model import Reason

ESC = "\x1b"
SIGNS = {"all": "!", "video": "%", "audio": "$"}
LAYERS = {"ALL": ("input", "audio_input"), "VID": ("input",), "RGB": ("input",), "AUD": ("audio_input",)}
HELLO = 1.0  # seconds for a banner or a question for the password; a serial line has neither

_TIES = (
    re.compile(r"Out0*(\d+) In0*(\d+) (All|Vid|Aud|RGB)", re.IGNORECASE),
    re.compile(r"In0*(\d+) (?:Out0*(\d+) )?(All|Vid|Aud|RGB)", re.IGNORECASE),
)
_MUTE = re.compile(r"([VA])mt(?:0*(\d+)\*)?(\d)", re.IGNORECASE)
_SIGNALS = re.compile(r"(?:(?:In|Sig)00?[ *]?)?([01](?:[*, ][01])+)", re.IGNORECASE)
_GROUP = re.compile(r"GrpmD0*(\d+)\*([+-]?\d+)", re.IGNORECASE)
_RELAY = re.compile(r"(?:Rly|Cpn)0*(\d+)[ *](?:Rly)?([01])", re.IGNORECASE)
_SIZE = re.compile(r"V0*(\d+)X0*(\d+)", re.IGNORECASE)
_ERROR = re.compile(r"E(\d\d)", re.IGNORECASE)
_BANNER = re.compile(r"\(c\) Copyright [^,]*, Extron Electronics, ([^,]+), V([\w.]+)(?:, ([\w-]+))?", re.IGNORECASE)
_LOGIN = re.compile(r"Login (Administrator|User)", re.IGNORECASE)
_UNIT = re.compile(r"(?:in/|group/|relay/)?[1-9]\d?")
_NUMBER = re.compile(r"0|[1-9]\d?")
_BARE = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class ExtronSettings(Settings):
    """What a profile may say of a SIS unit."""

    password: str = setting("", "The administrator's (or user's) password, where one is set.", secret=True)
    kind: Literal["matrix", "switcher"] = setting("matrix", "switcher: one output, inputs are selected with `3!`.")
    inputs: int = setting(0, "How many inputs; 0 = what the matrix says of itself.")
    outputs: int = setting(0, "How many outputs; 0 = what the matrix says of itself.")
    layers: bool = setting(True, "It switches picture and sound apart (% and $).")
    signals: bool = setting(True, "It tells which inputs have a signal (0LS).")
    mutes: bool = setting(True, "It mutes picture (B) and sound (Z) of an output.")
    groups: str = setting("", "Group masters for volume units, such as '1' or '1,2' (DTP CrossPoint: 1 = program).")
    mute_groups: str = setting(
        "", "Group masters that mute the volume units, in the same order; none are set as delivered."
    )
    minimum: float = setting(-100.0, "dB that are volume 0.")
    maximum: float = setting(12.0, "dB that are volume 100.")
    relays: int = setting(0, "How many relays it has.")
    poll: float = setting(10.0, "Seconds between two looks; below 300, or it hangs up.")

    def __post_init__(self) -> None:
        if not 0 < self.poll < 300:
            raise ValueError("poll is more than 0 and less than 300 seconds, when the unit hangs up")
        if not (0 <= self.inputs <= 64 and 0 <= self.outputs <= 64 and 0 <= self.relays <= 16):
            raise ValueError("inputs and outputs are from 0 to 64, relays from 0 to 16")
        if self.kind == "switcher" and not self.inputs:
            raise ValueError("inputs: a switcher does not say how many it has")
        if not self.minimum < self.maximum:
            raise ValueError("minimum is less than maximum")
        groups, muting = numbers(self.groups), numbers(self.mute_groups)
        if muting and len(muting) != len(groups):
            raise ValueError("mute_groups are as many as groups")


def numbers(text: str) -> tuple[str, ...]:
    """'1, 2' as numbers. Raises ValueError for what are none."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if any(not re.fullmatch(r"[1-9]\d?", part) for part in found):
        raise ValueError(f"groups are numbers such as '1,2', not {text!r}")
    return found


class ExtronSis(Driver):
    """One switcher."""

    name = "extron_sis"
    title = "Extron switchers (SIS)"
    models = "DXP, CrossPoint, DTP CrossPoint, XTP, SMX matrices; IN16xx and SW switchers (kind switcher)"
    links = {"tcp": 23, "telnet": 23, "serial": 0}
    timing = Timing(window=1, reply=3.0, ready=20.0)
    cutter = Sis(measure, limit=4096)
    evidence = "manual"
    sources = (
        "Extron DXP DVI Pro and DXP HDMI user guide, p.54-61",
        "Extron CrossPoint 450 Plus and MAV Plus manual, p.4-9",
        "Extron DTP CrossPoint 4K setup guide, p.34",
        "RoomGate facts: room devices 7.1 and 3.4",
    )
    plays = frozenset({"output", "signal", "volume", "relay"})
    takes = frozenset({Route, SetMute, SetRelay, SetVideoMute, SetVolume})
    pushes = False  # verbose mode tells of other people's ties and mutes; signals and volumes are polled
    offered = (
        "ties of all layers, picture, sound (!, %, $), both orders of the answer",
        "input 0: nothing",
        "picture and sound mute of an output (B, Z)",
        "signal presence (0LS)",
        "group master volume in dB, and mute (GRPM)",
        "relays (O)",
        "password, banner, verbose mode 3, errors in words",
        "identity from the banner; the size of the matrix (I)",
    )
    not_offered = {
        "presets (., ,)": "the profile's scenes name what they want",
        "batch ties (ESC +Q)": "each tie has an outcome of its own",
        "output volume (V) and input gain (G)": "ranges differ by model; group masters are in dB",
        "relay pulses (1*3*50O)": "motion parts time pulses",
        "EDID, scaling, names, lock, time, network": "set once, by the installer",
    }
    units = 'an output such as "1", an input such as "in/1", a group master "group/1", a relay "relay/1"'
    Settings = ExtronSettings
    settings: ExtronSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        s = self.settings
        self.inputs, self.outputs = s.inputs, 1 if s.kind == "switcher" else s.outputs
        self.groups = dict(zip(numbers(s.groups), numbers(s.mute_groups) or [""] * 99, strict=False))
        self.lacks: set[str] = set()  # kinds of question that it answered with an error
        self.begun = self.ready = self.tried = False
        self.tagged = True  # verbose mode 3 was taken: every answer says what it is about

    def opening(self) -> Opening:
        return Opening(baud=9600, framing="8N1")

    def valid_unit(self, unit: str) -> bool:
        return _UNIT.fullmatch(unit) is not None

    @classmethod
    def lines(cls) -> Iterable[str]:
        return ("1*2!", "1*2%", "1*2$", "2*1B", "2*0B", "2*1Z", "2*0Z", "ESC D1*-200GRPM", "1*1O", "1*0O", "0LS", "I")

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        if isinstance(command, Route) and not self.settings.layers:
            return bool(points.get("input") == command.input)
        if isinstance(command, SetVolume):  # tenths of a decibel are coarser than a percent on no unit
            held = points.get("volume")
            return held is not None and abs(held - command.level) <= 1
        return shows(command, points)

    # ---- coming up -------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        yield Later(HELLO / 10 if self.scheme == "serial" else HELLO, "hello")

    def due(self, name: str) -> Actions:
        if name == "hello":
            yield from self._begin()
        else:
            yield from self._look()

    def _begin(self) -> Actions:
        if not self.begun:
            self.begun = True
            yield Later(0, "hello")
            yield self._ask(f"{ESC}3CV\r", "verbose")
            yield self._ask("I", "size")

    def _password(self) -> Actions:
        word = self.settings.password
        if self.begun or self.tried or not word:
            words = "it does not take the password" if word else "it asks for a password and the profile has none"
            yield Drop(Reason.LOGIN_REFUSED, words)
            return
        self.tried = True
        yield Later(5.0, "hello")
        yield Send(f"{word}\r".encode(), reply=False, hide=(word,))

    def _look(self) -> Actions:
        s = self.settings
        for output in range(1, self.outputs + 1):
            number = "" if s.kind == "switcher" else str(output)
            for layer in ("video", "audio") if s.layers else ("all",):
                yield self._ask(f"{number}{SIGNS[layer]}", ("tie", str(output), layer))
            if s.mutes and "mute" not in self.lacks:
                yield self._ask(f"{number}B", ("mute", str(output), "V"))
                yield self._ask(f"{number}Z", ("mute", str(output), "A"))
        if "group" in self.lacks:
            self.groups.clear()
        for group in (held for pair in self.groups.items() for held in pair if held):
            yield self._ask(f"{ESC}D{group}GRPM\r", ("group", group))
        for relay in range(1, s.relays + 1):
            yield self._ask(f"{relay}O", ("relay", str(relay)))
        yield self._ask("0LS" if s.signals and "signals" not in self.lacks else "Q", "signals")

    @staticmethod
    def _ask(words: str, tag: Hashable) -> Send:
        return Send(words.encode(), tag=tag)

    # ---- orders ----------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        words = self._words(request.unit, request.command)
        if words.startswith("?"):
            yield Refused(request, words[1:])
        else:
            yield self._ask(words, request)

    def _words(self, unit: str, command: Command) -> str:
        """What to send; after a question mark why not."""
        kind, _, number = unit.rpartition("/")
        out = "" if self.settings.kind == "switcher" else f"{number}*"
        match kind, command:
            case "", Route(input, layer):
                if not _NUMBER.fullmatch(input) or int(input) > (self.inputs or 64):
                    return f"?there is no input {input!r}; there are 1 to {self.inputs}, and 0 for nothing"
                if layer != "all" and not self.settings.layers:
                    return "?this unit switches picture and sound together"
                return f"{int(input)}{'' if self.settings.kind == 'switcher' else f'*{number}'}{SIGNS[layer]}"
            case "", SetVideoMute(on) if self.settings.mutes:
                return f"{out}{int(on)}B"
            case "", SetMute(on) if self.settings.mutes:
                return f"{out}{int(on)}Z"
            case "group", SetVolume(level) if number in self.groups:
                span = self.settings.maximum - self.settings.minimum
                return f"{ESC}D{number}*{round(10 * (self.settings.minimum + level * span / 100))}GRPM\r"
            case "group", SetMute(on) if self.groups.get(number):
                return f"{ESC}D{self.groups[number]}*{int(on)}GRPM\r"
            case "relay", SetRelay(closed):
                return f"{number}*{int(closed)}O"
        return "?the switcher cannot do that"

    # ---- what it says ----------------------------------------------------------------------------------------

    def answers(self, data: Any, tag: Hashable) -> bool:
        """A line that names its subject answers only what is about that: it may also be somebody's hand at the front,
        or another controller's order. Errors and bare numbers name none."""
        text = data.decode("latin-1").strip()
        if group := _GROUP.fullmatch(text):
            return group[1] == self._group_of(tag)
        told = list(self._told(text, tag))
        if not told:
            return True
        match tag:
            case Request():
                return any(speaks_of(one, tag) for one in told)
            case ("tie", output, _):
                return any(one.unit == output and not {"input", "audio_input"}.isdisjoint(one.points) for one in told)
            case ("mute", output, which):
                point = "video_muted" if which == "V" else "muted"
                return any(one.unit == output and point in one.points for one in told)
            case ("relay", number):
                return told[0].unit == f"relay/{number}"
        return tag == "signals" and told[0].unit.startswith("in/")

    def _group_of(self, tag: Hashable) -> str:
        """The group master that a question or an order is about; "" where it is about none."""
        match tag:
            case ("group", str(number)):
                return number
            case Request(command=SetVolume(), unit=unit):
                return unit.removeprefix("group/")
            case Request(command=SetMute(), unit=unit):
                return self.groups.get(unit.removeprefix("group/"), "")
        return ""

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        text = data.decode("latin-1").strip()
        if ASKS.fullmatch(data):
            yield from self._password()
        elif banner := _BANNER.search(text):
            model, version = banner[1], banner[2]
            yield Feedback("", model=f"Extron {model.strip()}", firmware=version)
            if not self.settings.password:
                yield Later(HELLO / 4, "hello")
        elif _LOGIN.fullmatch(text):
            yield from self._begin()
        elif error := _ERROR.fullmatch(text):
            yield from self._no(error[1], tag)
        else:
            told = list(self._told(text, tag))
            yield from told
            if isinstance(tag, Request) and any(isinstance(one, Feedback) and one.unit == tag.unit for one in told):
                yield Taken(tag)
        if tag == "size":
            yield from self._sized(text)
        elif tag == "signals":
            yield from self._looked()

    def _told(self, text: str, tag: Hashable) -> Iterable[Feedback]:
        if tie := _TIES[0].fullmatch(text):
            yield self._tie(tie[1], tie[2], tie[3])
        elif tie := _TIES[1].fullmatch(text):
            asked = str(tag[1]) if isinstance(tag, tuple) and tag[0] == "tie" else "1"
            yield self._tie(tie[2] or asked, tie[1], tie[3])
        elif mute := _MUTE.fullmatch(text):
            outputs = [mute[2]] if mute[2] else [str(n) for n in range(1, self.outputs + 1)]
            for output in outputs:
                yield self._mute(output, mute[1], mute[3])
        elif group := _GROUP.fullmatch(text):
            yield from self._level(group[1], group[2])
        elif relay := _RELAY.fullmatch(text):
            yield Feedback(f"relay/{relay[1]}", closed=relay[2] == "1")
        elif tag == "signals" and (signals := _SIGNALS.fullmatch(text)):
            for number, there in enumerate(re.findall(r"[01]", signals[1]), 1):
                yield Feedback(f"in/{number}", signal=there == "1")
        elif _BARE.fullmatch(text):
            match tag:  # verbose mode 3 was not taken: the answer is only a number
                case ("tie", str(output), "all"):
                    yield self._tie(output, text, "All")
                case ("tie", str(output), str(layer)):
                    yield self._tie(output, text, layer[:3])
                case ("mute", str(output), str(which)):
                    yield self._mute(output, which, text)
                case ("group", str(which)):
                    yield from self._level(which, text)
                case ("relay", str(which)):
                    yield Feedback(f"relay/{which}", closed=text == "1")

    def _tie(self, output: str, source: str, layer: str) -> Feedback:
        points = LAYERS[layer.upper()] if self.settings.layers else ("input",)
        return Feedback(output, **dict.fromkeys(points, str(int(source))))  # type: ignore[arg-type]

    @staticmethod
    def _mute(output: str, which: str, text: str) -> Feedback:
        muted = text.strip("0") != ""
        return Feedback(output, video_muted=muted) if which.upper() == "V" else Feedback(output, muted=muted)

    def _level(self, number: str, text: str) -> Iterable[Feedback]:
        """A group master: of volume in tenths of a decibel, or one that mutes."""
        if number in self.groups:
            s = self.settings
            level = round((int(text) / 10 - s.minimum) * 100 / (s.maximum - s.minimum))
            yield Feedback(f"group/{number}", volume=max(0, min(100, level)))
        for group, muting in self.groups.items():
            if muting == number:
                yield Feedback(f"group/{group}", muted=text.strip("+-0") != "")

    def _no(self, code: str, tag: Hashable) -> Actions:
        if isinstance(tag, Request):
            yield Refused(tag, f"the switcher answered E{code}: {ERRORS.get(code, 'no reason that is known')}")
        elif isinstance(tag, tuple):
            self.lacks.add(str(tag[0]))
        elif tag == "signals":
            self.lacks.add("signals")
        elif tag == "verbose":  # then nothing unasked either, which could be taken for an answer
            yield self._ask(f"{ESC}0CV\r", "quiet")

    def _sized(self, text: str) -> Actions:
        if size := _SIZE.search(text):
            self.inputs, self.outputs = self.inputs or int(size[1]), self.outputs or int(size[2])
        if not self.inputs or not self.outputs:
            yield Drop(Reason.PROTOCOL_ERROR, "it does not say its size: give inputs and outputs in the profile")
        elif max(self.inputs, self.outputs) > 64:
            yield Drop(Reason.PROTOCOL_ERROR, f"a size that cannot be: {text[:40]}")
        else:
            yield from self._look()

    def _looked(self) -> Actions:
        if not self.ready:
            self.ready = True
            yield from self._offers()
            yield Ready()
        yield Later(self.settings.poll, "poll")

    def _offers(self) -> Actions:
        inputs = {"input": {"0": "nothing", **{str(n): f"Input {n}" for n in range(1, self.inputs + 1)}}}
        mutes = {SetMute, SetVideoMute} if self.settings.mutes and "mute" not in self.lacks else set()
        for output in range(1, self.outputs + 1):
            yield Offers(str(output), frozenset({Route, *mutes}), inputs)
        for group, muting in self.groups.items():
            yield Offers(f"group/{group}", frozenset({SetVolume, SetMute} if muting else {SetVolume}))
        for relay in range(1, self.settings.relays + 1):
            if "relay" not in self.lacks:
                yield Offers(f"relay/{relay}", frozenset({SetRelay}))
