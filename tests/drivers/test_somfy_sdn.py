"""Somfy SDN: golden frames both ways, sums, a busy bus, ILT2's refusals, groups, and motors that fail one by one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.somfy_sdn import (
    ACK,
    GET_NODE,
    GET_POSITION,
    GET_STATUS,
    MOVE_TO,
    NACK,
    NODE,
    POSITION,
    STATUS,
    STOP,
    Frame,
    SomfySdn,
    SomfySdnSettings,
    decode,
    encode,
)
from gateway.commands import Command, Move, RecallPreset, SetPosition, SetPower, Stop
from gateway.driver import Action, Appeared, Done, Drop, Feedback, Later, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from simulators.somfy_sdn import SomfySdn as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

MASTER, MOTOR = "7F7F7F", "06D2D2"
CASE = Case(
    driver=SomfySdn,
    simulator="somfy_sdn",
    links=("serial", "tcp"),
    settings={"motors": ("06D2D2", "06D2D3"), "groups": ("010105",), "discover": False, "poll": 0.6, "quick": 0.2},
    simulator_settings={"speed": 20},
    commands=[
        Do(Move("down"), "06D2D2", seen=lambda sim: sim.motors["06D2D2"].position == 100),
        Do(SetPosition(50), "06D2D3", seen=lambda sim: sim.motors["06D2D3"].position == 50),
        Do(
            Stop(),
            "06D2D3",
            before=lambda sim: sim.keypad("down", "06D2D3"),
            seen=lambda sim: sim.motors["06D2D3"].moving is None,
        ),
        Do(RecallPreset(1), "06D2D2", seen=lambda sim: sim.motors["06D2D2"].position == 30, outcome="assumed"),
        Do(Move("down"), "group/010105", seen=lambda sim: sim.motors["06D2D3"].position == 100, outcome="assumed"),
        Do(RecallPreset(9), "06D2D2", outcome="refused"),
    ],
    hands=[Hand(do=lambda sim: sim.keypad("down"), shows={"position": 100}, unit="06D2D2", pushed=False)],
)
FACTS = "RoomGate facts: room devices 4.3 (master 7F7F7F, motor 06D2D2; two independent code bases)"
VECTORS = [
    (
        Golden(bytes.fromhex(text), meaning, FACTS),
        Frame(message, source, target, bytes.fromhex(data), ack, types),
    )
    for text, meaning, message, source, target, data, ack, types in (
        ("bff4ff8080800000000432", "who?", GET_NODE, MASTER, "FFFFFF", "", False, 0),
        ("fc70ff8080802d2df9feffffff0939", "up + ACK", MOVE_TO, MASTER, MOTOR, "01000000", True, 0),
        ("fcf0ff8080802d2df9ffffffff09ba", "down", MOVE_TO, MASTER, MOTOR, "00000000", False, 0),
        ("fcf0ff8080802d2df9fbcdffff0984", "50 %", MOVE_TO, MASTER, MOTOR, "04320000", False, 0),
        ("fdf3ff8080802d2df9ff06c1", "stop", STOP, MASTER, MOTOR, "00", False, 0),
        ("f3f4ff8080802d2df905b9", "where are you", GET_POSITION, MASTER, MOTOR, "", False, 0),
        ("80f4df2d2df98080800526", "ACK", ACK, MOTOR, MASTER, "", False, 0x20),
    )
]
LAYOUT = "Somfy SDN integration guide: frame and messages (RoomGate facts 4.3), worked out by hand"
VECTORS += [
    (
        Golden(bytes.fromhex(text), meaning, LAYOUT),
        Frame(message, source, target, bytes.fromhex(data), ack, types),
    )
    for text, meaning, message, source, target, data, ack, types in (
        ("90f3df2d2df9808080df0614", "NACK: locked", NACK, MOTOR, MASTER, "20", False, 0x20),
        ("f2efdf2d2df98080802dfbe100fd0899", "at 30 %, stop 2", POSITION, MOTOR, MASTER, "d2041eff02", False, 0x20),
        ("f0f0df2d2df9808080feffffff098d", "runs down", STATUS, MOTOR, MASTER, "01000000", False, 0x20),
        ("9ff4df2d2df98080800545", "I am here", NODE, MOTOR, MASTER, "", False, 0x20),
        ("fc70ff8080802d2df9fdfcffff0935", "to stop 3 + ACK", MOVE_TO, MASTER, MOTOR, "02030000", True, 0),
        ("f1f4ff8080802d2df905b7", "how are you", GET_STATUS, MASTER, MOTOR, "", False, 0),
        ("fcf0fffafefefffffffeffffff0cd9", "group up", MOVE_TO, "010105", "000000", "01000000", False, 0),
    )
]
WIRE = {golden.meaning: golden.wire for golden, _ in VECTORS}


def said(message: int, data: bytes = b"", unit: str = MOTOR) -> bytes:
    return encode(Frame(message, unit, MASTER, data, types=0x20))


def at(position: int, state: int = 0, way: int = 0xFF, unit: str = MOTOR) -> list[bytes]:
    return [
        said(POSITION, bytes((0, 0, position, 0, 0xFF)), unit),
        said(STATUS, bytes((state, way, 0, 0)), unit),
    ]


def feed(driver: SomfySdn, *wires: bytes) -> list[Action]:
    cut = driver.cutter.start()
    return [action for wire in wires for frame in cut(wire) for action in driver.received(frame)]


def online(position: int = 0, **more: Any) -> SomfySdn:
    driver = SomfySdn(SomfySdnSettings(motors=(MOTOR,), discover=False, **more))
    assert next(send.data for send in driver.opened() if isinstance(send, Send)) == VECTORS[5][0].wire
    assert Ready() in feed(driver, *at(position))
    return driver


def sent(actions: Any) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def given_to(driver: SomfySdn, command: Command, unit: str = MOTOR) -> tuple[Request, list[Action]]:
    request = Request("c", command, unit)
    return request, list(driver.command(request))


@pytest.mark.parametrize(("golden", "frame"), VECTORS, ids=[golden.meaning for golden, _ in VECTORS])
def test_golden_both_ways(golden: Golden, frame: Frame) -> None:
    assert encode(frame) == golden.wire
    assert decode(golden.wire) == frame
    assert SomfySdn.cutter.start()(golden.wire) == [golden.wire]


def test_commands_are_the_golden_ones_and_want_an_answer() -> None:
    driver = online()
    (up,) = sent(given_to(driver, Move("up"))[1])
    assert up == VECTORS[1][0].wire
    for index, command in ((2, Move("down")), (3, SetPosition(50)), (4, Stop())):
        frame = VECTORS[index][1]
        assert sent(given_to(driver, command)[1]) == [encode(frame._replace(wants_ack=True))]  # type: ignore[arg-type]
    assert driver.opening().baud == 4800 and driver.opening().framing == "8O1"


def test_golden_answers_and_what_they_mean() -> None:
    driver = online(groups=("010105",))
    assert feed(driver, WIRE["at 30 %, stop 2"])[-1] == Feedback(MOTOR, position=30, preset="2")
    assert Feedback(MOTOR, moving="down") in feed(driver, WIRE["runs down"])
    request, said = given_to(driver, RecallPreset(3))
    assert sent(said) == [WIRE["to stop 3 + ACK"]]
    assert Refused(request, "it is locked") in feed(driver, WIRE["NACK: locked"])
    assert sent(given_to(driver, Move("up"), "group/010105")[1]) == [WIRE["group up"]]
    assert WIRE["how are you"] in sent(driver._look([MOTOR]))
    finder = SomfySdn(SomfySdnSettings())
    list(finder.opened())
    assert Appeared(MOTOR, {"node type": 2}) in feed(finder, WIRE["I am here"])


def test_a_move_is_done_when_it_is_seen() -> None:
    driver = online(0)
    request, _ = given_to(driver, Move("down"))
    acted = feed(driver, VECTORS[6][0].wire)
    assert Taken(request) in acted and VECTORS[5][0].wire in sent(acted) and Done(request) not in acted
    assert Later(0.01, "quiet") in acted  # the next exchange waits for 10 ms of silence
    assert Done(request) in feed(driver, *at(10, 1, 0))
    assert Feedback(MOTOR, moving="down") in feed(driver, *at(20, 1, 0))
    assert Feedback(MOTOR, moving="stopped") in feed(driver, *at(100, 0))
    request, _ = given_to(driver, Move("down"))
    assert Done(request) in feed(driver, VECTORS[6][0].wire)  # it is there already


def test_percent_is_met_within_the_tolerance() -> None:
    driver = online()
    assert driver.shows(SetPosition(50), {"position": 49}) and not driver.shows(SetPosition(50), {"position": 48})
    assert driver.shows(Stop(), {"moving": "stopped"}) and not driver.shows(SetPosition(50), {})


def test_refusals_and_a_busy_motor() -> None:
    driver = online()
    request, _ = given_to(driver, Move("down"))
    busy = said(NACK, b"\xff")
    assert Later(0.3, f"again {MOTOR}") in feed(driver, busy)
    assert len(sent(driver.due(f"again {MOTOR}"))) == 1
    feed(driver, busy)
    assert Refused(request, "it is busy") in feed(driver, busy)
    request, _ = given_to(driver, RecallPreset(3))
    assert Refused(request, "this intermediate position is not set") in feed(driver, said(NACK, b"\x23"))
    old = online(ilt2=True)
    request, _ = given_to(old, SetPosition(5))
    assert Taken(request) in feed(old, said(NACK, b"\x10"))
    for command, unit in ((SetPower(True), MOTOR), (Stop(), "0A0B0C"), (RecallPreset(17), MOTOR)):
        _, actions = given_to(driver, command, unit)
        assert isinstance(actions[0], Refused)


def test_a_group_is_believed() -> None:
    driver = online(groups=("010105",))
    request, actions = given_to(driver, Move("up"), "group/010105")
    frame = decode(sent(actions)[0])
    assert frame is not None and (frame.source, frame.destination) == ("010105", "000000") and not frame.wants_ack
    assert Feedback("group/010105", assumed=True, moving="up", position=None) in actions and Done(request) in actions
    _, actions = given_to(driver, SetPosition(40), "group/010105")
    assert Feedback("group/010105", assumed=True, moving=None, position=40) in actions
    assert Later(1.0, "poll") in actions


def test_motors_fail_one_by_one() -> None:
    driver = SomfySdn(SomfySdnSettings(motors=(MOTOR, "06D2D3"), discover=False))
    feed(driver, *at(0), *at(0, unit="06D2D3"))
    assert not list(driver.failed((POSITION, MOTOR), "no response"))
    gone = list(driver.failed((STATUS, MOTOR), "no response"))
    assert gone == [
        Feedback(MOTOR, position=None, moving=None),
        Feedback("", faults=(f"{MOTOR}: it does not answer",)),
    ]
    assert Feedback("", faults=()) in feed(driver, *at(0))
    list(driver.failed((POSITION, MOTOR), "no response"))
    list(driver.failed((STATUS, MOTOR), "no response"))
    list(driver.failed((POSITION, "06D2D3"), "no response"))
    (drop,) = driver.failed((STATUS, "06D2D3"), "no response")
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_RESPONSE
    request, (_, send) = given_to(driver, Stop())
    assert list(driver.failed(request, "no response")) == [send]  # two spoke at once: say it again
    list(driver.failed(request, "no response"))
    assert list(driver.failed(request, "no response")) == []


def test_discovery() -> None:
    driver = SomfySdn(SomfySdnSettings())
    assert sent(driver.opened()) == [VECTORS[0][0].wire]
    assert Appeared(MOTOR, {"node type": 2}) in feed(driver, said(NODE))
    assert sent(driver.due("poll"))[0] == VECTORS[5][0].wire
    assert Ready() in feed(driver, *at(0))
    assert driver.valid_unit("06D2D9") and not driver.valid_unit("group/010105") and not driver.valid_unit("x")


async def test_discovery_live_with_a_busy_and_refusing_bus() -> None:
    sim = Simulator(speed=20, busy=1, ilt2=True)
    async with (
        sim.serving("tcp") as address,
        run_device(SomfySdn, address, {"quick": 0.1, "ilt2": True}) as (
            device,
            watcher,
        ),
    ):
        await watcher.until(lambda: device.online)
        await watcher.until(lambda: device.unit("06D2D3").offers is not None)
        outcome = await device.submit(SetPosition(70), "06D2D3").ended(5)
        assert outcome is not None and outcome.result == "confirmed"
        sim.jam("06D2D3")
        await watcher.until(lambda: bool(value(device, "faults")))


@pytest.mark.parametrize(
    "given",
    [
        {"motors": ("6D2D2",)},
        {"motors": (5,)},
        {"groups": ("020105",)},
        {"quick": 0.0},
        {"tolerance": 11},
        {"travel": 0.0},
        {"discover": False},
        {"address": ""},
    ],
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SomfySdnSettings(**given)


ADDRESSES = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06X}")
FRAMES = st.builds(
    Frame, st.integers(0, 255), ADDRESSES, ADDRESSES, st.binary(max_size=21), st.booleans(), st.integers(0, 255)
)


@given(FRAMES)
@settings(max_examples=100, deadline=None)
def test_decoding_undoes_encoding(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(FRAMES, st.data())
@settings(max_examples=60, deadline=None)
def test_any_flipped_bit_is_rejected(frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(encode(frame))
    bit = data.draw(st.integers(0, 8 * len(wire) - 1))
    wire[bit // 8] ^= 1 << bit % 8
    assert decode(bytes(wire)) is None


def test_every_flipped_bit_of_the_golden_frames_is_rejected() -> None:
    for golden, _ in VECTORS:
        for bit in range(8 * len(golden.wire)):
            wire = bytearray(golden.wire)
            wire[bit // 8] ^= 1 << bit % 8
            assert decode(bytes(wire)) is None


STREAM = b"\x00\x17noise" + b"".join((*at(30, 1, 1), said(ACK), *at(0)))


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        return feed(online(50), *pieces)

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


@given(st.integers(0, 255), st.binary(max_size=21), st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_nothing_on_the_bus_raises(message: int, data: bytes, noise: bytes) -> None:
    driver = online()
    given_to(driver, Move("up"))
    feed(driver, noise, said(message, data), encode(Frame(message, "112233", "FFFFFF", data)))
    list(driver.received(noise))
