"""The LG SICP driver, word by word: hexadecimal values, the inverted mute, and the x that ends and begins answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.lg_sicp import LgSicp, LgSicpSettings, measure
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetRelay, SetVideoMute, SetVolume
from gateway.driver import Appeared, Drop, Gone, Opening, Ready, Refused, Send, Taken
from gateway.model import Reason
from simulators.lg_sicp import LgSicp as Simulator
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.display_bench import Wire
from tests.drivers.golden import Golden


def lit(sim: Any) -> None:
    sim.power = True


CASE = Case(
    driver=LgSicp,
    simulator="lg_sicp",
    links=("tcp", "serial"),
    simulator_settings={"speed": 50},
    settings={"poll": 0.1, "quick": 0.05},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.power),
        Do(SelectInput("hdmi2"), before=lit, seen=lambda sim: sim.input == "hdmi2"),
        Do(SetVolume(30), before=lit, seen=lambda sim: sim.volume == 30),
        Do(SetMute(True), before=lit, seen=lambda sim: sim.muted),
        Do(SetVideoMute(True), before=lit, seen=lambda sim: sim.screen_off),
        Do(SelectInput("dvi"), before=lit, outcome="refused"),
        Do(SetPower(False), before=lit, seen=lambda sim: not sim.power),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_power(), shows={"power": "on", "serial": "407KXFG2N123"}, pushed=False),
        Hand(
            do=lambda sim: (lit(sim), sim.press_mute(), sim.stop_fan(), sim.unplug_source()),
            shows={"muted": True, "faults": ("fan error",), "signal": False, "temperature": 41.0, "lamp_hours": 4660},
            pushed=False,
        ),
    ],
)

FACTS = "RoomGate facts: room devices 5.3"
# Queries and what stood behind OK, as read off a panel; the form around it is the manuals'.
SEEN = "LG UH5F-H: reusable integration reference (public, 2026-10-02), live read-only baseline of a 75UH5F-HJ, "
GOLDEN = [
    Golden(b"ka 01 01\r", "power on", FACTS),
    Golden(b"a 01 OK01x", "power on taken, or is on", FACTS),
    Golden(b"xb 01 90\r", "select HDMI 1", FACTS),
    Golden(b"kf 01 1e\r", "volume 30", FACTS),
    Golden(b"ke 01 00\r", "mute", FACTS + ": 00 = mute"),
    Golden(b"ke 01 01\r", "unmute", FACTS + ": 00 = mute"),
    Golden(b"kd 01 01\r", "screen off", "LG M4720C owner's manual, RS-232C A6 (command k d: 1 = picture off)"),
    Golden(b"ka 01 ff\r", "ask for the power", FACTS + ": query data = FF"),
    Golden(b"y 01 OK407KXFG2N123x", "a serial number", "LG M4210LCBA owner's manual, RS-232C A26 (command f y)"),
    Golden(b"v 01 OK0201x", "there is a signal", "LG 55LS55A owner's manual, p.72 (command s v)"),
    Golden(b"sv 01 02 ff\r", "is there a signal", "LG 55LS55A owner's manual, p.72 (command s v)"),
    Golden(b"n 01 OK29x", "41 degrees", "LG M4210LCBA owner's manual, RS-232C A16 (command d n)"),
    Golden(b"n 01 OK20x", "75UH5F: 32 degrees", SEEN + "Temperature"),
    Golden(b"l 01 OK1c2ax", "75UH5F: 7210 hours", SEEN + "Operating hours"),
    Golden(b"z 01 OK041350x", "75UH5F: software 04.13.50", SEEN + "Software"),
    Golden(b"v 01 OK0201x", "75UH5F: there is a signal", SEEN + "HDMI signal"),
    Golden(b"b 01 OK90x", "75UH5F: HDMI 1", SEEN + "Input"),
    Golden(b"d 01 OK00x", "75UH5F: the screen is on", SEEN + "Screen mute"),
    Golden(b"x 01 OK01x", "75UH5F: picture mode", SEEN + "Picture mode"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}
STATE = b"a 01 OK01xb 01 OK90xf 01 OK14xe 01 OK01xd 01 OK00x"
EXTRA = WIRE["41 degrees"] + b"p 01 OK01xw 01 OK02xl 01 OK1234x" + WIRE["there is a signal"]
REST = STATE + EXTRA + WIRE["a serial number"] + b"z 01 OK020205x"


def online(**settings: Any) -> Wire:
    wire = Wire(LgSicp(LgSicpSettings(**settings)))
    wire.hear(WIRE["power on taken, or is on"] + REST)
    assert wire.told(Ready) == [Ready()]
    return wire


def test_opening_asks_and_tells_everything() -> None:
    wire = online()
    assert wire.sent[0] == WIRE["ask for the power"] and WIRE["is there a signal"] in wire.sent
    assert wire.points() == {
        **{"power": "on", "input": "hdmi1", "volume": 20, "muted": False, "video_muted": False},
        **{"temperature": 41.0, "faults": (), "lamp_hours": 0x1234, "signal": True},
        **{"serial": "407KXFG2N123", "firmware": "020205"},
    }


def test_what_a_75uh5f_was_seen_to_say() -> None:
    """It tells no fan; its lamp was not asked for there."""
    wire = Wire(LgSicp())
    wire.hear(
        b"a 01 OK01xa 01 OK01x" + WIRE["75UH5F: HDMI 1"] + b"f 01 OK14xe 01 OK01x" + WIRE["75UH5F: the screen is on"]
    )
    wire.hear(WIRE["75UH5F: 32 degrees"] + b"p 01 OK01xw 01 NG00x" + WIRE["75UH5F: 7210 hours"])
    wire.hear(WIRE["75UH5F: there is a signal"] + WIRE["a serial number"] + WIRE["75UH5F: software 04.13.50"])
    told = wire.points()
    assert (told["temperature"], told["lamp_hours"], told["firmware"]) == (32.0, 7210, "041350")
    assert (told["input"], told["video_muted"], told["signal"], told["faults"]) == ("hdmi1", False, True, ())
    assert {ask.what for ask in wire.driver.absent} == {"fan"}
    assert LgSicp().cutter.start()(WIRE["75UH5F: picture mode"] * 2) == [WIRE["75UH5F: picture mode"]] * 2


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (SetPower(True), WIRE["power on"]),
        (SelectInput("hdmi1"), WIRE["select HDMI 1"]),
        (SetVolume(30), WIRE["volume 30"]),
        (SetMute(True), WIRE["mute"]),
        (SetMute(False), WIRE["unmute"]),
        (SetVideoMute(True), WIRE["screen off"]),
    ],
)
def test_commands(command: Command, sent: bytes) -> None:
    wire = online()
    request = wire.ask(command)
    assert wire.log[-1] == Send(sent, tag=request)


def test_the_line_is_9600_8n1() -> None:
    assert LgSicp().opening() == Opening(baud=9600, framing="8N1")


def test_the_x_of_a_dx_begins_its_answer_and_does_not_end_it() -> None:
    feed = LgSicp().cutter.start()
    assert feed(b"x 01 OK05xa 01 OK01x") == [b"x 01 OK05x", b"a 01 OK01x"]
    assert feed(b"xx") == [] and feed(b" 01 OK") == [] and feed(b"05x") == [b"x 01 OK05x"]


def test_acknowledged_is_not_done_and_the_rest_waits_for_the_warm_up() -> None:
    wire = Wire(LgSicp())
    wire.hear(b"a 01 OK00xa 01 OK00x")
    on = wire.ask(SetPower(True))
    assert Taken(on) in wire.hear(b"a 01 OK01xa 01 OK00x")
    volume = wire.ask(SetVolume(30))
    assert Send(WIRE["volume 30"], tag=volume) in wire.hear(b"a 01 OK01x")


def test_ng_is_a_refusal_and_an_unknown_extra_is_not_asked_again() -> None:
    wire = online()
    request = wire.ask(SelectInput("dvi"))
    assert wire.hear(b"b 01 NG70x") == [Refused(request, "the display refused it (NG70)")]
    wire = Wire(LgSicp())
    wire.hear(b"a 01 OK01x" + STATE + b"n 01 NGffx")
    wire.hear(b"p 01 OK00x")
    assert wire.points()["faults"] == ("lamp error",)
    wire.hear(b"w 01 OK01xl 01 OK0001xv 01 NG02xy 01 NGffxz 01 NGffx")
    before = len(wire.sent)
    wire.do(wire.driver.due("poll"))
    wire.hear(STATE + b"p 01 OK01xw 01 OK01xl 01 OK0001x")
    assert not any(data.startswith((b"dn", b"sv", b"fy")) for data in wire.sent[before:])
    assert wire.points()["faults"] == ()


def test_a_silent_extra_is_given_up_and_the_rest_goes_on() -> None:
    wire = Wire(LgSicp())
    wire.hear(b"a 01 OK01x" + STATE)
    assert wire.sent[-1].startswith(b"dn") and wire.silence() == []
    assert wire.sent[-1].startswith(b"dp")


def test_nonsense_is_refused_before_it_is_sent() -> None:
    wire = online()
    for command in (SelectInput("toaster"), SetRelay(True)):
        wire.ask(command)
        assert isinstance(wire.log[-1], Refused)


@pytest.mark.parametrize("answer", [b"b 01 OK90x", b"a 02 OK01x"])
def test_an_answer_out_of_step_ends_the_connection(answer: bytes) -> None:
    (drop,) = Wire(LgSicp()).hear(answer)
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_several_sets_on_one_line() -> None:
    wire = Wire(LgSicp(LgSicpSettings(displays="1, 16")))
    wire.hear(b"a 01 OK00x")
    assert wire.sent[-1] == b"ka 10 ff\r"
    assert Gone("16") in wire.silence() and wire.told(Ready)
    wire.hear(b"a 01 OK00x")
    wire.do(wire.driver.due("poll"))
    assert Appeared("16") in wire.hear(b"a 01 OK00xa 10 OK01x") and wire.points("16") == {"power": "on"}


@pytest.mark.parametrize("wrong", [{"displays": "0"}, {"displays": "one"}, {"inputs": "toaster"}])
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="are"):
        LgSicpSettings(**wrong)


async def test_a_broadcast_is_obeyed_and_not_answered() -> None:
    from asyncio import open_connection

    sim = Simulator(power=True)
    async with sim.serving("tcp") as address:
        host, port = address.removeprefix("tcp://").split(":")
        reader, writer = await open_connection(host, int(port))
        writer.write(b"kf 00 1e\rkf 01 ff\r")
        assert await reader.readexactly(10) == b"f 01 OK1ex"
        writer.close()
        await writer.wait_closed()


@given(st.lists(st.integers(1, 12), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, rest = Wire(LgSicp()), WIRE["power on taken, or is on"] + REST
    for length in lengths:
        wire.hear(rest[:length])
        rest = rest[length:]
    wire.hear(rest)
    assert wire.log == online().log


@given(st.lists(st.binary(max_size=60) | st.sampled_from([REST, b"x 01 OKx", b"b 01 OKzzx"]), max_size=12))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = Wire(LgSicp())
    for chunk in chunks:
        wire.hear(chunk)
        wire.do(wire.driver.due("quick"))


@given(st.binary(min_size=1, max_size=120))
def test_whatever_comes_is_measured(held: bytes) -> None:
    assert -1 <= measure(held) <= len(held)
