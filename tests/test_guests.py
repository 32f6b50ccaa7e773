"""Phones in a room: what lets them in, how often, how long; and that guessing a PIN is slow however many guess."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.auth import Guard, Tokens
from gateway.guests import MOST, PERIOD, PHONES, QUEUE, REMEMBERED, Guest, GuestError, Guests
from gateway.house import House
from gateway.journal import Journal
from gateway.model import Reading
from gateway.plugins import load_drivers
from gateway.profile.phones import Pin
from gateway.profile.site import read
from tests.clock import ManualClock

PIN = "271828"
ROOM = """
[devices.projector]
driver = "pjlink"
link = "tcp://127.0.0.1"

[parts]
display.main = "projector"

[phones]
qr = true
pin = { env = "TEST_ROOM_PIN" }
minutes = 90
"""
HERE = "10.0.0.7"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def guests(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Guests:
    return made(tmp_path, clock, monkeypatch)


def made(folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Guests:
    monkeypatch.setenv("TEST_ROOM_PIN", PIN)
    for room in ("demo", "attic"):
        (folder / f"{room}.toml").write_text(ROOM)
    reading = read(folder, load_drivers())
    assert not reading.complaints, reading.complaints
    house = House(reading.site, Journal(None, clock=clock), clock)
    return Guests(house, Tokens(folder / "tokens.json", clock))


def shows(guests: Guests, power: str, room: str = "demo") -> None:
    """The room's equipment shows this power."""
    guests.rooms[room].room.learn("power", Reading(power, confirmed=True))


def come(guests: Guests, address: str = HERE, room: str = "demo") -> tuple[str, Guest]:
    return guests.by_code(room, guests.code(room)[0], address)


def why(guests: Guests, code: str, address: str = HERE, room: str = "demo") -> str:
    with pytest.raises(GuestError) as refused:
        guests.by_code(room, code, address)
    return refused.value.why


# ---- tokens --------------------------------------------------------------------------------------------------------


def test_a_phone_is_a_panel_of_its_room_alone_and_nothing_is_written(guests: Guests, tmp_path: Path) -> None:
    text, guest = come(guests)
    token = guests.tokens.check(text)
    assert token is guest.token and guests.tokens.holds(token)
    assert (token.role, token.rooms) == ("panel", frozenset({"demo"}))
    assert token.may("command", "demo") and not token.may("read", "attic") and not token.may("history", "demo")
    assert guests.tokens.list() == [] and not (tmp_path / "tokens.json").exists()
    with pytest.raises(ValueError, match="a token's name"):
        guests.tokens.create(token.name, "panel")
    assert text not in repr(guest) and guests.tokens.check(text[:-1]) is None


def test_its_time_is_over_to_the_second(guests: Guests, clock: ManualClock) -> None:
    text, guest = come(guests)
    assert guests.left(guest) == 90 * 60
    clock.advance(90 * 60 - 1)
    assert guests.tokens.check(text) and guests.left(guest) == 1
    clock.advance(1)
    assert guests.tokens.check(text) is None and not guests.tokens.holds(guest.token)
    assert guests.tokens.why_over(text) == guests.tokens.why_over(guest.token) == "time"
    assert guests.everybody() == []


@pytest.mark.parametrize("state", ["off", "cooling"])
def test_the_rooms_power_takes_its_phones_and_its_codes_with_it(guests: Guests, state: str) -> None:
    shows(guests, "on")
    text, _ = come(guests)
    elsewhere, _ = come(guests, room="attic")
    shown, _ = guests.code("demo")
    shows(guests, state)
    assert guests.tokens.check(text) is None and guests.tokens.why_over(text) == "off"
    assert guests.tokens.check(elsewhere), "the other room is on"
    assert why(guests, shown) == "unknown"


def test_what_comes_to_be_known_of_a_room_is_not_its_going_off(guests: Guests) -> None:
    text, _ = come(guests)
    shows(guests, "off")
    assert guests.tokens.check(text)
    shows(guests, "on")
    guests.rooms["demo"].room.learn("power", Reading("on", stale=True))  # its display is away ...
    shows(guests, "off")  # ... and was turned off meanwhile
    assert guests.tokens.check(text) is None


def test_somebody_may_come_into_a_room_that_is_off_and_turn_it_on(guests: Guests) -> None:
    shows(guests, "cooling")
    text, _ = come(guests)
    for state in ("off", "warming", "on"):
        shows(guests, state)
        assert guests.tokens.check(text), state
    shows(guests, "off")
    assert guests.tokens.check(text) is None


def test_one_is_thrown_out_and_the_others_stay(guests: Guests) -> None:
    text, guest = come(guests)
    other, _ = come(guests, "10.0.0.8")
    assert guests.revoke(guest.token.name) and not guests.revoke(guest.token.name)
    assert guests.tokens.check(text) is None and guests.tokens.why_over(text) == "revoked"
    assert guests.tokens.check(other)


def test_a_room_has_so_many_phones_and_memory_is_bounded(guests: Guests) -> None:
    for number in range(MOST):
        come(guests, f"10.0.1.{number}")
    code, _ = guests.code("demo")
    assert why(guests, code) == "full"
    shows(guests, "on")
    shows(guests, "off")
    come(guests)
    for number in range(REMEMBERED + 5):
        guests.revoke(come(guests, f"10.0.{number % 250}.9")[1].token.name)
    assert len(guests.tokens.over) == REMEMBERED and len(guests.tokens.lent) == 1


# ---- codes ---------------------------------------------------------------------------------------------------------


def test_codes_rotate_and_the_last_one_is_good_for_one_period_more(guests: Guests, clock: ManualClock) -> None:
    first, seconds = guests.code("demo")
    assert len(first) == 22 and seconds == PERIOD
    clock.advance(PERIOD - 0.5)
    assert guests.code("demo") == (first, 1.0), "nobody asks twice within a second"
    clock.advance(0.5)
    second, seconds = guests.code("demo")
    assert second != first and seconds == PERIOD
    clock.advance(PERIOD - 0.5)
    guests.by_code("demo", first, "10.0.0.1")
    clock.advance(0.5)
    assert why(guests, first, "10.0.0.2") == "unknown"
    guests.by_code("demo", second, "10.0.0.2")


def test_a_code_lets_a_phone_in_once_and_a_few_phones_in_all(guests: Guests) -> None:
    code, _ = guests.code("demo")
    guests.by_code("demo", code, HERE)
    assert why(guests, code, HERE) == "used"
    for number in range(PHONES - 1):
        guests.by_code("demo", code, f"10.0.1.{number}")
    assert why(guests, code, "10.0.2.1") == "used"
    assert guests.code("demo")[0] != code, "the panel shows another as soon as one was used"


def test_a_code_is_for_its_room(guests: Guests) -> None:
    code, _ = guests.code("demo")
    assert why(guests, code, room="attic") == "unknown"
    guests.by_code("demo", code, HERE)


def test_guessing_codes_is_slowed_and_a_good_one_is_heard_still(guests: Guests) -> None:
    whys = [why(guests, "x" * 22) for _ in range(Guard.TRIES + 1)]
    assert whys == ["unknown"] * Guard.TRIES + ["slow"]
    come(guests)


# ---- PINs ----------------------------------------------------------------------------------------------------------


async def pin(guests: Guests, text: str, address: str = HERE) -> str:
    """`in`, or why not."""
    try:
        await guests.by_pin("demo", text, address)
    except GuestError as error:
        return error.why
    return "in"


async def test_guessing_at_a_pin_is_slowed_and_journaled(guests: Guests, clock: ManualClock) -> None:
    assert await pin(guests, PIN) == "in"
    for _ in range(Guard.TRIES):
        assert await pin(guests, "314159") == "pin"
    assert await pin(guests, PIN) == "slow", "while it waits, not even the right one is looked at"
    clock.advance(Guard.FIRST)
    assert await pin(guests, PIN) == "in"
    journal = guests.rooms["demo"].room.journal
    told = [entry.data for entry in await journal.history("") if entry.subject == "guessing slowed"]
    told += [entry.data for entry in await journal.history("demo") if entry.subject == "guessing slowed"]
    assert sorted((one["what"], one["address"], one["seconds"]) for one in told) == [
        ("PIN", HERE, 10),
        ("PIN", "several addresses", 10),
    ]
    everything = [str(entry) for room in ("", "demo") for entry in await journal.history(room)]
    assert not [entry for entry in everything if "314159" in entry or PIN in entry]


async def test_many_phones_cannot_guess_beside_each_other(guests: Guests, clock: ManualClock) -> None:
    answers = [await pin(guests, f"{number:06}", f"10.1.{number}.1") for number in range(Guard.TRIES + 3)]
    assert answers == ["pin"] * Guard.TRIES + ["slow"] * 3
    assert await pin(guests, PIN, "10.2.0.1") == "slow", "the room waits, whoever asks"
    clock.advance(Guard.FIRST)
    assert await pin(guests, PIN, "10.2.0.1") == "in"
    assert await pin(guests, "000000", "10.2.0.2") == "pin"
    assert await pin(guests, PIN, "10.2.0.3") == "slow", "somebody's right one has not forgiven the room"
    guests.by_code("demo", guests.code("demo")[0], "10.2.0.3")  # the code on the panel goes on


async def test_guesses_at_the_same_moment_are_looked_at_one_by_one(guests: Guests) -> None:
    asked = [pin(guests, f"{number:06}", f"10.1.{number}.1") for number in range(3 * QUEUE)]
    answers = await asyncio.gather(*asked)
    assert answers.count("pin") == Guard.TRIES and answers.count("slow") == 3 * QUEUE - Guard.TRIES


def test_a_pin_is_known_by_a_salted_hash_alone() -> None:
    one, other = Pin(PIN), Pin(PIN)
    assert one.is_(PIN) and not one.is_("271829") and not one.is_("") and not one.is_("２７１８２８")
    assert PIN not in str(vars(one)) and vars(one) != vars(other)


# ---- profiles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "found", "expected"),
    [
        ("[phones]", "", "found neither qr nor pin", 'expected qr = true, or pin = { env = "NAME" }'),
        ('[phones]\nqr = "yes"', "qr", "found 'yes'", "expected true or false"),
        ("[phones]\nqr = true\nminutes = 0", "minutes", "found 0", "expected a number from 1 to 1440"),
        ("[phones]\nqr = true\nminuts = 5", "minuts", "unknown key", "did you mean 'minutes'?"),
        ('[phones]\npin = "271828"', "pin", "found the secret itself", "never the secret"),
        ('[phones]\npin = { env = "TEST_SHORT" }', "pin", "found one that is not made so", "expected 6 to 12 digits"),
        ('[phones]\npin = { env = "TEST_NOTHING" }', "pin", "no TEST_NOTHING", "until it is there"),
        ("phones = true", "phones", "found true", "expected a table"),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, key: str, found: str, expected: str
) -> None:
    monkeypatch.setenv("TEST_SHORT", "98765")
    (tmp_path / "demo.toml").write_text(text + ROOM.partition("[phones]")[0])
    told = read(tmp_path, load_drivers()).complaints
    wanted = [one for one in told if one.key == key and found in one.found and expected in one.expected]
    assert wanted, told
    assert "271828" not in str(told) and "98765" not in str(told)
    assert wanted[0].grave is ("TEST_NOTHING" not in text)


def test_a_public_address_is_an_address(tmp_path: Path) -> None:
    for given, right in (
        ("https://rooms.example.com", True),
        ("http://10.0.0.5:8080/", True),
        ("rooms.example.com", False),
        ("https://rooms.example.com/panel", False),
        ("https://rooms.example.com#x", False),
    ):
        (tmp_path / "site.toml").write_text(f'[server]\naddress = "{given}"\n')
        (tmp_path / "demo.toml").write_text(ROOM.partition("[phones]")[0])
        reading = read(tmp_path, load_drivers())
        assert (not reading.complaints) is right, (given, reading.complaints)
        assert reading.site.server.address == (given.rstrip("/") if right else "")
