"""Who asks, and may they: a bearer token to a Token, deny by default, brute force slowed.

What may not live here: how tokens are made or stored (`auth.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.api.problem import Problem
from gateway.auth import Guard, Permission, Token, Tokens
from gateway.commands import ROOM_VERBS
from gateway.guests import SHUT_OUT
from gateway.room import Room
from gateway.unlocking import Unlocking

SERVICE = frozenset({"codec", "sound", "microphone", "outlet", "relay"})  # kinds of part on the panel's Equipment page


class Rights:
    """Checks a request's token: one hash look-up, no disk."""

    def __init__(self, tokens: Tokens, guard: Guard, unlocking: Unlocking) -> None:
        self.tokens = tokens
        self.guard = guard
        self.unlocking = unlocking

    def token(self, text: str, address: str) -> Token:
        """The token behind `text`. Raises Problem 401, or 429 while its address tries too many wrong ones."""
        token = self.tokens.check(text) if text else None
        if token is not None:
            self.guard.worked(address)
            return token
        over = self.tokens.why_over(text)
        if over:  # no guess: a phone that was in
            raise Problem(401, SHUT_OUT[over], "Scan the code on the room's panel, or type its PIN.", {"over": over})
        wait = self.guard.wait(address)
        if wait > 0:
            seconds = str(int(wait) + 1)
            raise Problem(
                429, "too many wrong tokens from this address", f"Wait {seconds} s.", {}, {"retry-after": seconds}
            )
        if text:
            self.guard.failed(address)
        raise Problem(
            401,
            "the token is not valid" if text else "a token is needed",
            "Send 'Authorization: Bearer TOKEN'; `roomgate token create` makes one.",
            {},
            {"www-authenticate": "Bearer"},
        )

    def farewell(self, token: Token) -> str:
        """What a WebSocket is closed with when its token is worth nothing any more."""
        return SHUT_OUT.get(self.tokens.why_over(token), "the token was revoked")

    @staticmethod
    def allow(token: Token, permission: Permission, room: str = "") -> None:
        """Raise Problem 403 unless the token's role has the permission, for that room."""
        if not token.may(permission, room or None):
            what = f"this token may not {permission}" + (f" in room {room!r}" if room else "")
            raise Problem(403, what, "Use a token whose role and rooms allow it.")

    def allow_command(self, token: Token, room: Room, verb: str, part_id: str) -> None:
        """Raise Problem 403 where a panel has to be unlocked first: what is on its Equipment page, in a room with an
        administrator's PIN. What a room, a scene or a key does to that equipment is not held back."""
        if room.spec.admin_pin is None or token.role != "panel" or (not part_id and verb in ROOM_VERBS):
            return
        part = room.parts.get(part_id) if part_id else room.taker(verb)
        if part is not None and part.kind.name in SERVICE and not self.unlocking.unlocked(token, room.id):
            what = f"the administrator's PIN of room {room.id!r} is asked for this"
            raise Problem(403, what, "Under Details, For administrators takes it.", {"why": "locked"})

    def of_headers(self, headers: Iterable[tuple[bytes, bytes]], address: str) -> Token:
        """The token of an ASGI request's Authorization header."""
        for name, value in headers:
            if name == b"authorization":
                scheme, _, text = value.partition(b" ")
                if scheme.lower() == b"bearer":
                    return self.token(text.strip().decode("latin-1"), address)
        return self.token("", address)


def address_of(client: tuple[str, int] | list[object] | None) -> str:
    """The caller's address, for the guard."""
    return str(client[0]) if client else "unknown"
