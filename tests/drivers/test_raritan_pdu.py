"""The Raritan rack PDU driver: what it asks, what it makes of the answers, and Debian's snmpd as the agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.pdu.outlets import PduSettings
from drivers.pdu.raritan import PDU2, RaritanPdu
from gateway.commands import CyclePower, SetPower, SetRelay
from gateway.driver import Feedback, Offers, Ready, Refused, Request, Send, SnmpGet, SnmpReply, SnmpSet, SnmpWalk
from gateway.model import Reason, Result
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden
from tests.drivers.pdu_bench import replies, switched_by_a_real_agent, varbind
from tests.drivers.snmpd_bench import VERSIONS, outcome

QUICK = {"poll": 0.2, "quick": 0.05}
CASE = Case(
    driver=RaritanPdu,
    simulator="raritan_pdu",
    links=("snmp",),
    simulator_settings={"speed": 50, "cycle_seconds": 20, "boot_seconds": 60},
    settings=QUICK,
    commands=[
        Do(SetPower(False), unit="3", seen=lambda sim: not sim.socket["1.3"].on),
        Do(SetPower(True), unit="3", seen=lambda sim: sim.socket["1.3"].on),
        Do(CyclePower(), unit="8", seen=lambda sim: sim.socket["1.8"].on),
        Do(SetPower(True), unit="9", outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_outlet(2), unit="2", shows={"power": "off", "watts": 0.0}, pushed=False),
    ],
    refused_login={"simulator_settings": {}, "settings": {"read_community": "nobody"}},
    refused_reason=Reason.NO_RESPONSE,
)

NUT = "NUT drivers/raritan-px2-mib.c, "
GOLDEN = [
    Golden(b".1.3.6.1.4.1.13742.6.4.1.2.1.3.1.1 = 7", "outlet 1 is on", NUT + "outletSwitchingState.1.1: on(7)"),
    Golden(b".1.3.6.1.4.1.13742.6.4.1.2.1.3.1.1 = 8", "outlet 1 is off", NUT + "SensorStateEnumeration: off(8)"),
    Golden(b".1.3.6.1.4.1.13742.6.5.4.3.1.4.1.1.1 = 10", "outlet 1 draws 1.0 A", NUT + "rmsCurrent, divide by 10"),
    Golden(b".1.3.6.1.4.1.13742.6.5.4.3.1.4.1.1.5 = 10", "outlet 1 draws 10 W", NUT + "activePower"),
    Golden(
        b".1.3.6.1.4.1.13742.6.4.1.2.1.2.1.1 = 1",
        "switch outlet 1 on",
        "Canonical MAAS, provisioningserver/drivers/power/tests/test_raritan.py",
    ),
    Golden(b".1.3.6.1.4.1.13742.6.4.1.2.1.2.1.1 = 2", "cycle outlet 1", "Raritan SNMP MIB User Guide 1.2: cycle(2)"),
]


def online(*indexes: str) -> RaritanPdu:
    """A driver that knows its PDU; one that counts current in tenths, as a PX2 does."""
    driver = RaritanPdu()
    assert list(driver.opened()) == [Send(SnmpWalk(PDU2.names), tag=("names", "PDU2"))]
    names: dict[str, int | str | None] = {f"{PDU2.names}.{index}": "" for index in indexes or ("1.1", "1.2")}
    said = list(driver.received(SnmpReply(names), ("names", "PDU2")))
    for send in [action for action in said if isinstance(action, Send)]:
        known = {PDU2.state: 7, "1.3.6.1.4.1.13742.6.3.5.4.1.7": 1, "1.3.6.1.4.1.13742.6.5.4.3.1.4": 10}
        given = {
            oid: next((v for column, v in known.items() if oid.startswith(column)), None) for oid in send.data.oids
        }
        said += driver.received(SnmpReply(given), send.tag)
    assert Ready() in said
    return driver


@pytest.mark.parametrize("golden", [g for g in GOLDEN if " is " in g.meaning or "draws" in g.meaning])
def test_answers_are_understood(golden: Golden) -> None:
    driver = online()
    oid, number = varbind(golden)
    if "draws" in golden.meaning:
        point = "load" if golden.meaning.endswith("A") else "watts"
        if point == "watts":
            driver.digits[oid] = 0
        wanted = Feedback("1", **{point: float(golden.meaning.split()[3])})
        assert list(driver.received(SnmpReply({oid: number}), ("meters", oid))) == [wanted]
    else:
        wanted = Feedback("1", power=golden.meaning.rpartition(" ")[2])
        assert list(driver.received(SnmpReply({oid: number}), ("state", oid))) == [wanted]


@pytest.mark.parametrize("golden", [g for g in GOLDEN if g.meaning.startswith(("switch", "cycle"))])
def test_orders_are_the_mibs(golden: Golden) -> None:
    command = CyclePower() if golden.meaning.startswith("cycle") else SetPower(True)
    request = Request("c1", command, "1")
    assert list(online().command(request)) == [Send(SnmpSet((varbind(golden),)), tag=request)]


def test_a_chain_is_numbered() -> None:
    driver = online("1.1", "2.1")
    request = Request("c1", SetPower(False), "2.1")
    assert list(driver.command(request)) == [Send(SnmpSet(((f"{PDU2.control}.2.1", 0),)), tag=request)]
    assert [driver.valid_unit(unit) for unit in ("", "3", "2.3", "0", "1.2.3", "a", "2.")] == [
        True, True, True, False, False, False, False,
    ]  # fmt: skip


def test_a_pdu_that_only_measures_offers_nothing() -> None:
    driver = RaritanPdu()
    list(driver.opened())
    said = list(driver.received(SnmpReply({f"{PDU2.names}.1.1": "Codec"}), ("names", "PDU2")))
    for send in [action for action in said if isinstance(action, Send)]:
        said += driver.received(SnmpReply(dict.fromkeys(send.data.oids, -1)), send.tag)
    assert Offers("1", frozenset()) in said and Feedback("1", outlet_name="Codec") in said
    request = Request("c1", SetPower(True), "1")
    assert list(driver.command(request)) == [Refused(request, "this outlet cannot be switched")]
    relay = Request("c2", SetRelay(True), "1")
    assert list(driver.command(relay)) == [Refused(relay, "an outlet cannot do that")]


def test_meters_that_are_not_there_are_not_asked_for_again() -> None:
    driver = online()
    oids = list(driver.meters)
    list(driver.received(SnmpReply(dict.fromkeys(oids)), ("meters", *oids)))
    assert [send.data for send in driver.due("poll")] == [SnmpGet((f"{PDU2.state}.1.1", f"{PDU2.state}.1.2"))]


async def test_a_chain_and_its_meters() -> None:
    sim = simulators.find("raritan_pdu")(pdus=2, outlets=20, current_digits=1)
    async with sim.serving("snmp") as link, run_device(RaritanPdu, link, QUICK) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert (value(device, "load", "2.7"), value(device, "watts", "2.7")) == (0.4, 103.0)
        assert await outcome(device, SetPower(False), "2.20") == (Result.CONFIRMED, "")
        assert not sim.socket["2.20"].on and sim.socket["1.20"].on
        assert [value(device, point) for point in ("name", "model", "serial", "firmware")] == [
            "my PX", "PX3-5260V", "QFG7100123", "3.6.0.5-46565",
        ]  # fmt: skip


ROOT = ".1.3.6.1.4.1.13742.6"
TABLE = """
def tree():
    passed()
    rows = {f"{BASE}.3.2.1.1.3.1": ("string", "PX3-5190R"), f"{BASE}.3.2.1.1.4.1": ("string", "QFG7100123")}
    for n in on:
        rows[f"{BASE}.3.5.3.1.3.1.{n}"] = "string", NAMES[n - 1]
        rows[f"{BASE}.3.5.4.1.7.1.{n}.1"] = "gauge", 3
        rows[f"{BASE}.3.5.4.1.7.1.{n}.5"] = "gauge", 0
        rows[f"{BASE}.4.1.2.1.2.1.{n}"] = "integer", int(on[n])
        rows[f"{BASE}.4.1.2.1.3.1.{n}"] = "integer", 7 if on[n] else 8
        rows[f"{BASE}.5.4.3.1.4.1.{n}.1"] = "gauge", 450 * on[n]
        rows[f"{BASE}.5.4.3.1.4.1.{n}.5"] = "gauge", 103 * on[n]
    return rows
def orders():
    return {f"{BASE}.4.1.2.1.2.1.{n}": n for n in on}
def obey(oid, value):
    return value in (0, 1, 2) and switch(orders()[oid], value == 1, value == 2)
"""


@pytest.mark.parametrize("settings", VERSIONS)
async def test_outlets_are_switched_by_a_real_agent(tmp_path: Path, settings: dict[str, str]) -> None:
    orders = await switched_by_a_real_agent(tmp_path, RaritanPdu, ROOT, TABLE, settings, draws=(0.45, 103.0))
    assert orders == ["2 0", "2 1", "3 2"]


@pytest.mark.parametrize("wrong", [{"poll": 0.0}, {"quick": 6.0}, {"version": "3"}, {"auth": "none"}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PduSettings(**wrong)


OIDS = st.sampled_from([f"{c}.1.{n}" for c in (PDU2.names, PDU2.state, PDU2.meters[0].column) for n in ("1", "1.1")])
TAGS = st.sampled_from(
    [
        "quick",
        None,
        ("names", "PDU2"),
        ("identity",),
        ("state", "x"),
        ("abilities", "x"),
        Request("c", CyclePower(), "1"),
    ]
) | st.lists(OIDS, max_size=3).map(lambda oids: ("meters", *oids))


@given(st.lists(st.tuples(replies(OIDS), TAGS), max_size=6))
def test_no_answer_makes_it_raise(said: list[tuple[Any, Any]]) -> None:
    driver = online()
    for data, tag in said:
        list(driver.received(data, tag))
