"""The administrator's page in a real browser, over the real gateway: trouble first, who is let in, tapes, why."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe

from gateway.calendars.calendar import AuthLost
from tests.api.support import ROOM, Rig, rig
from tests.api.test_adopting import begin
from tests.api.test_deck_story import DECK, PROFILE
from tests.api.test_meetings import desk
from tests.api.test_overview import site
from tests.drivers.contract import Watcher
from tests.panel.browser import LANDSCAPE, PHONE, Watched, expect, watched

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTILE = "<img src=x onerror=alert(1)>\u202eevil"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
VIEWS = ("Rooms", "Surfaces", "Calendars", "Tokens")


async def enter(page: Page, house: Rig, token: str = "") -> None:
    """Sign in as an administrator does."""
    await page.goto(f"{house.running.url}/admin")
    await page.get_by_label("An administrator's token").fill(token or house.token)
    await page.keyboard.press("Enter")


@contextlib.asynccontextmanager
async def admin(
    browser: Browser, house: Rig, size: tuple[int, int] = LANDSCAPE, scheme: str = "dark"
) -> AsyncIterator[Watched]:
    """The page, signed in; by the end it has complained of nothing, and asked nobody else."""
    async with watched(browser, size, scheme) as seen:
        await enter(seen.page, house)
        await expect(seen.page.get_by_role("navigation")).to_be_visible()
        yield seen
        assert not seen.complaints, seen.complaints
        assert all(address.startswith(house.running.url) for address in seen.asked)
        assert not [address for address in seen.asked if house.token in address], "a token in a request's address"


async def go(page: Page, view: str) -> None:
    await page.get_by_role("navigation").get_by_role("link", name=re.compile(f"^{view}")).click()
    await expect(page.get_by_role("heading", level=2)).to_have_text(view)


async def test_trouble_comes_first_with_its_reason_in_words(browser: Browser, tmp_path: Path) -> None:
    async with site(tmp_path, attic="", barn="") as house, admin(browser, house) as seen:
        page, rows = seen.page, seen.page.locator("main li[data-room]")
        await expect(rows).to_have_count(4)  # the devices that rooms share are one row
        names = [await row.get_attribute("data-room") for row in await rows.all()]
        assert names == ["attic", "barn", "demo", "(shared)"], "nothing is wrong: by name"
        house.sims["projector"].faults.unreachable = True
        await expect(rows.first).to_have_attribute("data-room", "demo")
        await expect(rows.first).to_contain_text("Offline")
        await expect(rows.first.locator(".wrongs")).to_have_text(
            re.compile(r"projector away since \d\d:\d\d:\d\d: \w+ .*")
        )
        await page.get_by_label("Only trouble").check()
        await expect(page.locator("main li[data-room]:visible")).to_have_count(1)
        await page.get_by_label("Only trouble").uncheck()
        await page.get_by_role("searchbox").fill("barn fine")
        await expect(page.locator("main li[data-room]:visible")).to_have_count(1)
        await expect(page.get_by_text("1 of 4 rooms")).to_be_visible()

        await page.get_by_role("searchbox").fill("")
        house.sims["projector"].faults.clear()
        await rows.first.get_by_role("link", name="Test room").click()
        device = page.locator("[data-device='demo/projector']")
        await expect(device).to_have_attribute("data-online", "false")
        await expect(device.locator(".wrongs")).to_contain_text(re.compile(r"It (is|has|cannot|does|takes) "))
        await page.get_by_role("button", name="Restart demo/projector").click()
        await expect(page.locator(".toast")).to_have_text("demo/projector is being connected again.")
        await expect(device).to_have_attribute("data-online", "true")
        await page.get_by_role("link", name="All rooms").click()
        await expect(rows.first).to_have_attribute("data-room", "attic")


async def test_a_panel_is_adopted_by_its_code_and_its_token_revoked(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, admin(browser, house) as seen:
        await house.online()
        page = seen.page
        code, asks = await begin(house)
        other, _ = await begin(house)
        await expect(page.get_by_role("navigation")).to_contain_text("Surfaces (2)")
        await go(page, "Surfaces")
        await page.get_by_role("button", name="Adopt a panel by its code").click()
        question = page.get_by_role("dialog")
        await question.get_by_label("The code on its screen").fill(f"{code[:3].lower()}-{code[3:]}")
        await question.get_by_label("Room").select_option("demo")
        await question.get_by_role("button", name="Adopt").click()
        await expect(page.locator(".toast")).to_contain_text(f"{code} belongs to demo now")
        told = (await house.client.get("/api/v1/pairing", headers=asks)).json()
        assert told["state"] == "adopted"
        mine = {"authorization": f"Bearer {told['token']}"}
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 200

        await expect(page.locator(f"[data-waiting='{code}']")).to_have_count(0)
        await page.get_by_role("button", name=f"Reject {other}").click()
        await expect(page.get_by_text("Nobody waits.")).to_be_visible()

        await go(page, "Tokens")
        name = f"panel-demo-{code.lower()}"
        row = page.locator(f"[data-token='{name}']")
        await expect(row).to_contain_text("panel · demo")
        assert told["token"] not in await page.content()
        await row.get_by_role("button", name=f"Revoke {name}").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await expect(row).to_have_count(1)
        await row.get_by_role("button", name=f"Revoke {name}").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(row).to_have_count(0)
        assert (await house.client.get("/api/v1/rooms/demo", headers=mine)).status_code == 401


async def test_a_wrong_code_is_said_where_it_was_typed(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, admin(browser, house) as seen:
        page = seen.page
        await go(page, "Surfaces")
        await page.get_by_role("button", name="Adopt a panel by its code").click()
        question = page.get_by_role("dialog")
        await question.get_by_label("The code on its screen").fill("ABCDEF")
        await question.get_by_role("button", name="Adopt").click()  # no room: the browser asks for one
        await expect(question.get_by_label("Room")).to_be_focused()
        await question.get_by_label("Room").select_option("demo")
        await question.get_by_role("button", name="Adopt").click()
        await expect(question.get_by_role("alert")).to_contain_text("nobody waits with the code 'ABCDEF'")
        seen.complaints.clear()  # the browser writes down each answer that is an error
        await page.keyboard.press("Escape")
        await expect(question).to_have_count(0)


async def test_a_deck_is_adopted_and_released(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path, PROFILE) as house, admin(browser, house) as seen:
        await house.online()
        lobby, page = house.running.house.lobby, seen.page
        await house.sims["decks"].until(lambda: lobby.strangers)
        await go(page, "Surfaces")
        await page.get_by_role("button", name=f"Adopt {DECK}").click()
        question = page.get_by_role("dialog")
        await question.get_by_label("Room").select_option("demo")
        await question.get_by_label("Surface").select_option("deck")
        await question.get_by_role("button", name="Adopt").click()
        row = page.locator(f"[data-adopted='{DECK}']")
        await expect(row).to_contain_text("demo: deck")
        await expect(row).to_contain_text("Online")
        assert DECK in lobby.hosts
        await row.get_by_role("button", name=f"Release {DECK}").click()
        await page.get_by_role("dialog").get_by_role("button", name="Release").click()
        await expect(page.locator(f"[data-waiting='{DECK}']")).to_have_count(1)
        assert DECK not in lobby.hosts
        await page.get_by_role("button", name=f"Reject {DECK}").click()
        await expect(page.get_by_text("Nobody waits.")).to_be_visible()
        assert DECK in lobby.shunned


async def test_a_tape_arrives_live_is_held_and_stays_short(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, admin(browser, house) as seen:
        await house.online()
        page, device = seen.page, house.running.house.devices["demo/codec"]
        await page.get_by_role("link", name="Test room").click()
        await page.get_by_role("link", name="Live tape of demo/codec").click()
        tape = page.get_by_role("log", name="Tape of demo/codec")
        await expect(tape.locator("li").first).to_contain_text("opened")
        await expect(page.get_by_text("Live.")).to_be_visible()
        await house.do("volume", {"level": 17})
        sent = tape.locator("li[data-way=out][data-wire]", has_text='"Level":17')
        await expect(sent).to_have_count(1)

        hold = page.get_by_role("button", name="Pause")
        await hold.click()
        device.tape.note(1.0, "in", "received", "while it was held")
        await expect(page.get_by_text(re.compile(r"Held\. [1-9]\d* new line"))).to_be_visible()
        await expect(tape).not_to_contain_text("while it was held")
        await hold.click()
        await expect(tape).to_contain_text("while it was held")

        await page.get_by_label("Only what is on the wire").check()
        await expect(tape.locator("li", has_text="opened").first).to_be_hidden()
        for number in range(700):
            device.tape.note(2.0, "in", "received", f"line {number}")
        await expect(tape).to_contain_text("line 699")
        assert await tape.locator("li").count() == 500
        for number in range(3000):  # more at once than anybody can be sent
            device.tape.note(2.0, "in", "received", f"flood {number}")
        await expect(tape.locator("li[data-missed]")).to_contain_text("lines came faster than they could be sent")
        for _ in range(3):
            device.tape.count(2.5, b"PING", 1)
        device.tape.note(2.6, "in", "received", "after the pings")
        await expect(tape.locator("li", has_text="PING 3 of these, the last at 2.500")).to_have_count(1)
        before = device.since
        await page.get_by_role("button", name="Restart").click()
        await Watcher(device).until(lambda: device.online and device.since > before)
        listeners = len(device.tape.listeners)
        await page.get_by_role("link", name="demo", exact=False).first.click()
        device.tape.note(3.0, "in", "received", "after")
        await expect(page.get_by_role("heading", level=2)).to_have_text("Test room")
        await house.do("volume", {"level": 18})
        await house.until(lambda: len(device.tape.listeners) < listeners)


async def test_why_a_point_is_as_it_is(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, admin(browser, house) as seen:
        await house.online()
        await house.do("volume", {"level": 21})
        page = seen.page
        await page.get_by_role("link", name="Test room").click()
        await page.get_by_label("Filter: part, point, value").fill("volume.volume")
        await page.get_by_role("button", name="Why is volume.volume so?").click()
        answer = page.locator("[data-point='volume.volume'] [role=status]")
        await expect(answer).to_contain_text("volume became 21 (confirmed) because of volume: volume 21")
        await expect(answer).to_contain_text("asked by token:tester")
        await expect(answer.locator("li").first).to_contain_text("change volume.volume")
        await page.get_by_role("button", name="Why is volume.volume so?").click()
        await expect(answer).to_be_hidden()


async def test_calendars_are_told_with_their_trouble(browser: Browser, tmp_path: Path) -> None:
    async with desk(tmp_path) as (house, held, calendar), admin(browser, house) as seen:
        page = seen.page
        await go(page, "Calendars")
        row = page.locator("main li[data-room=demo]")
        await expect(row).to_contain_text("Works, last read")
        calendar.trouble = AuthLost("signed out")
        await held.keeper.look()
        await expect(row).to_contain_text("Does not accept our sign-in any more")
        await expect(page.get_by_role("navigation")).to_contain_text("Calendars (1)")
        await go(page, "Rooms")
        await expect(row.locator(".wrongs")).to_contain_text("Calendar Does not accept our sign-in any more")


async def test_what_devices_say_is_text_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    profile = ROOM.replace('name = "Test room"', 'name = "<b>Test</b> room"')
    async with rig(tmp_path, profile, projector={"projector_name": HOSTILE}) as house:
        await house.online()
        async with httpx.AsyncClient(base_url=house.running.url, trust_env=False) as panel:
            await panel.post("/api/v1/pairing", headers={"user-agent": "<script>alert(1)</script>"})
        async with admin(browser, house) as seen:
            page = seen.page
            page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
            await page.get_by_role("link", name="<b>Test</b> room").click()
            device = page.locator("[data-device='demo/projector']")
            await expect(device).to_contain_text("<img src=x onerror=alert(1)>\\u202eevil")
            await page.get_by_role("link", name="Live tape of demo/projector").click()
            tape = page.get_by_role("log")
            await expect(tape).to_contain_text("%1NAME=<img src=x onerror=alert(1)>")
            note = house.running.house.devices["demo/projector"].tape.note
            note(1.0, "in", "received", "<img src=y>\x1b[2J\u202e\n", {"map": HOSTILE})
            note(1.0, "in", "received", b"<svg onload=alert(2)>\r\n")
            await expect(tape).to_contain_text("<img src=y>\\u001b[2J\\u202e\\n")
            await expect(tape).to_contain_text("<svg onload=alert(2)>\\r\\n")
            assert await page.locator("main img, main svg, main b:has-text('Test')").count() == 0
            await go(page, "Surfaces")
            await expect(page.locator("[data-waiting]")).to_contain_text("<script>alert(1)</script>")
            assert await page.locator("main script").count() == 0


async def test_the_way_in_and_out(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, watched(browser) as seen:
        page = seen.page
        operator = house.as_("operator")["authorization"].split()[1]
        for token, words in (("rg_wrong", "not valid"), ("wörng", "no token has"), (operator, "may not admin")):
            await enter(page, house, token)
            await expect(page.get_by_role("alert")).to_contain_text(words)
            assert await page.evaluate("sessionStorage.length + localStorage.length") == 0
        await enter(page, house)
        await expect(page.get_by_role("link", name="Test room")).to_be_visible()
        assert await page.evaluate("[localStorage.length, document.cookie, location.search + location.hash]") == [
            0,
            "",
            "",
        ]
        assert await page.evaluate("Object.values(sessionStorage)") == [house.token]
        await page.reload()
        await expect(page.get_by_role("link", name="Test room")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("An administrator's token")).to_be_focused()
        assert await page.evaluate("sessionStorage.length") == 0
        await enter(page, house)
        await expect(page.get_by_role("link", name="Test room")).to_be_visible()
        house.running.tokens.revoke("tester")
        await expect(page.get_by_role("alert")).to_contain_text("not valid")
        assert await page.locator("[data-room]").count() == 0, "nothing of the site stays on the page"


async def test_without_its_gateway_it_says_so_and_comes_back_by_itself(browser: Browser, tmp_path: Path) -> None:
    async with watched(browser) as seen:
        page = seen.page
        async with rig(tmp_path) as house:
            port, kept = int(house.running.url.rpartition(":")[2]), house.running.tokens.create("kept", "admin")
            await enter(page, house, kept)
            await expect(page.get_by_role("link", name="Test room")).to_be_visible()
            house.running.tokens.revoke("tester")  # the next rig makes its own
        await expect(page.locator(".banner")).to_contain_text("No connection to the gateway since")
        await expect(page.get_by_role("link", name="Test room")).to_be_visible()  # what was known then
        async with rig(tmp_path, port=port):
            await expect(page.locator(".banner")).to_be_empty()
            await go(page, "Tokens")
            await expect(page.locator("[data-token=kept]")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "scheme"), [(LANDSCAPE, "dark"), (PHONE, "light")], ids=["laptop-dark", "phone-light"]
)
async def test_it_fits_and_axe_finds_nothing(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    async with rig(tmp_path, PROFILE) as house:
        await house.online()
        await begin(house)
        house.sims["projector"].faults.unreachable = True
        await house.until(lambda: not house.running.house.devices["demo/projector"].online)
        async with watched(browser, size, scheme) as seen:
            page = seen.page
            await page.goto(f"{house.running.url}/admin")
            await checked(page, "the way in", size)
            await enter(page, house)
            for view in VIEWS:
                await go(page, view)
                await page.wait_for_load_state("networkidle")
                await checked(page, view, size)
            await go(page, "Rooms")
            await page.get_by_role("link", name="Test room").click()
            await page.get_by_role("button", name="Why is volume.volume so?").click()
            await expect(page.locator(".because p")).to_be_visible()
            await checked(page, "a room", size)
            await page.get_by_role("link", name="Live tape of demo/codec").click()
            await expect(page.locator(".tape li").first).to_be_visible()
            await checked(page, "a tape", size)
            await go(page, "Surfaces")
            await page.get_by_role("button", name="Adopt a panel by its code").click()
            await checked(page, "a question", size)


async def checked(page: Page, where: str, size: tuple[int, int]) -> None:
    """The page is not too wide, nothing on it is too small for a finger, and axe finds nothing."""
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0], f"{where} is {wide} wide"
    small = await page.evaluate(
        "[...document.querySelectorAll('button, select, .field, a.control, nav a')].filter((one) => one.offsetParent"
        " && (one.offsetHeight < 44 || one.offsetWidth < 44)).map((one) => one.outerHTML)"
    )
    assert not small, f"{where}: {small}"
    found = (await Axe().run(page, options=RULES)).response["violations"]
    bad = [(one["id"], [node["html"][:160] for node in one["nodes"]][:4]) for one in found]
    assert not bad, f"{where}: {json.dumps(bad, indent=1)}"


async def test_a_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    async with rig(tmp_path) as house, admin(browser, house) as seen:
        await house.online()
        page = seen.page
        await page.get_by_role("link", name="Test room").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=2)).to_be_focused()  # a screen reader reads where one is
        await page.get_by_role("button", name="Why is volume.volume so?").focus()
        await page.keyboard.press("Space")
        await expect(page.locator(".because p")).to_be_visible()
        await house.do("volume", {"level": 44})  # its row is told afresh under the focus
        await expect(page.locator("[data-point='volume.volume'] .value")).to_have_text("44")
        await expect(page.get_by_role("button", name="Why is volume.volume so?")).to_be_focused()
        await page.go_back()
        await expect(page.get_by_role("heading", level=2)).to_have_text("Rooms")


# When the page had drawn all its rows, in milliseconds since it was asked for.
STOPWATCH = """
new MutationObserver(() => {
  if (window.drawn || document.querySelectorAll("main li[data-room]").length < 301) return;
  requestAnimationFrame(() => setTimeout(() => { window.drawn ??= performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""


async def test_three_hundred_rooms_in_a_second_and_one_request(browser: Browser, tmp_path: Path) -> None:
    rooms = {f"room-{number:03}": "" for number in range(299)}
    async with site(tmp_path, ROOM, **rooms) as house, admin(browser, house) as seen:
        page, rows = seen.page, seen.page.locator("main li[data-room]")
        await expect(rows).to_have_count(301)  # and the devices that they share
        await page.add_init_script(STOPWATCH)
        took = []
        for _ in range(3):
            seen.asked.clear()
            await page.reload(wait_until="commit")
            await expect(rows).to_have_count(301)
            took.append(await page.evaluate("window.drawn"))
            asked = [address for address in seen.asked if "/api/" in address]
            assert asked == [f"{house.running.url}/api/v1/overview"], "one request for all rooms"
        assert min(took) < 1000, f"milliseconds until 300 rooms are there: {took}"
        typing = await page.evaluate(
            "() => { const field = document.querySelector('[type=search]'), began = performance.now();"
            " field.value = 'room-29'; field.dispatchEvent(new Event('input')); document.body.offsetHeight;"
            " return performance.now() - began; }"
        )
        await expect(page.locator("main li[data-room]:visible")).to_have_count(9)
        assert typing < 100, f"{typing} ms for one letter"
        print(f"300 rooms: {[round(one) for one in took]} ms, one letter {typing:.1f} ms")
