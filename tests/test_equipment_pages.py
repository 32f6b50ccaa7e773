"""Every driver has a page, and the profile on it is one: read by the gateway without a complaint."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from gateway.plugins import load_drivers
from gateway.profile.site import read

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted([*(DOCS / "equipment").glob("*.md"), *(DOCS / "codecs").glob("*.md")])
EQUIPMENT = sorted(page.stem for page in PAGES if page.parent.name == "equipment" and page.stem in load_drivers())
SNIPPET = re.compile(r"```toml\n(.*?)```", re.S)


def test_every_driver_has_its_page() -> None:
    there = {page.stem for page in PAGES}
    missing = [name for name in load_drivers() if name not in there]
    assert not missing, f"no page in docs/equipment for {', '.join(missing)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_is_a_profile(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r'env = "(\w+)"', text):
        monkeypatch.setenv(name, "secret-of-the-page")
    for number, snippet in enumerate(SNIPPET.findall(text)):
        table = tomllib.loads(snippet)
        if "devices" not in table or "parts" not in table:
            continue  # a piece of a profile, to be added to one
        room = tmp_path / f"room-{number}.toml"
        room.write_text(snippet, encoding="utf-8")
        reading = read(room, load_drivers())
        assert not reading.grave, "\n".join(str(complaint) for complaint in reading.grave)


@pytest.mark.parametrize("name", EQUIPMENT)
def test_a_page_says_where_it_is_spoken_to(name: str) -> None:
    """The usual port of every link, and the speed of a serial line."""
    driver = load_drivers()[name]
    text = (DOCS / "equipment" / f"{name}.md").read_text(encoding="utf-8")
    if "serial" in driver.links:
        assert str(driver(scheme="serial").opening().baud) in text, "the serial speed"
    for scheme, port in driver.links.items():
        assert not port or re.search(rf"\b{port}\b", text), f"the port of {scheme}"


@pytest.mark.parametrize("name", sorted(load_drivers()))
def test_a_page_says_what_is_known_and_what_is_not(name: str) -> None:
    page = next(page for page in PAGES if page.stem == name)
    text = page.read_text(encoding="utf-8").lower()
    assert "evidence" in text or "tried" in text, "what it was checked against"
    assert "unknown" in text or "not known" in text or "not documented" in text, "what nobody knows"
    assert "```toml" in text, "a profile to begin with"


@pytest.mark.parametrize("name", sorted(load_drivers()))
def test_a_page_says_where_the_device_is_reached(name: str) -> None:
    text = next(page for page in PAGES if page.stem == name).read_text(encoding="utf-8")
    for scheme, port in load_drivers()[name].links.items():
        if scheme not in ("http", "https", "ws", "wss"):  # their ports are the web's
            assert not port or re.search(rf"\b{port}\b", text), f"the port of {scheme}://, {port}"
        if scheme == "serial":
            set_to = re.search(r"\b\d{4,6} (baud,? )?[78][NEO][12]\b", text)
            assert set_to, "speed and framing, such as 9600 8N1"
