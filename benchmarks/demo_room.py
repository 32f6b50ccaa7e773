"""How much memory the gateway takes with the demo room: `roomgate serve`, simulators in another process, all online.

What may not live here: anything about time.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import wire
from benchmarks.server import first_line, memory, process
from gateway.__main__ import shipped
from gateway.cli.rehearsal import invent_secrets


def resident(folder: Path) -> dict[str, float]:
    """The memory of `roomgate serve` on the demo room, once every device is online and one panel listens."""
    site, data = folder / "site", folder / "data"
    site.mkdir()
    shutil.copy(shipped("demo"), site)
    invent_secrets(site / "demo.toml")  # in our environment, which the gateway and its simulators inherit
    made = [sys.executable, "-m", "gateway", "token", "create", "bench", "--role", "viewer", "--data", str(data)]
    token = subprocess.run(made, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    with process("-m", "gateway", "serve", str(site), "--port", "0", "--data", str(data)) as running:
        line = first_line(running)
        found = re.search(r"http://[^ ]*:(\d+)", line)
        if found is None:
            raise SystemExit(f"the gateway does not say where it is: {line}")
        panel = wire.Stream.to(int(found[1]))
        try:
            wire.upgrade(panel, "/api/v1/rooms/demo/ws", token.strip())
            _until_all_online(panel)
            return memory(running.pid)
        finally:
            panel.close()
            running.terminate()


def _until_all_online(panel: wire.Stream) -> None:
    """Every device of the demo room plays a part, so it is enough that every part has somebody to play it."""
    parts: dict[str, Any] = json.loads(wire.message(panel))["state"]["parts"]
    while not all(part["online"] for part in parts.values()):
        told = json.loads(wire.message(panel))
        if told["type"] == "part":
            parts[told["part"]] = told
