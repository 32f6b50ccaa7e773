"""What the Polycom command line driver says of itself: settings, sources, what it offers and what not, and why.

What may not live here: anything that is asked or answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.driver import Settings, setting

SOURCES = (
    "Integrator's Reference Manual for the Polycom RealPresence Group Series (3725-63708)",
    "Integrator's Reference Manual for Polycom HDX Systems (3725-23979)",
    "AVI-SPL drivers for RealPresence Group and VideoOS, polycom-manager, ICD.Connect (line ends, log-in, spellings)",
)

OFFERED = (
    "log-in over telnet, SSH and serial",
    "registrations (notify, volume, mute, sleep, vcbutton), renewed where news was missed",
    "sleep and wake",
    "volume",
    "microphone mute",
    "video mute",
    "dial (manual, auto, addressbook; sip, h323, and h320 on an HDX), answer, reject, hang up one or all",
    "DTMF",
    "call list",
    "auto-answer and do-not-disturb",
    "content share (vcbutton)",
    "cameras: select, move near and far, presets",
    "self-view",
    "directory (globaldir)",
    "bookings of today and tomorrow (calendarmeetings)",
    "name, model, serial number, software version (whoami)",
)

NOT_OFFERED = {
    "room sound mute": "the command line has no mute of the loudspeakers",
    "hold, resume, transfer, merge": "the command line has no words for them",
    "layout": "configlayout and configpresentation differ by model and software, and no notification tells of them",
    "content list, show, hide (VideoOS)": "vcbutton shares on every model; how the two count sources is not documented",
    "provider mode": "a change of provider restarts the room's application; it is the administrator's",
    "joining Webex, Teams, Zoom or Meet": "their applications hide the calls from the command line",
    "remote control buttons, absolute camera positions, tracking, reboot": "no verb of the room model",
    "recent calls, localdir": "the journal has the calls; globaldir has the directory",
}


@dataclass(frozen=True)
class PolyCliSettings(Settings):
    """What a profile may say of a codec."""

    username: str = setting("admin", "User on the codec. Old units ask for a password only.")
    password: str = setting("", "Password of that user.", secret=True)
    dialect: Literal["auto", "videoos", "group", "hdx"] = setting(
        "auto", "Which generation it is; auto: from the model that it tells."
    )
    gap: float = setting(0.2, "Seconds between an answer and the next command, as the manual wants it.")
    greeting: float = setting(3.0, "Seconds to wait for a log-in prompt or a greeting over the network.")
    verify: float = setting(30.0, "Seconds between looks for ourselves, since registrations can vanish silently.")
    quiet: float = setting(10.0, "Seconds, at most, that nothing is sent while a call is being set up.")
    rate: int = setting(1920, "Rate in kbit/s for calls that name a protocol but no rate.")
    sources: str = setting("1,2,3,4,6", "Content sources of this codec; a Group 500 lacks 3 and 4.")
    cameras: int = setting(4, "How many camera inputs may be selected.")
    page: int = setting(50, "Rows asked for at once in a directory search.")
    pty: bool = setting(False, "Ask for a terminal over SSH.")
    baud: int = setting(9600, "Speed of the serial port; as set on the codec.")

    def __post_init__(self) -> None:
        if self.dialect not in ("auto", "videoos", "group", "hdx"):
            raise ValueError("dialect is auto, videoos, group or hdx")
        if self.gap < 0 or self.quiet < 0 or self.greeting <= 0 or self.verify <= 0:
            raise ValueError("gap and quiet are 0 or more, greeting and verify more than 0")
        if not 1 <= self.page <= 500 or not 1 <= self.cameras <= 6 or not 64 <= self.rate <= 10000:
            raise ValueError("page is 1 to 500, cameras 1 to 6, rate 64 to 10000")
        if not all(source.strip() in ("1", "2", "3", "4", "6") for source in self.sources.split(",")):
            raise ValueError("sources are numbers of 1, 2, 3, 4 and 6, separated by commas")
