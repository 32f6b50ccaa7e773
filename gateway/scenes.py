"""What a scene means for the room's parts: its steps as chains, each part's in order, all parts at once. Pure.

What may not live here: reading scenes (`steps.py`), sending anything (`room.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import expand
from gateway.commands import ROOM_VERBS, Command, SelectSource

if TYPE_CHECKING:
    from gateway.room import Part, Room


def chains(room: Room, name: str) -> expand.Chains:
    """The parts' commands of a scene. A step for the whole room (power, source) means here what it means alone."""
    held: dict[str, tuple[Part, list[Command]]] = {}
    for step in room.spec.scenes[name].steps:
        if step.command.verb in ROOM_VERBS and (not step.part or isinstance(step.command, SelectSource)):
            asked = expand.expand(room, step.command, step.part)
        else:
            asked = [(room.parts[step.part], [step.command])]
        for part, commands in asked:
            held.setdefault(part.id, (part, []))[1].extend(commands)
    return list(held.values())
