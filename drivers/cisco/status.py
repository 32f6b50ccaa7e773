"""What the codec's status says, in points: the one place where xAPI paths meet the house's words.

What may not live here: asking for a status, trees' upkeep (`xapi.py`). Every field of every reply is optional.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from drivers.cisco.xapi import Path, Tree, at, number, text, truth
from gateway.model import Call, CallState

# Schema 9.15: Standby State = Standby, EnteringStandby, Halfwake, Off ("off" is the standby, so the codec is awake).
# Halfwake is one of the Standby commands and a state of rest that a passer-by brings about: the codec waits to be
# woken, so it is standby to us, and a power-on is done at Off only. EnteringStandby is on the way and proves nothing.
POWER = {"Off": "on", "Standby": "standby", "Halfwake": "standby", "EnteringStandby": "cooling"}

STATES: Mapping[str, CallState] = {
    "Idle": "ended",
    "Dialling": "dialling",
    "Ringing": "ringing",
    "Connecting": "connecting",
    "EarlyMedia": "connecting",
    "Connected": "connected",
    "Preserved": "connected",  # the signalling is lost, sound and picture go on
    "RemotePreserved": "connected",
    "OnHold": "on hold",
    "Disconnecting": "disconnecting",
}

CALLS: Path = ("Status", "Call")
LIGHTEST: Path = ("Status", "Standby", "State")  # the smallest question there is
PUSHED: tuple[Path, ...] = (
    ("Status", "Standby"),
    ("Status", "Audio"),
    ("Status", "Video", "Input", "MainVideoMute"),
    CALLS,
    ("Status", "SystemUnit", "Software"),
)
READ: tuple[Path, ...] = (*PUSHED[:4], ("Status", "SystemUnit"), ("Configuration", "SystemUnit", "Name"))


def _level(value: Any) -> int | None:
    level = number(value)
    return level if level is not None and 0 <= level <= 100 else None


def _words(value: Any) -> str | None:
    return text(value) or None


def calls(elements: Any) -> tuple[Call, ...] | None:
    """All calls, by id. One whose direction has not been told yet is left out: it might ring, or not."""
    if not isinstance(elements, dict):
        return None
    known = [(key, fields) for key, fields in elements.items() if isinstance(fields, dict) and "Direction" in fields]
    known.sort(key=lambda pair: (number(pair[0]) or 0, pair[0]))
    return tuple(_call(text(key), fields) for key, fields in known)


def halves(elements: Any) -> list[Tree]:
    """The calls that `calls()` leaves out."""
    if not isinstance(elements, dict):
        return []
    return [fields for fields in elements.values() if isinstance(fields, dict) and "Direction" not in fields]


def _call(key: str, fields: Tree) -> Call:
    state = STATES.get(text(fields.get("Status")), "unknown")
    encryption = text(at(fields, ("Encryption", "Type")))
    kind = text(fields.get("CallType")).lower()
    return Call(
        id=key,
        direction="in" if text(fields["Direction"]).lower() == "incoming" else "out",
        state=state,
        name=text(fields.get("DisplayName")),
        address=text(fields.get("CallbackNumber")) or text(fields.get("RemoteNumber")),
        protocol=text(fields.get("Protocol")).lower(),
        kind="video" if kind == "video" else "audio" if kind == "audio" else "unknown",
        duration=number(fields.get("Duration")),
        encrypted=encryption.lower() != "none" if encryption else None,
        held=state == "on hold" or truth(fields.get("PlacedOnHold")) is True,
        rate=number(fields.get("ReceiveCallRate")) or number(fields.get("TransmitCallRate")) or None,
        answered=text(fields.get("AnswerState")) not in ("Unanswered", "Ignored"),
    )


POINTS: Mapping[str, tuple[Path, Callable[[Any], Any]]] = {
    "power": (("Status", "Standby", "State"), lambda value: POWER.get(text(value))),
    "volume": (("Status", "Audio", "Volume"), _level),
    "muted": (("Status", "Audio", "VolumeMute"), truth),
    "mic_muted": (("Status", "Audio", "Microphones", "Mute"), truth),
    "video_muted": (("Status", "Video", "Input", "MainVideoMute"), truth),
    "calls": (CALLS, calls),
    "name": (("Configuration", "SystemUnit", "Name"), _words),
    "model": (("Status", "SystemUnit", "ProductId"), _words),
    "serial": (("Status", "SystemUnit", "Hardware", "Module", "SerialNumber"), _words),
    "firmware": (("Status", "SystemUnit", "Software", "Version"), _words),
}


def read(tree: Tree, name: str) -> Any:
    """One point, as the codec's tree shows it; None where it does not."""
    path, meaning = POINTS[name]
    return meaning(at(tree, path))


def differ(name: str, one: Any, two: Any) -> bool:
    """Whether two values of a point differ, a call's duration aside: it runs, and need not be pushed as it does."""
    if name == "calls":
        one, two = ([replace(call, duration=None) for call in held or ()] for held in (one, two))
    return bool(one != two)


def told_by(news: Tree) -> set[str]:
    """The points that a piece of feedback speaks of."""
    return {name for name, (path, _) in POINTS.items() if at(news, path) is not None}


def below(path: Path) -> set[str]:
    """The points that an answer for `path` decides, whether or not it mentions them."""
    return {name for name, (point, _) in POINTS.items() if point[: len(path)] == path}


def contacts(value: Any) -> tuple[list[Tree], int, int | None]:
    """The people in a Phonebook Search's answer; how many rows it holds, folders too; and how many there are in all.

    A person's `methods` can be dialled as they are.
    """
    if not isinstance(value, dict):
        return [], 0, None
    found = [contact for contact in _list(value.get("Contact")) if isinstance(contact, dict)]
    rows = len(found) + len(_list(value.get("Folder")))
    total = number(at(value, ("ResultInfo", "TotalRows")))
    return [_contact(contact) for contact in found], rows, total


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _contact(contact: Tree) -> Tree:
    return {
        "name": text(contact.get("Name")),
        "id": text(contact.get("ContactId")),
        "methods": [
            {
                "address": text(method.get("Number")),
                "protocol": _one_of(method.get("Protocol"), "sip", "h323", "spark", "h320"),
                "kind": _one_of(method.get("CallType"), "video", "audio"),
                "rate": number(method.get("CallRate")) or 0,
            }
            for method in _list(contact.get("ContactMethod"))
            if isinstance(method, dict)
        ],
    }


def _one_of(value: Any, *known: str) -> str:
    word = text(value).lower()
    return word if word in known else ""
