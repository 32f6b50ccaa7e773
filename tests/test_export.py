"""What sets up keypads and decks: the strings are the keys', and nothing secret is printed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import uuid
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from gateway.cli.deckprofile import MODELS, ProfileError, folder_of, make
from gateway.cli.keypadsheet import BUTTONS, SheetError, markdown, page
from gateway.cli.keypadsheet import make as sheet_of
from gateway.plugins import load_drivers
from gateway.profile.site import read
from gateway.spec import SiteSpec
from tests.api.support import ROOM
from tests.drivers.golden import Golden

FACTS = "control-surfaces facts, chapter 9"
SITE = """
[server]
port = 8080
plain_http = true
host = "10.0.0.2"

[lines]
port = 4998
host = "0.0.0.0"
allow = ["10.0.4.0/24"]
"""
KEYPAD = """
[keypads.wall]
token = { env = "TEST_WALL_TOKEN" }
allow = ["10.0.4.31"]

[keypads.wall.actions]
mic-mute = { do = "toggle", what = "mic-mute" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TEST_PROJECTOR_PASSWORD", "TEST_CODEC_PASSWORD"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("TEST_WALL_TOKEN", "wall-token-0123456789")
    monkeypatch.setenv("TEST_LINES_PASSWORD", "lines-secret")
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "boardroom.toml").write_text(ROOM + KEYPAD)
    return tmp_path


def site_of(folder: Path) -> SiteSpec:
    reading = read(folder, load_drivers())
    assert not reading.grave, "\n".join(map(str, reading.complaints))
    return reading.site


def roomgate(*words: str, cwd: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "export", *words], capture_output=True, text=True, check=False, cwd=cwd
    )
    return done.returncode, done.stdout + done.stderr


class Cells(HTMLParser):
    """What stands in a page's code elements."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.inside = tag == "code"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found.append(data)
            self.inside = False


def test_each_of_the_eight_buttons_has_its_label_and_its_string(folder: Path) -> None:
    sheet = sheet_of(site_of(folder), "boardroom", "", "10.0.0.2")
    keys = site_of(folder).rooms["boardroom"].surfaces["deck"].pages[0].keys
    assert len(sheet.rows) == BUTTONS
    assert [(row.number, row.label, row.line) for row in sheet.rows] == [
        (number, key.label, f"boardroom key deck {key.id}") for number, key in enumerate(keys[:8], 1)
    ]
    text = markdown(sheet)
    for row in sheet.rows:
        assert f"| {row.number} | {row.label} | `{row.line}` |" in text
    assert "**4998**" in text and "hex 0D" in text and "`10.0.4.0/24`" in text
    assert "not published" in text, "what is not known is said"
    left = [key.label for key in keys[8:]]
    assert all(label in text for label in left), "what is on no button is said"
    cells = Cells()
    cells.feed(page(sheet))
    assert [cell for cell in cells.found if cell.startswith("boardroom")] == [row.line for row in sheet.rows]


def test_a_url_stands_only_beside_what_a_keypads_token_may_do_and_never_the_token(folder: Path) -> None:
    sheet = sheet_of(site_of(folder), "boardroom", "", "10.0.0.2")
    mute = next(row for row in sheet.rows if row.line.endswith(" mic-mute"))
    assert mute.url == "http://10.0.0.2:8080/k/TOKEN-OF-WALL/mic-mute"
    assert [row for row in sheet.rows if row.url] == [mute]
    for printed in (markdown(sheet), page(sheet)):
        assert "wall-token" not in printed


def test_the_line_doors_password_is_never_printed(folder: Path) -> None:
    (folder / "site.toml").write_text(SITE + 'password = { env = "TEST_LINES_PASSWORD" }\n')
    sheet = sheet_of(site_of(folder), "boardroom", "deck", "10.0.0.2")
    for printed in (markdown(sheet), page(sheet)):
        assert "lines-secret" not in printed and "PASSWORD boardroom key deck" in printed


def test_what_cannot_be_printed_says_why(folder: Path) -> None:
    site = site_of(folder)
    with pytest.raises(SheetError, match="no room 'attic' can run; rooms: boardroom"):
        sheet_of(site, "attic", "", "x")
    with pytest.raises(SheetError, match="has no surface 'wall'; surfaces: deck"):
        sheet_of(site, "boardroom", "wall", "x")
    (folder / "site.toml").unlink()
    with pytest.raises(SheetError, match="opens no line door"):
        sheet_of(site_of(folder), "boardroom", "", "x")


def test_labels_with_marks_of_their_own_stay_text(folder: Path) -> None:
    text = (folder / "boardroom.toml").read_text()
    (folder / "boardroom.toml").write_text(
        text.replace('label = "Film"', 'label = "<b>|Film"').replace("conferencing", "basic")
    )
    sheet = sheet_of(site_of(folder), "boardroom", "", "x")
    film = [row for row in sheet.rows if "Film" in row.label]
    left = [label for label in sheet.left_out if "Film" in label]
    assert film or left
    assert "<b>|Film" not in page(sheet) and "&lt;b&gt;|Film" in page(sheet)
    assert "<b>\\|Film" in markdown(sheet)


def test_the_command_writes_the_files(folder: Path) -> None:
    code, said = roomgate("kd-wp8", "boardroom", cwd=folder)
    assert code == 1 and "say with --host which one" in said
    code, said = roomgate("kd-wp8", "boardroom", "--host", "10.0.0.2", "--out", "sheets", cwd=folder)
    assert code == 0 and sorted(file.name for file in (folder / "sheets").iterdir()) == [
        "boardroom-kd-wp8.html",
        "boardroom-kd-wp8.md",
    ]
    code, said = roomgate("streamdeck", "boardroom", "--model", "mk2", cwd=folder)
    assert code == 0 and "never tried" in said
    assert zipfile.is_zipfile(folder / "boardroom-mk2.streamDeckProfile")


# ---- the Elgato app's profile ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page_id", "golden"),
    [
        ("66dc13d2", Golden(b"CRE17K", "the beginning of CRE17KH37D0J7A9BQD8MEBN714Z", FACTS)),
        ("29621650", Golden(b"55H1CK", "the beginning of 55H1CK2WCD2HLCLD5CM650TICGZ", FACTS)),
    ],
)
def test_a_pages_folder_is_named_as_the_app_names_it(page_id: str, golden: Golden) -> None:
    name = folder_of(uuid.UUID(page_id + "0" * 24))
    assert name.startswith(golden.wire.decode()) and len(name) == 27 and name.endswith("Z")


@pytest.mark.parametrize("model", MODELS)
def test_a_profile_places_the_plugins_action_where_our_deck_counts(folder: Path, model: str) -> None:
    surface = site_of(folder).rooms["boardroom"].surfaces["deck"]
    archive = zipfile.ZipFile(io.BytesIO(make(surface, "Boardroom", model)))
    (manifest,) = (name for name in archive.namelist() if name.count("/") == 1)
    top = json.loads(archive.read(manifest))
    assert top["Version"] == "2.0" and top["Device"]["Model"] == MODELS[model].code
    (inner,) = (name for name in archive.namelist() if name.count("/") == 3)
    assert inner.split("/")[2] == folder_of(uuid.UUID(top["Pages"]["Current"]))
    (controller,) = json.loads(archive.read(inner))["Controllers"]
    assert controller["Type"] == "Keypad", "without it the keys vanish silently"
    held = MODELS[model]
    for number, key in enumerate(surface.pages[0].keys[: held.columns * held.rows]):
        action = controller["Actions"][f"{number % held.columns},{number // held.columns}"]
        assert action["UUID"] == "io.bitfocus.companion-plugin.action"
        assert action["Settings"] == {"dynamicPage": False, "page": 1, "row": number // 8, "column": number % 8}
        assert action["States"][0]["Title"] == key.label


def test_a_profile_of_urls_has_only_what_the_keypad_may_do_and_pictures(folder: Path) -> None:
    surface = site_of(folder).rooms["boardroom"].surfaces["deck"]
    url = "http://10.0.0.2:8080/k/t/mic-mute"
    archive = zipfile.ZipFile(io.BytesIO(make(surface, "B", "mk2", lambda key: url if key.id == "mic-mute" else "")))
    (inner,) = (name for name in archive.namelist() if name.count("/") == 3 and name.endswith(".json"))
    ((_, action),) = json.loads(archive.read(inner))["Controllers"][0]["Actions"].items()
    assert action["Settings"] == {"openInBrowser": False, "path": url}
    picture = archive.read(inner.rpartition("/")[0] + "/" + action["States"][0]["Image"])
    assert Image.open(io.BytesIO(picture)).size == (144, 144)
    with pytest.raises(ProfileError, match="none of the keys"):
        make(surface, "B", "mk2", lambda key: "")
    with pytest.raises(ProfileError, match="no model 'xl'"):
        make(surface, "B", "xl")


def test_the_same_room_makes_the_same_file(folder: Path) -> None:
    surface = site_of(folder).rooms["boardroom"].surfaces["deck"]
    assert make(surface, "B", "mk2") == make(surface, "B", "mk2")
