"""The panel's words: every language has every word, and the browser's or the address's language is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import rig
from tests.panel.browser import PHONE, expect, watched
from tests.panel.rooms import FULL, VIEWS, panel, view

if TYPE_CHECKING:
    from playwright.async_api import Browser

PANEL = Path(__file__).parent.parent.parent / "gateway" / "panel"
LANGUAGES = ("en", "es", "fr", "de", "ja")
browsed = pytest.mark.asyncio(loop_scope="module")


SETS = ("words", "deck", "contacts", "phones", "service")  # the panel's, the deck's, and of the pages so named


def words(language: str, kind: str = "words") -> dict[str, str]:
    """Every word of a language by its whole name, `view.home`."""

    def flat(told: Any, name: str) -> list[tuple[str, str]]:
        if not isinstance(told, dict):
            return [(name, told)]
        return [pair for key, held in told.items() for pair in flat(held, f"{name}.{key}".lstrip("."))]

    return dict(flat(json.loads((PANEL / f"{kind}.{language}.json").read_text(encoding="utf-8")), ""))


def test_there_is_a_file_for_every_language_and_no_other() -> None:
    names = {f"{kind}.{language}.json" for kind in SETS for language in LANGUAGES}
    assert {file.name for file in PANEL.glob("*.json")} == names


@pytest.mark.parametrize("kind", SETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_and_every_placeholder(language: str, kind: str) -> None:
    own, english = words(language, kind), words("en", kind)
    assert own.keys() == english.keys()
    for name, text in own.items():
        assert text.strip(), f"{name} is empty"
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[name]), name
    if language != "en":
        same = [name for name, text in own.items() if text == english[name] and len(text) > 12]
        assert not same, f"still English: {same}"


def test_every_word_that_the_pages_use_is_there() -> None:
    made = {"unknown", "hour", "since", "result"}  # in words.js
    for kind in SETS:
        brings = "./words.js" if kind == "words" else f'spoken("{kind}")'
        texts = [file.read_text(encoding="utf-8") for file in PANEL.glob("*.js")]
        used = {name for text in texts if brings in text for name in re.findall(r"\bTEXT\.(\w+)", text)}
        assert used, kind
        assert used - made <= {name.partition(".")[0] for name in words("en", kind)}, kind


@browsed
@pytest.mark.parametrize(
    ("locale", "query", "language", "louder"),
    [
        ("de-AT", "", "de", "Lauter"),
        ("es-MX", "", "es", "Más alto"),
        ("fr-FR", "?lang=ja", "ja", "音量を上げる"),
        ("pt-BR", "", "en", "Louder"),
    ],
)
async def test_the_browsers_language_is_spoken_and_the_address_overrides(
    browser: Browser, tmp_path: Path, locale: str, query: str, language: str, louder: str
) -> None:
    async with rig(tmp_path) as house, watched(browser, locale=locale) as seen:
        await house.online()
        await seen.page.goto(f"{house.running.url}/panel/demo{query}#token={house.token}")
        await expect(seen.page.get_by_role("button", name=louder)).to_be_visible()
        assert await seen.page.locator("html").get_attribute("lang") == language
        assert not seen.complaints, seen.complaints


@browsed
async def test_a_person_may_choose_a_language_and_it_stays(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, panel(browser, house, query="?lang=en") as seen:
        page = seen.page
        await page.get_by_role("button", name="Details").click()
        await page.get_by_label("Language").select_option("fr")
        await expect(page.get_by_role("button", name="Plus fort")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("button", name="Plus fort")).to_be_visible()


@browsed
async def test_what_a_file_lacks_is_said_in_english(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, watched(browser) as seen:
        await house.online()

        async def poor(route: Any) -> None:
            await route.fulfill(json={"louder": "Lauter", "view": {"home": "Raum"}})

        await seen.page.route("**/words.de.json", poor)
        await seen.page.goto(f"{house.running.url}/panel/demo?lang=de#token={house.token}")
        await expect(seen.page.get_by_role("button", name="Lauter")).to_be_visible()
        await expect(seen.page.get_by_role("button", name="Quieter")).to_be_visible()
        assert [await tab.inner_text() for tab in await seen.page.locator(".tab").all()][:2] == ["Raum", "Calls"]


@browsed
async def test_right_to_left_is_the_mirror_image(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, FULL) as house:
        for size in ((1280, 800), PHONE):
            async with panel(browser, house, size, query="?lang=ar") as seen:
                page = seen.page
                assert await page.evaluate("[document.documentElement.dir, document.documentElement.lang]") == [
                    "rtl",
                    "en",
                ]
                for name in VIEWS:
                    await view(page, name)
                    wide = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                    assert wide[0] <= wide[1], f"{name} is {wide[0]} wide"
                await view(page, "calls")
                one, three = [await page.get_by_role("button", name=f"Key {key}").bounding_box() for key in "13"]
                assert one and three and one["x"] < three["x"]  # as on every telephone
                title = await page.locator("header h1").bounding_box()
                assert title is not None and title["x"] + title["width"] > size[0] * 0.6
                if size[0] > 760:
                    rail = await page.locator(".rail").bounding_box()
                    assert rail is not None and rail["x"] + rail["width"] == size[0]
                await page.keyboard.press("Tab")  # the slider's louder end is at the left
                before = house.sims["codec"].volume
                await page.get_by_role("slider", name="Volume").focus()
                await page.keyboard.press("ArrowUp")
                await house.sims["codec"].until(lambda before=before: house.sims["codec"].volume == before + 1)
                base = house.running.url
                await page.get_by_role("link", name="Contacts").click()
                await expect(page.get_by_role("searchbox")).to_be_visible()
                assert page.url == f"{base}/contacts/demo?lang=ar"  # the language goes along
                search, back = [
                    await page.get_by_role(role, name=name).bounding_box()
                    for role, name in (("searchbox", "Name or address"), ("link", "Back to the room"))
                ]
                assert search and back and back["x"] + back["width"] < size[0] / 2
                assert await page.evaluate("[document.documentElement.dir, innerWidth]") == ["rtl", size[0]]
                assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
                await page.goto(f"{base}/deck/demo/deck?lang=ar")
                keys = page.locator("#keys button")
                await expect(keys.nth(1)).to_be_visible()
                first, second = [await keys.nth(place).bounding_box() for place in (0, 1)]
                assert first and second and first["x"] < second["x"]  # keys stand as on the hardware
                assert await page.evaluate("document.documentElement.dir") == "rtl"
                await keys.nth(0).focus()
                await page.keyboard.press("ArrowRight")
                await expect(keys.nth(1)).to_be_focused()
