"""Long answers, row by row: the directory's people and the codec's own calendar.

What may not live here: asking for the next page. Every field is optional. Sources: Cisco API reference guide CE8.2
(D15335.04) "Phonebook Search", "Bookings List"; SX80 guide TC7.3 (D15107.05) p. 98 for the shape of a booking.
"""

from __future__ import annotations

from typing import Any

from drivers.cisco.xapi import Tree, at, number, text


def contacts(value: Any) -> tuple[list[Tree], int, int | None]:
    """The people in a Phonebook Search's answer; how many rows it holds, folders too; and how many there are in all.

    `address` and `protocol` are those of a person's first method; each of the `methods` can be dialled as it is.
    """
    if not isinstance(value, dict):
        return [], 0, None
    found = _list(value.get("Contact"))
    return [_contact(contact) for contact in found], len(found) + len(_list(value.get("Folder"))), _total(value)


def bookings(value: Any) -> tuple[list[Tree], int, int | None]:
    """The meetings in a Bookings List's answer; how many rows it holds; and how many there are in all."""
    if not isinstance(value, dict):
        return [], 0, None
    found = _list(value.get("Booking"))
    return [_booking(booking) for booking in found], len(found), _total(value)


def _total(value: Tree) -> int | None:
    return number(at(value, ("ResultInfo", "TotalRows")))


def _list(value: Any) -> list[Tree]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _contact(contact: Tree) -> Tree:
    methods = [
        {
            "address": text(method.get("Number")),
            "protocol": _one_of(method.get("Protocol"), "sip", "h323", "spark", "h320"),
            "kind": _one_of(method.get("CallType"), "video", "audio"),
            "rate": number(method.get("CallRate")) or 0,
        }
        for method in _list(contact.get("ContactMethod"))
    ]
    first = methods[0] if methods else {"address": "", "protocol": ""}
    return {
        "name": text(contact.get("Name")),
        "id": text(contact.get("ContactId")),
        "address": first["address"],
        "protocol": first["protocol"],
        "methods": methods,
    }


def _booking(booking: Tree) -> Tree:
    names = (text(at(booking, ("Organizer", name))) for name in ("FirstName", "LastName"))
    calls = _list(at(booking, ("DialInfo", "Calls", "Call")))
    first = calls[0] if calls else {}
    return {
        "id": text(booking.get("Id")),
        "title": text(booking.get("Title")),
        "organizer": " ".join(name for name in names if name) or text(at(booking, ("Organizer", "Email"))),
        "start": text(at(booking, ("Time", "StartTime"))),
        "end": text(at(booking, ("Time", "EndTime"))),
        "address": text(first.get("Number")),
        "protocol": _one_of(first.get("Protocol"), "sip", "h323", "spark", "h320"),
        **({"private": True} if text(booking.get("Privacy")).lower() == "private" else {}),
    }


def _one_of(value: Any, *known: str) -> str:
    word = text(value).lower()
    return word if word in known else ""
