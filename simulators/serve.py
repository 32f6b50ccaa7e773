"""Serves simulated devices until stopped: one by its name, or the whole room of a profile.

The first line written is one JSON object that says where everything is. The profile is read here on its own, so that a
room can be rehearsed with no gateway at all. No device may live here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import simulators
from simulators.device import Simulator
from simulators.hands import serve_hands
from simulators.values import SimulatorError

SECRETS = ("username", "password", "token", "community")
PLAIN = {"wss": "ws", "https": "http"}  # a simulator needs no certificate to be rehearsed with


async def simulate(
    name: str,
    link: str | None,
    settings: Mapping[str, object],
    hands_port: int | None,
    stop: asyncio.Event,
    out: TextIO,
) -> None:
    """Serve one simulated device; `hands_port` 0 takes a free port, None serves no hands."""
    device = simulators.find(name).configured(settings)
    async with contextlib.AsyncExitStack() as ends:
        say(out, {"simulator": name} | await _serve(ends, device, link, hands_port))
        await stop.wait()


async def simulate_profile(
    path: Path,
    *,
    hands: bool = False,
    stop: asyncio.Event,
    out: TextIO,
    speed: float | None = None,
    only: Collection[str] = (),
) -> None:
    """Serve every device of a profile (or `only` some) on free loopback ports, serial ones on pseudo-terminals."""
    served: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    async with contextlib.AsyncExitStack() as ends:
        for name, table in devices_of(path).items():
            if only and name not in only:
                continue
            try:
                device, scheme = stand_in(table, speed)
            except SimulatorError as wrong:
                skipped[name] = str(wrong)
                continue
            try:
                where = await _serve(ends, device, scheme, 0 if hands else None)
            except SimulatorError as broken:
                raise SimulatorError(f"{path}: devices.{name}: {broken}") from broken
            served[name] = {"simulator": device.name} | where
        say(out, {"profile": path.stem, "devices": served} | ({"skipped": skipped} if skipped else {}))
        await stop.wait()


async def _serve(
    ends: contextlib.AsyncExitStack, device: Simulator, link: str | None, hands_port: int | None
) -> dict[str, str]:
    where = {"link": await ends.enter_async_context(device.serving(link))}
    if hands_port is not None:
        where["hands"], close = await serve_hands(device, hands_port)
        ends.push_async_callback(close)
    return where


def say(out: TextIO, line: Mapping[str, Any]) -> None:
    """Write one JSON line at once."""
    out.write(json.dumps(line) + "\n")
    out.flush()


def devices_of(path: Path) -> dict[str, dict[str, Any]]:
    """A profile's devices, and those of the site.toml beside it which the profile names."""
    profile = _read(path)
    found = dict(profile.get("devices", {}))
    site = path.parent / "site.toml"
    if path.name != site.name and site.exists():
        named = {text.partition("/")[0] for text in _texts({**profile, "devices": {}})}
        shared = _read(site).get("devices", {})
        found = {name: table for name, table in shared.items() if name in named} | found
    if not found:
        raise SimulatorError(f"{path} has no devices")
    return found


def stand_in(table: Mapping[str, Any], speed: float | None = None) -> tuple[Simulator, str]:
    """The simulated device for a table of a profile, set as the table says, and the kind of link to serve it on."""
    kind = simulators.find(str(table.get("driver", "")))
    secrets = {name: _secret(table[name]) for name in SECRETS if name in table and hasattr(kind, name)}
    settings: dict[str, object] = {name: value for name, value in secrets.items() if value is not None}
    settings |= table.get("simulator", {})
    if speed is not None:
        settings["speed"] = speed
    scheme = str(table.get("link", "")).partition(":")[0]
    scheme = PLAIN.get(scheme, scheme)
    if scheme not in kind.links:
        raise SimulatorError(f"{kind.name} is not simulated over {scheme!r}, only over {', '.join(kind.links)}")
    return kind.configured(settings), scheme


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as broken:
        raise SimulatorError(f"{path} cannot be read: {broken}") from broken


def _secret(value: Any) -> str | None:
    """What a secret's table leads to; None when that is not there, and then the device keeps its own default."""
    if not isinstance(value, Mapping):
        return str(value)
    default = value.get("default")
    if "env" in value:
        return os.environ.get(str(value["env"]), default)
    try:
        return Path(str(value.get("file", ""))).read_text(encoding="utf-8").strip()
    except OSError:
        return None if default is None else str(default)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
