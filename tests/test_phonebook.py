"""The codec's phone book among the contacts, and favourites that are made in the room."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.directory import Address, Contact, Directory
from gateway.directory.book import Book, scopes_of
from gateway.directory.phonebook import PhoneBook, contact
from gateway.plugins import load_drivers
from gateway.profile.site import read
from tests.api.support import ROOM, Rig, rig
from tests.api.test_decks import deck
from tests.test_directory import person

BOOK = '\n[contacts]\nphone_book = "room"\n'


async def found(house: Rig, text: str = "", **more: Any) -> list[dict[str, Any]]:
    answer = await house.client.get("/api/v1/rooms/demo/contacts", params={"q": text, "limit": 200, **more})
    return list(answer.json()["contacts"])


async def copied(house: Rig) -> PhoneBook:
    """The room's phone book, copied as the gateway does it."""
    (book,) = house.running.house._phone_books()
    part = house.room.parts["calls"]
    await house.until(lambda: part.reading("calls").value == () or part.reading("calls").value == [])
    await house.until(lambda: part.player.unit("").points["power"].value == "on")
    assert await book.copy()
    return book


async def test_it_is_found_among_the_contacts_and_merged_with_them(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM + BOOK, codec={"speed": 20}) as house:
        held = Book(house.running.folder.path / "contacts.sqlite")
        held.replace("", "people", [person("Sam Example", "sam@example.com")])
        codec = house.sims["codec"]
        codec.contacts.append(
            {"book": "Corporate", "folder": "Oslo", "name": "Sam Example", "number": "sam@example.com"}
        )
        await house.online()
        book = await copied(house)
        people = [one for one in codec.contacts if one["book"] == "Corporate"]
        assert held.count() == len(people) + 1
        assert [one["name"] for one in await found(house, "sam ex")] == ["Sam Example"]  # once, though told twice
        (first, *_) = people
        told = await found(house, first["name"])
        assert told[0]["addresses"] == [{"address": first["number"], "protocol": "sip"}]
        codec.contacts.remove(first)
        assert await book.copy() and not await found(house, first["name"])
        assert ("room:demo", "phone book of demo", len(people) - 1) in held.sources()
        held.close()
        answer = await house.do("calls/dial", {"address": told[0]["addresses"][0]["address"], "protocol": "sip"})
        assert answer.status_code == 200


async def test_a_codec_that_sleeps_or_talks_is_not_asked(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM + BOOK, codec={"speed": 20}) as house:
        await house.online()
        book = await copied(house)
        await house.do("calls/dial", {"address": "board@example.com"})
        await house.until(lambda: bool(house.room.readings("calls")["calls"].value))
        assert not await book.copy()
        await house.do("calls/hangup")
        await house.until(lambda: not house.room.readings("calls")["calls"].value)
        assert await book.copy()
        house.sims["codec"].sleep_now()
        await house.until(lambda: house.room.parts["codec"].reading("power").value == "standby")
        assert not await book.copy()


async def test_without_the_word_nobody_asks(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        assert house.running.house._phone_books() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[contacts]\nphone_book = "all"\n', "phone_book"),
        ('[contacts]\nphone_book = "room"\n', "no part `calls`"),
        ('[contacts]\nphone_book = "group"\n', "no group"),
        ("[contacts]\nbook = true\n", "book"),
    ],
)
def test_a_profile_that_makes_no_sense(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "room.toml").write_text(text, encoding="utf-8")
    assert said in "\n".join(str(one) for one in read(tmp_path, load_drivers()).grave)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (
            {"name": " Jo  Example ", "address": "jo@example.com", "protocol": "sip"},
            Contact("Jo Example", (Address("jo@example.com", "sip"),)),
        ),
        ({"name": "Short", "address": "4711", "protocol": "sip"}, Contact("Short", (Address("4711"),))),
        (
            {"name": "Ad", "address": "addressbook:Ad", "protocol": ""},
            Contact("Ad", (Address("addressbook:Ad"),)),
        ),
        (
            {
                "name": "Two",
                "address": "a@example.com",
                "methods": [
                    {"address": "a@example.com", "protocol": "spark", "kind": "video"},
                    {"address": "4711", "protocol": "sip", "kind": "audio"},
                    {"address": "A@example.com", "protocol": "sip", "kind": "video"},
                ],
            },
            Contact("Two", (Address("a@example.com", "sip"), Address("4711", "", "audio"))),
        ),
        ({"folder": "Oslo", "id": "f_1"}, None),
        ({"name": "Nobody", "address": "", "protocol": "sip"}, None),
        ({"name": "", "address": "a@example.com"}, None),
        ("a row", None),
    ],
)
def test_rows_as_codecs_give_them(row: Any, wanted: Contact | None) -> None:
    assert contact(row) == wanted


async def test_a_favourite_is_made_in_the_room_and_taken_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        held = Book(house.running.folder.path / "contacts.sqlite")
        sam = Contact("Sam Example", (Address("+15550100", "phone"), Address("sam@example.com", "sip")), "Contoso")
        held.replace("", "people", [sam, person("Jo Example", "jo@example.com", favourite=True)])
        url = "/api/v1/rooms/demo/contacts/favourite"
        asked = {"name": "Sam Example", "address": "sam@example.com", "protocol": "sip"}
        answer = await house.client.put(url, json=asked)
        assert answer.status_code == 200 and answer.json()["contact"]["organisation"] == "Contoso"  # all that is known
        assert [one["name"] for one in await found(house)] == ["Jo Example", "Sam Example"]
        (told,) = await found(house, "sam")
        assert told["favourite"] and len(told["addresses"]) == 2
        again = await house.client.put(url, json=asked)
        assert again.status_code == 200 and len(await found(house)) == 2
        await house.client.put(url, json={"name": "Bridge", "address": "192.0.2.9##4455", "protocol": "h323"})
        assert [one["name"] for one in await found(house)] == ["Bridge", "Jo Example", "Sam Example"]
        held.replace("", "people", [sam])  # an import leaves the room's own favourites alone
        assert [one["name"] for one in await found(house)] == ["Bridge", "Sam Example"]
        for gone in (asked, {"name": "Bridge", "address": "192.0.2.9##4455", "protocol": "h323"}):
            assert (await house.client.put(url, json={**gone, "on": False})).json()["contact"]["favourite"] is False
        assert await found(house) == [] and not (await found(house, "sam"))[0]["favourite"]
        held.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b'{"name": "", "address": "a@example.com"}', 422),
        (b'{"name": "A", "address": "two words", "protocol": "sip"}', 422),
        (b'{"name": "A", "address": "a@example.com", "on": "yes"}', 422),
        (b'{"name": "A", "address": "a@example.com", "protocol": "smoke"}', 422),
        (b'{"name": "' + b"A" * 5000 + b'", "address": "a"}', 422),
    ],
)
async def test_a_favourite_that_makes_no_sense(tmp_path: Path, body: bytes, status: int) -> None:
    async with rig(tmp_path) as house:
        url = "/api/v1/rooms/demo/contacts/favourite"
        assert (await house.client.put(url, content=body)).status_code == status
        ok = b'{"name": "A", "address": "a@example.com"}'
        assert (await house.client.put(url, content=ok, headers=house.as_("viewer"))).status_code == 403


async def test_who_types_does_not_wait_for_a_copy(tmp_path: Path) -> None:
    """A phone book of 10,000 goes in among 40,000 contacts; each search meanwhile is answered as ever."""
    held = Book(tmp_path / "c.sqlite")
    held.replace("", "people", [person(f"Person {n:05}", f"p{n}@example.com") for n in range(40_000)])
    directory = Directory(tmp_path / "c.sqlite")
    try:
        await directory.search("person 01234", scopes_of("demo"))
        rows = [person(f"Codec {n:05}", f"c{n}@example.com") for n in range(10_000)]
        writing = asyncio.get_running_loop().create_task(directory.replace("room:demo", "phone book of demo", rows))
        taken: list[float] = []
        while not writing.done():
            began = time.perf_counter()
            assert len(await directory.search("person 01234", scopes_of("demo"))) == 1
            taken.append(time.perf_counter() - began)
        await writing
        assert len(taken) > 5 and sorted(taken)[len(taken) // 2] < 0.2
        assert len(await directory.search("codec 01234", scopes_of("demo"))) == 1
    finally:
        directory.close()
        held.close()


async def test_a_deck_key_dials_a_contact(tmp_path: Path) -> None:
    press = 'press = { do = "dial", address = "desk@example.com" }'
    key = f'[[surfaces.deck.pages.main.keys]]\nlabel = "Desk"\n{press}\n'
    profile = ROOM.replace('[surfaces.deck]\nlayout = "conferencing"\n', key)
    assert profile != ROOM
    async with rig(tmp_path, profile) as house:
        await house.online()
        async with deck(house) as ears:
            (shown,) = (await ears.hear(lambda told: "faces" in told))["faces"]
            await ears.say(press=shown, edge="down")
            await ears.say(press=shown, edge="up")
            await house.until(lambda: bool(house.room.readings("calls")["calls"].value))
        assert "desk@example.com" in house.sims["codec"].calls[0].number
