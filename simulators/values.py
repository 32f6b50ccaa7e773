"""Settings and memory as text and JSON: reads what a command line or a request gives, writes what a page can show.

Knows no device.
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin


class SimulatorError(ValueError):
    """Something the person at the keyboard asked for cannot be; the text says what can."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a complaint about an unknown word."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known) or 'none'}"


def parsed(name: str, value: object, kind: Any) -> Any:
    """A setting's or an argument's value, from text or already of its type."""
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        raise SimulatorError(f"{name} is {value!r}, expected one of: {', '.join(map(str, get_args(kind)))}")
    try:
        return PARSE[kind](value)
    except (ValueError, TypeError, KeyError):
        raise SimulatorError(f"{name} is {value!r}, expected {WORD[kind]}") from None


def _flag(value: object) -> bool:
    return {
        "on": True,
        "true": True,
        "yes": True,
        "1": True,
        "off": False,
        "false": False,
        "no": False,
        "0": False,
    }[str(value).lower()]


def _text(value: object) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


PARSE: Mapping[Any, Callable[[Any], Any]] = {str: _text, bool: _flag, int: _whole, float: _number}
WORD: Mapping[Any, str] = {str: "text", bool: "on or off", int: "a whole number", float: "a number"}


def plain(value: Any) -> Any:
    """A value as JSON can say it; a thing with a memory of its own says that."""
    if callable(memory := getattr(value, "memory", None)):
        return plain(memory())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex(" ")
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
