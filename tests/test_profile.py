"""Profiles: every mistake at once and in words, and no room the worse for another's."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from gateway.clock import LoopClock
from gateway.complaint import Complaint, Table
from gateway.driver import Timing
from gateway.house import House
from gateway.journal import Journal
from gateway.model import KINDS
from gateway.motion import MotionSpec
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.profile.site import Reading
from gateway.report import describe_device, state
from gateway.spec import PowerSpec, ServerSpec
from gateway.surfaces import typefaces

SITE = """
name = "Site"
time_zone = "Europe/Berln"
colour = "red"

[server]
port = 80800
plain_http = "yes"

[defaults.pjlnk]
poll = 5.0

[devices.pdu]
driver = "apc_pdu"
link = "snmp://10.0.0.5"
community = "private"
"""
ROOM = """
nmae = "Boardroom"

[devices.codec]
driver = "cisco_roomsos"
link = "wss://10.0.2.10"

[devices.projector]
driver = "pjlink"
link = "udp://10.0.2.11"
password = "JBMIAProjectorLink"
poll = "often"

[devices.screens]
driver = "global_cache"
link = "tcp://10.0.2.12"
timing = { window = 0, gaap = 1 }

[devices.motors]
driver = "draper"
link = "serial:///dev/ttyUSB0"
pasword = "x"

[devices.bridge]
driver = "bond"
link = "http://10.0.2.13"
trust = "all"
token = { env = "A", file = "B" }

[volume]
maximum = 130
default = "loud"

[parts]
volume = "codec"
mics = "codek"
outlet.rack = "pdu/first"
gramophone = "codec"
shade = "screens/1:1"
relay.lamp = "screens/9:9:9"
display.left = "motors/1"

[parts.screen.left]
wiring = "hold"
up = "screens/1:1"
down = "screens/1:1"
seconds_up = 0

[sources.laptop]
input = 31

[power.off]
screens = "sideways"
source = "vhs"
mute = "perhaps"
"""
GOOD = """
[devices.relays]
driver = "global_cache"
link = "tcp://10.0.0.9"

[parts]
relay.door = "relays/1:3"
"""


def site(folder: Path, files: Mapping[str, str]) -> Reading:
    for name, text in files.items():
        (folder / name).write_text(text)
    return profile.read(folder, load_drivers())


def told(reading: Reading) -> dict[tuple[str, str, str], Complaint]:
    return {(complaint.file, complaint.table, complaint.key): complaint for complaint in reading.complaints}


def test_all_mistakes_at_once_each_with_its_place(tmp_path: Path) -> None:
    reading = site(tmp_path, {"site.toml": SITE, "boardroom.toml": ROOM, "good.toml": GOOD})
    found = told(reading)
    expected = {
        ("site.toml", "", "time_zone"): "Europe/Berlin",
        ("site.toml", "", "colour"): "unknown key",
        ("site.toml", "server", "port"): "0 to 65535",
        ("site.toml", "server", "plain_http"): "true or false",
        ("site.toml", "defaults.pjlnk", ""): "did you mean 'pjlink'?",
        ("site.toml", "devices.pdu", "community"): "found the secret itself",
        ("boardroom.toml", "", "nmae"): "did you mean 'name'?",
        ("boardroom.toml", "devices.codec", "driver"): "did you mean 'cisco_roomos'?",
        ("boardroom.toml", "devices.projector", "link"): "tcp",
        ("boardroom.toml", "devices.projector", "password"): "never the secret",
        ("boardroom.toml", "devices.projector", "poll"): "a number",
        ("boardroom.toml", "devices.screens.timing", "window"): "from 1",
        ("boardroom.toml", "devices.screens.timing", "gaap"): "did you mean 'gap'?",
        ("boardroom.toml", "devices.motors", "pasword"): "unknown key",
        ("boardroom.toml", "devices.bridge", "trust"): "any",
        ("boardroom.toml", "devices.bridge", "token"): "env",
        ("boardroom.toml", "volume", "maximum"): "0 to 100",
        ("boardroom.toml", "volume", "default"): "a whole number",
        ("boardroom.toml", "parts", "mics"): "did you mean 'codec'?",
        ("boardroom.toml", "parts", "outlet.rack"): "has no unit 'first'",
        ("boardroom.toml", "parts", "gramophone"): "no such kind of part",
        ("boardroom.toml", "parts", "shade"): "shade.main",
        ("boardroom.toml", "parts", "relay.lamp"): "has no unit",
        ("boardroom.toml", "parts", "display.left"): "cannot play display",
        ("boardroom.toml", "parts.screen.left", "down"): "two roles",
        ("boardroom.toml", "parts.screen.left", "seconds_up"): "0.1 to 600",
        ("boardroom.toml", "parts.screen.left", "seconds_down"): "missing",
        ("boardroom.toml", "sources.laptop", "input"): "a text",
        ("boardroom.toml", "power.off", "screens"): "up",
        ("boardroom.toml", "power.off", "source"): "no source 'vhs'",
        ("boardroom.toml", "power.off", "mute"): '"keep"',
    }
    words = {place: str(found[place]) if place in found else "nothing was said" for place in expected}
    silent = {place: said for place, said in words.items() if expected[place] not in said}
    assert not silent
    assert len(found) >= len(expected) > 20
    for complaint in found.values():  # file, table and key, what was found and what was expected
        assert str(complaint).startswith(f"{complaint.file}: ") and complaint.found and complaint.expected
    assert list(reading.site.rooms) == ["good"]  # a broken room does not keep the good ones from running
    assert "JBMIAProjectorLink" not in "".join(map(str, found.values()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "Boardroom\n', "line 1"),
        ('[parts]\n\nvolume = "codec"\nvolume = "codec"\n', "line 4"),
        ("[parts\n", "line 1"),
    ],
)
def test_what_is_no_toml_names_its_line(tmp_path: Path, text: str, words: str) -> None:
    reading = site(tmp_path, {"boardroom.toml": text, "good.toml": GOOD})
    (complaint,) = reading.complaints
    assert complaint.file == "boardroom.toml" and words in complaint.found and list(reading.site.rooms) == ["good"]


def test_files_that_cannot_be_rooms(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "Caf\xe9"\n')
    (tmp_path / "Big Room.toml").write_text(GOOD)
    found = {complaint.file: str(complaint) for complaint in profile.read(tmp_path, load_drivers()).complaints}
    assert "UTF-8" in found["latin.toml"] and "small letters" in found["Big Room.toml"]
    nowhere = profile.read(tmp_path / "none", load_drivers())
    assert "there is no such folder" in str(nowhere.complaints[0]) and nowhere.grave
    (tmp_path / "empty").mkdir()
    assert "no room here" in str(profile.read(tmp_path / "empty", load_drivers()).complaints[0])


MOTOR = """
[parts.screen.main]
wiring = "hold"
up = "relays/1:1"
down = "relays/1:2"
seconds_up = 10
seconds_down = 10
"""
SHARED = """
[devices.relays]
driver = "global_cache"
link = "tcp://10.0.0.9"
"""


def test_a_relay_has_one_owner_across_rooms(tmp_path: Path) -> None:
    other = '[parts]\nrelay.lamp = "relays/1:2"\n'
    reading = site(tmp_path, {"site.toml": SHARED, "a.toml": MOTOR, "b.toml": other, "c.toml": GOOD})
    (complaint,) = reading.complaints
    assert (complaint.file, complaint.key) == ("b.toml", "relay.lamp")
    assert "relays/1:2 already belongs to a: screen.main" in complaint.found
    assert list(reading.site.rooms) == ["a", "c"]  # c has relays of its own by the same name
    both = site(tmp_path, {"b.toml": 'nmae = "B"\n' + other})
    assert {complaint.key for complaint in both.complaints} == {"nmae", "relay.lamp"}  # all at once


async def test_a_missing_secret_disables_its_device_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_PASSWORD", raising=False)
    room = """
    [devices.projector]
    driver = "pjlink"
    link = "tcp://10.0.0.9"
    password = { env = "NO_SUCH_PASSWORD" }

    [devices.other]
    driver = "pjlink"
    link = "tcp://10.0.0.10"
    password = { file = "/no/such/file" }

    [devices.third]
    driver = "pjlink"
    link = "tcp://10.0.0.11"
    enabled = false

    [parts]
    display.main = "projector"
    display.side = "other"
    display.back = "third"
    """
    reading = site(tmp_path, {"room.toml": room})
    assert not reading.grave and len(reading.complaints) == 2 and list(reading.site.rooms) == ["room"]
    journal = Journal(None, clock=LoopClock())
    house = House(reading.site, journal, LoopClock())
    told = {device.name: describe_device(device) for device in house.devices.values()}
    assert {held["reason"] for held in told.values()} == {"disabled"} and house.settled()
    assert told["projector"]["words"] == "password: the environment has no NO_SUCH_PASSWORD"
    assert "/no/such/file cannot be read" in told["other"]["words"]
    assert told["third"]["words"] == "enabled = false in the profile"
    assert state(house.rooms["room"])["parts"]["display.main"]["words"] == told["projector"]["words"]


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    text = '[devices.p]\ndriver = "pjlink"\nlink = "tcp://10.0.0.9"\npassword = {{ file = "{}" }}\n'
    room = site(tmp_path, {"room.toml": text.format(secret)}).site.rooms["room"]
    assert getattr(room.devices["p"].settings, "password") == "hush"  # noqa: B009
    relative = site(tmp_path, {"room.toml": text.format("secret")})
    assert "absolute path" in str(relative.complaints[0]) and "hush" not in repr(room)


def test_a_site_says_once_what_all_devices_of_a_driver_have(tmp_path: Path) -> None:
    defaults = (
        "[defaults.pjlink]\npoll = 7.5\ntiming = { gap = 0.2 }\nnonsense = 1\nrecord = true\n[volume]\nmaximum = 60\n"
    )
    rooms = {
        f"{name}.toml": f'[devices.p]\ndriver = "pjlink"\nlink = "tcp://10.0.0.9"\n{more}'
        for name, more in (("a", ""), ("b", "poll = 2.0\n[volume]\nmaximum = 80\n"))
    }
    reading = site(tmp_path, {"site.toml": defaults, **rooms})
    (complaint,) = reading.complaints  # said where it stands, and not again at each device
    assert (complaint.file, complaint.table, complaint.key) == ("site.toml", "defaults.pjlink", "nonsense")
    a, b = reading.site.rooms["a"], reading.site.rooms["b"]
    assert [getattr(room.devices["p"].settings, "poll") for room in (a, b)] == [7.5, 2.0]  # noqa: B009
    assert a.devices["p"].timing == {"gap": 0.2} and a.devices["p"].record
    assert (a.maximum_volume, b.maximum_volume) == (60, 80)


def test_one_room_alone_takes_of_what_is_shared_only_what_it_uses(tmp_path: Path) -> None:
    site(tmp_path, {"site.toml": SHARED, "a.toml": MOTOR, "c.toml": GOOD})
    assert list(profile.read(tmp_path / "a.toml", load_drivers()).site.devices) == ["relays"]
    assert list(profile.read(tmp_path / "c.toml", load_drivers()).site.devices) == []


PAGE = Path(__file__).parent.parent / "docs" / "profiles.md"


def test_every_block_of_the_page_is_a_profile_without_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDROOM_CODEC_PASSWORD", "x")
    monkeypatch.setenv("PDU_COMMUNITY", "x")
    monkeypatch.setenv("BOARDROOM_PIN", "271828")
    monkeypatch.setenv("PANEL_ADMIN_PIN", "314159")
    (tmp_path / "secret").write_text("x")
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 5
    for number, block in enumerate(blocks):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = block.replace("/etc/roomgate/projector", str(tmp_path / "secret"))
        for name in re.findall(r'^logo = "(.+)"', text, re.M):  # lies beside the profile
            Image.new("RGB", (60, 20)).save(folder / name, "PNG")  # whatever its name says: the content decides
        files = {"site.toml": text, "room.toml": GOOD} if "# site.toml" in block else {"room.toml": text}
        reading = site(folder, files)
        assert not reading.complaints and list(reading.site.rooms) == ["room"], "\n".join(map(str, reading.complaints))


def test_the_page_names_every_key_kind_and_default() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    for kind in KINDS.values():
        assert any(row.startswith((f"`{kind.name}`", f"`{kind.name}.NAME`")) for row in rows), kind.name
    for f in dataclasses.fields(PowerSpec):
        assert f"`{f.name}`" in rows
    for f in dataclasses.fields(MotionSpec):
        assert any(f"`{f.name}`" in row for row in rows), f.name
        if isinstance(f.default, float):
            assert f"| {f.default:g} |" in rows[f"`{f.name}`"]
    for f in (*dataclasses.fields(ServerSpec), *dataclasses.fields(Timing)):
        assert f"`{f.name}`" in text
    off, on = profile.read_power(Table("", "", {}, []), {}, 100, 35)
    shown = {True: "true", False: "false", None: "keep", "up": '"up"', "": "none", 35: "the default"}
    for f in dataclasses.fields(PowerSpec):
        cells = [cell.strip() for cell in rows[f"`{f.name}`"].split("|")]
        assert cells[3:5] == [shown[getattr(way, f.name)] for way in (on, off)], f.name


def test_the_typeface_of_keys_is_looked_into(tmp_path: Path) -> None:
    own = typefaces.own()
    for name, words in (
        ("nowhere.ttf", "no file 'nowhere.ttf'; expected a TrueType or OpenType file beside site.toml"),
        ("room.toml", "'room.toml' is no typeface; expected a TrueType or OpenType file"),
        ("", "expected a TrueType or OpenType file beside site.toml"),
    ):
        reading = site(tmp_path, {"site.toml": f'[keys]\ntypeface = "{name}"\n', "room.toml": GOOD})
        (complaint,) = reading.complaints
        assert str(complaint).startswith("site.toml: [keys] typeface: ") and words in str(complaint), complaint
        assert complaint.grave and reading.site.typeface is None
    shutil.copy(own, tmp_path / "Ours.ttf")
    reading = site(tmp_path, {"site.toml": '[keys]\ntypeface = "Ours.ttf"\n', "room.toml": GOOD})
    assert not reading.complaints and reading.site.typeface == tmp_path / "Ours.ttf"
