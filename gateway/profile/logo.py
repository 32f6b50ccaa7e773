"""A logo beside the profile -> its bytes and its shape, or why it is not taken. SVG or PNG, small; nothing that runs.

What may not live here: how it is served (`api/themes.py` forbids again whatever is forbidden here).
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

LARGEST = 64 * 1024  # bytes
WIDEST = 4096  # pixels of a PNG, either way
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(?:px)?\s*\Z")
_FAR = re.compile(r"@import|url\((?!\s*['\"]?(?:#|data:image/(?:png|jpeg)))|javascript:", re.IGNORECASE)
RUNS = frozenset({"script", "foreignobject", "iframe", "object", "embed", "handler", "listener", "a"})


class LogoError(Exception):
    """It is not taken; the words say why."""


@dataclass(frozen=True)
class Logo:
    """A picture that has been looked through. `kind`: svg or png; `shape`: width by height."""

    content: bytes
    kind: str
    shape: float = 1.0


def read_logo(file: Path) -> Logo:
    """Raises LogoError."""
    try:
        if not file.is_file():
            raise LogoError("there is no such file beside the profile")
        if file.stat().st_size > LARGEST:
            raise LogoError(f"the file has {file.stat().st_size} bytes; at most {LARGEST} are taken")
        content = file.read_bytes()[: LARGEST + 1]
    except OSError as error:
        raise LogoError(f"the file cannot be read: {error.strerror}") from None
    if content.startswith(SIGNATURE):
        return Logo(content, "png", _png(content))
    return Logo(content, "svg", _svg(content))


def _png(content: bytes) -> float:
    """Its shape. Every chunk is whole and its checksum right (PNG, third edition, 5.3)."""
    at, size, last = len(SIGNATURE), (0, 0), b""
    while at < len(content) and last != b"IEND":
        if at + 12 > len(content):
            raise LogoError("the PNG is cut short")
        length, last = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if end + 4 > len(content) or zlib.crc32(content[at + 4 : end]) != struct.unpack_from(">I", content, end)[0]:
            raise LogoError("the PNG is damaged or cut short")
        if last == b"IHDR" and length >= 8:
            size = struct.unpack_from(">II", content, at + 8)
        at = end + 4
    if last != b"IEND" or not all(0 < side <= WIDEST for side in size):
        raise LogoError(f"the PNG is damaged, or more than {WIDEST} pixels wide or high")
    return size[0] / size[1]


def _svg(content: bytes) -> float:
    """Its shape. Refused: entities, scripts, handlers, and whatever is fetched from elsewhere."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LogoError("the file is neither PNG nor SVG in UTF-8") from None
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise LogoError("the SVG has a DOCTYPE or an entity; save it as plain SVG")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise LogoError(f"the file is neither PNG nor SVG: {error}") from None
    if root.tag != f"{SVG}svg":
        raise LogoError("the file is XML, but no SVG")
    for element in root.iter():
        _harmless(element)
    return _shape(root)


def _harmless(element: ElementTree.Element) -> None:
    name = str(element.tag).rpartition("}")[2].lower()
    if name in RUNS:
        raise LogoError(f"the SVG has <{name}>, which a logo may not have")
    if name == "style" and _FAR.search("".join(element.itertext())):
        raise LogoError("the SVG's style asks for something from elsewhere")
    for key, value in element.attrib.items():
        bare = key.rpartition("}")[2].lower()
        if bare.startswith("on"):
            raise LogoError(f"the SVG has {bare}=, which runs a script")
        if bare in ("href", "src") and not value.strip().startswith(("#", "data:image/png", "data:image/jpeg")):
            raise LogoError(f"the SVG asks for {value[:40]!r}; a logo brings all that it needs")
        if bare == "attributename" and value.strip().lower().rpartition(":")[2] == "href":
            raise LogoError("the SVG changes an address while it is shown")
        if _FAR.search(value):
            raise LogoError(f"the SVG's {bare}= asks for something from elsewhere")


def _shape(root: ElementTree.Element) -> float:
    sides = root.get("viewBox", "").replace(",", " ").split()
    width, height = (_NUMBER.match(side) for side in (sides[2:4] if len(sides) == 4 else ["", ""]))
    if not (width and height):
        width, height = (_NUMBER.match(root.get(side, "")) for side in ("width", "height"))
    if not (width and height):
        raise LogoError("the SVG has neither a viewBox nor a width and a height")
    across, down = float(width[1]), float(height[1])
    if not (across and down):
        raise LogoError("the SVG is 0 wide or high")
    return across / down
