"""Panels unlocked by an administrator's PIN: for a while, in one room; guessing is slowed from wherever it comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.auth import Guard, Token
from gateway.house import House
from gateway.journal import Journal
from gateway.plugins import load_drivers
from gateway.profile.site import Reading, read
from gateway.room import Room
from gateway.unlocking import MINUTES, QUEUE, UnlockError, Unlocking
from tests.clock import ManualClock

PIN, WRONG = "271828", "314159"
ROOM = """
[devices.codec]
driver = "cisco_roomos"
link = "ws://127.0.0.1"
username = "x"
simulate = true
[parts]
codec = "codec"
"""
ADMIN = '[admin]\npin = { env = "TEST_ADMIN_PIN" }\n'
WALL, OTHER = (Token(name, "panel", frozenset({"demo"}), "", name) for name in ("wall", "other"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def site(folder: Path, room: str = "", shared: str = "") -> Reading:
    (folder / "demo.toml").write_text(ROOM + room)
    if shared:
        (folder / "site.toml").write_text(shared)
    return read(folder, load_drivers())


@pytest.fixture
def room(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    return House(site(tmp_path, ADMIN).site, Journal(None, clock=clock), clock).rooms["demo"]


@pytest.fixture
def unlocking(room: Room, clock: ManualClock) -> Unlocking:
    return Unlocking(room.journal, clock)


async def refused(unlocking: Unlocking, room: Room, text: str, address: str = "10.0.0.9") -> float:
    """The seconds to wait; 0 where the PIN was looked at, and wrong."""
    with pytest.raises(UnlockError) as error:
        await unlocking.unlock(WALL, room, text, address)
    return error.value.seconds


async def test_one_panel_is_unlocked_in_one_room_for_a_while(
    unlocking: Unlocking, room: Room, clock: ManualClock
) -> None:
    assert not unlocking.unlocked(WALL, "demo")
    assert await unlocking.unlock(WALL, room, PIN, "10.0.0.9") == 60 * MINUTES
    assert unlocking.unlocked(WALL, "demo")
    assert not unlocking.unlocked(OTHER, "demo") and not unlocking.unlocked(WALL, "attic")
    clock.advance(60 * MINUTES - 1)
    assert unlocking.unlocked(WALL, "demo")
    clock.advance(1)
    assert not unlocking.unlocked(WALL, "demo")
    await unlocking.unlock(WALL, room, PIN, "10.0.0.9")
    unlocking.lock(WALL, room)
    unlocking.lock(WALL, room)
    assert not unlocking.unlocked(WALL, "demo")
    told = [(event["what"], event["name"]) for event in room.events if event["event"] == "panel"]
    assert told == [("unlocked", "wall"), ("unlocked", "wall"), ("locked", "wall")]


async def test_guesses_from_many_addresses_make_the_room_wait_and_a_right_one_wipes_nothing_out(
    unlocking: Unlocking, room: Room, clock: ManualClock
) -> None:
    for number in range(Guard.TRIES - 1):
        assert await refused(unlocking, room, WRONG, f"10.0.0.{number}") == 0
    await unlocking.unlock(WALL, room, PIN, "10.0.0.9")
    assert await refused(unlocking, room, WRONG, "10.0.1.1") == 0
    assert await refused(unlocking, room, PIN, "10.0.1.2") == Guard.FIRST, "not even the right one is looked at"
    clock.advance(Guard.FIRST)
    assert await refused(unlocking, room, WRONG, "10.0.1.3") == 0
    assert await refused(unlocking, room, PIN, "10.0.1.4") == 2 * Guard.FIRST
    entries = await room.journal.history("demo", subject="guessing slowed")
    assert [entry.data["seconds"] for entry in entries] == [20, 10], "one for each wait, not for each guess"
    assert all(entry.data["what"] == "administrator's PIN" for entry in entries)
    assert WRONG not in str(entries) and PIN not in str(entries)


async def test_guesses_at_once_are_counted_before_the_next_is_looked_at(unlocking: Unlocking, room: Room) -> None:
    asked = [refused(unlocking, room, WRONG, f"10.0.0.{number}") for number in range(40)]
    waits = await asyncio.gather(*asked)
    assert waits.count(0) == Guard.TRIES
    assert waits.count(1.0) == 40 - QUEUE, "those beyond the queue"


@pytest.mark.parametrize(
    ("text", "key", "found", "expected"),
    [
        ("[admin]", "pin", "missing", 'expected { env = "NAME" }'),
        ("admin = true", "admin", "found true", "expected a table"),
        ("[admin]\npin = 271828", "pin", "found the secret itself", "never the secret"),
        ('[admin]\npin = "271828"', "pin", "found the secret itself", "never the secret"),
        ('[admin]\npin = { env = "TEST_SHORT" }', "pin", "found one that is not made so", "expected 6 to 12 digits"),
        ('[admin]\npin = { env = "TEST_EMPTY" }', "pin", "found nothing there", "expected 6 to 12 digits"),
        ('[admin]\npin = { env = "TEST_NOTHING" }', "pin", "no TEST_NOTHING", "stays shut until it is there"),
        ('[admin]\npin = { env = "TEST_ADMIN_PIN" }\nhint = 1', "hint", "unknown key", "did you mean|one of|expected"),
    ],
)
def test_what_is_wrong_is_said_and_the_pin_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, key: str, found: str, expected: str
) -> None:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    monkeypatch.setenv("TEST_SHORT", "2718")
    monkeypatch.setenv("TEST_EMPTY", "")
    (tmp_path / "demo.toml").write_text(text + "\n" + ROOM)
    reading = read(tmp_path, load_drivers())
    (complaint,) = [one for one in reading.complaints if one.key == key]
    assert found in complaint.found
    assert any(words in complaint.expected for words in expected.split("|")), complaint.expected
    assert "2718" not in str(complaint)


def test_a_rooms_own_pin_goes_before_the_sites_and_one_that_is_not_there_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ADMIN_PIN", PIN)
    monkeypatch.setenv("TEST_OWN_PIN", "161803")
    assert site(tmp_path).site.rooms["demo"].admin_pin is None
    shared = site(tmp_path, shared=ADMIN).site.rooms["demo"].admin_pin
    assert shared is not None and shared.is_(PIN)
    own = site(tmp_path, ADMIN.replace("ADMIN", "OWN"), ADMIN).site.rooms["demo"].admin_pin
    assert own is not None and own.is_("161803") and not own.is_(PIN)
    gone = site(tmp_path, ADMIN.replace("ADMIN", "GONE"), ADMIN)
    assert not gone.grave and PIN not in repr(gone.site)
    shut = gone.site.rooms["demo"].admin_pin
    assert shut is not None and not shut.is_(PIN) and not shut.is_("")
