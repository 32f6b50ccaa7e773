"""Contacts from CSV: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252. No row is lost without being named."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence

from gateway.directory.contact import Address, Bad, Contact, address
from gateway.directory.headers import Columns, columns

DELIMITERS = (",", ";", "\t")
LONGEST_FIELD = 65_536
YES = ("1", "true", "yes", "y", "x", "ja", "oui", "si", "* starred")


class HeaderError(ValueError):
    """The first row names no columns that are known; the words say which would be."""


def decoded(data: bytes) -> str:
    """A file's bytes as text: by its byte order mark, by its zeros (UTF-16), as UTF-8, else as Windows-1252."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    head = data[:2000]
    if head[1::2].count(0) > len(head) // 3:
        return data.decode("utf-16-le", "replace")
    if head[0::2].count(0) > len(head) // 3:
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(text: str, *, email_as_sip: bool = False) -> Iterator[tuple[int, Contact | Bad]]:
    """(line, contact or what is wrong) for every row below the header. Raises HeaderError."""
    skipped = 0
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 6:  # Excel's own line
        text, skipped = rest, 1
    delimiter = _delimiter(text)
    lines = text.splitlines(keepends=True)
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise HeaderError(f"the header cannot be read: {error}") from None
    held = columns(header)
    if not held.usable:
        raise HeaderError(
            f"no columns known in the header {', '.join(header)[:120]!r}; expected a name (or first and last name) "
            "and something to dial (sip, h323, phone, address), see docs/directory.md"
        )
    while True:
        begun = reader.line_num + 1 + skipped
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begun, Bad(begun, f"not CSV: {error}")
            continue
        if any(cell.strip() for cell in row):
            yield begun, _contact(row, held, begun, len(header), email_as_sip)


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(DELIMITERS, key=header.count)


def _contact(row: Sequence[str], held: Columns, line: int, width: int, email_as_sip: bool) -> Contact | Bad:
    if len(row) > width and any(cell.strip() for cell in row[width:]):
        return Bad(line, f"{len(row)} columns, and the header has {width}")

    def first(places: Sequence[int]) -> str:
        return next((row[place].strip() for place in places if place < len(row) and row[place].strip()), "")

    name = first(held.name) or " ".join(
        part for part in (first(held.first), first(held.middle), first(held.last)) if part
    )
    organisation, email = first(held.organisation), first(held.email)
    name = " ".join((name or organisation).split())
    if not name:
        return Bad(line, "no name")
    if len(name) > 256:
        return Bad(line, "a name of more than 256 characters")
    addresses: list[Address] = []
    wrong = ""
    for place, protocol, label, label_place in held.addresses:
        cell = row[place].strip() if place < len(row) else ""
        title = row[label_place].strip().strip("* ").lower() if 0 <= label_place < len(row) else label
        for one in cell.split(" ::: ") if cell else ():  # Google's way to put several into one cell
            if "fax" in title or "pager" in title:
                continue
            try:
                found = address(one, protocol, title)
            except ValueError as error:
                wrong = wrong or str(error)
                continue
            if found.address not in {held.address for held in addresses}:
                addresses.append(found)
    if email and email_as_sip:
        try:
            addresses.append(address(email, "sip"))
        except ValueError as error:
            wrong = wrong or str(error)
    if wrong:
        return Bad(line, wrong)
    if not addresses:
        return Bad(line, "no address to dial" + (" (an e-mail address is none: --email-as-sip)" if email else ""))
    return Contact(name, tuple(addresses), organisation, email, first(held.favourite).lower() in YES)
