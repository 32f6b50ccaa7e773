"""Everybody can use the panel: axe finds nothing serious on any page, a keyboard is enough, first paint is quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.api.support import rig
from tests.panel.browser import LANDSCAPE, PHONE, expect, watched
from tests.panel.rooms import FULL, VIEWS, panel, view

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


async def checked(page: Page, where: str) -> None:
    """What axe finds serious or critical on this page: nothing. Its script runs beside the page's own policy."""
    found = (await Axe().run(page, options=RULES)).response["violations"]
    bad: list[Any] = [
        {
            "rule": one["id"],
            "where": [node["html"][:160] for node in one["nodes"]][:4],
            "why": one["nodes"][0]["failureSummary"],
        }
        for one in found
        if one["impact"] in ("serious", "critical") or "wcag" in " ".join(one["tags"])
    ]
    assert not bad, f"{where}: {json.dumps(bad, indent=1)}"


@pytest.mark.parametrize(("size", "scheme"), [(LANDSCAPE, "dark"), (PHONE, "light")], ids=["panel-dark", "phone-light"])
async def test_axe_finds_nothing_serious_anywhere(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    async with rig(tmp_path, FULL) as house:
        async with watched(browser, size, scheme) as seen:
            await seen.page.goto(f"{house.running.url}/panel")
            await expect(seen.page.locator(".code span")).to_have_count(2)
            await checked(seen.page, "the door")
        async with panel(browser, house, size, scheme) as seen:
            page, codec = seen.page, house.sims["codec"]
            await house.do("power", {"on": True}, params={"wait": 20})
            for name in VIEWS:
                await view(page, name)
                await checked(page, name)
            codec.incoming_call("bob@example.com", "Bob")
            await expect(page.get_by_role("region", name="Incoming call")).to_contain_text("Bob")
            await checked(page, "somebody rings")
            await page.get_by_role("region", name="Incoming call").get_by_role("button", name="Answer").click()
            await view(page, "calls")
            await expect(page.locator(".call")).to_contain_text("Connected")
            await checked(page, "in a call")
            for button in ("Transfer Bob", "Call for help", "Details", "Room power: Off"):
                await page.get_by_role("button", name=button).click()
                await checked(page, button)
                await page.keyboard.press("Escape")
                await expect(page.get_by_role("dialog")).to_have_count(0)
            house.sims["projector"].faults.unreachable = True
            await view(page, "home")
            await expect(page.locator(".banner[data-about=projector]")).to_be_visible()
            await checked(page, "a device is away")
            await page.goto(f"{house.running.url}/deck/demo/deck#token={house.token}")
            await expect(page.locator("button[data-key=help] canvas[data-tag]")).to_be_visible()
            await checked(page, "the deck")
            await page.goto(f"{house.running.url}/contacts/demo#token={house.token}")
            await expect(page.get_by_role("searchbox")).to_be_visible()
            await checked(page, "the contacts")


async def test_a_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house, panel(browser, house) as seen:
        page, codec = seen.page, house.sims["codec"]

        async def tab_to(name: str) -> None:
            for _ in range(80):
                await page.keyboard.press("Tab")
                now = await page.evaluate("document.activeElement.ariaLabel || document.activeElement.innerText")
                if str(now).strip().startswith(name):
                    seen_ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                    assert seen_ring == "solid", f"{name} does not show that it is focused"
                    return
            raise AssertionError(f"Tab never comes to {name}")

        await tab_to("Microphones")
        await page.keyboard.press("Enter")
        await codec.until(lambda: codec.mics_muted)
        await tab_to("Calls")
        await page.keyboard.press("Enter")
        await tab_to("Number or address")
        await page.keyboard.type("alice@example.com")
        await page.keyboard.press("Enter")
        await codec.until(lambda: codec.calls)
        await tab_to("Key 5")
        await page.keyboard.press("Space")
        await tab_to("Room power: Off")
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.closest('dialog') !== null")  # the question has the focus
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.alone
async def test_the_first_paint_is_under_300_ms(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        took: list[float] = []
        for _ in range(3):
            async with panel(browser, house) as seen:
                took.append(
                    await seen.page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
                        " - performance.getEntriesByType('navigation')[0].requestStart"
                    )
                )
        assert min(took) < 300, took
