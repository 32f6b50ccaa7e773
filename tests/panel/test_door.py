"""The panel's way in: a code that an administrator lets into a room, a typed token, and the way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Rig, rig
from tests.panel.browser import LANDSCAPE, PHONE, expect, watched

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
BEGAN = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def code(page: Page) -> str:
    """The six characters on the screen."""
    shown = page.locator(".code span")
    await expect(shown).to_have_count(2)
    return "".join(await shown.all_inner_texts())


async def adopt(house: Rig, shown: str, room: str = "demo") -> Any:
    """Let the panel in, as an administrator does."""
    answer = await house.client.post(f"/api/v1/surfaces/{shown}/adopt", json={"room": room})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("path", "size"), [("/panel", LANDSCAPE), ("/panel/demo", PHONE)], ids=["no room", "a room"])
async def test_from_a_code_to_a_pressed_key(browser: Browser, tmp_path: Path, path: str, size: tuple[int, int]) -> None:
    async with rig(tmp_path) as house, watched(browser, size) as seen:
        await house.online()
        page = seen.page
        await page.goto(f"{house.running.url}{path}?lang=en")
        shown = await code(page)
        assert len(shown) == 6
        await expect(page.locator("main")).to_contain_text("whoever looks after your rooms")
        await expect(page.locator("main")).to_contain_text(f"roomgate surfaces adopt {shown}")
        made = await adopt(house, shown)
        await expect(page.locator("header h1")).to_have_text("Test room")
        assert page.url == f"{house.running.url}/panel/demo?lang=en"
        await page.get_by_role("button", name="Microphones").click()
        await house.sims["codec"].until(lambda: house.sims["codec"].mics_muted)
        why = (await house.client.get("/api/v1/rooms/demo/why/mic_muted")).json()
        assert f"token:{made['token']}" in why["words"]

        await page.goto(f"{house.running.url}/panel")  # it knows where it hangs
        await expect(page.locator("header h1")).to_have_text("Test room")
        assert not seen.complaints, seen.complaints

        await house.client.delete(f"/api/v1/tokens/{made['token']}")
        await expect(page.locator(".wrong")).to_contain_text("revoked")
        again = await code(page)
        assert again != shown
        await adopt(house, again)
        await expect(page.locator("header h1")).to_have_text("Test room")


async def test_a_code_that_ran_out_makes_way_for_a_new_one(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, watched(browser) as seen:
        page = seen.page
        await page.clock.install(time=BEGAN)
        await page.goto(f"{house.running.url}/panel/demo")
        shown = await code(page)
        await house.client.delete(f"/api/v1/surfaces/{shown}")  # turned away, as if ten minutes had passed
        await page.clock.run_for(timedelta(seconds=5).total_seconds() * 1000)
        await expect(page.locator(".code")).not_to_have_text(shown)
        fresh = await code(page)
        waiting = (await house.client.get("/api/v1/surfaces")).json()["waiting"]
        assert [one["id"] for one in waiting] == [fresh]


async def test_without_its_gateway_an_unpaired_panel_goes_on_trying(browser: Browser, tmp_path: Path) -> None:
    async with watched(browser) as seen:
        page = seen.page
        async with rig(tmp_path) as house:
            await page.goto(f"{house.running.url}/panel/demo")
            shown = await code(page)
            port = int(house.running.url.rpartition(":")[2])
            house.running.tokens.revoke("tester")
        await expect(page.get_by_role("status").filter(has_text="cannot be reached")).to_be_visible()
        async with rig(tmp_path, port=port) as again:
            await expect(page.locator(".code")).not_to_have_text(shown)
            await adopt(again, await code(page))
            await expect(page.locator("header h1")).to_have_text("Test room")


async def test_a_token_may_be_typed_or_given_in_the_address(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, watched(browser) as seen:
        await house.online()
        page = seen.page
        await page.goto(f"{house.running.url}/panel/demo#token=rg_wrong")
        alert = page.locator("main").get_by_role("alert")
        await expect(alert).to_contain_text("not valid")
        await page.get_by_text("Enter a token instead").click()
        await page.get_by_label("Access token").fill("wörng")
        await page.get_by_role("button", name="Open the panel").click()
        await expect(alert).to_contain_text("no token has")
        await page.get_by_label("Access token").fill(house.as_("panel", "demo")["authorization"].split()[1])
        await page.keyboard.press("Enter")
        await expect(page.locator("header h1")).to_have_text("Test room")

        house.running.tokens.revoke("panel-demo")
        house.sims["codec"].touch_volume(11)  # whatever is told next, it is not told to a revoked token
        await expect(page.locator("main").get_by_role("alert")).to_contain_text("revoked")
        await code(page)


async def test_a_token_for_another_room_is_told_so(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, watched(browser) as seen:
        elsewhere = house.as_("panel", "attic")["authorization"].split()[1]
        await seen.page.goto(f"{house.running.url}/panel/demo#token={elsewhere}")
        await expect(seen.page.locator(".wrong")).to_contain_text("room")
        await code(seen.page)
        await seen.page.goto(f"{house.running.url}/panel/nowhere#token={house.token}")
        await expect(seen.page.locator(".wrong")).to_contain_text("no room 'nowhere'")
