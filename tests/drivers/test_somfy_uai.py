"""Somfy UAI+: golden lines of a capture, log-in, late and unmatched ids, the short form."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.somfy_uai import Motor, SomfyUai, SomfyUaiSettings
from gateway.commands import Command, Move, RecallPreset, SetPosition, SetPower, Stop
from gateway.driver import (
    Action,
    Answered,
    Appeared,
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
from gateway.model import Reason
from simulators.somfy_uai import SomfyUai as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

CASE = Case(
    driver=SomfyUai,
    simulator="somfy_uai",
    links=("telnet",),
    settings={"poll": 0.6, "quick": 0.2, "password": "Password 1"},
    simulator_settings={"speed": 20, "strays": True},
    commands=[
        Do(SetPosition(50), "13255B", seen=lambda sim: sim.motors["13255B"].position == 50),
        Do(Move("down"), "1329FB", seen=lambda sim: sim.motors["1329FB"].position == 100),
        Do(
            Stop(),
            "1329FB",
            before=lambda sim: sim.keypad("down", "1329FB"),
            seen=lambda sim: sim.motors["1329FB"].moving is None,
        ),
    ],
    hands=[Hand(do=lambda sim: sim.keypad("down"), shows={"position": 100}, unit="13255B", pushed=False)],
    refused_login={"simulator_settings": {}, "settings": {"password": "not this one"}},
)
LOG = "Me1000/home-assistant-somfy-uai-plus, telnet-log.txt (capture)"
USER = Golden(b"User:", "who", LOG)
NAME = Golden(b"Telnet 1", "the name", LOG)
WORD = Golden(b"Password:", "the password", LOG)
IN = Golden(b"Connected:\r\n", "logged in", LOG)
PING = Golden(b'{"method":"sdn.status.ping","params":[{"targetID":"*"}],"id":8901}', "who is there", LOG)
FOUND = Golden(b'{ "result" : [ "13255B","132B3A","132767","1329FB","132A01","1326E3"],"id":8901}', "six motors", LOG)
INFO = Golden(b'{ "result" : { "name" : "LIVING ROOM","type":"Sonesse 50DC"},"id":8911}', "name and type", LOG)
ASK = Golden(b'{"method":"sdn.status.position","params":[{"targetID":"1329FB"}],"id":8912}', "where", LOG)
AT_96 = Golden(b'{"result":96,"id":8912}', "at 96 %", LOG)
TO_95 = Golden(
    b'{"method":"sdn.move.to","params":[{"targetID":"1329FB"},{"position":95},{"type":"percent"},{"seq":52}],"id":8945}',
    "to 95 %",
    LOG,
)
YES = Golden(b'{"result":true,"id":8945}', "acknowledged", LOG)
TOLD = Golden(b'{"method": "sdn.status.position", "params": {"seq": 52,"position":95}}', "arrived at 95 %", LOG)
DOWN = Golden(b'{"method":"sdn.move.down","params":[{"targetID":"1329FB"},{"seq":18}],"id":7466}', "down", LOG)
STRAY = Golden(
    b'{ "result" : [ "13255B","132B3A","132767","1329FB","132A01","1326E3"],"id":27538}', "an id of nobody", LOG
)
UNIT = "1329FB"


def feed(driver: SomfyUai, *wires: bytes) -> list[Action]:
    cut = driver.cutter.start()
    return [action for wire in wires for message in cut(wire) for action in driver.received(message)]


def sent(actions: Any) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def logged_in(**more: Any) -> SomfyUai:
    driver = SomfyUai(SomfyUaiSettings(**more))
    assert sent(feed(driver, USER.wire)) == [NAME.wire + b"\r\n"]
    (word,) = feed(driver, WORD.wire)
    assert isinstance(word, Send) and word.hide == ("Password 1",)
    return driver


def answer(number: int, result: Any) -> bytes:
    return json.dumps({"result": result, "id": number}).encode() + b"\r\n"


def online(position: int = 96, **more: Any) -> SomfyUai:
    driver = logged_in(**more)
    asked = sent(feed(driver, b"Connected:\n\x00"))
    assert len(asked) == 1
    feed(driver, answer(1, [UNIT]), answer(2, {"name": "LIVING ROOM", "type": "Sonesse 50DC"}))
    assert Ready() in feed(driver, answer(3, position))
    return driver


def given_to(driver: SomfyUai, command: Command, unit: str = UNIT) -> tuple[Request, list[Action]]:
    request = Request("c", command, unit)
    return request, list(driver.command(request))


def same(line: bytes, golden: Golden, **ours: int) -> bool:
    """Whether a line is the golden one but for its numbers."""
    said, wanted = json.loads(line), json.loads(golden.wire)
    wanted["id"] = said["id"]
    for part in wanted["params"]:
        if "seq" in part:
            part["seq"] = said["id"]
    return bool(said == wanted and list(said) == list(wanted) and line.endswith(b"\r\n"))


def test_the_captured_session() -> None:
    driver = logged_in()
    driver.number = 8900
    (ping,) = sent(feed(driver, IN.wire))
    assert ping == PING.wire + b"\r\n"
    found = feed(driver, FOUND.wire + b"\r\n")
    assert Appeared(UNIT) in found and Offers(UNIT, frozenset({Move, Stop, SetPosition})) in found
    driver.asked[8911], driver.asked[8912] = ("info", UNIT), ("position", UNIT)
    assert Feedback(UNIT, name="LIVING ROOM", model="Sonesse 50DC") in feed(driver, INFO.wire + b"\r\n")
    assert Feedback(UNIT, position=96, moving=None) in feed(driver, AT_96.wire + b"\r\n")
    assert feed(driver, STRAY.wire + b"\r\n") == []


def test_moves_and_their_proof() -> None:
    driver = online(96)
    assert same(sent(driver._look([UNIT]))[0], ASK)
    request, said = given_to(driver, SetPosition(95))
    assert same(sent(said)[0], TO_95)
    number = driver.number
    acted = feed(driver, answer(number, True))
    assert [action for action in acted if not isinstance(action, Send)] == [
        Answered(request),
        Feedback(UNIT, moving=None),
        Taken(request),
        Later(1.0, "quick"),
    ]
    told = json.loads(TOLD.wire)
    told["params"]["seq"] = number
    assert feed(driver, json.dumps(told).encode() + b"\r\n") == [Feedback(UNIT, position=95, moving="up")]
    assert feed(driver, TOLD.wire + b"\r\n") == []  # a number that is not ours
    assert driver.shows(SetPosition(95), {"position": 96}) and not driver.shows(SetPosition(95), {})
    request, said = given_to(driver, Move("down"))
    assert same(sent(said)[0], DOWN)
    feed(driver, answer(driver.number, True))
    driver.asked[500] = ("position", UNIT)
    assert Done(request) in feed(driver, answer(500, 97))
    assert len(sent(driver.due("quick"))) == 1
    for number in (501, 502):
        driver.asked[number] = ("position", UNIT)
    assert Feedback(UNIT, position=97, moving="stopped") in feed(driver, answer(501, 97), answer(502, 97))
    assert list(driver.due("quick")) == []


def test_refusals() -> None:
    driver = online()
    request, _ = given_to(driver, Stop())
    wrong = {"error": {"code": -1, "message": "bus busy"}, "id": driver.number}
    assert Refused(request, "bus busy") in feed(driver, json.dumps(wrong).encode() + b"\r\n")
    request, _ = given_to(driver, Stop())
    assert Refused(request, "it says false") in feed(driver, answer(driver.number, False))
    for command, unit in ((SetPower(True), UNIT), (RecallPreset(1), UNIT), (Stop(), "AAAAAA")):
        assert isinstance(given_to(driver, command, unit)[1][0], Refused)


def test_one_motor_that_is_silent_is_not_the_box() -> None:
    driver = online()
    driver.motors["000001"] = Motor(position=5)
    asked = list(driver._look(["000001", UNIT]))
    assert Feedback("000001", position=None, moving=None) in list(driver.failed(("position", "000001"), "no response"))
    assert Feedback(UNIT, position=90, moving="up") in feed(driver, answer(driver.number, 90))
    assert driver.silent == 0 and len(asked) == 2 and not driver.asked
    stop, _ = given_to(driver, Stop())
    assert list(driver.failed(stop, "no response")) == []  # it says itself that nothing came
    (drop,) = driver.failed(("position", UNIT), "no response")  # two in a row
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_RESPONSE
    (drop,) = online().failed(("ping", ""), "no response")
    assert isinstance(drop, Drop)


async def test_a_box_with_many_motors_comes_online() -> None:
    sim = Simulator(speed=50, addresses=",".join(f"{n:06X}" for n in range(1, 61)))
    async with sim.serving() as address, run_device(SomfyUai, address, {}) as (device, watcher):
        await watcher.until(lambda: device.online)
        await watcher.until(lambda: value(device, "position", "00003C") == 0)


def test_the_short_form() -> None:
    driver = online(form="short", groups=("010105",))
    _, said = given_to(driver, RecallPreset(3))
    line = json.loads(sent(said)[0])
    assert (line["method"], line["params"]) == ("move.ip", {"targetID": UNIT, "value": 3})
    request, said = given_to(driver, Move("up"), "group/010105")
    assert json.loads(sent(said)[0])["params"] == {"groupID": "010105"}
    acted = feed(driver, answer(driver.number, True))
    assert Feedback("group/010105", assumed=True, moving="up", position=None) in acted and Done(request) in acted


async def test_the_short_form_live() -> None:
    sim = Simulator(speed=20)
    given = {"form": "short", "groups": ("010105",), "quick": 0.1}
    async with sim.serving() as address, run_device(SomfyUai, address, given) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Move("down"), "group/010105").ended(5)
        assert outcome is not None and outcome.result == "assumed"
        await sim.until(lambda: all(motor.position == 100 for motor in sim.motors.values()))


def test_log_ins_that_fail() -> None:
    driver = logged_in()
    (drop,) = feed(driver, b"User:")
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED


@pytest.mark.parametrize(
    "given", [{"form": "x"}, {"quick": 0.0}, {"travel": 0.0}, {"tolerance": 11}, {"groups": ("1",)}]
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SomfyUaiSettings(**given)


def test_units() -> None:
    driver = SomfyUai()
    assert [driver.valid_unit(unit) for unit in ("", "13255B", "group/010105", "x")] == [True, True, True, False]


STREAM = STRAY.wire + b"\r\n\x00" + answer(900, 90) + b"noise\r\n" + answer(901, 80) + TOLD.wire + b"\n"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver = online()
        driver.asked[900] = driver.asked[901] = ("position", UNIT)
        return feed(driver, *pieces)

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.binary(max_size=40), ODD, st.sampled_from(["result", "error", "params"]), st.sampled_from([3, 4, 5, None]))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes, odd: Any, word: str, number: Any) -> None:
    for driver in (online(), SomfyUai()):
        driver.asked.update({3: ("ping", ""), 4: ("info", UNIT), 5: ("position", UNIT)} if driver.motors else {})
        feed(driver, noise + b"\r\n")
        feed(driver, json.dumps({"method": "sdn.status.position", word: odd, "id": number}).encode() + b"\r\n")
