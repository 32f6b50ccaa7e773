"""How this room can join this meeting: what an invitation gives, against what the room's codec can take. Pure.

`plan(options, means, join)` gives the ways in their order, each with its exact command and the tones that follow once
the call is connected, and for every way that was ruled out why: in words for the panel, and in detail for the
administrator. Passcodes stand only in fields that are never written down (`passcode`, `tones`), never in an address.

What may not live here: reading invitations (`joinlink`), sending commands, anybody's clock.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from gateway.commands import Command, Dial, Join, SendDtmf
from gateway.joinlink import Option
from gateway.profile.joinrules import JoinSpec

SERVICES = {"teams": "Teams", "zoom": "Zoom", "webex": "Webex", "meet": "Google Meet"}
NAMES = {
    **SERVICES, "bluejeans": "BlueJeans", "gotomeeting": "GoTo", "lifesize": "Lifesize", "starleaf": "StarLeaf",
    "pexip": "Pexip", "cms": "Cisco Meeting Server", "ringcentral": "RingCentral", "chime": "Amazon Chime",
    "jitsi": "Jitsi", "whereby": "Whereby", "8x8": "8x8", "skype": "Skype for Business",
}  # fmt: skip
PAUSE = ","  # two seconds, see SendDtmf


@dataclass(frozen=True)
class Family:
    """What codecs of a driver can call by themselves. Sources: each driver's own, and docs/codecs/."""

    title: str
    sip: bool = True
    h323: bool = True
    phone: bool = True
    services: frozenset[str] = frozenset()  # those that some software of the family joins


# By the driver's name. Of another driver only what it offers is known.
FAMILIES: Mapping[str, Family] = {
    "cisco_roomos": Family("Cisco codec", services=frozenset(SERVICES)),
    "poly_videoos": Family("Poly codec"),
    "poly_cli": Family("Polycom codec"),
    "yealink_vc": Family("Yealink codec"),
    "zoom_rooms": Family("Zoom Room", sip=False, h323=False, services=frozenset({"zoom"})),
}


@dataclass(frozen=True)
class Means:
    """What a room's codec can do now. `known`: it said so itself; otherwise it is what its family can at its best."""

    title: str
    sip: bool
    h323: bool
    phone: bool
    tones: bool
    services: frozenset[str] = frozenset()
    software: str = ""
    known: bool = False


def means_of(
    driver: str,
    commands: Set[type[Command]] | None = None,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    software: str = "",
) -> Means:
    """A codec's means by its driver's name, and by what its unit offers where it has said so (`commands` not None)."""
    family = FAMILIES.get(driver, Family("codec", h323=False))
    if commands is None:
        return Means(family.title, family.sip, family.h323, family.phone, True, family.services, software)
    dials = Dial in commands
    services: frozenset[str] = frozenset()
    if Join in commands:
        services = frozenset((choices or {}).get("service", ())) or family.services
    tones = SendDtmf in commands or driver == "zoom_rooms"  # a Zoom Room offers them once somebody is on the telephone
    return Means(
        family.title,
        dials and family.sip,
        dials and family.h323,
        dials and family.phone,
        tones,
        services,
        software,
        True,
    )


@dataclass(frozen=True)
class Way:
    """One way to join. `tones` are keyed in when the call is connected, never before, and never written down."""

    option: Option
    how: str  # teams, zoom, webex, meet: the codec's own; sip, h323, phone
    command: Command = field(repr=False)
    words: str
    tones: str = field(default="", repr=False)

    def as_json(self) -> dict[str, Any]:
        """The command as the API takes it; passcodes and tones are only said to be there."""
        told: dict[str, Any] = {"how": self.how, "words": self.words, "do": self.command.verb}
        for one in dataclasses.fields(self.command):
            value = getattr(self.command, one.name)
            if value != one.default:
                told[one.name] = "***" if one.name == "passcode" else value
        if self.tones:
            told["then_tones"] = "***"
        return told


@dataclass(frozen=True)
class Ruled:
    """A way that this room cannot take, and why."""

    kind: str
    how: str
    words: str
    detail: str

    def as_json(self) -> dict[str, str]:
        """As the API tells it."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Plan:
    """The ways in their order, the ones ruled out, and, where there is no way by video, what the panel says."""

    ways: tuple[Way, ...] = ()
    ruled_out: tuple[Ruled, ...] = ()
    words: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `roomgate join-info --room` prints it."""
        return {
            "ways": [way.as_json() for way in self.ways],
            "ruled_out": [ruled.as_json() for ruled in self.ruled_out],
            "words": self.words,
        }


def plan(options: Iterable[Option], means: Means, join: JoinSpec | None = None) -> Plan:
    """The ways in the options' order; of one meeting the codec's own first, then SIP, H.323 and telephone."""
    join = join or JoinSpec()
    ways: list[Way] = []
    ruled: list[Ruled] = []
    first: Option | None = None
    for option in options:
        first = first or option
        for found in (_own(option, means), *_addresses(option, means, join), _phone(option, means)):
            if isinstance(found, Way):
                ways.append(found)
            elif found is not None:
                ruled.append(found)
    return Plan(tuple(ways), tuple(ruled), _words(first, ways, means, join))


def _words(first: Option | None, ways: list[Way], means: Means, join: JoinSpec) -> str:
    """What the panel says where the meeting cannot be joined by video, or not at all."""
    if first is None:
        return "This invitation has no way to join that is recognised."
    if any(way.how != "phone" for way in ways):
        return ""
    calls = next((f"call {way.option.phone}" for way in ways), "")
    by_hand = calls or (f"call {first.phone} from a telephone" if first.phone else "")
    name = NAMES.get(first.kind, "")
    if first.kind == "teams" and not first.sip:
        words = "This is a Teams meeting without a video address. "
        if join.teams_gateway:
            words += "The organiser's account does not use the gateway service for video systems; ask the organiser"
        else:
            words += f"This {_short(means)} can join Teams only through a gateway service; ask IT"
        return f"{words}, or {by_hand}." if by_hand else f"{words}."
    what = f"This {name} meeting" if name else "This meeting"
    words = f"{what} cannot be joined by video from this {_short(means)}"
    return f"{words}; {by_hand}." if by_hand else f"{words}; ask the organiser for a video address."


def _short(means: Means) -> str:
    return "Zoom Room" if means.title == "Zoom Room" else "codec"


def _own(option: Option, means: Means) -> Way | Ruled | None:
    """The codec's own way into a service's meetings."""
    service = option.kind
    if service not in SERVICES:
        return None
    title = SERVICES[service]
    if service not in means.services:
        said = f" (software {means.software})" if means.software else ""
        family = "its software is too old for it" if _could(service, means) else "its family has no command for it"
        words = f"This {_short(means)} cannot join {title} meetings by itself."
        return Ruled(service, service, words, f"{means.title}{said}: no join of {title} meetings; {family}")
    number, url = option.meeting_id, option.url
    if service == "webex":
        number, url = option.sip or number, ""
    elif service == "zoom":
        url = url if not number else ""
    elif url:
        number = ""
    if not number and not url:
        detail = "the invitation has neither the meeting's link nor its number"
        return Ruled(service, service, f"The {title} meeting's number is not in the invitation.", detail)
    if service in ("webex", "zoom") and not number:
        detail = f"{title} meetings are joined by their number, and this link names a person's room"
        return Ruled(service, service, f"The {title} meeting's number is not in the invitation.", detail)
    passcode = option.passcode if service in ("teams", "zoom") and (number or service == "zoom") else ""
    tones = _keyed(option.dial_passcode) if service == "webex" else ""
    command = Join(service, number=number, url=url, passcode=passcode)  # type: ignore[arg-type]
    return Way(option, service, command, f"Join the {title} meeting", tones)


def _could(service: str, means: Means) -> bool:
    return any(family.title == means.title and service in family.services for family in FAMILIES.values())


def _addresses(option: Option, means: Means, join: JoinSpec) -> list[Way | Ruled]:
    """SIP and H.323; a Zoom meeting's Room Connector where the organisation has paid for it."""
    found: list[Way | Ruled] = []
    sip = option.sip
    if option.kind == "zoom" and not sip and option.meeting_id:
        if join.zoom_room_connector:
            sip = f"{option.meeting_id}@zoomcrc.com"
        elif means.sip:
            detail = "no SIP address in the invitation; [join] zoom_room_connector = true where the licence is there"
            words = "This Zoom meeting has no video address in its invitation."
            found.append(Ruled("zoom", "sip", words, detail))
    name = NAMES.get(option.kind, "the meeting")
    for how, address, able in (("sip", sip, means.sip), ("h323", option.h323, means.h323)):
        if not address:
            continue
        if not able:
            title = "SIP" if how == "sip" else "H.323"
            words = f"This {_short(means)} cannot call video addresses."
            found.append(Ruled(option.kind, how, words, f"{means.title}: no calls over {title}"))
            continue
        plain, code = _without_passcode(address, option)
        command = Dial(plain, protocol=how, kind="video")  # type: ignore[arg-type]
        found.append(
            Way(option, how, command, f"Call {name} at its video address", _keyed(code) if means.tones else "")
        )
    if option.kind == "teams" and not option.sip:
        words = "This is a Teams meeting without a video address."
        detail = (
            "the invitation has no tenant key and video id: the organiser's tenant has no video interop (CVI) for it"
        )
        found.append(Ruled("teams", "sip", words, detail))
    return found


def _without_passcode(address: str, option: Option) -> tuple[str, str]:
    """The address without a passcode in it, and the passcode to key in: addresses are shown and written down."""
    code = option.dial_passcode
    user, at, host = address.partition("@")
    number, dot, inside = user.partition(".")
    if at and dot and number.isdigit() and inside.isdigit() and option.kind in ("zoom", "bluejeans", "ringcentral"):
        return f"{number}@{host}", code or inside
    return address, code


def _keyed(code: str) -> str:
    """A passcode as it is keyed in: after a pause for the greeting, ended with #."""
    digits = re.sub(r"[^0-9*#,]", "", code)
    return f"{PAUSE}{digits}" + ("" if digits.endswith("#") else "#") if digits else ""


def _phone(option: Option, means: Means) -> Way | Ruled | None:
    if not option.phone:
        return None
    if not means.phone:
        return Ruled(option.kind, "phone", "This room cannot make telephone calls.", f"{means.title}: no calls offered")
    tones = _keyed(option.phone_code)
    if tones and not means.tones:
        words = f"The telephone way needs a code keyed in, which this {_short(means)} cannot send; call {option.phone}."
        return Ruled(option.kind, "phone", words, f"{means.title}: no tones offered")
    command = Dial(option.phone, kind="audio")
    return Way(option, "phone", command, f"Call {option.phone} (sound only)", tones[:64])
