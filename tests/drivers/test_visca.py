"""VISCA: golden packets both ways, sequence numbers, lost answers, several cameras on a line, errors."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.visca import TRIES, Packets, Visca, measure
from gateway.commands import MoveCamera, RecallPreset, SetMute, SetPower, StorePreset
from gateway.driver import Action, Answered, Datagram, Drop, Feedback, Gone, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

CASE = Case(
    driver=Visca,
    simulator="visca",
    links=("udp", "tcp", "serial"),
    settings={"poll": 0.5},
    simulator_settings={"speed": 20},
    commands=[
        Do(MoveCamera("left"), seen=lambda sim: sim.cameras["1"].pan == -1, outcome="assumed"),
        Do(SetPower(False), seen=lambda sim: not sim.cameras["1"].on),
        Do(MoveCamera("in"), seen=lambda sim: sim.cameras["1"].zoom == 1, outcome="assumed"),
        Do(RecallPreset(2), seen=lambda sim: sim.cameras["1"].at == 2, outcome="assumed"),
        Do(StorePreset(9), seen=lambda sim: 9 in sim.cameras["1"].stored, outcome="assumed"),
        Do(RecallPreset(50), outcome="refused"),
    ],
    hands=[Hand(do=lambda sim: sim.remote(False), shows={"power": "standby"}, pushed=False)],
)
FACTS = "RoomGate facts: room devices 8"
SONY = "Sony SRG VISCA command list"
PTZO = "PTZOptics VISCA Command List, Rev 1.3 10/20"
RESET = Golden(bytes.fromhex("02 00 00 01 00 00 00 01 01"), "begin counting anew", FACTS)
ON = Golden(bytes.fromhex("81 01 04 00 02 FF"), "power on", FACTS)
ACK = Golden(bytes.fromhex("90 41 FF"), "acknowledged, socket 1", FACTS)
COMPLETION = Golden(bytes.fromhex("90 51 FF"), "done, socket 1", FACTS)
SYNTAX = Golden(bytes.fromhex("90 60 02 FF"), "syntax error", FACTS)
NOT_NOW = Golden(bytes.fromhex("90 61 41 FF"), "not executable", FACTS)
ASK = Golden(bytes.fromhex("81 09 04 00 FF"), "is it on", PTZO)
IS_ON = Golden(bytes.fromhex("90 50 02 FF"), "it is on", PTZO)
IS_OFF = Golden(bytes.fromhex("90 50 03 FF"), "it is in standby", PTZO)
UP = Golden(bytes.fromhex("81 01 06 01 08 08 03 01 FF"), "up at speed 8", PTZO)
STOP = Golden(bytes.fromhex("81 01 06 01 08 08 03 03 FF"), "stop turning", PTZO)
TELE = Golden(bytes.fromhex("81 01 04 07 23 FF"), "zoom in at speed 3", SONY)
RECALL = Golden(bytes.fromhex("81 01 04 3F 02 05 FF"), "recall preset 5", SONY)
STORE = Golden(bytes.fromhex("81 01 04 3F 01 05 FF"), "store preset 5", SONY)
ADDRESS = Golden(bytes.fromhex("88 30 01 FF"), "give addresses", SONY)
HEAD = Golden(bytes.fromhex("01 11 00 03 00 00 00 01"), "a reply of 3 bytes to number 1", FACTS)


def make(scheme: str = "tcp", **more: Any) -> Visca:
    return Visca(Visca.Settings(**more), scheme=scheme)


def sent(actions: Any) -> list[Any]:
    return [action.data for action in actions if isinstance(action, Send)]


def up(scheme: str = "tcp", **more: Any) -> Visca:
    driver = make(scheme, **more)
    list(driver.opened())
    for unit in driver.addresses:
        driver.received(IS_ON.wire, ("power", unit))
        list(driver.received(IS_ON.wire, ("power", unit)))
    assert driver.ready
    return driver


@pytest.mark.parametrize(
    ("command", "golden"),
    [
        (SetPower(True), ON),
        (MoveCamera("up"), UP),
        (MoveCamera("in"), TELE),
        (RecallPreset(5), RECALL),
        (StorePreset(5), STORE),
    ],
)
def test_packets(command: Any, golden: Golden) -> None:
    assert sent(up().command(Request("1", command))) == [golden.wire]


def test_a_stop_ends_both_and_waits_for_nothing() -> None:
    assert sent(up().command(Request("1", MoveCamera("stop")))) == [STOP.wire, bytes.fromhex("8101040700ff")]
    assert MoveCamera("stop").hurries()


def test_replies() -> None:
    driver = make()
    assert sent(driver.opened()) == [ASK.wire]
    actions = list(driver.received(IS_OFF.wire, ("power", "")))
    assert actions[0] == Feedback("", power="standby") and Ready() in actions
    request = Request("1", MoveCamera("up"))
    assert Taken(request) in list(driver.received(ACK.wire, request))
    assert list(driver.received(COMPLETION.wire)) == []
    assert list(driver.received(SYNTAX.wire, request)) == [Refused(request, "syntax error")]
    assert list(driver.received(NOT_NOW.wire, request)) == [Refused(request, "not executable now")]
    cutter = Packets(measure)
    answering = [cutter.answers(one.wire) for one in (ACK, COMPLETION, IS_ON, NOT_NOW)]
    assert answering == [True, False, True, True]
    for odd in (MoveCamera("up", camera="2"), MoveCamera("up", far=True), SetMute(True)):
        assert isinstance(next(iter(driver.command(Request("1", odd)))), Refused)


def test_numbers_over_udp() -> None:
    driver = make("udp")
    assert sent(driver.opened()) == [Datagram(RESET.wire)]
    actions = list(driver.received(Datagram(bytes.fromhex("0201 0001 00000001 01"))))
    (ask,) = sent(actions)
    assert Answered("reset") in actions and ask.data == bytes.fromhex("0110 0005 00000001") + ASK.wire
    reply = bytes.fromhex("0111 0004 00000001") + IS_ON.wire
    assert Ready() in list(driver.received(Datagram(reply)))
    assert list(driver.received(Datagram(reply))) == []  # the same once more answers nothing
    request = Request("1", SetPower(True))
    (order,) = sent(driver.command(request))
    assert order.data[:4] == bytes.fromhex("0100 0006") and order.data[8:] == ON.wire
    acknowledged = HEAD.wire[:4] + order.data[4:8] + COMPLETION.wire  # its ACK was lost, its completion came
    actions = list(driver.received(Datagram(acknowledged)))
    assert Taken(request) in actions and Answered(request) in actions


def test_a_lost_answer_is_asked_for_again() -> None:
    driver = make("udp")
    list(driver.opened())
    list(driver.received(Datagram(bytes.fromhex("0201 0001 00000001 01"))))
    seen = []
    for _ in range(TRIES - 1):
        (again,) = sent(driver.failed(("power", ""), "no answer"))
        seen.append(again.data)
    assert len(set(seen)) == TRIES - 1 and all(one[8:] == ASK.wire for one in seen)  # with numbers of their own
    assert isinstance(next(iter(driver.failed(("power", ""), "no answer"))), Drop)
    assert isinstance(next(iter(up().failed(("power", ""), "no answer"))), Drop)  # a stream loses nothing


def test_a_camera_that_knows_no_reset() -> None:
    driver = make("udp")
    list(driver.opened())
    actions: list[Action] = []
    for _ in range(TRIES):
        actions = list(driver.failed("reset", "no answer"))
    assert sent(actions)[0].data == bytes.fromhex("0110 0005 00000001") + ASK.wire


async def test_lost_datagrams_do_not_take_the_camera_away() -> None:
    sim = simulators.find("visca")(speed=20)
    async with sim.serving("udp") as address, run_device(Visca, address, timing={"reply": 0.1}) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.lose = 2
        outcome = await device.submit(RecallPreset(1), "").ended(5)
        assert outcome is not None and outcome.result == "assumed" and device.online and sim.cameras["1"].at == 1


async def test_three_cameras_on_a_line_of_which_one_is_gone() -> None:
    sim = simulators.find("visca")(speed=20, count=2)
    async with (
        sim.serving("serial") as address,
        run_device(Visca, address, {"cameras": 3}, timing={"reply": 0.2}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert sim.addressed == 1
        assert (value(device, "power", "1"), value(device, "power", "3")) == ("on", None)
        outcome = await device.submit(MoveCamera("down"), "2").ended(5)
        assert outcome is not None and outcome.good
        assert (sim.cameras["1"].tilt, sim.cameras["2"].tilt) == (0, -1)


def test_one_of_several_that_is_silent_is_gone_and_the_others_are_not() -> None:
    driver = up("serial", cameras=2)
    assert list(driver.failed(("power", "2"), "no answer")) == [Gone("2")]
    assert isinstance(next(iter(driver.failed(("power", "1"), "no answer"))), Drop)


async def test_a_camera_that_wakes_takes_its_time() -> None:
    sim = simulators.find("visca")(speed=40)
    sim.cameras["1"].on = False
    async with sim.serving("tcp") as address, run_device(Visca, address) as (device, watcher):
        await watcher.until(lambda: value(device, "power") == "standby")
        refused = await device.submit(RecallPreset(1), "").ended(5)
        assert refused is not None and refused.result == "refused" and refused.words == "not executable now"
        outcome = await device.submit(SetPower(True), "").ended(10)
        assert outcome is not None and outcome.result == "confirmed"


@pytest.mark.parametrize(
    "wrong", [{"cameras": 8}, {"pan_speed": 0}, {"tilt_speed": 21}, {"zoom_speed": 8}, {"poll": 0}]
)
def test_settings_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Visca.Settings(**wrong)


STREAM = ACK.wire + IS_ON.wire + COMPLETION.wire + b"\x00\xff\x12" + NOT_NOW.wire


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_is_the_same(cuts: list[int]) -> None:
    marks = sorted({0, *cuts, len(STREAM)})
    split, whole = Packets(measure).start(), Packets(measure).start()
    got = [packet for a, b in itertools.pairwise(marks) for packet in split(STREAM[a:b])]
    assert got == whole(STREAM) == [ACK.wire, IS_ON.wire, COMPLETION.wire, NOT_NOW.wire]


@given(st.integers(1, 7), st.binary(min_size=1, max_size=14).filter(lambda body: 0xFF not in body))
def test_a_packet_comes_out_of_the_stream_as_it_went_in(address: int, body: bytes) -> None:
    packet = bytes((0x80 + address,)) + body + b"\xff"
    assert Packets(measure).start()(packet) == [packet]


@given(st.sampled_from([MoveCamera("left"), RecallPreset(7), SetPower(False)]), st.integers(0, 2**32 - 3))
def test_a_header_says_its_length_and_its_number(command: Any, sequence: int) -> None:
    driver = make("udp")
    driver.sequence = sequence
    (datagram,) = sent(driver.command(Request("1", command)))
    data = datagram.data
    assert int.from_bytes(data[2:4], "big") == len(data) - 8 and int.from_bytes(data[4:8], "big") == sequence + 1
    assert Packets(measure).start()(data[8:]) == [data[8:]]


@given(st.binary(max_size=40), st.sampled_from([b"", HEAD.wire, bytes.fromhex("0201 0001 00000001")]))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes, head: bytes) -> None:
    for raw in (False, True):
        driver = make("udp", raw=raw)
        list(driver.opened())
        list(driver.received(Datagram(head + noise)))
    stream = up()
    for packet in Packets(measure).start()(head + noise + b"\xff"):
        tag = ("version", "") if Packets(measure).answers(packet) else None
        list(stream.received(packet, tag))
        list(stream.received(packet, Request("1", SetPower(True))))
