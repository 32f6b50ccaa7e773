"""What both transports of the xAPI share: what was heard, and the codec's trees.

What may not live here: how anything is written on a wire (`shell.py`, `rpc.py`), how our commands are called there
(`words.py`), points (`status.py`), turns and timers (`roomos.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from drivers.cisco.words import Said

Path = tuple[str, ...]
Tree = dict[str, Any]
Parameters = Mapping[str, str | int]

NOT_READY = -31997  # xAPI over WebSocket D15427.02: the codec is still starting
NO_SUCH_METHOD = -32601  # JSON-RPC 2.0: over a WebSocket each command is a method
DEEPEST = 48  # no document of the xAPI nests nearly so deep; beyond it a message is noise


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the codec. `id` None: feedback, and `value` a tree from the root. Otherwise the answer to the
    question with that id: its value, or the codec's words of error."""

    id: str | None
    value: Any = None
    error: str = ""
    code: int | None = None

    @property
    def nothing_there(self) -> bool:
        """True where the error only says that the codec has nothing at this address."""
        return "no match" in self.error.lower()

    @property
    def unknown_command(self) -> bool:
        """True where this software has no such command (PlaceOS collaboration_endpoint_spec: "Unknown command")."""
        return self.code == NO_SUCH_METHOD or self.error.lower().startswith("unknown command")


class Wire(Protocol):
    """A transport's grammar; `shell.py` and `rpc.py` are two of them. All is pure."""

    def say(self, key: str, said: Said) -> str | bytes:
        """`xCommand`, or `xConfiguration` that sets, with the id `key`."""

    def read(self, key: str, path: Path) -> str | bytes:
        """Ask for what stands at `path`."""

    def subscribe(self, key: str, path: Path) -> str | bytes:
        """Ask for feedback of everything below `path`."""

    def unsubscribe(self, key: str, handle: int) -> str | bytes | None:
        """Give a subscription up; None where a repeated one replaces itself."""

    def handle(self, value: Any) -> int | None:
        """The number that the codec gave to a subscription, where it does so."""

    def parameter(self, name: str, value: str) -> str:
        """How one text parameter looks in a command: what is to be masked where it is a secret."""

    def place(self, path: Path, value: Any) -> Tree:
        """The answer to `read(path)` as a tree from the root."""

    def hear(self, data: Any) -> Heard | None:
        """What a message says; None where it is nothing to us. Never raises."""


def read_json(data: Any) -> Tree | None:
    """A JSON object, or None for anything else that a wire may carry."""
    try:
        message = json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return None
    return message if isinstance(message, dict) and _sane(message, DEEPEST) else None


def roots(message: Tree) -> Tree:
    """The documents that a message holds parts of, and the events."""
    return {root: message[root] for root in ("Status", "Configuration", "Event") if isinstance(message.get(root), dict)}


def _sane(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        return left > 0 and all(_sane(child, left - 1) for child in value.values())
    if isinstance(value, list):
        return left > 0 and all(_sane(child, left - 1) for child in value)
    return True


def merge(held: Tree, news: Tree) -> None:
    """Lay `news` over what is held. A list is held as a dict by id; a `ghost` is what went away, in any list."""
    for name, value in news.items():
        if isinstance(value, list):
            elements = held.get(name)
            if not isinstance(elements, dict):
                elements = held[name] = {}
            for element in value:
                if isinstance(element, dict) and "id" in element:
                    _lay(elements, str(element["id"]), element)
        elif isinstance(value, dict):
            _lay(held, name, value)
        else:
            held[name] = value


def _lay(held: Tree, name: str, value: Tree) -> None:
    if truth(value.get("ghost")):
        held.pop(name, None)
        return
    below = held.get(name)
    if not isinstance(below, dict):
        below = held[name] = {}
    merge(below, value)


def at(tree: Any, path: Path) -> Any:
    """What stands at `path`; None where nothing does."""
    for step in path:
        if not isinstance(tree, dict) or step not in tree:
            return None
        tree = tree[step]
    return tree


def branch(path: Path, value: Any) -> Any:
    """A tree that holds `value` at `path` and nothing else."""
    for step in reversed(path):
        value = {step: value}
    return value


def cut(tree: Tree, path: Path) -> None:
    """Take what stands at `path` out, before a whole answer for it is laid in."""
    above = at(tree, path[:-1])
    if isinstance(above, dict):
        above.pop(path[-1], None)


def text(value: Any) -> str:
    """A leaf as text that can be written anywhere: the codec's JSON may hold half characters."""
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).encode("utf-8", "replace").decode()


def number(value: Any) -> int | None:
    """A leaf as a whole number: typed over JSON-RPC, a string over the shell."""
    try:
        return None if isinstance(value, bool) else int(value)
    except (ValueError, TypeError, OverflowError):
        return None


def truth(value: Any) -> bool | None:
    """A leaf as yes or no: On/Off, True/False, in either transport's type."""
    return {"on": True, "true": True, "off": False, "false": False}.get(str(value).lower())
