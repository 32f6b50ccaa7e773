"""Every line that the driver can send, as it goes over SSH, for `roomgate drivers cisco_roomos --commands`.

Made from the same words that are really sent; only the values are samples, each word of an enumeration once. What may
not live here: words of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.cisco import heart, meetings, shell, status, widgets, words
from drivers.cisco.panel import EVENTS
from drivers.cisco.words import Known, Said
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Hold,
    Join,
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

ON_OFF = (SetPower, SetMute, SetMicMute, SetVideoMute, SetAutoAnswer, SetDoNotDisturb, SetSelfView)
WAYS = ("left", "right", "up", "down", "in", "out", "stop")
SAMPLES: tuple[Command, ...] = (
    SetVolume(40),
    *(
        Dial("far.end@example.com", protocol, kind, rate)
        for protocol in ("", "sip", "h323", "spark", "h320")
        for kind in ("", "video", "audio")
        for rate in (0, 4000)
    ),
    *(about(call) for about in (Answer, Reject, HangUp, Hold, Resume) for call in ("", "3")),
    Transfer("far.end@example.com", "3"),
    Share(),
    Share("2"),
    Share("", True),
    Share("2", True),
    StopShare(),
    SelectCamera("1"),
    *(MoveCamera(way, far=far) for far in (False, True) for way in WAYS),  # type: ignore[arg-type]
    RecallPreset(1),
    StorePreset(1),
    StorePreset(1, "Lectern"),
    Search("board"),
    ListBookings(1),
)
MEETINGS = (
    Join("webex", "1234567890"),
    Join("webex", "1234567890", passcode="1234"),
    Join("webex", url="https://meeting.example.com/1"),
    Join("zoom", "1234567890"),
    Join("zoom", "1234567890", passcode="1234"),
    Join("teams", "1234567890", passcode="1234"),
    Join("teams", url="https://meeting.example.com/1"),
    Join("meet", "abc-defg-hij"),
    Join("meet", url="https://meeting.example.com/1"),
)


def lines() -> tuple[str, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys(_lines()))


def _lines() -> Iterator[str]:
    yield shell.ECHO_OFF.decode().strip()
    yield shell.JSON_MODE.decode().strip()
    for path in (*status.PUSHED, *status.PUSHED_LATER, EVENTS):
        yield _bare(shell.subscribe("1", path))
    for path in (*status.READ, *status.READ_LATER, status.LIGHTEST):
        yield _bare(shell.read("1", path))
    for said in _said():
        yield _bare(shell.say("1", said))


def _said() -> Iterator[Said]:
    known = Known()
    samples = [kind(on) for kind in ON_OFF for on in (True, False)] + list(SAMPLES)
    for sample in samples:
        yield from words.say(sample, known)
    yield from words.say(Search("board"), Known(phonebook="Local"))
    yield from words.say(SetLayout("Grid"), known)
    for family in words.FAMILIES:
        yield from words.say(SetLayout(family), Known(named_layouts=False))
    yield words.tone("12#", "")
    yield words.tone("12#", "3")
    for meeting in MEETINGS:
        first = meetings.join(meeting, "RoomOS 26.4", frozenset(), rooms_mode=False)
        yield from (first, *first.instead)
    yield Said(widgets.LIST)
    for command in (widgets.SAVE, widgets.REMOVE):
        yield Said(command, {"PanelId": widgets.panel("room")})
    for value in ("active", "inactive", "128", "Volume 50 %", ""):
        yield widgets.set_value(widgets.widget("volume"), value)
    yield from heart.words("5a0f1c1e-7d0c-5a35-9c39-1f1e6f0f3c55", "RoomGate")


def _bare(sent: bytes) -> str:
    return sent.decode().split(" | ")[0].strip()
