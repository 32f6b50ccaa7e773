"""The rooms' meetings: kinds of calendars, what is kept of them, what is shown, who may write.

`calendar.py` is the contract that every kind keeps, `meeting.py` its values; the kinds stand beside them, one file
each, and come in by the same pluggy hook as everybody else's. A kind's module is imported when
a site has calendars, and what it stands on (msal, httpx, caldav) on first use.
"""

from __future__ import annotations

import importlib

from gateway.calendars.calendar import Register
from gateway.driver import hookimpl

BUILT_IN: dict[str, str] = {  # module of this package -> its Account
    "microsoft365": "Microsoft365",
    "ics": "IcsAccount",
    "caldav": "CaldavAccount",
    "google": "GoogleAccount",
}


@hookimpl
def register_calendars(register: Register) -> None:
    """The kinds of calendars that RoomGate brings."""
    for module, account in BUILT_IN.items():
        register(getattr(importlib.import_module(f"gateway.calendars.{module}"), account))
