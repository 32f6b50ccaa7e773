"""Shure command strings: golden reports, gains of arrays and receivers, batteries, the device and its channels."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.audio.shure import Shure, channels
from gateway.commands import RecallPreset, SetIndicator, SetMicMute, SetMute, SetPower, SetVolume
from gateway.driver import Action, Answered, Drop, Feedback, Offers, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

CASE = Case(
    driver=Shure,
    simulator="shure",
    links=("tcp",),
    settings={"channels": "1-3", "speakers": "4", "poll": 0.6},
    commands=[
        Do(SetMicMute(True), "2", seen=lambda sim: sim.muted == {1: False, 2: True, 3: False, 4: False}),
        Do(SetMicMute(True), seen=lambda sim: sim.device_muted),
        Do(SetMute(True), "4", seen=lambda sim: sim.muted[4]),
        Do(SetVolume(50), "1", seen=lambda sim: sim.gain[1] == 1070),
        Do(SetIndicator(False), seen=lambda sim: not sim.led),
        Do(RecallPreset(3), seen=lambda sim: sim.preset == 3, outcome="assumed"),
        Do(SetMicMute(True), "4", outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_mute(1), shows={"mic_muted": True}, unit="1"),
        Hand(do=lambda sim: sim.touch_mute(), shows={"mic_muted": True}),
    ],
)
FACTS = "RoomGate facts: room devices 6"
GET = Golden(b"< GET 1 AUDIO_MUTE >", "is channel 1 muted", FACTS)
REP = Golden(b"< REP 1 AUDIO_MUTE OFF >", "it is not", FACTS)
ERR = Golden(b"< REP ERR >", "not understood", FACTS)
DEVICE = Golden(b"< REP DEVICE_AUDIO_MUTE ON >", "all of it is muted", "Shure MXA910 command strings")
GAIN = Golden(b"< REP 17 AUDIO_GAIN_HI_RES 1100 >", "0 dB", "published capture of a P300 (public repository)")
BATTERY = Golden(b"< REP 1 BATT_CHARGE 087 >", "87 %", "Shure ULX-D command strings (public test data)")
TOGETHER = Golden(
    b"< REP 1 AUDIO_MUTE ON >< REP 1 BATT_CHARGE 087 >", "two in one packet", "Shure ULX-D command strings"
)
AD4 = Golden(b"< REP 1 TX_BATT_CHARGE_PERCENT 255 >", "no transmitter", "Shure Axient Digital command strings")


def feed(driver: Shure, data: bytes, tag: Any = None) -> list[Action]:
    return [
        action
        for message in Shure.cutter.start()(data)
        for action in driver.received(message, tag if Shure.cutter.answers(message) else None)
    ]


def make(**more: Any) -> Shure:
    return Shure(Shure.Settings(**more))


def sent(actions: Any) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def test_it_asks_and_hears_in_the_manuals_words() -> None:
    driver = make()
    asked = list(driver.opened())
    assert GET.wire in sent(asked) and b"< GET 1 AUDIO_GAIN_HI_RES >" in sent(asked)
    assert feed(driver, REP.wire)[:2] == [
        Feedback("1", mic_muted=False),
        Answered(("get", "1", "AUDIO_MUTE")),
    ]
    assert feed(driver, DEVICE.wire)[0] == Feedback("", mic_muted=True)
    assert feed(make(speakers="17", minimum=-50, maximum=0), GAIN.wire) == [Feedback("17", volume=100)]
    assert feed(driver, b"< REP DEVICE_ID {Boardroom 1        } >")[0] == Feedback("", name="Boardroom 1")


def test_receivers() -> None:
    ulxd = make(family="ulxd")
    assert feed(ulxd, TOGETHER.wire) == [Feedback("1", mic_muted=True), Feedback("1", battery=87)]
    assert feed(ulxd, BATTERY.wire) == [Feedback("1", battery=87)]
    assert feed(ulxd, b"< REP 1 BATT_CHARGE 255 >") == [Feedback("1", battery=None)]
    assert feed(make(family="axient"), AD4.wire) == [Feedback("1", battery=None)]
    assert feed(make(family="slxd"), b"< REP 1 TX_BATT_BARS 003 >") == [Feedback("1", battery=60)]
    (line,) = sent(ulxd.command(Request("1", SetVolume(60), "1")))
    assert line == b"< SET 1 AUDIO_GAIN 018 >"  # 0 dB, 18 above the lowest
    assert ulxd.shows(SetVolume(51), {"volume": 50}) and not ulxd.shows(SetVolume(56), {"volume": 50})
    array = make()
    assert not array.shows(SetVolume(51), {"volume": 50}) and not array.shows(SetVolume(51), {})


def test_what_is_an_error_is_not_offered() -> None:
    driver = make()
    asked = [action for action in driver.opened() if isinstance(action, Send)]
    actions: list[Action] = []
    for ask in asked:
        known = ask.data == GET.wire
        actions = feed(driver, REP.wire if known else ERR.wire, ask.tag)
    assert actions[:3] == [Offers("", frozenset()), Offers("1", frozenset({SetMicMute})), Ready()]
    for command, unit in ((SetVolume(5), "1"), (SetMicMute(True), ""), (SetPower(True), ""), (RecallPreset(11), "")):
        assert isinstance(next(iter(driver.command(Request("1", command, unit)))), Refused)
    polled = sent(driver.due("poll"))
    assert polled == [GET.wire] and sent(driver.due("poll")) == []  # not twice while it is being asked


def test_a_device_without_our_channels_says_so() -> None:
    driver = make()
    asked = [action for action in driver.opened() if isinstance(action, Send)]
    actions = [action for ask in asked for action in feed(driver, ERR.wire, ask.tag)]
    assert isinstance(actions[-1], Drop) and "family" in actions[-1].words


def test_a_report_takes_a_command_and_an_error_refuses_it() -> None:
    driver = make()
    request = Request("1", SetMicMute(True), "1")
    assert sent(driver.command(request)) == [b"< SET 1 AUDIO_MUTE ON >"]
    actions = feed(driver, b"< REP 1 AUDIO_MUTE ON >")
    assert actions == [Feedback("1", mic_muted=True), Answered(request), Taken(request)]
    list(driver.command(request))
    assert feed(driver, ERR.wire, request) == [Refused(request, "ERR")]
    assert feed(driver, REP.wire) == [Feedback("1", mic_muted=False)]  # nobody waits any more


async def test_a_receiver_from_end_to_end() -> None:
    sim = simulators.find("shure")(kind="ulxd", count=2)
    held = {"family": "ulxd", "channels": "1-2"}
    async with sim.serving() as address, run_device(Shure, address, held) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert value(device, "battery", "2") == 87
        sim.drain(2, 12)
        await watcher.until(lambda: value(device, "battery", "2") == 12)
        outcome = await device.submit(SetVolume(33), "2").ended(5)  # -8.1 dB: the receiver takes -8
        assert outcome is not None and outcome.result == "confirmed" and sim.gain[2] == 10
        assert device.unit("").offers == frozenset()


@pytest.mark.parametrize(
    "wrong",
    [
        {"family": "mxcw"},
        {"channels": "0"},
        {"channels": ""},
        {"channels": "1", "speakers": "1"},
        {"family": "ulxd", "minimum": -60},
        {"maximum": 31},
        {"minimum": 5, "maximum": 0},
        {"curve": "s"},
        {"poll": 0},
    ],
)
def test_settings_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(**wrong)


def test_channels() -> None:
    assert channels("1-3, 17") == ("1", "2", "3", "17")


STREAM = REP.wire + b"\r\n" + TOGETHER.wire + ERR.wire + b"< SAMPLE 1 ALL XB 090 >" + DEVICE.wire + b"noise >"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_is_the_same(cuts: list[int]) -> None:
    marks = sorted({0, *cuts, len(STREAM)})
    split, whole = Shure.cutter.start(), Shure.cutter.start()
    assert [m for a, b in itertools.pairwise(marks) for m in split(STREAM[a:b])] == whole(STREAM)
    assert len(whole(STREAM)) == 6


@given(st.binary(max_size=60), st.sampled_from([b"", b"< REP 1 AUDIO_GAIN_HI_RES ", b"< REP 1 AUDIO_MUTE ", b"< REP "]))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes, head: bytes) -> None:
    driver = make()
    list(driver.opened())
    for tag in (None, ("get", "1", "AUDIO_MUTE"), Request("1", SetMicMute(True), "1")):
        feed(driver, head + noise + b" >", tag)
