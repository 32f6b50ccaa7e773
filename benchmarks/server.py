"""Servers under test, each a process of its own: started, pinned to a core, asked what they used, ended.

What may not live here: what they serve (`relay.py`, `house.py`), what is asked of them (`lab.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from typing import Any


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program that runs until its standard input ends, or a second after it was asked to go."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            assert running.stdin is not None
            running.stdin.close()
            try:
                running.wait(1)
            except subprocess.TimeoutExpired:
                running.terminate()
                try:
                    running.wait(8)
                except subprocess.TimeoutExpired:
                    running.kill()


def first_line(running: subprocess.Popen[str]) -> str:
    """What a program says first; it says it when it is ready."""
    assert running.stdout is not None
    line = running.stdout.readline()
    if not line:
        raise SystemExit(f"{' '.join(map(str, running.args[1:3]))} ended before it was ready")  # type: ignore[index]
    return line


def told(running: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON object that a program says first."""
    said: dict[str, Any] = json.loads(first_line(running))
    return said


def cpu_seconds(pid: int) -> float:
    """The processor time of all of a process's threads so far (clock_getcpuclockid(3): ~pid << 3 | 2)."""
    return time.clock_gettime(~pid << 3 | 2)


def memory(pid: int) -> dict[str, float]:
    """VmRSS, RssAnon and RssFile of a process, in MB of 1024 kB (proc_pid_status(5))."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123
        fields = dict(line.split(":", 1) for line in status)
    return {name: int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}


def cores() -> tuple[Collection[int], Collection[int]]:
    """The core for the device and the clients, and another for the servers; the same where there is only one."""
    there = sorted(os.sched_getaffinity(0))
    return [there[0]], [there[-1]]
