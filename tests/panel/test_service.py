"""An administrator at a panel, in a real browser: what the PIN hides, what it opens, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.support import ROOM, rig
from tests.panel.browser import LANDSCAPE, PHONE, expect, watched
from tests.panel.rooms import panel, view
from tests.panel.test_access import checked

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
PIN = "271828"
WITH_PIN = ROOM + '\n[admin]\npin = { env = "TEST_ADMIN_PIN" }\n[phones]\nqr = true\n'
EQUIPMENT = ".tab[data-view=more]"


async def to_service(page: Page, link: str = "For administrators") -> None:
    await page.get_by_role("button", name="Details").click()
    await page.get_by_role("link", name=link).click()


async def unlocked(page: Page) -> None:
    await to_service(page)
    await page.get_by_label("Administrator's PIN").fill(PIN)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This panel is unlocked")).to_be_visible()


async def test_the_pin_opens_the_equipment_page_and_restarts_a_device(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    async with rig(tmp_path, WITH_PIN) as house:
        wall = house.as_("panel", "demo")["authorization"].split()[1]
        async with panel(browser, house, LANDSCAPE, token=wall) as seen:
            page = seen.page
            await expect(page.locator(".tab[data-view=calls]")).to_be_visible()
            assert not await page.locator(EQUIPMENT).count()
            await to_service(page)
            field = page.get_by_label("Administrator's PIN")
            await expect(field).to_be_focused()  # a keyboard alone will do
            assert await field.get_attribute("type") == "password"
            assert not await page.get_by_role("button", name="Forget").count()
            await checked(page, "locked")
            await page.keyboard.type(PIN)
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("This panel is unlocked")).to_be_visible()
            await expect(page.locator("li", has_text="relays")).to_contain_text("Online")
            await checked(page, "unlocked")
            before = house.running.house.devices["demo/relays"].since
            await page.get_by_role("button", name="Restart relays").click()
            await expect(page.get_by_role("status")).to_have_text("relays is being connected again.")
            await house.until(lambda: house.running.house.devices["demo/relays"].since > before)

            await page.get_by_role("link", name="Back to the room").click()
            await view(page, "more")
            await page.get_by_role("main", name="Equipment").get_by_role("button").first.click()
            await to_service(page)
            await page.get_by_role("button", name="Lock again").click()
            await expect(page.locator(".tab[data-view=calls]")).to_be_visible()
            assert not await page.locator(EQUIPMENT).count()
            assert PIN not in str(await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])"))


async def test_when_its_time_is_over_the_panel_is_locked_where_it_stands(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    async with rig(tmp_path, WITH_PIN) as house:
        wall = house.as_("panel", "demo")["authorization"].split()[1]
        async with panel(browser, house, LANDSCAPE, token=wall) as seen:
            page = seen.page
            await unlocked(page)
            await page.get_by_role("link", name="Back to the room").click()
            await view(page, "more")
            await page.evaluate("sessionStorage.setItem('roomgate.open.demo', String(Date.now()))")  # five minutes on
            await expect(page.locator(EQUIPMENT)).to_have_count(0)
            await expect(page.locator("main[data-page=home]")).to_be_visible()


async def test_a_wrong_pin_in_german_and_the_way_out_of_the_room(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    async with rig(tmp_path, WITH_PIN) as house, watched(browser, PHONE) as seen:
        await house.online()
        page = seen.page
        wall = house.as_("panel", "demo")["authorization"].split()[1]
        await page.goto(f"{house.running.url}/panel/demo?lang=de#token={wall}")
        await page.get_by_role("button", name="Einzelheiten").click()
        await page.get_by_role("link", name="Für die Verwaltung").click()
        field = page.get_by_label("PIN der Verwaltung")
        await field.fill("314159")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("Das ist nicht die PIN der Verwaltung.")
        await expect(field).to_have_value("")
        await checked(page, "a wrong PIN")
        await field.fill(PIN)
        await page.keyboard.press("Enter")
        await checked(page, "unlocked, on a phone")
        await page.get_by_role("button", name="Token dieses Bedienfelds vergessen").click()
        await expect(page.locator(".code span")).to_have_count(2)
        assert not await page.evaluate("localStorage.getItem('roomgate.token.demo')")


async def test_a_gateway_that_began_anew_asks_again_and_a_phone_is_only_let_go(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    async with rig(tmp_path, WITH_PIN) as house, watched(browser, PHONE) as hand:
        wall = house.as_("panel", "demo")["authorization"].split()[1]
        async with panel(browser, house, LANDSCAPE, token=wall) as seen:
            page = seen.page
            await unlocked(page)
            await house.client.delete("/api/v1/rooms/demo/unlock", headers=house.as_("panel", "demo"))
            await page.get_by_role("button", name="Restart codec").click()
            await expect(page.get_by_role("alert")).to_have_text("The panel is locked again.")
            seen.complaints.clear()  # the browser's own line for a 403

        shown = await house.client.get("/api/v1/rooms/demo/phones/qr")
        await hand.page.goto(shown.json()["address"])
        await to_service(hand.page)
        await expect(hand.page.get_by_text("A phone is not unlocked")).to_be_visible()
        assert not await hand.page.locator("input").count()
        await hand.page.get_by_role("button", name="Forget").click()
        await expect(hand.page.locator(".code span")).to_have_count(2)


async def test_without_a_pin_nothing_is_asked(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house, LANDSCAPE) as seen:
        await expect(seen.page.locator(EQUIPMENT)).to_be_visible()
        await to_service(seen.page)
        await expect(seen.page.get_by_role("button", name="Forget")).to_be_visible()
        await checked(seen.page, "no PIN")
