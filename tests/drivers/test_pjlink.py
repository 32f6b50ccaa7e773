"""The PJLink driver, byte by byte: log-in, state, commands, notifications, and what a bad day does to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypjlink import Projector

from drivers.pjlink import Pjlink, PjlinkSettings, found, search
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetRelay, SetVideoMute
from gateway.driver import (
    Actions,
    Datagram,
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from gateway.model import Reason
from gateway.polled import Ask
from simulators.pjlink import PJLink as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden


def lit(sim: Any) -> None:
    """The projector is on."""
    sim.power = "on"


def hushed(sim: Any) -> None:
    """It is on, with picture and sound muted."""
    sim.power, sim.video_muted, sim.audio_muted = "on", True, True


CASE = Case(
    driver=Pjlink,
    simulator="pjlink",
    links=("tcp",),
    simulator_settings={"speed": 50, "warm_seconds": 10, "cool_seconds": 10, "idle_seconds": 0},
    settings={"poll": 0.2, "quick": 0.05, "notify_port": 0},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.power == "on"),
        Do(SelectInput("32"), before=lit, seen=lambda sim: sim.input == "32"),
        Do(SetVideoMute(True), before=lit, seen=lambda sim: sim.video_muted),
        Do(SetVideoMute(False), before=hushed, seen=lambda sim: not sim.video_muted),
        Do(SetMute(True), before=lit, seen=lambda sim: sim.audio_muted),
        Do(SetMute(False), before=hushed, seen=lambda sim: not sim.audio_muted),
        Do(SelectInput("66"), before=lit, outcome="refused"),
        Do(SelectInput("32"), before=lambda sim: sim.press_power(), seen=lambda sim: sim.input == "32"),
        Do(SetPower(False), before=lit, seen=lambda sim: sim.power == "off"),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_power(), shows={"power": "on"}, pushed=False),
        Hand(do=lambda sim: sim.report("filter", 1), shows={"faults": ("filter warning",)}, pushed=False),
    ],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong"}},
)

SPEC = "PJLink specification 2.00, "
GOLDEN = [
    Golden(b"PJLINK 0\r", "no log-in", SPEC + "5"),
    Golden(b"PJLINK 1 498e4a67\r", "log-in with this random number", SPEC + "5"),
    Golden(b"5d8409bc1c3fa39749434aa3a5c38682", "its digest with JBMIAProjectorLink", SPEC + "5"),
    Golden(b"PJLINK ERRA\r", "password refused", SPEC + "5"),
    Golden(b"%1CLSS ?\r", "ask for the class", SPEC + "4.14"),
    Golden(b"%1CLSS=2\r", "class 2", SPEC + "4.14"),
    Golden(b"%1POWR ?\r", "ask for the power", SPEC + "4.2"),
    Golden(b"%1POWR 1\r", "turn on", SPEC + "4.1"),
    Golden(b"%1POWR=OK\r", "accepted", SPEC + "4.1"),
    Golden(b"%1POWR=ERR3\r", "not now", SPEC + "2.2"),
    Golden(b"%2INPT 31\r", "select digital input 1, class 2", SPEC + "4.3"),
    Golden(b"%1AVMT 31\r", "mute picture and sound", SPEC + "4.5"),
    Golden(b"%1AVMT 30\r", "unmute picture and sound", SPEC + "4.5"),
    Golden(b"%1ERST=000000\r", "no faults", SPEC + "4.7"),
    Golden(b"%1LAMP=1234 1\r", "one lamp, 1234 h, lit", SPEC + "4.8"),
    Golden(b"%2INNM ?31\r", "ask for an input's name", SPEC + "4.17"),
    Golden(b"%2SRCH\r", "search", SPEC + "3.2"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}

STATE = WIRE["no log-in"] + WIRE["class 2"] + b"%1POWR=1\r%2INST=11 31 3A\r%2INPT=31\r%1AVMT=30\r"
FAULTS = WIRE["no faults"] + WIRE["one lamp, 1234 h, lit"]
IDENTITY = b"%1NAME=Hall\r%1INF1=Acme\r%1INF2=P100\r%2SNUM=A7\r%2SVER=1.2\r%2IRES=1920x1080\r%2FILT=321\r"
OPENING = STATE + FAULTS + IDENTITY + b"%2INNM=Computer\r%2INNM=HDMI 1\r%2INNM=SDI\r"


class Wire:
    """Turns and nothing else: what a driver sends waits for the answer to what it sent before."""

    def __init__(self, driver: Pjlink) -> None:
        self.driver, self.feed = driver, driver.cutter.start()
        self.queue: deque[Send] = deque()
        self.flight: Send | None = None
        self.sent: list[bytes] = []
        self.log: list[Any] = []
        self.do(driver.opened())

    def do(self, actions: Actions) -> list[Any]:
        told = list(actions)
        self.log += told
        self.queue.extend(action for action in told if isinstance(action, Send))
        while self.queue and self.flight is None:
            self.flight = self.queue.popleft()
            self.sent.append(self.flight.data)
        return told

    def hear(self, data: bytes) -> list[Any]:
        told: list[Any] = []
        for message in self.feed(data):
            tag = None
            if self.flight and self.driver.cutter.answers(message):
                tag, self.flight = self.flight.tag, None
            told += self.do(self.driver.received(message, tag))
        return told

    def told(self, *kinds: type) -> list[Any]:
        return [action for action in self.log if isinstance(action, kinds)]


def asked(command: Command) -> Request:
    return Request("c1", command)


def online(**settings: Any) -> Wire:
    wire = Wire(Pjlink(PjlinkSettings(**settings), host="192.0.2.7"))
    wire.hear(OPENING)
    assert wire.told(Ready) == [Ready()]
    return wire


def test_opening_asks_everything_and_tells_it() -> None:
    wire = online()
    assert wire.sent[:2] == [WIRE["ask for the class"], WIRE["ask for the power"]]
    assert WIRE["ask for an input's name"] in wire.sent
    shown = {name: value for told in wire.told(Feedback) for name, value in told.points.items()}
    assert shown == {
        "power": "on",
        "input": "31",
        "video_muted": False,
        "muted": False,
        "faults": (),
        "lamp_hours": 1234,
        "filter_hours": 321,
        "signal": True,
        "name": "Hall",
        "model": "Acme P100",
        "serial": "A7",
        "firmware": "1.2",
    }
    offers = wire.told(Offers)[-1]
    assert offers.commands == {SetPower, SelectInput, SetVideoMute, SetMute}
    assert offers.choices == {"input": {"11": "Computer", "31": "HDMI 1", "3A": "SDI"}}


def test_class_1_is_asked_nothing_of_class_2() -> None:
    wire = Wire(Pjlink())
    wire.hear(b"PJLINK 0\r%1CLSS=1\r%1POWR=0\r%1INST=11 31\r%1INPT=ERR3\r%1AVMT=ERR3\r")
    assert wire.told(Ready) and not any(data.startswith(b"%2") for data in wire.sent)
    assert wire.told(Offers)[-1].choices == {"input": {"11": "RGB 1", "31": "Digital 1"}}


def test_log_in_puts_the_digest_before_the_first_command_and_hides_it() -> None:
    wire = Wire(Pjlink(PjlinkSettings(password="JBMIAProjectorLink")))
    digest = WIRE["its digest with JBMIAProjectorLink"]
    (send,) = wire.hear(WIRE["log-in with this random number"])
    assert send == Send(digest + WIRE["ask for the class"], tag=Ask("", "CLSS"), hide=(digest.decode(),))
    wire.hear(WIRE["class 2"])
    assert wire.sent[1] == WIRE["ask for the power"]


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"PJLINK 1 498e4a67\r", "none is set"),
        (b"PJLINK 2 498e4a67498e4a67498e4a67498e4a67\r", "not PJLink's MD5"),
        (b"PJLINK ERRA\r", "refused the password"),
    ],
)
def test_log_in_that_cannot_be(greeting: bytes, words: str) -> None:
    (drop,) = Wire(Pjlink()).hear(greeting)
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED and words in drop.words


def test_wrong_password_is_a_refused_login() -> None:
    wire = Wire(Pjlink(PjlinkSettings(password="wrong")))
    wire.hear(WIRE["log-in with this random number"])
    assert wire.hear(WIRE["password refused"]) == [Drop(Reason.LOGIN_REFUSED, "the projector refused the password")]


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (SetPower(True), WIRE["turn on"]),
        (SelectInput("31"), WIRE["select digital input 1, class 2"]),
        (SetVideoMute(True), WIRE["mute picture and sound"]),
        (SetVideoMute(False), WIRE["unmute picture and sound"]),
        (SetMute(True), b"%1AVMT 21\r"),
    ],
)
def test_commands(command: Command, sent: bytes) -> None:
    request = asked(command)
    assert list(online().driver.command(request)) == [Send(sent, tag=request)]


def test_picture_alone_can_be_muted() -> None:
    driver = Pjlink(PjlinkSettings(video_mute="picture"))
    request = asked(SetVideoMute(True))
    assert list(driver.command(request)) == [Send(b"%1AVMT 11\r", tag=request)]


def test_acknowledgement_is_never_proof() -> None:
    wire = online()
    request = asked(SetPower(False))
    wire.do(wire.driver.command(request))
    told = wire.hear(WIRE["accepted"])
    assert told == [Taken(request), Send(WIRE["ask for the power"], tag=Ask("", "POWR")), Later(0.5, "quick")]
    assert Feedback(power="cooling") in wire.hear(b"%1POWR=2\r")


def test_cooling_is_watched_closely_until_it_is_off() -> None:
    wire = online()
    wire.do(wire.driver.command(asked(SetPower(False))))
    wire.hear(b"%1POWR=OK\r%1POWR=2\r%2INPT=ERR3\r%1AVMT=ERR3\r%1LAMP=1234 0\r%2IRES=ERR3\r")
    wire.driver.now = 100.0  # long after the watch for the command has ended
    assert wire.do(wire.driver.due("quick")) == [Send(b"%1POWR ?\r", tag=Ask("", "POWR")), Later(0.5, "quick")]
    assert Feedback(power="off") in wire.hear(b"%1POWR=0\r")
    wire.hear(b"%2INPT=ERR3\r%1AVMT=ERR3\r%1LAMP=1234 0\r%2IRES=ERR3\r")
    assert wire.do(wire.driver.due("quick")) == []


def test_values_that_are_not_told_any_more_are_unknown() -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    told = wire.hear(b"%1POWR=1\r%2INPT=ERR3\r%1AVMT=ERR3\r%1ERST=020010\r")
    assert Feedback(input=None) in told
    assert Feedback(video_muted=None, muted=None) in told
    assert Feedback(faults=("lamp error", "filter warning")) in told


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (WIRE["not now"], "the projector cannot do that now: it is off (ERR3)"),
        (b"%1POWR=ERR2\r", "the projector has no such input or function (ERR2)"),
        (b"%1POWR=err4\r", "the projector has failed (ERR4)"),
        (b"%1POWR=maybe\r", "the projector answered 'maybe'"),
    ],
)
def test_refusals_say_why(answer: bytes, words: str) -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    wire.hear(b"%1POWR=0\r" + ROUND_OFF)
    request = asked(SetPower(True))
    wire.do(wire.driver.command(request))
    assert wire.hear(answer) == [Refused(request, words)]


ROUND_OFF = b"%2INPT=ERR3\r%1AVMT=ERR3\r%1ERST=000000\r%2IRES=ERR3\r%1LAMP=1234 0\r"


def changing(state: bytes) -> Wire:
    """A projector whose lamp is busy."""
    wire = online()
    wire.do(wire.driver.due("poll"))
    wire.hear(b"%1POWR=" + state + b"\r" + ROUND_OFF)
    return wire


def test_an_input_waits_for_the_lamp_and_on_waits_for_the_end_of_the_cooling() -> None:
    wire = changing(b"3")
    selected = asked(SelectInput("31"))
    wire.do(wire.driver.command(selected))
    assert wire.sent[-1] == WIRE["ask for the power"] and wire.driver.patience(SelectInput("31")) > 90
    assert Send(WIRE["select digital input 1, class 2"], tag=selected) in wire.hear(b"%1POWR=1\r")
    wire = changing(b"2")
    on = asked(SetPower(True))
    wire.do(wire.driver.command(on))
    wire.do(wire.driver.command(Request("c2", SelectInput("31"))))
    assert not any(isinstance(action, Refused) for action in wire.log)
    wire.hear(b"%1POWR=2\r")
    wire.do(wire.driver.due("quick"))
    assert Send(WIRE["turn on"], tag=on) in wire.hear(b"%1POWR=0\r")


def test_what_would_be_lost_in_the_cooling_is_refused() -> None:
    wire = changing(b"2")
    request = asked(SelectInput("31"))
    assert wire.do(wire.driver.command(request)) == [Refused(request, "it is being turned off")]


def test_several_lamps_and_the_filter() -> None:
    wire = online()
    wire.do(wire.driver.due("hours"))
    told = wire.hear(b"%1LAMP=1234 1 77 0\r%2FILT=500\r")
    assert told[:2] == [Feedback(lamp_hours=1234, lamps=(1234, 77)), Feedback(filter_hours=500)]


@pytest.mark.parametrize(("told", "signal"), [(b"-", False), (b"*", True), (b"1920x1080", True)])
def test_presence_of_a_signal(told: bytes, signal: bool) -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    heard = wire.hear(b"%1POWR=1\r%2INPT=31\r%1AVMT=30\r%1ERST=000000\r%2IRES=" + told + b"\r")
    assert Feedback(signal=signal) in heard


def test_nonsense_is_refused_before_it_is_sent() -> None:
    wire = online()
    (refused,) = wire.driver.command(asked(SelectInput("HDMI 1")))
    assert isinstance(refused, Refused) and "there are 11, 31, 3A" in refused.words
    (refused,) = wire.driver.command(asked(SetRelay(True)))
    assert isinstance(refused, Refused)


def test_what_the_projector_does_not_know_is_not_offered_or_asked_again() -> None:
    wire = Wire(Pjlink())
    wire.hear(b"PJLINK 0\r%1CLSS=1\r%1POWR=1\r%1INST=31\r%1INPT=31\r%1AVMT=ERR1\r")
    assert wire.told(Offers)[-1].commands == {SetPower, SelectInput}
    wire.do(wire.driver.due("poll"))
    assert all(send.tag != Ask("", "AVMT") for send in wire.queue)


def test_an_answer_out_of_step_ends_the_connection() -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    (drop,) = wire.hear(b"%1LAMP=5 1\r")
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_padding_and_announcements_before_an_answer_are_no_answer() -> None:
    wire = online()
    wire.do(wire.driver.due("poll"))
    told = wire.hear(b"\0\0%2LKUP=00:00:5E:00:53:01\r\0\0%1POWR=1\r")
    assert Feedback(power="on") in told and not any(isinstance(action, Drop) for action in told)


def test_notifications_of_class_2() -> None:
    wire = online()
    heard = wire.driver.received(Datagram(b"%2POWR=3\r%2ERST=100000\r", ("192.0.2.7", 4352)), None, "notify")
    told = wire.do(heard)
    assert Feedback(power="warming") in told and Feedback(faults=("fan warning",)) in told
    assert wire.do(wire.driver.received(Datagram(b"%2INPT=11\r"), None, "notify")) == [Feedback(input="11")]
    assert wire.do(wire.driver.received(Datagram(b"%1POWR=0\r"), None, "notify")) == []


def test_a_network_that_came_up_is_asked_everything_again() -> None:
    wire = online()
    wire.do(wire.driver.received(Datagram(b"%2LKUP=00:00:5e:00:53:01\r"), None, "notify"))
    assert wire.driver.asked == {Ask("", what) for what in ("POWR", "INPT", "AVMT", "ERST", "IRES")}


def test_notifications_have_a_port_or_none() -> None:
    assert Pjlink(host="192.0.2.7").side_links() == {"notify": "listen+udp://0.0.0.0:4352?from=192.0.2.7"}
    assert Pjlink(PjlinkSettings(notify_port=0), host="192.0.2.7").side_links() == {}


def test_search() -> None:
    assert search() == Datagram(WIRE["search"], ("255.255.255.255", 4352))
    answer = Datagram(b"%2ACKN=00:00:5E:00:53:01\r", ("192.0.2.7", 4352))
    assert found(answer) == ("192.0.2.7", "00:00:5e:00:53:01")
    assert found(Datagram(b"%2ACKN=nonsense\r", ("192.0.2.7", 4352))) is None


def test_the_poll_beats_the_idle_close() -> None:
    assert PjlinkSettings().poll < 30
    for wrong in ({"poll": 30.0}, {"quick": 0.0}, {"video_mute": "sound"}, {"notify_port": 70000}):
        with pytest.raises(ValueError, match="is"):
            PjlinkSettings(**wrong)


@given(st.lists(st.integers(1, 40), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, rest = Wire(Pjlink()), OPENING
    for length in lengths:
        wire.hear(rest[:length])
        rest = rest[length:]
    wire.hear(rest)
    assert wire.log == online().log


@given(st.lists(st.binary(max_size=60) | st.sampled_from(OPENING.split(b"\r")).map(lambda line: line + b"\r")))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = Wire(Pjlink(PjlinkSettings(password="secret")))
    for chunk in chunks:
        wire.hear(chunk)
        list(wire.driver.received(Datagram(chunk), None, "notify"))
        wire.do(wire.driver.due("quick"))


# ---- the second independent witness (the first is aiopjlink, in tests/simulators/test_pjlink.py) -----------------


async def test_pypjlink2_speaks_with_the_simulator() -> None:
    sim = Simulator(password="JBMIAProjectorLink", second_lamp_hours=77, speed=100)

    def visit(port: int) -> dict[str, Any]:
        """What the client does and sees; it blocks, so it has a thread of its own."""
        with Projector.from_address("127.0.0.1", port) as client:
            found: dict[str, Any] = {"login": client.authenticate("JBMIAProjectorLink"), "before": client.get_power()}
            client.set_power("on")
            while client.get_power() != "on":
                pass
            client.set_input("DIGITAL", 2)
            client.set_mute(3, True)
            return found | {
                "input": client.get_input(),
                "mute": client.get_mute(),
                "lamps": client.get_lamps(),
                "name": client.get_name(),
                "errors": client.get_errors(),
            }

    async with sim.serving() as address:
        found = await asyncio.to_thread(visit, int(address.rpartition(":")[2]))
    assert found["login"] is True and found["before"] == "off" and found["name"] == "Boardroom projector"
    assert found["input"] == ("DIGITAL", 2) and found["mute"] == (True, True) and sim.input == "32"
    assert found["lamps"] == [(1234, True), (77, True)] and set(found["errors"].values()) == {"ok"}


async def test_a_notification_shows_before_the_next_poll() -> None:
    """The projector tells by UDP what nobody has asked it for yet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    sim = Simulator(power="on", notify=f"127.0.0.1:{port}", idle_seconds=0)
    async with (
        sim.serving() as address,
        run_device(Pjlink, address, {"poll": 25.0, "notify_port": port}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online and value(device, "filter_hours") == 321)
        for _ in range(25):  # until the UDP port is open, nobody hears it
            sim.select_input("31" if sim.input == "11" else "11")
            with contextlib.suppress(AssertionError):
                await watcher.until(lambda: value(device, "input") == sim.input, within=0.2)
                return
        pytest.fail("no notification was heard")
