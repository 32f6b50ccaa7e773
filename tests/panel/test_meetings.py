"""Meetings on the panel in a real browser: one press joins, the reason where it cannot, what is said in an outage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.calendars.calendar import AuthLost
from tests.api.test_meetings import CODED, SIP, desk, meeting
from tests.panel.browser import LANDSCAPE, PHONE, expect
from tests.panel.rooms import panel

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("size", [LANDSCAPE, PHONE], ids=["landscape", "phone"])
async def test_the_day_and_one_press(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    day = (
        meeting(-5, f"{SIP}\n{CODED}", subject="Weekly", organizer="Alice Example"),
        meeting(60, subject="Then"),
        meeting(90, "bring cake", subject="Cake", status="tentative"),
        meeting(120, private=True, subject="Salaries"),
    )
    async with desk(tmp_path, *day) as (house, held, calendar), panel(browser, house, size) as seen:
        card = seen.page.locator("[data-card=meetings]")
        await expect(card.locator(".now strong")).to_have_text("Weekly")
        await expect(card.locator(".now")).to_contain_text("Now · Alice Example")
        assert "Salaries" not in await seen.page.content()
        await expect(card.locator(".agenda")).to_contain_text("Private meeting")
        await expect(card.locator(".agenda [data-why='no link']")).to_contain_text("no way to join")
        wide = await seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the page is {wide} pixels too wide"
        await card.get_by_role("button", name="Join: Weekly").click()
        await house.until(lambda: any(call.state == "connected" for call in held.joiner.open_calls()))
        calendar.trouble = AuthLost("signed out")
        await held.keeper.look()
        await expect(card.locator("[role=status]")).to_contain_text("does not let RoomGate in any more. Tell IT. As of")


async def test_no_button_and_why_then_booked_extended_and_ended(browser: Browser, tmp_path: Path) -> None:
    async with desk(tmp_path) as (house, held, calendar), panel(browser, house) as seen:
        card = seen.page.locator("[data-card=meetings]")
        await expect(card.locator(".now")).to_have_text("No more meetings today")
        await card.get_by_role("button", name="Book the room for 30 minutes").click()
        await expect(card.locator(".now [data-why='no link']")).to_contain_text("booked here")
        end = calendar.meetings[0].end
        await card.get_by_role("button", name="15 min longer").click()
        await house.until(lambda: calendar.meetings[0].end > end)
        await card.get_by_role("button", name="End meeting").click()
        await seen.page.locator("dialog").get_by_role("button", name="End meeting").click()
        await expect(card.get_by_role("button", name="Book the room for 15 minutes")).to_be_visible()
        assert held.showing.on == ""
