"""Key Digital switchers, question by question, with golden bytes: both shapes of status, prompts, FAILED, a keypad."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.key_digital import KeyDigital, Lines
from gateway.commands import Command, Route, SetMute, SetPower, SetVideoMute, StepVolume
from gateway.driver import Action, Done, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

CASE = Case(
    driver=KeyDigital,
    simulator="key_digital",
    links=("tcp", "serial"),
    settings={"poll": 0.2, "displays": True},
    simulator_settings={"speed": 10},
    commands=[
        Do(Route("3"), "2", seen=lambda sim: sim.routes["2"] == 3),
        Do(SetPower(False), seen=lambda sim: not sim.power),
        Do(SetVideoMute(True), "1", seen=lambda sim: sim.video_muted["1"], outcome="assumed"),
        Do(SetPower(True), "tv/1", seen=lambda sim: sim.displays["1"], outcome="assumed"),
        Do(SetMute(True), "tv/1", seen=lambda sim: sim.display_muted, outcome="assumed"),
        Do(StepVolume(5), "tv/1", seen=lambda sim: sim.display_steps == 1, outcome="assumed"),
        Do(Route("77"), "2", seen=lambda sim: sim.routes["2"] == 1, outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.front_panel(2, 4), shows={"input": "4"}, unit="2", pushed=False),
        Hand(do=lambda sim: sim.keypad("SPO03SI02"), shows={"input": "2"}, unit="3", pushed=False),
        Hand(do=lambda sim: sim.plug(3), shows={"signal": True}, unit="in/3", pushed=False),
    ],
)

MANUAL = "Key Digital manuals (KD-PS42, KD-4x4CSA, KD-Pro4x1X), KeyCode Open API commands"
SENT = [
    (Route("2"), "1", Golden(b"SPO01SI02\r", "output 1 takes input 2", MANUAL)),
    (SetPower(True), "", Golden(b"PN\r", "power on", MANUAL)),
    (SetPower(False), "", Golden(b"PF\r", "power off", MANUAL)),
    (SetVideoMute(False), "1", Golden(b"SPO01VMD\r", "video mute off", MANUAL)),
    (SetPower(True), "tv/1", Golden(b"SPO01TVON\r", "display on", "KD-PS42 manual, SPOxxTVON")),
    (SetMute(True), "tv/1", Golden(b"SPO01AME\r", "display muted", "KD-PS42 manual, SPOxxAME")),
    (SetMute(False), "tv/1", Golden(b"SPO01AMD\r", "display heard again", "KD-PS42 manual, SPOxxAMD")),
    (StepVolume(3), "tv/1", Golden(b"SPO01AVU\r", "display louder", "KD-PS42 manual, SPOxxAVU")),
    (SetVideoMute(True), "1", Golden(b"SPO01VME\r", "video mute", MANUAL)),
    (SetPower(False), "tv/1", Golden(b"SPO01TVOFF\r", "display off", "KD-PS42 manual, SPOxxTVOFF")),
    (StepVolume(-1), "tv/2", Golden(b"SPO02AVD\r", "display softer", "KD-PS42 manual, SPOxxAVD")),
]
MATRIX = Golden(
    b"-- Video Output 01 : IN = 02, OUT = ON, LINK = ON, DBG = OFF, AUTO --\r\n", "a route", "KD-4x4CSA manual, STA"
)
SINGLE = Golden(b"-- Video Output  : Input = 02, --\r\n", "the one route", "KD-PS42 manual, STA (two blanks)")
SIGNAL = Golden(b"-- Video Input 01 : EDID = 01, LINK = ON --\r\n", "a source is there", "KD-4x4CSA manual, STA")
POWER = Golden(b"-- Power : ON --\r\n", "power", "KD-4x4CSA manual, STA")
LAST = Golden(b"-- Front Panel Button : Enabled --\r\n", "no point", "KD-4x4CSA manual, STA")
ADDRESS = Golden(b"-- Host IP Address = 192.168.001.239 --\r\n", "no point", "KD-4x4CSA manual, STA")
SHORT = Golden(b"SPOSI03\r", "the one output takes input 3", "KD-PS42 manual, SPOSIyy")
FAILED = Golden(b"FAILED\r\n", "out of range", "an open driver in production use (RoomGate facts 1)")
PROMPTS = [
    Golden(wire, "the prompt", "Key Digital manuals, H (KD-PS42, KD-4x4CSA, KD-Pro4x1X, KD-Pro8x8D)")
    for wire in (b"KD-PS42>", b"KD-4x4CSA> H", b"KD-Pro4x1 > H", b"KD-Pro8x8D> H")
]
VERSION = Golden(b"-- F/W Version : 1.07 --\r\n", "the version", "KD-4x4CSA manual, STA")
PROMPT = Golden(b"KD-4x4CSA> H", "the prompt, and an echo", "KD-4x4CSA manual, H")


def feed(driver: KeyDigital, data: bytes, tag: Any = None) -> list[Action]:
    """What the driver makes of bytes; `tag` is what a prompt or a FAILED ends, once."""
    cut, actions = Lines(), []
    for message in cut.start()(data):
        ends = cut.answers(message)
        actions += driver.received(message, tag if ends else None)
        tag = None if ends else tag
    return actions


def up(**more: Any) -> KeyDigital:
    driver = KeyDigital(KeyDigital.Settings(**{"end": "cr", **more}))
    assert list(driver.opened()) == [Later(0.3, "begin")]
    assert list(driver.due("begin")) == [
        Send(b"STA" + (b"\r" if driver.settings.end == "cr" else b"\r\n"), tag="status")
    ]
    actions = feed(driver, MATRIX.wire + SIGNAL.wire + VERSION.wire + PROMPT.wire[:10], "status")
    assert Ready() in actions
    return driver


def ask(driver: KeyDigital, command: Command, unit: str = "") -> tuple[Request, list[Action]]:
    request = Request("1", command, unit)
    return request, list(driver.command(request))


def test_the_status_in_both_shapes() -> None:
    driver = KeyDigital(KeyDigital.Settings())
    assert feed(driver, PROMPT.wire) == [Feedback(model="Key Digital KD-4x4CSA")]  # a greeting answers nothing
    wanted = [Feedback("1", input="2"), Feedback("in/1", signal=True), Feedback(firmware="1.07")]
    assert (
        feed(driver, b"-----\r\n--  Key Digital Systems  STATUS  --\r\n" + MATRIX.wire + SIGNAL.wire + VERSION.wire)
        == wanted
    )
    actions = feed(driver, b"KD-4x4CSA>", "status")
    assert Offers("1", frozenset({Route, SetVideoMute}), {"input": {"1": "1"}}) in actions
    assert actions[-2:] == [Ready(), Later(5.0, "poll")]
    assert not any(action == Offers("", frozenset({SetPower})) for action in actions)  # its status tells no power
    one = KeyDigital(KeyDigital.Settings(end="cr"))
    assert feed(one, SINGLE.wire) == [Feedback("1", input="2")] and one.single
    assert [a.data for a in ask(one, Route("3"), "1")[1] if isinstance(a, Send)] == [SHORT.wire]
    assert feed(one, POWER.wire + LAST.wire + ADDRESS.wire) == [Feedback(power="on")]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_prompt_ends_a_turn(prompt: Golden) -> None:
    driver = up()
    request, _ = ask(driver, Route("3"), "1")
    assert Taken(request) in feed(driver, prompt.wire, request)


@pytest.mark.parametrize(("command", "unit", "golden"), SENT)
def test_golden_commands(command: Command, unit: str, golden: Golden) -> None:
    _, actions = ask(up(), command, unit)
    assert [action.data for action in actions if isinstance(action, Send)] == [golden.wire]


def test_a_prompt_is_only_an_acknowledgement() -> None:
    driver = up()
    request, _ = ask(driver, Route("3"), "1")
    assert feed(driver, b"KD-4x4CSA>", request) == [Taken(request), Send(b"STA\r", tag="status")]
    assert not driver.shows(request.command, {"input": "2"}) and driver.shows(request.command, {"input": "3"})
    request, _ = ask(driver, SetVideoMute(True), "1")
    believed = Feedback("1", assumed=True, video_muted=True)
    assert feed(driver, b"KD-4x4CSA>", request) == [Taken(request), believed]
    request, _ = ask(driver, StepVolume(1), "tv/1")
    assert feed(driver, b"KD-4x4CSA>", request)[-1] == Done(request)


def test_failed_is_a_refusal_with_its_words() -> None:
    driver = up()
    request, _ = ask(driver, Route("77"), "1")
    assert feed(driver, b"SPO01SI77 FAILED\r\nKD-4x4CSA>", request) == [Refused(request, "SPO01SI77 FAILED")]
    assert feed(driver, FAILED.wire, request) == [Refused(request, "FAILED")]
    assert ask(driver, Route("x"), "1")[1] == [Refused(Request("1", Route("x"), "1"), "an input is 1 to 99")]
    assert "together" in ask(driver, Route("1", "audio"), "1")[1][0].words  # type: ignore[union-attr]
    layered = up(layers=True)
    assert ask(layered, Route("1", "audio"), "1")[1][0].data == b"SPO01SA01\r"  # type: ignore[union-attr]
    assert ask(layered, Route("1", "video"), "1")[1][0].data == b"SPO01SB01\r"  # type: ignore[union-attr]


def test_a_keypads_words_that_pass_by_are_followed_by_a_look() -> None:
    assert feed(up(), b"SPO01SI02\r") == [Send(b"STA\r", tag="status")]


TITLE = Golden(
    b"-- KD-DA2x4     System Address = 00    F/W Version : 1.07   --\r\n", "the version", "KD-DA2x4G manual, p.12"
)
OFF = Golden(b"SPOOFF\r", "the one output off", "KD-Pro2x1X manual, p.16: SPO ON/OFF")
MULTIVIEW = Golden(b"SPO02SB05\r", "the multiviewer on output 2", "KD-MLV4x4Pro manual rev 1.2, p.10")


def test_the_version_behind_the_model() -> None:
    assert feed(up(), TITLE.wire) == [Feedback(firmware="1.07")]


def test_an_output_that_is_switched_off_is_muted_and_the_status_says_so() -> None:
    driver = up(mute_with="output")
    request, actions = ask(driver, SetVideoMute(True), "1")
    assert actions == [Send(b"SPO01OFF\r", tag=request)]
    assert feed(driver, b"KD-4x4CSA>", request) == [Taken(request), Send(b"STA\r", tag="status")]
    off = MATRIX.wire.replace(b"OUT = ON", b"OUT = OFF")
    assert feed(driver, off) == [Feedback("1", input="2", video_muted=True)]
    one = KeyDigital(KeyDigital.Settings(end="cr", mute_with="output"))
    feed(one, SINGLE.wire)
    request, actions = ask(one, SetVideoMute(True), "1")
    assert actions == [Send(OFF.wire, tag=request)]
    assert isinstance(feed(one, b"KD-PS42>", request)[-1], Feedback)  # that status does not say: believed


def test_the_multiviewer_is_the_input_after_the_last() -> None:
    driver = KeyDigital(KeyDigital.Settings(end="cr", layers=True, inputs=4))
    actions = feed(driver, MATRIX.wire + b"KD-MLV4x4Pro>", "status")
    offered = next(action for action in actions if isinstance(action, Offers) and action.unit == "1")
    assert offered.choices["input"]["5"] == "multiview"
    assert [a.data for a in ask(driver, Route("5", "video"), "2")[1] if isinstance(a, Send)] == [MULTIVIEW.wire]


def test_an_addressed_unit_is_called_by_its_address() -> None:
    driver = KeyDigital(KeyDigital.Settings(end="cr", address=7))
    assert next(iter(driver.due("poll"))) == Send(b"A07STA\r", tag="status")


def test_a_unit_without_status_is_believed() -> None:
    driver = KeyDigital(KeyDigital.Settings(status=False, prompt=False, outputs=2, inputs=2))
    actions = list(driver.opened())
    assert (
        actions[-1] == Ready()
        and Offers("2", frozenset({Route, SetVideoMute}), {"input": {"1": "1", "2": "2"}}) in actions
    )
    request, actions = ask(driver, Route("2"), "2")
    assert actions[0] == Send(b"SPO02SI02\r\n", tag=request, reply=False)
    assert actions[1:] == [Taken(request), Feedback("2", assumed=True, input="2", audio_input="2")]


@pytest.mark.parametrize(
    "given", [{"end": "lf"}, {"poll": 0.0}, {"outputs": 0}, {"inputs": 100}, {"address": 100}, {"mute_with": "x"}]
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        KeyDigital.Settings(**given)


@pytest.mark.parametrize(
    "like",
    [
        {"single": True, "model": "KD-PS42"},
        {"crlf": True, "echo": True, "greets": True},
        {"model": "KD-Pro8x8D", "greets": True, "address": 7},
    ],
)
async def test_other_units(like: dict[str, Any]) -> None:
    sim = simulators.find("key_digital")(speed=10, **like)
    given = {"poll": 0.2, "address": sim.address, "mute_with": "output"}
    async with sim.serving("tcp") as link, run_device(KeyDigital, link, given) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Route("2"), "1").ended(10)
        assert outcome is not None and outcome.result == "confirmed" and sim.routes["1"] == 2
        assert device.unit("").points["model"].value == f"Key Digital {sim.model}"
        outcome = await device.submit(SetVideoMute(True), "1").ended(10)
        assert outcome is not None and outcome.result == "confirmed" and not sim.on["1"]


async def test_the_keypad_in_front_wins_over_what_we_ordered() -> None:
    """It switches by itself; the room shows what holds, not what was ordered last."""
    sim = simulators.find("key_digital")(speed=10)
    async with sim.serving("tcp") as link, run_device(KeyDigital, link, {"poll": 0.2}) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Route("3"), "1").ended(10)
        assert outcome is not None and outcome.result == "confirmed"
        sim.keypad("SPO01SI04")
        await watcher.until(lambda: device.unit("1").points["input"].value == "4")


STREAM = PROMPT.wire + b"\r\n-----\r\n" + MATRIX.wire + SIGNAL.wire + b"KD-4x4CSA> H\rSPO01SI01 FAILED\r\nKD-PS42>"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver, cut = up(), Lines().start()
        return [action for piece in pieces for message in cut(piece) for action in driver.received(message)]

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


@given(st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes) -> None:
    driver = up()
    feed(
        driver,
        noise + b"\r\n" + b"Video Output 0000000000000000001 : IN = 99999999999\r",
        Request("1", Route("1"), "1"),
    )
