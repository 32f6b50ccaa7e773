"""The Zoom Rooms driver, question by question, with golden bytes; and the session that a controller takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.zoom import words
from drivers.zoom.rooms import Ask, ZoomRooms
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    Join,
    ListBookings,
    Reject,
    Search,
    SendDtmf,
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
)
from gateway.driver import Action, Done, Drop, Feedback, Item, Later, More, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Call, Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden

NUMBER = "93412345678"
PHONE = "+15551234567"


def ring(sim: Any) -> None:
    sim.incoming_call()


async def meet(sim: Any) -> None:
    """A meeting begins in the room."""
    sim.touch_join(NUMBER)
    await sim.until(lambda: sim.status == "IN_MEETING")


async def phone(sim: Any) -> None:
    """A telephone call in the room, that somebody there has taken."""
    sim.incoming_phone()
    sim.phone_answers()
    await known(sim)


async def known(sim: Any) -> None:
    """What was pushed has been heard: with one question at a time, the second from now on is asked after it."""
    asked = sim.obeyed
    await sim.until(lambda: sim.obeyed >= asked + 2)


async def ring_and_be_heard(sim: Any) -> None:
    ring(sim)
    await known(sim)


async def meet_and_be_heard(sim: Any) -> None:
    await meet(sim)
    await known(sim)


CASE = Case(
    driver=ZoomRooms,
    simulator="zoom_rooms",
    links=("ssh",),
    simulator_settings={"speed": 20, "password": "right"},
    settings={"password": "right", "poll": 0.3, "reconnect": 0.1, "page": 300},
    commands=[
        Do(SetVolume(70), seen=lambda sim: sim.volume == 70),
        Do(SetMicMute(True), seen=lambda sim: sim.mic_muted),
        Do(SetVideoMute(True), seen=lambda sim: sim.camera_muted),
        Do(Dial(NUMBER), seen=lambda sim: sim.number == NUMBER),
        Do(Dial("+1 555 123 4567"), seen=lambda sim: [call["PeerNumber"] for call in sim.phones.values()] == [PHONE]),
        Do(SendDtmf("12#"), seen=lambda sim: sim.tones == "12#", before=phone, outcome="assumed"),
        Do(HangUp(), seen=lambda sim: not sim.phones, before=phone),
        Do(Join("zoom", NUMBER, passcode="123456"), seen=lambda sim: sim.number == NUMBER),
        Do(Answer(), seen=lambda sim: sim.status != "NOT_IN_MEETING", before=ring_and_be_heard),
        Do(Reject(), seen=lambda sim: not sim.ringing, before=ring_and_be_heard),
        Do(HangUp(), seen=lambda sim: sim.status == "NOT_IN_MEETING", before=meet_and_be_heard),
        Do(Share(), seen=lambda sim: sim.hdmi),
        Do(StopShare(), seen=lambda sim: not sim.hdmi),
        Do(ListBookings()),
        Do(Search("00001")),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(12), shows={"volume": 12}),
        Hand(do=lambda sim: sim.touch_mic_mute(True), shows={"mic_muted": True}),
        Hand(do=lambda sim: sim.touch_video_mute(True), shows={"video_muted": True}),
        Hand(do=lambda sim: sim.touch_share(True), shows={"sharing": "preview"}),
        Hand(do=ring, shows={"calls": lambda calls: [one.state for one in calls] == ["ringing"]}),
        Hand(do=meet, shows={"participants": 2}, pushed=False),
    ],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong-one"}},
)

CLI = "Zoom Rooms Control System API 1.1 (developers.zoom.us/docs/rooms/cli), "
REFERENCE = "Zoom Rooms Control System API Reference Version 1 (zrcsapi_ref), "
FACTS = "PlaceOS drivers zoom/zr_csapi and PepperDash Essentials ZoomRoom, "

GREETING = Golden(b"*r Login successful\r\nOK\r\n", "logged in", FACTS + "received")
TAKEN = Golden(b"*e Pipe OtherControllerLogin\r\n** end\r\n", "a controller took over", CLI + "zEvents")
LOST = Golden(b"*e Pipe Reconnecting\r\n** end\r\n", "not carried out", CLI + "zEvents")


def say(kind: str, key: str, told: Any, *, sync: bool = False, error: str = "") -> bytes:
    state = {"message": error, "state": "Error" if error else "OK"}
    whole = {key: told, "Status": state, "Sync": sync, "topKey": key, "type": kind}
    return json.dumps(whole, indent=2).encode() + b"\r\n"


def feed(driver: ZoomRooms, data: bytes, tag: Any = None) -> list[Action]:
    """What the driver makes of bytes; `tag` is that of the oldest question."""
    cut = words.Shell()
    return [
        action
        for message in cut.start()(data)
        for action in driver.received(message, tag if cut.answers(message) else None)
    ]


def up(**more: Any) -> ZoomRooms:
    driver = ZoomRooms(ZoomRooms.Settings(**more))
    list(driver.opened())
    feed(driver, GREETING.wire)
    feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}, sync=True), Ask(words.CALL))
    assert driver.ready
    return driver


def ask(driver: ZoomRooms, command: Command) -> tuple[Request, list[Action]]:
    request = Request("1", command)
    return request, list(driver.command(request))


def sent(actions: list[Action]) -> list[bytes]:
    return [action.data.strip() for action in actions if isinstance(action, Send)]


def test_coming_up() -> None:
    driver = ZoomRooms()
    assert feed(driver, b"ZAAPI\r\n") == []
    actions = feed(driver, GREETING.wire)
    assert sent(actions)[:4] == [b"echo off", b"format json", b"zStatus SystemUnit", b"zCommand PhoneCall List"]
    assert all(isinstance(action, Send) and action.data.endswith(b"\r\n") for action in actions)
    actions = feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}, sync=True), Ask(words.CALL))
    assert Feedback("", calls=(Call("meeting", "out", "connected", protocol="zoom", kind="video"),)) in actions
    assert Ready() in actions
    assert any(isinstance(action, Offers) for action in actions)
    assert list(ZoomRooms.lines())


def test_another_control_system_is_there() -> None:
    driver = ZoomRooms()
    (action,) = feed(driver, b"*e Connection rejected\r\n")
    assert isinstance(action, Drop) and action.reason is Reason.CONNECTION_REFUSED


def test_a_setting_is_taken_by_its_answer_and_asked_for_again() -> None:
    driver = up()
    request, actions = ask(driver, SetVolume(40))
    (send,) = [action for action in actions if isinstance(action, Send)]
    answer = say("zConfiguration", "Audio", {"Output": {"volume": 40}}, sync=True)
    actions = feed(driver, answer, send.tag)
    assert actions[0] == Taken(request) and sent(actions) == [words.VOLUME.encode()]
    assert feed(driver, answer, Ask(words.VOLUME)) == [Feedback("", volume=40)]
    refusal = say("zConfiguration", "Audio", {}, sync=True, error="not allowed")
    assert feed(driver, refusal, send.tag) == [Refused(request, "not allowed")]
    assert feed(driver, b"Unsupported Command\r\n", send.tag) == [Refused(request, "Unsupported Command")]


def test_join_with_a_passcode_that_nobody_sees() -> None:
    driver = up()
    request, actions = ask(driver, Join("zoom", "934 1234 5678", passcode="123456"))
    (send,) = [action for action in actions if isinstance(action, Send)]
    assert send.data == b"zCommand Dial Join meetingNumber: 93412345678 password: 123456\r\n"
    assert send.hide == ("123456",)
    assert Taken(request) in feed(driver, say("zCommand", "DialJoinResult", {}, sync=True), send.tag)
    actions = feed(driver, say("zStatus", "Call", {"Status": "CONNECTING_MEETING"}))
    assert Done(request) in actions
    call = Call("meeting", "out", "connecting", "", NUMBER, "zoom", "video")
    assert Feedback("", calls=(call,)) in actions
    assert isinstance(ask(driver, Join("zoom", NUMBER))[1][0], Refused)


@pytest.mark.parametrize(
    ("event", "told", "why"),
    [
        ("MeetingNeedsPassword", {"needsPassword": True, "wrongAndRetry": True}, "the passcode is wrong"),
        ("MeetingNeedsPassword", {"needsPassword": True, "wrongAndRetry": False}, "the meeting wants a passcode"),
        ("CallConnectError", {"error_code": 1, "error_message": "no such meeting"}, "no such meeting"),
    ],
)
def test_a_meeting_that_does_not_take_us(event: str, told: Any, why: str) -> None:
    driver = up()
    request, _ = ask(driver, Join("zoom", NUMBER))
    assert Refused(request, why) in feed(driver, say("zEvent", event, told))


def test_what_came_true_is_not_refused_afterwards() -> None:
    driver = up()
    request, actions = ask(driver, Join("zoom", NUMBER))
    (send,) = [action for action in actions if isinstance(action, Send)]
    assert Done(request) in feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    assert feed(driver, say("zCommand", "x", {}, sync=True, error="in a meeting already"), send.tag) == []
    assert feed(driver, LOST.wire, send.tag) == [Later(1.0, "again")]
    assert b"Dial Join" not in b"".join(sent(list(driver.due("again"))))  # nor is it done a second time


def test_a_meeting_that_turns_away_ends_for_a_reason() -> None:
    driver = up()
    feed(driver, say("zStatus", "Call", {"Status": "CONNECTING_MEETING"}))
    feed(driver, say("zEvent", "CallConnectError", {"error_code": 1, "error_message": "no such meeting"}))
    actions = feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))
    ended = Call("meeting", "out", "ended", protocol="zoom", kind="video", reason="no such meeting")
    assert actions[:2] == [Feedback("", calls=(ended,)), Feedback("", calls=())]
    told = {"callerJID": "a@xmpp.zoom.us", "callerName": "Alice", "accepted": True}
    feed(driver, say("zEvent", "IncomingCallIndication", told))
    feed(driver, say("zEvent", "TreatedIncomingCallIndication", told))
    feed(driver, say("zEvent", "CallConnectError", {"error_message": "the caller has left"}))
    actions = feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))
    assert [(call.state, call.reason) for call in actions[0].points["calls"]] == [("ended", "the caller has left")]  # type: ignore[union-attr]
    feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    assert feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))[0] == Feedback("", calls=())


@pytest.mark.parametrize("passcode", ["1 2", "1\u2028", "1\x85zCommand", "\ud800"])
def test_a_passcode_that_cannot_stand_in_a_line_is_refused(passcode: str) -> None:
    request, actions = ask(up(), Join("zoom", NUMBER, passcode=passcode))
    assert actions == [Refused(request, "a passcode has no spaces and no control characters")]


@pytest.mark.parametrize("jid", ["a@b\r\nzCommand Call Leave", "a b", "a@b\u2028", "\ud800"])
def test_a_caller_whose_id_cannot_stand_in_a_line_rings_and_cannot_be_taken(jid: str) -> None:
    driver = up()
    feed(driver, say("zEvent", "IncomingCallIndication", {"callerJID": jid, "callerName": "Mallory"}))
    assert [call.name for call in driver.calls.shown() or ()] == ["Mallory"]
    for command in (Answer(), Reject(), HangUp()):
        request, actions = ask(driver, command)
        assert actions == [Refused(request, words.UNSENDABLE)]


@pytest.mark.parametrize(
    "address",
    [
        "bob@example.com",
        "12",
        "15551234567890",
        "\u0669" * 10,
        "https://zoom.us/j/" + "\u0669" * 10,
        "1234567890\u0669",
    ],
)
def test_what_is_no_meeting_is_refused(address: str) -> None:
    _, actions = ask(up(), Dial(address))
    assert isinstance(actions[0], Refused)


def test_a_link_is_joined_by_its_number() -> None:
    _, actions = ask(up(), Join("zoom", url=f"https://example.zoom.us/j/{NUMBER}?pwd=abc"))
    assert sent(actions) == [words.join(NUMBER).encode()]


def test_incoming_answered_keeps_its_id() -> None:
    driver = up()
    told = {"callerJID": "a@xmpp.zoom.us", "callerName": "Alice", "lifeTime": 30}
    actions = feed(driver, say("zEvent", "IncomingCallIndication", told))
    call = Call("meeting", "in", "ringing", "Alice", "a@xmpp.zoom.us", "zoom", "video", answered=False)
    assert actions == [Feedback("", calls=(call,)), Later(30.0, "rung meeting a@xmpp.zoom.us")]
    request, actions = ask(driver, Answer())
    assert sent(actions) == [b"zCommand Call Accept callerJID: a@xmpp.zoom.us"]
    actions = feed(driver, say("zEvent", "TreatedIncomingCallIndication", {**told, "accepted": True}))
    assert Done(request) in actions
    feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    assert [(call.id, call.direction, call.state) for call in driver.calls.shown() or ()] == [
        ("meeting", "in", "connected")
    ]
    request, actions = ask(driver, HangUp())
    assert sent(actions) == [b"zCommand Call Disconnect"]
    assert Done(request) in feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))


def test_incoming_rejected_given_up_and_rung_out() -> None:
    driver = up(hang_up="leave")
    told = {"callerJID": "a@xmpp.zoom.us", "callerName": "Alice", "accepted": False}
    feed(driver, say("zEvent", "IncomingCallIndication", told))
    request, actions = ask(driver, Reject())
    assert sent(actions) == [b"zCommand Call Reject callerJID: a@xmpp.zoom.us"]
    gone = feed(driver, say("zEvent", "TreatedIncomingCallIndication", told))
    assert gone[:2] == [Feedback("", calls=()), Done(request)]
    feed(driver, say("zEvent", "IncomingCallIndication", told))
    assert list(driver.due("rung meeting a@xmpp.zoom.us")) == [Feedback("", calls=())]
    request, actions = ask(driver, Answer())
    assert actions == [Refused(request, "no such call rings")]


@pytest.mark.parametrize("form", [LOST.wire, say("zEvent", "Pipe Reconnecting", {})])
def test_what_only_fetched_the_room_back_is_sent_again_once(form: bytes) -> None:
    driver = up()
    unknown = feed(driver, TAKEN.wire)[0]
    assert isinstance(unknown, Feedback) and set(unknown.points.values()) == {None}
    assert not sent(list(driver.due("poll")))  # a question would take the room away from people
    request, actions = ask(driver, SetVolume(40))
    (send,) = [action for action in actions if isinstance(action, Send)]
    assert feed(driver, form, send.tag) == [Later(1.0, "again")]
    again = [action for action in driver.due("again") if isinstance(action, Send)]
    assert again[0].data == send.data and again[2].data.startswith(b"zStatus Call Status")
    assert feed(driver, form, again[0].tag) == [Refused(request, "a Zoom Rooms controller has the room")]


def test_hang_up_while_a_controller_has_the_room_waits_for_the_truth() -> None:
    driver = up()
    feed(driver, TAKEN.wire)
    request, actions = ask(driver, HangUp())
    assert sent(actions) == [b"zCommand Call Disconnect"]
    assert Done(request) not in feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    assert Done(request) not in feed(driver, say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}))
    none = say("zCommand", "PhoneCallListResult", [], sync=True)
    assert Done(request) in feed(driver, none, Ask(words.PHONES))  # only now is it known that no telephone call goes on


def test_a_call_taken_in_a_meeting_shows_when_that_is_left() -> None:
    driver = up()
    feed(driver, say("zStatus", "Call", {"Status": "IN_MEETING"}))
    told = {"callerJID": "a@xmpp.zoom.us", "callerName": "Alice", "accepted": True}
    feed(driver, say("zEvent", "IncomingCallIndication", told))
    feed(driver, say("zEvent", "TreatedIncomingCallIndication", told))
    for word, shown in (
        ("IN_MEETING", [("meeting", "connected"), ("ring-1", "connecting")]),
        ("NOT_IN_MEETING", [("ring-1", "connecting")]),
        ("CONNECTING_MEETING", [("ring-1", "connecting")]),
        ("IN_MEETING", [("ring-1", "connected")]),
    ):
        feed(driver, say("zStatus", "Call", {"Status": word}))
        assert [(call.id, call.state) for call in driver.calls.shown() or ()] == shown
    assert next(iter(driver.due("accepted"))) == Feedback("", calls=driver.calls.shown())


def test_bookings_and_phonebook() -> None:
    driver = up(page=1)
    request, actions = ask(driver, ListBookings())
    row = {"meetingName": "Secret", "meetingNumber": "186736193", "isPrivate": True, "creatorEmail": "c@example.com"}
    rows = feed(driver, say("zCommand", "BookingsListResult", [row, 3], sync=True), Ask(words.BOOKINGS, request))
    assert isinstance(rows[0], Item) and rows[0].value["title"] == "" and rows[0].value["address"] == "186736193"
    assert rows[0].value["private"] is True and "private" not in (words.booking({**row, "isPrivate": False}) or {})
    assert rows[1:] == [Done(request)]
    request, actions = ask(driver, Search("ann"))
    assert sent(actions) == [b"zCommand Phonebook List Offset: 0 Limit: 1"]
    told = {"Contacts": [{"jid": "1", "screenName": "Annie", "email": "a@example.com"}]}
    rows = feed(driver, say("zCommand", "PhonebookListResult", told, sync=True), Ask("", request))
    found = {"name": "Annie", "address": "a@example.com", "protocol": "zoom", "id": "1"}
    assert rows == [Item(request, found), More(request)]
