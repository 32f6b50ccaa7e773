"""Key Digital switchers (KeyCode Open API): matrix, presentation, multiview, AV over IP; TCP 23 and serial.

Written from the API pages of the KD-PS42, KD-UPS52U, KD-MLV4x4Pro, KD-Pro8x8D, KD-Pro2x1X and KD-4x4CSA manuals. The
unit answers each command with a prompt (`KD-PS42>`), which says that it was heard and no more; nothing is pushed. What
holds is what `STA` says, so it is asked after every command and polled: a keypad in front, or a button at the unit,
changes routes, too. What the `STA` of a model does not tell (a display's power, a decoder's route) is assumed. What may
not live here: names of sources.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Command, Route, SetMute, SetPower, SetVideoMute, StepVolume
from gateway.cutters import Feed, Overflow
from gateway.driver import (
    Action,
    Actions,
    Answered,
    Done,
    Driver,
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
)

ENDS = {"cr": b"\r", "crlf": b"\r\n"}
LAYERS = {"all": "SI", "video": "SB", "audio": "SA"}  # KD-MLV4x4Pro manual, command table
UNIT = re.compile(r"|(?:tv/)?[1-9][0-9]?|in/[1-9][0-9]?")
PROMPT = re.compile(rb"KD-[^\r\n>]{1,30}>")
OUTPUT = re.compile(r"(Video|Audio) Output\s*([0-9]*)\s*:\s*(?:IN|Input)\s*=\s*([0-9]+)(.*)", re.I)
SHOWN = re.compile(r"\bOUT\s*=\s*(ON|OFF)\b", re.I)
INPUT = re.compile(r"Video Input\s*([0-9]+)\s*:.*\bLINK\s*=\s*(ON|OFF)", re.I)
POWER = re.compile(r"Power\s*:\s*(ON|OFF)", re.I)
VERSION = re.compile(r"F/W Version\s*:\s*([\w.]+)", re.I)
ROUTED = re.compile(r"SPO([0-9]{0,2})S[IAB]([0-9]{2})", re.I)  # a keypad's words that pass by on our line
GREETING = 0.3  # seconds in which a unit that greets with its prompt does so: it must answer no question
QUIET = 0.5  # seconds of silence after which a status without a prompt is believed to be whole
MORE = 400  # bytes of an unended line that are kept


@dataclass(frozen=True)
class Lines:
    """Lines that end in CR or LF, and the prompt, which has no end. A prompt ends a turn, and so does a FAILED."""

    def start(self) -> Feed:
        held = bytearray()

        def feed(data: Any) -> list[Any]:
            held.extend(data)
            messages: list[bytes] = []
            while held:
                if match := PROMPT.match(held):
                    messages.append(bytes(match[0]))
                    del held[: match.end()]
                    continue
                end = re.search(rb"[\r\n]", held)
                if end is None:
                    break
                line = bytes(held[: end.start()]).strip()
                del held[: end.end()]
                if line:
                    messages.append(line)
            while held[:1] == b" ":
                del held[:1]
            if len(held) > MORE:
                raise Overflow(f"no end of line within {MORE} bytes")
            return messages

        return feed

    def answers(self, message: Any) -> bool:
        return bool(PROMPT.fullmatch(message)) or b"FAILED" in message.upper()


@dataclass(frozen=True)
class KeyDigitalSettings(Settings):
    """Settings of a Key Digital switcher."""

    end: str = setting("crlf", "how a command ends: crlf suits all; cr is enough for the newer units")
    poll: float = setting(5.0, "seconds between looks at the status")
    status: bool = setting(True, "it answers STA; false (AV over IP): routes are believed, never known")
    prompt: bool = setting(True, "it sends its prompt after each command")
    layers: bool = setting(False, "it switches picture and sound apart (KD-MLV4x4Pro)")
    mute_with: Literal["video", "output"] = setting(
        "video", "video mute by SPOxxVME, which STA does not tell; output: by SPOxxOFF, which it does"
    )
    address: int = setting(0, "system address of the unit, 1 to 99 (SPCAxx); 0 = a single one")
    displays: bool = setting(False, "it switches displays on and off over HDMI (units tv/1, tv/2, ...)")
    outputs: int = setting(1, "outputs, where the status does not tell them")
    inputs: int = setting(4, "inputs, where the status does not tell them")
    baud: int = setting(57600, "serial speed: 57600, or what SPCRSB was set to")

    def __post_init__(self) -> None:
        if self.end not in ENDS:
            raise ValueError("end is cr or crlf")
        if self.mute_with not in ("video", "output"):
            raise ValueError("mute_with is video or output")
        if not 0 <= self.address <= 99:
            raise ValueError("address is 0 to 99")
        if self.poll < 0.2:
            raise ValueError("poll is at least 0.2 seconds")
        if not (1 <= self.outputs <= 99 and 1 <= self.inputs <= 99):
            raise ValueError("outputs and inputs are 1 to 99")


class KeyDigital(Driver):
    """One switcher; its units are its outputs (`1`), its inputs (`in/1`), and displays behind outputs (`tv/1`)."""

    name = "key_digital"
    title = "Key Digital switchers"
    models = "KD-PS42, PS22UTx, UPS52U, MLV4x4Pro, Pro4x1X, Pro8x8D, 4x4CSA and relatives; KD-IP822/922/1022"
    links: ClassVar[Mapping[str, int]] = {"tcp": 23, "serial": 0}
    plays = frozenset({"output", "signal", "display", "volume", "outlet"})
    takes = frozenset({Route, SetMute, SetPower, SetVideoMute, StepVolume})
    cutter = Lines()
    timing = Timing(window=1, gap=0.25, reply=2.0)  # 250 ms between commands: an open driver in production use
    sources = (
        "Key Digital manuals KD-PS42, KD-UPS52U, KD-PS22UTx, KD-MLV4x4Pro, KD-Pro4x1X, KD-4x4CSA (KeyCode Open API)",
        "Key Digital KD-IP822 video wall guide",
        "RoomGate facts: room devices 1",
    )
    offered = (
        "SPO..SI.. routing, SB and SA layers",
        "SPO..VME, VMD video mute (believed: STA does not tell it), or SPO..ON, OFF, which it does",
        "system address (Azz before each command)",
        "PN, PF power",
        "SPO..TVON, TVOFF, AVU, AVD, AME, AMD of displays (believed)",
        "STA status in both shapes: routes, LINK of inputs, power, version",
        "FAILED as a refusal",
        "a keypad's SPO..SI.. that passes by is followed by a look",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "SPO..DBG, test patterns, video walls": "no part of a room asks for them",
        "audio volume of KD-MAX8x8 and KD-AMP220": "its answers are not documented well enough to confirm anything",
        "names, EDID, network, factory reset": "set-up, done once with the maker's tools",
        "KD-MSW8x4 (CCxy)": "a different language",
    }
    units = '"" (the unit), an output such as 1, an input such as in/1, or a display such as tv/1'
    Settings: ClassVar[type[Settings]] = KeyDigitalSettings
    settings: KeyDigitalSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.told = False  # a status has begun to come
        self.ready = False
        self.single = False  # an output without a number
        self.outputs: set[str] = set()
        self.inputs: set[str] = set()
        self.tells: set[tuple[str, str]] = set()  # unit and point: what the status tells beside routes
        self.model = ""

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every command that can be sent."""
        yield "STA"
        yield from (command for command in ("PN", "PF", "SPOSI02"))
        yield from (f"SPO01{word}02" for word in LAYERS.values())
        yield from (f"SPO01{word}" for word in ("VME", "VMD", "ON", "OFF", "TVON", "TVOFF", "AVU", "AVD", "AME", "AMD"))

    def opening(self) -> Opening:
        """57600 8N1 unless changed (all manuals, RS-232)."""
        return Opening(baud=self.settings.baud)

    def valid_unit(self, unit: str) -> bool:
        return UNIT.fullmatch(unit) is not None

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """STA tells one input for an output: that of the picture."""
        if isinstance(command, Route) and command.layer == "all":
            return bool(points.get("input") == command.input)
        return shows(command, points)

    # ---- asking ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """A prompt that greets us must answer nothing, so the first question waits a moment."""
        if self.settings.status:
            yield Later(GREETING, "begin")
        else:
            yield from self._begin()

    def _send(self, line: str, tag: Hashable) -> Send:
        reply = self.settings.prompt or tag == "status"
        if self.settings.address:
            line = f"A{self.settings.address:02}{line}"
        return Send(line.encode() + ENDS[self.settings.end], tag=tag, reply=reply)

    def _begin(self) -> Actions:
        if self.ready:
            return
        self.ready = True
        outputs = self.outputs or {str(n) for n in range(1, self.settings.outputs + 1)}
        inputs = self.inputs or {str(n) for n in range(1, self.settings.inputs + 1)}
        choices = {"input": {one: one for one in sorted(inputs, key=int)}}
        if self.settings.layers:  # the multiviewer is the input after the last (KD-MLV4x4Pro manual, p.10)
            choices["input"][str(max(map(int, inputs)) + 1)] = "multiview"
        if ("", "power") in self.tells or not self.settings.status:  # a KD-UPS52U has none
            yield Offers("", frozenset({SetPower}))
        for output in sorted(outputs, key=int):
            yield Offers(output, frozenset({Route, SetVideoMute}), choices)
            if self.settings.displays:
                yield Offers(f"tv/{output}", frozenset({SetPower, SetMute, StepVolume}))
        for one in sorted(inputs, key=int):
            yield Offers(f"in/{one}", frozenset())
        yield Ready()
        if self.settings.status:
            yield Later(self.settings.poll, "poll")

    def command(self, request: Request) -> Actions:
        """Say it; the status that follows confirms what it can."""
        line = self._line(request.command, request.unit)
        if line.startswith("!"):
            yield Refused(request, line[1:])
            return
        yield self._send(line, request)
        if not self.settings.prompt:
            yield from self._taken(request)

    def _line(self, command: Command, unit: str) -> str:
        """The command's words; after `!` why there are none."""
        output = f"{int(unit.rpartition('/')[2]):02}" if unit else ""
        display = unit.startswith("tv/")
        match command:
            case SetPower(on) if display:
                return f"SPO{output}TV{'ON' if on else 'OFF'}"
            case SetMute(on) if display:
                return f"SPO{output}AM{'E' if on else 'D'}"
            case StepVolume(by) if display:
                return f"SPO{output}AV{'U' if by > 0 else 'D'}"
            case SetPower(on) if not unit:
                return "PN" if on else "PF"
            case SetVideoMute(on) if unit and not display and self.settings.mute_with == "output":
                return f"SPO{'' if self.single else output}{'OFF' if on else 'ON'}"
            case SetVideoMute(on) if unit and not display:
                return f"SPO{output}VM{'E' if on else 'D'}"
            case Route(_, layer) if layer != "all" and not self.settings.layers:
                return "!this unit switches picture and sound together"
            case Route(source, layer) if unit and re.fullmatch(r"[1-9][0-9]?", source):
                return f"SPO{'' if self.single else output}{LAYERS[layer]}{int(source):02}"
            case Route():
                return "!an input is 1 to 99"
        return "!this device cannot do that"

    def _taken(self, request: Request) -> Actions:
        yield Taken(request)
        command, unit = request.command, request.unit
        proved = self.settings.status and (
            not unit
            or (isinstance(command, Route) and command.layer != "audio")
            or (isinstance(command, SetVideoMute) and (unit, "video_muted") in self.tells)
        )
        if proved:
            yield self._send("STA", "status")
        elif isinstance(command, StepVolume):
            yield Feedback(unit, assumed=True, volume=None)  # by how much is not told
            yield Done(request)
        else:
            shown = {name: value if isinstance(value, str | bool) else "off" for name, value in command.shown().items()}
            yield Feedback(unit, assumed=True, **shown)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A line or a prompt; `tag`: the exchange that it ends."""
        text = data.decode("ascii", "replace").strip("- ")
        if PROMPT.fullmatch(data):
            yield from self._model(text.strip("> "))
            if isinstance(tag, Request):
                yield from self._taken(tag)
            elif tag == "status" and self.told:
                yield from self._begin()
        elif isinstance(tag, Request):  # FAILED
            yield Refused(tag, text)
        elif told := list(self._status(text)):
            self.told = True
            yield from told
            if not self.settings.prompt:
                yield Later(QUIET, "quiet")
        elif ROUTED.fullmatch(text) and self.settings.status:
            yield self._send("STA", "status")  # a keypad's words pass by: look

    def _model(self, model: str) -> Iterator[Action]:
        if model != self.model:
            self.model = model
            yield Feedback("", model=f"Key Digital {model}")

    def _status(self, text: str) -> Iterator[Action]:
        if match := OUTPUT.match(text):
            kind, number, source, rest = match.groups()
            self.single = self.single or (not number and kind.lower() == "video")
            output = str(int(number or "1"))
            self.outputs.add(output)
            point = "input" if kind.lower() == "video" else "audio_input"
            held: dict[str, Any] = {point: str(int(source))}
            if self.settings.mute_with == "output" and point == "input" and (shown := SHOWN.search(rest)):
                held["video_muted"] = shown[1].upper() == "OFF"
                self.tells.add((output, "video_muted"))
            yield Feedback(output, **held)
        elif match := INPUT.match(text):
            one = str(int(match[1]))
            self.inputs.add(one)
            yield Feedback(f"in/{one}", signal=match[2].upper() == "ON")
        elif match := POWER.match(text):
            self.tells.add(("", "power"))
            yield Feedback("", power=match[1].lower())
        elif match := VERSION.search(text):  # on a line of its own, or behind the model and the address
            yield Feedback("", firmware=match[1])

    def due(self, name: str) -> Actions:
        """Time to look; or a status that no prompt ends is over."""
        if name == "quiet":
            yield Answered("status")
            yield from self._begin()
            return
        yield self._send("STA", "status")
        if name == "poll":
            yield Later(self.settings.poll, "poll")
