"""The bookings that a room's codec holds itself, as a calendar that is read only: the fallback where there is no other.

It is asked only while the codec is awake and tells of its calls: a question must not wake it, nor take a Zoom Room away
from the person who holds its controller. What may not live here: when it is asked, what is shown of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from gateway.calendars.calendar import Calendar, NetworkLost, NotAllowed
from gateway.calendars.meeting import Meeting, Window
from gateway.calendars.web import within
from gateway.commands import ListBookings
from gateway.joinlink import Invitation
from gateway.room import Room

MOST = 200  # rows that are read
PATIENCE = 30.0  # seconds
EVERY = 300.0  # seconds between two looks that are a good pace
LENGTH = 250  # characters of a title that are kept
# How a row's `protocol` is written in a meeting's structured properties; codecs call `spark` what is dialled over SIP.
WRITTEN = {"sip": "sip:{}", "spark": "sip:{}", "zoom": "https://zoom.us/j/{}"}


class CodecCalendar(Calendar):
    """The calendar of whatever plays the part of calls in a room. zone: of times that name none; without it, this
    machine's."""

    def __init__(self, room: Room, zone: tzinfo | None = None) -> None:
        self.room = room
        self.zone = zone

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        """Every booking in the window. Raises NotAllowed where the codec has no calendar to tell of, NetworkLost where
        it cannot be asked now."""
        part = self.room.parts.get("calls")
        if part is None:
            raise NotAllowed("nothing in this room plays the part of calls")
        if not part.player.online:
            raise NetworkLost("the codec is not there")
        if not part.offers(ListBookings.verb):
            raise NotAllowed("this codec does not tell of its calendar")
        calls, power = part.reading("calls"), part.player.unit(part.unit).points.get("power")
        if power is not None and power.value != "on":
            raise NetworkLost("the codec is asleep; it is asked again when it is awake")
        if calls.value is None or calls.stale:
            raise NetworkLost("the codec does not tell of its calls now; it is asked again when it does")
        ask = getattr(part.player, "read", None)
        if ask is None:
            raise NotAllowed("what plays the part of calls does not tell of a calendar")
        left = window.end - datetime.fromtimestamp(self.room.clock.wall(), UTC)
        days = min(30, max(1, math.ceil(left / timedelta(days=1)) + 1))  # some count from midnight
        rows: list[Any] = []
        async with within(PATIENCE, "the codec's calendar"):
            try:
                async for row in ask(ListBookings(days), part.unit, cause="calendar"):
                    rows.append(row)
                    if len(rows) >= MOST:
                        break
            except LookupError as error:
                raise NetworkLost(f"the codec's calendar: {error}") from None
        return self.meetings(rows, window)

    def meetings(self, rows: list[Any], window: Window) -> tuple[Meeting, ...]:
        """What the rows tell; those without a beginning and an end are passed over, as codecs have some."""
        kept: dict[str, Meeting] = {}
        for row in rows:
            made = _meeting(row, self.zone) if isinstance(row, Mapping) else None
            if made is not None and window.holds(made.start, made.end):
                identity = made.id if made.id not in kept else f"{made.id}/{made.start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
                kept[identity] = made if identity == made.id else _named(made, identity)
        return tuple(sorted(kept.values(), key=lambda one: (one.start, one.id)))


def _named(meeting: Meeting, identity: str) -> Meeting:
    return Meeting(**{**vars(meeting), "id": identity})


def _meeting(row: Mapping[str, Any], zone: tzinfo | None) -> Meeting | None:
    start, end = _moment(row.get("start"), zone), _moment(row.get("end"), zone)
    if start is None or end is None or end <= start:
        return None
    title = " ".join(str(row.get("title") or "").split())[:LENGTH]
    address, protocol = str(row.get("address") or ""), str(row.get("protocol") or "")
    written = WRITTEN.get(protocol, "sip:{}" if "@" in address and not protocol else "")
    return Meeting(
        id=str(row.get("id") or f"{title}/{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"),
        start=start,
        end=end,
        invitation=Invitation(
            subject=title,
            location=f"h323:{address}" if protocol == "h323" and address else str(row.get("location") or ""),
            properties=(("CONFERENCE", written.format(address.removeprefix("sip:"))),) if written and address else (),
        ),
        organizer=str(row.get("organizer") or ""),
        private=row.get("private") is True,
    )


def _moment(text: Any, zone: tzinfo | None) -> datetime | None:
    """A time as codecs write it; one without a zone is the room's own."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()
