"""Puts faces on keys that show only pictures: drawn off the event loop, only the newest of each key.

How a deck wants its pictures is told when it appears: `{"width": 72, "height": 72, "format": "jpeg", "turn": 180}`.
What may not live here: what a key shows (`surface.py`), how it is drawn (`drawing.py`), how it travels (drivers).
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from typing import Any

from gateway.commands import DrawKey
from gateway.surfaces.drawing import Form, Gallery, draw
from gateway.surfaces.surface import BLANK, Face

log = logging.getLogger("roomgate.surface")

GALLERY = Gallery()  # one for all decks and browsers: decks with one layout show the same pictures


def form_of(facts: Mapping[str, Any]) -> Form | None:
    """The form that a deck asked for; None where it shows no pictures, or asks for none that can be."""
    wanted = {name: facts[name] for name in ("width", "height", "format", "turn", "mirror", "flip") if name in facts}
    if not {"width", "height"} <= wanted.keys():
        return None
    try:
        return Form(**wanted)
    except (TypeError, ValueError) as error:
        log.warning("a deck asks for pictures that cannot be: %s", error)
        return None


class Painter:
    """One deck's pictures on their way. `show` takes what is ready."""

    def __init__(self, form: Form, show: Callable[[DrawKey], None], gallery: Gallery = GALLERY) -> None:
        self.form = form
        self.show = show
        self.gallery = gallery
        self._wanted: dict[str, Face] = {}
        self._task: asyncio.Task[None] | None = None

    def paint(self, place: str, face: Face) -> None:
        """Show this face on a key, at once where it was drawn before and nothing waits."""
        picture = self.gallery.held(face, self.form)
        if picture is not None:
            self._wanted.pop(place, None)
            self._send(place, picture)
            return
        self._wanted[place] = face
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def blank(self, place: str) -> None:
        """Show nothing on a key, at once."""
        self._wanted.pop(place, None)
        self._send(place, self.gallery.held(BLANK, self.form) or draw(BLANK, self.form))

    def close(self) -> None:
        """Draw no more."""
        self._wanted.clear()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while self._wanted:
            place, face = next(iter(self._wanted.items()))
            picture = await self.gallery.picture(face, self.form)
            if self._wanted.get(place) == face:  # else a newer face took its place, or the key is blank again
                del self._wanted[place]
                self._send(place, picture)

    def _send(self, place: str, picture: bytes) -> None:
        self.show(DrawKey(place, base64.b64encode(picture).decode()))
