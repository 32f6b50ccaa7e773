"""The Yealink VC driver, line by line: status, commands, golden bytes, noise; and its case for the contract suite."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.polycom.yealink import YealinkSettings, YealinkVc
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SendDtmf,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetVolume,
    StorePreset,
)
from gateway.driver import Action, Done, Item, Offers, Ready, Refused, Send, Taken
from gateway.model import Call
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden
from tests.drivers.polycom_bench import Bench, only, told


async def in_call(sim: Any) -> None:
    """Somebody called, and the call is up."""
    sim.incoming_call("bob@example.com", "Bob")
    sim.touch_answer()
    await sim.until(lambda: any(call.state == "connected" for call in sim.calls))


CASE = Case(
    driver=YealinkVc,
    simulator="yealink_vc",
    links=("tcp", "serial"),
    simulator_settings={"speed": 20},
    settings={"gap": 0.005, "verify": 1.0, "power_key": True},
    commands=[
        Do(SetVolume(40), seen=lambda sim: sim.volume == 4),
        Do(SetVolume(46), seen=lambda sim: sim.volume == 5),
        Do(SetMicMute(True), seen=lambda sim: sim.mic_muted),
        Do(SetMicMute(False), seen=lambda sim: not sim.mic_muted),
        Do(SetDoNotDisturb(True), seen=lambda sim: sim.do_not_disturb),
        Do(SetPower(False), seen=lambda sim: sim.asleep),
        Do(SetPower(True), before=lambda sim: sim.sleep_now(), seen=lambda sim: not sim.asleep),
        Do(Dial("far.end@example.com"), seen=lambda sim: any(c.number == "far.end@example.com" for c in sim.calls)),
        Do(Dial("10.2.1.4", "h323"), seen=lambda sim: any(c.protocol == "h323" for c in sim.calls)),
        Do(HangUp(), before=in_call, seen=lambda sim: not sim.calls),
        Do(
            Answer(),
            before=lambda sim: sim.incoming_call(),
            seen=lambda sim: any(call.state == "connected" for call in sim.calls),
        ),
        Do(Reject(), before=lambda sim: sim.incoming_call(), seen=lambda sim: not sim.calls),
        Do(
            SendDtmf("12#"),
            before=in_call,
            seen=lambda sim: any(call.tones.endswith("12#") for call in sim.calls),
            outcome="assumed",
        ),
        Do(MoveCamera("in"), seen=lambda sim: sim.camera_moves == ["zoom+"], outcome="assumed"),
        Do(MoveCamera("stop"), seen=lambda sim: sim.camera_moves == ["stop"], outcome="assumed"),
        Do(RecallPreset(4), seen=lambda sim: sim.recalled == 4, outcome="assumed"),
        Do(StorePreset(7), seen=lambda sim: sim.presets == [7], outcome="assumed"),
        Do(RecallPreset(12), outcome="refused"),
        Do(Search("tom")),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(70), shows={"volume": 70}, pushed=False),
        Hand(do=lambda sim: sim.touch_mic_mute(), shows={"mic_muted": True}),
        Hand(do=lambda sim: sim.sleep_now(), shows={"power": "standby"}),
        Hand(do=lambda sim: sim.incoming_call(), shows={"calls": lambda calls: bool(calls)}),
    ],
)

# The words are the manual's, as ai4av indexes them; addresses, ids and names are ours.
MANUAL = "the syntax in API Commands Introduction for Yealink Video Conferencing System V1.08, "
SENT: list[tuple[Golden, Command]] = [
    (Golden(b"volume set 4\r\n", "volume", MANUAL + "volume"), SetVolume(40)),
    (Golden(b"mute near on\r\n", "mute", MANUAL + "mute"), SetMicMute(True)),
    (Golden(b"donotdisturb global off\r\n", "let calls in", MANUAL + "donotdisturb"), SetDoNotDisturb(False)),
    (Golden(b'dial auto "10.2.1.4"\r\n', "dial", MANUAL + "dial"), Dial("10.2.1.4")),
    (
        Golden(b'dial manual video h323 "1024" "10.2.1.4"\r\n', "dial so", MANUAL + "dial"),
        Dial("10.2.1.4", "h323", "video", 1024),
    ),
    (Golden(b'dial manual audio auto "auto" "12"\r\n', "voice", MANUAL + "dial"), Dial("12", kind="audio")),
    (Golden(b"answer yes\r\n", "answer", MANUAL + "answer"), Answer()),
    (Golden(b"answer no\r\n", "refuse", MANUAL + "answer"), Reject()),
    (Golden(b"button hangup\r\n", "hang up", MANUAL + "button"), HangUp()),
    (Golden(b"camera near move zoom+\r\n", "zoom in", MANUAL + "camera"), MoveCamera("in")),
    (Golden(b"camera near move stop\r\n", "stop", MANUAL + "camera"), MoveCamera("stop")),
    (Golden(b"preset near go 3\r\n", "go to a preset", MANUAL + "preset"), RecallPreset(3)),
    (Golden(b"preset near set 3\r\n", "keep a preset", MANUAL + "preset"), StorePreset(3)),
    (Golden(b'addrbook search "tom"\r\n', "search", MANUAL + "addrbook"), Search("tom")),
    (Golden(b"sysstatus get\r\n", "look before the power key", MANUAL + "sysstatus"), SetPower(False)),
]
HEARD: list[tuple[Golden, dict[str, Any]]] = [
    (Golden(b"volume get 5\r\n", "volume 5 of 10", MANUAL + "volume"), {"volume": 50}),
    (Golden(b"mute near get on\r\n", "muted", MANUAL + "mute"), {"mic_muted": True}),
    (Golden(b"donotdisturb global get on\r\n", "no calls", MANUAL + "donotdisturb"), {"do_not_disturb": True}),
    (Golden(b"sysstatus get sleeping\r\n", "asleep", MANUAL + "sysstatus"), {"power": "standby", "calls": ()}),
    (Golden(b"sysstatus get talking max\r\n", "no more calls", MANUAL + "sysstatus"), {}),
    (
        Golden(
            b'version "model:VC400" "firmware:30.20.254.12" "hardware:1" "productId:2" "cc_version:3"\r\n',
            "who it is",
            MANUAL + "version",
        ),
        {"model": "VC400", "firmware": "30.20.254.12"},
    ),
    (
        Golden(
            b'sysstatus get outgoing "diastr:10.2.1.4" "callid:3" "calltype:video"\r\n',
            "dialling",
            MANUAL + "sysstatus",
        ),
        {"power": "on", "calls": (Call("3", "out", "dialling", "", "10.2.1.4", kind="video"),)},
    ),
    (
        Golden(
            b'sysstatus get ringing "dialstr:10.2.1.4" "callid:3" "calltype:video"\r\n', "rings", MANUAL + "sysstatus"
        ),
        {"power": "on", "calls": (Call("3", "in", "ringing", "", "10.2.1.4", kind="video", answered=False),)},
    ),
    (
        Golden(
            b'sysstatus get talking "dialstr:1" "callid:3" "calltype:audio" "protocol:SIP" "direction:incoming"\r\n',
            "up",
            MANUAL + "sysstatus",
        ),
        {"power": "on", "calls": (Call("3", "in", "connected", "", "1", "sip", "audio"),)},
    ),
]
OPENING = (
    'version "model:VC500" "firmware:50.20.251.31"',
    "sysstatus get idle",
    "volume get 5",
    "mute near get off",
    "donotdisturb global get off",
)
TALKING = 'sysstatus get talking "dialstr:bob" "callid:{}" "calltype:video" "protocol:sip" "direction:outgoing"'
RINGING = 'sysstatus get ringing "dialstr:{}" "callid:{}" "calltype:video"'


def bench(*lines: str, **settings: Any) -> Bench:
    """A driver whose questions were answered."""
    found = Bench(YealinkVc(YealinkSettings(**{"gap": 0.0, "power_key": True, **settings})))
    say(found, *lines)
    return found


def say(wire: Bench, *lines: str) -> list[Action]:
    """Whole lines from the codec."""
    return wire.hear(b"".join(line.encode() + b"\r\n" for line in lines))


@pytest.fixture
def up() -> Bench:
    found = bench(*OPENING)
    assert found.driver.ready
    found.log.clear()
    found.sent.clear()
    return found


@pytest.mark.parametrize(("golden", "command"), SENT, ids=lambda value: getattr(value, "meaning", ""))
def test_what_is_sent(up: Bench, golden: Golden, command: Command) -> None:
    up.ask(command)
    assert up.sent[0] == golden.wire


@pytest.mark.parametrize(("golden", "points"), HEARD, ids=lambda value: getattr(value, "meaning", ""))
def test_what_is_heard(up: Bench, golden: Golden, points: dict[str, Any]) -> None:
    assert told(up.hear(golden.wire)) == points


def test_the_power_key_is_offered_only_where_somebody_tried_it() -> None:
    (offers,) = only(bench(*OPENING, power_key=False).log, Offers)
    assert isinstance(offers, Offers) and SetPower not in offers.commands and SetVolume in offers.commands


def test_a_command_is_proved_by_the_question_after_it(up: Bench) -> None:
    request, _ = up.ask(SetMicMute(True))
    assert say(up, "mute near on") == []  # in whatever way it is acknowledged
    assert Taken(request) in up.due("soft")
    assert up.sent == [b"mute near on\r\n", b"mute near get\r\n"]
    assert told(say(up, "mute near get on")) == {"mic_muted": True}


def test_an_error_is_a_refusal(up: Bench) -> None:
    request, _ = up.ask(RecallPreset(3))
    assert Refused(request, "command has illegal parameters") in say(up, "error: command has illegal parameters")


def test_the_power_key_is_pressed_only_where_it_turns_the_right_way(up: Bench) -> None:
    up.ask(SetPower(True))
    say(up, "sysstatus get idle")
    assert up.sent == [b"sysstatus get\r\n"]
    up.ask(SetPower(False))
    say(up, "sysstatus get idle")
    assert up.sent[-1] == b"button power\r\n"


def test_a_caller_has_a_name_in_whichever_order_it_comes(up: Bench) -> None:
    (call,) = told(say(up, RINGING.format("alice", 4), 'incoming "num:alice" "name:Alice"'))["calls"]
    assert (call.name, call.state) == ("Alice", "ringing")
    say(up, "sysstatus get idle")
    (call,) = told(say(up, 'incoming "num:al" "name:Al"', RINGING.format("al", 5)))["calls"]
    assert call.name == "Al"


def test_dial_is_done_when_the_call_shows_and_hang_up_when_it_is_gone(up: Bench) -> None:
    dial, _ = up.ask(Dial("bob"))
    up.due("soft")
    assert Done(dial) in say(up, 'sysstatus get outgoing "diastr:bob" "callid:3" "calltype:video"')
    say(up, TALKING.format(3))
    hang_up, _ = up.ask(HangUp())
    assert Done(hang_up) in say(up, 'sysstatus get finished "dialstr:bob" "callid:3"')


def test_all_calls_end_one_press_at_a_time_and_those_that_ring_are_refused(up: Bench) -> None:
    say(up, TALKING.format(3), TALKING.format(4), RINGING.format("carol", 5))
    up.ask(HangUp())
    assert up.sent == [b"answer no\r\n", b"button hangup\r\n"]
    say(up, 'sysstatus get finished "dialstr:bob" "callid:3"')
    assert up.sent.count(b"button hangup\r\n") == 2
    request, actions = up.ask(HangUp("5"))
    assert not any(isinstance(action, Refused) for action in actions) and request


def test_a_hang_up_ends_the_call_of_a_dial_that_the_codec_has_not_shown_yet(up: Bench) -> None:
    dial, _ = up.ask(Dial("bob"))
    hang_up, _ = up.ask(HangUp())  # the key found nothing to end
    assert up.sent[-1] == b"button hangup\r\n"
    up.due("soft")
    assert Done(hang_up) not in say(up, "sysstatus get idle")  # the call is yet to come
    actions = say(up, 'sysstatus get outgoing "diastr:bob" "callid:3" "calltype:video"')
    assert Done(dial) in actions and up.sent[-1] == b"button hangup\r\n"
    assert Done(hang_up) in say(up, 'sysstatus get finished "dialstr:bob" "callid:3"')


def test_the_key_is_not_pressed_for_a_call_that_was_dialled_after_the_hang_up(up: Bench) -> None:
    say(up, TALKING.format(3))
    up.ask(HangUp())
    up.ask(Dial("carol"))
    up.due("soft")
    say(up, 'sysstatus get outgoing "diastr:carol" "callid:4" "calltype:video"')
    say(up, 'sysstatus get finished "dialstr:bob" "callid:3"')
    assert up.sent.count(b"button hangup\r\n") == 1


def test_a_status_that_was_asked_for_before_a_hang_up_proves_nothing(up: Bench) -> None:
    up.do(up.driver.due("verify"))
    assert up.sent == [b"sysstatus get\r\n"]
    hang_up, _ = up.ask(HangUp())
    assert Done(hang_up) not in say(up, "sysstatus get idle")
    while up.flight is not None and up.flight.data != b"sysstatus get\r\n":
        say(up, {b"volume get\r\n": "volume get 5"}.get(up.flight.data, up.flight.data.decode().strip() + " off"))
    assert Done(hang_up) in say(up, "sysstatus get idle")


def test_one_of_several_calls_cannot_be_ended(up: Bench) -> None:
    say(up, TALKING.format(3), TALKING.format(4))
    _, actions = up.ask(HangUp("3"))
    assert isinstance(actions[0], Refused) and not up.sent


def test_several_states_in_one_line(up: Bench) -> None:
    line = TALKING.format(3) + " " + RINGING.format("carol", 5).removeprefix("sysstatus get ")
    assert [call.state for call in told(say(up, line))["calls"]] == ["connected", "ringing"]


def test_calls_that_the_status_does_not_show_any_more_are_gone(up: Bench) -> None:
    say(up, TALKING.format(3), TALKING.format(4))
    up.due("verify")
    say(up, TALKING.format(4))
    assert [call.id for call in told(up.due("settled"))["calls"]] == ["4"]


def test_tones(up: Bench) -> None:
    say(up, TALKING.format(3))
    request, actions = up.ask(SendDtmf("1#"))
    assert Send(b"gendial 1\r\n", tag=request, hide=("gendial 1",)) in actions
    up.due("soft")
    assert Taken(request) in up.due("soft") and up.sent == [b"gendial 1\r\n", b"gendial #\r\n"]


def test_contacts(up: Bench) -> None:
    request, _ = up.ask(Search("o"))
    actions = say(up, 'addrbook local "Tom" "10.2.1.4" "12"', 'conf "Board" "13"', "addrbook all done!")
    rows = [action.value for action in only(actions, Item) if isinstance(action, Item)]
    assert [(row["name"], row["address"]) for row in rows] == [("Tom", "10.2.1.4"), ("Tom", "12"), ("Board", "13")]
    assert Done(request) in actions


STREAM = b"".join(line.encode() + b"\r\n" for line in (*OPENING, TALKING.format(3), RINGING.format("x", 4)))


def heard(pieces: list[bytes]) -> list[Action]:
    wire = Bench(YealinkVc(YealinkSettings(gap=0.0)))
    for piece in pieces:
        wire.hear(piece)
    return wire.log


@given(st.lists(st.integers(0, len(STREAM)), max_size=12).map(sorted))
@settings(max_examples=30, deadline=None)
def test_any_split_of_the_stream_gives_the_same(cuts: list[int]) -> None:
    ends = [0, *cuts, len(STREAM)]
    assert heard([STREAM[start:end] for start, end in pairwise(ends)]) == heard([STREAM])


NEWS = (RINGING.format("x", 9), 'incoming "num:x" "name:X"', "storage get available", "donotdisturb talk get on")


@given(st.lists(st.tuples(st.integers(1, len(OPENING)), st.sampled_from(NEWS)), max_size=6))
@settings(max_examples=30, deadline=None)
def test_news_between_any_two_replies_is_heard_and_spoils_none(news: list[tuple[int, str]]) -> None:
    lines = list(OPENING)
    for at, line in sorted(news, reverse=True):
        lines.insert(at, line)
    wire = bench(*lines, *OPENING[2:])
    assert only(wire.log, Ready) and told(wire.log)["volume"] == 50


WORDS = st.lists(st.sampled_from(['"callid:3"', '"dialstr:x"', "talking", "ringing", "sysstatus get", "finished", '"']))
CHUNKS = (
    st.binary(max_size=40)
    | st.sampled_from([*OPENING, *NEWS, "User:"]).map(lambda line: line.encode() + b"\r\n")
    | WORDS.map(lambda words: b"sysstatus get " + " ".join(words).encode() + b"\r\n")
)


@given(st.lists(CHUNKS, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_raise(chunks: list[bytes], ready: bool) -> None:
    wire = bench(*OPENING) if ready else Bench(YealinkVc())
    if ready:
        for command in (Dial("a"), Answer(), HangUp(), SetVolume(1), Search(""), SetPower(False)):
            wire.ask(command)
    for chunk in chunks:
        wire.hear(chunk)
        for timer in list(wire.timers):
            wire.due(timer)
