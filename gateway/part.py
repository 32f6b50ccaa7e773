"""One part of a room at work: who plays it, what is known of it, what can be asked of it now.

What may not live here: the room around it (`room.py`), anything that is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.callbook import Callbook
from gateway.commands import SelectSource, answers_for
from gateway.device import Player
from gateway.model import UNKNOWN, Kind, Reading
from gateway.spec import PartSpec


class NothingPlays(LookupError):
    """No part of this room can do that, as things are; the words say why, and which can."""


@dataclass
class Part:
    """A part and who plays it. sources: those that have a way here, name -> label; source: the one that is shown."""

    spec: PartSpec
    player: Player
    unit: str
    sources: Mapping[str, str] = field(default_factory=dict)
    source: Reading = UNKNOWN
    callbook: Callbook = field(default_factory=Callbook)
    # Plain attributes: they are read at every press and every change.
    id: str = ""
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        self.id, self.kind = self.spec.id, self.spec.kind

    @property
    def name(self) -> str:
        """`left` of `screen.left`."""
        return self.spec.name

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.spec.label

    @property
    def default_input(self) -> str:
        """A display's input to go back to."""
        return self.spec.default_input

    def reading(self, point: str) -> Reading:
        """What is known of one of its points."""
        if point == "source":
            return self.source
        return self.player.unit(self.unit).points.get(point, UNKNOWN)

    def offers(self, verb: str) -> bool:
        """Whether the verb can be asked of it now, as far as its player has told."""
        if verb == SelectSource.verb:
            return bool(self.sources)
        return verb in self.kind.verbs and answers_for(verb, self.player.unit(self.unit).offers)

    def choices(self) -> Mapping[str, Mapping[str, str]]:
        """What can be chosen, by verb: its player's choices, and the sources."""
        held = self.player.unit(self.unit).choices
        return {**held, SelectSource.verb: self.sources} if self.sources else held
