"""`roomgate directory graph`: an organisation's rooms, or a mailbox's contacts, out of Microsoft 365.

What may not live here: what Graph's rows mean (`gateway/directory/graph.py`), signing in.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, TextIO

from gateway.directory import Bad, Contact, DirectoryError
from gateway.directory.book import Book


def fetch(args: argparse.Namespace) -> list[Contact | Bad]:
    """What Graph tells, by the account of `[calendars]`. Raises DirectoryError in words, FolderError, OSError."""
    from gateway.calendars.calendar import CalendarTrouble
    from gateway.cli.calendars import CalendarError

    if (args.what == "contacts") != bool(args.mailbox):
        raise DirectoryError("contacts are a mailbox's: say --mailbox ADDRESS with contacts, and not with places")
    try:
        return asyncio.run(ask(args))
    except (CalendarTrouble, CalendarError) as error:
        raise DirectoryError(str(error)) from None


async def ask(args: argparse.Namespace) -> list[Contact | Bad]:
    """The same, within a loop. Raises CalendarTrouble, CalendarError."""
    from gateway.cli.calendars import CalendarError, chosen, desk
    from gateway.directory.graph import people, rooms
    from gateway.plugins import load_drivers
    from gateway.profile import site as profile

    reading = profile.read(args.site, load_drivers())
    spec = chosen(reading.site, args.account, [str(complaint) for complaint in reading.grave])
    if spec.kind != "microsoft365":
        raise CalendarError(f"{spec.name} is a {spec.kind} account; places and contacts come from microsoft365")
    async with desk(reading.site, spec, args.data) as held:
        graph: Any = held.account.graph  # type: ignore[attr-defined]  # of this kind
        sip = args.email_as_sip
        found = (
            rooms(graph, email_as_sip=sip) if args.what == "places" else people(graph, args.mailbox, email_as_sip=sip)
        )
        return [row async for row in found]


def take(book: Book, args: argparse.Namespace, rows: list[Contact | Bad], scope: str, out: TextIO) -> int:
    """Put them into the directory, in the place of what the same source gave before."""
    source = args.name or f"graph {args.what}" + (f" of {args.mailbox}" if args.mailbox else "")
    count, bad = book.replace(scope, source, rows)
    for one in bad:
        print(f"entry {one.line}: {one.why}", file=out)
    print(f"{count} contacts imported, {len(bad)} entries could not be used", file=out)
    return 1 if bad and not count else 0
