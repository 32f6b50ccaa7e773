"""Which typeface each letter on a key is set in.

Source Sans comes with RoomGate (the package `font-source-sans-pro`) and has Latin, Greek and Cyrillic letters; for
others a site names a file of its own (`[keys] typeface` in site.toml). What may not live here: what a key shows, how a
text is broken and placed (`drawing.py`).
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

NOBODYS = "\ufffe"  # no character, so that what is drawn for it is what a typeface draws for letters that it lacks
TRIED_AT = 20  # points
_site: list[Path] = []  # one, or none


@functools.cache
def own() -> Path:
    """The typeface that comes with RoomGate."""
    found = importlib.util.find_spec("font_source_sans_pro")
    assert found is not None and found.origin is not None, "the package font-source-sans-pro is not installed"
    return Path(found.origin).parent / "files" / "SourceSansPro-Semibold.ttf"


def use(file: Path | None) -> None:
    """From now on, the site's typeface before our own; None: ours alone."""
    _site[:] = [] if file is None else [file]


def site() -> str:
    """The site's typeface, by its path; "" where it has none."""
    return str(_site[0]) if _site else ""


def runs(text: str) -> list[tuple[Path, str]]:
    """A text in pieces of one typeface each: the site's where it has the letter, ours elsewhere."""
    if not _site:
        return [(own(), text)]
    found: list[tuple[Path, str]] = []
    for letter in text:
        seen = letter.isspace() or not letter.isprintable()
        held = found[-1][0] if found and seen else next((file for file in _site if has(file, letter)), own())
        if found and held == found[-1][0]:
            found[-1] = held, found[-1][1] + letter
        else:
            found.append((held, letter))
    return found


def width(text: str, points: int) -> float:
    """Pixels that a text takes."""
    return sum(font(file, points).getlength(piece) for file, piece in runs(text))


@functools.lru_cache(maxsize=64)
def font(file: Path, points: int) -> FreeTypeFont:
    """A typeface at a size. Raises OSError for a file that is none."""
    from PIL import ImageFont

    plain = (
        ImageFont.Layout.BASIC if file == own() else None
    )  # its letters stand side by side: no shaping, half the time
    return ImageFont.truetype(file, points, layout_engine=plain)


@functools.lru_cache(maxsize=4096)
def has(file: Path, letter: str) -> bool:
    """Whether a typeface has a letter."""
    held = font(file, TRIED_AT)
    return bytes(held.getmask(letter)) != bytes(held.getmask(NOBODYS))
