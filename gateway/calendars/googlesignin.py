"""Signing in to Google with a service account's key: an assertion signed by google-auth, exchanged for a token.

The library signs; the exchange goes over our own connections, since its own would block a thread and sleep in it. What
may not live here: calendars.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from gateway.calendars.calendar import AuthLost, CalendarTrouble
from gateway.calendars.web import Web
from gateway.clock import Clock

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIVES = 3600  # seconds that an assertion may live at most
EARLY = 120.0  # seconds before its end from which a token is not used any more
FIELDS = ("client_email", "private_key", "token_uri")
HINTS = {
    "invalid_grant": "the key may have been deleted, or this machine's clock be wrong",
    "unauthorized_client": "domain-wide delegation does not allow this client and scope, or `subject` is wrong",
    "invalid_scope": "the scope is not allowed for this account",
}


def key_of(text: str) -> Mapping[str, Any]:
    """A service account's key. Raises ValueError in words without anything of it."""
    try:
        held = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict) or held.get("type") != "service_account":
        raise ValueError("key is not the JSON file of a service account's key")
    missing = [name for name in FIELDS if not isinstance(held.get(name), str) or not held[name]]
    if missing:
        raise ValueError(f"key has no {missing[0]}: it is not the whole JSON file of a service account's key")
    if not held["token_uri"].startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("key: its token_uri is not https")
    return held


class SignIn:
    """One account's token, renewed as it ends. subject: whom it stands for, "" for itself."""

    def __init__(self, key: str, subject: str, scope: str, web: Web, clock: Clock) -> None:
        self._key = key
        self._subject = subject
        self._scope = scope
        self._web = web
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends = 0.0

    async def token(self, refused: str = "") -> str:
        """A token that is good now; `refused`: one that Google does not take any more. Raises CalendarTrouble."""
        async with self._lock:
            if self._token in ("", refused) or self._clock.now() >= self._ends - EARLY:
                self._token = ""
                await self._sign_in()
            return self._token

    async def _sign_in(self) -> None:
        try:
            key = key_of(self._key)
            assertion = await asyncio.to_thread(self._assertion, key)
        except ValueError as error:
            raise AuthLost(f"Google: {error}") from None
        body = urlencode({"grant_type": GRANT, "assertion": assertion}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._web.ask("POST", key["token_uri"], headers=headers, body=body)
        try:
            told = json.loads(answer.body)
            if answer.status == 200:
                self._token, self._ends = str(told["access_token"]), self._clock.now() + float(told["expires_in"])
                return
            code = str(told["error"])[:60]
            words = str(told.get("error_description", ""))[:200]
        except (ValueError, KeyError, TypeError):
            raise CalendarTrouble(f"Google's sign-in answers with {answer.status}, and nothing that is known") from None
        hint = HINTS.get(code)
        raise AuthLost(f"Google does not let the service account in: {code} ({words})" + (f"; {hint}" if hint else ""))

    def _assertion(self, key: Mapping[str, Any]) -> str:
        from google.auth import crypt, jwt

        signer: Any = crypt.RSASigner
        encode: Any = jwt.encode
        now = int(self._clock.wall())
        claims = {"iss": key["client_email"], "scope": self._scope, "aud": key["token_uri"]}
        claims |= {"iat": now, "exp": now + LIVES} | ({"sub": self._subject} if self._subject else {})
        try:
            made: bytes = encode(signer.from_service_account_info(key), claims)
        except Exception:  # whatever it makes of a broken key; its words may hold pieces of it
            raise ValueError("the private key in the service account's key cannot be read") from None
        return made.decode()
