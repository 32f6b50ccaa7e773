"""The Polycom command line driver in conversation: acknowledgements, calls, doubt, rows, and whatever may come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.polycom.cli import PolyCli
from drivers.polycom.cli_about import PolyCliSettings
from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    ListBookings,
    Reject,
    Search,
    SendDtmf,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetVolume,
    Share,
    StorePreset,
)
from gateway.driver import (
    Action,
    Answered,
    Done,
    Drop,
    Feedback,
    Item,
    More,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from gateway.model import Reason
from tests.drivers.polycom_bench import ANSWERS, GREETING, IDLE, WAKING, Bench, bench, only, status, told


@pytest.fixture
def up() -> Bench:
    found = bench(*IDLE)
    assert found.driver.ready and found.flight is None
    found.log.clear()
    found.sent.clear()
    return found


# ---- acknowledgement, echo, proof


def test_an_echo_and_an_acknowledgement_are_never_proof() -> None:
    wire = bench()
    for line in IDLE:  # it echoes: each command comes back first
        assert wire.flight is not None
        wire.lines(wire.flight.data.decode().strip(), line)
    assert wire.driver.ready and wire.driver.echo
    request, _ = wire.ask(SetMicMute(True))
    assert wire.lines("mute near on") == []  # the echo
    actions = wire.lines("mute near on")  # the acknowledgement
    assert Taken(request) in actions and not only(actions, Feedback)
    assert wire.sent[-1] == b"mute near get\r"
    assert told(wire.lines("mute near get", "mute near on")) == {"mic_muted": True}


def test_an_acknowledgement_that_never_comes_holds_nothing_up(up: Bench) -> None:
    request, _ = up.ask(StorePreset(2))
    actions = up.due("soft")
    assert actions[0] == Answered(request) and Taken(request) in actions


def test_a_refusal_has_the_codecs_words(up: Bench) -> None:
    request, _ = up.ask(Dial("x@y.z", "sip"))
    assert Refused(request, "IP line (SIP) not enabled.") in up.lines("info: IP line (SIP) not enabled.")


def test_a_newer_volume_takes_the_place_of_one_that_waits(up: Bench) -> None:
    for level in (10, 20, 30):
        up.ask(SetVolume(level))
    up.lines("volume 5")
    assert up.sent == [b"volume set 5\r", b"volume set 15\r"]


def test_volume_is_shown_done_in_the_codecs_steps(up: Bench) -> None:
    assert up.driver.shows(SetVolume(41), {"volume": 42}) and not up.driver.shows(SetVolume(41), {"volume": 44})


def test_waking_what_was_awake_is_only_assumed(up: Bench) -> None:
    up.ask(SetPower(True))
    up.lines("wake")
    assert up.due("woken")[0] == Feedback("", assumed=True, power="on")
    up.lines("listen waking up")
    up.ask(SetPower(True))
    up.lines("wake")
    assert up.due("woken")[0] == Feedback("", power="on")


def test_do_not_disturb_off_leaves_auto_answer_alone(up: Bench) -> None:
    up.lines("autoanswer yes")
    up.ask(SetDoNotDisturb(False))
    assert up.sent == [b"autoanswer get\r"]
    assert told(up.lines("autoanswer yes"))["do_not_disturb"] is False


# ---- calls


def test_nothing_is_sent_while_a_call_is_being_set_up(up: Bench) -> None:
    request, _ = up.ask(Dial("bob@x.y"))
    up.lines("dialing auto")
    assert Done(request) in up.lines(status(34, "opened"))
    volume, _ = up.ask(SetVolume(40))
    up.lines(status(34, "ringing"), status(34, "connecting"))
    up.do(up.driver.due("verify"))
    assert up.sent == [b'dial auto "bob@x.y"\r']
    hang_up, _ = up.ask(HangUp())
    assert up.sent[-1] == b"hangup all\r"  # but that waits for nothing
    assert Done(hang_up) in up.lines(status(34, "disconnected"))
    assert up.sent[-1] == b"volume set 20\r"
    assert Taken(volume) in up.lines("volume 20")


def test_a_set_up_whose_end_is_lost_does_not_hold_everything_for_ever(up: Bench) -> None:
    up.lines(status(34, "connecting"))
    up.driver.now += 8
    up.ask(SetVolume(40))
    assert up.sent == []
    up.due("hush")
    assert up.sent == [b"volume set 20\r"]


def test_what_waited_too_long_is_not_sent_any_more(up: Bench) -> None:
    up.lines(status(34, "connecting"))
    up.ask(SetVolume(40))  # settled by the house after 5 s
    up.due("hush")
    assert up.sent == []


def test_an_incoming_call_rings_is_answered_and_ends(up: Bench) -> None:
    (call,) = told(up.lines(status(35, "ringing", "incoming")))["calls"]
    assert (call.direction, call.state, call.answered, call.name) == ("in", "ringing", False, "Bob")
    request, _ = up.ask(Answer())
    assert up.sent == [b"answer video\r"]
    up.lines("answering video", status(35, "connecting", "incoming"))
    assert Done(request) in up.lines(status(35, "connected", "incoming"))
    shown = [
        action.points["calls"]
        for action in up.lines(status(35, "disconnected", "incoming"))
        if type(action) is Feedback
    ]
    assert [call.state for call in shown[0]] == ["ended"] and shown[-1] == ()


def test_a_rejection_may_come_before_the_news_of_its_call(up: Bench) -> None:
    request, _ = up.ask(Reject())
    assert up.sent == []
    up.lines(status(35, "ringing", "incoming"))
    assert up.sent == [b"hangup video 35\r"]
    assert Done(request) in up.lines("hanging up video", status(35, "disconnected", "incoming"))
    nobody, _ = up.ask(Reject())
    assert Refused(nobody, "no call rings") in up.due("unheard")


def test_to_hang_up_what_is_gone_is_done(up: Bench) -> None:
    up.lines(status(34, "connected"))
    request, _ = up.ask(HangUp("34"))
    assert Done(request) in up.lines("connection 34 is not active")
    other, actions = up.ask(HangUp("99"))
    assert actions == [Refused(other, "there is no call 99")]


def test_two_calls_at_once_end_one_by_one(up: Bench) -> None:
    up.lines(status(34, "connected"), status(35, "ringing", "incoming"), status(35, "connected", "incoming"))
    request, _ = up.ask(HangUp("34"))
    actions = up.lines("hanging up video", status(34, "disconnected"))
    assert Done(request) in actions and [call.id for call in told(actions)["calls"]] == ["35"]


def test_a_hang_up_ends_the_call_of_a_dial_that_the_codec_has_not_shown_yet(up: Bench) -> None:
    dial, _ = up.ask(Dial("bob@x.y"))
    up.lines("dialing auto")
    hang_up, _ = up.ask(HangUp())  # it finds no call to end
    assert up.sent[-2:] == [b"hangup all\r", b"callinfo all\r"]
    assert Done(hang_up) not in up.lines("hanging up all", "system is not in a call")  # the call is yet to come
    actions = up.lines(status(34, "opened"))
    assert Done(dial) in actions and up.sent[-1] == b"hangup video 34\r"
    assert Done(hang_up) in up.lines("hanging up video", status(34, "disconnecting"), status(34, "disconnected"))


def test_a_hang_up_does_not_wait_for_ever_for_a_call_that_never_comes(up: Bench) -> None:
    up.ask(Dial("bob@x.y"))
    up.lines("dialing auto")
    hang_up, _ = up.ask(HangUp())
    up.lines("system is not in a call")
    up.due("doubt")
    assert Done(hang_up) in up.lines("system is not in a call")
    up.driver.now += 5
    up.lines(status(34, "opened"))  # and if it comes after all, nobody wants it any more
    assert up.sent[-1] == b"hangup video 34\r"


def test_a_list_that_was_asked_for_before_a_hang_up_proves_nothing(up: Bench) -> None:
    up.do(up.driver.due("verify"))
    assert up.flight is not None and up.flight.data == b"callinfo all\r"
    hang_up, _ = up.ask(HangUp())
    assert Done(hang_up) not in up.lines("system is not in a call")
    assert up.sent[-1] == b"callinfo all\r"
    assert Done(hang_up) in up.lines("system is not in a call")


def test_a_hang_up_that_finds_calls_that_we_did_not_know_waits_for_their_end(up: Bench) -> None:
    hang_up, _ = up.ask(HangUp())
    listed = ("callinfo begin", "callinfo:36:Bob:sip:bob@x.y:256:connected:muted:incoming:videocall", "callinfo end")
    assert Done(hang_up) not in up.lines(*listed)
    assert Done(hang_up) in up.lines(status(36, "disconnected", "incoming"))


def test_each_dial_is_proved_by_a_call_of_its_own(up: Bench) -> None:
    first, _ = up.ask(Dial("bob@x.y"))
    second, _ = up.ask(Dial("carol@x.y"))  # waits until the first is set up
    up.lines("dialing auto")
    actions = up.lines(status(34, "opened"))
    assert Done(first) in actions and Done(second) not in actions
    up.lines(status(34, "connected"))
    assert up.sent[-1] == b'dial auto "carol@x.y"\r'
    assert Done(second) in up.lines("dialing auto", status(35, "opened"))


def test_a_dial_that_a_hang_up_took_back_claims_no_later_call(up: Bench) -> None:
    up.lines(status(34, "connecting"))
    first, _ = up.ask(Dial("bob@x.y"))
    up.ask(HangUp())
    up.lines(status(34, "disconnected"))
    second, _ = up.ask(Dial("carol@x.y"))
    assert b'dial auto "bob@x.y"\r' not in up.sent
    actions = up.lines("dialing auto", status(35, "opened"))
    assert Done(second) in actions and Done(first) not in actions
    assert up.sent[-1] == b'dial auto "carol@x.y"\r', "the new call is wanted"


def test_tones_pause_at_a_comma_and_are_hidden(up: Bench) -> None:
    up.lines(status(34, "connected"))
    request, actions = up.ask(SendDtmf("1,2"))
    assert Send(b"gendial 1\r", tag=request, hide=("gendial 1",)) in actions
    up.due("soft")
    assert up.sent == [b"gendial 1\r"]  # others may speak now
    up.due("tones")
    assert Taken(request) in up.due("soft") and up.sent == [b"gendial 1\r", b"gendial 2\r"]
    _, actions = up.ask(SendDtmf("A"))
    assert isinstance(actions[0], Refused)


def test_missed_news_is_noticed_and_registrations_are_renewed(up: Bench) -> None:
    up.due("verify")
    up.lines("callinfo begin", "callinfo:36:Bob:b@x.y:256:connected:muted:incoming:videocall", "callinfo end")
    for line in IDLE[IDLE.index("volume 25") :]:
        up.lines(line)
    assert b"notify callstatus\r" in up.sent and [call.id for call in up.driver.calls.values()] == ["36"]


def test_waking_questions_are_never_asked_by_the_clock(up: Bench) -> None:
    up.lines("listen going to sleep")
    for _ in range(3):
        up.due("verify")
        up.lines(*IDLE[IDLE.index("system is not in a call") :])
    assert up.sent and not WAKING & set(up.sent)


def test_silence_is_asked_about_once(up: Bench) -> None:
    up.ask(Search("jo"))
    assert Send(b"volume get\r", tag="volume get") in up.silent()
    (drop,) = up.silent()
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_RESPONSE


def test_the_directory_comes_page_by_page(up: Bench) -> None:
    driver = up.driver
    assert isinstance(driver, PolyCli)
    request, _ = up.ask(Search("jo"))
    rows = [f"globaldir {number}. Jo {number} : uid{number}:site" for number in range(50)]
    actions = up.lines(*rows, "volume 30", 'globaldir "jo" range 0 49 done')
    assert len(only(actions, Item)) == 50 and More(request) in actions and told(actions) == {"volume": 60}
    up.do(driver.command(Request(request.id, request.command, page=1)))
    assert up.sent[-1] == b'globaldir "jo" range 50 99\r'
    actions = up.lines("globaldir 0. Far : uid7:group", 'globaldir "jo" range 50 99 done')
    assert Item(request, {"folder": "Far", "id": "uid7"}) in actions and Done(request) in actions


def test_bookings_have_their_numbers(up: Bench) -> None:
    request, _ = up.ask(ListBookings())
    up.lines(
        "calendarmeetings list begin",
        "meeting|A1|2009-09-25:08:30|2009-09-25:09:15|Sales|x",
        "calendarmeetings list end",
    )
    assert up.sent[-1] == b'calendarmeetings info "A1"\r'
    actions = up.lines(
        "calendarmeetings info start", "organizer|Carol", "dialingnumber|video|1234|sip", "calendarmeetings info end"
    )
    (item,) = only(actions, Item)
    assert isinstance(item, Item) and item.value["address"] == "1234" and item.value["title"] == "Sales|x"
    assert Done(request) in actions


def test_content_goes_to_the_far_end_in_a_call(up: Bench) -> None:
    up.ask(Share("1"))
    up.lines("vcbutton play 1", "Control event: vcbutton play", "vcbutton play succeeded")
    actions = up.lines("vcbutton source get 1", "vcbutton source get succeeded", "vcbutton play")
    assert told(actions) == {"sharing": "preview", "share_source": "1"}
    assert told(up.lines(status(34, "connected")))["sharing"] == "sending"
    _, actions = up.ask(Share("1", preview=True))
    assert isinstance(actions[0], Refused)
    failed, _ = up.ask(Share("2"))
    assert Refused(failed, "vcbutton play failed") in up.lines("vcbutton play failed")


# ---- whatever comes

STREAM = b"".join(line.encode() + b"\r\r\n" for line in (*GREETING, *ANSWERS))
NEWS = (
    "volume 30",
    "notification:sysstatus:lan:up",
    "notification:vidsourcechange:near:1:Main:people",
    "listen waking up",
)


def heard(pieces: list[bytes]) -> list[Action]:
    wire = Bench(PolyCli(PolyCliSettings(gap=0.0)))
    for piece in pieces:
        wire.hear(piece)
    return wire.log


@given(st.lists(st.integers(0, len(STREAM)), max_size=12).map(sorted))
@settings(max_examples=30, deadline=None)
def test_any_split_of_the_stream_gives_the_same(cuts: list[int]) -> None:
    ends = [0, *cuts, len(STREAM)]
    assert heard([STREAM[start:end] for start, end in pairwise(ends)]) == heard([STREAM])


def test_single_bytes_give_the_same() -> None:
    assert heard([STREAM[at : at + 1] for at in range(len(STREAM))]) == heard([STREAM])


@given(st.lists(st.tuples(st.integers(0, len(ANSWERS)), st.sampled_from(NEWS)), max_size=8))
@settings(max_examples=40, deadline=None)
def test_news_between_any_two_lines_of_any_replies_changes_nothing_else(news: list[tuple[int, str]]) -> None:
    lines = list(ANSWERS)
    for at, line in sorted(news, reverse=True):
        lines.insert(at, line)
    wire, plain = bench(*lines, "volume 25"), bench(*ANSWERS, "volume 25")
    # A volume that was told while the volume was asked for is as good as its answer: the real one is news then.
    wire.lines(*ANSWERS[ANSWERS.index("volume 25") :])
    assert only(wire.log, Ready) and wire.sent[: len(plain.sent)] == plain.sent
    assert told(wire.log)["calls"] == told(plain.log)["calls"] and told(wire.log)["volume"] == 50


KNOWN = st.sampled_from([*GREETING, *ANSWERS, *NEWS, status(34, "opened"), status(34, "ringing", "incoming"), "User:"])
WORDS = st.lists(
    st.sampled_from(["callinfo", "notification", "callstatus", "linestatus", ":", "34", "x", ""]), max_size=14
)
CHUNKS = (
    st.binary(max_size=40)
    | KNOWN.map(lambda line: line.encode() + b"\r\n")
    | WORDS.map(lambda w: ":".join(w).encode() + b"\n")
)


@given(st.lists(CHUNKS, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_raise(chunks: list[bytes], ready: bool) -> None:
    wire = bench(*IDLE) if ready else Bench(PolyCli())
    for command in (Dial("a"), Answer(), HangUp(), SetVolume(1), Search(""), SendDtmf("1"), ListBookings()):
        if wire.driver.ready:
            wire.ask(command)
    for chunk in chunks:
        wire.hear(chunk)
        for timer in list(wire.timers):
            wire.due(timer)
