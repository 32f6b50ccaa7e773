"""The APC rack PDU driver against somebody else's agent: Debian's snmpd, the outlets served through `pass_persist`.

The agent, its SNMP and its refusals are net-snmp's; only the table behind it is ours, read and written as
PowerNet-MIB says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from drivers.apc_pdu import SILENCE, UNHEARD, ApcPdu
from gateway.commands import Command, CyclePower, SetPower
from gateway.model import Reason, Result
from tests.drivers.contract import run_device, value

SNMPD = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

# snmpd.conf(5), pass_persist. Outlets switch at once; a reboot is off for REBOOT seconds. What was ordered is written
# down line by line, so that the test sees what has really arrived.
TABLE = """
import sys, time
REBOOT, NAMES = 0.5, ("Projector", "Amplifier", "Codec")
BASE = ".1.3.6.1.4.1.318.1.1.26"
NAME, STATE, CONTROL = BASE + ".9.2.3.1.3", BASE + ".9.2.3.1.5", BASE + ".9.2.4.1.5"
IDENTITY = {3: "RackPDU", 6: "v6.7.2", 8: "AP8941", 9: "5A0000E00000"}
on, back = {n: True for n in (1, 2, 3)}, {}
def tree():
    for n in [n for n, when in back.items() if time.monotonic() >= when]:
        on[n] = bool(back.pop(n))
    rows = {f"{BASE}.2.1.{column}.1": ("string", text) for column, text in IDENTITY.items()}
    rows |= {f"{NAME}.{n}": ("string", NAMES[n - 1]) for n in on}
    rows |= {f"{STATE}.{n}": ("integer", 2 if on[n] else 1) for n in on}
    return rows | {f"{CONTROL}.{n}": ("integer", 1 if on[n] else 2) for n in on}
def arcs(oid):
    return [int(arc) for arc in oid.strip(".").split(".")]
def row(oid, rows):
    return "\\n".join((oid, *map(str, rows[oid]))) if oid in rows else "NONE"
def write(oid, kind, text):
    column, _, n = oid.rpartition(".")
    if oid not in tree() or column != CONTROL:
        return "not-writable"
    if kind != "integer":
        return "wrong-type"
    if text not in ("1", "2", "3"):
        return "wrong-value"
    on[int(n)] = text == "1"
    back.pop(int(n), None)
    if text == "3":
        back[int(n)] = time.monotonic() + REBOOT
    with open(sys.argv[1], "a") as orders:
        print(n, text, file=orders)
    return "DONE"
for line in map(str.strip, sys.stdin):
    if not line:  # snmpd ends a set with one
        continue
    if line == "PING":
        said = "PONG"
    elif line == "get":
        said = row(input().strip(), tree())
    elif line == "getnext":
        after, rows = arcs(input().strip()), tree()
        said = row(min((oid for oid in rows if arcs(oid) > after), key=arcs, default=""), rows)
    elif line == "set":
        oid, (kind, _, text) = input().strip(), input().strip().partition(" ")
        said = write(oid, kind.lower(), text.strip('"'))
    else:
        break
    print(said, flush=True)
"""

CONF = """
rocommunity public 127.0.0.1
rwcommunity private 127.0.0.1
createUser room SHA "authentication" AES "privacy-phrase"
rwuser room priv
pass_persist .1.3.6.1.4.1.318.1.1.26 {python} -u {table} {orders}
"""

V3 = {"username": "room", "password": "authentication", "privacy_password": "privacy-phrase"}
QUICK = {"poll": 0.2, "quick": 0.1}


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def snmpd(folder: Path) -> AsyncIterator[str]:
    """A real agent on a port of its own; yields its address."""
    if SNMPD is None:
        words = "snmpd is not installed (Debian: apt-get install snmpd)"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    table, conf = folder / "table.py", folder / "snmpd.conf"
    table.write_text(TABLE)
    conf.write_text(CONF.format(python=sys.executable, table=table, orders=folder / "orders"))
    address = f"127.0.0.1:{free_port()}"
    agent = await asyncio.create_subprocess_exec(
        SNMPD,
        *("-f", "-Lo", "-r", "-C", "-c", str(conf), f"udp:{address}"),
        env={**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert agent.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(10):
            while b"NET-SNMP version" not in said:  # its first words once it listens
                line = await agent.stdout.readline()
                assert line, f"snmpd ended: {said.decode()}"
                said += line
        yield f"snmp://{address}"
    finally:
        agent.terminate()
        await agent.communicate()


async def outcome(device: Any, command: Command, unit: str) -> tuple[Result, str]:
    ended = await device.submit(command, unit).ended(10)
    assert ended is not None
    return ended.result, ended.words


@pytest.mark.parametrize("settings", [{"version": "1"}, {"version": "2c"}, {"version": "3", **V3}])
async def test_outlets_are_switched_by_a_real_agent(tmp_path: Path, settings: dict[str, str]) -> None:
    async with snmpd(tmp_path) as link, run_device(ApcPdu, link, {**QUICK, **settings}) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert [value(device, "outlet_name", unit) for unit in "123"] == ["Projector", "Amplifier", "Codec"]
        assert [value(device, "power", unit) for unit in "123"] == ["on", "on", "on"]
        identity = ("name", "firmware", "model", "serial")
        assert [value(device, point) for point in identity] == ["RackPDU", "v6.7.2", "AP8941", "5A0000E00000"]
        assert await outcome(device, SetPower(False), "2") == (Result.CONFIRMED, "")
        assert [value(device, "power", unit) for unit in "123"] == ["on", "off", "on"]
        assert await outcome(device, SetPower(True), "2") == (Result.CONFIRMED, "")
        assert await outcome(device, CyclePower(), "3") == (Result.CONFIRMED, "")
        assert (tmp_path / "orders").read_text().split("\n") == ["2 2", "2 1", "3 3", ""]


async def test_a_community_that_may_only_read_is_refused_in_the_agents_word(tmp_path: Path) -> None:
    settings = {**QUICK, "community": "public"}
    async with snmpd(tmp_path) as link, run_device(ApcPdu, link, settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert await outcome(device, SetPower(False), "1") == (Result.REFUSED, "the PDU refused: noAccess")
        assert device.online and value(device, "power", "1") == "on"


async def test_a_wrong_write_community_is_silence_and_said_so(tmp_path: Path) -> None:
    settings, timing = {**QUICK, "community": "wrong"}, {"reply": 0.5}
    async with snmpd(tmp_path) as link, run_device(ApcPdu, link, settings, timing=timing) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert await outcome(device, SetPower(False), "1") == (Result.REFUSED, UNHEARD)
        assert device.online and not (tmp_path / "orders").exists()


async def test_a_wrong_read_community_is_no_response(tmp_path: Path) -> None:
    settings, timing = {**QUICK, "read_community": "wrong"}, {"reply": 0.5}
    async with snmpd(tmp_path) as link, run_device(ApcPdu, link, settings, timing=timing) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert (device.reason, device.words) == (Reason.NO_RESPONSE, SILENCE)


async def test_a_wrong_v3_passphrase_is_a_refused_login(tmp_path: Path) -> None:
    settings = {**QUICK, "version": "3", **V3, "password": "something-else"}
    async with snmpd(tmp_path) as link, run_device(ApcPdu, link, settings) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.LOGIN_REFUSED, device.words
