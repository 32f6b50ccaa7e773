"""What the keys of a surface look like now: pure, from the room's state and the layout. The difference is what is sent.

A key shows what the devices say, never what was hoped for: while it is pressed and unproven it is *pending*, and when
that came to nothing, it says so for a moment. What may not live here: sending, time, presses (`surfacehost.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from gateway.commands import ROOM_VERBS, ShowKey
from gateway.model import UNKNOWN, Call, Reading
from gateway.profile.expression import Known
from gateway.profile.layout import KeySpec
from gateway.profile.steps import Step

Flag = Literal["", "pending", "stale", "unavailable", "failed"]

OFF, FAINT, WAITING, FAILED = "#20262e", "#8b949e", "#4a5564", "#7a1f1a"
WHITE = "#ffffff"
TONE: Mapping[str, str] = {"plain": "#0b57a4", "good": "#1b6b2f", "warn": "#8a4b00", "danger": "#a1211b"}
UNKNOWN_VALUE = "–"
RANK = ("ringing", "connected", "connecting", "dialling", "on hold")
# What can be toggled, and the part and point that decide: where they are not known, the key can do nothing.
TOGGLED: Mapping[str, str] = {"mute": "volume", "mic-mute": "mics", "video-mute": "camera"}


class State(Protocol):
    """What faces are made of: a room, or what a test says of one."""

    def reading(self, part: str, point: str) -> Reading:
        """What is known of a point; `room` has the room's own."""

    def cannot(self, verb: str, part: str) -> str:
        """Why a part (the room: "") cannot do that now, in a word or two; "" where it can."""

    def online(self, part: str) -> bool:
        """Whether a part's device is there."""

    def label(self, part: str, point: str, value: Any) -> str:
        """A value as people know it: a source's label."""

    def say(self, phrase: str) -> str:
        """One of our own words, in the room's language."""


@dataclass(frozen=True, slots=True)
class Face:
    """What one key shows. level in percent; on: what it stands for holds; flag: why it is not simply true."""

    text: str = ""
    icon: str = ""
    foreground: str = WHITE
    background: str = OFF
    level: int | None = None
    on: bool = False
    flag: Flag = ""

    def command(self, key: str) -> ShowKey:
        """The command that draws it."""
        return ShowKey(key, self.text, self.icon, self.foreground, self.background, self.level, self.on, self.flag)


BLANK = Face(background="#000000")


@dataclass
class Touched:
    """What hands have done to the keys: those that wait for proof, and those that failed, with the word for it."""

    pending: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def faces(state: State, keys: Iterable[KeySpec], touched: Touched | None = None) -> dict[str, Face]:
    """The face of each key, by its id."""
    touched = touched or Touched()
    return {key.id: face(state, key, touched) for key in keys}


def face(state: State, key: KeySpec, touched: Touched) -> Face:
    """One key's face."""
    shown = key.shows.value(lambda part, point: look(state, part, point)) if key.shows else Known()
    on = shown.value if isinstance(shown.value, bool) else False
    level = _level(key, shown)
    label = key.label_on if on and key.label_on else key.label
    text = _text(state, key, label, shown)
    icon = key.icon_on if on and key.icon_on else key.icon
    tone = TONE[key.tone] if on else OFF
    if key.id in touched.failed:
        return Face(_lines(label, state.say(touched.failed[key.id])), icon, WHITE, FAILED, level, on, "failed")
    if touched.pending.get(key.id):
        return Face(text, icon, WHITE, WAITING, level, on, "pending")
    why = away(state, key)
    if why:
        return Face(text, icon, FAINT, OFF, level, on, "unavailable")
    if shown.stale:
        return Face(text, icon, FAINT, tone if on else OFF, level, on, "stale")
    return Face(text, icon, WHITE, tone, level, on, "")


def away(state: State, key: KeySpec) -> str:
    """Why a key can do nothing now, in a word or two; "" where it can, or has nothing to do."""
    if key.enabled is not None:
        known = key.enabled.value(lambda part, point: look(state, part, point))
        if known.value is not True:
            return "Not now" if known.value is False and not known.stale else "Not known"
    wanted = [_asked(step) for step in key.steps]
    if key.slide is not None:
        wanted.append((key.slide.verb, key.slide.part))
    reasons = [state.cannot(verb, part) for verb, part in wanted]
    return reasons[0] if reasons and all(reasons) else ""


def _asked(step: Step) -> tuple[str, str]:
    """Whom a step is about: a toggle of the microphones is about the microphones."""
    what = getattr(step.command, "what", "")
    if not step.part and step.command.verb == "toggle" and what in TOGGLED:
        return what, TOGGLED[what]
    return step.command.verb, "" if not step.part and step.command.verb in ROOM_VERBS else step.part


def look(state: State, part: str, point: str) -> Reading:
    """A point as expressions see it: those of the parts, `online`, and what a list of calls comes to."""
    if point == "online":
        return Reading(state.online(part), confirmed=True)
    if point in ("state", "with", "count") and part == "calls":
        reading = state.reading(part, "calls")
        if reading.value is None:
            return UNKNOWN
        value: Any = _of_calls(point, reading.value)
        return Reading(value, reading.since, reading.confirmed, reading.stale, reading.cause)
    return state.reading(part, point)


def _of_calls(point: str, calls: Iterable[Call]) -> Any:
    there = [call for call in calls if call.state != "ended"]
    if point == "count":
        return len(there)
    held = {_state(call): call for call in reversed(there)}
    first = next((state for state in RANK if state in held), "idle")
    if point == "state":
        return first
    return (held[first].name or held[first].address) if first in held else ""


def _state(call: Call) -> str:
    """As a key says it: ringing is what can be answered here; the far end ringing is still dialling."""
    if call.state == "ringing":
        return "ringing" if call.direction == "in" and not call.answered else "dialling"
    if call.held:
        return "on hold"
    return call.state if call.state in RANK else "connecting"


def _level(key: KeySpec, shown: Known) -> int | None:
    if isinstance(shown.value, bool) or not isinstance(shown.value, int | float):
        return None
    return max(0, min(100, round(shown.value))) if key.slide or key.shows else None


def _text(state: State, key: KeySpec, label: str, shown: Known) -> str:
    if key.shows is None or key.shows.type is bool:
        return label
    if shown.value is None:
        return _lines(label, UNKNOWN_VALUE)
    if isinstance(shown.value, str):
        (name,) = key.shows.names if len(key.shows.names) == 1 else (("", ""),)
        return _lines(label, state.label(*name, shown.value))
    if isinstance(shown.value, int | float):
        whole = next(iter(key.shows.names), ("", ""))[1] != "count"
        return _lines(label, f"{shown.value:g} %" if whole else f"{shown.value:g}")
    return label


def _lines(label: str, more: str) -> str:
    return f"{label}\n{more}" if label and more else label or more


def changed(before: Mapping[str, Face], now: Mapping[str, Face]) -> dict[str, Face]:
    """The faces to send: those that are not as they were."""
    return {key: face for key, face in now.items() if before.get(key) != face}
