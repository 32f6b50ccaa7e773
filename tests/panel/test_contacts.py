"""The contacts page in a real browser, over the real gateway: found as one types, starred, called by one press."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.directory import Address, Contact
from gateway.directory.book import Book
from tests.api.support import rig
from tests.panel.browser import LANDSCAPE, PHONE, SMALLEST, expect
from tests.panel.rooms import panel, view
from tests.test_directory import person

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


def filled(folder: Path) -> None:
    book = Book(folder / "contacts.sqlite")
    sam = Contact("Sam Østby", (Address("sam@example.com", "sip"), Address("+15550100", "phone", "mobile")), "Contoso")
    book.replace("", "people", [sam, person("Jo Example", "jo@example.com", favourite=True)])
    book.close()


async def test_find_star_and_call(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        filled(house.running.folder.path)
        page, codec = seen.page, house.sims["codec"]
        await view(page, "calls")
        await page.get_by_role("link", name="Contacts").click()
        favourites = page.get_by_role("region", name="Favourites")
        await expect(favourites).to_contain_text("Jo Example")
        await page.get_by_role("searchbox").fill("ostby")
        found = page.get_by_role("region", name="Found")
        await expect(found).to_contain_text("sam@example.com · Contoso")
        await expect(found.locator(".call")).to_have_count(2)  # each address can be called
        star = found.get_by_role("button", name="Favourite: Sam Østby").first
        await expect(star).to_have_attribute("aria-pressed", "false")
        await star.click()
        await expect(star).to_have_attribute("aria-pressed", "true")
        await page.get_by_role("searchbox").fill("")
        await expect(favourites).to_contain_text("Sam Østby")
        await favourites.get_by_role("button", name="Call Sam Østby: sam@example.com").click()
        await codec.until(lambda: codec.calls)
        assert "sam@example.com" in codec.calls[0].number
        await expect(page.locator("header h1")).to_have_text("Test room")
        await expect(page.locator(".call")).to_contain_text("sam@example.com")  # back on the panel

        await house.do("calls/hangup")
        await codec.until(lambda: not codec.calls)
        await view(page, "calls")
        await page.get_by_role("link", name="Contacts").click()
        recent = page.get_by_role("region", name="Recent calls")
        await expect(recent).to_contain_text("sam@example.com")
        await page.get_by_role("searchbox").fill("nobody at all")
        await expect(page.get_by_role("region", name="Found")).to_contain_text("Nobody is found.")


async def test_a_call_that_cannot_be_is_said(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        filled(house.running.folder.path)
        page = seen.page
        await view(page, "calls")
        await page.get_by_role("link", name="Contacts").click()
        await expect(page.get_by_role("region", name="Favourites")).to_contain_text("Jo Example")
        house.sims["codec"].faults.unreachable = True
        await house.until(lambda: not house.room.parts["calls"].player.online)
        await page.get_by_role("button", name="Call Jo Example: jo@example.com").click()
        await expect(page.locator(".toast")).not_to_be_empty()
        assert "/contacts/demo" in page.url
        seen.complaints.clear()  # the browser writes down each answer that is an error


async def test_it_fits(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        filled(house.running.folder.path)
        for size in (LANDSCAPE, PHONE, SMALLEST):
            async with panel(browser, house, size) as seen:
                page = seen.page
                await view(page, "calls")
                await page.get_by_role("link", name="Contacts").click()
                await expect(page.get_by_role("region", name="Favourites")).to_contain_text("Jo Example")
                assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
                small = await page.evaluate(
                    "[...document.querySelectorAll('button, input, a')].filter((one) => one.offsetParent"
                    " && (one.offsetHeight < 48 || one.offsetWidth < 48)).map((one) => one.outerHTML)"
                )
                assert not small, small
