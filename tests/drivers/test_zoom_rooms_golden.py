"""The Zoom Rooms driver word by word: every line it can send, and what it makes of every answer and event it knows."""

from __future__ import annotations

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
from gateway.driver import Feedback
from tests.drivers.golden import Golden
from tests.drivers.test_zoom_rooms import CLI, FACTS, REFERENCE, ask, feed, say, sent, up

PEPPER = "PepperDash Essentials ZoomRoom, "
ICD = "ICD Connect Conferencing Zoom, "
BUNCH = "bunchtogether zoom-rooms-control-system, "
DEVFORUM = "devforum.zoom.us/t/3244 (JSON mode), "

IN_MEETING = say("zStatus", "Call", {"Status": "IN_MEETING"})
RINGS = say("zEvent", "IncomingCallIndication", {"callerJID": "caller@xmpp.zoom.us", "callerName": "Alice"})
PHONE = say("zEvent", "PhoneCallStatus", {"CallId": "1", "IsIncomingCall": False, "Status": "PhoneCallStatus_InCall"})

SENT: list[tuple[Command, bytes, Golden]] = [
    (
        Join("zoom", "93412345678"),
        b"",
        Golden(b"zCommand Dial Join meetingNumber: 93412345678", "join", REFERENCE + "zCommand"),
    ),
    (
        Join("zoom", "93412345678", passcode="123456"),
        b"",
        Golden(b"zCommand Dial Join meetingNumber: 93412345678 password: 123456", "passcode", CLI + "zCommands"),
    ),
    (SetMicMute(True), b"", Golden(b"zConfiguration Call Microphone Mute: on", "mute", FACTS + "PrivacyModeOn")),
    (SetMicMute(False), b"", Golden(b"zConfiguration Call Microphone Mute: off", "unmute", FACTS + "PrivacyModeOff")),
    (SetVideoMute(True), b"", Golden(b"zConfiguration Call Camera Mute: on", "no picture", FACTS + "CameraMuteOn")),
    (SetVideoMute(False), b"", Golden(b"zConfiguration Call Camera Mute: off", "picture", FACTS + "CameraMuteOff")),
    (SetVolume(40), b"", Golden(b"zConfiguration Audio Output volume: 40", "volume", FACTS + "SetVolume")),
    (Share(), b"", Golden(b"zCommand Call Sharing HDMI Start", "share", FACTS + "StartSharing")),
    (
        StopShare(),
        b"",
        Golden(b"zCommand Call Sharing HDMI Stop", "end the share", REFERENCE + "zCommand Call Sharing HDMI"),
    ),
    (ListBookings(), b"", Golden(b"zCommand Bookings List", "calendar", FACTS + "bookings_list")),
    (Search("ann"), b"", Golden(b"zCommand Phonebook List Offset: 0 Limit: 100", "contacts", PEPPER + "phonebook")),
    (
        Answer(),
        RINGS,
        Golden(b"zCommand Call Accept callerJID: caller@xmpp.zoom.us", "answer", CLI + "zCommands"),
    ),
    (
        Reject(),
        RINGS,
        Golden(b"zCommand Call Reject callerJID: caller@xmpp.zoom.us", "turn away", CLI + "zCommands"),
    ),
    (HangUp(), IN_MEETING, Golden(b"zCommand Call Disconnect", "end the meeting", CLI + "zCommands")),
    (
        Dial("+15551234567"),
        b"",
        Golden(b"zCommand Dial PhoneCallOut Number: +15551234567", "telephone", PEPPER + "DialPhoneCall"),
    ),
    (HangUp(), PHONE, Golden(b"zCommand Dial PhoneHangUp CallId: 1", "its end", PEPPER + "EndPhoneCall")),
    (SendDtmf("5"), PHONE, Golden(b"zCommand SendSipDTMF CallId: 1 Key: 5", "a tone", PEPPER + "SendDtmfToPhone")),
]
LEAVE = Golden(b"zCommand Call Leave", "leave and let the others go on", CLI + "zCommands")
ASKED = [
    Golden(b"echo off", "no echo", CLI + "overview"),
    Golden(b"format json", "JSON mode", CLI + "overview"),
    Golden(b"zStatus SystemUnit", "what is this room", CLI + "zStatus"),
    Golden(b"zStatus Call Status", "is it in a meeting", CLI + "zStatus"),
    Golden(b"zStatus Sharing", "is HDMI shown", CLI + "zStatus"),
    Golden(b"zConfiguration Call Microphone Mute", "are the microphones muted", CLI + "zConfiguration"),
    Golden(b"zConfiguration Call Camera Mute", "is the picture off", CLI + "zConfiguration"),
    Golden(b"zConfiguration Audio Output volume", "how loud", CLI + "zConfiguration"),
    Golden(b"zCommand Call ListParticipants", "who is there", CLI + "zCommands"),
    Golden(b"zCommand PhoneCall List", "which telephone calls", BUNCH + "zcommand.phonecall.list"),
]


@pytest.mark.parametrize(("command", "before", "golden"), SENT)
def test_golden_commands(command: Command, before: bytes, golden: Golden) -> None:
    driver = up()
    feed(driver, before)
    assert sent(ask(driver, command)[1]) == [golden.wire]


def test_leaving_instead_of_ending() -> None:
    driver = up(hang_up="leave")
    feed(driver, IN_MEETING)
    assert sent(ask(driver, HangUp())[1]) == [LEAVE.wire]


def test_no_line_is_without_its_source() -> None:
    golden = {LEAVE.wire, *(one.wire for one in ASKED), *(one.wire for _, _, one in SENT)}
    assert golden == {line.encode() for line in ZoomRooms.lines()}


@pytest.mark.parametrize(
    ("kind", "key", "told", "points", "source"),
    [
        ("zConfiguration", "Call", {"Microphone": {"Mute": True}}, {"mic_muted": True}, FACTS + "Call"),
        ("zConfiguration", "Call", {"Camera": {"Mute": "off"}}, {"video_muted": False}, FACTS + "Call"),
        ("zConfiguration", "Audio", {"Output": {"volume": "100"}}, {"volume": 100}, FACTS + "Audio"),
        ("zConfiguration", "Audio", {"Output": {"volume": 101}}, {"volume": None}, FACTS + "Audio"),
        (
            "zEvent",
            "SharingState",
            {"state": "Receiving"},
            {"sharing": "receiving", "share_source": None},
            PEPPER + "SharingState",
        ),
        (
            "zStatus",
            "Sharing",
            {"isSharingBlackMagic": "on"},
            {"sharing": "preview", "share_source": "hdmi"},
            PEPPER + "Sharing",
        ),
        ("zCommand", "ListParticipantsResult", [{}, {}], {"participants": 2}, DEVFORUM + "lists"),
        (
            "zStatus",
            "SystemUnit",
            {"room_info": {"room_name": "Atrium"}, "room_version": "6.1.0"},
            {"name": "Atrium", "firmware": "6.1.0", "model": "Zoom Rooms"},
            PEPPER + "SystemUnit",
        ),
    ],
)
def test_what_it_tells(kind: str, key: str, told: Any, points: dict[str, Any], source: str) -> None:
    golden = Golden(say(kind, key, told), key, source)
    assert feed(up(), golden.wire) == [Feedback("", **points)]


@pytest.mark.parametrize(
    ("key", "told", "calls", "source"),
    [
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_Init"}, ["dialling"], ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_Ringing"}, ["ringing"], ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_InCall"}, ["connected"], ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_Incoming"}, ["ringing"], ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_Accepted"}, ["connecting"], PEPPER + "ePhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_None"}, None, ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_NotFound"}, [], ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_CallOutFailed"}, [], ICD + "eZoomPhoneCallStatus"),
        ("PhoneCallStatus", {"Status": "PhoneCallStatus_Terminated"}, [], PEPPER + "ePhoneCallStatus"),
        (
            "PhoneCallTerminated",
            {"Reason": "PhoneCallTerminateReason_ByLocal"},
            [],
            ICD + "ZoomPhoneCallTerminatedReasonConverter",
        ),
    ],
)
def test_what_it_tells_of_telephones(key: str, told: Any, calls: list[str] | None, source: str) -> None:
    driver = up()
    start = say("zEvent", "PhoneCallStatus", {"CallId": "1", "Status": "PhoneCallStatus_Ringing"})
    feed(driver, start)
    golden = Golden(say("zEvent", key, {"CallId": "1", **told}), key, source)
    feed(driver, golden.wire)
    shown = [call.state for call in driver.calls.shown() or ()]
    assert shown == (["ringing"] if calls is None else calls)


def test_a_list_is_an_answer_to_its_question() -> None:
    rows = [{"CallId": "1", "Status": "PhoneCallStatus_InCall"}]
    golden = Golden(
        say("zCommand", "PhoneCallListResult", rows, sync=True), "calls", DEVFORUM + "lists; rows as PEPPER"
    )
    driver = up()
    feed(driver, golden.wire, Ask(words.PHONES))
    assert [call.id for call in driver.calls.shown() or ()] == ["phone-1"]
