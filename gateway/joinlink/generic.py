"""Dial strings of no known service: SIP, H.323 and telephone, where the text says that it is one.

An e-mail address is no dial string, and a signature's telephone number neither: an address needs its scheme, a word for
video before it, or a number for its name; a telephone number needs a code to key in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.joinlink import labels
from gateway.joinlink.addresses import INTEROP, VIDEO, addresses, hashed
from gateway.joinlink.hosts import under
from gateway.joinlink.labels import labelled, lowered, mentions
from gateway.joinlink.numbers import groups, phones
from gateway.joinlink.option import Option

SCHEMES = ("sip:", "sips:", "h323:")
AFTER = re.compile(r"//?|")
ADDRESS = re.compile(r"[\w][\w.+-]{0,63}@[\w][\w.-]{0,120}|[\w][\w.-]{2,120}(?:##[0-9]{1,16})?")
WITHIN = 65_536  # characters of a text in which numbers are looked for
MOST = 8
NO_PHONE = (*labels.CONFERENCE, *labels.MEETING_ID, *labels.VIDEO_ID)
NUMERIC_USER_ONLY = ("webex", "lifesize", "zoom", "bluejeans", "gotomeeting", "starleaf")


def options(text: str, found_in: str, *, whole: bool = False) -> list[Option]:
    """Generic dial strings of a text, addresses first. `whole`: the text is a location, said on purpose."""
    text = text[:WITHIN]
    at = text.find("\n-- \n")
    text = text if at < 0 else text[:at]
    low = lowered(text)
    return [*_uris(text, low, found_in), *_addresses(text, low, found_in, whole), *_phones(text, low, found_in, whole)]


def _uris(text: str, low: str, found_in: str) -> Iterator[Option]:
    for scheme in SCHEMES:
        at = -1
        for _ in range(MOST):
            at = low.find(scheme, at + 1)
            if at < 0:
                break
            if at and low[at - 1].isalnum():
                continue
            found = ADDRESS.match(text, at + len(scheme))
            address = found[0].rstrip(".-") if found else ""
            if scheme == "h323:" and address:
                yield Option("h323", found_in, h323=address)
            elif "@" in address:
                yield Option("sip", found_in, sip=address)
    for (host, number, _, _), _ in zip(hashed(text), range(MOST), strict=False):
        yield Option("h323", found_in, h323=f"{host}##{number}")


def _addresses(text: str, low: str, found_in: str, whole: bool) -> list[Option]:
    found: list[Option] = []
    for address in addresses(text):
        if address.host in INTEROP or len(found) >= MOST:
            continue  # half of a Teams address: worth nothing without its meeting
        numeric = address.user.isdigit() and len(address.user) >= 3
        kind = next((kind for kind, domains in VIDEO.items() if under(address.host, domains)), "")
        if kind in NUMERIC_USER_ONLY and not address.user[:6].isdigit():
            kind = ""
        if kind:
            number = address.user.partition(".")[0]
            number = number if number.isdigit() else ""
            sip = f"{'.'.join(address.user.split('.')[:2])}@{address.host}" if kind == "zoom" else str(address)
            found.append(Option(kind, found_in, sip=sip, meeting_id=number))
        elif (
            numeric and (whole or mentions(low, labels.VIDEO_SYSTEM, address.start - 300, address.start))
        ) or _right_after_video_word(low, address.start):
            found.append(Option("sip", found_in, sip=str(address)))
    return found


def _right_after_video_word(low: str, at: int) -> bool:
    """Whether the line, up to the address, says `video address:` or the like and little else."""
    line = low[max(0, at - 80) : at]
    line = line.rpartition("\n")[2] or line.rstrip().rpartition("\n")[2]
    return line.rstrip().endswith((":", "：")) and mentions(line + " ", labels.VIDEO_SYSTEM, 0, len(line) + 1)


def _phones(text: str, low: str, found_in: str, whole: bool) -> list[Option]:
    found: list[Option] = []
    for one in phones(text):
        if len(found) >= MOST:
            break
        if labelled(low, one.start, NO_PHONE):
            continue
        if one.keys:
            found.append(Option("phone", found_in, phone=one.number, phone_code=one.keys))
        elif whole and text.strip() in (text[one.start : one.end], f"tel:{text[one.start : one.end]}"):
            found.append(Option("phone", found_in, phone=one.number))
        elif whole or mentions(low, labels.DIAL_IN, one.start - 200, one.start):
            keys = _keys(text, low, one.end)
            if keys and keys.rstrip("#") not in one.number:
                found.append(Option("phone", found_in, phone=one.number, phone_code=keys))
    return found


def _keys(text: str, low: str, at: int) -> str:
    for digits, start, end in groups(text, at, at + 220):
        if labelled(low, start, labels.CONFERENCE):
            return digits + ("#" if text[end : end + 2].strip()[:1] == "#" else "")
    return ""
