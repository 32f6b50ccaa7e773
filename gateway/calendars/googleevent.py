"""An event as Google's API tells it -> a meeting. Pure.

Source: developers.google.com/workspace/calendar/api/v3/reference/events. What may not live here: asking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Literal

from gateway.calendars.meeting import Answer, Meeting
from gateway.joinlink import Invitation

OWN = {"roomgate": "booking"}  # private extended properties of what this gateway booked
ANSWERS: dict[str, Answer] = {"accepted": "accepted", "tentative": "tentative", "declined": "declined"}
BESIDE = ("workingLocation", "birthday", "fromGmail")  # kinds of event that take no room
HTML = re.compile(r"<(?:a\s|br\b|p>|p\s|div\b|span\b|html\b|html-blob\b|ul>|ol>|li>|b>|i>|u>|table\b)", re.IGNORECASE)


def meeting(event: Mapping[str, Any], zone: tzinfo) -> Meeting:
    """One event; zone: the calendar's, for all-day ones. Raises ValueError for what is none."""
    start, end = _moment(event, "start", zone), _moment(event, "end", zone)
    organizer = _table(event, "organizer")
    answer: Answer = "none"
    for one in event.get("attendees") or ():
        if isinstance(one, Mapping) and one.get("self"):
            answer = ANSWERS.get(_text(one, "responseStatus"), "none")
    private = _table(_table(event, "extendedProperties"), "private")
    own = bool(organizer.get("self")) or all(private.get(key) == value for key, value in OWN.items())
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    if event.get("status") in ("tentative", "cancelled"):
        status = event["status"]
    return Meeting(
        id=str(event["id"]),
        start=start,
        end=max(start, end),
        invitation=_invitation(event),
        organizer=_text(organizer, "displayName") or _text(organizer, "email"),
        all_day="date" in _table(event, "start"),
        status=status,
        answer="accepted" if own else answer,
        show_as_free=event.get("transparency") == "transparent" or event.get("eventType") in BESIDE,
        private=event.get("visibility") in ("private", "confidential"),
        own=own,
        series=_text(event, "recurringEventId"),
        etag=_text(event, "etag"),
    )


def _invitation(event: Mapping[str, Any]) -> Invitation:
    body = _text(event, "description")
    conference = event.get("conferenceData")
    link = _text(event, "hangoutLink")
    return Invitation(
        subject=_text(event, "summary"),
        location=_text(event, "location"),
        body=body,
        body_type="html" if HTML.search(body) else "text",
        online_meeting=conference if isinstance(conference, Mapping) and conference.get("entryPoints") else None,
        properties=(("X-GOOGLE-CONFERENCE", link),) if link else (),
    )


def _moment(event: Mapping[str, Any], name: str, zone: tzinfo) -> datetime:
    held = _table(event, name)
    try:
        moment = datetime.fromisoformat(str(held.get("dateTime") or held["date"]))
    except KeyError:
        raise ValueError(f"an event without {name}") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _table(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = held.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(held: Mapping[str, Any], name: str) -> str:
    value = held.get(name)
    return value if isinstance(value, str) else ""
