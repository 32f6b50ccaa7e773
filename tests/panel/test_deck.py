"""The deck in a real browser, over the real gateway: its pictures are those of hardware, and presses arrive."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.support import Rig, rig
from tests.api.test_meetings import desk, meeting
from tests.panel.browser import LANDSCAPE, PHONE, Watched, watched

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHOWN = "button[data-key={key}] canvas[data-tag='{tag}']"


@contextlib.asynccontextmanager
async def deck(browser: Browser, house: Rig, size: tuple[int, int] = LANDSCAPE) -> AsyncIterator[Watched]:
    await house.online()
    async with watched(browser, size) as seen:
        await seen.page.goto(f"{house.running.url}/deck/demo/deck#token={house.token}")
        await seen.page.wait_for_selector("button[data-key=help] canvas[data-tag]")
        yield seen


async def drawn(seen: Watched, house: Rig, key: str) -> None:
    """Wait until a key shows the face that the gateway has for it now."""
    faces = (await house.client.get("/api/v1/rooms/demo/surfaces/deck")).json()["faces"]
    await seen.page.wait_for_selector(SHOWN.format(key=key, tag=faces[key]["tag"]))


@pytest.mark.parametrize("size", [LANDSCAPE, PHONE], ids=["tablet", "phone"])
async def test_a_finger_a_key_and_the_room_itself(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    async with rig(tmp_path) as house, deck(browser, house, size) as seen:
        page, codec = seen.page, house.sims["codec"]
        mute = page.locator("button[data-key=mic-mute]")
        await mute.click()
        await codec.until(lambda: codec.mics_muted)
        await page.wait_for_selector("button[data-key=mic-mute][aria-pressed=true]")
        assert "Mics muted" in (await mute.get_attribute("aria-label") or "")
        await drawn(seen, house, "mic-mute")
        await mute.press(" ")  # by keyboard
        await codec.until(lambda: not codec.mics_muted)
        codec.touch_volume(77)  # by somebody else
        await page.wait_for_selector("button[data-key=volume][aria-label*='77 %']")
        box = await page.locator("button[data-key=volume]").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
        await codec.until(lambda: 23 <= codec.volume <= 27)
        await page.locator("button[data-key=to-call]").click()
        await page.wait_for_selector("button[data-key=hang-up]")
        await page.wait_for_selector("button[data-key=answer][data-flag=unavailable]")
        codec.incoming_call()
        await page.wait_for_selector("button[data-key=answer][data-flag='']")
        assert not seen.complaints, seen.complaints
        assert all("127.0.0.1" in asked for asked in seen.asked)


async def test_what_is_shown_is_the_picture_that_hardware_gets(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, deck(browser, house) as seen:
        await drawn(seen, house, "power")
        same = await seen.page.evaluate(
            """async ([url, token]) => {
                 const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
                 const picture = await createImageBitmap(await answer.blob());
                 const mine = document.createElement("canvas");
                 mine.width = mine.height = picture.width;
                 mine.getContext("2d").drawImage(picture, 0, 0);
                 const shown = document.querySelector("button[data-key=power] canvas");
                 const pixels = (of) => of.getContext("2d").getImageData(0, 0, of.width, of.height).data.join();
                 return pixels(mine) === pixels(shown);
               }""",
            ["/api/v1/rooms/demo/surfaces/deck/keys/power.png?size=144", house.token],
        )
        assert same


async def test_the_join_key_joins_the_next_meeting(browser: Browser, tmp_path: Path) -> None:
    async with desk(tmp_path, meeting(-5)) as (house, held, calendar), deck(browser, house) as seen:
        await house.until(lambda: house.room.own("joinable").value is True)
        await seen.page.wait_for_selector("button[data-key=join][data-flag='']")
        await seen.page.locator("button[data-key=join]").click()
        await house.until(lambda: [one.state for one in held.joiner.open_calls()] == ["connected"], 20)
        assert "76110735@example.com" in held.joiner.open_calls()[0].address
        await drawn(seen, house, "join")
        calendar.drop("id -5")
        await held.keeper.look()
        await seen.page.wait_for_selector("button[data-key=join][data-flag=unavailable]")
        assert not seen.complaints, seen.complaints


async def test_a_revoked_token_ends_the_deck_and_a_wrong_one_says_so(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        async with watched(browser) as seen:
            await seen.page.goto(f"{house.running.url}/deck/demo/deck#token=wrong")
            await seen.page.wait_for_selector("#words:has-text('the token is not valid')")
        async with watched(browser) as seen:
            await seen.page.goto(f"{house.running.url}/deck/demo/nothing#token={house.token}")
            await seen.page.wait_for_selector("#words:has-text('there is no surface')")
        async with watched(browser) as seen:
            await seen.page.goto(f"{house.running.url}/deck/demo/deck")
            await seen.page.wait_for_selector("#words:has-text('needs a token')")
