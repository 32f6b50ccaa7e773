"""Contacts out of Microsoft Graph: an organisation's rooms (places), and the contacts of a mailbox.

Sources: Microsoft Graph v1.0, "List places" (room resource), "List contacts" (contact resource), "Paging". What may not
live here: signing in, HTTP (`gateway/calendars/graph.py` does both).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from gateway.directory.contact import Address, Bad, Contact, address
from gateway.directory.contact import Protocol as Way

PAGES = 500
ROOMS = "places/microsoft.graph.room"


class Asks(Protocol):
    """Graph, signed in. See `gateway.calendars.graph.Graph`."""

    base: str

    async def ask(
        self, mailbox: str, method: str, path: str, *, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]: ...


async def rooms(graph: Asks, *, email_as_sip: bool = False) -> AsyncIterator[Contact | Bad]:
    """The organisation's rooms. Raises CalendarTrouble. Needs the permission Place.Read.All."""
    number = 0
    async for row in _rows(graph, "", f"{graph.base}/{ROOMS}", {"$top": "100"}):
        number += 1
        email = _text(row, "emailAddress")
        numbers = [("phone", _text(row, "phone"), "")]
        yield _contact(number, _text(row, "displayName"), numbers, _text(row, "building"), email, email_as_sip)


async def people(graph: Asks, mailbox: str, *, email_as_sip: bool = False) -> AsyncIterator[Contact | Bad]:
    """A mailbox's contacts. Raises CalendarTrouble. Needs the permission Contacts.Read."""
    number = 0
    wanted = "displayName,companyName,emailAddresses,businessPhones,homePhones,mobilePhone,imAddresses"
    async for row in _rows(graph, mailbox, "contacts", {"$top": "100", "$select": wanted}):
        number += 1
        held = [one for one in row.get("emailAddresses") or () if isinstance(one, Mapping)]
        email = next((found for one in held if (found := _text(one, "address"))), "")
        numbers = [("sip", one, "") for one in _texts(row, "imAddresses") if one.lower().startswith(("sip:", "sips:"))]
        numbers += [("phone", one, "work") for one in _texts(row, "businessPhones")]
        numbers += [("phone", _text(row, "mobilePhone"), "mobile")]
        numbers += [("phone", one, "home") for one in _texts(row, "homePhones")]
        yield _contact(number, _text(row, "displayName"), numbers, _text(row, "companyName"), email, email_as_sip)


async def _rows(graph: Asks, mailbox: str, path: str, query: dict[str, str]) -> AsyncIterator[Mapping[str, Any]]:
    """Every row of every page; the next page's link is taken as it is."""
    asked: dict[str, str] | None = query
    for _ in range(PAGES):
        told = await graph.ask(mailbox, "GET", path, query=asked)
        found = told.get("value")
        for row in found if isinstance(found, list) else ():
            if isinstance(row, Mapping):
                yield row
        path, asked = _text(told, "@odata.nextLink"), None
        if not path:
            return


def _contact(
    number: int, name: str, numbers: list[tuple[str, str, str]], organisation: str, email: str, email_as_sip: bool
) -> Contact | Bad:
    held: list[Address] = []
    wrong = ""
    ways: dict[str, Way] = {"sip": "sip", "phone": "phone"}
    for way, text, label in [*numbers, *([("sip", email, "")] if email_as_sip else [])]:
        if not text:
            continue
        try:
            held.append(address(text, ways[way], label))
        except ValueError as error:
            wrong = wrong or str(error)
    if not name:
        return Bad(number, "no name")
    if not held:
        return Bad(number, wrong or "no address to dial (an e-mail address is none: --email-as-sip)")
    return Contact(name[:256], tuple(dict.fromkeys(held)), organisation, email)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _texts(row: Mapping[str, Any], name: str) -> list[str]:
    held = row.get(name)
    return [one.strip() for one in held if isinstance(one, str)] if isinstance(held, list) else []
