"""A deck behind a Network Dock is adopted, pressed, pulled out of the dock and put back, and the dock goes and returns:
a whole gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.support import ROOM, Rig, rig
from tests.api.test_usb_deck_story import place, shows
from tests.drivers.contract import Watcher

DOCK = """
[devices.dock]
driver = "stream_deck_net"
link = "tcp://127.0.0.1"
"""
PROFILE = ROOM + DOCK
DECK = "demo/dock/SIM000000001"
NAMED = PROFILE.replace('layout = "conferencing"', 'layout = "conferencing"\nunit = "dock/SIM000000001"')


async def adopt(house: Rig) -> Any:
    """Give the deck to the room; its simulator."""
    sim = house.sims["dock"]
    await house.online()
    await sim.until(lambda: house.running.house.lobby.strangers)
    assert not sim.glass.files, "a stranger shows nothing"
    answer = await house.client.post(f"/api/v1/surfaces/{DECK}/adopt", json={"room": "demo", "surface": "deck"})
    assert answer.status_code == 200, answer.text
    return sim


@pytest.mark.parametrize("box", ["dock", "studio"])
async def test_a_press_reaches_the_codec_and_the_face_shows_it(tmp_path: Path, box: str) -> None:
    async with rig(tmp_path, PROFILE, dock={"box": box}) as house:
        sim = await adopt(house)
        await shows(house, sim, "mic-mute")
        page = house.running.house.surfaces["demo"]["deck"].spec.pages[0]
        await sim.until(lambda: len(sim.glass.files) == len(page.keys))
        before = sim.glass.drawn
        sim.press(place(house, "mic-mute"))
        await house.sims["codec"].until(lambda: house.sims["codec"].mics_muted)
        await house.until(lambda: house.room.parts["mics"].reading("mic_muted").value is True)
        await shows(house, sim, "mic-mute")
        assert sim.glass.drawn - before <= 2, "pending and true, of one key"
        before = sim.glass.drawn
        assert (await house.do("mic-mute", {"on": False})).status_code == 200
        await shows(house, sim, "mic-mute")
        assert sim.glass.drawn - before == 1, "a command over the API changes one key, once"
        assert sim.memory()["errors"] == []


@pytest.mark.parametrize("profile", [PROFILE, NAMED], ids=["adopted", "named"])
async def test_a_deck_that_is_pulled_out_of_the_dock_is_drawn_anew_when_it_is_back(
    tmp_path: Path, profile: str
) -> None:
    async with rig(tmp_path, profile) as house:
        sim = house.sims["dock"]
        if profile is PROFILE:
            await adopt(house)
        page = house.running.house.surfaces["demo"]["deck"].spec.pages[0]
        await sim.until(lambda: len(sim.glass.files) == len(page.keys))
        device = house.running.house.devices["demo/dock"]
        watcher = Watcher(device)
        sim.unplug()
        await watcher.until(lambda: device.unit("SIM000000001").gone)
        assert device.online and not sim.glass.files
        assert (await house.do("mic-mute", {"on": True})).status_code == 200
        sim.plug()
        await sim.until(lambda: len(sim.glass.files) == len(page.keys))
        await shows(house, sim, "mic-mute")
        assert sim.memory()["errors"] == []


async def test_a_dock_that_goes_and_returns_brings_its_deck(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim = await adopt(house)
        await shows(house, sim, "mic-mute")
        watcher = Watcher(device := house.running.house.devices["demo/dock"])
        sim.faults.unreachable = True
        await watcher.until(lambda: not device.online)
        assert DECK not in house.running.house.lobby.hosts
        sim.restart()
        sim.faults.unreachable = False
        device.restart()
        await sim.until(lambda: sim.seen(place(house, "mic-mute")) is not None)
        await shows(house, sim, "mic-mute")


HOLD = """
[surfaces.deck]
[[surfaces.deck.pages.main.keys]]
label = "Louder"
press = { do = "step", by = 1 }
repeat = true
release = { do = "mic-mute", on = true }
"""


@pytest.mark.parametrize("how", ["deck", "dock"])
async def test_a_key_that_is_held_is_let_go_when_the_link_dies(tmp_path: Path, how: str) -> None:
    profile = PROFILE.replace('[surfaces.deck]\nlayout = "conferencing"\n', HOLD)
    async with rig(tmp_path, profile) as house:
        sim = await adopt(house)
        await sim.until(lambda: 0 in sim.glass.files)
        sim.press(0)
        host = house.running.house.lobby.hosts[DECK]
        await house.until(lambda: bool(host._held))
        if how == "deck":
            sim.unplug()
        else:
            sim.faults.unreachable = True
        await house.sims["codec"].until(lambda: house.sims["codec"].mics_muted)
        assert not host._held


async def test_it_is_dim_while_the_room_is_off(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim = await adopt(house)
        await sim.until(lambda: sim.glass.files and sim.glass.brightness == 10)
        sim.unplug()
        sim.plug()
        await sim.until(lambda: sim.glass.files and sim.glass.brightness == 10)
        await house.do("power", {"on": True}, params={"wait": 0})
        await sim.until(lambda: sim.glass.brightness == 80)
