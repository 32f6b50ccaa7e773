"""Simulators in the place of equipment: started in a process of their own, which ends when this one does.

What may not live here: any simulator, anything about one device.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sys
import tomllib
from collections.abc import AsyncIterator, Collection, Iterator
from pathlib import Path
from typing import Any

from gateway.spec import SiteSpec


class RehearsalError(Exception):
    """The simulators could not be started; the words say why."""


def invent_secrets(path: Path) -> None:
    """Give every secret of a profile that the environment lacks a random value, for simulators and gateway alike."""
    for name in _secret_names(tomllib.loads(path.read_text(encoding="utf-8"))):
        os.environ.setdefault(name, secrets.token_urlsafe(12))


def _secret_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("env"), str):
            yield value["env"]
        for item in value.values():
            yield from _secret_names(item)


@contextlib.asynccontextmanager
async def simulators(profile: Path, only: Collection[str] = (), *arguments: str) -> AsyncIterator[dict[str, Any]]:
    """Simulate the devices of a profile; yields what each is and where: {"codec": {"simulator", "link", ...}}."""
    command = [sys.executable, "-m", "gateway", "simulate", "--profile", str(profile), "--until-eof", *arguments]
    if only:
        command += ["--only", ",".join(only)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        try:
            told = json.loads(line)
        except ValueError:
            raise RehearsalError(f"the simulators of {profile.name} did not start; what they said is above") from None
        if told.get("skipped"):
            away = "; ".join(f"{name}: {words}" for name, words in told["skipped"].items())
            raise RehearsalError(f"not everything in {profile.name} can be simulated: {away}")
        devices: dict[str, Any] = told["devices"]
        yield devices
    finally:
        if process.stdin is not None:
            process.stdin.close()  # the end of its input is its sign to go
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def links(room: str, spec: SiteSpec, devices: dict[str, Any]) -> dict[str, str]:
    """Simulated links by device id, for one room's profile; shared devices keep their bare names."""
    shared = set(spec.devices)
    own = spec.rooms[room].devices if room in spec.rooms else {}
    return {
        (f"{room}/{name}" if name in own else name): held["link"]
        for name, held in devices.items()
        if name in own or name in shared
    }
