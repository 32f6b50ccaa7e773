"""Shure microphones, receivers and processors by their command strings: TCP 2202, `< GET 1 AUDIO_MUTE >`.

The device answers `< REP 1 AUDIO_MUTE OFF >`, tells every client of every change by the same words, and says
`< REP ERR >` to what it does not know. So what a device can do is what it answers to. What may not live here: what
decibels are to a room (`blocks.py`). Sources: Shure command strings of MXA910/920, P300, ULX-D, QLX-D, AD4, SLX-D.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from drivers.audio.blocks import Scale
from gateway.commands import Command, RecallPreset, SetIndicator, SetMicMute, SetMute, SetVolume
from gateway.cutters import Feed, Overflow
from gateway.driver import (
    Actions,
    Answered,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
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
from gateway.model import Reason

CHANNELS = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?")
REPORT = re.compile(r"REP (?:([0-9]{1,2}) )?([A-Z_0-9]{2,40}) (?:\{(.*)\}|(\S+))", re.S)
IDENTITY = {"MODEL": "model", "SERIAL_NUM": "serial", "FW_VER": "firmware", "DEVICE_ID": "name"}
MUTED, LAMP, PRESET = "DEVICE_AUDIO_MUTE", "DEV_LED_IN_STATE", "PRESET"


class Family(NamedTuple):
    """How a family counts: the gain's word, digits, dB at 0, steps in a dB, highest; and the battery's word."""

    gain: str
    digits: int
    offset: int
    steps: int
    highest: int
    battery: str = ""
    full: int = 100  # the battery's highest; what lies above means that nobody knows


FAMILIES = {
    "array": Family("AUDIO_GAIN_HI_RES", 4, -110, 10, 1400),
    "ulxd": Family("AUDIO_GAIN", 3, -18, 1, 60, "BATT_CHARGE"),
    "axient": Family("AUDIO_GAIN", 3, -18, 1, 60, "TX_BATT_CHARGE_PERCENT"),
    "slxd": Family("AUDIO_GAIN", 3, -18, 1, 60, "TX_BATT_BARS", 5),
}


def channels(text: str) -> tuple[str, ...]:
    """`1-3,17` -> ("1", "2", "3", "17"). Raises ValueError for what is no list of channels 1 to 99."""
    found: list[str] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        span = CHANNELS.fullmatch(part)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last:
            raise ValueError(f"{text!r} is no list of channels 1 to 99, such as 1-3,17")
        found += [str(number) for number in range(first, last + 1)]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Messages:
    """What stands between `<` and `>`. Only an ERR ends a turn by itself: a REP says by its words what it answers."""

    limit: int = 4096

    def start(self) -> Feed:
        held = bytearray()

        def feed(data: Any) -> list[Any]:
            held.extend(data)
            found: list[bytes] = []
            while (end := held.find(b">")) >= 0:
                message = bytes(held[:end])
                del held[: end + 1]
                begin = message.rfind(b"<")
                if begin >= 0 and message[begin + 1 :].strip():
                    found.append(message[begin + 1 :].strip())
            if len(held) > self.limit:
                raise Overflow(f"no end of message within {self.limit} bytes")
            return found

        return feed

    def answers(self, message: Any) -> bool:
        return bool(message == b"REP ERR")


@dataclass(frozen=True)
class ShureSettings(Settings):
    """Settings of a Shure device."""

    family: Literal["array", "ulxd", "axient", "slxd"] = setting(
        "array", "array (MXA, P300, ANI, IntelliMix), ulxd (ULX-D, QLX-D), axient (AD4) or slxd"
    )
    channels: str = setting("1", "channels that are microphones: `1-4`")
    speakers: str = setting("", "channels that the room hears (a P300's outputs): `17,18`; their mute is the room's")
    minimum: float = setting(-18.0, "gain in dB that is volume 0")
    maximum: float = setting(12.0, "gain in dB that is volume 100")
    curve: str = setting("linear", "linear (in dB) or taper (finer near the top)")
    poll: float = setting(30.0, "seconds between looks, though every change is told")

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family is one of {', '.join(FAMILIES)}")
        Scale(self.minimum, self.maximum, self.curve)
        held = FAMILIES[self.family]
        if not held.offset <= self.minimum < self.maximum <= held.offset + held.highest / held.steps:
            raise ValueError(
                f"{self.family} counts from {held.offset} to {held.offset + held.highest // held.steps} dB"
            )
        if set(channels(self.channels)) & set(channels(self.speakers)):
            raise ValueError("a channel is a microphone or a speaker")
        if not channels(self.channels) + channels(self.speakers):
            raise ValueError("channels names at least one")
        if self.poll < 0.2:
            raise ValueError("poll is at least 0.2 seconds")


class Shure(Driver):
    """One device; its units are its channels, and "" is the device itself."""

    name = "shure"
    title = "Shure (command strings)"
    models = "MXA310/710/901/902/910/920, P300, ANI, IntelliMix Room; ULX-D, QLX-D, Axient Digital, SLX-D receivers"
    links: ClassVar[Mapping[str, int]] = {"tcp": 2202}
    plays = frozenset({"microphone", "mics", "volume", "sound"})
    takes = frozenset({RecallPreset, SetIndicator, SetMicMute, SetMute, SetVolume})
    cutter = Messages()
    timing = Timing(window=1, reply=3.0)
    sources = (
        "Shure command strings: MXA910, MXA920, P300, ULX-D and QLX-D, Axient Digital, SLX-D",
        "RoomGate facts: room devices 6",
    )
    offered = (
        "mute of the device and of each channel",
        "gain in 0.1 dB (arrays, P300) or 1 dB (receivers)",
        "LED-in state of the device",
        "battery of wireless transmitters",
        "presets 1 to 10",
        "REP ERR as a refusal",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "colours and brightness of the LED": "set-up, done once in Designer",
        "LED-in state of single channels (ANI)": "not documented well enough in public",
        "meters (SAMPLE)": "a room shows no meters; they stay off",
        "lobes, EQ, automixer, matrix": "set-up, done once in Designer",
        "radio (frequency, RSSI, transmitter's switch)": "for the sound engineer's tools",
        "MXCW, MXW access points": "other words, and seats in place of channels",
    }
    pushes = True
    units = "a channel such as 1; nothing for the whole device"
    Settings: ClassVar[type[Settings]] = ShureSettings
    settings: ShureSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        held = self.settings
        self.family = FAMILIES[held.family]
        self.scale = Scale(held.minimum, held.maximum, held.curve)
        self.speakers = frozenset(channels(held.speakers))
        self.all = channels(held.channels) + channels(held.speakers)
        self.known: set[tuple[str, str]] = set()  # unit, word: what it answered to
        self.absent: set[tuple[str, str]] = set()
        self.pending: dict[tuple[str, str], list[Hashable]] = {}  # what a REP would answer
        self.waiting = set(self._words())  # first questions that are not answered
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every command that can be sent, for channel 1."""
        yield from (f"< GET {word} >" for word in (*IDENTITY, MUTED, LAMP, PRESET))
        yield from ("< GET 1 AUDIO_MUTE >", "< GET 1 AUDIO_GAIN_HI_RES >", "< GET 1 BATT_CHARGE >")
        yield from ("< SET 1 AUDIO_MUTE ON >", "< SET 1 AUDIO_GAIN_HI_RES 1100 >", "< SET 1 AUDIO_GAIN 018 >")
        yield from (f"< SET {MUTED} ON >", f"< SET {LAMP} ON >", f"< SET {PRESET} 1 >")

    def valid_unit(self, unit: str) -> bool:
        return unit == "" or unit in self.all

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A level is shown by the nearest gain that the device can have: a receiver counts whole decibels."""
        held = points.get("volume")
        if isinstance(command, SetVolume) and held is not None:
            return self._gain(held) == self._gain(command.level)
        return shows(command, points)

    def _gain(self, level: int) -> str:
        value = round((self.scale.decibels(level) - self.family.offset) * self.family.steps)
        return f"{min(self.family.highest, max(0, value)):0{self.family.digits}}"

    # ---- asking ----------------------------------------------------------------------------------------------

    def _words(self) -> Iterator[tuple[str, str]]:
        """Everything that is worth asking of this family."""
        device = (MUTED, LAMP, PRESET) if self.settings.family == "array" else ()
        yield from (("", word) for word in (*IDENTITY, *device))
        for channel in self.all:
            yield channel, "AUDIO_MUTE"
            yield channel, self.family.gain
            if self.family.battery and channel not in self.speakers:
                yield channel, self.family.battery

    def _say(self, verb: str, unit: str, word: str, value: str, tag: Hashable) -> Send:
        text = " ".join(part for part in ("<", verb, unit, word, value, ">") if part)
        self.pending.setdefault((unit, word), []).append(tag)
        return Send(text.encode(), tag=tag)

    def opened(self) -> Actions:
        """Ask for everything; what it answers to, it can."""
        for unit, word in self._words():
            yield self._say("GET", unit, word, "", ("get", unit, word))

    def command(self, request: Request) -> Actions:
        """Set one thing of a channel or of the device."""
        unit = request.unit
        match request.command:
            case SetMicMute(on) if unit not in self.speakers:
                word, value = (MUTED if unit == "" else "AUDIO_MUTE"), "ON" if on else "OFF"
            case SetMute(on) if unit in self.speakers:
                word, value = "AUDIO_MUTE", "ON" if on else "OFF"
            case SetVolume(level) if unit:
                word, value = self.family.gain, self._gain(level)
            case SetIndicator(on) if unit == "":
                word, value = LAMP, "ON" if on else "OFF"
            case RecallPreset(preset) if unit == "" and 1 <= preset <= 10:
                word, value = PRESET, str(preset)
            case _:
                yield Refused(request, "this channel cannot do that")
                return
        if (unit, word) in self.absent:
            yield Refused(request, f"this device does not know {word}")
            return
        yield self._say("SET", unit, word, value, request)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A report, asked for or not; or an error, which ends the exchange of `tag`."""
        text = data.decode("utf-8", "replace")
        if text == "REP ERR":
            for tags in self.pending.values():
                if tag in tags:
                    tags.remove(tag)
            if isinstance(tag, Request):
                yield Refused(tag, "ERR")
            elif isinstance(tag, tuple):
                self.absent.add(tag[1:])
                yield from self._heard(tag[1:])
        elif match := REPORT.fullmatch(text):
            unit, word = str(int(match[1])) if match[1] else "", match[2]
            if unit == "0":  # all channels, where a device is asked so by somebody else
                return
            yield from self._told(unit, word, (match[3] if match[3] is not None else match[4]).strip())
            for one in self.pending.pop((unit, word), ())[:]:
                yield Answered(one)
                if isinstance(one, Request):
                    yield Taken(one)
            self.known.add((unit, word))
            yield from self._heard((unit, word))

    def _told(self, unit: str, word: str, value: str) -> Actions:
        on = {"ON": True, "OFF": False}.get(value.upper())
        number = int(value) if value.isascii() and value.isdecimal() else None
        points: dict[str, Any] = {}
        if unit == "":
            if word in IDENTITY:
                points = {IDENTITY[word]: f"Shure {value}" if word == "MODEL" else value}
            elif word == MUTED:
                points = {"mic_muted": on}
            elif word == LAMP:
                points = {"indicator": on}
            elif word == PRESET and number is not None:
                points = {"preset": str(number)}
        elif unit in self.all:
            if word == "AUDIO_MUTE":
                points = {"muted" if unit in self.speakers else "mic_muted": on}
            elif word == self.family.gain and number is not None:
                points = {"volume": self.scale.level(number / self.family.steps + self.family.offset)}
            elif word == self.family.battery and number is not None:
                points = {"battery": number * 100 // self.family.full if number <= self.family.full else None}
        if points:
            yield Feedback(unit, **points)

    def _heard(self, what: tuple[Any, ...]) -> Actions:
        """One of the first questions is answered; after the last, what it can do is known."""
        self.waiting.discard(what)
        if self.ready or self.waiting:
            return
        if not any((channel, word) in self.known for channel in self.all for word in ("AUDIO_MUTE", self.family.gain)):
            yield Drop(Reason.PROTOCOL_ERROR, "none of the channels answers: look at family and channels")
            return
        self.ready = True
        device: dict[str, type[Command]] = {MUTED: SetMicMute, LAMP: SetIndicator, PRESET: RecallPreset}
        yield Offers("", frozenset(command for word, command in device.items() if ("", word) in self.known))
        for channel in self.all:
            mute: type[Command] = SetMute if channel in self.speakers else SetMicMute
            words = {"AUDIO_MUTE": mute, self.family.gain: SetVolume}
            yield Offers(channel, frozenset(verb for word, verb in words.items() if (channel, word) in self.known))
        yield Ready()
        yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """A look at what moves, which shows too that it is there."""
        for unit, word in self._words():
            asked = bool(self.pending.get((unit, word)))
            if word not in IDENTITY and (unit, word) not in self.absent and not asked:
                yield self._say("GET", unit, word, "", ("get", unit, word))
        yield Later(self.settings.poll, "poll")
