"""A room's look in a real browser: its colours and its logo are on every page, and all can be read and pressed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.support import rig
from tests.panel.browser import LANDSCAPE, PHONE, Watched, expect
from tests.panel.rooms import FULL, VIEWS, panel, view
from tests.panel.test_access import checked

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 40"><path d="M0 0h150v40z" fill="#e5322d"/></svg>'
SITE = """
[panel]
title = "Example Ltd"
logo = "our.svg"
[panel.dark]
background = "#1a0f0f"
surface = "#2a1a1a"
accent = "#ff8a80"
[panel.light]
background = "#f6efe6"
surface = "#fffaf2"
accent = "#b3261e"
"""
LOOKS = {"dark": ("rgb(26, 15, 15)", "rgb(255, 138, 128)"), "light": ("rgb(246, 239, 230)", "rgb(179, 38, 30)")}
LONG = FULL.replace('name = "Test room"', 'name = "Besprechungsraum Donaudampfschifffahrt"').replace(
    'label = "Side"', 'label = "Rückprojektionsfläche"'
)
CUT = """[...document.querySelectorAll('h1, h2, h3, button .label')].filter((one) => one.clientWidth > 1
    && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
SMALL = """[...document.querySelectorAll('button, input, select, a, summary')].filter((one) => one.offsetParent
    && (one.offsetHeight < 44 || one.offsetWidth < 44)).map((one) => one.outerHTML.slice(0, 120))"""


async def worn(seen: Watched, scheme: str) -> None:
    """The page has the look's ground, and asks nobody else for it."""
    ground = await seen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == LOOKS[scheme][0]
    assert await seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = await seen.page.evaluate(SMALL)
    assert not small, small


@pytest.mark.parametrize(("size", "scheme"), [(LANDSCAPE, "light"), (PHONE, "dark")], ids=["panel-light", "phone-dark"])
async def test_every_page_wears_the_look_and_can_be_read(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.toml").write_text(SITE)
    (tmp_path / "site" / "our.svg").write_text(SVG)
    query, title = "?lang=de", "Besprechungsraum"
    async with rig(tmp_path, LONG) as house, panel(browser, house, size, scheme, query=query, title=title) as seen:
        page = seen.page
        logo = page.get_by_role("img", name="Example Ltd")
        box = await logo.bounding_box()
        assert box and (round(box["width"]), round(box["height"])) == (150, 40)
        picture = await logo.evaluate("(one) => getComputedStyle(one).backgroundImage")
        drawn = await page.evaluate(
            "(url) => new Promise((done) => { const it = new Image(); it.onload = () => done(it.naturalWidth);"
            " it.onerror = () => done(0); it.src = url; })",
            picture.removeprefix('url("').removesuffix('")'),
        )
        assert drawn > 0, picture
        await house.do("power", {"on": True}, params={"wait": 20})
        chosen = page.get_by_role("button", name="Codec", exact=True)
        await expect(chosen).to_have_attribute("aria-pressed", "true")
        await expect(chosen).to_have_css("background-color", LOOKS[scheme][1])
        for name in VIEWS:
            await view(page, name)
            await worn(seen, scheme)
            cut = await page.evaluate(CUT)
            assert not cut, f"{name}: {cut}"
        await view(page, "home")
        await checked(page, "the panel")
        for address, there in (("contacts/demo", "input"), ("deck/demo/deck", "canvas[data-tag]")):
            await page.goto(f"{house.running.url}/{address}?lang=de")
            await page.locator(there).first.wait_for()
            await worn(seen, scheme)
            await checked(page, address)
        await page.evaluate("localStorage.clear()")
        await page.goto(f"{house.running.url}/panel/demo?lang=de")
        await expect(page.get_by_role("img", name="Example Ltd")).to_be_visible()
        await worn(seen, scheme)
