"""Choosing a source in rooms with switchers: the way is found from the cables, and told as one command."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import simulators
from gateway.clock import LoopClock
from gateway.commands import Move, Route, SelectInput, SelectSource, SetPower
from gateway.driver import Feedback
from gateway.expand import expand
from gateway.house import House, links_over
from gateway.journal import Journal
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.report import outcome_of, state
from gateway.room import NothingPlays, Room
from tests.drivers.contract import Watcher

# laptop -> desk 3 -> desk out 1 -> hall 2 -> hall out 1 -> main 31; camera -> hall 4; the blu-ray player straight in.
ROOM = """
[devices.desk]
driver = "key_digital"
link = "tcp://10.9.9.1"
poll = 0.2
[devices.hall]
driver = "key_digital"
link = "tcp://10.9.9.2"
poll = 0.2
[devices.projector]
driver = "pjlink"
link = "tcp://10.9.9.3"
poll = 0.2
quick = 0.1
[devices.side]
driver = "pjlink"
link = "tcp://10.9.9.4"
[devices.motors]
driver = "draper"
link = "tcp://10.9.9.5:4999"
reference = "top"
quick = 0.1

[parts]
display.side = "side"
screen.front = "motors/1"
signal.laptop = "desk/in/3"

[parts.display.main]
unit = "projector"
screen = "front"

[parts.output.tie]
unit = "desk/1"
feeds = "hall:2"

[parts.output.long]
unit = "hall/2"
feeds = ["desk:4", "display.side:32"]

[parts.output.projector]
unit = "hall/1"
feeds = "display.main:31"

[sources.laptop]
into = "desk:3"
displays = ["main"]

[sources.camera]
label = "Document camera"
into = "hall:4"

[sources.bluray]
inputs = { main = "32" }
"""


def read(folder: Path, text: str) -> profile.Reading:
    (folder / "room.toml").write_text(text, encoding="utf-8")
    return profile.read(folder / "room.toml", load_drivers())


def room_of(folder: Path, text: str = ROOM) -> Room:
    reading = read(folder, text)
    assert not reading.complaints, "\n".join(map(str, reading.complaints))
    return House(reading.site, Journal(None, clock=LoopClock()), LoopClock()).rooms["room"]


def asked(room: Room, source: str, part: str = "") -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for held, commands in expand(room, SelectSource(source), part):
        found.setdefault(held.id, []).extend(commands)
    return found


def tell(room: Room, part: str, **points: Any) -> None:
    held = room.parts[part]
    held.player.feedback(None, Feedback(held.unit, **points))  # type: ignore[attr-defined]


async def test_the_way_leads_through_every_switcher(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    assert asked(room, "laptop") == {
        "display.main": [SetPower(True), SelectInput("31")],
        "output.tie": [Route("3")],
        "output.projector": [Route("2")],
        "screen.front": [Move("down")],
    }
    assert asked(room, "camera") == {
        "display.side": [SetPower(True), SelectInput("32")],
        "display.main": [SetPower(True), SelectInput("31")],
        "output.long": [Route("4")],
        "output.projector": [Route("4")],
        "screen.front": [Move("down")],
    }
    assert asked(room, "bluray") == {
        "display.main": [SetPower(True), SelectInput("32")],
        "screen.front": [Move("down")],
    }
    # to one place alone: a display that the source does not use by itself, an output
    assert asked(room, "laptop", "display.side") == {
        "display.side": [SetPower(True), SelectInput("32")],
        "output.tie": [Route("3")],
        "output.long": [Route("2")],
    }
    assert asked(room, "laptop", "output.projector") == {"output.tie": [Route("3")], "output.projector": [Route("2")]}
    tell(room, "display.main", power="on", input="31")
    tell(room, "screen.front", position=100, moving="stopped")
    assert asked(room, "bluray") == {"display.main": [SelectInput("32")]}


async def test_what_is_shown_follows_from_routes_and_inputs(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    tell(room, "display.main", power="on", input="31")
    tell(room, "output.projector", input="2", audio_input="2")
    assert room.own("source").value is None  # the desk's output is not known yet
    tell(room, "output.tie", input="3")
    assert room.own("source").value == "laptop" and room.own("source").status == "confirmed"
    assert room.parts["output.projector"].reading("source").value == "laptop"
    assert room.parts["display.main"].reading("source").value == "laptop"
    tell(room, "output.tie", input="1")  # somebody at the switcher's buttons
    assert room.own("source").value is None
    tell(room, "output.projector", input="4")
    assert room.parts["display.main"].reading("source").value == "camera"
    assert room.own("source").value is None  # the side display does not show it
    tell(room, "display.side", power="on", input="32")
    tell(room, "output.long", input="4")
    assert room.own("source").value == "camera"
    tell(room, "display.main", power="cooling")
    assert room.own("source").value is None
    assert state(room)["parts"]["display.main"]["choices"]["source"] == {
        "laptop": "Laptop",
        "camera": "Document camera",
        "bluray": "Bluray",
    }
    tell(room, "signal.laptop", signal=True)
    told = state(room)["sources"]["laptop"]["signal"]
    assert (told["part"], told["value"], told["status"]) == ("signal.laptop", True, "confirmed")
    assert "signal" not in state(room)["sources"]["camera"]


async def test_a_place_that_a_source_cannot_reach(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    with pytest.raises(ValueError, match=r"no way from bluray to output\.projector"):
        room.submit(SelectSource("bluray"), "output.projector")
    with pytest.raises(NothingPlays, match=r"screen\.front does not take source"):
        room.submit(SelectSource("laptop"), "screen.front")


WRONG = [
    (
        'feeds = "hall:2"',
        'feeds = "hal:2"',
        "[parts.output.tie] feeds: no device or display 'hal'; did you mean 'hall'?",
    ),
    ('feeds = "hall:2"', 'feeds = "hall"', "'hall', a switcher without an input; expected such as \"hall:1\""),
    ('feeds = "hall:2"', 'feeds = "desk:2"', "[parts.output.tie] feeds: its own switcher: a loop"),
    ('feeds = "hall:2"', 'feeds = "projector:31"', "projector (pjlink) is no switcher"),
    ('feeds = "hall:2"', "feeds = 2", 'found 2; expected "DEVICE:INPUT" or "display.NAME:INPUT"'),
    ('"display.side:32"', '"display.main:31"', "display.main:31 is fed by output.long already"),
    ('into = "hall:4"', 'into = "desk:3"', "[sources.camera] into: room/desk:3 is source laptop already"),
    ('displays = ["main"]', 'displays = ["mian"]', "no display 'mian'; did you mean 'main'?"),
    ('inputs = { main = "32" }', 'inputs = { main = "32" }\ndisplays = ["side"]', "there is no way to 'side'"),
    ('screen = "front"', 'screen = "frnt"', "[parts.display.main] screen: no screen 'frnt'; did you mean 'front'?"),
    ('into = "desk:3"', 'into = "desk:3"\nsignal = "laptp"', "no signal part 'laptp'; did you mean 'laptop'?"),
    ('display.side = "side"', 'display.side = { unit = "side", feeds = "desk:1" }', "feeds: unknown key"),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG, ids=[new for _, new, _ in WRONG])
def test_mistakes_are_said_in_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert ROOM.count(old) == 1
    (complaint,) = read(tmp_path, ROOM.replace(old, new)).complaints
    assert words in str(complaint)


def test_a_source_that_leads_nowhere_is_complained_of(tmp_path: Path) -> None:
    text = ROOM.replace('feeds = "display.main:31"', "").replace('["desk:4", "display.side:32"]', '"desk:4"')
    text = text.replace('displays = ["main"]\n', "")
    found = [str(complaint) for complaint in read(tmp_path, text).complaints]
    assert [f"[sources.{name}] into: there is no way from it to any display" in words
            for name, words in zip(("laptop", "camera"), found, strict=True)] == [True, True]  # fmt: skip


def test_the_shortest_way_wins_and_then_the_first(tmp_path: Path) -> None:
    """Two ways to the main display: over the hall switcher to 31, or straight from the desk to 33."""
    direct = '[parts.output.direct]\nunit = "desk/2"\nfeeds = "display.main:33"\n[sources.laptop]'
    reading = read(tmp_path, ROOM.replace("[sources.laptop]", direct))
    assert not reading.complaints
    way = reading.site.rooms["room"].sources["laptop"].ways["display.main"]
    assert (way.hops, way.input) == ((("output.direct", "3"),), "33")
    twice = direct.replace("display.main:33", "hall:3").replace("direct]", "aaa]")
    way = (
        read(tmp_path, ROOM.replace("[sources.laptop]", twice))
        .site.rooms["room"]
        .sources["laptop"]
        .ways["display.main"]
    )
    assert way.hops == (("output.tie", "3"), ("output.projector", "2"))


@contextlib.asynccontextmanager
async def live(folder: Path, sims: Mapping[str, Any]) -> AsyncIterator[tuple[Room, House]]:
    """The room with simulators behind some of its devices; the others are left out."""
    site = read(folder, ROOM).site
    async with contextlib.AsyncExitStack() as ends:
        links = {f"room/{name}": await ends.enter_async_context(sim.serving("tcp")) for name, sim in sims.items()}
        clock = LoopClock()
        journal = Journal(None, clock=clock)
        journal.open()
        house = House(links_over(site, links), journal, clock)
        running = asyncio.create_task(house.run())
        try:
            for name in sims:
                device = house.devices[f"room/{name}"]
                await Watcher(device).until(lambda held=device: held.online, 10)  # type: ignore[misc]
            yield house.rooms["room"], house
        finally:
            await house.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await journal.close()


async def test_one_command_one_cause_one_outcome_for_each_part(tmp_path: Path) -> None:
    make: Callable[[str], Any] = lambda name: simulators.find(name)  # noqa: E731
    sims = {
        "desk": make("key_digital")(speed=20.0),
        "hall": make("key_digital")(speed=20.0),
        "projector": make("pjlink")(speed=100.0, idle_seconds=0),
        "motors": make("draper")(speed=50.0, reference="top"),
    }
    async with live(tmp_path, sims) as (room, _):
        ticket = room.submit(SelectSource("laptop"), cause="token:person")
        await ticket.ended(20)
        told = outcome_of("", ticket)
        results = {(part["part"], part["verb"]): part["result"] for part in told["parts"]}
        assert results == {
            ("display.main", "power"): "confirmed",
            ("display.main", "input"): "confirmed",
            ("output.tie", "route"): "confirmed",
            ("output.projector", "route"): "confirmed",
            ("screen.front", "move"): "confirmed",
        }, told
        assert told["complete"] is True
        assert (sims["desk"].routes["1"], sims["hall"].routes["1"]) == (3, 2)
        entries = await room.journal.history("room", kinds=("command",))
        assert [entry.cause for entry in entries if entry.subject] == [ticket.id] * 5
        for part in ("room", "display.main", "output.projector"):
            assert room.readings(part)["source"].value == "laptop"
