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
INPUTS: Path = ("Status", "Video", "Input", "Connector")
CONNECTORS: Path = ("Configuration", "Video", "Input", "Connector")
AUTO_ANSWER: Path = ("Configuration", "Conference", "AutoAnswer")
ENDED: Path = ("Event", "CallDisconnect")
# What must be known before the codec is of use, and what can follow. The pushed ones are registered first.
PUSHED: tuple[Path, ...] = (
    ("Status", "Standby"),
    ("Status", "Audio"),
    ("Status", "Video"),
    ("Status", "Conference"),
    CALLS,
    AUTO_ANSWER,
)
READ: tuple[Path, ...] = (*PUSHED, ("Status", "SystemUnit"))
PUSHED_LATER: tuple[Path, ...] = (ENDED,)
READ_LATER: tuple[Path, ...] = (("Configuration", "SystemUnit", "Name"), CONNECTORS)
LAYOUTS: Path = ("Status", "Video", "Layout", "CurrentLayouts", "AvailableLayouts")


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


def _sharing(presentation: Any) -> str | None:
    """Ours first: it is what can be stopped here. Schema 9.15.17.4: SendingMode is LocalOnly, LocalRemote or Off."""
    if not isinstance(presentation, dict):
        return None
    mode = text(presentation.get("Mode"))
    modes = {text(shown.get("SendingMode")) for shown in _instances(presentation)}
    if "LocalRemote" in modes or mode == "Sending":
        return "sending"
    if "LocalOnly" in modes:
        return "preview"
    return {"Receiving": "receiving", "Off": "off"}.get(mode)


def _share_source(presentation: Any) -> str | None:
    if not isinstance(presentation, dict):
        return None
    return next((text(shown.get("Source")) for shown in _instances(presentation) if "Source" in shown), "")


def _instances(presentation: Tree) -> list[Tree]:
    held = presentation.get("LocalInstance")
    found = held.values() if isinstance(held, dict) else ()
    return [shown for shown in found if isinstance(shown, dict) and text(shown.get("SendingMode")) != "Off"]


def _layout(layout: Any) -> str | None:
    """By name where the codec lists names; else the layout family, in small letters as it is set."""
    if names(layout):
        return text(at(layout, ("CurrentLayouts", "ActiveLayout")))
    return text(at(layout, ("LayoutFamily", "Local"))).lower() or None


def names(layout: Any) -> list[str]:
    """The layouts that can be chosen now, by name; none on older software."""
    listed = at(layout, LAYOUTS[3:])
    found = listed.values() if isinstance(listed, dict) else ()
    return [name for name in (text(one.get("LayoutName")) for one in found if isinstance(one, dict)) if name]


def _source(value: Any) -> str | None:
    source = number(value)
    return None if source is None else str(source)


POINTS: Mapping[str, tuple[Path, Callable[[Any], Any]]] = {
    "power": (("Status", "Standby", "State"), lambda value: POWER.get(text(value))),
    "volume": (("Status", "Audio", "Volume"), _level),
    "muted": (("Status", "Audio", "VolumeMute"), truth),
    "mic_muted": (("Status", "Audio", "Microphones", "Mute"), truth),
    "video_muted": (("Status", "Video", "Input", "MainVideoMute"), truth),
    "camera": (("Status", "Video", "Input", "MainVideoSource"), _source),
    "self_view": (("Status", "Video", "Selfview", "Mode"), truth),
    "layout": (("Status", "Video", "Layout"), _layout),
    "sharing": (("Status", "Conference", "Presentation"), _sharing),
    "share_source": (("Status", "Conference", "Presentation"), _share_source),
    "do_not_disturb": (
        ("Status", "Conference", "DoNotDisturb"),
        lambda value: {"Active": True, "Inactive": False}.get(text(value)),
    ),
    "auto_answer": ((*AUTO_ANSWER, "Mode"), truth),
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
        one, two = ([replace(call, duration=None, reason="") for call in held or ()] for held in (one, two))
    return bool(one != two)


def told_by(news: Tree) -> set[str]:
    """The points that a piece of feedback speaks of."""
    return {name for name, (path, _) in POINTS.items() if at(news, path) is not None}


def below(path: Path) -> set[str]:
    """The points that an answer for `path` decides, whether or not it mentions them."""
    return {name for name, (point, _) in POINTS.items() if point[: len(path)] == path}


def end(news: Tree) -> tuple[str, str]:
    """The call that an event says to end, and the codec's words for why; "" where it says nothing of the kind.

    Cisco API reference guide CE9.2 (D15335.08), CallDisconnect: CallId, CauseType and, not always, CauseString.
    """
    told = at(news, ENDED)
    if not isinstance(told, dict):
        return "", ""
    return text(told.get("CallId")), text(told.get("CauseString")) or text(told.get("CauseType"))
