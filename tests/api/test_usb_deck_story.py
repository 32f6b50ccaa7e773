"""A deck on USB is adopted, shows the room, sleeps with it, and is pulled out while a key is held: a whole gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from gateway.surfaces.drawing import Form, draw
from tests.api.support import ROOM, Rig, rig
from tests.drivers.contract import Watcher

PROFILE = (
    ROOM
    + """
[devices.decks]
driver = "stream_deck"
link = "hid://0fd9"
"""
)
DECK = "demo/decks/SIM000000001"


async def adopt(house: Rig) -> Any:
    """Give the deck to the room; its simulator."""
    sim = house.sims["decks"]
    await house.online()
    await sim.until(lambda: house.running.house.lobby.strangers)
    answer = await house.client.post(f"/api/v1/surfaces/{DECK}/adopt", json={"room": "demo", "surface": "deck"})
    assert answer.status_code == 200, answer.text
    return sim


def place(house: Rig, key: str) -> int:
    """Where a key is on the first page, from 0."""
    page = house.running.house.surfaces["demo"]["deck"].spec.pages[0]
    return next(number for number, one in enumerate(page.keys) if one.id == key)


async def shows(house: Rig, sim: Any, key: str) -> None:
    """A person sees this key's face as it is now."""
    at = place(house, key)

    def same() -> bool:
        seen = sim.seen(at)
        if seen is None:
            return False
        face = house.running.house.surfaces["demo"]["deck"].faces[key]
        wanted = Image.frombytes("RGB", sim.family.side, draw(face, Form(*sim.family.side, "rgb")))
        return max(ImageStat.Stat(ImageChops.difference(seen, wanted)).mean) < 4  # JPEG

    await sim.until(same)


@pytest.mark.parametrize("model", ["mk2", "mini", "original", "plus", "plus_xl"])
async def test_a_deck_is_adopted_shows_the_room_and_is_pressed(tmp_path: Path, model: str) -> None:
    async with rig(tmp_path, PROFILE, decks={"model": model}) as house:
        sim = house.sims["decks"]
        await house.online()
        await sim.until(lambda: house.running.house.lobby.strangers)
        sim.press(0)
        sim.release(0)
        assert all(sim.seen(key).getcolors() == [(80 * 80, (0, 0, 0))] for key in sim.glass.files if model == "mini")
        assert model in ("mini", "original") or not sim.glass.files, "a stranger shows nothing"
        await adopt(house)
        first = house.running.house.surfaces["demo"]["deck"].spec.pages[0].keys[0].id
        key = "mic-mute" if place(house, "mic-mute") < sim.family.keys else first
        await shows(house, sim, key)
        if key == "mic-mute":
            sim.press(place(house, key))
            await house.sims["codec"].until(lambda: house.sims["codec"].mics_muted)
            await house.until(lambda: house.room.parts["mics"].reading("mic_muted").value is True)
            await shows(house, sim, key)
        assert sim.glass.errors == []


async def test_only_changed_keys_are_sent_and_all_of_them_when_it_comes_back(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim = await adopt(house)
        for key in ("help", "mic-mute", "volume"):
            await shows(house, sim, key)
        page = house.running.house.surfaces["demo"]["deck"].spec.pages[0]
        await sim.until(lambda: len(sim.glass.files) == len(page.keys))
        before = sim.glass.drawn
        assert (await house.do("mic-mute", {"on": True})).status_code == 200
        await shows(house, sim, "mic-mute")
        assert sim.glass.drawn - before == 1, "a command over the API changes one key, once"
        watcher = Watcher(house.running.house.devices["demo/decks"])
        sim.unplug()
        await watcher.until(lambda: DECK not in house.running.house.lobby.hosts)
        sim.plug()
        await sim.until(lambda: len(sim.glass.files) == len(page.keys))
        await shows(house, sim, "mic-mute")
        assert sim.glass.errors == []


async def test_it_is_dim_while_the_room_is_off(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim = await adopt(house)
        await house.do("power", {"on": True})
        await sim.until(lambda: sim.glass.brightness == 80)
        await house.do("power", {"on": False})
        await sim.until(lambda: sim.glass.brightness == 10)
        sim.unplug()
        sim.plug()
        await sim.until(lambda: sim.glass.files and sim.glass.brightness == 10)
        await house.do("power", {"on": True})
        await sim.until(lambda: sim.glass.brightness == 80)


async def test_a_dial_turns_the_volume_and_its_piece_of_the_strip_shows_it(tmp_path: Path) -> None:
    keys = [f'[[surfaces.deck.pages.main.keys]]\nlabel = "{n}"\npress = {{ do = "help" }}\n' for n in range(9)]
    dial = '[[surfaces.deck.pages.main.keys]]\nlabel = "Volume"\nlevel = { do = "volume" }\nshows = "volume.volume"\n'
    own = "[surfaces.deck]\nkeys = 12\n" + "".join(keys) + dial
    profile = PROFILE.replace('[surfaces.deck]\nlayout = "conferencing"\n', own)
    async with rig(tmp_path, profile, decks={"model": "plus"}) as house:
        sim = await adopt(house)
        assert (await house.do("volume", {"level": 40})).status_code == 200
        second = (200, 0, 200, 100)
        await sim.until(lambda: second in sim.glass.windows and (0, 0, 200, 100) in sim.glass.windows)
        before = sim.glass.windows[second]
        sim.turn(1, 3)
        await house.until(lambda: house.room.parts["volume"].reading("volume").value == 46)
        await sim.until(lambda: sim.glass.windows[second] != before)
        sim.drag(250, 210)
        await house.until(lambda: house.room.parts["volume"].reading("volume").value == 42)
        assert sim.glass.errors == []
