"""Three hundred rooms' calendars read from one gateway: what that costs, and what the cloud sees of it.

What may not live here: the cloud (`cloud.py`), the reading (`readers.py`).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.server import cpu_seconds, memory, process, told
from benchmarks.table import Target

ROOMS = 300
WATCHED = 30.0  # seconds
AT_ONCE = 4  # Graph's limit for a mailbox
IN_TEN_MINUTES = 10_000  # and another


@dataclass
class Calendars:
    """What was found. first: seconds until every room was read once; core: percent of one, over the watched time."""

    first: float
    first_cpu: float
    core: float
    megabytes: float
    mean: float  # requests a second
    busiest: int  # requests in the busiest second
    peak: int  # requests at once, of the mailbox with most
    most: float  # requests in ten minutes, of the mailbox with most
    failures: int


def measure(folder: Path, servers: Collection[int], others: Collection[int]) -> Calendars:
    """The reader on a core of its own; the cloud on the other."""
    with contextlib.ExitStack() as ends:
        ca, pinned = folder / "ca.pem", json.dumps(list(servers))
        cloud = ends.enter_context(process("-m", "benchmarks.cloud", str(ROOMS), str(ca), json.dumps(list(others))))
        there = json.dumps(told(cloud))
        reader = ends.enter_context(process("-m", "benchmarks.readers", str(ROOMS), there, str(folder), pinned))
        first = told(reader)
        time.sleep(5.0)
        _say(cloud, "mark")
        began, used = time.monotonic(), cpu_seconds(reader.pid)
        time.sleep(WATCHED)
        lasted = time.monotonic() - began
        core = 100 * (cpu_seconds(reader.pid) - used) / lasted
        seen = _say(cloud, "tell")
        return Calendars(
            first["first"],
            first["cpu"],
            core,
            memory(reader.pid)["VmRSS"],
            sum(seen["seconds"]) / lasted,
            max(seen["seconds"], default=0),
            seen["peak"],
            seen["most"] * 600 / lasted,
            _say(reader, "tell")["failures"],
        )


def _say(running: subprocess.Popen[str], word: str) -> dict[str, Any]:
    assert running.stdin is not None and running.stdout is not None
    running.stdin.write(f"{word}\n")
    running.stdin.flush()
    answer: dict[str, Any] = json.loads(running.stdout.readline())
    return answer


def targets(found: Calendars) -> list[Target]:
    """What this project promises (issue of the rooms' meetings)."""
    return [
        Target(f"{ROOMS} calendars, read once a minute: one core", found.core, 5, "%"),
        Target("the busiest second, against the mean", found.busiest / max(found.mean, 0.01), 4),
        Target("requests at once for one mailbox", found.peak, AT_ONCE, ""),
        Target("requests for one mailbox in ten minutes", found.most, IN_TEN_MINUTES, ""),
        Target("calendars that could not be read", found.failures, 0, ""),
    ]


def words(found: Calendars) -> str:
    """What else is worth knowing."""
    return (
        f"{ROOMS} calendars: first read of all in {found.first:.1f} s ({found.first_cpu:.1f} s of a core), then "
        f"{found.mean:.1f} requests a second, {found.busiest} in the busiest; {found.megabytes:.0f} MB resident."
    )
