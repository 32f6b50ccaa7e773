"""A deck that takes nothing delays no other: on USB, and over the Satellite protocol."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import simulators
from gateway.surfaces.drawing import Form, draw
from tests.api.support import ROOM, Rig, rig

KEY = "mic-mute"
PROFILE = ROOM.replace('[surfaces.deck]\nlayout = "conferencing"\n', "")


def surfaces(*units: str) -> str:
    return "".join(f'[surfaces.deck{at}]\nlayout = "conferencing"\nunit = "{unit}"\n' for at, unit in enumerate(units))


def place(house: Rig) -> int:
    keys = house.running.house.surfaces["demo"]["deck1"].spec.pages[0].keys
    return next(at for at, key in enumerate(keys) if key.id == KEY)


async def turned_over(house: Rig, times: int, shown: Any) -> float:
    """Mute and unmute, each time until the quick deck shows it; seconds of the slowest."""
    loop, slowest = asyncio.get_running_loop(), 0.0
    for number in range(times):
        began = loop.time()
        assert (await house.do("mic-mute", {"on": number % 2 == 0})).status_code == 200
        await shown()
        slowest = max(slowest, loop.time() - began)
    return slowest


async def test_on_usb(tmp_path: Path) -> None:
    profile = PROFILE + '[devices.usb]\ndriver = "stream_deck"\nlink = "hid://0fd9"\n' + surfaces("usb/S1", "usb/Q1")
    async with rig(tmp_path, profile, usb={"serial": "S1"}) as house:
        slow = house.sims["usb"]
        quick = simulators.find("stream_deck")(serial="Q1", root=str(slow.doors[0].root))
        async with quick.serving("hid"):
            await house.online()
            at, count = place(house), len(house.running.house.surfaces["demo"]["deck1"].spec.pages[0].keys)
            for deck in (slow, quick):
                await deck.until(lambda deck=deck: len(deck.glass.files) == count)
            slow.hang()
            before = slow.outputs

            async def shown() -> None:
                face = house.running.house.surfaces["demo"]["deck1"].faces[KEY]
                wanted = draw(face, Form(72, 72, "jpeg", 180))
                await quick.until(lambda: quick.glass.files.get(at) == wanted)

            assert await turned_over(house, 8, shown) < 2.0
            assert slow.outputs == before, "it has taken nothing all the while"
            slow.hang(False)


async def test_over_the_satellite_protocol(tmp_path: Path) -> None:
    quick_id = "streamdeck:SIM00000001"
    profile = (
        PROFILE
        + '[devices.decks]\ndriver = "stream_deck_satellite"\nlink = "listen+tcp://127.0.0.1"\n'
        + 'allow = ["127.0.0.0/8"]\n'
        + surfaces("decks/slow", f"decks/{quick_id}")
    )
    async with rig(tmp_path, profile, decks={"keys": 32, "columns": 8}) as house:
        quick = house.sims["decks"]
        await house.online()
        await quick.until(lambda: quick.added)
        visits = house.running.house.devices["demo/decks"].visits
        assert visits is not None and visits.address is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", visits.address.port, limit=1)
        try:
            writer.write(b"ADD-DEVICE DEVICEID=slow PRODUCT_NAME=x KEYS_TOTAL=32 KEYS_PER_ROW=8 BITMAPS=512\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await quick.until(lambda: "slow" in visits.owners)
            at = place(house)

            async def shown() -> None:
                face = house.running.house.surfaces["demo"]["deck1"].faces[KEY]
                wanted = "data:image/png;base64," + base64.b64encode(draw(face, Form(72, 72))).decode()
                await quick.until(lambda: quick.pictures.get(at) == wanted)

            assert await turned_over(house, 8, shown) < 2.0
        finally:
            writer.transport.abort()
            del reader
