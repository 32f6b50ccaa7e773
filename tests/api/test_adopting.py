"""Letting panels in over the API: the code, the approval, the token, its end; and that only an administrator may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from gateway.auth import Guard
from tests.api.support import Rig, rig


async def begin(house: Rig) -> tuple[str, dict[str, str]]:
    """A panel that nobody knows: its code, and the header that it asks with."""
    async with httpx.AsyncClient(base_url=house.running.url, trust_env=False) as panel:
        answer = await panel.post("/api/v1/pairing", headers={"user-agent": "Panel/1"})
    assert answer.status_code == 201
    return answer.json()["code"], {"authorization": f"Pairing {answer.json()['secret']}"}


async def test_a_panel_is_let_into_one_room_and_thrown_out_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        code, asks = await begin(house)
        assert (await house.client.get("/api/v1/pairing", headers=asks)).json() == {"state": "waiting", "code": code}
        listed = (await house.client.get("/api/v1/surfaces", headers=house.as_("admin"))).json()
        assert [(one["id"], one["kind"], one["is"]) for one in listed["waiting"]] == [(code, "panel", "Panel/1")]
        adopted = await house.client.post(
            f"/api/v1/surfaces/{code.lower()}/adopt", json={"room": "demo"}, headers=house.as_("admin")
        )
        assert adopted.status_code == 200 and adopted.json()["kind"] == "panel"
        told = (await house.client.get("/api/v1/pairing", headers=asks)).json()
        assert told["state"] == "adopted" and told["room"] == "demo"
        mine = {"authorization": f"Bearer {told['token']}"}
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 200
        assert (await house.client.get("/api/v1/devices", headers=mine)).status_code == 403
        assert (await house.client.get("/api/v1/pairing", headers=asks)).status_code == 404
        async with house.socket(token=told["token"]) as ears:
            await ears.hear(lambda message: message["type"] == "state")
            name = adopted.json()["token"]
            gone = await house.client.delete(f"/api/v1/tokens/{name}", headers=house.as_("admin"))
            assert gone.status_code == 200
            await ears.connection.wait_closed()
            assert ears.connection.close_code == 4401
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 401
        entries = (await house.client.get("/api/v1/rooms/demo/history?kinds=event", headers=house.as_("admin"))).json()
        assert [(one["event"], one["cause"]) for one in entries["entries"]] == [("panel adopted", "token:admin")]


async def test_only_an_administrator_lets_anybody_in(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        code, asks = await begin(house)
        for role in ("viewer", "panel", "operator"):
            headers = house.as_(role)
            asked = [
                await house.client.get("/api/v1/surfaces", headers=headers),
                await house.client.get("/api/v1/tokens", headers=headers),
                await house.client.delete(f"/api/v1/tokens/{role}", headers=headers),
                await house.client.delete(f"/api/v1/surfaces/{code}", headers=headers),
                await house.client.post(f"/api/v1/surfaces/{code}/adopt", json={"room": "demo"}, headers=headers),
            ]
            assert [answer.status_code for answer in asked] == [403] * 5, role
        assert (await house.client.get("/api/v1/pairing", headers=asks)).json()["state"] == "waiting"
        told = (await house.client.get("/api/v1/tokens", headers=house.as_("admin"))).json()["tokens"]
        assert {"name", "role", "rooms", "created"} == set(told[0]), "never a digest"


async def test_nonsense_gets_a_clear_answer(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        admin = house.as_("admin")
        code, _ = await begin(house)

        async def adopt(identity: str, body: object) -> tuple[int, str]:
            answer = await house.client.post(f"/api/v1/surfaces/{identity}/adopt", json=body, headers=admin)
            return answer.status_code, answer.json()["detail"]

        assert await adopt(code, {"room": "attic"}) == (422, "room: there is no room 'attic'")
        assert await adopt(code, {"room": 7}) == (422, "room is a text")
        assert await adopt(code, {"room": "demo", "name": "a b"}) == (
            422,
            "a token's name is 1 to 64 letters, digits, dots, dashes or underscores, not 'a b'",
        )
        status, words = await adopt("ZZZZZZ", {"room": "demo"})
        assert status == 404 and "nobody waits" in words
        status, words = await adopt("demo/nothing", {"room": "demo", "surface": "deck"})
        assert status == 404 and "there is no deck" in words
        assert await adopt(code, []) == (422, "not a JSON object")
        long = await house.client.post(f"/api/v1/surfaces/{code}/adopt", content=b"x" * 2_000_000, headers=admin)
        assert long.status_code == 413
        assert (await house.client.delete(f"/api/v1/surfaces/{code}", headers=admin)).status_code == 200
        assert (await house.client.delete(f"/api/v1/surfaces/{code}", headers=admin)).status_code == 404


async def test_guessing_a_pairings_secret_is_slowed(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        _, asks = await begin(house)
        wrong = {"authorization": "Pairing " + "x" * 43}
        answers = [
            (await house.client.get("/api/v1/pairing", headers=wrong)).status_code for _ in range(Guard.TRIES + 1)
        ]
        assert answers == [404] * Guard.TRIES + [429]
        assert (await house.client.get("/api/v1/pairing", headers=asks)).status_code == 200, "a good one is heard"
        assert (await house.client.get("/api/v1/pairing")).status_code == 401


async def test_the_command_line_lists_and_adopts(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        code, asks = await begin(house)
        house.as_("admin")
        given = {**os.environ, "ROOMGATE_URL": house.running.url, "ROOMGATE_TOKEN": house.tokens["admin"]}

        async def roomgate(*words: str) -> tuple[int, str]:
            import asyncio

            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-m", "gateway", "surfaces", *words],
                capture_output=True,
                text=True,
                env=given,
                check=False,
            )
            return done.returncode, done.stdout + done.stderr

        assert (await roomgate("list"))[1].split()[:3] == ["waits", "panel", code]
        status, said = await roomgate("adopt", "QQQQQQ", "--room", "demo")
        assert status == 1 and "nobody waits with the code 'QQQQQQ'" in said
        status, said = await roomgate("adopt", code, "--room", "demo", "--name", "wall")
        assert (status, said.strip()) == (0, f"panel {code} belongs to room demo now (token wall)")
        other, _ = await begin(house)
        assert await roomgate("release", other) == (0, f"{other} was turned away\n")
        assert (await house.client.get("/api/v1/pairing", headers=asks)).json()["state"] == "adopted"
