"""Tesira over TTP: golden lines of the help, subscriptions before and after their +OK, echoes, presets, log-in."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.audio.tesira_ttp import TesiraTtp
from gateway.commands import RecallPreset, SetMicMute, SetMute, SetPower, SetVolume
from gateway.driver import Action, Drop, Feedback, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

UNITS: dict[str, Any] = {
    "room": {"volume": "Level1/level/1", "mute": "Level1/mute/1", "minimum": -60, "maximum": 0},
    "mics": {"mic_mute": "Mute1/mute/2"},
    "far": {"volume": "my level 2/level/1", "minimum": -40, "maximum": 10},
}
PRESETS = {"1": 1001, "2": "Quiet room", "3": 1999}
CASE = Case(
    driver=TesiraTtp,
    simulator="tesira_ttp",
    links=("telnet", "ssh"),
    settings={"units": UNITS, "presets": PRESETS},
    commands=[
        Do(SetVolume(50), "room", seen=lambda sim: sim.blocks["Level1"]["level"] == [-30.0, -20.0]),
        Do(SetMute(True), "room", seen=lambda sim: sim.blocks["Level1"]["mute"] == [True, False]),
        Do(SetMicMute(True), "mics", seen=lambda sim: sim.blocks["Mute1"]["mute"] == [False, True]),
        Do(SetVolume(33), "far", seen=lambda sim: sim.blocks["my level 2"]["level"] == [-23.5]),
        Do(RecallPreset(1), seen=lambda sim: sim.recalled == 1001, outcome="assumed"),
        Do(RecallPreset(2), seen=lambda sim: sim.recalled == 1002, outcome="assumed"),
        Do(RecallPreset(3), outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.turn("Level1", 1, -6.0), shows={"volume": 90}, unit="room"),
        Hand(do=lambda sim: sim.press_mute("Mute1", 2), shows={"mic_muted": True}, unit="mics"),
    ],
    refused_login={
        "simulator_settings": {"username": "tech", "password": "the right one"},
        "settings": {"username": "tech", "password": "keep this to yourself"},
    },
)
HELP = "Tesira help, Tesira Text Protocol"
BANNER = Golden(b"Welcome to the Tesira Text Protocol Server...\r\n", "it is there", "RoomGate facts: room devices 6")
ALIASES = Golden(
    b'+OK "list":["123" "AudioMeter1" "AudioMeter2" "AudioMeter3" "DEVICE" "Input1" "Mixer1" "Mute1" "Level1" '
    b'"Output1"]\r\n',
    "every instance tag",
    f"{HELP}, syntax",
)
SET = Golden(b"Level1 set level 1 -10\n", "a level", "RoomGate facts: room devices 6")
SUBSCRIBE = Golden(
    b"MyLevel1 subscribe level 1 MyLevelCustomLabel 500", "a subscription", "Biamp Cornerstone, TTP Subscriptions"
)
REPORT = Golden(b'! "publishToken":"rg0" "value":-10.000000\r\n', "verbose report", "RoomGate facts: room devices 6")
TERSE = Golden(b'! "rg0" -40.244328\r\n', "non-verbose report", f"{HELP}, subscriptions")
LOST = Golden(
    b'-ERR address not found: {"deviceId":0 "classCode":0 "instanceNum":0}\r\n', "no such block", f"{HELP}, responses"
)
PRESET = Golden(b"DEVICE recallPreset 1001\n", "preset 1001", f"{HELP}, device")


def feed(driver: TesiraTtp, data: bytes, tag: Any = None) -> list[Action]:
    return [
        action
        for line in TesiraTtp.cutter.start()(data)
        for action in driver.received(line, tag if TesiraTtp.cutter.answers(line) else None)
    ]


def sent(actions: Any) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def up(**more: Any) -> TesiraTtp:
    units = {"room": {"volume": "Level1/level/1", "mute": "Level1/mute/1"}, "mics": {"mic_mute": "Mute1/mute/2"}}
    driver = TesiraTtp(TesiraTtp.Settings(**{"units": units, "presets": PRESETS, **more}))
    assert list(driver.opened()) == []
    first = sent(feed(driver, BANNER.wire))
    assert first == [b"SESSION set verbose true\n", b"SESSION set detailedResponse false\n", b"SESSION get aliases\n"]
    asked = sent(feed(driver, ALIASES.wire, "aliases"))
    assert asked[3:] == [
        b"Level1 subscribe level 1 rg0 100\n",
        b"Level1 subscribe mute 1 rg1 100\n",
        b"Mute1 subscribe mute 2 rg2 100\n",
    ]
    for token in ("rg0", "rg1"):
        assert Ready() not in feed(driver, b"+OK\r\n", token)
    actions = feed(driver, b'! "publishToken":"rg2" "value":true\r\n+OK\r\n', "rg2")
    assert actions[0] == Feedback("mics", mic_muted=True) and Ready() in actions
    assert Offers("room", frozenset({SetVolume, SetMute})) in actions
    assert Offers("mics", frozenset({SetMicMute})) in actions
    return driver


def test_the_lines_are_the_manuals() -> None:
    units = {"one": {"volume": "MyLevel1/level/1"}, "two": {"volume": "Level1/level/1", "minimum": -20}}
    driver = TesiraTtp(TesiraTtp.Settings(units=units, presets=PRESETS, rate=500))
    subscriptions = sent(driver._subscribe(frozenset({"MyLevel1"})))
    assert subscriptions[-1] == SUBSCRIBE.wire.replace(b"MyLevelCustomLabel", b"rg0") + b"\n"
    (line,) = sent(driver.command(Request("1", SetVolume(50), "two")))
    words, number = line.rsplit(b" ", 1)
    assert words == SET.wire.rsplit(b" ", 1)[0] and float(number) == float(SET.wire.split()[-1])
    assert sent(driver.command(Request("1", RecallPreset(1)))) == [PRESET.wire]
    assert sent(driver.command(Request("1", RecallPreset(2)))) == [b'DEVICE recallPresetByName "Quiet room"\n']


def test_reports_verbose_and_not() -> None:
    driver = up()
    assert feed(driver, REPORT.wire) == [Feedback("room", volume=83)]
    assert feed(driver, TERSE.wire) == [Feedback("room", volume=33)]
    assert feed(driver, b'! "publishToken":"rg1" "value":false\r\n') == [Feedback("room", muted=False)]
    assert feed(driver, b'! "publishToken":"somebody" "value":1.0\r\n') == []
    assert feed(driver, b'! "publishToken":"rg0" "value":nan\r\n') == [Feedback("room", volume=None)]


def test_an_echo_is_nothing_and_an_ok_only_taken() -> None:
    driver = up()
    request = Request("1", SetMute(True), "room")
    (line,) = sent(driver.command(request))
    assert line == b"Level1 set mute 1 true\n"
    assert feed(driver, line, request) == []
    assert feed(driver, b"+OK\r\n", request) == [Taken(request)]
    assert feed(driver, LOST.wire, request) == [
        Refused(request, 'address not found: {"deviceId":0 "classCode":0 "instanceNum":0}')
    ]
    assert feed(driver, b"-CANNOT_DELIVER\r\n", request) == [Refused(request, "CANNOT_DELIVER")]
    for command, unit in ((SetPower(True), "room"), (SetVolume(1), "mics"), (RecallPreset(50), "")):
        assert isinstance(next(iter(driver.command(Request("1", command, unit)))), Refused)


def test_log_in_over_telnet() -> None:
    driver = TesiraTtp(TesiraTtp.Settings(username="tech", password="secret"))
    assert list(feed(driver, b"login: ")) == [Send(b"tech\n", reply=False)]
    assert list(feed(driver, b"tech\r\nPassword: ")) == [Send(b"secret\n", reply=False, hide=("secret",))]
    assert feed(driver, b"\r\nLogin incorrect\r\n") == [Drop(Reason.LOGIN_REFUSED, "Login incorrect")]


async def test_a_block_that_is_not_in_the_design_takes_nothing_else_away() -> None:
    sim = simulators.find("tesira_ttp")()
    units = {**UNITS, "ghost": {"volume": "Nobody/level/1"}, "third": {"mic_mute": "Mute1/mute/3"}}
    async with sim.serving() as address, run_device(TesiraTtp, address, {"units": units}) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert sim.negotiated == 3
        faults = value(device, "faults")
        assert faults[0] == "ghost: the design has no block 'Nobody'" and faults[1].startswith("third: Parse error")
        assert device.unit("ghost").offers is None and device.unit("room").offers is not None
        await watcher.until(lambda: value(device, "volume", "room") == 67)


async def test_subscribes_again_after_the_link_was_lost() -> None:
    sim = simulators.find("tesira_ttp")()
    async with sim.serving() as address, run_device(TesiraTtp, address, {"units": UNITS}) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.faults.drop()
        await watcher.until(lambda: not device.online)
        device.restart()
        await watcher.until(lambda: device.online)
        sim.turn("Level1", 1, -30.0)
        await watcher.until(lambda: value(device, "volume", "room") == 50, within=1)


async def test_a_protected_system_lets_us_in() -> None:
    sim = simulators.find("tesira_ttp")(username="tech", password="secret")
    held = {"units": UNITS, "username": "tech", "password": "secret"}
    async with sim.serving() as address, run_device(TesiraTtp, address, held) as (device, watcher):
        await watcher.until(lambda: device.online)


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": {"room": {"volume": "Level1"}}},
        {"units": {"room": {"volume": "Level1/level/1/2"}}},
        {"units": {"room": {"volume": "A&B/level/1"}}},
        {"units": {"room": {"volume": 'Le"vel/level/1'}}},
        {"presets": {"1": 5}},
        {"presets": {"100": 1001}},
        {"presets": {"1": 'a"b'}},
        {"rate": 1},
    ],
)
def test_settings_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        TesiraTtp.Settings(**wrong)


STREAM = b"".join(
    (b"\r\n", BANNER.wire, ALIASES.wire, REPORT.wire, b"+OK\r\n", LOST.wire, b"\r\nlogin: tech\r\nPassword: \r\n")
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_is_the_same(cuts: list[int]) -> None:
    marks = sorted({0, *cuts, len(STREAM)})
    split, whole = TesiraTtp.cutter.start(), TesiraTtp.cutter.start()
    assert [m for a, b in itertools.pairwise(marks) for m in split(STREAM[a:b])] == whole(STREAM)


@given(st.binary(max_size=80), st.sampled_from([b"", b"+OK ", b"-", b'! "publishToken":"rg0" "value":', b'! "rg1" ']))
@settings(max_examples=100, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes, head: bytes) -> None:
    driver = up()
    for tag in (None, "aliases", "rg0", "hostname", Request("1", SetMute(True), "room")):
        feed(driver, head + noise + b"\n", tag)
