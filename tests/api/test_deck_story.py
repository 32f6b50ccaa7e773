"""A deck comes, is adopted, shows the room and is pressed; goes and comes back; and is let go: over real sockets."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.cli.remote import record
from gateway.plugins import load_drivers
from gateway.recorder import header
from gateway.replay import load, play
from gateway.surfaces.drawing import Form, draw
from gateway.tape import as_json
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


async def test_a_deck_that_waits_is_turned_away_until_it_comes_again(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim, lobby = house.sims["decks"], house.running.house.lobby
        await house.online()
        await sim.until(lambda: lobby.strangers)
        told = (await house.client.delete(f"/api/v1/surfaces/{DECK}")).json()
        assert told == {"id": DECK, "released": True, "waited": True}
        assert (await house.client.get("/api/v1/surfaces")).json() == {"waiting": [], "adopted": []}
        again = await house.client.delete(f"/api/v1/surfaces/{DECK}")
        assert again.status_code == 404 and "is not adopted, and does not wait" in again.json()["detail"]
        seen = sim.pongs
        await sim.until(lambda: sim.pongs > seen + 1)
        assert sim.added, "its link stays"
        sim.unplug()
        await sim.until(lambda: not lobby.shunned)
        sim.plug()
        await sim.until(lambda: DECK in lobby.strangers)
        await house.client.delete(f"/api/v1/surfaces/{DECK}")
        adopted = await house.client.post(f"/api/v1/surfaces/{DECK}/adopt", json={"room": "demo", "surface": "deck"})
        assert adopted.status_code == 200, "who changed their mind may name it still"
        await shows(house, sim, "help")
        entries = (await house.client.get("/api/v1/rooms/demo/history?kinds=event&limit=9")).json()["entries"]
        assert any(entry["event"] == "deck adopted" for entry in entries)


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
        for key in house.running.house.surfaces["demo"]["deck"].spec.pages[0].keys[: sim.keys]:
            await shows(house, sim, key.id)
        before = sim.drawn
        done = await house.do("mic-mute", {"on": True})
        assert done.status_code == 200, done.text
        await shows(house, sim, "mic-mute")
        assert sim.drawn - before == 1, "a command over the API changes one key, once"


async def test_pings_do_not_push_history_out_of_the_tape_and_it_replays(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house:
        sim, device = house.sims["decks"], house.running.house.devices["demo/decks"]
        await adopt(house)
        lines = [header(device, "demo/decks")]
        await sim.until(lambda: sim.pongs > 3)
        before = len(device.tape.entries)
        for _ in range(500):
            sim.say("PING")
        sim.press(place(house, "help"))
        seen = sim.pongs
        await sim.until(lambda: sim.pongs > seen + 500)
        noted = [as_json(entry) for entry, _ in device.tape.entries]
        assert len(noted) - before < 60, "a press and its picture, and runs of pings"
        assert sum(one["with"][1] for one in noted if one.get("in") == "quiet") > 450
        (first,) = [one for one in noted if one.get("in") == "received" and one["with"][0] == {"bytes": "PING"}]
        assert first["line"] == 1, "the first is there as it came"
        replay = play(lines[0], json.loads(json.dumps(noted)), load_drivers())
        assert replay.differences == [] and replay.inputs > 450


async def test_a_tape_tells_its_reader_what_it_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with rig(tmp_path, PROFILE) as house:
        await adopt(house)
        device, path = house.running.house.devices["demo/decks"], tmp_path / "tape.jsonl"
        listening = len(device.tape.listeners)
        task = asyncio.create_task(record("demo/decks", house.running.url, house.token, path, False, None))
        await house.sims["decks"].until(lambda: len(device.tape.listeners) > listening)
        for number in range(3000):  # more at once than anybody can be sent
            device.tape.note(float(number), "in", "due", "silent", line=9)
        await house.sims["decks"].until(lambda: '"missed"' in path.read_text())
        task.cancel()  # Ctrl-C
        assert await task == 0
        await house.sims["decks"].until(lambda: len(device.tape.listeners) == listening)
    (missed,) = [line["missed"] for line in map(json.loads, path.read_text().splitlines()) if "missed" in line]
    assert 500 < missed < 3000
    assert f"{missed} more were lost: they came faster" in capsys.readouterr().err
    assert play(*load(path), load_drivers()).truncated


async def test_words_for_decks_without_pictures(tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE, decks={"bitmaps": 0}) as house:
        sim = house.sims["decks"]
        await adopt(house)
        await sim.until(lambda: sim.texts.get(place(house, "help")) == "Help")
        assert not sim.pictures
