"""The key door: a URL for a key, for the keypad whose it is, from where it stands, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.auth import Guard
from gateway.plugins import load_drivers
from gateway.profile import site as profiles
from tests.api.support import ROOM, Rig, rig

TOKEN = "a-token-for-the-wall-0123"
KEYPAD = """
[keypads.wall]
token = { env = "WALL_TOKEN" }
allow = ["127.0.0.0/8"]
[keypads.wall.actions]
quiet = { do = "mic-mute", on = true }
volume = { do = "volume", level = 44 }
far = { do = "input", part = "display.main", input = "31" }
"""


@contextlib.asynccontextmanager
async def wall(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = KEYPAD) -> AsyncIterator[Rig]:
    monkeypatch.setenv("WALL_TOKEN", TOKEN)
    async with rig(folder, ROOM + text) as house:
        await house.online()
        yield house


async def test_a_key_does_what_the_profile_lists_and_says_what_became_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wall(tmp_path, monkeypatch) as house:
        client = house.client
        for ask in (client.get, client.post):
            answer = await ask(f"/k/{TOKEN}/volume", headers={"authorization": ""})
            assert (answer.status_code, answer.text) == (200, "OK confirmed\r\n")
        assert house.sims["codec"].volume == 44
        ticket = next(reversed(house.room.commands.values()))[1]
        assert ticket.cause == "keypad:wall/volume"
        (event, _) = [event for event in house.room.events if event["event"] == "press"]
        assert (event["device"], event["key"]) == ("wall", "volume")
        wrong = await client.get(f"/k/{TOKEN}/power")
        assert wrong.status_code == 404 and "there is: quiet, volume, far" in wrong.text
        refused = await client.get(f"/k/{TOKEN}/far")  # a projector that is off takes no input
        assert refused.status_code in (200, 502) and refused.text.startswith(("OK", "ERROR"))
        assert TOKEN not in repr(house.room.spec.keypads)


async def test_a_wrong_token_is_told_nothing_and_is_slowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wall(tmp_path, monkeypatch) as house:
        codes = [(await house.client.get(f"/k/guess-{number}/volume")).status_code for number in range(14)]
        assert codes[:10] == [404] * 10 and codes[-1] == 429
        assert (await house.client.get(f"/k/{TOKEN}/volume")).status_code == 200  # the keypad itself goes on
        assert (await house.client.get(f"/k/{house.token}/volume")).status_code in (404, 429)


async def test_its_token_from_elsewhere_is_an_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wall(tmp_path, monkeypatch, KEYPAD.replace("127.0.0.0/8", "10.0.4.31")) as house:
        answer = await house.client.get(f"/k/{TOKEN}/volume")
        assert answer.status_code == 403 and house.sims["codec"].volume == 50
        assert [event["what"] for event in house.room.events if event["event"] == "alert"] == ["key door"]
        codes = [(await house.client.get(f"/k/{TOKEN}/volume")).status_code for _ in range(Guard.TRIES + 3)]
        assert codes == [403] * (Guard.TRIES - 1) + [429] * 4, "and no flood of alerts"
        alerts = [event for event in house.room.events if event["event"] == "alert"]
        assert len(alerts) == Guard.TRIES and house.sims["codec"].volume == 50


async def test_without_a_keypad_there_is_no_door(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        assert (await house.client.get("/k/x/y")).status_code == 404


MISTAKES = [
    ('token = "written-down-here-0123"\nallow = ["10.0.4.31"]', "token: found the secret itself"),
    ('token = { env = "SHORT" }\nallow = ["10.0.4.31"]', "token: found one that is too short"),
    ('allow = ["10.0.4.31"]', "token: missing"),
    ('token = { env = "WALL_TOKEN" }', "allow: missing"),
    ('token = { env = "WALL_TOKEN" }\nallow = ["x"]', "allow[1]: found 'x'"),
    ('token = { env = "WALL_TOKEN" }\nallow = ["10.0.4.31"]\nalow = 1', "alow: unknown key; did you mean 'allow'?"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.setenv("WALL_TOKEN", TOKEN)
    monkeypatch.setenv("SHORT", "1234")
    actions = '\n[keypads.wall.actions]\nmute = { do = "toggle", what = "mic-mute" }\n'
    (tmp_path / "demo.toml").write_text(ROOM + f"\n[keypads.wall]\n{text}{actions}")
    reading = profiles.read(tmp_path / "demo.toml", load_drivers())
    assert said in "\n".join(str(complaint) for complaint in reading.complaints)
    (tmp_path / "demo.toml").write_text(
        ROOM + KEYPAD.replace('do = "volume", level = 44', 'do = "volum", level = 44').replace("far", "Far Off", 0)
    )
    found = "\n".join(map(str, profiles.read(tmp_path / "demo.toml", load_drivers()).complaints))
    assert "[keypads.wall.actions.volume] do: found 'volum'; did you mean 'volume'?" in found
