"""Ready-made layouts, from what a room has: `layout = "conferencing"` is all that a new room must say.

Each is the `pages` that a profile could hold, read like any other (`layout.py`), so that nothing here can do more than
a profile. What may not live here: anything about one surface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.profile import readykeys as ready
from gateway.profile.language import Say, speaker
from gateway.profile.readykeys import Key, Labels
from gateway.profile.steps import Known


def make(name: str, known: Known, sources: Labels, scenes: Labels, keys: int = 0) -> dict[str, Any]:
    """The pages of a ready-made layout, in the room's language; `keys`: how many a page may hold, 0 = any number."""
    say = speaker(known.language)
    pages: dict[str, tuple[str, str, list[Key]]] = {}
    for page, label, icon, made in LAYOUTS[name](known, sources, scenes):
        found = [key for key in made if ready.possible(key, known)]
        if found:
            pages[page] = say(label), icon, [ready.said(key, say) for key in found]
    home = next(iter(pages))
    for page, (label, icon, _) in list(pages.items()):
        if page != home:
            pages[home][2].append({"key": f"to-{page}", "label": label, "icon": icon, "press": {"page": page}})
            back = {"key": f"back-{page}", "label": say("Back"), "icon": "back", "press": {"page": home}}
            pages[page][2].append(back)
    told: dict[str, Any] = {}
    for page, (label, icon, found) in pages.items():
        for number, some in enumerate(_split(page, found, keys, say), 1):
            told[page if number == 1 else f"{page}-{number}"] = {"label": label, "icon": icon, "keys": some}
    return told


def _split(page: str, keys: list[Key], most: int, say: Say) -> Iterator[list[Key]]:
    """Pages no longer than the surface: a last key that leads on, in a ring."""
    if most < 2 or len(keys) <= most:
        yield keys
        return
    parts = [keys[at : at + most - 1] for at in range(0, len(keys), most - 1)]
    for number, some in enumerate(parts, 1):
        onward = number + 1 if number < len(parts) else 1
        where = page if onward == 1 else f"{page}-{onward}"
        yield [*some, {"key": f"more-{page}-{number}", "label": say("More"), "icon": "page", "press": {"page": where}}]


Page = tuple[str, str, str, Iterator[Key]]


def basic(known: Known, sources: Labels, scenes: Labels) -> Iterator[Page]:
    """One page: power, sources, sound, scenes, help."""
    yield (
        "room",
        "Room",
        "display",
        _all(
            ready.power(known),
            ready.show(sources),
            ready.sound(known),
            ready.scenes_of(scenes),
            ready.meeting(known),
            ready.help_key(),
        ),
    )


def conferencing(known: Known, sources: Labels, scenes: Labels) -> Iterator[Page]:
    """For a room that calls: the room, the call, the equipment."""
    yield (
        "room",
        "Room",
        "display",
        _all(
            ready.power(known),
            ready.show(sources),
            ready.sound(known),
            ready.picture(known),
            ready.meeting(known),
            ready.help_key(),
        ),
    )
    yield "call", "Call", "call", ready.calls(known)
    yield "equipment", "Screens and lights", "screen", _all(ready.motors(known), ready.lights(known))
    yield "scenes", "Scenes", "scene", ready.scenes_of(scenes)


def presentation(known: Known, sources: Labels, scenes: Labels) -> Iterator[Page]:
    """For a room that shows: sources, blank, sound, equipment."""
    yield (
        "room",
        "Room",
        "display",
        _all(ready.power(known), ready.show(sources), ready.blank(known), ready.sound(known), ready.help_key()),
    )
    yield "equipment", "Screens and lights", "screen", _all(ready.motors(known), ready.lights(known))
    yield "scenes", "Scenes", "scene", ready.scenes_of(scenes)


def lecture(known: Known, sources: Labels, scenes: Labels) -> Iterator[Page]:
    """For a hall: each display, each microphone, each camera on its own, and the call."""
    yield from presentation(known, sources, scenes)
    yield "displays", "Displays", "display", ready.displays_only(known)
    yield "microphones", "Microphones", "microphone", ready.microphones(known)
    yield "cameras", "Cameras", "camera", ready.cameras(known)
    yield "call", "Call", "call", _all(ready.picture(known), ready.calls(known))


def _all(*keys: Iterator[Key]) -> Iterator[Key]:
    for some in keys:
        yield from some


LAYOUTS: Mapping[str, Callable[[Known, Labels, Labels], Iterator[Page]]] = {
    "basic": basic,
    "conferencing": conferencing,
    "presentation": presentation,
    "lecture": lecture,
}
