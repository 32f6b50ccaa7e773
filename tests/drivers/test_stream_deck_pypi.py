"""A second opinion: PyPI's `streamdeck`, whose own classes speak to the same simulated decks over the same reports.

For every model it knows: what it sends for a picture, a brightness, a colour and at opening is, byte for byte, what our
driver sends; what a deck says means the same to both; and a picture lies as theirs does.
"""

from __future__ import annotations

import asyncio
import base64
import io
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from StreamDeck.DeviceManager import DeviceManager
from StreamDeck.Devices.StreamDeck import DialEventType, TouchscreenEventType
from StreamDeck.ImageHelpers import PILHelper
from StreamDeck.Transport.Transport import Transport, TransportError

import simulators
from drivers.decks import reports
from drivers.decks.models import MODELS, VENDOR, Model
from drivers.decks.usb import StreamDeck
from gateway.commands import DrawKey, Rest
from gateway.driver import HidDevice, HidReport, Press, Request, Send
from gateway.surfaces.drawing import Form, draw
from gateway.surfaces.painting import form_of, forms_of
from gateway.surfaces.surface import Face
from simulators._deck import FAMILIES
from tests.drivers.test_stream_deck import marked, up

FACE = Face("Mute all", icon="microphone-off", background="#a1211b", level=30)


class Cable(Transport.Device):  # type: ignore[misc]
    """One simulated port as that library wants to see a device."""

    def __init__(self, path: Path, product: int) -> None:
        self._path, self._product = path, product
        self._socket: socket.socket | None = None
        self._inputs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def open(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.connect(str(self._path))
        self._ears = threading.Thread(target=self._hear, args=(self._socket,), daemon=True)
        self._ears.start()

    def _hear(self, wire: socket.socket) -> None:
        while packet := wire.recv(16_384):
            (self._answers if packet[:1] == b"G" else self._inputs).put(packet[1:])

    def close(self) -> None:
        held, self._socket = self._socket, None
        if held is not None:
            held.shutdown(socket.SHUT_RDWR)
            self._ears.join()
            held.close()

    def is_open(self) -> bool:
        return self._socket is not None

    def connected(self) -> bool:
        return True

    def path(self) -> str:
        return str(self._path)

    def vendor_id(self) -> int:
        return VENDOR

    def product_id(self) -> int:
        return self._product

    def _say(self, packet: bytes) -> None:
        if self._socket is None:
            raise TransportError("closed")
        self._socket.sendall(packet)

    def write_feature(self, payload: bytes) -> None:
        self._say(b"F" + bytes(payload))

    def read_feature(self, report_id: int, length: int) -> bytes:
        self._say(b"G" + bytes([report_id]).ljust(length, b"\0"))
        return self._answers.get(timeout=5)

    def write(self, payload: bytes) -> None:
        self._say(b"O" + bytes(payload))

    def read(self, length: int) -> bytes | None:
        if self._socket is None:
            raise TransportError("closed")
        try:
            return self._inputs.get_nowait()[:length].ljust(length, b"\0")
        except queue.Empty:
            return None


def theirs(path: Path, product: int) -> Any:
    """Their deck of that product, over our port."""

    class One:
        def enumerate(self, vid: int, pid: int) -> list[Cable]:
            return [Cable(path, product)] if (vid, pid) == (VENDOR, product) else []

    manager = DeviceManager(transport="dummy")
    manager.transport = One()
    deck = manager.enumerate()[0]
    deck.set_poll_frequency(1000)
    return deck


@pytest.fixture(params=sorted(FAMILIES))
async def sim(request: pytest.FixtureRequest) -> Any:
    """A simulated deck of each model; `sim.node` is its port."""
    held = simulators.find("stream_deck")(model=request.param)
    async with held.serving("hid"):
        held.node = held.doors[0].node
        yield held


async def told(sim: Any, speak: Callable[[Any], object]) -> list[tuple[str, bytes]]:
    """What their deck sends while it is told something, without what it sends at opening."""
    deck = theirs(sim.node, sim.family.product)

    def run() -> None:
        deck.open()
        try:
            speak(deck)
            deck.device.read_feature(6 if sim.family.speech == "main" else 3, 32)  # when this is answered, all came
        finally:
            deck.close()

    sim.log.clear()
    await asyncio.to_thread(run)
    assert sim.glass.errors == []
    said = [entry for entry in sim.log if entry[0] != "G"]
    return said[1:] if deck.is_visual() else said  # the first ends a half-sent picture


def ours(product: int, command: Any) -> list[tuple[str, bytes]]:
    """What our driver sends for a command."""
    driver, _ = up(product)
    letters = {"output": "O", "feature": "F"}
    actions = driver.command(Request("1", command, driver.unit))
    return [(letters[action.data.kind], action.data.data) for action in actions if isinstance(action, Send)]


async def test_pictures_are_the_same_reports(sim: Any) -> None:
    model = MODELS[sim.family.product]
    if not model.width:
        return
    form = form_of(model.facts())
    assert form is not None
    file = draw(FACE, form)
    for key in (0, 1, model.keys - 1):
        said = await told(sim, lambda deck, key=key: deck.set_key_image(key, file))  # type: ignore[misc]
        assert said == ours(sim.family.product, DrawKey(str(key + 1), base64.b64encode(file).decode()))
        assert said and sim.glass.files[key] == file


async def test_strip_and_screen_are_the_same_reports(sim: Any) -> None:
    model = MODELS[sim.family.product]
    file = draw(FACE, Form(200, 100, "jpeg"))
    image = base64.b64encode(file).decode()
    wide, high = model.window
    for dial in range(model.dials if model.strip[0] else 0):
        said = await told(sim, lambda deck, at=dial: deck.set_touchscreen_image(file, at * wide, 0, wide, high))  # type: ignore[misc]
        assert said == ours(sim.family.product, DrawKey(str(model.dial(dial)), image))
    if model.screen[0]:
        said = await told(sim, lambda deck: deck.set_screen_image(file))
        assert said == ours(sim.family.product, DrawKey(str(model.places), image))


async def test_features_are_the_same_reports(sim: Any) -> None:
    model = MODELS[sim.family.product]
    if not model.width:
        return
    ((letter, report),) = await told(sim, lambda deck: deck.set_brightness(10))
    ((our_letter, our_report),) = ours(sim.family.product, Rest(True))
    # Theirs is a byte too long for V2, XL and Neo, and that byte is 0 (facts 6.4).
    assert letter == our_letter and report.removesuffix(b"\0" * (len(report) - len(our_report))) == our_report
    assert len(report) - len(our_report) in (0, 1)
    assert await told(sim, lambda deck: deck.reset()) == [("F", reports.reset(model))]
    sim.log.clear()
    await told(sim, lambda deck: None)
    assert sim.log[0] == ("O", reports.forget(model)), "what is sent at opening"
    for key in range(model.keys, model.keys + model.touch_keys):
        said = await told(sim, lambda deck, key=key: deck.set_key_color(key, 255, 128, 0))  # type: ignore[misc]
        assert said == [("F", reports.fill_key(key, "#ff8000"))]


async def test_serial_and_firmware_are_read_alike(sim: Any) -> None:
    """Their + and Studio classes cut three characters off the serial number, and find no firmware (facts 6.4)."""
    heard: list[str] = []
    await told(sim, lambda deck: heard.extend((deck.get_serial_number(), deck.get_firmware_version())))
    asked = [report for letter, report in sim.log if letter == "G"][:2]
    model = MODELS[sim.family.product]
    driver = StreamDeck()
    sent = driver.received(HidDevice(VENDOR, sim.family.product, "x", "x"))
    assert [action.data.data[:1] for action in sent if isinstance(action, Send)] == [report[:1] for report in asked]
    cut = sim.model in ("plus", "studio")
    assert heard[0] == (sim.serial[3:] if cut else sim.serial)
    assert cut or heard[1] == sim.firmware
    assert model.places


async def test_a_picture_lies_as_theirs_does(sim: Any) -> None:
    model = MODELS[sim.family.product]
    if not model.width:
        return
    deck = theirs(sim.node, sim.family.product)
    picture = marked((model.width, model.height))
    native = Image.open(io.BytesIO(PILHelper.to_native_key_format(deck, picture.copy())))
    form = form_of(model.facts())
    assert form is not None and native.format == form.format.upper()
    turned = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if form.flip else picture
    turned = turned.rotate(-form.turn, expand=True)
    assert turned.size == native.size
    difference = ImageStat.Stat(ImageChops.difference(turned, native.convert("RGB")))
    assert max(difference.mean) < 4, "of 255: what JPEG alone does at edges"
    if model.strip[0]:
        other = forms_of(model.facts())[str(model.dial(0))]
        strip = PILHelper.to_native_touchscreen_format(deck, marked(model.strip))
        shape = Image.open(io.BytesIO(strip)).size
        assert other is not None and (shape[0] < shape[1]) == (other.turn in (90, 270))


async def test_what_a_deck_says_means_the_same(sim: Any) -> None:
    model: Model = MODELS[sim.family.product]
    deck = theirs(sim.node, sim.family.product)
    heard: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
    driver, _ = up(sim.family.product)
    deck.set_key_callback(lambda _, key, down: heard.put((str(key + 1), "down" if down else "up", None)))
    deck.set_dial_callback(lambda _, dial, kind, value: heard.put(_dial(model, dial, kind, value)))
    deck.set_touchscreen_callback(lambda _, kind, value: heard.put((kind, value["x"], value.get("x_out"))))
    spoken: list[bytes] = []

    async def both(hand: Callable[[], object]) -> tuple[Any, list[Any]]:
        """What they hear of it, and what our driver does with the same report."""
        spoken.clear()
        hand()
        their = await asyncio.to_thread(heard.get, True, 5)
        (report,) = spoken
        actions = list(driver.received(HidReport("input", report)))
        return their, [(held.key, held.edge, held.value) for held in actions if isinstance(held, Press)]

    say = sim._say
    sim._say = lambda report: (spoken.append(report), say(report))
    await asyncio.to_thread(deck.open)
    try:
        await sim.until(lambda: sim.programs == 1)
        for key in (0, model.keys - 1, *range(model.keys, model.keys + model.touch_keys)):
            for hand in (sim.press, sim.release):
                their, our = await both(lambda hand=hand, key=key: hand(key))  # type: ignore[misc]
                assert our == [their] and their[0] == str(key + 1)
        for dial in range(model.dials):
            for hand in (lambda d=dial: sim.push(d), lambda d=dial: sim.pop(d), lambda d=dial: sim.turn(d, -3)):  # type: ignore[misc]
                their, our = await both(hand)
                assert our == [their]
        if model.strip[0]:
            their, our = await both(lambda: sim.tap(250))
            assert (
                their == (TouchscreenEventType.SHORT, 250, None)
                and [held[0] for held in our] == [str(model.dial(1))] * 2
            )
            their, our = await both(lambda: sim.tap(250, long=True))
            assert their[0] is TouchscreenEventType.LONG and [held[1] for held in our] == ["down", "hold", "up"]
            their, our = await both(lambda: sim.drag(250, 150))
            assert their == (TouchscreenEventType.DRAG, 250, 150) and our == [(str(model.dial(1)), "turn", -5)]
    finally:
        await asyncio.to_thread(deck.close)


def _dial(model: Model, dial: int, kind: Any, value: Any) -> tuple[Any, ...]:
    edge = "turn" if kind is DialEventType.TURN else "down" if value else "up"
    return str(model.dial(dial)), edge, value if edge == "turn" else None
