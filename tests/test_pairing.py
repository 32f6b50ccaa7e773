"""Panels with a code: who is let in, once, into one room; and that nobody can fill the house by asking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.auth import Tokens
from gateway.clock import Timer
from gateway.pairing import ALPHABET, LENGTH, LIFE, MOST, MOST_FROM_ONE, PairingError, Pairings, tidy


class StillClock:
    """A clock that a test sets by hand; nobody here waits for it."""

    time = 1000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000.0 + self.time

    def at(self, when: float, then: Callable[[], None]) -> Timer:
        raise AssertionError("nobody here waits")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def pairings(tmp_path: Path, clock: StillClock) -> Pairings:
    return Pairings(Tokens(tmp_path / "tokens.json", clock), clock)


def test_a_panel_shows_a_code_and_fetches_its_token_once(pairings: Pairings) -> None:
    waiting, secret = pairings.begin("10.0.0.7", "Chrome\n on  a panel")
    assert len(waiting.code) == LENGTH and set(waiting.code) <= set(ALPHABET)
    assert waiting.agent == "Chrome on a panel"
    assert pairings.collect(secret) is waiting and not waiting.token
    assert pairings.find(f" {waiting.code[:3].lower()}-{waiting.code[3:]} ") is waiting
    name = pairings.let_in(waiting, "boardroom")
    assert pairings.waiting() == []
    held = pairings.collect(secret)
    assert held is not None and held.room == "boardroom"
    token = pairings.tokens.check(held.token)
    assert token is not None and (token.name, token.role, token.rooms) == (name, "panel", frozenset({"boardroom"}))
    assert pairings.collect(secret) is None, "a token is fetched once"


def test_a_secret_and_a_token_stand_in_no_repr(pairings: Pairings) -> None:
    waiting, secret = pairings.begin("10.0.0.7")
    pairings.let_in(waiting, "boardroom")
    assert secret not in repr(waiting) and waiting.token not in repr(waiting)


def test_a_code_runs_out_after_ten_minutes(pairings: Pairings, clock: StillClock) -> None:
    waiting, secret = pairings.begin("10.0.0.7")
    clock.time += LIFE - 1
    assert pairings.find(waiting.code)
    clock.time += 1
    assert pairings.find(waiting.code) is None and pairings.collect(secret) is None
    with pytest.raises(PairingError, match="no panel waits"):
        pairings.reject(waiting.code)


def test_one_address_keeps_no_more_than_its_newest_codes(pairings: Pairings) -> None:
    mine = [pairings.begin("10.0.0.7")[0].code for _ in range(MOST_FROM_ONE + 3)]
    other = pairings.begin("10.0.0.8")[0].code
    assert [held.code for held in pairings.waiting()] == [*mine[3:], other]


def test_a_crowd_is_refused_and_nobody_who_waits_is_pushed_out(pairings: Pairings) -> None:
    codes = [pairings.begin(f"10.0.{number}.1")[0].code for number in range(MOST)]
    with pytest.raises(PairingError, match="too many"):
        pairings.begin("10.1.0.1")
    assert [held.code for held in pairings.waiting()] == codes


def test_a_panel_that_is_turned_away_is_forgotten(pairings: Pairings) -> None:
    waiting, secret = pairings.begin("10.0.0.7")
    pairings.reject(waiting.code)
    assert pairings.collect(secret) is None
    with pytest.raises(PairingError):
        pairings.reject(waiting.code)


def test_an_approved_code_is_worth_nothing_to_the_next_who_types_it(pairings: Pairings) -> None:
    waiting, _ = pairings.begin("10.0.0.7")
    pairings.let_in(waiting, "boardroom")
    assert pairings.find(waiting.code) is None
    with pytest.raises(PairingError):
        pairings.reject(waiting.code)


def test_a_name_that_is_taken_leaves_the_panel_waiting(pairings: Pairings) -> None:
    pairings.tokens.create("wall", "panel", ["lab"])
    waiting, _ = pairings.begin("10.0.0.7")
    with pytest.raises(ValueError, match="there is a token named wall already"):
        pairings.let_in(waiting, "boardroom", "wall")
    assert pairings.find(waiting.code) is waiting


def test_what_people_type_is_forgiven() -> None:
    assert tidy(" ab c-9x!z7 ") == "ABC9XZ"
