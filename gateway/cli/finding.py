"""`roomgate surfaces find`: docks, Studios and satellite programs that announce themselves on the network (mDNS).

It asks, listens for some seconds, and prints what to write into a profile; it changes nothing. What may not live here:
how a deck is spoken to (drivers). What is heard is anybody's word: it is shown, never trusted.

Source: control-surfaces facts 5.7 and 7.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.cli.remote import RemoteError

if TYPE_CHECKING:
    from zeroconf import Zeroconf

DECKS, SATELLITES = "_elg._tcp.local.", "_companion-satellite._tcp.local."
DOCK_TYPE = 215  # TXT dt
ELGATO, STUDIO = 0x0FD9, 0x00AA
SECONDS, LONGEST = 5.0, 60.0
MOST = 500  # announcements that are looked at: a network may be full of nonsense


@dataclass(frozen=True, order=True)
class Found:
    """Something that announced itself. kind: `dock`, `studio`, `deck` (behind a dock), `satellite`."""

    kind: str
    address: str
    port: int
    serial: str = ""
    name: str = ""


def options(find: argparse.ArgumentParser) -> None:
    """The command's own options."""
    find.add_argument("--seconds", type=float, default=SECONDS, help=f"how long to listen; default {SECONDS:g}")
    find.add_argument("--interface", default="", help="the address of this machine to ask from; default: all it has")


def read(kind: str, name: str, addresses: Iterable[str], port: int | None, txt: Mapping[str, str]) -> Found | None:
    """What an announcement says; None for one that is not about a deck, or has no address."""
    address = next(iter(sorted(addresses, key=lambda one: ":" in one)), "")  # what people can read first
    if not address or not port:
        return None
    shown = name.removesuffix(f".{kind}")
    if kind == SATELLITES:
        return Found("satellite", address, port, "", _plain(shown))
    serial = _plain(txt.get("sn", ""))
    if _number(txt.get("dt", "")) == DOCK_TYPE:
        return Found("dock", address, port, serial, _plain(shown))
    if _number(txt.get("vid", "")) != ELGATO:
        return None
    what = "studio" if _number(txt.get("pid", "")) == STUDIO else "deck"
    return Found(what, address, port, serial, _plain(shown))


def _number(text: str) -> int | None:
    """A number in decimal, or in hexadecimal behind 0x."""
    try:
        return int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """What may be put on a terminal, and in one line."""
    return "".join(letter for letter in text if letter.isprintable())[:64]


async def look(seconds: float, interface: str = "") -> list[Found]:
    """All that announces itself within that time. Raises RemoteError where this machine cannot ask."""
    from zeroconf import InterfaceChoice, IPVersion
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    names: set[tuple[str, str]] = set()

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: Any) -> None:
        if len(names) < MOST:
            names.add((service_type, name))

    where: Any = [interface] if interface else InterfaceChoice.All
    try:
        if interface:  # said here: zeroconf leaves a socket open where it fails
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.bind((interface, 0))
        network = AsyncZeroconf(interfaces=where, ip_version=IPVersion.V4Only)
    except (OSError, RuntimeError, ValueError) as error:
        raise RemoteError(f"this machine cannot ask its network: {error}") from None
    try:
        browser = AsyncServiceBrowser(network.zeroconf, [DECKS, SATELLITES], handlers=[heard])
        await asyncio.sleep(seconds)
        await browser.async_cancel()
        infos = [AsyncServiceInfo(kind, name) for kind, name in sorted(names)]
        await asyncio.gather(*(info.async_request(network.zeroconf, 1000) for info in infos))
    finally:
        await network.async_close()
    found: set[Found] = set()
    for info in infos:
        txt = {_text(key): _text(value) for key, value in info.properties.items()}
        one = read(info.type, info.name, info.parsed_addresses(), info.port, txt)
        if one is not None:
            found.add(one)
    return sorted(found)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def told(found: Iterable[Found]) -> str:
    """What to do with what was found, in words and in lines for a profile."""
    lines: list[str] = []
    boxes = 0
    for one in found:
        address = f"[{one.address}]" if ":" in one.address else one.address
        where = f"{address}:{one.port}"
        about = f"{where}  {one.serial or '-'}  {one.name}"
        if one.kind in ("dock", "studio"):
            boxes += 1
            title = "Network Dock" if one.kind == "dock" else "Stream Deck Studio"
            device = "dock" if boxes == 1 else f"dock{boxes}"
            lines += [f"{title}  {about}", "", f"    [devices.{device}]", '    driver = "stream_deck_net"']
            lines += [f'    link = "tcp://{where}"', ""]
        elif one.kind == "deck":
            lines += [f"Stream Deck  {about}", "", "    It is in a dock: write the dock's lines, not its own.", ""]
        else:
            lines += [
                f"Satellite  {about}",
                "",
                f"    It calls the gateway: tell it the gateway's address, at http://{where}",
            ]
            lines += ["", "    [devices.decks]", '    driver = "stream_deck_satellite"']
            lines += ['    link = "listen+tcp://0.0.0.0:16622"']
            lines += [f'    allow = ["{one.address}"]', ""]
    return "\n".join(lines)


async def run(args: argparse.Namespace) -> int:
    """Ask, and print. Raises RemoteError."""
    if not (math.isfinite(args.seconds) and 0 < args.seconds <= LONGEST):
        raise RemoteError(f"--seconds is above 0 and at most {LONGEST:g}, not {args.seconds:g}")
    found = await look(args.seconds, args.interface)
    if not found:
        print(f"nothing announced itself within {args.seconds:g} s; mDNS crosses no router, and few guest networks")
        return 1
    print(told(found))
    return 0
