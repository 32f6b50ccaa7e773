"""Whatever a Zoom Room says, however it is cut and in whatever order it comes."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.zoom import words
from drivers.zoom.rooms import Ask, ZoomRooms
from gateway.commands import Answer, Dial, HangUp, Join, Reject, SendDtmf, SetVolume
from gateway.driver import Action, Done, Feedback, Offers, Refused, Request, Send
from tests.drivers.test_zoom_rooms import GREETING, LOST, PHONE, TAKEN, feed, say, up
from tests.drivers.test_zoom_rooms_phone import OK, listing, phone_end, phone_event, row

MEETINGS = (
    GREETING.wire
    + say("zStatus", "Call", {"Status": "IN_MEETING"})
    + TAKEN.wire
    + say("zEvent", "IncomingCallIndication", {"callerJID": "a@b", "callerName": "A {"})
    + LOST.wire
    + say("zConfiguration", "Audio", {"Output": {"volume": 7}})
)


@given(st.lists(st.integers(0, len(MEETINGS)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver, cut = ZoomRooms(), words.Shell().start()
        return [a for piece in pieces for message in cut(piece) for a in driver.received(message)]

    marks = sorted({0, *cuts, len(MEETINGS)})
    assert run([MEETINGS[a:b] for a, b in itertools.pairwise(marks)]) == run([MEETINGS])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Status", "Call", "state", "CallId"]), inner)
    ),
    max_leaves=6,
)
TOPS = [
    "PhoneCallStatus",
    "PhoneCallListResult",
    "PhoneCallTerminated",
    "Call",
    "Audio",
    "Sharing",
    "SystemUnit",
    "IncomingCallIndication",
    "CallConnectError",
    "Pipe",
    "",
]


@given(st.binary(max_size=60), st.sampled_from(TOPS), JSON, JSON, st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes, key: str, told: Any, status: Any, sync: bool) -> None:
    driver = up()
    request = Request("1", SetVolume(1))
    whole = {"type": "zEvent", "topKey": key, key: told, "Status": status, "Sync": sync}
    feed(driver, noise + b"\r\n" + json.dumps(whole).encode() + b"\r\n", Ask("x", request))


SAID = [
    say("zConfiguration", "Audio", {"Output": {"volume": 7}}),
    say("zConfiguration", "Call", {"Microphone": {"Mute": True}}),
    say("zEvent", "IncomingCallIndication", {"callerJID": "a@b", "callerName": "A"}),
    say("zCommand", "ListParticipantsResult", [{}, {}], sync=True),
    b"a line that says nothing\r\n",
]


@given(st.permutations(SAID))
@settings(max_examples=40, deadline=None)
def test_answers_and_events_in_any_order_say_the_same(order: list[bytes]) -> None:
    def run(pieces: list[bytes]) -> list[str]:
        driver = up()
        return sorted(repr(action) for piece in pieces for action in feed(driver, piece, Ask(words.PEOPLE)))

    assert run(order) == run(SAID)


TELEPHONES = (
    GREETING.wire
    + say("zStatus", "Call", {"Status": "NOT_IN_MEETING"}, sync=True)
    + phone_event("Init")
    + phone_event("InCall")
    + phone_event("Incoming", "8", IsIncomingCall=True)
    + phone_end("ByRemote", "8")
    + TAKEN.wire
    + listing(row("InCall"), row("Ringing", "9"))
    + phone_end("ByLocal")
)


@given(st.lists(st.integers(0, len(TELEPHONES)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_of_telephone_calls_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver, cut = ZoomRooms(), words.Shell().start()
        return [a for piece in pieces for message in cut(piece) for a in driver.received(message)]

    marks = sorted({0, *cuts, len(TELEPHONES)})
    assert run([TELEPHONES[a:b] for a, b in itertools.pairwise(marks)]) == run([TELEPHONES])


EVENTS = [phone_event("Init"), phone_event("Ringing"), phone_event("InCall"), phone_end("ByRemote")]
OTHERS = [
    (say("zConfiguration", "Audio", {"Output": {"volume": 7}}, sync=True), Ask(words.VOLUME)),
    (say("zConfiguration", "Call", {"Microphone": {"Mute": True}}), None),
    (b"Unsupported Command\r\n", Ask(words.PHONES)),
    (say("zCommand", "ListParticipantsResult", [{}, {}], sync=True), Ask(words.PEOPLE)),
]


@given(st.permutations([0] * len(EVENTS) + [1] * len(OTHERS)))
@settings(max_examples=40, deadline=None)
def test_answers_between_the_words_of_a_telephone_call_change_nothing(order_of: list[int]) -> None:
    def run(turns: list[int]) -> list[Any]:
        driver, events, others = up(), iter(EVENTS), iter(OTHERS)
        said = []
        for turn in turns:
            data, tag = next(others) if turn else (next(events), None)
            said += feed(driver, data, tag)
        return [a.points["calls"] for a in said if isinstance(a, Feedback) and "calls" in a.points]

    assert run(order_of) == run(sorted(order_of))


CALL_IDS = st.sampled_from(["7", "8", "0", 7, "", None, "7\r\nx", "\ud800"])
FIELDS = st.fixed_dictionaries(
    {"CallId": CALL_IDS},
    optional={
        "Status": st.sampled_from(
            ["PhoneCallStatus_InCall", "Incoming", "Init", "PhoneCallStatus_Terminated", 3, None]
        ),
        "Reason": st.sampled_from(["PhoneCallTerminateReason_ByRemote", "None", 0, None, [], "_"]),
        "IsIncomingCall": st.sampled_from([True, False, "on", None, {}]),
        "PeerNumber": st.sampled_from([PHONE, "", None, 12]),
    },
)
WANTED = st.sampled_from(
    [
        *(Dial(PHONE), Dial("+15550000000"), Join("zoom", "93412345678"), SendDtmf("1,2"), SendDtmf(",")),
        *(HangUp(), HangUp("phone-7"), HangUp("meeting"), Reject(), Answer()),
    ]
)
STEPS = st.one_of(
    st.tuples(
        st.just("event"), st.sampled_from(["PhoneCallStatus", "PhoneCallTerminated", "PhoneCallListResult"]), FIELDS
    ),
    st.tuples(st.just("list"), st.lists(FIELDS, max_size=3)),
    st.tuples(st.just("status"), st.sampled_from(["IN_MEETING", "NOT_IN_MEETING", "CONNECTING_MEETING"])),
    st.tuples(st.just("pipe"), st.sampled_from([TAKEN.wire])),
    st.tuples(st.just("answer"), st.sampled_from([OK, LOST.wire, b"Unsupported Command\r\n"])),
    st.tuples(st.just("want"), WANTED),
    st.tuples(st.just("due"), st.sampled_from(["poll", "again", "tones", "people", "accepted", "phone rung phone-7"])),
    st.tuples(st.just("later"), st.integers(1, 70)),
)


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=300, deadline=None)
def test_no_life_of_telephone_calls_breaks_the_driver(steps: list[Any]) -> None:
    """Nothing raises; a line is one line; a command ends once; one tone at a time is on its way; nobody is offered
    tones without a telephone call."""
    driver = up()
    waiting: list[Any] = []  # tags of what was sent and not answered, oldest first
    ended: set[str] = set()
    numbers = itertools.count()
    offered = False

    def heed(actions: list[Action]) -> None:
        nonlocal offered
        for action in actions:
            match action:
                case Send():
                    assert action.data.endswith(b"\r\n") and action.data.count(b"\r") == action.data.count(b"\n") == 1
                    waiting.append(action.tag)
                case Done(request) | Refused(request, _):
                    assert request.id not in ended
                    ended.add(request.id)
                case Offers():
                    offered = SendDtmf in action.commands
        assert sum(b"SendSipDTMF" in tag.line.encode() for tag in waiting if tag is not None) <= 1

    for what, *more in steps:
        match what:
            case "event":
                heed(feed(driver, say("zEvent", more[0], more[1])))
            case "list":
                heed(feed(driver, listing(*more[0])))
            case "status":
                heed(feed(driver, say("zStatus", "Call", {"Status": more[0]})))
            case "pipe":
                heed(feed(driver, more[0]))
            case "answer" if waiting:
                heed(feed(driver, more[0], waiting.pop(0)))
            case "want":
                heed(list(driver.command(Request(f"r{next(numbers)}", more[0]))))
            case "due":
                heed(list(driver.due(more[0])))
            case "later":
                driver.now += more[0]
        assert offered == driver.calls.phones.connected()
        assert all(call.state != "ended" for call in driver.calls.shown() or ())
