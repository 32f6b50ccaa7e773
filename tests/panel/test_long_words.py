"""Long names and German words beside a logo: nothing is cut, nothing is wider than the screen, all is large enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.support import rig
from tests.panel.browser import LANDSCAPE, PHONE, expect
from tests.panel.rooms import FULL, VIEWS, panel, view
from tests.panel.test_looks import dressed

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME = "Besprechungsraum Donaudampfschifffahrt"
LANGUAGES = ("de", "en", "es", "fr", "ja")
LONG = FULL.replace('name = "Test room"', f'name = "{NAME}"').replace(
    'label = "Side"', 'label = "Rückprojektionsfläche"'
)
CUT = """[...document.querySelectorAll('h1, h2, h3, button, button .label')].filter((one) => one.clientWidth > 1
    && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
SMALL = """[...document.querySelectorAll('button, input, select, a, summary')].filter((one) => one.offsetParent
    && (one.offsetHeight < 44 || one.offsetWidth < 44)).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("size", [LANDSCAPE, PHONE], ids=["panel", "phone"])
async def test_nothing_is_cut_or_small(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    assert "Rückprojektionsfläche" in LONG
    dressed(tmp_path)
    async with rig(tmp_path, LONG) as house, panel(browser, house, size, query="?lang=de", title=NAME) as seen:
        page = seen.page

        async def fits(where: str) -> None:
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
            found = [await page.evaluate(what) for what in (CUT, SMALL)]
            assert found == [[], []], f"{where}: {found}"

        for name in VIEWS:
            await view(page, name)
            await fits(name)
        house.sims["codec"].incoming_call("alice@example.com", "Alice")
        for language in LANGUAGES:
            await page.goto(f"{house.running.url}/panel/demo?lang={language}")
            await expect(page.locator(".ringing button")).to_have_count(2)
            await fits(f"a call in {language}")
        for address, there in (("contacts/demo", "input"), ("deck/demo/deck", "canvas[data-tag]")):
            await page.goto(f"{house.running.url}/{address}?lang=de")
            await expect(page.locator(there).first).to_be_visible()
            await fits(address)
