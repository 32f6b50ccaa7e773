"""Surfaces over HTTP and WebSocket: live pictures of keys, and decks that are only in browsers."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import websockets
from PIL import Image

from tests.api.support import ROOM, Ears, Rig, rig

DECK = "/api/v1/rooms/demo/surfaces/deck"


@contextlib.asynccontextmanager
async def deck(house: Rig, path: str = "surfaces/deck/ws", token: str = "") -> AsyncIterator[Ears]:
    url = house.running.url.replace("http", "ws", 1) + f"/api/v1/rooms/demo/{path}"
    headers = {"authorization": f"Bearer {token or house.token}"}
    async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
        yield Ears(connection)


def shows(key: str, **wanted: Any) -> Any:
    """Whether a message says that a key shows that."""

    def found(told: dict[str, Any]) -> bool:
        face = told.get("faces", {}).get(key)
        return face is not None and all(face[name] == value for name, value in wanted.items())

    return found


async def test_a_picture_is_live_and_cheap_while_nothing_changes(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        listed = (await house.client.get("/api/v1/rooms/demo/surfaces")).json()["surfaces"]
        assert [surface["surface"] for surface in listed] == ["deck"]
        first = await house.client.get(f"{DECK}/keys/mic-mute.png?size=96")
        assert first.status_code == 200 and first.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(first.content)).size == (96, 96)
        same = {"if-none-match": first.headers["etag"]}
        assert (await house.client.get(f"{DECK}/keys/mic-mute.png?size=96", headers=same)).status_code == 304
        assert (await house.do("mic-mute", {"on": True})).status_code == 200
        after = await house.client.get(f"{DECK}/keys/mic-mute.png?size=96", headers=same)
        assert after.status_code == 200 and after.content != first.content
        assert (await house.client.get(f"{DECK}/keys/mic-mute.png")).status_code == 200


async def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        for path, status, words in (
            ("/api/v1/rooms/demo/surfaces/dekc", 404, "The room's surfaces: deck"),
            (f"{DECK}/keys/nothing.png", 404, "Its keys: power"),
            (f"{DECK}/keys/help.png?size=9999", 422, "size is from 24 to 512"),
            (f"{DECK}/keys/help.png?size=-3", 422, "size is from 24 to 512"),
            (f"{DECK}/keys/help.png?size=²", 422, "size is from 24 to 512"),
        ):
            answer = await house.client.get(path)
            assert answer.status_code == status and words in answer.text, answer.text
        for path in ("/api/v1/rooms/demo/surfaces", DECK, f"{DECK}/keys/help.png"):
            assert (await house.client.get(path, headers={"authorization": "Bearer no"})).status_code == 401
            other = house.as_("panel", "elsewhere")
            assert (await house.client.get(path, headers=other)).status_code == 403


async def test_a_browser_sees_every_face_then_what_changes_and_presses(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        async with deck(house) as ears:
            first = await ears.kind("surface")
            assert first["shown"] == "room" and first["faces"]["volume"]["text"] == "Volume\n50 %"
            assert [page["page"] for page in first["pages"]] == ["room", "call", "equipment", "scenes"]
            await ears.say(press="mic-mute", edge="down")
            await ears.hear(shows("mic-mute", on=True, flag="", text="Mics muted"))
            assert any(shows("mic-mute", flag="pending")(told) for told in ears.heard)
            assert house.sims["codec"].mics_muted
            await ears.say(press="mic-mute", edge="up")
            await ears.say(press="volume", edge="set", value=61)
            await ears.hear(shows("volume", text="Volume\n61 %", level=61, flag=""))
            house.sims["codec"].touch_volume(20)
            await ears.hear(shows("volume", level=20))
            await ears.say(press="to-call", edge="down")
            assert (await ears.kind("page"))["page"] == "call"
            await ears.say(type="ping")
            await ears.kind("pong")
            assert set(ears.heard[-1]) == {"type"}
        events = [event for event in house.room.events if event["event"] == "press"]
        assert events[0]["key"] == "mic-mute" and events[0]["surface"] == "deck"
        await house.running.house.journal.flushed()
        presses = (await house.client.get("/api/v1/rooms/demo/history?kinds=press")).json()["entries"]
        assert {entry["cause"] for entry in presses} == {"token:tester"}


async def test_a_browser_that_goes_lets_go_of_what_it_holds(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        host = house.running.house.surfaces["demo"]["deck"]
        async with deck(house) as ears:
            await ears.kind("surface")
            await ears.say(press="softer", edge="down")
            await house.until(lambda: "softer" in host._held)
        await house.until(lambda: "softer" not in host._held)
        assert not host.watchers and not host.turned


OWN = """
[[surfaces.own.pages.main.keys]]
key = "alice"
label = "Alice"
icon = "call"
press = { do = "dial", address = "alice@example.com" }
shows = "calls.state"
enabled = "calls.state == 'idle'"
[[surfaces.own.pages.main.keys]]
key = "film"
label = "Film"
press = [{ do = "scene", scene = "film" }, { page = "other" }]
[[surfaces.own.pages.main.keys]]
key = "cough"
label = "Cough"
press = { do = "mic-mute", on = true }
release = { do = "mic-mute", on = false }
[[surfaces.own.pages.main.keys]]
key = "sos"
label = "Help"
press = { do = "help", text = "No picture" }
[[surfaces.own.pages.other.keys]]
key = "back"
label = "Back"
press = { page = "main" }
"""


async def test_a_key_dials_a_contact_runs_a_scene_turns_the_page_and_calls_for_help(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM + OWN) as house:
        await house.online()
        codec = house.sims["codec"]
        async with deck(house, "surfaces/own/ws") as ears:
            await ears.hear(lambda told: told["type"] == "surface" and told["faces"]["alice"]["flag"] == "")
            await ears.say(press="cough", edge="down")
            await codec.until(lambda: codec.mics_muted)
            await ears.say(press="cough", edge="up")
            await codec.until(lambda: not codec.mics_muted)
            for key in ("alice", "sos", "film"):
                await ears.say(press=key, edge="down")
            assert (await ears.kind("page"))["page"] == "other"
            await codec.until(lambda: [call.number for call in codec.calls] == ["alice@example.com"])
            await codec.until(lambda: codec.volume == 45 and codec.mics_muted)  # the scene
            await ears.hear(shows("alice", flag="unavailable"))  # there is a call now: `enabled` says no
            alerts = [event for event in house.room.events if event["event"] == "alert"]
            assert [(alert["what"], alert["text"]) for alert in alerts] == [("help", "No picture")]
        assert {ticket.cause for _, ticket in house.room.commands.values()} >= {"key:own/alice", "key:own/film"}


async def test_nonsense_and_what_a_token_may_not_are_refused_and_nothing_breaks(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        async with deck(house) as ears:
            await ears.kind("surface")
            for message in ("[]", "no", '{"press": 3}', '{"press": "x"}', '{"press": "mute", "edge": "sideways"}'):
                await ears.connection.send(message)
                assert (await ears.kind("problem"))["status"] == 422
            await ears.connection.send(json.dumps({"press": "volume", "edge": "set", "value": "9" * 70000}))
            assert (await ears.kind("problem"))["status"] == 413
            nonsense: tuple[Any, ...] = (None, "loud", [], {}, 1e300, True)
            for value in nonsense:
                await ears.say(press="volume", edge="set", value=value)
                await ears.say(press="volume", edge="turn", value=value)
            for value in ("NaN", "Infinity", "-Infinity", "9" * 400):
                await ears.connection.send(f'{{"press": "volume", "edge": "set", "value": {value}}}')
                await ears.connection.send(f'{{"press": "volume", "edge": "turn", "value": {value}}}')
            await ears.say(type="ping")
            await ears.kind("pong")
        viewer = house.as_("viewer")["authorization"].split()[1]
        async with deck(house, token=viewer) as ears:
            await ears.kind("surface")
            await ears.say(press="mute", edge="down")
            assert (await ears.kind("problem"))["status"] == 403
        assert not house.sims["codec"].volume_muted


async def test_the_flat_room_is_whole_each_time_and_takes_commands(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        async with deck(house, "flat") as ears:

            async def flat(**wanted: Any) -> dict[str, Any]:
                names = {name.replace("__", "."): value for name, value in wanted.items()}
                while True:
                    told: dict[str, Any] = json.loads(await ears.connection.recv())
                    assert all(value is None or isinstance(value, str | int | float) for value in told.values())
                    if all(told[name] == value for name, value in names.items()):
                        return told

            first = await flat(volume__volume=50)
            assert first["calls.state"] == "idle" and first["display.main.online"] is True
            assert first["screen.left.position"] is None or isinstance(first["screen.left.position"], int)
            await ears.say(do="volume", level=44)
            second = await flat(volume__volume=44, last__result="confirmed")
            assert second.keys() == first.keys()
            await ears.say(do="volume", level=99)
            assert "maximum volume is 80" in (await flat(last__result="problem"))["last.words"]
            await ears.connection.send("nonsense")
            assert (
                "not JSON"
                in (await flat(last__words="not JSON: Expecting value: line 1 column 1 (char 0)"))["last.words"]
            )
            for number in (4, 5):  # the same mistake again is told again
                await ears.say(do="levitate")
                assert "levitate" in (await flat(last__number=number))["last.words"]
            house.sims["codec"].incoming_call("alice@example.com", "Alice")
            told = await flat(calls__state="ringing")
            assert (told["calls.with"], told["calls.count"]) == ("Alice", 1)
        assert not [box for box in house.room.mailboxes if type(box).__module__.endswith("flat")]


async def test_the_flat_room_is_for_those_who_may_read_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        for token in ("no", house.as_("panel", "elsewhere")["authorization"].split()[1]):
            for path in ("flat", "surfaces/deck/ws"):
                with contextlib.suppress(websockets.InvalidStatus):
                    async with deck(house, path, token):
                        raise AssertionError("it was let in")
