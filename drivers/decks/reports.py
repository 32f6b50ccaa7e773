"""The HID reports of Elgato's decks, both ways: pure functions of bytes, for USB and for a dock alike.

Reports begin with their id. What may not live here: which keys there are (`models.py`), when anything is sent.

Source: control-surfaces facts 6.2 and 6.3 (Elgato's published HID pages); `forget` from PyPI streamdeck 0.10.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.decks.models import Model, mirrored

OUTPUT = 1024  # bytes of an output report
ORIGINAL = 8191  # of the 2017 deck's
FEATURE = 32
OLD_FEATURE = 17
KEY_HEAD, STRIP_HEAD = 8, 16
RING = 24  # lights around a dial


# ---- to the deck -------------------------------------------------------------------------------------------------


def picture(model: Model, key: int, file: bytes) -> Iterator[bytes]:
    """The output reports of a key's picture; `key` as the deck counts them. Empty where it shows none."""
    if not model.width:
        return
    if model.speech == "main":
        for page, part, last in _pages(file, OUTPUT - KEY_HEAD):
            head = bytes([0x02, 0x07, key, last]) + _word(len(part)) + _word(page)
            yield (head + part).ljust(OUTPUT, b"\0")
        return
    original = model.speech == "original"
    whole, room = (ORIGINAL, -(-len(file) // 2)) if original else (OUTPUT, OUTPUT - STRIP_HEAD)
    for page, part, last in _pages(file, room):
        head = bytes([0x02, 0x01, page + original, 0, last, key + 1]) + bytes(10)
        yield (head + part).ljust(whole, b"\0")


def window(model: Model, dial: int, file: bytes) -> Iterator[bytes]:
    """The output reports of a picture on the strip above a dial."""
    wide, high = model.window
    x, y = dial * wide, 0
    if model.turn in (90, 270):  # the Plus XL's strip stands upright in its own memory
        x, y, wide, high = y, x, high, wide
    where = _word(x) + _word(y) + _word(wide) + _word(high)
    for page, part, last in _pages(file, OUTPUT - STRIP_HEAD):
        head = b"\x02\x0c" + where + bytes([last]) + _word(page) + _word(len(part)) + b"\0"
        yield (head + part).ljust(OUTPUT, b"\0")


def screen(file: bytes) -> Iterator[bytes]:
    """The output reports of a picture on Neo's info screen."""
    for page, part, last in _pages(file, OUTPUT - KEY_HEAD):
        head = bytes([0x02, 0x0B, 0, last]) + _word(len(part)) + _word(page)
        yield (head + part).ljust(OUTPUT, b"\0")


def forget(model: Model) -> bytes:
    """An output report that ends whatever picture another program left half sent."""
    return b"\x02".ljust(ORIGINAL if model.speech == "original" else OUTPUT, b"\0")


def brightness(model: Model, percent: int) -> bytes:
    """A feature report."""
    if model.speech == "main":
        return bytes([0x03, 0x08, percent]).ljust(FEATURE, b"\0")
    return bytes([0x05, 0x55, 0xAA, 0xD1, 0x01, percent]).ljust(OLD_FEATURE, b"\0")


def reset(model: Model) -> bytes:
    """A feature report: show the logo."""
    return b"\x03\x02".ljust(FEATURE, b"\0") if model.speech == "main" else b"\x0b\x63".ljust(OLD_FEATURE, b"\0")


def fill(colour: str) -> bytes:
    """A feature report: all that it shows in one colour, #rrggbb (main protocol only)."""
    return (b"\x03\x05" + bytes.fromhex(colour[1:])).ljust(FEATURE, b"\0")


def fill_key(key: int, colour: str) -> bytes:
    """A feature report: one key, or the light of a touch key, in one colour (main protocol only)."""
    return (bytes([0x03, 0x06, key]) + bytes.fromhex(colour[1:])).ljust(FEATURE, b"\0")


def ring(dial: int, level: int, colour: str) -> bytes:
    """An output report: so many percent of the 24 lights around a Studio's dial; the others are dark."""
    lit = round(level * RING / 100)
    return (bytes([0x02, 0x0F, dial]) + bytes.fromhex(colour[1:]) * lit).ljust(OUTPUT, b"\0")


def knob(dial: int, colour: str) -> bytes:
    """An output report: the light in the middle of a Studio's dial."""
    return (bytes([0x02, 0x10, dial]) + bytes.fromhex(colour[1:])).ljust(OUTPUT, b"\0")


def ask_serial(model: Model) -> bytes:
    """What asks for the serial number: a feature report's id, and room for its answer."""
    return b"\x06".ljust(FEATURE, b"\0") if model.speech == "main" else b"\x03".ljust(OLD_FEATURE, b"\0")


def ask_firmware(model: Model) -> bytes:
    """What asks for the firmware's version: of AP2, the application that runs."""
    return b"\x05".ljust(FEATURE, b"\0") if model.speech == "main" else b"\x04".ljust(OLD_FEATURE, b"\0")


def black(model: Model) -> bytes:
    """A black picture as BMP, for decks that cannot be filled."""
    size = model.width * model.height * 3
    head = b"BM" + (54 + size).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    about = (40).to_bytes(4, "little") + model.width.to_bytes(4, "little") + model.height.to_bytes(4, "little")
    return head + about + _word(1) + _word(24) + bytes(4) + size.to_bytes(4, "little") + bytes(16) + bytes(size)


def _pages(file: bytes, room: int) -> Iterator[tuple[int, bytes, bool]]:
    """Pages of a file: number, bytes, whether it is the last."""
    for page, at in enumerate(range(0, len(file), room)):
        yield page, file[at : at + room], at + room >= len(file)


def _word(number: int) -> bytes:
    return number.to_bytes(2, "little")


# ---- from the deck -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """The keys that are down, by place from 1: all of them, in each report."""

    down: frozenset[int]


@dataclass(frozen=True)
class Dials:
    """The dials that are pressed, from 0: all of them, in each report."""

    down: frozenset[int]


@dataclass(frozen=True)
class Turned:
    """How far each dial was turned since the last report, clockwise above 0."""

    steps: tuple[int, ...]


@dataclass(frozen=True)
class Touched:
    """The strip was touched at x, `held` there for long, or drawn over by `drawn` pixels to the right."""

    x: int
    held: bool = False
    drawn: int | None = None


def read(model: Model, report: bytes) -> Keys | Dials | Turned | Touched | None:
    """What an input report says; None for one that says nothing we know. Never raises."""
    if report[:1] != b"\x01":
        return None
    if model.speech != "main":
        states = report[1 : 1 + model.keys]
        if len(states) < model.keys:
            return None
        return Keys(frozenset(at + 1 for at in range(model.keys)
                              if states[mirrored(at) if model.speech == "original" else at]))  # fmt: skip
    kind, rest = report[1:2], report[4:]
    if kind == b"\x00" and len(rest) >= model.keys + model.touch_keys:
        return Keys(frozenset(at + 1 for at in range(model.keys + model.touch_keys) if rest[at]))
    if kind == b"\x02" and model.strip[0] and len(rest) >= 6 and rest[0] in (1, 2):
        return Touched(_number(rest, 2), held=rest[0] == 2)
    if kind == b"\x02" and model.strip[0] and len(rest) >= 10 and rest[0] == 3:
        return Touched(_number(rest, 2), drawn=_number(rest, 6) - _number(rest, 2))
    if kind == b"\x03" and model.dials and len(rest) > model.dials and rest[0] in (0, 1):
        values = rest[1 : 1 + model.dials]
        if rest[0] == 0:
            return Dials(frozenset(at for at, value in enumerate(values) if value))
        return Turned(tuple(value - 256 if value > 127 else value for value in values))
    return None


def serial(model: Model, report: bytes) -> str:
    """The serial number out of a feature report; "" where it holds none."""
    if model.speech == "main":
        length = report[1] if len(report) > 1 else 0
        return _letters(report[2 : 2 + length])
    return _letters(report[5:])


def firmware(model: Model, report: bytes) -> str:
    """The version out of a feature report; "" where it holds none."""
    return _letters(report[6:14] if model.speech == "main" else report[5:])


def _letters(data: bytes) -> str:
    """Printable letters up to the first zero."""
    return "".join(letter for letter in data.partition(b"\0")[0].decode("ascii", "replace") if "!" <= letter <= "~")


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
