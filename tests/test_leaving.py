"""Leaving a device politely: its last words, and how long they may take."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.commands import SetVolume
from gateway.driver import (
    Actions,
    Send,
)
from gateway.model import Reason, Result
from tests.line import Talker, Watch, line_device, running

# ---- leaving ----------------------------------------------------------------------------------------------------


class Polite(Talker):
    def closing(self) -> Actions:
        yield Send(b"remove panel\n", tag="panel")
        yield Send(b"bye\n", reply=False)


async def test_last_words_are_said_and_heard() -> None:
    async with line_device() as far:
        async with running(Polite, far.link) as (device, _):
            far.mute("volume 40")
            ticket = device.submit(SetVolume(40))  # a turn that never ends must not keep us from leaving
            await far.hears("volume 40")
            far.firmware = lambda line: None
            await asyncio.gather(device.close(), _answer(far))
            assert ticket.outcome is None or ticket.outcome.result is Result.OFFLINE
        await far.until(lambda: far.transport is None)
        assert far.heard == ["hello", "volume 40", "remove panel", "bye"]
        assert ticket.outcome is not None and ticket.outcome.result is Result.OFFLINE
        assert device.reason is Reason.DISABLED


async def _answer(far: Any) -> None:
    await far.hears("remove panel", "bye")
    far.say("ok", "ok")


async def test_a_device_that_does_not_listen_to_last_words_is_left_after_two_seconds() -> None:
    clock = Watch()
    async with line_device() as far:
        far.mute("remove panel")
        async with running(Polite, far.link, clock=clock, timing={"reply": 60.0}) as (device, _):
            leaving = asyncio.create_task(device.close())
            await far.hears("remove panel", "bye")
            clock.advance(1.99)
            await asyncio.sleep(0)
            assert not leaving.done()
            clock.advance(0.02)
            async with asyncio.timeout(2):
                await leaving


async def test_who_has_no_last_words_leaves_at_once() -> None:
    clock = Watch()
    async with line_device() as far, running(Talker, far.link, clock=clock) as (device, _):
        far.mute()
        device.submit(SetVolume(40))
        async with asyncio.timeout(2):
            await device.close()


async def test_commands_of_a_device_that_is_stopped_end_too() -> None:
    async with line_device() as far, running(Talker, far.link) as (device, _):
        far.mute()
        ticket = device.submit(SetVolume(40))
        await device.close()
        outcome = await ticket.ended(5)
        assert outcome is not None and outcome.result is Result.OFFLINE
        assert device.submit(SetVolume(40)).outcome is not None
