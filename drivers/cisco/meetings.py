"""Meetings of meeting services: which of them this software can join by itself, and how.

What may not live here: how a command is written, or what proves it. By their xAPI schemas CE 9.15.17.4 has only `Webex
Join`, and RoomOS 26.4.1 `WebRTC Join`, `MicrosoftTeams Join` and `Zoom Join`, too. Between the two nothing is assumed:
the codec's own answer decides, and what it does not know is not offered again.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import replace

from drivers.cisco.words import Cannot, Said, fitting
from gateway.commands import Join

SERVICES = {"webex": "Webex", "teams": "Microsoft Teams", "meet": "Google Meet", "zoom": "Zoom"}
JOINS = {
    "webex": ("Webex Join",),
    "teams": ("WebRTC Join", "MicrosoftTeams Join"),
    "meet": ("WebRTC Join",),
    "zoom": ("Zoom Join",),
}
SECRET = ("MeetingPasscode", "Passcode", "Pin", "Url")


def version(software: str) -> tuple[int, int] | None:
    """(9, 15) of "ce9.15.17.4", (26, 4) of "RoomOS 26.4.1.0"; None where it cannot be told."""
    found = re.search(r"(\d{1,4})\.(\d{1,4})", software)
    return (int(found[1]), int(found[2])) if found else None


def is_old(software: str) -> bool:
    """Software before RoomOS 10; not where it cannot be told."""
    number = version(software)
    return number is not None and number < (10, 0)


def services(software: str, unknown: Set[str]) -> dict[str, str]:
    """The services whose meetings can be joined, as far as is known; `unknown`: what the codec said it has not."""
    old = is_old(software)
    return {
        service: title
        for service, title in SERVICES.items()
        if not (old and service != "webex") and not set(JOINS[service]) <= unknown
    }


def join(wanted: Join, software: str, unknown: Set[str], *, rooms_mode: bool) -> Said:
    """The command for a meeting, and what to try in its place. Raises Cannot."""
    title = SERVICES[wanted.service]
    if wanted.service not in services(software, unknown):
        raise Cannot(f"the codec's software ({software or 'version unknown'}) joins no {title} meetings")
    ways = [fitting(way) for way in _ways(wanted, software)]
    known = [way for way in ways if way.words not in unknown]
    if not known:
        raise Cannot(f"the codec's software joins {title} meetings only by their link")
    if rooms_mode:
        known.reverse()
    first, *others = known
    return replace(first, instead=tuple(others))


def _ways(wanted: Join, software: str) -> list[Said]:
    """Each way to a meeting, the likeliest first.

    Schema 26.4.1: the Number of `Webex Join` may be a link; MeetingNumber of `WebRTC Join` is "exclusively for Google
    Meet" and its Passcode "not applicable"; `MicrosoftTeams Join` takes a Url, or a MeetingNumber with its Passcode.
    """
    number, url, passcode = wanted.number, wanted.url, wanted.passcode
    match wanted.service:
        case "webex":
            if not number and is_old(software):
                raise Cannot("a Webex meeting is joined by its number; this codec takes no link")
            return [_said("Webex Join", {"Number": number or url, "Pin": passcode}, () if number else ("Number",))]
        case "zoom":
            if not number:
                raise Cannot("a Zoom meeting is joined by its number; this codec takes no link")
            return [_said("Zoom Join", {"MeetingID": number, "MeetingPasscode": passcode})]
        case "meet":
            given = {"Url": url} if url else {"MeetingNumber": number}
            return [_said("WebRTC Join", {"Type": "GoogleMeet", **given})]
    if url:
        return [_said("WebRTC Join", {"Type": "MSTeams", "Url": url}), _said("MicrosoftTeams Join", {"Url": url})]
    if not passcode:
        raise Cannot("a Teams meeting is joined by its link, or by its number and passcode")
    return [_said("MicrosoftTeams Join", {"MeetingNumber": number, "Passcode": passcode})]


def _said(words: str, given: dict[str, str], secret: tuple[str, ...] = ()) -> Said:
    told: dict[str, str | int] = {name: value for name, value in given.items() if value}
    return Said(words, told, secret=(*secret, *(name for name in SECRET if name in told)))
