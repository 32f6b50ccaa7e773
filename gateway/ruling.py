"""Has a room's rules carried out: hears what happens in it, asks the rules, and asks the room, as `rule:NAME`.

What may not live here: what a rule is (`rules.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from gateway.clock import Clock, Timer
from gateway.commands import Command
from gateway.mailbox import Mailbox
from gateway.model import Reading
from gateway.room import NothingPlays, Room
from gateway.rules import BY_RULE, Act, Rules

log = logging.getLogger("roomgate.rules")


class Ruler(Mailbox):
    """One room's rules at work. It listens like a panel, but acts within the moment and keeps nothing."""

    read = False  # a call for help is not heard by a rule

    def __init__(self, room: Room, clock: Clock) -> None:
        super().__init__()
        self.room = room
        self.clock = clock
        self.rules = Rules(room.spec)
        self._acts: list[Act] = []
        self._soon: Timer | None = None
        self._later: Timer | None = None
        self._at: float | None = None
        room.mailboxes.add(self)
        room.watcher = self

    def changed(self, part: str, point: str, reading: Reading) -> None:
        """News of the room."""
        if (part, point) in self.rules.watched:
            self.rules.now = self.clock.now()
            self._take(self.rules.changed(part, point, reading))

    def asked(self, command: Command, part_id: str, cause: str) -> None:
        """Somebody asked the room for something."""
        self.rules.now = self.clock.now()
        self._take(self.rules.asked(command, part_id, cause))

    def part(self, part: str, described: Mapping[str, Any]) -> None:
        """Points say all that a rule wants to know."""

    def device(self, name: str, described: Mapping[str, Any]) -> None:
        """So it is with devices."""

    def put(self, event: Mapping[str, Any]) -> None:
        """And with events."""

    def close(self) -> None:
        """No rule acts any more."""
        for timer in (self._soon, self._later):
            if timer is not None:
                timer.cancel()
        self.room.mailboxes.discard(self)
        self.room.watcher = None

    # ---- carrying out ------------------------------------------------------------------------------------------

    def _take(self, acts: list[Act]) -> None:
        """Acts wait until the news that led to them has reached everybody: then the room is asked."""
        self._acts += acts
        if self._acts and self._soon is None:
            self._soon = self.clock.at(self.clock.now(), self._carry_out)
        due = self.rules.next_due()
        if due != self._at:
            if self._later is not None:
                self._later.cancel()
            self._at, self._later = due, None if due is None else self.clock.at(due, self._due)

    def _carry_out(self) -> None:
        self._soon = None
        acts, self._acts = self._acts, []
        for act in acts:
            if act.part in self.rules.held or self._under_way(act):
                continue  # somebody was faster; or it is what the room is doing already
            try:
                self.room.submit(act.command, act.part, cause=BY_RULE + act.rule)
            except (NothingPlays, ValueError) as error:
                log.info("%s: rule %s: %s", self.room.id, act.rule, error)

    def _under_way(self, act: Act) -> bool:
        """Whether the very same is asked of the part already, with the room's power for instance: asking it again
        would take the place of that, which would then not have been done."""
        part = self.room.parts[act.part]
        return any(ticket.command == act.command for ticket in part.player.unit(part.unit).flight.values())

    def _due(self) -> None:
        self._at = self._later = None
        self.rules.now = self.clock.now()
        self._take(self.rules.due())
