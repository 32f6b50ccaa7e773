"""Biamp Tesira over the Tesira Text Protocol: telnet (with its option negotiation, done by the link) or SSH.

A unit names attributes of DSP blocks: `Level1/level/1` is instance tag, attribute, index. Everything that a room is
shown is subscribed to, and never polled; subscriptions end with the session, so each connection makes them afresh. The
Tesira echoes what it is told and answers `+OK` or `-ERR`: that ends a turn, and `! "publishToken"...` is what confirms.
What may not live here: what a value means to a room (`blocks.py`). Source: Tesira help, Tesira Text Protocol.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.audio.blocks import blocks
from gateway.commands import Command, RecallPreset
from gateway.cutters import Feed, Overflow
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
)
from gateway.model import Reason

WHERE = re.compile(r"([^/&]{1,64})/([A-Za-z]{1,40})(?:/([0-9]{1,3}))?")  # / and & may not be in an instance tag
PUBLISHED = re.compile(r'! ?(?:"publishToken":)?"([^"]*)" (?:"value":)?(\S+)')  # verbose or not
VALUE = re.compile(r'\+OK (?:"value":)?"([^"]*)"')
NAMES = re.compile(r'"([^"]*)"')
PROMPT = re.compile(rb"[\s\0]*(login|username|password): ?", re.IGNORECASE)
BANNER = "Welcome to the Tesira Text Protocol Server"
IDENTITY = {"serialNumber": "serial", "version": "firmware", "hostname": "name"}  # attributes of DEVICE
ALIVE = 30.0  # seconds between questions that only show that somebody is there


@dataclass(frozen=True)
class Spoken:
    """Lines, and the prompts of a log-in, which have no end. Only a +OK or a complaint ends a turn."""

    limit: int = 65_536

    def start(self) -> Feed:
        held = bytearray()

        def feed(data: Any) -> list[Any]:
            held.extend(data)
            found: list[bytes] = []
            while held:
                if prompt := PROMPT.match(held):
                    found.append(prompt[1].lower() + b":")
                    del held[: prompt.end()]
                    continue
                end = held.find(b"\n")
                if end < 0:
                    break
                if line := bytes(held[:end]).strip(b" \r\0"):
                    found.append(line)
                del held[: end + 1]
            if len(held) > self.limit:
                raise Overflow(f"no end of line within {self.limit} bytes")
            return found

        return feed

    def answers(self, message: Any) -> bool:
        return bool(message.startswith((b"+OK", b"-")))


@dataclass(frozen=True)
class TesiraTtpSettings(Settings):
    """Settings of a Tesira server."""

    username: str = setting("default", "user; over telnet it is only used where the system is protected")
    password: str = setting("", "the user's password", secret=True)
    units: Mapping[str, Any] = setting(
        {}, 'unit -> its attributes: `units.room = { volume = "Level1/level/1", mute = "Level1/mute/1" }`'
    )
    presets: Mapping[str, Any] = setting({}, "preset 0 to 99 -> the Tesira's: its number (1001 on) or its name")
    rate: int = setting(100, "milliseconds that lie between two reports of one attribute at least")

    def __post_init__(self) -> None:
        for name, held in blocks(self.units).items():
            for control, words in held.controls.items():
                if not WHERE.fullmatch(words):
                    raise ValueError(f"{name}.{control} is TAG/attribute/index, such as Level1/level/1")
        for number, preset in self.presets.items():
            named = isinstance(preset, str) and 0 < len(preset) <= 64 and not re.search(r'["\x00-\x1f]', preset)
            counted = isinstance(preset, int) and not isinstance(preset, bool) and 1001 <= preset <= 9999
            if not (str(number).isdecimal() and int(number) <= 99 and (named or counted)):
                raise ValueError(f"presets.{number} is a preset 0 to 99 = a number 1001 to 9999, or a name")
        if not 10 <= self.rate <= 60_000:
            raise ValueError("rate is 10 to 60000 milliseconds")


class TesiraTtp(Driver):
    """One Tesira system, through the server that it is connected to."""

    name = "tesira_ttp"
    title = "Biamp Tesira (TTP)"
    models = "TesiraFORTÉ, SERVER, SERVER-IO, TesiraXEL and others that speak TTP"
    links: ClassVar[Mapping[str, int]] = {"telnet": 23, "ssh": 22}
    plays = frozenset({"volume", "mics", "microphone", "sound"})
    cutter = Spoken()
    timing = Timing(window=1, reply=4.0, ready=20.0)  # the banner may be seconds behind the open port
    sources = (
        "Tesira help, Tesira Text Protocol: syntax, responses, subscriptions, device, session",
        "Biamp Cornerstone, Tesira Text Protocol Subscriptions; Telnet session negotiation in Tesira",
        "RoomGate facts: room devices 6",
    )
    offered = (
        "levels and mutes of any block",
        "subscriptions, verbose and not",
        "presets by number and by name",
        "-ERR, -CANNOT_DELIVER, -GENERAL_FAILURE",
        "telnet and SSH, protected systems",
        "serial number, version, host name",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "meters": "a room shows no meters, and their reports never end",
        "dialers, VoIP": "calls are the codec's",
        "routers, source selectors": "a block's numbers are no names of sources; a preset does it",
        "RS-232": "the same words; a system on the network is the usual one",
        "faults (activeFaultList)": "its answer's form is not documented well enough",
    }
    pushes = True
    units = "a name from `units`; nothing for the system itself (its presets)"
    Settings: ClassVar[type[Settings]] = TesiraTtpSettings
    settings: TesiraTtpSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.blocks = blocks(self.settings.units)
        pairs = [(unit, control) for unit, held in self.blocks.items() for control in held.controls]
        self.tokens = {f"rg{number}": pair for number, pair in enumerate(pairs)}
        self.waiting = set(self.tokens)  # subscriptions that are not answered
        self.faults: dict[str, str] = {}
        self.greeted = self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every line that can be sent, for one unit."""
        yield from ("SESSION set verbose true", "SESSION set detailedResponse false", "SESSION get aliases")
        yield from (f"DEVICE get {word}" for word in IDENTITY)
        yield from ("Level1 subscribe level 1 rg0 100", "Level1 set level 1 -10", "Level1 set mute 1 true")
        yield from ("DEVICE recallPreset 1001", 'DEVICE recallPresetByName "NAME"')

    def opening(self) -> Opening:
        """Over SSH the link logs in."""
        return Opening(username=self.settings.username, password=self.settings.password)

    def valid_unit(self, unit: str) -> bool:
        return unit == "" or unit in self.blocks

    def may_take(self, unit: str) -> frozenset[type[Command]]:
        """The device its presets, a block the controls that the profile names."""
        return self.blocks[unit].offers() if unit else frozenset({RecallPreset} if self.settings.presets else ())

    # ---- asking ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """It greets when it is there: nothing may be said before (Biamp: wait for the banner)."""
        return ()

    @staticmethod
    def _say(line: str, tag: Hashable) -> Send:
        return Send(line.encode() + b"\n", tag=tag)

    def _line(self, unit: str, control: str, verb: str, *last: str) -> str:
        match = WHERE.fullmatch(self.blocks[unit].controls[control])
        assert match is not None  # the settings have been looked at
        tag, attribute, index = match.groups()
        return " ".join([f'"{tag}"' if " " in tag else tag, verb, attribute, *([index] if index else []), *last])

    def _begin(self) -> Actions:
        """What some controllers open with, too; then who is there."""
        self.greeted = True
        yield self._say("SESSION set verbose true", "session")
        yield self._say("SESSION set detailedResponse false", "session")
        yield self._say("SESSION get aliases", "aliases")

    def command(self, request: Request) -> Actions:
        """Set an attribute, or recall a preset."""
        block = self.blocks.get(request.unit)
        order = block.order(request.command) if block else None
        preset = self.settings.presets.get(str(getattr(request.command, "preset", "")))
        if isinstance(request.command, RecallPreset) and preset is not None:
            words = f'ByName "{preset}"' if isinstance(preset, str) else f" {preset}"
            yield self._say(f"DEVICE recallPreset{words}", request)
        elif order is None:
            yield Refused(request, "the profile names nothing for that")
        else:
            control, value = order
            words = str(value).lower() if isinstance(value, bool) else f"{value:.2f}"
            yield self._say(self._line(request.unit, control, "set", words), request)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The banner, a prompt, a report, an answer to `tag`; anything else is an echo."""
        line = data.decode("utf-8", "replace")
        if match := PUBLISHED.fullmatch(line):
            yield from self._published(*match.groups())
        elif line.startswith("+OK"):
            yield from self._answered(tag, line)
        elif line.startswith("-"):
            yield from self._complained(tag, line.removeprefix("-ERR").strip(" -"))
        elif self.greeted:
            return
        elif line.startswith(BANNER):
            yield from self._begin()
        elif line in ("login:", "username:"):
            yield Send(self.settings.username.encode() + b"\n", reply=False)
        elif line == "password:":
            secret = self.settings.password
            yield Send(secret.encode() + b"\n", reply=False, hide=(secret,) if secret else ())
        elif "incorrect" in line.lower():
            yield Drop(Reason.LOGIN_REFUSED, line)

    def _published(self, token: str, text: str) -> Actions:
        unit, control = self.tokens.get(token, ("", ""))
        if not control:
            return
        value: object = {"true": True, "false": False}.get(text)
        if value is None:
            try:
                value = float(text)
            except ValueError:
                value = None
        yield Feedback(unit, **self.blocks[unit].points(control, value))

    def _answered(self, tag: Hashable, line: str) -> Actions:
        if isinstance(tag, Request):
            if isinstance(tag.command, RecallPreset):
                yield Feedback("", assumed=True, preset=str(tag.command.preset))
            yield Taken(tag)
        elif tag == "aliases":
            yield from self._subscribe(frozenset(NAMES.findall(line)))
        elif tag in IDENTITY and (match := VALUE.match(line)):
            held: dict[str, Any] = {IDENTITY[str(tag)]: match[1]}
            yield Feedback("", **held)
        elif tag in self.waiting:
            yield from self._done(str(tag))

    def _complained(self, tag: Hashable, words: str) -> Actions:
        if isinstance(tag, Request):
            yield Refused(tag, words)
        elif tag == "aliases":
            yield Drop(Reason.PROTOCOL_ERROR, words)
        elif tag in self.waiting:
            if "ALREADY_SUBSCRIBED" not in words:
                self.faults.setdefault(self.tokens[str(tag)][0], words)
            yield from self._done(str(tag))

    def _subscribe(self, aliases: frozenset[str]) -> Actions:
        """Every block that there is; the profile may know more than the design does."""
        for attribute in IDENTITY:
            yield self._say(f"DEVICE get {attribute}", attribute)
        for token, (unit, control) in self.tokens.items():
            instance = self.blocks[unit].controls[control].partition("/")[0]
            if instance in aliases:
                yield self._say(self._line(unit, control, "subscribe", token, str(self.settings.rate)), token)
            else:
                self.faults.setdefault(unit, f"the design has no block {instance!r}")
                self.waiting.discard(token)
        if not self.waiting:
            yield from self._usable()

    def _done(self, token: str) -> Actions:
        self.waiting.discard(token)
        if not self.waiting and not self.ready:
            yield from self._usable()

    def _usable(self) -> Actions:
        self.ready = True
        yield Offers("", self.may_take(""))
        for unit in self.blocks:
            if unit not in self.faults:
                yield Offers(unit, self.may_take(unit))
        yield Feedback("", faults=tuple(f"{unit}: {words}" for unit, words in self.faults.items()))
        yield Ready()
        yield Later(ALIVE, "alive")

    def due(self, name: str) -> Actions:
        """A question that only shows that somebody is there; values come by themselves."""
        yield self._say("DEVICE get hostname", "hostname")
        yield Later(ALIVE, "alive")
