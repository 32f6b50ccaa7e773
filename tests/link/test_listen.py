"""Listeners: what comes in is handed out as links, or closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.driver import Opening
from gateway.link import Address, Link, LinkError
from gateway.link.listen import Listener, Maker, Peer, listen
from gateway.model import Reason

from .conftest import Witness


class House:
    """A host that takes every visitor in while `open`."""

    def __init__(self) -> None:
        self.open = True
        self.visitors: asyncio.Queue[tuple[Link, Witness, Peer]] = asyncio.Queue()
        self.links: list[Link] = []
        self.listener: Listener | None = None

    def accept(self, make: Maker, peer: Peer) -> None:
        if self.open:
            witness = Witness()
            link = make(witness.ears)
            self.links.append(link)
            self.visitors.put_nowait((link, witness, peer))

    async def listen(self, url: str, opening: Opening | None = None) -> int:
        self.listener = await listen(Address.parse(url), opening or Opening(), self.accept)
        return self.listener.address.port

    async def next(self) -> tuple[Link, Witness, Peer]:
        async with asyncio.timeout(5):
            return await self.visitors.get()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    for link in house.links:
        await link.close()
    if house.listener:
        await house.listener.close()
        await house.listener.close()


async def test_each_tcp_caller_is_a_link_of_its_own(house: House) -> None:
    port = await house.listen("listen+tcp://127.0.0.1:0")
    for text in (b"one\r\n", b"two\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text)
        link, witness, peer = await house.next()
        assert peer == Peer(*writer.get_extra_info("sockname"))
        assert witness.heard == []
        await link.open()
        await witness.until(lambda witness=witness, text=text: witness.text == text)  # type: ignore[misc]
        link.send(b"ADD-DEVICE\n", None)
        assert await reader.readline() == b"ADD-DEVICE\n"
        if text == b"one\r\n":
            writer.close()
            await witness.until(lambda witness=witness: witness.lost)  # type: ignore[misc]
            assert witness.lost[0][0] == Reason.LINK_LOST
        else:
            await link.close()
            assert await reader.read() == b""
            writer.close()
        await writer.wait_closed()


async def test_a_caller_that_nobody_takes_is_closed(house: House) -> None:
    house.open = False
    port = await house.listen("listen+tcp://127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_full_house_takes_nobody_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.link.listen.MOST", 1)
    port = await house.listen("listen+tcp://127.0.0.1:0")
    _, first = await asyncio.open_connection("127.0.0.1", port)
    link, _, _ = await house.next()
    reader, second = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    await link.close()
    _, third = await asyncio.open_connection("127.0.0.1", port)
    await house.next()
    for writer in (first, second, third):
        writer.close()
        await writer.wait_closed()


async def test_a_closed_listener_keeps_its_links_and_frees_its_port(house: House) -> None:
    port = await house.listen("listen+tcp://127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    link, _, _ = await house.next()
    await link.open()
    assert house.listener is not None
    await house.listener.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    link.send(b"still here\n", None)
    assert await reader.readline() == b"still here\n"
    writer.close()
    await writer.wait_closed()


async def test_a_port_in_use_is_said(house: House) -> None:
    port = await house.listen("listen+tcp://127.0.0.1:0")
    with pytest.raises(LinkError, match=f"another program is using port 127.0.0.1:{port}") as caught:
        await listen(Address("listen+tcp", "127.0.0.1", port), Opening(), house.accept)
    assert caught.value.reason == Reason.UNREACHABLE
    with pytest.raises(LinkError, match="no address of this machine"):
        await listen(Address("listen+tcp", "192.0.2.1", 0), Opening(), house.accept)
    with pytest.raises(ValueError, match="cannot listen"):
        await listen(Address("tcp", "127.0.0.1", 0), Opening(), house.accept)


async def test_each_websocket_is_a_link_of_its_own(house: House) -> None:
    port = await house.listen("listen+ws://127.0.0.1:0/deck", Opening(subprotocols=("deck",)))
    async with connect(f"ws://127.0.0.1:{port}/deck?id=7", subprotocols=["deck"], proxy=None) as client:  # type: ignore[list-item]
        assert client.subprotocol == "deck"
        link, witness, peer = await house.next()
        assert peer.path == "/deck?id=7"
        await client.send("press 3")
        await link.open()
        await witness.until(lambda: witness.heard == ["press 3"])
        link.send("show 3", None)
        assert await client.recv() == "show 3"
        await client.close(1001)
        await witness.until(lambda: witness.lost)
        assert "1001" in witness.lost[0][1]
    async with connect(f"ws://127.0.0.1:{port}/deck", proxy=None) as client:
        link, witness, _ = await house.next()
        await link.open()
        await link.close()
        await client.wait_closed()
        assert client.close_code == 1000
        assert witness.lost == []


async def test_a_websocket_that_nobody_takes_is_turned_away(house: House) -> None:
    port = await house.listen("listen+ws://127.0.0.1:0/deck")
    with pytest.raises(InvalidStatus, match="404"):
        await connect(f"ws://127.0.0.1:{port}/other", proxy=None)
    house.open = False
    with pytest.raises(InvalidStatus, match="503"):
        await connect(f"ws://127.0.0.1:{port}/deck", proxy=None)


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01 no HTTP at all\r\n\r\n", b""])
async def test_what_is_no_websocket_is_closed(house: House, noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.link.visitor.CONNECT", 0.05)  # the last one says nothing
    port = await house.listen("listen+ws://127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(noise)
    async with asyncio.timeout(5):
        await reader.read()
    assert house.visitors.empty()
    writer.close()
    await writer.wait_closed()
