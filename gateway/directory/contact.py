"""One contact, one address, one row that could not be used; and how names are made comparable."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

Protocol = Literal["sip", "h323", "phone", ""]
SCHEMES: dict[str, Protocol] = {"sip": "sip", "sips": "sip", "h323": "h323", "tel": "phone"}
# Letters that carry no mark which could be taken off, and that people type without.
PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
WORD = re.compile(r"\w+")
SIP = re.compile(r"[\w.+!#$%&'*/=?^`{|}~-]{1,64}@[\w.-]{1,253}(?:##[\w.-]{1,64})?\Z")
H323 = re.compile(r"[\w.@-]{2,253}(?:##[\w#.-]{1,64})?\Z")


@dataclass(frozen=True)
class Address:
    """Something to dial. protocol: sip, h323, phone, or "" where the codec is to decide; label: work, mobile, ..."""

    address: str
    protocol: Protocol = ""
    label: str = ""


@dataclass(frozen=True)
class Contact:
    """A person, a room or a bridge."""

    name: str
    addresses: tuple[Address, ...]
    organisation: str = ""
    email: str = ""
    favourite: bool = False

    def as_json(self) -> dict[str, Any]:
        """As the API tells it; what is not known is left out."""
        told: dict[str, Any] = {"name": self.name}
        if self.organisation:
            told["organisation"] = self.organisation
        if self.email:
            told["email"] = self.email
        told["favourite"] = self.favourite
        told["addresses"] = [
            {key: value for key, value in vars(address).items() if value} for address in self.addresses
        ]
        return told


@dataclass(frozen=True)
class Bad:
    """A row that gave no contact, by its line in the file (1 = the first), and why."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


def folded(text: str) -> str:
    """Small letters without accents: `Müller-Łuczak` -> `muller-luczak`."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in text if not unicodedata.combining(mark)).translate(PLAIN)


def words(text: str) -> list[str]:
    """What is searched for, in small letters without accents."""
    return WORD.findall(folded(text))[:8]


def address(text: str, protocol: Protocol, label: str = "") -> Address:
    """A checked address. Raises ValueError with words."""
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in SCHEMES:
        text, protocol = rest, SCHEMES[scheme.lower()]
    if not text or len(text) > 256 or any(ord(mark) < 32 for mark in text):
        raise ValueError(f"{text[:40]!r} is no address")
    if protocol == "phone":
        number = re.sub(r"[\s().\-/\u2010-\u2015\xa0]", "", text.replace("(0)", "") if text.startswith("+") else text)
        if not re.fullmatch(r"\+?[0-9*#,;pw]{2,40}(?:(?:x|ext)[0-9]{1,8})?", number, re.IGNORECASE):
            raise ValueError(f"{text[:40]!r} is no telephone number")
        return Address(re.sub(r"(?:x|ext)", ",", number, flags=re.IGNORECASE), "phone", label)
    if protocol == "sip" and not SIP.match(text):
        raise ValueError(f"{text[:40]!r} is no SIP address")
    if protocol == "h323" and not H323.match(text):
        raise ValueError(f"{text[:40]!r} is no H.323 address")
    return Address(text, protocol, label)
