"""Links inside links: what mail filters wrap around them, undone. Never raises, and never goes deeper than DEEPEST.

Forms: Microsoft SafeLinks (`url=`), Proofpoint URL Defense v2 (`u=`, with - for % and _ for /) and v3
(`__link__;replaced characters!!...`), Google (`q=` or `url=`).
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from gateway.joinlink.hosts import Link, parse

DEEPEST = 5
LONGEST = 16384
V3 = re.compile(r"/v3/__(.+?)__;([^!]*)!", re.IGNORECASE)
# A run of so many replaced characters: `**A` is 2, `**B` is 3 ... (Proofpoint's published decoder).
RUN = {
    mark: length for length, mark in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 2)
}


def unwrap(url: str) -> str:
    """The link inside all wrappers; the outermost that could not be undone where one cannot."""
    link = opened(url)
    return link.url if link is not None else url


def opened(url: str) -> Link | None:
    """The same, parsed; None where what is inside cannot be trusted to be a link."""
    link = parse(url[:LONGEST])
    for _ in range(DEEPEST):
        inner = _inner(link) if link is not None else ""
        if link is None or not inner or inner == link.url:
            return link
        link = parse(inner)
    return link


def _inner(link: Link) -> str:
    if link.under("safelinks.protection.outlook.com", "safelinks.protection.office365.us"):
        inner = link.value("url")
    elif link.under("urldefense.proofpoint.com", "urldefense.com", "urldefense.us"):
        inner = _proofpoint(link)
    elif link.path == "/url" and _google(link.host):
        inner = link.value("q") or link.value("url")
    else:
        return ""
    return inner if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]{1,15}://", inner) else ""


def _google(host: str) -> bool:
    """google.com, www.google.com, www.google.co.uk: `google` and at most two labels of a country after it."""
    return re.fullmatch(r"(?:www\.)?google\.(?:[a-z]{2,3}|com?\.[a-z]{2})", host) is not None


def _proofpoint(link: Link) -> str:
    if link.path.startswith("/v2/url"):
        return unquote(link.value("u").replace("-", "%").replace("_", "/"))
    if link.path.startswith("/v1/url"):
        return link.value("u")
    found = V3.search(link.url)
    if found is None:
        return ""
    return _v3(found[1], found[2])


def _v3(wrapped: str, replaced: str) -> str:
    """Each `*` is the next replaced character, `**X` a run of them; a v3 link may have lost one of its slashes."""
    wrapped = re.sub(r"^([a-z0-9+.-]{1,16}:/)(?!/)", r"\1/", wrapped, flags=re.IGNORECASE)
    try:
        kept = base64.urlsafe_b64decode(replaced + "=" * (-len(replaced) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    at = 0

    def put_back(found: re.Match[str]) -> str:
        nonlocal at
        length = RUN[found[1]] if found[1] else 1
        run = kept[at : at + length]
        at += length
        return run

    return re.sub(r"\*(?:\*([A-Za-z0-9_-]))?", put_back, unquote(wrapped))
