"""Numbers as invitations print them: telephone numbers with what is keyed in after them, and groups of digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A class of characters first, so that the search is as quick as it can be.
CANDIDATE = re.compile(r"[+(0-9][0-9 ().\-/+\u2010\u2011\u2013\xa0]{5,26}[0-9]")
KEYS = re.compile(r"[ \t]?(?:,|;|p(?=[\d,])){1,5}[ \t]?[\d#*][\d#*,; ]{2,80}")
GROUP = re.compile(r"[0-9](?:[ \xa0-]?[0-9]){3,15}")
QUAD = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")  # an IPv4 address
NOT_BEFORE = frozenset("@.,;:/=#&?%_-\\")
MOST = 300


@dataclass(frozen=True)
class Phone:
    """A telephone number in a text, with the keys that follow it at once ("" where none do)."""

    number: str
    keys: str
    start: int
    end: int


def phone(text: str) -> str:
    """`+1 (678) 653-7090` -> `+16786537090`; "" for what is no number of 7 to 15 digits."""
    text = text.strip()
    plus = text.lstrip("( ").startswith("+")
    if plus:
        text = text.replace("(0)", "")  # +49 (0)69 ...
    digits = re.sub(r"[^0-9]", "", text)
    return ("+" if plus else "") + digits if 7 <= len(digits) <= 15 else ""


def code(text: str) -> str:
    """What is keyed in: digits, `#`, `*`, and commas between them as pauses; no commas before or after."""
    return re.sub(r"[^0-9#*,]", "", text.replace(";", ",")).strip(",")


def phones(text: str, start: int = 0, end: int | None = None) -> Iterator[Phone]:
    """Everything that could be a telephone number, in the text's order; the first MOST."""
    limit = len(text) if end is None else end
    at = start
    for _ in range(MOST):
        found = CANDIDATE.search(text, at, limit)
        if found is None:
            return
        at = found.end()
        before = text[found.start() - 1 : found.start()]
        if before.isalnum() or (
            before in NOT_BEFORE and before and text[found.start() - 4 : found.start()].lower() != "tel:"
        ):
            continue
        number = phone(found[0])
        after = text[found.end() : found.end() + 1]
        if not number or QUAD.fullmatch(found[0]) or after == "@" or (after.isalnum() and after not in "px"):
            continue
        keys = KEYS.match(text, found.end(), limit)
        if keys is not None and sum(mark.isdigit() for mark in keys[0]) >= 3:
            at = keys.end()
            yield Phone(number, code(keys[0]), found.start(), at)
        else:
            yield Phone(number, "", found.start(), at)


def groups(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Groups of 4 to 16 digits, blanks and hyphens inside them left out: (digits, start, end); the first MOST."""
    found_at = GROUP.finditer(text, start, len(text) if end is None else end)
    for found, _ in zip(found_at, range(MOST), strict=False):
        yield re.sub(r"[^0-9]", "", found[0]), found.start(), found.end()
