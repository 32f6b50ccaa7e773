"""The simulated cloud's Graph: calendarView, delta, single events, booking, change, decline, delete.

Sources: Microsoft Graph v1.0, "List calendarView", "event: delta", "Get incremental changes to events in a calendar
view", "Create event", "Update event", "event: decline", "Delete event", "Microsoft Graph
error responses", "Microsoft Graph service-specific throttling limits" (Outlook: 4 requests at once for a mailbox).
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from simulators._http import Request
from simulators.microsoft_cloud.mailbox import Mailbox, etag, read_moment

if TYPE_CHECKING:
    from simulators.microsoft_cloud.cloud import MicrosoftCloud

AT_ONCE = 4
NOT_IN_DELTA = ("$select", "$expand", "$filter", "$orderby", "$search")


class Fault(Exception):
    """A Graph error: status, code, words, and how long to stay away."""

    def __init__(self, status: int, code: str, words: str, seconds: int = 0) -> None:
        super().__init__(words)
        self.status, self.code, self.seconds = status, code, seconds


@dataclass
class Round:
    """Where a client is in its delta: its window, what is still to be told, and the log up to which it was told."""

    mailbox: str
    start: datetime.datetime
    end: datetime.datetime
    seen: int = 0
    rest: list[str] | None = None  # keys of the pages to come; None = the round is over
    first: bool = True


@dataclass
class Graph:
    """The delta tokens that are out, and the pages of plain views."""

    rounds: dict[str, Round] = field(default_factory=dict)

    def memory(self) -> dict[str, Any]:
        return {"rounds": len(self.rounds)}

    def answer(self, cloud: MicrosoftCloud, request: Request, who: str, write: bool) -> tuple[int, Any]:
        """Status and body of the reply to a request below `/v1.0/`; raises Fault."""
        steps = [unquote(step) for step in request.path.split("/")[2:]]
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        here = f"{cloud.address}{request.path}"
        if steps[0] == "places" and steps[1:] == ["microsoft.graph.room"] and request.method == "GET":
            if not cloud.people.allowed:
                raise Fault(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
            return 200, cloud.people.told(cloud.people.rooms, query, here)
        if len(steps) < 3 or steps[0] != "users":
            raise Fault(400, "BadRequest", f"Resource not found for the segment '{steps[-1]}'.")
        mailbox = cloud.mailboxes.get(steps[1].lower())
        if mailbox is None:
            raise Fault(404, "ErrorInvalidUser", f"The requested user '{steps[1]}' is invalid.")
        writes = request.method != "GET"
        allowed = mailbox.access.get(who, "none")
        if allowed == "none" or (writes and (allowed != "write" or not write)):
            raise Fault(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        rest = steps[2:]
        prefer = request.headers.get("prefer", "")
        match request.method, rest:
            case "GET", ["contacts"] if cloud.people.allowed:
                return 200, cloud.people.told(cloud.people.contacts.get(steps[1].lower(), []), query, here)
            case "GET", ["contacts"]:
                raise Fault(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
            case "GET", ["calendarView"] | ["calendar", "calendarView"]:
                return 200, self._view(cloud, mailbox, request.path, query, prefer)
            case "GET", ["calendarView", "delta"]:
                return 200, self._delta(cloud, mailbox, request.path, query, prefer)
            case "POST", ["calendar", "events"] | ["events"]:
                return 201, self._book(mailbox, _json(request), prefer)
            case _, ["calendar", "events" as events, *more] | ["events" as events, *more] if events and more:
                return self._one(mailbox, request, more, prefer)
        raise Fault(400, "BadRequest", f"{request.method} {request.path} is not there.")

    def _view(
        self, cloud: MicrosoftCloud, mailbox: Mailbox, path: str, query: Mapping[str, str], prefer: str
    ) -> dict[str, Any]:
        start, end = _window(query)
        rows = mailbox.within(start, end)
        size = min(int(query.get("$top", "10")), cloud.page_size)
        skip = int(query.get("$skip", "0"))
        wanted = query.get("$select", "").split(",") if "$select" in query else None
        told = [mailbox.told(row, immutable=_immutable(prefer)) for row in rows[skip : skip + size]]
        if wanted:
            told = [
                {name: value for name, value in row.items() if name in wanted or name in ("id", "@odata.etag")}
                for row in told
            ]
        body: dict[str, Any] = {"value": told}
        if skip + size < len(rows):
            kept = dict(query) | {"$skip": str(skip + size)}
            text = "&".join(f"{name}={quote(value)}" for name, value in kept.items())
            body["@odata.nextLink"] = f"{cloud.address}{path}?{text}"
        return body

    def _delta(
        self, cloud: MicrosoftCloud, mailbox: Mailbox, path: str, query: Mapping[str, str], prefer: str
    ) -> dict[str, Any]:
        if any(name in query for name in NOT_IN_DELTA):
            raise Fault(400, "ErrorInvalidUrlQuery", "The query parameters are not supported by change tracking.")
        token = query.get("$deltatoken") or query.get("$skiptoken")
        if token is None:
            held = Round(mailbox.address, *_window(query))
            keys = [row["key"] for row in mailbox.within(held.start, held.end)]
            masters = {mailbox.rows[key].get("master", "") for key in keys} - {""}
            held.rest, held.seen = sorted(masters) + keys, len(mailbox.log)
        else:
            known = self.rounds.get(token)
            if known is None or known.mailbox != mailbox.address:
                raise Fault(410, "syncStateNotFound", "The sync state generation is not found.")
            held = Round(known.mailbox, known.start, known.end, known.seen, known.rest, known.first)
            if held.rest is None:
                held.rest, held.seen, held.first = self._since(mailbox, held.seen), len(mailbox.log), False
        size = min(_page_size(prefer), cloud.page_size)
        page, held.rest = held.rest[:size], held.rest[size:]
        body: dict[str, Any] = {"value": [self._change(mailbox, held, key, prefer) for key in page]}
        name, link = ("$skiptoken", "@odata.nextLink") if held.rest else ("$deltatoken", "@odata.deltaLink")
        held.rest = held.rest or None
        again = secrets.token_urlsafe(12)
        self.rounds[again] = held
        body[link] = f"{cloud.address}{path}?{name}={again}"
        return body

    def _since(self, mailbox: Mailbox, seen: int) -> list[str]:
        keys = dict.fromkeys(mailbox.log[seen:])
        masters = {mailbox.rows[key].get("master", "") for key in keys if key in mailbox.rows} - {""}
        return [*sorted(masters), *(key for key in keys if key not in masters)]

    def _change(self, mailbox: Mailbox, held: Round, key: str, prefer: str) -> dict[str, Any]:
        row = mailbox.rows.get(key)
        immutable = _immutable(prefer)
        if row is None or (row["type"] != "seriesMaster" and not (row["start"] < held.end and row["end"] > held.start)):
            # Also for what is merely outside the window, whether the client ever knew it or not.
            gone = row or {"key": key, "generation": 0}
            return {"id": mailbox.id_of(gone, immutable=immutable), "@removed": {"reason": "deleted"}}
        return mailbox.told(row, immutable=immutable, thin=row["type"] == "occurrence")

    def _book(self, mailbox: Mailbox, asked: Mapping[str, Any], prefer: str) -> dict[str, Any]:
        try:
            start, end = read_moment(asked["start"]), read_moment(asked["end"])
        except (KeyError, ValueError, TypeError):
            raise Fault(400, "ErrorInvalidParameter", "start or end is missing or no time in UTC") from None
        if end < start:
            raise Fault(400, "ErrorCalendarEndDateIsEarlierThanStartDate", "The end is before the start.")
        mark = asked.get("transactionId")
        for row in mailbox.rows.values():  # asked again: the same event, not another
            if mark and row.get("transactionId") == mark:
                return mailbox.told(row, immutable=_immutable(prefer))
        given = {name: asked[name] for name in ("subject", "body", "showAs", "transactionId") if name in asked}
        own = {"emailAddress": {"name": mailbox.name or mailbox.address, "address": mailbox.address}}
        key = mailbox.put(start, end, {**given, "isOrganizer": True, "organizer": own})
        mailbox.rows[key]["responseStatus"] = {"response": "organizer", "time": "0001-01-01T00:00:00Z"}
        return mailbox.told(mailbox.rows[key], immutable=_immutable(prefer))

    def _one(self, mailbox: Mailbox, request: Request, more: list[str], prefer: str) -> tuple[int, Any]:
        row = mailbox.find(more[0])
        if row is None:
            raise Fault(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        mark = request.headers.get("if-match")
        if mark not in (None, "*", etag(row)):
            raise Fault(412, "ErrorIrresolvableConflict", "The send or update operation could not be performed.")
        match request.method, more[1:]:
            case "GET", []:
                return 200, mailbox.told(row, immutable=_immutable(prefer))
            case "PATCH", []:
                asked = _json(request)
                try:
                    sides = [name for name in ("start", "end") if name in asked]
                    times: dict[str, Any] = {name: read_moment(asked[name]) for name in sides}
                except (KeyError, ValueError, TypeError):
                    raise Fault(400, "ErrorInvalidParameter", "a time is none in UTC") from None
                row.update({**asked})
                row.update(times)
                if row["type"] == "occurrence":
                    row["type"] = "exception"
                mailbox.changed(row["key"])
                return 200, mailbox.told(row, immutable=_immutable(prefer))
            case "DELETE", []:
                del mailbox.rows[row["key"]]
                mailbox.log.append(row["key"])
                return 204, None
            case "POST", ["decline"]:
                if row["isOrganizer"]:
                    raise Fault(400, "ErrorInvalidRequest", "You can't respond to this meeting: you're the organizer.")
                mailbox.declined.append(row["subject"])
                del mailbox.rows[row["key"]]
                mailbox.log.append(row["key"])
                return 202, None
        raise Fault(405, "BadRequest", f"{request.method} does nothing here.")


def _immutable(prefer: str) -> bool:
    return 'IdType="ImmutableId"' in prefer


def _page_size(prefer: str) -> int:
    for part in prefer.split(","):
        name, _, value = part.strip().partition("=")
        if name == "odata.maxpagesize" and value.isdigit():
            return int(value)
    return 10


def _window(query: Mapping[str, str]) -> tuple[datetime.datetime, datetime.datetime]:
    found = []
    for name in ("startDateTime", "endDateTime"):
        try:
            at = datetime.datetime.fromisoformat(query[name].replace("Z", "+00:00"))
        except (KeyError, ValueError):
            raise Fault(400, "ErrorInvalidParameter", f"This request requires a time period: {name}.") from None
        found.append(at if at.tzinfo else at.replace(tzinfo=datetime.UTC))
    return found[0], found[1]


def _json(request: Request) -> dict[str, Any]:
    try:
        told = json.loads(request.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Fault(400, "BadRequest", "The body is no JSON object.")
    return told
