"""Meetings of meeting services: which of them this software can join by itself, and how.

What may not live here: how a command is written, or what proves it. By their xAPI schemas CE 9.15.17.4 has only `Webex
Join`, and RoomOS 26.4.1 `WebRTC Join`, `MicrosoftTeams Join` and `Zoom Join`, too. Between the two nothing is assumed:
the codec's own answer decides, and what it does not know is not offered again.
"""

from __future__ import annotations

import re
from collections.abc import Set

from drivers.cisco.words import Cannot, Said
from gateway.commands import Join

SERVICES = {"webex": "Webex", "teams": "Microsoft Teams", "meet": "Google Meet", "zoom": "Zoom"}
JOINS = {
    "webex": ("Webex Join",),
    "teams": ("WebRTC Join", "MicrosoftTeams Join"),
    "meet": ("WebRTC Join",),
    "zoom": ("Zoom Join",),
}


def version(software: str) -> tuple[int, int] | None:
    """(9, 15) of "ce9.15.17.4", (26, 4) of "RoomOS 26.4.1.0"; None where it cannot be told."""
    found = re.search(r"(\d{1,4})\.(\d{1,4})", software)
    return (int(found[1]), int(found[2])) if found else None


def services(software: str, unknown: Set[str]) -> dict[str, str]:
    """The services whose meetings can be joined, as far as is known; `unknown`: what the codec said it has not."""
    number = version(software)
    old = number is not None and number < (10, 0)
    return {
        service: title
        for service, title in SERVICES.items()
        if not (old and service != "webex") and not set(JOINS[service]) <= unknown
    }


def join(wanted: Join, software: str, unknown: Set[str], *, rooms_mode: bool) -> Said:
    """The command for a meeting, and what to try in its place. Raises Cannot."""
    if wanted.service not in services(software, unknown):
        raise Cannot(
            f"the codec's software ({software or 'version unknown'}) joins no {SERVICES[wanted.service]} meetings"
        )
    if not wanted.number and wanted.service in ("webex", "zoom"):
        raise Cannot(f"a {SERVICES[wanted.service]} meeting is joined by its number; this codec takes no link")
    ways = [way for way in _ways(wanted) if way.words not in unknown]
    if rooms_mode:
        ways.reverse()
    first, *others = ways
    return Said(first.words, first.parameters, secret=first.secret, instead=tuple(others))


def _ways(wanted: Join) -> list[Said]:
    if wanted.service == "webex":
        return [_said("Webex Join", {"Number": wanted.number, "Pin": wanted.passcode})]
    if wanted.service == "zoom":
        return [_said("Zoom Join", {"MeetingID": wanted.number, "MeetingPasscode": wanted.passcode})]
    given = {"MeetingNumber": wanted.number, "Passcode": wanted.passcode, "Url": wanted.url}
    if wanted.service == "meet":
        return [_said("WebRTC Join", {"Type": "GoogleMeet", **given})]
    return [_said("WebRTC Join", {"Type": "MSTeams", **given}), _said("MicrosoftTeams Join", given)]


def _said(words: str, given: dict[str, str]) -> Said:
    told: dict[str, str | int] = {name: value for name, value in given.items() if value}
    secret = tuple(name for name in ("MeetingPasscode", "Passcode", "Pin", "Url") if name in told)
    return Said(words, told, secret=secret)
