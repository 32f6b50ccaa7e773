"""Writes devices' tapes to files as they go, without the event loop ever waiting for the disk.

What may not live here: what a tape is (`tape.py`), playing one (`replay.py`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from gateway.device import Device
from gateway.link import PORTLESS
from gateway.model import plain
from gateway.tape import Follower, as_json

log = logging.getLogger("roomgate")

EVERY = 1.0  # seconds between writes
WAITING, LARGEST = 100_000, 16 * 1024 * 1024  # entries, and bytes, in memory where the disk does not take them


def header(device: Device, identity: str) -> dict[str, Any]:
    """The first line of a tape: what must be known to live the device's life again. Secrets that are set are masks."""
    import dataclasses

    given = {f: getattr(device.settings, f.name) for f in dataclasses.fields(device.settings)}
    settings = {f.name: "***" if f.metadata.get("secret") and held else plain(held) for f, held in given.items()}
    return {
        "tape": 1,
        "device": identity,
        "driver": device.driver.name,
        "scheme": device.address.scheme,
        "host": "" if device.address.scheme in PORTLESS else device.address.host,
        "settings": settings,
        "dropped": device.tape.dropped,
    }


class Recorder:
    """Tape files for the devices whose profile says `record = true`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tasks: list[asyncio.Task[None]] = []

    def record(self, device: Device, identity: str) -> None:
        """Write this device's tape from now on."""
        follower = Follower(device.tape, WAITING, LARGEST)
        name = f"{identity.replace('/', '-')}-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
        task = asyncio.get_running_loop().create_task(self._write(device, identity, self.folder / name, follower))
        self._tasks.append(task)

    async def _write(self, device: Device, identity: str, path: Path, follower: Follower) -> None:
        first = [json.dumps(header(device, identity))]
        said = False
        try:
            while True:
                said = await self._flush(path, first, follower, said)
                await asyncio.sleep(EVERY)
        finally:
            device.tape.settle()
            follower.close()
            lines = first + _taken(follower)
            if lines:
                try:
                    _append(path, lines)
                except OSError as error:
                    log.error("The tape %s cannot be written: %s", path, error.strerror)

    @staticmethod
    async def _flush(path: Path, first: list[str], follower: Follower, said: bool) -> bool:
        if not said:  # else what was taken last still waits for the disk
            first += _taken(follower)
        if not first:
            return said
        try:
            await asyncio.to_thread(_append, path, list(first))
        except OSError as error:
            if not said:
                log.error("The tape %s cannot be written: %s; the device works on", path, error.strerror)
            return True
        first.clear()
        return False

    async def close(self) -> None:
        """Write what is left, and stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _taken(follower: Follower) -> list[str]:
    lines: list[str] = []
    while (taken := follower.take()) is not None:
        lines.append(json.dumps(as_json(taken)))
    return lines


def _append(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
