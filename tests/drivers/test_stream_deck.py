"""Stream Decks on USB: every report both ways, every model, and what a deck does with them."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import simulators
from drivers.decks import reports
from drivers.decks.models import MODELS, VENDOR
from drivers.decks.usb import StreamDeck, StreamDeckSettings
from gateway.commands import DrawKey, Rest, ShowKey
from gateway.driver import Appeared, Drop, HidDevice, HidReport, Later, Offers, Press, Ready, Refused, Request, Send
from gateway.model import Reason
from gateway.surfaces.painting import form_of, forms_of
from simulators._deck import FAMILIES
from tests.drivers.contract import Case, Do, run_device
from tests.drivers.golden import Golden

FACTS = "control-surfaces facts"
UNIT = "SIM000000001"
MK2, MINI, ORIGINAL, NEO, PLUS = (MODELS[product] for product in (0x0080, 0x0063, 0x0060, 0x009A, 0x0084))


def jpeg(colour: str = "red", size: tuple[int, int] = (72, 72)) -> str:
    found = io.BytesIO()
    Image.new("RGB", size, colour).save(found, "JPEG")
    return base64.b64encode(found.getvalue()).decode()


RED, BLUE = jpeg(), jpeg("blue")


def like(sim: Any, key: int, colour: tuple[int, int, int]) -> bool:
    """The key shows about that colour."""
    picture = sim.seen(key)
    return picture is not None and all(abs(a - b) < 8 for a, b in zip(picture.getpixel((9, 9)), colour, strict=True))


CASE = Case(
    driver=StreamDeck,
    simulator="stream_deck",
    links=("hid",),
    visitor=UNIT,
    commands=[
        Do(DrawKey("3", RED), UNIT, seen=lambda sim: like(sim, 2, (254, 0, 0)), outcome="assumed"),
        Do(DrawKey("15", BLUE), UNIT, seen=lambda sim: like(sim, 14, (0, 0, 254)), outcome="assumed"),
        Do(DrawKey("16", RED), UNIT, outcome="refused"),
        Do(Rest(True), UNIT, seen=lambda sim: sim.glass.brightness == 10, outcome="assumed"),
        Do(Rest(False), UNIT, seen=lambda sim: sim.glass.brightness == 80, outcome="assumed"),
    ],
    hands=[],
)


# ---- to the deck -------------------------------------------------------------------------------------------------

SAID = [
    (Golden(bytes.fromhex("02 07 02 01 db 02 00 00 ff d8"), "731 bytes of JPEG on key 2", f"{FACTS} 6.2"),
     next(reports.picture(MK2, 2, b"\xff\xd8" + bytes(729))), 1024),
    (Golden(bytes.fromhex("02 07 02 00 f8 03 00 00"), "the first page of two", f"{FACTS} 6.2: KEY LAST LEN16 PAGE16"),
     next(reports.picture(MK2, 2, bytes(1500))), 1024),
    (Golden(bytes.fromhex("02 07 02 01 e4 01 01 00"), "the second", f"{FACTS} 6.2"),
     list(reports.picture(MK2, 2, bytes(1500)))[1], 1024),
    (Golden(bytes.fromhex("02 01 00 00 00 04 00 00 00 00 00 00 00 00 00 00 42 4d"), "Mini, key 3, page 0",
            f"{FACTS} 6.3: 02 01 PAGE 00 LAST KEY+1 00*10"),
     next(reports.picture(MINI, 3, reports.black(MINI))), 1024),
    (Golden(bytes.fromhex("02 01 13 00 01 04"), "Mini: the last of 20 pages", f"{FACTS} 6.3"),
     list(reports.picture(MINI, 3, reports.black(MINI)))[19], 1024),
    (Golden(bytes.fromhex("02 01 01 00 00 05 00 00 00 00 00 00 00 00 00 00 42 4d"), "original: page 1 of 1 and 2",
            f"{FACTS} 6.3"),
     next(reports.picture(ORIGINAL, 4, reports.black(ORIGINAL))), 8191),
    (Golden(bytes.fromhex("02 01 02 00 01 05"), "original: the last page", f"{FACTS} 6.3"),
     list(reports.picture(ORIGINAL, 4, reports.black(ORIGINAL)))[1], 8191),
    (Golden(bytes.fromhex("02 0c c8 00 00 00 c8 00 64 00 01 00 00 03 00 00 aa bb cc"), "+: strip, the second dial's",
            f"{FACTS} 6.2: X16 Y16 W16 H16 LAST PAGE16 LEN16 00"),
     next(reports.window(PLUS, 1, b"\xaa\xbb\xcc")), 1024),
    (Golden(bytes.fromhex("02 0b 00 01 03 00 00 00 aa bb cc"), "Neo: the info screen", f"{FACTS} 6.2"),
     next(reports.screen(b"\xaa\xbb\xcc")), 1024),
    (Golden(bytes.fromhex("03 08 28"), "brightness 40", f"{FACTS} 7.2"), reports.brightness(MK2, 40), 32),
    (Golden(bytes.fromhex("05 55 aa d1 01 28"), "Mini: brightness 40", f"{FACTS} 6.3"),
     reports.brightness(MINI, 40), 17),
    (Golden(bytes.fromhex("03 02"), "show the logo", f"{FACTS} 6.2"), reports.reset(MK2), 32),
    (Golden(bytes.fromhex("0b 63"), "Mini: reset", f"{FACTS} 6.3"), reports.reset(MINI), 17),
    (Golden(bytes.fromhex("03 05 01 02 03"), "fill the LCD", f"{FACTS} 6.2"), reports.fill("#010203"), 32),
    (Golden(bytes.fromhex("03 06 08 ff 80 00"), "fill a key", f"{FACTS} 6.2"), reports.fill_key(8, "#ff8000"), 32),
    (Golden(b"\x06", "ask for the serial number", f"{FACTS} 6.2"), reports.ask_serial(MK2), 32),
    (Golden(b"\x03", "Mini: ask for the serial number", f"{FACTS} 6.3"), reports.ask_serial(MINI), 17),
    (Golden(b"\x05", "ask for AP2's firmware", f"{FACTS} 6.2"), reports.ask_firmware(MK2), 32),
    (Golden(b"\x04", "Mini: ask for the firmware", f"{FACTS} 6.3"), reports.ask_firmware(MINI), 17),
    (Golden(b"\x02\x00", "end a half-sent picture", "PyPI streamdeck 0.10.0, _reset_key_stream"),
     reports.forget(MK2), 1024),
]  # fmt: skip


@pytest.mark.parametrize(("golden", "said", "length"), SAID, ids=lambda held: getattr(held, "meaning", None))
def test_what_a_deck_is_sent(golden: Golden, said: bytes, length: int) -> None:
    assert said.startswith(golden.wire) and len(said) == length


def test_a_pedal_shows_nothing() -> None:
    assert not list(reports.picture(MODELS[0x0086], 0, b"x"))


def test_a_black_picture_is_one() -> None:
    picture = Image.open(io.BytesIO(reports.black(MINI)))
    assert (picture.format, picture.size, picture.convert("RGB").getcolors()) == ("BMP", (80, 80), [(6400, (0, 0, 0))])


@given(st.binary(min_size=1, max_size=20_000), st.sampled_from(sorted(MODELS)))
def test_pages_hold_the_whole_file(file: bytes, product: int) -> None:
    model = MODELS[product]
    if model.speech != "main" or not model.width:
        return
    pages = list(reports.picture(model, 0, file))
    assert b"".join(page[8 : 8 + int.from_bytes(page[4:6], "little")] for page in pages) == file
    assert [page[3] for page in pages] == [0] * (len(pages) - 1) + [1]


# ---- from the deck -----------------------------------------------------------------------------------------------

HEARD = [
    (Golden(bytes.fromhex("01 00 0f 00") + bytes(7) + b"\x01" + bytes(7), "MK.2: key 7", f"{FACTS} 6.2"),
     MK2, reports.Keys(frozenset({8}))),
    (Golden(bytes.fromhex("01 00 0a 00") + bytes(9) + b"\x01", "Neo: the second sensor", f"{FACTS} 6.2"),
     NEO, reports.Keys(frozenset({10}))),
    (Golden(bytes.fromhex("01 00 01 00 00 00 01"), "Mini: keys 1 and 5", f"{FACTS} 6.3"),
     MINI, reports.Keys(frozenset({2, 6}))),
    (Golden(b"\x01\x01" + bytes(14), "original: its first key is the last of the first row", f"{FACTS} 6.3"),
     ORIGINAL, reports.Keys(frozenset({5}))),
    (Golden(bytes.fromhex("01 02 0e 00 01 00 2c 01 32 00"), "+: a tap at 300, 50", f"{FACTS} 6.2"),
     PLUS, reports.Touched(300)),
    (Golden(bytes.fromhex("01 02 0e 00 02 00 2c 01 32 00"), "+: held there", f"{FACTS} 6.2"),
     PLUS, reports.Touched(300, held=True)),
    (Golden(bytes.fromhex("01 02 0e 00 03 00 2c 01 32 00 c8 00 32 00"), "+: drawn to 200, 50", f"{FACTS} 6.2"),
     PLUS, reports.Touched(300, drawn=-100)),
    (Golden(bytes.fromhex("01 03 05 00 00 00 01 00 00"), "+: the second dial is pressed", f"{FACTS} 6.2"),
     PLUS, reports.Dials(frozenset({1}))),
    (Golden(bytes.fromhex("01 03 05 00 01 00 00 fe 03"), "+: dials turned", f"{FACTS} 6.2: int8, + = clockwise"),
     PLUS, reports.Turned((0, 0, -2, 3))),
    (Golden(bytes.fromhex("01 04 03 00 61 62 63"), "NFC: not for us", f"{FACTS} 6.2"), MODELS[0x00AA], None),
]  # fmt: skip


@pytest.mark.parametrize(("golden", "model", "meant"), HEARD, ids=lambda held: getattr(held, "meaning", None))
def test_what_a_deck_says(golden: Golden, model: Any, meant: Any) -> None:
    assert reports.read(model, golden.wire) == meant
    assert reports.read(model, golden.wire.ljust(512, b"\0")) == meant, "as USB pads it"


def test_serial_and_firmware() -> None:
    serial = Golden(b"\x06\x0cAL12K1A00234".ljust(32, b"\0"), "12 letters", f"{FACTS} 6.2: 06 len ascii@2")
    firmware = Golden(b"\x05\x0c\x01\x02\x03\x041.02.003".ljust(32, b"\0"), "AP2", f"{FACTS} 6.2: ascii[8]@6")
    old = Golden(b"\x03\0\0\0\0AL12K1A00234", "Mini: ASCII at 5", f"{FACTS} 6.3")
    assert reports.serial(MK2, serial.wire) == "AL12K1A00234"
    assert reports.firmware(MK2, firmware.wire) == "1.02.003"
    assert reports.serial(MINI, old.wire) == reports.firmware(MINI, old.wire) == "AL12K1A00234"


@given(st.binary(max_size=600), st.sampled_from(sorted(MODELS)))
def test_arbitrary_reports_never_raise(report: bytes, product: int) -> None:
    model = MODELS[product]
    reports.read(model, report)
    assert reports.serial(model, report).isprintable() and reports.firmware(model, report).isprintable()
    driver, _ = up(product)
    for kind in ("input", "feature", "done"):
        for tag in (None, "alive", "serial"):
            list(driver.received(HidReport(kind, report), tag))  # type: ignore[arg-type]


# ---- a deck's life -----------------------------------------------------------------------------------------------


def up(product: int = 0x0080, **settings: Any) -> tuple[StreamDeck, list[Any]]:
    """A driver whose deck has told who it is, and all that it did."""
    driver = StreamDeck(StreamDeckSettings(**settings))
    did = [*driver.opened(), *driver.received(HidDevice(VENDOR, product, "AL12", "x"))]
    model = driver.model
    assert model is not None
    pad = 2 if model.speech == "main" else 5
    answer = (b"\x06\x06".ljust(pad, b"\0") + b"SN1234").ljust(32, b"\0")
    did += driver.received(HidReport("feature", answer), "serial")
    did += driver.received(HidReport("feature", bytes(32)), "firmware")
    did += driver.received(HidReport("done", b""), "brightness")
    return driver, did


def test_a_deck_is_asked_who_it_is_made_blank_and_told_of() -> None:
    _, did = up(brightness=55)
    assert did[0] == Send(HidReport("get", b"\x06".ljust(32, b"\0")), tag="serial")
    sent = [action.data.data[:5].hex() for action in did if isinstance(action, Send)]
    assert sent[2:] == ["0200000000", "0305000000", "0308370000"]
    assert did[-4:] == [
        Ready(),
        Offers("SN1234", frozenset({DrawKey, Rest})),
        Appeared("SN1234", {"product": "Stream Deck MK.2", "keys": 15, "columns": 5, "width": 72, "height": 72,
                            "format": "jpeg", "turn": 180, "flip": False, "firmware": ""}),
        Later(5.0, "alive"),
    ]  # fmt: skip


def test_a_mini_is_made_blank_key_by_key() -> None:
    _, did = up(0x0063)
    pages = [action.data.data for action in did if isinstance(action, Send) and action.data.data[:2] == b"\x02\x01"]
    assert len(pages) == 6 * 20


def test_a_deck_without_a_serial_number_is_known_by_its_usb_name_or_not_at_all() -> None:
    driver = StreamDeck()
    list(driver.received(HidDevice(VENDOR, 0x0086, "USB1", "")))
    list(driver.failed("serial", "Broken pipe"))
    assert Appeared in {type(action) for action in driver.failed("firmware", "Broken pipe")} and driver.unit == "USB1"
    nobody = StreamDeck()
    list(nobody.received(HidDevice(VENDOR, 0x0086, "", "")))
    list(nobody.failed("serial", "Broken pipe"))
    assert list(nobody.failed("firmware", "Broken pipe")) == [
        Drop(Reason.PROTOCOL_ERROR, "it has no serial number to be known by")
    ]


def test_what_is_no_deck_is_left_alone() -> None:
    driver = StreamDeck()
    assert list(driver.received(HidDevice(VENDOR, 0x00F0, "X", "Elgato Wave:3"))) == [Ready()]
    assert list(driver.received(HidReport("input", b"\x01\x00\x01\x00\x01"))) == []


def test_unknown_products_are_said_to_be_like_known_ones() -> None:
    driver = StreamDeck(StreamDeckSettings(products=("00f0=0063",)))
    list(driver.received(HidDevice(VENDOR, 0x00F0, "X", "")))
    assert driver.model == MINI


def test_the_size_of_a_studios_keys_is_a_setting() -> None:
    driver, did = up(0x00AA, studio_keys="144x112")
    told = next(action for action in did if isinstance(action, Appeared)).facts
    assert (told["width"], told["height"], told["keys"]) == (144, 112, 34)
    assert told["forms"] == {"33": None, "34": None} and driver.model is not MODELS[0x00AA]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"brightness": 101}, "brightness is from 0 to 100"),
        ({"asleep": -1}, "asleep is from 0 to 100"),
        ({"studio_keys": "1x1"}, "studio_keys is 80x120 or 144x112"),
        ({"products": ("x",)}, "pairs such as 00d1=0080"),
        ({"products": ("00d1=00d2",)}, "is like '00d2'; known are"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StreamDeckSettings(**settings)


def pressed(driver: StreamDeck, report: str) -> list[tuple[str, str, Any]]:
    told = list(driver.received(HidReport("input", bytes.fromhex(report).ljust(512, b"\0"))))
    assert all(isinstance(action, Press) and action.unit == "SN1234" for action in told)
    return [(action.key, action.edge, action.value) for action in told if isinstance(action, Press)]


def test_keys_go_down_and_up_once() -> None:
    driver, _ = up()
    assert pressed(driver, "01 00 0f 00 01 00 01") == [("1", "down", None), ("3", "down", None)]
    assert pressed(driver, "01 00 0f 00 01 00 01") == []
    assert pressed(driver, "01 00 0f 00 00 00 01") == [("1", "up", None)]


def test_dials_and_the_strip_above_them() -> None:
    driver, _ = up(0x0084)
    assert pressed(driver, "01 03 05 00 01 00 00 fe 03") == [("11", "turn", -2), ("12", "turn", 3)]
    assert pressed(driver, "01 02 0e 00 01 00 2c 01 32 00") == [("10", "down", None), ("10", "up", None)]
    assert [edge for _, edge, _ in pressed(driver, "01 02 0e 00 02 00 00 00 00 00")] == ["down", "hold", "up"]
    assert pressed(driver, "01 02 0e 00 03 00 2c 01 32 00 c8 00 32 00") == [("10", "turn", -5)]
    assert pressed(driver, "01 02 0e 00 03 00 2c 01 32 00 2d 01 32 00") == [], "a finger that hardly moved"
    assert pressed(driver, "01 03 05 00 00 00 01 00 00") == [("10", "down", None)]
    assert pressed(driver, "01 02 0e 00 01 00 2c 01 32 00") == [], "that dial is held already"
    assert pressed(driver, "01 03 05 00 00 00 00 00 00") == [("10", "up", None)]
    assert pressed(driver, "01 02 0e 00 01 00 ff ff 32 00") == [("12", "down", None), ("12", "up", None)]


def test_what_cannot_be_drawn_is_refused() -> None:
    driver, _ = up(0x009A)

    def said(command: Any) -> Any:
        (action,) = driver.command(Request("1", command, "SN1234"))
        return action

    assert said(DrawKey("12", RED)) == Refused(Request("1", DrawKey("12", RED), "SN1234"), "this deck has 11 places")
    assert isinstance(said(DrawKey("x", RED)), Refused) and isinstance(said(DrawKey("9", RED)), Refused)
    assert isinstance(said(DrawKey("1", "no base64!")), Refused) and isinstance(said(ShowKey("1", "x")), Refused)
    assert said(ShowKey("10", background="#ff8000")).data == HidReport("feature", reports.fill_key(9, "#ff8000"))


def test_silence_is_an_end_and_a_refusal_is_none() -> None:
    driver, _ = up()
    assert list(driver.failed("alive", "no response")) == [Drop(Reason.NO_RESPONSE, "it does not answer")]
    assert list(driver.failed("alive", "Broken pipe")) == []
    request = Request("1", Rest(True), "SN1234")
    assert list(driver.failed(request, "Broken pipe")) == [Refused(request, "the deck does not take it: Broken pipe")]


def test_a_deck_that_we_leave_shows_its_logo() -> None:
    driver, _ = up()
    assert list(driver.closing()) == [Send(HidReport("feature", reports.reset(MK2)), tag="reset")]


# ---- every model, over the simulated port ------------------------------------------------------------------------


def marked(size: tuple[int, int]) -> Any:
    """A picture that tells how it lies: red at the top left, green at the top right, blue at the bottom left."""
    picture = Image.new("RGB", size, "white")
    pen, (wide, high) = ImageDraw.Draw(picture), size
    for colour, x, y in (("red", 0, 0), ("lime", wide // 2, 0), ("blue", 0, high // 2)):
        pen.rectangle((x, y, x + wide // 2 - 1, y + high // 2 - 1), fill=colour)
    return picture


def corners(picture: Any) -> list[str]:
    """What is in each quarter."""
    wide, high = picture.size
    found = []
    for x, y in ((wide // 4, high // 4), (3 * wide // 4, high // 4), (wide // 4, 3 * high // 4)):
        red, green, blue = picture.getpixel((x, y))
        found.append({(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue"}.get((red > 127, green > 127, blue > 127)))
    return found  # type: ignore[return-value]


def lay(picture: Any, form: Any) -> str:
    """A picture in the form that a deck asked for."""
    if form.flip:
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    found = io.BytesIO()
    picture.rotate(-form.turn, expand=True).save(found, form.format.upper())
    return base64.b64encode(found.getvalue()).decode()


@pytest.mark.parametrize("name", sorted(FAMILIES))
async def test_every_model_is_drawn_pressed_and_plugged_again(name: str) -> None:
    sim = simulators.find("stream_deck")(model=name)
    async with sim.serving("hid") as address, run_device(StreamDeck, address) as (device, watcher):
        await watcher.until(lambda: any(event.kind == "appeared" for event in watcher.events))
        facts = watcher.events[0].data
        form = form_of(facts)
        assert (form is None) == (name == "pedal")
        if form is not None:
            last = sim.family.keys - 1
            picture = lay(marked((form.width, form.height)), form)
            outcome = await device.submit(DrawKey(str(last + 1), picture), UNIT).ended(5)
            assert outcome is not None and outcome.good
            await sim.until(lambda: sim.seen(last) is not None and corners(sim.seen(last)) == ["red", "lime", "blue"])
            assert sim.seen(last).size == (form.width, form.height)
        for place, other in forms_of(facts).items():
            if other is not None:
                before = sim.glass.drawn
                device.submit(DrawKey(place, lay(marked((other.width, other.height)), other)), UNIT)
                await sim.until(lambda before=before: sim.glass.drawn > before)
        sim.press(1)
        await watcher.until(lambda: any(event.kind == "press" for event in watcher.events))
        press = next(event.data for event in watcher.events if event.kind == "press")
        assert (press["unit"], press["key"], press["edge"]) == (UNIT, "2", "down")
        sim.unplug()
        await watcher.until(lambda: watcher.events[-1].kind == "gone")
        watcher.events.clear()
        sim.plug()
        await watcher.until(lambda: any(event.kind == "appeared" for event in watcher.events))
        assert sim.glass.errors == []
