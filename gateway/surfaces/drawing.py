"""Draws a face as a picture, at any size, legible on a key of 72 pixels. Pillow is loaded with the first one.

What may not live here: what a key shows (`surface.py`), who is sent a picture.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gateway.profile.strokes import STROKES
from gateway.surfaces import typefaces
from gateway.surfaces.surface import Face

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SMALLEST, LARGEST, USUAL = 24, 512, 144
FINER = 3  # strokes are drawn this much larger and made small, so that they are smooth
KEPT = 512  # pictures
ELLIPSIS = "…"
BASELINE = 0.86  # of the points: where letters stand in their line, whatever their typeface
IDEOGRAPHS = "\u3041-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Han: a line may end after any of them
CLOSING = "、。，．・ー々」』】）！？ぁぃぅぇぉっゃゅょァィゥェォッャュョ"  # but none begins with these
MARKS = {"pending": "#ffd479", "failed": "#ffffff", "stale": "#8b949e"}


def tag(face: Face, size: int) -> str:
    """The same for the same picture, and cheap: for an ETag, without drawing anything."""
    return hashlib.sha256(repr((face, size, typefaces.site())).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Form:
    """What a key's picture must be. width, height in pixels; format: png, jpeg, bmp or rgb (three bytes a pixel, from
    the top left); turn: how many degrees clockwise, after `mirror` (left to right) and `flip` (top to bottom)."""

    width: int
    height: int
    format: Literal["png", "jpeg", "bmp", "rgb"] = "png"
    turn: Literal[0, 90, 180, 270] = 0
    mirror: bool = False
    flip: bool = False

    def __post_init__(self) -> None:
        if not (SMALLEST <= self.width <= LARGEST and SMALLEST <= self.height <= LARGEST):
            raise ValueError(f"a size is from {SMALLEST} to {LARGEST} pixels a side, not {self.width} x {self.height}")
        if self.format not in ("png", "jpeg", "bmp", "rgb") or self.turn not in (0, 90, 180, 270):
            raise ValueError(f"no form of a picture: {self}")


class Gallery:
    """Pictures by face and form; drawn once, in a thread, never in the event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Face, Form], bytes] = OrderedDict()
        self._drawing: dict[tuple[Face, Form], asyncio.Task[bytes]] = {}

    def held(self, face: Face, form: Form) -> bytes | None:
        """The picture, where it was drawn before."""
        found = self._kept.get((face, form))
        if found is not None:
            self._kept.move_to_end((face, form))
        return found

    async def picture(self, face: Face, form: Form) -> bytes:
        """The picture of a face in that form."""
        held = self.held(face, form)
        if held is not None:
            return held
        task = self._drawing.get((face, form))
        if task is None:  # twenty decks that all show it wait for one drawing
            task = asyncio.get_running_loop().create_task(self._draw(face, form))
            self._drawing[face, form] = task
        return await asyncio.shield(task)

    async def _draw(self, face: Face, form: Form) -> bytes:
        try:
            drawn = await asyncio.to_thread(draw, face, form)
        finally:
            del self._drawing[face, form]
        self._kept[face, form] = drawn
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return drawn

    async def png(self, face: Face, size: int) -> bytes:
        """The picture of a face as a square PNG. Raises ValueError for a size that no key has."""
        return await self.picture(face, Form(size, size))


def draw(face: Face, form: Form) -> bytes:
    """The face in that form: a square in the middle where the key is none."""
    from PIL import Image

    size = min(form.width, form.height)
    picture = _square(face, size)
    if form.width != form.height:
        whole = Image.new("RGB", (form.width, form.height), face.background)
        whole.paste(picture, ((form.width - size) // 2, (form.height - size) // 2))
        picture = whole
    if form.mirror:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if form.flip:
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if form.turn:
        picture = picture.rotate(-form.turn, expand=True)
    if form.format == "rgb":
        pixels: bytes = picture.tobytes()
        return pixels
    found = io.BytesIO()
    options = {"quality": 92, "subsampling": 0} if form.format == "jpeg" else {}
    picture.save(found, form.format.upper(), **options)
    return found.getvalue()


def _square(face: Face, size: int) -> Any:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (size, size), face.background)
    pen = ImageDraw.Draw(picture)
    margin = max(2, round(size * 0.06))
    foot = margin
    if face.level is not None:
        foot = round(size * 0.14)
        _level(pen, face, size, margin)
    room = size - margin - foot
    text = " ".join(face.text.split(" "))
    icon, lines = 0, Lines([], 0, True)
    if text:
        for words, share in _tries(text, face.icon):
            icon = round(size * share)
            top = margin + icon + (round(size * 0.03) if icon else 0)
            lines = _lines(words, size - 2 * margin, margin + room - top, size, small=bool(face.icon))
            if lines.whole:
                break
        _text(pen, face, lines, (margin, top, size - margin, margin + room))
    elif face.icon in STROKES:
        icon = round(size * 0.7)
    if icon:
        stamp = _icon(face.icon, icon)
        at = ((size - icon) // 2, margin if text else (size - foot - icon) // 2)
        picture.paste(Image.new("RGB", stamp.size, face.foreground), at, stamp)
    if face.flag in MARKS:
        _mark(pen, face.flag, size)
    return picture


def _tries(text: str, icon: str) -> Iterator[tuple[str, float]]:
    """What is shown, and the icon's share of the side: a long text gets some of the icon's room, and then that of the
    label above the value, which the icon stands for as well."""
    if icon not in STROKES:
        yield text, 0.0
        return
    yield text, 0.42
    yield text, 0.26
    label, _, value = text.partition("\n")
    if label and value:
        yield value, 0.26


@functools.lru_cache(maxsize=256)
def _icon(name: str, size: int) -> Any:
    """An icon as a mask."""
    from PIL import Image, ImageDraw

    big = size * FINER
    mask = Image.new("L", (big, big), 0)
    pen, width = ImageDraw.Draw(mask), max(FINER, round(big * 0.085))
    for stroke in STROKES[name]:
        spots = [(x * big / 24, y * big / 24) for x, y in stroke.spots]
        if stroke.solid:
            pen.polygon(spots, fill=255)
        else:
            pen.line(spots, fill=255, width=width, joint="curve")
            for x, y in (spots[0], spots[-1]):
                pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return mask.resize((size, size), Image.Resampling.LANCZOS)


def _level(pen: ImageDraw, face: Face, size: int, margin: int) -> None:
    top, height = round(size * 0.89), max(3, round(size * 0.06))
    pen.rectangle((margin, top, size - margin - 1, top + height), outline=face.foreground)
    wide = round((size - 2 * margin - 2) * (face.level or 0) / 100)
    if wide:
        pen.rectangle((margin, top, margin + wide, top + height), fill=face.foreground)


def _mark(pen: ImageDraw, flag: str, size: int) -> None:
    """Three dots while it is pending, a corner where it failed, a ring where it is from before."""
    unit = max(2, size // 24)
    right = size - unit
    if flag == "pending":
        for number in range(3):
            left = right - (3 - number) * 2 * unit
            pen.ellipse((left, unit, left + unit, 2 * unit), fill=MARKS[flag])
    elif flag == "failed":
        pen.polygon(((size - 5 * unit, 0), (size, 0), (size, 5 * unit)), fill=MARKS[flag])
    else:
        pen.ellipse((right - 3 * unit, unit, right, 4 * unit), outline=MARKS[flag], width=max(1, unit // 2))


@dataclass(frozen=True)
class Lines:
    """A text as it is set: its lines, how large, and whether it is all there."""

    lines: list[str]
    points: int
    whole: bool


def _lines(text: str, wide: int, high: int, size: int, *, small: bool) -> Lines:
    """As large as it can be, in as many lines as fit; what does not fit ends in an ellipsis."""
    smallest = max(8, round(size * 0.135))
    largest = max(smallest, round(size * (0.21 if small else 0.28)))
    for points in range(largest, smallest - 1, -1):
        measure = functools.partial(typefaces.width, points=points)
        lines = wrap(text, wide, measure)
        if len(lines) * _height(points) <= high and all(measure(line) <= wide for line in lines):
            return Lines(lines, points, True)
    most = max(1, high // _height(smallest))
    shown = [*lines[: most - 1], " ".join(lines[most - 1 :])] if len(lines) > most else lines
    return Lines([_cut(line, wide, measure) for line in shown], smallest, False)


def _height(points: int) -> int:
    """Pixels from line to line."""
    return round(points * 1.12)


def _text(pen: ImageDraw, face: Face, held: Lines, where: tuple[int, int, int, int]) -> None:
    """In the middle."""
    left, top, right, bottom = where
    height = _height(held.points)
    foot = top + max(0, (bottom - top - len(held.lines) * height) // 2) + round(held.points * BASELINE)
    for line in held.lines:
        at = (left + right - typefaces.width(line, held.points)) / 2
        for file, piece in typefaces.runs(line):
            font = typefaces.font(file, held.points)
            pen.text((at, foot), piece, fill=face.foreground, font=font, anchor="ls")
            at += font.getlength(piece)
        foot += height


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no wider than that, broken between words; a word that is wider stands alone. Where a script has no blanks
    between words (Chinese, Japanese), a line may end after any letter that the next line may begin after."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for blank, word in _pieces(paragraph):
            longer = f"{line}{blank}{word}" if line else word
            if line and measure(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


_BLANKS = r" \t\r\n\f\v\u3000"  # a no-break space is none
_PIECE = re.compile(rf"([{_BLANKS}]*)([{IDEOGRAPHS}][{CLOSING}]*|[^{_BLANKS}{IDEOGRAPHS}]+)")


def _pieces(paragraph: str) -> Iterator[tuple[str, str]]:
    """What may not be broken, each with the blank before it."""
    for blanks, piece in _PIECE.findall(paragraph):
        yield " " if blanks else "", piece


def _cut(line: str, width: float, measure: Callable[[str], float]) -> str:
    if measure(line) <= width:
        return line
    while line and measure(line + ELLIPSIS) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
