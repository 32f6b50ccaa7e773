"""Lights on one DMX universe: which channels a light has, how it fades, and how often a frame is due.

Nothing ever comes back, so every level is believed. Before the first command nothing is sent, and what other senders
hold stays; from then on the universe is ours, and every channel without a light is 0. What may not live here: the form
of a frame (`sacn.py`, `artnet.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import Command, RecallPreset, SetLevel
from gateway.driver import (
    Actions,
    Datagram,
    Driver,
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
)

SLOTS = 512
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
SPAN = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")
FRAME = 0.04  # seconds between frames of a fade: 25 a second
SETTLE = 3  # frames that repeat a level that has been reached, since a datagram may be lost


def channels(text: str) -> tuple[int, ...]:
    """`1-3,7` -> (1, 2, 3, 7). Raises ValueError for what is no list of channels 1 to 512."""
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        span = SPAN.fullmatch(part)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last <= SLOTS:
            raise ValueError(f"{text!r} is no list of channels 1 to 512, such as 1-3,7")
        found += range(first, last + 1)
    return tuple(found)


@dataclass(frozen=True)
class LightSettings(Settings):
    """What a profile says of the lights of one universe."""

    lights: Mapping[str, Any] = setting({}, 'light -> its channels: `front = "1-3,7"`')
    looks: Mapping[str, Any] = setting({}, "preset 0 to 99 -> a table light -> level: `looks.1 = { front = 80 }`")
    look_fade: float = setting(1.0, "seconds that a preset fades")

    def __post_init__(self) -> None:
        for name, text in self.lights.items():
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a light: small letters, digits, - and _")
            channels(str(text))
        for number, look in self.looks.items():
            if not number.isdecimal() or int(number) > 99 or not isinstance(look, Mapping):
                raise ValueError(f"looks.{number} is a preset 0 to 99 with a table light -> level")
            for name, level in look.items():
                if name not in self.lights:
                    raise ValueError(f"looks.{number}: there is no light {name!r}")
                if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= 100:
                    raise ValueError(f"looks.{number}.{name} is a level 0 to 100")
        if not 0 <= self.look_fade <= 600:
            raise ValueError("look_fade is 0 to 600 seconds")


@dataclass(slots=True)
class Fade:
    """One light on its way."""

    start: float
    goal: int
    began: float
    seconds: float

    def now(self, now: float) -> float:
        part = 1.0 if self.seconds <= 0 else min(1.0, (now - self.began) / self.seconds)
        return self.start + (self.goal - self.start) * part


class Lights(Driver):
    """One universe; its units are its lights, and "" is all of them."""

    plays = frozenset({"light"})
    timing = Timing(window=4)
    units = "a light's name from `lights`, or nothing for all of them"
    refresh: ClassVar[float] = 1.0  # seconds after which a frame that says nothing new is due
    settings: LightSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.channels = {name: channels(str(text)) for name, text in self.settings.lights.items()}
        self.levels: dict[str, float] = {}
        self.fades: dict[str, Fade] = {}
        self.sequence = 0
        self.repeats = 0

    def frame(self, slots: bytes, *, last: bool = False) -> Datagram:
        """512 slots in the protocol's own packet; `last`: we stop sending."""
        raise NotImplementedError

    def valid_unit(self, unit: str) -> bool:
        return unit == "" or unit in self.channels

    def may_take(self, unit: str) -> frozenset[type[Command]]:
        """Looks are of all channels."""
        return frozenset({SetLevel, RecallPreset}) if self.settings.looks and not unit else frozenset({SetLevel})

    def patience(self, command: Command) -> float:
        return command.patience + (command.fade if isinstance(command, SetLevel) else self.settings.look_fade)

    def opened(self) -> Actions:
        """Nobody can be asked; nothing is sent before somebody wants light."""
        for unit in ("", *self.channels):
            yield Offers(unit, self.may_take(unit))
        yield Ready()

    def command(self, request: Request) -> Actions:
        """Begin to fade; the first frame leaves at once."""
        match request.command:
            case SetLevel(level, fade):
                wanted = dict.fromkeys(self.channels if request.unit == "" else (request.unit,), level)
                yield from self._begin(wanted, fade)
                if request.unit == "":
                    yield Feedback("", assumed=True, level=level)
            case RecallPreset(preset) if request.unit == "" and str(preset) in self.settings.looks:
                yield from self._begin(dict(self.settings.looks[str(preset)]), self.settings.look_fade)
                yield Feedback("", assumed=True, preset=str(preset), level=None)
            case RecallPreset(preset):
                yield Refused(request, f"there is no look {preset}")
                return
            case _:
                yield Refused(request, "a light takes a level")
                return
        yield Taken(request)

    def _begin(self, wanted: Mapping[str, int], seconds: float) -> Actions:
        for name, goal in wanted.items():
            self.fades[name] = Fade(self.levels.get(name, 0.0), goal, self.now, seconds)
        yield from self._send()

    def _send(self) -> Actions:
        """The next frame, and what has arrived with it."""
        self.levels.update({name: fade.now(self.now) for name, fade in self.fades.items()})
        yield Send(self.frame(self._slots()), reply=False)
        for name in [name for name, fade in self.fades.items() if self.now >= fade.began + fade.seconds]:
            yield Feedback(name, assumed=True, level=self.fades.pop(name).goal)
            self.repeats = SETTLE
        self.sequence = self.sequence % 255 + 1
        soon = bool(self.fades) or self.repeats > 0
        if not self.fades and self.repeats:
            self.repeats -= 1
        yield Later(FRAME if soon else self.refresh, "frame")

    def _slots(self) -> bytes:
        slots = bytearray(SLOTS)
        for name, level in self.levels.items():
            for channel in self.channels[name]:
                slots[channel - 1] = round(level * 255 / 100)
        return bytes(slots)

    def due(self, name: str) -> Actions:
        """A frame is due: of a fade, or to keep what is."""
        yield from self._send()

    def received(self, data: Any, tag: Any = None, link: str = "main") -> Actions:
        """Nothing is ever said to us that we would need."""
        return ()

    def closing(self) -> Actions:
        """Lights that hold their last level keep it; the protocol may say that we are gone."""
        if self.levels:
            yield Send(self.frame(self._slots(), last=True), reply=False)
