"""Panels and widgets in the codec's words: the XML of a page, the values of a key. Pure.

What may not live here: what is sent when (`panel.py`). Sources: Cisco UI Extensions guide (TechDocs/UiExtensions.md,
UiExtensions-Panels.md: widgets, their options and values); icons and commands: xAPI schema 26.4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from drivers.cisco.words import Said
from gateway.commands import ShowKey
from gateway.roomverbs import PlannedKey, PlannedPage

SAVE = "UserInterface Extensions Panel Save"
REMOVE = "UserInterface Extensions Panel Remove"
LIST = "UserInterface Extensions List"
SET = "UserInterface Extensions Widget SetValue"
UNSET = "UserInterface Extensions Widget UnsetValue"

PREFIX = "roomgate-"  # of every id of ours
VERSION = "1.11"  # of the XML
COLOUR = "#1170CF"
FULL = 255  # a slider's highest value
LONGEST = 255  # characters of a value or an id
WIDE = 4  # columns of a row
# Our icons -> the codec's; the words are all in the schema.
ICONS: Mapping[str, str] = {
    "display": "Tv",
    "screen": "Tv",
    "laptop": "Laptop",
    "source": "Input",
    "call": "Handset",
    "camera": "Camera",
    "microphone": "Microphone",
    "light": "Lightbulb",
    "scene": "Media",
    "power": "Power",
    "help": "Help",
    "calendar": "Briefing",
    "info": "Info",
}
NOTHING = " "  # a text without words
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def panel(page: str) -> str:
    """The PanelId of a page."""
    return PREFIX + page


def widget(key: str) -> str:
    """The WidgetId of a key."""
    return f"{PREFIX}key-{key}"


def beside(key: str) -> str:
    """The WidgetId of the text beside a slider, or beside a button that has two labels."""
    return f"{PREFIX}text-{key}"


def words(page: str) -> str:
    """The WidgetId of the line at the foot of a page: what has just failed."""
    return f"{PREFIX}words-{page}"


def body(page: PlannedPage, order: int, location: str) -> str:
    """The whole definition of a page's panel, in one line: a line with a single dot would end it in the shell."""
    ident = panel(page.id)
    rows = "".join(f"<Row><Name/>{''.join(row)}</Row>" for row in _rows(page))
    return (
        f"<Extensions><Version>{VERSION}</Version><Panel><Order>{order}</Order><PanelId>{xml(ident)}</PanelId>"
        f"<Origin>local</Origin><Location>{location}</Location><Icon>{ICONS.get(page.icon, 'General')}</Icon>"
        f"<Color>{COLOUR}</Color><Name>{xml(page.label)}</Name><ActivityType>Custom</ActivityType>"
        f"<Page><Name>{xml(page.label)}</Name>{rows}<PageId>{xml(ident)}</PageId>"
        "<Options>hideRowNames=1</Options></Page></Panel></Extensions>"
    )


def _rows(page: PlannedPage) -> Iterator[list[str]]:
    """Buttons two and two, a slider with its text beside it, a text on its own; last the line for what failed.

    A button's words are fixed once it is saved: one with two labels bears both, and a text beside it says which holds.
    """
    row: list[str] = []
    for key in page.keys:
        plain = key.kind == "button" and not key.label_on
        if plain:
            row.append(_widget(widget(key.id), "Button", "size=2", key.label))
        if row and (len(row) == 2 or not plain):
            yield row
            row = []
        if key.kind == "button" and key.label_on:
            both = f"{key.label} / {key.label_on}"
            text = _widget(beside(key.id), "Text", "size=2;fontSize=normal;align=left", NOTHING)
            yield [_widget(widget(key.id), "Button", "size=2", both), text]
        elif key.kind == "level":
            text = _widget(beside(key.id), "Text", "size=1;fontSize=normal;align=left", key.label)
            yield [text, _widget(widget(key.id), "Slider", "size=3")]
        elif key.kind == "text":
            yield [_widget(widget(key.id), "Text", f"size={WIDE};fontSize=normal;align=center", key.label)]
    if row:
        yield row
    yield [_widget(words(page.id), "Text", f"size={WIDE};fontSize=normal;align=center", NOTHING)]


def _widget(ident: str, kind: str, options: str, name: str = "") -> str:
    shown = f"<Name>{xml(name)}</Name>" if name else ""
    return f"<Widget><WidgetId>{xml(ident)}</WidgetId>{shown}<Type>{kind}</Type><Options>{options}</Options></Widget>"


def values(key: PlannedKey, face: ShowKey) -> dict[str, str]:
    """What a key's widgets are given; "" for a slider whose place is not known."""
    ident = widget(key.id)
    if key.kind == "button":
        held = {ident: "active" if face.on else "inactive"}
        # What is from before, or not known, is not claimed: elsewhere such a key is faint, a text cannot be.
        said = NOTHING if face.flag in ("stale", "unavailable") else line(face.text) or NOTHING
        return {**held, beside(key.id): said} if key.label_on else held
    if key.kind == "level":
        place = "" if face.level is None else str(slider(face.level))
        return {ident: place, beside(key.id): line(face.text) or NOTHING}
    return {ident: line(face.text) or NOTHING}


def set_value(ident: str, value: str) -> Said:
    """Give a widget a value, or take it away."""
    if value == "":
        return Said(UNSET, {"WidgetId": ident})
    return Said(SET, {"Value": value, "WidgetId": ident})


def slider(level: int) -> int:
    """Percent as a slider counts."""
    return round(level * FULL / 100)


def percent(place: int) -> int:
    """A slider's place in percent."""
    return round(place * 100 / FULL)


def line(text: str) -> str:
    """A face's text in one line, not too long and without what neither wire nor XML can carry."""
    return _FORBIDDEN.sub("", " ".join(text.split()))[:LONGEST]


def xml(text: str) -> str:
    """Text for an element, escaped."""
    return escape(line(text) or NOTHING)
