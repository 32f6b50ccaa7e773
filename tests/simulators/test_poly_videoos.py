"""The simulated VideoOS codec, told as what a person with an HTTP client sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from simulators import find
from simulators.device import SimulatorError
from simulators.poly_videoos import PolyVideoos


@asynccontextmanager
async def codec(**given: Any) -> AsyncIterator[tuple[PolyVideoos, httpx.AsyncClient]]:
    """A codec, and a client that keeps no cookies by itself."""
    sim = PolyVideoos.configured({"password": "x", "speed": 50, "no_answer_seconds": 3000} | given)
    async with sim.serving() as link, httpx.AsyncClient(base_url=link, trust_env=False) as client:
        yield sim, client


async def log_in(client: httpx.AsyncClient, path: str = "/rest/session") -> dict[str, str]:
    """The headers of a session."""
    answer = await client.post(path, json={"user": "admin", "password": "x"})
    assert answer.status_code == 200 and answer.json()["success"] is True
    headers = {"Cookie": f"session_id={answer.json()['session']['sessionId']}"}
    token = answer.cookies.get("XSRF-TOKEN")
    client.cookies.clear()
    if token:
        headers = {"Cookie": f"{headers['Cookie']}; XSRF-TOKEN={token}", "x-xsrf-token": token}
    return headers


@asynccontextmanager
async def inside(**given: Any) -> AsyncIterator[tuple[PolyVideoos, httpx.AsyncClient]]:
    """The same, logged in."""
    async with codec(**given) as (sim, client):
        client.headers.update(await log_in(client))
        yield sim, client


async def test_it_is_found_by_its_name() -> None:
    assert find("poly_videoos") is PolyVideoos


# ---- sessions ----------------------------------------------------------------------------------------------------


async def test_without_a_session_everything_is_403() -> None:
    async with codec() as (_, client):
        assert (await client.get("/rest/system")).status_code == 403
        headers = await log_in(client)
        assert (await client.get("/rest/system", headers=headers)).json()["model"] == "StudioX30"


async def test_a_wrong_password_and_a_refused_right_one() -> None:
    async with codec() as (sim, client):
        wrong = await client.post("/rest/session", json={"user": "admin", "password": "y"})
        sim.faults.refuse_login = True
        right = await client.post("/rest/session", json={"user": "admin", "password": "x"})
        assert [answer.status_code for answer in (wrong, right)] == [403, 403]
        assert wrong.json() == {"success": False, "reason": "Authentication failed"}
        assert (sim.open_sessions, sim.failed_log_ins) == (0, 2)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"version": "4.6.2"}, True),
        ({"version": "4.10.0"}, True),
        ({"version": "4.6.1"}, False),
        ({"version": "3.12.0"}, False),
        ({"version": "3.12.0", "xsrf": "on"}, True),
        ({"version": "4.6.2", "xsrf": "off"}, False),
    ],
)
async def test_the_token_is_asked_for_from_4_6_2_on(given: dict[str, Any], asked: bool) -> None:
    async with codec(**given) as (_, client):
        headers = await log_in(client)
        assert ("x-xsrf-token" in headers) is asked
        assert (await client.get("/rest/system", headers=headers)).status_code == 200
        if asked:
            only_cookie = {"Cookie": headers["Cookie"]}
            assert (await client.get("/rest/system", headers=only_cookie)).status_code == 403


async def test_a_version_is_made_of_numbers() -> None:
    with pytest.raises(SimulatorError, match="version"):
        PolyVideoos.configured({"version": "newest"})


async def test_log_out_ends_the_session() -> None:
    async with inside() as (sim, client):
        assert sim.open_sessions == 1
        assert (await client.delete("/rest/session")).status_code == 200
        assert sim.open_sessions == 0
        assert (await client.get("/rest/system")).status_code == 403


@pytest.mark.parametrize("status", [401, 403])
async def test_sessions_go_stale(status: int) -> None:
    async with inside(stale_status=status, session_seconds=600.0, speed=5000.0) as (sim, client):
        sim.expire_sessions()
        assert (await client.get("/rest/system")).status_code == status


async def test_idle_sessions_end_by_themselves() -> None:
    async with inside(session_seconds=1.0, speed=1000.0) as (sim, client):
        timer_rang: list[bool] = []
        sim.after(5.0, lambda: timer_rang.append(True))
        await sim.until(lambda: timer_rang)
        assert (await client.get("/rest/system")).status_code == 403


async def test_a_session_too_many_is_refused() -> None:
    async with codec(max_sessions=2) as (sim, client):
        sim.others_log_in(2)
        answer = await client.post("/rest/session", json={"user": "admin", "password": "x"})
        assert answer.status_code == 403 and "sessions" in answer.json()["reason"]


async def test_a_session_held_too_long_locks_the_unit_up_until_it_is_rebooted() -> None:
    async with inside(lock_up_seconds=1.0, speed=1000.0) as (sim, client):
        rang: list[bool] = []
        sim.after(5.0, lambda: rang.append(True))
        await sim.until(lambda: rang)
        await client.get("/rest/system")
        assert (await client.get("/rest/system")).status_code == 500
        assert (await client.post("/rest/session", json={})).status_code == 500
        await sim.reboot()
        assert (await client.get("/rest/system", headers=await log_in(client))).status_code == 200


async def test_the_two_addresses_of_the_session() -> None:
    async with codec(session_path="both") as (_, client):
        await log_in(client, "/rest/current/session")
    for path, missing in (("session", "/rest/current/session"), ("current", "/rest/session")):
        async with codec(session_path=path) as (_, client):
            assert (await client.post(missing, json={})).status_code == 404


async def test_no_secret_is_in_the_memory() -> None:
    async with codec() as (sim, client):
        headers = await log_in(client)
        told = str(sim.memory())
        assert "password" not in sim.memory() and headers["x-xsrf-token"] not in told


# ---- the room ----------------------------------------------------------------------------------------------------


async def test_sound_and_picture() -> None:
    async with inside() as (sim, client):
        assert (await client.get("/rest/audio/volume")).text == "39"
        assert (await client.post("/rest/audio/volume", content="70")).status_code == 200
        assert (await client.post("/rest/audio/muted", content="true")).status_code == 200
        assert (await client.post("/rest/video/local/mute", json={"mute": True})).json()["success"]
        assert (sim.volume, sim.muted, sim.video_muted) == (70, True, True)
        assert (await client.get("/rest/audio")).json()["volume"] == 70
        for wrong in ("101", '"70"', "true", "{"):
            assert (await client.post("/rest/audio/volume", content=wrong)).status_code == 400


async def test_tones_come_one_by_one() -> None:
    async with inside() as (sim, client):
        for tone in "5#":
            await client.post("/rest/audio", json={"action": "playDTMF", "dtmfChar": tone})
        assert sim.tones == "5#"


@pytest.mark.parametrize(("word", "wire"), [("bare", "CONTENT_IDLE"), ("quoted", '"CONTENT_IDLE"')])
async def test_content_status(word: str, wire: str) -> None:
    async with inside(content_word=word) as (sim, client):
        assert (await client.get("/rest/cameras/contentstatus")).text == wire
        await client.post("/rest/cameras/near/4", json={"action": "activate"})
        assert (sim.content, sim.content_source) == ("CONTENT_SENDING", 4)


async def test_cameras() -> None:
    async with inside() as (sim, client):
        near = "/rest/cameras/near"
        await client.post(f"{near}/selectedpeople", json={"action": "moveStart", "direction": "MOVE_LEFT"})
        assert sim.moving == "MOVE_LEFT"
        await client.post(f"{near}/selectedpeople", json={"action": "moveStop"})
        await client.post(f"{near}/2", json={"action": "activate"})
        await client.post(f"{near}/presets/3", json={"action": "store"})
        await client.post(f"{near}/presets/3", json={"action": "activate"})
        assert (sim.moving, sim.camera, sim.presets, sim.preset) == ("", 2, [3], 3)
        assert (await client.post(f"{near}/presets/4", json={"action": "activate"})).status_code == 400
        wrong = {"action": "moveStart", "direction": "SIDEWAYS"}
        assert (await client.post(f"{near}/1", json=wrong)).status_code == 400
        selected = [one["cameraIndex"] for one in (await client.get(f"{near}/all")).json() if one["selected"]]
        assert selected == [2, 3]


async def test_what_newer_and_leaner_firmware_leaves_out() -> None:
    async with inside(version="4.0.0", lean=True) as (_, client):
        assert (await client.get("/rest/audio")).json() is None
        assert (await client.get("/rest/system/sipservers")).json() is None
        assert (await client.get("/rest/system/mode")).status_code == 404
        assert "model" not in (await client.get("/rest/system")).json()


async def test_asleep_and_awake() -> None:
    async with inside() as (sim, client):
        sim.sleep_now()
        assert (await client.get("/rest/system")).json()["state"] == "ASLEEP"
        sim.incoming_call()
        assert sim.state == "AWAKE"


# ---- calls -------------------------------------------------------------------------------------------------------


async def dial(client: httpx.AsyncClient) -> str:
    body = {"address": "bob@example.com", "rate": 1920, "dialType": "SIP"}
    (answer,) = (await client.post("/rest/conferences", json=body)).json()
    return str(answer["href"])


async def test_a_dial_from_its_address_to_the_end() -> None:
    async with inside(show_seconds=1e6, dial_seconds=1e6) as (sim, client):
        href = await dial(client)
        # A strict client takes the connection's id as the sixth part of this address.
        assert href == "/rest/conferences/0/connections/3" and href.split("/")[5] == "3"
        assert (await client.get(href)).json() == {"id": 3}
        sim.far_end_answers()
        await sim.until(lambda: sim.calls[0].state == "CONNECTED")
        told = (await client.get(href)).json()
        assert (told["parentConfId"], told["address"], told["state"]) == (0, "bob@example.com", "CONNECTED")
        (conference,) = (await client.get("/rest/conferences")).json()
        active = (await client.get("/rest/conferences/active")).json()
        assert conference["connections"] == active["connections"] == [told]
        assert len((await client.get("/rest/conferences/active/mediastats")).json()) == 4
        assert (await client.delete("/rest/conferences/0")).status_code == 200
        await sim.until(lambda: not sim.calls)
        assert (await client.get("/rest/conferences")).json() == []
        assert (await client.delete("/rest/conferences/0")).status_code == 404
        assert (await client.get(href)).status_code == 404


@pytest.mark.parametrize(("far_end", "why"), [("busy", "busy"), ("rejects", "rejected"), ("no answer", "no answer")])
async def test_nobody_takes_the_call(far_end: str, why: str) -> None:
    async with inside(far_end=far_end, no_answer_seconds=5.0) as (sim, client):
        await dial(client)
        await sim.until(lambda: not sim.calls)
        assert sim.ended == [f"bob@example.com: {why}"]


@pytest.mark.parametrize("listed", [False, True])
async def test_an_incoming_call_is_answered(listed: bool) -> None:
    async with inside(lists_ringing=listed) as (sim, client):
        answerable = "/rest/conferences/active/connections?filter=ANSWERABLE"
        assert (await client.get(answerable)).json() == []
        sim.incoming_call("alice@example.com", "Alice")
        (call,) = (await client.get(answerable)).json()
        assert len((await client.get("/rest/conferences")).json()) == listed
        await client.post(f"/rest/conferences/active/connections/{call['id']}", json={"action": "answer"})
        await sim.until(lambda: sim.calls[0].state == "CONNECTED")
        assert (await client.get(answerable)).json() == []
        sim.far_end_hangs_up()
        await sim.until(lambda: not sim.calls)


async def test_an_incoming_call_is_rejected_or_given_up() -> None:
    async with inside() as (sim, client):
        sim.incoming_call()
        await client.delete("/rest/conferences/active/connections/3")
        await sim.until(lambda: not sim.calls)
        sim.incoming_call()
        sim.caller_gives_up()
        await sim.until(lambda: not sim.calls)
        assert sim.ended == ["alice@example.com: rejected", "alice@example.com: abandoned"]
        with pytest.raises(SimulatorError, match="no such call"):
            sim.caller_gives_up()


async def test_a_second_dial_joins_the_same_conference() -> None:
    async with inside() as (sim, client):
        await dial(client)
        await dial(client)
        await sim.until(lambda: [call.state for call in sim.calls] == ["CONNECTED"] * 2)
        (conference,) = (await client.get("/rest/conferences")).json()
        assert [one["id"] for one in conference["connections"]] == [3, 4]


async def test_a_reboot_ends_calls_and_sessions() -> None:
    async with inside() as (sim, client):
        await dial(client)
        await sim.reboot()
        assert (sim.calls, sim.open_sessions) == ([], 0)
        assert (await client.get("/rest/system")).status_code == 403


# ---- directory and calendar --------------------------------------------------------------------------------------


async def test_the_directory_in_pages() -> None:
    async with inside(directory_size=120) as (_, client):
        body = {"searchString": "room", "serverScope": "ALL", "entryScope": "ANY", "order": "DISPLAY_NAME"}
        query = (await client.post("/rest/directory/queries", json=body)).json()
        where = f"/rest/directory/queries/{query}"
        sizes = [len((await client.get(f"{where}?start={start}&limit=50")).json()) for start in (0, 50, 100, 150)]
        assert sizes == [50, 50, 18, 0]  # two of them are groups of another name
        assert (await client.delete(where)).status_code == 200
        assert (await client.get(f"{where}?start=0&limit=50")).status_code == 404


async def test_the_calendar() -> None:
    async with inside(meeting_count=30) as (sim, client):
        assert (await client.get("/rest/calendar")).json() == {"status": "ONLINE"}
        assert len((await client.get("/rest/calendar/meetings?number=5")).json()) == 5
        now = sim.epoch() // 1000
        found = (await client.get(f"/rest/calendar/meetings?start={now}&end={now + 7200}")).json()
        assert [one["id"] for one in found] == ["m0", "m1"]


async def test_what_is_not_there() -> None:
    async with inside() as (_, client):
        for path in ("/rest/nowhere", "/rest/conferences/7", "/rest/conferences/active/connections/99"):
            assert (await client.get(path)).status_code == 404
