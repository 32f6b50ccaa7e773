"""What the codec knows of others: the phonebook and today's bookings.

What may not live here: a real directory or calendar; both are made up and the same in every codec.
Sources: Cisco API reference guide CE8.2 (D15335.04) "Phonebook Search", "Bookings List"; codec SX80 guide TC7.3
(D15107.05) p. 98 for the shape of a booking.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.table import Given, Int, String, Word, command
from simulators.cisco_roomos.tree import Text, Tree

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

PLACES = ("Aarhus", "Bergen", "Cork", "Delft", "Espoo", "Faro", "Ghent", "Hamar", "Izola", "Jena", "Kaunas", "Lund")
ROOMS = ("Boardroom", "Huddle", "Lecture Hall", "Studio", "Training")


def contacts() -> list[dict[str, str]]:
    """A corporate directory of 60 rooms in 12 folders, and two favourites in the local one."""
    corporate = [
        {
            "book": "Corporate",
            "folder": place,
            "name": f"{place} {room}",
            "number": f"{place}.{room.replace(' ', '')}@example.com".lower(),
        }
        for place in PLACES
        for room in ROOMS
    ]
    local = [
        {"book": "Local", "folder": "", "name": "Reception", "number": "reception@example.com"},
        {"book": "Local", "folder": "", "name": "Support", "number": "support@example.com"},
    ]
    return corporate + local


@command(
    "Phonebook Search",
    PhonebookId=String(0, 255),
    PhonebookType=Word("Corporate", "Local"),
    SearchString=String(0, 255),
    SearchField=Word("Name", "Number"),
    Offset=Int(0, 65534),
    Limit=Int(0, 65534),
    FolderId=String(0, 255),
    Recursive=Word("False", "True"),
    ContactType=Word("Any", "Folder", "Contact"),
    Tag=Word("Untagged", "Favorite"),
)
def phonebook_search(codec: Codec, given: Given) -> Tree:
    book, wanted = given.get("PhonebookType", "Local"), str(given.get("SearchString", "")).casefold()
    folder, kind = str(given.get("FolderId", "")), given.get("ContactType", "Any")
    people = [contact for contact in codec.contacts if contact["book"] == book]
    rows: list[tuple[str, int, dict[str, str]]] = []  # what sort, and what it is made of once it is shown
    if not folder and kind != "Contact":
        names = dict.fromkeys(contact["folder"] for contact in people if contact["folder"])
        rows += [("Folder", 0, {"name": name}) for name in names if wanted in name.casefold()]
    if kind != "Folder":
        rows += [
            ("Contact", number, contact)
            for number, contact in enumerate(people, 1)
            if folder in ("", f"f_{contact['folder']}")
            and (wanted in contact["name"].casefold() or wanted in contact["number"].casefold())
        ]
    offset, limit = given.get("Offset", 0), given.get("Limit", 50)
    shown = rows[offset : offset + limit]
    result: Tree = {"ResultInfo": {"Limit": limit, "Offset": offset, "TotalRows": len(rows)}}
    for name in ("Folder", "Contact"):
        made = _folder if name == "Folder" else _contact
        found = [made(number, row) for sort, number, row in shown if sort == name]
        if found:
            result[name] = [{"id": number, **row} for number, row in enumerate(found, 1)]
    return result


def _folder(number: int, folder: dict[str, str]) -> Tree:
    return {"FolderId": Text(f"f_{folder['name']}"), "Name": Text(folder["name"])}


def _contact(number: int, contact: dict[str, str]) -> Tree:
    method = {
        "id": 1,
        "CallRate": 0,
        "CallType": "Video",
        "ContactMethodId": Text("1"),
        "Number": Text(contact["number"]),
        "Protocol": "Sip",
    }
    found: Tree = {"ContactId": Text(f"e_{number}"), "ContactMethod": [method], "Name": Text(contact["name"])}
    return found | ({"FolderId": Text(f"f_{contact['folder']}")} if contact["folder"] else {})


def bookings(now: datetime) -> list[dict[str, Any]]:
    """Three meetings: one that runs, one later in the day, one tomorrow."""

    def at(minutes: int) -> str:
        start = now.astimezone(UTC).replace(second=0, microsecond=0)
        return (start + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return [
        {"id": "1", "title": "Weekly planning", "start": at(-10), "end": at(20), "number": "weekly@meet.example.com"},
        {"id": "2", "title": "Design review", "start": at(60), "end": at(90), "number": "4711@meet.example.com"},
        {"id": "3", "title": "Supplier call", "start": at(24 * 60), "end": at(25 * 60), "number": ""},
    ]


@command("Bookings List", Days=Int(1, 365), DayOffset=Int(0, 365), Limit=Int(1, 65534), Offset=Int(0, 65534))
def bookings_list(codec: Codec, given: Given) -> Tree:
    midnight = codec.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + timedelta(days=given.get("DayOffset", 0))
    last = first + timedelta(days=given.get("Days", 365))
    held = [one for one in codec.bookings if _start(one) < last and ("DayOffset" not in given or _start(one) >= first)]
    offset = given.get("Offset", 0)
    shown = held[offset : offset + given.get("Limit", 65534)]
    return {
        "ResultInfo": {"TotalRows": len(held)},
        "LastUpdated": Text(midnight.strftime("%Y-%m-%dT%H:%M:%SZ")),
        "Booking": [{"id": row, **_booking(one)} for row, one in enumerate(shown, 1)],
    }


def _start(booking: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(booking["start"])


def _booking(one: dict[str, Any]) -> Tree:
    calls = []
    if one["number"]:
        calls = [{"id": 1, "CallRate": 6000, "CallType": "Video", "Number": Text(one["number"]), "Protocol": "SIP"}]
    return {
        "Id": Text(one["id"]),
        "Title": Text(one["title"]),
        "Agenda": Text(""),
        "Privacy": "Public",
        "Organizer": {"FirstName": Text("Front"), "LastName": Text("Desk"), "Email": Text("desk@example.com")},
        "Time": {
            "StartTime": Text(one["start"]),
            "StartTimeBuffer": 300,
            "EndTime": Text(one["end"]),
            "EndTimeBuffer": 0,
        },
        "BookingStatus": "OK",
        "BookingStatusMessage": Text(""),
        "DialInfo": {"Calls": {"Call": calls}, "ConnectMode": "OBTP"},
    }


def booking_status(codec: Codec) -> Tree:
    now = codec.now()
    running = next(
        (one for one in codec.bookings if _start(one) <= now < datetime.fromisoformat(one["end"])),
        None,
    )
    return {
        "Availability": {"Status": "BookedUntil" if running else "Free"},
        "Current": {"Id": Text(running["id"] if running else "")},
    }
