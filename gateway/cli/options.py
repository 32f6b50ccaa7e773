"""The options of the command line. What may not live here: what the commands do (`__main__.py`)."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway import __version__


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="roomgate", description="Open room-control gateway.")
    top.add_argument("--version", action="version", version=f"roomgate {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words)

    def data(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--data", type=Path, help="the data folder (tokens, journal, tapes)")

    serve = command("serve", "Run the gateway for a site's folder.")
    serve.add_argument("site", type=Path, help="the folder with site.toml and one TOML file a room")
    serve.add_argument("--host", help="the address to listen on; any but loopback demands TLS")
    serve.add_argument("--port", type=int)
    serve.add_argument("--plain-http", action="store_true", help="allow plain HTTP on other than loopback addresses")
    serve.add_argument("--verbose", action="store_true")
    data(serve)

    demo = command("demo", "Run a complete simulated room, with a panel to press.")
    demo.add_argument("--profile", type=Path, help="another room's file")
    demo.add_argument("--port", type=int, default=8080)
    data(demo)

    check = command("check", "Read a site's profiles and report every mistake; touches no device.")
    check.add_argument("site", type=Path)
    check.add_argument("--json", action="store_true")

    drivers = command("drivers", "List the drivers, or describe one.")
    drivers.add_argument("name", nargs="?")
    form = drivers.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--table", action="store_true", help="the README's table")
    form.add_argument("--commands", action="store_true", help="every command the driver can send, one a line")

    simulators = command("simulators", "List the simulators.")
    simulators.add_argument("--json", action="store_true")

    simulate = command("simulate", "Serve a simulated device, or all of a profile, until stopped.")
    simulate.add_argument("name", nargs="?")
    simulate.add_argument("--link", help="such as tcp://127.0.0.1:4352; port 0 takes a free one")
    simulate.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    simulate.add_argument(
        "--hands", nargs="?", type=int, const=0, metavar="PORT", help="serve memory and hands on HTTP"
    )
    simulate.add_argument("--profile", type=Path)
    simulate.add_argument("--only", default="", help="only these devices of the profile, with commas between")
    simulate.add_argument("--speed", type=float, help="so many times faster than the device")
    simulate.add_argument("--until-eof", action="store_true", help="stop at the end of standard input")

    token = command("token", "Make, list and revoke API tokens.")
    actions = token.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token; it is shown once")
    create.add_argument("name")
    create.add_argument("--role", required=True, choices=("viewer", "panel", "operator", "admin"))
    create.add_argument(
        "--room", action="append", default=[], metavar="ROOM", help="only for this room; may be repeated"
    )
    data(create)
    data(actions.add_parser("list", help="list the tokens"))
    revoke = actions.add_parser("revoke", help="make a token worthless")
    revoke.add_argument("name")
    data(revoke)

    commission = command("commission", "Try every part of a room and write the sheet that is left behind.")
    commission.add_argument("room", help="the room, as its file is named")
    commission.add_argument("--site", type=Path, default=Path(), help="the site's folder; default: here")
    commission.add_argument("--out", type=Path, default=Path(), help="where the sheet goes; default: here")
    commission.add_argument("--yes", action="store_true", help="ask nobody; for simulated equipment")
    commission.add_argument("--unattended", action="store_true", help="with --yes: also equipment that is real")
    commission.add_argument("--resume", action="store_true", help="go on where the sheet in --out stops")
    commission.add_argument("--dial", default="", metavar="ADDRESS", help="also try a call to this address")
    commission.add_argument("--patience", type=float, default=30.0, help="seconds to wait for the devices")

    record = command("record", "Write a running gateway's device tape to a file, secrets masked.")
    record.add_argument("device", help="the device's id, such as boardroom/codec")
    record.add_argument("--url", help="the gateway; default $ROOMGATE_URL or http://127.0.0.1:8080")
    record.add_argument("--token", help="an admin's token; default $ROOMGATE_TOKEN")
    record.add_argument("--out", type=Path, help="the file; default DEVICE.jsonl")
    record.add_argument("--from-start", action="store_true", help="restart the device first, so that it replays whole")
    record.add_argument("--seconds", type=float, help="stop by itself")

    new = command("new-driver", "Write the three files that a driver begins with: driver, simulator, test.")
    new.add_argument("name", help="small letters, digits and _, such as acme_matrix")
    new.add_argument("--into", type=Path, default=Path(), help="the checkout; default: here")

    from gateway.cli.joininfo import options as join_info

    join_info(command("join-info", "Show the ways to join that an invitation gives, as JSON."))

    from gateway.cli.contactsfile import options as directory

    directory(command("directory", "Import contacts, and look into them."))

    from gateway.cli.surfacecmd import options as surfaces

    surfaces(command("surfaces", "Let panels and decks in: who waits, adopt, release."))

    from gateway.cli.calendars import options as calendar

    calendar(command("calendar", "Sign in to the rooms' calendars, and find out what is wrong with one."))

    from gateway.cli.exporting import options as exporting

    exporting(command("export", "Write what sets up a keypad or a deck: a KD-WP8's sheet, a Stream Deck profile."))

    replay = command("replay", "Live a tape again through its driver, with no network; exit 1 where it differs.")
    replay.add_argument("tape", type=Path)
    replay.add_argument("--quiet", action="store_true", help="differences only")
    return top
