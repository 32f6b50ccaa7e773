"""A room as its keys see it: what is known, who can do what, and the moment that anything is new.

What may not live here: what a key looks like (`surface.py`), presses (`surfacehost.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.mailbox import Mailbox
from gateway.model import UNKNOWN, Reading
from gateway.profile.language import say
from gateway.profile.layout import KeySpec
from gateway.room import Room

OFFLINE = "Offline"
WORDED = ("power", "moving")  # points whose values are words of ours


class RoomState:
    """A room as `surface.py` wants to see it."""

    def __init__(self, room: Room) -> None:
        self.room = room

    def reading(self, part: str, point: str) -> Reading:
        """What is known of a point."""
        if part == "room":
            return self.room.own(point)
        held = self.room.parts.get(part)
        return held.reading(point) if held is not None else UNKNOWN

    def cannot(self, verb: str, part: str) -> str:
        """Why a part cannot do that now."""
        if not part:
            return ""
        held = self.room.parts[part]
        if not held.player.online:
            return OFFLINE
        return "" if held.offers(verb) else "Not now"

    def online(self, part: str) -> bool:
        """Whether a part's device is there."""
        return self.room.parts[part].player.online

    def label(self, part: str, point: str, value: Any) -> str:
        """A value as people know it."""
        if (part, point) == ("room", "source") and value in self.room.spec.sources:
            return self.room.spec.sources[value].label
        choices = (
            self.room.parts[part].player.unit(self.room.parts[part].unit).choices if part in self.room.parts else {}
        )
        known = choices.get(point, {}).get(value)
        if known is None and ((part, point) == ("calls", "state") or point in WORDED):
            return self.say(value)
        return str(value if known is None else known)

    def say(self, phrase: str) -> str:
        """A phrase of ours in the room's language."""
        return say(self.room.spec.language, phrase)


class Eyes(Mailbox):
    """Sees what the room tells its listeners, the moment it is told."""

    read = False

    def __init__(self, refresh: Callable[[str, str], None]) -> None:
        super().__init__()
        self.refresh = refresh

    def changed(self, part: str, point: str, reading: Reading) -> None:
        """A point has a new reading."""
        self.refresh(part, point)

    def part(self, part: str, described: Mapping[str, Any]) -> None:
        """A part came, went, or offers other things now."""
        self.refresh(part, "")

    def device(self, name: str, described: Mapping[str, Any]) -> None:
        """A device came or went: its parts say so, too."""

    def put(self, event: Mapping[str, Any]) -> None:
        """Events are not for keys."""


def index(keys: Iterable[KeySpec]) -> dict[tuple[str, str], list[KeySpec]]:
    """The keys that must be drawn anew for (part, point); (part, "") where anything about the part is new."""
    about: dict[tuple[str, str], list[KeySpec]] = {}

    def add(part: str, point: str, key: KeySpec) -> None:
        held = about.setdefault((part, point), [])
        if key not in held:
            held.append(key)

    for key in keys:
        for part, point in key.names:
            add(part, "calls" if part == "calls" and point in ("state", "with", "count") else point, key)
            add(part, "", key)
        for step in key.steps:
            if step.part:
                add(step.part, "", key)
            for part in ("volume", "mics", "camera") if step.command.verb == "toggle" else ():
                add(part, "", key)
        if key.slide is not None:
            add(key.slide.part, "", key)
    return about
