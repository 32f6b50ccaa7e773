"""The udp links: one far end, and one shared port whose datagrams are sorted by sender."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.driver import Datagram, Opening
from gateway.link import Address, LinkError, Trust, make
from gateway.link.udp import Udp, towards
from gateway.model import Reason

from .conftest import Witness


def dial(url: str, witness: Witness) -> Udp:
    link = make(Address.parse(url), Opening(), Trust(), witness.ears)
    assert isinstance(link, Udp)
    return link


@pytest.fixture
def device() -> Iterator[socket.socket]:
    """A device's socket on 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.fixture
def other() -> Iterator[socket.socket]:
    """Another device's, on 127.0.0.2."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.2", 0))
        yield sock


async def test_datagrams_go_out_and_come_in(device: socket.socket, other: socket.socket, witness: Witness) -> None:
    port = device.getsockname()[1]
    link = dial(f"udp://127.0.0.1:{port}", witness)
    await link.open()
    link.send(Datagram(b"%2SRCH\r"), None)
    data, ours = device.recvfrom(100)
    assert data == b"%2SRCH\r"
    other.sendto(b"not from the device", ours)
    device.sendto(b"%2ACKN=00:11:22:33:44:55\r", ours)
    await witness.until(lambda: witness.heard)
    assert witness.heard == [Datagram(b"%2ACKN=00:11:22:33:44:55\r", ("127.0.0.1", port))]
    await link.close()
    await link.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", ours[1]))  # the port is free again


async def test_nothing_is_heard_after_close(device: socket.socket, witness: Witness) -> None:
    link = dial(f"udp://127.0.0.1:{device.getsockname()[1]}", witness)
    await link.open()
    link.send(b"plain bytes will do", None)
    _, ours = device.recvfrom(100)
    await link.close()
    device.sendto(b"late", ours)
    link.send(b"late", None)
    assert witness.heard == []


async def test_any_sender_where_the_address_says_so(
    device: socket.socket, other: socket.socket, witness: Witness
) -> None:
    link = dial(f"udp://127.0.0.1:{device.getsockname()[1]}?from=any", witness)
    await link.open()
    link.send(Datagram(b"to the other", other.getsockname()), None)
    data, ours = other.recvfrom(100)
    assert data == b"to the other"
    other.sendto(b"hello", ours)
    await witness.until(lambda: witness.heard)
    assert witness.heard[0].peer == other.getsockname()
    await link.close()


async def test_a_shared_port_sorts_by_sender(device: socket.socket, other: socket.socket) -> None:
    first, second, everybody = Witness(), Witness(), Witness()
    one = dial("listen+udp://127.0.0.1:0?from=127.0.0.1", first)
    await one.open()
    port = one.address.port
    two = dial(f"listen+udp://127.0.0.1:{port}?from=127.0.0.2", second)
    three = dial(f"listen+udp://127.0.0.1:{port}", everybody)
    await asyncio.gather(two.open(), three.open())
    assert (two.address.port, three.address.port) == (port, port)
    device.sendto(b"%2POWR=1\r", ("127.0.0.1", port))
    other.sendto(b"%2POWR=0\r", ("127.0.0.1", port))
    await everybody.until(lambda: len(everybody.heard) == 2)
    assert [datagram.data for datagram in first.heard] == [b"%2POWR=1\r"]
    assert [datagram.data for datagram in second.heard] == [b"%2POWR=0\r"]
    two.send(Datagram(b"answer", device.getsockname()), None)
    assert device.recvfrom(100) == (b"answer", ("127.0.0.1", port))
    await one.close()
    device.sendto(b"%2POWR=1\r", ("127.0.0.1", port))
    await everybody.until(lambda: len(everybody.heard) == 3)
    assert len(first.heard) == 1
    await asyncio.gather(two.close(), three.close())
    again = dial(f"listen+udp://127.0.0.1:{port}", Witness())
    await again.open()
    await again.close()


def groups(interface: str) -> str:
    """The multicast groups that an interface of this machine has joined, as the kernel writes them."""
    listed = Path("/proc/net/igmp").read_text(encoding="ascii")
    return next(block for block in re.split(r"\n(?=\d)", listed) if re.match(rf"\d+\s+{interface}\b", block))


async def test_a_multicast_group_is_joined_where_its_device_is(device: socket.socket, witness: Witness) -> None:
    link = dial("listen+udp://238.0.0.18:0?from=127.0.0.1", witness)
    await link.open()
    assert "120000EE" in groups("lo")
    device.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    device.sendto(b"report", ("238.0.0.18", link.address.port))
    await witness.until(lambda: witness.heard)
    device.sendto(b"to us", ("127.0.0.1", link.address.port))  # and what comes to us alone is heard, too
    await witness.until(lambda: len(witness.heard) == 2)
    sender = device.getsockname()
    assert witness.heard == [Datagram(b"report", sender), Datagram(b"to us", sender)]
    again = dial(f"listen+udp://238.0.0.18:{link.address.port}?from=127.0.0.1", witness)
    await again.open()  # a second gateway on the same network: it is heard on that interface already
    await asyncio.gather(link.close(), again.close())
    assert "120000EE" not in groups("lo")


async def test_a_group_that_no_interface_takes_is_said(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.link.udp.towards", lambda host: "192.0.2.1")  # none of ours (RFC 5737)
    link = dial("listen+udp://238.0.0.18:0?from=127.0.0.1", witness)
    with pytest.raises(LinkError, match="no interface of this machine takes multicast") as caught:
        await link.open()
    assert caught.value.reason == Reason.UNREACHABLE
    await link.close()


def test_the_interface_towards_a_device() -> None:
    assert towards("127.0.0.1") == towards("127.0.0.9") == "127.0.0.1"
    assert towards("") == towards("::1") == "0.0.0.0"


async def test_a_port_in_use_is_said(device: socket.socket, witness: Witness) -> None:
    port = device.getsockname()[1]
    with pytest.raises(LinkError, match=f"another program is using UDP port 127.0.0.1:{port}") as caught:
        await dial(f"listen+udp://127.0.0.1:{port}", witness).open()
    assert caught.value.reason == Reason.UNREACHABLE


async def test_a_name_that_is_not_there(witness: Witness) -> None:
    for url in ("udp://no-such-host.invalid:4352", "listen+udp://127.0.0.1:0?from=no-such-host.invalid"):
        link = dial(url, witness)
        with pytest.raises(LinkError, match="cannot be found") as caught:
            await link.open()
        assert caught.value.reason == Reason.UNREACHABLE
        await link.close()


async def test_what_cannot_be_sent_is_said(device: socket.socket, witness: Witness) -> None:
    listening = dial("listen+udp://127.0.0.1:0", witness)
    await listening.open()
    with pytest.raises(ValueError, match="must name its peer"):
        listening.send(b"to whom?", None)
    with pytest.raises(ValueError, match="not-an-address"):
        listening.send(Datagram(b"", ("not-an-address", 1)), None)
    with pytest.raises(ValueError, match="at most"):
        listening.send(Datagram(b"x" * 70_000, device.getsockname()), None)
    listening.send(Datagram(b"from loopback to the world", ("192.0.2.1", 9)), None)  # no route from 127.0.0.1
    await listening.close()
    assert witness.lost == [] or witness.lost[0][0] == Reason.UNREACHABLE


@pytest.mark.parametrize("query", ["form=x", "from="])
def test_a_wrong_query_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="from"):
        Udp(Address("listen+udp", "", 4352, "", query), None)  # type: ignore[arg-type]
