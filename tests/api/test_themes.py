"""A room's look over HTTP: its pages name it, nobody needs a token for it, and a logo is never a page that runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.support import ROOM, rig

pytestmark = pytest.mark.asyncio
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><path d="M0 0h90v30z" fill="#06c"/></svg>'
SITE = """
[panel]
title = 'A & "B" <Ltd>'
logo = "our.svg"
[panel.light]
accent = "#a03000"
"""


def written(folder: Path, panel: str = SITE) -> None:
    """A site's folder with a look and a logo."""
    (folder / "site").mkdir()
    (folder / "site" / "site.toml").write_text(panel)
    (folder / "site" / "our.svg").write_text(SVG)


async def test_the_pages_of_a_room_wear_its_look(tmp_path: Path) -> None:
    written(tmp_path)
    async with rig(tmp_path, ROOM + '\n[panel]\nscheme = "light"\n') as house:
        client = house.client
        del client.headers["authorization"]  # whoever is asked for a token sees the look already
        sheets: dict[str, str] = {}
        for page in ("/panel/demo", "/deck/demo/deck", "/contacts/demo", "/panel", "/panel/nowhere"):
            text = (await client.get(page)).text
            assert 'name="application-name" content="A &amp; &quot;B&quot; &lt;Ltd&gt;"' in text
            found = re.search(r'<link rel="stylesheet" href="(/panel/theme/[0-9a-f]{20}\.css)">', text)
            assert found and found.start() < text.index("<script ")
            sheets[page] = found[1]
        assert sheets["/panel/demo"] == sheets["/deck/demo/deck"] == sheets["/contacts/demo"]
        assert sheets["/panel"] == sheets["/panel/nowhere"] != sheets["/panel/demo"]  # the site's, for both

        site, room = [(await client.get(sheets[page])).text for page in ("/panel", "/panel/demo")]
        assert "--accent: #57a6ff" in site and "@media (prefers-color-scheme: light)" in site
        assert "color-scheme: light" in room and "@media" not in room and "#57a6ff" not in room
        assert "--accent: #a03000" in room and "--on-accent: #ffffff" in room

        logo = re.search(r'--logo: url\("(.+?)"\);\s+--logo-width: 120px;', room)
        assert logo
        answer = await client.get(logo[1])
        assert (answer.headers["content-type"], answer.text) == ("image/svg+xml", SVG)
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in answer.headers["cache-control"]
        again: Any = await client.get(logo[1], headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304 and not again.content
        missing = await client.get("/panel/theme/nothing.css")
        assert missing.status_code == 404 and "load the page again" in missing.text


async def test_a_page_with_a_look_is_asked_for_again_only_when_it_changed(tmp_path: Path) -> None:
    written(tmp_path)
    async with rig(tmp_path, ROOM + '\n[panel.light]\naccent = "#600060"\n') as house:
        tags = [(await house.client.get(page)).headers["etag"] for page in ("/panel/demo", "/panel")]
        assert tags[0] != tags[1]
        again = await house.client.get("/panel/demo", headers={"if-none-match": tags[0]})
        assert again.status_code == 304


async def test_a_site_without_a_word_has_the_usual_look_and_fetches_nothing_more(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        text = (await house.client.get("/panel/demo")).text
        assert "/panel/theme/" not in text and "application-name" not in text
