"""Somebody else's agent behind our drivers: Debian's snmpd, with a table of objects served through `pass_persist`.

The agent, its SNMP and its refusals are net-snmp's; only the table behind it is ours. Not a test itself.
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

from gateway.commands import Command
from gateway.model import Result

SNMPD = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

# snmpd.conf(5), pass_persist. A table says `tree()` (OID -> type, value), what may be written (`orders`, OID -> what an
# order is called) and what it does (`obey`). What was ordered is written down line by line, so that the test sees what
# has really arrived.
FRAME = """
import sys, time
BASE = "{root}"
{table}
def arcs(oid):
    return [int(arc) for arc in oid.strip(".").split(".")]
def row(oid, rows):
    return "\\n".join((oid, *map(str, rows[oid]))) if oid in rows else "NONE"
def write(oid, kind, text):
    if oid not in orders():
        return "not-writable"
    if kind != "integer":
        return "wrong-type"
    if not obey(oid, int(text)):
        return "wrong-value"
    with open(sys.argv[1], "a") as told:
        print(orders()[oid], text, file=told)
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
{more}
"""

V3 = {"username": "room", "password": "authentication", "privacy_password": "privacy-phrase"}
VERSIONS = [{"version": "1"}, {"version": "2c"}, {"version": "3", **V3}]


def needed(program: str | None, package: str) -> str:
    """The program; without it the test fails, for .ci/run installs it."""
    if program is None:
        pytest.fail(f"it is not installed (Debian: apt-get install {package})")
    return program


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def snmpd(folder: Path, root: str = "", table: str = "", more: str = "") -> AsyncIterator[str]:
    """A real agent on a port of its own, with `table` below `root`; yields its address."""
    program = needed(SNMPD, "snmpd")
    conf = folder / "snmpd.conf"
    if root:
        served = folder / "table.py"
        served.write_text(FRAME.replace("{root}", root).replace("{table}", table))
        more += f"\npass_persist {root} {sys.executable} -u {served} {folder / 'orders'}"
    conf.write_text(CONF.replace("{more}", more))
    address = f"127.0.0.1:{free_port()}"
    agent = await asyncio.create_subprocess_exec(
        program,
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
