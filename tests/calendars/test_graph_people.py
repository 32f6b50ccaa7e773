"""Rooms and contacts out of the simulated Microsoft cloud into the directory, with real msal."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import pytest

from gateway.calendars.calendar import NotAllowed
from gateway.cli import contactsgraph
from gateway.cli.contactsfile import options
from gateway.directory import Address, Bad, Contact, DirectoryError
from gateway.directory.book import Book
from gateway.directory.graph import people, rooms
from tests.calendars.office import ROOM, Office, office


def filled(house: Office) -> None:
    house.cloud.people.rooms = [
        {"displayName": f"Room {n}", "emailAddress": f"room{n}@contoso.example", "phone": f"+1 555 01{n:02}"}
        for n in range(5)
    ] + [{"displayName": "Attic", "emailAddress": "attic@contoso.example", "phone": "", "building": "North"}]
    house.cloud.people.contacts[ROOM] = [
        {
            "displayName": "Sam Østby",
            "companyName": "Contoso",
            "emailAddresses": [{"address": "sam@example.com"}],
            "businessPhones": ["+1 555 0100"],
            "mobilePhone": "+1 555 0101",
            "homePhones": [],
            "imAddresses": ["sip:sam@vc.example.com", "sam.chat"],
        },
        {"displayName": "", "mobilePhone": "+1 555 0102"},
        {"displayName": "Jo", "emailAddresses": [{"address": "jo@example.com"}], "mobilePhone": "call me"},
    ]


async def test_rooms_page_by_page(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        filled(house)
        house.cloud.people.page = 2
        told = [row async for row in rooms(account.graph)]
        assert told[0] == Contact("Room 0", (Address("+15550100", "phone"),), "", "room0@contoso.example")
        assert isinstance(told[5], Bad) and "--email-as-sip" in told[5].why and told[5].line == 6
        assert len(house.asked("/places/")) == 3
        told = [row async for row in rooms(account.graph, email_as_sip=True)]
        assert told[5] == Contact("Attic", (Address("attic@contoso.example", "sip"),), "North", "attic@contoso.example")


async def test_a_mailboxs_contacts(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        filled(house)
        sam, nameless, jo = [row async for row in people(account.graph, ROOM)]
        numbers = (
            Address("sam@vc.example.com", "sip"),
            Address("+15550100", "phone", "work"),
            Address("+15550101", "phone", "mobile"),
        )
        assert sam == Contact("Sam Østby", numbers, "Contoso", "sam@example.com")
        assert isinstance(nameless, Bad) and nameless.why == "no name"
        assert isinstance(jo, Bad) and "telephone" in jo.why
        house.cloud.people.allowed = False
        with pytest.raises(NotAllowed):
            [row async for row in people(account.graph, ROOM)]
        with pytest.raises(NotAllowed):
            [row async for row in rooms(account.graph)]


async def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    options(parser)
    site, data = tmp_path / "site", tmp_path / "data"
    site.mkdir()
    async with office(tmp_path) as house:
        filled(house)
        monkeypatch.setenv("OFFICE_SECRET", house.cloud.secret)
        cloud: dict[str, Any] = {
            "tenant": house.cloud.tenant,
            "client_id": house.cloud.client_id,
            "authority": house.cloud.address,
            "graph": f"{house.cloud.address}/v1.0",
            "ca_file": str(tmp_path / "ca.pem"),
        }
        lines = "\n".join(f'{name} = "{value}"' for name, value in cloud.items())
        text = f'[calendars.office]\nkind = "microsoft365"\n{lines}\nsecret = {{ env = "OFFICE_SECRET" }}\n'
        (site / "site.toml").write_text(text, encoding="utf-8")
        told = ["graph", "places", "--site", str(site), "--data", str(data), "--group", "north"]
        args = parser.parse_args(told)
        rows = await contactsgraph.ask(args)
        book, out = Book(tmp_path / "contacts.sqlite"), io.StringIO()
        assert contactsgraph.take(book, args, rows, "group:north", out) == 0
        assert out.getvalue().startswith("entry 6: no address") and "5 contacts imported" in out.getvalue()
        assert [one.name for one in book.search("room 3", ["group:north"])] == ["Room 3"]
        house.cloud.people.rooms = house.cloud.people.rooms[:2]
        contactsgraph.take(book, args, await contactsgraph.ask(args), "group:north", out)
        assert book.sources() == [("group:north", "graph places", 2)]
        book.close()


def test_contacts_need_a_mailbox(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    options(parser)
    for told in (["graph", "contacts"], ["graph", "places", "--mailbox", "a@example.com"]):
        with pytest.raises(DirectoryError, match="--mailbox"):
            contactsgraph.fetch(parser.parse_args(told))
    with pytest.raises(DirectoryError, match=r"no \[calendars\]"):
        contactsgraph.fetch(parser.parse_args(["graph", "places", "--site", str(tmp_path), "--data", str(tmp_path)]))
