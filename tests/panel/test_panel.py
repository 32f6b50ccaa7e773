"""The panel in a real browser, over the real gateway and simulators: what is pressed arrives, what is shown is true."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.model import Kind
from gateway.part import Part
from tests.api.support import rig
from tests.panel.browser import expect, watched
from tests.panel.rooms import panel, view

if TYPE_CHECKING:
    from playwright.async_api import Browser


BEGAN = datetime(2030, 1, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_it_shows_the_room_and_asks_nobody_else(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        page = seen.page
        level = house.sims["codec"].volume
        await expect(page.locator(".level .value")).to_have_text(f"{level} %")
        await expect(page.locator(".level .value")).to_have_attribute("data-status", "confirmed")
        await expect(page.locator("[data-card='display.main'] .value").first).to_have_text("Off")
        await expect(page.get_by_role("button", name="Codec", exact=True)).to_be_visible()  # a source of the profile
        assert "token" not in page.url, "the token stays in the address bar"
        await page.reload()  # it was kept
        await expect(page.locator("header h1")).to_have_text("Test room")
        host = house.running.url.partition("//")[2]
        assert {address.split("/")[2] for address in seen.asked} == {host}
        assert all(address.split(":")[0] in ("http", "ws") for address in seen.asked)


async def test_a_press_reaches_the_device_and_its_feedback_the_page(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        codec, page = house.sims["codec"], seen.page
        before = codec.volume
        await page.get_by_role("button", name="Louder").click()
        await codec.until(lambda: codec.volume == before + 2)
        await expect(page.locator(".level .value")).to_have_text(f"{before + 2} %")

        slider = page.get_by_role("slider", name="Volume")
        assert await slider.get_attribute("max") == "80"  # the room's limit
        await slider.focus()
        await page.keyboard.press("End")
        await codec.until(lambda: codec.volume == 80)
        await expect(page.locator(".level .value")).to_have_text("80 %")

        microphones = page.get_by_role("button", name="Microphones")
        await expect(microphones).to_have_attribute("aria-pressed", "false")
        await microphones.click()
        await codec.until(lambda: codec.mics_muted)
        await expect(microphones).to_have_attribute("aria-pressed", "true")
        await expect(microphones).not_to_have_attribute("aria-busy", "true")


async def test_a_finger_on_the_slider_moves_the_volume_and_lets_go(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        codec, page = house.sims["codec"], seen.page
        box = await page.get_by_role("slider", name="Volume").bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        await page.mouse.move(box["x"] + box["width"] * 0.6, middle)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=6)
        await page.mouse.up()
        await codec.until(lambda: 18 <= codec.volume <= 22)  # a quarter of 80
        await expect(page.locator(".level .value")).to_have_text(f"{codec.volume} %")
        await expect(page.locator(".level .aim")).to_have_text("")


@pytest.mark.parametrize("end", ["lift", "slip off", "cancel", "lose the window"])
async def test_a_held_button_repeats_and_is_never_stuck(browser: Browser, tmp_path: Path, end: str) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        codec, page = house.sims["codec"], seen.page
        before = codec.volume
        await page.clock.install(time=BEGAN)
        await page.clock.pause_at(BEGAN + timedelta(seconds=5))  # from here on the page's time is moved by hand
        louder = page.get_by_role("button", name="Louder")
        await louder.hover()
        await page.mouse.down()
        await codec.until(lambda: codec.volume == before + 2)
        await expect(louder).not_to_have_attribute("aria-busy", "true")
        await page.clock.run_for(500)
        await codec.until(lambda: codec.volume == before + 4)
        await expect(louder).not_to_have_attribute("aria-busy", "true")
        match end:
            case "lift":
                await page.mouse.up()
            case "slip off":
                await page.mouse.move(640, 300)
            case "cancel":
                await louder.dispatch_event("pointercancel")
            case _:
                await page.evaluate("window.dispatchEvent(new Event('blur'))")
        await page.clock.run_for(5000)
        await page.mouse.up()
        await page.get_by_role("button", name="Microphones").click()  # in its turn: nothing was sent before it
        await codec.until(lambda: codec.mics_muted)
        assert codec.volume == before + 4


async def test_what_somebody_does_at_the_device_is_shown(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        page = seen.page
        house.sims["codec"].touch_volume(63)
        await expect(page.locator(".level .value")).to_have_text("63 %")
        house.sims["codec"].touch_mic_mute()
        await expect(page.get_by_role("button", name="Microphones")).to_have_attribute("aria-pressed", "true")
        house.sims["projector"].press_power()
        await expect(page.locator("[data-card='display.main'] .value").first).to_have_text("On")


async def test_nothing_is_shown_that_was_only_hoped_for(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        codec, page = house.sims["codec"], seen.page
        before = codec.volume
        codec.faults.silent = True
        microphones, slider = page.get_by_role("button", name="Microphones"), page.get_by_role("slider", name="Volume")
        await microphones.click()
        await expect(microphones).to_have_attribute("aria-busy", "true")  # pending, and not pressed in
        await expect(microphones).to_have_attribute("aria-pressed", "false")
        await slider.focus()
        await page.keyboard.press("Home")
        await expect(page.locator(".level .aim")).to_have_text("→ 0 %")
        await expect(page.locator(".level .value")).to_have_text(f"{before} %")
        await expect(page.locator(".toast").first).to_be_visible(timeout=30_000)  # it ended without proof, and says so
        await expect(microphones).not_to_have_attribute("aria-busy", "true", timeout=30_000)
        await expect(microphones).to_have_attribute("aria-pressed", "false")
        await expect(page.locator(".level .aim")).to_have_text("", timeout=30_000)
        assert await slider.input_value() == str(before)


async def test_a_refusal_is_shown_in_the_devices_words(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        page = seen.page
        inputs = page.get_by_role("combobox", name="Main: Input")
        await inputs.select_option("32")  # a projector that is off takes no input
        answer = await house.do("displays/main/input", {"input": "32"})
        assert answer.status_code == 502, answer.text
        await expect(page.locator(".toast")).to_contain_text(answer.json()["detail"])
        assert await inputs.input_value() != "32"

        token = house.as_("viewer", "demo")["authorization"].split()[1]
        async with panel(browser, house, token=token) as other:
            await other.page.get_by_role("button", name="Microphones").click()
            await expect(other.page.locator(".toast")).to_contain_text("may not")


async def test_a_device_that_goes_away_is_told_in_words_and_its_values_are_stale(
    browser: Browser, tmp_path: Path
) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        page = seen.page
        card = page.locator("[data-card='display.main']")
        house.sims["projector"].faults.unreachable = True
        banner = page.locator(".banner[data-about=projector]")
        await expect(banner).to_contain_text("Projector")
        await expect(banner).to_contain_text("RoomGate keeps trying")
        await expect(card.locator(".value").first).to_have_attribute("data-status", "stale")
        await expect(card.locator(".away").first).to_contain_text("Offline since")
        button = card.get_by_role("button", name=re.compile("On$"))
        await expect(button).to_have_attribute("aria-disabled", "true")
        await button.click(force=True)
        await expect(page.locator(".toast")).to_contain_text("Projector")
        await expect(page.get_by_role("button", name="Louder")).not_to_have_attribute("aria-disabled", "true")

        # Stop is never held back, and says what became of it.
        house.sims["relays"].faults.unreachable = True
        await expect(page.locator(".banner[data-about=relays]")).to_contain_text("Left")
        screen = page.locator("[data-card='screen.left']")
        await expect(screen.get_by_role("button", name="Left: Up")).to_have_attribute("aria-disabled", "true")
        stop = screen.get_by_role("button", name="Left: Stop")
        await expect(stop).not_to_have_attribute("aria-disabled", "true")
        await stop.click()
        await expect(page.locator(".toast").last).to_contain_text("Left: away")

        for name in ("projector", "relays"):
            house.sims[name].faults.clear()
            house.running.house.devices[f"demo/{name}"].restart()
        await expect(page.locator(".banner")).to_have_count(0)
        await expect(button).not_to_have_attribute("aria-disabled", "true")


async def test_without_its_gateway_it_says_so_and_comes_back_by_itself(browser: Browser, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as ends:
        async with rig(tmp_path) as house:
            await house.online()
            token = house.as_("panel", "demo")["authorization"].split()[1]
            seen = await ends.enter_async_context(watched(browser))
            page = seen.page
            await page.goto(f"{house.running.url}/panel/demo#token={token}")
            await expect(page.locator(".level .value")).to_have_attribute("data-status", "confirmed")
            port = int(house.running.url.rpartition(":")[2])
            house.running.tokens.revoke("tester")  # the next rig makes its own
            assert not seen.complaints, seen.complaints
        await expect(page.locator(".banner[data-about=gateway]")).to_contain_text("No connection to the room gateway")
        await expect(page.locator(".level .value")).to_have_attribute("data-status", "stale")
        await page.get_by_role("button", name="Microphones").click(force=True)
        await expect(page.locator(".toast").last).to_contain_text("Nothing was sent")
        await page.get_by_role("button", name="Left: Stop").click()
        await expect(page.locator(".toast").last).to_contain_text("Nothing was sent")

        async with rig(tmp_path, port=port) as again:
            await again.online()
            await expect(page.locator(".banner")).to_have_count(0)
            await expect(page.locator(".level .value")).to_have_attribute("data-status", "confirmed")
            assert not again.sims["codec"].mics_muted  # what was pressed meanwhile was not kept for later
            await page.get_by_role("button", name="Microphones").click()
            await again.sims["codec"].until(lambda: again.sims["codec"].mics_muted)


async def test_a_call_rings_is_answered_gets_tones_and_ends(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        codec, page = house.sims["codec"], seen.page
        codec.incoming_call("bob@example.com", "Bob")
        ringing = page.get_by_role("region", name="Incoming call")
        await expect(ringing).to_contain_text("Bob")
        await expect(page.get_by_role("alert")).to_contain_text("Incoming call: Bob")
        await ringing.get_by_role("button", name="Answer").click()
        line = page.locator(".call")
        await expect(line).to_contain_text("Connected")
        await expect(ringing.get_by_role("button")).to_have_count(0)
        await expect(page.locator(".strip")).to_contain_text("Bob")  # on every page
        await page.get_by_role("button", name="Calls: Bob").click()
        await expect(line.locator(".timer")).to_have_text(re.compile(r"00:0[1-9]"))

        await page.get_by_role("button", name="Tone 5").click()
        await codec.until(lambda: codec.calls[0].dtmf == "5")
        await line.get_by_role("button", name="End: Bob").click()
        await expect(line).to_have_count(0)
        assert not codec.calls

        codec.incoming_call("eve@example.com", "Eve")
        await ringing.get_by_role("button", name="Reject").click()
        await codec.until(lambda: not codec.calls)

        for key in "42":
            await page.get_by_role("button", name=f"Key {key}").click()
        await page.get_by_role("button", name="Call", exact=True).click()
        await codec.until(lambda: codec.calls and "42" in codec.calls[0].number)
        await expect(line).to_contain_text("42")


async def test_turning_the_room_off_is_asked_twice(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        projector, page = house.sims["projector"], seen.page
        await page.get_by_role("button", name="Room power: On").click()
        await projector.until(lambda: projector.power == "on")
        off = page.get_by_role("button", name="Room power: Off")
        await expect(page.get_by_role("button", name="Room power: On")).to_have_attribute("aria-pressed", "true")
        await off.click()
        question = page.get_by_role("dialog")
        await expect(question).to_contain_text("Turn Test room off?")
        await question.get_by_role("button", name="Cancel").click()
        await expect(question).to_have_count(0)
        assert projector.power == "on"
        await off.click()
        await question.get_by_role("button", name="Turn off").click()
        await projector.until(lambda: projector.power in ("cooling", "off"))
        await expect(off).to_have_attribute("aria-pressed", "true")


async def test_a_kind_that_the_panel_does_not_know_is_shown_by_its_points(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        newer = Kind("lectern", "A kind of part that a later gateway has.", (), ("volume", "muted"))
        played = house.room.parts["volume"]
        spec = replace(played.spec, kind=newer, label="Lectern")
        house.room.parts["lectern"] = Part(spec, played.player, played.unit)
        async with panel(browser, house) as seen:
            await view(seen.page, "more")
            card = seen.page.locator("[data-card=lectern]")
            await expect(card).to_contain_text("Lectern")
            await expect(card.locator("dd").first).to_have_text(str(house.sims["codec"].volume))
            await expect(card.get_by_role("button")).to_have_count(0)


async def test_a_command_that_is_not_understood_says_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house) as seen:
        page = seen.page
        await view(page, "calls")
        await page.get_by_label("Number or address").evaluate(
            "(field) => { field.maxLength = 999; field.value = 'x'.repeat(300); }"
        )
        await page.get_by_role("button", name="Call", exact=True).click()
        await expect(page.locator(".toast")).to_contain_text("1 to 256 characters")
        await expect(page.get_by_role("button", name="Call", exact=True)).not_to_have_attribute("aria-busy", "true")


async def test_the_documentation_lists_the_routes_and_tries_them(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, watched(browser) as seen:
        await house.online()
        page = seen.page
        await page.goto(f"{house.running.url}/docs#token={house.token}")
        described = (await house.client.get("/openapi.json")).json()
        routes = sum(len(set(item) - {"parameters"}) for item in described["paths"].values())
        await expect(page.locator("details")).to_have_count(routes)
        route = page.locator("details[data-path='/api/v1/rooms/{room}/volume'][data-method=post]")
        await route.locator("summary").click()
        await expect(route).to_contain_text("level")
        await route.get_by_label("Request body").fill('{"level": 33}')
        await route.get_by_role("button", name="Try it").click()
        await expect(route.locator(".status")).to_have_text("200 OK")
        await expect(route.locator("pre").last).to_contain_text('"result": "confirmed"')
        assert house.sims["codec"].volume == 33
        assert not seen.complaints, seen.complaints
        assert all(address.startswith(house.running.url) for address in seen.asked)
