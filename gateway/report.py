"""How a room's state and a command's outcome are told, as JSON-able values. Pure: reads, never changes.

What may not live here: HTTP, WebSocket, rights. `room.py` knows, this says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.device import Device, Player
from gateway.model import Reading, plain
from gateway.spec import SourceSpec
from gateway.ticket import RoomTicket, Ticket

if TYPE_CHECKING:
    from gateway.room import Part, Room


def state(room: Room) -> dict[str, Any]:
    """The room's whole state."""
    parts: dict[str, Any] = {}
    devices: dict[str, Any] = {}
    for part in room.parts.values():
        parts[part.id] = {**describe(part), "points": readings(room, part.id)}
        for device in devices_of(part.player):
            devices[device.name] = describe_device(device)
    return {
        "room": room.id,
        "name": room.spec.name,
        "seq": room.seq,
        "points": readings(room, "room"),
        "parts": parts,
        "devices": devices,
        "sources": {source.name: describe_source(room, source) for source in room.spec.sources.values()},
        "scenes": {scene.name: {"label": scene.label} for scene in room.spec.scenes.values()},
        "limits": {"volume": room.spec.maximum_volume},
        **({"meetings": room.desk.told()} if room.desk else {}),
        **({"locked": True} if room.spec.admin_pin else {}),  # a panel, until the administrator's PIN
        **({"phones": True} if room.spec.phones and room.spec.phones.qr else {}),
    }


def readings(room: Room, part_id: str) -> dict[str, Any]:
    """All points of a part, or of the room itself (`room`)."""
    return {name: tell(reading) for name, reading in room.readings(part_id).items()}


def describe(part: Part) -> dict[str, Any]:
    """A part without its points: who plays it, whether it is there, what it takes."""
    told = {
        "kind": part.kind.name,
        "name": part.name,
        "label": part.label,
        "device": part.player.name,
        "online": part.player.online,
        "reason": plain(part.player.reason),
        "words": part.player.words,
        "takes": [verb for verb in part.kind.verbs if part.offers(verb)],
        "choices": plain(part.choices()),
    }
    return {**told, "members": list(part.spec.members)} if part.spec.members else told


def describe_source(room: Room, source: SourceSpec) -> dict[str, Any]:
    """A source: its name for people and, where something tells it, whether it sends a picture (and who tells)."""
    told: dict[str, Any] = {"label": source.label}
    if source.signal:
        told["signal"] = {"part": source.signal, **tell(room.parts[source.signal].reading("signal"))}
    return told


def tell(reading: Reading) -> dict[str, Any]:
    """A reading's JSON form."""
    return {
        "value": plain(reading.value),
        "status": reading.status,
        "since": reading.since or None,
        "cause": reading.cause or None,
    }


def devices_of(player: Player) -> list[Device]:
    """The devices behind a player."""
    return [player] if isinstance(player, Device) else list(getattr(player, "devices", ()))


def describe_device(device: Device) -> dict[str, Any]:
    """A device as people are shown it: whether it is there, why not, and what to be warned of."""
    return {
        "driver": device.driver.name,
        "online": device.online,
        "reason": plain(device.reason),
        "words": device.words,
        "since": device.since,
        "warning": device.warning,
    }


def outcome_of(subject: str, ticket: Ticket) -> dict[str, Any]:
    """A command as the API tells of it: its outcome so far, and its parts' where it has any."""
    told: dict[str, Any] = {"id": ticket.id, "verb": ticket.command.verb, "part": subject or None}
    if ticket.outcome is None:
        told["result"] = "pending"
    else:
        told["result"] = ticket.outcome.result.value
        if ticket.outcome.words:
            told["words"] = ticket.outcome.words
    if isinstance(ticket, RoomTicket):
        told["parts"] = [outcome_of(part, child) for part, child in ticket.children]
        told["complete"] = ticket.outcome is not None and ticket.outcome.good
    return told
