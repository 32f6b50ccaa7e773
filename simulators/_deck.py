"""What Elgato's decks are and how they are spoken to in HID reports: the device's side of it, for USB and for a dock.

Written from control-surfaces facts, chapter 6 (Elgato's published HID pages). No memory and no doors live here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

VENDOR = 0x0FD9


@dataclass(frozen=True)
class Family:
    """One model: facts 6.1. turned: how its pictures lie, as PIL's operations in the order that stands them up."""

    product: int
    title: str
    keys: int
    columns: int
    side: tuple[int, int] = (0, 0)
    kind: str = "JPEG"
    speech: str = "main"  # main, mini, original (facts 6.2, 6.3)
    upright: tuple[str, ...] = ()
    dials: int = 0
    strip: tuple[int, int] = (0, 0)
    touch_keys: int = 0
    screen: tuple[int, int] = (0, 0)


HALF = ("ROTATE_180",)
FAMILIES = {
    "original": Family(0x0060, "Stream Deck", 15, 5, (72, 72), "BMP", "original", HALF),
    "original_v2": Family(0x006D, "Stream Deck", 15, 5, (72, 72), upright=HALF),
    "mk2": Family(0x0080, "Stream Deck MK.2", 15, 5, (72, 72), upright=HALF),
    "mk2_scissor": Family(0x00A5, "Stream Deck MK.2", 15, 5, (72, 72), upright=HALF),
    "module_15": Family(0x00B9, "Stream Deck Module 15", 15, 5, (72, 72), upright=HALF),
    "mini": Family(0x0063, "Stream Deck Mini", 6, 3, (80, 80), "BMP", "mini", ("FLIP_TOP_BOTTOM", "ROTATE_270")),
    "mini_mk2": Family(0x0090, "Stream Deck Mini", 6, 3, (80, 80), "BMP", "mini", ("FLIP_TOP_BOTTOM", "ROTATE_270")),
    "mini_discord": Family(
        0x00B3, "Stream Deck Mini", 6, 3, (80, 80), "BMP", "mini", ("FLIP_TOP_BOTTOM", "ROTATE_270")
    ),
    "module_6": Family(
        0x00B8, "Stream Deck Module 6", 6, 3, (80, 80), "BMP", "mini", ("FLIP_TOP_BOTTOM", "ROTATE_270")
    ),
    "xl": Family(0x006C, "Stream Deck XL", 32, 8, (96, 96), upright=HALF),
    "xl_v2": Family(0x008F, "Stream Deck XL", 32, 8, (96, 96), upright=HALF),
    "module_32": Family(0x00BA, "Stream Deck Module 32", 32, 8, (96, 96), upright=HALF),
    "neo": Family(0x009A, "Stream Deck Neo", 8, 4, (96, 96), upright=HALF, touch_keys=2, screen=(248, 58)),
    "plus": Family(0x0084, "Stream Deck +", 8, 4, (120, 120), dials=4, strip=(800, 100)),
    "plus_xl": Family(0x00C6, "Stream Deck + XL", 36, 9, (112, 112), upright=("ROTATE_270",), dials=6,
                      strip=(1200, 100)),
    "studio": Family(0x00AA, "Stream Deck Studio", 32, 16, (80, 120), dials=2),
    "pedal": Family(0x0086, "Stream Deck Pedal", 3, 3),
}  # fmt: skip


@dataclass
class Glass:
    """What a deck has been told to show, and every report that it did not understand."""

    family: Family
    files: dict[int, bytes] = field(default_factory=dict)  # key, from 0 at the top left -> its picture's file
    windows: dict[tuple[int, int, int, int], bytes] = field(default_factory=dict)  # of the strip
    screen: bytes = b""  # Neo's info screen
    colours: dict[int, str] = field(default_factory=dict)  # keys that were filled
    filled: str = ""  # the whole of it
    rings: dict[int, list[str]] = field(default_factory=dict)  # a Studio's dial -> the colours of its 24 lights
    knobs: dict[int, str] = field(default_factory=dict)  # the light in the middle of it
    logo: bool = True
    brightness: int = 100
    asleep_after: int = 0
    drawn: int = 0
    errors: list[str] = field(default_factory=list)
    _parts: dict[Any, list[bytes]] = field(default_factory=dict)

    def wrong(self, words: str, report: bytes) -> None:
        """Note what no real deck would have understood."""
        self.errors.append(f"{words}: {report[:20].hex(' ')} ({len(report)} bytes)")
        del self.errors[:-50]

    # ---- output reports --------------------------------------------------------------------------------------

    def output(self, report: bytes) -> None:
        """One output report (facts 6.2, 6.3)."""
        length = 8191 if self.family.speech == "original" else 1024
        if len(report) != length or report[0] != 2:
            self.wrong("an output report of the wrong length or id", report)
        elif report[1] == 0:  # whatever was half said is forgotten
            self._parts.clear()
        elif not self.family.side[0]:
            self.wrong("this deck shows nothing", report)
        elif self.family.speech != "main":
            self._old(report)
        elif report[1] == 0x07:
            key, last, size, page = report[2], report[3], *_words(report[4:8])
            if key >= self.family.keys:
                self.wrong("no such key", report)
            elif self._page(("key", key), page, report[8 : 8 + size], size > 1016, report) and last:
                self._show(key)
        elif report[1] == 0x0C and self.family.strip[0]:
            where, page, size = _words(report[2:10]), *_words(report[11:15])
            if self._page(("strip", where), page, report[16 : 16 + size], size > 1008, report) and report[10]:
                self.windows[where] = b"".join(self._parts.pop(("strip", where)))  # type: ignore[index]
                self.drawn += 1
        elif report[1] == 0x0B and self.family.screen[0]:
            last, size, page = report[3], *_words(report[4:8])
            if self._page("screen", page, report[8 : 8 + size], size > 1016, report) and last:
                self.screen = b"".join(self._parts.pop("screen"))
                self.drawn += 1
        elif report[1] in (0x0F, 0x10) and self.family.product == 0x00AA and report[2] < self.family.dials:
            if report[1] == 0x0F:
                self.rings[report[2]] = [report[at : at + 3].hex() for at in range(3, 3 + 24 * 3, 3)]
            else:
                self.knobs[report[2]] = report[3:6].hex()
        else:
            self.wrong("an unknown output report", report)

    def _old(self, report: bytes) -> None:
        page, last, key = report[2], report[4], report[5] - 1
        original = self.family.speech == "original"
        size = self.family.side[0] * self.family.side[1] * 3 + 54
        part = report[16 : 16 + size // 2] if original else report[16:]
        if report[1] != 1 or not 0 <= key < self.family.keys:
            self.wrong("no such key or report", report)
            return
        at = key - key % 5 + 4 - key % 5 if original else key  # the original counts from right to left
        if self._page(("key", at), page - original, part, False, report) and last:
            self._parts[("key", at)] = [b"".join(self._parts[("key", at)])[:size]]
            self._show(at)

    def _page(self, what: Any, page: int, part: bytes, long: bool, report: bytes) -> bool:
        held = self._parts.setdefault(what, [])
        if page == 0:
            held.clear()
        if page != len(held) or long:
            self.wrong("a page out of its order, or too long", report)
            self._parts.pop(what)
            return False
        held.append(part)
        return True

    def _show(self, key: int) -> None:
        self.files[key] = b"".join(self._parts.pop(("key", key)))
        self.colours.pop(key, None)
        self.logo = False
        self.drawn += 1

    # ---- feature reports -------------------------------------------------------------------------------------

    def set(self, report: bytes) -> None:
        """A feature report that is set."""
        if self.family.speech != "main":
            if len(report) == 17 and report[:5] == bytes.fromhex("05 55 aa d1 01"):
                self.brightness = report[5]
            elif len(report) == 17 and report[:2] == b"\x0b\x63":
                self.reset()
            else:
                self.wrong("an unknown feature report", report)
            return
        match report[:2]:
            case b"\x03\x08" if len(report) in (32, 33) and report[2] <= 100:  # PyPI streamdeck says one byte more
                self.brightness = report[2]
            case b"\x03\x02" if len(report) == 32:
                self.reset()
            case b"\x03\x05" if len(report) == 32:
                self.filled = report[2:5].hex()
                self.files.clear()
                self.colours.clear()
                self.windows.clear()
                self.screen, self.logo = b"", False
            case b"\x03\x06" if len(report) == 32 and report[2] < self.family.keys + self.family.touch_keys:
                self.colours[report[2]] = report[3:6].hex()
                self.files.pop(report[2], None)
            case b"\x03\x0d" if len(report) == 32:
                self.asleep_after = int.from_bytes(report[2:6], "little", signed=True)
            case _:
                self.wrong("an unknown feature report", report)

    def reset(self) -> None:
        """Show the logo."""
        self.files.clear()
        self.windows.clear()
        self.colours.clear()
        self.filled, self.logo, self.screen = "", True, b""

    # ---- as a person sees it ---------------------------------------------------------------------------------

    def seen(self, key: int) -> Any:
        """A key's picture, standing up: a PIL image of the key's size, or None."""
        from PIL import Image

        data = self.files.get(key)
        if data is None:
            return None
        file = Image.open(io.BytesIO(data))
        if file.format != self.family.kind:
            raise ValueError(f"key {key} was sent a {file.format}")
        picture = file.convert("RGB")
        for turn in self.family.upright:
            picture = picture.transpose(Image.Transpose[turn])
        return picture


def _words(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2))


# ---- what a deck says --------------------------------------------------------------------------------------------


def keys_report(family: Family, down: set[int]) -> bytes:
    """Which keys are down, `down` from 0 at the top left."""
    count = family.keys + family.touch_keys
    states = [int(key in down) for key in range(count)]
    if family.speech == "original":
        states = [states[key - key % 5 + 4 - key % 5] for key in range(count)]
    if family.speech != "main":
        return bytes([1, *states])
    return bytes([1, 0, *count.to_bytes(2, "little"), *states]).ljust(512, b"\0")


def dials_report(family: Family, kind: int, values: list[int]) -> bytes:
    """kind 0: which dials are pressed; 1: how far each was turned."""
    payload = bytes([kind, *(value & 0xFF for value in values)]).ljust(5, b"\0")
    return (b"\x01\x03" + len(payload).to_bytes(2, "little") + payload).ljust(512, b"\0")


def touch_report(kind: int, *spots: int) -> bytes:
    """kind 1: a tap at x, y; 2: held there; 3: drawn from x, y to x2, y2."""
    payload = bytes([kind, 0]) + b"".join(spot.to_bytes(2, "little") for spot in spots)
    return (b"\x01\x02" + len(payload).to_bytes(2, "little") + payload).ljust(512, b"\0")


def feature_report(family: Family, asked: bytes, serial: str, firmware: str) -> bytes:
    """The answer to a feature report that was asked for; b"" where there is none."""
    report, length = asked[0], len(asked)
    if family.speech != "main":
        held = {3: serial, 4: firmware}.get(report)
        return b"" if held is None else (bytes([report, 0, 0, 0, 0]) + held.encode()).ljust(length, b"\0")[:length]
    match report:
        case 4 | 5 | 7:
            told = bytes([report, 0x0C, 0, 0, 0, 0]) + firmware.encode()
        case 6:
            told = bytes([6, len(serial)]) + serial.encode()
        case 8:
            rows = family.keys // family.columns
            told = bytes([8, rows, family.columns]) + b"".join(side.to_bytes(2, "little") for side in family.side)
        case _:
            return b""
    return told.ljust(length, b"\0")[:length]
