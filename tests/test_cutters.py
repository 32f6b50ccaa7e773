"""Cutters: whole messages out of a stream in any pieces, and a bound on what a flood may cost."""

from __future__ import annotations

import json
import re
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cutters import Cutter, Frames, JsonOrLines, Lines, Overflow, Whole


def cut(cutter: Cutter, stream: bytes, cuts: list[int]) -> list[Any]:
    """Feed a stream in pieces that end at `cuts`."""
    feed = cutter.start()
    ends = [0, *sorted(at for at in cuts if at < len(stream)), len(stream)]
    return [message for begin, end in pairwise(ends) for message in feed(stream[begin:end])]


def length_first(held: bytes) -> int:
    """A frame begins with 0x02 and its length; anything else is skipped up to the next 0x02."""
    if held[0] != 2:
        at = held.find(2)
        return -at if at > 0 else -len(held)
    return held[1] + 2 if len(held) > 1 else 0


CUTS = st.lists(st.integers(0, 400), max_size=12)
LINES = Lines((b"\r", b"\n"))
FRAMES = Frames(length_first)


@given(st.lists(st.sampled_from([b"", b"OK", b"a line", b"\xff\x00"]), max_size=20), st.data(), CUTS)
def test_lines_do_not_depend_on_packets(lines: list[bytes], data: st.DataObject, cuts: list[int]) -> None:
    stream = b"".join(line + data.draw(st.sampled_from([b"\r", b"\n", b"\r\n"])) for line in lines)
    assert cut(LINES, stream, cuts) == [line for line in lines if line]


@given(st.lists(st.binary(max_size=40), max_size=20), CUTS)
def test_a_line_end_of_two_bytes_may_be_torn(lines: list[bytes], cuts: list[int]) -> None:
    lines = [line.replace(b"\r", b"").replace(b"\n", b"") for line in lines]
    stream = b"".join(line + b"\r\n" for line in lines)
    assert cut(Lines((b"\r\n",)), stream, cuts) == [line for line in lines if line]


@given(st.lists(st.binary(max_size=60), max_size=30), CUTS)
def test_frames_do_not_depend_on_packets(bodies: list[bytes], cuts: list[int]) -> None:
    frames = [bytes((2, len(body))) + body for body in bodies]
    assert cut(FRAMES, b"\x00\x01".join(frames), cuts) == frames


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3) | st.sampled_from(["OK", "** end"]), max_size=8),
    st.sampled_from([None, 2]),
    CUTS,
)
def test_json_and_lines_do_not_depend_on_packets(messages: list[Any], indent: int | None, cuts: list[int]) -> None:
    texts = [m if isinstance(m, str) else json.dumps(m, indent=indent, ensure_ascii=False) for m in messages]
    found = cut(JsonOrLines(), "".join(text + "\r\n" for text in texts).encode(), cuts)
    assert [m if isinstance(m, str) else json.dumps(m) for m in messages] == [
        json.dumps(json.loads(f)) if f.startswith(b"{") else f.decode() for f in found
    ]


@pytest.mark.parametrize("cutter", [LINES, FRAMES, JsonOrLines()], ids=["lines", "frames", "json"])
@given(st.binary(max_size=400), CUTS)
def test_noise_is_cut_alike_in_any_pieces(cutter: Cutter, stream: bytes, cuts: list[int]) -> None:
    assert cut(cutter, stream, cuts) == cut(cutter, stream, [])


def test_what_was_not_asked_for_ends_no_turn() -> None:
    cutter = Lines((b"\r",), unasked="tele:|\\*")
    assert cutter.answers(b"OK") and not cutter.answers(b"tele: volume 3") and not cutter.answers(b"*r end")
    assert not Lines(turns=False).answers(b"OK")
    assert FRAMES.answers(b"\x02\x00") and not Frames(length_first, turns=False).answers(b"\x02\x00")
    assert not Whole().answers("text") and Whole().start()("text") == ["text"]
    assert not JsonOrLines().answers(b"{}")


def test_a_line_end_that_begins_another_is_refused() -> None:
    with pytest.raises(ValueError, match="beginning of another"):
        Lines((b"\r", b"\r\n"))


FLOODS = [
    pytest.param(Lines(), b"x" * 4096, id="lines"),
    pytest.param(Frames(lambda held: 0), b"x" * 4096, id="frames"),
    pytest.param(JsonOrLines(65_536), b"x" * 4096, id="json lines"),
    pytest.param(JsonOrLines(65_536), b'{"a":' * 800, id="json"),
    pytest.param(JsonOrLines(65_536), b'{"' + b"x" * 4094, id="json text"),
]


@pytest.mark.parametrize(("cutter", "packet"), FLOODS)
def test_a_flood_without_an_end_is_bounded(cutter: Cutter, packet: bytes) -> None:
    feed = cutter.start()
    tracemalloc.start()
    try:
        with pytest.raises(Overflow):
            for _ in range(64):
                feed(packet)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_line_or_frame_that_is_too_long_is_no_message_even_if_it_ends() -> None:
    with pytest.raises(Overflow):
        Lines(limit=10).start()(b"x" * 11 + b"\r")
    with pytest.raises(Overflow):
        Frames(lambda held: 5000, limit=1000).start()(b"x")


def test_many_short_frames_in_one_packet_do_not_cost_their_square() -> None:
    shown = 0

    def one(held: bytes) -> int:
        nonlocal shown
        shown += len(held)
        return 1

    assert len(Frames(one).start()(b"x" * 65_536)) == 65_536
    assert shown <= 65_536 * 256


def test_a_long_frame_is_found_by_looking_further() -> None:
    def until_end(held: bytes) -> int:
        found = re.search(b"\x03", held)
        return found.end() if found else 0

    stream = b"x" * 3000 + b"\x03" + b"y\x03"
    assert Frames(until_end).start()(stream) == [b"x" * 3000 + b"\x03", b"y\x03"]
