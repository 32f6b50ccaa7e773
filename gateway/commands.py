"""Everything that can be asked of a room or a device: one frozen dataclass a verb, in the imperative.

HTTP routes, WebSocket messages, scene steps, keypad actions and the OpenAPI page are made from these classes: adding a
verb is adding one dataclass, here, in `callverbs.py` (calls) or in `roomverbs.py` (the room's equipment), and naming it
in a Kind of `model.py`. Units and limits are said once, in `__post_init__`. What may not live here: how any device does
it. Ground floor.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.callverbs import (
    Answer,
    Dial,
    HangUp,
    Hold,
    Join,
    ListBookings,
    Merge,
    MoveCamera,
    RecallPreset,
    Reject,
    Resume,
    Rows,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetLayout,
    SetSelfView,
    Share,
    StopShare,
    StorePreset,
    Transfer,
)
from gateway.command import COMMANDS, Command, arguments, secret_fields, text, verb, within
from gateway.meetverbs import BookRoom, EndMeeting, ExtendMeeting, JoinMeeting
from gateway.roomverbs import (
    CallForHelp,
    DrawKey,
    LayOut,
    Rest,
    Route,
    RunScene,
    SetIndicator,
    SetLevel,
    SetTilt,
    ShowKey,
)

__all__ = [
    "COMMANDS",
    "MEETING_VERBS",
    "ROOM_VERBS",
    "Answer",
    "BookRoom",
    "CallForHelp",
    "Command",
    "CyclePower",
    "Dial",
    "DrawKey",
    "EndMeeting",
    "ExtendMeeting",
    "HangUp",
    "Hold",
    "Join",
    "JoinMeeting",
    "LayOut",
    "ListBookings",
    "Merge",
    "Move",
    "MoveCamera",
    "RecallPreset",
    "Reject",
    "Rest",
    "Resume",
    "Route",
    "Rows",
    "RunScene",
    "Search",
    "SelectCamera",
    "SelectInput",
    "SelectSource",
    "SendDtmf",
    "SetAutoAnswer",
    "SetDoNotDisturb",
    "SetIndicator",
    "SetLayout",
    "SetLevel",
    "SetMicMute",
    "SetMute",
    "SetPosition",
    "SetPower",
    "SetRelay",
    "SetSelfView",
    "SetTilt",
    "SetVideoMute",
    "SetVolume",
    "Share",
    "ShowKey",
    "StepVolume",
    "Stop",
    "StopShare",
    "StorePreset",
    "Toggle",
    "Transfer",
    "arguments",
    "secret_fields",
]


WAVERING = 2  # percent: the position of a motor that stands may be told so differently


@verb
@dataclass(frozen=True)
class SetPower(Command):
    """Turn on or off; a codec: wake or standby. On a room: everything the profile says."""

    on: bool
    verb = "power"
    touches = frozenset({"power"})
    doc = "Turn on or off. A codec wakes or goes to standby; a room does all that its profile says."
    slot = "power"
    patience = 120.0  # projectors warm up and cool down for a minute and more
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"power": "on" if self.on else frozenset({"off", "standby"})}


@verb
@dataclass(frozen=True)
class SetVolume(Command):
    """Set the volume to `level`, 0-100."""

    level: int
    verb = "volume"
    touches = frozenset({"volume"})
    doc = "Set the volume, 0 to 100."
    slot = "volume"
    example = {"level": 40}

    def __post_init__(self) -> None:
        within("level", self.level, 0, 100)

    def shown(self) -> Mapping[str, Any]:
        return {"volume": self.level}


@verb
@dataclass(frozen=True)
class StepVolume(Command):
    """Change the volume by `by`, -100 to 100. The room turns it into SetVolume where the volume is known."""

    by: int
    verb = "step"
    touches = frozenset({"volume"})
    doc = "Change the volume by so much, -100 to 100."
    proof = "driver"
    example = {"by": 5}

    def __post_init__(self) -> None:
        within("by", self.by, -100, 100)


@verb
@dataclass(frozen=True)
class SetMute(Command):
    """Mute or unmute the room's sound."""

    on: bool
    verb = "mute"
    touches = frozenset({"muted"})
    doc = "Mute or unmute the room's sound."
    slot = "mute"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"muted": self.on}


@verb
@dataclass(frozen=True)
class SetMicMute(Command):
    """Mute or unmute the microphones: whether the far end hears the room."""

    on: bool
    verb = "mic-mute"
    touches = frozenset({"mic_muted"})
    doc = "Mute or unmute the room's microphones (privacy)."
    slot = "mic-mute"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"mic_muted": self.on}


@verb
@dataclass(frozen=True)
class SetVideoMute(Command):
    """Mute or unmute the picture: a camera's to the far end, a display's on its screen."""

    on: bool
    verb = "video-mute"
    touches = frozenset({"video_muted"})
    doc = "Mute or unmute the picture."
    slot = "video-mute"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"video_muted": self.on}


@verb
@dataclass(frozen=True)
class SelectInput(Command):
    """Select a display's input by the device's own name for it; `choices` of the part lists them."""

    input: str
    verb = "input"
    touches = frozenset({"input"})
    doc = "Select an input, by the device's own name for it (the part's `choices` list them)."
    slot = "input"
    patience = 10.0
    example = {"input": "32"}

    def __post_init__(self) -> None:
        text("input", self.input, 64)

    def shown(self) -> Mapping[str, Any]:
        return {"input": self.input}


@verb
@dataclass(frozen=True)
class SelectSource(Command):
    """Show one of the room's sources, by its name in the profile. A room-level command."""

    source: str
    verb = "source"
    doc = "Show one of the room's sources, by its name in the profile."
    slot = "source"
    patience = 120.0
    example = {"source": "laptop"}

    def __post_init__(self) -> None:
        text("source", self.source, 64)

    def shown(self) -> Mapping[str, Any]:
        return {"source": self.source}


@verb
@dataclass(frozen=True)
class Move(Command):
    """Send a screen or shade all the way `up` or `down` (a shade: open or closed)."""

    direction: Literal["up", "down"]
    verb = "move"
    touches = frozenset({"position", "moving"})
    lasting = True
    doc = "Go all the way up (open) or down (closed)."
    slot = "motion"
    patience = 120.0
    proof = "driver"
    example = {"direction": "down"}

    def __post_init__(self) -> None:
        if self.direction not in ("up", "down"):
            raise ValueError(f"direction is up or down, not {self.direction!r}")

    def over(self, name: str, points: Mapping[str, Any]) -> bool:
        there = name == "position" and points.get("position") == (100 if self.direction == "down" else 0)
        return there or points.get("moving") == "stopped"

    def brings(self, name: str, before: Any, value: Any) -> bool:
        """Only its own way; positions that waver by a percent or two say nothing."""
        if name == "moving":
            return value not in ("up", "down") or bool(value == self.direction)
        if name == "position" and before is not None and value is not None:
            return bool((value - before if self.direction == "down" else before - value) >= -WAVERING)
        return True


@verb
@dataclass(frozen=True)
class SetPosition(Command):
    """Go to `percent`: 0 = up/open, 100 = down/closed."""

    percent: int
    verb = "position"
    touches = frozenset({"position", "moving"})
    lasting = True
    doc = "Go to a position in percent: 0 is up or open, 100 is down or closed."
    slot = "motion"
    patience = 120.0
    example = {"percent": 50}

    def __post_init__(self) -> None:
        within("percent", self.percent, 0, 100)

    def shown(self) -> Mapping[str, Any]:
        return {"position": self.percent}

    def over(self, name: str, points: Mapping[str, Any]) -> bool:
        there = name == "position" and points.get("position") == self.percent
        return there or points.get("moving") == "stopped"


@verb
@dataclass(frozen=True)
class Stop(Command):
    """Stop moving, at once: ahead of everything queued and without waiting for any answer."""

    verb = "stop"
    touches = frozenset({"position", "moving"})
    doc = "Stop moving, at once."
    slot = "motion"
    urgent = True

    def shown(self) -> Mapping[str, Any]:
        return {"moving": "stopped"}


@verb
@dataclass(frozen=True)
class SetRelay(Command):
    """Close or open a relay's contact."""

    closed: bool
    verb = "relay"
    touches = frozenset({"closed"})
    doc = "Close (true) or open (false) a relay's contact."
    slot = "relay"
    example = {"closed": True}

    def shown(self) -> Mapping[str, Any]:
        return {"closed": self.closed}


@verb
@dataclass(frozen=True)
class CyclePower(Command):
    """Switch an outlet off and, after the device's own pause, on again."""

    verb = "cycle"
    touches = frozenset({"power"})
    doc = "Switch off and, after the power unit's own pause, on again."
    slot = "power"
    patience = 60.0
    proof = "driver"


@verb
@dataclass(frozen=True)
class Toggle(Command):
    """Turn one of the room's switches over, from what it is known to be. A room-level command for plain keys."""

    what: Literal["power", "mute", "mic-mute", "video-mute"]
    verb = "toggle"
    doc = "Turn power, mute, mic-mute or video-mute over. Refused while its state is unknown."
    proof = "driver"
    example = {"what": "mute"}


MEETING_VERBS: tuple[str, ...] = ("join-meeting", "book", "extend-meeting", "end-meeting")
ROOM_VERBS: tuple[str, ...] = ("power", "source", "toggle", "scene", "help", *MEETING_VERBS)


def answers_for(verb: str, offers: frozenset[type[Command]] | None) -> bool:
    """Whether a unit that offers these can be asked for a verb; None: it has not told. The room counts steps itself."""
    wanted = {COMMANDS[verb], SetVolume} if verb == StepVolume.verb else {COMMANDS[verb]}
    return offers is None or not wanted.isdisjoint(offers)


_TYPES: dict[type, Mapping[str, Any]] = {}


def types_of(cls: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields, found once: a site has thousands of keys, and a keypad's line is on its way
    to the wire."""
    if cls not in _TYPES:
        _TYPES[cls] = typing.get_type_hints(cls)
    return _TYPES[cls]
