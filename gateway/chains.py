"""What one command of the room means for its parts, carried out: each part's commands in turn, all parts at once.

What may not live here: what it means (`expand.py`, `scenes.py`, `group.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands import Command, SetPower
from gateway.expand import Chains
from gateway.model import Outcome, Result
from gateway.ticket import RoomTicket, Ticket

if TYPE_CHECKING:
    from gateway.part import Part
    from gateway.room import Room


def run(room: Room, parent: RoomTicket, chains: Chains) -> None:
    """Begin them all; the parent ends when the last has ended."""
    parent.open = len(chains) + 1
    for part, commands in chains:
        _next(room, parent, part, list(commands))
    _ended(room, parent)


def _next(room: Room, parent: RoomTicket, part: Part, commands: list[Command]) -> None:
    """The next of a part's commands; the one after follows when this one has ended. What did not wake is spared
    the rest; anything else that fails keeps nothing from being done."""
    command = commands.pop(0)
    child = room.ask(part, command, parent.id)
    parent.children.append((part.id, child))

    def ended(ticket: Ticket) -> None:
        assert ticket.outcome is not None
        if commands and (ticket.outcome.good or ticket.command != SetPower(True)):
            _next(room, parent, part, commands)
        else:
            _ended(room, parent)

    child.then(ended)


def _ended(room: Room, parent: RoomTicket) -> None:
    parent.open -= 1
    if parent.open == 0:
        outcomes = [child.outcome for _, child in parent.children if child.outcome is not None]
        bad = [outcome for outcome in outcomes if not outcome.good]
        if bad:
            parent.settle(Outcome(bad[0].result, f"{len(bad)} of {len(outcomes)} parts did not"), room.clock.now())
        else:
            sure = all(outcome.result is Result.CONFIRMED for outcome in outcomes)
            parent.settle(Outcome(Result.CONFIRMED if sure else Result.ASSUMED), room.clock.now())
