"""The simulated APC PDU, asked by the net-snmp tools: needs the system package `snmp` (Debian, Ubuntu)."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators._snmp import INTEGER, Agent, Leaf
from simulators.apc_pdu import ApcPdu
from simulators.device import SimulatorError

needs_snmp = pytest.mark.skipif(
    shutil.which("snmpget") is None and "CI" not in os.environ,  # on CI a missing tool is a failure
    reason="needs the net-snmp tools: apt-get install snmp",
)

SYSTEM, APC = ".1.3.6.1.2.1.1", ".1.3.6.1.4.1.318.1.1"
CONTROL, STATUS = f"{APC}.26.9.2.4.1.5", f"{APC}.26.9.2.3.1.5"  # rPDU2: on(1) off(2), and off(1) on(2)
PENDING, NAMES = f"{APC}.26.9.2.3.1.6", f"{APC}.26.9.2.1.1.3"
OLD_CONTROL, OLD_STATUS, OLD_NAMES = f"{APC}.12.3.3.1.1.4", f"{APC}.12.3.5.1.1.4", f"{APC}.12.3.4.1.1.2"


class Asked:
    """A PDU and the net-snmp tools pointed at it; answers come as {oid: value}, refusals as their reason."""

    def __init__(self, pdu: ApcPdu, link: str, folder: Path) -> None:
        self.pdu, self.address = pdu, link.removeprefix("snmp://")
        self.env = {"PATH": os.environ["PATH"], "MIBS": "", "SNMPCONFPATH": str(folder)}
        self.env["SNMP_PERSISTENT_DIR"] = str(folder)

    async def run(self, tool: str, *what: str, version: str = "2c", community: str = "private", wait: str = "5") -> str:
        fixed = ("-v", version, "-c", community, "-Oqn", "-r", "0", "-t", wait)
        running = await asyncio.create_subprocess_exec(
            tool,
            *fixed,
            self.address,
            *what,
            env=self.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await running.communicate()
        return said.decode()

    async def values(self, tool: str, *what: str, **how: str) -> dict[str, str]:
        said = await self.run(tool, *what, **how)
        pairs = (line.partition(" ") for line in said.splitlines() if line.startswith("."))
        return {oid: value.strip('"') for oid, _, value in pairs if not value.startswith("No more variables")}

    async def get(self, *oids: str, **how: str) -> list[str]:
        return list((await self.values("snmpget", *oids, **how)).values())

    async def set(self, oid: str, kind: str, value: str, **how: str) -> str:
        return await self.run("snmpset", oid, kind, value, **how)


Served = Callable[..., AbstractAsyncContextManager[Asked]]


@pytest.fixture
def served(tmp_path: Path) -> Served:
    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[Asked]:
        pdu = ApcPdu(**({"speed": 50.0} | settings))
        async with pdu.serving() as link:
            yield Asked(pdu, link, tmp_path)

    return serve


@needs_snmp
@pytest.mark.parametrize(("family", "kind", "model"), [("rPDU2", "6", "AP8932"), ("rPDU", "5", "AP7900")])
async def test_it_says_what_it_is(served: Served, family: str, kind: str, model: str) -> None:
    async with served(family=family, system_name="Rack 3") as asked:
        described, identity, ticks, name = (await asked.values("snmpwalk", SYSTEM, community="public")).values()
        assert described.startswith("APC Web/SNMP Management Card") and f"MN:{model}" in described
        assert identity == f".1.3.6.1.4.1.318.1.3.4.{kind}" and name == "Rack 3"
        assert ticks.startswith("0:0:")


@needs_snmp
@pytest.mark.parametrize("version", ["1", "2c"])
async def test_the_status_of_an_rpdu2_is_inverted_against_its_control(served: Served, version: str) -> None:
    async with served() as asked:
        assert await asked.get(f"{CONTROL}.3", f"{STATUS}.3", version=version) == ["1", "2"]
        await asked.set(f"{CONTROL}.3", "i", "2", version=version)
        assert [n for n, outlet in asked.pdu.outlet.items() if not outlet.on] == [3]
        assert await asked.get(f"{CONTROL}.3", f"{STATUS}.3", version=version) == ["2", "1"]
        await asked.set(f"{CONTROL}.3", "i", "1", version=version)
        assert asked.pdu.outlet[3].on


@needs_snmp
async def test_the_status_of_an_rpdu_is_not(served: Served) -> None:
    async with served(family="rPDU") as asked:
        await asked.set(f"{OLD_CONTROL}.8", "i", "2", version="1")
        assert await asked.get(f"{OLD_CONTROL}.8", f"{OLD_STATUS}.8", f"{OLD_STATUS}.7", version="1") == ["2", "2", "1"]
        assert not asked.pdu.outlet[8].on
        assert await asked.values("snmpwalk", f"{APC}.26") == {}


@needs_snmp
@pytest.mark.parametrize(("family", "names"), [("rPDU2", NAMES), ("rPDU", OLD_NAMES)])
async def test_outlets_have_names_that_can_be_written(served: Served, family: str, names: str) -> None:
    async with served(family=family, outlets=24) as asked:
        assert len(await asked.values("snmpbulkwalk", names)) == 24
        await asked.set(f"{names}.24", "s", "Projector")
        assert asked.pdu.outlet[24].name == "Projector"
        everything = await asked.values("snmpwalk", APC, version="1")
        assert sum(value == "Projector" for value in everything.values()) == 3  # status, control and configuration


@needs_snmp
async def test_every_way_of_walking_sees_the_same(served: Served) -> None:
    async with served(amps=9.0, speed=0.001) as asked:  # slow, so that sysUpTime does not move
        first = await asked.values("snmpwalk", ".1", version="1")
        assert first == await asked.values("snmpwalk", ".1") == await asked.values("snmpbulkwalk", "-Cr50", ".1")
        assert len(first) == 4 + 5 + 8 * 20
        oids = [tuple(map(int, oid.split(".")[1:])) for oid in first]
        assert oids == sorted(oids)


@needs_snmp
@pytest.mark.parametrize(
    ("oid", "kind", "value", "new", "old"),
    [
        (f"{CONTROL}.1", "i", "4", "wrongValue", "badValue"),  # outletUnknown can be read only
        (f"{CONTROL}.1", "i", "9", "wrongValue", "badValue"),
        (f"{CONTROL}.1", "s", "on", "wrongType", "badValue"),
        (f"{APC}.26.9.2.1.1.7.1", "i", "4", "wrongValue", "badValue"),  # a reboot takes 5 to 60 s
        (f"{CONTROL}.9", "i", "1", "noCreation", "noSuchName"),
        (f"{STATUS}.1", "i", "1", "notWritable", "noSuchName"),
        (".1.3.6.1.9.1", "i", "1", "notWritable", "noSuchName"),
    ],
)
async def test_what_it_refuses_to_write(served: Served, oid: str, kind: str, value: str, new: str, old: str) -> None:
    async with served() as asked:
        assert f"Reason: {new}" in await asked.set(oid, kind, value)
        assert f"Reason: ({old})" in await asked.set(oid, kind, value, version="1")
        assert all(outlet.on and not outlet.pending for outlet in asked.pdu.outlet.values())


@needs_snmp
async def test_several_writes_are_all_or_nothing(served: Served) -> None:
    async with served() as asked:
        said = await asked.run("snmpset", f"{CONTROL}.1", "i", "2", f"{CONTROL}.2", "i", "77")
        assert "wrongValue" in said and asked.pdu.outlet[1].on
        await asked.run("snmpset", f"{CONTROL}.1", "i", "2", f"{CONTROL}.2", "i", "2")
        assert not asked.pdu.outlet[1].on and not asked.pdu.outlet[2].on


@needs_snmp
async def test_what_does_not_exist(served: Served) -> None:
    async with served() as asked:
        assert "No Such Instance" in await asked.run("snmpget", f"{CONTROL}.9")
        assert "No Such Object" in await asked.run("snmpget", f"{APC}.99.1.0")
        assert "(noSuchName)" in await asked.run("snmpget", f"{CONTROL}.9", version="1")


@needs_snmp
async def test_more_than_sixteen_varbinds_are_too_big(served: Served) -> None:
    async with served(outlets=24) as asked:
        assert len(await asked.get(*(f"{STATUS}.{n}" for n in range(1, 17)))) == 16
        for version in ("1", "2c"):
            said = await asked.run("snmpget", "-Cf", *(f"{STATUS}.{n}" for n in range(1, 18)), version=version)
            assert "tooBig" in said


@needs_snmp
async def test_who_may_read_and_who_may_write(served: Served) -> None:
    async with served(community="s3cret", read_community="look") as asked:
        assert await asked.get(f"{CONTROL}.1", community="look") == ["1"]
        assert await asked.get(f"{CONTROL}.1", community="s3cret") == ["1"]
        assert "noAccess" in await asked.set(f"{CONTROL}.1", "i", "2", community="look")
        assert "(noSuchName)" in await asked.set(f"{CONTROL}.1", "i", "2", community="look", version="1")
        assert asked.pdu.outlet[1].on
        assert "Timeout" in await asked.run("snmpget", f"{CONTROL}.1", community="private", wait="0.2")
        asked.pdu.faults.refuse_login = True
        assert "Timeout" in await asked.run("snmpget", f"{CONTROL}.1", community="s3cret", wait="0.2")
        assert not {"community", "read_community"} & set(asked.pdu.memory())


@needs_snmp
async def test_delayed_orders_wait_in_device_time_and_can_be_cancelled(served: Served) -> None:
    async with served(power_off_delay=60, power_on_delay=20) as asked:
        pdu, outlet = asked.pdu, asked.pdu.outlet[2]
        began = pdu.clock()
        await asked.set(f"{CONTROL}.2", "i", "6")  # delayedOff
        assert outlet.on and outlet.pending == "delayed off"
        await pdu.until(lambda: not outlet.on)
        assert pdu.clock() - began >= 60 and not outlet.pending
        pdu.speed = 0.1
        await asked.set(f"{CONTROL}.2", "i", "5")  # delayedOn
        assert await asked.get(f"{PENDING}.2", f"{STATUS}.2") == ["1", "1"]
        await asked.set(f"{CONTROL}.2", "i", "8")  # cancelPendingCommand
        assert await asked.get(f"{PENDING}.2", f"{STATUS}.2") == ["2", "1"]
        assert not pdu.timers


@needs_snmp
@pytest.mark.parametrize(("order", "delays"), [("3", 0), ("7", 10)])
async def test_a_reboot_switches_off_and_on_again(served: Served, order: str, delays: int) -> None:
    async with served(power_off_delay=delays, power_on_delay=delays) as asked:
        pdu, outlet = asked.pdu, asked.pdu.outlet[1]
        began = pdu.clock()
        async with asyncio.TaskGroup() as together:
            together.create_task(pdu.until(lambda: not outlet.on))
            await asked.set(f"{CONTROL}.1", "i", order)
        await pdu.until(lambda: outlet.on)
        assert pdu.clock() - began >= 5 + 2 * delays and not outlet.pending


async def test_an_outlet_that_never_comes_on_by_itself_and_a_slow_relay() -> None:
    pdu = ApcPdu(power_on_delay=-1, relay_seconds=0.5, speed=50.0)
    async with pdu.serving():
        pdu.press_outlet(4)
        assert pdu.outlet[4].on and pdu.outlet[4].pending == "off"
        await pdu.until(lambda: not pdu.outlet[4].on)
        pdu._switch(4, "delayed on")
        assert not pdu.outlet[4].pending and not pdu.timers


@needs_snmp
async def test_hands_are_seen_over_the_wire(served: Served) -> None:
    async with served() as asked:
        asked.pdu.press_outlet(5)
        assert await asked.get(f"{STATUS}.5") == ["1"]
        with pytest.raises(SimulatorError, match="no outlet 9, only 1 to 8"):
            asked.pdu.press_outlet(9)
        load, current = f"{APC}.26.4.3.1.4.1", f"{APC}.26.6.3.1.5.1"
        assert await asked.get(load, current) == ["2", "20"]
        asked.pdu.overload()
        assert await asked.get(load, current) == ["4", "150"]


@needs_snmp
async def test_a_reboot_of_the_card_forgets_orders_and_leaves_the_outlets(served: Served) -> None:
    async with served(power_on_delay=7200) as asked:
        await asked.set(f"{CONTROL}.1", "i", "2")
        await asked.set(f"{CONTROL}.1", "i", "5")
        await asked.pdu.reboot()
        assert not asked.pdu.outlet[1].on and not asked.pdu.outlet[1].pending and not asked.pdu.timers
        assert await asked.get(f"{PENDING}.1") == ["2"]


@needs_snmp
@pytest.mark.parametrize("fault", ["silent", "unreachable"])
async def test_faults_mean_no_answer(served: Served, fault: str) -> None:
    async with served() as asked:
        asked.pdu.faults.apply(fault)
        assert "Timeout" in await asked.run("snmpget", f"{STATUS}.1", wait="0.2")
        asked.pdu.faults.apply(fault, on=False)
        asked.pdu.faults.apply("slow", ms=50)
        assert await asked.get(f"{STATUS}.1") == ["2"]


@pytest.mark.alone
async def test_it_starts_fast_stops_twice_and_starts_again() -> None:
    pdu = ApcPdu()
    loop = asyncio.get_running_loop()
    began = loop.time()
    link = await pdu.start()
    assert loop.time() - began < 0.1
    await pdu.stop()
    await pdu.stop()
    assert not pdu.timers and await pdu.start(link) == link
    await pdu.stop()


def test_settings_are_checked() -> None:
    assert len(ApcPdu.configured({"outlets": "24", "family": "rPDU"}).outlet) == 24
    with pytest.raises(SimulatorError, match="family"):
        ApcPdu.configured({"family": "rPDU3"})


# A GET of 1.3.6.1.9.1 with community "public", written out by hand from RFC 1157 section 4 and X.690.
REQUEST = bytes.fromhex("3023 020100 04067075626c6963 a016 020101 020100 020100 300b 3009 06052b06010901 0500")


def test_bytes_written_out_by_hand() -> None:
    agent = Agent([((1, 3, 6, 1, 9, 1), Leaf(INTEGER, lambda: -129))], 16)
    reply = "3025 020100 04067075626c6963 a218 020101 020100 020100 300d 300b 06052b06010901 0202ff7f"
    assert agent.reply(REQUEST, lambda community: "read") == bytes.fromhex(reply)
    assert agent.reply(REQUEST, lambda community: "") is None


@given(st.binary(max_size=60), st.integers(0, len(REQUEST)), st.integers(0, len(REQUEST)))
def test_no_datagram_breaks_it(noise: bytes, cut: int, resume: int) -> None:
    agent = Agent([((1, 3, 6, 1, 9, 1), Leaf(INTEGER, lambda: 1))], 16)
    reply = agent.reply(REQUEST[:cut] + noise + REQUEST[resume:], lambda community: "write")
    assert reply is None or reply[0] == 0x30
