"""The SNMP monitor: OIDs become sensors, limits become alerts, traps are heard: with net-snmp's agent and snmptrap."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.snmp_monitor import MonitorSettings, Sensor, SnmpMonitor
from gateway.commands import SetPower
from gateway.driver import Alert, Drop, Feedback, Later, Offers, Ready, Refused, Request, Send, SnmpGet, SnmpReply
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand, Watcher, run_device, value
from tests.drivers.golden import Golden
from tests.drivers.snmpd_bench import V3, VERSIONS, free_port, needed, snmpd

UPS = "1.3.6.1.2.1.33.1"
SENSORS: dict[str, Any] = {
    "charge": {"oid": f"{UPS}.2.4.0", "unit": "%", "low": 30},
    "temperature": {"oid": f"{UPS}.2.7.0", "unit": "°C", "low": 5, "high": 40},
    "voltage": {"oid": f"{UPS}.4.4.1.2.1", "unit": "V", "scale": 0.1},
    "source": {"oid": f"{UPS}.4.1.0", "words": {"3": "mains", "5": "battery"}},
    "probe": {"oid": "1.3.6.1.4.1.99999.1.1.0", "unit": "°C", "high": 30},
}
CASE = Case(
    driver=SnmpMonitor,
    simulator="snmp_monitor",
    links=("snmp",),
    simulator_settings={"speed": 50, "boot_seconds": 60},
    settings={"poll": 0.1, "sensors": SENSORS},
    commands=[Do(SetPower(True), unit="charge", outcome="refused")],
    hands=[
        Hand(do=lambda sim: sim.heat(45), unit="temperature", shows={"value": 45.0, "alert": "high"}, pushed=False),
        Hand(do=lambda sim: sim.pull_the_plug(), unit="source", shows={"reading": "battery"}, pushed=False),
    ],
    refused_login={"simulator_settings": {}, "settings": {"read_community": "nobody"}},
    refused_reason=Reason.NO_RESPONSE,
)

GOLDEN = [
    Golden(b"1.3.6.1.2.1.33.1.4.1.0 = 3", "source: mains", "RFC 1628, upsOutputSource: normal(3)"),
    Golden(b"1.3.6.1.2.1.33.1.4.1.0 = 5", "source: battery", "RFC 1628, upsOutputSource: battery(5)"),
    Golden(b"1.3.6.1.6.3.1.1.5.3", "trap: link down", "RFC 3418, linkDown"),
    Golden(b"1.3.6.1.6.3.1.1.5.1", "trap: cold start", "RFC 3418, coldStart"),
]
UPTIME, TRAP = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"


def online(**settings: Any) -> SnmpMonitor:
    driver = SnmpMonitor(MonitorSettings(**{"sensors": SENSORS, **settings}), host="127.0.0.1")
    said: list[Any] = list(driver.opened())
    for send in [action for action in said if isinstance(action, Send)]:
        said += driver.received(SnmpReply(dict.fromkeys(send.data.oids)), send.tag)
    assert said[-2:] == [Ready(), Later(driver.settings.poll, "poll")]
    return driver


@pytest.mark.parametrize("golden", GOLDEN)
def test_the_rfcs_words(golden: Golden) -> None:
    driver = online(trap_port=1162)
    what, _, words = golden.meaning.partition(": ")
    if what == "source":
        oid, _, number = golden.wire.decode().partition(" = ")
        assert list(driver.received(SnmpReply({oid: int(number)}), ("look", oid))) == [
            Feedback("source", reading=words)
        ]
    else:
        trap = SnmpReply({UPTIME: 4200, TRAP: golden.wire.decode(), "1.3.6.1.2.1.2.2.1.1.7": 7})
        told = list(driver.received(trap, None, "traps"))
        said = f"{words}, 42 s after its start: 7"
        assert told[:2] == [Feedback("trap", reading=said), Alert("trap", said)]
        assert [type(action) for action in told[2:]] == [Send]  # it looks at once


@pytest.mark.parametrize(
    ("sensor", "given", "shown"),
    [
        ({"unit": "V", "scale": 0.1}, 2301, {"value": 230.1, "measured_in": "V"}),
        ({"unit": "°C", "scale": 0.5, "offset": -10, "low": 0, "high": 50}, 10,
         {"value": -5.0, "measured_in": "°C", "alert": "low"}),
        ({"high": 50}, 50, {"value": 50.0, "alert": "ok"}),
        ({"high": 50}, 51, {"value": 51.0, "alert": "high"}),
        ({"unit": "°C", "high": 30}, "31.5 C", {"value": 31.5, "measured_in": "°C", "alert": "high"}),
        ({"unit": "°C", "high": 30}, "no probe", {"value": None, "alert": None}),
        ({}, 7, {"value": 7.0}),
        ({}, "ready", {"reading": "ready"}),
        ({"words": {"1": "good"}}, 1, {"reading": "good"}),
        ({"words": {"1": "good"}}, 2, {"reading": "2"}),
        ({"words": {"1": "good"}}, None, {"reading": None}),
        ({"low": 1}, None, {"value": None, "alert": None}),
    ],
)  # fmt: skip
def test_what_a_sensor_shows(sensor: dict[str, Any], given: Any, shown: dict[str, Any]) -> None:
    assert Sensor("1.2.3", **sensor).points(given) == shown


def test_at_most_sixteen_questions_in_one_get_and_fewer_where_that_is_too_many() -> None:
    many = {f"s{n}": {"oid": f"1.3.6.1.4.1.99999.{n}"} for n in range(40)}
    driver = SnmpMonitor(MonitorSettings(sensors=many))
    _, first, *more = list(driver.opened())
    assert isinstance(first, Send)
    assert [len(first.data.oids), *(len(send.data.oids) for send in more if isinstance(send, Send))] == [16, 16, 8]
    again = list(driver.received(SnmpReply({}, "tooBig"), first.tag))
    assert [len(send.data.oids) for send in again if isinstance(send, Send)] == [8, 8]
    assert Ready() not in again


def test_without_sensors_it_is_asked_whether_it_is_there() -> None:
    asked = [send.data for send in SnmpMonitor().opened() if isinstance(send, Send)]
    assert asked == [SnmpGet(("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.5.0")), SnmpGet((UPTIME,))]


def test_a_trap_during_a_look_is_looked_into_after_it() -> None:
    driver = online(trap_port=1162)
    (look,) = list(driver.due("poll"))
    assert isinstance(look, Send)
    told = list(driver.received(SnmpReply({TRAP: "1.2.3", f"{UPS}.2.7.0": 50}), None, "traps"))
    assert told == [
        Feedback("trap", reading="1.2.3: 50"),
        Alert("trap", "1.2.3: 50"),
        Feedback("temperature", value=50.0, measured_in="°C", alert="high"),
        Alert("temperature", "50 °C is above the limit of 40 °C"),
    ]
    assert [type(action) for action in driver.received(SnmpReply({}), look.tag)][-1] is Send


def test_an_alert_when_a_limit_is_passed_and_when_it_is_over() -> None:
    driver, oid, heard = online(), f"{UPS}.2.7.0", []
    for degrees in (20, 41, 45, None, 44, 40, 41, 39, 38, 4, 6, 4, 3, 50, 20):
        told = list(driver.received(SnmpReply({oid: degrees}), ("look", oid)))
        heard.append([action.words for action in told if isinstance(action, Alert)])
    assert heard == [
        [],
        ["41 °C is above the limit of 40 °C"],
        [],
        [],  # not known: neither beyond nor back
        [],
        [],
        [],  # it flutters about its limit
        [],
        ["38 °C is within its limits again"],
        ["4 °C is below the limit of 5 °C"],
        [],
        [],
        [],
        ["50 °C is above the limit of 40 °C"],
        ["20 °C is within its limits again"],
    ]


@pytest.mark.parametrize(
    ("sensor", "readings", "alerts"),
    [
        ({"low": 200, "high": 250}, (251, 248, 247, 199, 202, 203), ("high", "high", "ok", "low", "low", "ok")),
        ({"high": 40}, (41, 39, 38), ("high", "high", "ok")),
        ({"low": 30}, (29, 31, 32), ("low", "low", "ok")),
        ({"high": 40, "hysteresis": 0}, (41, 40), ("high", "ok")),
        ({"high": 40, "hysteresis": 10}, (41, 30.5, 41, 30), ("high", "high", "high", "ok")),
        ({"low": 0, "high": 10, "hysteresis": 10}, (-1, 9.5, 10, 11, 1), ("low", "low", "ok", "high", "high")),
        ({"low": -20}, (-21, -20, -19), ("low", "low", "ok")),
        ({"high": 0}, (1, 0), ("high", "ok")),
    ],
)
def test_an_alert_is_over_only_well_inside_the_limit(
    sensor: dict[str, Any], readings: tuple[float, ...], alerts: tuple[str, ...]
) -> None:
    driver = SnmpMonitor(MonitorSettings(sensors={"it": {"oid": "1.2.3", **sensor}}))
    list(driver.opened())
    told: list[Any] = []
    for reading in readings:
        told += driver.received(SnmpReply({"1.2.3": str(reading)}), ("look", "1.2.3"))
    assert tuple(action.points["alert"] for action in told if isinstance(action, Feedback)) == alerts
    changes = [now for before, now in zip(("ok", *alerts), alerts, strict=False) if now != before]
    assert sum(isinstance(action, Alert) for action in told) == len(changes)


def test_it_is_only_watched_and_silence_ends_it() -> None:
    driver = online()
    request = Request("c1", SetPower(True), "charge")
    assert list(driver.command(request)) == [Refused(request, "it is only watched")]
    (drop,) = driver.failed(("look", "x"), "no response")
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_RESPONSE
    assert [driver.valid_unit(unit) for unit in ("", "trap", "charge", "other")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"poll": 0.0}, "poll"),
        ({"trap_port": 70000}, "trap_port"),
        ({"version": "3"}, "username"),
        ({"auth": "none"}, "auth"),
        ({"identity": {"colour": "1.2"}}, "identity"),
        ({"traps": {"linkDown": "x"}}, "OID"),
        ({"sensors": {"A": {"oid": "1.2"}}}, "small letters"),
        ({"sensors": {"trap": {"oid": "1.2"}}}, "trap"),
        ({"sensors": {"a": {}}}, "oid"),
        ({"sensors": {"a": {"oid": "sysDescr"}}}, "sensors.a: oid"),
        ({"sensors": {"a": {"oid": "1.2", "colour": 1}}}, "colour"),
        ({"sensors": {"a": {"oid": "1.2", "low": 2, "high": 1}}}, "low"),
        ({"sensors": {"a": {"oid": "1.2", "scale": "2"}}}, "scale"),
        ({"sensors": {"a": {"oid": "1.2", "words": 1}}}, "words"),
        ({"sensors": {"a": {"oid": "1.2", "high": float("nan")}}}, "high is a number"),
        ({"sensors": {"a": {"oid": "1.2", "hysteresis": 1}}}, "with a limit"),
        ({"sensors": {"a": {"oid": "1.2", "high": 1, "hysteresis": -1}}}, "from 0 up, not -1"),
        ({"sensors": {"a": {"oid": "1.2", "low": 1, "high": 4, "hysteresis": 5}}}, "from 0 to 3, not 5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MonitorSettings(**wrong)


async def told(nothing: None) -> None:
    """A hand was used."""


async def heard(watcher: Watcher, send: Callable[[], Awaitable[Any]], fact: Callable[[], bool]) -> None:
    """Send again until it is heard: the port for traps is opened in its own time, and what comes before is lost."""
    for _ in range(50):
        await send()
        with contextlib.suppress(AssertionError):
            return await watcher.until(fact, within=0.2)
    pytest.fail("never heard")


async def test_a_trap_is_seen_before_the_next_look_would_have_come() -> None:
    port = free_port()
    sim = simulators.find("snmp_monitor")(trap_port=port)
    settings = {"poll": 300.0, "sensors": SENSORS, "trap_port": port, "traps": {"1.3.6.1.2.1.33.2.1": "on battery"}}
    async with sim.serving("snmp") as link, run_device(SnmpMonitor, link, settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert value(device, "reading", "source") == "mains"
        assert (value(device, "value", "voltage"), value(device, "measured_in", "voltage")) == (230.1, "V")
        assert (value(device, "name"), value(device, "model")) == ("rack-ups", "ACME UPS 1500, firmware 2.1")
        await heard(watcher, lambda: told(sim.pull_the_plug()), lambda: bool(value(device, "reading", "trap")))
        assert value(device, "reading", "trap").startswith("on battery")
        await watcher.until(lambda: value(device, "reading", "source") == "battery")


AGENT = {"location": {"oid": "1.3.6.1.2.1.1.6.0"}}
PROOF = ("-v3", "-u", "room", "-a", "SHA", "-A", "authentication", "-x", "AES", "-X", "privacy-phrase")
V3_TRAP = (*PROOF, "-l", "authPriv")


async def snmptrap(port: int, arguments: tuple[str, ...], number: int, oid: str = "1.3.6.1.6.3.1.1.5.3") -> int:
    """Net-snmp's own sender: a link went down, or what `oid` says."""
    program = needed(shutil.which("snmptrap"), "snmp")
    trap = ("", oid, "1.3.6.1.2.1.2.2.1.1.7", "i", str(number))
    sender = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        *("-r", "0", "-t", "1", f"udp:127.0.0.1:{port}"),
        *trap,
        env={"MIBS": "", "SNMP_PERSISTENT_DIR": "/nonexistent", "HOME": "/nonexistent"},
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await sender.wait()


class Readings:
    """Everything that the trap sensor ever said, and the alerts of it."""

    def __init__(self, watcher: Watcher) -> None:
        self.said: list[str] = []
        self.alerts: list[str] = []
        watcher.device.listeners.append(self)

    def changed(self, player: Any, unit: str, points: Mapping[str, Any]) -> None:
        self.said += [points["reading"].value] if unit == "trap" and "reading" in points else []

    def availability(self, player: Any) -> None: ...
    def offered(self, player: Any, unit: str) -> None: ...

    def happened(self, player: Any, event: Any) -> None:
        self.alerts += [event.data["text"]] if (event.kind, event.data.get("unit")) == ("alert", "trap") else []


@pytest.mark.parametrize(
    ("settings", "good", "bad"),
    [
        ({"version": "2c"}, ("-v2c", "-c", "public"), ("-v2c", "-c", "wrong")),
        ({"version": "2c"}, ("-v2c", "-c", "public", "-Ci"), ("-v2c", "-c", "wrong", "-Ci")),
        ({"version": "3", **V3}, (*V3_TRAP, "-e", "0x8000000001020304"), ("-v2c", "-c", "public")),
        ({"version": "3", **V3}, (*V3_TRAP, "-e", "0x8000000001020304"),
         (*PROOF, "-l", "authNoPriv", "-e", "0x8000000001020305")),
        ({"version": "3", **V3}, (*V3_TRAP, "-Ci"), (*PROOF[:-1], "another-phrase", "-l", "authPriv", "-Ci")),
    ],
    ids=["v2c trap", "v2c inform", "v3 trap", "v3 trap in the clear", "v3 inform"],
)  # fmt: skip
async def test_traps_of_somebody_elses_sender(
    tmp_path: Path, settings: dict[str, str], good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    port = free_port()
    given = {**settings, "sensors": AGENT, "trap_port": port, "poll": 300.0}
    async with (
        snmpd(tmp_path, more="sysLocation Room 7") as link,
        run_device(SnmpMonitor, link, given) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        readings = Readings(watcher)
        await heard(watcher, lambda: snmptrap(port, good, 7), lambda: bool(readings.said))
        refused = await snmptrap(port, bad, 1, "1.3.6.1.6.3.1.1.5.1")
        acknowledged = await snmptrap(port, good, 8)
        await watcher.until(lambda: readings.said[-1].endswith(": 8"))
        assert all(text.startswith("link down, ") for text in readings.said)  # no cold start: it was not believed
        assert readings.alerts == readings.said
        assert acknowledged == 0 and ("-Ci" not in good or refused != 0)  # nobody acknowledged that inform


@pytest.mark.parametrize("settings", VERSIONS)
async def test_a_real_agent_is_read(tmp_path: Path, settings: dict[str, str]) -> None:
    given = {**settings, "sensors": {**AGENT, "nothing": {"oid": "1.3.6.1.4.1.99999.1.0", "low": 1}}, "poll": 0.2}
    async with (
        snmpd(tmp_path, more="sysLocation Room 7\nsysName rack\nsysDescr a rack") as link,
        run_device(SnmpMonitor, link, given) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert value(device, "reading", "location") == "Room 7"
        assert value(device, "value", "nothing") is None
        assert (value(device, "name"), value(device, "model")) == ("rack", "a rack")


OIDS = st.sampled_from([sensor["oid"] for sensor in SENSORS.values()] + [TRAP, UPTIME])
TAGS = st.lists(OIDS, max_size=3).map(lambda oids: ("look", *oids)) | st.sampled_from([None, ("identity",), "x"])
REPLIES = st.builds(
    SnmpReply,
    st.dictionaries(OIDS | st.text(), st.none() | st.integers() | st.text(), max_size=6),
    st.sampled_from(["", "tooBig", "genErr"]),
)


@given(st.lists(st.tuples(REPLIES | st.binary(), TAGS, st.sampled_from(["main", "traps"])), max_size=6))
def test_no_answer_makes_it_raise(said: list[tuple[Any, Any, str]]) -> None:
    driver = online(trap_port=1162)
    for data, tag, link in said:
        for action in driver.received(data, tag, link):
            assert not isinstance(action, Offers | Drop)
