"""The tcp link against real sockets: hearing, sending, being lost, being refused, leaving."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gateway.driver import Opening
from gateway.link import Address, LinkError, Trust, make
from gateway.link.tcp import Tcp
from gateway.model import Reason

from .conftest import Serve, Witness


def dial(port: int, witness: Witness, host: str = "127.0.0.1") -> Tcp:
    link = make(Address("tcp", host, port), Opening(), Trust(), witness.ears)
    assert isinstance(link, Tcp)
    return link


async def test_bytes_go_out_and_come_in(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    reader, writer = await far.next()
    link.send(b"%1POWR ?\r", None)
    assert await reader.readuntil(b"\r") == b"%1POWR ?\r"
    for byte in b"%1POWR=0\r":
        writer.write(bytes((byte,)))
    await witness.until(lambda: witness.text == b"%1POWR=0\r")
    await link.close()
    assert await reader.read() == b""
    assert witness.lost == []


async def test_nothing_is_heard_before_open_has_returned(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)

    async def greet() -> None:
        _, writer = await far.next()
        writer.write(b"PJLINK 0\r")

    greeting = asyncio.create_task(greet())
    await link.open()
    assert witness.heard == []
    await greeting
    await witness.until(lambda: witness.text == b"PJLINK 0\r")
    await link.close()


async def test_small_packets_do_not_wait_and_dead_peers_are_noticed(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    assert link.transport is not None
    sock = link.transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    await link.close()


async def test_a_closed_connection_is_lost_once(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    _, writer = await far.next()
    writer.write(b"bye\r")
    writer.close()
    await witness.until(lambda: witness.lost)
    assert witness.text == b"bye\r"
    link.send(b"too late", None)
    await link.close()
    await link.close()
    assert witness.lost == [(Reason.LINK_LOST, f"127.0.0.1:{far.port} closed the connection")]


async def test_a_reset_connection_is_lost(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    _, writer = await far.next()
    linger = (1).to_bytes(4, "little") + bytes(4)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
    await witness.until(lambda: witness.lost)
    assert witness.lost[0][0] == Reason.LINK_LOST
    await link.close()


async def test_a_far_end_that_takes_nothing_is_lost_before_it_eats_our_memory(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    for _ in range(1000):
        link.send(b"x" * 65_536, None)
        if witness.lost:
            break
    assert witness.lost == [(Reason.LINK_LOST, f"127.0.0.1:{far.port} does not take what is sent to it")]
    await link.close()


async def test_refused(witness: Witness, dead_port: int) -> None:
    link = dial(dead_port, witness)
    with pytest.raises(LinkError) as caught:
        await link.open()
    assert caught.value.reason == Reason.CONNECTION_REFUSED
    assert caught.value.words == f"nothing accepts connections at 127.0.0.1:{dead_port}"
    await link.close()
    assert witness.lost == []


@pytest.mark.parametrize(("host", "words"), [("no-such-host.invalid", "cannot be found"), ("a" * 70, "name")])
async def test_a_name_that_is_not_there(witness: Witness, host: str, words: str) -> None:
    link = dial(4352, witness, host)
    with pytest.raises(LinkError, match=words) as caught:
        await link.open()
    assert caught.value.reason == Reason.UNREACHABLE


async def test_a_host_that_does_not_answer(witness: Witness, monkeypatch: pytest.MonkeyPatch, deaf_port: int) -> None:
    monkeypatch.setattr("gateway.link.tcp.CONNECT", 0.05)
    link = dial(deaf_port, witness)
    with pytest.raises(LinkError, match=r"no answer from 127\.0\.0\.1") as caught:
        await link.open()
    assert caught.value.reason == Reason.UNREACHABLE


async def test_cancelling_open_leaves_nothing(witness: Witness, deaf_port: int) -> None:
    link = dial(deaf_port, witness)
    task = asyncio.create_task(link.open())
    asyncio.get_running_loop().call_soon(task.cancel)  # after its first step
    with pytest.raises(asyncio.CancelledError):
        await task
    await link.close()


async def test_last_words_leave_before_the_connection_closes(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    reader, _ = await far.next()
    link.send(b"x" * 200_000 + b"bye\r", None)
    read, _ = await asyncio.gather(reader.read(-1), link.close())
    assert len(read) == 200_004
    assert read.endswith(b"bye\r")


async def test_closing_does_not_wait_for_a_far_end_that_reads_nothing(
    serve: Serve, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.tcp.FLUSH", 0.05)
    monkeypatch.setattr("gateway.link.tcp.BACKLOG", 100_000_000)
    far = await serve()
    link = dial(far.port, witness)
    await link.open()
    link.send(b"x" * 50_000_000, None)
    async with asyncio.timeout(2):
        await link.close()
    assert witness.lost == []
