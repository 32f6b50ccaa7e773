"""The verbs of calls: dialling, meetings, content share, layout, cameras, directory.

They are imported from `commands`, as all verbs are. Units and limits are said once, in `__post_init__`. What may not
live here: how any codec does it. Ground floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gateway.command import Command, text, verb, within


@verb
@dataclass(frozen=True)
class Dial(Command):
    """Call `address`. `protocol` "" = the codec decides; `rate` in kbit/s, 0 = the codec's own."""

    address: str
    protocol: Literal["", "sip", "h323", "spark", "h320"] = ""
    kind: Literal["", "video", "audio"] = ""
    rate: int = 0
    verb = "dial"
    touches = frozenset({"calls"})
    lasting = True
    doc = "Call an address or a number. Confirmed when the codec shows the call."
    patience = 15.0
    proof = "driver"
    example = {"address": "far.end@example.com"}

    def __post_init__(self) -> None:
        text("address", self.address)
        within("rate", self.rate, 0, 10000)


@verb
@dataclass(frozen=True)
class Answer(Command):
    """Answer the incoming call, or the one named by `call`."""

    call: str = ""
    verb = "answer"
    touches = frozenset({"calls"})
    doc = "Answer the incoming call (`call` picks one where several ring)."
    proof = "driver"


@verb
@dataclass(frozen=True)
class HangUp(Command):
    """End the call named by `call`, or all calls. Waits for no turn."""

    call: str = ""
    verb = "hangup"
    cancels = frozenset({"dial", "join"})
    touches = frozenset({"calls"})
    doc = "End one call by its id, or all calls."
    urgent = True
    proof = "driver"


@verb
@dataclass(frozen=True)
class SendDtmf(Command):
    """Send tones into a call: 0-9 * # A-D, and a comma for a pause of two seconds. Never written down."""

    digits: str = field(metadata={"secret": True})
    call: str = ""
    verb = "dtmf"
    doc = "Send tones (0-9 * # A-D, a comma is a pause of two seconds) into the call. The digits are never logged."
    patience = 60.0
    proof = "nothing"
    example = {"digits": "12#"}

    def __post_init__(self) -> None:
        if not 0 < len(self.digits) <= 64 or set(self.digits.upper()) - set("0123456789*#ABCD,"):
            raise ValueError("digits are 1 to 64 of 0-9 * # A-D and the comma")


@verb
@dataclass(frozen=True)
class Join(Command):
    """Join a meeting of a meeting service by its number or link. Confirmed when the codec shows the call."""

    service: Literal["webex", "teams", "meet", "zoom"]
    number: str = ""
    url: str = field(default="", metadata={"secret": True})
    passcode: str = field(default="", metadata={"secret": True})
    verb = "join"
    doc = "Join a meeting by number or link, where the codec can do that by itself. Passcodes are never logged."
    touches = frozenset({"calls"})
    lasting = True
    patience = 45.0
    proof = "driver"
    example = {"service": "zoom", "number": "93412345678", "passcode": "123456"}

    def __post_init__(self) -> None:
        if self.service not in ("webex", "teams", "meet", "zoom"):
            raise ValueError(f"service is webex, teams, meet or zoom, not {self.service!r}")
        if not self.number and not self.url:
            raise ValueError("a meeting has a number or a url")
        for what in ("number", "url", "passcode"):
            if getattr(self, what):
                text(what, getattr(self, what), 2048)


@verb
@dataclass(frozen=True)
class Reject(Command):
    """Turn the incoming call away (`call` picks one where several ring). Waits for no turn."""

    call: str = ""
    verb = "reject"
    doc = "Turn the incoming call away (`call` picks one where several ring)."
    touches = frozenset({"calls"})
    lasting = True  # some codecs show it disconnecting for a while
    urgent = True
    proof = "driver"


@verb
@dataclass(frozen=True)
class Hold(Command):
    """Put a call on hold: the one named, or the one there is."""

    call: str = ""
    verb = "hold"
    doc = "Put a call on hold."
    touches = frozenset({"calls"})
    proof = "driver"


@verb
@dataclass(frozen=True)
class Resume(Command):
    """Take a call off hold."""

    call: str = ""
    verb = "resume"
    doc = "Take a call off hold."
    touches = frozenset({"calls"})
    proof = "driver"


@verb
@dataclass(frozen=True)
class Transfer(Command):
    """Hand a call over to another address; ours ends."""

    address: str
    call: str = ""
    verb = "transfer"
    doc = "Hand a call over to another address."
    touches = frozenset({"calls"})
    patience = 15.0
    proof = "driver"
    example = {"address": "colleague@example.com"}

    def __post_init__(self) -> None:
        text("address", self.address)


@verb
@dataclass(frozen=True)
class Merge(Command):
    """Bring all calls together into one conference."""

    verb = "merge"
    doc = "Bring all calls together into one conference."
    touches = frozenset({"calls"})
    patience = 15.0
    proof = "driver"


@verb
@dataclass(frozen=True)
class SetAutoAnswer(Command):
    """Have the codec answer incoming calls by itself, or not."""

    on: bool
    verb = "auto-answer"
    doc = "Have the codec answer incoming calls by itself."
    touches = frozenset({"auto_answer"})
    slot = "auto-answer"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"auto_answer": self.on}


@verb
@dataclass(frozen=True)
class SetDoNotDisturb(Command):
    """Turn incoming calls away, or not."""

    on: bool
    verb = "do-not-disturb"
    doc = "Turn incoming calls away."
    touches = frozenset({"do_not_disturb"})
    slot = "do-not-disturb"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"do_not_disturb": self.on}


@verb
@dataclass(frozen=True)
class Share(Command):
    """Show a source to the far end; `source` "" = the codec's usual one; `preview`: only in this room."""

    source: str = ""
    preview: bool = False
    verb = "share"
    doc = "Start content share with a source (the part's `choices` list them); `preview` shows it in this room only."
    touches = frozenset({"sharing", "share_source"})
    slot = "share"
    patience = 10.0
    example = {"source": "2"}

    def __post_init__(self) -> None:
        if self.source:
            text("source", self.source, 64)

    def shown(self) -> Mapping[str, Any]:
        wanted: dict[str, Any] = {"sharing": "preview" if self.preview else frozenset({"sending", "preview"})}
        if self.source:
            wanted["share_source"] = self.source
        return wanted


@verb
@dataclass(frozen=True)
class StopShare(Command):
    """End our content share; the far end's goes on."""

    verb = "stop-share"
    doc = "End content share."
    touches = frozenset({"sharing", "share_source"})
    slot = "share"

    def shown(self) -> Mapping[str, Any]:
        return {"sharing": frozenset({"off", "receiving"})}


@verb
@dataclass(frozen=True)
class SetLayout(Command):
    """Arrange the far ends; the part's `choices` list the codec's words."""

    layout: str
    verb = "layout"
    doc = "Arrange the far ends (the part's `choices` list the codec's words)."
    touches = frozenset({"layout"})
    slot = "layout"
    example = {"layout": "equal"}

    def __post_init__(self) -> None:
        text("layout", self.layout, 64)

    def shown(self) -> Mapping[str, Any]:
        return {"layout": self.layout}


@verb
@dataclass(frozen=True)
class SetSelfView(Command):
    """Show the room its own picture, or not."""

    on: bool
    verb = "self-view"
    doc = "Show the room its own picture."
    touches = frozenset({"self_view"})
    slot = "self-view"
    example = {"on": True}

    def shown(self) -> Mapping[str, Any]:
        return {"self_view": self.on}


@verb
@dataclass(frozen=True)
class SelectCamera(Command):
    """Send the picture of this camera; the part's `choices` list them."""

    camera: str
    verb = "camera"
    doc = "Send the picture of this camera (the part's `choices` list them)."
    touches = frozenset({"camera"})
    slot = "camera"
    example = {"camera": "1"}

    def __post_init__(self) -> None:
        text("camera", self.camera, 64)

    def shown(self) -> Mapping[str, Any]:
        return {"camera": self.camera}


@verb
@dataclass(frozen=True)
class MoveCamera(Command):
    """Turn or zoom a camera until it is told to stop: `to` a direction, or `stop`, which waits for no turn."""

    to: Literal["left", "right", "up", "down", "in", "out", "stop"]
    camera: str = ""
    far: bool = False
    verb = "aim"
    doc = "Turn (left, right, up, down) or zoom (in, out) a camera until `stop`; `far`: the far end's."
    slot = "aim"
    proof = "nothing"
    example = {"to": "left"}

    def __post_init__(self) -> None:
        if self.to not in ("left", "right", "up", "down", "in", "out", "stop"):
            raise ValueError(f"to is left, right, up, down, in, out or stop, not {self.to!r}")

    def hurries(self) -> bool:
        return self.to == "stop"


@verb
@dataclass(frozen=True)
class RecallPreset(Command):
    """Bring a camera, shades or lights to what is stored under a number, 0 to 99 as the device counts."""

    preset: int
    verb = "preset"
    doc = "Bring the camera, shades or lights to what is stored under a number, as the device counts."
    slot = "aim"
    proof = "nothing"
    example = {"preset": 1}

    def __post_init__(self) -> None:
        within("preset", self.preset, 0, 99)


@verb
@dataclass(frozen=True)
class StorePreset(Command):
    """Keep the camera's position under a number, 0 to 99 as the codec counts, with a name where it takes one."""

    preset: int
    name: str = ""
    verb = "store-preset"
    doc = "Keep the camera's position under a number."
    proof = "nothing"
    example = {"preset": 1}

    def __post_init__(self) -> None:
        within("preset", self.preset, 0, 99)
        if self.name:
            text("name", self.name, 64)


@dataclass(frozen=True)
class Rows(Command):
    """A command that is answered row by row, page by page, as the reader asks for more."""

    patience = 15.0
    proof = "driver"


@verb
@dataclass(frozen=True)
class Search(Rows):
    """Search the device's directory. Rows: {"name", "address", "protocol", "id", ...}, or {"folder", "id"}."""

    text: str = ""
    verb = "search"
    doc = "Search the codec's directory. Rows come as they arrive, one JSON object a line."
    example = {"text": "board"}

    def __post_init__(self) -> None:
        if len(self.text) > 256:
            raise ValueError("text is at most 256 characters")


@verb
@dataclass(frozen=True)
class ListBookings(Rows):
    """The codec's own calendar. Rows: {"id", "title", "organizer", "start", "end", "address", "protocol"}."""

    days: int = 1
    verb = "bookings"
    doc = "The codec's own calendar for so many days. Rows come as they arrive, one JSON object a line."
    example = {"days": 1}

    def __post_init__(self) -> None:
        within("days", self.days, 1, 30)
