"""ControlByWeb relays: golden requests and states of each generation."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from drivers.controlbyweb import ControlByWeb
from gateway.commands import SetPower, SetRelay
from gateway.driver import (
    Action,
    Drop,
    Feedback,
    HttpReply,
    HttpRequest,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

CASE = Case(
    driver=ControlByWeb,
    simulator="controlbyweb",
    links=("http",),
    settings={"poll": 0.15, "password": "right"},
    simulator_settings={"speed": 10, "password": "right"},
    commands=[
        Do(SetRelay(True), "2", seen=lambda sim: sim.relays["2"]),
        Do(SetRelay(False), "1", before=lambda sim: sim.press_relay(1), seen=lambda sim: not sim.relays["1"]),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_relay(3), shows={"closed": True}, unit="3", pushed=False),
        Hand(do=lambda sim: sim.wire_input(1), shows={"reading": "on"}, unit="in/1", pushed=False),
    ],
    refused_login={
        "simulator_settings": {"password": "right"},
        "settings": {"password": "wrong-one"},
    },
)
MANUAL = "ControlByWeb X-series and WebRelay manuals, state.xml (RoomGate facts 3.2)"
ON = Golden(b"/state.xml?relay1=1", "relay 1 on", MANUAL)
OFF = Golden(b"/state.xml?relay1=0", "relay 1 off", MANUAL)
OLD = Golden(b"/state.xml?relayState=1", "the one relay on", MANUAL)
STATES = [
    (b"<datavalues><relay1>1</relay1><digitalInput1>0</digitalInput1></datavalues>", "X-series, state.xml"),
    (b'{"relay1":"1","digitalInput1":"0"}', "X-series, state.json"),
    (b"<datavalues><relay1state>1</relay1state><input1state>0</input1state></datavalues>", "WebRelay-10, state.xml"),
    (b"<datavalues><relaystate>1</relaystate><inputstate>0</inputstate></datavalues>", "WebRelay, state.xml"),
]


def reply(driver: ControlByWeb, body: bytes, tag: Any = "state", status: int = 200) -> list[Action]:
    return list(driver.received(HttpReply(status, {}, body), tag))


@pytest.mark.parametrize(("body", "which"), STATES)
def test_states_of_each_generation(body: bytes, which: str) -> None:
    told = Golden(body, which, source=MANUAL)
    actions = reply(ControlByWeb(), told.wire)
    assert actions[:2] == [Feedback("1", closed=True), Feedback("in/1", reading="off")]
    assert actions[2:] == [Offers("1", frozenset({SetRelay})), Ready(), Later(2.0, "poll")]


def test_commands() -> None:
    request = Request("1", SetRelay(True), "1")
    assert list(ControlByWeb().command(request)) == [Send(HttpRequest("GET", ON.wire.decode()), tag=request)]
    off = Request("2", SetRelay(False), "1")
    assert list(ControlByWeb().command(off)) == [Send(HttpRequest("GET", OFF.wire.decode()), tag=off)]
    driver, beyond = ControlByWeb(), Request("3", SetRelay(True), "2")
    reply(driver, STATES[0][0])
    assert list(driver.command(beyond)) == [Refused(beyond, "there is no relay 2")]
    old = ControlByWeb(ControlByWeb.Settings(style="single"))
    assert list(old.command(request)) == [Send(HttpRequest("GET", OLD.wire.decode()), tag=request)]
    assert reply(old, STATES[3][0], request)[:2] == [Taken(request), Feedback("1", closed=True)]
    assert reply(old, b"", request, 404) == [Refused(request, "HTTP 404")]
    (drop,) = reply(old, b"", request, 401)
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED
    (drop,) = reply(old, b"", status=500)
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR
    other = Request("1", SetPower(True), "1")
    assert list(old.command(other)) == [Refused(other, "only relays are switched")]


def test_https_is_spoken_alike() -> None:
    secure, plain = (ControlByWeb(ControlByWeb.Settings(password="right"), scheme=s) for s in ("https", "http"))
    assert ControlByWeb.links["https"] == 443
    request = Request("1", SetRelay(True), "1")
    for told in (
        lambda driver: list(driver.opened()),
        lambda driver: reply(driver, STATES[0][0]),
        lambda driver: list(driver.command(request)),
        lambda driver: reply(driver, STATES[0][0], request),
    ):
        assert told(secure) == told(plain) != []


def test_the_password_is_hidden() -> None:
    driver = ControlByWeb(ControlByWeb.Settings(password="s3cret"))
    (send,) = driver.opened()
    assert isinstance(send, Send)
    pair = base64.b64encode(b":s3cret").decode()
    assert send.data.headers == {"Authorization": f"Basic {pair}"} and set(send.hide) == {pair, "s3cret"}


@pytest.mark.parametrize(
    ("generation", "more"),
    [("webrelay10", {}), ("webrelay", {"style": "single"}), ("x", {"form": "json"})],
)
async def test_other_generations(generation: str, more: dict[str, Any]) -> None:
    sim = simulators.find("controlbyweb")(generation=generation)
    async with sim.serving("http") as link, run_device(ControlByWeb, link, more) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SetRelay(True), "1").ended(5)
        assert outcome is not None and outcome.result == "confirmed" and sim.relays["1"]


@given(st.binary(max_size=80), st.integers(100, 599))
@settings(max_examples=100, deadline=None)
def test_nothing_it_may_answer_raises(body: bytes, status: int) -> None:
    driver = ControlByWeb()
    for tag in ("state", Request("1", SetRelay(True), "1")):
        reply(driver, b"<relay99>1</relay99>" + body, tag, status)
