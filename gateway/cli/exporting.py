"""`roomgate export`: what a person needs to set up a keypad or a deck that is not ours to set up.

What may not live here: what stands on a sheet (`keypadsheet.py`) or in a profile (`deckprofile.py`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from gateway.cli import deckprofile, keypadsheet
from gateway.driver import Driver
from gateway.profile.layout import KeySpec
from gateway.spec import RoomSpec, SiteSpec
from gateway.surfaces import typefaces

ANY = ("0.0.0.0", "::", "")


class ExportError(Exception):
    """It cannot be written; the words say why."""


def options(sub: argparse.ArgumentParser) -> None:
    """The command's own options."""
    kinds = sub.add_subparsers(dest="kind", required=True, metavar="WHAT")
    sheet = kinds.add_parser("kd-wp8", help="the strings for a KD-WP8's eight buttons, and labels for its caps")
    deck = kinds.add_parser("streamdeck", help="a profile for the Elgato app (experimental)")
    for one in (sheet, deck):
        one.add_argument("room", help="the room, as its file is named")
        one.add_argument("--site", type=Path, default=Path(), help="the site's folder; default: here")
        one.add_argument("--surface", default="", help="which of the room's surfaces; not needed for its only one")
        one.add_argument("--host", default="", help="the gateway's address as the keypad or deck reaches it")
        one.add_argument("--out", type=Path, default=Path(), help="the folder to write to; default: here")
    deck.add_argument("--model", default="mk2", choices=tuple(deckprofile.MODELS))
    deck.add_argument("--keypad", default="", metavar="NAME", help="GET on the key door with this keypad's actions")


def run(args: argparse.Namespace, drivers: Mapping[str, type[Driver]]) -> int:
    """Write the files, and say where. Raises ExportError, OSError."""
    from gateway.profile.site import read

    reading = read(args.site, drivers)
    for complaint in reading.complaints:
        print(complaint, file=sys.stderr)
    site: SiteSpec = reading.site
    try:
        written = _sheet(args, site) if args.kind == "kd-wp8" else _profile(args, site)
    except (keypadsheet.SheetError, deckprofile.ProfileError) as error:
        raise ExportError(str(error)) from None
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (args.out / name).write_bytes(content)
        print(args.out / name)
    return 0


def _sheet(args: argparse.Namespace, site: SiteSpec) -> dict[str, bytes]:
    host = args.host or (site.lines.host if site.lines is not None and site.lines.host not in ANY else "")
    if site.lines is not None and not host:
        raise ExportError("the line door listens on every address: say with --host which one the keypad is to call")
    sheet = keypadsheet.make(site, args.room, args.surface, host)
    name = f"{args.room}-kd-wp8"
    return {
        f"{name}.md": keypadsheet.markdown(sheet).encode(),
        f"{name}.html": keypadsheet.page(sheet).encode(),
    }


def _profile(args: argparse.Namespace, site: SiteSpec) -> dict[str, bytes]:
    room = site.rooms.get(args.room)
    if room is None:
        raise ExportError(f"no room {args.room!r} can run; rooms: {', '.join(site.rooms) or 'none'}")
    surface = keypadsheet.surface_of(room, args.surface)
    fetch = None
    if args.keypad:
        keypad = room.keypads.get(args.keypad)
        if keypad is None:
            known = ", ".join(room.keypads) or "none"
            raise ExportError(f"room {room.id!r} has no keypad {args.keypad!r}; it has: {known}")
        host = args.host or (site.server.host if site.server.host not in ANY else "")
        if not host:
            raise ExportError("the gateway listens on every address: say with --host which one the deck is to call")
        secure = "http" if site.server.plain_http or host in ("127.0.0.1", "localhost") else "https"
        base = f"{secure}://{host}:{site.server.port}/k/{quote(keypad.token)}"
        print("This file holds the keypad's token: whoever has it can run that keypad's actions.", file=sys.stderr)

        def fetch(key: KeySpec) -> str:
            return f"{base}/{quote(key.id)}" if key.id in keypad.actions else ""

    typefaces.use(site.typeface)
    content = deckprofile.make(surface, _title(room), args.model, fetch)
    print("Experimental: importing this into the Elgato app was never tried.", file=sys.stderr)
    return {f"{args.room}-{args.model}.streamDeckProfile": content}


def _title(room: RoomSpec) -> str:
    return f"{room.name} (RoomGate)"
