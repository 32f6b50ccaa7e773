"""A file -> an Invitation: plain text, a mail (`.eml`), a calendar (`.ics`), or JSON. Pure: it takes the file's bytes.

Never raises for what the bytes hold: what cannot be read as what it seems to be is read as text.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, cast, get_args

from gateway.joinlink.find import FOLD, unescaped
from gateway.joinlink.invitation import BodyType, Invitation

MOST = 16 << 20  # bytes of a file
HEADERS = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
MAIL = re.compile(
    r"^(?:From|To|Subject|Date|MIME-Version|Content-Type|Received|Return-Path):", re.IGNORECASE | re.MULTILINE
)
PROPERTY = re.compile(r"([A-Za-z0-9-]{1,64})((?:;(?:[^\":;\n]|\"[^\"\n]*\")*)*):([^\n]*)")


def read(data: bytes, name: str = "") -> Invitation:
    """An invitation from a file's content; `name` tells by its end what it is, where it has one."""
    text = decoded(data[:MOST])
    end = name.lower().rpartition(".")[2]
    start = text.lstrip("\ufeff \t\r\n")
    if end == "json" or start.startswith("{"):
        held = _json(start)
        if held is not None:
            return held
    if end == "ics" or start[:15].upper() == "BEGIN:VCALENDAR":
        return calendar(start)
    if end == "eml" or (HEADERS.match(start) and len(MAIL.findall(start[:4000])) >= 2 and _has_blank(start)):
        return mail(data[:MOST])
    return Invitation(body=text)


def decoded(data: bytes) -> str:
    """Bytes as text: by their byte order mark, as UTF-8, else as Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _has_blank(text: str) -> bool:
    return "\n\n" in text[:20000] or "\r\n\r\n" in text[:20000]


def _json(text: str) -> Invitation | None:
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return of_json(held) if isinstance(held, dict) else None


def of_json(held: Mapping[str, Any]) -> Invitation:
    """`{"subject", "location", "body", "body_type", "onlineMeeting"}`; Graph's or Google's own event as it stands."""
    body, kind = held.get("body"), held.get("body_type")
    if isinstance(body, Mapping):  # Graph: {"contentType", "content"}
        kind, body = body.get("contentType"), body.get("content")
    location = held.get("location")
    if isinstance(location, Mapping):
        location = location.get("displayName")
    meeting = held.get("onlineMeeting") or held.get("conferenceData")
    body_type: BodyType = cast(BodyType, kind) if kind in get_args(BodyType) else "text"
    if body is None:
        body = held.get("description")
    return Invitation(
        subject=_string(held.get("subject") or held.get("summary")),
        location=_string(location),
        body=_string(body),
        body_type=body_type,
        online_meeting=meeting if isinstance(meeting, Mapping) else None,
        properties=tuple(("CONFERENCE", link) for link in (_string(held.get("hangoutLink")),) if link),
    )


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def calendar(text: str) -> Invitation:
    """The first event of an iCalendar text (RFC 5545): folded lines joined, X-ALT-DESC (HTML) preferred where given."""
    at = text.upper().find("BEGIN:VEVENT")
    end = text.upper().find("END:VEVENT", at) if at >= 0 else -1
    event = text[max(0, at) : end if end > 0 else len(text)]
    held: dict[str, str] = {}
    properties: list[tuple[str, str]] = []
    html = ""
    for line in FOLD.sub("", event).replace("\r", "").split("\n")[:5000]:
        found = PROPERTY.match(line)
        if found is None:
            continue
        name, parameters, value = found[1].upper(), found[2], found[3]
        held.setdefault(name, value)
        if name == "X-ALT-DESC" and "HTML" in parameters.upper():
            html = unescaped(value)
        elif name in ("CONFERENCE", "URL") or name.startswith("X-"):
            properties.append((name, unescaped(value)))
    description = unescaped(held.get("DESCRIPTION", ""))
    rich = bool(html) and len(html) > len(description) // 2
    return Invitation(
        subject=unescaped(held.get("SUMMARY", "")),
        location=unescaped(held.get("LOCATION", "")),
        body=html if rich else description,
        body_type="html" if rich else "text",
        properties=tuple(properties),
    )


def mail(data: bytes) -> Invitation:
    """A mail's calendar part where it has one, with the mail's own text as its body; else its HTML or text."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        parts = {part.get_content_type(): _content(part) for part in reversed(list(message.walk())[:200])}
        subject = str(message.get("Subject", "") or "")
    except Exception:  # the parser of a hostile mail may fail in many ways: then it is text
        return Invitation(body=decoded(data))
    event = calendar(parts["text/calendar"]) if parts.get("text/calendar") else Invitation()
    html, text = parts.get("text/html", ""), parts.get("text/plain", "")
    body = html or text or event.body
    return Invitation(
        subject=subject or event.subject,
        location=event.location,
        body=body,
        body_type="html" if html else event.body_type if not text else "text",
        properties=event.properties,
    )


def _content(part: Any) -> str:
    if not isinstance(part, EmailMessage) or part.is_multipart():
        return ""
    held = part.get_payload(decode=True)
    if not isinstance(held, bytes):
        return ""
    try:
        return held.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return decoded(held)
