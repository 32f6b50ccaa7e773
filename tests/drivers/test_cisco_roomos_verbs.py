"""The Cisco driver's later verbs: turning away, holding, handing over, tones, meetings, reasons, the heartbeat."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    Hold,
    Join,
    MoveCamera,
    RecallPreset,
    Reject,
    Resume,
    Search,
    SelectCamera,
    SendDtmf,
    SetLayout,
    Share,
    StorePreset,
    Transfer,
)
from gateway.driver import Action, Done, Feedback, Later, Offers, Refused, Send, Taken
from tests.drivers.cisco_bench import Bench, asked, kinds, told
from tests.drivers.test_cisco_roomos_calls import INCOMING, OUTGOING, gone

UP = {**INCOMING, "Status": "Connected", "AnswerState": "Answered"}


@pytest.fixture(params=["ws", "ssh"])
def up(request: pytest.FixtureRequest) -> Bench:
    bench = Bench(request.param)
    bench.up()
    return bench


def newer(scheme: str, **settings: Any) -> Bench:
    """A codec of today."""
    bench = Bench(scheme, **settings)
    bench.status["Status/SystemUnit"]["Software"]["Version"] = "RoomOS 26.4.1.0"
    bench.up()
    return bench


def sent(actions: list[Action]) -> list[str]:
    return [a.data if isinstance(a.data, str) else a.data.decode() for a in actions if isinstance(a, Send)]


# ---- calls


def test_a_call_is_turned_away_when_it_is_gone(up: Bench) -> None:
    up.push({"Call": [INCOMING]})
    request, _ = up.ask(Reject())
    assert up.answer(up.open[0])[1:] == [Taken(request), Later(1.0, "doubt")]
    assert up.push({"Call": [{"id": 27, "Status": "Disconnecting"}]})[1:] == []
    assert Done(request) in up.push(gone(27))


def test_to_turn_away_what_gave_up_already_is_what_was_wanted_but_nothing_is_a_mistake(up: Bench) -> None:
    up.push({"Call": [INCOMING]})
    request, _ = up.ask(Reject())
    up.push(gone(27))
    assert up.error(up.open[0], "No such call")[1:] == [Done(request)]
    request, _ = up.ask(Reject())
    assert up.error(up.open[0], "No such call")[1:] == [Refused(request, "No such call")]


def test_the_call_that_is_up_is_held_and_resumed(up: Bench) -> None:
    up.push({"Call": [UP, {**OUTGOING, "Status": "Ringing"}]})
    request, actions = up.ask(Hold())
    assert "27" in sent(actions)[0]
    up.answer(up.open[0])
    assert Done(request) in up.push({"Call": [{"id": 27, "Status": "OnHold", "PlacedOnHold": "True"}]})
    request, actions = up.ask(Resume())
    assert "27" in sent(actions)[0]
    up.answer(up.open[0])
    assert Done(request) in up.push({"Call": [{"id": 27, "Status": "Connected", "PlacedOnHold": "False"}]})


def test_a_call_that_ends_before_it_is_held(up: Bench) -> None:
    up.push({"Call": [UP]})
    request, _ = up.ask(Hold())
    up.answer(up.open[0])
    assert Refused(request, "the call ended before that") in up.push(gone(27))


def test_a_transfer_is_done_when_our_call_is_gone(up: Bench) -> None:
    request, actions = up.ask(Transfer("carol@example.com"))
    assert actions == [Refused(request, "there is no call to transfer")]
    up.push({"Call": [UP]})
    request, _ = up.ask(Transfer("carol@example.com"))
    assert Done(request) not in up.answer(up.open[0])
    assert Done(request) in up.push(gone(27))


def test_several_calls_are_hung_up_one_by_one(up: Bench) -> None:
    """Without CallId a codec may end the active call only (a transcription of the RoomOS 11 API says so)."""
    up.push({"Call": [UP, OUTGOING]})
    request, actions = up.ask(HangUp())
    first, second = sent(actions)
    assert "27" in first
    assert "28" in second
    up.push(gone(27))
    assert Refused not in map(type, up.error(up.open[0], "No such call"))
    up.answer(up.open[0])
    assert Done(request) in up.push(gone(28))


def test_why_a_call_ended(up: Bench) -> None:
    up.push({"Call": [UP]})
    cause = {"CallDisconnect": {"CauseType": "RemoteDisconnect", "CauseString": "", "CallId": 27}}
    (ending,) = told(up.happen(cause))["calls"]
    assert (ending.state, ending.reason) == ("connected", "RemoteDisconnect")
    ended, none = [a for a in up.push(gone(27)) if isinstance(a, Feedback)]
    assert [(call.state, call.reason) for call in ended.points["calls"]] == [("ended", "RemoteDisconnect")]
    assert none.points["calls"] == ()
    assert up.happen(cause) == []  # it is over, and nothing is kept of it


# ---- tones


def test_pauses_between_tones(up: Bench) -> None:
    request, actions = up.ask(SendDtmf("12,,3#"))
    assert len(sent(actions)) == 1
    name = f"tones {request.id}"
    assert up.answer(up.open[0])[1:] == [Later(4.0, name)]
    actions = up.wait(4, name)
    assert "3#" in sent(actions)[0]
    assert up.answer(up.open[0])[1:] == [Taken(request)]
    assert up.driver.patience(request.command) == 64


def test_long_tones_go_in_pieces_and_a_refusal_ends_them(up: Bench) -> None:
    request, _ = up.ask(SendDtmf("1" * 40))
    actions = up.answer(up.open[0])
    (send,) = kinds(actions, Send)
    assert isinstance(send, Send)
    assert send.hide
    assert up.error(up.open[0], "No such call")[1:] == [Refused(request, "No such call")]
    assert up.driver.tones == {}


# ---- meetings


def test_an_old_codec_joins_webex_meetings_only(up: Bench) -> None:
    request, actions = up.ask(Join("zoom", "123"))
    assert actions == [Refused(request, "the codec's software (ce9.15.17.4) joins no Zoom meetings")]
    request, actions = up.ask(Join("webex", url="https://example.com/1"))
    assert actions == [Refused(request, "a Webex meeting is joined by its number; this codec takes no link")]


@pytest.mark.parametrize("scheme", ["ws", "ssh"])
def test_secrets_of_a_meeting_are_hidden(scheme: str) -> None:
    bench = newer(scheme)
    _, actions = bench.ask(Join("teams", url="https://teams.example.com/secret", passcode="p4ss"))
    (send,) = kinds(actions, Send)
    assert isinstance(send, Send)
    data = sent(actions)[0]
    for hidden in send.hide:
        assert hidden in data
        data = data.replace(hidden, "***")
    assert "secret" not in data
    assert "p4ss" not in data


@pytest.mark.parametrize("scheme", ["ws", "ssh"])
def test_a_way_that_the_codec_does_not_know_is_not_tried_again(scheme: str) -> None:
    bench = newer(scheme)
    request, actions = bench.ask(Join("teams", url="https://teams.example.com/1"))
    assert "WebRTC" in sent(actions)[0]
    actions = bench.error(bench.open[0], "Unknown command", -32601)
    assert "MicrosoftTeams" in sent(actions)[0]
    (offers,) = kinds(actions, Offers)
    assert isinstance(offers, Offers)
    assert list(offers.choices["service"]) == ["webex", "teams", "zoom"]  # Google Meet went with it
    bench.answer(bench.open[0])
    assert Done(request) in bench.push({"Call": [OUTGOING]})
    _, actions = bench.ask(Join("teams", url="https://teams.example.com/1"))
    assert "MicrosoftTeams" in sent(actions)[0]


def test_a_teams_room_joins_as_one() -> None:
    bench = newer("ws", teams="rooms")
    _, actions = bench.ask(Join("teams", url="https://teams.example.com/1"))
    assert "MicrosoftTeams" in sent(actions)[0]


def test_a_teams_meeting_by_its_number_has_one_way_only() -> None:
    """Schema 26.4.1: MeetingNumber of WebRTC Join is "exclusively for Google Meet"; MicrosoftTeams Join wants both."""
    bench = newer("ws")
    request, actions = bench.ask(Join("teams", "123"))
    assert actions == [Refused(request, "a Teams meeting is joined by its link, or by its number and passcode")]
    request, actions = bench.ask(Join("teams", "123", passcode="9"))
    assert "MicrosoftTeams" in sent(actions)[0]
    assert Refused(request, "Unknown command") in bench.error(bench.open[0], "Unknown command", -32601)
    request, actions = bench.ask(Join("teams", "123", passcode="9"))
    assert actions == [Refused(request, "the codec's software joins Microsoft Teams meetings only by their link")]


@pytest.mark.parametrize("scheme", ["ws", "ssh"])
def test_a_webex_link_goes_as_a_number_and_is_hidden(scheme: str) -> None:
    _, actions = newer(scheme).ask(Join("webex", url="https://example.webex.com/secret"))
    (send,) = kinds(actions, Send)
    assert isinstance(send, Send)
    assert "Number" in sent(actions)[0] and any("secret" in hidden for hidden in send.hide)


@pytest.mark.parametrize("scheme", ["ws", "ssh"])
def test_a_command_that_the_codec_does_not_know_is_not_offered_again(scheme: str) -> None:
    bench = newer(scheme)
    request, _ = bench.ask(Transfer("a@example.com", "1"))
    actions = bench.error(bench.open[0], "Unknown command", -32601)
    (offers,) = kinds(actions, Offers)
    assert isinstance(offers, Offers)
    assert Transfer not in offers.commands
    assert actions[-1] == Refused(request, "Unknown command")


# ---- picture, share, presets


@pytest.mark.parametrize(
    ("presentation", "sharing", "source"),
    [
        ({"Mode": "Off"}, "off", ""),
        ({"Mode": "Receiving"}, "receiving", ""),
        ({"Mode": "Sending", "LocalInstance": [{"id": 1, "SendingMode": "LocalRemote", "Source": 2}]}, "sending", "2"),
        ({"Mode": "Off", "LocalInstance": [{"id": 1, "SendingMode": "LocalOnly", "Source": 3}]}, "preview", "3"),
        ({"Mode": "Receiving", "LocalInstance": [{"id": 1, "SendingMode": "LocalOnly", "Source": 3}]}, "preview", "3"),
        ({"Mode": "Off", "LocalInstance": [{"id": 1, "SendingMode": "Off", "Source": 3}]}, "off", ""),
    ],
)
def test_content_share(up: Bench, presentation: dict[str, Any], sharing: str, source: str) -> None:
    points = told(up.push({"Conference": {"Presentation": presentation}}))
    assert (points["sharing"], points["share_source"]) == (sharing, source)


def test_a_ghost_in_any_list_is_what_went_away(up: Bench) -> None:
    """Not calls alone: a share that ended, and a source whose cable was pulled."""
    shared = {"LocalInstance": [{"id": 1, "SendingMode": "LocalOnly", "Source": 2}], "Mode": "Off"}
    assert told(up.push({"Conference": {"Presentation": shared}}))["sharing"] == "preview"
    points = told(up.push({"Conference": {"Presentation": {"LocalInstance": [{"id": 1, "ghost": "True"}]}}}))
    assert (points["sharing"], points["share_source"]) == ("off", "")
    (offers,) = kinds(up.push({"Video": {"Input": {"Connector": [{"id": 2, "ghost": "True"}]}}}), Offers)
    assert isinstance(offers, Offers)
    assert "source" not in offers.choices and offers.choices["camera"] == {"1": "Wall"}


def test_older_software_has_layout_families() -> None:
    bench = Bench("ssh")
    bench.status["Status/Video"]["Layout"] = {"LayoutFamily": {"Local": "Equal"}}
    actions = bench.up()
    assert told(actions)["layout"] == "equal"
    (offers, *_) = kinds(actions, Offers)
    assert isinstance(offers, Offers)
    assert list(offers.choices["layout"]) == ["auto", "equal", "overlay", "prominent", "single"]
    _, actions = bench.ask(SetLayout("single"))
    assert 'Video Layout LayoutFamily Set LayoutFamily: "single"' in sent(actions)[0]
    request, actions = bench.ask(SetLayout("Grid"))
    assert actions == [Refused(request, "layout is one of auto, equal, overlay, prominent, single, not 'Grid'")]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Share("HDMI"), "source is the number of a source, not 'HDMI'"),
        (SelectCamera("left"), "camera is the number of a source, not 'left'"),
        (RecallPreset(0), "presets are numbered 1 to 35"),
        (StorePreset(36), "presets are numbered 1 to 35"),
        (Share("7"), "the codec has no source 7"),
        (SelectCamera("0"), "the codec has no source 0"),
        (MoveCamera("left", "8"), "camera is a source with a camera, or a number from 1 to 7, not '8'"),
        (SetLayout("x" * 64), ""),
        (Dial("a@example.com", rate=63), "rate is from 64 to 10000 kbit/s, not 63"),
        (Dial("a" * 256), "the codec takes at most 255 characters as Number"),
        (Search("a" * 256), "the codec takes at most 255 characters as SearchString"),
        (Join("webex", "1", passcode="1" * 33), "the codec takes at most 32 characters as Pin"),
        (HangUp("0"), "there is no call '0'"),  # CallId 0 is the codec's word for all of them
        (HangUp("65535"), "there is no call '65535'"),
        (Answer("first"), "there is no call 'first'"),
        (SendDtmf("1", "first"), "there is no call 'first'"),
    ],
)
def test_what_the_codec_cannot_be_told(up: Bench, command: Any, words: str) -> None:
    request, actions = up.ask(command)
    assert actions == [Refused(request, words)] if words else not kinds(actions, Refused)


# ---- the heartbeat


def test_the_codec_shows_us_alive(up: Bench) -> None:
    actions = up.wait(30, "heart")
    assert "HeartBeat" in sent(actions)[0]
    assert actions[-1] == Later(30.0, "heart")
    up.error(up.open[0], "No such peripheral")  # it forgot us
    assert "Connect" in sent(up.wait(30, "heart"))[0]
    assert "HeartBeat" in sent(up.answer(up.open[0]))[0]


def test_a_codec_that_does_not_let_us_is_left_alone() -> None:
    bench = Bench("ws")
    bench.do(bench.driver.opened())
    actions: list[Action] = []
    while bench.open:
        first = bench.open[0]
        refuse = "Peripherals" in str(first.data)
        actions += bench.error(first, "Permission denied", -31999) if refuse else bench.answer(first)
    assert actions[-1] == Later(0, "heart")


def test_nobody_is_shown_where_nobody_wants_it() -> None:
    bench = Bench("ws", peripheral="")
    assert not [path for _, path in asked(bench.up()) if "Peripherals" in path]
