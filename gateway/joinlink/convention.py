"""`Audio:` and `Video:` in location or body, exactly as the reference product documents them.

Audio: a telephone number, then bridge digits and passcodes, each after a comma; `#` is kept. Video: one of user@domain,
user@domain##room, room@domain, room@IP, IP@room, IP##id. The colon is optional. An address of the form IP@room is
dialled as it stands.
"""

from __future__ import annotations

import re

from gateway.joinlink.addresses import is_ip
from gateway.joinlink.labels import lowered
from gateway.joinlink.numbers import phone
from gateway.joinlink.option import Option

AUDIO = re.compile(
    r"[ \t]{0,4}[:：]?[ \t]{0,4}(\+?[ \t]?\(?[0-9][0-9 ().-]{5,20}[0-9])((?:[ \t]?,{1,5}[ \t]?[0-9*#]{1,24}){0,6})"
)
VIDEO = re.compile(
    r"[ \t]{0,4}[:：]?[ \t]{0,4}(?:[sS][iI][pP][sS]?:|[hH]323:)?"
    r"(\w[\w.+-]{0,63}@\w[\w.-]{0,120}(?:##[\w.-]{1,64})?|(?:[0-9]{1,3}\.){3}[0-9]{1,3}##[\w.-]{1,64})"
    r"((?:[ \t]?,[ \t]?[0-9*#]{1,24}){0,4})"
)
MOST = 16


def options(text: str, found_in: str) -> list[Option]:
    """What the convention says in a text, in its order."""
    low = lowered(text)
    held = [(at, _audio(found, found_in)) for at, found in _after(text, low, "audio", AUDIO)]
    held += [(at, _video(found, found_in)) for at, found in _after(text, low, "video", VIDEO)]
    return [option for _, option in sorted(held, key=lambda one: one[0]) if option is not None]


def _after(text: str, low: str, word: str, pattern: re.Pattern[str]) -> list[tuple[int, re.Match[str]]]:
    """Where the word stands as a word of its own and what the pattern finds right after it."""
    found: list[tuple[int, re.Match[str]]] = []
    at = -1
    for _ in range(MOST * 8):
        at = low.find(word, at + 1)
        if at < 0 or len(found) >= MOST:
            break
        before = low[at - 1 : at] if at else ""
        match = None if before.isalnum() or before in ("-", "/", "_", "@") else pattern.match(text, at + len(word))
        if match is not None:
            found.append((at, match))
    return found


def _audio(found: re.Match[str], found_in: str) -> Option | None:
    number = phone(found[1])
    keys = re.sub(r"\s", "", found[2]).strip(",")
    return Option("phone", found_in, phone=number, phone_code=keys) if number else None


def _video(found: re.Match[str], found_in: str) -> Option:
    address, code = found[1].rstrip(".-"), re.sub(r"[\s]", "", found[2]).strip(",")
    head, _, tail = address.partition("@")
    if "##" in address or is_ip(head):  # ## is how H.323 writes a room on a bridge
        return Option("h323", found_in, h323=address, dial_passcode=code)
    if is_ip(tail):  # a room on a bridge that is named by its number: either protocol can take it
        return Option("sip", found_in, sip=address, h323=address, dial_passcode=code)
    return Option("sip", found_in, sip=address, dial_passcode=code)
