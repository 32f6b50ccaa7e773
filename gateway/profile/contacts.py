"""`[contacts]` of a room: whether its codec's phone book belongs to the contacts, and whose they are then.

    [contacts]
    phone_book = "room"      # or "group", "site": where all codecs have the same book, one of them brings it for all

What may not live here: reading the phone book.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.complaint import Table


def read_contacts(top: Table, parts: Collection[str], group: str) -> str:
    """For whom the phone book is: "room", "group", "site", or "" where it is not taken. `parts`: the ids of all."""
    table = top.table("contacts")
    chosen: str = ""
    if "phone_book" in table.data:
        chosen = table.take("phone_book", str, "", choices=("room", "group", "site"))
    if chosen and "calls" not in parts:
        table.complain("phone_book", "this room has no part `calls`", "expected a codec that plays it")
    if chosen == "group" and not group:
        table.complain("phone_book", "this room has no group", 'expected group = "NAME" in the room\'s file')
    table.finish()
    return chosen
