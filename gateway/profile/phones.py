"""`[phones]` of a room: whether people's own phones may be its panel for a while, and by what they are let in.

    [phones]
    qr = true                          # the panel shows a code to scan, which changes all the time
    pin = { env = "BOARDROOM_PIN" }    # 6 to 12 digits
    minutes = 120

What may not live here: letting anybody in (`guests.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.complaint import Table, secret

DIGITS = re.compile(r"[0-9]{6,12}\Z")  # with the waits of `guests.py`, six digits take years to guess
LONGEST = 1440  # minutes


class Pin:
    """What a room's PIN is known by: a salted scrypt hash. The PIN itself is kept nowhere."""

    def __init__(self, text: str) -> None:
        self._salt = secrets.token_bytes(16)
        self._digest = self._hashed(text)

    def is_(self, text: str) -> bool:
        """Whether this is it, in constant time. Some 10 ms of work: not for the event loop."""
        return hmac.compare_digest(self._digest, self._hashed(text))

    def _hashed(self, text: str) -> bytes:
        return hashlib.scrypt(text.encode("utf-8", "replace"), salt=self._salt, n=4096, r=8, p=1)


@dataclass(frozen=True)
class PhonesSpec:
    """How phones come in, and for how long. pin None = not by a PIN."""

    qr: bool = False
    pin: Pin | None = field(default=None, repr=False)
    minutes: int = 120


def read_phones(top: Table) -> PhonesSpec | None:
    """None where the room says nothing of it, or where nothing lets a phone in."""
    if "phones" not in top.data:
        top.taken.add("phones")
        return None
    table = top.table("phones")
    qr = table.take("qr", bool, False)
    minutes = table.number("minutes", 120, 1, LONGEST, whole=True)
    text, words = secret(table, "pin")
    pin: Pin | None = None
    if text is None:
        table.complain("pin", words, "no phone comes in by a PIN until it is there", grave=False)
    elif text and DIGITS.match(text):
        pin = Pin(text)
    elif text:
        table.complain("pin", "found one that is not made so", "expected 6 to 12 digits")
    if isinstance(top.data["phones"], Mapping) and not {"qr", "pin"} & set(table.data):
        table.complain("", "found neither qr nor pin", 'expected qr = true, or pin = { env = "NAME" }')
    table.finish()
    return PhonesSpec(qr, pin, minutes) if qr or pin else None
