"""A simulated room mailbox: its calendar's rows in Graph's shape, and what changed since when.

A row is single, a seriesMaster, an occurrence or an exception. What may not live here: HTTP.

Source: Microsoft Graph, "event resource type", "Get immutable identifiers for Outlook resources";
Set-CalendarProcessing (what a resource mailbox strips).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

THIN = ("id", "seriesMasterId", "type", "start", "end", "@odata.etag")  # all that delta tells of an occurrence


@dataclass
class Mailbox:
    """One mailbox. access: what the app and the signed-in user may do in it."""

    address: str
    name: str = ""
    access: dict[str, str] = field(default_factory=lambda: {"app": "write", "user": "write"})
    strips: bool = False  # a resource mailbox as it is delivered: no bodies, the organiser's name as the subject
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)  # keys in the order of their changes
    declined: list[str] = field(default_factory=list)  # subjects of what was declined
    count: int = 0
    busy: int = 0  # requests in progress
    peak: int = 0
    requests: int = 0

    def memory(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "access": self.access,
            "rows": list(self.rows.values()),
            "requests": self.requests,
        }

    def put(self, start: datetime.datetime, end: datetime.datetime, given: Mapping[str, Any]) -> str:
        """A new row; its key. `given` are fields of Graph's event over the usual ones."""
        self.count += 1
        key = f"{self.count:06d}"
        row: dict[str, Any] = {
            "key": key,
            "generation": 0,
            "version": 1,
            "type": "singleInstance",
            "subject": "",
            "body": {"contentType": "html", "content": ""},
            "bodyPreview": "",
            "isAllDay": False,
            "isCancelled": False,
            "isOrganizer": False,
            "showAs": "busy",
            "sensitivity": "normal",
            "location": {"displayName": "", "locationType": "default"},
            "locations": [],
            "organizer": {"emailAddress": {"name": "Alice Example", "address": "alice@example.com"}},
            "responseStatus": {"response": "accepted", "time": "0001-01-01T00:00:00Z"},
            "isOnlineMeeting": False,
            "onlineMeetingProvider": "unknown",
            "onlineMeeting": None,
            "onlineMeetingUrl": None,
            "originalStartTimeZone": "UTC",
            **given,
            "start": start,
            "end": end,
        }
        if self.strips and not row["isOrganizer"]:
            row |= {"subject": row["organizer"]["emailAddress"]["name"], "sensitivity": "normal"}
            row["body"] = {"contentType": "html", "content": ""}
        self.rows[key] = row
        self.log.append(key)
        return key

    def changed(self, key: str) -> None:
        """A row is another version of itself now."""
        self.rows[key]["version"] += 1
        self.log.append(key)

    def find(self, id: str) -> dict[str, Any] | None:
        """The row of an id in either form."""
        for row in self.rows.values():
            if id in (self.id_of(row, immutable=True), self.id_of(row, immutable=False)):
                return row
        return None

    def id_of(self, row: Mapping[str, Any], *, immutable: bool) -> str:
        """Ids differ by case alone in places; the ordinary one changes when a row is moved between folders."""
        return f"AAkALg{row['key']}=" if immutable else f"AAMkAG{row['key']}.{row['generation']}="

    def master_of(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        return self.rows.get(row.get("master", ""))

    def within(self, start: datetime.datetime, end: datetime.datetime) -> list[dict[str, Any]]:
        """Every row but masters that overlaps, by its start."""
        found = [
            row
            for row in self.rows.values()
            if row["type"] != "seriesMaster" and row["start"] < end and row["end"] > start
        ]
        return sorted(found, key=lambda row: row["start"])

    def told(self, row: Mapping[str, Any], *, immutable: bool, thin: bool = False) -> dict[str, Any]:
        """A row as Graph tells it."""
        master = self.master_of(row)
        told = {name: value for name, value in row.items() if name not in ("key", "generation", "version", "master")}
        told |= {
            "id": self.id_of(row, immutable=immutable),
            "@odata.etag": etag(row),
            "changeKey": etag(row)[3:-1],
            "iCalUId": f"uid{row['key']}",
            "seriesMasterId": self.id_of(master, immutable=immutable) if master else None,
            "start": moment(row["start"]),
            "end": moment(row["end"]),
        }
        return {name: told[name] for name in THIN} if thin else told


def etag(row: Mapping[str, Any]) -> str:
    """The row's version."""
    return f'W/"{row["key"]}v{row["version"]}=="'


def moment(at: datetime.datetime) -> dict[str, str]:
    """A time in UTC, with seven decimals and no Z."""
    return {"dateTime": at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0"), "timeZone": "UTC"}


def read_moment(told: Any) -> datetime.datetime:
    """What a client sent as dateTimeTimeZone; ValueError, KeyError or TypeError if it is none."""
    if told["timeZone"] != "UTC":
        raise ValueError("this simulator takes times in UTC only")
    return datetime.datetime.fromisoformat(told["dateTime"].rstrip("Z")[:26]).replace(tzinfo=datetime.UTC)
