"""Which column of which export holds what: our own format, and what Outlook, Google, Cisco and Poly call theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.directory.contact import Protocol, folded

NAME = ("name", "displayname", "fullname", "display name", "file as", "anzeigename", "nom complet", "contact name")
FIRST = ("first name", "firstname", "given name", "givenname", "vorname", "prenom", "nombre", "förnamn", "fname")
MIDDLE = ("middle name", "additional name", "weitere vornamen", "deuxieme prenom")
LAST = (
    "last name",
    "lastname",
    "family name",
    "familyname",
    "surname",
    "nachname",
    "nom",
    "apellidos",
    "efternamn",
    "lname",
)
ORGANISATION = (
    "organisation", "organization", "company", "organization name", "organization 1 - name", "firma", "societe",
    "empresa", "department", "företag",
)  # fmt: skip
EMAIL = (
    "email", "e-mail", "e-mail address", "email address", "e-mail 1 - value", "mail id", "mail", "e-mail-adresse",
    "adresse de messagerie", "user id/email (required)", "correo electronico",
)  # fmt: skip
FAVOURITE = ("favourite", "favorite", "starred")
SIP = (
    "sip", "sip uri", "sip address", "sip uris", "directory uri", "video", "video address", "uri", "sip alias",
    "directory uri 1", "sip_uri", "sipaddress", "video uri",
)  # fmt: skip
H323 = (
    "h323",
    "h.323",
    "h323 id",
    "h.323 id",
    "h323 alias",
    "h.323 alias",
    "h323 address",
    "ip address",
    "e.164",
    "e164 alias",
    "e.164 alias",
)
ANY = ("address", "number", "dial string", "dialstring", "contact methods", "contact", "dial number")
PHONE = (
    "phone", "telephone", "telephone number", "phone number", "business phone", "business phone 2", "home phone",
    "home phone 2", "mobile phone", "other phone", "primary phone", "company main phone", "car phone", "homephone",
    "workphone", "mobilephone", "work phone", "mobile", "mobile number", "home number", "telefon geschaftlich",
    "telefon geschaftlich 2", "telefon privat", "mobiltelefon", "weiteres telefon", "telefon firma",
    "telephone (bureau)", "tel mobile", "telephone (domicile)", "directory number", "directory number 1",
    "primary extension", "extension",
)  # fmt: skip
KNOWN_WITHOUT_USE = re.compile(r"fax|pager|telex|tty|isdn|radio")
GOOGLE_PHONE = re.compile(r"phone (\d+) - (value|type|label)\Z")
LABELS = (
    ("mobil", "mobile"), ("home", "home"), ("privat", "home"), ("domicile", "home"), ("business", "work"),
    ("work", "work"), ("geschaftlich", "work"), ("bureau", "work"),
)  # fmt: skip
NUMBERED = re.compile(r"(?:number|phone|sip|address) ?\d\Z")


@dataclass
class Columns:
    """Which columns hold what, by their place."""

    name: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    middle: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    organisation: list[int] = field(default_factory=list)
    email: list[int] = field(default_factory=list)
    favourite: list[int] = field(default_factory=list)
    addresses: list[tuple[int, Protocol, str, int]] = field(
        default_factory=list
    )  # column, protocol, label, label's column

    @property
    def usable(self) -> bool:
        """Whether there is a name and something to dial, or an e-mail address that may be."""
        return bool((self.name or self.first or self.last) and (self.addresses or self.email))


PLAIN = (
    ("name", NAME), ("first", FIRST), ("middle", MIDDLE), ("last", LAST), ("organisation", ORGANISATION),
    ("email", EMAIL), ("favourite", FAVOURITE),
)  # fmt: skip
DIALLED: tuple[tuple[Protocol, tuple[str, ...]], ...] = (("sip", SIP), ("h323", H323), ("phone", PHONE), ("", ANY))


def columns(header: Sequence[str]) -> Columns:
    """What the columns of a header row hold; those that nobody knows are passed over."""
    found = Columns()
    names = [re.sub(r"\s+", " ", folded(title.strip().strip("\ufeff\"'"))) for title in header]
    labels = {
        int(match[1]): place for place, name in enumerate(names) if (match := _google(name)) and match[2] != "value"
    }
    for place, name in enumerate(names):
        match = _google(name)
        if match and match[2] == "value":
            found.addresses.append((place, "phone", "", labels.get(int(match[1]), -1)))
            continue
        if match or KNOWN_WITHOUT_USE.search(name):
            continue
        for attribute, known in PLAIN:
            if name in map(folded, known):
                getattr(found, attribute).append(place)
        for protocol, titles in DIALLED:
            if name in map(folded, titles):
                found.addresses.append((place, protocol, _label(name), -1))
        if NUMBERED.match(name):
            kind: Protocol = (
                "phone" if name.startswith(("number", "phone")) else "sip" if name.startswith("sip") else ""
            )
            found.addresses.append((place, kind, "", -1))
    return found


def _google(name: str) -> re.Match[str] | None:
    return GOOGLE_PHONE.match(name)


def _label(name: str) -> str:
    for word, label in LABELS:
        if word in name:
            return label
    return ""
