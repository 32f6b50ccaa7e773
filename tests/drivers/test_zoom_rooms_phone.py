"""Telephone calls of the Zoom Rooms driver: out, in, beside a meeting, and the tones that go into them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drivers.zoom import words
from drivers.zoom.rooms import TAKEN_OVER, Ask, ZoomRooms
from gateway.commands import Answer, Command, Dial, HangUp, Reject, SendDtmf
from gateway.driver import Action, Done, Feedback, Later, Offers, Refused, Request, Send, Taken
from gateway.model import Call
from tests.drivers.test_zoom_rooms import LOST, PHONE, TAKEN, ask, feed, say, sent, up


def phone_event(status: str, call: str = "7", **more: Any) -> bytes:
    fields = {"CallId": call, "IsIncomingCall": False, "PeerDisplayName": "", "PeerNumber": PHONE, "PeerUri": ""}
    return say("zEvent", "PhoneCallStatus", {**fields, **more, "Status": f"PhoneCallStatus_{status}"})


def phone_end(reason: str, call: str = "7") -> bytes:
    return say("zEvent", "PhoneCallTerminated", {"CallId": call, "Reason": f"PhoneCallTerminateReason_{reason}"})


def shown(driver: ZoomRooms) -> list[tuple[str, str, str]]:
    return [(call.id, call.direction, call.state) for call in driver.calls.shown() or ()]


def order(driver: ZoomRooms, identity: str, command: Command) -> tuple[Request, list[Action]]:
    """A command with an id of its own, where one test gives the same twice."""
    request = Request(identity, command)
    return request, list(driver.command(request))


def tags(actions: list[Action]) -> list[Any]:
    return [action.tag for action in actions if isinstance(action, Send)]


OK = say("zCommand", "x", {}, sync=True)
NONE = say("zCommand", "PhoneCallListResult", [], sync=True)


def row(status: str, call: str = "7", **more: Any) -> dict[str, Any]:
    return {"CallId": call, "Status": f"PhoneCallStatus_{status}", "PeerNumber": PHONE, **more}


def listing(*rows: Any) -> bytes:
    return say("zCommand", "PhoneCallListResult", list(rows), sync=True)


def test_a_telephone_call_from_the_first_to_the_last() -> None:
    driver = up()
    request, actions = ask(driver, Dial("tel:+1 (555) 123-4567"))
    assert sent(actions) == [b"zCommand Dial PhoneCallOut Number: +15551234567"]
    assert feed(driver, say("zCommand", "x", {}, sync=True), Ask("", request)) == [Taken(request)]
    actions = feed(driver, phone_event("Init"))
    call = Call("phone-7", "out", "dialling", "", PHONE, "pstn", "audio")
    assert actions == [Done(request), Feedback("", calls=(call,))]
    for status, state in (("Ringing", "ringing"), ("Accepted", "connecting"), ("InCall", "connected")):
        feed(driver, phone_event(status))
        assert shown(driver) == [("phone-7", "out", state)]
    assert driver.toned
    request, actions = ask(driver, HangUp())
    assert sent(actions) == [b"zCommand Dial PhoneHangUp CallId: 7"]
    actions = feed(driver, phone_end("ByLocal"))
    ended = replace(call, state="ended", reason="ended in the room")
    assert actions[:2] == [Feedback("", calls=(ended,)), Feedback("", calls=())]  # history and panels see why
    assert isinstance(actions[2], Offers) and SendDtmf not in actions[2].commands  # a meeting takes no tones
    assert actions[3] == Done(request)


def test_a_telephone_call_beside_a_meeting_is_ended_alone_or_with_it() -> None:
    driver = up()
    feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    feed(driver, phone_event("InCall"))
    assert sent(ask(driver, HangUp("phone-7"))[1]) == [b"zCommand Dial PhoneHangUp CallId: 7"]
    both = [b"zCommand Call Disconnect", b"zCommand Dial PhoneHangUp CallId: 7"]
    assert sent(ask(driver, HangUp())[1]) == both


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (phone_end("ByInitAudioDeviceFailed"), "this Zoom Room is not set up for telephone calls"),
        (phone_event("CallOutFailed"), "the telephone call failed"),
        (phone_event("NotFound"), "the telephone call ended"),
    ],
)
def test_a_telephone_call_that_never_came(told: bytes, why: str) -> None:
    driver = up()
    request, _ = ask(driver, Dial(PHONE))
    second, actions = ask(driver, Dial("+15550000000"))
    assert actions == [Refused(second, "another telephone number is being dialled")]
    assert feed(driver, told)[0] == Refused(request, why)
    assert isinstance(ask(driver, Dial("not a number", kind="audio"))[1][0], Refused)


def test_a_telephone_that_calls_can_be_turned_away_and_not_answered() -> None:
    driver = up()
    feed(driver, phone_event("Incoming", IsIncomingCall=True))
    assert shown(driver) == [("phone-7", "in", "ringing")]
    request, actions = ask(driver, Answer())
    assert actions == [Refused(request, "a Zoom Room's telephone call can only be answered at the room")]
    request, actions = ask(driver, Reject())
    assert sent(actions) == [b"zCommand Dial PhoneHangUp CallId: 7"]
    assert Done(request) in feed(driver, phone_end("ByLocal"))


def test_telephone_calls_are_listed_after_a_lost_link() -> None:
    driver = up()
    rows = [{"CallId": "9", "Status": "PhoneCallStatus_InCall", "PeerNumber": PHONE}]
    feed(driver, say("zCommand", "PhoneCallListResult", rows, sync=True), Ask(words.PHONES))
    assert shown(driver) == [("phone-9", "out", "connected")]
    feed(driver, say("zCommand", "PhoneCallListResult", [], sync=True), Ask(words.PHONES))
    assert shown(driver) == []
    assert feed(driver, b"Unsupported Command\r\n", Ask(words.PHONES)) == []


# ---- the dial and its call -----------------------------------------------------------------------------------------


def test_a_number_the_room_never_speaks_of_blocks_no_later_one_for_ever() -> None:
    driver = up()
    order(driver, "1", Dial(PHONE))
    driver.now = Dial.patience - 1
    second, actions = order(driver, "2", Dial("+15550000000"))
    assert actions == [Refused(second, "another telephone number is being dialled")]
    driver.now = Dial.patience
    third, actions = order(driver, "3", Dial("+15550000000"))
    assert sent(actions) == [b"zCommand Dial PhoneCallOut Number: +15550000000"]
    assert Done(third) in feed(driver, phone_event("Init"))


def test_a_number_being_dialled_is_given_up_when_a_controller_takes_the_room() -> None:
    driver = up()
    request, actions = order(driver, "1", Dial(PHONE))
    (tag,) = tags(actions)
    assert Refused(request, TAKEN_OVER) in feed(driver, TAKEN.wire)
    assert feed(driver, LOST.wire, tag) == [Later(1.0, "again")]
    assert b"PhoneCallOut" not in b"".join(sent(list(driver.due("again"))))  # refused is refused: it is not dialled
    _, actions = order(driver, "2", Dial(PHONE))
    assert len(sent(actions)) == 1


def test_a_number_that_was_given_up_is_refused_once() -> None:
    driver = up()
    request, actions = order(driver, "1", Dial(PHONE))
    assert Refused(request, TAKEN_OVER) in feed(driver, TAKEN.wire)
    assert feed(driver, b"Unsupported Command\r\n", tags(actions)[0]) == []


def test_a_number_that_fetches_the_room_back_is_dialled_once_it_is_back() -> None:
    driver = up()
    feed(driver, TAKEN.wire)
    _, actions = order(driver, "1", Dial(PHONE))
    feed(driver, LOST.wire, tags(actions)[0])
    assert sent(list(driver.due("again")))[0] == b"zCommand Dial PhoneCallOut Number: +15551234567"
    feed(driver, TAKEN.wire)  # and the controller takes it again while that waits
    assert not driver.calls.phones.dialled


def test_a_held_number_is_not_dialled_after_a_second_loss() -> None:
    driver = up()
    feed(driver, TAKEN.wire)
    request, actions = order(driver, "1", Dial(PHONE))
    feed(driver, LOST.wire, tags(actions)[0])
    assert Refused(request, TAKEN_OVER) in feed(driver, TAKEN.wire)
    assert b"PhoneCallOut" not in b"".join(sent(list(driver.due("again"))))


@pytest.mark.parametrize(
    "told",
    [
        phone_event("InCall", "3"),  # was there before
        phone_event("Incoming", "8", IsIncomingCall=True),
        phone_event("InCall", "4"),  # ended just before
    ],
)
def test_only_a_new_outgoing_call_confirms_a_dial(told: bytes) -> None:
    driver = up()
    feed(driver, phone_event("InCall", "3"))
    feed(driver, phone_event("InCall", "4"))
    feed(driver, phone_end("ByRemote", "4"))
    request, _ = ask(driver, Dial(PHONE))
    assert Done(request) not in feed(driver, told)
    assert Done(request) in feed(driver, phone_event("Init", "9"))


def test_an_incoming_call_stays_one_where_a_later_word_does_not_say_so() -> None:
    driver = up()
    feed(driver, phone_event("Incoming", "8", IsIncomingCall=True))
    request, _ = ask(driver, Dial(PHONE))
    for told in (row("InCall", "8"), row("Incoming", "5")):
        assert Done(request) not in feed(driver, say("zEvent", "PhoneCallStatus", told))
    assert shown(driver) == [("phone-8", "in", "connected"), ("phone-5", "in", "ringing")]


def test_only_the_end_of_a_new_call_refuses_a_dial() -> None:
    driver = up()
    feed(driver, phone_event("InCall", "3"))
    feed(driver, phone_end("ByRemote", "3"))
    request, _ = ask(driver, Dial(PHONE))
    feed(driver, phone_event("Incoming", "4", IsIncomingCall=True))
    for told in (
        phone_end("ByRemote", "3"),  # once more, of the call that just ended
        phone_event("Terminated", "3"),
        phone_end("ByRemote", "4"),  # of a call that was shown
        phone_event("Terminated", "4"),
        say("zEvent", "PhoneCallTerminated", {"CallId": "5", "IsIncomingCall": True}),
    ):
        assert not [action for action in feed(driver, told) if isinstance(action, Refused)]
    assert Refused(request, "the telephone call failed") in feed(driver, phone_event("CallOutFailed", "6"))
    request, _ = ask(driver, Dial(PHONE))
    assert not [action for action in feed(driver, phone_end("ByLocal", "6")) if isinstance(action, Refused)]


@pytest.mark.parametrize("reason", [0, "0", None, "", "None", "PhoneCallTerminateReason_None"])
def test_no_reason_ends_no_call(reason: Any) -> None:
    driver = up()
    feed(driver, phone_event("InCall", Reason=reason))
    assert shown(driver) == [("phone-7", "out", "connected")]
    feed(driver, say("zEvent", "PhoneCallStatus", {"CallId": "7", "Reason": reason}))
    assert shown(driver) == [("phone-7", "out", "connected")]
    actions = feed(driver, say("zEvent", "PhoneCallTerminated", {"CallId": "7", "Reason": reason}))  # the event says it
    assert [(call.state, call.reason) for call in actions[0].points["calls"]] == [("ended", "the telephone call ended")]  # type: ignore[union-attr]


@pytest.mark.parametrize("address", ["TEL:+1-555-123-4567", "Tel:15551234567", " tel:+15551234567"])
def test_tel_in_any_letters(address: str) -> None:
    _, actions = ask(up(), Dial(address))
    assert sent(actions)[0].startswith(b"zCommand Dial PhoneCallOut Number: ")


@pytest.mark.parametrize("call", ["7\r\nzCommand Call Leave", "7 8", "\ud800"])
def test_a_call_whose_id_cannot_stand_in_a_line(call: str) -> None:
    driver = up()
    feed(driver, phone_event("InCall", call))
    for command in (HangUp(), HangUp(f"phone-{call}"), SendDtmf("1")):
        request, actions = ask(driver, command)
        assert actions == [Refused(request, words.UNSENDABLE)]
    driver = up()
    feed(driver, TAKEN.wire)
    request, actions = ask(driver, HangUp(f"phone-{call}"))
    assert actions == [Refused(request, words.UNSENDABLE)]


# ---- ghosts, and what a controller hides ---------------------------------------------------------------------------


def test_the_poll_asks_for_telephone_calls_while_some_are_shown() -> None:
    driver = up()
    assert words.PHONES.encode() not in sent(list(driver.due("poll")))
    feed(driver, phone_event("InCall"))
    assert words.PHONES.encode() in sent(list(driver.due("poll")))
    actions = feed(driver, NONE, Ask(words.PHONES))  # its end was missed
    assert actions[0] == Feedback("", calls=()) and shown(driver) == []
    assert words.PHONES.encode() not in sent(list(driver.due("poll")))
    request, _ = ask(driver, Dial(PHONE))
    assert words.PHONES.encode() in sent(list(driver.due("poll")))  # its first word may be missed, too
    assert Done(request) in feed(driver, listing(row("Ringing", "9")), Ask(words.PHONES))


def test_a_room_without_that_list_is_not_asked_again() -> None:
    driver = up()
    assert feed(driver, b"Unsupported Command\r\n", Ask(words.PHONES)) == []
    feed(driver, phone_event("InCall"))
    assert words.PHONES.encode() not in sent(list(driver.due("poll")))


@pytest.mark.parametrize("rows", ["7", {"CallId": "7"}, [{"callID_": "7"}], ["7"], [None]])
def test_a_list_in_another_form_ends_nothing(rows: Any) -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    feed(driver, say("zCommand", "PhoneCallListResult", rows, sync=True), Ask(words.PHONES))
    assert shown(driver) == [("phone-7", "out", "connected")]


def test_a_telephone_that_calls_rings_out_by_itself() -> None:
    driver = up()
    actions = feed(driver, phone_event("Incoming", IsIncomingCall=True))
    (ring,) = [action for action in actions if isinstance(action, Later)]
    assert ring.seconds == 60
    assert Later(60, ring.name) in feed(driver, listing(row("Incoming")), Ask(words.PHONES))  # it rings still
    assert next(iter(driver.due(ring.name))) == Feedback("", calls=())
    feed(driver, phone_event("Incoming", IsIncomingCall=True))
    feed(driver, phone_event("InCall"))
    list(driver.due(ring.name))
    assert shown(driver) == [("phone-7", "in", "connected")]


def test_a_hang_up_with_a_controller_in_the_room_ends_the_telephone_calls_it_finds() -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    feed(driver, TAKEN.wire)
    request, actions = ask(driver, HangUp())
    (tag,) = tags(actions)
    feed(driver, LOST.wire, tag)
    again = list(driver.due("again"))
    assert sent(again)[:2] == [b"zCommand Call Disconnect", b"zCommand PhoneCall List"]
    no = say("zCommand", "x", {}, sync=True, error="not in a meeting")
    said = feed(driver, no, tags(again)[0])  # that is no answer yet: a telephone call may go on
    assert not [action for action in said if isinstance(action, Refused | Done)]
    said = feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}, sync=True), Ask(words.CALL))
    assert Done(request) not in said
    said = feed(driver, listing(row("InCall")), Ask(words.PHONES))
    assert sent(said) == [b"zCommand Dial PhoneHangUp CallId: 7"] and Done(request) not in said
    assert Done(request) in feed(driver, phone_end("ByLocal"))


def test_a_telephone_call_is_hung_up_by_its_id_while_a_controller_has_the_room() -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    feed(driver, TAKEN.wire)
    request, actions = ask(driver, HangUp("phone-7"))
    assert sent(actions) == [b"zCommand Dial PhoneHangUp CallId: 7"]  # and no meeting is left for it
    assert Done(request) not in feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))
    assert Done(request) in feed(driver, phone_end("ByLocal"))
    request, actions = ask(driver, HangUp("ring-1"))
    assert actions == [Refused(request, "there is no such call")]


def test_a_room_that_lists_no_telephone_calls_confirms_no_blind_hang_up() -> None:
    driver = up()
    feed(driver, TAKEN.wire)
    request, actions = ask(driver, HangUp())
    feed(driver, LOST.wire, tags(actions)[0])
    feed(driver, b"Unsupported Command\r\n", Ask(words.PHONES))
    assert Done(request) not in feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))
    feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    request, actions = order(driver, "2", HangUp())  # of what is shown it is proved as ever
    assert Done(request) in feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))


def test_a_controller_that_has_left_by_itself() -> None:
    driver = up()
    feed(driver, TAKEN.wire)
    request, actions = ask(driver, HangUp())
    said = feed(driver, OK, tags(actions)[0])
    assert Taken(request) in said and words.PHONES.encode() in sent(said)
    assert sent(list(driver.due("poll")))  # the room is ours again, and is looked at
