"""The APC rack PDU driver against somebody else's agent: Debian's snmpd, the outlets served through `pass_persist`.

The agent, its SNMP and its refusals are net-snmp's; only the table behind it is ours, read and written as
PowerNet-MIB says.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.pdu.apc import ApcPdu
from gateway.agent import SILENCE, UNHEARD
from gateway.commands import CyclePower, SetPower
from gateway.model import Reason, Result
from tests.drivers.contract import run_device, value
from tests.drivers.pdu_bench import OUTLETS
from tests.drivers.snmpd_bench import V3, VERSIONS, outcome, snmpd

ROOT = ".1.3.6.1.4.1.318.1.1.26"
TABLE = (
    OUTLETS
    + """
NAME, STATE, CONTROL = BASE + ".9.2.3.1.3", BASE + ".9.2.3.1.5", BASE + ".9.2.4.1.5"
IDENTITY = {3: "RackPDU", 6: "v6.7.2", 8: "AP8941", 9: "5A0000E00000"}
def tree():
    passed()
    rows = {f"{BASE}.2.1.{column}.1": ("string", text) for column, text in IDENTITY.items()}
    rows |= {f"{NAME}.{n}": ("string", NAMES[n - 1]) for n in on}
    rows |= {f"{STATE}.{n}": ("integer", 2 if on[n] else 1) for n in on}
    rows |= {f"{BASE}.9.4.3.1.6.{n}": ("integer", 13 * on[n]) for n in on}
    rows |= {f"{BASE}.9.4.3.1.7.{n}": ("integer", 290 * on[n]) for n in on}
    return rows | {f"{CONTROL}.{n}": ("integer", 1 if on[n] else 2) for n in on}
def orders():
    return {f"{CONTROL}.{n}": n for n in on}
def obey(oid, value):
    return value in (1, 2, 3) and switch(orders()[oid], value == 1, value == 3)
"""
)
QUICK = {"poll": 0.2, "quick": 0.1}


@pytest.mark.parametrize("settings", VERSIONS)
async def test_outlets_are_switched_by_a_real_agent(tmp_path: Path, settings: dict[str, str]) -> None:
    async with (
        snmpd(tmp_path, ROOT, TABLE) as link,
        run_device(ApcPdu, link, {**QUICK, **settings}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert [value(device, "outlet_name", unit) for unit in "123"] == ["Projector", "Amplifier", "Codec"]
        assert [value(device, "power", unit) for unit in "123"] == ["on", "on", "on"]
        identity = ("name", "firmware", "model", "serial")
        assert [value(device, point) for point in identity] == ["RackPDU", "v6.7.2", "AP8941", "5A0000E00000"]
        assert (value(device, "load", "1"), value(device, "watts", "1")) == (1.3, 290.0)
        assert await outcome(device, SetPower(False), "2") == (Result.CONFIRMED, "")
        assert [value(device, "power", unit) for unit in "123"] == ["on", "off", "on"]
        assert await outcome(device, SetPower(True), "2") == (Result.CONFIRMED, "")
        assert await outcome(device, CyclePower(), "3") == (Result.CONFIRMED, "")
        assert (tmp_path / "orders").read_text().split("\n") == ["2 2", "2 1", "3 3", ""]


async def test_a_community_that_may_only_read_is_refused_in_the_agents_word(tmp_path: Path) -> None:
    settings = {**QUICK, "community": "public"}
    async with snmpd(tmp_path, ROOT, TABLE) as link, run_device(ApcPdu, link, settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert await outcome(device, SetPower(False), "1") == (Result.REFUSED, "the PDU refused: noAccess")
        assert device.online and value(device, "power", "1") == "on"


async def test_a_wrong_write_community_is_silence_and_said_so(tmp_path: Path) -> None:
    settings, timing = {**QUICK, "community": "wrong"}, {"reply": 0.5}
    async with (
        snmpd(tmp_path, ROOT, TABLE) as link,
        run_device(ApcPdu, link, settings, timing=timing) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert await outcome(device, SetPower(False), "1") == (Result.REFUSED, UNHEARD)
        assert device.online and not (tmp_path / "orders").exists()


async def test_a_wrong_read_community_is_no_response(tmp_path: Path) -> None:
    settings, timing = {**QUICK, "read_community": "wrong"}, {"reply": 0.5}
    async with (
        snmpd(tmp_path, ROOT, TABLE) as link,
        run_device(ApcPdu, link, settings, timing=timing) as (device, watcher),
    ):
        await watcher.until(lambda: device.reason is not None)
        assert (device.reason, device.words) == (Reason.NO_RESPONSE, SILENCE)


async def test_a_wrong_v3_passphrase_is_a_refused_login(tmp_path: Path) -> None:
    settings = {**QUICK, "version": "3", **V3, "password": "something-else"}
    async with snmpd(tmp_path, ROOT, TABLE) as link, run_device(ApcPdu, link, settings) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.LOGIN_REFUSED, device.words
