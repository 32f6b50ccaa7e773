"""The simulated relay unit: its answers byte by byte, its quirks, and the screen wired to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from simulators.device import SimulatorError
from simulators.global_cache import GlobalCache


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def heard(self) -> str:
        return (await asyncio.wait_for(self.reader.readuntil(b"\r"), 5)).decode()

    async def ask(self, command: str) -> str:
        self.writer.write(f"{command}\r".encode())
        return await self.heard()


@contextlib.asynccontextmanager
async def line(address: str) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_the_unit_says_what_it_is() -> None:
    async with GlobalCache().serving() as address, line(address) as unit:
        assert await unit.ask("getdevices") == "device,0,0 ETHERNET\r"
        assert [await unit.heard(), await unit.heard()] == ["device,1,3 RELAY\r", "endlistdevices\r"]
        assert await unit.ask("getversion") == "710-1008-05\r"


async def test_a_relay_closes_and_opens() -> None:
    device = GlobalCache()
    async with device.serving() as address, line(address) as unit:
        assert await unit.ask("getstate,1:1") == "state,1:1,0\r"
        assert await unit.ask("setstate,1:1,1") == "state,1:1,1\r"
        assert device.contacts["1:1"] is True
        assert await unit.ask("setstate,1:1,0") == "state,1:1,0\r"
        assert device.contacts["1:1"] is False


async def test_an_echoing_unit_repeats_the_command() -> None:
    device = GlobalCache(echo=True)
    async with device.serving() as address, line(address) as unit:
        assert await unit.ask("setstate,1:1,1") == "setstate,1:1,1\r"
        assert await unit.ask("getstate,1:1") == "state,1:1,1\r"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("bananas", "ERR_0:0,001\r"),
        ("setstate,1:1,7", "ERR_0:0,001\r"),
        ("getstate,one", "ERR_0:0,001\r"),
        ("getstate,2:1", "ERR_0:0,002\r"),
        ("getversion,4", "ERR_0:0,002\r"),
        ("setstate,1:4,1", "ERR_0:0,003\r"),
    ],
)
async def test_nonsense_gets_its_error(command: str, answer: str) -> None:
    async with GlobalCache().serving() as address, line(address) as unit:
        assert await unit.ask(command) == answer


async def test_clients_that_asked_are_told_of_changes() -> None:
    device = GlobalCache()
    async with device.serving() as address, line(address) as one, line(address) as other:
        assert await one.ask("getstate,1:2,notify") == "state,1:2,0\r"
        assert await other.ask("setstate,1:2,1") == "state,1:2,1\r"
        assert await one.heard() == "statechange,1:2,1\r"
        device.press_relay(2)
        assert await one.heard() == "statechange,1:2,0\r"
        assert await other.ask("getversion") == "710-1008-05\r"


async def test_a_pulse_ends_by_itself() -> None:
    device = GlobalCache(speed=20)
    async with device.serving() as address, line(address) as unit:
        assert await unit.ask("setstate,1:3,1,500") == "state,1:3,1\r"
        await device.until(lambda: not device.contacts["1:3"])


async def test_an_old_unit_takes_no_third_argument() -> None:
    async with GlobalCache(unified=False).serving() as address, line(address) as unit:
        assert await unit.ask("getstate,1:2,notify") == "ERR_0:0,001\r"
        assert await unit.ask("setstate,1:2,1,500") == "ERR_0:0,001\r"


async def test_the_ninth_client_is_turned_away() -> None:
    async with GlobalCache(clients=1).serving() as address, line(address) as first:
        assert await first.ask("getversion") == "710-1008-05\r"
        async with line(address) as second:
            assert await asyncio.wait_for(second.reader.read(), 5) == b""


async def test_a_reset_opens_every_relay() -> None:
    device = GlobalCache(speed=100)
    async with device.serving() as address, line(address) as unit:
        await unit.ask("setstate,1:1,1")
        await device.reboot()
        assert not any(device.contacts.values())


async def test_a_momentary_screen_runs_to_its_limit_and_minds_its_stop_relay() -> None:
    device = GlobalCache(up_relay=1, down_relay=2, stop_relay=3, travel_seconds=10, speed=100)
    async with device.serving() as address, line(address) as unit:
        screen = device.screen
        assert screen is not None
        await unit.ask("setstate,1:2,1")
        await unit.ask("setstate,1:2,0")
        assert screen.moving == "down"
        await device.until(lambda: screen.position == 100)
        await unit.ask("setstate,1:1,1")
        await unit.ask("setstate,1:3,1")
        assert screen.moving is None and 0 < screen.position < 100
        assert device.collisions == 0
        await unit.ask("setstate,1:2,1")
        assert device.collisions == 1
        assert device.memory()["screen"]["runs"] == 2


async def test_a_held_screen_runs_only_while_its_relay_is_closed() -> None:
    device = GlobalCache(wiring="hold", up_relay=1, down_relay=2)
    async with device.serving():
        screen = device.screen
        assert screen is not None
        device.press_relay(2)
        assert screen.moving == "down"
        device.press_relay(2)
        assert screen.moving is None and screen.position > 0
        device.wall_switch("up")
        assert screen.moving == "up"


@pytest.mark.parametrize("settings", [{"relays": 0}, {"up_relay": 9}])
async def test_a_setting_that_cannot_be_is_explained(settings: dict[str, object]) -> None:
    with pytest.raises(SimulatorError, match="relay"):
        await GlobalCache.configured(settings).start()
