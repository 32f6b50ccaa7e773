"""One deck as its program describes it: how many keys, how they are named, what they can show.

Source: control-surfaces facts 5.3 and 5.6; the manifest is the schema that Companion publishes. What may not live here:
any line of the protocol.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.decks.lines import flag, number, text

MOST_KEYS = 128
USUAL = 72  # pixels, where a program only says that it wants pictures (facts 5.3)
CONTROL = re.compile(r"[A-Za-z0-9/-]{1,100}\Z")


@dataclass
class Deck:
    """One deck of a program: its keys in their order, as the program names them, and how they want to be shown."""

    keys: list[str]  # what KEY-STATE calls them: an index, or a control's id
    columns: int
    named: bool  # by control ids
    size: tuple[int, int] | None = None
    png: bool = False
    texts: bool = False
    colours: bool = False
    down: set[str] = field(default_factory=set)  # places


def place(deck: Deck, values: Mapping[str, str | bool]) -> str | None:
    """A key's place, from 1; it is named by its index, by row/column, or by its control's id (facts 5.3, 5.6)."""
    given = text(values, "CONTROLID") or text(values, "KEY")
    if given in deck.keys:
        return str(deck.keys.index(given) + 1)
    row, divided, column = given.partition("/")
    if divided and not deck.named and _short(row) and _short(column) and int(column) < deck.columns:
        index = int(row) * deck.columns + int(column)
        return str(index + 1) if index < len(deck.keys) else None
    return None


def _short(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) < 4


def steps(values: Mapping[str, str | bool]) -> int:
    """Notches, clockwise above 0: up to API 1.13 `0` and `1` are one step back and forth (facts 5.3)."""
    if isinstance(values.get("DIRECTION"), bool):
        return 1
    given = number(values, "DIRECTION")
    if given is None:
        return 1 if flag(values, "DIRECTION") else -1
    return -1 if given == 0 else max(-100, min(100, given))


def grid(values: Mapping[str, str | bool]) -> Deck:
    """A deck of rows and columns, as all programs described theirs before API 1.9. Raises ValueError in their words."""
    total = number(values, "KEYS_TOTAL") if "KEYS_TOTAL" in values else 32
    columns = number(values, "KEYS_PER_ROW") if "KEYS_PER_ROW" in values else 8
    if total is None or not 0 < total <= MOST_KEYS:
        raise ValueError("Invalid KEYS_TOTAL")
    if columns is None or not 0 < columns <= MOST_KEYS:
        raise ValueError("Invalid KEYS_PER_ROW")
    size: tuple[int, int] | None = None
    given = text(values, "BITMAPS")
    side = number(values, "BITMAPS")
    if side is not None and side >= 5:
        if not 24 <= side <= 512:
            raise ValueError("Invalid BITMAPS")
        size = side, side
    elif flag(values, "BITMAPS", bool(given)):
        size = USUAL, USUAL
    colours = text(values, "COLORS").lower() in ("hex", "rgb") or flag(values, "COLORS")
    return Deck(
        [str(index) for index in range(total)], columns, False, size, texts=flag(values, "TEXT"), colours=colours
    )


def manifest(values: Mapping[str, str | bool]) -> Deck:
    """A deck by its manifest (API 1.9): controls with rows and columns, and the style that most of them share.

    Its JSON: `{"stylePresets": {"default": {"bitmap": {"w", "h"}, "text", "colors"}}, "controls": {ID: {"row",
    "column", "stylePreset"}}}`. Controls are shown in reading order. Raises ValueError.
    """
    try:
        held = json.loads(base64.b64decode(text(values, "LAYOUT_MANIFEST"), validate=True))
        styles, controls = held["stylePresets"], held["controls"]
        placed = sorted((_index(one["row"]), _index(one["column"]), str(name)) for name, one in controls.items())
        default = styles["default"]
        bitmap = default.get("bitmap") or next(
            (styles[one["stylePreset"]]["bitmap"] for one in controls.values()
             if styles.get(one.get("stylePreset"), {}).get("bitmap")), None)  # fmt: skip
        size = (_index(bitmap["w"]), _index(bitmap["h"])) if bitmap else None
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("Invalid LAYOUT_MANIFEST") from None
    sides = all(24 <= side <= 512 for side in size or ())
    if not 0 < len(placed) <= MOST_KEYS or not sides or not all(CONTROL.match(name) for _, _, name in placed):
        raise ValueError("Invalid LAYOUT_MANIFEST")
    columns = max(column for _, column, _ in placed) + 1
    texts, colours = bool(default.get("text")), bool(default.get("colors"))
    return Deck([name for _, _, name in placed], columns, True, size, texts=texts, colours=colours)


def _index(given: Any) -> int:
    """A row, a column or a side: JSON knows infinities and numbers without an end, and neither is one."""
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 <= given < 10_000 or given != int(given):
        raise ValueError(f"{given!r} is no place")
    return int(given)
