"""Whatever Graph says of an event, it is a meeting or a ValueError; the pieces of its answers, alone."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendars.graph import error_code
from gateway.calendars.graph_event import meeting
from gateway.calendars.meeting import Meeting
from gateway.calendars.retryafter import retry_after

ZONE = ZoneInfo("Europe/Berlin")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TIME = st.sampled_from(
    [
        "2026-03-02T08:00:00.0000000",
        "0001-01-01T00:00:00",
        "9999-12-31T23:00:00.0000000",
        "2026-03-02T08:00:00Z",
        "2026-03-02",
        "soon",
        "",
    ]
)
SIDE = st.fixed_dictionaries(
    {"dateTime": TIME, "timeZone": st.sampled_from(["UTC", "Europe/Berlin", "", "../x", "W. X"])}
)
NAMES = ("subject", "body", "showAs", "location", "locations", "organizer", "responseStatus", "onlineMeeting")


@given(
    start=SIDE | JSON,
    end=SIDE | JSON,
    all_day=st.booleans(),
    rest=st.dictionaries(st.sampled_from(NAMES), JSON),
    id=st.just("AAkA") | JSON,
)
def test_whatever_comes_is_a_meeting_or_a_value_error(
    start: Any, end: Any, all_day: bool, rest: dict[str, Any], id: Any
) -> None:
    try:
        held = meeting({**rest, "id": id, "start": start, "end": end, "isAllDay": all_day}, ZONE)
    except ValueError:
        return
    assert isinstance(held, Meeting) and held.start.tzinfo is not None and isinstance(held.subject, str)


# source: RFC 9110 10.2.3: delay-seconds or an HTTP-date
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("", 10),
        ("999999999999", 10),
        ("86400", 3600),
        ("-5", 10),
        ("٣", 10),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 59),
        ("Fri, 31 Dec 1999 23:00:00 GMT", 1),
    ],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value, 946684740.0) == seconds


# source: learn.microsoft.com/graph/errors, "Error resource type": {"error": {"code": ..., "message": ...}}
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"error": {"code": "ErrorAccessDenied", "message": "x"}}', "ErrorAccessDenied"),
        (b'{"error": {"code": "see https://evil.example"}}', ""),
        (b'{"error": "x"}', ""),
        (b"[[[[", ""),
        (b"\xff", ""),
        (b"[" * 60000, ""),
    ],
)
def test_an_errors_code_is_a_word_or_nothing(content: bytes, code: str) -> None:
    assert error_code(content) == code
