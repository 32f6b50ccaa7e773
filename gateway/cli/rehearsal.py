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
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # so that the simulators can begin before the gateway is loaded
    from gateway.spec import SiteSpec

Ready: TypeAlias = Callable[[], Coroutine[Any, Any, dict[str, Any]]]


class RehearsalError(Exception):
    """The simulators could not be started; the words say why."""


def invent_secrets(path: Path, *, everything: bool = False) -> None:
    """Give every secret that only simulated devices need, and the environment lacks, a random value.

    Before the profile is read, so that simulators and gateway know the same. A real device never gets an invented one:
    trying it could lock its account. `everything`: all devices will be simulated, whatever the profile says.
    """
    needed: dict[bool, set[str]] = {True: set(), False: set()}
    files = [path, path.parent / "site.toml"] if path.is_file() else sorted(path.glob("*.toml"))
    for file in files:
        try:
            devices = tomllib.loads(file.read_text(encoding="utf-8")).get("devices", {})
        except (OSError, ValueError):
            continue  # the reading of the profile says what is wrong with it
        for device in devices.values() if isinstance(devices, dict) else ():
            if isinstance(device, dict):
                needed[everything or device.get("simulate") is True].update(_secret_names(device))
    for name in needed[True] - needed[False]:
        os.environ.setdefault(name, secrets.token_urlsafe(12))


def _secret_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("env"), str):
            yield value["env"]
        for item in value.values():
            yield from _secret_names(item)


@contextlib.asynccontextmanager
async def simulators(profile: Path, only: Collection[str] = (), *arguments: str) -> AsyncIterator[Ready]:
    """Simulate the devices of a profile. The process has begun when this yields; `await ready()` tells what each is
    and where: {"codec": {"simulator", "link", ...}}. Meanwhile there is time for something else."""
    command = [sys.executable, "-m", "gateway", "simulate", "--profile", str(profile), "--until-eof", *arguments]
    if only:
        command += ["--only", ",".join(only)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )

    async def ready() -> dict[str, Any]:
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
        return devices

    try:
        yield ready
    finally:
        if process.stdin is not None:
            process.stdin.close()  # the end of its input is its sign to go
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def stand_ins(folder: Path, site: SiteSpec) -> AsyncIterator[dict[str, str]]:
    """The links, by device id, of simulators for all devices of a site that say `simulate = true`."""
    found: dict[str, str] = {}
    async with contextlib.AsyncExitStack() as ends:
        started: list[tuple[str, Ready]] = []
        taken: set[str] = set()  # a shared device is simulated once
        for room in site.rooms.values():
            wanted = {name for name, device in room.devices.items() if device.simulate}
            shared = {target.device for part in room.parts.values() for target in part.targets} & set(site.devices)
            shared = {name for name in shared if site.devices[name].simulate} - taken - set(room.devices)
            taken |= shared
            if wanted | shared:
                file = folder / f"{room.id}.toml"
                started.append((room.id, await ends.enter_async_context(simulators(file, wanted | shared))))
        for room_id, ready in started:
            found |= links(room_id, site, await ready())
        yield found


def links(room: str, spec: SiteSpec, devices: dict[str, Any]) -> dict[str, str]:
    """Simulated links by device id, for one room's profile; shared devices keep their bare names."""
    shared = set(spec.devices)
    own = spec.rooms[room].devices if room in spec.rooms else {}
    return {
        (f"{room}/{name}" if name in own else name): held["link"]
        for name, held in devices.items()
        if name in own or name in shared
    }
