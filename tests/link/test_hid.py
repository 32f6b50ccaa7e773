"""The hid link: what is plugged in, reports both ways, coming and going, and one that hangs beside another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import simulators
from gateway.driver import HidDevice, HidReport, Opening
from gateway.link import Address, LinkError
from gateway.link.hid import AGAIN, BACKLOG, Bay, explain
from gateway.link.hidnode import Found, feature, present
from gateway.link.listen import Maker, Peer, listen
from tests.link.conftest import Witness

SERIAL = HidReport("get", b"\x06".ljust(32, b"\0"))


class Host:
    """Takes every device that comes."""

    def __init__(self) -> None:
        self.links: list[Any] = []
        self.ears: list[Witness] = []
        self._news = asyncio.Event()

    def came(self, make: Maker, peer: Peer) -> None:
        self.ears.append(Witness())
        self.links.append(make(self.ears[-1].ears))
        self._news.set()

    async def devices(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.links) < count:
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def host(url: str) -> AsyncIterator[Host]:
    found = Host()
    bay = await listen(Address.parse(url), Opening(), found.came)
    try:
        yield found
    finally:
        await bay.close()
        for link in found.links:
            await link.close()


def deck(**settings: Any) -> Any:
    return simulators.find("stream_deck")(**settings)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("hid://elgato", "is not hid://VENDOR/PRODUCT/SERIAL"),
        ("hid://0fd9/84", "is not hid://VENDOR/PRODUCT/SERIAL"),
        ("hid://0fd9:0084", "is not hid://VENDOR/PRODUCT/SERIAL"),
    ],
)
def test_an_address_that_is_none_is_said_so(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Address.parse(url)


def test_an_address_is_said_again() -> None:
    assert str(Address.parse("hid://0fd9/0084/AL12")) == "hid://0fd9/0084/AL12"


async def test_settings_that_are_none(tmp_path: Path) -> None:
    for query in ("look=soon", "look=0", "rot=/"):
        with pytest.raises(LinkError):
            await listen(Address.parse(f"hid://0fd9?{query}"), Opening(), Host().came)
    with pytest.raises(LinkError, match="no /sys/class/hidraw"):
        await listen(Address.parse(f"hid://0fd9?root={tmp_path}"), Opening(), Host().came)


def test_what_is_plugged_in_is_read_and_nothing_is_opened(tmp_path: Path) -> None:
    def plug(node: str, uevent: str) -> None:
        about = tmp_path / "sys/class/hidraw" / node / "device"
        about.mkdir(parents=True)
        (about / "uevent").write_text(uevent)

    plug("hidraw0", "DRIVER=x\nHID_ID=0003:00000FD9:00000080\nHID_NAME=Elgato X\nHID_UNIQ=AL12\n")
    plug("hidraw1", "HID_ID=0005:0000046D:0000B342\nHID_NAME=a Bluetooth keyboard\n")
    plug("hidraw2", "HID_ID=nonsense\n")
    plug("hidraw3", "")
    assert list(present(tmp_path)) == [Found(tmp_path / "dev/hidraw0", HidDevice(0x0FD9, 0x80, "AL12", "Elgato X"))]
    assert list(present(tmp_path / "nowhere")) == []


def test_the_kernels_numbers() -> None:
    # linux/hidraw.h: HIDIOCSFEATURE(len) = _IOC(_IOC_WRITE|_IOC_READ, 'H', 0x06, len)
    assert feature(0x06, 32) == 0xC0204806 and feature(0x07, 17) == 0xC0114807


async def test_reports_go_both_ways() -> None:
    sim = deck()
    async with sim.serving("hid") as url, host(url) as found:
        await found.devices(1)
        link, ears = found.links[0], found.ears[0]
        await link.open()
        await ears.until(lambda: ears.heard)
        assert ears.heard == [HidDevice(0x0FD9, 0x0080, "SIM000000001", "Elgato Stream Deck MK.2")]
        link.send(HidReport("output", b"\x02".ljust(1024, b"\0")), 1)
        link.send(HidReport("feature", b"\x03\x08\x28".ljust(32, b"\0")), 2)
        link.send(SERIAL, 3)
        link.send(HidReport("get", b"\xee".ljust(32, b"\0")), 4)
        await ears.until(lambda: ears.broke)
        assert ears.tags == [None, 1, 2, 3] and ears.broke == [(4, "Broken pipe")]
        assert ears.heard[1:3] == [HidReport("done", b"")] * 2
        assert ears.heard[3] == HidReport("feature", b"\x06\x0cSIM000000001".ljust(32, b"\0"))
        await sim.until(lambda: sim.glass.brightness == 40)
        sim.press(0)
        await ears.until(lambda: len(ears.heard) == 5)
        assert ears.heard[4].kind == "input" and ears.heard[4].data.startswith(b"\x01\x00\x0f\x00\x01")
        with pytest.raises(TypeError, match="carries HidReports"):
            link.send(b"bytes", 5)


async def test_devices_come_and_go() -> None:
    sim = deck()
    async with sim.serving("hid") as url, host(url) as found:
        await found.devices(1)
        await found.links[0].open()
        await found.ears[0].until(lambda: found.ears[0].heard)
        sim.unplug()
        await found.ears[0].until(lambda: found.ears[0].lost)
        assert found.ears[0].lost[0][1] == "it was unplugged"
        found.links[0].send(SERIAL, 1)
        sim.plug()
        await found.devices(2)
        await found.links[1].open()
        await found.ears[1].until(lambda: found.ears[1].heard)


async def test_a_link_that_is_closed_is_handed_out_again() -> None:
    sim = deck()
    async with sim.serving("hid") as url, host(url) as found:
        await found.devices(1)
        await found.links[0].open()
        await found.links[0].close()
        await found.links[0].close()
        await found.devices(2)
        await sim.until(lambda: sim.programs == 1)


async def test_only_what_is_named_is_opened() -> None:
    mini, plus = deck(model="mini", serial="M1"), deck(model="plus", serial="P1")
    async with mini.serving("hid") as url:
        plus.root = url.partition("root=")[2].partition("&")[0]
        async with plus.serving("hid"), host(url.replace("0fd9", "0fd9/0084/P1")) as found:
            await found.devices(1)
            await found.links[0].open()
            await found.ears[0].until(lambda: found.ears[0].heard)
            assert found.ears[0].heard[0].serial == "P1" and mini.programs == 0


async def test_one_that_hangs_keeps_nobody_waiting() -> None:
    slow, quick = deck(serial="S1"), deck(serial="Q1")
    async with slow.serving("hid") as url:
        quick.root = url.partition("root=")[2].partition("&")[0]
        async with quick.serving("hid"), host(url) as found:
            await found.devices(2)
            for link in found.links:
                await link.open()
            by = {}
            for link, ears in zip(found.links, found.ears, strict=True):
                await ears.until(lambda ears=ears: ears.heard)  # type: ignore[misc]
                by[ears.heard[0].serial] = link, ears
            slow.hang()
            page = HidReport("output", b"\x02".ljust(1024, b"\0"))
            hung, ears = by["S1"]
            for number in range(1000):
                hung.send(page, number)
            link, others = by["Q1"]
            loop = asyncio.get_running_loop()
            began = loop.time()
            for number in range(50):
                link.send(page, number)
                await others.until(lambda number=number: number in others.tags)  # type: ignore[misc]
            assert loop.time() - began < 2.0 and len(ears.tags) < 1000
            for number in range(BACKLOG // 1024 + 2):
                hung.send(page, number)
            assert ears.lost[0][1] == "it does not take what is sent to it"
            slow.hang(False)


async def test_a_device_that_cannot_be_opened_is_said_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    about = tmp_path / "sys/class/hidraw/hidraw0/device"
    about.mkdir(parents=True)
    (about / "uevent").write_text("HID_ID=0003:00000FD9:00000080\nHID_NAME=Elgato X\n")
    (tmp_path / "dev").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as nobody:
        nobody.bind(str(tmp_path / "dev/hidraw0"))  # it is there, and does not listen
        found = Host()
        bay = Bay(Address.parse(f"hid://0fd9?root={tmp_path}&look=3600"), found.came)
        for _ in range(2 * AGAIN + 3):
            bay.open()
            await bay.close()
        assert [record.message for record in caplog.records] == [
            "Elgato X (hidraw0) cannot be opened: Connection refused"
        ]
        assert not found.links


def test_no_permission_is_said_in_words() -> None:
    found = Found(Path("/dev/hidraw3"), HidDevice(0x0FD9, 0x80, "", "Elgato X"))
    assert explain(found, PermissionError(13, os.strerror(13))) == (
        "no permission to use Elgato X (hidraw3): a udev rule gives it to the gateway's user, see the driver's page"
    )
