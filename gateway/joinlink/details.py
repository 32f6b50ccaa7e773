"""What stands around a link: meeting id, passcodes, video addresses and telephone numbers of the same meeting."""

from __future__ import annotations

import re
from dataclasses import replace

from gateway.joinlink import labels
from gateway.joinlink.addresses import INTEROP, VIDEO, addresses, hashed, ips
from gateway.joinlink.hosts import under
from gateway.joinlink.labels import ends, labelled, lowered, mentions
from gateway.joinlink.numbers import groups, phones
from gateway.joinlink.option import Option

SECRET = re.compile(r"[ \t*]{0,4}[:：=]?[ \t*]{0,4}\n?[ \t]{0,4}[\w#*-]{0,24}(?: [0-9]{2,6}){0,3}#?")
VALUE = re.compile(r"[ \t*]{0,4}[:：]?[ \t*]{0,4}\n?[ \t*]{0,8}(?!https?:|<)([^\s<>(),，、。()]{1,40})")
COLON = re.compile(r"[ \t*]{0,4}[:：\n]")
NUMERIC = re.compile(r"[ \t]{0,3}\(([0-9]{4,12})[^)\n]{4,160}\)")
NEVER = ("support", "help", "info", "noreply", "no-reply", "service", "sales", "feedback")
HEADINGS = ("h.323", "h323", "video system", "room system", "video conferencing", "video-conferencing", "bjn.vc")
# Words that say that a number is dialled for the meeting; "Phone:" and "Tel:" stand in signatures, too.
DIAL_WORDS = (
    "dial", "call in", "call-in", "by phone", "by telephone", "one tap", "toll", "audio only", "einwähl", "einwahl",
    "per telefon", "telefonisch", "par téléphone", "appelez", "composez", "por teléfono", "llamar", "marca", "marque",
    "por telefone", "ligar", "ligue", "電話で", "電話番号", "電話会議", "전화로", "전화 회의", "ring in", "ring upp",
    "via telefon", "soita", "puhelimella", "join by phone", "access code", "phone conference",
)  # fmt: skip
SIGNATURE = re.compile(r"\n-- ?\n")


class Window:
    """A piece of an invitation that belongs to one meeting, without host keys and host PINs."""

    def __init__(self, text: str) -> None:
        self.text = _without_host_secrets(text)
        self.low = lowered(self.text)


def _without_host_secrets(text: str) -> str:
    kept: list[str] = []
    last = 0
    for start, end in ends(lowered(text), labels.HOST_SECRET):
        found = SECRET.match(text, end)
        if start >= last:
            kept.append(text[last:start])
            last = found.end() if found else end
    return "".join(kept) + text[last:]


def detailed(option: Option, window: Window) -> Option:
    """The option with what its part of the text says."""
    if option.kind == "teams":
        return _teams(option, window)
    option = _addresses(_meeting(option, window), window)
    if option.kind == "webex" and not option.sip and option.meeting_id and option.url:
        host = option.url.partition("://")[2].partition("/")[0]
        option = option.filled(sip=f"{option.meeting_id}@{host}")
    if option.kind in ("pexip", "cms", "other"):
        option = option.filled(sip=_after_video_word(option, window))
    return _phones(option, window)


def _meeting(option: Option, window: Window) -> Option:
    if not option.meeting_id:
        option = option.filled(meeting_id=_number(window, labels.MEETING_ID, 6))
    first = dial = ""
    for _, value, numeric in _passcodes(window):
        first = first or value
        if numeric:
            dial = dial or numeric
        elif value.isdigit() and value != first:
            dial = dial or value
    option = option.filled(passcode=first)
    known = dial or (option.passcode if option.passcode.isdigit() else "")
    return option.filled(dial_passcode=known)


def _number(window: Window, wanted: tuple[str, ...], least: int, most: int = 16) -> str:
    """The first group of digits after one of the labels."""
    for digits, start, _ in groups(window.text):
        if least <= len(digits) <= most and labelled(window.low, start, wanted):
            return digits
    return ""


def _passcodes(window: Window) -> list[tuple[int, str, str]]:
    """(where, passcode, the one for telephones in brackets after it) after each label."""
    found: list[tuple[int, str, str]] = []
    for start, end in ends(window.low, labels.PASSCODE):
        value = VALUE.match(window.text, end)
        if value is None or (found and start < found[-1][0]):
            continue
        word = value[1].rstrip(".:;。")
        # A code follows a colon or a line's end; a word that goes on in the sentence is none.
        if not word or (COLON.match(window.text, end) is None and not any(mark.isdigit() for mark in word)):
            continue
        if labelled(window.low, value.start(1), labels.MEETING_ID) and word.isdigit() and len(word) > 8:
            continue  # "access code" is a meeting's number here
        numeric = NUMERIC.match(window.text, value.end())
        found.append((value.end(), word, numeric[1] if numeric else ""))
    return found


def _addresses(option: Option, window: Window) -> Option:
    """SIP and H.323 as printed; never the parts of a Zoom address that name a layout or claim the host."""
    domains = VIDEO.get(option.kind, ())
    for address in addresses(window.text) if domains else ():
        user = address.user
        if not under(address.host, domains) or user.lower() in NEVER:
            continue
        if option.kind == "webex" and (address.host in ("webex.com", "m.webex.com") or not _webex_user(user, option)):
            continue
        if option.kind in ("lifesize", "zoom", "bluejeans", "starleaf", "gotomeeting") and not user[:4].isdigit():
            continue
        if option.kind == "zoom":
            user = ".".join(user.split(".")[:2]).rstrip(".")
        option = replace(option, sip=f"{user}@{address.host}")
        break
    for host, number, _, _ in hashed(window.text):
        option = option.filled(h323=f"{host}##{number}")
    if not option.h323 and option.meeting_id.isdigit():
        option = option.filled(h323=_h323_of(option, window))
    return option


def _webex_user(user: str, option: Option) -> bool:
    return user.isdigit() or option.sip.startswith(user + "@")


def _h323_of(option: Option, window: Window) -> str:
    """`host##id` from a bare address under a heading for video systems."""
    for heading in HEADINGS:
        at = window.low.find(heading)
        if at >= 0:
            found = next(ips(window.text, max(0, at - 120), at + 400), "")
            if found:
                return f"{found}##{option.meeting_id}"
    found = next(ips(window.text), "") if option.kind == "webex" else ""
    return f"{found}##{option.meeting_id}" if found else ""


def _after_video_word(option: Option, window: Window) -> str:
    """An address that the text offers to video systems in so many words, or whose name is the meeting's number."""
    for address in addresses(window.text):
        if address.user == option.meeting_id or mentions(
            window.low, labels.VIDEO_SYSTEM, address.start - 160, address.start
        ):
            return str(address)
    return ""


def _phones(option: Option, window: Window) -> Option:
    """A telephone number with its code; without a code only where it stands with the meeting's own words."""
    if option.phone:
        return option
    end = SIGNATURE.search(window.text)
    numbers = phones(window.text, 0, end.start() if end else None)
    held = [one for one in numbers if one.number.lstrip("+") != option.meeting_id]
    for one in held:
        if one.keys:
            return replace(option, phone=one.number, phone_code=option.phone_code or one.keys)
    for one in held[:20]:
        international = one.number.startswith("+") or len(one.number) >= 10
        if not international or labelled(window.low, one.start, (*labels.CONFERENCE, *labels.MEETING_ID)):
            continue
        if not mentions(window.low, DIAL_WORDS, one.start - 300, one.end + 80):
            continue
        keys = _conference(window, one.end) or option.meeting_id
        if keys and keys.isascii() and any(mark.isdigit() for mark in keys):
            return replace(option, phone=one.number, phone_code=option.phone_code or keys)
    return option


def _conference(window: Window, after: int) -> str:
    """The nearest code to key in: after the number if there is one, else before it."""
    found = [
        (start < after, digits + ("#" if window.text[end : end + 2].strip()[:1] == "#" else ""))
        for digits, start, end in groups(window.text)
        if labelled(window.low, start, labels.CONFERENCE)
    ]
    return min(found, key=lambda one: one[0])[1] if found else ""


def _teams(option: Option, window: Window) -> Option:
    for digits, start, end in groups(window.text):
        if len(digits) >= 8 and labelled(window.low, start, labels.MEETING_ID):
            option = option.filled(meeting_id=digits)
            after = [value for at, value, _ in _passcodes(window) if end <= at <= end + 400]
            option = replace(option, passcode=after[0]) if after else option
            break
    return _phones(option.filled(sip=interop_address(window)), window)


def interop_address(window: Window) -> str:
    """The video address of a Teams meeting: tenant key and video id, joined as the key's provider wants them."""
    video = ""
    video_at = -1
    for digits, start, _ in groups(window.text):
        if len(digits) >= 8 and labelled(window.low, start, labels.VIDEO_ID):
            video, video_at = digits, start
            break
    for address in addresses(window.text):
        near = address.start - 300 < video_at < address.end + 400
        if address.host not in INTEROP:
            if near and mentions(window.low, labels.TENANT, address.start - 300, address.start):
                return str(address)  # the provider's own gateway asks for the video id
            continue
        number = video or next((digits for digits, _, _ in groups(window.text, address.end, address.end + 300)), "")
        number = number if 8 <= len(number) <= 13 else ""
        if address.host == "m.webex.com":
            return f"{number}.{address}" if number and not address.user[:8].isdigit() else str(address)
        whole = address.user.rpartition(".")[2].isdigit() and "." in address.user
        return str(address) if whole or not number else f"{address.user}.{number}@{address.host}"
    return ""
