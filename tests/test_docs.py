"""The code in docs/write-a-driver.md is run as it stands, and its lamp is lit over a real socket."""

from __future__ import annotations

import asyncio
import re
import sys
import types
from pathlib import Path
from typing import Any

from gateway.commands import SetPower
from gateway.model import Result
from tests.drivers.contract import run_device

PAGE = Path(__file__).parent.parent / "docs" / "write-a-driver.md"


def blocks() -> dict[str, Any]:
    """Everything the page's Python blocks define, run one after the other."""
    module = sys.modules.setdefault("write_a_driver", types.ModuleType("write_a_driver"))
    space = vars(module)
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        exec(compile(block, str(PAGE.name), "exec"), space)
    return space


def test_the_page_runs() -> None:
    space = blocks()
    assert space["CASE"].driver is space["Lamp"]
    registered: list[Any] = []
    space["register_drivers"](registered.append)
    assert registered == [space["Lamp"]]


async def test_its_lamp_comes_on_over_a_real_socket() -> None:
    state = {"power": "OFF"}

    async def lamp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.strip() in (b"ON", b"OFF"):
                state["power"] = line.strip().decode()
            writer.write(state["power"].encode() + b"\n")
        writer.close()

    server = await asyncio.start_server(lamp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, run_device(blocks()["Lamp"], f"tcp://127.0.0.1:{port}") as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SetPower(True)).ended(5)
        assert outcome is not None and outcome.result is Result.CONFIRMED
        assert state["power"] == "ON"
