"""`roomgate join-info`: what an invitation gives to join by, as JSON; with `--room`, what a room can do with it.

What may not live here: finding (`joinlink`), planning (`joinplan.py`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gateway.joinlink import Found, find
from gateway.joinlink.reading import MOST, read
from gateway.joinplan import means_of, plan
from gateway.profile.joinrules import JoinSpec


class JoinInfoError(Exception):
    """The question cannot be answered; the words say why."""


def options(sub: argparse.ArgumentParser) -> None:
    """The command's own options."""
    sub.add_argument("file", help="text, .eml, .ics or JSON; - reads standard input")
    sub.add_argument("--rules", type=Path, metavar="SITE", help="the site's folder (or site.toml) with [[join.rules]]")
    sub.add_argument("--room", default="", help="add this room's join plan; its site is --rules, default: here")


def run(args: argparse.Namespace) -> int:
    """Print what is found. Raises JoinInfoError."""
    try:
        data = sys.stdin.buffer.read(MOST) if args.file == "-" else Path(args.file).read_bytes()
    except OSError as error:
        raise JoinInfoError(f"{args.file}: {error.strerror or error}") from None
    invitation = read(data, "" if args.file == "-" else args.file)
    join = _join(args.rules) if args.rules else JoinSpec()
    if args.room and not args.rules:
        join = _join(Path())
    found = find(invitation, join.rules)
    told = found.as_json()
    if args.room:
        told["plan"] = _plan(args.room, args.rules or Path(), found, join)
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0


def _join(path: Path) -> JoinSpec:
    """The `[join]` of a site. A mistake in it is an error here: rules are being tried."""
    from gateway.complaint import Complaint
    from gateway.profile.joinrules import read_join
    from gateway.profile.site import load

    file = path / "site.toml" if path.is_dir() else path
    if not file.is_file():
        if path.is_dir():
            return JoinSpec()
        raise JoinInfoError(f"{file}: there is no such file")
    complaints: list[Complaint] = []
    top = load(file, complaints)
    join = read_join(top) if top is not None else JoinSpec()
    if complaints:
        raise JoinInfoError("\n".join(str(complaint) for complaint in complaints))
    return join


def _plan(room: str, path: Path, found: Found, join: JoinSpec) -> dict[str, Any]:
    """The plan of a room that is not asked: by its codec's driver, with what that family can at its best."""
    from gateway.plugins import load_drivers
    from gateway.profile.site import read as read_site

    folder = path if path.is_dir() else path.parent
    site = read_site(folder, load_drivers()).site
    if room not in site.rooms:
        known = ", ".join(site.rooms) or "none"
        raise JoinInfoError(f"no room {room!r} can run in {folder}; rooms: {known}")
    part = site.rooms[room].parts.get("calls")
    if part is None or part.target is None:
        raise JoinInfoError(f"nothing in {room!r} plays the part of calls")
    driver = site.all_devices()[part.target.device].driver.name
    told = plan(found.options, means_of(driver), join).as_json()
    return {"room": room, "codec": driver, **told}
