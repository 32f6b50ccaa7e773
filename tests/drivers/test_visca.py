"""VISCA cameras: golden frames over IP, TCP and serial; ACK and completion; errors; a lost datagram; a chain."""

from __future__ import annotations

import itertools
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.visca import ALL, POWER, VERSION, Ask, Frames, Visca
from gateway.commands import Command, MoveCamera, RecallPreset, SetMute, SetPower, StorePreset
from gateway.driver import (
    Action,
    Answered,
    Datagram,
    Done,
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

CASE = Case(
    driver=Visca,
    simulator="visca",
    links=("udp", "tcp", "serial"),
    settings={"poll": 0.2},
    simulator_settings={"speed": 10},
    commands=[
        Do(SetPower(False), seen=lambda sim: not sim.cameras["1"].on),
        Do(MoveCamera("left"), seen=lambda sim: sim.cameras["1"].pan == "left", outcome="assumed"),
        Do(MoveCamera("in"), seen=lambda sim: sim.cameras["1"].zoom == "in", outcome="assumed"),
        Do(MoveCamera("stop"), seen=lambda sim: sim.cameras["1"].tilt == "stop", outcome="assumed"),
        Do(RecallPreset(3), seen=lambda sim: sim.cameras["1"].preset == 3),
        Do(StorePreset(4), seen=lambda sim: sim.cameras["1"].stored == [4], outcome="assumed"),
        Do(
            MoveCamera("up"),
            before=lambda sim: sim.remote_power(False),
            seen=lambda sim: sim.cameras["1"].tilt == "stop",
            outcome="refused",
        ),
    ],
    hands=[Hand(do=lambda sim: sim.remote_power(False), shows={"power": "standby"}, pushed=False)],
)
D70 = "Sony EVI-D70 technical manual, command list"
SENT = [
    (SetPower(True), Golden(bytes.fromhex("8101040002ff"), "power on", "RoomGate facts 8 (tried); " + D70)),
    (SetPower(False), Golden(bytes.fromhex("8101040003ff"), "power off", D70 + ", CAM_Power Off")),
    (MoveCamera("left"), Golden(bytes.fromhex("810106010a080103ff"), "pan left", D70 + ", Pan-tiltDrive Left")),
    (MoveCamera("up"), Golden(bytes.fromhex("810106010a080301ff"), "tilt up", D70 + ", Pan-tiltDrive Up")),
    (MoveCamera("in"), Golden(bytes.fromhex("8101040723ff"), "zoom tele, speed 3", D70 + ", CAM_Zoom Tele(Variable)")),
    (RecallPreset(5), Golden(bytes.fromhex("8101043f0205ff"), "memory recall", D70 + ", CAM_Memory Recall")),
    (StorePreset(5), Golden(bytes.fromhex("8101043f0105ff"), "memory set", D70 + ", CAM_Memory Set")),
]
ACK = Golden(bytes.fromhex("9041ff"), "taken, socket 1", "RoomGate facts 8; " + D70)
COMPLETION = Golden(bytes.fromhex("9051ff"), "done, socket 1", "RoomGate facts 8; " + D70)
SYNTAX = Golden(bytes.fromhex("906002ff"), "syntax error", "RoomGate facts 8; " + D70)
NOT_NOW = Golden(bytes.fromhex("906141ff"), "not executable", "RoomGate facts 8; " + D70)
RESET = Golden(
    bytes.fromhex("020000010000000001"), "sequence number reset", "Sony VISCA over IP manual, control command"
)
RESET_DONE = Golden(bytes.fromhex("020100010000000001"), "reset taken", "Sony VISCA over IP manual, control reply")
ON = bytes.fromhex("905002ff")


def feed(driver: Visca, data: bytes, tag: Any = None) -> list[Action]:
    return [action for frame in Frames((b"\xff",)).start()(data) for action in driver.received(frame, tag)]


def up(**more: Any) -> Visca:
    driver = Visca(Visca.Settings(**more), scheme="tcp")
    assert list(driver.opened()) == [Send(b"\x81" + POWER + b"\xff", tag=Ask(POWER))]
    actions = feed(driver, ON, Ask(POWER))
    assert actions[:3] == [Feedback("", power="on"), Offers("", ALL), Ready()]
    assert actions[-1] == Later(10.0, "poll")
    return driver


def ask(driver: Visca, command: Command, unit: str = "") -> tuple[Request, list[Send]]:
    request = Request("1", command, unit)
    return request, [action for action in driver.command(request) if isinstance(action, Send)]


@pytest.mark.parametrize(("command", "golden"), SENT)
def test_golden_frames(command: Command, golden: Golden) -> None:
    _, (send,) = ask(up(), command)
    assert send.data == golden.wire


def test_acknowledged_and_done() -> None:
    driver = up()
    request, (send,) = ask(driver, RecallPreset(5))
    assert feed(driver, ACK.wire, send.tag) == []  # it is on its way
    assert feed(driver, COMPLETION.wire) == [Feedback("", preset="5"), Done(request)]
    request, (send,) = ask(driver, SetPower(True))
    assert feed(driver, ACK.wire, send.tag) == [Taken(request), Later(0.2, "look")]
    assert feed(driver, COMPLETION.wire) == [Send(b"\x81" + POWER + b"\xff", tag=Ask(POWER))]
    request, sends = ask(driver, MoveCamera("stop"))
    assert [send.data[1:3] for send in sends] == [b"\x01\x06", b"\x01\x04"] and MoveCamera("stop").hurries()
    assert feed(driver, ACK.wire, sends[1].tag) == [Taken(request)]
    assert feed(driver, NOT_NOW.wire, send.tag)[0] == Refused(send.tag.request, "the camera cannot do that now")  # type: ignore[union-attr]
    assert feed(driver, SYNTAX.wire, Ask(VERSION)) == []
    request = Request("9", SetMute(True))
    assert list(driver.command(request)) == [Refused(request, "a camera cannot do that")]
    request = Request("9", MoveCamera("left", far=True))
    assert isinstance(next(iter(driver.command(request))), Refused)


def test_over_ip_the_sequence_number_says_what_is_answered() -> None:
    driver = Visca(scheme="udp")
    assert list(driver.opened()) == [Send(Datagram(RESET.wire), tag="reset")]
    actions = list(driver.received(Datagram(RESET_DONE.wire)))
    inquiry = struct.pack(">HHI", 0x0110, 5, 1) + b"\x81" + POWER + b"\xff"
    assert actions == [Answered("reset"), Send(Datagram(inquiry), tag=Ask(POWER))]
    reply = Datagram(struct.pack(">HHI", 0x0111, 4, 1) + ON)
    actions = list(driver.received(reply))
    assert actions[:2] == [Answered(Ask(POWER)), Feedback("", power="on")]
    _, (send,) = ask(driver, SetPower(False))
    assert send.data.data[:4] == bytes.fromhex("01000006")
    again = list(driver.failed(send.tag, "no response"))
    assert isinstance(again[0], Send) and again[0].data.data[8:] == send.data.data[8:]  # a datagram may be lost once
    (drop,) = driver.failed(again[0].tag, "no response")
    assert isinstance(drop, Drop)
    old = Visca(Visca.Settings(typed=False, reset=False), scheme="udp")
    (send,) = old.opened()
    assert isinstance(send, Send) and send.data.data[:2] == b"\x01\x00"


async def test_a_lost_datagram_is_sent_again() -> None:
    sim = simulators.find("visca")(speed=20, knows_reset=False)
    quick = {"reply": 0.2}
    async with sim.serving("udp") as link, run_device(Visca, link, {"poll": 5.0}, timing=quick) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.lose = 1
        outcome = await device.submit(RecallPreset(2)).ended(10)
        assert outcome is not None and outcome.result == "confirmed" and device.online


async def test_a_chain_of_cameras() -> None:
    sim = simulators.find("visca")(speed=20, number_of_cameras=3)
    async with sim.serving("serial") as link, run_device(Visca, link, {"cameras": 3}) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(RecallPreset(7), "3").ended(10)
        assert outcome is not None and outcome.result == "confirmed"
        assert sim.cameras["3"].preset == 7 and sim.cameras["1"].preset is None
        assert device.unit("3").points["preset"].value == "7"


async def test_a_camera_that_acknowledges_nothing() -> None:
    sim = simulators.find("visca")(speed=20, acks=False)
    async with sim.serving("tcp") as link, run_device(Visca, link, {"acks": False}) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SetPower(False)).ended(10)
        assert outcome is not None and outcome.result == "confirmed"


@pytest.mark.parametrize(
    "given",
    [{"cameras": 8}, {"pan_speed": 0}, {"tilt_speed": 21}, {"zoom_speed": 8}, {"poll": 0.0}],
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Visca.Settings(**given)


STREAM = ON + ACK.wire + COMPLETION.wire + b"\xff\xff\x00" + NOT_NOW.wire + bytes.fromhex("a04fff") + ON


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver, cut = up(), Frames((b"\xff",)).start()
        return [action for piece in pieces for frame in cut(piece) for action in driver.received(frame, Ask(POWER))]

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


@given(st.sampled_from([*range(100)]), st.sampled_from(["preset", "store"]))
def test_what_is_encoded_is_read_as_the_same(number: int, what: str) -> None:
    """Through the simulator's own reading of the manual."""
    sim = simulators.find("visca")()
    camera = sim.cameras["1"]
    (payload,) = Visca().payloads(RecallPreset(number) if what == "preset" else StorePreset(number))
    assert sim._carry_out(camera, payload) is not None
    assert (camera.preset if what == "preset" else camera.stored[0]) == number


@given(st.binary(max_size=40))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes) -> None:
    request = Request("1", RecallPreset(1))
    for tag in (None, Ask(POWER), Ask(b"\x01", "", request)):
        feed(up(), noise + b"\xff", tag)
        over = Visca(scheme="udp")
        list(over.received(Datagram(noise)))
        list(over.received(Datagram(struct.pack(">HHI", 0x0111, len(noise), 1) + noise)))
