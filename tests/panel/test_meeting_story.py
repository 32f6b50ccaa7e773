"""A whole meeting at the panel and on the deck, in a real browser: from waking the room to turning it off.

The simulators live on while the gateway is restarted. Each step's picture is kept in `artifacts/`, or in the folder
that SCREENSHOTS names.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import simulators
from gateway.house import links_over
from gateway.plugins import load_drivers
from gateway.profile.site import read
from gateway.serve import Running, gateway
from gateway.spec import ServerSpec
from tests.api.support import ROOM, SETTINGS
from tests.api.test_meetings import SIP, meeting
from tests.panel.browser import LANDSCAPE, PHONE, expect, watched
from tests.scripted import ScriptCalendar

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHOLE_BROWSER = True  # what a kiosk runs
ARTIFACTS = Path(os.environ.get("SCREENSHOTS") or Path(__file__).parents[2] / "artifacts")
SLOW = ROOM.replace("seconds_down = 0.5", "seconds_down = 20") + '\n[meetings]\ncalendar = "codec"\n'


class Site:
    """Simulated devices that stay, and gateways over them that come and go."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        (folder / "site").mkdir()
        (folder / "site" / "demo.toml").write_text(SLOW)
        monkeypatch.setenv("TEST_PROJECTOR_PASSWORD", "projector-secret")
        monkeypatch.setenv("TEST_CODEC_PASSWORD", "codec-secret")
        self.drivers = load_drivers()
        self.reading = read(folder / "site", self.drivers)
        assert not self.reading.grave, self.reading.complaints
        self.sims: dict[str, Any] = {}
        self.links: dict[str, str] = {}

    @contextlib.asynccontextmanager
    async def devices(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as ends:
            for device in self.reading.site.all_devices().values():
                sim = simulators.find(device.driver.name)(**SETTINGS.get(device.driver.name, {}))
                self.sims[device.name] = sim
                self.links[device.id] = await ends.enter_async_context(sim.serving(device.address.scheme))
            yield

    @contextlib.asynccontextmanager
    async def gateway(self, port: int = 0) -> AsyncIterator[Running]:
        spec = links_over(self.reading.site, self.links)
        async with gateway(spec, self.drivers, self.folder / "data", ServerSpec(port=port)) as running:
            yield running


@pytest.mark.parametrize("size", [LANDSCAPE, PHONE], ids=["panel", "phone"])
async def test_a_whole_meeting(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    async def keep(page: Page, step: str) -> None:
        picture = await page.screenshot(path=ARTIFACTS / f"{step}-{size[0]}x{size[1]}.png")
        colours = Image.open(io.BytesIO(picture)).convert("RGB").getcolors(1 << 20)
        assert colours is None or len(colours) > 50, f"{step}: nothing is drawn"

    site = Site(tmp_path, monkeypatch)
    async with site.devices(), watched(browser, size) as at_panel, watched(browser) as at_deck:
        page, deck = at_panel.page, at_deck.page
        codec, projector, relays = (site.sims[name] for name in ("codec", "projector", "relays"))
        async with site.gateway() as running:
            port = int(running.url.rpartition(":")[2])
            token = running.tokens.create("wall", "panel", ["demo"])
            await page.goto(f"{running.url}/panel/demo#token={token}")
            await expect(page.locator("header h1")).to_have_text("Test room")
            await expect(page.locator("[data-card='display.main'] .value").first).to_have_text("Off")
            await deck.goto(f"{running.url}/deck/demo/deck#token={token}")
            await deck.wait_for_selector("button[data-key=mic-mute] canvas[data-tag]")
            await page.get_by_role("button", name="Left: Up").click()  # from here on it knows where the screen is
            screen = page.locator("[data-card='screen.left']")
            await expect(screen.locator(".value")).to_have_text("≈ Up")

            await page.get_by_role("button", name="Room power: On").click()
            await projector.until(lambda: projector.power == "on")
            await expect(page.get_by_role("button", name="Room power: On")).to_have_attribute("aria-pressed", "true")
            await expect(screen).to_contain_text("going down")
            await keep(page, "1-awake")

            await page.get_by_role("button", name="Laptop").click()
            await projector.until(lambda: projector.input == "31")
            await expect(page.get_by_role("button", name="Laptop")).to_have_attribute("aria-pressed", "true")

            office = running.house.office
            assert office is not None
            calendar = ScriptCalendar([meeting(-5, SIP, subject="Weekly", organizer="Alice Example")])
            office.desks["demo"].keeper.calendar = calendar
            await office.desks["demo"].keeper.look()
            await page.get_by_role("button", name="Join: Weekly").click()
            await codec.until(lambda: codec.calls and "76110735" in codec.calls[0].number)
            await expect(page.locator(".strip")).to_contain_text("76110735")
            await keep(page, "2-joined")

            await deck.locator("button[data-key=mic-mute]").click()  # at the deck, and seen on the panel
            await codec.until(lambda: codec.mics_muted)
            await expect(page.get_by_role("button", name="Microphones")).to_have_attribute("aria-pressed", "true")

            await expect(screen.locator(".value"), 30).to_have_text(re.compile(r"≈ [3-8]\d % down"))
            await screen.get_by_role("button", name="Left: Stop").click()
            await expect(screen).not_to_contain_text("going down")
            await expect(screen.locator(".value")).to_have_text(re.compile(r"≈ [3-9]\d % down"))
            assert not relays.contacts["1:1"] and not relays.contacts["1:2"]
            await keep(page, "3-stopped")

            projector.faults.unreachable = True
            banner = page.locator(".banner[data-about=projector]")
            await expect(banner).to_contain_text(re.compile("Projector (has lost|cannot be|does not)"))
            await expect(page.locator("[data-card='display.main'] .value").first).to_have_attribute(
                "data-status", "stale"
            )
            await keep(page, "4-unplugged")
            projector.faults.clear()
            running.house.devices["demo/projector"].restart()
            await expect(banner).to_have_count(0)
            assert not at_panel.complaints, at_panel.complaints
            assert not at_deck.complaints, at_deck.complaints

        await expect(page.locator(".banner[data-about=gateway]")).to_contain_text("No connection to the room gateway")
        await keep(page, "5-no-gateway")
        async with site.gateway(port):
            await expect(page.locator(".banner")).to_have_count(0)
            # The call went on meanwhile: nothing was hung up, nothing is muted or unmuted by coming back.
            await expect(page.locator(".strip")).to_contain_text("76110735")
            assert codec.mics_muted and codec.calls
            await expect(page.get_by_role("button", name="Microphones")).to_have_attribute("aria-pressed", "true")

            await page.get_by_role("button", name="Room power: Off").click()
            question = page.get_by_role("dialog")
            await expect(question).to_contain_text("The call in progress may end")
            await keep(page, "6-off")
            await question.get_by_role("button", name="Turn off").click()
            await projector.until(lambda: projector.power in ("cooling", "off"))
            await expect(page.get_by_role("button", name="Room power: Off")).to_have_attribute("aria-pressed", "true")
            await keep(page, "7-over")
