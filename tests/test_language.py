"""The words on keys in the room's language: every file has every phrase, layouts and faces speak it, names stay."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.plugins import load_drivers
from gateway.profile import readymade
from gateway.profile import site as profile
from gateway.profile.language import FOLDER, LANGUAGES, say
from gateway.surfaces import typefaces
from tests.api.support import ROOM, rig

OTHERS = [language for language in LANGUAGES if language != "en"]
GATEWAY = Path(__file__).parent.parent / "gateway"
RICH = """
[devices.codec]
driver = "cisco_roomos"
link = "ws://10.0.0.10"
[devices.beamer]
driver = "pjlink"
link = "tcp://10.0.0.13"
[devices.motors]
driver = "bond"
link = "http://10.0.0.14"
[devices.dimmer]
driver = "sacn"
link = "udp://10.0.0.15"
lights = { ceiling = 1 }
[devices.rack]
driver = "apc_pdu"
link = "snmp://10.0.0.16"
[devices.head]
driver = "visca"
link = "tcp://10.0.0.17"
[devices.dsp]
driver = "qsys_qrc"
link = "tcp://10.0.0.18"
units.podium = { mic_mute = "PodiumMute" }
[parts]
volume = "codec"
mics = "codec"
camera = "codec"
calls = "codec"
share = "codec"
picture = "codec"
codec = "codec"
display.main = { unit = "beamer", label = "Power" }
screen.left = "motors/79135791"
shade.window = "motors/4caf6472"
light.ceiling = "dimmer/ceiling"
outlet.amplifier = "rack/1"
ptz.front = "head"
microphone.podium = "dsp/podium"
[sources.laptop]
label = "Laptop"
input = "31"
[scenes.film]
steps = [{ do = "volume", level = 40 }]
[meetings]
calendar = "codec"
"""


def labels(folder: Path, language: str, layout: str) -> dict[str, tuple[str, str]]:
    """The words on each key of a room that has everything: usually, and while it is on."""
    text = f'language = "{language}"\n{RICH}\n[surfaces.deck]\nlayout = "{layout}"\n'
    (folder / "room.toml").write_text(text)
    reading = profile.read(folder / "room.toml", load_drivers())
    assert not reading.grave, "\n".join(map(str, reading.complaints))
    pages = reading.site.rooms["room"].surfaces["deck"].pages
    return {key.id: (key.label, key.label_on) for page in pages for key in page.keys}


def phrases(language: str) -> dict[str, str]:
    held: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return held


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_phrase_with_its_holes(language: str) -> None:
    held = phrases(language)
    assert list(held) == list(phrases(OTHERS[0])) and all(word.strip() == word != "" for word in held.values())
    for phrase, words in held.items():
        assert sorted(re.findall(r"\{\w+\}", words)) == sorted(re.findall(r"\{\w+\}", phrase)), phrase
    letters = {letter for words in held.values() for letter in words if letter.isalpha()}
    assert language == "ja" or all(typefaces.has(typefaces.own(), letter) for letter in letters)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("layout", readymade.LAYOUTS)
def test_a_ready_made_layout_speaks_the_rooms_language(tmp_path: Path, language: str, layout: str) -> None:
    ours, theirs, held = labels(tmp_path, "en", layout), labels(tmp_path, language, layout), phrases(language)
    assert ours.keys() == theirs.keys()
    assert not re.search(
        "{|aim:|say:", " ".join(word for words in (*ours.values(), *theirs.values()) for word in words)
    )
    for key, english in ours.items():
        named = key.startswith(("source-", "scene-", "outlet-", "microphone-")) or key in ("light-ceiling",)
        for one, other in zip(english, theirs[key], strict=True):
            numbered = re.search(r" [12]$", one) is not None
            assert not one or named or numbered or other != one or held.get(one) == one, f"{key}: {one!r} in English"
    if layout != "basic":
        assert theirs["screen-left-up"][0] == say(language, "{name} up", name="Left")
    if layout == "lecture":
        assert theirs["display-main-on"][0] == say(language, "{name} on", name="Power"), "what people named stays"
        assert theirs["ptz-front-up"][0] == say(language, "aim:{name} up", name="Front")
        assert theirs["camera-left"][0] == say(language, "{name} left", name=say(language, "Camera"))


def test_every_word_of_a_face_is_a_phrase() -> None:
    files = ("surface.py", "surfacehost.py", "roomview.py")
    text = "".join((GATEWAY / "surfaces" / file).read_text("utf-8") for file in files)
    found = set(re.findall(r'"((?:Off|Not |No |Ref)[a-z ]*)"', text))
    assert found == {"Offline", "Not now", "Not known", "Refused", "No answer"} <= phrases("de").keys()


def test_a_mistake_and_a_missing_typeface_are_said(tmp_path: Path) -> None:
    room = tmp_path / "room.toml"
    room.write_text(f'language = "xx"\n{RICH}')
    (complaint,) = profile.read(room, load_drivers()).complaints
    assert complaint.grave and str(complaint).startswith("room.toml: language: found 'xx'; expected one of: de, en, es")
    labels(tmp_path, "ja", "basic")
    (complaint,) = profile.read(room, load_drivers()).complaints
    assert not complaint.grave and "[keys] typeface" in str(complaint)
    (tmp_path / "site.toml").write_text('language = "fr"\n')
    room.write_text(RICH)
    (held,) = profile.read(tmp_path, load_drivers()).site.rooms.values()
    assert held.language == "fr", "the site's, where a room says nothing"


async def test_a_call_is_told_in_the_rooms_language(tmp_path: Path) -> None:
    async with rig(tmp_path, f'language = "de"\n{ROOM}') as house:
        await house.online()
        host = house.running.house.surfaces["demo"]["deck"]
        await house.until(lambda: host.faces["call"].text == "Anruf\nkein Anruf")
        house.sims["codec"].incoming_call("bob@example.com", "Bob")
        await house.until(lambda: host.faces["call"].text == "Anruf\nklingelt")
        house.sims["codec"].faults.unreachable = True
        await house.until(lambda: host.faces["mic-mute"].flag == "unavailable")
        host.press("mic-mute", "down")
        assert host.faces["mic-mute"].text == "Mikrofone an\nNicht da"
