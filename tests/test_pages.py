"""Long answers: row by row, page by page, only as far as the reader wants, and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any

import pytest

from gateway.commands import (
    HangUp,
    Search,
    SendDtmf,
    SetMute,
)
from gateway.driver import Actions, Done, Item, More, Request, Send
from gateway.model import Outcome, Result
from tests.clock import ManualClock
from tests.line import Talker, line_device, running

CONFIRMED = Outcome(Result.CONFIRMED)
ASSUMED = Outcome(Result.ASSUMED)


# ---- long answers -----------------------------------------------------------------------------------------------


class Directory(Talker):
    """Answers a search with pages of three."""

    timing = Talker.timing

    def command(self, request: Request) -> Actions:
        text = f"page {request.page}" if isinstance(request.command, Search) else request.command.verb
        yield Send(text.encode() + b"\n", tag=request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if isinstance(tag, Request) and isinstance(tag.command, Search) and data.startswith(b"rows"):
            for number in range(3):
                yield Item(tag, f"{tag.page}.{number}")
            yield More(tag) if b"more" in data else Done(tag)
        else:
            yield from super().received(data, tag, link)


def pages(line: str) -> str:
    return {"page 0": "rows more", "page 1": "rows more", "page 2": "rows end"}.get(line, "ok")


async def test_the_next_page_is_asked_for_when_the_reader_wants_it() -> None:
    clock = ManualClock()
    async with line_device() as far, running(Directory, far.link, clock=clock) as (device, _):
        far.firmware = pages
        rows = device.read(Search("a"))
        found = [await anext(rows) for _ in range(3)]
        assert far.heard == ["hello", "page 0"] and found == ["0.0", "0.1", "0.2"]
        clock.advance(1000)  # the reader takes his time
        assert await anext(rows) == "1.0"
        assert far.heard == ["hello", "page 0", "page 1"]
        assert [row async for row in rows] == ["1.1", "1.2", "2.0", "2.1", "2.2"]
        assert not device.unit("").flight


async def test_a_page_that_is_being_read_delays_nobody() -> None:
    async with line_device() as far, running(Directory, far.link) as (device, _):
        far.firmware = pages
        rows = device.read(Search("a"))
        assert await anext(rows) == "0.0"
        far.mute()
        next_page = asyncio.ensure_future(_drain(rows))
        await far.hears("page 1")
        device.submit(SetMute(True))
        assert device.submit(HangUp()).sent_at is not None  # does not wait for the page's turn
        await far.hears("page 1", "hangup")
        far.say("rows end", "ok")
        assert await next_page == ["0.1", "0.2", "1.0", "1.1", "1.2"]
        await far.hears("page 1", "hangup", "mute")


async def _drain(rows: Any) -> list[str]:
    return [row async for row in rows]


async def test_a_reader_that_leaves_early_leaves_nothing_behind() -> None:
    async with line_device() as far, running(Directory, far.link) as (device, _):
        far.firmware = pages
        rows: Any = device.read(Search("a"))
        assert await anext(rows) == "0.0"
        await rows.aclose()
        assert not device.unit("").flight and not device.waiting
        assert await device.submit(SendDtmf("1")).ended(5)
        assert far.heard == ["hello", "page 0", "dtmf"]


async def test_a_long_answer_that_breaks_off_says_why() -> None:
    async with line_device() as far, running(Directory, far.link) as (device, _):
        far.firmware = pages
        rows = device.read(Search("a"))
        assert await anext(rows) == "0.0"
        far.firmware = lambda line: "no directory" if line.startswith("page") else "ok"
        with pytest.raises(LookupError, match="refused: directory"):
            await _drain(rows)
        rows = device.read(Search("a"))
        far.firmware = pages
        assert (await _drain(rows))[-1] == "2.2"
        rows = device.read(Search("a"))
        assert await anext(rows) == "0.0"
        far.drop()
        with pytest.raises(LookupError, match="offline: link lost"):
            await _drain(rows)
