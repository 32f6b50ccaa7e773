"""The Satellite port under nonsense: nothing breaks, nothing grows, nothing is done, and a good deck goes on."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import Any

import pytest
import websockets
from hypothesis import strategies as st

from drivers.decks.satellite import INTRODUCED, LONGEST, MOST_BUTTONS, MOST_DECKS
from gateway.auth import Guard
from gateway.surfaces.adoption import MOST_WAITING
from gateway.visits import FROM_ONE
from tests.api.support import Rig
from tests.fuzz.rogue import Peace, Rogue, elsewhere, examples, memory, rogue

pytestmark = pytest.mark.asyncio(loop_scope="module")
GOOD = "demo/decks/streamdeck:SIM00000001"
COMMANDS = [
    "ADD-DEVICE",
    "REMOVE-DEVICE",
    "KEY-PRESS",
    "KEY-ROTATE",
    "ADD-SUB",
    "REMOVE-SUB",
    "SUB-PRESS",
    "SUB-ROTATE",
    "PING",
    "PONG",
    "QUIT",
    "SET-VARIABLE-VALUE",
    "FIRMWARE-UPDATE-INFO",
    "CHANGE-PAGE",
    "PINCODE-KEY",
    "BEGIN",
    "CAPS",
    "KEY-STATE",
]
NAMES = [
    "DEVICEID",
    "PRODUCT_NAME",
    "KEYS_TOTAL",
    "KEYS_PER_ROW",
    "BITMAPS",
    "COLORS",
    "TEXT",
    "LAYOUT_MANIFEST",
    "BITMAP_FORMAT",
    "SERIAL",
    "KEY",
    "CONTROLID",
    "PRESSED",
    "DIRECTION",
    "SUBID",
    "LOCATION",
    "BITMAP",
    "VARIABLES",
    "BRIGHTNESS",
    "CONFIG_FIELDS",
]


def b64(held: Any) -> str:
    return base64.b64encode(held if isinstance(held, bytes) else json.dumps(held).encode()).decode()


HUGE = [10**400, -1, 1e308, float("inf"), float("nan"), True, None, "1", [], {}, 0.5, 99999]
manifests = st.one_of(
    st.builds(
        lambda row, column, w, h, name: {
            "stylePresets": {"default": {"bitmap": {"w": w, "h": h}}},
            "controls": {name: {"row": row, "column": column}},
        },
        *(st.sampled_from(HUGE) | st.integers(0, 5) for _ in range(4)),
        st.text(max_size=5),
    ),
    st.recursive(st.none() | st.booleans() | st.text(max_size=3), lambda held: st.lists(held, max_size=3)
                 | st.dictionaries(st.sampled_from(["stylePresets", "controls", "default"]), held, max_size=4)),
)  # fmt: skip
values = st.one_of(
    st.sampled_from(
        ["", "1", "0", "true", "false", "-1", "7", "99999999999", "-99999999999", "0/0", "1/0/0", "999/7/15"]
    ),
    st.sampled_from(
        ["72", "512", "100000", "1e9", "٣", "0x10", "a", "deck", "group:x", "rgb", "hex", "png", "\\", '"']
    ),
    st.text(max_size=20),
    manifests.map(b64),
    st.binary(max_size=30).map(b64),
    st.integers(-(10**9), 10**9).map(str),
)
words = st.builds(
    lambda name, joint, value, quoted: f'{name}{joint}"{value}"' if quoted else f"{name}{joint}{value}",
    st.sampled_from(NAMES),
    st.sampled_from(["=", "=", "=", "", "==", " = "]),
    values,
    st.booleans(),
)
known = st.sampled_from(
    [
        "ADD-DEVICE DEVICEID=deck PRODUCT_NAME=X KEYS_TOTAL=6 KEYS_PER_ROW=3 BITMAPS=72",
        "ADD-DEVICE DEVICEID=deck PRODUCT_NAME=X KEYS_TOTAL=4000000 BITMAPS=99999",
        "KEY-PRESS DEVICEID=deck KEY=0 PRESSED=1",
        "KEY-PRESS DEVICEID=deck KEY=99999999 PRESSED=1",
        "KEY-ROTATE DEVICEID=deck KEY=1 DIRECTION=-999999",
        "ADD-SUB SUBID=a LOCATION=1/0/0 BITMAP=99999",
        "SUB-PRESS SUBID=a PRESSED=true",
        "REMOVE-DEVICE DEVICEID=deck",
    ]
)
lines = st.one_of(
    known,
    st.builds(lambda command, held: " ".join([command, *held]), st.sampled_from(COMMANDS), st.lists(words, max_size=6)),
)
packets = st.one_of(
    st.binary(max_size=200),
    st.lists(lines, min_size=1, max_size=12).map(lambda held: "\n".join(held).encode("utf-8", "replace") + b"\n"),
    st.builds(
        lambda line, junk: line.encode("utf-8", "replace") + junk + b"\r\n",
        lines,
        st.sampled_from([b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"\\", b"\x85", b"\xe2\x80\xa8"]),
    ),
    st.lists(lines, min_size=1, max_size=3).map(lambda held: "\n".join(held).encode("utf-8", "replace")),  # no end
)


def port(house: Rig, name: str = "decks") -> int:
    visits = house.running.house.devices[f"demo/{name}"].visits
    assert visits is not None and visits.address is not None
    return visits.address.port


async def left(house: Rig, name: str = "decks") -> None:
    """Wait until only the good deck's own connection is there, and nothing of the rogues' is kept."""
    device = house.running.house.devices[f"demo/{name}"]
    assert device.visits is not None
    sim = house.sims[name]
    await sim.until(lambda: len(device.visits.connections) == 1 and sim.added)
    assert set(device.units) == {"streamdeck:SIM00000001"}
    assert set(house.running.house.lobby.strangers) <= {GOOD, GOOD.replace("decks", "plugins")}


async def test_any_packet_is_answered_or_its_sender_hung_up_on(house: Rig, peace: Peace) -> None:
    todo = examples(packets, 250)
    while todo:
        async with rogue(port(house)) as one:
            for packet in todo[:25]:
                half = len(packet) // 2
                for piece in (packet[:half], packet[half:]):
                    await one.says(piece)
            del todo[:25]
            await one.says(b"\nQUIT\n")
            await one.hears(b"never said")  # until it is hung up on
    await left(house)
    peace.holds()


async def test_any_message_over_websocket_is_taken_as_well(house: Rig, peace: Peace) -> None:
    for packet in examples(packets, 120):
        url = f"ws://127.0.0.1:{port(house, 'plugins')}"
        async with websockets.connect(url, proxy=None, local_addr=(elsewhere(), 0)) as one:
            with contextlib.suppress(websockets.ConnectionClosed):
                await one.send(packet if len(packet) % 2 else packet.decode("utf-8", "replace"))
                await one.send("QUIT")
                async for _ in one:
                    pass
    async with rogue(port(house, "plugins")) as one:  # no WebSocket at all
        await one.says(b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000)
        assert not await one.hears(b"101 ")
    await left(house, "plugins")
    peace.holds()


@pytest.mark.parametrize(
    "line", [b"x" * (LONGEST - 1), b'ADD-DEVICE DEVICEID="' + b"\\" * (LONGEST - 100), b"a=" * (LONGEST // 2 - 1)]
)
async def test_a_line_just_within_the_limit_is_answered_and_a_longer_one_ends_it(
    house: Rig, peace: Peace, line: bytes
) -> None:
    async with rogue(port(house)) as one:
        await one.says(line + b"\nPING here\n")
        assert await one.hears(b"PONG here\n")
        await one.says(b"y" * (LONGEST + 1))
        assert not await one.hears(b"never said")
    await left(house)
    peace.holds()


async def test_lines_that_never_end_cost_no_memory(house: Rig, peace: Peace) -> None:
    async def never_ends() -> None:
        async with rogue(port(house)) as one:
            for _ in range(40):
                await one.says(b"z" * 65_536)

    with memory(1_000_000):
        await asyncio.gather(*(never_ends() for _ in range(20)))
        await left(house)
    peace.holds()


async def test_one_program_cannot_bring_thousands(house: Rig, peace: Peace) -> None:
    async def bring(one: Rogue, first: int, last: int, again: bool) -> None:
        for number in range(first, last):
            text = f"ADD-DEVICE DEVICEID=x{number} PRODUCT_NAME=X BITMAPS=512 KEYS_TOTAL=128\n"
            await one.says(text.encode() + (f"REMOVE-DEVICE DEVICEID=x{number}\n".encode() if again else b""))

    with memory(1_000_000):
        async with rogue(port(house)) as one:
            await bring(one, 0, MOST_DECKS + 1, again=False)
            assert await one.hears(b'MESSAGE="No more than 32 devices"')
            for number in range(MOST_BUTTONS + 1):
                await one.says(f"ADD-SUB SUBID=s{number} LOCATION={number}/0/0 BITMAP=512\n".encode())
            assert await one.hears(b'MESSAGE="No more than 256 subscriptions"')
            await bring(one, 0, INTRODUCED, again=True)
            assert not await one.hears(b"never said"), "names are not to be tried one after another"
        await left(house)
    peace.holds()


async def test_decks_that_wait_are_bounded_and_the_log_says_it_once(house: Rig, peace: Peace) -> None:
    lobby = house.running.house.lobby
    async with contextlib.AsyncExitStack() as ends:
        for program in range(MOST_WAITING // MOST_DECKS + 4):
            one = await ends.enter_async_context(rogue(port(house)))
            for number in range(MOST_DECKS):
                await one.says(f"ADD-DEVICE DEVICEID=p{program}.{number} PRODUCT_NAME=X\n".encode())
            await one.says(b"PING all\n")
            assert await one.hears(b"PONG all")
        assert len(lobby.strangers) == MOST_WAITING
        assert peace.caplog.text.count("are not listed") == 1
    await left(house)
    peace.holds()


async def test_connections_are_bounded_and_who_misbehaves_waits(house: Rig, peace: Peace) -> None:
    device, address = house.running.house.devices["demo/decks"], elsewhere()
    assert device.visits is not None
    async with contextlib.AsyncExitStack() as ends:
        for _ in range(FROM_ONE + 10):
            one = await ends.enter_async_context(rogue(port(house), address))
        assert not await one.hears(b"BEGIN"), "one too many from one address"
        async with rogue(port(house)) as other:
            assert await other.hears(b"BEGIN"), "others come all the same"
        assert len(device.visits.connections) <= FROM_ONE + 2
    await left(house)
    address = elsewhere()
    greeted = 0
    for _ in range(Guard.TRIES + 5):
        async with rogue(port(house), address) as one:
            if await one.hears(b"CAPS"):
                greeted += 1
            await one.says(b"PING\n" * 3000)
            assert not await one.hears(b"never said")
    assert greeted == Guard.TRIES and "nobody from" in peace.caplog.text
    await left(house)
    peace.holds()


async def test_presses_of_a_stranger_reach_nobody(house: Rig, peace: Peace) -> None:
    seq = house.room.seq
    async with rogue(port(house)) as one:
        await one.says(b"ADD-DEVICE DEVICEID=deck PRODUCT_NAME=X KEYS_TOTAL=15 KEYS_PER_ROW=5\n")
        for key in range(15):
            await one.says(
                b"KEY-PRESS DEVICEID=deck KEY=%d PRESSED=1\nKEY-ROTATE DEVICEID=deck KEY=%d DIRECTION=-9\n" % (key, key)
            )
        await one.says(b"KEY-PRESS DEVICEID=streamdeck:SIM00000001 KEY=0 PRESSED=1\nPING all\n")
        assert await one.hears(b"PONG all")
    await left(house)
    assert house.room.seq == seq, "not even an event"
    peace.holds()


async def test_a_good_deck_works_after_all_that(house: Rig) -> None:
    sim, codec = house.sims["decks"], house.sims["codec"]
    answer = await house.client.post(f"/api/v1/surfaces/{GOOD}/adopt", json={"room": "demo", "surface": "deck"})
    assert answer.status_code == 200, answer.text
    page = house.running.house.surfaces["demo"]["deck"].spec.pages[0]
    at = next(number for number, key in enumerate(page.keys) if key.id == "mic-mute")
    await sim.until(lambda: at in sim.pictures)
    sim.press(at)
    await codec.until(lambda: codec.mics_muted)
    sim.release(at)
    assert sim.errors == []
