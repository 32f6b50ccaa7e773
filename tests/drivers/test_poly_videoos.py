"""The VideoOS driver, question by question, with golden bytes; what it does when nobody answers well."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.polycom.videoos import Look, PolyVideoos
from drivers.polycom.videoos_about import VideoosSettings
from drivers.polycom.videoos_session import COOKIE
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SelectCamera,
    SendDtmf,
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
)
from gateway.driver import (
    Done,
    Drop,
    Feedback,
    HttpReply,
    HttpRequest,
    Item,
    Later,
    More,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from gateway.model import Call, Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden


def ring(sim: Any) -> None:
    sim.incoming_call()


def store(sim: Any) -> None:
    sim.presets = [1]


async def call(sim: Any) -> None:
    sim.incoming_call()
    sim.touch_answer()
    await sim.until(lambda: [one.state for one in sim.calls] == ["CONNECTED"])


CASE = Case(
    driver=PolyVideoos,
    simulator="poly_videoos",
    links=("http",),
    simulator_settings={"speed": 20, "password": "right", "no_answer_seconds": 3000},
    settings={
        "password": "right",
        "poll": 0.2,
        "quick": 0.05,
        "dialling": 0.02,
        "activate": True,
        "stop_share": "deactivate",
    },
    commands=[
        Do(SetVolume(70), seen=lambda sim: sim.volume == 70),
        Do(SetMicMute(True), seen=lambda sim: sim.muted),
        Do(SetVideoMute(True), seen=lambda sim: sim.video_muted),
        Do(Dial("bob@example.com"), seen=lambda sim: sim.calls[0].address == "bob@example.com"),
        Do(Answer(), seen=lambda sim: sim.calls[0].state == "CONNECTED", before=ring),
        Do(Reject(), seen=lambda sim: not sim.calls, before=ring),
        Do(HangUp(), seen=lambda sim: not sim.calls, before=call),
        Do(SendDtmf("12#"), seen=lambda sim: sim.tones == "12#", before=call, outcome="assumed"),
        Do(Search("00001")),
        Do(ListBookings()),
        Do(SelectCamera("2"), seen=lambda sim: sim.camera == 2),
        Do(MoveCamera("left"), seen=lambda sim: sim.moving == "MOVE_LEFT", outcome="assumed"),
        Do(StorePreset(7), seen=lambda sim: sim.presets == [7], outcome="assumed"),
        Do(RecallPreset(1), seen=lambda sim: sim.preset == 1, before=store, outcome="assumed"),
        Do(Share("4"), seen=lambda sim: sim.content == "CONTENT_SENDING" and sim.content_source == 4),
        Do(StopShare(), seen=lambda sim: sim.content == "CONTENT_IDLE"),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(12), shows={"volume": 12}, pushed=False),
        Hand(do=lambda sim: sim.touch_mic_mute(True), shows={"mic_muted": True}, pushed=False),
        Hand(do=lambda sim: sim.touch_video_mute(True), shows={"video_muted": True}, pushed=False),
        Hand(do=lambda sim: sim.sleep_now(), shows={"power": "standby"}, pushed=False),
        Hand(do=ring, shows={"calls": lambda calls: [one.state for one in calls] == ["ringing"]}, pushed=False),
    ],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong-one"}},
)

GUIDE = "Poly VideoOS REST API reference guide 3.1, "
X30 = "recorded exchange of a Studio X30 with 3.12.0, "
AVI = "dal-codecs-singlecodecs-polycom-videoos (AVI-SPL), driver source of March 2026, "

LOG_IN = Golden(
    wire=b'POST /rest/session {"user":"admin","password":"x"}',
    meaning="log in",
    source=GUIDE + "POST /rest/session",
)
LOGGED_IN = Golden(
    wire=b'{"success":true,"reason":"...","loginStatus":{"failedLogins":0,"isPasswordAgeLimitReached":false,'
    b'"lastLoginClient":"..","lastLoginClientType":"WEB","lastLoginTime":0,"loginResult":".."},'
    b'"session":{"sessionId":"PSN0Hp..","userId":"admin","role":"ADMIN","clientType":"WEB","location":"ip",'
    b'"creationTime":1,"isAuthenticated":true,"isConnected":false,"isNew":true,"isStale":false}}',
    meaning="a session",
    source=GUIDE + "POST /rest/session",
)
SYSTEM = Golden(
    wire=b'{"build":"366027","model":"StudioX30","serialNumber":"..","softwareVersion":"3.12.0","state":"ASLEEP",'
    b'"systemName":"..","uptime":693845.31,"rebootNeeded":false,"lanStatus":{"duplex":"FULL","speedMbps":1000,'
    b'"state":"LAN_UP"},"systemTime":1666620755000,"timeOffset":-14400000}',
    meaning="a Studio X30 that sleeps",
    source=X30 + "GET /rest/system",
)
AUDIO = Golden(
    wire=b'{"muteLocked":false,"muted":true,"numOfMicsConnected":1,"volume":39}',
    meaning="microphones muted, volume 39",
    source=X30 + "GET /rest/audio",
)
VIDEO = Golden(wire=b'{"result":false}', meaning="picture not muted", source=X30 + "GET /rest/video/local/mute")
IDLE_BARE = Golden(wire=b"CONTENT_IDLE", meaning="no content", source=X30 + "GET /rest/cameras/contentstatus")
IDLE_QUOTED = Golden(wire=b'"CONTENT_IDLE"', meaning="no content", source=AVI + "content status")
NO_CALLS = Golden(wire=b"[]", meaning="no call", source=X30 + "GET /rest/conferences")
DIALLED = Golden(
    wire=b'[{"href":"/rest/conferences/0/connections/3"}]',
    meaning="where the call is",
    source=GUIDE + "POST /rest/conferences; " + AVI + "dial",
)
CALENDAR = Golden(
    wire=b'[{"id":"m1","subject":"Board","organizer":"Alice","location":"Here","startTime":1666620755000,'
    b'"duration":30,"canDial":true,"inCall":false,"privateMeeting":false}]',
    meaning="one meeting",
    source=GUIDE + "GET /rest/calendar/meetings (field list; the values are examples)",
)
REPLIES = [LOGGED_IN, SYSTEM, AUDIO, VIDEO, IDLE_BARE, IDLE_QUOTED, NO_CALLS, DIALLED, CALENDAR]
ORDERS: list[tuple[Command, Golden]] = [
    (command, Golden(wire=wire, meaning=type(command).__name__, source=source))
    for command, wire, source in (
        (SetVolume(39), b"POST /rest/audio/volume 39", GUIDE + "POST /rest/audio/volume"),
        (SetMicMute(True), b"POST /rest/audio/muted true", GUIDE + "POST /rest/audio/muted"),
        (SetVideoMute(True), b'POST /rest/video/local/mute {"mute":true}', GUIDE + "POST /rest/video/local/mute"),
        (
            Dial("x", "sip"),
            b'POST /rest/conferences {"address":"x","rate":1920,"dialType":"SIP"}',
            GUIDE + "POST /rest/conferences; " + AVI + "dial",
        ),
        (
            Dial("5", kind="audio", rate=64),
            b'POST /rest/conferences {"address":"5","rate":64,"dialType":"VOICE"}',
            GUIDE,
        ),
        (
            MoveCamera("left"),
            b'POST /rest/cameras/near/selectedpeople {"action":"moveStart","direction":"MOVE_LEFT"}',
            GUIDE + "POST /rest/cameras/near/selectedpeople",
        ),
        (
            MoveCamera("in", camera="2"),
            b'POST /rest/cameras/near/2 {"action":"moveStart","direction":"MOVE_ZOOMIN"}',
            GUIDE + "POST /rest/cameras/near/{sourceID}",
        ),
        (
            MoveCamera("stop"),
            b'POST /rest/cameras/near/selectedpeople {"action":"moveStop"}',
            GUIDE + "POST /rest/cameras/near/selectedpeople",
        ),
        (
            RecallPreset(3),
            b'POST /rest/cameras/near/presets/3 {"action":"activate"}',
            GUIDE + "POST /rest/cameras/near/presets/{index}",
        ),
        (
            StorePreset(3),
            b'POST /rest/cameras/near/presets/3 {"action":"store"}',
            GUIDE + "POST /rest/cameras/near/presets/{index}",
        ),
        (
            Search("x"),
            b'POST /rest/directory/queries {"searchString":"x","serverScope":"ALL","entryScope":"ANY",'
            b'"groupScope":"RECURSIVE","order":"DISPLAY_NAME"}',
            GUIDE + "POST /rest/directory/queries",
        ),
        (
            ListBookings(1),
            b"GET /rest/calendar/meetings?start=1666620755&end=1666707155 ",
            GUIDE + "GET /rest/calendar/meetings (start, end in seconds)",
        ),
    )
]
TONE = Golden(
    wire=b'POST /rest/audio {"action":"playDTMF","dtmfChar":"5"}',
    meaning="the tone 5",
    source=GUIDE + "POST /rest/audio",
)
HANG_UP = Golden(
    wire=b"DELETE /rest/conferences/0 ", meaning="end all", source=GUIDE + "DELETE /rest/conferences/{confID}"
)
LOG_OUT = Golden(wire=b"DELETE /rest/session ", meaning="log out", source="PolyVideoOSRestAPI, source, log-out")

SAID = {
    "system": SYSTEM.wire,
    "audio": AUDIO.wire,
    "video": VIDEO.wire,
    "content": IDLE_BARE.wire,
    "cameras": b'[{"cameraIndex":1,"name":"Main","sourceType":"PEOPLE","connected":true,"selected":true},'
    b'{"cameraIndex":3,"name":"HDMI","sourceType":"CONTENT","connected":true,"selected":false}]',
    "calls": NO_CALLS.wire,
    "ringing": b"[]",
    "dialled": b"null",
}


def reply(body: Any, status: int = 200, **headers: str) -> HttpReply:
    held = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpReply(status, {name.replace("_", "-"): value for name, value in headers.items()}, held)


def wire(send: Any) -> bytes:
    """A request as one line of text."""
    request: HttpRequest = send.data
    return f"{request.method} {request.path} ".encode() + request.body


def sends(actions: Any) -> list[Send]:
    return [action for action in actions if isinstance(action, Send)]


def words(send: Send) -> bytes:
    return wire(send).strip()


class Talk:
    """A driver and a codec that answers its looks; what else the driver says is kept."""

    def __init__(self, said: dict[str, bytes] | None = None, **given: Any) -> None:
        self.driver = PolyVideoos(VideoosSettings(**{"password": "x", **given}), host="codec")
        self.said = {**SAID, **(said or {})}
        self.waiting: list[Send] = []
        self.heard: list[Any] = []

    def take(self, actions: Any) -> list[Any]:
        """Everything but looks and their answers; looks are answered in turn."""
        mine = []
        for action in actions:
            mine.append(action)
            if isinstance(action, Send):
                self.waiting.append(action)
        self.heard += mine
        return mine

    def next(self, answer: HttpReply | None = None) -> list[Any]:
        """Answer the oldest request."""
        send = self.waiting.pop(0)
        if answer is None:
            answer = reply(LOGGED_IN.wire) if send.tag == "log in" else reply(b"{}")
            if isinstance(send.tag, Look):
                answer = reply(self.said.get(send.tag.what, b"null"))
        return self.take(self.driver.received(answer, send.tag))

    def looks(self) -> list[Any]:
        """Answer until nothing waits."""
        said = []
        while self.waiting:
            said += self.next()
        return said

    def online(self) -> Talk:
        self.take(self.driver.opened())
        assert Ready() in self.looks()
        self.heard.clear()
        return self

    def ask(self, command: Command, identity: str = "c1", page: int = 0) -> tuple[Request, list[Any]]:
        request = Request(identity, command, "", page)
        return request, self.take(self.driver.command(request))


def conference(*connections: dict[str, Any], **more: Any) -> bytes:
    return json.dumps([{"id": 0, "isActive": True, "connections": list(connections), **more}]).encode()


UP = {"id": 3, "address": "bob@example.com", "callType": "VIDEO_SIP", "state": "CONNECTED"}
RINGS = {"id": 4, "address": "alice@example.com", "callType": "VIDEO_SIP", "state": "RINGING"}


# ---- golden ------------------------------------------------------------------------------------------------------


def test_the_first_conversation() -> None:
    talk = Talk()
    (log_in,) = talk.take(talk.driver.opened())
    assert words(log_in) == LOG_IN.wire
    asked = talk.next(reply(LOGGED_IN.wire))
    assert [words(send) for send in asked] == [
        b"GET /rest/system",
        b"GET /rest/audio",
        b"GET /rest/video/local/mute",
        b"GET /rest/cameras/contentstatus",
        b"GET /rest/cameras/near/all",
        b"GET /rest/conferences",
        b"GET /rest/conferences/active/connections?filter=ANSWERABLE",
    ]
    assert asked[0].data.headers == {"Cookie": "session_id=PSN0Hp.."}
    who = Feedback("", power="standby", name="..", model="StudioX30", serial="..", firmware="3.12.0")
    assert talk.next() == [who]
    assert talk.next() == [Feedback("", volume=39, mic_muted=True)]
    assert talk.next() == [Feedback("", video_muted=False)]
    assert talk.next() == [Feedback("", sharing="off")]
    assert talk.next() == [Feedback("", camera="1", share_source=None)]
    assert talk.next() == [Feedback("", calls=())]
    told, offers, ready, rest = talk.next()
    assert (told, ready, rest) == (Feedback("", calls=()), Ready(), Later(10.0, "look"))
    assert isinstance(offers, Offers) and {SetVolume, Dial, Answer, Search} <= offers.commands
    assert not {Share, StopShare, SelectCamera} & offers.commands


@pytest.mark.parametrize(("command", "golden"), ORDERS, ids=lambda value: getattr(value, "meaning", ""))
def test_commands_are_the_guides(command: Command, golden: Golden) -> None:
    _, (send,) = Talk().online().ask(command)
    assert wire(send).strip() == golden.wire.strip()


@pytest.mark.parametrize("golden", [IDLE_BARE, IDLE_QUOTED])
def test_content_status_is_bare_or_quoted(golden: Golden) -> None:
    talk = Talk({"content": golden.wire}).online()
    assert talk.driver.mirror.points["sharing"] == "off"


def test_tones_one_by_one_with_a_pause_and_hidden() -> None:
    talk = Talk({"calls": conference(UP)}).online()
    request, (five,) = talk.ask(SendDtmf("5,#"))
    assert words(five) == TONE.wire and five.hide == ('{"action":"playDTMF","dtmfChar":"5"}',)
    assert talk.next() == [Later(2.0, "tone c1")]
    (last,) = talk.take(talk.driver.due("tone c1"))
    assert b'"#"' in words(last)
    assert talk.next() == [Taken(request)]


def test_tones_need_a_call() -> None:
    talk = Talk().online()
    request, _ = talk.ask(SendDtmf("5"))
    assert Refused(request, "there is no call to send tones into") in talk.looks()
    talk.said["calls"] = conference(UP)  # not seen yet
    request, _ = talk.ask(SendDtmf("5"), "c2")
    assert TONE.wire in [words(send) for send in sends(talk.looks())]
    assert Taken(request) in talk.heard


# ---- sessions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "XSRF-TOKEN=abc-1; Path=/; Secure",
        "session_id=PSN0; Path=/; HttpOnly, XSRF-TOKEN=abc-1; Path=/",
    ],
)
def test_the_token_of_4_6_2_goes_as_cookie_and_header(header: str) -> None:
    talk = Talk()
    talk.take(talk.driver.opened())
    asked = talk.next(reply(LOGGED_IN.wire, set_cookie=header))
    assert asked[0].data.headers == {"Cookie": "session_id=PSN0Hp..; XSRF-TOKEN=abc-1", "x-xsrf-token": "abc-1"}
    talk.next(reply(SYSTEM.wire, set_cookie="XSRF-TOKEN=def-2; Path=/"))
    talk.looks()
    _, (send,) = talk.ask(SetVolume(1))
    assert send.data.headers["x-xsrf-token"] == "def-2"


@pytest.mark.parametrize("code", [401, 403])
def test_a_stale_session_is_one_log_in_and_one_retry_while_everyone_waits(code: int) -> None:
    talk = Talk().online()
    request, (first,) = talk.ask(SetVolume(50))
    _, (second,) = talk.ask(SetMicMute(False), "c2")
    assert [words(send) for send in talk.next(reply(b"", code))] == [LOG_IN.wire]
    assert talk.next(reply(b"", code)) == []  # the second waits, too
    assert talk.ask(SetVideoMute(True), "c3")[1] == []
    repeated = talk.next(reply(LOGGED_IN.wire.replace(b"PSN0Hp", b"NEW")))
    assert [wire(send) for send in repeated[:2]] == [wire(first), wire(second)]
    assert [send.data.headers["Cookie"] for send in repeated] == ["session_id=NEW.."] * 3
    talk.next(reply(b'{"success":true}'))
    assert Taken(request) in talk.heard
    assert len([send for send in sends(talk.heard) if send.tag == "log in"]) == 1


def test_what_is_forbidden_in_a_fresh_session_is_refused_and_no_session_is_left_behind() -> None:
    talk = Talk().online()
    request, _ = talk.ask(SetVolume(50))
    talk.next(reply(b"", 403))
    talk.next(reply(LOGGED_IN.wire.replace(b"PSN0Hp", b"NEW")))
    bury, refused = talk.next(reply(b"", 403))
    assert (bury.data.method, bury.data.headers["Cookie"]) == ("DELETE", "session_id=PSN0Hp..")
    assert refused == Refused(request, "HTTP 403")
    talk.waiting.clear()
    request, _ = talk.ask(SetVolume(50), "c2")
    assert talk.next(reply(b"", 403)) == [Refused(request, "HTTP 403")]  # not again


def test_a_user_who_may_read_nothing_is_logged_out_and_refused() -> None:
    talk = Talk()
    talk.take(talk.driver.opened())
    while not any(isinstance(action, Drop) for action in talk.heard):
        tag = talk.waiting[0].tag
        talk.next(reply(LOGGED_IN.wire) if tag == "log in" else reply(b"", 403 if isinstance(tag, Look) else 200))
    assert talk.heard[-1].reason is Reason.LOGIN_REFUSED
    assert [send.tag for send in sends(talk.heard)].count("log in") == 1
    assert sends(talk.heard)[-1].tag == "log out"


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (reply({"success": False, "reason": "wrong: x"}, 403), Reason.LOGIN_REFUSED, "wrong: ***"),
        (reply({"success": False, "reason": "too many"}), Reason.LOGIN_REFUSED, "too many"),
        (reply(b"<html>"), Reason.LOGIN_REFUSED, "HTTP 200, no session"),
        (reply(b"", 500), Reason.PROTOCOL_ERROR, "the log-in is answered with HTTP 500"),
    ],
)
def test_a_refused_log_in(answer: HttpReply, reason: Reason, said: str) -> None:
    talk = Talk()
    talk.take(talk.driver.opened())
    assert talk.next(answer) == [Drop(reason, said)]


def test_the_other_address_of_the_session() -> None:
    talk = Talk()
    talk.take(talk.driver.opened())
    (again,) = talk.next(reply(b"", 404))
    assert words(again).startswith(b"POST /rest/current/session ")
    assert len(talk.next(reply(LOGGED_IN.wire))) == 7
    talk.looks()
    (leave,) = talk.driver.closing()
    assert words(leave) == b"DELETE /rest/current/session"


def test_at_rest_an_old_session_is_logged_out_and_the_next_question_logs_in() -> None:
    talk = Talk(idle=60.0).online()
    talk.driver.now = 70.0
    talk.take(talk.driver.due("look"))
    talk.looks()
    assert words(sends(talk.heard)[-1]) == LOG_OUT.wire.strip()
    talk.heard.clear()
    _, (log_in,) = talk.ask(SetVolume(50))
    assert words(log_in) == LOG_IN.wire
    (order,) = talk.next()
    assert words(order) == b"POST /rest/audio/volume 50"


def test_in_a_call_the_session_stays_until_it_must_be_renewed() -> None:
    talk = Talk({"calls": conference(UP)}, idle=60.0, renew=900.0).online()
    for now, leaves in ((70.0, False), (901.0, True)):
        talk.driver.now = now
        talk.take(talk.driver.due("look"))
        assert any(send.tag == "log out" for send in sends(talk.looks())) is leaves


def test_leaving_logs_out_also_when_the_session_is_only_on_its_way() -> None:
    (out,) = Talk().online().driver.closing()
    assert words(out) == LOG_OUT.wire.strip()
    talk = Talk()
    talk.take(talk.driver.opened())
    assert list(talk.driver.closing()) == []
    (out,) = talk.next(reply(LOGGED_IN.wire))
    assert words(out) == LOG_OUT.wire.strip()
    assert talk.take(talk.driver.received(reply(b"{}"), "log out")) == []


# ---- every field is optional -------------------------------------------------------------------------------------


def test_where_audio_is_null_the_values_are_asked_alone() -> None:
    talk = Talk({"audio": b"null", "volume": b"39", "muted": b"true"}).online()
    assert (talk.driver.mirror.points["volume"], talk.driver.mirror.points["mic_muted"]) == (39, True)


def test_where_audio_is_not_there_a_volume_is_still_proved() -> None:
    talk = Talk({"volume": b"39", "muted": b"true"})
    talk.take(talk.driver.opened())
    while talk.waiting:
        what = getattr(talk.waiting[0].tag, "what", "")
        talk.next(reply(b"", 404) if what == "audio" else None)
    request, _ = talk.ask(SetVolume(50))
    said = talk.next()
    assert said[0] == Taken(request)
    assert [words(send) for send in sends(said)] == [b"GET /rest/audio/volume", b"GET /rest/audio/muted"]


@pytest.mark.parametrize("what", ["audio", "video", "calls"])
def test_what_the_firmware_does_not_tell_is_not_offered(what: str) -> None:
    talk = Talk()
    talk.take(talk.driver.opened())
    while talk.waiting:
        asked = getattr(talk.waiting[0].tag, "what", "")
        gone = {"audio": ("audio", "volume", "muted"), "calls": ("calls", "ringing")}.get(what, (what,))
        talk.next(reply(b"", 404) if asked in gone else None)
    assert Ready() in talk.heard
    (offers,) = [action for action in talk.heard if isinstance(action, Offers)]
    lacking = {"audio": {SetVolume, SetMicMute}, "video": {SetVideoMute}, "calls": {Dial, HangUp, Answer}}[what]
    assert not lacking & offers.commands


def test_when_every_answer_is_an_error_the_codec_is_away() -> None:
    talk = Talk().online()
    talk.take(talk.driver.due("look"))
    while not any(isinstance(action, Drop) for action in talk.heard):
        talk.next(reply(b"", 500))
    assert talk.heard[-1].reason is Reason.PROTOCOL_ERROR


def test_one_silence_is_survived_and_two_are_not() -> None:
    talk = Talk().online()
    talk.driver.now = 20.0
    talk.take(talk.driver.due("look"))
    lost = talk.waiting.pop(0)
    assert talk.take(talk.driver.failed(lost.tag, "no response")) == []
    talk.next()
    for _ in range(2):
        lost = talk.waiting.pop(0)
        talk.take(talk.driver.failed(lost.tag, "no response"))
    assert talk.heard[-1] == Drop(Reason.NO_RESPONSE, "no response")


def test_a_broken_connection_is_tried_once_more() -> None:
    talk = Talk().online()
    _, (send,) = talk.ask(SetVolume(50))
    talk.waiting.clear()
    (again,) = talk.take(talk.driver.failed(send.tag, "the connection broke before there was a whole reply"))
    assert wire(again) == wire(send)
    _, (dial,) = talk.ask(Dial("bob@example.com"), "c2")
    talk.next()
    said = talk.take(talk.driver.failed(dial.tag, "the connection broke before there was a whole reply"))
    assert not [send for send in sends(said) if send.data.method == "POST"]  # never dialled twice


def test_a_request_that_the_house_forgot_for_a_newer_one_keeps_no_session_open() -> None:
    talk = Talk(idle=60.0).online()
    talk.ask(SetVolume(50))
    talk.waiting.clear()  # superseded before it left
    for now in (70.0, 80.0, 90.0):
        talk.driver.now = now
        talk.take(talk.driver.due("look"))
        talk.looks()
    assert not talk.driver.orders and words(sends(talk.heard)[-1]) == LOG_OUT.wire.strip()


def test_a_dial_without_an_answer_may_still_be_shown_and_be_hung_up() -> None:
    talk = Talk().online()
    dial, (send,) = talk.ask(Dial("bob@example.com"))
    talk.waiting.clear()
    talk.take(talk.driver.failed(send.tag, "no response"))
    talk.said["calls"] = conference(UP)
    talk.ask(HangUp(), "c2")
    assert Done(dial) in talk.looks()
    assert HANG_UP.wire.strip() in [words(one) for one in sends(talk.heard)]


# ---- rows --------------------------------------------------------------------------------------------------------


def test_a_search_goes_page_by_page_and_is_deleted_at_the_end() -> None:
    talk = Talk(page=2).online()
    request, _ = talk.ask(Search("b"))
    (page,) = talk.next(reply(7))
    assert words(page) == b"GET /rest/directory/queries/7?start=0&limit=2"
    people = [
        {"entryId": "e1", "displayName": "Bob", "devices": [{"type": "SIP", "address": "bob@example.com"}]},
        {"entryId": "e2", "displayName": "All", "type": "GROUP"},
    ]
    bob, group, more = talk.next(reply(people))
    assert bob.value["address"] == "bob@example.com" and bob.value["protocol"] == "sip"
    assert group == Item(request, {"folder": "All", "id": "e2"}) and more == More(request)
    request, (page,) = talk.ask(Search("b"), page=1)
    assert words(page) == b"GET /rest/directory/queries/7?start=2&limit=2"
    done, end = talk.next(reply([]))
    assert done == Done(request) and words(end) == b"DELETE /rest/directory/queries/7"


@pytest.mark.parametrize("told", [7, "7", {"id": 7}, {"queryId": "7"}, {"href": "/rest/directory/queries/7"}])
def test_the_id_of_a_search_in_any_shape(told: Any) -> None:
    talk = Talk().online()
    talk.ask(Search("b"))
    (page,) = talk.next(reply(told))
    assert b"/queries/7?" in words(page)


def test_a_search_that_nobody_reads_is_ended() -> None:
    talk = Talk(page=1).online()
    request, _ = talk.ask(Search("b"))
    talk.next(reply(7))
    talk.next(reply([{"entryId": "e1", "displayName": "Bob"}]))
    talk.driver.now = 100.0
    assert b"DELETE /rest/directory/queries/7" in [words(send) for send in sends(talk.driver.due("look"))]
    assert list(talk.driver.command(Request("c1", Search("b"), "", 1))) == [
        Refused(request, "the search was ended, because nobody read on")
    ]


def test_bookings() -> None:
    talk = Talk().online()
    request, _ = talk.ask(ListBookings())
    row, done = talk.next(reply(CALENDAR.wire))
    assert done == Done(request)
    assert (row.value["id"], row.value["title"], row.value["start"]) == ("m1", "Board", "2022-10-24T14:12:35+00:00")
    request, _ = talk.ask(ListBookings(), "c2")
    row, _ = talk.next(reply(CALENDAR.wire.replace(b'"privateMeeting":false', b'"privateMeeting":true')))
    assert row.value["title"] == ""


# ---- choices -----------------------------------------------------------------------------------------------------


def test_a_guess_is_offered_only_where_the_profile_says_so() -> None:
    driver = Talk(activate=True, stop_share="deactivate").online().driver
    assert driver.offers is not None and {Share, StopShare, SelectCamera} <= driver.offers.commands
    assert driver.offers.choices == {"camera": {"1": "Main"}, "source": {"3": "HDMI"}}
    offers = Talk(answer="").online().driver.offers
    assert offers is not None and Answer not in offers.commands


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Dial("x", "spark"), "this codec does not dial spark"),
        (Share(preview=True), "this codec has no local preview of content"),
        (SelectCamera("9"), "the codec shows no such camera"),
        (MoveCamera("left", far=True), "the far end's camera cannot be moved over this API"),
    ],
)
def test_what_it_cannot_do_is_refused(command: Command, said: str) -> None:
    request, (answer,) = Talk(activate=True).online().ask(command)
    assert answer == Refused(request, said)


@pytest.mark.parametrize(
    "wrong", [{"quick": 0.0}, {"dialling": 2.0}, {"quick": 11.0}, {"idle": -1.0}, {"renew": 10.0}, {"page": 0}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VideoosSettings(**wrong)


# ---- noise -------------------------------------------------------------------------------------------------------

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["id", "href", "session", "sessionId", "state", "connections", "volume", "muted", "address"])
BODIES = st.binary(max_size=30) | (
    ODD | st.dictionaries(KEYS, ODD, max_size=4) | st.lists(st.dictionaries(KEYS, ODD, max_size=4), max_size=3)
).map(lambda body: json.dumps(body).encode())
COOKIES = st.none() | st.text(max_size=20) | st.sampled_from(["XSRF-TOKEN=a b", "session_id=;", "XSRF-TOKEN=\u00e9"])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_answer_makes_it_raise(data: st.DataObject) -> None:
    talk = Talk(activate=True, stop_share="x").online()
    commands = [Dial("x"), HangUp(), Answer(), Search("x"), ListBookings(), SendDtmf("1"), SetVolume(5), Reject()]
    for number, command in enumerate(data.draw(st.lists(st.sampled_from(commands), max_size=3))):
        talk.ask(command, f"c{number}")
    talk.take(talk.driver.due("look"))
    for _ in range(12):
        if not talk.waiting:
            break
        cookie = data.draw(COOKIES)
        headers = {} if cookie is None else {"set_cookie": cookie}
        talk.next(reply(data.draw(BODIES), data.draw(st.sampled_from([200, 200, 204, 401, 403, 404, 500])), **headers))
        for send in talk.waiting:
            assert all(value.isascii() and value.isprintable() for value in send.data.headers.values())


@given(st.text(max_size=40))
def test_cookies_are_read_out_of_anything(text: str) -> None:
    assert isinstance(dict(COOKIE.findall(text)), dict)


def test_calls_are_compared_as_the_model_has_them() -> None:
    talk = Talk({"calls": conference(UP, terminals=[{"address": "bob@example.com", "systemID": "Bob"}])}).online()
    assert talk.driver.mirror.points["calls"] == (
        Call("3", "out", "connected", "Bob", "bob@example.com", "sip", "video", answered=True),
    )
