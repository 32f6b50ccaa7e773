"""`find`: all evidence of an invitation, ranked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gateway.joinlink import convention, generic, page, parts, structured
from gateway.joinlink.addresses import INTEROP
from gateway.joinlink.details import Window, detailed, interop_address
from gateway.joinlink.families import interop, recognise
from gateway.joinlink.invitation import Invitation
from gateway.joinlink.labels import lowered
from gateway.joinlink.links import Place, links
from gateway.joinlink.option import Found, Option
from gateway.joinlink.rules import first
from gateway.profile.joinrules import Rule

LONGEST = 512 * 1024  # characters of a body that are read
LONGEST_LOCATION = 8192
WINDOW = 8000  # characters after a link that may belong to it; BEFORE as many before it
BEFORE = 3000
MOST_OPTIONS = 40
MOST_MEETINGS = 12
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")  # marks of width and direction
FOLD = re.compile(r"\r?\n[ \t]")
NAMED = re.compile(r"^DESCRIPTION(?:;[^:\n]{0,200})?:", re.IGNORECASE)
SKYPE = re.compile(r"Skype|Lync")


def find(invitation: Invitation, rules: Sequence[Rule] = ()) -> Found:
    """The ways to join, best first; alternates are kept. Never raises, and takes time bounded by what it reads."""
    notes: list[str] = []
    ranked: list[Option] = []
    if invitation.online_meeting:
        ranked += structured.online_meeting(invitation.online_meeting, rules)
    ranked += structured.properties(invitation.properties, rules)
    location = unescaped(invitation.location[:LONGEST_LOCATION])
    ranked += _read(location, "location", rules, notes)
    body = body_text(invitation, notes)
    newest, *older = parts.split(body)
    ranked += _read(newest, "body", rules, notes)
    ranked += generic.options(location, "location", whole=True)
    if generic.options(newest, "body"):  # only then is it worth the time to look for host keys in all of it
        ranked += generic.options(Window(newest[: generic.WITHIN]).text, "body")
    before = len(ranked)
    for part in older[: parts.MOST]:
        ranked += _read(part, "quoted", rules, notes)
    if before == 0 and ranked:
        notes.append("The invitation itself has no way to join; these stand in an older mail that it quotes.")
    return Found(tuple(_merged(ranked)[:MOST_OPTIONS]), tuple(dict.fromkeys(notes)))


def body_text(invitation: Invitation, notes: list[str]) -> str:
    """The body as people see it, at most LONGEST characters of it."""
    body = invitation.body
    if len(body) > LONGEST:
        body = body[:LONGEST]
        notes.append(f"The body is longer than {LONGEST // 1024} kB; only its beginning was read.")
    if invitation.body_type == "ics-description-raw":
        body = unescaped(FOLD.sub("", NAMED.sub("", body.lstrip())))
    if invitation.body_type == "html" or _is_html(body):
        body, cut = page.seen(body)
        if cut:
            notes.append("The body has more mark-up or links than are read; only its beginning was.")
    body = body.replace("\r\n", "\n")
    return body if body.isascii() else UNSEEN.sub("", body.replace("\xa0", " "))


def unescaped(text: str) -> str:
    """ICS escapes undone: `\\n`, `\\,`, `\\;`, `\\\\`."""
    if "\\" not in text:
        return text
    pieces = text.split("\\\\")
    return "\\".join(
        piece.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";") for piece in pieces
    )


def _is_html(body: str) -> bool:
    head = body[:2000].lstrip().lower()
    return head.startswith(("<html", "<!doctype html", "<body", "<meta", "<div")) or (
        "<a href=" in head and "</a>" in body
    )


def _read(text: str, found_in: str, rules: Sequence[Rule], notes: list[str]) -> list[Option]:
    """Options of one text by its links and the reference product's convention, in the text's order."""
    if not text.strip():
        return []
    places, cut = links(text)
    if cut:
        notes.append("The body has more links than are looked at; the later ones were passed over.")
    known = _known(places, text, rules)
    bridge = next((address for place in places if (address := interop(place.link))), "")
    options: list[Option] = []
    for index, (_, option) in enumerate(known):
        held = detailed(replace(option, found_in=found_in), Window(_window(text, known, index)))
        if held.kind == "teams" and bridge and (not held.sip or _asks(held.sip)):
            held = replace(held, sip=bridge)
        options.append(held)
    if not any(option.kind == "teams" for option in options):
        options += _teams_without_link(text, found_in, bridge)
    if not options:
        options += _numbers_only(text, found_in, places)
    return [*_merged(options), *convention.options(text, found_in)]


def _known(places: Sequence[Place], text: str, rules: Sequence[Rule]) -> list[tuple[Place, Option]]:
    """The links that join a meeting, each meeting once, with the first link to it."""
    known: list[tuple[Place, Option]] = []
    for place in places:
        option = _option(place, rules, text)
        if option is not None and not any(held.same_meeting(option) for _, held in known):
            known.append((place, option))
            if len(known) >= MOST_MEETINGS:
                break
    return known


def _teams_without_link(text: str, found_in: str, bridge: str) -> list[Option]:
    """A Teams meeting whose link is gone but whose video address was left."""
    if not bridge and "@" not in text:
        return []
    at = next((at for host in INTEROP if (at := text.find("@" + host)) >= 0), -1)
    if at < 0 and not bridge:
        return []
    window = Window(text[max(0, at - BEFORE) : max(0, at) + WINDOW])
    address = bridge or interop_address(window)
    return [detailed(Option("teams", found_in, sip=address), window)] if address else []


def _numbers_only(text: str, found_in: str, places: Sequence[Place]) -> list[Option]:
    """A Zoom or Teams meeting that is named by its number alone: `Zoom Meeting ID: 934 1234 5678`.

    Not beside a link whose host only looks like the service: that mail is after something else.
    """
    head = text[:WINDOW]
    low = lowered(head)
    kind = "zoom" if "zoom" in low else "teams" if "teams" in low else ""
    if not kind or any(kind in place.link.host for place in places):
        return []
    option = detailed(Option(kind, found_in), Window(head))
    number = len(option.meeting_id)
    fits = 9 <= number <= 11 if kind == "zoom" else 10 <= number <= 15
    return [option] if fits else []


def _asks(sip: str) -> bool:
    """Whether an address leads to a provider's voice menu, and not straight into a meeting."""
    return not re.search(r"\d{8,}", sip)


def _option(place: Place, rules: Sequence[Rule], text: str) -> Option | None:
    option = first(rules, place.link) if rules else None
    known = recognise(place.link)
    if option is not None and known is not None and known.kind == option.kind:
        option = option.merged(known)
    option = option or known
    if option is None and place.link.host.startswith(("meet.", "join.")) and len(place.link.steps) == 2:
        near = text[max(0, place.start - 400) : place.end + 400]
        if re.match(r"[A-Z0-9]{6,10}\Z", place.link.steps[1]) and SKYPE.search(near):
            return Option("skype", "", url=place.link.url)
    return option


def _window(text: str, known: list[tuple[Place, Option]], index: int) -> str:
    """What may belong to a link: from it to the next meeting's link; for the first one, what stands before it too."""
    place, option = known[index]
    start, end = place.start, min(len(text), place.end + WINDOW)
    for other, held in known[index + 1 :]:
        if not option.same_meeting(held) and other.start < end:
            end = other.start
            break
    if all(option.same_meeting(held) for _, held in known[:index]):
        start = max(0, start - BEFORE)
    elif index and known[index - 1][0].end > start:
        start = place.start
    return text[start:end]


def _merged(options: list[Option]) -> list[Option]:
    """The same without repetitions: what is said twice of one meeting is said once, at its best place."""
    kept: list[Option] = []
    for option in options:
        for at, held in enumerate(kept):
            if held.same_meeting(option) or _contained(held, option):
                kept[at] = held.merged(option) if held.same_meeting(option) else held
                break
        else:
            kept.append(option)
    return kept


def _contained(held: Option, option: Option) -> bool:
    """Whether a generic dial string is one that a better option has already."""
    if option.kind == "phone":
        if held.phone and option.phone_code and option.phone_code.rstrip("#") == held.phone_code.rstrip("#"):
            return True  # another country's number of the same meeting
        return bool(held.phone) and held.phone.lstrip("+")[-10:] == option.phone.lstrip("+")[-10:]
    if option.url or option.kind not in ("sip", "h323", held.kind):
        return False
    if option.kind == "sip" and held.meeting_id and option.sip.startswith(f"{held.meeting_id}@"):
        return True  # another bridge of the same meeting
    return bool((option.sip and option.sip == held.sip) or (option.h323 and option.h323 == held.h323)) or (
        option.kind == held.kind and bool(option.meeting_id) and option.meeting_id == held.meeting_id
    )
