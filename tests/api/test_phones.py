"""Phones over the API: in by a code or a PIN, out with the room's power, its time, an administrator or a restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from gateway.auth import Guard
from gateway.lines import LineDoor
from gateway.model import Reading
from gateway.profile.linespec import LinesSpec
from tests.api.support import ROOM, Rig, rig

PIN, WRONG = "271828", "314159"
PHONES = '\n[phones]\nqr = true\npin = { env = "TEST_ROOM_PIN" }\n'
KEYPAD = """
[keypads.wall]
token = { env = "TEST_WALL_TOKEN" }
allow = ["127.0.0.0/8"]
[keypads.wall.actions]
quiet = { do = "mic-mute", on = true }
"""
NOBODY = {"authorization": ""}
AT = "/api/v1/rooms/demo/phones"


@contextlib.asynccontextmanager
async def room(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = PHONES, **more: Any) -> AsyncIterator[Rig]:
    monkeypatch.setenv("TEST_ROOM_PIN", PIN)
    monkeypatch.setenv("TEST_WALL_TOKEN", "a-token-for-the-wall-0123")
    async with rig(folder, ROOM + text, **more) as house:
        yield house


async def shown(house: Rig) -> dict[str, Any]:
    """What the room's panel shows now."""
    answer = await house.client.get(f"{AT}/qr", headers=house.as_("panel", "demo"))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def come(house: Rig, **body: str) -> httpx.Response:
    """A phone, which has no token."""
    return await house.client.post(AT, json=body, headers=NOBODY)


async def arrived(house: Rig) -> tuple[dict[str, Any], dict[str, str]]:
    """A phone that is in, and its headers."""
    told = await come(house, code=(await shown(house))["address"].rpartition("=")[2])
    assert told.status_code == 201, told.text
    return told.json(), {"authorization": f"Bearer {told.json()['token']}"}


async def events(house: Rig, of: str = "demo") -> list[Any]:
    """What the journal has of a room's events, oldest first; of "" the site's."""
    return [
        {**entry.data, "cause": entry.cause}
        for entry in (await house.running.house.journal.history(of))[::-1]
        if entry.kind == "event"
    ]


async def test_by_the_code_and_out_when_the_room_goes_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        await house.online()
        told = await shown(house)
        address, _, code = told["address"].partition("#code=")
        assert address == f"{house.running.url}/phones/demo" and len(code) == 22
        assert told["svg"].startswith("<svg ") and 1 <= told["seconds"] <= 30
        answer = await come(house, code=code)
        phone = answer.json()
        assert answer.status_code == 201 and phone["room"] == "demo" and phone["seconds"] == 7200
        assert answer.headers["cache-control"] == "no-store"
        again = await come(house, code=code)
        assert (again.status_code, again.json()["why"]) == (403, "used")

        mine = {"authorization": f"Bearer {phone['token']}"}
        pressed = await house.client.post("/api/v1/rooms/demo/volume", json={"level": 33}, headers=mine)
        assert pressed.status_code == 200 and house.sims["codec"].volume == 33
        assert next(reversed(house.room.commands.values()))[1].cause == f"token:{phone['name']}"

        async with house.socket(token=phone["token"]) as ears:
            await ears.hear(lambda message: message["type"] == "state")
            assert (await house.do("power", {"on": False})).status_code == 200
            await ears.connection.wait_closed()
            assert ears.connection.close_code == 4401 and "turned off" in (ears.connection.close_reason or "")
        for _ in range(Guard.TRIES + 2):  # an old phone is no guesser
            gone = await house.client.get("/api/v1/rooms/demo", headers=mine)
            assert (gone.status_code, gone.json()["over"]) == (401, "off")
        told = [one for one in await events(house) if one.get("name") == phone["name"]]
        assert [(one["what"], one.get("by"), one.get("why")) for one in told] == [
            ("let in", "qr", None),
            ("shut out", None, "off"),
        ]
        assert told[0]["cause"] == "address:127.0.0.1"
        everything = json.dumps([*await events(house), *await events(house, "")])
        assert code not in everything and phone["token"] not in everything


@pytest.mark.parametrize("where", ["ws", "flat", "surfaces/deck/ws"])
async def test_every_socket_of_a_phone_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    async with room(tmp_path, monkeypatch) as house:
        phone, mine = await arrived(house)
        url = house.running.url.replace("http", "ws", 1) + f"/api/v1/rooms/demo/{where}"
        async with websockets.connect(url, additional_headers=mine, proxy=None) as connection:
            await connection.recv()
            house.running.house.rooms["demo"].learn("power", Reading("on", confirmed=True))
            house.running.house.rooms["demo"].learn("power", Reading("off", confirmed=True))
            async with asyncio.timeout(5):
                await connection.wait_closed()
            assert connection.close_code == 4401 and "turned off" in (connection.close_reason or ""), phone["name"]


async def test_whoever_turns_the_room_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        await house.online()
        await house.do("power", {"on": True}, params={"wait": "0"})
        await house.until(lambda: house.room.own("power").value == "on")
        _, mine = await arrived(house)
        house.sims["projector"].press_power()  # the remote control
        await house.until(lambda: house.room.own("power").value in ("cooling", "off"))
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 401


async def test_an_administrator_sees_phones_and_throws_one_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        phone, mine = await arrived(house)
        (row,) = [one for one in (await house.client.get("/api/v1/tokens")).json()["tokens"] if "seconds" in one]
        assert (row["name"], row["role"], row["rooms"]) == (phone["name"], "panel", ["demo"])
        assert 7190 <= row["seconds"] <= 7200
        async with house.socket(token=phone["token"]) as ears:
            await ears.hear(lambda message: message["type"] == "state")
            refused = await house.client.delete(f"/api/v1/tokens/{phone['name']}", headers=mine)
            assert refused.status_code == 403
            assert (await house.client.delete(f"/api/v1/tokens/{phone['name']}")).status_code == 200
            await ears.connection.wait_closed()
            assert ears.connection.close_code == 4401
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).json()["over"] == "revoked"
        assert (await house.client.delete(f"/api/v1/tokens/{phone['name']}")).status_code == 404


async def test_a_restart_knows_no_phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        _, mine = await arrived(house)
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 200
    assert "phone:" not in (tmp_path / "data" / "tokens.json").read_text()
    async with room(tmp_path, monkeypatch, tester="again") as house:
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 401


async def test_no_chains_and_nothing_beyond_the_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        waiting = (await house.client.post("/api/v1/pairing")).json()["code"]
        _, mine = await arrived(house)
        client = house.client
        answers = [
            await client.get(f"{AT}/qr", headers=mine),
            await client.get(f"{AT}/qr", headers=house.as_("viewer")),
            await client.get(f"{AT}/qr", headers=house.as_("panel", "attic")),
            await client.get("/api/v1/tokens", headers=mine),
            await client.get("/api/v1/surfaces", headers=mine),
            await client.post(f"/api/v1/surfaces/{waiting}/adopt", json={"room": "demo"}, headers=mine),
            await client.get("/api/v1/rooms/demo/history", headers=mine),
        ]
        assert [answer.status_code for answer in answers] == [403] * len(answers)
        assert (await client.get(f"{AT}/qr", headers=NOBODY)).status_code == 401


async def test_guessing_a_pin_is_slowed_and_journaled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with room(tmp_path, monkeypatch) as house:
        assert (await house.client.get(AT, headers=NOBODY)).json() == {"pin": True}
        assert (await come(house, pin=PIN)).status_code == 201
        answers = [await come(house, pin=WRONG) for _ in range(Guard.TRIES)]
        assert {(one.status_code, one.json()["why"]) for one in answers} == {(403, "pin")}
        slow = await come(house, pin=PIN)
        assert (slow.status_code, slow.json()["why"]) == (429, "slow") and 1 <= int(slow.headers["retry-after"]) <= 11
        told = [one for one in await events(house) + await events(house, "") if one.get("event") == "guessing slowed"]
        assert [(one["what"], one["address"]) for one in told] == [("PIN", "several addresses"), ("PIN", "127.0.0.1")]
        everything = json.dumps([*await events(house), *await events(house, "")]) + caplog.text
        everything += "".join(one.text for one in answers) + slow.text + repr(house.room.spec)
        assert WRONG not in everything and PIN not in everything and "Too many wrong tries at a PIN" in caplog.text
        assert (await house.client.get("/api/v1/rooms/demo", headers=house.as_("panel", "demo"))).status_code == 200


async def test_every_door_tells_the_journal_who_guesses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch, PHONES + KEYPAD) as house:
        client, journal = house.client, house.running.house.journal
        guess = {"authorization": "Bearer rg_guess"}
        url = house.running.url.replace("http", "ws", 1) + "/api/v1/rooms/demo/ws"

        async def socket() -> None:
            with contextlib.suppress(websockets.InvalidStatus):
                await websockets.connect(url, additional_headers=guess, proxy=None)

        async def line() -> None:
            spec = LinesSpec(0, allow=("127.0.0.0/8",), password="sesame")
            async with LineDoor(house.running.house, spec).open() as door:
                reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
                writer.write(b"open demo volume 1\r\n" * Guard.TRIES)
                for _ in range(Guard.TRIES):
                    await reader.readuntil(b"\r\n")
                writer.close()
                await writer.wait_closed()

        doors = {
            "token": lambda: client.get("/api/v1/rooms/demo", headers=guess),
            "key token": lambda: client.get("/k/guess/quiet", headers=NOBODY),
            "phone's code": lambda: come(house, code="guess"),
        }
        for what, knock in doors.items():
            for _ in range(Guard.TRIES):
                await knock()
            assert [one["what"] for one in await events(house, "")][-1] == what
        await line()
        for _ in range(2):  # the address waits already, whatever is guessed at: said once, not each time
            await socket()
            await client.get("/api/v1/pairing", headers={"authorization": "Pairing x"})
        told = [entry.data for entry in (await journal.history(""))[::-1]]
        assert [one["what"] for one in told] == [*doors, "line password"]
        assert all(
            (one["event"], one["address"], one["seconds"]) == ("guessing slowed", "127.0.0.1", 10) for one in told
        )
    for what, knock_ in (("token", socket), ("pairing code", None)):
        async with room(tmp_path, monkeypatch, tester=what.replace(" ", "-")) as house:
            client = house.client
            url = house.running.url.replace("http", "ws", 1) + "/api/v1/rooms/demo/ws"
            for _ in range(Guard.TRIES):
                if knock_ is not None:
                    await knock_()
                else:
                    await client.get("/api/v1/pairing", headers={"authorization": "Pairing x"})
            assert [one["what"] for one in await events(house, "") if one.get("event") == "guessing slowed"][-1] == what


async def test_a_room_that_takes_no_phones_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch, "") as house:
        assert (await house.client.get(AT, headers=NOBODY)).json() == {"pin": False}
        assert (await house.client.get(AT.replace("demo", "nowhere"), headers=NOBODY)).json() == {"pin": False}
        for where in (AT, AT.replace("demo", "nowhere")):
            answer = await house.client.post(where, json={"pin": PIN}, headers=NOBODY)
            assert (answer.status_code, answer.json()["detail"]) == (401, "a token is needed")
        answer = await house.client.get(f"{AT}/qr")
        assert answer.status_code == 404 and "shows no code" in answer.json()["detail"]
        assert "phones" not in (await house.client.get("/api/v1/rooms/demo")).json()


async def test_nonsense_gets_a_clear_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        for body in ({}, {"pin": 271828}, {"code": None}, {"code": "x", "pin": PIN}, {"code": ["x"]}):
            answer = await house.client.post(AT, json=body, headers=NOBODY)
            assert (answer.status_code, answer.json()["detail"]) == (422, "a code or a PIN is needed, as a text"), body
        assert (await house.client.post(AT, content=b"{", headers=NOBODY)).status_code == 422
        assert (await house.client.post(AT, content=b"x" * 100_000, headers=NOBODY)).status_code == 413
        for pin in ("", "x" * 50_000, "２７１８２８"):
            assert (await come(house, pin=pin)).json()["why"] == "pin"
        broken = await house.client.post(AT, content=b'{"pin": "\\ud83d"}', headers=NOBODY)
        assert broken.json()["why"] == "pin", "half a character is no PIN"
        answer = await house.client.get(f"{AT}/qr", headers={"host": "a b"})
        assert answer.status_code == 400


async def test_the_sites_own_address_is_in_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(tmp_path, monkeypatch) as house:
        spec = house.running.house.spec
        object.__setattr__(spec.server, "address", "https://rooms.example.com")
        assert (await shown(house))["address"].startswith("https://rooms.example.com/phones/demo#code=")
