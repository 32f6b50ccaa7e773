"""Two hundred simulated devices of mixed families, and one that gives trouble, in a process of their own.

Says where they are as one JSON line, takes words on standard input (`refuse`, `silent`, `flood`, `drop`: what the
troublemaker does from now on, answered by the same word), and ends with it. What may not live here: measuring.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
from typing import Any, NamedTuple

import simulators


class Family(NamedTuple):
    """One kind of device: its driver and simulator, on which link, and which part its unit plays."""

    driver: str
    link: str
    kind: str
    unit: str = ""
    settings: dict[str, Any] = {}


FAMILIES = (
    Family("pjlink", "tcp", "display"),
    Family("samsung_mdc", "tcp", "display"),
    Family("lg_sicp", "tcp", "display"),
    Family("epson_vp", "tcp", "display"),
    Family("nec_display", "tcp", "display"),
    Family("sony_bravia", "http", "display", "", {"psk": "s3cret"}),
    Family("global_cache", "tcp", "relay", "1:1"),
    Family("controlbyweb", "http", "relay", "1"),
    Family("kmtronic", "http", "relay", "1"),
    Family("denkovi", "snmp", "relay", "1"),
    Family("raritan_pdu", "snmp", "outlet", "1"),
    Family("apc_pdu", "snmp", "outlet", "1"),
    Family("key_digital", "tcp", "output", "1"),
    Family("extron_sis", "tcp", "output", "1"),
    Family("kramer_p3000", "tcp", "output", "1"),
    Family("screen_technics", "tcp", "screen", "1"),
    Family("dalite_scb", "tcp", "screen", "1"),
    Family("lutron_lip", "telnet", "shade", "5", {"password": "integration"}),
    Family("visca", "tcp", "ptz"),
    Family("draper", "tcp", "screen", "1"),
)


class Troublemaker:
    """A device that never was one: refuses, accepts and says nothing, floods with garbage, or drops whoever comes."""

    def __init__(self) -> None:
        self.does = "refuse"
        self.port = 0
        self.server: asyncio.Server | None = None
        self.guests: set[asyncio.StreamWriter] = set()

    async def turn(self, does: str) -> None:
        """Do this from now on; who is there is sent away."""
        self.does = does
        for guest in list(self.guests):
            guest.transport.abort()
        if self.server is not None:
            self.server.close()
            self.server = None
        if does != "refuse":
            self.server = await asyncio.start_server(self._guest, "127.0.0.1", self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def _guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.guests.add(writer)
        try:
            if self.does == "drop":
                return
            while True:
                if self.does == "flood":
                    writer.write(os.urandom(4096))
                    await writer.drain()
                    await asyncio.sleep(0.005)
                elif not await reader.read(4096):
                    return
        except OSError:
            pass
        finally:
            self.guests.discard(writer)
            writer.close()


async def serve(count: int) -> None:
    """Start all, say where they are, obey until standard input ends."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    devices: list[dict[str, Any]] = []
    async with contextlib.AsyncExitStack() as ends:
        for number in range(count):
            family = FAMILIES[number % len(FAMILIES)]
            sim = simulators.find(family.driver)()
            link = await ends.enter_async_context(sim.serving(family.link))
            devices.append({**family._asdict(), "link": link})
        trouble = Troublemaker()
        await trouble.turn("silent")  # takes a port
        await trouble.turn("refuse")
        print(json.dumps({"devices": devices, "trouble": f"tcp://127.0.0.1:{trouble.port}"}), flush=True)
        lines = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := (await lines.readline()).decode().strip():
            await trouble.turn(line)
            print(json.dumps(line), flush=True)
        await trouble.turn("refuse")


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[2]))
    asyncio.run(serve(int(sys.argv[1])))
