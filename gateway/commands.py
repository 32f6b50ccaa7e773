"""Everything that can be asked of a room or a device: one frozen dataclass a verb, in the imperative.

HTTP routes, WebSocket messages, scene steps, keypad actions and the OpenAPI page are made from these classes:
adding a verb is adding one dataclass here. Units and limits are said once, in `__post_init__`. What may not
live here: how any device does it. Ground floor: imports nothing of ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Proof = Literal["points", "driver", "nothing"]


@dataclass(frozen=True)
class Command:
    """One wish. Class attributes say what the house must know of a verb.

    verb: its name in URLs and messages. slot: a newer command of the same slot on the same unit replaces an older
    one ("" = never). urgent: waits for no turn. patience: seconds from the wire until proof is overdue.
    proof: *points* (what `shown()` names, once the device feeds it back), *driver* (only the driver can tell, with
    `Done`), *nothing* (no feedback can ever show it: acknowledged is *assumed*). touches: the points whose next
    change it is the cause of; lasting: also of the changes after it is done (a screen goes on travelling).
    """

    verb: ClassVar[str] = ""
    doc: ClassVar[str] = ""
    slot: ClassVar[str] = ""
    urgent: ClassVar[bool] = False
    patience: ClassVar[float] = 5.0
    proof: ClassVar[Proof] = "points"
    touches: ClassVar[frozenset[str]] = frozenset()
    lasting: ClassVar[bool] = False
    example: ClassVar[Mapping[str, Any]] = {}
    __pydantic_config__ = {"extra": "forbid", "strict": True}

    def shown(self) -> Mapping[str, Any]:
        """The points, and their wanted values, that show this command done; a frozenset means any of these."""
        return {}


COMMANDS: dict[str, type[Command]] = {}


def _verb(cls: type[Command]) -> type[Command]:
    COMMANDS[cls.verb] = cls
    return cls


def secret_fields(command: type[Command] | Command) -> frozenset[str]:
    """The fields of a command that no log, journal or tape may hold (passcodes, DTMF digits)."""
    return frozenset(f.name for f in dataclasses.fields(command) if f.metadata.get("secret"))


def arguments(command: Command) -> dict[str, Any]:
    """The command's fields as JSON values, secret ones masked: the form that may be written down."""
    hidden = secret_fields(command)
    return {
        f.name: "***" if f.name in hidden else getattr(command, f.name)
        for f in dataclasses.fields(command)
        if getattr(command, f.name) != "" or f.name in hidden
    }


def _within(what: str, value: float, lowest: float, highest: float) -> None:
    if isinstance(value, bool) or not lowest <= value <= highest:
        raise ValueError(f"{what} is from {lowest} to {highest}, not {value!r}")


def _text(what: str, value: str, longest: int = 256) -> None:
    if not value or len(value) > longest:
        raise ValueError(f"{what} is a text of 1 to {longest} characters")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError(f"{what} must not hold control characters")


@_verb
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


@_verb
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
        _within("level", self.level, 0, 100)

    def shown(self) -> Mapping[str, Any]:
        return {"volume": self.level}


@_verb
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
        _within("by", self.by, -100, 100)


@_verb
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


@_verb
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


@_verb
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


@_verb
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
        _text("input", self.input, 64)

    def shown(self) -> Mapping[str, Any]:
        return {"input": self.input}


@_verb
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
        _text("source", self.source, 64)

    def shown(self) -> Mapping[str, Any]:
        return {"source": self.source}


@_verb
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


@_verb
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
        _within("percent", self.percent, 0, 100)

    def shown(self) -> Mapping[str, Any]:
        return {"position": self.percent}


@_verb
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


@_verb
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


@_verb
@dataclass(frozen=True)
class CyclePower(Command):
    """Switch an outlet off and, after the device's own pause, on again."""

    verb = "cycle"
    touches = frozenset({"power"})
    doc = "Switch off and, after the power unit's own pause, on again."
    slot = "power"
    patience = 60.0
    proof = "driver"


@_verb
@dataclass(frozen=True)
class Dial(Command):
    """Call `address`. `protocol` "" = the codec decides; `rate` in kbit/s, 0 = the codec's own."""

    address: str
    protocol: Literal["", "sip", "h323", "spark", "h320"] = ""
    kind: Literal["", "video", "audio"] = ""
    rate: int = 0
    verb = "dial"
    touches = frozenset({"calls"})
    lasting = True
    doc = "Call an address or a number. Confirmed when the codec shows the call."
    patience = 15.0
    proof = "driver"
    example = {"address": "far.end@example.com"}

    def __post_init__(self) -> None:
        _text("address", self.address)
        _within("rate", self.rate, 0, 10000)


@_verb
@dataclass(frozen=True)
class Answer(Command):
    """Answer the incoming call, or the one named by `call`."""

    call: str = ""
    verb = "answer"
    touches = frozenset({"calls"})
    doc = "Answer the incoming call (`call` picks one where several ring)."
    proof = "driver"


@_verb
@dataclass(frozen=True)
class HangUp(Command):
    """End the call named by `call`, or all calls. Waits for no turn."""

    call: str = ""
    verb = "hangup"
    touches = frozenset({"calls"})
    doc = "End one call by its id, or all calls."
    urgent = True
    proof = "driver"


@_verb
@dataclass(frozen=True)
class SendDtmf(Command):
    """Send tones into a call: 0-9 * # A-D. The digits are never written down."""

    digits: str = field(metadata={"secret": True})
    call: str = ""
    verb = "dtmf"
    doc = "Send tones (0-9 * # A-D) into the call. The digits are never logged."
    proof = "nothing"
    example = {"digits": "12#"}

    def __post_init__(self) -> None:
        if not 0 < len(self.digits) <= 64 or set(self.digits.upper()) - set("0123456789*#ABCD"):
            raise ValueError("digits are 1 to 64 of 0-9 * # A-D")


@_verb
@dataclass(frozen=True)
class Search(Command):
    """Search the device's directory; answered row by row, page by page, as the reader asks for more."""

    text: str = ""
    verb = "search"
    doc = "Search the codec's directory. Rows come as they arrive, one JSON object a line."
    patience = 15.0
    proof = "driver"
    example = {"text": "board"}

    def __post_init__(self) -> None:
        if len(self.text) > 256:
            raise ValueError("text is at most 256 characters")


@_verb
@dataclass(frozen=True)
class Toggle(Command):
    """Turn one of the room's switches over, from what it is known to be. A room-level command for plain keys."""

    what: Literal["power", "mute", "mic-mute", "video-mute"]
    verb = "toggle"
    doc = "Turn power, mute, mic-mute or video-mute over. Refused while its state is unknown."
    proof = "driver"
    example = {"what": "mute"}


ROOM_VERBS: tuple[str, ...] = ("power", "source", "toggle")
