"""The icons as strokes on a grid of 24 by 24: ours, drawn for small keys. Pure data.

What may not live here: drawing them (`drawing.py`); their names and meanings (`icons.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Spot = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line through these spots; filled where it is closed and `solid`."""

    spots: tuple[Spot, ...]
    solid: bool = False


Shape = tuple[Line, ...]


def line(*spots: Spot) -> Line:
    """An open line."""
    return Line(spots)


def solid(*spots: Spot) -> Line:
    """A filled shape."""
    return Line(spots, True)


def arc(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> Line:
    """A piece of a circle, in degrees clockwise from three o'clock."""
    steps = max(6, int(abs(end - start) / 12))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return Line(tuple((round(x + radius * math.cos(a), 2), round(y + radius * math.sin(a), 2)) for a in angles))


def disc(x: float, y: float, radius: float) -> Line:
    """A filled circle."""
    return Line(arc(x, y, radius).spots, True)


def box(left: float, top: float, right: float, bottom: float) -> Line:
    """A frame."""
    return line((left, top), (right, top), (right, bottom), (left, bottom), (left, top))


SLASH = line((4, 3), (20, 21))
MICROPHONE = (
    arc(12, 6, 3, 180, 360),
    line((9, 6), (9, 11)),
    line((15, 6), (15, 11)),
    arc(12, 11, 3, 0, 180),
    arc(12, 11, 6, 0, 180),
    line((12, 17), (12, 21)),
    line((8, 21), (16, 21)),
)
SPEAKER = (solid((3, 9), (7, 9), (12, 4), (12, 20), (7, 15), (3, 15)),)
WAVE = arc(12, 12, 4, -50, 50)
CAMERA = (box(2, 6, 16, 18), solid((17, 11), (22, 7), (22, 17), (17, 13)))
PHONE = (
    Line(
        ((4, 4), (8, 3), (10, 8), (8, 10), (11, 14), (14, 16), (16, 14), (21, 16), (20, 20), (16, 21), (8, 15), (4, 8)),
        True,
    ),
)
MONITOR = (box(2, 4, 22, 17), line((8, 21), (16, 21)), line((12, 17), (12, 21)))

STROKES: Mapping[str, Shape] = {
    "power": (arc(12, 13, 8, -55, 235), line((12, 3), (12, 12))),
    "laptop": (box(5, 5, 19, 15), line((2, 19), (22, 19))),
    "source": (box(9, 4, 22, 20), line((2, 12), (15, 12)), line((11, 8), (15, 12), (11, 16))),
    "display": MONITOR,
    "blank": (*MONITOR, line((5, 14), (19, 7))),
    "speaker": (*SPEAKER, WAVE, arc(12, 12, 8, -45, 45)),
    "speaker-off": (*SPEAKER, line((15, 9), (21, 15)), line((21, 9), (15, 15))),
    "louder": (*SPEAKER, line((15, 12), (22, 12)), line((18.5, 8.5), (18.5, 15.5))),
    "softer": (*SPEAKER, line((15, 12), (22, 12))),
    "microphone": MICROPHONE,
    "microphone-off": (*MICROPHONE, SLASH),
    "camera": CAMERA,
    "camera-off": (*CAMERA, SLASH),
    "call": PHONE,
    "hang-up": (
        Line(
            (
                (2, 14),
                (4, 11),
                (8, 9.5),
                (12, 9),
                (16, 9.5),
                (20, 11),
                (22, 14),
                (21, 17),
                (16, 16),
                (16, 13),
                (8, 13),
                (8, 16),
                (3, 17),
            ),
            True,
        ),
    ),
    "hold": (solid((6, 4), (10, 4), (10, 20), (6, 20)), solid((14, 4), (18, 4), (18, 20), (14, 20))),
    "share": (box(2, 8, 22, 20), line((12, 16), (12, 2)), line((8, 6), (12, 2), (16, 6))),
    "self-view": (box(2, 4, 22, 20), arc(12, 10, 2.6), arc(12, 19, 5, 200, 340)),
    "people": (arc(8, 8, 3), arc(8, 19, 5.5, 190, 350), arc(17, 9, 2.5), arc(17.5, 18, 4.5, 225, 345)),
    "keypad": tuple(disc(x, y, 1.6) for y in (5, 12, 19) for x in (5, 12, 19)),
    "calendar": (box(3, 5, 21, 21), line((3, 10), (21, 10)), line((8, 2), (8, 7)), line((16, 2), (16, 7))),
    "screen": (line((2, 4), (22, 4)), line((4, 4), (4, 17), (20, 17), (20, 4)), line((12, 17), (12, 21))),
    "shade": (*tuple(line((3, y), (21, y)) for y in (4, 8, 12, 16)), line((12, 16), (12, 21))),
    "light": (arc(12, 9, 6, 130, 410), line((9, 15), (9, 18), (15, 18), (15, 15)), line((10, 21), (14, 21))),
    "scene": (
        line((3, 8), (21, 8), (21, 20), (3, 20), (3, 8)),
        line((3, 8), (6, 3), (10, 8)),
        line((12, 8), (15, 3), (19, 8)),
    ),
    "outlet": (arc(12, 12, 9), disc(8.5, 12, 1.5), disc(15.5, 12, 1.5)),
    "help": (
        arc(12, 12, 9.5),
        arc(12, 9.5, 3, 180, 400),
        line((14.2, 11.4), (12, 13), (12, 14.5)),
        disc(12, 17.6, 1.1),
    ),
    "info": (arc(12, 12, 9.5), line((12, 11), (12, 17)), disc(12, 7.4, 1.2)),
    "up": (line((4, 15), (12, 7), (20, 15)),),
    "down": (line((4, 9), (12, 17), (20, 9)),),
    "left": (line((15, 4), (7, 12), (15, 20)),),
    "right": (line((9, 4), (17, 12), (9, 20)),),
    "stop": (solid((5, 5), (19, 5), (19, 19), (5, 19)),),
    "zoom-in": (arc(10, 10, 7), line((15, 15), (21, 21)), line((6.5, 10), (13.5, 10)), line((10, 6.5), (10, 13.5))),
    "zoom-out": (arc(10, 10, 7), line((15, 15), (21, 21)), line((6.5, 10), (13.5, 10))),
    "page": (line((4, 12), (20, 12)), line((14, 6), (20, 12), (14, 18))),
    "back": (line((20, 12), (4, 12)), line((10, 6), (4, 12), (10, 18))),
}
