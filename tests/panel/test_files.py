"""The pages' files by themselves: small, whole, and nothing in them that the content security policy would forbid."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

PANEL = Path(__file__).parent.parent.parent / "gateway" / "panel"
FILES = sorted(file for file in PANEL.iterdir() if file.is_file())


LATER = "meetings.js"  # loaded where the room has a calendar


def whole(*pages: str) -> list[Path]:
    """A page's file and all that it loads, by following its links and imports."""
    found: list[Path] = []
    waiting = list(pages)
    while waiting:
        file = PANEL / waiting.pop()
        if file in found:
            continue
        assert file.is_file(), f"{file.name} is asked for, and is not there"
        found.append(file)
        text = file.read_text(encoding="utf-8")
        waiting += re.findall(r'"/panel/static/([^"]+)"', text) + re.findall(r'from "\./([^"]+)"', text)
    for file in found[:]:
        for words in re.findall(r'spoken\("(\w+)"\)', file.read_text(encoding="utf-8")):
            found += sorted(PANEL.glob(f"{words}.*.json"))
    return found


@pytest.mark.parametrize(
    "page", ["docs.html", "deck.html", "contacts.html", "phones.html", "service.html", "admin.html"]
)
def test_a_page_is_small(page: str) -> None:
    content = b"".join(file.read_bytes() for file in whole(page))
    assert len(content) < 68_000
    assert len(gzip.compress(content)) < 24_000


def test_the_panel_is_small_with_all_its_languages() -> None:
    files = whole("index.html", LATER)
    assert sum(len(file.read_bytes()) for file in files) < 150_000
    sent = [file for file in files if file.suffix != ".json" or file.name in ("words.en.json", "words.ja.json")]
    assert sum(len(gzip.compress(file.read_bytes())) for file in sent) < 50_000  # what one screen is sent


def test_every_file_is_used() -> None:
    assert 'import("./meetings.js")' in (PANEL / "panel.js").read_text(encoding="utf-8")
    assert {
        *whole("index.html", LATER),
        *whole("docs.html"),
        *whole("deck.html"),
        *whole("contacts.html"),
        *whole("phones.html"),
        *whole("service.html"),
        *whole("admin.html"),
    } == set(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[\w./-]+", text)) - {"http://www.w3.org/2000/svg"}
    assert not addresses, addresses
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    if file.suffix == ".html":
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)
