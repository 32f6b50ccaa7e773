"""`roomgate directory`: contacts from files into the gateway's directory, and a look into it.

What may not live here: reading formats and finding names (`gateway/directory/`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from gateway.cli import contactsgraph
from gateway.directory import Bad, Contact, DirectoryError
from gateway.directory import csvfile as csv_file
from gateway.directory.book import Book
from gateway.directory.vcard import read as read_cards
from gateway.folder import Folder, default_path

FILE = "contacts.sqlite"
EVERY = 500  # rows between two looks of the progress bar


def options(sub: argparse.ArgumentParser) -> None:
    """The command's own options."""
    actions = sub.add_subparsers(dest="action", required=True, metavar="ACTION")
    take = actions.add_parser("import", help="take the contacts of a CSV or vCard file; again: replaces them")
    take.add_argument("file", type=Path)
    take.add_argument("--name", default="", help="the source's name; default: the file's")
    take.add_argument("--email-as-sip", action="store_true", help="e-mail addresses can be dialled here")
    graph = actions.add_parser(
        "graph", help="take the rooms or a mailbox's contacts from Microsoft 365; again: replaces"
    )
    graph.add_argument("what", choices=("places", "contacts"))
    graph.add_argument("--account", default="", help="its name in [calendars]; default: the only one")
    graph.add_argument("--mailbox", default="", help="whose contacts")
    graph.add_argument("--site", type=Path, default=Path(), help="the site's folder; default: here")
    graph.add_argument("--name", default="", help="the source's name")
    graph.add_argument("--email-as-sip", action="store_true", help="e-mail addresses can be dialled here")
    look = actions.add_parser("search", help="what a room finds when somebody types this")
    look.add_argument("text")
    look.add_argument("--limit", type=int, default=20)
    remove = actions.add_parser("remove", help="forget what a source gave")
    remove.add_argument("name")
    listed = actions.add_parser("list", help="the sources, and how many contacts each gave")
    for one in (take, graph, look, remove, listed):
        one.add_argument("--data", type=Path, help="the data folder")
    for one in (take, graph, look, remove):
        one.add_argument("--group", default="", help="for the rooms of this group only")
        one.add_argument("--room", default="", help="for this room only")


def run(args: argparse.Namespace) -> int:
    """Do it. Raises DirectoryError, OSError, FolderError."""
    out, progress = sys.stdout, sys.stderr
    rows = contactsgraph.fetch(args) if args.action == "graph" else []
    book = Book(Folder.open(args.data or default_path()).path / FILE)
    try:
        if args.action == "import":
            return _import(book, args, out, progress)
        if args.action == "graph":
            return contactsgraph.take(book, args, rows, _scope(args), out)
        if args.action == "search":
            scopes = [f"room:{args.room}"] * bool(args.room) + [f"group:{args.group}"] * bool(args.group) + [""]
            for contact in book.search(args.text, scopes, args.limit):
                print(json.dumps(contact.as_json(), ensure_ascii=False), file=out)
        elif args.action == "remove":
            gone = book.remove(_scope(args), args.name)
            if not gone:
                raise DirectoryError(
                    f"nothing came from {args.name!r} there; `roomgate directory list` shows the sources"
                )
            print(f"{gone} contacts forgotten", file=out)
        else:
            for scope, source, count in book.sources():
                print(f"{source:<32} {scope or 'site':<24} {count}", file=out)
    finally:
        book.close()
    return 0


def _scope(args: argparse.Namespace) -> str:
    if args.room and args.group:
        raise DirectoryError("--room and --group exclude each other")
    return f"room:{args.room}" if args.room else f"group:{args.group}" if args.group else ""


def _import(book: Book, args: argparse.Namespace, out: TextIO, progress: TextIO) -> int:
    text = csv_file.decoded(args.file.read_bytes())
    cards = args.file.suffix.lower() in (".vcf", ".vcard") or text.lstrip()[:11].upper() == "BEGIN:VCARD"
    reader = read_cards if cards else csv_file.read
    rows = reader(text, email_as_sip=args.email_as_sip)
    try:
        bar = _watched(rows, text.count("\n") + 1, progress)
        count, bad = book.replace(_scope(args), args.name or args.file.name, bar)
    except csv_file.HeaderError as error:
        raise DirectoryError(f"{args.file}: {error}") from None
    for one in bad:
        print(f"{args.file}: {one}", file=out)
    print(f"{count} contacts imported, {len(bad)} rows could not be used", file=out)
    return 1 if bad and not count else 0


def _watched(rows: Iterator[tuple[int, Contact | Bad]], lines: int, progress: TextIO) -> Iterator[Contact | Bad]:
    """The rows, with a bar of progress on a terminal."""
    shown = progress.isatty()
    for count, (line, row) in enumerate(rows, 1):
        if shown and count % EVERY == 0:
            done = min(40, line * 40 // lines)
            print(f"\r[{'#' * done}{'.' * (40 - done)}] {count} rows", end="", file=progress, flush=True)
        yield row
    if shown:
        print(f"\r[{'#' * 40}] all rows read; building the index", file=progress, flush=True)
