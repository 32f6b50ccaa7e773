"""The line door: what a string means, who is heard, and that nothing said there breaks anything."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.commands import (
    CallForHelp,
    Command,
    Dial,
    Move,
    MoveCamera,
    RunScene,
    SelectSource,
    SetMute,
    SetPosition,
    SetPower,
    SetVolume,
    StepVolume,
    Stop,
    Toggle,
)
from gateway.lines import CLIENTS, LineDoor, wish, words
from gateway.meetverbs import JoinMeeting
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.profile.linespec import LinesSpec
from gateway.spec import PartSpec
from tests.test_scenes import FILM
from tests.test_scenes import read as read_room
from tests.test_surfacehost import Bench, bench

HERE = ("127.0.0.0/8",)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, PartSpec]:
    return read_room(tmp_path_factory.mktemp("room"), FILM).site.rooms["room"].parts


WISHES: list[tuple[str, Command, str]] = [
    ("volume 40", SetVolume(40), ""),
    ("volume.40", SetVolume(40), ""),
    ("step -3", StepVolume(-3), ""),
    ("volume mute on", SetMute(True), "volume"),
    ("mute off", SetMute(False), ""),
    ("toggle mic-mute", Toggle("mic-mute"), ""),
    ("power on", SetPower(True), ""),
    ("POWER.OFF", SetPower(False), ""),
    ("source laptop", SelectSource("laptop"), ""),
    ("scene film", RunScene("film"), ""),
    ("screen left down", Move("down"), "screen.left"),
    ("screens left move UP", Move("up"), "screen.left"),
    ("screen.left.position.50", SetPosition(50), "screen.left"),
    ("screen left stop", Stop(), "screen.left"),
    ("display main power off", SetPower(False), "display.main"),
    ("display main off", SetPower(False), "display.main"),
    ("dial far.end@example.com sip", Dial("far.end@example.com", "sip"), ""),
    ("help no sound from the far end", CallForHelp("no sound from the far end"), ""),
    ("aim left", MoveCamera("left"), ""),
    ("join-meeting", JoinMeeting(), ""),
]


@pytest.mark.parametrize(("line", "command", "part"), WISHES)
def test_what_a_line_means(parts: Mapping[str, PartSpec], line: str, command: Command, part: str) -> None:
    assert wish(parts, words(line), " " not in line) == (command, part)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "say what to do"),
        ("dance", "'dance' is no action"),
        ("volume", "volume needs level"),
        ("volume loud", "'loud' is no number"),
        ("volume 40 50", "volume takes 1 words after it, not 2"),
        ("mute maybe", "'maybe' is neither on nor off"),
        ("screen lfet down", "no screen 'lfet'; there is: left"),
        ("screen left sideways", "'sideways' is none of: up, down"),
        ("search x", "'search' is no action"),
        ("show-key 1", "'show-key' is no action"),
        ("volume 400", "level is from 0 to 100"),
        ("SPO01SI04", "no output is unit '1'; there is: none"),
    ],
)
def test_what_is_said_of_one_that_means_nothing(parts: Mapping[str, PartSpec], line: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".+") as told:
        wish(parts, words(line), " " not in line)
    assert said in str(told.value)


@contextlib.asynccontextmanager
async def door(folder: Path, **given_: object) -> AsyncIterator[tuple[Bench, LineDoor]]:
    async with bench(folder) as held:
        spec = LinesSpec(**{"port": 0, "allow": HERE, **given_})  # type: ignore[arg-type]
        async with LineDoor(held.house, spec).open() as opened:
            yield held, opened


@contextlib.asynccontextmanager
async def client(opened: LineDoor) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def say(opened: LineDoor, sent: bytes, answers: int) -> list[str]:
    async with client(opened) as (reader, writer):
        writer.write(sent)
        async with asyncio.timeout(5):
            return [(await reader.readuntil(b"\r\n")).decode().strip() for _ in range(answers)]


async def test_lines_end_as_they_like_and_are_answered_in_order(tmp_path: Path) -> None:
    async with door(tmp_path) as (held, opened):
        sent = b"room volume 40\rroom.volume.50\nroom mute on\r\nnowhere volume 1\r\n\r\nroom get volume.volume\r"
        found = await say(opened, sent, 5)
        assert found[:2] == ["ERROR superseded a newer command took its place", "OK confirmed"]
        assert found[2].startswith("ERROR volume does not take mute") and found[3] == "ERROR there is no room 'nowhere'"
        assert found[4].startswith("OK ")
        assert {cause for _, cause in held.asked()} == {"line:127.0.0.1"}
        assert await say(opened, b"room get volume.volume\rroom.get.volume.muted\rroom get x.y\r", 3) == [
            "OK 50",
            "OK off",
            "ERROR there is no point 'x.y'",
        ]


async def test_one_that_closes_without_reading_is_heard_all_the_same(tmp_path: Path) -> None:
    async with door(tmp_path) as (held, opened):
        async with client(opened) as (_, writer):
            writer.write(b"room volume 41\rroom volume 4")  # half a line is none
        await held.far.until(lambda: "volume 41" in held.far.heard)
        assert "volume 4" not in held.far.heard


async def test_a_key_of_a_surface_is_pressed_by_its_name_or_its_place(tmp_path: Path) -> None:
    async with door(tmp_path) as (held, opened):
        assert await say(
            opened, b"room key touch louder\rroom.key.touch.1\rroom key touch 9\rroom key deck 1\r", 4
        ) == [
            "OK",
            "OK",
            "ERROR no key '9' on 'touch'",
            "ERROR no surface 'deck'; there is: touch",
        ]
        await held.far.until(lambda: "volume 36" in held.far.heard)
        presses = [event for event in held.room.events if event["event"] == "press"]
        assert [(event["key"], event["edge"]) for event in presses] == [("louder", "tap"), ("louder", "tap")]


async def test_only_those_on_the_list_are_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with door(tmp_path, allow=("10.0.4.0/24", "2001:db8::/32")) as (held, opened):
        for _ in range(2):
            async with client(opened) as (reader, writer):
                writer.write(b"room volume 40\r")
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
        assert held.asked() == [] and caplog.text.count("may not send lines") == 1
        assert opened.may("10.0.4.7") and opened.may("::ffff:10.0.4.7") and opened.may("2001:db8::1")
        assert not opened.may("10.0.5.7") and not opened.may("") and not opened.may("::1")


async def test_the_password_stands_before_the_line_or_alone_and_is_not_guessed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with door(tmp_path, password="open") as (held, opened):
        assert await say(opened, b"open room volume 40\rroom get room.power\r", 2) == ["OK confirmed", "OK unknown"]
        assert await say(opened, b"open\rroom get volume.volume\r", 2) == ["OK", "OK 40"]
        assert await say(opened, b"room volume 60\r", 1) == ["ERROR the password is not right"]
        wrong = await say(opened, b"guess room volume 60\r" * 12 + b"open room volume 60\r", 13)
        assert set(wrong) == {"ERROR the password is not right"}  # too many: not even the right one is looked at
        assert [command for command, _ in held.asked()] == [SetVolume(40)]
        assert "open" not in caplog.text


async def test_too_much_too_long_and_too_many_end_quietly(tmp_path: Path) -> None:
    async with door(tmp_path) as (held, opened):
        async with client(opened) as (reader, writer):
            writer.write(b"x" * 5000)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
        assert (await say(opened, b"room volume " + b"4" * 600 + b"\r", 1))[0].startswith("ERROR a line is at most")
        async with contextlib.AsyncExitStack() as ends:
            for _ in range(CLIENTS):
                reader, writer = await ends.enter_async_context(client(opened))
                writer.write(b"room get volume.volume\r")
                await reader.readuntil(b"\n")
            reader, _ = await ends.enter_async_context(client(opened))
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
        assert (await say(opened, b"room get volume.volume\r", 1)) == ["OK 30"]
        assert held.asked() == []


ROWS = st.lists(st.sampled_from(["screen", "left", "volume", "40", "on", "key", "get"])).map(" ".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80) | ROWS)
def test_any_line_is_a_wish_or_a_complaint(parts: Mapping[str, PartSpec], text: str) -> None:
    try:
        command, part = wish(parts, words(text), " " not in text)
    except ValueError as error:
        assert str(error)
    else:
        assert command.public and (not part or part in parts)


MISTAKES = [
    ("[lines]\nport = 4998", "allow: missing; expected a list"),
    ("[lines]\nport = 4998\nallow = []", "allow: found an empty list"),
    ('[lines]\nport = 4998\nallow = ["10.0.4.0/33"]', "allow[1]: found '10.0.4.0/33'; expected an address"),
    ('[lines]\nport = 4998\nallow = ["10.0.4.0/24", 5.5]', "allow[2]: found 5.5"),
    ('[lines]\nallow = ["10.0.4.0/24"]', "port: missing"),
    ('[lines]\nport = 4998\nallow = ["10.0.4.7"]\npassword = "x"', "password: found the secret itself"),
    ('[lines]\nport = 4998\nallow = ["10.0.4.7"]\nalow = 3', "alow: unknown key; did you mean 'allow'?"),
]


def read(folder: Path, text: str) -> profile.Reading:
    (folder / "site.toml").write_text(text)
    (folder / "a.toml").write_text('[devices.p]\ndriver = "pjlink"\nlink = "tcp://10.0.0.9"\n')
    return profile.read(folder, load_drivers())


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_in_the_site_is_said(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(map(str, read(tmp_path, text).complaints))


def test_it_is_off_unless_the_site_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(tmp_path, 'name = "x"').site.lines is None
    good = '[lines]\nport = 4998\nhost = "0.0.0.0"\nallow = ["10.0.4.0/24"]\npassword = { env = "DOOR_PASSWORD" }\n'
    assert read(tmp_path, good).site.lines is None  # a password that is not there lets nobody in
    monkeypatch.setenv("DOOR_PASSWORD", "open")
    assert read(tmp_path, good).site.lines == LinesSpec(4998, "0.0.0.0", ("10.0.4.0/24",), "open")
    assert "open" not in repr(read(tmp_path, good).site.lines)
