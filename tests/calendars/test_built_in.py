"""The kinds of calendars that RoomGate brings come in by the hook, and keep what the contract says of them."""

from __future__ import annotations

import dataclasses

from gateway import calendars
from gateway.calendars.calendar import Account


def test_the_kinds_that_are_brought() -> None:
    found: list[type[Account]] = []
    calendars.register_calendars(found.append)
    assert {"ics", "caldav", "google"} <= {account.kind for account in found}
    for account in found:
        for held in dataclasses.fields(account.Settings):
            assert held.metadata.get("doc"), f"{account.kind}: {held.name} is not explained"
            assert held.repr is not held.metadata["secret"], f"{account.kind}: {held.name}"
        account.Settings()  # every setting has a default
        assert account.every >= 30 and account.patience <= 60 and account.mailbox_is
