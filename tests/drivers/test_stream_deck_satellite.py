"""Stream Decks over the Satellite protocol: its lines in both dialects, decks, single buttons, and who is heard."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import simulators
from drivers.decks.lines import read, write
from drivers.decks.satellite import INTRODUCED, LONGEST, MOST_PRESSES, SatelliteSettings, StreamDeckSatellite
from gateway.commands import DrawKey, ShowKey
from gateway.driver import Appeared, Drop, Gone, Later, Offers, Press, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, run_device
from tests.drivers.golden import Golden

FACTS = "control-surfaces facts"
DECK = "streamdeck:SIM00000001"
HERE = {"allow": ("127.0.0.0/8",)}


def png(colour: str = "red") -> str:
    found = io.BytesIO()
    Image.new("RGB", (72, 72), colour).save(found, "PNG")
    return base64.b64encode(found.getvalue()).decode()


RED, BLUE = png(), png("blue")
CASE = Case(
    driver=StreamDeckSatellite,
    simulator="stream_deck_satellite",
    links=("listen+tcp", "listen+ws"),
    settings=HERE,
    visitor=DECK,
    commands=[
        Do(DrawKey("3", RED), DECK, seen=lambda sim: sim.pictures.get(2, "").endswith(RED), outcome="assumed"),
        Do(DrawKey("15", BLUE), DECK, seen=lambda sim: sim.pictures.get(14, "").endswith(BLUE), outcome="assumed"),
        Do(DrawKey("16", RED), DECK, outcome="refused"),
    ],
    hands=[],
)


def up(
    *lines: str, allow: tuple[str, ...] = ("10.0.0.0/24",), host: str = "10.0.0.7", scheme: str = "listen+tcp"
) -> Any:
    driver = StreamDeckSatellite(SatelliteSettings(allow=allow), host=host, scheme=scheme)
    list(driver.opened())
    for line in lines:
        list(driver.received(line.encode()))
    return driver


def said(actions: Any) -> list[str]:
    """The lines of what a driver does."""
    return [bytes(action.data).decode().rstrip("\n") for action in actions if isinstance(action, Send)]


GRID = "ADD-DEVICE DEVICEID=deck PRODUCT_NAME=Mini KEYS_TOTAL=6 KEYS_PER_ROW=3 BITMAPS=80 BITMAP_FORMAT=png"


# ---- lines -------------------------------------------------------------------------------------------------------

READ = [
    (
        Golden(
            b'ADD-DEVICE DEVICEID="abc" PRODUCT_NAME="Stream Deck" BITMAPS="72"', "the Pi's dialect", f"{FACTS} 5.1"
        ),
        ("ADD-DEVICE", {"DEVICEID": "abc", "PRODUCT_NAME": "Stream Deck", "BITMAPS": "72"}),
    ),
    (
        Golden(b"SUB-PRESS SUBID=b0-1 PRESSED=true", "the plug-in's dialect", f"{FACTS} 5.1"),
        ("SUB-PRESS", {"SUBID": "b0-1", "PRESSED": "true"}),
    ),
    (
        Golden(b'key-press DEVICEID="a \\"b\\" c" X PRESSED=1', "a backslash, a bare word", f"{FACTS} 5.1"),
        ("KEY-PRESS", {"DEVICEID": 'a "b" c', "X": True, "PRESSED": "1"}),
    ),
    (Golden(b"X A=b=c", "divided at the first =", f"{FACTS} 5.1"), ("X", {"A": "b=c"})),
]


@pytest.mark.parametrize(("golden", "meant"), READ, ids=lambda held: getattr(held, "meaning", None))
def test_a_line_is_read(golden: Golden, meant: Any) -> None:
    assert read(golden.wire.decode()) == meant


@given(st.text())
def test_any_line_is_read(line: str) -> None:
    command, values = read(line)
    assert command == command.upper() and all(isinstance(name, str) for name in values)


plain = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters='"\\'), max_size=30)


@given(st.dictionaries(st.from_regex(r"[A-Z]{1,8}", fullmatch=True), plain | st.booleans(), max_size=5))
def test_what_is_written_is_read_again(values: dict[str, Any]) -> None:
    line = write("KEY-STATE", "", **values)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    told = {name: str(int(value)) if isinstance(value, bool) else value for name, value in values.items()}
    assert read(line.decode().rstrip("\n")) == ("KEY-STATE", told)


def test_no_value_ends_a_line_or_a_quote() -> None:
    assert write("ERROR", MESSAGE='a"b\\c\nQUIT') == b'ERROR MESSAGE="abc QUIT"\n'


# ---- who is heard ------------------------------------------------------------------------------------------------


def test_a_program_is_greeted() -> None:
    begin = Golden(b'BEGIN CompanionVersion="4.3.0 (RoomGate)" ApiVersion="1.12.0"\n', "the greeting", f"{FACTS} 5.2")
    caps = Golden(
        b'CAPS SUBSCRIPTIONS=1 NONSQUARE=1 BITMAP_FORMATS="rgb,png" ROTARY_AMOUNT=0\n', "what we can", f"{FACTS} 5.2"
    )
    driver = StreamDeckSatellite(SatelliteSettings(allow=("10.0.0.0/24",)), host="10.0.0.7", scheme="listen+tcp")
    assert list(driver.opened()) == [
        Send(begin.wire, reply=False),
        Send(caps.wire, reply=False),
        Ready(),
        Later(5.0, "silent"),
    ]


@pytest.mark.parametrize(
    ("allow", "host", "welcome"),
    [
        ((), "127.0.0.1", False),
        (("10.0.0.0/24",), "10.0.0.200", True),
        (("10.0.0.0/24",), "10.0.1.2", False),
        (("10.0.0.5",), "::ffff:10.0.0.5", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("0.0.0.0/0",), "nonsense", False),
    ],
)
def test_only_those_that_are_listed_are_heard(allow: tuple[str, ...], host: str, welcome: bool) -> None:
    driver = StreamDeckSatellite(SatelliteSettings(allow=allow), host=host, scheme="listen+tcp")
    first = next(iter(driver.opened()))
    assert (
        isinstance(first, Send)
        if welcome
        else first == Drop(Reason.LOGIN_REFUSED, f"{host} is not one of the addresses in `allow`")
    )


def test_allow_is_checked() -> None:
    with pytest.raises(ValueError, match="allow holds addresses"):
        SatelliteSettings(allow=("everybody",))


def test_every_ping_is_answered_and_silence_is_an_end() -> None:
    driver = up()
    assert said(driver.received(Golden(b"PING", "without a payload", f"{FACTS} 5.5").wire)) == ["PONG"]
    assert said(driver.received(b"PING 17")) == ["PONG 17"]
    assert list(driver.due("silent")) == [Drop(Reason.NO_RESPONSE, "it said nothing for five seconds")]


# ---- decks -------------------------------------------------------------------------------------------------------


def test_a_deck_comes_and_goes() -> None:
    driver = up()
    assert list(driver.received(GRID.encode()))[1:] == [
        Send(b'ADD-DEVICE OK DEVICEID="deck"\n', reply=False),
        Offers("deck", frozenset({DrawKey})),
        Appeared("deck", {"product": "Mini", "address": "10.0.0.7", "keys": 6, "columns": 3, "width": 80, "height": 80,
                          "format": "png"}),
    ]  # fmt: skip
    assert list(driver.received(b"REMOVE-DEVICE DEVICEID=deck"))[1:] == [
        Send(b'REMOVE-DEVICE OK DEVICEID="deck"\n', reply=False),
        Gone("deck"),
    ]


def test_a_deck_without_pictures_is_told_words_and_colours() -> None:
    driver = up("ADD-DEVICE DEVICEID=x PRODUCT_NAME=X KEYS_TOTAL=8 KEYS_PER_ROW=4 BITMAPS=0 COLORS=hex TEXT=1")
    request = Request("1", ShowKey("2", "Mute", foreground="#ffffff", background="#a1211b"), "x")
    state = Golden(
        b'KEY-STATE DEVICEID="x" KEY=1 TYPE="BUTTON" PRESSED=0 COLOR="#a1211b" TEXTCOLOR="#ffffff" TEXT="TXV0ZQ=="\n',
        "a key in words",
        f"{FACTS} 5.4",
    )
    assert list(driver.command(request)) == [Send(state.wire, reply=False), Taken(request)]


@pytest.mark.parametrize(("form", "begins"), [("png", "data:image/png;base64,"), ("rgb", "")])
def test_a_picture_goes_in_the_form_that_was_agreed(form: str, begins: str) -> None:
    driver = up(GRID.replace("FORMAT=png", f"FORMAT={form}"))
    request = Request("1", DrawKey("6", "QUJD"), "deck")
    (state, taken) = driver.command(request)
    assert said([state]) == [f'KEY-STATE DEVICEID="deck" KEY=5 TYPE="BUTTON" PRESSED=0 BITMAP="{begins}QUJD"']
    assert taken == Taken(request)


PRESSED = [
    (Golden(b'KEY-PRESS DEVICEID="deck" KEY="4" PRESSED="1"', "by its index", f"{FACTS} 5.3"), "5"),
    (Golden(b'KEY-PRESS DEVICEID="deck" KEY="1/1" PRESSED="1"', "by row and column", f"{FACTS} 5.6"), "5"),
    (Golden(b"KEY-PRESS DEVICEID=deck KEY=0/2 PRESSED=true", "in the other dialect", f"{FACTS} 5.1"), "3"),
]


@pytest.mark.parametrize(("golden", "place"), PRESSED, ids=lambda held: getattr(held, "meaning", None))
def test_a_press_is_one_however_the_key_is_named(golden: Golden, place: str) -> None:
    driver = up(GRID)
    assert list(driver.received(golden.wire))[2:] == [Press(place, "down", None, "deck")]
    assert list(driver.received(golden.wire))[2:] == [], "a press that is told twice is one"
    released = (
        golden.wire.replace(b'"1"', b'"0"') if b'PRESSED="1"' in golden.wire else golden.wire.replace(b"true", b"false")
    )
    assert list(driver.received(released))[2:] == [Press(place, "up", None, "deck")]


@pytest.mark.parametrize(
    ("direction", "steps"), [("0", -1), ("1", 1), ("true", 1), ("false", -1), ("5", 5), ("-3", -3)]
)
def test_a_dial_turns(direction: str, steps: int) -> None:
    driver = up(GRID)
    turned = list(driver.received(f"KEY-ROTATE DEVICEID=deck KEY=2 DIRECTION={direction}".encode()))
    assert turned[2:] == [Press("3", "turn", steps, "deck")]


def test_a_manifest_names_its_controls_and_is_read_in_reading_order() -> None:
    controls = {"dial": {"row": 1, "column": 0}, "b": {"row": 0, "column": 1}, "a": {"row": 0, "column": 0}}
    held = {"stylePresets": {"default": {"bitmap": {"w": 120, "h": 100}}}, "controls": controls}
    text = base64.b64encode(json.dumps(held).encode()).decode()
    driver = up()
    added = list(driver.received(f"ADD-DEVICE DEVICEID=plus PRODUCT_NAME=Plus LAYOUT_MANIFEST={text}".encode()))
    assert added[-1] == Appeared("plus", {"product": "Plus", "address": "10.0.0.7", "keys": 3, "columns": 2,
                                          "width": 120, "height": 100, "format": "rgb"})  # fmt: skip
    assert list(driver.received(b"KEY-PRESS DEVICEID=plus CONTROLID=dial PRESSED=1"))[2:] == [
        Press("3", "down", None, "plus")
    ]
    assert 'CONTROLID="b"' in said(driver.command(Request("1", DrawKey("2", "QUJD"), "plus")))[0]


MANIFEST = '{"stylePresets": {"default": {}}, "controls": {"a": {"row": 0, "column": %s}}}'


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_names_are_not_tried_one_after_another_and_keys_are_pressed_by_hands() -> None:
    driver = up()
    for number in range(INTRODUCED):
        told = list(driver.received(f"ADD-DEVICE DEVICEID=x{number} PRODUCT_NAME=X".encode()))
        assert not any(isinstance(action, Drop) for action in told)
        list(driver.received(f"REMOVE-DEVICE DEVICEID=x{number}".encode()))
    (_, drop) = driver.received(b"ADD-DEVICE DEVICEID=y PRODUCT_NAME=X")
    assert drop == Drop(Reason.PROTOCOL_ERROR, f"it introduced more than {INTRODUCED} decks in 60 s")
    driver.now = 61.0
    assert any(isinstance(a, Appeared) for a in driver.received(b"ADD-DEVICE DEVICEID=y PRODUCT_NAME=X"))
    for _ in range(MOST_PRESSES):
        assert isinstance(list(driver.received(b"KEY-ROTATE DEVICEID=y KEY=0 DIRECTION=1"))[-1], Press)
    (_, drop) = driver.received(b"KEY-ROTATE DEVICEID=y KEY=0 DIRECTION=1")
    assert drop == Drop(Reason.PROTOCOL_ERROR, f"it pressed more than {MOST_PRESSES} keys in a second")


def test_a_message_that_is_too_long_is_the_end() -> None:
    (drop,) = up().received(b"PING " + b"x" * LONGEST)
    assert drop == Drop(Reason.PROTOCOL_ERROR, f"it sent more than {LONGEST} bytes in one message")


WRONG = [
    ("ADD-DEVICE PRODUCT_NAME=X", 'ADD-DEVICE ERROR MESSAGE="Missing DEVICEID"'),
    ("ADD-DEVICE DEVICEID=x", 'ADD-DEVICE ERROR DEVICEID="x" MESSAGE="Missing PRODUCT_NAME"'),
    ("ADD-DEVICE DEVICEID=group:x PRODUCT_NAME=X", 'ADD-DEVICE ERROR DEVICEID="group:x" MESSAGE="Reserved DEVICEID"'),
    (
        "ADD-DEVICE DEVICEID=../x PRODUCT_NAME=X",
        'ADD-DEVICE ERROR DEVICEID="../x" MESSAGE="DEVICEID has 1 to 100 letters, digits and :._-"',
    ),
    ("ADD-DEVICE DEVICEID=deck PRODUCT_NAME=X", 'ADD-DEVICE ERROR DEVICEID="deck" MESSAGE="Device already added"'),
    (
        "ADD-DEVICE DEVICEID=y PRODUCT_NAME=X KEYS_TOTAL=100000",
        'ADD-DEVICE ERROR DEVICEID="y" MESSAGE="Invalid KEYS_TOTAL"',
    ),
    (
        "ADD-DEVICE DEVICEID=y PRODUCT_NAME=X LAYOUT_MANIFEST=e30=",
        'ADD-DEVICE ERROR DEVICEID="y" MESSAGE="Invalid LAYOUT_MANIFEST"',
    ),
    *(
        (
            f"ADD-DEVICE DEVICEID=y PRODUCT_NAME=X LAYOUT_MANIFEST={b64(MANIFEST % place)}",
            'ADD-DEVICE ERROR DEVICEID="y" MESSAGE="Invalid LAYOUT_MANIFEST"',
        )
        for place in ("Infinity", "NaN", "-1", "1e9", "true", '"1"', "9" * 300)
    ),
    ("KEY-PRESS DEVICEID=deck KEY=6 PRESSED=1", 'KEY-PRESS ERROR DEVICEID="deck" MESSAGE="Invalid KEY"'),
    ("KEY-PRESS DEVICEID=deck KEY=-1 PRESSED=1", 'KEY-PRESS ERROR DEVICEID="deck" MESSAGE="Invalid KEY"'),
    ("KEY-PRESS DEVICEID=no KEY=0 PRESSED=1", 'KEY-PRESS ERROR DEVICEID="no" MESSAGE="Device not found"'),
    ("ADD-SUB SUBID=a LOCATION=1/0/8 BITMAP=72", 'ADD-SUB ERROR SUBID="a" MESSAGE="LOCATION is outside of the grid"'),
    ("ADD-SUB SUBID=a LOCATION=1/0", 'ADD-SUB ERROR SUBID="a" MESSAGE="Invalid LOCATION"'),
    ("SUB-PRESS SUBID=no PRESSED=1", 'SUB-PRESS ERROR SUBID="no" MESSAGE="Subscription not found"'),
    ("MAKE-COFFEE now", 'ERROR MESSAGE="Unknown command: MAKE-COFFEE"'),
]


@pytest.mark.parametrize(("line", "answer"), WRONG, ids=lambda held: held[:40])
def test_nonsense_is_answered_in_words_and_does_nothing(line: str, answer: str) -> None:
    driver = up(GRID)
    told = list(driver.received(line.encode()))
    assert said(told) == [answer]
    assert not any(isinstance(action, Press | Appeared | Gone) for action in told)


def test_a_key_that_is_not_there_is_refused() -> None:
    request = Request("1", DrawKey("7", "QUJD"), "deck")
    assert list(up(GRID).command(request)) == [Refused(request, "this deck has 6 keys")]


# ---- single buttons ----------------------------------------------------------------------------------------------


def test_an_elgato_apps_buttons_are_one_deck_a_page() -> None:
    driver = up()
    first = list(driver.received(b"ADD-SUB SUBID=x LOCATION=1/1/2 BITMAP=144 BITMAP_FORMAT=png"))
    unit = "buttons:10.0.0.7:1"
    assert Offers(unit, frozenset({DrawKey})) in first
    assert isinstance(first[-1], Appeared) and first[-1].unit == unit and first[-1].facts["width"] == 144
    list(driver.received(b"ADD-SUB SUBID=y LOCATION=2/0/0 BITMAP=144 BITMAP_FORMAT=png"))
    assert list(driver.received(b"SUB-PRESS SUBID=x PRESSED=true"))[2:] == [Press("11", "down", None, unit)]
    request = Request("1", DrawKey("11", "QUJD"), unit)
    assert said(driver.command(request)) == [
        'SUB-STATE SUBID="x" TYPE="BUTTON" PRESSED=1 BITMAP="data:image/png;base64,QUJD"'
    ]
    removed = list(driver.received(b"REMOVE-SUB SUBID=x"))
    assert removed[2:] == [Press("11", "up", None, unit), Gone(unit)], "a held button that goes is let go"


# ---- whatever comes ----------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=200) | st.sampled_from([line.encode() for line, _ in WRONG]), max_size=20))
def test_arbitrary_bytes_never_raise(lines: list[bytes]) -> None:
    driver = up(GRID)
    for line in lines:
        list(driver.received(line))


# ---- over real sockets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["listen+tcp", "listen+ws"])
@pytest.mark.parametrize("program", ["pi", "elgato"])
async def test_either_program_brings_its_keys_and_is_pressed(link: str, program: str) -> None:
    sim = simulators.find("stream_deck_satellite")(program=program, manifest=program == "pi")
    unit = DECK if program == "pi" else "buttons:127.0.0.1:1"
    async with sim.serving(link) as address, run_device(StreamDeckSatellite, address, HERE) as (device, watcher):
        await sim.until(lambda: sim.added)
        await watcher.until(lambda: device.unit(unit).offers is not None)
        sim.press(6)
        place = "7" if program == "pi" else "10"
        await watcher.until(lambda: any(event.data.get("key") == place for event in watcher.events))
        press = next(event for event in watcher.events if event.kind == "press")
        assert (press.data["unit"], press.data["key"], press.data["edge"]) == (unit, place, "down")
        device.submit(DrawKey(place, RED), unit)
        await sim.until(lambda: 6 in sim.pictures)
        assert sim.pictures[6] == f"data:image/png;base64,{RED}"
        await sim.until(lambda: sim.pongs > 3)
        assert sim.errors == []


async def test_a_key_that_is_held_when_its_link_dies_is_let_go() -> None:
    sim = simulators.find("stream_deck_satellite")()
    async with (
        sim.serving("listen+tcp") as address,
        run_device(StreamDeckSatellite, address, HERE) as (device, watcher),
    ):
        await sim.until(lambda: sim.added)
        sim.press(0)
        await watcher.until(lambda: any(event.kind == "press" for event in watcher.events))
        sim.faults.unreachable = True
        await watcher.until(lambda: watcher.events[-1].kind == "gone")
        assert DECK not in device.units, "and nothing is kept of it"


async def test_who_is_not_listed_is_shown_the_door() -> None:
    sim = simulators.find("stream_deck_satellite")()
    nobody = {"allow": ("192.0.2.1",)}
    async with (
        sim.serving("listen+tcp") as address,
        run_device(StreamDeckSatellite, address, nobody) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert device.visits is not None
        came = device.visits
        await watcher.until(lambda: not came.connections)
        assert sim.host == {} and not sim.added
