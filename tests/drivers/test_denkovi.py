"""Denkovi smartDEN relays over SNMP: golden OIDs, read back what was written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.denkovi import ABOUT, UNHEARD, Denkovi
from gateway.commands import SetPower, SetRelay
from gateway.driver import (
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    SnmpGet,
    SnmpReply,
    SnmpSet,
    Taken,
)
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

CASE = Case(
    driver=Denkovi,
    simulator="denkovi",
    links=("snmp",),
    settings={"poll": 0.15},
    simulator_settings={"speed": 20, "boot_seconds": 20},
    commands=[
        Do(SetRelay(True), "2", seen=lambda sim: sim.relays["2"]),
        Do(SetRelay(False), "16", before=lambda sim: sim.press_relay(16), seen=lambda sim: not sim.relays["16"]),
    ],
    hands=[Hand(do=lambda sim: sim.press_relay(3), shows={"closed": True}, unit="3", pushed=False)],
    refused_login={"simulator_settings": {}, "settings": {"read_community": "nobody"}},
    refused_reason=Reason.NO_RESPONSE,
)
FIRST = Golden(
    b"1.3.6.1.4.1.42505.6.2.3.1.3.0 = 1", "relay 1 on", "smartDEN IP-16R manual, MIB 42505 (RoomGate facts 3.3: <i-1>)"
)


def ask(driver: Denkovi, closed: bool, unit: str) -> tuple[Request, list[Any]]:
    request = Request("1", SetRelay(closed), unit)
    return request, list(driver.command(request))


def test_golden_order_and_its_proof() -> None:
    driver = Denkovi()
    oid, _, number = FIRST.wire.decode().partition(" = ")
    request, actions = ask(driver, True, "1")
    assert actions == [Send(SnmpSet(((oid, int(number)),)), tag=request)]
    assert list(driver.received(SnmpReply({oid: 1}), request)) == [Taken(request), Send(SnmpGet((oid,)), tag="look")]
    assert list(driver.received(SnmpReply({oid: 1}), "look")) == [Feedback("1", closed=True)]
    assert list(driver.received(SnmpReply({}, "noAccess"), request)) == [Refused(request, "noAccess")]
    other = Request("2", SetPower(True), "1")
    assert list(driver.command(other)) == [Refused(other, "only relays are switched")]


def test_coming_up() -> None:
    driver = Denkovi(Denkovi.Settings(relays=2))
    about, state = driver.opened()
    assert about == Send(SnmpGet((ABOUT,)), tag="about")
    assert isinstance(state, Send) and len(state.data.oids) == 2
    assert list(driver.received(SnmpReply({ABOUT: "smartDEN"}), "about")) == [Feedback("", model="smartDEN")]
    first, second = state.data.oids
    actions = list(driver.received(SnmpReply({first: 0, second: 1}), "state"))
    assert actions[:2] == [Feedback("1", closed=False), Feedback("2", closed=True)]
    assert actions[2:] == [
        Offers("1", frozenset({SetRelay})),
        Offers("2", frozenset({SetRelay})),
        Ready(),
        Later(2.0, "poll"),
    ]
    (drop,) = Denkovi().received(SnmpReply({}, "noSuchName"), "state")
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR
    (drop,) = Denkovi().received(SnmpReply({first: None}), "state")
    assert isinstance(drop, Drop)


async def test_a_wrong_writing_community_is_said() -> None:
    sim = simulators.find("denkovi")()
    wrong = {"community": "nobody", "poll": 5.0}
    async with (
        sim.serving("snmp") as link,
        run_device(Denkovi, link, wrong, timing={"reply": 0.3}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SetRelay(True), "1").ended(10)
        assert outcome is not None and (outcome.result, outcome.words) == ("refused", UNHEARD)
        assert device.online and not sim.relays["1"]


@pytest.mark.parametrize("given", [{"relays": 0}, {"relays": 17}, {"poll": 0.0}, {"table": "1.x"}])
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Denkovi.Settings(**given)


VALUE = st.none() | st.integers() | st.text(max_size=5)
OID = st.sampled_from([ABOUT, "1.3.6.1.4.1.42505.6.2.3.1.3.0", "1.3.6.1.4.1.42505.6.2.3.1.3.99", "1.2"])


@given(st.dictionaries(OID, VALUE), st.sampled_from(["", "tooBig"]), st.sampled_from(["about", "state", "look", None]))
def test_nothing_it_may_answer_raises(values: dict[str, Any], error: str, tag: Any) -> None:
    for given_tag in (tag, Request("1", SetRelay(True), "1"), ("check", Request("1", SetRelay(True), "1"))):
        list(Denkovi().received(SnmpReply(values, error), given_tag))
