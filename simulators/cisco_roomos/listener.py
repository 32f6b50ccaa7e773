"""What every connection to the codec shares: its feedback registrations, and how a change finds them.

What may not live here: how a change is written; the shell and the WebSocket each do that themselves.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import reduce
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.table import NoMatch, TooManySubscribers
from simulators.cisco_roomos.tree import Step, Tree, join, select

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

ROOTS = ("status", "configuration", "event")


class Listener:
    """One connection. Registrations hold for it alone and end with it (Cisco xAPI guide, "Terminal connections")."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.registered: dict[Hashable, list[Step]] = {}

    def register(self, key: Hashable, steps: list[Step]) -> None:
        """Add an expression; NoMatch where the device has nothing of the kind.

        Whether a real codec refuses such an expression is not on record; a simulator that took it would hide a
        misspelt path for ever.
        """
        if not steps or str(steps[0]).casefold() not in ROOTS or set(steps) == {"**"}:
            raise NoMatch(steps or [""])
        named = [step for step in steps if isinstance(step, str) and step != "*"]  # an element may be yet to come
        if str(steps[0]).casefold() != "event" and select(self.codec.documents(), named) is None:
            raise NoMatch(steps)
        total = sum(len(listener.registered) for listener in self.codec.listeners)
        if key not in self.registered and total >= self.codec.max_subscriptions:
            raise TooManySubscribers("Subscriber count exceeded")
        self.registered[key] = steps

    def matching(self, change: Tree) -> dict[Hashable, Tree]:
        """What of a change each registration asked for."""
        found: dict[Hashable, Tree] = {}
        for key, steps in self.registered.items():
            part = select(change, steps)
            if part is not None:
                found[key] = part
        return found

    def together(self, change: Tree) -> Any:
        """What of a change was asked for at all; None where nothing was."""
        return reduce(join, self.matching(change).values(), None)

    def notify(self, change: Tree) -> None:
        """Say it, where this connection asked for it."""
        raise NotImplementedError
