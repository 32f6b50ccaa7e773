"""Serving one device, and a whole profile, until stopped: the line that says where, and the devices behind it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiopjlink import PJLink as Client

from simulators.device import SimulatorError
from simulators.serve import simulate, simulate_profile, stand_in


class Said(io.StringIO):
    """Standard output, with a fact to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = asyncio.Event()

    def flush(self) -> None:
        self.flushed.set()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], out: Said, stop: asyncio.Event) -> AsyncIterator[dict[str, Any]]:
    task = asyncio.create_task(work)
    said = asyncio.create_task(out.flushed.wait())
    await asyncio.wait({task, said}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    said.cancel()
    if task.done():
        await task
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    yield json.loads(lines[0])
    stop.set()
    await asyncio.wait_for(task, 10)


async def power_of(link: str, password: str | None = None) -> str:
    client = Client("127.0.0.1", int(link.rpartition(":")[2]), password)
    async with client:
        writer = client._writer
        power = (await client.power.get()).name
    await writer.wait_closed()
    return str(power)


async def test_one_device_is_served_with_its_hands() -> None:
    out, stop = Said(), asyncio.Event()
    work = simulate("pjlink", "tcp://127.0.0.1:0", {"password": "x", "power": "on"}, 0, stop, out)
    async with running(work, out, stop) as line:
        assert line["simulator"] == "pjlink"
        assert await power_of(line["link"], "x") == "ON"
        async with httpx.AsyncClient(base_url=line["hands"]) as client:
            assert (await client.get("/")).json()["power"] == "on"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(line["link"].rpartition(":")[2]))


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [("pjlonk", {}, "did you mean 'pjlink'"), ("pjlink", {"pwer": "on"}, "did you mean 'power'")],
)
async def test_a_mistake_is_explained(name: str, settings: dict[str, object], words: str) -> None:
    with pytest.raises(SimulatorError, match=words):
        await simulate(name, None, settings, None, asyncio.Event(), Said())


PROFILE = """
[devices.projector]
driver = "pjlink"
link = "tcp://192.0.2.7:4352"
password = { env = "ROOM_PROJECTOR" }
simulator = { power = "on", klass = 1 }

[devices.shade]
driver = "draper"
link = "serial:///dev/ttyUSB0"

[devices.screen]
driver = "draper"
link = "tcp://192.0.2.8:4001"

[devices.toaster]
driver = "toaster"
link = "tcp://192.0.2.9"

[parts]
screen = "bridge/1:2"
"""
SITE = """
[devices.bridge]
driver = "global_cache"
link = "tcp://192.0.2.10:4998"

[devices.elsewhere]
driver = "global_cache"
link = "tcp://192.0.2.11:4998"
"""


async def test_a_whole_profile_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOM_PROJECTOR", "from the environment")
    profile = tmp_path / "boardroom.toml"
    profile.write_text(PROFILE)
    (tmp_path / "site.toml").write_text(SITE)
    out, stop = Said(), asyncio.Event()
    async with running(simulate_profile(profile, hands=True, stop=stop, out=out, speed=10), out, stop) as line:
        assert line["profile"] == "boardroom"
        assert list(line["devices"]) == ["bridge", "projector", "shade", "screen"]
        assert await power_of(line["devices"]["projector"]["link"], "from the environment") == "ON"
        assert line["devices"]["shade"]["link"].startswith("serial:///")
        assert line["devices"]["screen"]["link"].startswith("tcp://127.0.0.1:")
        assert "no simulator is named 'toaster'" in line["skipped"]["toaster"]
        async with httpx.AsyncClient(base_url=line["devices"]["screen"]["hands"]) as client:
            assert (await client.get("/")).json()["speed"] == 10


@pytest.mark.parametrize(("text", "words"), [("", "has no devices"), ("[devices", "cannot be read")])
async def test_a_profile_without_sense_is_explained(tmp_path: Path, text: str, words: str) -> None:
    profile = tmp_path / "room.toml"
    profile.write_text(text)
    with pytest.raises(SimulatorError, match=words):
        await simulate_profile(profile, stop=asyncio.Event(), out=Said())


def test_a_secret_comes_from_the_setting_the_environment_a_file_or_a_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def password(secret: object, **more: object) -> object:
        table = {"driver": "pjlink", "link": "tcp://192.0.2.7", "password": secret, **more}
        return getattr(stand_in(table)[0], "password")  # noqa: B009 (the field is the projector's own)

    monkeypatch.delenv("UNSET", raising=False)
    monkeypatch.setenv("SET", "e")
    kept = tmp_path / "secret"
    kept.write_text("f\n")
    assert password({"env": "SET"}) == "e"
    assert password({"env": "UNSET"}) == ""
    assert password({"env": "UNSET", "default": "d"}) == "d"
    assert password({"file": str(kept)}) == "f"
    assert password({"file": str(tmp_path / "none")}) == ""
    assert password({"env": "SET"}, simulator={"password": "s"}) == "s"


def test_a_link_that_is_not_simulated_is_explained() -> None:
    with pytest.raises(SimulatorError, match="not simulated over 'http', only over serial, tcp"):
        stand_in({"driver": "draper", "link": "https://192.0.2.7"})
