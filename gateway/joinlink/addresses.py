"""Addresses of video systems in a text: `user@host`, `host##id`, bare IPv4 addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}\Z")
HOST = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
BEFORE_HASHES = re.compile(r"[A-Za-z0-9.-]{4,120}\Z")
AFTER_HASHES = re.compile(r"([0-9]{3,16})(?:#([0-9]{1,12})?[#0-9]*)?")
IP = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.]*[0-9])")
MOST = 200

# Whose video addresses are whose: an address at one of these is a dial string, whoever writes it.
VIDEO = {
    "zoom": ("zoomcrc.com", "zmus.us"),
    "bluejeans": ("bjn.vc",),
    "lifesize": ("lifesizecloud.com",),
    "starleaf": ("call.sl",),
    "ringcentral": ("sip.rcv.com", "sip.ringcentral.com"),
    "webex": ("webex.com",),
    "gotomeeting": ("67.217.95.2", "gotomeeting.com"),
    "chime": ("meet.chime.in",),
}
# Where a Teams meeting is reached through a provider: half an address, worth nothing without the meeting's video id.
INTEROP = ("m.webex.com", "t.plcm.vc", "teams.bjn.vc", "teams.video.bjn.vc")


@dataclass(frozen=True)
class Address:
    """`user@host` in a text; the host in small letters."""

    user: str
    host: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.user}@{self.host}"


def addresses(text: str) -> Iterator[Address]:
    """Every `user@host`, in the text's order; the first MOST."""
    at = -1
    for _ in range(MOST):
        at = text.find("@", at + 1)
        if at < 0:
            return
        user = _user(text[max(0, at - 65) : at])
        host = HOST.match(text, at + 1, at + 320)
        if user and host is not None:
            yield Address(user, host[0].lower().rstrip("."), at - len(user), at + 1 + len(host[0]))


def _user(before: str) -> str:
    """The longest name at the end of a text."""
    at = len(before)
    while at and (before[at - 1].isascii() and (before[at - 1].isalnum() or before[at - 1] in "_.+-")):
        at -= 1
    return before[at:].lstrip("_.+-") if len(before) - at <= 64 else ""


def hashed(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Every `host##id#passcode`, as (host, id, passcode, start); what follows the passcode is never read."""
    at = -2
    for _ in range(MOST):
        at = text.find("##", at + 2)
        if at < 0:
            return
        host = _host(text[max(0, at - 120) : at])
        if text[at - len(host) - 1 : at - len(host)] == "@":
            continue  # user@domain##room is one address
        after = AFTER_HASHES.match(text, at + 2, at + 64)
        if host and after is not None:
            yield host, after[1], after[2] or "", at - len(host)


def _host(before: str) -> str:
    at = len(before)
    while at and before[at - 1].isascii() and (before[at - 1].isalnum() or before[at - 1] in ".-"):
        at -= 1
    found = before[at:].lstrip(".-")
    return found if "." in found else ""


def ips(text: str, start: int = 0, end: int | None = None) -> Iterator[str]:
    """IPv4 addresses whose bytes are bytes."""
    for found, _ in zip(IP.finditer(text, start, len(text) if end is None else end), range(MOST), strict=False):
        before = text[found.start() - 1 : found.start()]
        if not before.isdigit() and before != "." and all(int(byte) < 256 for byte in found[0].split(".")):
            yield found[0]


def is_ip(text: str) -> bool:
    """Whether a text is an IPv4 address."""
    return next(ips(text), "") == text
