"""`[panel]` of a profile: colours that can be read, logos that cannot run anything, and clear words for the rest."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from gateway.api.themes import FORCED
from gateway.complaint import Complaint
from gateway.plugins import load_drivers
from gateway.profile.colours import BLACK, WHITE, colour, contrast, ink, least, towards
from gateway.profile.logo import LARGEST, LogoError, read_logo
from gateway.profile.site import read
from gateway.profile.theme import EDGES, SCHEMES, SIGNALS, USUAL, WARNED, Theme, palette

CSS = Path(__file__).parent.parent / "gateway" / "panel" / "panel.css"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40">{}</svg>'


def site(folder: Path, panel: str, room: str = "") -> tuple[Theme, Theme, list[Complaint]]:
    """The site's look, the room's look, and what was complained of."""
    (folder / "site.toml").write_text(panel)
    (folder / "demo.toml").write_text('name = "Demo"\n' + room)
    reading = read(folder, load_drivers())
    held = reading.site.rooms.get("demo")
    return reading.site.theme, held.theme if held else Theme(), reading.complaints


def png(wide: int = 60, high: int = 20) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (wide, high), "#0b62c9").save(kept, "PNG")
    return kept.getvalue()


def test_contrast_is_the_standards() -> None:
    """WCAG 2.2, "contrast ratio": 21 for black on white; #767676 is the lightest grey for text on white (4.54)."""
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.01)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.005)  # not AA, by a hair
    assert contrast("#949494", WHITE) == pytest.approx(3.03, abs=0.005)  # enough for a shape (1.4.11), not for text
    assert contrast("#0000ff", WHITE) == pytest.approx(8.59, abs=0.005)
    assert contrast(WHITE, "#ff0000") == contrast("#ff0000", WHITE)
    assert contrast("#ff0000", WHITE) == pytest.approx(4.0, abs=0.01)
    assert [colour(text) for text in ("#06C", "#0b62C9", "blue", "#12", "0b62c9", "#0b62c9;}")] == [
        "#0066cc",
        "#0b62c9",
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("level", range(0, 256, 5))
def test_ink_can_be_read_on_any_grey(level: int) -> None:
    grey = "#" + f"{level:02x}" * 3
    assert contrast(ink(grey), grey) >= 4.5
    assert least(towards(grey, ink(grey), (grey,), 4.5), (grey,)) >= 4.5


def test_the_usual_colours_are_those_of_the_style_sheet() -> None:
    text = CSS.read_text(encoding="utf-8")
    dark, light = text.split("@media (prefers-color-scheme:light)", 1)
    for scheme, block in (("dark", dark), ("light", light[: light.index("}\n}")])):
        said = {name: (colour(value) or value).strip() for name, value in re.findall(r"--([\w-]+): ?([^;]+);", block)}
        for name, value in palette(scheme, {}).items():  # type: ignore[arg-type]
            if name in ("hint", "on-warned"):  # another colour of the same scheme
                assert len(re.findall(rf"--{name}: ?var\(", dark)) == 1
            elif name == "on-accent":
                assert contrast(said[name], said["accent"]) >= 4.5
            else:
                assert said[name] == value, f"{scheme} --{name}"
        for name, value in FORCED[scheme].items():  # type: ignore[index]
            assert said[name[2:]] == (colour(value) or value), f"{scheme} {name}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"accent": "#888888"},
        {"background": "#000000", "surface": "#101010", "text": "#ffffff"},
        {"background": "#ffffff", "surface": "#f7f7f7", "text": "#222222"},
        {"background": "#003366", "surface": "#004080", "text": "#ffffff", "accent": "#ffcc00"},
        {"background": "#fff4e0", "surface": "#ffe8c0", "text": "#402000", "accent": "#a03000"},
    ],
)
def test_whatever_is_written_can_be_read(scheme: str, chosen: dict[str, str]) -> None:
    made = palette(scheme, chosen)  # type: ignore[arg-type]
    for text in ("text", "quiet", "hint", "wrong", "warn"):
        assert least(made[text], [made["ground"], made["card"], made["raised"]]) >= 4.5, text
    assert contrast(made["on-accent"], made["accent"]) >= 4.5
    assert contrast(made["on-warned"], made["warned"]) >= 4.5
    assert contrast(made["ground"], made["text"]) >= 4.5  # a toast is the other way round


def test_a_room_says_over_its_site(tmp_path: Path) -> None:
    (tmp_path / "our.svg").write_text(SVG.format('<path d="M0 0h9v9z" fill="#06c"/>'))
    (tmp_path / "night.png").write_bytes(png())
    shared, room, complaints = site(
        tmp_path,
        '[panel]\ntitle = "Example Ltd"\nlogo = "our.svg"\naccent = "#06c"\n[panel.dark]\naccent = "#7ab8ff"\n',
        '[panel]\nscheme = "dark"\n[panel.dark]\nlogo = "night.png"\nbackground = "#000"\n',
    )
    assert not complaints, [str(one) for one in complaints]
    assert (shared.title, shared.scheme, shared.light, shared.dark) == (
        "Example Ltd",
        "auto",
        {"accent": "#0066cc"},
        {"accent": "#7ab8ff"},
    )
    assert shared.logos["dark"].kind == "svg" and shared.logos["light"].shape == 3
    assert (room.title, room.scheme, room.logos["dark"].kind) == ("Example Ltd", "dark", "png")
    assert room.dark == {"accent": "#7ab8ff", "background": "#000000"}


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        ("[panel]\naccent = 'blue'", "[panel] accent: found 'blue'; expected a colour such as"),
        ("[panel]\nscheme = 'night'", "[panel] scheme: found 'night'; did you mean 'light'?"),
        ("[panel]\nacent = '#06c'", "[panel] acent: unknown key; did you mean 'accent'?"),
        ("[panel.dark]\ntitle = 'Us'", "[panel.dark] title: unknown key"),
        ("[panel]\ntitle = 'two\\nlines'".replace("'", '"'), "expected at most 40 characters on one line"),
        ("[panel]\nlogo = '../logo.svg'", "expected the name of a file beside the profile, no folder"),
        ("[panel]\nlogo = ''", "expected the name of a file beside the profile, no folder"),
        ("[panel]\nlogo = 7", "[panel] logo: found 7; expected a text"),
        ("[panel.light]\ntext = ''", "[panel.light] text: found ''; expected a colour such as"),
        ("[panel.light]\ntext = 123456", "[panel.light] text: found 123456; expected a text"),
        ("[panel]\nlogo = '.hidden.svg'", "expected the name of a file beside the profile, no folder"),
        ("panel = 1", "panel: found 1; expected a table"),
    ],
)
def test_a_mistake_is_said(tmp_path: Path, panel: str, words: str) -> None:
    told = [str(one) for one in site(tmp_path, panel)[2] if one.grave]
    assert any(words in one for one in told), told


def test_colours_that_cannot_be_read_are_not_shown(tmp_path: Path) -> None:
    shared, room, complaints = site(
        tmp_path,
        '[panel]\naccent = "#57a6ff"\n',
        '[panel.dark]\ntext = "#555"\n',
    )
    told = [str(one) for one in complaints]
    assert not [one for one in complaints if one.grave]
    assert any(
        "site.toml: [panel.light] accent: warning: #57a6ff on the buttons #e7ecf2 has a contrast of 2.13 to 1" in one
        and "expected at least 3 to 1 (WCAG AA), such as #" in one
        for one in told
    ), told
    assert any("demo.toml: [panel.dark] text: warning: #555555 on the" in one and "4.5 to 1" in one for one in told)
    assert shared.light == {} and shared.dark == {"accent": "#57a6ff"}  # the scheme that is right stays
    assert room.dark == shared.dark
    suggested = next(re.search(r"such as (#\w{6})", one) for one in told if "accent" in one)
    assert suggested
    assert not site(tmp_path, f'[panel.light]\naccent = "{suggested[1]}"\n')[2]


def test_what_is_short_by_a_hair_is_not_said_to_be_enough(tmp_path: Path) -> None:
    (told,) = site(tmp_path, '[panel.light]\nbackground = "#fff"\ntext = "#737373"\n')[2]
    assert "text: warning: #737373 on the buttons #" in str(told) and "the usual colours stay" in str(told)
    ground = re.search(r"buttons (#\w{6}) has a contrast of ([0-9.]+) to 1", str(told))
    assert ground and float(ground[2]) == pytest.approx(contrast("#737373", ground[1]), abs=0.01)
    usual = "[panel]\nscheme = 'light'\n[panel.light]\n"
    for level in range(0x60, 0x80):  # over all that is near the limit
        grey = "#" + f"{level:02x}" * 3
        for one in site(tmp_path, f'{usual}text = "{grey}"\n')[2]:
            found = re.search(r"contrast of ([0-9.]+) to 1", str(one))
            assert found and float(found[1]) < 4.5


def test_a_room_that_shows_what_its_site_never_does_is_not_dressed_in_it(tmp_path: Path) -> None:
    shared, room, complaints = site(
        tmp_path,
        '[panel]\nscheme = "dark"\n[panel.light]\ntext = "#ccc"\n',
        '[panel]\nscheme = "auto"\n',
    )
    assert shared.shows() == ("dark",) and room.shows() == SCHEMES
    (told,) = complaints
    assert "demo.toml: [panel.light] text: warning: #cccccc on the" in str(told)
    assert "the usual colours stay" in str(told) and room.light == {}


def test_a_room_keeps_its_sites_colours_where_its_own_cannot_be_read(tmp_path: Path) -> None:
    _, room, complaints = site(
        tmp_path, '[panel.dark]\nbackground = "#10201a"\n', '[panel.dark]\nbackground = "#ddd"\n'
    )
    assert room.dark == {"background": "#10201a"}
    assert all("the site's colours stay" in str(one) for one in complaints) and len(complaints) == 2


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<foreignObject/>", "<foreignobject>"),
        ('<path onload="alert(1)"/>', "onload="),
        ('<g xmlns:x="http://www.w3.org/1999/xlink"><use x:href="http://example.com/a.svg#b"/></g>', "asks for"),
        ('<image href="data:image/svg+xml;base64,AAAA"/>', "asks for"),
        ("<style>@import 'https://example.com/a.css';</style>", "style"),
        ('<rect fill="url(https://example.com/#a)"/>', "fill="),
        ('<g><set attributeName="href" to="javascript:alert(1)"/></g>', "changes an address"),
        ('<a href="#x"/>', "<a>"),
        ("<path", "neither PNG nor SVG"),
    ],
)
def test_an_svg_that_could_do_something_is_refused(tmp_path: Path, inside: str, words: str) -> None:
    (tmp_path / "logo.svg").write_text(SVG.format(inside))
    with pytest.raises(LogoError, match=re.escape(words)):
        read_logo(tmp_path / "logo.svg")
    _, _, complaints = site(tmp_path, '[panel]\nlogo = "logo.svg"\n')
    assert [one.grave for one in complaints] == [False] and "there is no logo until it is mended" in str(complaints[0])


def test_a_drawing_with_parts_of_its_own_is_taken(tmp_path: Path) -> None:
    inside = '<defs><linearGradient id="a"/></defs><rect fill="url(#a)"/><use href="#a"/>'
    inside += "<style>rect { fill: url('#a') }</style>"
    (tmp_path / "logo.svg").write_text('<?xml version="1.0" encoding="utf-8"?>' + SVG.format(inside))
    assert read_logo(tmp_path / "logo.svg").shape == 3
    (tmp_path / "plain.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="50px" height="100"/>')
    assert read_logo(tmp_path / "plain.svg").shape == 0.5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a\xff\xfe", "neither PNG nor SVG"),
        (b"<html/>", "no SVG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "neither a viewBox"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 5"/>', "0 wide"),
        (
            b'<!DOCTYPE svg [<!ENTITY a "aa">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">&a;</svg>',
            "DOCTYPE",
        ),
        (png()[:-30], "cut short"),
        (png()[:60] + b"\x00" + png()[61:], "damaged"),
        (png() + b"x" * LARGEST, "at most 65536"),
        (png(5000, 4), "more than 4096"),
    ],
)
def test_a_file_that_is_no_logo_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "logo").write_bytes(content)
    with pytest.raises(LogoError, match=words):
        read_logo(tmp_path / "logo")


def test_a_logo_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogoError, match="no such file"):
        read_logo(tmp_path / "logo.svg")
    with pytest.raises(LogoError, match="no such file"):
        read_logo(tmp_path)
    endless = struct.pack(">I4s", 0xFFFFFFFF, b"IHDR") + struct.pack(">I", zlib.crc32(b"IHDR"))
    (tmp_path / "long.png").write_bytes(b"\x89PNG\r\n\x1a\n" + endless)
    with pytest.raises(LogoError, match="damaged"):
        read_logo(tmp_path / "long.png")


def test_the_constants_hang_together() -> None:
    assert set(USUAL) == set(EDGES) == set(SIGNALS) == set(WARNED) == set(FORCED) == set(SCHEMES)
