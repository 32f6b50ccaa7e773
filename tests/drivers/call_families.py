"""The codec families that the call stories run over, and where they differ; the docs print it.

What may not live here: the stories (`test_call_story.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOC = Path(__file__).parents[2] / "docs" / "codecs" / "differences.md"


@dataclass(frozen=True)
class Family:
    """A codec family on one transport."""

    driver: str
    link: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    simulator: Mapping[str, Any] = field(default_factory=dict)
    address: str = "bob@example.com"
    dialect: str = ""
    late: Mapping[str, Any] = field(default_factory=dict)  # simulator: a dialled call is shown half a second late


FAMILIES = [
    Family("cisco_roomos", "ws", {"username": "admin", "password": "x"}, {"username": "admin", "password": "x"}),
    Family("cisco_roomos", "ssh", {"username": "admin", "password": "x"}, {"username": "admin", "password": "x"}),
    Family(
        "zoom_rooms",
        "ssh",
        {"username": "zoom", "password": "x", "poll": 0.5},
        {"username": "zoom", "password": "x"},
        "93412345678",
    ),
    Family(
        "poly_videoos",
        "http",
        {
            "password": "x",
            "poll": 0.2,
            "quick": 0.05,
            "dialling": 0.01,
            "activate": True,
            "stop_share": "deactivate",
        },
        {"password": "x", "dial_seconds": 16.0},
        late={"show_seconds": 10.0, "dial_seconds": 20.0},
    ),
    *(
        Family(
            "poly_cli",
            link,
            {"password": "x", "gap": 0.005},
            {"password": "x", "model": model},
            dialect=model,
            late={"open_seconds": 10.0},
        )
        for link, model in (
            ("telnet", "videoos"),
            ("telnet", "group"),
            ("telnet", "hdx"),
            ("ssh", "group"),
            ("tcp", "videoos"),
            ("serial", "hdx"),
        )
    ),
    *(Family("yealink_vc", link, {"gap": 0.005}, late={"open_seconds": 10.0}) for link in ("tcp", "serial")),
]
# What a call that is dialled shows on its way, in this order. Printed in docs/codecs/differences.md.
PROGRESS: dict[str, tuple[str, ...]] = {
    "cisco_roomos": ("dialling", "ringing"),
    "zoom_rooms": ("connecting",),
    "poly_videoos": ("dialling", "ringing", "connecting"),
    "poly_cli": ("dialling", "ringing", "connecting"),
    "poly_cli (hdx)": ("dialling", "connecting"),
    "yealink_vc": ("dialling",),
}
POLLED = frozenset({"poly_videoos"})  # sees what lasts for one look, and may miss what is shorter
# Where the start of a call comes from that was up before the gateway was: the codec, or the house, which counts from
# when it first saw it. Everywhere else the house counts from the moment of connection. Printed in the docs.
LASTED: dict[str, str] = {
    "cisco_roomos": "the codec: it tells how long a call has lasted",
    "poly_videoos": "the codec: it tells when a call began, and its own time",
    "poly_cli": "counted from when RoomGate first saw it: no line tells how long a call has lasted",
    "yealink_vc": "counted from when RoomGate first saw it: no line tells how long a call has lasted",
    "zoom_rooms": "counted from when RoomGate first saw it: nothing tells how long a meeting has lasted",
}
# What a family cannot do: (family, what) -> because. Printed in docs/codecs/differences.md.
CANNOT: dict[tuple[str, str], str] = {
    ("zoom_rooms", "mute"): "Zoom Rooms has an output volume and no mute of it",
    ("zoom_rooms", "hold"): "its control system API has no command for it",
    ("zoom_rooms", "dtmf"): "a meeting takes no tones; its telephone calls do",
    ("zoom_rooms", "busy"): "a meeting is joined, nobody is called: it cannot be busy",
    ("zoom_rooms", "no answer"): "a meeting is joined, nobody is called: it waits for its host as long as need be",
    ("poly_videoos", "mute"): "its REST has a volume and no mute of the room's sound",
    ("poly_videoos", "hold"): "its REST documents no hold",
    ("poly_cli", "mute"): "the command line mutes microphones, not the loudspeaker",
    ("poly_cli", "hold"): "the command line has no word for it",
    ("yealink_vc", "mute"): "its API mutes microphones, not the loudspeaker",
    ("yealink_vc", "hold"): "its API has no word for it",
    ("yealink_vc", "share"): "nothing in its API proves that a share began",
}


def differences() -> str:
    """The table of what a family cannot do."""
    rows = "\n".join(f"| `{name}` | {what} | {because} |" for (name, what), because in sorted(CANNOT.items()))
    ways = "\n".join(f"| `{name}` | {', '.join(states)}, connected |" for name, states in sorted(PROGRESS.items()))
    starts = "\n".join(f"| `{name}` | {where} |" for name, where in sorted(LASTED.items()))
    return f"""# What differs between codec families

Every codec family passes the same call stories (`tests/drivers/test_call_story.py`): the same room-level events, in the
same order. Where one cannot, the reason stands here. A command that a family cannot do is not offered, and asking
anyway is a clear 409; of what cannot happen there at all (a meeting is never busy) there is nothing to ask. The table
holds what the stories use; what else a family does not offer stands in the README's table and on its page.

| family | what | because |
| --- | --- | --- |
{rows}

What a call that is dialled shows on its way differs, too; what a family does not tell apart it does not invent. A codec
that is polled (`poly_videoos`) may be connected before it was seen ringing.

| family | states |
| --- | --- |
{ways}

A call's `start` is counted by the house from the moment when it is connected. Of a call that was up before:

| family | start |
| --- | --- |
{starts}
"""
