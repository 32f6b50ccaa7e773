"""Which decks there are: their keys, dials and glass, and how each wants its pictures to lie.

Places count from 1: the keys from the top left, then touch keys, dials, and the info screen. What may not live here:
any report (`reports.py`).

Source: control-surfaces facts 6.1; the Plus XL's turn and the strip's are those of PyPI streamdeck 0.10.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

VENDOR = 0x0FD9


@dataclass(frozen=True)
class Model:
    """One model. speech: *main* (6.2), *mini* and *original* (6.3). strip: its pixels, a window for each dial."""

    title: str
    keys: int
    columns: int
    width: int = 0  # of a key's picture; 0: it has none
    height: int = 0
    format: Literal["jpeg", "bmp"] = "jpeg"
    turn: Literal[0, 90, 180, 270] = 0
    flip: bool = False
    speech: Literal["main", "mini", "original"] = "main"
    touch_keys: int = 0
    dials: int = 0
    rings: bool = False  # lights around the dials
    strip: tuple[int, int] = (0, 0)
    screen: tuple[int, int] = (0, 0)

    @property
    def places(self) -> int:
        """How many places can be pressed, turned or drawn."""
        return self.keys + self.touch_keys + self.dials + bool(self.screen[0])

    @property
    def window(self) -> tuple[int, int]:
        """The piece of the strip that belongs to one dial."""
        return (self.strip[0] // self.dials, self.strip[1]) if self.dials else (0, 0)

    def dial(self, number: int) -> int:
        """The place of a dial, both from 0 and 1."""
        return self.keys + self.touch_keys + number + 1

    def key(self, place: int) -> int | None:
        """The number that the deck's reports have for a key or touch key; None for any other place."""
        if not 0 < place <= self.keys + self.touch_keys:
            return None
        return mirrored(place - 1) if self.speech == "original" else place - 1

    def facts(self) -> dict[str, Any]:
        """What the painter must know (`surfaces/painting.py`)."""
        told: dict[str, Any] = {"product": self.title, "keys": self.places, "columns": self.columns}
        if not self.width:
            return told
        told |= {"width": self.width, "height": self.height, "format": self.format, "turn": self.turn}
        told["flip"] = self.flip
        forms: dict[str, Any] = {}
        for number in range(self.keys + 1, self.places + 1):
            forms[str(number)] = None
        if self.strip[0]:
            wide, high = self.window
            for number in range(self.dials):
                forms[str(self.dial(number))] = {"width": wide, "height": high, "format": "jpeg", "turn": self.turn}
        if self.screen[0]:
            wide, high = self.screen
            forms[str(self.places)] = {"width": wide, "height": high, "format": "jpeg", "turn": self.turn}
        return told | ({"forms": forms} if forms else {})


def mirrored(number: int) -> int:
    """The original deck counts the five keys of a row from right to left (facts 6.3)."""
    return number - number % 5 + 4 - number % 5


MK2 = Model("Stream Deck MK.2", 15, 5, 72, 72, turn=180)
MINI = Model("Stream Deck Mini", 6, 3, 80, 80, "bmp", turn=90, flip=True, speech="mini")
XL = Model("Stream Deck XL", 32, 8, 96, 96, turn=180)
MODELS: Mapping[int, Model] = {
    0x0060: replace(MK2, title="Stream Deck (2017)", format="bmp", speech="original"),
    0x006D: replace(MK2, title="Stream Deck V2"),
    0x0080: MK2,
    0x00A5: replace(MK2, title="Stream Deck MK.2 (scissor keys)"),
    0x00B9: replace(MK2, title="Stream Deck Module 15"),
    0x0063: MINI,
    0x0090: MINI,
    0x00B3: MINI,
    0x00B8: replace(MINI, title="Stream Deck Module 6"),
    0x006C: XL,
    0x008F: XL,
    0x00BA: replace(XL, title="Stream Deck Module 32"),
    0x009A: Model("Stream Deck Neo", 8, 4, 96, 96, turn=180, touch_keys=2, screen=(248, 58)),
    0x0084: Model("Stream Deck +", 8, 4, 120, 120, dials=4, strip=(800, 100)),
    0x00C6: Model("Stream Deck + XL", 36, 9, 112, 112, turn=270, dials=6, strip=(1200, 100)),
    0x00AA: Model("Stream Deck Studio", 32, 16, 80, 120, dials=2, rings=True),
    0x0086: Model("Stream Deck Pedal", 3, 3),
}
STUDIO = 0x00AA
