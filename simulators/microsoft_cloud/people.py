"""The simulated cloud's rooms and contacts: "List places" and "List contacts", page by page.

Sources: Microsoft Graph v1.0, "List places", "List contacts", "Paging Microsoft Graph data in your app". What may not
live here: HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class People:
    """Rooms of the organisation, contacts by mailbox; pages have at most so many rows, whatever is asked for."""

    rooms: list[dict[str, Any]] = field(default_factory=list)
    contacts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    allowed: bool = True  # Place.Read.All and Contacts.Read
    page: int = 100

    def told(self, rows: list[dict[str, Any]], query: Mapping[str, str], here: str) -> dict[str, Any]:
        """One page, with the link to the next where there is one. here: the address that was asked."""
        first = int(query.get("$skip", "0"))
        size = min(self.page, int(query.get("$top", "100")))
        answer: dict[str, Any] = {"value": rows[first : first + size]}
        if first + size < len(rows):
            answer["@odata.nextLink"] = f"{here}?$top={size}&$skip={first + size}"
        return answer
