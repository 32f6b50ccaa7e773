"""Graph's event -> Meeting. Pure: no network and no clock.

Source: Microsoft Graph v1.0, "event resource type", "dateTimeTimeZone resource type", "onlineMeetingInfo".
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, MutableMapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Literal

from gateway.calendars.meeting import Answer, Meeting
from gateway.joinlink import Invitation

SELECT = (
    "id,subject,body,start,end,isAllDay,isCancelled,isOrganizer,showAs,sensitivity,location,locations,organizer,"
    "responseStatus,type,seriesMasterId,isOnlineMeeting,onlineMeeting,onlineMeetingUrl,changeKey"
)
LONGEST = 524_288  # characters of a body that are kept; no more of it is searched for a way to join
WHOLE = ("subject", "body", "start", "end", "showAs", "sensitivity", "organizer")  # what a thin row has not
ANSWERS: Mapping[str, Answer] = {
    "organizer": "accepted",
    "accepted": "accepted",
    "tentativelyAccepted": "tentative",
    "declined": "declined",
}
# What Outlook puts before the subject of a cancelled meeting that stays in the calendar (English in Graph's pages;
# the others as Outlook shows them, and believed only where the time is free as well).
CANCELLED = ("canceled:", "cancelled:")
CANCELLED_ELSEWHERE = ("abgesagt:", "annulé:", "annulé :", "cancelado:", "cancelada:", "inställt:", "peruutettu:")


def is_whole(row: Mapping[str, Any]) -> bool:
    """Whether a row of a delta tells a meeting, and not merely that there is one."""
    return row.get("type") != "seriesMaster" and all(name in row for name in WHOLE)


def meeting(row: Mapping[str, Any], zone: tzinfo, bodies: MutableMapping[str, str] | None = None) -> Meeting:
    """An event as a meeting; `zone` is where an all-day meeting's days are, `bodies` holds texts that were seen before,
    so that each is kept once. Raises ValueError for what is none."""
    id = row.get("id")
    if not isinstance(id, str) or not id:
        raise ValueError("an event without an id")
    all_day = row.get("isAllDay") is True
    try:
        start, end = (_day(row.get(side), zone) if all_day else _moment(row.get(side)) for side in ("start", "end"))
    except OverflowError:
        raise ValueError("an event at the end of the calendar") from None
    subject, show_as = _text(row, "subject"), row.get("showAs")
    return Meeting(
        id=id,
        start=start,
        end=end,
        invitation=_invitation(row, subject, {} if bodies is None else bodies),
        organizer=_organizer(row),
        all_day=all_day,
        status=_status(row, subject),
        answer=ANSWERS.get(_text(_table(row, "responseStatus"), "response"), "none"),
        show_as_free=show_as == "free",
        private=row.get("sensitivity") in ("personal", "private", "confidential"),
        own=row.get("isOrganizer") is True,
        series=_text(row, "seriesMasterId"),
        etag=_text(row, "@odata.etag"),
    )


def _invitation(row: Mapping[str, Any], subject: str, bodies: MutableMapping[str, str]) -> Invitation:
    body = _table(row, "body")
    text = _text(body, "content")[:LONGEST]
    online = row.get("onlineMeeting")
    if not isinstance(online, Mapping):
        url = _text(row, "onlineMeetingUrl")
        online = {"joinUrl": url} if url else None
    return Invitation(
        subject=subject,
        location=_location(row),
        body=bodies.setdefault(text, text),
        body_type="html" if _text(body, "contentType").lower() == "html" else "text",
        online_meeting=online,
    )


def _location(row: Mapping[str, Any]) -> str:
    places = row.get("locations")
    told = [_table(row, "location"), *(place for place in (places if isinstance(places, list) else ()))]
    found: dict[str, None] = {}
    for place in told:
        if isinstance(place, Mapping):
            for name in ("displayName", "locationUri"):
                if text := _text(place, name).strip():
                    found[text] = None
    return "; ".join(found)


def _organizer(row: Mapping[str, Any]) -> str:
    address = _table(_table(row, "organizer"), "emailAddress")
    return _text(address, "name") or _text(address, "address")


def _status(row: Mapping[str, Any], subject: str) -> Literal["confirmed", "tentative", "cancelled"]:
    words, show_as = subject.casefold().lstrip(), row.get("showAs")
    if row.get("isCancelled") is True or (words.startswith(CANCELLED) and row.get("isOrganizer") is not True):
        return "cancelled"
    if words.startswith(CANCELLED_ELSEWHERE) and show_as == "free":
        return "cancelled"
    return "tentative" if show_as == "tentative" else "confirmed"


def _moment(told: Any) -> datetime:
    """A dateTimeTimeZone: seven decimals and no offset, in the zone that was asked for."""
    if not isinstance(told, Mapping):
        raise ValueError("an event without times")
    at = datetime.fromisoformat(_text(told, "dateTime"))
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    name = _text(told, "timeZone")
    if name in ("UTC", "", "Etc/UTC", "tzone://Microsoft/Utc"):
        return at.replace(tzinfo=UTC)
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an event in a time zone that is not known here") from None
    return at.replace(tzinfo=zone).astimezone(UTC)


def _day(told: Any, zone: tzinfo) -> datetime:
    """Of an all-day meeting only the date counts: it is midnight in whichever zone was asked for. Where a service
    converted it nevertheless, the nearest midnight of `zone` is meant."""
    at = _moment(told)
    day: date = at.date()
    if at.time() != time(0):
        day = (at.astimezone(zone) + timedelta(hours=12)).date()
    return datetime.combine(day, time(0), zone)


def _table(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    held = row.get(name)
    return held if isinstance(held, Mapping) else {}


def _text(row: Mapping[str, Any], name: str) -> str:
    held = row.get(name)
    return held if isinstance(held, str) else ""
