"""Links as parsed values: hosts are compared label by label, never as text inside a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs, unquote, urlsplit

HOST = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63}){0,10}\Z")


@dataclass(frozen=True)
class Link:
    """A link whose host can be trusted to be the host."""

    url: str
    scheme: str
    host: str
    path: str
    query: str
    fragment: str

    def under(self, *domains: str) -> bool:
        """Whether the host is one of the domains or stands below one: `us02web.zoom.us` under `zoom.us`."""
        return any(self.host == domain or self.host.endswith("." + domain) for domain in domains)

    def value(self, name: str) -> str:
        """The first value of a query parameter, by its name in any case; "" where there is none."""
        return values(self.query).get(name.lower(), "")

    @cached_property
    def steps(self) -> list[str]:
        """The path's parts, decoded."""
        return [unquote(step) for step in self.path.split("/") if step]


def values(query: str) -> dict[str, str]:
    """A query's parameters, the first of each name."""
    try:
        parsed = parse_qs(query[:8192], max_num_fields=64)
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for name, held in parsed.items():
        found.setdefault(name.lower(), held[0])
    return found


def parse(url: str) -> Link | None:
    """A link, or None for what is none, or hides its host behind a user name or a backslash."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    if "@" in parts.netloc and parts.scheme != "pexip":
        return None
    if "\\" in url or not HOST.match(host):
        return None
    return Link(url, parts.scheme, host, parts.path, parts.query, parts.fragment)


def under(host: str, domains: Iterable[str]) -> bool:
    """Whether a bare host is one of the domains or stands below one."""
    host = host.lower().rstrip(".")
    return any(host == domain or host.endswith("." + domain) for domain in domains)
