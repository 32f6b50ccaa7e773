"""The codec's phone book, copied into the contacts, so that it is found as fast as they are and merged with them.

It is read only while the codec is awake and nobody talks on it, page by page, a few times a day. What may not live
here: how a codec is asked (drivers), how names are found (`book.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from gateway.commands import Search
from gateway.directory.book import Directory, DirectoryError
from gateway.directory.contact import Address, Bad, Contact, Protocol, address
from gateway.room import Room

log = logging.getLogger("roomgate.directory")

EVERY = 6 * 3600.0  # seconds between two copies
AGAIN = 60.0  # seconds until the next try where the codec could not be asked
MOST = 10_000  # entries that are copied
PROTOCOLS: dict[str, Protocol] = {"sip": "sip", "spark": "sip", "h323": "h323", "phone": "phone"}


class PhoneBook:
    """One room's phone book on its way into the contacts."""

    def __init__(self, room: Room, directory: Directory) -> None:
        self.room = room
        self.directory = directory
        spec = room.spec
        self.scope = {"room": f"room:{room.id}", "group": f"group:{spec.group}"}.get(spec.phone_book, "")
        self.source = f"phone book of {room.id}"
        self.told = ""  # the latest trouble, so that it is said once

    async def run(self) -> None:
        """Copy it, again and again, until cancelled."""
        while True:
            copied = await self.copy()
            await asyncio.sleep(EVERY if copied else AGAIN)

    async def copy(self) -> bool:
        """Copy it now; False where the codec cannot be asked, or breaks off: what was copied before stays."""
        part = self.room.parts.get("calls")
        if part is None or not part.player.online or not part.offers(Search.verb):
            return False
        calls, power = part.reading("calls"), part.player.unit(part.unit).points.get("power")
        if calls.value is None or calls.stale or calls.value or (power is not None and power.value != "on"):
            return False
        read = getattr(part.player, "read", None)
        if read is None:
            return False
        rows: list[Contact | Bad] = []
        try:
            async for row in read(Search(""), part.unit, cause="contacts"):
                found = contact(row)
                rows += [found] if found is not None else []
                if len(rows) >= MOST:
                    log.warning("%s: only the first %d entries of its phone book are taken", self.room.id, MOST)
                    break
            await self.directory.replace(self.scope, self.source, rows)
        except (LookupError, DirectoryError) as error:
            if str(error) != self.told:
                log.warning("%s: its phone book is not copied: %s", self.room.id, error)
            self.told = str(error)
            return False
        self.told = ""
        return True


def contact(row: Any) -> Contact | None:
    """A row of `search`; None for a folder, and for an entry that cannot be dialled."""
    if not isinstance(row, Mapping):
        return None
    name = " ".join(str(row.get("name") or "").split())[:256]
    methods = row.get("methods")
    held: dict[str, Address] = {}
    for method in methods if isinstance(methods, list) and methods else [row]:
        made = _address(method) if isinstance(method, Mapping) else None
        if made is not None:
            held.setdefault(made.address.lower(), made)
    return Contact(name, tuple(held.values())) if name and held else None


def _address(method: Mapping[str, Any]) -> Address | None:
    text = str(method.get("address") or "").strip()
    for protocol in (PROTOCOLS.get(str(method.get("protocol") or ""), ""), ""):  # a codec's "sip" may be a bare number
        try:
            return address(text, protocol, "audio" if method.get("kind") == "audio" else "")
        except ValueError:
            continue
    return None
