"""A deck comes, is adopted, shows the room and is pressed; goes and comes back; and is let go: over real sockets."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.surfaces.drawing import Form, draw
from tests.api.support import ROOM, Rig, rig
from tests.drivers.contract import Watcher

PROFILE = (
    ROOM
    + """
[devices.decks]
driver = "stream_deck_satellite"
link = "listen+tcp://127.0.0.1"
allow = ["127.0.0.0/8"]
"""
)
DECK = "demo/decks/streamdeck:SIM00000001"
BOTH = pytest.mark.parametrize(("program", "deck"), [("pi", DECK), ("elgato", "demo/decks/buttons:127.0.0.1:1")])


async def adopt(house: Rig, deck: str = DECK) -> dict[str, Any]:
    await house.online()
    await house.sims["decks"].until(lambda: house.running.house.lobby.strangers)
    answer = await house.client.post(f"/api/v1/surfaces/{deck}/adopt", json={"room": "demo", "surface": "deck"})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def place(house: Rig, key: str) -> int:
    """Where a key is on the first page, from 0."""
    page = house.running.house.surfaces["demo"]["deck"].spec.pages[0]
    return next(number for number, one in enumerate(page.keys) if one.id == key)


def key_on(sim: Any, number: int) -> int:
    """The deck's own number for a place: an Elgato app's buttons are eight in a row."""
    row, column = divmod(number, 8)
    return row * sim.columns + column if sim.program == "elgato" else number


async def shows(house: Rig, sim: Any, key: str) -> None:
    """The deck shows this key's face as it is now, pixel for pixel."""
    face = house.running.house.surfaces["demo"]["deck"].faces[key]
    wanted = draw(face, Form(72, 72)) if sim.png else draw(face, Form(72, 72, "rgb"))
    number = key_on(sim, place(house, key))
    begins = "data:image/png;base64," if sim.png else ""
    await sim.until(lambda: sim.pictures.get(number) == begins + base64.b64encode(wanted).decode())


@BOTH
async def test_a_deck_is_adopted_and_lives_in_the_room(tmp_path: Path, program: str, deck: str) -> None:
    async with rig(tmp_path, PROFILE, decks={"program": program, "keys": 16, "columns": 8}) as house:
        sim = house.sims["decks"]
        await house.online()
        await sim.until(lambda: house.running.house.lobby.strangers)
        sim.press(place(house, "mic-mute"))
        sim.release(place(house, "mic-mute"))
        await sim.until(lambda: sim.pongs > 1)
        assert house.sims["codec"].mics_muted is False and not sim.pictures, "a stranger is told and can do nothing"
        told = await adopt(house, deck)
        assert told["online"] and told["surface"] == "deck"
        await shows(house, sim, "mic-mute")
        sim.press(place(house, "mic-mute"))
        await house.sims["codec"].until(lambda: house.sims["codec"].mics_muted)
        await house.until(lambda: house.room.parts["mics"].reading("mic_muted").value is True)
        await shows(house, sim, "mic-mute")
        entries = (await house.client.get("/api/v1/rooms/demo/history?kinds=command&limit=5")).json()["entries"]
        assert any(entry["cause"] == "key:deck/mic-mute" for entry in entries)
        assert sim.errors == []


async def test_a_deck_that_comes_back_is_drawn_again_and_one_that_is_released_is_blank(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim = house.sims["decks"]
        await adopt(house)
        await shows(house, sim, "help")
        watcher = Watcher(house.running.house.devices["demo/decks"])
        sim.faults.unreachable = True
        await watcher.until(lambda: DECK not in house.running.house.lobby.hosts)
        sim.pictures.clear()
        sim.faults.unreachable = False
        await shows(house, sim, "help")
        released = await house.client.delete(f"/api/v1/surfaces/{DECK}")
        assert released.status_code == 200

        def black() -> bool:
            held = sim.pictures[place(house, "help")].partition(",")[2]
            return bool(Image.open(io.BytesIO(base64.b64decode(held))).getcolors() == [(72 * 72, (0, 0, 0))])

        await sim.until(black)
        waiting = (await house.client.get("/api/v1/surfaces")).json()
        assert [one["id"] for one in waiting["waiting"]] == [DECK] and waiting["adopted"] == []


async def test_who_was_adopted_is_remembered_over_a_restart(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        await adopt(house)
    (tmp_path / "data" / "tokens.json").unlink()
    async with rig(tmp_path, PROFILE) as house:
        await shows(house, house.sims["decks"], "help")
    (tmp_path / "data" / "surfaces.json").write_text("{")
    with pytest.raises(Exception, match=r"surfaces\.json cannot be read"):
        async with rig(tmp_path, PROFILE):
            pass


async def test_only_changed_keys_are_sent(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim = house.sims["decks"]
        await adopt(house)
        for key in ("help", "mic-mute", "volume"):
            await shows(house, sim, key)
        before = sim.drawn
        done = await house.do("mic-mute", {"on": True})
        assert done.status_code == 200, done.text
        await shows(house, sim, "mic-mute")
        assert sim.drawn - before == 1, "a command over the API changes one key, once"


async def test_words_for_decks_without_pictures(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE, decks={"bitmaps": 0}) as house:
        sim = house.sims["decks"]
        await adopt(house)
        await sim.until(lambda: sim.texts.get(place(house, "help")) == "Help")
        assert not sim.pictures
