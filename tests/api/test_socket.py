"""The WebSocket of a room: the state first, then everything at once, whoever else is slow, revoked or away."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from pathlib import Path

import pytest
import websockets

from gateway import news
from gateway.auth import Tokens
from gateway.driver import Alert
from gateway.mailbox import EVENTS, Mailbox
from gateway.model import Reading
from tests.api.support import Rig, rig


async def test_commands_are_taken_answered_and_their_mistakes_told(tmp_path: Path) -> None:
    async with rig(tmp_path) as house, house.socket() as ears:
        first = await ears.kind("state")
        assert first["state"]["room"] == "demo" and first["missed"] == [] and first["epoch"]
        await house.online()
        await ears.say(do="volume", level=33, ref=1)
        assert (await ears.kind("taken", 1))["id"]
        answer = await ears.kind("answer", 1)
        assert (answer["result"], answer["verb"], answer["part"]) == ("confirmed", "volume", None) or answer["part"]
        await ears.say(do="move", part="screen.left", direction="down", ref="two")
        assert (await ears.kind("answer", "two"))["result"] == "assumed"
        await ears.say(do="power", on=True, ref=3)
        whole = await ears.kind("answer", 3)
        assert whole["complete"] is True and {part["part"] for part in whole["parts"]} >= {"display.main", "codec"}
        await ears.say(type="ping", ref=4)
        await ears.kind("pong", 4)

        nonsense = ['{"do": "volume"', "[]", '"volume"', '{"do": []}', '{"do": "dance"}', "[" * 60_000, "\x00",
                    '{"do": "volume", "level": 4, "part": 5}', '{"do": "search", "text": "x"}', "x" * 70_000,
                    '{"do": "volume", "level": 99}', '{"do": "volume", "part": "attic", "level": 1}']  # fmt: skip
        for text in nonsense:
            await ears.connection.send(text)
            told = await ears.kind("problem")
            assert told["status"] in (409, 413, 422) and told["detail"] and told["title"], (text[:40], told)
        await ears.connection.send(b'{"do": "volume", "level": 34, "ref": 5}')
        assert (await ears.kind("answer", 5))["result"] == "confirmed"


@pytest.mark.alone
async def test_calls_are_events_within_fifty_milliseconds(tmp_path: Path) -> None:
    async with rig(tmp_path) as house, house.socket() as ears:
        await house.online()
        began = time.monotonic()
        house.sims["codec"].incoming_call("alice@example.com", "Alice")
        ringing = await ears.hear(lambda told: told.get("event") == "incoming call")
        came = time.monotonic() - began
        assert ringing["call"]["address"] == "sip:alice@example.com" and ringing["call"]["state"] == "ringing"
        codec = house.sims["codec"]
        codec.far_end_hangs_up()
        await codec.until(lambda: not codec.calls)  # it takes a moment to disconnect
        began = time.monotonic()
        ended = await ears.hear(lambda told: told.get("event") == "call ended")
        assert ended["seq"] > ringing["seq"]
        assert came < 0.05 and time.monotonic() - began < 0.05, (came, time.monotonic() - began)


async def test_an_alert_of_a_device_is_told_numbered_and_journaled(tmp_path: Path) -> None:
    async with rig(tmp_path) as house, house.socket() as ears:
        await house.online()
        codec = house.room.parts["calls"].player
        news.tell(codec, codec.connection, Alert("panel", "the fan stands still"))
        news.tell(codec, codec.connection, Alert("panel", "the fan stands still"))
        first = await ears.hear(lambda told: told.get("event") == "alert")
        second = await ears.hear(lambda told: told.get("event") == "alert")
        assert (first["device"], first["unit"], first["what"]) == ("codec", "panel", "device")
        assert first["text"] == second["text"] == "the fan stands still" and second["seq"] > first["seq"]
        held = (await house.client.get("/api/v1/rooms/demo/history?kinds=event")).json()["entries"]
        assert [entry["text"] for entry in held if entry["subject"] == "alert"] == ["the fan stands still"] * 2


async def test_who_comes_back_gets_the_events_that_were_missed(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        async with house.socket() as ears:
            first = await ears.kind("state")
        house.sims["codec"].incoming_call("bob@example.com")
        await house.until(lambda: len(house.room.events) == 1)
        async with house.socket(f"?since={first['seq']}&epoch={first['epoch']}") as ears:
            again = await ears.kind("state")
            assert [event["event"] for event in again["missed"]] == ["incoming call"] and again["complete"] is True
            assert again["state"]["parts"]["calls"]["points"]["calls"]["value"][0]["address"] == "sip:bob@example.com"
        async with house.socket(f"?since={again['missed'][-1]['seq']}&epoch={first['epoch']}") as ears:
            assert (await ears.kind("state"))["missed"] == []
        async with house.socket(f"?since={first['seq']}&epoch=another") as ears:  # the gateway was restarted meanwhile
            assert (await ears.kind("state"))["missed"] == []
        for _ in range(300):
            house.room.event("alert", {"words": "x"})
        async with house.socket(f"?since={first['seq']}&epoch={first['epoch']}") as ears:
            told = await ears.kind("state")
            assert told["complete"] is False and len(told["missed"]) == 256  # and says that there were more


async def test_tokens_come_by_header_protocol_or_query_and_their_end_closes(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        house.as_("viewer")
        url = house.running.url.replace("http", "ws", 1) + "/api/v1/rooms/demo/ws"
        viewer = house.tokens["viewer"]
        wanted = [websockets.Subprotocol(name) for name in ("roomgate.v1", f"bearer.{viewer}")]
        async with websockets.connect(url, subprotocols=wanted, proxy=None) as connection:
            assert connection.subprotocol == "roomgate.v1"
        for query, status in (("", 401), ("?token=wrong", 401)):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url + query, proxy=None)
            response = refused.value.response
            assert response.status_code == status and json.loads(response.body)["status"] == status
        async with websockets.connect(f"{url}?token={viewer}", proxy=None) as connection:
            assert json.loads(await connection.recv())["type"] == "state"
            await connection.send('{"do": "volume", "level": 5, "ref": 1}')
            told = json.loads(await connection.recv())
            assert (told["type"], told["status"]) == ("problem", 403)
            Tokens(tmp_path / "data" / "tokens.json").revoke("viewer")  # as another process would
            with pytest.raises(websockets.ConnectionClosed) as closed:
                async with asyncio.timeout(10):  # nothing happens in the room meanwhile
                    while True:
                        await connection.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


async def test_a_token_made_and_revoked_between_two_looks_is_worth_nothing(tmp_path: Path) -> None:
    """The gateway looks at the file once a second: the list after it can be what it was before."""
    async with rig(tmp_path) as house:
        await house.online()
        file = tmp_path / "data" / "tokens.json"
        told = [token.name for token in house.running.tokens.list()]
        for _ in range(2):  # the second time, a look has just been taken
            text = Tokens(file).create("brief", "panel")
            house.running.tokens.reload_if_changed()
            async with house.socket(token=text) as ears:
                await ears.kind("state")
                Tokens(file).revoke("brief")
                with pytest.raises(websockets.ConnectionClosed):
                    await ears.kind("never")
        assert [token.name for token in house.running.tokens.list()] == told


async def test_a_token_revoked_a_moment_ago_commands_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        house.as_("panel")
        async with house.socket(token=house.tokens["panel"]) as ears:
            await ears.kind("state")
            house.running.tokens.revoke("panel")
            await ears.say(do="volume", level=3)
            with pytest.raises(websockets.ConnectionClosed):
                await ears.kind("answer")
        assert house.sims["codec"].volume == 50


async def deaf(house: Rig) -> socket.socket:
    """A client that asks for the room's socket and never reads."""
    host, port = house.running.url.removeprefix("http://").split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    head = "GET /api/v1/rooms/demo/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    await loop.sock_sendall(raw, (head + f"Authorization: Bearer {house.token}\r\n\r\n").encode())
    return raw


@pytest.mark.alone
async def test_a_slow_client_costs_the_others_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as house, house.socket() as ears:
        await house.online()
        await ears.kind("state")
        slow = await deaf(house)
        try:
            quick = set(house.room.mailboxes)
            while house.room.mailboxes == quick:
                await house.client.get("/healthz")
            (held,) = house.room.mailboxes - quick
            while len(held.events) < 20:  # until the kernel and the server hold no more for it
                house.room.event("alert", {"words": "w" * 60_000})
                await ears.hear(lambda told: told.get("event") == "alert")
            for number in range(20_000):
                house.room._publish("volume", "volume", Reading(number, 1.0, True))
            began = time.monotonic()
            house.sims["codec"].touch_volume(61)
            await ears.change("volume", "volume", 61)
            assert time.monotonic() - began < 0.1
            assert len(held.events) <= EVENTS and len(held.points) <= 30  # one dict, whatever happened
        finally:
            slow.close()


def test_a_mailbox_counts_what_it_could_not_keep() -> None:
    mailbox = Mailbox()
    for number in range(EVENTS + 5):
        mailbox.put({"seq": number})
    assert (len(mailbox.events), mailbox.missed, mailbox.events[0]["seq"]) == (EVENTS, 5, 5)


async def test_going_down_is_said_with_1012(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        url = house.running.url.replace("http", "ws", 1) + f"/api/v1/rooms/demo/ws?token={house.token}"
        connection = await websockets.connect(url, proxy=None)
        slow = await deaf(house)
    with pytest.raises(websockets.ConnectionClosed) as closed:
        while True:
            await connection.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
    slow.close()
    await connection.wait_closed()
