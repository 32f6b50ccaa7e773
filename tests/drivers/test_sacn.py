"""The contract suite's case of `sacn`; its bytes and its fades are in test_dmx.py."""

from __future__ import annotations

from drivers.dmx.sacn import Sacn
from gateway.commands import RecallPreset, SetLevel
from tests.drivers.contract import Case, Do
from tests.drivers.golden import Golden
from tests.drivers.test_dmx import LIGHTS, ask, frames, made

CASE = Case(
    driver=Sacn,
    simulator="sacn",
    links=("udp",),
    settings={**LIGHTS, "look_fade": 0.1},
    simulator_settings={"speed": 5},
    commands=[
        Do(SetLevel(100), "front", seen=lambda sim: sim.levels == {"1": 255, "2": 255}),
        Do(SetLevel(40, fade=0.2), "back", seen=lambda sim: sim.levels.get("512") == 102),
        Do(SetLevel(0), "", seen=lambda sim: sim.levels == {}),
        Do(RecallPreset(2), "", seen=lambda sim: sim.levels.get("512") == 153, outcome="assumed"),
    ],
    hands=[],
    one_way=frozenset({"udp"}),
)
HEAD = Golden(
    bytes.fromhex("00100000") + b"ASC-E1.17\0\0\0" + bytes.fromhex("726e00000004"),
    "root layer of 638 octets",
    "ANSI E1.31-2018, table 4-1",
)


def test_the_header_is_the_standards() -> None:
    (data,) = frames(ask(made(Sacn), SetLevel(100))[1])
    assert data.startswith(HEAD.wire)
