"""XY Screens motors: three frames, golden, and nothing that ever comes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xyscreens import XYScreensCommands

from drivers.xy_screens import XyScreens
from gateway.commands import Command, Move, SetPosition, Stop
from gateway.driver import Done, Feedback, Offers, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do
from tests.drivers.golden import Golden

CASE = Case(
    driver=XyScreens,
    simulator="xy_screens",
    links=("serial", "tcp"),
    settings={"addresses": ("AA EE EE", "EE EE EE")},
    simulator_settings={"speed": 10, "addresses": "aaeeee,eeeeee"},
    commands=[
        Do(Move("down"), "1", seen=lambda sim: sim.screens["aaeeee"].moving == "down", outcome="assumed"),
        Do(
            Move("up"),
            "2",
            before=lambda sim: sim.wall_switch("down", 2),
            seen=lambda sim: sim.screens["eeeeee"].moving != "down",
            outcome="assumed",
        ),
        Do(
            Stop(),
            "1",
            before=lambda sim: sim.wall_switch("down"),
            seen=lambda sim: sim.screens["aaeeee"].moving is None,
            outcome="assumed",
        ),
    ],
    hands=[],
    one_way=frozenset({"serial", "tcp"}),
)
OPEN = "rrooggiieerr/xyscreens.py, README.md, Protocol"
MONOPRICE = "Monoprice 30448 manual, p.13, RS-232/RS-485 control"
SENT = [
    (Move("up"), Golden(bytes.fromhex("FFAAEEEEDD"), "up", OPEN)),
    (
        Move("down"),
        Golden(bytes.fromhex("FFAAEEEEEE"), "down", OPEN + "; captured from an independent sender (facts 2.5)"),
    ),
    (Stop(), Golden(bytes.fromhex("FFAAEEEECC"), "stop", OPEN)),
    (Move("up"), Golden(bytes.fromhex("FFEEEEEEDD"), "up", MONOPRICE)),
    (Move("down"), Golden(bytes.fromhex("FFEEEEEEEE"), "down", MONOPRICE)),
    (Stop(), Golden(bytes.fromhex("FFEEEEEECC"), "stop", MONOPRICE)),
]


@pytest.mark.parametrize(("command", "golden"), SENT)
def test_golden_frames(command: Command, golden: Golden) -> None:
    request = Request("1", command, "1")
    address = golden.wire[1:4].hex(" ")
    actions = list(XyScreens(XyScreens.Settings(addresses=(address,))).command(request))
    assert actions[0] == Send(golden.wire, tag=request, reply=False)
    assert actions[2:] == [Taken(request), Done(request)]


@given(st.binary(min_size=3, max_size=3))
def test_the_open_library_makes_the_very_same_frames(address: bytes) -> None:
    witness = XYScreensCommands(address)
    for command, frame in ((Move("up"), witness.up), (Move("down"), witness.down), (Stop(), witness.stop)):
        driver = XyScreens(XyScreens.Settings(addresses=(address.hex(" "),)))
        send, *_ = driver.command(Request("1", command, "1"))
        assert isinstance(send, Send) and send.data == frame


def test_it_is_only_believed() -> None:
    driver = XyScreens(XyScreens.Settings(addresses=("EE EE EE",), swapped=True))
    assert list(driver.opened()) == [Offers("1", frozenset({Move, Stop})), Ready()]
    request = Request("1", Move("up"), "1")
    send, believed, *_ = driver.command(request)
    assert send == Send(bytes.fromhex("FFEEEEEEEE"), tag=request, reply=False)  # wired the other way round
    assert believed == Feedback("1", assumed=True, moving="up", position=None)
    request = Request("2", SetPosition(50), "1")
    assert list(driver.command(request)) == [Refused(request, "this device only goes up, down, and stops")]


@pytest.mark.parametrize("given", [{"addresses": ()}, {"addresses": ("AA EE",)}, {"addresses": ("GG 00 00",)}])
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        XyScreens.Settings(**given)


def test_units() -> None:
    driver = XyScreens(XyScreens.Settings(addresses=("AA EE EE", "AA EE 01")))
    assert [unit for unit in ("", "0", "1", "2", "3", "01", "x") if driver.valid_unit(unit)] == ["1", "2"]


@given(st.binary(max_size=20))
def test_nothing_on_the_line_raises(noise: bytes) -> None:
    assert list(XyScreens().received(noise)) == []
