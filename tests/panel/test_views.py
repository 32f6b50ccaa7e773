"""What a person uses all day, page by page: calls and people, share and layout, cameras, lights, scenes, help."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.directory import Address, Contact
from gateway.directory.book import Book
from tests.api.support import rig
from tests.panel.browser import LANDSCAPE, PHONE, SMALLEST, expect
from tests.panel.rooms import FULL, VIEWS, panel, view

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_two_calls_held_resumed_handed_over(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house, panel(browser, house) as seen:
        codec, page = house.sims["codec"], seen.page
        await view(page, "calls")
        await page.get_by_label("Number or address").fill("alice@example.com")
        await page.get_by_label("Number or address").press("Enter")
        first = page.locator(".call").first
        await expect(first).to_contain_text("Connected")
        await first.get_by_role("button", name="Hold").click()
        await expect(first).to_contain_text("On hold")
        await first.get_by_role("button", name="Resume").click()
        await expect(first).to_contain_text("Connected")

        await page.get_by_label("Number or address").fill("bob@example.com")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.locator(".call")).to_have_count(2)
        await expect(page.get_by_role("button", name="End all calls")).to_be_visible()
        await page.locator(".call").last.get_by_role("button", name="Transfer").click()
        question = page.get_by_role("dialog")
        await question.get_by_label("Number or address").fill("carol@example.com")
        await question.get_by_role("button", name="Transfer", exact=True).click()
        await expect(question).to_have_count(0)
        await expect(page.locator(".call")).to_have_count(1)
        await page.locator(".call").get_by_role("button", name="End").click()
        await codec.until(lambda: not codec.calls)

        recent = page.locator(".people section", has_text="Recent calls")
        await recent.get_by_role("button", name="alice@example.com").click()  # whom we called, to call again
        await codec.until(lambda: codec.calls and "alice" in codec.calls[0].number)


async def test_the_directory_is_searched_and_dialled(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house:
        with contextlib.closing(Book(house.running.folder.path / "contacts.sqlite")) as book:
            zoe = Contact("Zoë Example", (Address("zoe@example.com", "sip"),), favourite=True)
            book.replace("", "test", [zoe, Contact("Bob Example", (Address("bob@example.com", "sip"),))])
        async with panel(browser, house) as seen:
            page, codec = seen.page, house.sims["codec"]
            await view(page, "calls")
            people = page.locator(".people")
            await expect(people).to_contain_text("Zoë Example")
            await page.get_by_label("Search by name").fill("bob")
            await expect(people).to_contain_text("Bob Example")
            await expect(people).not_to_contain_text("Zoë")
            await people.get_by_role("button", name="Call: Bob Example").click()
            await codec.until(lambda: codec.calls and "bob@example.com" in codec.calls[0].number)
            await page.get_by_label("Search by name").fill("nobody at all")
            await expect(people).to_contain_text("Nobody by that name")


async def test_share_layout_self_view_and_taking_calls(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house, panel(browser, house) as seen:
        page = seen.page
        await view(page, "calls")
        card = page.locator("[data-card=share]")
        await card.get_by_role("button", name="Share: PC").click()
        await expect(card.get_by_role("button", name="Share: PC")).to_have_attribute("aria-pressed", "true")
        assert house.room.parts["share"].reading("sharing").value in ("sending", "preview")
        await card.get_by_role("button", name="Stop sharing").click()
        await expect(card).to_contain_text("Nothing is shared")

        await page.get_by_role("combobox", name="Layout").select_option("Stack")
        await house.until(lambda: house.room.parts["picture"].reading("layout").value == "Stack")
        await expect(page.get_by_role("combobox", name="Layout")).to_have_value("Stack")
        for name, point in (("Self-view", ("picture", "self_view")), ("Do not disturb", ("calls", "do_not_disturb"))):
            button = page.get_by_role("button", name=name)
            await button.click()
            await expect(button).to_have_attribute("aria-pressed", "true")
            assert house.room.parts[point[0]].reading(point[1]).value is True


@pytest.mark.parametrize("end", ["lift", "cancel", "hide", "key", "line"])
async def test_a_camera_moves_while_a_button_is_held_and_always_stops(
    browser: Browser, tmp_path: Path, end: str
) -> None:
    async with rig(tmp_path, FULL) as house, panel(browser, house) as seen:
        page, sim = seen.page, house.sims["camera"]
        camera = sim.cameras["1"]
        await view(page, "cameras")
        left = page.locator("[data-card='ptz.front']").get_by_role("button", name="Left")
        if end == "key":
            await left.focus()
            await page.keyboard.down(" ")
        else:
            await left.hover()
            await page.mouse.down()
        await sim.until(lambda: camera.pan == -1)
        await expect(left).to_have_class("control way left held")
        match end:
            case "lift":
                await page.mouse.up()
            case "cancel":
                await left.dispatch_event("pointercancel")
            case "hide":
                await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            case "key":
                await page.keyboard.up(" ")
            case _:
                await page.close()  # nobody is left to say stop: the gateway does
        await sim.until(lambda: camera.pan == 0)
        if end != "line":
            await expect(left).to_have_class("control way left")


async def test_presets_lights_scenes_and_help(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house, panel(browser, house) as seen:
        page = seen.page
        await view(page, "cameras")
        front = page.locator("[data-card='ptz.front']")
        await front.get_by_role("button", name="Store").click()
        await expect(front).to_contain_text("to be kept under")
        await front.get_by_role("button", name="Preset 5").click()
        camera = house.sims["camera"]
        await camera.until(lambda: 5 in camera.cameras["1"].stored)

        await view(page, "lights")
        await page.get_by_role("button", name="Ceiling: On").click()
        lights = house.sims["lights"]
        await lights.until(lambda: lights.lights["12"] == 100)
        await expect(page.locator("[data-card='light.ceiling'] .value")).to_have_text("100 %")

        await view(page, "home")
        await page.get_by_role("button", name="Film").click()
        codec = house.sims["codec"]
        await codec.until(lambda: codec.mics_muted and codec.volume == 45)

        await page.get_by_role("button", name="Call for help").click()
        await page.get_by_role("dialog").get_by_role("button", name="No sound").click()
        await expect(page.locator(".toast", has_text="Help was called")).to_be_visible()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        told = (await house.client.get("/api/v1/rooms/demo/history?kinds=event")).json()["entries"]
        assert any(entry.get("text") == "No sound" for entry in told)


async def test_a_source_is_dragged_onto_one_display(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house, panel(browser, house) as seen:
        page = seen.page
        await house.do("power", {"on": True}, params={"wait": 20})
        tile = await page.get_by_role("button", name="Laptop").bounding_box()
        card = await page.locator("[data-card='display.side']").bounding_box()
        assert tile is not None and card is not None
        await page.mouse.move(tile["x"] + 20, tile["y"] + 20)
        await page.mouse.down()
        await page.mouse.move(card["x"] + 40, card["y"] + 15, steps=5)
        await expect(page.locator(".over")).to_have_attribute("data-card", "display.side")
        await page.mouse.up()
        side, main = house.sims["side"], house.sims["projector"]
        await side.until(lambda: side.input == "31")
        await expect(page.locator(".ghost")).to_have_count(0)
        assert main.input == "32"  # the other shows what it showed
        await page.get_by_role("button", name="Laptop").click()  # a tap is still a tap
        await main.until(lambda: main.input == "31")


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_it_fits_on_every_page(browser: Browser, tmp_path: Path, scheme: str) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        for size in (LANDSCAPE, PHONE, SMALLEST):
            async with panel(browser, house, size, scheme) as seen:
                for name in VIEWS:
                    if not await seen.page.locator(f".tab[data-view={name}]").count():
                        continue
                    await view(seen.page, name)
                    wide, high = await seen.page.evaluate(
                        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
                    )
                    assert wide <= size[0], f"{name} at {size}: it is {wide} wide"
                    if size == LANDSCAPE:
                        assert high <= size[1], f"{name} at {size}: it is {high} high"
                    small = await seen.page.evaluate(
                        "[...document.querySelectorAll('button, select, input')].filter((one) => one.offsetParent"
                        " && (one.offsetHeight < 48 || one.offsetWidth < 48)).map((one) => one.outerHTML)"
                    )
                    assert not small, small
