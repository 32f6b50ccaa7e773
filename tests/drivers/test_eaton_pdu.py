"""The Eaton ePDU driver: an order is a delay, what is pending has not happened, and Debian's snmpd as the agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.pdu.eaton import EPDU, EatonPdu, EatonSettings
from gateway.commands import CyclePower, SetPower
from gateway.driver import Feedback, Offers, Ready, Refused, Request, Send, SnmpReply, SnmpSet
from gateway.model import Reason, Result
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden
from tests.drivers.pdu_bench import replies, switched_by_a_real_agent, varbind
from tests.drivers.snmpd_bench import VERSIONS, outcome

QUICK = {"poll": 0.2, "quick": 0.05}
CASE = Case(
    driver=EatonPdu,
    simulator="eaton_pdu",
    links=("snmp",),
    simulator_settings={"speed": 50, "reboot_off_time": 20, "fixed": 5, "boot_seconds": 60},
    settings=QUICK,
    commands=[
        Do(SetPower(False), unit="3", seen=lambda sim: not sim.receptacle["0.3"].on),
        Do(SetPower(True), unit="3", seen=lambda sim: sim.receptacle["0.3"].on),
        Do(CyclePower(), unit="8", seen=lambda sim: sim.receptacle["0.8"].on),
        Do(SetPower(False), unit="5", outcome="refused"),
    ],
    hands=[Hand(do=lambda sim: sim.press_outlet(2), unit="2", shows={"power": "off", "load": 0.0}, pushed=False)],
    refused_login={"simulator_settings": {}, "settings": {"read_community": "nobody"}},
    refused_reason=Reason.NO_RESPONSE,
)

WALK = "LibreNMS/Observium discovery of EATON-EPDU-MIB, walk of an ePDU in its comments: "
MIB = "EATON-EPDU-MIB, "
GOLDEN = [
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.2.0.2 = 1", "outlet 2 is on", WALK + "outletControlStatus.0.2: on(1)"),
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.2.0.2 = 0", "outlet 2 is off", MIB + "outletControlStatus: off(0)"),
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.2.0.2 = 2", "pending off: outlet 2 is on", MIB + "pendingOff(2)"),
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.2.0.2 = 3", "pending on: outlet 2 is off", MIB + "pendingOn(3)"),
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.3.0.2 = 0", "off", MIB + "outletControlOffCmd: seconds, 0 = at once"),
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.4.0.2 = 0", "on", MIB + "outletControlOnCmd: seconds, 0 = at once"),
    Golden(b".1.3.6.1.4.1.534.6.6.7.6.6.1.5.0.2 = 0", "reboot", MIB + "outletControlRebootCmd: 0 = at once"),
]
ORDERS = {"off": SetPower(False), "on": SetPower(True), "reboot": CyclePower()}


def online(fixed: str = "", **settings: Any) -> EatonPdu:
    driver = EatonPdu(EatonSettings(**settings))
    list(driver.opened())
    names: dict[str, int | str | None] = {f"{EPDU.names}.0.{n}": f"Outlet A{n}" for n in (1, 2, 3)}
    said = list(driver.received(SnmpReply(names), ("names", "ePDU")))
    for send in [action for action in said if isinstance(action, Send)]:
        given: dict[str, Any] = dict.fromkeys(send.data.oids, 1)
        if fixed:
            given = {oid: 2 if oid == f"{EPDU.switchable}.0.{fixed}" else 1 for oid in given}
        said += driver.received(SnmpReply(given), send.tag)
    assert Ready() in said
    assert Offers("3", frozenset() if fixed == "3" else frozenset({SetPower, CyclePower})) in said
    return driver


@pytest.mark.parametrize("golden", [g for g in GOLDEN if " is " in g.meaning])
def test_what_is_pending_has_not_happened(golden: Golden) -> None:
    oid, number = varbind(golden)
    wanted = [Feedback("2", power=golden.meaning.rpartition(" ")[2])]
    assert list(online().received(SnmpReply({oid: number}), ("state", oid))) == wanted


@pytest.mark.parametrize("golden", [g for g in GOLDEN if g.meaning in ORDERS])
@pytest.mark.parametrize("delay", [0, 2])
def test_an_order_is_a_column_and_its_value_a_delay(golden: Golden, delay: int) -> None:
    oid, at_once = varbind(golden)
    request = Request("c1", ORDERS[golden.meaning], "2")
    assert list(online(delay=delay).command(request)) == [Send(SnmpSet(((oid, at_once + delay),)), tag=request)]


def test_an_outlet_that_cannot_be_switched_is_not_offered() -> None:
    driver = online(fixed="3")
    request = Request("c1", SetPower(False), "3")
    assert list(driver.command(request)) == [Refused(request, "this outlet cannot be switched")]


def test_current_is_in_milliamperes() -> None:
    driver = online()
    oid = next(oid for oid in driver.meters if oid == "1.3.6.1.4.1.534.6.6.7.6.4.1.3.0.1")
    assert list(driver.received(SnmpReply({oid: 1250}), ("meters", oid))) == [Feedback("1", load=1.25)]
    assert list(driver.received(SnmpReply({oid: -1}), ("meters", oid))) == []  # nothing can draw less than nothing


@pytest.mark.parametrize("delay", [-1, 61])
def test_a_delay_has_limits(delay: int) -> None:
    with pytest.raises(ValueError, match="delay"):
        EatonSettings(delay=delay)


async def test_a_delayed_order_in_a_chain_is_confirmed_when_it_has_happened() -> None:
    sim = simulators.find("eaton_pdu")(units=2, speed=50)
    settings = {**QUICK, "delay": 5}
    async with sim.serving("snmp") as link, run_device(EatonPdu, link, settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert await outcome(device, SetPower(False), "1.4") == (Result.CONFIRMED, "")
        assert not sim.receptacle["1.4"].on and sim.receptacle["0.4"].on


ROOT = ".1.3.6.1.4.1.534.6.6.7"
TABLE = """
def tree():
    passed()
    rows = {f"{BASE}.1.2.1.2.0": ("string", "EPDU MA"), f"{BASE}.1.2.1.5.0": ("string", "02.00.0051")}
    for n in on:
        rows[f"{BASE}.6.1.1.3.0.{n}"] = "string", NAMES[n - 1]
        rows[f"{BASE}.6.4.1.3.0.{n}"] = "integer", 1250 * on[n]
        rows[f"{BASE}.6.5.1.3.0.{n}"] = "integer", 280 * on[n]
        rows[f"{BASE}.6.6.1.2.0.{n}"] = "integer", int(on[n])
        rows[f"{BASE}.6.6.1.9.0.{n}"] = "integer", 1
    return rows | {oid: ("integer", -1) for oid in orders()}
def orders():
    return {f"{BASE}.6.6.1.{c}.0.{n}": f"{word} {n}" for c, word in ((3, "off"), (4, "on"), (5, "reboot")) for n in on}
def obey(oid, value):
    word, n = orders()[oid].split()
    return value >= -1 and switch(int(n), word == "on", word == "reboot")
"""


@pytest.mark.parametrize("settings", VERSIONS)
async def test_outlets_are_switched_by_a_real_agent(tmp_path: Path, settings: dict[str, str]) -> None:
    orders = await switched_by_a_real_agent(tmp_path, EatonPdu, ROOT, TABLE, settings, draws=(1.25, 280.0))
    assert orders == ["off 2 0", "on 2 0", "reboot 3 0"]


OIDS = st.sampled_from([f"{column}.0.{n}" for column in (EPDU.names, EPDU.state, EPDU.switchable) for n in "12"])
TAGS = st.sampled_from(
    ["quick", None, ("names", "ePDU"), ("identity",), ("state", "x"), ("abilities", "x"), ("meters",)]
)


@given(st.lists(st.tuples(replies(OIDS), TAGS), max_size=6))
def test_no_answer_makes_it_raise(said: list[tuple[Any, Any]]) -> None:
    driver = online()
    for data, tag in said:
        list(driver.received(data, tag))
