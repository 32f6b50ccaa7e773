"""What the codec can do now, and the choices for it: taken from what it tells of itself, never assumed.

What may not live here: asking. A command whose proof needs a status that the codec does not show is not offered, and
neither is one that its software said it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from drivers.cisco import meetings, status, words
from drivers.cisco.mirror import Mirror
from drivers.cisco.xapi import Path, at, number, text
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
    SendDtmf,
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

NEEDS: dict[type[Command], str] = {  # what a command's proof, or its sense, needs the codec to show
    SetPower: "power",
    SetVolume: "volume",
    SetMute: "muted",
    SetMicMute: "mic_muted",
    SetVideoMute: "video_muted",
    SetAutoAnswer: "auto_answer",
    SetDoNotDisturb: "do_not_disturb",
    SetLayout: "layout",
    SetSelfView: "self_view",
    Share: "sharing",
    StopShare: "sharing",
    SelectCamera: "camera",
    MoveCamera: "camera",
    RecallPreset: "camera",
    StorePreset: "camera",
    Dial: "calls",
    Join: "calls",
    Answer: "calls",
    Reject: "calls",
    Hold: "calls",
    Resume: "calls",
    HangUp: "calls",
    SendDtmf: "calls",
    Transfer: "calls",
}
EVERY: frozenset[type[Command]] = frozenset({Search, ListBookings, *NEEDS})
PROOF: dict[type[Command], Path] = {command: status.POINTS[point][0] for command, point in NEEDS.items()}

Choices = Mapping[str, Mapping[str, str]]


def offered(mirror: Mirror, unknown: Set[str], missing: Set[type[Command]]) -> tuple[frozenset[type[Command]], Choices]:
    """The commands, and the choices for their arguments. `unknown`, `missing`: what the software said it has not."""
    shown = mirror.points(set(NEEDS.values()))
    possible = {command for command, point in NEEDS.items() if shown[point] is not None}
    services = meetings.services(software(mirror), unknown)
    if not services:
        possible.discard(Join)
    choices: dict[str, Mapping[str, str]] = {"service": services} if Join in possible else {}
    cameras, sources = _sources(mirror)
    if Share in possible:
        choices["source"] = sources
    if SelectCamera in possible:
        choices["camera"] = cameras
    if SetLayout in possible:
        names = layouts(mirror) or words.FAMILIES
        choices["layout"] = {name: name for name in names}
    return frozenset({Search, ListBookings, *possible} - missing), {key: held for key, held in choices.items() if held}


def software(mirror: Mirror) -> str:
    """The software's version, in the codec's words."""
    return mirror.points({"firmware"})["firmware"] or ""


def layouts(mirror: Mirror) -> list[str]:
    """The layouts by name, where this software has names."""
    return status.names(at(mirror.tree, status.LAYOUTS[:3]))


def source_ids(mirror: Mirror) -> frozenset[str]:
    """The sources that the codec tells of."""
    return frozenset(_connectors(mirror))


def camera_ids(mirror: Mirror) -> dict[str, int]:
    """The CameraId behind each source, as the connectors' settings tell."""
    found: dict[str, int] = {}
    for source, connector in _connectors(mirror).items():
        camera = number(at(mirror.tree, (*status.CONNECTORS, connector, "CameraControl", "CameraId")))
        if camera is not None:
            found[source] = camera
    return found


def _sources(mirror: Mirror) -> tuple[dict[str, str], dict[str, str]]:
    """The cameras and the other sources, by SourceId, with the names that the codec shows for their connectors."""
    cameras: dict[str, str] = {}
    sources: dict[str, str] = {}
    for source, connector in _connectors(mirror).items():
        kind = at(mirror.tree, (*status.INPUTS, connector, "Type"))
        settings = at(mirror.tree, (*status.CONNECTORS, connector))
        sort = text(at(settings, ("InputSourceType",))) or text(kind)
        held = cameras if sort.lower() == "camera" else sources
        held[source] = text(at(settings, ("Name",))) or text(kind) or source
    return cameras, sources


def _connectors(mirror: Mirror) -> dict[str, str]:
    """The connector of each source."""
    held = at(mirror.tree, status.INPUTS)
    found = held.items() if isinstance(held, dict) else ()
    told = ((number(at(fields, ("SourceId",))), connector) for connector, fields in found)
    return {str(source): connector for source, connector in told if source is not None}
