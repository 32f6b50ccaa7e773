"""`python -m benchmarks`: five alternated rounds against a bare relay, a table, and whether each target is met.

Ends with 1 where a target is missed, so that nobody overlooks it. What may not live here: how anything is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import platform
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path

from benchmarks import calendars, decks, demo_room, many
from benchmarks.lab import Lab, Series
from benchmarks.server import cores, process, told
from benchmarks.table import ECHO, Medians, quiet, table, targets
from gateway.serve import WEB

TURNS = 10  # of each server in a round, so that both meet the same moments of a busy machine
LONGEST = 40.0  # seconds after which no further round begins: a busy machine gets fewer rounds, and is told so
COMMAND, LISTEN = "/api/v1/rooms/bench/volume?wait=0", "/api/v1/rooms/bench/ws"


def main() -> int:
    """Measure, print, judge."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description="What a command costs.")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--count", type=int, default=600, help="commands of each kind in a round")
    arguments.add_argument("--json", action="store_true", help="the numbers for a program")
    given = arguments.parse_args()
    began = time.monotonic()
    load = os.getloadavg()
    ours, servers = cores()
    with tempfile.TemporaryDirectory(prefix="roomgate-bench-") as folder:
        megabytes = demo_room.resident(Path(folder))
        os.sched_setaffinity(0, ours)
        found = latencies(Path(folder), servers, given.rounds, given.count)
        crowd = many.measure(Path(folder), servers, ours, given.count)
        rooms = calendars.measure(Path(folder), servers, ours)
        surfaces = decks.measure(Path(folder), servers)
    judged = [*targets(found, megabytes["VmRSS"]), *many.targets(crowd), *calendars.targets(rooms)]
    judged += decks.targets(surfaces)
    if given.json:
        medians = {name: dataclasses.asdict(held) for name, held in found.items()}
        print(json.dumps({"series": medians, "memory": megabytes, "met": {t.words: t.met for t in judged}}, indent=2))
    else:
        where = "on another core" if ours != servers else "on the SAME core (there is only one): too slow, and uneven"
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores; the device and its clients run {where}.")
        print(f"Load before it began: {load[0]:.1f}; whatever else runs here shows in p95 and p99 of every row.")
        done = next(iter(found.values())).rounds
        fewer = "" if done == given.rounds else f" (NOT {given.rounds}: the machine is too busy)"
        print(f"Medians of {done} alternated rounds{fewer} of {given.count}, {time.monotonic() - began:.0f} s.\n")
        print(table(found), "", *judged, sep="\n")
        shared = f"{megabytes['RssAnon']:.1f} MB its own, {megabytes['RssFile']:.1f} MB files in memory"
        print(f"\nOf the resident memory {shared}.")
        print(calendars.words(rooms))
        print(decks.words(surfaces))
        if not quiet(found):
            print("Other programs kept this machine busy: p95 and p99 measure them as well, and ratios are blurred.")
    return 0 if all(target.met for target in judged) else 1


def latencies(folder: Path, servers: Collection[int], rounds: int, count: int) -> dict[str, Medians]:
    """Both servers side by side, in turns; which one goes first changes with every turn."""
    pinned = json.dumps(list(servers))
    with contextlib.ExitStack() as ends:
        listener = ends.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = str(listener.getsockname()[1])
        relay = ends.enter_context(process("-m", "benchmarks.relay", port, json.dumps(WEB), pinned))
        there = told(relay)
        bare = Lab(relay.pid, listener, there["port"], ("/volume", "/ws"))
        ends.callback(bare.close)
        house = ends.enter_context(process("-m", "benchmarks.house", port, str(folder / "bench"), pinned))
        where = told(house)
        gate = Lab(house.pid, listener, where["port"], (COMMAND, LISTEN), where["token"])
        ends.callback(gate.close)
        pairs: list[dict[str, tuple[Lab, Callable[[int], int]]]] = [
            {ECHO: (bare, bare.echo(there["echo"]))},
            {"bare relay, HTTP": (bare, bare.over_http), "gateway, HTTP": (gate, gate.over_http)},
            {"gateway, WebSocket": (gate, gate.over_websocket)},
            {"bare relay, feedback": (bare, bare.feedback), "gateway, feedback": (gate, gate.feedback)},
        ]
        found: dict[str, list[Series]] = {name: [] for pair in pairs for name in pair}
        ends_at = time.monotonic() + LONGEST
        for _ in range(rounds):
            if time.monotonic() > ends_at:
                break
            for pair in pairs:
                series = {name: Series() for name in pair}
                for number in range(TURNS):
                    for name in sorted(pair, reverse=bool(number % 2)):
                        lab, once = pair[name]
                        lab.turn(series[name], once, count // TURNS)
                for name, held in series.items():
                    found[name].append(held)
        return {name: Medians.of(series) for name, series in found.items()}


if __name__ == "__main__":
    sys.exit(main())
