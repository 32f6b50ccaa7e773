"""`roomgate calendar doctor ROOM`: the sign-in's health, the permission, and what the mailbox does to invitations.

What may not live here: finding what a mailbox removes (`calendars/stripped.py`).
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from gateway.calendars import stripped
from gateway.calendars.calendar import AuthLost, CalendarTrouble, NetworkLost, NotAllowed
from gateway.calendars.meeting import Meeting, Window
from gateway.cli.calendars import CalendarError, Desk, chosen, desk
from gateway.complaint import did_you_mean
from gateway.joinlink import find
from gateway.profile.meetings import CODEC
from gateway.spec import SiteSpec

DAYS = 14  # back and ahead
ENDS_SOON = 30  # days before its end that a certificate is spoken of


async def examine(site: SiteSpec, complaints: Sequence[str], room: str, data: Path | None) -> int:
    """Print what is well and what is not; 0 where nothing is to be done."""
    held = site.rooms.get(room)
    if held is None:
        mistakes = "".join(f"\n  {words}" for words in complaints)
        raise CalendarError(f"no room {room!r} that can run; {did_you_mean(room, site.rooms)}{mistakes}")
    if held.meetings is None:
        raise CalendarError(f"{room} has no [meetings]")
    if held.meetings.calendar == CODEC:
        raise CalendarError(f"{room} shows its codec's own calendar; there is no sign-in and no mailbox to look at")
    spec = chosen(site, held.meetings.calendar, list(complaints))
    async with desk(site, spec, data) as open_desk:
        print(f"{room}: {held.meetings.mailbox} in {spec.name} ({spec.kind})")
        return await _examine(open_desk, held.meetings.mailbox)


async def _examine(held: Desk, mailbox: str) -> int:
    todo = _kept(held)
    now = held.now()
    window = Window(now - timedelta(days=DAYS), now + timedelta(days=DAYS))
    try:
        meetings = await held.account.calendar(mailbox).read(window)
    except (CalendarTrouble, ValueError) as trouble:
        for words in [*todo, f"{_kind(trouble)}: {trouble}", _advice(held, trouble)]:
            print(f"  to do    {words}")
        return 1
    print("  well     signed in, and allowed to read this room")
    print(f"  looked   at {len(meetings)} meetings, {DAYS} days back and ahead")
    found = stripped.find(meetings)
    if found.looked_at < stripped.FEW:
        print(f"  unknown  what the mailbox does to invitations: only {found.looked_at} meetings came by invitation")
    elif not found.words:
        print("  well     invitations come with their text, subject and answer")
    command = found.command(mailbox) if held.spec.kind == "microsoft365" else ""
    for words in (*todo, *found.words):
        print(f"  to do    {words}")
    if command:
        print(
            f"\nIn Exchange Online PowerShell (it counts for new invitations; those already there stay):\n  {command}"
        )
    print(_joinable(meetings))
    return 1 if todo or found.words else 0


def _kind(trouble: Exception) -> str:
    if isinstance(trouble, AuthLost):
        return "sign-in lost"
    if isinstance(trouble, NotAllowed):
        return "no permission"
    return "network lost" if isinstance(trouble, NetworkLost) else "not readable"


def _advice(held: Desk, trouble: Exception) -> str:
    if isinstance(trouble, AuthLost | NotAllowed):
        return f"what an administrator must have done: roomgate calendar sign-in {held.spec.name} --steps"
    return "try again later; meetings that were read before go on being shown, with their age"


def _kept(held: Desk) -> list[str]:
    """What is to be done about the sign-in's own files."""
    if held.spec.kind != "microsoft365":
        return []
    from gateway.calendars.appcertificate import CertificateError, read
    from gateway.calendars.microsoft365 import Microsoft365Settings
    from gateway.calendars.msal_signin import FILE

    settings, place = held.spec.settings, held.account.place
    assert isinstance(settings, Microsoft365Settings)
    if settings.sign_in == "user":
        file = place.folder / FILE
        if not file.exists():
            return []  # the reading will say so
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            return [f"others can read the kept sign-in; close it: chmod 600 {file}"]
        print("  well     the sign-in is kept, and nobody else can read it")
        return []
    if not settings.certificate:
        print("  well     signs in with a secret; a certificate would be better, for it cannot be copied from a screen")
        return []
    try:
        certificate = read(settings.certificate, settings.key, place)
    except CertificateError as wrong:
        return [str(wrong)]
    days = (certificate.until - held.now()).days
    if days < ENDS_SOON:
        return [f"the certificate ends in {days} days, on {certificate.until:%Y-%m-%d}: register a new one on the app"]
    print(f"  well     the certificate is good until {certificate.until:%Y-%m-%d}")
    return []


def _joinable(meetings: Sequence[Meeting]) -> str:
    found = [meeting for meeting in meetings if find(meeting.invitation).options]
    return f"\n{len(found)} of {len(meetings)} meetings hold a way to join."
