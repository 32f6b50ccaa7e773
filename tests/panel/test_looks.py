"""A room's own look in a real browser: its logo is drawn, its colours are on its pages, everybody can read them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.api.support import ROOM, rig
from tests.panel.browser import LANDSCAPE, PHONE, expect, watched
from tests.panel.rooms import panel
from tests.panel.test_access import checked

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40"><path d="M0 0h160v40H0z" fill="{}"/></svg>'
SITE = """
[panel]
title = "Example Ltd"
logo = "day.svg"
[panel.dark]
logo = "night.svg"
background = "#10201a"
surface = "#183028"
text = "#f2f5ee"
accent = "#e0b040"
[panel.light]
background = "#f6f1e6"
surface = "#fffdf7"
text = "#2a2418"
accent = "#8a5a00"
"""
LOOKS = {  # background, surface, text, accent, and what the logo is painted with
    "dark": ((16, 32, 26), (24, 48, 40), (242, 245, 238), (224, 176, 64), (255, 0, 255)),
    "light": ((246, 241, 230), (255, 253, 247), (42, 36, 24), (138, 90, 0), (0, 0, 255)),
}


def dressed(folder: Path) -> None:
    """A site with a logo for each scheme, each of one colour that nothing else on the page has."""
    (folder / "site").mkdir()
    (folder / "site" / "site.toml").write_text(SITE)
    (folder / "site" / "day.svg").write_text(LOGO.format("#0000ff"))
    (folder / "site" / "night.svg").write_text(LOGO.format("#ff00ff"))


async def colour(page: Page, what: str, of: str) -> tuple[int, ...]:
    """A computed colour."""
    told: str = await page.locator(what).first.evaluate("(one, of) => getComputedStyle(one)[of]", of)
    return tuple(int(part) for part in told.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("scheme", LOOKS)
async def test_a_rooms_look_is_on_its_pages(browser: Browser, tmp_path: Path, scheme: str) -> None:
    dressed(tmp_path)
    background, surface, text, accent, painted = LOOKS[scheme]
    async with rig(tmp_path, ROOM) as house, panel(browser, house, LANDSCAPE, scheme) as seen:
        page = seen.page
        logo = page.get_by_role("img", name="Example Ltd")
        await expect(logo).to_be_visible()
        natural = await logo.evaluate(
            """async (one) => {
                 const picture = new Image();
                 picture.src = getComputedStyle(one).backgroundImage.slice(5, -2);
                 await picture.decode();
                 return [picture.naturalWidth, picture.naturalHeight];
               }"""
        )
        assert natural[0] == 4 * natural[1] > 0
        shown = Image.open(io.BytesIO(await logo.screenshot())).convert("RGB")
        box = await logo.bounding_box()
        assert box and (box["width"], box["height"]) == (160, 40)
        assert shown.getpixel((80, 20)) == painted

        await house.do("power", {"on": True}, params={"wait": 20})
        await expect(page.locator("header .row [aria-pressed=true]")).to_be_visible()
        assert await colour(page, "html", "backgroundColor") == background
        assert await colour(page, "html", "color") == text
        assert await colour(page, "footer", "backgroundColor") == surface
        await expect(page.locator("header .row [aria-pressed=true]")).to_have_css("background-color", f"rgb{accent}")
        await checked(page, "the panel")

        await page.goto(f"{house.running.url}/deck/demo/deck#token={house.token}")
        await expect(page.locator("button[data-key=help] canvas[data-tag]")).to_be_visible()
        assert await colour(page, "html", "backgroundColor") == background
        await checked(page, "the deck")
        await page.goto(f"{house.running.url}/contacts/demo#token={house.token}")
        await expect(page.get_by_role("searchbox")).to_be_visible()
        assert await colour(page, "html", "backgroundColor") == background
        await checked(page, "the contacts")
        assert all("127.0.0.1" in asked for asked in seen.asked)


async def test_a_logo_leaves_a_phone_the_rooms_name(browser: Browser, tmp_path: Path) -> None:
    dressed(tmp_path)
    async with rig(tmp_path, ROOM) as house, panel(browser, house, PHONE) as seen:
        logo = await seen.page.get_by_role("img", name="Example Ltd").bounding_box()
        assert logo and logo["width"] > 100
        for path, head in (("/panel/demo", "Test room"), ("/contacts/demo", "Contacts")):
            await seen.page.goto(f"{house.running.url}{path}#token={house.token}")
            await expect(seen.page.locator("header h1")).to_have_text(head)
            assert await seen.page.locator("header h1").evaluate("(one) => one.scrollWidth <= one.clientWidth"), path
            assert await seen.page.evaluate("document.documentElement.scrollWidth") == PHONE[0], path


async def test_one_scheme_for_everybody_whatever_the_browser_wishes(browser: Browser, tmp_path: Path) -> None:
    dressed(tmp_path)
    async with (
        rig(tmp_path, ROOM + '\n[panel]\nscheme = "light"\n') as house,
        panel(browser, house, LANDSCAPE, "dark") as seen,
    ):
        assert await colour(seen.page, "html", "backgroundColor") == LOOKS["light"][0]
        assert await seen.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        await checked(seen.page, "light in a dark browser")


async def test_a_logo_opened_as_a_page_runs_no_script(browser: Browser, tmp_path: Path) -> None:
    """The profile's reading refuses scripts; were one to slip through, the headers keep it from running."""
    dressed(tmp_path)
    async with rig(tmp_path, ROOM) as house, watched(browser) as seen:
        text = (await house.client.get("/panel/demo")).text
        sheet = (await house.client.get(text.split('rel="stylesheet" href="')[2].split('"')[0])).text
        address = sheet.split('--logo: url("')[1].split('"')[0]
        headers = (await house.client.get(address)).headers
        evil = LOGO.format("red").replace("<path", "<script>document.documentElement.id = 'ran'</script><path")

        async def swapped(route: object) -> None:
            await route.fulfill(body=evil, headers=dict(headers) | {"content-length": str(len(evil))})  # type: ignore[attr-defined]

        async def bare(route: object) -> None:
            await route.fulfill(body=evil, content_type="image/svg+xml")  # type: ignore[attr-defined]

        ran = "document.documentElement.id"
        await seen.page.route("**/panel/theme/*.svg", bare)
        await seen.page.goto(house.running.url + address)
        assert await seen.page.evaluate(ran) == "ran"  # it would, without the headers
        await seen.page.unroute("**/panel/theme/*.svg", bare)
        await seen.page.route("**/panel/theme/*.svg", swapped)
        await seen.page.goto(house.running.url + address)
        assert await seen.page.evaluate(ran) == ""
        assert any("Content Security Policy" in told or "sandboxed" in told for told in seen.complaints)
