"""The contract suite's case of `artnet`; its bytes and its fades are in test_dmx.py."""

from __future__ import annotations

from drivers.dmx.artnet import Artnet
from gateway.commands import RecallPreset, SetLevel
from tests.drivers.contract import Case, Do
from tests.drivers.golden import Golden
from tests.drivers.test_dmx import LIGHTS, ask, frames, made

CASE = Case(
    driver=Artnet,
    simulator="artnet",
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
HEAD = Golden(b"Art-Net\0\x00\x50\x00\x0e", "OpDmx, version 14", "Art-Net 4 Protocol Release, ArtDmx packet definition")


def test_the_header_is_the_standards() -> None:
    (data,) = frames(ask(made(Artnet), SetLevel(100))[1])
    assert data.startswith(HEAD.wire)
