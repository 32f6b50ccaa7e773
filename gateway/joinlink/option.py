"""One way to join a meeting, and what `find` returns."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True)
class Option:
    """One meeting, with every address that the invitation gives for it; "" = not given.

    url: unwrapped. sip: without `sip:`. h323: as dialled, `host##id` included. phone: digits, with `+` where given.
    phone_code: what is keyed in after the number, with `#`, `*` and commas (pauses) as given. meeting_id: digits only
    where it is numeric. passcode: the meeting's; dial_passcode: the one of telephones and video systems where that is
    another. What lets people in is not in the repr.
    """

    kind: str
    found_in: str
    url: str = field(default="", repr=False)
    sip: str = ""
    h323: str = ""
    phone: str = ""
    phone_code: str = field(default="", repr=False)
    meeting_id: str = ""
    passcode: str = field(default="", repr=False)
    dial_passcode: str = field(default="", repr=False)

    def as_json(self) -> dict[str, str]:
        """As `roomgate join-info` prints it: absent values left out."""
        order = ("kind", "url", "sip", "h323", "phone", "phone_code", "meeting_id", "passcode", "found_in")
        return {name: getattr(self, name) for name in order if getattr(self, name)}

    def filled(self, **more: str) -> Option:
        """The same, with values where there were none."""
        return replace(self, **{name: value for name, value in more.items() if value and not getattr(self, name)})

    def merged(self, other: Option) -> Option:
        """The same meeting seen twice: what this one lacks comes from the other."""
        names = [f.name for f in fields(Option) if f.name not in ("kind", "found_in")]
        return self.filled(**{name: getattr(other, name) for name in names})

    def same_meeting(self, other: Option) -> bool:
        """Whether both lead into one meeting, as far as the invitation shows."""
        if self.kind != other.kind:
            return False
        for name in ("meeting_id", "url", "sip", "h323"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine and mine == theirs:
                return True
        if self.kind in ("phone", "sip", "h323"):
            return bool(self.phone and (self.phone, self.phone_code) == (other.phone, other.phone_code))
        if self.meeting_id and other.meeting_id:
            return False
        return not (self.url and other.url)  # one of them is details without a link: they belong to the link


@dataclass(frozen=True)
class Found:
    """All options, best first, and what a person should know about how they were found."""

    options: tuple[Option, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `roomgate join-info` prints it."""
        return {"options": [option.as_json() for option in self.options], "notes": list(self.notes)}
