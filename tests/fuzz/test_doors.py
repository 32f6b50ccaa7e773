"""The line door, the key door, the flat WebSocket and pairing under nonsense: clear refusals, and nothing is done."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import websockets
from hypothesis import strategies as st

from gateway.auth import Guard
from gateway.lines import CLIENTS, LONGEST, LineDoor
from gateway.pairing import MOST, MOST_FROM_ONE
from gateway.profile.linespec import LinesSpec
from tests.api.support import Rig
from tests.fuzz.rogue import KEYPAD_TOKEN, Peace, elsewhere, examples, memory, rogue

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSWORD = "open-sesame"
CLOSE = "connection: close\r\n\r\n"
HERE = ("127.0.0.0/8",)


@contextlib.asynccontextmanager
async def line_door(house: Rig, password: str = PASSWORD) -> AsyncIterator[LineDoor]:
    async with LineDoor(house.running.house, LinesSpec(0, allow=HERE, password=password)).open() as door:
        yield door


words = st.sampled_from(
    [
        "demo",
        "volume",
        "40",
        "400",
        "-1",
        "on",
        "off",
        "mute",
        "get",
        "key",
        "deck",
        "mic-mute",
        "power",
        "screen",
        "left",
        "down",
        "stop",
        "display",
        "main",
        "dial",
        "join-meeting",
        "nan",
        "inf",
        "1e999",
        "1_0",
        "٣",
        "room.power",
        "volume.volume",
        "''",
        '"',
        "\\",
        ".",
        "..",
        "\x00",
        "\x85",
        "\ud800",
        "help",
        "scene",
        "film",
        "aim",
        "toggle",
        "wall",
    ]
)
packets = st.one_of(
    st.binary(max_size=300),
    st.lists(words, max_size=8).map(lambda held: " ".join(held).encode("utf-8", "replace") + b"\r"),
    st.lists(words, max_size=8).map(lambda held: ".".join(held).encode("utf-8", "surrogatepass") + b"\n"),
    st.lists(st.lists(words, max_size=3).map(" ".join), max_size=30).map(
        lambda held: "\r\n".join(held).encode("utf-8", "replace")
    ),
    st.sampled_from(
        [b"x" * LONGEST + b"\n", b"x" * (LONGEST + 1) + b"\n", b"\r" * 2000, b"a\n" * 1000, b"demo get volume.volume"]
    ),
)


async def test_lines_without_the_password_do_nothing(house: Rig, peace: Peace) -> None:
    async with line_door(house) as door:
        for packet in examples(packets, 200):
            async with rogue(door.port) as one:
                await one.says(packet)
                one.writer.write_eof()
                assert not await one.hears(b"OK")
        peace.holds()


async def test_guessing_the_lines_password_is_slowed(house: Rig, peace: Peace) -> None:
    address = elsewhere()
    async with line_door(house) as door:
        async with rogue(door.port, address) as one:
            for number in range(Guard.TRIES + 1):
                await one.says(b"guess-%d demo get room.power\n" % number)
            await one.says(PASSWORD.encode() + b" demo get room.power\n")
            one.writer.write_eof()
            assert not await one.hears(b"OK"), "not even the right one is looked at now"
            assert one.heard.count(b"ERROR the password is not right") == Guard.TRIES + 2
        async with rogue(door.port, address) as one:
            await one.says(PASSWORD.encode() + b" demo get room.power\n")
            one.writer.write_eof()
            assert not await one.hears(b"OK"), "on no other connection either"
        async with rogue(door.port) as one:
            await one.says(PASSWORD.encode() + b" demo get room.power\n")
            assert await one.hears(b"OK"), "others are heard"
        assert peace.caplog.text.count("said a wrong password") <= Guard.TRIES + 1
    peace.holds()


async def test_any_line_is_answered_in_words_where_lines_are_allowed(house: Rig, peace: Peace) -> None:
    """Whoever may send lines may do all that a line can: so it only asks for what cannot be."""
    asks = st.lists(words, min_size=1, max_size=6).map(lambda held: ["demo", "get", *held]) | st.lists(
        words, max_size=6
    )
    async with line_door(house, "") as door, rogue(door.port) as one:
        for said in examples(asks, 150):
            if said[:1] == ["demo"] and said[1:2] != ["get"]:
                said = ["nowhere", *said]
            await one.says(" ".join(said).encode("utf-8", "replace") + b"\r")
            if said and any(word.strip() for word in said):
                one.heard = b""
                assert await one.hears(b"\r\n")
                assert one.heard.startswith((b"OK", b"ERROR"))
    peace.holds()


async def test_connections_to_the_line_door_are_bounded_and_end_with_a_line_without_end(
    house: Rig, peace: Peace
) -> None:
    async with line_door(house, "") as door:
        with memory(500_000):
            async with contextlib.AsyncExitStack() as ends:
                all_ = [await ends.enter_async_context(rogue(door.port)) for _ in range(CLIENTS + 5)]
                for one in all_[CLIENTS:]:
                    assert not await one.hears(b"OK")
                assert len(door._clients) == CLIENTS
                for one in all_[:CLIENTS]:
                    await one.says(b"demo volume 4" * 300)  # never ends
                    assert not await one.hears(b"OK")
        async with rogue(door.port) as one:
            await one.says(b"demo get room.power\r")
            assert await one.hears(b"OK")
    peace.holds()


# ---- the key door --------------------------------------------------------------------------------------------------


paths = st.one_of(
    st.tuples(st.text(max_size=12), st.text(max_size=12)).map(
        lambda held: "/k/" + "/".join(quote(h, safe="") for h in held)
    ),
    st.tuples(st.just(KEYPAD_TOKEN), st.text(max_size=12)).map(
        lambda held: "/k/" + "/".join(quote(h, safe="") for h in held)
    ),
    st.sampled_from(
        [
            f"/k/{KEYPAD_TOKEN}",
            f"/k/{KEYPAD_TOKEN}/",
            f"/k/{KEYPAD_TOKEN}/volume/",
            f"/k/{KEYPAD_TOKEN}%00/volume",
            f"/k/{KEYPAD_TOKEN.upper()}/volume",
            f"/k/{KEYPAD_TOKEN}/VOLUME",
            f"/k/{KEYPAD_TOKEN}/../volume",
            "/k/%ff%fe/volume",
            "/k/" + "x" * 5000 + "/volume",
            "/k//volume",
        ]
    ),
)


async def test_any_path_of_the_key_door_is_refused(house: Rig, peace: Peace) -> None:
    host, port = house.running.url.removeprefix("http://").split(":")
    for path in examples(paths, 120):
        for method in ("GET", "POST"):
            async with rogue(int(port)) as one:
                await one.says(f"{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n{CLOSE}".encode())
                assert await one.hears(b"\r\n")
                assert one.heard.startswith((b"HTTP/1.1 404", b"HTTP/1.1 307", b"HTTP/1.1 401", b"HTTP/1.1 400")), (
                    path,
                    one.heard,
                )
    for raw in examples(st.binary(min_size=1, max_size=200), 60):
        async with rogue(int(port)) as one:
            await one.says(b"GET /k/" + raw + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            one.writer.write_eof()
            await one.hears(b"never said")
            assert b" 200 " not in one.heard
    peace.holds()


async def test_guessing_a_keypads_token_is_slowed(house: Rig, peace: Peace) -> None:
    address = elsewhere()
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(base_url=house.running.url, transport=transport) as client:
        codes = [
            (await client.get(f"/k/guess-number-{number}/volume")).status_code for number in range(Guard.TRIES + 5)
        ]
        assert codes == [404] * Guard.TRIES + [429] * 5
        assert (await client.get(f"/k/{KEYPAD_TOKEN}/nothing")).text.startswith("ERROR no action; there is: volume")
    assert peace.caplog.text.count("with a wrong token") <= Guard.TRIES
    peace.holds()


# ---- WebSockets that take JSON -------------------------------------------------------------------------------------


NUMBERS = ["1e999", "-1e999", "NaN", "1" * 400, "1" * 5000, "-0", "1.5", "0x1", "true", "null"]
nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda held: st.lists(held, max_size=3) | st.dictionaries(st.text(max_size=5), held, max_size=3),
    max_leaves=6,
)
wishes = st.one_of(
    st.builds(lambda verb, field, held: {"do": verb, field: held},
              st.sampled_from(["volume", "power", "move", "route", "dial", "aim", "input", "", "show-key", "draw-key"]),
              st.sampled_from(["level", "on", "part", "direction", "number", "to", "do", "x", "type", "edge", "value"]),
              nested),
    st.builds(lambda key, edge, held: {"press": key, "edge": edge, "value": held},
              st.sampled_from(["help", "mic-mute", "volume", "", 3]) | nested,
              st.sampled_from(["sideways", "", None, []]) | nested, nested),
    nested,
)  # fmt: skip
FIXED = [
    "[" * 20_000,
    '{"a":' * 10_000,
    "[" * 900 + "]" * 900,
    '{"do": "volume", "level": ' + "[" * 30_000 + "]" * 30_000 + "}",
    '{"do": "volume", "x": ' + '{"a":' * 900 + "1" + "}" * 901,
    '{"do": "dial", "number": "\\ud800"}',
    '{"part": "\\udfff", "do": "\\ud800"}',
    "x" * 70_000,
    *(f'{{"do": "volume", "level": {number}}}' for number in NUMBERS[:5]),
    *(f'{{"press": "mic-mute", "edge": "turn", "value": {number}}}' for number in NUMBERS),
]
messages = st.one_of(
    wishes.map(lambda held: json.dumps(held)),
    st.text(max_size=40),
    st.binary(max_size=60),
)


class Chatter:
    """A WebSocket whose messages are read as they come."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection
        self.told: list[str] = []
        self.news = asyncio.Event()

    async def read(self) -> None:
        """All that it is told, until it is closed."""
        async for message in self.connection:
            self.told.append(str(message))
            self.news.set()

    async def says(self, said: list[Any]) -> None:
        """Say it all, in bursts."""
        for at in range(0, len(said), 10):
            for message in said[at : at + 10]:
                await self.connection.send(message)
            await (await self.connection.ping())

    async def hears(self, words: str) -> None:
        """Wait until this is told."""
        async with asyncio.timeout(5):
            while not any(words in told for told in self.told):
                self.news.clear()
                await self.news.wait()


@contextlib.asynccontextmanager
async def chatter(house: Rig, path: str, role: str) -> AsyncIterator[Chatter]:
    url = house.running.url.replace("http", "ws", 1) + f"/api/v1/rooms/demo/{path}"
    async with websockets.connect(url, proxy=None, additional_headers=house.as_(role)) as connection:
        one = Chatter(connection)
        reading = asyncio.create_task(one.read())
        try:
            yield one
        finally:
            reading.cancel()


@pytest.mark.parametrize("path", ["flat", "surfaces/deck/ws", "ws"])
async def test_any_message_of_a_viewer_is_refused_in_words(house: Rig, peace: Peace, path: str) -> None:
    """A token that may read only: whatever it says, nothing is done, and it is told why."""
    async with chatter(house, path, "viewer") as one:
        await one.says(examples(messages, 150) + FIXED)
        await one.says(['{"do": "volume", "level": 44, "press": "mic-mute"}'])
        await one.hears("may not command")
    peace.holds()


@pytest.mark.parametrize(("path", "ask", "answer"), [
    ("flat", '{"do": "volume", "level": "loud"}', "level: Input should be a valid integer"),
    ("surfaces/deck/ws", '{"press": "nothing"}', "there is no key 'nothing'"),
])  # fmt: skip
async def test_nonsense_of_a_panel_breaks_nothing(house: Rig, peace: Peace, path: str, ask: str, answer: str) -> None:
    """A token that may command: what is no command is refused, and the client is still there."""
    before = house.sims["projector"].memory()
    async with chatter(house, path, "panel") as one:
        await one.says(examples(messages, 150) + FIXED)
        one.told.clear()
        await one.says([ask])
        await one.hears(answer)
    assert house.sims["projector"].memory() == before
    peace.nothing_broke()


# ---- pairing -------------------------------------------------------------------------------------------------------


async def test_codes_are_few_and_their_secrets_cannot_be_guessed(house: Rig, peace: Peace) -> None:
    async def client() -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=house.running.url, transport=httpx.AsyncHTTPTransport(local_address=elsewhere())
        )

    begun: list[Any] = []
    with memory(3_000_000):
        for _ in range(MOST // MOST_FROM_ONE + 2):
            async with await client() as panel:
                begun += [await panel.post("/api/v1/pairing", content=b"{" * 5000) for _ in range(MOST_FROM_ONE + 2)]
    assert {answer.status_code for answer in begun} == {201, 429}
    listed = (await house.client.get("/api/v1/surfaces")).json()["waiting"]
    assert len([one for one in listed if one["kind"] == "panel"]) == MOST
    async with await client() as thief:
        headers = [
            {"authorization": f"Pairing {secret}"}
            for secret in examples(st.text("abcXYZ019-_", min_size=1, max_size=50), 25)
        ]
        codes = [(await thief.get("/api/v1/pairing", headers=header)).status_code for header in headers]
        assert set(codes) <= {401, 404, 429} and codes[-1] == 429
        for identity in examples(st.text(max_size=12), 40):
            path = f"/api/v1/surfaces/{quote(identity, safe='')}"
            for answer in (await thief.post(f"{path}/adopt", json={"room": "demo"}), await thief.delete(path)):
                assert answer.status_code in (401, 404, 405, 429), (identity, answer.text)
    bodies = [json.dumps(held) for held in examples(nested, 30)] + [
        "[" * 20_000,
        "{",
        '{"room": NaN}',
        '{"room": "demo", "name": "\\ud800"}',
    ]
    for body in bodies:
        answer = await house.client.post("/api/v1/surfaces/ABCDEF/adopt", content=body)
        assert answer.status_code in (404, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    peace.holds()
