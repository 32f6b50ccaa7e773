"""The device and its clients, in one process with one clock: asks of a server, and times what comes of it.

One thing at a time: the next begins when everything that follows from the last has been seen. What may not live here:
what the numbers mean (`table.py`).
"""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

from benchmarks import wire
from benchmarks.server import cpu_seconds

WARM_UP = 10  # at the start of each turn, not counted


@dataclass
class Series:
    """One kind of thing in one round: microseconds each took, and the server's processor time for all of them."""

    microseconds: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def percentile(self, percent: float) -> float:
        """The value that so many percent stay below."""
        ordered = sorted(self.microseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    @property
    def cpu_for_one(self) -> float:
        """Microseconds of the server's processor time."""
        return self.cpu / len(self.microseconds)


class Lab:
    """One server, its device's end of the line, an HTTP client and a WebSocket client."""

    def __init__(self, pid: int, listener: socket.socket, port: int, paths: tuple[str, str], token: str = "") -> None:
        command, listen = paths
        self.pid = pid
        listener.settimeout(wire.PATIENCE)
        self.device = wire.Stream(listener.accept()[0])
        self.echoing: wire.Stream | None = None
        self.port = port
        self.http = wire.Stream.to(port)
        self.socket = wire.Stream.to(port)
        wire.upgrade(self.socket, listen, token)
        if token:
            self.until_online()
        self.posts = [wire.post(command, token, b'{"level": %d}' % level) for level in range(101)]
        self.frames = [wire.frame({"do": "volume", "level": level}) for level in range(101)]
        self.levels: Iterator[int] = itertools.cycle(range(101))

    def until_online(self) -> None:
        """Wait until the gateway shows its device online."""
        while True:
            told = json.loads(wire.message(self.socket))
            if any(device["online"] for device in told.get("state", {}).get("devices", {}).values()):
                return
            if told["type"] == "device" and told["online"]:
                return

    def close(self) -> None:
        """Hang up everywhere."""
        for stream in (self.http, self.socket, self.device, self.echoing):
            if stream is not None:
                stream.close()

    def turn(self, series: Series, once: Callable[[int], int], count: int) -> None:
        """So many more of one kind, each with a value that the last did not have."""
        self.http.close()
        self.http = wire.Stream.to(self.port)  # the server may have closed an idle one
        for _ in range(WARM_UP):
            once(next(self.levels))
        before = cpu_seconds(self.pid)
        series.microseconds += [once(next(self.levels)) / 1000 for _ in range(count)]
        series.cpu += (cpu_seconds(self.pid) - before) * 1e6

    # ---- what is timed, in nanoseconds -----------------------------------------------------------------------

    def echo(self, port: int) -> Callable[[int], int]:
        """From a line to a bare echo server and back: the floor of everything else."""
        stream = self.echoing = wire.Stream.to(port)

        def once(level: int) -> int:
            began = perf_counter_ns()
            stream.send(b"VOL %d\n" % level)
            stream.until(b"\n")
            return perf_counter_ns() - began

        return once

    def over_http(self, level: int) -> int:
        """From the first byte of a POST to the whole line at the device."""
        request = self.posts[level]
        began = perf_counter_ns()
        self.http.send(request)
        line = self.device.until(b"\n")
        took = perf_counter_ns() - began
        _same(line, level)
        status, body = wire.response(self.http)
        if status not in (200, 202):
            raise AssertionError(f"{status}: {body.decode()}")
        self.device.send(line)
        self._told(level)
        return took

    def over_websocket(self, level: int) -> int:
        """From a command on the WebSocket to the whole line at the device."""
        request = self.frames[level]
        began = perf_counter_ns()
        self.socket.send(request)
        line = self.device.until(b"\n")
        took = perf_counter_ns() - began
        _same(line, level)
        self.device.send(line)
        self._told(level, answer=True)
        return took

    def feedback(self, level: int) -> int:
        """From a line that the device sends by itself to the whole message at the WebSocket client."""
        line = b"VOL %d\n" % level
        began = perf_counter_ns()
        self.device.send(line)
        message = wire.message(self.socket)
        took = perf_counter_ns() - began
        if not _tells(message, level):
            raise AssertionError(f"{message.decode()} does not tell of {level}")
        return took

    def _told(self, level: int, *, answer: bool = False) -> None:
        """Wait for the message that tells of the new value, and for the answer to a command on the same socket."""
        told = False
        while not told or answer:
            message = wire.message(self.socket)
            told = told or _tells(message, level)
            answer = answer and b'"answer"' not in message


def _same(line: bytes, level: int) -> None:
    if line != b"VOL %d\n" % level:
        raise AssertionError(f"{line!r} is not what was asked for: {level}")


def _tells(message: bytes, level: int) -> bool:
    if message.startswith(b"VOL"):
        return message == b"VOL %d" % level
    told: dict[str, Any] = json.loads(message)
    return [change["value"] for change in told.get("changes", ())] == [level]
