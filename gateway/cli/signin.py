"""`roomgate calendar sign-in`: walks an administrator through a sign-in, then proves it by reading every room.

What may not live here: what the service's administrator must do (`calendars/microsoft_steps.py`), signing in itself.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.calendars.calendar import CalendarTrouble, NotAllowed
from gateway.calendars.meeting import Meeting, Window
from gateway.cli.calendars import CalendarError, Desk, chosen, desk, rooms_of
from gateway.joinlink import find
from gateway.spec import SiteSpec

if TYPE_CHECKING:
    from gateway.calendars.msal_signin import Code, UserSignIn

WIDTH = 28


async def sign_in(site: SiteSpec, complaints: Sequence[str], args: argparse.Namespace) -> int:
    """Sign in where that is needed, and print what each room shows; 0 where every room could be read."""
    spec = chosen(site, args.account, list(complaints))
    for words in complaints:
        print(words, file=sys.stderr)
    if args.steps:
        print(_steps(spec.kind, spec.settings, sorted(rooms_of(site, spec).values())))
        return 0
    async with desk(site, spec, args.data) as held:
        print(f"{spec.name}: {spec.kind}, {len(held.rooms)} rooms", flush=True)
        if spec.kind == "microsoft365" and getattr(spec.settings, "sign_in", "") == "user":
            await _by_code(held, again=args.again)
        if not held.rooms:
            raise CalendarError(f"no room has `[meetings] calendar = {spec.name!r}`: nothing to prove")
        return await _prove(held)


def _steps(kind: str, settings: object, mailboxes: Sequence[str]) -> str:
    if kind != "microsoft365":
        return f"{kind}: nothing is to be done beyond its settings; see the page of this kind in docs/calendars."
    from gateway.calendars.microsoft365 import Microsoft365Settings
    from gateway.calendars.microsoft_steps import steps

    assert isinstance(settings, Microsoft365Settings)
    return steps(settings, mailboxes)


async def _by_code(held: Desk, *, again: bool) -> None:
    """The device code, unless a kept sign-in still works."""
    way: UserSignIn = held.account.sign_in  # type: ignore[attr-defined]
    if not again:
        try:
            await way.token()
            print("A sign-in is kept, and works; --again makes a new one.", flush=True)
            return
        except CalendarTrouble as trouble:
            print(f"{trouble}", flush=True)
    try:
        code = await way.begin()
        print(f"\nOpen {code.uri} in a browser, enter the code {code.code},", flush=True)
        print(f"and sign in as the service user. The code is good for {code.expires / 60:.0f} minutes.", flush=True)
        await _wait(held, way, code)
    except CalendarTrouble as trouble:
        print(_steps(held.spec.kind, held.spec.settings, sorted(held.rooms.values())), file=sys.stderr)
        raise CalendarError(str(trouble)) from None
    print(
        "Signed in. The sign-in is kept in the gateway's data folder; a running gateway finds it within five minutes.\n"
    )


async def _wait(held: Desk, way: UserSignIn, code: Code) -> None:
    ends = held.clock.now() + code.expires
    while not await way.finished(code):
        if held.clock.now() > ends:
            raise CalendarError("the code has expired; call this command again")
        await asyncio.sleep(code.interval)


async def _prove(held: Desk) -> int:
    """Read each room, and say what can be seen of it and what not."""
    now = held.now()
    window = Window(now - timedelta(days=1), now + timedelta(days=7))
    unread = 0
    refused = False
    for room, mailbox in sorted(held.rooms.items()):
        try:
            meetings = await held.account.calendar(mailbox).read(window)
        except (CalendarTrouble, ValueError) as trouble:
            unread += 1
            refused = refused or isinstance(trouble, NotAllowed)
            print(f"{room:<{WIDTH}} NOT READ  {type(trouble).__name__}: {trouble}", flush=True)
        else:
            print(f"{room:<{WIDTH}} read      {_seen(meetings)}", flush=True)
    writes = held.rooms and held.account.calendar(next(iter(held.rooms.values()))).writes
    booking = "on by the setting `write`; only a booking proves it" if writes else "off (`write` is not set)"
    print(f"\n{len(held.rooms) - unread} of {len(held.rooms)} rooms can be read. Booking: {booking}.")
    if unread:
        print("\nWhat an administrator must have done:\n")
        print(_steps(held.spec.kind, held.spec.settings, sorted(held.rooms.values())))
    return 1 if unread else 0


def _seen(meetings: Sequence[Meeting]) -> str:
    """Counts alone: whose meetings they are is nobody's business at a command line."""
    if not meetings:
        return "no meetings from yesterday to the 7th day from now"
    joinable = sum(bool(find(meeting.invitation).options) for meeting in meetings)
    textless = sum(not meeting.invitation.body.strip() for meeting in meetings)
    private = sum(meeting.private for meeting in meetings)
    return f"{len(meetings)} meetings: {joinable} can be joined, {textless} without text, {private} private"
