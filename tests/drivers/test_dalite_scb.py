"""Da-Lite SCB-100: golden frames, and what its letters can and cannot prove."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.dalite_scb import DaliteScb
from gateway.commands import Command, Move, SetPosition, Stop
from gateway.driver import Action, Done, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

CASE = Case(
    driver=DaliteScb,
    simulator="dalite_scb",
    links=("serial", "tcp"),
    settings={"poll": 0.15},
    simulator_settings={"boot_seconds": 0.4, "seconds_up": 1.0, "seconds_down": 1.0, "frame_seconds": 0.5},
    commands=[
        Do(Move("down"), "1", seen=lambda sim: sim.last["1"] == "D", outcome="assumed"),
        Do(Stop(), "2", before=lambda sim: sim.wall_switch("down", 2), seen=lambda sim: sim.last["2"] == "S"),
    ],
    hands=[
        Hand(do=lambda sim: sim.wall_switch("down", 2), shows={"moving": "down"}, unit="2", pushed=False),
        Hand(do=lambda sim: sim.wall_switch("stop", 1), shows={"moving": "stopped"}, unit="1", pushed=False),
    ],
)
MANUAL = "Da-Lite SCB-100 manual (93489, rev. 11/04), p.4, RS-232 Communications"
SENT = [
    (Move("up"), Golden(b"@1U", "screen 1 up", MANUAL)),
    (Move("down"), Golden(b"@1D", "screen 1 down", MANUAL)),
    (Stop(), Golden(b"@1S", "screen 1 stop", MANUAL)),
    (Move("up"), Golden(b"@2U", "screen 2 up", MANUAL)),
    (Move("down"), Golden(b"@2D", "screen 2 down", MANUAL)),
    (Stop(), Golden(b"@2S", "screen 2 stop", MANUAL)),
]
ASK = Golden(b"@P", "poll", MANUAL)
TOLD = Golden(b"@1D2S", "screen 1 down, screen 2 stop", MANUAL)


def feed(driver: DaliteScb, data: bytes) -> list[Action]:
    return [action for frame in driver.cutter.start()(data) for action in driver.received(frame)]


@pytest.mark.parametrize(("command", "golden"), SENT)
def test_golden_frames(command: Command, golden: Golden) -> None:
    request = Request("1", command, golden.wire[1:2].decode())
    wanted = [Send(golden.wire, tag=request, reply=False), Send(ASK.wire, tag="state")]
    assert list(DaliteScb().command(request)) == wanted


def test_the_answer_proves_what_it_can() -> None:
    driver = DaliteScb()
    assert list(driver.opened()) == [Send(ASK.wire, tag="state")]
    actions = feed(driver, TOLD.wire)
    assert actions[:2] == [Feedback("1", assumed=True, moving="down"), Feedback("2", moving="stopped")]
    assert Offers("2", frozenset({Move, Stop})) in actions and actions[-2:] == [Ready(), Later(5.0, "poll")]
    request = Request("1", Move("down"), "1")
    list(driver.command(request))
    assert feed(driver, b"@1S2S") == [
        Feedback("1", moving="stopped"),
        Feedback("2", moving="stopped"),
        Later(5.0, "poll"),
    ]
    assert feed(driver, TOLD.wire)[1:3] == [Taken(request), Done(request)]
    moves = DaliteScb(DaliteScb.Settings(letters="motion"))
    assert feed(moves, TOLD.wire)[0] == Feedback("1", moving="down")
    request = Request("2", SetPosition(5), "1")
    assert isinstance(next(iter(driver.command(request))), Refused)


async def test_a_frame_that_dawdles_is_dropped_by_the_board() -> None:
    """The manual's rule in the simulator, and ours: a whole frame in one piece."""
    sim = simulators.find("dalite_scb")(frame_seconds=0.05)
    async with sim.serving("tcp") as link, run_device(DaliteScb, link, {"poll": 5.0}) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Move("down"), "1").ended(5)
        assert outcome is not None and outcome.good and sim.dropped == 0


@pytest.mark.parametrize("given", [{"screens": 0}, {"poll": 0.0}])
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        DaliteScb.Settings(**given)


STREAM = b"x@1" + TOLD.wire + b"@9" + b"@1U2U" + b"@1D2"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver = DaliteScb()
        cut = driver.cutter.start()
        return [action for piece in pieces for frame in cut(piece) for action in driver.received(frame)]

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


@given(st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes) -> None:
    driver = DaliteScb()
    feed(driver, noise)
    list(driver.received(noise))
