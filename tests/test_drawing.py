"""Keys as pictures: whole at every size, legible on 72 pixels, drawn once."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.profile.icons import ICONS
from gateway.profile.strokes import STROKES
from gateway.surfaces import typefaces
from gateway.surfaces.drawing import LARGEST, SMALLEST, Form, Gallery, draw, tag, wrap
from gateway.surfaces.drawing import _lines as lines_of
from gateway.surfaces.surface import FAILED, OFF, TONE, WAITING, WHITE, Face

PANEL = Path(__file__).parent.parent / "gateway" / "panel"
JAPANESE = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")


def png(face: Face, size: int) -> bytes:
    return draw(face, Form(size, size))


def picture(face: Face, size: int = 72) -> Image.Image:
    return Image.open(io.BytesIO(png(face, size))).convert("RGB")


def ink(image: Image.Image, colour: tuple[int, int, int], box: tuple[int, int, int, int]) -> int:
    """How many pixels of a part of the picture have about that colour."""
    part = image.crop(box)
    flat = part.tobytes()  # red, green, blue of one pixel after the other
    pixels = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return sum(all(abs(a - b) < 60 for a, b in zip(found, colour, strict=True)) for found in pixels)


def test_every_icon_is_drawn_and_no_two_are_alike() -> None:
    assert list(STROKES) == list(ICONS)
    drawn = {name: png(Face("", name), 72) for name in ICONS}
    assert len(set(drawn.values())) == len(drawn)
    for name, shape in STROKES.items():
        spots = [spot for line in shape for spot in line.spots]
        assert all(0 <= x <= 24 and 0 <= y <= 24 for x, y in spots), name


@pytest.mark.parametrize("size", [SMALLEST, 72, 96, 144, LARGEST])
@pytest.mark.parametrize("flag", ["", "pending", "stale", "unavailable", "failed"])
def test_a_face_is_a_square_of_its_colour_at_any_size(size: int, flag: str) -> None:
    image = picture(Face("Mics muted", "microphone-off", WHITE, TONE["danger"], None, True, flag), size)  # type: ignore[arg-type]
    assert image.size == (size, size)
    assert image.getpixel((1, size - 2)) == (0xA1, 0x21, 0x1B)


def test_text_is_large_enough_to_be_read_on_72_pixels() -> None:
    image = picture(Face("Mute", background=OFF))
    rows = [y for y in range(72) if ink(image, (255, 255, 255), (0, y, 72, y + 1))]
    assert max(rows) - min(rows) >= 12  # the height of a capital letter, at a glance
    for text in ("Left screen down", "Document camera preset", "Besprechungsraumlüftung", "Call\n+49 30 1234567"):
        whole = picture(Face(text, "camera", background=OFF))
        assert ink(whole, (255, 255, 255), (0, 32, 72, 72)) > 60, text
        edges = [whole.crop((0, 0, 2, 72)), whole.crop((70, 0, 72, 72))]
        assert all(len(edge.getcolors() or ()) == 1 for edge in edges), f"{text} runs out of its key"


def test_a_text_that_is_too_long_has_more_room_and_then_ends_in_an_ellipsis() -> None:
    held = lines_of("Next meeting\nUntil 14:20: Weekly planning with everybody who is here", 128, 62, 144, small=True)
    assert not held.whole and held.lines[0] == "Next meeting" and held.lines[-1].endswith("…")
    filled = lines_of("on and on " * 12, 128, 62, 144, small=True)
    assert typefaces.width(filled.lines[-1], filled.points) > 110, "the last line is filled before it is cut"
    assert lines_of("Left screen down", 128, 62, 144, small=True).whole

    def icon(text: str) -> int:
        """The last row of the icon: the first empty one below it is the gap to the text."""
        image = picture(Face(text, "calendar", background=OFF), 144)
        rows = [bool(ink(image, (255, 255, 255), (0, y, 144, y + 1))) for y in range(144)]
        return rows.index(False, rows.index(True))

    spoken = "Prochaine réunion\nJusqu’à 14:20\u00a0: Weekly planning"
    assert png(Face(spoken, "calendar"), 72) == png(Face(spoken.partition("\n")[2], "calendar"), 72), "the value counts"
    assert icon("Next meeting\nUntil 14:20: Weekly planning") < icon("Call") - 15


NAMES = ("Präsentation", "Größe ß", "Écran façade œuvre", "Señal ¿qué?", "Łódź ěščřž", "Győr", "Çağ", "Зал", "Αίθουσα")


@pytest.mark.parametrize("text", NAMES)
def test_europes_letters_are_letters_and_no_boxes(text: str) -> None:
    """A typeface draws the same box for every letter that it lacks."""
    assert all(typefaces.has(typefaces.own(), letter) for letter in text if letter != " ")
    letters = sorted(set(text) - {" "})
    assert len({png(Face(letter), 72) for letter in letters}) == len(letters)
    assert not typefaces.has(typefaces.own(), "会")


def test_every_word_of_the_panels_in_europe_can_stand_on_a_key() -> None:
    for file in sorted(PANEL.glob("*.json")):
        if file.suffixes[0] != ".ja":
            letters = {letter for word in texts(json.loads(file.read_text(encoding="utf-8"))) for letter in word}
            lacking = {one for one in letters if one.isalpha() and not typefaces.has(typefaces.own(), one)}
            assert not lacking, f"{file.name}: {lacking}"


def texts(held: object) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        for one in held.values():
            yield from texts(one)


@pytest.fixture
def sites() -> Iterator[Path]:
    """A site's typeface with Japanese letters (Debian's fonts-droid-fallback, which `.ci/run` installs)."""
    if not JAPANESE.exists() and not os.environ.get("CI"):
        pytest.skip("needs the system package fonts-droid-fallback")
    typefaces.use(JAPANESE)
    yield JAPANESE
    typefaces.use(None)


def test_a_sites_typeface_gives_the_letters_that_ours_lacks(sites: Path) -> None:
    assert typefaces.runs("会議: Präsentation") == [(sites, "会議"), (typefaces.own(), ": Präsentation")]
    drawn = {png(Face(letter), 72) for letter in "会議室の予約"}
    assert len(drawn) == 6
    with_site = tag(Face("会議"), 72)
    typefaces.use(None)
    assert tag(Face("会議"), 72) != with_site, "who kept the picture of before asks anew"
    assert len({png(Face(letter), 72) for letter in "会議室の予約"}) == 1, "six boxes"


def test_what_runs_over_is_cut_in_every_script(sites: Path) -> None:
    for text in ("次の会議: 営業部の定例ミーティングと来年度の予算について", "Donaudampfschifffahrt", "会" * 60):
        whole = picture(Face(text, "calendar", background=OFF))
        edges = [whole.crop((0, 0, 2, 72)), whole.crop((70, 0, 72, 72))]
        assert all(len(edge.getcolors() or ()) == 1 for edge in edges), f"{text} runs out of its key"


def test_a_level_is_as_long_as_it_is() -> None:
    def filled(level: int) -> int:
        return ink(picture(Face("V", level=level), 144), (255, 255, 255), (10, 131, 134, 134))

    assert filled(0) < filled(25) < filled(50) < filled(100)


def test_what_is_pending_failed_or_from_before_has_its_mark() -> None:
    plain = png(Face("A", background=OFF), 72)
    marked = {png(Face("A", background=OFF, flag=flag), 72) for flag in ("pending", "failed", "stale")}
    assert len({plain, *marked}) == 4
    assert len({OFF, WAITING, FAILED}) == 3


def test_words_are_broken_between_words() -> None:
    assert wrap("Left screen down", 11, len) == ["Left screen", "down"]
    assert wrap("Volume\n40 %", 20, len) == ["Volume", "40 %"]
    assert wrap("Besprechungsraum", 5, len) == ["Besprechungsraum"]
    assert wrap("", 5, len) == [""]
    assert wrap("Jusqu’à 14:20\u00a0: Film", 14, len) == ["Jusqu’à", "14:20\u00a0: Film"], "a no-break space holds"
    assert wrap("会議を始める", 4, len) == ["会議を始", "める"]
    assert wrap("スクリーン。", 5, len) == ["スクリー", "ン。"], "no line begins with a full stop"
    assert wrap("会議室 A-101 開始", 6, len) == ["会議室", "A-101", "開始"]


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=60),
    st.sampled_from(["", *ICONS, "unknown"]),
    st.integers(SMALLEST, 160),
    st.none() | st.integers(0, 100),
)
def test_any_face_can_be_drawn(text: str, icon: str, size: int, level: int | None) -> None:
    assert picture(Face(text, icon, level=level), size).size == (size, size)


async def test_a_picture_is_drawn_once_and_never_in_the_event_loop() -> None:
    gallery = Gallery()
    face = Face("Mics", "microphone")
    beats = 0

    async def heart() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(heart())
    first = await gallery.png(face, 144)
    assert beats > 1
    beating.cancel()
    assert await gallery.png(face, 144) is first
    assert await gallery.png(face, 72) != first
    for size in (SMALLEST - 1, LARGEST + 1):
        with pytest.raises(ValueError, match="size is from"):
            await gallery.png(face, size)


def test_a_tag_is_the_pictures_and_costs_no_drawing() -> None:
    one = Face("A")
    assert tag(one, 72) == tag(Face("A"), 72) != tag(one, 144) and tag(one, 72) != tag(Face("B"), 72)
