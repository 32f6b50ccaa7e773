"""`roomgate demo`: a whole simulated room and its gateway, in seconds, and nothing left behind.

What may not live here: anything that a real room needs too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from gateway import profile, rehearsal
from gateway.device import Device
from gateway.driver import Driver
from gateway.house import links_over
from gateway.serve import StartError, gateway, listen, until_signal
from gateway.spec import ServerSpec

PATIENCE = 15.0  # seconds until what is not online by then is shown as it is


async def demo(path: Path, drivers: Mapping[str, type[Driver]], data: Path, port: int, out: TextIO) -> int:
    """Run the room of a profile against simulators until Ctrl-C; returns the exit code."""
    began = time.monotonic()
    rehearsal.invent_secrets(path)
    chosen = _free_port(port)
    async with contextlib.AsyncExitStack() as ends:
        simulated = await ends.enter_async_context(rehearsal.simulators(path, (), "--hands"))
        reading = profile.read(path, drivers)
        for complaint in reading.complaints:
            if complaint.grave or complaint.file == path.name:
                print(complaint, file=sys.stderr)
        room_id = path.stem
        if room_id not in reading.site.rooms:
            return 1
        site = reading.site.only(room_id)
        spec = links_over(site, rehearsal.links(room_id, site, simulated))
        ends.callback(shutil.rmtree, data, ignore_errors=True)
        running = await ends.enter_async_context(gateway(spec, drivers, data, ServerSpec(port=chosen)))
        devices = {device.name: device for device in running.house.devices.values()}
        await _table(devices, simulated, out)
        token = running.tokens.create("demo", "admin")
        token_file = running.folder.path / "token"
        token_file.touch(0o600)
        token_file.write_text(token + "\n")
        if chosen != port:
            print(f"\nPort {port} is in use, so this is port {chosen}.", file=out)
        print(_what_to_try(running.url, room_id, token, token_file, simulated, time.monotonic() - began), file=out)
        out.flush()
        await until_signal()
        print("\nLeaving; nothing stays behind.", file=out)
    return 0


def _free_port(port: int) -> int:
    """The wished port, or any free one where somebody has it."""
    try:
        with listen("127.0.0.1", port):
            return port
    except StartError:
        with listen("127.0.0.1", 0) as listener:
            return int(listener.getsockname()[1])


async def _table(devices: Mapping[str, Device], simulated: Mapping[str, Any], out: TextIO) -> None:
    """A live table of devices coming online; on no terminal a line for each as it does."""
    news = asyncio.Event()

    class Watch:
        def changed(self, player: Any, unit: str, points: Any) -> None: ...
        def offered(self, player: Any, unit: str) -> None: ...
        def happened(self, player: Any, event: Any) -> None: ...
        def availability(self, player: Any) -> None:
            news.set()

    watch = Watch()
    live = out.isatty()
    told: dict[str, str] = {}
    drawn = 0
    for device in devices.values():
        device.listeners.append(watch)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                lines = []
                for name, device in devices.items():
                    link = simulated.get(name, {}).get("link", str(device.address))
                    state = "online" if device.online else f"away: {device.reason}" if device.reason else "connecting"
                    lines.append(f"  {name:<12} {device.driver.name:<14} {link:<34} {state}")
                    if not live and told.get(name) != state and state != "connecting":
                        print(lines[-1], file=out, flush=True)
                    told[name] = state
                if live:
                    print(f"\x1b[{drawn}A" * bool(drawn) + "\n".join(f"\x1b[2K{line}" for line in lines), file=out)
                    drawn = len(lines)
                if all(device.online for device in devices.values()):
                    return
                news.clear()
                await news.wait()
    except TimeoutError:
        print("  (not everything came online; the reasons are above)", file=out)
    finally:
        for device in devices.values():
            device.listeners.remove(watch)


def _what_to_try(
    url: str, room: str, token: str, token_file: Path, simulated: Mapping[str, Any], seconds: float
) -> str:
    hands = next((f"{held['hands']}" for name, held in simulated.items() if name == "codec" and "hands" in held), "")
    try_hands = (
        f"\n  The hands in the room (somebody calls the codec):\n"
        f"    curl -X POST '{hands}/hands/incoming_call?number=alice@example.com'\n"
        if hands
        else ""
    )
    return f"""
The room is ready after {seconds:.1f} s.

  Panel    {url}/panel/{room}#token={token}
  API      {url}/docs
  Token    {token}   (also in {_short(token_file)})

  Try:
    export TOKEN={token}
    curl -X POST {url}/api/v1/rooms/{room}/power -H "Authorization: Bearer $TOKEN" -d '{{"on": true}}'
    curl -X POST {url}/api/v1/rooms/{room}/volume -H "Authorization: Bearer $TOKEN" -d '{{"level": 40}}'
    curl {url}/api/v1/rooms/{room}/why/volume -H "Authorization: Bearer $TOKEN"
{try_hands}
Ctrl-C ends it.
"""


def _short(path: Path) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111
    text = str(path)
    return "~" + text[len(home) :] if text.startswith(home + "/") else text
