"""Why there is no Join button: in words for the panel, and in detail for the administrator. Pure.

What may not live here: deciding what is shown (`showing.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.calendars.meeting import Meeting
from gateway.joinlink import Found

# Exchange strips what rooms are invited to by default; it changes new messages only. Source: learn.microsoft.com,
# Set-CalendarProcessing.
PROCESSING = (
    "Set-CalendarProcessing {mailbox} -AutomateProcessing AutoAccept -DeleteComments $false -DeleteSubject $false"
    " -AddOrganizerToSubject $false -RemovePrivateProperty $false -ProcessExternalMeetingMessages $true"
)


@dataclass(frozen=True)
class Why:
    """One reason. code: for programs; words: for people in the room, without anything secret; detail: for the
    administrator alone."""

    code: str
    words: str
    detail: str = field(default="", repr=False)


def stripped(meeting: Meeting) -> bool:
    """Whether it looks as if the mailbox removed what the invitation said: no text at all and, as its subject, the
    organiser's name."""
    invitation = meeting.invitation
    bare = not invitation.body.strip() and not invitation.online_meeting and not invitation.properties
    subject, organizer = meeting.subject.strip().casefold(), meeting.organizer.strip().casefold()
    return bare and not meeting.own and (not subject or (bool(organizer) and subject.startswith(organizer)))


def nothing_found(meeting: Meeting, found: Found, mailbox: str) -> Why:
    """Why a meeting has no way to join that is recognised."""
    if stripped(meeting):
        words = "The mailbox removed this invitation's text, and with it the way to join. Tell IT."
        line = PROCESSING.format(mailbox=mailbox or "ROOM")
        return Why("body removed", words, f"new invitations keep theirs after: {line}")
    if meeting.private and not meeting.invitation.body.strip():
        words = "This meeting is private: this room is not shown how to join it."
        detail = "the account that reads the calendar may not see private items; let it (delegate: view private items)"
        return Why("private", words, detail)
    notes = "".join(f"; {note}" for note in found.notes)
    if meeting.own:
        return Why("no link", "This meeting was booked here; there is nothing to join.", f"booked by the room{notes}")
    words = "This invitation has no way to join that is recognised."
    detail = "`roomgate join-info` shows what is found in it; [[join.rules]] in site.toml adds an own host" + notes
    return Why("no link", words, detail)
