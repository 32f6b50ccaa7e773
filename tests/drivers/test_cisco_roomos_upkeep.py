"""How the Cisco driver keeps to the truth when feedback is lost or an answer stays away; and the directory's pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.cisco.about import RoomosSettings
from gateway.commands import Search, SetVolume
from gateway.driver import Action, Answered, Done, Drop, Item, Later, More, Refused, Request, Send
from gateway.model import Reason
from tests.drivers.cisco_bench import STATUS, Bench, asked, kinds, told

STATUSES = ["Status/Standby", "Status/Audio", "Status/Video", "Status/Conference", "Status/Call"]
PUSHED = [*STATUSES, "Configuration/Conference/AutoAnswer"]
NAMES = ["Configuration/SystemUnit/Name", "Configuration/Video/Input/Connector"]


@pytest.fixture(params=["ws", "ssh"])
def up(request: pytest.FixtureRequest) -> Bench:
    bench = Bench(request.param)
    bench.up()
    return bench


# ---- loss, silence and doubt


def test_lost_feedback_is_found_out_after_a_command_and_registered_again(up: Bench) -> None:
    up.ask(SetVolume(41))
    up.answer_all()
    actions = up.wait(1, "doubt")
    assert asked(actions) == [("read", "Status/Audio")]
    up.status["Status/Audio"] = {"Microphones": {"Mute": "On"}, "Volume": 41, "VolumeMute": "Off"}
    actions = up.answer(up.open[0])
    assert told(actions)["volume"] == 41
    assert asked(actions)[:7] == [("subscribe", path) for path in (*PUSHED, "Event/CallDisconnect")]
    assert [path for kind, path in asked(actions)[7:]] == [*PUSHED, "Status/SystemUnit", *NAMES]


def test_a_value_that_was_held_already_is_asked_for_once_more(up: Bench) -> None:
    """The house may have been disturbed by an older command; only the codec's word settles it."""
    up.ask(SetVolume(50))
    up.answer_all()
    up.wait(1, "doubt")
    actions = up.answer_all()
    assert told(actions)["volume"] == 50
    assert asked(actions) == []


def test_everything_is_read_and_registered_again_on_a_slow_timer(up: Bench) -> None:
    actions = up.wait(120, "verify")
    assert [kind for kind, _ in asked(actions)] == ["subscribe"] * 7 + ["read"] * 9
    assert actions[-1] == Later(120, "verify")
    up.status["Status/Standby"] = {"State": "Standby"}
    actions = up.answer_all()
    assert told(actions)["power"] == "standby"
    assert [kind for kind, _ in asked(actions)] == (["unsubscribe"] * 7 if up.scheme == "ws" else [])


def test_the_new_subscription_stands_before_the_old_one_is_given_up() -> None:
    up = Bench("ws")
    up.up()
    up.wait(120, "verify")
    (given_up,) = kinds(up.answer(up.open[0]), Send)
    assert isinstance(given_up, Send)
    assert json.loads(given_up.data)["params"] == {"Id": 1}


def test_an_error_on_reading_again_takes_nothing_back(up: Bench) -> None:
    up.wait(120, "verify")
    actions: list[Action] = []
    while up.open:
        actions += up.error(up.open[0], "Internal error", -32603)
    assert told(actions) == {}


def test_what_the_codec_does_not_push_is_read_every_few_seconds() -> None:
    bench = Bench("ws")
    bench.do(bench.driver.opened())
    refused = next(send for send in bench.open if '"xFeedback/Subscribe"' in send.data and '"Audio"' in send.data)
    bench.error(refused, "Subscriber count exceeded", -31998)
    assert Later(5, "poll") in bench.answer_all()
    actions = bench.wait(5, "poll")
    assert asked(actions) == [("read", "Status/Audio")]
    assert actions[-1] == Later(5, "poll")
    bench.status["Status/Audio"] = {**STATUS["Status/Audio"], "Volume": 7}
    actions = bench.answer_all()
    assert told(actions)["volume"] == 7
    assert asked(actions) == []  # a change that was not pushed is no surprise here


def test_a_quiet_codec_is_asked_whether_it_is_there(up: Bench) -> None:
    up.driver.now += 10
    up.push({"Audio": {"Volume": 1}})
    assert up.wait(20, "quiet") == [Later(10.0, "quiet")]
    actions = up.wait(10, "quiet")
    assert asked(actions) == [("read", "Status/Standby/State")]
    question = up.open[0]
    assert asked(up.answer(question)) == []
    up.wait(30, "quiet")
    assert list(up.driver.failed(up.open[0].tag, "no response")) == [
        Drop(Reason.NO_RESPONSE, "the codec does not answer")
    ]


def test_one_silent_exchange_does_not_end_it_and_its_late_answer_counts(up: Bench) -> None:
    request, _ = up.ask(Search("board"))
    (slow,) = up.open
    actions = up.do(up.driver.failed(slow.tag, "no response"))
    assert asked(actions) == [("read", "Status/Standby/State")]
    assert list(up.driver.failed("99", "no response")) == []  # it is being asked already
    up.answer(up.open[1])
    assert up.result(slow, {"ResultInfo": {"TotalRows": 0}}) == [Answered(slow.tag), Done(request)]


# ---- the directory


def row(number: int) -> dict[str, Any]:
    method = {"id": "1", "Number": f"p{number}@example.com", "Protocol": "SIP", "CallRate": 0, "CallType": "Video"}
    return {"id": number, "Name": f"Person {number}", "ContactId": f"c_{number}", "ContactMethod": [method]}


def test_a_search_comes_page_by_page() -> None:
    for scheme in ("ws", "ssh"):
        up = Bench(scheme, page=2)
        up.up()
        request, actions = up.ask(Search("pers"))
        found = up.result(up.open[0], {"ResultInfo": {"TotalRows": 3}, "Contact": [row(1), row(2)]})
        assert found[1:] == [Item(request, person(1)), Item(request, person(2)), More(request)]
        following = type(request)(request.id, request.command, page=1)
        actions = up.do(up.driver.command(following))
        (send,) = kinds(actions, Send)
        assert isinstance(send, Send)
        sent = send.data if scheme == "ws" else send.data.decode()
        assert ('"Offset":2' if scheme == "ws" else "Offset: 2") in sent
        found = up.result(send, {"ResultInfo": {"TotalRows": 3}, "Contact": [row(3)]})
        assert found[1:] == [Item(following, person(3)), Done(following)]


def person(number: int) -> dict[str, Any]:
    method = {"address": f"p{number}@example.com", "protocol": "sip", "kind": "video", "rate": 0}
    first = {"address": method["address"], "protocol": "sip"}
    return {"name": f"Person {number}", "id": f"c_{number}", **first, "methods": [method]}


def test_without_a_total_a_full_page_means_more_and_an_empty_one_the_end(up: Bench) -> None:
    up.driver.settings = RoomosSettings(page=1)
    request, _ = up.ask(Search(""))
    assert up.result(up.open[0], {"Contact": [row(1)]})[-1] == More(request)
    request, _ = up.ask(Search(""))
    assert up.result(up.open[0], {"ResultInfo": {"TotalRows": 9}})[-1] == Done(request)


def test_a_directory_ends_where_the_codec_can_be_asked_no_further(up: Bench) -> None:
    """Offset is 0 to 65534 in the schemas: row 65,535 is the last that a question can begin with."""
    people = [{"id": 1, "Name": "Alice"}]
    for page, end in ((1309, More), (1310, Done)):
        request = Request("r", Search("a"), page=page)
        (send,) = up.do(up.driver.command(request))
        assert isinstance(send, Send)
        actions = up.result(send, {"ResultInfo": {"TotalRows": 100_000}, "Contact": people})
        assert actions[-1] == end(request), page


def test_a_page_of_folders_is_not_the_end(up: Bench) -> None:
    request, _ = up.ask(Search(""))
    folder = {"id": 1, "FolderId": "f_1", "Name": "Bergen"}
    found = up.result(up.open[0], {"ResultInfo": {"TotalRows": 51}, "Folder": [folder]})
    assert found[1:] == [More(request)]


def test_line_breaks_in_a_search_never_reach_the_codec(up: Bench) -> None:
    request, actions = up.ask(Search("a\nxCommand SystemUnit Boot"))
    assert actions == [Refused(request, "a search text must not hold control characters")]
