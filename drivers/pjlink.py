"""PJLink projectors and displays, class 1 and 2: power, input, mutes, faults, lamp and filter hours (TCP 4352).

Written from the PJLink specification 2.00 (JBMIA); section numbers below are its own. The projector says nothing by
itself on this link, so everything is polled: slowly at rest, quickly after a command and while it warms up or cools
down. A class 2 projector that has our address in its menu also sends notifications by UDP (3.3). The specification
closes a connection that was idle for 30 s, which the slow poll prevents. What may not live here: anything that is
true of one maker only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute
from gateway.cutters import Lines
from gateway.driver import Actions, Datagram, Drop, Later, Offers, Refused, Request, Send, Timing, setting
from gateway.model import Reason
from gateway.polled import Ask, Polled, PolledSettings

PORT = 4352
IDLE_CLOSE = 30  # seconds until the projector closes a silent connection
INPUT = re.compile(r"[1-6][1-9A-Z]")  # 4.3: kind of input and its number; class 1 knows 1-5 and 1-9 only
KINDS = {"1": "RGB", "2": "Video", "3": "Digital", "4": "Storage", "5": "Network", "6": "Internal"}  # 4.3
POWER = {"0": "off", "1": "on", "2": "cooling", "3": "warming"}  # 4.2
FAULTS = ("fan", "lamp", "temperature", "cover", "filter", "other")  # 4.7, in this order
LEVELS = {"1": "warning", "2": "error"}
IDENTITY = {"NAME": "name", "SNUM": "serial", "SVER": "firmware"}
STATE = ("POWR", "INPT", "AVMT", "ERST")  # what every round asks
FIRST = ("POWR", "INST", "INPT", "AVMT")  # what must be answered before commands may come
CLASS_2 = frozenset({"INNM", "SNUM", "SVER", "IRES", "FILT"})
UNKNOWN: Mapping[str, Mapping[str, Any]] = {  # what is not known any more when the projector says "not now" (ERR3)
    "INPT": {"input": None},
    "AVMT": {"video_muted": None, "muted": None},
    "LAMP": {"lamp_hours": None},
    "IRES": {"signal": None},
}
HOURS = 600.0  # seconds between questions for the hours of lamps and filter

_GREETING = re.compile(r"PJLINK (ERRA|\w+)(?: (.*))?", re.IGNORECASE)
_REPLY = re.compile(r"%[12]([A-Z0-9]{4})=(.*)", re.IGNORECASE | re.DOTALL)
_FOUND = re.compile(rb"%2(?:ACKN|LKUP)=((?:[0-9A-F]{2}:){5}[0-9A-F]{2})\r?", re.IGNORECASE)


def search() -> Datagram:
    """The broadcast that asks every class 2 projector of the network to answer (3.2)."""
    return Datagram(b"%2SRCH\r", ("255.255.255.255", PORT))


def found(datagram: Datagram) -> tuple[str, str] | None:
    """Host and hardware address of the projector that answered a search or announced itself; else None."""
    match = _FOUND.fullmatch(datagram.data.strip(b"\0"))
    return (datagram.peer[0], match[1].decode().lower()) if match and datagram.peer else None


@dataclass(frozen=True)
class PjlinkSettings(PolledSettings):
    """What a profile may say of a PJLink projector."""

    password: str = setting("", "The projector's PJLink password.", secret=True)
    poll: float = setting(10.0, "Seconds between polls at rest; less than the 30 s after which the projector hangs up.")
    video_mute: Literal["picture and sound", "picture"] = setting(
        "picture and sound", "What muting the picture mutes: many projectors know only the two together."
    )
    notify_port: int = setting(PORT, "UDP port for the notifications of class 2 projectors; 0 = do not listen.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.poll >= IDLE_CLOSE:
            raise ValueError(f"poll is less than {IDLE_CLOSE}: the projector hangs up on who is silent for so long")
        if self.video_mute not in ("picture and sound", "picture"):
            raise ValueError("video_mute is 'picture and sound' or 'picture'")
        if not 0 <= self.notify_port <= 65535:
            raise ValueError("notify_port is a UDP port, or 0")


class Pjlink(Polled):
    """One projector."""

    name = "pjlink"
    plays = frozenset({"display"})
    takes = frozenset({SetPower, SelectInput, SetVideoMute, SetMute})
    title = "PJLink projectors and displays"
    models = "any projector or display with PJLink class 1 or 2"
    links = {"tcp": PORT}
    timing = Timing(window=1, reply=5.0, ready=20.0)
    # Only a reply ends a turn. A projector may announce its network (LKUP) on this connection before it answers.
    cutter = Lines((b"\r",), unasked=r"(?i)(?![\0\s]*(%[12](?!LKUP)[A-Z0-9]{4}=|PJLINK ERRA))", limit=4096)
    evidence = "cross-checked"
    sources = ("PJLink specification 2.00 (JBMIA)",)
    offered = (
        "MD5 log-in",
        "power (POWR)",
        "inputs and their names (INPT, INST, INNM)",
        "picture and sound mute (AVMT)",
        "faults (ERST)",
        "hours of every lamp and of the filter (LAMP, FILT)",
        "presence of a signal (IRES)",
        "identity (NAME, INF1, INF2, SNUM, SVER, CLSS)",
        "notifications (LKUP, POWR, ERST, INPT by UDP)",
        "search (SRCH, ACKN)",
    )
    not_offered = {
        "speaker and microphone volume (SVOL, MVOL)": "the projector never tells the volume, so no step can be proved",
        "freeze (FREZ)": "the model has no verb for it",
        "recommended resolution (RRES)": "no point shows it",
        "spare part numbers (RLMP, RFIL)": "no point shows them",
        "other information (INFO)": "free text of the maker's, with no point",
    }
    units = '""'
    Settings = PjlinkSettings
    settings: PjlinkSettings
    power_question = "POWR"

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.greeted = False
        self.klass = 1
        self.inputs: dict[str, str] = {}
        self.maker = ""

    def side_links(self) -> Mapping[str, str]:
        port = self.settings.notify_port
        return {"notify": f"listen+udp://0.0.0.0:{port}?from={self.host}"} if port and self.host else {}

    # ---- what the projector says -----------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if link == "notify":
            yield from self._notified(data.data)
            return
        text = data.strip(b"\0 \t\n").decode("utf-8", "replace")
        if greeting := _GREETING.fullmatch(text):
            yield from self._greeted(greeting[1].upper(), greeting[2] or "")
        elif reply := _REPLY.fullmatch(text):
            body, value = reply[1].upper(), reply[2]
            if body == "LKUP":
                yield from self._linked_up()
            elif isinstance(tag, Request):
                yield from self._answered_command(tag, body, value)
            elif isinstance(tag, Ask):
                yield from self._answered(tag, body, value)

    def _greeted(self, kind: str, random: str) -> Actions:
        """Section 5: `PJLINK 0` asks for nothing, `PJLINK 1 <random>` for a digest before the first command."""
        if kind == "ERRA":
            yield Drop(Reason.LOGIN_REFUSED, "the projector refused the password")
        elif self.greeted:
            return
        elif kind not in ("0", "1") or (kind == "1" and not random):
            yield Drop(Reason.LOGIN_REFUSED, "the projector asks for a log-in that is not PJLink's MD5 log-in")
        elif kind == "1" and not self.settings.password:
            yield Drop(Reason.LOGIN_REFUSED, "the projector asks for a password and none is set")
        else:
            self.greeted = True
            first = Ask("", "CLSS")
            self.asked.add(first)
            self.unanswered = {first, *(Ask("", what) for what in FIRST)}
            question = self.question(first)
            if kind == "1":
                secret = (random + self.settings.password).encode()
                digest = hashlib.md5(secret, usedforsecurity=False).hexdigest()
                question = Send(digest.encode() + question.data, tag=first, hide=(digest,))
            yield question

    def _answered_command(self, request: Request, body: str, value: str) -> Actions:
        if body != self._wire(request.command)[0]:
            yield Drop(Reason.PROTOCOL_ERROR, f"the projector answered {body} out of step")
        elif value.upper() == "OK":
            yield from self.acknowledged(request, body)
        else:
            yield Refused(request, self._words(value))

    def _answered(self, ask: Ask, body: str, value: str) -> Actions:
        if body != ask.what[:4]:
            yield Drop(Reason.PROTOCOL_ERROR, f"the projector answered {body} to {ask.what}")
            return
        points: Mapping[str, Any] = {}
        if value.upper() == "ERR3":
            points = UNKNOWN.get(body, {})
        elif not value.upper().startswith("ERR"):
            points = self._learn(ask.what, body, value.strip())
        yield from self.learned(ask, absent=value.upper() == "ERR1", **points)
        if body == "CLSS":
            yield from self.ask("", *FIRST, "ERST", "LAMP", "NAME", "INF1", "INF2")

    def _learn(self, what: str, body: str, value: str) -> Mapping[str, Any]:
        """What an answer says of the projector itself; the rest is its state."""
        match body:
            case "CLSS":
                self.klass = 2 if value == "2" else 1
            case "INST":
                codes = (code for code in value.upper().split() if INPUT.fullmatch(code))
                self.inputs = {code: f"{KINDS[code[0]]} {code[1]}" for code in codes}
            case "INNM":
                if what[5:] in self.inputs and value:
                    self.inputs[what[5:]] = value
            case "INF1":
                self.maker = value
            case "INF2":
                return {"model": f"{self.maker} {value}".strip()}
            case _ if body in IDENTITY:
                return {IDENTITY[body]: value}
            case _:
                return self._points(body, value.upper())
        return {}

    @staticmethod
    def _points(body: str, value: str) -> Mapping[str, Any]:
        """What a value says, as points; nothing where it makes no sense."""
        match body:
            case "POWR" if value in POWER:
                return {"power": POWER[value]}
            case "INPT" if INPUT.fullmatch(value):
                return {"input": value}
            case "AVMT" if re.fullmatch("[123][01]", value):  # 4.6: 1 picture, 2 sound, 3 both; 1 muted, 0 not
                return {"video_muted": value in ("11", "31"), "muted": value in ("21", "31")}
            case "ERST" if re.fullmatch("[012]{6}", value):
                told = zip(FAULTS, value, strict=True)
                return {"faults": tuple(f"{part} {LEVELS[level]}" for part, level in told if level in LEVELS)}
            case "LAMP" if re.fullmatch(r"[0-9]{1,6} [01]( [0-9]{1,6} [01]){0,7}", value):  # 4.8: up to eight lamps
                hours = tuple(int(word) for word in value.split(" ")[::2])
                return {"lamp_hours": hours[0]} | ({"lamps": hours} if len(hours) > 1 else {})
            case "FILT" if re.fullmatch(r"[0-9]{1,6}", value):
                return {"filter_hours": int(value)}
            case "IRES" if re.fullmatch(r"[0-9]+X[0-9]+|[-*]", value):  # 4.19: - no signal, * one it cannot tell of
                return {"signal": value != "-"}
        return {}

    def woken(self, unit: str) -> Actions:
        """Inputs and mutes come and go with the power."""
        if self.ready:
            yield from self.ask("", "INPT", "AVMT", "LAMP", *(("IRES",) if self.klass == 2 else ()))

    def usable(self) -> Actions:
        before = self.ready
        yield from super().usable()
        if self.ready and not before:
            yield Later(HOURS, "hours")

    def _notified(self, data: bytes) -> Actions:
        """Class 2 status notifications (3.3), one datagram or several lines in one."""
        for line in data.split(b"\r") if self.ready else ():
            text = line.strip(b"\0 \n").decode("utf-8", "replace")
            match = _REPLY.fullmatch(text)
            if not match or text[1] != "2":
                continue
            body = match[1].upper()
            if body == "LKUP":
                yield from self._linked_up()
            elif body in ("POWR", "INPT", "ERST") and (points := self._points(body, match[2].strip().upper())):
                yield from self.tell("", **points)

    def _linked_up(self) -> Actions:
        """Its network has just come up: what we know may be from before; a dead connection shows itself, too."""
        if self.ready:
            yield from self.due("poll")

    # ---- what is asked of it ---------------------------------------------------------------------------------

    def wanted(self, unit: str) -> Iterable[str]:
        return (*STATE, "IRES") if self.klass == 2 else STATE

    def first_round(self, unit: str) -> Iterable[str]:
        names = (f"INNM {code}" for code in self.inputs)
        return ("SNUM", "SVER", "IRES", "FILT", *names) if self.klass == 2 else ()

    def due(self, name: str) -> Actions:
        if name == "hours":
            yield from self.ask("", "LAMP", *(("FILT",) if self.klass == 2 else ()))
            yield Later(HOURS, "hours")
        else:
            yield from super().due(name)

    def question(self, ask: Ask) -> Send:
        body, of = ask.what[:4], ask.what[5:]
        klass = self.klass if body in ("INPT", "INST") else 2 if body in CLASS_2 else 1
        return Send(f"%{klass}{body} ?{of}\r".encode(), tag=ask)

    def say(self, request: Request) -> Actions:
        body, value = self._wire(request.command)
        if not body:
            yield Refused(request, "a PJLink projector cannot do that")
        elif body == "INPT" and not INPUT.fullmatch(value):
            yield Refused(request, f"no such input: {value}; there are {', '.join(self.inputs) or 'none'}")
        else:
            klass = self.klass if body == "INPT" else 1  # class 2 has more inputs than class 1 can name (4.3)
            yield Send(f"%{klass}{body} {value}\r".encode(), tag=request)

    def _wire(self, command: Command) -> tuple[str, str]:
        match command:
            case SetPower(on=on):
                return "POWR", "1" if on else "0"
            case SelectInput(input=code):
                return "INPT", code
            case SetVideoMute(on=on):
                return "AVMT", ("3" if self.settings.video_mute == "picture and sound" else "1") + "01"[on]
            case SetMute(on=on):
                return "AVMT", "2" + "01"[on]
        return "", ""

    def _words(self, code: str) -> str:
        power = self.points[""].get("power")
        state = {"off": "it is off", "cooling": "it is cooling down", "warming": "it is warming up"}.get(power or "")
        return {  # 2.2
            "ERR1": "the projector does not know this command (ERR1)",
            "ERR2": "the projector has no such input or function (ERR2)",
            "ERR3": f"the projector cannot do that now{': ' + state if state else ''} (ERR3)",
            "ERR4": "the projector has failed (ERR4)",
        }.get(code.upper(), f"the projector answered {code!r}")

    def offer(self, unit: str) -> Offers:
        verbs: dict[str, tuple[type[Command], ...]] = {
            "POWR": (SetPower,),
            "INPT": (SelectInput,),
            "AVMT": (SetVideoMute, SetMute),
        }
        known = (several for body, several in verbs.items() if Ask("", body) not in self.absent)
        return Offers("", frozenset(verb for several in known for verb in several), {"input": dict(self.inputs)})
