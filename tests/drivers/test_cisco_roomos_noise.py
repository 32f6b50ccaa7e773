"""Whatever may come over the wire to the Cisco driver: in any pieces, in any order, sense or nonsense."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Hold,
    Join,
    ListBookings,
    MoveCamera,
    Search,
    SendDtmf,
    SetMute,
    SetSelfView,
    SetVolume,
    Share,
    Transfer,
)
from gateway.driver import Action, Answered, Done, Feedback, Ready, Request, Send, Taken
from tests.drivers.cisco_bench import BANNER, Bench, kinds

# ---- the shell's opening


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["no terminal", "terminal"])
def test_the_opening_dance(end: bytes) -> None:
    """Banner, OK, `echo off`, OK, JSON mode, all in the order of jsxapi; with a terminal our words come back."""
    driver = Bench("ssh").driver
    feed = driver.cutter.start()

    def hear(data: bytes) -> list[Action]:
        return [action for message in feed(data) for action in driver.received(message)]

    assert list(driver.opened()) == []
    assert hear(end.join(BANNER[:3]) + end + end) == []
    assert hear(b"OK" + end + end + BANNER[4] + end) == [Send(b"echo off\n", tag="echo off")]
    echo = b"echo off\r\n\x1b[?1034h\r\n" if end == b"\r\n" else b"\n"
    actions = hear(echo + b"OK" + end)
    assert actions[:3] == [
        Answered("echo off"),
        Send(b"xpreferences outputmode json\n", reply=False),
        Send(b'xfeedback register /Status/Standby | resultId="1"\n', tag="1"),
    ]
    assert hear(b"OK" + end) == []  # whatever it says to JSON mode


# ---- whatever comes

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
DOCUMENT = ["Status", "Configuration", "Audio", "Volume", "VolumeMute", "Microphones", "Mute", "Standby", "State"]
CALL = ["Call", "id", "ghost", "Direction", "Encryption", "Type", "Duration", "SystemUnit", "Software", "Value"]
SHELL = ["CommandResponse", "DialResult", "ResultId", "status", "Reason", "XPath", "CallId", "Contact", "ContactMethod"]
MORE = [
    "Presentation",
    "LocalInstance",
    "SendingMode",
    "Layout",
    "AvailableLayouts",
    "Connector",
    "SourceId",
    "Booking",
]
RPC = ["result", "error", "code", "message", "params", "method", "jsonrpc", "Id", "ResultInfo", "TotalRows"]
NAMES = st.sampled_from(
    [*DOCUMENT, *CALL, *SHELL, *MORE, *RPC, "Video", "Input", "Conference", "Event", "CallDisconnect"]
)
TREES = st.recursive(
    LEAF | st.sampled_from(["xFeedback/Event", "True", "On", "OK", "Error", "Incoming"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=4),
    max_leaves=12,
)
KEYS = st.integers(1, 16).map(str) | st.integers(1, 16) | LEAF


def messages(scheme: str) -> st.SearchStrategy[bytes]:
    """Noise, and JSON that looks like an answer or like feedback."""
    name, result = ("id", "result") if scheme == "ws" else ("ResultId", "CommandResponse")
    answers = st.builds(lambda key, value, more: {**more, name: key, result: value}, KEYS, TREES, more())
    feedback = st.builds(lambda tree: feedback_of(tree), TREES)
    return st.binary(max_size=40) | (answers | feedback | more()).map(lambda tree: json.dumps(tree).encode())


def feedback_of(tree: Any) -> dict[str, Any]:
    roots = {"Status": tree, "Configuration": tree, "Event": tree}
    return {"method": "xFeedback/Event", "params": roots, **roots}


def more() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, TREES, max_size=4)


ASKED: tuple[Command, ...] = (
    *(Dial("a"), Answer(), HangUp(), Hold(), Transfer("b"), Join("zoom", "1"), SendDtmf("1,2"), Share("1")),
    *(SetVolume(1), MoveCamera("up", "1"), Search(""), ListBookings()),
)


@pytest.mark.parametrize("scheme", ["ws", "ssh"])
@pytest.mark.parametrize("ready", [True, False])
def test_nothing_that_may_come_raises(scheme: str, ready: bool) -> None:
    @given(st.lists(messages(scheme), max_size=6))
    @settings(max_examples=25, deadline=None)
    def check(heard: list[bytes]) -> None:
        bench = Bench(scheme)
        driver = bench.driver
        if ready:
            bench.up()
        else:
            list(driver.opened())
            for line in BANNER[:4] * (scheme == "ssh"):
                list(driver.received(line))
        for command in ASKED:
            list(driver.command(Request(command.verb, command)))
        for message in heard:
            list(driver.received(message))
        for timer in ("quiet", "doubt", "verify", "poll", "heart", "tones dtmf"):
            list(driver.due(timer))

    check()


@pytest.mark.parametrize("depth", [40, 400, 100_000])
@pytest.mark.parametrize("scheme", ["ws", "ssh"])
def test_a_bottomless_message_is_noise(scheme: str, depth: int) -> None:
    bench = Bench(scheme)
    bench.up()
    list(bench.driver.received(b'{"Status":' * depth + b"1" + b"}" * depth))


SESSION = b"".join(
    [
        *(line + b"\n" for line in BANNER),
        b"\nOK\n",
        *(b'{"ResultId":"%d"}\n' % number for number in range(1, 7)),
        b'{\n "Status":{"Standby":{"State":{"Value":"Off"}}},\n "ResultId":"7"\n}\n',
        b'{"Status":{"Audio":{"Volume":{"Value":"50"},"Microphones":{"Mute":{"Value":"On"}}}},"ResultId":"8"}\r\n',
        b'{"CommandResponse":{"Status":{"status":"Error","Reason":{"Value":"No match {on} \\"it\\""}}},"ResultId":"9"}',
        b'\n{"Status":{"Conference":{"DoNotDisturb":{"Value":"Inactive"}}},"ResultId":"10"}\n',
        b'{"Status":{},"ResultId":"11"}\n',
        b'{"Configuration":{"Conference":{"AutoAnswer":{"Mode":{"Value":"Off"}}}},"ResultId":"12"}\n',
        b'{"Status":{"SystemUnit":{"ProductId":{"Value":"}{\\\\B\xc3\xb6ard"}}},"ResultId":"13"}\n',
        b'{"Status":{"Call":[{"id":"27","Direction":{"Value":"Incoming"},"Status":{"Value":"Ringing"}}]}}\n',
        b'{"Event":{"CallDisconnect":{"CallId":{"Value":"27"},"CauseType":{"Value":"RemoteDisconnect"}}}}\n',
        b'{"Status":{"Call":[{"id":"27","ghost":"True"}]}}\n',
    ]
)


def heard(pieces: list[bytes]) -> list[Action]:
    driver = Bench("ssh").driver
    feed = driver.cutter.start()
    list(driver.opened())
    return [action for piece in pieces for message in feed(piece) for action in driver.received(message)]


def test_a_whole_session_comes_up() -> None:
    assert Ready() in heard([SESSION])


@given(st.lists(st.integers(0, len(SESSION)), max_size=12).map(sorted))
@settings(max_examples=25, deadline=None)
def test_any_split_of_the_stream_gives_the_same(cuts: list[int]) -> None:
    ends = [0, *cuts, len(SESSION)]
    assert heard([SESSION[start:end] for start, end in pairwise(ends)]) == heard([SESSION])


def test_single_bytes_give_the_same() -> None:
    assert heard([SESSION[at : at + 1] for at in range(len(SESSION))]) == heard([SESSION])


# ---- any interleaving of answers and unsolicited messages

COMMANDS = (Dial("bob@example.com"), SetMute(True), Hold("27"), SetSelfView(True), HangUp("27"))
PUSHES: tuple[dict[str, Any], ...] = (
    {"Call": [{"id": 27, "Direction": "Incoming", "Status": "Ringing", "AnswerState": "Unanswered"}]},
    {"Audio": {"VolumeMute": "On"}},
    {"Call": [{"id": 27, "Status": "Connected", "AnswerState": "Answered"}]},
    {"Video": {"Selfview": {"Mode": "On"}}},
    {"Call": [{"id": 27, "Status": "OnHold"}, {"id": 28, "Direction": "Outgoing", "Status": "Dialling"}]},
    {"Call": [{"id": 27, "ghost": "True"}]},
)


@pytest.mark.parametrize("scheme", ["ws", "ssh"])
def test_any_interleaving_of_answers_and_feedback_ends_in_the_same(scheme: str) -> None:
    @given(st.lists(st.booleans(), min_size=4, max_size=11), st.randoms(use_true_random=False))
    @settings(max_examples=25, deadline=None)
    def check(turns: list[bool], chance: Random) -> None:
        bench = Bench(scheme)
        bench.up()
        bench.push(PUSHES[0])
        actions = []
        requests = [bench.ask(command)[0] for command in COMMANDS]
        pushes = list(PUSHES[1:])
        answers = list(bench.open)  # replies carry ids: any order
        chance.shuffle(answers)
        told_calls = []
        for push in [*turns, *[True] * len(pushes), *[False] * len(answers)]:
            found: list[Action] = []
            if push and pushes:
                found = bench.push(pushes.pop(0))
            elif not push and answers:
                send = answers.pop()
                dialled = b"Dial" in (send.data if isinstance(send.data, bytes) else send.data.encode())
                found = bench.result(send, {"CallId": 28} if dialled else None)
            told_calls += [a.points["calls"] for a in found if isinstance(a, Feedback) and "calls" in a.points]
            actions += found
        assert [call.state for call in told_calls[-1]] == ["dialling"]
        assert len(told_calls) == 3  # as often as there was news of calls: never more, never in another order
        assert {Done(requests[0]), Done(requests[4])} <= set(kinds(actions, Done))
        taken = [action.request for action in actions if isinstance(action, Taken)]
        assert len(taken) == len(set(taken)) == len(requests)
        assert bench.driver.mirror.points({"muted", "self_view"}) == {"muted": True, "self_view": True}

    check()
