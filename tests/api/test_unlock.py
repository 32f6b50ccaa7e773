"""An administrator's PIN over the API: what a panel may not do without it, what it opens, for whom, for how long."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets

from gateway.auth import Guard
from tests.api.support import ROOM, Rig, rig
from tests.clock import LeapingClock

PIN, WRONG = "271828", "314159"
ADMIN = '\n[admin]\npin = { env = "TEST_ADMIN_PIN" }\n[phones]\nqr = true\n'
AT = "/api/v1/rooms/demo/unlock"
RELAY = "relays/door"
RESTART = "/api/v1/devices/demo/relays/restart"


@contextlib.asynccontextmanager
async def room(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = ADMIN) -> AsyncIterator[Rig]:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    async with rig(folder, ROOM + text, clock=LeapingClock(1_700_000_000.0)) as house:
        await house.online()
        yield house


async def unlock(house: Rig, headers: dict[str, str], pin: str = PIN) -> httpx.Response:
    return await house.client.post(AT, json={"pin": pin}, headers=headers)


async def test_equipment_is_locked_for_panels_until_the_pin_and_again_after_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path, monkeypatch) as house:
        wall, other = house.as_("panel", "demo"), house.as_("panel")
        assert (await house.client.get("/api/v1/rooms/demo", headers=wall)).json()["locked"] is True
        for path, body in ((RELAY, {"closed": True}), ("codec/power", {"on": False})):
            answer = await house.do(path, body, headers=wall)
            assert answer.status_code == 403 and answer.json()["why"] == "locked", path
        assert not house.sims["relays"].contacts["1:3"]
        assert (await house.do("volume", {"level": 20}, headers=wall)).status_code == 200, (
            "what is for every day is not"
        )
        assert (await house.do("mic-mute", {"on": True}, headers=wall)).status_code == 200
        assert (await house.client.post(RESTART, headers=wall)).status_code == 403

        wrong = await unlock(house, wall, WRONG)
        assert wrong.status_code == 403 and wrong.json()["why"] == "pin" and WRONG not in wrong.text
        told = await unlock(house, wall)
        assert told.status_code == 200
        assert told.json()["seconds"] == 300
        assert told.json()["devices"] == {f"demo/{name}": name for name in ("projector", "codec", "relays")}
        assert (await house.do(RELAY, {"closed": True}, headers=wall)).status_code == 200
        assert (await house.client.post(RESTART, headers=wall)).status_code == 202
        assert (await house.client.post("/api/v1/devices/attic/relays/restart", headers=wall)).status_code == 403
        assert (await house.client.get("/api/v1/devices", headers=wall)).status_code == 403, "no administrator"
        assert (await house.client.get("/api/v1/devices/demo/relays/tape", headers=wall)).status_code == 403
        assert (await house.do(RELAY, {"closed": True}, headers=other)).status_code == 403, "one panel, not all"

        house.running.house.clock.leap(300)  # type: ignore[attr-defined]
        assert (await house.do(RELAY, {"closed": False}, headers=wall)).status_code == 403
        assert (await house.client.post(RESTART, headers=wall)).status_code == 403
        await unlock(house, wall)
        assert (await house.client.delete(AT, headers=wall)).status_code == 200
        assert (await house.do(RELAY, {"closed": False}, headers=wall)).status_code == 403
        for role in ("operator", "admin"):
            assert (await house.do(RELAY, {"closed": False}, headers=house.as_(role))).status_code == 200, role
        entries = (await house.client.get("/api/v1/rooms/demo/history?kinds=event&subject=panel")).json()["entries"]
        assert [(one["what"], one["cause"]) for one in entries] == [
            ("locked", "token:panel-demo"),
            ("unlocked", "token:panel-demo"),
            ("unlocked", "token:panel-demo"),
        ]
        whole = (await house.client.get("/api/v1/rooms/demo/history?limit=1000")).text
        assert PIN not in whole and WRONG not in whole


async def test_the_sockets_are_locked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        wall = house.as_("panel", "demo")
        text = wall["authorization"].split()[1]
        close = {"do": "relay", "part": "relay.door", "closed": True}
        async with house.socket(token=text) as ears:
            await ears.say(ref=1, **close)
            assert (await ears.kind("problem", 1))["why"] == "locked"
            await unlock(house, wall)
            await ears.say(ref=2, **close)
            assert (await ears.kind("answer", 2))["result"] == "confirmed"
            await house.client.delete(AT, headers=wall)
        url = house.running.url.replace("http", "ws", 1) + f"/api/v1/rooms/demo/flat?token={text}"
        async with websockets.connect(url, proxy=None) as flat:
            await flat.recv()
            await flat.send('{"do": "relay", "part": "relay.door", "closed": false}')
            while '"last.result": "problem"' not in (said := str(await flat.recv())):
                pass
            assert "administrator's PIN" in said
        assert house.sims["relays"].contacts["1:3"]


async def test_who_may_not_unlock_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        shown = await house.client.get("/api/v1/rooms/demo/phones/qr", headers=house.as_("panel", "demo"))
        came = await house.client.post(
            "/api/v1/rooms/demo/phones",
            json={"code": shown.json()["address"].rpartition("=")[2]},
            headers={"authorization": ""},
        )
        phone = {"authorization": f"Bearer {came.json()['token']}"}
        assert (await unlock(house, phone)).json()["why"] == "phone"
        assert (await house.do(RELAY, {"closed": True}, headers=phone)).status_code == 403
        assert (await unlock(house, house.as_("viewer", "demo"))).status_code == 403
        assert (await unlock(house, house.as_("panel", "attic"))).status_code == 403
        assert (await unlock(house, {"authorization": ""})).status_code == 401
        missing = await house.client.post("/api/v1/rooms/attic/unlock", json={"pin": PIN})
        assert missing.status_code == 404
        wall = house.as_("panel", "demo")
        for body in ({}, {"pin": 271828}, {"pin": None}, []):
            assert (await house.client.post(AT, json=body, headers=wall)).status_code == 422, body


async def test_guessing_is_slowed_and_a_good_token_forgives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path, monkeypatch) as house:
        wall = house.as_("panel", "demo")
        answers = [(await unlock(house, wall, WRONG)).status_code for _ in range(Guard.TRIES)]
        assert answers == [403] * Guard.TRIES
        slowed = await unlock(house, wall)
        assert slowed.status_code == 429 and slowed.json()["why"] == "slow" and int(slowed.headers["retry-after"]) >= 9
        assert (await house.do("volume", {"level": 20}, headers=wall)).status_code == 200, "the panel works on"
        house.running.house.clock.leap(Guard.FIRST)  # type: ignore[attr-defined]
        assert (await unlock(house, wall)).status_code == 200


async def test_without_a_pin_nothing_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch, "") as house:
        wall = house.as_("panel", "demo")
        assert "locked" not in (await house.client.get("/api/v1/rooms/demo", headers=wall)).json()
        assert (await house.do(RELAY, {"closed": True}, headers=wall)).status_code == 200
        assert (await unlock(house, wall)).status_code == 409
        assert (await house.client.post(RESTART, headers=wall)).status_code == 403
