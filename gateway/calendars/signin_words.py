"""What Microsoft's sign-in errors mean to an administrator, by their AADSTS number.

Nothing of an error's own text is ever shown: it may hold what was sent. What may not live here: asking anybody.

Source: Microsoft identity platform, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

WORDS: Mapping[int, str] = {
    7000215: "the client secret is wrong; use the secret's value, not its id",
    7000222: "the client secret has expired; make a new one, or better a certificate",
    7000216: "a certificate or a secret is needed",
    700027: "the certificate is not registered on the app, or the key does not belong to it",
    700024: "the certificate's assertion is out of its time; set this machine's clock",
    700016: "the app (client_id) is not known in this tenant",
    90002: "the tenant is not known",
    900023: "the tenant is not known",
    65001: "the permission has not been consented to",
    700082: "the sign-in has expired (90 days without use), or was revoked",
    50173: "the sign-in was revoked, for instance by a new password",
    70043: "the sign-in has expired by a sign-in frequency policy",
    50076: "the user must use multi-factor authentication",
    50079: "the user must register for multi-factor authentication",
    53003: "a Conditional Access policy blocks this sign-in",
    530003: "a Conditional Access policy wants a managed device",
    50105: "the user is not assigned to the app",
    50057: "the user's account is disabled",
    50034: "the user is not known in this tenant",
    7000218: "the app does not allow public client flows; switch that on under Authentication",
    70011: "the scope is not valid; look at the setting `graph`",
    70021: "the sign-in was declined",
    70020: "the code has expired",
}
PASSING = frozenset({"temporarily_unavailable", "server_error", "service_unavailable"})


def number(told: Mapping[str, Any]) -> int:
    """The AADSTS number of an error, or 0."""
    codes = told.get("error_codes")
    for code in codes if isinstance(codes, list) else ():
        if isinstance(code, int) and code:
            return code
    found = re.match(r"AADSTS(\d{1,9})", str(told.get("error_description", "")))
    return int(found.group(1)) if found else 0


def words(told: Mapping[str, Any]) -> str:
    """An error for people."""
    code = number(told)
    name = str(told.get("error", ""))
    name = name if re.fullmatch(r"[a-z_]{1,40}", name) else "error"
    shown = f"AADSTS{code}" if code else name
    return f"{WORDS.get(code, 'Microsoft refuses the sign-in')} ({shown})"
