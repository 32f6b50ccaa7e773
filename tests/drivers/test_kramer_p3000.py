"""The Kramer driver, line by line: both ways to route, log-in, machine numbers, errors in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.kramer_p3000 import KramerP3000, KramerSettings
from gateway.commands import Route, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.driver import Actions, Drop, Feedback, Offers, Opening, Ready, Refused, Request, Send, Taken
from gateway.model import Reason, Result
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

QUICK = {"poll": 0.2}
CASE = Case(
    driver=KramerP3000,
    simulator="kramer_p3000",
    links=("tcp", "serial"),
    simulator_settings={"boot_seconds": 0.5},
    settings={**QUICK, "layers": True},
    commands=[
        Do(Route("3"), unit="2", seen=lambda sim: (sim.picture[2], sim.sound[2]) == (3, 3)),
        Do(Route("4", "audio"), unit="1", seen=lambda sim: (sim.picture[1], sim.sound[1]) == (1, 4)),
        Do(Route("0", "video"), unit="1", seen=lambda sim: sim.picture[1] == 0),
        Do(Route("5"), unit="1", outcome="refused"),
        Do(SetVideoMute(True), unit="1", seen=lambda sim: not sim.shown[1]),
        Do(SetMute(True), unit="1", seen=lambda sim: sim.silent[1]),
        Do(SetVolume(40), unit="volume/2", seen=lambda sim: sim.level[2] == 40),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_front(2, 4), unit="2", shows={"input": "4"}, pushed=True),
        Hand(do=lambda sim: sim.plug(2), unit="in/2", shows={"signal": True}, pushed=False),
    ],
    refused_login={
        "simulator_settings": {"secured": True, "password": "right-word"},
        "settings": {"login": "Admin", "password": "wrong-word"},
    },
)

KIT, TABLE = "Kramer KIT-400 user manual, p.85: ", "Kramer VP-8x8AK user manual, p.43, table 15: "
SHEET = "RoomGate facts, room devices 7.2"
GOLDEN = [
    Golden(b"#\r", "hand-shake", TABLE + "#CR"),
    Golden(b"#ROUTE 1,1,3\r", "route input 3 to output 1", SHEET),
    Golden(b"~01@ROUTE 1,1,3\r\n", "output 1 shows input 3", SHEET),
    Golden(b"#VID 3>1\r", "older: route input 3 to output 1", TABLE + "VID IN>OUT"),
    Golden(b"~01@VID 3>1 OK\r\n", "older: output 1 shows input 3", TABLE + "VID IN>OUT RESULT"),
    Golden(b"#VMUTE 2,0\r", "mute the picture of output 2", KIT + "disable the video output on OUT 2"),
    Golden(b"~01@VMUTE 2,0\r\n", "the picture of output 2 is muted", KIT + "0 = video disabled"),
    Golden(b"#AUD-LVL 1,1,50\r", "volume of output 1 to 50", KIT + "set audio level to 50"),
    Golden(b"~01@AUD-LVL 1,1,50\r\n", "volume of output 1 is 50", KIT + "feedback"),
    Golden(b"#MUTE 1,1\r", "mute the sound of output 1", SHEET),
    Golden(b"~01@ERR 002\r\n", "it does not know the command", SHEET),
    Golden(b"~01@ERR003\r\n", "out of range, without a space", TABLE + "parameter is out of range: ERR003"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}
HELLO = b"~01@ OK\r\n"
IDENTITY = b"~01@MODEL VS-42H2\r\n~01@VERSION 1.20\r\n~01@SN 012345\r\n~01@ERR 002\r\n~01@INFO-IO IN 4,OUT 2\r\n"


class Wire:
    """Turns and nothing else."""

    def __init__(self, **settings: Any) -> None:
        self.driver = KramerP3000(KramerSettings(**settings))
        self.feed = self.driver.cutter.start()
        self.queue: list[Send] = []
        self.do(self.driver.opened())

    def do(self, actions: Actions) -> list[Any]:
        told = list(actions)
        self.queue += [action for action in told if isinstance(action, Send)]
        return told

    def hear(self, data: bytes) -> list[Any]:
        told: list[Any] = []
        for message in self.feed(data):
            tag = None
            if self.queue and self.driver.cutter.answers(message) and self.driver.answers(message, self.queue[0].tag):
                tag = self.queue.pop(0).tag
            told += self.do(self.driver.received(message, tag))
        return told


def online(**settings: Any) -> Wire:
    """A unit whose every first question was answered with 1."""
    wire = Wire(**settings)
    told = wire.hear(HELLO + IDENTITY)
    while wire.queue:
        word, _, about = wire.queue[0].data.decode().strip("#\r").partition("? ")
        said = {"": " OK", "VID": f"VID 1>{about}", "AUD": f"AUD 1>{about}"}.get(word, f"{word} {about},1")
        told += wire.hear(f"~01@{said}\r\n".encode())
    assert Ready() in told
    return wire


def test_it_says_what_it_is_and_how_large() -> None:
    wire = Wire()
    assert wire.queue[0] == Send(WIRE["hand-shake"], tag="hello")
    told = wire.hear(HELLO + IDENTITY)
    assert told[:3] == [
        Feedback("", model="Kramer VS-42H2"),
        Feedback("", firmware="1.20"),
        Feedback("", serial="012345"),
    ]
    assert (wire.driver.inputs, wire.driver.outputs) == (4, 2)
    assert Send(b"#ROUTE? 1,2\r", tag=("ask", "ROUTE", "1,2")) in told


@pytest.mark.parametrize(
    ("golden", "feedback"),
    [
        ("output 1 shows input 3", Feedback("1", input="3")),
        ("older: output 1 shows input 3", Feedback("1", input="3")),
        ("the picture of output 2 is muted", Feedback("2", video_muted=True)),
        ("volume of output 1 is 50", Feedback("volume/1", volume=50)),
    ],
)
def test_what_it_tells(golden: str, feedback: Feedback) -> None:
    assert online().hear(WIRE[golden]) == [feedback]


@pytest.mark.parametrize(
    ("unit", "command", "golden"),
    [
        ("1", Route("3"), "route input 3 to output 1"),
        ("1", Route("3"), "older: route input 3 to output 1"),
        ("2", SetVideoMute(True), "mute the picture of output 2"),
        ("1", SetMute(True), "mute the sound of output 1"),
        ("volume/1", SetVolume(50), "volume of output 1 to 50"),
    ],
)
def test_orders_are_the_manuals(unit: str, command: Any, golden: str) -> None:
    wire = online(routing="vid" if golden.startswith("older") else "route")
    request = Request("c1", command, unit)
    assert list(wire.driver.command(request)) == [Send(WIRE[golden], tag=request)]


def test_a_unit_with_layers_is_given_both() -> None:
    request = Request("c1", Route("2"), "1")
    assert [send.data for send in online(layers=True).driver.command(request) if isinstance(send, Send)] == [
        b"#ROUTE 1,1,2\r",
        b"#ROUTE 2,1,2\r",
    ]


def test_its_number_is_said_and_other_machines_are_not_heard() -> None:
    wire = Wire(machine=2, inputs=4, outputs=2)
    assert wire.queue[0].data == b"#2@\r"
    assert wire.hear(b"~03@ROUTE 1,1,3\r\n") == []


@pytest.mark.parametrize(
    ("golden", "words"),
    [
        ("it does not know the command", "the switcher answered ERR 002: it does not know this command"),
        ("out of range, without a space", "the switcher answered ERR 003: a value is out of range"),
    ],
)
def test_errors_are_said_in_words(golden: str, words: str) -> None:
    wire = online()
    request = Request("c1", Route("1"), "1")
    wire.do(wire.driver.command(request))
    assert wire.hear(WIRE[golden]) == [Refused(request, words)]


def test_an_order_is_taken_by_its_own_answer_only() -> None:
    wire = online()
    request = Request("c1", Route("3"), "1")
    wire.do(wire.driver.command(request))
    assert wire.hear(b"~01@ROUTE 1,2,4\r\n") == [Feedback("2", input="4")]  # somebody at the front
    assert wire.hear(b"~01@ROUTE 1,1,4\r\n") == [Feedback("1", input="4")]  # and to our output
    assert wire.hear(b"~01@MUTE 1,1\r\n") == [Feedback("1", muted=True)]
    assert wire.hear(b"~01@ROUTE 2,1,3\r\n") == []  # a layer that we do not ask for
    assert wire.hear(b"~01@SIGNAL 3,1\r\n") == [Feedback("in/3", signal=True)]
    assert wire.hear(WIRE["output 1 shows input 3"]) == [Feedback("1", input="3"), Taken(request)]


def test_a_refusal_is_the_orders_own_also_after_somebody_at_the_front() -> None:
    wire = online()
    request = Request("c1", Route("3"), "1")
    wire.do(wire.driver.command(request))
    wire.hear(b"~01@ROUTE 1,2,4\r\n~01@MUTE ERR 002\r\n")
    assert wire.hear(b"~01@ROUTE ERR 003\r\n") == [
        Refused(request, "the switcher answered ERR 003: a value is out of range")
    ]


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        (b"~01@VMUTE 2,1", True),
        (b"~01@VMUTE 1,1", False),
        (b"~01@MUTE 2,1", False),
        (b"~01@ROUTE 1,2,3", False),
        (b"~01@ERR 002", True),
        (b"~01@VMUTE ERR 002", True),
        (b"~01@ROUTE ERR 002", False),
        (b"Welcome", False),
    ],
)
def test_a_question_is_answered_by_what_is_about_it(line: bytes, answers: bool) -> None:
    assert KramerP3000().answers(line, ("ask", "VMUTE", "2")) is answers


def test_an_older_units_order_is_answered_by_its_pair() -> None:
    driver = KramerP3000(KramerSettings(routing="vid", inputs=4, outputs=4))
    request = Request("c1", Route("3"), "1")
    assert driver.answers(b"~01@VID 3>1 OK", request) and not driver.answers(b"~01@VID 3>2", request)
    assert driver.answers(b"~01@VID 3>1", ("ask", "VID", "1")) and not driver.answers(
        b"~01@VID 3>2", ("ask", "VID", "1")
    )


def test_a_log_in_that_is_wanted_or_refused() -> None:
    wire = Wire(login="Admin", password="secret-word")
    assert wire.queue[1] == Send(b"#LOGIN Admin,secret-word\r", tag="login", hide=("secret-word",))
    assert wire.hear(HELLO + b"~01@ERR 004\r\n") == [
        Drop(Reason.LOGIN_REFUSED, "it does not take the log-in (ERR 004)")
    ]
    (drop,) = Wire().hear(HELLO + b"~01@ERR 004\r\n")
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED


def test_what_it_does_not_know_is_not_offered_and_not_asked_again() -> None:
    wire = Wire(inputs=1, outputs=1)
    told = wire.hear(HELLO + IDENTITY)
    while wire.queue:
        told += wire.hear(HELLO if wire.queue[0].tag == "looked" else WIRE["it does not know the command"])
    assert [set(action.commands) for action in told if isinstance(action, Offers)] == [{Route}]
    assert [action.data for action in wire.do(wire.driver.due("poll")) if isinstance(action, Send)] == [b"#\r"]
    assert isinstance(Wire().hear(HELLO + b"~01@ERR 002\r\n" * 5)[-1], Drop)  # nor does it say its size


def test_a_range_in_decibels() -> None:
    wire = online(minimum=-100, maximum=15)
    request = Request("c1", SetVolume(60), "volume/1")
    assert [send.data for send in wire.driver.command(request) if isinstance(send, Send)] == [b"#AUD-LVL 1,1,-31\r"]
    assert wire.hear(b"~01@AUD-LVL 1,1,-31\r\n") == [Feedback("volume/1", volume=60)]


@pytest.mark.parametrize(
    ("unit", "command"), [("1", SetPower(True)), ("1", Route("9")), ("1", Route("1", "audio")), ("in/1", Route("1"))]
)
def test_what_it_cannot_do_is_refused_without_asking(unit: str, command: Any) -> None:
    assert [type(action) for action in online().driver.command(Request("c1", command, unit))] == [Refused]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"poll": 0.0}, "poll"), ({"inputs": 100}, "inputs"), ({"minimum": 5, "maximum": 5}, "minimum"),
     ({"login": "a b"}, "login")],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KramerSettings(**wrong)


def test_units_and_serial_speed() -> None:
    driver = KramerP3000()
    assert [driver.valid_unit(unit) for unit in ("1", "16", "in/2", "volume/1", "", "0", "out/1")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
    assert driver.opening() == Opening(baud=115200, framing="8N1")


@pytest.mark.parametrize(
    ("more", "settings"),
    [
        ({"style": "vid"}, {"routing": "vid", "layers": True}),
        ({"breakaway": False, "audio": False}, {}),
        ({"sized": False, "machine": 5}, {"inputs": 4, "outputs": 2, "machine": 5}),
        ({"secured": True, "password": "word"}, {"login": "Admin", "password": "word"}),
    ],
)
async def test_every_kind_of_unit_is_switched(more: dict[str, Any], settings: dict[str, Any]) -> None:
    sim = simulators.find("kramer_p3000")(**more)
    async with sim.serving("tcp") as link, run_device(KramerP3000, link, {**QUICK, **settings}) as (device, watcher):
        await watcher.until(lambda: device.online)
        ended = await device.submit(Route("3"), "2").ended(5)
        assert ended is not None and ended.result is Result.CONFIRMED
        assert sim.picture[2] == 3
        sim.press_front(1, 4)
        await watcher.until(lambda: value(device, "input", "1") == "4")


OPENING = HELLO + IDENTITY + b"~01@ROUTE 1,1,3\r\n~01@VMUTE 1,1\r\n~01@MUTE 1,0\r\n~01@AUD-LVL 1,1,50\r\n"


@given(st.lists(st.integers(1, 40), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    whole, pieces, rest = Wire(), Wire(), OPENING
    told: list[Any] = []
    for length in lengths:
        told += pieces.hear(rest[:length])
        rest = rest[length:]
    assert told + pieces.hear(rest) == whole.hear(OPENING)


@given(st.lists(st.binary(max_size=60) | st.sampled_from(OPENING.split(b"\n")).map(lambda line: line + b"\n")))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = online(layers=True)
    for chunk in chunks:
        wire.do(wire.driver.due("poll"))
        wire.do(wire.driver.command(Request("c1", Route("1"), "1")))
        wire.hear(chunk)
