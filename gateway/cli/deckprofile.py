"""A `.streamDeckProfile` for the Elgato app from a room's surface. Experimental: its import was never tried in the app.

Written after the second generation of the format, of which real files were seen (control-surfaces facts, chapter 9):
a zip with `UUID.sdProfile/manifest.json` and a folder a page, whose name is the page's UUID in base 32. Only models
whose code was seen in such a file are offered. Keys are the Companion plug-in's own action, which shows live faces
(`stream_deck_satellite` with subscriptions); or a GET in the background on the key door. What may not live here: decks.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.profile.layout import KeySpec, SurfaceSpec
from gateway.surfaces.drawing import Form, draw
from gateway.surfaces.surface import Face

BASE32 = "0123456789ABCDEFGHIJKLMNOPQRSTVW"
PICTURE = 144
IN_A_ROW = 8  # of the grid in which single buttons are named


@dataclass(frozen=True)
class Model:
    """A deck of the Elgato app: its code in the file, and its keys."""

    code: str
    columns: int
    rows: int


# The codes that were seen in real files (facts, chapter 9).
MODELS: Mapping[str, Model] = {"mk2": Model("20GBA9901", 5, 3), "plus": Model("20GBD9901", 4, 2)}


class ProfileError(LookupError):
    """There is nothing to write; the words say why."""


def folder_of(page: uuid.UUID) -> str:
    """The name of a page's folder: its 128 bits, shifted by two, in base 32, and a Z."""
    bits = page.int << 2
    return "".join(BASE32[bits >> shift & 31] for shift in range(125, -1, -5)) + "Z"


def make(surface: SurfaceSpec, name: str, model: str, url_of: Callable[[KeySpec], str] | None = None) -> bytes:
    """The zip's bytes. `url_of` None: the plug-in's action; else the URL that a key fetches, "" where it has none.
    Raises ProfileError."""
    held = MODELS.get(model)
    if held is None:
        raise ProfileError(f"no model {model!r}; known from real files: {', '.join(MODELS)}")
    most = held.columns * held.rows
    first = surface.pages[0]
    if not first.keys:
        raise ProfileError(f"surface {surface.name!r} has no keys")
    whole, page = _named(surface.name, name, model), _named(surface.name, name, model, first.id)
    actions: dict[str, Any] = {}
    pictures: dict[str, bytes] = {}
    for number, key in enumerate(first.keys[:most]):
        row, column = divmod(number, held.columns)
        if url_of is None:
            actions[f"{column},{row}"] = _plugin(key, number)
        elif url := url_of(key):
            picture = f"Images/{key.id}.png"
            pictures[picture] = draw(Face(key.label, key.icon), Form(PICTURE, PICTURE))
            actions[f"{column},{row}"] = _fetch(key, url, picture)
    if not actions:
        raise ProfileError("none of the keys has an action of that keypad's: name the actions as the keys are named")
    root = f"{str(whole).upper()}.sdProfile"
    folder = f"{root}/Profiles/{folder_of(page)}"
    files: dict[str, bytes] = {
        f"{root}/manifest.json": _json(
            {
                "Device": {"Model": held.code, "UUID": ""},
                "Name": name,
                "Pages": {"Current": str(page), "Pages": [str(page)]},
                "Version": "2.0",
            }
        ),
        f"{folder}/manifest.json": _json({"Controllers": [{"Type": "Keypad", "Actions": actions}]}),
        **{f"{folder}/{where}": picture for where, picture in pictures.items()},
    }
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for where, content in files.items():
            archive.writestr(zipfile.ZipInfo(where, (2020, 1, 1, 0, 0, 0)), content)
    return found.getvalue()


def _plugin(key: KeySpec, number: int) -> dict[str, Any]:
    """The Companion plug-in's action: page 1, in the grid in which `stream_deck_satellite` counts."""
    row, column = divmod(number, IN_A_ROW)
    action = "io.bitfocus.companion-plugin.action"
    settings = {"dynamicPage": False, "page": 1, "row": row, "column": column}
    return _action(key, action, "Companion", settings, "")


def _fetch(key: KeySpec, url: str, picture: str) -> dict[str, Any]:
    """The app's own Website action, in the background: a GET, with no word back."""
    action = "com.elgato.streamdeck.system.website"
    return _action(key, action, "Website", {"openInBrowser": False, "path": url}, picture)


def _action(key: KeySpec, action: str, plugin: str, settings: Mapping[str, Any], picture: str) -> dict[str, Any]:
    title = {"Title": "" if picture else key.label, "ShowTitle": not picture, "TitleAlignment": "bottom"}
    return {
        "ActionID": str(_named(action, key.id)),
        "LinkedTitle": False,
        "Name": plugin,
        "Settings": dict(settings),
        "State": 0,
        "States": [{**({"Image": picture} if picture else {}), **title}],
        "UUID": action,
    }


def _named(*words: str) -> uuid.UUID:
    """The same for the same words: a profile that is made again takes the place of the old one."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "urn:roomgate:" + ":".join(words))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
