"""The rooms that the panel's tests look at, and the panel opened in a browser.

What may not live here: what is expected of either.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from tests.api.support import ROOM, Rig
from tests.panel.browser import LANDSCAPE, Watched, expect, watched

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

# A room with something on every page of the panel.
FULL = (
    ROOM.replace('codec = "codec"\n', 'codec = "codec"\nshare = "codec"\npicture = "codec"\n', 1)
    .replace('[sources.laptop]\ninput = "31"', '[sources.laptop]\ninputs = { main = "31", side = "31" }')
    .replace('[sources.codec]\ninput = "32"', '[sources.codec]\ninputs = { main = "32", side = "32" }')
    + """
[devices.side]
driver = "pjlink"
link = "tcp://127.0.0.1"
password = { env = "TEST_PROJECTOR_PASSWORD" }
notify_port = 0
poll = 0.5

[devices.camera]
driver = "visca"
link = "tcp://127.0.0.1"

[devices.lights]
driver = "lutron_lip"
link = "telnet://127.0.0.1"
lights = ["12"]
areas = ["3"]

[parts.display.side]
unit = "side"
label = "Side"

[parts.light.ceiling]
unit = "lights/light/12"
label = "Ceiling"

[parts.light.mood]
unit = "lights/area/3"
label = "Mood"

[parts.ptz.front]
unit = "camera"
label = "Front camera"
"""
)
VIEWS = ("home", "calls", "cameras", "lights", "more")


@contextlib.asynccontextmanager
async def panel(
    browser: Browser,
    house: Rig,
    size: tuple[int, int] = LANDSCAPE,
    scheme: str = "dark",
    token: str = "",
    query: str = "",
    title: str = "Test room",
) -> AsyncIterator[Watched]:
    """The panel of the room at work, opened as the demo's link opens it; it must not have complained by the end."""
    await house.online()
    async with watched(browser, size, scheme) as seen:
        await seen.page.goto(f"{house.running.url}/panel/demo{query}#token={token or house.token}")
        await expect(seen.page.locator("header h1")).to_contain_text(title)
        yield seen
        assert not seen.complaints, seen.complaints


async def view(page: Page, name: str) -> None:
    """Turn to a page of the panel."""
    await page.locator(f".tab[data-view={name}]").click()
    await expect(page.locator(f"main[data-page={name}]")).to_be_visible()
