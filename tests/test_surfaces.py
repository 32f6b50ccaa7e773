"""Layouts as a profile says them: ready-made for every room, written out with care, every mistake in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.commands import MoveCamera, RunScene, SetVolume, StepVolume
from gateway.driver import Driver
from gateway.plugins import load_drivers
from gateway.profile import readymade
from gateway.profile import site as profile
from gateway.profile.icons import ICONS
from gateway.profile.layout import SurfaceSpec, Turn, faster
from gateway.profile.steps import Step

PROFILES = Path(__file__).parent.parent / "profiles"
ROOM = """
[devices.codec]
driver = "cisco_roomos"
link = "ws://10.0.0.10"
[devices.deck]
driver = "deck"
link = "tcp://10.0.0.11"
[volume]
maximum = 70
[parts]
volume = "codec"
mics = "codec"
camera = "codec"
calls = "codec"
codec = "codec"
[scenes.film]
steps = [{ do = "volume", level = 40 }]
"""


class Deck(Driver):
    """A surface, for the profile's sake."""

    name = "deck"
    links = {"tcp": 7001}
    surfaces = "expected a deck's own unit: d1 or d2"

    def is_surface(self, unit: str) -> bool:
        return unit in ("d1", "d2")


DRIVERS: dict[str, type[Driver]] = {**load_drivers(), "deck": Deck}


def read(folder: Path, text: str, room: str = ROOM) -> profile.Reading:
    (folder / "room.toml").write_text(room + text)
    return profile.read(folder / "room.toml", DRIVERS)


def surface(folder: Path, text: str) -> SurfaceSpec:
    reading = read(folder, text)
    assert not reading.complaints, "\n".join(map(str, reading.complaints))
    return reading.site.rooms["room"].surfaces["touch"]


def test_one_line_is_enough(tmp_path: Path) -> None:
    held = surface(tmp_path, '[surfaces]\ntouch = { unit = "deck/d1", layout = "conferencing" }\n')
    assert held.target is not None and (held.target.device, held.target.unit) == ("room/deck", "d1")
    assert [page.id for page in held.pages] == ["room", "call", "scenes"]
    mic = held.key("mic-mute")
    assert mic is not None and mic.shows is not None and mic.shows.text == "mics.mic_muted" and mic.tone == "danger"
    softer, volume = held.key("softer"), held.key("volume")
    assert softer is not None and softer.repeat and softer.steps == (Step(StepVolume(-3), "volume"),)
    assert volume is not None and volume.kind == "level" and volume.slide is not None
    assert volume.slide.command(30) == SetVolume(30)
    assert held.key("scene-film").steps == (Step(RunScene("film")),)  # type: ignore[union-attr]
    assert (
        "room/deck"
        in read(tmp_path, '[surfaces.touch]\nunit = "deck/d1"\nlayout = "basic"\n').site.rooms["room"].uses()
    )


@pytest.mark.parametrize("layout", readymade.LAYOUTS)
@pytest.mark.parametrize("keys", [0, 6, 32])
@pytest.mark.parametrize("file", sorted(PROFILES.glob("[!s]*.toml")), ids=lambda file: file.stem)
def test_every_ready_made_layout_fits_every_shipped_room(tmp_path: Path, file: Path, layout: str, keys: int) -> None:
    (tmp_path / "site.toml").write_text((PROFILES / "site.toml").read_text())
    text = file.read_text() + f'\n[surfaces.web]\nlayout = "{layout}"\nkeys = {keys}\n'
    (tmp_path / file.name).write_text(text)
    reading = profile.read(tmp_path / file.name, DRIVERS)
    assert not reading.grave, "\n".join(map(str, reading.complaints))
    held = reading.site.rooms[file.stem].surfaces["web"]
    assert held.target is None and held.key("help") is not None
    assert not keys or all(len(page.keys) <= keys for page in held.pages)
    pages = {page.id for page in held.pages}
    turns = {deed.page for page in held.pages for key in page.keys for deed in key.press if isinstance(deed, Turn)}
    assert turns <= pages and pages - {held.pages[0].id} <= turns  # every page can be reached
    assert all(key.icon in ICONS for page in held.pages for key in page.keys)


def key(words: str) -> str:
    return f"[surfaces.touch]\n[[surfaces.touch.pages.main.keys]]\n{words}\n"


def test_a_camera_that_is_sent_off_by_a_press_is_stopped_by_the_release(tmp_path: Path) -> None:
    held = surface(tmp_path, key('label = "Left"\npress = { do = "aim", to = "left" }'))
    (spec,) = held.pages[0].keys
    assert spec.id == "main-1" and spec.release == (Step(MoveCamera("stop"), "camera"),)
    other = surface(tmp_path, key('label = "Home"\npress = { do = "preset", preset = 1 }'))
    assert other.pages[0].keys[0].release == ()


def test_pages_of_ones_own_stand_beside_ready_made_ones_and_replace_them(tmp_path: Path) -> None:
    text = '[surfaces.touch]\nlayout = "basic"\n'
    more = '[[surfaces.touch.pages.more.keys]]\nlabel = "Zoom"\nicon = "calendar"\n'
    join = 'press = { do = "join", service = "zoom", number = "123" }\nlong = { page = "room" }\n'
    assert [page.id for page in surface(tmp_path, text + more + join).pages] == ["room", "more"]
    replaced = surface(tmp_path, text + more.replace("more", "room") + join)
    assert [key.label for page in replaced.pages for key in page.keys] == ["Zoom"]


def test_steps_of_a_held_key_grow() -> None:
    step = Step(StepVolume(-3), "volume")
    grown = [faster(step, tick).command for tick in (0, 5, 6, 12, 18, 99)]
    assert grown == [StepVolume(by) for by in (-3, -3, -6, -9, -12, -12)]
    assert faster(Step(SetVolume(3)), 50) == Step(SetVolume(3))


MISTAKES = [
    ('[surfaces.touch]\nunit = "deck/d9"\nlayout = "basic"', "deck has no surface 'd9'; expected a deck's own unit"),
    ('[surfaces.touch]\nunit = "deck"\nlayout = "basic"', "deck is no surface itself; expected a deck's own"),
    ('[surfaces.touch]\nunit = "dekc/d1"\nlayout = "basic"', "no device 'dekc'; did you mean 'deck'?"),
    ('[surfaces.touch]\nlayout = "conferncing"', "found 'conferncing'; did you mean 'conferencing'?"),
    ("[surfaces.touch]", "layout: missing; expected one of: basic, conferencing"),
    ('[surfaces.touch]\nlayout = "basic"\nkyes = 4', "kyes: unknown key; did you mean 'keys'?"),
    (key('label = "X"\nicon = "micrphone"'), "icon: found 'micrphone'; did you mean 'microphone'?"),
    (key('label = "X"\npress = { do = "volum", level = 3 }'), "pages.main.keys[1].press] do: found 'volum'; did you"),
    (key('label = "X"\npress = [{ do = "volume", level = 99 }]'), "this room's maximum volume is 70"),
    (key('label = "X"\npress = { page = "mian" }'), "page: found 'mian'; did you mean 'main'?"),
    (key('label = "X"\npress = { do = "scene", scene = "flim" }'), "no scene 'flim'; did you mean 'film'?"),
    (key('label = "X"\npress = { do = "move", direction = "up" }'), "nothing in this room plays 'move'"),
    (key('label = "X"\npress = { do = "toggle", what = "volum" }'), "what: found 'volum'"),
    (
        key('label = "X"\npress = { do = "join-meeting" }'),
        "found 'join-meeting' in a room without a calendar; expected",
    ),
    (key('label = "X"\nshows = "mics.mic_mutd"'), "no point 'mics.mic_mutd'; did you mean 'mics.mic_muted'?"),
    (key('label = "X"\nenabled = "volume.volume"'), "expected something that is true or false"),
    (key('label = "X"\nlevel = { do = "mute" }'), "level: found 'mute'; expected one of: level, position"),
    (key('label = "X"\nlevel = { part = "volume" }'), "level: do is missing"),
    (key('label = "X"\nlevel = "volume"'), "level: found 'volume'; expected a table"),
    (key('label = "X"\nlevel = { do = "volume" }\npress = { do = "help" }'), "level: found beside press"),
    (key('label = "X"\nrepeat = true\npress = { page = "main" }'), "repeat: found without a command"),
    (key('label = "X"\nrepeat = true\npress = { do = "help" }\nlong = { do = "help" }'), "repeat: found beside long"),
    (key('icon = "help"'), "does nothing and shows nothing"),
    (key('press = { do = "help" }'), "label: missing, and so are icon and shows"),
    (key('key = "A B"\nlabel = "X"'), "found 'A B'; expected small letters"),
    (key('label = "X"\ntone = "loud"'), "tone: found 'loud'"),
    (
        key('key = "a"\nlabel = "X"') + '[[surfaces.touch.pages.main.keys]]\nkey = "a"\nlabel = "Y"',
        "another key is 'a' already",
    ),
    ("[surfaces.touch]\npages.main.keys = [5]", "keys[1]: found 5; expected a table"),
    (
        "[surfaces.touch]\nkeys = 1\npages.main.keys = [{ label = 'X' }, { label = 'Y' }]",
        "has 2 keys; the surface has 1",
    ),
    (
        '[surfaces.a]\nunit = "deck/d1"\nlayout = "basic"\n[surfaces.b]\nunit = "deck/d1"\nlayout = "basic"',
        "deck/d1 is surface 'a' already",
    ),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_said_once_where_it_stands(tmp_path: Path, text: str, words: str) -> None:
    complaints = read(tmp_path, text).complaints
    assert len(complaints) == 1 and complaints[0].grave, "\n".join(map(str, complaints))
    assert words in str(complaints[0]) and str(complaints[0]).startswith("room.toml: [surfaces.")


POOR = """
[devices.codec]
driver = "zoom_rooms"
link = "ssh://10.0.0.10"
[devices.dsp]
driver = "qsys_qrc"
link = "tcp://10.0.0.11"
units.hall = { volume = "HallGain" }
units.podium = { mic_mute = "PodiumMute" }
[devices.relays]
driver = "kmtronic"
link = "tcp://10.0.0.12:1000"
[devices.beamer]
driver = "epson_vp"
link = "tcp://10.0.0.13"
[parts]
calls = "codec"
volume = "dsp/hall"
microphone.podium = "dsp/podium"
display.main = "beamer"
[parts.screen.left]
wiring = "hold"
seconds_up = 10
seconds_down = 10
up = "relays/1"
down = "relays/2"
"""
BEYOND = [
    ('{ do = "hold" }', "do: zoom_rooms as calls does not take 'hold'; it takes: dial, "),
    ('{ do = "mute", on = true }', "do: qsys_qrc as volume does not take 'mute'; it takes: volume, step"),
    ('{ do = "toggle", what = "mute" }', "what: qsys_qrc as volume does not take 'mute'; it takes: volume, step"),
    ('{ do = "toggle", what = "mic-mute" }', "what: nothing in this room plays 'mic-mute'; it takes: "),
    ('{ do = "preset", preset = 1, part = "screen.left" }', "do: screen.left does not take 'preset'; it takes: move"),
]


@pytest.mark.parametrize(("press", "words"), BEYOND)
def test_what_no_device_in_the_room_can_do_is_said(tmp_path: Path, press: str, words: str) -> None:
    (complaint,) = read(tmp_path, key(f'label = "X"\npress = {press}'), POOR).complaints
    assert complaint.grave and words in str(complaint)
    assert str(complaint).startswith("room.toml: [surfaces.touch.pages.main.keys[1].press] ")
    (in_scene,) = read(tmp_path, f"[scenes.s]\nsteps = [{press}]", POOR).complaints
    assert words in str(in_scene) or "toggle" in press


@pytest.mark.parametrize("layout", readymade.LAYOUTS)
def test_a_ready_made_layout_has_no_key_that_could_never_do_anything(tmp_path: Path, layout: str) -> None:
    reading = read(tmp_path, f'[surfaces.touch]\nlayout = "{layout}"\n', POOR)
    assert not reading.complaints
    keys = {key.id for page in reading.site.rooms["room"].surfaces["touch"].pages for key in page.keys}
    assert {"power", "volume", "louder"} <= keys and keys.isdisjoint({"mute", "hold", "resume"})
    assert ("blank-display-main" in keys) == (layout in ("presentation", "lecture"))


WALL = '\n[devices.wall]\ndriver = "kd_wp8"\nlink = "tcp://10.0.0.9"\n[surfaces.wall]\nunit = "wall"\n'


def test_a_keypad_has_eight_keys_whatever_the_layout_has(tmp_path: Path) -> None:
    reading = read(tmp_path, f'{WALL}layout = "lecture"')
    assert not reading.complaints
    pages = reading.site.rooms["room"].surfaces["wall"].pages
    assert len(pages) > 1 and all(len(page.keys) <= 8 for page in pages), "split to fit"
    nine = "".join(f"[[surfaces.wall.pages.main.keys]]\nlabel = 'K{number}'\n" for number in range(9))
    (complaint,) = read(tmp_path, WALL + nine).complaints
    assert str(complaint).startswith("room.toml: [surfaces.wall] pages.main: has 9 keys; the surface has 8")
    (complaint,) = read(tmp_path, f'{WALL}layout = "basic"\nkeys = 9').complaints
    assert str(complaint).startswith("room.toml: [surfaces.wall] keys: found 9; wall has 8")


def test_what_is_broken_elsewhere_is_not_complained_of_again(tmp_path: Path) -> None:
    broken = ROOM.replace('mics = "codec"', 'mics = "codecc"')
    text = key('label = "X"\npress = { do = "mic-mute", on = true }\nshows = "mics.mic_muted"')
    assert [complaint.key for complaint in read(tmp_path, text, broken).complaints] == ["mics"]
    device = ROOM.replace('driver = "deck"', 'driver = "dekc"')
    again = read(tmp_path, '[surfaces.touch]\nunit = "deck/d1"\nlayout = "basic"\n', device).complaints
    assert [complaint.key for complaint in again] == ["driver"]


DOCS = PROFILES.parent / "docs"


def test_the_pages_blocks_are_profiles_without_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEC_PASSWORD", "x")
    for page in (DOCS / "surfaces.md", DOCS / "codecs" / "cisco-panels.md"):
        blocks = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
        assert blocks
        for block in blocks:
            complaints = read(tmp_path, block, "").complaints
            assert not complaints, "\n".join(map(str, complaints))


def test_the_page_names_every_icon_layout_and_key(tmp_path: Path) -> None:
    text = (DOCS / "surfaces.md").read_text(encoding="utf-8")
    listed = re.search(r"Icons: ([^.]*)\.", text)
    assert listed and [word.strip() for word in listed[1].split(",")] == list(ICONS)
    for layout in readymade.LAYOUTS:
        assert f"`{layout}`" in text
    cells = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| "))
    wrong = read(tmp_path, key('label = "X"\nnonsense = 1')).complaints
    known = re.findall(r"\w+", str(wrong[0]).partition("expected one of:")[2])
    assert "press" in known and all(f"`{word}`" in cells for word in known), known
