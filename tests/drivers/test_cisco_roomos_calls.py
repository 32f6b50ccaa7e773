"""The Cisco driver's call list, and how dials, answers and hang-ups are proven by it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.commands import Answer, Dial, HangUp, Hold, Resume
from gateway.driver import Answered, Done, Feedback, Later, Refused, Send, Taken
from gateway.model import Call
from tests.drivers.cisco_bench import Bench, asked, told

INCOMING = {
    "id": 27,
    "AnswerState": "Unanswered",
    "CallType": "Video",
    "CallbackNumber": "sip:alice@example.com",
    "Direction": "Incoming",
    "DisplayName": "Alice",
    "Duration": 0,
    "Encryption": {"Type": "None"},
    "PlacedOnHold": "False",
    "Protocol": "sip",
    "ReceiveCallRate": 0,
    "RemoteNumber": "alice@example.com",
    "Status": "Ringing",
    "TransmitCallRate": 0,
}
OUTGOING = {"id": 28, "Direction": "Outgoing", "Status": "Dialling", "AnswerState": "Unanswered"}


@pytest.fixture(params=["ws", "ssh"])
def up(request: pytest.FixtureRequest) -> Bench:
    bench = Bench(request.param)
    bench.up()
    return bench


def calls(actions: list[Any]) -> tuple[Call, ...]:
    found = told(actions)["calls"]
    assert isinstance(found, tuple)
    return found


def gone(call: int) -> dict[str, Any]:
    return {"Call": [{"id": call, "ghost": "True"}]}


# ---- the list


def test_every_field_of_a_call(up: Bench) -> None:
    assert calls(up.push({"Call": [INCOMING]})) == (
        Call(
            id="27",
            direction="in",
            state="ringing",
            name="Alice",
            address="sip:alice@example.com",
            protocol="sip",
            kind="video",
            duration=0,
            encrypted=False,
            held=False,
            rate=None,
            answered=False,
        ),
    )
    connected = {
        "AnswerState": "Answered",
        "Encryption": {"Type": "AES-128"},
        "Duration": 5,
        "ReceiveCallRate": 6000,
        "Status": "OnHold",
    }
    (call,) = calls(up.push({"Call": [{"id": 27, **connected}]}))
    assert (call.name, call.state, call.answered, call.held) == ("Alice", "on hold", True, True)
    assert (call.encrypted, call.duration, call.rate) == (True, 5, 6000)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Idle", "ended"),
        ("Dialling", "dialling"),
        ("Ringing", "ringing"),
        ("Connecting", "connecting"),
        ("EarlyMedia", "connecting"),
        ("Connected", "connected"),
        ("Disconnecting", "disconnecting"),
        ("OnHold", "on hold"),
        ("Preserved", "connected"),
        ("RemotePreserved", "connected"),
        ("SomethingNew", "unknown"),
    ],
)
def test_states(up: Bench, status: str, state: str) -> None:
    assert calls(up.push({"Call": [{**OUTGOING, "Status": status}]}))[0].state == state


def test_every_field_but_the_direction_is_optional(up: Bench) -> None:
    assert calls(up.push({"Call": [{"id": 3, "Direction": "Outgoing"}]})) == (Call("3", "out", "unknown"),)


def test_a_ghost_is_a_call_that_ended_and_its_id_may_come_again(up: Bench) -> None:
    up.push({"Call": [INCOMING, OUTGOING]})
    assert [call.id for call in calls(up.push(gone(27)))] == ["28"]
    assert calls(up.push(gone(28))) == ()
    (again,) = calls(up.push({"Call": [{"id": 27, "Direction": "Outgoing", "Status": "Dialling"}]}))
    assert again == Call("27", "out", "dialling")  # nothing of Alice is left


def test_calls_stand_in_the_order_of_their_ids(up: Bench) -> None:
    pushed = [{**OUTGOING, "id": number} for number in (100, 9, 27)]
    assert [call.id for call in calls(up.push({"Call": pushed}))] == ["9", "27", "100"]


def test_a_change_of_a_call_that_was_never_told_asks_for_the_list(up: Bench) -> None:
    actions = up.push({"Call": [{"id": 27, "Status": "Connected"}]})
    assert asked(actions) == [("read", "Status/Call")]
    assert calls(actions) == ()
    assert asked(up.push({"Call": [{"id": 27, "Duration": 1}]})) == []  # once is enough
    up.status["Status/Call"] = [INCOMING]
    assert [call.name for call in calls(up.answer(up.open[0]))] == ["Alice"]


def test_a_call_that_never_tells_its_direction_is_shown_but_does_not_ring(up: Bench) -> None:
    up.push({"Call": [{"id": 27, "Status": "Connected"}]})
    up.status["Status/Call"] = [{"id": 27, "Status": "Connected"}]
    actions = up.answer(up.open[0])
    assert calls(actions) == (Call("27", "out", "connected"),)
    up.driver.now += 60
    assert "read" not in [kind for kind, _ in asked(up.answer_all())]  # all was registered and read again, once


def test_a_full_reading_is_the_truth_whatever_was_held(up: Bench) -> None:
    up.push({"Call": [INCOMING]})
    up.wait(120, "verify")
    up.status["Status/Call"] = [OUTGOING]
    assert [call.id for call in calls(up.answer_all())] == ["28"]


def test_a_call_that_only_lasts_longer_is_no_sign_of_lost_feedback(up: Bench) -> None:
    up.push({"Call": [INCOMING]})
    up.driver.now += 60
    up.wait(60, "verify")
    up.driver.now += 60
    up.status["Status/Call"] = [{**INCOMING, "Duration": 120}]
    assert "subscribe" not in [kind for kind, _ in asked(up.answer_all())]


# ---- dial


def test_a_dial_is_done_when_its_call_is_shown(up: Bench) -> None:
    request, _ = up.ask(Dial("bob@example.com"))
    send = up.open[0]
    assert up.result(send, {"CallId": 28, "ConferenceId": 1}) == [
        Answered(send.tag),
        Taken(request),
        Later(1.0, "doubt"),
    ]
    assert Done(request) not in up.push({"Call": [{**INCOMING, "id": 29}]})
    actions = up.push({"Call": [OUTGOING]})
    assert isinstance(actions[0], Feedback)
    assert actions[1:] == [Done(request)]


def test_a_dial_whose_call_was_shown_first_is_done_with_the_answer(up: Bench) -> None:
    request, _ = up.ask(Dial("bob@example.com"))
    up.push({"Call": [OUTGOING]})
    assert up.result(up.open[0], {"CallId": 28})[1:] == [Taken(request), Done(request)]


def test_a_call_that_came_and_went_before_the_answer_was_shown_all_the_same(up: Bench) -> None:
    request, _ = up.ask(Dial("busy@example.com"))
    up.push({"Call": [OUTGOING]})
    up.push(gone(28))
    assert up.result(up.open[0], {"CallId": 28})[1:] == [Taken(request), Done(request)]


def test_without_a_call_id_a_new_outgoing_call_is_the_proof(up: Bench) -> None:
    request, _ = up.ask(Dial("bob@example.com"))
    up.answer_all()
    assert Done(request) not in up.push({"Call": [INCOMING]})
    assert Done(request) in up.push({"Call": [OUTGOING]})


def test_a_dial_that_is_not_shown_is_looked_for(up: Bench) -> None:
    request, _ = up.ask(Dial("bob@example.com"))
    up.result(up.open[0], {"CallId": 28})
    assert asked(up.wait(1, "doubt")) == [("read", "Status/Call")]
    up.status["Status/Call"] = [OUTGOING]
    assert Done(request) in up.answer(up.open[0])


def test_a_dial_that_the_codec_refuses(up: Bench) -> None:
    request, _ = up.ask(Dial("1", "h320"))
    assert up.error(up.open[0], "Not paired with isdn link")[1:] == [Refused(request, "Not paired with isdn link")]


def test_a_dial_that_was_never_shown_is_forgotten(up: Bench) -> None:
    up.ask(Dial("bob@example.com"))
    up.result(up.open[0], {"CallId": 28})
    up.driver.now += 60
    up.push({"Call": [INCOMING]})
    assert up.push({"Call": [OUTGOING]})[1:] == []


# ---- answer


def test_an_answer_is_done_when_the_call_is_answered(up: Bench) -> None:
    up.push({"Call": [INCOMING]})
    request, _ = up.ask(Answer())
    assert up.answer(up.open[0])[1:] == [Taken(request), Later(1.0, "doubt")]
    assert up.push({"Call": [{"id": 27, "Status": "Connecting"}]})[1:] == []
    assert up.push({"Call": [{"id": 27, "AnswerState": "Answered"}]})[1:] == [Done(request)]


def test_an_answer_with_one_call_up_is_about_the_one_that_rings(up: Bench) -> None:
    up.push({"Call": [{**INCOMING, "AnswerState": "Answered", "Status": "Connected"}, {**INCOMING, "id": 30}]})
    request, _ = up.ask(Answer())
    assert Done(request) not in up.answer(up.open[0])
    assert Done(request) in up.push({"Call": [{"id": 30, "AnswerState": "Answered"}]})


def test_the_caller_gives_up_before_the_answer(up: Bench) -> None:
    up.push({"Call": [INCOMING]})
    request, _ = up.ask(Answer("27"))
    up.answer(up.open[0])
    assert up.push(gone(27))[1:] == [Refused(request, "the call ended before it was answered")]


def test_nothing_to_answer_is_for_the_codec_to_say(up: Bench) -> None:
    request, _ = up.ask(Answer())
    assert up.error(up.open[0], "No such call")[1:] == [Refused(request, "No such call")]


# ---- hang up


def test_all_calls_are_hung_up_when_all_are_gone(up: Bench) -> None:
    up.push({"Call": [INCOMING, OUTGOING]})
    request, _ = up.ask(HangUp())
    up.answer(up.open[0])
    assert up.push({"Call": [{"id": 27, "Status": "Disconnecting"}]})[1:] == []
    assert up.push(gone(27))[1:] == []
    assert up.push(gone(28))[1:] == [Done(request)]


def test_one_call_is_hung_up_and_the_other_lives(up: Bench) -> None:
    up.push({"Call": [INCOMING, OUTGOING]})
    request, _ = up.ask(HangUp("28"))
    up.answer(up.open[0])
    assert up.push(gone(27))[1:] == []
    assert up.push(gone(28))[1:] == [Done(request)]


def test_a_call_that_rings_meanwhile_does_not_keep_a_hang_up_open(up: Bench) -> None:
    up.push({"Call": [OUTGOING]})
    request, _ = up.ask(HangUp())
    up.answer(up.open[0])
    up.push({"Call": [INCOMING]})
    assert up.push(gone(28))[1:] == [Done(request)]


def test_nothing_is_done_before_the_codec_has_taken_it(up: Bench) -> None:
    up.push({"Call": [OUTGOING]})
    request, _ = up.ask(HangUp())
    assert up.push(gone(28))[1:] == []
    assert up.answer(up.open[0])[1:] == [Taken(request), Done(request)]


def test_to_hang_up_what_is_gone_already_is_what_was_wanted(up: Bench) -> None:
    request, _ = up.ask(HangUp())
    assert up.error(up.open[0], "No such call")[1:] == [Done(request)]
    up.push({"Call": [OUTGOING]})
    request, _ = up.ask(HangUp("28"))
    up.push(gone(28))
    assert up.error(up.open[0], "No such call")[1:] == [Done(request)]


def test_to_hang_up_a_call_that_never_was_is_a_mistake(up: Bench) -> None:
    up.push({"Call": [OUTGOING]})
    request, _ = up.ask(HangUp("99"))
    assert up.error(up.open[0], "No such call")[1:] == [Refused(request, "No such call")]


def test_a_hang_up_that_is_refused_while_the_call_lives_is_refused(up: Bench) -> None:
    up.push({"Call": [OUTGOING]})
    request, _ = up.ask(HangUp())
    assert up.error(up.open[0], "Permission denied")[1:] == [Refused(request, "Permission denied")]


# ---- asked before we were told of the call (the codec's news and our command may cross on the wire)

CONNECTED = {**INCOMING, "AnswerState": "Answered", "Status": "Connected"}
ON_HOLD = {**CONNECTED, "Status": "OnHold", "PlacedOnHold": "True"}


@pytest.mark.parametrize(("command", "first", "then"), [(Hold(), CONNECTED, ON_HOLD), (Resume(), ON_HOLD, CONNECTED)])
def test_a_hold_that_crosses_the_news_of_its_call_is_proven_by_that_call(
    up: Bench, command: Hold | Resume, first: dict[str, Any], then: dict[str, Any]
) -> None:
    request, sent = up.ask(command)
    (send,) = [action for action in sent if isinstance(action, Send)]
    assert Done(request) not in up.result(send, None)
    assert Done(request) not in up.push({"Call": [first]})
    assert Done(request) in up.push({"Call": [then]})


def test_a_hold_is_not_proven_by_a_call_that_was_held_before(up: Bench) -> None:
    up.push({"Call": [ON_HOLD]})
    request, sent = up.ask(Hold())
    (send,) = [action for action in sent if isinstance(action, Send)]
    up.result(send, None)
    assert Done(request) not in up.push({"Call": [ON_HOLD]})
    assert Done(request) in up.push({"Call": [{**ON_HOLD, "id": 30}]})


def test_a_hang_up_that_crosses_the_news_of_its_call_is_not_done_while_it_is_there(up: Bench) -> None:
    request, sent = up.ask(HangUp())
    (send,) = [action for action in sent if isinstance(action, Send)]
    up.push({"Call": [CONNECTED]})
    assert Done(request) not in up.result(send, None)
    assert Done(request) in up.push(gone(27))
