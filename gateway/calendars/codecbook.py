"""The codec's own bookings as a room's calendar, where the profile says `calendar = "codec"`.

It is asked only while it is awake and tells of its calls: a question must not wake it, nor take a Zoom Room away from
the person who holds its controller. What may not live here: what is shown, when it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from gateway.calendars.calendar import Calendar, CalendarTrouble, NotNow
from gateway.calendars.meeting import Meeting, Window
from gateway.commands import ListBookings
from gateway.joinlink import Invitation
from gateway.room import Room

EVERY = 300.0  # seconds between looks
MOST = 100  # rows that are read


class CodecCalendar(Calendar):
    """What the codec of one room has been told of its day."""

    def __init__(self, room: Room, zone: tzinfo) -> None:
        self.room = room
        self.zone = zone

    async def read(self, window: Window) -> tuple[Meeting, ...]:
        """Its rows that are meetings. Raises NotNow while it cannot be asked, CalendarTrouble where it refuses."""
        part = self.room.parts["calls"]
        if not part.player.online or not part.offers(ListBookings.verb):
            raise NotNow("the codec is not there, or has no bookings")
        calls, power = part.reading("calls"), part.player.unit(part.unit).points.get("power")
        if calls.value is None or calls.stale or (power is not None and power.value != "on"):
            raise NotNow("the codec is asleep")
        read = getattr(part.player, "read", None)
        if read is None:
            raise NotNow("the codec has no bookings")
        days = max(1, min(30, round((window.end - window.start) / timedelta(days=1))))
        rows: list[Any] = []
        try:
            async for row in read(ListBookings(days), part.unit, cause="meetings"):
                rows = [*rows, row][:MOST]
        except LookupError as error:
            kind = CalendarTrouble if str(error).startswith("refused") else NotNow
            raise kind(f"the codec does not tell its bookings: {error}") from None
        found = (meeting_of(row, self.zone) for row in rows)
        return tuple(one for one in found if one is not None and window.holds(one.start, one.end))


def meeting_of(row: Any, zone: tzinfo) -> Meeting | None:
    """A codec's row as a meeting; None where its times make no sense. A time without a zone is the room's own."""
    if not isinstance(row, Mapping):
        return None
    start, end = _moment(row.get("start"), zone), _moment(row.get("end"), zone)
    if start is None or end is None or end <= start:
        return None
    address, protocol = str(row.get("address") or ""), str(row.get("protocol") or "")
    said = f"Video: {address}" if address else ""
    if "://" in address:
        said = address
    elif protocol in ("pstn", "phone", "audio"):
        said = f"Audio: {address}"
    invitation = Invitation(subject=str(row.get("title") or "Meeting"), location=said)
    identity = str(row.get("id") or f"{start.isoformat()} {invitation.subject}")
    return Meeting(
        identity, start, end, invitation, organizer=str(row.get("organizer") or ""), private=bool(row.get("private"))
    )


def _moment(text: Any, zone: tzinfo) -> datetime | None:
    """A time as codecs write it."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
