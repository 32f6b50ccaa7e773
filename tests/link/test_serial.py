"""The serial link on pseudo-terminals, and the line settings that a pseudo-terminal cannot show."""

from __future__ import annotations

import asyncio
import logging
import os
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from gateway.driver import Opening
from gateway.link import Address, LinkError, Trust, make
from gateway.link.serial import Serial, line
from gateway.model import Reason

from .conftest import Witness


@dataclass
class Pty:
    """The device's end of a pseudo-terminal, and the name of the other."""

    fd: int
    name: str
    open: bool = True

    def read(self, count: int) -> bytes:
        held = b""
        while len(held) < count:
            held += os.read(self.fd, count - len(held))
        return held

    def unplug(self) -> None:
        if self.open:
            self.open = False
            os.close(self.fd)


@pytest.fixture
def pty() -> Iterator[Pty]:
    master, slave = os.openpty()
    tty.setraw(slave)
    pty = Pty(master, os.ttyname(slave))
    os.close(slave)
    yield pty
    pty.unplug()


def plug(path: str, witness: Witness, opening: Opening | None = None) -> Serial:
    link = make(Address.parse(f"serial://{path}"), opening or Opening(), Trust(), witness.ears)
    assert isinstance(link, Serial)
    return link


def test_the_line_is_set_as_the_driver_and_the_address_say() -> None:
    address = Address("serial", path="/dev/ttyUSB0")
    assert line(address, Opening()) == {"baudrate": 9600, "bytesize": 8, "parity": "N", "stopbits": 1}
    assert line(address, Opening(baud=4800, framing="8O1")) == {
        "baudrate": 4800,
        "bytesize": 8,
        "parity": "O",
        "stopbits": 1,
    }
    query = "baud=19200&framing=7e2&flow=xonxoff"
    assert line(Address("serial", path="/dev/ttyUSB0", query=query), Opening(flow="rtscts")) == {
        "baudrate": 19200,
        "bytesize": 7,
        "parity": "E",
        "stopbits": 2,
        "xonxoff": True,
    }
    assert line(address, Opening(flow="rtscts"))["rtscts"] is True
    assert line(address, Opening(framing="5N1.5"))["stopbits"] == 1.5


@pytest.mark.parametrize("framing", ["8N1", "8O1", "7E2", "5N1.5"])
def test_pyserial_takes_the_line_as_it_is_meant(framing: str) -> None:
    port = serial.Serial(**line(Address("serial", path="/dev/x"), Opening(framing=framing)))  # no port: not opened
    assert f"{port.bytesize}{port.parity}{port.stopbits}" == framing


@pytest.mark.parametrize(
    ("query", "words"),
    [("baud=fast", "baud is a number"), ("framing=8X1", "framing is"), ("flow=maybe", "flow is"), ("bawd=1", "bawd")],
)
async def test_a_wrong_line_is_refused_in_words(witness: Witness, query: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plug(f"/dev/ttyUSB0?{query}", witness)


async def test_bytes_go_out_at_once_and_come_in(pty: Pty, witness: Witness) -> None:
    link = plug(pty.name, witness)
    await link.open()
    link.send(b"!A0\r", None)
    assert pty.read(4) == b"!A0\r"  # without a turn of the loop in between
    for byte in b"OK\r\n\x00\xff\x11\x13":
        os.write(pty.fd, bytes((byte,)))
    await witness.until(lambda: witness.text == b"OK\r\n\x00\xff\x11\x13")
    await link.close()
    await link.close()
    assert witness.lost == []


async def test_nothing_is_heard_before_open_has_returned(pty: Pty, witness: Witness) -> None:
    link = plug(pty.name, witness)
    os.write(pty.fd, b"hello")
    await link.open()
    assert witness.heard == []
    await link.close()


async def test_an_unplugged_port_is_lost_once(pty: Pty, witness: Witness) -> None:
    link = plug(pty.name, witness)
    await link.open()
    pty.unplug()
    await witness.until(lambda: witness.lost)
    link.send(b"too late", None)
    await link.close()
    assert witness.lost == [(Reason.LINK_LOST, f"the serial port {pty.name} went away")]


async def test_sending_into_an_unplugged_port_is_lost_too(pty: Pty, witness: Witness) -> None:
    link = plug(pty.name, witness)
    await link.open()
    pty.unplug()
    link.send(b"anyone there?", None)
    assert witness.lost == [(Reason.LINK_LOST, f"the serial port {pty.name} went away")]
    await link.close()


async def test_parity_is_left_out_on_a_pseudo_terminal(
    pty: Pty, witness: Witness, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    name = tmp_path / "motors"
    name.symlink_to(pty.name)
    caplog.set_level(logging.DEBUG, "roomgate.link")
    link = plug(str(name), witness, Opening(baud=4800, framing="8O1"))
    await link.open()
    link.send(b"x", None)
    assert pty.read(1) == b"x"
    await link.close()
    assert "parity O is left out" in caplog.text


async def test_more_than_the_device_takes_waits_in_order(pty: Pty, witness: Witness) -> None:
    link = plug(pty.name, witness)
    await link.open()
    sent = bytes(range(256)) * 100
    for start in range(0, len(sent), 100):
        link.send(sent[start : start + 100], None)
    read, _ = await asyncio.gather(asyncio.to_thread(pty.read, len(sent)), link.close())
    assert read == sent


async def test_a_device_that_takes_nothing_is_lost(pty: Pty, witness: Witness) -> None:
    link = plug(pty.name, witness)
    await link.open()
    for _ in range(200):
        link.send(b"x" * 1000, None)
    assert witness.lost == [(Reason.LINK_LOST, f"the device on {pty.name} does not take what is sent to it")]
    await link.close()


async def test_closing_does_not_wait_for_a_device_that_takes_nothing(
    pty: Pty, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.serial.FLUSH", 0.05)
    link = plug(pty.name, witness)
    await link.open()
    for _ in range(40):
        link.send(b"x" * 1000, None)
    async with asyncio.timeout(1):
        await link.close()
    assert witness.lost == []


async def test_ports_that_cannot_be_used_say_why(pty: Pty, witness: Witness, tmp_path: Path) -> None:
    async def words(path: str) -> str:
        with pytest.raises(LinkError) as caught:
            await plug(path, witness).open()
        assert caught.value.reason == Reason.UNREACHABLE
        return caught.value.words

    assert await words("/dev/no-such-port") == "there is no serial port /dev/no-such-port"
    plain = tmp_path / "file"
    plain.touch()
    assert await words(str(plain)) == f"{plain} cannot be used as a serial port"
    link = plug(pty.name, witness)
    await link.open()
    assert await words(pty.name) == f"another program is using {pty.name}"
    await link.close()
    again = plug(pty.name, witness)
    await again.open()
    await again.close()
