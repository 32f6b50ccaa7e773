"""The link for traps: what it believes, what it does not, how much of it, and that it lets go of its port."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto import api

from gateway.driver import Opening, SnmpReply
from gateway.link import Address, Ears, Link, LinkError, Trust, make
from gateway.link.snmp_trap import MOST, Traps
from gateway.model import Reason

LINK_DOWN, COLD_START = (1, 3, 6, 1, 6, 3, 1, 1, 5, 3), (1, 3, 6, 1, 6, 3, 1, 1, 5, 1)
UPTIME, TRAP = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"
PUBLIC = Opening(version="2c", community="public")


def trap(oid: tuple[int, ...] = LINK_DOWN, community: str = "public", *, inform: bool = False) -> bytes:
    """A notification of version 2c, by pysnmp's codec."""
    codec: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    pdu = codec.InformRequestPDU() if inform else codec.SNMPv2TrapPDU()
    (codec.apiPDU if inform else codec.apiTrapPDU).set_defaults(pdu)
    codec.apiPDU.set_varbinds(
        pdu,
        [
            ((1, 3, 6, 1, 2, 1, 1, 3, 0), codec.TimeTicks(4200)),
            ((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), codec.ObjectIdentifier(oid)),
        ],
    )
    message = codec.Message()
    codec.apiMessage.set_defaults(message)
    codec.apiMessage.set_community(message, community)
    codec.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


class Ear:
    """Keeps what is heard."""

    def __init__(self) -> None:
        self.heard: list[SnmpReply] = []
        self.news = asyncio.Event()
        self.ears = Ears(self._hear, lambda tag, words: None, lambda reason, words: None)

    def _hear(self, data: Any, tag: Any) -> None:
        self.heard.append(data)
        self.news.set()

    async def count(self, wanted: int) -> None:
        async with asyncio.timeout(5):
            while len(self.heard) < wanted:
                self.news.clear()
                await self.news.wait()


def listening(ear: Ear, opening: Opening = PUBLIC, sender: str = "127.0.0.1", port: int = 0) -> Link:
    return make(Address.parse(f"listen+snmp://127.0.0.1:{port}?from={sender}"), opening, Trust(), ear.ears)


def talker(link: Link) -> socket.socket:
    assert isinstance(link, Traps)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(("127.0.0.1", link.address.port))
    sock.setblocking(False)
    return sock


async def test_a_trap_is_heard_and_noise_and_strangers_are_not() -> None:
    ear = Ear()
    link = listening(ear)
    await link.open()
    with talker(link) as sock:
        for data in (b"", b"\xff" * 50, trap()[:-3], trap(COLD_START, "wrong"), trap()):
            sock.send(data)
        await ear.count(1)
    await link.close()
    assert [reply.values[TRAP] for reply in ear.heard] == ["1.3.6.1.6.3.1.1.5.3"]
    assert ear.heard[0].values[UPTIME] == 4200 and ear.heard[0].error == ""


async def test_an_inform_is_acknowledged() -> None:
    ear = Ear()
    link = listening(ear)
    await link.open()
    with talker(link) as sock:
        sock.send(trap(inform=True))
        async with asyncio.timeout(5):
            answer = await asyncio.get_running_loop().sock_recv(sock, 1500)
    await link.close()
    assert b"public" in answer and len(ear.heard) == 1
    assert 0xA2 in answer  # a Response (RFC 3416, 4.2.7)


async def test_another_machine_is_not_heard() -> None:
    ear, stranger = Ear(), Ear()
    mine = listening(ear)
    await mine.open()
    assert isinstance(mine, Traps)
    other = listening(stranger, sender="127.0.0.9", port=mine.address.port)  # another device, the same port
    await other.open()
    with talker(mine) as sock:
        sock.send(trap())
        await ear.count(1)
    await mine.close()
    await other.close()
    assert stranger.heard == []


async def test_a_flood_costs_only_so_much() -> None:
    ear = Ear()
    link = listening(ear)
    await link.open()
    assert isinstance(link, Traps)
    for _ in range(20 * MOST):
        link.said(trap(), ("127.0.0.1", 9))
    await link.close()
    assert len(ear.heard) == MOST


async def test_its_port_is_free_again_and_it_never_sends() -> None:
    ear = Ear()
    link = listening(ear)
    await link.open()
    assert isinstance(link, Traps)
    port = link.address.port
    with pytest.raises(TypeError, match="listens"):
        link.send(b"x", None)
    await link.close()
    link.said(trap(), ("127.0.0.1", 9))
    assert ear.heard == []
    again = listening(ear, port=port)
    await again.open()
    await again.close()


async def test_passwords_that_no_device_can_have_are_said() -> None:
    link = listening(Ear(), Opening(version="3", username="room", auth="sha", password="short", privacy="none"))
    with pytest.raises(LinkError) as refused:
        await link.open()
    assert refused.value.reason is Reason.LOGIN_REFUSED


@settings(max_examples=10)  # each makes an engine, which takes 0.1 s
@given(st.lists(st.binary(max_size=200), min_size=10, max_size=20), st.integers(0, 60), st.integers(0, 255))
def test_nothing_that_comes_makes_it_raise(noise: list[bytes], at: int, byte: int) -> None:
    async def hear() -> None:
        ear = Ear()
        link = listening(ear)
        await link.open()
        assert isinstance(link, Traps)
        bent = bytearray(trap())
        bent[at] = byte
        for data in (*noise[: MOST - 2], bytes(bent), trap(COLD_START)):
            link.said(data, ("127.0.0.1", 9))
        await link.close()
        assert ear.heard[-1].values[TRAP] == "1.3.6.1.6.3.1.1.5.1"

    asyncio.run(hear())
