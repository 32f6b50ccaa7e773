"""What a room shows of its meetings: which, in what order, what is on, what is next, why there is no button. Pure.

`show(meetings, now, spec, reading)` is all that others need. Times are aware; days are the room's own, so that a day
with a change of the clocks is 23 or 25 hours long. What may not live here: reading calendars, asking codecs, waiting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from gateway.calendars.meeting import Meeting
from gateway.calendars.why import Why, nothing_found
from gateway.joinlink import Found
from gateway.joinplan import Plan
from gateway.profile.language import say
from gateway.profile.meetings import MeetingsSpec

LENGTH = 120  # characters of a subject that are shown
NONE = "No meeting"
State = Literal["on", "next", "later", "over"]


@dataclass(frozen=True)
class Told:
    """How one meeting can be joined here: what its invitation gives, and the plan for this room."""

    found: Found = field(default_factory=Found, repr=False)
    plan: Plan = field(default_factory=Plan, repr=False)


@dataclass(frozen=True)
class Item:
    """One meeting as this room shows it. why: why it cannot be joined now; None where it can.

    id: short, the same when the meeting is moved. join_from: from when Join shows. subject and organizer are what may
    be shown: a private meeting's are not there.
    """

    id: str
    meeting: Meeting = field(repr=False)
    state: State
    subject: str
    organizer: str
    plan: Plan = field(repr=False)
    join_from: datetime
    why: Why | None = None
    busy: bool = True  # the room is taken by it

    @property
    def joinable(self) -> bool:
        """Whether there is a button now."""
        return self.why is None

    def as_json(self) -> dict[str, Any]:
        """As panels and the API are told; nothing of the invitation itself."""
        meeting = self.meeting
        told: dict[str, Any] = {
            "id": self.id,
            "start": meeting.start.timestamp(),
            "end": meeting.end.timestamp(),
            "all_day": meeting.all_day,
            "subject": self.subject,
            "organizer": self.organizer,
            "state": self.state,
            "tentative": tentative(meeting),
            "private": meeting.private,
            "own": meeting.own,
            "join": self.joinable,
            "join_from": self.join_from.timestamp(),
        }
        if self.why is None:
            told["way"] = self.plan.ways[0].words
        else:
            told["why"] = {"code": self.why.code, "words": self.why.words}
        return told


@dataclass(frozen=True)
class Showing:
    """What is shown now. listed: today's, in order; on, next: ids, "" = none; until: when that will be different.
    unlisted: meetings that are not shown, for those who ask why; coming: the one that is on or next on any day."""

    listed: tuple[Item, ...] = ()
    on: str = ""
    next: str = ""
    until: datetime | None = None
    unlisted: tuple[Item, ...] = ()
    coming: Item | None = None

    def find(self, identity: str) -> Item | None:
        """A meeting by its short id, listed or not."""
        return next((item for item in (*self.listed, *self.unlisted) if item.id == identity), None)

    def pressed(self) -> Item | None:
        """The one that a key named Join means: what is on and can be joined, else the next that can."""
        order = sorted(
            (item for item in self.listed if item.joinable), key=lambda item: (item.id != self.on, item.meeting.start)
        )
        return order[0] if order else None


def short(meeting_id: str) -> str:
    """A meeting's id for URLs and keys: a calendar's own may be long and hold anything."""
    return hashlib.sha256(meeting_id.encode()).hexdigest()[:16]


def tentative(meeting: Meeting) -> bool:
    """Whether the organiser or the room has not settled it."""
    return meeting.status == "tentative" or meeting.answer == "tentative"


def in_utc(meeting: Meeting) -> Meeting:
    """The same meeting by moments: Python reckons with two times of one zone as the clock on the wall shows them."""
    if meeting.start.tzinfo is UTC and meeting.end.tzinfo is UTC:
        return meeting
    return replace(meeting, start=meeting.start.astimezone(UTC), end=meeting.end.astimezone(UTC))


def midnight(moment: datetime, zone: tzinfo, days: int = 0) -> datetime:
    """The beginning of a moment's day in the room, or of a day so many after it."""
    local = moment.astimezone(zone) + timedelta(days=days)
    return datetime(local.year, local.month, local.day, tzinfo=zone)


def busy(meeting: Meeting) -> bool:
    """Whether the room is taken by it."""
    return meeting.status != "cancelled" and meeting.answer != "declined" and not meeting.show_as_free


def show(
    meetings: Iterable[Meeting], now: datetime, zone: tzinfo, spec: MeetingsSpec, told: Callable[[Meeting], Told]
) -> Showing:
    """What the room shows of them at this moment. `told` is asked once for each meeting."""
    today, tomorrow = midnight(now, zone).astimezone(UTC), midnight(now, zone, 1).astimezone(UTC)
    ordered = sorted(map(in_utc, meetings), key=lambda one: (one.start, one.end, one.id))
    current = _on(ordered, now, spec)
    following = next((one.id for one in ordered if one.start > now and _counts(one, spec)), "")
    listed: list[Item] = []
    unlisted: list[Item] = []
    changes: list[datetime] = [tomorrow]
    coming: Item | None = None
    for meeting in ordered:
        state: State = "over" if _over(meeting, now) else "on" if meeting.start <= now else "later"
        if meeting.id == following:
            state = "next"
        item = _item(meeting, state, now, zone, spec, told(meeting))
        hidden = _hidden(item, spec)
        if hidden is not None:
            unlisted.append(_because(item, hidden))
            continue
        changes += [moment for moment in (item.join_from, meeting.start, meeting.end) if moment > now]
        if meeting.id == (current or following):
            coming = item
        inside = meeting.start < tomorrow and (meeting.end > today or meeting.start >= today)
        (listed if inside else unlisted).append(item)
    shown = {item.meeting.id: item.id for item in listed}
    return Showing(
        tuple(listed), shown.get(current, ""), shown.get(following, ""), min(changes), tuple(unlisted), coming
    )


def _over(meeting: Meeting, now: datetime) -> bool:
    return meeting.end <= now and not (meeting.start == meeting.end == now)


def _counts(meeting: Meeting, spec: MeetingsSpec) -> bool:
    """Whether it can be the one that is on or next: it is shown, and not merely the colour of the day."""
    if meeting.all_day or meeting.status == "cancelled" or meeting.answer == "declined":
        return False
    if tentative(meeting) and not spec.tentative:
        return False
    return not (("free" in spec.hide and meeting.show_as_free) or ("private" in spec.hide and meeting.private))


def _on(ordered: list[Meeting], now: datetime, spec: MeetingsSpec) -> str:
    """Of those that are on the one that began last: an overrun meeting makes way for the one after it."""
    found = [one for one in ordered if one.start <= now and not _over(one, now) and _counts(one, spec)]
    return found[-1].id if found else ""


def _item(meeting: Meeting, state: State, now: datetime, zone: tzinfo, spec: MeetingsSpec, told: Told) -> Item:
    hidden = meeting.private and spec.hide_private
    subject = spec.private_subject if hidden else spec.subject or meeting.subject
    subject = " ".join(subject.split())[:LENGTH] or "Meeting"
    organizer = "" if hidden or spec.subject else " ".join(meeting.organizer.split())[:LENGTH]
    join_from = meeting.start - timedelta(minutes=spec.join_early)
    why = _why(meeting, state, now, zone, join_from, spec, told)
    return Item(short(meeting.id), meeting, state, subject, organizer, told.plan, join_from, why, busy(meeting))


def _why(
    meeting: Meeting, state: State, now: datetime, zone: tzinfo, join_from: datetime, spec: MeetingsSpec, told: Told
) -> Why | None:
    """The first reason against a button."""
    if meeting.status == "cancelled":
        return Why("cancelled", "This meeting was cancelled.", "the organiser cancelled it")
    if meeting.answer == "declined":
        return Why("declined", "This room declined the meeting.", "the room's answer in the calendar is: declined")
    if state == "over":
        return Why("over", "This meeting is over.", f"it ended at {meeting.end.astimezone(zone):%d.%m. %H:%M}")
    if not told.found.options:
        return nothing_found(meeting, told.found, spec.mailbox)
    if not told.plan.ways:
        ruled = "; ".join(f"{one.kind} by {one.how}: {one.detail}" for one in told.plan.ruled_out)
        words = told.plan.words or "This room cannot join this meeting."
        return Why("codec cannot", words, ruled or "the room has no codec")
    if now < join_from:
        local, today = join_from.astimezone(zone), now.astimezone(zone).date()
        when = f"{local:%H:%M}" if local.date() == today else f"{local:%d.%m. %H:%M}"
        detail = f"[meetings] join_early = {spec.join_early}"
        return Why("too early", f"This meeting can be joined from {when}.", detail)
    return None


def _hidden(item: Item, spec: MeetingsSpec) -> Why | None:
    """Why a meeting is not listed at all; None where it is."""
    meeting = item.meeting
    if item.why is not None and item.why.code in ("cancelled", "declined"):
        return item.why
    if tentative(meeting) and not spec.tentative:
        words = "This meeting is tentative, and this room does not show such meetings."
        return Why("tentative", words, "[meetings] show_tentative = false")
    for word, holds in (
        ("all-day", meeting.all_day),
        ("free", meeting.show_as_free),
        ("private", meeting.private),
        ("past", item.state == "over"),
    ):
        if word in spec.hide and holds:
            return Why("hidden", "This room does not show such meetings.", f"[meetings] hide has {word!r}")
    if not spec.unjoinable and item.why is not None and item.why.code not in ("too early", "over"):
        return Why(item.why.code, item.why.words, f"{item.why.detail}; [meetings] show_unjoinable = false")
    return None


def _because(item: Item, why: Why) -> Item:
    return Item(
        item.id, item.meeting, item.state, item.subject, item.organizer, item.plan, item.join_from, why, item.busy
    )


def next_words(item: Item | None, now: datetime, zone: tzinfo, language: str = "en") -> str:
    """What is on, else what comes next, in words: the room's point `next_meeting`."""
    if item is None:
        return say(language, NONE)
    start, end, today = item.meeting.start.astimezone(zone), item.meeting.end.astimezone(zone), now.astimezone(zone)
    if item.meeting.start <= now:
        return say(language, "Until {time}: {subject}", time=f"{end:%H:%M}", subject=item.subject)
    if start.date() == today.date():
        return f"{start:%H:%M}: {item.subject}"
    if start.date() == today.date() + timedelta(days=1):
        return say(language, "Tomorrow {time}: {subject}", time=f"{start:%H:%M}", subject=item.subject)
    return f"{start:%d.%m. %H:%M}: {item.subject}"
