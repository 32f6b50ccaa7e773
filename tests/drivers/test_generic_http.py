"""`generic_http`: a profile's words become requests, and a device's answers points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.generic.http import GenericHttp
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetRelay, SetVolume
from gateway.driver import Action, Drop, Feedback, HttpReply, HttpRequest, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden
from tests.drivers.test_generic_line import example

BOX = example("generic_http.md")
CASE = Case(
    driver=GenericHttp,
    simulator="generic_http",
    links=("http",),
    settings={**BOX, "poll": 0.2, "username": "admin", "password": "right"},
    simulator_settings={"speed": 10, "username": "admin", "password": "right"},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.power),
        Do(SetVolume(50), seen=lambda sim: sim.level == 20),
        Do(SetMute(True), seen=lambda sim: sim.mute),
        Do(SelectInput("hdmi2"), seen=lambda sim: sim.source == "hdmi2"),
        Do(SetRelay(True), "a", seen=lambda sim: sim.relays == {"a": True, "b": False}),
    ],
    hands=[
        Hand(do=lambda sim: sim.turn_knob(30), shows={"volume": 75}, pushed=False),
        Hand(do=lambda sim: sim.press_mute(), shows={"muted": True}, pushed=False),
    ],
    refused_login={
        "simulator_settings": {"username": "admin", "password": "right"},
        "settings": {**BOX, "username": "admin", "password": "wrong-one"},
    },
)
# RFC 7617, section 2: user Aladdin, password open sesame.
BASIC = Golden(b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "a basic log-in", "RFC 7617, section 2")


def up(**more: Any) -> GenericHttp:
    driver = GenericHttp(GenericHttp.Settings(**{**BOX, **more}))
    list(driver.opened())
    assert Ready() in list(driver.received(HttpReply(200, {}, b'{"power": "standby"}'), "look"))
    return driver


def ask(driver: GenericHttp, command: Command, unit: str = "") -> tuple[Request, list[HttpRequest]]:
    request = Request("1", command, unit)
    return request, [action.data for action in driver.command(request) if isinstance(action, Send)]


def test_requests_with_body_path_and_quoting() -> None:
    driver = up()
    json = {"Content-Type": "application/json"}
    assert ask(driver, SetPower(True))[1] == [HttpRequest("PUT", "/power", json, b'{"on": true}')]
    assert ask(driver, SetVolume(100))[1] == [HttpRequest("POST", "/volume/40")]
    assert ask(driver, SetRelay(False), "b")[1] == [HttpRequest("PUT", "/relays/b", json, b'{"closed": false}')]
    assert ask(driver, SelectInput('a"b'))[1][0].body == b'{"name": "a\\"b"}'
    quoted = up(send={"input": "GET /set?in={input}"})
    assert ask(quoted, SelectInput("a&b /?"))[1] == [HttpRequest("GET", "/set?in=a%26b%20%2F%3F")]


def test_the_log_in_is_as_the_rfc_shows_and_hidden() -> None:
    driver = up(username="Aladdin", password="open sesame", headers={"X-Key": "k {password}"})
    request = Request("1", SetVolume(1))
    (send,) = [action for action in driver.command(request) if isinstance(action, Send)]
    assert send.data.headers["Authorization"].encode() == BASIC.wire
    assert send.data.headers["X-Key"] == "k open sesame"
    assert {"open sesame", BASIC.wire.decode().removeprefix("Basic ")} <= set(send.hide)


def test_answers() -> None:
    driver = up()
    request, _ = ask(driver, SetVolume(50))
    actions = list(driver.received(HttpReply(200, {}, b'{"audio": {"level": 20, "mute": false}}'), request))
    assert actions == [Feedback(volume=50, muted=False), Taken(request)]
    actions = list(driver.received(HttpReply(204), request))
    assert actions[0] == Taken(request) and isinstance(actions[1], Send)  # it did not tell: ask
    assert list(driver.received(HttpReply(404, {}, b"no such thing"), request)) == [Refused(request, "no such thing")]
    assert list(driver.received(HttpReply(500), request)) == [Refused(request, "HTTP 500")]
    (drop,) = driver.received(HttpReply(401), request)
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED
    (drop,) = driver.received(HttpReply(500), "look")
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR
    told = b'{"power": 3, "relays": {"a": true, "b": null}, "source": ["x"], "audio": {"level": 41}}'
    assert list(driver.received(HttpReply(200, {}, told), "look")) == [Feedback("a", closed=True)]


def test_patterns_on_plain_text() -> None:
    driver = up(points={"volume": r"vol=(\d+)"}, range={})
    assert list(driver.received(HttpReply(200, {}, b"<p>vol=7</p>"), "look")) == [Feedback(volume=7)]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"send": {"stop": "/stop"}}, "is no request"),
        ({"ask": ("HEAD /",)}, "is no request"),
        ({"headers": {"X Y": "z"}}, "is a text"),
        ({"headers": {"X": "a\r\nB: c"}}, "is a text"),
    ],
)
def test_what_a_profile_must_not_say(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        GenericHttp.Settings(**given)
    assert complaint in str(caught.value)


@given(st.integers(100, 599), st.binary(max_size=80), st.sampled_from(["look", None]))
@settings(max_examples=100, deadline=None)
def test_nothing_it_may_answer_raises(status: int, body: bytes, tag: Any) -> None:
    driver = up()
    made: list[Action] = list(driver.received(HttpReply(status, {}, body), tag or Request("1", SetVolume(3))))
    assert made is not None
