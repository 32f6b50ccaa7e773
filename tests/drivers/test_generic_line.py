"""`generic_line`: a profile's words become lines, and a device's lines points; and what a profile must not say."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.generic.line import GenericLine
from gateway.commands import Command, Move, RecallPreset, SelectInput, SendDtmf, SetMute, SetPower, SetRelay, SetVolume
from gateway.driver import Action, Done, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from gateway.plugins import load_drivers
from gateway.profile.site import read
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

PAGES = Path(__file__).parents[2] / "docs" / "equipment"


def example(page: str) -> dict[str, Any]:
    """The device's table in the example of a documentation page, without its link."""
    text = (PAGES / page).read_text(encoding="utf-8")
    table = tomllib.loads(text.split("```toml\n")[1].split("```")[0])["devices"]["box"]
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return {key: value for key, value in given.items() if key not in ("driver", "link", "password", "username")}


BOX = example("generic_line.md")
CASE = Case(
    driver=GenericLine,
    simulator="generic_line",
    links=("tcp", "telnet", "serial"),
    settings={**BOX, "hello": ("PIN {password}",), "password": "4711", "poll": 0.3},
    simulator_settings={"speed": 20, "pin": "4711"},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.power),
        Do(SetVolume(41), seen=lambda sim: sim.volume == 20),
        Do(SetMute(True), seen=lambda sim: sim.muted),
        Do(SelectInput("PC"), seen=lambda sim: sim.source == "PC"),
        Do(SetRelay(True), "1", seen=lambda sim: sim.relays == {"1": True, "2": False}),
    ],
    refused_login={
        "simulator_settings": {"pin": "4711"},
        "settings": {**BOX, "hello": ("PIN {password}",), "password": "0815"},
    },
    hands=[
        Hand(do=lambda sim: sim.turn_knob(35), shows={"volume": 70}),
        Hand(do=lambda sim: sim.press_mute(), shows={"muted": True}),
        Hand(do=lambda sim: sim.press_relay("2"), shows={"closed": True}, unit="2"),
    ],
)


def up(**more: Any) -> GenericLine:
    driver = GenericLine(GenericLine.Settings(**{**BOX, **more}))
    list(driver.opened())
    list(driver.received(b"PWR=ON", "look"))
    return driver


def ask(driver: GenericLine, command: Command, unit: str = "") -> tuple[Request, list[Action]]:
    request = Request("1", command, unit)
    return request, list(driver.command(request))


def lines(actions: list[Action]) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def test_coming_up_asks_for_every_unit() -> None:
    driver = GenericLine(GenericLine.Settings(**BOX))
    actions = list(driver.opened())
    asked = [b"PWR ?\r", b"VOL ?\r", b"MUT ?\r", b"SRC ?\r", b"RLY 1 ?\r", b"RLY 2 ?\r"]
    assert lines(actions) == asked and actions[-1] == Later(30.0, "poll")
    actions = list(driver.received(b"PWR=OFF", "look"))
    assert actions[0] == Feedback(power="off") and actions[-1] == Ready()
    offers = {action.unit: action for action in actions if isinstance(action, Offers)}
    assert offers["1"].commands == {SetRelay} and SetRelay not in offers[""].commands
    assert offers[""].choices == {"input": {"TABLE": "TABLE", "PC": "PC"}}
    assert lines(list(driver.due("poll"))) == asked


# PJLink: lines of another maker's device, said in a profile's words (PJLink Specifications, class 1, 4.1 and 4.3).
PJLINK = {
    "send": {
        "power on": "%1POWR 1",
        "power off": "%1POWR 0",
        "input": "%1INPT {input}",
        "video-mute on": "%1AVMT 31",
    },
    "points": {"power": "^%1POWR=([0-3])$", "input": "^%1INPT=([1-5][1-9])$"},
    "values": {"power": {"0": "off", "1": "on", "2": "cooling", "3": "warming"}},
    "ask": ("%1POWR ?", "%1INPT ?"),
    "refused": "=ERR",
    "poll": 0.2,
}
GOLDEN = [
    (SetPower(True), Golden(b"%1POWR 1\r", "power on", "PJLink Specifications, class 1, 4.1")),
    (SelectInput("31"), Golden(b"%1INPT 31\r", "input", "PJLink Specifications, class 1, 4.3")),
]


@pytest.mark.parametrize(("command", "golden"), GOLDEN)
def test_golden_lines_of_another_makers_manual(command: Command, golden: Golden) -> None:
    driver = GenericLine(GenericLine.Settings(**PJLINK))
    assert lines(ask(driver, command)[1]) == [golden.wire]


async def test_a_real_protocol_in_a_profiles_words() -> None:
    sim = simulators.find("pjlink")(speed=100)
    async with sim.serving("tcp") as address, run_device(GenericLine, address, PJLINK) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SetPower(True), cause="test").ended(10)
        assert outcome is not None and outcome.result == "confirmed" and sim.power == "on"
        outcome = await device.submit(SelectInput("99"), cause="test").ended(10)
        assert outcome is not None and outcome.result == "refused" and "ERR2" in outcome.words


def test_what_the_answer_tells_is_not_asked_for_again() -> None:
    driver = up()
    request, actions = ask(driver, SetVolume(41))
    assert lines(actions) == [b"VOL 20\r"]  # 0 to 50
    assert list(driver.received(b"VOL=20", request)) == [Feedback(volume=40), Taken(request)]
    assert driver.shows(request.command, {"volume": 40}) and not driver.shows(request.command, {"volume": 44})
    actions = list(driver.received(b"OK", request))
    assert actions[0] == Taken(request) and len(lines(actions)) == 6
    assert list(driver.received(b"ERR WORD", request)) == [Refused(request, "ERR WORD")]
    assert list(driver.received(b"ERR WORD")) == []
    assert list(driver.received(b"VOL=99")) == [] and list(driver.received(b"PWR=MAYBE")) == []


def test_what_no_pattern_tells_is_only_believed() -> None:
    words = {"move down": "DN", "move up": "UP", "stop": "HALT", "power on": "ON", "preset": "MEM {preset}"}
    driver = GenericLine(GenericLine.Settings(send=words, answers=False, end="none"))
    assert [type(action) for action in driver.opened()] == [Offers, Ready]
    request, actions = ask(driver, SetPower(True))
    assert actions == [Send(b"ON", tag=request, reply=False), Taken(request), Feedback("", assumed=True, power="on")]
    request, actions = ask(driver, Move("down"))
    unknown = Feedback("", assumed=True, position=None, moving=None)
    assert actions[1] == Taken(request) and unknown in actions and actions[-1] == Done(request)
    request, actions = ask(driver, RecallPreset(7))
    assert lines(actions) == [b"MEM 7"] and actions[-1] == Taken(request)
    request, actions = ask(driver, SetVolume(1))
    assert actions == [Refused(request, "the profile has no words for that")]


def test_secrets_are_hidden_and_no_line_is_broken_in_two() -> None:
    given = {"send": {"dtmf": "TONE {digits} {password}", "input": "SRC {input}"}, "password": "s3cret"}
    driver = GenericLine(GenericLine.Settings(**given, hello=("LOGIN {password}",)))
    (send, *_) = [action for action in driver.opened() if isinstance(action, Send)]
    assert send.data == b"LOGIN s3cret\r" and send.hide == ("s3cret",)
    _, actions = ask(driver, SendDtmf("123"))
    (send,) = [action for action in actions if isinstance(action, Send)]
    assert send.hide == ("123", "s3cret")
    with pytest.raises(ValueError):
        SelectInput("a\rb")  # no command holds one


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"send": {"explode": "X"}}, "no command of a part"),
        ({"send": {"search": "X"}}, "no command of a part"),
        ({"send": {"power": "X"}}, "say which"),
        ({"send": {"power maybe": "X"}}, "no on of power"),
        ({"send": {"stop now": "X"}}, "takes nothing more"),
        ({"send": {"volume": "V {loud}"}}, "has no {loud}"),
        ({"send": {"volume 300": "V"}}, "no level of volume"),
        ({"send": {"stop": "a\rb"}}, "one line each"),
        ({"send": {"stop": 3}}, "is a text"),
        ({"points": {"loudness": "x"}}, "no point 'loudness'"),
        ({"points": {"volume": "("}}, "no pattern"),
        ({"refused": "*"}, "no pattern"),
        ({"values": {"power": {"1": "sometimes"}}}, "no value of power"),
        ({"values": {"power": {}}}, "is a table"),
        ({"range": {"volume": [1, 1]}}, "two different numbers"),
        ({"poll": 0.01}, "at least 0.2"),
        ({"end": "dot"}, "end is one of"),
        ({"framing": "9X9"}, "framing is such as"),
    ],
)
def test_what_a_profile_must_not_say(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        GenericLine.Settings(**given)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("page", ["generic_line.md", "generic_http.md"])
def test_the_example_of_the_page_is_a_profile(page: str, tmp_path: Path) -> None:
    text = (PAGES / page).read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "room.toml").write_text(text, encoding="utf-8")
    assert not read(tmp_path, load_drivers()).grave


STREAM = b"PWR=ON\r\nVOL=30\r\n\nnoise\r\nRLY1=ON\r\nRLY9=ON\r\nSRC=PC\rMUT=1\n"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver, cut = up(), GenericLine.cutter.start()
        return [action for piece in pieces for line in cut(piece) for action in driver.received(line)]

    marks = sorted({0, *cuts, len(STREAM)})
    whole = run([STREAM])
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == whole
    assert Feedback("1", closed=True) in whole and Feedback(volume=60) in whole and len(whole) == 5


@given(st.binary(max_size=80))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes) -> None:
    driver = up()
    request = Request("1", SetVolume(3))
    for tag in (None, "look", request):
        list(driver.received(noise, tag))
