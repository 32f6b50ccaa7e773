"""What can be said about a room: points, calls, outcomes, reasons, kinds of part. Frozen values, no behaviour.

What may not live here: anything that does I/O, knows the time, or knows a device. Imports nothing of ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Reason(StrEnum):
    """Why a device is offline. The words are shown to people as they stand."""

    UNREACHABLE = "unreachable"
    CONNECTION_REFUSED = "connection refused"
    LOGIN_REFUSED = "login refused"
    CERTIFICATE_UNTRUSTED = "certificate untrusted"
    NO_RESPONSE = "no response"
    PROTOCOL_ERROR = "protocol error"
    LINK_LOST = "link lost"
    DRIVER_ERROR = "driver error"
    DISABLED = "disabled"


class Result(StrEnum):
    """How a command ended; exactly one for every command."""

    CONFIRMED = "confirmed"  # the device's own feedback shows it
    ASSUMED = "assumed"  # sent to a device that cannot tell
    REFUSED = "refused"  # the device (or the room) said no, in words
    UNCONFIRMED = "unconfirmed"  # its deadline passed without proof
    OFFLINE = "offline"  # the device is away, with the reason
    SUPERSEDED = "superseded"  # a newer command took its place


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one command: the result and, where there are any, the device's or the reason's words."""

    result: Result
    words: str = ""

    @property
    def good(self) -> bool:
        """True where the caller got what was asked for, as far as anyone can tell."""
        return self.result in (Result.CONFIRMED, Result.ASSUMED)


CallState = Literal["dialling", "ringing", "connecting", "connected", "on hold", "disconnecting", "ended", "unknown"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the codec shows it. None where it does not tell.

    name, address: the far end's. protocol: in the codec's own word, in small letters (sip, h323, spark, zoom, pstn).
    start: when it was connected, in seconds of the wall clock; the house counts it where the codec tells no duration.
    duration in seconds, as last told; rate in kbit/s; reason: why it ended, in the codec's words.
    """

    id: str
    direction: Literal["in", "out"]
    state: CallState
    name: str = ""
    address: str = ""
    protocol: str = ""
    kind: Literal["video", "audio", "unknown"] = "unknown"
    duration: int | None = None
    encrypted: bool | None = None
    held: bool = False
    rate: int | None = None
    answered: bool = True
    reason: str = ""
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """The declaration of one thing a device can tell: its name, type, limits and meaning."""

    name: str
    type: type
    doc: str
    choices: tuple[str, ...] = ()
    lowest: int | None = None
    highest: int | None = None
    unit: str = ""

    def complaint(self, value: object) -> str | None:
        """Why `value` is not one of this point's; None where it is. None itself means *unknown* and is allowed."""
        if value is None:
            return None
        if self.type is bool or isinstance(value, bool):
            fits = self.type is bool and isinstance(value, bool)
        else:
            fits = isinstance(value, self.type)
        if not fits:
            return f"{self.name} is {self.type.__name__}, not {value!r}"
        if self.choices and value not in self.choices:
            return f"{self.name} is one of {', '.join(self.choices)}, not {value!r}"
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.lowest is not None and value < self.lowest:
                return f"{self.name} is at least {self.lowest}, not {value!r}"
            if self.highest is not None and value > self.highest:
                return f"{self.name} is at most {self.highest}, not {value!r}"
        return None


def _declared(*points: Point) -> dict[str, Point]:
    return {point.name: point for point in points}


POINTS: Mapping[str, Point] = _declared(
    Point("power", str, "Power, with the states in between.", ("on", "off", "warming", "cooling", "standby")),
    Point("volume", int, "Room volume.", lowest=0, highest=100, unit="%"),
    Point("muted", bool, "The room's sound is muted."),
    Point("mic_muted", bool, "The room's microphones are muted: the far end does not hear the room."),
    Point(
        "video_muted",
        bool,
        "The picture is muted: a camera's towards the far end, a display's on its screen.",
    ),
    Point("input", str, "The selected input, in the device's own name for it."),
    Point("next_meeting", str, "The meeting that is on, or the next one, in words."),
    Point("joinable", bool, "A meeting can be joined now with one press."),
    Point("source", str, "The source that is shown (or comes out of an output), by its name in the profile."),
    Point("calls", tuple, "All calls on the codec, each a Call."),
    Point("auto_answer", bool, "Incoming calls are answered by the codec itself."),
    Point("do_not_disturb", bool, "Incoming calls are turned away."),
    Point("participants", int, "How many are in the meeting.", lowest=0),
    Point("sharing", str, "Content share.", ("off", "preview", "sending", "receiving")),
    Point("share_source", str, "The shared source, in the codec's own name for it."),
    Point("layout", str, "How the far ends are arranged, in the codec's own word."),
    Point("self_view", bool, "The room sees its own picture."),
    Point("camera", str, "The camera that is sent, in the codec's own name for it."),
    Point("audio_input", str, "The selected input of the sound, where sound is switched apart from the picture."),
    Point("signal", bool, "A signal is there."),
    Point("closed", bool, "The relay's contact is closed."),
    Point(
        "position",
        int,
        "How far down or closed: 0 = up/open, 100 = down/closed.",
        lowest=0,
        highest=100,
        unit="%",
    ),
    Point("moving", str, "Which way it travels now.", ("up", "down", "stopped")),
    Point("tilt", int, "How far the slats are closed: 0 = open, 100 = closed.", lowest=0, highest=100, unit="%"),
    Point("preset", str, "The preset or scene that holds now, in the device's own name for it."),
    Point("level", int, "How bright a light is.", lowest=0, highest=100, unit="%"),
    Point("indicator", bool, "The lamp of the microphone is lit."),
    Point("battery", int, "What is left in the battery.", lowest=0, highest=100, unit="%"),
    Point("occupied", bool, "Somebody is in the room."),
    Point("lamp_hours", int, "Hours on the first lamp or light source.", lowest=0, unit="h"),
    Point("lamps", tuple, "Hours on every lamp, where there are several."),
    Point("filter_hours", int, "Hours on the air filter.", lowest=0, unit="h"),
    Point("temperature", float, "Temperature inside the device.", unit="°C"),
    Point("faults", tuple, "What the device itself complains about, in words."),
    Point("value", float, "What a sensor measures, in the unit that `measured_in` names."),
    Point("reading", str, "What a sensor says, where it says it in words."),
    Point("measured_in", str, "The unit of a sensor's value."),
    Point("alert", str, "Whether a sensor's value is within its limits.", ("ok", "low", "high")),
    Point("name", str, "The device's own name for itself."),
    Point("model", str, "Maker and model."),
    Point("serial", str, "Serial number."),
    Point("firmware", str, "Software version."),
    Point("outlet_name", str, "The outlet's name in the power unit."),
    Point("load", float, "Electrical load.", lowest=0, unit="A"),
    Point("watts", float, "Electrical power.", lowest=0, unit="W"),
)

# Points that say what a device is, shown with the device and not with a part.
IDENTITY = frozenset({"name", "model", "serial", "firmware"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of part: what the profile may call it, which verbs it takes, which points it shows.

    A *single* kind exists once in a room (`volume`); the others carry a name (`screen.left`) and stand in
    URLs under their plural (`screens/left`). The first verb of a named kind is what a plain POST on it does.
    """

    name: str
    doc: str
    verbs: tuple[str, ...]
    points: tuple[str, ...]
    plural: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        """True where a room has at most one."""
        return not self.plural

    def path(self, verb: str, name: str = "") -> str:
        """Where `verb` of this kind stands below `/rooms/{room}/`: `volume/step`, `screens/left/stop`."""
        if self.single:
            return self.paths.get(verb, f"{self.name}/{verb}")
        return f"{self.plural}/{name}/{verb}"


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "volume",
            "What makes the room's sound.",
            ("volume", "step", "mute"),
            ("volume", "muted"),
            paths={"volume": "volume", "step": "volume/step", "mute": "mute"},
        ),
        Kind("sound", "The sound processor as a whole: its presets.", ("preset",), ("preset",)),
        Kind("mics", "The room's microphones.", ("mic-mute",), ("mic_muted",), paths={"mic-mute": "mic-mute"}),
        Kind(
            "camera",
            "The picture that is sent to the far end.",
            ("video-mute", "camera", "aim", "preset", "store-preset"),
            ("video_muted", "camera"),
            paths={
                "video-mute": "video-mute",
                "camera": "camera/select",
                "aim": "camera/aim",
                "preset": "camera/preset",
                "store-preset": "camera/preset/store",
            },
        ),
        Kind(
            "calls",
            "Who dials and answers.",
            (
                "dial",
                "join",
                "answer",
                "reject",
                "hold",
                "resume",
                "hangup",
                "dtmf",
                "transfer",
                "merge",
                "auto-answer",
                "do-not-disturb",
                "search",
                "bookings",
            ),
            ("calls", "auto_answer", "do_not_disturb", "participants"),
        ),
        Kind(
            "share",
            "Content share: what the room shows to the far end.",
            ("share", "stop-share"),
            ("sharing", "share_source"),
            paths={"share": "share", "stop-share": "share/stop"},
        ),
        Kind(
            "picture",
            "How the far ends and the room itself are shown.",
            ("layout", "self-view"),
            ("layout", "self_view"),
        ),
        Kind("codec", "The video codec itself: awake or in standby.", ("power",), ("power",)),
        Kind(
            "display",
            "A display or projector.",
            ("power", "input", "source", "video-mute"),
            (
                *("power", "input", "source", "video_muted", "signal"),
                *("lamp_hours", "lamps", "filter_hours", "temperature", "faults"),
            ),
            plural="displays",
        ),
        Kind(
            "screen",
            "A projection screen, or a group of them.",
            ("move", "position", "stop", "preset"),
            ("position", "moving", "preset"),
            "screens",
        ),
        Kind(
            "shade",
            "A shade or blind, or a group of them.",
            ("move", "position", "stop", "tilt", "preset"),
            ("position", "moving", "tilt", "preset"),
            "shades",
        ),
        Kind(
            "output",
            "A switcher's output.",
            ("route", "source", "mute", "video-mute"),
            ("input", "audio_input", "source", "muted", "video_muted"),
            "outputs",
        ),
        Kind("signal", "A switcher's input: whether a signal is there.", (), ("signal",), "signals"),
        Kind(
            "microphone",
            "One microphone, or one channel of a receiver.",
            ("mic-mute", "volume", "step", "indicator"),
            ("mic_muted", "volume", "indicator", "battery"),
            "microphones",
        ),
        Kind(
            "ptz",
            "A camera that turns.",
            ("aim", "preset", "store-preset", "power"),
            ("power", "preset"),
            "cameras",
        ),
        Kind("light", "A light, or a group of them.", ("level", "preset"), ("level", "preset"), "lights"),
        Kind(
            "outlet",
            "A switched outlet.",
            ("power", "cycle"),
            ("power", "outlet_name", "load", "watts"),
            "outlets",
        ),
        Kind("relay", "A contact closure.", ("relay",), ("closed",), "relays"),
        Kind("sensor", "Something measured.", (), ("value", "reading", "measured_in", "alert"), "sensors"),
        Kind("occupancy", "Whether somebody is in the room.", (), ("occupied",)),
    )
}
COLLECTIONS: Mapping[str, Kind] = {kind.plural: kind for kind in KINDS.values() if kind.plural}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one point now: the value (None = unknown), since when, how surely, and because of what.

    `since` in seconds of the wall clock; `cause` the id of the command that brought it about, or "" where the
    device changed by itself.
    """

    value: Any = None
    since: float = 0.0
    confirmed: bool = False
    stale: bool = False
    cause: str = ""

    @property
    def status(self) -> str:
        """`unknown`, `stale`, `confirmed` or `assumed`."""
        if self.value is None:
            return "unknown"
        if self.stale:
            return "stale"
        return "confirmed" if self.confirmed else "assumed"


UNKNOWN = Reading()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened and must not be coalesced: a press, an incoming call, an ended call, an alert."""

    kind: Literal["press", "incoming call", "call ended", "alert", "appeared", "gone"]
    data: Mapping[str, Any] = field(default_factory=dict)


def plain(value: Any) -> Any:
    """The JSON form of a model value: dataclasses become objects, tuples and sets lists, enums their words."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value.value if isinstance(value, StrEnum) else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value)
