"""PowerView: golden requests of both generations, tilt, scenes, maintenance, and aiopvapi as a witness."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiopvapi.helpers.aiorequest import AioRequest
from aiopvapi.resources.shade import ShadePosition
from aiopvapi.shades import Shades
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.powerview import PowerView, PowerViewSettings, name_of
from gateway.commands import Command, Move, RecallPreset, SetPosition, SetPower, SetTilt, Stop
from gateway.driver import Action, Done, Drop, Feedback, HttpReply, Later, Offers, Ready, Refused, Request, Send, Taken
from simulators.powerview import PowerView as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

CASE = Case(
    driver=PowerView,
    simulator="powerview",
    links=("http",),
    settings={"poll": 0.5, "quick": 0.1, "scenes": ("43",)},
    simulator_settings={"speed": 20, "boot_seconds": 20},
    commands=[
        Do(SetPosition(50), "1", seen=lambda sim: sim.shades["1"].position == 50),
        Do(Move("down"), "2", seen=lambda sim: sim.shades["2"].position == 100),
        Do(SetTilt(25), "2", seen=lambda sim: sim.tilts["2"] == 0.75),
        Do(SetTilt(0), "3", seen=lambda sim: sim.tilts["3"] == 0.5),
        Do(
            Stop(),
            "1",
            before=lambda sim: sim.remote("down", 1),
            seen=lambda sim: sim.shades["1"].moving is None,
            outcome="assumed",
        ),
        Do(RecallPreset(1), "scenes", seen=lambda sim: sim.activated == ["43"], outcome="assumed"),
        Do(RecallPreset(2), "scenes", outcome="refused"),
    ],
    hands=[Hand(do=lambda sim: sim.remote("down", 1), shows={"position": 100}, unit="1", pushed=False)],
)
FACTS = "RoomGate facts: room devices 4.7 (PowerView APIs of generations 2 and 3)"
HUB = "Hunter Douglas PowerView API, as published by open projects: Shade"
OLD_OPEN = Golden(b'{"shade":{"positions":{"posKind1":1,"position1":65535}}}', "open (generation 2)", FACTS)
OLD_STOP = Golden(b'{"shade":{"motion":"stop"}}', "stop (generation 2)", FACTS)
OLD_SHADE = Golden(
    b'{"batteryStatus":3,"batteryStrength":159,"groupId":5,"id":7,"name":"U2hhZGUgbmFtZQ==","order":0,'
    b'"positions":{"posKind1":1,"posKind2":2,"position1":0,"position2":0},"roomId":11,"type":8}',
    "a closed shade",
    HUB,
)
STOP = Golden(b"PUT /home/shades/stop?ids=1", "stop (generation 3)", FACTS)
ASK = Golden(b"GET /home/shades", "which shades, and where (generation 3)", FACTS)
SCENE = Golden(b"PUT /home/scenes/43/activate", "a scene (generation 3)", FACTS)
OLD_ASK = Golden(b"GET /api/shades", "which shades, and where (generation 2)", FACTS)
OLD_PLACE = Golden(b"PUT /api/shades/7", "a shade (generation 2)", FACTS)
PLACE = Golden(b"PUT /home/shades/positions?ids=1", "to a position (generation 3)", FACTS)


def listing(*shades: dict[str, Any], generation: str = "3") -> HttpReply:
    body: Any = list(shades) if generation == "3" else {"shadeIds": [], "shadeData": list(shades)}
    return HttpReply(200, {}, json.dumps(body).encode())


def shade(primary: float, kind: int = 0, tilt: float = 0.0) -> dict[str, Any]:
    return {"id": 1, "ptName": "Left", "capabilities": kind, "positions": {"primary": primary, "tilt": tilt}}


def online(*shades: dict[str, Any], **more: Any) -> PowerView:
    driver = PowerView(PowerViewSettings(**more))
    assert [type(action) for action in driver.opened()] == [Send]
    said = list(driver.received(listing(*shades, generation=driver.settings.generation), "shades"))
    assert said[-2:] == [Ready(), Later(10.0, "poll")]
    return driver


def given_to(driver: PowerView, command: Command, unit: str = "1") -> tuple[Request, list[Action]]:
    request = Request("c", command, unit)
    return request, list(driver.command(request))


def wire(action: Action) -> bytes:
    assert isinstance(action, Send)
    return f"{action.data.method} /{action.data.path}".encode()  # the link writes the first slash


def body(action: Action) -> Any:
    assert isinstance(action, Send)
    return json.loads(action.data.body)


def test_generation_3() -> None:
    driver = online(shade(0.25), scenes=("43",))
    assert wire(next(iter(driver.due("poll")))) == ASK.wire
    assert wire(given_to(driver, RecallPreset(1), "scenes")[1][0]) == SCENE.wire
    _, (send,) = given_to(driver, SetPosition(40))
    assert wire(send) == PLACE.wire and body(send) == {"positions": {"primary": 0.6}}
    _, (send,) = given_to(driver, Stop())
    assert wire(send) == STOP.wire
    request, (send,) = given_to(driver, Move("up"))
    assert body(send) == {"positions": {"primary": 1.0}}
    acted = list(driver.received(HttpReply(200, {}, b"{}"), request))
    assert acted[0] == Taken(request) and wire(acted[-1]) == b"GET /home/shades"
    assert Done(request) not in list(driver.received(listing(shade(0.25)), "shades"))
    said = list(driver.received(listing(shade(0.3)), "shades"))
    assert Feedback("1", position=70) in said and Done(request) in said and said[-1] == Later(1.0, "poll")


def test_generation_2() -> None:
    driver = online(json.loads(OLD_SHADE.wire), generation="2")
    assert driver.shades["7"].position == 100 and name_of(json.loads(OLD_SHADE.wire)) == "Shade name"
    _, (send,) = given_to(driver, Move("up"), "7")
    assert wire(next(iter(driver.due("poll")))) == OLD_ASK.wire
    assert wire(send) == OLD_PLACE.wire and isinstance(send, Send) and send.data.body == OLD_OPEN.wire
    request, (send,) = given_to(driver, Stop(), "7")
    assert isinstance(send, Send) and send.data.body == OLD_STOP.wire
    assert list(driver.received(HttpReply(423), request)) == [Refused(request, "the hub is under maintenance (423)")]
    assert list(driver.received(HttpReply(423), "shades")) == [Later(10.0, "poll")]
    assert list(driver.received(HttpReply(500), request)) == [Refused(request, "HTTP 500")]


@pytest.mark.parametrize(
    ("kind", "percent", "tilt"), [(1, 0, 1.0), (1, 100, 0.0), (2, 0, 0.5), (2, 100, 0.0), (2, 50, 0.25), (5, 20, 0.4)]
)
def test_tilt_both_ways(kind: int, percent: int, tilt: float) -> None:
    driver = online(shade(0, kind))
    _, (send,) = given_to(driver, SetTilt(percent))
    assert body(send)["positions"]["tilt"] == pytest.approx(tilt)
    assert Feedback("1", tilt=percent) in list(driver.received(listing(shade(0, kind, tilt)), "shades"))
    if kind == 2:  # beyond the middle the slats close to the other side
        assert Feedback("1", tilt=percent) in list(driver.received(listing(shade(0, kind, 1 - tilt)), "shades"))


def test_what_a_shade_offers() -> None:
    for kind, offered in (
        (0, {Stop, Move, SetPosition}),
        (1, {Stop, Move, SetPosition, SetTilt}),
        (5, {Stop, SetTilt}),
    ):
        driver = PowerView()
        said = list(driver.received(listing(shade(0, kind)), "shades"))
        assert Offers("1", frozenset(offered)) in said
    for command, unit in ((SetPower(True), "1"), (Move("up"), "1"), (Stop(), "9"), (RecallPreset(1), "scenes")):
        assert isinstance(given_to(driver, command, unit)[1][0], Refused)


@pytest.mark.parametrize("reply", [HttpReply(200, {}, b"<html>"), HttpReply(200, {}, b"{}"), HttpReply(404, {}, b"[]")])
def test_what_is_no_gateway_is_dropped(reply: HttpReply) -> None:
    (drop,) = PowerView().received(reply, "shades")
    assert isinstance(drop, Drop)


@pytest.mark.parametrize(
    "given", [{"generation": "4"}, {"quick": 0.0}, {"travel": 0.0}, {"tolerance": 11}, {"scenes": ("x",)}]
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        PowerViewSettings(**given)


async def test_generation_2_live() -> None:
    sim = Simulator(speed=20, generation="2")
    given = {"generation": "2", "quick": 0.1, "scenes": ("44", "43")}
    async with sim.serving() as address, run_device(PowerView, address, given) as (device, watcher):
        await watcher.until(lambda: device.online)
        for command, unit in ((SetPosition(30), "1"), (SetTilt(40), "3")):
            outcome = await device.submit(command, unit).ended(5)
            assert outcome is not None and outcome.result == "confirmed"
        outcome = await device.submit(RecallPreset(2), "scenes").ended(5)
        assert outcome is not None and outcome.result == "assumed"
        await watcher.until(lambda: value(device, "position", "2") == 70)
        assert sim.activated == ["43"]


async def test_aiopvapi_and_the_simulator_agree() -> None:
    sim = Simulator(speed=20)
    async with sim.serving() as address, aiohttp.ClientSession() as session:
        request = AioRequest(address.removeprefix("http://"), loop=asyncio.get_running_loop(), websession=session)
        request.api_version = 3
        found = await Shades(request).get_shades()
        shade = found.processed[1]
        assert shade.name == "Shade 1"
        await shade.move(ShadePosition(primary=60))
        await sim.until(lambda: sim.shades["1"].position == 40)
        await shade.refresh()
        assert shade.current_position.primary == 60
        await shade.close()
        await shade.stop()
        assert sim.shades["1"].moving is None


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 70000) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KEYS = ["id", "ptName", "name", "capabilities", "positions"]
PLACES = ["primary", "tilt", "posKind1", "position1"]
SHADES = st.dictionaries(
    st.sampled_from(KEYS), ODD | st.dictionaries(st.sampled_from(PLACES), ODD, max_size=3), max_size=5
)


@given(
    st.lists(SHADES, max_size=2), ODD, st.binary(max_size=20), st.sampled_from(["2", "3"]), st.sampled_from([200, 404])
)
@settings(max_examples=150, deadline=None)
def test_no_answer_makes_it_raise(shades: Any, odd: Any, noise: bytes, generation: Any, status: int) -> None:
    driver = PowerView(PowerViewSettings(generation=generation))
    for tag in ("shades", None, Request("c", Stop(), "1")):
        for reply in (listing(*shades, generation=generation), HttpReply(status, {}, noise)):
            list(driver.received(reply, tag))
        list(driver.received(HttpReply(status, {}, json.dumps(odd).encode()), tag))
