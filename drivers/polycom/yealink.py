"""Yealink VC codecs over TCP 6024 or a serial line: turns and tones as Polycom has them, and a status line of its own.

`sysstatus` tells of sleep and of every call, unasked when it changes; mute and do-not-disturb too; the volume is asked
for. What may not live here: turns and echoes (`talk.py`).
Source: API Commands Introduction for Yealink Video Conferencing System V1.08 (Nov. 2019), each command by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from drivers.polycom.lines import is_prompt
from drivers.polycom.talk import PACE, SOFT, Ask, Talk, pattern, percent, quoted, step
from drivers.polycom.wishes import ringing
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SendDtmf,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetVolume,
    StorePreset,
)
from gateway.driver import (
    Actions,
    Done,
    Drop,
    Feedback,
    Item,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Settings,
    Taken,
    Timing,
    setting,
)
from gateway.model import Call, CallState, Reason

TOP = 10  # `volume set {0..10}`
QUESTIONS = {
    "version": r"version .*",
    "sysstatus get": r"sysstatus get .*",
    "volume get": r"volume get \d+",
    "mute near get": r"mute near get (on|off)",
    "donotdisturb global get": r"donotdisturb global get (on|off)",
}
NEEDS: dict[str, tuple[type[Command], ...]] = {
    "sysstatus get": (Dial, Answer, Reject, HangUp, SendDtmf, Search),
    "volume get": (SetVolume,),
    "mute near get": (SetMicMute,),
    "donotdisturb global get": (SetDoNotDisturb,),
}
ALWAYS: tuple[type[Command], ...] = (MoveCamera, RecallPreset, StorePreset)
SETTLE = 0.5  # seconds in which several states may follow one question: one line a call
DOUBT = 3.0  # seconds after a command about calls before we ask for the status
STATES: dict[str, CallState] = {"outgoing": "dialling", "ringing": "ringing", "talking": "connected"}
_STATE = re.compile(r'(sleeping|idle|outgoing|ringing|talking max|talking|finished)((?:\s*"[^"]*")*)')
_FIELD = re.compile(r'"(\w+):([^"]*)"')
_VERSION = {"model": "model", "firmware": "firmware"}
_CONTACT = re.compile(r'(?:.*\W)?(?:local|conf)\s+"([^"]*)"((?:\s+"[^"]*")+)\s*')
ZOOM = {"in": "zoom+", "out": "zoom-"}


@dataclass(frozen=True)
class YealinkSettings(Settings):
    """What a profile may say of a Yealink codec."""

    verify: float = setting(15.0, "Seconds between questions at rest: nothing tells of the volume.")
    gap: float = setting(0.2, "Seconds between an answer and the next command.")
    power_key: bool = setting(
        False, "Sleep and wake by the remote's power key, where that is what it does: try it before a meeting does."
    )

    def __post_init__(self) -> None:
        if self.verify <= 0 or self.gap < 0:
            raise ValueError("verify is more than 0, gap 0 or more")


def status(line: str) -> list[tuple[str, dict[str, str]]] | None:
    """The states of a `sysstatus get ...` line, with their fields; there may be several in one. None: another line."""
    head, _, rest = line.partition("sysstatus get ")
    if head or not rest:
        return None
    return [(match[1], dict(_FIELD.findall(match[2]))) for match in _STATE.finditer(rest)]


class YealinkVc(Talk):
    """One codec."""

    name = "yealink_vc"
    title = "Yealink VC codec"
    models = "VC110, VC120, VC400, VC500, VC800, VC880"
    links = {"tcp": 6024, "serial": 0}
    timing = Timing(window=1, gap=0.0, reply=5.0, ready=30.0)
    evidence = "manual"
    sources = (
        "API Commands Introduction for Yealink Video Conferencing System V1.08 (Nov. 2019), as indexed by ai4av",
    )
    offered = (
        "call list and progress (sysstatus, incoming)",
        "dial, answer, reject, hang up",
        "DTMF",
        "volume, in the codec's ten steps",
        "microphone mute",
        "do-not-disturb",
        "sleep and wake by the power key, where the setting power_key says that it does so",
        "camera movement, presets 0 to 9",
        "directory (addrbook search)",
        "model and software version",
    )
    not_offered = {
        "hold, resume, transfer, merge, auto-answer, room sound mute, video mute": "the protocol has no words for them",
        "content share (inputsource), layout": "nothing tells which input or layout is on, so neither can be proved",
        "ending one of several calls": "the protocol has only the remote's hang-up key",
        "self-view, recording, screenshots, other remote keys": "they change with what is on the screen",
        "call history": "the journal has the calls",
        "MeetingBoard": "it has another, newer interface with a log-in",
    }
    plays = frozenset({"volume", "mics", "camera", "calls", "codec"})
    takes = frozenset({*ALWAYS, SetPower, *(command for several in NEEDS.values() for command in several)})
    units = '""'
    END = b"\r\n"
    Settings: ClassVar[type[Settings]] = YealinkSettings
    settings: YealinkSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.known: set[str] = set()
        self.unanswered: set[str] = set()
        self.power: str | None = None
        self.names: dict[str, str] = {}  # number -> name, of who calls
        self.mentioned: set[str] | None = None  # calls told since we asked for all of them
        self.listed = -1  # the line that asked for them

    # ---- coming up -------------------------------------------------------------------------------------------

    def opening(self) -> Opening:
        return Opening(baud=115200)

    def opened(self) -> Actions:
        """No log-in and no registration: ask for everything."""
        self.talking = True
        self.poll(*(self._question(words, first=True) for words in QUESTIONS))
        self.unanswered = set(QUESTIONS)
        yield from self.pump()

    def _question(self, words: str, *, first: bool = False) -> Ask:
        return Ask(words, pattern(QUESTIONS[words]), first=first, optional=words not in ("sysstatus get", "volume get"))

    def _usable(self) -> Actions:
        if not self.known & {"sysstatus get", "volume get"}:
            yield Drop(Reason.PROTOCOL_ERROR, "the codec answers neither sysstatus nor volume")
            return
        self.ready = True
        commands = [command for words in NEEDS if words in self.known for command in NEEDS[words]]
        power = (SetPower,) if self.settings.power_key else ()
        yield Offers("", frozenset({*ALWAYS, *commands, *power}))
        yield Ready()
        yield Later(self.settings.verify, "verify")

    # ---- what lines say --------------------------------------------------------------------------------------

    def heard(self, line: str) -> Actions:
        if is_prompt(line):
            yield Drop(Reason.LOGIN_REFUSED, "it asks for a log-in, which the VC series does not have")
        elif (states := status(line)) is not None:
            for word, fields in states:
                yield from self._state(word, fields)
        elif match := re.fullmatch(r'incoming\s+"num:([^"]*)"\s+"name:([^"]*)"', line):
            self.names = {match[1]: match[2]}
            for call in list(self.calls.values()):
                if call.address == match[1] and call.name != match[2]:
                    yield from self.show(self._named(call))
        elif match := re.fullmatch(r"volume get (\d{1,2})", line):
            if int(match[1]) <= TOP:
                yield Feedback("", volume=percent(int(match[1]), TOP))
        elif match := re.fullmatch(r"mute near get (on|off)", line):
            yield Feedback("", mic_muted=match[1] == "on")
        elif match := re.fullmatch(r"donotdisturb global get (on|off)", line):
            yield Feedback("", do_not_disturb=match[1] == "on")
        elif line.startswith("version "):
            told: dict[str, Any] = {
                _VERSION[key]: word for key, word in _FIELD.findall(line) if key in _VERSION and word
            }
            if told:
                yield Feedback("", **told)
        elif self.asked and self.asked.kind == "search" and self.asked.request and (row := _CONTACT.fullmatch(line)):
            for address in re.findall(r'"([^"]+)"', row[2]):
                yield Item(self.asked.request, {"name": row[1], "address": address, "protocol": "", "id": ""})

    def _state(self, word: str, fields: Mapping[str, str]) -> Actions:
        if word == "talking max":
            return
        self.power = "standby" if word == "sleeping" else "on"
        yield Feedback("", power=self.power)
        key = fields.get("callid", "")
        if word in ("idle", "sleeping"):
            self.mentioned = None
            for held in list(self.calls):
                yield from self.end(held, "")
            yield from self.tell_calls(listed=self.answering_line("sysstatus get"))
        elif word == "finished":
            for held in [key] if key else list(self.calls) if len(self.calls) == 1 else []:
                yield from self.end(held, "")
            yield from self._press_on()
        elif key:
            if self.mentioned is not None:
                self.mentioned.add(key)
            answered = word == "talking" and key in ringing(self.calls)
            yield from self.show(self._named(self._call(key, word, fields)))
            if answered and self.wishes.ending(key):  # `answer no` came too late: it had just been answered
                yield self.now_or_never("button hangup")

    def _call(self, key: str, word: str, fields: Mapping[str, str]) -> Call:
        held = self.calls.get(key)
        # The manual spells it "diastr" for a call that goes out, and "dialstr" elsewhere.
        address = fields.get("dialstr") or fields.get("diastr") or (held.address if held else "")
        told = fields.get("direction", "").lower()
        direction: Literal["in", "out"] = held.direction if held else "out"
        if word == "ringing" or told.startswith("in"):
            direction = "in"
        elif word == "outgoing" or told.startswith("out"):
            direction = "out"
        kind = fields.get("calltype", "").lower()
        return Call(
            id=key,
            direction=direction,
            state=STATES.get(word, "unknown"),
            name=held.name if held else "",
            address=address,
            protocol=fields.get("protocol", held.protocol if held else "").lower(),
            kind="video" if "video" in kind else "audio" if "audio" in kind else held.kind if held else "unknown",
            answered=word != "ringing",
        )

    def _named(self, call: Call) -> Call:
        name = self.names.get(call.address, "")
        return replace(call, name=name) if name else call

    # ---- asking ----------------------------------------------------------------------------------------------

    def gap(self) -> float:
        return self.settings.gap

    def probe(self) -> Ask:
        return self._question("sysstatus get")

    def command(self, request: Request) -> Actions:
        """Put a command into the codec's words."""
        command = request.command
        try:
            match command:
                case HangUp() | Reject():
                    yield from self._hang_up(request)
                case SendDtmf():
                    yield from self.dtmf(request, command)
                case MoveCamera(to="stop", far=False):
                    yield self.now_or_never("camera near move stop")
                case _:
                    ask = self._said(request)
                    self.wishes.made(request, self.calls, self.now + self.patience(command), self.now, self.lines_left)
                    yield from self.person(ask)
                    if self.wishes:
                        yield Later(DOUBT, "doubt")
        except ValueError as error:
            yield Refused(request, str(error))

    def _said(self, request: Request) -> Ask:
        match request.command:
            case SetVolume(level=level):
                return self._set(request, f"volume set {step(level, TOP)}", "volume get")
            case SetMicMute(on=on):
                return self._set(request, f"mute near {'on' if on else 'off'}", "mute near get")
            case SetDoNotDisturb(on=on):
                return self._set(request, f"donotdisturb global {'on' if on else 'off'}", "donotdisturb global get")
            case SetPower(on=on):
                if not on and self.calls:
                    raise ValueError("the power key does something else in a call: hang up first")
                ask = self._question("sysstatus get")  # the key turns over what is: look first
                ask.request, ask.kind = request, "key on" if on else "key off"
                return ask
            case Dial() as dial:
                return Ask(_dial(dial), None, request, soft=PACE)
            case Answer(call=call):
                if call and ringing(self.calls) != [call]:
                    raise ValueError("no such call rings, or not alone: the codec answers whichever rings first")
                return Ask("answer yes", None, request, soft=PACE)
            case MoveCamera(to=to, far=far, camera=camera):
                if far or camera:
                    raise ValueError("only the near camera that is selected can be moved")
                return Ask(f"camera near move {ZOOM.get(to, to)}", None, request, soft=PACE)
            case RecallPreset(preset=preset) | StorePreset(preset=preset):
                if preset > 9:
                    raise ValueError("presets are 0 to 9")
                word = "go" if isinstance(request.command, RecallPreset) else "set"
                return Ask(f"preset near {word} {preset}", None, request, soft=PACE)
            case Search(text=words):
                ends = pattern(r".*all done!?")
                return Ask(f"addrbook search {quoted(words)}", ends, request, kind="search", soft=4 * SOFT)
        raise ValueError("this device cannot do that")

    def _set(self, request: Request, words: str, *then: str) -> Ask:
        """How a command is acknowledged is not documented: what it brought about is asked for."""
        return Ask(words, None, request, soft=PACE, then=tuple(self._question(one) for one in then))

    def _hang_up(self, request: Request) -> Actions:
        command = request.command
        assert isinstance(command, HangUp | Reject)
        self.take_back(command)
        rings = ringing(self.calls)
        talking = [key for key in self.calls if key not in rings]
        wanted = [command.call] if command.call else list(self.calls) if isinstance(command, HangUp) else rings
        if not set(wanted) <= self.calls.keys():
            raise ValueError("there is no such call")
        if command.call and len(rings if command.call in rings else talking) > 1:
            raise ValueError("the codec cannot end one of several calls")
        self.wishes.made(request, self.calls, self.now + self.patience(command), self.now, self.lines_left)
        for _ in set(wanted) & set(rings) or ({""} if isinstance(command, Reject) and not wanted else set()):
            yield self.now_or_never("answer no")
        if set(wanted) & set(talking) or (isinstance(command, HangUp) and not self.calls):
            yield self.now_or_never("button hangup")
        if not self.calls:
            self.poll(self._question("sysstatus get"))
        yield Later(DOUBT, "doubt")
        yield from self.pump()

    def _press_on(self) -> Actions:
        """The key ends one call at a time."""
        if any(self.wishes.ending(key) for key in self.calls.keys() - set(ringing(self.calls))):
            yield self.now_or_never("button hangup")

    def end_now(self, key: str) -> Actions:
        yield self.now_or_never("button hangup")

    # ---- exchanges that have ended ---------------------------------------------------------------------------

    def over(self, ask: Ask, line: str, error: str) -> Actions:
        request = ask.request
        if ask.kind == "tone":
            yield from self.play()
        elif request is not None and error:
            yield self.wishes.refused(request, error, self.calls)
        elif request is not None and ask.kind.startswith("key"):
            yield Taken(request)
            if self.power != ("on" if ask.kind == "key on" else "standby"):
                self.people.appendleft(self._set(request, "button power", "sysstatus get"))
        elif request is not None:
            yield Done(request) if ask.kind == "search" else Taken(request)
        elif error:
            self.known.discard(ask.words)
        elif ask.words in QUESTIONS:
            self.known.add(ask.words)
            if ask.words == "sysstatus get" and self.calls:
                self.mentioned = {fields.get("callid", "") for _, fields in status(line) or ()}
                self.listed = ask.number
                yield Later(SETTLE, "settled")
        if ask.first:
            self.unanswered.discard(ask.words)
            if not self.unanswered and not self.ready:
                yield from self._usable()

    def due(self, name: str) -> Actions:
        match name:
            case "verify":
                self.poll(*(self._question(words) for words in QUESTIONS if words in self.known and words in NEEDS))
                yield Later(self.settings.verify, "verify")
            case "doubt" if self.wishes:
                self.poll(self._question("sysstatus get"))
            case "settled" if self.mentioned is not None:
                gone, self.mentioned = self.calls.keys() - self.mentioned, None
                for key in gone:
                    yield from self.end(key, "")
                yield from self.tell_calls(listed=self.listed)
        yield from super().due(name)

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """The codec has eleven steps."""
        if isinstance(command, SetVolume):
            return points.get("volume") == percent(step(command.level, TOP), TOP)
        return super().shows(command, points)


def _dial(command: Dial) -> str:
    """`dial auto`, or `dial manual` where a kind, a protocol or a rate is named."""
    if command.protocol not in ("", "sip", "h323"):
        raise ValueError(f"this codec does not call over {command.protocol}")
    address = quoted(command.address)
    if not (command.kind or command.protocol or command.rate):
        return f"dial auto {address}"
    kind, protocol = command.kind or "auto", command.protocol or "auto"
    return f'dial manual {kind} {protocol} "{command.rate or "auto"}" {address}'
