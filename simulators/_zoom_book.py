"""What the simulated Zoom Room keeps in lists: its bookings and its phonebook.

What may not live here: the command line. Fields: Zoom Rooms Control System API 1.1 (zCommands Bookings List) and
PepperDash Essentials (Phonebook List).
"""

from __future__ import annotations

from typing import Any


def bookings() -> list[dict[str, Any]]:
    """Of a day: one meeting."""
    return [
        {
            "meetingName": "Evening Mtg",
            "meetingNumber": "186736193",
            "startTime": "2019-02-10T20:00:00-08:00",
            "endTime": "2019-02-10T20:30:00-08:00",
            "creatorEmail": "creator@example.com",
            "creatorName": "",
            "isPrivate": False,
            "calendarID": "7gd5p1e9agfceron8gfidehkfq",
        }
    ]


def contacts(numbers: range) -> list[dict[str, str]]:
    """People of the phonebook, by where they stand in it."""
    return [
        {
            "jid": f"c{n}@xmpp.zoom.us",
            "screenName": f"Person {n:05}",
            "email": f"p{n}@example.com",
            "phoneNumber": "",
        }
        for n in numbers
    ]
