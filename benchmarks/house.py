"""The gateway under test: one room, one device that speaks the relay's own lines, token, validation and journal.

Started by `server.py` as a process of its own. What may not live here: measuring.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from gateway.commands import SetVolume
from gateway.cutters import Lines
from gateway.driver import Actions, Driver, Feedback, Offers, Ready, Refused, Request, Send
from gateway.link import Address
from gateway.model import KINDS
from gateway.plugins import load_drivers
from gateway.serve import gateway
from gateway.spec import DeviceSpec, PartSpec, RoomSpec, ServerSpec, SiteSpec, Target


class Line(Driver):
    """`VOL 40` sets the volume; the device says `VOL 40` when it is 40, whoever set it."""

    name = "bench_line"
    title = "The benchmark's device"
    links = {"tcp": 0}
    cutter = Lines((b"\n",))
    pushes = True

    def opened(self) -> Actions:
        yield Offers("", frozenset({SetVolume}))
        yield Ready()

    def command(self, request: Request) -> Actions:
        if isinstance(request.command, SetVolume):
            yield Send(b"VOL %d\n" % request.command.level, tag=request)
        else:
            yield Refused(request, "it has a volume and nothing else")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        yield Feedback(volume=int(data[4:]))


def site(device_port: int, crowd: Mapping[str, Any] | None = None) -> SiteSpec:
    """One room with nothing but a volume; and twenty rooms with the crowd's devices, where there is one."""
    device = DeviceSpec("line", Line, Address("tcp", "127.0.0.1", device_port), Line.Settings(), room="bench")
    volume = PartSpec(KINDS["volume"], target=Target(device.id))
    rooms = {"bench": RoomSpec("bench", "Bench", {"line": device}, {"volume": volume})}
    if crowd:
        rooms |= _rooms(crowd["devices"])
        address = Address.parse(crowd["trouble"])
        trouble = DeviceSpec("trouble", load_drivers()["pjlink"], address, load_drivers()["pjlink"].Settings())
        return SiteSpec(rooms, {"trouble": trouble})
    return SiteSpec(rooms)


def _rooms(devices: list[dict[str, Any]]) -> dict[str, RoomSpec]:
    """Ten devices a room, each playing a part."""
    drivers = load_drivers()
    rooms: dict[str, RoomSpec] = {}
    for number in range(0, len(devices), 10):
        identity = f"room-{number // 10}"
        held: dict[str, DeviceSpec] = {}
        parts: dict[str, PartSpec] = {}
        for index, told in enumerate(devices[number : number + 10]):
            driver = drivers[told["driver"]]
            name = f"d{index}"
            address = Address.parse(told["link"], driver.links)
            held[name] = DeviceSpec(name, driver, address, driver.Settings(**told["settings"]), room=identity)
            kind = KINDS[told["kind"]]
            part = PartSpec(kind, name, target=Target(held[name].id, told["unit"]))
            parts[part.id] = part
        rooms[identity] = RoomSpec(identity, identity, held, parts)
    return rooms


async def serve(device_port: int, data: Path, crowd: Mapping[str, Any] | None = None) -> None:
    """Run the gateway until standard input ends."""
    drivers = {**load_drivers(), Line.name: Line} if crowd else {Line.name: Line}
    async with gateway(site(device_port, crowd), drivers, data, ServerSpec(port=0)) as running:
        token = running.tokens.create("bench", "operator")
        print(json.dumps({"port": int(running.url.rpartition(":")[2]), "token": token}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[3]))
    given = json.loads(Path(sys.argv[4]).read_text()) if len(sys.argv) > 4 else None
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), given))
