"""What every command is: a frozen dataclass in the imperative, with what the house must know of its verb.

What may not live here: any verb (`commands.py`, `callverbs.py`). Ground floor: imports nothing of ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

Proof = Literal["points", "driver", "nothing"]


@dataclass(frozen=True)
class Command:
    """One wish. Class attributes say what the house must know of a verb.

    verb: its name in URLs and messages. slot: a newer command of the same slot on the same unit replaces an older
    one ("" = never). cancels: verbs that must not leave after it where they still wait. urgent: waits for no turn.
    lowly: everybody else's commands go before it. public: people may ask for it; what is not, only the gateway says.
    patience: seconds from the wire until proof is overdue.
    proof: *points* (what `shown()` names, once the device feeds it back), *driver* (only the driver can tell, with
    `Done`), *nothing* (no feedback can ever show it: acknowledged is *assumed*). touches: the points whose next
    change it is the cause of; lasting: also of the changes after it is done (a screen goes on travelling).
    """

    verb: ClassVar[str] = ""
    doc: ClassVar[str] = ""
    slot: ClassVar[str] = ""
    urgent: ClassVar[bool] = False
    lowly: ClassVar[bool] = False
    public: ClassVar[bool] = True
    cancels: ClassVar[frozenset[str]] = frozenset()
    patience: ClassVar[float] = 5.0
    proof: ClassVar[Proof] = "points"
    touches: ClassVar[frozenset[str]] = frozenset()
    lasting: ClassVar[bool] = False
    example: ClassVar[Mapping[str, Any]] = {}
    __pydantic_config__ = {"extra": "forbid", "strict": True}

    def hurries(self) -> bool:
        """Whether this one waits for no turn: a Stop, a HangUp, a camera's stop."""
        return self.urgent

    def replaces(self, older: Command) -> bool:
        """Whether this one takes the place of an older one that still waits on the same unit."""
        return older.slot == self.slot

    def shown(self) -> Mapping[str, Any]:
        """The points, and their wanted values, that show this command done; a frozenset means any of these."""
        return {}

    def over(self, name: str, points: Mapping[str, Any]) -> bool:
        """Whether these points tell that a lasting one has had all its effect on the point `name`: what changes there
        from then on is not its."""
        return False

    def brings(self, name: str, before: Any, value: Any) -> bool:
        """Whether a point may go from `before` to `value` because of it, once it is done."""
        return True


C = TypeVar("C", bound=Command)
COMMANDS: dict[str, type[Command]] = {}


def verb(cls: type[C]) -> type[C]:
    """Register a command class under its verb."""
    COMMANDS[cls.verb] = cls
    return cls


_FIELDS: dict[type[Command], tuple[tuple[str, bool], ...]] = {}


def _fields(command: type[Command]) -> tuple[tuple[str, bool], ...]:
    """A command class's fields, and whether each is secret; worked out once."""
    held = _FIELDS.get(command)
    if held is None:
        held = tuple((f.name, bool(f.metadata.get("secret"))) for f in dataclasses.fields(command))
        _FIELDS[command] = held
    return held


def secret_fields(command: type[Command]) -> frozenset[str]:
    """The fields of a command that no log, journal or tape may hold (passcodes, DTMF digits)."""
    return frozenset(name for name, secret in _fields(command) if secret)


def arguments(command: Command) -> dict[str, Any]:
    """The command's fields as JSON values, secret ones masked: the form that may be written down."""
    given: dict[str, Any] = {}
    for name, secret in _fields(type(command)):
        value = getattr(command, name)
        if value != "":
            given[name] = "***" if secret else value
    return given


def within(what: str, value: float, lowest: float, highest: float) -> None:
    """Raise ValueError unless the number is in its limits."""
    if isinstance(value, bool) or not lowest <= value <= highest:
        raise ValueError(f"{what} is from {lowest} to {highest}, not {value!r}")


def text(what: str, value: str, longest: int = 256) -> None:
    """Raise ValueError unless it is a text without control characters, not empty and not too long."""
    if not value or len(value) > longest:
        raise ValueError(f"{what} is a text of 1 to {longest} characters")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError(f"{what} must not hold control characters")
