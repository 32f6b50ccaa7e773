"""Kramer switchers that speak Protocol 3000: matrices, presentation switchers, kits (TCP 5000, serial 115200).

Written from the Protocol 3000 tables of the VP-8x8AK, VP-81K and KIT-400 manuals. A command is `#`, on a shared line
the machine's number and `@`, the words and CR; the answer is `~`, the number, `@`, the same words with what holds now,
and CR LF. The same line comes unasked when somebody switches at the front. Newer units route with ROUTE, older ones
with VID and AUD. What may not live here: Protocol 2000, scaling, EDID.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.commands import Command, Route, SetMute, SetVideoMute, SetVolume
from gateway.cutters import Lines
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

VIDEO, AUDIO = "1", "2"  # layers of ROUTE
OUT = "1"  # io_mode of AUD-LVL: an output
UNAUTHORIZED = "004"
ERRORS = {
    "001": "it does not understand the words",
    "002": "it does not know this command",
    "003": "a value is out of range",
    "004": "the log-in may not do that",
}
ROUTED = frozenset({"ROUTE", "VID", "AUD", "AV", "VMUTE", "MUTE", "SIGNAL", "AUD-LVL"})  # told unasked, too
POINTS = {VIDEO: "input", AUDIO: "audio_input"}
IDENTITY = {"MODEL": "model", "VERSION": "firmware", "SN": "serial", "NAME": "name"}

_ANSWER = re.compile(r"~(\d+)@\s*(.*)")
_ERROR = re.compile(r"(?:(\S+) )?ERR ?(\d{3})\b.*", re.IGNORECASE)
_WORDS = re.compile(r"([A-Z][A-Z-]*)\s*(.*?)(?:\s+OK)?", re.IGNORECASE)
_PAIR = re.compile(r"(\d+)\s*>\s*(\d+)")
_SIZE = re.compile(r"IN\s+(\d+)\s*,\s*OUT\s+(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"0|[1-9]\d?")
_UNIT = re.compile(r"(?:in/|volume/)?[1-9]\d?")


@dataclass(frozen=True)
class KramerSettings(Settings):
    """What a profile may say of a Protocol 3000 unit."""

    machine: int = setting(0, "The machine's number on a shared line; 0 = do not say it.")
    login: str = setting("", "The level to log in at, such as Admin, where security is on.")
    password: str = setting("", "The password of that level.", secret=True)
    routing: Literal["route", "vid"] = setting("route", "route: ROUTE layer,output,input; vid: VID input>output.")
    layers: bool = setting(False, "It switches sound apart from the picture.")
    inputs: int = setting(0, "How many inputs; 0 = what it says of itself (INFO-IO).")
    outputs: int = setting(0, "How many outputs; 0 = what it says of itself (INFO-IO).")
    volumes: bool = setting(True, "Outputs have a volume (AUD-LVL), as units volume/1, ...")
    minimum: int = setting(0, "The AUD-LVL that is volume 0.")
    maximum: int = setting(100, "The AUD-LVL that is volume 100.")
    baud: int = setting(115200, "Serial speed; older units have 9600.")
    poll: float = setting(5.0, "Seconds between two looks.")

    def __post_init__(self) -> None:
        if self.poll <= 0:
            raise ValueError("poll is more than 0 seconds")
        if not (0 <= self.inputs <= 99 and 0 <= self.outputs <= 99 and 0 <= self.machine <= 99):
            raise ValueError("inputs, outputs and machine are from 0 to 99")
        if not self.minimum < self.maximum:
            raise ValueError("minimum is less than maximum")
        if re.search(r"[\s#|,]", self.login + self.password):
            raise ValueError("login and password hold no space, comma, # or |")


class KramerP3000(Driver):
    """One switcher, or one of several on a line."""

    name = "kramer_p3000"
    title = "Kramer switchers (Protocol 3000)"
    models = "VS, VP, MV and KIT switchers and scalers with Protocol 3000"
    links = {"tcp": 5000, "serial": 0}
    cutter = Lines((b"\r", b"\n"), unasked=r"(?!~\d+@)", limit=4096)
    timing = Timing(window=1, reply=3.0, ready=15.0)
    evidence = "manual"
    sources = (
        "Kramer VP-8x8AK user manual, p.43 (table 15)",
        "Kramer VP-81K user manual, p.31 (table 9)",
        "Kramer KIT-400 user manual, Protocol 3000, p.85",
        "RoomGate facts: room devices 7.2",
    )
    plays = frozenset({"output", "signal", "volume"})
    takes = frozenset({Route, SetMute, SetVideoMute, SetVolume})
    offered = (
        "routing (ROUTE, or VID and AUD), picture and sound apart where the unit does",
        "input 0: nothing",
        "picture mute (VMUTE), sound mute (MUTE)",
        "volume of outputs (AUD-LVL)",
        "signal presence (SIGNAL)",
        "changes at the front, told unasked",
        "log-in, machine number, errors in words",
        "identity: model, firmware, serial number, name; size (INFO-IO)",
    )
    not_offered = {
        "presets (PRST-RCL)": "the profile's scenes name what they want",
        "chained commands (|)": "each has an outcome of its own",
        "X- commands (X-ROUTE, X-MUTE)": "ports are named differently; not looked at yet",
        "Protocol 2000": "another language",
        "EDID, HDCP, lock, network, scaling": "set once, by the installer",
    }
    units = 'an output such as "1", an input such as "in/1", a volume such as "volume/1"'
    Settings = KramerSettings
    settings: KramerSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.inputs, self.outputs = self.settings.inputs, self.settings.outputs
        self.lacks: set[str] = set()  # words that it does not know
        self.ready = False

    def opening(self) -> Opening:
        return Opening(baud=self.settings.baud, framing="8N1")

    def valid_unit(self, unit: str) -> bool:
        return _UNIT.fullmatch(unit) is not None

    @classmethod
    def lines(cls) -> Iterable[str]:
        return ("#ROUTE 1,1,3", "#VID 3>1", "#AUD 3>1", "#VMUTE 1,0", "#MUTE 1,1", "#AUD-LVL 1,1,50", "#SIGNAL? 1", "#")

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        if isinstance(command, Route) and not self.settings.layers:
            return bool(points.get("input") == command.input)
        if isinstance(command, SetVolume):
            held = points.get("volume")
            span = self.settings.maximum - self.settings.minimum
            return held is not None and abs(held - command.level) <= max(1, 50 / span)
        return shows(command, points)

    # ---- asking ----------------------------------------------------------------------------------------------

    def _say(self, words: str, tag: Hashable, hide: tuple[str, ...] = ()) -> Send:
        number = f"{self.settings.machine}@" if self.settings.machine else ""
        return Send(f"#{number}{words}\r".encode(), tag=tag, hide=hide)

    def opened(self) -> Actions:
        yield self._say("", "hello")
        if self.settings.login:
            secret = self.settings.password
            yield self._say(f"LOGIN {self.settings.login},{secret}", "login", (secret,) if secret else ())
        for word in IDENTITY:
            yield self._say(f"{word}?", ("ask", word, ""))
        yield self._say("INFO-IO?", "size")

    def due(self, name: str) -> Actions:
        yield from self._look()

    def _look(self) -> Actions:
        words: list[str] = []
        for output in range(1, self.outputs + 1):
            if self.settings.routing == "route":
                words += [f"ROUTE? {VIDEO},{output}"] + [f"ROUTE? {AUDIO},{output}"] * self.settings.layers
            else:
                words += [f"VID? {output}"] + [f"AUD? {output}"] * self.settings.layers
            words += [f"VMUTE? {output}", f"MUTE? {output}"]
            words += [f"AUD-LVL? {OUT},{output}"] * self.settings.volumes
        words += [f"SIGNAL? {source}" for source in range(1, self.inputs + 1)]
        for question in words:
            if (word := question.partition("?")[0]) not in self.lacks:
                yield self._say(question, ("ask", word, question.partition("? ")[2]))
        yield self._say("", "looked")

    # ---- orders ----------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        words = self._words(request.unit, request.command)
        if isinstance(words, str):
            yield Refused(request, words)
            return
        for one in words:
            yield self._say(one, request)

    def _words(self, unit: str, command: Command) -> list[str] | str:
        """What to send, one command each; a text says why not."""
        kind, _, number = unit.rpartition("/")
        match kind, command:
            case "", Route(input, layer):
                if not _NUMBER.fullmatch(input) or int(input) > self.inputs:
                    return f"there is no input {input!r}; there are 1 to {self.inputs}, and 0 for nothing"
                if layer != "all" and not self.settings.layers:
                    return "this unit switches picture and sound together"
                wanted = {"all": (VIDEO, AUDIO), "video": (VIDEO,), "audio": (AUDIO,)}[layer]
                wanted = wanted if self.settings.layers else (VIDEO,)
                if self.settings.routing == "route":
                    return [f"ROUTE {one},{number},{int(input)}" for one in wanted]
                return [f"{'VID' if one == VIDEO else 'AUD'} {int(input)}>{number}" for one in wanted]
            case "", SetVideoMute(on) if "VMUTE" not in self.lacks:
                return [f"VMUTE {number},{int(not on)}"]  # 1 = the picture is shown
            case "", SetMute(on) if "MUTE" not in self.lacks:
                return [f"MUTE {number},{int(on)}"]
            case "volume", SetVolume(level) if self.settings.volumes and "AUD-LVL" not in self.lacks:
                low, high = self.settings.minimum, self.settings.maximum
                return [f"AUD-LVL {OUT},{number},{round(low + level * (high - low) / 100)}"]
        return "the switcher cannot do that"

    # ---- what it says ----------------------------------------------------------------------------------------

    def answers(self, data: Any, tag: Hashable) -> bool:
        """A line about an output or an input answers only what is about that: it may also be somebody's hand at the
        front, or another controller's order. An error says at most which word it is about."""
        answer = _ANSWER.fullmatch(data.decode("latin-1").strip())
        if answer is None or (self.settings.machine and int(answer[1][:4]) != self.settings.machine):
            return False
        if error := _ERROR.fullmatch(answer[2]):
            return not error[1] or error[1].upper().rstrip("?") in self._words_of(tag)
        words = _WORDS.fullmatch(answer[2])
        if words is None or words[1].upper() not in ROUTED:
            return True
        told = list(self._told(words[1].upper(), words[2]))
        if not told:  # a layer that is not asked for is somebody else's; what makes no sense may be the answer
            return words[1].upper() not in ("ROUTE", "AUD")
        match tag:
            case Request():
                return any(speaks_of(one, tag) for one in told)
            case ("ask", str(word), str(about)):
                number = about.rpartition(",")[2]
                same = word != "ROUTE" or words[2].startswith(about)
                return words[1].upper() == word and same and any(one.unit.rpartition("/")[2] == number for one in told)
        return False

    def _words_of(self, tag: Hashable) -> frozenset[str]:
        """The words that the answer to a question or an order may begin with."""
        match tag:
            case Request(command=command, unit=unit):
                said = self._words(unit, command)
                return frozenset(one.partition(" ")[0] for one in said) if isinstance(said, list) else frozenset()
            case ("ask", str(word), _):
                return frozenset((word,))
            case str():
                return frozenset(("LOGIN", "INFO-IO"))
        return frozenset()

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        answer = _ANSWER.fullmatch(data.decode("latin-1").strip())
        if answer is None or (self.settings.machine and int(answer[1][:4]) != self.settings.machine):
            return  # noise, or another machine on the line
        text = answer[2]
        if error := _ERROR.fullmatch(text):
            yield from self._no(error[2], tag)
        elif words := _WORDS.fullmatch(text):
            told = list(self._told(words[1].upper(), words[2]))
            yield from told
            if isinstance(tag, Request) and any(one.unit == tag.unit for one in told):
                yield Taken(tag)
        if tag == "size":
            yield from self._sized()
        elif tag == "looked":
            yield from self._looked()

    def _told(self, word: str, rest: str) -> Iterable[Feedback]:
        values = [part.strip() for part in rest.split(",")]
        match word, values:
            case "ROUTE", [layer, output, source] if layer in POINTS and _numbers(output, source):
                yield from self._routed(layer, output, source)
            case (("VID" | "AUD" | "AV"), _):
                layers = {"VID": (VIDEO,), "AUD": (AUDIO,), "AV": (VIDEO, AUDIO)}[word]
                for source, output in _PAIR.findall(rest):
                    for layer in layers:
                        yield from self._routed(layer, output, source)
            case "VMUTE", [output, flag] if _numbers(output, flag):
                yield Feedback(str(int(output)), video_muted=flag != "1")
            case "MUTE", [output, flag] if _numbers(output, flag):
                yield Feedback(str(int(output)), muted=flag == "1")
            case "SIGNAL", [source, flag] if _numbers(source, flag):
                yield Feedback(f"in/{int(source)}", signal=flag == "1")
            case "AUD-LVL", [mode, output, level] if mode == OUT and _numbers(output, level.lstrip("+-")):
                low, high = self.settings.minimum, self.settings.maximum
                shown = round((int(level[:6]) - low) * 100 / (high - low))
                yield Feedback(f"volume/{int(output)}", volume=max(0, min(100, shown)))
            case "INFO-IO", _ if size := _SIZE.match(rest):
                self.inputs = self.inputs or min(int(size[1][:4]), 99)
                self.outputs = self.outputs or min(int(size[2][:4]), 99)
            case _ if word in IDENTITY and rest:
                shown_as = f"Kramer {rest}" if word == "MODEL" else rest
                yield Feedback("", **{IDENTITY[word]: shown_as})  # type: ignore[arg-type]

    def _routed(self, layer: str, output: str, source: str) -> Iterable[Feedback]:
        if layer == VIDEO or self.settings.layers:
            yield Feedback(str(int(output)), **{POINTS[layer]: str(int(source))})  # type: ignore[arg-type]

    def _no(self, code: str, tag: Hashable) -> Actions:
        if isinstance(tag, Request):
            yield Refused(tag, f"the switcher answered ERR {code}: {ERRORS.get(code, 'no reason that is known')}")
        elif tag == "login":
            yield Drop(Reason.LOGIN_REFUSED, f"it does not take the log-in (ERR {code})")
        elif code == UNAUTHORIZED and not self.ready:
            yield Drop(Reason.LOGIN_REFUSED, "it wants a log-in: set login and password")
        elif isinstance(tag, tuple) and not self.ready:
            self.lacks.add(str(tag[1]))

    def _sized(self) -> Actions:
        if self.inputs and self.outputs:
            yield from self._look()
        else:
            yield Drop(Reason.PROTOCOL_ERROR, "it does not say its size: give inputs and outputs in the profile")

    def _looked(self) -> Actions:
        if not self.ready:
            self.ready = True
            inputs = {"input": {"0": "nothing", **{str(n): f"Input {n}" for n in range(1, self.inputs + 1)}}}
            verbs = {Route, *({SetVideoMute} if "VMUTE" not in self.lacks else ())}
            verbs |= {SetMute} if "MUTE" not in self.lacks else set()
            for output in range(1, self.outputs + 1):
                yield Offers(str(output), frozenset(verbs), inputs)
                if self.settings.volumes and "AUD-LVL" not in self.lacks:
                    yield Offers(f"volume/{output}", frozenset({SetVolume}))
            yield Ready()
        yield Later(self.settings.poll, "poll")


def _numbers(*texts: str) -> bool:
    return all(text.isdecimal() and text.isascii() and len(text) < 5 for text in texts)
