"""What the lines of the Polycom command line say: calls, points, identity, rows. Pure functions of one line.

What may not live here: asking, time, memory. Sources: Integrator's Reference Manual for Polycom HDX Systems and for the
RealPresence Group Series (IRM below); spellings that the manuals do not have are from code that talks to these codecs.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Literal

from gateway.model import Call, CallState

TOP = 50  # IRM `volume`: 0 to 50
STATES: dict[str, CallState] = {
    "opened": "dialling",  # HDX IRM p. 4-164: printed when an outgoing call is first created
    "allocated": "dialling",
    "ringing": "ringing",
    "connecting": "connecting",
    "connected": "connected",
    "complete": "connected",
    "disconnecting": "disconnecting",
}
GONE = ("disconnected", "inactive", "ended", "cleared", "idle")
SCHEMES = ("sip", "sips", "h323", "tel", "isdn")


@dataclass(frozen=True, slots=True)
class Told:
    """What one line says of one call; None where it does not."""

    id: str
    state: str
    direction: Literal["in", "out"] | None = None
    name: str | None = None
    address: str | None = None
    rate: int | None = None
    kind: Literal["video", "audio", "unknown"] | None = None
    cause: str = ""

    @property
    def gone(self) -> bool:
        """The call is over."""
        return self.state in GONE


def party(words: str) -> tuple[str, str]:
    """Name and number of the far end, of `name:number`, where the name may be missing and the number hold colons."""
    name, colon, number = words.partition(":")
    if not colon:
        return "", words.strip()
    if name.strip().lower() in SCHEMES or _is_address(words):
        return "", words.strip()
    return ("" if re.fullmatch(r"null \d+", name) else name.strip()), number.strip()


def _is_address(words: str) -> bool:
    try:
        ipaddress.ip_address(words.strip())
    except ValueError:
        return False
    return True


def _direction(word: str) -> Literal["in", "out"] | None:
    return {"incoming": "in", "outgoing": "out"}.get(word.strip().lower())  # type: ignore[return-value]


def _kind(word: str) -> Literal["video", "audio", "unknown"]:
    word = word.lower()
    return (
        "video" if "video" in word else "audio" if "audio" in word or "voice" in word or "phone" in word else "unknown"
    )


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 8 else None


def callinfo(line: str) -> Told | None:
    """`callinfo:<id>:[<name>:]<number>:<speed>:<state>:<mute>:<direction>:<type>` (IRM `callinfo`): the id from the
    left, the last five from the right."""
    left = line.split(":", 2)
    right = line.rsplit(":", 5)
    if len(left) != 3 or left[0].lower() != "callinfo" or len(right) != 6 or not left[1].strip():
        return None
    head, speed, state, _mute, direction, kind = right
    words = head[len(left[0]) + len(left[1]) + 2 :]
    if len(head) < len(left[0]) + len(left[1]) + 2:
        return None
    name, address = party(words)
    return Told(left[1].strip(), state.lower(), _direction(direction), name, address, _number(speed), _kind(kind))


def callstatus(line: str) -> Told | None:
    """`notification:callstatus:<direction>:<id>:<name>:<number>:<state>:<speed>:<cause>:<type>` (IRM `notify`)."""
    left = line.split(":", 4)
    if len(left) != 5 or [word.lower() for word in left[:2]] != ["notification", "callstatus"]:
        return None
    right = left[4].rsplit(":", 4)
    if len(right) != 5 or not left[3].strip():
        return None
    words, state, speed, cause, kind = right
    name, address = party(words)
    return Told(
        left[3].strip(), state.lower(), _direction(left[2]), name, address, _number(speed), _kind(kind), cause.strip()
    )


def linestatus(line: str) -> Told | None:
    """`notification:linestatus:outgoing:32:0:0:disconnected` (IRM), or with the number before the id and `inactive`
    (a driver for VideoOS): from the right."""
    left = line.split(":", 3)
    if len(left) != 4 or [word.lower() for word in left[:2]] != ["notification", "linestatus"]:
        return None
    right = left[3].rsplit(":", 3)
    if len(right) != 4:
        return None
    head, _line, _channel, state = right
    number, _, identity = head.rpartition(":")
    return (
        Told(identity.strip(), state.lower(), _direction(left[2]), None, number.strip() or None) if identity else None
    )


_CALLSTATE = re.compile(r"(cs|active|ended|cleared): *call\[(\w+)\](?: chan\[\w*\] dialstr\[(.*)\] state\[(\w+)\])?.*")


def callstate(line: str) -> Told | None:
    """`cs: call[44] chan[0] dialstr[x] state[RINGING]`, `active:`, `cleared:`, `ended:` (IRM `callstate`, `hangup`)."""
    match = _CALLSTATE.fullmatch(line)
    if match is None or (match[1] == "cs" and match[4] is None):
        return None
    state = {"active": "connected"}.get(match[1], match[4].lower() if match[4] else match[1])
    return Told(match[2], state)


def told(line: str) -> Told | None:
    """What any line says of a call."""
    return callstatus(line) or linestatus(line) or callstate(line)


def merged(told: Told, held: Call | None) -> Call | None:
    """The call as it is after this news; None where its direction is not known yet."""
    direction = told.direction or (held.direction if held else None)
    if direction is None:
        return None
    state = STATES.get(told.state, held.state if held else "unknown")
    if direction == "in" and state in ("dialling", "connecting") and (held is None or held.state != "ringing"):
        # HDX IRM p. 4-164: "connecting" is printed while it rings. After "ringing" it means that it was answered.
        state = held.state if held and held.state in ("connecting", "connected") else "ringing"
    name = told.name if told.name else held.name if held else ""
    address = told.address if told.address else held.address if held else ""
    kind = told.kind if told.kind not in (None, "unknown") else held.kind if held else "unknown"
    scheme = address.partition(":")[0].lower()
    return Call(
        id=told.id,
        direction=direction,
        state=state,
        name=name,
        address=address,
        protocol=scheme if ":" in address and scheme in SCHEMES else held.protocol if held else "",
        kind=kind or "unknown",
        rate=told.rate or (held.rate if held else None),
        answered=direction == "out" or state in ("connecting", "connected", "on hold"),
    )


# ---- points -----------------------------------------------------------------------------------------------------

_POINTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(words, re.IGNORECASE))
    for name, words in (
        ("volume", r"volume (\d{1,3})"),
        ("mic_muted", r"mute near (on|off)"),
        ("mic_muted", r"notification:mutestatus:near:.*:(muted|notmuted)"),
        ("video_muted", r"videomute near (on|off)"),
        ("self_view", r"systemsetting selfview (on|off)"),
        ("camera", r"camera near source (-?\d{1,2})"),
        ("camera", r"notification:vidsourcechange:near:(\d{1,2}):.*:people"),
        ("power", r"listen (going to sleep|waking up|wake up)"),
        ("answering", r"autoanswer (yes|no|donotdisturb)"),
        ("content", r"control event: vcbutton (play|stop|farplay|farstop)"),
        ("content", r"vcbutton (?:get )?(play|stop)(?: \d)?"),
        ("content source", r"vcbutton source get (\d{1,2}|none)"),
    )
)


def point(line: str) -> tuple[str, Any] | None:
    """What a line says of the codec: a point's name (or `answering`, `content`, `content source`) and its value."""
    for name, words in _POINTS:
        match = words.fullmatch(line)
        if match is None:
            continue
        value = match[1].lower()
        match name:
            case "volume":
                return ("volume", int(value)) if int(value) <= TOP else None
            case "mic_muted" | "video_muted" | "self_view":
                return name, value in ("on", "muted")
            case "camera":
                return name, None if value.startswith("-") else value
            case "power":
                return name, "standby" if value == "going to sleep" else "on"
            case _:
                return name, value
    return None


_WHOAMI = {"model": "model", "serial number": "serial", "software version": "firmware"}


def identity(line: str) -> tuple[str, str] | None:
    """A line of the `whoami` block, or of `systemname get`, `version`, as an identity point."""
    if line.lower().startswith("hi, my name is"):
        _, _, name = line.partition(":")
        return ("name", name.strip()) if name.strip() else None
    words, colon, value = line.partition(":")
    known = _WHOAMI.get(words.strip().lower())
    return (known, value.strip()) if colon and known and value.strip() else None


def dialect(model: str) -> str:
    """Which of the three a model speaks; "" where the name says nothing."""
    lowered = model.lower()
    if "hdx" in lowered:
        return "hdx"
    if "group" in lowered:
        return "group"
    return "videoos" if re.search(r"g7500|g62|studio|x30|x32|x50|x52|x70", lowered) else ""


_ENTRY = re.compile(r"globaldir (?:\".*\" )?\d+\. (.+) : (.*):(site|group)")


def entry(line: str) -> dict[str, Any] | None:
    """A row of `globaldir`: somebody to call by the directory's name for them (`dial addressbook`), or a folder."""
    match = _ENTRY.fullmatch(line)
    if match is None:
        return None
    if match[3] == "group":
        return {"folder": match[1].strip(), "id": match[2].strip()}
    name = match[1].strip()
    return {"name": name, "address": f"addressbook:{name}", "protocol": "", "id": match[2].strip()}


def meeting(line: str) -> dict[str, Any] | None:
    """A row of `calendarmeetings list`: `meeting|<id>|<start>|<end>|<subject>`."""
    parts = line.split("|", 4)
    if len(parts) != 5 or parts[0] != "meeting":
        return None
    _, key, start, end, title = parts
    return {"id": key, "title": title, "organizer": "", "start": start, "end": end, "address": "", "protocol": ""}


def detail(line: str) -> dict[str, Any]:
    """A row of `calendarmeetings info`: `organizer|x`, `dialingnumber|video|1234|sip`."""
    parts = line.split("|")
    if parts[0] == "organizer" and len(parts) > 1:
        return {"organizer": parts[1]}
    if parts[0] == "dialingnumber" and len(parts) > 3:
        return {"address": parts[2], "protocol": parts[3].lower()}
    return {}
