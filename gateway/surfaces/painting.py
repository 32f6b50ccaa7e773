"""Puts faces on keys that show only pictures: drawn off the event loop, only the newest of each key.

How a deck wants its pictures is told when it appears: `{"width": 72, "height": 72, "format": "jpeg", "turn": 180}`,
and `"forms": {"9": {...}, "10": None}` where some places want others, or none.
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


def forms_of(facts: Mapping[str, Any]) -> dict[str, Form | None]:
    """The forms of places that want others than the deck; None: no picture there."""
    given = facts.get("forms")
    if not isinstance(given, Mapping):
        return {}
    return {str(place): form_of(wanted) if isinstance(wanted, Mapping) else None for place, wanted in given.items()}


class Painter:
    """One deck's pictures on their way. `show` takes what is ready."""

    def __init__(
        self,
        form: Form,
        show: Callable[[DrawKey], None],
        gallery: Gallery = GALLERY,
        forms: Mapping[str, Form | None] | None = None,
    ) -> None:
        self.form = form
        self.forms = forms or {}  # of places that want others; None: no picture
        self.show = show
        self.gallery = gallery
        self._wanted: dict[str, Face] = {}
        self._task: asyncio.Task[None] | None = None

    def paint(self, place: str, face: Face) -> None:
        """Show this face on a key, at once where it was drawn before and nothing waits."""
        form = self.form_at(place)
        if form is None:
            return
        picture = self.gallery.held(face, form)
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
        form = self.form_at(place)
        if form is not None:
            self._send(place, self.gallery.held(BLANK, form) or draw(BLANK, form))

    def form_at(self, place: str) -> Form | None:
        """The form of a place's pictures; None where there are none."""
        return self.forms.get(place, self.form)

    def close(self) -> None:
        """Draw no more."""
        self._wanted.clear()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while self._wanted:
            place, face = next(iter(self._wanted.items()))
            form = self.form_at(place)
            assert form is not None
            picture = await self.gallery.picture(face, form)
            if self._wanted.get(place) == face:  # else a newer face took its place, or the key is blank again
                del self._wanted[place]
                self._send(place, picture)

    def _send(self, place: str, picture: bytes) -> None:
        self.show(DrawKey(place, base64.b64encode(picture).decode()))
