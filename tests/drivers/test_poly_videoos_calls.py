"""The VideoOS driver's calls: what three answers say of them, and which commands they prove."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.commands import Answer, Command, Dial, HangUp, Reject, SetVolume
from gateway.driver import Done, Feedback, HttpReply, Later, Refused, Send, Taken
from gateway.model import Call
from tests.drivers.test_poly_videoos import DIALLED, HANG_UP, RINGS, UP, Talk, conference, reply, sends, words

OUT = Call("3", "out", "connected", "", "bob@example.com", "sip", "video")
IN = Call("4", "in", "ringing", "", "alice@example.com", "sip", "video", answered=False)


def ringing(*connections: dict[str, Any]) -> bytes:
    return reply(list(connections)).body


def look(talk: Talk, **said: bytes) -> list[Any]:
    """One more round of looks, with other answers."""
    talk.said.update(said)
    talk.take(talk.driver.due("look"))
    return talk.looks()


def calls(said: list[Any]) -> Any:
    """The calls as last told."""
    told = [action.points["calls"] for action in said if isinstance(action, Feedback) and "calls" in action.points]
    return told[-1]


def orders(talk: Talk) -> list[bytes]:
    return [words(send) for send in sends(talk.heard) if send.data.method != "GET"]


# ---- what is shown -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DIALING", "dialling"),
        ("RINGING", "ringing"),
        ("Connecting", "connecting"),
        ("CONNECTED", "connected"),
        ("DISCONNECTING", "disconnecting"),
        ("DISCONNECTED", "ended"),
        ("SOMETHING_ELSE", "unknown"),
    ],
)
def test_states(word: str, state: str) -> None:
    (one,) = calls(look(Talk().online(), calls=conference({**UP, "state": word})))
    assert one.state == state


def test_a_connection_without_a_state_in_an_active_conference_is_connected() -> None:
    (one,) = calls(look(Talk().online(), calls=conference({"id": 3})))
    assert (one.id, one.state, one.address) == ("3", "connected", "")


def test_a_call_that_rings_is_an_incoming_one_for_the_rest_of_its_life() -> None:
    talk = Talk().online()
    assert calls(look(talk, ringing=ringing(RINGS))) == (IN,)
    up = calls(look(talk, ringing=b"[]", calls=conference({**RINGS, "state": "CONNECTED"})))
    assert [(one.id, one.direction, one.state) for one in up] == [("4", "in", "connected")]
    assert calls(look(talk, calls=b"[]")) == ()


def test_a_ringing_call_that_is_listed_too_is_one_call() -> None:
    assert calls(look(Talk().online(), ringing=ringing(RINGS), calls=conference(RINGS))) == (IN,)


def test_between_the_two_answers_nobody_is_told_of_half_a_change() -> None:
    talk = Talk().online()
    look(talk, ringing=ringing(RINGS))
    talk.said.update(ringing=b"[]", calls=conference({**RINGS, "state": "CONNECTED"}))
    talk.take(talk.driver.due("look"))
    assert talk.next() == []  # the list has it as connected, but as far as we know it rings
    assert calls(talk.next())[0].state == "connected"


NOON = 1_700_000_000


@pytest.mark.parametrize(
    ("started", "lasted"),
    [
        ({"startTime": (NOON - 75) * 1000}, 75),
        ({"startTime": 0}, 100),  # the conference's own
        ({"startTime": (NOON + 3600) * 1000}, None),  # another clock
        ({"startTime": "noon"}, 100),
    ],
)
def test_a_call_that_was_up_before_we_came_has_lasted_as_the_codec_tells(started: Any, lasted: int | None) -> None:
    talk = Talk({"system": reply({"systemTime": NOON * 1000}).body})
    talk.said["calls"] = conference({**UP, **started}, startTime=(NOON - 100) * 1000)
    talk.take(talk.driver.opened())
    (first, *_, last) = [
        action.points["calls"][0].duration
        for action in [*talk.looks(), *look(talk)]
        if isinstance(action, Feedback) and "calls" in action.points
    ]
    assert (first, last) == (lasted, None), "from then on the house counts"


def test_in_a_call_it_is_looked_at_quickly() -> None:
    talk = Talk(quick=1.0, poll=10.0).online()
    assert Later(1.0, "look") in look(talk, calls=conference(UP))
    assert Later(10.0, "look") in look(talk, calls=b"[]")


# ---- dialling ----------------------------------------------------------------------------------------------------


def dialled(**given: Any) -> tuple[Talk, Any]:
    """A dial that the codec answered with the address of its call."""
    talk = Talk(**given).online()
    request, _ = talk.ask(Dial("bob@example.com"))
    assert talk.next(reply(DIALLED.wire))[0] == Taken(request)
    return talk, request


def test_a_dial_is_done_when_the_codec_shows_the_call() -> None:
    talk, request = dialled()
    assert Done(request) not in talk.looks()  # its address says nothing yet
    assert b"GET /rest/conferences/0/connections/3" in [words(send) for send in sends(look(talk) + talk.heard)]
    said = look(
        talk, dialled=reply({"id": 3, "parentConfId": 0, "address": "bob@example.com", "state": "DIALING"}).body
    )
    assert Done(request) in said and calls(said)[0].state == "dialling"
    up = calls(look(talk, calls=conference(UP)))
    assert up == (OUT,)
    talk.heard.clear()
    look(talk)
    assert b"GET /rest/conferences/0/connections/3" not in [words(send) for send in sends(talk.heard)]


def test_until_then_it_is_looked_at_more_quickly_still() -> None:
    talk, _ = dialled(dialling=0.25, quick=1.0)
    assert Later(0.25, "look") in talk.looks()
    assert Later(1.0, "look") in look(talk, calls=conference(UP))


def test_a_dial_that_ended_before_it_was_shown_is_refused() -> None:
    talk, request = dialled()
    refused = []
    while talk.waiting:
        refused += talk.next(HttpReply(404) if getattr(talk.waiting[0].tag, "what", "") == "dialled" else None)
    assert Refused(request, "the call ended before the codec showed it") in refused


def test_a_dial_without_an_address_is_proved_by_a_new_call() -> None:
    talk = Talk({"calls": conference({**UP, "id": 2})}).online()
    request, _ = talk.ask(Dial("bob@example.com"))
    talk.next(reply(b"null"))
    assert Done(request) not in talk.looks()
    assert Done(request) in look(talk, calls=conference({**UP, "id": 2}, UP))


def test_a_dial_that_comes_to_nothing_is_forgotten() -> None:
    talk, _ = dialled()
    talk.driver.now = 30.0
    assert Later(10.0, "look") in look(talk)


def test_a_refused_dial_is_told_in_the_codecs_words() -> None:
    talk = Talk().online()
    request, _ = talk.ask(Dial("bob@example.com"))
    assert talk.next(reply({"success": False, "reason": "no SIP server"})) == [Refused(request, "no SIP server")]
    assert not talk.driver.calls.wishes


# ---- answering, rejecting, hanging up ----------------------------------------------------------------------------


def test_answering() -> None:
    talk = Talk().online()
    look(talk, ringing=ringing(RINGS))
    talk.heard.clear()
    request, _ = talk.ask(Answer())
    assert orders(talk) == [b'POST /rest/conferences/active/connections/4 {"action":"answer"}']
    assert Done(request) not in talk.looks()
    assert Done(request) in look(talk, ringing=b"[]", calls=conference({**RINGS, "state": "CONNECTING"}))


def test_answering_what_is_gone_by_now_is_refused() -> None:
    talk = Talk().online()
    look(talk, ringing=ringing(RINGS))
    request, _ = talk.ask(Answer())
    talk.said["ringing"] = b"[]"
    assert Refused(request, "the call ended before it was answered") in talk.looks()


@pytest.mark.parametrize(
    ("reject", "order"),
    [
        ("", b"DELETE /rest/conferences/active/connections/4"),
        ("decline", b'POST /rest/conferences/active/connections/4 {"action":"decline"}'),
    ],
)
def test_rejecting(reject: str, order: bytes) -> None:
    talk = Talk(reject=reject).online()
    look(talk, ringing=ringing(RINGS))
    talk.heard.clear()
    request, _ = talk.ask(Reject())
    assert orders(talk) == [order]
    talk.said["ringing"] = b"[]"
    assert Done(request) in talk.looks()


@pytest.mark.parametrize("command", [Answer(), Reject(), HangUp()])
def test_where_no_call_is_known_the_codec_is_asked_first(command: Command) -> None:
    talk = Talk().online()
    talk.said["ringing"] = ringing(RINGS)
    talk.ask(command)
    assert orders(talk) == []
    talk.looks()
    assert len(orders(talk)) == 1 and b"/connections/4" in orders(talk)[0]


def test_with_nothing_there_a_hang_up_is_done_and_an_answer_refused() -> None:
    talk = Talk().online()
    request, _ = talk.ask(HangUp())
    assert Done(request) in talk.looks()
    request, _ = talk.ask(Answer(), "c2")
    assert Refused(request, "no such call is ringing") in talk.looks()


def test_hanging_up_all_ends_the_conference_and_what_rings_beside_it() -> None:
    talk = Talk({"calls": conference(UP), "ringing": ringing(RINGS)}).online()
    request, _ = talk.ask(HangUp())
    assert orders(talk) == [HANG_UP.wire.strip()]
    talk.next(HttpReply(404))  # gone already: that is what was wanted
    assert orders(talk)[1:] == [b"DELETE /rest/conferences/active/connections/4"]
    talk.said.update(calls=conference({**UP, "state": "DISCONNECTING"}), ringing=b"[]")
    assert Taken(request) in talk.next() and Done(request) not in talk.looks()
    assert Done(request) in look(talk, calls=b"[]")


def test_hanging_up_one() -> None:
    talk = Talk({"calls": conference(UP, {**UP, "id": 5})}).online()
    request, _ = talk.ask(HangUp("5"))
    assert orders(talk) == [b"DELETE /rest/conferences/0/connections/5"]
    talk.said["calls"] = conference(UP)
    assert Done(request) in talk.looks()


def test_a_hang_up_right_after_a_dial_waits_for_its_call_and_ends_it() -> None:
    talk = Talk().online()
    talk.ask(Dial("bob@example.com"))
    hang_up, _ = talk.ask(HangUp(), "c2")
    dial = talk.waiting.pop(0)
    said = talk.looks()  # the codec has no call yet
    assert Done(hang_up) not in said
    talk.take(talk.driver.received(reply(DIALLED.wire), dial.tag))
    talk.said["dialled"] = reply({"id": 3, "address": "bob@example.com", "state": "DIALING"}).body
    talk.looks()
    assert b"DELETE /rest/conferences/0/connections/3" in orders(talk)


def test_hanging_up_all_also_ends_the_call_of_a_dial_that_is_on_its_way() -> None:
    talk = Talk({"calls": conference({**UP, "id": 5})}).online()
    talk.ask(Dial("bob@example.com"))
    dial = talk.waiting.pop(0)
    hang_up, _ = talk.ask(HangUp(), "c2")
    talk.said["calls"] = b"[]"
    assert Done(hang_up) not in talk.looks()  # the first call is gone, the dialled one is yet to come
    talk.said["dialled"] = reply({"id": 3, "address": "bob@example.com", "state": "DIALING"}).body
    talk.take(talk.driver.received(reply(DIALLED.wire), dial.tag))
    said = talk.looks()
    assert orders(talk)[-1] == b"DELETE /rest/conferences/0/connections/3" and Done(hang_up) not in said
    talk.take(talk.driver.due("look"))
    while talk.waiting:
        said += talk.next(HttpReply(404) if getattr(talk.waiting[0].tag, "what", "") == "dialled" else None)
    assert Done(hang_up) in said


def test_a_call_that_rings_after_a_hang_up_is_not_turned_away_by_it() -> None:
    talk = Talk({"calls": conference({**UP, "id": 5})}).online()
    talk.ask(Dial("bob@example.com"))
    dial = talk.waiting.pop(0)
    talk.ask(HangUp(), "c2")
    talk.said.update(calls=b"[]", ringing=ringing(RINGS))
    talk.looks()
    talk.said["dialled"] = reply({"id": 3, "address": "bob@example.com", "state": "DIALING"}).body
    talk.take(talk.driver.received(reply(DIALLED.wire), dial.tag))
    talk.looks()
    assert b"DELETE /rest/conferences/active/connections/4" not in orders(talk)


def test_a_hang_up_takes_back_a_dial_that_waits_for_a_session() -> None:
    talk = Talk(idle=0.0).online()  # at rest there is no session
    talk.ask(Dial("bob@example.com"))
    assert [send.tag for send in talk.waiting] == ["log in"]
    hang_up, _ = talk.ask(HangUp(), "c2")
    assert Done(hang_up) in talk.looks()
    assert not any(words.startswith(b"POST /rest/conferences") for words in orders(talk))


def test_a_look_that_left_before_a_hang_up_proves_nothing() -> None:
    talk = Talk().online()
    talk.take(talk.driver.due("look"))
    hang_up, _ = talk.ask(HangUp())
    calls_look = next(send for send in talk.waiting if send.tag.what == "calls")  # type: ignore[attr-defined]
    talk.waiting.remove(calls_look)
    assert Done(hang_up) not in talk.take(talk.driver.received(reply(b"[]"), calls_look.tag))
    assert Done(hang_up) in talk.looks()


def test_each_dial_is_proved_by_a_call_of_its_own() -> None:
    talk = Talk().online()
    first, (one,) = talk.ask(Dial("bob@example.com"))
    second, (two,) = talk.ask(Dial("carol@example.com"), "c2")
    talk.waiting.clear()
    talk.take(talk.driver.received(reply(b"[]"), one.tag))  # firmware that does not say where the call is
    talk.said["calls"] = conference(UP)
    assert Done(first) in talk.looks()
    talk.take(talk.driver.received(reply(b"[]"), two.tag))
    assert Done(second) not in talk.looks()
    assert Done(second) in look(talk, calls=conference(UP, {**UP, "id": 5, "address": "carol@example.com"}))


def test_a_stale_session_in_the_middle_of_a_hang_up_does_not_lose_it() -> None:
    talk = Talk({"calls": conference(UP)}).online()
    request, (send,) = talk.ask(HangUp())
    talk.waiting.clear()
    (log_in,) = talk.take(talk.driver.received(HttpReply(403), send.tag))
    (again,) = talk.next()
    assert (log_in.tag, again.data.method, again.data.path) == ("log in", "DELETE", send.data.path)
    talk.said["calls"] = b"[]"
    assert Done(request) in talk.looks()


# ---- any order ---------------------------------------------------------------------------------------------------


def test_replies_in_any_order_end_the_same() -> None:
    """HTTP replies may overtake each other where a profile opens the window."""
    talk = Talk({"calls": conference(UP), "ringing": ringing(RINGS)}).online()
    for order in (1, -1):
        waiting = [action for action in talk.driver.due("look") if isinstance(action, Send)]
        for send in waiting[::order]:
            said = list(talk.driver.received(reply(talk.said[send.tag.what]), send.tag))  # type: ignore[attr-defined]
        assert calls(said) == (OUT, IN)


def test_a_volume_that_another_hand_changed_is_not_a_proof() -> None:
    talk = Talk({"audio": b'{"volume":39,"muted":false}'}).online()
    request, _ = talk.ask(SetVolume(50))
    assert Taken(request) in talk.next(reply({"success": True}))
    assert Feedback("", volume=39, mic_muted=False) in talk.looks()  # the house sees that it is not 50
