"""The Extron driver, line by line: log-in, verbose and silent units, ties in both orders, errors in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.extron.sis import ExtronSettings, ExtronSis
from gateway.commands import Route, SetMute, SetPower, SetRelay, SetVideoMute, SetVolume
from gateway.driver import Actions, Drop, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Reason, Result
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

QUICK = {"poll": 0.2}
CASE = Case(
    driver=ExtronSis,
    simulator="extron_sis",
    links=("tcp", "telnet", "serial"),
    simulator_settings={"inputs": 4, "outputs": 2, "boot_seconds": 0.5},
    settings={**QUICK, "groups": "1", "mute_groups": "2", "relays": 2},
    commands=[
        Do(Route("3"), unit="2", seen=lambda sim: (sim.video[2], sim.audio[2]) == (3, 3)),
        Do(Route("4", "audio"), unit="1", seen=lambda sim: (sim.video[1], sim.audio[1]) == (1, 4)),
        Do(Route("0"), unit="1", seen=lambda sim: sim.video[1] == 0),
        Do(Route("5"), unit="1", outcome="refused"),
        Do(SetVideoMute(True), unit="1", seen=lambda sim: sim.video_muted[1]),
        Do(SetMute(True), unit="1", seen=lambda sim: sim.audio_muted[1]),
        Do(SetVolume(50), unit="group/1", seen=lambda sim: sim.master[1] == -440),
        Do(SetMute(True), unit="group/1", seen=lambda sim: sim.master[2] == 1),
        Do(SetRelay(True), unit="relay/2", seen=lambda sim: sim.relay[2]),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_front(2, 4), unit="2", shows={"input": "4"}, pushed=True),
        Hand(do=lambda sim: sim.plug(2), unit="in/2", shows={"signal": True}, pushed=False),
    ],
    refused_login={
        "simulator_settings": {"password": "right-word", "guarded": "everything"},
        "settings": {"password": "wrong-word"},
    },
)

DXP = "Extron DXP DVI Pro and DXP HDMI user guide, "
GOLDEN = [
    Golden(b"4!", "which input is tied to output 4", DXP + "p.59: view video and audio output tie, example"),
    Golden(b"3%", "which picture is tied to output 3", DXP + "p.59: view video output tie, example"),
    Golden(b"06\r\n", "input 6", DXP + "p.59: output 3 is tied to input 6 video"),
    Golden(b"1*2!", "tie input 1 to output 2", "RoomGate facts, room devices 7.1"),
    Golden(b"Out2 In1 All\r\n", "output 2 shows input 1", "RoomGate facts, room devices 7.1"),
    Golden(b"In1 Out2 All\r\n", "output 2 shows input 1, the other way round", "RoomGate facts, room devices 7.1"),
    Golden(b"2*1B", "mute the picture of output 2", "CrossPoint 450 Plus manual, p.4-9: X#*1B"),
    Golden(b"Vmt2*1\r\n", "the picture of output 2 is muted", "CrossPoint 450 Plus manual, p.4-9: VmtX#*1"),
    Golden(b"0LS", "which inputs have a signal", "CrossPoint 450 Plus manual, p.4-9"),
    Golden(b"1,0,0,1\r\n", "signals at inputs 1 and 4", "CrossPoint 450 Plus manual, p.4-9: list, comma between"),
    Golden(b"\x1bD1*50GRPM\r", "group 1 to 5 dB", "DTP CrossPoint 4K setup guide, p.34 (ESC D1*+50GRPM)"),
    Golden(b"GrpmD1*50\r\n", "group 1 is at 5 dB", "DTP CrossPoint 4K setup guide, p.34"),
    Golden(b"\x1b3CV\r", "verbose mode 3", "RoomGate facts, room devices 7.1"),
    Golden(b"1*1O", "close relay 1", "RoomGate facts, room devices 3.4"),
    Golden(
        b"(c) Copyright 2019, Extron Electronics, DXP 88 HDMI, V1.05, 60-1234-01\r\n",
        "banner",
        "RoomGate facts, room devices 7.1: form of the banner",
    ),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}


class Wire:
    """Turns and nothing else."""

    def __init__(self, **settings: Any) -> None:
        self.driver = ExtronSis(ExtronSettings(**settings))
        self.feed = self.driver.cutter.start()
        self.queue: list[Send] = []
        self.do(self.driver.opened())

    def do(self, actions: Actions) -> list[Any]:
        told = list(actions)
        self.queue += [action for action in told if isinstance(action, Send) and action.reply]
        return told

    def hear(self, data: bytes) -> list[Any]:
        told: list[Any] = []
        for message in self.feed(data):
            tag = None
            if self.queue and self.driver.cutter.answers(message) and self.driver.answers(message, self.queue[0].tag):
                tag = self.queue.pop(0).tag
            told += self.do(self.driver.received(message, tag))
        return told


def online(answers: bytes = b"Vrb3\r\nV04X02 A04X02\r\n", **settings: Any) -> Wire:
    """A 4x2 matrix whose first look was answered."""
    wire = Wire(**{"mutes": False, "layers": False, **settings})
    wire.do(wire.driver.due("hello"))
    told = wire.hear(answers)
    for _ in range(50):
        if any(isinstance(action, Ready) for action in told):
            break
        told += wire.hear(rest(wire.queue[0].tag))
    assert Ready() in told
    return wire


def rest(tag: Any) -> bytes:
    """What a unit at rest answers in verbose mode 3."""
    match tag:
        case ("tie", output, layer):
            return f"Out0{output} In02 {layer[:3].title()}\r\n".encode()
        case ("mute", output, which):
            return f"{which}mt{output}*0\r\n".encode()
        case ("group", number):
            return f"GrpmD{number}*0\r\n".encode()
        case ("relay", number):
            return f"Rly{number} 0\r\n".encode()
    return b"1*0*1*0\r\n"


def test_a_banner_says_what_it_is_and_ends_the_wait() -> None:
    assert Wire().hear(WIRE["banner"] + b"Wed, 13 Nov 2019 13:34:01\r\n") == [
        Feedback("", model="Extron DXP 88 HDMI", firmware="1.05"),
        Later(0.25, "hello"),
    ]


def test_the_password_is_given_once() -> None:
    wire = Wire(password="secret-word")
    given = wire.hear(b"\r\nPassword:")
    assert given[1] == Send(b"secret-word\r", reply=False, hide=("secret-word",))
    assert wire.hear(b"\r\nPassword:") == [Drop(Reason.LOGIN_REFUSED, "it does not take the password")]
    wire = Wire(password="secret-word")
    wire.hear(b"Password:")
    assert Send(WIRE["verbose mode 3"], tag="verbose") in wire.hear(b"Login Administrator\r\n")
    none = Wire().hear(b"Password:")
    assert none == [Drop(Reason.LOGIN_REFUSED, "it asks for a password and the profile has none")]


def test_the_size_makes_the_units() -> None:
    wire = Wire()
    wire.do(wire.driver.due("hello"))
    told = wire.hear(b"Vrb3\r\nV04X02 A04X02\r\n")
    assert [action.data for action in told if isinstance(action, Send)][:4] == [b"1%", b"1$", b"1B", b"1Z"]
    wire = online()
    assert (wire.driver.inputs, wire.driver.outputs) == (4, 2)
    lost = Wire()
    lost.do(lost.driver.due("hello"))
    assert isinstance(lost.hear(b"Vrb3\r\nE10\r\n")[-1], Drop)


@pytest.mark.parametrize("golden", ["output 2 shows input 1", "output 2 shows input 1, the other way round"])
def test_both_orders_of_a_tie_are_read(golden: str) -> None:
    assert online(layers=True).hear(WIRE[golden]) == [Feedback("2", input="1", audio_input="1")]


@pytest.mark.parametrize(
    ("golden", "feedback"),
    [
        ("the picture of output 2 is muted", Feedback("2", video_muted=True)),
        ("group 1 is at 5 dB", Feedback("group/1", volume=94)),
    ],
)
def test_what_it_tells_unasked(golden: str, feedback: Feedback) -> None:
    assert online(groups="1").hear(WIRE[golden]) == [feedback]


def test_signals_with_commas() -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    while wire.queue[0].tag != "signals":
        wire.hear(rest(wire.queue[0].tag))
    assert wire.queue[0].data == WIRE["which inputs have a signal"]
    told = wire.hear(WIRE["signals at inputs 1 and 4"])
    assert [action.points["signal"] for action in told if isinstance(action, Feedback)] == [True, False, False, True]
    assert told[-1] == Later(10.0, "poll")


@pytest.mark.parametrize(
    ("unit", "command", "golden"),
    [
        ("2", Route("1"), "tie input 1 to output 2"),
        ("2", SetVideoMute(True), "mute the picture of output 2"),
        ("relay/1", SetRelay(True), "close relay 1"),
    ],
)
def test_orders_are_the_manuals(unit: str, command: Any, golden: str) -> None:
    request = Request("c1", command, unit)
    assert list(online(mutes=True, relays=1).driver.command(request)) == [Send(WIRE[golden], tag=request)]


def test_decibels_are_the_profiles() -> None:
    wire = online(groups="1", minimum=-100.0, maximum=5.0)
    request = Request("c1", SetVolume(100), "group/1")
    assert list(wire.driver.command(request)) == [Send(WIRE["group 1 to 5 dB"], tag=request)]


def test_an_order_is_taken_by_its_own_answer_and_refused_in_words() -> None:
    wire = online()
    request = Request("c1", Route("1"), "2")
    wire.do(wire.driver.command(request))
    assert wire.hear(WIRE["output 2 shows input 1"]) == [Feedback("2", input="1"), Taken(request)]
    wire.do(wire.driver.command(request))
    assert wire.hear(b"E12\r\n") == [Refused(request, "the switcher answered E12: no such output")]


def test_somebody_elses_tie_is_no_answer_to_ours() -> None:
    wire = online()
    request = Request("c1", Route("1"), "2")
    wire.do(wire.driver.command(request))
    assert wire.hear(b"Out01 In03 All\r\n") == [Feedback("1", input="3")]  # not taken
    assert wire.hear(b"Out02 In03 All\r\n") == [Feedback("2", input="3")]  # nor by this: ours is input 1
    assert wire.hear(b"E13\r\n") == [Refused(request, "the switcher answered E13: a value is out of range")]


@pytest.mark.parametrize(
    ("line", "tag", "answers"),
    [
        (b"Out02 In01 All", ("tie", "2", "video"), True),
        (b"In01 Out02 Vid", ("tie", "2", "video"), True),
        (b"In01 All", ("tie", "2", "video"), True),  # it does not say which
        (b"Out03 In01 All", ("tie", "2", "video"), False),
        (b"Vmt2*1", ("tie", "2", "video"), False),
        (b"Vmt2*1", ("mute", "2", "V"), True),
        (b"Amt2*1", ("mute", "2", "V"), False),
        (b"GrpmD1*50", ("group", "1"), True),
        (b"GrpmD7*50", ("group", "1"), False),
        (b"GrpmD1*50", Request("c", SetVolume(90), "group/1"), True),  # it may round
        (b"GrpmD2*1", Request("c", SetMute(True), "group/1"), True),
        (b"GrpmD1*50", Request("c", SetMute(True), "group/1"), False),
        (b"Rly1 1", ("relay", "1"), True),
        (b"Rly2 1", Request("c", SetRelay(True), "relay/1"), False),
        (b"Out02 In01 All", "signals", False),
        (b"Out02 In01 All", "size", False),
        (b"1.05", "signals", True),
        (b"E10", ("relay", "1"), True),
        (b"02", ("tie", "2", "video"), True),
    ],
)
def test_a_line_that_names_its_subject_answers_only_what_is_about_that(line: bytes, tag: Any, answers: bool) -> None:
    driver = ExtronSis(ExtronSettings(outputs=4, inputs=4, groups="1", mute_groups="2", relays=2))
    assert driver.answers(line, tag) is answers


def test_a_unit_without_verbose_mode_is_made_quiet_and_answers_in_numbers() -> None:
    wire = Wire(layers=True, inputs=8, outputs=3, mutes=False)
    wire.do(wire.driver.due("hello"))
    told = wire.hear(b"E13\r\n")
    assert [action.data for action in told if isinstance(action, Send)] == [b"\x1b0CV\r"]
    wire.hear(b"V08X03 A08X03\r\nVrb0\r\n")
    while wire.queue[0].data != WIRE["which picture is tied to output 3"]:
        wire.hear(b"01\r\n")
    assert wire.hear(WIRE["input 6"]) == [Feedback("3", input="6")]


def test_what_it_has_not_is_not_asked_again() -> None:
    wire = Wire(layers=False)
    wire.do(wire.driver.due("hello"))
    wire.hear(b"Vrb3\r\nV04X01\r\n")
    told: list[Any] = []
    while wire.queue:
        told += wire.hear(b"E10\r\n")
    assert Offers("1", frozenset({Route}), told[0].choices) in told
    assert [action.data for action in wire.do(wire.driver.due("poll")) if isinstance(action, Send)] == [b"1!", b"Q"]


@pytest.mark.parametrize(
    ("unit", "command"), [("1", SetPower(True)), ("1", Route("5")), ("1", Route("HDMI")), ("in/1", Route("1"))]
)
def test_what_it_cannot_do_is_refused_without_asking(unit: str, command: Any) -> None:
    assert [type(action) for action in online().driver.command(Request("c1", command, unit))] == [Refused]
    layered = Request("c1", Route("1", "audio"), "1")
    assert [type(action) for action in online(layers=False).driver.command(layered)] == [Refused]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"poll": 300.0}, "poll"),
        ({"inputs": 99}, "inputs"),
        ({"kind": "switcher"}, "inputs"),
        ({"minimum": 0.0, "maximum": 0.0}, "minimum"),
        ({"groups": "a"}, "groups"),
        ({"groups": "1", "mute_groups": "2,3"}, "mute_groups"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ExtronSettings(**wrong)


@pytest.mark.parametrize(
    ("more", "settings"),
    [
        ({"order": "in out"}, {}),
        ({"tags": False}, {}),
        ({"password": "right-word"}, {"password": "right-word"}),
        ({"kind": "switcher"}, {"kind": "switcher", "inputs": 4}),
        ({"kind": "switcher", "tags": False}, {"kind": "switcher", "inputs": 4, "layers": False}),
    ],
)
async def test_every_kind_of_unit_is_switched(more: dict[str, Any], settings: dict[str, Any]) -> None:
    sim = simulators.find("extron_sis")(**{"inputs": 4, "outputs": 2, **more})
    async with sim.serving("tcp") as link, run_device(ExtronSis, link, {**QUICK, **settings}) as (device, watcher):
        await watcher.until(lambda: device.online)
        ended = await device.submit(Route("3"), "1").ended(5)
        assert ended is not None and ended.result is Result.CONFIRMED
        muted = await device.submit(SetMute(True), "1").ended(5)
        assert muted is not None and muted.result is Result.CONFIRMED
        assert sim.video[1] == 3 and sim.audio_muted[1]
        assert value(device, "signal", "in/1") is True


async def test_polling_keeps_the_connection_from_being_idle() -> None:
    """The simulated unit hangs up after 5 minutes, which pass in 1.5 s here; it is polled more often than that."""
    sim = simulators.find("extron_sis")(inputs=2, outputs=1, speed=600)
    async with sim.serving("tcp") as link, run_device(ExtronSis, link, QUICK) as (device, watcher):
        await watcher.until(lambda: device.online)
        began = sim.clock()
        while sim.clock() - began < 400:
            sim.plug(2, not sim.present[2])
            await watcher.until(lambda: value(device, "signal", "in/2") == sim.present[2])
        assert device.online


OPENING = WIRE["banner"] + b"Vrb3\r\nV04X01 A04X01\r\nOut01 In02 All\r\n1*0*1*0\r\n"


@given(st.lists(st.integers(1, 40), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    def heard(pieces: list[bytes]) -> list[Any]:
        wire = Wire(mutes=False, layers=False)
        wire.do(wire.driver.due("hello"))
        return [action for piece in pieces for action in wire.hear(piece)]

    pieces, rest = [], OPENING
    for length in lengths:
        pieces.append(rest[:length])
        rest = rest[length:]
    assert heard([*pieces, rest]) == heard([OPENING])


@given(st.lists(st.binary(max_size=60) | st.sampled_from(OPENING.split(b"\n")).map(lambda line: line + b"\n")))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = online(mutes=True, layers=True, groups="1", mute_groups="2", relays=1)
    for chunk in chunks:
        wire.do(wire.driver.due("poll"))
        wire.do(wire.driver.command(Request("c1", Route("1"), "1")))
        wire.hear(chunk)
