"""Every way in which a command can end over HTTP, and the one shape of every error."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, ClassVar

import httpx

from gateway.commands import Command, SelectInput, SetPower, SetVideoMute, SetVolume
from gateway.driver import Actions, Driver, Offers, Ready, Refused, Request, Send, Taken
from tests.api.support import ROOM, Rig, rig


class Stubborn(Driver):
    """A display that takes every command and shows nothing, refuses an input in words, and cannot stand a mute."""

    name = "stubborn"
    title = "A stubborn display"
    links: ClassVar[dict[str, int]] = {"tcp": 1}
    plays = frozenset({"display"})

    def opened(self) -> Actions:
        yield Offers("", frozenset({SetPower, SelectInput, SetVideoMute}))
        yield Ready()

    def patience(self, command: Command) -> float:
        return 0.05

    def command(self, request: Request) -> Actions:
        match request.command:
            case SelectInput():
                yield Refused(request, "ERR2: no such input")
            case SetPower():
                yield Send(b"power", tag=request, reply=False)
                yield Taken(request)
            case _:
                raise ZeroDivisionError("the driver's own fault")


def stubborn(port: int) -> str:
    device = f'[devices.stubborn]\ndriver = "stubborn"\nlink = "tcp://127.0.0.1:{port}"\n\n[volume]'
    profile = ROOM.replace("[volume]", device, 1).replace("[parts]", '[parts]\ndisplay.stubborn = "stubborn"', 1)
    for source, number in (("laptop", 31), ("codec", 32)):
        one, many = f'[sources.{source}]\ninput = "{number}"', f'[sources.{source}]\ninputs.main = "{number}"'
        profile = profile.replace(one, many)
    return profile


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The answer's problem details, looked at as RFC 9457 wants them."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status and told["title"] and told["detail"] and told["type"].startswith("urn:roomgate:")
    return told


async def test_confirmed_assumed_and_still_open(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        done = await house.do("volume", {"level": 41})
        assert (done.status_code, done.json()["result"], done.json()["part"]) == (200, "confirmed", "volume")

        moved = await house.do("screens/left", {"direction": "down"})
        assert (moved.status_code, moved.json()["result"]) == (200, "assumed"), moved.text
        assert "travel time" in moved.json()["words"]

        house.sims["codec"].faults.slow = 150
        asked = await house.do("volume?wait=0", {"level": 42})
        assert (asked.status_code, asked.json()["result"]) == (202, "pending")
        where = f"/api/v1/commands/{asked.json()['id']}"
        assert (await house.client.get(where)).json()["result"] == "pending"
        await house.until(lambda: house.room.readings("volume")["volume"].value == 42)
        told = (await house.client.get(where)).json()
        assert told == {"room": "demo", "id": asked.json()["id"], "verb": "volume", "part": "volume"} | {
            "result": "confirmed"
        }

        older = asyncio.create_task(house.do("volume", {"level": 10}))
        while not any(ticket.command == SetVolume(10) for _, ticket in house.room.commands.values()):
            await house.client.get("/healthz")
        newer = await house.do("volume", {"level": 11})
        assert newer.status_code == 200
        assert "newer command" in problem(await older, 409)["detail"]


async def test_refused_unconfirmed_offline_and_a_driver_that_crashes(tmp_path: Path) -> None:
    clients: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda reader, writer: clients.append(writer), "127.0.0.1", 0)
    profile = stubborn(server.sockets[0].getsockname()[1])
    async with server, rig(tmp_path, profile, extra=[Stubborn]) as house:
        await house.online()
        refused = problem(await house.do("displays/stubborn/input", {"input": "9"}), 502)
        assert refused["detail"] == "ERR2: no such input" and refused["result"] == "refused" and refused["advice"]
        unshown = problem(await house.do("displays/stubborn", {"on": True}), 504)
        assert "has not shown it" in unshown["detail"] and unshown["result"] == "unconfirmed"
        crashed = problem(await house.do("displays/stubborn/video-mute", {"on": True}), 503)
        assert "driver error" in crashed["detail"]

        house.sims["relays"].faults.unreachable = True
        await house.until(lambda: house.running.house.devices["demo/relays"].reason is not None)
        away = problem(await house.do("relays/door", {"closed": True}), 503)
        assert away["result"] == "offline" and away["detail"].startswith(("link lost", "connection refused"))
        assert (await house.do("volume", {"level": 12})).status_code == 200  # nobody else is the worse for it
    for client in clients:
        client.close()


async def test_what_is_nonsense_is_named_every_mistake_of_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        told = problem(await house.do("calls/dial", {"adress": "a@b", "rate": "fast", "kind": "smell"}), 422)
        assert {mistake["where"] for mistake in told["mistakes"]} == {"address", "adress", "rate", "kind"}
        assert "Example:" in told["advice"]
        for path, body, words in (
            ("volume", {"level": 81}, "maximum volume is 80"),
            ("volume", {"level": 101}, "level is from 0 to 100"),
            ("volume", {"level": "40"}, "integer"),
            ("volume", {"level": True}, "integer"),
            ("volume", [], "object"),
            ("source", {"source": "gramophone"}, "it has: laptop, codec"),
            ("volume?wait=soon", {"level": 1}, "wait is 0 to 120"),
            ("volume?wait=nan", {"level": 1}, "wait is 0 to 120"),
            ("screens/left", {"direction": "sideways"}, "up"),
            ("calls/dtmf", {"digits": "12x"}, "digits are"),
        ):
            assert words in problem(await house.do(path, body), 422)["detail"], (path, body)
        broken = await house.client.post("/api/v1/rooms/demo/volume", content=b'{"level": 4')
        assert "JSON" in problem(broken, 422)["detail"]
        assert house.sims["codec"].volume == 50


async def test_what_is_not_there_and_what_is_too_much(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        get, do = house.client.get, house.do
        assert "nothing in room" in problem(await do("shades/west/move", {"direction": "up"}), 409)["detail"]
        assert "nothing in room" in problem(await do("outlets/rack/cycle"), 409)["detail"]
        assert problem(await do("gramophone"), 404)["advice"]
        assert problem(await do("displays/other/power", {"on": True}), 404)
        assert problem(await house.client.post("/api/v1/rooms/attic/volume", json={"level": 1}), 404)
        assert problem(await do("history"), 405) and problem(await do("why/volume"), 405)
        for path in (
            "rooms/attic",
            "rooms/demo/displays/other",
            "rooms/demo/why/taste",
            "commands/c0-0",
            "devices/x/tape",
        ):
            assert problem(await get(f"/api/v1/{path}"), 404)["advice"], path
        assert problem(await get("/nowhere"), 404) and problem(await get("/panel/static/nothing.js"), 404)
        wrong = await house.client.delete("/api/v1/rooms")
        assert problem(wrong, 405) and "GET" in wrong.headers["allow"]
        assert problem(await get("/api/v1/rooms/demo/history?limit=many"), 422)
        many = json.dumps({"address": "x" * 70_000})
        assert problem(await house.client.post("/api/v1/rooms/demo/calls/dial", content=many), 413)
        assert problem(await house.client.post("/api/v1/rooms/demo/calls/dial", content=many * 40), 413)


async def test_a_fault_of_our_own_is_a_problem_without_its_inside(tmp_path: Path, caplog: Any) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        good, house.room.submit = house.room.submit, None  # nothing a client may ever do
        spec, house.room.spec = house.room.spec, None
        try:
            for answer in (await house.do("volume", {"level": 5}), await house.client.get("/api/v1/rooms/demo")):
                told = problem(answer, 500)
                assert "NoneType" not in answer.text and "log" in told["advice"]
        finally:
            house.room.submit, house.room.spec = good, spec
        assert "NoneType" in caplog.text  # but the log has it
        assert (await house.do("volume", {"level": 6})).status_code == 200


async def half_a_request(house: Rig, path: str, sent: bytes) -> None:
    host, port = house.running.url.removeprefix("http://").split(":")
    _reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/rooms/demo/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n"
    writer.write((head + f"Authorization: Bearer {house.token}\r\n\r\n").encode() + sent)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_half_a_command_is_none(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        house.sims["codec"].incoming_call()
        await house.until(lambda: house.room.readings("calls")["calls"].value)
        before = len(house.room.commands)
        await half_a_request(house, "calls/hangup", b"")
        await house.do("volume", {"level": 7})
        assert len(house.room.commands) == before + 1
