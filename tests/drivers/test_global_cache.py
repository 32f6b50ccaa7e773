"""The Global Caché driver, line by line: relays found, asked, switched, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.global_cache import GlobalCache, GlobalCacheSettings
from gateway.commands import Move, SetRelay
from gateway.driver import Actions, Drop, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

CASE = Case(
    driver=GlobalCache,
    simulator="global_cache",
    links=("tcp",),
    simulator_settings={"speed": 50},
    settings={"poll": 0.2},
    commands=[
        Do(SetRelay(True), unit="1:1", seen=lambda sim: sim.contacts["1:1"]),
        Do(
            SetRelay(False),
            unit="1:3",
            before=lambda sim: sim.press_relay(3),
            seen=lambda sim: not sim.contacts["1:3"],
        ),
        Do(SetRelay(True), unit="1:9", outcome="refused"),
    ],
    hands=[Hand(do=lambda sim: sim.press_relay(2), unit="1:2", shows={"closed": True}, pushed=False)],
    refused_login=None,  # the unit knows no log-in
)

API = "Global Caché Unified TCP API 1.1, "
CAPTURE = "open-avc/openavc-drivers, tests/fixtures/globalcache_itach_ip2cc: from an IP2CC, firmware 710-1008-05, "
GC_100 = "PlaceOS/drivers, drivers/global_cache/gc_100_spec.cr"
GOLDEN = [
    Golden(b"getdevices\r", "list the modules", API + "4.3 Common Commands"),
    Golden(
        b"device,0,0 ETHERNET\rdevice,1,3 RELAY\rendlistdevices\r",
        "module 0 is the network, module 1 has 3 relays",
        CAPTURE + "getdevices.response.txt",
    ),
    Golden(
        b"device,2,3 RELAY\rendlistdevices\r",
        "GC-100: module 2 has 3 relays",
        GC_100,
    ),
    Golden(b"getversion\r", "ask for the version", API + "4.3 Common Commands"),
    Golden(b"710-1008-05\r", "an iTach's version", CAPTURE + "getversion.response.txt"),
    Golden(b"setstate,1:1,1\r", "close relay 1:1", API + "4.4 Class-Specific Commands"),
    Golden(b"setstate,1:1,1\r", "close relay 1:1: echoed", CAPTURE + "setstate_1_1_close.response.txt"),
    Golden(b"getstate,1:1\r", "ask for relay 1:1", API + "4.4 Class-Specific Commands"),
    Golden(b"state,1:1,0\r", "relay 1:1 is open", CAPTURE + "getstate_1_1.response.txt"),
    Golden(b"state,1:1,1\r", "relay 1:1 is closed", API + "4.4 Class-Specific Commands"),
    Golden(b"ERR_0:0,001\r", "unknown command", CAPTURE + "unknowncommand.response.txt"),
    Golden(
        b"device,2,3 RELAY\rdevice,1,2 RELAYSENSOR\rdevice,3,1 IR\rendlistdevices\r",
        "GC-100: relays in two modules",
        GC_100,
    ),
    Golden(b"setstate,2:2,1\r", "close relay 2:2", GC_100),
    Golden(b"state,2:2,1\r", "relay 2:2 is closed", GC_100),
    Golden(b"getstate,2:3\r", "ask for relay 2:3", GC_100),
    Golden(b"state,2:3,0\r", "relay 2:3 is open", GC_100),
    Golden(b"ERR RO002\r", "Global Connect: an error of its relays", API + "errors"),
    Golden(b"unknowncommand 3\r", "GC-100: no such module", API + "errors"),
    Golden(b"unknowncommand, 14\r", "GC-100: unknown command", "Global Caché FAQ: GC-100 error codes, port 4998"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}
LISTED = WIRE["module 0 is the network, module 1 has 3 relays"]
OPENING = LISTED + WIRE["relay 1:1 is open"] + b"state,1:2,1\rstate,1:3,0\r" + WIRE["an iTach's version"]


class Wire:
    """Turns and nothing else: what a driver sends waits for the answer to what it sent before."""

    def __init__(self, driver: GlobalCache) -> None:
        self.driver, self.feed = driver, driver.cutter.start()
        self.queue: deque[Send] = deque()
        self.flight: Send | None = None
        self.sent: list[bytes] = []
        self.log: list[Any] = []
        self.do(driver.opened())

    def do(self, actions: Actions) -> list[Any]:
        told = list(actions)
        self.log += told
        self.queue.extend(action for action in told if isinstance(action, Send))
        while self.queue and self.flight is None:
            self.flight = self.queue.popleft()
            self.sent.append(self.flight.data)
        return told

    def hear(self, data: bytes) -> list[Any]:
        told: list[Any] = []
        for message in self.feed(data):
            tag = None
            if self.flight and self.driver.cutter.answers(message):
                tag, self.flight = self.flight.tag, None
            told += self.do(self.driver.received(message, tag))
        return told


def close(unit: str = "1:1") -> Request:
    return Request("c1", SetRelay(True), unit)


def online(**settings: Any) -> Wire:
    wire = Wire(GlobalCache(GlobalCacheSettings(**settings)))
    wire.hear(OPENING)
    assert Ready() in wire.log
    return wire


def test_opening_finds_the_relays_and_asks_each() -> None:
    wire = online()
    assert wire.sent[:2] == [WIRE["list the modules"], WIRE["ask for relay 1:1"]]
    assert wire.sent[4] == WIRE["ask for the version"]
    assert [told for told in wire.log if isinstance(told, Feedback | Offers | Ready)] == [
        Offers("1:1", frozenset({SetRelay})),
        Offers("1:2", frozenset({SetRelay})),
        Offers("1:3", frozenset({SetRelay})),
        Feedback("1:1", closed=False),
        Feedback("1:2", closed=True),
        Feedback("1:3", closed=False),
        Ready(),
        Feedback(firmware="710-1008-05"),
    ]


def test_a_gc_100_with_its_relays_elsewhere() -> None:
    wire = Wire(GlobalCache())
    wire.hear(WIRE["GC-100: module 2 has 3 relays"])
    assert wire.sent[1] == b"getstate,2:1\r"
    assert list(wire.driver.relays) == ["2:1", "2:2", "2:3"]


def test_a_gc_100_as_another_program_knows_it() -> None:
    wire = Wire(GlobalCache())
    wire.hear(WIRE["GC-100: relays in two modules"])
    assert list(wire.driver.relays) == ["2:1", "2:2", "2:3", "1:1", "1:2"]
    wire.hear(b"state,2:1,0\rstate,2:2,0\r")
    assert wire.sent[-1] == WIRE["ask for relay 2:3"]
    assert Feedback("2:3", closed=False) in wire.hear(WIRE["relay 2:3 is open"])
    wire.hear(b"state,1:1,0\rstate,1:2,0\r" + WIRE["an iTach's version"])
    request = close("2:2")
    wire.do(wire.driver.command(request))
    assert wire.sent[-1] == WIRE["close relay 2:2"]
    assert Taken(request) in wire.hear(WIRE["relay 2:2 is closed"])
    assert Feedback("2:2", closed=True) in wire.hear(WIRE["relay 2:2 is closed"])


def test_a_unit_without_relays_is_usable_for_nothing() -> None:
    wire = Wire(GlobalCache())
    wire.hear(b"device,1,1 SERIAL\rendlistdevices\r")
    assert Ready() in wire.log
    (refused,) = wire.driver.command(close())
    assert refused == Refused(close(), "there is no relay 1:1; there are none")


@pytest.mark.parametrize("answer", [WIRE["relay 1:1 is closed"], WIRE["close relay 1:1: echoed"]])
def test_both_answers_to_setstate_are_only_acknowledgements(answer: bytes) -> None:
    wire = online()
    request = close()
    assert wire.do(wire.driver.command(request)) == [Send(WIRE["close relay 1:1"], tag=request)]
    assert wire.hear(answer) == [Taken(request), Send(WIRE["ask for relay 1:1"], tag="1:1")]
    assert wire.hear(WIRE["relay 1:1 is closed"]) == [Feedback("1:1", closed=True)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (WIRE["unknown command"], "the unit answered ERR_0:0,001"),
        (WIRE["Global Connect: an error of its relays"], "the unit answered ERR RO002"),
        (WIRE["GC-100: no such module"], "the unit answered unknowncommand 3: there is no such module"),
        (WIRE["GC-100: unknown command"], "the unit answered unknowncommand, 14: it does not know this command"),
    ],
)
def test_errors_are_refusals(answer: bytes, words: str) -> None:
    wire = online()
    request = close()
    wire.do(wire.driver.command(request))
    assert wire.hear(answer) == [Refused(request, words)]


def test_a_relay_that_cannot_tell_is_unknown_and_keeps_nobody_waiting() -> None:
    wire = Wire(GlobalCache())
    wire.hear(b"device,1,1 RELAY\rendlistdevices\r")
    assert wire.hear(WIRE["unknown command"]) == [Feedback("1:1", closed=None), Ready(), Later(5.0, "poll")]


def test_changes_told_unasked_are_heard_in_the_middle_of_an_exchange() -> None:
    wire = online()
    request = close()
    wire.do(wire.driver.command(request))
    assert wire.hear(b"statechange,1:2,0\r") == [Feedback("1:2", closed=False)]
    assert wire.hear(WIRE["close relay 1:1: echoed"])[0] == Taken(request)


def test_notification_is_asked_for_once_and_only_where_wanted() -> None:
    wire = online(notify=True)
    assert b"getstate,1:1,notify\r" in wire.sent
    wire.do(wire.driver.due("poll"))
    assert wire.sent[-1] == WIRE["ask for relay 1:1"]
    assert not any(b"notify" in data for data in online().sent)


def test_an_answer_for_another_relay_ends_the_connection() -> None:
    wire = online()
    wire.do(wire.driver.command(close()))
    assert wire.hear(b"state,1:2,1\r") == [
        Drop(Reason.PROTOCOL_ERROR, "it answered for relay 1:2 when asked for 1:1"),
    ]


def test_a_unit_that_does_not_list_its_modules_is_dropped() -> None:
    (drop,) = Wire(GlobalCache()).hear(WIRE["unknown command"])
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_only_relays_that_are_there() -> None:
    driver = online().driver
    assert list(driver.command(close("1:4"))) == [
        Refused(close("1:4"), "there is no relay 1:4; there are 1:1, 1:2, 1:3")
    ]
    (refused,) = driver.command(Request("c1", Move("up"), "1:1"))
    assert isinstance(refused, Refused)
    assert driver.valid_unit("1:1") and driver.valid_unit("2:12") and not driver.valid_unit("")
    with pytest.raises(ValueError, match="poll"):
        GlobalCacheSettings(poll=0)


@pytest.mark.parametrize(
    ("unit", "of", "settings"),
    [
        ("3:2", {"model": "gc100", "version": "3.2-12"}, {}),
        ("3:2", {"model": "gc100", "version": "3.2-12"}, {"notify": True}),  # it does not know the word: asked again
        ("1:2", {"echo": True}, {}),
        ("1:2", {"unified": False}, {"notify": True}),
        ("1:2", {"echo": True}, {"notify": True, "poll": 60.0}),
    ],
    ids=["gc100", "gc100-notify", "echo", "old-notify", "echo-notify"],
)
async def test_every_kind_of_unit_live(unit: str, of: dict[str, Any], settings: dict[str, Any]) -> None:
    sim = simulators.find("global_cache")(speed=50, **of)
    async with (
        sim.serving("tcp") as link,
        run_device(GlobalCache, link, {"poll": 0.1, **settings}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        await watcher.until(lambda: value(device, "firmware") == sim.version)
        for closed in (True, False):
            outcome = await device.submit(SetRelay(closed), unit).ended(5)
            assert outcome is not None and outcome.result == "confirmed" and sim.contacts[unit] is closed
        sim.press_relay(3)
        await watcher.until(lambda: value(device, "closed", f"{unit[:2]}3") is True)


async def test_a_gc_100_speaks_of_its_own_errors_and_to_one_client() -> None:
    sim = simulators.find("global_cache")(model="gc100")
    async with asyncio.timeout(10), sim.serving("tcp") as link:
        where = urlsplit(link)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for said, number in [
            ("getversion,7", 2),
            ("setstate,7:1,1", 3),
            ("setstate,3:4,1", 4),
            ("setstate,4:1,1", 11),
            ("getstate,4:1", 13),
            ("setstate,3:1,1,500", 14),
            ("sing", 14),
        ]:
            writer.write(f"{said}\r".encode())
            assert await reader.readuntil(b"\r") == f"unknowncommand, {number}\r".encode()
        second, other = await asyncio.open_connection(where.hostname, where.port)
        assert await second.read() == b""
        writer.write(b"getstate,3:1\r")
        assert await reader.readuntil(b"\r") == b"state,3:1,0\r"
        for closing in (writer, other):
            closing.close()
            await closing.wait_closed()


@given(st.lists(st.integers(1, 30), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, rest = Wire(GlobalCache()), OPENING
    for length in lengths:
        wire.hear(rest[:length])
        rest = rest[length:]
    wire.hear(rest)
    assert wire.log == online().log


@given(st.lists(st.binary(max_size=60) | st.sampled_from(GOLDEN).map(lambda golden: golden.wire)))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = Wire(GlobalCache())
    for chunk in chunks:
        wire.hear(chunk)
        wire.do(wire.driver.due("poll"))
