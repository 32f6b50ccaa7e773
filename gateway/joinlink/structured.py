"""What calendars tell in fields of their own: Graph's onlineMeeting, Google's conferenceData, ICS properties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.joinlink.families import recognise
from gateway.joinlink.hosts import parse
from gateway.joinlink.numbers import code, phone
from gateway.joinlink.option import Option
from gateway.joinlink.rules import first
from gateway.joinlink.wrappers import unwrap
from gateway.profile.joinrules import Rule


def of_link(text: str, found_in: str, rules: Iterable[Rule] = ()) -> Option | None:
    """The meeting of one link that was given as such; `other` where it is a web link of no known service."""
    text = text.strip()
    link = parse(unwrap(text[:8192]))
    if link is None or link.scheme not in ("http", "https", "msteams", "zoommtg", "zoomus", "pexip"):
        return None
    option = first(rules, link) or recognise(link) or Option("other", "", url=link.url)
    return Option(**{**_values(option), "found_in": found_in})


def online_meeting(held: Mapping[str, Any], rules: Iterable[Rule] = ()) -> list[Option]:
    """Graph's `onlineMeeting`, or Google's `conferenceData`. Anything unexpected in it is passed over."""
    if isinstance(held.get("entryPoints"), Sequence) and not isinstance(held["entryPoints"], str):
        return _google(held, rules)
    option = of_link(_text(held, "joinUrl") or _text(held, "joinWebUrl"), "onlineMeeting", rules)
    if option is None:
        option = Option("other", "onlineMeeting")
    number = _text(held, "tollNumber")
    for other in (*_list(held, "tollFreeNumbers"), *_list(held, "phones")):
        number = number or (other if isinstance(other, str) else _text(other, "number"))
    quick = re.sub(r"^tel:", "", _text(held, "quickDial"))
    head, _, keys = quick.partition(",")
    option = option.filled(phone=phone(number) or phone(head), phone_code=_conference(held) or code(keys))
    return [option] if option.url or option.phone else []


def _conference(held: Mapping[str, Any]) -> str:
    return re.sub(r"[^\d#*]", "", _text(held, "conferenceId"))


def _google(held: Mapping[str, Any], rules: Iterable[Rule]) -> list[Option]:
    entries = [entry for entry in held["entryPoints"] if isinstance(entry, Mapping)]
    options: list[Option] = []
    more: dict[str, str] = {}
    for entry in entries[:64]:
        kind, uri = _text(entry, "entryPointType"), _text(entry, "uri")
        pin = _text(entry, "pin") or _text(entry, "accessCode")
        if kind == "video":
            option = of_link(uri, "onlineMeeting", rules)
            if option is not None:
                known = _text(entry, "meetingCode")
                numeric = re.sub(r"\D", "", known)
                wanted = {
                    "meeting_id": numeric if re.fullmatch(r"[\d -]+", known) else known,
                    "passcode": _text(entry, "passcode") or _text(entry, "password"),
                }
                options.append(option.filled(**wanted))
        elif kind == "phone" and "phone" not in more:
            more["phone"] = phone(uri.removeprefix("tel:").partition(",")[0])
            more["phone_code"] = re.sub(r"\D", "", pin) + ("#" if pin else "")
        elif kind == "sip" and "sip" not in more:
            more["sip"] = uri.removeprefix("sip:").removeprefix("sips:")
    if options:
        return [options[0].filled(**more), *options[1:]]
    alone = [Option("sip", "onlineMeeting", sip=more["sip"])] if more.get("sip") else []
    if more.get("phone"):
        alone.append(Option("phone", "onlineMeeting", phone=more["phone"], phone_code=more.get("phone_code", "")))
    return alone


PROPERTIES = (
    "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGCONFLINK", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "CONFERENCE", "X-GOOGLE-CONFERENCE", "X-ZOOM-MEETING-URL",
)  # fmt: skip


def properties(held: Iterable[tuple[str, str]], rules: Iterable[Rule] = ()) -> list[Option]:
    """Options from provider-structured properties, in the order of the invitation."""
    found: list[Option] = []
    for name, value in held:
        name, value = name.upper(), value.strip()
        if name not in PROPERTIES:
            continue
        scheme, _, rest = value.partition(":")
        if scheme.lower() == "tel":
            number, _, keys = rest.partition(",")
            if phone(number):
                found.append(Option("phone", name, phone=phone(number), phone_code=code(keys)))
        elif scheme.lower() in ("sip", "sips"):
            if re.fullmatch(r"[\w.+-]+@[\w.-]+", rest):
                found.append(Option("sip", name, sip=rest))
        else:
            option = of_link(value, name, rules)
            if option is not None:
                found.append(option)
    return found


def _values(option: Option) -> dict[str, str]:
    return {name: getattr(option, name) for name in option.__dataclass_fields__}


def _text(held: Any, name: str) -> str:
    value = held.get(name) if isinstance(held, Mapping) else None
    return value.strip()[:8192] if isinstance(value, str) else ""


def _list(held: Mapping[str, Any], name: str) -> list[Any]:
    value = held.get(name)
    return list(value[:32]) if isinstance(value, list | tuple) else []
