"""How calls end in the book: completed, missed, rejected, cancelled, failed, lost; and when they began."""

from __future__ import annotations

import dataclasses

from gateway.callbook import Callbook, Record
from gateway.driver import Feedback
from gateway.model import Call, Reading
from gateway.unit import Unit

IN = Call("1", "in", "ringing", answered=False)
OUT = Call("2", "out", "dialling")


def told(*calls: Call, at: float = 100.0, cause: str = "") -> Reading:
    return Reading(calls, at, True, False, cause)


def heard(book: Callbook, reading: Reading, now: float = 100.0) -> tuple[list[Call], list[Record]]:
    """`cause` is `<verb>` or `<verb> <number>` in these tests."""
    return book.hear(reading, now, reading.cause.partition(" ")[0])


def since(call: Call, start: float) -> Call:
    return dataclasses.replace(call, state="connected", start=start)


def test_a_ringing_call_is_told_once() -> None:
    book = Callbook()
    assert heard(book, told(IN)) == ([IN], [])
    assert heard(book, told(dataclasses.replace(IN, name="Alice"))) == ([], [])


def test_missed_rejected_failed_and_completed() -> None:
    book = Callbook()
    heard(book, told(IN))
    assert [one.outcome for one in heard(book, told())[1]] == ["missed"]
    heard(book, told(IN))
    (record,) = heard(book, told(cause="reject"))[1]
    assert (record.outcome, record.ended_by, record.seconds) == ("rejected", "reject", None)
    heard(book, told(OUT, cause="dial"))
    (record,) = heard(book, told(dataclasses.replace(OUT, state="ended", reason="busy")))[1]
    assert (record.outcome, record.begun, record.call.reason) == ("failed", "dial", "busy")
    heard(book, told(IN))
    heard(book, told(since(IN, 100.0), cause="answer"))
    (record,) = heard(book, told(at=160.0, cause="hangup"))[1]
    assert (record.outcome, record.begun, record.ended_by, record.seconds) == ("completed", "answer", "hangup", 60.0)


def test_only_a_command_that_ends_calls_has_ended_one() -> None:
    book = Callbook()
    heard(book, told(IN))
    (record,) = heard(book, told(cause="answer"))[1]  # the caller gave up while the answer was on its way
    assert (record.outcome, record.begun, record.ended_by) == ("missed", "", "")
    heard(book, told(OUT, cause="dial 1"))
    (record,) = heard(book, told(dataclasses.replace(OUT, id="3"), cause="dial 2"))[1]
    assert (record.outcome, record.begun, record.ended_by) == ("failed", "dial 1", "")
    heard(book, told(since(OUT, 10.0), cause="hold"))
    (record,) = heard(book, told(cause="dial 3"))[1][-1:]
    assert (record.outcome, record.begun, record.ended_by) == ("completed", "", "")


def test_what_is_stale_ends_nothing() -> None:
    book = Callbook()
    heard(book, told(since(OUT, 5.0)))
    assert heard(book, Reading((), 100.0, True, True)) == ([], [])
    assert heard(book, Reading(None, 100.0)) == ([], [])
    assert [one.outcome for one in heard(book, told())[1]] == ["lost"]  # nobody saw how it ended


def test_a_dial_that_is_taken_back_is_cancelled_and_one_that_nobody_takes_has_failed() -> None:
    book = Callbook()
    heard(book, told(OUT, cause="dial"))
    (record,) = heard(book, told(cause="hangup"))[1]
    assert (record.outcome, record.begun, record.ended_by, record.seconds) == ("cancelled", "dial", "hangup", None)
    heard(book, told(OUT, cause="dial"))
    assert [one.outcome for one in heard(book, told(cause="dial"))[1]] == ["failed"], "the dial itself brought the news"
    heard(book, told(OUT, cause="dial"))
    assert [one.outcome for one in heard(book, told())[1]] == ["failed"]


def test_a_call_that_vanished_unseen_is_lost_and_counted_as_long_as_it_was_seen() -> None:
    book = Callbook()
    heard(book, told(since(OUT, 40.0), cause="dial"))
    heard(book, Reading((since(OUT, 40.0),), 40.0, True, True), now=70.0)
    heard(book, Reading((since(OUT, 40.0),), 40.0, True, True), now=500.0)
    (record,) = heard(book, told(at=900.0, cause="dial"), now=900.0)[1]
    assert (record.outcome, record.seconds, record.begun, record.ended_by) == ("lost", 30.0, "dial", "")
    assert record.at_least
    heard(book, told(IN))
    heard(book, Reading(None, 100.0), now=110.0)
    (record,) = heard(book, told(), now=200.0)[1]
    assert (record.outcome, record.seconds, record.at_least) == ("lost", None, False)


def test_a_call_that_outlived_the_outage_is_not_lost() -> None:
    book = Callbook()
    heard(book, told(since(OUT, 40.0)))
    heard(book, Reading((since(OUT, 40.0),), 40.0, True, True), now=70.0)
    assert heard(book, told(since(OUT, 40.0)), now=90.0) == ([], [])
    (record,) = heard(book, told(at=120.0), now=120.0)[1]
    assert (record.outcome, record.seconds, record.at_least) == ("completed", 80.0, False)


def test_a_call_that_the_codec_shows_ended_as_it_comes_back_says_so_itself() -> None:
    book = Callbook()
    heard(book, told(since(OUT, 40.0)))
    heard(book, Reading((since(OUT, 40.0),), 40.0, True, True), now=70.0)
    ended = dataclasses.replace(since(OUT, 40.0), state="ended", reason="normal")
    (record,) = heard(book, told(ended, at=90.0), now=90.0)[1]
    assert (record.outcome, record.call.reason) == ("completed", "normal")
    assert (record.seconds, record.at_least) == (30.0, True), "the codec was away from 70 on"


def test_an_id_that_is_used_again_is_another_call() -> None:
    book = Callbook()
    heard(book, told(OUT, cause="dial 1"))
    heard(book, told(dataclasses.replace(OUT, state="ended")))
    heard(book, told(OUT, cause="dial 2"))
    (record,) = heard(book, told(dataclasses.replace(OUT, state="ended")))[1]
    assert record.begun == "dial 2"


def test_a_codec_that_counts_from_the_beginning_after_a_reboot_has_another_call() -> None:
    book = Callbook()
    heard(book, told(since(OUT, 40.0), cause="dial 1"))
    heard(book, Reading((since(OUT, 40.0),), 40.0, True, True), now=70.0)
    (record,) = heard(book, told(OUT, at=300.0, cause="dial 2"), now=300.0)[1]
    assert (record.outcome, record.begun, record.seconds) == ("lost", "dial 1", 30.0)
    (record,) = heard(book, told(cause="hangup"))[1]
    assert (record.outcome, record.begun, record.seconds) == ("cancelled", "dial 2", None)
    heard(book, told(since(OUT, 40.0)))
    heard(book, Reading((since(OUT, 40.0),), 40.0, True, True), now=70.0)
    rings = dataclasses.replace(IN, id=OUT.id)
    assert heard(book, told(rings))[0] == [rings]


def test_a_call_whose_direction_is_found_out_later_is_the_same_call() -> None:
    book = Callbook()
    heard(book, told(since(OUT, 40.0)))
    assert heard(book, told(dataclasses.replace(since(OUT, 40.0), direction="in"))) == ([], [])


def test_the_house_counts_from_the_moment_of_connection_unless_the_codec_tells() -> None:
    unit = Unit("")

    def start(call: Call, wall: float) -> float | None:
        unit.hear(Feedback("", calls=(call,)), wall, wall)
        return unit.points["calls"].value[0].start  # type: ignore[no-any-return]

    assert start(OUT, 100.0) is None
    connected = dataclasses.replace(OUT, state="connected")
    assert start(connected, 110.0) == 110.0
    assert start(dataclasses.replace(connected, duration=3), 115.0) == 110.0  # about the same: no jitter
    assert start(dataclasses.replace(connected, duration=60), 120.0) == 60.0  # the codec knows better
    assert start(dataclasses.replace(connected, state="on hold"), 130.0) == 60.0
    assert start(dataclasses.replace(connected, id="3"), 140.0) == 140.0
    assert start(dataclasses.replace(OUT, id="3"), 150.0) is None  # another call of the same number
