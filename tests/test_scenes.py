"""Scenes and the call for help: read with care, run part by part, told to everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import scenes
from gateway.clock import LoopClock
from gateway.commands import (
    CallForHelp,
    Command,
    Move,
    RunScene,
    SelectInput,
    SetMicMute,
    SetMute,
    SetVolume,
)
from gateway.driver import Feedback, Offers
from gateway.house import House
from gateway.journal import Journal
from gateway.model import Result
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.report import outcome_of, state
from gateway.room import Room

ROOM = """
[devices.projector]
driver = "pjlink"
link = "tcp://10.0.0.9"
[devices.codec]
driver = "cisco_roomos"
link = "ws://10.0.0.10"
[devices.relays]
driver = "global_cache"
link = "tcp://10.0.0.11"
[volume]
maximum = 70
[parts]
volume = "codec"
mics = "codec"
[parts.display.main]
unit = "projector"
[parts.screen.left]
wiring = "hold"
up = "relays/1:1"
down = "relays/1:2"
seconds_up = 18
seconds_down = 16
[sources.laptop]
input = "32"
"""
FILM = """
[scenes.film]
label = "Film night"
steps = [
  { do = "source", source = "laptop" },
  { do = "volume", level = 40 },
  { do = "mute", on = false },
  { do = "mic-mute", on = true },
  { do = "move", part = "screen.left", direction = "down" },
  { do = "video-mute", part = "display.main", on = false },
]
"""


def read(folder: Path, text: str) -> profile.Reading:
    (folder / "room.toml").write_text(ROOM + text)
    return profile.read(folder / "room.toml", load_drivers())


def room_of(folder: Path, text: str = FILM) -> tuple[Room, House]:
    reading = read(folder, text)
    assert not reading.complaints, reading.complaints
    house = House(reading.site, Journal(None, clock=LoopClock()), LoopClock())
    return house.rooms["room"], house


async def test_a_scene_is_its_parts_commands_in_order_and_wakes_what_it_shows(tmp_path: Path) -> None:
    room, _ = room_of(tmp_path)
    asked: dict[str, list[Command]] = {part.id: list(commands) for part, commands in scenes.chains(room, "film")}
    assert [type(command).__name__ for command in asked.pop("display.main")] == [
        "SetPower",
        "SelectInput",
        "SetVideoMute",
    ]
    assert asked == {
        "volume": [SetVolume(40), SetMute(False)],
        "mics": [SetMicMute(True)],
        "screen.left": [Move("down")],
    }
    assert state(room)["scenes"] == {"film": {"label": "Film night"}}


async def test_it_runs_with_its_id_as_the_cause_and_one_outcome_a_step(tmp_path: Path) -> None:
    room, house = room_of(tmp_path)
    for device in house.devices.values():
        device.online, device.reason = False, None  # connecting: what is asked waits
    projector = house.devices["room/projector"]
    projector.feedback(None, Feedback("", power="on", input="31"))  # type: ignore[arg-type]
    house.devices["room/codec"].offer(Offers("", frozenset({SetVolume, SetMute})))
    ticket = room.submit(RunScene("film"), cause="token:panel")
    under_way = [child for _, child in ticket.children]  # type: ignore[attr-defined]
    assert {child.cause for child in under_way} == {ticket.id} and ticket.cause == "token:panel"
    first = {part: child.command for part, child in ticket.children}  # type: ignore[attr-defined]
    assert first == {
        "display.main": SelectInput("32"),
        "volume": SetVolume(40),
        "mics": SetMicMute(True),
        "screen.left": Move("down"),
    }
    told = outcome_of("", ticket)
    mics = next(part for part in told["parts"] if part["part"] == "mics")
    assert mics["result"] == "refused" and "does not offer mic-mute" in mics["words"]
    for device in house.devices.values():  # nothing was ever connected: all that waits ends, and so does the scene
        for waiting in list(device.waiting):
            device.end(waiting, device._offline())
        for waiting in list(device.waiting):
            device.end(waiting, device._offline())
    for composite in house.composites:
        composite.close()
    for _, child in ticket.children:  # type: ignore[attr-defined]
        if child.outcome is None:
            child.settle(projector._offline(), 0.0)
    assert ticket.outcome is not None and not ticket.outcome.good
    assert len(outcome_of("", ticket)["parts"]) == 6


async def test_a_scene_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    room, _ = room_of(tmp_path)
    with pytest.raises(ValueError, match="no scene 'flim'; it has: film"):
        room.submit(RunScene("flim"))


MISTAKES = [
    ('{ do = "volum" }', "[scenes.x.steps[1]] do: found 'volum'; did you mean 'volume'?"),
    ('{ do = "volume", level = 90 }', "level: found 90; this room's maximum volume is 70"),
    ('{ do = "volume", level = 900 }', "level is from 0 to 100, not 900"),
    ('{ do = "volume", level = "x" }', "level: found 'x'; expected a whole number"),
    ('{ do = "volume" }', "level: missing; expected a whole number"),
    ('{ do = "mute", on = 1 }', "on: found 1; expected true or false"),
    ('{ do = "volume", level = 4, levle = 5 }', "levle: unknown key; did you mean 'level'?"),
    ('{ do = "move", direction = "down" }', "part: missing; expected one of: screen.left"),
    ('{ do = "move", part = "screen.lef", direction = "up" }', "no part 'screen.lef'; did you mean 'screen.left'?"),
    ('{ do = "move", part = "screen.left", direction = "dwon" }', "found 'dwon'; did you mean 'down'?"),
    ('{ do = "volume", part = "screen.left", level = 4 }', "a screen does not take 'volume'; it takes: move"),
    ('{ do = "dial", address = "a@example.com" }', "nothing in this room plays 'dial'; it takes: "),
    ('{ do = "source", source = "latpop" }', "no source 'latpop'; did you mean 'laptop'?"),
    ('{ do = "toggle", what = "mute" }', "it turns nothing over"),
    ('{ do = "step", by = 5 }', "it takes no step"),
    ('{ do = "scene", scene = "x" }', "a scene runs no other scene"),
    ('{ do = "help" }', "help is called for by a person"),
    ('{ do = "search", text = "x" }', "do: found 'search'"),
    ('{ do = "show-key", key = "x" }', "do: found 'show-key'"),
    ("5", "steps[1]: found 5; expected a table"),
]


@pytest.mark.parametrize(("step", "words"), MISTAKES)
def test_a_mistake_is_said_where_it_stands(tmp_path: Path, step: str, words: str) -> None:
    reading = read(tmp_path, f"[scenes.x]\nsteps = [{step}]\n")
    assert [complaint.grave for complaint in reading.complaints] == [True], reading.complaints
    assert words in str(reading.complaints[0]) and "scenes.x" in str(reading.complaints[0])


def test_a_part_that_could_not_be_read_is_complained_of_once(tmp_path: Path) -> None:
    text = '[parts.shade.window]\nunit = "nowhere"\n[scenes.x]\n'
    steps = (
        'steps = [{ do = "move", part = "shade.window", direction = "up" },'
        ' { do = "tilt", part = "shade.window", percent = 4 }]'
    )
    assert len(read(tmp_path, text + steps).complaints) == 1
    assert "steps: found an empty list" in str(read(tmp_path, "[scenes.x]\nsteps = []\n").complaints[0])
    assert "steps: missing" in str(read(tmp_path, "[scenes.x]\n").complaints[0])


def test_a_secret_of_a_step_is_named_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        '[parts]\ncalls = "codec"\n[scenes.x]\nsteps = [{ do = "join", service = "webex", number = "1",'
        ' passcode = { env = "CODE" } }]\n'
    )
    whole = ROOM.replace('mics = "codec"', 'mics = "codec"\ncalls = "codec"') + text.replace(
        '[parts]\ncalls = "codec"\n', ""
    )
    (tmp_path / "room.toml").write_text(whole)
    monkeypatch.setenv("CODE", "1234")
    reading = profile.read(tmp_path / "room.toml", load_drivers())
    assert not reading.complaints
    assert reading.site.rooms["room"].scenes["x"].steps[0].command.passcode == "1234"  # type: ignore[attr-defined]
    monkeypatch.delenv("CODE")
    reading = profile.read(tmp_path / "room.toml", load_drivers())
    assert [complaint.grave for complaint in reading.complaints] == [False]
    assert "the environment has no CODE" in str(reading.complaints[0])


async def test_a_call_for_help_reaches_everybody(tmp_path: Path) -> None:
    room, _ = room_of(tmp_path, "")
    alone = room.submit(CallForHelp())
    assert alone.outcome is not None and alone.outcome.result is Result.ASSUMED
    assert "nobody listens" in alone.outcome.words
    mailbox = room.listen()
    ticket = room.submit(CallForHelp("No sound"), cause="key:touch/help")
    assert ticket.outcome is not None and ticket.outcome.result is Result.ASSUMED
    (told,) = mailbox.events
    assert (told["event"], told["what"], told["text"]) == ("alert", "help", "No sound")
    assert list(room.events)[-1] == told  # kept for those who come back


def test_help_in_words_is_short_and_plain() -> None:
    with pytest.raises(ValueError, match="control characters"):
        CallForHelp("a\nb")
    with pytest.raises(ValueError, match="1 to 500"):
        CallForHelp("x" * 501)
    assert CallForHelp() == CallForHelp("")
