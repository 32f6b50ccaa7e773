"""Denkovi smartDEN relays over SNMP: golden OIDs one at a time, read back what was written; with net-snmp's agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.denkovi import ABOUT, Denkovi
from gateway.agent import UNHEARD
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
from gateway.model import Reason, Result
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden
from tests.drivers.snmpd_bench import V3, VERSIONS, outcome, snmpd

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


def test_coming_up_one_object_in_a_request() -> None:
    """User manual, 13 Apr 2021, p.41: one OID in a request, never a group."""
    driver = Denkovi(Denkovi.Settings(relays=2))
    oids = [f"1.3.6.1.4.1.42505.6.2.3.1.3.{index}" for index in (0, 1)]
    assert list(driver.opened()) == [
        Send(SnmpGet((oid,)), tag=("state", unit)) for oid, unit in zip(oids, "12", strict=True)
    ]
    assert list(driver.received(SnmpReply({oids[0]: 0}), ("state", "1"))) == [Feedback("1", closed=False)]
    assert list(driver.received(SnmpReply({oids[1]: 1}), ("state", "2"))) == [
        Feedback("2", closed=True),
        Offers("1", frozenset({SetRelay})),
        Offers("2", frozenset({SetRelay})),
        Ready(),
        Send(SnmpGet((ABOUT,)), tag="about"),
        Later(2.0, "poll"),
    ]
    assert list(driver.received(SnmpReply({ABOUT: "smartDEN"}), "about")) == [Feedback("", model="smartDEN")]
    assert list(driver.failed("about", "no response")) == []  # the manual does not promise a sysDescr
    (drop,) = Denkovi().received(SnmpReply({}, "genErr"), ("state", "1"))
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR
    lone = Denkovi(Denkovi.Settings(relays=1))
    list(lone.opened())
    (drop,) = lone.received(SnmpReply({oids[0]: None}), ("state", "1"))
    assert isinstance(drop, Drop) and drop.words == "it shows no relays"


ROOT = ".1.3.6.1.4.1.42505.6.2.3.1"
TABLE = """
relays = {n: 0 for n in range(2)}
def tree():
    return {f"{BASE}.3.{n}": ("integer", state) for n, state in relays.items()}
def orders():
    return {f"{BASE}.3.{n}": n for n in relays}
def obey(oid, value):
    if value not in (0, 1):
        return False
    relays[orders()[oid]] = value
    return True
"""


@pytest.mark.parametrize("settings", VERSIONS)
async def test_relays_are_switched_by_a_real_agent_in_every_version(tmp_path: Path, settings: dict[str, Any]) -> None:
    given = {"poll": 0.2, "relays": 2, **settings}
    async with snmpd(tmp_path, ROOT, TABLE) as link, run_device(Denkovi, link, given) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert await outcome(device, SetRelay(True), "2") == (Result.CONFIRMED, "")
        assert (value(device, "closed", "1"), value(device, "closed", "2")) == (False, True)
        assert (tmp_path / "orders").read_text().split("\n") == ["1 1", ""]


async def test_a_wrong_v3_passphrase_is_a_refused_login(tmp_path: Path) -> None:
    wrong = {"version": "3", **V3, "password": "something-else", "relays": 2}
    async with snmpd(tmp_path, ROOT, TABLE) as link, run_device(Denkovi, link, wrong) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.LOGIN_REFUSED, device.words


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


@pytest.mark.parametrize(
    "given", [{"relays": 0}, {"relays": 17}, {"poll": 0.0}, {"table": "1.x"}, {"version": "3"}, {"auth": "none"}]
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Denkovi.Settings(**given)


VALUE = st.none() | st.integers() | st.text(max_size=5)
OID = st.sampled_from([ABOUT, "1.3.6.1.4.1.42505.6.2.3.1.3.0", "1.3.6.1.4.1.42505.6.2.3.1.3.99", "1.2"])


TAGS = st.sampled_from(["about", ("state", "1"), "look", None])


@given(st.dictionaries(OID, VALUE), st.sampled_from(["", "tooBig"]), TAGS)
def test_nothing_it_may_answer_raises(values: dict[str, Any], error: str, tag: Any) -> None:
    for given_tag in (tag, Request("1", SetRelay(True), "1"), ("check", Request("1", SetRelay(True), "1"))):
        list(Denkovi().received(SnmpReply(values, error), given_tag))
