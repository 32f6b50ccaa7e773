"""From a POST to the device's bytes, back to the WebSocket, and into the journal: one volume, told whole."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import websockets

from tests.api.support import rig


async def test_a_volume_goes_all_the_way_and_why_names_the_token(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        url = house.running.url.replace("http", "ws") + "/api/v1/rooms/demo/ws"
        async with websockets.connect(url, additional_headers={"authorization": f"Bearer {house.token}"}) as socket:
            first = json.loads(await socket.recv())
            assert first["type"] == "state" and first["state"]["parts"]["volume"]["online"]

            answer = await house.do("volume", {"level": 42})
            assert answer.status_code == 200, answer.text
            assert answer.json()["result"] == "confirmed"
            assert house.sims["codec"].volume == 42  # the bytes reached the codec's own memory

            async with asyncio.timeout(5):
                while True:  # its feedback reaches the socket
                    told = json.loads(await socket.recv())
                    changes = {(c["part"], c["point"]): c for c in told.get("changes", ())}
                    if ("volume", "volume") in changes:
                        break
            change = changes["volume", "volume"]
            assert change["value"] == 42 and change["status"] == "confirmed"
            assert change["cause"] == answer.json()["id"]

        await house.running.house.journal.flushed()
        why = (await house.client.get("/api/v1/rooms/demo/why/volume")).json()
        assert why["now"]["value"] == 42
        assert [entry["kind"] for entry in why["because"]][:2] == ["change", "command"]
        assert "token:tester" in why["words"], why


async def test_somebody_at_the_device_is_told_apart_from_us(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        house.sims["codec"].touch_volume(63)
        await house.until(lambda: house.room.readings("volume")["volume"].value == 63)
        await house.running.house.journal.flushed()
        why = (await house.client.get("/api/v1/rooms/demo/why/volume")).json()
        assert "by itself" in why["words"], why
