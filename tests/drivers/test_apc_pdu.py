"""The APC rack PDU driver, question by question: what it asks an agent and what it makes of the answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pdu.apc import FAMILIES, ApcPdu, ApcSettings
from gateway.agent import SILENCE, UNHEARD
from gateway.commands import CyclePower, SetPower, SetRelay
from gateway.driver import (
    Done,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    SnmpGet,
    SnmpReply,
    SnmpSet,
    SnmpWalk,
    Taken,
)
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden

CASE = Case(
    driver=ApcPdu,
    simulator="apc_pdu",
    links=("snmp",),
    simulator_settings={"speed": 50, "reboot_duration": 20, "boot_seconds": 60},
    settings={"poll": 0.2, "quick": 0.05},
    commands=[
        Do(SetPower(False), unit="3", seen=lambda sim: not sim.outlet[3].on),
        Do(SetPower(True), unit="3", seen=lambda sim: sim.outlet[3].on),
        Do(CyclePower(), unit="8", seen=lambda sim: sim.outlet[8].on),
    ],
    hands=[Hand(do=lambda sim: sim.press_outlet(2), unit="2", shows={"power": "off", "load": 0.0}, pushed=False)],
    refused_login={"simulator_settings": {}, "settings": {"read_community": "nobody"}},
    refused_reason=Reason.NO_RESPONSE,  # SNMP v1 and v2c answer a wrong community with silence
)

AP7900 = "NUT drivers/apc-pdu-mib.c: walk of an AP7900, firmware v3.7.3"
MIB = "PowerNet-MIB, "

# As net-snmp writes an object and its value.
GOLDEN = [
    Golden(
        wire=b'.1.3.6.1.4.1.318.1.1.12.3.5.1.1.2.1 = STRING: "Testing Name"',
        meaning="rPDU: outlet 1 is called Testing Name",
        source=AP7900,
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.12.3.5.1.1.4.1 = INTEGER: outletStatusOn(1)",
        meaning="rPDU: outlet 1 is on",
        source=AP7900,
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.12.3.5.1.1.4.1 = INTEGER: outletStatusOff(2)",
        meaning="rPDU: outlet 1 is off",
        source=MIB + "rPDUOutletStatusOutletState",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.26.9.2.3.1.5.1 = INTEGER: off(1)",
        meaning="rPDU2: outlet 1 is off",
        source=MIB + "rPDU2OutletSwitchedStatusState",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.26.9.2.3.1.5.1 = INTEGER: on(2)",
        meaning="rPDU2: outlet 1 is on",
        source=MIB + "rPDU2OutletSwitchedStatusState",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.1 = INTEGER: immediateOn(1)",
        meaning="rPDU: switch outlet 1 on",
        source=MIB + "rPDUOutletControlOutletCommand",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.1 = INTEGER: immediateOff(2)",
        meaning="rPDU: switch outlet 1 off",
        source=MIB + "rPDUOutletControlOutletCommand",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.1 = INTEGER: immediateReboot(3)",
        meaning="rPDU: reboot outlet 1",
        source=MIB + "rPDUOutletControlOutletCommand",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.1 = INTEGER: immediateOn(1)",
        meaning="rPDU2: switch outlet 1 on",
        source=MIB + "rPDU2OutletSwitchedControlCommand",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.1 = INTEGER: immediateOff(2)",
        meaning="rPDU2: switch outlet 1 off",
        source=MIB + "rPDU2OutletSwitchedControlCommand",
    ),
    Golden(
        wire=b".1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.1 = INTEGER: immediateReboot(3)",
        meaning="rPDU2: reboot outlet 1",
        source=MIB + "rPDU2OutletSwitchedControlCommand",
    ),
]

# What an AP7900 tells of itself (AP7900, above).
IDENTITY = {
    "1.3.6.1.4.1.318.1.1.12.1.1.0": "RackPDU",
    "1.3.6.1.4.1.318.1.1.12.1.3.0": "v3.7.3",
    "1.3.6.1.4.1.318.1.1.12.1.5.0": "AP7900",
    "1.3.6.1.4.1.318.1.1.12.1.6.0": "5A1234E00874",
}


def varbind(golden: Golden) -> tuple[str, int | str]:
    oid, _, value = golden.wire.decode().removeprefix(".").partition(" = ")
    if value.startswith("STRING"):
        return oid, value.split('"')[1]
    return oid, int(value[value.index("(") + 1 : -1])


def column(family: str, name: str, values: dict[str, int | str | None]) -> dict[str, int | str | None]:
    return {f"{getattr(FAMILIES[family], name)}.{unit}": value for unit, value in values.items()}


def online(family: str = "rPDU2", outlets: int = 3, **settings: Any) -> ApcPdu:
    """A driver that knows its PDU, all outlets on."""
    driver = ApcPdu(ApcSettings(family=family, **settings))  # type: ignore[arg-type]
    list(driver.opened())
    names: dict[str, int | str | None] = {str(n): f"Outlet {n}" for n in range(1, outlets + 1)}
    asked = list(driver.received(SnmpReply(column(family, "names", names)), ("names", family)))
    on = next(value for value, power in FAMILIES[family].states.items() if power == "on")
    said: list[Any] = []
    for send in asked:
        if isinstance(send, Send):
            assert isinstance(send.data, SnmpGet)
            values = {oid: on for oid in send.data.oids if oid.startswith(FAMILIES[family].state)}
            said += driver.received(SnmpReply(values), send.tag)
    assert said[-2:] == [Ready(), Later(driver.settings.poll, "poll")]
    return driver


def states(driver: ApcPdu, **powers: str) -> SnmpReply:
    code = {power: value for value, power in driver.family.states.items()}
    return SnmpReply({f"{driver.family.state}.{unit[1:]}": code[power] for unit, power in powers.items()})


# ---- golden ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("golden", [g for g in GOLDEN if ": switch" in g.meaning or ": reboot" in g.meaning])
def test_orders_are_the_manuals(golden: Golden) -> None:
    family, _, what = golden.meaning.partition(": ")
    driver = online(family)
    command = CyclePower() if "reboot" in what else SetPower(what.endswith("on"))
    request = Request("c1", command, "1")
    assert list(driver.command(request)) == [Send(SnmpSet((varbind(golden),)), tag=request)]


@pytest.mark.parametrize("golden", [g for g in GOLDEN if " is " in g.meaning])
def test_answers_are_understood(golden: Golden) -> None:
    family, _, what = golden.meaning.partition(": ")
    oid, value = varbind(golden)
    if "called" in what:
        driver = ApcPdu(ApcSettings(family="rPDU"))
        list(driver.opened())
        said = list(driver.received(SnmpReply({oid: value}), ("names", family)))
        assert Feedback("1", outlet_name="Testing Name") in said
    else:
        said = list(online(family).received(SnmpReply({oid: value}), ("state", oid)))
        assert said == [Feedback("1", power="on" if what.endswith("on") else "off")]


# ---- finding out -------------------------------------------------------------------------------------------------


def test_the_newer_tree_is_asked_first_and_the_older_next() -> None:
    driver = ApcPdu()
    assert list(driver.opened()) == [Send(SnmpWalk("1.3.6.1.4.1.318.1.1.26.9.2.3.1.3"), tag=("names", "rPDU2"))]
    assert list(driver.received(SnmpReply({}), ("names", "rPDU2"))) == [
        Send(SnmpWalk("1.3.6.1.4.1.318.1.1.12.3.5.1.1.2"), tag=("names", "rPDU"))
    ]
    assert list(driver.received(SnmpReply({}, "noSuchName"), ("names", "rPDU"))) == [
        Drop(Reason.PROTOCOL_ERROR, "it shows no switched outlets of APC's (noSuchName)")
    ]


def test_a_named_family_is_the_only_one_asked() -> None:
    driver = ApcPdu(ApcSettings(family="rPDU2"))
    list(driver.opened())
    assert [type(action) for action in driver.received(SnmpReply({}), ("names", "rPDU2"))] == [Drop]


def test_ready_only_when_every_outlet_has_been_read() -> None:
    driver = ApcPdu(ApcSettings(family="rPDU"))
    list(driver.opened())
    names: dict[str, int | str | None] = {str(n): f"Outlet {n}" for n in range(1, 25)}
    said = list(driver.received(SnmpReply(column("rPDU", "names", names)), ("names", "rPDU")))
    assert not any(isinstance(action, Offers) for action in said)  # not before it has shown what can be switched
    identity, first, second = [action for action in said if isinstance(action, Send)]
    assert [len(send.data.oids) for send in (identity, first, second)] == [4, 16, 8]  # 16 OIDs in one GET at most
    assert list(driver.received(SnmpReply(IDENTITY), identity.tag)) == [
        Feedback("", name="RackPDU", firmware="v3.7.3", model="AP7900", serial="5A1234E00874")
    ]
    assert Ready() not in list(driver.received(SnmpReply(dict.fromkeys(first.data.oids, 1)), first.tag))
    last = dict.fromkeys(second.data.oids[:-1], 2) | {second.data.oids[-1]: None}
    told = list(driver.received(SnmpReply(last), second.tag))
    assert told[-2:] == [Ready(), Later(5.0, "poll")]
    assert Offers("23", frozenset({SetPower, CyclePower})) in told
    assert Offers("24", frozenset()) in told  # it tells no state: nobody could see it switch


def test_a_pdu_without_identity_has_none() -> None:
    driver = online()
    assert list(driver.received(SnmpReply(dict.fromkeys(driver.family.identity.values())), ("identity",))) == []


def test_the_link_gets_both_communities_and_the_v3_user() -> None:
    settings = ApcSettings(version="3", community="w", read_community="r", username="u", password="p", auth="sha256")
    assert ApcPdu(settings).opening() == Opening(
        username="u",
        password="p",
        community="r",
        write_community="w",
        version="3",
        auth="sha256",
        privacy="aes",
    )


@pytest.mark.parametrize("wrong", [{"poll": 0.0}, {"quick": 6.0}, {"version": "3"}, {"auth": "none"}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ApcSettings(**wrong)


def test_units_are_outlet_numbers() -> None:
    assert [ApcPdu().valid_unit(unit) for unit in ("", "1", "24", "96")] == [True] * 4
    assert [ApcPdu().valid_unit(unit) for unit in ("0", "01", "a", "-1", "1.2", "²")] == [False] * 6


# ---- switching ---------------------------------------------------------------------------------------------------


def test_an_order_is_taken_and_then_looked_at_until_it_shows() -> None:
    driver = online()
    request = Request("c1", SetPower(False), "2")
    list(driver.command(request))
    assert list(driver.received(SnmpReply({f"{driver.family.control}.2": 2}), request)) == [
        Taken(request),
        Send(SnmpGet((f"{driver.family.state}.2",)), tag="quick"),
    ]
    assert list(driver.received(states(driver, _2="on"), "quick")) == [Feedback("2", power="on"), Later(1.0, "quick")]
    assert list(driver.due("quick")) == [Send(SnmpGet((f"{driver.family.state}.2",)), tag="quick")]
    assert Feedback("2", power="off") in list(driver.received(states(driver, _2="off"), "quick"))
    driver.now = 20.0
    assert list(driver.due("quick")) == []  # long enough: the slow look goes on alone


def test_a_reboot_is_done_when_it_was_seen_off_and_on_again() -> None:
    driver = online()
    request = Request("c1", CyclePower(), "2")
    list(driver.command(request))
    list(driver.received(SnmpReply({}), request))
    before_the_click = list(driver.received(states(driver, _2="on"), "quick"))
    assert Done(request) not in before_the_click
    assert Done(request) not in list(driver.received(states(driver, _2="off"), "quick"))
    assert list(driver.received(states(driver, _2="on"), "quick")) == [Feedback("2", power="on"), Done(request)]
    assert Done(request) not in list(driver.received(states(driver, _2="on"), ("state", "x")))


def test_a_newer_order_ends_the_wait_for_a_reboot() -> None:
    driver = online()
    reboot = Request("c1", CyclePower(), "2")
    list(driver.command(reboot))
    list(driver.received(SnmpReply({}), reboot))
    list(driver.received(states(driver, _2="off"), "quick"))
    list(driver.command(Request("c2", SetPower(True), "2")))
    assert Done(reboot) not in list(driver.received(states(driver, _2="on"), "quick"))


def test_a_refusal_is_told_in_the_agents_word() -> None:
    driver = online()
    request = Request("c1", SetPower(True), "2")
    assert list(driver.received(SnmpReply({}, "notWritable"), request)) == [
        Refused(request, "the PDU refused: notWritable")
    ]


def test_what_is_not_there_is_refused_without_asking() -> None:
    driver = online(outlets=3)
    nowhere, nonsense = Request("c1", SetPower(True), "4"), Request("c2", SetRelay(True), "1")
    assert list(driver.command(nowhere)) == [Refused(nowhere, "the PDU has no such outlet")]
    assert list(driver.command(nonsense)) == [Refused(nonsense, "an outlet cannot do that")]


def test_silence_to_an_order_is_looked_into() -> None:
    driver = online()
    request = Request("c1", SetPower(False), "2")
    check = Send(SnmpGet((f"{driver.family.state}.2",)), tag=("check", request))
    assert list(driver.failed(request, "no response")) == [check]
    assert list(driver.received(states(driver, _2="on"), check.tag)) == [
        Feedback("2", power="on"),
        Refused(request, UNHEARD),
    ]
    # Only the answer was lost: the feedback proves the order.
    assert list(driver.received(states(driver, _2="off"), check.tag)) == [Feedback("2", power="off")]
    assert list(driver.failed(check.tag, "no response")) == [Drop(Reason.NO_RESPONSE, SILENCE)]


def test_a_reboot_whose_answer_was_lost_goes_on() -> None:
    driver = online()
    request = Request("c1", CyclePower(), "2")
    list(driver.failed(request, "no response"))
    assert Taken(request) in list(driver.received(states(driver, _2="off"), ("check", request)))
    list(driver.received(states(driver, _2="off"), "quick"))
    assert Done(request) in list(driver.received(states(driver, _2="on"), "quick"))


# ---- looking -----------------------------------------------------------------------------------------------------


def test_a_poll_asks_for_all_and_comes_again_when_all_have_answered() -> None:
    driver = online(outlets=17)
    first, second, *more = list(driver.due("poll"))
    assert more == []  # its meters were not there, and are not asked for again
    assert isinstance(first, Send) and isinstance(second, Send)
    assert Later(5.0, "poll") not in list(driver.received(SnmpReply({}), first.tag))
    assert list(driver.received(states(driver, _17="off"), second.tag)) == [
        Feedback("17", power="off"),
        Later(5.0, "poll"),
    ]


def test_an_outlet_that_does_not_tell_is_unknown() -> None:
    driver = online()
    said = driver.received(SnmpReply({f"{driver.family.state}.1": None, f"{driver.family.state}.2": 3}), "quick")
    assert list(said) == [Feedback("1", power=None), Feedback("2", power=None)]


def test_a_silent_pdu_and_a_changed_one_are_started_afresh() -> None:
    driver = online()
    assert list(driver.failed(("state", "x"), "no response")) == [Drop(Reason.NO_RESPONSE, SILENCE)]
    assert list(driver.failed(("state", "x"), "unknown user name")) == [Drop(Reason.NO_RESPONSE, "unknown user name")]
    assert list(driver.received(SnmpReply({}, "noSuchName"), ("state", "x"))) == [
        Drop(Reason.PROTOCOL_ERROR, "the PDU answered noSuchName about its outlets")
    ]


OIDS = st.sampled_from([f"{oid}.{n}" for f in FAMILIES.values() for oid in (f.names, f.state, f.control) for n in "12"])
REQUESTS = st.sampled_from([Request("c1", SetPower(True), "1"), Request("c2", CyclePower(), "2")])
TAGS = st.one_of(
    st.sampled_from(["quick", "identity", None, ("names", "rPDU"), ("names", "rPDU2"), ("identity",), ("state", "x")]),
    REQUESTS,
    REQUESTS.map(lambda request: ("check", request)),
)
REPLIES = st.builds(
    SnmpReply,
    st.dictionaries(OIDS | st.text(), st.none() | st.integers() | st.text(), max_size=6),
    st.sampled_from(["", "noSuchName", "genErr"]),
)


@given(st.lists(st.tuples(REPLIES | st.binary(), TAGS), max_size=6))
def test_no_answer_makes_it_raise(said: list[tuple[Any, Any]]) -> None:
    driver = online()
    for data, tag in said:
        for action in driver.received(data, tag):
            if isinstance(action, Feedback):
                assert action.points.get("power") in ("on", "off", None)
