"""The site's own rules, put to a link. What a rule is and how it is checked: `gateway/profile/joinrules.py`."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.joinlink.hosts import Link, under
from gateway.joinlink.option import Option
from gateway.profile.joinrules import SLOT, Rule

LONGEST = 4096  # characters of a link that a pattern sees


def first(rules: Iterable[Rule], link: Link) -> Option | None:
    """What the first rule that fits makes of a link, or None."""
    for rule in rules:
        if under(link.host, (rule.host,)):
            found = rule.compiled.search(link.url[:LONGEST])
            if found is not None:
                return _option(rule, link, {**rule.groups(found), "host": link.host})
    return None


def _option(rule: Rule, link: Link, groups: dict[str, str]) -> Option:
    address = SLOT.sub(lambda slot: groups.get(slot[1], ""), rule.dial)
    more = {name: groups.get(name, "") for name in ("meeting_id", "passcode")}
    if address.startswith("tel:"):
        number, _, code = address[4:].partition(",")
        return Option(rule.kind, "", url=link.url, phone=number, phone_code=code.strip(","), **more)
    if "##" in address:
        return Option(rule.kind, "", url=link.url, h323=address, **more)
    return Option(rule.kind, "", url=link.url, sip=address.removeprefix("sip:"), **more)
