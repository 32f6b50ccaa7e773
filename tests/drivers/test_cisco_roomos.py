"""The Cisco driver as a driver: coming up, points, commands; and its case for the shared contract suite."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cisco import CiscoRoomos
from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    Hold,
    Join,
    LayOut,
    ListBookings,
    Move,
    MoveCamera,
    RecallPreset,
    Reject,
    Resume,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetLayout,
    SetMicMute,
    SetMute,
    SetPower,
    SetSelfView,
    SetVideoMute,
    SetVolume,
    Share,
    ShowKey,
    StopShare,
    StorePreset,
    Transfer,
)
from gateway.driver import (
    Action,
    Answered,
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Send,
    Taken,
)
from gateway.model import Reason
from gateway.roomverbs import PlannedKey, PlannedPage
from tests.drivers.cisco_bench import BANNER, Bench, asked, kinds, told
from tests.drivers.contract import Case, Do, Hand

ALL = frozenset(
    {
        *(Answer, Dial, HangUp, Hold, Join, Reject, Resume, SendDtmf, Transfer, SetAutoAnswer, SetDoNotDisturb),
        *(Search, ListBookings, SetMicMute, SetMute, SetPower, SetVideoMute, SetVolume, SetLayout, SetSelfView),
        *(Share, StopShare, SelectCamera, MoveCamera, RecallPreset, StorePreset),
    },
)
CHOICES = {
    "service": {"webex": "Webex"},  # the bench is a CE 9.15
    "source": {"2": "HDMI"},
    "camera": {"1": "Camera"},
    "layout": {"Grid": "Grid", "Stack": "Stack"},
}
NAMED = {**CHOICES, "source": {"2": "Table"}, "camera": {"1": "Wall"}}
PANEL = Offers("panel", frozenset({LayOut, ShowKey}))
STATUS = ["Status/Standby", "Status/Audio", "Status/Video", "Status/Conference", "Status/Call"]
PUSHED = [*STATUS, "Configuration/Conference/AutoAnswer"]


def in_call(sim: Any) -> None:
    """Somebody called, and the call is up."""
    call = sim.switchboard.ring("bob@example.com", "Bob", protocol="Sip", call_type="Video", rate=6000)
    sim.switchboard.connect(call)
    sim.touched()


def on_hold(sim: Any) -> None:
    """A call, and it waits."""
    in_call(sim)
    sim.calls[0].status = "OnHold"
    sim.touched()


def preset(sim: Any) -> None:
    """Somebody stored a camera position."""
    sim.presets[3] = {"camera": 1, "name": "Lectern", "place": (1.0, 2.0, 3.0)}


PAGES = (PlannedPage("room", "Room", keys=(PlannedKey("mute", "Mute"),)),)


CASE = Case(
    driver=CiscoRoomos,
    simulator="cisco_roomos",
    links=("ws", "ssh"),
    simulator_settings={"speed": 20, "password": "s3cret", "no_answer_seconds": 300},
    settings={"password": "s3cret"},
    commands=[
        Do(SetPower(False), seen=lambda sim: sim.standby == "Standby"),
        Do(SetPower(True), seen=lambda sim: sim.standby == "Off"),
        Do(SetVolume(40), seen=lambda sim: sim.volume == 40),
        Do(SetMute(True), seen=lambda sim: sim.volume_muted),
        Do(SetMute(False), seen=lambda sim: not sim.volume_muted),
        Do(SetMicMute(True), seen=lambda sim: sim.mics_muted),
        Do(SetMicMute(False), seen=lambda sim: not sim.mics_muted),
        Do(SetVideoMute(True), seen=lambda sim: sim.video_muted),
        Do(SetVideoMute(False), seen=lambda sim: not sim.video_muted),
        Do(Dial("far.end@example.com"), seen=lambda sim: any(c.number == "far.end@example.com" for c in sim.calls)),
        Do(HangUp(), before=in_call, seen=lambda sim: not sim.calls),
        Do(
            Answer(),
            before=lambda sim: sim.incoming_call("alice@example.com"),
            seen=lambda sim: any(c.answer_state == "Answered" for c in sim.calls),
        ),
        Do(
            SendDtmf("12#"),
            before=in_call,
            seen=lambda sim: any(c.dtmf.endswith("12#") for c in sim.calls),
            outcome="assumed",
        ),
        Do(Search("boardroom")),
        Do(ListBookings(1)),
        Do(Reject(), before=lambda sim: sim.incoming_call(), seen=lambda sim: not sim.calls),
        Do(
            Hold(),
            before=in_call,
            heard=lambda points: points["calls"].value,
            seen=lambda sim: sim.calls[0].status == "OnHold",
        ),
        Do(
            Resume(),
            before=on_hold,
            heard=lambda points: any(call.held for call in points["calls"].value or ()),  # it is resumed if it is held
            seen=lambda sim: sim.calls[0].status == "Connected",
        ),
        Do(
            Transfer("carol@example.com"),
            before=in_call,
            heard=lambda points: points["calls"].value,  # which call is transferred must be known
            seen=lambda sim: sim.transferred and not sim.calls,
        ),
        Do(Join("webex", "123456", passcode="1234"), seen=lambda sim: sim.passcodes == ["1234"]),
        Do(Join("teams", url="https://teams.example.com/1"), seen=lambda sim: sim.calls[0].protocol == "WebRTC"),
        Do(Join("meet", "123"), seen=lambda sim: sim.calls[0].number == "123"),
        Do(Join("zoom", "123", passcode="99"), seen=lambda sim: sim.passcodes == ["99"]),
        Do(SetAutoAnswer(True), seen=lambda sim: sim.configuration["Conference AutoAnswer Mode"] == "On"),
        Do(SetDoNotDisturb(True), seen=lambda sim: sim.do_not_disturb),
        Do(SetDoNotDisturb(False), seen=lambda sim: not sim.do_not_disturb),
        Do(Share("2"), seen=lambda sim: sim.presentation_source == 2),
        Do(Share("2", True), before=in_call, seen=lambda sim: sim.presentation == "Off"),
        Do(StopShare(), before=lambda sim: sim.touch_share(2), seen=lambda sim: not sim.presentation_source),
        Do(SetLayout("Stack"), seen=lambda sim: sim.layout == "Stack"),
        Do(SetSelfView(True), seen=lambda sim: sim.selfview["Mode"] == "On"),
        Do(SelectCamera("1"), seen=lambda sim: sim.main_video_source == 1),
        Do(MoveCamera("left"), seen=lambda sim: sim.cameras[1].going["pan"] < 0, outcome="assumed"),
        Do(MoveCamera("stop"), seen=lambda sim: not any(sim.cameras[1].going.values()), outcome="assumed"),
        Do(MoveCamera("in", far=True), before=in_call, seen=lambda sim: sim.far_camera == "ZoomIn", outcome="assumed"),
        Do(StorePreset(3, "Lectern"), seen=lambda sim: sim.presets[3]["name"] == "Lectern", outcome="assumed"),
        Do(RecallPreset(3), before=preset, seen=lambda sim: sim.active_preset == 3, outcome="assumed"),
        Do(RecallPreset(3), outcome="refused"),
        Do(LayOut.of(PAGES), "panel", seen=lambda sim: list(sim.panels) == ["roomgate-room"]),
        Do(ShowKey("mute"), "panel", outcome="refused"),  # before there is a layout
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(33), shows={"volume": 33}),
        Hand(do=lambda sim: sim.touch_mic_mute(), shows={"mic_muted": True}),
        Hand(do=lambda sim: sim.touch_video_mute(), shows={"video_muted": True}),
        Hand(do=lambda sim: sim.touch_volume_mute(), shows={"muted": True}),
        Hand(do=lambda sim: sim.touch_self_view(), shows={"self_view": True}),
        Hand(do=lambda sim: sim.touch_share(2), shows={"sharing": "preview", "share_source": "2"}),
        Hand(do=lambda sim: sim.sleep_now(), shows={"power": lambda power: power in ("cooling", "standby")}),
        Hand(do=lambda sim: sim.set_configuration("Conference AutoAnswer Mode", "On"), shows={"auto_answer": True}),
    ],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong"}},
)


@pytest.fixture(params=["ws", "ssh"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


@pytest.fixture
def up(bench: Bench) -> Bench:
    bench.up()
    return bench


# ---- coming up


def test_ready_only_when_everything_that_was_asked_has_an_answer(bench: Bench) -> None:
    actions = bench.do(bench.driver.opened())
    if bench.scheme == "ssh":
        for line in (*BANNER, b"OK"):
            actions += bench.do(bench.driver.received(line))
        bench.open.pop(0)
    questions = asked(bench.open)
    assert [path for kind, path in questions if kind == "subscribe"] == PUSHED
    assert [path for kind, path in questions if kind == "read"] == [*PUSHED, "Status/SystemUnit"]
    while len(bench.open) > 1:
        actions += bench.answer(bench.open[0])
    assert not kinds(actions, Ready, Offers)
    assert told(actions) == {
        "power": "on",
        "volume": 50,
        "muted": False,
        "mic_muted": True,
        "video_muted": False,
        "camera": "1",
        "self_view": False,
        "layout": "Grid",
        "sharing": "off",
        "share_source": "",
        "do_not_disturb": False,
        "auto_answer": False,
        "calls": (),
    }
    last = bench.answer(bench.open[0])
    assert last[:7] == [
        Answered(last[0].tag),  # type: ignore[union-attr]
        Feedback("", firmware="ce9.15.17.4", model="Cisco Codec Plus", serial="FOC1234"),
        Offers("", ALL, CHOICES),
        PANEL,
        Ready(),
        Later(30.0, "quiet"),
        Later(120, "verify"),
    ]
    later = asked(last[6:])
    assert later[:3] == [
        ("subscribe", "Event/CallDisconnect"),
        ("read", "Configuration/SystemUnit/Name"),
        ("read", "Configuration/Video/Input/Connector"),
    ]
    assert "Peripherals" in later[3][1]
    actions = bench.answer_all()
    assert told(actions) == {"name": "Boardroom"}
    assert kinds(actions, Offers) == [Offers("", ALL, NAMED)]


def test_what_the_codec_does_not_have_is_not_offered(bench: Bench) -> None:
    del bench.status["Status/Video"]["Input"]["MainVideoMute"]
    actions = bench.up()
    assert kinds(actions, Offers) == [
        Offers("", ALL - {SetVideoMute}, CHOICES),
        PANEL,
        Offers("", ALL - {SetVideoMute}, NAMED),
    ]
    assert told(actions)["video_muted"] is None
    assert kinds(bench.push({"Video": {"Input": {"MainVideoMute": "On"}}}), Offers) == [Offers("", ALL, NAMED)]


def test_no_calls_at_all_is_an_answer_in_each_of_its_forms(bench: Bench) -> None:
    del bench.status["Status/Call"]
    assert told(bench.up())["calls"] == ()


def test_a_codec_that_tells_nothing_is_no_use(bench: Bench) -> None:
    bench.do(bench.driver.opened())
    if bench.scheme == "ssh":
        for _ in range(2):
            bench.do(bench.driver.received(b"OK"))
        bench.open.pop(0)
    actions: list[Action] = []
    while bench.open:
        actions += bench.error(bench.open[0], "Permission denied", -31999)
    assert actions[-1] == Drop(Reason.PROTOCOL_ERROR, "the codec tells nothing of itself: Permission denied")
    assert not kinds(actions, Ready)


def test_a_codec_that_is_still_starting_is_tried_again_later() -> None:
    bench = Bench("ws")
    bench.do(bench.driver.opened())
    assert bench.error(bench.open[0], "Not ready", -31997)[-1] == Drop(
        Reason.NO_RESPONSE, "the codec is still starting"
    )


def test_silence_before_ready_ends_it(bench: Bench) -> None:
    bench.do(bench.driver.opened())
    assert list(bench.driver.failed("1", "no response")) == [Drop(Reason.NO_RESPONSE, "the codec does not answer")]


def test_the_log_ins() -> None:
    settings = {"username": "admin", "password": "pa/ss+1"}
    assert Bench("wss", **settings).driver.opening().subprotocols == ("auth-YWRtaW46cGEvc3MrMQ",)
    basic = Bench("ws", login="basic", **settings).driver.opening()
    assert (basic.path, basic.headers) == ("/ws", {"Authorization": "Basic YWRtaW46cGEvc3MrMQ=="})
    assert not basic.subprotocols
    shell = Bench("ssh", pty=True, **settings).driver.opening()
    assert (shell.username, shell.password, shell.pty) == ("admin", "pa/ss+1", True)


@pytest.mark.parametrize(
    "wrong", [{"login": "digest"}, {"page": 0}, {"verify": 1}, {"phonebook": "public"}, {"teams": "x"}, {"camera": 0}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CiscoRoomos.Settings(**wrong)


# ---- points


@pytest.mark.parametrize(
    ("state", "power"),
    [("Off", "on"), ("Standby", "standby"), ("EnteringStandby", "cooling"), ("Halfwake", "standby"), ("New", None)],
)
def test_power(up: Bench, state: str, power: str | None) -> None:
    assert up.push({"Standby": {"State": state}}) == [Feedback("", power=power), *up_offers(power)]


def up_offers(power: str | None) -> list[Action]:
    return [] if power else [Offers("", ALL - {SetPower}, NAMED)]


@pytest.mark.parametrize(
    ("status", "points"),
    [
        ({"Audio": {"Volume": 41}}, {"volume": 41}),
        ({"Audio": {"VolumeMute": "On"}}, {"muted": True}),
        ({"Audio": {"Microphones": {"Mute": "Off"}}}, {"mic_muted": False}),
        ({"Video": {"Input": {"MainVideoMute": "On"}}}, {"video_muted": True}),
        ({"SystemUnit": {"Software": {"Version": "ce9.15.18.1"}}}, {"firmware": "ce9.15.18.1"}),
        ({"Audio": {"id": "", "Volume": 0}}, {"volume": 0}),
    ],
)
def test_feedback_tells_what_changed_and_no_more(up: Bench, status: dict[str, Any], points: dict[str, Any]) -> None:
    assert up.push(status) == [Feedback("", **points)]


@pytest.mark.parametrize("volume", [101, -1, "loud", "", 1e400])
def test_a_volume_that_is_none_is_unknown(up: Bench, volume: Any) -> None:
    assert told(up.push({"Audio": {"Volume": volume}})) == {"volume": None}


def test_feedback_of_other_things_is_no_news(up: Bench) -> None:
    assert up.push({"Audio": {"Input": {"Connectors": {"Microphone": [{"id": "1"}]}}}}) == []
    assert up.push({}) == []


# ---- commands


def test_a_command_is_taken_by_its_answer_and_shown_by_feedback(up: Bench) -> None:
    request, actions = up.ask(SetVolume(41))
    (send,) = kinds(actions, Send)
    assert isinstance(send, Send)
    assert up.result(send, None) == [Answered(send.tag), Taken(request), Later(1.0, "doubt")]
    assert up.push({"Audio": {"Volume": 41}}) == [Feedback("", volume=41)]
    assert up.wait(1, "doubt") == []


def test_feedback_that_comes_before_the_answer_leaves_no_doubt(up: Bench) -> None:
    request, _ = up.ask(SetMute(True))
    up.push({"Audio": {"VolumeMute": "On"}})
    assert up.answer(up.open[0])[1:] == [Taken(request)]


def test_an_id_is_taken_back_as_a_string_or_as_a_number(up: Bench) -> None:
    for key in (str, int):
        request, _ = up.ask(SetMute(True))
        send = up.open[0]
        assert up.result(send, None, key=key(str(send.tag)))[:2] == [Answered(send.tag), Taken(request)]


def test_a_refusal_carries_the_codecs_words(up: Bench) -> None:
    request, _ = up.ask(SetVideoMute(True))
    send = up.open[0]
    assert up.error(send, "No camera connected") == [Answered(send.tag), Refused(request, "No camera connected")]
    assert up.wait(1, "doubt") == []


def test_what_it_cannot_do_is_refused_without_asking(up: Bench) -> None:
    request, actions = up.ask(Move("up"))
    assert actions == [Refused(request, "this device cannot do that")]


def test_dtmf_is_hidden_and_only_ever_taken(up: Bench) -> None:
    request, actions = up.ask(SendDtmf("12a#", call="3"))
    (send,) = kinds(actions, Send)
    assert isinstance(send, Send)
    (hidden,) = send.hide
    assert "12A#" in hidden
    assert hidden in (send.data if isinstance(send.data, str) else send.data.decode())
    assert up.result(send, None) == [Answered(send.tag), Taken(request)]


def test_answers_nobody_waits_for_are_ignored(up: Bench) -> None:
    assert up.hear({"jsonrpc": "2.0", "id": 9999, "result": {}, "ResultId": "9999"}) == []
