"""Scenes and the call for help, over HTTP and the WebSocket, on a whole gateway."""

from __future__ import annotations

from pathlib import Path

from tests.api.support import rig


async def test_a_scene_runs_over_http_and_its_steps_name_it_as_their_cause(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        answer = await house.do("scene?wait=20", {"scene": "film"})
        told = answer.json()
        assert answer.status_code == 200 and told["complete"] is True, told
        assert {(part["part"], part["verb"]): part["result"] for part in told["parts"]} == {
            ("display.main", "power"): "confirmed",
            ("display.main", "input"): "confirmed",
            ("volume", "volume"): "confirmed",
            ("mics", "mic-mute"): "confirmed",
            ("screen.left", "move"): "assumed",
        }
        assert house.sims["codec"].volume == 45 and house.sims["codec"].mics_muted
        assert house.sims["projector"].input == "31"
        await house.running.house.journal.flushed()
        why = (await house.client.get("/api/v1/rooms/demo/why/volume")).json()
        commands = [entry for entry in why["because"] if entry["kind"] == "command"]
        assert [entry["verb"] for entry in commands] == ["volume", "scene"]
        assert commands[1]["id"] == told["id"] == commands[0]["cause"]
        wrong = await house.do("scene", {"scene": "flim"})
        assert wrong.status_code == 422 and "it has: film" in wrong.json()["detail"]


async def test_a_call_for_help_is_an_alert_for_everybody_and_is_journaled(tmp_path: Path) -> None:
    async with rig(tmp_path) as house, house.socket() as ears:
        await ears.kind("state")
        answer = await house.do("help", {"text": "No sound from the far end"})
        assert answer.status_code == 200 and answer.json()["result"] == "assumed", answer.text
        told = await ears.hear(lambda told: told.get("event") == "alert")
        assert (told["what"], told["text"]) == ("help", "No sound from the far end")
        await ears.say(do="help", ref=1)
        assert (await ears.kind("answer", 1))["verb"] == "help"
        await house.running.house.journal.flushed()
        entries = (await house.client.get("/api/v1/rooms/demo/history?kinds=event")).json()["entries"]
        assert [entry.get("text") for entry in entries if entry["subject"] == "alert"] == [
            "",
            "No sound from the far end",
        ]
        assert entries[-1]["cause"] == answer.json()["id"]
        await ears.say(do="show-key", key="1", ref=2)  # what the gateway says to surfaces is for nobody else
        assert (await ears.kind("problem", 2))["status"] == 422
