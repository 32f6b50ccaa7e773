"""`[admin]` of a room, or of site.toml for all rooms: the PIN that a panel asks for before an administrator's actions.

    [admin]
    pin = { env = "PANEL_ADMIN_PIN" }    # 6 to 12 digits

What may not live here: what it opens (`unlocking.py`), how a PIN is kept (`phones.py`).
"""

from __future__ import annotations

import secrets

from gateway.complaint import Table, secret
from gateway.profile.phones import DIGITS, Pin


def read_admin(top: Table, shared: Pin | None = None) -> Pin | None:
    """None = no PIN is asked for. `shared`: the site's, for a room without one of its own.

    A PIN that is named and is not there is one that nobody knows: what it protects stays shut, and is not open to all.
    """
    if "admin" not in top.data:
        top.taken.add("admin")
        return shared
    table = top.table("admin")
    if "pin" not in table.data and isinstance(top.data["admin"], dict):
        table.complain("pin", "missing", 'expected { env = "NAME" } or { file = "PATH" }')
    text, words = secret(table, "pin")
    table.finish()
    if text is None:
        table.complain("pin", words, "what it protects stays shut until it is there", grave=False)
    elif text and DIGITS.match(text):
        return Pin(text)
    elif text:
        table.complain("pin", "found one that is not made so", "expected 6 to 12 digits")
    elif isinstance(table.data.get("pin"), dict) and not _said(table):  # a variable or a file without anything in it
        table.complain("pin", "found nothing there", "expected 6 to 12 digits")
    return Pin(secrets.token_urlsafe(32))


def _said(table: Table) -> bool:
    return any(complaint.table.startswith(table.path) for complaint in table.complaints)
