"""The hands over HTTP, asked by an ordinary client, and what they say to nonsense."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from simulators.device import SimulatorError
from simulators.hands import serve_hands
from simulators.pjlink import PJLink


@contextlib.asynccontextmanager
async def room(projector: PJLink) -> AsyncIterator[httpx.AsyncClient]:
    async with projector.serving():
        address, close = await serve_hands(projector)
        async with httpx.AsyncClient(base_url=address) as client:
            yield client
        await close()


async def test_the_memory_is_shown_and_a_button_pressed() -> None:
    projector = PJLink(password="secret", speed=100)
    async with room(projector) as client:
        memory = (await client.get("/")).json()
        assert memory["power"] == "off" and "password" not in memory
        answer = (await client.post("/hands/press_power")).json()
        assert answer["memory"]["power"] == "warming"
        await projector.until(lambda: projector.power == "on")
        await client.post("/hands/select_input?code=31")
        await client.post("/hands/select_input", json={"code": "32"})
        assert projector.input == "32"
        rebooted = (await client.post("/hands/reboot")).json()
        assert rebooted["memory"]["power"] == "off"


async def test_the_hands_are_described() -> None:
    async with room(PJLink()) as client:
        hands = (await client.get("/hands")).json()
    assert hands["press_mute"] == {"about": "The AV mute button: picture and sound.", "arguments": {}}
    assert hands["report"]["arguments"]["level"] == {"type": "int", "default": 1}


async def test_faults_are_switched() -> None:
    projector = PJLink()
    async with room(projector) as client:
        await client.post("/faults/silent")
        await client.post("/faults/slow?ms=200")
        assert (await client.get("/faults")).json()["slow"] == 200
        assert projector.faults.silent
        await client.post("/faults/silent?on=false")
        await client.post("/faults/drop")
        assert not projector.faults.silent
        await client.post("/faults/clear")
        assert projector.faults.slow == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", "/hands/pres_power", 404, "did you mean 'press_power'"),
        ("POST", "/hands/select_input?kode=3", 422, "did you mean 'code'"),
        ("POST", "/hands/select_input?code=99", 422, "there is no input '99'"),
        ("POST", "/hands/report?level=high", 422, "expected a whole number"),
        ("POST", "/faults/silence", 404, "did you mean 'silent'"),
        ("POST", "/faults/slow?ms=long", 422, "expected a number"),
        ("GET", "/elsewhere", 404, "there is no /elsewhere"),
        ("DELETE", "/hands/press_power", 405, "does nothing"),
    ],
)
async def test_nonsense_is_explained(method: str, path: str, status: int, words: str) -> None:
    async with room(PJLink()) as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status and words in answer.json()["detail"]


async def test_a_body_must_be_an_object() -> None:
    async with room(PJLink()) as client:
        assert (await client.post("/hands/select_input", content=b"{")).status_code == 422
        assert (await client.post("/hands/select_input", content=b"[]")).status_code == 422


async def test_a_port_in_use_is_explained() -> None:
    projector = PJLink()
    address, close = await serve_hands(projector)
    with pytest.raises(SimulatorError, match="hands cannot be served"):
        await serve_hands(projector, int(address.rpartition(":")[2]))
    await close()


async def test_closing_does_not_wait_for_a_hand() -> None:
    projector = PJLink(boot_seconds=600)
    async with projector.serving():
        address, close = await serve_hands(projector)
        async with httpx.AsyncClient(base_url=address) as client:
            asking = asyncio.create_task(client.post("/hands/reboot"))
            await projector.until(lambda: projector.faults.booting)
            await asyncio.wait_for(close(), 5)
            with pytest.raises(httpx.TransportError):
                await asking
