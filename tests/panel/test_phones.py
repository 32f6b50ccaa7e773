"""A phone in the room, in a real browser: the panel's code read off a picture of it, the room in the hand, the end."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from tests.api.support import ROOM, rig
from tests.panel.browser import LANDSCAPE, PHONE, expect, watched
from tests.panel.rooms import panel
from tests.panel.test_access import checked

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
PIN = "271828"
WITH_QR = ROOM + "\n[phones]\nqr = true\n"
WITH_BOTH = ROOM + '\n[phones]\nqr = true\npin = { env = "TEST_ROOM_PIN" }\n'


async def opened(page: Page) -> None:
    """The panel's question for a phone, with its code on the screen."""
    await page.get_by_role("button", name="Use your phone").click()
    await expect(page.frame_locator("iframe").locator(".scan svg")).to_be_visible()


async def read(page: Page) -> str:
    """The address that an independent reader finds in a picture of the screen."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(await page.screenshot())))
    return str(found.text)


async def test_from_the_panels_code_to_the_rooms_end(browser: Browser, tmp_path: Path) -> None:
    async with (
        rig(tmp_path, WITH_QR) as house,
        panel(browser, house, LANDSCAPE, token=house.as_("panel", "demo")["authorization"].split()[1]) as wall,
        watched(browser, PHONE) as hand,
    ):
        await opened(wall.page)
        await checked(wall.page, "the code")
        address = await read(wall.page)
        assert address.startswith(f"{house.running.url}/phones/demo#code=")

        phone = hand.page
        await phone.goto(address)
        await expect(phone.locator("header h1")).to_have_text("Test room")
        assert phone.url == f"{house.running.url}/panel/demo", "no code is left in the address"
        assert not await phone.get_by_role("button", name="Use your phone").count(), "a phone lets no other in"
        assert not hand.complaints, hand.complaints
        before = house.sims["codec"].volume
        await phone.get_by_role("button", name="Louder").click()
        await house.sims["codec"].until(lambda: house.sims["codec"].volume > before)
        await expect(wall.page.locator(".level")).to_contain_text(str(house.sims["codec"].volume))

        await wall.page.keyboard.press("Escape")
        await expect(wall.page.locator("dialog")).to_have_count(0)
        await house.do("power", {"on": False})
        await expect(phone.get_by_role("alert")).to_contain_text("The room was turned off")
        await expect(phone.locator("main")).to_contain_text("Scan the code on the room's panel")
        await checked(phone, "out")

        await phone.goto("about:blank")
        await phone.goto(address)
        await expect(phone.get_by_role("alert")).to_contain_text("not valid any more")
        await opened(wall.page)  # and begins again
        fresh = await read(wall.page)
        assert fresh != address
        await phone.evaluate("(address) => location.assign(address)", fresh)  # into the same page, as some scanners do
        await expect(phone.locator("header h1")).to_have_text("Test room")
        await phone.goto(fresh)  # again: it is in, by the token that it has, or is told that the code was used
        await expect(phone.get_by_role("alert")).to_contain_text("used already")


async def test_by_the_rooms_pin_with_a_keyboard_alone(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ROOM_PIN", PIN)
    async with rig(tmp_path, WITH_BOTH) as house, watched(browser, PHONE) as hand:
        await house.online()
        phone = hand.page
        await phone.goto(f"{house.running.url}/panel/demo?lang=de")
        await phone.get_by_role("link", name="Eigenes Telefon benutzen").click()
        field = phone.get_by_label("PIN des Raums")
        await expect(field).to_be_focused()
        assert await field.get_attribute("type") == "password"
        await checked(phone, "the PIN")
        await phone.keyboard.type("314159")
        await phone.keyboard.press("Enter")
        await expect(phone.get_by_role("alert")).to_contain_text("Das ist nicht die PIN")
        await expect(field).to_have_value("")
        await phone.keyboard.type(PIN)
        await phone.keyboard.press("Enter")
        await expect(phone.locator("header h1")).to_have_text("Test room")
        (lent,) = house.running.tokens.lent.values()
        await house.client.delete(f"/api/v1/tokens/{lent.name}")
        await expect(phone.get_by_role("alert")).to_contain_text("Die Verwaltung hat dieses Telefon")
        await expect(phone.get_by_label("PIN des Raums")).to_be_visible()


async def test_a_phone_of_before_the_restart_is_told_so(browser: Browser, tmp_path: Path) -> None:
    async with watched(browser, PHONE) as hand:
        phone = hand.page
        async with rig(tmp_path, WITH_QR) as house:
            shown = await house.client.get("/api/v1/rooms/demo/phones/qr")
            await phone.goto(shown.json()["address"])
            await expect(phone.locator("header h1")).to_have_text("Test room")
            port = int(house.running.url.rpartition(":")[2])
        async with rig(tmp_path, WITH_QR, port=port, tester="again"):
            await expect(phone.get_by_role("alert")).to_contain_text("no longer connected to the room")
