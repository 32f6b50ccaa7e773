"""`roomgate surfaces find`: what announces itself on the network, heard from a real responder on loopback."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from gateway.__main__ import main
from gateway.cli import finding
from gateway.cli.finding import DECKS, SATELLITES, Found, read, told
from gateway.cli.remote import RemoteError
from gateway.plugins import load_drivers
from gateway.profile import site

LOOPBACK = "127.0.0.1"


@contextlib.asynccontextmanager
async def announced(*services: tuple[str, str, int, dict[str, str]]) -> AsyncIterator[None]:
    """These services announce themselves on loopback: type, name, port, TXT."""
    network = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    said: list[Awaitable[Any]] = []  # an announcement is repeated for most of a second: meanwhile others may listen
    try:
        for kind, name, port, txt in services:
            info = AsyncServiceInfo(
                kind, f"{name}.{kind}", port, properties=txt, server=f"{name.lower().replace(' ', '-')}.local.",
                addresses=[socket.inet_aton(LOOPBACK)],
            )  # fmt: skip
            said.append(await network.async_register_service(info, strict=False, cooperating_responders=True))
        yield
    finally:
        await asyncio.gather(*said)
        await network.async_close()


DOCK = (DECKS, "Network Dock 0001", 5343, {"dt": "215", "sn": "DOCK00000001"})
STUDIO = (DECKS, "Studio 0002", 5343, {"vid": "4057", "pid": "170", "sn": "STUD00000002"})
CHILD = (DECKS, "Stream Deck 0003", 5344, {"vid": "4057", "pid": "128", "sn": "AL12K1A00234"})
LAMP = (DECKS, "Key Light 0004", 9123, {"mf": "Elgato"})
PI = (SATELLITES, "rasppi", 9999, {"restEnabled": "true"})


async def test_docks_studios_and_satellites_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    async with announced(DOCK, STUDIO, CHILD, LAMP, PI):
        assert await finding.run(argparse.Namespace(seconds=1.0, interface=LOOPBACK)) == 0
    shown = capsys.readouterr().out
    assert "Network Dock  127.0.0.1:5343  DOCK00000001  Network Dock 0001" in shown
    assert '[devices.dock]\n    driver = "stream_deck_net"\n    link = "tcp://127.0.0.1:5343"' in shown
    assert "Stream Deck Studio  127.0.0.1:5343  STUD00000002" in shown and "[devices.dock2]" in shown
    assert "It is in a dock" in shown and "Key Light" not in shown
    assert "Satellite  127.0.0.1:9999" in shown and 'allow = ["127.0.0.1"]' in shown


def test_what_it_prints_is_a_profile(tmp_path: Path) -> None:
    found = [Found("dock", "10.0.0.9", 5343), Found("studio", "fd00::1", 5343), Found("satellite", "10.0.0.8", 9999)]
    lines = [
        line[4:]
        for line in told(found).splitlines()
        if line.startswith(("    [", "    driver", "    link", "    allow"))
    ]
    (tmp_path / "demo.toml").write_text('name = "Demo"\n' + "\n".join(lines))
    reading = site.read(tmp_path, load_drivers())
    assert not reading.grave, reading.complaints
    links = {str(device.address) for device in reading.site.all_devices().values()}
    assert links == {"tcp://10.0.0.9:5343", "tcp://[fd00::1]:5343", "listen+tcp://0.0.0.0:16622"}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ((DECKS, f"A.{DECKS}", ["10.0.0.9"], 5343, {"dt": "215", "sn": "X"}),
         Found("dock", "10.0.0.9", 5343, "X", "A")),
        ((DECKS, f"A.{DECKS}", ["10.0.0.9"], 5343, {"vid": "0x0fd9", "pid": "0x00aa"}),
         Found("studio", "10.0.0.9", 5343, "", "A")),
        ((DECKS, f"A.{DECKS}", ["fd00::1", "10.0.0.9"], 1, {"vid": "4057"}), Found("deck", "10.0.0.9", 1, "", "A")),
        ((DECKS, f"A.{DECKS}", ["10.0.0.9"], 5343, {"dt": "x", "vid": ""}), None),
        ((DECKS, f"A.{DECKS}", [], 5343, {"dt": "215"}), None),
        ((DECKS, f"A.{DECKS}", ["10.0.0.9"], None, {"dt": "215"}), None),
        ((SATELLITES, f"\x1b[2J\n{'x' * 90}.{SATELLITES}", ["10.0.0.8"], 9999, {}),
         Found("satellite", "10.0.0.8", 9999, "", "[2J" + "x" * 61)),
    ],
)  # fmt: skip
def test_an_announcement_is_read_and_never_trusted(given: Any, meant: Found | None) -> None:
    assert read(*given) == meant


async def test_nothing_found_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "DECKS", "_roomgate-nothing._tcp.local.")
    monkeypatch.setattr(finding, "SATELLITES", "_roomgate-nobody._tcp.local.")
    assert await finding.run(argparse.Namespace(seconds=0.05, interface=LOOPBACK)) == 1
    assert "nothing announced itself within 0.05 s" in capsys.readouterr().out


async def test_an_interface_that_is_none_is_said() -> None:
    with pytest.raises(RemoteError, match="cannot ask its network"):
        await finding.run(argparse.Namespace(seconds=0.1, interface="192.0.2.1"))


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "nan"])
def test_the_time_has_bounds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["surfaces", "find", "--seconds", seconds])
    assert code != 0 and "--seconds is above 0 and at most 60" in capsys.readouterr().err
