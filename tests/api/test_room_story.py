"""The room as one thing: power, source, steps and toggles, whatever equipment plays them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.api.support import ROOM, Rig, rig


def by_part(told: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(child["part"], child["verb"]): child["result"] for child in told["parts"]}


def value(house: Rig, part: str, point: str) -> Any:
    return house.room.readings(part)[point].value


async def test_power_on_and_off_are_what_the_profile_says(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        projector, codec = house.sims["projector"], house.sims["codec"]
        on = await house.do("power?wait=20", {"on": True})
        assert on.status_code == 200 and on.json()["complete"] is True, on.text
        assert by_part(on.json()) == {
            ("codec", "power"): "confirmed",
            ("display.main", "power"): "confirmed",
            ("display.main", "input"): "confirmed",
            ("screen.left", "move"): "assumed",
        }
        assert (projector.power, projector.input, codec.standby) == ("on", "32", "Off")
        assert (value(house, "room", "power"), value(house, "room", "source")) == ("on", "codec")
        assert value(house, "screen.left", "position") == 100

        for path, body in (("volume", {"level": 70}), ("mute", {"on": True})):
            assert (await house.do(path, body)).status_code == 200
        codec.incoming_call()
        await house.until(lambda: value(house, "calls", "calls"))
        off = (await house.do("power?wait=20", {"on": False})).json()
        assert off["complete"] is True, off
        assert by_part(off) == {
            ("volume", "volume"): "confirmed",
            ("volume", "mute"): "confirmed",
            ("calls", "hangup"): "confirmed",
            ("codec", "power"): "confirmed",
            ("display.main", "input"): "confirmed",
            ("display.main", "power"): "confirmed",
            ("screen.left", "move"): "assumed",
        }
        assert (codec.volume, codec.volume_muted, codec.calls, codec.standby) == (35, False, [], "Standby")
        assert (projector.input, projector.power) == ("31", "off") and value(house, "screen.left", "position") == 0
        assert value(house, "room", "power") == "off"

        await house.running.house.journal.flushed()
        why = (await house.client.get("/api/v1/rooms/demo/why/displays/main/power")).json()
        assert [entry["verb"] for entry in why["because"] if entry["kind"] == "command"] == ["power", "power"]
        assert why["because"][-1]["id"] == off["id"] and "asked by token:tester" in why["words"], why


async def test_one_device_away_does_not_stop_the_others(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        await house.do("power?wait=20", {"on": True})
        for away in ("relays", "codec"):
            house.sims[away].faults.unreachable = True
            device = house.running.house.devices[f"demo/{away}"]
            await house.until(lambda device=device: device.reason is not None)
        answer = await house.do("power?wait=20", {"on": False})
        told = answer.json()
        assert answer.status_code == 200 and told["complete"] is False, told
        results = by_part(told)
        assert results["display.main", "power"] == "confirmed" and house.sims["projector"].power == "off"
        assert results["screen.left", "move"] == results["codec", "power"] == results["volume", "mute"] == "offline"
        assert all(child["words"] for child in told["parts"] if child["result"] == "offline")


async def test_equipment_comes_and_goes_and_the_call_stays_the_same(tmp_path: Path) -> None:
    head, parts = ROOM.split("[parts]")
    small = head + '[parts]\nvolume = "codec"\n\n[parts.display.main]\nunit = "projector"\n'
    async with rig(tmp_path, small) as house:
        await house.online()
        on = (await house.do("power?wait=20", {"on": True})).json()
        assert (on["complete"], by_part(on)) == (True, {("display.main", "power"): "confirmed"})
    without = head + '[parts]\nrelay.door = "relays/1:3"\n'
    (tmp_path / "other").mkdir()
    async with rig(tmp_path / "other", without) as house:
        await house.online()
        answer = await house.do("power", {"on": True})
        assert answer.status_code == 409 and "nothing to power" in answer.json()["detail"]
    assert parts


async def test_a_source_wakes_its_display_and_waits_for_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        assert house.sims["projector"].power == "off"
        told = (await house.do("source?wait=20", {"source": "codec"})).json()
        assert [(c["verb"], c["result"]) for c in told["parts"]] == [("power", "confirmed"), ("input", "confirmed")]
        assert (house.sims["projector"].power, house.sims["projector"].input) == ("on", "32")
        again = (await house.do("source?wait=20", {"source": "laptop"})).json()
        assert [c["verb"] for c in again["parts"]] == ["input"]  # it is awake already
        await house.until(lambda: value(house, "room", "source") == "laptop")


async def test_steps_and_toggles_begin_at_what_is_known(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        codec = house.sims["codec"]
        await house.until(lambda: value(house, "volume", "volume") == 50)
        assert (await house.do("volume/step", {"by": -7})).json()["result"] == "confirmed" and codec.volume == 43
        assert (await house.do("volume/step", {"by": 100})).status_code == 200 and codec.volume == 80  # the room's most
        assert (await house.do("toggle", {"what": "mute"})).json()["complete"] and codec.volume_muted
        codec.touch_volume_mute()  # somebody at the panel
        await house.until(lambda: value(house, "volume", "muted") is False)
        assert (await house.do("toggle", {"what": "mute"})).json()["complete"] and codec.volume_muted
        assert (await house.do("toggle?wait=20", {"what": "power"})).json()["complete"]
        assert house.sims["projector"].power == "on"

        codec.faults.unreachable = True
        await house.until(lambda: house.running.house.devices["demo/codec"].reason is not None)
        unknown = await house.do("toggle", {"what": "mute"})
        assert unknown.status_code == 409 and "it is offline" in unknown.json()["detail"]
        await house.running.house.journal.flushed()
        entries = (await house.client.get("/api/v1/rooms/demo/history")).json()["entries"]
        ended = {entry["id"] for entry in entries if entry["kind"] == "outcome"}
        assert {entry["id"] for entry in entries if entry["kind"] == "command"} == ended  # each has its one outcome


async def test_every_path_that_takes_a_command_can_be_read(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        for path in ("power", "source", "volume", "mute", "volume/step", "mic-mute", "calls/dial", "screens/left",
                     "screens/left/stop", "displays/main/input", "relays/door", "calls", "mics", "codec"):  # fmt: skip
            answer = await house.client.get(f"/api/v1/rooms/demo/{path}")
            assert answer.status_code == 200 and answer.json()["points"], path
        state = (await house.client.get("/api/v1/rooms/demo")).json()
        assert state["parts"]["display.main"]["takes"] == ["power", "input", "source", "video-mute"]
        assert state["limits"] == {"volume": 80} and state["sources"] == {
            "laptop": {"label": "Laptop"},
            "codec": {"label": "Codec"},
        }
        rooms = (await house.client.get("/api/v1/rooms")).json()["rooms"]
        assert [(room["room"], room["name"], room["offline"]) for room in rooms] == [("demo", "Test room", [])]
        drivers = (await house.client.get("/api/v1/drivers")).json()["drivers"]
        assert {"pjlink", "cisco_roomos"} <= {driver["driver"] for driver in drivers}
        devices = (await house.client.get("/api/v1/devices")).json()["devices"]
        assert devices["demo/projector"]["identity"]["name"] == "Boardroom projector"
        async with house.client.stream("GET", "/api/v1/devices/demo/codec/tape") as tape:
            lines = [line async for line in tape.aiter_lines()]
        assert '"tape": 1' in lines[0] and len(lines) > 5
        assert (await house.client.get("/healthz", headers={"authorization": ""})).json() == {"alive": True}
        ready = await house.client.get("/readyz")
        assert ready.status_code == 200 and ready.json()["state"]["demo/codec"]["online"] is True


async def test_a_directory_is_read_row_by_row(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        async with house.client.stream("POST", "/api/v1/rooms/demo/calls/search", json={"text": "board"}) as answer:
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
            rows = [json.loads(line) async for line in answer.aiter_lines()]
        assert len(rows) == 12 and all("board" in row["name"].lower() for row in rows), rows
        none = await house.do("calls/search", {"text": "nobody of this name"})
        assert (none.status_code, none.text) == (200, "")
        house.sims["codec"].faults.unreachable = True
        await house.until(lambda: house.running.house.devices["demo/codec"].reason is not None)
        away = await house.do("calls/search", {"text": "board"})
        assert away.status_code == 503 and away.headers["content-type"] == "application/problem+json"
        await house.running.house.journal.flushed()
        entries = (await house.client.get("/api/v1/rooms/demo/history?kinds=command,outcome")).json()["entries"]
        told = [entry.get("result", "asked") for entry in entries if entry["subject"] == "calls"]
        assert told == ["offline", "asked", "confirmed", "asked", "confirmed", "asked"]
