"""The simulated motor controller: both dialects, over a cable (an ordinary pyserial client) and over TCP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import serial_asyncio

from simulators.device import SimulatorError
from simulators.draper import Draper

SERIAL = "serial"
TCP = "tcp"


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, command: str, size: int) -> str:
        self.writer.write(command.encode())
        return (await asyncio.wait_for(self.reader.readexactly(size), 5)).decode()


@contextlib.asynccontextmanager
async def line(address: str) -> AsyncIterator[Line]:
    if address.startswith("serial"):
        path = address.removeprefix("serial://")
        reader, writer = await serial_asyncio.open_serial_connection(url=path, baudrate=9600)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize("link", [SERIAL, TCP])
async def test_a_screen_goes_down_stops_and_comes_up(link: str) -> None:
    device = Draper(speed=40, reference="top")
    async with device.serving(link) as address, line(address) as controller:
        screen = device.motor["01"]
        assert await controller.ask("*1r01;", 7) == "*01R00;"
        assert await controller.ask("*1o01;", 2) == "G;"
        assert screen.moving == "down"
        await device.until(lambda: screen.position == 100)
        assert await controller.ask("*1r01;", 7) == "*01R99;"
        assert await controller.ask("*1c01\r", 2) == "G;"
        assert await controller.ask("*1s01;", 2) == "G;"
        assert screen.moving is None and 0 < screen.position < 100
        assert device.motor["02"].runs == 0


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("*V;", "2.0;"),
        ("*0o00;", "G;"),
        ("*1s;", "G;"),
        ("*1O01040;", "G;"),
        ("\n*1c10;", "G;"),
        ("*7o01;", "G;"),
        ("hello;", "U;"),
        ("*1x01;", "U;"),
        ("*1o;", "U;"),
        ("*1o61;", "U;"),
        ("*1r09;", "*09RU;"),
        ("x" * 121, "O\x11"),
    ],
)
async def test_the_answers_of_a_draper(command: str, answer: str) -> None:
    async with Draper().serving(TCP) as address, line(address) as controller:
        assert await controller.ask(command, len(answer)) == answer
        assert await controller.ask("*V;", 4) == "2.0;"


async def test_all_means_all_and_another_system_means_nobody() -> None:
    device = Draper(motors=3)
    async with device.serving(TCP) as address, line(address) as controller:
        await controller.ask("*7o00;", 2)
        assert not any(motor.moving for motor in device.motor.values())
        await controller.ask("*0o00;", 2)
        assert all(motor.moving == "down" for motor in device.motor.values())


async def test_an_uncalibrated_motor_says_so() -> None:
    device = Draper()
    async with device.serving(TCP) as address, line(address) as controller:
        device.forget_limits()
        assert await controller.ask("*1r01;", 6) == "*01RN;"
        assert await controller.ask("*1o01;", 2) == "X;"
        device.set_limits()
        assert await controller.ask("*1o01;", 2) == "G;"


async def test_open_may_mean_up() -> None:
    device = Draper(open_is_down=False, speed=40)
    async with device.serving(TCP) as address, line(address) as controller:
        assert await controller.ask("*1r01;", 7) == "*01R99;"
        await controller.ask("*1c01;", 2)
        await device.until(lambda: device.motor["01"].position == 100)
        assert await controller.ask("*1r01;", 7) == "*01R00;"


async def test_without_a_latch_the_motor_runs_as_long_as_the_signal() -> None:
    device = Draper(latching=False, speed=10)
    async with device.serving(TCP) as address, line(address) as controller:
        first, second = device.motor["01"], device.motor["02"]
        await controller.ask("*1o01020;", 2)  # 20/20 s of a travel of 20 s
        await controller.ask("*1o02000;", 2)
        await device.until(lambda: first.moving is None)
        assert first.position == pytest.approx(5, abs=4)
        assert second.moving == "down"
        await controller.ask("*1q;", 2)
        assert second.moving is None


async def test_the_other_dialect_answers_with_control_characters() -> None:
    device = Draper(dialect="vutec", speed=20)
    async with device.serving(TCP) as address, line(address) as controller:
        assert await controller.ask("*1o01;", 2) == "\n\r"
        assert await controller.ask("*1r01;", 1) == "U"
        assert await controller.ask("bad;", 1) == "U"
        assert await controller.ask("x" * 121, 2) == "O\x11"
        assert await controller.ask("*V;", 4) == "2.0;"


async def test_the_wall_switch_moves_the_screen_past_the_controller() -> None:
    device = Draper(speed=40, reference="top")
    async with device.serving(TCP) as address, line(address) as controller:
        device.wall_switch(2, "down")
        await device.until(lambda: device.motor["02"].moving is None)
        assert await controller.ask("*1r02;", 7) == "*02R99;"
        with pytest.raises(SimulatorError, match="no motor 5"):
            device.wall_switch(5)


async def test_the_motors_stand_still_when_the_power_fails() -> None:
    device = Draper(speed=100)
    async with device.serving() as address:
        device.wall_switch(1, "down")
        rebooting = asyncio.create_task(device.reboot())
        await device.until(lambda: device.faults.booting)
        stood = device.motor["01"].position
        await rebooting
        assert device.motor["01"].position == stood < 100
        async with line(address) as controller:
            assert await controller.ask("*V;", 4) == "2.0;"
