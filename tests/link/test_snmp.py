"""The snmp link against a real agent (snmpd of Net-SNMP), versions 1, 2c and 3; and against agents that misbehave."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.driver import Opening, SnmpGet, SnmpReply, SnmpSet, SnmpWalk
from gateway.link import Address, LinkError, Trust, make
from gateway.link.snmp import Snmp
from gateway.link.snmp_community import Communities
from gateway.model import Reason

from .conftest import Witness

SYSTEM = "1.3.6.1.2.1.1"
DESCRIPTION, OBJECT_ID, UPTIME, LOCATION = (f"{SYSTEM}.{n}.0" for n in (1, 2, 3, 6))
DEBUG = "1.3.6.1.4.1.8072.1.7.1.2.0"  # nsDebugOutputAll, an INTEGER that may be written
NOWHERE = "1.3.6.1.4.1.99999.1.0"

OPENINGS = {
    "1": Opening(version="1", community="readers", write_community="writers"),
    "2c": Opening(version="2c", community="readers", write_community="writers"),
    "3 nobody": Opening(version="3", username="nobody"),
    "3 md5 des": Opening(
        version="3", username="old", auth="md5", password="authword1", privacy="des", privacy_password="privword1"
    ),
    "3 sha aes": Opening(
        version="3", username="new", auth="sha", password="authword2", privacy="aes", privacy_password="privword2"
    ),
    "3 sha256": Opening(version="3", username="newest", auth="sha256", password="authword3"),
}
CONFIGURATION = """
rocommunity readers
rwcommunity writers
createUser nobody
createUser old MD5 authword1 DES privword1
createUser new SHA authword2 AES privword2
createUser newest SHA-256 authword3
rwuser nobody noauth
rwuser old priv
rwuser new priv
rwuser newest auth
sysDescr APC rPDU \\xe9
"""


@dataclass
class Agent:
    """A running snmpd."""

    port: int
    process: asyncio.subprocess.Process


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    program = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        pytest.fail("snmpd is not installed (Debian: apt-get install snmpd)")
    configuration = tmp_path / "snmpd.conf"
    configuration.write_text(CONFIGURATION)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program,
        *("-f", "-C", "-c", str(configuration), "-Lo"),
        f"udp:127.0.0.1:{port}",
        env={"SNMP_PERSISTENT_DIR": str(tmp_path / "state"), "MIBS": ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(10):
        while b"NET-SNMP version" not in (line := await process.stdout.readline()):
            assert line, "snmpd did not start"
    yield Agent(port, process)
    process.kill()
    await process.communicate()


async def opened(port: int, witness: Witness, opening: Opening) -> Snmp:
    link = make(Address("snmp", "127.0.0.1", port), opening, Trust(), witness.ears)
    assert isinstance(link, Snmp)
    await link.open()
    return link


async def answer(link: Snmp, witness: Witness, data: SnmpGet | SnmpSet | SnmpWalk) -> SnmpReply:
    witness.heard.clear()
    witness.tags.clear()
    link.send(data, ("tag", data))
    await witness.until(lambda: witness.heard or witness.lost or witness.broke, 10)
    assert (witness.lost, witness.broke, witness.tags) == ([], [], [("tag", data)])
    reply = witness.heard[0]
    assert isinstance(reply, SnmpReply)
    return reply


@pytest.mark.parametrize("version", OPENINGS)
async def test_a_real_agent_reads_walks_and_writes(agent: Agent, witness: Witness, version: str) -> None:
    opening = OPENINGS[version]
    before = asyncio.all_tasks()
    link = await opened(agent.port, witness, opening)
    read = await answer(link, witness, SnmpGet((DESCRIPTION, NOWHERE, OBJECT_ID, UPTIME)))
    assert read.error == ""
    assert list(read.values) == [DESCRIPTION, NOWHERE, OBJECT_ID, UPTIME]
    assert str(read.values[DESCRIPTION]).startswith("APC rPDU")
    assert read.values[NOWHERE] is None
    assert str(read.values[OBJECT_ID]).startswith("1.3.6.1.4.1.8072.3.2")
    assert isinstance(read.values[UPTIME], int)
    walked = await answer(link, witness, SnmpWalk(SYSTEM))
    assert walked.error == ""
    assert len(walked.values) > 7
    assert all(oid.startswith(SYSTEM + ".") for oid in walked.values)
    assert (await answer(link, witness, SnmpWalk(NOWHERE))) == SnmpReply({})
    wrote = await answer(link, witness, SnmpSet(((LOCATION, "Saal \xe9 1"), (DEBUG, 2))))
    assert wrote == SnmpReply({LOCATION: "Saal \xe9 1", DEBUG: 2})
    seen = await answer(link, witness, SnmpGet((LOCATION, DEBUG)))
    assert seen.values == {LOCATION: "Saal \xe9 1", DEBUG: 2}
    refused = await answer(link, witness, SnmpSet(((UPTIME, 1),)))
    assert refused.error in ("noSuchName", "notWritable", "wrongType")
    await link.close()
    await link.close()
    assert asyncio.all_tasks() <= before


async def test_version_1_leaves_out_what_is_not_there(agent: Agent, witness: Witness) -> None:
    link = await opened(agent.port, witness, OPENINGS["1"])
    assert await answer(link, witness, SnmpGet((NOWHERE,))) == SnmpReply({NOWHERE: None})
    both = await answer(link, witness, SnmpGet((NOWHERE, LOCATION, NOWHERE + ".1")))
    assert both.error == ""
    assert both.values[NOWHERE] is both.values[NOWHERE + ".1"] is None
    assert isinstance(both.values[LOCATION], str)
    await link.close()


async def test_several_exchanges_at_once(agent: Agent, witness: Witness) -> None:
    link = await opened(agent.port, witness, OPENINGS["2c"])
    for tag in range(20):
        link.send(SnmpGet((UPTIME,)), tag)
    await witness.until(lambda: len(witness.heard) == 20)
    assert set(witness.tags) == set(range(20))
    await link.close()


@pytest.mark.parametrize(
    "wrong",
    [
        replace(OPENINGS["3 sha aes"], password="wrongword"),
        replace(OPENINGS["3 sha aes"], username="stranger"),
    ],
    ids=["password", "user"],
)
async def test_version_3_tells_a_refused_log_in(agent: Agent, witness: Witness, wrong: Opening) -> None:
    link = await opened(agent.port, witness, wrong)
    link.send(SnmpGet((UPTIME,)), "poll")
    await witness.until(lambda: witness.lost or witness.heard, 10)
    await link.close()
    ((reason, words),) = witness.lost
    assert reason == Reason.LOGIN_REFUSED
    assert "wrongword" not in words


async def test_version_3_tells_what_the_agent_says_of_missing_privacy(agent: Agent, witness: Witness) -> None:
    link = await opened(agent.port, witness, replace(OPENINGS["3 sha aes"], privacy="none"))
    assert (await answer(link, witness, SnmpGet((UPTIME,)))).error == "authorizationError"
    await link.close()


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (Opening(version="3", username="x", auth="md4", password="12345678"), "auth is one of"),
        (Opening(version="3", username="x", privacy="aes", privacy_password="12345678"), "no privacy without"),
        (Opening(version="3", username="x", auth="sha", password="short"), "at least 8"),
    ],
)
async def test_version_3_settings_that_cannot_be(witness: Witness, opening: Opening, words: str) -> None:
    with pytest.raises(LinkError, match=words) as caught:
        await opened(161, witness, opening)
    assert caught.value.reason == Reason.LOGIN_REFUSED


async def test_devices_with_one_user_share_an_engine(agent: Agent, witness: Witness) -> None:
    other = Witness()
    first = await opened(agent.port, witness, OPENINGS["3 sha256"])
    second = await opened(agent.port, other, OPENINGS["3 sha256"])
    await asyncio.gather(answer(first, witness, SnmpGet((UPTIME,))), answer(second, other, SnmpGet((DESCRIPTION,))))
    await first.close()
    await answer(second, other, SnmpGet((DESCRIPTION,)))
    await second.close()


# ---- agents that misbehave ----------------------------------------------------------------------------------


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """An agent's socket that answers nothing by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.mark.parametrize("version", ["2c", "3 nobody"])
async def test_silence_is_asked_again_and_then_breaks_the_exchange(
    mute: socket.socket, witness: Witness, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.snmp_community.TIMEOUT", 0.02)
    monkeypatch.setattr("gateway.link.snmp_user.TIMEOUT", 0.1)
    monkeypatch.setattr("gateway.link.snmp_user.RETRIES", 0)
    link = await opened(mute.getsockname()[1], witness, OPENINGS[version])
    link.send(SnmpGet((UPTIME,)), "poll")
    if version == "2c":
        first = mute.recv(1000)
        assert await asyncio.to_thread(mute.recv, 1000) == first
    await witness.until(lambda: witness.broke, 10)
    assert witness.broke == [("poll", "no response")]
    assert witness.lost == []
    await link.close()


@pytest.mark.parametrize("version", ["2c", "3 nobody"])
async def test_closing_gives_up_what_is_under_way(mute: socket.socket, witness: Witness, version: str) -> None:
    before = asyncio.all_tasks()
    link = await opened(mute.getsockname()[1], witness, OPENINGS[version])
    link.send(SnmpGet((UPTIME,)), "poll")
    link.send(SnmpWalk(SYSTEM), "walk")
    await asyncio.to_thread(mute.recv, 1000)
    await link.close()
    link.send(SnmpGet((UPTIME,)), "late")
    assert (witness.heard, witness.broke, witness.lost) == ([], [], [])
    assert asyncio.all_tasks() <= before


async def test_no_agent_is_connection_refused(witness: Witness) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    link = await opened(port, witness, OPENINGS["2c"])
    link.send(SnmpGet((UPTIME,)), 1)
    link.send(SnmpGet((UPTIME,)), 2)
    await witness.until(lambda: witness.lost)
    await link.close()
    assert witness.lost == [(Reason.CONNECTION_REFUSED, f"no SNMP agent at 127.0.0.1:{port}")]
    assert witness.broke == []


async def test_garbage_is_not_an_answer_and_strangers_are_not_heard(
    mute: socket.socket, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.snmp_community.TIMEOUT", 0.2)
    link = await opened(mute.getsockname()[1], witness, OPENINGS["2c"])
    link.send(SnmpGet((UPTIME,)), "poll")
    request, ours = mute.recvfrom(1000)
    # golden: response to the same request-id, built from the request by RFC 1157: the PDU tag a0 becomes a2
    reply = request.replace(b"\xa0", b"\xa2", 1)
    mute.sendto(b"\x30\x84\xff\xff\xff\xff", ours)
    mute.sendto(b"garbage", ours)
    mute.sendto(request, ours)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(reply, ours)
    await witness.until(lambda: witness.broke)
    assert witness.heard == []
    link.send(SnmpGet((UPTIME,)), "again")
    request, ours = mute.recvfrom(1000)
    while request.replace(b"\xa0", b"\xa2", 1) == reply:  # the first question, sent again
        request, ours = mute.recvfrom(1000)
    mute.sendto(request.replace(b"\xa0", b"\xa2", 1), ours)
    await witness.until(lambda: witness.heard)
    assert witness.heard == [SnmpReply({UPTIME: None})]
    await link.close()


@given(st.binary(max_size=80))
def test_no_bytes_raise(data: bytes) -> None:
    agent = Communities(Address("snmp", "127.0.0.1", 161), OPENINGS["2c"])
    agent.datagram_received(data, ("127.0.0.1", 161))


def row(request: bytes, oid: bytes) -> bytes:
    """An answer to a version 1 GetNext for one OID, by hand (RFC 1157, 4.1.3; X.690), saying `oid` = 1."""
    community = request[5 : 7 + request[6]]
    pdu = request[7 + request[6] :]
    number = pdu[2 : 4 + pdu[3]]
    bind = b"\x06" + bytes((len(oid),)) + oid + b"\x02\x01\x01"
    binds = b"\x30" + bytes((len(bind) + 2,)) + b"\x30" + bytes((len(bind),)) + bind
    body = number + b"\x02\x01\x00\x02\x01\x00" + binds
    message = b"\x02\x01\x00" + community + b"\xa2" + bytes((len(body),)) + body
    return b"\x30" + bytes((len(message),)) + message


@pytest.mark.parametrize(
    ("oids", "words"),
    [
        ([b"\x2b\x06\x01\x01", b"\x2b\x06\x01\x02", b"\x2b\x06\x01\x03", b"\x2b\x06\x01\x04"], "more than 3 rows"),
        ([b"\x2b\x06\x01\x02", b"\x2b\x06\x01\x02"], "the agent's OIDs do not increase"),
    ],
)
async def test_a_walk_that_does_not_end_is_ended(
    witness: Witness, mute: socket.socket, oids: list[bytes], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.snmp.MOST_ROWS", 3)
    link = await opened(mute.getsockname()[1], witness, OPENINGS["1"])
    link.send(SnmpWalk("1.3.6.1"), "walk")
    for oid in oids:
        request, ours = await asyncio.to_thread(mute.recvfrom, 1000)
        mute.sendto(row(request, oid), ours)
    await witness.until(lambda: witness.heard)
    assert witness.heard[0].error == words
    assert len(witness.heard[0].values) == len(oids) - 1
    await link.close()


async def test_what_no_agent_can_be_asked_is_the_drivers_mistake(witness: Witness) -> None:
    link = await opened(161, witness, OPENINGS["2c"])
    with pytest.raises(ValueError, match="1 to 16"):
        link.send(SnmpGet(tuple(f"{SYSTEM}.{n}.0" for n in range(17))), None)
    with pytest.raises(ValueError, match="numbers with dots"):
        link.send(SnmpGet((".1.3.6",)), None)
    with pytest.raises(UnicodeEncodeError):
        link.send(SnmpSet(((LOCATION, "Saal \u20ac"),)), None)
    with pytest.raises(TypeError):
        link.send(b"\x30", None)
    await link.close()


async def test_a_name_that_is_not_there(witness: Witness) -> None:
    link = make(Address("snmp", "no-such-host.invalid", 161), Opening(), Trust(), witness.ears)
    with pytest.raises(LinkError) as caught:
        await link.open()
    assert caught.value.reason == Reason.UNREACHABLE
    await link.close()
