"""Meetings of meeting services: each software version has its own ways to join them.

Every meeting is a call to its number or link; a passcode is kept as it came. What may not live here: calls as such.
Sources: xAPI schemas 9.15.17.4 (Webex Join alone, without Pin) and 26.4.1. Not on record, so assumed: that a join
answers without a CallId, the protocols that its calls show, and that RoomOS 11.0 was the first to have the newer ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulators.cisco_roomos.table import CommandError, Given, Needed, ParameterError, String, Word, command

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

FIRST, NEWER = (9, 15), (11, 0)
Secret, Link = String(0, 255), String(0, 2000)


def version(software: str) -> tuple[int, int]:
    """(9, 15) of "ce9.15.17.4", (26, 4) of "RoomOS 26.4.1.0"."""
    major, minor, *_ = re.findall(r"\d+", software)
    return int(major), int(minor)


def join(codec: Codec, number: str, passcode: str, protocol: str) -> None:
    """Call a meeting."""
    if not number:
        raise CommandError("No meeting is given")
    codec.passcodes.append(passcode)
    codec.switchboard.dial(number, "", protocol=protocol, call_type="Video", rate=6000)


@command(
    "Webex Join",
    since=FIRST,
    Number=Needed(String(0, 255)),
    Pin=String(0, 32),
    ParticipantRole=Word("Host", "Panelist", "Guest"),
    DisplayName=String(0, 255),
    TrackingData=String(0, 255),
)
def webex_join(codec: Codec, given: Given) -> None:
    if "Pin" in given and codec.version < NEWER:
        raise ParameterError("Invalid or missing parameters")
    join(codec, given["Number"], given.get("Pin", ""), "Spark")


@command(
    "WebRTC Join",
    since=NEWER,
    Type=Word("MSTeams", "GoogleMeet"),
    Url=Link,
    MeetingNumber=String(0, 255),
    Passcode=Secret,
    BookingId=String(0, 255),
    Title=String(0, 255),
    TrackingData=String(0, 255),
)
def webrtc_join(codec: Codec, given: Given) -> None:
    """MeetingNumber is "exclusively for Google Meet", Passcode "not applicable in this software version"."""
    number = given.get("MeetingNumber", "") if given.get("Type") == "GoogleMeet" else ""
    join(codec, given.get("Url") or number, "", "WebRTC")


@command(
    "MicrosoftTeams Join",
    since=NEWER,
    Url=Link,
    MeetingNumber=String(0, 255),
    Passcode=Secret,
    BookingId=String(0, 255),
    Title=String(0, 255),
    TrackingData=String(0, 255),
)
def teams_join(codec: Codec, given: Given) -> None:
    """The schema: "Valid parameter combinations: MeetingNumber AND passcode, URL, URL AND BookingID"."""
    if not given.get("Url") and not (given.get("MeetingNumber") and given.get("Passcode")):
        raise ParameterError("Invalid or missing parameters")
    if not codec.teams_rooms:
        raise CommandError("Only in Teams Rooms mode")
    join(codec, given.get("Url") or given.get("MeetingNumber", ""), given.get("Passcode", ""), "WebRTC")


@command(
    "Zoom Join",
    since=NEWER,
    MeetingID=String(0, 255),
    MeetingPasscode=Secret,
    BookingID=String(0, 255),
    DialCode=String(0, 255),
    TrackingData=String(0, 255),
    HostKey=Secret,
    Domain=String(0, 255),
)
def zoom_join(codec: Codec, given: Given) -> None:
    join(codec, given.get("MeetingID", ""), given.get("MeetingPasscode", ""), "Sip")
