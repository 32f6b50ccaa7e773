"""What a calendar tells of one meeting, as far as joining it is concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

BodyType = Literal["text", "html", "ics-description-raw"]


@dataclass(frozen=True)
class Invitation:
    """One invitation.

    online_meeting: Graph's `onlineMeeting` (`joinUrl`, `conferenceId`, `tollNumber`, `tollFreeNumbers`, `phones`,
    `quickDial`) or Google's `conferenceData` (`entryPoints`), or None. properties: (name, value) of structured
    properties of a provider, such as `X-GOOGLE-CONFERENCE`, in their order. body_type `ics-description-raw`: the value
    of an ICS DESCRIPTION, folded and escaped as it stands in the file.
    """

    subject: str = ""
    location: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    body_type: BodyType = "text"
    online_meeting: Mapping[str, Any] | None = field(default=None, repr=False)
    properties: tuple[tuple[str, str], ...] = field(default=(), repr=False)
