"""What a profile says in the fields of a Settings dataclass, a driver's or a calendar's: their values, or complaints.

What may not live here: what any setting means (its own field says that), where secrets are (`complaint.secret`).
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from gateway.commands import types_of
from gateway.complaint import Table, secret
from gateway.driver import Settings


def read_settings(table: Table, kind: type[Settings], see: str) -> tuple[Settings, dict[str, str]]:
    """The settings, and why each secret that is not there is not. `see`: where people find what may be said."""
    values: dict[str, Any] = {}
    missing: dict[str, str] = {}
    hints = types_of(kind)
    for f in dataclasses.fields(kind):
        if f.metadata.get("secret"):
            value, words = secret(table, f.name)
            if value is None:
                missing[f.name] = words
            else:
                values[f.name] = value or f.default
            continue
        hint = hints[f.name]
        if typing.get_origin(hint) is typing.Literal:
            values[f.name] = table.take(f.name, str, f.default, choices=typing.get_args(hint))
        elif hint in (int, float, str, bool):
            values[f.name] = table.take(f.name, hint, f.default)
        else:  # tuples of texts and tables of texts
            many = typing.get_origin(hint) is tuple
            taken = table.take(f.name, list if many else dict, None)
            if taken is not None:
                values[f.name] = tuple(taken) if many else taken
    try:
        return kind(**values), missing
    except ValueError as error:  # its own rule
        table.complain("", str(error), see)
        return kind(), missing
