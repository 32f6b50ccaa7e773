"""Rooms without a network: what a power command expands to, whatever is known of the parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import LoopClock
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume, StepVolume, Toggle
from gateway.driver import Feedback, Offers
from gateway.expand import expand
from gateway.house import House
from gateway.journal import Journal
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.room import NothingPlays, Room

ROOM = """
[devices.projector]
driver = "pjlink"
link = "tcp://10.0.0.9"
enabled = {enabled}

[devices.codec]
driver = "cisco_roomos"
link = "ws://10.0.0.10"
enabled = {enabled}

[volume]
maximum = 70
default = 30

[parts]
volume = "codec"
camera = "codec"
codec = "codec"

[parts.display.main]
unit = "projector"
default_input = "31"

[sources.laptop]
input = "32"

[power.on]
{on}
[power.off]
{off}
"""


@dataclass
class Bench:
    """A room of two devices that are never connected; what they know is told to them."""

    room: Room
    house: House
    journal: Journal = field(repr=False)

    def tell(self, device: str, **points: Any) -> None:
        self.house.devices[f"room/{device}"].feedback(None, Feedback("", **points))  # type: ignore[arg-type]

    def expansion(self, command: Command) -> dict[str, list[Command]]:
        found: dict[str, list[Command]] = {}
        for part, commands in expand(self.room, command):
            found.setdefault(part.id, []).extend(commands)
        return found


def bench(folder: Path, on: str = "", off: str = "", enabled: bool = False) -> Bench:
    (folder / "room.toml").write_text(ROOM.format(on=on, off=off, enabled=str(enabled).lower()))
    reading = profile.read(folder / "room.toml", load_drivers())
    assert not reading.grave, reading.complaints
    journal = Journal(None, clock=LoopClock())
    house = House(reading.site, journal, LoopClock())
    return Bench(house.rooms["room"], house, journal)


POWER = [
    # the profile's words, what the display tells, what its part is asked
    ("on", "", {}, [SetPower(True)]),
    ("on", "inputs = true\n", {"power": "off"}, [SetPower(True), SelectInput("31")]),
    ("on", 'source = "laptop"\n', {"power": "off"}, [SetPower(True), SelectInput("32")]),
    ("on", 'source = "laptop"\ninputs = true\n', {"power": "on", "input": "32"}, [SetPower(True), SelectInput("32")]),
    ("on", 'source = "laptop"\ndisplays = "keep"\n', {"power": "off"}, [SetPower(True), SelectInput("32")]),
    ("on", 'source = "laptop"\ndisplays = "keep"\n', {"power": "on", "input": "31"}, [SelectInput("32")]),
    ("off", "", {"power": "on", "input": "32"}, [SelectInput("31"), SetPower(False)]),
    ("off", "", {"power": "on", "input": "31"}, [SetPower(False)]),
    ("off", "", {"power": "off", "input": "32"}, [SetPower(False)]),
    ("off", "", {}, [SetPower(False)]),
    ("off", 'displays = "keep"\ninputs = false\n', {"power": "on", "input": "32"}, None),
]


@pytest.mark.parametrize(("way", "words", "known", "asked"), POWER)
async def test_a_display_takes_its_input_only_while_it_is_on(
    tmp_path: Path, way: str, words: str, known: Mapping[str, Any], asked: list[Command] | None
) -> None:
    held = bench(tmp_path, **{way: words})
    if known:
        held.tell("projector", **known)
    assert held.expansion(SetPower(way == "on")).get("display.main") == asked


async def test_off_means_the_default_volume_and_what_the_profile_adds(tmp_path: Path) -> None:
    held = bench(tmp_path, off="video_mute = true\nvolume = 20\n")
    asked = held.expansion(SetPower(False))
    assert asked["volume"] == [SetVolume(20), SetMute(False)] and asked["codec"] == [SetPower(False)]
    assert asked["camera"] == [SetVideoMute(True)]
    held.house.devices["room/codec"].offer(Offers("", frozenset({SetVolume})))  # a codec with nothing but a volume
    assert {part: [*commands] for part, commands in held.expansion(SetPower(False)).items()} == {
        "volume": [SetVolume(20)],
        "display.main": [SetPower(False)],
    }


async def test_what_fails_keeps_nothing_from_being_done_but_what_did_not_wake_is_spared(tmp_path: Path) -> None:
    held = bench(tmp_path, on='source = "laptop"\n')
    ticket = held.room.submit(SetPower(True))
    assert [(part, child.command.verb) for part, child in ticket.children] == [  # type: ignore[attr-defined]
        ("codec", "power"),
        ("display.main", "power"),
    ]
    assert ticket.outcome is not None and ticket.outcome.words == "2 of 2 parts did not"
    held.tell("projector", power="on", input="32")
    off = held.room.submit(SetPower(False))
    asked = [child.command for part, child in off.children if part == "display.main"]  # type: ignore[attr-defined]
    assert asked == [SelectInput("31"), SetPower(False)]  # off goes out whatever became of the input


async def test_the_room_power_is_what_its_displays_tell(tmp_path: Path) -> None:
    held = bench(tmp_path)
    room = held.room
    assert room.own("power").value is None
    for power, told in (
        ("warming", "warming"),
        ("on", "on"),
        ("cooling", "cooling"),
        ("off", "off"),
        ("standby", "off"),
    ):
        held.tell("projector", power=power)
        assert room.own("power").value == told and room.own("power").status == "confirmed"
    held.tell("projector", power="on", input="32")
    assert room.own("source").value == "laptop"
    held.tell("projector", input="31")
    assert room.own("source").value is None


async def test_steps_begin_where_the_volume_is_going(tmp_path: Path) -> None:
    held = bench(tmp_path, enabled=True)  # connecting: what is asked waits
    held.tell("codec", volume=40)
    room = held.room
    first = room.submit(StepVolume(5))
    second = room.submit(StepVolume(5))
    third = room.submit(StepVolume(100))
    assert [ticket.command for ticket in (first, second, third)] == [SetVolume(45), SetVolume(50), SetVolume(70)]
    assert first.outcome is not None and first.outcome.result == "superseded"
    for ticket in (first, second, third):
        if ticket.timer:
            ticket.timer.cancel()


async def test_what_is_not_known_is_not_turned_over(tmp_path: Path) -> None:
    held = bench(tmp_path)
    for what in ("power", "mute", "video-mute"):
        with pytest.raises(NothingPlays, match="not known"):
            held.room.submit(Toggle(what))
    with pytest.raises(NothingPlays, match="nothing in this room plays mic-mute"):
        held.room.submit(Toggle("mic-mute"))
    assert all(ticket.outcome is not None for _, ticket in held.room.commands.values())
    with pytest.raises(ValueError, match="maximum volume is 70"):
        held.room.submit(SetVolume(71))
