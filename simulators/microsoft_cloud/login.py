"""The simulated cloud's sign-in: OpenID discovery, tokens for an app and for a user, device codes, refresh, revocation.

Sources: Microsoft identity platform, "OAuth 2.0 client credentials flow", "OAuth 2.0 device authorization grant",
"Microsoft Entra authentication and authorization error codes"; RFC 6749, RFC 8628. What `msal` needs of it is in the
facts of its own source.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulators.microsoft_cloud import assertion

if TYPE_CHECKING:
    from simulators.microsoft_cloud.cloud import MicrosoftCloud

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Refusal(Exception):
    """An OAuth error: its name, the AADSTS number, the HTTP status."""

    def __init__(self, error: str, number: int, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.error, self.number, self.status = error, number, status


@dataclass
class Token:
    """An access token that is good for somebody until a time of the cloud's clock."""

    who: str  # "app" or "user"
    until: float
    write: bool = True


@dataclass
class Pending:
    """A device code that waits for a person."""

    code: str
    scopes: tuple[str, ...]
    until: float
    answer: str = ""  # "", "approved", "declined"


@dataclass
class Login:
    """Everything that the sign-in side remembers."""

    tokens: dict[str, Token] = field(default_factory=dict)
    refresh: dict[str, tuple[str, ...]] = field(default_factory=dict)  # refresh token -> scopes
    codes: dict[str, Pending] = field(default_factory=dict)  # device code -> what became of it
    seen: set[str] = field(default_factory=set)  # jti of assertions: each is good once

    def memory(self) -> dict[str, Any]:
        return {"codes": [{"user_code": held.code, "answer": held.answer} for held in self.codes.values()]}

    def answer(self, cloud: MicrosoftCloud, path: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The reply to a request of the sign-in host."""
        tenant, _, rest = path.strip("/").partition("/")
        try:
            if tenant != cloud.tenant:
                raise Refusal("invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
            if rest == "v2.0/.well-known/openid-configuration":
                return 200, self._discovery(cloud)
            if rest == "oauth2/v2.0/devicecode":
                return 200, self._device(cloud, form)
            if rest == "oauth2/v2.0/token":
                return 200, self._token(cloud, form)
        except Refusal as refused:
            words = f"AADSTS{refused.number}: {refused} Trace ID: {secrets.token_hex(8)}"
            told = {"error": refused.error, "error_description": words, "error_codes": [refused.number]}
            return refused.status, told
        return 404, {"error": "not_found"}

    def _discovery(self, cloud: MicrosoftCloud) -> dict[str, Any]:
        top = f"{cloud.address}/{cloud.tenant}"
        return {
            "issuer": f"{top}/v2.0",
            "authorization_endpoint": f"{top}/oauth2/v2.0/authorize",
            "token_endpoint": f"{top}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{top}/oauth2/v2.0/devicecode",
        }

    def _client(self, cloud: MicrosoftCloud, form: Mapping[str, str]) -> None:
        if form.get("client_id") != cloud.client_id:
            raise Refusal("unauthorized_client", 700016, "Application was not found in the directory.")

    def _device(self, cloud: MicrosoftCloud, form: Mapping[str, str]) -> dict[str, Any]:
        self._client(cloud, form)
        code, short = secrets.token_urlsafe(24), secrets.token_hex(4).upper()
        self.codes[code] = Pending(short, tuple(form.get("scope", "").split()), cloud.now() + 900)
        return {
            "device_code": code,
            "user_code": short,
            "verification_uri": f"{cloud.address}/devicelogin",
            "expires_in": 900,
            "interval": cloud.device_interval,
            "message": f"To sign in, open {cloud.address}/devicelogin and enter the code {short}.",
        }

    def _token(self, cloud: MicrosoftCloud, form: Mapping[str, str]) -> dict[str, Any]:
        self._client(cloud, form)
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return self._for_app(cloud, form)
        if grant == DEVICE_CODE:
            return self._for_code(cloud, form.get("device_code", ""))
        if grant == "refresh_token":
            scopes = self.refresh.get(form.get("refresh_token", ""))
            if scopes is None or cloud.faults.refuse_login:
                raise Refusal("invalid_grant", 700082, "The refresh token has expired or was revoked.")
            return self._for_user(cloud, scopes)
        raise Refusal("unsupported_grant_type", 70003, "The grant type is not supported.")

    def _for_app(self, cloud: MicrosoftCloud, form: Mapping[str, str]) -> dict[str, Any]:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != assertion.TYPE:
                raise Refusal("invalid_request", 900144, "client_assertion_type is missing.")
            audience = self._discovery(cloud)["token_endpoint"]
            try:
                mark = assertion.verified(
                    form["client_assertion"], cloud.certificates, cloud.client_id, audience, time.time()
                )
            except assertion.Disbelief as wrong:
                raise Refusal("invalid_client", wrong.number, str(wrong), 401) from None
            if not mark or mark in self.seen:
                raise Refusal("invalid_client", 50182, "The assertion was used before.", 401)
            self.seen.add(mark)
        elif not form.get("client_secret"):
            raise Refusal("invalid_client", 7000216, "client_assertion or client_secret is required.", 401)
        elif not secrets.compare_digest(form["client_secret"].encode(), cloud.secret.encode()):
            raise Refusal("invalid_client", 7000215, "Invalid client secret provided.", 401)
        if cloud.faults.refuse_login:
            raise Refusal("invalid_client", 7000222, "The provided client secret keys are expired.", 401)
        if form.get("scope") != f"{cloud.address}/.default":
            raise Refusal("invalid_scope", 70011, "The provided value for scope is not valid.")
        return self._given(cloud, Token("app", cloud.now() + cloud.expires_in))

    def _for_code(self, cloud: MicrosoftCloud, code: str) -> dict[str, Any]:
        held = self.codes.get(code)
        if held is None:
            raise Refusal("bad_verification_code", 70000, "The device code is not known.")
        if held.until < cloud.now():
            raise Refusal("expired_token", 70020, "The device code has expired.")
        if held.answer == "declined":
            raise Refusal("authorization_declined", 70021, "The person declined.")
        if not held.answer:
            raise Refusal("authorization_pending", 70016, "Authorization is pending.")
        del self.codes[code]
        return self._for_user(cloud, held.scopes)

    def _for_user(self, cloud: MicrosoftCloud, scopes: tuple[str, ...]) -> dict[str, Any]:
        again = secrets.token_urlsafe(24)
        self.refresh[again] = scopes
        write = any(scope.endswith("Calendars.ReadWrite.Shared") for scope in scopes)
        now = int(time.time())
        claims = {
            "aud": cloud.client_id,
            "iss": f"{cloud.address}/{cloud.tenant}/v2.0",
            "iat": now,
            "exp": now + cloud.expires_in,
            "oid": "00000000-0000-0000-0000-00000000000a",
            "tid": cloud.tenant,
            "sub": "user",
            "preferred_username": cloud.user,
        }
        who = {"uid": claims["oid"], "utid": cloud.tenant}
        return self._given(cloud, Token("user", cloud.now() + cloud.expires_in, write)) | {
            "refresh_token": again,
            "scope": " ".join(scope for scope in scopes if scope not in ("openid", "profile", "offline_access")),
            "id_token": f"{_b64({'alg': 'none', 'typ': 'JWT'})}.{_b64(claims)}.",
            "client_info": _b64(who),
        }

    def _given(self, cloud: MicrosoftCloud, token: Token) -> dict[str, Any]:
        text = secrets.token_urlsafe(32)
        self.tokens[text] = token
        return {"token_type": "Bearer", "access_token": text, "expires_in": cloud.expires_in}


def _b64(told: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
