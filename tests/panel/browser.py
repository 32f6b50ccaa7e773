"""A real Chromium for the tests of the pages, watched: what it complains of, and whom it asks.

What may not live here: anything about rooms.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"  # the same Chromium, without the program around its pages: half the processor's time
LANDSCAPE, PHONE, SMALLEST = (1280, 800), (390, 844), (360, 640)


class NoBrowser(Exception):
    """There is no browser here; the words say what to install."""


@contextlib.asynccontextmanager
async def chromium(whole: bool = False) -> AsyncIterator[Browser]:
    """A Chromium of this machine, `whole` or its headless shell where there is one. Raises NoBrowser where there is
    none, or nothing to drive it with."""
    path = next((found for name in WHOLE if (found := shutil.which(name))), None)
    if path is None:
        raise NoBrowser(f"none of {', '.join(WHOLE)} is installed (Debian and Ubuntu: apt install chromium)")
    if not whole:
        path = shutil.which(SHELL) or path
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise NoBrowser("the package playwright is not installed (it is one of the extra `test`)") from None
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            await browser.close()


def required() -> bool:
    """Whether a missing browser is a failure: on CI nothing is skipped."""
    return bool(os.environ.get("CI"))


def expect(locator: Locator, within: float = 10.0) -> Any:
    """Playwright's own waiting assertions."""
    from playwright.async_api import expect as expectation

    expectation.set_options(timeout=1000 * within)
    return expectation(locator)


@dataclass
class Watched:
    """A page, its complaints, and every address it asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)


@contextlib.asynccontextmanager
async def watched(
    browser: Browser, size: tuple[int, int] = LANDSCAPE, scheme: Any = "dark", locale: str = "en-GB"
) -> AsyncIterator[Watched]:
    """A fresh, empty page of that size, in a browser of that language."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale=locale, reduced_motion="reduce"
    )
    try:
        context.set_default_timeout(10_000)
        page = await context.new_page()
        found = Watched(page)
        page.on(
            "console",
            lambda told: found.complaints.append(told.text) if told.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        page.on("request", lambda request: found.asked.append(request.url))
        page.on("websocket", lambda socket: found.asked.append(socket.url))
        yield found
    finally:
        async with asyncio.timeout(10):
            await context.close()
