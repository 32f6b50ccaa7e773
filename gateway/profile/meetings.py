"""`[calendars.NAME]` of site.toml and `[meetings]` of a room: whose calendar is read, and what is shown and done of it.

    [calendars.office]                          [meetings]
    kind = "ics"                                calendar = "office"        # or "codec": the codec's own
    # ... the kind's own settings               mailbox = "boardroom@example.com"

What may not live here: reading any calendar (`gateway.calendars`), what a kind's settings mean (its own Settings).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.complaint import Table, did_you_mean
from gateway.driver import Settings
from gateway.profile.settings import read_settings

CODEC = "codec"
HIDDEN = ("all-day", "free", "private", "past")
PRESENCE = ("touch", "call", "occupancy")
LONGEST = 120  # characters of a subject in the profile


@dataclass(frozen=True)
class CalendarSpec:
    """One sign-in to a calendar service. words: why it cannot be asked, "" where it can."""

    name: str
    kind: str
    account_class: Any  # type[Account]
    settings: Settings = field(repr=False)
    words: str = ""


@dataclass(frozen=True)
class MeetingsSpec:
    """A room's calendar and what is shown of it.

    calendar: a name of `[calendars]`, or *codec*. join_early: minutes before its start that a meeting can be joined.
    hide: what is not listed (`HIDDEN`). unjoinable, tentative: whether those are listed. hide_private: a private
    meeting's subject and organiser are hidden. subject: stands in the place of every subject. book: people may book,
    extend and end. release_after: minutes until a meeting that nobody came to is given up, 0 = never. presence: what
    shows that somebody came (`PRESENCE`).
    """

    calendar: str
    mailbox: str = ""
    join_early: int = 10
    hide: frozenset[str] = frozenset({"free"})
    unjoinable: bool = True
    tentative: bool = True
    hide_private: bool = True
    subject: str = ""
    private_subject: str = "Private meeting"
    book: bool = False
    release_after: int = 0
    presence: frozenset[str] = frozenset(PRESENCE)


def read_calendars(top: Table) -> dict[str, CalendarSpec | None]:
    """All `[calendars.NAME]` of site.toml; None for one with a mistake. The kinds are loaded only where there are any.
    A secret that is not there is a warning: the rooms work without their calendar."""
    found: dict[str, CalendarSpec | None] = {}
    tables = top.tables("calendars")
    if not tables:
        return found
    from gateway.plugins import load_calendars  # what kinds stand on is large

    kinds: Mapping[str, Any] = load_calendars()
    for name, table in tables.items():
        found[name] = _read_calendar(name, table, kinds)
    return found


def _read_calendar(name: str, table: Table, kinds: Mapping[str, Any]) -> CalendarSpec | None:
    before = len(table.complaints)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) or name == CODEC:
        table.complain("", f"a calendar named {name!r}", f"expected small letters, digits, - and _, and not {CODEC!r}")
    kind = table.take("kind", str)
    if kind is None:
        return None
    account = kinds.get(kind)
    if account is None:
        table.complain("kind", f"found {kind!r}", did_you_mean(kind, kinds))
        return None
    settings, missing = read_settings(table, account.Settings, "see docs/meetings.md")
    table.finish()
    for key, why in missing.items():
        table.complain(key, why, "its rooms have no meetings until it is there", grave=False)
    if any(complaint.grave for complaint in table.complaints[before:]):
        return None
    words = "; ".join(f"{key}: {why}" for key, why in missing.items())
    return CalendarSpec(name, kind, account, settings, words)


def read_meetings(
    top: Table, parts: Collection[str], calendars: Mapping[str, CalendarSpec | None]
) -> MeetingsSpec | None:
    """`[meetings]` of a room: a MeetingsSpec, or None where it has none. `parts`: the ids of all its parts."""
    if "meetings" not in top.data:
        top.taken.add("meetings")
        return None
    table = top.table("meetings")
    calendar = _chosen(table, calendars)
    mailbox = table.take("mailbox", str, "")
    if calendar == CODEC and "calls" not in parts:
        key = "from" if "from" in table.data else "calendar"
        table.complain(key, "this room has no part `calls`", "expected a codec that plays it")
    if calendar not in ("", CODEC) and not mailbox.strip():
        spec = calendars.get(calendar)
        what = getattr(spec.account_class, "mailbox_is", "") if spec else ""
        table.complain("mailbox", "missing", f"expected {what or 'the address of the room in this calendar'}")
    if calendar == CODEC and mailbox:
        table.complain("mailbox", f"found {mailbox!r}", "the codec's own calendar has none")
    read = MeetingsSpec(
        calendar,
        mailbox.strip(),
        join_early=table.number("join_early", 10, 0, 240, whole=True),
        hide=_words(table, "hide", ("free",), HIDDEN),
        unjoinable=table.take("show_unjoinable", bool, True),
        tentative=table.take("show_tentative", bool, True),
        hide_private=table.take("hide_private", bool, True),
        subject=_subject(table, "subject", ""),
        private_subject=_subject(table, "private_subject", "Private meeting"),
        book=table.take("book", bool, False),
        release_after=table.number("release_after", 0, 0, 240, whole=True),
        presence=_words(table, "presence", PRESENCE, PRESENCE),
    )
    if calendar == CODEC and (read.book or read.release_after):
        key = "book" if read.book else "release_after"
        table.complain(key, "the codec's own calendar can only be read", "expected one of [calendars] in site.toml")
    if read.release_after and not read.presence:
        table.complain("presence", "found nothing", "expected what shows that somebody came, for release_after")
    if read.release_after and read.presence == {"occupancy"} and "occupancy" not in parts:
        table.complain("presence", "this room has no part `occupancy`", "expected a sensor that plays it")
    table.finish()
    return read if calendar else None


def _chosen(table: Table, calendars: Mapping[str, CalendarSpec | None]) -> str:
    """The calendar's name; `from = "codec"` is the older way to say so. "" where it cannot be told."""
    if "from" in table.data and "calendar" in table.data:
        table.taken.update(("from", "calendar"))
        table.complain("from", "found both calendar and from", "expected one of them")
        return ""
    if "from" in table.data:
        return str(table.take("from", str, "", choices=(CODEC,)))
    chosen = table.take("calendar", str)
    if chosen and chosen != CODEC and chosen not in calendars:
        table.complain("calendar", f"no calendar {chosen!r} in site.toml", did_you_mean(chosen, (*calendars, CODEC)))
        return ""
    return chosen or ""


def _words(table: Table, key: str, default: Collection[str], known: Collection[str]) -> frozenset[str]:
    words = table.take(key, list, list(default))
    for word in words:
        if word not in known:
            table.complain(key, f"found {word!r}", did_you_mean(str(word), known))
    return frozenset(word for word in words if isinstance(word, str)) & frozenset(known)


def _subject(table: Table, key: str, default: str) -> str:
    said = " ".join(str(table.take(key, str, default)).split())
    if len(said) > LONGEST:
        table.complain(key, f"has {len(said)} characters", f"expected at most {LONGEST}")
    return said[:LONGEST]
