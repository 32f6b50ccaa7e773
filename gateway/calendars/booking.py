"""A booking as an iCalendar object: made anew, ended earlier or later, taken out of its series, declined. Pure.

An occurrence of a series gets an exception of its own (RFC 5545 3.8.4.4); the series stays. What may not live here:
reading (`ical.py`), where the object is kept.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from gateway.calendars.calendar import CalendarTrouble, Conflict, NotAllowed
from gateway.calendars.ical import OWN, attendees, of_room
from gateway.calendars.meeting import Meeting

MAKER = "-//RoomGate//EN"


def made(start: datetime, end: datetime, subject: str, now: datetime) -> tuple[str, bytes]:
    """(UID, text) of a new booking."""
    import icalendar

    event: Any = icalendar.Event()
    uid = str(uuid.uuid4())
    event.add("UID", uid)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("DTSTART", start.astimezone(UTC))
    event.add("DTEND", end.astimezone(UTC))
    event.add("SUMMARY", subject)
    event.add(OWN, "1")
    calendar: Any = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", MAKER)
    calendar.add_component(event)
    return uid, bytes(calendar.to_ical())


def ended(data: bytes, meeting: Meeting, end: datetime, now: datetime) -> bytes:
    """The text with another end for the meeting. Raises CalendarTrouble."""
    calendar, event = _one(data, meeting)
    start = event["DTSTART"].dt
    if not isinstance(start, datetime):
        raise NotAllowed("an all-day meeting has no end that could be moved")
    event.pop("DURATION", None)
    event["DTEND"] = _like(event["DTSTART"], end)
    _touched(event, now)
    return bytes(calendar.to_ical())


def taken_out(data: bytes, meeting: Meeting, now: datetime) -> bytes | None:
    """The text without the meeting; None where nothing is left of it. Raises CalendarTrouble."""
    calendar, event = _one(data, meeting)
    if not meeting.series:
        return None
    core = _core(calendar)
    core.add("EXDATE", event["RECURRENCE-ID"])
    calendar.subcomponents = [one for one in calendar.subcomponents if one is not event]
    _touched(core, now)
    return bytes(calendar.to_ical())


def declined(data: bytes, meeting: Meeting, room: str, now: datetime) -> bytes:
    """The text with the room's refusal. Raises CalendarTrouble."""
    calendar, event = _one(data, meeting)
    person = of_room(attendees(event), room)
    if person is None:
        raise NotAllowed("the room is not among those who are invited, so it cannot decline")
    person.params["PARTSTAT"] = "DECLINED"
    event["TRANSP"] = "TRANSPARENT"
    _touched(event, now)
    return bytes(calendar.to_ical())


def _one(data: bytes, meeting: Meeting) -> tuple[Any, Any]:
    """(calendar, the meeting's own event): of a series, its exception, made where there was none."""
    import icalendar

    try:
        calendar: Any = icalendar.Calendar.from_ical(data)
        events: list[Any] = list(calendar.walk("VEVENT"))
    except Exception:  # whatever stands there
        raise CalendarTrouble("the meeting as it is kept cannot be read") from None
    if any("RECURRENCE-ID" in one and "RANGE" in one["RECURRENCE-ID"].params for one in events):
        raise NotAllowed("a series that was changed from some day on can only be changed where it was made")
    if not meeting.series:
        if len(events) != 1:
            raise Conflict("the meeting is no longer as it was")
        return calendar, events[0]
    core = _core(calendar)
    place = _place(core, meeting.id.removeprefix(f"{meeting.series}/"))
    for one in events:
        if "RECURRENCE-ID" in one and _same(one["RECURRENCE-ID"].dt, place.dt):
            return calendar, one
    made: Any = core.copy(recursive=True)
    length = _length(core)
    for name in ("RRULE", "RDATE", "EXDATE", "DURATION"):
        made.pop(name, None)
    made["RECURRENCE-ID"], made["DTSTART"] = place, _like(core["DTSTART"], place.dt)
    made["DTEND"] = _like(core["DTSTART"], place.dt + length)
    calendar.add_component(made)
    return calendar, made


def _core(calendar: Any) -> Any:
    for one in calendar.walk("VEVENT"):
        if "RECURRENCE-ID" not in one:
            return one
    raise NotAllowed("only one occurrence of the series is in this calendar; it can be changed where it was made")


def _length(core: Any) -> Any:
    if "DTEND" in core:
        start, end = core["DTSTART"].dt, core["DTEND"].dt
        if isinstance(start, datetime) and isinstance(end, datetime) and start.tzinfo and end.tzinfo:
            end = end.astimezone(start.tzinfo).replace(tzinfo=None)
            start = start.replace(tzinfo=None)
        return end - start
    return core["DURATION"].dt if "DURATION" in core else date(2000, 1, 2) - date(2000, 1, 1)


def _place(core: Any, mark: str) -> Any:
    """The original beginning of an occurrence, out of its id, as the series writes its own. Raises Conflict."""
    try:
        if len(mark) == 8:
            moment: date = datetime.strptime(mark, "%Y%m%d").date()
        elif mark.endswith("Z"):
            moment = datetime.strptime(mark, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        else:
            moment = datetime.strptime(mark, "%Y%m%dT%H%M%S")
        return _like(core["DTSTART"], moment)
    except ValueError:
        raise Conflict("the meeting is no longer part of its series") from None


def _like(pattern: Any, moment: date) -> Any:
    """A time written as another one is: a day, in the same zone (by the same name), in UTC, or without a zone."""
    import icalendar

    held = pattern.dt
    if not isinstance(held, datetime) or not isinstance(moment, datetime):
        if isinstance(held, datetime) or isinstance(moment, datetime):
            raise ValueError("a day and a time")
        made: Any = icalendar.vDDDTypes(moment)
    elif held.tzinfo is None or moment.tzinfo is None:
        made = icalendar.vDDDTypes(moment.replace(tzinfo=None))
    elif "TZID" in pattern.params:
        made = icalendar.vDDDTypes(moment.astimezone(held.tzinfo).replace(tzinfo=None))
        made.params["TZID"] = pattern.params["TZID"]
        made.dt = moment.astimezone(held.tzinfo)
    else:
        made = icalendar.vDDDTypes(moment.astimezone(UTC))
    if "VALUE" in pattern.params:
        made.params["VALUE"] = pattern.params["VALUE"]
    return made


def _same(one: date, other: date) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime) and one.tzinfo and other.tzinfo:
        return one.astimezone(UTC) == other.astimezone(UTC)
    return one == other


def _touched(event: Any, now: datetime) -> None:
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        event.pop(name, None)
        event.add(name, now.astimezone(UTC))
    sequence = int(event.get("SEQUENCE", 0))
    event.pop("SEQUENCE", None)
    event.add("SEQUENCE", sequence + 1)
