"""`[panel]`: how a room's pages look: title, logo, colours for dark and for light. In site.toml, and over it in a room.

    [panel]
    title = "Example Ltd"
    logo = "example.svg"     # beside the profile
    scheme = "auto"          # or "dark", "light": whatever the browser wishes
    accent = "#0b62c9"

    [panel.light]
    background = "#f4f0e6"

Colours that could not be read are complained of, and the usual ones of that scheme stay. What may not live here: how
colours become a style sheet (`api/themes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from gateway.complaint import Table, shown
from gateway.profile.colours import SHAPE, TEXT, colour, contrast, ink, least, mixed, towards
from gateway.profile.logo import Logo, LogoError, read_logo

Scheme = Literal["dark", "light"]
SCHEMES: tuple[Scheme, ...] = ("dark", "light")
CHOSEN = ("accent", "background", "surface", "text")  # the colours that a profile may name
LONGEST = 40  # characters of a title
RAISED, LINE = 0.07, 0.18  # of the text's colour in a raised control and in its edge

# The usual look, which stands in panel.css too; a test holds them together.
USUAL: dict[Scheme, dict[str, str]] = {
    "dark": {"background": "#0e1217", "surface": "#171d25", "text": "#eef2f7", "accent": "#57a6ff"},
    "light": {"background": "#eef1f5", "surface": "#ffffff", "text": "#131a22", "accent": "#0b62c9"},
}
EDGES: dict[Scheme, tuple[str, str]] = {"dark": ("#232b36", "#2d3744"), "light": ("#e7ecf2", "#cfd7e1")}  # raised, line
# Colours that mean something: they keep their hue, and are made lighter or darker until they can be read.
SIGNALS: dict[Scheme, dict[str, str]] = {
    "dark": {"quiet": "#9dabbb", "wrong": "#ff9a9e", "warn": "#ffc15e"},
    "light": {"quiet": "#54616f", "wrong": "#b3161d", "warn": "#7a4c00"},
}
WARNED: dict[Scheme, str] = {"dark": "#33270f", "light": "#fff0d1"}  # what a banner of trouble stands on


@dataclass(frozen=True)
class Theme:
    """One look. `dark`, `light`: the colours that were chosen for each; `logos`: each scheme's, where it has one."""

    title: str = ""
    scheme: Literal["auto", "dark", "light"] = "auto"
    dark: Mapping[str, str] = field(default_factory=dict)
    light: Mapping[str, str] = field(default_factory=dict)
    logos: Mapping[str, Logo] = field(default_factory=dict)

    def chosen(self, scheme: Scheme) -> Mapping[str, str]:
        """What the profile says of one scheme."""
        return self.dark if scheme == "dark" else self.light

    def shows(self) -> tuple[Scheme, ...]:
        """The schemes that can be seen."""
        return SCHEMES if self.scheme == "auto" else (self.scheme,)

    @property
    def usual(self) -> bool:
        """Nothing was chosen."""
        return self == Theme()


def palette(scheme: Scheme, chosen: Mapping[str, str]) -> dict[str, str]:
    """Every colour of a scheme by the name of its custom property, made from the four that may be chosen."""
    named = {**USUAL[scheme], **chosen}
    ground, card, text, accent = named["background"], named["surface"], named["text"], named["accent"]
    raised, line = _edges(scheme, named)
    grounds = (ground, card, raised)
    signals = {name: towards(one, text, grounds, TEXT) for name, one in SIGNALS[scheme].items()}
    return {
        "ground": ground,
        "card": card,
        "raised": raised,
        "line": line,
        "text": text,
        "accent": accent,
        "on-accent": ink(accent),
        "hint": towards(accent, text, grounds, TEXT),
        **signals,
        "warned": WARNED[scheme],
        "on-warned": SIGNALS[scheme]["warn"],
    }


def _edges(scheme: Scheme, named: Mapping[str, str]) -> tuple[str, str]:
    """What controls stand on, and the line around them: of the surface, a little nearer to the text."""
    if all(named[key] == USUAL[scheme][key] for key in ("surface", "text")):
        return EDGES[scheme]
    return mixed(named["surface"], named["text"], RAISED), mixed(named["surface"], named["text"], LINE)


def read_theme(top: Table, folder: Path, base: Theme | None = None) -> Theme:
    """The look that a file says, over `base`. `folder`: where logos lie."""
    base = base or Theme()
    if "panel" not in top.data:
        top.taken.add("panel")
        return base
    table = top.table("panel")
    title = table.take("title", str, base.title).strip()
    if len(title) > LONGEST or not title.isprintable():
        table.complain("title", f"found {shown(title)}", f"expected at most {LONGEST} characters on one line")
        title = base.title
    scheme = table.take("scheme", str, base.scheme, choices=("auto", "dark", "light"))
    logos = dict(base.logos)
    common = _logo(table, folder)
    if common is not None:
        logos = dict.fromkeys(SCHEMES, common)
    accent = _colour(table, "accent")
    looks: dict[str, dict[str, str]] = {}
    for name in SCHEMES:
        own = table.table(name)
        picture = _logo(own, folder)
        if picture is not None:
            logos[name] = picture
        looks[name] = {**base.chosen(name), **({"accent": accent} if accent else {})}
        looks[name].update((key, found) for key in CHOSEN if (found := _colour(own, key)))
        own.finish()
    table.finish()
    theme = replace(base, title=title, scheme=scheme, dark=looks["dark"], light=looks["light"], logos=logos)
    for name in theme.shows():
        if _illegible(name, theme.chosen(name)):
            # What the site says of a scheme that it never shows is first looked at where a room shows it.
            stays = {} if _illegible(name, base.chosen(name)) else base.chosen(name)
            _complain(table, name, theme.chosen(name), "the site's" if stays else "the usual")
            theme = replace(theme, dark=stays) if name == "dark" else replace(theme, light=stays)
    return theme


def _logo(table: Table, folder: Path) -> Logo | None:
    name = table.take("logo", str, "")
    if "logo" not in table.data:
        return None
    if not name or Path(name).name != name or name.startswith("."):
        table.complain("logo", f"found {shown(name)}", "expected the name of a file beside the profile, no folder")
        return None
    try:
        return read_logo(folder / name)
    except LogoError as error:
        table.complain("logo", f"{name}: {error}", "there is no logo until it is mended", grave=False)
    return None


def _colour(table: Table, key: str) -> str | None:
    if key not in table.data:
        table.taken.add(key)
        return None
    text = table.take(key, str)
    if text is None:
        return None
    found = colour(text)
    if found is None:
        table.complain(key, f"found {shown(text)}", 'expected a colour such as "#0b62c9" or "#06c"')
    return found


@dataclass(frozen=True)
class Pair:
    """Two colours that cannot be told apart well enough. `grounds`: all that the first one stands on."""

    key: str
    one: str
    where: str
    ground: str
    wanted: float
    grounds: tuple[str, ...]

    @property
    def found(self) -> str:
        """The contrast in two digits, which never look like what is wanted."""
        return f"{min(contrast(self.one, self.ground), self.wanted - 0.01):.2f}"

    @property
    def better(self) -> str:
        """A colour near the first one that would do, or nothing."""
        near = towards(self.one, ink(self.ground), self.grounds, self.wanted)
        return near if least(near, self.grounds) >= self.wanted else ""


def _illegible(scheme: Scheme, chosen: Mapping[str, str]) -> list[Pair]:
    """The pairs that are too near to each other; the usual colours have none."""
    if not chosen:
        return []
    named = {**USUAL[scheme], **chosen}
    raised, _ = _edges(scheme, named)
    grounds = {"background": named["background"], "surface": named["surface"], "buttons": raised}
    pairs = []
    for key, wanted in (("text", TEXT), ("accent", SHAPE)):
        where = min(grounds, key=lambda name: contrast(named[key], grounds[name]))
        if contrast(named[key], grounds[where]) < wanted:
            pairs.append(Pair(key, named[key], where, grounds[where], wanted, tuple(grounds.values())))
    return pairs


def _complain(table: Table, scheme: Scheme, chosen: Mapping[str, str], whose: str) -> None:
    own = Table(table.file, f"{table.path}.{scheme}", {}, table.complaints)
    for pair in _illegible(scheme, chosen):
        words = f"{pair.one} on the {pair.where} {pair.ground} has a contrast of {pair.found} to 1"
        such = f", such as {pair.better}" if pair.better else ""
        expected = f"expected at least {pair.wanted:g} to 1 (WCAG AA){such}; {whose} colours stay"
        own.complain(pair.key, words, expected, grave=False)
