"""iCalendar text (RFC 5545) -> the meetings of a window: series unfolded, exceptions in their places. Bounded.

It takes as long as its input is long, so callers run it in a thread. Anybody who can invite a room can write here: no
text makes it raise or run without end; what cannot be read is counted in `Read.unread`. What may not live here:
where the text comes from, writing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from gateway.calendars.meeting import Answer, Meeting, Window
from gateway.joinlink import Invitation
from gateway.joinlink.find import unescaped

MOST_MEETINGS = 2000  # of one window
MOST_STEPS = 100_000  # of one rule: 270 years of days
BUDGET = 8.0  # seconds of unfolding; what comes then is not read
MARGIN = timedelta(days=2)  # what a written time may be off from the window, whatever its zone
LONGEST = 1 << 20  # characters of a series with its exceptions
OWN = "X-ROOMGATE-BOOKING"  # stands in what this gateway booked
FOLD = re.compile(rb"\r?\n[ \t]")
FIELD = re.compile(r"^(UID|DTSTART|DTEND|DURATION|RRULE|RDATE|RECURRENCE-ID)(?:;[^:\n]*)?:(.*)$", re.MULTILINE)
UNTIL = re.compile(r"UNTIL=(\d{8})", re.IGNORECASE)
DAY = re.compile(r"\d{8}")
SELDOM = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
PERIODS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}


class NoCalendar(ValueError):
    """The text is no calendar at all."""


@dataclass(frozen=True)
class Read:
    """The meetings by their beginnings; how many events could not be read."""

    meetings: tuple[Meeting, ...]
    unread: int = 0


@dataclass
class Block:
    """One VEVENT as it stands, with what must be known before it is worth parsing."""

    text: str
    fields: dict[str, str] = field(default_factory=dict)

    def day(self, name: str) -> date | None:
        found = DAY.match(self.fields.get(name, ""))
        try:
            return datetime.strptime(found[0], "%Y%m%d").date() if found else None
        except ValueError:
            return None

    @property
    def follows(self) -> bool:
        """Whether it is an exception of a series."""
        return "RECURRENCE-ID" in self.fields

    def may_be_in(self, first: date, last: date) -> bool:
        """False only where no occurrence of it can touch these days."""
        start = self.day("DTSTART")
        if start is None or "RDATE" in self.fields:
            return True
        if start > last:
            return False
        end = self.day("DTEND") or (date.max if "DURATION" in self.fields else start)
        if "RRULE" in self.fields:
            until = UNTIL.search(self.fields["RRULE"])
            if not until or end == date.max:
                return True
            try:
                over = datetime.strptime(until[1], "%Y%m%d").date()
            except ValueError:
                return True
            return over + (end - start) >= first
        return end >= first


def unfolded(data: bytes) -> str:
    """The text with its long lines joined, and plain ends of lines."""
    return FOLD.sub(b"", data).decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def read(
    data: bytes,
    window: Window,
    zone: tzinfo,
    room: str = "",
    *,
    etag: str = "",
    writable: bool = False,
    ends: float = 0.0,
) -> Read:
    """Every meeting of the window. zone: of times that name none, where the calendar names none. room: the room's mail
    address, for its answer. writable: meetings that nobody else organises are the room's own. ends: when it gives up,
    by `time.monotonic()`. Raises NoCalendar."""
    text = unfolded(data)
    if "BEGIN:VCALENDAR" not in text[:4096]:
        raise NoCalendar("there is no calendar in it")
    first, last = (window.start - MARGIN).date(), (window.end + MARGIN).date()
    groups: dict[str, list[Block]] = {}
    for number, (_, event) in enumerate(_parts(text, "VEVENT")):
        block = Block("\n".join(rest for rest, _ in _parts(event, "VALARM", whole=True)))
        for one in FIELD.finditer(block.text):
            block.fields.setdefault(one[1], one[2].strip())
        groups.setdefault(block.fields.get("UID") or f"without-uid-{number}", []).append(block)
    named = re.search(r"^X-WR-TIMEZONE:(.*)$", text, re.MULTILINE)
    own_zone = _zone(named[1].strip()) if named else None
    zones: dict[str, str] = {}
    for _, held in islice(_parts(text, "VTIMEZONE"), 200):
        if called := re.search(r"^TZID:(.*)$", held, re.MULTILINE):
            zones[called[1].strip()] = f"BEGIN:VTIMEZONE\n{held}\nEND:VTIMEZONE\n"
    meetings: dict[str, Meeting] = {}
    unread = 0
    ends = ends or time.monotonic() + BUDGET
    for uid, blocks in groups.items():
        kept = _kept(blocks, first, last)
        if not kept:
            continue
        if time.monotonic() > ends or len(meetings) >= MOST_MEETINGS:
            unread += 1
            continue
        try:
            if sum(len(block.text) for block in kept) > LONGEST:
                raise ValueError("too long")
            for event, place in _occurrences(kept, zones, window):
                meeting = _meeting(event, uid, place, kept, own_zone or zone, room, etag, writable)
                if window.holds(meeting.start, meeting.end) and len(meetings) < MOST_MEETINGS:
                    meetings[meeting.id] = meeting
        except Exception:  # the parser of a text that anybody may write can fail in many ways: then it is not read
            unread += 1
    return Read(tuple(sorted(meetings.values(), key=lambda one: (one.start, one.id))), unread)


def _parts(text: str, name: str, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """(what stands before, what stands within) for each BEGIN and END of this name; `whole`: and the rest at the end.
    It takes time in proportion to the text, however its ends are missing."""
    before, *pieces = f"\n{text}".split(f"\nBEGIN:{name}\n")
    for piece in pieces:
        within, end, after = f"{piece}\n".partition(f"\nEND:{name}\n")
        if end:
            yield before, within
            before = after
    if whole:
        yield before, ""


def _kept(blocks: list[Block], first: date, last: date) -> list[Block]:
    """The blocks of one UID that can matter: all of a series that goes on, else those that fall into these days."""
    if any(not block.follows and block.may_be_in(first, last) for block in blocks):
        return blocks
    return [block for block in blocks if block.follows and block.may_be_in(first, last)]


def _zone(name: str) -> tzinfo | None:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


def _occurrences(blocks: list[Block], zones: dict[str, str], window: Window) -> Iterator[tuple[Any, str]]:
    """Every occurrence, and where it stood before it was moved, as its name within the series."""
    import icalendar
    import recurring_ical_events

    body = "".join(f"BEGIN:VEVENT\n{block.text}\nEND:VEVENT\n" for block in blocks)
    # A zone that has a name which is known is not read from the text: Exchange's are of one year only.
    private = [held for name, held in zones.items() if name in body and _zone(name) is None]
    calendar = icalendar.Calendar.from_ical(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-\n" + "".join(private) + body + "END:VCALENDAR\n"
    )
    shifts: dict[str, timedelta] = {}
    events: list[Any] = list(calendar.walk("VEVENT"))
    for event in events:
        _refuse_endless(event, window)
        if "RECURRENCE-ID" in event and "RANGE" in event["RECURRENCE-ID"].params:
            shifts[_mark(event["RECURRENCE-ID"].dt)] = _shift(event["DTSTART"].dt, event["RECURRENCE-ID"].dt)
    start, end = window.start.astimezone(UTC) - timedelta(days=1), window.end.astimezone(UTC) + timedelta(days=1)
    for event in recurring_ical_events.of(calendar).between(start, end):
        place = event.get("RECURRENCE-ID")
        if place is None:
            yield event, ""
        elif (shift := shifts.get(_mark(place.dt))) is None:
            yield event, _mark(place.dt)
        else:  # of a change "from here on": all of them carry the place of the first, so each one's own is worked out
            yield event, _mark(event["DTSTART"].dt - shift)


def _shift(moved: date, place: date) -> timedelta:
    """How far a time was moved, on the clock of its zone."""
    if isinstance(moved, datetime) and isinstance(place, datetime):
        if moved.tzinfo is not None and place.tzinfo is not None:
            place = place.astimezone(moved.tzinfo)
        return moved.replace(tzinfo=None) - place.replace(tzinfo=None)
    return date(moved.year, moved.month, moved.day) - date(place.year, place.month, place.day)


def _refuse_endless(event: Any, window: Window) -> None:
    """Raises ValueError for a rule that takes too many steps to the window, or may step on to the year 9999 without
    ever matching: nobody meets every second, or each day that is a 30th of February."""
    rules = event.get("RRULE")
    if rules is None:
        return
    start = event["DTSTART"].dt
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str((rule.get("FREQ") or [""])[0]).upper()
        product = 1
        for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            product *= max(1, len(rule.get(name) or ()))
        span = (window.end.date() - (start.date() if isinstance(start, datetime) else start)).days + 2
        if span * 86400 / PERIODS.get(frequency, 86400) * product > MOST_STEPS:
            raise ValueError("a rule of too many steps")
        if frequency not in ("MONTHLY", "YEARLY") and SELDOM & {str(name).upper() for name in rule}:
            raise ValueError("a rule that may never match")


def _meeting(
    event: Any, uid: str, place: str, blocks: list[Block], zone: tzinfo, room: str, etag: str, writable: bool
) -> Meeting:
    begun, ended = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else event["DTSTART"].dt
    all_day = not isinstance(begun, datetime) or _text(event, "X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE"
    start, end = _moment(begun, zone), _moment(ended, zone)
    series = len(blocks) > 1 or any({"RRULE", "RDATE", "RECURRENCE-ID"} & block.fields.keys() for block in blocks)
    busy = _text(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    status = _text(event, "STATUS").upper()
    organizer = event.get("ORGANIZER")
    organizer = organizer[0] if isinstance(organizer, list) else organizer
    from_room = organizer is not None and bool(room) and _address(organizer) == room.lower()
    own = writable and (OWN in event or organizer is None or from_room)
    told: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    if status == "CANCELLED":
        told = "cancelled"
    elif status == "TENTATIVE" or busy == "TENTATIVE":
        told = "tentative"
    return Meeting(
        id=f"{uid}/{place}" if series and place else uid,
        start=start,
        end=max(start, end),
        invitation=_invitation(event),
        organizer=_name(organizer) if organizer is not None else "",
        all_day=all_day,
        status=told,
        answer="accepted" if own or from_room else _answer(event, room),
        show_as_free=_text(event, "TRANSP").upper() == "TRANSPARENT" or busy == "FREE",
        private=_text(event, "CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"),
        own=own,
        series=uid if series else "",
        etag=etag,
    )


def _invitation(event: Any) -> Invitation:
    """The same as `roomgate join-info` reads out of a file: X-ALT-DESC (HTML) preferred where it is the whole text."""
    description, html = _text(event, "DESCRIPTION"), ""
    properties: list[tuple[str, str]] = []
    for name, held in event.items():
        name = str(name).upper()
        for value in held if isinstance(held, list) else [held]:
            if name == "X-ALT-DESC":
                html = unescaped(str(value))
            elif name in ("CONFERENCE", "URL") or (name.startswith("X-") and name != OWN):
                properties.append((name, unescaped(str(value))))
    rich = bool(html) and len(html) > len(description) // 2
    return Invitation(
        subject=_text(event, "SUMMARY"),
        location=_text(event, "LOCATION"),
        body=html if rich else description,
        body_type="html" if rich else "text",
        properties=tuple(properties[:200]),
    )


def _text(event: Any, name: str) -> str:
    held = event.get(name)
    return str(held[0] if isinstance(held, list) and held else held or "").strip()


def _moment(at: date, zone: tzinfo) -> datetime:
    """A written time as an aware one; of a day, its midnight."""
    moment = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _mark(at: date) -> str:
    """An occurrence's original beginning, as its name within the series."""
    if not isinstance(at, datetime):
        return f"{at:%Y%m%d}"
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if at.tzinfo is not None else f"{at:%Y%m%dT%H%M%S}"


def _address(person: Any) -> str:
    return str(person).strip().lower().removeprefix("mailto:")


def _name(person: Any) -> str:
    return str(person.params.get("CN", "")).strip() or _address(person)


def attendees(event: Any) -> list[Any]:
    """Who is invited."""
    held = event.get("ATTENDEE")
    return [] if held is None else held if isinstance(held, list) else [held]


def of_room(people: Iterable[Any], room: str) -> Any | None:
    """The room among those invited: by its address, else the only one that is a room or a resource."""
    people = list(people)
    for person in people:
        if room and _address(person) == room.lower():
            return person
    rooms = [person for person in people if str(person.params.get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE")]
    return rooms[0] if len(rooms) == 1 else None


def _answer(event: Any, room: str) -> Answer:
    person = of_room(attendees(event), room)
    said = str(person.params.get("PARTSTAT", "")).upper() if person is not None else ""
    answers: dict[str, Answer] = {"ACCEPTED": "accepted", "TENTATIVE": "tentative", "DECLINED": "declined"}
    return answers.get(said, "none")
