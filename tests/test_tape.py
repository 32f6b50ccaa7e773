"""Tapes: bounded by bytes, and without secrets however they pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.commands import SendDtmf, SetVolume
from gateway.driver import (
    Datagram,
    Feedback,
    HttpReply,
    HttpRequest,
    Item,
    Refused,
    Request,
    SnmpGet,
    SnmpReply,
    SnmpSet,
    SnmpWalk,
)
from gateway.tape import MASK, Budget, Entry, Follower, Tape, as_json, decode, encode

# ---- bytes ------------------------------------------------------------------------------------------------------


def test_the_oldest_entries_are_dropped_first() -> None:
    tape = Tape()
    for number in range(2000):
        tape.note(number, "in", "received", b"x" * 100, 0, "main")
    assert tape.bytes <= 64 * 1024
    assert tape.bytes == sum(size for _, size in tape.entries)
    assert tape.dropped + len(tape.entries) == 2000 and tape.entries[-1][0][0] == 1999
    assert len(tape.entries) > 100


def test_many_devices_share_the_gateways_bytes() -> None:
    budget = Budget(total=100_000, each=64_000)
    tapes = [Tape(budget) for _ in range(10)]
    for tape in tapes:
        for number in range(500):
            tape.note(number, "in", "received", b"x" * 100, 0, "main")
    assert sum(tape.bytes for tape in tapes) <= 100_000
    assert all(tape.entries for tape in tapes)
    for tape in tapes[1:]:
        tape.close()
    for number in range(500):
        tapes[0].note(number, "in", "received", b"x" * 100, 0, "main")
    assert 50_000 < tapes[0].bytes <= 64_000


def test_quiet_messages_are_counted_in_one_entry_for_each_run() -> None:
    tape = Tape(secrets=["hush-hush"])
    told: list[Entry] = []
    tape.listeners.append(told.append)
    tape.note(0.0, "in", "received", b"KEY", 0, "main", line=1)
    for number in range(600):
        tape.count(number / 10, b"PING hush-hush", 1, line=1)
        tape.count(number / 10, b"PING", 1, line=2)  # another connection's come between
    assert len(tape.entries) == 3 and len(told) == 1, "and listeners are told at the end of a run"
    tape.note(60.0, "in", "received", b"KEY", 0, "main", line=1)
    lines = [as_json(entry) for entry, _ in tape.entries]
    assert lines[1] == {"t": 0.0, "in": "quiet", "with": [{"bytes": "PING ***"}, 600, 600, 59.9], "line": 1}
    assert [entry[2] for entry in told] == ["received", "quiet", "received"] and told[1] is tape.entries[1][0]
    tape.count(60.1, b"PING", 1, line=1)
    assert [entry[2] for entry, _ in tape.entries] == ["received", "quiet", "quiet", "received", "quiet"]


def test_a_run_that_is_pushed_out_goes_on_where_it_can_be_seen() -> None:
    tape = Tape()
    tape.count(0.0, b"PING", 1, line=1)
    for number in range(2000):
        tape.note(number, "in", "received", b"x" * 100, 0, "main", line=2)
    tape.count(2000.0, b"PING", 1, line=1)
    assert tape.entries[-1][0][2] == "quiet" and as_json(tape.entries[-1][0])["with"][1] == 1
    assert tape.bytes == sum(size for _, size in tape.entries)


async def test_a_follower_that_is_too_slow_is_told_how_much_it_lost() -> None:
    tape = Tape()
    follower = Follower(tape, entries=3)
    for number in range(7):
        tape.note(number, "in", "due", "x")
    assert [(await follower.next())[0] for _ in range(2)] == [0, 1]  # type: ignore[index]
    tape.note(7, "in", "due", "x")
    assert [as_json(one) for one in iter(follower.take, None)] == [
        {"t": 2, "in": "due", "with": ["x"]},
        {"missed": 4},
        {"t": 7, "in": "due", "with": ["x"]},
    ]
    follower.close()
    assert tape.listeners == []


async def test_a_follower_is_bounded_by_bytes_too() -> None:
    tape = Tape()
    follower = Follower(tape, size=10_000)
    for _ in range(100):
        tape.note(0, "in", "received", b"x" * 1000, 0, "main")
    *kept, missed = follower.waiting
    assert isinstance(missed, int) and len(kept) + missed == 100 and len(kept) > 5 and follower.bytes < 10_000
    while follower.take() is not None:
        pass
    assert follower.bytes == 0


def test_one_enormous_entry_pushes_out_nothing() -> None:
    tape = Tape()
    told: list[Any] = []
    tape.listeners.append(told.append)
    tape.note(0, "in", "received", b"small", 0, "main")
    tape.note(1, "in", "received", b"x" * 1_000_000, 0, "main")
    assert [entry[0] for entry, _ in tape.entries] == [0] and tape.dropped == 1
    assert len(told) == 2  # a tape file has it all


LARGE: list[Any] = [
    HttpReply(200, {"server": "x" * 5000}, b"x" * 5000),
    HttpRequest("GET", "/", {"cookie": "x" * 5000}, b"x" * 5000),
    SnmpReply({f"1.3.6.1.{number}": "x" * 90 for number in range(100)}),
    Datagram(b"x" * 10_000),
    Feedback("", name="x" * 10_000),
    Item(Request("c1", SetVolume(1)), {"name": "x" * 10_000}),
]


@pytest.mark.parametrize("value", LARGE, ids=lambda value: type(value).__name__)
def test_what_links_and_drivers_carry_is_counted_by_its_size(value: Any) -> None:
    tape = Tape()
    tape.note(0, "in", "received", value)
    assert 10_000 <= tape.bytes <= 30_000


# ---- secrets ----------------------------------------------------------------------------------------------------


def written(tape: Tape) -> str:
    return "\n".join(json.dumps(as_json(entry), ensure_ascii=False) for entry, _ in tape.entries)


def test_the_settings_secrets_are_masked_wherever_and_however_they_pass() -> None:
    secret = 'pä"ss/wörd'
    tape = Tape(secrets=[secret, ""])
    body = json.dumps({"password": secret}).encode()
    tape.note(0, "out", "send", f"login {secret}\r".encode(), 1, "main")
    tape.note(0, "out", "send", HttpRequest("GET", "/?p=p%C3%A4%22ss%2Fw%C3%B6rd", {"auth": secret}, body), 2, "main")
    tape.note(0, "in", "received", HttpReply(200, {"x-echo": secret}, b"you said " + body), 2, "main")
    tape.note(0, "in", "received", SnmpReply({"1.3": secret}, secret), 3, "main")
    tape.note(0, "in", "received", Datagram(secret.encode(), ("10.0.0.1", 9)), 0, "side")
    tape.note(0, "out", "feedback", Feedback("", name=f"named {secret}"))
    tape.note(0, "out", "action", Refused(Request("c1", SetVolume(1)), f"{secret} is wrong"))
    for form in (secret, "ss/w", "ss%2Fw"):
        assert form not in written(tape).encode().decode("unicode_escape") and form not in written(tape)
    assert written(tape).count(MASK) == 11


def test_what_a_driver_hides_is_masked_until_its_exchange_is_over() -> None:
    tape = Tape()
    tape.hide(["42", "a longer secret"])
    tape.note(0, "out", "send", b"pin 42, a longer secret", 1, "main")
    tape.note(0, "in", "received", b"pin 42", 1, "main")
    tape.passed(["42", "a longer secret"])
    tape.note(0, "in", "received", b"volume 42, a longer secret", 0, "main")
    assert [entry[3][0] for entry, _ in tape.entries] == [b"pin ***, ***", b"pin ***", b"volume 42, ***"]
    tape.note(0, "out", "send", HttpRequest("GET", "/a longer secret", {"x-login": "Basic a longer secret"}), 2, "main")
    request = tape.entries[-1][0][3][0]
    assert (request.path, request.headers) == ("/***", {"x-login": "Basic ***"})
    tape.begin()
    tape.note(0, "in", "received", b"a longer secret", 0, "main")
    assert tape.entries[-1][0][3][0] == b"a longer secret"


def test_a_sessions_credentials_are_masked_though_nobody_hid_them() -> None:
    tape = Tape()
    tape.note(0, "in", "received", HttpReply(200, {"set-cookie": "session=abc123; Path=/"}, b""), 1, "main")
    tape.note(
        0, "out", "send", HttpRequest("GET", "/", {"Cookie": "session=abc123", "Authorization": "x y"}), 2, "main"
    )
    assert "abc123" not in written(tape) and "x y" not in written(tape) and "Path=/" in written(tape)


def test_hidden_parts_of_many_lives_do_not_pile_up() -> None:
    tape = Tape()
    for number in range(10_000):
        tape.hide([f"session token {number}"])
    assert len(tape.masked(b"x")) == 1 and len(tape._texts) <= 32


@pytest.mark.parametrize(
    "value",
    [
        b"\x00\xff raw",
        "text",
        HttpRequest("PUT", "/a?b=c", {"x": "y"}, b"\x01"),
        HttpReply(404, {}, b""),
        SnmpGet(("1.3", "1.4")),
        SnmpWalk("1.3.6"),
        SnmpSet((("1.3", 5), ("1.4", "text"))),
        SnmpReply({"1.3": None, "1.4": 5, "1.5": "text"}, "noSuchName"),
        Datagram(b"x", ("10.0.0.1", 4352)),
        Request("c1", SetVolume(40), "unit", 3),
        (1, 2.5, None, True, "x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_into_a_driver_survives_being_written(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


def test_a_secret_argument_is_written_as_a_mask() -> None:
    told = json.dumps(encode(Request("c1", SendDtmf("1234#"))))
    assert "1234" not in told
    again = decode(json.loads(told))
    assert again.command.digits == MASK
