"""What is said about the Zoom Rooms driver: its settings, its sources, what works and what does not.

What may not live here: any behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Join,
    ListBookings,
    Reject,
    Search,
    SendDtmf,
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
)
from gateway.driver import Settings, setting

SOURCES = (
    "Zoom Rooms Control System API 1.1 (developers.zoom.us/docs/rooms/cli: overview, zCommands, zEvents)",
    "Zoom Rooms Control System API Reference Version 1 (zoom.github.io/zoom-rooms-csapi/zrcsapi_ref.html)",
    "devforum.zoom.us/t/3244 (lists in JSON mode)",
    "PlaceOS drivers, zoom/zr_csapi (log-in, line ends, envelope)",
    "PepperDash Essentials, ZoomRoom (events and their fields, telephone calls)",
    "ICD Connect Conferencing, Zoom (telephone calls: states and reasons)",
    "bunchtogether zoom-rooms-control-system (the question for the list of telephone calls)",
)

ALL: frozenset[type[Command]] = frozenset(
    (
        *(Answer, Dial, HangUp, Join, ListBookings, Reject, Search, SendDtmf),
        *(SetMicMute, SetVideoMute, SetVolume, Share, StopShare),
    )
)

OFFERED = (
    "join a meeting by number or link, with a passcode",
    "answer and reject a Zoom call",
    "telephone call-out, its end, and tones into it",
    "leave or end the meeting",
    "number of participants",
    "microphone and camera mute",
    "output volume",
    "HDMI share start and stop",
    "bookings list",
    "phonebook search",
    "a Zoom Rooms controller taking the session over, and taking it back",
)

NOT_OFFERED: Mapping[str, str] = {
    "mute of the room's sound": "Zoom Rooms has an output volume only, and no mute of it",
    "hold and resume": "the control system API has no command for it",
    "tones into a meeting": "only telephone calls take them",
    "answering a telephone call": "the control system API has no command for it; it can be turned away",
    "calls to SIP, H.323 and people": "Zoom dials meetings; a contact is invited into one, which is no call of ours",
    "transfer and merge": "the documents at hand have no command for either",
    "standby": "the control system API cannot put the room to sleep or wake it",
    "camera move and presets": "a movement lasts only while Continue is sent again and again; how often is not "
    "documented",
    "camera choice": "the ids of cameras are known from no document at hand",
    "layout and self-view": "which styles are allowed changes during a meeting and is not told",
    "mute or remove other participants": "the room's model has no command for it",
    "auto-answer and do-not-disturb": "the documents at hand have no command for either",
    "start an instant meeting": "the room's model has no command for it",
}


@dataclass(frozen=True)
class ZoomSettings(Settings):
    """Settings of a Zoom Room."""

    username: str = setting("zoom", "the control system user of the Zoom Room")
    password: str = setting("", "its password", secret=True)
    pty: bool = setting(True, "ask for a terminal")
    hang_up: str = setting("disconnect", "`disconnect` ends the meeting where the room is its host, `leave` never does")
    poll: float = setting(10.0, "seconds between looks at what may have been missed")
    reconnect: float = setting(1.0, "seconds the room needs to be had back from a controller")
    page: int = setting(100, "contacts that are asked for at a time in a search")

    def __post_init__(self) -> None:
        if self.hang_up not in ("disconnect", "leave"):
            raise ValueError(f"hang_up is disconnect or leave, not {self.hang_up!r}")
        if self.poll < 0.1:
            raise ValueError("poll is at least 0.1 seconds")
        if self.reconnect < 0.01:
            raise ValueError("reconnect is at least 0.01 seconds")
        if not 1 <= self.page <= 512:
            raise ValueError("page is 1 to 512")
