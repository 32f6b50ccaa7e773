"""The sheet by which a KD-WP8 is set up to call us: for each button its label and the exact strings; and cap labels.

Pure text. The keypad's own file for this is not published, so a person enters the strings on the keypad's page. What
may not live here: hearing the strings (`lines.py`, `api/keydoor.py`).
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from urllib.parse import quote

from gateway.profile.layout import KeySpec, SurfaceSpec
from gateway.spec import RoomSpec, SiteSpec

BUTTONS = 8
ENDING = "carriage return (CR, `\\r`, hex 0D)"
PASSWORD = "PASSWORD "  # stands where the password must be typed: it is never printed


class SheetError(LookupError):
    """There is nothing to print; the words say why."""


@dataclass(frozen=True)
class ButtonRow:
    """One button: its number, what stands on it, the line to send, and a URL where the keypad may fetch one."""

    number: int
    label: str
    line: str
    url: str
    note: str


@dataclass(frozen=True)
class KeypadSheet:
    """All of it, for one room."""

    room: str
    name: str
    surface: str
    host: str
    port: int
    password: bool
    allow: tuple[str, ...]
    rows: tuple[ButtonRow, ...]
    left_out: tuple[str, ...]


def make(site: SiteSpec, room_id: str, surface_name: str, host: str) -> KeypadSheet:
    """The sheet of a room's surface. Raises SheetError."""
    room = site.rooms.get(room_id)
    if room is None:
        raise SheetError(f"no room {room_id!r} can run; rooms: {', '.join(site.rooms) or 'none'}")
    if site.lines is None:
        raise SheetError("site.toml opens no line door: [lines] with port and allow (docs/surfaces.md)")
    surface = surface_of(room, surface_name)
    page = surface.pages[0]
    rows = tuple(_row(site, room, surface, key, number, host) for number, key in enumerate(page.keys[:BUTTONS], 1))
    left = [key.label or key.id for key in page.keys[BUTTONS:]] + [other.label for other in surface.pages[1:]]
    return KeypadSheet(
        room_id,
        room.name,
        surface.name,
        host,
        site.lines.port,
        bool(site.lines.password),
        site.lines.allow,
        rows,
        tuple(left),
    )


def surface_of(room: RoomSpec, name: str) -> SurfaceSpec:
    """A surface by its name, or the room's only one. Raises SheetError."""
    surfaces = room.surfaces
    found = surfaces.get(name) if name else next(iter(surfaces.values())) if len(surfaces) == 1 else None
    if found is None:
        known = ", ".join(surfaces) or "none"
        what = f"room {room.id!r} has no surface {name!r}" if name else "say which surface with --surface"
        raise SheetError(f"{what}; surfaces: {known}")
    if not found.pages or not found.pages[0].keys:
        raise SheetError(f"surface {found.name!r} has no keys")
    return found


def _row(site: SiteSpec, room: RoomSpec, surface: SurfaceSpec, key: KeySpec, number: int, host: str) -> ButtonRow:
    assert site.lines is not None
    line = f"{PASSWORD if site.lines.password else ''}{room.id} key {surface.name} {key.id}"
    notes = ["it only shows something: a keypad has nothing to send"] if key.kind == "text" else []
    if key.slide is not None and not key.press:
        notes.append("a level: give the keypad softer and louder keys instead")
    if key.repeat:
        notes.append("one step each time; where the keypad repeats a held button, it steps again")
    if key.long:
        notes.append("only its short press: a string cannot tell how long it was held")
    urls = [
        f"http://{host}:{site.server.port}/k/TOKEN-OF-{name.upper()}/{quote(key.id)}"
        for name, keypad in room.keypads.items()
        if key.id in keypad.actions
    ]
    return ButtonRow(number, key.label or key.id, line, urls[0] if urls else "", "; ".join(notes))


def markdown(sheet: KeypadSheet) -> str:
    """To read in an editor, or to keep with the room's papers."""
    allowed = ", ".join(f"`{one}`" for one in sheet.allow)
    lines = [
        f"# KD-WP8 for {sheet.name} (`{sheet.room}`, surface `{sheet.surface}`)",
        "",
        f"On the keypad's own web page, give each button an IP action (TCP) to **{sheet.host}**, port",
        f"**{sheet.port}**, with the string of its row, ended by a {ENDING}. Send it on *press*.",
        "RoomGate answers a line; the keypad need not read it.",
        "",
        f"RoomGate hears strings only from {allowed}: the keypad's address must be among them.",
    ]
    if sheet.password:
        lines.append(f"Put the line door's password where `{PASSWORD.strip()}` stands; it is not printed here.")
    lines += ["", "| button | label | string (TCP) | |", "| --- | --- | --- | --- |"]
    for row in sheet.rows:
        lines.append(f"| {row.number} | {_cell(row.label)} | `{row.line}` | {_cell(row.note)} |")
    urls = [row for row in sheet.rows if row.url]
    if urls:
        lines += ["", "Only for a keypad that can send an HTTP request, and with the keypad's token in the URL:", ""]
        lines += [f"* button {row.number}: `GET {row.url}`" for row in urls]
    if sheet.left_out:
        lines += ["", f"Not on these eight buttons: {', '.join(_cell(one) for one in sheet.left_out)}."]
    lines += [
        "",
        "The keypad's own configuration file could carry all this, but its format is not published: the strings are",
        "entered by hand. How the page names its fields differs between KD-WP8, KD-WP8-2 and KD-WP8-3; see its guide.",
        "",
    ]
    return "\n".join(lines)


def page(sheet: KeypadSheet) -> str:
    """The same to print, and on a second sheet the labels for the button caps."""
    esc = html.escape
    rows = "".join(
        f"<tr><td>{row.number}<td>{esc(row.label)}<td><code>{esc(row.line)}</code>"
        + (f"<br><small>or GET <code>{esc(row.url)}</code></small>" if row.url else "")
        + f"<td>{esc(row.note)}"
        for row in sheet.rows
    )
    caps = "".join(f"<div>{esc(row.label)}</div>" for row in sheet.rows)
    left = f"<p>Not on these eight buttons: {esc(', '.join(sheet.left_out))}." if sheet.left_out else ""
    secret = (
        f"<p>Put the line door's password where <code>{PASSWORD.strip()}</code> stands; it is not printed here."
        if sheet.password
        else ""
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>KD-WP8 for {esc(sheet.name)}</title><style>"
        "body{font:11pt/1.4 sans-serif;margin:15mm}table{border-collapse:collapse;width:100%}"
        "td,th{border:.3mm solid #666;padding:1.5mm;text-align:left;vertical-align:top}code{font-size:10pt}"
        ".caps{display:grid;grid-template-columns:repeat(2,40mm);break-before:page}"
        ".caps div{border:.2mm dashed #999;height:16mm;display:flex;align-items:center;justify-content:center;"
        "text-align:center;font:bold 12pt sans-serif;overflow:hidden}@media print{body{margin:0}}</style>"
        f"<h1>KD-WP8 for {esc(sheet.name)}</h1>"
        f"<p>On the keypad's own web page, give each button an IP action (TCP) to <b>{esc(sheet.host)}</b>, port"
        f" <b>{sheet.port}</b>, with the string of its row, ended by a carriage return (CR, hex 0D). Send it on"
        f" <i>press</i>.<p>RoomGate hears strings only from {esc(', '.join(sheet.allow))}.{secret}"
        f"<table><tr><th>button<th>label<th>string<th>{rows}</table>{left}"
        "<p>The keypad's own configuration file could carry all this, but its format is not published: the strings are"
        " entered by hand."
        f'<h2 style="break-before:page">Labels for the caps</h2><p>Cut along the lines; the caps differ between models,'
        f' so look at the size first.<div class="caps" style="break-before:avoid">{caps}</div></html>\n'
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
