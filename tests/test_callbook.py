"""How calls end in the book: completed, missed, rejected, failed; and when they began."""

from __future__ import annotations

import dataclasses

from gateway.callbook import Callbook
from gateway.driver import Feedback
from gateway.model import Call, Reading
from gateway.unit import Unit

IN = Call("1", "in", "ringing", answered=False)
OUT = Call("2", "out", "dialling")


def told(*calls: Call, at: float = 100.0, cause: str = "") -> Reading:
    return Reading(calls, at, True, False, cause)


def since(call: Call, start: float) -> Call:
    return dataclasses.replace(call, state="connected", start=start)


def test_a_ringing_call_is_told_once() -> None:
    book = Callbook()
    assert book.hear(told(IN)) == ([IN], [])
    assert book.hear(told(dataclasses.replace(IN, name="Alice"))) == ([], [])


def test_missed_rejected_failed_and_completed() -> None:
    book = Callbook()
    book.hear(told(IN))
    assert [one.outcome for one in book.hear(told())[1]] == ["missed"]
    book.hear(told(IN))
    (record,) = book.hear(told(cause="c-1"))[1]
    assert (record.outcome, record.ended_by, record.seconds) == ("rejected", "c-1", None)
    book.hear(told(OUT, cause="c-2"))
    (record,) = book.hear(told(dataclasses.replace(OUT, state="ended", reason="busy")))[1]
    assert (record.outcome, record.begun, record.call.reason) == ("failed", "c-2", "busy")
    book.hear(told(IN))
    book.hear(told(since(IN, 100.0), cause="c-3"))
    (record,) = book.hear(told(at=160.0, cause="c-4"))[1]
    assert (record.outcome, record.begun, record.ended_by, record.seconds) == ("completed", "c-3", "c-4", 60.0)


def test_what_is_stale_ends_nothing() -> None:
    book = Callbook()
    book.hear(told(since(OUT, 5.0)))
    assert book.hear(Reading((), 100.0, True, True)) == ([], [])
    assert book.hear(Reading(None, 100.0)) == ([], [])
    assert [one.outcome for one in book.hear(told())[1]] == ["completed"]


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
