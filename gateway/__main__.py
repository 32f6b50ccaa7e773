"""The command line: what each command of `options.py` does, as far as it is no more than a few lines.

What may not live here: anything longer; each imports its own part when it is called, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.cli.options import parser
from gateway.folder import Folder, FolderError, default_path

BEGAN = time.monotonic()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; every foreseeable mistake ends in one clear line and exit code 1."""
    args = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from gateway.plugins import Intruder, check_names

    try:
        check_names()
        code = int(globals()["_" + args.command.replace("-", "_")](args))
        sys.stdout.flush()
        return code
    except (FolderError, Intruder, Complain) as error:
        print(f"roomgate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `roomgate drivers | head`
        _no_more_output()
        return 0
    except OSError as error:
        _no_more_output()
        print(f"roomgate: {error}", file=sys.stderr)
        return 1


def _no_more_output() -> None:
    """Let what is still to be written go nowhere, or the interpreter stumbles over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Complain(Exception):
    """A mistake of the caller's, in words."""


def _new_driver(args: argparse.Namespace) -> int:
    from gateway.cli.newdriver import TakenError, class_name, write

    try:
        files = write(args.name, args.into)
    except (TakenError, ValueError) as error:
        raise Complain(str(error)) from None
    print("\n".join(str(file) for file in files))
    print(f'Add "{args.name}": "{class_name(args.name)}" to BUILT_IN in drivers/__init__.py, then:')
    print(f"  pytest tests/drivers/test_{args.name}.py tests/drivers/test_contract.py -k {args.name}")
    print("and change word by word what the manual says otherwise. Its page, its tape: docs/write-a-driver.md.")
    return 0


def _commission(args: argparse.Namespace) -> int:
    from gateway.cli.commission import CommissionError, Wish, commission
    from gateway.cli.rehearsal import RehearsalError

    wish = Wish(args.room, args.site, args.out, args.yes, args.unattended, args.resume, args.dial, args.patience)
    try:
        return asyncio.run(commission(wish, _drivers_all(), sys.stdout))
    except (CommissionError, RehearsalError) as error:
        raise Complain(str(error)) from None


def _join_info(args: argparse.Namespace) -> int:
    from gateway.cli.joininfo import JoinInfoError, run

    try:
        return run(args)
    except JoinInfoError as error:
        raise Complain(str(error)) from None


def _directory(args: argparse.Namespace) -> int:
    from gateway.cli.contactsfile import run
    from gateway.directory import DirectoryError

    try:
        return run(args)
    except DirectoryError as error:
        raise Complain(str(error)) from None


def _export(args: argparse.Namespace) -> int:
    from gateway.cli.exporting import ExportError, run

    try:
        return run(args, _drivers_all())
    except ExportError as error:
        raise Complain(str(error)) from None


def _surfaces(args: argparse.Namespace) -> int:
    from gateway.cli.remote import RemoteError
    from gateway.cli.surfacecmd import run

    try:
        return asyncio.run(run(args))
    except RemoteError as error:
        raise Complain(str(error)) from None


def _calendar(args: argparse.Namespace) -> int:
    from gateway.cli.calendars import CalendarError, run

    try:
        return run(args)
    except CalendarError as error:
        raise Complain(str(error)) from None


def _drivers_all() -> Any:
    from gateway.plugins import load_drivers

    return load_drivers()


def _serve(args: argparse.Namespace) -> int:
    import dataclasses

    from gateway.cli import rehearsal
    from gateway.profile import site as profile
    from gateway.serve import StartError

    logging.getLogger("roomgate").setLevel(logging.DEBUG if args.verbose else logging.INFO)
    drivers = _drivers_all()
    rehearsal.invent_secrets(args.site)
    reading = profile.read(args.site, drivers)
    for complaint in reading.complaints:
        print(complaint, file=sys.stderr)
    if not reading.site.rooms:
        raise Complain("no room can run; mend what is named above")
    if reading.grave:
        print(f"roomgate: running the rooms without mistakes: {', '.join(reading.site.rooms)}", file=sys.stderr)
    server = reading.site.server
    server = dataclasses.replace(
        server,
        host=args.host or server.host,
        port=server.port if args.port is None else args.port,
        plain_http=server.plain_http or args.plain_http,
    )
    try:
        return asyncio.run(_serving(args, reading.site, drivers, server))
    except (StartError, rehearsal.RehearsalError) as error:
        raise Complain(str(error)) from None


async def _serving(args: argparse.Namespace, site: Any, drivers: Any, server: Any) -> int:
    import contextlib

    from gateway.cli import openfiles
    from gateway.cli.rehearsal import stand_ins
    from gateway.house import links_over
    from gateway.serve import gateway, is_loopback, notify, stopping

    folder = args.site if args.site.is_dir() else args.site.parent
    data = args.data or default_path()
    if words := openfiles.complaint(site, openfiles.allowed()):
        print(words, file=sys.stderr)
    async with contextlib.AsyncExitStack() as ends:
        stop = ends.enter_context(stopping())
        links = await ends.enter_async_context(stand_ins(folder, site))
        running = await ends.enter_async_context(gateway(links_over(site, links), drivers, data, server))
        rooms = ", ".join(site.rooms)
        print(f"RoomGate {__version__} serves {rooms} at {running.url} (data: {data})", flush=True)
        if running.fingerprint:
            print(f"self-signed certificate: {running.fingerprint}", flush=True)
        if running.url.startswith("http:") and not is_loopback(server.host):
            print("WARNING: plain HTTP on the network: tokens can be read by anybody on it", file=sys.stderr)
        if not running.tokens.list():
            print("no token exists yet: roomgate token create NAME --role admin", flush=True)
        notify("READY=1")
        await stop.wait()
        notify("STOPPING=1")
    return 0


def _demo(args: argparse.Namespace) -> int:
    from gateway.cli.demo import demo
    from gateway.cli.rehearsal import RehearsalError

    path = args.profile or shipped("demo")
    data = args.data or default_path() / "demo"
    logging.getLogger("roomgate").setLevel(logging.ERROR)
    try:
        return asyncio.run(demo(path, _drivers_all, data, args.port, sys.stdout, BEGAN))
    except RehearsalError as error:
        raise Complain(str(error)) from None


def shipped(name: str) -> Path:
    """A profile that comes with RoomGate, installed or in a checkout."""
    here = Path(__file__).parent
    for folder in (here / "profiles", here.parent / "profiles"):
        if (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    raise Complain(f"the profile {name!r} is not there: the installation is broken")


def _check(args: argparse.Namespace) -> int:
    import dataclasses

    from gateway.profile import site as profile

    reading = profile.read(args.site, _drivers_all())
    if args.json:
        told = {"rooms": sorted(reading.site.rooms), "complaints": [dataclasses.asdict(c) for c in reading.complaints]}
        print(json.dumps(told, indent=2))
    else:
        for complaint in reading.complaints:
            print(complaint)
        mistakes, warnings = len(reading.grave), len(reading.complaints) - len(reading.grave)
        rooms = ", ".join(reading.site.rooms) or "none"
        print(f"{mistakes} mistakes, {warnings} warnings; rooms that can run: {rooms}")
    return 1 if reading.grave else 0


def _drivers(args: argparse.Namespace) -> int:
    from gateway.catalogue import describe_driver, table

    drivers = _drivers_all()
    if args.name and args.name not in drivers:
        from gateway.complaint import did_you_mean

        raise Complain(f"no driver {args.name!r}; {did_you_mean(args.name, drivers)}")
    chosen = [drivers[args.name]] if args.name else list(drivers.values())
    if args.json:
        told = [describe_driver(driver) for driver in chosen]
        print(json.dumps(told[0] if args.name else told, indent=2, ensure_ascii=False))
    elif args.table:
        print(table(chosen))
    elif args.commands:
        if not args.name:
            raise Complain("name the driver whose commands are wanted")
        lines = list(chosen[0].lines())
        if not lines:
            raise Complain(f"{args.name} does not list its commands")
        print("\n".join(lines))
    elif args.name:
        _print_driver(describe_driver(chosen[0]))
    else:
        for driver in chosen:
            print(f"{driver.name:<16} {', '.join(driver.links):<18} {driver.evidence:<14} {driver.title}")
    return 0


def _print_driver(told: dict[str, Any]) -> None:
    print(f"{told['driver']}: {told['title']}\n{told['models']}\n")
    print(f"links     {', '.join(f'{scheme}:// (port {port})' for scheme, port in told['links'].items())}")
    print(f"plays     {', '.join(told['plays'])}\nunits     {told['units'] or 'none'}\nevidence  {told['evidence']}")
    print(f"offered   {', '.join(told['offered'])}")
    for name, because in told["not_offered"].items():
        print(f"without   {name}: {because}")
    for name, setting in told["settings"].items():
        default = "secret" if setting.get("secret") else f"default {json.dumps(setting['default'])}"
        print(f"setting   {name} ({setting['type']}, {default}): {setting['doc']}")


def _simulators(args: argparse.Namespace) -> int:
    import simulators

    found = [simulators.find(name) for name in simulators.names()]
    if args.json:
        told = [{"simulator": held.name, "title": held.title, "links": dict(held.links)} for held in found]
        print(json.dumps(told, indent=2))
    else:
        for held in found:
            print(f"{held.name:<16} {', '.join(held.links):<18} {held.title}")
    return 0


def _simulate(args: argparse.Namespace) -> int:
    from simulators.values import SimulatorError

    if bool(args.name) == bool(args.profile):
        raise Complain("name one simulator, or a whole room with --profile")
    settings: dict[str, object] = {}
    for given in args.settings:
        key, equals, value = given.partition("=")
        if not equals:
            raise Complain(f"--set takes KEY=VALUE, not {given!r}")
        settings[key] = value
    if args.speed is not None:
        settings["speed"] = str(args.speed)
    try:
        return asyncio.run(_simulating(args, settings))
    except SimulatorError as error:
        raise Complain(str(error)) from None


async def _simulating(args: argparse.Namespace, settings: dict[str, object]) -> int:
    import signal

    from simulators.serve import simulate, simulate_profile

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if args.until_eof:
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        ending = loop.create_task(_until_eof(reader, stop))
    if args.profile:
        only = tuple(name for name in args.only.split(",") if name)
        hands = args.hands is not None
        await simulate_profile(args.profile, hands=hands, stop=stop, out=sys.stdout, speed=args.speed, only=only)
    else:
        await simulate(args.name, args.link, settings, args.hands, stop, sys.stdout)
    if args.until_eof:
        ending.cancel()
    return 0


async def _until_eof(reader: asyncio.StreamReader, stop: asyncio.Event) -> None:
    while await reader.read(1024):
        pass
    stop.set()


def _token(args: argparse.Namespace) -> int:
    from gateway.auth import Tokens

    folder = Folder.open(args.data or default_path())
    tokens = Tokens(folder.path / "tokens.json")
    try:
        if args.action == "create":
            text = tokens.create(args.name, args.role, args.room)
            print(text)
            print("This is the only time it is shown; the gateway keeps its hash.", file=sys.stderr)
        elif args.action == "revoke":
            tokens.revoke(args.name)
            print(f"revoked {args.name}")
        else:
            for token in tokens.list():
                rooms = ", ".join(sorted(token.rooms)) or "all rooms"
                print(f"{token.name:<24} {token.role:<10} {rooms:<32} since {token.created}")
    except ValueError as error:
        raise Complain(str(error)) from None
    return 0


def _record(args: argparse.Namespace) -> int:
    from gateway.cli.remote import RemoteError, record

    try:
        return asyncio.run(record(args.device, args.url, args.token, args.out, args.from_start, args.seconds))
    except RemoteError as error:
        raise Complain(str(error)) from None


def _replay(args: argparse.Namespace) -> int:
    from gateway.replay import TapeError, load, play, words

    try:
        result = play(*load(args.tape), _drivers_all())
    except TapeError as error:
        raise Complain(str(error)) from None
    if not args.quiet:
        for at, told in result.feedback:
            print(words(told, at))
    if result.truncated:
        print("The tape does not hold a whole life; its first differences may come from that.", file=sys.stderr)
    for difference in result.differences:
        print(f"differs: {difference}")
    print(f"{result.inputs} inputs, {len(result.feedback)} feedbacks, {len(result.differences)} differences")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
