"""A whole gateway over simulators, in this process, on free ports: what the API's tests stand on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websockets

import simulators
from gateway.clock import Clock
from gateway.driver import Driver
from gateway.house import links_over
from gateway.plugins import load_drivers
from gateway.profile.site import read
from gateway.serve import Running, gateway
from gateway.spec import ServerSpec

ROOM = """
name = "Test room"

[devices.projector]
driver = "pjlink"
link = "tcp://127.0.0.1"
password = { env = "TEST_PROJECTOR_PASSWORD" }
notify_port = 0
poll = 0.5

[devices.codec]
driver = "cisco_roomos"
link = "ws://127.0.0.1"
username = "roomgate"
password = { env = "TEST_CODEC_PASSWORD" }

[devices.relays]
driver = "global_cache"
link = "tcp://127.0.0.1"

[volume]
maximum = 80
default = 35

[parts]
volume = "codec"
mics = "codec"
camera = "codec"
calls = "codec"
codec = "codec"
relay.door = "relays/1:3"

[parts.display.main]
unit = "projector"
default_input = "31"

[parts.screen.left]
wiring = "hold"
up = "relays/1:1"
down = "relays/1:2"
seconds_up = 0.6
seconds_down = 0.5
dead_time = 0.1

[sources.laptop]
input = "31"

[sources.codec]
input = "32"

[scenes.film]
label = "Film"
steps = [
  { do = "source", source = "laptop" },
  { do = "volume", level = 45 },
  { do = "mic-mute", on = true },
  { do = "move", part = "screen.left", direction = "down" },
]

[surfaces.deck]
layout = "conferencing"

[power.on]
screens = "down"
source = "codec"
"""
SETTINGS: dict[str, dict[str, Any]] = {
    "pjlink": {"password": "projector-secret", "warm_seconds": 0.2, "cool_seconds": 0.2},
    "cisco_roomos": {"username": "roomgate", "password": "codec-secret", "standby_seconds": 0.2},
    "global_cache": {},
    "bond": {"token": "bond-secret"},
}


class Ears:
    """One client's end of a room's WebSocket: waits for the message that a test is about."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps(message))

    async def hear(self, wanted: Callable[[dict[str, Any]], object], within: float = 5.0) -> dict[str, Any]:
        """The next message that is wanted; the others before it are remembered."""
        async with asyncio.timeout(within):
            while True:
                told: dict[str, Any] = json.loads(await self.connection.recv())
                self.heard.append(told)
                if wanted(told):
                    return told

    async def kind(self, kind: str, ref: Any = None, within: float = 5.0) -> dict[str, Any]:
        """The next message of a type and, where given, for a `ref`."""
        return await self.hear(lambda told: told["type"] == kind and ref in (None, told.get("ref")), within)

    async def change(self, part: str, point: str, value: Any) -> dict[str, Any]:
        """The change of a point to a value."""

        def found(told: dict[str, Any]) -> list[dict[str, Any]]:
            wanted = (part, point, value)
            return [c for c in told.get("changes", ()) if (c["part"], c["point"], c["value"]) == wanted]

        return found(await self.hear(found))[0]


@dataclass
class Rig:
    """A running room: the gateway, its simulators by device name, and clients with each role's token."""

    running: Running
    sims: dict[str, Any]
    token: str
    client: httpx.AsyncClient
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def room(self) -> Any:
        return self.running.house.rooms["demo"]

    async def online(self, within: float = 10.0) -> None:
        """Wait until every device is online."""
        await self.until(lambda: all(device.online for device in self.running.house.devices.values()), within)

    async def until(self, fact: Callable[[], bool], within: float = 10.0) -> None:
        """Wait for a fact about the room."""
        mailbox = self.room.listen()
        try:
            async with asyncio.timeout(within):
                while not fact():
                    await mailbox.wait()
        finally:
            self.room.unlisten(mailbox)

    async def do(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """POST a command to the room."""
        return await self.client.post(f"/api/v1/rooms/demo/{path}", json={} if body is None else body, **more)

    @contextlib.asynccontextmanager
    async def socket(self, query: str = "", token: str = "") -> AsyncIterator[Ears]:
        """A WebSocket of the room, heard by `Ears`."""
        url = self.running.url.replace("http", "ws", 1) + f"/api/v1/rooms/demo/ws{query}"
        headers = {"authorization": f"Bearer {token or self.token}"}
        async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
            yield Ears(connection)

    def as_(self, role: str, *rooms: str) -> dict[str, str]:
        """Headers with a token of this role."""
        name = f"{role}-{'-'.join(rooms)}" if rooms else role
        if name not in self.tokens:
            self.tokens[name] = self.running.tokens.create(name, role, rooms)
        return {"authorization": f"Bearer {self.tokens[name]}"}


@contextlib.asynccontextmanager
async def rig(
    folder: Path,
    profile: str = ROOM,
    port: int = 0,
    extra: Iterable[type[Driver]] = (),
    clock: Clock | None = None,
    tester: str = "tester",
    **settings: dict[str, Any],
) -> AsyncIterator[Rig]:
    """The room of `profile` with its devices simulated in this process; `extra` drivers' devices are as it says."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "demo.toml").write_text(profile)
    os.environ["TEST_PROJECTOR_PASSWORD"] = "projector-secret"
    os.environ["TEST_CODEC_PASSWORD"] = "codec-secret"
    os.environ["TEST_BOND_TOKEN"] = "bond-secret"
    drivers = {**load_drivers(), **{driver.name: driver for driver in extra}}
    reading = read(site, drivers)
    assert not reading.grave, "\n".join(map(str, reading.complaints))
    async with contextlib.AsyncExitStack() as ends:
        sims: dict[str, Any] = {}
        links: dict[str, str] = {}
        for device in reading.site.all_devices().values():
            if device.driver.name not in simulators.names():
                continue
            held = {**SETTINGS.get(device.driver.name, {}), **settings.get(device.name, {})}
            sims[device.name] = simulators.find(device.driver.name)(**held)
            links[device.id] = await ends.enter_async_context(sims[device.name].serving(device.address.scheme))
        spec = links_over(reading.site, links)
        running = await ends.enter_async_context(gateway(spec, drivers, folder / "data", ServerSpec(port=port), clock))
        token = running.tokens.create(tester, "admin")
        client = await ends.enter_async_context(
            httpx.AsyncClient(
                base_url=running.url,
                headers={"authorization": f"Bearer {token}"},
                trust_env=False,
                timeout=20,
                verify=False,  # plain HTTP: reading the authorities' certificates takes longer than all the rest here
            )
        )
        yield Rig(running, sims, token, client, folder)
