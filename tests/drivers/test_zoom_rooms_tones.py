"""The tones that the Zoom Rooms driver sends into telephone calls: one at a time, never twice, never too late."""

from __future__ import annotations

from drivers.zoom import words
from drivers.zoom.rooms import TAKEN_OVER, Ask
from gateway.commands import SendDtmf
from gateway.driver import Later, Offers, Refused, Send, Taken
from tests.drivers.test_zoom_rooms import LOST, TAKEN, ask, feed, say, sent, up
from tests.drivers.test_zoom_rooms_phone import NONE, OK, order, phone_end, phone_event, tags


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
    assert not driver.calls.phones.tones.waiting


def test_a_late_answer_or_timer_sends_no_tone_twice() -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    first, actions = order(driver, "1", SendDtmf("5,5"))
    (tag,) = tags(actions)
    second, actions = order(driver, "2", SendDtmf("6"))
    assert actions == [] and list(driver.due("tones")) == []  # no pause is kept: that timer means nothing
    assert feed(driver, OK, tag) == [Later(2.0, "tones")]
    assert feed(driver, OK, tag) == []  # the same answer once more
    (tag,) = tags(list(driver.due("tones")))
    assert list(driver.due("tones")) == []
    said = feed(driver, OK, tag)
    assert said[0] == Taken(first) and sent(said) == [b"zCommand SendSipDTMF CallId: 7 Key: 6"]
    assert feed(driver, OK, tags(said)[0]) == [Taken(second)]


def test_tones_that_wait_are_refused_with_their_call_and_their_timer_stops() -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    first, _ = order(driver, "1", SendDtmf(",1"))
    second, _ = order(driver, "2", SendDtmf("2"))
    actions = feed(driver, NONE, Ask(words.PHONES))
    assert actions[:3] == [
        Refused(first, "the telephone call ended"),
        Refused(second, "the telephone call ended"),
        *([Later(0, "tones")]),
    ]
    (offers,) = [action for action in actions if isinstance(action, Offers)]
    assert SendDtmf not in offers.commands and list(driver.due("tones")) == []


def test_a_key_on_its_way_when_the_call_goes_is_waited_for() -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    _, actions = order(driver, "1", SendDtmf("12"))
    (old,) = tags(actions)
    feed(driver, phone_end("ByRemote"))
    feed(driver, phone_event("InCall", "8"))
    _, actions = order(driver, "2", SendDtmf("34"))
    assert actions == []  # one at a time
    assert sent(feed(driver, OK, old)) == [b"zCommand SendSipDTMF CallId: 8 Key: 3"]


def test_a_lost_room_refuses_tones_and_offers_them_no_more() -> None:
    driver = up()
    feed(driver, phone_event("InCall"))
    request, actions = order(driver, "1", SendDtmf("12"))
    (tag,) = tags(actions)
    said = feed(driver, TAKEN.wire)
    assert Refused(request, TAKEN_OVER) in said
    (offers,) = [action for action in said if isinstance(action, Offers)]
    assert SendDtmf not in offers.commands
    feed(driver, LOST.wire, tag)
    assert b"DTMF" not in b"".join(sent(list(driver.due("again"))))
    feed(driver, phone_event("InCall"))
    _, actions = order(driver, "2", SendDtmf("3"))
    assert len(sent(actions)) == 1  # nothing is believed to be on its way
