"""Groups of screens and shades, named positions, and motors that take turns to start. Time is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import Command, Move, RecallPreset, SetPosition, SetPower, SetTilt, Stop
from gateway.driver import Request
from gateway.house import House
from gateway.journal import Journal
from gateway.model import Outcome, Reading, Reason, Result
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.report import describe, outcome_of
from gateway.room import NothingPlays, Room
from gateway.ticket import Ticket, new_id
from gateway.unit import Listener, Unit
from tests.clock import ManualClock

ROOM = """
[devices.box]
driver = "global_cache"
link = "tcp://10.9.9.1"
[motors]
together = 2
apart = 1.5
[parts.shade.left]
wiring = "hold"
up = "box/1:1"
down = "box/1:2"
seconds_up = 10
seconds_down = 10
[parts.shade.right]
wiring = "motor"
motor = "blinds/1"
seconds_up = 10
seconds_down = 10
[parts.shade.door]
unit = "blinds/2"
[parts.shade.all]
label = "All shades"
members = ["left", "right", "door"]
presets = [
  { name = "Reading", position = 40 },
  { name = "Film", position = 100, door = 0 },
]
[devices.blinds]
driver = "draper"
link = "tcp://10.9.9.2:4999"
channels = "1-2"
[power.off]
shades = "up"
"""


@dataclass
class Blind:
    """A motor that does at once what it is asked, and writes down when."""

    name: str
    clock: ManualClock
    offered: frozenset[type[Command]] = frozenset({Move, SetPosition, Stop})
    asked: list[tuple[float, str]] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    online: bool = True
    reason: Reason | None = None
    words: str = ""

    def __post_init__(self) -> None:
        self.state = Unit("", offers=self.offered)

    def unit(self, name: str) -> Unit:
        return self.state

    def submit(
        self, command: Command, unit: str = "", *, cause: str = "", identity: str = "", urgent: bool = False
    ) -> Ticket:
        self.asked.append((round(self.clock.now() - 1000, 3), command.verb))
        ticket = Ticket(Request(identity or new_id(), command, unit), cause, self.clock.now())
        if isinstance(command, SetPosition | Move):
            end = command.percent if isinstance(command, SetPosition) else 100 if command.direction == "down" else 0
            self.tell(ticket.id, position=end, moving="stopped")
        ticket.settle(Outcome(Result.ASSUMED), self.clock.now())
        return ticket

    def tell(self, cause: str = "", **points: Any) -> None:
        changes = {name: Reading(value, self.clock.wall(), False, False, cause) for name, value in points.items()}
        self.state.points.update(changes)
        for listener in list(self.listeners):
            listener.changed(self, "", changes)


@dataclass
class Bench:
    room: Room
    clock: ManualClock
    blinds: dict[str, Blind]


def bench(folder: Path, text: str = ROOM, **offered: frozenset[type[Command]]) -> Bench:
    """The room, its shades in the hands of Blinds."""
    (folder / "room.toml").write_text(text, encoding="utf-8")
    reading = profile.read(folder / "room.toml", load_drivers())
    assert not reading.complaints, "\n".join(map(str, reading.complaints))
    spec, clock = reading.site.rooms["room"], ManualClock()
    blinds = {
        part.id: Blind(part.id, clock, offered.get(part.name, frozenset({Move, SetPosition, Stop})))
        for part in spec.parts.values()
        if not part.members
    }

    class Home(House):
        def _player(self, part: Any) -> Any:
            return blinds[part.id], ""

    return Bench(Home(reading.site, Journal(None, clock=clock), clock).rooms["room"], clock, blinds)


def test_a_group_asks_each_member_and_tells_of_each(tmp_path: Path) -> None:
    held = bench(tmp_path)
    ticket = held.room.submit(SetPosition(30), "shade.all", cause="token:person")
    held.clock.advance(5)
    told = outcome_of("shade.all", ticket)
    assert told["part"] == "shade.all" and told["complete"] and told["result"] == "assumed"
    assert [(part["part"], part["result"]) for part in told["parts"]] == [
        ("shade.left", "assumed"),
        ("shade.right", "assumed"),
        ("shade.door", "assumed"),
    ]
    assert {child.cause for _, child in ticket.children} == {ticket.id}  # type: ignore[attr-defined]
    assert held.room.readings("shade.all")["position"].value == 30
    assert describe(held.room.parts["shade.all"])["members"] == ["shade.left", "shade.right", "shade.door"]


def test_what_the_members_do_not_agree_on_is_not_known(tmp_path: Path) -> None:
    held = bench(tmp_path)
    for blind in held.blinds.values():
        blind.tell(position=0, moving="stopped")
    points = held.room.readings("shade.all")
    assert points["position"].value == 0 and points["moving"].value == "stopped"
    held.blinds["shade.left"].tell(position=20, moving="down")
    points = held.room.readings("shade.all")
    assert points["position"].value is None and points["moving"].value == "down"
    held.blinds["shade.right"].tell(moving="up")
    assert held.room.readings("shade.all")["moving"].value is None


def test_presets_are_positions_with_names(tmp_path: Path) -> None:
    held = bench(tmp_path)
    part = held.room.parts["shade.all"]
    assert describe(part)["choices"]["preset"] == {"1": "Reading", "2": "Film"}
    held.room.submit(RecallPreset(2), "shade.all")
    held.clock.advance(5)
    assert [held.blinds[name].state.points["position"].value for name in part.spec.members] == [100, 100, 0]
    assert held.room.readings("shade.all")["preset"].value == "Film"
    held.blinds["shade.door"].tell(position=50)
    assert held.room.readings("shade.all")["preset"].value is None
    with pytest.raises(ValueError, match="presets 1 to 2, not 3"):
        held.room.submit(RecallPreset(3), "shade.all")


def test_a_member_that_cannot_is_left_out_and_one_that_only_moves_goes_to_the_end(tmp_path: Path) -> None:
    held = bench(tmp_path, left=frozenset({Move, Stop, SetTilt}))
    held.room.submit(SetTilt(50), "shade.all")
    assert {name: blind.asked for name, blind in held.blinds.items()} == {
        "shade.left": [(0.0, "tilt")],
        "shade.right": [],
        "shade.door": [],
    }
    held.room.submit(RecallPreset(2), "shade.all")
    held.clock.advance(5)
    assert held.blinds["shade.left"].asked[-1] == (0.0, "move")
    bare = bench(tmp_path)
    with pytest.raises(NothingPlays, match=r"shade\.all does not take tilt"):
        bare.room.submit(SetTilt(50), "shade.all")


def test_at_most_two_start_together_and_a_stop_never_waits(tmp_path: Path) -> None:
    held = bench(tmp_path)
    ticket = held.room.submit(Move("down"), "shade.all")
    assert [blind.asked for blind in held.blinds.values()] == [[(0.0, "move")], [(0.0, "move")], []]
    assert ticket.outcome is None
    held.clock.advance(1.4)
    assert held.blinds["shade.door"].asked == []
    held.clock.advance(0.2)
    assert held.blinds["shade.door"].asked == [(1.5, "move")] and ticket.outcome is not None
    assert held.room.parts["shade.door"].reading("position").cause == ticket.children[2][1].id

    held.clock.advance(5)
    first = held.room.submit(Move("up"), "shade.all")
    held.clock.advance(0.5)
    stopped = held.room.submit(Stop(), "shade.all")
    assert [blind.asked[-1] for blind in held.blinds.values()] == [(7.1, "stop")] * 3
    assert stopped.outcome is not None and stopped.outcome.good
    assert first.outcome is not None and first.outcome.result is Result.SUPERSEDED
    held.clock.advance(10)
    assert held.blinds["shade.door"].asked[-1][1] == "stop"  # the one that had waited does not start any more


def test_the_newest_wish_for_a_motor_that_waits_counts(tmp_path: Path) -> None:
    held = bench(tmp_path, ROOM.replace("together = 2", "together = 1"))
    held.room.submit(Move("down"), "shade.left")
    older = held.room.submit(Move("down"), "shade.right")
    newer = held.room.submit(SetPosition(40), "shade.right")
    other = held.room.submit(Move("down"), "shade.door")
    assert older.outcome is not None and older.outcome.result is Result.SUPERSEDED
    held.clock.advance(1.5)
    assert newer.outcome is not None and newer.outcome.good and other.outcome is None
    held.clock.advance(1.5)
    assert [blind.asked for blind in held.blinds.values()] == [[(0.0, "move")], [(1.5, "position")], [(3.0, "move")]]
    held.room.submit(Move("up"), "shade.left")
    late = held.room.submit(Move("up"), "shade.right")
    held.room.starts.close()
    assert late.outcome is not None and late.outcome.words == "the gateway goes down"


def test_the_room_moves_the_members_once(tmp_path: Path) -> None:
    held = bench(tmp_path)
    held.room.submit(SetPower(False))
    held.clock.advance(5)
    assert [len(blind.asked) for blind in held.blinds.values()] == [1, 1, 1]


WRONG = [
    ('["left", "right", "door"]', '["left", "rihgt"]', "members: no shade 'rihgt'; did you mean 'right'?"),
    ('["left", "right", "door"]', '["left", "left"]', "'left' stands there twice"),
    ('["left", "right", "door"]', '["left", "all"]', "'all' is a group itself"),
    ("position = 40 }", "position = 400 }", "found 400; expected a number from 0 to 100"),
    ("position = 40 }", "rihgt = 40 }", "rihgt: unknown key"),
    ('label = "All shades"', 'unit = "blinds/1"', "unit: found on a group"),
    ("together = 2", "togehter = 2", "[motors] togehter: unknown key; did you mean 'together'?"),
    ("apart = 1.5", "apart = 0", "found 0; expected a number from 0.1 to 60"),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG, ids=[new for _, new, _ in WRONG])
def test_mistakes_are_said_in_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert ROOM.count(old) == 1
    (tmp_path / "room.toml").write_text(ROOM.replace(old, new), encoding="utf-8")
    found = [str(complaint) for complaint in profile.read(tmp_path / "room.toml", load_drivers()).complaints]
    assert any(words in complaint for complaint in found), found
