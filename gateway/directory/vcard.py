"""Contacts from vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350): FN or N, ORG, TEL, IMPP, X-SIP and X-H323."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator

from gateway.directory.contact import Address, Bad, Contact, Protocol, address

LINE = re.compile(r"(?:[\w-]{1,40}\.)?([A-Za-z0-9-]{1,40})((?:;(?:[^\":;]|\"[^\"]*\")*)*):(.*)", re.DOTALL)
DIALLED: dict[str, Protocol] = {
    "TEL": "phone",
    "IMPP": "sip",
    "X-SIP": "sip",
    "X-H323": "h323",
    "X-EVOLUTION-SIP": "sip",
}


def read(text: str, *, email_as_sip: bool = False) -> Iterator[tuple[int, Contact | Bad]]:
    """(line of its BEGIN, contact or what is wrong) for every card."""
    begun = 0
    card: list[tuple[str, str, str]] = []
    for number, line in _unfolded(text):
        found = LINE.match(line)
        name = found[1].upper() if found else ""
        value = found[3].strip() if found else ""
        if name == "BEGIN" and value.upper() == "VCARD":
            if begun:
                yield begun, Bad(begun, "a card without END:VCARD")
            begun, card = number, []
        elif name == "END" and value.upper() == "VCARD":
            if begun:
                yield begun, _contact(card, begun, email_as_sip)
            begun = 0
        elif begun and found is not None:
            card.append((name, found[2], _decoded(value, found[2])))
        elif line.strip() and not begun:
            yield number, Bad(number, f"{line.strip()[:40]!r} stands outside a card")
    if begun:
        yield begun, Bad(begun, "a card without END:VCARD")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; continued ones joined (RFC 6350 3.2, and the `=` of vCard 2.1)."""
    held, at = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        soft = held.endswith("=") and "QUOTED-PRINTABLE" in held.upper().partition(":")[0]
        if held and (line[:1] in (" ", "\t") or soft):
            held = held[:-1] + line if soft else held + line[1:]
            continue
        if held:
            yield at, held
        held, at = line, number
    if held:
        yield at, held


def _decoded(value: str, parameters: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.upper():
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        charset = re.search(r"CHARSET=([\w-]+)", parameters, re.IGNORECASE)
        try:
            value = raw.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            value = raw.decode("utf-8", "replace")
    return re.sub(r"\\([nN,;\\:])", lambda found: " " if found[1] in "nN" else found[1], value)


def _contact(card: list[tuple[str, str, str]], line: int, email_as_sip: bool) -> Contact | Bad:
    values: dict[str, str] = {}
    addresses: list[Address] = []
    wrong = ""
    for name, parameters, value in card:
        values.setdefault(name, value)
        protocol = DIALLED.get(name)
        kinds = parameters.lower()
        if protocol is None or not value or "fax" in kinds or "pager" in kinds:
            continue
        if name == "IMPP" and not value.lower().startswith(("sip:", "sips:")):
            continue  # a chat service
        label = next(
            (label for word, label in (("cell", "mobile"), ("work", "work"), ("home", "home")) if word in kinds), ""
        )
        try:
            addresses.append(address(value, protocol, label))
        except ValueError as error:
            wrong = wrong or str(error)
    parts = [part.strip() for part in values.get("N", "").split(";")]
    name = values.get("FN", "").strip() or " ".join(part for part in (*parts[1:3], *parts[:1]) if part)
    name = name or values.get("ORG", "").partition(";")[0].strip()
    email = values.get("EMAIL", "").strip()
    if email and email_as_sip and not wrong:
        try:
            addresses.append(address(email, "sip"))
        except ValueError as error:
            wrong = str(error)
    if not name:
        return Bad(line, "no name")
    if wrong:
        return Bad(line, wrong)
    if not addresses:
        return Bad(line, "no address to dial" + (" (an e-mail address is none: --email-as-sip)" if email else ""))
    return Contact(name[:256], tuple(addresses), values.get("ORG", "").partition(";")[0].strip(), email)
