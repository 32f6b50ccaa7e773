"""Google Calendar on loopback: sign-in by a service account's signed assertion, events.list with sync tokens, writing.

The assertion is really verified. Only what a room's calendar needs is here: `singleEvents=true`, and occurrences are
made by the hands. Nothing that a client of it uses may live here.

Source: developers.google.com/identity/protocols/oauth2/service-account (HTTP/REST); developers.google.com/workspace/
calendar/api: v3/reference/events, guides/sync, guides/errors, guides/pagination.
"""

from __future__ import annotations

import base64
import functools
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulators._http import HttpSimulator, Request
from simulators.device import SimulatorError, hand

API = "/calendar/v3/calendars/"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = "https://www.googleapis.com/auth/calendar"
WRITES = (SCOPES, f"{SCOPES}.events")
READS = (*WRITES, f"{SCOPES}.readonly", f"{SCOPES}.events.readonly")
NOT_WITH_SYNC = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin")  # fmt: skip  # noqa: E501
READERS, WRITERS = ("freeBusyReader", "reader", "writer", "owner"), ("writer", "owner")


class Wrong(Exception):
    """An answer that is an error: status, reason, message, further headers."""

    def __init__(self, status: int, reason: str, message: str = "", more: Mapping[str, str] | None = None) -> None:
        super().__init__(message or reason)
        self.status, self.reason, self.more = status, reason, more


@functools.cache
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Room:
    """One calendar: what the account may do in it, its zone, its events by their ids, the number of its last change."""

    role: str = "reader"
    zone: str = "Europe/Berlin"
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    last: int = 0
    generation: int = 0  # of sync tokens: older ones are gone


@dataclass(kw_only=True, eq=False)
class GoogleCalendar(HttpSimulator):
    """The cloud's memory and its answers."""

    name: ClassVar[str] = "google_calendar"
    title: ClassVar[str] = "Google Calendar (cloud)"
    links: ClassVar[Mapping[str, int]] = {"http": 80}

    account: str = "rooms@example-project.iam.gserviceaccount.com"
    delegates: str = ""  # whom the account may stand for, separated by blanks
    page: int = 250  # events of a page, whatever is asked for
    token_seconds: int = 3600
    ahead: float = 0.0  # seconds that its clock is ahead of this machine's
    rooms: dict[str, Room] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # "GET /path?query", oldest first
    signed_in: int = 0
    _key_number: int = 1
    _known: bool = True
    _url: str = ""
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)  # token -> scope, until
    _troubles: list[Wrong] = field(default_factory=list)

    # ---- the hands -----------------------------------------------------------------------------------------------

    @hand
    def key(self, url: str) -> str:
        """The service account's key as Google gives it: a JSON file. url: where this simulator is."""
        self._url = url.rstrip("/")
        private = _key(self._key_number).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "example-project",
                "private_key_id": f"key{self._key_number}",
                "private_key": private.decode(),
                "client_email": self.account,
                "token_uri": f"{self._url}/token",
            }
        )

    @hand
    def share(self, room: str, role: str = "reader") -> None:
        """Share a room's calendar with the account; "none" takes it back."""
        if role == "none":
            self.rooms.pop(room, None)
        elif role not in READERS:
            raise SimulatorError(f"a role is one of {', '.join(READERS)}, none")
        else:
            self.rooms.setdefault(room, Room()).role = role

    @hand
    def invite(self, room: str, subject: str, minutes: int = 5, length: int = 30, link: str = "") -> str:
        """Alice invites the room: it begins in so many minutes, and lasts so many."""
        start = datetime.fromtimestamp(time.time() + self.ahead + minutes * 60, UTC)
        end = start + timedelta(minutes=length)
        times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
        return self.meet(room, {"summary": subject, "description": link, **times})

    def meet(self, room: str, event: dict[str, Any]) -> str:
        """Somebody puts an event into the calendar, or changes it (by its id)."""
        held = self.rooms[room]
        identity = str(event.get("id") or secrets.token_hex(13))
        before = held.events.get(
            identity, {"organizer": {"email": "alice@example.com", "displayName": "Alice Example"}}
        )
        self._keep(held, {**before, "status": "confirmed", **event, "id": identity})
        self.touched()
        return identity

    def series(self, room: str, event: dict[str, Any], count: int) -> str:
        """Somebody puts a daily series into the calendar: its occurrences, as singleEvents shows them."""
        base = secrets.token_hex(13)
        start, end = (datetime.fromisoformat(event[name]["dateTime"]) for name in ("start", "end"))
        for day in range(count):
            begun, ended = start + timedelta(days=day), end + timedelta(days=day)
            self.meet(
                room,
                {
                    **event,
                    "id": f"{base}_{begun.astimezone(UTC):%Y%m%dT%H%M%SZ}",
                    "recurringEventId": base,
                    "originalStartTime": {"dateTime": begun.isoformat()},
                    "start": {"dateTime": begun.isoformat()},
                    "end": {"dateTime": ended.isoformat()},
                },
            )
        return base

    @hand
    def cancel(self, room: str, identity: str) -> None:
        """Somebody deletes an event: what is left of it is told by a sync token alone."""
        held = self.rooms[room]
        gone = held.events[identity]
        left: dict[str, Any] = {key: gone[key] for key in ("recurringEventId", "originalStartTime") if key in gone}
        self._keep(held, {"id": identity, "status": "cancelled", **left})

    @hand
    def forget_sync(self) -> None:
        """Every sync token is gone (410)."""
        for held in self.rooms.values():
            held.generation += 1

    @hand
    def expire(self) -> None:
        """Every access token is over."""
        self._tokens.clear()

    @hand
    def revoke(self) -> None:
        """The key is deleted in the console; access tokens end with it."""
        self._known = False
        self._tokens.clear()

    @hand
    def renew(self) -> None:
        """A new key is made; the one before does not count any more."""
        self._known, self._key_number = True, self._key_number + 1

    @hand
    def throttle(self, times: int = 1, status: int = 403, seconds: int = 0) -> None:
        """So many questions are too many: 403 rateLimitExceeded, or 429; with Retry-After where seconds are given."""
        more = {"Retry-After": str(seconds)} if seconds else None
        self._troubles += [Wrong(status, "rateLimitExceeded", "Rate Limit Exceeded", more)] * times

    @hand
    def fail(self, times: int = 1, status: int = 500) -> None:
        """So many questions are answered by an error of the service."""
        self._troubles += [Wrong(status, "backendError", "Backend Error")] * times

    def restart(self) -> None:
        """A cloud forgets nothing."""

    # ---- what it answers -----------------------------------------------------------------------------------------

    def requested(self, request: Request) -> None:
        self.asked.append(f"{request.method} {request.path}" + (f"?{request.query}" if request.query else ""))
        try:
            if request.path == "/token" and request.method == "POST":
                self._sign_in(request)
            elif request.path.startswith(API):
                if self._troubles:
                    raise self._troubles.pop(0)
                room, _, rest = request.path.removeprefix(API).partition("/")
                self._calendar(request, unquote(room), [unquote(part) for part in rest.split("/")])
            else:
                raise Wrong(404, "notFound", "Not Found")
        except Wrong as wrong:
            error = {"domain": "global", "reason": wrong.reason, "message": str(wrong)}
            told = {"error": {"errors": [error], "code": wrong.status, "message": str(wrong)}}
            request.answer(wrong.status, told, wrong.more)

    def _sign_in(self, request: Request) -> None:
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        if form.get("grant_type") != GRANT:
            request.answer(400, {"error": "unsupported_grant_type"})
            return
        error, words, scope = self._assertion(form.get("assertion", ""))
        if error or self.faults.refuse_login:
            request.answer(400, {"error": error or "invalid_grant", "error_description": words or "Account not found"})
            return
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens[token] = (scope, self.clock() + self.token_seconds)
        self.signed_in += 1
        request.answer(200, {"access_token": token, "expires_in": self.token_seconds, "token_type": "Bearer"})

    def _assertion(self, text: str) -> tuple[str, str, str]:
        """(error, its description, scope): signature, times, audience and scope of a JWT."""
        try:
            head, body, signature = text.split(".")
            header, claims = json.loads(_unpacked(head)), json.loads(_unpacked(body))
            key = _key(self._key_number).public_key()
            key.verify(_unpacked(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return "invalid_grant", "Invalid JWT Signature.", ""
        now = time.time() + self.ahead
        iat, exp = claims.get("iat", 0), claims.get("exp", 0)
        if header.get("alg") != "RS256" or claims.get("iss") != self.account or not self._known:
            return "invalid_grant", "Invalid grant: account not found", ""
        if exp <= now or exp - iat > 3600 or iat > now + 300:
            return "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)", ""
        if claims.get("aud") != f"{self._url}/token":
            return "invalid_grant", "Invalid JWT: Failed audience check", ""
        if claims.get("sub") and claims["sub"] not in self.delegates.split():
            return "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method", ""
        scope = str(claims.get("scope", ""))
        if not scope or any(one not in READS for one in scope.split()):
            return "invalid_scope", "Invalid OAuth scope or ID token audience provided.", ""
        return "", "", scope

    def _calendar(self, request: Request, name: str, path: list[str]) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        scope, until = self._tokens.get(token, ("", 0.0)) if scheme == "Bearer" else ("", 0.0)
        if until <= self.clock():
            raise Wrong(401, "authError", "Invalid Credentials")
        room = self.rooms.get(name)
        if room is None or path[0] != "events":
            raise Wrong(404, "notFound", "Not Found")
        if request.method != "GET":
            if not any(one in WRITES for one in scope.split()):
                raise Wrong(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
            if room.role not in WRITERS:
                raise Wrong(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
        try:
            body = json.loads(request.body) if request.body else {}
        except ValueError:
            raise Wrong(400, "parseError", "Parse Error") from None
        match request.method, path[1:]:
            case "GET", []:
                asked = parse_qs(request.query)
                request.answer(200, self._list(room, name, {key: values[0] for key, values in asked.items()}))
            case "POST", []:
                event = {**body, "id": secrets.token_hex(13), "status": "confirmed"}
                event |= {"organizer": {"email": name, "self": True}, "creator": {"email": self.account}}
                request.answer(200, self._keep(room, event))
            case "GET", [identity]:
                request.answer(200, self._one(room, identity))
            case "PATCH", [identity]:
                request.answer(200, self._patched(room, name, self._matching(request, room, identity), body))
            case "DELETE", [identity]:
                event = self._matching(request, room, identity)
                if not event.get("organizer", {}).get("self"):
                    raise Wrong(403, "forbiddenForNonOrganizer", "Only the organizer can do that.")
                self._keep(room, {"id": identity, "status": "cancelled"})
                request.answer(204)
            case _:
                raise Wrong(404, "notFound", "Not Found")

    def _list(self, room: Room, name: str, query: dict[str, str]) -> dict[str, Any]:
        if query.get("singleEvents") != "true":
            raise Wrong(400, "badRequest", "This simulator knows singleEvents=true only")
        first, tokens = int(query.get("pageToken", "0")), query.get("syncToken")
        if tokens is not None:
            if any(one in query for one in NOT_WITH_SYNC):
                words = "Sync token cannot be used with other request restrictions."
                raise Wrong(400, "syncTokenWithRequestRestrictions", words)
            found = [event for _, event in sorted(self._since(room, tokens))]
        else:
            start, end = (datetime.fromisoformat(query[one]) for one in ("timeMin", "timeMax"))
            found = [one for one in room.events.values() if one["status"] != "cancelled" and _within(one, start, end)]
        size = min(self.page, int(query.get("maxResults", "250")))
        told: dict[str, Any] = {"kind": "calendar#events", "summary": name, "timeZone": room.zone}
        told |= {"accessRole": room.role, "items": [_seen(one, room.role) for one in found[first : first + size]]}
        if first + size < len(found):
            told["nextPageToken"] = str(first + size)
        else:
            told["nextSyncToken"] = f"{room.generation}.{room.last}"
        return told

    @staticmethod
    def _since(room: Room, token: str) -> list[tuple[int, dict[str, Any]]]:
        generation, _, last = token.partition(".")
        if generation != str(room.generation) or not last.isdigit():
            raise Wrong(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
        return [(number, room.events[one]) for one, number in room.changes.items() if number > int(last)]

    @staticmethod
    def _one(room: Room, identity: str) -> dict[str, Any]:
        event = room.events.get(identity)
        if event is None:
            raise Wrong(404, "notFound", "Not Found")
        return event

    def _matching(self, request: Request, room: Room, identity: str) -> dict[str, Any]:
        event = self._one(room, identity)
        if event["status"] == "cancelled":
            raise Wrong(410, "deleted", "Resource has been deleted")
        wanted = request.headers.get("if-match")
        if wanted not in (None, "*", event["etag"]):
            raise Wrong(412, "conditionNotMet", "Precondition Failed")
        return event

    def _patched(self, room: Room, name: str, event: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        changed = dict(body)
        if changed.pop("attendeesOmitted", False):  # only the participant's own response is changed
            given = {one["email"]: one for one in changed.pop("attendees", [])}
            if set(given) != {name}:
                raise Wrong(403, "forbidden", "Only one's own response can be changed so.")
            held = [{**one, **given.get(one["email"], {})} for one in event.get("attendees", [])]
            changed["attendees"] = held
        elif not event.get("organizer", {}).get("self") and not event.get("guestsCanModify"):
            raise Wrong(403, "forbiddenForNonOrganizer", "Only the organizer can do that.")
        return self._keep(room, {**event, **changed})

    @staticmethod
    def _keep(room: Room, event: dict[str, Any]) -> dict[str, Any]:
        room.last += 1
        event = {**event}
        event["etag"] = f'"{room.last:016}"'
        room.events[event["id"]] = event
        room.changes[event["id"]] = room.last
        return event


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _moment(event: dict[str, Any], name: str) -> datetime:
    held = event[name]
    return datetime.fromisoformat(held["dateTime"] if "dateTime" in held else f"{held['date']}T00:00:00+00:00")


def _within(event: dict[str, Any], start: datetime, end: datetime) -> bool:
    return _moment(event, "start") < end and _moment(event, "end") > start


def _seen(event: dict[str, Any], role: str) -> dict[str, Any]:
    """What the account sees: of private events, and everywhere with freeBusyReader, no more than the times."""
    hidden = role == "freeBusyReader" or (role == "reader" and event.get("visibility") in ("private", "confidential"))
    if not hidden or event["status"] == "cancelled":
        return event
    shown = ("id", "etag", "status", "start", "end", "recurringEventId", "originalStartTime", "transparency")
    return {key: value for key, value in event.items() if key in shown} | {"visibility": "private"}
