"""The overview that administrators get: one answer for the whole site, trouble first, and for administrators alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks.house import Line
from gateway.calendars.calendar import AuthLost
from tests.api.support import ROOM, Rig, rig
from tests.api.test_meetings import desk
from tests.drivers.contract import Watcher

SECOND = """
name = "{name}"

[devices.box]
driver = "bench_line"
link = "tcp://127.0.0.1:{port}"
{more}

[devices.spare]
driver = "bench_line"
link = "tcp://127.0.0.1:{port}"

[parts]
volume = "box"
"""
SHARED = """
[devices.tower]
driver = "global_cache"
link = "tcp://127.0.0.1"
"""
BORROWED = ROOM.replace('relay.door = "relays/1:3"', 'relay.door = "tower/1:1"')


@contextlib.asynccontextmanager
async def plain_device() -> AsyncIterator[int]:
    """The port of a device that repeats every line."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()

    server = await asyncio.start_server(repeat, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def site(folder: Path, profile: str = BORROWED, **rooms: str) -> AsyncIterator[Rig]:
    """The rig's room, rooms of plain devices beside it, and a device that rooms share; every device has been tried."""
    (folder / "site").mkdir()
    (folder / "site" / "site.toml").write_text(SHARED)
    async with plain_device() as port:
        for name, more in rooms.items():
            (folder / "site" / f"{name}.toml").write_text(SECOND.format(name=name.title(), port=port, more=more))
        async with rig(folder, profile, extra=[Line]) as house:
            devices = house.running.house.devices.values()
            for device in devices:
                await Watcher(device).until(lambda held=device: held.online or held.reason is not None)  # type: ignore[misc]
            yield house


async def overview(house: Rig, **headers: str) -> httpx.Response:
    return await house.client.get("/api/v1/overview", headers=headers)


async def told(house: Rig) -> dict[str, Any]:
    answer = await overview(house)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_rooms_by_trouble_first_and_why(tmp_path: Path) -> None:
    async with site(tmp_path, attic="", zoo="enabled = false") as house:
        devices = house.running.house.devices
        house.sims["projector"].faults.unreachable = True
        await house.until(lambda: not devices["demo/projector"].online)
        found = await told(house)
        order = [(room["room"], room["trouble"]) for room in found["rooms"]]
        assert order == [("demo", "offline"), ("zoo", "warning"), ("attic", "")]
        demo, zoo, _ = found["rooms"]
        (away,) = demo["away"]
        assert away["device"] == "demo/projector" and away["driver"] == "pjlink" and away["reason"] and away["since"]
        assert away["words"] and "secret" not in str(found)
        assert demo["devices"] == 4, "the shared relays are the room's, too"
        assert demo["power"]["status"] == "stale" and demo["surfaces"] == ["deck"] and demo["calendar"] is None
        assert [(one["device"], one["reason"]) for one in zoo["away"]] == [("zoo/box", "disabled")]
        assert found["shared"] == {"trouble": "", "devices": 1, "away": [], "warnings": []}
        assert (found["journal"], found["token"], found["waiting"]) == ("ok", "tester", 0)
        assert found["devices"] == {"online": len(devices) - 2, "offline": 2}


async def test_nothing_is_sent_twice_and_a_waiting_panel_is_news(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        first = await overview(house)
        tag = first.headers["etag"]
        again = await overview(house, **{"if-none-match": tag})
        assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
        async with httpx.AsyncClient(base_url=house.running.url, trust_env=False) as panel:
            await panel.post("/api/v1/pairing")
        news = await overview(house, **{"if-none-match": tag})
        assert news.status_code == 200 and news.json()["waiting"] == 1


async def test_a_calendar_in_trouble_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as (house, held, calendar):
        (room,) = (await told(house))["rooms"]
        assert room["trouble"] == "" and room["calendar"]["state"] == "ok" and not room["calendar"]["trouble"]
        calendar.trouble = AuthLost("signed out")
        await held.keeper.look()
        (room,) = (await told(house))["rooms"]
        its = room["calendar"]
        assert room["trouble"] == "calendar" and its["trouble"]
        assert (its["state"], its["calendar"]) == ("auth lost", "codec") and its["read_at"]


async def test_only_an_administrator_sees_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        for role in ("viewer", "panel", "operator"):
            assert (await overview(house, **house.as_(role))).status_code == 403, role
        assert (await overview(house, authorization="Bearer rg_wrong")).status_code == 401
        assert (await overview(house, authorization="")).status_code == 401


async def test_devices_of_one_room(tmp_path: Path) -> None:
    async with site(tmp_path, attic="") as house:

        async def devices(query: str) -> set[str]:
            return set((await house.client.get(f"/api/v1/devices{query}")).json()["devices"])

        assert await devices("?room=attic") == {"attic/box", "attic/spare"}
        assert await devices("?room=demo") == {"demo/projector", "demo/codec", "demo/relays", "tower"}
        assert await devices("?room=") == {"tower"}
        assert await devices("") == set(house.running.house.devices)
        assert (await house.client.get("/api/v1/devices?room=nowhere")).status_code == 404
        assert (await house.client.get("/api/v1/devices?room=demo", headers=house.as_("operator"))).status_code == 403
