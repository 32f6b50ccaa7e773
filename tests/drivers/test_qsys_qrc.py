"""Q-SYS over QRC: golden messages of the maker's help, change groups, log-on, the 60 second rule, error codes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.audio.blocks import CURVES, Scale
from drivers.audio.qsys_qrc import ALIVE, QsysQrc
from gateway.commands import RecallPreset, SetMicMute, SetMute, SetPower, SetVolume
from gateway.driver import Action, Answered, Drop, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

UNITS: dict[str, Any] = {
    "main": {"volume": "MainGain", "mute": "MainMute", "minimum": -60, "maximum": 0},
    "mics": {"component": "Room", "volume": "gain", "mic_mute": "mute", "minimum": -100, "maximum": 20},
}
CASE = Case(
    driver=QsysQrc,
    simulator="qsys_qrc",
    links=("tcp",),
    settings={"units": UNITS, "snapshots": "Looks", "rate": 0.03},
    commands=[
        Do(SetVolume(50), "main", seen=lambda sim: sim.controls["MainGain"] == -30.0),
        Do(SetMute(True), "main", seen=lambda sim: sim.controls["MainMute"] is True),
        Do(SetMicMute(True), "mics", seen=lambda sim: sim.controls["Room\tmute"] is True),
        Do(SetVolume(0), "mics", seen=lambda sim: sim.controls["Room\tgain"] == -100.0),
        Do(RecallPreset(1), seen=lambda sim: sim.controls["MainGain"] == -30.0, outcome="assumed"),
        Do(RecallPreset(9), outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.turn("MainGain", -6.0), shows={"volume": 90}, unit="main"),
        Hand(do=lambda sim: sim.switch("mute", True, "Room"), shows={"mic_muted": True}, unit="mics"),
    ],
    refused_login={
        "simulator_settings": {"user": "room", "password": "1234"},
        "settings": {"user": "room", "password": "keep this to yourself"},
    },
)
HELP = "Q-SYS Help, External Control APIs, QRC Commands"
LOGON = Golden(
    b'{ "jsonrpc":"2.0", "method":"Logon", "params":{ "User":"username", "Password":"1234" } }', "log on", HELP
)
NOOP = Golden(b'{ "jsonrpc":"2.0", "method":"NoOp", "params":{ } }', "nothing", HELP)
STATUS = Golden(
    b'{ "jsonrpc":"2.0", "method":"EngineStatus", "params":{ "State":"Active", "DesignName":"MyDesign", '
    b'"DesignCode":"qALFilm6IcCo", "IsRedundant":false, "IsEmulator":true } }\0',
    "unasked, at the beginning",
    HELP,
)
SET = Golden(
    b'{ "jsonrpc": "2.0", "id": 1234, "method": "Control.Set", "params": { "Name": "MainGain", "Value": -12 } }',
    "a Named Control",
    HELP,
)
ADD = Golden(
    b'{ "jsonrpc": "2.0", "id": 1234, "method": "ChangeGroup.AddComponentControl", "params": { "Id": "my change group",'
    b' "Component" : { "Name": "My Component", "Controls": [ { "Name": "gain" }, { "Name": "mute" } ] } } }',
    "a component's controls into a change group",
    HELP,
)
SNAPSHOT = Golden(
    b'{ "jsonrpc":"2.0", "method":"Snapshot.Load", "params":{ "Name":"MySpecialBank", "Bank":7, "Ramp":8.5 }, '
    b'"id":1234 }',
    "snapshot 7",
    HELP,
)
CHANGES = Golden(
    b'{"jsonrpc":"2.0","method":"ChangeGroup.Poll","params":{"Id":"MyChangeGroup","Changes":[{"Name":"Mic/ControlPage'
    b'Station-2Gain","String":"-42.1dB","Value":-42.09999847,"Position":0.48250001,"Indeterminate":true}]}}\0',
    "the Core polled the group",
    "published capture of a Core's AutoPoll (public repository)",
)


def make(**more: Any) -> QsysQrc:
    return QsysQrc(QsysQrc.Settings(**{"units": UNITS, **more}))


def sent(actions: Any) -> list[dict[str, Any]]:
    return [json.loads(action.data[:-1]) for action in actions if isinstance(action, Send)]


def said(driver: QsysQrc, message: dict[str, Any]) -> list[Action]:
    return list(driver.received(json.dumps(message).encode()))


def answer(driver: QsysQrc, asked: dict[str, Any], result: Any = True) -> list[Action]:
    return said(driver, {"jsonrpc": "2.0", "id": asked["id"], "result": result})


def same(mine: dict[str, Any], golden: Golden, **differs: Any) -> None:
    """Ours is the maker's example, apart from the id and what differs."""
    theirs = json.loads(golden.wire)
    mine, theirs = dict(mine), dict(theirs)
    mine.pop("id", None), theirs.pop("id", None)
    theirs["params"] = {**theirs["params"], **differs}
    assert mine == theirs


def up(**more: Any) -> QsysQrc:
    driver = make(**more)
    (ask,) = sent(driver.opened())
    adds = sent(answer(driver, ask, {"State": "Active", "DesignName": "D", "Platform": "Core 110f"}))
    assert [one["method"] for one in adds] == ["ChangeGroup.AddControl", "ChangeGroup.AddComponentControl"]
    assert sent(answer(driver, adds[0])) == []
    (poll,) = sent(answer(driver, adds[1]))
    first = [
        {"Name": "MainGain", "Value": -12.0},
        {"Name": "MainMute", "Value": False},
        {"Component": "Room", "Name": "gain", "Value": -20.0},
        {"Component": "Room", "Name": "mute", "Value": True},
    ]
    actions = answer(driver, poll, {"Id": "roomgate", "Changes": first})
    assert Feedback("main", volume=80) in actions and Feedback("mics", mic_muted=True) in actions
    assert Ready() in actions and Offers("mics", frozenset({SetVolume, SetMicMute})) in actions
    assert sent(actions)[-1]["method"] == "ChangeGroup.AutoPoll" and Later(ALIVE, "alive") in actions
    return driver


def test_what_it_says_is_what_the_help_shows() -> None:
    logon = next(iter(make(user="username", password="1234").opened()))
    assert isinstance(logon, Send) and logon.hide == ("1234",) and logon.data.endswith(b"\0")
    same(json.loads(logon.data[:-1]), LOGON)
    driver = up()
    (order,) = sent(driver.command(Request("1", SetVolume(80), "main")))
    same(order, SET)
    alive = list(driver.due("alive"))
    noop, status = sent(alive)
    same(noop, NOOP)
    assert alive[-1] == Later(ALIVE, "alive")  # and again
    assert status["method"] == "StatusGet"
    looks = make(snapshots="MySpecialBank", ramp=8.5)
    same(sent(looks.command(Request("1", RecallPreset(7))))[0], SNAPSHOT)
    other = make(units={"x": {"component": "My Component", "volume": "gain", "mute": "mute"}})
    same(sent(other._subscribe())[0], ADD, Id="roomgate")


def test_what_it_hears() -> None:
    driver = make(units={"mic": {"volume": "Mic/ControlPageStation-2Gain", "minimum": -100, "maximum": 20}})
    (status,) = QsysQrc.cutter.start()(STATUS.wire)
    assert list(driver.received(status)) == [Feedback("", name="MyDesign")]
    (changes,) = QsysQrc.cutter.start()(CHANGES.wire)
    assert list(driver.received(changes)) == [Feedback("mic", volume=48)]  # its position is 0.4825


def test_a_set_is_only_taken_and_the_group_is_asked_at_once() -> None:
    driver = up()
    request = Request("1", SetMute(True), "main")
    (order,) = sent(driver.command(request))
    actions = answer(driver, order)
    assert actions[:2] == [Answered(request), Taken(request)] and sent(actions)[0]["method"] == "ChangeGroup.Poll"


@pytest.mark.parametrize(("code", "reason"), [(10, Reason.LOGIN_REFUSED), (-32604, Reason.NO_RESPONSE)])
def test_codes_that_end_it(code: int, reason: Reason) -> None:
    driver = up()
    (order,) = sent(driver.command(Request("1", SetMute(True), "main")))
    actions = said(driver, {"id": order["id"], "error": {"code": code, "message": "words"}})
    assert Drop(reason, "words") in actions


def test_a_refusal_and_a_control_that_is_not_there() -> None:
    driver = up()
    request = Request("1", SetMute(True), "main")
    (order,) = sent(driver.command(request))
    actions = said(driver, {"id": order["id"], "error": {"code": 8, "message": "Unknown control"}})
    assert Refused(request, "Unknown control") in actions
    for command, unit in ((SetPower(True), "main"), (SetMicMute(True), "main"), (RecallPreset(1), "")):
        assert isinstance(next(iter(driver.command(Request("1", command, unit)))), Refused)


async def test_one_wrong_name_does_not_take_the_others_away() -> None:
    sim = simulators.find("qsys_qrc")()
    units = {**UNITS, "ghost": {"volume": "NoSuchGain"}}
    async with sim.serving() as address, run_device(QsysQrc, address, {"units": units}) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert value(device, "faults") == ("ghost: Control 'NoSuchGain' not found",)
        assert device.unit("ghost").offers is None
        outcome = await device.submit(SetVolume(25), "main").ended(5)
        assert outcome is not None and outcome.good


async def test_a_core_on_standby_is_offline() -> None:
    sim = simulators.find("qsys_qrc")()
    async with sim.serving() as address, run_device(QsysQrc, address, {"units": UNITS}) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.fail_over()
        await watcher.until(lambda: not device.online)
        assert "Standby" in device.words


async def test_the_core_hangs_up_on_who_is_silent_for_a_minute() -> None:
    """The simulator's minute is shorter; ours is proven by ALIVE."""
    assert ALIVE < 60 / 2
    sim = simulators.find("qsys_qrc")(speed=600)
    async with sim.serving() as address, run_device(QsysQrc, address, {"units": UNITS}) as (device, watcher):
        await watcher.until(lambda: device.online)
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.LINK_LOST


async def test_noop_keeps_the_core_from_hanging_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated Core's minute is 2 s here, and ours goes 30 times as fast, too."""
    monkeypatch.setattr("drivers.audio.qsys_qrc.ALIVE", ALIVE / 30)
    sim = simulators.find("qsys_qrc")(speed=30)
    async with sim.serving() as address, run_device(QsysQrc, address, {"units": UNITS}) as (device, watcher):
        await watcher.until(lambda: device.online)
        began, level, since = sim.clock(), 0, device.since
        while sim.clock() - began < 130:  # more than two of its minutes, in which nobody commands anything
            level = 100 - level
            sim.turn("MainGain", -60.0 + level * 0.6)
            await watcher.until(lambda wanted=level: value(device, "volume", "main") == wanted)  # type: ignore[misc]
        assert device.online and device.since == since  # all the time


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": {"Main": {"volume": "x"}}},
        {"units": {"main": {}}},
        {"units": {"main": {"gain": "x"}}},
        {"units": {"main": {"volume": ""}}},
        {"units": {"main": {"volume": "x", "minimum": 0, "maximum": -10}}},
        {"units": {"main": {"volume": "x", "curve": "s"}}},
        {"units": {"main": "MainGain"}},
        {"rate": 0.0},
    ],
)
def test_settings_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        QsysQrc.Settings(**wrong)


@given(st.sampled_from(CURVES), st.integers(0, 100), st.floats(-120, 0), st.floats(12, 120))
def test_a_level_comes_back_as_itself(curve: str, level: int, minimum: float, span: float) -> None:
    scale = Scale(minimum, minimum + span, curve)
    assert scale.level(round(scale.decibels(level), 2)) == level


def test_curves() -> None:
    assert [Scale(-60, 0).decibels(level) for level in (0, 50, 100)] == [-60, -30, 0]
    assert Scale(-60, 0, "taper").decibels(25) == -30
    assert (Scale(-60, 0).level(-200), Scale(-60, 0).level(12)) == (0, 100)


STREAM = STATUS.wire + CHANGES.wire + b'{"id":1,"result":true}\0'


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_is_the_same(cuts: list[int]) -> None:
    marks = sorted({0, *cuts, len(STREAM)})
    feed, whole = QsysQrc.cutter.start(), QsysQrc.cutter.start()
    assert [m for a, b in itertools.pairwise(marks) for m in feed(STREAM[a:b])] == whole(STREAM)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(0, 5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "method", "params", "result", "error", "Changes", "Name", "Value", "Component", "code", "State"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(values, st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_nothing_it_may_say_raises(message: Any, noise: bytes) -> None:
    driver = up()
    list(driver.command(Request("1", SetMute(True), "main")))
    list(driver.received(json.dumps(message).encode()))
    list(driver.received(noise))
