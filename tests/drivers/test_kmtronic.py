"""KMtronic relays: three bytes on a serial line, or a page: golden forms of both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.kmtronic import Kmtronic
from gateway.commands import SetPower, SetRelay
from gateway.driver import Drop, Feedback, HttpReply, HttpRequest, Later, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden

CASE = Case(
    driver=Kmtronic,
    simulator="kmtronic",
    links=("http", "serial", "tcp"),
    settings={"poll": 0.15, "password": "right"},
    simulator_settings={"speed": 10, "password": "right"},
    commands=[
        Do(SetRelay(True), "2", seen=lambda sim: sim.relays["2"]),
        Do(SetRelay(False), "1", before=lambda sim: sim.press_relay(1), seen=lambda sim: not sim.relays["1"]),
    ],
    hands=[Hand(do=lambda sim: sim.press_relay(3), shows={"closed": True}, unit="3", pushed=False)],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong-one"}},
    one_way=frozenset({"serial", "tcp"}),
)
BOARD = "KMtronic relay board instructions (RoomGate facts 3.2)"
ON, OFF = Golden(b"\xff\x01\x01", "relay 1 on", BOARD), Golden(b"\xff\x01\x00", "relay 1 off", BOARD)
WEB_ON = Golden(b"/FF0101", "relay 1 on", "KMtronic web relay, tried (RoomGate facts 3.2)")
WEB_OFF = Golden(b"/FF0100", "relay 1 off", "KMtronic web relay, tried (RoomGate facts 3.2)")
CLOSED = Golden(b"<relay1>1</relay1>", "relay 1 is closed", "KMtronic web relay, /status.xml (RoomGate facts 3.2)")
STATUS = Golden(b"<relay1>0</relay1>", "relay 1 is open", "KMtronic web relay, /status.xml (RoomGate facts 3.2)")


def test_golden_frames_are_only_believed() -> None:
    driver = Kmtronic(Kmtronic.Settings(relays=1), scheme="serial")
    assert list(driver.opened()) == [Offers("1", frozenset({SetRelay})), Ready()]
    for closed, golden in ((True, ON), (False, OFF)):
        request = Request("1", SetRelay(closed), "1")
        send = Send(golden.wire, tag=request, reply=False)
        assert list(driver.command(request)) == [send, Taken(request), Feedback("1", assumed=True, closed=closed)]
    beyond = Request("3", SetRelay(True), "2")
    assert list(driver.command(beyond)) == [Refused(beyond, "there is no relay 2")]
    other = Request("2", SetPower(True), "1")
    assert list(driver.command(other)) == [Refused(other, "only relays are switched")]
    assert list(driver.received(b"noise")) == []


def test_the_web_board_tells_its_state() -> None:
    driver = Kmtronic(scheme="http")
    page = b"<response><relay0>0</relay0>" + STATUS.wire + b"<relay2>1</relay2></response>"
    actions = list(driver.received(HttpReply(200, {}, page), "state"))
    assert actions[:2] == [Feedback("1", closed=False), Feedback("2", closed=True)]
    assert actions[-2:] == [Ready(), Later(2.0, "poll")]
    request = Request("1", SetRelay(True), "1")
    assert list(driver.command(request)) == [Send(HttpRequest("GET", WEB_ON.wire.decode()), tag=request)]
    off = Request("2", SetRelay(False), "1")
    assert list(driver.command(off)) == [Send(HttpRequest("GET", WEB_OFF.wire.decode()), tag=off)]
    page = b"<response>" + CLOSED.wire + b"<relay2>1</relay2></response>"
    assert Feedback("1", closed=True) in list(driver.received(HttpReply(200, {}, page), "look"))
    beyond = Request("3", SetRelay(True), "3")
    assert list(driver.command(beyond)) == [Refused(beyond, "there is no relay 3")]
    taken, look = driver.received(HttpReply(200), request)
    assert taken == Taken(request) and look == Send(HttpRequest("GET", "/status.xml"), tag="look")
    assert list(driver.received(HttpReply(404), request)) == [Refused(request, "HTTP 404")]
    for status, reason in ((401, Reason.LOGIN_REFUSED), (500, Reason.PROTOCOL_ERROR)):
        (drop,) = driver.received(HttpReply(status), "state")
        assert isinstance(drop, Drop) and drop.reason is reason


def test_https_is_the_web_board_too() -> None:
    secure, plain = (Kmtronic(Kmtronic.Settings(password="right"), scheme=scheme) for scheme in ("https", "http"))
    assert secure.web and plain.web and Kmtronic.links["https"] == 443
    request = Request("1", SetRelay(True), "1")
    status = HttpReply(200, {}, b"<response>" + STATUS.wire + b"</response>")
    for told in (
        lambda driver: list(driver.opened()),
        lambda driver: list(driver.received(status, "state")),
        lambda driver: list(driver.command(request)),
        lambda driver: list(driver.received(HttpReply(200), request)),
    ):
        assert told(secure) == told(plain) != []


@pytest.mark.parametrize("given", [{"relays": 0}, {"poll": 0.0}])
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Kmtronic.Settings(**given)


@given(st.binary(max_size=60), st.integers(100, 599))
def test_nothing_it_may_answer_raises(body: bytes, status: int) -> None:
    driver = Kmtronic(scheme="http")
    for tag in ("state", "look", Request("1", SetRelay(True), "1")):
        list(driver.received(HttpReply(status, {}, b"<relay99>1</relay99>" + body), tag))
