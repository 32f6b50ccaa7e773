"""The lines of the Satellite protocol: `COMMAND [OK|ERROR] KEY=value KEY="a value"`, both ways.

Source: control-surfaces facts 5.1 (Companion's SatelliteApi and its documentation). Quotes toggle, a backslash takes
the next character as it is, the first `=` divides, a bare word means true. Both dialects are read: values in quotes
with 1 and 0, and bare ones with true and false. What may not live here: what any command means.
"""

from __future__ import annotations

from collections.abc import Mapping

Values = Mapping[str, str | bool]

TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def read(line: str) -> tuple[str, dict[str, str | bool]]:
    """A line as its command, in capitals, and its values; words that come twice keep the last."""
    words = _words(line)
    if not words:
        return "", {}
    values: dict[str, str | bool] = {}
    for word in words[1:]:
        name, divided, value = word.partition("=")
        values[name.upper()] = value if divided else True
    return words[0].upper(), values


def _words(line: str) -> list[str]:
    words: list[str] = []
    held: list[str] = []
    quoted = escaped = begun = False
    for character in line:
        if escaped:
            held.append(character)
            escaped = False
        elif character == "\\":
            escaped = begun = True
        elif character == '"':
            quoted = not quoted
            begun = True
        elif character.isspace() and not quoted:
            if begun:
                words.append("".join(held))
            held, begun = [], False
        else:
            held.append(character)
            begun = True
    if begun:
        words.append("".join(held))
    return words


def write(command: str, status: str = "", **values: str | int | bool) -> bytes:
    """A line to say. Texts go in quotes and lose what would end them: a real server escapes nothing."""
    words = [command, *([status] if status else [])]
    for name, value in values.items():
        if isinstance(value, bool):
            words.append(f"{name}={int(value)}")
        elif isinstance(value, int):
            words.append(f"{name}={value}")
        else:
            clean = "".join(" " if c in "\r\n" else c for c in value if c not in '"\\')
            words.append(f'{name}="{clean}"')
    return " ".join(words).encode() + b"\n"


def flag(values: Values, name: str, default: bool = False) -> bool:
    """A value that is on or off; anything else is the default."""
    value = values.get(name)
    if value is None or isinstance(value, bool):
        return default if value is None else value
    return True if value.lower() in TRUE else False if value.lower() in FALSE else default


def text(values: Values, name: str) -> str:
    """A value as text; "" where it is missing or a bare word."""
    value = values.get(name, "")
    return value if isinstance(value, str) else ""


def number(values: Values, name: str) -> int | None:
    """A whole number, or None."""
    value = text(values, name)
    digits = value[1:] if value[:1] in ("-", "+") else value
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None
