"""The NEC display driver, packet by packet: lengths, check bytes that are a CR, refusals, several ids on a line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nec_pd_sdk import constants as nec
from nec_pd_sdk.nec_pd_sdk import NECPD
from nec_pd_sdk.protocol import PDError, read_command_reply, write_command

from drivers.nec_display import NecDisplay, NecDisplaySettings, measure, packet
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetRelay, SetVideoMute, SetVolume
from gateway.driver import Appeared, Drop, Feedback, Gone, Later, Opening, Ready, Refused, Send, Taken
from gateway.model import Reason
from gateway.polled import Ask
from simulators.nec_display import NecDisplay as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.display_bench import Wire
from tests.drivers.golden import Golden


def lit(sim: Any) -> None:
    sim.power = 1


CASE = Case(
    driver=NecDisplay,
    simulator="nec_display",
    links=("tcp", "serial"),
    simulator_settings={"speed": 50},
    settings={"poll": 0.1, "quick": 0.05},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.power == 1),
        Do(SelectInput("hdmi2"), before=lit, seen=lambda sim: sim.input == "hdmi2"),
        Do(SetVolume(30), before=lit, seen=lambda sim: sim.volume == 30),
        Do(SetMute(True), before=lit, seen=lambda sim: sim.muted),
        Do(SetVideoMute(True), before=lit, seen=lambda sim: sim.dark),
        Do(SelectInput("option"), before=lit, outcome="refused"),
        Do(SetPower(False), before=lit, seen=lambda sim: sim.power == 4),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_power(), shows={"power": "on", "serial": "71B00123NA"}, pushed=False),
        Hand(
            do=lambda sim: (lit(sim), sim.turn_volume(31), sim.stop_fan(), sim.unplug_source()),
            shows={
                "volume": 31,
                "faults": ("cooling fan 1",),
                "signal": False,
                "temperature": 38.5,
                "model": "NEC P404",
            },
            pushed=False,
        ),
    ],
)

FACTS = "RoomGate facts: room devices 5.6"
EXTERNAL = "NEC External Control, NEC LCD Monitor (P403, P463, P553), "
TOLD = "phillipivan/companion-module-nec-display, src/__tests__/hexproto.test.js, "
OTHER = "com.insightsystems.dal.nec.LCD (a monitoring adapter, LCD.java), rspPower"
P702 = "NEC P702 user manual, English-32, control command diagram"


def hexed(text: str) -> bytes:
    return bytes.fromhex(text)


GOLDEN = [
    Golden(hexed("01 30 41 30 41 30 36 02 30 31 44 36 03 74 0D"), "ask for the power", FACTS),
    Golden(hexed("01 30 41 30 41 30 43 02 43 32 30 33 44 36 30 30 30 31 03 73 0d"), "power on", P702),
    Golden(hexed("01 30 41 30 41 30 43 02 43 32 30 33 44 36 30 30 30 34 03 76 0d"), "power off", P702),
    Golden(hexed("01 30 41 30 45 30 41 02 30 30 36 30 30 30 30 46 03 04 0d"), "select DisplayPort", P702),
    Golden(hexed("01 30 41 30 45 30 41 02 30 30 36 30 30 30 31 31 03 72 0d"), "select HDMI", P702),
    Golden(hexed("01 30 41 30 45 30 41 02 30 30 36 30 30 30 30 33 03 71 0d"), "select DVI", P702),
    Golden(hexed("01 30 41 30 45 30 41 02 30 30 38 44 30 30 30 31 03 09 0d"), "mute", P702),
    Golden(hexed("01 30 41 30 45 30 41 02 30 30 38 44 30 30 30 32 03 0a 0d"), "unmute", P702),
    Golden(
        hexed("01 30 30 41 42 30 45 02 30 30 43 32 30 33 44 36 30 30 30 31 03 76 0d"),
        "power on taken",
        EXTERNAL + "p.44, 7.2",
    ),
    Golden(hexed("01 30 30 41 42 31 32 02 30 32 30 30 44 36 30 30 30 30 30 34 30 30 30 31 03 74 0d"), "is on", OTHER),
    Golden(
        hexed("01 30 30 41 42 31 32 02 30 32 30 30 44 36 30 30 30 30 30 34 30 30 30 34 03 71 0d"),
        "is off",
        TOLD + "parse power state",
    ),
    Golden(
        hexed("01 30 30 41 42 31 32 02 30 32 30 30 44 36 30 30 30 30 30 34 30 30 30 32 03 77 0d"), "saves power", OTHER
    ),
    Golden(
        hexed("01 30 30 41 44 31 32 02 30 30 30 30 36 30 30 30 30 30 31 31 30 30 30 33 03 02 0d"),
        "DVI is shown",
        TOLD + "parse input state",
    ),
    Golden(hexed("01 30 41 30 43 30 36 02 30 30 36 30 03 03 0d"), "ask for the input", TOLD + "get input state"),
    Golden(hexed("01 30 41 30 43 30 36 02 30 30 36 32 03 01 0d"), "ask for the volume", TOLD + "get volume level"),
    Golden(b"\x02B1\x03", "self-diagnosis, the message alone", EXTERNAL + "11.1"),
    Golden(b"\x02A100\x03", "well, the message alone", EXTERNAL + "11.1"),
    Golden(hexed("01 30 41 30 41 30 36 02 43 32 31 36 03 71 0d"), "ask for the serial number", EXTERNAL + "p.72, 12.1"),
    Golden(
        hexed("01 30 41 30 45 30 41 02 30 30 31 30 30 30 35 30 03 70 0d"),
        "backlight 80, by which the manual explains a set parameter",
        EXTERNAL + "p.24, step 3",
    ),
    Golden(
        hexed("01 30 30 41 46 31 32 02 30 30 30 30 31 30 30 30 30 30 36 34 30 30 35 30 03 03 0d"),
        "backlight is 80 of 100",
        EXTERNAL + "p.24, step 4",
    ),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}


def reply(kind: str, message: str, display: int = 1) -> bytes:
    """An answer, put together here by the manual's rule (4.1-4.4)."""
    inner = "\x02" + message + "\x03"
    text = f"00{chr(64 + display)}{kind}{len(inner):02X}{inner}".encode()
    code = 0
    for byte in text:
        code = code ^ byte
    return b"\x01" + text + bytes([code]) + b"\r"


IS_ON, IS_OFF = WIRE["is on"], WIRE["is off"]
STATE = (
    reply("D", "00006000001200 11".replace(" ", "")) + reply("D", "0000620000640014") + reply("D", "00008D0000020002")
)
EXTRA = reply("D", "0010B60000020002") + reply("D", "00027900FFFF004D") + reply("B", "A100")
IDENTITY = reply("B", "C31637314230") + reply("B", "C31750343034")
ROUND = IS_ON + STATE + EXTRA + IDENTITY


def online(**settings: Any) -> Wire:
    wire = Wire(NecDisplay(NecDisplaySettings(**settings)))
    wire.hear(IS_ON + ROUND)
    assert wire.told(Ready) == [Ready()]
    return wire


def test_opening_asks_and_tells_everything() -> None:
    wire = online()
    asked = ("ask for the power", "ask for the input", "ask for the volume", "ask for the serial number")
    assert wire.sent[0] == WIRE[asked[0]] and {WIRE[what] for what in asked} <= set(wire.sent)
    assert any(WIRE["self-diagnosis, the message alone"] in data for data in wire.sent)
    assert wire.points() == {
        **{"power": "on", "input": "hdmi1", "volume": 20, "muted": False, "video_muted": False},
        **{"temperature": 38.5, "faults": (), "signal": True, "serial": "71B0", "model": "NEC P404"},
    }


def test_the_manuals_own_packets() -> None:
    """Set parameter and its reply, whose check byte is an ETX."""
    asked, told = WIRE["backlight 80, by which the manual explains a set parameter"], WIRE["backlight is 80 of 100"]
    assert packet("E", 1, "00100050") == asked and reply("F", "00001000" + "00640050") == told
    assert NecDisplay().cutter.start()(told + asked + WIRE["power on taken"]) == [told, asked, WIRE["power on taken"]]


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (SetPower(True), WIRE["power on"]),
        (SetPower(False), WIRE["power off"]),
        (SelectInput("displayport1"), WIRE["select DisplayPort"]),
        (SelectInput("hdmi1"), WIRE["select HDMI"]),
        (SelectInput("dvi"), WIRE["select DVI"]),
        (SetMute(True), WIRE["mute"]),
        (SetMute(False), WIRE["unmute"]),
    ],
)
def test_commands(command: Command, sent: bytes) -> None:
    wire = online()
    request = wire.ask(command)
    assert wire.log[-1] == Send(sent, tag=request)


def test_what_others_have_seen_a_display_say() -> None:
    assert reply("B", "A100")[7:-2] == WIRE["well, the message alone"]
    wire = online()
    wire.do(wire.driver.due("poll"))
    wire.hear(WIRE["is on"] + WIRE["DVI is shown"])
    assert wire.points()["input"] == "dvi"
    wire = Wire(NecDisplay())
    wire.hear(WIRE["saves power"])
    assert wire.points()["power"] == "standby"


def test_the_line_is_9600_8n1() -> None:
    assert NecDisplay().opening() == Opening(baud=9600, framing="8N1")


def test_a_check_byte_that_is_a_cr_ends_nothing() -> None:
    found = [message for number in range(256) if (message := reply("B", f"A1{number:02X}"))[-2] == 0x0D]
    assert found
    feed = NecDisplay().cutter.start()
    assert feed(found[0] + IS_ON) == [found[0], IS_ON]


def test_a_command_waits_for_the_warm_up() -> None:
    wire = Wire(NecDisplay())
    wire.hear(IS_OFF * 2)
    on = wire.ask(SetPower(True))
    assert Taken(on) in wire.hear(WIRE["power on taken"] + IS_OFF)
    volume = wire.ask(SetVolume(30))
    assert Send(packet("E", 1, "0062001E"), tag=volume) in wire.hear(IS_ON)


def test_volume_is_in_the_displays_own_steps() -> None:
    wire = Wire(NecDisplay())
    wire.hear(IS_ON * 2 + reply("D", "0000600000120011") + reply("D", "000062000032000A"))
    assert wire.points()["volume"] == 20
    wire.hear(reply("D", "00008D0000020002") + EXTRA + IDENTITY)
    wire.ask(SetVolume(41))
    assert wire.sent[-1] == packet("E", 1, "00620014") and wire.driver.shows(SetVolume(41), {"volume": 40})


def test_refusals_and_what_a_model_does_not_know() -> None:
    wire = online()
    request = wire.ask(SelectInput("option"))
    assert wire.hear(reply("F", "0100600000120000")) == [Refused(request, "the display refused it")]
    wire = Wire(NecDisplay())
    wire.hear(IS_ON * 2 + STATE + reply("D", "0110B60000000000") + reply("D", "0102790000000000"))
    wire.hear(reply("B", "A180A0B0") + reply("B", "BE") + reply("B", "BE"))
    assert {ask.what for ask in wire.driver.absent} == {"screen", "temperature", "serial", "model"}
    assert SetVideoMute not in wire.driver.offer("").commands
    assert wire.points()["faults"] == ("cooling fan 1", "temperature: it shut down") and not wire.points()["signal"]


def test_nonsense_is_refused_before_it_is_sent() -> None:
    wire = online()
    for command in (SelectInput("toaster"), SetRelay(True)):
        wire.ask(command)
        assert isinstance(wire.log[-1], Refused)


@pytest.mark.parametrize(
    "answer", [reply("D", "0000620000640014"), reply("B", "0200D60000040001", 2), reply("B", "A100"), reply("B", "")]
)
def test_an_answer_out_of_step_ends_the_connection(answer: bytes) -> None:
    (drop,) = Wire(NecDisplay()).hear(answer)
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_a_change_of_power_that_is_answered_late() -> None:
    wire = Wire(NecDisplay())
    wire.hear(IS_OFF * 2)
    wire.ask(SetPower(True))
    assert wire.silence() == [Later(0.5, "quick")]
    wire.do(wire.driver.due("quick"))
    assert not any(isinstance(action, Drop) for action in wire.hear(reply("B", "00C203D60001")))
    wire.do(wire.driver.due("quick"))
    assert Feedback(power="on") in wire.hear(IS_ON)


def test_an_id_that_is_not_there_is_silent_and_gone() -> None:
    wire = Wire(NecDisplay(NecDisplaySettings(displays="1, 2")))
    wire.hear(IS_OFF)
    assert Gone("2") in wire.silence() and wire.told(Ready)
    wire.hear(IS_OFF)
    wire.do(wire.driver.due("poll"))
    assert Appeared("2") in wire.hear(IS_OFF + reply("B", "0200D60000040002", 2))
    assert wire.points("2") == {"power": "standby"}


@pytest.mark.parametrize("wrong", [{"displays": "0"}, {"displays": "101"}, {"inputs": "toaster"}])
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="are"):
        NecDisplaySettings(**wrong)


async def test_an_older_model_over_a_real_socket() -> None:
    sim = Simulator(power=1, old=True, highest=50)
    async with (
        sim.serving("tcp") as address,
        run_device(NecDisplay, address, {"poll": 0.1, "quick": 0.05}) as (device, watcher),
    ):
        await watcher.until(lambda: value(device, "signal") is True)
        outcome = await device.submit(SetVolume(41)).ended(10)
        assert outcome is not None and outcome.result == "confirmed" and sim.volume == 20
        assert "temperature" not in device.unit("").points


@given(
    st.sampled_from("ACE"), st.integers(1, 100), st.text(st.characters(codec="ascii", min_codepoint=32), max_size=60)
)
def test_a_packet_is_measured_whole_and_every_flipped_bit_is_rejected(kind: str, display: int, message: str) -> None:
    whole = packet(kind, display, message)
    assert measure(whole) == len(whole) and whole[8:-3].decode() == message
    for bit in range(8 * len(whole)):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        assert measure(bytes(broken)) <= 0


@given(st.lists(st.integers(1, 12), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, rest = Wire(NecDisplay()), IS_ON + ROUND
    for length in lengths:
        wire.hear(rest[:length])
        rest = rest[length:]
    wire.hear(rest)
    assert wire.log == online().log


WHOLE = st.builds(reply, st.sampled_from("BDF"), st.text("0123456789ABCDEF", max_size=20))


@given(st.lists(st.binary(max_size=60) | WHOLE | st.sampled_from([ROUND, *WIRE.values()]), max_size=12))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = Wire(NecDisplay())
    for chunk in chunks:
        wire.hear(chunk)
        wire.do(wire.driver.due("quick"))
    assert Ask("", "power") in {send.tag for send in wire.told(Send)}


class Wires:
    """What the maker's own library takes for a socket: it hears `told`, and what it says is kept."""

    def __init__(self, told: bytes = b"") -> None:
        self.told, self.said = told, b""

    def recv(self, length: int) -> bytes:
        piece, self.told = self.told[:length], self.told[length:]
        return piece

    def sendall(self, data: bytes) -> None:
        self.said += data


@given(st.sampled_from("ACE"), st.integers(1, 100), st.text("0123456789ABCDEF", max_size=60))
def test_the_makers_library_makes_the_very_same_packets(kind: str, display: int, message: str) -> None:
    wires = Wires()
    write_command(wires, message.encode(), 0x40 + display, ord(kind))
    assert packet(kind, display, message) == wires.said


def test_the_makers_library_reads_the_golden_replies_as_we_do() -> None:
    assert NECPD(Wires(WIRE["is on"])).command_power_status_read() == 1
    assert NECPD(Wires(WIRE["is off"])).command_power_status_read() == 4
    assert NECPD(Wires(WIRE["power on taken"])).command_power_status_set(1) == 1
    assert NECPD(Wires(WIRE["DVI is shown"])).command_get_parameter(nec.OPCODE_INPUT).current_value == 3
    told = NECPD(Wires(WIRE["backlight is 80 of 100"])).command_set_parameter(0x0010, 80)
    assert (told.max_value, told.current_value) == (100, 80)
    with pytest.raises(PDError):
        read_command_reply(Wires(WIRE["is on"][:-2] + b"\0\r"), True)


async def test_the_makers_library_speaks_with_the_simulator() -> None:
    sim = Simulator(speed=100)
    async with sim.serving("tcp") as address:
        client = await asyncio.to_thread(NECPD.from_ip_address, "127.0.0.1", int(address.rpartition(":")[2]))

        async def ask(method: Any, *given: Any) -> Any:
            return await asyncio.to_thread(method, *given)

        try:
            assert await ask(client.command_power_status_read) == 4
            assert await ask(client.command_power_status_set, 1) == 1
            await sim.until(lambda: sim.power == 1)
            for code, value in ((nec.OPCODE_INPUT, 0x12), (nec.OPCODE_AUDIO__AUDIO_VOLUME, 33), (0x008D, 1)):
                told = await ask(client.command_set_parameter, code, value)
                assert (told.result, told.current_value) == (0, value)
            assert (sim.input, sim.volume, sim.muted) == ("hdmi2", 33, True)
            heat = await ask(client.command_get_parameter, nec.OPCODE_READ_TEMPERATURE_SENSOR_READ_ONLY)
            assert heat.current_value / 2 == 38.5
            assert await ask(client.command_serial_number_read) == sim.serial_number
            assert await ask(client.command_model_name_read) == sim.model
            assert await ask(client.command_self_diagnosis_status_read) == [0]
            sim.stop_fan()
            sim.unplug_source()
            assert await ask(client.helper_self_diagnosis_status_text) == (
                nec.DISPLAY_DIAGNOSTIC_ERROR_CODES[0x80] + "; " + nec.DISPLAY_DIAGNOSTIC_ERROR_CODES[0xB0] + "; "
            )
        finally:
            client.close()
