"""The gateway under test: one room, one device that speaks the relay's own lines, token, validation and journal.

Started by `server.py` as a process of its own. What may not live here: measuring.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from gateway.commands import SetVolume
from gateway.cutters import Lines
from gateway.driver import Actions, Driver, Feedback, Offers, Ready, Refused, Request, Send
from gateway.link import Address
from gateway.model import KINDS
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


def site(device_port: int) -> SiteSpec:
    """One room with nothing but a volume."""
    device = DeviceSpec("line", Line, Address("tcp", "127.0.0.1", device_port), Line.Settings(), room="bench")
    volume = PartSpec(KINDS["volume"], target=Target(device.id))
    return SiteSpec({"bench": RoomSpec("bench", "Bench", {"line": device}, {"volume": volume})})


async def serve(device_port: int, data: Path) -> None:
    """Run the gateway until standard input ends."""
    async with gateway(site(device_port), {Line.name: Line}, data, ServerSpec(port=0)) as running:
        token = running.tokens.create("bench", "operator")
        print(json.dumps({"port": int(running.url.rpartition(":")[2]), "token": token}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[3]))
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
