"""Whether a room mailbox throws away what joining needs, told by its meetings; and the line that ends that. Pure.

Exchange's resource mailboxes remove bodies and put the organiser's name in the subject's place unless they are told not
to. What may not live here: reading meetings, printing.

Source: Set-CalendarProcessing (DeleteComments, DeleteSubject, AddOrganizerToSubject, RemovePrivateProperty,
AutomateProcessing, ProcessExternalMeetingMessages) and their defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.calendars.meeting import Meeting
from gateway.joinlink.find import body_text

FEW = 3  # meetings from which an empty body is a habit of the mailbox, and no habit of an organiser
MOST = 0.8  # the share of them


@dataclass(frozen=True)
class Findings:
    """What was found: how many meetings were looked at, what is wrong with them, and what to set."""

    looked_at: int
    words: tuple[str, ...] = ()
    settings: tuple[str, ...] = field(default=())

    def command(self, mailbox: str) -> str:
        """The line for Exchange Online PowerShell; "" where nothing is to be set."""
        if not self.settings:
            return ""
        quoted = mailbox.replace("'", "''")
        return f"Set-CalendarProcessing -Identity '{quoted}' {' '.join(self.settings)}"


def find(meetings: Sequence[Meeting]) -> Findings:
    """Look at the meetings that others have invited the room to."""
    invited = [held for held in meetings if not held.own and held.status != "cancelled"]
    if not invited:
        return Findings(0)
    words: list[str] = []
    settings: list[str] = []

    def said(found: Sequence[Meeting], sentence: str, *set_to: str) -> None:
        if len(found) >= FEW and len(found) >= MOST * len(invited):
            words.append(f"{len(found)} of {len(invited)} meetings {sentence}")
            settings.extend(set_to)

    bodiless = [held for held in invited if not body_text(held.invitation, []).strip()]
    said(bodiless, "have no text: the mailbox removes it, and the link with it", "-DeleteComments $false")
    named = [held for held in invited if held.organizer and held.subject.strip() == held.organizer]
    said(
        named,
        "have the organiser's name as their subject: the mailbox removes the subject",
        "-DeleteSubject $false",
        "-AddOrganizerToSubject $false",
    )
    before = [held for held in invited if held.organizer and held.subject.startswith(f"{held.organizer} ")]
    said(before, "begin with the organiser's name: the mailbox puts it there", "-AddOrganizerToSubject $false")
    waiting = [held for held in invited if held.answer == "none"]
    said(waiting, "have no answer of the room: the mailbox does not accept by itself", "-AutomateProcessing AutoAccept")
    if settings and not any(held.private for held in invited):
        words.append("no meeting is private: a mailbox that removes so much usually removes the private mark as well")
        settings.append("-RemovePrivateProperty $false")
    return Findings(len(invited), tuple(words), tuple(settings))
