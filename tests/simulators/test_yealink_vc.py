"""The simulated Yealink VC codec by hand: what it answers, what it tells by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from simulators import find
from simulators.yealink_vc import YealinkVc


class Client:
    """Somebody on a raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def line(self) -> str:
        return (await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 5)).decode().strip()

    async def ask(self, line: str) -> str:
        self.writer.write(line.encode() + b"\r\n")
        return await self.line()


@contextlib.asynccontextmanager
async def talking(**settings: Any) -> AsyncIterator[tuple[YealinkVc, Client]]:
    sim = YealinkVc.configured({"speed": 50, **settings})
    async with sim.serving("tcp") as address:
        where = urlsplit(address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            someone = Client(reader, writer)
            assert (await someone.line()).startswith('version "model:VC500"')
            yield sim, someone
        finally:
            writer.close()
            await writer.wait_closed()


def test_it_is_found_by_its_name() -> None:
    assert find("yealink_vc") is YealinkVc


async def test_settings_and_errors() -> None:
    async with talking() as (sim, someone):
        assert await someone.ask("volume set 7") == "volume set 7"
        assert await someone.ask("volume get") == "volume get 7"
        assert await someone.ask("volume set 11") == "error: command has illegal parameters"
        assert await someone.ask("Volume get") == "error: command not found"  # case sensitive
        assert await someone.ask("mute near on") == "mute near on"
        assert await someone.line() == "mute near get on" and sim.mic_muted


async def test_a_call_out_and_its_end() -> None:
    async with talking() as (_, someone):
        assert await someone.ask('dial manual video h323 "1024" "10.2.1.4"')
        assert await someone.line() == 'sysstatus get outgoing "diastr:10.2.1.4" "callid:34" "calltype:video"'
        assert '"protocol:h323" "direction:outgoing"' in await someone.line()
        await someone.ask("button hangup")
        assert await someone.line() == 'sysstatus get finished "dialstr:10.2.1.4" "callid:34"'
        assert await someone.line() == "sysstatus get idle"


async def test_a_call_in_is_refused() -> None:
    async with talking() as (sim, someone):
        sim.incoming_call("alice", "Alice")
        assert await someone.line() == 'sysstatus get ringing "dialstr:alice" "callid:34" "calltype:video"'
        assert await someone.line() == 'incoming "num:alice" "name:Alice"'
        await someone.ask("answer no")
        await sim.until(lambda: not sim.calls)


async def test_two_calls_in_one_line() -> None:
    async with talking(one_line=True, quiet=True) as (sim, someone):
        sim.incoming_call("alice")
        sim.incoming_call("bob")
        line = await someone.ask("sysstatus get")
        assert line.count("ringing") == 2


async def test_feedback_stops() -> None:
    async with talking() as (sim, someone):
        sim.feedback_stops()
        sim.touch_mic_mute()
        assert await someone.ask("mute near get") == "mute near get on"
