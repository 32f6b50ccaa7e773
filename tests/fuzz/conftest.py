"""One gateway for all tests of a module: what one rogue leaves behind meets the next."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.api.support import ROOM, Rig, rig
from tests.fuzz.rogue import KEYPAD_TOKEN, PROFILE, Peace


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """A room with decks, a keypad and a codec."""
    os.environ["WALL_TOKEN"] = KEYPAD_TOKEN
    async with rig(tmp_path_factory.mktemp("room"), ROOM + PROFILE) as running:
        await running.online()
        await running.sims["decks"].until(lambda: len(running.running.house.lobby.strangers) == 2)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def peace(house: Rig, caplog: pytest.LogCaptureFixture) -> Peace:
    """How the room is before the rogues come: nothing that was asked of it before is on its way any more."""
    for _, ticket in list(house.room.commands.values()):
        await ticket.ended(20)
    return Peace(house, caplog)
