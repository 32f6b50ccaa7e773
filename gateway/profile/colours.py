"""Colours as numbers: what contrast two have, and the nearest one that can be read. Pure.

Contrast and luminance are WCAG 2.2's (its definitions "contrast ratio" and "relative luminance"). What may not live
here: which colours a panel has (`theme.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

TEXT = 4.5  # to 1: WCAG 2.2, 1.4.3 (AA), for text of any size
SHAPE = 3.0  # to 1: WCAG 2.2, 1.4.11 (AA), for the shapes of controls and the ring around what has the focus
BLACK, WHITE = "#000000", "#ffffff"
STEPS = 50  # of a mixture: 2 % each
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z")


def colour(text: str) -> str | None:
    """`#AbC` or `#AABBCC` as `#aabbcc`; None where it is neither."""
    low = text.strip().lower()
    if not _HEX.match(low):
        return None
    return low if len(low) == 7 else "#" + "".join(2 * digit for digit in low[1:])


def luminance(one: str) -> float:
    """How light it is to the eye, 0 black to 1 white. `one`: `#aabbcc`."""
    red, green, blue = (_linear(value / 255) for value in _channels(one))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 for the same, 21 for black on white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def least(one: str, others: Iterable[str]) -> float:
    """Its lowest contrast with any of the others."""
    return min(contrast(one, other) for other in others)


def mixed(one: str, other: str, share: float) -> str:
    """`one` with a share (0 to 1) of the other."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def ink(ground: str) -> str:
    """Black or white, whichever is easier to read on this ground; it is always 4.5 to 1 or more."""
    return max((BLACK, WHITE), key=lambda text: contrast(text, ground))


def towards(one: str, other: str, grounds: Iterable[str], wanted: float) -> str:
    """The nearest mixture of `one` with `other` that has the wanted contrast with every ground; `other` if none has."""
    grounds = tuple(grounds)
    for step in range(STEPS):
        found = mixed(one, other, step / STEPS)
        if least(found, grounds) >= wanted:
            return found
    return other


def _channels(one: str) -> tuple[int, int, int]:
    return int(one[1:3], 16), int(one[3:5], 16), int(one[5:7], 16)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
