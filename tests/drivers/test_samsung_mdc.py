"""The Samsung MDC driver, byte by byte; its simulator against python-samsung-mdc; TLS with a PIN."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samsung_mdc import MDC
from samsung_mdc.exceptions import MDCTLSAuthFailed, MDCTLSRequired, NAKError

from drivers.samsung_mdc import SamsungMdc, SamsungMdcSettings, frame, measure
from gateway.commands import SelectInput, SetMute, SetPower, SetRelay, SetVideoMute, SetVolume
from gateway.driver import Appeared, Drop, Feedback, Gone, Ready, Refused, Send, StartTls, Taken
from gateway.model import Reason
from gateway.polled import Ask
from simulators.samsung_mdc import SamsungMdc as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.display_bench import Wire
from tests.drivers.golden import Golden


def lit(sim: Any) -> None:
    sim.one.power = "on"


CASE = Case(
    driver=SamsungMdc,
    simulator="samsung_mdc",
    links=("tcp", "serial"),
    simulator_settings={"speed": 50},
    settings={"poll": 0.2, "quick": 0.05},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.one.power == "on"),
        Do(SelectInput("hdmi2"), before=lit, seen=lambda sim: sim.one.input == "hdmi2"),
        Do(SetVolume(40), before=lit, seen=lambda sim: sim.one.volume == 40),
        Do(SetMute(True), before=lit, seen=lambda sim: sim.one.muted),
        Do(SetVideoMute(True), before=lit, seen=lambda sim: sim.one.panel_off),
        Do(SelectInput("hdmi4"), before=lit, outcome="refused"),
        Do(SetPower(False), before=lit, seen=lambda sim: sim.one.power == "standby"),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_power(), shows={"power": "on"}, pushed=False),
        Hand(
            do=lambda sim: (lit(sim), sim.turn_volume(31), sim.break_part("fan")),
            shows={"volume": 31, "faults": ("fan error",), "temperature": 38.0, "serial": "0ABCHTHK123456"},
            pushed=False,
        ),
    ],
)
FACTS = "RoomGate facts: room devices 5.2, vectors"
LIBRARY = "python-samsung-mdc 1.18.0, "
SENT = "as python-samsung-mdc 1.18.0 sends it: "
PLACE = "PlaceOS drivers, specification of its Samsung MDC driver"
GOLDEN = [
    Golden(bytes.fromhex("aa 11 01 01 01 14"), "power on", FACTS),
    Golden(bytes.fromhex("aa 11 01 00 12"), "ask for the power", FACTS),
    Golden(bytes.fromhex("aa 12 01 01 28 3c"), "volume 40", FACTS),
    Golden(bytes.fromhex("aa ff 01 03 41 11 01 56"), "power is on", FACTS),
    Golden(bytes.fromhex("aa 13 01 01 01 16"), "mute", SENT + "mute ON"),
    Golden(bytes.fromhex("aa 14 01 01 23 39"), "select HDMI 2", SENT + "input_source HDMI2"),
    Golden(bytes.fromhex("aa f9 01 01 01 fc"), "picture off", SENT + "panel OFF"),
    Golden(bytes.fromhex("aa f9 01 00 fa"), "is the picture off", SENT + "panel"),
    Golden(bytes.fromhex("aa 00 01 00 01"), "ask for the status", SENT + "status"),
    Golden(bytes.fromhex("aa 0d 01 00 0e"), "ask for faults", SENT + "error_status"),
    Golden(bytes.fromhex("aa 0b 01 00 0c"), "ask for the serial number", SENT + "serial_number"),
    Golden(bytes.fromhex("aa 0e 01 00 0f"), "ask for the version", SENT + "software_version"),
    Golden(bytes.fromhex("aa 83 01 00 84"), "ask for the panel's hours", SENT + "panel_on_time"),
    Golden(b"\x80\x00", "32768 times ten minutes, the data alone", "vgavro/samsung-mdc, tests/test_commands.py"),
    Golden(bytes.fromhex("aa 8a 01 00 8b"), "ask for the model", SENT + "model_name"),
    Golden(bytes.fromhex("aa 12 00 01 18 2b"), "display 0: volume 24", PLACE),
    Golden(bytes.fromhex("aa ff 00 03 41 12 18 6d"), "display 0: volume is 24", PLACE),
    Golden(bytes.fromhex("aa ff 00 03 41 f9 00 3c"), "display 0: the picture is shown", PLACE),
    Golden(bytes.fromhex("aa ff 00 09 41 00 01 06 00 14 00 00 00 64"), "display 0: on, volume 6, not muted, PC", PLACE),
    Golden(bytes.fromhex("aa 14 00 01 21 36"), "display 0: select HDMI 1", PLACE),
    Golden(bytes.fromhex("aa ff 00 03 41 14 21 78"), "display 0: HDMI 1 taken", PLACE),
    Golden(bytes.fromhex("aa f9 00 01 01 fb"), "display 0: picture off", PLACE),
    Golden(bytes.fromhex("aa ff 00 03 41 f9 01 3d"), "display 0: the picture is off", PLACE),
    Golden(b"MDCSTART<<TLS>>", "TLS begins", LIBRARY + "connection.py, _start_tls"),
    Golden(b"MDCAUTH<<PASS>>", "the PIN is right", LIBRARY + "connection.py, _start_tls"),
    Golden(b"MDCAUTH<<FAIL:0x01>>", "the PIN is wrong", LIBRARY + "connection.py and exceptions.py"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}


def reply(code: int, data: bytes, display: int = 1, kind: bytes = b"A") -> bytes:
    """An answer, put together here by the fact sheet's rule."""
    body = bytes((0xFF, display, len(data) + 2)) + kind + bytes((code,)) + data
    return b"\xaa" + body + bytes((sum(body) % 256,))


STATUS = reply(0x00, bytes((1, 20, 0, 0x22, 0x10, 0, 0)))
REST = reply(0xF9, b"\0") + reply(0x0D, bytes((0, 0, 0, 0, 38, 2))) + reply(0x83, b"\x80\0") + reply(0x0B, b"0ABC\0\0")
IDENTITY = REST + reply(0x0E, b"T-1.0") + reply(0x8A, b"QM55B")


def online(**settings: Any) -> Wire:
    wire = Wire(SamsungMdc(SamsungMdcSettings(**settings), scheme="tcp"))
    wire.hear(WIRE["power is on"] + STATUS + IDENTITY)
    assert wire.told(Ready) == [Ready()]
    return wire


def asleep() -> Wire:
    wire = Wire(SamsungMdc(scheme="tcp"))
    wire.hear(reply(0x11, b"\0") * 2)
    assert wire.told(Ready) and wire.points() == {"power": "standby"}
    return wire


def test_golden_questions_and_commands() -> None:
    assert Wire(SamsungMdc(scheme="tcp")).sent == [WIRE["ask for the power"]]
    wire = asleep()
    request = wire.ask(SetPower(True))
    assert wire.sent[-1] == WIRE["power on"] and wire.log[-1].tag == request
    wire = online()
    wire.ask(SetVolume(40))
    assert wire.sent[-1] == WIRE["volume 40"]


@pytest.mark.parametrize(
    ("command", "golden"),
    [(SetMute(True), "mute"), (SelectInput("hdmi2"), "select HDMI 2"), (SetVideoMute(True), "picture off")],
)
def test_commands_are_the_libraries(command: Any, golden: str) -> None:
    wire = online()
    wire.ask(command)
    assert wire.sent[-1] == WIRE[golden]


def test_a_round_asks_in_the_libraries_bytes() -> None:
    asked = {"is the picture off", "ask for the status", "ask for faults", "ask for the model", "ask for the version"}
    assert {WIRE[what] for what in (*asked, "ask for the serial number", "ask for the panel's hours")} <= set(
        online().sent
    )


def test_another_programs_answers_are_understood() -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(displays="0"), scheme="tcp"))
    wire.hear(reply(0x11, b"\1", display=0) + WIRE["display 0: on, volume 6, not muted, PC"])
    assert wire.points() == {"power": "on", "volume": 6, "muted": False, "input": "pc"}
    wire.hear(WIRE["display 0: the picture is shown"])
    assert wire.points()["video_muted"] is False
    wire.hear(reply(0x0D, bytes(6), display=0) + b"".join(reply(c, b"x", display=0) for c in (0x83, 0x0B, 0x0E, 0x8A)))
    request = wire.ask(SetVolume(24))
    assert wire.sent[-1] == WIRE["display 0: volume 24"]
    assert Taken(request) in wire.hear(WIRE["display 0: volume is 24"])
    wire.hear(WIRE["display 0: on, volume 6, not muted, PC"])
    request = wire.ask(SelectInput("hdmi1"))
    assert wire.sent[-1] == WIRE["display 0: select HDMI 1"]
    assert Taken(request) in wire.hear(WIRE["display 0: HDMI 1 taken"])
    wire.hear(WIRE["display 0: on, volume 6, not muted, PC"])
    request = wire.ask(SetVideoMute(True))
    assert wire.sent[-1] == WIRE["display 0: picture off"]
    assert Taken(request) in wire.hear(WIRE["display 0: the picture is off"])
    wire.hear(WIRE["display 0: the picture is off"])
    assert wire.points()["video_muted"] is True


def test_opening_tells_everything() -> None:
    assert online().points() == {
        **{"power": "on", "volume": 20, "muted": False, "input": "hdmi1", "video_muted": False},
        **{"faults": (), "temperature": 38.0, "signal": True, "lamp_hours": 5461},
        **{"serial": "0ABC", "firmware": "T-1.0", "model": "Samsung QM55B"},
    }


def test_hours_of_older_and_newer_models_and_of_one_that_counts_none() -> None:
    for data, hours in ((WIRE["32768 times ten minutes, the data alone"], 5461), (b"\0\1\0\0", 10922)):
        wire = Wire(SamsungMdc(scheme="tcp"))
        wire.hear(WIRE["power is on"] + STATUS + reply(0xF9, b"\0") + reply(0x0D, bytes(6)) + reply(0x83, data))
        assert wire.points()["lamp_hours"] == hours
    wire = Wire(SamsungMdc(scheme="tcp"))
    wire.hear(WIRE["power is on"] + STATUS + reply(0xF9, b"\0") + reply(0x0D, bytes(6)) + reply(0x83, b"\1", kind=b"N"))
    assert Ask("", "hours") in wire.driver.absent and "lamp_hours" not in wire.points()


def test_asleep_it_is_asked_for_its_power_only_and_commands_are_refused() -> None:
    wire = asleep()
    assert set(wire.sent) == {WIRE["ask for the power"]}
    request = wire.ask(SetVolume(40))
    assert Refused(request, "it is off") in wire.hear(reply(0x11, b"\0"))
    request = wire.ask(SetVolume(40))  # somebody turned it on at its remote control a moment ago
    assert Send(WIRE["volume 40"], tag=request) in wire.hear(WIRE["power is on"])


def test_a_command_waits_for_the_warm_up_and_is_sent_after_it() -> None:
    wire = asleep()
    on = wire.ask(SetPower(True))
    assert Taken(on) in wire.hear(reply(0x11, b"\1"))
    wire.hear(reply(0x11, b"\0"))  # taken, and not on yet
    selected = wire.ask(SelectInput("hdmi2"))
    assert wire.sent[-1] == WIRE["ask for the power"]
    assert wire.driver.patience(SelectInput("hdmi2")) == 100.0
    told = wire.hear(WIRE["power is on"])
    assert Send(frame(0x14, 1, b"\x23"), tag=selected) in told


def test_what_waits_is_refused_when_it_is_turned_off() -> None:
    wire = asleep()
    wire.ask(SetPower(True))
    wire.hear(reply(0x11, b"\1") + reply(0x11, b"\0"))
    selected = wire.ask(SelectInput("hdmi2"))
    wire.ask(SetPower(False))
    assert Refused(selected, "it is being turned off") in wire.log


def test_settle_keeps_commands_for_a_moment_more() -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(settle=5.0), scheme="tcp"))
    wire.hear(reply(0x11, b"\0") * 2)
    wire.ask(SetPower(True))
    wire.hear(reply(0x11, b"\1") + WIRE["power is on"])
    selected = wire.ask(SelectInput("hdmi2"))
    wire.hear(STATUS + IDENTITY + WIRE["power is on"])
    assert all(action.tag != selected for action in wire.told(Send))
    wire.driver.now = 5.0
    assert Send(frame(0x14, 1, b"\x23"), tag=selected) in wire.do(wire.driver.due("settled"))


def test_a_nak_is_a_refusal_and_an_unknown_question_is_not_asked_again() -> None:
    wire = online()
    request = wire.ask(SetMute(True))
    (refused,) = wire.hear(reply(0x13, b"\1", kind=b"N"))
    assert refused == Refused(request, "the display refused it (NAK 01)")
    wire = Wire(SamsungMdc(scheme="tcp"))
    wire.hear(WIRE["power is on"] + STATUS + reply(0xF9, b"\1", kind=b"N"))
    assert SetVideoMute not in wire.driver.offer("").commands


def test_a_display_without_sound_offers_none() -> None:
    wire = Wire(SamsungMdc(scheme="tcp"))
    wire.hear(WIRE["power is on"] + reply(0x00, bytes((1, 255, 255, 0x21, 0x10, 0, 0))))
    assert SetVolume not in wire.driver.offer("").commands and wire.points()["volume"] is None


def test_nonsense_is_refused_before_it_is_sent() -> None:
    wire = online()
    for command in (SelectInput("toaster"), SetRelay(True)):
        request = wire.ask(command)
        assert isinstance(wire.log[-1], Refused) and wire.log[-1].request == request


def test_an_answer_out_of_step_ends_the_connection() -> None:
    wire = Wire(SamsungMdc(scheme="tcp"))
    (drop,) = wire.hear(reply(0x12, b"\5"))
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_several_displays_on_one_line_and_one_that_goes_away() -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(displays="1, 2"), scheme="serial"))
    wire.hear(reply(0x11, b"\0"))
    assert Gone("2") in wire.silence() and wire.told(Ready)
    wire.hear(reply(0x11, b"\0"))
    wire.do(wire.driver.due("poll"))
    told = wire.hear(reply(0x11, b"\0") + reply(0x11, b"\1", display=2))
    assert Appeared("2") in told and Feedback("2", power="on") in told
    assert wire.driver.valid_unit("2") and not wire.driver.valid_unit("")


def test_log_in_with_tls_and_pin() -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(tls=True, pin="0042"), scheme="tcp"))
    assert wire.sent == []
    assert wire.hear(WIRE["TLS begins"]) == [StartTls(), Send(b"0042", tag="pin", hide=("0042",))]
    wire.flight = None
    wire.hear(WIRE["the PIN is right"])
    assert wire.sent[-1] == WIRE["ask for the power"]


@pytest.mark.parametrize(
    ("pin", "words", "why"),
    [
        ("", [WIRE["TLS begins"]], "set tls and pin"),
        ("1234", [WIRE["TLS begins"], WIRE["the PIN is wrong"]], "the PIN is wrong"),
        ("1234", [WIRE["TLS begins"], b"MDCAUTH<<FAIL:0x02>>"], "blocked"),
    ],
)
def test_log_in_that_cannot_be(pin: str, words: list[bytes], why: str) -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(tls=bool(pin), pin=pin), scheme="tcp"))
    for word in words:
        wire.hear(word)
    assert isinstance(wire.log[-1], Drop) and wire.log[-1].reason is Reason.LOGIN_REFUSED
    assert why in wire.log[-1].words


def test_the_pin_never_leaves_in_the_clear() -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(tls=True, pin="1234"), scheme="tcp"))
    (drop,) = wire.do(wire.driver.due("hello"))
    assert isinstance(drop, Drop) and wire.sent == []


@pytest.mark.parametrize(
    "wrong", [{"tls": True}, {"displays": "1, x"}, {"displays": "254"}, {"inputs": "toaster"}, {"quick": 0.0}]
)
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is|are|needs"):
        SamsungMdcSettings(**wrong)


@given(st.integers(0, 255), st.integers(0, 253), st.binary(max_size=200))
def test_a_frame_is_measured_whole_and_every_flipped_bit_is_rejected(code: int, display: int, data: bytes) -> None:
    whole = reply(code, data, display)
    assert measure(whole) == len(whole) and frame(0xFF, display, b"A" + bytes((code,)) + data) == whole
    for bit in range(8 * len(whole)):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        assert measure(bytes(broken)) <= 0


@given(st.lists(st.integers(1, 12), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, rest = Wire(SamsungMdc(scheme="tcp")), WIRE["power is on"] + STATUS + IDENTITY
    for length in lengths:
        wire.hear(rest[:length])
        rest = rest[length:]
    wire.hear(rest)
    assert wire.log == online().log


@given(st.lists(st.binary(max_size=60) | st.sampled_from([STATUS, *WIRE.values()]), max_size=12))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = Wire(SamsungMdc(SamsungMdcSettings(tls=True, pin="1234"), scheme="serial"))
    for chunk in chunks:
        wire.hear(chunk)
        wire.do(wire.driver.due("quick"))
    assert Ask("", "power") in {send.tag for send in wire.told(Send)}


# ---- the independent witness, and TLS over a real socket -----------------------------------------------------------


async def test_python_samsung_mdc_speaks_with_the_simulator() -> None:
    sim = Simulator(speed=100)
    async with sim.serving("tcp") as address, MDC(address.removeprefix("tcp://")) as client:
        assert (await client.power(1))[0].name == "OFF"
        with pytest.raises(NAKError):
            await client.volume(1, [12])
        await client.power(1, ["ON"])
        await sim.until(lambda: sim.one.power == "on")
        await client.volume(1, [12])
        await client.mute(1, ["ON"])
        await client.input_source(1, ["HDMI2"])
        await client.panel(1, ["OFF"])
        assert (sim.one.volume, sim.one.muted, sim.one.input, sim.one.panel_off) == (12, True, "hdmi2", True)
        status = await client.status(1)
        assert status[1] == 12 and status[3].name == "HDMI2"
        assert (await client.error_status(1))[4] == 38
        assert await client.panel_on_time(1) == (6 * sim.panel_hours,)
        sim.panel_hours = 20000
        assert await client.panel_on_time(1) == (120000,)
        assert await client.serial_number(1) == (sim.serial_number,)
        assert await client.model_name(1) == ("QM55B",)


async def test_python_samsung_mdc_logs_in_with_a_pin() -> None:
    sim = Simulator(pin="1234")
    async with sim.serving("tcp") as address:
        target = address.removeprefix("tcp://")
        async with MDC(target, pin="1234") as client:
            assert (await client.power(1))[0].name == "OFF"
        with pytest.raises(MDCTLSAuthFailed, match="Wrong pin"):
            await MDC(target, pin="9999").open()
        client = MDC(target)
        with pytest.raises(MDCTLSRequired):
            await client.power(1)
        await client.close()


async def test_the_driver_logs_in_over_tls() -> None:
    sim = Simulator(pin="1234", speed=100)
    async with (
        sim.serving("tcp") as address,
        run_device(SamsungMdc, address, {"tls": True, "pin": "1234"}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SetPower(True)).ended(10)
        assert outcome is not None and outcome.result == "confirmed" and sim.one.power == "on"


@pytest.mark.parametrize("pin", ["", "9999"])
async def test_the_wrong_pin_is_a_refused_login(pin: str) -> None:
    sim = Simulator(pin="1234")
    settings = {"tls": bool(pin), "pin": pin}
    async with sim.serving("tcp") as address, run_device(SamsungMdc, address, settings) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.LOGIN_REFUSED and "9999" not in device.words
