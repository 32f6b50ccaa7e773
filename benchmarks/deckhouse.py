"""The gateway under test with decks: one room, one device, twenty satellite decks of 32 keys and one deck on USB.

Started by `decks.py` as a process of its own. What may not live here: measuring.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from benchmarks.house import Line
from gateway.plugins import load_drivers
from gateway.profile.site import read
from gateway.serve import gateway
from gateway.spec import ServerSpec

DECKS, KEYS = 20, 32
SHOWN = 3  # the place of the key that shows the volume


def profile(device: int, satellite: int, root: str) -> str:
    """A room whose surfaces all look alike: two keys that set the volume, one that shows it, and others at rest."""
    keys = [
        'label = "Low"\npress = { do = "volume", level = 30 }',
        'label = "High"\npress = { do = "volume", level = 70 }',
    ]
    keys += ['label = "Volume"\nlevel = { do = "volume" }\nshows = "volume.volume"']
    keys += [f'label = "Key {number}"\npress = {{ do = "help" }}' for number in range(4, KEYS + 1)]
    units = {"usb": "usb/BENCH00001"} | {f"deck{number}": f"decks/deck{number}" for number in range(DECKS)}
    text = f"""
name = "Bench"
[devices.line]
driver = "bench_line"
link = "tcp://127.0.0.1:{device}"
[devices.decks]
driver = "stream_deck_satellite"
link = "listen+tcp://127.0.0.1:{satellite}"
allow = ["127.0.0.1"]
[devices.usb]
driver = "stream_deck"
link = "hid://0fd9?root={root}&look=0.1"
[parts]
volume = "line"
"""
    for name, unit in units.items():
        text += f'[surfaces.{name}]\nkeys = {KEYS}\nunit = "{unit}"\n'
        text += "".join(f"[[surfaces.{name}.pages.main.keys]]\n{key}\n" for key in keys)
    return text


async def serve(device: int, satellite: int, root: str, folder: Path) -> None:
    """Run the gateway until standard input ends."""
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "bench.toml").write_text(profile(device, satellite, root))
    drivers = {**load_drivers(), Line.name: Line}
    reading = read(site, drivers)
    if reading.grave:
        raise SystemExit("\n".join(map(str, reading.grave)))
    async with gateway(reading.site, drivers, folder / "data", ServerSpec(port=0)) as running:
        token = running.tokens.create("bench", "operator")
        print(json.dumps({"port": int(running.url.rpartition(":")[2]), "token": token}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[5]))
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
