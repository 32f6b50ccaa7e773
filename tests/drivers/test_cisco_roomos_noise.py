"""Whatever may come over the wire to the Cisco driver: in any pieces, in any order, sense or nonsense."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.commands import Answer, Dial, HangUp, Search, SetVolume
from gateway.driver import Action, Answered, Ready, Request, Send
from tests.drivers.cisco_bench import BANNER, Bench

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
RPC = ["result", "error", "code", "message", "params", "method", "jsonrpc", "Id", "ResultInfo", "TotalRows"]
NAMES = st.sampled_from([*DOCUMENT, *CALL, *SHELL, *RPC])
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
    feedback = st.builds(lambda tree: {"method": "xFeedback/Event", "params": {"Status": tree}, "Status": tree}, TREES)
    return st.binary(max_size=40) | (answers | feedback | more()).map(lambda tree: json.dumps(tree).encode())


def more() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, TREES, max_size=4)


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
        for command in (Dial("a"), Answer(), HangUp(), SetVolume(1), Search("")):
            list(driver.command(Request(command.verb, command)))
        for message in heard:
            list(driver.received(message))
        for timer in ("quiet", "doubt", "verify", "poll"):
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
        *(b'{"ResultId":"%d"}\n' % number for number in range(1, 6)),
        b'{\n "Status":{"Standby":{"State":{"Value":"Off"}}},\n "ResultId":"6"\n}\n',
        b'{"Status":{"Audio":{"Volume":{"Value":"50"},"Microphones":{"Mute":{"Value":"On"}}}},"ResultId":"7"}\r\n',
        b'{"CommandResponse":{"Status":{"status":"Error","Reason":{"Value":"No match {on} \\"it\\""}}},"ResultId":"8"}',
        b'\n{"Status":{},"ResultId":"9"}\n{"Status":{"SystemUnit":{"ProductId":{"Value":"}{\\\\"}}},"ResultId":"10"}\n',
        b'{"Configuration":{"SystemUnit":{"Name":{"Value":"B\xc3\xb6ard"}}},"ResultId":"11"}\n',
        b'{"Status":{"Call":[{"id":"27","Direction":{"Value":"Incoming"},"Status":{"Value":"Ringing"}}]}}\n',
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
