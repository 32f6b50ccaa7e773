"""Stream Decks on the network: frames both ways, the life of a dock, a deck behind it and a Studio, and bad days."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.decks import frames, net, reports
from drivers.decks.frames import Child, Frame, Stream
from drivers.decks.models import MODELS
from drivers.decks.net import StreamDeckNet, StreamDeckNetSettings
from gateway.commands import DrawKey, Rest, ShowKey
from gateway.cutters import Overflow
from gateway.driver import (
    Alert,
    Appeared,
    Drop,
    Feedback,
    Gone,
    HidReport,
    Later,
    Offers,
    Press,
    Reach,
    Reached,
    Ready,
    Refused,
    Request,
    Send,
)
from gateway.model import Reason
from gateway.surfaces.painting import form_of
from simulators._deck import FAMILIES
from tests.drivers.contract import Case, Do, run_device
from tests.drivers.golden import Golden
from tests.drivers.test_stream_deck import BLUE, RED, UNIT, corners, lay, like, marked

FACTS = "control-surfaces facts"
MAGIC = "43 93 8a 41"
QUICK = {"reply": 0.3, "ready": 2.0}

CASE = Case(
    driver=StreamDeckNet,
    simulator="stream_deck_net",
    links=("tcp",),
    visitor=UNIT,
    simulator_settings={"speed": 10.0},
    commands=[
        Do(DrawKey("3", RED), UNIT, seen=lambda sim: like(sim, 2, (254, 0, 0)), outcome="assumed"),
        Do(DrawKey("15", BLUE), UNIT, seen=lambda sim: like(sim, 14, (0, 0, 254)), outcome="assumed"),
        Do(DrawKey("16", RED), UNIT, outcome="refused"),
        Do(Rest(True), UNIT, seen=lambda sim: sim.glass.brightness == 10, outcome="assumed"),
        Do(Rest(False), UNIT, seen=lambda sim: sim.glass.brightness == 80, outcome="assumed"),
    ],
    hands=[],
)


def cora(payload: str | bytes, flags: str = "00 00", op: str = "00", number: str = "00 00 00 00") -> bytes:
    """A frame of the dock's, put together by hand."""
    body = payload if isinstance(payload, bytes) else bytes.fromhex(payload)
    return bytes.fromhex(f"{MAGIC} {flags} {op} 00 {number}") + len(body).to_bytes(4, "little") + body


# ---- to the box --------------------------------------------------------------------------------------------------

BEAT = cora("01 0a 00 00 00 07" + " 00" * 26, number="2a 00 00 00")
SAID = [
    (Golden(bytes.fromhex(f"{MAGIC} 00 02 00 00 2a 00 00 00 20 00 00 00 03 1a 07") + bytes(29),
            "dock: a keepalive's answer", f"{FACTS} 7.2: flags 0200, same op and number, 32 bytes 03 1a CONN"),
     frames.here(frames.read(BEAT))),
    (Golden(bytes.fromhex(f"{MAGIC} 00 00 02 00 00 00 00 00 02 00 00 00 03 80"), "dock: what are you",
            f"{FACTS} 7.2: get 03 80, flags 0"), frames.ask(True, 0x80)),
    (Golden(bytes.fromhex(f"{MAGIC} 00 80 02 00 00 00 00 00 01 00 00 00 06"), "deck: serial number",
            f"{FACTS} 7.2: a feature get carries just the id, VERBATIM"),
     frames.wrapped(True, HidReport("get", reports.ask_serial(MODELS[0x0080])))),
    (Golden(bytes.fromhex(f"{MAGIC} 00 80 01 00 00 00 00 00 20 00 00 00 03 08 28") + bytes(29),
            "deck: brightness 40", f"{FACTS} 7.2: the 32-byte report, op 1"),
     frames.wrapped(True, HidReport("feature", reports.brightness(MODELS[0x0080], 40)))),
    (Golden(bytes.fromhex(f"{MAGIC} 00 80 00 00 00 00 00 00 00 04 00 00 02 07 02 01 02 00 00 00 ff d8") + bytes(1014),
            "deck: a picture", f"{FACTS} 7.2: writes are 1024-byte output reports, op 0"),
     frames.wrapped(True, HidReport("output", next(reports.picture(MODELS[0x0080], 2, b"\xff\xd8"))))),
    (Golden(b"\x03\x1a\x07" + bytes(1021), "Studio: a keepalive's answer", f"{FACTS} 7.1: 03 1a CONN, zeros to 1024"),
     frames.here(Frame(bytes.fromhex("01 0a 00 00 00 07") + bytes(506)))),
    (Golden(b"\x03\x84" + bytes(1022), "Studio: serial number", f"{FACTS} 7.1"), frames.ask(False, 0x84)),
    (Golden(b"\x03\x08\x28" + bytes(1021), "Studio: brightness 40", f"{FACTS} 7.1"),
     frames.wrapped(False, HidReport("feature", reports.brightness(MODELS[0x00AA], 40)))),
    (Golden(b"\x03\x06\x05\xff\x80\x00" + bytes(1018), "Studio: fill a key", f"{FACTS} 7.1: 03 06 key r g b"),
     frames.wrapped(False, HidReport("feature", reports.fill_key(5, "#ff8000")))),
    (Golden(b"\x02\x0f\x01" + b"\x01\x02\x03" * 12 + bytes(985), "Studio: half a ring", f"{FACTS} 6.2: (rgb)*24"),
     reports.ring(1, 50, "#010203")),
    (Golden(b"\x02\x10\x01\x01\x02\x03" + bytes(1018), "Studio: a dial's light", f"{FACTS} 6.2: 02 10 dial r g b"),
     reports.knob(1, "#010203")),
]  # fmt: skip


@pytest.mark.parametrize(("golden", "said"), SAID, ids=lambda held: getattr(held, "meaning", None))
def test_what_a_box_is_sent(golden: Golden, said: bytes) -> None:
    assert said == golden.wire


def test_a_report_that_is_too_long_for_a_studio_is_not_cut() -> None:
    with pytest.raises(ValueError, match="8191 bytes has no place"):
        frames.wrapped(False, HidReport("output", bytes(8191)))


# ---- from the box ------------------------------------------------------------------------------------------------

PLUGGED = Golden(
    bytes.fromhex("01 0b 00 00 02") + bytes(21) + bytes.fromhex("d9 0f 80 00") + bytes(64)
    + b"SIM000000001".ljust(32, b"\0") + bytes.fromhex("e0 14"),
    "an MK.2 on port 5344",
    f"{FACTS} 7.1: byte 4 = 02, vid at 26, pid at 28, serial 94..125, port at 126",
)  # fmt: skip
DOCK = Golden(b"\x03\x80" + bytes(10) + b"\xd9\x0f\xff\xff", "it is a dock", f"{FACTS} 7.2: identify with pid ffff")
STUDIO = Golden(b"\x03\x80" + bytes(10) + b"\xd9\x0f\xaa\x00", "it is a Studio", f"{FACTS} 7.1: pid u16 at 14")
FIRMWARE = Golden(b"\x03\x83" + bytes(6) + b"1.05.004", "its firmware", f"{FACTS} 7.1: ASCII at 8..16")
SERIAL = Golden(b"\x03\x84\x00\x0cDOCK00000001", "its serial number", f"{FACTS} 7.1: length at 3, ASCII at 4")
MAC = Golden(b"\x03\x85\x00\x00\x00\x11\x22\x33\x44\x55", "its address", f"{FACTS} 7.1: 4..10")


def test_what_a_box_says_of_itself() -> None:
    assert (frames.product(DOCK.wire), frames.product(STUDIO.wire)) == (0xFFFF, 0x00AA)
    assert frames.firmware(FIRMWARE.wire) == "1.05.004"
    assert frames.serial(SERIAL.wire) == "DOCK00000001"
    assert frames.mac(MAC.wire) == "00:11:22:33:44:55"
    assert frames.child(PLUGGED.wire) == Child(0x0080, "SIM000000001", 5344)
    assert frames.child(bytes.fromhex("01 0b 00 00 00")) is None
    for half in (PLUGGED.wire[:100], PLUGGED.wire[:126] + b"\0\0"):
        with pytest.raises(ValueError, match="it tells of a deck"):
            frames.child(half)


def test_the_header_of_a_docks_frame() -> None:
    golden = Golden(bytes.fromhex(f"{MAGIC} 00 81 02 00 01 00 00 00 02 00 00 00 06 0c"), "an answer of the deck's",
                    f"{FACTS} 7.2: flags u16 (8000 VERBATIM, 0100 RESULT), op, 0, number u32, length u32")  # fmt: skip
    assert frames.read(golden.wire) == Frame(b"\x06\x0c", True, True, 2, 1)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6), st.integers(1, 700))
def test_frames_come_whole_out_of_any_pieces(payloads: list[bytes], size: int) -> None:
    wire = b"".join(cora(payload) for payload in payloads)
    feed = Stream().start()
    found = [one for at in range(0, len(wire), size) for one in feed(wire[at : at + size])]
    assert [frames.read(one).payload for one in found] == payloads
    plain = Stream().start()
    told = b"\x01\x0a".ljust(512, b"\0") + b"\x03\x80".ljust(512, b"\0")
    assert b"".join(one for at in range(0, 1024, size) for one in plain(told[at : at + size])) == told


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (b"HTTP/1.1 400 Bad Request", "neither a Network Dock nor a Studio"),
        (b"\x43\x93\x8a\x42", "neither a Network Dock"),
        (b"\x01\x0b", "neither a Network Dock"),
        (cora("01 0a 00 00 00 07")[:12] + b"\xff\xff\xff\xff", "4294967311 bytes; 8208 is the most"),
        (cora("01 0a 00 00 00 07") + b"\x01\x0a\x00\x00", "without its first four bytes"),
    ],
)
def test_what_is_no_frame_is_the_end(wire: bytes, words: str) -> None:
    with pytest.raises(Overflow, match=words):
        Stream().start()(wire)
    slow = Stream().start()
    with pytest.raises(Overflow, match=words):
        for at in range(len(wire)):
            slow(wire[at : at + 1])


@given(st.lists(st.binary(max_size=600), max_size=20), st.booleans())
def test_no_bytes_make_it_hold_more_than_one_frame(pieces: list[bytes], begun: bool) -> None:
    feed = Stream().start()
    held = 0
    try:
        for piece in [cora("01 0a 00 00 00 07")] * begun + pieces:
            held += len(piece) - sum(map(len, feed(piece)))
            assert held < frames.HEAD + frames.LONGEST
    except Overflow:
        pass


# ---- a dock's life -----------------------------------------------------------------------------------------------


def up(box: Golden = DOCK, **settings: Any) -> tuple[StreamDeckNet, list[Any]]:
    """A box that has said who it is; the driver and what it did."""
    driver = StreamDeckNet(StreamDeckNetSettings(**settings), host="10.0.0.9")
    wrap = cora if box is DOCK else lambda payload: payload.ljust(512, b"\0")
    did = list(driver.opened()) + list(driver.received(wrap(bytes.fromhex("01 0a 00 00 00 07"))))
    for told in (box, SERIAL, FIRMWARE, MAC):
        did += driver.received(wrap(told.wire))
    return driver, did


def deck(driver: StreamDeckNet, serial: bytes = b"\x06\x0cSIM000000001", told: bytes = PLUGGED.wire) -> list[Any]:
    """A deck behind the dock that has said who it is; what the driver did."""
    did = list(driver.received(cora(told)))
    did += driver.received(Reached(True), link="deck")
    stream = cora("01 0a 00 00 00 01") + cora(serial, "00 81") + cora(b"\x05\x0c\0\0\0\x001.02.003", "00 81")
    for at in range(len(stream)):
        did += driver.received(stream[at : at + 1], link="deck")
    return did


def sent(did: list[Any], link: str) -> list[bytes]:
    return [action.data for action in did if isinstance(action, Send) and action.link == link]


def test_a_dock_is_online_without_a_deck() -> None:
    driver, did = up()
    assert did[0] == Later(1.0, "look")
    asked = [data[16:] for data in sent(did, "main")]
    assert asked == [b"\x03\x1a\x07" + bytes(29), b"\x03\x80", b"\x03\x84", b"\x03\x83", b"\x03\x85", b"\x03\x1c"]
    assert Feedback(model="Elgato Network Dock", serial="DOCK00000001", firmware="1.05.004") in did and Ready() in did
    assert not any(isinstance(action, Appeared) for action in did)
    assert list(driver.received(cora("01 0b 00 00 00")))[-1] == Later(0, "again")


def test_a_deck_behind_it_is_reached_on_its_own_port_and_met() -> None:
    driver, _ = up()
    did = deck(driver)
    assert Reach("deck", "tcp://10.0.0.9:5344") in did and not sent(did, "main")
    said = [frames.read(data) for data in sent(did, "deck")]
    assert [frame.payload[:3] for frame in said[1:]] == [
        b"\x06", b"\x05", b"\x02\0\0", bytes.fromhex("03 05 00"), bytes.fromhex("03 08 50")
    ]  # fmt: skip
    assert all(frame.verbatim for frame in said[1:]) and not said[0].verbatim
    told = next(action for action in did if isinstance(action, Appeared))
    assert (told.unit, told.facts["dock"], told.facts["firmware"]) == (UNIT, "DOCK00000001", "1.02.003")
    assert Offers(UNIT, frozenset({DrawKey, Rest})) in did
    assert list(driver.received(cora(PLUGGED.wire))) == [], "the same deck again is no news"


def test_a_deck_that_goes_and_comes_back_is_gone_and_reached_anew() -> None:
    driver, _ = up()
    deck(driver)
    did = list(driver.received(cora("01 0b 00 00 00")))
    assert Gone(UNIT) in did and Reach("deck", "") in did
    assert any(isinstance(action, Appeared) for action in deck(driver)), "drawn anew"
    other = PLUGGED.wire[:126] + b"\xe1\x14"
    assert [a for a in driver.received(cora(other)) if isinstance(a, Gone | Reach)] == [
        Gone(UNIT), Reach("deck", ""), Reach("deck", "tcp://10.0.0.9:5345")
    ]  # fmt: skip


def test_a_deck_whose_link_is_lost_is_gone_and_the_dock_is_asked() -> None:
    driver, _ = up()
    deck(driver)
    did = list(driver.received(Reached(False, "link lost"), link="deck"))
    assert Gone(UNIT) in did and sent(did, "main")[0][16:] == b"\x03\x1c"
    assert list(driver.command(Request("1", Rest(True), UNIT))) == [
        Refused(Request("1", Rest(True), UNIT), "that deck is not there")
    ]


def test_presses_are_the_decks_own() -> None:
    driver, _ = up()
    deck(driver)
    down = cora(bytes.fromhex("01 00 0f 00") + bytes(7) + b"\x01" + bytes(7), "00 80")
    assert list(driver.received(down, link="deck")) == [Press("8", "down", None, UNIT)]
    assert list(driver.received(down)) == [], "the dock itself has no keys"


def test_a_deck_that_does_not_name_itself_has_the_name_that_the_dock_told() -> None:
    driver, _ = up()
    deck(driver, serial=b"\x06\x00")
    assert driver.deck is not None and driver.deck.unit == UNIT
    nobody, _ = up()
    did = deck(nobody, b"\x06\x00", PLUGGED.wire[:94] + bytes(32) + PLUGGED.wire[126:])
    assert Alert("", "the deck behind it was given up: it does not say who it is") in did


def test_what_is_not_answered_is_done_without() -> None:
    driver = StreamDeckNet(host="10.0.0.9")
    list(driver.received(cora("01 0a 00 00 00 07")))
    assert list(driver.due("box")) == [Drop(Reason.NO_RESPONSE, "it does not say what it is")]
    list(driver.received(cora(DOCK.wire)))
    assert Feedback(model="Elgato Network Dock", serial=None, firmware=None) in list(driver.due("box"))
    list(driver.received(cora(PLUGGED.wire)))
    list(driver.received(Reached(True), link="deck"))
    list(driver.received(cora("01 0a 00 00 00 01"), link="deck"))
    assert any(isinstance(action, Appeared) for action in driver.due("deck"))
    assert list(driver.due("deck")) == []


def test_five_looks_without_a_byte_are_the_end_of_it() -> None:
    driver, _ = up()
    for _ in range(5):
        assert list(driver.due("look")) == [Later(1.0, "look")]
    assert list(driver.due("look"))[-1] == Drop(Reason.NO_RESPONSE, "not a byte for 5 s")


def test_a_deck_that_talks_nonsense_is_tried_again_later_each_time() -> None:
    driver, _ = up()
    deck(driver)
    waits = []
    for number in range(7):
        did = list(driver.received(b"\xff\xff\xff\xff", link="deck"))
        assert (Gone(UNIT) in did) == (number == 0) and Reach("deck", "") in did
        assert sum(isinstance(action, Alert) for action in did) == (number == 0), "told once"
        waits.append(did[-1])
        assert list(driver.due("again")) == [Reach("deck", "tcp://10.0.0.9:5344")]
        list(driver.received(Reached(True), link="deck"))
    assert waits == [Later(seconds, "again") for seconds in (2, 4, 8, 16, 30, 30, 30)]


def test_kinds_that_nobody_knows() -> None:
    driver, _ = up()
    unknown = PLUGGED.wire[:28] + b"\xd1\x00" + PLUGGED.wire[30:]
    assert "product 00d1" in next(a.words for a in driver.received(cora(unknown)) if isinstance(a, Alert))
    like, _ = up(products=("00d1=0080",))
    assert Reach("deck", "tcp://10.0.0.9:5344") in list(like.received(cora(unknown)))
    other = Golden(b"\x03\x80" + bytes(10) + b"\xd9\x0f\xd1\x00", "an unknown product", f"{FACTS} 7.1")
    _, did = up(other)
    assert did[-1] == Drop(Reason.PROTOCOL_ERROR, "it is no dock, and no deck that is known: product 00d1")
    half = list(driver.received(cora(PLUGGED.wire[:60])))
    assert isinstance(half[0], Drop) and half[0].reason is Reason.PROTOCOL_ERROR


def test_an_address_of_the_newer_kind() -> None:
    driver = StreamDeckNet(host="fd00::9")
    assert driver._reach(Child(0x0080, "X", 5344)) == Reach("deck", "tcp://[fd00::9]:5344")


@given(st.lists(st.tuples(st.sampled_from(["main", "deck"]), st.binary(max_size=140), st.booleans()), max_size=8))
def test_arbitrary_payloads_never_raise(said: list[tuple[str, bytes, bool]]) -> None:
    driver, _ = up()
    deck(driver)
    for link, payload, verbatim in said:
        list(driver.received(cora(payload, "00 80" if verbatim else "00 00"), link=link))
        list(driver.received(Reached(True), link="deck"))


# ---- a Studio's life ---------------------------------------------------------------------------------------------


def test_a_studio_is_a_deck_itself() -> None:
    driver, did = up(STUDIO, studio_keys="144x112")
    told = next(action for action in did if isinstance(action, Appeared))
    assert (told.unit, told.facts["width"], told.facts["height"]) == ("DOCK00000001", 144, 112)
    assert all(len(data) == 1024 for data in sent(did, "main"))
    assert sum(data[:2] == b"\x03\x06" for data in sent(did, "main")) == 32, "each key made black by itself"
    pressed = Golden(bytes.fromhex("01 00 20 00 00 01"), "its second key", f"{FACTS} 7.1: 01 00 20 00 keys[32]")
    turned = Golden(bytes.fromhex("01 03 05 00 01 00 fe"), "its second dial", f"{FACTS} 7.1: 01 03 05 00 01 int8 int8")
    assert list(driver.received(pressed.wire.ljust(512, b"\0"))) == [Press("2", "down", None, "DOCK00000001")]
    assert list(driver.received(turned.wire.ljust(512, b"\0"))) == [Press("34", "turn", -2, "DOCK00000001")]
    ring = list(driver.command(Request("1", ShowKey("34", level=50, background="#000044"), "DOCK00000001")))
    assert [action.data for action in ring] == [reports.ring(1, 50, "#ffffff"), reports.knob(1, "#000044")]
    whole = list(driver.command(Request("1", ShowKey("33", background="#000044"), "DOCK00000001")))
    assert whole[0].data == reports.ring(0, 100, "#000044")
    assert isinstance(next(iter(driver.command(Request("1", ShowKey("1"), "DOCK00000001")))), Refused)
    assert len(list(driver.closing())) == 32


def test_a_deck_behind_a_studio_is_framed_as_its_own_port_begins() -> None:
    driver, _ = up(STUDIO)
    assert Reach("deck", "tcp://10.0.0.9:5344") in list(driver.received(PLUGGED.wire.ljust(512, b"\0")))
    did = list(driver.received(Reached(True), link="deck"))
    for told in (bytes.fromhex("01 0a 00 00 00 02"), b"\x06\x0cSIM000000001", b"\x05\x0c\0\0\0\x001.02.003"):
        did += driver.received(told.ljust(512, b"\0"), link="deck")
    assert all(len(data) == 1024 for data in sent(did, "deck")) and sent(did, "deck")[1][:2] == b"\x06\0"
    assert any(isinstance(action, Appeared) and action.unit == UNIT for action in did)


def test_a_deck_of_2017_behind_a_studio_is_left_alone() -> None:
    driver, _ = up(STUDIO)
    old = PLUGGED.wire[:28] + b"\x60\x00" + PLUGGED.wire[30:]
    did = list(driver.received(old.ljust(512, b"\0")))
    assert any(isinstance(action, Alert) for action in did) and driver.child is None


# ---- against the simulator ---------------------------------------------------------------------------------------


def here(watcher: Any) -> bool:
    return any(event.kind == "appeared" for event in watcher.events)


@pytest.mark.parametrize("name", sorted({*FAMILIES} - {"mk2_scissor", "module_15", "module_32", "mini_discord"}))
async def test_every_model_behind_a_dock_is_drawn_pressed_and_plugged_again(name: str) -> None:
    box = "studio" if name == "studio" else "dock"
    sim = simulators.find("stream_deck_net")(box=box, model="mk2" if box == "studio" else name)
    async with sim.serving("tcp") as address, run_device(StreamDeckNet, address) as (device, watcher):
        await watcher.until(lambda: here(watcher))
        form = form_of(watcher.events[0].data)
        assert (form is None) == (name == "pedal")
        if form is not None:
            last = sim.family.keys - 1
            picture = lay(marked((form.width, form.height)), form)
            outcome = await device.submit(DrawKey(str(last + 1), picture), UNIT).ended(5)
            assert outcome is not None and outcome.good
            await sim.until(lambda: sim.seen(last) is not None and corners(sim.seen(last)) == ["red", "lime", "blue"])
        sim.press(1)
        await watcher.until(lambda: any(event.kind == "press" for event in watcher.events))
        press = next(event.data for event in watcher.events if event.kind == "press")
        assert (press["unit"], press["key"], press["edge"]) == (UNIT, "2", "down")
        if box == "dock":
            sim.unplug()
            await watcher.until(lambda: device.unit(UNIT).gone)
            watcher.events.clear()
            assert device.online, "the dock itself is well"
            sim.plug()
            await watcher.until(lambda: here(watcher))
        assert sim.memory()["errors"] == []


async def test_a_studios_dials_light_up() -> None:
    sim = simulators.find("stream_deck_net")(box="studio")
    async with sim.serving("tcp") as address, run_device(StreamDeckNet, address) as (device, watcher):
        await watcher.until(lambda: here(watcher))
        device.submit(ShowKey("34", level=25, background="#000044"), UNIT)
        await sim.until(lambda: sim.glass.knobs.get(1) == "000044")
        assert sim.glass.rings[1] == ["ffffff"] * 6 + ["000000"] * 18
        sim.push(1)
        await watcher.until(lambda: watcher.events[-1].kind == "press")
        assert watcher.events[-1].data["key"] == "34" and sim.memory()["errors"] == []


async def test_a_deck_that_hangs_is_given_up_and_comes_back_while_the_dock_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(net, "FIRST_MISS", 0.05)
    sim = simulators.find("stream_deck_net")(speed=20.0)
    async with (
        sim.serving("tcp") as address,
        run_device(StreamDeckNet, address, timing=QUICK) as (device, watcher),
    ):
        await watcher.until(lambda: here(watcher))
        sim.hang()
        await watcher.until(lambda: device.unit(UNIT).gone)
        assert "not a byte" in next(event.data["text"] for event in watcher.events if event.kind == "alert")
        sim.hang(False)
        await watcher.until(lambda: not device.unit(UNIT).gone)
        sim.babble("00000000")
        await watcher.until(lambda: device.unit(UNIT).gone)
        await watcher.until(lambda: not device.unit(UNIT).gone)
        assert device.online and device.connection is not None


async def test_what_we_leave_shows_the_logo() -> None:
    sim = simulators.find("stream_deck_net")()
    async with sim.serving("tcp") as address:
        async with run_device(StreamDeckNet, address) as (_, watcher):
            await watcher.until(lambda: here(watcher))
            await sim.until(lambda: not sim.glass.logo)
        await sim.until(lambda: sim.glass.logo)


async def test_what_is_no_dock_is_a_protocol_error() -> None:
    sim = simulators.find("stream_deck_net")()
    async with sim.serving("tcp") as address, run_device(StreamDeckNet, address) as (device, watcher):
        await watcher.until(lambda: here(watcher))
        sim.doors[0].inject(b"\x43\x93\x8a\x41\0\0\0\0\0\0\0\0\xff\xff\xff\xff")
        await watcher.until(lambda: not device.online)
        assert device.reason is Reason.PROTOCOL_ERROR and "is the most" in device.words
