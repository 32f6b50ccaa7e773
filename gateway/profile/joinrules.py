"""How an organisation joins: `[join]` of site.toml. Its own rules for links, and what it has paid for.

    [join]
    zoom_room_connector = true       # Zoom meetings may be dialled at zoomcrc.com, also where the invitation is silent
    teams_gateway = "webex"          # whose service brings video systems into this organisation's Teams meetings

    [[join.rules]]
    host = "meet.example.com"
    pattern = "/room/(?P<room>[0-9]+)"
    dial = "{room}@vc.example.com"

A rule's pattern is compiled by RE2, not by Python's `re`: RE2 has no backtracking, so that no pattern and no link can
hold the gateway (its time is linear in the link's length), and its memory is bounded. What RE2 does not know
(references back, looking around) is refused when the profile is read. Rules are tried in their order; the first that
fits wins. What may not live here: links and invitations (`joinlink`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gateway.complaint import Table

KINDS = (
    "teams", "zoom", "webex", "meet", "bluejeans", "gotomeeting", "lifesize", "starleaf", "pexip", "cms",
    "ringcentral", "chime", "jitsi", "whereby", "8x8", "skype", "sip", "h323", "phone", "other",
)  # fmt: skip
GATEWAYS = ("", "webex", "poly", "pexip", "bluejeans", "other")
LONGEST_PATTERN = 500
MEMORY = 1 << 20  # bytes for one compiled pattern
MOST_RULES = 200
SLOT = re.compile(r"\{(\w{1,32})\}")


class RuleError(ValueError):
    """A rule that cannot be used; the words say why."""


@dataclass(frozen=True)
class Rule:
    """One rule. `host`: a domain, with all below it. In `dial`, `{name}` or `{1}` are groups, `{host}` the link's host.

    dial is a SIP address, `host##number` for H.323, or `tel:+...`; "" where the link alone is to be offered, as `kind`.
    Groups named `meeting_id` and `passcode` become the option's.
    """

    host: str
    pattern: str
    dial: str = ""
    kind: str = "other"
    name: str = ""
    compiled: Any = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, host: str, pattern: str, dial: str = "", kind: str = "other", name: str = "") -> Rule:
        """A checked rule. Raises RuleError."""
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host.lower()):
            raise RuleError(f"host {host!r} is not a domain such as meet.example.com")
        if kind not in KINDS:
            raise RuleError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
        compiled = _compile(pattern)
        known = {"host", *compiled.groupindex, *(str(number) for number in range(compiled.groups + 1))}
        for slot in SLOT.findall(dial):
            if slot not in known:
                raise RuleError(f"dial names {{{slot}}}, and the pattern has no such group")
        return cls(host.lower(), pattern, dial, kind, name, compiled)

    def groups(self, found: Any) -> dict[str, str]:
        """A match's groups by name and by number."""
        groups = {str(number): found.group(number) or "" for number in range(self.compiled.groups + 1)}
        return groups | {name: found.group(name) or "" for name in self.compiled.groupindex}


@dataclass(frozen=True)
class JoinSpec:
    """What a site says of joining meetings."""

    rules: tuple[Rule, ...] = ()
    zoom_room_connector: bool = False
    teams_gateway: str = ""


def _compile(pattern: str) -> Any:
    import re2  # loads on first use: most sites have no rules

    if not 0 < len(pattern) <= LONGEST_PATTERN:
        raise RuleError(f"a pattern has 1 to {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise RuleError(f"the pattern cannot be used: {words}") from None


def read_join(top: Table) -> JoinSpec:
    """`[join]` of site.toml; each mistake is a complaint, and the rule with it is left out."""
    join = top.table("join")
    connector = join.take("zoom_room_connector", bool, False)
    provider = join.take("teams_gateway", str, "", choices=GATEWAYS)
    rules: list[Rule] = []
    held = join.take("rules", list, [])
    if len(held) > MOST_RULES:
        join.complain("rules", f"found {len(held)} rules", f"expected at most {MOST_RULES}")
    for number, one in enumerate(held[:MOST_RULES], 1):
        if not isinstance(one, dict):
            join.complain("rules", f"rule {number} is no table", "expected [[join.rules]]")
            continue
        rule = _read_rule(Table(join.file, f"join.rules.{number}", one, join.complaints))
        if rule is not None:
            rules.append(rule)
    join.finish()
    return JoinSpec(tuple(rules), connector, provider)


def _read_rule(table: Table) -> Rule | None:
    host, pattern = table.take("host", str), table.take("pattern", str)
    dial, kind = table.take("dial", str, ""), table.take("kind", str, "other")
    name = table.take("name", str, "")
    table.finish()
    if host is None or pattern is None:
        return None
    try:
        return Rule.of(host, pattern, dial, kind, name)
    except RuleError as error:
        table.complain("", str(error), "see docs/joining.md")
        return None
