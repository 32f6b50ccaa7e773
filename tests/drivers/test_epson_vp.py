"""The Epson driver: the handshake and its statuses, prompts that come late, warm-up and cool-down."""

from __future__ import annotations

from typing import Any

import pytest
from epson_projector.projector_serial import ProjectorSerial
from hypothesis import given
from hypothesis import strategies as st

from drivers.epson_vp import EpsonVp, EpsonVpSettings
from gateway.commands import Command, SelectInput, SetPower, SetRelay, SetVideoMute
from gateway.driver import Answered, Drop, Feedback, Later, Offers, Opening, Ready, Refused, Send, Taken
from gateway.model import Reason
from gateway.polled import Ask
from simulators.epson_vp import EpsonVp as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.display_bench import Wire
from tests.drivers.golden import Golden


def lit(sim: Any) -> None:
    sim.power = "on"


CASE = Case(
    driver=EpsonVp,
    simulator="epson_vp",
    links=("tcp", "serial"),
    simulator_settings={"speed": 100},
    settings={"poll": 0.2, "quick": 0.05, "warm_up": 2.0},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.power == "on"),
        Do(SelectInput("A0"), before=lit, seen=lambda sim: sim.source == "A0"),
        Do(SetVideoMute(True), before=lit, seen=lambda sim: sim.muted),
        Do(SelectInput("42"), before=lit, outcome="refused"),
        Do(SelectInput("A0"), before=lambda sim: sim.press_power(), seen=lambda sim: sim.source == "A0"),
        Do(SetPower(False), before=lit, seen=lambda sim: sim.power == "standby"),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_power(), shows={"power": "on"}, pushed=False),
        Hand(
            do=lambda sim: (lit(sim), sim.press_mute(), sim.open_cover()),
            shows={"video_muted": True, "faults": ("lamp cover open",), "lamp_hours": 812, "serial": "X5ZB7600123"},
            pushed=False,
        ),
    ],
)

FACTS = "RoomGate facts: room devices 5.5"
GUIDE = "Epson ESC/VP21 Command User's Guide for Business Projectors, p.7"
FORMAT = "Epson ESC/VP21 Communication Manual, p.4, "
PLACE = "PlaceOS/drivers, drivers/epson/projector/esc_vp21_spec.cr"
LIBRARY = "epson_projector, its test of the serial connection, "
USER = "Epson EB-440W user's guide, p.121, command list"
GOLDEN = [
    Golden(b"ESC/VP.net\x10\x03\x00\x00\x00\x00", "connect", FACTS),
    Golden(b"ESC/VP.net\x10\x03\x00\x00\x20\x00", "welcome", FACTS),
    Golden(b"ESC/VP.net\x10\x03\x00\x00\x43\x00", "wrong password", FACTS),
    Golden(b"ESC/VP.net\x10\x03\x00\x00\x53\x00", "busy", FACTS),
    Golden(b"PWR?\r", "ask for the power", FACTS),
    Golden(b"PWR=01\r:", "is on", FACTS),
    Golden(b"PWR=02\r:", "warms up", FACTS),
    Golden(b"PWR=04\r:", "is in standby", FACTS),
    Golden(b":", "prompt", FACTS),
    Golden(b"ERR\r:", "error", FACTS),
    Golden(b"PWR ON\r", "power on", GUIDE),
    Golden(b"PWR OFF\r", "power off", USER),
    Golden(b"SOURCE 21\r", "select source 21", FORMAT + "2.1 set command, example 1"),
    Golden(b"SOURCE?\r", "ask for the source", FORMAT + "2.2 get command, example"),
    Golden(b"SOURCE=21\r:", "source 21", FORMAT + "2.2 response, example"),
    Golden(b"MUTE ON\r", "mute the picture", USER),
    Golden(b"MUTE OFF\r", "show the picture", USER),
    Golden(b"LAMP?\r", "ask for the lamp's hours", LIBRARY + "test_get_property"),
    Golden(b"LAMP=12345\r:", "12345 hours", LIBRARY + "test_get_property"),
    Golden(b"LAMP=20\r", "20 hours, without its prompt", PLACE),
    Golden(b"SOURCE=30\r", "source 30, without its prompt", PLACE),
    Golden(b"MUTE=ON\r", "is muted, without its prompt", PLACE),
    Golden(b":IMEVENT=0001 04 00000000 00000000 T1 F1\r", "news: it cools down", PLACE),
    Golden(b"SNO=XY12345678\r:", "a serial number", "pszafer/epson_projector, tests/test_serial_behavior.py"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}
REST = b"SOURCE=30\r:MUTE=OFF\r:LAMP=812\r:ERR=00\r:SNO=X5ZB\r:"
ROUND = WIRE["is on"] + REST
COLON, STANDBY, WARM = WIRE["prompt"], WIRE["is in standby"], WIRE["warms up"]


def wired(scheme: str = "tcp", **settings: Any) -> Wire:
    return Wire(EpsonVp(EpsonVpSettings(**settings), scheme=scheme))


def online() -> Wire:
    wire = wired()
    wire.hear(WIRE["welcome"] + WIRE["is on"] + ROUND)
    assert wire.told(Ready) == [Ready()]
    return wire


def asleep() -> Wire:
    wire = wired("serial")
    wire.hear(STANDBY * 2)
    assert wire.told(Ready) and wire.flight is None
    return wire


def test_handshake_and_the_first_round() -> None:
    wire = online()
    assert wire.sent[:2] == [WIRE["connect"], WIRE["ask for the power"]]
    assert WIRE["ask for the source"] in wire.sent
    assert wire.points() == {
        **{"power": "on", "input": "30", "video_muted": False},
        **{"lamp_hours": 812, "faults": (), "serial": "X5ZB"},
    }
    assert wire.told(Offers)[-1].choices["input"]["A0"] == "HDMI 2"


def test_a_source_is_told_by_its_code() -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    wire.hear(WIRE["is on"] + WIRE["source 21"])
    assert wire.points()["input"] == "21"


def test_what_others_have_seen_a_projector_say() -> None:
    wire = online()
    assert WIRE["ask for the lamp's hours"] in wire.sent
    wire.do(wire.driver.due("poll"))
    wire.hear(
        WIRE["is on"] + WIRE["source 30, without its prompt"] + COLON + WIRE["is muted, without its prompt"] + COLON
    )
    wire.hear(WIRE["12345 hours"])
    assert (wire.points()["input"], wire.points()["video_muted"], wire.points()["lamp_hours"]) == ("30", True, 12345)
    wire = wired("serial")
    wire.hear(WIRE["is on"] * 2 + b"SOURCE=30\r:MUTE=OFF\r:" + WIRE["20 hours, without its prompt"] + COLON)
    wire.hear(b"ERR=00\r:" + WIRE["a serial number"])
    assert (wire.points()["lamp_hours"], wire.points()["serial"]) == (20, "XY12345678")
    told = wire.hear(WIRE["news: it cools down"] + COLON)
    assert told == [Send(WIRE["ask for the power"], tag=Ask("", "power"))]


def test_a_cable_needs_no_handshake() -> None:
    assert wired("serial").sent == [WIRE["ask for the power"]]
    assert EpsonVp().opening() == Opening(baud=9600, framing="8N1")


def test_a_password_goes_with_the_handshake_and_is_hidden() -> None:
    wire = wired(password="opensesame")
    (send,) = wire.told(Send)
    assert send.data == WIRE["connect"][:15] + b"\x01\x01\x01" + b"opensesame".ljust(16, b"\0")
    assert send.hide == ("opensesame\0\0\0\0\0\0",)


@pytest.mark.parametrize(
    ("reply", "reason", "words"),
    [
        (WIRE["wrong password"], Reason.LOGIN_REFUSED, "refused the password"),
        (WIRE["connect"][:14] + b"\x41\x00", Reason.LOGIN_REFUSED, "none is set"),
        (WIRE["busy"], Reason.CONNECTION_REFUSED, "busy"),
        (WIRE["connect"][:14] + b"\x55\x00", Reason.PROTOCOL_ERROR, "version"),
        (WIRE["connect"][:14] + b"\x77\x00", Reason.PROTOCOL_ERROR, "77"),
    ],
)
def test_a_handshake_that_fails_says_why(reply: bytes, reason: Reason, words: str) -> None:
    (drop,) = wired().hear(reply)
    assert isinstance(drop, Drop) and drop.reason is reason and words in drop.words


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (SetPower(True), WIRE["power on"]),
        (SetPower(False), WIRE["power off"]),
        (SelectInput("21"), WIRE["select source 21"]),
        (SetVideoMute(True), WIRE["mute the picture"]),
        (SetVideoMute(False), WIRE["show the picture"]),
    ],
)
def test_commands(command: Command, sent: bytes) -> None:
    wire = online()
    request = wire.ask(command)
    assert wire.log[-1] == Send(sent, tag=request)


def test_a_prompt_is_taken_and_the_proof_is_asked_for() -> None:
    wire = online()
    request = wire.ask(SetVideoMute(True))
    told = wire.hear(COLON)
    assert told[:2] == [Answered(request), Taken(request)] and Send(b"MUTE?\r", tag=Ask("", "mute")) in told


def test_a_command_waits_for_the_lamp_and_is_sent_when_it_burns() -> None:
    wire = asleep()
    wire.ask(SetPower(True))
    wire.hear(COLON)
    wire.flight = None
    wire._next()
    wire.hear(WARM)
    selected = wire.ask(SelectInput("A0"))
    assert wire.sent[-1] == WIRE["ask for the power"]
    assert Send(b"SOURCE A0\r", tag=selected) in wire.hear(WIRE["is on"])


def test_power_on_while_it_cools_waits_for_the_end_of_that() -> None:
    wire = wired("serial")
    wire.hear(b"PWR=03\r:" * 2)
    request = wire.ask(SetPower(True))
    assert all(send.tag != request for send in wire.told(Send))
    assert Send(WIRE["power on"], tag=request) in wire.hear(STANDBY)


def test_a_silent_warm_up_is_no_silence() -> None:
    wire = asleep()
    wire.ask(SetPower(True))
    assert wire.silence() == [Later(0.5, "quick")]
    wire.do(wire.driver.due("quick"))
    assert wire.silence() == [Later(0.5, "quick")]
    assert wire.hear(COLON) == []  # the prompt of long ago
    wire.do(wire.driver.due("quick"))
    assert Feedback(power="on") in wire.hear(WIRE["is on"])
    wire.driver.now = 500.0
    (drop,) = wire.silence()
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_RESPONSE


def test_err_is_a_refusal_and_an_unknown_question_is_not_asked_again() -> None:
    wire = online()
    request = wire.ask(SelectInput("42"))
    assert wire.hear(WIRE["error"]) == [Refused(request, "the projector refused it (ERR)")]
    assert wire.driver.sets == wire.driver.sets.__class__()
    wire = wired()
    wire.hear(WIRE["welcome"] + WIRE["is on"] * 2 + b"SOURCE=30\r:MUTE=OFF\r:LAMP=100 200\r:ERR=0C\r:ERR\r:")
    assert Ask("", "serial") in wire.driver.absent
    assert wire.points()["lamp_hours"] == 100 and wire.points()["faults"] == ("low air flow",)


def test_news_of_its_own_make_us_ask() -> None:
    wire = online()
    told = wire.hear(b"IMEVENT=0001 02 00000002 00000000 T1 F1\r:")
    assert told == [Send(WIRE["ask for the power"], tag=Ask("", "power"))]


def test_nonsense_is_refused_before_it_is_sent() -> None:
    wire = online()
    for command in (SelectInput("HDMI 1"), SetRelay(True)):
        wire.ask(command)
        assert isinstance(wire.log[-1], Refused)


@pytest.mark.parametrize("answer", [b"LAMP=5\r:", b"rubbish\r:"])
def test_an_answer_out_of_step_ends_the_connection(answer: bytes) -> None:
    (drop,) = wired("serial").hear(answer)
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


@pytest.mark.parametrize("wrong", [{"inputs": "HDMI"}, {"password_header": "1"}, {"warm_up": 0.0}])
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is|are"):
        EpsonVpSettings(**wrong)


async def test_a_projector_that_answers_nothing_until_its_lamp_burns() -> None:
    sim = Simulator(late_prompt=True, events=True, speed=100)
    settings = {"poll": 0.2, "quick": 0.05, "warm_up": 5.0}
    timing = {"reply": 0.1}
    async with (
        sim.serving("tcp") as address,
        run_device(EpsonVp, address, settings, timing=timing) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        on = device.submit(SetPower(True))
        selected = device.submit(SelectInput("A0"))
        for ticket in (on, selected):
            outcome = await ticket.ended(10)
            assert outcome is not None and outcome.result == "confirmed", outcome
        assert sim.source == "A0" and device.online


@pytest.mark.parametrize("given", ["", "nonsense"])
async def test_the_wrong_password_is_a_refused_login(given: str) -> None:
    sim = Simulator(control_secret="right")
    async with sim.serving("tcp") as address, run_device(EpsonVp, address, {"password": given}) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.LOGIN_REFUSED and "nonsense" not in device.words


async def test_the_right_password_and_a_busy_projector() -> None:
    sim = Simulator(control_secret="right")
    async with sim.serving("tcp") as address, run_device(EpsonVp, address, {"password": "right"}) as (device, watcher):
        await watcher.until(lambda: device.online)
    sim = Simulator(busy=True)
    async with sim.serving("tcp") as address, run_device(EpsonVp, address) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert "busy" in device.words


@given(st.lists(st.integers(1, 30), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, held = wired(), WIRE["welcome"] + WIRE["is on"] + ROUND
    for length in lengths:
        wire.hear(held[:length])
        held = held[length:]
    wire.hear(held)
    assert wire.log == online().log


@given(st.lists(st.binary(max_size=60) | st.sampled_from([ROUND, COLON, b"ERR\r:", b"PWR=77\r:"]), max_size=12))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = wired("serial")
    for chunk in chunks:
        wire.hear(chunk)
        wire.do(wire.driver.due("quick"))


async def test_epson_projector_speaks_with_the_simulator_over_a_cable() -> None:
    """The library's serial mode (its TCP mode fails on every Python of today)."""
    sim = Simulator(power="on", speed=100)
    async with sim.serving("serial") as address:
        client = ProjectorSerial(address.removeprefix("serial://"))
        try:
            assert await client.async_init()
            assert await client.get_property("PWR", 5) == "01"
            assert await client.send_command("SOURCE A0", 5) == "" and sim.source == "A0"
            assert await client.get_property("SOURCE", 5) == "A0"
            assert await client.send_command("MUTE ON", 5) == "" and sim.muted
            assert await client.get_property("LAMP", 5) == "812"
            assert await client.get_property("ERR", 5) == "00"
            assert await client.get_serial_number() == sim.serial_number
            assert await client.send_command("SOURCE 42", 5) is False  # ERR
            assert await client.send_command("PWR OFF", 5) == "" and sim.power == "cooling"
            assert await client.get_property("PWR", 5) == "03"
        finally:
            client.close()
