"""The Draper driver, word by word: both dialects, positions, taps and stops, and controllers that cannot tell."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.draper import Draper, DraperSettings
from gateway.commands import Move, SetRelay, Stop
from gateway.driver import Actions, Done, Drop, Feedback, Later, Offers, Opening, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden

CASE = Case(
    driver=Draper,
    simulator="draper",
    links=("serial", "tcp"),
    simulator_settings={"speed": 10, "travel_seconds": 20.0, "reference": "top"},
    settings={"channels": "1-2", "reference": "top", "poll": 0.5, "quick": 0.1},
    commands=[
        Do(Move("down"), unit="1", seen=lambda sim: sim.motor["01"].position > 0),
        Do(
            Move("up"),
            unit="1",
            before=lambda sim: sim.wall_switch(1, "down"),
            seen=lambda sim: sim.motor["01"].moving == "up" or sim.motor["01"].position == 0,
        ),
        Do(
            Stop(),
            unit="2",
            before=lambda sim: sim.wall_switch(2, "down"),
            seen=lambda sim: sim.motor["02"].moving is None,
        ),
        Do(Move("down"), unit="2", before=lambda sim: sim.forget_limits(), outcome="refused"),
    ],
    hands=[Hand(do=lambda sim: sim.wall_switch(2, "down"), unit="2", shows={"moving": "down"}, pushed=False)],
    refused_login=None,  # the controller knows no log-in
)

MC1 = "Draper MC1 V3 Installation & Programming, "
SHEET = "Draper SerialComm-RS232"
VUTEC = "Vutec SIK232 Interface Instructions, "
GOLDEN = [
    Golden(b"*1o01;", "open channel 1", SHEET),
    Golden(b"*1c01;", "close channel 1", SHEET),
    Golden(b"*1s01;", "stop channel 1", SHEET),
    Golden(b"*1r01;", "where is channel 1", SHEET),
    Golden(b"*01R47;", "channel 1 is at 47 %", SHEET),
    Golden(b"*01RN;", "channel 1 is not calibrated", SHEET),
    Golden(b"*01RU;", "channel 1 does not know", SHEET),
    Golden(b"*V;", "ask for the version", SHEET),
    Golden(b"2.0;", "version 2.0", SHEET),
    Golden(b"3.0;R", "version 3.0, radio mode", SHEET),
    Golden(b"3,0;", "version 3.0, for 230 V", MC1 + "p.5"),
    Golden(b"G;", "good", MC1 + "p.5"),
    Golden(b"U;", "not formatted correctly", MC1 + "p.5"),
    Golden(b"X;", "not calibrated", SHEET),
    Golden(b"*35R72;", "channel 35, reference at top, stopped at 72 % down", MC1 + "p.6"),
    Golden(b"O\x11", "buffer overflowed and all data was purged, then X-on", MC1 + "p.6"),
    Golden(b"\n", "vutec: good", VUTEC + "3.2 (p.7)"),
    Golden(b"U", "vutec: not understood", VUTEC + "3.2 (p.7)"),
    Golden(b"\r", "vutec: relayed to the controls", VUTEC + "3.2 (p.7)"),
    Golden(b"O", "vutec: buffer overflow", VUTEC + "3.2 (p.7)"),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}
GOOD, ASK = WIRE["good"], Send(WIRE["where is channel 1"], tag="1")
OPEN, CLOSE, STOP = WIRE["open channel 1"], WIRE["close channel 1"], WIRE["stop channel 1"]
QUICK = Later(0.5, "quick")


class Wire:
    """Turns and nothing else: what a driver sends waits for the answer to what it sent before."""

    def __init__(self, **settings: Any) -> None:
        self.driver = Draper(DraperSettings(**settings))
        self.feed = self.driver.cutter.start()
        self.queue: deque[Send] = deque()
        self.flight: Send | None = None
        self.sent: list[bytes] = []
        self.log: list[Any] = []
        self.do(self.driver.opened())

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

    def ask(self, command: Any, unit: str = "1") -> Request:
        request = Request(f"c{len(self.log)}", command, unit)
        self.do(self.driver.command(request))
        return request

    def later(self, seconds: float, answer: bytes, name: str = "quick") -> list[Any]:
        """Time passes, the timer comes, the motor answers."""
        self.driver.now += seconds
        self.do(self.driver.due(name))
        return self.hear(answer)


def standing(percent: bytes = b"00", **settings: Any) -> Wire:
    """A controller with one motor, known to stand still; its reference at the top unless said otherwise."""
    wire = Wire(**{"reference": "top", **settings})
    wire.hear(WIRE["version 2.0"] + b"*01R" + percent + b";")
    assert Ready() in wire.log
    assert wire.later(2.0, b"*01R" + percent + b";")[0].points["moving"] == "stopped"
    return wire


def blind() -> Wire:
    """A Vutec controller, which only acknowledges."""
    wire = Wire(dialect="vutec")
    wire.hear(WIRE["version 2.0"])
    assert wire.log[-3:] == [Offers("1", frozenset({Move, Stop})), Ready(), Later(5.0, "poll")]
    return wire


def test_the_line_is_set_as_the_sheet_says() -> None:
    assert Draper().opening() == Opening(baud=9600, framing="8N1", flow="xonxoff")


def test_opening_asks_version_and_positions() -> None:
    wire = Wire()
    assert wire.sent == [WIRE["ask for the version"]]
    assert wire.hear(WIRE["version 2.0"]) == [Feedback(firmware="2.0")]
    assert wire.sent[1] == WIRE["where is channel 1"]
    assert wire.hear(WIRE["channel 1 is at 47 %"]) == [
        Feedback("1", position=53, moving=None),  # 47 % away from the bottom
        QUICK,
        Offers("1", frozenset({Move, Stop})),
        Ready(),
        Later(5.0, "poll"),
    ]


def test_position_counts_from_the_reference() -> None:
    top = Wire(channels="35", reference="top")
    told = top.hear(WIRE["version 3.0, for 230 V"] + WIRE["channel 35, reference at top, stopped at 72 % down"])
    assert told[:2] == [Feedback(firmware="3.0"), Feedback("35", position=72, moving=None)]
    assert standing(b"99").driver.motors["1"].position == 100


@pytest.mark.parametrize(
    ("direction", "open_is_down", "sent"),
    [("down", True, OPEN), ("up", True, CLOSE), ("down", False, CLOSE), ("up", False, OPEN)],
)
def test_which_letter_is_down_is_a_setting(direction: Any, open_is_down: bool, sent: bytes) -> None:
    wire = standing(b"50", open_is_down=open_is_down)
    wire.ask(Move(direction))
    assert wire.sent[-1] == sent


def test_move_is_done_when_the_position_changes_that_way() -> None:
    wire = standing()
    request = wire.ask(Move("down"))
    assert wire.hear(GOOD) == [Feedback("1", moving=None), Taken(request), ASK, QUICK]
    assert Done(request) not in wire.hear(b"*01R00;")
    assert wire.later(0.5, b"*01R03;") == [Feedback("1", position=3, moving="down"), Done(request), QUICK]


def test_move_is_done_where_it_is_at_that_end_already() -> None:
    wire = standing(b"98")  # good to 2 %
    request = wire.ask(Move("down"))
    wire.hear(GOOD)
    assert Done(request) in wire.hear(b"*01R98;")


def test_a_motor_that_does_not_move_proves_nothing() -> None:
    wire = standing(b"50")
    request = wire.ask(Move("up"))
    wire.hear(GOOD + b"*01R50;")
    for _ in range(5):
        wire.later(0.5, b"*01R50;")
    assert Done(request) not in wire.log
    assert wire.sent.count(CLOSE) == 1  # a second tap would stop a motor that starts slowly


def test_reversal_stops_first_and_taps_when_it_stands_still() -> None:
    wire = standing()
    wire.ask(Move("down"))
    wire.hear(GOOD + b"*01R05;")
    request = wire.ask(Move("up"))
    assert wire.sent[-1] == STOP
    wire.hear(GOOD + b"*01R09;")
    assert CLOSE not in wire.sent
    wire.later(2.0, b"*01R09;")
    assert wire.sent[-1] == CLOSE
    assert Taken(request) in wire.hear(GOOD)
    wire.hear(b"*01R09;")
    assert Done(request) in wire.later(0.5, b"*01R07;")


def test_a_tap_that_stopped_a_hands_move_is_followed_by_another() -> None:
    wire = standing(b"10")
    request = wire.ask(Move("up"))  # somebody has sent it down since the last look
    wire.hear(GOOD + b"*01R14;")
    assert wire.sent.count(CLOSE) == 1
    wire.later(2.0, b"*01R14;")
    assert wire.sent.count(CLOSE) == 2
    wire.hear(GOOD + b"*01R14;")
    assert Done(request) in wire.later(0.5, b"*01R12;")


def test_before_a_tap_on_a_motor_that_was_not_looked_at_it_is_asked_where_it_is() -> None:
    wire = standing(b"40")
    wire.driver.now += 3.0
    request = wire.ask(Move("down"))
    assert wire.sent[-1] == ASK.data and OPEN not in wire.sent
    told = wire.hear(b"*01R40;")  # it stands: tap
    assert wire.sent[-1] == OPEN and Done(request) not in told
    assert Taken(request) in wire.hear(GOOD)


def test_a_motor_that_a_hand_has_sent_the_same_way_is_not_stopped_by_a_tap() -> None:
    wire = standing(b"40")
    wire.driver.now += 3.0  # less than a poll after somebody at the wall
    request = wire.ask(Move("down"))
    assert Done(request) in wire.hear(b"*01R46;")
    assert OPEN not in wire.sent and STOP not in wire.sent


def test_a_motor_that_a_hand_has_sent_the_other_way_is_stopped_and_tapped() -> None:
    wire = standing(b"40")
    wire.driver.now += 3.0
    request = wire.ask(Move("down"))
    wire.hear(b"*01R31;")
    assert wire.sent[-1] == STOP and OPEN not in wire.sent
    wire.hear(GOOD + b"*01R30;")
    wire.later(2.0, b"*01R30;")
    assert wire.sent[-1] == OPEN and wire.sent.count(STOP) == 1
    wire.hear(GOOD + b"*01R30;")
    assert Done(request) in wire.later(0.5, b"*01R33;")


def test_the_same_way_again_taps_only_if_it_has_stopped() -> None:
    wire = standing()
    wire.ask(Move("down"))
    wire.hear(GOOD + b"*01R05;")
    request = wire.ask(Move("down"))
    assert Done(request) in wire.later(0.5, b"*01R08;")
    request = wire.ask(Move("down"))
    wire.later(2.0, b"*01R08;")
    assert wire.sent.count(OPEN) == 2 and Done(request) not in wire.log


@pytest.mark.parametrize("answer", [GOOD, b"*01R20;"])
def test_stop_is_proved_by_standing_still(answer: bytes) -> None:
    """Older versions answer `G;`, version 3 the position (MC1 V3, p.5)."""
    wire = standing()
    wire.ask(Move("down"))
    wire.hear(GOOD + b"*01R18;")
    stop = wire.ask(Stop())
    assert wire.sent[-1] == STOP
    assert Taken(stop) in wire.hear(answer)
    wire.hear(b"*01R20;")
    assert wire.later(0.5, b"*01R20;")[0].points["moving"] != "stopped"
    assert wire.later(2.0, b"*01R20;")[0] == Feedback("1", position=20, moving="stopped")


def test_the_wall_switch_is_seen() -> None:
    wire = standing()
    assert wire.later(5.0, b"*01R04;", "poll")[-2:] == [Feedback("1", position=4, moving="down"), QUICK]


@pytest.mark.parametrize("answer", [WIRE["channel 1 is not calibrated"], WIRE["channel 1 does not know"]])
def test_a_motor_that_cannot_tell_is_believed_and_marked_so(answer: bytes) -> None:
    wire = Wire()
    assert Feedback("1", position=None, moving=None) in wire.hear(WIRE["version 2.0"] + answer)
    request = wire.ask(Move("down"))
    assert wire.hear(GOOD) == [
        Taken(request),
        Feedback("1", assumed=True, moving="down"),
        Later(2.0, "pulse 1"),
        Done(request),
    ]
    assert list(wire.driver.due("pulse 1")) == [Feedback("1", moving=None)]


def test_refusals_in_the_controllers_words() -> None:
    wire = standing()
    request = wire.ask(Move("down"))
    assert wire.hear(WIRE["not calibrated"]) == [Refused(request, "the motor is not calibrated (X)")]
    request = wire.ask(Stop())
    assert wire.hear(WIRE["not formatted correctly"]) == [Refused(request, "the controller did not understand (U)")]
    (refused,) = wire.driver.command(Request("c", Stop(), "2"))
    assert refused == Refused(Request("c", Stop(), "2"), "there is no channel '2'; there are 1")
    (refused,) = wire.driver.command(Request("c", SetRelay(True), "1"))
    assert isinstance(refused, Refused)


def test_vutec_acknowledges_and_nothing_more() -> None:
    wire = blind()
    request = wire.ask(Move("down"))
    assert wire.sent[-1] == OPEN
    told = wire.hear(WIRE["vutec: good"] + WIRE["vutec: relayed to the controls"])
    assert told[:2] == [Taken(request), Feedback("1", assumed=True, moving="down")]
    stop = wire.ask(Stop())
    told = wire.hear(WIRE["vutec: good"])
    assert told == [Taken(stop), Feedback("1", assumed=True, moving="stopped"), Later(0, "pulse 1"), Done(stop)]
    request = wire.ask(Move("up"))
    assert wire.hear(WIRE["vutec: not understood"]) == [Refused(request, "the controller did not understand (U)")]
    assert wire.driver.units and WIRE["where is channel 1"] not in wire.sent


def test_versions_with_a_mode_and_an_end_of_line() -> None:
    wire = Wire()
    wire.hear(WIRE["version 3.0, radio mode"] + WIRE["channel 1 is at 47 %"])
    assert Ready() in wire.log
    wire = Wire(dialect="vutec")
    wire.hear(WIRE["version 3.0, radio mode"] + WIRE["vutec: good"])
    assert wire.log.count(Ready()) == 1


@pytest.mark.parametrize(
    ("dialect", "overflow"),
    [
        ("draper", WIRE["buffer overflowed and all data was purged, then X-on"]),
        ("vutec", WIRE["vutec: buffer overflow"]),
    ],
)
def test_an_overflow_ends_the_connection(dialect: str, overflow: bytes) -> None:
    (drop,) = Wire(dialect=dialect).hear(overflow)
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_silence_of_one_channel_is_not_silence_of_the_controller() -> None:
    wire = Wire(channels="1,7")
    wire.hear(WIRE["version 2.0"] + WIRE["channel 1 is at 47 %"])
    wire.flight = None
    told = wire.do(wire.driver.failed("7", "no response"))
    assert told == [Send(b"*V;", tag="V"), Feedback("7", position=None, moving=None)]
    assert Ready() in wire.hear(WIRE["version 2.0"])
    assert list(wire.driver.failed("V", "no response")) == [Drop(Reason.NO_RESPONSE, "no response")]


def test_a_controller_that_was_switched_on_is_asked_again() -> None:
    wire = standing()
    assert wire.hear(b"2.0;\x11") == [Feedback(firmware="2.0"), ASK]
    wire = standing()
    wire.ask(Stop())
    (drop,) = wire.hear(b"2.0;\x11")
    assert isinstance(drop, Drop)


def test_channels() -> None:
    assert DraperSettings(channels="1,3-5, 3").units() == ("1", "3", "4", "5")
    assert Draper(DraperSettings(channels="60")).valid_unit("60") and not Draper().valid_unit("")
    for wrong in ({"channels": "0"}, {"channels": "61"}, {"channels": "5-3"}, {"channels": ""}, {"system": 100}):
        with pytest.raises(ValueError, match="from"):
            DraperSettings(**wrong)
    with pytest.raises(ValueError, match="quick"):
        DraperSettings(quick=0)
    with pytest.raises(ValueError, match="dialect"):
        DraperSettings(dialect="somfy")  # type: ignore[arg-type]


STREAMS = {
    "draper": b"3.0;R\x11*01R47;*01RN;G;*01RU;*02R10;U;X;2.0;*01R99;",
    "vutec": b"2.0;\n\x11\n\rU\n3.1;R\n\x13\x11U\r\n",
}


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.integers(1, 12), max_size=20))
def test_any_split_of_the_stream_gives_the_same(dialect: str, lengths: list[int]) -> None:
    whole, wire, rest = Wire(dialect=dialect), Wire(dialect=dialect), STREAMS[dialect]
    whole.hear(rest)
    for length in lengths:
        wire.hear(rest[:length])
        rest = rest[length:]
    wire.hear(rest)
    assert wire.log == whole.log


@given(
    st.sampled_from(sorted(STREAMS)),
    st.lists(st.binary(max_size=40) | st.sampled_from(GOLDEN).map(lambda golden: golden.wire)),
)
def test_no_bytes_make_it_raise(dialect: str, chunks: list[bytes]) -> None:
    wire = Wire(dialect=dialect, channels="1-2")
    for number, chunk in enumerate(chunks):
        wire.hear(chunk)
        wire.ask(Stop() if number % 3 else Move("down"))
        wire.driver.now += 1.0
        wire.do(wire.driver.due("quick"))
        wire.do(wire.driver.due("poll"))
