"""`roomgate calendar`: the options of `sign-in` and `doctor`, and what both need: the site, the account, the rooms.

What may not live here: what either does (`signin.py`, `doctor.py`).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from gateway.calendars.calendar import Account, Place, own_folder
from gateway.calendars.office import zone_of
from gateway.clock import Clock, LoopClock
from gateway.complaint import did_you_mean
from gateway.folder import Folder, default_path
from gateway.profile.meetings import CODEC, CalendarSpec
from gateway.spec import SiteSpec


class CalendarError(Exception):
    """It cannot be done; the words say why."""


def options(sub: argparse.ArgumentParser) -> None:
    """The command's own options."""
    actions = sub.add_subparsers(dest="action", required=True, metavar="ACTION")
    sign_in = actions.add_parser("sign-in", help="sign in to a calendar service, and prove it by reading each room")
    sign_in.add_argument("account", nargs="?", default="", help="its name in [calendars]; default: the only one")
    sign_in.add_argument("--again", action="store_true", help="sign in anew, also where a sign-in is kept")
    sign_in.add_argument("--steps", action="store_true", help="only print what an administrator of the service must do")
    doctor = actions.add_parser("doctor", help="why a room's meetings cannot be joined, and what to set")
    doctor.add_argument("room", help="the room, as its file is named")
    for one in (sign_in, doctor):
        one.add_argument("--site", type=Path, default=Path(), help="the site's folder; default: here")
        one.add_argument("--data", type=Path, help="the data folder of the gateway")


def run(args: argparse.Namespace) -> int:
    """Do it. Raises CalendarError, FolderError, OSError."""
    from gateway.cli import doctor, signin
    from gateway.plugins import load_drivers
    from gateway.profile import site as profile

    reading = profile.read(args.site, load_drivers())
    complaints = [str(complaint) for complaint in reading.grave]
    if args.action == "doctor":
        return asyncio.run(doctor.examine(reading.site, complaints, args.room, args.data))
    return asyncio.run(signin.sign_in(reading.site, complaints, args))


@dataclass
class Desk:
    """An account that is open for the length of a command, and the rooms that use it: id -> mailbox."""

    spec: CalendarSpec
    account: Account
    rooms: dict[str, str]
    clock: Clock
    zone: tzinfo

    def now(self) -> datetime:
        """The time of day."""
        return datetime.fromtimestamp(self.clock.wall(), UTC)


def chosen(site: SiteSpec, name: str, complaints: list[str]) -> CalendarSpec:
    """The account of that name, or the only one. Raises CalendarError."""
    mistakes = "".join(f"\n  {words}" for words in complaints)
    if not site.calendars:
        raise CalendarError(f"site.toml has no [calendars] that could be used{mistakes}")
    if not name and len(site.calendars) > 1:
        raise CalendarError(f"say which calendar: {', '.join(site.calendars)}")
    name = name or next(iter(site.calendars))
    if name not in site.calendars:
        raise CalendarError(f"no calendar {name!r} in site.toml; {did_you_mean(name, site.calendars)}{mistakes}")
    spec = site.calendars[name]
    if spec.words:
        raise CalendarError(f"{name}: {spec.words}")
    return spec


def rooms_of(site: SiteSpec, spec: CalendarSpec) -> dict[str, str]:
    """The rooms whose calendar this account reads."""
    held = {room.id: room.meetings for room in site.rooms.values() if room.meetings is not None}
    return {id: meetings.mailbox for id, meetings in held.items() if meetings.calendar == spec.name != CODEC}


@asynccontextmanager
async def desk(site: SiteSpec, spec: CalendarSpec, data: Path | None) -> AsyncIterator[Desk]:
    """The account with its own folder below the gateway's data folder, closed at the end."""
    folder = Folder.open(data or default_path())
    clock = LoopClock()
    zone = zone_of(site.time_zone)
    place = Place(own_folder(folder.path, spec.name), clock, zone)
    account = spec.account_class(spec.name, spec.settings, place)
    try:
        yield Desk(spec, account, rooms_of(site, spec), clock, zone)
    finally:
        await account.close()
        folder.close()
