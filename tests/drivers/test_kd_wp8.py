"""Key Digital KD-WP8 keypads: what fingers do, in both modes; lights by a string of the profile; the shared suite."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.kd_wp8 import HELD, KdWp8, KeypadSettings
from gateway.commands import SetVolume, ShowKey
from gateway.driver import Action, Later, Offers, Press, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, run_device
from tests.drivers.golden import Golden

SHEET = "Key Digital KD-WP8 owner's manual, API page"
LIGHTS = {"light_on": "LIGHT {button} on", "light_off": "LIGHT {button} off", "light_pending": "LIGHT {button} blink"}

CASE = Case(
    driver=KdWp8,
    simulator="kd_wp8",
    links=("tcp",),
    settings=LIGHTS,
    commands=[
        Do(ShowKey("3", on=True), seen=lambda sim: sim.lights == {3: "on"}, outcome="assumed"),
        Do(ShowKey("8"), seen=lambda sim: sim.lights == {8: "off"}, outcome="assumed"),
        Do(ShowKey("1", flag="pending"), seen=lambda sim: sim.lights == {1: "blink"}, outcome="assumed"),
        Do(ShowKey("9"), outcome="refused"),
    ],
    hands=[],
)

HEARD = [
    (Golden(b"RWP3P", "a press", SHEET), [Press("3", "down"), Later(HELD, "held 3")]),
    (Golden(b"RWP3PR", "a press and a release", SHEET), [Press("3", "down"), Press("3", "up")]),
    (Golden(b"RWP3R", "a release without a press is ignored", SHEET), []),
    (Golden(b"RWP3H", "held; without a press it is nothing", SHEET), []),
    (Golden(b"RWPING", "the answer to a ping", SHEET), [Later(10.0, "ping")]),
]


def up(**settings: Any) -> KdWp8:
    keypad = KdWp8(KeypadSettings(**settings))
    assert list(keypad.opened()) == [Send(Golden(b"KWPING\r", "ping", SHEET).wire, tag="ping")]
    found = list(keypad.received(b"RWPING", "ping"))
    offers = frozenset({ShowKey}) if settings.get("light_on") else frozenset()
    assert found == [Offers("", offers), Ready(), Later(settings.get("ping", 10.0), "ping")]
    return keypad


@pytest.mark.parametrize(("golden", "actions"), HEARD, ids=lambda held: getattr(held, "meaning", None))
def test_what_it_tells(golden: Golden, actions: list[Action]) -> None:
    assert list(up().received(golden.wire)) == actions
    assert list(up().received(golden.wire.lower() + b"\n")) == actions  # other gear of the maker minds no case


def test_a_press_lasts_until_its_release_or_ten_seconds() -> None:
    keypad = up()
    assert list(keypad.received(b"RWP1P")) == [Press("1", "down"), Later(HELD, "held 1")]
    assert list(keypad.received(b"RWP1H")) == [Press("1", "hold"), Later(HELD, "held 1")]
    assert list(keypad.received(b"RWP1R")) == [Press("1", "up"), Later(0, "held 1")]
    list(keypad.received(b"RWP2P"))
    assert list(keypad.due("held 2")) == [Press("2", "up"), Later(0, "held 2")]
    assert list(keypad.due("held 2")) == [] and list(keypad.received(b"RWP2R")) == []


def test_a_second_press_ends_the_first() -> None:
    keypad = up()
    list(keypad.received(b"RWP1P"))
    again = list(keypad.received(b"RWP1P"))
    assert again == [Press("1", "up"), Later(0, "held 1"), Press("1", "down"), Later(HELD, "held 1")]


def test_toggle_buttons_may_leave_the_release_out() -> None:
    keypad = up(mode="toggle")
    for words in (b"RWP4P", b"RWP4PR"):
        assert list(keypad.received(words)) == [Press("4", "down"), Press("4", "up")]
    assert list(keypad.received(b"RWP4R")) == []


def test_lights_are_set_by_the_profiles_string_and_without_one_not_at_all() -> None:
    keypad = up(**LIGHTS)
    request = Request("1", ShowKey("3", on=True))
    assert list(keypad.command(request)) == [Send(b"LIGHT 3 on\rKWPING\r", tag=request)]
    assert list(keypad.received(b"RWPING", request)) == [Taken(request), Later(10.0, "ping")]
    dark = up()
    for command in (ShowKey("3", on=True), SetVolume(4)):
        (refused,) = dark.command(Request("2", command))
        assert isinstance(refused, Refused)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "flash"},
        {"ping": 0},
        {"light_on": "X {button}"},
        {"light_on": "no number", "light_off": "X {button}"},
        {"light_on": "{button}\r", "light_off": "X {button}"},
    ],
)
def test_settings_that_make_no_sense_are_said(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"mode|ping|light"):
        KeypadSettings(**settings)


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"RWP1P", b"RWP1R", b"RWP1H", b"RWP1PR", b"RWPING"])))
def test_whatever_comes_downs_and_ups_take_turns(lines: list[bytes]) -> None:
    keypad = up()
    down: set[str] = set()
    for line in lines:
        for action in keypad.received(line):
            if isinstance(action, Press) and action.edge in ("down", "up"):
                assert (action.key in down) is (action.edge == "up")
                down ^= {action.key}
    assert down == keypad.down


async def test_fingers_over_a_real_socket_are_seen_in_order() -> None:
    sim = simulators.find("kd_wp8")(hold=True, hold_seconds=0.05, line_end="crlf")  # type: ignore[call-arg]
    async with sim.serving("tcp") as address, run_device(KdWp8, address) as (device, watcher):
        await watcher.until(lambda: device.online)
        sim.tap(2)  # type: ignore[attr-defined]
        sim.press(5)  # type: ignore[attr-defined]

        def edges(key: str) -> list[str]:
            return [event.data["edge"] for event in watcher.events if event.data["key"] == key]

        await watcher.until(lambda: edges("5").count("hold") >= 2)
        sim.release(5)  # type: ignore[attr-defined]
        await watcher.until(lambda: edges("5")[-1] == "up")
        assert edges("2") == ["down", "up"] and edges("5")[0] == "down"
