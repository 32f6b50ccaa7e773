"""How our commands are called in the xAPI: the one place where the house's verbs meet Cisco's paths and parameters.

What may not live here: how a command is written on a wire (`shell.py`, `rpc.py`), meetings (`meetings.py`), what proves
one (`wishes.py`). Paths, parameters and ranges: Cisco's published xAPI schemas 9.15.17.4 and 26.4.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.cisco.xapi import Parameters, Path
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Hold,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Resume,
    Search,
    SelectCamera,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetLayout,
    SetMicMute,
    SetMute,
    SetPower,
    SetSelfView,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
    Transfer,
)
from gateway.model import Call

AUTO_ANSWER: Path = ("Conference", "AutoAnswer", "Mode")
PROTOCOLS = {"sip": "Sip", "h323": "H323", "spark": "Spark", "h320": "H320"}
RAMPS: Mapping[str, Parameters] = {
    "left": {"Pan": "Left"},
    "right": {"Pan": "Right"},
    "up": {"Tilt": "Up"},
    "down": {"Tilt": "Down"},
    "in": {"Zoom": "In"},
    "out": {"Zoom": "Out"},
    "stop": {"Pan": "Stop", "Tilt": "Stop", "Zoom": "Stop"},
}
FAR_MOVES = {"left": "Left", "right": "Right", "up": "Up", "down": "Down", "in": "ZoomIn", "out": "ZoomOut"}
FAMILIES = ("auto", "equal", "overlay", "prominent", "single")  # of LayoutFamily Set, on older software
LAST_CALL = 65534  # CallId: 0..65534, and 0 stands for none in particular
LAST_CAMERA = 7  # CameraId: 1..7
LAST_PRESET = 35  # PresetId: 1..35
LAST_ROW = 65534  # Offset: 0..65534
LAST_SOURCE = 6  # SourceId, PresentationSource: 1..6; some products know more, and then tell of them
LONGEST_TONES = 32  # DTMFString: 0..32 characters in CE9
LONGEST = {"Url": 2000, "Pin": 32}  # characters of a text; 255 of every other that comes from a person
RATES = (64, 10000)  # CallRate, kbit/s
PAUSE = 2.0  # seconds for each comma in tones (the house's rule: the codec has no pause)


class Cannot(Exception):
    """A command that the xAPI cannot say; the words are for people."""


@dataclass(frozen=True, slots=True)
class Said:
    """One xCommand, or with `value` one xConfiguration. `secret` names the parameters that are never written down."""

    words: str
    parameters: Parameters = field(default_factory=dict)
    value: str | None = None
    body: str = ""  # what goes with the command as lines of its own
    secret: tuple[str, ...] = ()
    instead: tuple[Said, ...] = ()  # what to try in its place where this software has no such command


@dataclass(frozen=True, slots=True)
class Known:
    """What must be known of the codec and of our settings to find the words."""

    calls: Mapping[str, Call] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()  # that the codec tells of
    cameras: Mapping[str, int] = field(default_factory=dict)  # source -> the CameraId behind it
    camera: int = 1  # the CameraId that is meant where none is named
    named_layouts: bool = True  # newer software lists its layouts by name
    phonebook: str = "Corporate"
    rows: int = 50
    page: int = 0


def say(command: Command, known: Known) -> tuple[Said, ...]:
    """One of our commands in the codec's words, within the schemas' ranges. Raises Cannot where it has none."""
    return tuple(fitting(said) for said in _say(command, known))


def fitting(said: Said) -> Said:
    """The same, if none of its texts is longer than the codec takes. Raises Cannot."""
    for name, value in said.parameters.items():
        longest = LONGEST.get(name, 255)
        if isinstance(value, str) and len(value) > longest:
            raise Cannot(f"the codec takes at most {longest} characters as {name}")
    return said


def _say(command: Command, known: Known) -> tuple[Said, ...]:
    match command:
        case SetPower(on=on):
            return _plain("Standby Deactivate" if on else "Standby Activate")
        case SetVolume(level=level):
            return (Said("Audio Volume Set", {"Level": level}),)
        case SetMute(on=on):
            return _plain("Audio Volume Mute" if on else "Audio Volume Unmute")
        case SetMicMute(on=on):
            return _plain("Audio Microphones Mute" if on else "Audio Microphones Unmute")
        case SetVideoMute(on=on):
            return _plain("Video Input MainVideo Mute" if on else "Video Input MainVideo Unmute")
        case SetAutoAnswer(on=on):
            return (Said(" ".join(AUTO_ANSWER), value=_mode(on)),)
        case SetDoNotDisturb(on=on):
            return _plain("Conference DoNotDisturb Activate" if on else "Conference DoNotDisturb Deactivate")
        case SetSelfView(on=on):
            return (Said("Video Selfview Set", {"Mode": _mode(on)}),)
        case SetLayout(layout=layout) if known.named_layouts:
            return (Said("Video Layout SetLayout", {"LayoutName": layout}),)
        case SetLayout(layout=layout):
            if layout not in FAMILIES:
                raise Cannot(f"layout is one of {', '.join(FAMILIES)}, not {layout!r}")
            return (Said("Video Layout LayoutFamily Set", {"LayoutFamily": layout}),)
        case Share():
            return (_share(command, known),)
        case StopShare():
            return _plain("Presentation Stop")
        case Search(text=text):
            asked: Parameters = {**_page(known), "PhonebookType": known.phonebook, "SearchString": text}
            return (Said("Phonebook Search", asked),)
        case ListBookings(days=days):
            return (Said("Bookings List", {"Days": days, **_page(known)}),)
    return _of_cameras(command, known) or _of_calls(command, known)


def _of_cameras(command: Command, known: Known) -> tuple[Said, ...]:
    match command:
        case SelectCamera(camera=camera):
            return (Said("Video Input SetMainVideoSource", {"SourceId": _source("camera", camera, known)}),)
        case MoveCamera(to="stop", far=True):
            return _plain("Call FarEndControl Camera Stop")
        case MoveCamera(to=to, far=True):
            return (Said("Call FarEndControl Camera Move", {"Value": FAR_MOVES[to]}),)
        case MoveCamera(to=to, camera=camera):
            return (Said("Camera Ramp", {"CameraId": _camera(camera, known), **RAMPS[to]}),)
        case RecallPreset(preset=preset):
            return (Said("Camera Preset Activate", {"PresetId": _preset(preset)}),)
        case StorePreset(preset=preset, name=name):
            named: Parameters = {"Name": name} if name else {}
            stored: Parameters = {"CameraId": _camera("", known), **named, "PresetId": _preset(preset)}
            return (Said("Camera Preset Store", stored),)
    return ()


def _of_calls(command: Command, known: Known) -> tuple[Said, ...]:
    meant = targets(command, known.calls)
    call_id(getattr(command, "call", ""), known.calls)
    match command:
        case Dial():
            return (Said("Dial", _dialled(command)),)
        case Answer(call=call):
            return (Said("Call Accept", _of(call)),)
        case Reject(call=call):
            return (Said("Call Reject", _of(call)),)
        case HangUp(call="") if len(meant) > 1:
            # Without CallId some versions end all calls, others only the active one: name each.
            return tuple(Said("Call Disconnect", _of(call)) for call in sorted(meant))
        case HangUp(call=call):
            return (Said("Call Disconnect", _of(call)),)
        case Hold() | Resume():
            return (Said(f"Call {type(command).__name__}", _of(next(iter(meant), ""))),)
        case Transfer(address=address):
            which = _of(next(iter(meant), ""))
            if not which:
                raise Cannot("there is no call to transfer")
            return (Said("Call UnattendedTransfer", {**which, "Number": address}),)
    raise Cannot("this device cannot do that")


def targets(command: Command, calls: Mapping[str, Call]) -> frozenset[str]:
    """The calls that a command is about: the one it names, or those that are meant where it names none."""
    named = getattr(command, "call", "")
    if named:
        return frozenset({named})
    up = [key for key, call in calls.items() if call.state == "connected" and not call.held]
    held = [key for key, call in calls.items() if call.held]
    match command:
        case HangUp():
            return frozenset(calls)
        case Answer() | Reject():
            return frozenset(key for key, call in calls.items() if call.direction == "in" and not call.answered)
        case Hold() | Transfer():
            return frozenset((up or (held if isinstance(command, Transfer) else []))[-1:])
        case Resume():
            return frozenset(held[-1:])
    return frozenset()


def tones(digits: str) -> list[tuple[float, str]]:
    """Tones as (pause before, what to send), each short enough for the codec."""
    found: list[tuple[float, str]] = []
    pause = 0.0
    for part in digits.upper().split(","):
        for start in range(0, len(part), LONGEST_TONES):
            found.append((pause, part[start : start + LONGEST_TONES]))
            pause = 0.0
        pause += PAUSE
    return found


def tone(digits: str, call: str) -> Said:
    """One piece of tones."""
    return Said("Call DTMFSend", {**_of(call), "DTMFString": digits}, secret=("DTMFString",))


def call_id(call: str, calls: Mapping[str, Call]) -> None:
    """Raise Cannot for what can be no call of a codec's: its ids are whole numbers."""
    number = _number(call)
    if call and (number is None or (call not in calls and not 1 <= number <= LAST_CALL)):
        raise Cannot(f"there is no call {call!r}")


def _plain(words: str) -> tuple[Said, ...]:
    return (Said(words),)


def _mode(on: bool) -> str:
    return "On" if on else "Off"


def _page(known: Known) -> dict[str, str | int]:
    return {"Limit": known.rows, "Offset": known.page * known.rows}


def _share(share: Share, known: Known) -> Said:
    given: dict[str, str | int] = {}
    if share.source:
        given["PresentationSource"] = _source("source", share.source, known)
    if share.preview:
        given["SendingMode"] = "LocalOnly"
    return Said("Presentation Start", given)


def _source(what: str, value: str, known: Known) -> int:
    number = _number(value)
    if number is None:
        raise Cannot(f"{what} is the number of a source, not {value!r}")
    if value not in known.sources and not 1 <= number <= LAST_SOURCE:
        raise Cannot(f"the codec has no source {value}")
    return number


def _camera(source: str, known: Known) -> int:
    if not source:
        return known.camera
    number = known.cameras.get(source, _number(source))
    if number is None or not 1 <= number <= LAST_CAMERA:
        raise Cannot(f"camera is a source with a camera, or a number from 1 to {LAST_CAMERA}, not {source!r}")
    return number


def _preset(preset: int) -> int:
    if not 1 <= preset <= LAST_PRESET:
        raise Cannot(f"presets are numbered 1 to {LAST_PRESET}")
    return preset


def _dialled(dial: Dial) -> Parameters:
    given: dict[str, str | int] = {"Number": dial.address}
    if dial.protocol:
        given["Protocol"] = PROTOCOLS[dial.protocol]
    if dial.kind:
        given["CallType"] = dial.kind.capitalize()
    if dial.rate:
        lowest, highest = RATES
        if not lowest <= dial.rate <= highest:
            raise Cannot(f"rate is from {lowest} to {highest} kbit/s, not {dial.rate}")
        given["CallRate"] = dial.rate
    return given


def _of(call: str) -> dict[str, str | int]:
    number = _number(call)
    return {} if number is None else {"CallId": number}


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
