"""One browser for all tests of a module."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.panel.browser import NoBrowser, chromium, required

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """A Chromium; the whole program in modules that say WHOLE_BROWSER. On CI a missing one is a failure."""
    whole = getattr(request.module, "WHOLE_BROWSER", False)
    async with contextlib.AsyncExitStack() as ends:
        try:
            found = await ends.enter_async_context(chromium(whole))
        except NoBrowser as missing:
            if required():
                pytest.fail(f"no browser: {missing}")
            pytest.skip(f"no browser: {missing}")
        yield found
