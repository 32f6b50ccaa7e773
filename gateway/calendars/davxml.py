"""What is asked of a CalDAV server, and what it answers, as XML (RFC 4918, RFC 4791, RFC 6578). Pure.

What may not live here: HTTP, what an iCalendar text means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from gateway.calendars.meeting import Window

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
SERVER = "{http://calendarserver.org/ns/}"
NAMES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
HEAD = '<?xml version="1.0" encoding="utf-8"?>'
STATE = (
    f"{HEAD}<d:propfind {NAMES}><d:prop><d:resourcetype/><d:sync-token/><s:getctag/><d:current-user-privilege-set/>"
    "</d:prop></d:propfind>"
).encode()


@dataclass(frozen=True)
class State:
    """A collection as it stands: whether it is a calendar, the mark of its contents ("" without one), and whether we
    may write (None: it does not say)."""

    calendar: bool
    mark: str
    may_write: bool | None


@dataclass(frozen=True)
class Held:
    """One calendar object: where it is, the mark of its version, its iCalendar text."""

    href: str
    etag: str
    data: bytes


def in_window(window: Window) -> bytes:
    """Every object that has something in the window (RFC 4791 7.8, 9.9). Series come whole: they are unfolded here, by
    the same reading as feeds, since servers differ in what their `expand` makes of them."""
    start, end = (f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (window.start, window.end))
    return _query(f'<c:time-range start="{start}" end="{end}"/>')


def by_uid(uid: str) -> bytes:
    """The object of one UID (RFC 4791 7.8.6)."""
    match = f'<c:text-match collation="i;octet">{escape(uid)}</c:text-match>'
    return _query(f'<c:prop-filter name="UID">{match}</c:prop-filter>')


def _query(condition: str) -> bytes:
    return (
        f"{HEAD}<c:calendar-query {NAMES}><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter>"
        f'<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">{condition}</c:comp-filter></c:comp-filter>'
        "</c:filter></c:calendar-query>"
    ).encode()


def state(answer: bytes) -> State:
    """What a PROPFIND tells. Raises ValueError."""
    found: dict[str, ElementTree.Element] = {}
    for response in _tree(answer).findall(f"{DAV}response")[:1]:
        found = _properties(response)
    kind = found.get(f"{DAV}resourcetype")
    rights = found.get(f"{DAV}current-user-privilege-set")
    marks = [(found[name].text or "").strip() for name in (f"{DAV}sync-token", f"{SERVER}getctag") if name in found]
    may_write: bool | None = None
    if rights is not None and len(rights):
        may_write = any(rights.find(f".//{DAV}{name}") is not None for name in ("all", "write", "write-content"))
    calendar = kind is not None and kind.find(f"{CAL}calendar") is not None
    return State(calendar, next((mark for mark in marks if mark), ""), may_write)


def objects(answer: bytes) -> list[Held]:
    """What a calendar-query gives. Raises ValueError."""
    held: list[Held] = []
    for response in _tree(answer).findall(f"{DAV}response"):
        found = _properties(response)
        href, data, etag = response.findtext(f"{DAV}href"), found.get(f"{CAL}calendar-data"), found.get(f"{DAV}getetag")
        if href and data is not None and data.text:
            mark = (etag.text or "").strip() if etag is not None else ""
            held.append(Held(href.strip(), mark, data.text.encode()))
    return held


def _tree(answer: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in answer or b"<!ENTITY" in answer:
        raise ValueError("a document type in an answer")
    try:
        tree = ElementTree.fromstring(answer)
    except ElementTree.ParseError:
        raise ValueError("no XML in an answer") from None
    if tree.tag != f"{DAV}multistatus":
        raise ValueError("no multistatus in an answer")
    return tree


def _properties(response: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """The properties that are there: those of a propstat with status 200."""
    found: dict[str, ElementTree.Element] = {}
    for part in response.findall(f"{DAV}propstat"):
        if " 200" in (part.findtext(f"{DAV}status") or " 200"):
            for one in part.findall(f"{DAV}prop/*"):
                found[one.tag] = one
    return found
