"""sACN and Art-Net lights: golden headers from the standards, fades on a moved clock, and what keeps a node alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stupidArtnet import StupidArtnet, StupidArtnetServer

import simulators
from drivers.dmx.artnet import Artnet
from drivers.dmx.lights import FRAME, SETTLE, Lights, channels
from drivers.dmx.sacn import Sacn
from gateway.commands import Command, RecallPreset, SetLevel, SetPower
from gateway.driver import Datagram, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from tests.drivers.golden import Golden

LIGHTS: dict[str, Any] = {
    "lights": {"front": "1-2", "back": "512"},
    "looks": {"1": {"front": 100, "back": 0}, "2": {"front": 20, "back": 60}},
}
E131 = "ANSI E1.31-2018, table 4-1"
SACN_TAIL = Golden(bytes.fromhex("720b02a1000000010201"), "DMP layer: 513 property values", E131)


def made(driver: type[Lights], **more: Any) -> Lights:
    lights = driver(driver.Settings(**{**LIGHTS, **more}))
    list(lights.opened())
    return lights


def ask(lights: Lights, command: Command, unit: str = "front") -> tuple[Request, list[Any]]:
    request = Request("1", command, unit)
    return request, list(lights.command(request))


def frames(actions: list[Any]) -> list[bytes]:
    return [action.data.data for action in actions if isinstance(action, Send)]


def test_an_sacn_packet_octet_by_octet() -> None:
    (data,) = frames(ask(made(Sacn, universe=300, priority=150), SetLevel(100))[1])
    assert len(data) == 638
    assert data[38:44] == bytes.fromhex("725800000002")
    assert data[44:52] == b"RoomGate" and data[52:108] == bytes(56)
    assert (
        data[108] == 150 and data[109:111] == b"\0\0" and data[112] == 0 and data[113:115] == (300).to_bytes(2, "big")
    )
    assert data[115:125] == SACN_TAIL.wire
    assert data[125] == 0 and data[126:128] == b"\xff\xff" and data[128:] == bytes(510)


def test_an_art_net_packet_octet_by_octet() -> None:
    (data,) = frames(ask(made(Artnet, net=1, subnet=2, universe=3), SetLevel(50), "back")[1])
    assert len(data) == 530
    assert data[12:18] == bytes((0, 0, 0x23, 1, 2, 0))
    assert data[18:529] == bytes(511) and data[529] == 128


def test_nothing_is_sent_before_somebody_wants_light() -> None:
    lights = Sacn(Sacn.Settings(**LIGHTS))
    offers = list(lights.opened())
    assert offers[-1] == Ready() and not frames(offers)
    assert Offers("", frozenset({SetLevel, RecallPreset})) in offers and Offers("back", frozenset({SetLevel})) in offers
    assert list(lights.closing()) == []


def test_a_level_leaves_at_once_and_is_repeated_and_kept_alive() -> None:
    lights = made(Sacn)
    request, actions = ask(lights, SetLevel(100))
    assert [type(action) for action in actions] == [Send, Feedback, Later, Taken]
    assert actions[1] == Feedback("front", assumed=True, level=100) and actions[-1] == Taken(request)
    waits = []
    for _ in range(SETTLE + 1):
        *_, later = lights.due("frame")
        assert isinstance(later, Later)
        waits.append(later.seconds)
    assert waits == [FRAME] * (SETTLE - 1) + [0.8, 0.8]
    (last,) = lights.closing()
    assert isinstance(last, Send) and last.data.data[112] == 0x40  # Stream_Terminated


def test_a_fade_is_a_straight_line_and_can_be_turned_round() -> None:
    lights = made(Artnet)
    lights.now = 10.0
    request, actions = ask(lights, SetLevel(100, fade=2.0))
    assert frames(actions)[0][18] == 0 and actions[-1] == Taken(request)
    lights.now = 11.0
    assert frames(list(lights.due("frame")))[0][18] == 128
    _, actions = ask(lights, SetLevel(0, fade=1.0))
    assert frames(actions)[0][18] == 128
    lights.now = 12.0
    assert Feedback("front", assumed=True, level=0) in list(lights.due("frame"))
    assert lights.patience(SetLevel(1, fade=300.0)) == 310.0


def test_all_lights_and_looks() -> None:
    lights = made(Sacn, look_fade=0.0)
    _, actions = ask(lights, SetLevel(40), "")
    assert {(one.unit, one.points["level"]) for one in actions if isinstance(one, Feedback)} == {
        ("front", 40),
        ("back", 40),
        ("", 40),
    }
    _, actions = ask(lights, RecallPreset(2), "")
    assert Feedback("back", assumed=True, level=60) in actions
    assert Feedback("", assumed=True, preset="2", level=None) in actions
    request, actions = ask(lights, RecallPreset(9), "")
    assert actions == [Refused(request, "there is no look 9")]
    request, actions = ask(lights, SetPower(True))
    assert actions == [Refused(request, "a light takes a level")]


@pytest.mark.parametrize(("driver", "name"), [(Sacn, "sacn"), (Artnet, "artnet")])
def test_the_simulated_node_reads_every_frame(driver: type[Lights], name: str) -> None:
    """Its own reading of the standard, without a socket: sequence, order, and who it is not for."""
    node = simulators.find(name)()
    lights = made(driver)
    for level in (1, 50, 100):
        (data,) = frames(ask(lights, SetLevel(level), "back")[1])
        told = node.packet(data)
        assert told is not None and told[1][511] == round(level * 255 / 100) and not told[2]
        assert node.packet(data[:-1]) is None and node.packet(b"x" + data[1:]) is None
    other = simulators.find(name)(**({"universe": 2} if name == "sacn" else {"port_address": 1}))
    assert other.packet(data) is None


@pytest.mark.parametrize(
    ("driver", "given"),
    [
        (Sacn, {"universe": 0}),
        (Sacn, {"priority": 201}),
        (Sacn, {"source_name": ""}),
        (Artnet, {"net": 128}),
        (Artnet, {"subnet": 16}),
        (Sacn, {"lights": {"front": "0"}}),
        (Sacn, {"lights": {"front": "5-3"}}),
        (Sacn, {"lights": {"Front": "1"}}),
        (Sacn, {"looks": {"x": {}}}),
        (Sacn, {"lights": {"a": "1"}, "looks": {"1": {"b": 3}}}),
        (Sacn, {"lights": {"a": "1"}, "looks": {"1": {"a": 101}}}),
        (Sacn, {"look_fade": -1.0}),
    ],
)
def test_settings_that_make_no_sense(driver: type[Lights], given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        driver.Settings(**given)


def test_channels() -> None:
    assert channels("1-3, 7") == (1, 2, 3, 7) and channels("512") == (512,)


@given(st.binary(max_size=80))
def test_nothing_that_comes_raises(noise: bytes) -> None:
    for driver, name in ((Sacn, "sacn"), (Artnet, "artnet")):
        assert list(driver().received(Datagram(noise))) == []
        assert simulators.find(name)().packet(noise) is None


@pytest.fixture
def witness() -> Iterator[StupidArtnet]:
    """stupidArtnet's own sender, at port address 1:2:3."""
    sender = StupidArtnet(universe=3)
    sender.set_simplified(False)
    sender.set_net(1)
    sender.set_subnet(2)
    yield sender
    sender.close()


@pytest.mark.parametrize(("unit", "level"), [("front", 100), ("back", 60), ("", 1)])
def test_stupid_artnet_makes_the_very_same_packets(witness: StupidArtnet, unit: str, level: int) -> None:
    (data,) = frames(ask(made(Artnet, net=1, subnet=2, universe=3), SetLevel(level), unit)[1])
    slots = {"front": (1, 2), "back": (512,), "": (1, 2, 512)}[unit]
    for slot in slots:
        witness.set_single_value(slot, round(level * 255 / 100))
    assert data == bytes(witness.packet_header + witness.buffer)
    assert StupidArtnetServer.validate_header(data)


async def test_stupid_artnet_lights_the_simulated_node(witness: StupidArtnet) -> None:
    sim = simulators.find("artnet")(port_address=0x0123)
    async with sim.serving("udp") as address:
        witness.port = int(address.rpartition(":")[2])
        witness.set_single_value(7, 200)
        witness.show()
        await sim.until(lambda: sim.levels == {"7": 200})
        witness.set_universe(4)  # another node's
        assert sim.packet(bytes(witness.packet_header + witness.buffer)) is None
