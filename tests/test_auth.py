"""Tokens and the guard: who may what, that a file is never silently empty, and that guessing is slow."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.auth import ROLES, Guard, Permission, Tokens
from gateway.clock import Timer
from gateway.folder import FolderError


class StillClock:
    """A clock that a test sets by hand; nobody here waits for it."""

    time = 1000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000.0

    def at(self, when: float, then: Callable[[], None]) -> Timer:
        raise NotImplementedError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def tokens(path: Path) -> Tokens:
    return Tokens(path, StillClock())


# ---- Tokens --------------------------------------------------------------------------------------------------------


def test_a_token_is_known_by_its_text_alone(tokens: Tokens) -> None:
    text = tokens.create("lobby", "panel", ["lobby", "boardroom"])
    assert re.fullmatch(r"rg_[A-Za-z0-9_-]{43}", text)
    token = tokens.check(text)
    assert token
    assert (token.name, token.role, token.rooms) == ("lobby", "panel", frozenset({"lobby", "boardroom"}))
    assert token.created == "2023-11-14T22:13:20+00:00"
    for wrong in ("", "rg_", text[:-1], text + "x", text.swapcase(), token.digest, "\ud800", "ü", "x" * 1_000_000):
        assert tokens.check(wrong) is None


def test_the_text_is_stored_nowhere(tokens: Tokens, path: Path) -> None:
    text = tokens.create("lobby", "admin")
    assert text[3:] not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert text[3:] not in repr(tokens.list())


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", {"read"}),
        ("panel", {"read", "command"}),
        ("operator", {"read", "command", "history"}),
        ("admin", {"read", "command", "history", "admin"}),
    ],
)
def test_a_role_may_what_the_table_says(tokens: Tokens, role: str, allowed: set[Permission]) -> None:
    token = tokens.check(tokens.create("any", role))
    assert token
    for permission in ROLES["admin"]:
        assert token.may(permission) == (permission in allowed)
        assert token.may(permission, "lobby") == (permission in allowed), "no rooms are all rooms"


def test_rooms_limit_what_belongs_to_a_room(tokens: Tokens) -> None:
    token = tokens.check(tokens.create("any", "operator", "lobby"))
    assert token
    assert token.rooms == {"lobby"}
    assert token.may("command", "lobby")
    assert token.may("read")
    assert not token.may("command", "boardroom")
    assert not token.may("read", "")


@pytest.mark.parametrize(
    ("name", "role", "rooms", "words"),
    [
        ("", "panel", [], "1 to 64 letters"),
        ("x" * 65, "panel", [], "1 to 64 letters"),
        ("front desk", "panel", [], "not 'front desk'"),
        ("empfang\n", "panel", [], "1 to 64 letters"),
        ("K\u212a", "panel", [], "1 to 64 letters"),
        ("any", "superuser", [], "a role is one of viewer, panel, operator, admin, not 'superuser'"),
        ("any", "admin", ["lobby"], "make an operator"),
        ("any", "panel", [""], "must not be empty"),
        ("LOBBY", "panel", [], "there is a token named LOBBY already"),
    ],
)
def test_what_cannot_be_a_token_is_refused_in_words(
    tokens: Tokens, path: Path, name: str, role: str, rooms: list[str], words: str
) -> None:
    tokens.create("Lobby", "panel")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=re.escape(words)):
        tokens.create(name, role, rooms)
    assert path.read_bytes() == before


def test_a_revoked_token_is_worth_nothing_at_once(tokens: Tokens) -> None:
    text, other = tokens.create("Lobby", "panel"), tokens.create("archive", "viewer")
    tokens.revoke("lobby")
    assert tokens.check(text) is None
    assert tokens.check(other)
    with pytest.raises(ValueError, match="there is no token named lobby; there are: archive"):
        tokens.revoke("lobby")
    assert [token.name for token in tokens.list()] == ["archive"]
    assert tokens.create("lobby", "panel") != text


def test_a_running_gateway_takes_up_what_another_process_does(tokens: Tokens, path: Path) -> None:
    tokens.reload_if_changed()
    elsewhere = Tokens(path)
    text = elsewhere.create("late", "panel")
    assert tokens.check(text) is None
    tokens.reload_if_changed()
    assert tokens.check(text)
    elsewhere.revoke("late")
    tokens.reload_if_changed()
    assert tokens.check(text) is None


CREATOR = """
import sys
from pathlib import Path
from gateway.auth import Tokens
tokens = Tokens(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(25):
    print(tokens.create(f"{sys.argv[2]}-{number}", "viewer"))
"""


def test_processes_that_make_tokens_at_once_lose_none(path: Path, tokens: Tokens) -> None:
    commands = [[sys.executable, "-c", CREATOR, str(path), name] for name in "abc"]
    makers = [subprocess.Popen(c, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for c in commands]
    for maker in makers:  # all are ready when each has its line
        assert maker.stdin
        maker.stdin.write("go\n")
        maker.stdin.flush()
    texts = [text for maker in makers for text in maker.communicate()[0].split()]
    tokens.reload_if_changed()
    assert len(texts) == len(tokens.list()) == 75
    assert all(tokens.check(text) for text in texts)


GOOD = {"name": "a", "role": "panel", "rooms": ["x"], "created": "2024", "digest": "0" * 64}
BAD_FILES: dict[str, Any] = {
    "empty": "",
    "cut short": json.dumps({"version": 1, "tokens": [GOOD]})[:-9],
    "not UTF-8": b"\xff\xfe\x00",
    "of another version": {"version": 2, "tokens": []},
    "a list": [GOOD],
    "of texts": {"version": 1, "tokens": ["a"]},
    "with a field too few": {"version": 1, "tokens": [{"name": "a"}]},
    "with a field too many": {"version": 1, "tokens": [GOOD | {"superuser": True}]},
    "with an unknown role": {"version": 1, "tokens": [GOOD | {"role": "root"}]},
    "without rooms": {"version": 1, "tokens": [GOOD | {"rooms": None}]},
    "with a short digest": {"version": 1, "tokens": [GOOD | {"digest": ""}]},
    "with a number for a name": {"version": 1, "tokens": [GOOD | {"name": 7}]},
}


def spoil(path: Path, bad: str) -> None:
    content = BAD_FILES[bad]
    path.write_bytes(content if isinstance(content, bytes) else
                     content.encode() if isinstance(content, str) else json.dumps(content).encode())  # fmt: skip


@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_file_that_is_no_list_of_tokens_is_an_error_that_names_it(path: Path, bad: str) -> None:
    spoil(path, bad)
    with pytest.raises(FolderError, match=re.escape(f"the tokens in {path} cannot be read: ")):
        Tokens(path)
    path.write_text(json.dumps({"version": 1, "tokens": [GOOD]}))
    assert [token.name for token in Tokens(path).list()] == ["a"]


def test_a_running_gateway_keeps_its_tokens_when_the_file_is_spoilt_and_says_so_once(
    tokens: Tokens, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = tokens.create("lobby", "panel")
    good = path.read_bytes()
    spoil(path, "cut short")
    for _ in range(3):
        tokens.reload_if_changed()
        assert tokens.check(text)
    with pytest.raises(FolderError):
        tokens.create("other", "panel")
    assert path.read_bytes() != good, "what somebody may still want to rescue is not overwritten"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    path.write_bytes(good)
    tokens.reload_if_changed()
    assert tokens.create("other", "panel")


def test_a_removed_file_revokes_all_and_is_said(tokens: Tokens, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = tokens.create("lobby", "panel")
    path.unlink()
    for _ in range(3):
        tokens.reload_if_changed()
    assert tokens.check(text) is None
    assert [record.getMessage() for record in caplog.records] == [f"{path} is gone: no token is valid any more."]


def test_a_folder_that_went_away_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    tokens = Tokens(folder / "tokens.json")
    text = tokens.create("lobby", "panel")
    folder.rename(tmp_path / "elsewhere")
    folder.touch()
    for _ in range(3):
        tokens.reload_if_changed()
    assert tokens.check(text)
    assert len(caplog.records) == 1


def test_a_file_that_others_can_write_is_not_believed(tokens: Tokens, path: Path) -> None:
    tokens.create("lobby", "admin")
    path.chmod(0o620)
    with pytest.raises(FolderError, match="other users can write"):
        Tokens(path)


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"tokens\.json\.lock cannot be opened"):
        Tokens(tmp_path / "missing" / "tokens.json").create("lobby", "panel")
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="cannot be read"):
        Tokens(tmp_path / "file" / "tokens.json")


@settings(database=None, deadline=None, max_examples=50)
@given(st.text())
def test_no_text_that_was_not_made_here_is_a_token(text: str) -> None:
    assert Tokens(Path("/nowhere/tokens.json")).check(text) is None


def test_checking_costs_next_to_nothing(tokens: Tokens) -> None:
    """The bound is the mean of the best of many short runs, so that a busy machine does not fail it."""
    texts = [tokens.create(f"panel-{number}", "panel", ["lobby"]) for number in range(20)]
    best = 1.0
    for _ in range(100):
        begun = time.perf_counter()
        for text in texts:
            tokens.check(text)
        best = min(best, (time.perf_counter() - begun) / len(texts))
    assert best < 5e-6


# ---- The guard -----------------------------------------------------------------------------------------------------

HERE, THERE = "192.0.2.7", "192.0.2.8"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def guard(clock: StillClock) -> Guard:
    return Guard(clock)


def fail(guard: Guard, times: int, address: str = HERE) -> None:
    for _ in range(times):
        guard.failed(address)


def test_ten_bad_tokens_within_a_minute_make_that_address_wait(guard: Guard, clock: StillClock) -> None:
    fail(guard, 9)
    assert guard.wait(HERE) == 0
    fail(guard, 1)
    assert guard.wait(HERE) == 10
    assert guard.wait(THERE) == 0
    clock.time += 4
    assert guard.wait(HERE) == 6
    clock.time += 6
    assert guard.wait(HERE) == 0


def test_a_few_mistakes_over_hours_cost_nothing(guard: Guard, clock: StillClock) -> None:
    for _ in range(100):
        fail(guard, 1)
        clock.time += 7
    assert guard.wait(HERE) == 0


def test_the_wait_grows_to_a_quarter_of_an_hour_and_is_forgiven_after_an_hour(guard: Guard, clock: StillClock) -> None:
    fail(guard, 10)
    waits = []
    for _ in range(60):
        waits.append(guard.wait(HERE))
        fail(guard, 50)  # while it has to wait nothing counts
        assert guard.wait(HERE) == waits[-1]
        clock.time += waits[-1]
        fail(guard, 1)
    assert waits[:9] == [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert waits[-1] == 900
    clock.time += 900 + 3601
    fail(guard, 9)
    assert guard.wait(HERE) == 0
    fail(guard, 1)
    assert guard.wait(HERE) == 10


def test_a_good_token_clears_its_address(guard: Guard) -> None:
    fail(guard, 10)
    guard.worked(THERE)
    assert guard.wait(HERE) == 10
    guard.worked(HERE)
    assert guard.wait(HERE) == 0
    fail(guard, 9)
    assert guard.wait(HERE) == 0


def test_an_ipv6_network_counts_as_one_and_a_mapped_address_as_itself(guard: Guard) -> None:
    for number in range(10):
        guard.failed(f"2001:db8:0:1::{number:x}")
        guard.failed(f"::ffff:192.0.2.{number}")
    assert guard.wait("2001:db8:0:1:ffff::1") == 10
    assert guard.wait("2001:db8:0:2::1") == 0
    assert guard.wait("::ffff:192.0.2.1") == 0
    fail(guard, 10, "192.0.2.1")
    assert guard.wait("::ffff:192.0.2.1") == 10
    fail(guard, 10, "fe80::1%eth0")
    assert guard.wait("fe80::2%eth1") == 10
    fail(guard, 10, ":no address:")
    assert guard.wait(":no address:") == 10


def test_memory_is_bounded_and_the_latest_offenders_are_remembered(guard: Guard) -> None:
    fail(guard, 10)
    for number in range(12_000):
        guard.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        if number % 5000 == 0:
            guard.failed(HERE)
    assert len(guard._offenders) == 10_000
    assert guard.wait(HERE) == 10
