"""`[lines]` of site.toml: whether strings are heard, where, from whom; read with care.

What may not live here: listening (`lines.py`).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from gateway.complaint import Table, secret, shown


@dataclass(frozen=True)
class LinesSpec:
    """The line door. `allow`: networks, never empty; password "" = none is asked for."""

    port: int
    host: str = "127.0.0.1"
    allow: tuple[str, ...] = ()
    password: str = field(default="", repr=False)


def read_lines(top: Table) -> LinesSpec | None:
    """None where the site says nothing of it, or where what it says would let in the wrong ones."""
    if "lines" not in top.data:
        top.taken.add("lines")
        return None
    table = top.table("lines")
    port = table.number("port", None, 0, 65535, whole=True)
    host = table.take("host", str, "127.0.0.1")
    allow: list[str] = []
    listed = table.take("allow", list)
    for number, entry in enumerate(listed or (), 1):
        try:
            allow.append(str(ipaddress.ip_network(entry)))
        except (ValueError, TypeError):
            words = 'expected an address or a network such as "10.0.4.0/24"'
            table.complain(f"allow[{number}]", f"found {shown(entry)}", words)
    if listed == []:
        table.complain("allow", "found an empty list", "expected the addresses that may send lines")
    password, words = secret(table, "password")
    if password is None:
        table.complain("password", words, "no lines are heard until it is there", grave=False)
    table.finish()
    if port is None or password is None or not allow or len(allow) < len(listed or ()):
        return None
    return LinesSpec(port, host, tuple(allow), password)
