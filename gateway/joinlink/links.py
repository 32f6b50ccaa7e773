"""Every link in a text, unwrapped, with the place where it stood."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.joinlink.hosts import Link
from gateway.joinlink.wrappers import opened

# ASCII only: Japanese and Korean text may follow a link without a space.
REST = re.compile(r"[!#$%&()*+,\-./0-9:;=?@A-Z_a-z~]{3,8192}")
SCHEMES = ("https", "http", "msteams", "zoommtg", "zoomus", "pexip")
# Links without a scheme, as people type them, are found by their hosts.
BARE = (
    "zoom.us/", "zoomgov.com/j/", "teams.microsoft.com/", "teams.live.com/", "webex.com/", "meet.google.com/",
    "gotomeeting.com/join/", "gotomeet.me/", "meet.goto.com/", "bluejeans.com/", "call.lifesizecloud.com/",
    "meet.starleaf.com/", "v.ringcentral.com/join/", "chime.aws/", "meet.jit.si/", "whereby.com/", "8x8.vc/",
    "meet.lync.com/",
)  # fmt: skip
MOST = 400
MOST_BARE = 20
TRAILING = ".,;:!?'\""
PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Place:
    """A link and where it begins and ends in its text."""

    link: Link
    start: int
    end: int


def links(text: str) -> tuple[list[Place], bool]:
    """The links of a text in their order, and whether there were too many to look at all."""
    places: list[Place] = []
    seen: dict[str, Link | None] = {}
    at = -1
    for _ in range(MOST):
        at = text.find("://", at + 1)
        if at < 0:
            break
        scheme = next((scheme for scheme in SCHEMES if text[max(0, at - len(scheme)) : at].lower() == scheme), "")
        rest = REST.match(text, at + 3)
        if scheme and rest is not None:
            _add(places, seen, scheme + "://" + rest[0], at - len(scheme), rest.end())
            at = rest.end()
    cut = at >= 0 and text.find("://", at + 1) >= 0
    if "msteams:/l/" in text:
        at = text.index("msteams:/l/")
        rest = REST.match(text, at + 9)
        if rest is not None:
            _add(places, seen, "msteams://" + rest[0], at, rest.end())
    _bare(text, places, seen)
    places.sort(key=lambda place: place.start)
    return places, cut


def _bare(text: str, places: list[Place], seen: dict[str, Link | None]) -> None:
    for host in BARE:
        at = -1
        for _ in range(MOST_BARE):
            at = text.find(host, at + 1)
            if at < 0:
                break
            start = at
            while (
                start
                and at - start < 64
                and (text[start - 1].isalnum() or text[start - 1] in ".-")
                and text[start - 1].isascii()
            ):
                start -= 1
            rest = REST.match(text, at)
            if rest is not None and (not start or text[start - 1] not in "/@%=:_\\"):
                _add(places, seen, "https://" + text[start:at] + rest[0], start, rest.end())


def _add(places: list[Place], seen: dict[str, Link | None], url: str, start: int, end: int) -> None:
    url = tidy(url)
    if url not in seen:
        seen[url] = opened(url)
    link = seen[url]
    if link is not None:
        places.append(Place(link, start, end))


def tidy(url: str) -> str:
    """Without what belongs to the sentence around it: full stops, commas, brackets that were opened before it."""
    end = len(url)
    while end and (
        url[end - 1] in TRAILING
        or (
            url[end - 1] in PAIRS
            and end > len(url) - 20
            and url.count(url[end - 1], 0, end) > url.count(PAIRS[url[end - 1]], 0, end)
        )
    ):
        end -= 1
    return url[:end].replace("&amp;", "&")
