"""Telephone calls of the Zoom Rooms driver: out, in, beside a meeting, and the tones that go into them."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.zoom import words
from drivers.zoom.rooms import Ask, ZoomRooms
from gateway.commands import Answer, Dial, HangUp, Reject, SendDtmf
from gateway.driver import Done, Feedback, Later, Offers, Refused, Send, Taken
from gateway.model import Call
from tests.drivers.test_zoom_rooms import PHONE, ask, feed, say, sent, up


def phone_event(status: str, call: str = "7", **more: Any) -> bytes:
    fields = {"CallId": call, "IsIncomingCall": False, "PeerDisplayName": "", "PeerNumber": PHONE, "PeerUri": ""}
    return say("zEvent", "PhoneCallStatus", {**fields, **more, "Status": f"PhoneCallStatus_{status}"})


def phone_end(reason: str, call: str = "7") -> bytes:
    return say("zEvent", "PhoneCallTerminated", {"CallId": call, "Reason": f"PhoneCallTerminateReason_{reason}"})


def shown(driver: ZoomRooms) -> list[tuple[str, str, str]]:
    return [(call.id, call.direction, call.state) for call in driver.calls.shown() or ()]


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
    assert actions[0] == Feedback("", calls=()) and actions[2] == Done(request)
    assert isinstance(actions[1], Offers) and SendDtmf not in actions[1].commands  # a meeting takes no tones


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


def test_tones_go_one_by_one_with_their_pauses_and_are_hidden() -> None:
    driver = up()
    request, actions = ask(driver, SendDtmf("1,2"))
    assert actions == [Refused(request, "only a telephone call takes tones, and none is connected")]
    feed(driver, phone_event("InCall"))
    request, actions = ask(driver, SendDtmf("1,2"))
    (send,) = [action for action in actions if isinstance(action, Send)]
    assert send.data == b"zCommand SendSipDTMF CallId: 7 Key: 1\r\n" and send.hide == ("Key: 1",)
    taken = say("zCommand", "x", {}, sync=True)
    assert feed(driver, taken, send.tag) == [Later(2.0, "tones")]
    (send,) = [action for action in driver.due("tones") if isinstance(action, Send)]
    assert feed(driver, taken, send.tag) == [Taken(request)]
    request, actions = ask(driver, SendDtmf("34"))
    (send,) = [action for action in actions if isinstance(action, Send)]
    no = say("zCommand", "x", {}, sync=True, error="no such call")
    assert feed(driver, no, send.tag) == [Refused(request, "no such call")]
    request, actions = ask(driver, SendDtmf("56"))
    assert feed(driver, phone_end("ByRemote"))[0] == Refused(request, "the telephone call ended")
    assert not driver.calls.phones.tones


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
