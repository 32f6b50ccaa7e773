"""The simulated keypad: every word of the API page, its modes, its ten seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from simulators.kd_wp8 import KdWp8
from simulators.values import SimulatorError


@contextlib.asynccontextmanager
async def line(keypad: KdWp8) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with keypad.serving("tcp") as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        try:
            writer.write(b"KWPING\r")
            assert await heard(reader) == b"RWPING\r"
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def heard(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r"), 5)


async def test_what_is_asked_of_its_buttons_is_told_to_everybody() -> None:
    keypad = KdWp8()
    async with line(keypad) as (reader, writer):
        writer.write(b"KWP3P\rKWP3R\rKWP4PR\rKDWP5PR\rKWP6R\rKWP9P\rRUBBISH\rKWPING\r")
        assert [await heard(reader) for _ in range(5)] == [
            b"RWP3P\r",
            b"RWP3R\r",
            b"RWP4PR\r",
            b"RWP5PR\r",
            b"RWPING\r",
        ]
        assert keypad.unknown == ["KWP9P", "RUBBISH"]  # and no word of it


async def test_a_press_without_a_release_is_over_after_ten_seconds() -> None:
    keypad = KdWp8(speed=100)
    async with line(keypad) as (reader, _):
        keypad.press(1)
        assert await heard(reader) == b"RWP1P\r" and keypad.down == {1}
        await keypad.until(lambda: not keypad.down, timeout=2)
        keypad.release(1)  # too late: nothing is said
        keypad.tap(2)
        assert await heard(reader) == b"RWP2P\r"


async def test_toggle_buttons_take_turns() -> None:
    keypad = KdWp8(mode="toggle")
    async with line(keypad) as (reader, writer):
        writer.write(b"KWP1PR\r")
        await heard(reader)
        assert keypad.toggled == {1}
        keypad.press(1)
        assert await heard(reader) == b"RWP1P\r" and keypad.toggled == set()


async def test_a_held_button_repeats_itself_where_that_is_on() -> None:
    keypad = KdWp8(hold=True, hold_seconds=0.02)
    async with line(keypad) as (reader, _):
        keypad.press(7)
        assert [await heard(reader) for _ in range(3)] == [b"RWP7P\r", b"RWP7H\r", b"RWP7H\r"]
        keypad.release(7)
        while await heard(reader) != b"RWP7R\r":
            pass


async def test_its_lights_and_its_restart() -> None:
    keypad = KdWp8()
    async with line(keypad) as (reader, writer):
        writer.write(b"LIGHT 2 on\rKWPING\r")
        assert await heard(reader) == b"RWPING\r" and keypad.lights == {2: "on"}
        keypad.restart()
        assert keypad.lights == {}
    with pytest.raises(SimulatorError, match="expected 1 to 8"):
        keypad.press(9)
