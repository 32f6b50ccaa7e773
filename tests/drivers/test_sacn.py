"""The contract suite's case of `sacn`; its bytes and its fades are in test_dmx.py."""

from __future__ import annotations

from drivers.dmx.sacn import Sacn
from gateway.commands import RecallPreset, SetLevel
from tests.drivers.contract import Case, Do
from tests.drivers.test_dmx import LIGHTS

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
