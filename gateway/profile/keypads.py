"""`[keypads.NAME]` of a room: what a keypad that can only fetch a URL may do, from where; read with care.

What may not live here: HTTP (`api/keydoor.py`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.complaint import Table, secret, shown
from gateway.profile.steps import Known, Step, read_step

SHORTEST = 16  # characters of a token: it stands in a URL, and is all that is asked for
ACTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}\Z")
TOKEN = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True)
class KeypadSpec:
    """A keypad's rights: its token, its addresses, and its actions, each a command."""

    name: str
    token: str = field(repr=False)
    allow: tuple[str, ...]
    actions: Mapping[str, Step]


def read_keypads(top: Table, known: Known) -> dict[str, KeypadSpec]:
    """All `[keypads.NAME]` of a room; one whose token is not there is warned of, and lets nobody in."""
    keypads: dict[str, KeypadSpec] = {}
    for name, table in top.tables("keypads").items():
        token, words = secret(table, "token")
        if token is None:
            table.complain("token", words, "the keypad may do nothing until it is there", grave=False)
        elif "token" not in table.data:
            table.complain("token", "missing", 'expected { env = "NAME" } or { file = "PATH" }')
        elif token and (len(token) < SHORTEST or not TOKEN.match(token)):
            words = f"expected at least {SHORTEST} letters, digits, - and _"
            table.complain("token", "found one that is too short or does not fit into a URL", words)
        allow: list[str] = []
        for number, entry in enumerate(table.take("allow", list) or (), 1):
            try:
                allow.append(str(ipaddress.ip_network(entry)))
            except (ValueError, TypeError):
                table.complain(f"allow[{number}]", f"found {shown(entry)}", "expected an address or a network")
        actions: dict[str, Step] = {}
        inner = table.table("actions")
        for action, entry in inner.data.items():
            inner.taken.add(action)
            if not ACTION.match(action):
                inner.complain(action, f"an action named {action!r}", "expected small letters, digits, - and _")
            step = read_step(inner, action, entry, known)
            if step is not None:
                actions[action] = step
        if not inner.data:
            table.complain("actions", "found none", 'expected such as mute = { do = "toggle", what = "mute" }')
        table.finish()
        if token and allow:
            keypads[name] = KeypadSpec(name, token, tuple(allow), actions)
    return keypads
