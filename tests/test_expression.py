"""Expressions over points: what they come to, what they never come to, and what is said of those that are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import POINTS, UNKNOWN, Point, Reading
from gateway.profile.expression import Known, parse

KNOWN: Mapping[str, Mapping[str, Point]] = {
    "room": {"power": POINTS["power"], "source": POINTS["source"]},
    "volume": {"volume": POINTS["volume"], "muted": POINTS["muted"]},
    "mics": {"mic_muted": POINTS["mic_muted"]},
    "screen.front-left": {"position": POINTS["position"], "moving": POINTS["moving"]},
}


def value(text: str, **points: Any) -> Known:
    """`volume__muted=True` is volume.muted; a Reading stands for itself."""
    held = {tuple(name.split("__")): v if isinstance(v, Reading) else Reading(v) for name, v in points.items()}
    found: dict[tuple[str, str], Reading] = {(part, point): reading for (part, point), reading in held.items()}
    return parse(text, KNOWN).value(lambda part, point: found.get((part, point), UNKNOWN))


@pytest.mark.parametrize(
    ("text", "points", "wanted"),
    [
        ("volume.volume", {"volume__volume": 40}, 40),
        ("volume.volume >= 40", {"volume__volume": 40}, True),
        ("volume.volume < 39.5", {"volume__volume": 40}, False),
        ("40 == volume.volume", {"volume__volume": 40}, True),
        ('room.power == "on"', {"room__power": "off"}, False),
        ("room.power != 'on'", {"room__power": "off"}, True),
        ("not volume.muted", {"volume__muted": False}, True),
        ("volume.muted and mics.mic_muted", {"volume__muted": True, "mics__mic_muted": False}, False),
        ("volume.muted or mics.mic_muted and false", {"volume__muted": True}, True),
        ("(volume.muted or true) and mics.mic_muted", {"mics__mic_muted": True}, True),
        ("volume.muted", {}, None),
        ("not volume.muted", {}, None),
        ("volume.muted and false", {}, False),
        ("volume.muted or true", {}, True),
        ("volume.muted or false", {}, None),
        ("volume.volume > 3", {}, None),
    ],
)
def test_what_it_comes_to(text: str, points: dict[str, Any], wanted: Any) -> None:
    assert value(text, **points) == Known(wanted)


def test_a_hyphen_and_a_dot_belong_to_a_name() -> None:
    found = parse("screen.front-left.position > 50 and not (volume.muted)", KNOWN)
    assert found.names == {("screen.front-left", "position"), ("volume", "muted")}
    assert found.type is bool and parse("volume.volume", KNOWN).type is int


def test_what_is_from_before_makes_it_stale() -> None:
    assert value("volume.volume > 3", volume__volume=Reading(40, stale=True)) == Known(True, True)
    assert value("volume.muted", volume__muted=Reading(None, stale=True)) == Known(None, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("volume.mutd", "no point 'volume.mutd'; did you mean 'volume.muted'?"),
        ("volum.muted", "did you mean 'volume.muted'?"),
        ('room.power == "onn"', "room.power is never 'onn'; did you mean 'on'?"),
        ("volume.volume == 'x'", "volume.volume is a number, and 'x' is a text"),
        ("volume.muted > 3", "is true or false"),
        ("room.power < 'on'", "'<' is for numbers"),
        ("volume.volume and true", "'and' is for what is true or false, not for volume.volume"),
        ("not 3", "'not' is for what is true or false"),
        ("volume.muted mics.mic_muted", "'mics.mic_muted' is one too many"),
        ("(volume.muted", "ends too early"),
        ("(volume.muted volume.muted", "a ')' is missing"),
        ("and", "found 'and' where a point"),
        ("volume.muted or", "ends too early"),
        ("__import__('os')", "is not understood"),
        ("volume.muted; x", "is not understood"),
        ("(" * 30 + "true" + ")" * 30, "too deep"),
        ("not " * 30 + "true", "too deep"),
        ("true or " * 100 + "true", "longer than"),
    ],
)
def test_what_is_said_of_one_that_is_none(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".*") as told:
        parse(text, KNOWN)
    assert words in str(told.value)


@given(st.text(max_size=200))
def test_any_text_is_an_expression_or_a_complaint(text: str) -> None:
    try:
        parse(text, KNOWN).value(lambda part, point: UNKNOWN)
    except ValueError as error:
        assert str(error)


WORDS = ["volume.muted", "volume.volume", "room.power", "true", "3", "'on'", "==", "<", "and", "or", "not", "(", ")"]


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.none() | st.booleans(), st.none() | st.integers(0, 100))
def test_any_row_of_words_is_an_expression_or_a_complaint(
    words: list[str], muted: bool | None, volume: int | None
) -> None:
    points = {"muted": muted, "volume": volume, "power": "on"}
    try:
        found = parse(" ".join(words), KNOWN)
    except ValueError:
        return
    known = found.value(lambda part, point: Reading(points[point]))
    assert known.value is None or isinstance(known.value, found.type)
