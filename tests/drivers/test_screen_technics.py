"""Screen Technics Connect: golden lines, states, faults, and stopping before turning round."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.screen_technics import FAULTS, ScreenTechnics
from gateway.commands import Move, SetPosition, Stop
from gateway.driver import Action, Done, Feedback, Later, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden

CASE = Case(
    driver=ScreenTechnics,
    simulator="screen_technics",
    links=("tcp",),
    settings={"screens": 2, "poll": 0.6, "quick": 0.2},
    simulator_settings={"speed": 10, "count": 2, "between_seconds": 0.0},
    commands=[
        Do(Move("down"), "1", seen=lambda sim: sim.screens["1"].position == 100),
        Do(
            Stop(),
            "2",
            before=lambda sim: sim.wall_switch("down", 2),
            seen=lambda sim: sim.screens["2"].moving is None,
        ),
    ],
    hands=[Hand(do=lambda sim: sim.wall_switch("down", 2), shows={"position": 100}, unit="2", pushed=False)],
)
SPEC = "PlaceOS drivers, screen_technics/connect_spec (transcript)"
CONNECT = "Screen Technics IP Connect module manual: code + 100, states 0 to 15 (RoomGate facts 2.6)"
ASK = Golden(b"1, 17, 32\r\n", "the state of screen 1", SPEC)
MOVING = Golden(b"101, 1, 17, 1\r\n", "screen 1 goes down", SPEC)
TOP = Golden(b"101, 1, 18, 6\r\n", "screen 2 is up", SPEC)
STOP_3 = Golden(b"36, 19\r\n", "stop screen 3", SPEC)
BOTTOM = Golden(b"101, 1, 17, 7\r\n", "screen 1 is down", CONNECT)
TIMED_OUT = Golden(b"101, 1, 17, 13\r\n", "its motor timed out", CONNECT)
OVERLOAD = Golden(b"101, 1, 17, 14\r\n", "its motor draws too much", CONNECT)
UP_TAKEN = Golden(b"130, 1, 17\r\n", "up taken", CONNECT)
DOWN_TAKEN = Golden(b"133, 1, 17\r\n", "down taken", CONNECT)
STOPPED_3 = Golden(b"136, 1, 19\r\n", "stop of screen 3 taken", SPEC)
UP = Golden(b"30, 17\r\n", "screen 1 up", "Screen Technics IP Connect module manual (RoomGate facts 2.6)")
DOWN = Golden(b"33, 17\r\n", "screen 1 down", "Screen Technics IP Connect module manual (RoomGate facts 2.6)")


def feed(driver: ScreenTechnics, data: bytes, tag: Any = None) -> list[Action]:
    return [action for line in ScreenTechnics.cutter.start()(data) for action in driver.received(line, tag)]


def up(screens: int = 1) -> ScreenTechnics:
    driver = ScreenTechnics(ScreenTechnics.Settings(screens=screens))
    asked = list(driver.opened())
    assert len(asked) == screens and isinstance(asked[0], Send) and asked[0].data == ASK.wire
    actions = [action for n in range(screens) for action in feed(driver, f"101, 1, {17 + n}, 6\r\n".encode())]
    assert Ready() in actions
    return driver


def sent(actions: Any) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def test_states() -> None:
    driver = up(2)
    assert feed(driver, MOVING.wire) == [
        Feedback("1", moving="down", position=None),
        Feedback("", faults=()),
        Later(1.0, "poll"),
    ]
    assert feed(driver, TOP.wire)[0] == Feedback("2", moving="stopped", position=0)
    assert feed(driver, b"101, 1, 17, 10\r\n")[-1] == Later(15.0, "poll")
    assert feed(driver, BOTTOM.wire)[0] == Feedback("1", moving="stopped", position=100)
    actions = feed(driver, TIMED_OUT.wire)
    assert Feedback("", faults=("screen 1: the motor timed out",)) in actions
    for odd in (b"101, 1, 17\r\n", b"101, 1, 99, 6\r\n", b"101, 1, 17, 77\r\n", b"hello\r\n", b"1,,2\r\n"):
        assert feed(driver, odd) == []


def test_commands_and_their_proof() -> None:
    driver = up(3)
    request = Request("1", Stop(), "3")
    assert sent(driver.command(request)) == [STOP_3.wire]
    assert feed(driver, STOPPED_3.wire, request)[0] == Taken(request)
    request = Request("2", Move("down"), "1")
    assert sent(driver.command(request)) == [DOWN.wire]
    assert sent(feed(driver, DOWN_TAKEN.wire, request)) == [ASK.wire]
    assert Done(request) not in feed(driver, MOVING.wire)
    turned = Request("3", Move("up"), "1")
    assert sent(driver.command(turned)) == [b"36, 17\r\n", UP.wire]  # it runs down: stop it first
    assert feed(driver, UP_TAKEN.wire, turned)[0] == Taken(turned)
    assert Done(turned) in feed(driver, b"101, 1, 17, 6\r\n")
    request = Request("4", Move("down"), "1")
    list(driver.command(request))
    assert Refused(request, FAULTS[14]) in feed(driver, OVERLOAD.wire)
    assert isinstance(feed(driver, b"what\r\n", request)[0], Refused)
    request = Request("5", SetPosition(5), "1")
    assert isinstance(next(iter(driver.command(request))), Refused)


def test_it_is_stopped_before_turning_round_even_if_it_has_not_said_that_it_runs() -> None:
    """Two presses within one look: the first has started the motor, while the last word is still "at the top"."""
    driver = up()
    first = Request("1", Move("down"), "1")
    assert sent(driver.command(first)) == [DOWN.wire]
    feed(driver, b"133, 1, 17\r\n", first)  # taken; the state is asked for, and has not come yet
    turned = Request("2", Move("up"), "1")
    assert sent(driver.command(turned)) == [b"36, 17\r\n", UP.wire]
    assert sent(driver.command(Request("3", Move("up"), "1"))) == [UP.wire]  # the same way again needs no stop
    driver = up()
    list(driver.command(Request("4", Move("down"), "1")))
    list(driver.command(Request("5", Stop(), "1")))  # the stop went out already
    assert sent(driver.command(Request("6", Move("up"), "1"))) == [UP.wire]


@pytest.mark.parametrize("given", [{"screens": 0}, {"screens": 9}, {"quick": 0.0}, {"quick": 99.0}])
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ScreenTechnics.Settings(**given)


STREAM = MOVING.wire + TOP.wire + b"noise\r" + STOPPED_3.wire + b"101, 1, 17, 7\n"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver, cut = up(2), ScreenTechnics.cutter.start()
        return [action for piece in pieces for line in cut(piece) for action in driver.received(line)]

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes) -> None:
    driver = up()
    for tag in (None, Request("1", Move("up"), "1")):
        feed(driver, noise + b"\r", tag)
