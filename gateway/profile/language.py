"""The gateway's own words on keys, in the language of the room: plain files beside this one, `phrases/LANGUAGE.json`.

English is the key to the others, and what stands where a file lacks a phrase. What may not live here: what people have
named (labels of a profile are nobody's to translate), and the words of the panel's pages, which speak the browser's.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

FOLDER = Path(__file__).parent / "phrases"
LANGUAGES = ("en", *sorted(file.stem for file in FOLDER.glob("*.json")))

Say: TypeAlias = Callable[..., str]


@functools.cache
def _phrases(language: str) -> Mapping[str, str]:
    found: dict[str, str] = {} if language == "en" else json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return found


def say(language: str, phrase: str, **held: str) -> str:
    """A phrase in a language; what stands in braces is filled in. `aim:{name} up` is `{name} up` of a camera, for which
    others have another word than for a screen."""
    found = _phrases(language).get(phrase) or phrase.removeprefix("aim:")
    for name, value in held.items():
        found = found.replace(f"{{{name}}}", value)
    return found


def speaker(language: str) -> Say:
    """`say` in one language."""
    return functools.partial(say, language)
