"""Two hundred devices in one gateway: what they cost at rest, and what one that gives trouble costs the others.

What may not live here: the devices (`crowd.py`), the gateway (`house.py`).
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wire
from benchmarks.lab import Lab, Series
from benchmarks.server import cpu_seconds, memory, process, told
from benchmarks.table import Target

PATHS = ("/api/v1/rooms/bench/volume?wait=0", "/api/v1/rooms/bench/ws")
DEVICES = 200
TROUBLE = ("silent", "flood", "drop")
AT_REST = 15.0  # seconds over which the gateway at rest is measured
TURNS = 60  # of each, calm and troubled, so that both meet the same moments of two hundred devices that are asked
MORE = (
    20  # times the usual count of commands each way: of fewer, a p99 says more about those moments than of the trouble
)


@dataclass
class Many:
    """What was found."""

    online: int
    core: float  # percent of one core, at rest
    megabytes: float
    ratios: Mapping[str, float]  # trouble -> p99 of another device's commands beside it, over that without


def measure(folder: Path, servers: Collection[int], others: Collection[int], count: int) -> Many:
    """The gateway on a core of its own; the devices share theirs with the clients."""
    with contextlib.ExitStack() as ends:
        listener = ends.enter_context(socket.create_server(("127.0.0.1", 0)))
        crowd = ends.enter_context(process("-m", "benchmarks.crowd", str(DEVICES), json.dumps(list(others))))
        where = folder / "crowd.json"
        where.write_text(json.dumps(told(crowd)))
        port = str(listener.getsockname()[1])
        pinned = json.dumps(list(servers))
        house = ends.enter_context(process("-m", "benchmarks.house", port, str(folder / "many"), pinned, str(where)))
        there = told(house)
        gate = Lab(
            house.pid,
            listener,
            there["port"],
            ("/api/v1/rooms/bench/volume?wait=0", "/api/v1/rooms/bench/ws"),
            there["token"],
        )
        ends.callback(gate.close)
        online = _online(there["port"], gate)
        began, used = time.monotonic(), cpu_seconds(house.pid)
        while time.monotonic() < began + AT_REST:
            time.sleep(3.0)
            gate.turn(Series(), gate.over_http, 1)  # a client that never reads would be hung up on
        core = 100 * (cpu_seconds(house.pid) - used) / (time.monotonic() - began)
        ratios: dict[str, float] = {}
        for trouble in TROUBLE:
            calm, storm = Series(), Series()
            for number in range(TURNS):
                order = ((calm, "refuse"), (storm, trouble))
                for series, does in order if number % 2 else reversed(order):
                    _say(crowd, does)
                    gate.turn(series, gate.over_http, count * MORE // TURNS)
            ratios[trouble] = storm.percentile(99) / calm.percentile(99)
        _say(crowd, "refuse")
        return Many(online, core, memory(house.pid)["VmRSS"], ratios)


def _say(crowd: subprocess.Popen[str], word: str) -> None:
    assert crowd.stdin is not None and crowd.stdout is not None
    crowd.stdin.write(f"{word}\n")
    crowd.stdin.flush()
    crowd.stdout.readline()


def _online(port: int, gate: Lab) -> int:
    """How many of them are online, once all are or a minute has passed. The benchmark's own device is one more."""
    ends = time.monotonic() + 60
    while True:
        asked = wire.Stream.to(port)
        asked.send(wire.get("/readyz"))
        online = int(json.loads(wire.response(asked)[1])["devices"]["online"]) - 1
        asked.close()
        if online >= DEVICES or time.monotonic() > ends:
            return online
        gate.turn(Series(), gate.over_http, 1)
        time.sleep(1.0)


def targets(found: Many) -> list[Target]:
    """What this project promises (issue of the room's equipment)."""
    slower = [
        Target(f"p99 of another device's commands beside one: {trouble}", found.ratios[trouble], 1.2)
        for trouble in TROUBLE
    ]
    return [
        Target(f"{DEVICES} devices: not online", DEVICES - found.online, 0, ""),
        Target(f"{DEVICES} devices at rest, all polling: one core", found.core, 25, "%"),
        Target(f"{DEVICES} devices: resident memory", found.megabytes, 150, "MB"),
        *slower,
    ]
